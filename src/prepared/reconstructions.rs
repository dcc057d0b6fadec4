//! Samples with their reconstructions as a figure: pictures in lines, or profiles, and the replay
//! of the epochs.

use std::sync::Arc;

use super::codes::CodePictures;
use super::sample::{Sampler, picture, picture_of, row_name, value_names};
use super::sample_page::{Given, PageSample, SamplePage, shown_channels};
use super::shades::DisplayRange;
use crate::dataset::Dataset;
use crate::figure::{
    Animation, Axis, ColorBar, ColorMap, Drawing, Figure, Ink, Lines, Panels, Series, Tile, TileLine, Tiles,
};
use crate::project::{Shape, Shown, format_number, visible};
use crate::run::{Kept, Run};
use crate::session::{Linear, Order, Pictures, row_error};

/// Samples per line in pictures and in plots.
const COLUMNS: usize = 12;
const PLOT_COLUMNS: usize = 3;
/// Maximum number of features drawn as separate marks.
const FEW: usize = 40;
/// Seconds per epoch.
const EPOCH_SECS: f32 = 0.25;

/// Options for showing reconstructions.
#[derive(Clone, Copy, Debug)]
pub struct PageChoice {
    /// The order of the samples.
    pub order: Order,
    /// Maximum number of samples.
    pub most: usize,
    /// Whether picture codes are shown.
    pub has_code: bool,
}

/// The watched samples of a run at an epoch (the newest by default), with their reconstructions by
/// PCA if given. `data` are those of the run. `None` if nothing was kept.
pub fn watched_reconstructions(
    run: &Run,
    data: &Arc<Dataset>,
    epoch: Option<u32>,
    linear: Option<&Linear>,
    choice: &PageChoice,
) -> Option<Figure> {
    let kept = run.kept.shown_at(epoch).filter(|kept| !kept.reconstructions.is_empty())?;
    let channels = if choice.has_code { shown_channels(run) } else { Vec::new() };
    let page = SamplePage::watched(run, data, kept, linear, &channels);
    let mut rows = choice.order.of(data, page.rows.clone(), &page.errors_by_row(data));
    rows.truncate(choice.most);
    let places = places_of(&page, &rows);
    let figure = reconstructions_figure(run, kept.epoch, data, &page, &places)?;
    Some(Figure { animation: reconstruction_replay(run, data, &page, rows), ..figure })
}

/// Samples of a set in their order, as seen by the network of a run at an epoch, with codes of this
/// shape; `None` if there are none.
pub fn set_reconstructions(
    (run, epoch, code): (&Run, u32, Shape),
    data: &Dataset,
    given: Given,
    pictures: &Pictures,
) -> Option<Figure> {
    let page = SamplePage::of_set(code, data, given, pictures);
    let places: Vec<usize> = (0..page.rows.len()).collect();
    reconstructions_figure(run, epoch, data, &page, &places)
}

/// The samples at these indices of a page as a figure; `None` if there are none.
pub fn reconstructions_figure(
    run: &Run,
    epoch: u32,
    data: &Dataset,
    page: &SamplePage,
    places: &[usize],
) -> Option<Figure> {
    let samples: Vec<PageSample<'_>> = places.iter().filter_map(|place| page.sample(*place)).collect();
    let title = format!("Reconstructions of {}, epoch {epoch}", run.title());
    (!samples.is_empty()).then(|| Figure::new(title, drawing(data, &samples, &Common::of(page))))
}

/// Watched samples of a run epoch by epoch, drawn as in a page of them; `None` if there is nothing
/// to animate.
pub fn reconstruction_replay(
    run: &Run,
    data: &Arc<Dataset>,
    page: &SamplePage,
    rows: Vec<u32>,
) -> Option<Animation> {
    (run.kept.len() > 1).then(|| replay(run, data, rows, Common::of(page)))
}

impl SamplePage {
    /// The errors of its samples by row of the data, NaN for rows that are not shown.
    pub fn errors_by_row(&self, data: &Dataset) -> Vec<f32> {
        let mut errors = vec![f32::NAN; data.len()];
        for (row, error) in self.rows.iter().zip(&self.errors) {
            if let Some(known) = errors.get_mut(*row as usize) {
                *known = *error;
            }
        }
        errors
    }
}

impl Common {
    fn of(page: &SamplePage) -> Common {
        Common { given: page.given, codes: page.codes.clone(), range: page.range }
    }
}

fn places_of(page: &SamplePage, rows: &[u32]) -> Vec<usize> {
    rows.iter().filter_map(|row| page.rows.iter().position(|own| own == row)).collect()
}

