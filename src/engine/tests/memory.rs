//! What `check` says training will take, against what is allocated.

use super::layers::{conv, toy_pictures};
use super::*;

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
                use crate::check::StageKind::{Conv, ConvTranspose};
                let is_convolution = matches!(stage.kind, Conv { .. } | ConvTranspose { .. });
                is_convolution && 10 * (operation.bytes() as u64) < 9 * stage.scratch_bytes(rows)
            });
            assert!(channels < 100 || has_none_yet, "gradients have memory before there are any");
            trainer.step().expect("sound");
            for (stage, operation) in plan.stages().zip(trainer.network().operations()) {
                let (counted, held) = (stage.scratch_bytes(rows), operation.bytes() as u64);
                let place = format!("{:?} of {channels} channels, {activation:?}", stage.kind);
                assert!(counted >= held, "{place}: {counted} counted, {held} held");
                assert!(2 * counted <= 3 * held, "{place}: {counted} counted, {held} held");
                kinds.insert(std::mem::discriminant(&stage.kind));
            }
        }
    }
    assert!(kinds.len() >= 9, "{} kinds were seen", kinds.len());
}
