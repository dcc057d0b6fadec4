use serde::{Deserialize, Serialize};

use crate::check::code_shape;
use crate::project::{Bottleneck, Decoder, Project, Shape};

/// KL in nats above which a unit of a variational code counts as active.
pub const ACTIVE_NATS: f32 = 0.01;
/// Mean of the largest shares above which a selector counts as converged (Abid et al. 2019).
pub const DECIDED: f64 = 0.998;

/// Health measurements of a network on samples that are not used for training, without corruption.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// Finished epochs when it was measured.
    pub epoch: u32,
    /// Number of samples measured.
    pub samples: usize,
    /// Activations of every layer of the encoder, followed by the code.
    pub layers: Vec<LayerHealth>,
    /// Root mean square over samples of `‖∂code/∂input‖_F`, if the code has a derivative.
    pub jacobian: Option<f64>,
    /// Mean of each unit of a picture code.
    #[serde(default)]
    pub means: Option<Vec<f32>>,
    /// KL from the prior for each unit of a variational code, in nats.
    pub divergence: Option<Vec<f32>>,
    /// The selection of a concrete selector.
    pub selector: Option<SelectorHealth>,
    /// A description length, in bits per sample.
    pub bits: Option<Bits>,
    /// Use of a codebook.
    pub codebook: Option<CodebookHealth>,
    /// Bits of a hashing code.
    pub hash: Option<HashHealth>,
    /// Activations of every layer of the decoder except the output.
    #[serde(default)]
    pub decoder: Vec<LayerHealth>,
    /// Gradients of every layer with weights, from the input to the output.
    #[serde(default)]
    pub gradients: Vec<GradientHealth>,
    /// Reconstructions compared with their targets.
    #[serde(default)]
    pub output: Option<OutputHealth>,
}

/// Activations of one layer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerHealth {
    /// `layer 1`, `code`.
    pub name: String,
    /// Units.
    pub units: usize,
    /// L0: mean number of active units per sample.
    pub active_mean: f64,
    /// Fewest active units of a sample.
    pub active_min: usize,
    /// Most active units of a sample.
    pub active_max: usize,
    /// Units that no sample activated.
    pub dead: usize,
    /// Mean activation.
    pub mean: f64,
    /// Counts of activations in bins of equal width from −`reach` to `reach`.
    pub histogram: Vec<u64>,
    /// Half the histogram's width.
    pub reach: f32,
    /// Channels of a layer whose output is a picture.
    #[serde(default)]
    pub channels: Option<usize>,
    /// Channels that no sample activated at any position.
    #[serde(default)]
    pub dead_channels: usize,
    /// Share of activations within 0.01 of a limit of a sigmoid or tanh.
    #[serde(default)]
    pub saturated: Option<f64>,
}

/// The gradient of a layer's weights, on the last minibatch of an epoch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GradientHealth {
    /// `encoder layer 1`, `code`, `output`.
    pub name: String,
    /// Root mean square over the weights of the derivative of the loss, before any clipping.
    pub gradient: f64,
    /// Root mean square of the weights.
    pub weight: f64,
}

/// Reconstructions compared with the measured samples, in units of the scaled data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OutputHealth {
    /// Smallest value of a sample.
    pub least: f32,
    /// Largest value of a sample.
    pub most: f32,
    /// Share of values outside the range of the output's activation.
    pub beyond: f64,
    /// Whether every value of a sample is 0 or 1.
    pub is_binary: bool,
    /// For pictures: squared differences of neighbouring pixels of the reconstructions, as a share
    /// of those of the samples.
    pub edges: Option<f64>,
}

/// The selection of a concrete selector.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SelectorHealth {
    /// Current temperature of its choices.
    pub temperature: f32,
    /// Mean over units of their largest share; 1 means converged.
    pub mean_max: f64,
    /// The feature chosen by each unit.
    pub chosen: Vec<u32>,
    /// Share of each feature, summed over the units.
    pub shares: Vec<f32>,
    /// Mean of each feature over the measured samples, scaled.
    pub mean: Vec<f32>,
}

/// A description length, in bits per sample (Hinton & Zemel 1994).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bits {
    /// Bits for the choices.
    pub code: f64,
    /// Bits for the error of the reconstruction.
    pub error: f64,
    /// Bits to describe a perfect reconstruction to within the width.
    pub constant: f64,
}

/// Use of a codebook.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CodebookHealth {
    /// Frequency of each entry, as a share of all choices.
    pub shares: Vec<f32>,
}

/// Use of the bits of a hashing code.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HashHealth {
    /// Share of samples for which each bit is 1.
    pub balance: Vec<f32>,
    /// Mean absolute correlation of two bits; 0 if no bit varies.
    pub correlation: f32,
    /// Share of the units' values that lie within 0.1 of 0 or 1.
    pub decided: f32,
}

