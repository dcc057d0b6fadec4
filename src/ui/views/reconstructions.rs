//! Samples of any set: originals, corrupted inputs, reconstructions, and errors.

mod codes;
mod controls;
mod figure;
mod lines;
pub(super) mod listing;
mod page;
mod pictures;
mod samples;

use std::ops::Range;

use egui::Ui;
use serde::{Deserialize, Serialize};

use self::codes::Strongest;
use self::controls::controls_ui;
use self::figure::ShownSamples;
use self::page::Page;
use self::samples::{set_ui, watched_ui};
use super::parts::{empty_action_ui, empty_ui, header_ui, is_tabbed};
use super::sample::kept_at;
use super::view::{Entry, View};
use crate::dataset::Dataset;
use crate::figure::Figure;
use crate::run::Run;
use crate::session::Order;
use crate::ui::keys::keys;
use crate::ui::state::{
    ExportWhat, MissingData, NeededSamples, RECONSTRUCTIONS_VIEW, ResolvedSet, Scored, SelectionMode, Set,
    SetChoice, Sets, State,
};

const NOTHING_YET: &str = "No reconstructions yet";
const NOTHING_YET_ADVICE: &str = "Train the network: samples and their reconstructions appear here.";

/// The input of the view.
#[derive(Clone)]
pub struct ReconstructionsInput<'a> {
    /// The selected run.
    pub run: Option<&'a Run>,
    /// Its data, if loaded.
    pub data: Option<&'a Dataset>,
    /// The reason if they are not loaded.
    pub missing: MissingData<'a>,
    /// The epoch shown; `None` means live.
    pub epoch: Option<u32>,
    /// The available sets.
    pub sets: Sets<'a>,
    /// The set shown, as seen with the newest weights.
    pub resolved: Option<ResolvedSet<'a>>,
    /// Results computed for it.
    pub scored: &'a Scored,
}

/// Requests from the user.
#[derive(Debug, Default)]
pub struct ReconstructionsOutput {
    /// Load the data of the run.
    pub load: bool,
    /// Move the view: its title is being dragged.
    pub drag: bool,
    /// Data that the view needs.
    pub wanted: Option<NeededSamples>,
    /// Remove other data with this name.
    pub remove: Option<String>,
    /// Select these rows of the data with this fingerprint.
    pub select: Option<(u64, Vec<u32>, SelectionMode)>,
}

/// State of the view.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a row of its own that is shown or not")]
pub struct ReconstructionsView {
    /// The samples.
    pub set: Set,
    /// Their order.
    pub order: Order,
    /// Whether a network trained on corrupted samples receives corrupted samples.
    pub is_corrupted: bool,
    /// Whether the reconstructions of PCA are shown.
    pub has_linear: bool,
    /// Whether picture codes are shown.
    pub has_code: bool,
    /// Whether rows of a table are shown as numbers.
    pub has_numbers: bool,
    #[serde(skip)]
    strongest: Strongest,
    #[serde(skip)]
    page: Page,
    #[serde(skip)]
    watched_order: (u64, Vec<u32>),
    /// Stamp and indices of the requested pictures.
    #[serde(skip)]
    window: (u64, Range<usize>),
    /// Stamp and index of the last click.
    #[serde(skip)]
    anchor: Option<(u64, usize)>,
    #[serde(skip)]
    samples: ShownSamples,
}

impl Default for ReconstructionsView {
    fn default() -> Self {
        ReconstructionsView {
            set: Set::default(),
            order: Order::default(),
            is_corrupted: true,
            has_linear: false,
            has_code: true,
            has_numbers: false,
            strongest: Strongest::default(),
            page: Page::default(),
            watched_order: (0, Vec::new()),
            window: (0, 0..0),
            anchor: None,
            samples: ShownSamples::default(),
        }
    }
}

