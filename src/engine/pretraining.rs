//! Training layer by layer: each layer learns to reconstruct the output of the layers before it,
//! then the decoder is unrolled from the trained layers (Hinton & Salakhutdinov 2006, Bengio et al.
//! 2007, Vincent et al. 2010).

mod learner;

use super::EngineError;
use super::kernels::draw::Draw;
use super::network::Network;
use crate::check::{LayerTraining, Plan};
use crate::dataset::Dataset;
use crate::dataset::random::{Purpose, Stream};
use crate::project::{Shape, Strategy};
use crate::run::{GreedyProgress, GreedyState, LayerProgress, Weights};

use self::learner::Learner;

/// The layer-wise training of a network.
///
/// Trained layers are part of the network's weights. Every minibatch passes through them to the
/// layer being trained, so that the hidden representation of the whole data set is never stored.
pub(super) struct Pretraining {
    /// Epochs per layer.
    epochs: u32,
    threads: usize,
    /// All layers, from the input to the code.
    trainings: Vec<LayerTraining>,
    learner: Learner,
    progress: LayerProgress,
    /// Rows of the training split in the order of the current epoch.
    order: Vec<u32>,
    /// The layer and epoch that `order` belongs to.
    ordered: Option<(u32, u32)>,
}

/// The result of one step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct GreedyStep {
    /// Squared error of the minibatch, summed over features and averaged over its samples.
    pub error: f64,
    /// Number of samples.
    pub samples: usize,
    /// Learning rate of the step.
    pub learning_rate: f32,
    /// The error per feature over the whole epoch, if the step ended one, with layer and epoch,
    /// counted from 1.
    pub epoch: Option<(u32, u32, f64)>,
    /// Whether all layers are trained.
    pub is_last: bool,
}

/// Weights of values, in the order of the input of the encoder's operation `stage`: pictures become
/// rows channel by channel.
fn in_order(weights: Vec<f32>, network: &Network, stage: usize) -> Vec<f32> {
    let shape = network.plan().shape();
    let (features, channels) = (shape.features().max(1), shape.channels());
    if stage == 0 || !matches!(shape, Shape::Image { .. }) || channels < 2 {
        return weights;
    }
    let pixels = features / channels;
    let mut turned = Vec::with_capacity(weights.len());
    for row in weights.chunks_exact(features) {
        turned.extend((0..features).map(|at| row[at % pixels * channels + at / pixels]));
    }
    turned
}

