//! Samples that are pictures: blocks of rows from original to error. Only visible ones are
//! drawn.

use std::ops::Range;
use std::sync::Arc;

use egui::{
    Align2, FontId, Galley, Rect, RichText, ScrollArea, Sense, Stroke, StrokeKind, Ui, Vec2, pos2, vec2,
};

use super::super::channels::paint_bar;
use super::super::sample::{label_text, row_name};
use super::listing::{Drawn, Seen};
use super::page::Page;
use crate::prepared::Given;
use crate::project::{Shown, format_number, visible};
use crate::ui::plots::{color, palette, shortened};

const GAP: f32 = 5.0;
/// Width of the labels next to the pictures.
const LABEL_PX: f32 = 100.0;
/// Height of the error below the pictures.
const ERROR_HEIGHT_PX: f32 = 22.0;

/// The layout of pictures: blocks of rows (original to error), with as many columns as fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Grid {
    cell: Vec2,
    columns: usize,
    label: f32,
}

/// The largest cells for which all samples fit; otherwise the smallest useful cells that fill the
/// width, with scrolling.
pub(super) fn grid(room: Vec2, samples: usize, rows: usize, [width, height]: [usize; 2]) -> Grid {
    let label = if room.x >= 420.0 { LABEL_PX } else { 0.0 };
    let aspect = (width as f32 / height.max(1) as f32).clamp(0.125, 8.0);
    let at = |side: f32| {
        let cell = if aspect >= 1.0 {
            vec2(side, (side / aspect).max(6.0))
        } else {
            vec2((side * aspect).max(6.0), side)
        };
        let columns = (((room.x - label - 24.0 + GAP) / (cell.x + GAP)) as usize).clamp(1, samples.max(1));
        Grid { cell, columns, label }
    };
    let (mut side, least) = (112.0_f32, 36.0);
    while side > least {
        let grid = at(side);
        let blocks = samples.div_ceil(grid.columns) as f32;
        if blocks * block_height(grid, rows) + 12.0 <= room.y {
            return grid;
        }
        side -= 2.0;
    }
    let grid = at(least + 8.0);
    let wide = (room.x - label - 24.0 + GAP) / grid.columns as f32 - GAP;
    let scale = (wide / grid.cell.x).max(1.0);
    if samples > grid.columns && scale < 2.0 { Grid { cell: grid.cell * scale, ..grid } } else { grid }
}

fn block_height(grid: Grid, rows: usize) -> f32 {
    rows as f32 * (grid.cell.y + GAP) + ERROR_HEIGHT_PX
}

/// Shows the samples; `brightest` is the error at the bright end of the colour bar.
pub(super) fn pictures_ui(ui: &mut Ui, drawn: &Drawn<'_>, brightest: f32) -> Seen {
    let Some(Shown { height, width, .. }) = drawn.data.shown() else { return Seen::default() };
    let shown = drawn.page.shown();
    let (count, rows) = (drawn.listing.len(), shown.len().max(3));
    let grid = grid(ui.available_size(), count, rows, [width, height]);
    let each = block_height(grid, rows);
    let mut seen = Seen::default();
    let area = ScrollArea::vertical().id_salt("reconstructions").auto_shrink([false, false]);
    area.show_viewport(ui, |ui, viewport| {
        let blocks = count.div_ceil(grid.columns);
        ui.set_height(blocks as f32 * each + 12.0);
        let top = ui.max_rect().top() + 8.0;
        let first = ((viewport.top() - 8.0) / each).max(0.0) as usize;
        let last = (((viewport.bottom() - 8.0) / each).max(0.0) as usize + 1).min(blocks);
        seen.places = first.min(last) * grid.columns..(last * grid.columns).min(count);
        for block in first..last {
            let places = block * grid.columns..((block + 1) * grid.columns).min(count);
            let at = pos2(ui.max_rect().left(), top + block as f32 * each);
            let clicked = block_ui(ui, drawn, &shown, grid, at, places);
            seen.clicked = seen.clicked.or(clicked);
            names_ui(ui, drawn.page, &shown, grid, at, brightest);
        }
    });
    seen
}

/// Shows the labels of a block, and the colour bar of the errors.
fn names_ui(ui: &Ui, page: &Page, shown: &[usize], grid: Grid, at: egui::Pos2, brightest: f32) {
    if grid.label == 0.0 {
        return;
    }
    let (p, font) = (palette(ui), FontId::proportional(11.0));
    for (line, row) in shown.iter().enumerate() {
        let middle = at.y + line as f32 * (grid.cell.y + GAP) + grid.cell.y / 2.0;
        let scale = page.scale(*row, brightest).filter(|_| grid.cell.y >= 34.0);
        let place = pos2(at.x + 12.0, if scale.is_some() { middle - 9.0 } else { middle });
        let name = match scale {
            Some((_, unit, _)) if !unit.is_empty() => format!("{}, {unit}", page.row_name(*row)),
            Some(_) | None => shortened(&page.row_name(*row), 16),
        };
        ui.painter().text(place, Align2::LEFT_CENTER, name, font.clone(), color(p.dim));
        if let Some((ends, _, tint)) = scale {
            let bar = Rect::from_min_size(pos2(at.x + 12.0, middle), vec2(grid.label - 26.0, 5.0));
            paint_bar(ui, bar, ends, tint);
        }
    }
}

