//! Samples to run a network on, and the reconstruction error of each.

use std::ops::Range;

use super::{Network, Part};
use crate::dataset::Dataset;
use crate::engine::EngineError;
use crate::engine::kernels::pass::Mode;
use crate::engine::kernels::tape::Recorder;

/// Samples to run a network on.
#[derive(Clone, Copy, Debug)]
pub enum Samples<'a> {
    /// These rows of a data set.
    Rows(&'a Dataset, &'a [u32]),
    /// Scaled samples, row by row, from anywhere.
    Scaled(&'a [f32]),
}

/// Called from time to time with the number of samples done; returns whether to continue.
pub type OnProgress<'a> = &'a mut dyn FnMut(usize) -> bool;

impl<'a> Samples<'a> {
    /// Number of samples, with `features` features each.
    pub fn len(self, features: usize) -> usize {
        match self {
            Samples::Rows(_, rows) => rows.len(),
            Samples::Scaled(values) => values.len() / features.max(1),
        }
    }

    /// All samples, `rows` at a time.
    pub(super) fn blocks(self, features: usize, rows: usize) -> impl Iterator<Item = Samples<'a>> {
        let len = self.len(features);
        (0..len).step_by(rows.max(1)).map(move |start| self.part(features, start..(start + rows).min(len)))
    }

    fn part(self, features: usize, range: Range<usize>) -> Samples<'a> {
        match self {
            Samples::Rows(data, rows) => Samples::Rows(data, &rows[range]),
            Samples::Scaled(values) => Samples::Scaled(&values[range.start * features..range.end * features]),
        }
    }
}

impl Network {
    /// Fills the input buffers with a block of samples; returns their number.
    pub(super) fn show(&mut self, block: Samples<'_>) -> usize {
        let count = block.len(self.plan.shape().features());
        match block {
            Samples::Rows(data, rows) => self.gather(data, rows, None),
            Samples::Scaled(values) => {
                let rows: Vec<u32> = (0..count as u32).collect();
                self.present(values, &rows, None);
            }
        }
        count
    }

    /// Squared error of each sample's reconstruction per feature, in units of the scaled data.
    ///
    /// # Errors
    /// [`EngineError::Cancelled`] if `on_progress` returns false.
    pub fn errors(
        &mut self,
        samples: Samples<'_>,
        on_progress: OnProgress<'_>,
    ) -> Result<Vec<f64>, EngineError> {
        let features = self.plan.shape().features();
        let mut errors = Vec::with_capacity(samples.len(features));
        for block in samples.blocks(features, self.capacity) {
            let count = self.show(block);
            // The terms of the regularizers are not needed.
            let pass = self.forward(Part::Whole, count, Mode::Use, &mut Recorder::idle());
            self.loss.forward(&pass, 1.0, &mut Recorder::idle());
            let values = self.loss.row_values();
            let squares = values.chunks_exact(2).take(count).map(|row| f64::from(row[1]));
            errors.extend(squares.map(|square| square / features as f64));
            if !on_progress(errors.len()) {
                return Err(EngineError::Cancelled);
            }
        }
        Ok(errors)
    }

    /// Squared error of every feature of each sample's reconstruction, samples × features, in units
    /// of the scaled data.
    pub fn error_maps(&mut self, rows: &[f32]) -> Vec<f32> {
        let mut errors = self.reconstruct(rows);
        errors.iter_mut().zip(rows).for_each(|(value, sample)| *value = (*value - sample).powi(2));
        errors
    }
}
