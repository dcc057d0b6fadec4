//! A page of samples: pictures, or the rows of a table.

use egui::{
    ComboBox, Key, Label, Modifiers, Rect, Response, RichText, Role, ScrollArea, Sense, Ui, WidgetInfo, vec2,
};
use egui_extras::{Column, TableBuilder};

use super::super::parts::{chip_ui, named};
use super::super::sample::{Cells, label_text, row_name};
use super::filter::Filter;
use super::{DataPreviewView, Look, class_column};
use crate::dataset::{Dataset, Subset};
use crate::project::{Shape, format_count, visible};
use crate::ui::plots::{color, palette, shortened};

/// Most columns of a table that are shown side by side.
const MOST_COLUMNS: usize = 48;
/// Height of a row of the table, and of its header, in points.
const ROW_PX: f32 = 18.0;
const HEADER_PX: f32 = 20.0;
/// Height of the row of pages with the space below it, and of a horizontal scroll bar.
const PAGES_PX: f32 = 30.0;
const BAR_PX: f32 = 14.0;

/// A combo box for the class and one for the split. Says whether another was chosen.
pub(super) fn filter_ui(ui: &mut Ui, data: &Dataset, filter: &mut Filter) -> bool {
    let before = *filter;
    if let Some((names, _)) = class_column(data).filter(|(names, _)| !names.is_empty()) {
        let name = |class: Option<u32>| match class.and_then(|class| names.get(class as usize)) {
            Some(name) => shortened(name, 24),
            None => "all classes".to_owned(),
        };
        let combo = ComboBox::from_id_salt("class").width(104.0).truncate();
        let shown = combo.selected_text(name(filter.class)).show_ui(ui, |ui| {
            lines_ui(ui, names.len() + 1, |ui, line| {
                let class = (line as u32).checked_sub(1);
                if ui.selectable_label(filter.class == class, name(class)).clicked() {
                    filter.class = class;
                }
            });
        });
        named(shown.response, "Class shown").on_hover_text("Shows the samples of one class only.");
    }
    let name = |subset: Option<Subset>| subset.map_or("all splits", Subset::name);
    let combo = ComboBox::from_id_salt("split").width(92.0);
    let shown = combo.selected_text(name(filter.subset)).show_ui(ui, |ui| {
        for subset in std::iter::once(None).chain(Subset::ALL.map(Some)) {
            if ui.selectable_label(filter.subset == subset, name(subset)).clicked() {
                filter.subset = subset;
            }
        }
    });
    named(shown.response, "Split shown").on_hover_text("Shows the samples of one split only.");
    *filter != before
}

/// The lines of a list of any length that can be seen in its scroll area.
fn lines_ui(ui: &mut Ui, count: usize, mut line_ui: impl FnMut(&mut Ui, usize)) {
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.set_min_width(120.0);
    let height = ui.spacing().interact_size.y.max(20.0);
    let (top, clip) = (ui.cursor().top(), ui.clip_rect());
    let line_at = |y: f32| ((y - top) / height).max(0.0) as usize;
    let first = line_at(clip.top()).min(count);
    let end = (line_at(clip.bottom()) + 1).clamp(first, count);
    ui.add_space(first as f32 * height);
    for line in first..end {
        let size = vec2(ui.available_width(), height);
        ui.allocate_ui_with_layout(size, egui::Layout::top_down_justified(egui::Align::LEFT), |ui| {
            ui.set_min_height(height);
            line_ui(ui, line);
        });
    }
    ui.add_space((count - end) as f32 * height);
}

