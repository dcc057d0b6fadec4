//! The rows of a table as in the source.

use egui::{RichText, Role, Sense, Stroke, Ui, WidgetInfo, vec2};

use super::super::sample::{Cells, label_text, row_name};
use super::grid::{BAR_PX, Grid, HEADER_PX, text_ui, width_of};
use super::position::Lines;
use super::samples::Seen;
use super::{Cache, DataPreviewView, LoadedData};
use crate::dataset::Dataset;
use crate::figure::Palette;
use crate::project::{format_count, visible};
use crate::ui::plots::{color, palette};

/// Height of a row, in points.
const ROW_PX: f32 = 16.0;
/// Minimum and maximum width of a column, and the width of columns that are not measured.
const LEAST_PX: f32 = 44.0;
const MOST_PX: f32 = 160.0;
const OTHER_PX: f32 = 84.0;
/// Number of rows and columns measured.
const MEASURED_ROWS: usize = 24;
const MEASURED_COLUMNS: usize = 200;
/// Tooltip of a cell that differs from the source.
const FILLED: &str = "Missing in the file; filled with the mean of the column.";

/// Widths of the table's columns, updated when the data or the search text change.
#[derive(Clone, Default)]
pub(super) struct Widths {
    of: Option<(u64, String)>,
    px: Vec<f32>,
}

impl Widths {
    /// Widths of the row number, each label and each displayed column, measured on some of the
    /// rows.
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

/// The row in the source: its number counted from 1, or its name if rows come from several arrays.
fn number_text(data: &Dataset, row: u32) -> String {
    if data.row_names.is_empty() {
        format_count(data.source_rows.get(row as usize).map_or(row as usize + 1, |number| *number as usize))
    } else {
        row_name(data, row)
    }
}

/// The content of the columns: the row number, labels, then features.
struct Table<'a> {
    data: &'a Dataset,
    cells: &'a Cells<'a>,
    /// The displayed features.
    shown: &'a [usize],
    palette: &'a Palette,
}

impl Table<'_> {
    /// A cell of a row, or of the header if `row` is `None`.
    fn cell(&self, row: Option<u32>, column: usize) -> Cell {
        let (data, p) = (self.data, self.palette);
        let plain = |text, tint| Cell { text, tint, is_filled: false };
        let Some(column) = column.checked_sub(1) else {
            return plain(row.map_or_else(|| "row".to_owned(), |row| number_text(data, row)), p.dim);
        };
        if let Some(label) = data.labels.get(column) {
            let name = || visible(&label.name).into_owned();
            return plain(row.map_or_else(name, |row| label_text(label, row)), p.accent);
        }
        let feature = self.shown.get(column - data.labels.len()).copied().unwrap_or_default();
        let Some(row) = row else { return plain(self.cells.name(feature), p.dim) };
        let is_filled = self.cells.is_filled(row, feature);
        let tint = if is_filled { p.dim } else { p.text };
        Cell { text: self.cells.text(row, feature), tint, is_filled }
    }
}

/// A cell as displayed.
struct Cell {
    text: String,
    tint: [u8; 3],
    is_filled: bool,
}

/// The rows with this height.
pub(super) fn rows_ui(ui: &mut Ui, loaded: &LoadedData<'_>, view: &mut DataPreviewView, height: f32) -> Seen {
    let (data, p) = (loaded.data, palette(ui));
    let cells = Cells::of(data);
    let Cache { found_features, widths, rows_stamp, filtered, position, .. } = &mut view.cache;
    let shown = found_features.of(*rows_stamp, &view.find, cells.len(), |column| cells.name(column));
    let widths = widths.of(*rows_stamp, &view.find, data, &cells, shown);
    let has_bar = widths.iter().sum::<f32>() > ui.available_width() - BAR_PX;
    let room = height - HEADER_PX - if has_bar { BAR_PX } else { 0.0 };
    let count = filtered.len(data);
    let lines = Lines { area: ui.scope_id(), count, across: 1, each: ROW_PX, view: room };
    let offset = position.offset(&lines, |row| filtered.find(data, row));
    let grid = Grid { name: "samples", widths, rows: count, row_px: ROW_PX, offset };
    let table = Table { data, cells: &cells, shown, palette: p };
    let (marked, mut seen) = (position.marked, Seen::default());
    seen.scroll_state = grid.ui(ui, height, |ui, place| {
        let row = place.row.and_then(|place| filtered.at(data, place));
        let cell = table.cell(row, place.column);
        let Some(row) = row else {
            cell_ui(ui, cell);
            return;
        };
        let room = ui.max_rect().expand2(vec2(4.0, 0.0));
        let is_selected = loaded.selection.contains(data.fingerprint, row);
        if is_selected {
            ui.painter().rect_filled(room, 0.0, color(p.raised));
        }
        if marked == Some(row) {
            ui.painter().hline(room.x_range(), room.bottom() - 0.5, Stroke::new(1.0, color(p.accent)));
        }
        // Only one cell per row is focusable.
        let is_first = place.column == 0;
        let sense = if is_first { Sense::click() } else { Sense::CLICK };
        let response = ui.interact(ui.max_rect(), ui.scope_id().with("cell"), sense);
        if is_first {
            response.widget_info(|| {
                let name = format!("select {}", row_name(data, row));
                WidgetInfo::selected(Role::CheckBox, true, is_selected, name)
            });
            seen.has_focus |= response.has_focus();
        }
        if cell_ui(ui, cell).clicked() || response.clicked() {
            seen.clicked = place.row;
        }
    });
    position.record_scroll(&lines, seen.scroll_state);
    seen
}

/// Shows the content of a cell.
fn cell_ui(ui: &mut Ui, cell: Cell) -> egui::Response {
    let text = RichText::new(cell.text).color(color(cell.tint));
    if cell.is_filled {
        text_ui(ui, text.italics(), true).on_hover_text(FILLED)
    } else {
        text_ui(ui, text, true)
    }
}
