//! Samples with what a network made of them: what is computed once for all that is drawn of them.

use super::channels::strongest_channels;
use super::codes::{CodePictures, MOST_CHANNELS};
use super::sample::Sampler;
use crate::dataset::Dataset;
use crate::project::Shape;
use crate::run::{Kept, Run};
use crate::session::{Linear, Pictures, row_error};

/// What is shown of a sample, from above, where it came clean.
const LINES: [&str; 6] = ["original", "corrupted", "code", "reconstruction", "PCA", "error"];

/// What networks were given of samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Given {
    /// The samples as they are.
    #[default]
    Clean,
    /// The samples as the training corrupts them.
    Corrupted,
    /// Samples that may be damaged already: other data, to a network that restores.
    Damaged,
}

/// Some samples with what became of them, row by row in scaled units; what is not there is empty.
#[derive(Clone, Debug, Default)]
pub struct SamplePage {
    /// The rows of the data.
    pub rows: Vec<u32>,
    /// Values of a sample.
    pub features: usize,
    /// What the encoder was given.
    pub given: Given,
    /// The samples.
    pub originals: Vec<f32>,
    /// What the encoder saw, where it was corrupted.
    pub corrupted: Vec<f32>,
    /// What the network made of it.
    pub reconstructions: Vec<f32>,
    /// What PCA made of it.
    pub linear: Vec<f32>,
    /// The codes, where they are pictures and shown.
    pub codes: Option<CodePictures>,
    /// Squared error per feature of each sample.
    pub errors: Vec<f32>,
    /// Ends of the scaled originals, with a margin.
    pub range: [f32; 2],
}

/// A sample with what became of it, in scaled units; what is not there is empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageSample<'a> {
    pub row: u32,
    pub original: &'a [f32],
    pub corrupted: &'a [f32],
    pub reconstruction: &'a [f32],
    pub linear: &'a [f32],
    /// Its place among the codes.
    pub place: usize,
}

impl Given {
    /// What other data are to the network of a run, and those that it was trained on.
    pub fn of(run: &Run, is_other: bool) -> Given {
        if is_other && run.design.corruption.corrupts() { Given::Damaged } else { Given::Clean }
    }

    /// What is shown of a sample, from above: the sample, what the encoder saw, its code, what the network and PCA made of it,
    /// and where that differs from the sample.
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
    /// Rows of the data with what became of them: what the encoder saw where it was corrupted, what the network made of that,
    /// and PCA.
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

    /// The watched samples of a run at an epoch, with what PCA makes of them where it is given, and these channels of their
    /// codes.
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

    /// Samples of a set, as a network with codes of this shape sees them.
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

    /// The sample at a place.
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

/// The channels of the codes of a run that vary most over the newest that it kept, counted from 0; none of codes that are rows.
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
