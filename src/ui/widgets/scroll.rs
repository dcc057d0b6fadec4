//! Scroll bars next to the scrolled content, never over it.

use egui::{Frame, Margin, Ui};

/// Width of a scroll bar, in points. Panels that scroll reduce their right margin by it.
pub const BAR_PX: i8 = 10;

/// Shows `content` to the left of the scroll bar or of its space.
pub fn beside_bar_ui<R>(ui: &mut Ui, content: impl FnOnce(&mut Ui) -> R) -> R {
    let margin = Margin { right: BAR_PX, ..Margin::ZERO };
    Frame::new().inner_margin(margin).show(ui, content).inner
}

/// Shows the scroll bars of subsequent areas in `ui` whenever content is hidden, next to the
/// content.
pub fn always_seen(ui: &mut Ui) {
    let scroll = &mut ui.spacing_mut().scroll;
    scroll.floating_width = scroll.bar_width;
    scroll.floating_allocated_width = f32::from(BAR_PX);
    (scroll.dormant_handle_opacity, scroll.active_handle_opacity) = (0.35, 0.5);
}

#[cfg(test)]
mod tests {
    use egui::{ScrollArea, vec2};

    use super::*;

    #[test]
    fn scrolled_content_ends_before_the_bar() {
        let mut right = (0.0, 0.0);
        let mut harness = egui_kittest::Harness::builder()
            .with_size(vec2(200.0, 100.0))
            .with_context_setup(crate::ui::theme::install)
            .build_ui(|ui| {
                let area = ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                    beside_bar_ui(ui, |ui| ui.allocate_space(vec2(ui.available_width(), 900.0)).1)
                });
                let bar = ui.spacing().scroll.bar_width;
                right = (area.inner.right(), area.inner_rect.right() - bar);
            });
        harness.run();
        drop(harness);
        assert!(right.0 < right.1, "{right:?}");
    }
}
