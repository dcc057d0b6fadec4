//! Codes of the samples of a set, requested in parts. The displayed codes stay until all codes of a
//! newer set or of newer weights have positions, so that nothing flickers.

use std::sync::Arc;

use super::sets::Set;
use crate::run::{Kept, LazyWeights};
use crate::session::{CodePlane, JobId, Places, SampleAnswer};

/// Codes of the rows of a set with their positions on a plane.
#[derive(Clone, Debug)]
pub struct PlacedCodes<P = CodePlane> {
    /// The set.
    pub set: Set,
    /// Identifies the rows and the weights.
    pub of: u64,
    /// The epoch of the weights.
    pub epoch: u32,
    /// The rows of the run's data.
    pub rows: Arc<[u32]>,
    /// The codes, row by row.
    pub codes: Arc<Vec<f32>>,
    /// The watched codes whose principal components span the plane.
    pub watched: Arc<Kept>,
    /// The plane.
    pub plane: P,
    /// The positions of the codes.
    pub places: Places,
}

/// The codes displayed by a view, and those being computed for it, on planes of its kind.
#[derive(Debug, Default)]
pub struct SetCodes<P = CodePlane> {
    shown: Option<PlacedCodes<P>>,
    coming: Option<ComingCodes<P>>,
    /// Identifies the run and its data.
    base: u64,
    awaited: Option<(JobId, Awaited<P>)>,
    /// Whether the newest answer moved the displayed codes to another plane. Alternating prevents a
    /// constantly moving plane from blocking newer codes.
    has_moved: bool,
    /// The codes that could not be computed, and the error.
    failed: Option<(u64, P, String)>,
}

/// Codes that are being computed.
#[derive(Debug)]
pub struct ComingCodes<P = CodePlane> {
    /// Identifies the rows, regardless of the weights.
    pub rows_stamp: u64,
    /// The weights.
    pub weights: LazyWeights,
    /// The results so far, without positions.
    pub found: PlacedCodes<P>,
}

/// The result of a job.
#[derive(Debug)]
enum Awaited<P> {
    /// Codes of the next rows, for this plane.
    Part(P),
    /// Positions of the new codes.
    Coming(P),
    /// Positions of the displayed codes on another plane.
    Shown(P),
}

impl<P> PlacedCodes<P> {
    /// Number of rows with a code.
    pub fn done(&self) -> usize {
        self.codes.len() / self.watched.code_units.max(1)
    }

    /// Number of rows with a code, and total number of rows.
    pub fn progress(&self) -> (usize, usize) {
        (self.done(), self.rows.len())
    }
}

impl<P: Default + PartialEq> SetCodes<P> {
    /// Returns `self` if it belongs to this run and its data.
    pub fn of_base(&self, base: u64) -> Option<&SetCodes<P>> {
        (self.base == base).then_some(self)
    }

    /// The displayed codes, of any set.
    pub fn shown(&self) -> Option<&PlacedCodes<P>> {
        self.shown.as_ref()
    }

    /// The codes being computed.
    pub fn coming(&self) -> Option<&ComingCodes<P>> {
        self.coming.as_ref()
    }

    /// Why the codes of a set could not be computed, if they failed.
    pub fn failure(&self) -> Option<&str> {
        self.failed.as_ref().map(|(_, _, message)| message.as_str())
    }

    /// Whether these codes could not be computed or placed on this plane.
    pub fn has_failed(&self, of: u64, plane: &P) -> bool {
        self.failed.as_ref().is_some_and(|failed| (failed.0, &failed.1) == (of, plane))
    }

    /// Whether newer codes take precedence over moving the displayed ones to another plane.
    pub fn has_moved(&self) -> bool {
        self.has_moved
    }

    /// Whether an answer is pending.
    pub fn is_waiting(&self) -> bool {
        self.awaited.is_some()
    }

