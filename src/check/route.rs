//! How the norm of an encoder's Jacobian, a chain of linear maps, is computed: direction, blocks,
//! memory.
//!
//! The engine's contractive penalty follows it; `check` estimates memory with it.

use crate::project::Estimator;

/// [`Estimator::Auto`] is exact below this many multiply-adds per sample.
const EXACT_MULTIPLY_ADDS: usize = 10_000_000;
/// [`Estimator::Affordable`] is exact below this many times the multiply-adds of the encoder: for
/// dense layers only, and for other encoders. A step of the encoder takes three products per
/// weight, and so does the penalty for each row propagated through it.
const AFFORDABLE: (usize, usize) = (3, 6);
/// Total values of all levels of a block: 32 MB.
const BLOCK_VALUES: usize = 8 << 20;
/// Samples of a small minibatch; a constant, so that the route does not depend on the minibatch.
const MINIBATCH: usize = 32;

/// Sizes of one linear map of an encoder, with inputs on the side of the network's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapSizes {
    /// Its kind.
    pub kind: MapKind,
    /// Number of inputs.
    pub inputs: usize,
    /// Number of outputs.
    pub outputs: usize,
    /// Multiply-adds per row in one direction.
    pub multiply_adds: usize,
}

/// A linear map and the memory it needs besides the weights of its layer, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StoredMap {
    /// The map.
    pub map: MapSizes,
    /// For any blocks.
    pub bytes: u64,
    /// Per row of a block.
    pub bytes_per_row: u64,
}

impl StoredMap {
    /// A factor for each of `width` values of `samples` samples, with `arrays` numbers each.
    pub fn factor(width: usize, samples: u64, arrays: u64) -> StoredMap {
        let map = MapSizes { kind: MapKind::Factor, inputs: width, outputs: width, multiply_adds: width };
        let bytes = (width as u64).saturating_mul(samples).saturating_mul(4 * arrays);
        StoredMap { map, bytes, bytes_per_row: 0 }
    }

    /// The sum of two chains of maps with the same input; the second may be empty, that is the
    /// identity. It holds rows twice at the widest level, and before each map of one path.
    pub fn sum(first: &[StoredMap], second: &[StoredMap]) -> StoredMap {
        let all = || first.iter().chain(second);
        let inputs = first.first().map_or(0, |stored| stored.map.inputs);
        let outputs = first.last().map_or(0, |stored| stored.map.outputs);
        let total = |values: &mut dyn Iterator<Item = usize>| values.fold(0, usize::saturating_add);
        let multiply_adds = total(&mut all().map(|stored| stored.map.multiply_adds)).saturating_add(outputs);
        let widest = all().map(|stored| stored.map.outputs).max().unwrap_or(0).max(inputs);
        let levels = [first, second].map(|path| total(&mut path.iter().map(|stored| stored.map.inputs)));
        let rows = (widest.saturating_mul(2)).saturating_add(levels[0].max(levels[1])) as u64;
        StoredMap {
            map: MapSizes { kind: MapKind::Other, inputs, outputs, multiply_adds },
            bytes: all().fold(0, |sum, stored| sum.saturating_add(stored.bytes)),
            bytes_per_row: all()
                .fold(rows.saturating_mul(4), |sum, stored| sum.saturating_add(stored.bytes_per_row)),
        }
    }

    /// Means of `fan` values each, with stored positions.
    pub fn moving(inputs: usize, outputs: usize, fan: usize) -> StoredMap {
        let multiply_adds = outputs.saturating_mul(fan);
        let map = MapSizes { kind: MapKind::Other, inputs, outputs, multiply_adds };
        StoredMap { map, bytes: (multiply_adds as u64).saturating_mul(4), bytes_per_row: 0 }
    }
}

/// The kind of a linear map, as far as it affects how a Jacobian is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapKind {
    /// A dense weight.
    Weights {
        /// Whether the weights of one output are contiguous.
        has_rows: bool,
    },
    /// A factor for each value.
    Factor,
    /// Anything else.
    Other,
}

/// How rows are propagated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JacobianMethod {
    /// Random tangents from the input to the code.
    Probe,
    /// All basis vectors of the input to the code.
    Push,
    /// All basis vectors of the code back to the input.
    Pull {
        /// The level after which there are only factors, so that the Jacobian from there on is
        /// diagonal.
        diagonal: usize,
    },
}

/// How a Jacobian's norm is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Direction and kind of the rows.
    pub method: JacobianMethod,
    /// Rows per sample.
    pub probes: usize,
    /// Values before the first map.
    pub inputs: usize,
    /// Values after the last map.
    pub outputs: usize,
    /// Multiply-adds per sample in one direction.
    pub multiply_adds: usize,
    /// Whether cotangents stop after the first map, a dense weight, whose `W Wᵀ` gives their
    /// squares.
    pub has_gram: bool,
    /// Samples per block, and probes per sample.
    pub block: (usize, usize),
}

