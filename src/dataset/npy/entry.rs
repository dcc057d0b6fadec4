use std::io::Read;
use std::path::Path;

use super::header::{self, Header, Kind};
use super::places::Places;
use super::values::Values;
use super::{DataError, Progress, Raw, memory};
use crate::dataset::progress::Pulse;
use crate::dataset::{LabelColumn, Rows};
use crate::project::Shape;

const CHUNK: u64 = 1 << 20;
/// Whole-number labels with more distinct values than this are numbers, not classes.
const MAX_NUMERIC_CLASSES: usize = 20;

/// One array as bytes, of which the header has been read.
pub(super) struct Entry<'a> {
    path: &'a Path,
    place: String,
    header: Header,
    header_bytes: u64,
    /// No more bytes than this can follow.
    left: u64,
    reader: &'a mut dyn Read,
    progress: &'a Progress,
}

impl<'a> Entry<'a> {
    /// Reads the header of an array; no more than `most` bytes can come.
    pub(super) fn begin(
        path: &'a Path,
        array: Option<&str>,
        most: u64,
        reader: &'a mut dyn Read,
        progress: &'a Progress,
    ) -> Result<Entry<'a>, DataError> {
        let place = array.map_or_else(|| "header".into(), |array| format!("array \"{array}\""));
        let (header, header_bytes) =
            header::read(reader, most).map_err(|message| DataError::content(path, &place, message))?;
        let left = most.saturating_sub(header_bytes);
        Ok(Entry { path, place, header, header_bytes, left, reader, progress })
    }

    /// Its values with the shape of rows; refuses what is not finite. What can be told from the header is told before any
    /// value is read.
    pub(super) fn rows(mut self, name: String) -> Result<Raw, DataError> {
        let (shape, channels_first) = row_shape(&self.header.shape).map_err(|message| self.error(message))?;
        let count = self.count()?;
        let features = shape.features();
        if count == 0 {
            let text = self.header.shape_text();
            return Err(self.error(format!("an array of {text} holds no values; choose one with rows")));
        }
        if self.header.is_text() {
            return Err(self.error("holds text; choose an array of numbers, or name it as the labels"));
        }
        memory::check_count(self.header.shape[0], features, "choose a smaller array")
            .map_err(|message| self.error(message))?;
        let values = self.read(count, channels_first)?;
        let rows = match values {
            Values::U8(values) => Rows::U8(values),
            Values::F32(values) => Rows::F32(self.finite(values, features)?),
            Values::Text { .. } => return Err(self.error("holds text; choose an array of numbers")),
        };
        let mut raw = Raw::new(name, shape, rows);
        raw.type_max = type_max(self.header.kind, shape, &raw.rows);
        if matches!(shape, Shape::Vector(_)) {
            let budget = self.progress.budget();
            budget.take(memory::text_bytes(20).saturating_mul(features as u64))?;
            raw.feature_names = (1..=features).map(|at| format!("column {at}")).collect();
        }
        Ok(raw)
    }

    /// Its values as labels of `count` rows: texts and few whole numbers are classes, other numbers are numbers.
    pub(super) fn labels(mut self, name: &str, count: usize) -> Result<LabelColumn, DataError> {
        let flat = match *self.header.shape {
            [rows] | [rows, 1] => rows,
            _ => 0,
        };
        if flat != count {
            let text = self.header.shape_text();
            return Err(self.error(format!(
                "labels of {text} do not belong to {count} rows; choose an array of {count} values"
            )));
        }
        match self.read(count, false)? {
            Values::Text { texts, ids } => {
                let order = texts.all_in_order(self.progress)?;
                texts.classes(name, ids, order, self.progress)
            }
            Values::U8(values) => {
                let (mut numbers, mut pulse) = (Vec::new(), Pulse::new(self.progress));
                self.progress.budget().reserve_exact(&mut numbers, count)?;
                for &value in &values {
                    pulse.beat(1)?;
                    numbers.push(f32::from(value));
                }
                self.progress.budget().release(values);
                numeric_labels(name, numbers, self.progress)
            }
            Values::F32(values) => numeric_labels(name, values, self.progress),
        }
    }

    fn error(&self, message: impl Into<String>) -> DataError {
        DataError::content(self.path, &self.place, message)
    }

    fn count(&self) -> Result<usize, DataError> {
        let count = self.header.count();
        count.ok_or_else(|| self.error("its dimensions are too large; choose a smaller array"))
    }

    /// That all values are finite, or which one is not.
    fn finite(&self, values: Vec<f32>, features: usize) -> Result<Vec<f32>, DataError> {
        for (number, chunk) in values.chunks(CHUNK as usize).enumerate() {
            self.progress.check()?;
            if let Some(at) = chunk.iter().position(|value| !value.is_finite()) {
                let at = number * CHUNK as usize + at;
                let place = format!("{}, row {}, value {}", self.place, at / features, at % features);
                let message = format!(
                    "{} is no finite 32-bit number; replace or remove such values (numpy.nan_to_num)",
                    values[at]
                );
                return Err(DataError::content(self.path, place, message));
            }
        }
        Ok(values)
    }

    fn read(&mut self, count: usize, channels_first: bool) -> Result<Values, DataError> {
        let (header, progress) = (self.header.clone(), self.progress);
        let expected = (count as u64).saturating_mul(header.item as u64);
        // Held against the file before anything of that size is allocated.
        if expected > self.left {
            return Err(self.short(self.left, expected));
        }
        let mut places = Places::new(&header.shape, header.fortran, channels_first);
        let mut values = Values::new(header.kind, count, places.is_none(), progress)?;
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
                return Err(self.short(found, expected));
            }
            progress.advance(wanted);
            values.push(&header, &buffer, places.as_mut(), progress)?;
        }
        Ok(values)
    }

    fn short(&self, found: u64, expected: u64) -> DataError {
        DataError::content(
            self.path,
            format!("{}, byte {}", self.place, self.header_bytes + found),
            format!("the array ends after {found} of {expected} bytes; it is incomplete, write it again"),
        )
    }
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

fn numeric_labels(name: &str, values: Vec<f32>, progress: &Progress) -> Result<LabelColumn, DataError> {
    // In order; −0 and 0 are told apart until the end.
    let mut distinct: Vec<f32> = Vec::new();
    let mut pulse = Pulse::new(progress);
    for &value in &values {
        pulse.beat(1)?;
        if !value.is_finite() || value.fract() != 0.0 || distinct.len() > MAX_NUMERIC_CLASSES + 1 {
            return Ok(LabelColumn::numbers(name, values));
        }
        if let Err(at) = distinct.binary_search_by(|other| other.total_cmp(&value)) {
            distinct.insert(at, value);
        }
    }
    distinct.dedup();
    if distinct.len() > MAX_NUMERIC_CLASSES {
        return Ok(LabelColumn::numbers(name, values));
    }
    let id = |value: &f32| distinct.iter().position(|other| other == value).unwrap_or(0) as u32;
    let mut ids = Vec::new();
    progress.budget().reserve_exact(&mut ids, values.len())?;
    for value in &values {
        pulse.beat(8)?;
        ids.push(id(value));
    }
    progress.budget().release(values);
    Ok(LabelColumn::classes(name, distinct.iter().map(ToString::to_string).collect(), ids))
}
