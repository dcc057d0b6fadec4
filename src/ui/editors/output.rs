//! The forms of the output card and of the loss.

use egui::Ui;

use crate::project::{Loss, Output};
use crate::ui::theme::tokens;
use crate::ui::widgets::button::choices_ui;
use crate::ui::widgets::form::explain_ui;

/// The form of the output card.
pub fn output_ui(ui: &mut Ui, output: &mut Output, projects: bool) {
    super::layer::activation_ui(ui, &mut output.activation);
    let function = super::layer::formula(output.activation);
    let equation = if projects {
        format!("x' = f(W y + b),  f(a) = {function}")
    } else {
        format!("x' = f(y),  f(a) = {function}")
    };
    explain_ui(
        ui,
        &equation,
        "Brings the decoder back to the shape of the input. A sigmoid fits data in [0, 1].",
    );
}

/// The choice of a loss.
pub fn loss_ui(ui: &mut Ui, loss: &mut Loss) {
    let ring = tokens(ui).accent;
    let options: Vec<(Loss, &str)> = Loss::ALL.into_iter().map(|loss| (loss, loss.name())).collect();
    ui.scope(|ui| choices_ui(ui, loss, &options, 2, ring));
    let effect = match loss {
        Loss::SquaredError => {
            "Fits any data; large errors count most. With linear layers it finds the principal components."
        }
        Loss::BinaryCrossEntropy => {
            "For data in [0, 1] behind a sigmoid: every pixel is a probability. Sharper than squared error."
        }
    };
    explain_ui(ui, loss.equation(), effect);
}
