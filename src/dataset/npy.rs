//! Arrays of `NumPy`: `.npy`, and `.npz`, which is a zip of them.

mod header;
mod values;

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use zip::ZipArchive;

use self::header::{Header, Kind};
use self::values::Values;
use super::open_file::open_file;
use super::raw::Raw;
use super::{DataError, LabelColumn, Progress, Rows, memory};
use crate::project::Shape;

const ZIP_MAGIC: &[u8] = b"PK";
const CHUNK: u64 = 1 << 20;
/// Deflate cannot shrink further than 1032 to 1: an entry that promises more than this is lying.
const MAX_RATIO: u64 = 1100;
/// Whole-number labels with more distinct values than this are numbers, not classes.
const MAX_NUMERIC_CLASSES: usize = 20;

/// Reads rows (N×d) or pictures (N×h×w, N×h×w×c; N×1×h×w and N×3×h×w are recognised as channels first).
pub(super) fn load(
    path: &Path,
    array: Option<&str>,
    labels: Option<&str>,
    progress: &Progress,
) -> Result<Raw, DataError> {
    let io = |error: std::io::Error| DataError::io(path, &error);
    let (mut file, bytes) = open_file(path, "a .npy or .npz file")?;
    let mut magic = Vec::new();
    file.by_ref().take(4).read_to_end(&mut magic).map_err(io)?;
    file.seek(SeekFrom::Start(0)).map_err(io)?;
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    if !magic.starts_with(ZIP_MAGIC) {
        if let Some(wanted) = array.or(labels) {
            return Err(DataError::file(
                path,
                format!(
                    "is one plain array and holds none called \"{wanted}\"; leave the name empty, or choose an .npz file"
                ),
            ));
        }
        progress.set_total(bytes);
        let mut entry = Entry { path, array: None, most: bytes, reader: &mut BufReader::new(file) };
        let (header, values) = entry.read(progress)?;
        return rows(&entry.place(), path, name, &header, values);
    }

    let mut archive = Archive::open(path, file, bytes)?;
    let array = match array {
        Some(array) => array.to_string(),
        None => archive.first(labels)?,
    };
    let (header, values) = archive.read(&array, progress)?;
    let mut raw = rows(&format!("array \"{array}\""), path, name, &header, values)?;
    if let Some(labels) = labels {
        let (label_header, values) = archive.read(labels, progress)?;
        let count = header.shape.first().copied().unwrap_or(0);
        raw.labels.push(label_column(path, labels, count, &label_header, values)?);
    }
    Ok(raw)
}

/// Names of the arrays in an `.npz` file, in its order; none of a plain array.
///
/// # Errors
/// Where it cannot be opened or is damaged.
pub(super) fn array_names(path: &Path) -> Result<Vec<String>, DataError> {
    let io = |error: std::io::Error| DataError::io(path, &error);
    let (mut file, bytes) = open_file(path, "a .npy or .npz file")?;
    let mut magic = Vec::new();
    file.by_ref().take(2).read_to_end(&mut magic).map_err(io)?;
    if magic != ZIP_MAGIC {
        return Ok(Vec::new());
    }
    let archive = Archive::open(path, file, bytes)?;
    Ok(archive.names.into_iter().map(|(name, _)| name).collect())
}

/// The arrays of a zip.
struct Archive<'a> {
    path: &'a Path,
    zip: ZipArchive<BufReader<File>>,
    /// Array names with their index in the zip, in its order.
    names: Vec<(String, usize)>,
    file_bytes: u64,
}

