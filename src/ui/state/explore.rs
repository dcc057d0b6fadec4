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
    /// The row of the data that was encoded: the code follows the epoch looked at. `None` where the code was made by hand.
    pub row: Option<u32>,
}

/// A trained network that is asked, by the weights of one moment.
#[derive(Clone, Debug)]
pub struct AskedNetwork {
    /// The network.
    pub trained: Trained,
    /// The epoch of its weights; `None` where they are those of a run under way, as they are now.
    pub epoch: Option<u32>,
    /// Another number for other weights or another run: addresses of weights are used again.
    pub generation: u64,
}

/// Weights of a run that is being trained.
#[derive(Clone, Debug)]
pub struct Live {
    /// The run.
    pub run: RunId,
    /// Steps of the run so far.
    pub step: u64,
    /// A copy of its weights.
    pub weights: Arc<Weights>,
}

/// Pins of a run, and the one looked at.
type Pins = (Vec<Pin>, Option<usize>);

/// What was asked of trained networks, and the newest answers.
#[derive(Clone, Debug, Default)]
pub struct Explore {
    /// Codes kept to look at, of one run.
    pub pins: Vec<Pin>,
    /// The one looked at.
    pub active: Option<usize>,
    /// Weights of a run under way.
    pub live: Option<Live>,
    pub(in crate::ui) asked: Option<AskedNetwork>,
    /// Whether the design of the run is damaged, so that there is nothing to ask.
    pub(in crate::ui) is_damaged: bool,
    /// The number of the newest network that was asked, of any run.
    pub(in crate::ui) generation: u64,
    /// The run and start of the run that the pins are of.
    pub(in crate::ui) of: Option<(RunId, u64)>,
    /// Pins of other runs, until these are looked at again.
    others: BTreeMap<(RunId, u64), Pins>,
    /// The run whose weights are on their way.
    pub(in crate::ui) weights_asked: Option<RunId>,
    jobs: BTreeMap<JobId, (Question, u64)>,
    /// The stamp of the newest question of each kind, answered or not.
    newest: BTreeMap<Question, u64>,
    answers: BTreeMap<Question, (u64, Result<JobResult, String>)>,
}

impl Explore {
    /// Turns to a run and start of that run. All but the pins of another run goes; gives the jobs that nobody waits for
    /// any more.
    pub fn turn_to(&mut self, of: Option<(RunId, u64)>) -> Vec<JobId> {
        if self.of == of {
            return Vec::new();
        }
        let mut old = std::mem::take(self);
        if let Some(run) = old.of.filter(|_| !old.pins.is_empty()) {
            old.others.insert(run, (old.pins, old.active));
        }
        (self.pins, self.active) = of.and_then(|of| old.others.remove(&of)).unwrap_or_default();
        (self.of, self.others, self.generation) = (of, old.others, old.generation);
        old.jobs.into_keys().collect()
    }

