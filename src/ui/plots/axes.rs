//! The frame of a plot: where a value lies on the screen, grid and labels.

use std::sync::Arc;

use egui::{Align2, FontId, Pos2, Rangef, Rect, Stroke, Ui, pos2};
use egui_plot::PlotTransform;

use super::limits::Limits;
use super::number::{Tick, linear_ticks};
use super::paint::{color, palette};

/// Limits laid over a rectangle of the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// The rectangle.
    pub rect: Rect,
    /// What it shows.
    pub limits: Limits,
}

impl Frame {
    /// Where a value lies on the screen.
    pub fn at(&self, [x, y]: [f64; 2]) -> Pos2 {
        let [[left, right], [bottom, top]] = [self.limits.x, self.limits.y];
        pos2(
            self.rect.left() + ((x - left) / (right - left)) as f32 * self.rect.width(),
            self.rect.bottom() - ((y - bottom) / (top - bottom)) as f32 * self.rect.height(),
        )
    }

    /// The value at a place of the screen.
    pub fn value(&self, at: Pos2) -> [f64; 2] {
        let [[left, right], [bottom, top]] = [self.limits.x, self.limits.y];
        [
            left + f64::from((at.x - self.rect.left()) / self.rect.width()) * (right - left),
            bottom + f64::from((self.rect.bottom() - at.y) / self.rect.height()) * (top - bottom),
        ]
    }

    /// The same in the library's terms.
    pub fn transform(&self) -> PlotTransform {
        PlotTransform::new(self.rect, self.limits.into(), false)
    }

    /// Round numbers for the x axis, as many as there is room for.
    pub fn x_ticks(&self) -> Vec<Tick> {
        linear_ticks(self.limits.x, (self.rect.width() / 50.0) as usize)
    }
}

/// The marks of both axes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ticks {
    /// Below the plot.
    pub x: Vec<Tick>,
    /// To its left.
    pub y: Vec<Tick>,
}

impl Ticks {
    /// Width the labels of the y axis need, with a gap to the plot.
    pub fn y_width(&self, ui: &Ui) -> f32 {
        let widths = self.y.iter().map(|tick| {
            let text = ui.painter().layout_no_wrap(tick.label.clone(), tick_font(), egui::Color32::WHITE);
            text.size().x
        });
        widths.fold(12.0, f32::max) + 8.0
    }

    /// Paints the ground, the grid and the labels around `frame`.
    pub fn paint(&self, ui: &Ui, frame: &Frame) {
        let p = palette(ui);
        let rect = frame.rect;
        let painter = ui.painter();
        let grid = Stroke::new(1.0, color(p.grid));
        let Limits { x: [left, _], y: [bottom, _] } = frame.limits;
        for tick in &self.y {
            let y = frame.at([left, tick.at]).y;
            painter.hline(rect.x_range(), painter.round_to_pixel_center(y), grid);
            painter.text(
                pos2(rect.left() - 8.0, y),
                Align2::RIGHT_CENTER,
                &tick.label,
                tick_font(),
                color(p.dim),
            );
        }
        let mut labels = Vec::new();
        for tick in &self.x {
            let x = frame.at([tick.at, bottom]).x;
            painter.vline(painter.round_to_pixel_center(x), rect.y_range(), grid);
            labels.push((x, painter.layout_no_wrap(tick.label.clone(), tick_font(), color(p.dim))));
        }
        let widths: Vec<(f32, f32)> = labels.iter().map(|(x, text)| (*x, text.size().x)).collect();
        for (index, left) in label_places(&widths, rect.x_range()) {
            let text = Arc::clone(&labels[index].1);
            painter.galley(pos2(left, rect.bottom() + 4.0), text, color(p.dim));
        }
    }
}

/// Least room between two labels, in points.
const LABEL_GAP: f32 = 4.0;

/// Which labels below an axis are written, by their index, and where each begins: all of them, or every second, third and so
/// on, so that none touches the next. `labels` holds where on the screen each mark is, from left to right, and the width of
/// its text.
fn label_places(labels: &[(f32, f32)], axis: Rangef) -> Vec<(usize, f32)> {
    // A label at the very edge is moved inwards rather than cut off.
    let left = |&(at, width): &(f32, f32)| (at - width / 2.0).min(axis.max - width).max(axis.min - 8.0);
    let every =
        |step: usize| -> Vec<(usize, f32)> { labels.iter().map(left).enumerate().step_by(step).collect() };
    let is_apart = |pair: &[(usize, f32)]| pair[0].1 + labels[pair[0].0].1 + LABEL_GAP <= pair[1].1;
    let sparse_enough = |places: &Vec<(usize, f32)>| places.windows(2).all(is_apart);
    (1..=labels.len()).map(every).find(sparse_enough).unwrap_or_default()
}

fn tick_font() -> FontId {
    FontId::proportional(11.0)
}

#[cfg(test)]
mod tests {
    use egui::vec2;

    use super::*;

    #[test]
    fn screen_and_value_are_inverse() {
        let limits = Limits { x: [-2.0, 6.0], y: [10.0, 30.0] };
        let frame = Frame { rect: Rect::from_min_size(pos2(20.0, 30.0), vec2(200.0, 100.0)), limits };
        assert_eq!(frame.at([-2.0, 10.0]), pos2(20.0, 130.0));
        assert_eq!(frame.at([6.0, 30.0]), pos2(220.0, 30.0));
        let [x, y] = frame.value(frame.at([1.5, 17.0]));
        assert!((x - 1.5).abs() < 1e-4 && (y - 17.0).abs() < 1e-4);
    }

    #[test]
    fn labels_below_an_axis_never_touch() {
        let check = |width: f32, marks: usize, label: f32, expected: &[usize]| {
            let labels: Vec<(f32, f32)> =
                (0..=marks).map(|mark| (width * mark as f32 / marks as f32, label)).collect();
            let places = label_places(&labels, Rangef::new(0.0, width));
            let shown: Vec<usize> = places.iter().map(|(index, _)| *index).collect();
            assert_eq!(shown, expected, "{width} {marks} {label}");
        };
        check(330.0, 6, 20.0, &[0, 1, 2, 3, 4, 5, 6]);
        // 600000 is moved inwards, to 500000.
        check(330.0, 6, 42.0, &[0, 2, 4, 6]);
        check(100.0, 6, 42.0, &[0, 4]);
        check(50.0, 6, 42.0, &[0]);
        check(10.0, 1, 42.0, &[0]);
        assert_eq!(label_places(&[], Rangef::new(0.0, 9.0)), []);
        for width in 24..900 {
            let ticks = linear_ticks([0.0, 600_000.0], width / 50);
            let at = |tick: &Tick| (tick.at as f32 / 600_000.0 * width as f32, 7.0 * tick.label.len() as f32);
            let labels: Vec<(f32, f32)> = ticks.iter().map(at).collect();
            let places = label_places(&labels, Rangef::new(0.0, width as f32));
            assert_eq!(places.is_empty(), labels.is_empty());
            for pair in places.windows(2) {
                assert!(pair[0].1 + labels[pair[0].0].1 < pair[1].1, "{width}: {places:?}");
            }
        }
    }
}
