//! The format of MNIST and Fashion-MNIST: a big-endian magic number that tells type and dimensions, the size of each
//! dimension, then values; plain or gzipped.

mod companions;

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::read::MultiGzDecoder;

pub use self::companions::{companions, images_below};
use super::npy::{Header, Kind, Labels, Layout, Storage, Target, room};
use super::open_file::{Watched, open_file};
use super::raw::Raw;
use super::{DataError, Progress, Rows, memory};
use crate::project::{Axes, Rules, Shape};

/// Whether the file begins like IDX, plain or gzipped; `false` where it cannot be read.
pub fn is_idx(path: &Path) -> bool {
    let (mut magic, progress) = ([0; 4], Progress::default());
    open_part(path, SNIFFED_BYTES, &progress)
        .and_then(|mut file| fill(&mut file.reader, &mut magic, path))
        .is_ok_and(|()| kind_of(magic).is_some())
}

const IMAGES_MAGIC: u32 = 0x0803;
/// No data have more dimensions than pictures with channels; more are another file that begins alike.
const MOST_DIMENSIONS: u8 = 8;
/// Deflate cannot shrink further than 1032 to 1: a header that promises more than this is lying.
const MAX_RATIO: u64 = 1100;
const CHUNK: u64 = 1 << 20;
/// How much of a file is looked at to tell what it is: packed, nothing may come out of any number of bytes.
const SNIFFED_BYTES: u64 = 1 << 20;
/// What to do where images do not fit into memory.
pub(super) const REMEDY: &str = "choose a smaller data set, or close other programs";

/// The type of the values and the number of dimensions, as the first four bytes tell them.
fn kind_of(magic: [u8; 4]) -> Option<(Kind, usize)> {
    let [0, 0, kind, dimensions @ 1..=MOST_DIMENSIONS] = magic else { return None };
    let kind = match kind {
        0x08 => Kind::U8,
        0x09 => Kind::I8,
        0x0B => Kind::I16,
        0x0C => Kind::I32,
        0x0D => Kind::F32,
        0x0E => Kind::F64,
        _ => return None,
    };
    Some((kind, dimensions as usize))
}

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

    let train = Images::open(images, progress)?;
    let test = test_images.map(|path| Images::open(path, progress)).transpose()?;
    let mut warnings = Vec::new();
    if let (Some(test), Some(path)) = (&test, test_images) {
        if test.header.shape[1..] != train.header.shape[1..] {
            return Err(DataError::content(
                path,
                "bytes 8 to 15",
                format!(
                    "the test images are {} but the training images {}; choose test images of the same data set",
                    test.sides(),
                    train.sides()
                ),
            ));
        }
    } else if test_labels.is_some() {
        warnings.push("the test labels were left aside, as no test images are chosen".into());
    }
    let (train_count, test_count) = (train.count(), test.as_ref().map_or(0, Images::count));
    let Layout { shape, channels_first, note, doubt } = train.layout.clone();
    let features = shape.features();
    let storage = Storage::of(train.header.kind);
    let is_alike = test.as_ref().is_none_or(|test| test.header.kind == train.header.kind);
    let storage = if is_alike { storage } else { Storage::F32 };
    let values = train_count.saturating_add(test_count).saturating_mul(features);
    // Held against the files before anything of that size is allocated.
    train.check_length()?;
    test.iter().try_for_each(Images::check_length)?;
    let mut rows = room(storage, values, progress)?;
    train.read(&mut rows, channels_first, progress)?;
    if let Some(test) = test {
        test.read(&mut rows, channels_first, progress)?;
    }

    let mut raw = Raw::new(companions::name(images), shape, rows);
    raw.own_test = test_count;
    raw.type_max = matches!(raw.rows, Rows::U8(_)).then_some(255.0);
    raw.warnings = warnings;
    raw.notes.extend(note.into_iter().chain(doubt.map(|doubt| doubt.message)));
    raw.understood.push(format!("images: {}", companions::shown(images)));
    let test_labels = test_labels.zip(test_images);
    if labels.is_some() || test_labels.is_some() {
        let mut all = Labels::of_bytes(progress);
        let parts = [(labels.map(|path| (path, images)), train_count), (test_labels, test_count)];
        for (part, count) in parts {
            match part {
                Some((path, images)) => read_labels(path, count, images, &mut all, &mut raw, progress)?,
                None => all.skip(count)?,
            }
        }
        raw.labels.push(all.column("label")?);
    }
    Ok(raw)
}

