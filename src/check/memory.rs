//! Memory of training besides the data. The engine allocates what is estimated here; its tests
//! compare.

use super::cards::loss_parameters;
use super::code::{CodeSizes, code_maps, code_values};
use super::layers::maps_of;
use super::route::{MapSizes, Route, StoredMap};
use super::{Fix, LayerTraining, Plan, Problem, Stage, sizes};
use crate::project::{Bottleneck, Estimator, Optimizer, Penalty, Place, Project, format_bytes};

/// Bytes of an `f32` or an index.
const VALUE: u64 = 4;

/// Reports a plan that does not fit in memory.
pub(super) fn check(plan: &Plan, problems: &mut Vec<Problem>) {
    let (needed, available) = (plan.training_bytes(), plan.facts().available_bytes);
    if needed > available {
        let place = plan.heaviest();
        let message = format!(
            "Training would need about {}, but only {} is free: use fewer units or channels, smaller samples or a smaller batch.",
            format_bytes(needed),
            format_bytes(available)
        );
        let problem = Problem::error(place, message);
        problems.push(match code_fix(plan.design()).filter(|_| place == Place::Code) {
            Some(fix) => problem.with_fix(fix),
            None => problem,
        });
    }
}

/// A fix for a code that compares: samples with a codebook, or a minibatch's codes with each other.
fn code_fix(project: &Project) -> Option<Fix> {
    match project.code.kind {
        Bottleneck::Quantised { entries: 513.., .. } => {
            Some(Fix::new("Use 512 vectors", project, |project| {
                if let Bottleneck::Quantised { entries, .. } = &mut project.code.kind {
                    *entries = 512;
                }
            }))
        }
        Bottleneck::Wasserstein { .. } if project.training.batch_size > 256 => {
            Some(Fix::new("Use a batch of 256", project, |project| project.training.batch_size = 256))
        }
        Bottleneck::Plain
        | Bottleneck::KSparse { .. }
        | Bottleneck::Variational { .. }
        | Bottleneck::ImportanceWeighted { .. }
        | Bottleneck::Wasserstein { .. }
        | Bottleneck::Concrete { .. }
        | Bottleneck::Hashing { .. }
        | Bottleneck::DescriptionLength { .. }
        | Bottleneck::Quantised { .. } => None,
    }
}

impl Plan {
    /// Memory of training besides the data: parameters with gradients, optimizer state and copies,
    /// the activations of a minibatch with their gradients, and buffers of layers, code, penalties
    /// and layer-wise training; in bytes.
    pub fn training_bytes(&self) -> u64 {
        // Input and target with gradients, and the mask of missing values in the target.
        let arrays = 2 * 2 + u64::from(self.design().data.masks_missing());
        let input = (self.shape().features() as u64)
            .saturating_mul(arrays * VALUE)
            .saturating_mul(self.buffer_rows());
        let input = input.saturating_add(if self.design().weighs_features() {
            (2 * VALUE).saturating_mul(self.shape().features() as u64)
        } else {
            0
        });
        self.parts().into_iter().fold(input, |sum, (_, bytes)| sum.saturating_add(bytes))
    }

    /// Memory of the network in inference: parameters, and the activations of some rows; in bytes.
    pub fn inference_bytes(&self) -> u64 {
        let rows = self.inference_rows() as u64;
        let values = |values: u64, rows: u64| values.saturating_mul(rows).saturating_mul(VALUE);
        let stage = |stage: &Stage| {
            let is_decoder = matches!(stage.place, Place::Decoder(_) | Place::Output);
            let rows = rows.saturating_mul(if is_decoder { self.samples() as u64 } else { 1 });
            let own = values(stage.outputs() as u64, rows).saturating_add(values(stage.parameters(), 1));
            own.saturating_add(stage.scratch_bytes(rows))
        };
        let input = values((self.shape().features() as u64).saturating_mul(2), rows);
        self.stages().map(stage).fold(input, u64::saturating_add)
    }

    /// The card that needs most of the memory of training.
    pub(super) fn heaviest(&self) -> Place {
        self.parts().into_iter().max_by_key(|(_, bytes)| *bytes).map_or(Place::Data, |(place, _)| place)
    }

    /// Parts of that memory, except the input's, with the card that each belongs to.
    fn parts(&self) -> Vec<(Place, u64)> {
        let own = loss_parameters(self.design().loss).saturating_mul(self.bytes_per_parameter());
        let stages = self.stages().map(|stage| (stage.place, self.stage_bytes(stage)));
        let others = [
            (Place::Code, self.code_bytes()),
            (Place::Code, self.contractive_bytes()),
            (Place::Code, self.measurement_bytes()),
            (Place::Output, own),
        ];
        stages
            .chain(others.into_iter().chain(self.pretraining_bytes()).filter(|(_, bytes)| *bytes > 0))
            .collect()
    }

    /// Rows in the engine's buffers.
    fn buffer_rows(&self) -> u64 {
        self.batch_rows().max(self.inference_rows()) as u64
    }

    /// Bytes per trainable parameter: value, gradient and moments; a copy of value and moments for
    /// the last finite state and for the checkpoint being written, and of the value for the best
    /// epoch.
    fn bytes_per_parameter(&self) -> u64 {
        let moments = match self.design().training.optimizer {
            Optimizer::Sgd { momentum, .. } => u64::from(momentum != 0.0),
            Optimizer::RmsProp { .. } => 1,
            Optimizer::Adam { .. } | Optimizer::AdamW { .. } => 2,
        };
        VALUE * (2 + moments + 2 * (1 + moments) + 1)
    }

