//! What a person asked of a trained network while exploring its code, and the newest answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::analysis::plane::Plane;
use crate::dataset::Dataset;
use crate::engine::Trained;
use crate::project::{Pin, Pinned};
use crate::run::{RunId, Weights};
use crate::session::{Decoding, Found, JobId, JobResult, MeanCode, Neighbourhoods, Survey};

/// One of the questions a view may have. Each has its own newest answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// The reconstructions of codes.
    Decode(Decoding),
    /// Codes drawn at random, and their reconstructions.
    Draw,
    /// The training rows nearest to drawn samples.
    NearDraws,
    /// The samples of a set nearest to a pin, by every distance.
    NearPin,
    /// The mean codes of two groups of samples.
    Means,
    /// The codes of pinned rows that are not watched.
    Encode,
    /// What the codes of an epoch have in common.
    Survey,
}

/// A pin of the document as the network that is asked sees it.
#[derive(Clone, Debug)]
pub struct ShownPin {
    /// Its place among the pins of the document.
    pub at: usize,
    /// Its number on screen, counted from 1 among the pins that this network can be shown.
    pub number: usize,
    /// Its name, as it can be shown.
    pub name: String,
    /// What a person says of it.
    pub note: String,
    /// Its code.
    pub code: Vec<f32>,
    /// The sample whose code it is; `None` where the code was made by hand.
    pub sample: Option<PinnedSample>,
}

/// A sample that is pinned.
#[derive(Clone, Debug)]
pub struct PinnedSample {
    /// Its data, those of the run or others of the same shape.
    pub data: Arc<Dataset>,
    /// Its row there.
    pub row: u32,
}

impl ShownPin {
    /// Its number and name.
    pub fn title(&self) -> String {
        format!("pin {}: {}", self.number, self.name)
    }

    /// Its row, where it is one of these data.
    pub fn row_of(&self, data: &Dataset) -> Option<u32> {
        let sample = self.sample.as_ref().filter(|sample| sample.data.fingerprint == data.fingerprint);
        sample.map(|sample| sample.row)
    }
}

/// The plane of the codes that is shown.
#[derive(Debug, Default)]
pub struct ExploredPlane {
    /// Tells it from others.
    pub stamp: u64,
    /// Tells planes of other units, components or kinds, which axes jump to, from those that move
    /// with the codes.
    pub series: u64,
    /// Names of its axes.
    pub names: [String; 2],
    /// The plane.
    pub plane: Arc<Plane>,
}

impl PartialEq for ExploredPlane {
    fn eq(&self, other: &ExploredPlane) -> bool {
        self.stamp == other.stamp
    }
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

/// What was asked of trained networks, and the newest answers.
#[derive(Clone, Debug, Default)]
pub struct Explore {
    /// The pins that the network can be shown.
    pub pins: Vec<ShownPin>,
    /// The place in the document of the pin looked at.
    pub active: Option<usize>,
    /// The same as it was last seen: places change with an undo.
    pub(in crate::ui) looked_at: Option<(usize, Pinned)>,
    /// Weights of a run under way.
    pub live: Option<Live>,
    pub(in crate::ui) asked: Option<AskedNetwork>,
    /// Whether the design of the run is damaged, so that there is nothing to ask.
    pub(in crate::ui) is_damaged: bool,
    /// The number of the newest network that was asked, of any run.
    pub(in crate::ui) generation: u64,
    /// The run that is asked, and its start.
    pub(in crate::ui) of: Option<(RunId, u64)>,
    /// The run whose weights are on their way.
    pub(in crate::ui) weights_asked: Option<RunId>,
    jobs: BTreeMap<JobId, (Question, u64)>,
    /// The stamp of the newest question of each kind, answered or not.
    newest: BTreeMap<Question, u64>,
    answers: BTreeMap<Question, (u64, Result<JobResult, String>)>,
}

impl Explore {
    /// Turns to a run and start of that run. All answers go; gives the jobs that nobody waits for
    /// any more.
    pub fn turn_to(&mut self, of: Option<(RunId, u64)>) -> Vec<JobId> {
        if self.of == of {
            return Vec::new();
        }
        let (active, looked_at, generation) = (self.active, self.looked_at.take(), self.generation);
        let new = Explore { active, looked_at, generation, of, ..Explore::default() };
        std::mem::replace(self, new).jobs.into_keys().collect()
    }

