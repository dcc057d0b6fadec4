use super::canvas::{Canvas, Frame, Type, fitted};
use super::palette::Palette;
use super::{Drawing, Figure};

const TITLE: f32 = 34.0;
const MARGIN: f32 = 10.0;

/// Height above the drawing.
pub(super) fn head_height(title: &str) -> f32 {
    if title.is_empty() { MARGIN } else { TITLE }
}

/// A figure as SVG with this size in points, in a theme.
pub fn svg(figure: &Figure, palette: &Palette, size: [f32; 2]) -> String {
    let mut canvas = Canvas::new(palette, size);
    let head = head_height(&figure.title);
    let title = Type::new(13.5, palette.text).bold();
    canvas.text([12.0, 0.5 * TITLE], &fitted(&figure.title, 13.5, size[0] - 24.0), title);
    figure.drawing.draw(&mut canvas, Frame::new(0.0, head, size[0], size[1] - head));
    canvas.finish(&figure.title)
}

impl Drawing {
    /// Draws into a frame.
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, frame: Frame) {
        match self {
            Drawing::Lines(lines) => {
                lines.draw(canvas, frame.within([4.0, 0.0, 4.0, 4.0]));
            }
            Drawing::Scatter(scatter) => scatter.draw(canvas, frame.within([4.0, 0.0, 4.0, 4.0])),
            Drawing::Bars(bars) => bars.draw(canvas, frame.within([4.0, 0.0, 4.0, 4.0])),
            Drawing::Tiles(tiles) => tiles.draw(canvas, frame),
            Drawing::Panels(panels) => panels.draw(canvas, frame),
        }
    }
}
