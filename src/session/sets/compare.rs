use std::collections::BTreeMap;

use crate::dataset::{Dataset, LabelColumn, LabelValues};
use crate::project::Shape;

/// Maximum number of classes of a column whose shares are kept: an ID column has as many classes as
/// rows.
const MOST_CLASSES: usize = 100;

/// Rows of a data set with the errors of all its rows, NaN if unknown; empty if none are known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side<'a> {
    /// The data.
    pub data: &'a Dataset,
    /// The rows.
    pub rows: &'a [u32],
    /// The errors, by row of the data.
    pub errors: &'a [f32],
}

/// Comparison of selected rows with others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// Number of selected rows.
    pub selected: usize,
    /// Number of other rows.
    pub others: usize,
    /// Whether the others are the training rows of the network that the selected rows are used
    /// with.
    pub is_with_training: bool,
    /// Errors of the reconstruction, if some are known on both sides.
    pub errors: Option<Difference>,
    /// Numeric columns, features and labels, most different first.
    pub columns: Vec<Difference>,
    /// Class columns.
    pub classes: Vec<ClassShares>,
}

/// Difference of a number between selected rows and others.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Name of the number.
    pub name: String,
    /// Statistics of the selected rows.
    pub selected: Moments,
    /// Statistics of the others.
    pub others: Moments,
}

/// Mean and standard deviation of some values.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// Number of values.
    pub count: usize,
    /// Their mean; 0 if there are none.
    pub mean: f64,
    /// Their standard deviation, with `count - 1` in its denominator.
    pub std: f64,
}

/// Class frequencies of a column among selected rows and others.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassShares {
    /// The column.
    pub name: String,
    /// Number of classes.
    pub count: usize,
    /// The classes whose shares differ most, with their counts among the selected rows and the
    /// others.
    pub classes: Vec<(String, [usize; 2])>,
}

/// Running sums of mean and variance (Welford 1962).
#[derive(Clone, Copy, Default)]
struct Sums {
    count: usize,
    mean: f64,
    squares: f64,
}

impl Sums {
    fn add(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        self.count += 1;
        let far = value - self.mean;
        self.mean += far / self.count as f64;
        self.squares += far * (value - self.mean);
    }

    fn moments(self) -> Moments {
        let degrees = self.count.saturating_sub(1).max(1) as f64;
        Moments { count: self.count, mean: self.mean, std: (self.squares / degrees).sqrt() }
    }
}

impl Difference {
    /// The difference of values by row, ignoring those that are not finite. `None` if a side has
    /// none.
    fn of(name: &str, is_selected: &[bool], value: impl Fn(usize) -> f64) -> Option<Difference> {
        let value = &value;
        let side = |wanted: bool| {
            let rows = is_selected.iter().enumerate().filter(move |(_, is_selected)| **is_selected == wanted);
            rows.map(move |(row, _)| value(row))
        };
        Difference::between(name, side(true), side(false))
    }

    /// The difference between the values of both sides; `None` if one has none.
    fn between(
        name: &str,
        selected: impl Iterator<Item = f64>,
        others: impl Iterator<Item = f64>,
    ) -> Option<Difference> {
        let mut sums = [Sums::default(); 2];
        selected.for_each(|value| sums[0].add(value));
        others.for_each(|value| sums[1].add(value));
        let [selected, others] = sums.map(Sums::moments);
        let is_known = selected.count > 0 && others.count > 0;
        is_known.then(|| Difference { name: name.to_owned(), selected, others })
    }

    /// The difference of the means divided by the root of the mean of both variances (Cohen's d as
    /// in Austin 2009); infinite if nothing varies and the means differ.
    pub fn standardised(&self) -> f64 {
        let far = self.selected.mean - self.others.mean;
        if far == 0.0 {
            return 0.0;
        }
        far / f64::midpoint(self.selected.std.powi(2), self.others.std.powi(2)).sqrt()
    }
}

impl Comparison {
    /// Compares rows, in ascending order, with all others. Pixels are not treated as columns;
    /// missing values are excluded. `errors` are by row, NaN if unknown, empty if none are known.
    pub fn of(data: &Dataset, rows: &[u32], errors: &[f32]) -> Comparison {
        let mut is_selected = vec![false; data.len()];
        for row in rows {
            if let Some(selected) = is_selected.get_mut(*row as usize) {
                *selected = true;
            }
        }
        let features = match data.shape {
            Shape::Vector(features) => features,
            Shape::Image { .. } => 0,
        };
        let feature = |feature: usize| {
            let base = data.base(feature);
            Difference::of(&data.feature_name(feature), &is_selected, |row| {
                let at = row * features + feature;
                if data.gaps.is_filled(at) { f64::NAN } else { f64::from(data.rows.value(at)) + base }
            })
        };
        let number = |column: &LabelColumn| match &column.values {
            LabelValues::Numbers(values) => Difference::of(&column.name, &is_selected, |row| {
                values.get(row).map_or(f64::NAN, |value| f64::from(*value))
            }),
            LabelValues::Classes { .. } => None,
        };
        let mut columns: Vec<Difference> =
            (0..features).filter_map(feature).chain(data.labels.iter().filter_map(number)).collect();
        columns.sort_by(|a, b| b.standardised().abs().total_cmp(&a.standardised().abs()));
        let selected = is_selected.iter().filter(|selected| **selected).count();
        Comparison {
            selected,
            others: data.len() - selected,
            is_with_training: false,
            errors: Difference::of("squared error per feature", &is_selected, |row| {
                errors.get(row).map_or(f64::NAN, |error| f64::from(*error))
            }),
            columns,
            classes: data.labels.iter().filter_map(|column| shares(column, &is_selected, selected)).collect(),
        }
    }
}

