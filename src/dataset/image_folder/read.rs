//! Reading all pictures of a folder in parallel, into rows with the depth of the deepest.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::Duration;

use fast_image_resize::Resizer;
use rayon::prelude::*;

use super::find::Skipped;
use super::tally::Tally;
use crate::dataset::parallel::in_parallel;
use crate::dataset::picture::{DecodeOptions, Depth, PictureError, PictureFile, Sample};
use crate::dataset::{DataError, Progress, Rows, memory};

/// Fix if there is no memory for one picture.
const PICTURE_REMEDY: &str = "save it smaller, or close other programs";
/// Time to wait before a picture without memory is tried again.
const WAIT: Duration = Duration::from_millis(20);

/// The files of a folder, each with the number of its pages to read.
#[derive(Clone, Copy)]
pub(super) struct Files<'a> {
    pub folder: &'a Path,
    pub paths: &'a [PathBuf],
    pub pages: &'a [u32],
    pub options: DecodeOptions,
}

/// The pictures read from a folder.
pub(super) struct Pictures {
    /// Rows of the pictures that can be read.
    pub rows: Rows,
    /// File and page of each row.
    pub places: Vec<Place>,
    pub tally: Tally,
}

/// The origin of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Number of the file.
    pub file: u32,
    /// Number of the page, counted from 0.
    pub page: u32,
}

/// State of one row.
#[derive(Clone, Debug)]
enum State {
    /// Not read yet.
    Waiting,
    /// It was read.
    Good {
        /// The row on white as well, if the background is not chosen yet.
        on_white: Option<Rows>,
        /// The value of white, if it is not the largest of its type.
        white: Option<u16>,
    },
    /// It cannot be read, for this reason.
    Bad(String),
    /// Same as the page before it.
    Gone,
}

/// A file and the rows for its pages.
struct Unit<'a, T> {
    file: usize,
    out: &'a mut [T],
    states: &'a mut [State],
}

/// Decodes all files; damaged pictures are added to `skipped`. Which pictures are loaded must not
/// depend on the free memory, so a picture without memory is an error.
///
/// Rows are bytes until a deeper picture is found; then those already read are converted to its
/// depth, and reading continues.
pub(super) fn read_all(
    files: Files<'_>,
    skipped: &mut Skipped,
    progress: &Progress,
) -> Result<Pictures, DataError> {
    let features = files.options.features();
    let count: usize = files.pages.iter().map(|pages| *pages as usize).sum();
    let mut rows = Rows::U8(progress.filled(0, count * features)?);
    let mut states = progress.filled(State::Waiting, count)?;
    let tally = Mutex::new(Tally::default());
    progress.restart(files.paths.len() as u64);
    loop {
        let deeper = match &mut rows {
            Rows::U8(rows) => pass(files, rows, &mut states, &tally, progress)?,
            Rows::U16(rows) => pass(files, rows, &mut states, &tally, progress)?,
            Rows::F32(rows) => pass(files, rows, &mut states, &tally, progress)?,
        };
        match deeper {
            Some(depth) => rows = with_depth(rows, depth, &states, progress)?,
            None => break,
        }
    }
    let mut tally = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    match &mut rows {
        Rows::U8(rows) => choose_ground(rows, &mut states, files.options, &mut tally, progress)?,
        Rows::U16(rows) => choose_ground(rows, &mut states, files.options, &mut tally, progress)?,
        Rows::F32(rows) => choose_ground(rows, &mut states, files.options, &mut tally, progress)?,
    }
    if tally.has_several_whites() {
        match &mut rows {
            Rows::U8(rows) => whiten(rows, &states, files.options, progress)?,
            Rows::U16(rows) => whiten(rows, &states, files.options, progress)?,
            Rows::F32(rows) => whiten(rows, &states, files.options, progress)?,
        }
    }
    let places = match &mut rows {
        Rows::U8(rows) => keep_good(files, rows, states, skipped, progress)?,
        Rows::U16(rows) => keep_good(files, rows, states, skipped, progress)?,
        Rows::F32(rows) => keep_good(files, rows, states, skipped, progress)?,
    };
    Ok(Pictures { rows, places, tally })
}

