//! Everything that a code is made of over its range, the rest as in the code looked at: all of it as one picture. Codes of choices
//! and of a codebook are traversed by their choices and entries, as the decoder knows nothing between them.

use egui::{Rect, RichText, Sense, Ui, vec2};

use super::pictures::{Pictures, size};
use super::sliders::unit_name;
use super::{Asked, Context, bits, failure_ui};
use crate::analysis::spread::Spread;
use crate::project::Bottleneck;
use crate::session::Decoding;
use crate::ui::plots::{color, palette};
use crate::ui::state::Question;

/// Steps over the range of a unit; choices or entries, and lines, at most.
const STEPS: usize = 7;
const MOST_CHOICES: usize = 14;
const MOST_LINES: usize = 48;
/// A line has no effect where no value moves by more than this share of the range of all.
const NOTHING: f32 = 0.01;
const SIDE: f32 = 26.0;

/// The pictures of the section.
#[derive(Clone, Default)]
pub struct Traversals {
    /// The stamp of the newest question, and its lines: number and steps of each.
    asked: (u64, Vec<(usize, usize)>),
    /// The lines of the pictures.
    shown: Vec<(usize, usize)>,
    pictures: Pictures,
}

impl Traversals {
    /// Number and steps of each line that is shown, and all scaled samples, row by row.
    pub fn shown(&self) -> (&[(usize, usize)], &[f32]) {
        (&self.shown, self.pictures.all())
    }
}

/// A part of the code that is changed: a unit, a quantiser or a vector.
#[derive(Debug, PartialEq)]
struct Line {
    number: usize,
    /// Its first unit.
    at: usize,
    /// What it is replaced by, step by step.
    values: Vec<Vec<f32>>,
}

