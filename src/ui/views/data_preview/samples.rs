//! A page of samples: pictures, or the rows of a table.

use egui::{
    ComboBox, Key, Label, Modifiers, Rect, Response, RichText, Role, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo, vec2,
};

use super::super::parts::{chip_ui, named};
use super::super::reconstructions::listing::clicked;
use super::super::sample::{Cells, label_text, row_name};
use super::facts::class_column;
use super::filter::Filter;
use super::grid::{BAR_PX, Grid, HEADER_PX, text_ui, width_of};
use super::{Cache, DataPreviewView, Look};
use crate::dataset::{Dataset, Subset};
use crate::project::{Shape, format_count, visible};
use crate::ui::plots::{color, palette, shortened};
use crate::ui::widgets::header::{Row, Side};

/// Height of a row of the table, in points.
const ROW_PX: f32 = 16.0;
/// Least and greatest width of a column, and that of columns whose cells are not measured.
const LEAST_PX: f32 = 44.0;
const MOST_PX: f32 = 160.0;
const OTHER_PX: f32 = 84.0;
/// How many rows and columns are measured.
const MEASURED_ROWS: usize = 24;
const MEASURED_COLUMNS: usize = 200;
/// Said of a cell that is not as in the source.
const FILLED: &str = "Missing in the file; filled with the mean of the column.";

