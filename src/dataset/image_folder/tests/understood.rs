//! How pictures, folders and names are read, and the messages about them.

use image::{GrayAlphaImage, ImageBuffer, Luma, LumaA, Rgba, RgbaImage};

use super::*;
use crate::dataset::picture::Depth;
use crate::project::{Alpha, Choice, Masks, PixelRange};

fn read_as(dir: &TempDir, wanted: TargetFormat, reading: PictureReading) -> Raw {
    read_known(dir, wanted, &reading, None)
}

fn read_known(
    dir: &TempDir,
    wanted: TargetFormat,
    reading: &PictureReading,
    known: Option<Known<'_>>,
) -> Raw {
    super::super::load(dir.path(), wanted, reading, &Data::default(), known, &Progress::default()).unwrap()
}

fn with_alpha(alpha: Alpha) -> PictureReading {
    PictureReading { alpha, ..PictureReading::default() }
}

/// A TIFF file of uncompressed pages of 8×8 pixels: bits, sample format, bytes; optionally, the
/// last one is a thumbnail.
fn tiff(pages: &[Vec<u8>], bits: u32, format: u32, ends_in_thumbnail: bool) -> Vec<u8> {
    let mut out = b"II*\0\0\0\0\0".to_vec();
    let mut place = 4;
    for (at, page) in pages.iter().enumerate() {
        let data = out.len() as u32;
        out.extend(page);
        let start = out.len() as u32;
        out[place..place + 4].copy_from_slice(&start.to_le_bytes());
        let kind = u32::from(ends_in_thumbnail && at + 1 == pages.len());
        let fields = [
            (254, 4, kind),
            (256, 4, 8),
            (257, 4, 8),
            (258, 3, bits),
            (259, 3, 1),
            (262, 3, 1),
            (273, 4, data),
            (277, 3, 1),
            (278, 4, 8),
            (279, 4, page.len() as u32),
            (339, 3, format),
        ];
        out.extend((fields.len() as u16).to_le_bytes());
        for (tag, kind, value) in fields {
            out.extend(u16::to_le_bytes(tag));
            out.extend(u16::to_le_bytes(kind));
            out.extend(1_u32.to_le_bytes());
            out.extend(u32::to_le_bytes(value));
        }
        place = out.len();
        out.extend([0; 4]);
    }
    out
}

fn ramp(step: u16) -> ImageBuffer<Luma<u16>, Vec<u16>> {
    ImageBuffer::from_fn(8, 8, |x, y| Luma([(x + 8 * y) as u16 * step]))
}

#[test]
fn pixels_deeper_than_8_bits_stay_deep() {
    let words: Vec<u16> = (0..64).map(|at| at * 4).collect();
    let mut pgm = b"P5\n8 8\n65535\n".to_vec();
    pgm.extend(words.iter().flat_map(|value| value.to_be_bytes()));
    for (name, bytes) in [
        ("a.png", encode(ramp(4), ImageFormat::Png)),
        ("a.tif", encode(ramp(4), ImageFormat::Tiff)),
        ("a.pgm", pgm),
    ] {
        let raw = read(&folder(&[(name, &bytes)]), GREY).unwrap();
        assert_eq!((&raw.rows, raw.type_max), (&Rows::U16(words.clone()), None), "{name}");
        assert_eq!(raw.understood, ["16 bits (values 0 to 252); range: data"]);
    }
    let numbers: Vec<f32> = (0..64).map(|at| at as f32 * 2000.0 / 63.0 - 1000.0).collect();
    let check = |bits: u32, format: u32, bytes: Vec<u8>, expected: Vec<f32>| {
        let file = tiff(&[bytes], bits, format, false);
        let raw = read(&folder(&[("a.tif", &file)]), GREY).unwrap();
        assert_eq!((&raw.rows, raw.type_max), (&Rows::F32(expected), None), "{bits} {format}");
    };
    let whole: Vec<i32> = numbers.iter().map(|value| *value as i32).collect();
    let as_floats: Vec<f32> = whole.iter().map(|value| *value as f32).collect();
    check(32, 3, numbers.iter().flat_map(|value| value.to_le_bytes()).collect(), numbers.clone());
    check(64, 3, numbers.iter().flat_map(|value| f64::from(*value).to_le_bytes()).collect(), numbers.clone());
    check(16, 2, whole.iter().flat_map(|value| (*value as i16).to_le_bytes()).collect(), as_floats.clone());
    check(32, 2, whole.iter().flat_map(|value| value.to_le_bytes()).collect(), as_floats);
    let large: Vec<u32> = (0..64).map(|at| at * 1_000_000).collect();
    let expected = large.iter().map(|value| *value as f32).collect();
    check(32, 1, large.iter().flat_map(|value| value.to_le_bytes()).collect(), expected);
    let nibbles: Vec<u8> = (0..32).map(|at| ((2 * at % 16) << 4) | ((2 * at + 1) % 16)).collect();
    let raw = read(&folder(&[("a.tif", &tiff(&[nibbles], 4, 1, false))]), GREY).unwrap();
    let expected: Vec<u8> = (0..64).map(|at| at % 16 * 17).collect();
    assert_eq!(raw.rows, Rows::U8(expected));
}

