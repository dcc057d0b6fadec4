//! Portable any-maps (PBM, PGM, PPM, PAM) whose white is not the largest value of their type.

use image::codecs::pnm::{ArbitraryTuplType, PnmDecoder};
use image::{ColorType, DynamicImage, ImageDecoder};

/// The value of white in the header of a picture without alpha, if it is not the largest of its
/// type. Bitmaps are black and white, so they have none.
pub(super) fn white(bytes: &[u8]) -> Option<u16> {
    let decoder = PnmDecoder::new(bytes).ok()?;
    let is_opaque =
        matches!(decoder.color_type(), ColorType::L8 | ColorType::L16 | ColorType::Rgb8 | ColorType::Rgb16);
    let header = decoder.header();
    let kind = header.as_arbitrary().and_then(|header| header.tupltype.as_ref());
    let is_of_bits = header.as_bitmap().is_some() || matches!(kind, Some(ArbitraryTuplType::BlackAndWhite));
    let white = u16::try_from(header.maximal_sample()).ok()?;
    (is_opaque && !is_of_bits && !matches!(white, 0 | 255 | 65_535)).then_some(white)
}

/// Scales values back to those of the file: the decoder spreads them over the whole type.
pub(super) fn as_written(image: &mut DynamicImage, white: u16) {
    if let DynamicImage::ImageLuma8(image) = image {
        put_back(image, &spread(white, u8::MAX.into()), |value| value as u8);
    } else if let DynamicImage::ImageRgb8(image) = image {
        put_back(image, &spread(white, u8::MAX.into()), |value| value as u8);
    } else if let DynamicImage::ImageLuma16(image) = image {
        put_back(image, &spread(white, u16::MAX), |value| value);
    } else if let DynamicImage::ImageRgb16(image) = image {
        put_back(image, &spread(white, u16::MAX), |value| value);
    }
}

/// The value that the decoder made from each value: all are different, as there are at least as
/// many possible results.
fn spread(white: u16, most: u16) -> Vec<u16> {
    let factor = f32::from(most) / f32::from(white);
    // Values above white, which should not exist, become the largest.
    let mut before = vec![white; usize::from(most) + 1];
    for value in 0..=white {
        if let Some(place) = before.get_mut((f32::from(value) * factor).round() as usize) {
            *place = value;
        }
    }
    before
}

fn put_back<T: Copy + Into<usize>>(values: &mut [T], before: &[u16], narrow: impl Fn(u16) -> T) {
    for value in values {
        if let Some(written) = before.get((*value).into()) {
            *value = narrow(*written);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::ImageFormat;

    fn read(bytes: &[u8]) -> (Option<u16>, DynamicImage) {
        let mut image = image::load_from_memory_with_format(bytes, ImageFormat::Pnm).expect("decodes");
        let white = white(bytes);
        if let Some(white) = white {
            as_written(&mut image, white);
        }
        (white, image)
    }

    #[test]
    fn values_are_those_of_the_file_whatever_white_is() {
        for white in [1, 2, 99, 127, 254, 256, 1023, 4095, 40_000, 65_534] {
            let values: Vec<u16> = if white < 512 {
                (0..=white).collect()
            } else {
                vec![0, 1, 7, white / 2, white / 2 + 1, white - 1, white]
            };
            let words: Vec<String> = values.iter().map(ToString::to_string).collect();
            let plain = format!("P2\n# a comment\n{} 1 {white}\n{}\n", values.len(), words.join(" "));
            let mut binary = format!("P5 {} 1\n{white}\n", values.len()).into_bytes();
            for value in &values {
                let [high, low] = value.to_be_bytes();
                binary.extend(if white < 256 { vec![low] } else { vec![high, low] });
            }
            for bytes in [plain.as_bytes(), &binary] {
                let (found, image) = read(bytes);
                let got: Vec<u16> = match image.as_luma8() {
                    Some(image) => image.iter().copied().map(u16::from).collect(),
                    None => image.as_luma16().expect("grey").to_vec(),
                };
                assert_eq!((found, got), (Some(white), values.clone()));
            }
        }
        let (white, image) = read(b"P3 1 1 1000\n5 999 1000");
        assert_eq!((white, image.as_rgb16().expect("colours").to_vec()), (Some(1000), vec![5, 999, 1000]));
        let (white, image) = read(b"P6 1 1 100\n\x05\x63\x64");
        assert_eq!((white, image.as_rgb8().expect("colours").to_vec()), (Some(100), vec![5, 99, 100]));
    }

    #[test]
    fn full_types_and_pictures_of_bits_have_no_white_of_their_own() {
        for bytes in [
            &b"P5 1 1 255\n\x05"[..],
            b"P2 1 1 65535\n5",
            b"P1 2 1\n01",
            b"P4 8 1\n\x55",
            b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 1\nTUPLTYPE BLACKANDWHITE\nENDHDR\n\x01",
            b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 2\nMAXVAL 99\nTUPLTYPE GRAYSCALE_ALPHA\nENDHDR\n\x01\x02",
            b"P2 1 1 0\n0",
            b"P2 1",
            b"nothing",
        ] {
            assert_eq!(white(bytes), None, "{bytes:?}");
        }
    }
}
