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
        "Brings the decoder back to the shape of the input. A sigmoid fits data in [0, 1].",
    );
}

/// The choice of a loss; `is_binary`: whether the data are all 0 or 1, where that is known. Gives the
/// loss that was chosen instead.
pub fn loss_ui(ui: &mut Ui, loss: &mut Loss, is_binary: Option<bool>) -> Option<Loss> {
    let ring = tokens(ui).accent;
    let options: Vec<(Loss, &str)> = Loss::ALL.into_iter().map(|loss| (loss, loss.name())).collect();
    let same = |a: &Loss, b: &Loss| a.name() == b.name();
    let mut chosen = *loss;
    ui.scope(|ui| choices_ui(ui, &mut chosen, &options, 2, ring, same));
    if let Loss::Gaussian { variance: Variance::Fixed { std } } = loss {
        let field =
            ("Deviation", "How far a value may lie from its reconstruction, in units of the scaled data: σ.");
        slider_ui(ui, field, std, 0.001..=10.0, true);
    }
    if let Loss::Huber { delta } = loss {
        let field =
            ("δ", "Errors up to δ count squared, larger ones count linearly; in units of the scaled data.");
        slider_ui(ui, field, delta, 0.001..=10.0, true);
    }
    let effect = match loss {
        Loss::SquaredError => {
            "Fits any data; large errors count most. With linear layers it finds the principal components."
        }
        Loss::BinaryCrossEntropy => match is_binary {
            Some(true) => {
                "The data are all 0 or 1, so this is the likelihood of a Bernoulli distribution for each pixel, in nats."
            }
            Some(false) => {
                "For data in [0, 1] behind a sigmoid; sharper than squared error. These data are grey, so the figure is no likelihood: compare it with runs on the same data only, or binarise them."
            }
            None => {
                "For data in [0, 1] behind a sigmoid: every pixel is a probability. Sharper than squared error."
            }
        },
        Loss::AbsoluteError => {
            "Fits any data. Outliers count little; reconstructions tend to medians. Up to a constant, this is the negative log-likelihood of a Laplace distribution of scale 1."
        }
        Loss::Huber { .. } => {
            "Half the squared error for small errors, δ times the absolute error for large ones: outliers count little. Not a likelihood in nats."
        }
        Loss::Gaussian { variance: Variance::Fixed { .. } } => {
            "A likelihood in nats: the smaller σ, the more the error counts against what shapes the code."
        }
        Loss::Gaussian { variance: Variance::Learned } => {
            "A likelihood in nats whose one σ settles where it explains the errors best."
        }
    };
    explain_ui(ui, loss.equation(), effect);
    (chosen.name() != loss.name()).then_some(chosen)
}
