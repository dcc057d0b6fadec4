//! The header: which samples are shown and how, and the overall errors.

use egui::{ComboBox, Ui};

use super::super::parts::{PCA_IS_EXACT, chip_ui, epoch_ui, figure_ui, named, note_ui};
use super::super::set_choice::set_choice_ui;
use super::codes::MOST_CHANNELS;
use super::{ReconstructionsInput, ReconstructionsView};
use crate::project::{Shape, format_count, format_number, visible};
use crate::run::{EpochRecord, Run};
use crate::session::Order;
use crate::ui::state::{ResolvedSet, Set, SetChoice};
use crate::ui::widgets::header::{Row, Side};

/// Adds controls and numbers to the row; returns the name of the other data to remove.
pub(super) fn controls_ui(
    row: &mut Row<'_>,
    input: &ReconstructionsInput<'_>,
    view: &mut ReconstructionsView,
    choices: &[SetChoice],
) -> Option<String> {
    let run = input.run?;
    let is_of_set = view.is_of_set(choices) && input.resolved.is_some();
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
    if matches!(run.code_shape(), Shape::Image { .. }) {
        let about =
            format!("The channels of the codes as pictures: at most {MOST_CHANNELS}, those that vary most");
        if row.chip(Side::Left, view.has_code, "Code", &about) {
            view.has_code = !view.has_code;
        }
    }
    let corrupts = run.design.corruption.corrupts();
    if is_of_set && corrupts && is_other {
        let about = "The network gets these samples as they are, without the corruption of its training";
        note_ui(row, Side::Left, "corruption", "no corruption added", about);
    } else if is_of_set && corrupts {
        let about = "Corrupt the samples as in training";
        if row.chip(Side::Left, view.is_corrupted, "Corrupted", about) {
            view.is_corrupted = !view.is_corrupted;
        }
    }
    let data = input.resolved.as_ref().map(|resolved| &**resolved.data).or(input.data);
    if data.is_some_and(|data| data.shown().is_none()) {
        let about = "Show the numbers, coloured by error";
        if row.chip(Side::Left, view.has_numbers, "Numbers", about) {
            view.has_numbers = !view.has_numbers;
        }
    }
    match input.resolved.as_ref().filter(|_| is_of_set) {
        Some(resolved) => set_figures_ui(row, input, resolved, is_other, view.has_linear),
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

/// Shows the epoch of the weights used for a set, and its error or the progress of scoring.
fn set_figures_ui(
    row: &mut Row<'_>,
    input: &ReconstructionsInput<'_>,
    resolved: &ResolvedSet<'_>,
    is_other: bool,
    has_linear: bool,
) {
    let (known, all) = (resolved.scanned(input.scored), resolved.rows.len());
    let mut say = |name: &str, text: &str, about: &str| note_ui(row, Side::Right, name, text, about);
    let of = resolved.order_stamp(Order::Data);
    let mean = input.scored.mean.filter(|mean| mean.0 == of).map(|mean| mean.1);
    let failed = input.scored.failure(resolved.subject.stamp());
    if let Some(failed) = failed {
        say("errors", "errors unknown", failed);
    } else if mean.is_none() && known < all {
        let text = format!("{} of {} scored", format_count(known), format_count(all));
        say("errors", &text, "The set is sorted once the errors of all samples are computed");
    }
    let about = "These samples are shown with the weights after this epoch";
    say("weights", &format!("weights of epoch {}", resolved.epoch), about);
    let corrupts = resolved.run.design.corruption.corrupts();
    let given = if is_other && corrupts {
        " to the given samples"
    } else if resolved.subject.is_corrupted {
        ", corrupted input"
    } else if corrupts {
        ", clean input"
    } else {
        ""
    };
    if let Some(mean) = mean {
        figure_ui(row, &format!("MSE{given}"), &format_number(mean));
    }
    if has_linear && !resolved.run.has_baseline() {
        no_baseline_ui(row);
    } else if let Some(mean) = resolved.linear_error(input.scored).filter(|_| has_linear) {
        figure_ui(row, &format!("PCA MSE{given}"), &format_number(mean));
    }
    if let Some(record) = record_at(resolved.run, Some(resolved.epoch)).filter(|_| is_other) {
        // Reference for the errors of other data.
        let name = if record.validation.is_none() { "training MSE" } else { "validation MSE" };
        figure_ui(row, name, &format_number(record.mse));
    }
}

/// Shows the errors of the run and of PCA.
fn watched_figures_ui(row: &mut Row<'_>, input: &ReconstructionsInput<'_>, run: &Run) {
    let record = record_at(run, input.epoch);
    epoch_ui(row, input.epoch);
    // Both errors are for clean input, even if the pictures below show corrupted input.
    let input = if run.design.corruption.corrupts() { ", clean input" } else { "" };
    if let Some(record) = record {
        let name = if record.validation.is_none() { "training MSE" } else { "validation MSE" };
        figure_ui(row, &format!("{name}{input}"), &format_number(record.mse));
    }
    if !run.has_baseline() {
        no_baseline_ui(row);
    } else if let Some(pca) = run.pca_mse {
        figure_ui(row, &format!("PCA MSE{input}"), &format_number(pca));
    }
}

/// Shows why there is no PCA error.
fn no_baseline_ui(row: &mut Row<'_>) {
    note_ui(row, Side::Right, "no PCA", "no PCA: the code is as wide as the input", PCA_IS_EXACT);
}

/// The newest record up to `epoch`; for `None`, the newest of all.
fn record_at(run: &Run, epoch: Option<u32>) -> Option<&EpochRecord> {
    let epochs = &run.history.epochs;
    let after = epoch.map_or(epochs.len(), |epoch| epochs.partition_point(|record| record.epoch <= epoch));
    epochs.get(after.checked_sub(1)?)
}
