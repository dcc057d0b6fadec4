//! Labels, ids and skipped columns, also in tables for a trained run.

use super::kinds::{loaded, with};
use super::*;
use crate::dataset::{OtherColumn, csv};
use crate::project::{Choice, Take};

#[test]
fn rows_without_a_label_are_reported_and_version_1_has_more_of_them() {
    let text = b"c,x\na,0.5\nNA,1.5\n,2.5\n-,3.5\nnone at all,4.5\n";
    let words = Choice::MissingWords(vec!["none at all".to_owned()]);
    for (rules, expected) in [
        (Rules::Current, [true, true, false, true, false]),
        (Rules::Version1, [true, false, false, true, false]),
    ] {
        let raw = with(text, &["c"], rules, vec![words.clone()]).unwrap();
        assert_eq!([0, 1, 2, 3, 4].map(|row| raw.labels[0].is_known(row)), expected, "{rules:?}");
        assert_eq!(raw.labels[0].text(4), "none at all");
    }
}

/// The columns of a table and their roles.
fn taken(raw: &Raw) -> Vec<(&str, Take)> {
    raw.overview.iter().map(|column| (column.name.as_str(), column.take)).collect()
}

#[test]
fn ids_are_labels_unless_something_else_is_said() {
    let rows: Vec<String> =
        (0..20).map(|at| format!("{},n{at},{}.5,{}\n", 900 + 7 * at, at % 7, at % 5)).collect();
    let text = format!("id,name,a,b\n{}", rows.concat());
    let check = |choices: Vec<Choice>, id: Take, name: Take, said: &[&str]| {
        let raw = with(text.as_bytes(), &[], Rules::Current, choices.clone()).unwrap();
        let expected = [("id", id), ("name", name), ("a", Take::Numbers), ("b", Take::Numbers)];
        assert_eq!(taken(&raw), expected, "{choices:?}");
        let remedies = raw.doubts.iter().flat_map(|doubt| &doubt.remedies).map(Choice::option);
        let all = raw.notes.iter().cloned().chain(remedies).collect::<Vec<_>>().join("\n");
        assert!(said.iter().all(|part| all.contains(part)), "{choices:?}: {all}");
        raw
    };
    let column = |name: &str, take| Choice::Column(name.to_owned(), take);
    let (label, numbers, out) = (Take::Label, Take::Numbers, Take::LeftOut);
    check(vec![], label, label, &["--column id=feature makes it a feature", "\"name\": too many"]);
    check(vec![column("id", None)], label, label, &[]);
    let raw = check(vec![column("id", Some(Take::Feature))], numbers, label, &[]);
    assert!(raw.doubts.is_empty(), "what was chosen is not doubted: {:?}", raw.doubts);
    check(vec![column("id", Some(numbers))], numbers, label, &[]);
    check(vec![column("id", Some(out))], out, label, &[]);
    check(vec![column("name", Some(Take::Feature))], label, Take::Categories, &[]);
    let none = Choice::Labels(Some(vec![]));
    let raw =
        check(vec![none.clone()], numbers, out, &["left out (--column name=categories", "--column id=label"]);
    assert!(raw.labels.is_empty());
    check(vec![Choice::Labels(Some(vec!["name".to_owned()]))], numbers, label, &[]);
    check(vec![none, column("id", Some(label))], label, out, &[]);
    let old = with(text.as_bytes(), &[], Rules::Version1, vec![]).unwrap();
    assert_eq!(taken(&old)[..2], [("id", numbers), ("name", label)]);
    // At least one feature is needed.
    assert_eq!(taken(&loaded(b"id\n1\n2\n3\n")), [("id", numbers)]);
    assert_eq!(taken(&loaded(b"id,kind\n1,x\n2,y\n3,x\n4,y\n")), [("id", label), ("kind", Take::Categories)]);
}

