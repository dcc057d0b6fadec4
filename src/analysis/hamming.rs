//! Retrieval by binary codes.

/// Binary codes, 64 bits per word; `words` words per code.
#[derive(Clone, Debug, PartialEq)]
pub struct BinaryCodes {
    bits: Vec<u64>,
    words: usize,
}

impl BinaryCodes {
    /// Codes of `units` bits each from values (rows × `units`): 1 above the unit's threshold.
    pub fn new(values: &[f32], units: usize, threshold: impl Fn(usize) -> f32) -> BinaryCodes {
        let words = units.div_ceil(64).max(1);
        let mut bits = Vec::with_capacity(values.len() / units.max(1) * words);
        for row in values.chunks_exact(units.max(1)) {
            let start = bits.len();
            bits.resize(start + words, 0);
            for (unit, value) in row.iter().enumerate() {
                if *value > threshold(unit) {
                    bits[start + unit / 64] |= 1 << (unit % 64);
                }
            }
        }
        BinaryCodes { bits, words }
    }

    /// Number of codes.
    pub fn len(&self) -> usize {
        self.bits.len() / self.words
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.bits.is_empty()
    }

    /// Number of bits in which code `own` differs from code `other` of `others`.
    pub fn distance(&self, own: usize, others: &BinaryCodes, other: usize) -> u32 {
        let (a, b) = (&self.bits[own * self.words..], &others.bits[other * others.words..]);
        a.iter().zip(b).take(self.words).map(|(a, b)| (a ^ b).count_ones()).sum()
    }
}

/// Mean over the queries of the share of the `k` nearest codes of the database that are of the
/// query's class; if more than needed are at the last distance, each of them counts in proportion.
/// `None` if there are no queries or fewer than `k` codes.
pub fn precision_at(
    k: usize,
    (queries, query_classes): (&BinaryCodes, &[u32]),
    (database, classes): (&BinaryCodes, &[u32]),
) -> Option<f64> {
    if k == 0 || queries.is_empty() || database.len() < k {
        return None;
    }
    let most = 64 * queries.words;
    let mut sum = 0.0;
    for (query, class) in query_classes.iter().enumerate() {
        let mut at = vec![(0_usize, 0_usize); most + 1];
        for (other, other_class) in classes.iter().enumerate() {
            let (all, same) = &mut at[queries.distance(query, database, other) as usize];
            *all += 1;
            *same += usize::from(class == other_class);
        }
        let mut left = k;
        let mut found = 0.0;
        for (all, same) in at {
            let taken = all.min(left);
            if taken > 0 {
                found += same as f64 * taken as f64 / all as f64;
                left -= taken;
            }
        }
        sum += found / k as f64;
    }
    Some(sum / query_classes.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(rows: &[[f32; 3]]) -> BinaryCodes {
        BinaryCodes::new(rows.as_flattened(), 3, |_| 0.5)
    }

    #[test]
    fn distances_count_bits() {
        let codes = codes(&[[0.0, 1.0, 0.6], [0.9, 0.4, 0.7], [0.0, 1.0, 0.6]]);
        assert_eq!([0, 1, 2].map(|other| codes.distance(0, &codes, other)), [0, 2, 0]);
        let wide: Vec<f32> = (0..130).map(|unit| if unit == 129 { 1.0 } else { 0.0 }).collect();
        let (wide, none) =
            (BinaryCodes::new(&wide, 130, |_| 0.5), BinaryCodes::new(&[0.0; 130], 130, |_| 0.5));
        assert_eq!((wide.len(), wide.distance(0, &none, 0)), (1, 1));
    }

    #[test]
    fn precision_is_the_share_of_the_query_s_class_among_the_nearest() {
        let database = codes(&[[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 1.0]]);
        let classes = [7, 7, 8, 7];
        let query = codes(&[[0.0, 0.0, 0.0]]);
        let at = |k| precision_at(k, (&query, &[7]), (&database, &classes));
        assert_eq!([1, 2, 3, 4].map(|k| at(k).unwrap()), [1.0, 1.0, 2.0 / 3.0, 0.75]);
        assert_eq!((at(0), at(5)), (None, None));
        // Two are at distance 1, of which one is of the class: for one place they count half each.
        let tied = codes(&[[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]);
        assert_eq!(precision_at(1, (&query, &[7]), (&tied, &[7, 8])), Some(0.5));
    }
}
