use super::EngineError;
use super::kernels::threads::Threads;
use super::kernels::update::{Stretch, Update, UpdateShards};
use super::kernels::variable::{Grads, Variable, gradient_list};
use super::network::{Parameter, check_names};
use crate::project::{Optimizer as Rule, Training};
use crate::run::{Array, Weights};

/// Names of the state in checkpoints, after `PyTorch`'s.
const FIRST: &str = "exp_avg.";
const SECOND: &str = "exp_avg_sq.";

/// Moments of all parameters, and the update of one step.
pub struct Optimizer {
    rule: Rule,
    weight_decay: f32,
    gradient_clip: Option<f32>,
    first: Vec<Vec<f32>>,
    second: Vec<Vec<f32>>,
    shards: UpdateShards,
}

impl Optimizer {
    /// Fresh state for these parameters.
    pub(super) fn new(training: &Training, parameters: &[Parameter]) -> Optimizer {
        let rule = training.optimizer;
        let (uses_first, uses_second) = match rule {
            Rule::Sgd { momentum, .. } => (momentum != 0.0, false),
            Rule::RmsProp { .. } => (false, true),
            Rule::Adam { .. } | Rule::AdamW { .. } => (true, true),
        };
        let len = |parameter: &Parameter| parameter.shape.iter().product::<usize>();
        let state = |is_used: bool| -> Vec<Vec<f32>> {
            parameters.iter().map(|p| vec![0.0; if is_used { len(p) } else { 0 }]).collect()
        };
        Optimizer {
            rule,
            weight_decay: training.weight_decay,
            gradient_clip: training.gradient_clip,
            first: state(uses_first),
            second: state(uses_second),
            shards: UpdateShards::new(parameters.iter().map(len)),
        }
    }

    /// Updates all parameters; `step` counts from 1.
    pub(super) fn update(
        &mut self,
        parameters: &[Parameter],
        grads: &mut Grads,
        learning_rate: f32,
        step: u64,
        threads: &Threads,
    ) -> Result<(), EngineError> {
        let mut variables: Vec<_> = parameters.iter().map(|p| p.node.borrow_mut()).collect();
        let shared: Vec<&Variable> = variables.iter().map(|variable| &**variable).collect();
        let mut slopes = gradient_list(grads, &shared)?;
        for (variable, gradient) in shared.iter().zip(&mut slopes) {
            if !variable.has_gradient() {
                // Nothing of this step reached it: an older step's gradient must not be used again.
                gradient.fill(0.0);
            }
        }
        let state = self.first.iter_mut().zip(&mut self.second);
        let mut stretches: Vec<Stretch<'_>> = parameters
            .iter()
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
            [(FIRST, &self.first), (SECOND, &self.second)].into_iter().flat_map(|(prefix, state)| {
                parameters.iter().zip(state).filter(|(_, values)| !values.is_empty()).map(
                    move |(parameter, values)| {
                        let array = Array { shape: parameter.shape.clone(), values: values.clone() };
                        (format!("{prefix}{}", parameter.name), array)
                    },
                )
            });
        Weights(arrays.collect())
    }

    /// Whether a saved state is one of this optimizer's, for these parameters.
    pub(super) fn check(&self, parameters: &[Parameter], saved: &Weights) -> Result<(), EngineError> {
        let mut used = 0;
        for (prefix, state) in [(FIRST, &self.first), (SECOND, &self.second)] {
            if state.iter().any(|values| !values.is_empty()) {
                check_names(parameters, saved, prefix)?;
                used += parameters.len();
            }
        }
        if saved.0.len() == used {
            Ok(())
        } else {
            let found = saved.0.len();
            Err(EngineError::Weights(format!("{found} arrays of optimizer state, not {used}")))
        }
    }

    /// Puts a saved state back that has passed [`Optimizer::check`].
    pub(super) fn restore(&mut self, parameters: &[Parameter], saved: &Weights) {
        for (prefix, state) in [(FIRST, &mut self.first), (SECOND, &mut self.second)] {
            for (parameter, values) in parameters.iter().zip(state) {
                if let Some(array) = saved.0.get(&format!("{prefix}{}", parameter.name)) {
                    values.copy_from_slice(&array.values);
                }
            }
        }
    }
}
