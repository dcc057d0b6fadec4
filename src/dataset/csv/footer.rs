//! Rows below a table that do not belong to it: sums, sources, remarks.

use ::csv::ByteRecord;

use super::evidence::Content;
use super::missing::is_missing;
use super::pairs;
use super::plain::plain_number;
use super::statistics::{self, Called, Kind};
use super::suffixes::digits;
use crate::project::TableReading;

/// Most rows that are examined.
const MOST: usize = 40;
/// The longest of them, in bytes.
const LONGEST: usize = 4096;

/// Whether a row of a table with this many columns may be below it: it is empty, sums the others,
/// or contains a single text.
pub(super) fn may_be<'a>(fields: impl Iterator<Item = &'a [u8]> + Clone, columns: usize) -> bool {
    let (mut count, mut bytes, mut filled, mut first) = (0, 0, 0, None);
    for field in fields.clone() {
        (count, bytes) = (count + 1, bytes + field.len());
        let field = field.trim_ascii();
        // Almost all rows end here.
        if first.is_none() && !field.is_empty() && field.iter().all(|byte| b"0123456789.-+eE".contains(byte))
        {
            return false;
        }
        if !field.is_empty() {
            filled += 1;
            first = first.or(Some(field));
        }
        if bytes > LONGEST {
            return false;
        }
    }
    match first {
        None => columns > 1,
        Some(first) if !is_text(first) || columns < 2 => false,
        Some(_) if filled == 1 && (columns > 2 || count < columns) => true,
        Some(_) => statistics::called(fields).is_some(),
    }
}

fn is_text(field: &[u8]) -> bool {
    std::str::from_utf8(field).is_ok_and(|text| plain_number(text).is_none())
}

/// The statistic named by the first text of a row.
pub(super) fn called_first(row: &ByteRecord) -> Option<Called> {
    named_first(row).map(|(_, called)| called)
}

/// [`called_first`] with that text.
pub(super) fn named_first(row: &ByteRecord) -> Option<(&[u8], Called)> {
    statistics::named([first(row)?])
}

/// The rows at the end that may be below the table, with their numbers.
#[derive(Default)]
pub(super) struct Tail {
    pub rows: Vec<(u64, ByteRecord)>,
    /// Whether similar rows occur within the table.
    pub has_others: bool,
    /// Number of other rows that may follow: one per sum, and one for all other statistics
    /// together.
    ahead: usize,
}

/// Facts about the rows above those at the end.
pub(super) struct Above<'a> {
    pub contents: &'a [Content],
    pub reading: &'a TableReading,
    /// Number of rows that are certainly data.
    pub rows: u64,
    /// Whether the words of a column all contain digits.
    pub have_digits: &'a dyn Fn(usize) -> bool,
    /// Whether the numbers of a row follow from the rows above it.
    pub is_proven: &'a dyn Fn(u64) -> bool,
    /// Whether they differ from what the name of the row says.
    pub is_refuted: &'a dyn Fn(u64) -> bool,
    /// Whether a column was chosen as a label, which may be any text.
    pub is_label: &'a dyn Fn(usize) -> bool,
    /// Whether they agree in one column, though the name of the row may mean something else.
    pub is_near: &'a dyn Fn(u64) -> bool,
    /// Whether no other row begins like this one.
    pub is_new: &'a dyn Fn(&ByteRecord) -> bool,
    /// Whether the name of a row also occurs within the table.
    pub is_within: &'a dyn Fn(&ByteRecord) -> bool,
    /// Whether they include rows with the name of a sum that are not sums.
    pub has_doubtful: bool,
}

impl Tail {
    /// Adds a row that may be below the table, whose last certain row is `last`.
    pub(super) fn takes(
        &mut self,
        number: u64,
        record: &ByteRecord,
        columns: usize,
        last: &ByteRecord,
    ) -> bool {
        if self.rows.len() >= MOST {
            return false;
        }
        let is_pair = || record.as_slice().len() <= LONGEST && pairs::may_be(record, columns, last);
        let may_be = may_be(record.iter(), columns) || is_pair();
        if may_be {
            match statistics::called(record).filter(|called| called.is_likely()) {
                Some(called) if called.kind == Kind::Sum => self.ahead += 1,
                // The rows of the next group may follow.
                Some(_) => self.ahead = self.ahead.max(1),
                None => {}
            }
        } else {
            // A tax between a sum and the sum including it; an unknown statistic.
            let is_next = self.ahead > 0 && record.as_slice().len() <= LONGEST;
            self.ahead -= usize::from(is_next);
            if !is_next {
                return false;
            }
        }
        self.rows.push((number, record.clone()));
        true
    }

