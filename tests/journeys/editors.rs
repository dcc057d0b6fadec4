//! Every form that edits a network, from the card to a run trained with it.

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use hourglass::check::Severity;
use hourglass::project::{
    Activation, Binarise, Bottleneck, CodebookUpdate, Competition, Corruption, Distance, Estimator, Greedy,
    Layer, Loss, Over, Penalty, Place, Regularizer, Site, Strategy, Threshold, Variance,
};
use hourglass::run::Status;

use crate::common::{Home, Window};

fn window(home: &Home) -> Window {
    home.window_of(1440.0, 2600.0)
}

/// Types a number into a field, with or without a slider.
fn set(window: &mut Window, field: &str, text: &str) {
    let beside = format!("{field}, value");
    let has_slider = window.harness.query_by_role_and_label(Role::SpinButton, &beside).is_some();
    window.number(if has_slider { &beside } else { field }, text);
}

/// Trains one epoch of a new run and ends it. Returns the names of its loss terms.
fn terms(window: &mut Window) -> Vec<String> {
    let before = window.state().runs.len();
    window.harness.key_press(egui::Key::F11);
    window.until("a new run has trained an epoch", |state| {
        state.runs.len() > before && state.runs.last().is_some_and(|run| !run.history.epochs.is_empty())
    });
    window.until_status(&Status::Paused);
    window.press("Stop");
    window.until_status(&Status::Stopped);
    assert!(window.run().health.is_some(), "{:?}", window.run().design.code.kind);
    window.run().history.terms.names()[1..].to_vec()
}

#[test]
fn every_kind_of_code_is_chosen_set_and_trained() {
    let home = Home::new();
    let mut window = window(&home);
    let mut card = "Code 2 card".to_owned();
    let mut check =
        |kind: &str, units: usize, fields: &[(&str, &str)], expected: Bottleneck, terms_of: &[&str]| {
            window.press(&card);
            window.click(Role::RadioButton, kind);
            window.number("Units", &units.to_string());
            card = format!("Code {units} card");
            for (field, text) in fields {
                set(&mut window, field, text);
            }
            assert_eq!(window.project().code.kind, expected);
            assert!(window.says(equation(expected)), "{kind}: its equation");
            let errors = window.state().derived.errors();
            assert_eq!(errors, 0, "{kind}: {:?}", window.state().derived.problems);
            assert_eq!(terms(&mut window)[1..], *terms_of, "{kind}");
        };
    let k_sparse = Bottleneck::KSparse { k: 4, alpha: 2.0, lowers: true, within: Competition::Code };
    check("k-sparse", 16, &[("Keep", "4"), ("Alpha", "2")], k_sparse, &[]);
    // Values beyond the slider's range can be typed.
    let variational = Bottleneck::Variational { beta: 20.0, warmup_epochs: 3, free_nats: 0.1 };
    check(
        "Variational",
        6,
        &[("Beta", "20"), ("β warm-up", "3"), ("Free nats", "0.1")],
        variational,
        &["KL"],
    );
    let importance = Bottleneck::ImportanceWeighted { samples: 3 };
    check("Importance", 6, &[("Samples", "3")], importance, &["KL, tightened"]);
    let wasserstein = Bottleneck::Wasserstein { weight: 2.0 };
    check("Wasserstein", 6, &[("Weight", "2")], wasserstein, &["MMD"]);
    let hashing = Bottleneck::Hashing { std: 2.0, threshold: Threshold::Half };
    check("Hashing", 12, &[("Noise", "2")], hashing, &[]);
    let quantised = Bottleneck::Quantised {
        entries: 32,
        dimension: 3,
        commitment: 0.5,
        update: CodebookUpdate::MovingAverage,
    };
    let fields = [("Codebook", "32"), ("Dimension", "3"), ("Commitment", "0.5")];
    check("Quantised", 12, &fields, quantised, &["commitment"]);
    check("Plain", 12, &[], Bottleneck::Plain, &[]);
}

/// Words of the equation that explains a kind of code.
fn equation(kind: Bottleneck) -> &'static str {
    match kind {
        Bottleneck::Plain => "z = f(W x + b)",
        Bottleneck::KSparse { .. } => "k largest",
        Bottleneck::Variational { .. } => "β KL",
        Bottleneck::ImportanceWeighted { .. } => "1/K",
        Bottleneck::Wasserstein { .. } => "MMD²",
        Bottleneck::Concrete { .. } => "softmax((ℓ + g) / T)",
        Bottleneck::Hashing { .. } => "exp(−a − n)",
        Bottleneck::DescriptionLength { .. } => "KL(q ‖ π)",
        Bottleneck::Quantised { .. } => "nearest of K vectors",
    }
}

