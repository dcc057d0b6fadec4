//! Codes, with all that their kind knows of them.

use std::rc::Rc;

use super::{Network, Part};
use crate::engine::kernels::pass::Mode;
use crate::engine::kernels::tape::Recorder;

/// Codes of some samples, row by row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Codes {
    /// As the decoder is given them, rows × units: the means, where a code is a distribution.
    pub values: Vec<f32>,
    /// Variances, rows × units, where each unit is a normal distribution; else empty.
    pub variances: Vec<f32>,
    /// The entry of the codebook that each vector of a quantised code is, counted from 0, rows × vectors; else empty.
    pub entries: Vec<u32>,
}

impl Network {
    /// Codes of samples: `rows` holds scaled samples row by row.
    pub fn codes(&mut self, rows: &[f32]) -> Codes {
        let features = self.plan.shape().features();
        let (input, code) = (Rc::clone(&self.input), Rc::clone(&self.code));
        let mut codes = Codes::default();
        for block in rows.chunks(self.capacity * features) {
            let count = block.len() / features;
            input.borrow_mut().values_mut()[..count * features].copy_from_slice(&block[..count * features]);
            self.forward(Part::Encoder, count, Mode::Use, &mut Recorder::idle());
            let code = code.borrow();
            codes.values.extend_from_slice(&code.values()[..count * code.columns()]);
            if let Some(sampler) = self.waist.sampler() {
                sampler.add_variances(count, &mut codes.variances);
            }
            if let Some(codebook) = self.waist.codebook() {
                codebook.add_choices(&mut codes.entries);
            }
        }
        codes
    }
}
