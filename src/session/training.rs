//! The training lane: one worker, a queue of runs.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvError, TryRecvError};
use std::time::{Duration, Instant};

use super::{Event, Outbox, RunEvent, RunProgress, Start, TrainRequest, panic_text};
use crate::engine::{EngineError, StepReport, Trainer, check_same_data, choose_probe};
use crate::io::{FileError, Store};
use crate::run::{EpochRecord, GreedyRecord, Kept, KeptEpochs, Restart, Run, RunId, Setting, Status};

/// The screen's rate.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(33);
/// Looking at the probe costs time: this often at most, and never more than a tenth of the training.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// Measuring what tells whether the network is well: this often at most, and never more than a twentieth of the training.
const HEALTH_INTERVAL: Duration = Duration::from_secs(1);
/// A crash costs no more than this, or than ten times what a checkpoint takes to write where that is longer: large networks
/// would spend their time on being written otherwise.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(5);

/// What the lane is told.
pub(super) enum TrainingCommand {
    Train(Box<TrainRequest>),
    Pause(RunId),
    Go(RunId, Start),
    Stop(RunId),
    Set(RunId, Setting),
}

/// Trains one run after another until every sender is gone.
pub(super) fn work(commands: &Receiver<TrainingCommand>, outbox: &Outbox) {
    let mut lane = Lane { commands, outbox, queue: VecDeque::new(), is_closed: false };
    while let Some(request) = lane.next() {
        let id = request.run.id;
        let result = catch_unwind(AssertUnwindSafe(|| lane.train(*request)));
        if let Err(panic) = result {
            let status = Status::Failed(panic_text(&*panic));
            outbox.send(Event::Run(id, RunEvent::Status(status)));
        }
        outbox.wake();
    }
}

struct Lane<'a> {
    commands: &'a Receiver<TrainingCommand>,
    outbox: &'a Outbox,
    queue: VecDeque<Box<TrainRequest>>,
    is_closed: bool,
}

/// What the run under way does next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Going(Start),
    Standing,
    Stopping,
}

impl Lane<'_> {
    /// The next run, waiting for one; `None` once nobody can send any more.
    fn next(&mut self) -> Option<Box<TrainRequest>> {
        loop {
            if self.is_closed {
                return None;
            }
            if let Some(request) = self.queue.pop_front() {
                return Some(request);
            }
            match self.commands.recv() {
                Ok(command) => self.between_runs(command),
                Err(RecvError) => return None,
            }
        }
    }

    /// A command that does not concern the run under way.
    fn between_runs(&mut self, command: TrainingCommand) {
        match command {
            TrainingCommand::Train(request) => {
                self.send(request.run.id, RunEvent::Status(Status::Queued));
                self.queue.push_back(request);
                self.outbox.wake();
            }
            TrainingCommand::Stop(id) => {
                let waiting = self.queue.len();
                self.queue.retain(|request| request.run.id != id);
                if self.queue.len() < waiting {
                    self.send(id, RunEvent::Status(Status::Stopped));
                    self.outbox.wake();
                }
            }
            TrainingCommand::Pause(_) | TrainingCommand::Go(..) | TrainingCommand::Set(..) => {}
        }
    }

    fn send(&self, id: RunId, event: RunEvent) {
        self.outbox.send(Event::Run(id, event));
    }

    fn train(&mut self, request: TrainRequest) {
        let start = request.start;
        let id = request.run.id;
        match UnderWay::new(request, self.outbox) {
            Ok(mut session) => {
                let status = self.drive(&mut session, start);
                session.finish(status);
            }
            Err(error) => self.send(id, RunEvent::Status(Status::Failed(error.to_string()))),
        }
    }

    /// Steps until the run ends, and says how it ended.
    fn drive(&mut self, session: &mut UnderWay<'_>, start: Start) -> Status {
        let mut mode = Mode::Going(start);
        session.set_status(Status::Training);
        loop {
            mode = self.obey(session, mode);
            match mode {
                Mode::Stopping => return Status::Stopped,
                Mode::Standing => session.pause(),
                Mode::Going(_) if session.trainer.is_done() => return Status::Done,
                Mode::Going(start) => match session.step() {
                    Err(error) => return Status::Failed(error.to_string()),
                    Ok(ended_epoch) => {
                        let stands = match start {
                            Start::Train => false,
                            Start::StepOnce => true,
                            Start::EpochOnce => ended_epoch,
                        };
                        if session.trainer.is_done() {
                            return Status::Done;
                        }
                        if stands {
                            mode = Mode::Standing;
                            session.pause();
                        }
                    }
                },
            }
        }
    }

    /// Carries out what was asked since the last step; waits where the run stands still.
    fn obey(&mut self, session: &mut UnderWay<'_>, mut mode: Mode) -> Mode {
        loop {
            let command = if mode == Mode::Standing {
                self.commands.recv().map_err(|RecvError| TryRecvError::Disconnected)
            } else {
                self.commands.try_recv()
            };
            match command {
                Err(TryRecvError::Empty) => return mode,
                Err(TryRecvError::Disconnected) => {
                    self.is_closed = true;
                    return Mode::Stopping;
                }
                Ok(command) => mode = self.obey_one(session, mode, command),
            }
            if mode == Mode::Stopping {
                return mode;
            }
        }
    }

    fn obey_one(&mut self, session: &mut UnderWay<'_>, mode: Mode, command: TrainingCommand) -> Mode {
        let own = session.run.id;
        match command {
            TrainingCommand::Pause(id) if id == own => {
                session.pause();
                Mode::Standing
            }
            TrainingCommand::Go(id, start) if id == own => {
                session.set_status(Status::Training);
                Mode::Going(start)
            }
            TrainingCommand::Stop(id) if id == own => Mode::Stopping,
            TrainingCommand::Set(id, setting) if id == own => {
                session.set(setting);
                mode
            }
            other @ (TrainingCommand::Train(_)
            | TrainingCommand::Pause(_)
            | TrainingCommand::Go(..)
            | TrainingCommand::Stop(_)
            | TrainingCommand::Set(..)) => {
                self.between_runs(other);
                mode
            }
        }
    }
}

