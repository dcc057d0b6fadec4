use super::residual::Part;
use crate::check::stage::{Cost, StageKind};
use crate::project::{Activation, Layer, Shape};

/// Largest side, kernel or number of channels that is taken seriously.
pub(in crate::check) const MOST_SIDE: usize = 1 << 20;
/// Largest sample that is taken seriously.
pub(in crate::check) const MOST_FEATURES: usize = 1 << 24;

/// One layer, seen as a member of its family: all that it means to `check`.
///
/// A family has a file with one type, whose fields are the settings of its layers. Methods with a
/// body are right for most families.
pub(in crate::check) trait Family {
    /// The first setting that is impossible whatever reaches the layer.
    fn setting_problem(&self) -> Option<SettingProblem> {
        None
    }

    /// Applies the layer to samples of shape `input`.
    ///
    /// # Errors
    /// Why it cannot be applied, in a sentence: a setting is impossible, or the layer does not fit `input`.
    fn apply(&self, input: Shape) -> Result<Passage, String>;

    /// Its computations, where it has several: all of a residual block. Empty where it is one, or cannot
    /// be applied.
    fn parts(&self, _input: Shape) -> Vec<Part> {
        Vec::new()
    }

    /// The layer with one setting changed so that it fits `input`, and the text of the button that changes it.
    fn fitted(&self, _input: Shape) -> Option<(String, Layer)> {
        None
    }

    /// Shape of the output whatever the input, where that is so.
    fn fixed_output(&self) -> Option<Shape> {
        None
    }

    /// The layers of a decoder that undo it.
    fn undo(&self, before: Before) -> Undone;

    /// Name of what takes values out of the range of its inputs, where it has no activation and
    /// does not only move, pick or average.
    fn widens(&self) -> Option<&'static str> {
        None
    }

    /// Whether it multiplies by weights, and so can be tied.
    fn has_weights(&self) -> bool {
        false
    }

    /// Whether it works on pictures alone.
    fn needs_picture(&self) -> bool {
        false
    }

    /// Whether it changes the shape and no value.
    fn only_reshapes(&self) -> bool {
        false
    }

    /// Name of what compares the samples of a minibatch with each other, so that there must be two.
    fn comparison(&self) -> Option<&'static str> {
        None
    }

    /// Whether it has no parameters and no multiply-adds and fits every input.
    fn is_free(&self) -> bool {
        false
    }

    /// Whether its outputs can serve as the code, where their number fits.
    fn can_be_code(&self) -> bool {
        true
    }

    /// Whether a network of such layers can be trained layer by layer.
    fn can_be_pretrained(&self) -> bool {
        false
    }
}

/// A setting that is impossible by itself.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::check) struct SettingProblem {
    /// The reason, in a sentence.
    pub message: String,
    /// Text of the button that fixes it.
    pub label: &'static str,
    /// The layer with the setting fixed.
    pub fixed: Layer,
}

/// One layer applied to one shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::check) struct Passage {
    /// Shape of what comes out.
    pub output: Shape,
    /// The computation; `None` where a layer only changes the shape.
    pub kind: Option<StageKind>,
    /// Whether it is given rows, so that pictures become rows before it.
    pub takes_rows: bool,
    /// Parameters and multiply-adds.
    pub cost: Cost,
}

impl Passage {
    /// A computation without parameters or multiply-adds.
    pub fn free(output: Shape, kind: StageKind) -> Passage {
        Passage { output, kind: Some(kind), takes_rows: false, cost: Cost::default() }
    }

    /// A change of shape.
    pub fn reshaping(output: Shape) -> Passage {
        Passage { output, kind: None, takes_rows: true, cost: Cost::default() }
    }
}

/// Everything known before a layer of the encoder that is to be undone.
#[derive(Clone, Copy, Debug)]
pub(in crate::check) struct Before {
    /// Shape of its input.
    pub input: Option<Shape>,
    /// The layer applied to that; `None` where that is unknown or impossible.
    pub passage: Option<Passage>,
    /// Activation of the last layer with weights before it; `None` where there is none.
    pub function: Option<Activation>,
}

impl Before {
    /// Channels of the picture that is to be restored; 0 where that is not known.
    pub fn channels(self) -> usize {
        match self.input {
            Some(Shape::Image { channels, .. }) => channels,
            Some(Shape::Vector(_)) | None => 0,
        }
    }

    /// The activation that the restored values come out of.
    pub fn activation(self) -> Activation {
        self.function.unwrap_or(Activation::Linear)
    }
}

/// Layers that undo another.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::check) struct Undone {
    /// Layers in the order of the decoder; whether the sizes of each are known. Unknown ones are 0.
    pub layers: Vec<(Layer, bool)>,
}

impl Undone {
    /// A single layer, whose sizes may be known.
    pub fn by(layer: Layer, is_settled: bool) -> Undone {
        Undone { layers: vec![(layer, is_settled)] }
    }

    /// The layer itself, between the same two layers with weights; before the first of them there
    /// is nothing that it could follow in the decoder.
    pub fn again(layer: Layer, before: Before) -> Undone {
        before.function.map_or_else(Undone::default, |_| Undone::by(layer, true))
    }
}

/// A size that must lie between 1 and `most`: `name` is that of the layer and the size.
pub(super) fn size_problem(
    (layer, name): (&str, &str),
    size: usize,
    most: usize,
    label: &'static str,
    fixed: impl FnOnce() -> Layer,
) -> Option<SettingProblem> {
    (!(1..=most).contains(&size)).then(|| SettingProblem {
        message: format!("{layer}: the {name} is {size}, and must lie between 1 and {most}."),
        label,
        fixed: fixed(),
    })
}

/// Height and width, and channels, of what must be a picture.
///
/// # Errors
/// A message that `layer` is given a row.
pub(super) fn picture(layer: &str, input: Shape) -> Result<((usize, usize), usize), String> {
    match input {
        Shape::Image { height, width, channels } => Ok(((height, width), channels)),
        Shape::Vector(features) => Err(format!(
            "{layer} needs a picture, but its input is a row of {features} features: put a Reshape before it."
        )),
    }
}

/// A setting problem as the reason why a layer cannot be applied.
///
/// # Errors
/// Its message.
pub(super) fn refuse(problem: Option<SettingProblem>) -> Result<(), String> {
    problem.map_or(Ok(()), |problem| Err(problem.message))
}
