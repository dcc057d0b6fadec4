//! The forms of the regularizers of one card.

use egui::{RichText, Ui, vec2};

use crate::project::{Distance, Estimator, Over, Penalty, Regularizer, Site};
use crate::ui::theme::tokens;
use crate::ui::widgets::button::text_button_ui;
use crate::ui::widgets::form::{combo_ui, explain_ui, number_ui, section_ui, slider_ui};

/// The forms of the regularizers at `site`, and a menu to add others. Returns the one to add.
pub fn regularizers_ui(ui: &mut Ui, regularizers: &mut Vec<Regularizer>, site: Site) -> Option<Regularizer> {
    let (mut removed, mut added) = (None, None);
    for (index, regularizer) in regularizers.iter_mut().enumerate() {
        if regularizer.on == site {
            ui.push_id(("regularizer", index), |ui| {
                ui.add_space(2.0);
                section_ui(ui, title(regularizer.penalty), "added to the loss");
                regularizer_ui(ui, regularizer);
                let name = format!("Remove {}", title(regularizer.penalty));
                if text_button_ui(ui, &name).clicked() {
                    removed = Some(index);
                }
            });
        }
    }
    if let Some(index) = removed {
        regularizers.remove(index);
    }
    ui.label(RichText::new("Penalties").size(12.0).color(tokens(ui).dim));
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(2.0, 0.0);
        ui.spacing_mut().interact_size.y = 18.0;
        let offered = Regularizer::ALL.into_iter().filter(|kind| fits(kind.penalty, site));
        for kind in offered {
            let is_there =
                regularizers.iter().any(|own| own.on == site && own.penalty.name() == kind.penalty.name());
            let name = format!("+ {}", title(kind.penalty));
            if !is_there && text_button_ui(ui, &name).on_hover_text(effect(kind.penalty)).clicked() {
                added = Some(kind);
            }
        }
    });
    added
}

/// The form of one regularizer.
pub fn regularizer_ui(ui: &mut Ui, regularizer: &mut Regularizer) {
    let field = ("Weight", "Weight of the penalty in the loss.");
    slider_ui(ui, field, &mut regularizer.weight, 1e-6..=100.0, true);
    match &mut regularizer.penalty {
        Penalty::L1 | Penalty::L2 => {}
        Penalty::Sparsity { target, distance, over } => {
            slider_ui(ui, ("Target", "Target of the mean activation."), target, 0.001..=0.5, true);
            let field = (
                "Distance",
                "Distance between mean activation and target; KL needs activations between 0 and 1.",
            );
            combo_ui(ui, field, distance, &Distance::ALL, |distance| distance.name().to_owned());
            let field =
                ("Mean", "The mean is taken over samples for each unit, or over units for each sample.");
            combo_ui(ui, field, over, &Over::ALL, |over| over.name().to_owned());
        }
        Penalty::Contractive { estimator } => {
            let probes = if let Estimator::Probes(probes) = *estimator { probes } else { 1 };
            let options =
                [Estimator::Affordable, Estimator::Auto, Estimator::Exact, Estimator::Probes(probes)];
            let field =
                ("Jacobian", "Exact, or estimated with random directions where exact takes too long.");
            combo_ui(ui, field, estimator, &options, |estimator| {
                match estimator {
                    Estimator::Affordable => "automatic",
                    Estimator::Auto => "exact below 10 million multiply-adds",
                    Estimator::Exact => "exact",
                    Estimator::Probes(_) => "random probes",
                }
                .to_owned()
            });
            if let Estimator::Probes(probes) = estimator {
                number_ui(ui, ("Probes", "Random directions per sample."), probes, 1..=64, "");
            }
        }
    }
    explain_ui(ui, equation(regularizer.penalty), effect(regularizer.penalty));
}

/// Whether a penalty applies to a card: the contractive penalty applies to the whole encoder.
fn fits(penalty: Penalty, site: Site) -> bool {
    match penalty {
        Penalty::L1 | Penalty::L2 | Penalty::Sparsity { .. } => true,
        Penalty::Contractive { .. } => site == Site::Code,
    }
}

fn title(penalty: Penalty) -> &'static str {
    match penalty {
        Penalty::L1 => "L1",
        Penalty::L2 => "L2",
        Penalty::Sparsity { .. } => "Sparsity",
        Penalty::Contractive { .. } => "Contractive",
    }
}

fn equation(penalty: Penalty) -> &'static str {
    match penalty {
        Penalty::L1 => "λ Σ |h|",
        Penalty::L2 => "λ Σ h²",
        Penalty::Sparsity { distance: Distance::Kl, .. } => {
            "β Σ ρ log(ρ/r) + (1−ρ) log((1−ρ)/(1−r)),  r = mean h"
        }
        Penalty::Sparsity { distance: Distance::L1, .. } => "β Σ |ρ − r|,  r = mean h",
        Penalty::Sparsity { distance: Distance::L2, .. } => "β Σ (ρ − r)²,  r = mean h",
        Penalty::Contractive { .. } => "λ Σ (∂h/∂x)²",
    }
}

fn effect(penalty: Penalty) -> &'static str {
    match penalty {
        Penalty::L1 => "Drives activations to exactly 0: few units are active at a time.",
        Penalty::L2 => "Keeps activations small without driving them to 0.",
        Penalty::Sparsity { .. } => {
            "Keeps the mean activation of units low, so that each responds to few samples."
        }
        Penalty::Contractive { .. } => {
            "Makes the code insensitive to small changes of the input, except along the data."
        }
    }
}
