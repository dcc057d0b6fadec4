//! Values of tables in various notations: codes, dates, words for missing values and numbers.

use super::kinds::{loaded, with};
use super::*;
use crate::dataset::{ColumnKind, csv};
use crate::project::{Choice, DateOrder, Take};

/// The fixes of the doubts about a table whose message contains a text.
fn remedies(raw: &Raw, part: &str) -> Vec<Choice> {
    let found = raw.doubts.iter().filter(|doubt| doubt.message.contains(part));
    found.flat_map(|doubt| doubt.remedies.clone()).collect()
}

/// A table with a column and an irregularly repeating number.
fn column(name: &str, fields: &[&str]) -> Vec<u8> {
    let rows = (0..).zip(fields).map(|(at, field)| format!("{field};{}.5\n", at * 7 % 5));
    format!("{name};x\n{}", rows.collect::<String>()).into_bytes()
}

#[test]
fn codes_keep_their_leading_zeros() {
    let zips = ["00501", "94110", "02139", "00501", "94110", "02139"];
    let raw = loaded(&column("zip", &zips));
    assert_eq!(raw.feature_names, ["zip = 00501", "zip = 02139", "zip = 94110", "x"]);
    assert!(raw.notes.iter().any(|note| note.contains("leading zeros")), "{:?}", raw.notes);
    assert_eq!(raw.overview[0].content, "codes");
    let numbers = Choice::Column("zip".to_owned(), Some(Take::Numbers));
    let raw = with(&column("zip", &zips), &[], Rules::Current, vec![numbers]).unwrap();
    assert_eq!((raw.feature_names.len(), raw.doubts.len()), (2, 0));
    let old = with(&column("zip", &zips), &[], Rules::Version1, vec![]).unwrap();
    assert_eq!(old.feature_names, ["zip", "x"]);
    let categories = Choice::Column("zip".to_owned(), Some(Take::Categories));
    assert!(remedies(&old, "leading zeros").contains(&categories), "{:?}", old.doubts);
    // Each occurs once: a label, with its text.
    let ids = ["00007", "00019", "00011", "00104"];
    let raw = loaded(&column("part", &ids));
    let texts: Vec<String> = (0..4).map(|row| raw.labels[0].text(row).into_owned()).collect();
    assert_eq!((texts, raw.feature_names), (ids.map(str::to_owned).to_vec(), vec!["x".to_owned()]));
    // Months may be numbers.
    let raw = loaded(&column("month", &["01", "12", "07", "01", "12", "07"]));
    assert!(raw.feature_names.len() == 2 && !remedies(&raw, "leading zeros").is_empty(), "{:?}", raw.doubts);
    // A table that writes all its numbers like that.
    let raw = loaded(b"a,b,c\n000,255,007\n128,001,090\n");
    assert_eq!(raw.rows, Rows::F32(vec![0.0, 255.0, 7.0, 128.0, 1.0, 90.0]));
    // No other feature.
    let raw = loaded(b"zip\n00501\n02139\n94110\n");
    assert_eq!(raw.rows, Rows::F32(vec![501.0, 2139.0, 94110.0]));
    assert!(!remedies(&raw, "leading zeros").is_empty(), "{:?}", raw.doubts);
    let excel = ["=\"00001\"", "=\"00002\"", "=\"12\"", "=\"7\""];
    let raw = loaded(&column("id", &excel));
    let texts: Vec<String> = (0..4).map(|row| raw.labels[0].text(row).into_owned()).collect();
    assert_eq!(texts, ["00001", "00002", "12", "7"]);
}

