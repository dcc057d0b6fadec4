//! Traversals of a code: each part varies over its range while the rest stays as in one code. Codes
//! of choices and of a codebook are traversed by their choices and entries, because the decoder
//! does not know values between them.

use crate::analysis::pca::Pca;
use crate::analysis::spread::Spread;
use crate::project::{Bottleneck, Shape};

/// The part of the code that varies: a unit, a quantiser or a vector.
#[derive(Clone, Debug, PartialEq)]
pub struct TraversalLine {
    /// Its number, counted from 0.
    pub number: usize,
    /// Its first unit.
    pub at: usize,
    /// Its replacement values, step by step.
    pub values: Vec<Vec<f32>>,
    /// The position of each step: the value of the unit, or the number of the choice or entry.
    pub places: Vec<f32>,
}

impl TraversalLine {
    /// The codes of its steps, with the rest as in `base`.
    pub fn codes(&self, base: &[f32]) -> Vec<f32> {
        let mut codes = base.repeat(self.values.len());
        for (code, value) in codes.chunks_exact_mut(base.len().max(1)).zip(&self.values) {
            if let Some(part) = code.get_mut(self.at..self.at + value.len()) {
                part.copy_from_slice(value);
            }
        }
        codes
    }
}

/// The spread of the units of codes.
#[derive(Clone, Debug)]
pub struct CodeSpread {
    order: Vec<usize>,
    spreads: Vec<Spread>,
}

impl CodeSpread {
    /// Computes the spread of codes, rows × `units`.
    pub fn of(codes: &[f32], units: usize) -> CodeSpread {
        let spreads = Spread::of_units(codes, units, 0);
        let mut order: Vec<usize> = (0..units).collect();
        order.sort_by(|a, b| spreads[*b].variance.total_cmp(&spreads[*a].variance));
        CodeSpread { order, spreads }
    }

    /// The mean of the codes.
    pub fn mean(&self) -> Vec<f32> {
        self.spreads.iter().map(|spread| spread.mean).collect()
    }

    /// Uses this range for every unit instead.
    #[must_use]
    pub fn over(mut self, range: [f32; 2]) -> CodeSpread {
        self.spreads.iter_mut().for_each(|spread| spread.range = range);
        self
    }

    /// Units in order of decreasing variance, and the spread of each unit by its number.
    pub fn parts(&self) -> (&[usize], &[Spread]) {
        (&self.order, &self.spreads)
    }
}

/// Number of steps per line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// Steps over the range of a unit.
    pub values: usize,
    /// Maximum number of choices or entries.
    pub choices: usize,
}

/// Labels for the lines of a code, a position on a line, and all positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineWords {
    /// Label of a line.
    pub line: &'static str,
    /// Label of a position on a line.
    pub place: &'static str,
    /// Label of all positions of a line.
    pub along: &'static str,
    /// Whether the positions form a range, as opposed to choices or entries.
    pub is_range: bool,
    /// Number of units that a line changes.
    pub units: usize,
}

impl LineWords {
    /// The labels for a kind of code.
    pub fn of(kind: &Bottleneck) -> LineWords {
        match kind {
            Bottleneck::DescriptionLength { choices, .. } => {
                let along = "the choices of each quantiser";
                LineWords {
                    line: "quantiser",
                    place: "choice",
                    along,
                    is_range: false,
                    units: (*choices).max(1),
                }
            }
            Bottleneck::Quantised { dimension, .. } => {
                let along = "entries of the codebook, the most used first";
                LineWords {
                    line: "vector",
                    place: "entry",
                    along,
                    is_range: false,
                    units: (*dimension).max(1),
                }
            }
            Bottleneck::Plain
            | Bottleneck::KSparse { .. }
            | Bottleneck::Variational { .. }
            | Bottleneck::ImportanceWeighted { .. }
            | Bottleneck::Wasserstein { .. }
            | Bottleneck::Concrete { .. }
            | Bottleneck::Hashing { .. } => {
                let along = "the range of the training codes";
                LineWords { line: "unit", place: "value", along, is_range: true, units: 1 }
            }
        }
    }

