//! The order of the rows of the table of runs.

use std::cmp::Ordering;

/// The sort key of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Key {
    /// A number, never NaN.
    Number(f64),
    /// Text, compared case-insensitively.
    Text(String),
    /// No value; sorted last in either order.
    Missing,
}

impl Key {
    /// The key of a number; NaN counts as missing.
    pub fn number(value: f64) -> Key {
        if value.is_nan() { Key::Missing } else { Key::Number(value) }
    }

    /// The key of a text; empty text counts as missing.
    pub fn text(text: &str) -> Key {
        if text.is_empty() { Key::Missing } else { Key::Text(text.to_lowercase()) }
    }

    fn compare(&self, other: &Key, is_descending: bool) -> Ordering {
        let directed = |order: Ordering| if is_descending { order.reverse() } else { order };
        match (self, other) {
            (Key::Missing, Key::Missing) => Ordering::Equal,
            (Key::Missing, Key::Number(_) | Key::Text(_)) => Ordering::Greater,
            (Key::Number(_) | Key::Text(_), Key::Missing) => Ordering::Less,
            (Key::Number(a), Key::Number(b)) => directed(a.total_cmp(b)),
            (Key::Text(a), Key::Text(b)) => directed(a.cmp(b)),
            (Key::Number(_), Key::Text(_)) => directed(Ordering::Less),
            (Key::Text(_), Key::Number(_)) => directed(Ordering::Greater),
        }
    }
}

/// Sorts row indices, given oldest first, by key; rows with equal keys are sorted newest first.
pub fn ordered(rows: Vec<usize>, is_descending: bool, key: impl Fn(usize) -> Key) -> Vec<usize> {
    let mut rows: Vec<(Key, usize)> = rows.into_iter().rev().map(|row| (key(row), row)).collect();
    rows.sort_by(|(a, _), (b, _)| a.compare(b, is_descending));
    rows.into_iter().map(|(_, row)| row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_stably_with_missing_values_last() {
        let check = |keys: &[Key], up: &[usize], down: &[usize]| {
            let sorted =
                |is_descending| ordered((0..keys.len()).collect(), is_descending, |row| keys[row].clone());
            assert_eq!((&sorted(false)[..], &sorted(true)[..]), (up, down), "{keys:?}");
        };
        let numbers = [2.0, f64::NAN, 1.0, 2.0, f64::INFINITY].map(Key::number);
        check(&numbers, &[2, 3, 0, 4, 1], &[4, 3, 0, 2, 1]);
        let texts = ["b", "", "A", "B", "a"].map(Key::text);
        check(&texts, &[4, 2, 3, 0, 1], &[3, 0, 4, 2, 1]);
        check(&[Key::Missing, Key::Missing], &[1, 0], &[1, 0]);
        check(&[Key::text("a"), Key::number(1.0)], &[1, 0], &[0, 1]);
        check(&[], &[], &[]);
    }
}
