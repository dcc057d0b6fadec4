//! Time to load a folder of 10,000 pictures of about 300×300 pixels, half JPEG and half PNG, into
//! 64×64 RGB.
//!
//! `cargo bench --bench image_folder [COUNT]`. A few hundred distinct pictures are drawn and copied
//! under new names. The first load after that reads them from the page cache, like the second load
//! of a user's folder.
//!
//! Measured on two cores of a Xeon with AVX-512, release build, median: 4.3 s.

use std::error::Error;
use std::f32::consts::TAU;
use std::path::Path;
use std::time::Instant;

use hourglass::dataset::{Progress, load};
use hourglass::project::{Channels, Data, Fit, Source};
use image::{Rgb, RgbImage};

const DISTINCT: u32 = 300;

fn main() -> Result<(), Box<dyn Error>> {
    // `cargo bench` itself passes `--bench`.
    let count = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(10_000);
    let folder = tempfile::tempdir()?;
    let started = Instant::now();
    write(folder.path(), count)?;
    println!("{count} pictures written in {:.1} s", started.elapsed().as_secs_f64());

    for channels in Channels::ALL {
        let data = Data {
            source: Source::ImageFolder {
                path: folder.path().to_path_buf(),
                width: 64,
                height: 64,
                channels,
                fit: Fit::Crop,
                reading: hourglass::project::PictureReading::default(),
            },
            ..Data::default()
        };
        let started = Instant::now();
        let loaded = load(&data, &Progress::default())?;
        let secs = started.elapsed().as_secs_f64();
        println!(
            "{} {} rows, {} warnings: {secs:.2} s, {:.0} pictures/s",
            loaded.len(),
            channels.name(),
            loaded.warnings.len(),
            loaded.len() as f64 / secs,
        );
    }
    Ok(())
}

fn write(folder: &Path, count: u32) -> Result<(), Box<dyn Error>> {
    for class in 0..10 {
        std::fs::create_dir(folder.join(format!("class {class}")))?;
    }
    let name = |number: u32| {
        let extension = if (number % DISTINCT).is_multiple_of(2) { "jpg" } else { "png" };
        folder.join(format!("class {}/{number}.{extension}", number % 10))
    };
    for number in 0..count {
        if number < DISTINCT {
            picture(number).save(name(number))?;
        } else {
            std::fs::copy(name(number % DISTINCT), name(number))?;
        }
    }
    Ok(())
}

/// Waves of several lengths with fine grain: compresses about as well as a photo.
fn picture(number: u32) -> RgbImage {
    let (width, height) = (280 + number % 41, 280 + number * 7 % 41);
    let mut state = number.wrapping_mul(0x9E37_79B9) | 1;
    RgbImage::from_fn(width, height, |x, y| {
        let wave = |length: f32, shift: f32| ((x as f32 + shift * y as f32) / length * TAU).sin();
        let base = wave(90.0 + number as f32, 0.4) + 0.5 * wave(31.0, -0.7) + 0.25 * wave(9.0, 1.3);
        Rgb([0.0, 20.0, 40.0].map(|tint| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let grain = (state >> 28) as f32;
            (110.0 + tint + 55.0 * base + grain).clamp(0.0, 255.0) as u8
        }))
    })
}
