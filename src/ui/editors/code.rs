//! The form of the code.

use egui::Ui;

use crate::project::{Activation, Bottleneck, Code, CodeForm, CodebookUpdate, Competition, Shape, Threshold};
use crate::ui::theme::tokens;
use crate::ui::widgets::button::choices_ui;
use crate::ui::widgets::form::{combo_ui, explain_ui, number_ui, slider_ui, switch_ui};

/// The form of the code: how many numbers describe a sample. `projects`: whether it has its own
/// projection; `sizes`: features of a sample and the shape of its code; `has_positions`: whether
/// the encoder outputs a picture, so that the code may have channels. Returns the new kind if it
/// was changed.
pub fn code_ui(
    ui: &mut Ui,
    code: &mut Code,
    projects: bool,
    sizes: Option<(usize, Shape)>,
    has_positions: bool,
) -> Option<Bottleneck> {
    if has_positions || code.form == CodeForm::Channels {
        let field = ("Form", "Units, or channels at each position of the encoder's output picture.");
        let mut form = code.form;
        combo_ui(ui, field, &mut form, &CodeForm::ALL, |form| form.name().to_owned());
        code.set_form(form);
    }
    let field = match code.form {
        CodeForm::Units => ("Units", "Numbers in the code of a sample."),
        CodeForm::Channels => ("Channels", "Numbers in the code at each position of the picture."),
    };
    let mut units = code.units;
    number_ui(ui, field, &mut units, 0..=1 << 20, "");
    code.set_units(units);
    let ring = tokens(ui).code;
    let kinds: Vec<(Bottleneck, &str)> =
        Bottleneck::ALL.into_iter().map(|kind| (kind, short(kind))).collect();
    let same = |a: &Bottleneck, b: &Bottleneck| a.name() == b.name();
    let mut kind = code.kind;
    ui.scope(|ui| choices_ui(ui, &mut kind, &kinds, 3, ring, same));
    if matches!(
        code.kind,
        Bottleneck::Plain
            | Bottleneck::KSparse { .. }
            | Bottleneck::Wasserstein { .. }
            | Bottleneck::Quantised { .. }
    ) {
        ui.add_enabled_ui(projects, |ui| super::layer::activation_ui(ui, &mut code.activation)).response.on_disabled_hover_text(
            "The last encoder layer already has as many units or channels, so the code uses its output and has no activation of its own.",
        );
    }
    settings_ui(ui, code, sizes.map(|(_, shape)| shape.features()));
    let share = sizes.filter(|(inputs, shape)| *inputs > 0 && shape.features() > 0);
    let share = share.map_or_else(String::new, |(inputs, shape)| {
        let share = format!("{inputs} numbers in, {} numbers in the code. ", shape.features());
        match shape {
            Shape::Vector(_) => share,
            Shape::Image { height, width, channels } => {
                format!("{share}The decoder starts from {channels} channels of {width}×{height} positions. ")
            }
        }
    });
    let (equation, effect) = explanation(code, projects);
    explain_ui(ui, &equation, &format!("{share}{effect}"));
    (kind.name() != code.kind.name()).then_some(kind)
}

/// The settings of a kind of code with this many numbers in total.
fn settings_ui(ui: &mut Ui, code: &mut Code, numbers: Option<usize>) {
    let (units, form) = (code.units, code.form);
    match &mut code.kind {
        Bottleneck::Plain => {}
        Bottleneck::KSparse { k, alpha, lowers, within } => {
            let most = match (form, *within) {
                (CodeForm::Units, _) | (CodeForm::Channels, Competition::Position) => units,
                (CodeForm::Channels, Competition::Code) => numbers.unwrap_or(units),
                (CodeForm::Channels, Competition::Channel) => numbers.unwrap_or(units) / units.max(1),
            };
            let most = most.max(1);
            if form == CodeForm::Channels {
                let field = (
                    "Among",
                    "Which activations compete to be kept. k = 1 among positions is winner-take-all.",
                );
                combo_ui(ui, field, within, &Competition::ALL, |within| within.name().to_owned());
            }
            number_ui(
                ui,
                ("Keep", "Number of largest activations that are kept during training."),
                k,
                1..=most,
                "units",
            );
            let field = ("Alpha", "Factor α by which more are kept after training.");
            slider_ui(ui, field, alpha, 1.0..=5.0, false);
            let field = (
                "Schedule",
                "Starting with all units and lowering k during training keeps units from dying.",
            );
            switch_ui(ui, field, lowers, "start with all units");
        }
        Bottleneck::Variational { beta, warmup_epochs, free_nats } => {
            slider_ui(
                ui,
                ("Beta", "Weight of the KL divergence; above 1, units become more independent."),
                beta,
                0.0..=10.0,
                false,
            );
            let field = ("β warm-up", "Epochs over which β rises from 0.");
            number_ui(ui, field, warmup_epochs, 0..=10_000, "epochs");
            let field =
                ("Free nats", "KL divergence per unit in nats that costs nothing; prevents collapsed units.");
            slider_ui(ui, field, free_nats, 0.0..=2.0, false);
        }
        Bottleneck::ImportanceWeighted { samples } => {
            let field = (
                "Samples",
                "Codes drawn and decoded per sample: more give a tighter bound and slower steps.",
            );
            number_ui(ui, field, samples, 1..=1000, "per sample");
        }
        Bottleneck::DescriptionLength { choices, width, temperature } => {
            let field =
                ("Choices", "Choices of each quantiser; the units are divided into groups of this size.");
            number_ui(ui, field, choices, 2..=units.max(2), "each");
            let field = (
                "Precision",
                "Precision t to which values are described, in units of the scaled data; at most σ√2π.",
            );
            slider_ui(ui, field, width, 0.0001..=1.0, true);
            let field = (
                "Temperature",
                "Temperature of the choices during training, for decoders of more than one linear layer.",
            );
            slider_ui(ui, field, temperature, 0.05..=5.0, true);
        }
        Bottleneck::Wasserstein { weight } => {
            let field = ("Weight", "Weight of the distance between the distribution of codes and the prior.");
            slider_ui(ui, field, weight, 0.01..=1000.0, true);
        }
        Bottleneck::Concrete { start_temperature, end_temperature, tries } => {
            let field = ("Start", "Initial temperature: every unit mixes all features.");
            slider_ui(ui, field, start_temperature, 0.1..=100.0, true);
            let field = ("End", "Final temperature: every unit has chosen one feature.");
            slider_ui(ui, field, end_temperature, 0.001..=1.0, true);
            let field = (
                "Attempts",
                "Maximum number of attempts, each twice as long as the last, until every unit has chosen a feature.",
            );
            number_ui(ui, field, tries, 1..=10, "at most");
        }
        Bottleneck::Hashing { std, threshold } => {
            let field = (
                "Noise",
                "Standard deviation of the noise added before the sigmoid; it drives units to 0 or 1.",
            );
            slider_ui(ui, field, std, 0.0..=16.0, false);
            let field = ("Threshold", "Activation above which a unit counts as 1 after training.");
            combo_ui(ui, field, threshold, &Threshold::ALL, |threshold| threshold.name().to_owned());
        }
        Bottleneck::Quantised { entries, dimension, commitment, update } => {
            number_ui(
                ui,
                ("Codebook", "Number of vectors in the codebook."),
                entries,
                2..=1 << 16,
                "vectors",
            );
            let field = ("Dimension", "Numbers per vector; the units are divided into groups of this size.");
            number_ui(ui, field, dimension, 1..=units.max(1), "");
            let field = (
                "Commitment",
                "Weight of the commitment loss, which keeps encoder outputs near their vectors.",
            );
            slider_ui(ui, field, commitment, 0.0..=2.0, false);
            let field = (
                "Update",
                "How the vectors are learned: by a moving average of the encoder outputs, or by gradient.",
            );
            combo_ui(ui, field, update, &CodebookUpdate::ALL, |update| update.name().to_owned());
        }
    }
}

