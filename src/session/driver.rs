//! The training loop: steps a run's trainer and turns the results into events.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::intervals::{Checkpoints, Intervals, Timer};
use crate::check::Plan;
use crate::dataset::Dataset;
use crate::engine::{EngineError, StepReport, Trainer};
use crate::run::{
    EpochRecord, GreedyProgress, GreedyRecord, KeptEpochs, Run, RunEvent, RunProgress, Setting, Status,
    Weights, choose_probe,
};

/// Receives the events of a run.
pub trait Observer {
    /// Handles an event. The run has already applied it.
    fn observe(&mut self, run: &Run, event: RunEvent);
}

/// Latest time of the first checkpoint of a training, so that little is lost early on.
const FIRST_CHECKPOINT: Duration = Duration::from_secs(2);
/// A checkpoint that takes less than this may follow the previous one at once.
const SLOW_CHECKPOINT: Duration = Duration::from_millis(500);
/// A validation that is expected to take less than this needs no checkpoint before it.
const LONG_VALIDATION: Duration = Duration::from_secs(1);

/// Returns the current time.
type Clock = Box<dyn Fn() -> Instant>;

/// Trains a run: takes steps and notifies the observer of the results.
///
/// It does not depend on a display, a thread or a channel. Its owner decides when to step and when
/// to end.
pub struct Driver<O> {
    run: Run,
    trainer: Trainer,
    observer: O,
    intervals: Intervals,
    /// Total epochs of layer-wise pretraining.
    greedy_epochs: u32,
    /// Finished epochs that have not been reported yet.
    epochs: Vec<EpochRecord>,
    /// Finished layer-wise epochs that have not been reported yet.
    greedy: Vec<GreedyRecord>,
    last: Option<StepReport>,
    reported: Instant,
    /// Samples since the last report.
    samples: usize,
    samples_per_sec: f64,
    clock: Clock,
    probe: Timer,
    health: Timer,
    checkpoint: Timer,
    /// Whether this driver has made a checkpoint.
    is_checkpointed: bool,
    /// When the last step began, and the duration of a step.
    stepped: Option<Instant>,
    step_time: Duration,
    /// Ratio of validation rows to the rows of a minibatch.
    validation_batches: f64,
    /// Whether the network is small enough to keep its weights with the epochs that are shown.
    keeps_weights: bool,
    /// Position of the run at its last probe.
    seen: Option<(u64, Option<GreedyProgress>)>,
}

impl<O: Observer> Driver<O> {
    /// Creates a driver of a run, at its checkpoint if it has one. It watches the samples of the
    /// kept epochs if there are some.
    ///
    /// # Errors
    /// [`EngineError`] if the checkpoint belongs to another network or other data, or memory does
    /// not suffice.
    pub fn new(
        run: Run,
        plan: &Plan,
        data: &Arc<Dataset>,
        threads: usize,
        intervals: Intervals,
        observer: O,
    ) -> Result<Driver<O>, EngineError> {
        Driver::with_clock(run, plan, data, threads, (intervals, observer), Box::new(Instant::now))
    }

    /// [`Driver::new`] with a clock that a test can control.
    fn with_clock(
        mut run: Run,
        plan: &Plan,
        data: &Arc<Dataset>,
        threads: usize,
        (intervals, observer): (Intervals, O),
        clock: Clock,
    ) -> Result<Driver<O>, EngineError> {
        let mut trainer = Trainer::new(plan, Arc::clone(data), threads)?;
        if let Some(checkpoint) = &run.checkpoint {
            trainer.restore(checkpoint, run.epochs)?;
            run.rewind();
        }
        let now = clock();
        let validation = data.split.validation.len() as f64;
        let mut driver = Driver {
            run,
            greedy_epochs: trainer.greedy_epochs(),
            trainer,
            observer,
            intervals,
            epochs: Vec::new(),
            greedy: Vec::new(),
            last: None,
            reported: now,
            samples: 0,
            samples_per_sec: 0.0,
            clock,
            probe: Timer::new(now),
            health: Timer::new(now),
            checkpoint: Timer::new(now),
            is_checkpointed: false,
            stepped: None,
            step_time: Duration::ZERO,
            validation_batches: validation / plan.design().training.batch_size.max(1) as f64,
            keeps_weights: KeptEpochs::can_keep(&plan.arrays()),
            seen: None,
        };
        driver.emit(RunEvent::Terms(driver.trainer.terms().clone()));
        let mut probe = Arc::clone(&driver.run.kept.probe);
        if probe.code_rows.is_empty() || probe.beyond(data.len()).is_some() {
            probe = Arc::new(choose_probe(data, plan.code_units(), plan.design().training.seed));
        }
        driver.emit(RunEvent::Probe(probe));
        if driver.run.kept.is_empty() {
            driver.record_probe();
        }
        Ok(driver)
    }

