use proptest::prelude::*;

use super::*;
use crate::project::{
    Activation, BlockForm, BlockNorm, Bottleneck, CodebookUpdate, Corruption, Decoder, Distance,
    EarlyStopping, Estimator, Greedy, Initialisation, Layer, Loss, Optimizer, Over, Padding, Penalty, Place,
    Recipe, Regularizer, Schedule, Shape, Site,
};

fn facts() -> DataFacts {
    DataFacts {
        shape: Shape::Image { height: 8, width: 8, channels: 1 },
        train_rows: 1438,
        validation_rows: 180,
        value_range: (0.0, 1.0),
        is_binary: false,
        available_bytes: 8 << 30,
    }
}

fn dense(units: usize) -> Layer {
    Layer::Dense { units, activation: Activation::Relu }
}

/// Checks that the edited default project has an error at `place` whose message contains `words`,
/// and that its fix removes it.
fn check_error(edit: impl Fn(&mut Project), place: Place, words: &str) {
    let mut project = Recipe::Undercomplete.project();
    edit(&mut project);
    let found = problems(&project, Some(&facts()));
    let problem = found
        .iter()
        .find(|p| p.severity == Severity::Error && p.place == place && p.message.contains(words))
        .unwrap_or_else(|| panic!("no error at {place} with {words:?} in {found:#?}"));
    assert!(plan(&project, &facts()).is_err());
    if let Some(fix) = &problem.fix {
        let left = problems(&fix.project, Some(&facts()));
        assert!(!left.contains(problem), "{} does not fix {}", fix.label, problem.message);
    }
}

#[test]
fn nonsense_is_refused_with_its_place() {
    check_error(|p| p.code.units = 0, Place::Code, "0 units");
    check_error(|p| p.encoder[1] = dense(0), Place::Encoder(1), "0 units");
    check_error(|p| p.encoder[0] = dense(usize::MAX), Place::Encoder(0), "more than");
    check_error(|p| p.encoder[0] = Layer::Dropout { rate: 1.0 }, Place::Encoder(0), "dropout rate");
    check_error(|p| p.decoder = Decoder::Free(vec![dense(0)]), Place::Decoder(0), "0 units");
    check_error(|p| p.corruption = Corruption::Gaussian { std: f32::NAN }, Place::Corruption, "NaN");
    check_error(|p| p.corruption = Corruption::Masking { probability: 2.0 }, Place::Corruption, "2");
    check_error(|p| p.training.learning_rate = 0.0, Place::Training, "learning rate");
    check_error(|p| p.training.learning_rate = f32::NAN, Place::Training, "learning rate");
    check_error(|p| p.training.batch_size = 0, Place::Training, "batch");
    check_error(|p| p.training.epochs = 0, Place::Training, "epochs");
    check_error(|p| p.training.weight_decay = -1.0, Place::Training, "decay");
    check_error(|p| p.training.gradient_clip = Some(0.0), Place::Training, "clipped");
    check_error(|p| p.training.schedule = Schedule::Cosine { floor: 2.0 }, Place::Training, "cosine");
    let one_cycle = |rise| Schedule::OneCycle { rise, start: 0.04, floor: 0.0 };
    check_error(|p| p.training.schedule = one_cycle(f32::NAN), Place::Training, "one cycle");
    check_error(
        |p| p.training.optimizer = Optimizer::Sgd { momentum: 0.0, nesterov: true },
        Place::Training,
        "Nesterov",
    );
    check_error(
        |p| p.training.early_stopping = Some(EarlyStopping { patience: 0, min_delta: 0.0 }),
        Place::Training,
        "patience",
    );
    let alone = |p: &mut Project| {
        p.code.kind = Bottleneck::Wasserstein { weight: 1.0 };
        p.training.batch_size = 1;
    };
    check_error(alone, Place::Code, "Wasserstein penalty compares");
    let huge = Bottleneck::Quantised {
        entries: 16_000_000,
        dimension: 1,
        commitment: 0.25,
        update: CodebookUpdate::MovingAverage,
    };
    let mut scarce = Recipe::Undercomplete.project();
    scarce.code.kind = huge;
    let found = problems(&scarce, Some(&DataFacts { available_bytes: 4 << 30, ..facts() }));
    let reported =
        found.iter().find(|problem| problem.place == Place::Code && problem.message.contains(" GB"));
    let fix = reported.and_then(|problem| problem.fix.as_ref()).expect("one click fixes it");
    check_valid(&fix.project, Some(&facts()));
    check_error(|p| p.data.split.test = 0.95, Place::Data, "leave nothing");
    check_error(
        |p| p.training.early_stopping = Some(EarlyStopping { patience: 5, min_delta: -0.1 }),
        Place::Training,
        "improvement",
    );
    let heavy = Optimizer::AdamW { beta1: 0.9, beta2: 0.999, eps: 1e-8 };
    check_error(
        |p| (p.training.optimizer, p.training.weight_decay) = (heavy, 1000.0),
        Place::Training,
        "it must be below 1",
    );
}