    /// The name of a line of a code of this shape; `number` is counted from 0.
    pub fn name(&self, code: Shape, number: usize) -> String {
        if self.is_range { code.unit_name(number) } else { code.part_name(self.line, self.units, number) }
    }
}

/// Lines of a code of this kind by their numbers, counted from 0: units over the range of their
/// spread; quantisers over their choices; vectors over the entries of the codebook, most used
/// first. `shares` are the frequencies of the entries.
pub fn traversal(
    kind: &Bottleneck,
    (numbers, spreads): (&[usize], &[Spread]),
    codebook: &[f32],
    shares: &[f32],
    steps: Steps,
) -> Vec<TraversalLine> {
    match *kind {
        Bottleneck::DescriptionLength { choices, .. } => {
            let shown = choices.min(steps.choices);
            let chosen = |choice| (0..choices).map(|other| f32::from(other == choice)).collect();
            let line = |number: &usize| TraversalLine {
                number: *number,
                at: number * choices,
                values: (0..shown).map(chosen).collect(),
                places: (0..shown).map(|choice| choice as f32).collect(),
            };
            numbers.iter().map(line).collect()
        }
        Bottleneck::Quantised { dimension, .. } => {
            let mut entries: Vec<(usize, &[f32])> =
                codebook.chunks_exact(dimension.max(1)).enumerate().collect();
            let share = |entry: usize| shares.get(entry).copied().unwrap_or(0.0);
            entries.sort_by(|(a, _), (b, _)| share(*b).total_cmp(&share(*a)));
            entries.truncate(steps.choices);
            let line = |number: &usize| TraversalLine {
                number: *number,
                at: number * dimension,
                values: entries.iter().map(|(_, entry)| entry.to_vec()).collect(),
                places: entries.iter().map(|(number, _)| *number as f32).collect(),
            };
            numbers.iter().map(line).collect()
        }
        Bottleneck::Plain
        | Bottleneck::KSparse { .. }
        | Bottleneck::Variational { .. }
        | Bottleneck::ImportanceWeighted { .. }
        | Bottleneck::Wasserstein { .. }
        | Bottleneck::Concrete { .. }
        | Bottleneck::Hashing { .. } => {
            let line = |unit: &usize| {
                let range = spreads.get(*unit).map_or([0.0; 2], |spread| spread.range);
                let places = between(range, steps.values);
                let values = places.iter().map(|place| vec![*place]).collect();
                TraversalLine { number: *unit, at: *unit, values, places }
            };
            numbers.iter().map(line).collect()
        }
    }
}

/// A line along each of the first principal components of codes (rows × `units`) through `base`:
/// over the range of the codes along it, or over the given one. Components that the codes do not
/// have are skipped.
///
/// # Errors
/// A message if PCA cannot be fitted.
pub fn traversal_of_components(
    (codes, units): (&[f32], usize),
    components: usize,
    base: &[f32],
    range: Option<[f32; 2]>,
    steps: usize,
) -> Result<Vec<TraversalLine>, String> {
    let pca = Pca::fit(codes, units, components).map_err(|error| error.to_string())?;
    let spreads = Spread::of_units(&pca.project(codes), pca.k(), 0);
    let start = pca.project(base);
    let axes = pca.components.chunks_exact(units.max(1));
    let lines = axes.zip(spreads).zip(start).enumerate().map(|(number, ((axis, spread), start))| {
        let places = between(range.unwrap_or(spread.range), steps);
        let code = |place: f32| -> Vec<f32> {
            base.iter().zip(axis).map(|(base, axis)| base + (place - start) * axis).collect()
        };
        let values = places.iter().map(|place| code(*place)).collect();
        TraversalLine { number, at: 0, values, places }
    });
    Ok(lines.collect())
}