#[test]
fn formats_of_numbers_and_of_16_bits_keep_them() {
    let value = |x: u32, y: u32| (x + 8 * y) as f32 / 4.0;
    let numbers = image::Rgb32FImage::from_fn(8, 8, |x, y| Rgb([value(x, y); 3]));
    for format in [ImageFormat::OpenExr, ImageFormat::Hdr] {
        let raw = read(&folder(&[("a.exr", &encode(numbers.clone(), format))]), COLOUR).unwrap();
        let Rows::F32(values) = &raw.rows else { panic!("{:?}", raw.rows) };
        let is_near = |(at, value): (usize, &f32)| (value - (at / 3) as f32 / 4.0).abs() <= 0.07;
        assert!(values.iter().enumerate().all(is_near), "{format:?} {values:?}");
    }
    let words = image::ImageBuffer::from_fn(8, 8, |x, y| Rgba([x as u16, y as u16, 999, u16::MAX]));
    let raw = read(&folder(&[("a.ff", &encode(words, ImageFormat::Farbfeld))]), COLOUR).unwrap();
    let Rows::U16(values) = &raw.rows else { panic!("{:?}", raw.rows) };
    assert_eq!(values[3 * 13..][..3], [5, 1, 999]);
    let tga = encode(plain([200, 40, 10], 8, 8), ImageFormat::Tga);
    assert_eq!(pixels(&read(&folder(&[("a.tga", &tga)]), COLOUR).unwrap())[..3], [200, 40, 10]);
}

#[test]
fn pictures_of_several_depths_are_brought_to_the_deepest_in_any_order() {
    let eight = encode(RgbImage::from_fn(8, 8, |x, _| Rgb([x as u8 * 30; 3])), ImageFormat::Png);
    let sixteen = encode(ramp(1000), ImageFormat::Png);
    let row = |scale: f32| (0..64).map(move |at| (at % 8 * 30) as f32 * scale);
    for (first, second, at) in [(&eight, &sixteen, 0), (&sixteen, &eight, 64)] {
        let many: Vec<(String, &[u8])> = (0..20)
            .map(|at| (format!("{at:02}.png"), if at % 2 == 0 { &first[..] } else { &second[..] }))
            .collect();
        let files: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
        let raw = read(&folder(&files), GREY).unwrap();
        let Rows::U16(values) = &raw.rows else { panic!("{:?}", raw.rows) };
        assert!(values[at..at + 64].iter().map(|value| f32::from(*value)).eq(row(257.0)));
        assert_eq!(values[64 - at + 5], 5000);
        assert!(
            raw.notes[0].contains("10 of 8 bits, 10 of 16 bits; first of 8 bits: 0")
                && raw.notes[0].ends_with("8-bit values were scaled to 16 bits"),
            "{:?}",
            raw.notes
        );
    }
    let numbers = tiff(&[(0..64_u32).flat_map(|at| (at as f32).to_le_bytes()).collect()], 32, 3, false);
    let raw = read(&folder(&[("a.png", &eight), ("b.png", &sixteen), ("c.tif", &numbers)]), GREY).unwrap();
    let Rows::F32(values) = &raw.rows else { panic!("{:?}", raw.rows) };
    assert!(values[..64].iter().copied().eq((0..64).map(|at| (at % 8 * 30) as f32 / 255.0)));
    assert_eq!((values[64 + 5], values[128 + 5]), (5000.0 / 65_535.0, 5.0));
    assert!(raw.doubts[0].message.contains("the values range from 0 to 63"), "{:?}", raw.doubts);
}

