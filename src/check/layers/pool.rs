//! Pooling over adjacent windows.

use super::family::{
    AppliedLayer, Before, Family, MOST_SIDE, SettingProblem, Undone, picture, refuse, size_problem,
};
use crate::check::Window;
use crate::check::stage::StageKind;
use crate::project::{Layer, Padding, Shape};

/// [`Layer::MaxPool2d`] or [`Layer::AvgPool2d`]
pub(super) struct Pool {
    pub size: usize,
    pub kind: Kind,
}

/// The value that replaces a window.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Max,
    Average,
}

impl Family for Pool {
    fn setting_problem(&self) -> Option<SettingProblem> {
        size_problem((self.name(), "size"), self.size, MOST_SIDE, "Use a size of 2", || self.kind.layer(2))
    }

    fn apply(&self, input: Shape) -> Result<AppliedLayer, String> {
        refuse(self.setting_problem())?;
        let (size, (large, channels)) = (self.size, picture(self.name(), input)?);
        let window = Window::over(large, size, size, Padding::Pixels(0))
            .ok_or_else(|| format!("Windows of {size}×{size} do not fit into {input}."))?;
        let (height, width) = window.small;
        let kind = match self.kind {
            Kind::Max => StageKind::MaxPool { window },
            Kind::Average => StageKind::AvgPool { window },
        };
        Ok(AppliedLayer::free(Shape::Image { height, width, channels }, kind))
    }

    /// Repeats pixels. Pixels at the edge that were in no window repeat the last ones.
    fn undo(&self, before: Before) -> Undone {
        let mut undone = Undone::by(Layer::Upsample { factor: self.size }, true);
        if let (Some(Shape::Image { height, width, .. }), Some(_)) = (before.input, before.applied)
            && (height % self.size, width % self.size) != (0, 0)
        {
            undone.layers.push((Layer::CropOrPad { height, width }, true));
        }
        undone
    }

    fn needs_picture(&self) -> bool {
        true
    }
}

impl Pool {
    fn name(&self) -> &'static str {
        self.kind.layer(self.size).name()
    }
}

impl Kind {
    fn layer(self, size: usize) -> Layer {
        match self {
            Kind::Max => Layer::MaxPool2d { size },
            Kind::Average => Layer::AvgPool2d { size },
        }
    }
}
