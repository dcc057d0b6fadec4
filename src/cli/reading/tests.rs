use clap::Parser;

use super::*;
use crate::cli::args::{Arguments, Task};
use crate::project::{ArrayReading, IdxReading, PictureReading};

fn read(words: &[&str]) -> Result<Reading, String> {
    let words = ["hourglass", "check", "design.ron"].into_iter().chain(words.iter().copied());
    match Arguments::try_parse_from(words).map_err(|error| error.to_string())?.command {
        Some(Task::Check(check)) => Ok(check.data.reading),
        other => panic!("{other:?}"),
    }
}

/// A word as a shell reads it.
fn unquoted(word: &str) -> String {
    match word.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        Some(inside) => inside.replace("'\\''", "'"),
        None => word.to_owned(),
    }
}

#[test]
fn every_choice_is_read_from_the_option_that_says_it() {
    let mut choices = Vec::new();
    choices.extend(Header::ALL.map(Choice::Header));
    choices.extend(Delimiter::ALL.map(Choice::Delimiter));
    choices.extend(Decimal::ALL.map(Choice::Decimal));
    choices.extend([None, Some("windows-1252".to_owned())].map(Choice::Encoding));
    choices.extend(
        [Comments::Auto, Comments::Off, Comments::From('#'), Comments::From('-')].map(Choice::Comments),
    );
    choices.extend([None, Some("Sheet 2".to_owned()), Some("-x".to_owned())].map(Choice::Sheet));
    choices.extend([None, Some(0), Some(12)].map(Choice::SkipLines));
    choices.extend([None, Some(0), Some(2)].map(Choice::SkipFooter));
    choices.extend(
        [None, Some("none"), Some("7,12-14")]
            .map(|rows| Choice::SkipRows(rows.map(|rows| rows.parse().unwrap()))),
    );
    choices.extend(Missing::ALL.map(Choice::Missing));
    choices.push(Choice::MissingWords(vec!["-99".to_owned(), "not known".to_owned()]));
    choices.extend([Choice::MissingWords(vec![]), Choice::OnlyMissingWords(vec![])]);
    choices.push(Choice::OnlyMissingWords(vec!["-".to_owned(), "not known".to_owned()]));
    choices.extend(DateUnit::ALL.map(Choice::Dates));
    choices.extend(DateOrder::ALL.map(Choice::DateOrder));
    choices.extend([None, Some(1930)].map(Choice::FirstYear));
    let names = |names: &[&str]| Some(names.iter().map(ToString::to_string).collect());
    choices.extend([None, names(&[]), names(&["id", "a class"])].map(Choice::Labels));
    choices.push(Choice::Labels(names(&["size, mm", "b", "\"c\", d", "5\" wide", " e"])));
    for name in ["id", "column 3", "it's a = b, or c", "-x", "Größe"] {
        choices.extend(TAKES.map(|(_, take)| Choice::Column(name.to_owned(), take)));
        choices.extend(Take::ALL.map(|take| Choice::Column(name.to_owned(), Some(take))));
    }
    for array in [
        Choice::Array,
        Choice::LabelArray,
        Choice::ValidationArray,
        Choice::ValidationLabelArray,
        Choice::TestArray,
        Choice::TestLabelArray,
    ] {
        choices.extend([None, Some("x train".to_owned()), Some("-x".to_owned())].map(array));
    }
    choices.extend(Axes::ALL.map(Choice::Axes));
    choices.extend([vec![], vec![2], vec![4, 3, 2]].map(Choice::ShownChannels));
    choices.extend(Parts::ALL.map(Choice::Parts));
    choices.push(Choice::Size(64, 48));
    choices.extend(Channels::ALL.map(Choice::Channels));
    choices.extend(Fit::ALL.map(Choice::Fit));
    choices.extend(Alpha::ALL.map(Choice::Alpha));
    choices.extend(PixelRange::ALL.map(Choice::Range));
    choices.extend(Pages::ALL.map(Choice::Pages));
    choices.extend(Masks::ALL.map(Choice::Masks));
    let path = std::path::absolute("labels of all.csv").expect("a path");
    let table = |file: Option<&str>, label: Option<&str>| LabelFrom::Table {
        path: path.clone(),
        file: file.map(str::to_owned),
        label: label.map(str::to_owned),
    };
    choices.extend(
        [
            LabelFrom::Auto,
            LabelFrom::Nothing,
            LabelFrom::Folder(2),
            LabelFrom::Name("{label}_*.png".to_owned()),
            table(None, None),
            table(None, Some("class")),
            table(Some("picture"), Some("class, or kind")),
        ]
        .map(Choice::Label),
    );
    choices.extend(Scaling::ALL.map(Choice::Scaling));
    choices.extend(Binarise::ALL.map(Choice::Binarise));
    choices.extend(Rules::ALL.map(Choice::Rules));
    for choice in choices {
        let option = choice.option();
        let (name, value) = option.split_once(' ').expect("a name and a value");
        let reading = read(&[name, &unquoted(value)]).unwrap_or_else(|error| panic!("{option}: {error}"));
        assert_eq!(reading.choices(), [choice], "{option}");
    }
}