/// The replay of some samples epoch by epoch.
fn replay(run: &Run, data: &Arc<Dataset>, rows: Vec<u32>, common: Common) -> Animation {
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
            let codes = common.codes.as_ref().and_then(|codes| codes.at(&probe.code_rows, kept, &shown));
            let samples: Vec<PageSample<'_>> = places
                .iter()
                .zip(&originals)
                .enumerate()
                .map(|(at, ((row, place), original))| {
                    let part = |values: &'_ [f32]| -> std::ops::Range<usize> {
                        let end = ((place + 1) * features).min(values.len());
                        (place * features).min(end)..end
                    };
                    PageSample {
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
            Figure::new(title, drawing(&data, &samples, &Common { codes, ..common.clone() }))
        };
        kept.iter().filter(|kept| !kept.reconstructions.is_empty()).map(frame).collect()
    })
}

/// Properties shared by all pictures of samples.
#[derive(Clone)]
struct Common {
    given: Given,
    codes: Option<CodePictures>,
    range: [f32; 2],
}

fn drawing(data: &Dataset, samples: &[PageSample<'_>], common: &Common) -> Drawing {
    match data.shown() {
        Some(shown) => Drawing::Tiles(tiles(data, shown, samples, common)),
        None => Drawing::Panels(profiles(data, samples, common)),
    }
}

fn tiles(data: &Dataset, shown: Shown, samples: &[PageSample<'_>], common: &Common) -> Tiles {
    let (range, codes, names) = (DisplayRange::of_data(data), common.codes.as_ref(), common.given.names());
    let [code, error] = [names[2], names[5]];
    let names = names.map(|name| match codes.filter(|_| name == code) {
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
    Tiles {
        lines: lines.collect(),
        side: 56.0,
        gap: 4.0,
        value_names: value_names(data),
        bar: Some(ColorBar {
            label: format!("{error} (scaled)"),
            range: [0.0, f64::from(range.brightest(data))],
            map: ColorMap::Error,
        }),
    }
}

/// The available pictures of a sample from top to bottom, in the order of [`Given::names`].
fn tiles_of(
    data: &Dataset,
    shown: Shown,
    range: DisplayRange,
    sample: &PageSample<'_>,
    codes: Option<&CodePictures>,
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
            range.error_rgb(&original[start..start + channels], &back[start..start + channels])
        });
        let values = original.iter().zip(&back).map(|(a, b)| (a - b).abs()).collect();
        Tile { caption: caption(data, sample), picture, values }
    });
    let [corrupted, linear] = [sample.corrupted, sample.linear].map(|values| sampler.unscaled(values));
    let code = codes.map(|codes| Tile {
        caption: String::new(),
        picture: picture(codes.size(), |x, y| codes.shade(sample.place, x, y).unwrap_or_default()),
        values: codes.values(sample.place),
    });
    [tile(original), tile(corrupted), code, tile(back), tile(linear), error]
}

/// The squared error per feature of a sample.
fn caption(data: &Dataset, sample: &PageSample<'_>) -> String {
    format_number(f64::from(row_error(data, sample.row, sample.original, sample.reconstruction)))
}

fn profiles(data: &Dataset, samples: &[PageSample<'_>], common: &Common) -> Panels {
    let (range, names) = (common.range, common.given.names());
    let panel = |sample: &PageSample<'_>| {
        let series = |name: &str, ink: Ink, values: &[f32]| {
            let points = values.iter().enumerate().map(|(at, value)| [at as f64 + 1.0, f64::from(*value)]);
            let own = Series::new(name, ink, points.collect());
            (!values.is_empty()).then_some(Series { has_marks: values.len() <= FEW, ..own })
        };
        let all = [
            series("reconstruction", Ink::Accent, sample.reconstruction),
            series("PCA", Ink::Decoder, sample.linear),
            series(names[0], Ink::Faint, sample.original),
            series("corrupted", Ink::Code, sample.corrupted),
        ];
        let lines = Lines {
            x: Axis { is_whole: true, ..Axis::new("feature", [0.5, sample.original.len() as f64 + 0.5]) },
            y: Axis::new("scaled value", range.map(f64::from)),
            series: all.into_iter().flatten().collect(),
            ..Lines::default()
        };
        let title = format!("{} · {}", visible(&row_name(data, sample.row)), caption(data, sample));
        (title, Drawing::Lines(lines))
    };
    Panels { columns: PLOT_COLUMNS, size: [320.0, 210.0], panels: samples.iter().map(panel).collect() }
}
