//! The samples of the view as a figure: pictures in lines, or profiles, and the replay of the epochs.

use std::sync::Arc;

use super::super::sample::{Sampler, picture, picture_of, row_name, value_names};
use super::ReconstructionsView;
use super::codes::Codes;
use super::page::{CODE, Page, ROW_NAMES, row_names};
use crate::dataset::Dataset;
use crate::figure::{
    Animation, Axis, ColorBar, ColorMap, Drawing, Figure, Ink, Lines, Panels, Series, Tile, TileLine, Tiles,
};
use crate::project::{Shown, format_number, visible};
use crate::run::{Kept, Run};
use crate::session::squared_error;
use crate::ui::plots::DisplayRange;
use crate::ui::state::State;

/// Samples side by side in pictures, and in plots.
const COLUMNS: usize = 12;
const PLOT_COLUMNS: usize = 3;
/// Most features that are drawn as single marks.
const FEW: usize = 40;
/// Seconds for which an epoch is shown.
const EPOCH_SECS: f32 = 0.25;

/// The samples that were last shown.
#[derive(Clone, Default)]
pub(super) struct ShownSamples {
    /// Fingerprint of their data.
    pub fingerprint: u64,
    /// Whether they are the watched ones.
    pub are_watched: bool,
    /// Their rows in the order they were shown in.
    pub rows: Vec<u32>,
}

/// A sample with what became of it, in scaled units; what is not there is empty.
struct Sample<'a> {
    row: u32,
    original: &'a [f32],
    corrupted: &'a [f32],
    reconstruction: &'a [f32],
    linear: &'a [f32],
    /// Its place among the codes.
    place: usize,
}

impl ReconstructionsView {
    /// What the view shows, as it was last shown.
    pub(super) fn figure(&self, state: &State) -> Option<Figure> {
        let run = state.shown()?;
        let shown = &self.samples;
        let (data, epoch) = if shown.are_watched {
            (state.data_of(run)?, super::kept_at(run, state.epoch)?.epoch)
        } else {
            let look = state.look(&self.set, self.is_corrupted)?;
            (look.data, look.epoch)
        };
        if data.fingerprint != shown.fingerprint {
            return None;
        }
        let samples: Vec<Sample<'_>> =
            shown.rows.iter().filter_map(|row| sample_of(&self.page, *row)).collect();
        let drawing = drawing(data, &samples, self.page.codes.as_ref(), self.page.range);
        let is_some = !samples.is_empty();
        let title = format!("Reconstructions of {}, epoch {epoch}", run.title());
        let mut figure = Figure::new(title, drawing);
        if shown.are_watched && run.kept.len() > 1 {
            let codes = self.page.codes.clone();
            figure.animation = Some(replay(run, data, shown.rows.clone(), codes, self.page.range));
        }
        is_some.then_some(figure)
    }
}

fn sample_of(page: &Page, row: u32) -> Option<Sample<'_>> {
    let place = page.place(row)?;
    let part = |values| page.part(values, place);
    Some(Sample {
        row,
        original: part(&page.originals),
        corrupted: part(&page.corrupted),
        reconstruction: part(&page.reconstructions),
        linear: part(&page.linear),
        place,
    })
}

/// The same samples epoch by epoch.
fn replay(
    run: &Run,
    data: &Arc<Dataset>,
    rows: Vec<u32>,
    codes: Option<Codes>,
    range: [f32; 2],
) -> Animation {
    let (kept, data): (Vec<Arc<Kept>>, _) = (run.kept.iter().cloned().collect(), Arc::clone(data));
    let (probe, name) = (Arc::clone(&run.kept.probe), run.title());
    Animation::new(EPOCH_SECS, move || {
        let features = data.shape.features().max(1);
        let sampler = Sampler::new(&data);
        let places: Vec<(u32, usize)> = rows
            .iter()
            .filter_map(|row| Some((*row, probe.picture_rows.iter().position(|own| own == row)?)))
            .collect();
        let shown: Vec<u32> = places.iter().map(|(row, _)| *row).collect();
        let originals: Vec<Vec<f32>> = places.iter().map(|(row, _)| sampler.scaled(*row)).collect();
        let frame = |kept: &Arc<Kept>| {
            let codes = codes.as_ref().and_then(|codes| codes.at(&probe.code_rows, kept, &shown));
            let samples: Vec<Sample<'_>> = places
                .iter()
                .zip(&originals)
                .enumerate()
                .map(|(at, ((row, place), original))| {
                    let part = |values: &'_ [f32]| -> std::ops::Range<usize> {
                        let end = ((place + 1) * features).min(values.len());
                        (place * features).min(end)..end
                    };
                    Sample {
                        row: *row,
                        original,
                        corrupted: &kept.corrupted[part(&kept.corrupted)],
                        reconstruction: &kept.reconstructions[part(&kept.reconstructions)],
                        linear: &[],
                        place: at,
                    }
                })
                .collect();
            let title = format!("Reconstructions of {name}, epoch {}", kept.epoch);
            Figure::new(title, drawing(&data, &samples, codes.as_ref(), range))
        };
        kept.iter().filter(|kept| !kept.reconstructions.is_empty()).map(frame).collect()
    })
}

