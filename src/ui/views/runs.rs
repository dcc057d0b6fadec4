//! The table of runs: what differs between them, how far they are, how well they do.

use egui::{Align, Button, Checkbox, Label, Layout, RichText, Sense, Ui, text::LayoutJob, vec2};
use egui_extras::{Column, TableBuilder, TableRow};
use serde::{Deserialize, Serialize};

use super::differences::{Difference, brief, run_difference};
use super::parts::{advice_ui, named};
use crate::project::{format_number, format_secs, visible_lines};
use crate::run::{Losses, Run, RunId, Status};
use crate::ui::plots::{color, palette, stamp_of};
use crate::ui::state::RunAction;

/// What the view shows.
#[derive(Clone, Copy)]
pub struct RunsInput<'a> {
    /// All runs of the project; the newest is shown first.
    pub runs: &'a [&'a Run],
    /// The selected run.
    pub selected: Option<RunId>,
    /// Runs chosen for comparison.
    pub compared: &'a [RunId],
}

/// What a person asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunsOutput {
    /// The wish, if there was one.
    pub action: Option<RunAction>,
}

/// How the view stands.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RunsView {
    #[serde(skip)]
    stamp: u64,
    /// What each run changed since the one before it; the first one's design in brief.
    #[serde(skip)]
    told: Vec<Told>,
    /// Runs there were when it was last shown.
    #[serde(skip)]
    runs: usize,
}

/// What a row says of a run's design.
#[derive(Clone, Debug)]
enum Told {
    /// There is no run before it: its design, in brief.
    First(String),
    /// The run before it, and what is different since.
    Since(RunId, Difference),
}

/// A column of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Figure {
    Epoch,
    Train,
    Validation,
    Mse,
    Pca,
    Time,
}

impl Figure {
    /// The columns there is room for.
    fn for_width(width: f32) -> &'static [Figure] {
        use Figure::{Epoch, Mse, Pca, Time, Train, Validation};
        match width {
            w if w >= 920.0 => &[Epoch, Train, Validation, Mse, Pca, Time],
            w if w >= 660.0 => &[Epoch, Train, Validation, Mse],
            w if w >= 480.0 => &[Epoch, Validation],
            _ => &[Validation],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Figure::Epoch => "epoch",
            Figure::Train => "train",
            Figure::Validation => "validation",
            Figure::Mse => "MSE",
            Figure::Pca => "PCA MSE",
            Figure::Time => "time",
        }
    }

    fn hint(self) -> Option<&'static str> {
        match self {
            Figure::Epoch | Figure::Time => None,
            Figure::Train => Some("Loss on the training split, summed over features"),
            Figure::Validation => Some("Loss on the validation split, summed over features"),
            Figure::Mse => {
                Some("Squared error per feature on the validation split; green where it beats PCA")
            }
            Figure::Pca => Some("Squared error per feature of PCA with the same code size"),
        }
    }

    fn text(self, run: &Run) -> String {
        let last = run.history.epochs.last();
        let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), format_number);
        match self {
            Figure::Epoch => format!("{}/{}", last.map_or(0, |record| record.epoch), run.epochs),
            Figure::Train => number(last.map(|record| record.train.total())),
            Figure::Validation => {
                number(last.and_then(|record| record.validation.as_ref()).map(Losses::total))
            }
            Figure::Mse => number(last.map(|record| record.mse)),
            Figure::Pca => number(run.pca_mse),
            Figure::Time => format_secs(run.seconds),
        }
    }
}

fn beats_pca(run: &Run) -> bool {
    let mse = run.history.epochs.last().map(|record| record.mse);
    mse.zip(run.pca_mse).is_some_and(|(mse, pca)| mse < pca)
}

