//! Rows that stand below a table and are none of it: sums, sources, remarks.

use ::csv::ByteRecord;

use super::evidence::{Content, Evidence};
use super::missing::is_missing;
use super::number::Notation;
use super::plain::plain_number;
use super::tails::digits;
use crate::project::TableReading;

/// The most rows that are looked at.
const MOST: usize = 20;
/// The longest of them, in bytes.
const LONGEST: usize = 4096;
/// How a row that holds the sums of the others begins.
const SUMS: [&str; 9] =
    ["total", "totals", "grand total", "subtotal", "overall", "sum", "summe", "gesamt", "insgesamt"];
/// How a row that holds the means of the others begins.
const MEANS: [&str; 5] = ["mean", "average", "avg", "mittelwert", "durchschnitt"];
/// How a row that holds other numbers about the others begins.
const OTHERS: [&str; 5] = ["median", "minimum", "maximum", "std", "stddev"];

/// Whether a row of a table of so many columns may stand below it: it is empty, sums up the others, or holds one text alone.
pub(super) fn may_be<'a>(fields: impl Iterator<Item = &'a [u8]>, columns: usize) -> bool {
    let (mut count, mut bytes, mut filled, mut first) = (0, 0, 0, None);
    for field in fields {
        (count, bytes) = (count + 1, bytes + field.len());
        let field = field.trim_ascii();
        // Nearly all rows end here.
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
        Some(first) => is_sum(first) || (filled == 1 && (columns > 2 || count < columns)),
    }
}

fn is_text(field: &[u8]) -> bool {
    std::str::from_utf8(field).is_ok_and(|text| plain_number(text).is_none())
}

fn is_sum(field: &[u8]) -> bool {
    [&SUMS[..], &MEANS, &OTHERS].into_iter().any(|words| is_one(field, words))
}

fn is_one(field: &[u8], words: &[&str]) -> bool {
    let field = field.trim_ascii();
    let field = field.strip_suffix(b":").unwrap_or(field).trim_ascii_end();
    words.iter().any(|word| field.eq_ignore_ascii_case(word.as_bytes()))
}

/// The rows at the end that may stand below the table, with their numbers.
#[derive(Default)]
pub(super) struct Tail {
    pub rows: Vec<(u64, ByteRecord)>,
    /// Whether others like them stand within the table.
    pub has_others: bool,
}

impl Tail {
    /// Takes a row that may stand below the table.
    pub(super) fn takes(&mut self, number: u64, record: &ByteRecord, columns: usize) -> bool {
        let takes = self.rows.len() < MOST && may_be(record.iter(), columns);
        if takes {
            self.rows.push((number, record.clone()));
        }
        takes
    }

    /// The rows, where others follow: they stand within the table.
    pub(super) fn within(&mut self) -> Vec<(u64, ByteRecord)> {
        self.has_others |= self.rows.iter().any(|(_, row)| !is_empty(row.iter()));
        std::mem::take(&mut self.rows)
    }

    /// How many of its rows belong to the table, going by what its columns hold: the others stand below it. `sums_up` tells
    /// whether the numbers of a row are those of the rows above it.
    pub(super) fn of_table<E>(
        &self,
        evidence: &[Evidence],
        reading: &TableReading,
        sums_up: &mut dyn FnMut(u64, &ByteRecord) -> Result<bool, E>,
    ) -> Result<usize, E> {
        let contents: Vec<Content> = evidence.iter().map(|evidence| evidence.judge(None)).collect();
        let mut count = self.rows.len();
        if contents.iter().all(|content| *content == Content::Nothing) {
            return Ok(count);
        }
        for (at, (number, row)) in self.rows.iter().enumerate().rev() {
            let is_below = is_empty(row.iter())
                || row.len() < contents.len()
                || row.iter().zip(&contents).any(|(field, content)| !fits(field, content, reading))
                || (begins_as_sum(row) && sums_up(*number, row)?);
            if !is_below {
                break;
            }
            if !is_empty(row.iter()) {
                count = at;
            }
        }
        Ok(count)
    }
}

