//! Results of the compute service for the samples of a set: errors, an order, pictures. Newer
//! results replace those shown only once they are complete, so that nothing flickers during
//! training.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::run::{LazyWeights, RunId};
use crate::session::{Comparison, JobId, Linear, Located, Pictures, SampleAnswer};
use crate::ui::plots::stamp_of;

/// Identifies weights and data, and the corruption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    /// The run.
    pub run: RunId,
    /// Its start time, because other projects reuse run numbers.
    pub started_unix_secs: u64,
    /// When the run had these weights.
    pub moment: Moment,
    /// Fingerprint of the data.
    pub fingerprint: u64,
    /// Whether the network receives corrupted samples.
    pub is_corrupted: bool,
}

/// When a run had certain weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moment {
    /// After this step: the weights of its checkpoint.
    Step(u64),
    /// After this epoch: the weights kept with it.
    Epoch(u32),
}

/// Errors by row of the data.
#[derive(Clone, Debug)]
pub struct Errors {
    /// Weights and data.
    pub subject: Subject,
    /// The weights.
    pub weights: LazyWeights,
    /// Squared error per feature of each row, NaN if unknown.
    pub values: Vec<f32>,
}

/// Rows in an order.
#[derive(Clone, Debug)]
pub struct Ordered {
    /// Identifies the set, the order and the weights.
    pub of: u64,
    /// Identifies the set and the order.
    pub like: u64,
    /// The rows.
    pub rows: Arc<[u32]>,
}

/// Pictures of some rows.
#[derive(Clone, Debug)]
pub struct Pictured {
    /// Identifies the rows, the data and the weights.
    pub of: u64,
    /// Identifies the data.
    pub like: u64,
    /// The pictures.
    pub pictures: Arc<Pictures>,
}

/// The selection compared with the other samples.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Identifies the selection, its data and their errors.
    pub of: u64,
    /// Identifies the selection and its data.
    pub like: u64,
    /// The comparison.
    pub found: Arc<Comparison>,
}

/// A pending result; `u64` fields identify its input.
#[derive(Clone, Debug)]
pub enum Awaited {
    /// Errors of these rows.
    Errors(Subject, Vec<u32>),
    /// Rows in an order; the second number is independent of the weights.
    Order(u64, u64),
    /// Pictures; the second number is independent of rows and weights.
    Pictures(u64, u64),
    /// Reconstructions by PCA.
    Values(u64),
    /// A fit of PCA.
    Fit(u64),
    /// Codes of other data with this name.
    Codes(String, u64),
    /// The error of PCA on this many additional rows of a set.
    LinearError(u64, usize),
    /// A comparison; the second number is independent of the errors.
    Compare(u64, u64),
}

/// All results for the samples of a set.
#[derive(Clone, Debug, Default)]
pub struct Scored {
    /// The displayed errors.
    pub errors: Option<Errors>,
    /// Newer errors, not displayed until those of the whole set are computed.
    pub coming: Option<Errors>,
    /// The errors of the run's own data while those of other data are displayed.
    pub own: Option<Errors>,
    /// The requested set, and the number of its rows already searched for unknown errors.
    pub scanned: (u64, usize),
    /// Whether the errors of all rows of the set are known.
    pub is_whole: bool,
    /// The last completed set, and its mean error.
    pub mean: Option<(u64, f64)>,
    /// Rows in an order.
    pub ordered: Option<Ordered>,
    /// Pictures.
    pub pictures: Option<Pictured>,
    /// The input of PCA, and its reconstructions of the watched samples.
    pub values: Option<(u64, Arc<[f32]>)>,
    /// The input of PCA, and the fit; `None` if it cannot be fitted.
    pub linear: Option<(u64, Option<Linear>)>,
    /// Codes of other data by name, with their input.
    pub located: BTreeMap<String, (u64, Arc<Located>)>,
    /// A set, how many of its first rows are done, and the sum of their PCA errors.
    pub linear_error: (u64, usize, f64),
    /// The selection compared with the other samples.
    pub compared: Option<Compared>,
    awaited: Vec<(JobId, Awaited)>,
    /// Failed computations, which are not requested again.
    failed: BTreeMap<u64, String>,
}

impl Errors {
    /// Unknown errors for data with this many rows.
    pub fn unknown(subject: Subject, weights: LazyWeights, rows: usize) -> Errors {
        Errors { subject, weights, values: vec![f32::NAN; rows] }
    }