/// Errors and warnings of the document.
fn faults(window: &Window) -> Vec<String> {
    let problems = &window.state().derived.problems;
    let faults = problems.iter().filter(|problem| problem.severity != Severity::Info);
    faults.map(|problem| problem.message.clone()).collect()
}

#[test]
fn one_click_on_any_kind_gives_a_valid_design_and_reports_its_changes() {
    let home = Home::new();
    let mut window = window(&home);
    window.press("Code 2 card");
    let before = window.project().clone();
    let kinds = [
        ("k-sparse", "code 2 → 20 units"),
        ("Variational", "loss squared error → Gaussian likelihood, variance learned"),
        ("Importance", "loss squared error → Gaussian likelihood, variance learned"),
        ("Wasserstein", ""),
        ("Selector", "removed"),
        ("Hashing", "units"),
        ("Bits (MDL)", "loss squared error → Gaussian"),
        ("Quantised", "units"),
    ];
    for (kind, words) in kinds {
        window.click(Role::RadioButton, kind);
        assert_eq!(faults(&window), [""; 0], "{kind}");
        assert!(window.says(equation(window.project().code.kind)), "{kind}");
        if !words.is_empty() {
            let said = window.state().notices.log.last().map(|line| line.text.clone()).unwrap_or_default();
            assert!(said.contains(words) && said.ends_with("Undo reverts this."), "{kind}: {said}");
            assert!(window.says("Undo reverts this."), "{kind}: it is on screen");
        }
        let chosen = window.project().clone();
        window.key(crate::common::CTRL, egui::Key::Z);
        assert_eq!(*window.project(), before, "{kind}: one step");
        window.key(crate::common::CTRL_SHIFT, egui::Key::Z);
        assert_eq!(*window.project(), chosen, "{kind}");
        window.key(crate::common::CTRL, egui::Key::Z);
    }
    for (kind, terms_of) in [("Selector", &[][..]), ("Bits (MDL)", &["code"][..])] {
        window.click(Role::RadioButton, kind);
        assert_eq!(terms(&mut window)[1..], *terms_of, "{kind}");
    }
    window.click(Role::RadioButton, "Plain");
    assert_eq!(*window.project(), before, "coming back finds everything again");
}

#[test]
fn squared_error_with_a_divergence_gives_a_warning_with_a_fix() {
    let home = Home::new();
    let mut window = window(&home);
    window.press("Code 2 card");
    window.click(Role::RadioButton, "Variational");
    let chosen = window.project().clone();
    window.press("Output card");
    window.click(Role::RadioButton, "squared error");
    let found = faults(&window);
    let [warning] = &found[..] else { panic!("{found:?}") };
    assert!(warning.contains("σ = 0.71"), "{warning}");
    let remedy = "Use Gaussian, σ learned";
    window.harness.get_all_by_role_and_label(Role::Button, remedy).next().expect("its button").click();
    window.run_until_idle();
    assert_eq!(*window.project(), chosen);
}

#[test]
fn a_layer_is_restored_after_trying_others() {
    let home = Home::new();
    let mut window = window(&home);
    window.select("Dense 64, encoder layer 2", Place::Encoder(1));
    window.number("Units", "40");
    window.choose("Activation", "tanh");
    let before = window.project().clone();
    for kind in ["Dropout", "LayerNorm"] {
        window.click(Role::RadioButton, kind);
        assert_ne!(*window.project(), before, "{kind}");
    }
    window.click(Role::RadioButton, "Dense");
    assert_eq!(*window.project(), before);
}

#[test]
fn sparsity_starts_with_a_distance_that_applies_and_offers_the_sigmoid() {
    let home = Home::new();
    let mut window = window(&home);
    window.press("Code 2 card");
    window.press("+ Sparsity");
    let distance = |window: &Window| match window.project().regularizers[..] {
        [Regularizer { penalty: Penalty::Sparsity { distance, .. }, .. }] => distance,
        _ => panic!("{:?}", window.project().regularizers),
    };
    assert_eq!((distance(&window), faults(&window)), (Distance::L2, vec![]));
    let offer = "Use a sigmoid and KL";
    window.harness.get_all_by_role_and_label(Role::Button, offer).next().expect("its button").click();
    window.run_until_idle();
    assert_eq!((distance(&window), faults(&window)), (Distance::Kl, vec![]));
    assert_eq!(window.project().code.activation, Activation::Sigmoid);
    window.key(crate::common::CTRL, egui::Key::Z);
    assert_eq!(distance(&window), Distance::L2);
}

