//! What a person asked of a trained network while exploring its code, and the newest answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::Trained;
use crate::run::{RunId, Weights};
use crate::session::{Decoding, Found, JobId, JobResult};

/// One of the questions a view may have. Each has its own newest answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// The reconstructions of codes.
    Decode(Decoding),
    /// Codes drawn at random, and their reconstructions.
    Draw,
    /// The training rows nearest to drawn samples.
    NearDraws,
    /// The training rows nearest to a pin.
    NearPin,
}

/// A code that a person keeps to look at.
#[derive(Clone, Debug, PartialEq)]
pub struct Pin {
    /// Its name, as a person reads it.
    pub name: String,
    /// The code.
    pub code: Vec<f32>,
    /// The row of the data that was encoded; `None` where the code was made by hand.
    pub row: Option<u32>,
}

/// A trained network that is asked, by the weights of one epoch.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The run.
    pub run: RunId,
    /// The network.
    pub trained: Trained,
    /// The epoch of its weights; `None` where they are the run's last or best.
    pub epoch: Option<u32>,
}

/// What was asked of trained networks, and the newest answers.
#[derive(Clone, Debug, Default)]
pub struct Explore {
    /// Codes kept to look at, of one run.
    pub pins: Vec<Pin>,
    /// The one looked at.
    pub active: Option<usize>,
    /// Weights of a run under way.
    pub live: Option<(RunId, Arc<Weights>)>,
    pub(in crate::ui) asked: Option<Asked>,
    /// The run and start of the run that the pins are of.
    pub(in crate::ui) of: Option<(RunId, u64)>,
    /// The run whose weights are on their way.
    pub(in crate::ui) weights_asked: Option<RunId>,
    jobs: BTreeMap<JobId, (Question, u64)>,
    /// The stamp of the newest question of each kind, answered or not.
    newest: BTreeMap<Question, u64>,
    answers: BTreeMap<Question, (u64, Result<JobResult, String>)>,
}

impl Explore {
    /// Lets go of all that belongs to another run than this one.
    pub fn turn_to(&mut self, run: RunId, started_unix_secs: u64) {
        let of = Some((run, started_unix_secs));
        if self.of != of {
            *self = Explore { of, ..Explore::default() };
        }
    }

    /// Whether a question is another than the newest one of its kind.
    pub fn is_new(&self, question: Question, stamp: u64) -> bool {
        self.newest.get(&question) != Some(&stamp)
    }

    /// Notes that a job answers a question, whose stamp tells it from others of its kind.
    pub fn expect(&mut self, job: JobId, question: Question, stamp: u64) {
        self.newest.insert(question, stamp);
        self.jobs.insert(job, (question, stamp));
    }

    /// Takes in the answer of a job. One to an older question is shown until that to the newest one comes.
    ///
    /// # Errors
    /// Gives the answer back where nobody here asked for it.
    pub fn take(
        &mut self,
        job: JobId,
        result: Result<JobResult, String>,
    ) -> Result<(), Result<JobResult, String>> {
        let Some((question, stamp)) = self.jobs.remove(&job) else { return Err(result) };
        // Whatever was asked before has been given up.
        self.jobs.retain(|id, (other, _)| *other != question || *id > job);
        self.answers.insert(question, (stamp, result));
        Ok(())
    }

    /// The reconstructions of codes, and the stamp of the question.
    pub fn decoded(&self, purpose: Decoding) -> Option<(u64, &[f32])> {
        match self.answers.get(&Question::Decode(purpose))? {
            (stamp, Ok(JobResult::Decoded(rows))) => Some((*stamp, rows)),
            _ => None,
        }
    }

    /// Codes that were drawn and their reconstructions, or why there are none.
    pub fn drawn(&self) -> Option<(u64, Result<(&[f32], &[f32]), &str>)> {
        match self.answers.get(&Question::Draw)? {
            (stamp, Ok(JobResult::Drawn { codes, rows })) => Some((*stamp, Ok((codes, rows)))),
            (stamp, Err(message)) => Some((*stamp, Err(message))),
            _ => None,
        }
    }

    /// Training rows near to what was asked for, for each picture, and the stamp of the question.
    pub fn found(&self, question: Question) -> Option<(u64, &[Vec<Found>])> {
        match self.answers.get(&question)? {
            (stamp, Ok(JobResult::Found(found))) => Some((*stamp, found)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_answer_of_each_question_is_shown() {
        let mut explore = Explore::default();
        let (pointer, pins) = (Question::Decode(Decoding::Pointer), Question::Decode(Decoding::Pins));
        let decoded = |value| Ok(JobResult::Decoded(vec![value]));
        assert!(explore.is_new(pointer, 7));
        explore.expect(JobId(1), pointer, 7);
        explore.expect(JobId(2), pins, 7);
        explore.expect(JobId(3), pointer, 8);
        assert!(!explore.is_new(pointer, 8) && explore.is_new(pointer, 7));
        // An older answer is better than none.
        assert_eq!(explore.take(JobId(1), decoded(1.0)), Ok(()));
        assert_eq!(explore.decoded(Decoding::Pointer), Some((7, &[1.0][..])));
        assert_eq!(explore.take(JobId(3), decoded(3.0)), Ok(()));
        assert_eq!(explore.decoded(Decoding::Pointer), Some((8, &[3.0][..])));
        assert_eq!(explore.decoded(Decoding::Pins), None);
        assert_eq!(explore.take(JobId(9), decoded(9.0)), Err(decoded(9.0)), "nobody here asked");
    }
}
