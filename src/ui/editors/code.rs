//! The form of the code.

use egui::Ui;

use crate::project::{Activation, Code};
use crate::ui::widgets::form::{explain_ui, number_ui};

/// The form of the code: how many numbers describe a sample. `projects`: whether it owns a projection.
pub fn code_ui(ui: &mut Ui, code: &mut Code, projects: bool, inputs: Option<usize>) {
    number_ui(
        ui,
        ("Units", "Numbers that describe a sample: all that passes the waist."),
        &mut code.units,
        0..=1 << 20,
        "",
    );
    ui.add_enabled_ui(projects, |ui| super::layer::activation_ui(ui, &mut code.activation)).response.on_disabled_hover_text(
        "The last encoder layer already has as many units: the code passes it through and owns no activation.",
    );
    let equation = if projects {
        format!("z = f(W x + b),  f(a) = {}", super::layer::formula(code.activation))
    } else {
        "z = x".to_owned()
    };
    let share = inputs
        .filter(|inputs| *inputs > 0 && code.units > 0)
        .map_or_else(String::new, |inputs| format!("{} of {inputs} numbers pass the waist. ", code.units));
    let effect = match (code.units, code.activation) {
        (2, _) => "Two numbers are a place on the latent plane, to be looked at directly.",
        (_, Activation::Linear) => "With linear units the code is free to take any value.",
        (_, _) => "What does not fit through here cannot be reconstructed.",
    };
    explain_ui(ui, &equation, &format!("{share}{effect}"));
}
