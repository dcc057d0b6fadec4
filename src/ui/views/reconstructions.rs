//! Samples of any set: originals, what the encoder saw of them, reconstructions, and where they
//! differ.

mod figure;
mod lines;
pub(super) mod listing;
mod page;
mod pictures;

use std::ops::Range;
use std::sync::Arc;

use egui::{ComboBox, Ui};
use serde::{Deserialize, Serialize};

use self::figure::ShownSamples;
use self::lines::{numbers_ui, profiles_ui};
use self::listing::{Drawn, Listing, Seen, clicked};
use self::page::Page;
use self::pictures::pictures_ui;
use super::parts::{
    chip_ui, empty_action_ui, empty_ui, epoch_ui, figure_ui, header_ui, is_tabbed, named, quiet_ui,
};
use super::sample::kept_at;
use super::set_choice::set_choice_ui;
use super::view::{Entry, View};
use crate::dataset::Dataset;
use crate::figure::Figure;
use crate::project::{format_count, format_number, visible};
use crate::run::{EpochRecord, Kept, Run};
use crate::session::Order;
use crate::ui::keys::keys;
use crate::ui::plots::{color, palette, stamp_of};
use crate::ui::state::{
    ExportWhat, How, Look, MissingData, RECONSTRUCTIONS_VIEW, Scored, Set, SetChoice, Sets, State, Wanted,
};
use crate::ui::widgets::header::{Row, Side};

const NOTHING_YET: &str = "No reconstructions yet";
const NOTHING_YET_ADVICE: &str = "Train the network: samples and their reconstructions appear here.";

/// What the view shows.
#[derive(Clone)]
pub struct ReconstructionsInput<'a> {
    /// The selected run.
    pub run: Option<&'a Run>,
    /// Its data, if they are loaded.
    pub data: Option<&'a Dataset>,
    /// Why they are not, where they are not.
    pub missing: MissingData<'a>,
    /// Where the thread through time stands; `None` is live.
    pub epoch: Option<u32>,
    /// The sets there are.
    pub sets: Sets<'a>,
    /// The set of the view, as the newest weights see it.
    pub look: Option<Look<'a>>,
    /// What was computed of it.
    pub scored: &'a Scored,
}

/// What a person asked for.
#[derive(Debug, Default)]
pub struct ReconstructionsOutput {
    /// Load the data of the run.
    pub load: bool,
    /// The title is being dragged: move the view.
    pub drag: bool,
    /// What the view wants to be computed.
    pub wanted: Option<Wanted>,
    /// Remove other data of this name.
    pub remove: Option<String>,
    /// Select these rows of the data with this fingerprint.
    pub select: Option<(u64, Vec<u32>, How)>,
}

/// How the view stands.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct ReconstructionsView {
    /// The samples.
    pub set: Set,
    /// Their order.
    pub order: Order,
    /// Whether a network that was trained on corrupted samples is given such.
    pub is_corrupted: bool,
    /// Whether the reconstructions of PCA are shown.
    pub has_linear: bool,
    /// Whether rows of a table are shown as numbers.
    pub has_numbers: bool,
    #[serde(skip)]
    page: Page,
    #[serde(skip)]
    watched_order: (u64, Vec<u32>),
    /// The places whose pictures are asked for, and of what.
    #[serde(skip)]
    window: (u64, Range<usize>),
    /// The place that was clicked last, and of what.
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
            has_numbers: false,
            page: Page::default(),
            watched_order: (0, Vec::new()),
            window: (0, 0..0),
            anchor: None,
            samples: ShownSamples::default(),
        }
    }
}

