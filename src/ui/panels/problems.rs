//! Problems that block training, with their fixes.

use egui::{Align, Color32, Layout, RichText, ScrollArea, Ui};

use crate::check::{Problem, Severity};
use crate::ui::state::State;
use crate::ui::theme::{Tokens, tokens};
use crate::ui::widgets::button::secondary_ui;
use crate::ui::widgets::empty::empty_ui;

/// Shows every problem: clicking it selects its card, and its button fixes it.
pub fn problems_ui(ui: &mut Ui, state: &mut State) {
    let problems = state.derived.problems.clone();
    if problems.is_empty() {
        let text = if state.data.ready(&state.project.data).is_some() {
            "No problems: the design can be trained."
        } else {
            "No problems so far; shapes are checked once the data are loaded."
        };
        empty_ui(ui, text);
        return;
    }
    ScrollArea::vertical().auto_shrink(false).id_salt("problems").show(ui, |ui| {
        for problem in &problems {
            problem_ui(ui, state, problem, true);
        }
    });
}

/// One problem: icon, location, text, fix.
pub fn problem_ui(ui: &mut Ui, state: &mut State, problem: &Problem, with_place: bool) {
    let tokens = tokens(ui);
    ui.horizontal(|ui| {
        ui.set_min_height(26.0);
        ui.add_space(4.0);
        sign_ui(ui, problem.severity);
        if with_place {
            let place = RichText::new(problem.place.to_string()).size(12.0);
            if ui.link(place).on_hover_text("Go to the settings").clicked() {
                state.go_to(problem.place);
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            remedies_ui(ui, state, problem);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(
                    egui::Label::new(RichText::new(&problem.message).size(12.0).color(tokens.text)).wrap(),
                );
            });
        });
    });
}

/// A row of buttons, one per fix of a problem; the most likely fix is leftmost.
pub fn remedies_ui(ui: &mut Ui, state: &mut State, problem: &Problem) {
    let mut remedies = state.remedies(problem);
    if ui.layout().prefer_right_to_left() {
        remedies.reverse();
    }
    for remedy in remedies {
        if secondary_ui(ui, &remedy.label()).on_hover_text(remedy.tooltip()).clicked() {
            state.fix(problem.place, &remedy);
        }
    }
}

/// The dot of a severity.
pub fn sign_ui(ui: &mut Ui, severity: Severity) {
    let tokens = tokens(ui);
    let (rect, response) = ui.allocate_exact_size(egui::vec2(10.0, 10.0), egui::Sense::hover());
    ui.painter().circle_filled(rect.center(), 4.0, color(&tokens, severity));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, severity.to_string()));
}

/// The colour of a severity.
pub fn color(tokens: &Tokens, severity: Severity) -> Color32 {
    match severity {
        Severity::Error => tokens.bad,
        Severity::Warning => tokens.code,
        Severity::Info => tokens.accent,
    }
}