/// Shows the section.
pub fn traversals_ui(ui: &mut Ui, context: &Context<'_>, traversals: &mut Traversals, asked: &mut Asked) {
    let p = palette(ui);
    let (base, subject) = (context.base(), context.subject);
    let kind = &context.trained.plan().design().code.kind;
    let most = context.most_samples();
    let mut numbers = Vec::new();
    let codes = || {
        let codebook = context.trained.weights().0.get("code.codebook");
        let codebook = codebook.map_or(&[][..], |array| &array.values);
        let mut codes = Vec::new();
        for line in lines(kind, (&subject.order, &subject.spreads), codebook, context.shares())
            .into_iter()
            .take(MOST_LINES)
        {
            if (codes.len() / base.len().max(1) + line.values.len()) > most {
                break;
            }
            numbers.push((line.number, line.values.len()));
            for value in &line.values {
                let mut code = base.clone();
                if let Some(part) = code.get_mut(line.at..line.at + value.len()) {
                    part.copy_from_slice(value);
                }
                codes.extend(code);
            }
        }
        codes
    };
    let of = (subject.codes_stamp, bits(&base), bits(context.shares()));
    if let Some(stamp) = context.decode(asked, Decoding::Traversals, of, codes) {
        traversals.asked = (stamp, numbers);
    }
    failure_ui(ui, context, Question::Decode(Decoding::Traversals));
    if let Some((stamp, rows)) = context.explore.decoded(Decoding::Traversals)
        && stamp == traversals.asked.0
    {
        traversals.shown.clone_from(&traversals.asked.1);
        traversals.pictures.fill(ui, context.data, stamp, rows);
    }
    let (name, about) = words(kind);
    ui.add(egui::Label::new(RichText::new(about).size(11.0).color(color(p.dim))).wrap());
    ui.add_space(4.0);
    let pictures = &traversals.pictures;
    let mut first = 0;
    for (number, steps) in &traversals.shown {
        let at = first..first + steps;
        first = at.end;
        let changes = changes(at.clone().map(|at| pictures.row(at)), pictures.ends());
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(3.0, 3.0);
            let tint = if changes { p.text } else { p.faint };
            let name =
                name.map_or_else(|| unit_name(context, *number), |name| format!("{name} {}", number + 1));
            let label = egui::Label::new(RichText::new(&name).size(11.0).color(color(tint))).truncate();
            ui.add_sized(vec2(52.0, SIDE), label);
            if !changes {
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

/// What lines are called where they are no units, and what is seen from left to right.
fn words(kind: &Bottleneck) -> (Option<&'static str>, &'static str) {
    match kind {
        Bottleneck::DescriptionLength { .. } => {
            (Some("quantiser"), "From left to right the choices of each quantiser.")
        }
        Bottleneck::Quantised { .. } => {
            (Some("vector"), "From left to right entries of the codebook, the most used first.")
        }
        Bottleneck::Plain
        | Bottleneck::KSparse { .. }
        | Bottleneck::Variational { .. }
        | Bottleneck::ImportanceWeighted { .. }
        | Bottleneck::Wasserstein { .. }
        | Bottleneck::Concrete { .. }
        | Bottleneck::Hashing { .. } => {
            (None, "From left to right the range of the watched samples; the unit of largest variance first.")
        }
    }
}

/// All lines of a code of this kind. `shares` say how often each entry of the codebook is chosen.
fn lines(
    kind: &Bottleneck,
    (order, spreads): (&[usize], &[Spread]),
    codebook: &[f32],
    shares: &[f32],
) -> Vec<Line> {
    let units = order.len();
    match *kind {
        Bottleneck::DescriptionLength { choices, .. } => {
            let chosen = |choice| (0..choices).map(|other| f32::from(other == choice)).collect();
            let line = |number| Line {
                number,
                at: number * choices,
                values: (0..choices.min(MOST_CHOICES)).map(chosen).collect(),
            };
            (0..units / choices.max(1)).map(line).collect()
        }
        Bottleneck::Quantised { dimension, .. } => {
            let mut entries: Vec<(usize, &[f32])> =
                codebook.chunks_exact(dimension.max(1)).enumerate().collect();
            let share = |entry: usize| shares.get(entry).copied().unwrap_or(0.0);
            entries.sort_by(|(a, _), (b, _)| share(*b).total_cmp(&share(*a)));
            let line = |number| Line {
                number,
                at: number * dimension,
                values: entries.iter().take(MOST_CHOICES).map(|(_, entry)| entry.to_vec()).collect(),
            };
            (0..units / dimension.max(1)).map(line).collect()
        }
        Bottleneck::Plain
        | Bottleneck::KSparse { .. }
        | Bottleneck::Variational { .. }
        | Bottleneck::ImportanceWeighted { .. }
        | Bottleneck::Wasserstein { .. }
        | Bottleneck::Concrete { .. }
        | Bottleneck::Hashing { .. } => {
            let value = |unit: usize, step: usize| {
                let [low, high] = spreads.get(unit).map_or([0.0; 2], |spread| spread.range);
                vec![low + (high - low) * step as f32 / (STEPS - 1) as f32]
            };
            let line = |unit: &usize| Line {
                number: *unit,
                at: *unit,
                values: (0..STEPS).map(|step| value(*unit, step)).collect(),
            };
            order.iter().map(line).collect()
        }
    }
}

/// Whether reconstructions differ from the first of them, by values that lie between these ends.
fn changes<'a>(mut rows: impl Iterator<Item = &'a [f32]>, [low, high]: [f32; 2]) -> bool {
    let Some(first) = rows.next() else { return false };
    let nothing = NOTHING * (high - low);
    let differs = |row: &[f32]| row.iter().zip(first).any(|(a, b)| (a - b).abs() > nothing);
    rows.any(differs)
}

/// A sample that is no picture as bars from the lower end. What is not finite has none.
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
    use crate::project::CodebookUpdate;

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

    #[test]
    fn choices_and_entries_are_traversed_instead_of_units() {
        let spreads = Spread::of_units(&[0.0, 5.0, 1.0, 1.0, 6.0, 5.0, 1.0, 1.0], 4, 2);
        let order = [0, 1, 2, 3];
        let of =
            |kind, shares: &[f32]| lines(&kind, (&order, &spreads), &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], shares);
        let plain = of(Bottleneck::Plain, &[]);
        let values: Vec<f32> = plain[0].values.concat();
        assert_eq!((plain.len(), values), (4, vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
        let choices = of(Bottleneck::DescriptionLength { choices: 2, width: 0.1, temperature: 1.0 }, &[]);
        let both = vec![vec![1.0, 0.0], vec![0.0, 1.0]];
        assert_eq!((choices.len(), &choices[1]), (2, &Line { number: 1, at: 2, values: both }));
        let update = CodebookUpdate::MovingAverage;
        let kind = Bottleneck::Quantised { entries: 3, dimension: 2, commitment: 0.25, update };
        let entries = of(kind, &[0.2, 0.5, 0.3]);
        let used = vec![vec![2.0, 3.0], vec![4.0, 5.0], vec![0.0, 1.0]];
        assert_eq!((entries.len(), &entries[1]), (2, &Line { number: 1, at: 2, values: used }));
    }
}
