use std::io::{BufReader, Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{CropBox, FilterType, PixelType, ResizeAlg, ResizeError, ResizeOptions, Resizer};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::error::io_message;
use super::memory::{Held, Shortage, size};
use super::open_file::{Watched, open_file};
use super::{DataError, Progress};
use crate::project::{Channels, Fit};

/// The size and kind every picture is brought to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub width: usize,
    pub height: usize,
    pub channels: Channels,
    pub fit: Fit,
}

/// The longest side of a picture that is decoded, in pixels.
const MAX_SIDE: u32 = 20_000;
/// The most bytes one decoded picture may take.
const MAX_DECODED: u64 = 512 << 20;
/// The largest picture file.
const MAX_FILE: u64 = 512 << 20;

/// Copies of the decoded picture that its decoder and changes of its colours and orientation hold at a time, at most.
const COPIES: u64 = 4;

/// Why a picture cannot be read.
#[derive(Debug)]
pub(super) enum Refusal {
    /// In a sentence without the file's name.
    Bad(String),
    /// There is no memory for it now.
    Short {
        /// What is missing.
        shortage: Shortage,
        /// Memory that reading it takes in all, as far as it is known.
        bytes: u64,
    },
}

impl From<String> for Refusal {
    fn from(reason: String) -> Refusal {
        Refusal::Bad(reason)
    }
}

impl Refusal {
    /// Of a picture that takes so many bytes, as far as they are known.
    fn short(bytes: u64) -> impl Fn(Shortage) -> Refusal {
        move |shortage| Refusal::Short { shortage, bytes }
    }
}

/// Decodes one picture file and brings it to the wanted size and channels.
///
/// The orientation of its Exif data is applied; 16-bit and float values are brought to 8 bits; transparent pictures are laid
/// on black; grey is Rec. 709 luminance; sizes change by cubic convolution (Catmull and Rom), which averages where it
/// shrinks. Only the first frame of an animation is read.
///
/// All memory it takes meanwhile is charged to the budget of `progress` before it is allocated.
///
/// # Errors
/// [`Refusal`].
pub(super) fn read(
    path: &Path,
    wanted: Wanted,
    resizer: &mut Resizer,
    out: &mut [u8],
    progress: &Progress,
) -> Result<(), Refusal> {
    let (bytes, _held) = read_bytes(path, progress)?;
    // Decoders are other people's code on other people's bytes: one that gives up by panic costs this picture only.
    let (decoded, _held) = catch_unwind(AssertUnwindSafe(|| decode(&bytes, wanted, progress)))
        .unwrap_or_else(|_| {
            Err(Refusal::Bad("its decoder failed; save it again in another program".into()))
        })?;
    // Each step takes a while with a large picture; what is said now is not told to anyone.
    let check = || progress.check().map_err(|cancelled| Refusal::Bad(cancelled.to_string()));
    check()?;
    let (width, height) = (decoded.width(), decoded.height());
    let pixels = match wanted.channels {
        Channels::Grey => grey(decoded),
        Channels::Rgb => rgb(decoded),
    };
    check()?;
    place(&pixels, width, height, wanted, resizer, out).map_err(|error| {
        Refusal::Bad(format!("cannot be brought to {}×{} pixels ({error})", wanted.width, wanted.height))
    })
}

fn read_bytes<'a>(path: &Path, progress: &'a Progress) -> Result<(Vec<u8>, Held<'a>), Refusal> {
    let (file, length) = open_file(path, "a picture").map_err(|error| {
        if let DataError::File { message, .. } = error { message } else { error.to_string() }
    })?;
    if length > MAX_FILE {
        return Err(Refusal::Bad(format!(
            "a file of {} is more than the limit of {}; save it smaller",
            size(length),
            size(MAX_FILE)
        )));
    }
    // Some decoders begin with a copy.
    let short = Refusal::short(2 * length);
    let held = progress.budget().hold(2 * length).map_err(&short)?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length as usize).map_err(|_| short(progress.budget().refused(length)))?;
    let read = Watched::new(file, length, progress).read_to_end(&mut bytes);
    read.map_err(|error| io_message(error.kind(), &error.to_string()))?;
    Ok((bytes, held))
}

