//! The format of MNIST and Fashion-MNIST: a big-endian magic number with type and dimensions, the
//! size of each dimension, then values; plain or gzipped.

mod file;
mod labels;
mod related_files;

use std::path::Path;

use self::file::{Opened, fill, kind_of, open, open_part};
use self::labels::read_labels;
pub use self::related_files::{images_below, related_files};
use super::npy::{
    ArrayLayout, Header, Labels, Ranges, Storage, Target, index, is_wide, name_features, name_rows,
    precision, show_channels, with_capacity,
};
use super::raw::Raw;
use super::{Column, DataError, Progress, Rows, memory};
use crate::project::{Axes, Choice, IdxReading, Parts, Rules, Shape};

/// Whether the file begins like IDX, plain or gzipped; `false` if it cannot be read.
pub fn is_idx(path: &Path) -> bool {
    let (mut magic, progress) = ([0; 4], Progress::default());
    open_part(path, SNIFFED_BYTES, &progress)
        .and_then(|mut file| fill(&mut file.reader, &mut magic, path))
        .is_ok_and(|()| kind_of(magic).is_some())
}

/// Values processed between two checks for cancellation.
const CHECKED: usize = 1 << 20;
/// Number of bytes that determine the kind of a file: a packed file may unpack to nothing for any
/// length.
const SNIFFED_BYTES: u64 = 1 << 20;
/// The fix if images do not fit into memory.
pub(super) const REMEDY: &str = "choose a smaller data set, or close other programs";

/// The files of a data set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Files<'a> {
    pub images: &'a Path,
    pub labels: Option<&'a Path>,
    pub test_images: Option<&'a Path>,
    pub test_labels: Option<&'a Path>,
}

/// Reads images or rows with their labels. `known` are the columns of a network that was trained on
/// others.
pub(super) fn load(
    files: Files<'_>,
    reading: &IdxReading,
    known: Option<&[Column]>,
    progress: &Progress,
) -> Result<Raw, DataError> {
    progress.check()?;
    let Files { images, labels, test_images, test_labels } = files;
    let paths = [Some(images), labels, test_images, test_labels];
    let total = paths.into_iter().flatten().filter_map(|path| path.metadata().ok());
    progress.restart(total.map(|data| data.len()).sum());

    let train = Images::open(images, reading.axes, progress)?;
    let test = test_images.map(|path| Images::open(path, reading.axes, progress)).transpose()?;
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
        warnings.push("the test labels were ignored, because no test images are chosen".into());
    }
    let (train_count, test_count) = (train.count(), test.as_ref().map_or(0, Images::count));
    let ArrayLayout { shape, channels_first, note, doubt } = train.layout.clone();
    let features = shape.features();
    // Checked against the files before anything of that size is allocated.
    train.check_length()?;
    test.iter().try_for_each(Images::check_length)?;
    let found = if matches!(shape, Shape::Image { .. }) || known.is_none() {
        train.bases(progress)?
    } else {
        Vec::new()
    };
    let known = known.filter(|columns| columns.len() == features).unwrap_or_default();
    let bases: Vec<f64> = match shape {
        Shape::Image { .. } => Vec::new(),
        Shape::Vector(_) if !found.is_empty() => found.clone(),
        Shape::Vector(_) if known.iter().all(|column| column.base() == 0.0) => Vec::new(),
        Shape::Vector(_) => known.iter().map(Column::base).collect(),
    };
    let is_alike = test.as_ref().is_none_or(|test| test.header.kind == train.header.kind);
    // After subtracting their bases, numbers have signs and fractions.
    let storage = if is_alike && bases.is_empty() { Storage::of(train.header.kind) } else { Storage::F32 };
    let values = train_count.saturating_add(test_count).saturating_mul(features);
    let mut rows = with_capacity(storage, values, progress)?;
    train.read(&mut rows, channels_first, &bases, progress)?;
    if let Some(test) = test {
        test.read(&mut rows, channels_first, &bases, progress)?;
    }

    let mut raw = Raw::new(related_files::name(images), shape, rows);
    if reading.parts == Parts::Kept {
        raw.own_test = test_count;
    }
    raw.type_max = matches!(raw.rows, Rows::U8(_)).then_some(255.0);
    raw.warnings = warnings;
    name_features(&mut raw, &bases, progress)?;
    let name = related_files::plain_name;
    let parts =
        [(name(images), train_count)].into_iter().chain(test_images.map(|path| (name(path), test_count)));
    name_rows(&mut raw, &parts.collect::<Vec<_>>(), progress)?;
    raw.notes.extend(note);
    raw.doubts.extend(doubt);
    // Nothing is subtracted from pixels.
    raw.doubts.extend(precision(shape, &found, Rules::Current));
    raw.understood.push(format!("images: {}", related_files::shown(images)));
    // Mostly found by their names.
    let given_labels = test_labels.filter(|_| test_images.is_some());
    for (what, path) in
        [("label file", labels), ("test images", test_images), ("test label file", given_labels)]
    {
        raw.understood.extend(path.map(|path| format!("{what}: {}", related_files::file_name(path))));
    }
    if reading.parts == Parts::Mixed && test_count > 0 {
        raw.understood.push("all parts mixed".to_owned());
    }
    show_channels(&mut raw, &reading.shown_channels);
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

