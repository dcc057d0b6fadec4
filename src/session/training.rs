//! The training worker and its queue of runs.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvError, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use super::driver::Driver;
use super::intervals::{Checkpoints, Interval, Intervals};
use super::live::WeightsRequest;
use super::recorder::Recorder;
use super::{Event, Outbox, Start, TrainRequest, panic_text};
use crate::run::{RunEvent, RunId, Setting, Status, Weights};

const INTERVALS: Intervals = Intervals {
    // The display's refresh rate.
    report: Duration::from_millis(33),
    probe: Interval { every: Duration::from_millis(100), cost: 10 },
    health: Some(Interval { every: Duration::from_secs(1), cost: 20 }),
    // Maximum loss in a crash. Larger networks save less often, because saving would take most of
    // the time.
    checkpoint: Checkpoints::Timed(Interval { every: Duration::from_secs(5), cost: 10 }),
};

/// A command for the training worker.
pub(super) enum TrainingCommand {
    Train(Box<TrainRequest>),
    Pause(RunId),
    Go(RunId, Start),
    Stop(RunId),
    Set(RunId, Setting),
    Weights(RunId),
}

/// Trains one run after another until all senders are gone.
pub(super) fn work(commands: &Receiver<TrainingCommand>, outbox: &Outbox) {
    let mut worker = TrainingWorker {
        commands,
        outbox,
        queue: VecDeque::new(),
        requested: WeightsRequest::default(),
        is_closed: false,
    };
    while let Some(request) = worker.next() {
        let id = request.run.id;
        let result = catch_unwind(AssertUnwindSafe(|| worker.train(*request)));
        if let Err(panic) = result {
            let status = Status::Failed(panic_text(&*panic));
            outbox.send(Event::Run(id, RunEvent::Status(status)));
        }
        if worker.requested.end() {
            worker.send_weights(id, (0, 0), None);
        }
        outbox.wake();
    }
}

struct TrainingWorker<'a> {
    commands: &'a Receiver<TrainingCommand>,
    outbox: &'a Outbox,
    queue: VecDeque<Box<TrainRequest>>,
    /// Open requests for the weights of the current run.
    requested: WeightsRequest,
    is_closed: bool,
}

/// The worker's next action on the current run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Step(Start),
    Wait,
    Stop,
}

/// The current run.
type Current<'a> = Driver<Recorder<'a>>;

impl TrainingWorker<'_> {
    /// Waits for the next run; `None` once all senders are gone.
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

    /// Handles a command that does not concern the current run.
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
            TrainingCommand::Weights(id) => {
                self.send_weights(id, (0, 0), None);
                self.outbox.wake();
            }
            TrainingCommand::Pause(_) | TrainingCommand::Go(..) | TrainingCommand::Set(..) => {}
        }
    }

    fn send_weights(&self, run: RunId, (epoch, step): (u32, u64), weights: Option<Arc<Weights>>) {
        self.outbox.send(Event::Weights { run, epoch, step, weights });
    }

    /// Sends a copy of the current weights to the requesters, if one is due.
    fn send_due_weights(&mut self, driver: &mut Current<'_>) {
        if self.requested.take(Instant::now) {
            let at = (driver.trainer().epoch(), driver.trainer().steps());
            let weights = Some(Arc::new(driver.weights()));
            self.send_weights(driver.run().id, at, weights);
            self.outbox.wake();
        }
    }

    fn send(&self, id: RunId, event: RunEvent) {
        self.outbox.send(Event::Run(id, event));
    }

    fn train(&mut self, request: TrainRequest) {
        let TrainRequest { run, epochs, plan, data, threads, start, store } = request;
        let id = run.id;
        let fail = |message: String| self.send(id, RunEvent::Status(Status::Failed(message)));
        if run.checkpoint.is_some()
            && let Err(error) = run.check_same_data(&data)
        {
            return fail(error.to_string());
        }
        let recorder = Recorder::new(id, self.outbox, store);
        let mut driver = match Driver::new(run, &plan, &data, threads, INTERVALS, recorder) {
            Ok(driver) => driver,
            Err(error) => return fail(error.to_string()),
        };
        if let Some(epochs) = epochs {
            driver.set(Setting::Epochs(epochs));
        }
        let driven = catch_unwind(AssertUnwindSafe(|| self.drive(&mut driver, start)));
        match driven {
            Ok(status) => driver.halt(status),
            Err(panic) => {
                driver.report_epochs();
                resume_unwind(panic);
            }
        }
    }

    /// Steps until the run ends, and returns its final status.
    fn drive(&mut self, driver: &mut Current<'_>, start: Start) -> Status {
        let mut next = Next::Step(start);
        driver.begin();
        loop {
            next = self.handle_commands(driver, next);
            let start = match next {
                Next::Stop => return Status::Stopped,
                Next::Wait => continue,
                Next::Step(_) if driver.trainer().is_done() => return Status::Done,
                Next::Step(start) => start,
            };
            let ended_epoch = match driver.step() {
                Ok(ended_epoch) => ended_epoch,
                Err(error) => return Status::Failed(error.to_string()),
            };
            let pauses = match start {
                Start::Train => false,
                Start::StepOnce => true,
                Start::EpochOnce => ended_epoch,
            };
            if driver.trainer().is_done() {
                return Status::Done;
            }
            if pauses {
                driver.halt(Status::Paused);
                next = Next::Wait;
            }
        }
    }

    /// Carries out the commands since the last step. While the run is paused, waits for one.
    fn handle_commands(&mut self, driver: &mut Current<'_>, mut next: Next) -> Next {
        loop {
            self.send_due_weights(driver);
            let command = match (next, self.requested.due_in(Instant::now)) {
                (Next::Wait, None) => self.commands.recv().map_err(|RecvError| TryRecvError::Disconnected),
                (Next::Wait, Some(wait)) => self.commands.recv_timeout(wait).map_err(|error| match error {
                    RecvTimeoutError::Timeout => TryRecvError::Empty,
                    RecvTimeoutError::Disconnected => TryRecvError::Disconnected,
                }),
                (Next::Step(_) | Next::Stop, _) => self.commands.try_recv(),
            };
            match command {
                Err(TryRecvError::Empty) if next == Next::Wait => {}
                Err(TryRecvError::Empty) => return next,
                Err(TryRecvError::Disconnected) => {
                    self.is_closed = true;
                    return Next::Stop;
                }
                Ok(command) => next = self.handle_command(driver, next, command),
            }
            if next == Next::Stop {
                return next;
            }
        }
    }

    fn handle_command(&mut self, driver: &mut Current<'_>, next: Next, command: TrainingCommand) -> Next {
        let own = driver.run().id;
        match command {
            TrainingCommand::Pause(id) if id == own => {
                driver.halt(Status::Paused);
                Next::Wait
            }
            TrainingCommand::Go(id, start) if id == own => {
                driver.begin();
                Next::Step(start)
            }
            TrainingCommand::Stop(id) if id == own => Next::Stop,
            TrainingCommand::Set(id, setting) if id == own => {
                driver.set(setting);
                next
            }
            TrainingCommand::Weights(id) if id == own => {
                self.requested.ask();
                next
            }
            other @ (TrainingCommand::Train(_)
            | TrainingCommand::Pause(_)
            | TrainingCommand::Go(..)
            | TrainingCommand::Stop(_)
            | TrainingCommand::Set(..)
            | TrainingCommand::Weights(_)) => {
                self.between_runs(other);
                next
            }
        }
    }
}
