//! Settings that are impossible by themselves, and their consequences.

use super::*;

/// Checks that the only error, before and after the data are known, is about `layer` and contains
/// these words, and that its fix removes it.
fn check_setting(layer: Layer, words: &str, label: &str) {
    for mirrored in [true, false] {
        let mut project = Recipe::Undercomplete.project();
        project.encoder = vec![layer.clone()];
        if !mirrored {
            project.decoder = Decoder::Free(vec![dense(8)]);
        }
        for data in [None, Some(facts())] {
            let found = problems(&project, data.as_ref());
            let errors: Vec<&Problem> = found.iter().filter(|p| p.severity == Severity::Error).collect();
            let [error] = errors[..] else { panic!("{layer:?}: {errors:#?}") };
            assert_eq!(error.place, Place::Encoder(0));
            assert!(error.message.contains(words), "{}", error.message);
            let fix = error.fix.as_ref().expect("one click fixes it");
            assert_eq!(fix.label, label);
            assert!(!problems(&fix.project, data.as_ref()).contains(error), "{}", error.message);
        }
    }
}

fn strided(channels: usize, kernel: usize, stride: usize, padding: Padding) -> Layer {
    Layer::Conv2d { channels, kernel, stride, padding, dilation: 1, groups: 1, activation: Activation::Relu }
}

fn transposed(stride: usize, output_padding: (usize, usize)) -> Layer {
    Layer::ConvTranspose2d {
        channels: 4,
        kernel: 3,
        stride,
        padding: Padding::Same,
        output_padding: Some(output_padding),
        dilation: 1,
        groups: 1,
        activation: Activation::Relu,
    }
}

#[test]
fn impossible_settings_are_named() {
    let (same, most) = (Padding::Same, usize::MAX);
    check_setting(strided(0, 3, 1, same), "channels is 0", "Use 16 channels");
    check_setting(strided(4, 0, 1, same), "kernel is 0", "Use a kernel of 3");
    check_setting(strided(4, most, 1, same), "between 1 and 1048576", "Use a kernel of 3");
    check_setting(strided(4, 3, 0, same), "stride is 0", "Use a stride of 1");
    check_setting(strided(4, 3, 1, Padding::Pixels(most)), "padding is", "Keep the size");
    let grouped = |dilation, groups| Layer::Conv2d {
        channels: 6,
        kernel: 3,
        stride: 1,
        padding: same,
        dilation,
        groups,
        activation: Activation::Relu,
    };
    check_setting(grouped(0, 1), "dilation is 0", "Use a dilation of 1");
    check_setting(grouped(1, 0), "number of groups is 0", "Use 1 group");
    check_setting(grouped(1, 4), "6 output channels are not divisible into 4 groups", "Use 1 group");
    check_setting(transposed(0, (0, 0)), "stride is 0", "Use a stride of 1");
    check_setting(transposed(2, (1, 2)), "1 extra rows and 2 extra", "Choose the output size automatically");
    check_setting(Layer::MaxPool2d { size: 0 }, "size is 0", "Use a size of 2");
    check_setting(Layer::AvgPool2d { size: most }, "size is 18446744073709551615", "Use a size of 2");
    check_setting(Layer::Upsample { factor: 0 }, "factor is 0", "Use a factor of 2");
    check_setting(Layer::CropOrPad { height: 0, width: 8 }, "height is 0", "Use a height of 8");
    check_setting(Layer::CropOrPad { height: 8, width: most }, "width is 184", "Use a width of 8");
    let block = |channels, stride, norm| {
        let (form, inner, activation) = (BlockForm::Basic, Activation::Relu, Activation::Relu);
        Layer::Residual { form, channels, stride, norm, inner, activation }
    };
    check_setting(block(0, 1, BlockNorm::Batch), "channels is 0", "Use 16 channels");
    check_setting(block(8, 0, BlockNorm::Batch), "stride is 0", "Use a stride of 1");
    check_setting(block(8, 1, BlockNorm::Group { groups: 0 }), "groups is 0", "Use 1 group");
    let reshape = |height, width, channels| Layer::Reshape { height, width, channels };
    check_setting(reshape(0, 8, 1), "height is 0", "Use a height of 8");
    check_setting(reshape(8, 8, 0), "channels is 0", "Use 1 channel");
    check_setting(reshape(1 << 20, 1 << 20, 1), "more than the", "Use 8×8 pixels");
}

#[test]
fn one_broken_encoder_layer_is_one_error() {
    let rows = DataFacts { shape: Shape::Vector(48), ..facts() };
    for encoder in [
        vec![conv(4, 2, Padding::Same)],
        vec![dense(36), conv(4, 2, Padding::Same), Layer::Flatten],
        vec![Layer::Reshape { height: 5, width: 5, channels: 1 }, conv(4, 1, Padding::Same)],
        vec![dense(36), Layer::MaxPool2d { size: 2 }, dense(8)],
    ] {
        let project = Project { encoder: encoder.clone(), ..Recipe::Undercomplete.project() };
        let found = plan(&project, &rows).expect_err("it cannot be applied");
        assert_eq!(found.len(), 1, "{encoder:?}: {found:#?}");
        assert!(matches!(found[0].place, Place::Encoder(_)) && found[0].fix.is_some(), "{found:#?}");
    }
}

#[test]
fn a_network_without_weights_has_nothing_to_learn() {
    let mut project = Recipe::Undercomplete.project();
    project.encoder = vec![Layer::Flatten];
    project.code.units = 64;
    project.output.activation = Activation::Linear;
    project.loss = Loss::SquaredError;
    for decoder in [Decoder::Mirrored { tied: false }, Decoder::Free(Vec::new())] {
        project.decoder = decoder;
        let found = plan(&project, &facts()).expect_err("nothing to learn");
        assert_eq!(found[0].message, "There is nothing to learn: add a layer with weights.");
        check_valid(&found[0].fix.as_ref().expect("one click fixes it").project, Some(&facts()));
        let plan = Plan::unchecked(&project, &facts());
        assert_eq!((plan.stages().count(), plan.heaviest()), (0, Place::Data));
    }
}