/// Reads the remaining files; returns the required depth if a picture is deeper than `rows`.
fn pass<T: Sample>(
    files: Files<'_>,
    rows: &mut [T],
    states: &mut [State],
    tally: &Mutex<Tally>,
    progress: &Progress,
) -> Result<Option<Depth>, DataError> {
    let features = files.options.features();
    let mut units = Vec::new();
    progress.budget().reserve_exact(&mut units, files.paths.len())?;
    let (mut rows, mut states) = (rows, states);
    for (file, pages) in files.pages.iter().enumerate() {
        let pages = *pages as usize;
        let (out, rows_after) = std::mem::take(&mut rows).split_at_mut(pages * features);
        let (here, states_after) = std::mem::take(&mut states).split_at_mut(pages);
        (rows, states) = (rows_after, states_after);
        if here.iter().any(|state| matches!(state, State::Waiting)) {
            units.push(Unit { file, out, states: here });
        }
    }
    let (mut deepest, left) = read_together(files, &mut units, tally, progress)?;
    let mut resizer = Resizer::new();
    for at in left {
        progress.check()?;
        if deepest > T::DEPTH {
            break;
        }
        let unit = &mut units[at];
        match read_file(files, unit, &mut resizer, progress) {
            Ok(found) => add(tally, &found),
            Err(PictureError::Short { shortage, .. }) => {
                let path = files.folder.join(&files.paths[unit.file]);
                return Err(DataError::from(shortage).about(&path.to_string_lossy(), PICTURE_REMEDY));
            }
            Err(PictureError::Deeper(depth)) => {
                deepest = depth;
                break;
            }
            Err(PictureError::Bad(_)) => {}
        }
        progress.advance(1);
    }
    progress.check()?;
    progress.budget().release(units);
    Ok((deepest > T::DEPTH).then_some(deepest))
}

