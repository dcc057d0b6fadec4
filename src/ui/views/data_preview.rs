//! The data set: a summary of how it was read, its classes, all samples, and the columns of a
//! table.

mod choose;
mod columns;
mod facts;
mod filter;
mod grid;
mod position;
mod remarks;
mod rows;
mod samples;
mod source;

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{ProgressBar, Rect, RichText, ScrollArea, Ui, UiBuilder, vec2};
use serde::{Deserialize, Serialize};

use super::page_figure::page_figure;
use super::parts::{chip_ui, empty_ui, header_ui, note_ui};
use super::thumbs::Thumbs;
use super::view::{Entry, View};
use crate::dataset::{Dataset, LabelValues, Subset};
use crate::figure::Figure;
use crate::project::{Choice, Data, Place, format_count, visible};
use crate::session;
use crate::ui::keys::keys;
use crate::ui::plots::{color, palette, shortened, stamp_of};
use crate::ui::state::{DATA_VIEW, Selection, SelectionMode, State};
use crate::ui::update::Remedy;
use crate::ui::widgets::header::{ROW_PX, Row, Side, one_row_ui};
use crate::ui::widgets::scroll::always_seen;
use choose::{count_ui, filter_ui, go_to_ui};
use columns::{Found, columns_ui, find_ui};
use facts::{Summary, class_column, facts_ui};
use filter::FilteredRows;
use position::Position;
use rows::Widths;
use samples::samples_ui;
use source::source_ui;

pub use filter::Filter;

/// The status of the data.
#[derive(Clone, Copy, Debug)]
pub enum DataState<'a> {
    /// Nothing was requested.
    None,
    /// Loading: units done and in total, 0 while unknown.
    Loading(u64, u64),
    /// Reloading, with the previously read data of the same source still shown.
    Reloading(&'a Dataset, u64, u64),
    /// Missing: the reason and the fixes.
    Missing(&'a str, &'a [Remedy]),
    /// Loaded.
    Loaded(&'a Dataset),
}

/// Data to show.
#[derive(Clone, Copy, Debug)]
pub struct DataInput<'a> {
    /// The status of the data.
    pub state: DataState<'a>,
    /// The settings for reading them.
    pub design: &'a Data,
    /// The selected samples.
    pub selection: &'a Selection,
    /// Other data that can be shown, by name.
    pub others: &'a BTreeMap<String, Arc<Dataset>>,
}

/// Requests from the user.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataOutput {
    /// Cancel the current load.
    pub cancel: bool,
    /// Show the settings of the data source.
    pub choose: bool,
    /// Apply the fix with this index.
    pub remedy: Option<usize>,
    /// Read the data with other settings.
    pub choice: Option<Choice>,
    /// Change the selection with these rows.
    pub select: Option<(Vec<u32>, SelectionMode)>,
    /// Remove other data with this name.
    pub remove: Option<String>,
    /// Move the view: its title is being dragged.
    pub drag: bool,
}

/// State of the view.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DataPreviewView {
    /// The filter of the displayed samples.
    #[serde(skip)]
    pub filter: Filter,
    /// Name of the other data shown; `None` shows the data of the design.
    #[serde(skip)]
    pub other: Option<String>,
    /// Whether the columns of a table are shown instead of its rows.
    pub columns: bool,
    /// Search text for the names of columns.
    #[serde(skip)]
    pub find: String,
    /// Text in the row number field.
    #[serde(skip)]
    go_to: String,
    #[serde(skip)]
    cache: Cache,
}

#[derive(Clone, Default)]
struct Cache {
    /// Identifies data and labels.
    stamp: Option<u64>,
    fingerprint: Option<u64>,
    /// Identifies data, labels and split.
    rows_stamp: u64,
    summary: Summary,
    filtered: FilteredRows,
    position: Position,
    found_columns: Found,
    found_features: Found,
    widths: Widths,
    thumbs: Thumbs,
    /// The visible pictures: fingerprint of the data, and rows.
    visible_rows: Option<(u64, Vec<u32>)>,
    /// The filter and data of the last click, and its index among the samples that pass.
    anchor: Option<((u64, Filter), usize)>,
    /// The selection made by a click in this frame.
    select: Option<(Vec<u32>, SelectionMode)>,
}

/// Loaded data, and the settings for reading them.
#[derive(Clone, Copy)]
struct LoadedData<'a> {
    data: &'a Dataset,
    design: &'a Data,
    selection: &'a Selection,
}

