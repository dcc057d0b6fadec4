use std::io::Read;
use std::path::Path;

use super::header::{self, Header};
use super::labels::{Columns, Labels};
use super::places::{Places, index};
use super::values::Target;
use super::{DataError, Progress};
use crate::dataset::Rows;

const CHUNK: u64 = 1 << 20;
/// The location of an error in an array without a name.
const PLAIN: &str = "header";

/// One array as bytes, after its header.
pub(super) struct Entry<'a> {
    path: &'a Path,
    place: String,
    pub header: Header,
    header_bytes: u64,
    /// Most bytes that can follow.
    left: u64,
    reader: &'a mut dyn Read,
    progress: &'a Progress,
}

impl<'a> Entry<'a> {
    /// Reads the header of an array; at most `most` bytes can follow.
    pub(super) fn begin(
        path: &'a Path,
        array: Option<&str>,
        most: u64,
        reader: &'a mut dyn Read,
        progress: &'a Progress,
    ) -> Result<Entry<'a>, DataError> {
        let place = array.map_or_else(|| PLAIN.into(), |array| format!("array \"{array}\""));
        let (header, header_bytes) =
            header::read(reader, most).map_err(|message| DataError::content(path, &place, message))?;
        let left = most.saturating_sub(header_bytes);
        Ok(Entry { path, place, header, header_bytes, left, reader, progress })
    }

    /// Appends its values to `rows`, minus the bases of their features; refuses values that are not
    /// finite, except NaN if `takes_nan`. Returns whether there was NaN.
    pub(super) fn add_to(
        mut self,
        rows: &mut Rows,
        channels_first: bool,
        bases: &[f64],
        takes_nan: bool,
    ) -> Result<bool, DataError> {
        let count = self.count()?;
        // Checked against the file before memory is filled.
        self.check_length(count)?;
        let places = Places::new(&self.header, channels_first);
        let start = rows.len();
        let mut target = Target::new(rows, count, places, bases, self.progress)?;
        self.chunks(count, |header, bytes| {
            target.push(header, bytes);
            Ok(true)
        })?;
        match rows {
            Rows::F32(values) => self.check_finite(&values[start..], channels_first, takes_nan),
            Rows::U8(_) | Rows::U16(_) => Ok(false),
        }
    }

    /// Adds its values to `labels`.
    pub(super) fn labels(mut self, labels: &mut Labels<'_>) -> Result<(), DataError> {
        let count = self.count()?;
        self.check_length(count)?;
        self.chunks(count, |header, bytes| labels.push_bytes(header, bytes).map(|()| true))
    }

    /// Adds the values of each column to the corresponding list, with all their digits.
    pub(super) fn label_columns(mut self, lists: &mut [Labels<'_>]) -> Result<(), DataError> {
        let count = self.count()?;
        self.check_length(count)?;
        let places = Places::new(&self.header, false);
        let mut columns = Columns::new(lists, places);
        self.chunks(count, |header, bytes| columns.push_bytes(header, bytes).map(|()| true))
    }

    /// An error about this array.
    pub(super) fn error(&self, message: impl Into<String>) -> DataError {
        DataError::content(self.path, &self.place, message)
    }

    /// Number of values.
    pub(super) fn count(&self) -> Result<usize, DataError> {
        let count = self.header.count();
        count.ok_or_else(|| self.error("its dimensions are too large; choose a smaller array"))
    }

    /// Checks that all values are finite, or NaN if allowed; returns whether there is any NaN.
    fn check_finite(&self, values: &[f32], channels_first: bool, takes_nan: bool) -> Result<bool, DataError> {
        let mut has_nan = false;
        for (number, chunk) in values.chunks(CHUNK as usize).enumerate() {
            self.progress.check()?;
            let is_refused = |value: &f32| !(value.is_finite() || takes_nan && value.is_nan());
            has_nan |= takes_nan && chunk.iter().any(|value| value.is_nan());
            if let Some(at) = chunk.iter().position(is_refused) {
                let at = number * CHUNK as usize + at;
                let index = index(&self.header, channels_first, at);
                let place = if self.place == PLAIN { index } else { format!("{}, {index}", self.place) };
                let or = if values[at].is_nan() {
                    ", or take NaN for missing values (--missing mask or column-mean)"
                } else {
                    ""
                };
                let message = format!(
                    "{} is not a finite 32-bit number; replace or remove such values (numpy.nan_to_num){or}",
                    values[at]
                );
                return Err(DataError::content(self.path, place, message));
            }
        }
        Ok(has_nan)
    }

    /// Checks that the file can contain this many values.
    fn check_length(&self, count: usize) -> Result<(), DataError> {
        let expected = (count as u64).saturating_mul(self.header.item as u64);
        if expected > self.left { Err(self.short(self.left, expected)) } else { Ok(()) }
    }

    /// Passes on the bytes of `count` values, whole values at a time, while `take` returns true.
    pub(super) fn chunks(
        &mut self,
        count: usize,
        mut take: impl FnMut(&Header, &[u8]) -> Result<bool, DataError>,
    ) -> Result<(), DataError> {
        let (header, progress) = (self.header.clone(), self.progress);
        let expected = (count as u64).saturating_mul(header.item as u64);
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
            if !take(&header, &buffer)? {
                break;
            }
        }
        Ok(())
    }

    fn short(&self, found: u64, expected: u64) -> DataError {
        DataError::content(
            self.path,
            format!("{}, byte {}", self.place, self.header_bytes + found),
            format!("the array ends after {found} of {expected} bytes; it is incomplete, write it again"),
        )
    }
}
