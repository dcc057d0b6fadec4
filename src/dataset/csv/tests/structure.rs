//! Parts around the rows of a table: titles, headers, units, second tables, empty rows.

use super::kinds::{loaded, with};
use super::*;
use crate::project::{Choice, Comments, Take};

/// Checks names and values of the features, and parts of the notes.
fn check(text: &str, names: &[&str], values: &[f32], notes: &[&str]) {
    let raw = loaded(text.as_bytes());
    assert_eq!(raw.feature_names, names, "{text:?}");
    assert_eq!(raw.rows, Rows::F32(values.to_vec()), "{text:?}");
    for part in notes {
        assert!(raw.notes.iter().any(|note| note.contains(part)), "{text:?}: {:?} lacks {part}", raw.notes);
    }
    assert_eq!(raw.doubts, [], "{text:?}");
}

/// Checks that a doubt contains this text and this fix.
fn check_doubt(text: &str, part: &str, remedy: &Choice) {
    let doubts = loaded(text.as_bytes()).doubts;
    let is_it =
        |doubt: &crate::dataset::Doubt| doubt.message.contains(part) && doubt.remedies.contains(remedy);
    assert!(doubts.iter().any(is_it), "{text:?}: {doubts:?} lacks {part}");
}

const ABC: [f32; 9] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 1.0];
const ROWS: &str = "1,2,3\n4,5,6\n7,8,1\n";

#[test]
fn years_are_names_whatever_is_below_() {
    let wide = "Country,2000,2005,2011\nFrance,5.5,6.1,7\nChad,1.5,2.5,3.1\nPeru,3.1,4.5,1.2\nMali,5,1.1,9\n";
    let raw = loaded(wide.as_bytes());
    assert_eq!(raw.rows.len(), 12);
    assert_eq!(raw.labels.len(), 1);
    assert_eq!((raw.labels[0].name.as_str(), raw.doubts.len()), ("Country", 0));
    assert_eq!(raw.feature_names, ["2000", "2005", "2011"]);
    check(
        "2000,2005,2011\n5500,6100,700\n1500,2500,310\n",
        &["2000", "2005", "2011"],
        &[5500.0, 6100.0, 700.0, 1500.0, 2500.0, 310.0],
        &[],
    );
    let doses = "dose,-9000,10000,50000\na,5500,6100,700\nb,1500,2500,310\nc,3100,4500,1200\nd,5,1900,9\n";
    check_doubt(doses, "in order that are unlike those below", &Choice::Header(Header::No));
}

#[test]
fn lines_above_the_header_are_skipped() {
    let abc = ["a", "b", "c"];
    check(&format!("My measurements\n\na,b,c\n{ROWS}"), &abc, &ABC, &["2 lines above the table skipped"]);
    check(&format!("Exported on 2024-01-02\nby,me\na,b,c\n{ROWS}"), &abc, &ABC, &["\"by\""]);
    check(&format!("Title,,\n,,\na,b,c\n{ROWS}"), &abc, &ABC, &["2 lines", "--skip-lines 0"]);
    check(&format!("sep=,\nTitle,,\na,b,c\n{ROWS}"), &abc, &ABC, &["1 line above", "--skip-lines 1"]);
    let raw = loaded(format!("Title\na,b,c\n{ROWS}Source: me\n").as_bytes());
    assert!(!raw.notes.iter().any(|note| note.contains("--skip-")), "{:?}", raw.notes);
    check(&format!("A title\n{ROWS}"), &["column 1", "column 2", "column 3"], &ABC, &["1 line above"]);
    let semicolons = "Export of today\n\na;b\n1,5;2,5\n3,5;4,5\n7,5;8,5\n";
    check(semicolons, &["a", "b"], &[1.5, 2.5, 3.5, 4.5, 7.5, 8.5], &["2 lines above"]);
    check("Run 5 of today\n x  y\n 1  2.5\n 3  4.5\n", &["x", "y"], &[1.0, 2.5, 3.0, 4.5], &["1 line above"]);
    let facts = "Device: X1\nDate,2024-01-02\nOperator,Bob\n\nt,x\n0,1.5\n1,2.5\n2,1.5\n3,9.5\n";
    check(facts, &["t", "x"], &[0.0, 1.5, 1.0, 2.5, 2.0, 1.5, 3.0, 9.5], &["4 lines above"]);
    // A missing name is not a title, and a text without information is refused with the option.
    check("a,,c\n1,2,3\n4,5,6\n", &["a", "column 2", "c"], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[]);
    let error = read(b"a,b\n1,2,3,4\n5,6,7,8\n", &[], Missing::ColumnMean).unwrap_err().to_string();
    assert!(error.contains("line 2: the row has 4 fields") && error.contains("--skip-lines 1"), "{error}");
    // Errors count skipped lines.
    let error = read(format!("My title\n\na,b,c\n{ROWS}x,1,2\n").as_bytes(), &[], Missing::ColumnMean);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("line 7, column \"a\": \"x\" is not a number"), "{error}");
}

