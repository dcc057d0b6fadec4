//! Loads the data, and handles the previous data.

use std::sync::Arc;

use super::edits::keep_labels;
use crate::check::{DataFacts, Severity};
use crate::dataset::{DataError, Dataset};
use crate::project::{Choice, Data, Rules, Source, visible};
use crate::run::{Run, RunId};
use crate::session::Request;
use crate::ui::state::{DataState, Offer, State, is_own, is_same_kind};

/// Why another reading of the data is offered, and its cost.
pub const OLD_RULES: &str = "These data are read by the rules of an earlier version, because the runs of this design were trained that way. New designs use the current rules; older runs cannot be resumed on data that are read differently.";

impl State {
    /// Loads the data again, even if nothing has changed.
    pub fn load(&mut self) {
        self.data.request += 1;
        self.remove_data_error();
        self.data.fixed_source = None;
        self.data.requested = Some(self.project.data.clone());
        self.data.progress = Some((0, 0));
        let data = Box::new(self.project.data.clone());
        let own = self.run_on_data().cloned().map(Box::new);
        let before = self.source_before_entered().filter(|_| own.is_none()).cloned().map(Box::new);
        self.send(Request::Load { request: self.data.request, data, own, before });
    }

    /// The source before the path of a table was entered. Data of an opened document are always
    /// read as the document says.
    fn source_before_entered(&self) -> Option<&Source> {
        let (before, _) = self.fitted.as_ref()?;
        (self.entered.is_some() && self.entered.as_ref() == self.project.data.source.path()).then_some(before)
    }

    /// Records that a path was typed or chosen, if it differs from that of the source `before`.
    pub fn note_entered(&mut self, before: &Source) {
        let source = &self.project.data.source;
        if is_same_kind(before, source) && before.path() != source.path() {
            self.entered = source.path().cloned();
        }
    }

    /// Completes the source of the document as the session did; part of the choice of data.
    pub(super) fn complete_source(&mut self, source: Source) {
        self.entered = None;
        let asked = self.data.requested.as_ref().map(|data| &data.source);
        if asked != Some(&self.project.data.source) {
            return;
        }
        self.history.end_step(&self.project);
        let joins = self.history.before().is_some_and(|before| Some(&before.data.source) != asked);
        self.project.data.source = source;
        if joins {
            self.history.join(&self.project);
        }
        if let Some(requested) = &mut self.data.requested {
            requested.source.clone_from(&self.project.data.source);
        }
    }

    /// A run trained on the data of the document: the shown one, else the last one.
    fn run_on_data(&self) -> Option<&Run> {
        let wanted = self.project.data.trained();
        let is_own = |run: &&Run| run.design.data.trained() == wanted;
        self.shown().filter(is_own).or_else(|| self.runs.iter().rev().find(is_own))
    }

    /// Removes the notification of a failed load, after other data are requested.
    fn remove_data_error(&mut self) {
        if let Some(error) = self.data.error.take() {
            self.notices.remove_outdated(&error.to_string());
        }
    }

    /// Loads the data of a run. If the current design uses other data, switches it to those of the
    /// run, which can be undone.
    pub fn load_data_of(&mut self, id: RunId) {
        let Some(run) = self.find_run(id) else { return };
        if self.project.data.trained() == run.design.data.trained() {
            self.load();
            return;
        }
        let data = run.design.data.clone();
        self.edit(|project, _| {
            let own_labels = std::mem::replace(&mut project.data, data).own_labels;
            keep_labels(&mut project.data, own_labels);
        });
        self.keep_fitted();
        self.refresh(false);
    }

    /// Loads the data of the document if they differ from the last request.
    pub(super) fn load_if_changed(&mut self) {
        if self.data.requested.as_ref() == Some(&self.project.data) {
            return;
        }
        if self.project.data.source.path().is_some_and(|path| path.as_os_str().is_empty()) {
            // No path is chosen yet: there is nothing to load, and the old data are dropped.
            self.keep_past_data();
            self.remove_data_error();
            self.data = DataState {
                requested: Some(self.project.data.clone()),
                // Pending answers then belong to an older request.
                request: self.data.request + 1,
                ..DataState::default()
            };
            self.send(Request::CancelLoad);
            return;
        }
        if is_other_source(self.data.of.as_ref(), &self.project.data) {
            self.keep_past_data();
            (self.data.dataset, self.data.facts, self.data.of) = (None, None, None);
        }
        self.load();
    }

    /// Stores loaded data.
    pub(super) fn handle_data(&mut self, data: Arc<Dataset>, facts: DataFacts) {
        let name = visible(&data.name);
        let doubts = data.doubts.iter().map(|doubt| &doubt.message);
        for warning in doubts.chain(&data.warnings) {
            self.notices.log(Severity::Warning, format!("{name}: {warning}"));
        }
        for note in &data.read_report.notes {
            self.notices.log(Severity::Info, format!("{name}: {note}"));
        }
        self.notices.log(Severity::Info, format!("Loaded {name}: {}.", data.read_report.line));
        self.keep_past_data();
        self.data.facts = Some(facts);
        self.data.dataset = Some(data);
        self.data.of.clone_from(&self.data.requested);
        self.remove_past_data();
        self.data.progress = None;
        self.data.error = None;
        self.fit_training(&facts);
        self.refresh(false);
    }

    /// Handles a failed load.
    pub(super) fn data_failed(&mut self, error: DataError) {
        if error == DataError::Cancelled {
            self.notices.log(Severity::Info, "Loading was cancelled.");
        } else {
            self.notices.say(Severity::Error, error.to_string());
        }
        self.data.progress = None;
        // If reading the same data again was cancelled, the loaded data stay.
        let stays = error == DataError::Cancelled && self.data.of == self.data.requested;
        self.data.error = (!stays).then_some(error);
        self.refresh(false);
    }