#[test]
fn a_table_without_a_header_has_the_columns_of_the_training_data() {
    let features = ["a", "b"].map(Column::numbers);
    let other = |name: &str, place, is_label| OtherColumn { name: name.to_owned(), place, is_label };
    let others = [other("note", 2, false), other("id", 0, true)];
    let known = Known { columns: &features, others: &others, ..Known::default() };
    let read = |text: &[u8], labels: &[String], known: Known<'_>| {
        let (_dir, path) = write(text);
        let options = ReadOptions {
            header: Header::Auto,
            delimiter: Delimiter::Auto,
            labels,
            missing: Missing::default(),
            reading: &TableReading::default(),
            rules: Rules::Current,
        };
        csv::load_known(&path, options, known, &Progress::default())
    };
    let raw = read(b"7,1,x,2\n9,3.5,y,4\n", &["id".to_owned()], known).unwrap();
    assert_eq!(raw.rows, Rows::F32(vec![1.0, 2.0, 3.5, 4.0]));
    assert_eq!((raw.labels.len(), &raw.labels[0].name[..], &*raw.labels[0].text(1)), (1, "id", "9"));
    assert!(
        raw.warnings
            .iter()
            .any(|told| told.contains("labels too, are matched with those of the training data by position")),
        "{:?}",
        raw.warnings
    );
    // Without its labels it has the columns of the features.
    let raw = read(b"1,2\n3.5,4\n", &["id".to_owned()], known).unwrap();
    assert_eq!((raw.rows, raw.labels.len()), (Rows::F32(vec![1.0, 2.0, 3.5, 4.0]), 0));
    // A single row says nothing about its columns; they keep their roles.
    let raw = read(b"note,b,a,id\nx,2,1,7\n", &[], known).unwrap();
    assert_eq!((raw.rows, raw.labels.len()), (Rows::F32(vec![1.0, 2.0]), 1));
    for (text, parts) in [
        (&b"7,1,x\n9,3.5,y\n"[..], ["3 columns", "--header yes"]),
        (b"p,q\n1,2\n3.5,4\n", ["missing: \"a\", \"b\"", "--header no"]),
        (b"a,q\n1,2\n3.5,4\n", ["missing: \"b\"", "add them"]),
    ] {
        let error = read(text, &[], known).unwrap_err().to_string();
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
    }
    // Impossible positions come from a damaged file.
    for places in [[0, 0], [0, 9]] {
        let others = [other("note", places[0], false), other("id", places[1], true)];
        assert!(read(b"7,1,x,2\n9,3.5,y,4\n", &[], Known { others: &others, ..known }).is_err());
    }
    // A run that was trained without a header, and a table that has one.
    let made_up = ["column 1", "column 2"].map(Column::numbers);
    let options = ReadOptions {
        header: Header::No,
        delimiter: Delimiter::Auto,
        labels: &[],
        missing: Missing::default(),
        reading: &TableReading::default(),
        rules: Rules::Current,
    };
    let (_dir, path) = write(b"x,y\n1,2\n3,4.5\n");
    let error = csv::load(&path, options, &made_up, &Progress::default()).unwrap_err().to_string();
    assert!(error.contains("--header yes") && !error.contains("categories"), "{error}");
    let told = ReadOptions { header: Header::Yes, ..options };
    let raw = csv::load(&path, told, &made_up, &Progress::default()).unwrap();
    assert_eq!(raw.rows, Rows::F32(vec![1.0, 2.0, 3.0, 4.5]));
    // Neither has a header: an additional column shifts all positions.
    let (_dir, path) = write(b"7,1,2\n9,3,4.5\n");
    let error = csv::load(&path, options, &made_up, &Progress::default()).unwrap_err().to_string();
    assert!(error.contains("the table has 3 columns"), "{error}");
    let last = ["column 2", "column 3"].map(Column::numbers);
    let (_dir, path) = write(b"1,2\n3,4.5\n");
    let raw = csv::load(&path, options, &last, &Progress::default()).unwrap();
    assert_eq!(raw.rows, Rows::F32(vec![1.0, 2.0, 3.0, 4.5]));
    assert!(raw.warnings.iter().any(|told| told.contains("by position")), "{:?}", raw.warnings);
}