/// Whether a row holds no field, or lines drawn of signs (`---+---`) alone.
pub(super) fn is_empty<'a>(fields: impl IntoIterator<Item = &'a [u8]>) -> bool {
    let is_line = |byte: &u8| matches!(byte, b'-' | b'=' | b'+' | b'_' | b'|' | b':');
    fields.into_iter().all(|field| {
        let field = field.trim_ascii();
        field.is_empty() || (field.iter().all(is_line) && field.len() > 2)
    })
}

/// Whether the first text of a row says that it sums up others.
pub(super) fn begins_as_sum(row: &ByteRecord) -> bool {
    first(row).is_some_and(is_sum)
}

fn first(row: &ByteRecord) -> Option<&[u8]> {
    row.iter().find(|field| !field.trim_ascii().is_empty())
}

/// Whether a field can be in a column that holds this.
fn fits(field: &[u8], content: &Content, reading: &TableReading) -> bool {
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

/// The sums of the numbers of some columns.
pub(super) struct Sums {
    columns: Vec<Sum>,
    rows: f64,
    /// Whether they should be met, or the means.
    is_total: bool,
    is_average: bool,
}

struct Sum {
    column: usize,
    notation: Notation,
    /// The number that may be the sum or mean.
    told: f64,
    so_far: f64,
}

impl Sums {
    pub(super) fn of(row: &ByteRecord, evidence: &[Evidence]) -> Sums {
        let columns = row.iter().zip(evidence).enumerate().filter_map(|(column, (field, evidence))| {
            let Content::Numbers { notation, .. } = evidence.judge(None) else { return None };
            Some(Sum { column, notation, told: number(field, notation)?, so_far: 0.0 })
        });
        let is = |words: &[&str]| first(row).is_some_and(|field| is_one(field, words));
        Sums { columns: columns.collect(), rows: 0.0, is_total: is(&SUMS), is_average: is(&MEANS) }
    }

    pub(super) fn add(&mut self, row: &ByteRecord) {
        self.rows += 1.0;
        for sum in &mut self.columns {
            sum.so_far += row.get(sum.column).and_then(|field| number(field, sum.notation)).unwrap_or(0.0);
        }
    }

    /// Whether most numbers are the sums or the means of their columns, up to rounding.
    pub(super) fn are_met(&self) -> bool {
        let is_near = |a: f64, b: f64| (a - b).abs() <= 1e-3 * a.abs().max(b.abs());
        let is_met = |sum: &&Sum| {
            let means = sum.so_far / self.rows.max(1.0);
            sum.told != 0.0
                && (self.is_total && is_near(sum.told, sum.so_far)
                    || self.is_average && is_near(sum.told, means))
        };
        self.rows > 1.0 && 2 * self.columns.iter().filter(is_met).count() > self.columns.len()
    }
}

fn number(field: &[u8], notation: Notation) -> Option<f64> {
    std::str::from_utf8(field).ok().and_then(|text| notation.parse(text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::memory::Budget;

    #[test]
    fn rows_below_a_table_are_told_by_their_texts() {
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
        let content =
            Content::Numbers { notation: Notation::Point, signs: super::super::number::Signs::default() };
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
    fn sums_and_means_are_recognised() {
        let rows = [["a", "1", "4,5"], ["b", "2", "5"], ["c", "3", "6"]];
        let mut evidence = vec![Evidence::default(); 3];
        for row in rows {
            for (evidence, field) in evidence.iter_mut().zip(row) {
                evidence.add(field, &TableReading::default(), &Budget::of(1 << 20));
            }
        }
        let check = |total: &[&str], expected: bool| {
            let mut sums = Sums::of(&ByteRecord::from(total.to_vec()), &evidence);
            for row in rows {
                sums.add(&ByteRecord::from(row.to_vec()));
            }
            assert_eq!(sums.are_met(), expected, "{total:?}");
        };
        check(&["Total", "6", "15,5"], true);
        check(&["Mean:", "2", "5,167"], true);
        check(&["Total", "2", "5,167"], false);
        check(&["Mean", "6", "15,5"], false);
        check(&["Total", "7", "9"], false);
        check(&["Total", "", ""], false);
    }
}
