//! Questions to a trained network, asked while its code is explored.

use std::sync::Arc;

use crate::engine::Trained;
use crate::run::{Run, RunId, Status, Weights};
use crate::session::{JobKind, Request};
use crate::ui::state::{AskedNetwork, Live, Pin, Question, State};

/// The weights that decode the codes of the epoch looked at, with the epoch they are of; `None` for it where they are those of
/// a run under way as they are now. They are of the epoch of the codes, unless none were kept.
fn weights_of<'a>(
    run: &'a Run,
    epoch: Option<u32>,
    live: Option<&'a Live>,
) -> Option<(Option<u32>, &'a Arc<Weights>)> {
    let checkpoint = run.checkpoint.as_deref();
    let now = match run.status {
        Status::Training => live.filter(|live| live.run == run.id).map(|live| (None, &live.weights)),
        // A pause makes a checkpoint.
        Status::Paused => checkpoint.map(|checkpoint| {
            let progress = &checkpoint.progress;
            ((progress.step_in_epoch == 0).then_some(progress.epoch), &checkpoint.weights)
        }),
        Status::Queued | Status::Stopped | Status::Done | Status::Failed(_) => None,
    };
    let kept = run.kept.look(epoch).and_then(|kept| run.kept.nearest_weights(kept.epoch));
    let kept = kept.map(|(epoch, weights)| (Some(epoch), weights));
    let last =
        checkpoint.map(|checkpoint| (Some(checkpoint.inference_epoch()), checkpoint.inference_weights()));
    if epoch.is_none() { now.or(kept).or(last) } else { kept.or(now).or(last) }
}

impl State {
    /// Asks the shown run's network from now on: as it was after the epoch looked at, else as it is. Pins of rows follow
    /// their codes.
    pub fn follow_asked(&mut self) {
        let of = self.shown().map(|run| (run.id, run.started_unix_secs));
        for job in self.explore.turn_to(of) {
            self.send(Request::Cancel(job));
        }
        let Some(run) = self.shown() else { return };
        let kept = run.kept.look(self.epoch).cloned();
        let probe = Arc::clone(&run.kept.probe);
        let (known, generation) = (self.explore.asked.as_ref(), self.explore.generation);
        let weights = weights_of(run, self.epoch, self.explore.live.as_ref());
        let asked = match (weights, known) {
            (None, _) => None,
            (Some((epoch, weights)), Some(known)) if Arc::ptr_eq(known.trained.weights(), weights) => {
                Some(AskedNetwork { epoch, ..known.clone() })
            }
            (Some((epoch, weights)), known) => {
                let weights = Arc::clone(weights);
                let trained = match known {
                    Some(known) => Some(known.trained.with_weights(weights)),
                    None if self.explore.is_damaged => None,
                    // What cannot be planned again was never trained.
                    None => Trained::again(run, weights, (0.0, 1.0)).ok(),
                };
                trained.map(|trained| AskedNetwork { trained, epoch, generation: generation + 1 })
            }
        };
        let is_damaged = weights.is_some() && asked.is_none();
        let explore = &mut self.explore;
        explore.is_damaged = is_damaged;
        explore.generation = asked.as_ref().map_or(generation, |asked| asked.generation);
        explore.asked = asked;
        if let Some(kept) = kept {
            explore.follow_rows(|row| {
                let at = probe.code_rows.iter().position(|own| *own == row)?;
                kept.codes.chunks_exact(kept.code_units.max(1)).nth(at)
            });
        }
    }

    /// Asks a question, unless it is the newest of its kind already. The stamp tells it from others.
    pub fn ask_network(&mut self, question: Question, stamp: u64, kind: JobKind) {
        if self.explore.is_new(question, stamp) {
            let job = self.compute(kind);
            self.explore.expect(job, question, stamp);
        }
    }

    /// Keeps a code to look at, and looks at it.
    pub fn pin(&mut self, pin: Pin) {
        self.explore.active = Some(self.explore.pins.len());
        self.explore.pins.push(pin);
    }

    /// Removes a pin.
    pub fn unpin(&mut self, at: usize) {
        if at < self.explore.pins.len() {
            self.explore.pins.remove(at);
            let last = self.explore.pins.len().checked_sub(1);
            self.explore.active = self.explore.active.and_then(|active| {
                let active = if active > at { active - 1 } else { active };
                last.map(|last| active.min(last))
            });
        }
    }

    /// Asks for the newest weights of the shown run, while it trains.
    pub fn follow_live_weights(&mut self) {
        let trains = |run: &&Run| run.status == Status::Training;
        let Some(run) = self.shown().filter(trains).map(|run| run.id) else {
            // Once the run is resumed they are old.
            self.explore.live = None;
            return;
        };
        if self.epoch.is_none() && self.explore.weights_asked != Some(run) {
            self.explore.weights_asked = Some(run);
            self.send(Request::Weights(run));
        }
    }

    /// Takes in weights of a run that is being trained.
    pub(super) fn take_weights(&mut self, run: RunId, step: u64, weights: Option<Arc<Weights>>) {
        self.explore.weights_asked = None;
        // Another copy of the same weights would ask every question again.
        let is_known = self.explore.live.as_ref().is_some_and(|live| (live.run, live.step) == (run, step));
        if let Some(weights) = weights.filter(|_| !is_known) {
            self.explore.live = Some(Live { run, step, weights });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{Checkpoint, Kept, KeptEpochs, TrainerProgress};
    use crate::ui::views::samples;

    fn paused_at(epoch: u32, step_in_epoch: u32) -> TrainerProgress {
        TrainerProgress { epoch, step_in_epoch, ..TrainerProgress::default() }
    }

    /// A run that kept its epochs 36 and 40, with weights.
    fn run(status: Status) -> Run {
        let mut kept = KeptEpochs::default();
        for epoch in [36, 40] {
            kept.push(Arc::new(Kept { epoch, ..Kept::default() }));
            kept.push_weights(epoch, Arc::default());
        }
        let checkpoint = Checkpoint { progress: paused_at(40, 2), ..Checkpoint::default() };
        Run { status, kept, checkpoint: Some(Arc::new(checkpoint)), ..samples::run(1, 41) }
    }

    #[test]
    fn codes_are_decoded_by_the_weights_of_their_epoch() {
        let live = Live { run: RunId(1), step: 3, weights: Arc::default() };
        for (status, epoch, expected) in [
            (Status::Done, None, Some(Some(40))),
            (Status::Done, Some(39), Some(Some(36))),
            (Status::Done, Some(40), Some(Some(40))),
            (Status::Training, None, Some(None)),
            (Status::Training, Some(38), Some(Some(36))),
            (Status::Paused, None, Some(None)),
            (Status::Paused, Some(36), Some(Some(36))),
            (Status::Stopped, None, Some(Some(40))),
        ] {
            let run = run(status.clone());
            let found = weights_of(&run, epoch, Some(&live)).map(|(epoch, _)| epoch);
            assert_eq!(found, expected, "{status:?} {epoch:?}");
        }
        let bare = |checkpoint| Run { kept: KeptEpochs::default(), checkpoint, ..run(Status::Paused) };
        assert!(weights_of(&bare(None), None, None).is_none());
        // Paused between two epochs, it has the weights of the one before.
        let checkpoint = Checkpoint { progress: paused_at(40, 0), ..Checkpoint::default() };
        let run = bare(Some(Arc::new(checkpoint)));
        assert_eq!(weights_of(&run, None, None).map(|(epoch, _)| epoch), Some(Some(40)));
    }
}
