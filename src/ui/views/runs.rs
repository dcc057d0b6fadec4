//! The table of runs: their differences, progress and results, with a page of details for each run.

mod changes;
mod columns;
mod menu;
mod order;
mod page;
mod record;

use egui::{
    Align, Button, Checkbox, Label, Layout, Popup, PopupCloseBehavior, RichText, ScrollArea, Sense, Ui, vec2,
};
use egui_extras::{Column, TableBuilder, TableRow};
use serde::{Deserialize, Serialize};

use self::changes::{DesignText, design_job, design_texts, design_ui};
use self::columns::{about, automatic, beats_pca, cell, measured, name, row_name, short, width};
use self::menu::menu_ui;
use self::order::{Key, ordered};
use self::page::{PageView, page_ui};
use super::parts::{advice_ui, chip_ui, named};
use crate::dataset::Dataset;
use crate::project::visible_lines;
use crate::run::{Caption, Run, RunId, Status};
use crate::ui::plots::{color, palette, stamp_of};
use crate::ui::state::{RunAction, RunColumn, RunsTable};
use crate::ui::widgets::button::text_button_ui;

/// Space for the menu button of a run and its comparison checkbox, in points.
const BUTTONS_PX: f32 = 76.0;
/// Header height, in points.
const HEADER_PX: f32 = 22.0;

/// The input of the view.
#[derive(Clone, Copy)]
pub struct RunsInput<'a> {
    /// All runs of the project, oldest first.
    pub runs: &'a [&'a Run],
    /// The selected run.
    pub selected: Option<RunId>,
    /// Runs selected for comparison.
    pub compared: &'a [RunId],
    /// Data of the run whose page is open, if they are loaded.
    pub data: Option<&'a Dataset>,
}

/// Requests from the user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunsOutput {
    /// The requested action, if any.
    pub action: Option<RunAction>,
    /// A new caption for a run.
    pub caption: Option<(RunId, Caption)>,
}

/// State of the view.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RunsView {
    #[serde(skip)]
    stamp: u64,
    /// The changes of each run since the previous one; for the first run, a summary of its design.
    #[serde(skip)]
    design_texts: Vec<DesignText>,
    /// Number of runs when last shown.
    #[serde(skip)]
    runs: usize,
    #[serde(skip)]
    page: PageView,
}

/// Shows the table, or the page of a run, in the available space.
pub fn runs_ui(ui: &mut Ui, input: &RunsInput<'_>, table: &mut RunsTable, view: &mut RunsView) -> RunsOutput {
    let mut output = RunsOutput::default();
    if input.runs.is_empty() {
        advice_ui(
            ui,
            "No runs yet",
            "Train the network: every run is listed here with its design, to compare and resume.",
        );
        return output;
    }
    let paged = table.page.as_mut().and_then(|page| {
        let run = input.runs.iter().find(|run| run.id == page.run)?;
        Some((*run, page.focus.take()))
    });
    if let Some((run, focus)) = paged {
        let shown = page_ui(ui, run, input.data, focus, &mut view.page);
        output.action = shown.action;
        output.caption = shown.caption.map(|caption| (run.id, caption));
        if shown.close {
            table.page = None;
        }
        return output;
    }
    let stamp = stamp_of(input.runs.iter().map(|run| (run.id, run.started_unix_secs)).collect::<Vec<_>>());
    if view.stamp != stamp || view.design_texts.len() != input.runs.len() {
        (view.stamp, view.design_texts) = (stamp, design_texts(input.runs));
    }
    let columns = table.columns.clone().unwrap_or_else(|| automatic(ui.available_width(), input.runs));
    let needed: f32 = columns
        .iter()
        .chain([&RunColumn::Run, &RunColumn::Changes])
        .fold(BUTTONS_PX, |sum, column| sum + width(column, input.runs) + ui.spacing().item_spacing.x);
    if table.columns.is_some() && needed > ui.available_width() {
        // Columns chosen by the user are shown even if the view is narrow.
        ScrollArea::horizontal().id_salt("runs").auto_shrink([false, false]).show(ui, |ui| {
            ui.set_min_width(needed);
            rows_ui(ui, input, &columns, table, view, &mut output);
        });
    } else {
        rows_ui(ui, input, &columns, table, view, &mut output);
    }
    output
}

