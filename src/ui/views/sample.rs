//! A row of a data set for display: its values in their own units, its name and its labels.

use std::sync::Arc;

use egui::Color32;

use crate::dataset::{Column, ColumnKind, Dataset, LabelColumn};
use crate::figure::Picture;
pub(super) use crate::prepared::{Sampler, has_groups, row_name};
use crate::project::{format_number, visible};
use crate::run::{Kept, Run};
use crate::ui::plots::DisplayRange;

/// Placeholder for a missing value.
const NOTHING: &str = "–";

/// The cells of a table as in its source: numbers, words, dates. One cell per feature if the data
/// are not a table.
pub(super) struct Cells<'a> {
    data: &'a Dataset,
    /// The first feature of each column.
    starts: Vec<usize>,
}

impl<'a> Cells<'a> {
    /// The cells of a data set.
    pub fn of(data: &'a Dataset) -> Cells<'a> {
        let mut next = 0;
        let starts = data.columns.iter().map(|column| {
            let start = next;
            next += column.features();
            start
        });
        Cells { data, starts: starts.collect() }
    }

    /// Number of cells per row.
    pub fn len(&self) -> usize {
        if self.starts.is_empty() { self.data.shape.features() } else { self.starts.len() }
    }

    /// The name of a column.
    pub fn name(&self, column: usize) -> String {
        match self.data.columns.get(column) {
            Some(column) => visible(&column.name).into_owned(),
            None => feature_name(self.data, column),
        }
    }

    /// The cell of a row.
    pub fn text(&self, row: u32, column: usize) -> String {
        let first = row as usize * self.data.shape.features();
        let value = |feature: usize| {
            let at = first + feature;
            if at < self.data.rows.len() { self.data.rows.value(at) } else { f32::NAN }
        };
        match (self.data.columns.get(column), self.starts.get(column)) {
            // The means of its features do not correspond to a category.
            (Some(Column { kind: ColumnKind::Categories { .. }, .. }), _) if self.is_filled(row, column) => {
                NOTHING.to_owned()
            }
            (Some(own), Some(start)) => cell_text(own, |feature| value(start + feature)),
            _ => number_text(value(column), 0.0),
        }
    }

    /// Whether the cell was missing in the source and was filled with the mean of its column.
    pub fn is_filled(&self, row: u32, column: usize) -> bool {
        let first = row as usize * self.data.shape.features();
        let start = self.starts.get(column).copied().unwrap_or(column);
        self.data.gaps.is_filled(first + start)
    }
}

/// A cell of a column whose features have these values.
fn cell_text(column: &Column, value: impl Fn(usize) -> f32) -> String {
    match &column.kind {
        ColumnKind::Numbers { base } | ColumnKind::CommaNumbers { base } => number_text(value(0), *base),
        ColumnKind::Truth { words } => match value(0) {
            0.0 => visible(&words[0]).into_owned(),
            1.0 => visible(&words[1]).into_owned(),
            // The mean replaces a missing value.
            other => number_text(other, 0.0),
        },
        ColumnKind::Dates { base, .. } => match column.date(f64::from(value(0)) + base) {
            Some(date) => visible(&date).into_owned(),
            None => number_text(value(0), *base),
        },
        ColumnKind::Categories { words } => {
            let word = words.iter().enumerate().find(|(feature, _)| value(*feature) > 0.5);
            word.map_or_else(|| NOTHING.to_owned(), |(_, word)| visible(word).into_owned())
        }
    }
}

/// A number with its subtracted base added back. It has all digits of single precision and no more,
/// so that 0.1 is `0.1`.
fn number_text(value: f32, base: f64) -> String {
    let sum = f64::from(value) + base;
    if !sum.is_finite() {
        return format_number(sum);
    }
    let size = if base == 0.0 { sum.abs() } else { 0.0 };
    if size != 0.0 && !(1e-5..1e15).contains(&size) {
        return format!("{value:e}");
    }
    let magnitude = value.abs().log10().floor();
    let decimals = if magnitude.is_finite() { (6.0 - magnitude).clamp(0.0, 11.0) as usize } else { 0 };
    let text = format!("{sum:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The values drawn as black and white in pictures of a data set, cached by fingerprint.
#[derive(Clone, Default)]
pub(super) struct RangeCache(Option<(u64, DisplayRange)>);

impl RangeCache {
    /// The range returned by [`Dataset::shades`].
    pub fn of(&mut self, data: &Dataset) -> DisplayRange {
        match self.0 {
            Some((fingerprint, range)) if fingerprint == data.fingerprint => range,
            _ => {
                let (low, high) = data.shades();
                let range = DisplayRange { low, high };
                self.0.insert((data.fingerprint, range)).1
            }
        }
    }
}

/// The number of a row in its source, counted from 1.
pub(super) fn row_number(data: &Dataset, row: u32) -> u64 {
    let of_source = data.source_rows.get(row as usize).map(|number| u64::from(*number));
    of_source.unwrap_or(u64::from(row) + 1)
}

/// A picture with pixels as egui colours.
pub(super) fn picture([width, height]: [usize; 2], pixel: impl Fn(usize, usize) -> Color32) -> Picture {
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let pixels = places.map(|(x, y)| pixel(x, y)).map(|tint| [tint.r(), tint.g(), tint.b()]).collect();
    Picture { width, height, pixels }
}

/// A feature's own name, or its number counted from 1.
pub(super) fn feature_name(data: &Dataset, feature: usize) -> String {
    let number = || format!("feature {}", feature + 1);
    data.feature_names.get(feature).map_or_else(number, |name| visible(name).into_owned())
}

/// A row's label as in the source; a dash if it has none.
pub(super) fn label_text(label: &LabelColumn, row: u32) -> String {
    match label.text(row as usize) {
        text if text.is_empty() => NOTHING.to_owned(),
        text => visible(&text).into_owned(),
    }
}

/// The kept outputs of a run at an epoch; `None` means the newest.
pub fn kept_at(run: &Run, epoch: Option<u32>) -> Option<&Arc<Kept>> {
    run.kept.shown_at(epoch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::DateUnit;

    #[test]
    fn numbers_are_written_as_in_the_source() {
        for (value, base, expected) in [
            (0.1_f32, 0.0, "0.1"),
            (5.1, 0.0, "5.1"),
            (-3.0, 0.0, "-3"),
            (0.0, 0.0, "0"),
            (1234.56, 0.0, "1234.56"),
            (16_777_216.0, 0.0, "16777216"),
            (0.000_123_45, 0.0, "0.00012345"),
            (1e-7, 0.0, "1e-7"),
            (2.5e30, 0.0, "2.5e30"),
            (12.5, 1_700_000_000.0, "1700000012.5"),
            (0.0, 1_700_000_000.25, "1700000000"),
            (f32::NAN, 0.0, "–"),
        ] {
            assert_eq!(number_text(value, base), expected, "{value} + {base}");
        }
    }

    #[test]
    fn filled_cells_are_recognised() {
        let (mut data, _) = crate::ui::views::samples::mixed(60);
        // Missing: the height in the second row, the two features of the city in the third.
        data.gaps.cells = vec![1 << 5 | 1 << 13 | 1 << 14];
        let cells = Cells::of(&data);
        let filled = |row: u32| (0..cells.len()).filter(|at| cells.is_filled(row, *at)).collect::<Vec<_>>();
        assert_eq!([0, 1, 2, 20].map(filled), [vec![], vec![0], vec![3], vec![]]);
        assert_eq!(
            (cells.text(1, 0), cells.text(2, 3), cells.text(0, 3)),
            ("2.5".to_owned(), "–".to_owned(), "Bonn".to_owned())
        );
    }

    #[test]
    fn ids_do_not_group_rows() {
        let classes = |names: usize, rows: usize| {
            let names_of = (0..names).map(|name| format!("P{name:03}")).collect();
            LabelColumn::classes("x", names_of, (0..rows).map(|row| (row % names) as u32).collect())
        };
        let numbers = |number: fn(usize) -> f32| LabelColumn::numbers("x", (0..100).map(number).collect());
        for (column, expected) in [
            (classes(3, 100), true),
            (classes(40, 400), true),
            (classes(2, 3), true),
            (classes(1, 1), true),
            (classes(3, 3), false),
            (classes(100, 100), false),
            (classes(90, 100), false),
            (numbers(|row| row as f32 + 1.0), false),
            (numbers(|row| (row % 10) as f32), true),
            (numbers(|row| row as f32 + 0.5), true),
            (numbers(|_| f32::NAN), true),
        ] {
            assert_eq!(has_groups(&column), expected, "{column:?}");
        }
    }

    #[test]
    fn cells_show_words_and_dates() {
        let text = |kind: ColumnKind, values: &[f32]| {
            cell_text(&Column { name: "x".to_owned(), kind, unit: None }, |feature| values[feature])
        };
        let words = || vec!["Bonn".to_owned(), "Köln".to_owned()];
        assert_eq!(text(ColumnKind::Categories { words: words() }, &[0.0, 1.0]), "Köln");
        assert_eq!(text(ColumnKind::Categories { words: words() }, &[0.0, 0.0]), "–");
        let truth = || ColumnKind::Truth { words: ["no".to_owned(), "yes".to_owned()] };
        assert_eq!(text(truth(), &[0.0]), "no");
        assert_eq!(text(truth(), &[1.0]), "yes");
        assert_eq!(text(truth(), &[0.25]), "0.25");
        let dates = |format: &str, unit, base| ColumnKind::Dates {
            format: format.to_owned(),
            unit,
            base,
            first_year: None,
        };
        assert_eq!(text(dates("%Y-%m-%d", DateUnit::Days, 19_000.0), &[753.0]), "2024-01-31");
        assert_eq!(text(dates("%d.%m.%Y %H:%M", DateUnit::Seconds, 0.0), &[3660.0]), "01.01.1970 01:01");
        assert_eq!(text(dates("%H:%M:%S", DateUnit::Hours, 0.0), &[1.5]), "01:30:00");
        assert_eq!(text(dates("%Y", DateUnit::Years, 0.0), &[1e9]), "1000000000");
        assert_eq!(text(dates("%Y", DateUnit::Days, 0.0), &[f32::NAN]), "–");
    }
}
