use std::fs;
use std::io::Write;
use std::path::PathBuf;

use proptest::prelude::*;
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::dataset::{ColumnKind, LabelValues};
use crate::project::{Axes, Shape};

fn npy(descr: &str, fortran: bool, shape: &str, body: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}");
    while (text.len() + 11) % 64 != 0 {
        text.push(' ');
    }
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.extend(body);
    bytes
}

fn f32s(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn write(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, bytes).unwrap();
    (dir, path)
}

fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in arrays {
        writer.start_file(format!("{name}.npy"), SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn load(
    path: &Path,
    array: Option<&str>,
    labels: Option<&str>,
    progress: &Progress,
) -> Result<Raw, DataError> {
    let reading = &ArrayReading::default();
    super::load(path, ReadOptions { array, labels, reading, rules: Rules::Current }, None, progress)
}

fn read(bytes: &[u8], array: Option<&str>, labels: Option<&str>) -> Result<Raw, DataError> {
    let (_dir, path) = write("data.np", bytes);
    load(&path, array, labels, &Progress::default())
}

fn image(height: usize, width: usize, channels: usize) -> Shape {
    Shape::Image { height, width, channels }
}

#[test]
fn shapes_types_and_orders_are_read() {
    let check = |bytes: Vec<u8>, shape: Shape, rows: Rows, type_max: Option<f32>| {
        let raw = read(&bytes, None, None).unwrap();
        assert_eq!((raw.shape, raw.rows, raw.type_max), (shape, rows, type_max));
        let packed = read(&npz(&[("x", bytes)]), Some("x"), None).unwrap();
        assert_eq!(packed.shape, shape);
    };
    let six: Vec<f32> = (1..=6).map(|value| value as f32).collect();
    check(npy("<f4", false, "(2, 3)", &f32s(&six)), Shape::Vector(3), Rows::F32(six.clone()), None);
    let columns = [1.0, 4.0, 2.0, 5.0, 3.0, 6.0];
    check(npy("<f4", true, "(2, 3)", &f32s(&columns)), Shape::Vector(3), Rows::F32(six.clone()), None);
    let doubles: Vec<u8> = six.iter().flat_map(|&value| f64::from(value).to_be_bytes()).collect();
    check(npy(">f8", false, "(3, 2)", &doubles), Shape::Vector(2), Rows::F32(six.clone()), None);
    let ints: Vec<u8> = (1..=6_i64).flat_map(i64::to_le_bytes).collect();
    check(npy("<i8", false, "(3, 2)", &ints), Shape::Vector(2), Rows::F32(six.clone()), None);
    let shorts: Vec<u8> = (1..=6_u16).flat_map(u16::to_le_bytes).collect();
    check(npy("<u2", false, "(1, 3, 2)", &shorts), image(3, 2, 1), Rows::U16(vec![1, 2, 3, 4, 5, 6]), None);
    let old =
        ReadOptions { array: None, labels: None, reading: &ArrayReading::default(), rules: Rules::Version1 };
    let (_dir, path) = write("old.npy", &npy("<u2", false, "(1, 3, 2)", &shorts));
    let raw = super::load(&path, old, None, &Progress::default()).unwrap();
    assert_eq!((raw.rows, raw.type_max), (Rows::F32(six), Some(65535.0)));
    assert!(raw.doubts[0].message.contains("the 16-bit values only go up to 6"), "{:?}", raw.doubts);
    let bytes: Vec<u8> = (0..12).collect();
    check(npy("|u1", false, "(2, 6)", &bytes), Shape::Vector(6), Rows::U8(bytes.clone()), Some(255.0));
    check(npy("|u1", false, "(1, 2, 2, 3)", &bytes), image(2, 2, 3), Rows::U8(bytes.clone()), Some(255.0));
    let last = vec![0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11];
    check(npy("|u1", false, "(1, 3, 2, 2)", &bytes), image(2, 2, 3), Rows::U8(last), Some(255.0));
    check(npy("|u1", false, "(3, 1, 2, 2)", &bytes), image(2, 2, 1), Rows::U8(bytes.clone()), Some(255.0));
    check(npy("|b1", false, "(1, 2)", &[0, 1]), Shape::Vector(2), Rows::U8(vec![0, 1]), Some(1.0));
}

#[test]
fn samples_along_the_last_axis_become_rows() {
    // 6 pictures of 5×5 grey pixels: each value is that of the sample plus 10 times that of the
    // pixel.
    let bytes: Vec<u8> = (0..25).flat_map(|pixel| (0..6).map(move |sample| 10 * pixel + sample)).collect();
    let expected: Vec<u8> = (0..6).flat_map(|sample| (0..25).map(move |pixel| 10 * pixel + sample)).collect();
    let pictures = npy("|u1", false, "(5, 5, 1, 6)", &bytes);
    let labels = npy("|u1", false, "(1, 6)", &[0, 1, 0, 1, 0, 1]);
    let file = npz(&[("X", pictures.clone()), ("y", labels)]);
    let raw = read(&file, None, None).unwrap();
    assert_eq!((raw.shape, &raw.rows), (image(5, 5, 1), &Rows::U8(expected.clone())));
    assert!(
        raw.labels[0].values
            == LabelValues::Classes { names: vec!["0".into(), "1".into()], ids: vec![0, 1, 0, 1, 0, 1] }
    );
    assert!(raw.understood.contains(&"samples along the last axis".to_owned()), "{:?}", raw.understood);
    assert!(raw.doubts.is_empty() && raw.notes[0].contains("--axes channels-last or rows uses the first"));
    // Without labels it is a guess, which can be overridden.
    let raw = read(&pictures, None, None).unwrap();
    assert_eq!((raw.shape, raw.rows), (image(5, 5, 1), Rows::U8(expected.clone())));
    assert_eq!(raw.doubts[0].remedies[0], Choice::Axes(Axes::ChannelsLast));
    let as_said = |bytes: &[u8], axes, rules| {
        let (_dir, path) = write("data.np", bytes);
        let reading = &ArrayReading { axes, ..ArrayReading::default() };
        let options = ReadOptions { array: None, labels: None, reading, rules };
        super::load(&path, options, None, &Progress::default()).unwrap()
    };
    assert_eq!(as_said(&pictures, Axes::ChannelsLast, Rules::Current).shape, image(5, 1, 6));
    assert_eq!(as_said(&pictures, Axes::Auto, Rules::Version1).rows.len(), 150);
    assert_eq!(as_said(&pictures, Axes::Auto, Rules::Version1).shape.features(), 30);
    let rows = npy("|u1", false, "(25, 6)", &bytes);
    let raw = as_said(&rows, Axes::SamplesLast, Rules::Current);
    assert_eq!((raw.shape, raw.rows), (Shape::Vector(25), Rows::U8(expected)));
}

#[test]
fn labels_of_an_archive_are_classes_or_numbers() {
    let check = |labels: Vec<u8>, expected: LabelValues| {
        let bytes = npz(&[("y", labels), ("x", npy("|u1", false, "(3, 1)", &[5, 6, 7]))]);
        let raw = read(&bytes, None, Some("y")).unwrap();
        assert_eq!(raw.rows, Rows::U8(vec![5, 6, 7]));
        assert_eq!(raw.labels[0].name, "y");
        assert_eq!(raw.labels[0].values, expected);
    };
    let classes = |names: &[&str], ids: &[u32]| LabelValues::Classes {
        names: names.iter().map(ToString::to_string).collect(),
        ids: ids.to_vec(),
    };
    check(npy("|u1", false, "(3,)", &[9, 2, 9]), classes(&["2", "9"], &[1, 0, 1]));
    let longs: Vec<u8> = [7_i64, 7, -1].iter().flat_map(|value| value.to_le_bytes()).collect();
    check(npy("<i8", false, "(3, 1)", &longs), classes(&["-1", "7"], &[1, 1, 0]));
    check(npy("<f4", false, "(3,)", &f32s(&[0.5, 1.0, 2.0])), LabelValues::Numbers(vec![0.5, 1.0, 2.0]));
    let text: Vec<u8> = "ä\0b\0ä\0".chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    check(npy("<U2", false, "(3,)", &text), classes(&["b", "ä"], &[1, 0, 1]));
    check(npy("|S2", false, "(3,)", b"a\0b\0a\0"), classes(&["a", "b"], &[0, 1, 0]));
}

#[test]
fn bad_arrays_are_refused_with_place_and_remedy() {
    let check_named = |bytes: &[u8], array: Option<&str>, labels: Option<&str>, expected: &[&str]| {
        let error = read(bytes, array, labels).unwrap_err().to_string();
        for part in expected {
            assert!(error.contains(part), "{error} lacks {part}");
        }
    };
    let check = |bytes: &[u8], expected: &[&str]| check_named(bytes, None, None, expected);
    let good = npy("<f4", false, "(2, 2)", &f32s(&[0.0; 4]));
    check(b"", &["data.np", "ends within its header", "write it again"]);
    check(b"hello world", &["bytes 0 to 5", "choose a .npy or .npz"]);
    check(b"\x93NUMPY\x09\x00\x00\x00", &["format version 9"]);
    check(b"\x93NUMPY\x02\x00\xFF\xFF\xFF\xFF", &["claims 4294967295 bytes"]);
    check(&good[..40], &["claims 118 bytes"]);
    check(&good[..good.len() - 3], &["byte 141", "13 of 16 bytes", "incomplete"]);
    check(&npy("<c8", false, "(2, 2)", &[]), &["'<c8'", "a.real, a.imag"]);
    check(&npy("<f4", false, "()", &f32s(&[0.0])), &["a single value"]);
    check(&npy("<f4", false, "(1,1,1,1,1)", &f32s(&[0.0])), &["5 dimensions", "reshape"]);
    check(&npy("|u1", false, "(1,99,99,99)", &[0; 16]), &["99 channels, more than 64", "--axes"]);
    check(&npy("|u1", false, "(0, 4)", &[]), &["0×4 contains no values", "choose one with rows"]);
    check(
        &npy("<f4", false, "(2, 2)", &f32s(&[0.0, 1.0, f32::NAN, 0.0])),
        &["data.np, index [1, 0]: NaN is no", "nan_to_num"],
    );
    check(&npy("|u1", false, "(4294967296, 4294967296, 4294967296)", &[]), &["too large", "smaller array"]);
    check(&npy("|u1", false, "(4294967296, 4294967296)", &[]), &["too large", "smaller array"]);
    check(&npy("|u1", false, "(4294967296, 65536)", &[]), &["limit of 4294967295", "smaller array"]);
    check(&npy("|S3", false, "(1, 1)", b"abc"), &["contains text", "choose it as the labels"]);
    check_named(&good, Some("x"), None, &["none named \"x\"", ".npz"]);

    let archive = npz(&[("x", good.clone()), ("y", npy("|u1", false, "(3,)", &[1; 3]))]);
    check(&archive[..archive.len() - 30], &["zip directory", "numpy.savez"]);
    check_named(&archive, Some("z"), None, &["no array \"z\"", "\"x\" (2×2), \"y\" (3)", "--array NAME"]);
    check_named(&archive, Some("x"), Some("y"), &["array \"y\"", "labels of 3", "2 rows", "2 values"]);
    check(&npz(&[]), &["data.np"]);
    check(&npz(&[("a", good[..150.min(good.len() - 1)].to_vec())]), &["array \"a\"", "of 16 bytes"]);
}

#[test]
fn what_the_header_contains_is_reported_before_any_value_is_read() {
    let check = |bytes: &[u8], expected: &str| {
        // There is no memory for values.
        let (_dir, path) = write("data.np", bytes);
        let error = load(&path, None, None, &Progress::with_budget(0)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error} lacks {expected}");
    };
    let mut wide = b"{'descr': '<f4', 'fortran_order': True, 'shape': (1000000, ".to_vec();
    wide.extend(b"1, ".repeat(330_000));
    wide.extend(b"), }\n");
    let mut many = b"\x93NUMPY\x02\x00".to_vec();
    many.extend((wide.len() as u32).to_le_bytes());
    many.extend(wide);
    many.extend(std::iter::repeat_n(0, 4_000_000));
    check(&many, "more than 64 dimensions");
    check(&npy("<f4", true, "(1, 1, 1, 1, 2)", &f32s(&[0.0; 2])), "5 dimensions");
    check(&npy("|S3", false, "(1, 1)", b"abc"), "contains text");
    check(&npy("<f4", false, "(2, 2)", &f32s(&[0.0; 4])), "of memory, but only 0.0 MB is free");
}

#[test]
fn an_array_and_its_labels_stay_charged_for_what_they_hold() {
    const LIMIT: u64 = 10_000_000;
    let check = |labels: Vec<u8>| {
        let pictures = npy("|u1", false, "(3, 2, 2)", &[7; 12]);
        let (_dir, path) = write("data.np", &npz(&[("x", pictures), ("y", labels)]));
        let progress = Progress::with_budget(LIMIT);
        let raw = load(&path, Some("x"), Some("y"), &progress).unwrap();
        assert_eq!(raw.labels.len(), 1);
        let charged = LIMIT - progress.budget().free();
        assert_eq!(charged, raw.bytes());
    };
    check(npy("|S3", false, "(3,)", b"catdogcat"));
    check(npy("|u1", false, "(3,)", &[1, 2, 1]));
    check(npy("<f4", false, "(3,)", &f32s(&[1.0, 2.0, 1.0])));
    check(npy("<f4", false, "(3,)", &f32s(&[0.5, 2.0, 1.0])));
}

#[test]
fn no_order_of_values_needs_them_twice() {
    let bytes: Vec<u8> = vec![7; 200_000];
    for shape in ["(2000, 100)", "(20, 1, 100, 100)"] {
        for fortran in [false, true] {
            let (_dir, path) = write("data.np", &npy("|u1", fortran, shape, &bytes));
            let raw = load(&path, None, None, &Progress::with_budget(210_000)).unwrap();
            assert_eq!(raw.rows, Rows::U8(bytes.clone()));
        }
    }
}

#[test]
fn missing_files_and_cancelling() {
    let missing = load(Path::new("/nowhere/a.npy"), None, None, &Progress::default());
    assert!(missing.unwrap_err().to_string().contains("/nowhere/a.npy: does not exist"));
    let (_dir, path) = write("a.npy", &npy("|u1", false, "(1, 1)", &[1]));
    let progress = Progress::default();
    progress.cancel();
    assert_eq!(load(&path, None, None, &progress).err(), Some(DataError::Cancelled));
}

/// An archive with the given arrays, read as requested.
fn read_as(
    arrays: &[(&str, Vec<u8>)],
    reading: &ArrayReading,
    rules: Rules,
    array: Option<&str>,
) -> Result<Raw, DataError> {
    let (_dir, path) = write("data.npz", &npz(arrays));
    super::load(&path, ReadOptions { array, labels: None, reading, rules }, None, &Progress::default())
}

fn bytes(shape: &str, values: &[u8]) -> Vec<u8> {
    npy("|u1", false, shape, values)
}

#[test]
fn parts_of_an_archive_are_the_splits_they_are() {
    let arrays = [
        ("x_test", bytes("(1, 2)", &[9, 8])),
        ("x_train", bytes("(2, 2)", &[1, 2, 3, 4])),
        ("y_train", bytes("(2,)", &[7, 5])),
        ("y_test", bytes("(1,)", &[6])),
        ("x_val", bytes("(1, 2)", &[0, 1])),
        ("meta", npy("|O", false, "()", b"\x80")),
    ];
    let usual = ArrayReading::default();
    let raw = read_as(&arrays, &usual, Rules::Current, None).unwrap();
    assert_eq!(raw.rows, Rows::U8(vec![1, 2, 3, 4, 0, 1, 9, 8]));
    assert_eq!((raw.own_validation, raw.own_test), (1, 1));
    assert_eq!(raw.row_names, ["x_train[0]", "x_train[1]", "x_val[0]", "x_test[0]"]);
    assert!(raw.notes[0].contains("counted from 0: x_train[0], x_test[0]"), "{:?}", raw.notes);
    let names = ["5", "6", "7", "(none)"].map(String::from).to_vec();
    assert_eq!(raw.labels, [crate::dataset::LabelColumn::classes("y_train", names, vec![2, 0, 3, 1])]);
    assert_eq!(raw.what, "array \"x_train\", 2 × 2, of 6 arrays");
    let understood = ["validation: \"x_val\" (1×2)", "test: \"x_test\" (1×2)", "ignored: \"meta\""];
    assert_eq!(raw.understood, understood);
    assert!(raw.notes[1].contains("array \"meta\" was ignored") && raw.notes[1].contains("Python objects"));
    assert_eq!(raw.doubts, []);

    let mixed = ArrayReading { parts: Parts::Mixed, ..usual.clone() };
    let raw = read_as(&arrays, &mixed, Rules::Current, None).unwrap();
    assert_eq!((raw.rows.len(), raw.own_validation, raw.own_test), (8, 0, 0));
    // The first array, as in earlier versions.
    let raw = read_as(&arrays, &usual, Rules::Version1, None).unwrap();
    assert_eq!((raw.rows, raw.own_test, raw.labels.len()), (Rows::U8(vec![9, 8]), 0, 0));
    // If that was not an array of rows, it could not be read.
    let raw = read_as(&arrays[2..], &usual, Rules::Version1, None).map(|raw| raw.rows);
    assert_eq!(raw.unwrap(), Rows::U8(vec![0, 1]));
    // Choices of the user.
    let told = ArrayReading { validation: Some("x_test".into()), test: Some(String::new()), ..usual.clone() };
    let raw = read_as(&arrays, &told, Rules::Current, Some("x_train")).unwrap();
    assert_eq!((raw.rows, raw.own_validation, raw.own_test), (Rows::U8(vec![1, 2, 3, 4, 9, 8]), 1, 0));
    let raw = read_as(&arrays, &usual, Rules::Current, Some("x_test")).unwrap();
    assert_eq!((raw.rows, raw.own_test, raw.row_names.len()), (Rows::U8(vec![9, 8]), 0, 0));
    let other = ArrayReading { test: Some("y_train".into()), ..usual };
    let error = read_as(&arrays, &other, Rules::Current, None).unwrap_err().to_string();
    assert!(error.contains("rows of 2 do not match those of \"x_train\" (2×2)"), "{error}");
}

#[test]
fn names_without_meaning_are_doubted() {
    let arrays = [
        ("a", bytes("(1, 2)", &[1, 2])),
        ("b", bytes("(3, 1)", &[3, 4, 5])),
        ("c", bytes("(3,)", &[1, 2, 1])),
    ];
    let raw = read_as(&arrays, &ArrayReading::default(), Rules::Current, None).unwrap();
    assert_eq!((raw.rows, raw.labels[0].name.as_str()), (Rows::U8(vec![3, 4, 5]), "c"));
    assert_eq!(raw.doubts[0].remedies, [Choice::Array(Some("a".into()))]);
    let error =
        read_as(&arrays[2..], &ArrayReading::default(), Rules::Current, None).unwrap_err().to_string();
    assert!(error.contains("no array with rows (\"c\" (3))") && error.contains("--array NAME"), "{error}");
}

#[test]
fn labels_keep_all_digits_and_one_hot_labels_are_classes() {
    let check = |labels: Vec<u8>, names: &[&str], ids: &[u32]| {
        let arrays = [("x", bytes("(3, 1)", &[1, 2, 3])), ("y", labels)];
        let raw = read_as(&arrays, &ArrayReading::default(), Rules::Current, None).unwrap();
        let names = names.iter().map(ToString::to_string).collect();
        assert_eq!(raw.labels, [crate::dataset::LabelColumn::classes("y", names, ids.to_vec())]);
    };
    let ids = [9_007_199_254_700_001_i64, 9_007_199_254_700_000, 9_007_199_254_700_001];
    let ids: Vec<u8> = ids.iter().flat_map(|id| id.to_le_bytes()).collect();
    check(npy("<i8", false, "(3,)", &ids), &["9007199254700000", "9007199254700001"], &[1, 0, 1]);
    check(npy("<f4", false, "(3, 2)", &f32s(&[0.0, 1.0, 1.0, 0.0, 0.0, 1.0])), &["0", "1"], &[1, 0, 1]);
    check(npy("<f4", false, "(3,)", &f32s(&[2.0, -0.0, 0.0])), &["0", "2"], &[1, 0, 0]);
    // Also with more values than classes can have.
    let many: Vec<u8> = (0..30_i64).flat_map(|at| (9_007_199_254_700_000 + at).to_le_bytes()).collect();
    let arrays = [("x", bytes("(30, 1)", &[1; 30])), ("y", npy("<i8", false, "(30,)", &many))];
    let raw = read_as(&arrays, &ArrayReading::default(), Rules::Current, None).unwrap();
    assert_eq!(raw.labels[0].text(29), "9007199254700029");
    let arrays = [("x", bytes("(3, 1)", &[1, 2, 3])), ("y", bytes("(3, 2)", &[1, 1, 0, 1, 0, 0]))];
    let raw = read_as(&arrays, &ArrayReading::default(), Rules::Current, None).unwrap();
    let names: Vec<&str> = raw.labels.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["y 1", "y 2"]);
    // Each column separately, in either order of the file.
    let (first, second) = ([9_007_199_254_700_001_i64, 16_777_217, 7], [1_i64, 2, 3]);
    let by_rows: Vec<i64> = first.into_iter().zip(second).flat_map(|(a, b)| [a, b]).collect();
    for (fortran, values) in [(false, by_rows), (true, [first, second].concat())] {
        let body: Vec<u8> = values.into_iter().flat_map(i64::to_le_bytes).collect();
        let arrays = [("x", bytes("(3, 1)", &[1, 2, 3])), ("y", npy("<i8", fortran, "(3, 2)", &body))];
        let raw = read_as(&arrays, &ArrayReading::default(), Rules::Current, None).unwrap();
        let texts = |column: usize| [0, 1, 2].map(|row| raw.labels[column].text(row));
        assert_eq!(texts(0), ["9007199254700001", "16777217", "7"], "fortran {fortran}");
        assert_eq!(texts(1), ["1", "2", "3"]);
    }
}

#[test]
fn numbers_that_32_bits_do_not_distinguish_lose_their_smallest() {
    let times: Vec<u8> = [1_700_000_001.0, 5.0, 1_700_000_000.0, 6.0, 1_700_000_003.0, 900.0]
        .iter()
        .flat_map(|value: &f64| value.to_le_bytes())
        .collect();
    let (_dir, path) = write("a.npy", &npy("<f8", false, "(3, 2)", &times));
    let read = |rules, known: Option<&[Column]>| {
        let options = ReadOptions { array: None, labels: None, reading: &ArrayReading::default(), rules };
        super::load(&path, options, known, &Progress::default()).unwrap()
    };
    let raw = read(Rules::Current, None);
    assert_eq!(raw.rows, Rows::F32(vec![1.0, 5.0, 0.0, 6.0, 3.0, 900.0]));
    let bases: Vec<f64> = raw.columns.iter().map(Column::base).collect();
    assert_eq!(bases, [1.7e9, 0.0]);
    assert!(raw.notes[0].contains("column 1"), "{:?}", raw.notes);
    let mut known = raw.columns;
    known[0].kind = ColumnKind::Numbers { base: 1_700_000_001.0 };
    assert_eq!(read(Rules::Current, Some(&known)).rows, Rows::F32(vec![0.0, 5.0, -1.0, 6.0, 2.0, 900.0]));
    let near = 1.7e9_f32;
    assert_eq!(read(Rules::Current, Some(&[])).rows, Rows::F32(vec![near, 5.0, near, 6.0, near, 900.0]));
    let raw = read(Rules::Version1, None);
    assert_eq!(raw.rows, Rows::F32(vec![near, 5.0, near, 6.0, near, 900.0]));
    assert!(raw.doubts[0].message.contains("precision"), "{:?}", raw.doubts);
}

#[test]
fn pixels_that_32_bits_do_not_distinguish_are_doubted() {
    let check = |values: [i64; 4], is_doubted: bool| {
        let body: Vec<u8> = values.into_iter().flat_map(i64::to_le_bytes).collect();
        let raw = read(&npy("<i8", false, "(2, 1, 2, 1)", &body), None, None).unwrap();
        assert_eq!(raw.shape, image(1, 2, 1));
        let remedies: Vec<Choice> = raw.doubts.into_iter().flat_map(|doubt| doubt.remedies).collect();
        let expected = if is_doubted { vec![Choice::Axes(crate::project::Axes::Rows)] } else { vec![] };
        assert_eq!(remedies, expected, "{values:?}");
    };
    check([1_700_000_000, 1_700_000_001, 1_700_000_002, 1_700_000_005], true);
    check([1_700_000_000, 1_700_000_001, 0, 5], false);
    check([200, 201, 202, 203], false);
}

#[test]
fn known_bases_are_taken_off_bytes_too() {
    let (_dir, path) = write("a.npy", &bytes("(2, 1)", &[3, 200]));
    let known = [Column { name: "a".to_owned(), kind: ColumnKind::Numbers { base: 100.0 }, unit: None }];
    let options =
        ReadOptions { array: None, labels: None, reading: &ArrayReading::default(), rules: Rules::Current };
    let raw = super::load(&path, options, Some(&known), &Progress::default()).unwrap();
    assert_eq!((raw.rows, raw.type_max), (Rows::F32(vec![-97.0, 100.0]), None));
}

#[test]
fn numbers_that_are_rounded_late_are_found() {
    // More than one block of numbers that 32 bits represent exactly, followed by one that they do
    // not.
    let numbers = (0..200_000).map(|_| 1_700_000_000.0).chain([1_700_000_001.0_f64]);
    let body: Vec<u8> = numbers.map(|number| (number - 128.0) as i64).flat_map(i64::to_le_bytes).collect();
    let raw = read(&npy("<i8", false, "(200001, 1)", &body), None, None).unwrap();
    assert_eq!(raw.columns[0].base(), 1_699_999_872.0);
}

#[test]
fn parts_of_other_types_and_orders_are_brought_together() {
    let columns = f32s(&[5.0, 7.0, 6.0, 8.0]);
    let arrays = [("x_train", bytes("(1, 2)", &[1, 2])), ("x_test", npy("<f4", true, "(2, 2)", &columns))];
    let raw = read_as(&arrays, &ArrayReading::default(), Rules::Current, None).unwrap();
    assert_eq!((raw.rows, raw.own_test), (Rows::F32(vec![1.0, 2.0, 5.0, 6.0, 7.0, 8.0]), 2));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(
        cut in 0_usize..200,
        at in 0_usize..200,
        flip: u8,
        shape in prop::sample::select(vec!["(2, 2)", "(4,)", "(1, 3, 1, 1)", "(0, 9999999999999)", "()", "(65536, 65536)"]),
        descr in prop::sample::select(vec!["<f4", "|u1", ">i2", "<U3", "|b1"]),
        fortran: bool,
        zipped: bool,
    ) {
        let mut bytes = npy(descr, fortran, shape, &[7; 48]);
        if zipped {
            bytes = npz(&[("x", bytes.clone()), ("y", bytes)]);
        }
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= flip;
        }
        bytes.truncate(bytes.len().saturating_sub(cut));
        for (array, labels) in [(None, None), (Some("x"), Some("y"))] {
            if let Ok(raw) = read(&bytes, array, labels) {
                raw.assert_valid();
            }
        }
    }
}
