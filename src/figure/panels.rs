use super::Drawing;
use super::canvas::{Canvas, Frame, Type, fitted};

/// Several plots side by side, each with its title.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panels {
    /// Number of panels per row.
    pub columns: usize,
    /// Width and height of each, in points.
    pub size: [f32; 2],
    /// The plots, row by row.
    pub panels: Vec<(String, Drawing)>,
}

const MARGIN: f32 = 8.0;
const TITLE: f32 = 18.0;
const TYPE: f32 = 11.5;

impl Panels {
    fn columns(&self) -> usize {
        self.columns.clamp(1, self.panels.len().max(1))
    }

    /// Width and height.
    pub(super) fn size(&self) -> [f32; 2] {
        let [width, height] = self.size.map(|side| side + MARGIN);
        let columns = self.columns();
        [MARGIN + columns as f32 * width, self.panels.len().div_ceil(columns) as f32 * height + MARGIN]
    }

    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, frame: Frame) {
        let [width, height] = self.size;
        for (at, (title, drawing)) in self.panels.iter().enumerate() {
            let (column, row) = (at % self.columns(), at / self.columns());
            let left = frame.left + MARGIN + column as f32 * (width + MARGIN);
            let top = frame.top + row as f32 * (height + MARGIN);
            let text = Type::new(TYPE, canvas.palette.text);
            canvas.text([left + 4.0, top + 0.5 * TITLE], &fitted(title, TYPE, width - 8.0), text);
            drawing.draw(canvas, Frame::new(left, top + TITLE, width, height - TITLE));
        }
    }
}