#[test]
fn cross_entropy_needs_sigmoid_and_unit_data() {
    let relu = |p: &mut Project| {
        p.loss = Loss::BinaryCrossEntropy;
        p.output.activation = Activation::Relu;
    };
    check_error(relu, Place::Output, "cross-entropy");
    let mut project = Recipe::Undercomplete.project();
    project.loss = Loss::BinaryCrossEntropy;
    let standardised = DataFacts { value_range: (-2.0, 3.0), ..facts() };
    assert!(plan(&project, &facts()).is_ok());
    assert!(plan(&project, &standardised).is_err());
}

#[test]
fn networks_that_do_not_fit_in_memory_are_refused() {
    let mut project = Recipe::Undercomplete.project();
    project.encoder = vec![dense(1 << 20), dense(1 << 20)];
    let found = plan(&project, &facts()).expect_err("a terabyte of weights");
    assert!(found[0].message.contains(" GB"), "{found:?}");
}

#[test]
fn the_default_network_counts_as_by_hand() {
    let plan = plan(&Recipe::Undercomplete.project(), &facts()).expect("the default trains");
    let names: Vec<&str> = plan.stages().map(|stage| stage.name.as_str()).collect();
    assert_eq!(names, ["encoder.0", "encoder.1", "code", "decoder.0", "decoder.1", "output"]);
    // 64·128 + 128·64 + 64·2, in both directions.
    assert_eq!(plan.macs(), 2 * (64 * 128 + 128 * 64 + 64 * 2));
    assert_eq!(plan.parameters(), plan.macs() + 128 + 64 + 2 + 64 + 128 + 64);
}

fn conv(channels: usize, stride: usize, padding: Padding) -> Layer {
    Layer::Conv2d {
        channels,
        kernel: 3,
        stride,
        padding,
        dilation: 1,
        groups: 1,
        activation: Activation::Relu,
    }
}

fn image(height: usize, width: usize, channels: usize) -> Shape {
    Shape::Image { height, width, channels }
}

fn mirrored(encoder: &[Layer], code: usize, input: Shape) -> Mirror {
    let mut project = Recipe::Undercomplete.project();
    project.encoder = encoder.to_vec();
    project.code.units = code;
    mirror(&project, Some(input))
}

fn check_mirror(encoder: &[Layer], code: usize, expected: &[Layer]) {
    let mirror = mirrored(encoder, code, Shape::Vector(200));
    let layers: Vec<Layer> = mirror.layers.into_iter().map(|mirrored| mirrored.layer).collect();
    assert_eq!(layers, expected, "{encoder:?}");
    assert_eq!(
        mirror.output.map(|mirrored| mirrored.layer),
        Some(Layer::Dense { units: 200, activation: Activation::Linear })
    );
}

#[test]
fn the_mirror_undoes_layer_by_layer() {
    let drop = Layer::Dropout { rate: 0.1 };
    let norm = Layer::BatchNorm { activation: Activation::Tanh };
    check_mirror(&[], 2, &[]);
    check_mirror(&[dense(128), dense(64)], 2, &[dense(64), dense(128)]);
    // The last layer already is the code.
    check_mirror(&[dense(128), dense(64)], 64, &[dense(128)]);
    check_mirror(&[dense(128), drop.clone(), dense(64)], 2, &[dense(64), dense(128), drop.clone()]);
    check_mirror(&[drop.clone(), dense(128), drop.clone()], 2, &[dense(128), drop]);
    check_mirror(&[dense(128), norm.clone()], 2, &[dense(128), norm]);
}