#[test]
fn other_words_are_refused_with_those_there_are() {
    let check = |name: &str, value: &str, part: &str| {
        let error = read(&[name, value]).expect_err("refused");
        assert!(error.contains(part), "{name} {value}: {error}");
    };
    check("--header", "maybe", "detect, yes, one-row, no");
    check("--delimiter", ";", "semicolon");
    check("--encoding", "latin-99", "windows-1252");
    check("--comments", "//", "one character");
    check("--skip-lines", "two", "a number");
    check("--first-year", "30", "from 1000 to 9900");
    check("--column", "id", "left-out");
    check("--column", "id=lable", "label");
    check("--column", "=label", "NAME=HOW");
    check("--array", "", "detect");
    check("--shown-channels", "0,1,2", "counted from 1");
    check("--shown-channels", "1,2", "three");
    for wrong in ["", "x", "0x3", "5x", "99999x1", "-1x1"] {
        check("--size", wrong, if wrong == "-1x1" { "" } else { "64x48" });
    }
    check("--label-from", "folder:0", "from 1");
    check("--label-from", "name:*.png", "{label}");
    check("--label-from", "folders", "table:FILE");
    check("--scaling", "minmax", "unit-range");
}

#[test]
fn choices_reach_the_document_or_are_refused() {
    let table = Source::Csv {
        path: "t.csv".into(),
        header: Header::Auto,
        delimiter: Delimiter::Auto,
        labels: vec!["class".to_owned()],
        missing: Missing::default(),
        reading: TableReading::default(),
    };
    let folder = Source::ImageFolder {
        path: "p".into(),
        width: 8,
        height: 8,
        channels: Channels::Grey,
        fit: Fit::Crop,
        reading: PictureReading::default(),
    };
    let array =
        Source::Npy { path: "a.npz".into(), array: None, labels: None, reading: ArrayReading::default() };
    let applied = |source: &Source, words: &[&str]| {
        let mut data = Data { source: source.clone(), ..Data::default() };
        read(words).expect("read").apply(&mut data).map(|()| data).map_err(|failure| match failure {
            Failure::Usage(message) => message,
            other @ (Failure::Problem(_) | Failure::Interrupted) => panic!("{other:?}"),
        })
    };
    let check = |source: &Source, words: &[&str], part: &str| {
        let message = applied(source, words).expect_err("refused");
        assert!(message.contains(part), "{words:?}: {message}");
    };
    check(&Source::Digits, &["--size", "8x8"], "image folders");
    check(&array, &["--header", "no"], "tables");
    check(&table, &["--array", "x"], "arrays");
    let idx = Source::Idx {
        images: "i".into(),
        labels: Some("found".into()),
        test_images: None,
        test_labels: Some("t".into()),
        reading: IdxReading::default(),
    };
    check(&idx, &["--array", "y"], "for arrays (.npy, .npz); these data are of another kind (IDX)");
    check(&table, &["--parts", "mixed"], "arrays (.npy, .npz), IDX files and image folders");
    let words = ["--test-array", "/i2", "--test-label-array", "", "--axes", "rows"];
    let Ok(Data { source: Source::Idx { labels, test_images, test_labels, reading, .. }, .. }) =
        applied(&idx, &words)
    else {
        panic!("refused")
    };
    assert_eq!(labels.and_then(|path| path.file_name().map(PathBuf::from)), Some("found".into()));
    assert!(test_images.is_some_and(|path| path.ends_with("i2")) && test_labels.is_none());
    assert_eq!(reading, IdxReading { axes: Axes::Rows, ..IdxReading::default() });
    let dir = tempfile::tempdir().expect("a folder");
    let file = |name: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, b"").expect("written");
        path
    };
    let images = file("train-images-idx3-ubyte");
    let (beside, test) = (file("train-labels-idx1-ubyte"), file("t10k-images-idx3-ubyte"));
    let other = Source::Idx {
        images,
        labels: Some("other".into()),
        test_images: None,
        test_labels: Some("other".into()),
        reading: IdxReading::default(),
    };
    let words = ["--label-array", "detect", "--test-array", "detect", "--test-label-array", "detect"];
    let Ok(Data { source: Source::Idx { labels, test_images, test_labels, .. }, .. }) =
        applied(&other, &words)
    else {
        panic!("refused")
    };
    assert_eq!((labels, test_images, test_labels), (Some(beside), Some(test), None));
    check(
        &folder,
        &["--labels", "a"],
        "--labels a is for tables; these data are of another kind (Image folder)",
    );

    let labels = |text: &str| match super::labels(text) {
        Ok(Choice::Labels(Some(names))) => names,
        other => panic!("{other:?}"),
    };
    assert_eq!(labels("\"size, mm\" , b,"), ["size, mm", "b"]);
    assert_eq!(labels("\"a, b"), ["\"a", "b"]);
    assert_eq!(labels("\"a\" b,c"), ["\"a\" b", "c"]);
    let words = ["--labels", "a, b", "--column", "b=left-out", "--column", "c=label", "--scaling", "robust"];
    let data = applied(&table, &words).expect("fits");
    let Source::Csv { labels, reading, .. } = &data.source else { panic!("{data:?}") };
    assert_eq!(read(&["--size", "32"]).expect("read").choices(), [Choice::Size(32, 32)]);
    assert_eq!((&labels[..], data.scaling), (&["a".to_owned(), "c".to_owned()][..], Scaling::Robust));
    assert_eq!(reading.columns.len(), 1);
    let Ok(Data { source: Source::Csv { labels, .. }, .. }) = applied(&table, &["--labels", ""]) else {
        panic!("refused")
    };
    assert_eq!(labels, Vec::<String>::new());
    let only = |words: &[&str]| {
        let data = applied(&table, words).expect("fits");
        let Source::Csv { labels, reading, .. } = data.source else { panic!("no table") };
        (labels.len(), reading.only_labels)
    };
    assert_eq!(only(&[]), (1, false));
    assert_eq!(only(&["--labels", ""]), (0, true));
    assert_eq!(only(&["--labels", "a,b"]), (2, true));
    assert_eq!(only(&["--labels", "detect"]), (0, false));
    assert_eq!(only(&["--labels", "", "--column", "a=label"]), (1, true));

    let mut data = Data::default();
    assert!(read(&["--scaling", "unit-range"]).expect("read").apply_to_trained(&mut data).is_ok());
    let refused = read(&["--scaling", "none"]).expect("read").apply_to_trained(&mut data);
    assert!(matches!(refused, Err(Failure::Usage(message)) if message.contains("as in its training")));
}
