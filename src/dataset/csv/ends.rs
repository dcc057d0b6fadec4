//! The smallest and the largest number of a column, and whether they mean missing.

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
    /// Whether it is written in nines.
    has_nines: bool,
    /// Its text, if it may be a word for missing values.
    text: Option<Box<str>>,
}

/// Multiple of the range of all others that counts as very far.
const VERY_FAR: f64 = 10.0;
/// Longer numbers do not stand for missing values.
const TEXT_BYTES: usize = 32;

impl Default for Ends {
    fn default() -> Self {
        let end = |value: f64| End { value, next: value, times: 0, has_nines: false, text: None };
        Ends { low: end(f64::INFINITY), high: end(f64::NEG_INFINITY) }
    }
}

impl Ends {
    /// Adds a number and its text.
    #[inline]
    pub(super) fn add(&mut self, value: f64, field: &[u8]) {
        if value < self.low.next {
            self.low.add(value, field, value < self.low.value);
        }
        if value > self.high.next {
            self.high.add(value, field, value > self.high.value);
        }
    }

    /// The smallest and the largest number; without numbers, the first is larger.
    pub(super) fn range(&self) -> (f64, f64) {
        (self.low.value, self.high.value)
    }

    /// Numbers that look like words for missing values, and how often each occurs: those that
    /// programs write for them, and those that repeat very far from all others, up to `most` times.
    pub(super) fn sentinels(&self, most: u64) -> impl Iterator<Item = (&str, u64)> {
        let rest = |end: &End| if end.is_likely() { end.next } else { end.value };
        let (low, high) = (rest(&self.low), rest(&self.high));
        let range = high - low;
        let is_far = |end: &End, gap: f64| {
            let is_beyond = range >= 0.0 && gap > 0.0;
            // A blood pressure of zero means missing.
            let is_zero = end.value == 0.0 && end.times > 1 && end.times <= most;
            let is_usual =
                is_zero || is_filler(end.value) || end.has_nines && (end.value < 0.0 || end.value >= 99.0);
            let is_very_far = range > 0.0 && gap >= VERY_FAR * range && (end.times <= most || end.has_nines);
            // Ages up to 90 or so, and 99 for a missing one.
            let least = if end.has_nines { 0.5 * range } else { range };
            is_beyond && (is_usual && gap >= least || is_very_far)
        };
        // The only numbers below zero.
        let is_negative = low >= 0.0 && self.low.value < 0.0 && low <= high;
        let is_low = is_far(&self.low, low - self.low.value)
            || is_negative && (self.low.has_nines || self.low.times <= most && self.low.value == -1.0);
        let is_high = is_far(&self.high, self.high.value - high);
        let ends = [(&self.low, is_low), (&self.high, is_high)];
        ends.into_iter().filter_map(|(end, is)| Some((end.text.as_deref().filter(|_| is)?, end.times)))
    }
}

impl Ends {
    /// Dates in seconds that programs write for missing ones, and how often each occurs: repeated,
    /// and further from all others than usual in a column with this many different dates.
    pub(super) fn date_sentinels(&self, different: Option<usize>) -> impl Iterator<Item = (&str, u64)> {
        const YEAR_SECS: f64 = 366.0 * 86_400.0;
        let rest = |end: &End| if end.is_likely() && is_no_date(end.value) { end.next } else { end.value };
        let range = rest(&self.high) - rest(&self.low);
        let steps = different.map_or(f64::INFINITY, |different| different.saturating_sub(3) as f64).max(1.0);
        // Censuses are ten years apart.
        let least = (2.0 * range / steps).max(YEAR_SECS);
        [&self.low, &self.high].into_iter().filter_map(move |end| {
            let is_far = is_no_date(end.value) && (end.next - end.value).abs() > least;
            Some((end.text.as_deref().filter(|_| is_far && end.next.is_finite())?, end.times))
        })
    }
}