/// Decodes files in parallel. A file without memory waits for those being read, and is returned for
/// a separate pass only if there are none; progress counts it then. All stop once one is deeper.
fn read_together<T: Sample>(
    files: Files<'_>,
    units: &mut [Unit<'_, T>],
    tally: &Mutex<Tally>,
    progress: &Progress,
) -> Result<(Depth, Vec<usize>), DataError> {
    let readers = AtomicUsize::new(0);
    let deepest = AtomicU8::new(T::DEPTH as u8);
    let left = in_parallel(|| {
        let read = |resizer: &mut Resizer, (at, unit): (usize, &mut Unit<'_, T>)| {
            let mut known_bytes = 0;
            while !progress.is_cancelled() && deepest.load(Ordering::Relaxed) == T::DEPTH as u8 {
                if !is_worth_reading(known_bytes, &readers, progress) {
                    std::thread::sleep(WAIT);
                    continue;
                }
                let reader = Reader::new(&readers);
                let result = read_file(files, unit, resizer, progress);
                let began_alone = reader.is_first;
                drop(reader);
                let was_alone = began_alone && readers.load(Ordering::SeqCst) == 0;
                match result {
                    Err(PictureError::Short { bytes, .. }) if !was_alone => {
                        known_bytes = bytes;
                        std::thread::sleep(WAIT);
                    }
                    Err(PictureError::Short { .. }) => return Some(at),
                    Err(PictureError::Deeper(depth)) => {
                        deepest.fetch_max(depth as u8, Ordering::Relaxed);
                        return None;
                    }
                    Err(PictureError::Bad(_)) => {
                        progress.advance(1);
                        return None;
                    }
                    Ok(found) => {
                        add(tally, &found);
                        progress.advance(1);
                        return None;
                    }
                }
            }
            None
        };
        units.par_iter_mut().enumerate().map_init(Resizer::new, read).flatten().collect()
    })?;
    let deepest = match deepest.into_inner() {
        0 => Depth::Byte,
        1 => Depth::Word,
        _ => Depth::Float,
    };
    Ok((deepest, left))
}

/// Reads the pages of one file; errors are stored in its states. If memory is short or it is
/// deeper, all of them wait again.
fn read_file<T: Sample>(
    files: Files<'_>,
    unit: &mut Unit<'_, T>,
    resizer: &mut Resizer,
    progress: &Progress,
) -> Result<Tally, PictureError> {
    let (options, mut found) = (files.options, Tally::default());
    let result = PictureFile::open(&files.folder.join(&files.paths[unit.file]), options.rules, progress);
    let mut file = match result {
        Ok(file) => file,
        Err(PictureError::Bad(reason)) => {
            unit.states.fill(State::Gone);
            if let Some(first) = unit.states.first_mut() {
                *first = State::Bad(reason);
            }
            return Ok(found);
        }
        Err(other) => return Err(other),
    };
    found.add_file(file.is_animated(), file.pages(), unit.states.len());
    for page in 0..unit.states.len() {
        let out = &mut unit.out[page * options.features()..][..options.features()];
        let read = file.page(page, options, T::DEPTH, resizer, progress).and_then(|mut read| {
            if let Some(bytes) = read.on_white.as_ref().map(bytes) {
                let short = |shortage| PictureError::Short { shortage, bytes };
                progress.budget().take(bytes).map_err(short)?;
            }
            T::fill(out, &read.row);
            found.add_page(&read, (unit.file as u32, page as u32), options.wanted);
            Ok(State::Good { on_white: read.on_white.take(), white: read.white })
        });
        unit.states[page] = match read {
            Ok(good) => good,
            Err(PictureError::Bad(reason)) => State::Bad(reason),
            Err(other) => {
                for state in &mut *unit.states {
                    let was = std::mem::replace(state, State::Waiting);
                    release(was, progress);
                }
                return Err(other);
            }
        };
    }
    Ok(found)
}

fn add(tally: &Mutex<Tally>, found: &Tally) {
    tally.lock().unwrap_or_else(PoisonError::into_inner).add(found);
}

fn bytes(rows: &Rows) -> u64 {
    match rows {
        Rows::U8(values) => memory::bytes_of::<u8>(values.len()),
        Rows::U16(values) => memory::bytes_of::<u16>(values.len()),
        Rows::F32(values) => memory::bytes_of::<f32>(values.len()),
    }
}

/// Releases the memory of a state.
fn release(state: State, progress: &Progress) {
    if let State::Good { on_white: Some(rows), .. } = state {
        progress.budget().give_back(bytes(&rows));
    }
}

/// Converts the rows to more bits; those not read yet are undefined.
fn with_depth(rows: Rows, depth: Depth, states: &[State], progress: &Progress) -> Result<Rows, DataError> {
    let count = rows.len();
    let is_begun = states.iter().any(|state| !matches!(state, State::Waiting));
    let rows = if is_begun {
        Some(rows)
    } else {
        release_rows(rows, progress);
        None
    };
    let deep = match depth {
        Depth::Byte | Depth::Word => Rows::U16(brought(rows.as_ref(), count, progress)?),
        Depth::Float => Rows::F32(brought(rows.as_ref(), count, progress)?),
    };
    if let Some(rows) = rows {
        release_rows(rows, progress);
    }
    Ok(deep)
}

fn brought<T: Sample>(rows: Option<&Rows>, count: usize, progress: &Progress) -> Result<Vec<T>, DataError> {
    let mut out = progress.filled(T::BLACK, count)?;
    if let Some(rows) = rows {
        T::fill(&mut out, rows);
    }
    Ok(out)
}

pub(super) fn release_rows(rows: Rows, progress: &Progress) {
    match rows {
        Rows::U8(values) => progress.budget().release(values),
        Rows::U16(values) => progress.budget().release(values),
        Rows::F32(values) => progress.budget().release(values),
    }
}

/// The background, black or white, on which more is visible: where the luminance of all transparent
/// pictures varies more.
fn choose_ground<T: Sample>(
    rows: &mut [T],
    states: &mut [State],
    options: DecodeOptions,
    tally: &mut Tally,
    progress: &Progress,
) -> Result<(), DataError> {
    let (features, channels) = (options.features(), options.channels());
    let (mut on_black, mut on_white) = (0.0, 0.0);
    for (row, state) in rows.chunks_exact(features).zip(&*states) {
        progress.check()?;
        if let State::Good { on_white: Some(white), .. } = state {
            on_black += variance(row, channels);
            on_white += match white {
                Rows::U8(values) => variance(values, channels),
                Rows::U16(values) => variance(values, channels),
                Rows::F32(values) => variance(values, channels),
            };
        }
    }
    tally.is_on_white = on_white > on_black;
    for (row, state) in rows.chunks_exact_mut(features).zip(states) {
        progress.check()?;
        if let State::Good { on_white, .. } = state
            && let Some(white) = on_white.take()
        {
            if tally.is_on_white {
                T::fill(row, &white);
            }
            progress.budget().give_back(bytes(&white));
        }
    }
    Ok(())
}

/// Scales pictures with their own white to that of the type.
fn whiten<T: Sample>(
    rows: &mut [T],
    states: &[State],
    options: DecodeOptions,
    progress: &Progress,
) -> Result<(), DataError> {
    for (row, state) in rows.chunks_exact_mut(options.features()).zip(states) {
        progress.check()?;
        if let State::Good { white: Some(white), .. } = state {
            let most = if *white <= u8::MAX.into() { u8::MAX.into() } else { u16::MAX };
            let factor = f64::from(most) / f64::from(*white) / T::WHITE.number();
            row.iter_mut().for_each(|value| *value = T::of_fraction((value.number() * factor).min(1.0)));
        }
    }
    Ok(())
}

/// Variance of the luminance, in fractions of white.
fn variance<T: Sample>(row: &[T], channels: usize) -> f64 {
    let fraction = |value: &T| value.number() / T::WHITE.number();
    let luminance = |pixel: &[T]| match pixel {
        [r, g, b] => 0.2126 * fraction(r) + 0.7152 * fraction(g) + 0.0722 * fraction(b),
        [grey, ..] => fraction(grey),
        [] => 0.0,
    };
    let (mut sum, mut squares, mut count) = (0.0, 0.0, 0.0);
    for value in row.chunks_exact(channels).map(luminance) {
        sum += value;
        squares += value * value;
        count += 1.0;
    }
    (squares / count - (sum / count) * (sum / count)).max(0.0)
}

/// Closes the gaps left by unreadable pictures; their reasons are added to `skipped`.
fn keep_good<T: Copy>(
    files: Files<'_>,
    rows: &mut Vec<T>,
    states: Vec<State>,
    skipped: &mut Skipped,
    progress: &Progress,
) -> Result<Vec<Place>, DataError> {
    let features = files.options.features();
    let mut places = Vec::new();
    progress.budget().reserve_exact(&mut places, states.len())?;
    let mut row = 0;
    for (file, pages) in (0..).zip(files.pages) {
        progress.check()?;
        for page in 0..*pages {
            let path = &files.paths[file as usize];
            match &states[row] {
                State::Good { .. } => {
                    if places.len() < row {
                        rows.copy_within(row * features..(row + 1) * features, places.len() * features);
                    }
                    places.push(Place { file, page });
                }
                State::Bad(reason) if *pages > 1 => {
                    skipped.add(&PathBuf::from(format!("{}#{}", path.display(), page + 1)), reason);
                }
                State::Bad(reason) => skipped.add(path, reason),
                State::Waiting | State::Gone => {}
            }
            row += 1;
        }
    }
    progress.budget().release(states);
    rows.truncate(places.len() * features);
    progress.budget().trim(rows);
    progress.budget().trim(&mut places);
    Ok(places)
}

/// Whether a picture that needs this many bytes, as far as known, may be decoded now: there is
/// memory for it, or no other picture to wait for. Otherwise its file would be read in vain.
fn is_worth_reading(bytes: u64, readers: &AtomicUsize, progress: &Progress) -> bool {
    progress.budget().free() >= bytes || readers.load(Ordering::SeqCst) == 0
}

/// Counts a picture being read until it is dropped, even by a panic.
struct Reader<'a> {
    readers: &'a AtomicUsize,
    is_first: bool,
}