impl<'a> Archive<'a> {
    fn open(path: &'a Path, file: File, file_bytes: u64) -> Result<Archive<'a>, DataError> {
        let mut zip = ZipArchive::new(BufReader::new(file))
            .map_err(|error| zip_error(path, "zip directory", &error))?;
        let mut names = Vec::new();
        for index in 0..zip.len() {
            let entry = zip
                .by_index(index)
                .map_err(|error| zip_error(path, &format!("zip entry {index}"), &error))?;
            let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
            if let Some(name) = name.strip_suffix(".npy") {
                names.push((name.to_string(), index));
            }
        }
        Ok(Archive { path, zip, names, file_bytes })
    }

    /// The first array that is not the labels.
    fn first(&self, labels: Option<&str>) -> Result<String, DataError> {
        let mut others = self.names.iter().filter(|(name, _)| Some(name.as_str()) != labels);
        others
            .next()
            .map(|(name, _)| name.clone())
            .ok_or_else(|| DataError::file(self.path, "holds no array with rows; choose another .npz file"))
    }

    fn read(&mut self, array: &str, progress: &Progress) -> Result<(Header, Values), DataError> {
        let path = self.path;
        let Some(&(_, index)) = self.names.iter().find(|(name, _)| name == array) else {
            let names: Vec<String> =
                self.names.iter().take(20).map(|(name, _)| format!("\"{name}\"")).collect();
            return Err(DataError::file(
                path,
                format!("holds no array \"{array}\"; choose one of {}", names.join(", ")),
            ));
        };
        let mut entry = self
            .zip
            .by_index(index)
            .map_err(|error| zip_error(path, &format!("array \"{array}\""), &error))?;
        let most = entry.size().min(self.file_bytes.saturating_mul(MAX_RATIO));
        let (done, total) = progress.state();
        progress.set_total(total.max(done) + most);
        Entry { path, array: Some(array), most, reader: &mut entry }.read(progress)
    }
}

fn zip_error(path: &Path, place: &str, error: &zip::result::ZipError) -> DataError {
    DataError::content(
        path,
        place,
        format!("the archive cannot be read ({error}); it is damaged, write it again with numpy.savez"),
    )
}

/// One array as bytes.
struct Entry<'a> {
    path: &'a Path,
    array: Option<&'a str>,
    /// No more bytes than this can come.
    most: u64,
    reader: &'a mut dyn Read,
}

impl Entry<'_> {
    fn place(&self) -> String {
        self.array.map_or_else(|| "header".into(), |array| format!("array \"{array}\""))
    }

    fn error(&self, message: impl Into<String>) -> DataError {
        DataError::content(self.path, self.place(), message)
    }

    fn read(&mut self, progress: &Progress) -> Result<(Header, Values), DataError> {
        let (header, header_bytes) =
            header::read(self.reader, self.most).map_err(|message| self.error(message))?;
        let count = header
            .count()
            .ok_or_else(|| self.error("its dimensions are too large; choose a smaller array"))?;
        // Checked before anything of that size is allocated, against memory and against the file.
        memory::check_fits(1, count, header.bytes_in_memory(), "choose a smaller array")?;
        let expected = (count as u64).saturating_mul(header.item as u64);
        let left = self.most.saturating_sub(header_bytes);
        let (path, place) = (self.path, self.place());
        let short = |found: u64| {
            DataError::content(
                path,
                format!("{place}, byte {}", header_bytes + found),
                format!("the array ends after {found} of {expected} bytes; it is incomplete, write it again"),
            )
        };
        if expected > left {
            return Err(short(left));
        }
        let mut values = Values::new(header.kind, count);
        let mut buffer = Vec::new();
        let mut found = 0;
        let step = CHUNK / header.item.max(1) as u64 * header.item as u64;
        while found < expected {
            progress.check()?;
            buffer.clear();
            let wanted = (expected - found).min(step.max(header.item as u64));
            (&mut *self.reader).take(wanted).read_to_end(&mut buffer).map_err(|error| {
                self.error(format!("cannot be read or unpacked ({error}); write it again"))
            })?;
            found += buffer.len() as u64;
            if (buffer.len() as u64) < wanted {
                return Err(short(found));
            }
            progress.advance(wanted);
            values.push(&header, &buffer);
        }
        if header.fortran {
            values = values.to_c_order(&header.shape);
        }
        Ok((header, values))
    }
}

/// Values with the shape of rows; refuses what is not finite.
fn rows(place: &str, path: &Path, name: String, header: &Header, values: Values) -> Result<Raw, DataError> {
    let error = |message: String| DataError::content(path, place, message);
    let (shape, channels_first) = row_shape(&header.shape).map_err(error)?;
    let features = shape.features();
    if features == 0 || header.shape[0] == 0 {
        return Err(error(format!(
            "an array of {} holds no values; choose one with rows",
            header.shape_text()
        )));
    }
    let rows = match values {
        Values::U8(values) => Rows::U8(if channels_first { channels_last(&values, shape) } else { values }),
        Values::F32(values) => {
            if let Some(at) = values.iter().position(|value| !value.is_finite()) {
                return Err(DataError::content(
                    path,
                    format!("{place}, row {}, value {}", at / features, at % features),
                    format!(
                        "{} is no finite 32-bit number; replace or remove such values (numpy.nan_to_num)",
                        values[at]
                    ),
                ));
            }
            Rows::F32(if channels_first { channels_last(&values, shape) } else { values })
        }
        Values::Text(_) => {
            return Err(error("holds text; choose an array of numbers, or name it as the labels".into()));
        }
    };
    let mut raw = Raw::new(name, shape, rows);
    raw.type_max = type_max(header.kind, shape, &raw.rows);
    if matches!(shape, Shape::Vector(_)) {
        raw.feature_names = (1..=features).map(|at| format!("column {at}")).collect();
    }
    Ok(raw)
}

