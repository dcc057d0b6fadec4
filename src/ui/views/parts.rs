//! Parts shared by all views: a header, chips, and the advice in an empty view.

use egui::{
    Align, CursorIcon, Label, Layout, Popup, PopupAnchor, Response, RichText, Sense, Stroke, Tooltip, Ui,
    UiBuilder, vec2,
};

use crate::ui::plots::{color, palette};
use crate::ui::theme::bold;
pub use crate::ui::widgets::button::chip_ui;
use crate::ui::widgets::button::secondary_ui;
use crate::ui::widgets::header::{ROW_PX, Row, Side, one_row_ui};

/// Height of a view's header, in points.
const HEADER_PX: f32 = ROW_PX + 12.0;

/// Explains why PCA is no reference for a code as wide as the input.
pub(super) const PCA_IS_EXACT: &str =
    "The code has as many numbers as the input: PCA with as many components has no error";

/// A view's header: its title, followed by the chips and other parts added by `add`. Its height is
/// fixed, so that nothing below it moves. Returns the response of the title, which can be dragged
/// to move the view.
pub fn header_ui(ui: &mut Ui, title: &str, add: impl FnMut(&mut Row<'_>)) -> Response {
    let p = palette(ui);
    ui.spacing_mut().item_spacing.y = 0.0;
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEADER_PX), Sense::hover());
    ui.painter().rect_filled(rect, 0.0, color(p.panel));
    ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, color(p.line)));
    let layout = Layout::left_to_right(Align::Center);
    let inside = UiBuilder::new().max_rect(rect.shrink2(vec2(12.0, 6.0))).layout(layout).id_salt("header");
    let mut inside = ui.new_child(inside);
    let handle = title_ui(&mut inside, title);
    one_row_ui(&mut inside, title, add);
    handle
}

/// The title by which a view is dragged; if a tab shows it, only the header's space is reserved.
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

/// The epoch of the replay in its colour; nothing while the view is live.
pub(super) fn epoch_ui(row: &mut Row<'_>, epoch: Option<u32>) {
    let Some(epoch) = epoch else { return };
    row.part(Side::Right, "epoch", |ui| {
        let text = RichText::new(format!("epoch {epoch}")).size(11.5).color(color(palette(ui).code));
        ui.add(Label::new(text).selectable(false));
    });
}

/// A number with its name: `validation MSE` dim, **0.0412** bold.
pub(super) fn figure_ui(row: &mut Row<'_>, name: &str, value: &str) {
    row.part(Side::Right, name, |ui| {
        let p = palette(ui);
        ui.spacing_mut().item_spacing.x = 5.0;
        ui.add(Label::new(RichText::new(name).size(11.5).color(color(p.dim))).selectable(false));
        ui.add(Label::new(RichText::new(value).size(12.5).strong().color(color(p.text))));
    });
}

/// A short remark about the content.
pub(super) fn note_ui(row: &mut Row<'_>, side: Side, name: &str, text: &str, about: &str) {
    row.part(side, name, |ui| {
        let text = RichText::new(text).size(11.5).color(color(palette(ui).dim));
        let label = ui.add(Label::new(text).selectable(false));
        if !about.is_empty() {
            label.on_hover_text(about);
        }
    });
}

/// An empty view: its future content and the next step.
pub fn empty_ui(ui: &mut Ui, what: &str, advice: &str) {
    let rect = ui.available_rect_before_wrap();
    ui.painter().rect_filled(rect, 0.0, color(palette(ui).plot));
    advice_ui(ui, what, advice);
}

/// An empty view with a button for the next step, if there is one; returns whether it was pressed.
pub(super) fn empty_action_ui(ui: &mut Ui, what: &str, advice: &str, action: Option<&str>) -> bool {
    empty_ui(ui, what, advice);
    let Some(action) = action else { return false };
    let pressed = ui.vertical_centered(|ui| {
        ui.add_space(10.0);
        secondary_ui(ui, action).clicked()
    });
    pressed.inner
}

/// The text of an empty view, over any background.
pub(super) fn advice_ui(ui: &mut Ui, what: &str, advice: &str) {
    let p = palette(ui);
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() * 0.5 - 26.0).max(6.0));
        ui.add(Label::new(RichText::new(what).size(13.0).color(color(p.text))).selectable(false));
        ui.add_space(4.0);
        ui.add(Label::new(RichText::new(advice).size(11.5).color(color(p.dim))).selectable(false).wrap());
    });
}

/// A card next to the pointer for drawn items that are not widgets; hidden while a menu is open, so
/// that it does not cover it.
pub(super) fn card_at_pointer(ui: &Ui, name: &str, add: impl FnOnce(&mut Ui)) {
    if !Popup::is_any_open(ui.ctx()) {
        let id = ui.scope_id().with(name);
        let card = Tooltip::always_open(ui.ctx().clone(), ui.layer_id(), id, PopupAnchor::Pointer);
        card.gap(14.0).show(add);
    }
}

/// Sets the accessible name of a widget that shows no text.
pub(super) fn named(response: Response, name: impl Into<String>) -> Response {
    response.accessible_name(name)
}