#[test]
fn dates_that_are_none_are_reported_with_the_reason() {
    let mut fields = vec!["2024-01-31"; 9];
    fields[3] = "unknown";
    let raw = loaded(&column("d", &fields));
    assert_eq!(
        remedies(&raw, "row 4 (\"unknown\")"),
        [Choice::MissingWords(vec!["unknown".to_owned()])],
        "{:?}",
        raw.doubts
    );
    let missing = Choice::MissingWords(vec!["unknown".to_owned()]);
    let raw = with(&column("d", &fields), &[], Rules::Current, vec![missing]).unwrap();
    assert!(matches!(raw.columns[0].kind, ColumnKind::Dates { .. }) && raw.has_gaps);
    let take = Choice::Column("d".to_owned(), Some(Take::Dates));
    let error = with(&column("d", &fields), &[], Rules::Current, vec![take]).unwrap_err().to_string();
    assert!(error.contains("row 4 (\"unknown\")") && error.contains("--missing-words unknown"), "{error}");
    // Skipped rows have numbers, too.
    let raw = loaded(b"d,x\n2024-01-01,1\n,\n2024-01-02,2\n,\n2024-01-03,2\nsoon,5\n2024-01-04,2\n");
    assert!(!remedies(&raw, "row 6 (\"soon\")").is_empty(), "{:?}", raw.doubts);
    let mixed = ["2024-01-31", "31.01.2024", "2024-01-31", "31.01.2024"];
    let raw = loaded(&column("d", &mixed));
    let said = raw
        .doubts
        .iter()
        .any(|doubt| doubt.message.contains("two ways, as in row 1 (\"2024-01-31\") and row 2"));
    assert!(said, "{:?}", raw.doubts);
}

#[test]
fn the_order_of_dates_is_detected_or_chosen() {
    let check = |fields: &[&str], order: DateOrder, format: &str, others: &[DateOrder]| {
        let raw = with(&column("d", fields), &[], Rules::Current, vec![Choice::DateOrder(order)]).unwrap();
        let ColumnKind::Dates { format: own, .. } = &raw.columns[0].kind else { panic!("{:?}", raw.columns) };
        let others: Vec<Choice> = others.iter().map(|order| Choice::DateOrder(*order)).collect();
        assert_eq!((own.as_str(), remedies(&raw, "are ambiguous")), (format, others), "{fields:?}");
    };
    let both = ["03/04/2024", "05/06/2024"];
    check(&both, DateOrder::Auto, "%d/%m/%Y", &[DateOrder::MonthFirst]);
    check(&both, DateOrder::MonthFirst, "%m/%d/%Y", &[]);
    check(&both, DateOrder::DayFirst, "%d/%m/%Y", &[]);
    check(&["31/12/2024", "03/04/2024"], DateOrder::MonthFirst, "%d/%m/%Y", &[]);
    check(&["31/12/99", "01/02/00"], DateOrder::Auto, "%d/%m/%y", &[]);
    check(&["12/31/99", "01/02/00"], DateOrder::Auto, "%m/%d/%y", &[]);
    // Another column of the table proves the order.
    let raw = loaded(b"d,e\n03/04/2024,12/31/2024\n05/06/2024,01/02/2024\n");
    let ColumnKind::Dates { format, .. } = &raw.columns[0].kind else { panic!("no readable dates") };
    assert_eq!((format.as_str(), raw.doubts.len()), ("%m/%d/%Y", 0), "{:?}", raw.doubts);
    let digits = column("d", &["20240331", "20240229", "20231201"]);
    let raw = loaded(&digits);
    let take = Choice::Column("d".to_owned(), Some(Take::Dates));
    assert_eq!(remedies(&raw, "are all dates"), std::slice::from_ref(&take), "{:?}", raw.doubts);
    let raw = with(&digits, &[], Rules::Current, vec![take]).unwrap();
    let Rows::F32(values) = &raw.rows else { panic!("not numbers") };
    // In days since the earliest.
    assert_eq!([values[0], values[2], values[4]], [121.0, 90.0, 0.0]);
}

#[test]
fn zones_are_reported() {
    let raw = loaded(&column("t", &["2024-01-31T10:00:00+02:00", "2024-01-31T10:00:00Z"]));
    let Rows::F32(values) = &raw.rows else { panic!("not numbers") };
    assert_eq!([values[0], values[2]], [0.0, 7200.0]);
    assert!(raw.notes.iter().any(|note| note.contains("results are in UTC")), "{:?}", raw.notes);
    let raw = loaded(&column("t", &["2024-01-31T10:00:00+02:00", "2024-01-31T10:00:00"]));
    assert!(!remedies(&raw, "as in row 2").is_empty(), "{:?}", raw.doubts);
}

