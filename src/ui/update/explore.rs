//! Questions to a trained network, asked while its code is explored.

use std::sync::Arc;

use crate::engine::Trained;
use crate::run::{Run, RunId, Weights};
use crate::session::{JobKind, Request};
use crate::ui::state::{Asked, Explore, Pin, Question, State};

impl State {
    /// Asks the shown run's network from now on: as it was after the epoch looked at, else as it is.
    pub fn follow_asked(&mut self) {
        let Some(run) = self.shown() else {
            self.explore = Explore::default();
            return;
        };
        let (id, started) = (run.id, run.started_unix_secs);
        let kept = self.epoch.and_then(|epoch| run.kept.nearest_weights(epoch));
        let is_live = |(of, _): &&(RunId, Arc<Weights>)| *of == id && run.status.is_under_way();
        let live = self.explore.live.as_ref().filter(is_live).map(|(_, weights)| weights);
        let last = || run.checkpoint.as_ref().map(|checkpoint| checkpoint.inference_weights());
        let epoch = kept.map(|(epoch, _)| epoch);
        let weights = kept.map(|(_, weights)| weights).or(live).or_else(last).cloned();
        let known = self.explore.asked.as_ref().filter(|_| self.explore.of == Some((id, started)));
        let trained = weights.and_then(|weights| match known {
            Some(asked) => Some(asked.trained.with_weights(weights)),
            // What cannot be planned again was never trained.
            None => Trained::again(run, weights, (0.0, 1.0)).ok(),
        });
        self.explore.turn_to(id, started);
        self.explore.asked = trained.map(|trained| Asked { run: id, trained, epoch });
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

    /// Lets go of a kept code.
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

    /// Asks for the newest weights of the shown run, where it is under way.
    pub fn follow_live_weights(&mut self) {
        let under_way = |run: &&Run| run.status.is_under_way();
        let Some(run) = self.shown().filter(under_way).map(|run| run.id) else { return };
        if self.epoch.is_none() && self.explore.weights_asked != Some(run) {
            self.explore.weights_asked = Some(run);
            self.send(Request::Weights(run));
        }
    }

    /// Takes in weights of a run under way.
    pub(super) fn take_weights(&mut self, run: RunId, weights: Option<Arc<Weights>>) {
        self.explore.weights_asked = None;
        if let Some(weights) = weights {
            self.explore.live = Some((run, weights));
        }
    }
}
