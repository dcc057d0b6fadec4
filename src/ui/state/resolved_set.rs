//! The samples of a set as seen by a view: the network, the data and the rows.

use std::sync::Arc;

use super::State;
use super::scored::{Moment, Scored, Subject};
use super::sets::{Set, SetRows, Sets};
use crate::check::plan;
use crate::dataset::Dataset;
use crate::engine::Trained;
use crate::run::{Kept, LazyWeights, Run};
use crate::session::{CodePlane, Order, Trial};
use crate::ui::plots::stamp_of;

/// The samples of a set that a view needs.
#[derive(Clone, Debug, Default)]
pub struct NeededSamples {
    /// The set.
    pub set: Set,
    /// Their order.
    pub order: Order,
    /// Whether the network receives corrupted samples.
    pub is_corrupted: bool,
    /// Rows whose pictures are drawn.
    pub rows: Vec<u32>,
    /// Whether the reconstructions of PCA are drawn too.
    pub has_linear: bool,
    /// The channels of picture codes that are drawn too.
    pub channels: Vec<usize>,
}

/// The samples of a set and the network they are shown to.
#[derive(Clone, Debug)]
pub struct ResolvedSet<'a> {
    /// The run.
    pub run: &'a Run,
    /// Its weights: the newest, or those kept closest to the displayed epoch.
    pub weights: LazyWeights,
    /// The epoch of the weights.
    pub epoch: u32,
    /// The data of the run, if loaded.
    pub own: Option<&'a Arc<Dataset>>,
    /// The data of the set.
    pub data: &'a Arc<Dataset>,
    /// The rows of the set.
    pub rows: SetRows<'a>,
    /// Identifies weights and data.
    pub subject: Subject,
    /// Identifies the rows.
    pub set: u64,
}

impl State {
    /// The context in which sets are resolved.
    pub fn sets(&self) -> Sets<'_> {
        Sets { selection: &self.selection, named: &self.project.selections, others: &self.others }
    }

    /// The samples of a set, as seen by the shown run; `None` without weights or data.
    pub fn resolve(&self, set: &Set, is_corrupted: bool) -> Option<ResolvedSet<'_>> {
        self.resolve_at(set, is_corrupted, self.epoch)
    }

    /// The samples of a set, as seen by the shown run with the weights kept closest to an epoch;
    /// with the newest weights if no epoch is given, or if no weights were kept.
    pub fn resolve_at(&self, set: &Set, is_corrupted: bool, epoch: Option<u32>) -> Option<ResolvedSet<'_>> {
        self.resolve_in_any_size(set, is_corrupted, epoch)
            .filter(|resolved| resolved.data.shape == resolved.run.shape)
    }

    /// Like [`State::resolve_at`], but also accepts pictures of another size if the network does.
    /// Their codes cannot be compared with those of the training data.
    pub fn resolve_in_any_size(
        &self,
        set: &Set,
        is_corrupted: bool,
        epoch: Option<u32>,
    ) -> Option<ResolvedSet<'_>> {
        let run = self.shown()?;
        let kept = epoch.and_then(|epoch| run.kept.nearest_weights(epoch));
        let (weights, epoch, moment) = if let Some((epoch, weights)) = kept {
            (weights.clone(), epoch, Moment::Epoch(epoch))
        } else {
            let checkpoint = run.checkpoint.as_ref()?;
            let moment = Moment::Step(checkpoint.progress.step);
            let weights = Arc::clone(checkpoint.inference_weights());
            (weights.into(), checkpoint.inference_epoch(), moment)
        };
        let own = self.data_of(run);
        // Other data are never corrupted.
        let is_corrupted = is_corrupted && !matches!(set, Set::Other(_));
        let sets = self.sets();
        let data = sets.data(set, own).filter(|data| !data.is_empty())?;
        let is_taken =
            data.shape == run.shape || matches!(set, Set::Other(_)) && self.showing.is_taken(run, data.shape);
        if !is_taken {
            return None;
        }
        let rows = sets.rows(set, Some(run), data);
        let named = sets.find_named(set, data).map(|named| named.rows.identity());
        let selected = if *set == Set::Selection { self.selection.changes() } else { 0 };
        Some(ResolvedSet {
            set: stamp_of((set, Arc::as_ptr(data).addr(), rows.len(), selected, named)),
            subject: Subject {
                run: run.id,
                started_unix_secs: run.started_unix_secs,
                moment,
                fingerprint: data.fingerprint,
                is_corrupted: is_corrupted && run.design.corruption.corrupts(),
            },
            run,
            weights,
            epoch,
            own,
            data,
            rows,
        })
    }
}

