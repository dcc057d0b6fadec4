use std::sync::Arc;

use super::{
    Caption, Checkpoint, Edit, EpochRecord, Finding, GreedyProgress, GreedyRecord, Health, Kept, KeptEpochs,
    LazyWeights, Normaliser, Probe, Restart, Run, Setting, Status, Terms,
};
use crate::project::Data;

/// Something that happened to a run. [`Run::apply`] describes the effect of each event.
#[derive(Clone, Debug)]
pub enum RunEvent {
    /// Its status changed.
    Status(Status),
    /// Names of its loss terms, sent before the first record.
    Terms(Terms),
    /// The samples of its probe, sent before the first kept epoch.
    Probe(Arc<Probe>),
    /// Its progress, sent at the display's refresh rate.
    Progress(RunProgress),
    /// Layer-wise epochs finished since the last such event, in order. None is ever omitted.
    Greedy(Vec<GreedyRecord>),
    /// Epochs finished since the last such event, in order. None is ever omitted.
    Epochs(Vec<EpochRecord>),
    /// The probe at the newest epoch recorded, and the network's weights then, unless they are too
    /// large to be kept. Sent at the display's refresh rate, so epochs may be omitted.
    Kept(Arc<Kept>, Option<LazyWeights>),
    /// The network's health, measured occasionally and whenever the run pauses or ends.
    Health(Arc<Health>),
    /// A setting was changed before this step.
    Edited(Edit),
    /// Training restarted because the selector had not converged to a selection.
    Restarted(Restart),
    /// The state after a pause, a stop or the end, and every few seconds in between.
    Checkpoint(Arc<Checkpoint>),
    /// The error of PCA with the same code size, per feature.
    Baseline(f64),
    /// Its data were found, possibly in a new location; includes their preparation.
    Located(Box<Data>, Normaliser),
    /// A measurement of its network was made.
    Found(Box<Finding>),
    /// A saved measurement was removed.
    Dropped(Box<Finding>),
    /// The user changed its name, note or visibility.
    Captioned(Box<Caption>),
}

/// Progress of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RunProgress {
    /// Progress of layer-wise pretraining, while it lasts.
    pub greedy: Option<GreedyProgress>,
    /// Total epochs of layer-wise pretraining.
    pub greedy_epochs: u32,
    /// Finished epochs.
    pub epoch: u32,
    /// Total epochs.
    pub epochs: u32,
    /// Finished steps of the current epoch.
    pub step_in_epoch: u32,
    /// Steps per epoch.
    pub steps_per_epoch: u32,
    /// Steps since the start of the run.
    pub step: u64,
    /// Current throughput in samples per second.
    pub samples_per_sec: f64,
    /// Training time so far, in seconds.
    pub seconds: f64,
    /// Learning rate of the last step.
    pub learning_rate: f32,
    /// Training loss of the last minibatch.
    pub loss: f64,
}

impl RunProgress {
    /// Finished steps and total steps, including those of layer-wise pretraining.
    pub fn steps(&self) -> (u64, u64) {
        let per_epoch = u64::from(self.steps_per_epoch);
        let (layers, in_layer) =
            self.greedy.map_or((self.greedy_epochs, 0), |greedy| (greedy.in_all().0, greedy.step_in_epoch));
        let finished = (u64::from(self.epoch) + u64::from(layers)) * per_epoch;
        let all = (u64::from(self.epochs) + u64::from(self.greedy_epochs)) * per_epoch;
        (finished + u64::from(self.step_in_epoch) + u64::from(in_layer), all)
    }

    /// Completed fraction of the whole run, in [0, 1].
    pub fn fraction(&self) -> f64 {
        let (done, all) = self.steps();
        if all > 0 { (done as f64 / all as f64).clamp(0.0, 1.0) } else { 0.0 }
    }
}

impl Run {
    /// Applies an event. Nothing else changes a run, so all copies stay consistent.
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

    /// Discards everything after its checkpoint; training from there produces it again.
    pub fn rewind(&mut self) {
        let Some(checkpoint) = &self.checkpoint else { return };
        let last = checkpoint.progress.epoch;
        self.history.rewind(last, checkpoint.pretraining.as_ref());
        self.kept.rewind(last);
        self.seconds = checkpoint.progress.seconds;
    }
}
