use super::residual::Part;
use crate::check::stage::{Cost, StageKind};
use crate::project::{Activation, Layer, Shape};

/// Largest side, kernel or number of channels.
pub(in crate::check) const MOST_SIDE: usize = 1 << 20;
/// Most features per sample.
pub(in crate::check) const MOST_FEATURES: usize = 1 << 24;

/// One layer as a member of its family: everything `check` needs to know about it.
///
/// Each family is one file with one type, whose fields are the settings of its layers. Default
/// methods are right for most families.
pub(in crate::check) trait Family {
    /// The first setting that is impossible for any input.
    fn setting_problem(&self) -> Option<SettingProblem> {
        None
    }

    /// Applies the layer to samples of shape `input`.
    ///
    /// # Errors
    /// Why it cannot be applied, in a sentence: a setting is impossible, or the layer does not fit
    /// `input`.
    fn apply(&self, input: Shape) -> Result<AppliedLayer, String>;

    /// Its computations, if it has several, as a residual block has. Empty if it has one, or cannot
    /// be applied.
    fn parts(&self, _input: Shape) -> Vec<Part> {
        Vec::new()
    }

    /// The layer with one setting changed to fit `input`, and the text of the button that changes
    /// it.
    fn fitted(&self, _input: Shape) -> Option<(String, Layer)> {
        None
    }

    /// Shape of the output, if that does not depend on the input.
    fn fixed_output(&self) -> Option<Shape> {
        None
    }

    /// The layers of a decoder that undo it.
    fn undo(&self, before: Before) -> Undone;

    /// Name of the layer if it takes values out of the range of its inputs, has no activation and
    /// does more than move, pick or average.
    fn widens(&self) -> Option<&'static str> {
        None
    }

    /// Whether it multiplies by weights, so that it can be tied.
    fn has_weights(&self) -> bool {
        false
    }

    /// Whether it needs a picture as input.
    fn needs_picture(&self) -> bool {
        false
    }

    /// Whether it only changes the shape.
    fn only_reshapes(&self) -> bool {
        false
    }

    /// Name of the layer if it compares the samples of a minibatch with each other, so that there
    /// must be two.
    fn comparison(&self) -> Option<&'static str> {
        None
    }

    /// Whether it has no parameters and no multiply-adds and fits every input.
    fn is_free(&self) -> bool {
        false
    }

    /// Whether its outputs can be the code, if their number matches.
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
pub(in crate::check) struct AppliedLayer {
    /// Shape of the output.
    pub output: Shape,
    /// The computation; `None` if the layer only changes the shape.
    pub kind: Option<StageKind>,
    /// Whether it takes rows, so that pictures are flattened first.
    pub takes_rows: bool,
    /// Parameters and multiply-adds.
    pub cost: Cost,
}

impl AppliedLayer {
    /// A computation without parameters or multiply-adds.
    pub fn free(output: Shape, kind: StageKind) -> AppliedLayer {
        AppliedLayer { output, kind: Some(kind), takes_rows: false, cost: Cost::default() }
    }

    /// A change of shape.
    pub fn reshaping(output: Shape) -> AppliedLayer {
        AppliedLayer { output, kind: None, takes_rows: true, cost: Cost::default() }
    }
}

/// Everything known about the input of an encoder layer that is to be undone.
#[derive(Clone, Copy, Debug)]
pub(in crate::check) struct Before {
    /// Shape of its input.
    pub input: Option<Shape>,
    /// The layer applied to that input; `None` if unknown or impossible.
    pub applied: Option<AppliedLayer>,
    /// Activation of the last layer with weights before it; `None` if there is none.
    pub function: Option<Activation>,
}

impl Before {
    /// Channels of the picture to restore; 0 if unknown.
    pub fn channels(self) -> usize {
        match self.input {
            Some(Shape::Image { channels, .. }) => channels,
            Some(Shape::Vector(_)) | None => 0,
        }
    }

    /// The activation of the restored values.
    pub fn activation(self) -> Activation {
        self.function.unwrap_or(Activation::Linear)
    }
}

/// The layers that undo another layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::check) struct Undone {
    /// Layers in the order of the decoder, and whether the sizes of each are known. Unknown sizes
    /// are 0.
    pub layers: Vec<(Layer, bool)>,
}

impl Undone {
    /// A single layer, whose sizes may be unknown.
    pub fn by(layer: Layer, is_settled: bool) -> Undone {
        Undone { layers: vec![(layer, is_settled)] }
    }

    /// The layer itself, between the same two layers with weights; none before the first of them,
    /// as it would follow nothing in the decoder.
    pub fn again(layer: Layer, before: Before) -> Undone {
        before.function.map_or_else(Undone::default, |_| Undone::by(layer, true))
    }
}

/// A size that must be between 1 and `most`; `name` is that of the layer and the size.
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

/// Height and width, and channels, of an input that must be a picture.
///
/// # Errors
/// A message that `layer` got a row.
pub(super) fn picture(layer: &str, input: Shape) -> Result<((usize, usize), usize), String> {
    match input {
        Shape::Image { height, width, channels } => Ok(((height, width), channels)),
        Shape::Vector(features) => Err(format!(
            "{layer} needs a picture, but its input is a row of {features} features: put a Reshape before it."
        )),
    }
}

/// Turns a setting problem into the reason why a layer cannot be applied.
///
/// # Errors
/// Its message.
pub(super) fn refuse(problem: Option<SettingProblem>) -> Result<(), String> {
    problem.map_or(Ok(()), |problem| Err(problem.message))
}
