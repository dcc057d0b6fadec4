//! Picture codes in the views: selecting values by channel and position, and showing channels side
//! by side as grey pictures.

use egui::{Align2, Color32, DragValue, FontId, Rect, Ui, vec2};

use super::parts::named;
use crate::figure::Rgb;
pub(super) use crate::prepared::{ChannelPage, largest, strongest_channels};
use crate::project::{Shape, capital, format_number};
use crate::run::Run;
use crate::ui::plots::{DisplayRange, color, palette};

/// Number of steps of a colour bar.
const SHADES: usize = 32;

/// Shape of a run's codes with this many values.
pub(super) fn code_shape(run: &Run, units: usize) -> Shape {
    let shape = run.code_shape();
    if shape.features() == units { shape } else { Shape::Vector(units) }
}

/// Controls for the items along x and y; returns whether they were changed.
pub(super) fn axes_ui(ui: &mut Ui, what: &str, most: usize, shown: &mut [usize; 2]) -> bool {
    let mut is_changed = false;
    for (axis, name) in shown.iter_mut().zip(["x", "y"]) {
        is_changed |= index_ui(ui, &format!("{name} "), &format!("{what} along {name}"), axis, most);
    }
    is_changed
}

/// Controls for two units of a code, selected by channel and position for picture codes.
pub(super) fn units_ui(ui: &mut Ui, code: Shape, shown: &mut [usize; 2]) -> bool {
    let Shape::Image { .. } = code else { return axes_ui(ui, "unit", code.features(), shown) };
    let mut is_changed = false;
    for (unit, name) in shown.iter_mut().zip(["x", "y"]) {
        let prefix = format!("{name} ");
        is_changed |= place_ui(ui, code, &prefix, &format!(" along {name}"), unit);
    }
    is_changed
}

/// Controls for a value of a picture code; returns whether it was changed. `prefix` precedes all
/// labels, and accessible names end in `of`.
pub(super) fn place_ui(ui: &mut Ui, code: Shape, prefix: &str, of: &str, unit: &mut usize) -> bool {
    let Shape::Image { height, width, channels } = code else { return false };
    let (channels, width) = (channels.max(1), width.max(1));
    let position = *unit / channels;
    let mut parts = [*unit % channels, position / width, position % width];
    let mut is_changed = false;
    for (part, (what, most)) in
        parts.iter_mut().zip([("channel", channels), ("row", height), ("column", width)])
    {
        let shown = if what == "channel" { format!("{prefix}{what} ") } else { format!("{what} ") };
        is_changed |= index_ui(ui, &shown, &format!("{what}{of}"), part, most);
    }
    let [channel, row, column] = parts;
    *unit = (row * width + column) * channels + channel;
    is_changed
}

/// A field for an index, counted from 1.
pub(super) fn index_ui(ui: &mut Ui, prefix: &str, name: &str, index: &mut usize, most: usize) -> bool {
    let mut number = *index + 1;
    let drag = DragValue::new(&mut number).range(1..=most).speed(0.1).prefix(prefix);
    let response = named(ui.add(drag), name.to_owned()).on_hover_text(capital(name));
    let is_changed = response.changed();
    if is_changed {
        *index = number.saturating_sub(1);
    }
    is_changed
}

impl ChannelPage {
    /// A pixel of one code in grey; transparent between channels and for missing values.
    pub fn pixel(&self, code: &[f32], range: DisplayRange, x: usize, y: usize) -> Color32 {
        self.shade(code, range, x, y).map_or(Color32::TRANSPARENT, color)
    }

    /// Index in a code of the value at a position on the painted page.
    pub fn unit_under(&self, rect: Rect, at: egui::Pos2) -> Option<usize> {
        let [width, height] = self.size();
        let pixel = |from: f32, to: f32, size: usize| {
            let share = (to - from) * size as f32;
            (share >= 0.0 && (share as usize) < size).then_some(share as usize)
        };
        let share = (at - rect.min) / rect.size().max(vec2(1e-6, 1e-6));
        self.unit(pixel(0.0, share.x, width)?, pixel(0.0, share.y, height)?)
    }
}

/// Paints a colour bar with its minimum and maximum below.
pub(super) fn paint_bar(ui: &Ui, bar: Rect, ends: [f32; 2], tint: impl Fn(f32) -> Rgb) {
    let p = palette(ui);
    let step = bar.width() / SHADES as f32;
    for shade in 0..SHADES {
        let left = bar.left() + shade as f32 * step;
        let rect = Rect::from_min_size(egui::pos2(left, bar.top()), vec2(step + 0.5, bar.height()));
        ui.painter().rect_filled(rect, 0.0, color(tint(shade as f32 / (SHADES - 1) as f32)));
    }
    let small = FontId::proportional(9.0);
    let [low, high] = ends.map(|end| format_number(f64::from(end)));
    ui.painter().text(bar.left_bottom(), Align2::LEFT_TOP, low, small.clone(), color(p.dim));
    ui.painter().text(bar.right_bottom(), Align2::RIGHT_TOP, high, small, color(p.dim));
}

/// Grey for `t` in [0, 1].
pub(super) fn grey(t: f32) -> Rgb {
    [(255.0 * t).round() as u8; 3]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_side_by_side_with_a_pixel_between() {
        // 2 rows and 3 columns with 4 channels: two above two.
        let code = Shape::Image { height: 2, width: 3, channels: 4 };
        let page = ChannelPage::new(code, vec![0, 1, 3]).expect("a picture");
        assert_eq!(page.size(), [7, 5]);
        for (x, y, expected) in [
            (0, 0, Some(0)),
            (2, 1, Some(20)),
            (3, 0, None),
            (4, 0, Some(1)),
            (6, 1, Some(21)),
            (0, 2, None),
            (0, 3, Some(3)),
            (1, 4, Some(19)),
            (4, 3, None),
        ] {
            assert_eq!(page.unit(x, y), expected, "{x} {y}");
        }
        assert_eq!(page.left_out().as_deref(), Some("3 of 4 channels"));
        let values: Vec<f32> = (0..24).map(|at| at as f32).collect();
        let last = (3, [3, 2], vec![3.0, 7.0, 11.0, 15.0, 19.0, 23.0]);
        assert_eq!(page.pictures(&values).nth(2), Some(last));
        assert_eq!(page.range(&values), DisplayRange { low: 0.0, high: 23.0 });
        let rect = Rect::from_min_size(egui::pos2(10.0, 20.0), vec2(70.0, 50.0));
        assert_eq!(page.unit_under(rect, egui::pos2(55.0, 25.0)), Some(1));
        assert_eq!(page.unit_under(rect, egui::pos2(9.0, 25.0)), None);
        assert_eq!(ChannelPage::new(Shape::Vector(4), vec![0]), None);
        assert_eq!(ChannelPage::new(code, Vec::new()), None);
    }

    #[test]
    fn the_channels_that_vary_most_are_shown_in_their_order() {
        let code = Shape::Image { height: 1, width: 2, channels: 3 };
        let codes = [0.0, 5.0, 9.0, 4.0, 5.0, 1.0, 0.0, 5.0, 9.0, f32::NAN, 5.0, 1.0];
        assert_eq!(strongest_channels(&codes, code, 2), [0, 2]);
        assert_eq!(strongest_channels(&codes, code, 1), [2]);
        assert_eq!(strongest_channels(&[], code, 3), [0, 1, 2]);
    }
}
