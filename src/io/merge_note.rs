use std::fmt;
use std::path::PathBuf;

use crate::project::{IndexSet, visible_path};
use crate::run::RunId;

/// A note for the user about a save that found another program's changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MergeNote {
    /// A run has another number in the file than in memory.
    Renumbered {
        /// The number in memory.
        run: RunId,
        /// The number in the file.
        number: RunId,
    },
    /// Runs that another program has saved are kept.
    Kept(Vec<RunId>),
    /// Another program has trained a run further that is unchanged here: its version is kept.
    Newer(RunId),
    /// Another program has trained a run further that was removed here: it is kept.
    RemovedHere(RunId),
    /// Another program has removed a run that is unchanged here: it is not saved again.
    RemovedThere(RunId),
    /// Another program has changed the design, which is unchanged here: its version is kept.
    OtherDesign,
    /// Another program has changed other parts of the document: both changes are kept.
    OtherBeside,
    /// Both have changed the design. The other version is in this file, or is the design of a run.
    DesignSetAside(Option<PathBuf>),
    /// The file could not be read and is kept under another name.
    FileSetAside {
        /// Its new name.
        path: PathBuf,
        /// Why it could not be read.
        reason: String,
    },
    /// Weights of kept epochs could not be read from their file, so they are not saved.
    WeightsLeftOut {
        /// The run, by its number in the file.
        run: RunId,
        /// The epochs.
        epochs: Vec<u32>,
        /// Why the first of them could not be read.
        reason: String,
    },
}

impl MergeNote {
    /// Whether the file contains something that the program which saved it does not have.
    pub fn is_only_in_file(&self) -> bool {
        match self {
            MergeNote::Renumbered { .. }
            | MergeNote::Kept(_)
            | MergeNote::Newer(_)
            | MergeNote::RemovedHere(_)
            | MergeNote::OtherDesign
            | MergeNote::OtherBeside => true,
            MergeNote::RemovedThere(_)
            | MergeNote::DesignSetAside(_)
            | MergeNote::FileSetAside { .. }
            | MergeNote::WeightsLeftOut { .. } => false,
        }
    }

    /// The highest run number mentioned: no new run should have it.
    pub fn highest_run(&self) -> Option<RunId> {
        match self {
            MergeNote::Renumbered { number, .. } => Some(*number),
            MergeNote::Kept(runs) => runs.iter().max().copied(),
            MergeNote::Newer(_)
            | MergeNote::RemovedHere(_)
            | MergeNote::RemovedThere(_)
            | MergeNote::OtherDesign
            | MergeNote::OtherBeside
            | MergeNote::DesignSetAside(_)
            | MergeNote::FileSetAside { .. }
            | MergeNote::WeightsLeftOut { .. } => None,
        }
    }
}

impl fmt::Display for MergeNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MergeNote::Renumbered { run, number } => {
                write!(
                    f,
                    "run {run} is saved as run {number}, because another program saved a run with the same \
                     number"
                )
            }
            MergeNote::Kept(runs) => {
                let all: Vec<String> = runs.iter().map(ToString::to_string).collect();
                let plural = if runs.len() == 1 { "" } else { "s" };
                write!(f, "another program saved run{plural} {}: kept", all.join(", "))
            }
            MergeNote::Newer(run) => {
                write!(f, "another program trained run {run} further: its version is kept")
            }
            MergeNote::RemovedHere(run) => {
                write!(f, "run {run} was removed here, but another program trained it further: it is kept")
            }
            MergeNote::RemovedThere(run) => {
                write!(f, "another program removed run {run}: it is not saved again")
            }
            MergeNote::OtherDesign => write!(f, "another program changed the design: its version is kept"),
            MergeNote::OtherBeside => {
                write!(
                    f,
                    "another program changed selections, labels, pins or other data: its changes are kept"
                )
            }
            MergeNote::DesignSetAside(Some(path)) => {
                write!(f, "another program changed the design too: its version is in {}", visible_path(path))
            }
            MergeNote::DesignSetAside(None) => {
                write!(f, "another program changed the design too: its version is the design of its run")
            }
            MergeNote::FileSetAside { path, reason } => {
                write!(f, "the old file could not be read and is kept as {} ({reason})", visible_path(path))
            }
            MergeNote::WeightsLeftOut { run, epochs, reason } => {
                let (plural, epochs) = (if epochs.len() == 1 { "" } else { "s" }, IndexSet::of(epochs));
                write!(
                    f,
                    "the weights of run {run} after epoch{plural} {epochs} are not saved, but everything else \
                     is ({reason})"
                )
            }
        }
    }
}