/// More than any histogram has bins.
const MOST_BARS: usize = 1024;
/// Longer than the name of any layer, in bytes.
const MOST_NAME_BYTES: usize = 200;

impl Health {
    /// Checks a measurement read from a file, of a network of this design on samples of this shape.
    ///
    /// # Errors
    /// The part that does not fit.
    pub fn validate(&self, design: &Project, shape: Shape) -> Result<(), String> {
        let most = design.encoder.len() + 1;
        if self.layers.len() > most {
            return Err(format!("its health has {} layers, but the encoder has {most}", self.layers.len()));
        }
        let decoded = match &design.decoder {
            // Mirroring a layer may take two: for a pool with a remainder, or for a dense layer on
            // pictures.
            Decoder::Mirrored { .. } => 2 * most,
            Decoder::Free(layers) => layers.len(),
        };
        if self.decoder.len() > decoded {
            return Err(format!(
                "its health has {} decoder layers, but the decoder has {decoded}",
                self.decoder.len()
            ));
        }
        // Encoder, code, decoder, output; a layer may have several arrays of weights.
        if self.gradients.len() > 16 * (most + decoded + 1) {
            return Err(format!("its health has gradients of {} layers", self.gradients.len()));
        }
        if self.gradients.iter().any(|layer| layer.name.len() > MOST_NAME_BYTES) {
            return Err("the health of its gradients has a name that is too long".to_owned());
        }
        for layer in self.layers.iter().chain(&self.decoder) {
            let is_whole = layer.dead <= layer.units
                && layer.active_min <= layer.active_max
                && layer.active_max <= layer.units
                && layer.dead_channels <= layer.channels.unwrap_or(0)
                && layer.channels.unwrap_or(0) <= layer.units
                && layer.histogram.len() <= MOST_BARS
                && layer.name.len() <= MOST_NAME_BYTES;
            if !is_whole {
                return Err(format!("the health of a layer of {} units does not fit them", layer.units));
            }
        }
        let (units, features) = (code_shape(design, shape).features(), shape.features());
        let check = |what: &str, found: usize, expected: usize| {
            if found == expected {
                return Ok(());
            }
            Err(format!("the health of its {what} has {found} numbers, not {expected}"))
        };
        for of_units in [&self.means, &self.divergence].into_iter().flatten() {
            check("code", of_units.len(), units)?;
        }
        if let Some(hash) = &self.hash {
            check("bits", hash.balance.len(), units)?;
        }
        if let (Some(codebook), Bottleneck::Quantised { entries, .. }) = (&self.codebook, design.code.kind) {
            check("codebook", codebook.shares.len(), entries)?;
        }
        if let Some(selector) = &self.selector {
            check("selector", selector.chosen.len(), units)?;
            let most = selector.shares.len().max(selector.mean.len());
            if most > features {
                return Err(format!("the health of its selector has {most} numbers for {features} features"));
            }
            if let Some(feature) = selector.chosen.iter().find(|feature| **feature as usize >= features) {
                return Err(format!("its selector chose feature {feature} of {features}"));
            }
        }
        Ok(())
    }

    /// Number of units of a variational code that carry information.
    pub fn active_units(&self) -> Option<usize> {
        let nats = self.divergence.as_ref()?;
        Some(nats.iter().filter(|nats| **nats > ACTIVE_NATS).count())
    }
}

impl SelectorHealth {
    /// Number of distinct features chosen.
    pub fn unique(&self) -> usize {
        let mut chosen = self.chosen.clone();
        chosen.sort_unstable();
        chosen.dedup();
        chosen.len()
    }
}

impl Bits {
    /// The sum of all three.
    pub fn total(self) -> f64 {
        self.code + self.error + self.constant
    }
}

impl CodebookHealth {
    /// `exp H`: the number of equally used entries with the same entropy.
    pub fn perplexity(&self) -> f64 {
        let entropy: f64 = self
            .shares
            .iter()
            .map(|share| f64::from(*share))
            .filter(|share| *share > 0.0)
            .map(|share| -share * share.ln())
            .sum();
        entropy.exp()
    }

    /// Entries that were never chosen.
    pub fn dead(&self) -> usize {
        self.shares.iter().filter(|share| **share == 0.0).count()
    }
}

