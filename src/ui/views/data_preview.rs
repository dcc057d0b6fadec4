//! The data set at a glance: what was read and how, which classes, a page of samples, the columns of a table.

mod columns;
mod facts;
mod filter;
mod grid;
mod remarks;
mod samples;

use egui::{Label, ProgressBar, Rect, RichText, ScrollArea, Ui, UiBuilder, vec2};
use serde::{Deserialize, Serialize};

use super::page_figure::page_figure;
use super::parts::{chip_ui, empty_ui, header_ui, trailing_ui};
use super::sample::RangeCache;
use super::view::{Entry, View};
use crate::dataset::{Dataset, LabelValues, Subset};
use crate::figure::Figure;
use crate::project::{Choice, Data, Place, format_count, visible};
use crate::session;
use crate::ui::keys::keys;
use crate::ui::plots::{Atlas, color, palette, stamp_of};
use crate::ui::state::{DATA_VIEW, State};
use crate::ui::update::Remedy;
use crate::ui::widgets::scroll::always_seen;
use columns::{Found, columns_ui, find_ui};
use facts::{Summary, facts_ui};
use filter::Passing;
use samples::{Page, Widths, filter_ui};

pub use filter::Filter;

/// What is known of the data.
#[derive(Clone, Copy, Debug)]
pub enum DataState<'a> {
    /// Nothing was asked for.
    None,
    /// A load is under way: units done and in all, 0 while unknown.
    Loading(u64, u64),
    /// A load is under way, while data of the same source are shown as they were read before.
    Reloading(&'a Dataset, u64, u64),
    /// There are none: why, and what fixes it.
    Missing(&'a str, &'a [Remedy]),
    /// The data are there.
    Loaded(&'a Dataset),
}

/// Data to show.
#[derive(Clone, Copy, Debug)]
pub struct DataInput<'a> {
    /// What is known of the data.
    pub state: DataState<'a>,
    /// How the document has them read.
    pub design: &'a Data,
}

/// What a person asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataOutput {
    /// Give up the load under way.
    pub cancel: bool,
    /// Show the settings of the data source.
    pub choose: bool,
    /// Fix what is missing by the remedy of this number.
    pub remedy: Option<usize>,
    /// Read the data otherwise.
    pub choice: Option<Choice>,
    /// The title is being dragged: move the view.
    pub drag: bool,
}

/// How the view stands.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DataPreviewView {
    /// The page of samples that is shown, counted from 0.
    pub page: usize,
    /// Which samples are shown.
    #[serde(skip)]
    pub filter: Filter,
    /// Whether the columns of a table are shown, not its rows.
    pub columns: bool,
    /// A part of the names of the columns that are shown.
    #[serde(skip)]
    pub find: String,
    #[serde(skip)]
    cache: Cache,
}

#[derive(Clone, Default)]
struct Cache {
    /// Tells data and their labels apart.
    stamp: Option<u64>,
    /// Tells their split apart too.
    rows_stamp: u64,
    summary: Summary,
    range: RangeCache,
    passing: Passing,
    found_columns: Found,
    found_features: Found,
    widths: Widths,
    /// Height of what is above samples or columns, as it was last shown.
    head_px: f32,
    /// The pictures in the atlas: of which data, rows and channels.
    page: Option<(u64, Vec<u32>, Vec<usize>)>,
    atlas: Atlas,
}

/// Loaded data, and how the document has them read.
#[derive(Clone, Copy)]
struct Look<'a> {
    data: &'a Dataset,
    design: &'a Data,
}

/// Width from which facts are at the left of the samples, that of their column, and of the same next to columns, in points.
const WIDE_PX: f32 = 560.0;
const FACTS_PX: f32 = 238.0;
const NARROW_FACTS_PX: f32 = 188.0;
/// Width from which what chooses samples and what turns pages fit into one row.
const ONE_ROW_PX: f32 = 780.0;
/// Least height of that row with the space below it.
const HEAD_PX: f32 = 32.0;

/// Shows the view in all the room there is.
pub fn data_preview_ui(ui: &mut Ui, input: &DataInput<'_>, view: &mut DataPreviewView) -> DataOutput {
    let mut output = DataOutput::default();
    let (handle, ()) = header_ui(ui, ENTRY.title, |ui| {
        let quiet = |text: &str| Label::new(RichText::new(text).size(11.5).color(color(palette(ui).dim)));
        match input.state {
            DataState::Loaded(data) => {
                ui.add(quiet(&visible(&data.name)));
            }
            DataState::Reloading(_, done, total) => {
                ui.add(quiet(&loading_text(done, total)));
                output.cancel |= chip_ui(ui, false, "Cancel").clicked();
            }
            DataState::Missing(_, remedies) => output.remedy = remedies_ui(ui, remedies),
            DataState::None | DataState::Loading(..) => {}
        }
        trailing_ui(ui, "data", |ui| output.choose |= chip_ui(ui, false, "data source…").clicked());
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
            output.choice = loaded_ui(ui, &Look { data, design: input.design }, view);
        }
    }
    output
}