/// Bytes and 16-bit pictures are scaled by the range of their type. Bytes that are only 0 and 1 (masks, binary features) are
/// in [0, 1] already.
fn type_max(kind: Kind, shape: Shape, rows: &Rows) -> Option<f32> {
    match (kind, rows) {
        (Kind::Bool, _) => Some(1.0),
        (Kind::U8, Rows::U8(values)) if values.iter().all(|&value| value <= 1) => Some(1.0),
        (Kind::U8, _) => Some(255.0),
        (Kind::U16, _) if matches!(shape, Shape::Image { .. }) => Some(65535.0),
        _ => None,
    }
}

/// The shape of one row, and whether channels come first in the file.
fn row_shape(shape: &[usize]) -> Result<(Shape, bool), String> {
    let image = |height, width, channels| Shape::Image { height, width, channels };
    match *shape {
        [_, features] => Ok((Shape::Vector(features), false)),
        [_, height, width] => Ok((image(height, width, 1), false)),
        [_, height, width, channels @ (1 | 3)] => Ok((image(height, width, channels), false)),
        [_, channels @ (1 | 3), height, width] => Ok((image(height, width, channels), true)),
        [_, _, _, channels] => Err(format!(
            "pictures of {channels} channels are not read; keep 1 or 3, or reshape to rows (N×d)"
        )),
        [_] => Err("has one dimension; reshape it to rows (numpy: a.reshape(-1, 1))".into()),
        _ => Err(format!(
            "has {} dimensions; rows (N×d) or pictures (N×h×w or N×h×w×c) are read, reshape it",
            shape.len()
        )),
    }
}

fn channels_last<T: Copy>(values: &[T], shape: Shape) -> Vec<T> {
    let Shape::Image { height, width, channels } = shape else {
        return values.to_vec();
    };
    let plane = height * width;
    let mut out = Vec::with_capacity(values.len());
    for picture in values.chunks_exact(plane * channels) {
        for pixel in 0..plane {
            out.extend((0..channels).map(|channel| picture[channel * plane + pixel]));
        }
    }
    out
}

/// Texts and few whole numbers are classes, other numbers are numbers.
fn label_column(
    path: &Path,
    name: &str,
    count: usize,
    header: &Header,
    values: Values,
) -> Result<LabelColumn, DataError> {
    let flat = match *header.shape {
        [rows] | [rows, 1] => rows,
        _ => 0,
    };
    if flat != count {
        return Err(DataError::content(
            path,
            format!("array \"{name}\""),
            format!(
                "labels of {} do not belong to {count} rows; choose an array of {count} values",
                header.shape_text()
            ),
        ));
    }
    let texts = match values {
        Values::Text(texts) => texts,
        Values::U8(values) => {
            return Ok(numeric_labels(name, values.into_iter().map(f32::from).collect()));
        }
        Values::F32(values) => return Ok(numeric_labels(name, values)),
    };
    let mut names = texts.clone();
    names.sort_unstable();
    names.dedup();
    let ids = texts.iter().map(|text| names.binary_search(text).unwrap_or(0) as u32).collect();
    Ok(LabelColumn::classes(name, names, ids))
}

fn numeric_labels(name: &str, values: Vec<f32>) -> LabelColumn {
    if values.iter().any(|value| !value.is_finite() || value.fract() != 0.0) {
        return LabelColumn::numbers(name, values);
    }
    let mut distinct = values.clone();
    distinct.sort_unstable_by(f32::total_cmp);
    distinct.dedup();
    if distinct.len() > MAX_NUMERIC_CLASSES {
        return LabelColumn::numbers(name, values);
    }
    let id = |value: &f32| distinct.iter().position(|other| other == value).unwrap_or(0) as u32;
    let ids = values.iter().map(id).collect();
    LabelColumn::classes(name, distinct.iter().map(ToString::to_string).collect(), ids)
}

#[cfg(test)]
mod tests;
