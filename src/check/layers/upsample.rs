//! Upsampling by repeated pixels.

use super::family::{
    AppliedLayer, Before, Family, MOST_SIDE, SettingProblem, Undone, picture, refuse, size_problem,
};
use crate::check::stage::StageKind;
use crate::project::{Layer, Shape};

/// [`Layer::Upsample`]
pub(super) struct Upsample {
    pub factor: usize,
}

impl Family for Upsample {
    fn setting_problem(&self) -> Option<SettingProblem> {
        size_problem(("Upsample", "factor"), self.factor, MOST_SIDE, "Use a factor of 2", || {
            Layer::Upsample { factor: 2 }
        })
    }

    fn apply(&self, input: Shape) -> Result<AppliedLayer, String> {
        refuse(self.setting_problem())?;
        let (factor, ((height, width), channels)) = (self.factor, picture("Upsample", input)?);
        let (height, width) = (height.saturating_mul(factor), width.saturating_mul(factor));
        if height > MOST_SIDE || width > MOST_SIDE {
            return Err(format!("{input} enlarged {factor} times is too large."));
        }
        Ok(AppliedLayer::free(Shape::Image { height, width, channels }, StageKind::Upsample { factor }))
    }

    fn undo(&self, _: Before) -> Undone {
        Undone::by(Layer::AvgPool2d { size: self.factor }, true)
    }

    fn needs_picture(&self) -> bool {
        true
    }
}
