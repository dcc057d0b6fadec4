//! Separation of two classes by a score, over all thresholds.

/// Area under the receiver operating characteristic: the probability that a `positive` score is
/// above a `negative` one, ties counting half (Hanley & `McNeil` 1982). `None` if one of the
/// classes is empty or a score is NaN.
pub fn roc_auc(positive: &[f64], negative: &[f64]) -> Option<f64> {
    let sorted = sorted(positive, negative)?;
    let (mut pairs, mut negatives_below) = (0.0, 0.0);
    for tied in sorted.chunk_by(|a, b| a.0 == b.0) {
        let positives = tied.iter().filter(|(_, is_positive)| *is_positive).count() as f64;
        let negatives = tied.len() as f64 - positives;
        pairs += positives * (negatives_below + 0.5 * negatives);
        negatives_below += negatives;
    }
    Some(pairs / positive.len() as f64 / negative.len() as f64)
}

/// Average precision: the mean over the `positive` scores of the share of positives among all
/// scores that are as high or higher. `None` if one of the classes is empty or a score is NaN.
pub fn average_precision(positive: &[f64], negative: &[f64]) -> Option<f64> {
    let sorted = sorted(positive, negative)?;
    let (mut sum, mut positives, mut all) = (0.0, 0.0, 0.0);
    for tied in sorted.chunk_by(|a, b| a.0 == b.0).rev() {
        let own = tied.iter().filter(|(_, is_positive)| *is_positive).count() as f64;
        positives += own;
        all += tied.len() as f64;
        sum += own * positives / all;
    }
    Some(sum / positive.len() as f64)
}

/// All scores in ascending order, each with whether it is positive.
fn sorted(positive: &[f64], negative: &[f64]) -> Option<Vec<(f64, bool)>> {
    let is_bad = |scores: &[f64]| scores.is_empty() || scores.iter().any(|score| score.is_nan());
    if is_bad(positive) || is_bad(negative) {
        return None;
    }
    let with = |scores: &[f64], is_positive| {
        scores.iter().map(move |score| (*score, is_positive)).collect::<Vec<_>>()
    };
    let mut all = with(positive, true);
    all.extend(with(negative, false));
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_equal_those_counted_by_hand() {
        let check = |positive: &[f64], negative: &[f64], area: f64, precision: f64| {
            let found = (roc_auc(positive, negative), average_precision(positive, negative));
            let close = |found: Option<f64>, expected: f64| (found.unwrap() - expected).abs() < 1e-12;
            assert!(
                close(found.0, area) && close(found.1, precision),
                "{positive:?} {negative:?}: {found:?}"
            );
        };
        check(&[3.0, 4.0], &[1.0, 2.0], 1.0, 1.0);
        check(&[1.0, 2.0], &[3.0, 4.0], 0.0, f64::midpoint(1.0 / 3.0, 2.0 / 4.0));
        // sklearn's example: y = [0, 0, 1, 1], scores [0.1, 0.4, 0.35, 0.8]: area 0.75, precision
        // (1 + 2/3)/2.
        check(&[0.35, 0.8], &[0.1, 0.4], 0.75, f64::midpoint(1.0, 2.0 / 3.0));
        // All equal: half, and the share of positives.
        check(&[5.0, 5.0], &[5.0, 5.0, 5.0], 0.5, 0.4);
        assert_eq!(roc_auc(&[], &[1.0]), None);
        assert_eq!(average_precision(&[f64::NAN], &[1.0]), None);
    }

    #[test]
    fn the_area_is_the_share_of_pairs_in_order() {
        let score = |seed: u64| ((seed * 7919 + 13) % 17) as f64;
        let positive: Vec<f64> = (0..23).map(|i| score(i) + 2.0).collect();
        let negative: Vec<f64> = (0..31).map(|i| score(i * 3 + 1)).collect();
        let mut in_order = 0.0;
        for p in &positive {
            for n in &negative {
                in_order += if p > n {
                    1.0
                } else if p == n {
                    0.5
                } else {
                    0.0
                };
            }
        }
        let expected = in_order / (23.0 * 31.0);
        assert!((roc_auc(&positive, &negative).unwrap() - expected).abs() < 1e-12);
    }
}
