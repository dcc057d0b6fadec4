//! Remarks on a data set: how it was read, guesses, and excluded parts.

use egui::{Label, RichText, Ui};

use super::super::parts::chip_ui;
use crate::dataset::{Dataset, Doubt, ReadReport};
use crate::project::{Choice, Data, Rules, visible_lines};
use crate::ui::editors::source::NEW_RULES;
use crate::ui::plots::{color, palette};
use crate::ui::update::OLD_RULES;

/// Maximum number of remarks of a kind shown in full.
const MOST: usize = 5;
/// Maximum number of other remarks listed in a tooltip.
const MOST_POINTED_AT: usize = 30;

/// The summary of how the data were read, across the view.
pub(super) fn line_ui(ui: &mut Ui, read_report: &ReadReport) {
    if !read_report.line.is_empty() {
        let text = RichText::new(visible_lines(&read_report.line)).size(12.0).color(color(palette(ui).text));
        ui.add(Label::new(text).wrap().selectable(true));
        ui.add_space(8.0);
    }
}

/// Whether there is a choice to make.
pub(super) fn asks(data: &Dataset, design: &Data) -> bool {
    !data.doubts.is_empty() || design.has_old_rules()
}

/// Doubts with their fixes, and other reading rules. Returns the user's choice.
pub(super) fn doubts_and_rules_ui(ui: &mut Ui, data: &Dataset, design: &Data) -> Option<Choice> {
    let chosen = doubts_ui(ui, &data.doubts);
    rules_ui(ui, design).or(chosen)
}

/// Warnings and notes.
pub(super) fn summary_ui(ui: &mut Ui, data: &Dataset) {
    let p = palette(ui);
    list_ui(ui, &data.warnings, color(p.code));
    list_ui(ui, &data.read_report.notes, color(p.dim));
}

/// Doubts as warnings, each with its fixes. Returns the chosen fix.
fn doubts_ui(ui: &mut Ui, doubts: &[Doubt]) -> Option<Choice> {
    let mut chosen = None;
    let tint = color(palette(ui).code);
    for (number, doubt) in doubts.iter().enumerate().take(MOST) {
        remark_ui(ui, &doubt.message, tint);
        ui.push_id(("doubt", number), |ui| {
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing = egui::vec2(6.0, 4.0);
                for choice in &doubt.remedies {
                    let about =
                        format!("On the command line: {}\nCan be undone.", visible_lines(&choice.option()));
                    if chip_ui(ui, false, &choice.name()).on_hover_text(about).clicked() {
                        chosen = Some(choice.clone());
                    }
                }
            });
        });
        ui.add_space(2.0);
    }
    more_ui(ui, doubts.iter().map(|doubt| doubt.message.as_str()));
    chosen
}

fn rules_ui(ui: &mut Ui, design: &Data) -> Option<Choice> {
    if !design.has_old_rules() {
        return None;
    }
    remark_ui(ui, OLD_RULES, color(palette(ui).code));
    let choice = Choice::Rules(Rules::Current);
    chip_ui(ui, false, &choice.name()).on_hover_text(NEW_RULES).clicked().then_some(choice)
}

fn list_ui(ui: &mut Ui, texts: &[String], tint: egui::Color32) {
    for text in texts.iter().take(MOST) {
        remark_ui(ui, text, tint);
    }
    more_ui(ui, texts.iter().map(String::as_str));
}

fn remark_ui(ui: &mut Ui, text: &str, tint: egui::Color32) {
    let text = RichText::new(format!("• {}", visible_lines(text))).size(11.5).color(tint);
    ui.add(Label::new(text).wrap().selectable(true));
}

/// The number of remarks not shown in full, with a tooltip that lists some.
fn more_ui<'a>(ui: &mut Ui, texts: impl ExactSizeIterator<Item = &'a str>) {
    let more = texts.len().saturating_sub(MOST);
    if more > 0 {
        let text = RichText::new(format!("and {more} more")).size(11.5).color(color(palette(ui).dim));
        let listed: Vec<_> = texts.skip(MOST).take(MOST_POINTED_AT).map(visible_lines).collect();
        ui.label(text).on_hover_text(listed.join("\n"));
    }
}