/// Asserts that there are no errors.
fn check_valid(project: &Project, data: Option<&DataFacts>) {
    let found = problems(project, data);
    assert!(found.iter().all(|problem| problem.severity != Severity::Error), "{found:#?}");
}

#[test]
fn what_cannot_be_mirrored_or_applied_says_why() {
    let vector = DataFacts { shape: Shape::Vector(48), ..facts() };
    let error = |edit: &dyn Fn(&mut Project), facts: &DataFacts, place: Place, words: &str| {
        let mut project = Recipe::Undercomplete.project();
        edit(&mut project);
        let found = problems(&project, Some(facts));
        let problem = found
            .iter()
            .find(|p| p.severity == Severity::Error && p.place == place && p.message.contains(words))
            .unwrap_or_else(|| panic!("no error at {place} with {words:?} in {found:#?}"));
        let fix = problem.fix.as_ref().expect("one click fixes it");
        let left = problems(&fix.project, Some(facts));
        assert!(left.iter().all(|p| p.severity != Severity::Error), "{}: {left:#?}", fix.label);
    };
    error(&|p| p.encoder = vec![conv(4, 1, Padding::Same)], &vector, Place::Encoder(0), "needs a picture");
    error(&|p| p.encoder = vec![Layer::MaxPool2d { size: 30 }], &facts(), Place::Encoder(0), "do not fit");
    let grouped = |groups| Layer::GroupNorm { groups, activation: Activation::Linear };
    error(
        &|p| p.encoder = vec![conv(6, 1, Padding::Same), grouped(4)],
        &facts(),
        Place::Encoder(1),
        "6 channels are not divisible into 4 groups",
    );
    let of_groups = |channels, groups| Layer::Conv2d {
        channels,
        kernel: 3,
        stride: 1,
        padding: Padding::Same,
        dilation: 1,
        groups,
        activation: Activation::Relu,
    };
    error(
        &|p| p.encoder = vec![conv(6, 1, Padding::Same), of_groups(8, 4)],
        &facts(),
        Place::Encoder(1),
        "Conv2d: 6 channels are not divisible into 4 groups",
    );
    error(&|p| p.encoder = vec![grouped(0)], &facts(), Place::Encoder(0), "number of groups is 0");
    error(
        &|p| p.encoder = vec![Layer::Reshape { height: 5, width: 5, channels: 1 }],
        &facts(),
        Place::Encoder(0),
        "cannot be read",
    );
    error(
        &|p| p.decoder = Decoder::Free(vec![Layer::Upsample { factor: 2 }]),
        &facts(),
        Place::Decoder(0),
        "needs a picture",
    );
    error(
        &|p| {
            p.encoder = vec![Layer::BatchNorm { activation: Activation::Linear }];
            p.training.batch_size = 1;
        },
        &facts(),
        Place::Encoder(0),
        "Batch norm",
    );
}

/// Checks that the edited default project has no error, but a remark at `place` with `words`, and
/// that its fix, if any, removes it.
fn check_remark(
    edit: impl Fn(&mut Project),
    facts: &DataFacts,
    severity: Severity,
    place: Place,
    words: &str,
) {
    let mut project = Recipe::Undercomplete.project();
    edit(&mut project);
    let found = problems(&project, Some(facts));
    assert!(plan(&project, facts).is_ok(), "{found:#?}");
    let problem = found
        .iter()
        .find(|p| p.severity == severity && p.place == place && p.message.contains(words))
        .unwrap_or_else(|| panic!("no {severity} at {place} with {words:?} in {found:#?}"));
    if let Some(fix) = &problem.fix {
        let left = problems(&fix.project, Some(facts));
        assert!(!left.contains(problem), "{} does not fix {}", fix.label, problem.message);
    }
}

