//! The format of MNIST and Fashion-MNIST: a big-endian magic number, the size of each dimension, then bytes; plain or gzipped.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::open_file::{Watched, open_file};
use super::raw::Raw;
use super::{DataError, LabelColumn, Progress, Rows, memory};
use crate::project::{Shape, Source};

/// The source of an images file with the labels and test files that lie beside it, by their usual names.
///
/// Of a folder, its training images are taken; both spellings (`train-images-idx3-ubyte`, `train-images.idx3-ubyte`) are
/// known, with and without `.gz`. Nothing is read: what is not there is left out, and loading says so.
pub fn companions(path: &Path) -> Source {
    let images = if path.is_dir() {
        images_in(path).unwrap_or_else(|| path.join(STANDARD_NAMES[0]))
    } else {
        path.to_path_buf()
    };
    let name = file_name(&images);
    let labels = beside(&images, &labels_name(&name));
    let test_images = test_names(&name).iter().find_map(|test| beside(&images, test));
    let test_labels = test_images.as_ref().and_then(|test| beside(test, &labels_name(&file_name(test))));
    Source::Idx { images, labels, test_images, test_labels }
}

/// The training images of a folder that holds MNIST under its usual names.
pub fn images_in(folder: &Path) -> Option<PathBuf> {
    STANDARD_NAMES.iter().map(|name| folder.join(name)).find(|path| path.is_file())
}

/// Whether the file begins like IDX images, plain or gzipped; `false` where it cannot be read.
pub fn is_images(path: &Path) -> bool {
    let (mut magic, progress) = ([0; 4], Progress::default());
    open_part(path, SNIFFED_BYTES, &progress)
        .and_then(|mut file| fill(&mut file.reader, &mut magic, path))
        .is_ok_and(|()| u32::from_be_bytes(magic) == IMAGES_MAGIC)
}

const STANDARD_NAMES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-images.idx3-ubyte",
    "train-images-idx3-ubyte.gz",
    "train-images.idx3-ubyte.gz",
];
const IMAGES_MAGIC: u32 = 0x0803;
const LABELS_MAGIC: u32 = 0x0801;
/// Deflate cannot shrink further than 1032 to 1: a header that promises more than this is lying.
const MAX_RATIO: u64 = 1100;
const CHUNK: usize = 1 << 20;
/// How much of a file is looked at to tell what it is: packed, nothing may come out of any number of bytes.
const SNIFFED_BYTES: u64 = 1 << 20;
/// What to do where images do not fit into memory.
pub(super) const REMEDY: &str = "choose a smaller data set, or close other programs";

pub(super) fn load(
    images: &Path,
    labels: Option<&Path>,
    test_images: Option<&Path>,
    test_labels: Option<&Path>,
    progress: &Progress,
) -> Result<Raw, DataError> {
    progress.check()?;
    let paths = [Some(images), labels, test_images, test_labels];
    let total = paths.into_iter().flatten().filter_map(|path| path.metadata().ok());
    progress.restart(total.map(|data| data.len()).sum());

    let mut all = read_images(images, Vec::new(), progress)?;
    let train_count = all.count;
    let mut warnings = Vec::new();
    if let Some(path) = test_images {
        let test = read_images(path, all.pixels, progress)?;
        if (test.height, test.width) != (all.height, all.width) {
            return Err(DataError::content(
                path,
                "bytes 8 to 15",
                format!(
                    "the test images are {}×{} but the training images {}×{}; choose test images of the same data set",
                    test.width, test.height, all.width, all.height
                ),
            ));
        }
        all.pixels = test.pixels;
        all.count += test.count;
    } else if test_labels.is_some() {
        warnings.push("the test labels were left aside, as no test images are chosen".into());
    }
    let test_count = all.count - train_count;
    let test_labels = test_labels.filter(|_| test_images.is_some());
    let train = labels.map(|path| read_labels(path, train_count, images, progress)).transpose()?;
    let test = match (test_labels, test_images) {
        (Some(path), Some(images)) => Some(read_labels(path, test_count, images, progress)?),
        _ => None,
    };

    let shape = Shape::Image { height: all.height, width: all.width, channels: 1 };
    let mut raw = Raw::new(name(images), shape, Rows::U8(all.pixels));
    raw.own_test = test_count;
    raw.type_max = Some(255.0);
    raw.warnings = warnings;
    raw.labels.extend(label_column(train, train_count, test, test_count, progress)?);
    Ok(raw)
}

