//! Kinds of code and strategies that do not work with the rest of a design.

use super::*;
use crate::project::{
    Delimiter, Header, Missing, Optimizer, Source, Strategy, TableReading, Threshold, Variance,
};

fn described(project: &mut Project) {
    project.code.kind = Bottleneck::DescriptionLength { choices: 6, width: 0.1, temperature: 0.5 };
    project.code.units = 24;
    project.loss = Loss::Gaussian { variance: Variance::Fixed { std: 0.1 } };
}

#[test]
fn a_description_length_needs_a_width_a_gaussian_and_weights_of_its_own() {
    let mut valid = Recipe::Undercomplete.project();
    described(&mut valid);
    assert!(plan(&valid, &facts()).is_ok());
    let check = |edit: fn(&mut Project), place, words| {
        check_error(
            |project| {
                described(project);
                edit(project);
            },
            place,
            words,
        );
    };
    check(|p| p.code.units = 25, Place::Code, "not divisible");
    check(
        |p| {
            p.data.source = Source::Csv {
                path: "t.csv".into(),
                header: Header::default(),
                delimiter: Delimiter::default(),
                labels: vec![],
                missing: Missing::Masked,
                reading: TableReading::default(),
            };
        },
        Place::Data,
        "bits of every value",
    );
    check(|p| p.loss = Loss::SquaredError, Place::Output, "Gaussian");
    check(|p| p.loss = Loss::Gaussian { variance: Variance::Learned }, Place::Output, "Gaussian");
    check(|p| p.decoder = Decoder::Mirrored { tied: true }, Place::Output, "share");
    check(
        |p| p.code.kind = Bottleneck::DescriptionLength { choices: 6, width: 0.3, temperature: 0.5 },
        Place::Code,
        "would be negative",
    );
    check(
        |p| p.code.kind = Bottleneck::DescriptionLength { choices: 1, width: 0.1, temperature: 0.5 },
        Place::Code,
        "at least 2",
    );
    check(
        |p| {
            let penalty = Penalty::Contractive { estimator: crate::project::Estimator::Auto };
            p.regularizers = vec![Regularizer { on: Site::Code, penalty, weight: 0.1 }];
        },
        Place::Code,
        "discrete choices",
    );
}

/// No multiple of the group is a possible number of units: the problem has no fix, and nothing
/// overflows.
#[test]
fn units_beyond_all_bounds_are_refused_whatever_they_are_grouped_into() {
    for kind in [
        Bottleneck::Quantised {
            entries: 2,
            dimension: 6,
            commitment: 0.25,
            update: CodebookUpdate::MovingAverage,
        },
        Bottleneck::DescriptionLength { choices: 6, width: 0.1, temperature: 0.5 },
    ] {
        let grouped = |project: &mut Project| {
            project.code = crate::project::Code { kind, ..crate::project::Code::plain(usize::MAX) };
        };
        check_error(grouped, Place::Code, "18446744073709551615 units are not divisible");
    }
}

#[test]
fn likelihoods_and_samples_have_valid_settings() {
    let deviation = |std| Loss::Gaussian { variance: Variance::Fixed { std } };
    check_error(|p| p.loss = deviation(0.0), Place::Output, "likelihood is 0");
    check_error(|p| p.loss = deviation(f32::NAN), Place::Output, "NaN");
    check_error(|p| p.loss = Loss::Huber { delta: 0.0 }, Place::Output, "δ is 0");
    check_error(|p| p.loss = Loss::Huber { delta: f32::INFINITY }, Place::Output, "δ is inf");
    let wide = |p: &mut Project| p.loss = Loss::Huber { delta: 1.0 };
    check_remark(wide, &facts(), Severity::Info, Place::Output, "half the squared error");
    check_error(|p| p.code.kind = Bottleneck::ImportanceWeighted { samples: 0 }, Place::Code, "0 codes");
    check_error(
        |p| {
            p.code.kind = Bottleneck::ImportanceWeighted { samples: 5 };
            p.regularizers = vec![Regularizer { on: Site::Code, penalty: Penalty::L1, weight: 0.1 }];
        },
        Place::Code,
        "several codes",
    );
    check_error(
        |p| p.code.kind = Bottleneck::Hashing { std: -1.0, threshold: Threshold::Half },
        Place::Code,
        "-1",
    );
    check_error(
        |p| {
            p.encoder.clear();
            p.code.kind = Bottleneck::Concrete { start_temperature: 10.0, end_temperature: 0.01, tries: 0 };
        },
        Place::Code,
        "0 attempts",
    );
}

#[test]
fn a_selector_is_not_stopped_early() {
    let mut project = Recipe::Concrete.project();
    project.training.early_stopping = Some(EarlyStopping::default());
    let found = problems(&project, Some(&facts()));
    let problem = found.iter().find(|problem| problem.place == Place::Training).expect("a warning");
    assert_eq!(problem.severity, Severity::Warning);
    let fixed = &problem.fix.as_ref().expect("a fix").project;
    assert_eq!(fixed.training.early_stopping, None);
}