/// Lengths of the buffers of one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteSizes {
    /// Rows before each map, and after the last.
    pub levels: Vec<usize>,
    /// A diagonal as a full matrix, if the preceding map needs it.
    pub expanded: usize,
    /// Each of two buffers for the sweep in the other direction.
    pub largest: usize,
    /// One number per row or unit.
    pub sums: usize,
    /// `W Wᵀ` of the first weight, if it is used; there are two of these.
    pub gram: usize,
}

impl Route {
    /// The route for at most `capacity` samples.
    pub fn new(maps: &[MapSizes], estimator: Estimator, capacity: usize) -> Route {
        Route::in_blocks(maps, estimator, capacity, BLOCK_VALUES)
    }

    /// The route in blocks of about `values` values.
    pub fn in_blocks(maps: &[MapSizes], estimator: Estimator, capacity: usize, values: usize) -> Route {
        let inputs = maps.first().map_or(0, |map| map.inputs);
        let outputs = maps.last().map_or(0, |map| map.outputs);
        let factors = maps.iter().rev().take_while(|map| map.kind == MapKind::Factor).count();
        let diagonal = maps.len() - factors;
        let sum =
            |maps: &[MapSizes]| maps.iter().fold(0_usize, |sum, map| sum.saturating_add(map.multiply_adds));
        let mut route = Route {
            method: JacobianMethod::Pull { diagonal },
            probes: outputs,
            inputs,
            outputs,
            multiply_adds: 0,
            has_gram: false,
            block: (capacity.max(1), 1),
        };
        let is_closed = is_closed(maps, diagonal);
        let gram = if diagonal > 1 { gram(maps, outputs) } else { None };
        let pull = if is_closed {
            inputs.saturating_mul(outputs)
        } else {
            let (own, below) = match rows_of(maps, diagonal) {
                Some(weights) => (weights.inputs, &maps[..diagonal - 1]),
                None => (0, &maps[..diagonal]),
            };
            let below = &below[usize::from(gram.is_some())..];
            outputs.saturating_mul(own.saturating_add(sum(below))).saturating_add(gram.unwrap_or(0))
        };
        let push = inputs.saturating_mul(sum(maps));
        let exact = pull.min(push);
        let random = match estimator {
            Estimator::Exact => None,
            Estimator::Auto => (exact >= EXACT_MULTIPLY_ADDS).then_some(1),
            Estimator::Affordable => {
                let is_dense = maps.iter().all(|map| map.kind != MapKind::Other);
                let factor = if is_dense { AFFORDABLE.0 } else { AFFORDABLE.1 };
                (exact >= sum(maps).saturating_mul(factor)).then_some(1)
            }
            Estimator::Probes(probes) => Some(probes.max(1) as usize),
        };
        (route.method, route.probes, route.multiply_adds) = match random {
            Some(probes) => (JacobianMethod::Probe, probes, probes.saturating_mul(sum(maps))),
            None if is_closed || pull <= push => (route.method, outputs, pull),
            None => (JacobianMethod::Push, inputs, push),
        };
        if matches!(route.method, JacobianMethod::Pull { .. }) && is_closed {
            // One row per sample, for any number of probes.
            route.probes = 1;
            return route;
        }
        route.has_gram = gram.is_some() && matches!(route.method, JacobianMethod::Pull { .. });
        let width = route.widths(maps).fold(0, usize::saturating_add);
        let rows = (values / width.max(1)).max(1);
        route.block = if rows >= route.probes {
            ((rows / route.probes.max(1)).clamp(1, capacity.max(1)), route.probes)
        } else {
            (1, rows)
        };
        route
    }

