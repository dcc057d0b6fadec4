use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::dataset::image_folder;
use crate::project::{IdxReading, Source};

const STANDARD_NAMES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-images.idx3-ubyte",
    "train-images-idx3-ubyte.gz",
    "train-images.idx3-ubyte.gz",
];
/// Number of levels below the chosen folder that are searched.
const MOST_DEPTH: usize = 3;
/// Most files and folders examined in that search.
const MOST_ENTRIES: usize = 4000;

/// The source of an images file with the labels and test files next to it, by their usual names.
///
/// In a folder, the training images in it or below it are chosen; both spellings
/// (`train-images-idx3-ubyte`, `train-images.idx3-ubyte`) are known, with and without `.gz`, also
/// in folders of these names. Nothing is read: missing files are skipped, and loading reports them.
pub fn related_files(path: &Path) -> Source {
    let images = if path.is_dir() {
        images_below(path).into_iter().next().unwrap_or_else(|| path.join(STANDARD_NAMES[0]))
    } else {
        path.to_path_buf()
    };
    let name = file_name(&images);
    let labels = sibling_path(&images, &labels_name(&name));
    let test_images = test_names(&name).iter().find_map(|test| sibling_path(&images, test));
    let test_labels =
        test_images.as_ref().and_then(|test| sibling_path(test, &labels_name(&file_name(test))));
    Source::Idx { images, labels, test_images, test_labels, reading: IdxReading::default() }
}

/// The training images of a folder that contains data sets in the format of MNIST, or of the
/// nearest folders below it that do, one per data set. None below a folder with pictures.
pub fn images_below(folder: &Path) -> Vec<PathBuf> {
    let mut level = vec![folder.to_path_buf()];
    let mut left = MOST_ENTRIES;
    for _ in 0..=MOST_DEPTH {
        let mut found = Vec::new();
        let (mut below, mut has_pictures) = (Vec::new(), false);
        for folder in &level {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            let mut files = Vec::new();
            for entry in entries.take(left) {
                left -= 1;
                let path = entry.path();
                // Only links have to be resolved.
                let is_folder = entry.file_type().map_or_else(
                    |_| path.is_dir(),
                    |kind| kind.is_dir() || kind.is_symlink() && path.is_dir(),
                );
                if is_folder {
                    below.push(path);
                } else {
                    has_pictures = has_pictures || image_folder::is_picture(&path);
                    files.push(path);
                }
            }
            found.extend(images_in(folder, &files));
        }
        if !found.is_empty() || has_pictures {
            found.sort();
            return found;
        }
        below.sort();
        level = below;
    }
    Vec::new()
}

/// The training images of a folder: under their usual name, else under each name with another
/// prefix (`emnist-letters-train-images-idx3-ubyte`).
fn images_in(folder: &Path, files: &[PathBuf]) -> Vec<PathBuf> {
    let nested = |name: &&str| {
        [folder.join(name), folder.join(name).join(name)].into_iter().find(|path| path.is_file())
    };
    if let Some(standard) = STANDARD_NAMES.iter().find_map(nested) {
        return vec![standard];
    }
    let mut sets = BTreeMap::new();
    for path in files {
        let name = file_name(path).to_lowercase();
        let plain = name.strip_suffix(".gz").unwrap_or(&name).replace(".idx", "-idx");
        if plain.contains("train") && plain.contains("images") && plain.contains("-idx") {
            sets.entry(plain).or_insert_with(|| path.clone());
        }
    }
    sets.into_values().collect()
}

pub(super) fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// The name of a file without the extension of compression.
pub(super) fn plain_name(path: &Path) -> String {
    let name = file_name(path);
    name.strip_suffix(".gz").unwrap_or(&name).to_owned()
}

/// The name of the data set: that of the folder, which says more than `train-images`.
pub(super) fn name(images: &Path) -> String {
    let folder = images.parent().and_then(Path::file_name);
    match folder {
        Some(folder) if file_name(images).starts_with("train-images") => {
            folder.to_string_lossy().into_owned()
        }
        Some(_) | None => file_name(images),
    }
}

/// The file with its folder, as in the summary line.
pub(super) fn shown(images: &Path) -> String {
    let folder = images.parent().and_then(Path::file_name);
    match folder {
        Some(folder) => format!("{}/{}", folder.to_string_lossy(), file_name(images)),
        None => file_name(images),
    }
}

fn labels_name(images: &str) -> String {
    images.replace("images", "labels").replace("idx3", "idx1").replace("idx4", "idx1")
}

fn test_names(images: &str) -> Vec<String> {
    if !images.contains("train") {
        return Vec::new();
    }
    ["t10k", "test"].iter().map(|test| images.replace("train", test)).collect()
}

/// The file of that name next to `path`, also in the other spelling or compression, and in a folder
/// with its own name.
fn sibling_path(path: &Path, name: &str) -> Option<PathBuf> {
    let plain = name.strip_suffix(".gz").unwrap_or(name);
    let other =
        if plain.contains("-idx") { plain.replace("-idx", ".idx") } else { plain.replace(".idx", "-idx") };
    let names =
        [name.to_string(), plain.to_string(), format!("{plain}.gz"), other.clone(), format!("{other}.gz")];
    let folder = path.parent()?;
    // Kaggle packs each file in a folder with its name.
    let outer = folder.parent().filter(|_| folder.file_name() == path.file_name());
    let folders = [Some(folder), outer];
    let places = folders.into_iter().flatten().flat_map(|folder| {
        names.iter().flat_map(move |name| [folder.join(name), folder.join(name).join(name)])
    });
    places.into_iter().find(|candidate| candidate != path && candidate.is_file())
}
