mod find;

use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fast_image_resize::Resizer;
use rayon::prelude::*;

use self::find::{Found, Skipped, find, slashed};
use super::interned::Interned;
use super::parallel::in_parallel;
use super::picture::{self, Refusal, Wanted};
use super::raw::Raw;
use super::{DataError, LabelColumn, Progress, Rows, memory};
use crate::project::{PictureReading, Rules, Shape};

/// Endings of files that are taken for pictures, in lower case; what is in them is told from their first bytes.
pub(super) const EXTENSIONS: [&str; 9] = ["png", "jpg", "jpeg", "jpe", "bmp", "gif", "webp", "tif", "tiff"];
/// The longest side pictures can be brought to, in pixels.
const MAX_SIDE: usize = 4096;
/// What to do where pictures do not fit into memory.
pub(super) const REMEDY: &str = "choose a smaller width and height, or a folder with fewer pictures";
/// What to do where there is no memory for one picture.
const PICTURE_REMEDY: &str = "save it smaller, or close other programs";
/// How long a picture that finds no memory waits before it is tried again.
const WAIT: Duration = Duration::from_millis(20);

/// Reads all pictures below `folder`, decoded in parallel, in the order of their paths.
pub(super) fn load(
    folder: &Path,
    wanted: Wanted,
    reading: &PictureReading,
    rules: Rules,
    progress: &Progress,
) -> Result<Raw, DataError> {
    let _ = (reading, rules);
    for (name, side) in [("width", wanted.width), ("height", wanted.height)] {
        if !(1..=MAX_SIDE).contains(&side) {
            return Err(DataError::Setting(format!(
                "a {name} of {side} pixels is not possible; choose from 1 to {MAX_SIDE}"
            )));
        }
    }
    let Found { files, mut skipped, held: _held } = find(folder, progress)?;
    let shape =
        Shape::Image { height: wanted.height, width: wanted.width, channels: wanted.channels.count() };
    let features = shape.features();
    memory::check_count(files.len(), features, REMEDY).map_err(|message| DataError::file(folder, message))?;
    let mut pixels = progress.filled(0, files.len() * features)?;
    progress.restart(files.len() as u64);
    let refused = read_all(folder, &files, wanted, &mut pixels, progress)?;
    let files = keep_good(files, refused, features, &mut pixels, &mut skipped, progress);
    progress.check()?;
    if files.is_empty() {
        return Err(no_picture(folder, &skipped));
    }
    progress.budget().trim(&mut pixels);

    let mut raw = Raw::new(folder_name(folder), shape, Rows::U8(pixels));
    raw.labels.extend(label_column(&files, progress)?);
    let names = files.iter().map(|file| memory::text_bytes(file.as_os_str().len()));
    progress.budget().take(names.sum())?;
    raw.row_names.reserve_exact(files.len());
    for file in &files {
        progress.check()?;
        raw.row_names.push(slashed(file));
    }
    raw.type_max = Some(255.0);
    raw.warnings = skipped.warnings();
    Ok(raw)
}

/// Decodes all files into `pixels`; those that are damaged, by number of the file, ascending. Which pictures there are must
/// not depend on the memory that is free: a picture there is none for is an error.
fn read_all(
    folder: &Path,
    files: &[PathBuf],
    wanted: Wanted,
    pixels: &mut [u8],
    progress: &Progress,
) -> Result<Vec<(usize, String)>, DataError> {
    let features = pixels.len() / files.len().max(1);
    let refused = read_together(folder, files, wanted, pixels, progress)?;
    let mut resizer = Resizer::new();
    let mut damaged = Vec::new();
    for (number, refusal) in refused {
        progress.check()?;
        let path = folder.join(&files[number]);
        let alone = match refusal {
            Refusal::Bad(reason) => Err(Refusal::Bad(reason)),
            Refusal::Short { .. } => {
                let out = &mut pixels[number * features..][..features];
                let result = picture::read(&path, wanted, &mut resizer, out, progress);
                progress.advance(1);
                result
            }
        };
        match alone {
            Ok(()) => {}
            Err(Refusal::Bad(reason)) => damaged.push((number, reason)),
            Err(Refusal::Short { shortage, .. }) => {
                return Err(DataError::from(shortage).about(&path.to_string_lossy(), PICTURE_REMEDY));
            }
        }
    }
    progress.check()?;
    Ok(damaged)
}

