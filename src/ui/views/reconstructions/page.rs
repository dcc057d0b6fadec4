//! The displayed samples: their values, errors and textures, rebuilt only after a change.

use std::collections::HashMap;
use std::sync::Arc;

use egui::Ui;

use super::super::channels::grey;
use super::super::sample::{RangeCache, Sampler};
use crate::dataset::Dataset;
use crate::figure::{Rgb, error_color};
use crate::prepared::{CodePictures, Given, SamplePage};
use crate::project::Shown;
use crate::run::{Kept, Run};
use crate::ui::plots::{Atlas, DisplayRange, stamp_of};
use crate::ui::state::Pictured;

/// Rows of pictures per sample, in the order of [`Given::names`].
const ROWS: usize = 6;
const CORRUPTED: usize = 1;
const CODE: usize = 2;
const RECONSTRUCTION: usize = 3;
const PCA: usize = 4;
const ERROR: usize = 5;

/// A scale: the values at its ends, their unit, and the colours from 0 to 1.
pub(super) type Scale = ([f32; 2], &'static str, fn(f32) -> Rgb);

/// Samples with their outputs and pictures.
#[derive(Clone, Default)]
pub(super) struct Page {
    stamp: u64,
    index: HashMap<u32, usize>,
    /// The samples with their outputs.
    pub made: SamplePage,
    atlases: [Atlas; ROWS],
    display: RangeCache,
    /// Stamp and original values of the samples, which do not change with the epoch.
    originals: (u64, Vec<f32>),
}

impl Page {
    /// Fills the page with the watched samples at an epoch.
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
        self.fill(ui, data, stamp, || {
            let page = SamplePage::watched(run, data, kept, None, channels);
            SamplePage { linear: linear.map_or_else(Vec::new, |linear| linear.to_vec()), ..page }
        });
    }

    /// Fills the page with samples of a set and the outputs of a run's network.
    pub fn of_set(&mut self, ui: &Ui, run: &Run, data: &Dataset, given: Given, pictured: &Pictured) {
        let of = (pictured.of, data.fingerprint, given == Given::Damaged);
        let stamp = stamp_of((of, Arc::as_ptr(&pictured.pictures).addr()));
        self.fill(ui, data, stamp, || {
            SamplePage::of_set(run.code_shape_for(data.shape), data, given, &pictured.pictures)
        });
    }

    /// Removes all samples.
    pub fn clear(&mut self) {
        self.stamp = 0;
        self.index.clear();
    }

    /// A number that changes with the content.
    pub fn stamp(&self) -> u64 {
        self.stamp
    }

    /// The index of a data row among the samples.
    pub fn place(&self, row: u32) -> Option<usize> {
        self.index.get(&row).copied()
    }

    /// The available rows of pictures.
    pub fn shown(&self) -> Vec<usize> {
        (0..ROWS).filter(|row| !self.atlases[*row].is_empty()).collect()
    }

    /// The pictures of one row.
    pub fn atlas(&self, row: usize) -> &Atlas {
        &self.atlases[row]
    }

    /// The label of a row of pictures.
    pub fn row_name(&self, row: usize) -> String {
        let name = self.made.given.names()[row];
        let codes = self.made.codes.as_ref().filter(|_| row == CODE);
        codes.map_or_else(|| name.to_owned(), CodePictures::name)
    }

    /// The colour scale of a row, unless it is that of the data; `brightest` is the largest error.
    pub fn scale(&self, row: usize, brightest: f32) -> Option<Scale> {
        match row {
            // Brightness is the square root of the error, as in the maps.
            ERROR => Some(([0.0, brightest], "scaled", |t| error_color(t.sqrt()))),
            CODE => self.made.codes.as_ref().map(|codes| {
                let DisplayRange { low, high } = codes.range();
                ([low, high], "", grey as fn(f32) -> Rgb)
            }),
            _ => None,
        }
    }

    /// The scaled error that is drawn brightest.
    pub fn brightest(&mut self, data: &Dataset) -> f32 {
        self.display.of(data).brightest(data)
    }

    fn fill(&mut self, ui: &Ui, data: &Dataset, stamp: u64, made: impl FnOnce() -> SamplePage) {
        if self.stamp == stamp {
            return;
        }
        let sampler = Sampler::new(data);
        (self.stamp, self.made) = (stamp, made());
        let (features, count) = (self.made.features.max(1), self.made.rows.len());
        self.index = self.made.rows.iter().enumerate().map(|(place, row)| (*row, place)).collect();
        if data.shown().is_none() {
            return;
        }
        let unscaled = |values: &[f32]| -> Vec<f32> {
            values.chunks_exact(features).flat_map(|row| sampler.unscaled(row)).collect()
        };
        let of = stamp_of((data.fingerprint, &self.made.rows));
        let (known, mut originals) = std::mem::take(&mut self.originals);
        if known != of {
            originals = self.made.rows.iter().flat_map(|row| sampler.original(*row)).collect();
            self.paint(ui, data, 0, &originals);
        }
        let back = unscaled(&self.made.reconstructions);
        let [corrupted, linear] = [&self.made.corrupted, &self.made.linear].map(|values| unscaled(values));
        self.paint(ui, data, CORRUPTED, &corrupted);
        self.paint(ui, data, RECONSTRUCTION, &back);
        self.paint(ui, data, PCA, &linear);
        self.paint_errors(ui, data, &originals, &back, count);
        self.originals = (of, originals);
        self.paint_codes(ui);
    }

    fn paint_codes(&mut self, ui: &Ui) {
        match &self.made.codes {
            Some(codes) => {
                let pixel = |sample, x, y| codes.pixel(sample, x, y);
                self.atlases[CODE].fill(ui.ctx(), codes.size(), codes.len(), pixel);
            }
            None => self.atlases[CODE] = Atlas::default(),
        }
    }

    /// Fills one row of pictures with values in the units of the data.
    fn paint(&mut self, ui: &Ui, data: &Dataset, row: usize, values: &[f32]) {
        let Some(shown) = data.shown() else { return };
        let Shown { height, width, channels, .. } = shown;
        let range = self.display.of(data);
        let features = self.made.features;
        self.atlases[row].fill(ui.ctx(), [width, height], values.len() / features, |picture, x, y| {
            let start = picture * features + (y * width + x) * channels;
            range.pixel(&shown.pixel(&values[start..start + channels]))
        });
    }

    fn paint_errors(&mut self, ui: &Ui, data: &Dataset, originals: &[f32], back: &[f32], count: usize) {
        let Some(Shown { height, width, channels, .. }) = data.shown() else { return };
        let range = self.display.of(data);
        let features = self.made.features;
        self.atlases[ERROR].fill(ui.ctx(), [width, height], count, |picture, x, y| {
            let start = picture * features + (y * width + x) * channels;
            range.error(&originals[start..start + channels], &back[start..start + channels])
        });
    }
}
