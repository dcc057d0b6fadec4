//! Tables of all common kinds, each with the right values.

use super::*;
use crate::dataset::{ColumnKind, csv};
use crate::project::{Choice, Take};

/// Loads a table by the current rules.
pub(super) fn loaded(bytes: &[u8]) -> Raw {
    read(bytes, &[], Missing::ColumnMean).unwrap_or_else(|error| panic!("{error}"))
}

pub(super) fn with(
    bytes: &[u8],
    labels: &[&str],
    rules: Rules,
    choices: Vec<Choice>,
) -> Result<Raw, DataError> {
    let (_dir, path) = write(bytes);
    let source = Source::Csv {
        path: path.clone(),
        header: Header::Auto,
        delimiter: Delimiter::Auto,
        labels: labels.iter().map(ToString::to_string).collect(),
        missing: Missing::default(),
        reading: TableReading::default(),
    };
    let mut data = Data { source, rules, ..Data::default() };
    for choice in choices {
        assert!(choice.apply(&mut data));
    }
    let Source::Csv { header, delimiter, labels, missing, reading, .. } = &data.source else {
        panic!("no table")
    };
    let options =
        ReadOptions { header: *header, delimiter: *delimiter, labels, missing: *missing, reading, rules };
    csv::load(&path, options, &[], &Progress::default())
}

