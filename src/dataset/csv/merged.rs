//! Merged cells of a spreadsheet: the content applies to all rows they cover.

use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::Dimensions;

use crate::dataset::{DataError, Progress};

/// A row with its number and its cells by column.
type Row = (u32, Vec<(u32, String)>);

/// The merged cells; none if their part of the file is damaged, as the others can be read without
/// it.
pub(super) fn of<E>(read: impl FnOnce() -> Result<Vec<Dimensions>, E>) -> Vec<Dimensions> {
    catch_unwind(AssertUnwindSafe(|| read().unwrap_or_default())).unwrap_or_default()
}

/// Writes the text of each merged cell into its first column in all of its rows that have any cell;
/// returns the number of these cells, and the memory charged for them. Cells that begin in the
/// first row are names, which occur once. Columns to the right stay empty: a text over several
/// columns is a title, or the name of a group of columns.
///
/// # Errors
/// [`DataError`] if there is not enough memory.
pub(super) fn fill(
    rows: &mut [Row],
    mut regions: Vec<Dimensions>,
    progress: &Progress,
) -> Result<(usize, u64), DataError> {
    let top = rows.first().map_or(0, |(number, _)| *number);
    regions.retain(|region| region.end.0 > region.start.0 && region.start.0 > top);
    if regions.is_empty() {
        return Ok((0, 0));
    }
    regions.sort_unstable_by_key(|region| (region.start.1, region.start.0));
    for (_, cells) in rows.iter_mut() {
        cells.sort_by_key(|(column, _)| *column);
    }
    // Added cells come after these.
    let own: Vec<usize> = rows.iter().map(|(_, cells)| cells.len()).collect();
    let (mut filled, mut charged) = (0, 0);
    let mut free = (0, 0);
    for region in regions {
        progress.check()?;
        let ((top, column), (bottom, _)) = (region.start, region.end);
        // Merged cells of one column cannot overlap.
        if (column, top) < free {
            continue;
        }
        free = (column, bottom.saturating_add(1));
        let first = rows.partition_point(|(number, _)| *number < top);
        let at =
            |row: usize, rows: &[Row]| rows[row].1[..own[row]].binary_search_by_key(&column, |cell| cell.0);
        let Some(text) = rows.get(first).filter(|(number, _)| *number == top).and_then(|(_, cells)| {
            let place = at(first, rows).ok()?;
            Some(cells[place].1.clone())
        }) else {
            continue;
        };
        for row in first + 1..rows.len() {
            if rows[row].0 > bottom {
                break;
            }
            if at(row, rows).is_err() {
                let bytes = text.len() as u64 + 64;
                progress.budget().take(bytes)?;
                charged += bytes;
                filled += 1;
                rows[row].1.push((column, text.clone()));
            }
        }
    }
    Ok((filled, charged))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_merged_cell_is_in_all_of_its_rows() {
        let row = |number: u32, cells: &[(u32, &str)]| -> Row {
            (number, cells.iter().map(|(column, text)| (*column, (*text).to_owned())).collect())
        };
        let mut rows = vec![
            row(0, &[(0, "group"), (1, "x")]),
            row(1, &[(0, "a"), (1, "1")]),
            row(2, &[(2, "2")]),
            row(4, &[(0, "b"), (1, "3")]),
            row(5, &[(1, "4"), (2, "own")]),
        ];
        let regions = [
            ((1, 0), (3, 0)),
            ((2, 0), (5, 0)),
            ((4, 0), (9, 0)),
            ((4, 2), (5, 2)),
            ((0, 0), (0, 1)),
            ((0, 1), (2, 1)),
        ];
        let regions = regions.map(|(start, end)| Dimensions::new(start, end)).to_vec();
        let (filled, bytes) = fill(&mut rows, regions, &Progress::default()).unwrap();
        assert_eq!((filled, bytes), (2, 2 * 65));
        assert_eq!(rows[2], row(2, &[(2, "2"), (0, "a")]));
        assert_eq!(rows[4], row(5, &[(1, "4"), (2, "own"), (0, "b")]));
        assert_eq!(rows[3], row(4, &[(0, "b"), (1, "3")]));
    }
}
