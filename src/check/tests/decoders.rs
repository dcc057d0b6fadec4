//! Decoders that mirror pictures, and free decoders made from them.

use super::*;
use crate::project::{Code, Variance};

fn block(form: BlockForm, channels: usize, stride: usize) -> Layer {
    let (norm, inner, activation) = (BlockNorm::Batch, Activation::Relu, Activation::Relu);
    Layer::Residual { form, channels, stride, norm, inner, activation }
}

fn upwards(channels: usize, stride: usize) -> Layer {
    let (form, norm, output_padding) = (BlockForm::Bottleneck, BlockNorm::None, None);
    let (inner, activation) = (Activation::Relu, Activation::Relu);
    Layer::ResidualTranspose { form, channels, stride, output_padding, norm, inner, activation }
}

/// Encoders for pictures.
fn picture_encoders() -> [Vec<Layer>; 11] {
    let pool = Layer::MaxPool2d { size: 2 };
    [
        vec![conv(4, 2, Padding::Same), conv(8, 2, Padding::Same), Layer::Flatten],
        vec![conv(4, 2, Padding::Pixels(1)), conv(8, 3, Padding::Pixels(0))],
        vec![
            conv(4, 1, Padding::Same),
            pool.clone(),
            conv(8, 1, Padding::Same),
            Layer::AvgPool2d { size: 2 },
        ],
        vec![pool.clone(), conv(4, 1, Padding::Same)],
        vec![
            conv(4, 1, Padding::Same),
            Layer::MaxPool2d { size: 5 },
            Layer::CropOrPad { height: 3, width: 1 },
        ],
        vec![Layer::Upsample { factor: 2 }, conv(4, 2, Padding::Same)],
        vec![conv(4, 1, Padding::Same), block(BlockForm::Basic, 8, 2), block(BlockForm::Bottleneck, 8, 3)],
        vec![block(BlockForm::Basic, 6, 2), upwards(5, 3), Layer::Prelu { shared: false }],
        vec![Layer::Flatten, dense(32)],
        vec![conv(4, 2, Padding::Same), Layer::BatchNorm { activation: Activation::Relu }, dense(20)],
        vec![Layer::Reshape { height: 4, width: 24, channels: 3 }, conv(4, 2, Padding::Same)],
    ]
}

#[test]
fn what_mirrors_pictures_is_valid_before_they_are_loaded() {
    for encoder in picture_encoders() {
        for tied in [false, true] {
            let decoder = Decoder::Mirrored { tied };
            let project = Project { encoder: encoder.clone(), decoder, ..Recipe::Undercomplete.project() };
            check_valid(&project, None);
            assert_eq!(cards(&project, None).parameters(), None, "{encoder:?}");
        }
    }
}

#[test]
fn the_mirror_of_pictures_restores_every_size() {
    for encoder in picture_encoders() {
        for input in [image(12, 8, 3), image(16, 20, 1), image(13, 15, 2)] {
            let mut project = Recipe::Undercomplete.project();
            project.encoder = encoder.clone();
            let reads_other = matches!(encoder[0], Layer::Reshape { .. }) && input.features() != 288;
            let facts = DataFacts { shape: input, ..facts() };
            match plan(&project, &facts) {
                Ok(plan) => {
                    let outputs = plan.decoder().last().map(Stage::outputs);
                    assert_eq!(outputs, Some(input.features()), "{encoder:?}");
                    for pair in plan.encoder().windows(2).chain(plan.decoder().windows(2)) {
                        let follows = pair[0].output.features() == pair[1].input.features();
                        assert!(follows || pair[1].skips > 0, "{pair:?}");
                    }
                    let tied = Project { decoder: Decoder::Mirrored { tied: true }, ..project.clone() };
                    assert!(super::plan(&tied, &facts).is_ok(), "{encoder:?} tied");
                }
                Err(found) => assert!(reads_other, "{encoder:?} {input}: {found:?}"),
            }
            assert_eq!(plan(&project, &facts).is_ok(), !reads_other, "{encoder:?} {input}");
        }
    }
}

