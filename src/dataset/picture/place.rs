use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{CropBox, FilterType, ResizeAlg, ResizeError, ResizeOptions, Resizer};

use super::{Sample, Wanted};
use crate::project::Fit;

/// Brings `pixels` of so many values each to the wanted size.
pub(super) fn place<T: Sample>(
    pixels: &[T],
    width: u32,
    height: u32,
    channels: usize,
    wanted: Wanted,
    resizer: &mut Resizer,
) -> Result<Vec<T>, String> {
    let Some(&kind) = channels.checked_sub(1).and_then(|at| T::PIXELS.get(at)) else {
        return Err(format!("pixels of {channels} values are not resized"));
    };
    let mut spare = None;
    let source = T::view(pixels, (width, height), kind, &mut spare)?;
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom));
    let (full_width, full_height) = (wanted.width as u32, wanted.height as u32);
    let (inner_width, inner_height) = match wanted.fit {
        Fit::Stretch | Fit::Crop => (full_width, full_height),
        Fit::Fit => inside((width, height), (full_width, full_height)),
    };
    let mut target = Image::new(inner_width, inner_height, kind);
    match wanted.fit {
        Fit::Crop => crop(&source, &mut target, resizer, &options),
        Fit::Fit | Fit::Stretch => resizer.resize(&source, &mut target, &options),
    }
    .map_err(|error| error.to_string())?;
    let mut placed = T::taken(target);
    bound(&mut placed, pixels);
    if (inner_width, inner_height) == (full_width, full_height) {
        return Ok(placed);
    }
    let (inner_width, inner_height) = (inner_width as usize, inner_height as usize);
    let left = (wanted.width - inner_width) / 2 * channels;
    let top = (wanted.height - inner_height) / 2;
    let mut out = vec![T::BLACK; wanted.width * wanted.height * channels];
    let rows = out.chunks_exact_mut(wanted.width * channels).skip(top);
    for (row, inner) in rows.zip(placed.chunks_exact(inner_width * channels)) {
        row[left..left + inner.len()].copy_from_slice(inner);
    }
    Ok(out)
}

/// Keeps numbers within those of the picture, which cubic convolution leaves at edges; other types end there by themselves.
fn bound<T: Sample>(placed: &mut [T], pixels: &[T]) {
    let Some(&first) = pixels.first().filter(|_| T::DEPTH == super::Depth::Float) else { return };
    let (mut low, mut high) = (first, first);
    for &pixel in pixels {
        low = if pixel < low { pixel } else { low };
        high = if pixel > high { pixel } else { high };
    }
    for value in placed {
        if *value < low {
            *value = low;
        } else if *value > high {
            *value = high;
        }
    }
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