    /// Returns the rows, once others follow: they are within the table.
    pub(super) fn within(&mut self) -> Vec<(u64, ByteRecord)> {
        self.has_others |= self.rows.iter().any(|(_, row)| !is_empty(row.iter()) && !pairs::is_one(row));
        self.ahead = 0;
        std::mem::take(&mut self.rows)
    }

    /// Number of rows that belong to the table; the others are below it. These are remarks, rows
    /// with words where the columns contain numbers, and rows that sum others, as proven by their
    /// numbers, or by their names if there are several together or all other names contain digits.
    pub(super) fn of_table(&self, above: &Above<'_>) -> usize {
        let (mut count, contents) = (self.rows.len(), above.contents);
        if contents.iter().all(|content| *content == Content::Nothing) {
            return count;
        }
        let proven = self.rows.iter().position(|(number, _)| (above.is_proven)(*number));
        let is_statistic =
            |(number, row): &(u64, ByteRecord)| (above.is_proven)(*number) && is_statistic(row);
        let statistic = self.rows.iter().position(is_statistic);
        let statistics = self.statistics(above);
        let pairs = pairs::start(&self.rows, contents, above.reading);
        let (mut is_before_sum, mut next) = (false, None);
        for (at, (number, row)) in self.rows.iter().enumerate().rev() {
            let is_refuted = (above.is_refuted)(*number);
            // `West,9` above `West Total,9` is a group of one row.
            let is_alone = next.is_some_and(|next| is_group_of_one(row, next));
            next = Some(row);
            let sums_up = statistics::called(row).is_some_and(Called::is_likely);
            let follows_sum = proven.is_some_and(|proven| proven < at) && (sums_up || is_before_sum);
            let is_below = is_empty(row.iter())
                || (row.len() < contents.len() && !pairs::is_one(row))
                || pairs.is_some_and(|start| at >= start)
                || (is_mismatch(row, above) && !(is_refuted && has_label(row, above)))
                || follows_sum
                || (above.is_proven)(*number)
                || (statistic.is_some_and(|first| first < at) && is_whole(row))
                || (follows_statistic(&self.rows, at, above.is_proven) && (above.is_new)(row))
                || (at >= statistics && called_first(row).is_some_and(|called| called.is_whole))
                || (is_unlike(row, above) && !is_refuted);
            if !is_below || is_alone {
                break;
            }
            is_before_sum |= sums_up;
            if !is_empty(row.iter()) {
                count = at;
            }
        }
        count
    }

    /// The first of the rows at the end with names of different statistics; the number of rows if
    /// there are none.
    fn statistics(&self, above: &Above<'_>) -> usize {
        let is_one = |row: &ByteRecord| called_first(row).is_some_and(|called| called.is_whole);
        let filled = |row: &ByteRecord| row.iter().filter(|field| !field.trim_ascii().is_empty()).count();
        let is_remark = |row: &ByteRecord| filled(row) < 2 && !is_one(row);
        let end = self.rows.iter().rposition(|(_, row)| !is_remark(row)).map_or(0, |last| last + 1);
        let is_other = |(_, row): &(u64, ByteRecord)| !is_empty(row.iter()) && !is_one(row);
        let mut start = self.rows[..end].iter().rposition(is_other).map_or(0, |last| last + 1);
        // `SD` and `P95` may be codes like those above them.
        let is_code = |(number, row): &(u64, ByteRecord)| {
            let is_ambiguous = called_first(row).is_some_and(|called| called.is_ambiguous);
            is_ambiguous && ((above.is_refuted)(*number) || is_like(row, above))
        };
        start += self.rows[start..end].iter().take_while(|row| is_code(row)).count();
        let block = self.rows[start..end].iter().filter(|(_, row)| !is_empty(row.iter()));
        let mut names: Vec<_> =
            block.clone().filter_map(|(_, row)| Some(first(row)?.to_ascii_lowercase())).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        let is_sure = |(_, row): &(u64, ByteRecord)| called_first(row).is_some_and(Called::is_sure);
        let is_proven = |(number, _): &(u64, ByteRecord)| (above.is_proven)(*number);
        let is_refuted = |(number, _): &(u64, ByteRecord)| (above.is_refuted)(*number);
        let are_proven = block.clone().any(is_proven);
        let are_sure = names.len() > 1
            && names.len() == count
            && above.rows > 1
            && !above.has_doubtful
            && (are_proven
                || (block.clone().any(is_sure) && !block.clone().any(is_refuted))
                || block.clone().all(|(number, _)| (above.is_near)(*number)))
            && !block.clone().any(|(_, row)| (above.is_within)(row));
        if are_sure { start } else { self.rows.len() }
    }
}

