//! Everything the window shows and changes, as plain data. It does not depend on threads or clocks:
//! work to be done outside is added to [`State::effects`]. The code that changes it is in
//! [`update`](super::update).
//!
//! - `derived` is computed from the document: cards, problems, missing data as a problem.
//! - `history` is the undo history of the document and of the list of runs; `previous_choices`
//!   remembers the settings of kinds that were replaced by another.
//! - `selection` is the selection shared by all views.
//! - `sets` are the sets of samples that a view can show, `resolved_set` the parts of one that a
//!   view needs, `scored` the results of the compute workers for it, `set_codes` its codes.
//! - `showing` is other data shown to networks; `explore` holds pins and the requests to trained
//!   networks.
//! - `figures` and `export` hold the choices in the dialogs that save a figure and export a run.

mod actions;
mod baselines;
mod browse;
mod criterion;
mod data;
mod data_problem;
mod derived;
mod dialog;
mod explore;
mod export;
mod figures;
mod history;
mod missing_data;
mod notices;
mod past_data;
mod path_dialog;
mod pending_action;
mod previous_choices;
mod principal;
mod rate_search;
mod resolved_set;
mod runs_table;
mod save;
mod scored;
mod selection;
mod set_codes;
mod sets;
mod showing;
mod sources;
mod store_request;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;

pub use self::actions::{RunAction, Seek};
pub use self::baselines::Baselines;
pub use self::browse::{ALL_DATA, Browse, BrowseKind, PICTURES, Target};
pub use self::criterion::Criterion;
pub use self::data::{DataState, NoData};
pub use self::derived::Derived;
pub use self::dialog::Dialog;
pub use self::explore::{Explore, ExploredPlane, Live, PinnedSample, Question, ShownPin, TargetNetwork};
pub use self::export::{ExportDialog, ExportForm, ExportWhat};
pub use self::figures::{Clip, FigureAction, FigureRequest, Figures};
pub use self::history::{History, RunStep};
pub use self::missing_data::MissingData;
pub use self::notices::{Notices, Offer, Toast};
pub use self::past_data::{PastData, is_own};
pub use self::path_dialog::{
    Chooser, MaskField, PathDialog, PathFound, PathQuestion, Purpose, SizeBy, SizeField, with_ending,
};
pub use self::pending_action::{OwnData, PendingAction};
pub use self::previous_choices::PreviousChoices;
pub use self::principal::Principal;
pub use self::rate_search::RateSearch;
pub use self::resolved_set::{NeededSamples, ResolvedSet};
pub use self::runs_table::{RunColumn, RunField, RunPage, RunsTable};
pub use self::save::{ExportRequest, ResultsRequest, SaveKind, SaveRequest};
pub use self::scored::{Awaited, Compared, Errors, Moment, Ordered, Pictured, Scored, Subject};
pub use self::selection::{Selection, SelectionMode};
pub use self::set_codes::{ComingCodes, PlacedCodes, SetCodes};
pub use self::sets::{Set, SetChoice, SetRows, Sets};
pub use self::showing::{Dropped, ShowRequest, Showing};
pub use self::sources::{PathField, Sources, is_same_kind};
pub use self::store_request::StoreRequest;
pub use self::view::{
    BottomTab, DATA_VIEW, EXPLORE_VIEW, Palette, PanelSizes, RECONSTRUCTIONS_VIEW, SELECTION_VIEW,
    ViewSettings,
};
use crate::check::DataFacts;
use crate::dataset::Dataset;
use crate::io::{MergeBase, Recovery, Store};
use crate::project::{Data, Decoder, Place, Project, Shape, Source, visible};
use crate::run::{Run, RunId, RunProgress, Setting, Status};
use crate::session::{self, JobId, Measured};

