//! **Two lanes of work beside the window**: training (one worker, a queue of runs) and compute (loading data, principal
//! components, baselines; cancellable, the newest request wins). [`Command`]s go in, [`Event`]s come out, both plain data;
//! progress is coalesced to the screen's rate, and a panic or an error becomes an event, never a dead window.

mod protocol;

pub use protocol::{
    Command, Event, Job, JobId, JobKind, JobResult, RunEvent, RunProgress, Start, TrainRequest,
};