    /// Keeps the loaded data for the views of runs trained on them; called before they are
    /// replaced.
    pub(super) fn keep_past_data(&mut self) {
        if let (Some(data), Some(of)) = (self.data.dataset.clone(), self.data.of.clone())
            && self.runs.iter().any(|run| run.check_watched_rows(&data).is_ok())
        {
            let mut past = std::mem::take(&mut self.past_data);
            past.add(of, data, self.shown());
            self.past_data = past;
        }
    }

    /// Removes past data that no run needs: those of removed runs, and those loaded again.
    pub(super) fn remove_past_data(&mut self) {
        let loaded = self.data.dataset.as_deref().zip(self.data.of.as_ref());
        let has_own = |run: &Run| loaded.is_some_and(|(data, of)| is_own(run, of, data));
        let has_rows = |run: &Run| loaded.is_some_and(|(data, _)| run.check_watched_rows(data).is_ok());
        let is_needed = |run: &Run, of: &Data, data: &Dataset| {
            !has_own(run) && is_own(run, of, data) || !has_rows(run) && run.check_watched_rows(data).is_ok()
        };
        self.past_data.retain(|of, data| self.runs.iter().any(|run| is_needed(run, of, data)));
    }

    /// Offers to read old data with the rules for new designs, if the document uses older rules.
    pub(super) fn offer_rules(&mut self) {
        self.notices.remove_outdated(OLD_RULES);
        if self.project.data.has_old_rules() {
            self.notices.offer(Severity::Info, OLD_RULES, Offer::Choice(Choice::Rules(Rules::Current)));
        }
    }

    /// Withdraws the offer once there is nothing left to choose.
    pub(super) fn withdraw_rules_offer(&mut self) {
        if !self.project.data.has_old_rules() {
            self.notices.remove_outdated(OLD_RULES);
        }
    }
}

/// Whether the sources differ, so that the shape of the rows may differ too.
fn is_other_source(old: Option<&Data>, new: &Data) -> bool {
    old.is_none_or(|old| !is_same_kind(&old.source, &new.source) || old.source.path() != new.source.path())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::project::{IndexSet, OwnLabel};
    use crate::run::facts;
    use crate::ui::state::Sources;
    use crate::ui::views::samples;

    /// A window with a run on data loaded from this source.
    fn trained(source: crate::project::Source) -> State {
        let mut state = State::default();
        state.project.data.source = source;
        let data = samples::pictures(30, [8, 8, 1], 3);
        let mut run = samples::run(1, 3);
        run.fingerprint = data.fingerprint;
        run.design = state.project.design();
        samples::keep(&mut run, &data, &[3], 2, false);
        state.runs = vec![run];
        state.data.of = Some(state.project.data.clone());
        state.data.requested.clone_from(&state.data.of);
        (state.data.facts, state.data.dataset) = (Some(facts(&data)), Some(Arc::new(data)));
        state
    }

    #[test]
    fn views_keep_the_data_of_a_run_when_the_input_changes() {
        let with_path = |mut source: crate::project::Source, path: &str| {
            crate::ui::state::PathField::Main.set(&mut source, PathBuf::from(path));
            source
        };
        for from in Sources::default().0 {
            for to in Sources::default().0 {
                for path in ["", "/other"] {
                    let mut state = trained(with_path(from.clone(), "/own"));
                    state.edit(|project, _| project.data.source = with_path(to.clone(), path));
                    state.refresh(false);
                    let data = state.shown().and_then(|run| state.data_of(run)).cloned();
                    assert!(data.is_some(), "{from:?} to {to:?} at {path:?}");
                    // Other data are loaded, then replaced again.
                    let other = samples::table(9, 2);
                    let of = facts(&other);
                    state.handle_data(Arc::new(Dataset { fingerprint: 99, ..other }), of);
                    assert!(
                        state.shown().is_some_and(|run| state.data_of(run).is_some()),
                        "{from:?} to {to:?}"
                    );
                    state.data_failed(DataError::Cancelled);
                    assert!(
                        state.shown().is_some_and(|run| state.data_of(run).is_some()),
                        "{from:?} to {to:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn user_labels_are_kept_when_the_data_of_a_run_are_loaded() {
        let mut state = trained(crate::project::Source::Digits);
        let rows = IndexSet::of(&[1, 4]);
        let odd = OwnLabel { name: "odd".to_owned(), fingerprint: 7, count: 30, rows };
        state.edit(|project, _| {
            project.data.source = Sources::default().0[1].clone();
            project.data.own_labels.push(odd.clone());
        });
        state.load_data_of(RunId(1));
        assert_eq!(state.project.data.source, crate::project::Source::Digits);
        assert_eq!(state.project.data.own_labels, [odd]);
    }

    #[test]
    fn data_at_another_path_or_with_other_labels_are_kept_too() {
        let mut state = trained(crate::project::Source::Digits);
        // The run has another path, but the loaded rows are still its own.
        state.runs[0].design.data.source = Sources::default().0[2].clone();
        assert!(state.data_of(&state.runs[0]).is_some());
        state.edit(|project, _| project.data.source = Sources::default().0[1].clone());
        state.refresh(false);
        let other = samples::table(9, 2);
        let of = facts(&other);
        state.handle_data(Arc::new(Dataset { fingerprint: 99, ..other }), of);
        assert!(state.data_of(&state.runs[0]).is_some());
        state.runs.clear();
        state.remove_past_data();
        assert!(state.past_data.of(&samples::run(1, 3)).is_none(), "no run needs them");
    }
}
