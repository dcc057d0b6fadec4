//! Layers of pictures within a whole network: gradients, shapes, batch norm's memory, determinism.

use super::*;
use crate::project::Padding;

/// The toy rows read as pictures.
pub(super) fn toy_pictures(rows: usize, height: usize, width: usize, channels: usize) -> Arc<Dataset> {
    let data = toy_data(rows, height * width * channels);
    Arc::new(Dataset { shape: Shape::Image { height, width, channels }, ..(*data).clone() })
}

pub(super) fn conv(channels: usize, kernel: usize, stride: usize, activation: Activation) -> Layer {
    Layer::Conv2d { channels, kernel, stride, padding: Padding::Same, dilation: 1, groups: 1, activation }
}

/// A small encoder that contains the layer, for pictures of 6×8 pixels with two channels.
pub(super) fn around(layer: &Layer) -> Vec<Layer> {
    let smooth = Activation::Softplus;
    match layer {
        Layer::Dense { .. } => vec![conv(2, 3, 2, smooth), Layer::Dense { units: 5, activation: smooth }],
        Layer::Conv2d { kernel, stride, padding, dilation, groups, .. } => vec![Layer::Conv2d {
            channels: 3_usize.next_multiple_of(*groups),
            kernel: *kernel,
            stride: *stride,
            padding: *padding,
            dilation: *dilation,
            groups: *groups,
            activation: Activation::Tanh,
        }],
        Layer::ConvTranspose2d { kernel, stride, padding, output_padding, dilation, groups, .. } => {
            vec![Layer::ConvTranspose2d {
                channels: 2,
                kernel: *kernel,
                stride: *stride,
                padding: *padding,
                output_padding: *output_padding,
                dilation: *dilation,
                groups: *groups,
                activation: Activation::Silu,
            }]
        }
        Layer::Reshape { .. } => {
            vec![Layer::Reshape { height: 4, width: 8, channels: 3 }, conv(2, 3, 2, smooth)]
        }
        Layer::BatchNorm { .. } => {
            vec![conv(2, 3, 2, Activation::Linear), Layer::BatchNorm { activation: smooth }]
        }
        Layer::LayerNorm { .. } => {
            vec![conv(2, 3, 2, Activation::Linear), Layer::LayerNorm { activation: smooth }]
        }
        Layer::GroupNorm { .. } => {
            vec![conv(4, 3, 2, Activation::Linear), Layer::GroupNorm { groups: 2, activation: smooth }]
        }
        Layer::Residual { form, stride, norm, .. } => {
            let (form, stride, norm) = (*form, *stride, *norm);
            let block = Layer::Residual {
                form,
                channels: 3,
                stride,
                norm,
                inner: Activation::Tanh,
                activation: smooth,
            };
            vec![conv(2, 3, 2, smooth), block]
        }
        Layer::ResidualTranspose { form, stride, output_padding, norm, .. } => {
            vec![Layer::ResidualTranspose {
                form: *form,
                channels: 2,
                stride: *stride,
                output_padding: *output_padding,
                norm: *norm,
                inner: Activation::Tanh,
                activation: smooth,
            }]
        }
        Layer::Prelu { .. } => vec![conv(3, 3, 2, Activation::Linear), layer.clone()],
        Layer::MaxPool2d { .. }
        | Layer::AvgPool2d { .. }
        | Layer::Upsample { .. }
        | Layer::CropOrPad { .. }
        | Layer::Flatten
        | Layer::Dropout { .. } => vec![conv(2, 3, 1, smooth), layer.clone()],
    }
}

#[test]
fn every_layer_has_the_gradient_of_its_network() {
    let data = toy_pictures(40, 6, 8, 2);
    // Where the largest of a block changes, or a sum its sign, differences would cross a kink; the
    // kernels' own tests avoid them.
    let has_kinks = |layer: &Layer| matches!(layer, Layer::MaxPool2d { .. } | Layer::Prelu { .. });
    let smooth = Layer::ALL.into_iter().filter(|layer| !has_kinks(layer));
    for layer in smooth {
        for tied in [false, true] {
            let name = format!("{} tied {tied}", layer.name());
            check_gradients_on(&data, &name, 3.0, |project| {
                project.encoder = around(&layer);
                project.decoder = Decoder::Mirrored { tied };
            });
        }
    }
}

/// A dilated convolution with groups, or its transpose, for pictures with an even number of
/// channels.
pub(super) fn grouped(channels: usize, is_transposed: bool) -> Layer {
    let (kernel, stride, padding, dilation, groups) = (3, 2, Padding::Same, 2, 2);
    let activation = Activation::Tanh;
    if is_transposed {
        let output_padding = None;
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
    } else {
        Layer::Conv2d { channels, kernel, stride, padding, dilation, groups, activation }
    }
}