fn rows_ui(
    ui: &mut Ui,
    input: &RunsInput<'_>,
    columns: &[RunColumn],
    settings: &mut RunsTable,
    view: &mut RunsView,
    output: &mut RunsOutput,
) {
    // A selected row is painted slightly wider than its cells.
    ui.shrink_clip_rect(ui.max_rect());
    ui.visuals_mut().selection.bg_fill = color(palette(ui).raised);
    let is_listed = |run: &Run| settings.shows_hidden || !run.caption.is_hidden;
    let listed = (0..input.runs.len()).filter(|row| is_listed(input.runs[*row])).collect();
    let rows = ordered(listed, settings.is_descending, |row| {
        if settings.sort == RunColumn::Changes {
            view.design_texts.get(row).map_or(Key::Missing, |design_text| Key::text(&design_text.text()))
        } else {
            cell(&settings.sort, input.runs[row]).key
        }
    });
    let mut table = TableBuilder::new(ui)
        .id_salt("runs")
        .striped(false)
        .auto_shrink([false, false])
        .min_scrolled_height(0.0)
        .sense(Sense::click())
        .cell_layout(Layout::left_to_right(Align::Center))
        .column(Column::exact(width(&RunColumn::Run, input.runs)))
        .column(Column::remainder().at_least(width(&RunColumn::Changes, input.runs)).clip(true));
    for column in columns {
        table = table.column(Column::exact(width(column, input.runs)));
    }
    let mut table = table.column(Column::exact(BUTTONS_PX));
    if view.runs < input.runs.len() {
        // The newest run is the one just started.
        let newest = rows.iter().position(|row| row + 1 == input.runs.len());
        table = table.scroll_to_row(newest.unwrap_or(0), Some(Align::Center));
    }
    view.runs = input.runs.len();
    let design_texts = &view.design_texts;
    table.header(HEADER_PX, |mut header| header_ui(&mut header, input, columns, settings)).body(|body| {
        body.rows(26.0, rows.len(), |mut line| {
            let Some((run, design_text)) =
                rows.get(line.index()).map(|row| (input.runs[*row], design_texts.get(*row)))
            else {
                return;
            };
            line.set_selected(input.selected == Some(run.id));
            row_ui(&mut line, input, run, design_text, columns, output);
            let response = line.response();
            if response.clicked() && output.action.is_none() {
                output.action = Some(RunAction::Select(run.id));
            }
            if response.double_clicked() {
                output.action = Some(RunAction::Page(run.id));
            }
            response.context_menu(|ui| output.action = menu_ui(ui, run).or(output.action));
        });
    });
}

fn header_ui(
    header: &mut TableRow<'_, '_>,
    input: &RunsInput<'_>,
    columns: &[RunColumn],
    settings: &mut RunsTable,
) {
    header.col(|ui| {
        ui.add_space(12.0);
        head_ui(ui, &RunColumn::Run, settings);
    });
    header.col(|ui| {
        right(ui, |ui| {
            // If there is space next to the title.
            if ui.available_width() > 150.0 {
                hidden_ui(ui, input, settings);
            }
            if ui.available_width() > 70.0 {
                let button = text_button_ui(ui, "columns").on_hover_text("Choose the columns of the table");
                let popup = Popup::from_toggle_button_response(&button);
                let popup = popup.close_behavior(PopupCloseBehavior::CloseOnClickOutside);
                popup.show(|ui| columns_ui(ui, input, columns, settings));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                head_ui(ui, &RunColumn::Changes, settings);
            });
        });
    });
    for column in columns {
        header.col(|ui| right(ui, |ui| head_ui(ui, column, settings)));
    }
    header.col(|ui| {
        right(ui, |ui| {
            ui.add_space(6.0);
            ui.add(Label::new(RichText::new("compare").size(11.0).color(color(palette(ui).dim))).truncate());
        });
    });
    header.response().context_menu(|ui| columns_ui(ui, input, columns, settings));
}

/// The title of a column; a click sorts by it.
fn head_ui(ui: &mut Ui, column: &RunColumn, settings: &mut RunsTable) {
    // If it were taller than the header, the title would be lower than the other texts there.
    ui.spacing_mut().interact_size.y = HEADER_PX;
    let p = palette(ui);
    let is_sorted = settings.sort == *column;
    let name = name(column);
    let (text, order) = match (is_sorted, settings.is_descending) {
        (true, true) => (format!("{name} ↓"), ", sorted from the largest"),
        (true, false) => (format!("{name} ↑"), ", sorted from the smallest"),
        (false, _) => (name.clone(), ""),
    };
    let text = RichText::new(text).size(11.0).color(color(if is_sorted { p.text } else { p.dim }));
    let response = ui.add(Button::new(text).frame(false).truncate());
    let response = named(response, format!("sort by {name}{order}"));
    if response.on_hover_text(about(column)).clicked() {
        settings.sort_by(column);
    }
}

