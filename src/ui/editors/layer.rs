//! The form of a layer.

use egui::Ui;

use crate::project::{Activation, Layer};
use crate::ui::theme::tokens;
use crate::ui::widgets::button::choices_by_ui;
use crate::ui::widgets::form::{combo_ui, explain_ui, number_ui, slider_ui};

/// Largest number of units the field offers; `check` judges it.
const MOST_UNITS: usize = 1 << 20;

/// The form of a layer: its kind, its settings, and what it computes.
pub fn layer_ui(ui: &mut Ui, layer: &mut Layer) {
    let ring = tokens(ui).accent;
    let kinds: Vec<(Layer, &str)> = Layer::ALL.into_iter().map(|kind| (kind.clone(), name(&kind))).collect();
    let same = |a: &Layer, b: &Layer| a.name() == b.name();
    ui.scope(|ui| choices_by_ui(ui, layer, &kinds, 3, ring, same));
    match layer {
        Layer::Dense { units, activation } => {
            number_ui(ui, ("Units", "Numbers the layer puts out."), units, 0..=MOST_UNITS, "");
            activation_ui(ui, activation);
        }
        Layer::Dropout { rate } => {
            slider_ui(
                ui,
                ("Rate", "Probability that a feature is silenced in a step of training."),
                rate,
                0.0..=0.95,
                false,
            );
        }
    }
    let (equation, effect) = explanation(layer);
    explain_ui(ui, &equation, &effect);
}

/// The choice of an activation.
pub fn activation_ui(ui: &mut Ui, activation: &mut Activation) {
    combo_ui(
        ui,
        ("Activation", "The bend behind the linear map."),
        activation,
        &Activation::ALL,
        |activation| activation.name().to_owned(),
    );
}

/// `f(a)` of an activation, in plain symbols.
pub fn formula(activation: Activation) -> &'static str {
    match activation {
        Activation::Linear => "a",
        Activation::Relu => "max(0, a)",
        Activation::LeakyRelu => "max(0.01 a, a)",
        Activation::Elu => "a if a > 0, else exp(a) − 1",
        Activation::Gelu => "a · Φ(a)",
        Activation::Silu => "a · σ(a)",
        Activation::Sigmoid => "1 / (1 + exp(−a))",
        Activation::Tanh => "tanh a",
        Activation::Softplus => "log(1 + exp(a))",
    }
}

fn explanation(layer: &Layer) -> (String, String) {
    match layer {
        Layer::Dense { activation, .. } => {
            let effect = match activation {
                Activation::Linear => {
                    "A linear map: without a bend it can only turn, stretch and drop directions."
                }
                Activation::Relu => {
                    "Every unit looks for one pattern in all inputs and stays silent where it is absent."
                }
                Activation::LeakyRelu => "As ReLU, but silent units still learn a little.",
                Activation::Elu | Activation::Gelu | Activation::Silu | Activation::Softplus => {
                    "Bends smoothly: gradients reach units that ReLU would leave dead."
                }
                Activation::Sigmoid => "Puts out a number between 0 and 1; gradients vanish far from 0.",
                Activation::Tanh => "Puts out a number between −1 and 1; gradients vanish far from 0.",
            };
            (format!("y = f(W x + b),  f(a) = {}", formula(*activation)), effect.to_owned())
        }
        Layer::Dropout { rate } => (
            "y = m · x / (1 − p),  m = 0 with probability p".to_owned(),
            format!(
                "Silences {:.0} % of the features at random while training, so that none can be relied on alone.",
                rate * 100.0
            ),
        ),
    }
}

fn name(layer: &Layer) -> &'static str {
    match layer {
        Layer::Dense { .. } => "Dense",
        Layer::Dropout { .. } => "Dropout",
    }
}