#[test]
fn skipped_lines_and_rows_can_be_chosen() {
    let read = |text: &str, choice: Choice| {
        let raw = with(text.as_bytes(), &[], Rules::Current, vec![choice.clone()]);
        raw.unwrap_or_else(|error| panic!("{choice:?}: {error}"))
    };
    let raw = read("a,b\nc,d\n1,2\n3,4\n", Choice::SkipLines(Some(1)));
    assert_eq!(
        (raw.feature_names, raw.rows),
        (vec!["c".into(), "d".into()], Rows::F32(vec![1.0, 2.0, 3.0, 4.0]))
    );
    let raw = read("a,b\n1,2\n3,4\n4,6\n", Choice::SkipFooter(Some(1)));
    assert_eq!(raw.rows, Rows::F32(vec![1.0, 2.0, 3.0, 4.0]));
    let total = "name,b\nx,2\ny,5\nx,8\ny,8\nTotal,23\n";
    let raw = read(total, Choice::SkipFooter(Some(0)));
    assert_eq!((raw.rows, raw.doubts), (Rows::F32(vec![2.0, 5.0, 8.0, 8.0, 23.0]), vec![]));
    let error = with(b"a,b\n1,2\n", &[], Rules::Current, vec![Choice::SkipLines(Some(9))]).unwrap_err();
    assert!(error.to_string().contains("nothing is left after the first 9 lines"), "{error}");
    let error = with(b"a,b\n1,2\n", &[], Rules::Current, vec![Choice::SkipFooter(Some(9))]).unwrap_err();
    assert!(error.to_string().contains("no rows"), "{error}");
}

#[test]
fn units_below_the_header_are_no_row() {
    check(&format!("a,b,c\nmm,kg,s\n{ROWS}"), &["a", "b", "c"], &ABC, &["units", "\"mm\", \"kg\", \"s\""]);
    check(&format!("a,b,c\n,,\nmm,kg,s\n{ROWS}"), &["a", "b", "c"], &ABC, &["units"]);
    check(&format!("a,b,c\n# a note\nmm,kg,s\n{ROWS}"), &["a", "b", "c"], &ABC, &["units"]);
    // Words that usually mean no value are data, which are refused as such and can be read as
    // missing.
    let results = format!("a,b,c\nND,ND,blank\n{ROWS}");
    let error = read(results.as_bytes(), &[], Missing::ColumnMean).unwrap_err().to_string();
    assert!(error.contains("line 2, column \"a\": \"ND\" is not a number"), "{error}");
    let words = Choice::MissingWords(vec!["ND".to_owned(), "blank".to_owned()]);
    let raw = with(results.as_bytes(), &[], Rules::Current, vec![words]).unwrap();
    assert!(raw.has_gaps && raw.rows.len() == ABC.len() + 3, "{:?}", raw.notes);
    // Other words may be data, too.
    let odd = format!("a,b,c\nfoo,qux,baz\n{ROWS}");
    check_doubt(&odd, "read as units", &Choice::Header(Header::OneRow));
    let one_row = vec![
        Choice::Header(Header::OneRow),
        Choice::MissingWords(["foo", "qux", "baz"].map(str::to_owned).to_vec()),
    ];
    let raw = with(odd.as_bytes(), &[], Rules::Current, one_row).unwrap();
    assert!(raw.has_gaps && raw.rows.len() == ABC.len() + 3 && raw.feature_names == ["a", "b", "c"]);
    // A word in only one column is an error, which names it.
    let error = read(b"a,b\noops,1\n2,3\n4,5\n", &[], Missing::ColumnMean).unwrap_err().to_string();
    assert!(error.contains("line 2, column \"a\": \"oops\" is not a number"), "{error}");
}

