//! Residual blocks within a whole network: gradients, Jacobians, weights shared by the decoder.

use super::layers::{conv, toy_pictures};
use super::*;
use crate::project::{BlockForm, BlockNorm, Estimator, Penalty, Regularizer, Site};

const NORMS: [BlockNorm; 3] = [BlockNorm::None, BlockNorm::Batch, BlockNorm::Group { groups: 2 }];

/// A residual block whose gradient has no kinks.
fn block(form: BlockForm, channels: usize, stride: usize, norm: BlockNorm) -> Layer {
    let (inner, activation) = (Activation::Tanh, Activation::Softplus);
    Layer::Residual { form, channels, stride, norm, inner, activation }
}

fn upwards(form: BlockForm, channels: usize, norm: BlockNorm) -> Layer {
    let (inner, activation, output_padding) = (Activation::Tanh, Activation::Gelu, None);
    Layer::ResidualTranspose { form, channels, stride: 2, output_padding, norm, inner, activation }
}

#[test]
fn blocks_have_the_gradient_of_their_network() {
    // Sides that are not divisible by a stride of 2.
    let data = toy_pictures(40, 3, 5, 4);
    for (index, norm) in NORMS.into_iter().enumerate() {
        for form in BlockForm::ALL {
            let tied = (index % 2 == 0) == (form == BlockForm::Basic);
            // With larger weights, differences of norms over few values are too coarse.
            check_gradients_on(&data, &format!("{form:?} {norm:?} tied {tied}"), 1.0, |project| {
                // The first block's shortcut is the identity.
                project.encoder = vec![block(form, 4, 1, norm), block(form, 8, 2, norm)];
                project.decoder = Decoder::Mirrored { tied };
            });
        }
    }
    for form in BlockForm::ALL {
        check_gradients_on(&data, &format!("{form:?} upwards"), 1.5, |project| {
            project.encoder = vec![upwards(form, 2, BlockNorm::None), conv(2, 3, 2, Activation::Tanh)];
            project.decoder = Decoder::Mirrored { tied: form == BlockForm::Basic };
        });
    }
}

#[test]
fn contractive_penalties_see_both_paths() {
    let data = toy_pictures(40, 3, 4, 2);
    for estimator in [Estimator::Exact, Estimator::Probes(2)] {
        for norm in [BlockNorm::None, BlockNorm::Group { groups: 2 }] {
            check_gradients_on(&data, &format!("{estimator:?} {norm:?}"), 1.5, |project| {
                project.encoder = vec![
                    block(BlockForm::Basic, 2, 1, norm),
                    block(BlockForm::Bottleneck, 4, 2, norm),
                    Layer::Prelu { shared: false },
                ];
                let penalty = Penalty::Contractive { estimator };
                project.regularizers = vec![Regularizer { on: Site::Code, penalty, weight: 0.5 }];
            });
        }
    }
}

#[test]
fn the_size_of_the_jacobian_is_that_of_differences() {
    let data = toy_pictures(40, 3, 4, 2);
    for norm in [BlockNorm::None, BlockNorm::Batch] {
        let plan = toy_plan(&data, |project| {
            project.encoder = vec![
                block(BlockForm::Basic, 2, 1, norm),
                block(BlockForm::Bottleneck, 4, 2, norm),
                upwards(BlockForm::Basic, 3, norm),
            ];
            let penalty = Penalty::Contractive { estimator: Estimator::Exact };
            project.regularizers = vec![Regularizer { on: Site::Code, penalty, weight: 1.0 }];
        });
        let mut network = Network::new(&plan, 1).expect("small");
        let rows: Vec<u32> = (0..5).collect();
        let evaluation = network.evaluate(&data, &rows, None).expect("small");
        let terms =
            evaluation.losses.iter().map(|(name, value)| (name.to_owned(), value)).collect::<Vec<_>>();
        let (_, ours) = terms.iter().find(|(name, _)| name.contains("contractive")).expect("a term");
        let mut samples = vec![0.0; 5 * 24];
        data.gather(&rows, &mut samples);
        let (mut sum, h) = (0.0, 1e-2_f32);
        for feature in 0..24 {
            let mut codes = [h, -h].map(|shift| {
                let mut samples = samples.clone();
                samples.iter_mut().skip(feature).step_by(24).for_each(|value| *value += shift);
                network.encode(&samples)
            });
            let [above, below] = &mut codes;
            for (above, below) in above.iter().zip(below.iter()) {
                sum += f64::from((above - below) / (2.0 * h)).powi(2);
            }
        }
        let expected = sum / 5.0;
        assert!((ours - expected).abs() < 1e-2 * expected, "{norm:?}: {ours}, not {expected}");
        assert!(expected > 1e-6, "{expected}");
    }
}

#[test]
fn a_tied_block_owns_no_kernels() {
    let data = toy_pictures(20, 6, 8, 2);
    for form in BlockForm::ALL {
        let plan = toy_plan(&data, |project| {
            project.encoder = vec![block(form, 4, 2, BlockNorm::Batch)];
            project.decoder = Decoder::Mirrored { tied: true };
        });
        let names: Vec<String> = plan.arrays().into_iter().map(|array| array.name).collect();
        let own = |end: &str| names.iter().any(|name| name == &format!("output.{end}"));
        assert!(!own("conv1.weight") && !own("upsample.0.weight"), "{names:?}");
        assert!(own("bn1.weight") && own("upsample.1.running_var"), "{names:?}");
        let network = Network::new(&plan, 1).expect("small");
        assert_eq!(network.weights().len() as u64 - buffers(&network), plan.parameters());
    }
}

/// Number of values in buffers.
fn buffers(network: &Network) -> u64 {
    let buffers = network.parameters().iter().filter(|parameter| !parameter.is_learned());
    buffers.map(|parameter| parameter.len() as u64).sum()
}

#[test]
fn blocks_are_bit_identical_on_any_number_of_threads() {
    let data = toy_pictures(172, 11, 12, 3);
    let plan = toy_plan(&data, |project| {
        project.encoder = vec![
            conv(8, 3, 1, Activation::Relu),
            block(BlockForm::Basic, 16, 2, BlockNorm::Batch),
            block(BlockForm::Bottleneck, 16, 1, BlockNorm::Group { groups: 4 }),
        ];
        project.training.batch_size = 64;
        project.training.epochs = 2;
    });
    let whole = losses(&plan, &data, 1);
    for threads in [2, 3] {
        assert_eq!(losses(&plan, &data, threads), whole, "{threads} threads");
    }
}

/// Each weight of a block has its own row among the gradients.
#[test]
fn the_gradients_of_a_block_have_names_of_their_own() {
    let data = toy_pictures(40, 3, 4, 2);
    let plan = toy_plan(&data, |project| {
        project.encoder = vec![block(BlockForm::Basic, 4, 2, BlockNorm::Batch)];
        project.code.kind = Bottleneck::Variational { beta: 1.0, warmup_epochs: 0, free_nats: 0.0 };
        project.training.epochs = 1;
    });
    let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    while !trainer.is_done() {
        trainer.step().expect("valid");
    }
    let gradients = trainer.health().expect("small").gradients;
    let names: Vec<&str> = gradients.iter().map(|layer| layer.name.as_str()).collect();
    for name in
        ["encoder layer 1, conv1", "encoder layer 1, conv2", "encoder layer 1, downsample.0", "output, conv2"]
    {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    let mut different = names.clone();
    different.sort_unstable();
    different.dedup();
    assert_eq!(different.len(), names.len(), "{names:?}");
}