/// Whether the next row sums only this one: it has the name of its sum, or its numbers.
fn is_group_of_one(row: &ByteRecord, next: &ByteRecord) -> bool {
    let is_called = match (first(row), first(next)) {
        (Some(name), Some(sum)) => sum.len() > name.len() && sum.starts_with(name),
        (None, _) | (_, None) => false,
    };
    let sums_up = |row: &ByteRecord| statistics::called(row).is_some_and(Called::is_likely);
    !sums_up(row)
        && sums_up(next)
        && (is_called || (row.len() > 1 && row.iter().skip(1).eq(next.iter().skip(1))))
}

/// Whether a row contains words where the columns contain numbers, with nothing or only the name of
/// a statistic before them: `TOTAL SE,12,n.a.` may be data that has to be refused.
fn is_mismatch(row: &ByteRecord, above: &Above<'_>) -> bool {
    let may_be = row.iter().filter(|field| !field.trim_ascii().is_empty()).count() == 1
        || (called_first(row).is_some_and(|called| called.is_whole) && !(above.is_within)(row));
    may_be && row.iter().zip(above.contents).any(|(field, content)| !fits(field, content, above.reading))
}

/// Whether a row without the name of a statistic is directly below a proven one other than a sum.
pub(super) fn follows_statistic(
    rows: &[(u64, ByteRecord)],
    at: usize,
    is_proven: &dyn Fn(u64) -> bool,
) -> bool {
    let Some((number, before)) = at.checked_sub(1).and_then(|before| rows.get(before)) else { return false };
    is_proven(*number) && is_statistic(before) && !is_whole(&rows[at].1)
}

/// Whether a row has only the name of a statistic, other than a sum.
fn is_statistic(row: &ByteRecord) -> bool {
    called_first(row).is_some_and(|called| called.is_whole && called.kind != Kind::Sum)
}

fn is_whole(row: &ByteRecord) -> bool {
    called_first(row).is_some_and(|called| called.is_whole)
}

/// Whether the first field of a row contains digits, as all others in its column do.
fn is_like(row: &ByteRecord, above: &Above<'_>) -> bool {
    let at = row.iter().position(|field| !field.trim_ascii().is_empty());
    at.is_some_and(|at| row[at].iter().any(u8::is_ascii_digit) && (above.have_digits)(at))
}

/// Whether the first field of a row is a label.
fn has_label(row: &ByteRecord, above: &Above<'_>) -> bool {
    let at = row.iter().position(|field| !field.trim_ascii().is_empty());
    at.is_some_and(|at| (above.is_label)(at))
}

/// Whether a row certainly has the name of a statistic, because all other names in its column
/// contain digits.
fn is_unlike(row: &ByteRecord, above: &Above<'_>) -> bool {
    let Some(at) = row.iter().position(|field| !field.trim_ascii().is_empty()) else { return false };
    let is_sure = called_first(row).is_some_and(Called::is_sure);
    is_sure && !row[at].iter().any(u8::is_ascii_digit) && (above.have_digits)(at)
}

/// Whether a row contains no field, or only lines drawn with signs (`---+---`).
pub(super) fn is_empty<'a>(fields: impl IntoIterator<Item = &'a [u8]>) -> bool {
    let is_line = |byte: &u8| matches!(byte, b'-' | b'=' | b'+' | b'_' | b'|' | b':');
    fields.into_iter().all(|field| {
        let field = field.trim_ascii();
        field.is_empty() || (field.iter().all(is_line) && field.len() > 2)
    })
}

fn first(row: &ByteRecord) -> Option<&[u8]> {
    row.iter().map(<[u8]>::trim_ascii).find(|field| !field.is_empty())
}