/// Shows the samples of a block; returns the index of the clicked one.
fn block_ui(
    ui: &mut Ui,
    drawn: &Drawn<'_>,
    shown: &[usize],
    grid: Grid,
    at: egui::Pos2,
    places: Range<usize>,
) -> Option<usize> {
    let (p, page) = (palette(ui), drawn.page);
    let left = at.x + 12.0 + grid.label;
    let rows = drawn.listing.part(places.clone());
    let foot = at.y + shown.len() as f32 * (grid.cell.y + GAP);
    let captions = captions(ui, &rows, page, grid);
    if grid.label > 0.0 && !captions.is_empty() {
        let (at, font) = (pos2(at.x + 12.0, foot - 1.0), FontId::proportional(10.0));
        ui.painter().text(at, Align2::LEFT_TOP, "MSE, scaled", font, color(p.dim));
    }
    let mut clicked = None;
    for (column, (row, place)) in rows.iter().zip(places).enumerate() {
        let x = left + column as f32 * (grid.cell.x + GAP);
        let sample = page.place(*row);
        for (line, kind) in shown.iter().enumerate() {
            let cell = Rect::from_min_size(pos2(x, at.y + line as f32 * (grid.cell.y + GAP)), grid.cell);
            match sample {
                Some(sample) => page.atlas(*kind).paint(ui.painter(), sample, cell),
                // Still being computed.
                None => drop(ui.painter().rect_filled(cell, 2.0, color(p.grid))),
            }
        }
        if let Some(caption) = captions.get(column) {
            let at = pos2(x + (grid.cell.x - caption.size().x) / 2.0, foot - 1.0);
            ui.painter().galley(at, caption.clone(), color(p.dim));
        }
        let area = Rect::from_min_max(pos2(x, at.y), pos2(x + grid.cell.x, foot + 12.0));
        let response = ui.interact(area, ui.scope_id().with(("sample", *row)), Sense::click());
        let is_selected = drawn.name(ui, &response, *row);
        if is_selected || response.has_focus() {
            let tint = if is_selected { p.accent } else { p.dim };
            let stroke = Stroke::new(2.0, color(tint));
            ui.painter().rect_stroke(area.expand(2.0), 3.0, stroke, StrokeKind::Inside);
        }
        if response.clicked() {
            clicked = Some(place);
        }
        response.on_hover_ui(|ui| hover_ui(ui, drawn, shown, *row));
    }
    clicked
}

/// The error below each picture of a block; none if adjacent ones would overlap.
fn captions(ui: &Ui, rows: &[u32], page: &Page, grid: Grid) -> Vec<Arc<Galley>> {
    let tint = color(palette(ui).dim);
    let caption = |row: &u32| {
        let error = page.place(*row).and_then(|place| page.made.errors.get(place));
        let text = error.map_or_else(String::new, |error| format_number(f64::from(*error)));
        ui.painter().layout_no_wrap(text, FontId::proportional(10.0), tint)
    };
    let captions: Vec<_> = rows.iter().map(caption).collect();
    let fits = captions.iter().all(|caption| caption.size().x <= grid.cell.x + GAP - 3.0);
    if fits { captions } else { Vec::new() }
}

/// Shows an enlarged sample with all information about it.
fn hover_ui(ui: &mut Ui, drawn: &Drawn<'_>, shown: &[usize], row: u32) {
    let (p, data, page) = (palette(ui), drawn.data, drawn.page);
    let Some(Shown { height, width, .. }) = data.shown() else { return };
    ui.label(RichText::new(row_name(data, row)).size(12.0).color(color(p.text)));
    for labels in &data.labels {
        let text = format!("{}: {}", visible(&labels.name), label_text(labels, row));
        ui.label(RichText::new(text).size(11.0).color(color(p.dim)));
    }
    let Some(sample) = page.place(row) else { return };
    ui.horizontal(|ui| {
        let scale = 96.0 / width.max(height) as f32;
        let size = vec2(width as f32 * scale, height as f32 * scale).max(vec2(6.0, 6.0));
        for kind in shown {
            ui.vertical(|ui| {
                let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
                page.atlas(*kind).paint(ui.painter(), sample, rect);
                ui.label(RichText::new(page.row_name(*kind)).size(10.0).color(color(p.dim)));
            });
        }
    });
    if let Some(error) = page.made.errors.get(sample) {
        let what = if page.made.given == Given::Damaged { "squared difference" } else { "squared error" };
        let text = format!("{what} per feature {} (scaled)", format_number(f64::from(*error)));
        ui.label(RichText::new(text).size(11.0).color(color(p.dim)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_as_large_as_fits() {
        let wide = grid(vec2(820.0, 260.0), 9, 3, [8, 8]);
        assert!(wide.columns == 9 && wide.cell.x >= 60.0, "{wide:?}");
        let small = grid(vec2(360.0, 220.0), 32, 3, [8, 8]);
        assert!(small.label == 0.0 && small.cell.x >= 36.0, "{small:?}");
        for (size, samples) in [([1, 1], 1), ([1, 784], 10), ([784, 1], 10), ([64, 64], 0)] {
            let grid = grid(vec2(200.0, 100.0), samples, 4, size);
            assert!(grid.columns >= 1 && grid.cell.x > 0.0 && grid.cell.y > 0.0);
        }
    }

    #[test]
    fn many_samples_fill_the_width() {
        for width in [500.0, 811.0, 1320.0] {
            let grid = grid(vec2(width, 300.0), 60_000, 3, [28, 28]);
            let used = grid.label + 24.0 + grid.columns as f32 * (grid.cell.x + GAP) - GAP;
            assert!((used - width).abs() < 1.0, "{used} of {width}: {grid:?}");
        }
    }
}