    /// Values per row at each level.
    fn widths<'a>(&self, maps: &'a [MapSizes]) -> impl Iterator<Item = usize> + use<'a> {
        let lowest = match maps.first() {
            // The values there are not needed; `W Wᵀ r` takes their place.
            Some(first) if self.has_gram => first.outputs,
            Some(_) | None => self.inputs,
        };
        std::iter::once(lowest).chain(maps.iter().map(|map| map.outputs))
    }

    /// Rows of the largest block.
    pub fn largest_rows(&self) -> usize {
        self.block.0.saturating_mul(self.block.1)
    }

    /// Blocks of `rows` samples.
    pub fn blocks(&self, rows: usize) -> usize {
        rows.div_ceil(self.block.0.max(1)).saturating_mul(self.probes.div_ceil(self.block.1.max(1)))
    }

    /// Factor on the sum over all rows.
    pub fn share(&self) -> f64 {
        if self.method == JacobianMethod::Probe { 1.0 / self.probes as f64 } else { 1.0 }
    }

    /// Lengths of the buffers.
    pub fn sizes(&self, maps: &[MapSizes]) -> RouteSizes {
        let (samples, rows) = (self.block.0, self.largest_rows());
        let widths = self.widths(maps);
        let (levels, expanded): (Vec<usize>, usize) = match self.method {
            JacobianMethod::Probe | JacobianMethod::Push => {
                (widths.map(|width| rows.saturating_mul(width)).collect(), 0)
            }
            JacobianMethod::Pull { diagonal } => {
                let is_closed = is_closed(maps, diagonal);
                let levels = widths.enumerate().map(|(level, width)| match level {
                    0 if is_closed && diagonal > 0 => 0,
                    level if level >= diagonal => samples.saturating_mul(width),
                    _ => rows.saturating_mul(width),
                });
                let needs_room = !is_closed && rows_of(maps, diagonal).is_none();
                (levels.collect(), if needs_room { rows.saturating_mul(self.outputs) } else { 0 })
            }
        };
        let units = maps.first().map_or(0, |map| map.outputs);
        RouteSizes {
            largest: levels.iter().copied().max().unwrap_or(0).max(expanded),
            levels,
            expanded,
            sums: rows.max(self.outputs),
            gram: if self.has_gram { units.saturating_mul(units) } else { 0 },
        }
    }
}

impl RouteSizes {
    /// Values of all buffers together.
    pub fn values(&self) -> usize {
        let twice = self.largest.saturating_add(self.gram).saturating_mul(2);
        let others = [self.expanded, self.sums, twice];
        self.levels.iter().chain(&others).fold(0, |sum, &len| sum.saturating_add(len))
    }
}

/// Whether one row per sample is enough: for factors only, or after a single dense layer.
fn is_closed(maps: &[MapSizes], diagonal: usize) -> bool {
    diagonal == 0 || diagonal == 1 && rows_of(maps, diagonal).is_some()
}

/// The dense weight right before the diagonal, if its rows can be read directly.
fn rows_of(maps: &[MapSizes], diagonal: usize) -> Option<&MapSizes> {
    maps.get(diagonal.checked_sub(1)?).filter(|map| map.kind == MapKind::Weights { has_rows: true })
}

/// Multiply-adds for the squares of all cotangents by `G = W Wᵀ`, if the first map is a dense
/// weight and this is less work: the square of `Wᵀ r` is `r·(G r)`, and the gradient of `W` needs
/// only `Σ r rᵀ`. Work done once per minibatch is counted for [`MINIBATCH`] samples.
fn gram(maps: &[MapSizes], probes: usize) -> Option<usize> {
    let weights = maps.first().filter(|map| matches!(map.kind, MapKind::Weights { .. }))?;
    let (inputs, units) = (weights.inputs, weights.outputs);
    let once = units.saturating_mul(units).saturating_mul(inputs) / MINIBATCH;
    let each = probes.saturating_mul(units).saturating_mul(units);
    let plain = probes.saturating_mul(units).saturating_mul(inputs);
    // Two products each, instead of three.
    (once.saturating_add(each).saturating_mul(2) < plain.saturating_mul(3)).then(|| once.saturating_add(each))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(inputs: usize, outputs: usize) -> [MapSizes; 2] {
        let kind = MapKind::Weights { has_rows: true };
        let factor = MapSizes { kind: MapKind::Factor, inputs: outputs, outputs, multiply_adds: outputs };
        [MapSizes { kind, inputs, outputs, multiply_adds: inputs * outputs }, factor]
    }

    #[test]
    fn what_costs_more_than_a_few_steps_is_estimated() {
        let check = |maps: &[MapSizes], affordable: bool| {
            let route = Route::new(maps, Estimator::Affordable, 8);
            assert_eq!(route.method != JacobianMethod::Probe, affordable, "{maps:?} {route:?}");
            let own: usize = maps.iter().map(|map| map.multiply_adds).sum();
            assert!(route.multiply_adds < 6 * own, "{maps:?} {route:?}");
            // Unchanged for existing runs.
            assert_ne!(Route::new(maps, Estimator::Auto, 8).method, JacobianMethod::Probe, "{maps:?}");
        };
        // One layer has a closed form.
        check(&weights(784, 64), true);
        check(&[weights(784, 256), weights(256, 64)].concat(), false);
        // Two units are two rows through all layers; a convolution may cost that much, a dense
        // layer may not.
        check(&[weights(100, 100), weights(100, 2)].concat(), true);
        let units = |outputs| {
            let kernel = MapSizes { kind: MapKind::Other, inputs: 300, outputs: 300, multiply_adds: 9000 };
            [&[kernel][..], &weights(300, outputs)].concat()
        };
        check(&units(4), true);
        check(&units(64), false);
    }
}
