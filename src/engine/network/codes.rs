//! Codes, with variances and codebook entries where their kind has them.

use std::rc::Rc;

use super::{Network, Part};
use crate::engine::kernels::pass::Mode;
use crate::engine::kernels::tape::Recorder;

/// Codes of some samples, row by row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Codes {
    /// The decoder's input, rows × units: the means, if a code is a distribution.
    pub values: Vec<f32>,
    /// Variances, rows × units, if each unit is a normal distribution; else empty.
    pub variances: Vec<f32>,
    /// The codebook entry of each vector of a quantised code, counted from 0, rows × vectors; else
    /// empty.
    pub entries: Vec<u32>,
}

impl Codes {
    /// The bits of hashing codes, rows × units: 1 if a value is above the threshold of its unit.
    pub fn bits(&self, thresholds: &[f32]) -> Vec<u8> {
        let pairs = self.values.iter().zip(thresholds.iter().cycle());
        pairs.map(|(value, least)| u8::from(value > least)).collect()
    }

    /// Appends codes of more samples.
    pub fn extend(&mut self, more: Codes) {
        let Codes { values, variances, entries } = more;
        self.values.extend(values);
        self.variances.extend(variances);
        self.entries.extend(entries);
    }
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
            if let Some(sampler) = self.code_layer.sampler() {
                sampler.add_variances(count, &mut codes.variances);
            }
            if let Some(codebook) = self.code_layer.codebook() {
                codebook.add_choices(&mut codes.entries);
            }
        }
        codes
    }
}