    /// Looks at the same pin as before wherever it is now among the pins of the document; at none
    /// once it is gone.
    pub fn follow_active(&mut self, pins: &[Pin]) {
        if let Some((at, of)) = self.looked_at.take().filter(|(at, _)| self.active == Some(*at))
            && pins.get(at).is_none_or(|pin| pin.of != of)
        {
            self.active = pins.iter().position(|pin| pin.of == of);
        }
        self.looked_at = self.active.and_then(|at| Some((at, pins.get(at)?.of.clone())));
    }

    /// The pin looked at.
    pub fn active(&self) -> Option<&ShownPin> {
        self.pins.iter().find(|pin| Some(pin.at) == self.active)
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

    /// Training rows near to drawn samples, for each of them, and the stamp of the question.
    pub fn near_draws(&self) -> Option<(u64, &[Vec<Found>])> {
        match self.answers.get(&Question::NearDraws)? {
            (stamp, Ok(JobResult::Found(found))) => Some((*stamp, found)),
            _ => None,
        }
    }

    /// Samples of a set near to a pin, and the stamp of the question.
    pub fn near_pin(&self) -> Option<(u64, &Neighbourhoods)> {
        match self.answers.get(&Question::NearPin)? {
            (stamp, Ok(JobResult::Neighbourhoods(found))) => Some((*stamp, found)),
            _ => None,
        }
    }

    /// The mean codes of two groups of samples, and the stamp of the question.
    pub fn means(&self) -> Option<(u64, &[Option<MeanCode>; 2])> {
        match self.answers.get(&Question::Means)? {
            (stamp, Ok(JobResult::Means(means))) => Some((*stamp, means)),
            _ => None,
        }
    }

    /// The newest known code of a row of the data with this fingerprint.
    pub fn encoded(&self, fingerprint: u64, row: u32) -> Option<&[f32]> {
        match self.answers.get(&Question::Encode)? {
            (_, Ok(JobResult::Encoded { rows, codes })) => {
                let at = rows.iter().position(|known| *known == (fingerprint, row))?;
                codes.chunks_exact((codes.len() / rows.len().max(1)).max(1)).nth(at)
            }
            _ => None,
        }
    }

    /// What was found of the codes of an epoch, and the stamp of the question.
    pub fn survey(&self) -> Option<(u64, &Arc<Survey>)> {
        match self.answers.get(&Question::Survey)? {
            (stamp, Ok(JobResult::Survey(survey))) => Some((*stamp, survey)),
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
    fn answers_of_another_run_go() {
        let mut explore = Explore::default();
        assert_eq!(explore.turn_to(Some((RunId(1), 7))), []);
        (explore.active, explore.generation) = (Some(1), 5);
        explore.expect(JobId(3), Question::Draw, 9);
        assert_eq!(explore.turn_to(Some((RunId(1), 7))), []);
        assert!(explore.is_open(Question::Draw));
        // Run 1, trained anew, is another.
        assert_eq!(explore.turn_to(Some((RunId(1), 8))), [JobId(3)]);
        assert!(explore.is_new(Question::Draw, 9));
        assert_eq!((explore.active, explore.generation), (Some(1), 5));
    }

    #[test]
    fn the_pin_looked_at_is_found_where_an_undo_has_put_it() {
        let pins = |rows: &[u32]| -> Vec<Pin> {
            rows.iter().map(|row| Pin::of_row(format!("row {row}"), 7, *row)).collect()
        };
        let mut explore = Explore { active: Some(1), ..Explore::default() };
        for (rows, expected) in [
            (&[5, 6][..], Some(1)),
            // A pin before it is back.
            (&[4, 5, 6], Some(2)),
            (&[4, 6], Some(1)),
            (&[4], None),
            (&[4, 6], None),
        ] {
            explore.follow_active(&pins(rows));
            assert_eq!(explore.active, expected, "{rows:?}");
        }
        // Another one was chosen.
        explore.active = Some(0);
        explore.follow_active(&pins(&[4, 6]));
        assert_eq!(explore.active, Some(0));
    }

    #[test]
    fn codes_of_encoded_rows_are_found() {
        let mut explore = Explore::default();
        explore.expect(JobId(1), Question::Encode, 1);
        let result = JobResult::Encoded { rows: vec![(7, 3), (8, 3)], codes: vec![1.0, 2.0, 3.0, 4.0] };
        assert_eq!(explore.take(JobId(1), Ok(result)), Ok(None));
        for (of, expected) in
            [((7, 3), Some(&[1.0, 2.0][..])), ((8, 3), Some(&[3.0, 4.0][..])), ((7, 4), None)]
        {
            assert_eq!(explore.encoded(of.0, of.1), expected, "{of:?}");
        }
    }
}
