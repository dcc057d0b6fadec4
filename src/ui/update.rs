//! What changes the [`State`], one file for each concern. Nothing here knows a view or a command.

mod analysis;
mod documents;
mod dropped;
mod edits;
mod explore;
mod file_events;
mod past_data;
mod remedies;
mod session_events;
pub mod stack;
mod training;

pub use remedies::{LOCATE, RELOAD, Remedy};
pub use training::NOT_YET;

use std::path::PathBuf;

use crate::check::Severity;
use crate::io::MergeBase;
use crate::project::{Choice, Data, Place, Project, Rules, Source};
use crate::run::{Run, RunId, Setting, Status};
use crate::session;
use crate::ui::state::{Baselines, DataState, Effect, History, Offer, PastData, Principal, Sources, State};

/// Why another reading of the data is offered, and at what price.
pub const OLD_RULES: &str = "These data are read by the rules of an earlier version, as the runs of this design were trained. New designs read more of them as they are; runs trained before cannot be resumed on data that are read otherwise.";
impl State {
    /// Takes another document: what was opened, or a recipe. Nothing of the old one stays.
    pub fn replace(&mut self, project: Project, runs: Vec<Run>, file: Option<PathBuf>) {
        for run in self.unfinished() {
            self.abandon(run);
        }
        self.document += 1;
        self.used.extend(runs.iter().map(|run| run.id));
        self.history = History::new(&project);
        self.saved = project.clone();
        self.project = project;
        self.sources = Sources::default();
        self.shown_run = runs.last().map(|run| run.id);
        self.runs = runs;
        self.file = file;
        self.base = MergeBase::default();
        self.damaged = false;
        self.runs_unsaved = false;
        self.progress.clear();
        self.compared.clear();
        self.epoch = None;
        self.jobs.clear();
        self.likelihoods.clear();
        self.principal = Principal::default();
        self.baselines = Baselines::default();
        self.past = PastData::default();
        self.live = None;
        self.selected = Place::Code;
        self.kept = None;
        self.notices.take_back(OLD_RULES);
        if self.project.data.has_old_rules() {
            self.notices.offer(Severity::Info, OLD_RULES, Offer::Choice(Choice::Rules(Rules::Current)));
        }
        self.refresh(false);
    }

    /// Brings everything derived in line with the document; called around every frame. `hand_on`: a widget is being
    /// dragged or typed into, so an edit is not over yet.
    pub fn refresh(&mut self, hand_on: bool) {
        self.history.observe(&self.project, hand_on);
        self.sources.remember(&self.project.data.source);
        if !stack::places(&self.project, self.input_shape()).contains(&self.selected) {
            self.selected = match self.selected {
                Place::Encoder(_) if !self.project.encoder.is_empty() => {
                    Place::Encoder(self.project.encoder.len() - 1)
                }
                Place::Data
                | Place::Corruption
                | Place::Encoder(_)
                | Place::Code
                | Place::Decoder(_)
                | Place::Output
                | Place::Training => Place::Code,
            };
        }
        if !hand_on {
            self.load_if_changed();
            self.keep_if_changed();
            self.offer_found();
        }
        // The cards follow at once: shapes are known while data of the same source are only split again.
        self.derived.follow(&self.project, &self.data, hand_on);
        if self.derived.errors() == 0 {
            self.notices.take_back(NOT_YET);
        }
        if !self.project.data.has_old_rules() {
            self.notices.take_back(OLD_RULES);
        }
        self.follow_live_settings(hand_on);
        self.want_baseline();
    }

    /// Asks the session.
    pub fn send(&mut self, request: session::Request) {
        self.effects.push(Effect::Session(request));
    }

    /// Loads the data again, whatever is there.
    pub fn load(&mut self) {
        self.data.request += 1;
        (self.data.error, self.data.mended) = (None, None);
        self.data.requested = Some(self.project.data.clone());
        self.data.progress = Some((0, 0));
        let data = Box::new(self.project.data.clone());
        self.send(session::Request::Load { request: self.data.request, data });
    }