    /// The run in its current state.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// The observer.
    pub fn observer(&mut self) -> &mut O {
        &mut self.observer
    }

    /// Its trainer.
    pub fn trainer(&self) -> &Trainer {
        &self.trainer
    }

    /// A copy of the network's current weights.
    pub fn weights(&mut self) -> Weights {
        self.trainer.network().weights()
    }

    /// Consumes the driver and returns the run.
    pub fn into_run(self) -> Run {
        self.run
    }

    /// Starts the run, from the beginning or after a pause.
    pub fn begin(&mut self) {
        // Paused time does not count as training time.
        (self.reported, self.samples, self.stepped) = ((self.clock)(), 0, None);
        self.set_status(Status::Training);
    }

    /// Takes one step and does the work that is due after it. Returns whether it ended an epoch,
    /// including one of a single layer.
    ///
    /// # Errors
    /// [`EngineError`] if training cannot continue.
    pub fn step(&mut self) -> Result<bool, EngineError> {
        self.step_while(&|| true)
    }

    /// [`Driver::step`], interrupted between two blocks of a validation once `should_continue`
    /// returns false.
    ///
    /// # Errors
    /// As [`Driver::step`].
    pub fn step_while(&mut self, should_continue: &dyn Fn() -> bool) -> Result<bool, EngineError> {
        let now = (self.clock)();
        self.step_time = self.stepped.replace(now).map_or(Duration::ZERO, |last| now - last);
        if self.validates_long() {
            self.checkpoint();
        }
        let mut report = self.trainer.step_while(should_continue)?;
        self.samples += report.samples;
        let (record, restart) = (report.epoch.take(), report.restart.take());
        let greedy = report.greedy.take();
        self.last = Some(report);
        if let Some(restart) = restart {
            self.emit(RunEvent::Restarted(restart));
        }
        let has_ended = record.is_some() || greedy.is_some();
        let epoch = record.as_ref().map(|record| record.epoch);
        let epoch = epoch.or(greedy.as_ref().map(|greedy| greedy.epoch));
        self.epochs.extend(record);
        self.greedy.extend(greedy);
        let now = (self.clock)();
        if now - self.reported >= self.intervals.report {
            self.report();
        }
        if has_ended && self.probe.is_due(now, self.intervals.probe) {
            self.record_probe();
        }
        if has_ended && self.intervals.health.is_some_and(|cadence| self.health.is_due(now, cadence)) {
            self.measure();
        }
        // For a run that is finished, the checkpoint is made when it ends.
        if restart.is_some() || (self.checkpoint_is_due(epoch) && !self.trainer.is_done()) {
            self.checkpoint();
        }
        Ok(has_ended)
    }

    /// Changes a setting before the next step.
    pub fn set(&mut self, setting: Setting) {
        let edit = self.trainer.apply(setting);
        self.emit(RunEvent::Edited(edit));
        // After a crash, a recorded edit must not be missing from the checkpoint.
        self.checkpoint();
    }