/// Everything the window shows and changes.
#[derive(Debug)]
pub struct State {
    /// The document.
    pub project: Project,
    /// Its undo and redo history.
    pub history: History,
    /// The document as it was last saved or created.
    pub saved: Project,
    /// The file of the document.
    pub file: Option<PathBuf>,
    /// The content of that file as last read or written, for merging when saving.
    pub base: MergeBase,
    /// Whether parts of that file could not be read, so that saving over it would lose them.
    pub damaged: bool,
    /// Whether runs have changed since the last save.
    pub runs_unsaved: bool,
    /// The data and their loading status.
    pub data: DataState,
    /// The most recently chosen source of each kind.
    pub sources: Sources,
    /// The runs, oldest first.
    pub runs: Vec<Run>,
    /// The progress of each run of this session.
    pub progress: BTreeMap<RunId, RunProgress>,
    /// The run shown in the views; the newest if `None`.
    pub shown_run: Option<RunId>,
    /// The selected card.
    pub selected: Place,
    /// The card that gets the keyboard focus in the next frame.
    pub focus: Option<Place>,
    /// A section of the inspector to scroll to in the next frame.
    pub reveal: Option<Place>,
    /// Open and visible views and panels.
    pub view: ViewSettings,
    /// The open dialog.
    pub dialog: Option<Dialog>,
    /// The log and the notifications.
    pub notices: Notices,
    /// Work to be done outside, in order.
    pub effects: Vec<Effect>,
    /// Shapes, costs and problems of the current document.
    pub derived: Derived,
    /// Recently opened or saved files, newest first.
    pub recent: Vec<PathBuf>,
    /// Threads to train with; `None` means one per core.
    pub threads: Option<usize>,
    /// The live store for work in progress; `None` until it is ready, or if that failed.
    pub store: Option<Store>,
    /// Description of the write to disk in progress, shown in the window.
    pub busy: Option<String>,
    /// Progress of a long export: units done and total, 0 while unknown.
    pub exporting: Option<(u64, u64)>,
    /// Work left by a crash that has not been offered yet.
    pub(super) found: Vec<Recovery>,
    /// Runs whose loss is drawn next to that of the shown run.
    pub compared: Vec<RunId>,
    /// The epoch shown in the views; `None` is the newest.
    pub epoch: Option<u32>,
    /// Codes in the plane of their principal components.
    pub principal: Principal,
    /// Requests to the shown run's network, and the answers.
    pub explore: Explore,
    /// The reconstruction error of PCA for every run.
    pub baselines: Baselines,
    /// The search for a learning rate.
    pub rate_search: RateSearch,
    /// The selected samples.
    pub selection: Selection,
    /// Errors and pictures of the samples of a set.
    pub scored: Scored,
    /// Codes of the samples of a set in the latent space.
    pub set_codes: SetCodes,
    /// Codes of the samples of a set in the view Explore, on any plane.
    pub explored_codes: SetCodes<Arc<ExploredPlane>>,
    /// Other data shown to networks, loaded or loading.
    pub showing: Showing,
    /// The other data shown to the network of the shown run, by name.
    pub others: BTreeMap<String, Arc<Dataset>>,
    /// Figures of the views for saving.
    pub figures: Figures,
    /// The most recently chosen folder for a file of this document.
    pub saved_in: Option<PathBuf>,
    /// Data of runs that the design no longer uses.
    pub(super) past_data: PastData,
    /// The document as last sent to the live store.
    pub(super) kept: Option<Project>,
    /// Jobs that measure a run, with the measured quantity.
    pub(super) jobs: BTreeMap<JobId, (RunId, Measured)>,
    /// Runs of another document, or removed ones, that have not reported their end yet: another run
    /// may have the same number.
    pub(super) orphans: BTreeSet<RunId>,
    /// Whether the window shows an explicitly opened file, so that nothing else replaces it
    /// automatically.
    pub(super) has_opened: bool,
    /// Counts the documents of this session, so that late answers for an older document are
    /// recognised.
    pub(super) document: u64,
    /// Number of the next job.
    pub(super) next_job: u64,
    /// Numbers of runs of this document and its file, including removed runs: none is used again.
    pub(super) used: BTreeSet<RunId>,
    /// Previously selected kinds.
    pub(super) previous_choices: PreviousChoices,
    /// The source that training settings were last adapted to, with its number of training rows;
    /// `None` until the data of an opened document are loaded.
    pub(super) fitted: Option<(Source, usize)>,
    /// A path that was typed or chosen for the data, until they are loaded.
    pub(super) entered: Option<PathBuf>,
    /// Learning rate and epochs last sent to the current run.
    pub(super) live_settings: Option<(f32, u32)>,
}

