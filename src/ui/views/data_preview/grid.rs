//! A table whose header and first column stay where they are while the rest scrolls. Only cells that can be seen are laid out,
//! so that a table of ten thousand columns costs no more than one of ten.

use egui::{Align, Label, Layout, Pos2, Rect, RichText, ScrollArea, Stroke, Ui, UiBuilder, pos2, vec2};

use crate::ui::plots::{color, palette};
use crate::ui::widgets::scroll::always_seen;

/// Room for a scroll bar.
pub(super) const BAR_PX: f32 = 11.0;
/// Height of the header, in points.
pub(super) const HEADER_PX: f32 = 18.0;
/// Room between two columns.
const GAP_PX: f32 = 8.0;

/// The measures of a table.
pub(super) struct Grid<'a> {
    /// Tells its place in the window from others.
    pub name: &'static str,
    /// Width of each column, in points, with the gap after it.
    pub widths: &'a [f32],
    pub rows: usize,
    pub row_px: f32,
}

/// The place of a cell.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Counted from 0; `None` in the header.
    pub row: Option<usize>,
    pub column: usize,
}

impl Grid<'_> {
    /// Shows it in all the width there is and at most this height. `cell_ui` shows a cell in the room it has.
    pub fn ui(&self, ui: &mut Ui, height: f32, mut cell_ui: impl FnMut(&mut Ui, Place)) {
        always_seen(ui);
        let height = height.max(0.0);
        let area = ScrollArea::both().id_salt(self.name).auto_shrink([false, true]);
        // Where the view scrolls as a whole, it has its height however much of it is in sight.
        area.max_height(height).min_scrolled_height((height - BAR_PX).max(0.0)).show_viewport(
            ui,
            |ui, viewport| {
                let origin = ui.max_rect().min;
                let whole = vec2(self.widths.iter().sum(), HEADER_PX + self.row_px * self.rows as f32);
                ui.set_min_size(whole);
                let seen = Rect::from_min_size(origin + viewport.min.to_vec2(), viewport.size());
                // Where the header and the first column end.
                let first = self.widths.first().copied().unwrap_or_default().min(0.6 * seen.width());
                let corner = seen.min + vec2(first, HEADER_PX);
                let rows =
                    self.rows_in(corner.y - origin.y - HEADER_PX, seen.bottom() - origin.y - HEADER_PX);
                let columns = self.columns_in(corner.x - origin.x, seen.right() - origin.x);
                let body = pos2(origin.x, origin.y + HEADER_PX);
                let mut part_ui =
                    |part: Rect, name: &str, from: Pos2, rows: &[Option<usize>], columns: &[usize]| {
                        let mut inner = ui.new_child(UiBuilder::new().max_rect(part).id_salt(name));
                        inner.shrink_clip_rect(part);
                        self.part_ui(&mut inner, from, rows, columns, &mut cell_ui);
                    };
                let rows: Vec<Option<usize>> = rows.map(Some).collect();
                let columns: Vec<usize> = columns.filter(|column| *column > 0).collect();
                let (left, top) = (seen.left(), seen.top());
                part_ui(Rect::from_min_max(corner, seen.max), "body", body, &rows, &columns);
                let header = Rect::from_min_max(pos2(corner.x, top), pos2(seen.right(), corner.y));
                part_ui(header, "header", pos2(origin.x, top), &[None], &columns);
                let names = Rect::from_min_max(pos2(left, corner.y), pos2(corner.x, seen.bottom()));
                part_ui(names, "names", pos2(left, body.y), &rows, &[0]);
                let both = Rect::from_min_max(seen.min, corner);
                part_ui(both, "both", seen.min, &[None], &[0]);
                let line = Stroke::new(1.0, color(palette(ui).line));
                let bottom = seen.bottom().min(origin.y + whole.y);
                ui.painter().hline(seen.x_range(), corner.y - 0.5, line);
                ui.painter().vline(corner.x - 0.5 * GAP_PX, top..=bottom, line);
            },
        );
    }

    /// Shows the cells of some rows and columns of a table that begins at `from`, below its header where it has rows.
    fn part_ui(
        &self,
        ui: &mut Ui,
        from: Pos2,
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
                    Some(row) => (from.y + self.row_px * *row as f32, self.row_px),
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

    /// Rows between two heights below the header.
    fn rows_in(&self, from: f32, to: f32) -> std::ops::Range<usize> {
        let at = |y: f32| (y / self.row_px).max(0.0);
        let end = (at(to).ceil() as usize).min(self.rows);
        (at(from) as usize).min(end)..end
    }

    /// Columns between two distances from the left.
    fn columns_in(&self, from: f32, to: f32) -> std::ops::Range<usize> {
        let mut right = 0.0;
        let ends = self.widths.iter().map(|width| {
            right += width;
            right
        });
        let ends: Vec<f32> = ends.collect();
        let first = ends.partition_point(|end| *end <= from);
        let last = ends.partition_point(|end| *end < to);
        first..(last + 1).min(ends.len()).max(first)
    }
}

/// A text in a cell, in full where it is pointed at. Numbers stand at the right.
pub(super) fn text_ui(ui: &mut Ui, text: RichText, is_number: bool) -> egui::Response {
    let label = Label::new(text.size(11.5)).truncate();
    if is_number {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.add(label)).inner
    } else {
        ui.add(label)
    }
}

/// About how wide a text is in a cell, with the gap after it.
pub(super) fn width_of(text: &str) -> f32 {
    let widths = text.chars().map(|sign| if sign.is_ascii() { 7.3 } else { 11.5 });
    widths.sum::<f32>() + GAP_PX + 4.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_can_be_seen_are_known() {
        let grid = Grid { name: "", widths: &[100.0, 50.0, 50.0, 80.0], rows: 10, row_px: 20.0 };
        for (from, to, rows) in [
            (0.0, 100.0, 0..5),
            (19.0, 100.0, 0..5),
            (20.0, 101.0, 1..6),
            (190.0, 400.0, 9..10),
            (300.0, 400.0, 10..10),
            (50.0, 20.0, 1..1),
        ] {
            assert_eq!(grid.rows_in(from, to), rows, "{from} to {to}");
        }
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