#[test]
fn a_picture_of_another_depth_is_doubted_where_it_has_another_scale() {
    let eight = encode(RgbImage::from_fn(8, 8, |x, _| Rgb([x as u8 * 30; 3])), ImageFormat::Png);
    let check = |step: u16, range, part: Option<&str>| {
        let deep = encode(ramp(step), ImageFormat::Png);
        let dir = folder(&[("a.png", &deep[..]), ("b.png", &deep), ("x/odd.png", &eight)]);
        let raw = read_as(&dir, GREY, PictureReading { range, ..PictureReading::default() });
        let said: Vec<&str> = raw.doubts.iter().map(|doubt| &doubt.message[..]).collect();
        let doubt = raw.doubts.iter().find(|doubt| doubt.message.contains("different depth"));
        assert_eq!(doubt.is_some(), part.is_some(), "{step}: {said:?}");
        if let (Some(doubt), Some(part)) = (doubt, part) {
            assert!(doubt.message.contains("first of 8 bits: x/odd.png"), "{said:?}");
            assert!(doubt.message.contains(part), "{said:?}");
            assert_eq!(doubt.remedies, [Choice::Range(PixelRange::EachPicture)]);
        }
    };
    // 12 bits in 16: 63 × 65 of 65535.
    check(65, PixelRange::Auto, Some("the lowest 6.2 % of the range of their type"));
    check(65, PixelRange::EachPicture, None);
    check(1000, PixelRange::Auto, None);
}

#[test]
fn numbers_that_are_none_do_not_spread() {
    let mut values: Vec<f32> = (0..64).map(|at| at as f32 + 3.0).collect();
    (values[7], values[9]) = (f32::NAN, f32::INFINITY);
    let file = tiff(&[values.iter().flat_map(|value| value.to_le_bytes()).collect()], 32, 3, false);
    let raw = read(&folder(&[("a.tif", &file)]), GREY).unwrap();
    (values[7], values[9]) = (3.0, 3.0);
    assert_eq!(raw.rows, Rows::F32(values));
    assert!(raw.warnings[0].contains("first: a.tif"), "{:?}", raw.warnings);
}

#[test]
fn the_rules_of_version_1_read_8_bits_on_black_from_the_first_page_in_one_set() {
    let glass = RgbaImage::from_fn(8, 8, |x, _| Rgba([0, 0, 0, x as u8 * 30]));
    let dir = folder(&[
        ("train/a.png", &encode(ramp(257), ImageFormat::Png)),
        ("test/b.png", &encode(glass, ImageFormat::Png)),
        ("test/c.tif", &tiff(&[vec![5; 64], vec![9; 64]], 8, 1, false)),
        ("test/d.pgm", b"P5\n1 1\n255\n\0"),
        ("long.png", &encode(plain([9; 3], 25_000, 1), ImageFormat::Png)),
    ]);
    let reading = PictureReading::default();
    let old = Data { rules: Rules::Version1, ..Data::default() };
    let raw = super::super::load(dir.path(), GREY, &reading, &old, None, &Progress::default()).unwrap();
    assert_eq!(raw.row_names, ["test/b.png", "test/c.tif", "train/a.png"]);
    assert_eq!((raw.type_max, raw.own_validation, raw.own_test), (Some(255.0), 0, 0));
    let ramp: Vec<u8> = (0..64).collect();
    assert_eq!(pixels(&raw), [&[0; 64][..], &[5; 64], &ramp].concat());
    let LabelValues::Classes { names, ids } = &raw.labels[0].values else { panic!("{:?}", raw.labels) };
    assert_eq!((&names[..], &ids[..]), (&["test".to_owned(), "train".to_owned()][..], &[0, 0, 1][..]));
}