#[test]
fn columns_a_run_does_not_know_are_labels_where_they_look_so() {
    let known = ["a"].map(Column::numbers);
    let rows: Vec<String> = (0..12)
        .map(|at| format!("{at}.5,{},{},{}.25,{at}\n", ["yes", "no"][at % 2], at % 3, at % 3))
        .collect();
    let text = format!("a,truth,grade,price,t\n{}", rows.concat());
    let read = |reading: &TableReading| {
        let (_dir, path) = write(text.as_bytes());
        let options = ReadOptions {
            header: Header::Auto,
            delimiter: Delimiter::Auto,
            labels: &["a".to_owned()],
            missing: Missing::default(),
            reading,
            rules: Rules::Current,
        };
        csv::load(&path, options, &known, &Progress::default()).unwrap()
    };
    let raw = read(&TableReading::default());
    let (label, out) = (Take::Label, Take::LeftOut);
    assert_eq!(
        taken(&raw),
        [("a", Take::Numbers), ("truth", label), ("grade", label), ("price", out), ("t", label)]
    );
    // An ignored choice is reported.
    assert!(
        raw.warnings[0].contains("\"a\" is read as in the training of the run (numbers)"),
        "{:?}",
        raw.warnings
    );
    let price = crate::project::ColumnChoice { name: "price".to_owned(), take: Take::Feature };
    let raw = read(&TableReading { columns: vec![price], only_labels: true, ..TableReading::default() });
    assert_eq!(taken(&raw).iter().filter(|(_, take)| *take == out).count(), 4);
    assert!(
        raw.warnings.iter().any(|told| told.contains("\"price\" is not a feature of the run")),
        "{:?}",
        raw.warnings
    );
}

#[test]
fn classes_of_a_table_without_names_are_offered_as_labels() {
    let check = |row: &dyn Fn(usize) -> String, expected: &[&str]| {
        let raw = loaded((0..40).map(row).collect::<String>().as_bytes());
        let found: Vec<&str> = raw
            .doubts
            .iter()
            .filter_map(|doubt| doubt.message.split_once(" contains few"))
            .map(|(name, _)| name)
            .collect();
        assert_eq!(found, expected, "{:?}", raw.doubts);
    };
    let measured = |at: usize| format!("{}.5,{}.25,{}.125", at * 7 % 40, at * 11 % 40, at * 13 % 40);
    check(&|at| format!("{},{}\n", at * at % 7 % 3, measured(at)), &["\"column 1\""]);
    check(&|at| format!("{},{}.0\n", measured(at), at * at % 7 % 2), &["\"column 4\""]);
    check(&|at| format!("{},{}\n", if at * at % 7 == 2 { 1 } else { -1 }, measured(at)), &["\"column 1\""]);
    // Among others; with many values; next to answers only.
    check(&|at| format!("{}.5,{},{}\n", at, at % 3, measured(at)), &[]);
    check(&|at| format!("{},{}\n", at * 7 % 23, measured(at)), &[]);
    check(&|at| format!("{},{},{},{}\n", at % 3, at % 5, at * 3 % 5, at * at % 5), &[]);
    // All with few values, the last with the fewest.
    let grades = |at: usize| format!("{},{},{}", 1 + at * 7 % 10, 1 + at * 3 % 10, 1 + at * 9 % 10);
    check(&|at| format!("{},{}\n", grades(at), 2 + 2 * (at * at % 7 % 2)), &["\"column 4\""]);
    // Words, also after ids.
    let kind = |at: usize| ["M", "B"][at * at % 7 % 2];
    check(&|at| format!("{},{}\n", kind(at), measured(at)), &["\"column 1\""]);
    check(&|at| format!("{},{},{}\n", patient(at), kind(at), measured(at)), &["\"column 2\""]);
    check(&|at| format!("{},{},{}\n", kind(at), measured(at), kind(at + 1)), &[]);
}

