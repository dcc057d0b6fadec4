//! Random numbers as pure functions: every value depends only on (seed, purpose, step or epoch,
//! sample).
//!
//! Shuffles, dropout masks, corruption, initial weights and synthetic data come from here. There is
//! no generator to store in a checkpoint, no result depends on the order of threads, and dropout
//! recomputes its mask in the backward pass.
//!
//! A [`Stream`] is `SplitMix64` (Steele, Lea & Flood 2014) read at any position: its state advances
//! by a constant, so the n-th output is a hash of `key + n · γ`.

const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// The purpose of random numbers. Different purposes never share a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u64)]
pub enum Purpose {
    /// Initial weights.
    Initialisation = 1,
    /// Order of the samples in an epoch.
    Shuffle = 2,
    /// Corruption of the input.
    Corruption = 3,
    /// Dropout masks.
    Dropout = 4,
    /// The split into training, validation and test rows.
    Split = 5,
    /// Generated data sets.
    Synthetic = 6,
    /// The choice of the watched samples.
    Probe = 7,
    /// Corruption of the watched samples, equal in every epoch.
    ProbeCorruption = 8,
    /// ε of a variational code.
    Reparameterisation = 9,
    /// Gumbel noise of relaxed choices.
    Gumbel = 10,
    /// Noise on the inputs of a hashing code.
    CodeNoise = 11,
    /// Probe vectors of a Jacobian's norm.
    Hutchinson = 12,
    /// Sampled units of restricted Boltzmann machines.
    Gibbs = 13,
    /// New positions of dead codebook vectors.
    Codebook = 14,
    /// Pixels sampled from grey values.
    Binarisation = 15,
    /// Samples from the prior of the code.
    Prior = 16,
}

/// An endless sequence of random numbers that can be read at any position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    key: u64,
}

impl Stream {
    /// The stream of `(seed, purpose, a, b)`; `a` and `b` are an epoch or step and a sample or
    /// layer.
    pub fn new(seed: u64, purpose: Purpose, a: u64, b: u64) -> Stream {
        let mut key = mix(seed.wrapping_add(GAMMA));
        for part in [purpose as u64, a, b] {
            key = mix(key ^ mix(part.wrapping_add(GAMMA)));
        }
        Stream { key }
    }

    /// The number at `position`, with 64 random bits.
    #[inline]
    pub fn bits(self, position: u64) -> u64 {
        mix(self.key.wrapping_add(position.wrapping_add(1).wrapping_mul(GAMMA)))
    }

    /// Uniform in [0, 1), in steps of 2⁻²⁴.
    #[inline]
    pub fn uniform(self, position: u64) -> f32 {
        (self.bits(position) >> 40) as f32 * (1.0 / (1 << 24) as f32)
    }

    /// Standard normal, by the Box-Muller method.
    #[inline]
    pub fn normal(self, position: u64) -> f32 {
        let bits = self.bits(position);
        // In (0, 1], so that the logarithm is finite.
        let radius = ((bits >> 40) + 1) as f32 * (1.0 / (1 << 24) as f32);
        let angle = (bits & 0xFF_FFFF) as f32 * (std::f32::consts::TAU / (1 << 24) as f32);
        (-2.0 * radius.ln()).sqrt() * angle.cos()
    }

    /// Uniform in `0..bound`, with negligible bias (`bound` far below 2⁶⁴).
    #[inline]
    pub fn below(self, position: u64, bound: usize) -> usize {
        ((u128::from(self.bits(position)) * bound as u128) >> 64) as usize
    }

    /// Shuffles the items (Fisher-Yates).
    pub fn shuffle<T>(self, items: &mut [T]) {
        for (a, b) in self.swaps(items.len()) {
            items.swap(a, b);
        }
    }

    /// The pairs of indices that [`Stream::shuffle`] swaps, in order, for this many items.
    pub fn swaps(self, count: usize) -> impl Iterator<Item = (usize, usize)> {
        (1..count).rev().map(move |last| (last, self.below(last as u64, last + 1)))
    }
}

#[inline]
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_published_sequence() {
        // The first outputs of SplitMix64 from state 1234567, as in its reference implementation.
        let stream = Stream { key: 1_234_567 };
        let published = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973];
        assert_eq!([stream.bits(0), stream.bits(1)], published);
    }

    #[test]
    fn moments_are_those_of_the_distributions() {
        let stream = Stream::new(3, Purpose::Corruption, 1, 2);
        let n = 200_000;
        let moments = |draw: &dyn Fn(u64) -> f32| {
            let mean = (0..n).map(|i| f64::from(draw(i))).sum::<f64>() / n as f64;
            let var = (0..n).map(|i| (f64::from(draw(i)) - mean).powi(2)).sum::<f64>() / n as f64;
            (mean, var)
        };
        // Within five standard errors each.
        let (mean, var) = moments(&|i| stream.uniform(i));
        assert!((mean - 0.5).abs() < 0.0033 && (var - 1.0 / 12.0).abs() < 0.001, "{mean} {var}");
        let (mean, var) = moments(&|i| stream.normal(i));
        assert!(mean.abs() < 0.0112 && (var - 1.0).abs() < 0.016, "{mean} {var}");
    }

    #[test]
    fn shuffles_are_permutations_and_differ_by_epoch() {
        let order = |epoch| {
            let mut items: Vec<u32> = (0..100).collect();
            Stream::new(1, Purpose::Shuffle, epoch, 0).shuffle(&mut items);
            items
        };
        let mut sorted = order(1);
        assert_ne!(order(1), order(2));
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<u32>>());
    }
}