impl HashHealth {
    /// Computes the statistics of codes (rows × `units` values in [0, 1]); a bit is 1 above its
    /// threshold.
    pub fn of(codes: &[f32], units: usize, threshold: impl Fn(usize) -> f32) -> HashHealth {
        let rows = codes.len().checked_div(units).unwrap_or(0).max(1);
        // 64 samples per word, because every pair of units is compared.
        let words = rows.div_ceil(64);
        let mut bits = vec![0_u64; units * words];
        for (row, code) in codes.chunks_exact(units.max(1)).enumerate() {
            for (unit, value) in code.iter().enumerate() {
                bits[unit * words + row / 64] |= u64::from(*value > threshold(unit)) << (row % 64);
            }
        }
        let of_unit = |unit: usize| &bits[unit * words..][..words];
        let share = |ones: u32| f64::from(ones) / rows as f64;
        let balance: Vec<f64> =
            (0..units).map(|unit| share(of_unit(unit).iter().map(|word| word.count_ones()).sum())).collect();
        let (mut sum, mut pairs) = (0.0, 0_u64);
        for first in 0..units {
            for second in first + 1..units {
                let pairs_of_words = of_unit(first).iter().zip(of_unit(second));
                let both: u32 = pairs_of_words.map(|(a, b)| (a & b).count_ones()).sum();
                let (p, q) = (balance[first], balance[second]);
                let spread = (p * (1.0 - p) * q * (1.0 - q)).sqrt();
                if spread > 0.0 {
                    sum += ((share(both) - p * q) / spread).abs();
                    pairs += 1;
                }
            }
        }
        let near = codes.iter().filter(|code| **code <= 0.1 || **code >= 0.9).count();
        HashHealth {
            balance: balance.iter().map(|share| *share as f32).collect(),
            correlation: (sum / pairs.max(1) as f64) as f32,
            decided: near as f32 / codes.len().max(1) as f32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::cards;
    use crate::project::{Layer, Recipe};

    #[test]
    fn a_mirrored_decoder_may_have_more_layers_than_the_encoder() {
        // 7×7 → 3×3 → 1×1 pixels: both pools have a remainder, and the code is dense.
        let encoder = vec![Layer::MaxPool2d { size: 2 }, Layer::MaxPool2d { size: 2 }];
        let design = Project { encoder, ..Recipe::Undercomplete.project() };
        let shape = Shape::Image { height: 7, width: 7, channels: 3 };
        let layers = cards(&design, Some(shape)).decoder.len();
        assert!(layers > design.encoder.len() + 1, "{layers}");
        let health = |layers| Health { decoder: vec![LayerHealth::default(); layers], ..Health::default() };
        assert_eq!(health(layers).validate(&design, shape), Ok(()));
        assert!(health(100).validate(&design, shape).is_err());
    }

    #[test]
    fn health_figures_match_their_definitions() {
        let even = CodebookHealth { shares: vec![0.25; 4] };
        assert!((even.perplexity() - 4.0).abs() < 1e-6 && even.dead() == 0);
        let one = CodebookHealth { shares: vec![1.0, 0.0, 0.0] };
        assert!((one.perplexity() - 1.0).abs() < 1e-12 && one.dead() == 2);
        // Entropy of (1/2, 1/4, 1/4): 1.5 bits, so 2^1.5.
        let uneven = CodebookHealth { shares: vec![0.5, 0.25, 0.25] };
        assert!((uneven.perplexity() - 2.0_f64.powf(1.5)).abs() < 1e-6);
        let health = Health { divergence: Some(vec![0.5, 0.005, 0.02]), ..Health::default() };
        assert_eq!(health.active_units(), Some(2));
        assert_eq!(SelectorHealth { chosen: vec![3, 1, 3], ..SelectorHealth::default() }.unique(), 2);
        assert!((Bits { code: 1.0, error: 2.0, constant: 0.5 }.total() - 3.5).abs() < 1e-12);
    }

    #[test]
    fn bits_are_counted_and_correlated() {
        // Bits of four samples: 1 0, 1 0, 0 1, 0 1: balanced, and one is the inverse of the other.
        let opposite = HashHealth::of(&[0.95, 0.05, 0.9, 0.2, 0.1, 0.99, 0.3, 0.8], 2, |_| 0.5);
        assert_eq!(opposite.balance, [0.5, 0.5]);
        assert!((opposite.correlation - 1.0).abs() < 1e-6 && (opposite.decided - 0.625).abs() < 1e-6);
        // All four combinations: independent. A bit that never changes has no correlation.
        let independent = HashHealth::of(&[0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0], 2, |_| 0.5);
        assert!(independent.correlation.abs() < 1e-6);
        assert_eq!(HashHealth::of(&[0.2, 0.9, 0.2, 0.1], 2, |_| 0.1).balance, [1.0, 0.5]);
        assert_eq!(HashHealth::of(&[1.0, 0.9, 1.0, 0.1], 2, |_| 0.5).correlation, 0.0);
    }
}
