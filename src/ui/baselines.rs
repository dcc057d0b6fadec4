//! The error of PCA that runs are compared with: computed for every run that lacks it as soon as its data are there, one
//! at a time. A run lacks it at its start, and after a crash or a save that came before the answer.

use super::state::State;
use crate::run::{Run, RunEvent, RunId};
use crate::session::{JobId, JobKind};

/// The one on its way, and those that cannot be had.
#[derive(Clone, Debug, Default)]
pub struct Baselines {
    coming: Option<(JobId, RunId)>,
    failed: Vec<RunId>,
}

impl Baselines {
    /// The run a job was for, if it is the one that is waited for.
    pub fn take(&mut self, job: JobId) -> Option<RunId> {
        self.coming.take_if(|coming| coming.0 == job).map(|coming| coming.1)
    }

    /// Takes in that a job could not be done; it is not tried again.
    pub fn fail(&mut self, job: JobId) {
        let run = self.take(job);
        self.failed.extend(run);
    }
}

impl State {
    /// Asks for the baseline of a run that lacks it, unless one is on its way.
    pub(super) fn want_baseline(&mut self) {
        if self.baselines.coming.is_some() {
            return;
        }
        let lacks = |run: &&Run| run.pca_mse.is_none() && !self.baselines.failed.contains(&run.id);
        let lacking =
            self.runs.iter().filter(lacks).find_map(|run| Some((run, self.data_as_trained(run)?.0)));
        let Some((run, data)) = lacking else { return };
        let (id, data, components) = (run.id, data.clone(), run.design.code.units);
        // Another run of the same data and as large a code has the same one.
        let known = self.runs.iter().filter(|other| is_same(run, other)).find_map(|other| other.pca_mse);
        if let Some(known) = known {
            if let Some(run) = self.run_mut(id) {
                run.apply(&RunEvent::Baseline(known));
            }
            return;
        }
        let job = self.compute(None, JobKind::Baseline { data, components });
        self.baselines.coming = Some((job, id));
    }
}

/// Whether two runs have the same baseline.
fn is_same(a: &Run, b: &Run) -> bool {
    let (of_a, of_b) = (&a.design.data, &b.design.data);
    a.fingerprint == b.fingerprint
        && (of_a.scaling, of_a.split) == (of_b.scaling, of_b.split)
        && a.design.code.units == b.design.code.units
}