struct Images {
    count: usize,
    height: usize,
    width: usize,
    pixels: Vec<u8>,
}

/// Appends the images of a file to `pixels`.
fn read_images(path: &Path, mut pixels: Vec<u8>, progress: &Progress) -> Result<Images, DataError> {
    let mut file = open(path, progress)?;
    let [count, height, width] = file.header(path, IMAGES_MAGIC, "images")?;
    if height == 0 || width == 0 {
        return Err(DataError::content(
            path,
            "bytes 8 to 15",
            format!("the images have {width}×{height} pixels; choose a file of images"),
        ));
    }
    memory::check_count(count, height.saturating_mul(width), "choose a smaller data set")
        .map_err(|message| DataError::content(path, "bytes 4 to 15", message))?;
    let body = (count as u64).saturating_mul(height as u64).saturating_mul(width as u64);
    file.body(path, body, 16, &mut pixels, progress)?;
    Ok(Images { count, height, width, pixels })
}

fn read_labels(
    path: &Path,
    expected: usize,
    images: &Path,
    progress: &Progress,
) -> Result<Vec<u8>, DataError> {
    let mut file = open(path, progress)?;
    let [count] = file.header(path, LABELS_MAGIC, "labels")?;
    if count != expected {
        return Err(DataError::content(
            path,
            "bytes 4 to 7",
            format!(
                "there are {count} labels, but {} holds {expected} images; choose the labels that belong to it",
                images.display()
            ),
        ));
    }
    let mut labels = Vec::new();
    file.body(path, count as u64, 8, &mut labels, progress)?;
    Ok(labels)
}

/// One column over training and test rows; rows without label are of the class `(none)`.
fn label_column(
    train: Option<Vec<u8>>,
    train_count: usize,
    test: Option<Vec<u8>>,
    test_count: usize,
    progress: &Progress,
) -> Result<Option<LabelColumn>, DataError> {
    if train.is_none() && test.is_none() {
        return Ok(None);
    }
    let mut present = [false; 256];
    for &label in train.iter().chain(&test).flatten() {
        present[label as usize] = true;
    }
    let mut number = [0_u32; 256];
    let mut names = Vec::new();
    for label in (0..256).filter(|&label| present[label]) {
        number[label] = names.len() as u32;
        names.push(label.to_string());
    }
    let none = names.len() as u32;
    let mut ids = Vec::new();
    progress.budget().reserve_exact(&mut ids, train_count + test_count)?;
    for (labels, count) in [(train, train_count), (test, test_count)] {
        match labels {
            Some(labels) => {
                ids.extend(labels.iter().map(|&label| number[label as usize]));
                progress.budget().release(labels);
            }
            None => ids.extend(std::iter::repeat_n(none, count)),
        }
    }
    if ids.contains(&none) {
        names.push("(none)".into());
    }
    Ok(Some(LabelColumn::classes("label", names, ids)))
}

/// A file behind its compression.
struct Opened<'a> {
    reader: Box<dyn Read + 'a>,
    gzipped: bool,
    file_bytes: u64,
}

fn open<'a>(path: &Path, progress: &'a Progress) -> Result<Opened<'a>, DataError> {
    open_part(path, u64::MAX, progress)
}

/// [`open`] of no more than the first `most` bytes.
fn open_part<'a>(path: &Path, most: u64, progress: &'a Progress) -> Result<Opened<'a>, DataError> {
    let io = |error: std::io::Error| DataError::io(path, &error);
    let (mut file, file_bytes): (File, u64) = open_file(path, "a file of images")?;
    let mut magic = Vec::new();
    file.by_ref().take(2).read_to_end(&mut magic).map_err(io)?;
    file.seek(SeekFrom::Start(0)).map_err(io)?;
    let gzipped = magic == [0x1F, 0x8B];
    let file = BufReader::new(Watched::new(file, file_bytes.min(most), progress));
    let reader: Box<dyn Read + 'a> =
        if gzipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    Ok(Opened { reader, gzipped, file_bytes })
}

