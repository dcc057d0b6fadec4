//! The form of the corruption.

use egui::Ui;

use crate::project::Corruption;
use crate::ui::theme::tokens;
use crate::ui::widgets::button::choices_ui;
use crate::ui::widgets::form::{explain_ui, number_ui, slider_ui};

/// The form of the corruption: its kind and strength.
pub fn corruption_ui(ui: &mut Ui, corruption: &mut Corruption) {
    let ring = tokens(ui).accent;
    let options: Vec<(Corruption, &str)> =
        Corruption::ALL.into_iter().map(|kind| (kind, short(kind))).collect();
    let same = |a: &Corruption, b: &Corruption| a.name() == b.name();
    ui.scope(|ui| choices_ui(ui, corruption, &options, 2, ring, same));
    let (equation, effect) = match corruption {
        Corruption::None => return,
        Corruption::Gaussian { std } => {
            slider_ui(
                ui,
                ("Deviation", "Standard deviation of the noise, in units of the scaled values."),
                std,
                0.0..=1.5,
                false,
            );
            ("x̃ = x + σ ε,  ε ~ N(0, 1)", "Adds noise to the input; the network learns to remove it.")
        }
        Corruption::Masking { probability } => {
            probability_ui(ui, probability);
            (
                "x̃ = m · x,  m = 0 with probability p",
                "Sets features to 0; the network learns to restore them from the others.",
            )
        }
        Corruption::SaltAndPepper { probability } => {
            probability_ui(ui, probability);
            (
                "x̃ = min or max with probability p",
                "Sets features to the smallest or largest value; the network learns to ignore them.",
            )
        }
        Corruption::Pixelate { size } => {
            number_ui(ui, ("Block", "Side of the blocks in pixels."), size, 1..=64, "px");
            ("x̃ = mean of each block", "Removes fine detail; the network learns super-resolution.")
        }
        Corruption::Blur { std } => {
            slider_ui(ui, ("Deviation", "Standard deviation of the blur, in pixels."), std, 0.0..=5.0, false);
            ("x̃ = G * x,  G a Gaussian", "Blurs the picture; the network learns to sharpen it.")
        }
        Corruption::MissingRectangle { side } => {
            slider_ui(
                ui,
                ("Side", "Sides of the rectangle, as a fraction of the picture's."),
                side,
                0.0..=1.0,
                false,
            );
            ("x̃ = min inside a rectangle", "Erases a random rectangle; the network learns inpainting.")
        }
    };
    explain_ui(ui, equation, effect);
}

fn probability_ui(ui: &mut Ui, probability: &mut f32) {
    let field = ("Probability", "Fraction of the features that are changed.");
    slider_ui(ui, field, probability, 0.0..=1.0, false);
}

fn short(corruption: Corruption) -> &'static str {
    match corruption {
        Corruption::None => "None",
        Corruption::Gaussian { .. } => "Gaussian",
        Corruption::Masking { .. } => "Masking",
        Corruption::SaltAndPepper { .. } => "Salt and pepper",
        Corruption::Pixelate { .. } => "Pixelate",
        Corruption::Blur { .. } => "Blur",
        Corruption::MissingRectangle { .. } => "Rectangle",
    }
}
