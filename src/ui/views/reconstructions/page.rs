//! The samples that are drawn: their values, errors and textures, built again only when others are
//! drawn.

use std::collections::HashMap;
use std::sync::Arc;

use egui::Ui;

use super::super::channels::grey;
use super::super::sample::{RangeCache, Sampler};
use super::codes::Codes;
use crate::dataset::Dataset;
use crate::figure::{Rgb, error_color};
use crate::project::Shown;
use crate::run::{Kept, Run};
use crate::session::{Pictures, squared_error};
use crate::ui::plots::{Atlas, DisplayRange, stamp_of};
use crate::ui::state::Pictured;

/// What is shown of a sample, from above.
pub(super) const ROW_NAMES: [&str; 6] = ["original", "corrupted", "code", "reconstruction", "PCA", "error"];
/// The same where the encoder saw corrupted samples.
pub(super) fn row_names(is_corrupted: bool) -> [&'static str; 6] {
    let mut names = ROW_NAMES;
    if is_corrupted {
        names[PCA] = "PCA, corrupted";
    }
    names
}

const CORRUPTED: usize = 1;
pub(super) const CODE: usize = 2;
const RECONSTRUCTION: usize = 3;
const PCA: usize = 4;
const ERROR: usize = 5;

/// The numbers at the ends of a scale, and its colours from 0 to 1.
pub(super) type Scale = ([f32; 2], fn(f32) -> Rgb);

/// Some samples with what became of them, row by row in scaled units; what is not there is empty.
#[derive(Clone, Default)]
pub(super) struct Page {
    stamp: u64,
    index: HashMap<u32, usize>,
    features: usize,
    /// The samples.
    pub originals: Vec<f32>,
    /// What the encoder saw.
    pub corrupted: Vec<f32>,
    /// What the network made of it.
    pub reconstructions: Vec<f32>,
    /// What PCA made of it.
    pub linear: Vec<f32>,
    /// The codes, where they are pictures and shown.
    pub codes: Option<Codes>,
    /// Squared error per feature of each sample.
    pub errors: Vec<f32>,
    /// Ends of the scaled originals, with a margin.
    pub range: [f32; 2],
    atlases: [Atlas; 6],
    display: RangeCache,
}

impl Page {
    /// The watched samples at an epoch.
    pub fn watched(
        &mut self,
        ui: &Ui,
        run: &Run,
        data: &Dataset,
        kept: &Arc<Kept>,
        linear: Option<&Arc<[f32]>>,
        channels: &[usize],
    ) {
        let rows = &run.kept.probe.picture_rows;
        let stamp = stamp_of((
            (run.id, run.started_unix_secs, data.fingerprint, rows),
            (kept.epoch, Arc::as_ptr(kept).addr()),
            linear.map(|linear| linear.as_ptr().addr()),
            channels,
        ));
        let linear = linear.map_or(&[][..], |linear| linear);
        let code_rows = &run.kept.probe.code_rows;
        let codes = || Codes::watched(run.code_shape(), channels, code_rows, kept, rows);
        self.fill(ui, data, stamp, rows, [&kept.corrupted, &kept.reconstructions, linear], codes);
    }

    /// Samples of a set, as the network of a run sees them.
    pub fn of_set(&mut self, ui: &Ui, run: &Run, data: &Dataset, pictured: &Pictured) {
        let Pictures { rows, corrupted, reconstructions, linear, channels, codes } = &*pictured.pictures;
        let stamp = stamp_of((pictured.of, data.fingerprint, Arc::as_ptr(&pictured.pictures).addr()));
        let codes = || Codes::new(run.code_shape(), channels, rows.len(), codes.clone());
        self.fill(ui, data, stamp, rows, [corrupted, reconstructions, linear], codes);
    }

    /// Draws no sample.
    pub fn clear(&mut self) {
        self.stamp = 0;
        self.index.clear();
    }

    /// Changes with what is drawn.
    pub fn stamp(&self) -> u64 {
        self.stamp
    }

    /// The place of a row of the data among the samples.
    pub fn place(&self, row: u32) -> Option<usize> {
        self.index.get(&row).copied()
    }

