use std::fs;
use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::dataset::{LabelValues, Rows};
use crate::project::{Channels, Fit};

const GREY: TargetFormat = TargetFormat { width: 8, height: 8, channels: Channels::Grey, fit: Fit::Crop };
const COLOUR: TargetFormat = TargetFormat { channels: Channels::Rgb, ..GREY };

mod understood;

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    dir
}

fn encode(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn plain(colour: [u8; 3], width: u32, height: u32) -> RgbImage {
    RgbImage::from_pixel(width, height, Rgb(colour))
}

fn png(value: u8) -> Vec<u8> {
    encode(plain([value; 3], 10, 10), ImageFormat::Png)
}

fn load(folder: &Path, wanted: TargetFormat, progress: &Progress) -> Result<Raw, DataError> {
    super::load(folder, wanted, &PictureReading::default(), &Data::default(), None, progress)
}

fn read(dir: &TempDir, wanted: TargetFormat) -> Result<Raw, DataError> {
    load(dir.path(), wanted, &Progress::default())
}

fn pixels(raw: &Raw) -> &[u8] {
    let Rows::U8(pixels) = &raw.rows else { panic!("not bytes") };
    pixels
}

#[test]
fn every_format_and_colour_type_becomes_the_same_picture() {
    let check = |bytes: Vec<u8>, wanted: TargetFormat, expected: &[u8], tolerance: u8| {
        let raw = read(&folder(&[("a.png", &bytes)]), wanted).unwrap();
        assert!(raw.warnings.len() == 1 && raw.warnings[0].contains("a single colour"), "{:?}", raw.warnings);
        for pixel in pixels(&raw).chunks(expected.len()) {
            for (value, expected) in pixel.iter().zip(expected) {
                assert!(value.abs_diff(*expected) <= tolerance, "{pixel:?} is not {expected}");
            }
        }
    };
    let red = [200, 40, 10];
    // Rec. 709: 0.2126 r + 0.7152 g + 0.0722 b.
    let luminance = [72];
    let formats = [
        (ImageFormat::Png, 1),
        (ImageFormat::Bmp, 1),
        (ImageFormat::Gif, 4),
        (ImageFormat::WebP, 1),
        (ImageFormat::Tiff, 1),
        (ImageFormat::Jpeg, 3),
        (ImageFormat::Pnm, 0),
        (ImageFormat::Qoi, 0),
    ];
    for (format, tolerance) in formats {
        for size in [(8, 8), (30, 21), (3, 5)] {
            check(encode(plain(red, size.0, size.1), format), COLOUR, &red, tolerance);
            check(encode(plain(red, size.0, size.1), format), GREY, &luminance, tolerance);
        }
    }
    check(PALETTE.to_vec(), COLOUR, &[255, 0, 0], 0);
}

/// A 1×1 PNG of colour type 3: its palette contains red.
const PALETTE: &[u8] = b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x03\x00\x00\x00(\xcb4\xbb\x00\x00\x00\x03PLTE\xff\x00\x00\x19\xe2\x097\x00\x00\x00\x0aIDATx\x9cc`\x00\x00\x00\x02\x00\x01H\xaf\xa4q\x00\x00\x00\x00IEND\xaeB`\x82";

#[test]
fn pictures_are_fitted_cropped_or_stretched() {
    // White in the middle half, black at the left and right quarter.
    let wide =
        RgbImage::from_fn(64, 32, |x, _| if (16..48).contains(&x) { Rgb([255; 3]) } else { Rgb([0; 3]) });
    let dir = folder(&[("wide.png", &encode(wide, ImageFormat::Png))]);
    let check = |fit, rows: [[u8; 8]; 8]| {
        let raw = read(&dir, TargetFormat { fit, ..GREY }).unwrap();
        for (row, expected) in pixels(&raw).chunks(8).zip(rows) {
            for (value, expected) in row.iter().zip(expected) {
                assert!(value.abs_diff(expected) < 30, "{fit:?} {row:?}");
            }
        }
    };
    let white = [255; 8];
    let middle = [0, 0, 255, 255, 255, 255, 0, 0];
    let black = [0; 8];
    check(Fit::Crop, [white; 8]);
    check(Fit::Stretch, [middle; 8]);
    check(Fit::Fit, [black, black, middle, middle, middle, middle, black, black]);
}

#[test]
fn extreme_shapes_are_read() {
    let line = encode(plain([255; 3], 5000, 1), ImageFormat::Png);
    let dir = folder(&[("line.png", &line), ("dot.png", &encode(plain([255; 3], 1, 1), ImageFormat::Png))]);
    for fit in Fit::ALL {
        for (width, height) in [(8, 8), (1, 1), (1, 100), (33, 2)] {
            let wanted = TargetFormat { width, height, fit, ..GREY };
            let raw = read(&dir, wanted).unwrap();
            assert_eq!(raw.rows.len(), 2 * width * height, "{:?}", raw.warnings);
        }
    }
}

#[test]
fn the_orientation_of_a_photograph_is_applied() {
    // Left half white; tag 0x0112 is 6: rotate it right by a quarter turn, so that the top becomes
    // white.
    let half = RgbImage::from_fn(16, 16, |x, _| if x < 8 { Rgb([255; 3]) } else { Rgb([0; 3]) });
    let plain = encode(half, ImageFormat::Jpeg);
    let exif = b"Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let mut bytes = plain[..2].to_vec();
    bytes.extend([0xFF, 0xE1]);
    bytes.extend((exif.len() as u16 + 2).to_be_bytes());
    bytes.extend(exif);
    bytes.extend(&plain[2..]);
    let raw = read(&folder(&[("photo.jpg", &bytes)]), GREY).unwrap();
    let at = |x: usize, y: usize| pixels(&raw)[y * 8 + x];
    assert!(at(1, 1) > 200 && at(6, 1) > 200 && at(1, 6) < 50 && at(6, 6) < 50);
}

#[test]
fn sub_folders_are_labels_and_paths_give_the_order() {
    let check = |files: &[(&str, u8)], rows: &[&str], labels: Option<(&[&str], &[u32])>| {
        let encoded: Vec<(&str, Vec<u8>)> = files.iter().map(|&(name, value)| (name, png(value))).collect();
        let files: Vec<(&str, &[u8])> = encoded.iter().map(|(name, bytes)| (*name, &bytes[..])).collect();
        let raw = read(&folder(&files), GREY).unwrap();
        assert_eq!(raw.row_names, rows);
        let expected = labels.map(|(names, ids)| LabelValues::Classes {
            names: names.iter().map(ToString::to_string).collect(),
            ids: ids.to_vec(),
        });
        assert_eq!(raw.labels.first().map(|column| column.values.clone()), expected);
    };
    check(&[("b.png", 1), ("a.PNG", 2)], &["a.PNG", "b.png"], None);
    check(
        &[("dog/x.png", 1), ("cat/deep/y.png", 2), ("cat/a.png", 3)],
        &["cat/a.png", "cat/deep/y.png", "dog/x.png"],
        Some((&["cat", "dog"], &[0, 0, 1])),
    );
    check(
        &[("dog/x.png", 1), ("loose.png", 2), (".hidden/h.png", 3), ("dog/.h.png", 4)],
        &["dog/x.png", "loose.png"],
        Some((&["dog", "(none)"], &[0, 1])),
    );
}

#[test]
fn a_few_bad_pictures_are_left_out_and_reported() {
    let noise = RgbImage::from_fn(64, 64, |x, y| Rgb([(x * y) as u8, (x * 7 + y) as u8, (y * 31) as u8]));
    let (good, jpeg) = (png(7), encode(noise.clone(), ImageFormat::Jpeg));
    let deep = encode(noise, ImageFormat::Png);
    let dir = folder(&[
        ("a.png", &good),
        ("cut.png", &deep[..deep.len() / 2]),
        ("cut.jpg", &jpeg[..jpeg.len() / 2]),
        ("empty.gif", b""),
        ("notes.txt", b"not looked at"),
        ("text.png", b"this is text"),
        ("z.png", &png(9)),
    ]);
    let raw = read(&dir, GREY).unwrap();
    assert_eq!(raw.row_names, ["a.png", "z.png"]);
    assert_eq!((pixels(&raw)[0], pixels(&raw)[64]), (7, 9));
    assert_eq!(raw.warnings.len(), 5, "{:?}", raw.warnings);
    for (warning, (name, reason)) in raw.warnings.iter().zip([
        ("cut.jpg", "truncated JPEG); download it again"),
        ("cut.png", "download it again"),
        ("empty.gif", "not a picture, despite its name"),
        ("text.png", "not a picture, despite its name"),
    ]) {
        assert!(warning.contains(name) && warning.contains(reason), "{warning}");
    }
}

/// A PNG that states this size and ends after it.
fn lying(width: u32, height: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut crc = flate2::Crc::new();
    crc.update(&header);
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0D".to_vec();
    bytes.extend(&header);
    bytes.extend(crc.sum().to_be_bytes());
    // An empty IDAT chunk, so that the decoder reaches the pixels.
    bytes.extend(b"\0\0\0\0IDAT\x35\xAF\x06\x1E");
    bytes
}

#[test]
fn unreadable_folders_are_refused_with_reason_and_remedy() {
    let check = |files: &[(&str, &[u8])], expected: &[&str]| {
        let error = read(&folder(files), GREY).unwrap_err().to_string();
        for part in expected {
            assert!(error.contains(part), "{error} lacks {part}");
        }
    };
    check(&[], &["contains no picture; choose a folder with PNG, JPEG"]);
    check(&[("a.txt", b"x")], &["contains no picture"]);
    check(&[("a.png", b"x")], &["none of its 1 pictures", "a.png: is not a picture"]);
    let five: Vec<(&str, &[u8])> =
        ["a.png", "b.png", "c.png", "d.png", "e.png"].iter().map(|&name| (name, &b"x"[..])).collect();
    check(&five, &["none of its 5 pictures", "c.png", "and 2 more", "Choose a folder"]);
    check(
        &[("huge.png", &lying(30_000, 30_000))],
        &["huge.png", "30000×30000 pixels are too many", "1.1 GB decoded", "save it smaller"],
    );
    check(&[("large.png", &lying(19_000, 19_000))], &["large.png", "1.1 GB", "save it smaller"]);
    check(&[("lie.png", &lying(1000, 1000))], &["lie.png", "download it again"]);
    let missing = load(Path::new("/nowhere/pictures"), GREY, &Progress::default()).unwrap_err();
    assert!(missing.to_string().contains("/nowhere/pictures: does not exist"), "{missing}");
    let dir = folder(&[("a.png", b"x")]);
    let file = load(&dir.path().join("a.png"), GREY, &Progress::default()).unwrap_err();
    assert!(file.to_string().contains("a.png: is not a picture, despite its name"), "{file}");
    for wanted in [TargetFormat { width: 0, ..GREY }, TargetFormat { height: 5000, ..GREY }] {
        let error = read(&dir, wanted).unwrap_err().to_string();
        assert!(error.contains("choose from 1 to 4096"), "{error}");
    }
}

#[test]
fn a_folder_that_vanishes_is_distinguished_from_bad_pictures() {
    let mut bad = Skipped::default();
    bad.add(Path::new("a.png"), "does not exist");
    let gone = no_picture(Path::new("/nowhere"), &bad).to_string();
    assert!(
        gone.contains("became unavailable while it was read") && gone.contains("connect the drive"),
        "{gone}"
    );
    let dir = tempfile::tempdir().unwrap();
    assert!(no_picture(dir.path(), &bad).to_string().contains("none of its 1 pictures"));
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_reported() {
    use std::os::unix::fs::PermissionsExt;
    let dir = folder(&[("a.png", &png(1)), ("secret.png", &png(2))]);
    let secret = dir.path().join("secret.png");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o0)).unwrap();
    // The superuser may read everything.
    let readable = fs::read(&secret).is_ok();
    let raw = read(&dir, GREY).unwrap();
    assert_eq!(raw.row_names.len(), if readable { 2 } else { 1 });
    if !readable {
        assert!(raw.warnings[0].contains("secret.png: permission denied"), "{:?}", raw.warnings);
    }
}

#[cfg(unix)]
#[test]
fn links_in_a_circle_end() {
    let dir = folder(&[("sub/a.png", &png(1))]);
    std::os::unix::fs::symlink(dir.path(), dir.path().join("sub/loop")).unwrap();
    let raw = read(&dir, GREY).unwrap();
    assert_eq!(raw.row_names, ["sub/a.png"]);
    assert!(raw.warnings[0].contains("sub/loop: is a circular link"), "{:?}", raw.warnings);
}

#[test]
fn cancelling_stops_it() {
    let progress = Progress::default();
    progress.cancel();
    let result = load(folder(&[("a.png", &png(1))]).path(), GREY, &progress);
    assert_eq!(result.err(), Some(DataError::Cancelled));
}

#[test]
fn pictures_that_do_not_fit_next_to_others_are_read_alone_or_reported_with_the_numbers() {
    // 500×500 pixels of colour need 0.75 MB; decoding is assumed to hold four copies and the grey
    // picture: 3.3 MB.
    let large = encode(plain([9; 3], 500, 500), ImageFormat::Png);
    let names: Vec<String> = (0..40).map(|at| format!("{at:02}.png")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &large[..])).collect();
    let dir = folder(&files);
    let raw = load(dir.path(), GREY, &Progress::with_budget(6_000_000)).unwrap();
    assert_eq!((raw.row_names, raw.warnings.len()), (names, 1), "all are the same");
    let error = load(dir.path(), GREY, &Progress::with_budget(3_000_000)).unwrap_err().to_string();
    for part in [".png needs about ", "3.0 MB is free: save it smaller, or close other programs"] {
        assert!(error.contains(part), "{error} lacks {part}");
    }
    let error = load(dir.path(), GREY, &Progress::with_budget(1000)).unwrap_err();
    assert!(matches!(error, DataError::Memory { .. }), "{error}");
}