/// A combo box for the split and one for the class.
pub(super) fn filter_ui(row: &mut Row<'_>, data: &Dataset, filter: &mut Filter) {
    let name = |subset: Option<Subset>| subset.map_or("all splits", Subset::name);
    row.part(Side::Left, "split", |ui| {
        let combo = ComboBox::from_id_salt("split").width(92.0);
        let shown = combo.selected_text(name(filter.subset)).show_ui(ui, |ui| {
            for subset in std::iter::once(None).chain(Subset::ALL.map(Some)) {
                if ui.selectable_label(filter.subset == subset, name(subset)).clicked() {
                    filter.subset = subset;
                }
            }
        });
        named(shown.response, "Split shown").on_hover_text("Shows the samples of one split only.");
    });
    let Some((names, _)) = class_column(data).filter(|(names, _)| !names.is_empty()) else { return };
    let name = |class: Option<u32>| match class.and_then(|class| names.get(class as usize)) {
        Some(name) => shortened(name, 24),
        None => "all classes".to_owned(),
    };
    row.part(Side::Left, "class", |ui| {
        let combo = ComboBox::from_id_salt("class").width(104.0);
        let shown = combo.selected_text(name(filter.class)).show_ui(ui, |ui| {
            lines_ui(ui, names.len() + 1, |ui, line| {
                let class = (line as u32).checked_sub(1);
                if ui.selectable_label(filter.class == class, name(class)).clicked() {
                    filter.class = class;
                }
            });
        });
        named(shown.response, "Class shown").on_hover_text("Shows the samples of one class only.");
    });
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

/// A page of samples: what fits in the room there is.
pub(super) struct Page {
    kind: Kind,
    /// Samples of a page.
    each: usize,
    /// Samples on all pages.
    count: usize,
    height: f32,
}

enum Kind {
    Pictures(Thumbs),
    Table,
}

impl Page {
    /// A page of this width and height, in points.
    pub fn new(ui: &Ui, look: &Look<'_>, view: &mut DataPreviewView, [width, height]: [f32; 2]) -> Page {
        let data = look.data;
        let ids = class_column(data).map_or(&[][..], |(_, ids)| ids);
        let cache = &mut view.cache;
        if !cache.passing.follow(data, ids, view.filter, cache.rows_stamp) {
            ui.ctx().request_repaint();
        }
        let thumbs = Thumbs::of(data.shape, !data.labels.is_empty(), width, height);
        let (kind, each) = if let Some(thumbs) = thumbs {
            let each = thumbs.across * thumbs.down;
            (Kind::Pictures(thumbs), each)
        } else {
            let cells = Cells::of(data);
            let shown = cache
                .found_features
                .of(cache.rows_stamp, &view.find, cells.len(), |column| cells.name(column));
            let widths = cache.widths.of(cache.rows_stamp, &view.find, data, &cells, shown);
            let bar = if widths.iter().sum::<f32>() > width { BAR_PX } else { 0.0 };
            (Kind::Table, ((height - HEADER_PX - bar) / ROW_PX).max(1.0) as usize)
        };
        let count = cache.passing.len(data);
        view.page = view.page.min(count.div_ceil(each).max(1) - 1);
        Page { kind, each, count, height }
    }

    /// The buttons that turn pages, and which samples are shown. Page up and page down turn pages too while the pointer is over
    /// `area`.
    pub fn turn_ui(&self, ui: &mut Ui, page: &mut usize, area: Rect) {
        ui.spacing_mut().item_spacing.x = 4.0;
        let (before, last) = (*page, self.count.div_ceil(self.each).max(1) - 1);
        let mut has_focus = false;
        for (text, name, is_possible, to) in [
            ("«", "first page", before > 0, 0),
            ("‹", "previous page", before > 0, before.saturating_sub(1)),
            ("›", "next page", before < last, before + 1),
            ("»", "last page", before < last, last),
        ] {
            let button: Response = ui.add_enabled_ui(is_possible, |ui| chip_ui(ui, false, text)).inner;
            let button = named(button, name).on_hover_text(name);
            has_focus |= button.has_focus();
            if button.clicked() {
                *page = to;
            }
        }
        let nothing_typed = ui.memory(|memory| memory.focused().is_none());
        if has_focus || (nothing_typed && ui.rect_contains_pointer(area)) {
            let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
            if pressed(Key::PageDown) {
                *page = (before + 1).min(last);
            }
            if pressed(Key::PageUp) {
                *page = before.saturating_sub(1);
            }
        }
        if *page != before {
            // For the buttons, which may be of no use now.
            ui.ctx().request_repaint();
        }
        let (from, to) = (*page * self.each + 1, ((*page + 1) * self.each).min(self.count));
        let text = match self.count {
            0 => "none".to_owned(),
            count => format!("{} to {} of {}", format_count(from), format_count(to), format_count(count)),
        };
        ui.add(Label::new(RichText::new(text).size(11.0).color(color(palette(ui).dim))).truncate());
    }

    /// The samples.
    pub fn ui(&self, ui: &mut Ui, look: &Look<'_>, view: &mut DataPreviewView) {
        let rows = view.cache.passing.page(look.data, view.page * self.each, self.each);
        if rows.is_empty() {
            view.cache.page = None;
            let text = RichText::new("No sample is of this class and split.").size(11.5);
            ui.label(text.color(color(palette(ui).dim)));
            return;
        }
        match &self.kind {
            Kind::Pictures(thumbs) => thumbs.ui(ui, look, view, &rows),
            Kind::Table => {
                let first = view.page * self.each;
                table_ui(ui, look, view, (&rows, first), self.height);
            }
        }
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
        let mut place_clicked = None;
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
            let response = ui.interact(rect, ui.scope_id().with(("picture", row)), Sense::click());
            let is_selected = look.selection.contains(data.fingerprint, row);
            response.widget_info(|| {
                let mut info = WidgetInfo::labeled(Role::Image, true, row_name(data, row));
                info.selected = Some(is_selected);
                info
            });
            if is_selected || response.has_focus() {
                let stroke = Stroke::new(2.0, color(if is_selected { p.accent } else { p.dim }));
                ui.painter().rect_stroke(rect.expand(2.0), 2.0, stroke, StrokeKind::Inside);
            }
            if response.clicked() {
                place_clicked = Some(index);
            }
            response.on_hover_text(description(data, row));
        }
        if let Some(index) = place_clicked {
            select(ui, look, view, index + view.page * self.across * self.down);
        }
    }
}

