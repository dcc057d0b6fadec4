//! Fields that are more than a number or a word: marks, units, durations, characters of other
//! encodings.

use super::kinds::{loaded, with};
use super::*;
use crate::dataset::{ColumnKind, csv};
use crate::project::{Choice, Take};

/// A table with a column and irregularly repeating numbers with decimal points.
fn column(name: &str, fields: &[&str]) -> Vec<u8> {
    let rows = (0..).zip(fields).map(|(at, field)| format!("{field};{}.5\n", at * 7 % 5));
    format!("{name};x\n{}", rows.collect::<String>()).into_bytes()
}

/// The numbers of the first column.
fn numbers(raw: &Raw) -> Vec<f32> {
    let Rows::F32(all) = &raw.rows else { panic!("not numbers") };
    all.iter().step_by(2).copied().collect()
}

/// The fixes of the doubts about a table whose message contains a text.
fn remedies(raw: &Raw, part: &str) -> Vec<Choice> {
    let found: Vec<_> = raw.doubts.iter().filter(|doubt| doubt.message.contains(part)).collect();
    assert!(!found.is_empty(), "{part}: {:?}", raw.doubts);
    found.iter().flat_map(|doubt| doubt.remedies.clone()).collect()
}

#[test]
fn marks_are_1_where_the_other_fields_are_empty() {
    for mark in ["x", "X", "1", "yes", "✓"] {
        let text = column("b", &[mark, "", mark, ""]);
        let raw = loaded(&text);
        assert_eq!(numbers(&raw), [1.0, 0.0, 1.0, 0.0], "{mark}");
        assert!(!raw.has_gaps && raw.overview[0].missing == 0);
        assert!(raw.notes.iter().any(|note| note.contains("an empty field is 0")), "{:?}", raw.notes);
        assert_eq!(raw.columns[0].kind, ColumnKind::Truth { words: [String::new(), mark.to_owned()] });
        // A trained run reads other tables in the same way, and words for missing values as such.
        let (_dir, path) = write(&column("b", &["", "NA", mark]));
        let reading = TableReading::default();
        let again = csv::load(&path, ReadOptions::of(&reading), &raw.columns, &Progress::default()).unwrap();
        let again = numbers(&again);
        assert!(again[0] == 0.0 && again[1].is_nan() && again[2] == 1.0, "{again:?}");
    }
    let old = with(&column("b", &["1", "", "1", ""]), &[], Rules::Version1, vec![]).unwrap();
    assert!(old.has_gaps, "an empty field was a missing number");
    // Any other word may be a value.
    let text = column("b", &["won", "", "won", ""]);
    let take = Choice::Column("b".to_owned(), Some(Take::Numbers));
    assert_eq!(remedies(&loaded(&text), "missing in 2").first(), Some(&take));
    assert_eq!(numbers(&with(&text, &[], Rules::Current, vec![take]).unwrap()), [1.0, 0.0, 1.0, 0.0]);
    remedies(&loaded(&column("b", &["5", "", "5", ""])), "it is constant");
}

#[test]
fn what_follows_all_numbers_is_understood() {
    let check = |fields: &[&str], values: &[f32], said: &str| {
        let raw = loaded(&column("n", fields));
        assert_eq!(numbers(&raw), values, "{fields:?}");
        assert!(raw.notes.iter().any(|note| note.contains(said)), "{:?}", raw.notes);
    };
    check(&["5.0 mg", "7.5 mg"], &[5.0, 7.5], "numbers in mg");
    check(&["-3 °C", "12°C"], &[-3.0, 12.0], "numbers in °C");
    check(&["109k", "1.2M", "950"], &[109_000.0, 1_200_000.0, 950.0], "thousands");
    check(&["1854.5-", "2.5"], &[-1854.5, 2.5], "5- is -5");
    let raw = loaded(&column("n", &["5 mg", "7 mg", "2 g", "3 mg"]));
    assert!(remedies(&raw, "different units, as in row 1 (\"5 mg\") and row 3 (\"2 g\")").is_empty());
    let text = column("n", &["5 mg", "7 mg", "n.d.", "3 mg"]);
    let missing = Choice::MissingWords(vec!["n.d.".to_owned()]);
    assert_eq!(remedies(&loaded(&text), "row 3 (\"n.d.\") is not a number"), std::slice::from_ref(&missing));
    let raw = with(&text, &[], Rules::Current, vec![missing]).unwrap();
    assert!(numbers(&raw)[2].is_nan() && numbers(&raw)[3] == 3.0, "{:?}", raw.rows);
}

