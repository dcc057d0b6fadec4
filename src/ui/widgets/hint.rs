//! The tooltip of a menu item, next to the menu: below the item it would cover the next ones.

use egui::{RectAlign, Response, Tooltip};

/// Maximum width of the text, in points.
const WIDTH_PX: f32 = 320.0;
/// Minimum width of the text, in points: it is placed below the item if there is less space next to
/// it.
const LEAST_PX: f32 = 120.0;
/// Both margins of the text, and the distance to the edge of the window.
const FRAME_PX: f32 = 28.0;
/// Distance from the item to the text, past the frame of the menu.
const GAP_PX: f32 = 12.0;

/// Shows the tooltip of a menu item; `reason` says why it is unavailable, if it is.
pub fn side_tooltip(response: Response, about: &str, reason: &str) -> Response {
    for (mut hint, text) in
        [(Tooltip::for_enabled(&response), about), (Tooltip::for_disabled(&response), reason)]
    {
        let popup = hint.popup.gap(GAP_PX).align(RectAlign::RIGHT_START);
        hint.popup = popup.align_alternatives(&[RectAlign::LEFT_START, RectAlign::BOTTOM_START]);
        let width = side_width(&response);
        hint.show(|ui| {
            ui.set_max_width(width);
            ui.label(text);
        });
    }
    response
}

/// Width of the text that fits to the left or the right of the item.
fn side_width(response: &Response) -> f32 {
    let (window, line) = (response.ctx.content_rect(), response.rect);
    let room = (line.left() - window.left()).max(window.right() - line.right());
    (room - GAP_PX - FRAME_PX).clamp(LEAST_PX, WIDTH_PX)
}

#[cfg(test)]
mod tests {
    use egui::{Button, ScrollArea};
    use egui_kittest::kittest::Queryable;

    use super::*;

    #[test]
    fn a_hint_covers_no_line_of_its_menu() {
        let (about, reason) = (["what it does"; 12].join(", "), ["why it cannot"; 12].join(", "));
        for width in [700.0, 430.0] {
            let mut harness = egui_kittest::Harness::builder()
                .with_size(egui::vec2(width, 300.0))
                .with_context_setup(crate::ui::theme::install)
                .build_ui(|ui| {
                    ui.set_max_width(200.0);
                    ScrollArea::vertical().show(ui, |ui| {
                        for (line, is_enabled) in [("first", true), ("second", false), ("third", true)] {
                            let button = Button::new(line).min_size(egui::vec2(180.0, 22.0));
                            side_tooltip(ui.add_enabled(is_enabled, button), &about, &reason);
                        }
                    });
                });
            for (line, hint) in [("first", &about), ("second", &reason)] {
                harness.get_by_label(line).hover();
                harness.run_steps(60);
                let hint = harness.get_by_label(hint).rect();
                for other in ["first", "second", "third"] {
                    let covered = harness.get_by_label(other).rect();
                    assert!(!covered.intersects(hint), "{line} over {other} at {width}");
                }
            }
        }
    }
}
