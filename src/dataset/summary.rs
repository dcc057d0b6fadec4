use super::{Dataset, LabelValues, Rows, Subset};
use crate::project::Shape;

/// A summary for the user to check before training.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// The data set's name.
    pub name: String,
    /// Number of rows.
    pub count: usize,
    /// Rows of the training, validation and test split.
    pub split: [usize; 3],
    /// Shape of one row.
    pub shape: Shape,
    /// Label columns: the classes with their numbers of rows, or the range of numbers.
    pub labels: Vec<LabelSummary>,
    /// Smallest value, scaled.
    pub min: f32,
    /// Largest value, scaled.
    pub max: f32,
    /// Mean of all values, scaled.
    pub mean: f32,
    /// Warnings: skipped files, filled values.
    pub warnings: Vec<String>,
}

/// Summary of one label column.
#[derive(Clone, Debug, PartialEq)]
pub enum LabelSummary {
    /// A column of classes.
    Classes {
        /// The column's name.
        name: String,
        /// Each class with its number of rows, in order of class ids.
        counts: Vec<(String, usize)>,
    },
    /// A column of numbers.
    Numbers {
        /// The column's name.
        name: String,
        /// Smallest number; NaN if no row has one.
        min: f32,
        /// Largest number; NaN if no row has one.
        max: f32,
    },
}

impl Dataset {
    /// Count, classes, range and warnings for a preview; iterates over all values once.
    pub fn summary(&self) -> Summary {
        let all = (0..self.len() as u32).collect::<Vec<_>>();
        let (min, max, mean) = self.statistics(&all).unwrap_or((f32::NAN, f32::NAN, f32::NAN));
        let labels = self.labels.iter().map(|column| {
            let name = column.name.clone();
            match &column.values {
                LabelValues::Classes { names, ids } => {
                    let mut counts: Vec<(String, usize)> =
                        names.iter().map(|name| (name.clone(), 0)).collect();
                    for &id in ids {
                        counts[id as usize].1 += 1;
                    }
                    LabelSummary::Classes { name, counts }
                }
                LabelValues::Numbers(values) => LabelSummary::Numbers {
                    name,
                    min: values.iter().copied().fold(f32::NAN, f32::min),
                    max: values.iter().copied().fold(f32::NAN, f32::max),
                },
            }
        });
        Summary {
            name: self.name.clone(),
            count: self.len(),
            split: Subset::ALL.map(|subset| self.split.rows(subset).len()),
            shape: self.shape,
            labels: labels.collect(),
            min,
            max,
            mean,
            warnings: self.warnings.clone(),
        }
    }

    /// Smallest and largest scaled value of a part of the data; `None` if it has no rows.
    pub fn value_range(&self, subset: Subset) -> Option<(f32, f32)> {
        let (min, max, _) = self.statistics(self.split.rows(subset))?;
        Some((min, max))
    }

    /// Smallest, largest and mean scaled value of some rows.
    fn statistics(&self, rows: &[u32]) -> Option<(f32, f32, f32)> {
        let features = self.shape.features();
        if rows.is_empty() || features == 0 {
            return None;
        }
        if let (Rows::U8(values), [offset], [factor]) =
            (&self.rows, &self.scaler.offsets[..], &self.scaler.factors[..])
        {
            // Pictures, with millions of bytes: read as integers, scaled once. Factors are
            // positive, so the order is unchanged.
            let (mut min, mut max, mut sum) = (u8::MAX, u8::MIN, 0_u64);
            for &row in rows {
                for &value in &values[row as usize * features..][..features] {
                    min = min.min(value);
                    max = max.max(value);
                    sum += u64::from(value);
                }
            }
            let mean = sum as f64 / (rows.len() * features) as f64;
            let scale = |value: f32| (value - offset) * factor;
            return Some((scale(f32::from(min)), scale(f32::from(max)), scale(mean as f32)));
        }
        let mut buffer = vec![0.0; features];
        let (mut min, mut max, mut sum) = (f32::INFINITY, f32::NEG_INFINITY, 0.0_f64);
        for row in rows {
            self.gather(std::slice::from_ref(row), &mut buffer);
            for &value in &buffer {
                min = min.min(value);
                max = max.max(value);
                sum += f64::from(value);
            }
        }
        Some((min, max, (sum / (rows.len() * features) as f64) as f32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Progress, load};
    use crate::project::{Data, Scaling, Source, Synthetic};

    #[test]
    fn the_digits_in_short() {
        let data = load(&Data::default(), &Progress::default()).unwrap();
        let summary = data.summary();
        assert_eq!((summary.count, summary.split), (1797, [1437, 180, 180]));
        assert_eq!((summary.min, summary.max), (0.0, 1.0));
        // load_digits().data.mean() / 16
        assert!((summary.mean - 0.305_260).abs() < 1e-5, "{}", summary.mean);
        let LabelSummary::Classes { name, counts } = &summary.labels[0] else {
            panic!("{:?}", summary.labels)
        };
        assert_eq!((name.as_str(), &counts[3]), ("label", &("3".to_string(), 183)));
    }

    #[test]
    fn standardised_data_have_mean_zero_and_leave_the_unit_range() {
        for kind in Synthetic::ALL {
            let data =
                Data { source: Source::Synthetic(kind), scaling: Scaling::Standardise, ..Data::default() };
            let loaded = load(&data, &Progress::default()).unwrap();
            assert!(loaded.summary().mean.abs() < 0.05);
            assert!(loaded.value_range(Subset::Train).unwrap().0 < 0.0);
        }
    }

    #[test]
    fn unit_range_is_the_range_of_the_training_rows() {
        for kind in Synthetic::ALL {
            let data = Data { source: Source::Synthetic(kind), ..Data::default() };
            let loaded = load(&data, &Progress::default()).unwrap();
            let (min, max) = loaded.value_range(Subset::Train).unwrap();
            assert!(min >= 0.0 && max <= 1.0, "{kind:?}: {min} {max}");
        }
    }
}
