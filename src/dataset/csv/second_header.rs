//! Whether a row within a table is the header of a second one.

use std::collections::HashSet;

use ::csv::ByteRecord;

use super::missing::is_missing;
use crate::project::TableReading;

/// Rows of the first table, at least.
pub(super) const ROWS: u64 = 3;

/// Whether a row may name the columns of a second table: it holds different words alone, where the row before holds numbers
/// in two columns, or in one where the first word is the first name of the header, too.
pub(super) fn may_be_header(
    record: &ByteRecord,
    previous: &ByteRecord,
    names: &[String],
    reading: &TableReading,
) -> bool {
    let fields = || record.iter().map(<[u8]>::trim_ascii);
    // Nearly all rows end here.
    let are_names = fields().enumerate().all(|(at, field)| is_word(field) || (at == 0 && field.is_empty()));
    if record.len() < 2 || !are_names {
        return false;
    }
    let is_gap = |field: &[u8]| std::str::from_utf8(field).is_ok_and(|text| is_missing(text, reading));
    let mut seen = HashSet::new();
    if !fields().all(|field| seen.insert(field)) || fields().skip(1).any(is_gap) {
        return false;
    }
    let is_repeated = names.first().is_some_and(|name| fields().next() == Some(name.as_bytes()));
    numbers_below(record, previous) >= if is_repeated { 1 } else { 2 }
}

/// Whether a row is one of the table with this header.
pub(super) fn follows(header: &ByteRecord, record: &ByteRecord) -> bool {
    header.len() == record.len() && numbers_below(header, record) > 0
}

/// How many words of a header another row has numbers for.
fn numbers_below(header: &ByteRecord, row: &ByteRecord) -> usize {
    header.iter().zip(row).filter(|(name, field)| is_word(name) && is_number(field)).count()
}

/// Whether a field begins with a letter.
pub(super) fn is_word(field: &[u8]) -> bool {
    let field = field.trim_ascii();
    field.first().is_some_and(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii())
}

fn is_number(field: &[u8]) -> bool {
    !is_word(field) && field.iter().any(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_second_tables_are_words_between_numbers() {
        let row = |line: &str| ByteRecord::from(line.split(',').collect::<Vec<_>>());
        let names = ["t".to_owned(), "a".to_owned()];
        let check = |rows: [&str; 3], expected: bool| {
            let [before, header, after] = rows.map(row);
            let is_header = may_be_header(&header, &before, &names, &TableReading::default());
            assert_eq!(is_header && follows(&header, &after), expected, "{rows:?}");
        };
        check(["1,2", "t,b", "3,4"], true);
        check(["1,2", "x,y", "3,4"], true);
        check(["1,2", "x,y,z", "3,4,5"], true);
        check(["p,2", "t,b", "q,4"], true);
        check(["p,2", "x,b", "q,4"], false);
        check(["1,2", "x,y", "u,v"], false);
        check(["1,2", "NA,NaN", "3,4"], false);
        check(["1,2", "x,x", "3,4"], false);
        check(["1,2", "x,5", "3,4"], false);
        check(["1,2", "x,y", "3,4,5"], false);
    }
}