/// Shows the view in the available space.
pub fn reconstructions_ui(
    ui: &mut Ui,
    input: &ReconstructionsInput<'_>,
    view: &mut ReconstructionsView,
) -> ReconstructionsOutput {
    if input.run.is_none() && is_tabbed(ui) {
        // The tab already shows the title, so an empty header would waste space.
        empty_ui(ui, NOTHING_YET, NOTHING_YET_ADVICE);
        return ReconstructionsOutput::default();
    }
    let choices = match (input.run, input.data) {
        (Some(run), Some(data)) => input.sets.choices(Some(run), data),
        (Some(_), None) => input.sets.other_choices().collect(),
        (None, _) => Vec::new(),
    };
    let mut remove = None;
    let handle = header_ui(ui, ENTRY.title, |row| {
        remove = controls_ui(row, input, view, &choices).or(remove.take());
    });
    let mut output =
        ReconstructionsOutput { drag: handle.drag_started(), remove, ..ReconstructionsOutput::default() };
    let Some(run) = input.run else {
        empty_ui(ui, NOTHING_YET, NOTHING_YET_ADVICE);
        return output;
    };
    if let Some(resolved) = input.resolved.as_ref().filter(|_| view.is_of_set(&choices)) {
        set_ui(ui, input, view, resolved, &mut output);
        return output;
    }
    let kept = kept_at(run, input.epoch).filter(|kept| !kept.reconstructions.is_empty());
    let Some(kept) = kept else {
        empty_ui(ui, NOTHING_YET, "The first ones appear with the first epoch.");
        return output;
    };
    let Some(data) = input.data.filter(|data| data.shape == run.shape && !data.is_empty()) else {
        output.load = missing_ui(ui, input.missing);
        return output;
    };
    if view.is_of_set(&choices) {
        empty_ui(ui, "No weights yet", "These samples appear with the first checkpoint of the run.");
    } else {
        watched_ui(ui, input, view, run, data, kept, &mut output);
    }
    output
}

/// Shows the reason for missing originals; returns whether to load them.
fn missing_ui(ui: &mut Ui, missing: MissingData<'_>) -> bool {
    let again = "Load them again";
    let failed = if let MissingData::Failed(error) = missing { error.to_string() } else { String::new() };
    let (what, advice, action) = match missing {
        MissingData::Loading => ("Data are being loaded", "Originals appear once they are loaded.", None),
        MissingData::Failed(_) => ("The data of this run could not be loaded", failed.as_str(), Some(again)),
        MissingData::NotLoaded => (
            "The data of this run are not loaded",
            "They are needed to show originals beside reconstructions.",
            Some(again),
        ),
        MissingData::Changed => (
            "The data have changed since this run",
            "The files differ from those it was trained on.",
            Some(again),
        ),
        MissingData::Other => (
            "The design on screen uses other data than this run",
            "Use the run's own data to show its originals; this can be undone.",
            Some("Use the data of this run"),
        ),
    };
    empty_action_ui(ui, what, advice, action)
}

impl ReconstructionsView {
    /// Whether samples of a set other than the watched samples are shown.
    fn is_of_set(&self, choices: &[SetChoice]) -> bool {
        self.set != Set::Watched && choices.iter().any(|choice| choice.set == self.set)
    }
}

/// The registry entry of the view.
static ENTRY: Entry = Entry {
    name: RECONSTRUCTIONS_VIEW,
    title: "Reconstructions",
    icon: "↔",
    command: "Show reconstructions",
    tooltip: "Show inputs and reconstructions.",
    keys: keys![CTRL, Num3],
};

impl View for ReconstructionsView {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn export(&self) -> Option<(ExportWhat, Set)> {
        Some((ExportWhat::Reconstructions, self.set.clone()))
    }

    fn show(&mut self, ui: &mut Ui, state: &mut State) -> bool {
        if let Some(set) = state.view.set.take() {
            self.set = set;
        }
        let now = &*state;
        let (run, epoch) = (now.shown(), now.epoch);
        let data = run.and_then(|run| now.data_of(run)).map(|data| &**data);
        let missing = run.map_or(MissingData::NotLoaded, |run| now.missing_data(run));
        let resolved = now.resolve_in_any_size(&self.set, self.is_corrupted, now.epoch);
        let (sets, scored) = (now.sets(), &now.scored);
        let input = ReconstructionsInput { run, data, missing, epoch, sets, resolved, scored };
        let output = reconstructions_ui(ui, &input, self);
        let run = run.map(|run| run.id);
        if let (true, Some(run)) = (output.load, run) {
            state.load_data_of(run);
        }
        if let Some(name) = output.remove {
            state.remove_other(&name);
        }
        if let Some((fingerprint, rows, mode)) = output.select {
            state.selection.apply(fingerprint, rows, mode);
        }
        if let Some(wanted) = output.wanted {
            state.follow_samples(&wanted);
        }
        output.drag
    }

    fn figures(&self, state: &State) -> Vec<Figure> {
        self.figure(state).into_iter().collect()
    }
}