#[test]
fn transparency_is_laid_on_the_ground_that_shows_more() {
    let drawing = |ink: u8| {
        encode(RgbaImage::from_fn(8, 8, |x, _| Rgba([ink, ink, ink, x as u8 * 30])), ImageFormat::Png)
    };
    let column = |ink: i32, ground: i32| {
        let on = move |x: i32| ((ink * x * 30 + ground * (255 - x * 30) + 127) / 255) as u8;
        (0..64).map(move |at| on(at % 8)).collect::<Vec<u8>>()
    };
    let check = |ink: u8, alpha: Alpha, expected: Vec<u8>, said: &str| {
        let raw = read_as(&folder(&[("a.png", &drawing(ink))]), GREY, with_alpha(alpha));
        assert_eq!((pixels(&raw), &raw.understood[0][..]), (&expected[..], said), "{ink} {alpha:?}");
    };
    check(0, Alpha::Auto, column(0, 255), "transparency on white");
    check(255, Alpha::Auto, column(255, 0), "transparency on black");
    check(255, Alpha::White, vec![255; 64], "transparency on white");
    check(0, Alpha::Black, vec![0; 64], "transparency on black");
    let checkered = (0..64).map(|at| {
        let (x, grey) = (at % 8, if (at % 8 + at / 8) % 2 == 0 { 102 } else { 153 });
        ((grey * (255 - x * 30) + 127) / 255) as u8
    });
    check(0, Alpha::Checker, checkered.collect(), "transparency on a checkerboard");

    let raw = read_as(&folder(&[("a.png", &drawing(0))]), GREY, with_alpha(Alpha::Black));
    assert_eq!(
        raw.doubts[0].remedies,
        [Choice::Alpha(Alpha::White), Choice::Alpha(Alpha::Keep)],
        "{:?}",
        raw.doubts
    );
    // Opaque pictures among them get full alpha.
    let dir = folder(&[("a.png", &drawing(200)), ("b.png", &png(7))]);
    for (wanted, channels) in [(GREY, 2), (COLOUR, 4)] {
        let raw = read_as(&dir, wanted, with_alpha(Alpha::Keep));
        assert_eq!(raw.shape, Shape::Image { height: 8, width: 8, channels });
        let alpha: Vec<u8> = pixels(&raw).chunks(channels).map(|pixel| pixel[channels - 1]).collect();
        let expected: Vec<u8> = (0..64).map(|at| at % 8 * 30).chain([255; 64]).collect();
        assert_eq!(alpha, expected);
        assert_eq!(pixels(&raw)[channels], 200);
    }
    let glass = GrayAlphaImage::from_fn(8, 8, |x, _| LumaA([100, if x < 4 { 51 } else { 255 }]));
    let raw =
        read_as(&folder(&[("a.png", &encode(glass, ImageFormat::Png))]), GREY, with_alpha(Alpha::Black));
    assert_eq!(pixels(&raw)[..8], [20, 20, 20, 20, 100, 100, 100, 100]);
}

#[test]
fn each_page_of_a_file_is_a_sample_or_the_first_is() {
    let page = |value: u8| vec![value; 64];
    let stack = tiff(&[page(1), page(2), page(3)], 8, 1, false);
    let dir = folder(&[
        ("a.tif", &stack),
        ("b.tif", &tiff(&[page(4), page(5)], 8, 1, true)),
        ("c.png", &png(6)),
        ("d.png", &stack),
    ]);
    let firsts = |raw: &Raw| pixels(raw).chunks(64).map(|row| row[0]).collect::<Vec<u8>>();
    let raw = read_as(&dir, GREY, PictureReading::default());
    assert_eq!(raw.row_names, ["a.tif#1", "a.tif#2", "a.tif#3", "b.tif", "c.png", "d.png"]);
    assert_eq!(firsts(&raw), [1, 2, 3, 4, 6, 1]);
    assert_eq!(raw.understood[0], "2 files of 6 pages: the first of each, 2 skipped");
    assert!(raw.warnings.iter().any(|warning| warning.contains("rename them to .tif")), "{:?}", raw.warnings);
    fs::remove_file(dir.path().join("d.png")).unwrap();
    let raw = read_as(&dir, GREY, PictureReading::default());
    assert_eq!(raw.understood[0], "1 file of 3 pages, each page a sample");
    raw.assert_valid();
    let raw = read_as(&dir, GREY, PictureReading { pages: Pages::First, ..PictureReading::default() });
    assert_eq!((firsts(&raw), &raw.row_names[0][..]), (vec![1, 4, 6], "a.tif"));
    assert_eq!(raw.understood[0], "1 file of 3 pages: the first of each, 2 skipped");
    // A truncated page affects only itself.
    let mut cut = tiff(&[page(1), page(2), page(3)], 8, 1, false);
    let place = cut.len() - 4 - 11 * 12 + 6 * 12 + 8;
    cut[place..place + 4].fill(0x7F);
    let raw = read_as(&folder(&[("a.tif", &cut)]), GREY, PictureReading::default());
    assert_eq!(raw.row_names, ["a.tif#1", "a.tif#2"]);
    assert!(raw.warnings[0].contains("left out a.tif#3"), "{:?}", raw.warnings);
    // Circular pages end.
    let mut circle = tiff(&[page(1), page(2)], 8, 1, false);
    let (first, end) = (circle[4..8].to_vec(), circle.len());
    circle[end - 4..].copy_from_slice(&first);
    assert_eq!(read(&folder(&[("a.tif", &circle)]), GREY).unwrap().row_names.len(), 2);
}