/// Work that a plain function cannot do, left to the window.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Send a request to the session.
    Session(session::Request),
    /// Read a project or a design.
    Open(PathBuf),
    /// Determine what was dropped on the window.
    IdentifyPaths(Vec<PathBuf>),
    /// Write a file.
    Save(Box<SaveRequest>),
    /// Cancel the current export.
    CancelExport,
    /// Render a figure for the clipboard: as a picture if true, otherwise its numbers.
    CopyFigure(FigureRequest, bool),
    /// Copy this to the clipboard.
    Copy(Clip),
    /// Check what is at a path.
    CheckPath(PathQuestion),
    /// Find the folder for the desktop's file dialog.
    Browse(Browse),
    /// Show that dialog in this folder.
    ShowDialog(Browse, Option<PathBuf>),
    /// Recover work left by a crash.
    Recover(Recovery),
    /// Discard work left by a crash.
    Discard(Recovery),
    /// Send a request to the live store.
    Store(StoreRequest),
    /// Change the zoom of the interface; 0 resets it.
    Zoom(f32),
    /// Close the window; everything is saved.
    Quit,
}

impl Default for State {
    fn default() -> Self {
        State::new(Project::default())
    }
}

impl State {
    /// Creates the state of a window with this document, which has not been saved.
    pub fn new(project: Project) -> State {
        State {
            history: History::new(&project),
            saved: project.clone(),
            derived: Derived::new(&project, &DataState::default()),
            file: None,
            base: MergeBase::default(),
            damaged: false,
            runs_unsaved: false,
            data: DataState::default(),
            sources: Sources::default(),
            runs: Vec::new(),
            progress: BTreeMap::new(),
            shown_run: None,
            selected: Place::Code,
            focus: None,
            reveal: None,
            view: ViewSettings::default(),
            dialog: None,
            notices: Notices::default(),
            effects: Vec::new(),
            recent: Vec::new(),
            threads: None,
            store: None,
            busy: None,
            exporting: None,
            found: Vec::new(),
            compared: Vec::new(),
            epoch: None,
            principal: Principal::default(),
            explore: Explore::default(),
            baselines: Baselines::default(),
            rate_search: RateSearch::default(),
            selection: Selection::default(),
            scored: Scored::default(),
            set_codes: SetCodes::default(),
            explored_codes: SetCodes::default(),
            showing: Showing::default(),
            others: BTreeMap::new(),
            figures: Figures::default(),
            saved_in: None,
            past_data: PastData::default(),
            kept: None,
            jobs: BTreeMap::new(),
            orphans: BTreeSet::new(),
            has_opened: false,
            document: 0,
            next_job: 1,
            used: BTreeSet::new(),
            previous_choices: PreviousChoices::default(),
            fitted: unplaced(&project.data.source).then(|| (project.data.source.clone(), 0)),
            entered: None,
            live_settings: None,
            project,
        }
    }

    /// Whether closing the window now would lose something.
    pub fn is_modified(&self) -> bool {
        self.project != self.saved || self.runs_unsaved
    }

    /// The name in the window's title: that of the file, or else of the document.
    pub fn title(&self) -> String {
        let of_file = self.file.as_ref().and_then(|file| file.file_name());
        let name = of_file.map_or_else(|| self.project.name.as_str().into(), OsStr::to_string_lossy);
        visible(&name).into_owned()
    }

    /// The run that trains or is paused, or else the first in the queue.
    pub fn active_run(&self) -> Option<&Run> {
        let is_under_way = |run: &&Run| run.status.is_under_way();
        self.runs
            .iter()
            .find(is_under_way)
            .or_else(|| self.runs.iter().find(|run| run.status.is_unfinished()))
    }

    /// The run shown in the views.
    pub fn shown(&self) -> Option<&Run> {
        let chosen = self.shown_run.and_then(|id| self.find_run(id));
        let listed = self.runs.iter().rev().find(|run| !run.caption.is_hidden);
        chosen.or(listed).or(self.runs.last())
    }

    /// The data a run was trained on, with the labels it was trained with: the loaded ones, or
    /// those of an earlier edit. If these are not available, loaded data with the same rows and any
    /// labels.
    pub fn data_of(&self, run: &Run) -> Option<&Arc<Dataset>> {
        let loaded = self.data.dataset.as_ref();
        let own = loaded.zip(self.data.of.as_ref()).filter(|(data, of)| is_own(run, of, data));
        let own = own.map(|(data, _)| data).or_else(|| self.past_data.of(run));
        own.or_else(|| loaded.filter(|data| run.check_watched_rows(data).is_ok()))
    }

