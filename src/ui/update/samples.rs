//! Requests the data that views show for the samples of a set in parts: the displayed part,
//! and the errors of the other samples.

use std::sync::Arc;

use crate::run::{Kept, Run};
use crate::session::{CodePlane, JobKind, Linear, Order, Rated, SampleJob, part_rows};
use crate::ui::plots::stamp_of;
use crate::ui::state::{Awaited, Errors, NeededSamples, ResolvedSet, Scored, Set, SetRows, State, Subject};

/// Maximum number of rows searched for unknown errors per frame: less than a millisecond.
const EACH_FRAME: usize = 1 << 18;

/// Maximum number of rows of other data drawn.
pub const MOST_LOCATED: usize = 20_000;

/// Why samples cannot be shown to a network.
const NO_PLAN: &str = "the design of the run is no longer valid; its samples cannot be shown";

impl State {
    /// Requests the next data that a view needs, for the samples in view and for the whole set,
    /// unless an answer is pending.
    pub fn follow_samples(&mut self, wanted: &NeededSamples) {
        for for_visible_rows in [true, false] {
            if self.scored.is_waiting(for_visible_rows) {
                continue;
            }
            let mut scored = std::mem::take(&mut self.scored);
            let resolved = self.resolve_in_any_size(&wanted.set, wanted.is_corrupted, self.epoch);
            let next = resolved.and_then(|resolved| match (for_visible_rows, wanted.set == Set::Watched) {
                (true, true) => next_values(&scored, &resolved, wanted),
                (true, false) => self.next_pictures(&mut scored, &resolved, wanted),
                (false, true) => next_linear(&scored, &resolved, wanted),
                (false, false) => next_linear(&scored, &resolved, wanted)
                    .or_else(|| self.next_errors(&mut scored, &resolved))
                    .or_else(|| next_order(&scored, &resolved, wanted.order))
                    .or_else(|| self.next_linear_error(&mut scored, &resolved, wanted)),
            });
            self.scored = scored;
            self.ask_samples(next);
        }
    }

    /// Requests the codes of other data from the shown run's encoder, unless they are known.
    /// `plane`: the codes whose principal components span the displayed plane, if any.
    pub fn follow_located(&mut self, plane: Option<&(Arc<Kept>, CodePlane)>) {
        if self.scored.is_waiting(false) {
            return;
        }
        let wanted = self.others.keys().find_map(|name| {
            let resolved = self.resolve(&Set::Other(name.clone()), false)?;
            let of = resolved.located_stamp(plane);
            let is_there = self.scored.located.get(name).is_some_and(|located| located.0 == of);
            if is_there || self.scored.failure(of).is_some() {
                return None;
            }
            let rows = resolved.rows.part(0, MOST_LOCATED);
            let trial = resolved.trial(self, &resolved.weights)?;
            Some((SampleJob::Locate(trial, rows, plane.cloned()), Awaited::Codes(name.clone(), of)))
        });
        self.ask_samples(wanted);
    }

    /// Requests the comparison of the selection with the other samples, unless it is known.
    pub fn follow_comparison(&mut self) {
        let Some(((of, like), data)) = self.comparison_stamps().zip(self.selectable()) else { return };
        let rows = self.selection.rows(data.fingerprint);
        let is_known = self.scored.compared.as_ref().is_some_and(|compared| compared.of == of);
        let is_failed = self.scored.failure(of).is_some();
        if self.scored.is_waiting(false) || is_known || is_failed || rows.is_empty() {
            return;
        }
        let errors = self.shown().and_then(|run| self.known_errors(run));
        let errors = errors.map(|errors| errors.values.clone()).unwrap_or_default();
        let own = self.shown().and_then(|run| self.data_of(run).map(|own| (run, own)));
        let job = match own.filter(|_| self.others.values().any(|other| Arc::ptr_eq(other, data))) {
            Some((run, own)) => {
                let other = Rated { data: Arc::clone(data), errors };
                let own = Rated { data: Arc::clone(own), errors: self.own_errors(run) };
                SampleJob::CompareTraining(other, own, rows.to_vec())
            }
            None => SampleJob::Compare(Arc::clone(data), rows.to_vec(), errors),
        };
        self.ask_samples(Some((job, Awaited::Compare(of, like))));
    }

    /// Hashes that identify the selection and its data, one with the known errors and one without.
    pub fn comparison_stamps(&self) -> Option<(u64, u64)> {
        let data = self.selectable()?;
        let errors = self.shown().and_then(|run| self.known_errors(run));
        let errors = errors.map(|errors| (errors.subject, self.scored.mean.map(|mean| mean.0)));
        let own = self.scored.own.as_ref().map(|own| own.subject);
        let like = stamp_of((Arc::as_ptr(data).addr(), self.selection.changes(), own));
        Some((stamp_of((like, errors)), like))
    }

