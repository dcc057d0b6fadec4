//! Joining data sets from several files.

use std::collections::HashMap;

use super::progress::CancelTimer;
use super::rows::Hash;
use super::{
    DataError, Dataset, Depth, Gaps, LabelColumn, LabelValues, NO_LABEL, Progress, Rows, SplitRows, memory,
};

/// Joins data sets that were read and scaled for one network, and so have rows of one shape: rows
/// one after another, label columns by name. No row is in any part of a split.
///
/// `None` if there are none.
///
/// # Errors
/// [`DataError::Memory`], [`DataError::Cancelled`].
pub fn joined(parts: Vec<Dataset>, progress: &Progress) -> Result<Option<Dataset>, DataError> {
    let mut parts = parts.into_iter();
    let Some(mut whole) = parts.next() else { return Ok(None) };
    whole.split = SplitRows::default();
    whole.read_report.line = whole.read_report.of_all_rows();
    whole.read_report.split.clear();
    let rest: Vec<Dataset> = parts.collect();
    if rest.is_empty() {
        return Ok(Some(whole));
    }
    let files = rest.len() + 1;
    let is_alike =
        |part: &Dataset| (Depth::of(&part.rows), &part.scaler) == (Depth::of(&whole.rows), &whole.scaler);
    if !rest.iter().all(is_alike) && !matches!(whole.rows, Rows::F32(_)) {
        let as_numbers = numbers(&whole, &whole, progress)?;
        release(std::mem::replace(&mut whole.rows, as_numbers), progress);
    }
    name_rows(&mut whole, progress)?;
    for part in rest {
        add(&mut whole, part, progress)?;
    }
    whole.source_rows = Vec::new();
    whole.read_report.line = format!("{} × {} from {files} files", whole.len(), whole.shape);
    Ok(Some(whole))
}

/// Adds the rows of another data set.
fn add(whole: &mut Dataset, mut part: Dataset, progress: &Progress) -> Result<(), DataError> {
    let (before, more) = (whole.len(), part.len());
    if matches!(whole.rows, Rows::F32(_))
        && (!matches!(part.rows, Rows::F32(_)) || part.scaler != whole.scaler)
    {
        let as_numbers = numbers(&part, whole, progress)?;
        release(std::mem::replace(&mut part.rows, as_numbers), progress);
    }
    add_gaps(&mut whole.gaps, &part.gaps, [whole.rows.len(), part.rows.len()], progress)?;
    name_rows(&mut part, progress)?;
    match (&mut whole.rows, part.rows) {
        (Rows::U8(values), Rows::U8(more)) => extend(values, more, progress)?,
        (Rows::U16(values), Rows::U16(more)) => extend(values, more, progress)?,
        (Rows::F32(values), Rows::F32(more)) => extend(values, more, progress)?,
        // All rows become floats if their types differ.
        (Rows::U8(_) | Rows::U16(_) | Rows::F32(_), _) => {}
    }
    extend(&mut whole.row_names, part.row_names, progress)?;
    let names: Vec<String> =
        whole.labels.iter().chain(&part.labels).map(|column| column.name.clone()).collect();
    let mut labels = Vec::new();
    for name in names {
        if labels.iter().all(|known: &LabelColumn| known.name != name) {
            let own = [(&whole.labels, before), (&part.labels, more)];
            let own = own.map(|(labels, rows)| (labels.iter().find(|column| column.name == name), rows));
            labels.push(labels_of(name, own, progress)?);
        }
    }
    whole.labels = labels;
    whole.warnings.append(&mut part.warnings);
    whole.doubts.append(&mut part.doubts);
    whole.read_report.notes.append(&mut part.read_report.notes);
    let mut hash = Hash::default();
    hash.words([whole.fingerprint, part.fingerprint, before as u64, more as u64]);
    whole.fingerprint = hash.finish();
    Ok(())
}