#[test]
fn every_penalty_is_added_set_trained_and_removed() {
    let home = Home::new();
    let mut window = window(&home);
    window.press("Code 2 card");
    window.number("Units", "12");
    window.choose("Activation", "sigmoid");
    let check = |window: &mut Window,
                 add: &str,
                 fields: &[(&str, &str)],
                 expected: Penalty,
                 weight: f32,
                 term: &str| {
        window.press(&format!("+ {add}"));
        set(window, "Weight", &weight.to_string());
        for (field, text) in fields {
            set(window, field, text);
        }
        let expected = Regularizer { on: Site::Code, penalty: expected, weight };
        assert_eq!(window.project().regularizers, [expected]);
        assert_eq!(terms(window)[1..], [term.to_owned()], "{add}");
        window.press(&format!("Remove {add}"));
        assert_eq!(window.project().regularizers, []);
    };
    check(&mut window, "L1", &[], Penalty::L1, 0.25, "L1 of the code");
    check(&mut window, "L2", &[], Penalty::L2, 0.5, "L2 of the code");
    let sparsity = Penalty::Sparsity { target: 0.2, distance: Distance::Kl, over: Over::Samples };
    check(&mut window, "Sparsity", &[("Target", "0.2")], sparsity, 0.5, "sparsity of the code");
    let contractive = Penalty::Contractive { estimator: Estimator::Affordable };
    check(&mut window, "Contractive", &[], contractive, 0.125, "contractive of the code");
    // Also on a layer of the encoder.
    window.select("Dense 64, encoder layer 2", Place::Encoder(1));
    window.press("+ L1");
    assert_eq!(window.project().regularizers[0].on, Site::Encoder(1));
    assert_eq!(terms(&mut window)[1..], ["L1 of layer 2".to_owned()]);
}

#[test]
fn every_corruption_is_chosen_and_trained() {
    let home = Home::new();
    let mut window = window(&home);
    window.press("Input card");
    for (name, expected) in [
        ("Gaussian", Corruption::Gaussian { std: 0.3 }),
        ("Masking", Corruption::Masking { probability: 0.3 }),
        ("Pixelate", Corruption::Pixelate { size: 2 }),
        ("Blur", Corruption::Blur { std: 1.0 }),
    ] {
        window.click(Role::RadioButton, name);
        assert_eq!(window.project().corruption.name(), expected.name());
        terms(&mut window);
        assert_eq!(window.run().design.corruption.name(), expected.name());
        let kept = window.run().kept.newest().expect("kept").clone();
        assert!(!kept.corrupted.is_empty(), "{name}: what the encoder saw is shown");
    }
}

#[test]
fn losses_for_binary_data_are_marked_where_they_are_chosen() {
    let home = Home::new();
    let mut window = window(&home);
    window.press("Output card");
    window.click(Role::RadioButton, "cross-entropy");
    assert!(window.says("not a likelihood"), "the digits are grey");
    window.press("Input card");
    window.choose("Binarise", "sampled");
    window.until("binary data", |state| state.data.facts.is_some_and(|facts| facts.is_binary));
    assert_eq!(window.project().data.binarise, Binarise::Sampled);
    window.press("Output card");
    window.run_until_idle();
    assert!(window.says("likelihood of a Bernoulli"), "now it is one");
    terms(&mut window);
    window.click(Role::RadioButton, "Gaussian likelihood");
    set(&mut window, "Deviation", "0.5");
    assert_eq!(window.project().loss, Loss::Gaussian { variance: Variance::Fixed { std: 0.5 } });
    terms(&mut window);
    window.click(Role::RadioButton, "Gaussian, σ learned");
    terms(&mut window);
    let weights = &window.run().checkpoint.as_ref().expect("stopped").weights;
    assert!(weights.0["output.log_variance"].values[0] != 0.0, "σ has moved");
}

#[test]
fn a_class_is_held_out_and_detected() {
    let home = Home::new();
    let mut window = window(&home);
    window.press("Input card");
    window.choose("Hold out", "3");
    assert_eq!(window.project().data.held_out.as_deref(), Some("3"));
    let rows = |state: &hourglass::ui::state::State| state.data.facts.map(|facts| facts.train_rows);
    window.until("fewer rows train", |state| rows(state) == Some(1292));
    terms(&mut window);
    let test = window.state().data.dataset.as_ref().expect("data").split.test.len();
    assert_eq!(test, 161 + 183);
}