#[test]
fn durations_times_and_months_are_read() {
    let check = |fields: &[&str], written: &str, values: &[f32]| {
        let raw = loaded(&column("t", fields));
        let ColumnKind::Dates { format, .. } = &raw.columns[0].kind else { panic!("{:?}", raw.columns) };
        assert_eq!((format.as_str(), numbers(&raw)), (written, values.to_vec()), "{fields:?}");
    };
    // Since the first of them, in seconds or days.
    check(&["27:19:44", "8:17:45"], "[h]:mm:ss", &[0.0, -68_519.0]);
    check(&["62:15", "49:54", "70:00"], "[m]:ss", &[0.0, -741.0, 465.0]);
    check(&["0930", "1015", "0800", "1400", "2359"], "%H%M", &[5400.0, 8100.0, 0.0, 21_600.0, 57_540.0]);
    check(&["31 janv. 2024", "1 févr. 2024"], "%d %b %Y", &[0.0, 1.0]);
    check(&["31. Januar 2024", "1. April 2024"], "%d %b %Y", &[0.0, 61.0]);
    // Results say that they are in UTC.
    let utc = ["2024-01-31T10:00:00+02:00", "2024-01-31T10:00:00Z"];
    check(&utc, "%Y-%m-%d %H:%M:%S%.fZ", &[0.0, 7200.0]);
    let trained = loaded(&column("t", &utc)).columns;
    let (_dir, path) = write(&column("t", &["2024-01-31T09:00:00Z"]));
    let reading = TableReading::default();
    let raw = csv::load(&path, ReadOptions::of(&reading), &trained, &Progress::default()).unwrap();
    assert_eq!(numbers(&raw), [3600.0]);
    // Four digits that are not times are codes.
    let raw = loaded(&column("t", &["0930", "1015", "0960", "1400", "2359"]));
    assert_eq!(raw.overview[0].content, "codes");
}

#[test]
fn words_for_yes_and_no_keep_their_capitals() {
    let raw = loaded(&column("b", &["TRUE", "FALSE", "TRUE"]));
    let words = ["FALSE", "TRUE"].map(str::to_owned);
    assert_eq!((numbers(&raw), &raw.columns[0].kind), (vec![1.0, 0.0, 1.0], &ColumnKind::Truth { words }));
}

#[test]
fn numbers_for_missing_values_are_found_with_decimal_commas() {
    let text = b"t;x\n20,5;1\n-999,9;2\n21;3\n-999,9;4\n22,5;9\n";
    let word = |word: &str| Choice::MissingWords(vec![word.to_owned()]);
    assert_eq!(remedies(&loaded(text), "\"t\" (-999,9, 2 times)"), [word("-999,9")]);
    for choice in [word("-999,9"), word("-999.9")] {
        let raw = with(text, &[], Rules::Current, vec![choice]).unwrap();
        assert_eq!(numbers(&raw).iter().filter(|value| value.is_nan()).count(), 2);
        assert!(raw.doubts.is_empty(), "{:?}", raw.doubts);
    }
    let raw = with(text, &[], Rules::Current, vec![word("-888")]).unwrap();
    assert!(
        raw.notes.iter().any(|note| note.contains("that do not occur in the table: \"-888\"")),
        "{:?}",
        raw.notes
    );
    let raw = loaded(&column("t", &["0.25", "99.99", "0.5", "0.75", "99.99", "0.125", "1"]));
    assert_eq!(remedies(&raw, "may mean missing"), [word("99.99")]);
    // A word for missing values applies to all columns.
    let raw = loaded(b"n;x\n0,5;0\n99,99;1\n0,25;2\n0,75;3\n99,99;4\n0,125;99,99\n1;7\n");
    assert!(remedies(&raw, "\"n\" (99,99, 2 times); 99,99 may be a value in other columns").is_empty());
    let raw = loaded(&column("t", &["189", "-32768", "700"]));
    assert_eq!(remedies(&raw, "(-32768, 1 time)"), [word("-32768")]);
}

#[test]
fn what_32_bits_cannot_hold_is_reported() {
    let raw = loaded(&column("t", &["1700268260322", "1700385310338", "1700301560525"]));
    assert!(
        raw.notes.iter().any(|note| note.contains("\"t\": 32-bit precision keeps its numbers to within 2"))
    );
}

#[test]
fn few_bytes_of_another_encoding_change_nothing_else() {
    let text = "city,x\nKöln,1.5\nK?ln,2.5\nZürich,3.5\nZürich,4.5\nKöln,5\nZürich,6\n";
    let bytes: Vec<u8> = text.bytes().map(|byte| if byte == b'?' { 0xF6 } else { byte }).collect();
    let raw = loaded(&bytes);
    assert_eq!(raw.feature_names, ["city = Köln", "city = Zürich", "x"]);
    let encoding = |name: &str| Choice::Encoding(Some(name.to_owned()));
    assert_eq!(
        remedies(&raw, "line 3, which are read as windows-1252 (\"Köln,2.5\")"),
        [encoding("windows-1252")]
    );
    // Kraków, Łódź
    let polish = b"miasto;x\nKrak\xf3w;1,5\n\xa3\xf3d\x9f;2,5\nKrak\xf3w;7,5\n\xa3\xf3d\x9f;2,25\n";
    let raw = with(polish, &[], Rules::Current, vec![encoding("windows-1250")]).unwrap();
    assert_eq!(raw.feature_names, ["miasto = Kraków", "miasto = Łódź", "x"]);
}
