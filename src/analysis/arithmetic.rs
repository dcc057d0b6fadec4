//! Arithmetic with codes: what two groups differ by, added to a code (as with words; Mikolov et al.
//! 2013).

/// The mean of those of `codes` (rows × `units`) that belong to a group, and how many these are;
/// `None` without one.
pub fn mean(codes: &[f32], units: usize, belongs: impl Fn(usize) -> bool) -> Option<(Vec<f32>, usize)> {
    let (mut sums, mut count) = (vec![0.0_f64; units], 0_usize);
    for (_, code) in codes.chunks_exact(units.max(1)).enumerate().filter(|(row, _)| belongs(*row)) {
        count += 1;
        sums.iter_mut().zip(code).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    (count > 0).then(|| (sums.iter().map(|sum| (sum / count as f64) as f32).collect(), count))
}

/// A code with so many times the way from one mean to another added.
pub fn moved(code: &[f32], from: &[f32], to: &[f32], times: f32) -> Vec<f32> {
    let ways = from.iter().zip(to).map(|(from, to)| to - from);
    code.iter().zip(ways).map(|(value, way)| value + times * way).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_moved_by_what_two_groups_differ_by() {
        let codes = [0.0, 1.0, 2.0, 3.0, 4.0, 8.0, 5.0, 5.0];
        let group = |rows: &[usize]| mean(&codes, 2, |row| rows.contains(&row));
        let (from, to) = (group(&[0, 1]).unwrap(), group(&[2]).unwrap());
        assert_eq!((&from, &to), (&(vec![1.0, 2.0], 2), &(vec![4.0, 8.0], 1)));
        assert_eq!(moved(&[10.0, 20.0], &from.0, &to.0, 0.5), [11.5, 23.0]);
        assert_eq!(moved(&[10.0, 20.0], &from.0, &to.0, 0.0), [10.0, 20.0]);
        assert_eq!((group(&[]), group(&[7])), (None, None));
    }
}
