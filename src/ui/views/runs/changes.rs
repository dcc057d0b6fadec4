//! The changes in each run relative to the previous one.

use egui::text::LayoutJob;
use egui::{Align, RichText, Ui};

use super::super::differences::{Difference, brief, run_difference};
use crate::run::{Run, RunId};
use crate::ui::plots::{color, palette};

/// The description of a run's design in its row.
#[derive(Clone, Debug)]
pub enum DesignText {
    /// A summary of the design, if there is no previous run.
    First(String),
    /// The previous run, and the differences from it.
    Since(RunId, Difference),
}

impl DesignText {
    /// The text, also used as the sort key.
    pub fn text(&self) -> String {
        match self {
            DesignText::First(brief) => brief.clone(),
            DesignText::Since(_, difference) => difference.changes_text(),
        }
    }
}

/// The changes in every run relative to the previous one.
pub fn design_texts(runs: &[&Run]) -> Vec<DesignText> {
    let first = runs.first().map(|run| DesignText::First(brief(&run.design)));
    let since = runs.windows(2).map(|pair| DesignText::Since(pair[0].id, run_difference(pair[0], pair[1])));
    first.into_iter().chain(since).collect()
}

/// One line: changes in normal text, followed by unchanged parts in weak text.
pub fn design_job(ui: &Ui, design_text: &DesignText) -> LayoutJob {
    let p = palette(ui);
    let mut job = LayoutJob::default();
    let style = ui.style();
    let mut add = |text: &str, tint| {
        let text = RichText::new(text).size(12.0).color(color(tint));
        text.append_to(&mut job, style, egui::FontSelection::Default, Align::Center);
    };
    match design_text {
        DesignText::First(brief) => {
            add("The first run", p.text);
            add(&format!(" · {brief}"), p.dim);
        }
        DesignText::Since(before, difference) if difference.changes.is_empty() => {
            add(&format!("Nothing: same design and data as run {before}"), p.dim);
        }
        DesignText::Since(_, difference) => {
            add(&difference.changes_text(), p.text);
            if !difference.same.is_empty() {
                add(&format!(" · {}", difference.same_text()), p.dim);
            }
        }
    }
    job
}

/// A full comparison of a run's design with those of the previous and the selected run.
pub fn design_ui(ui: &mut Ui, run: &Run, design_text: &DesignText, selected: Option<&Run>) {
    let before = match design_text {
        DesignText::First(brief) => {
            ui.label(brief);
            None
        }
        DesignText::Since(before, difference) => {
            difference_ui(ui, *before, difference);
            Some(*before)
        }
    };
    if let Some(selected) = selected.filter(|other| other.id != run.id && Some(other.id) != before) {
        ui.add_space(6.0);
        difference_ui(ui, selected.id, &run_difference(selected, run));
    }
}

fn difference_ui(ui: &mut Ui, other: RunId, difference: &Difference) {
    let p = palette(ui);
    let text = |text: String, tint| RichText::new(text).size(12.0).color(color(tint));
    ui.label(text(format!("Compared with run {other}"), p.dim));
    for change in &difference.changes {
        ui.label(text(change.clone(), p.text));
    }
    if !difference.same.is_empty() {
        ui.label(text(difference.same_text(), p.dim));
    }
}
