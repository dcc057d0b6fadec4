//! What `check` says training will take, against what is allocated.

use super::layers::{conv, toy_pictures};
use super::*;
use crate::engine::kernels::variable::Node;
use crate::engine::layers::Operation;

/// Bytes an operation holds beside parameters and output.
fn held(operation: &Operation) -> usize {
    let sums = |sums: Option<&Node>| sums.map_or(0, |sums| 4 * sums.borrow().values().len());
    match operation {
        Operation::Dense(dense) => sums(dense.sums()),
        Operation::Conv(conv) => conv.bytes() + sums(conv.sums()),
        Operation::Pool(pool) => 4 * pool.chosen().len(),
        Operation::BatchNorm(norm) => norm.bytes() + sums(norm.sums()),
        Operation::LayerNorm(norm) => 4 * norm.statistics().len() + sums(norm.sums()),
        Operation::Upsample(_) | Operation::Permute(_) | Operation::Apply(_) | Operation::Dropout(_) => 0,
    }
}

#[test]
fn operations_hold_what_was_counted_and_nothing_for_training_before_it() {
    let data = toy_pictures(60, 8, 10, 3);
    let mut kinds = std::collections::HashSet::new();
    for activation in [Activation::Relu, Activation::Gelu] {
        for channels in [5, 300] {
            let plan = toy_plan(&data, |project| {
                project.encoder = vec![
                    conv(channels, 3, 1, activation),
                    Layer::BatchNorm { activation },
                    Layer::MaxPool2d { size: 2 },
                    conv(channels, 3, 2, activation),
                    Layer::LayerNorm { activation },
                    Layer::Dropout { rate: 0.2 },
                    Layer::Dense { units: 7, activation },
                ];
            });
            let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
            let rows = trainer.network().capacity() as u64;
            let has_none_yet = plan.stages().zip(trainer.network().operations()).any(|(stage, operation)| {
                let is_convolution = matches!(operation, Operation::Conv(_));
                is_convolution && 10 * (held(operation) as u64) < 9 * stage.scratch_bytes(rows)
            });
            assert!(channels < 100 || has_none_yet, "gradients have memory before there are any");
            trainer.step().expect("sound");
            for (stage, operation) in plan.stages().zip(trainer.network().operations()) {
                let (counted, held) = (stage.scratch_bytes(rows), held(operation) as u64);
                let place = format!("{:?} of {channels} channels, {activation:?}", stage.kind);
                assert!(counted >= held, "{place}: {counted} counted, {held} held");
                assert!(2 * counted <= 3 * held, "{place}: {counted} counted, {held} held");
                kinds.insert(std::mem::discriminant(&stage.kind));
            }
        }
    }
    assert!(kinds.len() >= 9, "{} kinds were seen", kinds.len());
}
