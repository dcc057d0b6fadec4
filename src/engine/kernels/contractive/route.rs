//! Which way the norm of a Jacobian is computed, and in which blocks.

use crate::engine::kernels::jacobian::{Block, LinearMap, Link, Weights};
use crate::project::Estimator;

/// Exact below this many multiply-adds a sample, where it is left to us.
const EXACT_MULTIPLY_ADDS: usize = 10_000_000;
/// Values of all levels of a block together: 32 MB.
pub(super) const BLOCK_VALUES: usize = 8 << 20;

/// Samples of a small minibatch; a number of its own, so that the way does not depend on the minibatch's.
const MINIBATCH: usize = 32;

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Random tangents from the input to the code.
    Probe,
    /// All basis vectors of the input to the code.
    Push,
    /// All basis vectors of the code back to the input.
    Pull {
        /// The level above which there are only factors, so that the Jacobian from there on is diagonal.
        diagonal: usize,
    },
}

/// What was decided.
pub(super) struct Route {
    pub way: Way,
    /// Rows of each sample.
    pub probes: usize,
    pub inputs: usize,
    pub outputs: usize,
    /// For each sample, in one sweep.
    pub multiply_adds: usize,
    /// Whether cotangents stop above the first map, a dense weight, whose `W Wᵀ` does for their squares.
    pub has_gram: bool,
    /// Samples of a block, and probes of each.
    block: (usize, usize),
}

/// Lengths of the buffers of one block.
pub(super) struct Sizes {
    pub levels: Vec<usize>,
    pub expanded: usize,
}

impl Route {
    /// The route for at most `capacity` samples in blocks of about `values` values.
    pub fn new(links: &[Link], estimator: Estimator, capacity: usize, values: usize) -> Route {
        let inputs = links.first().map_or(0, |link| link.map().inputs());
        let outputs = links.last().map_or(0, |link| link.map().outputs());
        let factors = links.iter().rev().take_while(|link| link.map().is_diagonal()).count();
        let diagonal = links.len() - factors;
        let sum = |links: &[Link]| {
            links.iter().map(|link| link.map().multiply_adds()).fold(0, usize::saturating_add)
        };
        let mut route = Route {
            way: Way::Pull { diagonal },
            probes: outputs,
            inputs,
            outputs,
            multiply_adds: 0,
            has_gram: false,
            block: (capacity.max(1), 1),
        };
        let is_closed = Route::is_closed(links, diagonal);
        let gram = if diagonal > 1 { gram(links, outputs) } else { None };
        let pull = if is_closed {
            inputs.saturating_mul(outputs)
        } else {
            let (own, below) = match Route::rows_of(links, diagonal) {
                Some(weights) => (weights.inputs(), &links[..diagonal - 1]),
                None => (0, &links[..diagonal]),
            };
            let below = &below[usize::from(gram.is_some())..];
            outputs.saturating_mul(own.saturating_add(sum(below))).saturating_add(gram.unwrap_or(0))
        };
        let push = inputs.saturating_mul(sum(links));
        let exact = pull.min(push);
        let random = match estimator {
            Estimator::Exact => None,
            Estimator::Auto => (exact >= EXACT_MULTIPLY_ADDS).then_some(1),
            Estimator::Probes(probes) => Some(probes.max(1) as usize),
        };
        (route.way, route.probes, route.multiply_adds) = match random {
            Some(probes) => (Way::Probe, probes, probes.saturating_mul(sum(links))),
            None if is_closed || pull <= push => (route.way, outputs, pull),
            None => (Way::Push, inputs, push),
        };
        if matches!(route.way, Way::Pull { .. }) && is_closed {
            // One row a sample, whatever the probes.
            route.probes = 1;
            return route;
        }
        route.has_gram = gram.is_some() && matches!(route.way, Way::Pull { .. });
        let widths = route.widths(links).sum::<usize>();
        let rows = (values / widths.max(1)).max(1);
        route.block = if rows >= route.probes {
            ((rows / route.probes.max(1)).clamp(1, capacity.max(1)), route.probes)
        } else {
            (1, rows)
        };
        route
    }