/// A chip for each remedy; says which was pressed.
fn remedies_ui(ui: &mut Ui, remedies: &[Remedy]) -> Option<usize> {
    let mut pressed = None;
    for (at, remedy) in remedies.iter().enumerate() {
        if chip_ui(ui, false, &remedy.label()).on_hover_text(remedy.tooltip()).clicked() {
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

fn loaded_ui(ui: &mut Ui, look: &Look<'_>, view: &mut DataPreviewView) -> Option<Choice> {
    follow(look.data, view);
    view.columns &= !look.data.overview.is_empty();
    let rect = ui.available_rect_before_wrap();
    ui.painter().rect_filled(rect, 0.0, color(palette(ui).plot));
    let inside = UiBuilder::new().max_rect(rect.shrink2(vec2(12.0, 8.0))).id_salt("inside");
    let shown = ui.scope_builder(inside, |ui| {
        always_seen(ui);
        if rect.width() > WIDE_PX { wide_ui(ui, look, view, rect) } else { narrow_ui(ui, look, view, rect) }
    });
    shown.inner
}

/// All of it one below the other: what is asked before the samples, what is only told after them. `area` is the view.
fn narrow_ui(ui: &mut Ui, look: &Look<'_>, view: &mut DataPreviewView, area: Rect) -> Option<Choice> {
    // Once they are scrolled to, the samples fill the view.
    let height = ui.available_height().clamp(160.0, 320.0);
    let scroll = ScrollArea::vertical().id_salt("data").auto_shrink([false, false]);
    let shown = scroll.show(ui, |ui| {
        remarks::line_ui(ui, &look.data.said);
        ui.spacing_mut().item_spacing.y = 4.0;
        let answer = remarks::asked_ui(ui, look.data, look.design);
        let page = page_of(ui, look, view, [ui.available_width(), height]);
        head_ui(ui, look, view, page.as_ref(), area);
        let choice = match page {
            Some(page) => {
                page.ui(ui, look, view);
                None
            }
            None => columns_ui(ui, look, view, height - view.cache.head_px),
        };
        ui.add_space(8.0);
        told_ui(ui, look, view);
        choice.or(answer)
    });
    shown.inner
}

/// The line and what chooses among samples across the view; below them remarks and facts at the left of the samples. The table
/// of the columns tells most of that itself, so it has all the room, unless something is asked.
fn wide_ui(ui: &mut Ui, look: &Look<'_>, view: &mut DataPreviewView, area: Rect) -> Option<Choice> {
    remarks::line_ui(ui, &look.data.said);
    let facts_px = if !view.columns {
        FACTS_PX
    } else if remarks::asks(look.data, look.design) {
        NARROW_FACTS_PX
    } else {
        0.0
    };
    let page = page_of(ui, look, view, [ui.available_width() - facts_px, ui.available_height()]);
    head_ui(ui, look, view, page.as_ref(), area);
    let rest = ui.available_rect_before_wrap();
    let (left, right) = rest.split_left_right_at_x(rest.left() + facts_px);
    let mut answer = None;
    if facts_px > 0.0 {
        let left = UiBuilder::new().max_rect(left.with_max_x(left.right() - 12.0)).id_salt("facts");
        ui.scope_builder(left, |ui| {
            ScrollArea::vertical().id_salt("facts").auto_shrink([false, false]).show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 4.0;
                answer = remarks::asked_ui(ui, look.data, look.design);
                told_ui(ui, look, view);
            });
        });
    }
    let right = UiBuilder::new().max_rect(right).id_salt("page");
    let choice = ui.scope_builder(right, |ui| match page {
        Some(page) => {
            page.ui(ui, look, view);
            None
        }
        None => columns_ui(ui, look, view, ui.available_height()),
    });
    choice.inner.or(answer)
}

/// Warnings, notes and facts.
fn told_ui(ui: &mut Ui, look: &Look<'_>, view: &DataPreviewView) {
    remarks::told_ui(ui, look.data);
    facts_ui(ui, look.data, &view.cache.summary);
}

/// The page of samples for a room of this size, with what chooses among them; nothing where columns are shown.
fn page_of(ui: &Ui, look: &Look<'_>, view: &mut DataPreviewView, [width, height]: [f32; 2]) -> Option<Page> {
    let height = height - view.cache.head_px.max(HEAD_PX);
    (!view.columns).then(|| Page::new(ui, look, view, [width, height]))
}

/// What chooses among samples or columns, and turns pages.
fn head_ui(ui: &mut Ui, look: &Look<'_>, view: &mut DataPreviewView, page: Option<&Page>, area: Rect) {
    let data = look.data;
    let top = ui.cursor().top();
    let columns = data.overview.len().max(data.columns.len());
    let is_one_row = ui.available_width() > ONE_ROW_PX;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 4.0);
        if !data.overview.is_empty() {
            for (text, columns) in [("Samples", false), ("Columns", true)] {
                if chip_ui(ui, view.columns == columns, text).clicked() {
                    view.columns = columns;
                    ui.ctx().request_repaint();
                }
            }
        }
        if page.is_some() && filter_ui(ui, data, &mut view.filter) {
            view.page = 0;
            ui.ctx().request_repaint();
        }
        if !is_pictures(data) {
            find_ui(ui, columns, &mut view.find);
        }
        if let Some(page) = page.filter(|_| is_one_row) {
            page.turn_ui(ui, &mut view.page, area);
        }
    });
    if let Some(page) = page.filter(|_| !is_one_row) {
        ui.add_space(4.0);
        ui.horizontal(|ui| page.turn_ui(ui, &mut view.page, area));
    }
    ui.add_space(6.0);
    let head_px = ui.cursor().top() - top;
    if (head_px - view.cache.head_px).abs() > 0.5 {
        view.cache.head_px = head_px;
        ui.ctx().request_repaint();
    }
}