    /// Resets everything. Returns the job that is no longer needed.
    pub fn clear(&mut self) -> Option<JobId> {
        let job = self.awaited.take().map(|(job, _)| job);
        *self = SetCodes::default();
        job
    }

    /// Keeps everything that belongs to this run and its data, and pending codes if they belong to
    /// these rows. Returns a job that is no longer needed.
    pub fn keep_only(&mut self, base: u64, rows_stamp: u64) -> Option<JobId> {
        if self.base != base {
            let job = self.clear();
            self.base = base;
            return job;
        }
        let is_other = |coming: &mut ComingCodes<P>| coming.rows_stamp != rows_stamp;
        self.coming.take_if(is_other)?;
        // Positions of the displayed codes are needed until the new ones are available.
        let awaited = self.awaited.take_if(|(_, awaited)| !matches!(awaited, Awaited::Shown(_)));
        awaited.map(|(job, _)| job)
    }

    /// Starts with all codes unknown.
    pub fn begin(&mut self, coming: ComingCodes<P>) {
        (self.coming, self.failed) = (Some(coming), None);
    }

    /// Records that a job encodes the next rows.
    pub fn expect_part(&mut self, job: JobId, plane: P) {
        self.awaited = Some((job, Awaited::Part(plane)));
    }

    /// Records that a job places the new codes (`are_coming`) or the displayed codes on a plane.
    pub fn expect_places(&mut self, job: JobId, plane: P, are_coming: bool) {
        let awaited = if are_coming { Awaited::Coming(plane) } else { Awaited::Shown(plane) };
        self.awaited = Some((job, awaited));
    }

    /// Stores the answer of a job; returns it if it belongs to something else.
    pub fn take(&mut self, job: JobId, answer: SampleAnswer) -> Option<SampleAnswer> {
        let Some((_, awaited)) = self.awaited.take_if(|(own, _)| *own == job) else { return Some(answer) };
        self.has_moved = matches!(awaited, Awaited::Shown(_));
        match (awaited, answer) {
            (Awaited::Part(_), SampleAnswer::Located(part)) => {
                if let Some(coming) = &mut self.coming {
                    Arc::make_mut(&mut coming.found.codes).extend(part.codes);
                }
            }
            (Awaited::Coming(plane), SampleAnswer::Placed(places)) => {
                let placed = self.coming.take().map(|coming| PlacedCodes { plane, places, ..coming.found });
                self.shown = placed;
            }
            (Awaited::Shown(plane), SampleAnswer::Placed(places)) => {
                if let Some(shown) = &mut self.shown {
                    (shown.plane, shown.places) = (plane, places);
                }
            }
            // Every job answers with the requested kind of result.
            (
                Awaited::Part(_) | Awaited::Coming(_) | Awaited::Shown(_),
                SampleAnswer::Errors(_)
                | SampleAnswer::Pictures(_)
                | SampleAnswer::Values(_)
                | SampleAnswer::ErrorSum(_)
                | SampleAnswer::Fitted(_)
                | SampleAnswer::Ordered(_)
                | SampleAnswer::Located(_)
                | SampleAnswer::Placed(_)
                | SampleAnswer::Compared(_),
            ) => {}
        }
        None
    }

    /// Records that a job failed.
    pub fn fail(&mut self, job: JobId, message: &str) {
        let Some((_, awaited)) = self.awaited.take_if(|(own, _)| *own == job) else { return };
        let coming = self.coming.as_ref().map(|coming| coming.found.of);
        let (of, plane) = match awaited {
            Awaited::Part(plane) | Awaited::Coming(plane) => (coming, plane),
            Awaited::Shown(plane) => (self.shown.as_ref().map(|shown| shown.of), plane),
        };
        if let Some(of) = of {
            self.refuse(of, plane, message);
        }
    }