    /// Memory of one stage.
    fn stage_bytes(&self, stage: &Stage) -> u64 {
        let is_decoder = matches!(stage.place, Place::Decoder(_) | Place::Output);
        let rows = self.buffer_rows().saturating_mul(if is_decoder { self.samples() as u64 } else { 1 });
        let outputs = (stage.outputs() as u64).saturating_mul(2 * VALUE).saturating_mul(rows);
        let parameters = stage.parameters().saturating_mul(self.bytes_per_parameter());
        parameters.saturating_add(outputs).saturating_add(stage.scratch_bytes(rows))
    }

    /// Memory of the code besides its projection.
    fn code_bytes(&self) -> u64 {
        self.code_parameters()
            .saturating_mul(self.bytes_per_parameter())
            .saturating_add(self.code_scratch_bytes())
    }

    /// Memory of the code's operations, without the projection and parameters learned by gradients.
    fn code_scratch_bytes(&self) -> u64 {
        let inputs = self.encoder().last().map_or(self.shape(), |stage| stage.output);
        let sizes = CodeSizes {
            numbers: self.code_units() as u64,
            rows: self.buffer_rows(),
            inputs: inputs.features() as u64,
            features: self.shape().features() as u64,
            has_linear_decoder: self.has_linear_decoder(),
        };
        code_values(&self.design().code, &sizes).saturating_mul(VALUE)
    }

    /// Memory for measuring the Jacobian's norm.
    fn measurement_bytes(&self) -> u64 {
        if self.encoder().is_empty() || self.design().code.kind.jumps() {
            0
        } else {
            self.route_bytes(Estimator::Auto, sizes::JACOBIAN_ROWS)
        }
    }

    /// Memory of penalties on the Jacobian.
    fn contractive_bytes(&self) -> u64 {
        let penalties = self.design().regularizers.iter().map(|regularizer| match regularizer.penalty {
            Penalty::Contractive { estimator } => self.route_bytes(estimator, self.buffer_rows() as usize),
            Penalty::L1 | Penalty::L2 | Penalty::Sparsity { .. } => 0,
        });
        penalties.fold(0, u64::saturating_add)
    }

    /// The linear maps from the input to the code.
    fn stored_maps(&self) -> Vec<StoredMap> {
        let rows = self.buffer_rows();
        let stages = maps_of(self.encoder(), rows).into_iter();
        stages.chain(code_maps(&self.design().code, self.code_units(), rows)).collect()
    }

    /// The sizes of these maps.
    #[cfg(test)]
    pub(crate) fn jacobian_maps(&self) -> Vec<MapSizes> {
        self.stored_maps().iter().map(|stored| stored.map).collect()
    }

    /// Memory for a Jacobian's norm, computed for at most `capacity` samples at a time.
    fn route_bytes(&self, estimator: Estimator, capacity: usize) -> u64 {
        let stored = self.stored_maps();
        let maps: Vec<MapSizes> = stored.iter().map(|stored| stored.map).collect();
        let route = Route::new(&maps, estimator, capacity);
        let block = route.largest_rows() as u64;
        let own = stored.iter().fold(0_u64, |sum, stored| {
            sum.saturating_add(stored.bytes).saturating_add(stored.bytes_per_row.saturating_mul(block))
        });
        (route.sizes(&maps).values() as u64).saturating_mul(VALUE).saturating_add(own)
    }

    /// The most memory that layer-wise training needs above what the joint training after it needs:
    /// the gradients of the whole network and the measurement of its Jacobian. Returned with the
    /// layer's card; the next training begins before the memory of the last one is freed.
    fn pretraining_bytes(&self) -> Option<(Place, u64)> {
        let rows = self.buffer_rows();
        let later = self.stages().fold(self.measurement_bytes(), |sum, stage| {
            let outputs = (stage.outputs() as u64).saturating_mul(rows);
            sum.saturating_add(outputs.saturating_add(stage.parameters()).saturating_mul(VALUE))
        });
        let trainings = self.pretraining();
        let takes = |index: usize| {
            let own = self.layer_training_bytes(&trainings[index]);
            let last = index.checked_sub(1).map_or(0, |last| self.layer_training_bytes(&trainings[last]));
            (trainings[index].pair.place, own.saturating_add(last).saturating_sub(later))
        };
        (0..trainings.len()).map(takes).max_by_key(|(_, bytes)| *bytes)
    }

    /// Memory of the training of a single layer.
    fn layer_training_bytes(&self, training: &LayerTraining) -> u64 {
        let Some(autoencoder) = &training.autoencoder else {
            let (inputs, units) = (training.pair.inputs as u64, training.pair.outputs as u64);
            // Weights and their last update, each with copies for the last finite state and the
            // checkpoint; correlations.
            let weights = inputs.saturating_mul(units).saturating_mul(7);
            let biases = inputs.saturating_add(units).saturating_mul(6);
            let row = inputs.saturating_mul(2).saturating_add(units.saturating_mul(3)).saturating_add(1);
            let rows = row.saturating_mul(self.batch_rows() as u64);
            return weights.saturating_add(biases).saturating_add(rows).saturating_mul(VALUE);
        };
        // Its Jacobian is never measured.
        autoencoder.training_bytes().saturating_sub(autoencoder.measurement_bytes())
    }
}