/// Takes notice of other data, labels or splits.
fn follow(data: &Dataset, view: &mut DataPreviewView) {
    // The fingerprint knows the rows alone; other labels may be chosen.
    let labels = data.labels.iter().map(|label| match &label.values {
        LabelValues::Classes { ids, .. } => (&label.name, ids.as_ptr().addr()),
        LabelValues::Numbers(numbers) => (&label.name, numbers.as_ptr().addr()),
    });
    let stamp = stamp_of((data.fingerprint, labels.collect::<Vec<_>>()));
    // A few rows of each part tell two splits apart.
    let some = Subset::ALL.map(|subset| {
        let rows = data.split.rows(subset);
        (rows.len(), rows.iter().step_by(rows.len() / 32 + 1).copied().collect::<Vec<_>>())
    });
    let rows_stamp = stamp_of((stamp, some, data.overview.as_ptr().addr(), data.overview.len()));
    let cache = &mut view.cache;
    if cache.stamp != Some(stamp) {
        cache.summary = Summary::of(data);
        cache.stamp = Some(stamp);
        view.page = 0;
        view.filter.class = None;
    }
    cache.rows_stamp = rows_stamp;
}

fn is_pictures(data: &Dataset) -> bool {
    matches!(data.shape, crate::project::Shape::Image { .. })
}

/// How the view is called.
static ENTRY: Entry = Entry {
    name: DATA_VIEW,
    title: "Data",
    icon: "■",
    command: "Show data",
    tooltip: "Bring the samples of the data set to the front.",
    keys: keys![CTRL, Num4],
};

impl View for DataPreviewView {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn show(&mut self, ui: &mut Ui, state: &mut State) -> bool {
        let (data, design) = (&state.data, &state.project.data);
        let problem = state.derived.data_problem().cloned();
        let remedies = problem.as_ref().map_or_else(Vec::new, |problem| state.remedies(problem));
        let known = match (data.progress, &problem, &data.dataset) {
            // Data of another source are gone already.
            (Some((done, total)), _, Some(dataset)) => DataState::Reloading(dataset, done, total),
            (Some((done, total)), _, None) => DataState::Loading(done, total),
            (None, Some(problem), _) => DataState::Missing(&problem.message, &remedies),
            (None, None, Some(dataset)) => DataState::Loaded(dataset),
            (None, None, None) => DataState::None,
        };
        let output = data_preview_ui(ui, &DataInput { state: known, design }, self);
        if output.cancel {
            state.send(session::Request::CancelLoad);
        }
        if output.choose {
            state.go_to(Place::Data);
        }
        if let Some(remedy) = output.remedy.and_then(|at| remedies.get(at)) {
            state.mend(Place::Data, remedy);
        }
        if let Some(choice) = output.choice {
            state.choose(choice);
        }
        output.drag
    }

    fn figures(&self, state: &State) -> Vec<Figure> {
        let rows = self.cache.page.as_ref().map_or(&[][..], |(_, rows, _)| rows);
        let shown = state.data.dataset.as_ref().and_then(|data| page_figure("Data", data, rows));
        shown.into_iter().collect()
    }
}
