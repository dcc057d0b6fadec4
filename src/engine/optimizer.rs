use super::EngineError;
use super::kernels::math::first_non_finite;
use super::kernels::threads::Threads;
use super::kernels::update::{Stretch, Update, UpdateShards};
use super::kernels::variable::{Grads, Variable, gradient_list};
use super::parameter::{Parameter, check_names};
use crate::project::{Optimizer as Rule, Training};
use crate::run::Weights;

/// Names of the state in checkpoints, as in `PyTorch`.
const FIRST: &str = "exp_avg.";
const SECOND: &str = "exp_avg_sq.";

/// Moments of all learned parameters, and the update of one step.
pub struct Optimizer {
    rule: Rule,
    weight_decay: f32,
    gradient_clip: Option<f32>,
    first: Vec<Vec<f32>>,
    second: Vec<Vec<f32>>,
    shards: UpdateShards,
}

impl Optimizer {
    /// New state for these parameters; buffers have none.
    pub(super) fn new(training: &Training, parameters: &[Parameter]) -> Optimizer {
        let rule = training.optimizer;
        let (uses_first, uses_second) = match rule {
            Rule::Sgd { momentum, .. } => (momentum != 0.0, false),
            Rule::RmsProp { .. } => (false, true),
            Rule::Adam { .. } | Rule::AdamW { .. } => (true, true),
        };
        let state = |is_used: bool| -> Vec<Vec<f32>> {
            learned(parameters).map(|p| vec![0.0; if is_used { p.len() } else { 0 }]).collect()
        };
        Optimizer {
            rule,
            weight_decay: training.weight_decay,
            gradient_clip: training.gradient_clip,
            first: state(uses_first),
            second: state(uses_second),
            shards: UpdateShards::new(learned(parameters).map(Parameter::len)),
        }
    }

    /// Updates all learned parameters; `step` counts from 1.
    pub(super) fn update(
        &mut self,
        parameters: &[Parameter],
        grads: &mut Grads,
        learning_rate: f32,
        step: u64,
        threads: &Threads,
    ) -> Result<(), EngineError> {
        let mut variables: Vec<_> = learned(parameters).map(|p| p.node.borrow_mut()).collect();
        let shared: Vec<&Variable> = variables.iter().map(|variable| &**variable).collect();
        let mut slopes = gradient_list(grads, &shared)?;
        for (variable, gradient) in shared.iter().zip(&mut slopes) {
            if !variable.has_gradient() {
                // No gradient reached it in this step; that of an older step must not be reused.
                gradient.fill(0.0);
            }
        }
        let state = self.first.iter_mut().zip(&mut self.second);
        let mut stretches: Vec<Stretch<'_>> = learned(parameters)
            .zip(&mut variables)
            .zip(slopes.into_iter().zip(state))
            .map(|((parameter, variable), (gradient, (first, second)))| Stretch {
                weight: variable.values_mut(),
                gradient,
                first,
                second,
                weight_decay: if parameter.is_decayed() { self.weight_decay } else { 0.0 },
            })
            .collect();
        let gradient_scale = self.gradient_clip.map_or(1.0, |limit| {
            // PyTorch's clip_grad_norm_ adds the same small number.
            (f64::from(limit) / (self.shards.gradient_norm(&stretches) + 1e-6)).min(1.0) as f32
        });
        let update = Update { optimizer: self.rule, learning_rate, step, gradient_scale };
        self.shards.apply(&update, threads, &mut stretches);
        Ok(())
    }

    /// A copy of the state, for a checkpoint.
    pub(super) fn state(&self, parameters: &[Parameter]) -> Weights {
        let arrays =
            [(FIRST, &self.first), (SECOND, &self.second)].into_iter().filter(|(_, state)| is_used(state));
        let arrays = arrays.flat_map(|(prefix, state)| {
            learned(parameters).zip(state).map(move |(parameter, values)| parameter.to_array(prefix, values))
        });
        Weights(arrays.collect())
    }

    /// Copies the state over an earlier copy in `state`.
    pub(super) fn copy_state(&self, parameters: &[Parameter], state: &mut Weights) {
        for (prefix, values) in [(FIRST, &self.first), (SECOND, &self.second)] {
            for (parameter, values) in learned(parameters).zip(values) {
                if let Some(array) = state.0.get_mut(&format!("{prefix}{}", parameter.name)) {
                    parameter.export(values, &mut array.values);
                }
            }
        }
    }

    /// A number in the state that is not finite, if any.
    pub(super) fn non_finite(&self) -> Option<f32> {
        self.first.iter().chain(&self.second).find_map(|values| first_non_finite(values))
    }

    /// Whether a saved state matches this optimizer and these parameters, and is finite.
    pub(super) fn check(&self, parameters: &[Parameter], saved: &Weights) -> Result<(), EngineError> {
        let mut used = 0;
        for (prefix, state) in [(FIRST, &self.first), (SECOND, &self.second)] {
            if is_used(state) {
                check_names(learned(parameters), saved, prefix)?;
                used += state.len();
            }
        }
        let found = saved.0.len();
        if found != used {
            return Err(EngineError::Weights(format!("{found} arrays of optimizer state, not {used}")));
        }
        if !saved.is_finite() {
            let message = "some numbers of the optimizer's state are not finite".to_owned();
            return Err(EngineError::Weights(message));
        }
        Ok(())
    }

    /// Restores a saved state that has passed [`Optimizer::check`].
    pub(super) fn restore(&mut self, parameters: &[Parameter], saved: &Weights) {
        for (prefix, state) in [(FIRST, &mut self.first), (SECOND, &mut self.second)] {
            for (parameter, values) in learned(parameters).zip(state) {
                if let Some(array) = saved.0.get(&format!("{prefix}{}", parameter.name)) {
                    parameter.import(&array.values, values);
                }
            }
        }
    }
}

/// The parameters that gradients change.
fn learned(parameters: &[Parameter]) -> impl Iterator<Item = &Parameter> {
    parameters.iter().filter(|parameter| parameter.is_learned())
}

fn is_used(state: &[Vec<f32>]) -> bool {
    state.iter().any(|values| !values.is_empty())
}
