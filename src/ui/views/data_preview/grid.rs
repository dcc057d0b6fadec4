//! A table with a fixed header and first column. Only visible cells are laid out, so that a table
//! with 10,000 columns costs no more than one with 10.

use egui::{Align, Label, Layout, Pos2, Rect, RichText, ScrollArea, Stroke, Ui, UiBuilder, pos2, vec2};

use super::super::visible_lines::{line_top, visible_lines};
use super::position::{ScrollState, scrolled};
use crate::ui::plots::{color, palette};
use crate::ui::widgets::scroll::always_seen;

/// Space for a scroll bar.
pub(super) const BAR_PX: f32 = 11.0;
/// Header height, in points.
pub(super) const HEADER_PX: f32 = 18.0;
/// Spacing between two columns.
const GAP_PX: f32 = 8.0;

/// The dimensions of a table.
pub(super) struct Grid<'a> {
    /// Distinguishes its scroll state from that of other tables.
    pub name: &'static str,
    /// Width of each column, in points, with the gap after it.
    pub widths: &'a [f32],
    pub rows: usize,
    pub row_px: f32,
    /// Vertical scroll offset to set; `None` keeps the current one.
    pub offset: Option<f32>,
}

/// Position of a cell.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Counted from 0; `None` in the header.
    pub row: Option<usize>,
    pub column: usize,
}

impl Grid<'_> {
    /// Shows the table in the full width and at most this height; returns its scroll offset and
    /// range. `cell_ui` shows a cell in its rectangle.
    pub fn ui(&self, ui: &mut Ui, height: f32, mut cell_ui: impl FnMut(&mut Ui, Place)) -> ScrollState {
        always_seen(ui);
        let height = height.max(0.0);
        let corner = ui.available_rect_before_wrap().min;
        let area = ScrollArea::both().id_salt(self.name).auto_shrink([false, true]);
        let area = scrolled(ui, area, self.offset);
        // If the whole view scrolls, the table keeps its height even if partly hidden.
        let area = area.max_height(height).min_scrolled_height((height - BAR_PX).max(0.0));
        let shown = area.show_viewport(ui, |ui, viewport| {
            let whole = vec2(self.widths.iter().sum(), HEADER_PX + self.row_px * self.rows as f32);
            ui.set_min_size(whole);
            let offset = whole_pixels(ui, viewport.top());
            let origin = pos2(ui.max_rect().left(), corner.y);
            let seen = Rect::from_min_size(origin + vec2(viewport.left(), 0.0), viewport.size());
            // End of the header and of the first column.
            let first = self.widths.first().copied().unwrap_or_default().min(0.6 * seen.width());
            let inner = seen.min + vec2(first, HEADER_PX);
            let rows = visible_lines(offset, offset + seen.bottom() - inner.y, self.row_px, self.rows);
            let rows: Vec<Option<usize>> = rows.map(Some).collect();
            let columns = self.columns_in(inner.x - origin.x, seen.right() - origin.x);
            let columns: Vec<usize> = columns.filter(|column| *column > 0).collect();
            let body = origin + vec2(0.0, HEADER_PX);
            let mut part_ui =
                |part: Rect, name: &str, from: Pos2, rows: &[Option<usize>], columns: &[usize]| {
                    let mut inside = ui.new_child(UiBuilder::new().max_rect(part).id_salt(name));
                    inside.shrink_clip_rect(part);
                    self.part_ui(&mut inside, (from, offset), rows, columns, &mut cell_ui);
                };
            part_ui(Rect::from_min_max(inner, seen.max), "body", body, &rows, &columns);
            let header = Rect::from_min_max(pos2(inner.x, seen.top()), pos2(seen.right(), inner.y));
            part_ui(header, "header", origin, &[None], &columns);
            let names = Rect::from_min_max(pos2(seen.left(), inner.y), pos2(inner.x, seen.bottom()));
            part_ui(names, "names", pos2(seen.left(), body.y), &rows, &[0]);
            part_ui(Rect::from_min_max(seen.min, inner), "both", seen.min, &[None], &[0]);
            let line = Stroke::new(1.0, color(palette(ui).line));
            let bottom = seen.bottom().min(body.y + line_top(self.rows, self.row_px, offset));
            ui.painter().hline(seen.x_range(), inner.y - 0.5, line);
            ui.painter().vline(inner.x - 0.5 * GAP_PX, seen.top()..=bottom, line);
        });
        ScrollState::of(&shown)
    }

    /// Shows the cells of some rows and columns; without vertical scrolling, the first would start
    /// at `from`.
    fn part_ui(
        &self,
        ui: &mut Ui,
        (from, offset): (Pos2, f32),
        rows: &[Option<usize>],
        columns: &[usize],
        cell_ui: &mut impl FnMut(&mut Ui, Place),
    ) {
        let mut left = from.x;
        let mut widths = self.widths.iter().enumerate();
        for column in columns {
            let Some(width) = widths.find_map(|(at, width)| {
                if at == *column {
                    return Some(*width);
                }
                left += width;
                None
            }) else {
                return;
            };
            for row in rows {
                let (top, height) = match row {
                    Some(row) => (from.y + line_top(*row, self.row_px, offset), self.row_px),
                    None => (from.y, HEADER_PX),
                };
                let room = Rect::from_min_size(pos2(left, top), vec2((width - GAP_PX).max(1.0), height));
                let layout = Layout::left_to_right(Align::Center);
                let cell = UiBuilder::new().max_rect(room).layout(layout).id_salt((*row, *column));
                cell_ui(&mut ui.new_child(cell), Place { row: *row, column: *column });
            }
            left += width;
        }
    }

    /// Columns between two distances from the left.
    fn columns_in(&self, from: f32, to: f32) -> std::ops::Range<usize> {
        let (mut first, mut last, mut right) = (0, 0, 0.0);
        for width in self.widths {
            right += width;
            first += usize::from(right <= from);
            last += usize::from(right < to);
        }
        first..(last + 1).min(self.widths.len()).max(first)
    }
}

/// Rounds a distance to whole pixels, so that scrolled content stays sharp.
pub(super) fn whole_pixels(ui: &Ui, points: f32) -> f32 {
    let scale = ui.ctx().pixels_per_point();
    (points * scale).round() / scale
}

/// Text in a cell, shown in full on hover. Numbers are right-aligned.
pub(super) fn text_ui(ui: &mut Ui, text: RichText, is_number: bool) -> egui::Response {
    let label = Label::new(text.size(11.5)).truncate();
    if is_number {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.add(label)).inner
    } else {
        ui.add(label)
    }
}

/// Approximate width of a text in a cell, including the spacing after it.
pub(super) fn width_of(text: &str) -> f32 {
    let widths = text.chars().map(|sign| if sign.is_ascii() { 7.3 } else { 11.5 });
    widths.sum::<f32>() + GAP_PX + 4.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visible_columns_are_found() {
        let grid =
            Grid { name: "", widths: &[100.0, 50.0, 50.0, 80.0], rows: 10, row_px: 20.0, offset: None };
        for (from, to, columns) in [
            (0.0, 100.0, 0..1),
            (100.0, 160.0, 1..3),
            (149.0, 150.0, 1..2),
            (150.0, 1000.0, 2..4),
            (280.0, 300.0, 4..4),
            (0.0, 0.0, 0..1),
        ] {
            assert_eq!(grid.columns_in(from, to), columns, "{from} to {to}");
        }
    }
}
