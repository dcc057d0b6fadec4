//! Whether a row within a table is the header of a second one.

use std::collections::HashSet;

use ::csv::ByteRecord;

use super::evidence::Content;
use super::missing::is_missing;
use crate::project::TableReading;

/// Fewest rows of the first table.
pub(super) const ROWS: u64 = 3;

/// Whether a row may name the columns of a second table: it contains only different words, one in
/// each column of numbers, and the row before has numbers or dates in two of these columns, or in
/// one if the first word also is the first name of the header. The content of columns is requested
/// for few rows only.
pub(super) fn may_be_header(
    record: &ByteRecord,
    previous: &ByteRecord,
    names: &[String],
    contents: &mut dyn FnMut() -> Vec<Content>,
    reading: &TableReading,
) -> bool {
    let fields = || record.iter().map(<[u8]>::trim_ascii);
    // Almost all rows end here.
    let are_names = fields().enumerate().all(|(at, field)| is_word(field) || (at == 0 && field.is_empty()));
    if record.len() < 2 || !are_names {
        return false;
    }
    let is_repeated = names.first().is_some_and(|name| fields().next() == Some(name.as_bytes()));
    let least = if is_repeated { 1 } else { 2 };
    if numbers_below(record, previous).count() < least {
        return false;
    }
    let is_gap = |field: &[u8]| std::str::from_utf8(field).is_ok_and(|text| is_missing(text, reading));
    let mut seen = HashSet::new();
    if !fields().all(|field| seen.insert(field)) || fields().skip(1).any(is_gap) {
        return false;
    }
    let contents = contents();
    let are_numbers = |content: &Content| matches!(content, Content::Numbers { .. });
    let mut numbers = (0..).zip(&contents).filter(|(_, content)| are_numbers(content)).peekable();
    let are_values = |at: &usize| {
        contents
            .get(*at)
            .is_some_and(|content| are_numbers(content) || matches!(content, Content::Dates { .. }))
    };
    numbers.peek().is_some()
        && numbers.all(|(at, _)| record.get(at).is_none_or(is_word))
        && numbers_below(record, previous).filter(are_values).count() >= least
}

/// Whether a row belongs to the table with this header: it has numbers, and if there are as many
/// columns, in columns of numbers.
pub(super) fn follows(header: &ByteRecord, record: &ByteRecord, contents: &[Content]) -> bool {
    let is_as_wide = header.len() == contents.len();
    let is_value = |at: usize| !is_as_wide || matches!(contents[at], Content::Numbers { .. });
    header.len() == record.len() && numbers_below(header, record).any(is_value)
}

/// The words of a header that have numbers below them in another row, with their column indices.
fn numbers_below<'a>(header: &'a ByteRecord, row: &'a ByteRecord) -> impl Iterator<Item = usize> + 'a {
    let both = (0..).zip(header.iter().zip(row));
    both.filter(|(_, (name, field))| is_word(name) && is_number(field)).map(|(at, _)| at)
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
    use super::super::number::{Notation, Signs};
    use super::*;

    #[test]
    fn headers_of_second_tables_are_words_between_numbers() {
        let numbers = Content::Numbers { notation: Notation::Point, signs: Signs::default() };
        let row = |line: &str| ByteRecord::from(line.split(',').collect::<Vec<_>>());
        let names = ["t".to_owned(), "a".to_owned()];
        let check = |are_numbers: [bool; 2], rows: [&str; 3], expected: bool| {
            let contents = are_numbers.map(|is| if is { numbers.clone() } else { Content::Words }).to_vec();
            let [before, header, after] = rows.map(row);
            let reading = TableReading::default();
            let is_header = may_be_header(&header, &before, &names, &mut || contents.clone(), &reading);
            assert_eq!(is_header && follows(&header, &after, &contents), expected, "{rows:?}");
        };
        let both = [true; 2];
        check(both, ["1,2", "t,b", "3,4"], true);
        check(both, ["1,2", "x,y", "3,4"], true);
        check(both, ["1,2", "x,y,z", "3,4,5"], true);
        check([false, true], ["p,2", "t,b", "q,4"], true);
        check([false, true], ["p,2", "x,b", "q,4"], false);
        check(both, ["1,2", "x,y", "u,v"], false);
        check(both, ["1,2", "NA,NaN", "3,4"], false);
        check(both, ["1,2", "x,x", "3,4"], false);
        check(both, ["1,2", "x,5", "3,4"], false);
        check(both, ["1,2", "x,y", "3,4,5"], false);
        // Words that contain digits.
        check([false, false], ["18-24,10-20k", "Under 18,Prefer not to say", "25-34,5-10k"], false);
        check([false, true], ["9 Oak St,5551237", "Broadway,unlisted", "4 Elm St,5559876"], false);
    }
}