#[test]
fn parts_become_splits_and_masks_are_left_out() {
    let names = [
        "nut/test/good/0.png",
        "nut/train/good/1.png",
        "nut/ground_truth/bad/2_mask.png",
        "nut/test/bad/2.png",
        "nut/train/good/0.png",
    ];
    let files: Vec<(String, Vec<u8>)> =
        names.iter().zip(1..).map(|(name, value)| ((*name).to_owned(), png(value))).collect();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
    let dir = folder(&files);
    let raw = read_as(&dir, GREY, PictureReading::default());
    assert_eq!(
        raw.row_names,
        ["nut/train/good/0.png", "nut/train/good/1.png", "nut/test/bad/2.png", "nut/test/good/0.png"]
    );
    assert_eq!((raw.own_validation, raw.own_test), (0, 2));
    let LabelValues::Classes { names, ids } = &raw.labels[0].values else { panic!("{:?}", raw.labels) };
    assert_eq!((&names[..], &ids[..]), (&["bad".to_owned(), "good".to_owned()][..], &[1, 1, 0, 1][..]));
    assert_eq!(raw.understood, ["1 mask skipped", "parts: by folders"]);
    let raw = read_as(&dir, GREY, PictureReading { parts: Parts::Mixed, ..PictureReading::default() });
    assert_eq!((raw.own_validation, raw.own_test, raw.row_names.len()), (0, 0, 4));

    let one = png(1);
    let dir =
        folder(&[("train/a/1.png", &one), ("valid/b/1.png", &one), ("test/1.png", &one), ("x.png", &one)]);
    let raw = read_as(&dir, GREY, PictureReading::default());
    assert_eq!(raw.row_names, ["train/a/1.png", "valid/b/1.png", "test/1.png"]);
    assert_eq!((raw.own_validation, raw.own_test), (1, 1));
    let doubt = raw.doubts.iter().find(|doubt| doubt.message.contains("first: x.png")).unwrap();
    assert_eq!(doubt.remedies, [Choice::Parts(Parts::Mixed)]);
}

#[test]
fn labels_come_from_where_they_are_requested() {
    let one = png(1);
    let check = |names: &[&str], label: LabelFrom, expected: Option<&[&str]>| {
        let files: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, &one[..])).collect();
        let raw = read_as(&folder(&files), GREY, PictureReading { label, ..PictureReading::default() });
        let labels = raw.labels.first().map(|column| match &column.values {
            LabelValues::Classes { names, ids } => {
                ids.iter().map(|id| names[*id as usize].clone()).collect::<Vec<_>>()
            }
            LabelValues::Numbers(_) => panic!("numbers"),
        });
        assert_eq!(
            labels,
            expected.map(|labels| labels.iter().map(ToString::to_string).collect()),
            "{names:?}"
        );
        raw
    };
    let deep = ["a/x/1.png", "a/y/2.png", "b/x/3.png"];
    check(&deep, LabelFrom::Auto, Some(&["a", "a", "b"]));
    check(&deep, LabelFrom::Folder(2), Some(&["x", "y", "x"]));
    check(&deep, LabelFrom::Nothing, None);
    check(&deep, LabelFrom::Name("{label}.png".into()), Some(&["1", "2", "3"]));
    check(&["archive/set/cat/1.png", "archive/set/dog/1.png"], LabelFrom::Auto, Some(&["cat", "dog"]));
    let raw = check(&["only/1.png", "only/2.png"], LabelFrom::Auto, None);
    assert!(raw.notes.is_empty(), "a folder around all is no class: {:?}", raw.notes);
    let raw = check(&["p1/x.png", "p2/x.png", "p3/x.png"], LabelFrom::Auto, None);
    let doubt = raw.doubts.iter().find(|doubt| doubt.message.contains("each folder contains one picture"));
    assert_eq!(
        doubt.map(|doubt| &doubt.remedies[..]),
        Some(&[Choice::Label(LabelFrom::Folder(1))][..]),
        "{:?}",
        raw.doubts
    );
    let cats = ["train/Cat/1.png", "train/dog/1.png", "test/cat/1.png", "test/dog/2.png"];
    let raw = check(&cats, LabelFrom::Auto, Some(&["Cat", "dog", "cat", "dog"]));
    let are_told = |doubt: &crate::dataset::Doubt| doubt.message.contains("(\"Cat\" and \"cat\")");
    assert!(raw.doubts.iter().any(are_told), "{:?}", raw.doubts);
    let pets = ["cat.0.png", "cat.1.png", "dog.0.png", "dog.1.png"];
    let raw = check(&pets, LabelFrom::Auto, None);
    let doubt = raw.doubts.iter().find(|doubt| doubt.message.contains("(cat, dog)")).unwrap();
    assert_eq!(doubt.remedies, [Choice::Label(LabelFrom::Name("{label}.*".into()))]);
    check(&pets, LabelFrom::Name("{label}.*".into()), Some(&["cat", "cat", "dog", "dog"]));
    let raw =
        check(&["cat.0.png", "other.png"], LabelFrom::Name("{label}.0.*".into()), Some(&["cat", "(none)"]));
    assert!(raw.warnings.iter().any(|w| w.contains("1 of 2 pictures have no label: other.png")));
}