/// Evenly spaced values from one end to the other; for a single step, the lower end.
fn between([low, high]: [f32; 2], steps: usize) -> Vec<f32> {
    let last = steps.saturating_sub(1).max(1) as f64;
    // The difference of two large numbers may overflow 32 bits.
    let (low, way) = (f64::from(low), f64::from(high) - f64::from(low));
    (0..steps).map(|step| (low + way * step as f64 / last) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::CodebookUpdate;

    const STEPS: Steps = Steps { values: 7, choices: 14 };

    #[test]
    fn choices_and_entries_are_traversed_instead_of_units() {
        let spreads = Spread::of_units(&[0.0, 5.0, 1.0, 1.0, 6.0, 5.0, 1.0, 1.0], 4, 2);
        let of = |kind, shares: &[f32]| {
            let numbers: Vec<usize> = (0..4 / LineWords::of(&kind).units).collect();
            traversal(&kind, (&numbers, &spreads), &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], shares, STEPS)
        };
        let plain = of(Bottleneck::Plain, &[]);
        assert_eq!((plain.len(), &plain[0].places), (4, &vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
        assert_eq!(plain[0].values.concat(), plain[0].places);
        let choices = of(Bottleneck::DescriptionLength { choices: 2, width: 0.1, temperature: 1.0 }, &[]);
        let line = |at, values, places| TraversalLine { number: 1, at, values, places };
        let both = line(2, vec![vec![1.0, 0.0], vec![0.0, 1.0]], vec![0.0, 1.0]);
        assert_eq!((choices.len(), &choices[1]), (2, &both));
        assert_eq!(both.codes(&[9.0; 4]), [9.0, 9.0, 1.0, 0.0, 9.0, 9.0, 0.0, 1.0]);
        let update = CodebookUpdate::MovingAverage;
        let kind = Bottleneck::Quantised { entries: 3, dimension: 2, commitment: 0.25, update };
        let entries = of(kind, &[0.2, 0.5, 0.3]);
        let used = line(2, vec![vec![2.0, 3.0], vec![4.0, 5.0], vec![0.0, 1.0]], vec![1.0, 2.0, 0.0]);
        assert_eq!((entries.len(), &entries[1]), (2, &used));
    }

    #[test]
    fn lines_are_named_after_the_part_they_change() {
        let update = CodebookUpdate::MovingAverage;
        let kinds = [
            Bottleneck::Plain,
            Bottleneck::DescriptionLength { choices: 2, width: 0.1, temperature: 1.0 },
            Bottleneck::Quantised { entries: 3, dimension: 4, commitment: 0.25, update },
        ];
        let names = |code: Shape| kinds.map(|kind| LineWords::of(&kind).name(code, 3));
        assert_eq!(names(Shape::Vector(16)), ["unit 4", "quantiser 4", "vector 4"]);
        // Two quantisers, or one vector, at each position.
        let picture = Shape::Image { height: 2, width: 2, channels: 4 };
        let expected =
            ["channel 4 at row 1, column 1", "quantiser 2 at row 1, column 2", "vector 1 at row 2, column 2"];
        assert_eq!(names(picture), expected);
    }

    #[test]
    fn a_range_of_any_size_begins_and_ends_at_its_ends() {
        for range in [[-f32::MAX, f32::MAX], [0.1, 0.7], [1e-30, 1e30], [2.0, 2.0]] {
            let places = between(range, 4);
            assert_eq!([places[0], places[3]], range);
            assert!(places.iter().all(|place| place.is_finite()), "{places:?}");
        }
        assert_eq!((between([3.0, 5.0], 1), between([3.0, 5.0], 0)), (vec![3.0], vec![]));
    }

    #[test]
    fn components_are_traversed_through_the_base() {
        // Only along (3, 4) / 5, from −5 to 5 about (1, 2).
        let codes = [-2.0, -2.0, 4.0, 6.0, 1.0, 2.0];
        let of = |components, range| {
            traversal_of_components((&codes, 2), components, &[1.0, 2.0], range, 3).expect("numbers")
        };
        let close = |line: &TraversalLine, expected: [f32; 6]| {
            let values = line.values.concat();
            assert!(values.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{values:?}");
        };
        close(&of(1, None)[0], [-2.0, -2.0, 1.0, 2.0, 4.0, 6.0]);
        close(&of(1, Some([0.0, 10.0]))[0], [1.0, 2.0, 4.0, 6.0, 7.0, 10.0]);
        assert_eq!(of(1, Some([0.0, 10.0]))[0].places, [0.0, 5.0, 10.0]);
        assert_eq!(of(5, None).len(), 2);
    }
}