impl Reader<'_> {
    fn new(readers: &AtomicUsize) -> Reader<'_> {
        let is_first = readers.fetch_add(1, Ordering::SeqCst) == 0;
        Reader { readers, is_first }
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        self.readers.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::picture::TargetFormat;
    use crate::project::{Alpha, Channels, Fit, Rules};

    #[test]
    fn pictures_wait_for_memory_and_few_are_left_for_the_pass_alone() {
        let mut large = std::io::Cursor::new(Vec::new());
        image::RgbImage::new(500, 500).write_to(&mut large, image::ImageFormat::Png).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = (0..8).map(|at| PathBuf::from(format!("{at}.png"))).collect();
        paths.iter().for_each(|path| std::fs::write(dir.path().join(path), large.get_ref()).unwrap());
        let wanted = TargetFormat { width: 8, height: 8, channels: Channels::Grey, fit: Fit::Crop };
        let options = DecodeOptions { wanted, alpha: Alpha::Auto, rules: Rules::Current };
        let files = Files { folder: dir.path(), paths: &paths, pages: &[1; 8], options };
        // One picture needs 3.3 MB.
        let progress = Progress::with_budget(5_000_000);
        let mut states = vec![State::Waiting; 8];
        let mut pixels = vec![0_u8; 8 * 64];
        let mut units: Vec<_> = pixels
            .chunks_mut(64)
            .zip(states.chunks_mut(1))
            .enumerate()
            .map(|(file, (out, states))| Unit { file, out, states })
            .collect();
        let (_, left) = read_together(files, &mut units, &Mutex::default(), &progress).unwrap();
        assert!(left.len() <= 4, "{left:?}");
        assert_eq!(progress.state().0, 8 - left.len() as u64, "those that are left count when they are read");
    }

    #[test]
    fn the_file_of_a_picture_is_read_again_once_memory_may_be_free() {
        let (readers, progress) = (AtomicUsize::new(1), Progress::with_budget(100));
        let is_worth = |bytes: u64| is_worth_reading(bytes, &readers, &progress);
        assert_eq!([0, 100, 101].map(is_worth), [true, true, false]);
        let reservation = progress.budget().charge_scoped(1).unwrap();
        assert!(!is_worth(100));
        drop(reservation);
        assert!(is_worth(100));
        readers.store(0, Ordering::SeqCst);
        assert!(is_worth(101), "there is nobody to wait for");
    }
}