/// A button that shows hidden runs, labelled with their number.
fn hidden_ui(ui: &mut Ui, input: &RunsInput<'_>, settings: &mut RunsTable) {
    let count = input.runs.iter().filter(|run| run.caption.is_hidden).count();
    if count > 0 {
        let chip = chip_ui(ui, settings.shows_hidden, &format!("{count} hidden"));
        if chip.on_hover_text("List hidden runs too").clicked() {
            settings.shows_hidden = !settings.shows_hidden;
        }
    }
}

/// The columns to choose from.
fn columns_ui(ui: &mut Ui, input: &RunsInput<'_>, shown: &[RunColumn], settings: &mut RunsTable) {
    ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
        let mut is_automatic = settings.columns.is_none();
        if ui.checkbox(&mut is_automatic, "As many as fit").changed() {
            settings.columns = if is_automatic { None } else { Some(shown.to_vec()) };
        }
        ui.separator();
        for column in RunColumn::ALWAYS.into_iter().chain(measured(input.runs)) {
            let mut on = shown.contains(&column);
            if ui.checkbox(&mut on, name(&column)).on_hover_text(about(&column)).changed() {
                settings.choose(&column, on, shown);
            }
        }
    });
}

fn row_ui(
    line: &mut TableRow<'_, '_>,
    input: &RunsInput<'_>,
    run: &Run,
    design_text: Option<&DesignText>,
    columns: &[RunColumn],
    output: &mut RunsOutput,
) {
    line.col(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.add_space(12.0);
        let p = palette(ui);
        let tint = p.run(run.id.0);
        let (dot, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
        ui.painter().circle_filled(dot.center(), 4.0, color(tint));
        let failed = matches!(run.status, Status::Failed(_));
        let tint = if failed {
            p.bad
        } else if run.caption.is_hidden {
            p.dim
        } else {
            p.text
        };
        let text = RichText::new(short(run)).size(12.0).color(color(tint));
        let name = named(ui.add(Button::new(text).frame(false).truncate()), row_name(run));
        if name.double_clicked() {
            output.action = Some(RunAction::Page(run.id));
        } else if name.clicked() {
            output.action = Some(RunAction::Select(run.id));
        }
        if let Status::Failed(reason) = &run.status {
            name.on_hover_text(visible_lines(reason));
        }
    });
    line.col(|ui| {
        if let Some(design_text) = design_text {
            let shown =
                ui.add(Label::new(design_job(ui, design_text)).truncate().show_tooltip_when_elided(false));
            let selected = input.runs.iter().find(|other| Some(other.id) == input.selected).copied();
            shown.on_hover_ui(|ui| design_ui(ui, run, design_text, selected));
        }
    });
    for column in columns {
        line.col(|ui| {
            right(ui, |ui| {
                let p = palette(ui);
                let cell = cell(column, run);
                let is_better = *column == RunColumn::Mse && beats_pca(run);
                let tint = if cell.is_old {
                    p.dim
                } else if is_better {
                    p.good
                } else {
                    p.text
                };
                let text = RichText::new(cell.text).size(12.0).color(color(tint));
                let hint = cell.hint.unwrap_or_else(|| about(column));
                ui.add(Label::new(text).truncate()).on_hover_text(visible_lines(&hint));
            });
        });
    }
    line.col(|ui| {
        right(ui, |ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            ui.add_space(6.0);
            let name = format!("actions of run {}", run.id);
            let menu = ui.menu_button("…", |ui| menu_ui(ui, run));
            output.action = menu.inner.flatten().or(output.action);
            named(menu.response, name);
            // The default outline is too pale for an unchecked box on the selected row.
            ui.visuals_mut().widgets.inactive.bg_stroke.color = color(palette(ui).faint);
            let mut compare = input.compared.contains(&run.id);
            let response = ui.add(Checkbox::without_text(&mut compare));
            let response = named(response, format!("compare run {}", run.id));
            if response.on_hover_text("Draw its loss beside the selected run's").changed() {
                output.action = Some(RunAction::Compare(run.id, compare));
            }
        });
    });
}

fn right(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    ui.with_layout(Layout::right_to_left(Align::Center), add);
}
