//! Everything the window shows and changes, as plain data. It knows no thread and no clock: what
//! must be done outside is put into [`State::effects`]. What changes it is in
//! [`update`](super::update).
//!
//! - `derived` follows from the document: cards, problems, missing data as a problem.
//! - `history` is undo, of the document and of the list of runs; `tried` remembers the settings of
//!   kinds that were replaced by another.
//! - `selection` is the one selection that every view reads and writes.
//! - `sets` are the sets of samples that a view can show, `look` what a view needs of one, `scored`
//!   what the compute lane found of it, `set_codes` its codes.
//! - `showing` is other data that networks are shown; `explore` holds pins and what trained
//!   networks were asked.
//! - `figures` and `export` are what the dialogs for saving a figure and for exporting ask.

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
mod look;
mod missing_data;
mod notices;
mod past_data;
mod path_dialog;
mod principal;
mod rate_search;
mod runs_table;
mod save;
mod scored;
mod selection;
mod set_codes;
mod sets;
mod showing;
mod sources;
mod store_request;
mod then;
mod tried;
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
pub use self::explore::{AskedNetwork, Explore, ExploredPlane, Live, PinnedSample, Question, ShownPin};
pub use self::export::{ExportDialog, ExportForm, ExportWhat};
pub use self::figures::{Clip, FigureRequest, FigureWish, Figures};
pub use self::history::{History, RunStep};
pub use self::look::{Look, Wanted};
pub use self::missing_data::MissingData;
pub use self::notices::{Notices, Offer, Toast};
pub use self::past_data::{PastData, is_own};
pub use self::path_dialog::{
    Chooser, MaskField, PathDialog, PathFound, PathQuestion, Purpose, SizeBy, SizeField, with_ending,
};
pub use self::principal::Principal;
pub use self::rate_search::RateSearch;
pub use self::runs_table::{RunColumn, RunField, RunPage, RunsTable};
pub use self::save::{ExportRequest, ResultsRequest, SaveKind, SaveRequest};
pub use self::scored::{Awaited, Compared, Errors, Moment, Ordered, Pictured, Scored, Subject};
pub use self::selection::{How, Selection};
pub use self::set_codes::{ComingCodes, PlacedCodes, SetCodes};
pub use self::sets::{Set, SetChoice, SetRows, Sets};
pub use self::showing::{Dropped, Showing, Wish};
pub use self::sources::{PathField, Sources, is_same_kind};
pub use self::store_request::StoreRequest;
pub use self::then::{OwnData, Then};
pub use self::tried::Tried;
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
    /// Undo and redo of it.
    pub history: History,
    /// The document as it is on disk, or as it was new.
    pub saved: Project,
    /// The file it belongs to.
    pub file: Option<PathBuf>,
    /// That file as it was last read or written, for saving into it.
    pub base: MergeBase,
    /// Whether parts of that file could not be read: saving over it would lose them.
    pub damaged: bool,
    /// Whether runs have changed since the last save.
    pub runs_unsaved: bool,
    /// The data and how they are coming.
    pub data: DataState,
    /// The source of each kind, as it was last chosen.
    pub sources: Sources,
    /// The runs, oldest first.
    pub runs: Vec<Run>,
    /// How far each run of this sitting is.
    pub progress: BTreeMap<RunId, RunProgress>,
    /// The run the views show; the newest where none is chosen.
    pub shown_run: Option<RunId>,
    /// The selected card.
    pub selected: Place,
    /// Which card the keyboard focus should go to at the next frame.
    pub focus: Option<Place>,
    /// A section of the inspector to scroll to at the next frame.
    pub reveal: Option<Place>,
    /// What is open and visible.
    pub view: ViewSettings,
    /// The dialog that is open.
    pub dialog: Option<Dialog>,
    /// The log and the notes on screen.
    pub notices: Notices,
    /// What must be done outside, in order.
    pub effects: Vec<Effect>,
    /// Shapes, costs and problems of the document as it is.
    pub derived: Derived,
    /// Files opened or saved, newest first.
    pub recent: Vec<PathBuf>,
    /// Threads to train with; `None` is one for each core.
    pub threads: Option<usize>,
    /// Where work in progress is written down; `None` until it is ready, or where that failed.
    pub store: Option<Store>,
    /// Writing to disk under way: the window says so.
    pub busy: Option<String>,
    /// How far an export is that takes a while: units done and in all, 0 while unknown.
    pub exporting: Option<(u64, u64)>,
    /// Work a crash left behind that is still to be offered.
    pub(super) found: Vec<Recovery>,
    /// Runs whose loss is drawn beside the shown one's.
    pub compared: Vec<RunId>,
    /// The epoch the views show; `None` is the newest.
    pub epoch: Option<u32>,
    /// Codes in the plane of their principal components.
    pub principal: Principal,
    /// What was asked of the shown run's network, and the answers.
    pub explore: Explore,
    /// The error of PCA of every run.
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
    /// Other data that networks are shown, loaded or on their way.
    pub showing: Showing,
    /// Those that the shown run's network sees, by name.
    pub others: BTreeMap<String, Arc<Dataset>>,
    /// Figures of the views that can be saved.
    pub figures: Figures,
    /// The folder that was chosen last for something of this document.
    pub saved_in: Option<PathBuf>,
    /// Data of runs that the design no longer reads.
    pub(super) past_data: PastData,
    /// The document as the live store was last given it.
    pub(super) kept: Option<Project>,
    /// Jobs that measure a run, with what they measure of it.
    pub(super) jobs: BTreeMap<JobId, (RunId, Measured)>,
    /// Runs of another document, or removed ones, that have not said yet how they ended: another run may have their number.
    pub(super) orphans: BTreeSet<RunId>,
    /// Whether the window shows a file that was asked for, so that nothing else comes over it unasked.
    pub(super) has_opened: bool,
    /// Counts the documents of this sitting, so that a late answer is known for one of an older document.
    pub(super) document: u64,
    /// Number of the next job.
    pub(super) next_job: u64,
    /// Numbers of runs of this document and of its file, removed ones too: none is used again.
    pub(super) used: BTreeSet<RunId>,
    /// Kinds that were tried before others.
    pub(super) tried: Tried,
    /// The source that settings of training were last fitted to, with its training rows; `None`
    /// until data are loaded that a document was opened with.
    pub(super) fitted: Option<(Source, usize)>,
    /// Learning rate and epochs that the run under way was last told.
    pub(super) live_settings: Option<(f32, u32)>,
}

