//! Buttons of three ranks, choices in a row, and a field for a file.

use egui::{Button, Color32, CornerRadius, Response, RichText, Stroke, Ui, Vec2, vec2};

use crate::ui::theme::{self, tokens};

/// The primary action.
pub fn primary_ui(ui: &mut Ui, text: &str, min_width: f32) -> Response {
    let tokens = tokens(ui);
    let text = RichText::new(text).font(theme::bold(12.5)).color(tokens.on_accent);
    ui.add(Button::new(text).fill(tokens.accent).stroke(Stroke::NONE).min_size(vec2(min_width, 28.0)))
}

/// Any other action.
pub fn secondary_ui(ui: &mut Ui, text: &str) -> Response {
    ui.add(Button::new(text).min_size(vec2(0.0, 26.0)))
}

/// A small clickable text, for example in the header of a list.
pub fn text_button_ui(ui: &mut Ui, text: &str) -> Response {
    let tokens = tokens(ui);
    ui.add(
        Button::new(RichText::new(text).size(11.0).color(tokens.accent)).frame_when_inactive(false).small(),
    )
}

/// A small toggle button.
pub fn chip_ui(ui: &mut Ui, on: bool, text: &str) -> Response {
    let tokens = tokens(ui);
    let before = ui.read_response(ui.next_auto_id());
    let pointed = before.is_some_and(|response| response.hovered() || response.has_focus());
    let tint = if (on || pointed) && ui.is_enabled() { tokens.text } else { tokens.dim };
    // The fills are similar, especially on a white background.
    let edge = match (on, pointed) {
        (true, _) => tokens.accent,
        (false, true) => tokens.faint,
        (false, false) => tokens.line,
    };
    let padding = std::mem::replace(&mut ui.spacing_mut().button_padding, vec2(8.0, 3.0));
    let response = ui.add(
        Button::selectable(on, RichText::new(text).size(11.0).color(tint))
            .frame_when_inactive(true)
            .fill(if on { tokens.raised } else { tokens.panel })
            .stroke(Stroke::new(1.0, edge))
            .corner_radius(CornerRadius::same(6))
            .min_size(vec2(0.0, 20.0)),
    );
    ui.spacing_mut().button_padding = padding;
    response
}

/// Padding between the edge of a choice and its text, on both sides.
const PADDING_PX: f32 = 4.0;
/// Font size of a choice, and the minimum readable size.
const TEXT_PX: f32 = 11.5;
const LEAST_TEXT_PX: f32 = 9.0;

/// The font size at which a text fits into the available width.
fn fitting(ui: &Ui, text: &str, room: f32) -> f32 {
    let font = egui::FontId::proportional(TEXT_PX);
    let wide = ui.painter().layout_no_wrap(text.to_owned(), font, Color32::WHITE).size().x;
    // In steps of a half, so that few font sizes are rasterised.
    let size = (2.0 * TEXT_PX * (room / wide.max(1.0)).min(1.0)).floor() / 2.0;
    size.max(LEAST_TEXT_PX)
}

/// Choices side by side, at most `columns` per row; `ring` surrounds the chosen one. A click
/// replaces the value unless it is the `same` as the clicked one: of the same kind, possibly with
/// other numbers.
pub fn choices_ui<T: Clone>(
    ui: &mut Ui,
    value: &mut T,
    options: &[(T, &str)],
    columns: usize,
    ring: Color32,
    same: impl Fn(&T, &T) -> bool,
) {
    let gap = 4.0;
    let columns = columns.min(options.len()).max(1);
    let width = ((ui.available_width() - gap * (columns - 1) as f32) / columns as f32).floor();
    ui.spacing_mut().item_spacing = Vec2::splat(gap);
    ui.spacing_mut().interact_size.y = 24.0;
    for row in options.chunks(columns) {
        ui.horizontal(|ui| {
            for (option, name) in row {
                let chosen = same(value, option);
                let tokens = tokens(ui);
                let tint = if chosen { tokens.text } else { tokens.dim };
                let text = RichText::new(*name).size(fitting(ui, name, width - 2.0 * PADDING_PX)).color(tint);
                let stroke = Stroke::new(1.0, if chosen { ring } else { tokens.line });
                let fill = if chosen { tokens.raised } else { tokens.panel };
                let button = Button::new(text)
                    .fill(fill)
                    .stroke(stroke)
                    .corner_radius(CornerRadius::same(5))
                    .selected(false)
                    .truncate()
                    .min_size(vec2(width, 24.0));
                ui.spacing_mut().button_padding.x = PADDING_PX;
                let response = ui.add_sized(vec2(width, 24.0), button);
                response.widget_info(|| {
                    egui::WidgetInfo::selected(egui::Role::RadioButton, ui.is_enabled(), chosen, *name)
                });
                if response.clicked() && !chosen {
                    *value = option.clone();
                }
            }
        });
    }
}
