use std::io::{BufReader, Cursor};

use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::{
    COPIES, DecodeOptions, Depth, MAX_DECODED, OLD_BYTES, OLD_SIDE, PictureError, io_message, pnm, tiff_jpeg,
    tiff_numbers, tiff_pages,
};
use crate::dataset::Progress;
use crate::dataset::memory::Reservation;
use crate::dataset::open_file::CancellableReader;
use crate::project::{Rules, format_bytes};

/// A picture as stored in its file.
pub(super) enum Decoded {
    /// Of a kind that `image` supports; with the value of white, if it is not the largest of the
    /// type.
    Image { image: DynamicImage, white: Option<u16> },
    /// Floats with 1 to 4 channels: grey or colour, and alpha at the end.
    Numbers { width: u32, height: u32, channels: usize, values: Vec<f32> },
}

/// Decodes a picture with at most `deepest` bits; its kind is determined from its bytes. The
/// largest JPEG in a TIFF file has `jpeg_values`.
pub(super) fn decode<'a>(
    bytes: &[u8],
    (is_tga, jpeg_values): (bool, u64),
    options: DecodeOptions,
    deepest: Depth,
    progress: &'a Progress,
) -> Result<(Decoded, Reservation<'a>), PictureError> {
    let source = BufReader::new(CancellableReader::new(Cursor::new(bytes), bytes.len() as u64, progress));
    let mut reader = ImageReader::new(source);
    if is_tga && options.rules == Rules::Current {
        // The first bytes do not identify this format.
        reader.set_format(ImageFormat::Tga);
    }
    let mut reader =
        reader.with_guessed_format().map_err(|error| io_message(error.kind(), &error.to_string()))?;
    let is_tiff = tiff_pages::is_tiff(bytes) && options.rules == Rules::Current;
    if is_tiff {
        reader.set_format(ImageFormat::Tiff);
    }
    let Some(format) = reader.format() else {
        return Err(PictureError::Bad("is not a picture, despite its name; remove or rename it".into()));
    };
    if format == ImageFormat::Jpeg && !jpeg_is_whole(bytes) {
        return Err(PictureError::Bad("ends too early (truncated JPEG); download it again".into()));
    }
    let is_old_kind = matches!(
        format,
        ImageFormat::Png
            | ImageFormat::Jpeg
            | ImageFormat::Bmp
            | ImageFormat::Gif
            | ImageFormat::WebP
            | ImageFormat::Tiff
    );
    if options.rules == Rules::Version1 && !is_old_kind {
        return Err(PictureError::Bad("is of a kind that the rules of version 1 do not read".into()));
    }
    // Some decoders allocate as much as the file states for a part of it, for any size of the
    // picture.
    let part = if format == ImageFormat::Tiff {
        tiff_pages::row_bytes(bytes)
    } else if format == ImageFormat::OpenExr {
        super::exr_blocks::block_bytes(bytes).saturating_mul(COPIES)
    } else {
        0
    };
    let is_jpeg = format == ImageFormat::Tiff && tiff_jpeg::is_first_page(bytes);
    let jpeg = if is_jpeg { jpeg_values } else { 0 };
    let part = part.max(jpeg);
    if part > MAX_DECODED {
        return Err(PictureError::Bad(format!(
            "is too large (a part of {}): {}",
            format_bytes(part),
            limit_text(options.rules)
        )));
    }
    let part = part.max(jpeg.saturating_mul(COPIES));
    let short = PictureError::short(part + 2 * bytes.len() as u64);
    let _part = progress.budget().charge_scoped(part).map_err(short)?;
    reader.limits(limits(options.rules));
    let mut decoder = match reader.into_decoder() {
        Err(ImageError::Unsupported(_)) if is_tiff => {
            return tiff_numbers::decode(bytes, options, deepest, progress);
        }
        decoder => decoder.map_err(|error| reason(error, options.rules))?,
    };
    check_size(decoder.dimensions(), decoder.total_bytes(), options.rules)?;
    let depth = depth(decoder.color_type());
    if options.rules == Rules::Current && depth > deepest {
        return Err(PictureError::Deeper(depth));
    }
    let working =
        working_bytes(decoder.dimensions(), decoder.total_bytes(), is_plain(&decoder), depth, options);
    let all = working + 2 * bytes.len() as u64;
    let reservation = progress.budget().charge_scoped(working).map_err(PictureError::short(all))?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(|error| reason(error, options.rules))?;
    if image.width() == 0 || image.height() == 0 {
        return Err(PictureError::Bad("has no pixels; remove it".into()));
    }
    image.apply_orientation(orientation);
    // Kept alpha has the range of the type, so colours must have it as well.
    let white = if format == ImageFormat::Pnm && !options.reads_alpha() { pnm::white(bytes) } else { None };
    if let Some(white) = white {
        pnm::as_written(&mut image, white);
    }
    Ok((Decoded::Image { image, white }, reservation))
}

