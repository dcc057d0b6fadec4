//! The smallest and the largest number of a column, and whether they stand for missing values.

/// Smallest and largest number of a column, with the next ones.
#[derive(Clone, Debug)]
pub(super) struct Ends {
    low: End,
    high: End,
}

#[derive(Clone, Debug)]
struct End {
    value: f64,
    /// The number next to it.
    next: f64,
    times: u64,
    /// How it is written, where words for missing values are written so.
    text: Option<Box<str>>,
}

impl Default for Ends {
    fn default() -> Self {
        let end = |value: f64| End { value, next: value, times: 0, text: None };
        Ends { low: end(f64::INFINITY), high: end(f64::NEG_INFINITY) }
    }
}

impl Ends {
    /// Adds a number and how it is written.
    #[inline]
    pub(super) fn add(&mut self, value: f64, field: &[u8]) {
        if value < self.low.next {
            self.low.add(value, field, value < self.low.value);
        }
        if value > self.high.next {
            self.high.add(value, field, value > self.high.value);
        }
    }

    /// The smallest and the largest number; the first is larger where there is none.
    pub(super) fn range(&self) -> (f64, f64) {
        (self.low.value, self.high.value)
    }

    /// Numbers that look like words for missing values: -999 or 9999, several times, farther from
    /// all others than these are from each other, or the only ones below zero.
    pub(super) fn sentinels(&self) -> impl Iterator<Item = (&str, u64)> {
        let rest = |end: &End| if end.is_likely() { end.next } else { end.value };
        let (low, high) = (rest(&self.low), rest(&self.high));
        let (low_gap, high_gap) = (low - self.low.value, self.high.value - high);
        let is_low =
            low <= high && low_gap > 0.0 && (low_gap >= high - low || low >= 0.0 && self.low.value < 0.0);
        // A single digit is too common above zero.
        let is_high = low <= high && high_gap > 0.0 && high_gap >= high - low && self.high.value >= 99.0;
        let ends = [(&self.low, is_low && self.low.value < 0.0), (&self.high, is_high)];
        ends.into_iter().filter_map(|(end, is)| Some((end.text.as_deref().filter(|_| is)?, end.times)))
    }
}

impl End {
    fn add(&mut self, value: f64, field: &[u8], is_beyond: bool) {
        if is_beyond {
            let text = std::str::from_utf8(field).ok().filter(|text| has_nines(text)).map(Into::into);
            *self = End { value, next: self.value, times: 1, text };
        } else if value == self.value {
            self.times += 1;
        } else {
            self.next = value;
        }
    }

    /// Whether it may be a word for missing values.
    fn is_likely(&self) -> bool {
        self.text.is_some() && self.times >= 2 && self.next.is_finite()
    }
}

/// Whether a number is written in nines: `-9`, `999`, `-9999.0`, `999.9`.
fn has_nines(field: &str) -> bool {
    let digits = field.strip_prefix('-').unwrap_or(field);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let are = |text: &str, digit: u8| text.bytes().all(|byte| byte == digit);
    !whole.is_empty() && are(whole, b'9') && (are(fraction, b'0') || whole.len() >= 3 && are(fraction, b'9'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nines_far_from_all_others_stand_for_missing_values() {
        let check = |fields: &[&str], expected: &[(&str, u64)]| {
            let mut ends = Ends::default();
            for field in fields {
                ends.add(field.parse().unwrap(), field.as_bytes());
            }
            assert_eq!(ends.sentinels().collect::<Vec<_>>(), expected, "{fields:?}");
        };
        check(&["20.5", "-999", "21", "22.5", "-999"], &[("-999", 2)]);
        check(&["-999.0", "20.5", "9999", "21", "-999.0", "9999"], &[("-999.0", 2), ("9999", 2)]);
        check(&["0", "1", "-9", "1", "-9", "2"], &[("-9", 2)]);
        check(&["1", "100", "-99", "50", "-99"], &[("-99", 2)]);
        check(&["3", "1", "99", "5", "99", "99"], &[("99", 3)]);
        // Only once, too near, a usual price, not in nines.
        check(&["20.5", "-999", "21"], &[]);
        check(&["97", "98", "1", "99", "99"], &[]);
        check(&["9.99", "19.99", "99.99", "99.99"], &[]);
        check(&["1", "2", "1000", "1000"], &[]);
        check(&["-999", "-999"], &[]);
        check(&["1", "9", "9"], &[]);
    }
}
