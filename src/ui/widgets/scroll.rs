//! Side panels whose scroll bar lies beside what they show, never over it.

use egui::{Frame, Margin, Ui};

/// Room a scroll bar takes, in points. Panels that scroll leave out as much of their right margin.
pub const BAR_PX: i8 = 10;

/// Shows `content` left of where the scroll bar is or would be.
pub fn beside_bar_ui<R>(ui: &mut Ui, content: impl FnOnce(&mut Ui) -> R) -> R {
    let margin = Margin { right: BAR_PX, ..Margin::ZERO };
    Frame::new().inner_margin(margin).show(ui, content).inner
}