#[test]
fn what_is_valid_but_unusual_is_noted() {
    use Severity::{Info, Warning};
    let (here, data) = (facts(), |edit: fn(&mut DataFacts)| {
        let mut facts = facts();
        edit(&mut facts);
        facts
    });
    let free = |activation| {
        move |p: &mut Project| p.decoder = Decoder::Free(vec![Layer::Dense { units: 64, activation }])
    };
    check_remark(free(Activation::Relu), &here, Warning, Place::Decoder(0), "directly followed");
    check_remark(|p| p.code.units = 64, &here, Warning, Place::Code, "copy");
    check_remark(
        |p| {
            p.code.units = 64;
            p.corruption = Corruption::Masking { probability: 0.0 };
        },
        &here,
        Warning,
        Place::Code,
        "copy",
    );
    check_remark(
        |p| {
            p.code.activation = Activation::Tanh;
            p.encoder[1] = dense(2);
        },
        &here,
        Info,
        Place::Code,
        "not used",
    );
    let (gaussian, masking) =
        (|std| Corruption::Gaussian { std }, |probability| Corruption::Masking { probability });
    check_remark(|p| p.corruption = gaussian(0.0), &here, Info, Place::Corruption, "strength 0");
    check_remark(|p| p.corruption = masking(1.0), &here, Warning, Place::Corruption, "nothing is left");
    let negative = data(|facts| facts.value_range = (-3.0, -1.0));
    check_remark(
        |p| {
            p.corruption = masking(0.3);
            p.output.activation = Activation::Linear;
        },
        &negative,
        Info,
        Place::Corruption,
        "outside the range of the scaled data",
    );
    let wide = data(|facts| facts.value_range = (-3.0, 2.0));
    check_remark(
        |p| p.output.activation = Activation::Relu,
        &wide,
        Warning,
        Place::Output,
        "cannot reach values",
    );
    check_remark(|p| p.training.batch_size = 5000, &here, Info, Place::Training, "larger than the training");
    check_remark(|p| p.training.warmup_epochs = 100, &here, Warning, Place::Training, "warm-up");
    let stop = |patience| Some(EarlyStopping { patience, min_delta: 0.0 });
    check_remark(
        |p| p.training.early_stopping = stop(100),
        &here,
        Warning,
        Place::Training,
        "never stop early",
    );
    check_remark(
        |p| {
            p.training.schedule = Schedule::ALL[3];
            p.training.warmup_epochs = 2;
        },
        &here,
        Warning,
        Place::Training,
        "warms up by itself",
    );
    let start_at = |initialisation| move |p: &mut Project| p.training.initialisation = initialisation;
    check_remark(start_at(Initialisation::Zero), &here, Warning, Place::Training, "stay equal");
    let step = Schedule::Step { epochs: 100, factor: 0.5 };
    check_remark(|p| p.training.schedule = step, &here, Warning, Place::Training, "it never decays");
    let constant = data(|facts| facts.value_range = (0.5, 0.5));
    check_remark(|_| {}, &constant, Warning, Place::Data, "constant data");
    let unwatched = data(|facts| facts.validation_rows = 0);
    check_remark(|p| p.data.split.validation = 0.0, &unwatched, Info, Place::Data, "no validation split");
}

#[test]
fn tied_layers_count_their_biases_only() {
    let mut project = Recipe::Undercomplete.project();
    project.decoder = Decoder::Mirrored { tied: true };
    let plan = plan(&project, &facts()).expect("tied trains");
    let tied: Vec<Option<&str>> = plan.decoder().iter().map(|stage| stage.tied_to.as_deref()).collect();
    assert_eq!(tied, [Some("code"), Some("encoder.1"), Some("encoder.0")]);
    assert_eq!(plan.decoder().iter().map(Stage::parameters).sum::<u64>(), 64 + 128 + 64);
}

fn any_size() -> impl Strategy<Value = usize> + Clone {
    prop_oneof![0..40_usize, 0..300_usize, Just(usize::MAX)]
}

/// Mostly 1.
fn any_few() -> impl Strategy<Value = usize> + Clone {
    prop_oneof![4 => Just(1_usize), 3 => 0..5_usize, 1 => any_size()]
}

fn any_padding() -> impl Strategy<Value = Padding> + Clone {
    prop_oneof![Just(Padding::Same), any_size().prop_map(Padding::Pixels)]
}