/// Shows the view in all the room there is.
pub fn reconstructions_ui(
    ui: &mut Ui,
    input: &ReconstructionsInput<'_>,
    view: &mut ReconstructionsView,
) -> ReconstructionsOutput {
    if input.run.is_none() && is_tabbed(ui) {
        // The tab says it all; an empty header would only take room.
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
    if let Some(look) = input.look.as_ref().filter(|_| view.is_of_set(&choices)) {
        set_ui(ui, input, view, look, &mut output);
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

/// Shows the watched samples at an epoch.
fn watched_ui(
    ui: &mut Ui,
    input: &ReconstructionsInput<'_>,
    view: &mut ReconstructionsView,
    run: &Run,
    data: &Dataset,
    kept: &Arc<Kept>,
    output: &mut ReconstructionsOutput,
) {
    let features = data.shape.features().max(1);
    let count = run.kept.probe.picture_rows.len().min(kept.reconstructions.len() / features);
    let rows = &run.kept.probe.picture_rows[..count];
    let of = input.look.as_ref().map(Look::values_stamp);
    let values = input.scored.values.as_ref().filter(|(own, _)| Some(*own) == of && view.has_linear);
    let linear = values.map(|(_, values)| values);
    view.page.watched(ui, run, data, kept, linear);
    let stamp = stamp_of((view.page.stamp(), view.order));
    if view.watched_order.0 != stamp {
        let mut errors = vec![f32::NAN; data.len()];
        for (row, error) in rows.iter().zip(&view.page.errors) {
            if let Some(known) = errors.get_mut(*row as usize) {
                *known = *error;
            }
        }
        view.watched_order = (stamp, view.order.of(data, rows.to_vec(), &errors));
    }
    let ordered = view.watched_order.1.clone();
    samples_ui(ui, input, view, data, &Listing::Ordered(&ordered), stamp, output);
    view.samples = ShownSamples { fingerprint: data.fingerprint, are_watched: true, rows: ordered };
    let is_corrupted = view.is_corrupted;
    output.wanted = view.has_linear.then(|| Wanted { has_linear: true, is_corrupted, ..Wanted::default() });
}

/// Shows the samples of a set, as the network sees them.
fn set_ui(
    ui: &mut Ui,
    input: &ReconstructionsInput<'_>,
    view: &mut ReconstructionsView,
    look: &Look<'_>,
    output: &mut ReconstructionsOutput,
) {
    let like = look.order_stamp(view.order);
    let ordered = input.scored.ordered.as_ref().filter(|ordered| ordered.like == like);
    let (listing, stamp) = match ordered {
        Some(ordered) if view.order != Order::Data => (Listing::Ordered(&ordered.rows), ordered.of),
        Some(_) | None => (Listing::Set(&look.rows), like),
    };
    let like = look.subject.samples_stamp();
    match input.scored.pictures.as_ref().filter(|pictured| pictured.like == like) {
        Some(pictured) => view.page.of_set(ui, look.data, pictured),
        None => view.page.clear(),
    }
    let seen = samples_ui(ui, input, view, look.data, &listing, stamp, output);
    view.see(stamp, seen.places.clone(), listing.len());
    let rows = listing.part(seen.places);
    view.samples = ShownSamples { fingerprint: look.data.fingerprint, are_watched: false, rows };
    let (scored, all) = (input.scored, look.rows.len());
    if !scored.is_waiting(false) && !scored.failed(&look.subject) && look.looked(scored) < all {
        // The next rows are looked for.
        ui.ctx().request_repaint();
    }
    output.wanted = Some(Wanted {
        set: view.set.clone(),
        order: view.order,
        is_corrupted: view.is_corrupted,
        rows: listing.part(view.window.1.clone()),
        has_linear: view.has_linear,
    });
}

/// Shows samples, and takes in which of them is clicked.
fn samples_ui(
    ui: &mut Ui,
    input: &ReconstructionsInput<'_>,
    view: &mut ReconstructionsView,
    data: &Dataset,
    listing: &Listing<'_>,
    stamp: u64,
    output: &mut ReconstructionsOutput,
) -> Seen {
    ui.painter().rect_filled(ui.available_rect_before_wrap(), 0.0, color(palette(ui).plot));
    let brightest = view.page.brightest(data);
    let drawn = Drawn { data, listing, page: &view.page, selection: input.sets.selection };
    let seen = match (data.shown().is_some(), view.has_numbers) {
        (true, _) => pictures_ui(ui, &drawn, brightest),
        (false, true) => numbers_ui(ui, &drawn),
        (false, false) => profiles_ui(ui, &drawn),
    };
    if let Some(place) = seen.clicked {
        let anchor = view.anchor.filter(|anchor| anchor.0 == stamp).map(|anchor| anchor.1);
        let modifiers = ui.input(|input| input.modifiers);
        let is_selected = |row: u32| input.sets.selection.contains(data.fingerprint, row);
        let (rows, how) = clicked(|places| listing.part(places), place, anchor, modifiers, is_selected);
        output.select = Some((data.fingerprint, rows, how));
        if !modifiers.shift || anchor.is_none() {
            view.anchor = Some((stamp, place));
        }
    }
    seen
}

/// Says why there are no originals; returns whether they are to be loaded.
fn missing_ui(ui: &mut Ui, missing: MissingData<'_>) -> bool {
    let again = "Load them again";
    let failed = if let MissingData::Failed(error) = missing { error.to_string() } else { String::new() };
    let (what, advice, action) = match missing {
        MissingData::Loading => ("Data are being loaded", "Originals appear when they are there.", None),
        MissingData::Failed(_) => ("The data of this run could not be loaded", failed.as_str(), Some(again)),
        MissingData::NotLoaded => (
            "The data of this run are not loaded",
            "They are needed to show originals beside reconstructions.",
            Some(again),
        ),
        MissingData::Changed => (
            "The data have changed since this run",
            "The files no longer hold what it was trained on.",
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

fn controls_ui(
    row: &mut Row<'_>,
    input: &ReconstructionsInput<'_>,
    view: &mut ReconstructionsView,
    choices: &[SetChoice],
) -> Option<String> {
    let run = input.run?;
    let is_of_set = view.is_of_set(choices) && input.look.is_some();
    let mut remove = None;
    if choices.len() > 1 || (input.data.is_none() && !choices.is_empty()) {
        let mut set = if view.is_of_set(choices) { view.set.clone() } else { Set::Watched };
        let add = |ui: &mut Ui| set_choice_ui(ui, "Samples shown", &mut set, choices);
        if row.part(Side::Left, "set", add).unwrap_or_default() {
            view.set = set;
        }
    }
    let other = if let Set::Other(name) = &view.set { Some(name) } else { None };
    let other = other.filter(|_| view.is_of_set(choices));
    if let Some(name) = other {
        let about = "Remove these data from all views; can be undone";
        let add = |ui: &mut Ui| {
            let chip = named(chip_ui(ui, false, "×"), format!("Remove {}", visible(name)));
            chip.on_hover_text(about).clicked()
        };
        if row.part(Side::Left, "remove", add).unwrap_or_default() {
            remove = Some(name.clone());
        }
    }
    let is_other = other.is_some();
    row.part(Side::Left, "order", |ui| order_ui(ui, &mut view.order));
    let about = "Reconstructions by PCA, with as many components as the code has units";
    if row.chip(Side::Left, view.has_linear, "PCA", about) {
        view.has_linear = !view.has_linear;
    }
    let corrupts = run.design.corruption.corrupts();
    if is_of_set && corrupts && is_other {
        let about = "The network is given these samples as they are, not corrupted as in its training";
        quiet_ui(row, Side::Left, "corruption", "no corruption added", about);
    } else if is_of_set && corrupts {
        let about = "Give the network corrupted samples, as in its training";
        if row.chip(Side::Left, view.is_corrupted, "corrupted", about) {
            view.is_corrupted = !view.is_corrupted;
        }
    }
    let data = input.look.as_ref().map(|look| &**look.data).or(input.data);
    if data.is_some_and(|data| data.shown().is_none()) {
        let about = "Show the numbers, coloured by error";
        if row.chip(Side::Left, view.has_numbers, "numbers", about) {
            view.has_numbers = !view.has_numbers;
        }
    }
    match input.look.as_ref().filter(|_| is_of_set) {
        Some(look) => set_figures_ui(row, input, look, is_other, view.has_linear),
        None => watched_figures_ui(row, input, run),
    }
    remove
}

fn order_ui(ui: &mut Ui, order: &mut Order) {
    let combo = ComboBox::from_id_salt("order").selected_text(order.name()).width(88.0);
    let shown = combo.show_ui(ui, |ui| {
        for other in Order::ALL {
            if ui.selectable_label(*order == other, other.name()).clicked() {
                *order = other;
            }
        }
    });
    named(shown.response, "Order of samples")
        .on_hover_text("By the squared error of each sample, or its class");
}

/// By which weights the samples of a set are shown, and how far their errors are known.
fn set_figures_ui(
    row: &mut Row<'_>,
    input: &ReconstructionsInput<'_>,
    look: &Look<'_>,
    is_other: bool,
    has_linear: bool,
) {
    let (known, all) = (look.looked(input.scored), look.rows.len());
    let mut say = |name: &str, text: &str, about: &str| quiet_ui(row, Side::Right, name, text, about);
    let of = look.order_stamp(Order::Data);
    let mean = input.scored.mean.filter(|mean| mean.0 == of).map(|mean| mean.1);
    let failed = input.scored.failure(look.subject.stamp());
    if let Some(failed) = failed {
        say("errors", "errors not known", failed);
    } else if mean.is_none() && known < all {
        let text = format!("{} of {} scored", format_count(known), format_count(all));
        say("errors", &text, "The set is sorted once the errors of all its samples are computed");
    }
    let about = "These samples are shown with the weights after this epoch";
    say("weights", &format!("weights of epoch {}", look.epoch), about);
    let corrupts = look.run.design.corruption.corrupts();
    let given = if is_other && corrupts {
        " to the given samples"
    } else if look.subject.is_corrupted {
        ", corrupted input"
    } else if corrupts {
        ", clean input"
    } else {
        ""
    };
    if let Some(mean) = mean {
        figure_ui(row, &format!("MSE{given}"), &format_number(mean));
    }
    if let Some(mean) = look.linear_error(input.scored).filter(|_| has_linear) {
        figure_ui(row, &format!("PCA, code {}{given}", look.run.code_units()), &format_number(mean));
    }
    if let Some(record) = record_at(look.run, Some(look.epoch)).filter(|_| is_other) {
        // What the errors of other data are compared with.
        let name = if record.validation.is_none() { "training MSE" } else { "validation MSE" };
        figure_ui(row, name, &format_number(record.mse));
    }
}

/// The error of the run, and that of PCA.
fn watched_figures_ui(row: &mut Row<'_>, input: &ReconstructionsInput<'_>, run: &Run) {
    let record = record_at(run, input.epoch);
    epoch_ui(row, input.epoch);
    // Both figures are of clean input, though pictures beside them are of corrupted.
    let input = if run.design.corruption.corrupts() { ", clean input" } else { "" };
    if let Some(record) = record {
        let name = if record.validation.is_none() { "training MSE" } else { "validation MSE" };
        figure_ui(row, &format!("{name}{input}"), &format_number(record.mse));
    }
    if let Some(pca) = run.pca_mse {
        figure_ui(row, &format!("PCA, code {}{input}", run.code_units()), &format_number(pca));
    }
}

/// The record of the newest epoch up to this one; of the newest of all for `None`.
fn record_at(run: &Run, epoch: Option<u32>) -> Option<&EpochRecord> {
    let epochs = &run.history.epochs;
    let after = epoch.map_or(epochs.len(), |epoch| epochs.partition_point(|record| record.epoch <= epoch));
    epochs.get(after.checked_sub(1)?)
}

impl ReconstructionsView {
    /// Whether samples of a set are shown, other than the watched ones.
    fn is_of_set(&self, choices: &[SetChoice]) -> bool {
        self.set != Set::Watched && choices.iter().any(|choice| choice.set == self.set)
    }

    /// Takes in which places can be seen: half as many on either side are wanted too, so that
    /// scrolling seldom asks for more.
    fn see(&mut self, stamp: u64, places: Range<usize>, count: usize) {
        let (of, known) = &self.window;
        let is_known = *of == stamp && known.start <= places.start && places.end <= known.end;
        if !is_known {
            let more = places.len() / 2;
            let wide = places.start.saturating_sub(more)..(places.end + more).min(count);
            self.window = (stamp, wide);
        }
    }
}

/// How the view is called.
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
        let look = now.look(&self.set, self.is_corrupted);
        let (sets, scored) = (now.sets(), &now.scored);
        let input = ReconstructionsInput { run, data, missing, epoch, sets, look, scored };
        let output = reconstructions_ui(ui, &input, self);
        let run = run.map(|run| run.id);
        if let (true, Some(run)) = (output.load, run) {
            state.load_data_of(run);
        }
        if let Some(name) = output.remove {
            state.remove_other(&name);
        }
        if let Some((fingerprint, rows, how)) = output.select {
            state.selection.apply(fingerprint, rows, how);
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
