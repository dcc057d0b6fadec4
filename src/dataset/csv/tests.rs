use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use tempfile::TempDir;

use super::labels::Labels;
use super::*;
use crate::dataset::{Dataset, LabelValues, Rows, load as load_data};
use crate::project::{Data, Source};

mod fields;
mod kinds;
mod roles;
mod statistics;
mod structure;
mod values;

fn write(bytes: &[u8]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("table.csv");
    fs::write(&path, bytes).unwrap();
    (dir, path)
}

fn load(path: &Path, labels: &[String], missing: Missing, progress: &Progress) -> Result<Raw, DataError> {
    let reading = &TableReading::default();
    let (header, delimiter) = (Header::Auto, Delimiter::Auto);
    let options = ReadOptions { header, delimiter, labels, missing, reading, rules: Rules::Current };
    super::load(path, options, &[], progress)
}

fn read(bytes: &[u8], labels: &[&str], missing: Missing) -> Result<Raw, DataError> {
    let (_dir, path) = write(bytes);
    let labels: Vec<String> = labels.iter().map(ToString::to_string).collect();
    load(&path, &labels, missing, &Progress::default())
}

/// A workbook (.xlsx) of sheets with these names and rows.
fn workbook(sheets: &[(&str, &str)]) -> Vec<u8> {
    workbook_with(sheets, "")
}

