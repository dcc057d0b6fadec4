//! **Two lanes of work beside the window**: training (one worker, a queue of runs) and compute (loading data, principal
//! components, baselines; cancellable, the newest request wins). [`Command`]s go in, [`Event`]s come out, both plain data;
//! progress is coalesced to the screen's rate, and a panic or an error becomes an event, never a dead window.

mod protocol;

pub use protocol::{
    Command, Event, Job, JobId, JobKind, JobResult, RunEvent, RunProgress, Start, TrainRequest,
};

use std::sync::mpsc::{Receiver, Sender};

/// A handle on the lanes. Dropping it stops the run under way after its step and ends the lanes.
#[derive(Debug)]
pub struct Session {
    commands: Sender<Command>,
    events: Receiver<Event>,
}

impl Session {
    /// Asks for something; never waits.
    pub fn send(&self, command: Command) {
        // A lane that is gone has said so by an event.
        let _ = self.commands.send(command);
    }

    /// What happened since the last call; never waits.
    pub fn poll(&self) -> impl Iterator<Item = Event> + '_ {
        self.events.try_iter()
    }
}
