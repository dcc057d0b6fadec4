//! Memory estimates for training in `check`, against allocated memory.

use std::process::Command;

use super::layers::{conv, grouped, toy_pictures};
use super::*;
use crate::project::{BlockForm, BlockNorm};
use crate::project::{
    CodebookUpdate, Competition, Estimator, Greedy, Penalty, Regularizer, Site, Strategy, Threshold,
};

fn residual(channels: usize, activation: Activation) -> Layer {
    let (form, norm) = (BlockForm::Basic, BlockNorm::Batch);
    Layer::Residual { form, channels, stride: 1, norm, inner: activation, activation }
}

#[test]
fn operations_use_the_estimated_memory_and_nothing_for_training_before_it() {
    let data = toy_pictures(60, 16, 24, 3);
    let mut kinds = std::collections::HashSet::new();
    for activation in [Activation::Relu, Activation::Gelu] {
        for channels in [6, 300] {
            let plan = toy_plan(&data, |project| {
                project.encoder = vec![
                    conv(32, 3, 1, activation),
                    conv(48, 3, 1, activation),
                    conv(64, 3, 2, activation),
                    conv(channels, 3, 1, activation),
                    Layer::BatchNorm { activation },
                    Layer::MaxPool2d { size: 2 },
                    conv(channels, 3, 2, activation),
                    Layer::LayerNorm { activation },
                    Layer::Prelu { shared: false },
                    residual(4, activation),
                    Layer::Dropout { rate: 0.2 },
                    grouped(channels.next_multiple_of(2), false),
                    Layer::Dense { units: 7, activation },
                ];
            });
            let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
            let rows = trainer.network().capacity() as u64;
            let has_none_yet = plan.stages().zip(trainer.network().operations()).any(|(stage, operation)| {
                use crate::check::StageKind::{Conv, ConvTranspose};
                let is_convolution = matches!(stage.kind, Conv { .. } | ConvTranspose { .. });
                is_convolution && 10 * (operation.bytes() as u64) < 9 * stage.scratch_bytes(rows)
            });
            assert!(channels < 100 || has_none_yet, "gradients have memory before there are any");
            trainer.step().expect("valid");
            for (stage, operation) in plan.stages().zip(trainer.network().operations()) {
                let (counted, held) = (stage.scratch_bytes(rows), operation.bytes() as u64);
                let place = format!("{:?} of {channels} channels, {activation:?}", stage.kind);
                assert!(counted >= held, "{place}: {counted} counted, {held} held");
                assert!(2 * counted <= 3 * held, "{place}: {counted} counted, {held} held");
                kinds.insert(std::mem::discriminant(&stage.kind));
            }
        }
    }
    assert!(kinds.len() >= 10, "{} kinds were seen", kinds.len());
}

/// Set in a process that measures its own memory.
const MEASURES: &str = "HOURGLASS_MEASURES_MEMORY";

/// Runs the test `name` alone, in a process whose allocator returns freed memory to the system;
/// returns whether this is that process.
fn is_alone(name: &str) -> bool {
    if std::env::var_os(MEASURES).is_some() {
        return true;
    }
    let itself = std::env::current_exe().expect("a test is a program");
    let mut alone = Command::new(itself);
    alone.args([format!("engine::tests::memory::{name}").as_str(), "--exact", "--nocapture"]);
    let output = alone.env(MEASURES, "1").env("MALLOC_MMAP_THRESHOLD_", "65536").output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("counted"), "{said}");
    false
}

/// Private, writable memory of this process, in bytes.
fn held_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmData:")).expect("a line for data");
    1024 * line.trim().trim_end_matches("kB").trim().parse::<u64>().expect("a number")
}

/// A training of one step per epoch allocates the estimated memory or somewhat less: at least 1 /
/// `slack` of it.
fn check_training(name: &str, data: &Arc<Dataset>, slack: f64, edit: impl FnOnce(&mut Project)) {
    let plan = toy_plan(data, |project| {
        project.encoder.clear();
        project.loss = Loss::SquaredError;
        project.output.activation = Activation::Linear;
        let early_stopping = Some(EarlyStopping { patience: 5, min_delta: 0.0 });
        project.training = Training { batch_size: 1 << 20, epochs: 1, early_stopping, ..Training::default() };
        edit(project);
    });
    let before = held_bytes();
    let mut trainer = Trainer::new(&plan, Arc::clone(data), 1).expect("enough memory");
    let mut most = 0;
    let mut checkpoint = trainer.snapshot();
    while !trainer.is_done() {
        trainer.step().expect("valid");
        checkpoint = trainer.snapshot();
        most = most.max(held_bytes() - before);
    }
    trainer.health().expect("enough memory");
    most = most.max(held_bytes() - before);
    drop(checkpoint);
    let counted = plan.training_bytes();
    eprintln!("{name}: {counted} bytes counted, {most} held");
    let room = 1 << 19;
    assert!(
        counted + room >= most && counted as f64 <= slack * (most + room) as f64,
        "{name}: {counted} counted, {most} held"
    );
}

