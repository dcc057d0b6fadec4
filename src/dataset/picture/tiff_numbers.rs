use std::io::Cursor;

use image::{DynamicImage, ImageBuffer};
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;
use tiff::{ColorType, TiffError};

use super::decode::{Decoded, check_size, limit_text, working_bytes};
use super::{DecodeOptions, Depth, MAX_DECODED, PictureError};
use crate::dataset::Progress;
use crate::dataset::memory::{Reservation, bytes_of};
use crate::dataset::open_file::CancellableReader;
use crate::project::Rules;

/// Value of [`Tag::SampleFormat`] for unsigned integers.
const UNSIGNED: u16 = 1;

/// Decodes the kinds of TIFF pictures that `image` does not support: signed, 32-bit and 64-bit
/// numbers, 2 and 4 bits per pixel, palettes, grey with alpha.
pub(super) fn decode<'a>(
    bytes: &[u8],
    options: DecodeOptions,
    deepest: Depth,
    progress: &'a Progress,
) -> Result<(Decoded, Reservation<'a>), PictureError> {
    let source = CancellableReader::new(Cursor::new(bytes), bytes.len() as u64, progress);
    let mut limits = Limits::default();
    limits.decoding_buffer_size = MAX_DECODED as usize;
    limits.intermediate_buffer_size = MAX_DECODED as usize;
    let mut decoder = Decoder::new(source).map_err(reason)?.with_limits(limits);
    let (width, height) = decoder.dimensions().map_err(reason)?;
    let colour = decoder.colortype().map_err(reason)?;
    let format: Option<Vec<u16>> = decoder.find_tag_unsigned_vec(Tag::SampleFormat).map_err(reason)?;
    let format = format.and_then(|formats| formats.first().copied()).unwrap_or(UNSIGNED);
    let channels = channels(&mut decoder, colour)?;
    let bits = colour.bit_depth();
    let depth = match (format, bits) {
        (UNSIGNED, 0..=8) => Depth::Byte,
        (UNSIGNED, 9..=16) => Depth::Word,
        _ => Depth::Float,
    };
    // Numbers are converted to 32 bits, packed bits to bytes.
    let value = u64::from(bits).div_ceil(8).max(if depth == Depth::Float { 4 } else { 1 });
    let decoded = (u64::from(width) * u64::from(height)).saturating_mul(value * channels as u64);
    check_size((width, height), decoded, options.rules)?;
    if depth > deepest {
        return Err(PictureError::Deeper(depth));
    }
    let working = working_bytes((width, height), decoded, false, depth, options);
    let all = working.saturating_add(2 * bytes.len() as u64);
    let reservation = progress.budget().charge_scoped(working).map_err(PictureError::short(all))?;
    let is_palette = matches!(colour, ColorType::Palette(_));
    let palette = is_palette.then(|| decoder.get_tag_u16_vec(Tag::ColorMap)).transpose().map_err(reason)?;
    let mut values = DecodingResult::U8(Vec::new());
    decoder.read_image_to_buffer(&mut values).map_err(reason)?;
    let count = width as usize * height as usize * channels;
    let is_planar = channels > 1 && decoder.get_tag_u32(Tag::PlanarConfiguration).is_ok_and(|kind| kind == 2);
    let decoded = match values {
        DecodingResult::U8(values) => {
            let values = unpacked(values, bits, width as usize * channels, palette.is_some());
            let values = in_order(values, channels, is_planar);
            match palette {
                Some(palette) => coloured(&values, &palette, width, height),
                None => image_of_bytes(values, channels, width, height),
            }
        }
        DecodingResult::U16(values) => {
            image_of_words(in_order(values, channels, is_planar), channels, width, height)
        }
        other @ (DecodingResult::U32(_)
        | DecodingResult::U64(_)
        | DecodingResult::F16(_)
        | DecodingResult::F32(_)
        | DecodingResult::F64(_)
        | DecodingResult::I8(_)
        | DecodingResult::I16(_)
        | DecodingResult::I32(_)
        | DecodingResult::I64(_)) => {
            let values = in_order(floats(other), channels, is_planar);
            (values.len() == count).then_some(Decoded::Numbers { width, height, channels, values })
        }
    };
    match decoded {
        Some(decoded) => Ok((decoded, reservation)),
        None => Err(PictureError::Bad(format!(
            "is damaged ({} are missing); download it again",
            bytes_of::<u8>(count)
        ))),
    }
}

/// Values per pixel that are read: grey or colour, with or without alpha.
fn channels(
    decoder: &mut Decoder<CancellableReader<'_, Cursor<&[u8]>>>,
    colour: ColorType,
) -> Result<usize, PictureError> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the list of kinds of the crate has no end")]
    match colour {
        ColorType::Gray(_) | ColorType::Palette(1..=8) => Ok(1),
        ColorType::GrayA(_) => Ok(2),
        ColorType::RGB(_) => Ok(3),
        ColorType::RGBA(_) => Ok(4),
        ColorType::Multiband { num_samples, .. } => {
            // 1 and 2 are alpha.
            let extra = decoder.find_tag_unsigned_vec::<u16>(Tag::ExtraSamples).ok().flatten();
            let is_alpha = matches!(extra.as_deref(), Some([1 | 2]));
            if num_samples == 2 && is_alpha {
                return Ok(2);
            }
            Err(PictureError::Bad(format!(
                "has {num_samples} bands, which is neither grey nor colour; save the bands as an array (.npy) of \
                 pictures×height×width×channels"
            )))
        }
        other => Err(PictureError::Bad(format!("is of an unsupported kind ({other:?}); save it as RGB"))),
    }
}