/// The computation of the code, and its effect.
fn explanation(code: &Code, projects: bool) -> (String, &'static str) {
    let plain = if projects {
        format!("z = f(W x + b),  f(a) = {}", super::layer::formula(code.activation))
    } else {
        "z = x".to_owned()
    };
    match code.kind {
        Bottleneck::Plain => {
            let effect = match (code.form, code.units, code.activation) {
                (CodeForm::Units, 2, _) => "Two units can be plotted directly in the latent space.",
                (_, _, Activation::Linear) => "Linear units can take any value.",
                (_, _, _) => "The decoder sees nothing but these numbers.",
            };
            (plain, effect)
        }
        Bottleneck::KSparse { .. } => (
            "z = the k largest of a, else 0".to_owned(),
            "Only the k strongest activations are kept, so units specialise.",
        ),
        Bottleneck::Variational { .. } => (
            "z = μ + σ ε,  loss + β KL(N(μ, σ²) ‖ N(0,1))".to_owned(),
            "Each sample is encoded as a normal distribution close to the prior, so new samples can be drawn.",
        ),
        Bottleneck::ImportanceWeighted { .. } => (
            "−log 1/K Σ p(x, zₖ) / q(zₖ | x),  zₖ = μ + σ εₖ".to_owned(),
            "Several codes are drawn per input and weighted by how well they explain it: a tighter bound on the likelihood.",
        ),
        Bottleneck::DescriptionLength { .. } => (
            "z ~ q = softmax(a),  loss + Σ KL(q ‖ π)".to_owned(),
            "Each quantiser picks one of its choices; rare choices cost more bits. Training minimises bits plus error.",
        ),
        Bottleneck::Wasserstein { .. } => (
            format!("{plain},  loss + λ MMD²(z, N(0, 1))"),
            "Codes are points whose distribution over all samples matches the prior.",
        ),
        Bottleneck::Concrete { .. } => (
            "z = x · softmax((ℓ + g) / T)".to_owned(),
            "Each unit learns to choose one feature: together they select the most informative features.",
        ),
        Bottleneck::Hashing { .. } => (
            "z = 1 / (1 + exp(−a − n)),  n ~ N(0, s²)".to_owned(),
            "Noise drives units to 0 or 1, so similar samples get similar binary codes.",
        ),
        Bottleneck::Quantised { .. } => (
            "z = nearest of K vectors".to_owned(),
            "Each group of units is replaced by the nearest vector of a learned codebook.",
        ),
    }
}

fn short(kind: Bottleneck) -> &'static str {
    match kind {
        Bottleneck::Plain => "Plain",
        Bottleneck::KSparse { .. } => "k-sparse",
        Bottleneck::Variational { .. } => "Variational",
        Bottleneck::ImportanceWeighted { .. } => "Importance",
        Bottleneck::DescriptionLength { .. } => "Bits (MDL)",
        Bottleneck::Wasserstein { .. } => "Wasserstein",
        Bottleneck::Concrete { .. } => "Selector",
        Bottleneck::Hashing { .. } => "Hashing",
        Bottleneck::Quantised { .. } => "Quantised",
    }
}