/// Decodes files in parallel. One that finds no memory waits for those that are read at the same time, and is handed back
/// for a pass alone only where there are none; progress counts it then.
fn read_together(
    folder: &Path,
    files: &[PathBuf],
    wanted: Wanted,
    pixels: &mut [u8],
    progress: &Progress,
) -> Result<Vec<(usize, Refusal)>, DataError> {
    let features = pixels.len() / files.len().max(1);
    let readers = AtomicUsize::new(0);
    in_parallel(|| {
        let pictures = pixels.par_chunks_mut(features).zip(files).enumerate();
        let read = |resizer: &mut Resizer, (number, (out, file)): (usize, (&mut [u8], &PathBuf))| {
            let path = folder.join(file);
            let mut known_bytes = 0;
            while !progress.is_cancelled() {
                if !is_worth_reading(known_bytes, &readers, progress) {
                    std::thread::sleep(WAIT);
                    continue;
                }
                let reader = Reader::new(&readers);
                let result = picture::read(&path, wanted, resizer, out, progress);
                let began_alone = reader.is_first;
                drop(reader);
                let was_alone = began_alone && readers.load(Ordering::SeqCst) == 0;
                match result {
                    Err(Refusal::Short { bytes, .. }) if !was_alone => {
                        known_bytes = bytes;
                        std::thread::sleep(WAIT);
                    }
                    Err(Refusal::Short { shortage, bytes }) => {
                        return Some((number, Refusal::Short { shortage, bytes }));
                    }
                    Err(Refusal::Bad(reason)) => {
                        progress.advance(1);
                        return Some((number, Refusal::Bad(reason)));
                    }
                    Ok(()) => {
                        progress.advance(1);
                        return None;
                    }
                }
            }
            None
        };
        pictures.map_init(Resizer::new, read).flatten().collect()
    })
}

/// Whether a picture that takes so many bytes, as far as they are known, may be decoded by now: there is room for it, or
/// nobody is left to wait for. Before that its file would be read for nothing.
fn is_worth_reading(bytes: u64, readers: &AtomicUsize, progress: &Progress) -> bool {
    progress.budget().free() >= bytes || readers.load(Ordering::SeqCst) == 0
}

/// One of those that read a picture now; no longer when this is dropped, by a panic, too.
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

/// Whether the file's ending is that of a picture.
pub(super) fn is_picture(path: &Path) -> bool {
    path.extension()
        .map(|extension| extension.to_string_lossy().to_lowercase())
        .is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
}

/// Closes the gaps that refused pictures left; their reasons go to `skipped`. Leaves nothing useful where it is cancelled.
fn keep_good(
    files: Vec<PathBuf>,
    refused: Vec<(usize, String)>,
    features: usize,
    pixels: &mut Vec<u8>,
    skipped: &mut Skipped,
    progress: &Progress,
) -> Vec<PathBuf> {
    if refused.is_empty() {
        return files;
    }
    let mut refused = refused.into_iter().peekable();
    let mut kept = 0;
    let mut at = 0;
    let mut files = files;
    files.retain(|file| {
        if progress.is_cancelled() {
            return false;
        }
        let start = at * features;
        at += 1;
        if let Some((_, reason)) = refused.next_if(|(number, _)| number + 1 == at) {
            skipped.add(file, &reason);
            return false;
        }
        pixels.copy_within(start..start + features, kept * features);
        kept += 1;
        true
    });
    pixels.truncate(kept * features);
    files
}

fn no_picture(folder: &Path, skipped: &Skipped) -> DataError {
    if let Err(error) = std::fs::metadata(folder) {
        return DataError::file(
            folder,
            format!("vanished while it was read ({error}); connect the drive or choose it again"),
        );
    }
    let (count, first) = skipped.first(3);
    let more = match count.saturating_sub(3) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    DataError::file(
        folder,
        format!(
            "none of its {count} pictures can be read: {}{more}. Choose a folder with sound pictures",
            first.join("; ")
        ),
    )
}

/// Top-level sub-folder of each file as its class; no column where there are no sub-folders.
fn label_column(files: &[PathBuf], progress: &Progress) -> Result<Option<LabelColumn>, DataError> {
    let (mut texts, mut ids) = (Interned::default(), Vec::new());
    progress.budget().reserve_exact(&mut ids, files.len())?;
    for file in files {
        progress.check()?;
        ids.push(match label(file) {
            Some(label) => texts.number(&label, progress)?,
            None => u32::MAX,
        });
    }
    if texts.len() == 0 {
        progress.budget().release(ids);
        return Ok(None);
    }
    let order = texts.all_in_order(progress)?;
    texts.classes("folder", ids, order, progress).map(Some)
}

fn label(file: &Path) -> Option<String> {
    let mut parts = file.components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(folder)), Some(_)) => Some(folder.to_string_lossy().into_owned()),
        _ => None,
    }
}

fn folder_name(folder: &Path) -> String {
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    name(folder)
        .or_else(|| folder.canonicalize().ok().as_deref().and_then(name))
        .unwrap_or_else(|| "pictures".into())
}

#[cfg(test)]
mod tests;