/// One byte per value, scaled to 8 bits except for indices of a palette.
fn unpacked(values: Vec<u8>, bits: u8, row: usize, is_palette: bool) -> Vec<u8> {
    if !matches!(bits, 1 | 2 | 4) {
        return values;
    }
    let (bits, most) = (usize::from(bits), (1_u8 << bits) - 1);
    let scale = if is_palette { 1 } else { 255 / most };
    let mut out = Vec::with_capacity(values.len() * 8 / bits);
    for packed in values.chunks((row * bits).div_ceil(8).max(1)) {
        let value =
            |at: usize| packed.get(at * bits / 8).map(|byte| byte >> (8 - bits - at * bits % 8) & most);
        out.extend((0..row).filter_map(value).map(|value| value * scale));
    }
    out
}

/// Reorders planar channels to pixels.
fn in_order<T: Copy>(values: Vec<T>, channels: usize, is_planar: bool) -> Vec<T> {
    let count = values.len() / channels;
    if !is_planar || count == 0 {
        return values;
    }
    (0..count * channels).map(|at| values[at % channels * count + at / channels]).collect()
}

fn coloured(values: &[u8], palette: &[u16], width: u32, height: u32) -> Option<Decoded> {
    let entries = palette.len() / 3;
    // Some programs write bytes instead of words.
    let shift = if palette.iter().all(|value| *value < 256) { 0 } else { 8 };
    let colour = |channel: usize, value: u8| {
        palette.get(channel * entries + usize::from(value)).map_or(0, |word| (word >> shift) as u8)
    };
    let pixels = values.iter().flat_map(|value| [0, 1, 2].map(|channel| colour(channel, *value)));
    image_of_bytes(pixels.collect(), 3, width, height)
}

fn image_of_bytes(values: Vec<u8>, channels: usize, width: u32, height: u32) -> Option<Decoded> {
    let image = match channels {
        1 => ImageBuffer::from_raw(width, height, values).map(DynamicImage::ImageLuma8),
        2 => ImageBuffer::from_raw(width, height, values).map(DynamicImage::ImageLumaA8),
        3 => ImageBuffer::from_raw(width, height, values).map(DynamicImage::ImageRgb8),
        _ => ImageBuffer::from_raw(width, height, values).map(DynamicImage::ImageRgba8),
    };
    image.map(|image| Decoded::Image { image, white: None })
}

fn image_of_words(values: Vec<u16>, channels: usize, width: u32, height: u32) -> Option<Decoded> {
    let image = match channels {
        1 => ImageBuffer::from_raw(width, height, values).map(DynamicImage::ImageLuma16),
        2 => ImageBuffer::from_raw(width, height, values).map(DynamicImage::ImageLumaA16),
        3 => ImageBuffer::from_raw(width, height, values).map(DynamicImage::ImageRgb16),
        _ => ImageBuffer::from_raw(width, height, values).map(DynamicImage::ImageRgba16),
    };
    image.map(|image| Decoded::Image { image, white: None })
}

fn floats(values: DecodingResult) -> Vec<f32> {
    match values {
        DecodingResult::U8(values) => values.into_iter().map(f32::from).collect(),
        DecodingResult::U16(values) => values.into_iter().map(f32::from).collect(),
        DecodingResult::U32(values) => values.into_iter().map(|value| value as f32).collect(),
        DecodingResult::U64(values) => values.into_iter().map(|value| value as f32).collect(),
        DecodingResult::F16(values) => values.into_iter().map(f32::from).collect(),
        DecodingResult::F32(values) => values,
        DecodingResult::F64(values) => values.into_iter().map(|value| value as f32).collect(),
        DecodingResult::I8(values) => values.into_iter().map(f32::from).collect(),
        DecodingResult::I16(values) => values.into_iter().map(f32::from).collect(),
        DecodingResult::I32(values) => values.into_iter().map(|value| value as f32).collect(),
        DecodingResult::I64(values) => values.into_iter().map(|value| value as f32).collect(),
    }
}

fn reason(error: TiffError) -> PictureError {
    PictureError::Bad(match error {
        TiffError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            "ends too early (truncated); download it again".into()
        }
        TiffError::LimitsExceeded | TiffError::IntSizeError => {
            format!("is too large: {}", limit_text(Rules::Current))
        }
        TiffError::UnsupportedError(error) => {
            format!("is of an unsupported kind ({error}); save it without compression")
        }
        TiffError::FormatError(_) | TiffError::IoError(_) | TiffError::UsageError(_) => {
            format!("is damaged ({error}); download it again")
        }
    })
}
