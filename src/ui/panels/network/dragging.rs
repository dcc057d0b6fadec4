//! Dragging of a card or a new layer over the hourglass.

use egui::{DragAndDrop, Id, LayerId, Order, Pos2, Rect, Stroke, StrokeKind, Ui, vec2};

use super::card_text::words;
use crate::project::{Layer, Place};
use crate::ui::state::State;
use crate::ui::theme::{self, tokens};
use crate::ui::update::stack::Gap;

/// The object dragged over the hourglass.
#[derive(Clone, Debug)]
pub(super) enum Dragged {
    /// An existing card.
    Card(Place),
    /// A new layer from the row of kinds.
    New(Layer),
}

/// Draws the line where a dragged card would be inserted, and handles the drop.
pub(super) fn drop_ui(ui: &Ui, state: &mut State, spots: &[(Gap, Rect)]) {
    let Some(dragged) = DragAndDrop::payload::<Dragged>(ui.ctx()) else { return };
    let Some(pointer) = ui.ctx().pointer_interact_pos() else { return };
    drag_preview(ui, state, &dragged, pointer);
    let reach = ui.clip_rect().expand(20.0);
    let nearest = spots.iter().min_by(|a, b| {
        let far = |spot: &(Gap, Rect)| (spot.1.center().y - pointer.y).abs();
        far(a).total_cmp(&far(b))
    });
    let Some((gap, rect)) = nearest.filter(|_| reach.contains(pointer)) else { return };
    let tokens = tokens(ui);
    let line = Rect::from_center_size(rect.center(), vec2(rect.width() * 0.8, 4.0));
    ui.painter().rect_filled(line, 2.0, tokens.highlight);
    if ui.input(|input| input.pointer.any_released()) {
        DragAndDrop::clear_payload(ui.ctx());
        match &*dragged {
            Dragged::Card(place) => state.move_card(*place, *gap),
            Dragged::New(layer) => state.insert(*gap, layer.clone()),
        }
    }
}

/// Draws the dragged object at the pointer.
fn drag_preview(ui: &Ui, state: &State, dragged: &Dragged, pointer: Pos2) {
    let layer = match dragged {
        Dragged::Card(place) => state.project.layer(*place),
        Dragged::New(layer) => Some(layer),
    };
    let Some(layer) = layer else { return };
    let tokens = tokens(ui);
    let painter = ui.ctx().layer_painter(LayerId::new(Order::Tooltip, Id::unique("dragged card")));
    let title = painter.layout_no_wrap(words(layer, None).0, theme::bold(12.5), tokens.text);
    let size = title.size() + vec2(28.0, 14.0);
    let rect = Rect::from_min_size(pointer + vec2(12.0, 8.0), size);
    painter.rect_filled(rect, 8.0, tokens.raised.gamma_multiply(0.9));
    painter.rect_stroke(rect, 8.0, Stroke::new(1.0, tokens.highlight), StrokeKind::Inside);
    painter.galley(rect.min + vec2(14.0, 7.0), title, tokens.text);
}