/// Something the window must do that a plain function cannot.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Ask the session.
    Session(session::Request),
    /// Read a project or a design.
    Open(PathBuf),
    /// Find out what was dropped on the window.
    LookAt(Vec<PathBuf>),
    /// Write a file.
    Save(Box<SaveRequest>),
    /// Give the export under way up.
    CancelExport,
    /// Draw a figure for the clipboard, or write its numbers: whether it is the picture.
    CopyFigure(FigureRequest, bool),
    /// Put this on the clipboard.
    Copy(Clip),
    /// Find out what is at a path.
    LookFor(PathQuestion),
    /// Look for the folder of the desktop's own file dialog.
    Browse(Browse),
    /// Show that dialog, in this folder.
    ShowDialog(Browse, Option<PathBuf>),
    /// Read back work that a crash left behind.
    Recover(Recovery),
    /// Throw it away.
    Discard(Recovery),
    /// Do something in the live store.
    Store(StoreRequest),
    /// Change how large everything is; 0 is back to normal.
    Zoom(f32),
    /// Close the window, nothing being lost.
    Quit,
}

impl Default for State {
    fn default() -> Self {
        State::new(Project::default())
    }
}

impl State {
    /// A window with this document, saved nowhere yet.
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
            tried: Tried::default(),
            fitted: unplaced(&project.data.source).then(|| (project.data.source.clone(), 0)),
            live_settings: None,
            project,
        }
    }

    /// Whether something would be lost if the window closed now.
    pub fn is_modified(&self) -> bool {
        self.project != self.saved || self.runs_unsaved
    }

    /// The name in the window's title: that of the file, else the document's own.
    pub fn title(&self) -> String {
        let of_file = self.file.as_ref().and_then(|file| file.file_name());
        let name = of_file.map_or_else(|| self.project.name.as_str().into(), OsStr::to_string_lossy);
        visible(&name).into_owned()
    }

    /// The run that trains or is paused; where there is none, the first in the queue.
    pub fn active_run(&self) -> Option<&Run> {
        let is_under_way = |run: &&Run| run.status.is_under_way();
        self.runs
            .iter()
            .find(is_under_way)
            .or_else(|| self.runs.iter().find(|run| run.status.is_unfinished()))
    }

    /// The run the views show.
    pub fn shown(&self) -> Option<&Run> {
        let chosen = self.shown_run.and_then(|id| self.find_run(id));
        let listed = self.runs.iter().rev().find(|run| !run.caption.is_hidden);
        chosen.or(listed).or(self.runs.last())
    }

    /// The data a run was trained on, with the labels it was trained with: the loaded ones, or those of an earlier edit. Where
    /// these are not there, loaded data of the same rows, whatever labels they have.
    pub fn data_of(&self, run: &Run) -> Option<&Arc<Dataset>> {
        let loaded = self.data.dataset.as_ref();
        let own = loaded.zip(self.data.of.as_ref()).filter(|(data, of)| is_own(run, of, data));
        let own = own.map(|(data, _)| data).or_else(|| self.past_data.of(run));
        own.or_else(|| loaded.filter(|data| run.check_watched_rows(data).is_ok()))
    }

    /// Why the data of a run are not there, where [`State::data_of`] has none.
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

    /// Shape of the loaded samples, be they older ones than the design asks for: what is drawn.
    pub fn input_shape(&self) -> Option<Shape> {
        self.data.facts.map(|facts| facts.shape)
    }

    /// Shape of the samples the design asks for, once they are loaded: what the document may be changed by.
    pub fn current_shape(&self) -> Option<Shape> {
        self.data.facts_of(&self.project.data.source).map(|facts| facts.shape)
    }

    /// The loaded data with their facts, where they are those a run was trained on, divided and prepared as they were then.
    pub fn data_as_trained(&self, run: &Run) -> Option<(&Arc<Dataset>, DataFacts)> {
        let of = self.data.of.as_ref()?;
        let (data, facts) = self.data.ready(of)?;
        let then = Data { source: of.source.clone(), ..run.design.data.trained() };
        (then == of.trained() && run.check_watched_rows(data).is_ok()).then_some((data, facts))
    }

    /// The run that the train key resumes: the shown one, where it was stopped before its last epoch and the design on
    /// screen is what it trained when it was stopped.
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
            // The same data at another place are the same data.
            then.data.source.clone_from(&self.project.data.source);
        }
        let is_same = self.project.trained_designs().contains(&then);
        (is_same && run.finished_epochs() < run.epochs).then_some(run)
    }

    /// How many threads train.
    pub fn threads(&self) -> usize {
        self.threads.unwrap_or_else(cores).max(1)
    }

    /// A run by its number.
    pub fn find_run(&self, id: RunId) -> Option<&Run> {
        self.runs.iter().find(|run| run.id == id)
    }

    /// A run by its number, to be changed.
    pub fn find_run_mut(&mut self, id: RunId) -> Option<&mut Run> {
        self.runs.iter_mut().find(|run| run.id == id)
    }

    /// Whether a mirrored decoder shares the encoder's weights.
    pub fn is_tied(&self) -> bool {
        matches!(self.project.decoder, Decoder::Mirrored { tied: true })
    }

    /// Whether the decoder follows the encoder.
    pub fn is_mirrored(&self) -> bool {
        matches!(self.project.decoder, Decoder::Mirrored { .. })
    }

    /// The run under way, where it trains another design than the one on screen.
    pub fn older_design(&self) -> Option<RunId> {
        self.active_run().filter(|run| self.is_of_other_design(run)).map(|run| run.id)
    }

    /// The run that the views show, where it has ended and its design is another than the one on
    /// screen.
    pub fn outdated_views(&self) -> Option<RunId> {
        let run = self.shown().filter(|run| !run.status.is_unfinished())?;
        self.is_of_other_design(run).then_some(run.id)
    }

    /// Learning rate and epochs do not count: they are changed on the way. The same data at another
    /// place are the same.
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

/// How many threads the machine works on at once.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Whether data come with the program, or their place is still to be chosen: whatever comes next is
/// a choice.
fn unplaced(source: &Source) -> bool {
    source.path().is_none_or(|path| path.as_os_str().is_empty())
}