    /// The reason why the data of a run are not available, if [`State::data_of`] has none.
    pub fn missing_data(&self, run: &Run) -> MissingData<'_> {
        if self.data.progress.is_some() {
            return MissingData::Loading;
        }
        if self.project.data.trained() != run.design.data.trained() {
            return MissingData::Other;
        }
        match (&self.data.error, &self.data.dataset) {
            (Some(error), _) => MissingData::Failed(error),
            (None, Some(_)) => MissingData::Changed,
            (None, None) => MissingData::NotLoaded,
        }
    }

    /// Shape of the loaded samples, even if the design now uses other data. Used for drawing.
    pub fn input_shape(&self) -> Option<Shape> {
        self.data.facts.map(|facts| facts.shape)
    }

    /// Shape of the samples of the design, once they are loaded. Used for changing the document.
    pub fn current_shape(&self) -> Option<Shape> {
        self.data.facts_of(&self.project.data.source).map(|facts| facts.shape)
    }

    /// The loaded data with their facts, if a run was trained on them with the same split and
    /// preparation.
    pub fn data_as_trained(&self, run: &Run) -> Option<(&Arc<Dataset>, DataFacts)> {
        let of = self.data.of.as_ref()?;
        let (data, facts) = self.data.ready(of)?;
        let then = Data { source: of.source.clone(), ..run.design.data.trained() };
        (then == of.trained() && run.check_watched_rows(data).is_ok()).then_some((data, facts))
    }

    /// The run that the train key resumes: the shown one, if it was stopped before its last epoch
    /// and the current design is the one it was training.
    pub fn resumes(&self) -> Option<&Run> {
        let is_stopped = |run: &&Run| run.status == Status::Stopped && run.checkpoint.is_some();
        let run = self.shown().filter(is_stopped)?;
        let mut then = run.design.clone();
        for edit in &run.edits {
            match edit.setting {
                Setting::LearningRate(rate) => then.training.learning_rate = rate,
                Setting::Epochs(epochs) => then.training.epochs = epochs,
            }
        }
        then.name.clone_from(&self.project.name);
        if self.data.dataset.is_some() {
            self.data_as_trained(run)?;
            // Equal data at another path are the same data.
            then.data.source.clone_from(&self.project.data.source);
        }
        let is_same = self.project.trained_designs().contains(&then);
        (is_same && run.finished_epochs() < run.epochs).then_some(run)
    }

    /// Number of training threads.
    pub fn threads(&self) -> usize {
        self.threads.unwrap_or_else(cores).max(1)
    }

    /// A run by its number.
    pub fn find_run(&self, id: RunId) -> Option<&Run> {
        self.runs.iter().find(|run| run.id == id)
    }

    /// Mutable access to a run by its number.
    pub fn find_run_mut(&mut self, id: RunId) -> Option<&mut Run> {
        self.runs.iter_mut().find(|run| run.id == id)
    }

    /// Whether a mirrored decoder shares the encoder's weights.
    pub fn is_tied(&self) -> bool {
        matches!(self.project.decoder, Decoder::Mirrored { tied: true })
    }

    /// Whether the decoder mirrors the encoder.
    pub fn is_mirrored(&self) -> bool {
        matches!(self.project.decoder, Decoder::Mirrored { .. })
    }

    /// The current run, if its design differs from the current one.
    pub fn older_design(&self) -> Option<RunId> {
        self.active_run().filter(|run| self.is_of_other_design(run)).map(|run| run.id)
    }

    /// The shown run, if it has ended and its design differs from the current one.
    pub fn outdated_views(&self) -> Option<RunId> {
        let run = self.shown().filter(|run| !run.status.is_unfinished())?;
        self.is_of_other_design(run).then_some(run.id)
    }

    /// Whether a run has another design. Learning rate and epochs are ignored, because they can
    /// change during training. Equal data at another path are the same data.
    fn is_of_other_design(&self, run: &Run) -> bool {
        let mut then = run.design.clone();
        then.training.learning_rate = self.project.training.learning_rate;
        then.training.epochs = self.project.training.epochs;
        then.name.clone_from(&self.project.name);
        if self.data_as_trained(run).is_some() {
            then.data.source.clone_from(&self.project.data.source);
        }
        !self.project.trained_designs().contains(&then)
    }
}

/// Number of hardware threads.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Whether the data are built in, or their path has not been chosen yet: any other source is then
/// the user's choice.
fn unplaced(source: &Source) -> bool {
    source.path().is_none_or(|path| path.as_os_str().is_empty())
}