#[test]
fn words_for_missing_values_are_those_of_the_table() {
    let countries = ["NA", "DE", "FR", "NA", "DE", "FR"];
    let raw = loaded(&column("country", &countries));
    let none = Choice::OnlyMissingWords(vec![]);
    assert_eq!(remedies(&raw, "NA means missing"), std::slice::from_ref(&none), "{:?}", raw.doubts);
    let raw = with(&column("country", &countries), &[], Rules::Current, vec![none]).unwrap();
    assert_eq!(raw.feature_names, ["country = DE", "country = FR", "country = NA", "x"]);
    assert!(!raw.has_gaps && raw.doubts.is_empty(), "{:?}", raw.doubts);
    // If an equal word marks missing numbers, it cannot be read as a value.
    let raw = loaded(b"c,n\nNA,1\nDE,NA\nFR,3\nDE,4\nFR,5\nFR,5\n");
    assert!(remedies(&raw, "means missing").is_empty(), "{:?}", raw.doubts);
    let said = raw.doubts.iter().any(|doubt| doubt.message.contains("it is missing in \"n\" too"));
    assert!(said, "{:?}", raw.doubts);
    let raw = loaded(b"c,n\n-,1\nx,?\ny,3\nx,4\ny,5\ny,5\n");
    assert_eq!(remedies(&raw, "- means missing"), [Choice::OnlyMissingWords(vec!["?".to_owned()])]);
    let raw = loaded(&column("t", &["20.5", "-999", "21", "22.5", "-999", "21.25"]));
    let sentinel = Choice::MissingWords(vec!["-999".to_owned()]);
    assert_eq!(remedies(&raw, "\"t\" (-999, 2 times)"), [sentinel], "{:?}", raw.doubts);
}

#[test]
fn numbers_are_reported_as_they_are_written() {
    let check = |fields: &[&str], values: &[f32], said: &str| {
        let raw = loaded(&column("n", fields));
        let Rows::F32(all) = &raw.rows else { panic!("not numbers") };
        assert_eq!(all.iter().step_by(2).copied().collect::<Vec<_>>(), values, "{fields:?}");
        assert!(raw.notes.iter().any(|note| note.contains(said)), "{:?}", raw.notes);
    };
    check(&["(1.5)", "2.5"], &[-1.5, 2.5], "(5) is -5");
    for (fields, part) in [(["5%", "0.05"], "percent sign"), (["$5", "€5"], "currencies, such as $ and €")]
    {
        let raw = loaded(&column("n", &fields));
        assert!(!remedies(&raw, part).is_empty(), "{:?}", raw.doubts);
    }
    let raw = loaded("a;b;c;d;e;f;g\n$5;$5;$5;$5;$5;$5;$5\n€7;€7;€7;€7;€7;€7;€7\n".as_bytes());
    let more = |doubt: &crate::dataset::Doubt| {
        doubt.message.contains("2 more columns") && doubt.message.contains("\"f\", \"g\"")
    };
    assert!(raw.doubts.len() == 6 && raw.doubts.last().is_some_and(more), "{:?}", raw.doubts);
    assert!(loaded(&column("n", &["$5", "-$7", "5 $"])).doubts.is_empty());
    let raw = loaded(b"n;x\n1'234,50;1,5\n12,25;2,5\n");
    assert_eq!(raw.rows, Rows::F32(vec![1234.5, 1.5, 12.25, 2.5]));
    assert!(raw.notes.iter().any(|note| note.contains("1'234,5")), "{:?}", raw.notes);
}

#[test]
fn missing_values_are_counted_as_cells_of_the_table() {
    let text = b"c,n\nred,1\n,2\nblue,3\nred,4\nblue,5\nblue,6\n";
    let data = load_whole(text, Missing::ColumnMean).unwrap();
    assert_eq!(data.warnings, ["1 missing value in 1 column was filled with the column mean"]);
}

#[test]
fn the_decimal_mark_is_that_of_the_run_where_both_fit() {
    let trained = loaded(b"a\tb\n1,5\t2\n2,25\t3\n");
    assert_eq!(trained.columns[0].kind, ColumnKind::CommaNumbers { base: 0.0 });
    let check = |text: &[u8], values: &[f32]| {
        let (_dir, path) = write(text);
        let options = ReadOptions {
            header: Header::Auto,
            delimiter: Delimiter::Auto,
            labels: &[],
            missing: Missing::default(),
            reading: &TableReading::default(),
            rules: Rules::Current,
        };
        let raw = csv::load(&path, options, &trained.columns, &Progress::default()).unwrap();
        assert_eq!(raw.rows, Rows::F32(values.to_vec()), "{}", String::from_utf8_lossy(text));
        assert_eq!(raw.columns, trained.columns);
    };
    check(b"a\tb\n1,234\t5\n", &[1.234, 5.0]);
    check(b"a,b\n\"1,234\",5\n", &[1.234, 5.0]);
    check(b"a\tb\n1.5\t5\n", &[1.5, 5.0]);
    check(b"a,b\n1.5,5\n", &[1.5, 5.0]);
}