#[test]
fn labels_come_from_a_table_next_to_the_pictures() {
    let one = png(1);
    let dir = folder(&[
        ("images/a.png", &one),
        ("images/b.png", &one),
        ("labels.csv", b"id,label\na,007\nb,cat\n"),
        ("notes.txt", b"nothing\n"),
    ]);
    let raw = read_as(&dir, GREY, PictureReading::default());
    assert!(raw.labels.is_empty());
    assert_eq!(raw.understood, ["2 other files skipped (1 .csv, 1 .txt)"]);
    let doubt = raw.doubts.iter().find(|doubt| doubt.message.contains("labels.csv")).unwrap();
    let Choice::Label(label) = doubt.remedies[0].clone() else { panic!("{doubt:?}") };
    let raw = read_as(&dir, GREY, PictureReading { label, ..PictureReading::default() });
    let LabelValues::Classes { names, ids } = &raw.labels[0].values else { panic!("{:?}", raw.labels) };
    assert_eq!((&names[..], &ids[..]), (&["007".to_owned(), "cat".to_owned()][..], &[0, 1][..]));
    assert_eq!(raw.labels[0].name, "label");
}

#[test]
fn one_picture_is_one_picture() {
    let stack = tiff(&[vec![1; 64], vec![2; 64]], 8, 1, false);
    let dir = folder(&[("a.png", &png(3)), ("b.png", &png(4)), ("s.tif", &stack)]);
    let names = |file: &str| load(&dir.path().join(file), GREY, &Progress::default()).unwrap().row_names;
    assert_eq!(names("b.png"), ["b.png"]);
    assert_eq!(names("s.tif"), ["s.tif#1", "s.tif#2"]);
}

#[test]
fn the_summary_contains_number_sizes_and_range() {
    let check = |pictures: &[(&str, Vec<u8>)], wanted: TargetFormat, range: PixelRange, expected: &str| {
        let files: Vec<(&str, &[u8])> = pictures.iter().map(|(name, bytes)| (*name, &bytes[..])).collect();
        let raw = read_as(&folder(&files), wanted, PictureReading { range, ..PictureReading::default() });
        assert_eq!([&[raw.what][..], &raw.understood].concat().join("; "), expected);
    };
    let of = |width, height| encode(plain([200, 10, 0], width, height), ImageFormat::Png);
    let auto = PixelRange::Auto;
    check(&[("a.png", of(8, 8))], COLOUR, auto, "1 picture 8×8 RGB");
    check(
        &[("a.png", of(28, 28)), ("b.png", of(640, 480))],
        GREY,
        auto,
        "2 pictures 8×8 grey (from 28×28 to 640×480, cropped to 8×8)",
    );
    check(&[("a.png", of(4, 4))], GREY, auto, "1 picture 8×8 grey (from 4×4, enlarged to 8×8)");
    check(&[("a.png", of(28, 28))], GREY, auto, "1 picture 8×8 grey (from 28×28, scaled to 8×8)");
    check(&[("a.png", of(4, 2))], GREY, auto, "1 picture 8×8 grey (from 4×2, enlarged and cropped to 8×8)");
    check(
        &[("a.png", of(4, 4)), ("b.png", of(16, 9))],
        TargetFormat { fit: Fit::Fit, ..GREY },
        auto,
        "2 pictures 8×8 grey (from 4×4 to 16×9, fitted into 8×8, 1 enlarged)",
    );
    check(
        &[("a.png", of(9, 4)), ("b.png", of(9, 4))],
        TargetFormat { fit: Fit::Stretch, ..GREY },
        auto,
        "2 pictures 8×8 grey (from 9×4, stretched to 8×8)",
    );
    check(
        &[("a.png", encode(ramp(1000), ImageFormat::Png))],
        GREY,
        PixelRange::Type,
        "1 picture 8×8 grey; 16 bits (values 0 to 63000); range: type",
    );
}

