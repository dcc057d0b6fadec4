//! Decoders that are freed from their encoder.

use super::*;

#[test]
fn a_freed_decoder_computes_what_the_mirrored_one_did() {
    let other_sides = vec![Layer::Reshape { height: 12, width: 24, channels: 1 }, conv(4, 2, Padding::Same)];
    for encoder in picture_encoders().into_iter().chain([other_sides]) {
        for input in [Shape::Vector(288), image(12, 24, 1), image(12, 8, 3)] {
            let mirrored = Project { encoder: encoder.clone(), ..Recipe::Undercomplete.project() };
            let facts = DataFacts { shape: input, ..facts() };
            // A row is no picture, and some encoders need one.
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