    /// Values of a row on each level.
    fn widths<'a>(&self, links: &'a [Link]) -> impl Iterator<Item = usize> + use<'a> {
        let lowest = match links.first() {
            // What would be there is not needed; its place holds `W Wᵀ r` instead.
            Some(first) if self.has_gram => first.map().outputs(),
            Some(_) | None => self.inputs,
        };
        std::iter::once(lowest).chain(links.iter().map(|link| link.map().outputs()))
    }

    /// Values of `W Wᵀ`, where it is used.
    pub fn gram_len(&self, links: &[Link]) -> usize {
        let units = links.first().map_or(0, |link| link.map().outputs());
        if self.has_gram { units * units } else { 0 }
    }

    /// Whether one row a sample is all there is: factors alone, or above a single dense layer.
    fn is_closed(links: &[Link], diagonal: usize) -> bool {
        diagonal == 0 || diagonal == 1 && Route::rows_of(links, diagonal).is_some()
    }

    /// The dense weight right below the diagonal, where its rows can be read off.
    pub fn rows_of(links: &[Link], diagonal: usize) -> Option<&Weights> {
        links.get(diagonal.checked_sub(1)?)?.weights().filter(|weights| weights.has_rows())
    }

    /// Rows of the largest block.
    pub fn largest_rows(&self) -> usize {
        self.block.0 * self.block.1
    }

    /// What the sum over all rows is multiplied by.
    pub fn share(&self) -> f64 {
        if self.way == Way::Probe { 1.0 / self.probes as f64 } else { 1.0 }
    }

    /// Blocks of `rows` samples.
    pub fn blocks(&self, rows: usize) -> usize {
        rows.div_ceil(self.block.0) * self.probes.div_ceil(self.block.1)
    }

    /// One of them.
    pub fn block(&self, rows: usize, index: usize) -> Block {
        let parts = self.probes.div_ceil(self.block.1);
        let (first, probe) = (index / parts * self.block.0, index % parts * self.block.1);
        let samples = self.block.0.min(rows - first);
        Block { first, samples, probe, probes: self.block.1.min(self.probes - probe) }
    }

    /// Blocks of another size, for tests.
    #[cfg(test)]
    pub fn block_of(&mut self, samples: usize, probes: usize) {
        self.block = (samples, probes);
    }

    /// Lengths of the buffers.
    pub fn sizes(&self, links: &[Link]) -> Sizes {
        let (samples, rows) = (self.block.0, self.largest_rows());
        let widths = self.widths(links);
        let Way::Pull { diagonal } = self.way else {
            return Sizes { levels: widths.map(|width| rows * width).collect(), expanded: 0 };
        };
        let is_closed = Route::is_closed(links, diagonal);
        let levels = widths.enumerate().map(|(level, width)| match level {
            0 if is_closed && diagonal > 0 => 0,
            level if level >= diagonal => samples * width,
            _ => rows * width,
        });
        let needs_room = !is_closed && Route::rows_of(links, diagonal).is_none();
        Sizes { levels: levels.collect(), expanded: if needs_room { rows * self.outputs } else { 0 } }
    }
}

/// Multiply-adds that the squares of all cotangents take by way of `G = W Wᵀ`, where the first map is a dense weight and
/// that is less work: the square of `Wᵀ r` is `r·(G r)`, and `Σ r rᵀ` is all that the gradient of `W` needs. What is done once
/// for a minibatch counts as if that had [`MINIBATCH`] samples.
fn gram(links: &[Link], probes: usize) -> Option<usize> {
    let weights = links.first()?.weights()?;
    let (inputs, units) = (weights.inputs(), weights.outputs());
    let once = units.saturating_mul(units).saturating_mul(inputs) / MINIBATCH;
    let each = probes.saturating_mul(units).saturating_mul(units);
    let plain = probes.saturating_mul(units).saturating_mul(inputs);
    // Two products each, instead of three.
    (once.saturating_add(each).saturating_mul(2) < plain.saturating_mul(3)).then(|| once.saturating_add(each))
}