fn decode<'a>(
    bytes: &[u8],
    wanted: Wanted,
    progress: &'a Progress,
) -> Result<(DynamicImage, Held<'a>), Refusal> {
    let source = BufReader::new(Watched::new(Cursor::new(bytes), bytes.len() as u64, progress));
    let mut reader = ImageReader::new(source)
        .with_guessed_format()
        .map_err(|error| io_message(error.kind(), &error.to_string()))?;
    let Some(format) = reader.format() else {
        return Err(Refusal::Bad("is not a picture, in spite of its name; remove or rename it".into()));
    };
    if format == ImageFormat::Jpeg && !jpeg_is_whole(bytes) {
        return Err(Refusal::Bad("ends too early (truncated JPEG); fetch it again".into()));
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODED);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(reason)?;
    let (width, height) = decoder.dimensions();
    if width > MAX_SIDE || height > MAX_SIDE || decoder.total_bytes() > MAX_DECODED {
        return Err(Refusal::Bad(format!("{width}×{height} pixels are too many: {}", limit_text())));
    }
    let working = working_bytes(&decoder, wanted);
    let all = working + 2 * bytes.len() as u64;
    let held = progress.budget().hold(working).map_err(Refusal::short(all))?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(reason)?;
    if image.width() == 0 || image.height() == 0 {
        return Err(Refusal::Bad("has no pixels; remove it".into()));
    }
    image.apply_orientation(orientation);
    Ok((image, held))
}

/// Memory that decoding a picture and bringing it to its size takes at most.
fn working_bytes(decoder: &impl ImageDecoder, wanted: Wanted) -> u64 {
    let (width, height) = decoder.dimensions();
    let channels = wanted.channels.count() as u64;
    let colour = decoder.color_type();
    let is_plain = !colour.has_alpha() && colour.bytes_per_pixel() == colour.channel_count();
    // Bytes as they are kept; of other kinds also the colours with their alpha.
    let colours = u64::from(width) * u64::from(height) * if is_plain { channels } else { 8 };
    // The resizer changes widths first, and a picture that does not fill its place is drawn apart.
    let resized = wanted.width as u64 * (u64::from(height) + wanted.height as u64) * channels;
    COPIES * decoder.total_bytes() + colours + resized
}

fn limit_text() -> String {
    format!("the limit is {MAX_SIDE} pixels a side and {} decoded; save it smaller", size(MAX_DECODED))
}

fn reason(error: ImageError) -> String {
    match error {
        ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            "ends too early (truncated); fetch it again".into()
        }
        ImageError::Limits(error) => format!("is too large ({error}): {}", limit_text()),
        ImageError::Unsupported(error) => {
            format!("is of a kind that is not read ({error}); save it as PNG")
        }
        ImageError::Decoding(_)
        | ImageError::Encoding(_)
        | ImageError::Parameter(_)
        | ImageError::IoError(_) => format!("is damaged ({error}); fetch it again"),
    }
}

/// Whether the end marker is there. The decoder itself fills what is missing with grey and says nothing.
///
/// Walks from segment to segment and through the coded data of each scan, as what follows the end (a film, on many
/// telephones) may hold any bytes. What does not look like a segment is left to the decoder to judge.
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

/// One byte a pixel.
fn grey(image: DynamicImage) -> Vec<u8> {
    if image.color().has_alpha() {
        let image = image.into_luma_alpha8();
        let pairs = image.as_raw().as_chunks::<2>().0;
        pairs.iter().map(|&[value, alpha]| on_black(value, alpha)).collect()
    } else {
        image.into_luma8().into_raw()
    }
}

/// Three bytes a pixel.
fn rgb(image: DynamicImage) -> Vec<u8> {
    if image.color().has_alpha() {
        let image = image.into_rgba8();
        let pixels = image.as_raw().as_chunks::<4>().0;
        pixels.iter().flat_map(|&[r, g, b, alpha]| [r, g, b].map(|value| on_black(value, alpha))).collect()
    } else {
        image.into_rgb8().into_raw()
    }
}

fn on_black(value: u8, alpha: u8) -> u8 {
    ((u16::from(value) * u16::from(alpha) + 127) / 255) as u8
}

