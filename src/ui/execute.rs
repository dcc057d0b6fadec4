//! What each command does to the [`State`].

use std::sync::Arc;

use super::command::Command;
use super::dialogs::{Dialog, Then};
use super::edit;
use super::files::{SaveKind, SaveRequest};
use super::panels::views::Pane;
use super::panels::{RunAction, Seek};
use super::state::{BottomTab, Effect, State, ViewSettings};
use crate::check::{Plan, Severity, plan};
use crate::dataset::{Dataset, Subset};
use crate::project::{Choice, Decoder, Layer, Place};
use crate::run::{Checkpoint, Run, RunEvent, RunId, Status};
use crate::session::{self, Job, JobId, JobKind, Start, TrainRequest};

/// How a note begins that refuses to train a design.
pub(super) const NOT_YET: &str = "Not yet trainable";

impl State {
    /// Gives a command; one that cannot be given says why.
    pub fn run(&mut self, command: Command) {
        if let Err(reason) = command.available(self) {
            self.notices.say(Severity::Info, format!("{}: {reason}", command.text()));
            if command.trains() && self.derived.no_data().is_some() {
                self.show_bottom(BottomTab::Problems);
            }
            return;
        }
        match command {
            Command::New => self.ask(Then::New),
            Command::Open => self.ask(Then::Open),
            Command::Save => self.save(),
            Command::SaveAs => self.dialog = Some(Dialog::save(self, SaveKind::Project)),
            Command::SaveDesign => self.dialog = Some(Dialog::save(self, SaveKind::Design)),
            Command::Revert => self.edit(Clone::clone_from),
            Command::Quit => self.ask(Then::Quit),
            Command::Undo => self.history.undo(&mut self.project),
            Command::Redo => self.history.redo(&mut self.project),
            Command::AddDense
            | Command::AddConv2d
            | Command::AddConvTranspose2d
            | Command::AddMaxPool2d
            | Command::AddAvgPool2d
            | Command::AddUpsample
            | Command::AddBatchNorm
            | Command::AddLayerNorm
            | Command::AddGroupNorm
            | Command::AddFlatten
            | Command::AddReshape
            | Command::AddDropout => {
                if let Some(layer) = command.added() {
                    self.add(layer);
                }
            }
            Command::Duplicate => {
                let input = self.current_shape();
                self.change(|project, place| edit::duplicate(project, input, place));
            }
            Command::Remove => self.remove_selected(),
            Command::MoveUp | Command::MoveDown => {
                let input = self.current_shape();
                self.change(|project, place| {
                    let gap = edit::gap_beyond(project, place, command == Command::MoveUp)?;
                    edit::move_into(project, input, place, gap)
                });
            }
            Command::SelectPrevious => self.select_by(-1),
            Command::SelectNext => self.select_by(1),
            Command::ToggleMirror => self.toggle_mirror(),
            Command::ToggleTied => self.edit(|project, _| {
                if let Decoder::Mirrored { tied } = &mut project.decoder {
                    *tied = !*tied;
                }
            }),
            Command::TrainOrPause => self.train_or_pause(),
            Command::StepOnce => self.start(Start::StepOnce),
            Command::EpochOnce => self.start(Start::EpochOnce),
            Command::Stop => {
                for run in self.unfinished() {
                    self.send(session::Command::Stop(run));
                }
            }
            Command::TrainNew => self.start_new(Start::Train),
            Command::Continue => {
                if let Some(run) = self.shown().map(|run| run.id) {
                    self.continue_run(run, None);
                }
            }
            Command::TrainMore => {
                self.dialog = Some(Dialog::TrainMore { epochs: self.project.training.epochs.max(1) });
            }
            Command::RestoreDesign => {
                if let Some(design) = self.shown().map(|run| run.design.clone()) {
                    self.edit(|project, _| *project = design);
                }
            }
            Command::EvaluateTest => self.evaluate_test(),
            Command::LocateData => self.locate_data(),
            Command::ReloadData => self.load(),
            Command::CancelLoad => self.send(session::Command::CancelLoad),
            Command::Threads => {
                let (all, count) = (self.threads.is_none(), self.threads());
                self.dialog = Some(Dialog::Threads { all, count });
            }
            Command::CommandPalette => self.view.palette = Some(super::panels::palette::Palette::default()),
            Command::ShowLoss => self.view.show = Some(Pane::Loss),
            Command::ShowLatent => self.view.show = Some(Pane::Latent),
            Command::ShowReconstructions => self.view.show = Some(Pane::Reconstructions),
            Command::ShowData => self.view.show = Some(Pane::Data),
            Command::ShowHealth => self.view.show = Some(Pane::Health),
            Command::ShowRuns => self.show_bottom(BottomTab::Runs),
            Command::ShowProblems => self.show_bottom(BottomTab::Problems),
            Command::ShowLog => self.show_bottom(BottomTab::Log),
            Command::ToggleNetwork => self.view.network = !self.view.network,
            Command::ToggleInspector => self.view.inspector = !self.view.inspector,
            Command::ToggleBottom => self.view.bottom_open = !self.view.bottom_open,
            Command::ResetLayout => {
                let theme = self.view.theme;
                self.view = ViewSettings { theme, reset_layout: true, ..ViewSettings::default() };
            }
            Command::ThemeSystem => self.view.theme = egui::ThemePreference::System,
            Command::ThemeDark => self.view.theme = egui::ThemePreference::Dark,
            Command::ThemeLight => self.view.theme = egui::ThemePreference::Light,
            Command::ZoomIn => self.effects.push(Effect::Zoom(0.1)),
            Command::ZoomOut => self.effects.push(Effect::Zoom(-0.1)),
            Command::ZoomReset => self.effects.push(Effect::Zoom(0.0)),
            Command::Shortcuts => self.dialog = Some(Dialog::Shortcuts),
            Command::About => self.dialog = Some(Dialog::About),
        }
        self.refresh(false);
    }