/// Maximum length of a data name that is shown in full.
const MOST_NAME_CHARS: usize = 36;
/// In points: the minimum width to show facts to the left of the samples, the width of the facts,
/// and their width next to the table of columns.
const WIDE_PX: f32 = 560.0;
const FACTS_PX: f32 = 238.0;
const NARROW_FACTS_PX: f32 = 188.0;
/// Height of the row with the sample filters, including the space below it.
const HEAD_PX: f32 = ROW_PX + 6.0;

/// Shows the view in the available space.
pub fn data_preview_ui(ui: &mut Ui, input: &DataInput<'_>, view: &mut DataPreviewView) -> DataOutput {
    let mut output = DataOutput::default();
    let handle = header_ui(ui, ENTRY.title, |row| {
        output.remove = source_ui(row, input.others, &mut view.other).or(output.remove.take());
        output.choose |= row.chip(Side::Right, false, "Data source…", "Show the settings of the data source");
        match input.state {
            DataState::Loaded(data) => {
                let name = visible(&data.name);
                note_ui(row, Side::Left, "name", &shortened(&name, MOST_NAME_CHARS), &name);
            }
            DataState::Reloading(_, done, total) => {
                output.cancel |= row.chip(Side::Left, false, "Cancel", "Keep the data as they are");
                note_ui(row, Side::Left, "progress", &loading_text(done, total), "");
            }
            DataState::Missing(_, remedies) => {
                output.remedy = remedies_ui(row, remedies).or(output.remedy);
            }
            DataState::None | DataState::Loading(..) => {}
        }
    });
    output.drag = handle.drag_started();
    match input.state {
        DataState::None => {
            empty_ui(
                ui,
                "No data",
                "Choose a data source: digits are built in, pictures and tables load from files.",
            );
        }
        DataState::Loading(done, total) => output.cancel |= loading_ui(ui, done, total),
        DataState::Missing(why, _) => empty_ui(ui, "No data", why),
        DataState::Loaded(data) | DataState::Reloading(data, ..) => {
            let loaded = LoadedData { data, design: input.design, selection: input.selection };
            output.choice = loaded_ui(ui, &loaded, view);
            output.select = view.cache.select.take();
        }
    }
    output
}

/// A chip for each fix; returns the index of the one pressed.
fn remedies_ui(row: &mut Row<'_>, remedies: &[Remedy]) -> Option<usize> {
    let mut pressed = None;
    for (at, remedy) in remedies.iter().enumerate() {
        if row.chip(Side::Left, false, &remedy.label(), remedy.tooltip()) {
            pressed = Some(at);
        }
    }
    pressed
}

fn loading_text(done: u64, total: u64) -> String {
    match total {
        0 => format!("Loading … {}", format_count(done)),
        _ => format!("Loading … {} of {}", format_count(done), format_count(total)),
    }
}

fn loading_ui(ui: &mut Ui, done: u64, total: u64) -> bool {
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() * 0.5 - 40.0).max(6.0));
        ui.label(RichText::new(loading_text(done, total)).size(12.0));
        ui.add_space(6.0);
        let fraction = if total > 0 { done as f32 / total as f32 } else { 0.0 };
        let width = (ui.available_width() * 0.6).min(280.0);
        ui.add(ProgressBar::new(fraction).desired_width(width).desired_height(6.0));
        ui.add_space(8.0);
        chip_ui(ui, false, "Cancel").clicked()
    })
    .inner
}

fn loaded_ui(ui: &mut Ui, loaded: &LoadedData<'_>, view: &mut DataPreviewView) -> Option<Choice> {
    follow(loaded.data, view);
    update_filtered_rows(ui, loaded.data, view);
    view.columns &= !loaded.data.overview.is_empty();
    let rect = ui.available_rect_before_wrap();
    ui.painter().rect_filled(rect, 0.0, color(palette(ui).plot));
    let inside = UiBuilder::new().max_rect(rect.shrink2(vec2(12.0, 8.0))).id_salt("inside");
    let shown = ui.scope_builder(inside, |ui| {
        always_seen(ui);
        if rect.width() > WIDE_PX {
            wide_ui(ui, loaded, view, rect)
        } else {
            narrow_ui(ui, loaded, view, rect)
        }
    });
    shown.inner
}

