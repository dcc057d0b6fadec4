use image::{ExtendedColorType, ImageEncoder};

use super::canvas::{Align, Canvas, Frame, Pen, Type, fitted, text_width};
use super::palette::{Palette, Rgb, error_color};
use crate::project::format_number;

/// Pictures side by side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tiles {
    /// The lines, from top to bottom.
    pub lines: Vec<TileLine>,
    /// The longer side of a picture, in points.
    pub side: f32,
    /// Distance between two pictures, in points.
    pub gap: f32,
    /// Names of the values of all pictures, if they have names.
    pub value_names: Vec<String>,
    /// The legend of the colours.
    pub bar: Option<ColorBar>,
}

/// Pictures in one line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TileLine {
    /// The text to its left.
    pub name: String,
    /// The pictures.
    pub tiles: Vec<Tile>,
}

/// One picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tile {
    /// The text below it.
    pub caption: String,
    /// The picture.
    pub picture: Picture,
    /// The numbers it shows.
    pub values: Vec<f32>,
}

/// Pixels of a picture, row by row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    /// Pixels per row.
    pub width: usize,
    /// Number of rows.
    pub height: usize,
    /// Their colours.
    pub pixels: Vec<Rgb>,
}

/// The legend of a colour map.
#[derive(Clone, Debug, PartialEq)]
pub struct ColorBar {
    /// The quantity.
    pub label: String,
    /// The numbers at its ends.
    pub range: [f64; 2],
    /// The colours.
    pub map: ColorMap,
}

/// Colours for numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColorMap {
    /// From the smallest to the largest.
    Number,
    /// From no error to the largest, by the square root of the error.
    Error,
    /// Negative and positive numbers.
    Signed,
    /// From black to white.
    Grey,
}

const MARGIN: f32 = 12.0;
const CAPTION: f32 = 15.0;
const TYPE: f32 = 11.0;
const SMALL: f32 = 10.0;
const BAR: f32 = 40.0;
/// Number of shades in the legend.
const SHADES: usize = 32;

impl Picture {
    /// The colour of a pixel; black outside the picture.
    pub fn at(&self, x: usize, y: usize) -> Rgb {
        self.pixels.get(y * self.width + x).copied().unwrap_or_default()
    }

    /// The picture as a PNG; `None` if it has no pixels, or not as many as its size says.
    fn png(&self) -> Option<Vec<u8>> {
        if self.pixels.is_empty() || self.pixels.len() != self.width * self.height {
            return None;
        }
        let mut png = Vec::new();
        let encoder = image::codecs::png::PngEncoder::new(&mut png);
        let (width, height) = (self.width as u32, self.height as u32);
        encoder.write_image(self.pixels.as_flattened(), width, height, ExtendedColorType::Rgb8).ok()?;
        Some(png)
    }
}

impl Tiles {
    /// Width and height.
    pub(super) fn size(&self) -> [f32; 2] {
        let [width, _] = self.cell();
        let columns = self.lines.iter().map(|line| line.tiles.len()).max().unwrap_or(0) as f32;
        let height: f32 = self.lines.iter().map(|line| self.line_height(line)).sum();
        let bar = if self.bar.is_some() { BAR } else { 0.0 };
        let across = 2.0 * MARGIN + self.names_width() + (columns * (width + self.gap) - self.gap).max(0.0);
        [across.max(240.0), height + MARGIN + bar]
    }

    /// Size of the space for a picture.
    fn cell(&self) -> [f32; 2] {
        let pictures = self.lines.iter().flat_map(|line| &line.tiles).map(|tile| &tile.picture);
        let size = |picture: &Picture| self.scaled(picture);
        pictures.map(size).fold([4.0, 4.0], |[w, h], [width, height]| [w.max(width), h.max(height)])
    }

    fn scaled(&self, picture: &Picture) -> [f32; 2] {
        let [width, height] = [picture.width, picture.height].map(|side| side as f32);
        let scale = self.side / width.max(height).max(1.0);
        [(width * scale).max(1.0), (height * scale).max(1.0)]
    }

    fn line_height(&self, line: &TileLine) -> f32 {
        let has_captions = line.tiles.iter().any(|tile| !tile.caption.is_empty());
        self.cell()[1] + self.gap + if has_captions { CAPTION } else { 0.0 }
    }

