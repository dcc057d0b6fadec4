//! The forms of the output card and of the loss.

use egui::Ui;

use crate::project::{Loss, Output, Variance};
use crate::ui::theme::tokens;
use crate::ui::widgets::button::choices_ui;
use crate::ui::widgets::form::{explain_ui, slider_ui};

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
        "Maps the decoder's output to the shape of the input. A sigmoid suits data in [0, 1].",
    );
}

/// The choice of a loss. `is_binary`: whether all data are 0 or 1, where known. Returns the loss
/// chosen instead.
pub fn loss_ui(ui: &mut Ui, loss: &mut Loss, is_binary: Option<bool>) -> Option<Loss> {
    let ring = tokens(ui).accent;
    let options: Vec<(Loss, &str)> = Loss::ALL.into_iter().map(|loss| (loss, loss.name())).collect();
    let same = |a: &Loss, b: &Loss| a.name() == b.name();
    let mut chosen = *loss;
    ui.scope(|ui| choices_ui(ui, &mut chosen, &options, 2, ring, same));
    if let Loss::Gaussian { variance: Variance::Fixed { std } } = loss {
        let field =
            ("Deviation", "Standard deviation σ of the reconstruction error, in units of the scaled data.");
        slider_ui(ui, field, std, 0.001..=10.0, true);
    }
    if let Loss::Huber { delta } = loss {
        let field =
            ("δ", "Errors up to δ are squared, larger ones count linearly; in units of the scaled data.");
        slider_ui(ui, field, delta, 0.001..=10.0, true);
    }
    let effect = match loss {
        Loss::SquaredError => {
            "Suits any data; large errors count most. With linear layers it finds the principal components."
        }
        Loss::BinaryCrossEntropy => match is_binary {
            Some(true) => {
                "The data are all 0 or 1, so this is the likelihood of a Bernoulli distribution for each pixel, in nats."
            }
            Some(false) => {
                "For data in [0, 1] with a sigmoid output; sharper than squared error. These data are grey, so the value is not a likelihood: compare it only between runs on the same data, or binarise the data."
            }
            None => {
                "For data in [0, 1] with a sigmoid output: every value is a probability. Sharper than squared error."
            }
        },
        Loss::AbsoluteError => {
            "Suits any data. Outliers count little; reconstructions tend towards medians. Up to a constant, this is the negative log-likelihood of a Laplace distribution of scale 1."
        }
        Loss::Huber { .. } => {
            "Half the squared error for small errors, δ times the absolute error for large ones: outliers count little. Not a likelihood in nats."
        }
        Loss::Gaussian { variance: Variance::Fixed { .. } } => {
            "A negative log-likelihood in nats: the smaller σ, the more the error counts relative to the penalty on the code."
        }
        Loss::Gaussian { variance: Variance::Learned } => {
            "A negative log-likelihood in nats with one learned σ, which settles at the root mean squared error."
        }
    };
    explain_ui(ui, loss.equation(), effect);
    (chosen.name() != loss.name()).then_some(chosen)
}
