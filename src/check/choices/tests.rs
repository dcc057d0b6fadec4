use super::*;
use crate::check::{Problem, Severity, problems};
use crate::project::{Recipe, Shape, Threshold};

fn facts(shape: Shape) -> DataFacts {
    DataFacts {
        shape,
        train_rows: 1437,
        validation_rows: 180,
        value_range: (0.0, 1.0),
        is_binary: false,
        available_bytes: 1 << 32,
    }
}

fn digits() -> DataFacts {
    facts(Shape::Image { height: 8, width: 8, channels: 1 })
}

/// Errors and warnings of a project.
fn faults(project: &Project, data: Option<&DataFacts>) -> Vec<Problem> {
    let mut found = problems(project, data);
    found.retain(|problem| problem.severity != Severity::Info);
    found
}

#[test]
fn every_kind_is_valid_at_once_whatever_it_is_chosen_on() {
    let conv = Recipe::Convolutional.project();
    let channels = Project {
        code: Code::channels(8),
        encoder: conv.encoder.clone(),
        decoder: Decoder::Mirrored { tied: false },
        ..Project::default()
    };
    let penalised = Project {
        regularizers: Regularizer::ALL.to_vec(),
        code: Code { activation: Activation::Sigmoid, ..Code::plain(12) },
        ..Project::default()
    };
    let tied = Project { decoder: Decoder::Mirrored { tied: true }, ..Project::default() };
    let wide = Project { code: Code::plain(63), ..Project::default() };
    let loss = Project { loss: Loss::BinaryCrossEntropy, ..Project::default() };
    for (name, project) in [
        ("default", Project::default()),
        ("convolutions", conv),
        ("channels", channels),
        ("penalties", penalised),
        ("tied", tied),
        ("wide", wide),
        ("cross-entropy", loss),
    ] {
        assert_eq!(faults(&project, Some(&digits())), [], "{name}");
        for kind in Bottleneck::ALL {
            let chosen = choose_kind(&project, kind, Some(&digits()));
            assert_eq!(chosen.code.kind.name(), kind.name());
            assert_eq!(faults(&chosen, Some(&digits())), [], "{name}, {}", kind.name());
            let again = choose_kind(&project, kind, None);
            assert!(!problems(&again, None).iter().any(Problem::is_error), "{name}, {}", kind.name());
        }
    }
}

#[test]
fn gaussian_codes_bring_the_likelihood_of_the_data() {
    let learned = Loss::Gaussian { variance: Variance::Learned };
    let check = |is_binary: Option<bool>, binarise: Binarise, expected: Loss| {
        let data = is_binary.map(|is_binary| DataFacts { is_binary, ..digits() });
        let mut project = Project::default();
        (project.data.binarise, project.output.activation) = (binarise, Activation::Linear);
        for kind in [Bottleneck::ALL[2], Bottleneck::ALL[3]] {
            assert!(kind.is_gaussian());
            let chosen = choose_kind(&project, kind, data.as_ref());
            let is_bernoulli = expected == Loss::BinaryCrossEntropy;
            let output = if is_bernoulli { Activation::Sigmoid } else { Activation::Linear };
            assert_eq!((chosen.loss, chosen.output.activation), (expected, output));
        }
    };
    check(Some(true), Binarise::Off, Loss::BinaryCrossEntropy);
    check(Some(false), Binarise::Off, learned);
    check(None, Binarise::Sampled, Loss::BinaryCrossEntropy);
    check(None, Binarise::Off, learned);
}

