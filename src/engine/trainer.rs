mod health;
mod rate_search;

pub use rate_search::{RateCurve, RatePoint};

use std::sync::Arc;
use std::time::Instant;

use self::health::GradientMonitor;
use super::EngineError;
use super::kernels::draw::Draw;
use super::kernels::pass::Moment;
use super::kernels::variable::Grads;
use super::minibatch::Noise;
use super::network::{Evaluation, Network};
use super::optimizer::Optimizer;
use super::parameter::check_names;
use super::pretraining::{GreedyStep, Pretraining};
use crate::check::Plan;
use crate::dataset::random::{Purpose, Stream};
use crate::dataset::{Dataset, Subset};
use crate::project::{Strategy, learning_rate};
use crate::run::{
    Attempt, Best, Checkpoint, Edit, EpochRecord, GreedyProgress, GreedyRecord, GreedyState, Kept, LossSums,
    Losses, Probe, Restart, Setting, Terms, TrainerProgress,
};

/// Trains one network, one minibatch at a time.
///
/// Everything is synchronous: the caller (a test, a bench, the command line, a worker) decides
/// after each step whether to continue. The result depends on plan, data and recorded edits only,
/// not on the number of threads.
pub struct Trainer {
    data: Arc<Dataset>,
    network: Network,
    optimizer: Optimizer,
    /// Layer-wise training, until it is done.
    pretraining: Option<Pretraining>,
    threads: usize,
    grads: Option<Grads>,
    /// Gradients on the last minibatch of an epoch.
    gradients: GradientMonitor,
    /// Rows of the training split in the order of the current epoch.
    order: Vec<u32>,
    /// The epoch that `order` belongs to.
    ordered_epoch: Option<u32>,
    batch_size: usize,
    epochs: u32,
    progress: TrainerProgress,
    best: Option<Best>,
    stopped_early: bool,
    /// The state restored if the run diverges: the end of the last finite epoch, or the checkpoint
    /// it resumed from. Best epoch and settings are kept: training does not change them in between.
    finite: Checkpoint,
}

/// The result of one step.
#[derive(Clone, Debug, PartialEq)]
pub struct StepReport {
    /// Loss of the minibatch: summed over features, averaged over its samples.
    pub loss: f64,
    /// Number of samples.
    pub samples: usize,
    /// Learning rate of the step.
    pub learning_rate: f32,
    /// The epoch's record, if the step ended one.
    pub epoch: Option<EpochRecord>,
    /// The record of a single layer's epoch, if the step ended one.
    pub greedy: Option<GreedyRecord>,
    /// Set if the epoch ended an attempt without a choice and another one begins.
    pub restart: Option<Restart>,
}

impl Trainer {
    /// A trainer at the start of a run.
    ///
    /// # Errors
    /// [`EngineError::DataShape`] if the data do not match the plan, [`EngineError::OutOfMemory`].
    pub fn new(plan: &Plan, data: Arc<Dataset>, threads: usize) -> Result<Trainer, EngineError> {
        let (expected, found) = (plan.shape().features(), data.shape.features());
        if expected != found || data.split.train.is_empty() {
            return Err(EngineError::DataShape { expected, found });
        }
        if let Some(fault) = data.weight_fault(&plan.design().feature_weights) {
            return Err(EngineError::FeatureWeights(fault));
        }
        let network = Network::new(plan, threads)?;
        network.start_from(&data);
        let training = &plan.design().training;
        let optimizer = Optimizer::new(training, network.parameters());
        let pretraining = Pretraining::new(plan, &data, threads)?;
        let progress = TrainerProgress::new(network.terms(), training.learning_rate);
        let finite = Checkpoint {
            progress: progress.clone(),
            weights: Arc::new(network.weights()),
            moments: optimizer.state(network.parameters()),
            best: None,
            pretraining: pretraining.as_ref().map(Pretraining::state),
        };
        Ok(Trainer {
            order: data.split.train.clone(),
            ordered_epoch: None,
            batch_size: training.batch_size.min(data.split.train.len()),
            epochs: training.epochs,
            progress,
            best: None,
            stopped_early: false,
            finite,
            grads: Some(Grads::leaky()),
            gradients: GradientMonitor::default(),
            optimizer,
            pretraining,
            threads,
            network,
            data,
        })
    }