/// Takes in a click on the sample at a place among all that pass.
fn select(ui: &Ui, look: &Look<'_>, view: &mut DataPreviewView, place: usize) {
    let cache = &mut view.cache;
    let of = (cache.rows_stamp, view.filter);
    let anchor = cache.anchor.filter(|anchor| anchor.0 == of).map(|anchor| anchor.1);
    let modifiers = ui.input(|input| input.modifiers);
    let is_selected = |row: u32| look.selection.contains(look.data.fingerprint, row);
    let part = |places: std::ops::Range<usize>| cache.passing.page(look.data, places.start, places.len());
    cache.select = Some(clicked(part, place, anchor, modifiers, is_selected));
    if !modifiers.shift || anchor.is_none() {
        cache.anchor = Some((of, place));
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

/// Widths of the columns of the table, found when the data change or what is looked for.
#[derive(Clone, Default)]
pub(super) struct Widths {
    of: Option<(u64, String)>,
    px: Vec<f32>,
}

impl Widths {
    /// One for the number of the row, each label, and each of the columns that are shown, as some rows need them.
    fn of(&mut self, stamp: u64, find: &str, data: &Dataset, cells: &Cells<'_>, shown: &[usize]) -> &[f32] {
        let is_known = matches!(&self.of, Some((of, known)) if *of == stamp && known == find);
        if !is_known {
            let step = data.len() / MEASURED_ROWS + 1;
            let fit = |name: &str, text: &dyn Fn(u32) -> String| {
                let rows = (0..data.len()).step_by(step).map(|row| width_of(&text(row as u32)));
                rows.fold(width_of(name), f32::max).clamp(LEAST_PX, MOST_PX)
            };
            let last = data.len().saturating_sub(1) as u32;
            let first = fit("row", &|row| number_text(data, row)).max(width_of(&number_text(data, last)));
            self.px = vec![first];
            let labels = data.labels.iter().take(MEASURED_COLUMNS);
            self.px.extend(labels.map(|label| fit(&visible(&label.name), &|row| label_text(label, row))));
            self.px.resize(data.labels.len() + 1, OTHER_PX);
            let columns = shown.iter().take(MEASURED_COLUMNS);
            self.px.extend(columns.map(|at| fit(&cells.name(*at), &|row| cells.text(row, *at))));
            self.px.resize(data.labels.len() + shown.len() + 1, OTHER_PX);
            self.of = Some((stamp, find.to_owned()));
        }
        &self.px
    }
}

/// Which row of the source it is: its number counted from 1, or its name where rows come from several arrays.
fn number_text(data: &Dataset, row: u32) -> String {
    if data.row_names.is_empty() {
        format_count(data.source_rows.get(row as usize).map_or(row as usize + 1, |number| *number as usize))
    } else {
        row_name(data, row)
    }
}

/// Rows as they were in the source: number, labels, then the columns that became features.
/// `first` is the place of the first of them among all that pass.
fn table_ui(
    ui: &mut Ui,
    look: &Look<'_>,
    view: &mut DataPreviewView,
    (rows, first): (&[u32], usize),
    height: f32,
) {
    let (data, p) = (look.data, palette(ui));
    let mut place_clicked = None;
    let cells = Cells::of(data);
    let Cache { found_features, widths, rows_stamp, .. } = &mut view.cache;
    let shown = found_features.of(*rows_stamp, &view.find, cells.len(), |column| cells.name(column));
    let widths = widths.of(*rows_stamp, &view.find, data, &cells, shown);
    let feature = |column: usize| {
        column.checked_sub(data.labels.len() + 1).and_then(|at| shown.get(at)).copied().unwrap_or_default()
    };
    let grid = Grid { name: "samples", widths, rows: rows.len(), row_px: ROW_PX };
    grid.ui(ui, height, |ui, place| {
        let label = place.column.checked_sub(1).and_then(|at| data.labels.get(at));
        let row = place.row.and_then(|row| rows.get(row)).copied();
        let mut is_filled = false;
        let (text, tint) = match (row, label) {
            (None, _) if place.column == 0 => ("row".to_owned(), p.dim),
            (None, Some(label)) => (visible(&label.name).into_owned(), p.accent),
            (None, None) => (cells.name(feature(place.column)), p.dim),
            (Some(row), _) if place.column == 0 => (number_text(data, row), p.dim),
            (Some(row), Some(label)) => (label_text(label, row), p.accent),
            (Some(row), None) => {
                is_filled = cells.is_filled(row, feature(place.column));
                (cells.text(row, feature(place.column)), if is_filled { p.dim } else { p.text })
            }
        };
        let text = RichText::new(text).color(color(tint));
        let room = ui.max_rect();
        let is_selected = row.is_some_and(|row| look.selection.contains(data.fingerprint, row));
        if is_selected {
            ui.painter().rect_filled(room.expand2(vec2(4.0, 0.0)), 0.0, color(p.raised));
        }
        // Of a row one cell takes the focus.
        let sense = if place.column == 0 { Sense::click() } else { Sense::CLICK };
        let cell = row.map(|row| (row, ui.interact(room, ui.scope_id().with("cell"), sense)));
        if let Some((row, cell)) = cell.as_ref().filter(|_| place.column == 0) {
            cell.widget_info(|| {
                let name = format!("select {}", row_name(data, *row));
                WidgetInfo::selected(Role::CheckBox, true, is_selected, name)
            });
        }
        let shown = if is_filled {
            text_ui(ui, text.italics(), true).on_hover_text(FILLED)
        } else {
            text_ui(ui, text, true)
        };
        if shown.clicked() || cell.is_some_and(|(_, cell)| cell.clicked()) {
            place_clicked = place.row;
        }
    });
    if let Some(index) = place_clicked {
        select(ui, look, view, first + index);
    }
}