    fn names_width(&self) -> f32 {
        let widest = self.lines.iter().map(|line| text_width(&line.name, TYPE)).fold(0.0, f32::max);
        if widest > 0.0 { widest.min(160.0) + 12.0 } else { 0.0 }
    }

    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, frame: Frame) {
        let palette = canvas.palette;
        let ([cell_width, cell_height], names) = (self.cell(), self.names_width());
        let mut top = frame.top;
        for line in &self.lines {
            let at = [frame.left + MARGIN, top + 0.5 * cell_height];
            canvas.text(at, &fitted(&line.name, TYPE, names - 8.0), Type::new(TYPE, palette.dim));
            for (column, tile) in line.tiles.iter().enumerate() {
                let left = frame.left + MARGIN + names + column as f32 * (cell_width + self.gap);
                let [width, height] = self.scaled(&tile.picture);
                if let Some(png) = tile.picture.png() {
                    let own = Frame::new(left + 0.5 * (cell_width - width), top, width, height);
                    canvas.image(own, &png, false);
                }
                let set = Type::new(SMALL, palette.dim).aligned(Align::Middle);
                let at = [left + 0.5 * cell_width, top + cell_height + 0.5 * CAPTION];
                canvas.text(at, &fitted(&tile.caption, SMALL, cell_width + self.gap - 2.0), set);
            }
            top += self.line_height(line);
        }
        if let Some(bar) = &self.bar {
            let left = frame.left + MARGIN + names;
            bar.draw_across(
                canvas,
                Frame::new(left, top + 4.0, (frame.right() - MARGIN - left).min(220.0), BAR),
            );
        }
    }
}

impl ColorMap {
    /// The colour at `t` in [0, 1] of the range.
    pub fn at(self, palette: &Palette, t: f32) -> Rgb {
        match self {
            ColorMap::Number => palette.number(t),
            ColorMap::Error => error_color(t.sqrt()),
            ColorMap::Signed => palette.signed(2.0 * t - 1.0),
            ColorMap::Grey => [(255.0 * t).round() as u8; 3],
        }
    }
}

impl ColorBar {
    /// From left to right, with its ends below.
    fn draw_across(&self, canvas: &mut Canvas<'_>, frame: Frame) {
        let palette = canvas.palette;
        let step = frame.width / SHADES as f32;
        for shade in 0..SHADES {
            let tint = self.map.at(palette, shade as f32 / (SHADES - 1) as f32);
            canvas.rect(Frame::new(frame.left + shade as f32 * step, frame.top, step + 0.4, 7.0), tint);
        }
        let set = Type::new(SMALL, palette.dim);
        let y = frame.top + 15.0;
        canvas.text([frame.left, y], &format_number(self.range[0]), set);
        canvas.text([frame.right(), y], &format_number(self.range[1]), set.aligned(Align::End));
        let middle = frame.left + 0.5 * frame.width;
        canvas.text([middle, y], &fitted(&self.label, SMALL, 0.6 * frame.width), set.aligned(Align::Middle));
    }

    /// From bottom to top, with its ends at the side.
    pub(super) fn draw_up(&self, canvas: &mut Canvas<'_>, frame: Frame) {
        let palette = canvas.palette;
        let set = Type::new(TYPE, palette.dim);
        canvas.text([frame.left, frame.top + 8.0], &fitted(&self.label, TYPE, frame.width), set);
        let bar = Frame::new(frame.left, frame.top + 22.0, 10.0, (frame.height - 48.0).min(200.0));
        let step = bar.height / SHADES as f32;
        for shade in 0..SHADES {
            let tint = self.map.at(palette, shade as f32 / (SHADES - 1) as f32);
            let top = bar.bottom() - (shade + 1) as f32 * step;
            canvas.rect(Frame::new(bar.left, top, bar.width, step + 0.4), tint);
        }
        let x = bar.right() + 5.0;
        canvas.text([x, bar.top + 5.0], &format_number(self.range[1]), set);
        canvas.text([x, bar.bottom() - 5.0], &format_number(self.range[0]), set);
        canvas.line([bar.left, bar.bottom()], [bar.right(), bar.bottom()], Pen::new(palette.line, 1.0));
    }
}