/// Shows the table in all the room there is.
pub fn runs_ui(ui: &mut Ui, input: &RunsInput<'_>, view: &mut RunsView) -> RunsOutput {
    let mut output = RunsOutput::default();
    if input.runs.is_empty() {
        advice_ui(
            ui,
            "No runs yet",
            "Train the network: every training stays here with its design, to compare and resume.",
        );
        return output;
    }
    let stamp = stamp_of(input.runs.iter().map(|run| (run.id, run.started_unix_secs)).collect::<Vec<_>>());
    if view.stamp != stamp || view.told.len() != input.runs.len() {
        (view.stamp, view.told) = (stamp, told(input.runs));
    }
    let p = palette(ui);
    // A selected row is painted a little wider than its cells.
    ui.shrink_clip_rect(ui.max_rect());
    ui.visuals_mut().selection.bg_fill = color(p.raised);
    let figures = Figure::for_width(ui.available_width());
    let selected = input.runs.iter().position(|run| Some(run.id) == input.selected);
    let table = TableBuilder::new(ui)
        .id_salt("runs")
        .striped(false)
        .auto_shrink([false, false])
        .min_scrolled_height(0.0)
        .sense(Sense::click())
        .cell_layout(Layout::left_to_right(Align::Center))
        .column(Column::exact(132.0))
        .column(Column::remainder().at_least(80.0).clip(true))
        .columns(Column::exact(82.0), figures.len());
    let mut table = table.column(Column::exact(76.0));
    if view.runs < input.runs.len() {
        // The newest stands on top: it is what was just asked for.
        table = table.scroll_to_row(0, Some(Align::TOP));
    }
    view.runs = input.runs.len();
    table
        .header(22.0, |mut header| {
            let head = |ui: &mut Ui, text: &str| {
                ui.add(Label::new(RichText::new(text).size(11.0).color(color(p.dim))).truncate());
            };
            header.col(|ui| {
                ui.add_space(12.0);
                head(ui, "run");
            });
            header.col(|ui| head(ui, "what differs from the run before"));
            for figure in figures {
                header.col(|ui| right(ui, |ui| head(ui, figure.name())));
            }
            header.col(|ui| {
                right(ui, |ui| {
                    ui.add_space(6.0);
                    head(ui, "compare");
                });
            });
        })
        .body(|body| {
            body.rows(26.0, input.runs.len(), |mut line| {
                let index = input.runs.len() - 1 - line.index();
                line.set_selected(selected == Some(index));
                row_ui(&mut line, input, index, view.told.get(index), figures, &mut output);
                let response = line.response();
                if response.clicked() && output.action.is_none() {
                    output.action = Some(RunAction::Select(input.runs[index].id));
                }
                response.context_menu(|ui| menu_ui(ui, input.runs[index], &mut output));
            });
        });
    output
}

