//! What all views share: a header, chips, and how an empty view says what to do.

use egui::{
    Align, Button, CornerRadius, CursorIcon, Frame, Label, Layout, Margin, Response, RichText, Sense, Stroke,
    Ui, vec2,
};

use crate::ui::plots::{color, palette};
use crate::ui::theme::bold;
use crate::ui::widgets::button::secondary_ui;

/// Height of a header's row: that of its chips, so that headers side by side end on one line.
const ROW_PX: f32 = 26.0;

/// A view's header: its title, then chips and whatever else `add` puts there; wraps where the view is narrow. Returns
/// the title's response: dragging it moves the view.
pub fn header_ui<R>(ui: &mut Ui, title: &str, add: impl FnOnce(&mut Ui) -> R) -> (Response, R) {
    let p = palette(ui);
    let frame = Frame::new().fill(color(p.panel)).inner_margin(Margin::symmetric(12, 6));
    let shown = frame.show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(6.0, 4.0);
            ui.set_row_height(ROW_PX);
            let handle = title_ui(ui, title);
            (handle, add(ui))
        })
        .inner
    });
    ui.spacing_mut().item_spacing.y = 0.0;
    let rect = shown.response.rect;
    ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, color(p.line)));
    shown.inner
}

/// The title that a view is dragged by; where a tab shows it, only the place of the header is left.
fn title_ui(ui: &mut Ui, title: &str) -> Response {
    if is_tabbed(ui) {
        return ui.allocate_response(vec2(0.0, ROW_PX), Sense::hover());
    }
    let text = RichText::new(title).font(bold(12.5)).color(color(palette(ui).text));
    let label = Label::new(text).selectable(false).sense(Sense::drag());
    let handle = ui.add(label).on_hover_cursor(CursorIcon::Grab);
    ui.add_space(6.0);
    handle
}

/// Marks a part of the window in which tabs show the titles of the views.
pub const TABBED: &str = "tabbed";

/// Whether a tab shows the title of the view being drawn.
pub(super) fn is_tabbed(ui: &Ui) -> bool {
    ui.stack().iter().any(|stack| stack.info.tags.contains(TABBED))
}

/// A small button that is on or off.
pub fn chip_ui(ui: &mut Ui, on: bool, text: &str) -> Response {
    let p = palette(ui);
    let before = ui.read_response(ui.next_auto_id());
    let pointed = before.is_some_and(|response| response.hovered() || response.has_focus());
    let tint = if (on || pointed) && ui.is_enabled() { p.text } else { p.dim };
    // Fills differ little, on white ground least.
    let edge = match (on, pointed) {
        (true, _) => p.accent,
        (false, true) => p.faint,
        (false, false) => p.line,
    };
    let padding = std::mem::replace(&mut ui.spacing_mut().button_padding, vec2(8.0, 3.0));
    let response = ui.add(
        Button::selectable(on, RichText::new(text).size(11.0).color(color(tint)))
            .frame_when_inactive(true)
            .fill(color(if on { p.raised } else { p.panel }))
            .stroke(Stroke::new(1.0, color(edge)))
            .corner_radius(CornerRadius::same(6))
            .min_size(vec2(0.0, 20.0)),
    );
    ui.spacing_mut().button_padding = padding;
    response
}

/// Puts what `add` shows at the right end of the row; of the next row, if this one has no room left.
pub(super) fn trailing_ui(ui: &mut Ui, name: &str, add: impl FnOnce(&mut Ui)) {
    let id = ui.scope_id().with(("trailing", name));
    let known: Option<f32> = ui.data(|data| data.get_temp(id));
    if let Some(width) = known {
        if ui.available_size_before_wrap().x < width {
            ui.end_row();
        }
        ui.add_space((ui.available_size_before_wrap().x - width).max(0.0));
    }
    let inner = ui.scope(|ui| {
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            ui.set_min_height(ROW_PX);
            add(ui);
        })
    });
    let width = inner.response.rect.width() + ui.spacing().item_spacing.x;
    if known != Some(width) {
        ui.data_mut(|data| data.insert_temp(id, width));
        ui.ctx().request_repaint();
    }
}

/// The epoch of the replay, in the colour of the thread; nothing while the view is live.
pub(super) fn epoch_ui(ui: &mut Ui, epoch: Option<u32>) {
    if let Some(epoch) = epoch {
        let text = RichText::new(format!("epoch {epoch}")).size(11.5).color(color(palette(ui).code));
        ui.add(Label::new(text).selectable(false));
    }
}

/// A number with its name: `validation MSE` dim, **0.0412** bold.
pub(super) fn figure_ui(ui: &mut Ui, name: &str, value: &str) {
    let p = palette(ui);
    ui.spacing_mut().item_spacing.x = 5.0;
    ui.add(Label::new(RichText::new(name).size(11.5).color(color(p.dim))).selectable(false));
    ui.add(Label::new(RichText::new(value).size(12.5).strong().color(color(p.text))));
}

/// An empty view: what will be here, and what to do for it.
pub fn empty_ui(ui: &mut Ui, what: &str, advice: &str) {
    let rect = ui.available_rect_before_wrap();
    ui.painter().rect_filled(rect, 0.0, color(palette(ui).plot));
    advice_ui(ui, what, advice);
}

/// The same with a button for what to do, where there is one; says whether it was pressed.
pub(super) fn empty_action_ui(ui: &mut Ui, what: &str, advice: &str, action: Option<&str>) -> bool {
    empty_ui(ui, what, advice);
    let Some(action) = action else { return false };
    let pressed = ui.vertical_centered(|ui| {
        ui.add_space(10.0);
        secondary_ui(ui, action).clicked()
    });
    pressed.inner
}

/// The same on whatever lies beneath.
pub(super) fn advice_ui(ui: &mut Ui, what: &str, advice: &str) {
    let p = palette(ui);
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() * 0.5 - 26.0).max(6.0));
        ui.add(Label::new(RichText::new(what).size(13.0).color(color(p.text))).selectable(false));
        ui.add_space(4.0);
        ui.add(Label::new(RichText::new(advice).size(11.5).color(color(p.dim))).selectable(false).wrap());
    });
}

/// Names a response for assistive tools where the widget shows no text of its own.
pub(super) fn named(response: Response, name: impl Into<String>) -> Response {
    response.accessible_name(name)
}
