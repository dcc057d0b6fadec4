//! Requests to a trained network while its code is explored.

use std::sync::Arc;

use crate::check::Severity;
use crate::dataset::Dataset;
use crate::engine::Trained;
use crate::project::{Pin, Pinned, visible};
use crate::run::{LazyWeights, Run, RunId, Status, Weights};
use crate::session::{JobKind, Request};
use crate::ui::plots::stamp_of;
use crate::ui::state::{EXPLORE_VIEW, Live, PinnedSample, Question, ShownPin, State, TargetNetwork};

/// The weights that decode the codes of the displayed epoch, and their epoch (`None` for the
/// current weights of a run in progress). They belong to the epoch of the codes, unless none were
/// kept.
fn weights_of(run: &Run, epoch: Option<u32>, live: Option<&Live>) -> Option<(Option<u32>, LazyWeights)> {
    let held = |weights: &Arc<Weights>| LazyWeights::from(Arc::clone(weights));
    let checkpoint = run.checkpoint.as_deref();
    let now = match run.status {
        Status::Training => live.filter(|live| live.run == run.id).map(|live| (None, held(&live.weights))),
        // A pause creates a checkpoint.
        Status::Paused => checkpoint.map(|checkpoint| {
            let progress = &checkpoint.progress;
            ((progress.step_in_epoch == 0).then_some(progress.epoch), held(&checkpoint.weights))
        }),
        Status::Queued | Status::Stopped | Status::Done | Status::Failed(_) => None,
    };
    let kept = run.kept.shown_at(epoch).and_then(|kept| run.kept.nearest_weights(kept.epoch));
    let kept = kept.map(|(epoch, weights)| (Some(epoch), weights.clone()));
    let last = checkpoint
        .map(|checkpoint| (Some(checkpoint.inference_epoch()), held(checkpoint.inference_weights())));
    if epoch.is_none() { now.or(kept).or(last) } else { kept.or(now).or(last) }
}

/// Maximum number of selected samples pinned at once.
pub const MOST_AT_ONCE: usize = 12;
/// Maximum number of pins shown: all are looked up continuously, and some decoded.
const MOST_PINS: usize = 200;

impl State {
    /// Sends requests to the shown run's network as it was after the displayed epoch, or else as it
    /// is now. Pins of rows follow their codes.
    pub fn follow_asked(&mut self) {
        let of = self.shown().map(|run| (run.id, run.started_unix_secs));
        for job in self.explore.switch_to(of) {
            self.send(Request::Cancel(job));
        }
        let Some(run) = self.shown() else { return };
        let (known, generation) = (self.explore.asked.as_ref(), self.explore.generation);
        let weights = weights_of(run, self.epoch, self.explore.live.as_ref());
        let has_weights = weights.is_some();
        let asked = match (weights, known) {
            (None, _) => None,
            (Some((epoch, weights)), Some(known)) if known.trained.weights().is(&weights) => {
                Some(TargetNetwork { epoch, ..known.clone() })
            }
            (Some((epoch, weights)), known) => {
                let trained = match known {
                    Some(known) => Some(known.trained.with_weights(weights)),
                    None if self.explore.is_damaged => None,
                    // An invalid design was never trained.
                    None => Trained::again(run, weights, run.shape, (0.0, 1.0)).ok(),
                };
                trained.map(|trained| TargetNetwork { trained, epoch, generation: generation + 1 })
            }
        };
        let is_damaged = has_weights && asked.is_none();
        let explore = &mut self.explore;
        explore.is_damaged = is_damaged;
        explore.generation = asked.as_ref().map_or(generation, |asked| asked.generation);
        explore.asked = asked;
        self.follow_pins();
    }