#[test]
fn dates_that_are_written_otherwise_than_the_run_knows_are_doubted() {
    let check = |known: &[&str], new: &[&str], values: &[f32], is_doubted: bool| {
        let trained = loaded(&column("d", known));
        let (_dir, path) = write(&column("d", new));
        let options = ReadOptions {
            header: Header::Auto,
            delimiter: Delimiter::Auto,
            labels: &[],
            missing: Missing::default(),
            reading: &TableReading::default(),
            rules: Rules::Current,
        };
        let raw = csv::load(&path, options, &trained.columns, &Progress::default()).unwrap();
        let Rows::F32(all) = &raw.rows else { panic!("not numbers") };
        assert_eq!(all.iter().step_by(2).copied().collect::<Vec<_>>(), values, "{new:?}");
        assert_eq!(!remedies(&raw, "are ambiguous").is_empty(), is_doubted, "{:?}", raw.doubts);
    };
    check(&["01/31/2024", "02/01/2024"], &["02/01/2024"], &[1.0], false);
    check(&["2024-01-31", "2024-02-01"], &["02/01/2024"], &[-29.0], true);
    check(&["2024-01-31", "2024-02-01"], &["20240201"], &[1.0], false);
}

#[test]
fn each_column_of_a_run_keeps_its_decimal_mark() {
    let read = |text: &[u8], known: &[Column]| {
        let (_dir, path) = write(text);
        let reading = TableReading::default();
        csv::load(&path, ReadOptions::of(&reading), known, &Progress::default()).unwrap()
    };
    let points = loaded(b"x\ty\n0.125\t1.234\n2.5\t3.456\n").columns;
    // A column that the run does not know has no effect on its columns.
    let raw = read(b"x\ty\tnote\n1.234\t2.345\t3,5\n2.234\t4.345\t4,5\n", &points);
    assert_eq!(raw.rows, Rows::F32(vec![1.234, 2.345, 2.234, 4.345]));
    let both = loaded(b"a;b\n0,25;0.125\n1,25;1.125\n").columns;
    assert_eq!(
        [&both[0].kind, &both[1].kind],
        [&ColumnKind::CommaNumbers { base: 0.0 }, &ColumnKind::Numbers { base: 0.0 }]
    );
    assert_eq!(read(b"a;b\n3,25;1.125\n", &both).rows, Rows::F32(vec![3.25, 1.125]));
    let raw = read(b"a;b\n1;1.125\n2;2.125\n", &both);
    assert_eq!(raw.rows, Rows::F32(vec![1.0, 1.125, 2.0, 2.125]));
    assert!(
        raw.notes
            .iter()
            .any(|note| note.contains("the numbers of \"b\" could have")
                && note.contains("points, like those"))
    );
    // A table with another notation throughout.
    let raw = read(b"x\ty\n3,25\t1,234\n4,5\t2,345\n", &points);
    assert_eq!(raw.rows, Rows::F32(vec![3.25, 1.234, 4.5, 2.345]));
}

#[test]
fn what_is_no_feature_proves_no_decimal_mark() {
    let out = Choice::Column("note".to_owned(), Some(Take::LeftOut));
    let raw = with(b"x\tnote\n1.234\t3,5\n2.345\t4,5\n", &[], Rules::Current, vec![out]).unwrap();
    assert_eq!(raw.rows, Rows::F32(vec![1.234, 2.345]));
    let comma = Choice::Decimal(crate::project::Decimal::Comma);
    assert_eq!(remedies(&raw, "but could be either"), [comma], "{:?}", raw.doubts);
}