/// Whether a field can be in a column with this content.
pub(super) fn fits(field: &[u8], content: &Content, reading: &TableReading) -> bool {
    let Ok(field) = std::str::from_utf8(field).map(str::trim) else { return true };
    if is_missing(field, reading) {
        return true;
    }
    match content {
        Content::Nothing | Content::Words => true,
        Content::Numbers { notation, .. } => {
            plain_number(field).or_else(|| notation.parse(digits(field))).is_some()
        }
        Content::Truth { words } => words.iter().any(|word| word.eq_ignore_ascii_case(field)),
        Content::Dates { format, .. } => format.parse(field).is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::number::{Notation, Signs};
    use super::*;

    #[test]
    fn rows_below_a_table_are_detected_by_their_texts() {
        let check = |line: &str, columns: usize, expected: bool| {
            let found = may_be(line.split(',').map(str::as_bytes), columns);
            assert_eq!(found, expected, "{line:?} of {columns}");
        };
        check(",,", 3, true);
        check("Source: me", 3, true);
        check("Source: me", 2, true);
        check("Source: me,,", 3, true);
        check("Total,15,18", 3, true);
        check("Total:,15", 2, true);
        check(",SUM,18", 3, true);
        check("12 rows", 3, true);
        check("7", 2, false);
        check("7,,", 3, false);
        check("1,2,3", 3, false);
        check("Peru,", 2, false);
        check("Peru,1,2", 3, false);
        check("red", 1, false);
        check("", 1, false);
    }

    #[test]
    fn empty_rows_hold_nothing_but_lines() {
        for (line, expected) in [
            ("", true),
            (" , ", true),
            ("----+----", true),
            ("---,:---:", true),
            ("-,-", false),
            (",0", false),
        ] {
            assert_eq!(is_empty(line.split(',').map(str::as_bytes)), expected, "{line:?}");
        }
    }

    #[test]
    fn words_for_missing_values_fit_a_column_of_numbers() {
        let content = Content::Numbers { notation: Notation::Point, signs: Signs::default() };
        let told = TableReading { missing_words: vec!["gone".to_owned()], ..TableReading::default() };
        let only = TableReading { only_missing_words: true, ..told.clone() };
        for (field, reading, expected) in [
            ("gone", &TableReading::default(), false),
            ("gone", &told, true),
            ("NA", &told, true),
            ("NA", &only, false),
        ] {
            assert_eq!(fits(field.as_bytes(), &content, reading), expected, "{field:?}");
        }
    }

    #[test]
    fn rows_that_sum_up_others_are_distinguished_from_the_last_rows_of_the_table() {
        let contents =
            [Content::Words, Content::Numbers { notation: Notation::Point, signs: Signs::default() }];
        let judged = |lines: &[&str], proven: &[u64], refuted: &[u64], have_digits: bool, expected: usize| {
            let mut tail = Tail::default();
            for (number, line) in (1..).zip(lines) {
                let row = ByteRecord::from(line.split(',').collect::<Vec<_>>());
                assert!(tail.takes(number, &row, 2, &ByteRecord::new()), "{line:?} of {lines:?}");
            }
            let above = Above {
                contents: &contents,
                reading: &TableReading::default(),
                rows: 9,
                have_digits: &|_| have_digits,
                is_proven: &|number| proven.contains(&number),
                is_refuted: &|number| refuted.contains(&number),
                is_label: &|_| false,
                is_near: &|_| false,
                is_new: &|row| !row[0].starts_with(b"old"),
                is_within: &|_| false,
                has_doubtful: false,
            };
            assert_eq!(tail.of_table(&above), expected, "{lines:?}");
        };
        let check = |lines: &[&str], proven: &[u64], have_digits: bool, expected: usize| {
            judged(lines, proven, &[], have_digits, expected);
        };
        check(&["Total,5"], &[], false, 1);
        check(&["Total,5"], &[1], false, 0);
        check(&["Total,5"], &[], true, 0);
        check(&["Max,5"], &[], true, 1);
        check(&["Mean,5", "SD,2"], &[], false, 0);
        check(&["Min,5", "Max,9", "of all"], &[], false, 2);
        check(&["Min,5", "Max,9", "of all"], &[2], false, 0);
        check(&["Min,5", "Max,9", "Min,4", "Max,8", "Mean,6"], &[], false, 5);
        check(&["MW,9", "SD,4"], &[], false, 2);
        check(&["TOTAL SE,n.a."], &[], false, 1);
        check(&["Mean,n.a."], &[], false, 0);
        check(&["Total,5", "Total,7"], &[], false, 2);
        check(&["North total,5", "Grand total,7"], &[], false, 2);
        check(&["North total,5", "Grand total,7"], &[1], false, 0);
        check(&["Subtotal,5", "Tax,1", "Total,6"], &[1], false, 0);
        check(&["Subtotal,5", "South,1"], &[1], false, 2);
        // Unknown names below a proven statistic.
        check(&["Mean,5", "Spread,2"], &[1], false, 0);
        check(&["Mean,5", "Spread,2", "Max,9"], &[1, 3], false, 0);
        check(&["Mean,5", "Spread,2", "Q3,9"], &[1], false, 0);
        check(&["Mean,5", "Spread,2"], &[], false, 2);
        check(&["Mean,5", "old,2"], &[1], false, 2);
        // Functions by name, and codes like those above them.
        judged(&["max,5", "mean,3", "sum,4"], &[], &[1, 2, 3], false, 3);
        judged(&["Total,5"], &[], &[1], true, 1);
        judged(&["SD,5", "Total,9"], &[2], &[1], false, 1);
        check(&["P95,5", "Total,9"], &[2], true, 1);
        check(&["Q1,5", "Median,9"], &[], false, 0);
    }
}