    /// Updates the pins that the network can show from the document, and requests the codes of
    /// samples that are not watched.
    fn follow_pins(&mut self) {
        self.explore.follow_active(&self.project.pins);
        let own = self.shown().and_then(|run| self.data_of(run));
        let (mut pins, mut unwatched) = (Vec::new(), Vec::new());
        for (at, pin) in self.project.pins.iter().enumerate().take(MOST_PINS) {
            let Some((code, sample)) = self.code_of(&pin.of, own) else { continue };
            if let (None, Some(sample)) = (&code, &sample) {
                unwatched.push((Arc::clone(&sample.data), sample.row));
            }
            let known = |sample: &PinnedSample| self.explore.encoded(sample.data.fingerprint, sample.row);
            let code = code.or_else(|| sample.as_ref().and_then(known).map(<[f32]>::to_vec));
            pins.push(ShownPin {
                at,
                number: pins.len() + 1,
                name: visible(&pin.name).into_owned(),
                note: pin.note.clone(),
                code: code.unwrap_or_default(),
                sample,
            });
        }
        // Pins whose code is pending already have their numbers.
        pins.retain(|pin| !pin.code.is_empty());
        self.explore.pins = pins;
        let Some(asked) = self.explore.asked.as_ref().filter(|_| !unwatched.is_empty()) else { return };
        let rows: Vec<(u64, u32)> = unwatched.iter().map(|(data, row)| (data.fingerprint, *row)).collect();
        let stamp = stamp_of((asked.generation, rows));
        // While weights change constantly, a request is answered before the next one is sent.
        if asked.epoch.is_some() || !self.explore.is_open(Question::Encode) {
            let kind = JobKind::Encode { trained: asked.trained.clone(), samples: unwatched };
            self.ask_network(Question::Encode, stamp, kind);
        }
    }

    /// The code of a pin at the displayed epoch, if known, and its sample. `None` if the shown
    /// run's network cannot show the pin.
    fn code_of(
        &self,
        pinned: &Pinned,
        own: Option<&Arc<Dataset>>,
    ) -> Option<(Option<Vec<f32>>, Option<PinnedSample>)> {
        let run = self.shown()?;
        let kept = run.kept.shown_at(self.epoch).filter(|kept| kept.code_units > 0)?;
        match pinned {
            Pinned::Code { run: id, started_unix_secs, code } => {
                let is_it = |run: &Run| (run.id.0, run.started_unix_secs) == (*id, *started_unix_secs);
                // Merging files may have renumbered the run.
                let is_own = run.started_unix_secs == *started_unix_secs
                    && (is_it(run) || !self.runs.iter().any(is_it));
                (is_own && code.len() == kept.code_units).then(|| (Some(code.clone()), None))
            }
            Pinned::Row { fingerprint, row } => {
                let is_own = *fingerprint == run.fingerprint;
                let is_it =
                    |data: &&Arc<Dataset>| data.fingerprint == *fingerprint && data.shape == run.shape;
                let data = if is_own { own } else { self.others.values().find(is_it) };
                let data = data.filter(|data| (*row as usize) < data.len())?;
                let mut watched = run.kept.probe.code_rows.iter();
                let at = watched.position(|own| own == row).filter(|_| is_own);
                let code = at.and_then(|at| kept.codes.chunks_exact(kept.code_units).nth(at));
                let sample = PinnedSample { data: Arc::clone(data), row: *row };
                Some((code.map(<[f32]>::to_vec), Some(sample)))
            }
        }
    }

    /// Sends a request unless it equals the newest one of its kind. The stamp identifies it.
    pub fn ask_network(&mut self, question: Question, stamp: u64, kind: JobKind) {
        if self.explore.is_new(question, stamp) {
            let job = self.compute(kind);
            self.explore.expect(job, question, stamp);
        }
    }

    /// Pins codes and activates the last of them; this can be undone. A row that is already pinned
    /// is only activated.
    pub fn pin(&mut self, pins: Vec<Pin>) {
        let (mut own, mut active) = (self.project.pins.clone(), self.explore.active);
        for pin in pins.into_iter().filter(Pin::is_valid) {
            let is_row = matches!(pin.of, Pinned::Row { .. });
            let known = own.iter().position(|known| is_row && known.of == pin.of);
            if known.is_none() {
                if own.len() >= MOST_PINS {
                    let text = format!("There are already {MOST_PINS} pins. Remove some to pin others.");
                    self.notices.say(Severity::Warning, text);
                    break;
                }
                own.push(pin);
            }
            active = known.or(own.len().checked_sub(1));
        }
        if own.len() > self.project.pins.len() {
            self.edit(|project, _| project.pins = own);
        }
        self.explore.active = active;
    }

    /// Pins the selected samples, at most [`MOST_AT_ONCE`] of them, and shows them.
    pub fn pin_selected(&mut self) {
        let Some(data) = self.selectable() else { return };
        let selected = self.selection.rows(data.fingerprint).iter().take(MOST_AT_ONCE);
        let rows = selected.filter(|row| (**row as usize) < data.len());
        let pin = |row: &u32| Pin::of_row(data.row_name(*row), data.fingerprint, *row);
        let pins = rows.map(pin).collect();
        self.pin(pins);
        self.view.show = Some(EXPLORE_VIEW);
    }

