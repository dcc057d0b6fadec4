//! Traversals of all parts of a code in one picture; the other parts are as in the current code.

use egui::{Rect, RichText, Sense, Ui, vec2};

use super::context::{Actions, Context, bits, failure_ui, name_width, short, unit_name};
use super::pictures::{Pictures, size};
use super::positions::{Positions, positions_ui};
use crate::prepared::{TRAVERSAL_STEPS, traversed};
use crate::project::Shape;
use crate::session::{Decoding, LineWords, traversal};
use crate::ui::plots::{color, palette};
use crate::ui::state::Question;

/// A line has no effect if no value changes by more than this fraction of the total range.
const NOTHING: f32 = 0.01;
const SIDE: f32 = 26.0;

/// The pictures of the section.
#[derive(Clone, Default)]
pub struct Traversals {
    /// The stamp of the newest request, and the number and steps of each of its lines.
    asked: (u64, Vec<(usize, usize)>),
    /// The lines of the displayed pictures.
    shown: Vec<(usize, usize)>,
    /// Whether each line has an effect.
    changes: Vec<bool>,
    pictures: Pictures,
}

impl Traversals {
    /// Number and steps of each displayed line, and all scaled samples, row by row.
    pub fn shown(&self) -> (&[(usize, usize)], &[f32]) {
        (&self.shown, self.pictures.rows())
    }

    /// Switches to the requested lines once they are available.
    fn follow(&mut self) {
        self.shown.clone_from(&self.asked.1);
        let (pictures, mut first) = (&self.pictures, 0);
        let changes = |(_, steps): &(usize, usize)| {
            let at = first..first + steps;
            first = at.end;
            changes(at.map(|at| pictures.row(at)), pictures.ends())
        };
        self.changes = self.shown.iter().map(changes).collect();
    }
}

/// Shows the section.
pub fn traversals_ui(
    ui: &mut Ui,
    context: &Context<'_>,
    traversals: &mut Traversals,
    positions: &mut Positions,
    actions: &mut Actions,
) {
    let p = palette(ui);
    let (base, subject) = (context.base(), context.subject);
    let kind = &context.trained.plan().design().code.kind;
    let words = LineWords::of(kind);
    positions_ui(ui, context, &base, positions, words.is_range);
    let shows_all = positions.shows_all(context.code, words.is_range);
    let at = context.code.units_at(context.position);
    let most = context.most_samples();
    let mut numbers = Vec::new();
    let weights = context.trained.weights().in_memory();
    let codebook = weights.as_ref().and_then(|weights| weights.0.get("code.codebook"));
    let codes = || {
        let codebook = codebook.map_or(&[][..], |array| &array.values);
        let mut codes = Vec::new();
        let shown = traversed(kind, context.order, at);
        let steps = TRAVERSAL_STEPS;
        let lines = traversal(kind, (&shown, &subject.spreads), codebook, context.shares(), steps);
        for line in lines {
            if (codes.len() / base.len().max(1) + line.values.len()) > most {
                break;
            }
            numbers.push((line.number, line.values.len()));
            codes.extend(line.codes(&base));
        }
        codes
    };
    let shown = (context.order, context.position, shows_all, codebook.is_some());
    let of = (subject.codes_stamp, bits(&base), bits(context.shares()), shown);
    if let Some(stamp) = context.decode(actions, Decoding::Traversals, of, codes) {
        traversals.asked = (stamp, numbers);
    }
    failure_ui(ui, context, Question::Decode(Decoding::Traversals));
    if let Some((stamp, rows)) = context.explore.decoded(Decoding::Traversals)
        && stamp == traversals.asked.0
        && !traversals.pictures.are_of(stamp)
    {
        traversals.pictures.fill(ui, context.data, stamp, rows);
        traversals.follow();
    }
    let about = format!("From left to right: {}.", words.along);
    ui.add(egui::Label::new(RichText::new(about).size(11.0).color(color(p.dim))).wrap());
    ui.add_space(4.0);
    let pictures = &traversals.pictures;
    let mut first = 0;
    for ((number, steps), changes) in traversals.shown.iter().zip(&traversals.changes) {
        let at = first..first + steps;
        first = at.end;
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(3.0, 3.0);
            let tint = if *changes { p.text } else { p.faint };
            let named = || words.name(context.code, *number);
            let name = if words.is_range { unit_name(context, *number) } else { named() };
            let text = |name: &str| RichText::new(name).size(11.0).color(color(tint));
            match context.code {
                // Its name contains the position and needs a line of its own.
                Shape::Image { .. } if shows_all => {
                    ui.label(text(&name));
                    ui.end_row();
                }
                Shape::Image { .. } | Shape::Vector(_) => {
                    let label = egui::Label::new(text(short(context, &name))).truncate();
                    ui.add_sized(vec2(name_width(context, 52.0), SIDE), label);
                }
            }
            if !*changes {
                ui.label(RichText::new("no effect").size(11.0).color(color(p.faint)));
                return;
            }
            for at in at {
                match context.data.shown() {
                    Some(shown) => {
                        let (rect, _) = ui.allocate_exact_size(size(shown, SIDE), Sense::hover());
                        pictures.paint(ui, at, rect);
                    }
                    None => bars_ui(ui, pictures.row(at), pictures.ends()),
                }
            }
        });
    }
}

/// Whether reconstructions differ from the first of them, relative to the range of values.
pub fn changes<'a>(mut rows: impl Iterator<Item = &'a [f32]>, [low, high]: [f32; 2]) -> bool {
    let Some(first) = rows.next() else { return false };
    let nothing = NOTHING * (high - low);
    let differs = |row: &[f32]| row.iter().zip(first).any(|(a, b)| (a - b).abs() > nothing);
    rows.any(differs)
}

/// A sample that is not a picture, as bars from the lower limit. Non-finite values have no bar.
fn bars_ui(ui: &mut Ui, row: &[f32], [low, high]: [f32; 2]) {
    let (rect, _) = ui.allocate_exact_size(vec2(SIDE, SIDE), Sense::hover());
    let width = rect.width() / row.len().max(1) as f32;
    for (feature, value) in row.iter().enumerate().filter(|(_, value)| value.is_finite()) {
        let left = rect.left() + feature as f32 * width;
        let height = rect.height() * ((value - low) / (high - low)).clamp(0.0, 1.0);
        let bar = Rect::from_min_size(egui::pos2(left, rect.bottom() - height), vec2(width.max(1.0), height));
        ui.painter().rect_filled(bar, 0.0, color(palette(ui).accent));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_an_effect_where_a_value_moves() {
        let check = |rows: &[[f32; 2]], ends: [f32; 2], expected: bool| {
            assert_eq!(changes(rows.iter().map(|row| &row[..]), ends), expected, "{rows:?}");
        };
        check(&[], [0.0, 1.0], false);
        check(&[[0.5, 0.5]], [0.0, 1.0], false);
        check(&[[0.5, 0.5], [0.505, 0.495]], [0.0, 1.0], false);
        check(&[[0.5, 0.5], [0.5, 0.5], [0.5, 0.52]], [0.0, 1.0], true);
        check(&[[0.5, 0.5], [0.5, 0.52]], [-2.0, 2.0], false);
    }
}