#[test]
fn a_loss_that_is_no_likelihood_next_to_a_divergence_is_a_warning_that_names_its_width() {
    let check_loss = |loss: Loss, kind: Bottleneck, is_binary: bool, width: &str, remedy: &str| {
        let mut project = Project { loss, ..Project::default() };
        project.code.kind = kind;
        let data = DataFacts { is_binary, ..digits() };
        let found = faults(&project, Some(&data));
        let [problem] = &found[..] else { panic!("{found:?}") };
        assert!(problem.message.contains(width), "{}", problem.message);
        let fix = problem.fix.as_ref().expect("a remedy");
        assert_eq!(fix.label, remedy);
        assert_eq!(faults(&fix.project, Some(&data)), []);
        let without = Project { loss: Loss::Gaussian { variance: Variance::Fixed { std: 0.1 } }, ..project };
        assert_eq!(faults(&without, Some(&data)), []);
    };
    let check = |kind: Bottleneck, is_binary: bool, width: &str, remedy: &str| {
        check_loss(Loss::SquaredError, kind, is_binary, width, remedy);
    };
    let beta = |beta: f32| Bottleneck::Variational { beta, warmup_epochs: 0, free_nats: 0.0 };
    let huber = Loss::Huber { delta: 0.1 };
    check_loss(
        Loss::AbsoluteError,
        beta(1.0),
        false,
        "Laplace likelihood with scale 1.00",
        "Use Gaussian, σ learned",
    );
    check_loss(Loss::AbsoluteError, beta(0.2), true, "scale 0.20", "Use cross-entropy");
    check_loss(huber, beta(4.0), false, "as wide as a Gaussian with σ = 2.00", "Use Gaussian, σ learned");
    check(beta(1.0), false, "σ = 0.71", "Use Gaussian, σ learned");
    check(beta(0.02), false, "σ = 0.10", "Use Gaussian, σ learned");
    check(beta(8.0), true, "σ = 2.00", "Use cross-entropy");
    check(Bottleneck::ImportanceWeighted { samples: 5 }, false, "σ = 0.71", "Use Gaussian, σ learned");
    let mut project = Project::default();
    project.code.kind = beta(0.0);
    assert_eq!(faults(&project, Some(&digits())), [], "without a divergence it has no width");
}

#[test]
fn sparsity_starts_with_a_distance_that_applies_and_offers_the_sigmoid() {
    let sparsity = Regularizer::ALL[2];
    let check = |project: &Project, site: Site, expected: Distance| {
        let chosen = choose_penalty(project, site, sparsity, Some(&digits()));
        let [Regularizer { on, penalty: Penalty::Sparsity { distance, .. }, .. }] = chosen.regularizers[..]
        else {
            panic!("{:?}", chosen.regularizers)
        };
        assert_eq!((on, distance), (site, expected));
        assert_eq!(faults(&chosen, Some(&digits())), []);
        let offer = problems(&chosen, Some(&digits())).into_iter().find_map(|problem| problem.fix);
        if expected == Distance::Kl {
            assert_eq!(offer, None);
            return;
        }
        let offer = offer.expect("the sigmoid");
        assert_eq!(offer.label, "Use a sigmoid and KL");
        assert_eq!(problems(&offer.project, Some(&digits())), []);
        let Regularizer { penalty: Penalty::Sparsity { distance, .. }, weight, .. } =
            offer.project.regularizers[0]
        else {
            panic!("{:?}", offer.project.regularizers)
        };
        assert_eq!(distance, Distance::Kl);
        assert!((weight - sparsity.weight).abs() < 1e-6, "{weight}");
    };
    let mut project = Project::default();
    check(&project, Site::Code, Distance::L2);
    check(&project, Site::Encoder(0), Distance::L2);
    project.code.activation = Activation::Sigmoid;
    check(&project, Site::Code, Distance::Kl);
    project.encoder[0] = Layer::Dense { units: 9, activation: Activation::Sigmoid };
    check(&project, Site::Encoder(0), Distance::Kl);
}

#[test]
fn cross_entropy_brings_a_sigmoid_and_data_in_its_range() {
    let mut project = Project::default();
    project.output.activation = Activation::Linear;
    project.data.scaling = Scaling::Standardise;
    let wide = DataFacts { value_range: (-3.0, 3.0), ..digits() };
    let chosen = choose_loss(&project, Loss::BinaryCrossEntropy, Some(&wide));
    assert_eq!((chosen.output.activation, chosen.data.scaling), (Activation::Sigmoid, Scaling::UnitRange));
    let loss = Loss::Gaussian { variance: Variance::Learned };
    assert_eq!(choose_loss(&project, loss, Some(&wide)), Project { loss, ..project });
}

