//! Arithmetic with codes: the difference of two groups, added to a code (as with word vectors;
//! Mikolov et al. 2013).

/// The mean of codes that are added in parts.
#[derive(Clone, Debug)]
pub struct Mean {
    sums: Vec<f64>,
    count: usize,
}

impl Mean {
    /// The mean of no codes yet, with this many units.
    pub fn of(units: usize) -> Mean {
        Mean { sums: vec![0.0; units], count: 0 }
    }

    /// Adds codes, row by row.
    pub fn add(&mut self, codes: &[f32]) {
        for code in codes.chunks_exact(self.sums.len().max(1)) {
            self.count += 1;
            self.sums.iter_mut().zip(code).for_each(|(sum, value)| *sum += f64::from(*value));
        }
    }

    /// Number of codes added.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Their mean; `None` without any.
    pub fn get(&self) -> Option<Vec<f32>> {
        let mean = |sum: &f64| (sum / self.count as f64) as f32;
        (self.count > 0).then(|| self.sums.iter().map(mean).collect())
    }
}

/// Adds a multiple of the difference between two means to a code.
pub fn moved(code: &[f32], from: &[f32], to: &[f32], times: f32) -> Vec<f32> {
    let ways = from.iter().zip(to).map(|(from, to)| to - from);
    code.iter().zip(ways).map(|(value, way)| value + times * way).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_moved_by_what_two_groups_differ_by() {
        let group = |parts: &[&[f32]]| {
            let mut mean = Mean::of(2);
            parts.iter().for_each(|codes| mean.add(codes));
            (mean.get(), mean.count())
        };
        assert_eq!(group(&[]), (None, 0));
        // (0 + 2 + 1) / 3 and (1 + 3 + 2) / 3.
        assert_eq!(group(&[&[0.0, 1.0, 2.0, 3.0], &[1.0, 2.0]]), (Some(vec![1.0, 2.0]), 3));
        let (from, to) = ([1.0, 2.0], [4.0, 8.0]);
        assert_eq!(moved(&[10.0, 20.0], &from, &to, 0.5), [11.5, 23.0]);
        assert_eq!(moved(&[10.0, 20.0], &from, &to, 0.0), [10.0, 20.0]);
    }
}