#[test]
fn a_mirror_that_pads_has_the_gradient_of_its_network() {
    // 7×9 pixels; a pool of 2 leaves out a row and a column, then one of 3 leaves out a column.
    check_gradients_on(&toy_pictures(40, 7, 9, 2), "padded", 3.0, |project| {
        let pool = |size| Layer::AvgPool2d { size };
        project.encoder =
            vec![conv(3, 3, 1, Activation::Tanh), pool(2), conv(2, 3, 1, Activation::Tanh), pool(3)];
    });
}

#[test]
fn convolutions_with_groups_and_gaps_have_the_gradient_of_their_network() {
    let data = toy_pictures(40, 7, 9, 2);
    for tied in [false, true] {
        for is_transposed in [false, true] {
            check_gradients_on(&data, &format!("transposed {is_transposed} tied {tied}"), 3.0, |project| {
                project.encoder = vec![grouped(4, is_transposed), grouped(4, false)];
                project.decoder = Decoder::Mirrored { tied };
            });
        }
    }
}

#[test]
fn a_deep_composed_network_has_its_gradient() {
    check_gradients_on(&toy_pictures(40, 7, 9, 2), "deep", 1.0, |project| {
        project.encoder = vec![
            conv(3, 3, 2, Activation::Linear),
            Layer::BatchNorm { activation: Activation::Softplus },
            conv(4, 4, 2, Activation::Tanh),
            Layer::Dropout { rate: 0.2 },
            Layer::Flatten,
            Layer::LayerNorm { activation: Activation::Linear },
            Layer::Dense { units: 6, activation: Activation::Gelu },
        ];
        project.corruption = Corruption::Gaussian { std: 0.1 };
    });
}

#[test]
fn what_comes_out_has_the_size_that_was_planned() {
    let data = toy_pictures(20, 6, 8, 2);
    for layer in Layer::ALL {
        let plan = toy_plan(&data, |project| project.encoder = around(&layer));
        let mut network = Network::new(&plan, 1).expect("small");
        let mut rows = vec![0.0; 3 * 96];
        data.gather(&[0, 1, 2], &mut rows);
        let codes = network.encode(&rows);
        assert_eq!(codes.len(), 3 * 3, "{}", layer.name());
        assert_eq!(network.decode(&codes), network.reconstruct(&rows), "{}", layer.name());
        assert_eq!(network.weights().len() as u64, plan.parameters() + buffers(&network), "{}", layer.name());
    }
}

/// Number of values in buffers.
fn buffers(network: &Network) -> u64 {
    let buffers = network.parameters().iter().filter(|parameter| !parameter.is_learned());
    buffers.map(|parameter| parameter.len() as u64).sum()
}

#[test]
fn a_network_of_pictures_is_bit_identical_on_any_number_of_threads_and_resumes_exactly() {
    let data = toy_pictures(172, 12, 12, 3);
    let plan = toy_plan(&data, |project| {
        project.encoder = vec![
            conv(16, 3, 2, Activation::Linear),
            Layer::BatchNorm { activation: Activation::Relu },
            conv(24, 3, 1, Activation::Gelu),
            Layer::MaxPool2d { size: 2 },
            Layer::Flatten,
            Layer::Dropout { rate: 0.1 },
        ];
        // 129 training rows: the last one joins the minibatch before it.
        project.training.batch_size = 64;
        project.training.epochs = 2;
    });
    let whole = losses(&plan, &data, 1);
    for threads in [2, 3] {
        assert_eq!(losses(&plan, &data, threads), whole, "{threads} threads");
    }
    let mut first = Trainer::new(&plan, Arc::clone(&data), 2).expect("small");
    assert_eq!((first.steps_per_epoch(), data.split.train.len()), (2, 129));
    let mut records = Vec::new();
    let samples: Vec<usize> = (0..3)
        .map(|_| {
            let report = first.step().expect("valid");
            records.extend(report.epoch);
            report.samples
        })
        .collect();
    assert_eq!(samples, [64, 65, 64]);
    let mut second = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    second.restore(&first.snapshot(), 2).expect("the same network");
    while !second.is_done() {
        records.extend(second.step().expect("valid").epoch);
    }
    assert_eq!(without_time(records), whole);
}

#[test]
fn running_statistics_are_those_of_the_data() {
    let data = toy_pictures(64, 4, 4, 1);
    let plan = toy_plan(&data, |project| {
        project.encoder = vec![Layer::BatchNorm { activation: Activation::Linear }];
        // The whole training split is one minibatch, and almost nothing is learned.
        project.training.batch_size = 48;
        project.training.learning_rate = 1e-12;
        project.training.epochs = 200;
    });
    let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    while !trainer.is_done() {
        trainer.step().expect("valid");
    }
    let mut values = vec![0.0; 48 * 16];
    data.gather(&data.split.train, &mut values);
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / (values.len() - 1) as f32;
    let weights = trainer.network().weights();
    let found = |name: &str| weights.0[name].values[0];
    assert!((found("encoder.0.running_mean") - mean).abs() < 1e-5);
    assert!((found("encoder.0.running_var") - variance).abs() < 1e-5);
}
