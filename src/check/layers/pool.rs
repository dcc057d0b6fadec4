//! Pooling over windows that lie side by side.

use super::family::{
    Before, Family, MOST_SIDE, Passage, SettingProblem, Undone, picture, refuse, size_problem,
};
use crate::check::Window;
use crate::check::stage::StageKind;
use crate::project::{Layer, Padding, Shape};

/// [`Layer::MaxPool2d`] or [`Layer::AvgPool2d`]
pub(super) struct Pool {
    pub size: usize,
    pub kind: Kind,
}

/// Value that stands for a window.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Max,
    Average,
}

impl Family for Pool {
    fn setting_problem(&self) -> Option<SettingProblem> {
        size_problem((self.name(), "size"), self.size, MOST_SIDE, "Use a size of 2", || self.kind.layer(2))
    }

    fn apply(&self, input: Shape) -> Result<Passage, String> {
        refuse(self.setting_problem())?;
        let (size, (large, channels)) = (self.size, picture(self.name(), input)?);
        let window = Window::over(large, size, size, Padding::Pixels(0))
            .ok_or_else(|| format!("Windows of {size}×{size} do not fit into {input}."))?;
        let (height, width) = window.small;
        let kind = match self.kind {
            Kind::Max => StageKind::MaxPool { window },
            Kind::Average => StageKind::AvgPool { window },
        };
        Ok(Passage::free(Shape::Image { height, width, channels }, kind))
    }

    fn undo(&self, before: Before) -> Undone {
        let trouble = match before.input {
            Some(Shape::Image { height, width, .. }) if before.passage.is_some() => {
                self.remainder(height, width)
            }
            Some(_) | None => None,
        };
        Undone { trouble, ..Undone::by(Layer::Upsample { factor: self.size }, true) }
    }

    fn needs_picture(&self) -> bool {
        true
    }
}

impl Pool {
    fn name(&self) -> &'static str {
        self.kind.layer(self.size).name()
    }

    /// Pixels at the edge are in no window, so that a mirrored decoder cannot restore them.
    fn remainder(&self, height: usize, width: usize) -> Option<String> {
        let size = self.size;
        let lost = [(height % size, "row"), (width % size, "column")];
        let lost = lost.into_iter().filter(|(count, _)| *count > 0);
        let lost: Vec<String> =
            lost.map(|(n, name)| format!("{n} {name}{}", if n == 1 { "" } else { "s" })).collect();
        (!lost.is_empty()).then(|| {
            format!(
                "{width}×{height} is not divisible by {size}: this pool drops {}, which enlarging {size} times cannot restore. Use a size that divides both sides, a convolution with a stride, or a free decoder.",
                lost.join(" and ")
            )
        })
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