    /// Adds a layer behind the selection and selects it.
    pub fn add(&mut self, layer: Layer) {
        let gap = edit::gap_behind(&self.project, self.selected);
        self.insert(gap, layer);
    }

    /// Puts a layer into a gap and selects it.
    pub fn insert(&mut self, gap: edit::Gap, layer: Layer) {
        let input = self.current_shape();
        self.change(|project, _| edit::insert(project, input, gap, layer));
        self.refresh(false);
    }

    /// Moves a card into a gap and selects it there.
    pub fn move_card(&mut self, place: Place, gap: edit::Gap) {
        self.selected = place;
        let input = self.current_shape();
        self.change(|project, place| edit::move_into(project, input, place, gap));
        self.refresh(false);
    }

    /// Makes the change that mends a problem.
    pub fn apply_fix(&mut self, place: Place, project: &crate::project::Project) {
        self.edit(|own, _| own.clone_from(project));
        self.select(place);
        self.refresh(false);
    }

    /// Has the data read otherwise, as one step that can be undone.
    pub fn choose(&mut self, choice: Choice) {
        self.edit(|project, _| {
            choice.apply(&mut project.data);
        });
        self.refresh(false);
    }

    /// Moves the thread through time.
    pub fn seek(&mut self, seek: Seek) {
        self.epoch = match seek {
            Seek::Live => None,
            Seek::Epoch(epoch) => Some(epoch),
        };
    }

    /// Does what was asked for in the table of runs.
    pub fn act_on_run(&mut self, action: RunAction) {
        match action {
            RunAction::Select(id) => {
                if self.shown_run != Some(id) {
                    self.show_live(id);
                }
            }
            RunAction::Compare(id, on) => {
                self.compared.retain(|other| *other != id);
                if on {
                    self.compared.push(id);
                }
            }
            RunAction::RestoreDesign(id) => self.with_run(id, Command::RestoreDesign),
            RunAction::Resume(id) => self.with_run(id, Command::Continue),
            RunAction::TrainMore(id) => self.with_run(id, Command::TrainMore),
            RunAction::Remove(id) => self.dialog = Some(Dialog::RemoveRun(id)),
        }
    }