/// The rows as floats in the units of other data, so that the network gets the same inputs.
fn numbers(data: &Dataset, like: &Dataset, progress: &Progress) -> Result<Rows, DataError> {
    let (features, mut cancel_timer) = (data.shape.features(), CancelTimer::new(progress));
    let mut values = progress.filled(0.0_f32, data.rows.len())?;
    for (row, out) in values.chunks_exact_mut(features.max(1)).enumerate() {
        cancel_timer.tick(features)?;
        let start = row * features;
        match &data.rows {
            Rows::U8(values) => data.scaler.scale_u8(&values[start..start + features], out),
            Rows::U16(values) => data.scaler.scale_u16(&values[start..start + features], out),
            Rows::F32(values) => data.scaler.scale_f32(&values[start..start + features], out),
        }
        for (feature, value) in out.iter_mut().enumerate() {
            *value = like.scaler.unscale(feature, *value);
        }
    }
    Ok(Rows::F32(values))
}

/// Names rows without names by their file and number.
fn name_rows(data: &mut Dataset, progress: &Progress) -> Result<(), DataError> {
    if !data.row_names.is_empty() {
        return Ok(());
    }
    let (count, budget) = (data.len(), progress.budget());
    budget.reserve_exact(&mut data.row_names, count)?;
    for row in 0..count {
        progress.check()?;
        let number = data.source_rows.get(row).map_or(row as u64 + 1, |number| u64::from(*number));
        let name = format!("{} row {number}", data.name);
        budget.take(memory::text_bytes(name.len()))?;
        data.row_names.push(name);
    }
    Ok(())
}

/// Adds the missing values of rows that are appended; the numbers of values of both are given.
fn add_gaps(
    gaps: &mut Gaps,
    more: &Gaps,
    [before, count]: [usize; 2],
    progress: &Progress,
) -> Result<(), DataError> {
    gaps.filled += more.filled;
    if gaps.cells.is_empty() && more.cells.is_empty() {
        return Ok(());
    }
    let mut cancel_timer = CancelTimer::new(progress);
    let mut cells = progress.filled(0_u64, (before + count).div_ceil(64))?;
    for (at, word) in cells.iter_mut().enumerate() {
        for bit in 0..64 {
            let place = at * 64 + bit;
            let is_filled =
                if place < before { gaps.is_filled(place) } else { more.is_filled(place - before) };
            *word |= u64::from(is_filled) << bit;
        }
        cancel_timer.tick(64)?;
    }
    progress.budget().release(std::mem::replace(&mut gaps.cells, cells));
    Ok(())
}

/// A label column of two data sets, which may lack it. If both are numbers, it contains numbers,
/// else classes.
fn labels_of(
    name: String,
    parts: [(Option<&LabelColumn>, usize); 2],
    progress: &Progress,
) -> Result<LabelColumn, DataError> {
    let is_numbers = |part: &(Option<&LabelColumn>, usize)| {
        part.0.is_none_or(|column| matches!(column.values, LabelValues::Numbers(_)))
    };
    let count = parts.iter().map(|part| part.1).sum();
    if parts.iter().all(is_numbers) {
        let mut numbers = Vec::new();
        progress.budget().reserve_exact(&mut numbers, count)?;
        for (column, rows) in parts {
            match column.map(|column| &column.values) {
                Some(LabelValues::Numbers(own)) => numbers.extend_from_slice(own),
                Some(LabelValues::Classes { .. }) | None => numbers.resize(numbers.len() + rows, f32::NAN),
            }
        }
        return Ok(LabelColumn::numbers(name, numbers));
    }
    let (mut names, mut ids): (Vec<String>, Vec<u32>) = (Vec::new(), Vec::new());
    progress.budget().reserve_exact(&mut ids, count)?;
    let mut numbers: HashMap<String, u32> = HashMap::new();
    for (column, rows) in parts {
        for row in 0..rows {
            progress.check()?;
            let text = column.filter(|column| column.is_known(row)).map(|column| column.text(row));
            let text = text.as_deref().unwrap_or(NO_LABEL);
            let number = if let Some(number) = numbers.get(text) {
                *number
            } else {
                let number = names.len() as u32;
                // In the list and in its index.
                progress.budget().take(2 * memory::text_bytes(text.len()))?;
                names.push(text.to_owned());
                numbers.insert(text.to_owned(), number);
                number
            };
            ids.push(number);
        }
    }
    Ok(LabelColumn::classes(name, names, ids))
}

