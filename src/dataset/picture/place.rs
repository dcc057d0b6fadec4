use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{CropBox, FilterType, ResizeAlg, ResizeError, ResizeOptions, Resizer};

use super::{Depth, Sample, TargetFormat};
use crate::project::Fit;

/// Resizes `pixels`, with this many values each, to the wanted size.
pub(super) fn place<T: Sample>(
    pixels: &[T],
    width: u32,
    height: u32,
    channels: usize,
    wanted: TargetFormat,
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
        Fit::Crop => crop(&source, &mut target, T::DEPTH, resizer, &options),
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

/// Clamps floats to the range of the picture, which cubic convolution exceeds at edges; other types
/// are clamped anyway.
fn bound<T: Sample>(placed: &mut [T], pixels: &[T]) {
    let Some(&first) = pixels.first().filter(|_| T::DEPTH == Depth::Float) else { return };
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
/// A single call for both passes fails if a part is enlarged along the second of them (for bytes
/// the width, for deeper pixels the height): the resizer keeps only the columns (rows) between
/// those of the first and the last pixel, and drops some whose weight happens to be 0, which other
/// pixels need. Two separate passes give the bits that a single call should give.
fn crop(
    source: &ImageRef<'_>,
    target: &mut Image<'_>,
    depth: Depth,
    resizer: &mut Resizer,
    options: &ResizeOptions,
) -> Result<(), ResizeError> {
    let (width, height) = (f64::from(target.width()), f64::from(target.height()));
    let (whole_width, whole_height) = (f64::from(source.width()), f64::from(source.height()));
    let part = CropBox::fit_src_into_dst_size(
        source.width(),
        source.height(),
        target.width(),
        target.height(),
        None,
    );
    let changes_columns = part.width != width || part.left != part.left.round();
    let changes_rows = part.height != height || part.top != part.top.round();
    let is_enlarged = match depth {
        Depth::Byte => part.width < width && part.width < whole_width,
        Depth::Word | Depth::Float => part.height < height && part.height < whole_height,
    };
    if !(is_enlarged && changes_columns && changes_rows) {
        return resizer.resize(source, target, &options.crop(part.left, part.top, part.width, part.height));
    }
    let columns = |image_height: f64| options.crop(part.left, 0.0, part.width, image_height);
    let rows = |image_width: f64| options.crop(0.0, part.top, image_width, part.height);
    match depth {
        Depth::Byte => {
            let mut between = Image::new(source.width(), target.height(), source.pixel_type());
            resizer.resize(source, &mut between, &rows(whole_width))?;
            resizer.resize(&between, target, &columns(height))
        }
        Depth::Word | Depth::Float => {
            let mut between = Image::new(target.width(), source.height(), source.pixel_type());
            resizer.resize(source, &mut between, &columns(whole_height))?;
            resizer.resize(&between, target, &rows(width))
        }
    }
}

/// The largest size with the same aspect ratio that fits; at least one pixel.
fn inside((width, height): (u32, u32), (full_width, full_height): (u32, u32)) -> (u32, u32) {
    let scale = (f64::from(full_width) / f64::from(width)).min(f64::from(full_height) / f64::from(height));
    let side = |side: u32, full: u32| ((f64::from(side) * scale).round() as u32).clamp(1, full);
    (side(width, full_width), side(height, full_height))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Channels;

    /// Checks that pixels that increase evenly along one side still do when the middle of that side
    /// is enlarged.
    fn check<T: Sample>(value: impl Fn(u32) -> T, expected: [f64; 3]) {
        let (long, short) = (4, 2);
        let along = |at: u32, is_high: bool| value(if is_high { at / short } else { at % long });
        for is_high in [true, false] {
            let pixels: Vec<T> = (0..long * short).map(|at| along(at, is_high)).collect();
            let (width, height) = if is_high { (4, 3) } else { (3, 4) };
            let wanted = TargetFormat { width, height, channels: Channels::Grey, fit: Fit::Crop };
            let (from, to) = if is_high { (short, long) } else { (long, short) };
            let placed = place(&pixels, from, to, 1, wanted, &mut Resizer::new()).unwrap();
            let (other, three) = if is_high { (width, height) } else { (height, width) };
            let at =
                |line: usize, place: usize| if is_high { line * width + place } else { place * width + line };
            for (line, expected) in expected.iter().enumerate().take(three) {
                for place in 0..other {
                    let value = placed[at(line, place)].number();
                    assert!(
                        (value - expected).abs() < 1e-5,
                        "{is_high} {line} {place}: {value}, not {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_middle_of_a_small_picture_is_enlarged_in_any_depth() {
        check(|at| at as u8 * 20, [20.0, 30.0, 40.0]);
        check(|at| at as u16 * 1000, [1000.0, 1500.0, 2000.0]);
        check(|at| at as f32, [1.0, 1.5, 2.0]);
    }
}
