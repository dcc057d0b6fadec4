//! The form of the training settings.

use egui::{CollapsingHeader, Ui};

use super::schedule_plot::schedule_plot_ui;
use crate::project::{EarlyStopping, Greedy, Initialisation, Optimizer, Schedule, Strategy, Training};
use crate::ui::widgets::form::{combo_ui, explain_ui, number_ui, slider_ui, switch_ui};

/// The form of the training settings.
pub fn training_ui(ui: &mut Ui, training: &mut Training) {
    combo_ui(
        ui,
        ("Optimizer", "The rule that turns gradients into steps."),
        &mut training.optimizer,
        &Optimizer::ALL,
        |kind| kind.name().to_owned(),
    );
    slider_ui(
        ui,
        ("Learning rate", "How far a step goes; the schedule multiplies it."),
        &mut training.learning_rate,
        1e-5..=1.0,
        true,
    );
    number_ui(
        ui,
        ("Epochs", "How often all samples of the training split are gone through."),
        &mut training.epochs,
        0..=1_000_000,
        "",
    );
    number_ui(
        ui,
        ("Batch", "Samples a step learns from."),
        &mut training.batch_size,
        0..=1_000_000,
        "samples",
    );
    number_ui(
        ui,
        (
            "Seed",
            "Of first weights, order of samples, noise and dropout: the same seed trains the same again.",
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
            "The bias of the output starts at the mean of the training data, and a learned σ at their deviation from it. Otherwise the first steps only learn that mean, which can switch units off for good.",
        ),
        &mut training.starts_from_data,
        "output bias at their mean",
    );
    schedule_ui(ui, &mut training.schedule);
    number_ui(
        ui,
        ("Warm-up", "The learning rate rises from 0 over this time before the schedule takes over."),
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
            Optimizer::AdamW { .. } => "Pulls weights towards 0: each step takes away this times the learning rate of a weight, apart from its gradient. Biases are left alone.",
            Optimizer::Adam { .. } | Optimizer::Sgd { .. } | Optimizer::RmsProp { .. } => "Pulls weights towards 0: this times the weight is added to its gradient. Biases are left alone.",
        };
        number_ui(ui, ("Weight decay", about), &mut training.weight_decay, 0.0..=10.0, "");
        let mut clips = training.gradient_clip.is_some();
        if switch_ui(ui, ("Clip gradients", "Shortens the gradient where it is longer than a largest norm, against steps that go astray."), &mut clips, "to a largest norm").changed() {
            training.gradient_clip = clips.then_some(1.0);
        }
        if let Some(norm) = &mut training.gradient_clip {
            number_ui(ui, ("Largest norm", "Length the whole gradient is cut to."), norm, 0.0..=1e6, "");
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
                ("Every", "Epochs until the learning rate falls again."),
                epochs,
                0..=1_000_000,
                "epochs",
            );
            number_ui(
                ui,
                ("Factor", "What the learning rate is multiplied by at each fall."),
                factor,
                0.0..=1.0,
                "",
            );
        }
        Schedule::Cosine { floor } => {
            number_ui(
                ui,
                ("Ends at", "Share of the learning rate that is left at the end."),
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
            share(ui, ("Rises for", "Share of the run in which the learning rate rises."), rise, false);
            share(ui, ("Starts at", "Share of the learning rate at the start."), start, true);
            share(ui, ("Ends at", "Share of the learning rate that is left at the end."), floor, true);
        }
    }
}

/// The choice between joint and layer-wise training, and its settings.
pub fn strategy_ui(ui: &mut Ui, strategy: &mut Strategy) {
    combo_ui(
        ui,
        ("Strategy", "All layers at once from random weights, or one after the other first."),
        strategy,
        &Strategy::ALL,
        |kind| kind.name().to_owned(),
    );
    let Strategy::LayerWise { by, epochs, beside_joint } = strategy else { return };
    combo_ui(ui, ("Layers are", "What a single layer is trained as."), by, &Greedy::ALL, |kind| {
        kind.name().to_owned()
    });
    number_ui(ui, ("Each for", "Epochs of each layer's own training."), epochs, 1..=100_000, "epochs");
    let (equation, effect) = match by {
        Greedy::Machines => (
            "ΔW = ε (v p⁺ − v' p⁻) / m,  p = σ(W v + c)",
            "Each layer learns the likely patterns of what the layers before it hand on; fine-tuning starts from there.",
        ),
        Greedy::Autoencoders { masking } => {
            let field =
                ("Masking", "Share of a layer's input that is set to 0, so that it learns to fill it in.");
            slider_ui(ui, field, masking, 0.0..=0.9, false);
            (
                "Σ (v − f(W' f(W v + c) + b))²",
                "Each layer learns to reconstruct what the layers before it hand on; fine-tuning starts from there.",
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
                ("Momentum", "Share of the last step that the next one keeps; 0 for none."),
                momentum,
                0.0..=1.0,
                "",
            );
            switch_ui(
                ui,
                ("Variant", "Nesterov's momentum looks ahead before it takes the gradient."),
                nesterov,
                "Nesterov",
            );
        }
        Optimizer::RmsProp { alpha, eps } => {
            number_ui(
                ui,
                ("Alpha", "How slowly the mean of squared gradients forgets."),
                alpha,
                0.0..=1.0,
                "",
            );
            eps_ui(ui, eps);
        }
        Optimizer::Adam { beta1, beta2, eps } | Optimizer::AdamW { beta1, beta2, eps } => {
            number_ui(ui, ("Beta 1", "How slowly the mean of gradients forgets."), beta1, 0.0..=1.0, "");
            number_ui(
                ui,
                ("Beta 2", "How slowly the mean of squared gradients forgets."),
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
        ("Epsilon", "Keeps the division from exploding where gradients are tiny."),
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
            "Ends the run when the validation loss no longer falls, and keeps the weights of the best epoch.",
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
            ("Patience", "Epochs without a gain that are waited through."),
            patience,
            0..=100_000,
            "epochs",
        );
        number_ui(
            ui,
            ("Least gain", "How much the validation loss must fall to count as a gain."),
            min_delta,
            0.0..=1e6,
            "",
        );
    }
}
