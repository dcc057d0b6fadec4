//! The selected samples; only visible ones are drawn.

use egui::{Align2, FontId, Rect, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};

use super::super::parts::advice_ui;
use super::super::sample::{label_text, row_name};
use super::super::thumbs::Thumbs;
use super::super::visible_lines::visible_lines;
use crate::dataset::{Dataset, LabelColumn};
use crate::project::{Shown, visible};
use crate::ui::plots::{color, palette, shortened};

/// Width of a picture, and spacing between pictures.
const CELL_PX: f32 = 44.0;
const GAP_PX: f32 = 4.0;
/// Height of a sample that is not a picture.
const LINE_PX: f32 = 16.0;

/// Maximum number of labels after the name of a sample.
const LABELS: usize = 6;

/// Textures of the visible samples.
#[derive(Clone, Default)]
pub(super) struct Gallery {
    thumbs: Thumbs,
}

impl Gallery {
    /// Shows the selected rows; `changes` differs after every change of the selection.
    pub fn ui(&mut self, ui: &mut Ui, data: &Dataset, rows: &[u32], changes: u64) {
        if rows.is_empty() {
            let advice = "Click samples in Reconstructions, or select them by class or by a range here.";
            advice_ui(ui, "No sample is selected", advice);
            return;
        }
        let shown = data.shown();
        let (size, columns) = match &shown {
            Some(Shown { height, width, .. }) => {
                let aspect = (*height as f32 / (*width).max(1) as f32).clamp(0.25, 4.0);
                let columns = ((ui.available_width() + GAP_PX) / (CELL_PX + GAP_PX)).max(1.0) as usize;
                (vec2(CELL_PX, CELL_PX * aspect), columns)
            }
            None => (vec2(ui.available_width(), LINE_PX), 1),
        };
        let each = size.y + if shown.is_some() { GAP_PX } else { 0.0 };
        let area = ScrollArea::vertical().id_salt("selected").auto_shrink([false, false]);
        area.show_viewport(ui, |ui, viewport| {
            let lines = rows.len().div_ceil(columns);
            ui.set_height(lines as f32 * each);
            let origin = ui.max_rect().min;
            let visible_lines = visible_lines(viewport.top(), viewport.bottom(), each, lines);
            let places = visible_lines.start * columns..(visible_lines.end * columns).min(rows.len());
            let seen = rows.get(places.clone()).unwrap_or_default();
            self.thumbs.follow(ui, data, changes, (places.clone(), seen), size);
            for (place, row) in places.zip(seen) {
                let corner =
                    vec2((place % columns) as f32 * (size.x + GAP_PX), (place / columns) as f32 * each);
                let cell = Rect::from_min_size(origin + corner, size);
                let response = ui.interact(cell, ui.scope_id().with(("selected", *row)), Sense::hover());
                let name = row_name(data, *row);
                response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
                if shown.is_some() {
                    self.thumbs.paint(ui.painter(), place, cell);
                } else {
                    let labels = labels_of(data, *row, LABELS).join(", ");
                    let text = shortened(&format!("{name}  {labels}"), (size.x / 6.0) as usize);
                    let at = pos2(cell.left(), cell.center().y);
                    let tint = color(palette(ui).text);
                    ui.painter().text(at, Align2::LEFT_CENTER, text, FontId::proportional(11.5), tint);
                }
                response.on_hover_ui(|ui| {
                    ui.label(name);
                    labels_of(data, *row, data.labels.len())
                        .into_iter()
                        .for_each(|label| drop(ui.label(label)));
                });
            }
        });
    }
}

/// The first labels of a sample, each with its column name.
fn labels_of(data: &Dataset, row: u32, most: usize) -> Vec<String> {
    let text = |label: &LabelColumn| format!("{}: {}", visible(&label.name), label_text(label, row));
    data.labels.iter().take(most).map(text).collect()
}