    /// For a run, the errors of the data of the selection, once those of a whole set are known.
    pub fn known_errors(&self, run: &Run) -> Option<&Errors> {
        let is_settled = self.scored.is_whole || self.scored.coming.is_some();
        let errors = self.scored.errors.as_ref().filter(|_| is_settled)?;
        let Subject { run: id, started_unix_secs, fingerprint, .. } = errors.subject;
        let of = self.selectable().map_or(run.fingerprint, |data| data.fingerprint);
        let is_own = (id, started_unix_secs, fingerprint) == (run.id, run.started_unix_secs, of);
        is_own.then_some(errors)
    }

    /// The errors of a run's own data with the weights used for other data; empty if unknown.
    fn own_errors(&self, run: &Run) -> Vec<f32> {
        let fingerprint = run.fingerprint;
        let shown = self.scored.errors.as_ref().map(|errors| Subject { fingerprint, ..errors.subject });
        let own = self.scored.own.as_ref().filter(|own| Some(own.subject) == shown);
        own.map(|own| own.values.clone()).unwrap_or_default()
    }

    fn ask_samples(&mut self, next: Option<(SampleJob, Awaited)>) {
        if let Some((job, awaited)) = next {
            let job = Box::new(job);
            let kind = if awaited.is_for_visible_rows() {
                JobKind::VisibleSamples(job)
            } else {
                JobKind::Samples(job)
            };
            let id = self.compute(kind);
            self.scored.expect(id, awaited);
        }
    }

    /// Pictures of the samples in view.
    fn next_pictures(
        &self,
        scored: &mut Scored,
        resolved: &ResolvedSet<'_>,
        wanted: &NeededSamples,
    ) -> Option<(SampleJob, Awaited)> {
        let linear = known_linear(scored, resolved).filter(|_| wanted.has_linear);
        let of = resolved.pictures_stamp(wanted, linear.is_some());
        let is_there = scored.pictures.as_ref().is_some_and(|pictured| pictured.of == of);
        if is_there || wanted.rows.is_empty() || scored.failure(of).is_some() {
            return None;
        }
        let Some(trial) = resolved.trial(self, &resolved.weights) else {
            scored.refuse(of, NO_PLAN);
            return None;
        };
        let job = SampleJob::Pictures(trial, linear, wanted.rows.clone(), wanted.channels.clone());
        Some((job, Awaited::Pictures(of, resolved.subject.samples_stamp())))
    }

    /// The next rows of the set for which the error of PCA is unknown.
    fn next_linear_error(
        &self,
        scored: &mut Scored,
        resolved: &ResolvedSet<'_>,
        wanted: &NeededSamples,
    ) -> Option<(SampleJob, Awaited)> {
        let linear = known_linear(scored, resolved).filter(|_| wanted.has_linear)?;
        let of = resolved.linear_error_stamp();
        if scored.linear_error.0 != of {
            scored.linear_error = (of, 0, 0.0);
        }
        let rows = resolved.rows.part(scored.linear_error.1, part_rows(resolved.data));
        if rows.is_empty() || scored.failure(of).is_some() {
            return None;
        }
        let Some(trial) = resolved.trial(self, &resolved.weights) else {
            scored.refuse(of, NO_PLAN);
            return None;
        };
        let count = rows.len();
        Some((SampleJob::LinearError(trial, linear, rows), Awaited::LinearError(of, count)))
    }