/// Ids like those of patients: large, unordered, without duplicates.
fn patient(at: usize) -> usize {
    8671 + at * 7919 % 99991
}

#[test]
fn large_numbers_that_hardly_repeat_are_taken_for_ids_without_a_header_and_doubted() {
    // The first row is like the others, so it is not a header.
    let rows = |row: &dyn Fn(usize) -> String| (11..51).map(row).collect::<String>();
    let measured = |at: usize| format!("{}.5,{}.25,{}", at * 7 % 40, at * 11 % 40, at * 13 % 40);
    let check = |text: String, take: Take, is_doubted: bool| {
        let raw = loaded(text.as_bytes());
        let has = raw.doubts.iter().any(|doubt| doubt.message.contains("rarely repeat"));
        assert_eq!((taken(&raw)[0].1, has), (take, is_doubted), "{text}: {:?}", raw.doubts);
    };
    check(rows(&|at| format!("{},{}\n", patient(at), measured(at))), Take::Label, true);
    // A name unrelated to ids leaves it a feature.
    let named = format!("patient,a,b,c\n{}", rows(&|at| format!("{},{}\n", patient(at), measured(at))));
    check(named, Take::Numbers, true);
    // With some duplicates, but a thousand times larger than everything else.
    let visit = |at: usize| 1_000_003 + at / 2 * 2 * usize::from(at < 17) + at * 31 * usize::from(at >= 17);
    check(rows(&|at| format!("{},{},{}\n", visit(at), at % 9, at % 7)), Take::Label, true);
    // Prices, years, small counts, and numbers next to whole numbers of similar size.
    check(rows(&|at| format!("{},{}\n", 1000 * patient(at), measured(at))), Take::Numbers, false);
    check(rows(&|at| format!("{},{}\n", 1900 + at * 7 % 97, measured(at))), Take::Numbers, false);
    check(rows(&|at| format!("{},{}\n", 3 + at * 7 % 97, measured(at))), Take::Numbers, false);
    check(rows(&|at| format!("{},{},{}\n", patient(at), patient(at + 50), at)), Take::Numbers, false);
    let text = rows(&|at| format!("{},{},{}\n", patient(at), ["M", "B"][at * at % 7 % 2], measured(at)));
    let (_dir, path) = write(text.as_bytes());
    assert_eq!(sniff(&path).unwrap().labels, ["column 1", "column 2"]);
}

#[test]
fn few_numbers_with_a_frequent_word_among_them_are_words_with_a_doubt() {
    let text = |word: &str, every: usize| {
        let field = |at: usize| if at % every == 1 { word.to_owned() } else { (2 + at % 3).to_string() };
        let rows = (0..60).map(|at| format!("{},{}.5\n", field(at), at * 7 % 60));
        rows.collect::<Vec<_>>().concat()
    };
    let raw = loaded(format!("doors,x\n{}", text("5more", 4)).as_bytes());
    assert_eq!(taken(&raw)[0], ("doors", Take::Categories));
    let doubt = raw.doubts.iter().find(|doubt| doubt.message.contains("\"5more\" is not one")).unwrap();
    let remedies: Vec<String> = doubt.remedies.iter().map(Choice::option).collect();
    assert_eq!(remedies, ["--column doors=categories", "--missing-words 5more"]);
    // A rare word is an error.
    let (_dir, path) = write(format!("doors,x\n{}", text("oops", 30)).as_bytes());
    let error = load(&path, &[], Missing::ColumnMean, &Progress::default()).unwrap_err().to_string();
    assert!(error.contains("\"oops\" is not a number"), "{error}");
}