    /// Removes a pin of the document.
    pub fn unpin(&mut self, at: usize) {
        if at >= self.project.pins.len() {
            return;
        }
        self.edit(|project, _| drop(project.pins.remove(at)));
        self.explore.active_pin = None;
        let last = self.project.pins.len().checked_sub(1);
        self.explore.active = self.explore.active.and_then(|active| {
            let active = if active > at { active - 1 } else { active };
            last.map(|last| active.min(last))
        });
    }

    /// Sets the note of a pin. Typing is one undo step.
    pub fn note_pin(&mut self, at: usize, note: String) {
        if let Some(pin) = self.project.pins.get_mut(at) {
            pin.note = note;
        }
    }

    /// Requests the newest weights of the shown run during training.
    pub fn follow_live_weights(&mut self) {
        let trains = |run: &&Run| run.status == Status::Training;
        let Some(run) = self.shown().filter(trains).map(|run| run.id) else {
            // They are outdated after the run is resumed.
            self.explore.live = None;
            return;
        };
        if self.epoch.is_none() && self.explore.weights_asked != Some(run) {
            self.explore.weights_asked = Some(run);
            self.send(Request::Weights(run));
        }
    }

    /// Stores weights of a run in progress.
    pub(super) fn handle_weights(&mut self, run: RunId, step: u64, weights: Option<Arc<Weights>>) {
        self.explore.weights_asked = None;
        // Another copy of the same weights would repeat every request.
        let is_known = self.explore.live.as_ref().is_some_and(|live| (live.run, live.step) == (run, step));
        if let Some(weights) = weights.filter(|_| !is_known) {
            self.explore.live = Some(Live { run, step, weights });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{Checkpoint, Kept, KeptEpochs, TrainerProgress};
    use crate::ui::state::SelectionMode;
    use crate::ui::views::samples;

    fn paused_at(epoch: u32, step_in_epoch: u32) -> TrainerProgress {
        TrainerProgress { epoch, step_in_epoch, ..TrainerProgress::default() }
    }

    /// A run that kept epochs 36 and 40, with weights.
    fn run(status: Status) -> Run {
        let mut kept = KeptEpochs::default();
        for epoch in [36, 40] {
            kept.push(Arc::new(Kept { epoch, ..Kept::default() }));
            kept.push_weights(epoch, Arc::default());
        }
        let checkpoint = Checkpoint { progress: paused_at(40, 2), ..Checkpoint::default() };
        Run { status, kept, checkpoint: Some(Arc::new(checkpoint)), ..samples::run(1, 41) }
    }

    #[test]
    fn codes_are_decoded_with_the_weights_of_their_epoch() {
        let live = Live { run: RunId(1), step: 3, weights: Arc::default() };
        for (status, epoch, expected) in [
            (Status::Done, None, Some(Some(40))),
            (Status::Done, Some(39), Some(Some(36))),
            (Status::Done, Some(40), Some(Some(40))),
            (Status::Training, None, Some(None)),
            (Status::Training, Some(38), Some(Some(36))),
            (Status::Paused, None, Some(None)),
            (Status::Paused, Some(36), Some(Some(36))),
            (Status::Stopped, None, Some(Some(40))),
        ] {
            let run = run(status.clone());
            let found = weights_of(&run, epoch, Some(&live)).map(|(epoch, _)| epoch);
            assert_eq!(found, expected, "{status:?} {epoch:?}");
        }
        let bare = |checkpoint| Run { kept: KeptEpochs::default(), checkpoint, ..run(Status::Paused) };
        assert!(weights_of(&bare(None), None, None).is_none());
        // When paused between two epochs, it has the weights of the earlier one.
        let checkpoint = Checkpoint { progress: paused_at(40, 0), ..Checkpoint::default() };
        let run = bare(Some(Arc::new(checkpoint)));
        assert_eq!(weights_of(&run, None, None).map(|(epoch, _)| epoch), Some(Some(40)));
    }
    /// A state that shows run 1 on these data.
    fn explored(data: &Arc<Dataset>) -> State {
        let mut run = samples::run(1, 100);
        run.fingerprint = data.fingerprint;
        samples::keep(&mut run, data, &[1], 2, false);
        // The last two rows are not watched.
        let mut probe = (*run.kept.probe).clone();
        probe.code_rows.truncate(18);
        run.kept.probe = Arc::new(probe);
        let mut state = State::default();
        (state.runs, state.shown_run) = (vec![run], Some(RunId(1)));
        state.data.dataset = Some(Arc::clone(data));
        state
    }

    #[test]
    fn a_code_made_by_hand_belongs_to_its_run_after_renumbering() {
        let data = Arc::new(samples::table(20, 2));
        let mut state = explored(&data);
        let started = state.runs[0].started_unix_secs;
        let of = |run, started_unix_secs, code: &[f32]| Pinned::Code {
            run,
            started_unix_secs,
            code: code.to_vec(),
        };
        let shows = |state: &State, pinned: &Pinned| {
            state.code_of(pinned, Some(&data)).is_some_and(|(code, _)| code == Some(vec![1.0, 2.0]))
        };
        for (pinned, expected) in [
            (of(1, started, &[1.0, 2.0]), true),
            (of(9, started, &[1.0, 2.0]), true),
            (of(1, started + 1, &[1.0, 2.0]), false),
            (of(1, started, &[1.0]), false),
        ] {
            assert_eq!(shows(&state, &pinned), expected, "{pinned:?}");
        }
        state.runs.push(Run { id: RunId(9), ..state.runs[0].clone() });
        assert!(!shows(&state, &of(9, started, &[1.0, 2.0])), "there is such a run");
    }

    #[test]
    fn a_pinned_row_has_the_code_of_the_epoch_or_is_encoded() {
        let data = Arc::new(samples::table(20, 2));
        let mut other = samples::table(4, 2);
        other.fingerprint = 99;
        let mut state = explored(&data);
        state.others.insert("photos".to_owned(), Arc::new(other));
        let codes = state.runs[0].kept.newest().map(|kept| kept.codes.clone()).expect("codes");
        for (fingerprint, row, expected) in [
            (data.fingerprint, 3, Some(Some(codes[6..8].to_vec()))),
            (data.fingerprint, 19, Some(None)),
            (data.fingerprint, 20, None),
            (99, 3, Some(None)),
            (99, 4, None),
            (98, 0, None),
        ] {
            let found = state.code_of(&Pinned::Row { fingerprint, row }, Some(&data));
            assert_eq!(found.map(|(code, _)| code), expected, "{fingerprint} {row}");
        }
    }

    #[test]
    fn selected_samples_are_pinned_by_their_names() {
        let data = Arc::new(samples::table(20, 2));
        let mut state = explored(&data);
        state.selection.apply(data.fingerprint, (3..20).collect(), SelectionMode::Replace);
        state.pin_selected();
        assert_eq!(state.project.pins.len(), MOST_AT_ONCE);
        assert_eq!(state.project.pins[0], Pin::of_row("row 4".to_owned(), data.fingerprint, 3));
        assert_eq!(state.view.show, Some(EXPLORE_VIEW));
    }

    #[test]
    fn pins_are_added_once_removed_and_restored_by_undo() {
        let pin = |row| Pin::of_row(format!("row {row}"), 7, row);
        let mut state = State::default();
        for rows in [&[4, 5][..], &[4], &[6]] {
            state.pin(rows.iter().map(|row| pin(*row)).collect());
        }
        assert_eq!((state.project.pins.len(), state.explore.active), (3, Some(2)));
        state.pin(vec![pin(4)]);
        assert_eq!(state.explore.active, Some(0), "it is pinned already");
        state.explore.active = Some(2);
        state.unpin(1);
        assert_eq!((&state.project.pins[..], state.explore.active), (&[pin(4), pin(6)][..], Some(1)));
        state.undo();
        assert_eq!(state.project.pins.len(), 3);
        state.unpin(9);
        let of = Pinned::Code { run: 1, started_unix_secs: 0, code: vec![f32::NAN] };
        state.pin(vec![Pin { name: String::new(), note: String::new(), of }]);
        assert_eq!(state.project.pins.len(), 3, "no network can be given that");
        state.pin((100..500).map(pin).collect());
        assert_eq!(state.project.pins.len(), MOST_PINS);
        state.undo();
        assert_eq!(state.project.pins.len(), 3, "all at once");
        state.note_pin(0, "thin".to_owned());
        assert_eq!(state.project.pins[0].note, "thin");
        assert!(state.is_modified());
    }
}