impl Opened<'_> {
    fn header<const N: usize>(
        &mut self,
        path: &Path,
        magic: u32,
        what: &str,
    ) -> Result<[usize; N], DataError> {
        let mut word = [0; 4];
        fill(&mut self.reader, &mut word, path)?;
        let found = u32::from_be_bytes(word);
        if found != magic {
            return Err(DataError::content(
                path,
                "bytes 0 to 3",
                format!(
                    "IDX {what} begin with 0x{magic:08x}, this file with 0x{found:08x}; {}",
                    match found {
                        IMAGES_MAGIC => "it holds images, choose the file of labels",
                        LABELS_MAGIC => "it holds labels, choose the file of images",
                        _ => "choose a file in the format of MNIST",
                    }
                ),
            ));
        }
        let mut sizes = [0; N];
        for size in &mut sizes {
            fill(&mut self.reader, &mut word, path)?;
            *size = u32::from_be_bytes(word) as usize;
        }
        Ok(sizes)
    }

    /// Appends exactly `expected` bytes to `out`, and refuses a file that holds fewer or more.
    fn body(
        mut self,
        path: &Path,
        expected: u64,
        header: u64,
        out: &mut Vec<u8>,
        progress: &Progress,
    ) -> Result<(), DataError> {
        let unpacked = if self.gzipped { " unpacked" } else { "" };
        let short = |found: u64| {
            DataError::content(
                path,
                format!("byte {}", header.saturating_add(found)),
                format!(
                    "the file ends after {found} of the {expected} bytes{unpacked} that its header promises; it is incomplete, \
                     fetch it again"
                ),
            )
        };
        let most = if self.gzipped {
            self.file_bytes.saturating_mul(MAX_RATIO)
        } else {
            self.file_bytes.saturating_sub(header)
        };
        if expected > most {
            return Err(short(most));
        }
        progress.budget().reserve_exact(out, expected as usize)?;
        let mut found = 0;
        while found < expected {
            progress.check()?;
            let step = (expected - found).min(CHUNK as u64);
            let result = self.reader.by_ref().take(step).read_to_end(out);
            let read = result.map_err(|error| unpacking(path, header + found, &error))? as u64;
            found += read;
            if read < step {
                return Err(short(found));
            }
        }
        let mut more = [0];
        if self.reader.read(&mut more).unwrap_or(0) > 0 {
            return Err(DataError::content(
                path,
                format!("byte {}", header + expected),
                "the file goes on after the last value its header promises; it is damaged, fetch it again",
            ));
        }
        progress.advance(self.file_bytes);
        Ok(())
    }
}

fn fill(reader: &mut dyn Read, word: &mut [u8; 4], path: &Path) -> Result<(), DataError> {
    reader.read_exact(word).map_err(|error| {
        if error.kind() == std::io::ErrorKind::UnexpectedEof {
            DataError::content(
                path,
                "header",
                "the file ends within its header; choose a complete file in the format of MNIST",
            )
        } else {
            unpacking(path, 0, &error)
        }
    })
}

fn unpacking(path: &Path, at: u64, error: &std::io::Error) -> DataError {
    DataError::content(
        path,
        format!("after byte {at}"),
        format!("the file cannot be read or unpacked ({error}); it is damaged, fetch it again"),
    )
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// The folder's name says more than `train-images`.
fn name(images: &Path) -> String {
    let folder = images.parent().and_then(Path::file_name);
    match folder {
        Some(folder) if file_name(images).starts_with("train-images") => {
            folder.to_string_lossy().into_owned()
        }
        Some(_) | None => file_name(images),
    }
}

fn labels_name(images: &str) -> String {
    images.replace("images", "labels").replace("idx3", "idx1")
}

fn test_names(images: &str) -> Vec<String> {
    if !images.contains("train") {
        return Vec::new();
    }
    ["t10k", "test"].iter().map(|test| images.replace("train", test)).collect()
}

/// The file of that name beside `path`, also in the other spelling or compression.
fn beside(path: &Path, name: &str) -> Option<PathBuf> {
    let plain = name.strip_suffix(".gz").unwrap_or(name);
    let other =
        if plain.contains("-idx") { plain.replace("-idx", ".idx") } else { plain.replace(".idx", "-idx") };
    [name.to_string(), plain.to_string(), format!("{plain}.gz"), other.clone(), format!("{other}.gz")]
        .into_iter()
        .map(|name| path.with_file_name(name))
        .find(|candidate| candidate != path && candidate.is_file())
}

#[cfg(test)]
mod tests;