impl Comparison {
    /// Compares rows of other data with the training rows of the network. Features are matched by
    /// position, label columns by name.
    pub(super) fn with_training(selected: Side<'_>, training: Side<'_>) -> Comparison {
        let features = match selected.data.shape {
            Shape::Vector(features) if selected.data.shape == training.data.shape => features,
            Shape::Vector(_) | Shape::Image { .. } => 0,
        };
        let feature = |feature: usize| {
            let name = training.data.feature_name(feature);
            Difference::between(&name, selected.feature(feature), training.feature(feature))
        };
        let named = |column: &LabelColumn| {
            let own = training.data.labels.iter().find(|own| own.name == column.name)?;
            Difference::between(&column.name, selected.numbers(column)?, training.numbers(own)?)
        };
        let labels = &selected.data.labels;
        let mut columns: Vec<Difference> =
            (0..features).filter_map(feature).chain(labels.iter().filter_map(named)).collect();
        columns.sort_by(|a, b| b.standardised().abs().total_cmp(&a.standardised().abs()));
        let shares = |column: &LabelColumn| {
            let own = training.data.labels.iter().find(|own| own.name == column.name)?;
            shares_between(column, selected.rows, own, training.rows)
        };
        Comparison {
            selected: selected.rows.len(),
            others: training.rows.len(),
            is_with_training: true,
            errors: Difference::between(
                "squared error per feature",
                selected.own_errors(),
                training.own_errors(),
            ),
            columns,
            classes: labels.iter().filter_map(shares).collect(),
        }
    }
}

impl<'a> Side<'a> {
    /// The values of a feature, NaN if they were missing.
    fn feature(self, feature: usize) -> impl Iterator<Item = f64> + 'a {
        let (data, features, base) = (self.data, self.data.shape.features(), self.data.base(feature));
        let places = self.rows.iter().map(move |row| *row as usize * features + feature);
        places.filter(move |at| *at < data.rows.len()).map(move |at| {
            if data.gaps.is_filled(at) { f64::NAN } else { f64::from(data.rows.value(at)) + base }
        })
    }

    /// The numbers of a label column; `None` if it holds classes.
    fn numbers(self, column: &'a LabelColumn) -> Option<impl Iterator<Item = f64> + 'a> {
        let LabelValues::Numbers(values) = &column.values else { return None };
        Some(self.rows.iter().filter_map(|row| values.get(*row as usize).copied().map(f64::from)))
    }

    fn own_errors(self) -> impl Iterator<Item = f64> + 'a {
        self.rows.iter().filter_map(move |row| self.errors.get(*row as usize).copied().map(f64::from))
    }
}

/// The class shares of two columns; classes are matched by name.
fn shares_between(
    column: &LabelColumn,
    rows: &[u32],
    training: &LabelColumn,
    training_rows: &[u32],
) -> Option<ClassShares> {
    let mut counts: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for (side, column, rows) in [(0, column, rows), (1, training, training_rows)] {
        let LabelValues::Classes { names, ids } = &column.values else { return None };
        for row in rows {
            let name = ids.get(*row as usize).and_then(|class| names.get(*class as usize));
            if let Some(name) = name {
                counts.entry(name).or_default()[side] += 1;
            }
        }
    }
    let classes = counts.into_iter().map(|(name, counts)| (name.to_owned(), counts)).collect();
    Some(most_different(&column.name, classes, [rows.len(), training_rows.len()]))
}

fn shares(column: &LabelColumn, is_selected: &[bool], selected: usize) -> Option<ClassShares> {
    let LabelValues::Classes { names, ids } = &column.values else { return None };
    let mut classes: Vec<(String, [usize; 2])> = names.iter().map(|name| (name.clone(), [0; 2])).collect();
    for (class, is_selected) in ids.iter().zip(is_selected) {
        if let Some((_, counts)) = classes.get_mut(*class as usize) {
            counts[usize::from(!*is_selected)] += 1;
        }
    }
    Some(most_different(&column.name, classes, [selected, is_selected.len() - selected]))
}

/// The classes whose shares differ most, with the counts of both sides.
fn most_different(
    name: &str,
    mut classes: Vec<(String, [usize; 2])>,
    [selected, others]: [usize; 2],
) -> ClassShares {
    let share = |count: usize, all: usize| count as f64 / all.max(1) as f64;
    let apart = |[a, b]: [usize; 2]| (share(a, selected) - share(b, others)).abs();
    let count = classes.len();
    classes.sort_by(|a, b| apart(b.1).total_cmp(&apart(a.1)));
    classes.truncate(MOST_CLASSES);
    ClassShares { name: name.to_owned(), count, classes }
}