#[test]
fn settings_follow_the_number_of_samples_where_nobody_changed_them() {
    let default = Training::default();
    assert_eq!(training_for(1437), (default.batch_size, default.learning_rate, default.epochs));
    for (rows, expected) in [
        (0, (16, 1e-3, 500)),
        (100, (16, 1e-3, 380)),
        (480, (32, 1.4e-3, 170)),
        (8000, (128, 2e-3, 40)),
        (60_000, (256, 2e-3, 15)),
        (10_000_000, (256, 2e-3, 10)),
    ] {
        assert_eq!(training_for(rows), expected, "{rows}");
    }
    let data = |train_rows| DataFacts { train_rows, ..digits() };
    let chosen = choose_data(&Project::default(), None, &data(480));
    assert_eq!((chosen.training.batch_size, chosen.training.epochs), (32, 170));
    assert_eq!(chosen.training.schedule, Schedule::ONE_CYCLE);
    let mut encoder = Project::default().encoder;
    for layer in &mut encoder {
        let Layer::Dense { activation, .. } = layer else { panic!("{layer:?}") };
        *activation = Activation::Elu;
    }
    assert_eq!(chosen.encoder, encoder);
    let next = choose_data(&chosen, Some(480), &data(60_000));
    assert_eq!((next.training.batch_size, next.training.epochs), (256, 15));
    assert_eq!(choose_data(&chosen, Some(100), &data(60_000)), chosen, "they were chosen otherwise");
    let mut own = Project::default();
    own.training.epochs = 99;
    assert_eq!(choose_data(&own, None, &data(480)), own);
    let mut layers = Project::default();
    layers.encoder.pop();
    assert_eq!(choose_data(&layers, None, &data(480)).encoder, layers.encoder);
    let recipe = Recipe::Linear.project();
    assert_eq!(choose_data(&recipe, None, &data(480)), recipe);
    // Settings that came with a kind of code still follow the data: the order of both choices does
    // not matter.
    for kind in Bottleneck::ALL {
        let (old, new) = (data(480), data(3000));
        let first_kind = choose_data(&choose_kind(&Project::default(), kind, Some(&old)), Some(480), &new);
        let fitted = choose_data(&Project::default(), Some(480), &new);
        let first_data = choose_kind(&fitted, kind, Some(&new));
        assert_eq!(first_kind.training, first_data.training, "{}", kind.name());
    }
}

#[test]
fn a_code_that_could_copy_the_new_data_becomes_smaller() {
    let check = |project: &Project, features, expected| {
        let chosen = choose_data(project, None, &facts(Shape::Vector(features)));
        assert_eq!(chosen.code.units, expected, "{features} features");
    };
    let table = Recipe::Tabular.project();
    for (features, expected) in [(1, 1), (2, 1), (4, 2), (5, 2), (6, 5), (30, 5)] {
        check(&table, features, expected);
    }
    // Something else keeps it from copying.
    check(&Project { regularizers: vec![Regularizer::ALL[0]], ..table.clone() }, 4, 5);
    check(
        &choose_kind(&table, Bottleneck::ALL[1], None),
        4,
        choose_kind(&table, Bottleneck::ALL[1], None).code.units,
    );
}

#[test]
fn kinds_set_a_learning_rate_if_nobody_has() {
    let data = DataFacts { train_rows: 480, ..digits() };
    let hashing = Bottleneck::Hashing { std: 4.0, threshold: Threshold::default() };
    let fitted = choose_data(&Project::default(), None, &data);
    for project in [Project::default(), fitted.clone()] {
        let training = choose_kind(&project, hashing, Some(&data)).training;
        assert_eq!((training.learning_rate, training.schedule), (HASHING_RATE, Schedule::ONE_CYCLE));
    }
    let mut own = Project::default();
    own.training.learning_rate = 0.01;
    assert_eq!(choose_kind(&own, hashing, Some(&data)).training, own.training);
    let selector = Bottleneck::Concrete { start_temperature: 10.0, end_temperature: 0.01, tries: 5 };
    let training = choose_kind(&fitted, selector, Some(&data)).training;
    assert_eq!((training.schedule, training.learning_rate), (Schedule::Constant, SELECTOR_RATE));
    let mut own = fitted.clone();
    own.training.learning_rate = 3e-4;
    assert_eq!(choose_kind(&own, selector, Some(&data)).training.learning_rate, 3e-4);
}
