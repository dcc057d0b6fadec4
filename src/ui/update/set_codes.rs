//! Codes of the samples of a set are requested in parts, so that the compute service can do other
//! work in between.

use std::sync::Arc;

use crate::project::format_count;
use crate::session::{CodePlane, JobKind, PlaceJob, PlaceOn, Places, Request, SampleJob, part_rows};
use crate::ui::plots::stamp_of;
use crate::ui::state::{ComingCodes, ExploredPlane, PlacedCodes, ResolvedSet, Set, SetCodes, State};

/// Maximum number of values in the codes of a set: 256 MB.
const MOST_NUMBERS: usize = 1 << 26;

/// Why a network cannot encode samples.
const NO_PLAN: &str = "The design of the run is no longer valid, so its samples cannot be encoded.";

/// The next request.
enum Next {
    /// Codes of the next rows.
    Part(SampleJob),
    /// Positions of the new codes.
    Coming(PlaceJob),
    /// Positions of the displayed codes on another plane.
    Shown(PlaceJob),
}

/// The codes that a view needs.
struct CodesRequest<'a, P> {
    set: &'a Set,
    /// Uses the weights kept closest to this epoch; the newest if `None`.
    epoch: Option<u32>,
    plane: P,
}

impl State {
    /// Requests the codes of a set with the weights displayed in the views, and their positions on
    /// a plane, unless an answer is pending. The watched samples have codes in every kept epoch.
    pub fn follow_set_codes(&mut self, set: &Set, plane: CodePlane) {
        let mut codes = std::mem::take(&mut self.set_codes);
        // Other data are drawn in addition to any set.
        let request =
            (!matches!(set, Set::Other(_))).then_some(CodesRequest { set, epoch: self.epoch, plane });
        self.follow_codes(&mut codes, request, |of, plane| PlaceOn::Latent(*plane, Arc::clone(&of.watched)));
        self.set_codes = codes;
    }

    /// Requests the codes of a set for the Explore view: on any plane, with the weights of the
    /// epoch whose watched codes it would otherwise show.
    pub fn follow_explored_codes(&mut self, set: &Set, epoch: u32, plane: &Arc<ExploredPlane>) {
        let mut codes = std::mem::take(&mut self.explored_codes);
        let request = CodesRequest { set, epoch: Some(epoch), plane: Arc::clone(plane) };
        self.follow_codes(&mut codes, Some(request), |_, plane| PlaceOn::Any(Arc::clone(&plane.plane)));
        self.explored_codes = codes;
    }

    fn follow_codes<P: Clone + Default + PartialEq>(
        &mut self,
        codes: &mut SetCodes<P>,
        request: Option<CodesRequest<'_, P>>,
        on: impl Fn(&PlacedCodes<P>, &P) -> PlaceOn,
    ) {
        let resolved = request.filter(|request| *request.set != Set::Watched).and_then(|request| {
            let resolved = self
                .resolve_at(request.set, false, request.epoch)
                .filter(|resolved| !resolved.rows.is_empty())?;
            Some((resolved, request))
        });
        let Some((resolved, request)) = resolved else {
            if let Some(job) = codes.clear() {
                self.send(Request::Cancel(job));
            }
            return;
        };
        let cancelled = codes.keep_only(resolved.subject.samples_stamp(), resolved.set);
        let place =
            |of: &PlacedCodes<P>| PlaceJob { on: on(of, &request.plane), codes: Arc::clone(&of.codes) };
        let next = self.next_codes(codes, &resolved, &request, place);
        let plane = request.plane;
        if let Some(job) = cancelled {
            self.send(Request::Cancel(job));
        }
        let ask = |state: &mut State, job| state.compute(JobKind::Samples(Box::new(job)));
        match next {
            Some(Next::Part(job)) => codes.expect_part(ask(self, job), plane),
            Some(Next::Coming(job)) => codes.expect_places(ask(self, SampleJob::Place(job)), plane, true),
            Some(Next::Shown(job)) => codes.expect_places(ask(self, SampleJob::Place(job)), plane, false),
            None => {}
        }
    }

    fn next_codes<P: Clone + Default + PartialEq>(
        &self,
        codes: &mut SetCodes<P>,
        resolved: &ResolvedSet<'_>,
        request: &CodesRequest<'_, P>,
        place: impl Fn(&PlacedCodes<P>) -> PlaceJob,
    ) -> Option<Next> {
        if codes.is_waiting() {
            return None;
        }
        let plane = &request.plane;
        let moved = codes.shown().filter(|shown| shown.plane != *plane);
        let moved = moved.map(|shown| Next::Shown(place(shown)));
        if moved.is_some() && !codes.has_moved() {
            return moved;
        }
        // Encoding with earlier weights is completed first. Otherwise a whole set would never be
        // finished during training.
        if codes.coming().is_none() {
            let of = stamp_of((resolved.subject, resolved.set));
            let is_there = codes.shown().is_some_and(|shown| shown.of == of);
            if is_there || codes.has_failed(of, plane) {
                return moved;
            }
            match unknown_codes(resolved, request, of)? {
                Ok(coming) => codes.begin(coming),
                Err(message) => codes.refuse(of, plane.clone(), &message),
            }
        }
        let ComingCodes { weights, found, .. } = codes.coming()?;
        let rows = found.rows.get(found.done()..).unwrap_or_default();
        if rows.is_empty() {
            return Some(Next::Coming(place(found)));
        }
        let rows = rows[..rows.len().min(part_rows(resolved.data))].to_vec();
        let Some(trial) = resolved.trial(self, weights) else {
            let of = found.of;
            codes.refuse(of, plane.clone(), NO_PLAN);
            return None;
        };
        Some(Next::Part(SampleJob::Locate(trial, rows, None)))
    }
}

/// Codes of all rows shown by a view, all unknown; `None` before the first kept epoch.
fn unknown_codes<P: Clone>(
    resolved: &ResolvedSet<'_>,
    request: &CodesRequest<'_, P>,
    of: u64,
) -> Option<Result<ComingCodes<P>, String>> {
    let watched = resolved.run.kept.shown_at(request.epoch).filter(|kept| kept.code_units > 0)?;
    let numbers = resolved.rows.len().saturating_mul(watched.code_units);
    if numbers > MOST_NUMBERS {
        let (samples, size) = (format_count(resolved.rows.len()), format_count(numbers >> 18));
        return Some(Err(format!(
            "The codes of {samples} samples take {size} MB, which is too much. Choose a smaller set."
        )));
    }
    let found = PlacedCodes {
        set: request.set.clone(),
        of,
        epoch: resolved.epoch,
        rows: resolved.rows.all().into(),
        codes: Arc::new(Vec::with_capacity(numbers)),
        watched: Arc::clone(watched),
        plane: request.plane.clone(),
        places: Places::default(),
    };
    Some(Ok(ComingCodes { rows_stamp: resolved.set, weights: resolved.weights.clone(), found }))
}