    /// Takes one step: forward, backward and update. The last step of an epoch also validates.
    ///
    /// # Errors
    /// [`EngineError::Diverged`] if the loss, or at the end of an epoch a weight or moment, is not
    /// finite. The trainer is then restored to the end of the last finite epoch, or to a later
    /// checkpoint that it resumed from.
    pub fn step(&mut self) -> Result<StepReport, EngineError> {
        self.step_while(&|| true)
    }

    /// [`Trainer::step`] that postpones the validation once `should_continue`, called between its
    /// blocks, returns false. The epoch is then not over, and can be resumed from there.
    ///
    /// # Errors
    /// Those of [`Trainer::step`].
    pub fn step_while(&mut self, should_continue: &dyn Fn() -> bool) -> Result<StepReport, EngineError> {
        let start = Instant::now();
        if self.pretraining.is_some() {
            return self.greedy_step(start);
        }
        let rate = self.learning_rate_at(self.progress.step);
        let (loss, samples) = if self.progress.step_in_epoch < self.steps_per_epoch() {
            self.minibatch_step(rate)?
        } else {
            let sums = &self.progress.sums;
            (sums.losses.total() / sums.samples.max(1) as f64, 0)
        };
        let ends_epoch = self.progress.step_in_epoch == self.steps_per_epoch();
        let epoch = if ends_epoch { self.end_epoch(start, should_continue)? } else { None };
        if epoch.is_none() {
            self.progress.seconds += start.elapsed().as_secs_f64();
        }
        let restart = if epoch.is_some() { self.try_again()? } else { None };
        Ok(StepReport { loss, samples, learning_rate: rate, epoch, greedy: None, restart })
    }

    /// Trains on the next minibatch; returns its loss, averaged over its samples, and their number.
    fn minibatch_step(&mut self, rate: f32) -> Result<(f64, usize), EngineError> {
        self.shuffle();
        let minibatch = self.minibatch();
        let samples = minibatch.len();
        self.network.gather(&self.data, &self.order[minibatch], self.training_noise());

        let seed = self.design().training.seed;
        let grads = self.grads.take().unwrap_or_else(Grads::leaky);
        let draw = Draw { seed, step: self.progress.step };
        let moment = self.moment(draw);
        let (squared_error, mut grads) = self.network.forward_backward(samples, moment, grads)?;
        let loss = self.network.losses().total() / samples as f64;
        if !loss.is_finite() {
            return Err(self.diverged("the loss", loss));
        }
        let threads = std::rc::Rc::clone(self.network.threads());
        let ends_epoch = self.progress.step_in_epoch + 1 == self.steps_per_epoch();
        let parameters = self.network.parameters();
        let step = self.attempt().step(self.progress.step, self.steps_per_epoch()) + 1;
        if ends_epoch {
            self.gradients.measure(parameters, &mut grads)?;
        }
        self.optimizer.update(parameters, &mut grads, rate, step, &threads)?;
        self.grads = Some(grads);
        self.network.after_step(draw);

        self.progress.sums.add(self.network.losses(), squared_error, samples);
        self.progress.end_step();
        Ok((loss, samples))
    }

    /// One step of a single layer's own training, which comes before the network's.
    fn greedy_step(&mut self, start: Instant) -> Result<StepReport, EngineError> {
        let step = self.pretraining.as_mut().map(|greedy| greedy.step(&mut self.network, &self.data));
        let step = match step.transpose() {
            Ok(step) => step.unwrap_or_default(),
            Err(error) => {
                self.restore_finite();
                return Err(error);
            }
        };
        self.progress.seconds += start.elapsed().as_secs_f64();
        let seconds = self.progress.seconds;
        let greedy = step.epoch.map(|(layer, epoch, error)| GreedyRecord { layer, epoch, error, seconds });
        if step.is_last {
            self.pretraining = None;
        }
        if greedy.is_some() {
            self.keep_finite();
        }
        let GreedyStep { error: loss, samples, learning_rate, .. } = step;
        Ok(StepReport { loss, samples, learning_rate, epoch: None, greedy, restart: None })
    }

