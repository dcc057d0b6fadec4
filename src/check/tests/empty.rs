//! Data without any values: refused, and handled without dividing by their size.

use super::*;

#[test]
fn pictures_without_channels_are_refused_and_their_memory_is_counted() {
    let blocks = [
        Layer::ResidualTranspose {
            form: BlockForm::Basic,
            channels: 16,
            stride: 2,
            output_padding: None,
            norm: BlockNorm::Batch,
            inner: Activation::Relu,
            activation: Activation::Relu,
        },
        Layer::Residual {
            form: BlockForm::Bottleneck,
            channels: 16,
            stride: 2,
            norm: BlockNorm::None,
            inner: Activation::Relu,
            activation: Activation::Relu,
        },
    ];
    for (height, width, channels) in [(1, 1, 0), (0, 1, 1), (1, 0, 1), (0, 0, 0), (8, 8, 0)] {
        let facts = DataFacts { shape: Shape::Image { height, width, channels }, ..facts() };
        for block in &blocks {
            for tied in [false, true] {
                let project = Project {
                    encoder: vec![block.clone()],
                    decoder: Decoder::Mirrored { tied },
                    ..Recipe::Undercomplete.project()
                };
                let refused = plan(&project, &facts).expect_err("there is nothing to learn from");
                assert!(refused.iter().any(|problem| problem.place == Place::Data), "{refused:#?}");
                // It has no meaning, but the window shows it while data are being chosen.
                let bytes = Plan::unchecked(&project, &facts).training_bytes();
                assert!(bytes < u64::MAX, "{bytes}");
            }
        }
    }
}
