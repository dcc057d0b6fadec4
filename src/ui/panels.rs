//! **The panels**, one file each. The shell's own panels change the [`State`](super::state::State). A view is given plain
//! references to what it shows and its own small state; it returns what a person asked for and changes nothing else.

pub mod arrangement;
mod data_preview;
pub mod dialog;
mod differences;
mod health;
pub mod inspector;
mod latent;
pub mod log;
mod loss;
pub mod network;
pub mod notes;
pub mod palette;
mod parts;
pub mod problems;
mod reconstructions;
mod replay;
mod runs;
mod sample;
pub mod toolbar;
pub mod views;

pub use data_preview::{DataInput, DataOutput, DataPreviewView, DataState, data_preview_ui};
pub use health::{HealthInput, HealthOutput, HealthView, health_ui};
pub use latent::{LatentInput, LatentOutput, LatentView, latent_ui};
pub use loss::{LossInput, LossOutput, LossView, loss_ui};
pub use parts::TABBED;
pub use reconstructions::{
    ReconstructionsInput, ReconstructionsOutput, ReconstructionsView, reconstructions_ui,
};
pub use replay::{ReplayInput, ReplayOutput, ReplayView, replay_ui};
pub use runs::{RunAction, RunsInput, RunsOutput, RunsView, runs_ui};

use std::sync::Arc;

use crate::run::{Kept, Run};

/// Where on the thread through time the views should stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seek {
    /// At the newest epoch, moving along with it.
    Live,
    /// At this epoch.
    Epoch(u32),
}

/// What a run kept of the epoch the thread stands at; `None` is the newest.
pub fn kept_at(run: &Run, epoch: Option<u32>) -> Option<&Arc<Kept>> {
    match epoch {
        None => run.kept.newest(),
        Some(epoch) => run.kept.at(epoch).or_else(|| run.kept.iter().next()),
    }
}

#[cfg(test)]
pub(super) mod samples;
#[cfg(test)]
mod tests;