/// A design that can be pretrained as Boltzmann machines.
fn stacked(project: &mut Project) {
    project.encoder = vec![Layer::Dense { units: 32, activation: Activation::Sigmoid }];
    project.training.strategy = Strategy::LayerWise { by: Greedy::Machines, epochs: 5, beside_joint: false };
}

#[test]
fn layers_are_trained_one_by_one_only_where_that_has_a_meaning() {
    let mut valid = Recipe::Undercomplete.project();
    stacked(&mut valid);
    assert!(plan(&valid, &facts()).is_ok());
    let check = |edit: fn(&mut Project), place, words| {
        check_error(
            |project| {
                stacked(project);
                edit(project);
            },
            place,
            words,
        );
    };
    let by = |by, epochs| Strategy::LayerWise { by, epochs, beside_joint: false };
    check_error(|p| p.training.strategy = by(Greedy::Machines, 3), Place::Encoder(0), "sigmoid");
    check_error(
        |p| p.training.strategy = by(Greedy::Autoencoders { masking: 1.0 }, 3),
        Place::Training,
        "masking",
    );
    check_error(
        |p| p.training.strategy = by(Greedy::Autoencoders { masking: 0.0 }, 0),
        Place::Training,
        "epochs per layer is 0",
    );
    check(|p| p.encoder.push(Layer::Dropout { rate: 0.5 }), Place::Encoder(1), "pretrained");
    check(
        |p| p.encoder.insert(0, Layer::BatchNorm { activation: Activation::Sigmoid }),
        Place::Encoder(0),
        "pretrained",
    );
    check(|p| p.decoder = Decoder::Mirrored { tied: true }, Place::Output, "tied");
    check(|p| p.decoder = Decoder::Free(vec![dense(8)]), Place::Output, "its own layers");
    check(
        |p| p.code.kind = Bottleneck::Variational { beta: 1.0, warmup_epochs: 0, free_nats: 0.0 },
        Place::Code,
        "one by one",
    );
    check(|p| p.code.activation = Activation::Tanh, Place::Code, "linear or sigmoid");
    check(|p| p.output.activation = Activation::Linear, Place::Output, "sigmoid");
    let standardised = DataFacts { value_range: (-2.0, 3.0), ..facts() };
    let found = problems(&valid, Some(&standardised));
    assert!(found.iter().any(|p| p.severity == Severity::Error && p.place == Place::Data), "{found:?}");
}

/// A wide first layer trained as an autoencoder processes more rows at a time than the network,
/// since it has fewer values per row.
#[test]
fn the_training_of_a_layer_fits_wherever_that_of_the_network_does() {
    let mut project = Recipe::Undercomplete.project();
    project.encoder = vec![Layer::Dense { units: 1, activation: Activation::Sigmoid }];
    project.code.units = 2;
    project.loss = Loss::SquaredError;
    project.training.batch_size = 1;
    project.training.optimizer = Optimizer::Sgd { momentum: 0.0, nesterov: false };
    let wide = DataFacts { shape: Shape::Vector((1 << 23) / 3), ..facts() };
    let joint = Plan::unchecked(&project, &wide).training_bytes();
    let enough = DataFacts { available_bytes: joint, ..wide };
    assert!(plan(&project, &enough).is_ok());
    let by = Greedy::Autoencoders { masking: 0.2 };
    project.training.strategy = Strategy::LayerWise { by, epochs: 1, beside_joint: false };
    let layers = Plan::unchecked(&project, &enough);
    let alone = layers.pretraining()[0].autoencoder.as_ref().expect("an autoencoder");
    assert!(plan(alone.design(), alone.facts()).is_err(), "{} of {joint} bytes", alone.training_bytes());
    let found = plan(&project, &enough).expect_err("the first layer does not fit");
    assert!(found.iter().any(|problem| problem.message.contains(" GB") || problem.message.contains(" MB")));
    let all = DataFacts { available_bytes: layers.training_bytes(), ..wide };
    assert!(plan(&project, &all).is_ok());
}

#[test]
fn what_is_wrong_with_the_training_of_one_layer_is_a_problem_of_the_whole() {
    let mut project = Recipe::Undercomplete.project();
    let by = Greedy::Autoencoders { masking: 0.2 };
    project.training.strategy = Strategy::LayerWise { by, epochs: 1, beside_joint: false };
    let mut found = Vec::new();
    let mut narrow = Plan::unchecked(&project, &facts());
    check_pretraining(&narrow, &mut found);
    assert_eq!(found, []);
    // More units than a layer may have, for which the whole design is refused as well.
    project.encoder[1] = dense(0);
    narrow = Plan::unchecked(&project, &facts());
    check_pretraining(&narrow, &mut found);
    assert_eq!(found[0].place, Place::Encoder(1));
    assert!(found[0].message.starts_with("Layer 2 cannot be trained by itself: "), "{found:#?}");
}
