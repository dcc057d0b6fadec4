use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::dataset::LabelColumn;
use crate::project::Source;
use std::path::PathBuf;

fn images(count: u32, height: u32, width: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in [0x0803, count, height, width] {
        bytes.extend(word.to_be_bytes());
    }
    bytes.extend((0..count * height * width).map(|at| at as u8));
    bytes
}

fn labels(values: &[u8]) -> Vec<u8> {
    let mut bytes = 0x0801_u32.to_be_bytes().to_vec();
    bytes.extend((values.len() as u32).to_be_bytes());
    bytes.extend(values);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn write(dir: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn load_source(source: &Source) -> Result<Raw, DataError> {
    let Source::Idx { images, labels, test_images, test_labels, reading } = source else {
        panic!("{source:?}")
    };
    let files = Files {
        images,
        labels: labels.as_deref(),
        test_images: test_images.as_deref(),
        test_labels: test_labels.as_deref(),
    };
    super::load(files, reading, None, &Progress::default())
}

fn load(
    images: &Path,
    labels: Option<&Path>,
    test_images: Option<&Path>,
    test_labels: Option<&Path>,
    progress: &Progress,
) -> Result<Raw, DataError> {
    let files = Files { images, labels, test_images, test_labels };
    super::load(files, &IdxReading::default(), None, progress)
}

/// A file of any type and dimensions.
fn file(kind: u8, sizes: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, kind, sizes.len() as u8];
    bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend(values);
    bytes
}

#[test]
fn official_files_are_found_and_loaded_in_every_spelling() {
    let check = |train: &str, train_labels: &str, test: &str, test_labels: &str, packed: bool| {
        let dir = tempfile::tempdir().unwrap();
        let pack = |bytes: Vec<u8>| if packed { gzip(&bytes) } else { bytes };
        let path = write(&dir, train, &pack(images(3, 2, 2)));
        write(&dir, train_labels, &pack(labels(&[7, 2, 7])));
        write(&dir, test, &pack(images(2, 2, 2)));
        write(&dir, test_labels, &pack(labels(&[2, 9])));
        for start in [path.as_path(), dir.path()] {
            let raw = load_source(&related_files(start)).unwrap();
            assert_eq!(raw.rows.len(), 5 * 4);
            assert_eq!((raw.own_test, raw.type_max), (2, Some(255.0)));
            assert_eq!(raw.rows.value(3 * 4 + 1), 1.0);
            let names = ["2", "7", "9"].map(String::from).to_vec();
            assert_eq!(raw.labels, [LabelColumn::classes("label", names, vec![1, 0, 1, 0, 2])]);
        }
        assert!(is_idx(&path));
        let raw = load_source(&related_files(&path)).unwrap();
        let said = [
            format!("label file: {train_labels}"),
            format!("test images: {test}"),
            format!("test label file: {test_labels}"),
        ];
        assert_eq!(raw.understood[1..], said);
    };
    let names = |dot: &str, suffix: &str| {
        [
            "train-images#idx3-ubyte",
            "train-labels#idx1-ubyte",
            "t10k-images#idx3-ubyte",
            "t10k-labels#idx1-ubyte",
        ]
        .map(|name| name.replace('#', dot) + suffix)
    };
    for (dot, suffix, packed) in
        [("-", "", false), (".", "", false), ("-", ".gz", true), (".", ".gz", true), ("-", "", true)]
    {
        let [a, b, c, d] = names(dot, suffix);
        check(&a, &b, &c, &d, packed);
    }
    check(
        "train-images-idx3-ubyte",
        "train-labels.idx1-ubyte",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte",
        false,
    );
}

#[test]
fn images_alone_are_enough_and_rows_without_label_are_none() {
    let dir = tempfile::tempdir().unwrap();
    let train = write(&dir, "a", &images(2, 1, 1));
    let test = write(&dir, "b", &images(1, 1, 1));
    let progress = Progress::default();
    assert!(load(&train, None, None, None, &progress).unwrap().labels.is_empty());
    let known = write(&dir, "c", &labels(&[4, 4]));
    let raw = load(&train, Some(&known), Some(&test), None, &progress).unwrap();
    let names = ["4", "(none)"].map(String::from).to_vec();
    assert_eq!(raw.labels, [LabelColumn::classes("label", names, vec![0, 0, 1])]);
}

#[test]
fn bad_files_are_refused_with_place_and_remedy() {
    let check = |bytes: &[u8], label_bytes: Option<&[u8]>, expected: &[&str]| {
        let dir = tempfile::tempdir().unwrap();
        let path = write(&dir, "pictures.idx", bytes);
        let labels = label_bytes.map(|bytes| write(&dir, "answers.idx", bytes));
        let error = load(&path, labels.as_deref(), None, None, &Progress::default()).unwrap_err().to_string();
        for part in expected {
            assert!(error.contains(part), "{error} lacks {part}");
        }
    };
    let good = images(3, 2, 2);
    check(b"", None, &["pictures.idx", "header", "complete file"]);
    check(b"PK\x03\x04 and more", None, &["bytes 0 to 3", "0x00000803", "0x504b0304", "format of MNIST"]);
    check(&labels(&[1, 2]), None, &["it contains labels; choose the file of images"]);
    check(&good[..20], None, &["byte 20", "4 of the 12 bytes", "download it again"]);
    check(&[&good[..], b"x"].concat(), None, &["byte 28", "continues"]);
    check(&gzip(&good[..20]), None, &["byte 20", "4 of the 12 bytes unpacked"]);
    check(&gzip(&good)[..20], None, &["pictures.idx", "header", "complete file"]);
    check(&images(0, 0, 2)[..], None, &["bytes 8 to 15", "2×0 pixels"]);
    check(
        &good,
        Some(&labels(&[1])),
        &["answers.idx", "bytes 4 to 7", "1 labels", "3 images", "belong to it"],
    );
    check(&good, Some(&good), &["answers.idx", "it contains images; choose the file of labels"]);
    // A header that states more than there is memory, in a tiny file.
    let mut lying = images(0, 0, 0);
    lying[4..16].fill(0xFF);
    check(&lying, None, &["memory", "choose a smaller data set"]);
    let mut lying = images(1000, 28, 28)[..100].to_vec();
    lying[4..8].copy_from_slice(&100_000_u32.to_be_bytes());
    check(&lying, None, &["84 of the 78400000 bytes"]);
    check(&gzip(&lying), None, &["of the 78400000 bytes unpacked"]);
}

#[test]
fn missing_files_and_other_sizes_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let error = load_source(&related_files(dir.path())).unwrap_err().to_string();
    assert!(error.contains("train-images-idx3-ubyte: does not exist"), "{error}");
    let train = write(&dir, "a", &images(2, 2, 2));
    let test = write(&dir, "b", &images(2, 2, 3));
    let error = load(&train, None, Some(&test), None, &Progress::default()).unwrap_err().to_string();
    assert!(error.contains("3×2 but the training images 2×2"), "{error}");
    let error = load(dir.path(), None, None, None, &Progress::default()).unwrap_err().to_string();
    assert!(error.contains("is a folder"), "{error}");
}

