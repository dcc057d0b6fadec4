//! Training layer by layer: each learns to reconstruct what the layers before it hand on, then the decoder is unrolled from
//! what they have learned (Hinton & Salakhutdinov 2006, Bengio et al. 2007, Vincent et al. 2010).

mod learner;

use super::EngineError;
use super::kernels::draw::Draw;
use super::network::Network;
use crate::check::{LayerTraining, Plan};
use crate::dataset::Dataset;
use crate::dataset::random::{Purpose, Stream};
use crate::project::Strategy;
use crate::run::{GreedyProgress, GreedyState, Weights};

use self::learner::Learner;

/// The layers of a network on their way through their own trainings.
///
/// Layers that have learned are in the network's weights. The one that learns sees every minibatch through them, so that no
/// hidden representation of all data is ever held.
pub(super) struct Pretraining {
    /// Epochs of each layer.
    epochs: u32,
    threads: usize,
    /// All layers, from the input to the code.
    trainings: Vec<LayerTraining>,
    /// The layer that learns.
    layer: usize,
    learner: Learner,
    epoch: u32,
    step_in_epoch: u32,
    error_sum: f64,
    samples: u64,
    /// Rows of the training split in the order of the epoch under way.
    order: Vec<u32>,
    /// The layer and epoch `order` belongs to.
    ordered: Option<(usize, u32)>,
}

/// What one step did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct GreedyStep {
    /// Squared error of the minibatch, summed over features and averaged over its samples.
    pub error: f64,
    /// Samples in it.
    pub samples: usize,
    /// Learning rate it was taken with.
    pub learning_rate: f32,
    /// The error per feature over the whole epoch, where the step ended one: of this layer and epoch, counted from 1.
    pub epoch: Option<(u32, u32, f64)>,
    /// Whether all layers have learned.
    pub is_last: bool,
}