#[test]
#[cfg(target_os = "linux")]
fn every_kind_of_code_uses_the_estimated_memory() {
    if !is_alone("every_kind_of_code_uses_the_estimated_memory") {
        return;
    }
    let data = toy_data(4000, 24);
    let gaussian = Loss::Gaussian { variance: Variance::Fixed { std: 0.1 } };
    let check = |name: &str, kind, hidden: &[usize], units| {
        check_training(name, &data, 1.5, |project| {
            project.encoder =
                hidden.iter().map(|&units| Layer::Dense { units, activation: Activation::Tanh }).collect();
            project.code = Code { kind, ..Code::plain(units) };
            if matches!(kind, Bottleneck::DescriptionLength { .. }) {
                project.loss = gaussian;
            }
        });
    };
    for kind in Bottleneck::ALL {
        let (hidden, units): (&[usize], usize) = match kind {
            Bottleneck::Plain
            | Bottleneck::KSparse { .. }
            | Bottleneck::Variational { .. }
            | Bottleneck::Hashing { .. }
            | Bottleneck::DescriptionLength { .. }
            | Bottleneck::Quantised { .. } => (&[30], 600),
            Bottleneck::ImportanceWeighted { .. } | Bottleneck::Wasserstein { .. } => (&[30], 200),
            Bottleneck::Concrete { .. } => (&[], 200),
        };
        check(kind.name(), kind, hidden, units);
    }
    let pictures = toy_pictures(1000, 20, 20, 1);
    for kind in [
        Bottleneck::Variational { beta: 1.0, warmup_epochs: 0, free_nats: 0.0 },
        Bottleneck::KSparse { k: 2, alpha: 1.0, lowers: false, within: Competition::Position },
        Bottleneck::KSparse { k: 1, alpha: 1.0, lowers: false, within: Competition::Channel },
    ] {
        check_training(&format!("{kind:?} of channels"), &pictures, 1.5, |project| {
            project.encoder = vec![conv(4, 3, 1, Activation::Tanh)];
            project.code = Code { kind, ..Code::channels(6) };
        });
    }
    let linear = Bottleneck::DescriptionLength { choices: 6, width: 0.1, temperature: 0.5 };
    check("with a linear decoder", linear, &[], 600);
    let (entries, dimension, commitment) = (4096, 20, 0.25);
    for update in CodebookUpdate::ALL {
        let kind = Bottleneck::Quantised { entries, dimension, commitment, update };
        check(update.name(), kind, &[], 200);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn contractive_penalties_use_the_estimated_memory() {
    if !is_alone("contractive_penalties_use_the_estimated_memory") {
        return;
    }
    let (rows, pictures) = (toy_data(2000, 40), toy_pictures(300, 8, 10, 3));
    let dense = |units, activation| Layer::Dense { units, activation };
    let deep = vec![dense(60, Activation::Gelu), dense(50, Activation::Tanh)];
    let every_kind = vec![
        conv(6, 3, 1, Activation::Gelu),
        Layer::BatchNorm { activation: Activation::Tanh },
        Layer::MaxPool2d { size: 2 },
        Layer::LayerNorm { activation: Activation::Silu },
        Layer::Upsample { factor: 2 },
        Layer::CropOrPad { height: 7, width: 11 },
        residual(5, Activation::Tanh),
        Layer::AvgPool2d { size: 2 },
        Layer::Dropout { rate: 0.2 },
        dense(7, Activation::Sigmoid),
    ];
    let kinds = [
        Bottleneck::Plain,
        Bottleneck::Variational { beta: 1.0, warmup_epochs: 0, free_nats: 0.0 },
        Bottleneck::KSparse { k: 3, alpha: 1.0, lowers: false, within: Competition::Code },
        Bottleneck::Hashing { std: 1.0, threshold: Threshold::Half },
    ];
    let estimators = [Estimator::Exact, Estimator::Auto, Estimator::Probes(3)];
    for (data, layers) in [(&rows, vec![]), (&rows, deep), (&pictures, every_kind)] {
        for (estimator, kind) in estimators.into_iter().chain([Estimator::Exact]).zip(kinds) {
            check_training(
                &format!("{estimator:?} of {} layers, {}", layers.len(), kind.name()),
                data,
                1.5,
                |project| {
                    project.encoder.clone_from(&layers);
                    project.code = Code { kind, activation: Activation::Linear, ..Code::plain(20) };
                    let penalty = Penalty::Contractive { estimator };
                    project.regularizers = vec![Regularizer { on: Site::Code, penalty, weight: 0.1 }];
                },
            );
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn trainings_of_single_layers_use_the_estimated_memory() {
    if !is_alone("trainings_of_single_layers_use_the_estimated_memory") {
        return;
    }
    let data = toy_data(3000, 200);
    for by in [Greedy::Machines, Greedy::Autoencoders { masking: 0.2 }] {
        for units in [[300, 500], [600, 100]] {
            // If one training follows another, both are briefly held, which is not measured here.
            check_training(&format!("{by:?} of {units:?}"), &data, 2.0, |project| {
                let dense = |units| Layer::Dense { units, activation: Activation::Sigmoid };
                project.encoder = units.map(dense).to_vec();
                project.output.activation = Activation::Sigmoid;
                project.training.strategy = Strategy::LayerWise { by, epochs: 1, beside_joint: false };
            });
        }
    }
}

/// `check` chooses the route to a Jacobian from the same linear maps that the operations are split
/// into.
#[test]
fn jacobians_are_made_of_the_maps_that_were_counted() {
    let data = toy_pictures(20, 6, 8, 2);
    for layer in Layer::ALL.into_iter().chain([grouped(4, false), grouped(4, true)]) {
        for activation in [Activation::Linear, Activation::Tanh] {
            let plan = toy_plan(&data, |project| {
                project.encoder = super::layers::around(&layer.clone().with_activation(activation));
            });
            let network = Network::new(&plan, 1).expect("small");
            assert_eq!(network.jacobian_maps(), plan.jacobian_maps(), "{layer:?}");
        }
    }
}