    /// Removes a run for good.
    pub fn remove_run(&mut self, id: RunId) {
        if self.runs.iter().any(|run| run.id == id && run.status.is_unfinished()) {
            self.abandon(id);
        }
        if self.shown().is_some_and(|run| run.id == id) {
            self.epoch = None;
        }
        self.runs.retain(|run| run.id != id);
        self.forget_past_data();
        self.compared.retain(|other| *other != id);
        self.progress.remove(&id);
        self.likelihoods.remove(&id);
        self.shown_run.take_if(|shown| *shown == id);
        self.runs_unsaved = true;
        self.effects.push(Effect::Forget(id));
    }

    fn with_run(&mut self, id: RunId, command: Command) {
        if self.shown_run != Some(id) {
            self.show_live(id);
        }
        self.run(command);
    }

    /// Resumes a run from its last checkpoint, to another number of epochs in all where one is asked for.
    pub fn continue_run(&mut self, id: RunId, epochs: Option<u32>) {
        self.go_on_with(id, epochs, Start::Train);
    }

    fn go_on_with(&mut self, id: RunId, epochs: Option<u32>, start: Start) {
        let Some(run) = self.runs.iter().find(|run| run.id == id) else { return };
        let Some((data, facts)) = self.data_as_trained(run) else { return };
        let data = data.clone();
        if let Err(error) = run.check_same_data(&data) {
            self.notices.say(Severity::Error, format!("Run {id} cannot be resumed: {error}."));
            return;
        }
        let plan = match plan(&run.design, &facts) {
            Ok(plan) => plan,
            Err(problems) => {
                let first = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
                self.notices.say(Severity::Error, format!("Run {id} cannot be resumed: {first}"));
                return;
            }
        };
        let Some(own) = self.run_mut(id) else { return };
        own.apply(&RunEvent::Status(Status::Queued));
        let run = own.clone();
        self.show_live(id);
        self.train(run, epochs, plan, data, start);
    }

    fn train(&mut self, run: Run, epochs: Option<u32>, plan: Plan, data: Arc<Dataset>, start: Start) {
        self.live = Some((self.project.training.learning_rate, self.project.training.epochs));
        let (threads, store) = (self.threads(), self.store.clone());
        let request = TrainRequest { run, epochs, plan, data, threads, start, store };
        self.send(session::Command::Train(Box::new(request)));
    }

    fn edit(&mut self, edit: impl FnOnce(&mut crate::project::Project, &crate::project::Project)) {
        self.history.settle(&self.project);
        edit(&mut self.project, &self.saved);
    }

    fn change(&mut self, change: impl FnOnce(&mut crate::project::Project, Place) -> Option<Place>) {
        self.history.settle(&self.project);
        if let Some(place) = change(&mut self.project, self.selected) {
            self.select(place);
        }
    }

    fn remove_selected(&mut self) {
        let input = self.input_shape();
        let places = edit::places(&self.project, input);
        let at = places.iter().position(|place| *place == self.selected).unwrap_or(0);
        self.change(|project, place| {
            edit::remove(project, place)?;
            // What stood behind it moves up; at the end of a stack the card before is nearer.
            let after = edit::places(project, input);
            let same = after.get(at).copied().filter(|place| edit::layer(project, *place).is_some());
            same.or(after.get(at.saturating_sub(1)).copied())
        });
    }

    fn select_by(&mut self, by: isize) {
        let places = edit::places(&self.project, self.input_shape());
        let at = places.iter().position(|place| *place == self.selected).unwrap_or(0);
        if let Some(place) = at.checked_add_signed(by).and_then(|at| places.get(at)) {
            self.select(*place);
        }
    }

    fn toggle_mirror(&mut self) {
        let decoder = if self.is_mirrored() {
            edit::decoder_layers(&self.project, self.current_shape()).map(Decoder::Free)
        } else {
            Some(Decoder::Mirrored { tied: false })
        };
        if let Some(decoder) = decoder {
            self.edit(|project, _| project.decoder = decoder);
        }
    }

    fn show_bottom(&mut self, tab: BottomTab) {
        self.view.bottom = tab;
        self.view.bottom_open = true;
    }