fn drawing(data: &Dataset, samples: &[Sample<'_>], codes: Option<&Codes>, range: [f32; 2]) -> Drawing {
    match data.shown() {
        Some(shown) => Drawing::Tiles(tiles(data, shown, samples, codes)),
        None => Drawing::Panels(profiles(data, samples, range)),
    }
}

fn tiles(data: &Dataset, shown: Shown, samples: &[Sample<'_>], codes: Option<&Codes>) -> Tiles {
    let (low, high) = data.shades();
    let range = DisplayRange { low, high };
    let names = row_names(samples.iter().any(|sample| !sample.corrupted.is_empty()));
    let names = names.map(|name| match codes.filter(|_| name == ROW_NAMES[CODE]) {
        Some(codes) => {
            let DisplayRange { low, high } = codes.range();
            let [low, high] = [low, high].map(|end| format_number(f64::from(end)));
            format!("{}, {low} to {high}", codes.name())
        }
        None => name.to_owned(),
    });
    let lines = samples.chunks(COLUMNS).flat_map(|samples| {
        let own: Vec<[Option<Tile>; 6]> =
            samples.iter().map(|sample| tiles_of(data, shown, range, sample, codes)).collect();
        let line = move |(row, name): (usize, String)| {
            let tiles: Vec<Tile> = own.iter().filter_map(|tiles| tiles[row].clone()).collect();
            (!tiles.is_empty()).then_some(TileLine { name, tiles })
        };
        names.clone().into_iter().enumerate().filter_map(line)
    });
    let most = f64::from((high - low) / 2.0);
    Tiles {
        lines: lines.collect(),
        side: 56.0,
        gap: 4.0,
        value_names: value_names(data),
        bar: Some(ColorBar { label: "error".to_owned(), range: [0.0, most], map: ColorMap::Error }),
    }
}

/// The pictures of a sample, from above: those that there are, in the order of [`row_names`].
fn tiles_of(
    data: &Dataset,
    shown: Shown,
    range: DisplayRange,
    sample: &Sample<'_>,
    codes: Option<&Codes>,
) -> [Option<Tile>; 6] {
    let sampler = Sampler::new(data);
    let tile = |values: Vec<f32>| {
        let picture = picture_of(shown, range, &values);
        (!values.is_empty()).then(|| Tile { caption: String::new(), picture, values })
    };
    let original = sampler.original(sample.row);
    let back = sampler.unscaled(sample.reconstruction);
    let error = (back.len() == original.len()).then(|| {
        let Shown { height, width, channels, .. } = shown;
        let picture = picture([width, height], |x, y| {
            let start = (y * width + x) * channels;
            range.error(&original[start..start + channels], &back[start..start + channels])
        });
        let values = original.iter().zip(&back).map(|(a, b)| (a - b).abs()).collect();
        Tile { caption: caption(sample), picture, values }
    });
    let [corrupted, linear] = [sample.corrupted, sample.linear].map(|values| sampler.unscaled(values));
    let code = codes.map(|codes| Tile {
        caption: String::new(),
        picture: picture(codes.size(), |x, y| codes.pixel(sample.place, x, y)),
        values: codes.values(sample.place),
    });
    [tile(original), tile(corrupted), code, tile(back), tile(linear), error]
}

/// The squared error per feature of a sample.
fn caption(sample: &Sample<'_>) -> String {
    format_number(f64::from(squared_error(sample.original, sample.reconstruction)))
}

fn profiles(data: &Dataset, samples: &[Sample<'_>], range: [f32; 2]) -> Panels {
    let panel = |sample: &Sample<'_>| {
        let series = |name: &str, ink: Ink, values: &[f32]| {
            let points = values.iter().enumerate().map(|(at, value)| [at as f64 + 1.0, f64::from(*value)]);
            let own = Series::new(name, ink, points.collect());
            (!values.is_empty()).then_some(Series { has_marks: values.len() <= FEW, ..own })
        };
        let all = [
            series("reconstruction", Ink::Accent, sample.reconstruction),
            series("PCA", Ink::Decoder, sample.linear),
            series("original", Ink::Faint, sample.original),
            series("corrupted", Ink::Code, sample.corrupted),
        ];
        let lines = Lines {
            x: Axis { is_whole: true, ..Axis::new("feature", [0.5, sample.original.len() as f64 + 0.5]) },
            y: Axis::new("scaled value", range.map(f64::from)),
            series: all.into_iter().flatten().collect(),
            ..Lines::default()
        };
        (format!("{} · {}", visible(&row_name(data, sample.row)), caption(sample)), Drawing::Lines(lines))
    };
    Panels { columns: PLOT_COLUMNS, size: [320.0, 210.0], panels: samples.iter().map(panel).collect() }
}
