//! Requests to a trained network while its code is explored, and the latest answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::analysis::plane::Plane;
use crate::dataset::Dataset;
use crate::engine::Trained;
use crate::project::{Pin, Pinned};
use crate::run::{RunId, Weights};
use crate::session::{CodeStatistics, Decoding, Found, JobId, JobResult, MeanCode, Neighbourhoods};

/// A kind of request from a view; the latest answer is kept for each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// The reconstructions of codes.
    Decode(Decoding),
    /// Random codes and their reconstructions.
    Draw,
    /// The training rows nearest to drawn samples.
    NearDraws,
    /// The samples of a set nearest to a pin, by each distance.
    NearPin,
    /// The mean codes of two groups of samples.
    Means,
    /// The codes of pinned rows that are not watched.
    Encode,
    /// The properties of the codes of an epoch.
    CodeStatistics,
}

/// A pin of the document, as seen by the current network.
#[derive(Clone, Debug)]
pub struct ShownPin {
    /// Its index among the pins of the document.
    pub at: usize,
    /// Its number on screen, counted from 1 among the pins that this network can show.
    pub number: usize,
    /// Its name for display.
    pub name: String,
    /// The user's note on it.
    pub note: String,
    /// Its code.
    pub code: Vec<f32>,
    /// The sample of the code; `None` if the code was made by hand.
    pub sample: Option<PinnedSample>,
}

/// A pinned sample.
#[derive(Clone, Debug)]
pub struct PinnedSample {
    /// Its data: those of the run, or other data with the same shape.
    pub data: Arc<Dataset>,
    /// Its row in these data.
    pub row: u32,
}

impl ShownPin {
    /// Its number and name, for display.
    pub fn title(&self) -> String {
        format!("pin {}: {}", self.number, self.name)
    }

    /// Its row, if it belongs to these data.
    pub fn row_of(&self, data: &Dataset) -> Option<u32> {
        let sample = self.sample.as_ref().filter(|sample| sample.data.fingerprint == data.fingerprint);
        sample.map(|sample| sample.row)
    }
}

/// The plane on which the codes are shown.
#[derive(Debug, Default)]
pub struct ExploredPlane {
    /// Identifies the plane.
    pub stamp: u64,
    /// Equal for planes that move with the codes. Differs for other units, components or kinds of
    /// plane, for which the axes jump.
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

/// A trained network with fixed weights that receives requests.
#[derive(Clone, Debug)]
pub struct TargetNetwork {
    /// The network.
    pub trained: Trained,
    /// The epoch of its weights; `None` for the current weights of a run in progress.
    pub epoch: Option<u32>,
    /// Changes with the weights and the run. Addresses of weights may be reused, so they cannot
    /// identify weights.
    pub generation: u64,
}

/// Weights of a run that is being trained.
#[derive(Clone, Debug)]
pub struct Live {
    /// The run.
    pub run: RunId,
    /// Steps since the start of the run.
    pub step: u64,
    /// A copy of its weights.
    pub weights: Arc<Weights>,
}

/// Requests to trained networks, and the latest answers.
#[derive(Clone, Debug, Default)]
pub struct Explore {
    /// The pins that the network can show.
    pub pins: Vec<ShownPin>,
    /// The index in the document of the active pin.
    pub active: Option<usize>,
    /// The active pin as last seen, because an undo changes indices.
    pub(in crate::ui) active_pin: Option<(usize, Pinned)>,
    /// Weights of a run in progress.
    pub live: Option<Live>,
    pub(in crate::ui) asked: Option<TargetNetwork>,
    /// Whether the design of the run is damaged, which makes requests impossible.
    pub(in crate::ui) is_damaged: bool,
    /// The generation of the most recent network, of any run.
    pub(in crate::ui) generation: u64,
    /// The current run and its start time.
    pub(in crate::ui) of: Option<(RunId, u64)>,
    /// The run whose weights have been requested.
    pub(in crate::ui) weights_asked: Option<RunId>,
    jobs: BTreeMap<JobId, (Question, u64)>,
    /// The stamp of the newest request of each kind, answered or not.
    newest: BTreeMap<Question, u64>,
    answers: BTreeMap<Question, (u64, Result<JobResult, String>)>,
}

impl Explore {
    /// Switches to another run, identified by its start time, and drops all answers. Returns the
    /// jobs that are no longer needed.
    pub fn switch_to(&mut self, of: Option<(RunId, u64)>) -> Vec<JobId> {
        if self.of == of {
            return Vec::new();
        }
        let (active, active_pin, generation) = (self.active, self.active_pin.take(), self.generation);
        let new = Explore { active, active_pin, generation, of, ..Explore::default() };
        std::mem::replace(self, new).jobs.into_keys().collect()
    }

    /// Keeps the same pin active if its index in the document changes; none if it was removed.
    pub fn follow_active(&mut self, pins: &[Pin]) {
        if let Some((at, of)) = self.active_pin.take().filter(|(at, _)| self.active == Some(*at))
            && pins.get(at).is_none_or(|pin| pin.of != of)
        {
            self.active = pins.iter().position(|pin| pin.of == of);
        }
        self.active_pin = self.active.and_then(|at| Some((at, pins.get(at)?.of.clone())));
    }

