use super::random::{Purpose, Stream};
use crate::project::{Binarise, Data};

/// Maps scaled values to 0 or 1 as they are gathered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Binariser {
    /// The method.
    pub how: Binarise,
    /// Seed of sampling; 0 without sampling.
    pub seed: u64,
}

impl Binariser {
    /// The binariser for these data settings. Samples depend on the seed of the split: they are
    /// equal for every run on it.
    pub fn of(data: &Data) -> Binariser {
        let seed = if data.binarise == Binarise::Sampled { data.split.seed } else { 0 };
        Binariser { how: data.binarise, seed }
    }

    /// Converts the scaled values of row number `row` to 0 or 1.
    pub fn apply(self, row: u32, values: &mut [f32]) {
        match self.how {
            Binarise::Off => {}
            Binarise::Threshold => {
                for value in values {
                    *value = if *value > 0.5 { 1.0 } else { 0.0 };
                }
            }
            Binarise::Sampled => {
                let stream = Stream::new(self.seed, Purpose::Binarisation, u64::from(row), 0);
                for (position, value) in values.iter_mut().enumerate() {
                    *value = if stream.uniform(position as u64) < *value { 1.0 } else { 0.0 };
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(how: Binarise, row: u32, values: &[f32]) -> Vec<f32> {
        let mut values = values.to_vec();
        Binariser { how, seed: 3 }.apply(row, &mut values);
        values
    }

    #[test]
    fn values_become_0_or_1() {
        let grey = [0.0, 0.2, 0.5, 0.51, 1.0];
        assert_eq!(apply(Binarise::Off, 1, &grey), grey);
        assert_eq!(apply(Binarise::Threshold, 1, &grey), [0.0, 0.0, 0.0, 1.0, 1.0]);
        for row in 0..50 {
            let sampled = apply(Binarise::Sampled, row, &grey);
            assert!(sampled[0] == 0.0 && sampled[4] == 1.0, "certain values stay: {sampled:?}");
            assert_eq!(sampled, apply(Binarise::Sampled, row, &grey), "the same each time");
        }
    }

    #[test]
    fn samples_are_1_as_often_as_their_value_says() {
        let values = vec![0.3; 20_000];
        let ones = apply(Binarise::Sampled, 7, &values).iter().sum::<f32>() / 20_000.0;
        // Four standard errors: 4 √(0.3 · 0.7 / 20000).
        assert!((ones - 0.3).abs() < 0.013, "{ones}");
        assert_ne!(apply(Binarise::Sampled, 7, &values), apply(Binarise::Sampled, 8, &values));
    }
}
