//! Codes that are pictures, arrays with missing values, weights of features, and options that no
//! view has.

use std::fs;
use std::path::Path;

use hourglass::dataset::{Progress, Rows, load};
use hourglass::io::open_project;
use hourglass::project::{
    Activation, Alpha, ArrayReading, Axes, Channels, Code, Data, Decoder, Fit, Layer, Missing, Output,
    PictureReading, Project, Recipe, Scaling, Shape, Source, Split,
};

use super::program::{fails, ok};
use super::{design_of_table, trained, write_table};

/// An array of 32-bit numbers in the NPY format.
fn array(path: &Path, shape: &[usize], values: &[f32]) {
    let lengths: Vec<String> = shape.iter().map(ToString::to_string).collect();
    let shape = lengths.join(", ");
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}").into_bytes();
    header.resize(117, b' ');
    header.push(b'\n');
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(header);
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    fs::write(path, bytes).expect("written");
}

/// The shape and the values of an array that the program wrote.
fn read_array(path: &Path) -> (String, Vec<f32>) {
    let bytes = fs::read(path).expect("written");
    let end = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = String::from_utf8(bytes[10..end].to_vec()).expect("text");
    let shape = header.split(['(', ')']).nth(1).expect("a shape").to_owned();
    let values = bytes[end..].as_chunks::<4>().0;
    (shape, values.iter().map(|&value| f32::from_le_bytes(value)).collect())
}

fn arrays(path: &Path, missing: Option<Missing>, axes: Axes) -> Source {
    let reading = ArrayReading { axes, missing, ..ArrayReading::default() };
    Source::Npy { path: path.to_owned(), array: None, labels: None, reading }
}

/// A code without its own weights is the pooled picture, so that each value shows its position.
#[test]
fn codes_that_are_pictures_are_written_with_their_channels_last() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let (samples, height, width, channels) = (5, 4, 6, 2);
    let value = |n: usize, h: usize, w: usize, c: usize| (1000 * n + 100 * h + 10 * w + c) as f32 / 8192.0;
    let places = |rows: usize, columns: usize| {
        (0..samples * rows * columns * channels).map(move |at| {
            let (pixel, c) = (at / channels, at % channels);
            (pixel / (rows * columns), pixel / columns % rows, pixel % columns, c)
        })
    };
    let values: Vec<f32> = places(height, width).map(|(n, h, w, c)| value(n, h, w, c)).collect();
    array(&dir.join("a.npy"), &[samples, height, width, channels], &values);
    let source = arrays(&dir.join("a.npy"), None, Axes::ChannelsLast);
    let split = Split { validation: 0.2, test: 0.0, ..Split::default() };
    let mut design = Project {
        data: Data { source, scaling: Scaling::None, split, ..Data::default() },
        encoder: vec![Layer::MaxPool2d { size: 2 }],
        code: Code::channels(channels),
        decoder: Decoder::Free(vec![
            Layer::Upsample { factor: 2 },
            Layer::point_convolution(channels, Activation::Linear),
        ]),
        output: Output { activation: Activation::Linear },
        ..Recipe::Undercomplete.project()
    };
    design.training.epochs = 1;
    let project = trained(dir, "pooled", &design);
    ok(dir, &["encode", &project, "-o", "codes.npy"]);
    let (shape, codes) = read_array(&dir.join("codes.npy"));
    assert_eq!(shape, "5, 2, 3, 2");
    // The largest value of a window is its last.
    let expected: Vec<f32> = places(2, 3).map(|(n, h, w, c)| value(n, 2 * h + 1, 2 * w + 1, c)).collect();
    assert_eq!(codes, expected);
}

