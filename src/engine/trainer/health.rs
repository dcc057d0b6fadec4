//! Health of the network in training.

use super::Trainer;
use crate::engine::EngineError;
use crate::engine::kernels::draw::Draw;
use crate::engine::kernels::math::vectorised;
use crate::engine::kernels::variable::{Grads, Variable, gradient_list};
use crate::engine::parameter::{Parameter, Role};
use crate::project::Place;
use crate::run::{GradientHealth, Health};

/// Most rows used to measure a network's health.
const HEALTH_ROWS: usize = 512;

/// The gradients of every layer's weights, measured once per epoch within a training step, from
/// values the step computes anyway.
#[derive(Default)]
pub(super) struct GradientMonitor {
    layers: Vec<GradientHealth>,
}

impl GradientMonitor {
    /// Measures the gradients that a backward pass has just computed.
    pub(super) fn measure(&mut self, parameters: &[Parameter], grads: &mut Grads) -> Result<(), EngineError> {
        let weights: Vec<&Parameter> = parameters.iter().filter(|own| own.role == Role::Weight).collect();
        let nodes: Vec<_> = weights.iter().map(|own| own.node.borrow()).collect();
        let variables: Vec<&Variable> = nodes.iter().map(|node| &**node).collect();
        let slopes = gradient_list(grads, &variables)?;
        self.layers.resize_with(weights.len(), GradientHealth::default);
        for ((layer, own), (variable, slope)) in
            self.layers.iter_mut().zip(&weights).zip(variables.iter().zip(slopes))
        {
            if layer.name.is_empty() {
                let is_alone = weights.iter().filter(|other| other.place == own.place).count() == 1;
                layer.name = if is_alone { own.place.to_string() } else { name_of(own) };
            }
            // If no gradient reached it in this step, that of an older step is left.
            layer.gradient = if variable.has_gradient() { root_mean_square(slope) } else { 0.0 };
            layer.weight = root_mean_square(variable.values());
        }
        Ok(())
    }
}

/// Name of one of several weights of a card: the card's name, and its part
/// (`encoder layer 1, conv2`).
fn name_of(weight: &Parameter) -> String {
    // Names of layers begin with their stack and number, others with their card.
    let segments = match weight.place {
        Place::Encoder(_) | Place::Decoder(_) => 2,
        Place::Data | Place::Corruption | Place::Code | Place::Output | Place::Training => 1,
    };
    let own = weight.name.splitn(segments + 1, '.').last().unwrap_or_default();
    match own.strip_suffix("weight").map(|part| part.trim_end_matches('.')) {
        Some("") => weight.place.to_string(),
        Some(part) => format!("{}, {}", weight.place, part.replace('_', " ")),
        None => format!("{}, {}", weight.place, own.replace('_', " ")),
    }
}

fn root_mean_square(values: &[f32]) -> f64 {
    // Several sums at a time, so that the loop vectorises.
    let mut sums = [0.0_f64; 16];
    let chunks = values.chunks_exact(sums.len());
    let rest: f64 = chunks.remainder().iter().map(|value| f64::from(*value).powi(2)).sum();
    vectorised(
        #[inline(always)]
        || {
            for chunk in chunks {
                for (sum, value) in sums.iter_mut().zip(chunk) {
                    *sum += f64::from(*value).powi(2);
                }
            }
        },
    );
    ((sums.iter().sum::<f64>() + rest) / values.len().max(1) as f64).sqrt()
}

impl Trainer {
    /// The network's current health, on some rows outside the training split; gradients are those
    /// of the last epoch this trainer ended.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn health(&mut self) -> Result<Health, EngineError> {
        let split = &self.data.split;
        let rows = if split.validation.is_empty() { &split.train } else { &split.validation };
        let stride = rows.len().div_ceil(HEALTH_ROWS).max(1);
        let rows: Vec<u32> = rows.iter().copied().step_by(stride).collect();
        let moment = self.moment(Draw { seed: self.design().training.seed, step: u64::MAX });
        let health = self.network.health(&self.data, &rows, self.progress.epoch, moment)?;
        Ok(Health { gradients: self.gradients.layers.clone(), ..health })
    }
}
