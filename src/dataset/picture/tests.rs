use super::*;

fn options(width: usize, height: usize, channels: Channels, alpha: Alpha) -> DecodeOptions {
    DecodeOptions {
        wanted: TargetFormat { width, height, channels, fit: Fit::Crop },
        alpha,
        rules: Rules::Current,
    }
}

#[test]
fn the_middle_of_small_pictures_is_enlarged() {
    let mut resizer = Resizer::new();
    for (width, height) in (1..=9).flat_map(|width| (1..=9).map(move |height| (width, height))) {
        for (wide, high) in [(4, 4), (16, 16), (7, 5), (3, 11)] {
            let wanted = options(wide, high, Channels::Rgb, Alpha::Black).wanted;
            let mut placed =
                |pixels: &[u8]| place(pixels, width, height, 3, wanted, &mut resizer).expect("placed");
            let one_colour = [10, 100, 200].repeat((width * height) as usize);
            let out = placed(&one_colour);
            assert_eq!(out, [10, 100, 200].repeat(wide * high), "{width}×{height} to {wide}×{high}");
            // Symmetric pictures stay symmetric: no column is swapped with another.
            let column = |x: u32| [(x.min(width - 1 - x) * 50) as u8; 3];
            let row: Vec<u8> = (0..width).flat_map(column).collect();
            let out = placed(&row.repeat(height as usize));
            for row in out.chunks_exact(3 * wide) {
                let mirrored: Vec<u8> = row.rchunks_exact(3).flatten().copied().collect();
                let is_near = |(a, b): (&u8, &u8)| a.abs_diff(*b) <= 1;
                assert!(row.iter().zip(&mirrored).all(is_near), "{width}×{height} to {wide}×{high}: {row:?}");
            }
        }
    }
}

#[test]
fn pictures_of_every_depth_are_resized_alike() {
    let mut resizer = Resizer::new();
    let bytes: Vec<u8> = (0..40 * 30).map(|at: u32| (at * 7 % 251) as u8).collect();
    let words: Vec<u16> = bytes.iter().map(|value| u16::from(*value) * 257).collect();
    let floats: Vec<f32> = bytes.iter().map(|value| f32::from(*value) / 255.0).collect();
    for fit in Fit::ALL {
        for channels in [1, 3] {
            let wanted = TargetFormat { width: 9, height: 7, channels: Channels::Grey, fit };
            let (width, height) = (40, 30 / channels);
            let mut fractions = Vec::new();
            let count = width as usize * height as usize * channels as usize;
            let placed =
                place(&bytes[..count], width, height, channels as usize, wanted, &mut resizer).unwrap();
            fractions.push(placed.iter().map(|value| f64::from(*value) / 255.0).collect::<Vec<_>>());
            let placed =
                place(&words[..count], width, height, channels as usize, wanted, &mut resizer).unwrap();
            fractions.push(placed.iter().map(|value| f64::from(*value) / 65_535.0).collect());
            let placed =
                place(&floats[..count], width, height, channels as usize, wanted, &mut resizer).unwrap();
            fractions.push(placed.iter().map(|value| f64::from(*value)).collect());
            for other in &fractions[1..] {
                assert_eq!(fractions[0].len(), other.len());
                let apart = fractions[0].iter().zip(other).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                assert!(apart < 0.005, "{fit:?} {channels}: {apart}");
            }
        }
    }
}

#[test]
fn a_picture_that_does_not_fit_reports_its_memory() {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(500, 500).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    let bytes = bytes.into_inner();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.png");
    std::fs::write(&path, &bytes).unwrap();
    let read = |budget: u64| {
        let progress = Progress::with_budget(budget);
        let mut file = PictureFile::open(&path, Rules::Current, &progress)?;
        let options = options(8, 8, Channels::Grey, Alpha::Auto);
        file.page(0, options, Depth::Byte, &mut Resizer::new(), &progress).map(|_| ())
    };
    let short = |budget: u64| match read(budget) {
        Err(PictureError::Short { bytes, .. }) => bytes,
        other => panic!("{other:?}"),
    };
    let file = short(0);
    assert_eq!(file, 2 * bytes.len() as u64);
    let all = short(file);
    assert_eq!(short(all - 1), all);
    assert!(read(all).is_ok());
}

#[test]
fn films_are_distinguished_from_pictures() {
    let gif = |frames: usize| {
        let mut bytes = Vec::new();
        let mut encoder = image::codecs::gif::GifEncoder::new(&mut bytes);
        let frame = || image::Frame::new(image::RgbaImage::new(4, 3));
        encoder.encode_frames((0..frames).map(|_| frame())).unwrap();
        drop(encoder);
        bytes
    };
    let png = |frames: Option<u32>| {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR0123456789abc....".to_vec();
        if let Some(frames) = frames {
            bytes.extend(b"\0\0\0\x08acTL");
            bytes.extend(frames.to_be_bytes());
            bytes.extend(b"0123....");
        }
        bytes.extend(b"\0\0\0\0IDAT....");
        bytes
    };
    for (bytes, expected) in [
        (gif(1), false),
        (gif(3), true),
        (gif(3)[..40].to_vec(), false),
        (png(None), false),
        (png(Some(1)), false),
        (png(Some(2)), true),
        (b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\x02\0\0\0".to_vec(), true),
        (b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\x10\0\0\0".to_vec(), false),
        (b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x02\0\0\0".to_vec(), false),
        (Vec::new(), false),
    ] {
        assert_eq!(animation::is_animated(&bytes), expected, "{bytes:?}");
    }
}

#[test]
fn enlarged_pictures_stay_within_their_white() {
    let dir = tempfile::tempdir().unwrap();
    for (white, depth) in [(1023, Depth::Word), (100, Depth::Byte)] {
        let path = dir.path().join("a.pgm");
        std::fs::write(&path, format!("P2 2 2 {white} 0 {white} 0 {white}")).unwrap();
        let progress = Progress::default();
        let mut file = PictureFile::open(&path, Rules::Current, &progress).unwrap();
        let options = options(8, 8, Channels::Grey, Alpha::Auto);
        let page = file.page(0, options, depth, &mut Resizer::new(), &progress).unwrap();
        let values: Vec<u16> = match page.row {
            Rows::U8(values) => values.into_iter().map(u16::from).collect(),
            Rows::U16(values) => values,
            Rows::F32(_) => panic!("numbers"),
        };
        assert_eq!((values.iter().min(), values.iter().max()), (Some(&0), Some(&white)));
    }
}