    /// Records that codes cannot be computed, and drops all others, which could be mistaken for
    /// them.
    pub fn refuse(&mut self, of: u64, plane: P, message: &str) {
        (self.shown, self.coming) = (None, None);
        self.failed = Some((of, plane, message.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Located;

    const UNITS: CodePlane = CodePlane::Units([0, 1]);

    fn coming(rows_stamp: u64, of: u64) -> ComingCodes {
        let watched = Arc::new(Kept { code_units: 2, ..Kept::default() });
        let found = PlacedCodes {
            set: Set::All,
            of,
            epoch: 1,
            rows: Arc::from([7, 9]),
            codes: Arc::default(),
            watched,
            plane: UNITS,
            places: Places::default(),
        };
        ComingCodes { rows_stamp, weights: Arc::<crate::run::Weights>::default().into(), found }
    }

    fn part(codes: &[f32]) -> SampleAnswer {
        SampleAnswer::Located(Located { codes: codes.to_vec(), plane: Vec::new() })
    }

    fn placed(at: f32) -> SampleAnswer {
        SampleAnswer::Placed(Places { points: vec![[at, at]], density: None })
    }

    #[test]
    fn displayed_codes_stay_until_the_next_are_complete() {
        let mut codes: SetCodes = SetCodes::default();
        assert_eq!(codes.keep_only(1, 5), None);
        codes.begin(coming(5, 50));
        for (job, values) in [(1, [1.0, 2.0]), (2, [3.0, 4.0])] {
            codes.expect_part(JobId(job), UNITS);
            assert_eq!(codes.take(JobId(99), part(&[0.0])), Some(part(&[0.0])), "an answer to another");
            assert_eq!(codes.take(JobId(job), part(&values)), None);
        }
        assert_eq!(codes.coming().map(|coming| coming.found.done()), Some(2));
        assert!(codes.shown().is_none());
        codes.expect_places(JobId(3), CodePlane::Principal, true);
        codes.take(JobId(3), placed(1.0));
        let shown = codes.shown().expect("all is there");
        assert_eq!((&shown.codes[..], shown.plane), (&[1.0, 2.0, 3.0, 4.0][..], CodePlane::Principal));
        // Newer weights, followed by another set.
        codes.begin(coming(5, 51));
        codes.expect_part(JobId(4), UNITS);
        assert_eq!((codes.keep_only(1, 5), codes.keep_only(1, 6)), (None, Some(JobId(4))));
        assert!(codes.coming().is_none() && !codes.is_waiting());
        assert_eq!(codes.shown().map(|shown| shown.of), Some(50));
        codes.take(JobId(4), part(&[9.0, 9.0]));
        assert_eq!(codes.shown().map(|shown| shown.codes.len()), Some(4), "a late answer");
        codes.expect_places(JobId(5), CodePlane::Units([1, 0]), false);
        assert_eq!(codes.keep_only(1, 7), None, "nothing is coming");
        codes.take(JobId(5), placed(2.0));
        assert!(codes.has_moved(), "newer codes are next");
        assert_eq!(codes.shown().map(|shown| shown.places.points[0]), Some([2.0; 2]));
        assert_eq!(codes.keep_only(2, 7), None);
        assert!(codes.shown().is_none(), "codes of another run");
    }

    #[test]
    fn a_failed_set_does_not_show_another_set() {
        let mut codes: SetCodes = SetCodes::default();
        codes.begin(coming(5, 50));
        codes.expect_part(JobId(1), UNITS);
        codes.fail(JobId(2), "not this");
        assert!(codes.is_waiting() && codes.failure().is_none());
        codes.fail(JobId(1), "no memory");
        assert_eq!(codes.failure(), Some("no memory"));
        for (of, plane, expected) in
            [(50, UNITS, true), (51, UNITS, false), (50, CodePlane::Principal, false)]
        {
            assert_eq!(codes.has_failed(of, &plane), expected, "{of} on {plane:?}");
        }
        assert!(codes.coming().is_none() && codes.shown().is_none() && !codes.is_waiting());
    }
}
