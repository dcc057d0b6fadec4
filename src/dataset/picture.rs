//! One picture file, decoded at its own depth and resized.

mod animation;
mod colours;
mod decode;
mod exr_blocks;
mod place;
mod pnm;
mod sample;
mod tiff_jpeg;
mod tiff_numbers;
mod tiff_pages;

use std::io::{BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use fast_image_resize::Resizer;

use self::colours::{Ground, Raster};
use self::place::place;
pub use self::sample::Depth;
pub(super) use self::sample::Sample;
use super::error::io_message;
use super::memory::{Reservation, Shortage};
use super::open_file::{CancellableReader, open_file};
use super::{DataError, Progress, Rows};
use crate::project::{Alpha, Channels, Fit, Rules, format_bytes};

/// The size and kind of every decoded picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct TargetFormat {
    pub width: usize,
    pub height: usize,
    pub channels: Channels,
    pub fit: Fit,
}

/// How pictures are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct DecodeOptions {
    pub wanted: TargetFormat,
    pub alpha: Alpha,
    pub rules: Rules,
}

impl DecodeOptions {
    /// Whether transparency is read as an additional channel; it is removed later if it is a mask.
    pub(super) fn reads_alpha(self) -> bool {
        matches!(self.alpha, Alpha::Keep | Alpha::Masked)
    }

    /// Values per pixel after conversion.
    pub(super) fn channels(self) -> usize {
        self.wanted.channels.count() + usize::from(self.reads_alpha())
    }

    /// Values per picture.
    pub(super) fn features(self) -> usize {
        self.wanted.width * self.wanted.height * self.channels()
    }
}

/// One picture, resized.
#[derive(Clone, Debug)]
pub(super) struct Page {
    /// Its values at its own depth; on black if the background is not chosen yet.
    pub row: Rows,
    /// The row on a white background, if there are transparent parts and the background is not
    /// chosen yet.
    pub on_white: Option<Rows>,
    /// Whether it has transparent parts.
    pub is_transparent: bool,
    /// Width and height in its file.
    pub size: (u32, u32),
    /// Whether some of its values were infinite or NaN.
    pub has_odd_numbers: bool,
    /// The value of white, if it is not the largest of the type.
    pub white: Option<u16>,
}

/// Most bytes of one decoded picture.
const MAX_DECODED: u64 = 1 << 30;
/// The largest picture file.
const MAX_FILE: u64 = 2 << 30;
/// The longest side, the most decoded bytes and the largest file by the rules of version 1.
const OLD_SIDE: u32 = 20_000;
const OLD_BYTES: u64 = 512 << 20;

/// Most copies of the decoded picture held at a time by its decoder and by changes of colours and
/// orientation.
const COPIES: u64 = 4;

/// Why a picture cannot be read.
#[derive(Debug)]
pub(super) enum PictureError {
    /// A reason in a sentence, without the file's name.
    Bad(String),
    /// There is currently no memory for it.
    Short {
        /// Why memory was refused.
        shortage: Shortage,
        /// Memory that reading it needs in total, as far as known.
        bytes: u64,
    },
    /// It has more bits than stored so far.
    Deeper(Depth),
}

impl From<String> for PictureError {
    fn from(reason: String) -> PictureError {
        PictureError::Bad(reason)
    }
}

impl PictureError {
    /// For a picture that needs this many bytes, as far as known.
    fn short(bytes: u64) -> impl Fn(Shortage) -> PictureError {
        move |shortage| PictureError::Short { shortage, bytes }
    }
}

/// A picture file in memory.
pub(super) struct PictureFile<'a> {
    bytes: Vec<u8>,
    is_tga: bool,
    /// Offsets of its pages, if it is a TIFF file.
    pages: Vec<u64>,
    /// Values of the largest JPEG in them.
    jpeg_values: u64,
    _reservation: Reservation<'a>,
}

impl<'a> PictureFile<'a> {
    /// Reads it; memory is charged before it is allocated.
    ///
    /// # Errors
    /// [`PictureError`].
    pub(super) fn open(path: &Path, rules: Rules, progress: &'a Progress) -> Result<Self, PictureError> {
        let (bytes, reservation) = read_bytes(path, rules, progress)?;
        let pages = match rules {
            Rules::Current => tiff_pages::offsets(std::io::Cursor::new(&bytes)).unwrap_or_default(),
            Rules::Version1 => Vec::new(),
        };
        let is_tga = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tga"));
        let jpeg_values = tiff_jpeg::most_values(&bytes, &pages, progress)?;
        Ok(PictureFile { bytes, is_tga, pages, jpeg_values, _reservation: reservation })
    }

    /// Number of pages.
    pub(super) fn pages(&self) -> usize {
        self.pages.len().max(1)
    }

    /// Whether it is an animation, of which only the first frame is read.
    pub(super) fn is_animated(&self) -> bool {
        animation::is_animated(&self.bytes)
    }