    /// The active pin.
    pub fn active(&self) -> Option<&ShownPin> {
        self.pins.iter().find(|pin| Some(pin.at) == self.active)
    }

    /// Whether a request differs from the newest one of its kind.
    pub fn is_new(&self, question: Question, stamp: u64) -> bool {
        self.newest.get(&question) != Some(&stamp)
    }

    /// Whether the newest request of a kind is unanswered.
    pub fn is_open(&self, question: Question) -> bool {
        self.newest
            .get(&question)
            .is_some_and(|stamp| self.jobs.values().any(|job| *job == (question, *stamp)))
    }

    /// The error of the newest answer, if it failed.
    pub fn failed(&self, question: Question) -> Option<&str> {
        self.answers.get(&question)?.1.as_ref().err().map(String::as_str)
    }

    /// Records that a job answers a request; the stamp distinguishes requests of one kind.
    pub fn expect(&mut self, job: JobId, question: Question, stamp: u64) {
        self.newest.insert(question, stamp);
        self.jobs.insert(job, (question, stamp));
    }

    /// Stores the answer of a job. An answer to an older request is shown until the newest one is
    /// answered. Returns the error message the first time it occurs.
    ///
    /// # Errors
    /// Returns the answer if it belongs to another job.
    pub fn take(
        &mut self,
        job: JobId,
        result: Result<JobResult, String>,
    ) -> Result<Option<String>, Result<JobResult, String>> {
        let Some((question, stamp)) = self.jobs.remove(&job) else { return Err(result) };
        // All earlier requests have been superseded.
        self.jobs.retain(|id, (other, _)| *other != question || *id > job);
        let failure = result.as_ref().err().filter(|message| self.failed(question) != Some(message)).cloned();
        self.answers.insert(question, (stamp, result));
        Ok(failure)
    }

    /// The reconstructions of codes and the stamp of the request.
    pub fn decoded(&self, purpose: Decoding) -> Option<(u64, &[f32])> {
        match self.answers.get(&Question::Decode(purpose))? {
            (stamp, Ok(JobResult::Decoded(rows))) => Some((*stamp, rows)),
            _ => None,
        }
    }

    /// The stamp of the request, random codes, and their reconstructions.
    pub fn drawn(&self) -> Option<(u64, &[f32], &[f32])> {
        match self.answers.get(&Question::Draw)? {
            (stamp, Ok(JobResult::Drawn { codes, rows })) => Some((*stamp, codes, rows)),
            _ => None,
        }
    }

    /// Training rows near each drawn sample, and the stamp of the request.
    pub fn near_draws(&self) -> Option<(u64, &[Vec<Found>])> {
        match self.answers.get(&Question::NearDraws)? {
            (stamp, Ok(JobResult::Found(found))) => Some((*stamp, found)),
            _ => None,
        }
    }

    /// The samples of a set near a pin, and the stamp of the request.
    pub fn near_pin(&self) -> Option<(u64, &Neighbourhoods)> {
        match self.answers.get(&Question::NearPin)? {
            (stamp, Ok(JobResult::Neighbourhoods(found))) => Some((*stamp, found)),
            _ => None,
        }
    }

    /// The mean codes of two groups of samples, and the stamp of the request.
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

    /// The properties of the codes of an epoch, and the stamp of the request.
    pub fn code_statistics(&self) -> Option<(u64, &Arc<CodeStatistics>)> {
        match self.answers.get(&Question::CodeStatistics)? {
            (stamp, Ok(JobResult::CodeStatistics(code_statistics))) => Some((*stamp, code_statistics)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_answer_of_each_request_is_shown() {
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
    fn answers_of_another_run_are_dropped() {
        let mut explore = Explore::default();
        assert_eq!(explore.switch_to(Some((RunId(1), 7))), []);
        (explore.active, explore.generation) = (Some(1), 5);
        explore.expect(JobId(3), Question::Draw, 9);
        assert_eq!(explore.switch_to(Some((RunId(1), 7))), []);
        assert!(explore.is_open(Question::Draw));
        // Run 1 counts as another run after it is trained again.
        assert_eq!(explore.switch_to(Some((RunId(1), 8))), [JobId(3)]);
        assert!(explore.is_new(Question::Draw, 9));
        assert_eq!((explore.active, explore.generation), (Some(1), 5));
    }

    #[test]
    fn the_active_pin_is_found_after_an_undo() {
        let pins = |rows: &[u32]| -> Vec<Pin> {
            rows.iter().map(|row| Pin::of_row(format!("row {row}"), 7, *row)).collect()
        };
        let mut explore = Explore { active: Some(1), ..Explore::default() };
        for (rows, expected) in [
            (&[5, 6][..], Some(1)),
            // An earlier pin is restored.
            (&[4, 5, 6], Some(2)),
            (&[4, 6], Some(1)),
            (&[4], None),
            (&[4, 6], None),
        ] {
            explore.follow_active(&pins(rows));
            assert_eq!(explore.active, expected, "{rows:?}");
        }
        // Another pin was selected.
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
