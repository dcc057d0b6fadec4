//! Every unit over its range, the others as in the code looked at: all of it as one picture.

use egui::{Rect, RichText, Sense, Ui, vec2};

use super::pictures::{Pictures, size};
use super::sliders::unit_name;
use super::{Asked, Context, failure_ui};
use crate::session::Decoding;
use crate::ui::plots::{color, palette};
use crate::ui::state::Question;

/// Steps over the range of a unit, and units at most.
const STEPS: usize = 7;
const MOST_UNITS: usize = 48;
/// A unit changes nothing where no value moves by more than this, of values that were scaled to about 1.
const NOTHING: f32 = 0.01;
const SIDE: f32 = 30.0;

/// The pictures of the section.
#[derive(Clone, Default)]
pub struct Traversals {
    pictures: Pictures,
}

/// Shows the section.
pub fn traversals_ui(ui: &mut Ui, context: &Context<'_>, traversals: &mut Traversals, asked: &mut Asked) {
    let p = palette(ui);
    let (base, subject) = (context.base(), context.subject);
    let units: Vec<usize> = subject.order.iter().copied().take(MOST_UNITS).collect();
    let codes = units.iter().flat_map(|unit| {
        let [low, high] = subject.spreads[*unit].range;
        let base = &base;
        (0..STEPS).flat_map(move |step| {
            let mut code = base.clone();
            if let Some(value) = code.get_mut(*unit) {
                *value = low + (high - low) * step as f32 / (STEPS - 1) as f32;
            }
            code
        })
    });
    context.decode(asked, Decoding::Traversals, codes.collect());
    failure_ui(ui, context, Question::Decode(Decoding::Traversals));
    if let Some((stamp, rows)) = context.explore.decoded(Decoding::Traversals) {
        traversals.pictures.fill(ui, context.data, stamp, rows);
    }
    let about = "From left to right the range of the watched samples; the unit of largest variance first.";
    ui.add(egui::Label::new(RichText::new(about).size(11.0).color(color(p.dim))).wrap());
    ui.add_space(4.0);
    let pictures = &traversals.pictures;
    for (line, unit) in units.iter().enumerate() {
        let row = |step: usize| pictures.row(line * STEPS + step);
        if row(STEPS - 1).is_empty() {
            break;
        }
        let changes = changes((0..STEPS).map(row));
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 3.0;
            let tint = if changes { p.text } else { p.faint };
            let name = unit_name(context, *unit);
            let label = egui::Label::new(RichText::new(&name).size(11.0).color(color(tint))).truncate();
            ui.add_sized(vec2(52.0, SIDE), label);
            if !changes {
                ui.label(RichText::new("changes nothing").size(11.0).color(color(p.faint)));
                return;
            }
            for step in 0..STEPS {
                match context.data.shown() {
                    Some(shown) => {
                        let (rect, _) = ui.allocate_exact_size(size(shown, SIDE), Sense::hover());
                        pictures.paint(ui, line * STEPS + step, rect);
                    }
                    None => profile_ui(ui, row(step)),
                }
            }
        });
    }
}

/// Whether reconstructions differ from the first of them.
fn changes<'a>(mut rows: impl Iterator<Item = &'a [f32]>) -> bool {
    let Some(first) = rows.next() else { return false };
    let differs = |row: &[f32]| row.iter().zip(first).any(|(a, b)| (a - b).abs() > NOTHING);
    rows.any(differs)
}

/// A sample that is no picture as bars.
fn profile_ui(ui: &mut Ui, row: &[f32]) {
    let (rect, _) = ui.allocate_exact_size(vec2(SIDE, SIDE), Sense::hover());
    let width = rect.width() / row.len().max(1) as f32;
    for (feature, value) in row.iter().enumerate() {
        let left = rect.left() + feature as f32 * width;
        let height = rect.height() * value.clamp(0.0, 1.0);
        let bar = Rect::from_min_size(egui::pos2(left, rect.bottom() - height), vec2(width.max(1.0), height));
        ui.painter().rect_filled(bar, 0.0, color(palette(ui).accent));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_changes_something_where_a_value_moves() {
        let check = |rows: &[[f32; 2]], expected: bool| {
            assert_eq!(changes(rows.iter().map(|row| &row[..])), expected, "{rows:?}");
        };
        check(&[], false);
        check(&[[0.5, 0.5]], false);
        check(&[[0.5, 0.5], [0.505, 0.495]], false);
        check(&[[0.5, 0.5], [0.5, 0.5], [0.5, 0.52]], true);
    }
}