/// A file of images of which the header has been read.
struct Images<'a> {
    path: &'a Path,
    file: Opened<'a>,
    header: Header,
    layout: Layout,
}

impl<'a> Images<'a> {
    fn open(path: &'a Path, progress: &'a Progress) -> Result<Images<'a>, DataError> {
        let mut file = open(path, progress)?;
        let header = file.header(path, "images")?;
        if header.shape.len() == 1 {
            return Err(DataError::content(
                path,
                "bytes 0 to 3",
                "it holds labels, choose the file of images",
            ));
        }
        // One row of pixels is a picture here, as it always was.
        let layout = Layout::of(&header.shape, Axes::Auto, Rules::Version1)
            .map_err(|message| DataError::content(path, "bytes 0 to 3", message))?;
        let images = Images { path, file, header, layout };
        let features = images.layout.shape.features();
        if features == 0 {
            let message = format!("the images have {} pixels; choose a file of images", images.sides());
            return Err(DataError::content(path, "bytes 8 to 15", message));
        }
        memory::check_count(images.count(), features, "choose a smaller data set").map_err(|message| {
            DataError::content(path, format!("bytes 4 to {}", images.header_bytes() - 1), message)
        })?;
        Ok(images)
    }

    fn count(&self) -> usize {
        self.header.shape[0]
    }

    /// Width and height, or the length of a row.
    fn sides(&self) -> String {
        match self.layout.shape {
            Shape::Image { height, width, channels: 1 } => format!("{width}×{height}"),
            shape @ (Shape::Image { .. } | Shape::Vector(_)) => shape.to_string(),
        }
    }

    fn header_bytes(&self) -> u64 {
        4 + 4 * self.header.shape.len() as u64
    }

    fn bytes(&self) -> u64 {
        let values = self.header.count().unwrap_or(usize::MAX) as u64;
        values.saturating_mul(self.header.item as u64)
    }

    fn check_length(&self) -> Result<(), DataError> {
        self.file.check_length(self.path, self.bytes(), self.header_bytes())
    }

    /// Adds all values at the end of `rows`; refuses what is not finite.
    fn read(self, rows: &mut Rows, channels_first: bool, progress: &Progress) -> Result<(), DataError> {
        let (bytes, header_bytes, start) = (self.bytes(), self.header_bytes(), rows.len());
        let Images { path, file, header, layout } = self;
        let count = header.count().unwrap_or_default();
        let mut target = Target::in_order(rows, &header.shape, channels_first, count, progress)?;
        file.body(path, bytes, header_bytes, header.item as u64, progress, |bytes| {
            target.push(&header, bytes);
            Ok(())
        })?;
        let Rows::F32(values) = rows else { return Ok(()) };
        let features = layout.shape.features();
        for (number, chunk) in values[start..].chunks(CHUNK as usize).enumerate() {
            progress.check()?;
            if let Some(at) = chunk.iter().position(|value| !value.is_finite()) {
                let at = number * CHUNK as usize + at;
                let place = format!("row {}, value {}", at / features, at % features);
                let message = "is no finite 32-bit number; replace or remove such values";
                return Err(DataError::content(path, place, message));
            }
        }
        Ok(())
    }
}

