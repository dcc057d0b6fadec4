//! Codes of the samples of a set are asked for a part at a time, so that other work of the compute
//! lane comes in between.

use std::sync::Arc;

use crate::project::format_count;
use crate::session::{CodePlane, JobKind, PlaceJob, Places, Request, SampleJob, part_rows};
use crate::ui::plots::stamp_of;
use crate::ui::state::{ComingCodes, Look, PlacedCodes, Set, SetCodes, State};

/// Numbers that the codes of a set have, at most: 256 MB.
const MOST_NUMBERS: usize = 1 << 26;

/// Why a network cannot encode samples.
const NO_PLAN: &str = "The design of the run cannot be planned again, so its samples cannot be encoded.";

/// What is asked for next.
enum Next {
    /// Codes of the next rows.
    Part(SampleJob),
    /// Places of the coming codes.
    Coming(PlaceJob),
    /// Places on another plane of the codes that are shown.
    Shown(PlaceJob),
}

impl State {
    /// Asks for the codes of a set by the weights that views look at and for their places on a
    /// plane, unless an answer is on its way. The watched samples have theirs with each kept epoch.
    pub fn follow_set_codes(&mut self, set: &Set, plane: CodePlane) {
        let mut codes = std::mem::take(&mut self.set_codes);
        let look = match set {
            Set::Watched | Set::Other(_) => None,
            Set::Train | Set::Validation | Set::Test | Set::All | Set::Selection | Set::Named(_) => {
                self.look(set, false).filter(|look| !look.rows.is_empty())
            }
        };
        let (cancelled, next) = match look {
            Some(look) => {
                let cancelled = codes.keep_only(look.subject.samples_stamp(), look.set);
                (cancelled, self.next_codes(&mut codes, &look, set, plane))
            }
            None => (codes.clear(), None),
        };
        self.set_codes = codes;
        if let Some(job) = cancelled {
            self.send(Request::Cancel(job));
        }
        let ask = |state: &mut State, job| state.compute(JobKind::Samples(Box::new(job)));
        match next {
            Some(Next::Part(job)) => {
                let job = ask(self, job);
                self.set_codes.expect_part(job, plane);
            }
            Some(Next::Coming(job)) => {
                let job = ask(self, SampleJob::Place(job));
                self.set_codes.expect_places(job, plane, true);
            }
            Some(Next::Shown(job)) => {
                let job = ask(self, SampleJob::Place(job));
                self.set_codes.expect_places(job, plane, false);
            }
            None => {}
        }
    }

    fn next_codes(&self, codes: &mut SetCodes, look: &Look<'_>, set: &Set, plane: CodePlane) -> Option<Next> {
        if codes.is_waiting() {
            return None;
        }
        let place = |of: &PlacedCodes| PlaceJob {
            plane,
            codes: Arc::clone(&of.codes),
            watched: Arc::clone(&of.watched),
        };
        if let Some(shown) = codes.shown().filter(|shown| shown.plane != plane) {
            return Some(Next::Shown(place(shown)));
        }
        // Weights of before are encoded to their end: of a run under way, there would never be a
        // whole set else.
        if codes.coming().is_none() {
            let of = stamp_of((look.subject, look.set));
            let is_there = codes.shown().is_some_and(|shown| shown.of == of);
            if is_there || codes.has_failed(of, plane) {
                return None;
            }
            match self.unknown_codes(look, set, of, plane)? {
                Ok(coming) => codes.begin(coming),
                Err(message) => codes.refuse(of, plane, &message),
            }
        }
        let ComingCodes { weights, found, .. } = codes.coming()?;
        let rows = found.rows.get(found.done()..).unwrap_or_default();
        if rows.is_empty() {
            return Some(Next::Coming(place(found)));
        }
        let rows = rows[..rows.len().min(part_rows(look.data))].to_vec();
        let Some(trial) = look.trial(self, weights) else {
            let of = found.of;
            codes.refuse(of, plane, NO_PLAN);
            return None;
        };
        Some(Next::Part(SampleJob::Locate(trial, rows, None)))
    }

    /// Codes of all rows that a view looks at, none of them known yet; `None` before the first
    /// epoch was kept.
    fn unknown_codes(
        &self,
        look: &Look<'_>,
        set: &Set,
        of: u64,
        plane: CodePlane,
    ) -> Option<Result<ComingCodes, String>> {
        let watched = look.run.kept.look(self.epoch).filter(|kept| kept.code_units > 0)?;
        let numbers = look.rows.len().saturating_mul(watched.code_units);
        if numbers > MOST_NUMBERS {
            let (samples, size) = (format_count(look.rows.len()), format_count(numbers >> 18));
            return Some(Err(format!(
                "The codes of {samples} samples take {size} MB, which is too much. Choose a smaller set."
            )));
        }
        let found = PlacedCodes {
            set: set.clone(),
            of,
            epoch: look.epoch,
            rows: look.rows.all().into(),
            codes: Arc::new(Vec::with_capacity(numbers)),
            watched: Arc::clone(watched),
            plane,
            places: Places::default(),
        };
        Some(Ok(ComingCodes { rows_stamp: look.set, weights: look.weights.clone(), found }))
    }
}
