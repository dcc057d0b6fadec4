//! Column names generated from positions.

use crate::dataset::Column;

/// The positions of a run's columns in a table of `count` columns, if their names were generated
/// from them: it was trained on a table without a header.
pub(super) fn made_up_places(known: &[Column], count: usize) -> Option<Vec<usize>> {
    let place = |column: &Column| {
        let number: usize = column.name.strip_prefix("column ")?.parse().ok()?;
        number.checked_sub(1).filter(|place| *place < count)
    };
    known.iter().map(place).collect()
}