#[test]
fn transposed_convolutions_mirror_convolutions() {
    let mirror = mirrored(&[conv(4, 2, Padding::Same), conv(8, 2, Padding::Same)], 10, image(28, 26, 1));
    let layers: Vec<&Layer> = mirror.layers.iter().map(|mirrored| &mirrored.layer).collect();
    let back = |channels, output_padding, activation| Layer::ConvTranspose2d {
        channels,
        kernel: 3,
        stride: 2,
        padding: Padding::Same,
        output_padding: Some(output_padding),
        dilation: 1,
        groups: 1,
        activation,
    };
    assert_eq!(
        layers,
        [
            &Layer::Dense { units: 7 * 7 * 8, activation: Activation::Relu },
            &Layer::Reshape { height: 7, width: 7, channels: 8 },
            &back(4, (1, 0), Activation::Relu),
        ]
    );
    let output = mirror.output.expect("the first layer has weights");
    assert_eq!((output.layer, output.undoes), (back(1, (1, 1), Activation::Linear), Place::Encoder(0)));
}

#[test]
fn a_pool_that_leaves_a_remainder_is_mirrored_with_padding() {
    let pool = |size| Layer::MaxPool2d { size };
    let mirror = mirrored(&[pool(3), conv(4, 1, Padding::Same), pool(2)], 10, image(14, 18, 1));
    let layers: Vec<Layer> = mirror.layers.into_iter().map(|mirrored| mirrored.layer).collect();
    // 14×18 → 4×6 (two rows are left out) → 2×3, and back.
    assert_eq!(layers[2..3], [Layer::Upsample { factor: 2 }]);
    assert_eq!(layers[4..], [Layer::Upsample { factor: 3 }, Layer::CropOrPad { height: 14, width: 18 }]);
    assert_eq!(mirror.output, None);
}

#[test]
fn networks_of_blocks_and_pools_take_pictures_of_any_size() {
    let pool = Layer::AvgPool2d { size: 2 };
    let project = Project {
        encoder: vec![
            conv(4, 1, Padding::Same),
            block(BlockForm::Basic, 8, 2),
            pool,
            Layer::Prelu { shared: false },
        ],
        code: crate::project::Code::channels(3),
        ..Recipe::Undercomplete.project()
    };
    let of = |input: Shape| plan(&project, &DataFacts { shape: input, ..facts() }).expect("valid");
    let trained = of(image(16, 16, 1));
    for other in [image(13, 15, 1), image(9, 8, 1)] {
        let plan = of(other);
        assert_eq!(plan.arrays(), trained.arrays(), "{other}");
        assert_eq!(plan.decoder().last().map(|stage| stage.output), Some(other));
    }
}

#[test]
fn blocks_count_as_torchvisions() {
    // By hand, as torchvision's: BasicBlock(64, 128, stride=2, downsample) has 9·64·128 + 9·128² +
    // 64·128 weights and three norms of 128 channels; Bottleneck(256, 64) has 256·64 + 9·64² +
    // 64·256 and norms of 64, 64 and 256.
    let of = |channels, layer| {
        let project = Project { encoder: vec![layer], ..Recipe::Undercomplete.project() };
        let cards = cards(&project, Some(image(8, 6, channels)));
        (cards.encoder[0].output, cards.encoder[0].parameters, cards.encoder[0].macs)
    };
    let weights = 9 * 64 * 128 + 9 * 128 * 128 + 64 * 128;
    let expected = (Some(image(4, 3, 128)), Some(weights + 3 * 2 * 128), Some(12 * weights));
    assert_eq!(of(64, block(BlockForm::Basic, 128, 2)), expected);
    let weights = 2 * 256 * 64 + 9 * 64 * 64;
    let expected = (Some(image(8, 6, 256)), Some(weights + 2 * (64 + 64 + 256)), Some(48 * weights));
    assert_eq!(of(256, block(BlockForm::Bottleneck, 256, 1)), expected);
    let project = Project { encoder: vec![block(BlockForm::Basic, 4, 2)], ..Recipe::Undercomplete.project() };
    let plan = plan(&project, &DataFacts { shape: image(8, 6, 3), ..facts() }).expect("valid");
    let names: Vec<&str> = plan.encoder().iter().map(|stage| stage.name.as_str()).collect();
    let own = ["conv1", "bn1", "conv2", "bn2", "downsample.0", "downsample.1", "add"];
    assert_eq!(names[..7], own.map(|name| format!("encoder.0.{name}")));
}

