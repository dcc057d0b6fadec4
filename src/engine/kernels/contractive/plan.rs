//! Which way the norm of a Jacobian is computed, and in which blocks.

use super::stage::{Block, Stage};
use super::weights::Weights;
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
pub(super) struct Plan {
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

impl Plan {
    /// The plan for at most `capacity` samples in blocks of about `values` values.
    pub fn new(stages: &[Stage], estimator: Estimator, capacity: usize, values: usize) -> Plan {
        let inputs = stages.first().map_or(0, Stage::inputs);
        let outputs = stages.last().map_or(0, Stage::outputs);
        let factors = stages.iter().rev().take_while(|stage| matches!(stage, Stage::Factor(_))).count();
        let diagonal = stages.len() - factors;
        let sum = |stages: &[Stage]| stages.iter().map(Stage::multiply_adds).fold(0, usize::saturating_add);
        let mut plan = Plan {
            way: Way::Pull { diagonal },
            probes: outputs,
            inputs,
            outputs,
            multiply_adds: 0,
            has_gram: false,
            block: (capacity.max(1), 1),
        };
        let is_closed = Plan::is_closed(stages, diagonal);
        let gram = if diagonal > 1 { gram(stages, outputs) } else { None };
        let pull = if is_closed {
            inputs.saturating_mul(outputs)
        } else {
            let (own, below) = match Plan::rows_of(stages, diagonal) {
                Some(weights) => (weights.inputs(), &stages[..diagonal - 1]),
                None => (0, &stages[..diagonal]),
            };
            let below = &below[usize::from(gram.is_some())..];
            outputs.saturating_mul(own.saturating_add(sum(below))).saturating_add(gram.unwrap_or(0))
        };
        let push = inputs.saturating_mul(sum(stages));
        let exact = pull.min(push);
        let random = match estimator {
            Estimator::Exact => None,
            Estimator::Auto => (exact >= EXACT_MULTIPLY_ADDS).then_some(1),
            Estimator::Probes(probes) => Some(probes.max(1) as usize),
        };
        (plan.way, plan.probes, plan.multiply_adds) = match random {
            Some(probes) => (Way::Probe, probes, probes.saturating_mul(sum(stages))),
            None if is_closed || pull <= push => (plan.way, outputs, pull),
            None => (Way::Push, inputs, push),
        };
        if matches!(plan.way, Way::Pull { .. }) && is_closed {
            // One row a sample, whatever the probes.
            plan.probes = 1;
            return plan;
        }
        plan.has_gram = gram.is_some() && matches!(plan.way, Way::Pull { .. });
        let widths = plan.widths(stages).sum::<usize>();
        let rows = (values / widths.max(1)).max(1);
        plan.block = if rows >= plan.probes {
            ((rows / plan.probes.max(1)).clamp(1, capacity.max(1)), plan.probes)
        } else {
            (1, rows)
        };
        plan
    }

    /// Values of a row on each level.
    fn widths<'a>(&self, stages: &'a [Stage]) -> impl Iterator<Item = usize> + use<'a> {
        let lowest = match stages.first() {
            // What would be there is not needed; its place holds `W Wᵀ r` instead.
            Some(first) if self.has_gram => first.outputs(),
            Some(_) | None => self.inputs,
        };
        std::iter::once(lowest).chain(stages.iter().map(Stage::outputs))
    }

    /// Values of `W Wᵀ`, where it is used.
    pub fn gram_len(&self, stages: &[Stage]) -> usize {
        let units = stages.first().map_or(0, Stage::outputs);
        if self.has_gram { units * units } else { 0 }
    }

    /// Whether one row a sample is all there is: factors alone, or above a single dense layer.
    fn is_closed(stages: &[Stage], diagonal: usize) -> bool {
        diagonal == 0 || diagonal == 1 && Plan::rows_of(stages, diagonal).is_some()
    }

    /// The dense weight right below the diagonal, where its rows can be read off.
    pub fn rows_of(stages: &[Stage], diagonal: usize) -> Option<&Weights> {
        match stages.get(diagonal.checked_sub(1)?)? {
            Stage::Weights(weights) if weights.has_rows() => Some(weights),
            Stage::Weights(_)
            | Stage::Kernel(_)
            | Stage::Indexed(_)
            | Stage::Factor(_)
            | Stage::Normed(_) => None,
        }
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
    pub fn sizes(&self, stages: &[Stage]) -> Sizes {
        let (samples, rows) = (self.block.0, self.largest_rows());
        let widths = self.widths(stages);
        let Way::Pull { diagonal } = self.way else {
            return Sizes { levels: widths.map(|width| rows * width).collect(), expanded: 0 };
        };
        let is_closed = Plan::is_closed(stages, diagonal);
        let levels = widths.enumerate().map(|(level, width)| match level {
            0 if is_closed && diagonal > 0 => 0,
            level if level >= diagonal => samples * width,
            _ => rows * width,
        });
        let needs_room = !is_closed && Plan::rows_of(stages, diagonal).is_none();
        Sizes { levels: levels.collect(), expanded: if needs_room { rows * self.outputs } else { 0 } }
    }
}

/// Multiply-adds that the squares of all cotangents take by way of `G = W Wᵀ`, where the first map is a dense weight and
/// that is less work: the square of `Wᵀ r` is `r·(G r)`, and `Σ r rᵀ` is all that the gradient of `W` needs. What is done once
/// for a minibatch counts as if that had [`MINIBATCH`] samples.
fn gram(stages: &[Stage], probes: usize) -> Option<usize> {
    let Stage::Weights(weights) = stages.first()? else { return None };
    let (inputs, units) = (weights.inputs(), weights.outputs());
    let once = units.saturating_mul(units).saturating_mul(inputs) / MINIBATCH;
    let each = probes.saturating_mul(units).saturating_mul(units);
    let plain = probes.saturating_mul(units).saturating_mul(inputs);
    // Two products each, instead of three.
    (once.saturating_add(each).saturating_mul(2) < plain.saturating_mul(3)).then(|| once.saturating_add(each))
}