#[test]
fn a_folder_stays_charged_for_what_it_holds() {
    const LIMIT: u64 = 10_000_000;
    let good = png(7);
    let dir =
        folder(&[("cat/a.png", &good), ("cat/bad.png", b"x"), ("dog/b.png", &good), ("loose.png", &good)]);
    let flat = folder(&[("a.png", &good), ("b.png", &good)]);
    for (dir, rows) in [(&dir, 3), (&flat, 2)] {
        let progress = Progress::with_budget(LIMIT);
        let raw = load(dir.path(), GREY, &progress).unwrap();
        assert_eq!((raw.row_names.len(), raw.rows.len()), (rows, 64 * rows));
        assert_eq!(progress.budget().free(), LIMIT - raw.bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_bytes_are_read_or_refused(format in 0_usize..9, cut in 0_usize..400, at in 0_usize..400, flip: u8, noise in prop::collection::vec(any::<u8>(), 0..40)) {
        let formats = [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::Gif, ImageFormat::WebP, ImageFormat::Tiff, ImageFormat::Jpeg, ImageFormat::Pnm, ImageFormat::Qoi, ImageFormat::Ico];
        let mut bytes = encode(plain([9, 200, 77], 9, 7), formats[format]);
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= flip;
        }
        bytes.truncate(bytes.len().saturating_sub(cut));
        bytes.extend(&noise);
        if let Ok(raw) = read(&folder(&[("a.png", &bytes), ("b.jpg", &noise), ("c.tga", &bytes), ("d.tif", &bytes)]), COLOUR) {
            raw.assert_valid();
        }
    }
}

#[test]
fn lists_next_to_a_folder_are_offered_as_labels() {
    let list = b"2\nMale Young\na.png  1 -1\nb.png -1  1\n";
    let files = [("pictures/a.png", &png(1)[..]), ("pictures/b.png", &png(9)), ("list_attr.txt", list)];
    let dir = folder(&files);
    let raw = load(&dir.path().join("pictures"), GREY, &Progress::default()).unwrap();
    let (file, label) = (Some("column 1".to_owned()), Some("Male".to_owned()));
    let from = LabelFrom::Table { path: dir.path().join("list_attr.txt"), file, label };
    let doubt =
        raw.doubts.iter().find(|doubt| doubt.message.contains("../list_attr.txt names 2 of 2")).unwrap();
    assert_eq!(doubt.remedies, [Choice::Label(from.clone())]);
    let reading = PictureReading { label: from, ..PictureReading::default() };
    let data = Data::default();
    let dir = dir.path().join("pictures");
    let raw = super::load(&dir, GREY, &reading, &data, None, &Progress::default()).unwrap();
    assert_eq!(raw.labels[0].name, "Male");
    assert_eq!([0, 1].map(|row| raw.labels[0].text(row).into_owned()), ["1", "-1"]);
}
