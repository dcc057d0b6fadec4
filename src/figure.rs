//! **Pictures without a screen**: the colours that the window, its plots and every exported figure
//! share, where axes are marked, and [`Figure`]s.
//!
//! A [`Figure`] is what a plot or a page of pictures shows, as plain data: lines, points, bars,
//! tiles, or panels of these, with axes, names and inks (a colour for either theme). [`encoded()`]
//! makes a file of it: SVG (`svg`, on the `Canvas`), PNG by resvg with the typeface of the window
//! (`raster`), CSV (`table`) or GIF. A cloud of more than 5,000 points becomes one picture within
//! the SVG.

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

/// What a plot or a page of pictures shows.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What stands above it.
    pub title: String,
    /// What is drawn.
    pub drawing: Drawing,
    /// The same in motion, where there is anything that moves.
    pub animation: Option<Animation>,
}

/// What is drawn in a figure.
#[derive(Clone, Debug, PartialEq)]
pub enum Drawing {
    /// Curves over a common axis.
    Lines(Lines),
    /// Points in the plane.
    Scatter(Scatter),
    /// Bars of numbers, or how often numbers fall where.
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

    /// Width and height that it needs, in points: pixels of a picture at the scale 1.
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
