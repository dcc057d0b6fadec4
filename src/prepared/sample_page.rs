//! Samples with the outputs of a network: everything that is computed once for all their drawings.

use super::channels::strongest_channels;
use super::codes::{CodePictures, MOST_CHANNELS};
use super::sample::Sampler;
use crate::dataset::Dataset;
use crate::project::Shape;
use crate::run::{Kept, Run};
use crate::session::{Linear, Pictures, row_error};

/// Labels of the pictures of a sample from top to bottom, for uncorrupted input.
const LINES: [&str; 6] = ["original", "corrupted", "code", "reconstruction", "PCA", "error"];

/// The input that a network was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Given {
    /// The samples without corruption.
    #[default]
    Clean,
    /// The samples, corrupted as in training.
    Corrupted,
    /// Samples that may already be damaged: other data, used with a network that restores them.
    Damaged,
}

/// Some samples with the outputs for them, row by row in scaled units. Missing parts are empty.
#[derive(Clone, Debug, Default)]
pub struct SamplePage {
    /// The rows of the data.
    pub rows: Vec<u32>,
    /// Number of values per sample.
    pub features: usize,
    /// The input of the encoder.
    pub given: Given,
    /// The samples.
    pub originals: Vec<f32>,
    /// The corrupted input of the encoder, where there was corruption.
    pub corrupted: Vec<f32>,
    /// The reconstructions by the network.
    pub reconstructions: Vec<f32>,
    /// The reconstructions by PCA.
    pub linear: Vec<f32>,
    /// The codes, if they are pictures and displayed.
    pub codes: Option<CodePictures>,
    /// Squared error per feature of each sample.
    pub errors: Vec<f32>,
    /// Minimum and maximum of the scaled originals, with a margin.
    pub range: [f32; 2],
}

/// A sample with the outputs for it, in scaled units. Missing parts are empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageSample<'a> {
    pub row: u32,
    pub original: &'a [f32],
    pub corrupted: &'a [f32],
    pub reconstruction: &'a [f32],
    pub linear: &'a [f32],
    /// Its index among the codes.
    pub place: usize,
}

impl Given {
    /// The input for data used with the network of a run; `is_other` if they are not its own.
    pub fn of(run: &Run, is_other: bool) -> Given {
        if is_other && run.design.corruption.corrupts() { Given::Damaged } else { Given::Clean }
    }

    /// Labels of the pictures of a sample from top to bottom: the sample, the input of the encoder,
    /// its code, the reconstructions by the network and by PCA, and their difference from the
    /// sample.
    pub fn names(self) -> [&'static str; 6] {
        let mut names = LINES;
        match self {
            Given::Clean => {}
            Given::Corrupted => names[4] = "PCA, corrupted",
            Given::Damaged => (names[0], names[5]) = ("input", "difference"),
        }
        names
    }
}

impl SamplePage {
    /// Combines rows of the data with the outputs for them: the corrupted input of the encoder if
    /// there was one, the reconstructions by the network, and those by PCA.
    pub fn new(data: &Dataset, rows: &[u32], given: Given, made: [&[f32]; 3]) -> SamplePage {
        let [corrupted, reconstructions, linear] = made;
        let features = data.shape.features().max(1);
        let rows = &rows[..rows.len().min(reconstructions.len() / features)];
        let sampler = Sampler::new(data);
        let originals: Vec<f32> = rows.iter().flat_map(|row| sampler.scaled(*row)).collect();
        let pairs = reconstructions.chunks_exact(features).zip(originals.chunks_exact(features));
        let errors = rows.iter().zip(pairs).map(|(row, (made, own))| row_error(data, *row, own, made));
        SamplePage {
            rows: rows.to_vec(),
            features,
            given: if corrupted.is_empty() { given } else { Given::Corrupted },
            errors: errors.collect(),
            range: ends(&originals),
            originals,
            corrupted: corrupted.to_vec(),
            reconstructions: reconstructions.to_vec(),
            linear: linear.to_vec(),
            codes: None,
        }
    }

    /// The watched samples of a run at an epoch, with their reconstructions by PCA if given and
    /// these channels of their codes.
    pub fn watched(
        run: &Run,
        data: &Dataset,
        kept: &Kept,
        linear: Option<&Linear>,
        channels: &[usize],
    ) -> SamplePage {
        let rows = &run.kept.probe.picture_rows;
        let mut page =
            SamplePage::new(data, rows, Given::Clean, [&kept.corrupted, &kept.reconstructions, &[]]);
        if let Some(linear) = linear {
            let seen = if page.corrupted.is_empty() { &page.originals } else { &page.corrupted };
            page.linear = linear.reconstruct(seen);
        }
        let codes = &run.kept.probe.code_rows;
        page.codes = CodePictures::watched(run.code_shape(), channels, codes, kept, &page.rows);
        page
    }

    /// Samples of a set, as seen by a network with codes of this shape.
    pub fn of_set(code: Shape, data: &Dataset, given: Given, pictures: &Pictures) -> SamplePage {
        let Pictures { rows, corrupted, reconstructions, linear, channels, codes } = pictures;
        let mut page = SamplePage::new(data, rows, given, [corrupted, reconstructions, linear]);
        page.codes = CodePictures::new(code, channels, rows.len(), codes.clone());
        page
    }

    /// The values of a sample.
    pub fn part<'a>(&self, values: &'a [f32], place: usize) -> &'a [f32] {
        values.get(place * self.features..(place + 1) * self.features).unwrap_or_default()
    }

    /// The sample at an index.
    pub(super) fn sample(&self, place: usize) -> Option<PageSample<'_>> {
        let part = |values| self.part(values, place);
        Some(PageSample {
            row: *self.rows.get(place)?,
            original: part(&self.originals),
            corrupted: part(&self.corrupted),
            reconstruction: part(&self.reconstructions),
            linear: part(&self.linear),
            place,
        })
    }
}

/// The channels that vary most in the newest kept codes of a run, counted from 0; none if codes are
/// rows.
pub fn shown_channels(run: &Run) -> Vec<usize> {
    match (run.code_shape(), run.kept.newest()) {
        (code @ Shape::Image { .. }, Some(newest)) => strongest_channels(&newest.codes, code, MOST_CHANNELS),
        _ => Vec::new(),
    }
}

fn ends(values: &[f32]) -> [f32; 2] {
    let finite = values.iter().copied().filter(|value| value.is_finite());
    let [low, high] = finite.fold([f32::INFINITY, f32::NEG_INFINITY], |[l, h], v| [l.min(v), h.max(v)]);
    if low > high {
        return [0.0, 1.0];
    }
    let margin = 0.08 * (high - low).max(1e-6);
    [low - margin, high + margin]
}