#[test]
fn tables_are_read_as_people_write_them() {
    let check = |bytes: &[u8], names: &[&str], values: &[f32], understood: &[&str]| {
        let raw = loaded(bytes);
        assert_eq!(raw.feature_names, names);
        assert_eq!(raw.rows, Rows::F32(values.to_vec()), "{}", String::from_utf8_lossy(bytes));
        for part in understood {
            assert!(raw.understood.iter().any(|own| own == part), "{:?} lacks {part}", raw.understood);
        }
    };
    let c = |number: usize| format!("column {number}");
    let (one, two) = (c(1), c(2));
    check(b"400.5,401.0,401.5\n1,2.5,7\n", &["400.5", "401.0", "401.5"], &[1.0, 2.5, 7.0], &["header: yes"]);
    check(b"a;b\n1,5;2\n", &["a", "b"], &[1.5, 2.0], &["delimiter: ;", "decimal: comma"]);
    check(
        b"1,5;2,5;8,5\n1,25;2,5;7\n",
        &[&one, &two, &c(3)],
        &[1.5, 2.5, 8.5, 1.25, 2.5, 7.0],
        &["header: no"],
    );
    check(b"1.5e0 2\n 3   4\n", &[&one, &two], &[1.5, 2.0, 3.0, 4.0], &["delimiter: spaces"]);
    check(
        b"# made by hand\n# t x\n1 2\n3 4\n",
        &["t", "x"],
        &[1.0, 2.0, 3.0, 4.0],
        &["header: in a comment", "1 comment line"],
    );
    check(
        b"# a b c\n1 2 3\n4 6 9\n",
        &["a", "b", "c"],
        &[1.0, 2.0, 3.0, 4.0, 6.0, 9.0],
        &["header: in a comment"],
    );
    // The sign may be a character of the name.
    for (text, names) in [
        ("# of rooms,price\n1,2\n3,4\n", ["# of rooms", "price"]),
        ("#n,price\n1,2\n3,4\n", ["#n", "price"]),
        ("%a,%b\n1,2\n3,4\n", ["%a", "%b"]),
        ("# a,b\n1,2\n3,4\n", ["a", "b"]),
        ("# by me\n#a,b\n1,2\n3,4\n", ["a", "b"]),
    ] {
        check(text.as_bytes(), &names, &[1.0, 2.0, 3.0, 4.0], &["header: in a comment"]);
        let labels = [names[0].to_owned()];
        assert_eq!(
            read(text.as_bytes(), &[&labels[0]], Missing::ColumnMean).unwrap().labels.len(),
            1,
            "{text}"
        );
    }
    check(b"# my data\nx y\n1 2\n3 4\n", &["x", "y"], &[1.0, 2.0, 3.0, 4.0], &["header: yes"]);
    check(
        b"#ff0000,1\n#00ff00,2\n#ff0000,3\n#00ff00,4\n",
        &["column 1 = #00ff00", "column 1 = #ff0000", &two],
        &[0.0, 1.0, 1.0, 1.0, 0.0, 2.0, 0.0, 1.0, 3.0, 1.0, 0.0, 4.0],
        &["header: no"],
    );
    check(b"sep=;\na;b\n1;2\n", &["a", "b"], &[1.0, 2.0], &["header: yes", "delimiter: ;"]);
    check(b"a,b\n\"1,234.5\",2\n", &["a", "b"], &[1234.5, 2.0], &[]);
    check(b"a;b\n1.234,5;12 %\n", &["a", "b"], &[1234.5, 12.0], &["decimal: comma"]);
    check(b"a,b\n$1.50,3\n-$2.25,4\n", &["a", "b"], &[1.5, 3.0, -2.25, 4.0], &[]);
    check(b"a,b\n1,True\n2,False\n", &["a", "b"], &[1.0, 1.0, 2.0, 0.0], &[]);
    check(b"a,b\n1,no\n2,yes\n", &["a", "b"], &[1.0, 0.0, 2.0, 1.0], &[]);
    check(b"a,d\n1,2024-01-31\n2,2024-02-02\n", &["a", "d"], &[1.0, 0.0, 2.0, 2.0], &[]);
    check(b"a,t\n1,2024-01-31 10:00\n2,2024-01-31 11:30\n", &["a", "t"], &[1.0, 0.0, 2.0, 5400.0], &[]);
    let cities = b"a,city\n1,Bonn\n2,Ulm\n3,Bonn\n4,Ulm\n";
    let one_hot = [1.0, 1.0, 0.0, 2.0, 0.0, 1.0, 3.0, 1.0, 0.0, 4.0, 0.0, 1.0];
    check(cities, &["a", "city = Bonn", "city = Ulm"], &one_hot, &[]);
    check(b"a,b,\n1,2,\n3,4,\n", &["a", "b"], &[1.0, 2.0, 3.0, 4.0], &["1 column left out"]);
    check(b"a,b\n1,2,\n3,4,\n", &["a", "b"], &[1.0, 2.0, 3.0, 4.0], &[]);
    check(b"x y\nr1 1 2\nr2 3 4\n", &["x", "y"], &[1.0, 2.0, 3.0, 4.0], &[]);
    check(b"gr\xF6\xDFe;b\n1;2\n", &["größe", "b"], &[1.0, 2.0], &["encoding: windows-1252 (a guess)"]);
    let utf16: Vec<u8> = "a\tb\n1\t2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    check(&utf16, &["a", "b"], &[1.0, 2.0], &["encoding: utf-16le (a guess)", "delimiter: tab"]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, b"a,b\n1,2\n").unwrap();
    let member = gzip.finish().unwrap();
    check(&member, &["a", "b"], &[1.0, 2.0], &[]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, b"3,4\n").unwrap();
    check(&[member, gzip.finish().unwrap()].concat(), &["a", "b"], &[1.0, 2.0, 3.0, 4.0], &[]);
    assert_eq!(loaded(cities).what, "4 rows × 2 columns as 3 features (a, city)");
    assert_eq!(loaded(b"a,b\n1,2\n").what, "1 row × 2 columns (a, b)");
}

#[test]
fn usual_words_for_missing_values_are_gaps() {
    for word in ["", "NA", "N/A", "#N/A", "NaN", "nan", "null", "NULL", "None", "-", "?"] {
        let raw = loaded(format!("a,b\n1,2\n{word},3\n4,5\n").as_bytes());
        let Rows::F32(values) = raw.rows else { panic!("not numbers") };
        assert!(raw.has_gaps && values[2].is_nan(), "{word}");
    }
    let words = Choice::MissingWords(vec!["-999".to_owned(), "broken".to_owned()]);
    let raw = with(b"a,b\n1,2\n-999,3\n4,broken\n", &[], Rules::Current, vec![words]).unwrap();
    let Rows::F32(values) = raw.rows else { panic!("not numbers") };
    assert!(values[2].is_nan() && values[5].is_nan());
}