/// Stacked layout: questions above the samples, information below them. `area` is the view.
fn narrow_ui(ui: &mut Ui, loaded: &LoadedData<'_>, view: &mut DataPreviewView, area: Rect) -> Option<Choice> {
    // Leave part of the view free, so that the rest can be scrolled into view.
    let height = (0.75 * ui.available_height()).clamp(160.0, 320.0) - HEAD_PX;
    let scroll = ScrollArea::vertical().id_salt("data").auto_shrink([false, false]);
    let shown = scroll.show(ui, |ui| {
        remarks::line_ui(ui, &loaded.data.read_report);
        ui.spacing_mut().item_spacing.y = 4.0;
        let answer = remarks::doubts_and_rules_ui(ui, loaded.data, loaded.design);
        head_ui(ui, loaded, view);
        let choice = list_ui(ui, loaded, view, height, area);
        ui.add_space(8.0);
        summary_ui(ui, loaded, view);
        choice.or(answer)
    });
    shown.inner
}

/// Wide layout: the summary and the filters across the view; below them remarks and facts to the
/// left of the samples. The table of columns contains most facts itself, so it gets the whole width
/// unless there is a question.
fn wide_ui(ui: &mut Ui, loaded: &LoadedData<'_>, view: &mut DataPreviewView, area: Rect) -> Option<Choice> {
    remarks::line_ui(ui, &loaded.data.read_report);
    let facts_px = if !view.columns {
        FACTS_PX
    } else if remarks::asks(loaded.data, loaded.design) {
        NARROW_FACTS_PX
    } else {
        0.0
    };
    head_ui(ui, loaded, view);
    let rest = ui.available_rect_before_wrap();
    let (left, right) = rest.split_left_right_at_x(rest.left() + facts_px);
    let mut answer = None;
    if facts_px > 0.0 {
        let left = UiBuilder::new().max_rect(left.with_max_x(left.right() - 12.0)).id_salt("facts");
        ui.scope_builder(left, |ui| {
            ScrollArea::vertical().id_salt("facts").auto_shrink([false, false]).show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 4.0;
                answer = remarks::doubts_and_rules_ui(ui, loaded.data, loaded.design);
                summary_ui(ui, loaded, view);
            });
        });
    }
    let right = UiBuilder::new().max_rect(right).id_salt("list");
    let choice = ui.scope_builder(right, |ui| list_ui(ui, loaded, view, ui.available_height(), area));
    choice.inner.or(answer)
}

/// Warnings, notes and facts.
fn summary_ui(ui: &mut Ui, loaded: &LoadedData<'_>, view: &DataPreviewView) {
    remarks::summary_ui(ui, loaded.data);
    facts_ui(ui, loaded.data, &view.cache.summary);
}

/// The samples or the columns, with this height, in a view with this `area`.
fn list_ui(
    ui: &mut Ui,
    loaded: &LoadedData<'_>,
    view: &mut DataPreviewView,
    height: f32,
    area: Rect,
) -> Option<Choice> {
    if view.columns {
        return columns_ui(ui, loaded, view, height);
    }
    samples_ui(ui, loaded, view, height, area);
    None
}

/// The filters for samples or columns, and the number of samples.
fn head_ui(ui: &mut Ui, loaded: &LoadedData<'_>, view: &mut DataPreviewView) {
    let data = loaded.data;
    let columns = data.overview.len().max(data.columns.len());
    let before = (view.columns, view.filter);
    let mut gone_to = None;
    one_row_ui(ui, "samples", |row| {
        if !data.overview.is_empty() {
            let options = [("Samples", "Show the samples"), ("Columns", "Show what is in each column")];
            if let Some(chosen) = row.choice(Side::Left, "Shown", Some(usize::from(view.columns)), &options) {
                view.columns = chosen == 1;
            }
        }
        if !before.0 {
            let filtered = &view.cache.filtered;
            count_ui(row, filtered.len(data), data.len(), filtered.is_whole());
            filter_ui(row, data, &mut view.filter);
            gone_to = go_to_ui(row, data, &mut view.go_to).or(gone_to);
        }
        if !is_pictures(data) {
            find_ui(row, columns, &mut view.find);
        }
    });
    if let Some(row) = gone_to {
        view.cache.position.go_to(row);
    }
    if view.filter != before.1 {
        update_filtered_rows(ui, data, view);
    }
    if (view.columns, view.filter) != before {
        ui.ctx().request_repaint();
    }
    ui.add_space(HEAD_PX - ROW_PX);
}