fn row_ui(
    line: &mut TableRow<'_, '_>,
    input: &RunsInput<'_>,
    index: usize,
    told: Option<&Told>,
    figures: &[Figure],
    output: &mut RunsOutput,
) {
    let run = input.runs[index];
    line.col(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.add_space(12.0);
        let p = palette(ui);
        let tint = p.run(run.id.0);
        let (dot, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
        ui.painter().circle_filled(dot.center(), 4.0, color(tint));
        let failed = matches!(run.status, Status::Failed(_));
        let text = RichText::new(format!("{} {}", run.id, run.status.word())).size(12.0);
        let text = text.color(color(if failed { p.bad } else { p.text }));
        let mut name = ui.add(Button::new(text).frame(false).truncate());
        name = named(name, format!("run {} {}", run.id, run.status.word()));
        if name.clicked() {
            output.action = Some(RunAction::Select(run.id));
        }
        if let Status::Failed(reason) = &run.status {
            name.on_hover_text(visible_lines(reason));
        }
    });
    line.col(|ui| {
        if let Some(told) = told {
            let shown = ui.add(Label::new(told_job(ui, told)).truncate().show_tooltip_when_elided(false));
            shown.on_hover_ui(|ui| told_ui(ui, input, run, told));
        }
    });
    for figure in figures {
        line.col(|ui| {
            right(ui, |ui| {
                let better = *figure == Figure::Mse && beats_pca(run);
                let p = palette(ui);
                let tint = color(if better { p.good } else { p.text });
                let shown = ui.label(RichText::new(figure.text(run)).size(12.0).color(tint));
                if let Some(hint) = figure.hint() {
                    shown.on_hover_text(hint);
                }
            });
        });
    }
    line.col(|ui| {
        right(ui, |ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            ui.add_space(6.0);
            let name = format!("actions of run {}", run.id);
            let menu = ui.menu_button("…", |ui| menu_ui(ui, run, output));
            named(menu.response, name);
            // The outline of other widgets is too pale for an empty box on the selected row.
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

/// What every run changed since the one before it.
fn told(runs: &[&Run]) -> Vec<Told> {
    let first = runs.first().map(|run| Told::First(brief(&run.design)));
    let since = runs.windows(2).map(|pair| Told::Since(pair[0].id, run_difference(pair[0], pair[1])));
    first.into_iter().chain(since).collect()
}

/// One line: the changes in full strength, then what stayed as it was.
fn told_job(ui: &Ui, told: &Told) -> LayoutJob {
    let p = palette(ui);
    let mut job = LayoutJob::default();
    let style = ui.style();
    let mut add = |text: &str, tint| {
        let text = RichText::new(text).size(12.0).color(color(tint));
        text.append_to(&mut job, style, egui::FontSelection::Default, Align::Center);
    };
    match told {
        Told::First(brief) => {
            add("The first run", p.text);
            add(&format!(" · {brief}"), p.dim);
        }
        Told::Since(before, difference) if difference.changes.is_empty() => {
            add(&format!("Nothing: the design and data of run {before} once more"), p.dim);
        }
        Told::Since(_, difference) => {
            add(&difference.changes_text(), p.text);
            if !difference.same.is_empty() {
                add(&format!(" · {}", difference.same_text()), p.dim);
            }
        }
    }
    job
}

/// Everything about a run's design against the run before it, and against the selected one.
fn told_ui(ui: &mut Ui, input: &RunsInput<'_>, run: &Run, told: &Told) {
    let before = match told {
        Told::First(brief) => {
            ui.label(brief);
            None
        }
        Told::Since(before, difference) => {
            difference_ui(ui, *before, difference);
            Some(*before)
        }
    };
    let selected = input.runs.iter().find(|other| Some(other.id) == input.selected);
    if let Some(selected) = selected.filter(|other| other.id != run.id && Some(other.id) != before) {
        ui.add_space(6.0);
        difference_ui(ui, selected.id, &run_difference(selected, run));
    }
}

fn difference_ui(ui: &mut Ui, other: RunId, difference: &Difference) {
    let p = palette(ui);
    let text = |text: String, tint| RichText::new(text).size(12.0).color(color(tint));
    ui.label(text(format!("Against run {other}"), p.dim));
    for change in &difference.changes {
        ui.label(text(change.clone(), p.text));
    }
    if !difference.same.is_empty() {
        ui.label(text(difference.same_text(), p.dim));
    }
}

fn menu_ui(ui: &mut Ui, run: &Run, output: &mut RunsOutput) {
    let idle = matches!(run.status, Status::Stopped | Status::Done | Status::Failed(_));
    let trained = run.checkpoint.is_some();
    let actions = [
        (true, "Restore design", RunAction::RestoreDesign(run.id)),
        (trained && run.status == Status::Stopped, "Resume", RunAction::Resume(run.id)),
        (trained && run.status == Status::Done, "Train more epochs…", RunAction::TrainMore(run.id)),
        (idle || run.status == Status::Queued, "Remove…", RunAction::Remove(run.id)),
    ];
    for (enabled, name, action) in actions {
        if ui.add_enabled(enabled, Button::new(name)).clicked() {
            output.action = Some(action);
            ui.close();
        }
    }
}
