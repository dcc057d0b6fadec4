//! Resizing pictures by cropping or padding.

use super::family::{
    AppliedLayer, Before, Family, MOST_SIDE, SettingProblem, Undone, picture, refuse, size_problem,
};
use crate::check::stage::StageKind;
use crate::project::{Layer, Shape};

/// [`Layer::CropOrPad`]
#[derive(Clone, Copy)]
pub(super) struct CropOrPad {
    pub height: usize,
    pub width: usize,
}

impl Family for CropOrPad {
    fn setting_problem(&self) -> Option<SettingProblem> {
        let CropOrPad { height, width } = *self;
        let problem =
            |name, size, label, fixed| size_problem(("CropOrPad", name), size, MOST_SIDE, label, || fixed);
        problem("height", height, "Use a height of 8", Layer::CropOrPad { height: 8, width })
            .or_else(|| problem("width", width, "Use a width of 8", Layer::CropOrPad { height, width: 8 }))
    }

    fn apply(&self, input: Shape) -> Result<AppliedLayer, String> {
        refuse(self.setting_problem())?;
        let (CropOrPad { height, width }, (_, channels)) = (*self, picture("CropOrPad", input)?);
        Ok(AppliedLayer::free(Shape::Image { height, width, channels }, StageKind::CropOrPad))
    }

    fn undo(&self, before: Before) -> Undone {
        match before.input {
            Some(Shape::Image { height, width, .. }) => Undone::by(Layer::CropOrPad { height, width }, true),
            Some(Shape::Vector(_)) | None => Undone::by(Layer::CropOrPad { height: 0, width: 0 }, false),
        }
    }

    fn needs_picture(&self) -> bool {
        true
    }
}