    /// Whether they belong to the same samples, regardless of the weights.
    pub fn is_of(&self, other: &Subject) -> bool {
        self.subject == Subject { moment: self.subject.moment, ..*other }
    }

    /// The error of a row, if known.
    pub fn of(&self, row: u32) -> Option<f32> {
        self.values.get(row as usize).copied().filter(|error| !error.is_nan())
    }
}

impl Awaited {
    /// Whether it is for the samples in view, not for a whole set.
    pub fn is_for_visible_rows(&self) -> bool {
        match self {
            Awaited::Pictures(..) | Awaited::Values(_) => true,
            Awaited::Errors(..)
            | Awaited::Order(..)
            | Awaited::Fit(_)
            | Awaited::Codes(..)
            | Awaited::LinearError(..)
            | Awaited::Compare(..) => false,
        }
    }
}

impl Scored {
    /// Whether an answer is pending for the samples in view, or for a whole set.
    pub fn is_waiting(&self, for_visible_rows: bool) -> bool {
        self.awaited.iter().any(|(_, awaited)| awaited.is_for_visible_rows() == for_visible_rows)
    }

    /// Drops the codes of other data, including pending ones, because they belong to another run.
    pub fn clear_located(&mut self) {
        self.located.clear();
        self.awaited.retain(|(_, awaited)| !matches!(awaited, Awaited::Codes(..)));
    }

    /// Records that a job computes this result.
    pub fn expect(&mut self, job: JobId, awaited: Awaited) {
        self.awaited.push((job, awaited));
    }

    /// Whether the errors with these weights could not be computed.
    pub fn failed(&self, subject: &Subject) -> bool {
        self.failure(subject.stamp()).is_some()
    }

    /// Why this could not be computed, if it failed.
    pub fn failure(&self, of: u64) -> Option<&str> {
        self.failed.get(&of).map(String::as_str)
    }

    /// Stores the answer of a job.
    pub fn take(&mut self, job: JobId, answer: SampleAnswer) {
        let Some(awaited) = self.remove_awaited(job) else { return };
        match (awaited, answer) {
            (Awaited::Errors(subject, rows), SampleAnswer::Errors(errors)) => {
                let of = [&mut self.coming, &mut self.errors].into_iter().flatten();
                for known in of.filter(|known| known.subject == subject) {
                    for (row, error) in rows.iter().zip(&errors) {
                        if let Some(value) = known.values.get_mut(*row as usize) {
                            // NaN must not count as a small error.
                            *value = if error.is_nan() { f32::INFINITY } else { *error };
                        }
                    }
                }
            }
            (Awaited::Order(of, like), SampleAnswer::Ordered(rows)) => {
                self.ordered = Some(Ordered { of, like, rows: rows.into() });
            }
            (Awaited::Pictures(of, like), SampleAnswer::Pictures(pictures)) => {
                self.pictures = Some(Pictured { of, like, pictures: Arc::new(pictures) });
            }
            (Awaited::Values(of), SampleAnswer::Values(values)) => self.values = Some((of, values.into())),
            (Awaited::Fit(of), SampleAnswer::Fitted(linear)) => self.linear = Some((of, Some(linear))),
            (Awaited::Compare(of, like), SampleAnswer::Compared(found)) => {
                self.compared = Some(Compared { of, like, found: Arc::new(found) });
            }
            (Awaited::Codes(name, of), SampleAnswer::Located(located)) => {
                self.located.insert(name, (of, Arc::new(located)));
            }
            (Awaited::LinearError(of, count), SampleAnswer::ErrorSum(more)) => {
                let (own, known, sum) = &mut self.linear_error;
                if *own == of {
                    (*known, *sum) = (*known + count, *sum + more);
                }
            }
            // Every job answers with the requested kind of result.
            (
                Awaited::Errors(..)
                | Awaited::Order(..)
                | Awaited::Pictures(..)
                | Awaited::Values(_)
                | Awaited::Fit(_)
                | Awaited::Codes(..)
                | Awaited::LinearError(..)
                | Awaited::Compare(..),
                SampleAnswer::Errors(_)
                | SampleAnswer::Ordered(_)
                | SampleAnswer::Pictures(_)
                | SampleAnswer::Values(_)
                | SampleAnswer::Fitted(_)
                | SampleAnswer::Located(_)
                | SampleAnswer::Placed(_)
                | SampleAnswer::ErrorSum(_)
                | SampleAnswer::Compared(_),
            ) => {}
        }
    }