#[test]
fn portable_maps_keep_their_values_whatever_their_white_is() {
    let pgm = |white: u16, step: u16| {
        let values: Vec<String> = (0..64).map(|at| (at * step).to_string()).collect();
        format!("P2\n8 8\n{white}\n{}\n", values.join(" ")).into_bytes()
    };
    let range = |range| PictureReading { range, ..PictureReading::default() };
    let check = |bytes: &[u8], wanted, rows: Rows, type_max, said: &str| {
        let raw = read_as(&folder(&[("a.pgm", bytes)]), GREY, range(wanted));
        assert_eq!((raw.rows, raw.type_max, &raw.understood[0][..]), (rows, type_max, said));
        raw.settled.white
    };
    let words = || Rows::U16((0..64).map(|at| at * 16).collect());
    let ten = pgm(1023, 16);
    let said = "10 bits (0 to 1023) in 16 (values 0 to 1008); range: ";
    assert_eq!(check(&ten, PixelRange::Auto, words(), None, &format!("{said}data")), Some(1023));
    check(&ten, PixelRange::Type, words(), Some(1023.0), &format!("{said}type"));
    let spread = Rows::U16((0..64).map(|at: u32| (f64::from(at) / 63.0 * 65_535.0).round() as u16).collect());
    let own =
        check(&ten, PixelRange::EachPicture, spread, Some(65_535.0), &format!("{said}each picture's own"));
    assert_eq!(own, None, "all of the type is used");
    let bytes = Rows::U8((0..64).collect());
    check(
        &pgm(99, 1),
        PixelRange::Auto,
        bytes,
        Some(99.0),
        "7 bits (0 to 99) in 8 (values 0 to 63); range: type",
    );
    // Together with others, white is white.
    let dir = folder(&[("a.pgm", &b"P2 1 1 100 20"[..]), ("b.png", &png(9)), ("c.pgm", b"P2 1 1 255 7")]);
    let raw = read_as(&dir, GREY, PictureReading::default());
    assert_eq!(pixels(&raw).chunks(64).map(|row| row[0]).collect::<Vec<_>>(), [51, 9, 7]);
    assert_eq!((raw.type_max, raw.settled.white), (Some(255.0), None));
    assert!(
        raw.notes.iter().any(|note| note.contains("(from 100 to 255, as their headers state)")),
        "{:?}",
        raw.notes
    );
    let dir = folder(&[("a.pgm", &b"P2 1 1 100 20"[..]), ("b.pgm", b"P2 1 1 1000 200")]);
    let raw = read_as(&dir, GREY, PictureReading::default());
    let Rows::U16(values) = &raw.rows else { panic!("{:?}", raw.rows) };
    assert_eq!((values[0], values[64]), (13_107, 13_107));
}

#[test]
fn pictures_shown_to_a_trained_network_are_read_as_those_it_was_trained_on() {
    let drawing = |ink: u8| {
        encode(RgbaImage::from_fn(8, 8, |x, _| Rgba([ink, ink, ink, x as u8 * 30])), ImageFormat::Png)
    };
    let (dark, light) = (folder(&[("a.png", &drawing(0))]), folder(&[("a.png", &drawing(255))]));
    let auto = PictureReading::default();
    let settled = read_as(&dark, GREY, auto.clone()).settled;
    assert_eq!(
        (settled.ground, read_as(&light, GREY, auto.clone()).settled.ground),
        (Some(Alpha::White), Some(Alpha::Black))
    );
    let known = |settled| Some(Known { settled, depth: Some(Depth::Byte), ..Known::default() });
    let raw = read_known(&light, GREY, &auto, known(settled));
    assert_eq!((pixels(&raw), raw.settled), (&[255; 64][..], settled));
    let raw = read_known(&light, GREY, &with_alpha(Alpha::Black), known(settled));
    assert_ne!(pixels(&raw), [255; 64], "a ground that is said holds");
    let before = read_known(&light, GREY, &auto, known(Settled::default()));
    assert_eq!(before.settled.ground, Some(Alpha::Black), "runs of before have none");

    let percentiles = PictureReading { range: PixelRange::Percentiles, ..auto };
    let ramp =
        |low: u8| encode(RgbImage::from_fn(8, 8, |x, y| Rgb([low + (x + 8 * y) as u8; 3])), ImageFormat::Png);
    let (training, other) = (folder(&[("a.png", &ramp(50))]), folder(&[("a.png", &ramp(20))]));
    let settled = read_as(&training, GREY, percentiles.clone()).settled;
    assert_eq!(settled.limits, Some([50.0, 113.0]));
    assert_eq!(read_as(&other, GREY, percentiles.clone()).settled.limits, Some([20.0, 83.0]));
    let raw = read_known(&other, GREY, &percentiles, known(settled));
    let expected: Vec<u8> = (20..84).map(|value: u8| value.max(50)).collect();
    assert_eq!((pixels(&raw), raw.settled), (&expected[..], settled));
    assert_eq!(
        raw.understood,
        ["8 bits (values 20 to 83); range: percentiles of the training data (50 to 113)"]
    );
    // Test pictures do not count.
    let dir = folder(&[("train/a.png", &ramp(50)), ("test/b.png", &ramp(150))]);
    let raw = read_as(&dir, GREY, percentiles.clone());
    assert_eq!(raw.settled.limits, Some([50.0, 113.0]));
    assert_eq!(raw.understood.last().map(String::as_str), Some("parts: by folders"));
    assert!(raw.understood[0].ends_with("range: percentiles of the training split (50 to 113)"));
    // Equal brightness in 16 bits.
    let words = ImageBuffer::from_fn(8, 8, |x, y| Luma([(20 + x + 8 * y) as u16 * 257]));
    let raw = read_known(
        &folder(&[("a.png", &encode(words, ImageFormat::Png))]),
        GREY,
        &percentiles,
        known(settled),
    );
    assert_eq!(raw.rows, Rows::U16(expected.iter().map(|value| u16::from(*value) * 257).collect()));
}