#[test]
fn rows_below_the_table_are_left_out_or_doubted() {
    let (abc, table) = (["a", "b", "c"], format!("a,b,c\n{ROWS}"));
    check(
        &format!("{table}Total,15,10\n"),
        &abc,
        &ABC,
        &["1 row below the table is skipped", "line 5", "Total"],
    );
    check(&format!("{table}Source: me\n"), &abc, &ABC, &["line 5"]);
    check(&format!("{table}Source: me,,\n"), &abc, &ABC, &["line 5", "--skip-footer 0"]);
    check(&format!("{table},,\nTotal,15,10\n\"Source: me\",,\n"), &abc, &ABC, &["2 rows below the table"]);
    let named = |last: &str| format!("name,b,c\nx,2,3\ny,5,6\nx,8,9\ny,8,7\n{last}\n");
    // A sum, proven by the numbers.
    let raw = loaded(named("Total,23,25").as_bytes());
    assert_eq!((raw.rows.len(), raw.doubts.len()), (4 * 4, 0));
    let footer = Choice::SkipFooter(Some(1));
    check_doubt(&named("Total,7,9"), "the sum of the others (line 6: \"Total\"", &footer);
    check_doubt(&named("See below,,"), "like a remark", &footer);
    // Within the table, such a row is data without values.
    let skip = Choice::SkipRows("5".parse().ok());
    check_doubt(&named("z,,\nx,2,3"), "1 row has no value in any feature except words (5)", &skip);
    for (end, part) in [("7\n", "line 5: the row has 1 field"), ("4,5\n", "line 5: the row has 2 fields")] {
        let error =
            read(format!("{table}{end}").as_bytes(), &[], Missing::ColumnMean).unwrap_err().to_string();
        assert!(error.contains(part) && error.contains("--skip-footer 1"), "{error}");
        assert!(error.ends_with("skip this row (--skip-rows 4)"), "{error}");
    }
    let above = "x,y\n1,2\n3,4\n5,6\na,b,c\n1,2,3\n4,5,6\n7,8,1\n2,2,2\n5,1,1\n9,1,2\n4,4,4\n";
    let doubt =
        "4 lines above the table skipped (\"x\", \"y\", \"1\" …), although they contain rows of numbers";
    check_doubt(above, doubt, &Choice::SkipLines(Some(0)));
    let error = read(format!("a,b,c\nnote\n{ROWS}").as_bytes(), &[], Missing::ColumnMean).unwrap_err();
    assert!(error.to_string().contains("line 2: the row has 1 field"), "{error}");
}