/// The run under way.
struct UnderWay<'a> {
    run: Run,
    trainer: Trainer,
    outbox: &'a Outbox,
    store: Option<Store>,
    /// Epochs not yet sent.
    pending: Vec<EpochRecord>,
    /// Epochs of single layers not yet sent.
    pending_greedy: Vec<GreedyRecord>,
    greedy_epochs: u32,
    last_report: Option<StepReport>,
    sent_at: Instant,
    looked_at: Instant,
    look_cost: Duration,
    measured_at: Instant,
    measure_cost: Duration,
    saved_at: Instant,
    save_cost: Duration,
    /// Samples since `sent_at`, for the rate on screen.
    samples: usize,
    samples_per_sec: f64,
    store_is_broken: bool,
}

impl<'a> UnderWay<'a> {
    fn new(request: TrainRequest, outbox: &'a Outbox) -> Result<UnderWay<'a>, EngineError> {
        let TrainRequest { mut run, epochs, plan, data, threads, store, .. } = request;
        if run.checkpoint.is_some() {
            check_same_data(&run, &data)?;
        }
        let mut trainer = Trainer::new(&plan, Arc::clone(&data), threads)?;
        if let Some(checkpoint) = run.checkpoint.take() {
            trainer.restore(&checkpoint, run.epochs)?;
            run.history.epochs.truncate(checkpoint.epoch as usize);
            run.history.forget_pretraining_after(checkpoint.pretraining.as_ref());
        }
        if run.kept.probe.code_rows.is_empty() {
            run.kept = KeptEpochs::new(Arc::new(choose_probe(
                &data,
                plan.code_units(),
                plan.design().training.seed,
            )));
        }
        run.history.terms = trainer.terms();
        let (now, greedy_epochs) = (Instant::now(), trainer.greedy_epochs());
        let mut session = UnderWay {
            run,
            trainer,
            outbox,
            store,
            pending: Vec::new(),
            pending_greedy: Vec::new(),
            greedy_epochs,
            last_report: None,
            sent_at: now,
            looked_at: now,
            look_cost: Duration::ZERO,
            measured_at: now,
            measure_cost: Duration::ZERO,
            saved_at: now,
            save_cost: Duration::ZERO,
            samples: 0,
            samples_per_sec: 0.0,
            store_is_broken: false,
        };
        session.send(RunEvent::Terms(session.run.history.terms.clone()));
        session.send(RunEvent::Probe(Arc::clone(&session.run.kept.probe)));
        if session.trainer.steps() == 0 {
            session.look();
        }
        if let Some(epochs) = epochs {
            session.set(Setting::Epochs(epochs));
        }
        Ok(session)
    }

    fn send(&self, event: RunEvent) {
        self.outbox.send(Event::Run(self.run.id, event));
    }

    fn set_status(&mut self, status: Status) {
        if self.run.status == status {
            return;
        }
        self.run.status = status.clone();
        self.send(RunEvent::Status(status));
        self.outbox.wake();
        self.store(Store::save_run);
    }

    /// One step; returns whether it ended an epoch.
    fn step(&mut self) -> Result<bool, EngineError> {
        let report = self.trainer.step()?;
        self.samples += report.samples;
        let ended_epoch = report.epoch.is_some() || report.greedy.is_some();
        self.pending_greedy.extend(report.greedy);
        self.pending.extend(report.epoch.clone());
        let restart = report.restart;
        self.last_report = Some(report);
        let now = Instant::now();
        if let Some(restart) = restart {
            self.restarted(restart);
        }
        let due = LOOK_INTERVAL.max(10 * self.look_cost);
        if ended_epoch && now - self.looked_at >= due {
            self.look();
        }
        if ended_epoch && now - self.measured_at >= HEALTH_INTERVAL.max(20 * self.measure_cost) {
            self.measure();
        }
        if now - self.sent_at >= PROGRESS_INTERVAL {
            self.report();
        }
        if now - self.saved_at >= CHECKPOINT_INTERVAL.max(10 * self.save_cost) {
            self.checkpoint();
        }
        Ok(ended_epoch)
    }

    /// Stands still: everything that happened is on screen and on disk.
    fn pause(&mut self) {
        if self.run.status == Status::Paused {
            return;
        }
        self.look();
        self.measure();
        self.report();
        self.checkpoint();
        self.set_status(Status::Paused);
        // The time spent standing is not training time.
        self.sent_at = Instant::now();
    }

    fn finish(mut self, status: Status) {
        self.look();
        self.measure();
        self.report();
        self.checkpoint();
        self.set_status(status);
    }

    fn set(&mut self, setting: Setting) {
        let edit = self.trainer.apply(setting);
        self.run.epochs = self.trainer.epochs();
        self.run.edits.push(edit.clone());
        self.send(RunEvent::Edited(edit));
        self.report();
        // Written at once: a crash must not leave an edit recorded that the checkpoint knows nothing of.
        self.checkpoint();
    }

    /// Records a training anew, and what it begins with.
    fn restarted(&mut self, restart: Restart) {
        self.report();
        self.run.epochs = restart.epochs;
        self.run.restarts.push(restart);
        self.send(RunEvent::Restarted(restart));
        self.checkpoint();
    }

    /// Sends what the screen shows.
    fn report(&mut self) {
        let now = Instant::now();
        let elapsed = (now - self.sent_at).as_secs_f64();
        if self.samples > 0 && elapsed > 0.0 {
            let rate = self.samples as f64 / elapsed;
            // Smoothed, so that the number on screen can be read.
            let old = if self.samples_per_sec > 0.0 { self.samples_per_sec } else { rate };
            self.samples_per_sec = 0.8 * old + 0.2 * rate;
        }
        (self.samples, self.sent_at) = (0, now);
        if !self.pending.is_empty() {
            let records = std::mem::take(&mut self.pending);
            self.run.history.epochs.extend_from_slice(&records);
            let written = records.clone();
            self.send(RunEvent::Epochs(records));
            self.store(|store, run| store.append_epochs(run.id, &written));
        }
        if !self.pending_greedy.is_empty() {
            let records = std::mem::take(&mut self.pending_greedy);
            self.run.history.pretraining.extend_from_slice(&records);
            self.send(RunEvent::Greedy(records));
        }
        let trainer = &self.trainer;
        self.run.seconds = trainer.seconds();
        self.send(RunEvent::Progress(RunProgress {
            greedy: trainer.greedy(),
            greedy_epochs: self.greedy_epochs,
            epoch: trainer.epoch(),
            epochs: trainer.epochs(),
            step_in_epoch: trainer.step_in_epoch(),
            steps_per_epoch: trainer.steps_per_epoch(),
            step: trainer.steps(),
            samples_per_sec: self.samples_per_sec,
            seconds: trainer.seconds(),
            learning_rate: self
                .last_report
                .as_ref()
                .map_or(trainer.learning_rate(), |last| last.learning_rate),
            loss: self.last_report.as_ref().map_or(f64::NAN, |last| last.loss),
        }));
        self.outbox.wake();
    }

    /// Looks at the probe.
    fn look(&mut self) {
        let start = Instant::now();
        let kept: Arc<Kept> = Arc::new(self.trainer.look(&self.run.kept.probe));
        self.run.kept.push(Arc::clone(&kept));
        self.send(RunEvent::Kept(kept));
        self.looked_at = Instant::now();
        self.look_cost = self.looked_at - start;
    }

    /// Measures what tells whether the network is well. Without memory for it there is no such figure, and the run goes on.
    fn measure(&mut self) {
        let start = Instant::now();
        if let Ok(health) = self.trainer.health() {
            let health = Arc::new(health);
            self.run.health = Some(Arc::clone(&health));
            self.send(RunEvent::Health(health));
        }
        self.measured_at = Instant::now();
        self.measure_cost = self.measured_at - start;
    }

    fn checkpoint(&mut self) {
        // The history must not lie behind it: a crash would leave a hole.
        self.report();
        let start = Instant::now();
        let checkpoint = Arc::new(self.trainer.snapshot());
        self.send(RunEvent::Checkpoint(Arc::clone(&checkpoint)));
        self.run.checkpoint = Some(Arc::clone(&checkpoint));
        self.store(|store, run| {
            store.save_checkpoint(run.id, &checkpoint)?;
            store.save_kept(run.id, &run.kept)?;
            store.save_run(run)
        });
        self.saved_at = Instant::now();
        self.save_cost = self.saved_at - start;
    }

    /// Writes to the live store; the first failure is told, training goes on.
    fn store(&mut self, write: impl FnOnce(&Store, &Run) -> Result<(), FileError>) {
        let Some(store) = &self.store else { return };
        match write(store, &self.run) {
            Ok(()) => self.store_is_broken = false,
            Err(error) if !self.store_is_broken => {
                self.store_is_broken = true;
                self.outbox.send(Event::StoreFailed(error.to_string()));
            }
            Err(_) => {}
        }
    }
}