    /// The values of a sample.
    pub fn part<'a>(&self, values: &'a [f32], place: usize) -> &'a [f32] {
        values.get(place * self.features..(place + 1) * self.features).unwrap_or_default()
    }

    /// Which of [`ROW_NAMES`] there are.
    pub fn shown(&self) -> Vec<usize> {
        (0..ROW_NAMES.len()).filter(|row| !self.atlases[*row].is_empty()).collect()
    }

    /// The pictures of one of these.
    pub fn atlas(&self, row: usize) -> &Atlas {
        &self.atlases[row]
    }

    /// Its name beside the pictures.
    pub fn row_name(&self, row: usize) -> String {
        let name = row_names(!self.corrupted.is_empty())[row];
        let codes = self.codes.as_ref().filter(|_| row == CODE);
        codes.map_or_else(|| name.to_owned(), Codes::name)
    }

    /// What its colours mean, where they are not those of the data: the numbers at the ends of the
    /// scale, and its colours. `brightest` is the largest error.
    pub fn scale(&self, row: usize, brightest: f32) -> Option<Scale> {
        match row {
            // Brightness is the root of the error, as in the maps.
            ERROR => Some(([0.0, brightest], |t| error_color(t.sqrt()))),
            CODE => self.codes.as_ref().map(|codes| {
                let DisplayRange { low, high } = codes.range();
                ([low, high], grey as fn(f32) -> Rgb)
            }),
            _ => None,
        }
    }

    /// The error that is drawn brightest.
    pub fn brightest(&mut self, data: &Dataset) -> f32 {
        let DisplayRange { low, high } = self.display.of(data);
        (high - low) / 2.0
    }

    fn fill(
        &mut self,
        ui: &Ui,
        data: &Dataset,
        stamp: u64,
        rows: &[u32],
        made: [&[f32]; 3],
        codes: impl FnOnce() -> Option<Codes>,
    ) {
        if self.stamp == stamp {
            return;
        }
        let [corrupted, reconstructions, linear] = made;
        let features = data.shape.features().max(1);
        let sampler = Sampler::new(data);
        let count = rows.len().min(reconstructions.len() / features);
        let rows = &rows[..count];
        (self.stamp, self.features) = (stamp, features);
        self.index = rows.iter().enumerate().map(|(place, row)| (*row, place)).collect();
        self.originals = rows.iter().flat_map(|row| sampler.scaled(*row)).collect();
        self.range = ends(&self.originals);
        let pairs = reconstructions.chunks_exact(features).zip(self.originals.chunks_exact(features));
        self.errors = pairs.map(|(a, b)| squared_error(a, b)).collect();
        self.corrupted = corrupted.to_vec();
        self.reconstructions = reconstructions.to_vec();
        self.linear = linear.to_vec();
        self.codes = codes();
        if data.shown().is_none() {
            return;
        }
        let unscaled = |values: &[f32]| -> Vec<f32> {
            values.chunks_exact(features).flat_map(|row| sampler.unscaled(row)).collect()
        };
        let originals: Vec<f32> = rows.iter().flat_map(|row| sampler.original(*row)).collect();
        let back = unscaled(reconstructions);
        self.paint(ui, data, 0, &originals);
        self.paint(ui, data, CORRUPTED, &unscaled(corrupted));
        self.paint(ui, data, RECONSTRUCTION, &back);
        self.paint(ui, data, PCA, &unscaled(linear));
        self.paint_errors(ui, data, &originals, &back, count);
        self.paint_codes(ui);
    }

    fn paint_codes(&mut self, ui: &Ui) {
        match &self.codes {
            Some(codes) => {
                let pixel = |sample, x, y| codes.pixel(sample, x, y);
                self.atlases[CODE].fill(ui.ctx(), codes.size(), codes.len(), pixel);
            }
            None => self.atlases[CODE] = Atlas::default(),
        }
    }

    /// Fills one row of pictures with values in units of the data.
    fn paint(&mut self, ui: &Ui, data: &Dataset, row: usize, values: &[f32]) {
        let Some(shown) = data.shown() else { return };
        let Shown { height, width, channels, .. } = shown;
        let range = self.display.of(data);
        let features = self.features;
        self.atlases[row].fill(ui.ctx(), [width, height], values.len() / features, |picture, x, y| {
            let start = picture * features + (y * width + x) * channels;
            range.pixel(&shown.pixel(&values[start..start + channels]))
        });
    }

    fn paint_errors(&mut self, ui: &Ui, data: &Dataset, originals: &[f32], back: &[f32], count: usize) {
        let Some(Shown { height, width, channels, .. }) = data.shown() else { return };
        let range = self.display.of(data);
        let features = self.features;
        self.atlases[ERROR].fill(ui.ctx(), [width, height], count, |picture, x, y| {
            let start = picture * features + (y * width + x) * channels;
            range.error(&originals[start..start + channels], &back[start..start + channels])
        });
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
