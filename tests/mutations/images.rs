//! One small picture in every supported format and bit depth.

use std::io::Cursor;

use image::codecs::gif::GifEncoder;
use image::{DynamicImage, Frame, ImageFormat, Rgb, RgbImage, RgbaImage};
use tiff::encoder::colortype::{ColorType, Gray8, Gray16, Gray32Float, GrayI16, RGB16};
use tiff::encoder::{TiffEncoder, TiffValue};

use crate::readers::bmp;

const WIDTH: u32 = 5;
const HEIGHT: u32 = 4;
const PIXELS: usize = (WIDTH * HEIGHT) as usize;

/// Valid files.
pub fn images() -> Vec<Vec<u8>> {
    let picture =
        DynamicImage::from(RgbImage::from_fn(WIDTH, HEIGHT, |x, y| Rgb([x as u8 * 50, y as u8 * 60, 7])));
    let mut files = vec![bmp([1, 2, 3])];
    for format in [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::Gif,
        ImageFormat::Bmp,
        ImageFormat::WebP,
        ImageFormat::Tiff,
        ImageFormat::Pnm,
        ImageFormat::Qoi,
        ImageFormat::Tga,
    ] {
        files.push(encoded(&picture, format));
    }
    let deep = DynamicImage::from(picture.to_rgb16());
    let clear = DynamicImage::from(RgbaImage::from_fn(WIDTH, HEIGHT, |x, y| {
        image::Rgba([9, 8, 7, (x * y * 20) as u8])
    }));
    let numbers = DynamicImage::from(picture.to_rgb32f());
    files.extend([
        encoded(&deep, ImageFormat::Png),
        encoded(&deep, ImageFormat::Tiff),
        encoded(&clear, ImageFormat::Png),
        encoded(&clear, ImageFormat::Ico),
        encoded(&DynamicImage::from(clear.to_rgba16()), ImageFormat::Farbfeld),
        encoded(&numbers, ImageFormat::Hdr),
        encoded(&numbers, ImageFormat::OpenExr),
        film(),
        tiff::<Gray32Float>(1, |at| at as f32 / 7.0),
        tiff::<GrayI16>(1, |at| at as i16 - 9),
        tiff::<Gray16>(3, |at| at as u16 * 999),
        tiff::<Gray8>(2, |at| at as u8 * 9),
        strips(),
        dds(),
        text("P2", 255),
        text("P2", 4095),
        text("P3", 9),
        words(),
        b"P7\nWIDTH 5\nHEIGHT 4\nDEPTH 2\nMAXVAL 255\nTUPLTYPE GRAYSCALE_ALPHA\nENDHDR\n"
            .iter()
            .copied()
            .chain((0..2 * PIXELS as u8).map(|value| value * 6))
            .collect(),
    ]);
    files
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, format).expect("encodes");
    file.into_inner()
}

/// Several frames.
fn film() -> Vec<u8> {
    let mut file = Vec::new();
    let frames = (0..3)
        .map(|frame| Frame::new(RgbaImage::from_pixel(WIDTH, HEIGHT, image::Rgba([frame * 90, 7, 7, 255]))));
    GifEncoder::new(&mut file).encode_frames(frames).expect("encodes");
    file
}

/// Several pages with one value per pixel.
fn tiff<C: ColorType>(pages: usize, value: impl Fn(usize) -> C::Inner) -> Vec<u8>
where
    [C::Inner]: TiffValue,
{
    let mut file = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut file).expect("in memory");
    let values: Vec<C::Inner> = (0..PIXELS).map(value).collect();
    for _ in 0..pages {
        encoder.write_image::<C>(WIDTH, HEIGHT, &values).expect("encodes");
    }
    file.into_inner()
}

/// A page that refers to itself as the next page.
pub fn looped() -> Vec<u8> {
    let mut file = tiff::<Gray8>(1, |at| at as u8);
    let number =
        |file: &[u8], at: usize| u32::from_le_bytes([file[at], file[at + 1], file[at + 2], file[at + 3]]);
    let page = number(&file, 4) as usize;
    let next = page + 2 + 12 * (number(&file, page) & 0xFFFF) as usize;
    file.copy_within(4..8, next);
    file
}

/// 16-bit colours in strips of one row.
fn strips() -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut file).expect("in memory");
    let mut image = encoder.new_image::<RGB16>(WIDTH, HEIGHT).expect("in memory");
    image.rows_per_strip(1).expect("a strip");
    let values: Vec<u16> = (0..3 * PIXELS as u16).map(|value| value * 1000).collect();
    image.write_data(&values).expect("encodes");
    file.into_inner()
}

/// Two blocks of 4×4 pixels side by side, compressed as DXT1.
fn dds() -> Vec<u8> {
    let mut words = [0_u32; 31];
    // Its length, flags, height and width; then, for the pixels, their length, the flag of a name,
    // and the name.
    (words[0], words[1], words[2], words[3]) = (124, 0x1007, 4, 8);
    (words[18], words[19], words[20]) = (32, 4, u32::from_le_bytes(*b"DXT1"));
    words[26] = 0x1000;
    let blocks = [[0xFF, 0xFF, 0, 0, 0b0001_1011, 1, 2, 3], [9, 8, 7, 6, 5, 4, 3, 2]];
    [b"DDS ", &words.map(u32::to_le_bytes).concat()[..], &blocks.concat()].concat()
}

/// Values as text.
fn text(kind: &str, most: usize) -> Vec<u8> {
    let count = if kind == "P3" { 3 * PIXELS } else { PIXELS };
    let values: Vec<String> = (0..count).map(|at| (at * 7 % (most + 1)).to_string()).collect();
    format!("{kind}\n# drawn by nobody\n{WIDTH} {HEIGHT}\n{most}\n{}\n", values.join(" ")).into_bytes()
}

/// 16-bit grey.
fn words() -> Vec<u8> {
    let values = (0..PIXELS as u16).flat_map(|value| (value * 3000).to_be_bytes());
    format!("P5 {WIDTH} {HEIGHT} 65535\n").into_bytes().into_iter().chain(values).collect()
}
