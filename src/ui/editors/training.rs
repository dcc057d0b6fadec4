//! The form of the training settings.

use egui::{CollapsingHeader, Ui};

use super::schedule_plot::schedule_plot_ui;
use crate::project::{EarlyStopping, Greedy, Initialisation, Optimizer, Schedule, Strategy, Training};
use crate::ui::widgets::form::{combo_ui, explain_ui, number_ui, slider_ui, switch_ui};

/// The form of the training settings.
pub fn training_ui(ui: &mut Ui, training: &mut Training) {
    combo_ui(ui, ("Optimizer", "The update rule."), &mut training.optimizer, &Optimizer::ALL, |kind| {
        kind.name().to_owned()
    });
    slider_ui(
        ui,
        ("Learning rate", "Size of a step; the schedule multiplies it."),
        &mut training.learning_rate,
        1e-5..=1.0,
        true,
    );
    number_ui(ui, ("Epochs", "Passes over the training split."), &mut training.epochs, 0..=1_000_000, "");
    number_ui(ui, ("Batch", "Samples per step."), &mut training.batch_size, 0..=1_000_000, "samples");
    number_ui(
        ui,
        (
            "Seed",
            "Seed of initial weights, order of samples, noise and dropout: the same seed gives the same run.",
        ),
        &mut training.seed,
        0..=u64::MAX,
        "",
    );
    combo_ui(
        ui,
        (
            "Initialisation",
            "Initial weights of the layers. They keep the variance of activations across layers: He for ReLU, Xavier for tanh and sigmoid, orthogonal for linear layers.",
        ),
        &mut training.initialisation,
        &Initialisation::ALL,
        |kind| kind.name().to_owned(),
    );
    switch_ui(
        ui,
        (
            "Start from data",
            "The bias of the output starts at the mean of the training data, and a learned σ at their deviation from it. Otherwise the first steps only learn that mean, which can leave units dead.",
        ),
        &mut training.starts_from_data,
        "output bias",
    );
    schedule_ui(ui, &mut training.schedule);
    number_ui(
        ui,
        ("Warm-up", "Epochs over which the learning rate rises from 0 before the schedule begins."),
        &mut training.warmup_epochs,
        0..=100_000,
        "epochs",
    );
    schedule_plot_ui(ui, training);
    strategy_ui(ui, &mut training.strategy);
    early_stopping_ui(ui, &mut training.early_stopping);
    CollapsingHeader::new("Optimizer constants").id_salt("optimizer constants").show_unindented(ui, |ui| {
        optimizer_ui(ui, &mut training.optimizer);
        let about = match training.optimizer {
            Optimizer::AdamW { .. } => "Decoupled weight decay: each step subtracts this times the learning rate times the weight. Biases are not decayed.",
            Optimizer::Adam { .. } | Optimizer::Sgd { .. } | Optimizer::RmsProp { .. } => "Weight decay: this times the weight is added to its gradient. Biases are not decayed.",
        };
        number_ui(ui, ("Weight decay", about), &mut training.weight_decay, 0.0..=10.0, "");
        let mut clips = training.gradient_clip.is_some();
        if switch_ui(ui, ("Clip gradients", "Scales the gradient down if its norm exceeds a maximum, which prevents very large steps."), &mut clips, "to a maximum norm").changed() {
            training.gradient_clip = clips.then_some(1.0);
        }
        if let Some(norm) = &mut training.gradient_clip {
            number_ui(ui, ("Maximum norm", "Maximum norm of the whole gradient."), norm, 0.0..=1e6, "");
        }
    });
}

/// The choice of a schedule and its settings.
pub fn schedule_ui(ui: &mut Ui, schedule: &mut Schedule) {
    combo_ui(
        ui,
        ("Schedule", "How the learning rate changes over the epochs."),
        schedule,
        &Schedule::ALL,
        |kind| kind.name().to_owned(),
    );
    match schedule {
        Schedule::Constant => {}
        Schedule::Step { epochs, factor } => {
            number_ui(
                ui,
                ("Every", "Epochs between two decays of the learning rate."),
                epochs,
                0..=1_000_000,
                "epochs",
            );
            number_ui(ui, ("Factor", "Factor of the learning rate at each decay."), factor, 0.0..=1.0, "");
        }
        Schedule::Cosine { floor } => {
            number_ui(
                ui,
                ("Ends at", "Final learning rate as a fraction of the learning rate."),
                floor,
                0.0..=1.0,
                "of the rate",
            );
        }
        Schedule::OneCycle { rise, start, floor } => {
            let share = |ui: &mut Ui, field: (&str, &str), share: &mut f32, log| {
                let low = if log { 1e-6 } else { 0.0 };
                slider_ui(ui, field, share, low..=1.0, log);
            };
            share(ui, ("Rises for", "Fraction of the run in which the learning rate rises."), rise, false);
            share(
                ui,
                ("Starts at", "Initial learning rate as a fraction of the learning rate."),
                start,
                true,
            );
            share(ui, ("Ends at", "Final learning rate as a fraction of the learning rate."), floor, true);
        }
    }
}