impl Pretraining {
    /// The layer-wise training that a plan asks for before joint training; `None` if it asks for
    /// none.
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
            learner,
            trainings,
            progress: LayerProgress::default(),
            order: data.split.train.clone(),
            ordered: None,
        }))
    }

    /// Progress of the training.
    pub fn progress(&self) -> GreedyProgress {
        let LayerProgress { layer, epoch, step_in_epoch, .. } = self.progress;
        let layers = self.trainings.len() as u32;
        GreedyProgress { layer: layer + 1, layers, epoch, epochs: self.epochs, step_in_epoch }
    }

    /// One minibatch for the layer being trained.
    ///
    /// # Errors
    /// [`EngineError::Diverged`] if its error is no longer finite, [`EngineError::OutOfMemory`].
    pub fn step(&mut self, network: &mut Network, data: &Dataset) -> Result<GreedyStep, EngineError> {
        let plan = network.plan();
        let (seed, batch) = (plan.design().training.seed, plan.design().training.batch_size);
        self.shuffle(data, seed);
        let LayerProgress { layer, epoch, step_in_epoch, .. } = self.progress;
        let first = step_in_epoch as usize * batch;
        let rows = first..self.order.len().min(first.saturating_add(batch));
        let samples = rows.len();
        network.gather(data, &self.order[rows.clone()], None);
        let steps_per_epoch = self.order.len().div_ceil(batch).max(1) as u64;
        let step = u64::from(epoch) * steps_per_epoch + u64::from(step_in_epoch);
        let pair = &self.trainings[layer as usize].pair;
        let threads = std::rc::Rc::clone(network.threads());
        let input = network.input_of(pair.stage, samples);
        // Inputs of deeper layers are never missing, and their losses are their own.
        let weights = if layer == 0 {
            network.loss_weights(samples).map(|weights| weights.map(|all| in_order(all, network, pair.stage)))
        } else {
            [None, None]
        };
        let moment = learner::Moment {
            draw: Draw { seed, step },
            layer: layer as usize,
            epoch,
            rows: &self.order[rows],
            weights: [weights[0].as_deref(), weights[1].as_deref()],
        };
        let learning_rate = self.learner.learning_rate();
        let error = self.learner.step(&input.borrow().values()[..samples * pair.inputs], moment, &threads)?;
        drop(input);
        if !error.is_finite() {
            return Err(EngineError::Diverged {
                what: format!("the error of layer {}'s own training", self.progress.layer + 1),
                value: error.to_string(),
                step,
                epoch: epoch + 1,
            });
        }
        let progress = &mut self.progress;
        progress.error_sum += error;
        progress.samples += samples as u64;
        progress.step_in_epoch += 1;
        let mut ended = None;
        let mut is_last = false;
        if u64::from(progress.step_in_epoch) == steps_per_epoch {
            let per_feature = progress.error_sum / progress.samples.max(1) as f64 / pair.inputs.max(1) as f64;
            ended = Some((layer + 1, epoch + 1, per_feature));
            is_last = self.end_epoch(network, step)?;
        }
        let error = error / samples.max(1) as f64;
        Ok(GreedyStep { error, samples, learning_rate, epoch: ended, is_last })
    }

    /// Everything needed to resume.
    pub fn state(&self) -> GreedyState {
        GreedyState { progress: self.progress.clone(), arrays: self.learner.state() }
    }

    /// Restores a state of the same plan and data.
    ///
    /// # Errors
    /// [`EngineError::Weights`] if it does not match, [`EngineError::OutOfMemory`]; then nothing is
    /// changed.
    pub fn restore(&mut self, plan: &Plan, state: &GreedyState) -> Result<(), EngineError> {
        let LayerProgress { layer, epoch, step_in_epoch, .. } = state.progress;
        let layer = layer as usize;
        let steps_per_epoch = self.order.len().div_ceil(plan.design().training.batch_size.max(1));
        let is_within = epoch < self.epochs && (step_in_epoch as usize) < steps_per_epoch;
        let Some(training) = self.trainings.get(layer).filter(|_| is_within) else {
            let message = format!(
                "step {step_in_epoch} of epoch {epoch} of layer {} is beyond their training",
                layer + 1
            );
            return Err(EngineError::Weights(message));
        };
        if !state.arrays.is_finite() {
            return Err(EngineError::Weights(format!("the state of layer {} is not finite", layer + 1)));
        }
        let mut learner = Learner::new(plan, training, layer, self.threads)?;
        learner.restore(&state.arrays)?;
        (self.learner, self.progress, self.ordered) = (learner, state.progress.clone(), None);
        Ok(())
    }

    /// Whether everything the layer has learned is finite.
    pub fn is_finite(&self) -> bool {
        self.learner.state().is_finite()
    }

    /// Copies the trained layer into the network at the end of its last epoch, and starts the next
    /// layer; returns whether there is none.
    fn end_epoch(&mut self, network: &mut Network, step: u64) -> Result<bool, EngineError> {
        if !self.is_finite() {
            // The last update made a weight infinite or NaN; the error before it does not show
            // that.
            return Err(EngineError::Diverged {
                what: format!("a weight of layer {}", self.progress.layer + 1),
                value: f32::NAN.to_string(),
                step,
                epoch: self.progress.epoch + 1,
            });
        }
        let LayerProgress { layer, epoch, .. } = self.progress;
        self.progress = LayerProgress { layer, epoch: epoch + 1, ..LayerProgress::default() };
        if self.progress.epoch < self.epochs {
            return Ok(false);
        }
        self.unroll(network)?;
        let next = layer + 1;
        let Some(training) = self.trainings.get(next as usize) else { return Ok(true) };
        self.learner = Learner::new(network.plan(), training, next as usize, self.threads)?;
        self.progress = LayerProgress { layer: next, ..LayerProgress::default() };
        Ok(false)
    }

    /// Copies W and c to the encoder's layer, Wᵀ and b to the decoder's.
    fn unroll(&self, network: &mut Network) -> Result<(), EngineError> {
        let pair = &self.trainings[self.progress.layer as usize].pair;
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

    /// Shuffles the training rows for the current epoch.
    fn shuffle(&mut self, data: &Dataset, seed: u64) {
        let now = (self.progress.layer, self.progress.epoch);
        if self.ordered != Some(now) {
            self.order.copy_from_slice(&data.split.train);
            let (epoch, layer) = (u64::from(now.1), u64::from(now.0) + 1);
            Stream::new(seed, Purpose::Shuffle, epoch, layer).shuffle(&mut self.order);
            self.ordered = Some(now);
        }
    }
}