    fn train_or_pause(&mut self) {
        match self.active_run().map(|run| (run.id, run.status.clone())) {
            Some((run, Status::Paused)) => self.send(session::Command::Resume(run)),
            Some((run, _)) => self.send(session::Command::Pause(run)),
            None => self.start(Start::Train),
        }
    }

    /// Starts a run, or resumes the one that is paused or was stopped.
    fn start(&mut self, start: Start) {
        if let Some(run) = self.active_run().map(|run| run.id) {
            self.send(match start {
                Start::Train => session::Command::Resume(run),
                Start::StepOnce => session::Command::StepOnce(run),
                Start::EpochOnce => session::Command::EpochOnce(run),
            });
            return;
        }
        match self.resumes().map(|run| run.id) {
            Some(run) => self.go_on_with(run, None, start),
            None => self.start_new(start),
        }
    }

    /// Starts a run of the design on screen, or two where layer-wise and joint training are compared.
    fn start_new(&mut self, start: Start) {
        let Some((data, facts)) = self.data.ready(&self.project.data) else { return };
        let data = data.clone();
        let designs = self.project.trained_designs();
        let plans: Result<Vec<Plan>, _> = designs.iter().map(|design| plan(design, &facts)).collect();
        let plans = match plans {
            Ok(plans) => plans,
            Err(problems) => {
                let text = match problems.as_slice() {
                    [only] => format!("{NOT_YET}: {}", only.message),
                    all => format!("{NOT_YET}: {} problems have to be mended first.", all.len()),
                };
                self.notices.say(Severity::Warning, text);
                self.show_bottom(BottomTab::Problems);
                return;
            }
        };
        let first = RunId::next(&self.used);
        for (number, plan) in plans.into_iter().enumerate() {
            let run = Run::new(RunId::next(&self.used), &plan, &data);
            self.used.insert(run.id);
            self.runs.push(run.clone());
            // Those beside the first are trained to be compared with it.
            let start = if number == 0 { start } else { Start::Train };
            if number > 0 {
                self.compared.push(run.id);
            }
            self.train(run, None, plan, data.clone(), start);
        }
        self.show_live(first);
        self.runs_unsaved = true;
    }

    fn evaluate_test(&mut self) {
        self.compute_of_shown("evaluated", |plan, checkpoint, data| JobKind::Evaluate {
            plan,
            checkpoint,
            data,
            subset: Subset::Test,
        });
    }

    /// Estimates how likely the validation split (the training split where there is none) is under the shown run's network.
    pub fn estimate_likelihood(&mut self, draws: usize) {
        self.compute_of_shown("asked for a likelihood", |plan, checkpoint, data| {
            let has_validation = !data.split.validation.is_empty();
            let subset = if has_validation { Subset::Validation } else { Subset::Train };
            JobKind::Likelihood { plan, checkpoint, data, subset, draws }
        });
    }

    /// Has the compute lane do something with the shown run's network and data.
    fn compute_of_shown(
        &mut self,
        what: &str,
        job: impl FnOnce(Box<Plan>, Arc<Checkpoint>, Arc<Dataset>) -> JobKind,
    ) {
        let Some(run) = self.shown() else { return };
        let (Some((data, facts)), Some(checkpoint)) = (self.data_as_trained(run), run.checkpoint.clone())
        else {
            return;
        };
        let (id, data) = (run.id, data.clone());
        match plan(&run.design, &facts) {
            Ok(plan) => {
                self.compute(Some(id), job(Box::new(plan), checkpoint, data));
            }
            Err(problems) => {
                let first = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
                self.notices.say(Severity::Error, format!("Run {id} cannot be {what}: {first}"));
            }
        }
    }

    /// Gives the compute lane a job; its result may belong to a run.
    pub fn compute(&mut self, run: Option<RunId>, kind: JobKind) -> JobId {
        let id = JobId(self.next_job);
        self.next_job += 1;
        if let Some(run) = run {
            self.jobs.insert(id, run);
        }
        self.send(session::Command::Compute(Job { id, kind }));
        id
    }

    fn save(&mut self) {
        match self.own_file() {
            Some(path) => self.write(SaveRequest::new(self, path, SaveKind::Project, None)),
            None => self.dialog = Some(Dialog::save(self, SaveKind::Project)),
        }
    }
}