fn any_block() -> impl Strategy<Value = Layer> {
    let form = prop::sample::select(BlockForm::ALL.to_vec());
    let norm = prop_oneof![
        Just(BlockNorm::None),
        Just(BlockNorm::Batch),
        any_size().prop_map(|groups| BlockNorm::Group { groups })
    ];
    let activation = prop::sample::select(Activation::ALL.to_vec());
    let extra = prop::option::of((any_size(), any_size()));
    (form, any_size(), 0..5_usize, norm, activation, prop::option::of(extra)).prop_map(
        |(form, channels, stride, norm, activation, up)| match up {
            Some(output_padding) => {
                let inner = activation;
                Layer::ResidualTranspose { form, channels, stride, output_padding, norm, inner, activation }
            }
            None => Layer::Residual { form, channels, stride, norm, inner: activation, activation },
        },
    )
}

fn any_layer() -> impl Strategy<Value = Layer> {
    let activation = prop::sample::select(Activation::ALL.to_vec());
    let window =
        (any_size(), 0..6_usize, 0..5_usize, any_padding(), any_few(), any_few(), activation.clone());
    prop_oneof![
        (any_size(), activation.clone()).prop_map(|(units, activation)| Layer::Dense { units, activation }),
        any::<f32>().prop_map(|rate| Layer::Dropout { rate }),
        window.clone().prop_map(|(channels, kernel, stride, padding, dilation, groups, activation)| {
            Layer::Conv2d { channels, kernel, stride, padding, dilation, groups, activation }
        }),
        (window, prop::option::of((any_size(), any_size()))).prop_map(
            |((channels, kernel, stride, padding, dilation, groups, activation), output_padding)| {
                Layer::ConvTranspose2d {
                    channels,
                    kernel,
                    stride,
                    padding,
                    output_padding,
                    dilation,
                    groups,
                    activation,
                }
            }
        ),
        any_block(),
        any_size().prop_map(|size| Layer::MaxPool2d { size }),
        any_size().prop_map(|size| Layer::AvgPool2d { size }),
        any_size().prop_map(|factor| Layer::Upsample { factor }),
        (any_size(), any_size()).prop_map(|(height, width)| Layer::CropOrPad { height, width }),
        activation.clone().prop_map(|activation| Layer::BatchNorm { activation }),
        activation.clone().prop_map(|activation| Layer::LayerNorm { activation }),
        (any_size(), activation).prop_map(|(groups, activation)| Layer::GroupNorm { groups, activation }),
        any::<bool>().prop_map(|shared| Layer::Prelu { shared }),
        Just(Layer::Flatten),
        (any_size(), any_size(), any_size()).prop_map(|(height, width, channels)| Layer::Reshape {
            height,
            width,
            channels
        }),
    ]
}

fn any_kind() -> impl Strategy<Value = Bottleneck> {
    let others = prop::sample::select(Bottleneck::ALL.to_vec());
    let quantised = (any_size(), any_size()).prop_map(|(entries, dimension)| Bottleneck::Quantised {
        entries,
        dimension,
        commitment: 0.25,
        update: CodebookUpdate::MovingAverage,
    });
    let described = any_size().prop_map(|choices| Bottleneck::DescriptionLength {
        choices,
        width: 0.1,
        temperature: 0.5,
    });
    let weighted = any_size().prop_map(|samples| Bottleneck::ImportanceWeighted { samples });
    prop_oneof![4 => Just(Bottleneck::Plain), 4 => others, 1 => quantised, 1 => described, 1 => weighted]
}

fn any_estimator() -> impl Strategy<Value = Estimator> {
    prop_oneof![
        Just(Estimator::Exact),
        Just(Estimator::Auto),
        Just(Estimator::Affordable),
        any::<u32>().prop_map(Estimator::Probes)
    ]
}

mod decoders;
mod empty;
mod many;
mod settings;
mod strategies;