/// Whether a date in seconds is one that programs write for missing dates.
fn is_no_date(secs: f64) -> bool {
    const DAY_SECS: f64 = 86_400.0;
    /// Days since the beginning of 1970: the first days of the years 1, 1753, 1900, 1904 and 1970,
    /// the day before 1900 in spreadsheets, the last days of 2099, 2999 and 9999, and the first day
    /// of 3000.
    const DAYS: [f64; 10] = [
        -719_162.0,
        -79_257.0,
        -25_567.0,
        -24_107.0,
        0.0,
        -25_569.0,
        47_481.0,
        376_199.0,
        2_932_896.0,
        376_200.0,
    ];
    DAYS.contains(&(secs / DAY_SECS).floor())
}

impl End {
    fn add(&mut self, value: f64, field: &[u8], is_beyond: bool) {
        if is_beyond {
            // Most of these numbers are replaced by the next one: their text is kept only once they
            // repeat.
            *self = End { value, next: self.value, times: 1, has_nines: false, text: None };
            if is_filler(value) {
                self.keep(field);
            }
        } else if value == self.value {
            self.times += 1;
            if self.text.is_none() {
                self.keep(field);
            }
        } else {
            self.next = value;
        }
    }

    fn keep(&mut self, field: &[u8]) {
        let text = std::str::from_utf8(field).ok().filter(|text| text.len() <= TEXT_BYTES);
        (self.has_nines, self.text) = (text.is_some_and(has_nines), text.map(Into::into));
    }

    /// Whether it may be a word for missing values.
    fn is_likely(&self) -> bool {
        self.text.is_some() && self.next.is_finite()
    }
}

/// Whether programs write this number for missing values: the smallest whole numbers of 16 and 32
/// bits, the fill values of netCDF and others, and the last day of the year 9999 in seconds. One
/// occurrence is enough.
fn is_filler(value: f64) -> bool {
    const FILLERS: [f64; 7] =
        [32_768.0, 2_147_483_648.0, 2_147_483_647.0, 1e20, 1e30, 1e36, 253_402_214_400.0];
    // The default of netCDF for floats, in any number of digits, and numbers beyond it.
    FILLERS.contains(&value.abs()) || value.abs() > 9.9e35
}