#[test]
fn an_odd_decimal_mark_is_named() {
    let fields: Vec<String> =
        (0..20).map(|at| if at == 7 { "1.5".to_owned() } else { format!("{},5", at * 7 % 20) }).collect();
    let text = column("a", &fields.iter().map(String::as_str).collect::<Vec<_>>());
    let text = String::from_utf8(text).unwrap().replace(".5\n", "\n");
    let error = read(text.as_bytes(), &[], Missing::ColumnMean).unwrap_err().to_string();
    assert!(error.contains("line 9, column \"a\"") && error.contains("--missing-words 1.5"), "{error}");
    let missing = Choice::MissingWords(vec!["1.5".to_owned()]);
    let raw = with(text.as_bytes(), &[], Rules::Current, vec![missing]).unwrap();
    let Rows::F32(values) = &raw.rows else { panic!("not numbers") };
    assert!(values[2] == 7.5 && values[14].is_nan() && raw.columns.len() == 2, "{values:?}");
}

#[test]
fn days_without_zeros_are_dates_where_the_column_says_so() {
    let days = ["1.5.86", "13.5.86", "2.6.87"];
    let raw = loaded(&column("Order date", &days));
    // 397 days after the first of May is the second of June of the next year.
    assert_eq!(raw.rows, Rows::F32(vec![0.0, 0.5, 12.0, 2.5, 397.0, 4.5]));
    assert_eq!(loaded(&column("version", &days)).feature_names, ["x"]);
    let months = loaded(&column("m", &["Mar-24", "Apr-24", "May-24"]));
    let dates = Choice::Column("m".to_owned(), Some(Take::Dates));
    assert_eq!(remedies(&months, "all months or quarters (or days without a year), such as Mar-24"), [dates]);
}

#[test]
fn years_of_two_digits_in_the_future_are_doubted_or_births() {
    let first_day = |raw: &Raw| {
        let ColumnKind::Dates { base, .. } = raw.columns[0].kind else { panic!("no readable dates") };
        let Rows::F32(values) = &raw.rows else { panic!("not numbers") };
        base + f64::from(values[0])
    };
    let choose = |name: &str, fields: &[&str], year: u16| {
        let choice = Choice::FirstYear(Some(year));
        with(&column(name, fields), &[], Rules::Current, vec![choice]).unwrap()
    };
    let old = ["01/02/68", "13/02/40", "05/06/55"];
    let raw = loaded(&column("due", &old));
    // 2068-02-01 and 1968-02-01 in days after 1970-01-01.
    assert_eq!(first_day(&raw), 35_825.0);
    let found = remedies(&raw, "two-digit years");
    let [Choice::FirstYear(Some(year)), keep] = &found[..] else { panic!("{:?}", raw.doubts) };
    assert_eq!(*keep, Choice::FirstYear(Some(1969)));
    let moved = choose("due", &old, *year);
    assert_eq!((first_day(&moved), moved.doubts.len()), (-700.0, 0));
    assert_eq!(choose("due", &old, 1969).doubts.len(), 0);
    let wrong = with(&column("due", &old), &[], Rules::Current, vec![Choice::FirstYear(Some(40))]);
    assert!(wrong.unwrap_err().to_string().contains("choose one from 1000 to 9900"));
    let births = loaded(&column("birth_date", &old));
    assert_eq!(first_day(&births), -700.0);
    assert_eq!(remedies(&births, "because the file was written in"), found);
    assert_eq!(choose("birth_date", &old, *year).doubts.len(), 0);
    // A run reads other tables like its own.
    let (_dir, path) = write(&column("birth_date", &["01/02/68", "13/02/69"]));
    let reading = TableReading::default();
    let raw = csv::load(&path, ReadOptions::of(&reading), &births.columns, &Progress::default()).unwrap();
    assert_eq!((first_day(&raw), raw.columns == births.columns), (-700.0, true));
    // So does an older run, which does not store the century.
    let mut before = births.columns;
    let ColumnKind::Dates { first_year, .. } = &mut before[0].kind else { panic!("no readable dates") };
    *first_year = None;
    let raw = csv::load(&path, ReadOptions::of(&reading), &before, &Progress::default()).unwrap();
    assert_eq!(first_day(&raw), 35_825.0);
    let raw = with(&column("birth_date", &old), &[], Rules::Version1, vec![]).unwrap();
    assert_eq!((first_day(&raw), remedies(&raw, "two-digit years").len()), (35_825.0, 0));
}