/// A page of samples in the given height, with its pages above. `area` is the view, where keys turn pages.
pub(super) fn samples_ui(ui: &mut Ui, look: &Look<'_>, view: &mut DataPreviewView, height: f32, area: Rect) {
    let data = look.data;
    let ids = class_column(data).map_or(&[][..], |(_, ids)| ids);
    let cache = &mut view.cache;
    if !cache.passing.follow(data, ids, view.filter, cache.rows_stamp) {
        ui.ctx().request_repaint();
    }
    let count = cache.passing.len(data);
    let thumbs = Thumbs::of(data.shape, !data.labels.is_empty(), ui.available_width(), height - PAGES_PX);
    let each = thumbs.as_ref().map_or_else(
        || ((height - PAGES_PX - HEADER_PX - BAR_PX) / ROW_PX).max(1.0) as usize,
        |thumbs| thumbs.across * thumbs.down,
    );
    let pages = count.div_ceil(each).max(1);
    view.page = view.page.min(pages - 1);
    pages_ui(ui, &mut view.page, pages, each, count, area);
    let rows = view.cache.passing.page(data, view.page * each, each);
    if rows.is_empty() {
        let text = RichText::new("No sample is of this class and split.").size(11.5);
        ui.label(text.color(color(palette(ui).dim)));
        return;
    }
    match thumbs {
        Some(thumbs) => thumbs.ui(ui, look, view, &rows),
        None => table_ui(ui, look, view, &rows),
    }
}

/// The buttons that turn pages; page up and page down do so too while the pointer is over the view.
fn pages_ui(ui: &mut Ui, page: &mut usize, pages: usize, each: usize, count: usize, area: Rect) {
    let before = *page;
    let shown = ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let mut has_focus = false;
        let (back, on) = (*page > 0, *page + 1 < pages);
        for (text, name, is_possible, to) in [
            ("«", "first page", back, 0),
            ("‹", "previous page", back, before.saturating_sub(1)),
            ("›", "next page", on, before + 1),
            ("»", "last page", on, pages - 1),
        ] {
            let button: Response = ui.add_enabled_ui(is_possible, |ui| chip_ui(ui, false, text)).inner;
            let button = named(button, name).on_hover_text(name);
            has_focus |= button.has_focus();
            if button.clicked() {
                *page = to;
            }
        }
        let (first, last) = (before * each + 1, ((before + 1) * each).min(count));
        let text = match count {
            0 => "none".to_owned(),
            _ => format!("{} to {} of {}", format_count(first), format_count(last), format_count(count)),
        };
        ui.add_space(4.0);
        ui.add(Label::new(RichText::new(text).size(11.0).color(color(palette(ui).dim))).truncate());
        has_focus
    });
    let nothing_typed = ui.memory(|memory| memory.focused().is_none());
    if shown.inner || (nothing_typed && ui.rect_contains_pointer(area)) {
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::PageDown) {
            *page = (before + 1).min(pages - 1);
        }
        if pressed(Key::PageUp) {
            *page = before.saturating_sub(1);
        }
    }
    ui.add_space(6.0);
    if *page != before {
        ui.ctx().request_repaint();
    }
}

/// How pictures are laid out on a page.
struct Thumbs {
    size: [usize; 2],
    channels: usize,
    cell: egui::Vec2,
    pitch: egui::Vec2,
    across: usize,
    down: usize,
}

impl Thumbs {
    /// As many as fit; nothing where samples are no pictures.
    fn of(shape: Shape, has_labels: bool, width: f32, height: f32) -> Option<Thumbs> {
        let (rows, columns, channels) = match shape {
            Shape::Image { height, width, channels } if height * width * channels > 0 => {
                (height, width, channels)
            }
            Shape::Image { .. } | Shape::Vector(_) => return None,
        };
        let caption = if has_labels { 16.0 } else { 4.0 };
        let side = if rows.max(columns) > 40 { 84.0 } else { 52.0 };
        let scale = side / rows.max(columns) as f32;
        let cell = vec2((columns as f32 * scale).max(6.0), (rows as f32 * scale).max(6.0));
        let pitch = cell + vec2(6.0, caption);
        let across = ((width + 6.0) / pitch.x).max(1.0) as usize;
        let down = (height / pitch.y).max(1.0) as usize;
        Some(Thumbs { size: [columns, rows], channels, cell, pitch, across, down })
    }

