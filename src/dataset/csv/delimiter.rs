//! The delimiter of a table, detected from its first rows.

use ::csv::ByteRecord;

use super::form::{Form, byte_of};
use super::lines::head_rows;
use super::number::Notations;
use super::plain::plain_number;
use super::preamble;
use super::spaces::Quotes;
use crate::project::{Delimiter, Rules};

/// Number of rows that determine the delimiter.
const DIVIDED_ROWS: usize = 50;
const CANDIDATES: [Delimiter; 4] = [Delimiter::Comma, Delimiter::Semicolon, Delimiter::Tab, Delimiter::Pipe];

/// Per thousand rows, those with the usual number of fields; per thousand fields, those that make
/// sense; and the fields per row. The larger, the likelier the delimiter.
type Score = (usize, usize, usize);

/// The candidate that splits most rows into the same number of fields, more than one; then the one
/// whose fields make more sense; then the one with more fields. Runs of spaces if no other sign
/// works. If none works, lines above the table may have hidden it.
pub(super) fn best(head: &[u8], cut: bool, comment: Option<u8>, rules: Rules) -> Delimiter {
    let rows = |delimiter| {
        let quotes = Quotes::find(head, byte_of(delimiter), rules);
        head_rows(head, cut, Form { delimiter, comment, quotes, ..Form::default() }, DIVIDED_ROWS)
    };
    let divides = |sign| rules == Rules::Current && divides(sign, &rows(sign), &rows(Delimiter::Spaces));
    let whole = best_delimiter(&|delimiter| score(&rows(delimiter), delimiter, rules), &divides, rules, 900);
    if rules == Rules::Version1 || whole.1.0 >= 900 {
        return whole.0;
    }
    let below = best_delimiter(&|delimiter| score_below(&rows(delimiter), delimiter), &divides, rules, 1);
    if below.1 > whole.1 { below.0 } else { whole.0 }
}

/// The delimiter with the best score; runs of spaces only if they split at least `least` of a
/// thousand rows, more evenly than any other candidate.
fn best_delimiter(
    score: &dyn Fn(Delimiter) -> Score,
    divides: &dyn Fn(Delimiter) -> bool,
    rules: Rules,
    rows: usize,
) -> (Delimiter, Score) {
    // The first of equals, so that a table with one column has commas.
    let mut best = (Delimiter::Comma, score(Delimiter::Comma));
    for delimiter in CANDIDATES {
        let score = score(delimiter);
        if score > best.1 {
            best = (delimiter, score);
        }
    }
    let is_poor = best.1.2 < 2 || (rules == Rules::Current && (best.1.0 < 900 || best.1.1 < 900));
    if is_poor {
        let spaces = score(Delimiter::Spaces);
        let is_valid = spaces.0 >= rows && (rules == Rules::Version1 || spaces.1 >= 900);
        let holds = || best.1.2 > 1 && best.1.0 >= spaces.0 && divides(best.0);
        if spaces > best.1 && is_valid && !holds() {
            return (Delimiter::Spaces, spaces);
        }
    }
    best
}

/// Whether a sign separates fields that runs of spaces would split, such as phone numbers: the
/// parts between signs are not numbers with a decimal comma. Tabs do not count against spaces, but
/// tables of numbers mix the two.
fn divides(sign: Delimiter, rows: &[ByteRecord], by_spaces: &[ByteRecord]) -> bool {
    if sign == Delimiter::Tab {
        let fields = || rows.iter().skip(1).flat_map(ByteRecord::iter);
        return sense(rows) > 500 && fields().any(|field| text_of(field).contains(char::is_alphabetic));
    }
    let joins = |field: &&[u8]| {
        let inner = field.trim_ascii();
        inner.get(1..inner.len().saturating_sub(1)).is_some_and(|inner| inner.contains(&byte_of(sign)))
            && Notations::of(text_of(field)).0.is_empty()
    };
    let fields = || by_spaces.iter().flat_map(ByteRecord::iter);
    10 * fields().filter(joins).count() > fields().count()
}

/// A field as text, empty for any other value.
fn text_of(field: &[u8]) -> &str {
    std::str::from_utf8(field).unwrap_or_default()
}

fn score(rows: &[ByteRecord], delimiter: Delimiter, rules: Rules) -> Score {
    let mut fields = rows.first().map_or(0, ByteRecord::len);
    let mut same = rows.iter().filter(|row| row.len() == fields).count();
    let others_have = |fields: usize| rows.len() > 1 && rows.iter().skip(1).all(|row| row.len() == fields);
    let width = rows.get(1).map_or(0, ByteRecord::len);
    let ends_empty = |row: &ByteRecord| row.iter().skip(width).all(|field| field.trim_ascii().is_empty());
    if fields > 1 && same == 1 {
        // A header without a name for the row names, or lines that end with a delimiter.
        let may_be_short = rules == Rules::Current || delimiter == Delimiter::Spaces;
        // A header that ends with delimiters.
        let may_be_long = rules == Rules::Current && width < fields && rows.first().is_some_and(ends_empty);
        if may_be_short && others_have(fields + 1) {
            (fields, same) = (fields + 1, rows.len());
        } else if may_be_long && others_have(width) {
            (fields, same) = (width, rows.len());
        }
    }
    let sense = match rules {
        Rules::Current => sense(rows),
        Rules::Version1 => 0,
    };
    if fields < 2 { (0, 0, 0) } else { (same * 1000 / rows.len(), sense, fields) }
}