#[test]
fn nan_of_arrays_is_refused_filled_or_masked_as_is_chosen() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let mut values: Vec<f32> = (0..40 * 3).map(|at| (at * 7 % 50) as f32 / 50.0).collect();
    (values[4], values[61]) = (f32::NAN, f32::NAN);
    array(&dir.join("a.npy"), &[40, 3], &values);
    fails(dir, &["train", "recipe:linear", "--data", "a.npy", "--epochs", "1"], 1, "--missing mask");
    fails(dir, &["train", "recipe:linear", "--data", "a.npy", "--missing", "drop-row"], 2, "is for tables");
    let train = ["train", "recipe:linear", "--data", "a.npy", "--epochs", "1", "--missing"];
    let masked = ok(dir, &[&train[..], &["mask", "-o", "masked.hourglass"]].concat()).stderr;
    for part in [
        "2 missing values in 1 column were filled with the column mean",
        "ignore them",
        "NaN is a missing value: mask",
    ] {
        assert!(masked.contains(part), "{part}: {masked}");
    }
    let filled = ok(dir, &[&train[..], &["column-mean", "-o", "filled.hourglass"]].concat()).stderr;
    assert!(filled.contains("were filled") && !filled.contains("ignore them"), "{filled}");
    assert!(ok(dir, &["evaluate", "masked.hourglass"]).stderr.contains("2 missing values are masked"));
    let means = |missing| {
        let source = arrays(&dir.join("a.npy"), Some(missing), Axes::Auto);
        load(&Data { source, ..Data::default() }, &Progress::default()).expect("loads")
    };
    let data = means(Missing::Masked);
    let there = |at: &u32| *at != 1 && *at != 20;
    let own = data.split.train.iter().filter(|row| there(row)).map(|row| values[3 * *row as usize + 1]);
    let mean = own.clone().sum::<f32>() / own.count() as f32;
    let Rows::F32(rows) = &data.rows else { panic!("numbers") };
    assert!((rows[4] - mean).abs() < 1e-6 && data.gaps.is_filled(4) && data.gaps.is_filled(61));
    assert!(data.gaps.masks_any() && !means(Missing::ColumnMean).gaps.masks_any());
    // An infinite value is not a missing value.
    values[4] = f32::INFINITY;
    array(&dir.join("b.npy"), &[40, 3], &values);
    fails(dir, &["train", "recipe:linear", "--data", "b.npy", "--missing", "mask"], 1, "inf is not a finite");
}

#[test]
fn transparent_pixels_are_masked_where_that_is_chosen() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let folder = dir.join("photos");
    fs::create_dir(&folder).expect("made");
    for (number, least) in (0..20_u8).zip([0, 127, 128, 255].into_iter().cycle()) {
        // A quarter of each picture has a different transparency; below half counts as missing.
        let pixel = |x: u32, y: u32| {
            let alpha = if x < 2 && y < 2 { least } else { 255 };
            image::Rgba([10 * number + x as u8, 20 + y as u8, 30, alpha])
        };
        image::RgbaImage::from_fn(4, 4, pixel)
            .save(folder.join(format!("{number:02}.png")))
            .expect("written");
    }
    let reading = PictureReading { alpha: Alpha::Masked, ..PictureReading::default() };
    let (channels, fit) = (Channels::Rgb, Fit::Stretch);
    let source = Source::ImageFolder { path: folder, width: 4, height: 4, channels, fit, reading };
    let data = load(&Data { source, ..Data::default() }, &Progress::default()).expect("loads");
    assert_eq!(data.shape, Shape::Image { height: 4, width: 4, channels: 3 });
    let Rows::U8(values) = &data.rows else { panic!("bytes") };
    for (at, value) in values.iter().enumerate() {
        let (row, x, y, channel) = (at / 48, at / 3 % 4, at / 12 % 4, at % 3);
        let is_missing = row % 4 < 2 && x < 2 && y < 2;
        let own = [10 * row + x, 20 + y, 30][channel];
        assert_eq!(data.gaps.is_filled(at), is_missing, "{row} {x} {y} {channel}");
        assert_eq!(usize::from(*value), if is_missing { 0 } else { own }, "{row} {x} {y} {channel}");
    }
    assert!(data.gaps.masks_any() && data.gaps.filled == 10 * 4 * 3);
    assert!(
        data.read_report.line.contains("transparent pixels masked (not in the loss): 12.5 % of all"),
        "{}",
        data.read_report.line
    );
    let train =
        ["train", "recipe:linear", "--data", "photos", "--size", "4x4", "--channels", "rgb", "--epochs", "1"];
    let told = ok(dir, &[&train[..], &["--alpha", "mask", "-o", "m.hourglass"]].concat()).stderr;
    assert!(told.contains("transparent pixels masked"), "{told}");
    assert!(ok(dir, &["evaluate", "m.hourglass"]).stderr.contains("120 missing values are masked"));
}

