use proptest::prelude::*;

use super::*;
use crate::project::{
    Activation, Code, Corruption, Decoder, EarlyStopping, Layer, Loss, Optimizer, Recipe, Schedule,
};

fn facts() -> DataFacts {
    DataFacts {
        shape: Shape::Image { height: 8, width: 8, channels: 1 },
        train_rows: 1438,
        validation_rows: 180,
        value_range: (0.0, 1.0),
        available_bytes: 8 << 30,
    }
}

fn dense(units: usize) -> Layer {
    Layer::Dense { units, activation: Activation::Relu }
}

/// The edited default project has an error at `place` that speaks of `words`, and its fix removes it.
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
        assert!(!left.contains(problem), "{} does not mend {}", fix.label, problem.message);
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
    check_error(|p| p.data.split.test = 0.95, Place::Data, "leave nothing");
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
    assert!(found[0].message.contains("GiB"), "{found:?}");
}

#[test]
fn the_default_network_counts_as_by_hand() {
    let plan = plan(&Recipe::Undercomplete.project(), &facts()).expect("the default trains");
    let names: Vec<&str> = plan.stages().map(|stage| stage.name.as_str()).collect();
    assert_eq!(names, ["encoder.0", "encoder.1", "code", "decoder.0", "decoder.1", "output"]);
    // 64·128 + 128·64 + 64·2, there and back.
    assert_eq!(plan.macs(), 2 * (64 * 128 + 128 * 64 + 64 * 2));
    assert_eq!(plan.parameters(), plan.macs() + 128 + 64 + 2 + 64 + 128 + 64);
}

fn check_mirror(encoder: &[Layer], code: usize, expected: &[Layer]) {
    let code = Code { units: code, activation: Activation::Linear };
    assert_eq!(mirror(encoder, &code), expected, "{encoder:?}");
}

#[test]
fn the_mirror_undoes_layer_by_layer() {
    let drop = Layer::Dropout { rate: 0.1 };
    check_mirror(&[], 2, &[]);
    check_mirror(&[dense(128), dense(64)], 2, &[dense(64), dense(128)]);
    // The last layer is the code already.
    check_mirror(&[dense(128), dense(64)], 64, &[dense(128)]);
    check_mirror(&[dense(128), drop.clone(), dense(64)], 2, &[dense(64), dense(128), drop.clone()]);
    check_mirror(&[drop.clone(), dense(128), drop.clone()], 2, &[dense(128), drop]);
}

#[test]
fn tied_layers_count_their_biases_only() {
    let mut project = Recipe::Undercomplete.project();
    project.decoder = Decoder::Mirrored { tied: true };
    let plan = plan(&project, &facts()).expect("tied trains");
    let tied: Vec<&WeightSource> = plan
        .decoder()
        .iter()
        .filter_map(|stage| match &stage.kind {
            StageKind::Dense { weights, .. } => Some(weights),
            StageKind::Dropout { .. } => None,
        })
        .collect();
    let expected = ["code", "encoder.1", "encoder.0"].map(|name| WeightSource::TransposeOf(name.into()));
    assert_eq!(tied, expected.iter().collect::<Vec<_>>());
    assert_eq!(plan.decoder().iter().map(Stage::parameters).sum::<u64>(), 64 + 128 + 64);
}

prop_compose! {
    fn any_layer()(which in 0..2, units in prop_oneof![0..300_usize, Just(usize::MAX)], rate in any::<f32>()) -> Layer {
        if which == 0 { dense(units) } else { Layer::Dropout { rate } }
    }
}

proptest! {
    #[test]
    fn nothing_panics_whatever_it_is_given(
        encoder in prop::collection::vec(any_layer(), 0..6),
        free in prop::option::of(prop::collection::vec(any_layer(), 0..6)),
        tied in any::<bool>(),
        units in prop_oneof![0..300_usize, Just(usize::MAX)],
        side in prop_oneof![0..40_usize, Just(usize::MAX)],
        rate in any::<f32>(),
    ) {
        let mut project = Recipe::Undercomplete.project();
        project.encoder = encoder;
        project.decoder = free.map_or(Decoder::Mirrored { tied }, Decoder::Free);
        project.code.units = units;
        project.training.learning_rate = rate;
        let shape = Shape::Image { height: side, width: side, channels: 1 };
        let facts = DataFacts { shape, ..facts() };
        problems(&project, None);
        cards(&project, None);
        cards(&project, Some(shape));
        if let Ok(plan) = plan(&project, &facts) {
            prop_assert!(plan.stages().all(|stage| stage.outputs > 0));
            prop_assert_eq!(plan.decoder().last().map(|stage| stage.outputs), Some(shape.features()));
            prop_assert_eq!(Some(plan.parameters()), cards(&project, Some(shape)).parameters());
        }
    }
}
