//! Projecting edited codes onto valid codes of their kind.

use super::Network;
use crate::engine::kernels::pass::Mode;
use crate::project::{Bottleneck, Competition, Shape};

impl Network {
    /// Replaces codes (rows × units) by codes that an encoder could output; valid codes are
    /// unchanged.
    ///
    /// - k-sparse: only the largest `k·α` non-zero units, of each group that competes, are kept;
    ///   the others become 0
    /// - hashing: each unit in [0, 1]
    /// - description length: for each quantiser, shares of its choices that add up to 1
    /// - quantised: the nearest entry of the codebook for each vector
    pub fn project_codes(&self, codes: &mut [f32]) {
        match self.plan.design().code.kind {
            Bottleneck::KSparse { within, .. } => {
                let (shape, k) = (self.plan.code_shape(), self.code_layer.kept(Mode::Use));
                for code in codes.chunks_exact_mut(shape.features().max(1)) {
                    competitors(within, shape).for_each(|group| keep_largest(code, group, k));
                }
            }
            Bottleneck::Hashing { .. } => codes.iter_mut().for_each(|unit| *unit = unit.clamp(0.0, 1.0)),
            Bottleneck::DescriptionLength { choices, .. } => {
                codes.chunks_exact_mut(choices.max(1)).for_each(share_out);
            }
            Bottleneck::Quantised { dimension, .. } => {
                let codebook = self.values("code.codebook");
                let vectors = codes.chunks_exact_mut(dimension.max(1));
                vectors.for_each(|vector| replace_by_nearest(vector, &codebook));
            }
            Bottleneck::Plain
            | Bottleneck::Variational { .. }
            | Bottleneck::ImportanceWeighted { .. }
            | Bottleneck::Wasserstein { .. }
            | Bottleneck::Concrete { .. } => {}
        }
    }
}

/// The competing units of a k-sparse code, group by group: first unit, step, number.
fn competitors(within: Competition, shape: Shape) -> impl Iterator<Item = [usize; 3]> {
    let all = shape.features();
    let (groups, step, count, first) = match (within, shape) {
        (Competition::Position, Shape::Image { channels, .. }) => {
            (all / channels.max(1), 1, channels, channels)
        }
        (Competition::Channel, Shape::Image { channels, .. }) => {
            (channels, channels, all / channels.max(1), 1)
        }
        (Competition::Code, _) | (Competition::Position | Competition::Channel, Shape::Vector(_)) => {
            (1, 1, all, 0)
        }
    };
    (0..groups).map(move |group| [group * first, step, count])
}

/// Keeps the `k` largest of the non-zero units of a group; the first of equal ones.
fn keep_largest(code: &mut [f32], [first, step, count]: [usize; 3], k: usize) {
    // A kept unit can be negative, as only non-zero units compete.
    let units = (0..count).map(|unit| first + unit * step);
    let mut on: Vec<usize> = units.filter(|unit| code[*unit] != 0.0).collect();
    on.sort_by(|a, b| code[*b].total_cmp(&code[*a]));
    on.iter().skip(k).for_each(|unit| code[*unit] = 0.0);
}

/// Rounding of shares that add up to 1.
const ROUNDING: f32 = 1e-4;

/// Normalises values to shares that add up to 1; equal shares if nothing is above 0.
fn share_out(group: &mut [f32]) {
    let sum: f32 = group.iter().map(|value| value.max(0.0)).sum();
    if (sum - 1.0).abs() <= ROUNDING && group.iter().all(|value| *value >= 0.0) {
        return;
    }
    let equal = 1.0 / group.len() as f32;
    group.iter_mut().for_each(|value| *value = if sum > 0.0 { value.max(0.0) / sum } else { equal });
}

fn replace_by_nearest(vector: &mut [f32], codebook: &[f32]) {
    let distance =
        |entry: &[f32]| -> f32 { entry.iter().zip(&*vector).map(|(a, b)| (a - b) * (a - b)).sum() };
    let entries = codebook.chunks_exact(vector.len());
    let nearest = entries.map(|entry| (distance(entry), entry)).min_by(|(a, _), (b, _)| a.total_cmp(b));
    if let Some((_, entry)) = nearest {
        vector.copy_from_slice(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_such_as_the_decoder_is_given() {
        let changed = |code: &[f32], change: &dyn Fn(&mut [f32])| {
            let mut code = code.to_vec();
            change(&mut code);
            code
        };
        for (code, k, expected) in [
            ([3.0, -1.0, 2.0, 0.0], 2, [3.0, 0.0, 2.0, 0.0]),
            // Two units are non-zero, one of them negative.
            ([3.0, -1.0, 0.0, 0.0], 2, [3.0, -1.0, 0.0, 0.0]),
            ([1.0, 1.0, 1.0, 0.5], 2, [1.0, 1.0, 0.0, 0.0]),
            ([1.0, 2.0, 3.0, 4.0], 9, [1.0, 2.0, 3.0, 4.0]),
        ] {
            assert_eq!(
                changed(&code, &|code| keep_largest(code, [0, 1, code.len()], k)),
                expected,
                "{code:?} {k}"
            );
        }
        for (group, expected) in [
            ([0.25, 0.25, 0.5], [0.25, 0.25, 0.5]),
            ([2.0, 1.0, 1.0], [0.5, 0.25, 0.25]),
            ([3.0, -1.0, 1.0], [0.75, 0.0, 0.25]),
            ([1.0, -0.5, 0.0], [1.0, 0.0, 0.0]),
            ([0.0, -1.0, 0.0], [1.0 / 3.0; 3]),
        ] {
            assert_eq!(changed(&group, &share_out), expected, "{group:?}");
        }
        let codebook = [0.0, 0.0, 2.0, 0.0, 2.0, 2.0];
        for (vector, expected) in [
            ([0.5, 0.4], [0.0, 0.0]),
            ([1.5, 0.4], [2.0, 0.0]),
            ([9.0, 9.0], [2.0, 2.0]),
            // At equal distance from two entries: the first.
            ([1.0, 0.0], [0.0, 0.0]),
        ] {
            assert_eq!(changed(&vector, &|vector| replace_by_nearest(vector, &codebook)), expected);
        }
    }
}