    /// Pauses or ends the run. Everything that happened is reported first and saved in a
    /// checkpoint.
    pub fn halt(&mut self, status: Status) {
        if self.run.status == status {
            return;
        }
        self.record_probe();
        self.measure();
        self.checkpoint();
        self.set_status(status);
    }

    /// Records the baseline.
    pub fn set_baseline(&mut self, mse: f64) {
        self.emit(RunEvent::Baseline(mse));
    }

    fn set_status(&mut self, status: Status) {
        if self.run.status != status {
            self.emit(RunEvent::Status(status));
        }
    }

    fn emit(&mut self, event: RunEvent) {
        self.run.apply(&event);
        self.observer.observe(&self.run, event);
    }

    /// Whether a checkpoint is due after a step that ended this epoch of the network or of a layer
    /// (`None`: no epoch ended).
    fn checkpoint_is_due(&self, ended: Option<u32>) -> bool {
        let by_epoch = match self.intervals.checkpoint {
            Checkpoints::Timed(_) => false,
            Checkpoints::Epochs(every, _) => ended.is_some_and(|epoch| epoch.is_multiple_of(every)),
        };
        // The file of a long run takes long to save: saving after every epoch would use nearly all
        // the time.
        let (now, cost) = ((self.clock)(), self.checkpoint.cost);
        let is_affordable = cost < SLOW_CHECKPOINT || now - self.checkpoint.done >= cost;
        by_epoch && is_affordable || self.checkpoint_is_due_within(Duration::ZERO)
    }

    /// Returns whether a checkpoint is due by time now, or will be within this duration.
    fn checkpoint_is_due_within(&self, ahead: Duration) -> bool {
        let mut cadence = self.intervals.checkpoint.cadence();
        if !self.is_checkpointed {
            cadence.every = cadence.every.min(FIRST_CHECKPOINT);
        }
        self.checkpoint.is_due((self.clock)() + ahead, cadence)
    }

    /// Returns whether the next step ends an epoch whose validation is so long that a checkpoint
    /// becomes due well before its end. No checkpoint can be made during validation.
    fn validates_long(&self) -> bool {
        let trainer = &self.trainer;
        let ends = trainer.greedy().is_none() && trainer.step_in_epoch() + 1 == trainer.steps_per_epoch();
        // The forward pass of a minibatch takes less time than a step.
        let ahead = self.step_time.mul_f64(self.validation_batches.min(1e6));
        ends && ahead >= LONG_VALIDATION && self.checkpoint_is_due_within(ahead)
    }

    /// Reports the training since the last report.
    fn report(&mut self) {
        let now = (self.clock)();
        let elapsed = (now - self.reported).as_secs_f64();
        if self.samples > 0 && elapsed > 0.0 {
            let rate = self.samples as f64 / elapsed;
            // Smoothed, so that the number on screen is readable.
            let old = if self.samples_per_sec > 0.0 { self.samples_per_sec } else { rate };
            self.samples_per_sec = 0.8 * old + 0.2 * rate;
        }
        (self.samples, self.reported) = (0, now);
        self.report_epochs();
        self.emit(RunEvent::Progress(self.progress()));
    }

    /// Reports the epochs that have ended since the last report. It does not access the trainer, so
    /// it may run after the trainer has panicked.
    pub(super) fn report_epochs(&mut self) {
        if !self.greedy.is_empty() {
            let records = std::mem::take(&mut self.greedy);
            self.emit(RunEvent::Greedy(records));
        }
        if !self.epochs.is_empty() {
            let records = std::mem::take(&mut self.epochs);
            self.emit(RunEvent::Epochs(records));
        }
    }

    /// The progress of the run.
    fn progress(&self) -> RunProgress {
        let trainer = &self.trainer;
        let last = self.last.as_ref();
        RunProgress {
            greedy: trainer.greedy(),
            greedy_epochs: self.greedy_epochs,
            epoch: trainer.epoch(),
            epochs: trainer.epochs(),
            step_in_epoch: trainer.step_in_epoch(),
            steps_per_epoch: trainer.steps_per_epoch(),
            step: trainer.steps(),
            samples_per_sec: self.samples_per_sec,
            seconds: trainer.seconds(),
            learning_rate: last.map_or_else(|| trainer.learning_rate(), |last| last.learning_rate),
            loss: last.map_or(f64::NAN, |last| last.loss),
        }
    }