    /// Restarts after an attempt without a choice: new weights, twice the epochs.
    fn try_again(&mut self) -> Result<Option<Restart>, EngineError> {
        if self.progress.epoch != self.attempt().end() {
            return Ok(None);
        }
        let Some(mean_max) = self.network.undecided(self.attempt()) else { return Ok(None) };
        self.progress.attempt += 1;
        let plan = self.network.plan();
        let weights = Network::fresh_weights(plan, self.progress.attempt)?;
        self.optimizer = Optimizer::new(&plan.design().training, self.network.parameters());
        self.network.load(&weights)?;
        self.network.start_from(&self.data);
        self.epochs = self.epochs.max(self.attempt().end());
        (self.best, self.progress.stale_epochs, self.stopped_early) = (None, 0, false);
        self.keep_finite();
        let TrainerProgress { step, epoch, attempt, .. } = self.progress;
        Ok(Some(Restart { step, epoch, attempt: attempt + 1, mean_max, epochs: self.epochs }))
    }

    /// Whether the last epoch is over, or early stopping has ended the run.
    pub fn is_done(&self) -> bool {
        self.pretraining.is_none() && (self.progress.epoch >= self.epochs || self.stopped_early)
    }

    /// Progress of layer-wise training; `None` when it is over, or if there is none.
    pub fn greedy(&self) -> Option<GreedyProgress> {
        self.pretraining.as_ref().map(Pretraining::progress)
    }

    /// Epochs of layer-wise training, summed over the layers, even after it is over.
    pub fn greedy_epochs(&self) -> u32 {
        match self.design().training.strategy {
            Strategy::Joint => 0,
            Strategy::LayerWise { epochs, .. } => {
                epochs.saturating_mul(self.network.plan().pretraining().len() as u32)
            }
        }
    }

    /// Names of the loss terms.
    pub fn terms(&self) -> &Terms {
        self.network.terms()
    }

    /// Finished epochs.
    pub fn epoch(&self) -> u32 {
        self.progress.epoch
    }

    /// Epochs to train in all.
    pub fn epochs(&self) -> u32 {
        self.epochs
    }

    /// Steps over the whole run.
    pub fn steps(&self) -> u64 {
        self.progress.step
    }

    /// Steps taken in the current epoch.
    pub fn step_in_epoch(&self) -> u32 {
        self.progress.step_in_epoch
    }

    /// Steps per epoch.
    pub fn steps_per_epoch(&self) -> u32 {
        let (rows, batch) = (self.order.len(), self.batch_size);
        // A single sample cannot be compared with others: it joins the previous minibatch.
        let joins = rows > batch && rows % batch == 1 && self.network.plan().compares_samples();
        (rows.div_ceil(batch) - usize::from(joins)) as u32
    }

    /// Training time so far, in seconds.
    pub fn seconds(&self) -> f64 {
        self.progress.seconds
    }

    /// Learning rate of the next step.
    pub fn learning_rate(&self) -> f32 {
        self.learning_rate_at(self.progress.step)
    }

    fn learning_rate_at(&self, step: u64) -> f32 {
        let per_epoch = u64::from(self.steps_per_epoch());
        let step = self.attempt().scheduled_step(step, self.steps_per_epoch());
        learning_rate(&self.design().training, self.progress.learning_rate, step, per_epoch)
    }

    /// Changes a setting before the next step and returns the edit to record with the run.
    pub fn apply(&mut self, setting: Setting) -> Edit {
        match setting {
            Setting::LearningRate(rate) => self.progress.learning_rate = rate,
            Setting::Epochs(epochs) => {
                // A request for more epochs overrides early stopping.
                if epochs > self.epochs || self.stopped_early {
                    (self.stopped_early, self.progress.stale_epochs) = (false, 0);
                }
                self.epochs = epochs;
            }
        }
        Edit { step: self.progress.step, setting }
    }

    /// The network in its current state.
    pub fn network(&mut self) -> &mut Network {
        &mut self.network
    }

