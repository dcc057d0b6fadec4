use std::cmp::Ordering;

use crate::dataset::{Dataset, LabelColumn};

/// The order in which samples are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Order {
    /// As in the data.
    #[default]
    Data,
    /// Largest error first.
    Worst,
    /// Smallest error first.
    Best,
    /// Error nearest to the median first.
    Median,
    /// Grouped by class; within a class, largest error first.
    Class,
}

impl Order {
    /// All of them, in the order of menus.
    pub const ALL: [Order; 5] = [Order::Data, Order::Worst, Order::Best, Order::Median, Order::Class];

    /// Name shown on screen.
    pub fn name(self) -> &'static str {
        match self {
            Order::Data => "in order",
            Order::Worst => "worst first",
            Order::Best => "best first",
            Order::Median => "median first",
            Order::Class => "by class",
        }
    }

    /// Sorts rows; `errors` are by row of the data, NaN if unknown. Unknown errors come last; the
    /// sort is stable.
    pub fn of(self, data: &Dataset, mut rows: Vec<u32>, errors: &[f32]) -> Vec<u32> {
        let error = |row: u32| errors.get(row as usize).copied().unwrap_or(f32::NAN);
        match self {
            Order::Data => {}
            Order::Worst => rows.sort_by(|a, b| descending(error(*a), error(*b))),
            Order::Best => rows.sort_by(|a, b| ascending(error(*a), error(*b))),
            Order::Median => {
                let mut known: Vec<f32> =
                    rows.iter().map(|row| error(*row)).filter(|error| !error.is_nan()).collect();
                known.sort_by(f32::total_cmp);
                let median = known.get(known.len() / 2).copied().unwrap_or_default();
                let distance = |row: u32| (error(row) - median).abs();
                rows.sort_by(|a, b| ascending(distance(*a), distance(*b)));
            }
            Order::Class => {
                let classes = data.labels.iter().find_map(LabelColumn::class_ids).unwrap_or_default();
                let class = |row: u32| classes.get(row as usize);
                rows.sort_by(|a, b| class(*a).cmp(&class(*b)).then_with(|| descending(error(*a), error(*b))));
            }
        }
        rows
    }
}

fn ascending(a: f32, b: f32) -> Ordering {
    a.is_nan().cmp(&b.is_nan()).then_with(|| if a.is_nan() { Ordering::Equal } else { a.total_cmp(&b) })
}

fn descending(a: f32, b: f32) -> Ordering {
    a.is_nan().cmp(&b.is_nan()).then_with(|| if a.is_nan() { Ordering::Equal } else { b.total_cmp(&a) })
}