#[test]
fn months_are_dates_where_that_is_chosen() {
    let months = ["2024-03", "2024-01", "2023-12", "2024-02", "2023-11", "2024-03"];
    let found = loaded(&column("Month", &months));
    let dates = Choice::Column("Month".to_owned(), Some(Take::Dates));
    let offered = remedies(&found, "all months or quarters, such as 2024-03");
    assert_eq!(offered, std::slice::from_ref(&dates), "{:?}", found.doubts);
    let check = |fields: &[&str], format: &str, days: &[f32]| {
        let raw = with(&column("Month", fields), &[], Rules::Current, vec![dates.clone()]).unwrap();
        let ColumnKind::Dates { format: own, base, .. } = &raw.columns[0].kind else {
            panic!("no readable dates")
        };
        let Rows::F32(values) = &raw.rows else { panic!("not numbers") };
        let first: Vec<f32> = values.iter().step_by(2).map(|value| value + *base as f32).collect();
        assert_eq!((own.as_str(), &first[..]), (format, days), "{fields:?}");
        let first = f64::from(values[0]) + base;
        let written = fields[0].replace("March-", "Mar ").replace("-Q", "Q").replace('.', "/");
        assert_eq!(raw.columns[0].date(first), Some(written));
    };
    // 2024-03-01, 2024-01-01 and 2023-12-01.
    check(&months[..3], "%Y-%m", &[19_783.0, 19_723.0, 19_692.0]);
    check(&["March-2024", "Jan 2024"], "%b %Y", &[19_783.0, 19_723.0]);
    check(&["202403", "202312"], "%Y%m", &[19_783.0, 19_692.0]);
    let digits = ["202311", "202312", "202401", "202402", "202403", "202403"];
    assert_eq!(remedies(&loaded(&column("Month", &digits)), "are all dates"), std::slice::from_ref(&dates));
    check(&["2024-Q1", "Q4 2023"], "%YQ%q", &[19_723.0, 19_631.0]);
    check(&["03/2024", "12/2023"], "%m/%Y", &[19_783.0, 19_692.0]);
    check(&["03.2024", "12.2023"], "%m/%Y", &[19_783.0, 19_692.0]);
    let pointed = ["11.2023", "12.2023", "01.2024", "02.2024", "03.2024", "03.2024"];
    for (fields, part, expected) in [
        (&pointed[..], "are all dates, such as 01.2024, but read as numbers", Some(&dates)),
        (&["Jan-15", "Feb-15", "Mar-16", "Jan-16"], "(or days without a year), such as Jan-15", Some(&dates)),
        (&["15-Jan", "2-Feb", "15-Jan", "3-Mar"], "15-Jan may be a day or a year with its month", None),
    ] {
        let raw = loaded(&column("Month", fields));
        let found: Vec<_> = raw.doubts.iter().map(|doubt| (&doubt.message, doubt.remedies.first())).collect();
        assert!(found.len() == 1 && found[0].0.contains(part) && found[0].1 == expected, "{found:?}");
    }
    let prices = ["11.2023", "12.2023", "1.2024", "2.2024", "3.2204"];
    assert!(remedies(&loaded(&column("Price", &prices)), "dates").is_empty());
}

#[test]
fn dates_in_east_asian_signs_are_dates() {
    let raw = loaded(&column("日期", &["2024年3月1日", "2024年1月1日", "2023年12月1日", "2024年3月2日"]));
    let ColumnKind::Dates { format, base, .. } = &raw.columns[0].kind else { panic!("no readable dates") };
    let Rows::F32(values) = &raw.rows else { panic!("not numbers") };
    let days: Vec<f32> = values.iter().step_by(2).map(|value| value + *base as f32).collect();
    assert_eq!((format.as_str(), &days[..]), ("%Y-%m-%d", &[19_783.0, 19_723.0, 19_692.0, 19_784.0][..]));
    assert_eq!(raw.columns[0].date(19_783.0).as_deref(), Some("2024-03-01"));
}

#[test]
fn columns_that_count_are_offered_as_labels() {
    let steps = |first: i64, step: i64| {
        let rows = (0..12).map(|at| format!("{};{}.5\n", first + step * at, at * at % 7));
        loaded(format!("order;x\n{}", rows.collect::<String>()).as_bytes())
    };
    let label = Choice::Column("order".to_owned(), Some(Take::Label));
    for (first, step, part) in
        [(1000, 7, "counts up by 7"), (500, -3, "counts down by 3"), (41, 1, "up by 1")]
    {
        let raw = steps(first, step);
        assert!(raw.labels.is_empty() && remedies(&raw, part).contains(&label), "{:?}", raw.doubts);
    }
    assert!(steps(5, 0).doubts.is_empty());
}