#[test]
fn layers_are_trained_one_by_one_next_to_a_joint_run() {
    let home = Home::new();
    let mut window = window(&home);
    for (card, place) in
        [("Dense 128, encoder layer 1", Place::Encoder(0)), ("Dense 64, encoder layer 2", Place::Encoder(1))]
    {
        window.select(card, place);
        window.choose("Activation", "sigmoid");
    }
    window.choose("Strategy", "layer by layer");
    window.number("Pretrain for", "2");
    window.click(Role::CheckBox, "Compare");
    window.number("Epochs", "3");
    let strategy = Strategy::LayerWise { by: Greedy::Machines, epochs: 2, beside_joint: true };
    assert_eq!(window.project().training.strategy, strategy);
    assert!(matches!(window.project().encoder[0], Layer::Dense { activation: Activation::Sigmoid, .. }));
    assert_eq!(window.state().derived.errors(), 0, "{:?}", window.state().derived.problems);
    window.harness.key_press(egui::Key::F5);
    window.until("two runs", |state| state.runs.len() == 2);
    assert_eq!(window.state().older_design(), None, "both train the design on screen");
    window.until("both runs are done", |state| {
        state.runs.len() == 2 && state.runs.iter().all(|run| run.status == Status::Done)
    });
    let greedy: Vec<usize> = window.state().runs.iter().map(|run| run.history.pretraining.len()).collect();
    assert_eq!(greedy, [6, 0], "three layers of two epochs, and a joint run");
    assert!(window.state().runs.iter().all(|run| run.history.epochs.len() == 3));
}

#[test]
fn the_likelihood_is_estimated_from_the_given_number_of_codes() {
    let home = Home::new();
    let mut window = window(&home);
    window.press("Code 2 card");
    window.click(Role::RadioButton, "Variational");
    window.press("Output card");
    window.click(Role::RadioButton, "Gaussian, σ learned");
    terms(&mut window);
    window.key(crate::common::CTRL, egui::Key::Num8);
    assert!(window.says("KL of 2 units"), "the health of a variational code");
    window.number("Codes per sample", "20");
    window.press("Estimate the likelihood");
    window.until("an estimate", |state| state.runs.iter().any(|run| !run.results.is_empty()));
    window.run_until_idle();
    assert!(window.says("nats on 180 validation samples, 20 codes each"));
}

#[test]
fn every_layer_is_added_among_the_pictures_set_and_trained() {
    let home = Home::new();
    let mut window = window(&home);
    let fields: [(&str, &[(&str, &str)]); 14] = [
        ("Conv2d", &[("Channels", "6"), ("Kernel", "5"), ("Stride", "2")]),
        ("ConvTranspose2d", &[("Channels", "3"), ("Stride", "2")]),
        ("Residual", &[("Channels", "6"), ("Stride", "2")]),
        ("ResidualTranspose", &[("Channels", "3")]),
        ("MaxPool2d", &[("Window", "4")]),
        ("AvgPool2d", &[("Window", "4")]),
        ("Upsample", &[("Factor", "3")]),
        ("CropOrPad", &[("Height", "7"), ("Width", "9")]),
        ("BatchNorm", &[]),
        ("LayerNorm", &[]),
        ("GroupNorm", &[]),
        ("PReLU", &[]),
        ("Flatten", &[]),
        ("Dropout", &[("Rate", "0.25")]),
    ];
    for (name, fields) in fields {
        window.press("Add a layer at position 1 of the encoder");
        window.press(&format!("Add {name}"));
        assert_eq!(window.project().encoder[0].name(), name);
        window.run_until_idle();
        let before = window.project().encoder[0].clone();
        for (field, text) in fields {
            set(&mut window, field, text);
        }
        assert_eq!(before != window.project().encoder[0], !fields.is_empty(), "{name}: {before:?}");
        assert_eq!(window.state().derived.errors(), 0, "{name}: {:?}", window.state().derived.problems);
        terms(&mut window);
        assert_eq!(window.run().design.encoder[0].name(), name);
        window.key(crate::common::CTRL, egui::Key::Z);
        while window.project().encoder.len() > 2 {
            window.key(crate::common::CTRL, egui::Key::Z);
        }
    }
}