    /// Records that a job failed.
    pub fn fail(&mut self, job: JobId, message: &str) {
        let Some(awaited) = self.remove_awaited(job) else { return };
        let of = match awaited {
            Awaited::Errors(subject, _) => subject.stamp(),
            Awaited::Fit(of) => {
                self.linear = Some((of, None));
                of
            }
            Awaited::Order(of, _)
            | Awaited::Pictures(of, _)
            | Awaited::Values(of)
            | Awaited::Codes(_, of)
            | Awaited::LinearError(of, _)
            | Awaited::Compare(of, _) => of,
        };
        self.refuse(of, message);
    }

    fn remove_awaited(&mut self, job: JobId) -> Option<Awaited> {
        let place = self.awaited.iter().position(|(id, _)| *id == job)?;
        Some(self.awaited.remove(place).1)
    }

    /// Records that something cannot be computed.
    pub fn refuse(&mut self, of: u64, message: &str) {
        self.failed.insert(of, message.to_owned());
    }
}

impl Subject {
    /// A hash that identifies it.
    pub fn stamp(&self) -> u64 {
        stamp_of(*self)
    }

    /// A hash that identifies the samples, regardless of the weights.
    pub fn samples_stamp(&self) -> u64 {
        stamp_of(Subject { moment: Moment::Step(0), ..*self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(step: u64) -> Subject {
        let moment = Moment::Step(step);
        Subject { run: RunId(1), started_unix_secs: 9, moment, fingerprint: 7, is_corrupted: false }
    }

    fn unknown(step: u64) -> Errors {
        Errors::unknown(subject(step), Arc::<crate::run::Weights>::default().into(), 4)
    }

    #[test]
    fn errors_belong_to_the_weights_of_their_request() {
        let (old, new) = (unknown(1), unknown(2));
        let mut scored = Scored { errors: Some(old), coming: Some(new), ..Scored::default() };
        scored.expect(JobId(3), Awaited::Errors(subject(2), vec![2, 0, 9]));
        scored.take(JobId(2), SampleAnswer::Errors(vec![5.0; 3]));
        assert!(scored.is_waiting(false), "an answer to something else");
        scored.take(JobId(3), SampleAnswer::Errors(vec![0.5, f32::NAN, 1.0]));
        assert!(!scored.is_waiting(false) && !scored.is_waiting(true));
        let known = |errors: &Option<Errors>| -> Vec<Option<f32>> {
            (0..4).map(|row| errors.as_ref().and_then(|errors| errors.of(row))).collect()
        };
        // NaN is the worst error.
        assert_eq!(known(&scored.coming), [Some(f32::INFINITY), None, Some(0.5), None]);
        assert_eq!(known(&scored.errors), [None; 4]);
        scored.errors = scored.coming.take();
        let errors = scored.errors.expect("taken");
        assert!(errors.is_of(&subject(5)), "older weights are shown until newer ones are there");
        assert!(!errors.is_of(&Subject { fingerprint: 8, ..subject(2) }));
    }

    #[test]
    fn errors_of_pca_add_up_part_by_part() {
        let mut scored = Scored { linear_error: (7, 2, 1.5), ..Scored::default() };
        for (job, of, expected) in [(1, 7, (7, 5, 1.75)), (2, 8, (7, 5, 1.75))] {
            scored.expect(JobId(job), Awaited::LinearError(of, 3));
            scored.take(JobId(job), SampleAnswer::ErrorSum(0.25));
            assert_eq!(scored.linear_error, expected, "of {of}");
        }
    }

    #[test]
    fn failed_computations_are_not_repeated() {
        let mut scored = Scored::default();
        scored.expect(JobId(1), Awaited::Pictures(11, 4));
        scored.fail(JobId(1), "no memory");
        scored.expect(JobId(2), Awaited::Errors(subject(1), vec![0]));
        scored.fail(JobId(2), "no memory");
        scored.expect(JobId(3), Awaited::Fit(12));
        scored.fail(JobId(3), "not finite");
        assert_eq!((scored.failure(11), scored.failure(12)), (Some("no memory"), Some("not finite")));
        assert!(scored.failed(&subject(1)) && !scored.failed(&subject(2)));
        assert_eq!(scored.linear, Some((12, None)));
    }
}
