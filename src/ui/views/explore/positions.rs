//! Controls for a picture code: the displayed channel, and the position whose channels are edited.

use egui::{Rect, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use super::context::{Context, bits, remark_ui};
use super::pictures::fitting;
use crate::project::{Shape, format_number};
use crate::ui::plots::{Atlas, color, palette, pictured, stamp_of};
use crate::ui::views::channels::{ChannelPage, grey, paint_bar, place_ui};
use crate::ui::views::parts::chip_ui;

/// Longer side of the picture of a channel, in points.
const SIDE: f32 = 132.0;
/// Height of its colour bar including the numbers, in points.
const BAR: f32 = 18.0;

/// State of the controls.
#[derive(Clone, Default)]
pub struct Positions {
    /// The run and the shape of its codes.
    of: u64,
    /// Index in the code of the value at the selected channel and position.
    unit: usize,
    /// Whether the lines show the strongest units of all positions.
    shows_strongest: bool,
    stamp: u64,
    atlas: Atlas,
}

impl Positions {
    /// Selects the strongest unit, the first in this order, when the run changes.
    pub fn follow(&mut self, run: u64, code: Shape, order: &[usize]) {
        let of = stamp_of((run, code));
        if self.of != of {
            let (unit, shows_strongest) = (order.first().copied().unwrap_or(0), self.shows_strongest);
            *self = Positions { of, unit, shows_strongest, ..Positions::default() };
        }
    }

    /// The selected position, counted row by row; 0 for a code that is a vector.
    pub fn position(&self, code: Shape) -> usize {
        match code {
            Shape::Vector(_) => 0,
            Shape::Image { channels, .. } => self.unit / channels.max(1),
        }
    }

    /// The units at that position, strongest first.
    pub fn units(&self, code: Shape, strength: impl Fn(usize) -> f32) -> Vec<usize> {
        let mut units: Vec<usize> = code.units_at(self.position(code)).collect();
        units.sort_by(|a, b| strength(*b).total_cmp(&strength(*a)));
        units
    }

    /// Whether units of all positions are shown, if `is_offered`.
    pub fn shows_all(&self, code: Shape, is_offered: bool) -> bool {
        matches!(code, Shape::Vector(_)) || (self.shows_strongest && is_offered)
    }
}

/// Controls for a channel and a position of this code; nothing for a code that is a vector. If
/// `has_strongest`, units of all positions can be chosen instead.
pub fn positions_ui(
    ui: &mut Ui,
    context: &Context<'_>,
    code: &[f32],
    positions: &mut Positions,
    has_strongest: bool,
) {
    let Shape::Image { channels, .. } = context.code else { return };
    let before = (positions.unit, positions.shows_strongest);
    if has_strongest {
        ui.horizontal(|ui| {
            for (choice, name, about) in [
                (false, "one position", "The channels at one position of the code"),
                (true, "strongest", "The units of all positions with the largest variance or KL"),
            ] {
                if chip_ui(ui, positions.shows_strongest == choice, name).on_hover_text(about).clicked() {
                    positions.shows_strongest = choice;
                }
            }
        });
    }
    if !positions.shows_all(context.code, has_strongest) {
        ui.horizontal_wrapped(|ui| place_ui(ui, context.code, "", " of the code", &mut positions.unit));
        let channel = positions.unit % channels.max(1);
        if let Some(page) = ChannelPage::new(context.code, vec![channel]) {
            channel_ui(ui, context, code, &page, positions);
        }
        remark_ui(ui, "Click a position to choose its channels.");
    }
    ui.add_space(4.0);
    if before != (positions.unit, positions.shows_strongest) {
        ui.ctx().request_repaint();
    }
}

/// The selected channel of a code, in which a position can be clicked.
fn channel_ui(
    ui: &mut Ui,
    context: &Context<'_>,
    code: &[f32],
    page: &ChannelPage,
    positions: &mut Positions,
) {
    let ([width, height], range) = (page.size(), page.range(code));
    let channel = positions.unit % context.code.channels().max(1);
    let values = page.pictures(code).flat_map(|(_, _, values)| values);
    let stamp = stamp_of((bits(&values.collect::<Vec<f32>>()), channel));
    if positions.stamp != stamp {
        positions.stamp = stamp;
        positions.atlas.fill(ui.ctx(), [width, height], 1, |_, x, y| page.pixel(code, range, x, y));
    }
    let size = fitting([width, height], SIDE);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    positions.atlas.paint(ui.painter(), 0, rect);
    let p = palette(ui);
    ui.painter().rect_stroke(rect, 1.0, Stroke::new(1.0, color(p.line)), StrokeKind::Outside);
    let cell = rect.size() / vec2(width as f32, height as f32);
    let position = positions.position(context.code);
    let corner = rect.min + vec2((position % width) as f32, (position / width) as f32) * cell;
    let chosen = Rect::from_min_size(corner, cell);
    ui.painter().rect_stroke(chosen, 0.0, Stroke::new(2.0, color(p.accent)), StrokeKind::Outside);
    let response = pictured(response, &format!("channel {} of the code", channel + 1));
    let under = response.hover_pos().and_then(|at| page.unit_under(rect, at));
    let clicked = response.interact_pointer_pos().filter(|_| response.clicked());
    if let Some(unit) = clicked.and_then(|at| page.unit_under(rect, at)) {
        positions.unit = unit;
    }
    if let Some(unit) = under {
        let value = code.get(unit).copied().unwrap_or(f32::NAN);
        let name = context.code.unit_name(unit);
        response.on_hover_text(format!("{name}: {}", format_number(f64::from(value))));
    }
    let (bar, _) = ui.allocate_exact_size(vec2(size.x.max(60.0), BAR), Sense::hover());
    let bar = Rect::from_min_max(bar.min, pos2(bar.right(), bar.top() + 5.0));
    paint_bar(ui, bar, [range.low, range.high], grey);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_position_of_the_strongest_unit_is_the_default() {
        let code = Shape::Image { height: 2, width: 3, channels: 4 };
        let mut positions = Positions::default();
        positions.follow(1, code, &[14, 2, 3]);
        assert_eq!(positions.position(code), 3);
        // The strongest unit changes with the epoch, but the selection does not.
        positions.follow(1, code, &[2, 14, 3]);
        assert_eq!(positions.position(code), 3);
        positions.unit = 23;
        assert_eq!(positions.position(code), 5);
        let strengths = [1.0, 3.0, 2.0, 3.0];
        assert_eq!(positions.units(code, |unit| strengths[unit % 4]), [21, 23, 22, 20]);
        assert!(!positions.shows_all(code, true) && positions.shows_all(Shape::Vector(24), false));
        positions.shows_strongest = true;
        assert!(positions.shows_all(code, true) && !positions.shows_all(code, false));
        positions.follow(2, code, &[2, 14, 3]);
        assert_eq!(positions.position(code), 0);
        assert_eq!(positions.position(Shape::Vector(24)), 0);
    }
}