#[test]
fn all_types_and_dimensions_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let check = |bytes: &[u8], shape: Shape, rows: Rows, type_max: Option<f32>| {
        for bytes in [bytes.to_vec(), gzip(bytes)] {
            let path = write(&dir, "any name", &bytes);
            assert!(is_idx(&path));
            let raw = load(&path, None, None, None, &Progress::default()).unwrap();
            assert_eq!((raw.shape, raw.rows, raw.type_max), (shape, rows.clone(), type_max));
        }
    };
    let image = |height, width, channels| Shape::Image { height, width, channels };
    check(
        &file(8, &[2, 3], &[1, 2, 3, 4, 5, 6]),
        Shape::Vector(3),
        Rows::U8(vec![1, 2, 3, 4, 5, 6]),
        Some(255.0),
    );
    let many: Vec<u8> = (0..48).collect();
    check(&file(8, &[1, 4, 4, 3], &many), image(4, 4, 3), Rows::U8(many.clone()), Some(255.0));
    let last: Vec<u8> = (0..16).flat_map(|pixel| [pixel, pixel + 16, pixel + 32]).collect();
    check(&file(8, &[1, 3, 4, 4], &many), image(4, 4, 3), Rows::U8(last), Some(255.0));
    check(&file(9, &[1, 2], &[255, 1]), Shape::Vector(2), Rows::F32(vec![-1.0, 1.0]), None);
    check(&file(0x0B, &[1, 2], &[1, 0, 0xFF, 0xFE]), Shape::Vector(2), Rows::F32(vec![256.0, -2.0]), None);
    check(&file(0x0C, &[1, 1], &[0, 1, 0, 0]), Shape::Vector(1), Rows::F32(vec![65_536.0]), None);
    let half = 0.5_f32.to_be_bytes();
    check(&file(0x0D, &[1, 1, 1], &half), image(1, 1, 1), Rows::F32(vec![0.5]), None);
    check(&file(0x0E, &[1, 1], &(-0.25_f64).to_be_bytes()), Shape::Vector(1), Rows::F32(vec![-0.25]), None);
    // The class is the first of several numbers.
    let images = write(&dir, "images", &images(2, 1, 1));
    let labels =
        write(&dir, "labels", &file(0x0C, &[2, 2], &[0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 1]));
    let raw = load(&images, Some(&labels), None, None, &Progress::default()).unwrap();
    let names = ["4", "7"].map(String::from).to_vec();
    assert_eq!(raw.labels, [LabelColumn::classes("label", names, vec![1, 0])]);
    for (bytes, part) in [
        (file(0x0D, &[1, 1], &f32::NAN.to_be_bytes()), "bad, index [0, 0]: is not a finite"),
        (file(8, &[1, 1, 1, 1, 1], &[0]), "5 dimensions"),
        (file(0x0E, &[1, 1], &[0; 7]), "7 of the 8 bytes"),
    ] {
        let path = write(&dir, "bad", &bytes);
        let error = load(&path, None, None, None, &Progress::default()).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn numbers_that_32_bits_do_not_distinguish_lose_their_smallest() {
    let dir = tempfile::tempdir().unwrap();
    let times = [1_700_000_001.0, 5.0, 1_700_000_000.0, 6.0, 1_700_000_003.0, 900.0_f64];
    let body: Vec<u8> = times.iter().flat_map(|value| value.to_be_bytes()).collect();
    let ids: Vec<u8> = times.iter().flat_map(|value| (*value as i32).to_be_bytes()).collect();
    for (bytes, unpacked) in
        [(0x0E, &body), (0x0C, &ids)].map(|(kind, body)| (file(kind, &[3, 2], body), body))
    {
        assert!(!unpacked.is_empty());
        let path = write(&dir, "rows", &gzip(&bytes));
        let files = Files { images: &path, labels: None, test_images: Some(&path), test_labels: None };
        let read = |known: Option<&[Column]>| {
            super::load(files, &IdxReading::default(), known, &Progress::default()).unwrap()
        };
        let (raw, once) = (read(None), vec![1.0, 5.0, 0.0, 6.0, 3.0, 900.0]);
        assert_eq!(raw.rows, Rows::F32([&once[..], &once].concat()));
        assert_eq!(raw.columns.iter().map(Column::base).collect::<Vec<_>>(), [1.7e9, 0.0]);
        assert_eq!((&raw.row_names[2][..], &raw.row_names[3][..], raw.own_test), ("rows[2]", "rows[0]", 3));
        let mut known = raw.columns;
        known[0].kind = crate::dataset::ColumnKind::Numbers { base: 1_700_000_001.0 };
        let Rows::F32(values) = read(Some(&known)).rows else { panic!("not numbers") };
        assert_eq!(values[..6], [0.0, 5.0, -1.0, 6.0, 2.0, 900.0]);
    }
    // Pixels share one scale.
    let body: Vec<u8> = (0..4).flat_map(|at| (1_700_000_000_i32 + at).to_be_bytes()).collect();
    let path = write(&dir, "pictures", &file(0x0C, &[1, 2, 2], &body));
    let raw = load(&path, None, None, None, &Progress::default()).unwrap();
    assert_eq!(raw.doubts[0].remedies, [crate::project::Choice::Axes(Axes::Rows)]);
    let files = Files { images: &path, labels: None, test_images: None, test_labels: None };
    let rows = IdxReading { axes: Axes::Rows, ..IdxReading::default() };
    let raw = super::load(files, &rows, None, &Progress::default()).unwrap();
    assert_eq!((raw.shape, raw.doubts.len()), (Shape::Vector(4), 0), "a column of one row has no range");
}

#[test]
fn what_is_chosen_of_idx_is_followed_and_what_is_guessed_doubted() {
    let dir = tempfile::tempdir().unwrap();
    let path = write(&dir, "a", &file(8, &[2, 5, 4, 4], &[7; 160]));
    let files = Files { images: &path, labels: None, test_images: Some(&path), test_labels: None };
    let read = |reading: &IdxReading| super::load(files, reading, None, &Progress::default()).unwrap();
    let raw = read(&IdxReading::default());
    assert_eq!((raw.shape, raw.own_test), (Shape::Image { height: 5, width: 4, channels: 4 }, 2));
    assert_eq!(raw.doubts[0].remedies[0], crate::project::Choice::Axes(Axes::ChannelsFirst));
    let chosen = IdxReading { axes: Axes::ChannelsFirst, parts: Parts::Mixed, shown_channels: vec![5, 1, 2] };
    let raw = read(&chosen);
    assert_eq!((raw.shape, raw.own_test), (Shape::Image { height: 4, width: 4, channels: 5 }, 0));
    assert_eq!((raw.shown_channels, raw.doubts.len()), (vec![5, 1, 2], 0));
    // One-hot labels of two types.
    let images = write(&dir, "images", &images(3, 1, 1));
    let numbers: Vec<u8> =
        [0.0_f32, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0].iter().flat_map(|n| n.to_be_bytes()).collect();
    for labels in [file(8, &[3, 3], &[0, 0, 1, 1, 0, 0, 0, 0, 1]), file(0x0D, &[3, 3], &numbers)] {
        let labels = write(&dir, "labels", &labels);
        let raw = load(&images, Some(&labels), None, None, &Progress::default()).unwrap();
        let names = ["0", "2"].map(String::from).to_vec();
        assert_eq!(raw.labels, [LabelColumn::classes("label", names, vec![1, 0, 1])]);
    }
}

#[test]
fn data_sets_are_found_from_the_folders_above_them() {
    let check = |names: [&str; 4], start: &str| {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in
            names.iter().zip([images(3, 2, 2), labels(&[7, 2, 7]), images(2, 2, 2), labels(&[2, 9])])
        {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let found = images_below(&dir.path().join(start));
        assert_eq!(found.len(), 1, "{names:?}");
        let raw = load_source(&related_files(&found[0])).unwrap();
        assert_eq!((raw.rows.len(), raw.own_test, raw.labels.len()), (20, 2, 1), "{names:?}");
    };
    let names = [
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
    ];
    let below = |folder: &str| names.map(|name| format!("{folder}{name}"));
    let nested = |folder: &str| names.map(|name| format!("{folder}{name}/{name}"));
    for all in [below("MNIST/raw/"), below("a/b/raw/"), nested(""), nested("archive/")] {
        check(all.each_ref().map(String::as_str), "");
    }
    let emnist = [
        "letters-train-images-idx3-ubyte",
        "letters-train-labels-idx1-ubyte",
        "letters-test-images-idx3-ubyte",
        "letters-test-labels-idx1-ubyte",
    ];
    check(emnist, "");
    let dir = tempfile::tempdir().unwrap();
    for name in [
        "digits-train-images-idx3-ubyte",
        "letters-train-images-idx3-ubyte.gz",
        "letters-train-images-idx3-ubyte",
    ] {
        write(&dir, name, b"");
    }
    assert_eq!(images_below(dir.path()).len(), 2);
}

#[test]
fn cancelling_stops_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = write(&dir, "a", &images(2, 2, 2));
    let progress = Progress::default();
    progress.cancel();
    let result = load(&path, None, None, None, &progress);
    assert_eq!(result.err(), Some(DataError::Cancelled));
}

#[test]
fn images_and_labels_stay_charged_for_what_they_hold() {
    const LIMIT: u64 = 10_000_000;
    let dir = tempfile::tempdir().unwrap();
    let images = write(&dir, "images", &images(5, 4, 3));
    let labels = write(&dir, "labels", &labels(&[3, 1, 3, 1, 1]));
    let progress = Progress::with_budget(LIMIT);
    let raw = load(&images, Some(&labels), None, None, &progress).unwrap();
    assert_eq!(LIMIT - progress.budget().free(), raw.bytes());
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(head in 0_usize..40, mut tail in prop::collection::vec(any::<u8>(), 0..60), packed: bool) {
        let dir = tempfile::tempdir().unwrap();
        let mut bytes = images(2, 3, 3)[..head.min(34)].to_vec();
        bytes.append(&mut tail);
        let bytes = if packed { gzip(&bytes) } else { bytes };
        let path = write(&dir, "random", &bytes);
        for labels in [Some(&*path), None] {
            if let Ok(raw) = load(&path, labels, Some(&path), None, &Progress::default()) {
                raw.assert_valid();
            }
        }
    }
}
