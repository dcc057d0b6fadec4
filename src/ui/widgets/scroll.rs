//! Scroll bars next to the scrolled content, never over it.

use egui::{Frame, Margin, ScrollArea, Ui};

/// Width of a scroll bar, in points. Panels that scroll subtract it from their right margin.
pub const BAR_PX: i8 = 10;

/// Shows `content` to the left of the scroll bar or of the space reserved for it.
pub fn beside_scroll_bar_ui<R>(ui: &mut Ui, content: impl FnOnce(&mut Ui) -> R) -> R {
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

/// Shows the entries of a menu, which scroll if the window's height minus `beside` points is too
/// small for them.
pub fn menu_entries_ui<R>(ui: &mut Ui, beside: f32, entries: impl FnOnce(&mut Ui) -> R) -> R {
    let most = ui.ctx().content_rect().height() - beside - 24.0;
    // By default, a popup is at most 400 points high, whatever the window size.
    ui.set_max_height(most);
    ScrollArea::vertical().max_height(most).show(ui, entries).inner
}

#[cfg(test)]
mod tests {
    use egui::vec2;

    use super::*;

    #[test]
    fn scrolled_content_ends_before_the_bar() {
        let mut right = (0.0, 0.0);
        let mut harness = egui_kittest::Harness::builder()
            .with_size(vec2(200.0, 100.0))
            .with_context_setup(crate::ui::theme::install)
            .build_ui(|ui| {
                let area = ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                    beside_scroll_bar_ui(ui, |ui| ui.allocate_space(vec2(ui.available_width(), 900.0)).1)
                });
                let bar = ui.spacing().scroll.bar_width;
                right = (area.inner.right(), area.inner_rect.right() - bar);
            });
        harness.run();
        drop(harness);
        assert!(right.0 < right.1, "{right:?}");
    }

    #[test]
    fn menus_are_as_high_as_they_need_and_the_window_has_room_for() {
        for (window, expected) in [(300.0, 276.0), (900.0, 600.0)] {
            let mut height = 0.0;
            let mut harness =
                egui_kittest::Harness::builder().with_size(vec2(200.0, window)).build_ui(|ui| {
                    let area = egui::Area::new(ui.scope_id().with("menu")).show(ui.ctx(), |ui| {
                        menu_entries_ui(ui, 0.0, |ui| ui.allocate_space(vec2(90.0, 600.0)));
                    });
                    height = area.response.rect.height();
                });
            harness.run();
            drop(harness);
            assert_eq!(height, expected, "in a window of {window} points");
        }
    }
}