#[test]
fn weights_of_columns_are_set_kept_and_refused_where_there_is_no_such_column() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    write_table(&dir.join("t.csv"));
    trained(dir, "t", &design_of_table(&dir.join("t.csv")));
    let train = ["train", "t.ron", "--weight", "a=3", "-o", "w.hourglass"];
    ok(dir, &[&train[..], &["--weight", "b=0"]].concat());
    let opened = open_project(&dir.join("w.hourglass")).expect("opens");
    let weights: Vec<(&str, f32)> =
        opened.runs[0].design.feature_weights.iter().map(|own| (own.name.as_str(), own.weight)).collect();
    assert_eq!(weights, [("a", 3.0), ("b", 0.0)]);
    assert_eq!(opened.runs[0].pca_mse, None, "PCA weighs all columns alike");
    let message =
        "There is no column “c” to give a weight in the loss: remove the weight, or name one of a, b.";
    fails(dir, &["train", "t.ron", "--weight", "c=0", "-o", "x.hourglass"], 1, message);
    let checked = super::run(dir, &["check", "t.ron", "--weight", "c=0"]);
    assert!(checked.code == Some(1) && checked.stdout.contains(message), "{}", checked.stdout);
    fails(dir, &["train", "t.ron", "--weight", "a=0", "--weight", "b=0", "-o", "x.hourglass"], 1, "weight 0");
    fails(dir, &["train", "t.ron", "--weight", "a=-1"], 2, "from 0 to");
    fails(dir, &["train", "w.hourglass", "--resume", "--weight", "a=1"], 2, "--weight");
    ok(dir, &["new", "linear", "-o", "new.ron", "--weight", "a=0.5"]);
    let text = super::read(dir, "new.ron");
    assert!(text.contains("name: \"a\"") && text.contains("weight: 0.5"), "{text}");
}

#[test]
fn options_that_a_view_does_not_have_are_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    ok(dir, &["train", "recipe:linear", "--epochs", "1", "-o", "l.hourglass"]);
    let check = |view: &str, more: &[&str], message: &str| {
        let asked = ["figure", "l.hourglass", "--view", view, "-o", "x.svg"];
        fails(dir, &[&asked[..], more].concat(), 2, message);
    };
    check(
        "loss",
        &["--epoch", "1"],
        "--epoch: the view loss does not have this; omit it, or choose --view latent or reconstructions",
    );
    check("loss", &["--header", "no"], "how data are read");
    check("latent", &["--smooth", "0"], "--smooth: the view latent");
    check("latent", &["--order", "data"], "--view reconstructions");
    check("reconstructions", &["--sample", "mean"], "--view traversals");
    check("traversals", &["--set", "all"], "--set: the view traversals");
    ok(dir, &["figure", "l.hourglass", "--view", "loss", "-o", "x.svg", "--smooth", "0.5", "--linear"]);
}

/// A learning rate can only be suggested if the loss decreases.
#[test]
fn a_search_without_a_suggestion_says_so_and_fails() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    // All samples are equal, and the network initially outputs them: nothing is left to learn.
    array(&dir.join("a.npy"), &[40, 3], &[0.0; 120]);
    let mut design = Project {
        data: Data {
            source: arrays(&dir.join("a.npy"), None, Axes::Auto),
            scaling: Scaling::None,
            ..Data::default()
        },
        encoder: Vec::new(),
        code: Code::plain(1),
        output: Output { activation: Activation::Linear },
        ..Recipe::Undercomplete.project()
    };
    design.training.initialisation = hourglass::project::Initialisation::Zero;
    hourglass::io::save_design(&hourglass::io::Files::default(), &dir.join("z.ron"), &design).expect("saved");
    fails(dir, &["find-rate", "z.ron"], 1, "there is no suggestion");
    let told = super::run(dir, &["find-rate", "z.ron", "--json"]);
    assert!(told.code == Some(1) && told.stdout.contains("\"learning_rate\":null"), "{}", told.stdout);
}
