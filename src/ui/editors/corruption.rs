//! The form of the corruption.

use egui::Ui;

use crate::project::Corruption;
use crate::ui::theme::tokens;
use crate::ui::widgets::button::choices_by_ui;
use crate::ui::widgets::form::{explain_ui, slider_ui};

/// The form of the corruption: its kind and how much of it.
pub fn corruption_ui(ui: &mut Ui, corruption: &mut Corruption) {
    let ring = tokens(ui).accent;
    let options: Vec<(Corruption, &str)> =
        Corruption::ALL.into_iter().map(|kind| (kind, short(kind))).collect();
    let same = |a: &Corruption, b: &Corruption| a.name() == b.name();
    ui.scope(|ui| choices_by_ui(ui, corruption, &options, 2, ring, same));
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
            ("x̃ = x + σ ε,  ε ~ N(0, 1)", "Blurs the input with noise; the network learns to take it away.")
        }
        Corruption::Masking { probability } => {
            slider_ui(
                ui,
                ("Probability", "Share of the features that are hit."),
                probability,
                0.0..=1.0,
                false,
            );
            (
                "x̃ = m · x,  m = 0 with probability p",
                "Blanks features; the network learns to fill them in from the others.",
            )
        }
        Corruption::SaltAndPepper { probability } => {
            slider_ui(
                ui,
                ("Probability", "Share of the features that are hit."),
                probability,
                0.0..=1.0,
                false,
            );
            ("x̃ = min or max with probability p", "Hits features hard; the network learns which to distrust.")
        }
    };
    explain_ui(ui, equation, effect);
}

fn short(corruption: Corruption) -> &'static str {
    match corruption {
        Corruption::None => "None",
        Corruption::Gaussian { .. } => "Gaussian",
        Corruption::Masking { .. } => "Masking",
        Corruption::SaltAndPepper { .. } => "Salt and pepper",
    }
}