    fn ui(&self, ui: &mut Ui, look: &Look<'_>, view: &mut DataPreviewView, rows: &[u32]) {
        let (data, cache) = (look.data, &mut view.cache);
        let Some(shown) = data.shown() else { return };
        let key = (cache.rows_stamp, rows.to_vec(), data.shown_channels.clone());
        if cache.page.as_ref() != Some(&key) {
            let (range, features) = (cache.range.of(data), data.shape.features());
            let channels: Vec<usize> = (0..self.channels).collect();
            let picks = shown.pixel(&channels);
            cache.atlas.fill(ui.ctx(), self.size, rows.len(), |picture, x, y| {
                let start = rows[picture] as usize * features + (y * self.size[0] + x) * self.channels;
                let pixel = picks.map(|channel| data.rows.value(start + channel));
                range.pixel(&pixel[..shown.depth()])
            });
            cache.page = Some(key);
        }
        let (p, across) = (palette(ui), self.across);
        let size = vec2(ui.available_width(), self.pitch.y * rows.len().div_ceil(across) as f32);
        let (area, _) = ui.allocate_exact_size(size, Sense::hover());
        for (index, row) in rows.iter().copied().enumerate() {
            let place = vec2((index % across) as f32, (index / across) as f32);
            let rect = Rect::from_min_size(area.min + place * self.pitch, self.cell);
            cache.atlas.paint(ui.painter(), index, rect);
            if let Some(label) = data.labels.first() {
                let text = shortened(&label_text(label, row), (self.cell.x / 5.5) as usize);
                let font = egui::FontId::proportional(10.0);
                ui.painter().text(rect.center_bottom(), egui::Align2::CENTER_TOP, text, font, color(p.dim));
            }
            let response = ui.interact(rect, ui.scope_id().with(("picture", row)), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Image, true, row_name(data, row)));
            response.on_hover_text(description(data, row));
        }
    }
}

/// Name, split and labels of a row.
fn description(data: &Dataset, row: u32) -> String {
    let subset = Subset::ALL.into_iter().find(|subset| data.split.rows(*subset).binary_search(&row).is_ok());
    let mut lines = vec![row_name(data, row)];
    lines.extend(subset.map(|subset| format!("{} split", subset.name())));
    let labels = data.labels.iter();
    lines.extend(labels.map(|label| format!("{}: {}", visible(&label.name), label_text(label, row))));
    lines.join("\n")
}

/// Rows as they were in the source: number, labels, then the columns that became features.
fn table_ui(ui: &mut Ui, look: &Look<'_>, view: &mut DataPreviewView, rows: &[u32]) {
    let (data, p) = (look.data, palette(ui));
    let cells = Cells::of(data);
    let shown = view
        .cache
        .found_features
        .of(view.cache.rows_stamp, &view.find, cells.len(), |column| cells.name(column));
    let all = shown.len();
    let shown = &shown[..all.min(MOST_COLUMNS)];
    let labels = &data.labels[..data.labels.len().min(MOST_COLUMNS)];
    let cell = |ui: &mut Ui, text: String, tint: [u8; 3]| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.add(Label::new(RichText::new(text).size(11.5).color(color(tint))).truncate());
        });
    };
    ScrollArea::horizontal().id_salt("columns").auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        TableBuilder::new(ui)
            .id_salt("rows")
            .striped(false)
            .vscroll(false)
            .column(Column::exact(58.0))
            .columns(
                Column::initial(84.0).at_least(40.0).resizable(true).clip(true),
                labels.len() + shown.len(),
            )
            .header(HEADER_PX, |mut header| {
                header.col(|ui| cell(ui, "row".to_owned(), p.dim));
                for label in labels {
                    header.col(|ui| cell(ui, visible(&label.name).into_owned(), p.accent));
                }
                for column in shown {
                    header.col(|ui| cell(ui, cells.name(*column), p.dim));
                }
            })
            .body(|body| {
                body.rows(ROW_PX, rows.len(), |mut line| {
                    let Some(row) = rows.get(line.index()).copied() else { return };
                    let number = data.source_rows.get(row as usize).map_or(row as usize + 1, |n| *n as usize);
                    line.col(|ui| cell(ui, format_count(number), p.dim));
                    for label in labels {
                        line.col(|ui| cell(ui, label_text(label, row), p.accent));
                    }
                    for column in shown {
                        line.col(|ui| cell(ui, cells.text(row, *column), p.text));
                    }
                });
            });
        if shown.len() < all {
            let text = format!("the first {} of {} columns", shown.len(), format_count(all));
            ui.label(RichText::new(text).size(11.0).color(color(p.dim)));
        }
    });
}