#[test]
fn dates_and_numbers_for_missing_values_are_reported_once() {
    let fields = ["2023-01-02", "9999-12-31", "2023-03-04", "9999-12-31", "2023-05-06", "2023-06-01"];
    let raw = loaded(&column("until", &fields));
    let words = Choice::MissingWords(vec!["9999-12-31".to_owned()]);
    let offered = remedies(&raw, "dates far from all others");
    assert_eq!(offered, std::slice::from_ref(&words), "{:?}", raw.doubts);
    let raw = with(&column("until", &fields), &[], Rules::Current, vec![words]).unwrap();
    assert!(raw.has_gaps && raw.doubts.is_empty(), "{:?}", raw.doubts);
    let codes = loaded(&column("plate", &["1E5", "2E3", "1E5", "4E1"]));
    let categories = Choice::Column("plate".to_owned(), Some(Take::Categories));
    assert!(!remedies(&codes, "may be codes").contains(&categories), "three of four: {:?}", codes.doubts);
    assert!(!remedies(&codes, "1E5 as 100000").is_empty(), "{:?}", codes.doubts);
    assert!(loaded(&column("rate", &["1e-5", "2E3", "1e+5", "0.1"])).doubts.is_empty());
    // One number in two notations.
    let words = Choice::MissingWords(vec!["-999.0".to_owned(), "-999".to_owned()]);
    let raw = with(&column("n", &["1.5", "-999", "2.5"]), &[], Rules::Current, vec![words]).unwrap();
    assert!(!raw.notes.iter().any(|note| note.contains("that do not occur in the table")), "{:?}", raw.notes);
}

#[test]
fn units_are_kept_with_a_run_and_compared() {
    let rows = "1,2.5\n4,0.5\n3,9.5\n";
    let trained = loaded(format!("temp,dose (mg),p\n°C,,hPa\n{}", rows.replace('\n', ",7\n")).as_bytes());
    let units: Vec<Option<&str>> = trained.columns.iter().map(|column| column.unit.as_deref()).collect();
    assert_eq!(units, [Some("°C"), Some("mg"), Some("hPa")]);
    let names: Vec<String> = trained.columns.iter().map(Column::name_with_unit).collect();
    assert_eq!(names, ["temp (°C)", "dose (mg)", "p (hPa)"]);
    assert_eq!(trained.overview[0].content, "numbers, °C");
    let check = |header: &str, warning: &str, note: &str| {
        let (_dir, path) = write(format!("{header}{}", rows.replace('\n', ",7\n")).as_bytes());
        let reading = TableReading::default();
        let raw = csv::load(&path, ReadOptions::of(&reading), &trained.columns, &Progress::default());
        let raw = raw.unwrap_or_else(|error| panic!("{header}: {error}"));
        assert_eq!(raw.rows, trained.rows, "{header}");
        let (warnings, notes) = (raw.warnings.join("\n"), raw.notes.join("\n"));
        assert!(
            warnings.contains(warning) && warnings.is_empty() == warning.is_empty(),
            "{header}: {warnings}"
        );
        assert_eq!(notes.contains("does not name the units"), !note.is_empty(), "{header}: {notes}");
        assert!(notes.contains(note), "{header}: {notes}");
    };
    check("temp,dose (mg),p\n°C,,hPa\n", "", "");
    check("temp,dose (mg),p\n°F,,hPa\n", "\"temp\" was trained in °C, but this file has °F", "");
    check("temp,dose (mg),p\n", "", "\"temp (°C)\", \"p (hPa)\"");
    // As in files of reconstructions.
    check("temp (°C),dose (mg),p (hPa)\n", "", "");
    let (_dir, path) = write(b"temp (\xc2\xb0F),dose (mg),p (hPa)\n1,2,3\n4,5,7\n");
    let reading = TableReading::default();
    let error =
        csv::load(&path, ReadOptions::of(&reading), &trained.columns, &Progress::default()).unwrap_err();
    assert!(error.to_string().contains("\"temp\" was trained in °C, but this file has °F"), "{error}");
}