    /// Selects a card and gives it the keyboard.
    pub fn select(&mut self, place: Place) {
        match place {
            Place::Corruption | Place::Training => {}
            Place::Data | Place::Encoder(_) | Place::Code | Place::Decoder(_) | Place::Output => {
                self.selected = place;
                self.focus = Some(place);
            }
        }
    }

    /// Lets the views show this run, as it is now.
    pub(super) fn show_live(&mut self, run: RunId) {
        (self.shown_run, self.epoch) = (Some(run), None);
    }

    /// Runs to stop where all are to: what waits goes first, so that nothing begins once the run under way has ended.
    pub(super) fn unfinished(&self) -> Vec<RunId> {
        let of = |waits: bool| {
            let is_wanted =
                move |run: &&Run| run.status.is_unfinished() && (run.status == Status::Queued) == waits;
            self.runs.iter().filter(is_wanted).map(|run| run.id)
        };
        of(true).chain(of(false)).collect()
    }

    /// Has a run stopped whose further events nobody wants.
    pub(super) fn abandon(&mut self, run: RunId) {
        self.send(session::Request::Stop(run));
        self.orphans.insert(run);
    }

    /// Loads the data of a run; where the design on screen has others, it gets the run's, which can be undone.
    pub fn load_data_of(&mut self, id: RunId) {
        let Some(run) = self.runs.iter().find(|run| run.id == id) else { return };
        if self.project.data == run.design.data {
            self.load();
            return;
        }
        let data = run.design.data.clone();
        self.history.settle(&self.project);
        self.project.data = data;
        self.refresh(false);
    }

    /// Has every settled change written down, once there is something a crash could take, and marked as saved once it is.
    fn keep_if_changed(&mut self) {
        if self.store.is_some() && !self.is_modified() && self.kept.take().is_some() {
            self.effects.push(Effect::Settle);
        }
        if self.store.is_some() && self.is_modified() && self.kept.as_ref() != Some(&self.project) {
            self.kept = Some(self.project.clone());
            self.effects.push(Effect::Keep(Box::new(self.project.clone()), self.file.clone()));
        }
    }

    fn load_if_changed(&mut self) {
        if self.data.requested.as_ref() == Some(&self.project.data) {
            return;
        }
        if self.project.data.source.path().is_some_and(|path| path.as_os_str().is_empty()) {
            // A path is still to come: nothing to load, and nothing of the old data stays.
            self.keep_past_data();
            self.data = DataState {
                requested: Some(self.project.data.clone()),
                // What is still on its way answers an older request.
                request: self.data.request + 1,
                ..DataState::default()
            };
            self.send(session::Request::CancelLoad);
            return;
        }
        if is_other_source(self.data.of.as_ref(), &self.project.data) {
            self.keep_past_data();
            (self.data.dataset, self.data.facts, self.data.of) = (None, None, None);
        }
        self.load();
    }

    /// Learning rate and epochs reach the run under way; whatever else is edited waits for the next run.
    fn follow_live_settings(&mut self, hand_on: bool) {
        let Some((rate, epochs)) = self.live.filter(|_| !hand_on) else { return };
        let Some(run) = self.active_run() else {
            self.live = None;
            return;
        };
        let (id, finished) = (run.id, run.history.epochs.len() as u32);
        let wanted = &self.project.training;
        let (new_rate, new_epochs) = (wanted.learning_rate, wanted.epochs);
        if new_rate != rate && new_rate.is_finite() && new_rate > 0.0 {
            self.send(session::Request::Set(id, Setting::LearningRate(new_rate)));
        }
        if new_epochs != epochs && new_epochs >= finished.max(1) {
            self.send(session::Request::Set(id, Setting::Epochs(new_epochs)));
        }
        self.live = Some((new_rate, new_epochs));
    }
}

/// Whether rows loaded from `old` say nothing about the shape of rows from `new`.
fn is_other_source(old: Option<&Data>, new: &Data) -> bool {
    let kind = |source: &Source| std::mem::discriminant(source);
    old.is_none_or(|old| kind(&old.source) != kind(&new.source) || old.source.path() != new.source.path())
}
