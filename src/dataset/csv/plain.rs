//! Numbers of digits, a point and a sign only: by far the most fields of tables.

/// A number of up to 15 digits, optionally with a point or a sign.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Plain {
    /// Its value.
    pub value: f64,
    /// Its digits, read as a whole number.
    pub digits: u64,
    /// Number of its digits.
    pub length: u8,
    /// Whether it has a point.
    pub has_point: bool,
    /// Whether it has a sign.
    pub has_sign: bool,
    /// Whether it begins with a zero.
    pub has_zero: bool,
}

/// Powers of ten that 64 bits hold exactly, up to the most digits.
const POWERS: [f64; 16] =
    [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
/// Up to this length, digits are a whole number that 64-bit floats represent exactly.
const MOST_DIGITS: u8 = 15;

impl Plain {
    /// Parses a field in one pass, with the same result as `str::parse`; `None` for anything else,
    /// including surrounding characters.
    ///
    /// Digits and the power of ten are exact, so that their quotient is the nearest number (Clinger
    /// 1990).
    pub(super) fn of(field: &[u8]) -> Option<Plain> {
        Plain::with_mark(field, b'.')
    }

    /// [`Plain::of`] with another decimal mark.
    #[inline]
    pub(super) fn with_mark(field: &[u8], mark: u8) -> Option<Plain> {
        let (is_negative, has_sign, rest) = match field {
            [b'-', rest @ ..] => (true, true, rest),
            [b'+', rest @ ..] => (false, true, rest),
            rest => (false, false, rest),
        };
        let (mut digits, mut length, mut point) = (0_u64, 0_u8, None);
        for &byte in rest {
            let digit = byte.wrapping_sub(b'0');
            if digit < 10 {
                if length == MOST_DIGITS {
                    return None;
                }
                digits = 10 * digits + u64::from(digit);
                length += 1;
            } else if byte == mark && point.is_none() {
                point = Some(length);
            } else {
                return None;
            }
        }
        if length == 0 {
            return None;
        }
        let size = match point {
            Some(before) => digits as f64 / POWERS[usize::from(length - before)],
            None => digits as f64,
        };
        Some(Plain {
            value: if is_negative { -size } else { size },
            digits,
            length,
            has_point: point.is_some(),
            has_sign,
            has_zero: rest.first() == Some(&b'0'),
        })
    }

    /// Whether it consists of digits.
    pub(super) fn is_bare(self) -> bool {
        !self.has_point && !self.has_sign
    }

    /// Whether it consists of several digits and begins with a zero, as codes do.
    pub(super) fn is_padded(self) -> bool {
        self.is_bare() && self.has_zero && self.length > 1
    }

    /// A whole number up to 255 in its usual form.
    pub(super) fn byte(self) -> Option<u8> {
        let is_usual = self.is_bare() && !(self.has_zero && self.length > 1);
        u8::try_from(self.digits).ok().filter(|_| is_usual)
    }

    /// Whether it is hours and minutes in four digits.
    pub(super) fn is_time(self) -> bool {
        self.is_bare() && self.length == 4 && self.digits < 2400 && self.digits % 100 < 60
    }

    /// Whether it is a month in six digits, in the years 1900 to 2099.
    pub(super) fn is_compact_month(self) -> bool {
        let (year, month) = (self.digits / 100, self.digits % 100);
        self.is_bare() && self.length == 6 && (1900..2100).contains(&year) && (1..=12).contains(&month)
    }

    /// Whether it is a month and a year separated by a point, `03.2024` or `3.2024`, in the years
    /// 1900 to 2099.
    pub(super) fn is_pointed_month(self) -> bool {
        let (month, year) = (self.digits / 10_000, self.digits % 10_000);
        let is_between =
            self.has_point && matches!(self.length, 5 | 6) && self.value == self.digits as f64 / POWERS[4];
        is_between && !self.has_sign && (1900..2100).contains(&year) && (1..=12).contains(&month)
    }

    /// Whether it is a date in eight digits, in the years 1900 to 2099.
    pub(super) fn is_compact_date(self) -> bool {
        let (year, month, day) = (self.digits / 10_000, self.digits / 100 % 100, self.digits % 100);
        let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 if is_leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            _ => 0,
        };
        self.is_bare() && self.length == 8 && (1900..2100).contains(&year) && (1..=days).contains(&day)
    }
}

/// A number written with digits, a point, signs and an exponent.
pub(super) fn plain_number(field: &str) -> Option<f64> {
    let first = *field.as_bytes().first()?;
    let may_be = first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.');
    field.parse().ok().filter(|value: &f64| may_be && value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_numbers_are_those_of_the_standard_library() {
        for text in [
            "0",
            "-0",
            "5",
            "+5",
            "1.5",
            ".5",
            "5.",
            "-0.1",
            "00501",
            "0.00000000000001",
            "999999999999999",
            "123456.789012345",
            "3.14159265358979",
            "-98765.4321",
        ] {
            let value = Plain::of(text.as_bytes()).map(|plain| plain.value);
            assert_eq!(value.map(f64::to_bits), text.parse().ok().map(f64::to_bits), "{text}");
        }
        for text in
            ["", "-", ".", "+.", "1e5", "1.2.3", "--5", " 5", "5 ", "0x10", "inf", "1,5", "1234567890123456"]
        {
            assert_eq!(Plain::of(text.as_bytes()), None, "{text}");
        }
        let comma = |text: &str| Plain::with_mark(text.as_bytes(), b',').map(|plain| plain.value);
        assert_eq!(["-1,25", "7", "1.5", "1,2,3"].map(comma), [Some(-1.25), Some(7.0), None, None]);
    }

    #[test]
    fn digits_contain_more_than_the_number() {
        let check = |text: &str, is_padded: bool, byte: Option<u8>, is_date: bool| {
            let plain = Plain::of(text.as_bytes()).expect("a plain number");
            assert_eq!(
                (plain.is_padded(), plain.byte(), plain.is_compact_date()),
                (is_padded, byte, is_date),
                "{text}"
            );
        };
        check("00501", true, None, false);
        check("0", false, Some(0), false);
        check("255", false, Some(255), false);
        check("256", false, None, false);
        check("-5", false, None, false);
        check("0.5", false, None, false);
        check("20240229", false, None, true);
        check("20230229", false, None, false);
        check("18991231", false, None, false);
        check("20241301", false, None, false);
        let is_month = |text: &str| Plain::of(text.as_bytes()).is_some_and(Plain::is_compact_month);
        assert_eq!(["202403", "202413", "189912", "2024.3"].map(is_month), [true, false, false, false]);
        let is_pointed = |text: &str| Plain::of(text.as_bytes()).is_some_and(Plain::is_pointed_month);
        let pointed =
            ["03.2024", "12.1999", "3.2024", "3.20240", "13.2024", "03.1899", "-03.2024", "032024."];
        assert_eq!(pointed.map(is_pointed), [true, true, true, false, false, false, false, false]);
        assert!(!is_pointed(".2024") && !is_pointed("003.2024") && !is_pointed("0.2024"));
        let is_time = |text: &str| Plain::of(text.as_bytes()).is_some_and(Plain::is_time);
        assert_eq!(["0930", "2359", "2400", "0960", "930"].map(is_time), [true, true, false, false, false]);
    }
}