    /// Records the probe, unless that was already done at the current position.
    fn record_probe(&mut self) {
        let now = (self.trainer.steps(), self.trainer.greedy());
        if self.seen.replace(now) == Some(now) {
            return;
        }
        let start = (self.clock)();
        let kept = self.trainer.run_probe(&self.run.kept.probe);
        // The last update may have made them non-finite, which the next step reports.
        let weights = self.keeps_weights.then(|| self.weights()).filter(Weights::is_finite);
        self.emit(RunEvent::Kept(Arc::new(kept), weights.map(|weights| Arc::new(weights).into())));
        self.probe.note(start, (self.clock)());
    }

    /// Measures the health. If there is no memory for it, the run continues without.
    fn measure(&mut self) {
        let start = (self.clock)();
        if let Ok(mut health) = self.trainer.health() {
            // A trainer that has just resumed has ended no epoch, so earlier measurements still
            // hold.
            if let (true, Some(before)) = (health.gradients.is_empty(), &self.run.health) {
                health.gradients.clone_from(&before.gradients);
            }
            self.emit(RunEvent::Health(Arc::new(health)));
        }
        self.health.note(start, (self.clock)());
    }

    fn checkpoint(&mut self) {
        // If the history ended before the checkpoint, it would have a gap after a crash.
        self.report();
        let start = (self.clock)();
        let checkpoint = self.trainer.snapshot();
        self.emit(RunEvent::Checkpoint(Arc::new(checkpoint)));
        self.is_checkpointed = true;
        self.checkpoint.note(start, (self.clock)());
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::super::intervals::Interval;
    use super::*;
    use crate::check::plan;
    use crate::dataset::{Progress, load};
    use crate::project::{Greedy, Project, Recipe, Strategy};
    use crate::run::{RunId, facts};

    /// Positions of the run at each of its checkpoints: steps, and steps of the layer being
    /// pretrained.
    struct Seen {
        at: Vec<(u64, Option<u32>)>,
        /// The simulated time, and how much of it each checkpoint takes.
        passed: Rc<Cell<u64>>,
        save_secs: u64,
    }

    impl Observer for Seen {
        fn observe(&mut self, _: &Run, event: RunEvent) {
            if let RunEvent::Checkpoint(checkpoint) = event {
                let layer = checkpoint.pretraining.as_ref().map(|state| state.progress.step_in_epoch);
                self.at.push((checkpoint.progress.step, layer));
                self.passed.set(self.passed.get() + self.save_secs);
            }
        }
    }

    /// Simulates `step_secs` for each step and `save_secs` for each checkpoint.
    fn check(
        edit: impl FnOnce(&mut Project),
        checkpoint: Checkpoints,
        (steps, step_secs, save_secs): (usize, u64, u64),
        seen: &[(u64, Option<u32>)],
    ) {
        let mut design = Recipe::Undercomplete.project();
        edit(&mut design);
        let data = Arc::new(load(&design.data, &Progress::default()).expect("embedded"));
        let plan = plan(&design, &facts(&data)).expect("valid");
        let intervals = Intervals { report: Duration::ZERO, probe: HOURLY, health: None, checkpoint };
        let run = Run::new(RunId(1), &plan, &data);
        let (start, passed) = (Instant::now(), Rc::new(Cell::new(0)));
        let clock = {
            let passed = Rc::clone(&passed);
            Box::new(move || start + Duration::from_secs(passed.get()))
        };
        let seen_by = Seen { at: Vec::new(), passed: Rc::clone(&passed), save_secs };
        let mut driver =
            Driver::with_clock(run, &plan, &data, 1, (intervals, seen_by), clock).expect("small");
        driver.begin();
        for _ in 0..steps {
            driver.step().expect("valid");
            passed.set(passed.get() + step_secs);
        }
        assert_eq!(driver.observer().at, seen);
    }

    const HOURLY: Interval = Interval { every: Duration::from_hours(1), cost: 1 };

    fn every(secs: u64) -> Checkpoints {
        Checkpoints::Timed(Interval { every: Duration::from_secs(secs), cost: 1 })
    }

    /// A hundred epochs per layer.
    fn layers(design: &mut Project) {
        let by = Greedy::Autoencoders { masking: 0.0 };
        design.training.strategy = Strategy::LayerWise { by, epochs: 100, beside_joint: false };
    }

    #[test]
    fn timed_checkpoints_are_made_at_any_point_of_a_run() {
        check(|_| {}, every(0), (3, 0, 0), &[(1, None), (2, None), (3, None)]);
        check(layers, every(0), (2, 0, 0), &[(0, Some(1)), (0, Some(2))]);
        // The first after two seconds, the next after the requested interval.
        check(|_| {}, every(5), (12, 1, 0), &[(3, None), (8, None)]);
        check(layers, every(5), (12, 1, 0), &[(0, Some(3)), (0, Some(8))]);
        check(|_| {}, every(3600), (12, 1, 0), &[(3, None)]);
        check(|_| {}, Checkpoints::Epochs(1000, HOURLY), (12, 1, 0), &[(3, None)]);
        check(|_| {}, every(3600), (3, 0, 0), &[]);
    }

    /// The epochs that were reported.
    struct Reported(Vec<u32>);

    impl Observer for Reported {
        fn observe(&mut self, _: &Run, event: RunEvent) {
            if let RunEvent::Epochs(records) = event {
                self.0.extend(records.iter().map(|record| record.epoch));
            }
        }
    }

    #[test]
    fn pending_epochs_are_reported_when_training_ends() {
        let design = Recipe::Undercomplete.project();
        let data = Arc::new(load(&design.data, &Progress::default()).expect("embedded"));
        let plan = plan(&design, &facts(&data)).expect("valid");
        let intervals =
            Intervals { report: HOURLY.every, probe: HOURLY, health: None, checkpoint: every(3600) };
        let run = Run::new(RunId(1), &plan, &data);
        let start = Instant::now();
        let clock = Box::new(move || start);
        let observed = (intervals, Reported(Vec::new()));
        let mut driver = Driver::with_clock(run, &plan, &data, 1, observed, clock).expect("small");
        driver.begin();
        while driver.trainer().epoch() < 2 {
            driver.step().expect("valid");
        }
        assert_eq!(driver.observer().0, [] as [u32; 0]);
        driver.report_epochs();
        driver.report_epochs();
        assert_eq!(driver.observer().0, [1, 2]);
        assert_eq!(driver.run().history.epochs.len(), 2);
    }

    #[test]
    fn a_checkpoint_due_during_a_long_validation_is_made_before_it() {
        // 23 steps per epoch; 180 validation rows are three minibatches.
        check(|_| {}, every(900), (23, 40, 0), &[(2, None), (22, None)]);
        check(|design| design.data.split.validation = 0.0, every(900), (23, 40, 0), &[(2, None)]);
    }

    #[test]
    fn checkpoints_are_made_every_given_number_of_epochs() {
        // 23 steps per epoch; the checkpoint of the last epoch is made when the run ends.
        let six = |design: &mut Project| design.training.epochs = 6;
        check(six, Checkpoints::Epochs(2, HOURLY), (6 * 23, 0, 0), &[(46, None), (92, None)]);
        check(layers, Checkpoints::Epochs(1, HOURLY), (2 * 23, 0, 0), &[(0, Some(0)), (0, Some(0))]);
        // Each takes a minute: the timed one is made after two seconds, the next after three epochs
        // of 23 seconds.
        check(six, Checkpoints::Epochs(1, HOURLY), (5 * 23, 1, 60), &[(3, None), (69, None)]);
    }
}
