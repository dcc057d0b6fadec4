//! Labels of IDX.

use std::path::Path;

use super::file::open;
use super::related_files;
use crate::dataset::npy::{Labels, Number, Sink, each_number};
use crate::dataset::raw::Raw;
use crate::dataset::{DataError, Progress};

/// Adds the labels of a file. If there are several numbers per row, the class is the index of the 1
/// if each row has a single one among zeros, else the first number (QMNIST).
pub(super) fn read_labels(
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
            let message = "it contains images; choose the file of labels";
            return Err(DataError::content(path, "bytes 0 to 3", message));
        }
    };
    if count != expected {
        return Err(DataError::content(
            path,
            "bytes 4 to 7",
            format!(
                "there are {count} labels, but {} contains {expected} images; choose the labels that belong \
                 to it",
                images.display()
            ),
        ));
    }
    let row = (each * header.item) as u64;
    let bytes = (count as u64).saturating_mul(row);
    let header_bytes = 4 + 4 * header.shape.len() as u64;
    file.check_length(path, bytes, header_bytes)?;
    let mut one_hot = OneHot::new(each);
    if each > 1 {
        let mut file = open(path, progress)?;
        file.header(path, "labels")?;
        file.chunks(path, bytes, header_bytes, row, progress, |bytes| {
            each_number(&header, bytes, &mut one_hot);
            one_hot.places.clear();
            Ok(one_hot.is_so)
        })?;
    }
    let is_one_hot = each > 1 && count > 0 && one_hot.is_so;
    let name = related_files::file_name(path);
    if is_one_hot {
        raw.notes.push(format!(
            "the labels in {name} are one-hot: the class is the position of the 1, counted from \
                 0"
        ));
    } else if each > 1 {
        raw.notes.push(format!("the label is the first of the {each} numbers in each row of {name}"));
    }
    let mut one_hot = OneHot::new(each);
    file.body(path, bytes, header_bytes, row, progress, |bytes| {
        if is_one_hot {
            each_number(&header, bytes, &mut one_hot);
            one_hot.places.drain(..).try_for_each(|place| labels.push(&place.to_string()))?;
        } else {
            let rows = bytes.chunks_exact(row as usize);
            rows.map(|row| &row[..header.item]).try_for_each(|item| labels.push_bytes(&header, item))?;
        }
        Ok(true)
    })
}

/// Rows of numbers of which one is 1 and all others are 0.
struct OneHot {
    each: usize,
    /// Number of values read of the current row, and the index of its 1.
    at: usize,
    one: Option<usize>,
    /// Indices of the 1 in complete rows.
    places: Vec<usize>,
    /// Whether all rows are one-hot so far.
    is_so: bool,
}

impl OneHot {
    fn new(each: usize) -> OneHot {
        OneHot { each, at: 0, one: None, places: Vec::new(), is_so: true }
    }
}

impl Sink for OneHot {
    fn take<N: Number>(&mut self, numbers: impl Iterator<Item = N>) {
        for number in numbers.map(Number::f64) {
            if number == 1.0 {
                self.is_so &= self.one.replace(self.at).is_none();
            } else {
                self.is_so &= number == 0.0;
            }
            self.at += 1;
            if self.at >= self.each {
                self.is_so &= self.one.is_some();
                self.places.extend(self.one.take());
                self.at = 0;
            }
        }
    }
}