#[test]
fn masks_of_pictures_are_left_out_unless_they_are_samples() {
    let one = png(1);
    let names = |files: &[&str], masks: Masks| {
        let files: Vec<(&str, &[u8])> = files.iter().map(|name| (*name, &one[..])).collect();
        read_as(&folder(&files), GREY, PictureReading { masks, ..PictureReading::default() })
    };
    let pairs = ["a/x.png", "a/x_mask.png", "b/y.png", "b/masks/y.png"];
    let raw = names(&pairs, Masks::Auto);
    assert_eq!(
        (&raw.row_names[..], &raw.understood[0][..]),
        (&["a/x.png".to_owned(), "b/y.png".to_owned()][..], "2 masks skipped")
    );
    assert!(raw.notes[0].contains("(first: a/x_mask.png); --masks samples reads"), "{:?}", raw.notes);
    assert_eq!(names(&pairs, Masks::Samples).row_names.len(), 4);
    let mvtec = ["train/good/1.png", "test/bad/1.png", "ground_truth/bad/1_mask.png"];
    assert_eq!(names(&mvtec, Masks::Auto).row_names.len(), 2);
    let raw = names(&mvtec, Masks::Samples);
    assert_eq!(
        (&raw.row_names[0][..], raw.row_names.len(), raw.own_test),
        ("ground_truth/bad/1_mask.png", 3, 1)
    );
    // One mask in three has its picture.
    let few = ["1_mask.png", "2_mask.png", "3.png", "3_mask.png"];
    let raw = names(&few, Masks::Auto);
    assert_eq!(raw.row_names.len(), 4);
    let doubt = raw.doubts.iter().find(|doubt| doubt.message.contains("(first: 3_mask.png)")).unwrap();
    assert_eq!(doubt.remedies, [Masks::LeftOut, Masks::Samples].map(Choice::Masks));
    let raw = names(&few, Masks::LeftOut);
    assert_eq!((&raw.row_names[..], raw.doubts.len()), (&["3.png".to_owned()][..], 0));
    let files: Vec<(&str, &[u8])> = vec![("1_mask.png", &one)];
    let reading = PictureReading { masks: Masks::LeftOut, ..PictureReading::default() };
    let dir = folder(&files);
    let error = super::super::load(dir.path(), GREY, &reading, &Data::default(), None, &Progress::default())
        .unwrap_err();
    assert!(error.to_string().contains("--masks samples"), "{error}");
}

#[test]
fn a_table_with_a_column_for_each_class_is_offered_and_names_the_classes() {
    let one = png(1);
    let table = b"image,MEL,NV\na,1.0,0.0\nb,0.0,1.0\n";
    let dir = folder(&[("a.png", &one[..]), ("b.png", &one), ("classes.csv", table)]);
    let remedies =
        read_as(&dir, GREY, PictureReading::default()).doubts.into_iter().flat_map(|doubt| doubt.remedies);
    let remedies: Vec<Choice> = remedies.collect();
    let [Choice::Label(label)] = &remedies[..] else { panic!("{remedies:?}") };
    let raw = read_as(&dir, GREY, PictureReading { label: label.clone(), ..PictureReading::default() });
    assert_eq!((&raw.labels[0].name[..], &*raw.labels[0].text(1)), ("label", "NV"));
    assert!(raw.understood.contains(&"one-hot labels of 2 columns".to_owned()), "{:?}", raw.understood);
    assert!(raw.notes.iter().any(|note| note.contains(",label=MEL")), "{:?}", raw.notes);
}

#[test]
fn pictures_of_any_shape_are_read() {
    let line = encode(plain([90; 3], 25_000, 10), ImageFormat::Png);
    let dot = encode(plain([90; 3], 1, 1), ImageFormat::Png);
    let raw = read(&folder(&[("dot.png", &dot), ("line.png", &line)]), GREY).unwrap();
    assert_eq!((raw.row_names.len(), pixels(&raw)), (2, &[90; 128][..]));
}