#[test]
fn a_freed_decoder_computes_what_the_mirrored_one_did() {
    let other_sides = vec![Layer::Reshape { height: 12, width: 24, channels: 1 }, conv(4, 2, Padding::Same)];
    for encoder in picture_encoders().into_iter().chain([other_sides]) {
        for input in [Shape::Vector(288), image(12, 24, 1), image(12, 8, 3)] {
            let mirrored = Project { encoder: encoder.clone(), ..Recipe::Undercomplete.project() };
            let facts = DataFacts { shape: input, ..facts() };
            // A row is not a picture, and some encoders need one.
            let Ok(before) = plan(&mirrored, &facts) else {
                assert_eq!(input, Shape::Vector(288), "{encoder:?}");
                continue;
            };
            let layers = freed(&mirrored, Some(input)).expect("known sizes");
            let free = Project { decoder: Decoder::Free(layers), ..mirrored };
            let after = plan(&free, &facts).unwrap_or_else(|found| panic!("{encoder:?} {input}: {found:#?}"));
            assert_eq!(after.parameters(), before.parameters(), "{encoder:?} {input}");
            assert_eq!(after.macs(), before.macs(), "{encoder:?} {input}");
            let steps = |plan: &Plan| plan.decoder().iter().map(|s| (s.input, s.output)).collect::<Vec<_>>();
            let linear = |plan: &Plan| steps(plan).into_iter().filter(|(a, b)| a != b).collect::<Vec<_>>();
            assert_eq!(linear(&after), linear(&before), "{encoder:?} {input}");
        }
    }
}

#[test]
fn codes_of_channels_are_mirrored_to_the_picture_they_came_from_and_freed() {
    let is_picture = |encoder: &[Layer]| {
        matches!(
            encoder.last(),
            Some(
                Layer::Conv2d { .. }
                    | Layer::AvgPool2d { .. }
                    | Layer::MaxPool2d { .. }
                    | Layer::Upsample { .. }
            )
        )
    };
    let encoders = picture_encoders().into_iter().filter(|encoder| is_picture(encoder));
    let designs = encoders.flat_map(|encoder| Bottleneck::ALL.map(|kind| (encoder.clone(), kind)));
    let mut planned = 0;
    for (encoder, kind) in designs {
        let mut project = Recipe::Undercomplete.project();
        project.encoder.clone_from(&encoder);
        project.code = Code { kind, ..Code::channels(12) };
        project.output.activation = Activation::Linear;
        if let Bottleneck::DescriptionLength { .. } = kind {
            project.loss = Loss::Gaussian { variance: Variance::Fixed { std: 0.5 } };
        }
        for input in [image(12, 8, 3), image(12, 24, 1)] {
            let facts = DataFacts { shape: input, ..facts() };
            let what = format!("{encoder:?} {} {input}", kind.name());
            let Ok(before) = plan(&project, &facts) else {
                assert!(
                    matches!(kind, Bottleneck::Concrete { .. }),
                    "{what}: {:?}",
                    plan(&project, &facts).err()
                );
                continue;
            };
            planned += 1;
            let Shape::Image { channels: 12, .. } = before.code_shape() else { panic!("{what}") };
            assert_eq!(before.decoder().last().map(Stage::outputs), Some(input.features()), "{what}");
            let layers = freed(&project, Some(input)).expect("known sizes");
            let free = Project { decoder: Decoder::Free(layers), ..project.clone() };
            let after = plan(&free, &facts).unwrap_or_else(|found| panic!("{what}: {found:#?}"));
            assert_eq!((after.parameters(), after.macs()), (before.parameters(), before.macs()), "{what}");
        }
    }
    // Five encoders end in pictures, and every kind but the selector supports channels.
    assert_eq!(planned, 5 * (Bottleneck::ALL.len() - 1) * 2);
}

#[test]
fn a_decoder_is_freed_where_its_sizes_are_known() {
    let design = |encoder: &[Layer]| Project { encoder: encoder.to_vec(), ..Recipe::Undercomplete.project() };
    let input = Some(image(12, 8, 3));
    for encoder in picture_encoders() {
        let reads_rows = encoder[0] == Layer::Flatten;
        assert_eq!(freed(&design(&encoder), None).is_some(), reads_rows, "{encoder:?}");
        assert!(freed(&design(&encoder), input).is_some(), "{encoder:?}");
    }
    assert_eq!(freed(&design(&[dense(9), dense(5)]), None), Some(vec![dense(5), dense(9)]));
    assert_eq!(
        freed(&design(&[conv(4, 2, Padding::Same), Layer::Upsample { factor: 1 << 20 }, dense(3)]), input),
        None
    );
}
