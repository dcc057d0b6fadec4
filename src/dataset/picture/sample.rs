use fast_image_resize::PixelType;
use fast_image_resize::images::{Image, ImageRef};

use serde::{Deserialize, Serialize};

use crate::dataset::Rows;

/// Bit depth of a picture's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Depth {
    /// 8 or fewer.
    Byte,
    /// 9 to 16.
    Word,
    /// 32-bit floats, or integers that are longer or signed.
    Float,
}

impl Depth {
    /// All three, ascending.
    pub const ALL: [Depth; 3] = [Depth::Byte, Depth::Word, Depth::Float];

    /// The depth of some pictures' values.
    pub fn of(rows: &Rows) -> Depth {
        match rows {
            Rows::U8(_) => Depth::Byte,
            Rows::U16(_) => Depth::Word,
            Rows::F32(_) => Depth::Float,
        }
    }
}

/// A value of a pixel.
pub(in crate::dataset) trait Sample: Copy + PartialOrd + Send + Sync + 'static {
    /// Its depth.
    const DEPTH: Depth;
    /// Black.
    const BLACK: Self;
    /// White, and fully opaque.
    const WHITE: Self;
    /// The two greys of a checkered background.
    const GREYS: [Self; 2];
    /// The type of a pixel with 1 to 4 values.
    const PIXELS: [PixelType; 4];

    /// This value blended over a background.
    fn on(self, ground: Self, alpha: Self) -> Self;
    /// As a number.
    fn number(self) -> f64;
    /// From a fraction of white.
    fn of_fraction(fraction: f64) -> Self;
    /// Pixels for the resizer; `spare` contains a copy if it needs one.
    fn view<'a>(
        values: &'a [Self],
        size: (u32, u32),
        kind: PixelType,
        spare: &'a mut Option<Image<'static>>,
    ) -> Result<ImageRef<'a>, String>;
    /// Pixels from the resizer.
    fn taken(image: Image<'_>) -> Vec<Self>;
    /// Writes the values of a picture, converted to this depth; those of a deeper one are dropped.
    fn fill(out: &mut [Self], row: &Rows);
}

impl Sample for u8 {
    const DEPTH: Depth = Depth::Byte;
    const BLACK: u8 = 0;
    const WHITE: u8 = u8::MAX;
    const GREYS: [u8; 2] = [102, 153];
    const PIXELS: [PixelType; 4] = [PixelType::U8, PixelType::U8x2, PixelType::U8x3, PixelType::U8x4];

    fn on(self, ground: u8, alpha: u8) -> u8 {
        let (value, ground, alpha) = (u16::from(self), u16::from(ground), u16::from(alpha));
        ((value * alpha + ground * (255 - alpha) + 127) / 255) as u8
    }

    fn number(self) -> f64 {
        f64::from(self)
    }

    fn of_fraction(fraction: f64) -> u8 {
        (fraction * 255.0).round() as u8
    }

    fn view<'a>(
        values: &'a [u8],
        (width, height): (u32, u32),
        kind: PixelType,
        _spare: &'a mut Option<Image<'static>>,
    ) -> Result<ImageRef<'a>, String> {
        ImageRef::new(width, height, values, kind).map_err(|error| error.to_string())
    }

    fn taken(image: Image<'_>) -> Vec<u8> {
        image.into_vec()
    }

    fn fill(out: &mut [u8], row: &Rows) {
        if let Rows::U8(values) = row {
            out.copy_from_slice(values);
        }
    }
}

impl Sample for u16 {
    const DEPTH: Depth = Depth::Word;
    const BLACK: u16 = 0;
    const WHITE: u16 = u16::MAX;
    const GREYS: [u16; 2] = [102 * 257, 153 * 257];
    const PIXELS: [PixelType; 4] = [PixelType::U16, PixelType::U16x2, PixelType::U16x3, PixelType::U16x4];

    fn on(self, ground: u16, alpha: u16) -> u16 {
        let (value, ground, alpha) = (u64::from(self), u64::from(ground), u64::from(alpha));
        ((value * alpha + ground * (65_535 - alpha) + 32_767) / 65_535) as u16
    }

    fn number(self) -> f64 {
        f64::from(self)
    }

    fn of_fraction(fraction: f64) -> u16 {
        (fraction * 65_535.0).round() as u16
    }

    fn view<'a>(
        values: &'a [u16],
        size: (u32, u32),
        kind: PixelType,
        spare: &'a mut Option<Image<'static>>,
    ) -> Result<ImageRef<'a>, String> {
        copied(values, u16::to_ne_bytes, size, kind, spare)
    }

    fn taken(image: Image<'_>) -> Vec<u16> {
        image.buffer().as_chunks::<2>().0.iter().map(|bytes| u16::from_ne_bytes(*bytes)).collect()
    }

    fn fill(out: &mut [u16], row: &Rows) {
        match row {
            Rows::U8(values) => {
                out.iter_mut().zip(values).for_each(|(out, value)| *out = u16::from(*value) * 257);
            }
            Rows::U16(values) => out.copy_from_slice(values),
            Rows::F32(_) => {}
        }
    }
}

impl Sample for f32 {
    const DEPTH: Depth = Depth::Float;
    const BLACK: f32 = 0.0;
    const WHITE: f32 = 1.0;
    const GREYS: [f32; 2] = [0.4, 0.6];
    const PIXELS: [PixelType; 4] = [PixelType::F32, PixelType::F32x2, PixelType::F32x3, PixelType::F32x4];

    // Floating-point files contain colours premultiplied by alpha.
    fn on(self, ground: f32, alpha: f32) -> f32 {
        self + ground * (1.0 - alpha.clamp(0.0, 1.0))
    }

    fn number(self) -> f64 {
        f64::from(self)
    }

    fn of_fraction(fraction: f64) -> f32 {
        fraction as f32
    }

    fn view<'a>(
        values: &'a [f32],
        size: (u32, u32),
        kind: PixelType,
        spare: &'a mut Option<Image<'static>>,
    ) -> Result<ImageRef<'a>, String> {
        copied(values, f32::to_ne_bytes, size, kind, spare)
    }

    fn taken(image: Image<'_>) -> Vec<f32> {
        image.buffer().as_chunks::<4>().0.iter().map(|bytes| f32::from_ne_bytes(*bytes)).collect()
    }

    fn fill(out: &mut [f32], row: &Rows) {
        match row {
            Rows::U8(values) => {
                out.iter_mut().zip(values).for_each(|(out, value)| *out = f32::from(*value) / 255.0);
            }
            Rows::U16(values) => {
                out.iter_mut().zip(values).for_each(|(out, value)| *out = f32::from(*value) / 65_535.0);
            }
            Rows::F32(values) => out.copy_from_slice(values),
        }
    }
}

/// The resizer needs bytes with the alignment of its pixels, which its own buffers have.
fn copied<'a, T: Copy, const N: usize>(
    values: &[T],
    bytes: impl Fn(T) -> [u8; N],
    (width, height): (u32, u32),
    kind: PixelType,
    spare: &'a mut Option<Image<'static>>,
) -> Result<ImageRef<'a>, String> {
    let image = spare.insert(Image::new(width, height, kind));
    for (out, value) in image.buffer_mut().as_chunks_mut::<N>().0.iter_mut().zip(values) {
        *out = bytes(*value);
    }
    ImageRef::new(width, height, image.buffer(), kind).map_err(|error| error.to_string())
}