/// Adds the labels of a file; of those with several numbers a row (QMNIST) the first one, which is the class.
fn read_labels(
    path: &Path,
    expected: usize,
    images: &Path,
    labels: &mut Labels<'_>,
    raw: &mut Raw,
    progress: &Progress,
) -> Result<(), DataError> {
    let mut file = open(path, progress)?;
    let header = file.header(path, "labels")?;
    let (count, each) = match header.shape[..] {
        [count] => (count, 1),
        [count, each @ 1..=64] => (count, each),
        _ => {
            let message = "it holds images, choose the file of labels";
            return Err(DataError::content(path, "bytes 0 to 3", message));
        }
    };
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
    if each > 1 {
        let name = companions::file_name(path);
        raw.notes.push(format!("of the {each} numbers a row of {name} the first is the label"));
    }
    let row = (each * header.item) as u64;
    let bytes = (count as u64).saturating_mul(row);
    let header_bytes = 4 + 4 * header.shape.len() as u64;
    file.check_length(path, bytes, header_bytes)?;
    file.body(path, bytes, header_bytes, row, progress, |bytes| {
        let rows = bytes.chunks_exact(row as usize);
        rows.map(|row| &row[..header.item]).try_for_each(|item| labels.push_bytes(&header, item))
    })
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
    /// Type and sizes; `what` the file should hold.
    fn header(&mut self, path: &Path, what: &str) -> Result<Header, DataError> {
        let mut word = [0; 4];
        fill(&mut self.reader, &mut word, path)?;
        let Some((kind, dimensions)) = kind_of(word) else {
            return Err(DataError::content(
                path,
                "bytes 0 to 3",
                format!(
                    "IDX {what} begin with two zeros, their type and the number of dimensions (0x{IMAGES_MAGIC:08x} for grey \
                     pictures), this file with 0x{:08x}; choose a file in the format of MNIST",
                    u32::from_be_bytes(word)
                ),
            ));
        };
        let mut shape = Vec::new();
        for _ in 0..dimensions {
            fill(&mut self.reader, &mut word, path)?;
            shape.push(u32::from_be_bytes(word) as usize);
        }
        Ok(Header { kind, item: kind.bytes(), big_endian: true, fortran: false, shape })
    }

    /// The most bytes that can follow the header.
    fn most(&self, header: u64) -> u64 {
        if self.gzipped {
            self.file_bytes.saturating_mul(MAX_RATIO)
        } else {
            self.file_bytes.saturating_sub(header)
        }
    }

    fn short(&self, path: &Path, found: u64, expected: u64, header: u64) -> DataError {
        let unpacked = if self.gzipped { " unpacked" } else { "" };
        DataError::content(
            path,
            format!("byte {}", header.saturating_add(found)),
            format!(
                "the file ends after {found} of the {expected} bytes{unpacked} that its header promises; it is incomplete, fetch \
                 it again"
            ),
        )
    }

    /// That the file can hold so many bytes.
    fn check_length(&self, path: &Path, expected: u64, header: u64) -> Result<(), DataError> {
        let most = self.most(header);
        if expected > most { Err(self.short(path, most, expected, header)) } else { Ok(()) }
    }

    /// Hands over exactly `expected` bytes, a multiple of `unit` at a time, and refuses a file that holds fewer or more.
    fn body(
        mut self,
        path: &Path,
        expected: u64,
        header: u64,
        unit: u64,
        progress: &Progress,
        mut take: impl FnMut(&[u8]) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let (mut found, mut buffer) = (0, Vec::new());
        let chunk = (CHUNK / unit * unit).max(unit);
        while found < expected {
            progress.check()?;
            buffer.clear();
            let step = (expected - found).min(chunk);
            let result = self.reader.by_ref().take(step).read_to_end(&mut buffer);
            let read = result.map_err(|error| unpacking(path, header + found, &error))? as u64;
            found += read;
            if read < step {
                return Err(self.short(path, found, expected, header));
            }
            take(&buffer)?;
        }
        let mut more = [0];
        if self.reader.read(&mut more).unwrap_or(0) > 0 {
            return Err(DataError::content(
                path,
                format!("byte {}", header + expected),
                "the file continues after the last value its header promises; it is damaged, fetch it again",
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

#[cfg(test)]
mod tests;