    /// Gives pins of rows the codes that these have at the epoch looked at; `code` gives that of a row.
    pub fn follow_rows<'a>(&mut self, code: impl Fn(u32) -> Option<&'a [f32]>) {
        for pin in &mut self.pins {
            if let Some(code) = pin.row.and_then(&code).filter(|code| *code != pin.code) {
                pin.code = code.to_vec();
            }
        }
    }

    /// Whether a question is another than the newest one of its kind.
    pub fn is_new(&self, question: Question, stamp: u64) -> bool {
        self.newest.get(&question) != Some(&stamp)
    }

    /// Whether the newest question of a kind has no answer yet.
    pub fn is_open(&self, question: Question) -> bool {
        self.newest
            .get(&question)
            .is_some_and(|stamp| self.jobs.values().any(|job| *job == (question, *stamp)))
    }

    /// Why the newest answer is none.
    pub fn failed(&self, question: Question) -> Option<&str> {
        self.answers.get(&question)?.1.as_ref().err().map(String::as_str)
    }

    /// Notes that a job answers a question, whose stamp tells it from others of its kind.
    pub fn expect(&mut self, job: JobId, question: Question, stamp: u64) {
        self.newest.insert(question, stamp);
        self.jobs.insert(job, (question, stamp));
    }

    /// Takes in the answer of a job. One to an older question is shown until that to the newest one comes. Gives the
    /// message of a failure, the first time it is told.
    ///
    /// # Errors
    /// Gives the answer back where nobody here asked for it.
    pub fn take(
        &mut self,
        job: JobId,
        result: Result<JobResult, String>,
    ) -> Result<Option<String>, Result<JobResult, String>> {
        let Some((question, stamp)) = self.jobs.remove(&job) else { return Err(result) };
        // Whatever was asked before has been given up.
        self.jobs.retain(|id, (other, _)| *other != question || *id > job);
        let failure = result.as_ref().err().filter(|message| self.failed(question) != Some(message)).cloned();
        self.answers.insert(question, (stamp, result));
        Ok(failure)
    }

    /// The reconstructions of codes, and the stamp of the question.
    pub fn decoded(&self, purpose: Decoding) -> Option<(u64, &[f32])> {
        match self.answers.get(&Question::Decode(purpose))? {
            (stamp, Ok(JobResult::Decoded(rows))) => Some((*stamp, rows)),
            _ => None,
        }
    }

    /// The stamp of the question, codes that were drawn, and their reconstructions.
    pub fn drawn(&self) -> Option<(u64, &[f32], &[f32])> {
        match self.answers.get(&Question::Draw)? {
            (stamp, Ok(JobResult::Drawn { codes, rows })) => Some((*stamp, codes, rows)),
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
        assert!(explore.is_open(pointer) && explore.is_open(pins) && !explore.is_open(Question::Draw));
        assert_eq!(explore.take(JobId(1), decoded(1.0)), Ok(None));
        assert!(explore.is_open(pointer), "the newest question has no answer yet");
        assert_eq!(explore.decoded(Decoding::Pointer), Some((7, &[1.0][..])));
        assert_eq!(explore.take(JobId(3), decoded(3.0)), Ok(None));
        assert!(!explore.is_open(pointer));
        assert_eq!(explore.decoded(Decoding::Pointer), Some((8, &[3.0][..])));
        assert_eq!(explore.decoded(Decoding::Pins), None);
        assert_eq!(explore.take(JobId(9), decoded(9.0)), Err(decoded(9.0)), "nobody here asked");
        for (job, told) in [(10, Some("no memory".to_owned())), (11, None)] {
            explore.expect(JobId(job), pointer, job);
            assert_eq!(explore.take(JobId(job), Err("no memory".to_owned())), Ok(told), "told once");
            assert_eq!(
                (explore.failed(pointer), explore.decoded(Decoding::Pointer)),
                (Some("no memory"), None)
            );
        }
    }

    #[test]
    fn pins_stay_with_their_run_and_all_else_goes() {
        let pin = |code: f32, row| Pin { name: String::new(), code: vec![code], row };
        let mut explore = Explore::default();
        assert_eq!(explore.turn_to(Some((RunId(1), 7))), []);
        (explore.pins, explore.active) = (vec![pin(1.0, Some(4)), pin(2.0, None)], Some(1));
        explore.generation = 5;
        explore.expect(JobId(3), Question::Draw, 9);
        // Run 1, trained anew, is another.
        assert_eq!(explore.turn_to(Some((RunId(1), 8))), [JobId(3)]);
        assert!(explore.pins.is_empty() && explore.active.is_none() && explore.is_new(Question::Draw, 9));
        assert_eq!(explore.turn_to(None), []);
        assert_eq!(explore.turn_to(Some((RunId(1), 7))), []);
        assert_eq!((explore.pins.len(), explore.active, explore.generation), (2, Some(1), 5));
        explore.follow_rows(|row| (row == 4).then_some(&[6.0][..]));
        assert_eq!(explore.pins, [pin(6.0, Some(4)), pin(2.0, None)]);
    }
}
