use std::sync::Arc;

use super::{
    Caption, Checkpoint, Edit, EpochRecord, Finding, GreedyProgress, GreedyRecord, Health, HeldWeights, Kept,
    KeptEpochs, Normaliser, Probe, Restart, Run, Setting, Status, Terms,
};
use crate::project::Data;

/// Something that happened to a run. [`Run::apply`] says what each changes.
#[derive(Clone, Debug)]
pub enum RunEvent {
    /// Its status changed.
    Status(Status),
    /// Names of its loss terms, sent before the first record.
    Terms(Terms),
    /// The samples it is watched by, sent before the first kept epoch.
    Probe(Arc<Probe>),
    /// How far it is; at the screen's rate.
    Progress(RunProgress),
    /// Epochs of single layers finished since the last such event, in order; none is ever left out.
    Greedy(Vec<GreedyRecord>),
    /// Epochs finished since the last such event, in order; none is ever left out.
    Epochs(Vec<EpochRecord>),
    /// The probe at the newest epoch that was looked at, and the network's weights then, unless
    /// they are too many to be kept; at the screen's rate, so epochs may be left out.
    Kept(Arc<Kept>, Option<HeldWeights>),
    /// The network's health, measured now and then and whenever the run pauses or ends.
    Health(Arc<Health>),
    /// A setting was changed before this step.
    Edited(Edit),
    /// Training restarted, because the selector had not made its choice.
    Restarted(Restart),
    /// The state after a pause, a stop or the end, and every few seconds in between.
    Checkpoint(Arc<Checkpoint>),
    /// The error of PCA with the same code size, per feature.
    Baseline(f64),
    /// Its data were found, perhaps at another place than before, prepared like this.
    Located(Box<Data>, Normaliser),
    /// Something was measured of its network.
    Found(Box<Finding>),
    /// What was kept of such a measurement is taken back.
    Dropped(Box<Finding>),
    /// A person gave it a name or a note, or hid it.
    Captioned(Box<Caption>),
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RunProgress {
    /// How far single layers are in their own trainings, while these last.
    pub greedy: Option<GreedyProgress>,
    /// Epochs of single layers in all.
    pub greedy_epochs: u32,
    /// Finished epochs.
    pub epoch: u32,
    /// Epochs in all.
    pub epochs: u32,
    /// Finished steps of the current epoch.
    pub step_in_epoch: u32,
    /// Steps of an epoch.
    pub steps_per_epoch: u32,
    /// Steps over the whole run.
    pub step: u64,
    /// Samples trained per second, over the last moments.
    pub samples_per_sec: f64,
    /// Training time so far, in seconds.
    pub seconds: f64,
    /// Learning rate of the last step.
    pub learning_rate: f32,
    /// Training loss of the last minibatch.
    pub loss: f64,
}

impl RunProgress {
    /// Finished steps and steps in all, those of single layers included.
    pub fn steps(&self) -> (u64, u64) {
        let per_epoch = u64::from(self.steps_per_epoch);
        let (layers, in_layer) =
            self.greedy.map_or((self.greedy_epochs, 0), |greedy| (greedy.in_all().0, greedy.step_in_epoch));
        let finished = (u64::from(self.epoch) + u64::from(layers)) * per_epoch;
        let all = (u64::from(self.epochs) + u64::from(self.greedy_epochs)) * per_epoch;
        (finished + u64::from(self.step_in_epoch) + u64::from(in_layer), all)
    }

    /// Fraction of the whole run that is done, in [0, 1].
    pub fn fraction(&self) -> f64 {
        let (done, all) = self.steps();
        if all > 0 { (done as f64 / all as f64).clamp(0.0, 1.0) } else { 0.0 }
    }
}

impl Run {
    /// Takes in something that happened to it. Nothing else changes a run, whoever keeps a copy of it.
    pub fn apply(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Status(status) => self.status = status.clone(),
            RunEvent::Terms(terms) => self.history.terms = terms.clone(),
            RunEvent::Probe(probe) => {
                if self.kept.probe != *probe {
                    self.kept = KeptEpochs::new(Arc::clone(probe));
                }
            }
            RunEvent::Progress(progress) => {
                (self.epochs, self.seconds) = (progress.epochs, progress.seconds);
            }
            RunEvent::Greedy(records) => {
                self.history.add_greedy(records.iter().copied());
                self.seconds = records.last().map_or(self.seconds, |last| last.seconds);
            }
            RunEvent::Epochs(records) => {
                self.history.add_epochs(records.iter().cloned());
                self.seconds = records.last().map_or(self.seconds, |last| last.seconds);
            }
            RunEvent::Kept(kept, weights) => {
                self.kept.push(Arc::clone(kept));
                if let Some(weights) = weights {
                    self.kept.push_weights(kept.epoch, weights.clone());
                }
            }
            RunEvent::Health(health) => self.health = Some(Arc::clone(health)),
            RunEvent::Edited(edit) => {
                if let Setting::Epochs(epochs) = edit.setting {
                    self.epochs = epochs;
                }
                self.edits.push(edit.clone());
            }
            RunEvent::Restarted(restart) => {
                self.epochs = restart.epochs;
                self.restarts.push(*restart);
            }
            RunEvent::Checkpoint(checkpoint) => {
                self.seconds = checkpoint.progress.seconds;
                self.checkpoint = Some(Arc::clone(checkpoint));
            }
            RunEvent::Baseline(mse) => self.pca_mse = Some(*mse),
            RunEvent::Located(data, normaliser) => {
                self.design.data.clone_from(data);
                self.normaliser = Some(normaliser.clone());
            }
            RunEvent::Found(finding) => self.results.add(Finding::clone(finding)),
            RunEvent::Dropped(finding) => self.results.drop(finding),
            RunEvent::Captioned(caption) => self.caption = Caption::clone(caption),
        }
    }

    /// Drops whatever came after its checkpoint; training from there produces it again.
    pub fn rewind(&mut self) {
        let Some(checkpoint) = &self.checkpoint else { return };
        let last = checkpoint.progress.epoch;
        self.history.rewind(last, checkpoint.pretraining.as_ref());
        self.kept.rewind(last);
        self.seconds = checkpoint.progress.seconds;
    }
}