impl ResolvedSet<'_> {
    /// The network with these weights and its data; `None` if the design is no longer valid.
    pub fn trial(&self, state: &State, weights: &LazyWeights) -> Option<Trial> {
        if self.data.shape != self.run.shape {
            let trained = Trained::again(self.run, weights.clone(), self.data.shape, (0.0, 1.0)).ok()?;
            let (data, is_corrupted) = (Arc::clone(self.data), self.subject.is_corrupted);
            return Some(Trial { trained, data, is_corrupted, unranged: None });
        }
        let loaded = state.data_as_trained(self.run).map(|(_, facts)| facts);
        let planned = loaded.and_then(|facts| plan(&self.run.design, &facts).ok());
        let unranged = if planned.is_some() { None } else { self.own.cloned() };
        Some(Trial {
            unranged,
            trained: Trained::new(
                Arc::new(planned.or_else(|| self.run.plan())?),
                weights.clone(),
                self.run.scaler(),
            ),
            data: Arc::clone(self.data),
            is_corrupted: self.subject.is_corrupted,
        })
    }

    /// Identifies PCA with as many components as the code has units.
    pub fn linear_stamp(&self) -> u64 {
        let own = self.own.map(|own| {
            let train = &own.split.train;
            (Arc::as_ptr(own).addr(), train.len(), train.first(), train.last())
        });
        stamp_of((own, self.run.code_units()))
    }

    /// Identifies the requested pictures.
    pub fn pictures_stamp(&self, wanted: &NeededSamples, has_linear: bool) -> u64 {
        stamp_of((self.subject, &wanted.rows, has_linear, &wanted.channels))
    }

    /// Identifies the codes of the set, and the plane of the principal components of other codes if
    /// one is drawn.
    pub fn located_stamp(&self, plane: Option<&(Arc<Kept>, CodePlane)>) -> u64 {
        let plane = plane.map(|(kept, plane)| (kept.epoch, Arc::as_ptr(kept).addr(), *plane));
        stamp_of((self.subject, self.set, plane))
    }

    /// Identifies the reconstructions of the watched samples by PCA.
    pub fn values_stamp(&self) -> u64 {
        stamp_of((self.linear_stamp(), self.subject.samples_stamp()))
    }

    /// Identifies the error of PCA on the set.
    pub fn linear_error_stamp(&self) -> u64 {
        stamp_of((self.linear_stamp(), self.set, self.subject.is_corrupted, self.subject.run))
    }

    /// The mean error of PCA on the set, once it is computed.
    pub fn linear_error(&self, scored: &Scored) -> Option<f64> {
        let (of, known, sum) = scored.linear_error;
        let is_whole = of == self.linear_error_stamp() && known == self.rows.len() && known > 0;
        is_whole.then(|| sum / known as f64)
    }

    /// Identifies the set in an order, regardless of the weights.
    pub fn order_stamp(&self, order: Order) -> u64 {
        stamp_of((self.subject.samples_stamp(), self.set, order))
    }

    /// Number of rows of the set whose error is shown, or will be soon.
    pub fn scanned(&self, scored: &Scored) -> usize {
        let of = scored.coming.as_ref().or(scored.errors.as_ref());
        let key = of.map(|errors| stamp_of((errors.subject, self.set)));
        if key == Some(scored.scanned.0) { scored.scanned.1 } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{Best, Checkpoint};
    use crate::ui::views::samples;

    #[test]
    fn samples_are_shown_with_the_best_weights_and_their_epoch() {
        let data = samples::table(20, 2);
        let mut run = samples::run(1, 9);
        run.fingerprint = data.fingerprint;
        samples::keep(&mut run, &data, &[1], 2, false);
        let mut checkpoint = samples::checkpoint(run.shape, 2);
        checkpoint.progress.epoch = 9;
        let mut state = State::default();
        state.data.dataset = Some(Arc::new(data));
        let best = Best { epoch: 4, loss: 0.5, weights: Arc::default() };
        for (best, epoch) in [(None, 9), (Some(best), 4)] {
            run.checkpoint = Some(Arc::new(Checkpoint { best, ..checkpoint.clone() }));
            state.runs = vec![run.clone()];
            assert_eq!(state.resolve(&Set::All, false).map(|resolved| resolved.epoch), Some(epoch));
        }
    }
}