/// Brings `pixels` to the wanted size into `out`.
fn place(
    pixels: &[u8],
    width: u32,
    height: u32,
    wanted: Wanted,
    resizer: &mut Resizer,
    out: &mut [u8],
) -> Result<(), String> {
    let kind = match wanted.channels {
        Channels::Grey => PixelType::U8,
        Channels::Rgb => PixelType::U8x3,
    };
    let source = ImageRef::new(width, height, pixels, kind).map_err(|error| error.to_string())?;
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom));
    let (full_width, full_height) = (wanted.width as u32, wanted.height as u32);
    let (inner_width, inner_height) = match wanted.fit {
        Fit::Stretch | Fit::Crop => (full_width, full_height),
        Fit::Fit => inside((width, height), (full_width, full_height)),
    };
    if (inner_width, inner_height) == (full_width, full_height) {
        let mut target =
            Image::from_slice_u8(full_width, full_height, out, kind).map_err(|error| error.to_string())?;
        return match wanted.fit {
            Fit::Crop => crop(&source, &mut target, resizer, &options),
            Fit::Fit | Fit::Stretch => resizer.resize(&source, &mut target, &options),
        }
        .map_err(|error| error.to_string());
    }
    let mut target = Image::new(inner_width, inner_height, kind);
    resizer.resize(&source, &mut target, &options).map_err(|error| error.to_string())?;

    let channels = wanted.channels.count();
    let (inner_width, inner_height) = (inner_width as usize, inner_height as usize);
    let left = (wanted.width - inner_width) / 2 * channels;
    let top = (wanted.height - inner_height) / 2;
    let rows = out.chunks_exact_mut(wanted.width * channels).skip(top);
    for (row, inner) in rows.zip(target.buffer().chunks_exact(inner_width * channels)) {
        row[left..left + inner.len()].copy_from_slice(inner);
    }
    Ok(())
}

/// Fills the target with the middle of the source.
///
/// Both passes at once would go wrong where a part of the width is enlarged: the resizer keeps only the columns between those
/// of the first and the last pixel, and leaves out columns whose weight happens to be 0, which other pixels need. One pass
/// after the other gives the bits that both at once are meant to give.
fn crop(
    source: &ImageRef<'_>,
    target: &mut Image<'_>,
    resizer: &mut Resizer,
    options: &ResizeOptions,
) -> Result<(), ResizeError> {
    let (width, height) = (f64::from(target.width()), f64::from(target.height()));
    let part = CropBox::fit_src_into_dst_size(
        source.width(),
        source.height(),
        target.width(),
        target.height(),
        None,
    );
    let changes_rows = part.height != height || part.top != part.top.round();
    if part.width >= width || part.width >= f64::from(source.width()) || !changes_rows {
        return resizer.resize(source, target, &options.crop(part.left, part.top, part.width, part.height));
    }
    let mut rows = Image::new(source.width(), target.height(), source.pixel_type());
    let whole_width = f64::from(source.width());
    resizer.resize(source, &mut rows, &options.crop(0.0, part.top, whole_width, part.height))?;
    resizer.resize(&rows, target, &options.crop(part.left, 0.0, part.width, height))
}

/// The largest size of the same aspect ratio that fits; at least one pixel.
fn inside((width, height): (u32, u32), (full_width, full_height): (u32, u32)) -> (u32, u32) {
    let scale = (f64::from(full_width) / f64::from(width)).min(f64::from(full_height) / f64::from(height));
    let side = |side: u32, full: u32| ((f64::from(side) * scale).round() as u32).clamp(1, full);
    (side(width, full_width), side(height, full_height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_small_pictures_is_enlarged() {
        let mut resizer = Resizer::new();
        for (width, height) in (1..=9).flat_map(|width| (1..=9).map(move |height| (width, height))) {
            for (wide, high) in [(4, 4), (16, 16), (7, 5), (3, 11)] {
                let wanted = Wanted { width: wide, height: high, channels: Channels::Rgb, fit: Fit::Crop };
                let mut placed = |pixels: &[u8]| {
                    let mut out = vec![0; wide * high * 3];
                    place(pixels, width, height, wanted, &mut resizer, &mut out).expect("placed");
                    out
                };
                let one_colour = [10, 100, 200].repeat((width * height) as usize);
                let out = placed(&one_colour);
                assert_eq!(out, [10, 100, 200].repeat(wide * high), "{width}×{height} to {wide}×{high}");
                // What is symmetric stays so: no column is taken for another.
                let column = |x: u32| [(x.min(width - 1 - x) * 50) as u8; 3];
                let row: Vec<u8> = (0..width).flat_map(column).collect();
                let out = placed(&row.repeat(height as usize));
                for row in out.chunks_exact(3 * wide) {
                    let mirrored: Vec<u8> = row.rchunks_exact(3).flatten().copied().collect();
                    let is_near = |(a, b): (&u8, &u8)| a.abs_diff(*b) <= 1;
                    assert!(
                        row.iter().zip(&mirrored).all(is_near),
                        "{width}×{height} to {wide}×{high}: {row:?}"
                    );
                }
            }
        }
    }
}
