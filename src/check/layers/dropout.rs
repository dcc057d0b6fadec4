//! Dropout.

use super::family::{AppliedLayer, Before, Family, SettingProblem, Undone};
use crate::check::stage::StageKind;
use crate::project::{Layer, Shape};

/// [`Layer::Dropout`]
pub(super) struct Dropout {
    pub rate: f32,
}

impl Family for Dropout {
    fn setting_problem(&self) -> Option<SettingProblem> {
        let rate = self.rate;
        (!(0.0..1.0).contains(&rate)).then(|| SettingProblem {
            message: format!("The dropout rate is {rate}: it must be at least 0 and below 1."),
            label: "Use a rate of 0.1",
            fixed: Layer::Dropout { rate: 0.1 },
        })
    }

    fn apply(&self, input: Shape) -> Result<AppliedLayer, String> {
        Ok(AppliedLayer::free(input, StageKind::Dropout { rate: self.rate }))
    }

    fn undo(&self, before: Before) -> Undone {
        Undone::again(Layer::Dropout { rate: self.rate }, before)
    }

    /// The remaining values are scaled up.
    fn widens(&self) -> Option<&'static str> {
        (self.rate > 0.0).then_some("dropout")
    }

    fn is_free(&self) -> bool {
        true
    }

    fn can_be_code(&self) -> bool {
        false
    }
}
