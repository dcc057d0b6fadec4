//! Changes of shape that leave all values unchanged.

use super::family::{
    AppliedLayer, Before, Family, MOST_FEATURES, SettingProblem, Undone, refuse, size_problem,
};
use crate::project::{Layer, Shape};

/// [`Layer::Flatten`]
pub(super) struct Flatten;

impl Family for Flatten {
    fn apply(&self, input: Shape) -> Result<AppliedLayer, String> {
        Ok(AppliedLayer::reshaping(Shape::Vector(input.features())))
    }

    fn undo(&self, before: Before) -> Undone {
        match before.input {
            // A row is unchanged.
            Some(Shape::Vector(_)) => Undone::default(),
            Some(picture @ Shape::Image { .. }) => Undone::by(into_shape(picture), true),
            None => Undone::by(Layer::Reshape { height: 0, width: 0, channels: 0 }, false),
        }
    }

    fn only_reshapes(&self) -> bool {
        true
    }

    fn is_free(&self) -> bool {
        true
    }

    fn can_be_pretrained(&self) -> bool {
        true
    }
}

/// [`Layer::Reshape`]
pub(super) struct Reshape {
    pub height: usize,
    pub width: usize,
    pub channels: usize,
}

impl Family for Reshape {
    fn setting_problem(&self) -> Option<SettingProblem> {
        let Reshape { height, width, channels } = *self;
        // A picture's sides are limited together, by the number of features.
        let problem =
            |name, size, label, fixed| size_problem(("Reshape", name), size, MOST_FEATURES, label, || fixed);
        problem("height", height, "Use a height of 8", Layer::Reshape { height: 8, width, channels })
            .or_else(|| problem("width", width, "Use a width of 8", Layer::Reshape { height, width: 8, channels }))
            .or_else(|| {
                let fixed = Layer::Reshape { height, width, channels: 1 };
                problem("number of channels", channels, "Use 1 channel", fixed)
            })
            .or_else(|| {
                (self.output().features() > MOST_FEATURES).then(|| SettingProblem {
                    message: format!(
                        "Reshape: {height} rows of {width} pixels with {channels} channels are more than the {MOST_FEATURES} features a sample may have."
                    ),
                    label: "Use 8×8 pixels",
                    fixed: Layer::Reshape { height: 8, width: 8, channels: 1 },
                })
            })
    }

    fn apply(&self, input: Shape) -> Result<AppliedLayer, String> {
        refuse(self.setting_problem())?;
        let (Reshape { height, width, channels }, output) = (self, self.output());
        if output.features() == input.features() {
            Ok(AppliedLayer::reshaping(output))
        } else {
            Err(format!(
                "{} features cannot be read as {height} rows of {width} pixels with {channels} channels, which are {}.",
                input.features(),
                output.features()
            ))
        }
    }

    fn fixed_output(&self) -> Option<Shape> {
        (self.output().features() > 0).then(|| self.output())
    }

    fn undo(&self, before: Before) -> Undone {
        Undone::by(before.input.map_or(Layer::Flatten, into_shape), before.input.is_some())
    }

    fn only_reshapes(&self) -> bool {
        true
    }
}

impl Reshape {
    fn output(&self) -> Shape {
        Shape::Image { height: self.height, width: self.width, channels: self.channels }
    }
}

/// The layer that reshapes features to a shape.
pub(super) fn into_shape(shape: Shape) -> Layer {
    match shape {
        Shape::Image { height, width, channels } => Layer::Reshape { height, width, channels },
        Shape::Vector(_) => Layer::Flatten,
    }
}