/// Like `workbook`, with a part for the styles of cells.
fn workbook_with(sheets: &[(&str, &str)], styles: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let mut add = |name: &str, text: &str| {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, text.as_bytes()).unwrap();
    };
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let rels = "http://schemas.openxmlformats.org/package/2006/relationships";
    let doc = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let book = format!(
        r#"<Relationships xmlns="{rels}"><Relationship Id="r1" Type="{doc}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
    );
    add("_rels/.rels", &book);
    if !styles.is_empty() {
        add("xl/styles.xml", styles);
    }
    let (mut entries, mut links) = (Vec::new(), Vec::new());
    for (number, (name, rows)) in (1..).zip(sheets) {
        entries.push(format!(r#"<sheet name="{name}" sheetId="{number}" r:id="r{number}"/>"#));
        links.push(format!(
            r#"<Relationship Id="r{number}" Type="{doc}/worksheet" Target="worksheets/sheet{number}.xml"/>"#
        ));
        let sheet = format!(r#"<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>"#);
        add(&format!("xl/worksheets/sheet{number}.xml"), &sheet);
    }
    let (entries, links) = (entries.concat(), links.concat());
    let entries =
        format!(r#"<workbook xmlns="{main}" xmlns:r="{doc}"><sheets>{entries}</sheets></workbook>"#);
    add("xl/workbook.xml", &entries);
    add("xl/_rels/workbook.xml.rels", &format!(r#"<Relationships xmlns="{rels}">{links}</Relationships>"#));
    zip.finish().unwrap().into_inner()
}

fn classes(names: &[&str], ids: &[u32]) -> LabelValues {
    LabelValues::Classes { names: names.iter().map(ToString::to_string).collect(), ids: ids.to_vec() }
}

#[test]
fn layouts_are_detected() {
    let check = |text: &[u8], names: &[&str], values: &[f32]| {
        let raw = read(text, &[], Missing::ColumnMean).unwrap();
        assert_eq!(raw.feature_names, names);
        assert_eq!(raw.rows, Rows::F32(values.to_vec()));
        assert_eq!(raw.name, "table.csv");
    };
    check(b"a,b\n1,2\n3,4\n", &["a", "b"], &[1.0, 2.0, 3.0, 4.0]);
    check(b"1,2\n3,4", &["column 1", "column 2"], &[1.0, 2.0, 3.0, 4.0]);
    check(b"a;b\r\n1.5;2\r\n", &["a", "b"], &[1.5, 2.0]);
    check(b"a\tb\n 1 \t-2e1\n", &["a", "b"], &[1.0, -20.0]);
    check(b"a|b,c\n1|2\n", &["a", "b,c"], &[1.0, 2.0]);
    check(b"\xEF\xBB\xBFa,b\n1,2\n", &["a", "b"], &[1.0, 2.0]);
    check(b"\"x, y\",\"say \"\"b\"\"\"\n\"1\",2\n", &["x, y", "say \"b\""], &[1.0, 2.0]);
    check(b"a,a,\n1,2,3\n\n4,5,6\n", &["a", "a (2)", "column 3"], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    check(b"only\n1\n2\n", &["only"], &[1.0, 2.0]);
    check("größe,b\n1,2\n".as_bytes(), &["größe", "b"], &[1.0, 2.0]);
}

#[test]
fn label_columns_are_classes_or_numbers() {
    let check = |column: &[&str], expected: LabelValues| {
        let rows: Vec<String> = column.iter().map(|field| format!("0,{field}\n")).collect();
        let text = rows.concat();
        let raw = read(format!("x,t\n{text}").as_bytes(), &["t"], Missing::ColumnMean).unwrap();
        assert_eq!(raw.labels[0].name, "t");
        assert_eq!(raw.feature_names, ["x"]);
        assert_eq!(raw.labels[0].values, expected);
    };
    check(&["b", "a", "b"], classes(&["a", "b"], &[1, 0, 1]));
    check(&["10", "9", "10"], classes(&["9", "10"], &[1, 0, 1]));
    // An empty label means none; the usual words for missing are classes, but not among numbers.
    check(&["a", "", "NA", "-"], classes(&["-", "NA", "a", "(none)"], &[2, 3, 1, 0]));
    check(&["None", "-"], classes(&["-", "None"], &[1, 0]));
    check(&["1", "NA", "0", ""], classes(&["0", "1", "(none)"], &[1, 2, 0, 2]));
    check(&["a", " a", "\"a \""], classes(&["a"], &[0, 0, 0]));
    check(&["0.5", "1"], LabelValues::Numbers(vec![0.5, 1.0]));
    let many: Vec<String> = (0..21).map(|value| value.to_string()).collect();
    let fields: Vec<&str> = many.iter().map(String::as_str).collect();
    check(&fields, LabelValues::Numbers((0..21).map(|value| value as f32).collect()));
    check(&fields[..20], classes(&fields[..20], &(0..20).collect::<Vec<u32>>()));
    let raw = read(b"a,x,b\n1,2,u\n3,4,v\n", &["a", "b"], Missing::ColumnMean).unwrap();
    assert_eq!(raw.labels.len(), 2);
    assert_eq!(raw.rows, Rows::F32(vec![2.0, 4.0]));
}

fn load_whole(bytes: &[u8], missing: Missing) -> Result<Dataset, DataError> {
    let (_dir, path) = write(bytes);
    let source = Source::Csv {
        path,
        header: Header::Auto,
        delimiter: Delimiter::Auto,
        labels: Vec::new(),
        missing,
        reading: TableReading::default(),
    };
    let data = Data { source, ..Data::default() };
    load_data(&data, &Progress::default())
}

#[test]
fn missing_values_are_filled_or_dropped_and_counted() {
    let text = b"a,b\n1,2\n?,2\n3,NaN\n5,NA\n,na\n";
    let data = load_whole(text, Missing::ColumnMean).unwrap();
    assert_eq!(data.warnings, ["5 missing values in 2 columns were filled with the column mean"]);
    assert_eq!(data.rows.value(5), 2.0);
    let train = &data.split.train;
    let known: Vec<f32> = [(0, 1.0), (2, 3.0), (3, 5.0)]
        .iter()
        .filter(|(row, _)| train.contains(row))
        .map(|&(_, value)| value)
        .collect();
    assert_eq!(data.rows.value(2), known.iter().sum::<f32>() / known.len() as f32);
    let masked = load_whole(text, Missing::Masked).unwrap();
    assert_eq!(
        (&masked.rows, masked.fingerprint),
        (&data.rows, data.fingerprint),
        "the network sees the mean"
    );
    let told =
        "5 missing values in 2 columns were filled with the column mean; losses and errors ignore them";
    assert_eq!(masked.warnings, [told]);
    assert!(masked.gaps.masks_any() && !data.gaps.masks_any());
    let mut weights = [9.0; 4];
    masked.gaps.fill_weights(&[3, 0], 2, &mut weights);
    assert_eq!(weights, [1.0, 0.0, 1.0, 1.0]);
    let data = load_whole(text, Missing::DropRow).unwrap();
    assert_eq!(data.rows, Rows::F32(vec![1.0, 2.0]));
    assert_eq!(data.warnings, ["4 rows with missing values were skipped"]);
}

#[test]
fn bad_tables_are_refused_with_line_column_and_remedy() {
    let check = |bytes: &[u8], labels: &[&str], expected: &[&str]| {
        let error = read(bytes, labels, Missing::DropRow).unwrap_err().to_string();
        for part in ["table.csv"].iter().chain(expected) {
            assert!(error.contains(part), "{error} lacks {part}");
        }
    };
    check(b"", &[], &["line 1", "empty", "choose a table"]);
    check(b"a,b\n", &[], &["no rows", "at least one row below"]);
    check(b"a,b\n?,1\n", &[], &["all 1 rows", "column mean instead"]);
    check(b"a,b\n1,2\n1,2,3\n", &[], &["line 3", "3 fields, but the first has 2", "another delimiter"]);
    check(b"a,b\r\n1,2\r\n\r\n1\r\n", &[], &["line 4", "1 field, but the first has 2"]);
    check(
        b"a  b  c\n1  2  3\n4     6\n7  8  9\n1  1  5\n",
        &[],
        &[
            "line 3",
            "2 fields, but the first has 3",
            "pandas.read_fwf('table.csv').to_csv('out.csv', index=False)",
        ],
    );
    let fixed = "depth  temp  n\n  2.5   7.1  3\n  3.5        4\n  1.5        8\n  4.5\n  5.5\n  6.5        4\n  7.5\n";
    check(fixed.as_bytes(), &[], &["no column contains numbers", "read_fwf('table.csv')"]);
    check(b"\xEF\xBB\xBFa\n1\nred\n", &[], &["line 3, column \"a\""]);
    check(b"a\r1\rred\r", &[], &["line 3, column \"a\""]);
    check(b"\n\na\r\n1\r\nred\r\n", &[], &["line 5, column \"a\""]);
    check(
        b"a,\"b\nc\"\n1,2\nred,2\n",
        &[],
        &[
            "line 4, column \"a\"",
            "\"red\" is not a number; read it as a label column or remove it",
            "--column a=categories",
            "--missing-words red",
            "or skip this row (--skip-rows 2)",
        ],
    );
    let reading = TableReading { missing_words: vec!["-999".to_owned()], ..TableReading::default() };
    let options = ReadOptions { missing: Missing::DropRow, ..ReadOptions::of(&reading) };
    let (_dir, path) = write(b"a\n1\n2\nred\n");
    let error = super::load(&path, options, &[], &Progress::default()).unwrap_err().to_string();
    assert!(error.contains("--missing-words") && error.contains("-999,red"), "{error}");
    check(b"a,b\n1,inf\n", &[], &["line 2, column \"b\"", "not finite", "correct it"]);
    check(b"a,b\n1,-Infinity\n", &[], &["not finite", "--missing-words -Infinity"]);
    check(
        b"a,b\n2,1\n1,1e300\n",
        &[],
        &["too large", "(--missing-words 1e300)", "skip this row (--skip-rows 2)"],
    );
    check(b"a,b\n1,+inf\n", &[], &["(--missing-words '+inf')"]);
    check(b"a,b\n1,2\n", &["c"], &["no label column \"c\"", "\"a\", \"b\""]);
    check(b"a,b\n1,2\n", &["a", "b"], &["every column is a label; leave"]);
    let long = format!("a,b\n1,2\n{},2\n", "x".repeat(1_000_000));
    check(long.as_bytes(), &[], &["line 3", "xxx…\" is not a number", "or the word as missing"]);
    let error = load(Path::new("/nowhere/t.csv"), &[], Missing::DropRow, &Progress::default());
    assert!(error.unwrap_err().to_string().contains("/nowhere/t.csv: does not exist"));
}

#[test]
fn the_preview_suggests_labels() {
    let check = |text: &str, labels: &[&str], delimiter, header| {
        let (_dir, path) = write(text.as_bytes());
        let preview = sniff(&path).unwrap();
        assert_eq!(preview.labels, labels);
        assert_eq!((preview.delimiter, preview.header), (delimiter, header));
    };
    check("a,b,Label\n1,2,3\n", &["Label"], Delimiter::Comma, Header::Yes);
    check("a;species\n1;x\n", &["species"], Delimiter::Semicolon, Header::Yes);
    check("1\t2\tred\n3\t4\tNA\n", &["column 3"], Delimiter::Tab, Header::No);
    check("1|2\n", &[], Delimiter::Pipe, Header::No);
    let names: Vec<String> = (0..100_000).map(|at| format!("c{at},")).collect();
    let wide = names.concat();
    check(&format!("{wide}class\n"), &["class"], Delimiter::Comma, Header::Yes);
    // Row numbers, ids, and the only column of words after numbers.
    check(
        ",0,1,2\n0,0.5,1.25,3.5\n1,0.75,2.5,4.5\n2,0.25,1.5,2.5\n",
        &["column 1"],
        Delimiter::Comma,
        Header::Yes,
    );
    check("customer_id,x\n884,1\n12,1\n907,2\n", &["customer_id"], Delimiter::Comma, Header::Yes);
    check("x,y,kind\n1,2,a\n2,9,b\n7,1,a\n4,1,b\n", &["kind"], Delimiter::Comma, Header::Yes);
    check("city,y,kind\nB,2,a\nC,9,b\nB,1,a\nC,1,b\n", &[], Delimiter::Comma, Header::Yes);
    check("a,b,c,y\n1,2,8,0\n7,5,1,1\n2,9,3,0\n4,6,5,1\n", &["y"], Delimiter::Comma, Header::Yes);
    // One stray word does not make a column of numbers a label; loading then reports its location.
    check("x,y\n1,2\n3,oops\n4,5\n", &[], Delimiter::Comma, Header::Yes);
}

#[test]
fn cancelling_stops_it() {
    let (_dir, path) = write(b"a\n1\n");
    let progress = Progress::default();
    progress.cancel();
    let result = load(&path, &[], Missing::DropRow, &progress);
    assert_eq!(result.err(), Some(DataError::Cancelled));
}

#[test]
fn rows_without_end_are_refused_before_they_fill_the_memory() {
    let commas = ",".repeat(3 << 20);
    let error = read(commas.as_bytes(), &[], Missing::DropRow).unwrap_err().to_string();
    assert!(error.contains("line 1: the first row has 3145729 fields"), "{error}");
    // An unclosed quote makes the whole file one field.
    let (_dir, path) = write(&[&b"\""[..], &vec![b'x'; 70 << 20]].concat());
    let error = sniff(&path).unwrap_err().to_string();
    assert!(error.contains("line 1: the first row is longer than 64 MB"), "{error}");
}

#[test]
fn texts_are_charged_and_what_does_not_fit_is_refused_with_name_and_numbers() {
    let rows: Vec<String> = (0..20_000).map(|at| format!("{at},the customer of number {at}\n")).collect();
    let (_dir, path) = write(format!("x,id\n{}", rows.concat()).as_bytes());
    let read = |bytes: u64| load(&path, &["id".to_owned()], Missing::DropRow, &Progress::with_budget(bytes));
    assert!(read(20_000 * 200).is_ok());
    let error = read(20_000 * 60).unwrap_err();
    assert!(matches!(error, DataError::Memory { .. }), "{error}");
    let error = error.about("table.csv", REMEDY).to_string();
    assert!(
        error.starts_with("table.csv needs about 1.") && error.contains("1.2 MB is free: choose"),
        "{error}"
    );
}

#[test]
fn a_row_within_the_table_cannot_fill_the_memory_either() {
    let text = format!("a,b\n1,2\n{},2\n", "x".repeat(9_000_000));
    let (_dir, path) = write(text.as_bytes());
    let progress = Progress::with_budget(16_000_000);
    let error = load(&path, &[], Missing::DropRow, &progress).unwrap_err();
    assert!(matches!(error, DataError::Memory { .. }), "{error}");
    let error = error.to_string();
    for part in ["table.csv needs about 36.0 MB", "but only 16.0 MB is free: choose a smaller file, or close"]
    {
        assert!(error.contains(part), "{error} lacks {part}");
    }
    // With enough memory, the row is only a word.
    let error = load(&path, &[], Missing::DropRow, &Progress::with_budget(64_000_000));
    assert!(matches!(error, Err(DataError::Word { .. })), "{error:?}");
}

#[test]
fn a_column_of_labels_stays_charged_for_what_it_holds() {
    const LIMIT: u64 = 100_000_000;
    let check = |label: &dyn Fn(usize) -> String, is_classes: bool| {
        let (mut labels, progress) = (Labels::default(), Progress::with_budget(LIMIT));
        for row in 0..40_000 {
            labels.push(&label(row), &progress).unwrap();
        }
        let column = labels.column("label".to_owned(), None, &TableReading::default(), &progress).unwrap();
        assert_eq!(column.class_ids().is_some(), is_classes);
        assert_eq!(progress.budget().free(), LIMIT - column.bytes());
        let labels = match &column.values {
            LabelValues::Classes { ids, .. } => ids.capacity(),
            LabelValues::Numbers(values) => values.capacity(),
        };
        assert_eq!(labels, 40_000);
    };
    check(&|row| format!("the customer of number {row}"), true);
    check(&|row| if row % 5 == 0 { String::new() } else { format!("class {}", row % 3) }, true);
    check(&|row| (row % 10).to_string(), true);
    check(&|row| row.to_string(), false);
}

#[test]
fn a_table_stays_charged_for_what_it_holds() {
    const LIMIT: u64 = 100_000_000;
    let rows: Vec<String> = (0..1000).map(|at| format!("{},{},customer {at}\n", 2 * at, at % 7)).collect();
    let (_dir, path) = write(format!("x,y,id\n{}", rows.concat()).as_bytes());
    let progress = Progress::with_budget(LIMIT);
    let raw = load(&path, &["id".to_owned()], Missing::DropRow, &progress).unwrap();
    let Rows::F32(values) = &raw.rows else { panic!("not numbers") };
    assert_eq!(values.capacity(), 2000);
    // Names, and the overview of each column.
    let names = "xyid".len() as u64 + 3 * memory::text_bytes(0);
    let overview = names + 3 * 16 * 4 + memory::bytes_of::<crate::dataset::ColumnOverview>(3);
    assert_eq!(progress.budget().free(), LIMIT - raw.bytes() - names - overview);
}

#[test]
fn labels_are_found_among_any_number_of_columns() {
    // Compared each with all columns, this would take minutes.
    let names: Vec<String> = (0..200_000).map(|at| format!("c{at}")).collect();
    let text = format!("{}\n{}0\n", names.join(","), "0,".repeat(names.len() - 1));
    let labels: Vec<&str> = names[1..].iter().map(String::as_str).collect();
    let raw = read(text.as_bytes(), &labels, Missing::DropRow).unwrap();
    assert_eq!((raw.labels.len(), raw.feature_names.len()), (199_999, 1));
}

fn loaded_columns(text: &[u8]) -> Vec<Column> {
    read(text, &[], Missing::ColumnMean).unwrap().columns
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(prop::sample::select(b"01,;\"\n\r.-eNA?ab\t|\xFC#=$%/:T".to_vec()), 0..200)) {
        for missing in Missing::ALL {
            if let Ok(data) = load_whole(&bytes, missing) {
                let Rows::F32(values) = &data.rows else { panic!("not numbers") };
                prop_assert!(values.iter().all(|value| value.is_finite()), "{values:?}");
            }
        }
        let (_dir, path) = write(&bytes);
        if let Ok(preview) = sniff(&path) {
            let loaded = load(&path, &preview.labels, Missing::DropRow, &Progress::default());
            if let Ok(raw) = loaded {
                raw.assert_valid();
            }
            for text in [&b"a,b\n1,2\n"[..], b"1;2\n3;4\n"] {
                let known = loaded_columns(text);
                let reading = TableReading::default();
                let options = ReadOptions { missing: Missing::ColumnMean, ..ReadOptions::of(&reading) };
                if let Ok(raw) = super::load(&path, options, &known, &Progress::default()) {
                    raw.assert_valid();
                }
            }
        }
    }
}