proptest! {
    #[test]
    fn nothing_panics_whatever_it_is_given(
        encoder in prop::collection::vec(any_layer(), 0..6),
        free in prop::option::of(prop::collection::vec(any_layer(), 0..6)),
        tied in any::<bool>(),
        units in any_size(),
        side in any_size(),
        channels in 0..4_usize,
        rate in any::<f32>(),
        rows in 0..3_usize,
        kind in any_kind(),
        penalty in prop::option::of(any_estimator()),
        masking in prop::option::of(prop::option::of(any::<f32>())),
    ) {
        let mut project = Recipe::Undercomplete.project();
        project.encoder = encoder;
        project.decoder = free.map_or(Decoder::Mirrored { tied }, Decoder::Free);
        project.code.units = units;
        project.code.kind = kind;
        project.regularizers.extend(penalty.map(|estimator| Regularizer {
            on: Site::Code,
            penalty: Penalty::Contractive { estimator },
            weight: 0.1,
        }));
        if let Some(masking) = masking {
            let by = masking.map_or(Greedy::Machines, |masking| Greedy::Autoencoders { masking });
            project.training.strategy = crate::project::Strategy::LayerWise { by, epochs: 1, beside_joint: false };
        }
        project.training.learning_rate = rate;
        let shape = image(side, side, channels);
        let facts = DataFacts { shape, train_rows: rows, ..facts() };
        problems(&project, None);
        cards(&project, None);
        Plan::unchecked(&project, &facts).training_bytes();
        cards(&project, Some(shape));
        if let Ok(plan) = plan(&project, &facts) {
            prop_assert!(plan.stages().all(|stage| stage.outputs() > 0));
            // A kind of code may have more inputs than numbers for the decoder.
            for (stages, first) in
                [(plan.encoder(), shape.features()), (plan.decoder(), plan.code_units())]
            {
                let mut features = first;
                for (index, stage) in stages.iter().enumerate() {
                    // A shortcut starts from the input of its block.
                    let from = if stage.skips > 0 { stages[index - stage.skips].inputs() } else { features };
                    prop_assert_eq!(stage.inputs(), from);
                    features = stage.outputs();
                }
            }
            prop_assert_eq!(plan.decoder().last().map_or(plan.code_units(), Stage::outputs), shape.features());
            prop_assert_eq!(Some(plan.parameters()), cards(&project, Some(shape)).parameters());
            prop_assert_eq!(Some(plan.macs()), cards(&project, Some(shape)).macs());
        }
    }
}

#[test]
fn a_convolution_behind_a_row_is_offered_a_place_among_the_pictures() {
    let mut project = Recipe::Undercomplete.project();
    project.encoder.push(conv(4, 2, Padding::Same));
    let found = problems(&project, Some(&facts()));
    let problem = found.iter().find(|problem| problem.place == Place::Encoder(2)).expect("it reads pictures");
    let fixed = &problem.fix.as_ref().expect("a remedy").project;
    assert!(matches!(fixed.encoder[..], [Layer::Conv2d { .. }, Layer::Dense { .. }, Layer::Dense { .. }]));
    assert!(plan(fixed, &facts()).is_ok());
}

#[test]
fn kl_sparsity_passes_through_layers_that_change_nothing() {
    let check = |layers: Vec<Layer>, site: usize, source: Option<&str>| {
        let mut project = Recipe::Undercomplete.project();
        project.encoder = layers;
        let penalty = Penalty::Sparsity { target: 0.1, distance: Distance::Kl, over: Over::Samples };
        project.regularizers = vec![Regularizer { on: Site::Encoder(site), penalty, weight: 0.1 }];
        let found = problems(&project, Some(&facts()));
        let reported = found.iter().find(|problem| problem.message.contains("compares probabilities"));
        assert_eq!(reported.is_some(), source.is_some(), "{found:#?}");
        if let (Some(reported), Some(source)) = (reported, source) {
            assert!(
                reported.place == Place::Encoder(site) && reported.message.contains(source),
                "{}",
                reported.message
            );
            let fixed = problems(&reported.fix.as_ref().expect("a remedy").project, Some(&facts()));
            assert!(!fixed.contains(reported));
        }
    };
    let dense = |activation| Layer::Dense { units: 16, activation };
    let pool = || vec![conv(4, 1, Padding::Same), Layer::MaxPool2d { size: 2 }, Layer::Flatten];
    check(vec![dense(Activation::Sigmoid)], 0, None);
    check(vec![dense(Activation::Sigmoid), Layer::Dropout { rate: 0.0 }], 1, None);
    check(vec![dense(Activation::Sigmoid), Layer::Dropout { rate: 0.5 }], 1, Some("dropout"));
    check(pool(), 1, Some("ReLU"));
    check(pool(), 2, Some("ReLU"));
    check(vec![Layer::MaxPool2d { size: 2 }], 0, None);
}
