//! **Pictures without a screen**: the colours that the window, its plots and all exported figures
//! share, the ticks of axes, and [`Figure`]s.
//!
//! A [`Figure`] is the content of a plot or a page of pictures as plain data: lines, points, bars,
//! tiles, or panels of these, with axes, names and inks (a colour for either theme). [`encoded()`]
//! converts it to a file: SVG (`svg`, on the `Canvas`), PNG by resvg with the typeface of the
//! window (`raster`), CSV (`table`) or GIF. A cloud of more than 5,000 points becomes one picture
//! within the SVG.

mod animation;
mod axis;
mod bars;
mod canvas;
mod chart;
mod form;
mod ink;
mod limits;
mod line;
mod lines;
mod marker;
pub mod palette;
mod panels;
mod raster;
mod scatter;
mod svg;
mod table;
pub mod ticks;
mod tiles;

#[cfg(test)]
mod tests;

pub use animation::Animation;
pub use axis::Axis;
pub use bars::Bars;
pub use form::{FigureError, Form, Style, encoded, encoded_while};
pub use ink::Ink;
pub use limits::{Limits, scaled};
pub use line::{Line, decimate};
pub use lines::{Lines, Mark, Series};
pub use marker::{MARKER_SHAPES, Marker, class_marker, point_opacity, point_radius};
pub use palette::{Palette, Rgb, error_color};
pub use panels::Panels;
pub use raster::{Pixels, REGULAR_FONT, SEMI_BOLD_FONT, pixels, png};
pub use scatter::{Coloring, PointColors, Scatter};
pub use svg::svg;
pub use table::csv;
pub use tiles::{ColorBar, ColorMap, Picture, Tile, TileLine, Tiles};

/// The content of a plot or a page of pictures.
#[derive(Clone, Debug)]
pub struct Figure {
    /// The title above it.
    pub title: String,
    /// The drawing.
    pub drawing: Drawing,
    /// Its animation, if there is one.
    pub animation: Option<Animation>,
}

/// The drawing of a figure.
#[derive(Clone, Debug, PartialEq)]
pub enum Drawing {
    /// Curves over a common axis.
    Lines(Lines),
    /// Points in the plane.
    Scatter(Scatter),
    /// Bars of numbers, or a histogram.
    Bars(Bars),
    /// Pictures side by side.
    Tiles(Tiles),
    /// Several plots side by side.
    Panels(Panels),
}

impl Figure {
    /// A figure that does not move.
    pub fn new(title: impl Into<String>, drawing: Drawing) -> Figure {
        Figure { title: title.into(), drawing, animation: None }
    }

    /// Its width and height, in points: pixels of a picture at scale 1.
    pub fn size(&self) -> [f32; 2] {
        let [width, height] = self.drawing.size();
        [width, height + svg::head_height(&self.title)].map(f32::ceil)
    }
}

impl Drawing {
    /// Width and height without a title.
    fn size(&self) -> [f32; 2] {
        match self {
            Drawing::Lines(_) => [720.0, 400.0],
            Drawing::Scatter(scatter) => scatter.size(),
            Drawing::Bars(_) => [520.0, 260.0],
            Drawing::Tiles(tiles) => tiles.size(),
            Drawing::Panels(panels) => panels.size(),
        }
    }
}