fn limits(rules: Rules) -> Limits {
    let mut limits = Limits::no_limits();
    match rules {
        Rules::Current => limits.max_alloc = Some(MAX_DECODED),
        Rules::Version1 => {
            limits.max_image_width = Some(OLD_SIDE);
            limits.max_image_height = Some(OLD_SIDE);
            limits.max_alloc = Some(OLD_BYTES);
        }
    }
    limits
}

/// Refuses a picture with more bytes than the limit.
pub(super) fn check_size((width, height): (u32, u32), bytes: u64, rules: Rules) -> Result<(), PictureError> {
    let is_too_large = match rules {
        Rules::Current => bytes > MAX_DECODED,
        Rules::Version1 => width > OLD_SIDE || height > OLD_SIDE || bytes > OLD_BYTES,
    };
    if is_too_large {
        return Err(PictureError::Bad(format!(
            "{width}×{height} pixels are too many: {}",
            limit_text(rules)
        )));
    }
    if width == 0 || height == 0 {
        return Err(PictureError::Bad("has no pixels; remove it".into()));
    }
    Ok(())
}

/// Whether its bytes are used unchanged: no alpha, 8 bits.
fn is_plain(decoder: &impl ImageDecoder) -> bool {
    let colour = decoder.color_type();
    !colour.has_alpha() && colour.bytes_per_pixel() == colour.channel_count()
}

fn depth(colour: ColorType) -> Depth {
    match colour.bytes_per_pixel() / colour.channel_count().max(1) {
        0 | 1 => Depth::Byte,
        2 => Depth::Word,
        _ => Depth::Float,
    }
}

/// Most memory for decoding and resizing a picture.
pub(super) fn working_bytes(
    (width, height): (u32, u32),
    decoded: u64,
    is_plain: bool,
    depth: Depth,
    options: DecodeOptions,
) -> u64 {
    let channels = options.channels() as u64;
    let value = match depth {
        Depth::Byte => 1,
        Depth::Word => 2,
        Depth::Float => 4,
    };
    // Bytes as stored; for other kinds the colours with alpha, and again on a background.
    let pixel = if is_plain && !options.reads_alpha() { channels } else { 8 * value };
    let colours = u64::from(width) * u64::from(height) * pixel;
    // The resizer changes widths first, and a picture that does not fill the target is drawn
    // separately.
    let resized =
        options.wanted.width as u64 * (u64::from(height) + options.wanted.height as u64) * channels * value;
    // Four weights of 8 bytes per column and row.
    let weights = 32 * (u64::from(width) + u64::from(height));
    COPIES.saturating_mul(decoded).saturating_add(colours).saturating_add(resized).saturating_add(weights)
}

pub(super) fn limit_text(rules: Rules) -> String {
    match rules {
        Rules::Current => format!("the limit is {} decoded; save it smaller", format_bytes(MAX_DECODED)),
        Rules::Version1 => {
            format!(
                "the limit is {OLD_SIDE} pixels per side and {} decoded; save it smaller",
                format_bytes(OLD_BYTES)
            )
        }
    }
}

fn reason(error: ImageError, rules: Rules) -> String {
    match error {
        ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            "ends too early (truncated); download it again".into()
        }
        ImageError::Limits(error) => format!("is too large ({error}): {}", limit_text(rules)),
        ImageError::Unsupported(error) => {
            format!("is of an unsupported kind ({error}); save it as PNG, or as TIFF with the same bits")
        }
        ImageError::Decoding(_)
        | ImageError::Encoding(_)
        | ImageError::Parameter(_)
        | ImageError::IoError(_) => format!("is damaged ({error}); download it again"),
    }
}

/// Whether the end marker is present. The decoder itself fills missing parts with grey and reports
/// nothing.
///
/// Follows the segments and the coded data of each scan, because data after the end (on many phones
/// a film) may contain any bytes. Other data are left to the decoder.
fn jpeg_is_whole(bytes: &[u8]) -> bool {
    let mut at = 2;
    loop {
        match bytes.get(at..) {
            Some([0xFF, 0xFF, ..]) => at += 1,
            Some([0xFF, 0xD9, ..]) => return true,
            Some([0xFF, 0x01 | 0xD0..=0xD8, ..]) => at += 2,
            Some([0xFF, marker, high, low, ..]) => {
                at += 2 + usize::from(u16::from_be_bytes([*high, *low]));
                if *marker == 0xDA {
                    // In coded data 0xFF is followed by 0, or by a restart marker.
                    let coded = bytes.get(at..).unwrap_or_default().array_windows::<2>();
                    let is_marker =
                        |pair: &[u8; 2]| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xD0..=0xD7 | 0xFF);
                    match coded.into_iter().position(is_marker) {
                        Some(length) => at += length,
                        None => return false,
                    }
                }
            }
            None | Some([] | [0xFF] | [0xFF, _] | [0xFF, _, _]) => return false,
            Some(_) => return true,
        }
    }
}
