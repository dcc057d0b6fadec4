//! Rows of a name and a value below a table, as some programs write them: `Instrument,X200`.

use ::csv::ByteRecord;

use super::evidence::Content;
use super::footer;
use super::plain::plain_number;
use super::statistics;
use crate::project::TableReading;

/// Whether a row of a table with this many columns may be such a pair. In a table with two columns,
/// only one below a number can be distinguished from a row.
pub(super) fn may_be(row: &ByteRecord, columns: usize, above: &ByteRecord) -> bool {
    let is_below_number = || above.get(0).is_some_and(is_number);
    is_one(row) && (columns > 2 || (columns == 2 && is_below_number()))
}

/// Whether a row is only a name and a value: the name is not that of a statistic.
pub(super) fn is_one(row: &ByteRecord) -> bool {
    has_name_and_value(row) && statistics::called(row).is_none()
}

/// `Mode,fast` is one of several pairs, too.
fn has_name_and_value(row: &ByteRecord) -> bool {
    let name = row.get(0).unwrap_or_default().trim_ascii();
    let begins_with_letter = name.first().is_some_and(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
    begins_with_letter && filled(row) == 2
}

/// Whether a row contains one text, or words that are not a pair: possibly a remark.
pub(super) fn may_be_remark(row: &ByteRecord) -> bool {
    filled(row) == 1 || !is_one(row)
}

/// The index of the first of the pairs at the end of the rows: from one that cannot be a row of the
/// table. A single one needs a colon, because a row of the table may contain an unusual word.
pub(super) fn start(
    rows: &[(u64, ByteRecord)],
    contents: &[Content],
    reading: &TableReading,
) -> Option<usize> {
    let is_other = |(_, row): &(u64, ByteRecord)| filled(row) > 1 && !has_name_and_value(row);
    let start = rows.iter().rposition(is_other).map_or(0, |last| last + 1);
    let is_odd = |(_, row): &&(u64, ByteRecord)| {
        let mut fields = row.iter().zip(contents);
        is_one(row)
            && (row.len() < contents.len() || fields.any(|(field, own)| !footer::fits(field, own, reading)))
    };
    let first = start + rows[start..].iter().position(|row| is_odd(&row))?;
    let value = |row: &ByteRecord| -> Option<Vec<u8>> {
        row.iter().skip(1).map(<[u8]>::trim_ascii).find(|field| !field.is_empty()).map(<[u8]>::to_vec)
    };
    let run = || rows[first..].iter().map(|(_, row)| row).filter(|row| filled(row) > 0);
    // `Instrument: X` above `Operator,Bob`.
    let follows_text = rows[start..first].iter().any(|(_, row)| filled(row) == 1);
    let are_several = follows_text || run().any(|row| value(row) != value(&rows[first].1));
    let have_colons = || run().all(|row| row.get(0).is_some_and(|name| name.contains(&b':')));
    (are_several || have_colons()).then_some(first)
}

/// Number of fields that are not empty, at most 3.
fn filled(row: &ByteRecord) -> usize {
    row.iter().filter(|field| !field.trim_ascii().is_empty()).take(3).count()
}

fn is_number(field: &[u8]) -> bool {
    std::str::from_utf8(field).is_ok_and(|text| plain_number(text.trim()).is_some())
}

#[cfg(test)]
mod tests {
    use super::super::number::{Notation, Signs};
    use super::*;

    #[test]
    fn pairs_are_distinguished_from_rows_with_gaps() {
        let numbers = || Content::Numbers { notation: Notation::Point, signs: Signs::default() };
        let check = |lines: &[&str], contents: &[Content], expected: Option<usize>| {
            let row = |line: &&str| (0, ByteRecord::from(line.split(',').collect::<Vec<_>>()));
            let rows: Vec<_> = lines.iter().map(row).collect();
            assert_eq!(start(&rows, contents, &TableReading::default()), expected, "{lines:?}");
        };
        let three = [Content::Words, numbers(), numbers()];
        check(&["Operator,Smith,", "Device,X200,"], &three, Some(0));
        check(&[",,", "Device,X200,", "Gain,5,", "made today"], &three, Some(1));
        check(&["Instrument: X", "Operator,Bob"], &three, Some(1));
        check(&["Operator:,Bob,"], &three, Some(0));
        check(&["Device,X200,", "Mode,fast,", "Range,5,"], &three, Some(0));
        check(&["Mean,5,", "SD,2,", "Device,X200,", "Gain,5,"], &three, Some(2));
        check(&["Checked by: me,,2024-05-01", "Approved,,"], &three, Some(0));
        // Rows with missing values; with an odd word; with the same word.
        check(&["s1,5,", "s2,6,"], &three, None);
        check(&["s1,low,"], &three, None);
        check(&["s1,low,", "s2,low,"], &three, None);
        check(&["s1,5,", "Operator,Smith,", "Device,X200,"], &three, Some(1));
        check(&["Device,X200", "Gain,5"], &[numbers(), numbers()], Some(0));
        check(&["s1,5", "s2,6"], &three[..2], None);
    }

    #[test]
    fn pairs_of_two_columns_are_below_numbers() {
        let row = |line: &str| ByteRecord::from(line.split(',').collect::<Vec<_>>());
        for (line, columns, above, expected) in [
            ("Device,X200", 2, "1,2", true),
            ("Device,X200", 2, "a,2", false),
            ("Device,X200", 3, "a,2,3", true),
            ("Device,X200,", 3, "a,2,3", true),
            ("Device,X200,5", 3, "a,2,3", false),
            ("5,X200,", 3, "a,2,3", false),
            ("Total,5,", 3, "a,2,3", false),
        ] {
            assert_eq!(may_be(&row(line), columns, &row(above)), expected, "{line:?} of {columns}");
        }
    }
}
