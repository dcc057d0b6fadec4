//! Decoded samples as pages of pictures.

use super::sample::{Sampler, picture_of, value_names};
use super::shades::DisplayRange;
use crate::dataset::Dataset;
use crate::figure::{Axis, Drawing, Figure, Ink, Lines, Panels, Picture, Series, Tile, TileLine, Tiles};
use crate::project::Bottleneck;
use crate::run::Run;
use crate::session::{LineWords, Steps};

/// The longer side of a picture, in points.
const SIDE: f32 = 56.0;
/// Steps of a traversal over the range of a unit; maximum number of choices or entries.
pub const TRAVERSAL_STEPS: Steps = Steps { values: 7, choices: 14 };
/// Maximum number of lines of a traversal.
pub const MOST_TRAVERSED: usize = 48;

/// Traversals of every part of the codes of a run at an epoch, as one picture. `lines` are the
/// number and the steps of each part of the code, `rows` the scaled samples decoded from them.
/// `None` if there are none.
pub fn traversals(
    run: &Run,
    epoch: u32,
    data: &Dataset,
    lines: &[(usize, usize)],
    rows: &[f32],
) -> Option<Figure> {
    let words = LineWords::of(&run.design.code.kind);
    let (code, features) = (run.code_shape(), data.shape.features().max(1));
    let (range, mut rest) = (DisplayRange::of_data(data), rows.chunks_exact(features));
    let line = |(number, steps): &(usize, usize)| TileLine {
        name: words.name(code, *number),
        tiles: rest.by_ref().take(*steps).map(|row| tile_of(data, range, row, String::new())).collect(),
    };
    let lines: Vec<TileLine> = lines.iter().map(line).collect();
    let is_some = lines.iter().any(|line| !line.tiles.is_empty());
    let title = format!("Traversals, {}, epoch {epoch}", run.title());
    is_some.then(|| Figure::new(title, page_drawing(data, lines)))
}

/// The parts of a code of this kind that a traversal shows, counted from 0, at most
/// [`MOST_TRAVERSED`]: units in this order; quantisers and vectors in the range of these units.
pub fn traversed(kind: &Bottleneck, order: &[usize], at: std::ops::Range<usize>) -> Vec<usize> {
    let words = LineWords::of(kind);
    if words.is_range {
        return order.iter().copied().take(MOST_TRAVERSED).collect();
    }
    (at.start / words.units..at.end / words.units).take(MOST_TRAVERSED).collect()
}

/// Pictures in lines. For samples that are not pictures, one plot per line with a curve for each
/// sample.
pub fn page_drawing(data: &Dataset, lines: Vec<TileLine>) -> Drawing {
    if data.shown().is_some() {
        let value_names = value_names(data);
        return Drawing::Tiles(Tiles { lines, side: SIDE, gap: 4.0, value_names, bar: None });
    }
    let values = lines.iter().flat_map(|line| &line.tiles).flat_map(|tile| &tile.values);
    let finite = values.copied().filter(|value| value.is_finite());
    let range = finite.fold([0.0, 1.0], |[low, high]: [f32; 2], value| [low.min(value), high.max(value)]);
    let last = data.shape.features() as f64 + 0.5;
    let panel = |line: &TileLine| {
        let series = line.tiles.iter().enumerate().map(|(at, tile)| {
            let points =
                tile.values.iter().enumerate().map(|(at, value)| [at as f64 + 1.0, f64::from(*value)]);
            let name = if tile.caption.is_empty() { (at + 1).to_string() } else { tile.caption.clone() };
            Series::new(name, Ink::Class(at), points.collect())
        });
        let lines = Lines {
            x: Axis { is_whole: true, ..Axis::new("feature", [0.5, last]) },
            y: Axis::new("scaled value", range.map(f64::from)),
            series: series.collect(),
            ..Lines::default()
        };
        (line.name.clone(), Drawing::Lines(lines))
    };
    let panels = lines.iter().map(panel).collect();
    Drawing::Panels(Panels { columns: 2, size: [440.0, 260.0], panels })
}

/// Scaled samples as pictures, `columns` per line, with a number each if there is a name.
pub fn sample_lines(data: &Dataset, rows: &[f32], name: &str, columns: usize) -> Vec<TileLine> {
    let samples: Vec<&[f32]> = rows.chunks_exact(data.shape.features().max(1)).collect();
    let range = DisplayRange::of_data(data);
    let caption = |at: usize| if name.is_empty() { String::new() } else { format!("{name} {}", at + 1) };
    let tiles = samples.iter().enumerate().map(|(at, row)| tile_of(data, range, row, caption(at)));
    let tiles: Vec<Tile> = tiles.collect();
    tiles
        .chunks(columns.max(1))
        .map(|tiles| TileLine { name: String::new(), tiles: tiles.to_vec() })
        .collect()
}

/// A scaled sample as a picture with its values in units of the data. A sample that is not a
/// picture has no pixels, and keeps scaled values, which share one axis.
fn tile_of(data: &Dataset, range: DisplayRange, row: &[f32], caption: String) -> Tile {
    let Some(shown) = data.shown() else {
        return Tile { caption, picture: Picture::default(), values: row.to_vec() };
    };
    let values = Sampler::new(data).unscaled(row);
    Tile { caption, picture: picture_of(shown, range, &values), values }
}