    /// Loss and error on one split, with clean inputs.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn evaluate(&mut self, subset: Subset) -> Result<Evaluation, EngineError> {
        self.network.evaluate(&self.data, self.data.split.rows(subset), None)
    }

    /// The network's current outputs for the probe, whose corruption is the same in every epoch.
    pub fn run_probe(&mut self, probe: &Probe) -> Kept {
        let corruption = self.design().corruption;
        let is_corrupted = corruption.corrupts();
        let noise = is_corrupted.then(|| self.noise(Purpose::ProbeCorruption, 0));
        let features = self.data.shape.features();
        let (mut corrupted, mut reconstructions) = (Vec::new(), Vec::new());
        for rows in probe.picture_rows.chunks(self.network.capacity()) {
            self.network.gather(&self.data, rows, noise);
            let seen = self.network.last_input(rows.len());
            reconstructions.extend(self.network.reconstruct(&seen));
            if is_corrupted {
                corrupted.extend(seen);
            }
        }
        let mut codes = Vec::new();
        let mut clean = vec![0.0; self.network.capacity() * features];
        for rows in probe.code_rows.chunks(self.network.capacity()) {
            let clean = &mut clean[..rows.len() * features];
            self.data.gather(rows, clean);
            codes.extend(self.network.encode(clean));
        }
        let code_units = self.network.plan().code_units();
        Kept { epoch: self.progress.epoch, code_units, codes, corrupted, reconstructions }
    }

    /// Everything needed to resume exactly.
    ///
    /// It is always finite: if an update has just made weights or moments infinite, which is
    /// reported by the next step or at the end of the epoch, it is the last finite state.
    pub fn snapshot(&self) -> Checkpoint {
        let best = self.best.clone();
        if self.non_finite().is_some() {
            return Checkpoint { progress: self.finite_progress(&self.finite), best, ..self.finite.clone() };
        }
        Checkpoint {
            progress: self.progress.clone(),
            weights: Arc::new(self.network.weights()),
            moments: self.optimizer.state(self.network.parameters()),
            best,
            pretraining: self.pretraining.as_ref().map(Pretraining::state),
        }
    }

    /// Restores a checkpoint of the same plan and data. `epochs` is the former number of epochs, so
    /// that early stopping continues to count; request more with [`Trainer::apply`].
    ///
    /// # Errors
    /// [`EngineError::Weights`] if any part belongs to another network or other data, or is not
    /// finite; then nothing is changed.
    pub fn restore(&mut self, checkpoint: &Checkpoint, epochs: u32) -> Result<(), EngineError> {
        self.check(checkpoint)?;
        self.load_state(checkpoint)?;
        self.progress = checkpoint.progress.clone();
        if self.progress.sums.losses.terms() != self.network.terms() {
            // Checkpoints from the start of a run used to lack the terms of their network.
            self.progress.sums = LossSums::zero(self.network.terms());
        }
        // The file written when an attempt begins may be incomplete.
        let attempt = self.attempt();
        self.epochs = if epochs > attempt.start() { epochs } else { attempt.end() };
        self.best.clone_from(&checkpoint.best);
        self.stopped_early = self.patience_is_over();
        self.keep_finite();
        Ok(())
    }

    /// Restores network, optimizer and layer-wise training from a checkpoint.
    fn load_state(&mut self, checkpoint: &Checkpoint) -> Result<(), EngineError> {
        let pretraining = self.pretraining_at(checkpoint.pretraining.as_ref())?;
        self.network.load(&checkpoint.weights)?;
        self.pretraining = pretraining;
        self.optimizer.restore(self.network.parameters(), &checkpoint.moments);
        self.ordered_epoch = None;
        Ok(())
    }

    /// Progress of the last finite state; user settings and the counts of early stopping are kept.
    fn finite_progress(&self, finite: &Checkpoint) -> TrainerProgress {
        let TrainerProgress { learning_rate, stale_epochs, .. } = self.progress;
        TrainerProgress { learning_rate, stale_epochs, ..finite.progress.clone() }
    }

    /// Layer-wise training at this state.
    fn pretraining_at(&self, state: Option<&GreedyState>) -> Result<Option<Pretraining>, EngineError> {
        let Some(state) = state else { return Ok(None) };
        let plan = self.network.plan();
        let Some(mut pretraining) = Pretraining::new(plan, &self.data, self.threads)? else {
            return Err(EngineError::Weights("its layers are not trained one by one".to_owned()));
        };
        pretraining.restore(plan, state)?;
        Ok(Some(pretraining))
    }

    /// Copies the current state into `finite`.
    fn keep_finite(&mut self) {
        let finite = &mut self.finite;
        self.network.copy_weights(&mut finite.weights);
        self.optimizer.copy_state(self.network.parameters(), &mut finite.moments);
        finite.progress.clone_from(&self.progress);
        finite.pretraining = self.pretraining.as_ref().map(Pretraining::state);
    }

    /// The quantity that is no longer finite, and its value.
    fn non_finite(&self) -> Option<(String, f32)> {
        let weight =
            self.network.non_finite().map(|(card, value)| (format!("a weight of the {card}"), value));
        let greedy = self.pretraining.as_ref().filter(|greedy| !greedy.is_finite());
        let weight = weight.or_else(|| {
            greedy.map(|greedy| (format!("a weight of layer {}", greedy.progress().layer), f32::NAN))
        });
        weight.or_else(|| Some(("a moment of the optimizer".to_owned(), self.optimizer.non_finite()?)))
    }

    /// Whether a checkpoint matches this network, optimizer and data.
    fn check(&self, checkpoint: &Checkpoint) -> Result<(), EngineError> {
        let TrainerProgress { epoch, step_in_epoch, step, attempt, .. } = checkpoint.progress;
        let per_epoch = self.steps_per_epoch();
        let expected = u64::from(epoch) * u64::from(per_epoch) + u64::from(step_in_epoch);
        let attempt = Attempt { number: attempt, ..self.attempt() };
        if step_in_epoch > per_epoch || step != expected || epoch < attempt.start() {
            let message = format!(
                "step {step} of the checkpoint is not step {step_in_epoch} after {epoch} epochs of {per_epoch} steps"
            );
            return Err(EngineError::Weights(message));
        }
        let best = checkpoint.best.as_ref().map(|best| &best.weights);
        for weights in [&checkpoint.weights].into_iter().chain(best) {
            check_names(self.network.parameters(), weights, "")?;
            if !weights.is_finite() {
                return Err(EngineError::Weights("some of them are not finite numbers".to_owned()));
            }
        }
        self.optimizer.check(self.network.parameters(), &checkpoint.moments)
    }

    /// The current attempt.
    fn attempt(&self) -> Attempt {
        Attempt { number: self.progress.attempt, first_epochs: self.design().training.epochs }
    }

    fn design(&self) -> &crate::project::Project {
        self.network.plan().design()
    }

    fn noise(&self, purpose: Purpose, epoch: u64) -> Noise {
        let seed = self.design().training.seed;
        let plan = self.network.plan();
        let (corruption, shape, range) = (plan.design().corruption, plan.shape(), plan.facts().value_range);
        Noise { corruption, shape, range, seed, purpose, epoch }
    }

    fn training_noise(&self) -> Option<Noise> {
        let is_corrupted = self.design().corruption.corrupts();
        is_corrupted.then(|| self.noise(Purpose::Corruption, u64::from(self.progress.epoch)))
    }

    /// Current position in the run, with these random numbers.
    fn moment(&self, draw: Draw) -> Moment {
        let TrainerProgress { epoch, step_in_epoch, .. } = self.progress;
        let epochs = f64::from(epoch) + f64::from(step_in_epoch) / f64::from(self.steps_per_epoch().max(1));
        Moment { draw, epochs, share: self.attempt().share(epochs) }
    }

    /// Positions of the next step's samples in the order of the epoch.
    fn minibatch(&self) -> std::ops::Range<usize> {
        let step_in_epoch = self.progress.step_in_epoch;
        let first = step_in_epoch as usize * self.batch_size;
        let is_last = step_in_epoch + 1 == self.steps_per_epoch();
        first..if is_last { self.order.len() } else { first + self.batch_size }
    }

    /// Shuffles the training rows for the current epoch.
    fn shuffle(&mut self) {
        let epoch = self.progress.epoch;
        if self.ordered_epoch != Some(epoch) {
            self.order.copy_from_slice(&self.data.split.train);
            let seed = self.design().training.seed;
            Stream::new(seed, Purpose::Shuffle, u64::from(epoch), 0).shuffle(&mut self.order);
            self.ordered_epoch = Some(epoch);
        }
    }

    /// Validates and ends the epoch, unless the validation is postponed.
    fn end_epoch(
        &mut self,
        start: Instant,
        should_continue: &dyn Fn() -> bool,
    ) -> Result<Option<EpochRecord>, EngineError> {
        let rate = self.learning_rate_at(self.progress.step.saturating_sub(1));
        let sums = &self.progress.sums;
        let samples = sums.samples.max(1) as f64;
        let train = sums.losses.over(samples);
        let mut mse = sums.squared_error / samples / self.data.shape.features() as f64;
        let mut validation = None;
        if !self.data.split.validation.is_empty() {
            let seed = self.design().training.seed;
            let moment = self.moment(Draw { seed, step: u64::MAX });
            let Some(evaluation) = self.validate(moment, should_continue) else { return Ok(None) };
            (validation, mse) = (Some(evaluation.losses), evaluation.mse);
        }
        let loss = validation.as_ref().unwrap_or(&train).total();
        if !loss.is_finite() {
            return Err(self.diverged("the loss", loss));
        }
        // The last update may have made them infinite or NaN; without validation no loss shows it.
        if let Some((what, value)) = self.non_finite() {
            return Err(self.diverged(&what, f64::from(value)));
        }
        self.progress.end_epoch();
        self.check_early_stopping(validation.as_ref().map(Losses::total));
        self.progress.seconds += start.elapsed().as_secs_f64();
        self.keep_finite();
        let TrainerProgress { epoch, step, seconds, .. } = self.progress;
        Ok(Some(EpochRecord { epoch, step, train, validation, mse, learning_rate: rate, seconds }))
    }

    fn validate(&mut self, moment: Moment, should_continue: &dyn Fn() -> bool) -> Option<Evaluation> {
        let rows = &self.data.split.validation;
        let mut sums = LossSums::zero(self.network.terms());
        for block in rows.chunks(self.network.measured_rows()) {
            if !should_continue() {
                return None;
            }
            self.network.measure_block(&self.data, block, None, moment, &mut sums);
        }
        Some(self.network.evaluation(&sums, rows.len()))
    }

    /// Early stopping: remembers the best epoch and ends the run when patience is over.
    fn check_early_stopping(&mut self, validation_loss: Option<f64>) {
        let (Some(stopping), Some(loss)) = (self.design().training.early_stopping, validation_loss) else {
            return;
        };
        let epoch = self.progress.epoch;
        if epoch < self.design().code.kind.settles_after() {
            return;
        }
        match &mut self.best {
            Some(best) if loss < best.loss - f64::from(stopping.min_delta) => {
                (best.epoch, best.loss) = (epoch, loss);
                self.network.copy_weights(&mut best.weights);
                self.progress.stale_epochs = 0;
            }
            Some(_) => self.progress.stale_epochs += 1,
            None => {
                self.best = Some(Best { epoch, loss, weights: Arc::new(self.network.weights()) });
                self.progress.stale_epochs = 0;
            }
        }
        self.stopped_early = self.patience_is_over();
    }

    fn patience_is_over(&self) -> bool {
        let stopping = self.design().training.early_stopping;
        stopping.is_some_and(|stopping| self.progress.stale_epochs >= stopping.patience)
    }

    /// Restores the last finite state and returns the error of a run that diverged.
    fn diverged(&mut self, what: &str, value: f64) -> EngineError {
        let TrainerProgress { step, epoch, .. } = self.progress;
        let error =
            EngineError::Diverged { what: what.to_owned(), value: value.to_string(), step, epoch: epoch + 1 };
        self.restore_finite();
        error
    }

    fn restore_finite(&mut self) {
        let finite = std::mem::take(&mut self.finite);
        // It has the shapes of this network.
        let _ = self.load_state(&finite);
        self.progress = self.finite_progress(&finite);
        self.finite = finite;
    }
}