    /// The next rows of the set whose error is unknown. Once all are known, newer errors replace
    /// older ones.
    fn next_errors(&self, scored: &mut Scored, resolved: &ResolvedSet<'_>) -> Option<(SampleJob, Awaited)> {
        let unknown = || Errors::unknown(resolved.subject, resolved.weights.clone(), resolved.data.len());
        match &scored.errors {
            Some(errors) if !errors.is_of(&resolved.subject) => {
                let is_own = errors.subject.fingerprint == resolved.run.fingerprint && scored.is_whole;
                let before = scored.errors.take();
                (scored.own, scored.coming) = (before.filter(|_| is_own).or(scored.own.take()), None);
            }
            Some(_) | None => {}
        }
        let is_dead = |coming: &Errors| coming.subject != resolved.subject && scored.failed(&coming.subject);
        if scored.coming.as_ref().is_some_and(is_dead) {
            scored.coming = None;
        }
        let errors = scored.errors.get_or_insert_with(unknown);
        // Scoring with earlier weights is completed first. Otherwise a whole set would never be
        // finished during training.
        if errors.subject != resolved.subject && scored.coming.is_none() {
            scored.coming = Some(unknown());
        }
        let target = scored.coming.as_ref().or(scored.errors.as_ref())?;
        if scored.failed(&target.subject) {
            return None;
        }
        let of = stamp_of((target.subject, resolved.set));
        let mut at = if scored.scanned.0 == of { scored.scanned.1 } else { 0 };
        let (most, end) = (part_rows(resolved.data), resolved.rows.len().min(at + EACH_FRAME));
        let mut rows = Vec::new();
        while rows.len() < most && at < end {
            let part = resolved.rows.part(at, (most - rows.len()).min(end - at));
            at += part.len();
            rows.extend(part.into_iter().filter(|row| target.of(*row).is_none()));
        }
        let (subject, weights) = (target.subject, target.weights.clone());
        let was_whole = scored.is_whole && scored.scanned.0 == of;
        scored.scanned = (of, at);
        scored.is_whole = rows.is_empty() && at == resolved.rows.len();
        if scored.is_whole && !was_whole {
            scored.errors = scored.coming.take().or(scored.errors.take());
            let mean = scored.errors.as_ref().and_then(|errors| mean_of(&resolved.rows, errors));
            scored.mean = mean.map(|mean| (resolved.order_stamp(Order::Data), mean));
        }
        if rows.is_empty() {
            return None;
        }
        let Some(trial) = resolved.trial(self, &weights) else {
            scored.refuse(subject.stamp(), NO_PLAN);
            return None;
        };
        Some((SampleJob::Errors(trial, rows.clone()), Awaited::Errors(subject, rows)))
    }
}

/// The mean error of rows; `None` if there are no rows.
fn mean_of(rows: &SetRows<'_>, errors: &Errors) -> Option<f64> {
    let known = rows.all().into_iter().filter_map(|row| errors.of(row)).map(f64::from);
    let (sum, count) = known.fold((0.0, 0_usize), |(sum, count), error| (sum + error, count + 1));
    (count > 0).then(|| sum / count as f64)
}

/// The set in its order, once its errors are known.
fn next_order(scored: &Scored, resolved: &ResolvedSet<'_>, order: Order) -> Option<(SampleJob, Awaited)> {
    let errors = scored.errors.as_ref().filter(|errors| errors.is_of(&resolved.subject))?;
    let of = stamp_of((errors.subject, resolved.set, order));
    let is_there = scored.ordered.as_ref().is_some_and(|ordered| ordered.of == of);
    if order == Order::Data || !scored.is_whole || is_there || scored.failure(of).is_some() {
        return None;
    }
    let job = SampleJob::Order(order, Arc::clone(resolved.data), resolved.rows.all(), errors.values.clone());
    Some((job, Awaited::Order(of, resolved.order_stamp(order))))
}

/// The fit of PCA, if it is needed and unknown.
fn next_linear(
    scored: &Scored,
    resolved: &ResolvedSet<'_>,
    wanted: &NeededSamples,
) -> Option<(SampleJob, Awaited)> {
    let of = resolved.linear_stamp();
    let is_there = scored.linear.as_ref().is_some_and(|linear| linear.0 == of);
    let job = SampleJob::Fit(Arc::clone(resolved.own?), resolved.run.code_units());
    let is_fit = resolved.data.shape == resolved.run.shape;
    (wanted.has_linear && is_fit && !is_there).then_some((job, Awaited::Fit(of)))
}

fn known_linear(scored: &Scored, resolved: &ResolvedSet<'_>) -> Option<Linear> {
    let (of, linear) = scored.linear.as_ref()?;
    // PCA requires samples of equal size.
    linear.clone().filter(|_| *of == resolved.linear_stamp() && resolved.data.shape == resolved.run.shape)
}

/// The reconstructions of the watched samples by PCA, from the input of the network.
fn next_values(
    scored: &Scored,
    resolved: &ResolvedSet<'_>,
    wanted: &NeededSamples,
) -> Option<(SampleJob, Awaited)> {
    let linear = known_linear(scored, resolved).filter(|_| wanted.has_linear)?;
    let of = resolved.values_stamp();
    let rows = &resolved.run.kept.probe.picture_rows;
    let is_there = scored.values.as_ref().is_some_and(|values| values.0 == of);
    let is_valid = rows.iter().all(|row| (*row as usize) < resolved.data.len());
    if is_there || !is_valid || scored.failure(of).is_some() {
        return None;
    }
    let corrupted = resolved.run.kept.newest().map(|kept| &kept.corrupted).filter(|seen| !seen.is_empty());
    let input = corrupted.cloned().unwrap_or_else(|| {
        let mut clean = vec![0.0; rows.len() * resolved.data.shape.features()];
        resolved.data.gather(rows, &mut clean);
        clean
    });
    Some((SampleJob::Linear(linear, input), Awaited::Values(of)))
}