    /// Decodes one page and converts it to the wanted size and channels, at its own depth, which
    /// may be at most `deepest`.
    ///
    /// The orientation of its Exif data is applied; grey is Rec. 709 luminance; resizing uses cubic
    /// convolution (Catmull-Rom), which averages when shrinking. By the rules of version 1
    /// everything is converted to 8 bits first.
    ///
    /// All memory needed meanwhile is charged to the budget of `progress` before it is allocated.
    ///
    /// # Errors
    /// [`PictureError`].
    pub(super) fn page(
        &mut self,
        page: usize,
        options: DecodeOptions,
        deepest: Depth,
        resizer: &mut Resizer,
        progress: &Progress,
    ) -> Result<Page, PictureError> {
        if let Some(&offset) = self.pages.get(page) {
            tiff_pages::put_first(&mut self.bytes, offset);
        }
        let (bytes, is_tga, jpeg_values) = (&self.bytes[..], self.is_tga, self.jpeg_values);
        // Decoders are external code running on external data: a panic must only affect this
        // picture.
        let work = AssertUnwindSafe(|| {
            let (decoded, reservation) =
                decode::decode(bytes, (is_tga, jpeg_values), options, deepest, progress)?;
            // Each step takes a while for a large picture, so cancellation is checked in between.
            let check = || progress.check().map_err(|cancelled| PictureError::Bad(cancelled.to_string()));
            check()?;
            let raster = colours::raster(decoded, options);
            check()?;
            let page = finish(raster, options, resizer).map_err(|error| {
                PictureError::Bad(format!(
                    "cannot be resized to {}×{} pixels ({error})",
                    options.wanted.width, options.wanted.height
                ))
            });
            drop(reservation);
            page
        });
        catch_unwind(work).unwrap_or_else(|_| {
            Err(PictureError::Bad("its decoder failed; save it again with another program".into()))
        })
    }
}

/// Number of pages of a file, read from a few of its bytes; 1 for a file that is not a valid TIFF.
pub(super) fn count_pages(path: &Path, progress: &Progress) -> usize {
    let Ok((file, length)) = open_file(path, "a picture") else { return 1 };
    let reader = BufReader::with_capacity(1 << 10, CancellableReader::new(file, length, progress));
    tiff_pages::offsets(reader).map_or(1, |pages| pages.len().max(1))
}

fn finish(raster: Raster, options: DecodeOptions, resizer: &mut Resizer) -> Result<Page, String> {
    let (is_transparent, has_odd_numbers) = (raster.is_transparent(), raster.has_odd_numbers);
    let size = (raster.width, raster.height);
    let mut on = |ground: Ground| match &raster.values {
        Rows::U8(values) => placed(&raster, values, ground, options, resizer).map(Rows::U8),
        Rows::U16(values) => placed(&raster, values, ground, options, resizer).map(Rows::U16),
        Rows::F32(values) => placed(&raster, values, ground, options, resizer).map(Rows::F32),
    };
    let row = on(match options.alpha {
        Alpha::Auto | Alpha::Black => Ground::Black,
        Alpha::White => Ground::White,
        Alpha::Checker => Ground::Checker,
        Alpha::Keep | Alpha::Masked => Ground::Kept,
    })?;
    let is_open = is_transparent && options.alpha == Alpha::Auto && options.rules == Rules::Current;
    let on_white = is_open.then(|| on(Ground::White)).transpose()?;
    Ok(Page { row, on_white, is_transparent, size, has_odd_numbers, white: raster.white })
}

fn placed<T: Sample>(
    raster: &Raster,
    values: &[T],
    ground: Ground,
    options: DecodeOptions,
    resizer: &mut Resizer,
) -> Result<Vec<T>, String> {
    let laid = raster.on(values, ground);
    let mut placed = place(&laid, raster.width, raster.height, options.channels(), options.wanted, resizer)?;
    if let Some(white) = raster.white {
        // Cubic convolution overshoots at edges, up to the largest value of the type.
        let white = T::of_fraction(f64::from(white) / T::WHITE.number());
        placed.iter_mut().filter(|value| **value > white).for_each(|value| *value = white);
    }
    Ok(placed)
}

fn read_bytes<'a>(
    path: &Path,
    rules: Rules,
    progress: &'a Progress,
) -> Result<(Vec<u8>, Reservation<'a>), PictureError> {
    let (file, length) = open_file(path, "a picture").map_err(|error| {
        if let DataError::File { message, .. } = error { message } else { error.to_string() }
    })?;
    let most = match rules {
        Rules::Current => MAX_FILE,
        Rules::Version1 => OLD_BYTES,
    };
    if length > most {
        return Err(PictureError::Bad(format!(
            "a file of {} exceeds the limit of {}; save it smaller",
            format_bytes(length),
            format_bytes(most)
        )));
    }
    // Some decoders begin with a copy.
    let short = PictureError::short(2 * length);
    let reservation = progress.budget().charge_scoped(2 * length).map_err(&short)?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length as usize).map_err(|_| short(progress.budget().refused(length)))?;
    let read = CancellableReader::new(file, length, progress).read_to_end(&mut bytes);
    read.map_err(|error| io_message(error.kind(), &error.to_string()))?;
    Ok((bytes, reservation))
}

#[cfg(test)]
mod tests;
