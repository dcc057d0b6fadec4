//! Criteria for selecting rows.

use crate::dataset::{Dataset, LabelValues};
use crate::project::RowSet;
use crate::session::number_of;

/// A property shared by rows.
#[derive(Clone, Debug, PartialEq)]
pub enum Criterion {
    /// A class of a label column: column index and class number.
    Class(usize, u32),
    /// A label of this column in a range, both ends included.
    Label(usize, [f64; 2]),
    /// A feature in a range, in units of the source; missing values never match.
    Feature(usize, [f64; 2]),
    /// An error in a range.
    Error([f64; 2]),
    /// Row numbers in the source, counted from 1.
    Rows(RowSet),
}

impl Criterion {
    /// The matching rows in ascending order; `errors` are per row, NaN if unknown.
    pub fn rows(&self, data: &Dataset, errors: &[f32]) -> Vec<u32> {
        let features = data.shape.features();
        let within = |value: f64, [from, to]: [f64; 2]| from <= value && value <= to;
        let meets = |row: usize| match *self {
            Criterion::Class(column, class) => {
                let ids = data.labels.get(column).and_then(|column| column.class_ids());
                ids.is_some_and(|ids| ids.get(row) == Some(&class))
            }
            Criterion::Label(column, range) => match data.labels.get(column).map(|column| &column.values) {
                Some(LabelValues::Numbers(values)) => {
                    values.get(row).is_some_and(|value| within(f64::from(*value), range))
                }
                Some(LabelValues::Classes { .. }) | None => false,
            },
            Criterion::Feature(feature, range) => {
                let at = row * features + feature;
                let is_there = feature < features && !data.gaps.is_filled(at);
                is_there && within(f64::from(data.rows.value(at)) + data.base(feature), range)
            }
            Criterion::Error(range) => errors.get(row).is_some_and(|error| within(f64::from(*error), range)),
            Criterion::Rows(ref rows) => rows.contains(number_of(data, row as u32)),
        };
        (0..data.len()).filter(|row| meets(*row)).map(|row| row as u32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::views::samples;

    #[test]
    fn rows_are_found_by_class_label_feature_and_error() {
        let mut data = samples::mixed(12).0;
        data.labels
            .push(crate::dataset::LabelColumn::numbers("age", (0..12).map(|row| row as f32).collect()));
        // The first feature of the third row is missing.
        data.gaps.cells = vec![1 << 10];
        let errors = [0.1, f32::NAN, 0.3, 0.5];
        for (criterion, expected) in [
            (Criterion::Class(0, 3), &[3][..]),
            (Criterion::Class(1, 3), &[]),
            (Criterion::Class(9, 3), &[]),
            (Criterion::Label(1, [9.0, 10.5]), &[9, 10]),
            (Criterion::Label(0, [0.0, 99.0]), &[]),
            // Heights are 1.5, 2.5, …
            (Criterion::Feature(0, [2.5, 4.5]), &[1, 3]),
            // Dates are days from 19,000 on.
            (Criterion::Feature(2, [19_010.0, 19_100.0]), &[10, 11]),
            (Criterion::Feature(7, [0.0, 1.0]), &[]),
            (Criterion::Error([0.2, f64::INFINITY]), &[2, 3]),
            // They are numbered 1, 11, 21, …
            (Criterion::Rows(RowSet::from_iter([1, 2, 20, 21, 111])), &[0, 2, 11]),
        ] {
            assert_eq!(criterion.rows(&data, &errors), expected, "{criterion:?}");
        }
    }
}
