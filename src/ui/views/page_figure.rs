//! Samples as a page of pictures.

use crate::dataset::Dataset;
use crate::figure::{Drawing, Figure, Tile, TileLine, Tiles};
use crate::prepared::{DisplayRange, Sampler, picture_of, row_name, value_names};
use crate::project::format_count;

/// Pictures per line, and in total.
const COLUMNS: usize = 12;
const MOST: usize = 600;

/// The first of these rows as pictures with their names; `None` if samples are not pictures.
pub(super) fn page_figure(name: &str, data: &Dataset, rows: &[u32]) -> Option<Figure> {
    let shown = data.shown().filter(|_| !rows.is_empty())?;
    let (range, sampler) = (DisplayRange::of_data(data), Sampler::new(data));
    let tile = |row: &u32| {
        let values = sampler.original(*row);
        let picture = picture_of(shown, range, &values);
        Tile { caption: row_name(data, *row), picture, values }
    };
    let part = &rows[..rows.len().min(MOST)];
    let line = |rows: &[u32]| TileLine { name: String::new(), tiles: rows.iter().map(tile).collect() };
    let tiles = Tiles {
        lines: part.chunks(COLUMNS).map(line).collect(),
        side: 64.0,
        gap: 4.0,
        value_names: value_names(data),
        bar: None,
    };
    let all = format_count(rows.len());
    let title = if part.len() < rows.len() {
        format!("{name}: the first {} of {all} samples", format_count(part.len()))
    } else {
        format!("{name}: {all} samples")
    };
    Some(Figure::new(title, Drawing::Tiles(tiles)))
}
