//! Rendering SVG to pixels, only with the typeface of the window.

use std::sync::{Arc, LazyLock};

use image::{Delay, Frame, RgbaImage};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::{Database, Source};
use resvg::usvg::{Options, Tree};

use super::form::FigureError;

/// The regular typeface.
pub const REGULAR_FONT: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular.otf");
/// The typeface of titles.
pub const SEMI_BOLD_FONT: &[u8] = include_bytes!("../../assets/fonts/Inter-SemiBold.otf");

/// Longest side of a picture, and most pixels, 1 GB in memory.
const MOST_SIDE: f32 = 32_000.0;
const MOST_PIXELS: f32 = 250e6;

static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    for font in [REGULAR_FONT, SEMI_BOLD_FONT] {
        fonts.load_font_source(Source::Binary(Arc::new(font)));
    }
    fonts.set_sans_serif_family("Inter");
    Arc::new(fonts)
});

/// Pixels of a picture, row by row, each of red, green, blue and opacity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pixels {
    /// Pixels per row.
    pub width: usize,
    /// Number of rows.
    pub height: usize,
    /// Four bytes per pixel.
    pub rgba: Vec<u8>,
}

/// Renders an SVG with `scale` pixels per point.
///
/// # Errors
/// [`FigureError`] if there would be too many pixels, or the text is not SVG.
pub fn pixels(svg: &str, scale: f32) -> Result<Pixels, FigureError> {
    let pixels = rendered(svg, scale)?;
    let (width, height) = (pixels.width() as usize, pixels.height() as usize);
    Ok(Pixels { width, height, rgba: pixels.take_demultiplied() })
}

/// An SVG as a PNG with `scale` pixels per point.
///
/// # Errors
/// [`FigureError`] if there would be too many pixels, or the text is not SVG.
pub fn png(svg: &str, scale: f32) -> Result<Vec<u8>, FigureError> {
    rendered(svg, scale)?.encode_png().map_err(|error| FigureError::Encoder(error.to_string()))
}

fn rendered(svg: &str, scale: f32) -> Result<Pixmap, FigureError> {
    let options =
        Options { fontdb: Arc::clone(&FONTS), font_family: "Inter".to_owned(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|error| FigureError::Svg(error.to_string()))?;
    let (width, height) = (tree.size().width() * scale, tree.size().height() * scale);
    let too_large = || FigureError::TooLarge(width as usize, height as usize);
    if width.max(height) > MOST_SIDE || width * height > MOST_PIXELS {
        return Err(too_large());
    }
    let side = |length: f32| length.round().max(1.0) as u32;
    let mut pixels = Pixmap::new(side(width), side(height)).ok_or_else(too_large)?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    Ok(pixels)
}

/// Pictures as an animated GIF that repeats, each shown for this many seconds.
pub(super) fn gif(
    frames: impl Iterator<Item = Result<Pixels, FigureError>>,
    secs: f32,
) -> Result<Vec<u8>, FigureError> {
    let failed = |error: image::ImageError| FigureError::Encoder(error.to_string());
    let mut out = Vec::new();
    {
        let mut encoder = image::codecs::gif::GifEncoder::new_with_speed(&mut out, 10);
        encoder.set_repeat(image::codecs::gif::Repeat::Infinite).map_err(failed)?;
        let delay = Delay::from_numer_denom_ms((1000.0 * secs).clamp(20.0, 60_000.0) as u32, 1);
        for pixels in frames {
            let Pixels { width, height, rgba } = pixels?;
            let picture = RgbaImage::from_raw(width as u32, height as u32, rgba);
            let picture = picture.ok_or(FigureError::TooLarge(width, height))?;
            encoder.encode_frame(Frame::from_parts(picture, 0, 0, delay)).map_err(failed)?;
        }
    }
    Ok(out)
}