/// The choice between joint and layer-wise training, and its settings.
pub fn strategy_ui(ui: &mut Ui, strategy: &mut Strategy) {
    combo_ui(
        ui,
        ("Strategy", "Train all layers together from random weights, or pretrain them one by one first."),
        strategy,
        &Strategy::ALL,
        |kind| kind.name().to_owned(),
    );
    let Strategy::LayerWise { by, epochs, beside_joint } = strategy else { return };
    combo_ui(ui, ("Pretrain as", "How each single layer is pretrained."), by, &Greedy::ALL, |kind| {
        kind.name().to_owned()
    });
    number_ui(ui, ("Pretrain for", "Epochs for each layer."), epochs, 1..=100_000, "epochs");
    let (equation, effect) = match by {
        Greedy::Machines => (
            "ΔW = ε (v p⁺ − v' p⁻) / m,  p = σ(W v + c)",
            "Each layer is trained as a Boltzmann machine on the output of the layers before it; then all are fine-tuned together.",
        ),
        Greedy::Autoencoders { masking } => {
            let field = ("Masking", "Fraction of a layer's input that is set to 0 and has to be restored.");
            slider_ui(ui, field, masking, 0.0..=0.9, false);
            (
                "Σ (v − f(W' f(W v + c) + b))²",
                "Each layer is trained to reconstruct the output of the layers before it; then all are fine-tuned together.",
            )
        }
    };
    let field =
        ("Compare", "Trains a second run of the same design with all layers at once from random weights.");
    switch_ui(ui, field, beside_joint, "train jointly as well");
    explain_ui(ui, equation, effect);
}

/// The constants of an optimizer.
pub fn optimizer_ui(ui: &mut Ui, optimizer: &mut Optimizer) {
    match optimizer {
        Optimizer::Sgd { momentum, nesterov } => {
            number_ui(
                ui,
                ("Momentum", "Fraction of the last step that is added to the next one; 0 for none."),
                momentum,
                0.0..=1.0,
                "",
            );
            switch_ui(
                ui,
                ("Variant", "Nesterov momentum: the gradient is computed after the momentum step."),
                nesterov,
                "Nesterov",
            );
        }
        Optimizer::RmsProp { alpha, eps } => {
            number_ui(
                ui,
                ("Alpha", "Decay rate of the running mean of squared gradients."),
                alpha,
                0.0..=1.0,
                "",
            );
            eps_ui(ui, eps);
        }
        Optimizer::Adam { beta1, beta2, eps } | Optimizer::AdamW { beta1, beta2, eps } => {
            number_ui(ui, ("Beta 1", "Decay rate of the running mean of gradients."), beta1, 0.0..=1.0, "");
            number_ui(
                ui,
                ("Beta 2", "Decay rate of the running mean of squared gradients."),
                beta2,
                0.0..=1.0,
                "",
            );
            eps_ui(ui, eps);
        }
    }
}

fn eps_ui(ui: &mut Ui, eps: &mut f32) {
    slider_ui(
        ui,
        ("Epsilon", "Added to the denominator, so that tiny gradients cause no huge steps."),
        eps,
        1e-12..=1e-2,
        true,
    );
}

fn early_stopping_ui(ui: &mut Ui, stopping: &mut Option<EarlyStopping>) {
    let mut stops = stopping.is_some();
    if switch_ui(
        ui,
        (
            "Stop early",
            "Stops when the validation loss no longer improves, and keeps the weights of the best epoch.",
        ),
        &mut stops,
        "keep the best epoch",
    )
    .changed()
    {
        *stopping = stops.then(EarlyStopping::default);
    }
    if let Some(EarlyStopping { patience, min_delta }) = stopping {
        number_ui(
            ui,
            ("Patience", "Epochs without improvement before stopping."),
            patience,
            0..=100_000,
            "epochs",
        );
        number_ui(
            ui,
            ("Improvement", "How much the validation loss must fall to count as an improvement."),
            min_delta,
            0.0..=1e6,
            "",
        );
    }
}
