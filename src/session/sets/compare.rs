use crate::dataset::{Dataset, LabelColumn, LabelValues};
use crate::project::Shape;

/// Classes of a column whose shares are kept, at most: a column of ids has as many as rows.
const MOST_CLASSES: usize = 100;

/// Selected rows compared with all others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// How many rows are selected.
    pub selected: usize,
    /// How many others there are.
    pub others: usize,
    /// Errors of the reconstruction, where some are known on both sides.
    pub errors: Option<Difference>,
    /// Columns of numbers, features and labels, the most different first.
    pub columns: Vec<Difference>,
    /// Columns of classes.
    pub classes: Vec<ClassShares>,
}

/// How a number differs between selected rows and others.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// What the number is.
    pub name: String,
    /// Of the selected rows.
    pub selected: Moments,
    /// Of the others.
    pub others: Moments,
}

/// Mean and standard deviation of some values.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// How many values there are.
    pub count: usize,
    /// Their mean; 0 of none.
    pub mean: f64,
    /// Their standard deviation, with `count - 1` in its denominator.
    pub std: f64,
}

/// How often each class of a column comes among selected rows and others.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassShares {
    /// The column.
    pub name: String,
    /// How many classes it has.
    pub count: usize,
    /// Of those whose shares differ most their names, and how many selected rows and others are of
    /// them.
    pub classes: Vec<(String, [usize; 2])>,
}

/// Values that are added up one after the other (Welford 1962).
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
    /// Of values by row; those that are not finite are left out. `None` where a side has none.
    fn of(name: &str, is_selected: &[bool], value: impl Fn(usize) -> f64) -> Option<Difference> {
        let mut sums = [Sums::default(); 2];
        for (row, is_selected) in is_selected.iter().enumerate() {
            sums[usize::from(!*is_selected)].add(value(row));
        }
        let [selected, others] = sums.map(Sums::moments);
        let is_known = selected.count > 0 && others.count > 0;
        is_known.then(|| Difference { name: name.to_owned(), selected, others })
    }

    /// The difference of the means over the root of the mean of both variances (Cohen's d as in
    /// Austin 2009); infinite where nothing varies and the means differ.
    pub fn standardised(&self) -> f64 {
        let far = self.selected.mean - self.others.mean;
        if far == 0.0 {
            return 0.0;
        }
        far / f64::midpoint(self.selected.std.powi(2), self.others.std.powi(2)).sqrt()
    }
}

impl Comparison {
    /// Compares rows, which ascend, with all others. Pixels are no columns; missing values are left
    /// out. `errors` are by row, NaN where they are not known, empty where none are.
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
            errors: Difference::of("squared error per feature", &is_selected, |row| {
                errors.get(row).map_or(f64::NAN, |error| f64::from(*error))
            }),
            columns,
            classes: data.labels.iter().filter_map(|column| shares(column, &is_selected, selected)).collect(),
        }
    }
}

fn shares(column: &LabelColumn, is_selected: &[bool], selected: usize) -> Option<ClassShares> {
    let LabelValues::Classes { names, ids } = &column.values else { return None };
    let mut classes: Vec<(String, [usize; 2])> = names.iter().map(|name| (name.clone(), [0; 2])).collect();
    for (class, is_selected) in ids.iter().zip(is_selected) {
        if let Some((_, counts)) = classes.get_mut(*class as usize) {
            counts[usize::from(!*is_selected)] += 1;
        }
    }
    let others = is_selected.len() - selected;
    let share = |count: usize, all: usize| count as f64 / all.max(1) as f64;
    let apart = |[a, b]: [usize; 2]| (share(a, selected) - share(b, others)).abs();
    let count = classes.len();
    classes.sort_by(|a, b| apart(b.1).total_cmp(&apart(a.1)));
    classes.truncate(MOST_CLASSES);
    Some(ClassShares { name: column.name.clone(), count, classes })
}