/// The score of the rows below those that are not part of the table. Words of prose are not
/// columns.
fn score_below(rows: &[ByteRecord], delimiter: Delimiter) -> Score {
    let widths: Vec<usize> = rows.iter().map(ByteRecord::len).collect();
    let Some((columns, above)) = preamble::body(&widths) else { return (0, 0, 0) };
    let (all, rows) = (rows.len(), &rows[above..]);
    let is_number = |field: &&[u8]| {
        let text = std::str::from_utf8(field).map(str::trim);
        text.is_ok_and(|text| plain_number(text).is_some())
    };
    let fields = || rows.iter().flat_map(ByteRecord::iter);
    if delimiter == Delimiter::Spaces && 2 * fields().filter(is_number).count() < fields().count() {
        return (0, 0, 0);
    }
    let same = widths[above..].iter().filter(|width| **width == columns).count();
    (same * 1000 / all, sense(rows), columns)
}

/// How many of a thousand fields are not numbers or quoted texts that were split or joined by a
/// wrong delimiter.
fn sense(rows: &[ByteRecord]) -> usize {
    let fields = || rows.iter().flat_map(ByteRecord::iter);
    let is_run_together = |field: &[u8]| {
        let of_digits = field.windows(3).any(|three| {
            three[0].is_ascii_digit()
                && matches!(three[1], b';' | b',' | b'\t' | b'|' | b' ')
                && (three[2].is_ascii_digit() || matches!(three[2], b'-' | b' ' | b'.'))
        });
        let is_valid = |text: &str| !Notations::of(text).0.is_empty();
        of_digits
            && !text_of(field).contains(char::is_alphabetic)
            && !std::str::from_utf8(field).is_ok_and(|text| text.len() <= 64 && is_valid(text))
    };
    // A quoted text that was split.
    let is_cut = |field: &[u8]| field.split(|byte| *byte == b'"').count().is_multiple_of(2);
    let wrong = fields().filter(|field| is_run_together(field) || is_cut(field)).count();
    let count = fields().count().max(1);
    (count - wrong) * 1000 / count
}

/// The delimiter named by the first line: `sep=;`, as in Excel.
pub(super) fn named(head: &[u8]) -> Option<Delimiter> {
    let line = head.split(|byte| matches!(byte, b'\n' | b'\r')).next()?;
    let line = line.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(line);
    if line.len() != 5 || !line[..4].eq_ignore_ascii_case(b"sep=") {
        return None;
    }
    let all = [Delimiter::Comma, Delimiter::Semicolon, Delimiter::Tab, Delimiter::Pipe, Delimiter::Spaces];
    all.into_iter().find(|delimiter| byte_of(*delimiter) == line[4])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_are_detected_by_the_first_rows() {
        let check = |text: &str, rules: Rules, expected: Delimiter| {
            assert_eq!(best(text.as_bytes(), false, None, rules), expected, "{text:?}");
        };
        for rules in Rules::ALL {
            check("a,b\n1,2\n", rules, Delimiter::Comma);
            check("a;b\n1,5;2,5\n", rules, Delimiter::Semicolon);
            check("a\tb\nred wine\t3\n", rules, Delimiter::Tab);
            check("a|b,c\n1|2\n", rules, Delimiter::Pipe);
            check("1.5 2.5\n3.5  4.5\n", rules, Delimiter::Spaces);
            check("\"x\" \"y\"\n\"1\" 0.5 2\n\"2\" 1 3\n", rules, Delimiter::Spaces);
            check("some name\n1\n2\n", rules, Delimiter::Comma);
            check("5\n6\n", rules, Delimiter::Comma);
        }
        // Spaces in fields, and as many in the header.
        for (sign, delimiter) in [
            (",", Delimiter::Comma),
            (";", Delimiter::Semicolon),
            ("|", Delimiter::Pipe),
            ("\t", Delimiter::Tab),
        ] {
            let text = "first name;score;phone;city\nAnna;7;030 123456;Bonn\nBob;8;030 654321;Berlin\n";
            check(&text.replace(';', sign), Rules::Current, delimiter);
            let text = format!("Made by me\n\n{text}").replace(';', sign);
            check(&text, Rules::Current, delimiter);
        }
        check(
            "Код;Цена;В наличии\n01;3 123,45 руб.;да\n02;1 200,50 руб.;нет\n",
            Rules::Current,
            Delimiter::Semicolon,
        );
        // Numbers of a table aligned by spaces and tabs.
        check("18.0 8 307.0\t\"chevrolet\"\n15.0 8 350.0\t\"buick\"\n", Rules::Current, Delimiter::Spaces);
        check("1 2 3\t4\n5 6 7\t8\n", Rules::Current, Delimiter::Spaces);
        // Commas split these into more fields of equal number.
        check("1,5;2,5;3,5\n1,25;2,5;7,5\n", Rules::Current, Delimiter::Semicolon);
        check("  1,5   2,5\n 3,25  4,5\n", Rules::Current, Delimiter::Spaces);
    }

    #[test]
    fn lines_above_a_table_do_not_hide_its_delimiter() {
        let check = |text: &str, expected: Delimiter| {
            assert_eq!(best(text.as_bytes(), false, None, Rules::Current), expected, "{text:?}");
        };
        check("My table\n\na;b\n1,5;2,5\n3,5;4,5\n", Delimiter::Semicolon);
        check("Made by, me\non\nmonday\na\tb\tc\n1\t2\t3\n3\t4\t5\n", Delimiter::Tab);
        check("Run of today\n x  y\n 1  2\n 3  4\n 5  6\n", Delimiter::Spaces);
        check("a;b;\n1,5;2,5\n3,5;4,5\n", Delimiter::Semicolon);
        // Words of two parts are one column.
        check("city\nNew York\nLos Angeles\nSan Jose\n", Delimiter::Comma);
        check("name value\nfoo 1,5\nbar 2,5\n", Delimiter::Spaces);
        check("Name,City, ST,Val\np,\"Town, 0\",0\nq,\"Town, 1\",1\n", Delimiter::Comma);
    }
}