/// Continues the search for samples that pass, and requests another frame if there may be more.
fn update_filtered_rows(ui: &Ui, data: &Dataset, view: &mut DataPreviewView) {
    let ids = class_column(data).map_or(&[][..], |(_, ids)| ids);
    if !view.cache.filtered.follow(data, ids, view.filter, view.cache.rows_stamp) {
        ui.ctx().request_repaint();
    }
}

/// Updates the view when data, labels or splits change.
fn follow(data: &Dataset, view: &mut DataPreviewView) {
    // The fingerprint only covers the rows; the labels may have changed.
    let labels = data.labels.iter().map(|label| match &label.values {
        LabelValues::Classes { ids, .. } => (&label.name, ids.as_ptr().addr()),
        LabelValues::Numbers(numbers) => (&label.name, numbers.as_ptr().addr()),
    });
    let stamp = stamp_of((data.fingerprint, labels.collect::<Vec<_>>()));
    // A few rows of each part are enough to identify a split.
    let some = Subset::ALL.map(|subset| {
        let rows = data.split.rows(subset);
        (rows.len(), rows.iter().step_by(rows.len() / 32 + 1).copied().collect::<Vec<_>>())
    });
    let rows_stamp = stamp_of((stamp, some, data.overview.as_ptr().addr(), data.overview.len()));
    let cache = &mut view.cache;
    if cache.stamp != Some(stamp) {
        cache.summary = Summary::of(data);
        cache.stamp = Some(stamp);
        view.filter.class = None;
        // Keep the scroll position if only the labels changed.
        if cache.fingerprint.replace(data.fingerprint) != Some(data.fingerprint) {
            cache.position = Position::default();
        }
    }
    cache.rows_stamp = rows_stamp;
}

fn is_pictures(data: &Dataset) -> bool {
    matches!(data.shape, crate::project::Shape::Image { .. })
}

/// The registry entry of the view.
static ENTRY: Entry = Entry {
    name: DATA_VIEW,
    title: "Data",
    icon: "■",
    command: "Show data",
    tooltip: "Show the samples of the data set.",
    keys: keys![CTRL, Num4],
};

impl View for DataPreviewView {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn show(&mut self, ui: &mut Ui, state: &mut State) -> bool {
        self.other.take_if(|name| !state.others.contains_key(name));
        let other = self.other.as_ref().and_then(|name| state.others.get(name)).cloned();
        let (data, design) = (&state.data, &state.project.data);
        let problem = state.derived.data_problem().cloned();
        let remedies = problem.as_ref().map_or_else(Vec::new, |problem| state.remedies(problem));
        let own = match (data.progress, &problem, &data.dataset) {
            // Data of another source have already been dropped.
            (Some((done, total)), _, Some(dataset)) => DataState::Reloading(dataset, done, total),
            (Some((done, total)), _, None) => DataState::Loading(done, total),
            (None, Some(problem), _) => DataState::Missing(&problem.message, &remedies),
            (None, None, Some(dataset)) => DataState::Loaded(dataset),
            (None, None, None) => DataState::None,
        };
        let fingerprint = other.as_deref().or(data.dataset.as_deref()).map(|data| data.fingerprint);
        let known = other.as_deref().map_or(own, DataState::Loaded);
        let (selection, others) = (&state.selection, &state.others);
        let input = DataInput { state: known, design, selection, others };
        let output = data_preview_ui(ui, &input, self);
        if let Some((fingerprint, (rows, mode))) = fingerprint.zip(output.select) {
            state.selection.apply(fingerprint, rows, mode);
        }
        if let Some(name) = output.remove {
            state.remove_other(&name);
        }
        if output.cancel {
            state.send(session::Request::CancelLoad);
        }
        if output.choose {
            state.go_to(Place::Data);
        }
        if let Some(remedy) = output.remedy.and_then(|at| remedies.get(at)) {
            state.fix(Place::Data, remedy);
        }
        if let Some(choice) = output.choice.filter(|_| other.is_none()) {
            state.choose(choice);
        }
        output.drag
    }

    fn figures(&self, state: &State) -> Vec<Figure> {
        if self.columns {
            return Vec::new();
        }
        let (name, data) = match self.other.as_ref().and_then(|name| state.others.get_key_value(name)) {
            Some((name, other)) => (visible(name), Some(other)),
            None => ("Data".into(), state.data.dataset.as_ref()),
        };
        let visible_rows = self.cache.visible_rows.as_ref();
        let shown = data.zip(visible_rows).filter(|(data, (of, _))| data.fingerprint == *of);
        shown.and_then(|(data, (_, rows))| page_figure(&name, data, rows)).into_iter().collect()
    }
}