/// Whether a number consists of nines: `-9`, `999`, `-9999.0`, `999,9`, `99.99`.
fn has_nines(field: &str) -> bool {
    let digits = field.strip_prefix('-').unwrap_or(field);
    let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
    let are = |text: &str, digit: u8| text.bytes().all(|byte| byte == digit);
    // A fraction of zeros, or of nines and then zeros.
    let rest = fraction.trim_end_matches('0');
    !whole.is_empty() && are(whole, b'9') && (rest.is_empty() || whole.len() >= 3 && are(rest, b'9'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_far_from_all_others_mean_missing_ones() {
        let days = |text: &str| {
            let date: jiff::civil::Date = text.parse().unwrap();
            date.duration_since(jiff::civil::Date::constant(1970, 1, 1)).as_hours() as f64 / 24.0
        };
        let check = |dates: &[&str], different: usize, expected: &[(&str, u64)]| {
            let mut ends = Ends::default();
            dates.iter().for_each(|date| ends.add(86_400.0 * days(date), date.as_bytes()));
            assert_eq!(ends.date_sentinels(Some(different)).collect::<Vec<_>>(), expected, "{dates:?}");
        };
        check(&["2023-01-02", "9999-12-31", "2023-03-04"], 3, &[("9999-12-31", 1)]);
        check(&["1900-01-01", "1985-03-04", "1900-01-01", "1999-03-04"], 3, &[("1900-01-01", 2)]);
        check(&["1970-01-01", "2020-03-04", "1970-01-01", "2024-03-04"], 3, &[("1970-01-01", 2)]);
        // Only once; one of many days; censuses; not a known fill value.
        check(&["1900-01-01", "1985-03-04", "1999-03-04"], 3, &[]);
        check(&["1970-01-01", "1970-01-01", "1970-01-02", "1970-01-04"], 3, &[]);
        check(&["1900-01-01", "1900-01-01", "1910-01-01", "1920-01-01", "1930-01-01", "1940-01-01"], 5, &[]);
        check(&["1901-02-03", "1985-03-04", "1901-02-03", "1999-03-04"], 3, &[]);
        for (day, expected) in [
            ("0001-01-01", true),
            ("1753-01-01", true),
            ("1899-12-30", true),
            ("1904-01-01", true),
            ("2099-12-31", true),
            ("2999-12-31", true),
            ("3000-01-01", true),
            ("2024-01-01", false),
        ] {
            assert_eq!(is_no_date(86_400.0 * days(day)), expected, "{day}");
        }
    }

    #[test]
    fn nines_far_from_all_others_mean_missing_values() {
        let told = |fields: &[&str], are_varied: bool, expected: &[(&str, u64)]| {
            let mut ends = Ends::default();
            for field in fields {
                ends.add(field.replace(',', ".").parse().unwrap(), field.as_bytes());
            }
            let most = if are_varied { fields.len() as u64 / 2 } else { 0 };
            assert_eq!(ends.sentinels(most).collect::<Vec<_>>(), expected, "{fields:?}");
        };
        let check = |fields: &[&str], expected: &[(&str, u64)]| told(fields, false, expected);
        check(&["20.5", "-999", "21", "22.5", "-999"], &[("-999", 2)]);
        check(&["-999.0", "20.5", "9999", "21", "-999.0", "9999"], &[("-999.0", 2), ("9999", 2)]);
        check(&["0", "1", "-9", "1", "-9", "2"], &[("-9", 2)]);
        check(&["1", "100", "-99", "50", "-99"], &[("-99", 2)]);
        check(&["3", "1", "99", "5", "99", "99"], &[("99", 3)]);
        check(&["60", "1", "99", "35", "99"], &[("99", 2)]);
        check(&["80", "1", "99", "35", "99"], &[]);
        // Only once; too close; a usual price; not in nines.
        check(&["20.5", "-999", "21"], &[]);
        check(&["97", "98", "1", "99", "99"], &[]);
        check(&["9.99", "19.99", "99.99", "99.99"], &[]);
        check(&["1", "2", "1000", "1000"], &[]);
        check(&["-999", "-999"], &[]);
        check(&["1", "9", "9"], &[]);
        // With a decimal comma; with trailing zeros; far from fractions; fill values of programs.
        check(&["20,5", "-999,9", "21", "-999,9"], &[("-999,9", 2)]);
        check(&["20.5", "-999.90", "21", "-999.90"], &[("-999.90", 2)]);
        check(&["0.25", "99.99", "0.75", "99.99"], &[]);
        told(&["0.25", "99.99", "0.75", "99.99"], true, &[("99.99", 2)]);
        check(&["189", "-32768", "700"], &[("-32768", 1)]);
        check(&["0.5", "1e+20", "3.25"], &[("1e+20", 1)]);
        check(&["270.5", "9.96921e36", "300"], &[("9.96921e36", 1)]);
        check(&["-30000", "-32768", "30000"], &[]);
        // Any number that repeats very far from varied others; -1 if nothing else is below zero.
        let varied =
            |odd: &str, expected: &[(&str, u64)]| told(&["100", odd, "101.5", "104", odd], true, expected);
        varied("0", &[("0", 2)]);
        varied("5000", &[("5000", 2)]);
        varied("110", &[]);
        told(&["0", "120", "100", "150", "0", "110"], true, &[("0", 2)]);
        told(&["0", "120", "40", "150", "0", "110"], true, &[]);
        varied("-1", &[("-1", 2)]);
        told(&["0", "-1", "30", "-1"], true, &[("-1", 2)]);
        told(&["0", "-1", "1", "-1"], false, &[]);
        told(&["0", "0", "0", "100", "101.5"], true, &[]);
    }
}