/// A file of images whose header has been read.
struct Images<'a> {
    path: &'a Path,
    file: Opened<'a>,
    header: Header,
    layout: ArrayLayout,
}

impl<'a> Images<'a> {
    fn open(path: &'a Path, axes: Axes, progress: &'a Progress) -> Result<Images<'a>, DataError> {
        let mut file = open(path, progress)?;
        let header = file.header(path, "images")?;
        if header.shape.len() == 1 {
            return Err(DataError::content(
                path,
                "bytes 0 to 3",
                "it contains labels; choose the file of images",
            ));
        }
        if axes == Axes::SamplesLast {
            let message = format!(
                "samples come first in this format; choose other axes ({})",
                Choice::Axes(Axes::Auto).option()
            );
            return Err(DataError::content(path, "bytes 0 to 3", message));
        }
        // A single row of pixels is a picture here, as in earlier versions.
        let layout = ArrayLayout::of(&header.shape, axes, Rules::Version1)
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

    /// Returns the number to subtract from each column, or from all pixels, so that 32 bits
    /// distinguish the values. Opens the file again.
    fn bases(&self, progress: &Progress) -> Result<Vec<f64>, DataError> {
        if !is_wide(self.header.kind) {
            return Ok(Vec::new());
        }
        let columns = match self.layout.shape {
            Shape::Vector(features) => features,
            Shape::Image { .. } => 1,
        };
        let mut ranges = Ranges::new(columns, progress)?;
        let mut file = open(self.path, progress)?;
        let header = file.header(self.path, "images")?;
        let unit = header.item as u64;
        file.chunks(self.path, self.bytes(), self.header_bytes(), unit, progress, |bytes| {
            Ok(ranges.push(&header, bytes))
        })?;
        ranges.bases(progress)
    }

    /// Appends all values to `rows`, minus the bases of their columns; refuses values that are not
    /// finite.
    fn read(
        self,
        rows: &mut Rows,
        channels_first: bool,
        bases: &[f64],
        progress: &Progress,
    ) -> Result<(), DataError> {
        let (bytes, header_bytes, start) = (self.bytes(), self.header_bytes(), rows.len());
        let Images { path, file, header, .. } = self;
        let count = header.count().unwrap_or_default();
        let mut target = Target::of(rows, &header, channels_first, count, bases, progress)?;
        file.body(path, bytes, header_bytes, header.item as u64, progress, |bytes| {
            target.push(&header, bytes);
            Ok(true)
        })?;
        let Rows::F32(values) = rows else { return Ok(()) };
        for (number, chunk) in values[start..].chunks(CHECKED).enumerate() {
            progress.check()?;
            if let Some(at) = chunk.iter().position(|value| !value.is_finite()) {
                let at = number * CHECKED + at;
                let place = index(&header, channels_first, at);
                let message = "is not a finite 32-bit number; replace or remove such values";
                return Err(DataError::content(path, place, message));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