#[test]
fn labels_come_out_exactly_as_they_went_in() {
    let check = |fields: &[&str]| {
        let rows: Vec<String> = (0..).zip(fields).map(|(at, field)| format!("{field},{at}.5\n")).collect();
        let raw = read(format!("id,x\n{}", rows.concat()).as_bytes(), &["id"], Missing::ColumnMean).unwrap();
        let texts: Vec<String> = (0..fields.len()).map(|row| raw.labels[0].text(row).into_owned()).collect();
        assert_eq!(texts, fields);
    };
    check(&["00007", "00008", "00009"]);
    check(&["1.50", "2.500", "1.5"]);
    check(&["a b", "A", "größe"]);
    check(&["NA", "-", "None", "", "?", "nan", "null"]);
    check(&[" red", "red", "red  ", "", "  ", "(none)"]);
    check(&["0.5", "NA", "1.50", "", " 7"]);
    check(&["1", "NA", "0", "?", ""]);
    let ids: Vec<String> = (0..60).map(|at| (9_007_199_254_700_000_u64 + 7 * at).to_string()).collect();
    check(&ids.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn numbers_far_from_zero_stay_apart() {
    let rows: Vec<String> = (0..60).map(|at| format!("{},{}.5\n", 1_700_000_000 + at, at)).collect();
    let text = format!("t,x\n{}", rows.concat());
    let raw = loaded(text.as_bytes());
    let ColumnKind::Numbers { base } = raw.columns[0].kind else { panic!("no numbers") };
    let Rows::F32(values) = &raw.rows else { panic!("not numbers") };
    for (row, pair) in values.chunks(2).enumerate() {
        assert_eq!(f64::from(pair[0]) + base, 1_700_000_000.0 + row as f64);
    }
    let old = with(text.as_bytes(), &[], Rules::Version1, vec![]).unwrap();
    assert_eq!(old.columns[0].kind, ColumnKind::Numbers { base: 0.0 });
    let doubt = old
        .doubts
        .iter()
        .find(|doubt| doubt.message.contains("cannot distinguish the values"))
        .expect("a doubt");
    assert_eq!(doubt.remedies, [Choice::Rules(Rules::Current)]);
    let wide = loaded(b"n,b\n20000001,0.5\n30000002,1.5\n");
    let ColumnKind::Numbers { base } = wide.columns[0].kind else { panic!("no numbers") };
    let Rows::F32(values) = &wide.rows else { panic!("not numbers") };
    assert_eq!([0, 2].map(|at| f64::from(values[at]) + base), [20_000_001.0, 30_000_002.0]);
    assert_eq!(loaded(b"year,b\n2019,0.5\n2020,1.5\n").columns[0].kind, ColumnKind::Numbers { base: 0.0 });
}

#[test]
fn designs_of_version_1_read_as_they_did() {
    let check = |text: &[u8], names: &[&str], values: &[f32]| {
        let raw = with(text, &[], Rules::Version1, vec![]).unwrap();
        assert_eq!(raw.feature_names, names);
        assert_eq!(raw.rows, Rows::F32(values.to_vec()));
    };
    check(b"400.5,401.0\n1,2\n", &["column 1", "column 2"], &[400.5, 401.0, 1.0, 2.0]);
    check(b"#a,b\n1,2\n", &["#a", "b"], &[1.0, 2.0]);
    check(b"a;b\n1.234;2.345\n", &["a", "b"], &[1.234, 2.345]);
    let raw = with(b"a,c\n1,-\n2,None\n3,-\n", &["c"], Rules::Version1, vec![]).unwrap();
    assert_eq!(raw.labels[0].values, classes(&["-", "None"], &[0, 1, 0]));
    let raw = with(b"a,b,\n1,2,\n3,4,\n", &[], Rules::Version1, vec![]).unwrap();
    assert_eq!(raw.feature_names, ["a", "b", "column 3"]);
}

#[test]
fn every_guess_can_be_overruled() {
    let check = |text: &[u8], choice: Choice, expected: &[f32]| {
        let raw = with(text, &[], Rules::Current, vec![choice.clone()]);
        let raw = raw.unwrap_or_else(|error| panic!("{choice:?}: {error}"));
        assert_eq!(raw.rows, Rows::F32(expected.to_vec()), "{choice:?}");
    };
    let column = |take| Choice::Column("b".to_owned(), Some(take));
    check(b"a,b\n1,x\n2,y\n", column(Take::Categories), &[1.0, 1.0, 0.0, 2.0, 0.0, 1.0]);
    check(b"a,b\n1,5\n2,6\n", column(Take::Categories), &[1.0, 1.0, 0.0, 2.0, 0.0, 1.0]);
    check(b"a,b\n1,5\n2,6\n", column(Take::LeftOut), &[1.0, 2.0]);
    check(b"a,b\n1,5\n2,6\n", column(Take::Label), &[1.0, 2.0]);
    check(b"1990,1991,1992\n1,2,9\n", Choice::Header(Header::No), &[1990.0, 1991.0, 1992.0, 1.0, 2.0, 9.0]);
    check(b"a;b\n1.234;2.345\n", Choice::Decimal(crate::project::Decimal::Point), &[1.234, 2.345]);
    check(b"a\tb\n1,234\t2\n", Choice::Decimal(crate::project::Decimal::Comma), &[1.234, 2.0]);
    check(b"a\tb\n1,234\t2\n", Choice::Decimal(crate::project::Decimal::Point), &[1234.0, 2.0]);
    check(
        b"a,b\n1,2\n%,\n3,4\n",
        Choice::Comments(crate::project::Comments::From('%')),
        &[1.0, 2.0, 3.0, 4.0],
    );
    let sign = Choice::Comments(crate::project::Comments::From('%'));
    check(b"sep=;\na;b\n1;2\n%c;d\n3;4\n", sign, &[1.0, 2.0, 3.0, 4.0]);
    let hours = Choice::Dates(crate::project::DateUnit::Hours);
    check(b"a,b\n1,2024-01-01 00:00\n2,2024-01-01 06:00\n", hours, &[1.0, 0.0, 2.0, 6.0]);
    let refused = |text: &[u8], choice: Choice, part: &str| {
        let error = with(text, &[], Rules::Current, vec![choice]).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    refused(b"a,b\n1,x\n", column(Take::Dates), "contains no readable dates");
    refused(b"a,b\n1,x\n2,3\n", column(Take::Numbers), "\"x\" is not a number");
    refused(b"a,b\n1,2\n", Choice::Encoding(Some("klingon".to_owned())), "no encoding \"klingon\"");
}

/// A table used with a run that knows these columns.
fn shown(text: &[u8], known: &[Column], labels: &[&str]) -> Result<Raw, DataError> {
    let (_dir, path) = write(text);
    let labels: Vec<String> = labels.iter().map(ToString::to_string).collect();
    let reading = TableReading::default();
    let (header, delimiter) = (Header::Yes, Delimiter::Comma);
    let options = ReadOptions { header, delimiter, labels: &labels, ..ReadOptions::of(&reading) };
    csv::load(&path, options, known, &Progress::default())
}

#[test]
fn a_trained_run_finds_its_columns_by_name() {
    let known = ["a", "b", "c"].map(Column::numbers);
    let check = |text: &[u8], values: &[f32], said: &[&str]| {
        let raw = shown(text, &known, &["kind"]).unwrap();
        assert_eq!(raw.rows, Rows::F32(values.to_vec()));
        assert_eq!(raw.feature_names, ["a", "b", "c"]);
        let all = [raw.notes, raw.warnings].concat().join("\n");
        for part in said {
            assert!(all.contains(part), "{all} lacks {part}");
        }
    };
    check(b"a,b,c,kind\n1,2,3,x\n", &[1.0, 2.0, 3.0], &[]);
    check(b"c,a,b\n3,1,2\n", &[1.0, 2.0, 3.0], &["this table does not have: \"kind\""]);
    check(b"extra,a,b,c\n0.5,1,2,3\n", &[1.0, 2.0, 3.0], &["left out: \"extra\""]);
    check(
        b"id,a,b,c\n7,1,2,3\n9,4,5,6\n2,7,8,9\n",
        &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
        &["labels: \"id\""],
    );
    check(b"1,2,3\n4,5,6\n", &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &["by position"]);
    check(b"a;c;b\n1,5;3;2\n", &[1.5, 2.0, 3.0], &[]);
    for (text, parts) in [
        (&b"b,c,d\n1,2,3\n"[..], ["missing: \"a\"", "unknown columns: \"d\""]),
        (b"a,c\n1,2\n", ["missing: \"b\"", "trained on"]),
        (b"1,2\n3,4\n", ["2 columns", "trained on 3"]),
        // The label may be any of them.
        (b"0,1,2,3\n1,4,5,6\n", ["4 columns", "add a header"]),
    ] {
        let error = shown(text, &known, &[]).unwrap_err().to_string();
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
    }
    let choice = crate::project::ColumnChoice { name: "a".to_owned(), take: Take::Label };
    let reading = TableReading { columns: vec![choice], ..TableReading::default() };
    let (_dir, path) = write(b"a,b,c\n1,2,3\n");
    let options = ReadOptions::of(&reading);
    let (_dir, stepped) = write(b"1,2,3\n0.5,2.5,9\n");
    let raw = csv::load(&stepped, options, &known, &Progress::default()).unwrap();
    assert_eq!(raw.rows, Rows::F32(vec![1.0, 2.0, 3.0, 0.5, 2.5, 9.0]));
    let raw = csv::load(&path, options, &known, &Progress::default()).unwrap();
    assert!(
        raw.warnings.iter().any(|warning| warning.contains("choice made for it is ignored")),
        "{:?}",
        raw.warnings
    );
    let made_up = ["column 1", "column 3"].map(Column::numbers);
    let raw = shown(b"a,kind,b\n1,2,3\n4,5,6\n", &made_up, &[]).unwrap();
    assert_eq!(raw.rows, Rows::F32(vec![1.0, 3.0, 4.0, 6.0]));
    let kind = ColumnKind::Dates {
        format: "%d/%m/%Y".to_owned(),
        unit: crate::project::DateUnit::Days,
        base: 19_723.0,
        first_year: None,
    };
    let dates = [Column { name: "d".into(), kind, unit: None }];
    let read = |text: &[u8]| shown(text, &dates, &[]).unwrap().rows;
    assert_eq!(read(b"d\n02/01/2024\n03/01/2024\n"), Rows::F32(vec![1.0, 2.0]));
    // The second date shows that the month comes first in both.
    assert_eq!(read(b"d\n01/02/2024\n01/31/2024\n"), Rows::F32(vec![1.0, 30.0]));
    let unit = crate::project::DateUnit::Seconds;
    let kind = ColumnKind::Dates { format: "%H:%M".to_owned(), unit, base: 0.0, first_year: None };
    let clock = [Column { name: "d".into(), kind, unit: None }];
    assert_eq!(shown(b"d\n00:10\n01:00\n", &clock, &[]).unwrap().rows, Rows::F32(vec![600.0, 3600.0]));
    // Not a time of day, but minutes and seconds.
    assert!(shown(b"d\n10:30\n27:19\n", &clock, &[]).is_err());
    let words = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    let known = [
        Column { name: "t".into(), kind: ColumnKind::Numbers { base: 1e9 }, unit: None },
        Column {
            name: "city".into(),
            kind: ColumnKind::Categories { words: words(&["Bonn", "Ulm"]) },
            unit: None,
        },
        Column {
            name: "ok".into(),
            kind: ColumnKind::Truth { words: ["no".into(), "yes".into()] },
            unit: None,
        },
    ];
    let raw = shown(b"ok,city,t\nYes,Ulm,1000000001\nno,Rom,\n", &known, &[]).unwrap();
    let Rows::F32(values) = &raw.rows else { panic!("not numbers") };
    assert_eq!(values[..4], [1.0, 0.0, 1.0, 1.0]);
    assert!(values[4].is_nan() && values[5..] == [0.0, 0.0, 0.0]);
    assert!(
        raw.warnings[0].contains("\"city\" has words the run was not trained on")
            && raw.warnings[0].contains("\"Rom\"")
    );
}

#[test]
fn comments_that_look_like_rows_are_doubted() {
    let doubts = loaded(b"#ff0000,1\nred,2\nred,3\nblue,2\nblue,1\n").doubts;
    let remedy = Choice::Comments(crate::project::Comments::Off);
    assert!(doubts.iter().any(|doubt| doubt.remedies.contains(&remedy)), "{doubts:?}");
}

#[test]
fn dropped_rows_leave_their_numbers() {
    let raw = read(b"a,b\n1,2\n,2\n3,4\n?,1\n5,6\n", &[], Missing::DropRow).unwrap();
    assert_eq!((raw.source_rows.clone(), raw.rows.len()), (vec![1, 3, 5], 6));
    assert!(read(b"a\n1\n2\n", &[], Missing::DropRow).unwrap().source_rows.is_empty());
}

#[test]
fn the_overview_of_columns_shows_what_was_found() {
    let raw = loaded(b"n,w,d,e\n1.5,x,2024-01-01,\n,y,2024-01-03,\n3.5,x,2024-01-02,\n2.5,y,2024-01-02,\n");
    let told: Vec<_> =
        raw.overview.iter().map(|c| (c.name.as_str(), c.content.as_str(), c.missing)).collect();
    assert_eq!(
        told,
        [("n", "numbers", 1), ("w", "2 words", 0), ("d", "dates, %Y-%m-%d", 0), ("e", "nothing", 4)]
    );
    assert_eq!(raw.overview[0].range, Some((1.5, 3.5)));
    assert_eq!(raw.overview[0].histogram.iter().sum::<u32>(), 3);
    assert_eq!((raw.overview[1].histogram.clone(), raw.overview[1].distinct), (vec![2, 2], Some(2)));
    assert_eq!(raw.overview[2].range, Some((19_723.0, 19_725.0)));
}

#[test]
fn what_is_no_table_is_refused_by_its_content() {
    let check = |bytes: &[u8], part: &str| {
        let error = read(bytes, &[], Missing::ColumnMean).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    check(b"PAR1\x15\x04", "read_parquet");
    check(b"ARROW1\0\0", "read_feather");
    check(b"\x89HDF\r\n\x1a\n", "is an HDF5 file");
    check(b"%PDF-1.7\n", "is a PDF");
    assert_eq!(loaded(b"PAR1,PAR2\n1,2\n").feature_names, ["PAR1", "PAR2"]);
    check(b"a,b\n1,\0\0\n", "zero bytes");
    check(b"PK\x03\x04 and no more", "spreadsheet");
    check(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "spreadsheet");
    check(b"\x1f\x8b\x08\0 and no more", "gzip");
}

#[test]
fn spreadsheets_are_read_whatever_they_are_called() {
    let sheet = |cells: &str| workbook(&[("empty", ""), ("data", cells)]);
    let text = |at: &str, text: &str| format!(r#"<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>"#);
    let number = |at: &str, value: &str| format!(r#"<c r="{at}"><v>{value}</v></c>"#);
    let row = |number: u32, cells: &[String]| format!(r#"<row r="{number}">{}</row>"#, cells.concat());
    let good = sheet(
        &[
            row(2, &[text("B2", "id"), text("C2", "x, y"), text("D2", "z")]),
            row(3, &[text("B3", "007"), number("C3", "1.5"), number("D3", "9007199254740991")]),
            row(4, &[text("B4", "008"), number("D4", "9007199254740990")]),
        ]
        .concat(),
    );
    let raw = read(&good, &["id"], Missing::ColumnMean).unwrap();
    assert_eq!(raw.feature_names, ["x, y", "z"]);
    assert_eq!((raw.labels[0].text(0), raw.labels[0].text(1)), ("007".into(), "008".into()));
    let ColumnKind::Numbers { base } = raw.columns[1].kind else { panic!("no numbers") };
    let Rows::F32(values) = &raw.rows else { panic!("not numbers") };
    assert_eq!((values[0], f64::from(values[1]) + base), (1.5, 9_007_199_254_740_991.0));
    assert!(
        values[2].is_nan() && raw.understood.contains(&"sheet \"data\" of 2 (others: \"empty\")".to_owned()),
        "{:?}",
        raw.understood
    );
    let word = sheet(
        &[row(1, &[text("A1", "a")]), row(2, &[number("A2", "1")]), row(3, &[text("A3", "red")])].concat(),
    );
    let error = read(&word, &[], Missing::ColumnMean).unwrap_err().to_string();
    assert!(error.contains("row 3, column \"a\": \"red\" is not a number"), "{error}");
    // Cells at the far end of a sheet need no memory for those in between, and empty rows and
    // columns without a name are ignored.
    let far = sheet(&[row(1, &[number("A1", "1")]), row(1_048_576, &[number("XFD1048576", "2")])].concat());
    let far = read(&far, &[], Missing::ColumnMean).unwrap();
    assert_eq!((far.rows.len(), far.shape.features()), (4, 2));
    let none = read(&sheet(""), &[], Missing::ColumnMean).unwrap_err().to_string();
    assert!(none.contains("no sheet with cells"), "{none}");
}
