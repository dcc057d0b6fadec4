use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use fast_image_resize::Resizer;
use rayon::prelude::*;
use walkdir::{DirEntry, WalkDir};

use super::picture::{self, Wanted};
use super::raw::Raw;
use super::{DataError, LabelColumn, Progress, Rows, memory};
use crate::project::Shape;

/// Endings of files that are taken for pictures, in lower case; what is in them is told from their first bytes.
pub(super) const EXTENSIONS: [&str; 9] = ["png", "jpg", "jpeg", "jpe", "bmp", "gif", "webp", "tif", "tiff"];
/// The longest side pictures can be brought to, in pixels.
const MAX_SIDE: usize = 4096;
/// How many bad pictures are told one by one.
const TOLD: usize = 20;
const NONE: &str = "(none)";

/// Reads all pictures below `folder`, decoded in parallel, in the order of their paths.
pub(super) fn load(folder: &Path, wanted: Wanted, progress: &Progress) -> Result<Raw, DataError> {
    for (name, side) in [("width", wanted.width), ("height", wanted.height)] {
        if !(1..=MAX_SIDE).contains(&side) {
            return Err(DataError::Setting(format!(
                "a {name} of {side} pixels is not possible; choose from 1 to {MAX_SIDE}"
            )));
        }
    }
    let Found { files, mut bad } = find(folder, progress)?;
    let shape =
        Shape::Image { height: wanted.height, width: wanted.width, channels: wanted.channels.count() };
    let features = shape.features();
    let remedy = "choose a smaller width and height, or a folder with fewer pictures";
    memory::check_fits(files.len(), features, 1, remedy)?;
    progress.set_total(files.len() as u64);

    let mut pixels = vec![0; files.len() * features];
    let reasons: Vec<Option<String>> = pixels
        .par_chunks_mut(features)
        .zip(&files)
        .map_init(Resizer::new, |resizer, (out, file)| {
            if progress.is_cancelled() {
                return None;
            }
            let result = picture::read(&folder.join(file), wanted, resizer, out);
            progress.advance(1);
            result.err()
        })
        .collect();
    progress.check()?;
    let files = keep_good(files, reasons, features, &mut pixels, &mut bad);
    if files.is_empty() {
        return Err(no_picture(folder, &bad));
    }

    let mut raw = Raw::new(folder_name(folder), shape, Rows::U8(pixels));
    raw.labels.extend(label_column(&files));
    raw.row_names = files.iter().map(|file| slashed(file)).collect();
    raw.type_max = Some(255.0);
    raw.warnings = told(&bad);
    Ok(raw)
}

/// Paths below the folder, sorted, and what could not be searched.
struct Found {
    files: Vec<PathBuf>,
    bad: Vec<String>,
}

fn find(folder: &Path, progress: &Progress) -> Result<Found, DataError> {
    // Asked first, as what is wrong with the folder itself is no warning.
    let entries = std::fs::read_dir(folder).map_err(|error| DataError::io(folder, &error))?;
    drop(entries);
    let mut found = Found { files: Vec::new(), bad: Vec::new() };
    let visible = |entry: &DirEntry| entry.depth() == 0 || !is_hidden(entry.file_name());
    for entry in WalkDir::new(folder).follow_links(true).into_iter().filter_entry(visible) {
        progress.check()?;
        match entry {
            Ok(entry) => {
                if entry.file_type().is_file()
                    && is_picture(entry.path())
                    && let Ok(below) = entry.path().strip_prefix(folder)
                {
                    found.files.push(below.to_path_buf());
                }
            }
            Err(error) => found.bad.push(walk_error(folder, &error)),
        }
    }
    if found.files.is_empty() && found.bad.is_empty() {
        return Err(DataError::file(
            folder,
            "holds no picture; choose a folder with PNG, JPEG, BMP, GIF, WebP or TIFF files, or with sub-folders of them",
        ));
    }
    found.files.sort_unstable();
    Ok(found)
}

fn is_hidden(name: &OsStr) -> bool {
    name.to_string_lossy().starts_with('.')
}

/// Whether the file's ending is that of a picture.
pub(super) fn is_picture(path: &Path) -> bool {
    path.extension()
        .map(|extension| extension.to_string_lossy().to_lowercase())
        .is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
}

fn walk_error(folder: &Path, error: &walkdir::Error) -> String {
    let place =
        error.path().map_or_else(String::new, |path| slashed(path.strip_prefix(folder).unwrap_or(path)));
    let reason = if error.loop_ancestor().is_some() {
        "is a link that leads in a circle".to_string()
    } else {
        error
            .io_error()
            .map_or_else(|| error.to_string(), |io| super::error::io_message(io.kind(), &io.to_string()))
    };
    format!("{place}: {reason}")
}

/// Closes the gaps that bad pictures left; their reasons go to `bad`.
fn keep_good(
    files: Vec<PathBuf>,
    reasons: Vec<Option<String>>,
    features: usize,
    pixels: &mut Vec<u8>,
    bad: &mut Vec<String>,
) -> Vec<PathBuf> {
    let mut good = Vec::with_capacity(files.len());
    for (at, (file, reason)) in files.into_iter().zip(reasons).enumerate() {
        if let Some(reason) = reason {
            bad.push(format!("{}: {reason}", slashed(&file)));
        } else {
            let start = at * features;
            pixels.copy_within(start..start + features, good.len() * features);
            good.push(file);
        }
    }
    pixels.truncate(good.len() * features);
    good
}

fn no_picture(folder: &Path, bad: &[String]) -> DataError {
    if let Err(error) = std::fs::metadata(folder) {
        return DataError::file(
            folder,
            format!("vanished while it was read ({error}); connect the drive or choose it again"),
        );
    }
    let first: Vec<&str> = bad.iter().take(3).map(String::as_str).collect();
    let more = match bad.len().saturating_sub(first.len()) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    DataError::file(
        folder,
        format!(
            "none of its {} pictures can be read: {}{more}. Choose a folder with sound pictures",
            bad.len(),
            first.join("; ")
        ),
    )
}

fn told(bad: &[String]) -> Vec<String> {
    let mut warnings: Vec<String> = bad.iter().take(TOLD).map(|text| format!("left out {text}")).collect();
    if bad.len() > TOLD {
        warnings.push(format!("left out {} more pictures that cannot be read", bad.len() - TOLD));
    }
    warnings
}

/// Top-level sub-folder of each file as its class; no column where there are no sub-folders.
fn label_column(files: &[PathBuf]) -> Option<LabelColumn> {
    let labels: Vec<Option<String>> = files.iter().map(|file| label(file)).collect();
    let mut names: Vec<String> =
        labels.iter().flatten().cloned().collect::<BTreeSet<_>>().into_iter().collect();
    if names.is_empty() {
        return None;
    }
    let none = names.len();
    if labels.contains(&None) {
        names.push(NONE.into());
    }
    let id = |label: &Option<String>| match label {
        Some(label) => names[..none].binary_search(label).unwrap_or(none) as u32,
        None => none as u32,
    };
    let ids = labels.iter().map(id).collect();
    Some(LabelColumn::classes("folder", names, ids))
}

fn label(file: &Path) -> Option<String> {
    let mut parts = file.components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(folder)), Some(_)) => Some(folder.to_string_lossy().into_owned()),
        _ => None,
    }
}

fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

fn folder_name(folder: &Path) -> String {
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    name(folder)
        .or_else(|| folder.canonicalize().ok().as_deref().and_then(name))
        .unwrap_or_else(|| "pictures".into())
}

#[cfg(test)]
mod tests;