#[test]
fn empty_rows_are_left_out_and_leave_their_numbers() {
    let text = b"a,b\n1,2\n,\n3,4\n , \n5,6\n";
    let raw = loaded(text);
    assert_eq!(raw.rows, Rows::F32(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
    assert_eq!((raw.source_rows, raw.has_gaps), (vec![1, 3, 5], false));
    assert!(raw.notes.iter().any(|note| note.contains("2 rows without values are skipped")));
    let old = with(text, &[], Rules::Version1, vec![]).unwrap();
    assert!(old.rows.len() == 10 && old.has_gaps && old.source_rows.is_empty());
}

#[test]
fn drawn_lines_and_repeated_headers_are_no_rows() {
    let values = [1.0, 2.5, 3.0, 4.5];
    check(" n | x\n---+----\n 1 | 2.5\n 3 | 4.5\n(2 rows)\n", &["n", "x"], &values, &["(2 rows)"]);
    check(
        "| a | b |\n|---|---|\n| 1 | 2.5 |\n| 3 | 4.5 |\n",
        &["a", "b"],
        &values,
        &["1 row without values"],
    );
    let box_drawn = "+---+---+\n| a | b |\n+---+---+\n| 1 | 2.5 |\n| 3 | 4.5 |\n+---+---+\n";
    check(box_drawn, &["a", "b"], &values, &["1 line above the table"]);
    check("a,b\n1,2.5\na,b\n3,4.5\n", &["a", "b"], &values, &["1 row with the names of the header"]);
    let joined = "a,b\n1,2.5\n2,3.5\n5,1.5\na,b\n3,4.5\n";
    check(joined, &["a", "b"], &[1.0, 2.5, 2.0, 3.5, 5.0, 1.5, 3.0, 4.5], &["1 row with the names"]);
    check("a,a\n1,2.5\na,a\n3,4.5\n", &["a", "a (2)"], &values, &["1 row with the names of the header"]);
    check("a,\n1,2.5\na,\n3,4.5\n", &["a", "column 2"], &values, &["1 row with the names of the header"]);
}

#[test]
fn quotes_after_spaces_are_quotes() {
    let text = "kind, \"x\", \"y, in mm\"\n\"a, b\", \"1.5\", 2\n\"c, d\",  \"2.5\", 3\n";
    let raw = read(text.as_bytes(), &["kind"], Missing::ColumnMean).unwrap();
    assert_eq!(
        (raw.feature_names, raw.rows),
        (vec!["x".into(), "y, in mm".into()], Rows::F32(vec![1.5, 2.0, 2.5, 3.0]))
    );
    assert_eq!((raw.labels[0].text(0), raw.labels[0].text(1)), ("a, b".into(), "c, d".into()));
}

#[test]
fn delimiters_at_the_end_of_lines_are_no_columns() {
    let abc = ["a", "b", "c"];
    check(&format!("a,b,c,\n{ROWS}"), &abc, &ABC, &["the header ends with a delimiter"]);
    check(&format!("a,b,c,,,\n{ROWS}"), &abc, &ABC, &["the header ends with a delimiter"]);
    check("a,b,,\n1,2,,\n3,4,,\n", &["a", "b"], &[1.0, 2.0, 3.0, 4.0], &["without a name"]);
    check("a,b,c\n1,2,3,\n4,5,6,\n7,8,1,,\n", &abc, &ABC, &["3 rows end with a delimiter"]);
    check("a;b;\n1,5;2\n3,5;4\n", &["a", "b"], &[1.5, 2.0, 3.5, 4.0], &["the header ends"]);
}

#[test]
fn what_was_left_out_or_renamed_is_reported() {
    check(
        "a,a,b\n1,2,3\n4,5,6\n",
        &["a", "a (2)", "b"],
        &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        &["numbered: \"a (2)\""],
    );
    let comments = "# made by me\na,b\n1,2\n#3,4\n5,6\n";
    check_doubt(comments, "1 line among the rows begins with #", &Choice::Comments(Comments::Off));
    assert!(loaded(comments.as_bytes()).understood.contains(&"2 comment lines".to_owned()));
    check(
        "a,b\n# calibration\n1,2\n3,4\n",
        &["a", "b"],
        &[1.0, 2.0, 3.0, 4.0],
        &["1 row with a comment (#) is skipped"],
    );
    check("% made by me\n% t,x\n1,2.5\n3,4.5\n", &["t", "x"], &[1.0, 2.5, 3.0, 4.5], &[]);
    let chosen = with(comments.as_bytes(), &[], Rules::Current, vec![Choice::Comments(Comments::From('#'))]);
    assert_eq!(chosen.unwrap().doubts, []);
    assert!(loaded(b"a,b\n1,2\n").understood.contains(&"delimiter: comma".to_owned()));
    let error = read(b"1,2\n3,4\nred,5\n6,7\n", &[], Missing::ColumnMean).unwrap_err().to_string();
    assert!(error.contains("line 3, column 1: \"red\" is not a number"), "{error}");
}

#[test]
fn a_quote_that_is_never_closed_is_named_where_it_opens() {
    let error = read(b"a,b\n1,x\n3,\"y\n5,x\n7,y\n", &[], Missing::ColumnMean).unwrap_err().to_string();
    assert!(error.contains("line 3: a quote is opened here and never closed"), "{error}");
    for text in [&b"a,b\n1,x\n2,\"y\nz\""[..], b"a,b\n1,x\n2,\"y", b"a,b\n1,x\n2,5\" pipe\n"] {
        assert!(read(text, &["b"], Missing::ColumnMean).is_ok());
    }
}

#[test]
fn the_sheet_of_a_workbook_can_be_chosen() {
    let row = |number: u32, cells: [f32; 2]| {
        let cells =
            ["A", "B"].iter().zip(cells).map(|(c, v)| format!(r#"<c r="{c}{number}"><v>{v}</v></c>"#));
        let cells: Vec<String> = cells.collect();
        format!(r#"<row r="{number}">{}</row>"#, cells.concat())
    };
    let (one, two) = (row(1, [1.0, 5.0]) + &row(2, [2.0, 3.0]), row(1, [8.0, 4.0]) + &row(2, [6.0, 7.0]));
    let book = workbook(&[("empty", ""), ("one", &one), ("two", &two)]);
    let raw = loaded(&book);
    assert_eq!(raw.rows, Rows::F32(vec![1.0, 5.0, 2.0, 3.0]));
    assert!(
        raw.understood.contains(&"sheet \"one\" of 3 (others: \"empty\", \"two\")".to_owned()),
        "{:?}",
        raw.understood
    );
    assert_eq!(raw.doubts[0].remedies, [Choice::Sheet(Some("two".to_owned()))]);
    // Cells have no delimiter.
    let (_dir, path) = write(&book);
    assert_eq!(sniff(&path).unwrap().delimiter, Delimiter::Auto);
    let chosen = |name: &str| with(&book, &[], Rules::Current, vec![Choice::Sheet(Some(name.to_owned()))]);
    let raw = chosen("two").unwrap();
    assert_eq!((raw.rows, raw.doubts), (Rows::F32(vec![8.0, 4.0, 6.0, 7.0]), vec![]));
    for (name, part) in
        [("three", "has no sheet \"three\"; choose one of \"empty\", \"one\""), ("empty", "has no cell")]
    {
        let error = chosen(name).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    // Words about the data come first.
    let cell = |number: u32, word: &str| {
        format!(r#"<row r="{number}"><c r="A{number}" t="inlineStr"><is><t>{word}</t></is></c></row>"#)
    };
    let words = cell(1, "This workbook holds data") + &cell(2, "see the next sheet");
    let error = with(&workbook(&[("README", &words), ("one", &one)]), &[], Rules::Current, vec![]);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("no column contains numbers; choose another sheet (--sheet one), or"), "{error}");
}

#[test]
fn failed_formulas_are_gaps_in_text_as_in_sheets() {
    let raw = loaded(b"a,b\n1,2\n#DIV/0!,3\n4,#VALUE!\n");
    let Rows::F32(values) = raw.rows else { panic!("not numbers") };
    assert!(values[2].is_nan() && values[5].is_nan() && values[3] == 3.0);
}

/// Checks the number of rows read, parts of the notes, and the doubts.
pub(super) fn check_rows(text: &str, rows: usize, notes: &[&str], doubts: &[(&str, &[Choice])]) {
    let raw = loaded(text.as_bytes());
    assert_eq!(raw.rows.len() / raw.feature_names.len(), rows, "{text:?}: {:?}", raw.notes);
    for part in notes {
        assert!(raw.notes.iter().any(|note| note.contains(part)), "{text:?}: {:?} lacks {part}", raw.notes);
    }
    let found: Vec<_> = raw.doubts.iter().map(|doubt| (&doubt.message, &doubt.remedies[..])).collect();
    assert_eq!(found.len(), doubts.len(), "{text:?}: {found:?}");
    for ((message, remedies), (part, expected)) in found.into_iter().zip(doubts) {
        assert!(message.contains(part), "{text:?}: {message} lacks {part}");
        assert_eq!(remedies, *expected, "{text:?}");
    }
}

#[test]
fn single_rows_are_left_out_by_their_numbers() {
    let text = "a,b\n1,2\n,\n3,4\n5,6\n7,8\n";
    let read =
        |rules, rows: &str| with(text.as_bytes(), &[], rules, vec![Choice::SkipRows(rows.parse().ok())]);
    let raw = read(Rules::Current, "1,4").unwrap();
    assert_eq!((raw.rows, raw.source_rows), (Rows::F32(vec![3.0, 4.0, 7.0, 8.0]), vec![3, 5]));
    assert!(raw.notes.contains(&"2 rows listed in Skip rows are skipped".to_owned()), "{:?}", raw.notes);
    assert_eq!(read(Rules::Version1, "2").unwrap().source_rows, [1, 3, 4, 5]);
    assert!(read(Rules::Current, "1-9").is_err());
    let raw = read(Rules::Current, "1,9").unwrap();
    assert!(
        raw.warnings[0].starts_with("row 9 should be skipped, but the table has only 5 rows"),
        "{:?}",
        raw.warnings
    );
    // Sums are found in addition to chosen rows, unless the choice is exclusive.
    let sums = "label,a,b\nN,1,4\nN,2,5\nN total,3,9\nS,5,6\nS,7,9\nS total,12,15\nZ,1,1\nZ,2,2\n";
    for (rows, expected) in [("8", 5), ("only:8", 7), ("none", 8)] {
        let chosen = vec![Choice::SkipRows(rows.parse().ok())];
        let raw = with(sums.as_bytes(), &[], Rules::Current, chosen).unwrap();
        assert_eq!(raw.rows.len() / raw.feature_names.len(), expected, "{rows}: {:?}", raw.notes);
        let is_told = raw.notes.iter().any(|note| note.contains("--skip-rows only:8"));
        assert_eq!(is_told, rows == "8", "{:?}", raw.notes);
    }
    // A file that could not be read in any other way.
    let odd = b"a,b\n1,2\noops,3\n4\n5,6\n";
    let raw = with(odd, &[], Rules::Current, vec![Choice::SkipRows("2-3".parse().ok())]).unwrap();
    assert_eq!(raw.rows, Rows::F32(vec![1.0, 2.0, 5.0, 6.0]));
    let empty = "k,a,b\nx,1,2\ny,,NA\nx,3,4\ny,,\nx,5,6\n";
    let raw = with(empty.as_bytes(), &["k"], Rules::Current, vec![]).unwrap();
    let doubt = &raw.doubts[0];
    assert!(doubt.message.starts_with("2 rows have no value in any feature (2,4)"), "{doubt:?}");
    let titles = format!("k,a,b\nGroup 1,,\n{}Group 2,,\nx,7,2\n", "x,1,2\ny,2,2\nx,3,4\n".repeat(3));
    let skip = Choice::SkipRows("1,11".parse().ok());
    check_doubt(&titles, "2 rows have no value in any feature except words (1,11)", &skip);
    assert_eq!(doubt.remedies, [Choice::SkipRows("2,4".parse().ok())]);
}

#[test]
fn a_second_table_is_doubted() {
    let row = |t: u32| format!("{},{}\n", t * 7 % 11, t * 5 % 7);
    let rows = |count: u32| (1..=count).map(row).collect::<Vec<String>>().concat();
    let stacked = format!("t,a\n{}\nt,b\n{}", rows(12), rows(11));
    let skip = Choice::SkipRows("13".parse().ok());
    let all = Choice::SkipFooter(Some(0));
    let remedies = [Choice::SkipFooter(Some(12)), Choice::SkipLines(Some(14)), skip, all.clone()];
    let message =
        "a second table seems to begin at line 15: \"t\", \"b\": this row is skipped, and those below";
    check_rows(&stacked, 23, &[], &[(message, &remedies)]);
    for (remedy, rows) in remedies.into_iter().zip([12, 11, 23]) {
        let raw = with(stacked.as_bytes(), &[], Rules::Current, vec![remedy.clone()]).unwrap();
        assert_eq!((raw.rows.len(), raw.doubts), (2 * rows, vec![]), "{remedy:?}");
    }
    // Names in another order belong to other columns.
    let reordered = format!("t,a\n{}a,t\n{}", rows(12), rows(11));
    assert_eq!(loaded(reordered.as_bytes()).rows.len(), 2 * 12);
    let wider = format!("t,a\n{}x,y,z\n1,9,2\n2,8,3\n", rows(12));
    let remedies = [Choice::SkipFooter(Some(3)), Choice::SkipLines(Some(13))];
    check_rows(&wider, 12, &[], &[("a second table seems to begin at line 14", &remedies)]);
    // A title and a sum between them are skipped with the second table.
    let titled = format!("t,a\n{}Total,40\nTable 2\nt,b\n1,9\n2,8\n", rows(12));
    let skip = Choice::SkipRows("13-15".parse().ok());
    let remedies = [Choice::SkipFooter(Some(5)), Choice::SkipLines(Some(15)), skip, all.clone()];
    check_rows(&titled, 12, &["2 rows below the table"], &[("begin at line 16: \"t\"", &remedies)]);
    for (remedy, rows) in remedies.into_iter().zip([12, 2, 14]) {
        let raw = with(titled.as_bytes(), &[], Rules::Current, vec![remedy.clone()]).unwrap();
        assert_eq!(raw.rows.len(), 2 * rows, "{remedy:?}");
    }
    let error = with(stacked.as_bytes(), &[], Rules::Current, vec![all]).unwrap_err().to_string();
    assert!(error.contains("line 15, column \"t\": \"t\" is not a number"), "{error}");
}

#[test]
fn words_among_words_with_digits_begin_no_table() {
    let male = ["Male,18-24,10-20k\n", "Male,25-34,20-50k\n", "Male,35-44,10-20k\n"].concat();
    let first_pass = format!("gender,age,income\n{male}Female,Under 18,Prefer not to say\n{male}");
    let homes = ["Ed,9 Oak St,555-1237\n", "Al,7 Elm St,555-1230\n", "Di,1 Oak St,555-1241\n"].concat();
    let homes = format!("name,home,phone,x\n{homes}Bob,Broadway,unlisted\n{homes}").replace('\n', ",1\n");
    let homes = homes.replacen(",x,1", ",x", 1);
    for (text, rows) in [(first_pass, 7), (homes, 7)] {
        let raw = loaded(text.as_bytes());
        assert_eq!(raw.rows.len(), rows * raw.feature_names.len(), "{text:?}: {:?}", raw.notes);
    }
}

#[test]
fn a_second_table_next_to_the_first_is_doubted() {
    let text = "x,y,,name,value\n1,2,,alpha,5\n2,1,,beta,6\n3,5,,,\n4,2,,,\n5,4,,,\n";
    let left_out = |name: &str| Choice::Column(name.to_owned(), Some(Take::LeftOut));
    let doubts = loaded(text.as_bytes()).doubts;
    let message = "the columns \"name\", \"value\" are separated from the others by an empty one, with at most 2 values in 5 rows";
    assert!(doubts[0].message.starts_with(message), "{doubts:?}");
    assert_eq!(doubts[0].remedies, ["name", "value"].map(left_out));
    let raw = with(text.as_bytes(), &[], Rules::Current, ["name", "value"].map(left_out).to_vec()).unwrap();
    assert_eq!((raw.feature_names, raw.doubts), (vec!["x".into(), "y".into()], vec![]));
    let again = loaded(b"x,y,,x,y\n1,2,,5,6\n2,1,,6,5\n3,5,,7,1\n").doubts;
    assert!(
        again[0]
            .message
            .contains("\"x (2)\", \"y (2)\" are separated from the others by an empty one, and repeat")
    );
    assert_eq!(again[0].remedies, ["x (2)", "y (2)"].map(left_out));
    // An empty column within one table.
    assert_eq!(loaded(b"x,y,,v\n1,2,,5\n2,1,,6\n3,5,,1\n").doubts, []);
}

#[test]
fn headers_of_several_rows_are_joined() {
    let frame = ",length,length,width\n,mean,std,mean\nname,,,\na,1,2,3\nb,4,5,6\nc,7,8,1\nd,5,5,9\n";
    let raw = loaded(frame.as_bytes());
    assert_eq!(raw.feature_names, ["length mean", "length std", "width mean"]);
    assert_eq!(raw.rows, Rows::F32(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 1.0, 5.0, 5.0, 9.0]));
    assert_eq!((raw.labels[0].name.as_str(), raw.labels[0].text(0)), ("name", "a".into()));
    let note = "the names in the first 2 rows are joined: \"length mean\", \"length std\"";
    assert!(raw.notes.iter().any(|own| own.contains(note)), "{:?}", raw.notes);
    // Columns requested by their former names keep them.
    let raw = with(frame.as_bytes(), &["length (2)"], Rules::Current, vec![]).unwrap();
    assert!(raw.labels.iter().any(|label| label.name == "length (2)"));
    let names = |text: &str| loaded(text.as_bytes()).feature_names;
    let data = "1,2,3,4\n5,6,7,8\n9,1,2,3\n4,5,5,7\n";
    assert_eq!(names(&format!("a,,b,\nx,y,x,y\n{data}")), ["a x", "a y", "b x", "b y"]);
    assert_eq!(names(&format!("a,,,\nx,y,z,w\n{data}")), ["x", "y", "z", "w"]);
    assert_eq!(names(&format!("\"a\n in mm\",b,c,d\n{data}")), ["a in mm", "b", "c", "d"]);
}

#[test]
fn names_in_a_comment_are_the_header_that_is_requested() {
    let text = b"# t x\n0 1.5\n1 2.5\n2 0.5\n";
    let raw = with(text, &[], Rules::Current, vec![Choice::Header(Header::Yes)]).unwrap();
    assert_eq!((raw.feature_names, raw.rows.len()), (vec!["t".into(), "x".into()], 6));
    assert!(raw.understood.contains(&"header: in a comment".to_owned()), "{:?}", raw.understood);
}

#[test]
fn columns_that_are_chosen_in_vain_are_named_with_any_error() {
    let gone = vec![Choice::Column("sise".to_owned(), Some(Take::LeftOut))];
    let error = with(b"a,size\n1,x\n2,3\n4,5\n6,7\n8,1\n", &[], Rules::Current, gone);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("\"x\" is not a number"), "{error}");
    assert!(error.ends_with("the chosen column \"sise\" does not exist"), "{error}");
}

#[test]
fn merged_cells_hold_for_all_of_their_rows() {
    let text = |at: &str, text: &str| format!(r#"<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>"#);
    let number = |at: &str, value: u32| format!(r#"<c r="{at}"><v>{value}</v></c>"#);
    let rows = [
        text("A1", "group") + &text("B1", "x"),
        text("A2", "a") + &number("B2", 1),
        number("B3", 2),
        text("A4", "b") + &number("B4", 3),
        number("B5", 4),
    ];
    let rows: Vec<String> =
        (1..).zip(rows).map(|(row, cells)| format!(r#"<row r="{row}">{cells}</row>"#)).collect();
    let merged =
        r#"</sheetData><mergeCells><mergeCell ref="A2:A3"/><mergeCell ref="A4:A5"/></mergeCells><sheetData>"#;
    let raw = loaded(&workbook(&[("one", &(rows.concat() + merged))]));
    assert_eq!(raw.feature_names, ["group = a", "group = b", "x"]);
    assert_eq!(raw.rows, Rows::F32(vec![1.0, 0.0, 1.0, 1.0, 0.0, 2.0, 0.0, 1.0, 3.0, 0.0, 1.0, 4.0]));
    assert!(raw.notes.iter().any(|note| note.contains("(2 cells filled in)")), "{:?}", raw.notes);
}

#[test]
fn numbers_that_a_sheet_shows_with_leading_zeros_are_codes() {
    let book = |format: &str, codes: [&str; 4]| {
        let name = |at: &str, text: &str| format!(r#"<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>"#);
        let row = |(row, code): (usize, &str)| {
            let cells = format!(r#"<c r="A{row}"><v>{row}.5</v></c><c r="B{row}" s="1"><v>{code}</v></c>"#);
            format!(r#"<row r="{row}">{cells}</row>"#)
        };
        let names = format!(r#"<row r="1">{}{}</row>"#, name("A1", "x"), name("B1", "zip"));
        let rows = names + &(2..).zip(codes).map(row).collect::<String>();
        let styles = format!(
            r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="{format}"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>"#
        );
        workbook_with(&[("one", &rows)], &styles)
    };
    let zips = ["501", "94110", "2139", "501"];
    for (format, codes, expected) in [
        ("00000", zips, ["00501", "94110", "02139", "00501"]),
        (
            "[&lt;=99999]00000;00000\\-0000",
            ["501", "5010001", "2139", "0"],
            ["00501", "00501-0001", "02139", "00000"],
        ),
        ("General", zips, ["501", "94110", "2139", "501"]),
    ] {
        let raw = read(&book(format, codes), &["zip"], Missing::ColumnMean).unwrap();
        assert_eq!([0, 1, 2, 3].map(|row| raw.labels[0].text(row).into_owned()), expected, "{format}");
    }
    // They are words by default, here too many for features, and numbers if that is chosen.
    let codes = loaded(&book("00000", zips));
    assert_eq!((&codes.feature_names[..], &*codes.labels[0].text(0)), (&["x".to_owned()][..], "00501"));
    let note = "read as shown (3 cells; the first is 00501)";
    assert!(codes.notes.iter().any(|told| told.contains(note)), "{:?}", codes.notes);
    let numbers = vec![Choice::Column("zip".to_owned(), Some(Take::Numbers))];
    let raw = with(&book("00000", zips), &[], Rules::Current, numbers).unwrap();
    assert_eq!(raw.rows, Rows::F32(vec![2.5, 501.0, 3.5, 94110.0, 4.5, 2139.0, 5.5, 501.0]));
    assert_eq!(loaded(&book("General", zips)).rows, raw.rows);
}

#[test]
fn columns_at_fixed_places_may_have_empty_fields() {
    let rows = (0..12).map(|at| {
        let temp = if at % 3 == 1 { String::new() } else { format!("{at}.1") };
        let n = if at % 4 == 2 { String::new() } else { at.to_string() };
        format!("{at:3}.5  {temp:>4}  {n:>2}\n")
    });
    let text = "depth  temp   n\n".to_owned() + &rows.collect::<String>();
    let raw = loaded(text.as_bytes());
    assert_eq!(raw.feature_names, ["depth", "temp", "n"]);
    assert!(raw.understood.contains(&"columns at fixed positions".to_owned()), "{:?}", raw.understood);
    let Rows::F32(values) = &raw.rows else { panic!("not numbers") };
    assert_eq!((values.len(), values[3], values[4].is_nan(), values[5]), (36, 1.5, true, 1.0));
    assert_eq!((values[6], values[7], values[8].is_nan(), values[9]), (2.5, 2.1, true, 3.5));
    // If one line does not agree, the empty field is ambiguous.
    let error = read((text + " 12.5     99.55\n").as_bytes(), &[], Missing::ColumnMean).unwrap_err();
    assert!(error.to_string().contains("read_fwf"), "{error}");
}