fn extend<T>(items: &mut Vec<T>, more: Vec<T>, progress: &Progress) -> Result<(), DataError> {
    progress.budget().reserve(items, more.len())?;
    items.extend(more);
    Ok(())
}

fn release(rows: Rows, progress: &Progress) {
    match rows {
        Rows::U8(values) => progress.budget().release(values),
        Rows::U16(values) => progress.budget().release(values),
        Rows::F32(values) => progress.budget().release(values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Scaler, load};
    use crate::project::{Data, Shape};

    fn data(name: &str, rows: Rows, scaler: Scaler, labels: Vec<LabelColumn>) -> Dataset {
        let empty = load(&Data::default(), &Progress::default()).unwrap();
        Dataset { name: name.to_owned(), shape: Shape::Vector(2), rows, scaler, labels, ..empty }
    }

    fn seen(data: &Dataset) -> Vec<f32> {
        let mut out = vec![0.0; data.rows.len()];
        data.gather(&(0..data.len() as u32).collect::<Vec<_>>(), &mut out);
        out
    }

    #[test]
    fn rows_follow_each_other_and_labels_are_found_by_their_names() {
        let classes = |names: &[&str], ids: &[u32]| {
            LabelColumn::classes("kind", names.iter().map(|name| (*name).to_owned()).collect(), ids.to_vec())
        };
        let unit = || Scaler::uniform(0.0, 1.0);
        let first = data("a", Rows::U8(vec![1, 2, 3, 4]), unit(), vec![classes(&["x", "y"], &[1, 0])]);
        let numbers = LabelColumn::numbers("height", vec![7.5]);
        let second = data("b", Rows::U8(vec![5, 6]), unit(), vec![classes(&["z"], &[0]), numbers]);
        let third = data("c", Rows::U8(vec![7, 8]), unit(), Vec::new());
        let own = first.fingerprint;
        let whole = joined(vec![first, second, third], &Progress::default()).unwrap().unwrap();
        assert_eq!(seen(&whole), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        assert_eq!(whole.row_names, ["a row 1", "a row 2", "b row 1", "c row 1"]);
        let texts = |column: usize| -> Vec<String> {
            (0..4).map(|row| whole.labels[column].text(row).into_owned()).collect()
        };
        assert_eq!(texts(0), ["y", "x", "z", ""]);
        assert_eq!(texts(1), ["NaN", "NaN", "7.5", "NaN"]);
        assert!(whole.split.train.is_empty() && whole.fingerprint != own);
        assert_eq!(whole.read_report.line, "4 × 2 from 3 files");
    }

    #[test]
    fn pixels_of_other_depths_are_seen_as_they_were() {
        let bytes = data("a", Rows::U8(vec![0, 255]), Scaler::uniform(0.0, 1.0 / 255.0), Vec::new());
        let words = data("b", Rows::U16(vec![65_535, 0]), Scaler::uniform(0.0, 1.0 / 65_535.0), Vec::new());
        let whole = joined(vec![bytes, words], &Progress::default()).unwrap().unwrap();
        assert!(matches!(whole.rows, Rows::F32(_)));
        let expected = [0.0, 1.0, 1.0, 0.0];
        assert!(seen(&whole).iter().zip(expected).all(|(seen, expected)| (seen - expected).abs() < 1e-6));
    }

    #[test]
    fn gaps_stay_where_they_are() {
        let mut parts: Vec<Dataset> =
            (0..2).map(|_| data("a", Rows::F32(vec![0.0; 66]), Scaler::identity(), Vec::new())).collect();
        parts[0].gaps = Gaps { filled: 1, cells: vec![0, 1 << 1], ..Gaps::default() };
        parts[1].gaps = Gaps { filled: 1, cells: vec![1 << 3, 0], ..Gaps::default() };
        let whole = joined(parts, &Progress::default()).unwrap().unwrap();
        let filled: Vec<usize> = (0..132).filter(|at| whole.gaps.is_filled(*at)).collect();
        assert_eq!((filled, whole.gaps.filled), (vec![65, 69], 2));
    }
}