impl Pretraining {
    /// The trainings a plan asks for before the layers are trained together; `None` where it asks for none.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn new(plan: &Plan, data: &Dataset, threads: usize) -> Result<Option<Pretraining>, EngineError> {
        let Strategy::LayerWise { epochs, .. } = plan.design().training.strategy else {
            return Ok(None);
        };
        let trainings = plan.pretraining().to_vec();
        let Some(first) = trainings.first() else { return Ok(None) };
        let learner = Learner::new(plan, first, 0, threads)?;
        Ok(Some(Pretraining {
            epochs,
            threads,
            layer: 0,
            learner,
            trainings,
            epoch: 0,
            step_in_epoch: 0,
            error_sum: 0.0,
            samples: 0,
            order: data.split.train.clone(),
            ordered: None,
        }))
    }

    /// How far it is.
    pub fn progress(&self) -> GreedyProgress {
        GreedyProgress {
            layer: self.layer as u32 + 1,
            layers: self.trainings.len() as u32,
            epoch: self.epoch,
            epochs: self.epochs,
            step_in_epoch: self.step_in_epoch,
        }
    }

    /// One minibatch for the layer that learns.
    ///
    /// # Errors
    /// [`EngineError::Diverged`] where its error is no longer finite, [`EngineError::OutOfMemory`].
    pub fn step(&mut self, network: &mut Network, data: &Dataset) -> Result<GreedyStep, EngineError> {
        let plan = network.plan();
        let (seed, batch) = (plan.design().training.seed, plan.design().training.batch_size);
        self.shuffle(data, seed);
        let first = self.step_in_epoch as usize * batch;
        let rows = first..self.order.len().min(first.saturating_add(batch));
        let samples = rows.len();
        network.gather(data, &self.order[rows.clone()], None);
        let steps_per_epoch = self.order.len().div_ceil(batch).max(1) as u64;
        let step = u64::from(self.epoch) * steps_per_epoch + u64::from(self.step_in_epoch);
        let pair = &self.trainings[self.layer].pair;
        let threads = std::rc::Rc::clone(network.threads());
        let input = network.input_of(pair.stage, samples);
        let moment = learner::Moment {
            draw: Draw { seed, step },
            layer: self.layer,
            epoch: self.epoch,
            rows: &self.order[rows],
        };
        let error = self.learner.step(&input.borrow().values()[..samples * pair.inputs], moment, &threads)?;
        drop(input);
        if !error.is_finite() {
            return Err(EngineError::Diverged {
                what: "the error of a layer's own training",
                value: error.to_string(),
                step,
                epoch: self.epoch + 1,
            });
        }
        self.error_sum += error;
        self.samples += samples as u64;
        self.step_in_epoch += 1;
        let learning_rate = self.learner.learning_rate();
        let mut epoch = None;
        let mut is_last = false;
        if u64::from(self.step_in_epoch) == steps_per_epoch {
            let per_feature = self.error_sum / self.samples.max(1) as f64 / pair.inputs.max(1) as f64;
            epoch = Some((self.layer as u32 + 1, self.epoch + 1, per_feature));
            is_last = self.end_epoch(network, step)?;
        }
        let error = error / samples.max(1) as f64;
        Ok(GreedyStep { error, samples, learning_rate, epoch, is_last })
    }

    /// Everything needed to go on.
    pub fn state(&self) -> GreedyState {
        GreedyState {
            layer: self.layer as u32,
            epoch: self.epoch,
            step_in_epoch: self.step_in_epoch,
            error_sum: self.error_sum,
            samples: self.samples,
            arrays: self.learner.state(),
        }
    }

    /// Goes back to a state of the same plan and data; what is wrong with it where it is of others.
    ///
    /// # Errors
    /// [`EngineError::Weights`], [`EngineError::OutOfMemory`]; nothing is changed then.
    pub fn restore(&mut self, plan: &Plan, state: &GreedyState) -> Result<(), EngineError> {
        let layer = state.layer as usize;
        let steps_per_epoch = self.order.len().div_ceil(plan.design().training.batch_size.max(1));
        let Some(training) = self
            .trainings
            .get(layer)
            .filter(|_| state.epoch < self.epochs && (state.step_in_epoch as usize) < steps_per_epoch)
        else {
            let message = format!(
                "step {} of epoch {} of layer {} is beyond their training",
                state.step_in_epoch,
                state.epoch,
                layer + 1
            );
            return Err(EngineError::Weights(message));
        };
        if !state.arrays.is_finite() {
            return Err(EngineError::Weights(format!("the state of layer {} is not finite", layer + 1)));
        }
        let mut learner = Learner::new(plan, training, layer, self.threads)?;
        learner.restore(&state.arrays)?;
        (self.layer, self.learner) = (layer, learner);
        (self.epoch, self.step_in_epoch) = (state.epoch, state.step_in_epoch);
        (self.error_sum, self.samples, self.ordered) = (state.error_sum, state.samples, None);
        Ok(())
    }

    /// Whether all that the layer has learned is finite.
    pub fn is_finite(&self) -> bool {
        self.learner.state().is_finite()
    }

    /// Hands what a layer has learned to the network, and turns to the next; says whether there is none.
    fn end_epoch(&mut self, network: &mut Network, step: u64) -> Result<bool, EngineError> {
        if !self.is_finite() {
            // Its last update has spoilt what the error before it did not show.
            return Err(EngineError::Diverged {
                what: "a weight of the layer",
                value: f32::NAN.to_string(),
                step,
                epoch: self.epoch + 1,
            });
        }
        self.epoch += 1;
        (self.step_in_epoch, self.error_sum, self.samples) = (0, 0.0, 0);
        if self.epoch < self.epochs {
            return Ok(false);
        }
        self.unroll(network)?;
        if self.layer + 1 == self.trainings.len() {
            return Ok(true);
        }
        let plan = network.plan();
        let next = self.layer + 1;
        let learner = Learner::new(plan, &self.trainings[next], next, self.threads)?;
        (self.layer, self.epoch, self.learner) = (next, 0, learner);
        Ok(false)
    }

    /// W and c to the encoder's layer, Wᵀ and b to the decoder's.
    fn unroll(&self, network: &mut Network) -> Result<(), EngineError> {
        let pair = &self.trainings[self.layer].pair;
        let learned = self.learner.learned();
        let mut weights: Weights = network.weights();
        for (name, values) in [
            (format!("{}.weight", pair.encoder), learned.encoder_weight),
            (format!("{}.bias", pair.encoder), learned.encoder_bias),
            (format!("{}.weight", pair.decoder), learned.decoder_weight),
            (format!("{}.bias", pair.decoder), learned.decoder_bias),
        ] {
            match weights.0.get_mut(&name) {
                Some(array) if array.values.len() == values.len() => array.values = values,
                Some(_) | None => return Err(EngineError::Weights(format!("{name} cannot be unrolled"))),
            }
        }
        network.load(&weights)
    }

    /// Puts the training rows into the order of the epoch under way.
    fn shuffle(&mut self, data: &Dataset, seed: u64) {
        let now = (self.layer, self.epoch);
        if self.ordered != Some(now) {
            self.order.copy_from_slice(&data.split.train);
            let (epoch, layer) = (u64::from(self.epoch), self.layer as u64 + 1);
            Stream::new(seed, Purpose::Shuffle, epoch, layer).shuffle(&mut self.order);
            self.ordered = Some(now);
        }
    }
}
