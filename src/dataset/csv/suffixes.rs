//! Numbers followed by text: `109k`, `1.2M`, `5.0 mg`.

use super::dated::Place;
use super::number::Notations;
use super::shortened;

/// The text after the digits of all numbers of a column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Suffix {
    /// None, or not the same for all.
    #[default]
    None,
    /// Letters for thousands, millions or billions, possibly missing.
    Factors,
    /// This unit.
    Unit(Box<str>),
}

/// Why the numbers of a column cannot be read without their tails.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Odd<'a> {
    /// Different tails, as in these two fields.
    Suffixes(&'a Place, &'a Place),
    /// Some numbers have no tail.
    Bare(&'a Place),
    /// The second field is not a number; the flag says whether all other such fields are equal.
    Stray(&'a Place, &'a Place, bool),
}

/// The numbers of a column that have tails.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate finding about the fields")]
pub(super) struct Suffixes {
    notations: Notations,
    count: u64,
    /// Number of fields with a letter for thousands, millions or billions.
    factors: u64,
    /// Whether a single `B` among bare numbers means billions rather than part of a code, as shown
    /// by another factor, a fraction or a currency.
    are_amounts: bool,
    has_currency: bool,
    /// The tail of the first number, and whether all have it.
    suffix: Box<str>,
    are_alike: bool,
    first: Option<Place>,
    /// Whether some are more than digits and a letter, which could be a code: `12a`.
    are_sure: bool,
    /// The first with another tail.
    other: Option<Place>,
    /// Number of fields that are not numbers.
    non_numbers: u64,
    first_stray: Option<Place>,
    are_strays_alike: bool,
}

impl Default for Suffixes {
    fn default() -> Self {
        Suffixes {
            notations: Notations::ALL,
            count: 0,
            factors: 0,
            are_amounts: false,
            has_currency: false,
            suffix: Box::default(),
            are_alike: true,
            first: None,
            are_sure: false,
            other: None,
            non_numbers: 0,
            first_stray: None,
            are_strays_alike: true,
        }
    }
}

impl Suffixes {
    /// Number of texts that are remembered.
    pub(super) const TEXTS: u64 = 4;

    /// Adds a field that is not a plain number; returns its digits and their factor if it is a
    /// number with a tail.
    pub(super) fn add<'a>(&mut self, row: u64, field: &'a str, is_short: bool) -> Option<(&'a str, f64)> {
        let place = || Place { row, text: field.to_owned() };
        let Some((digits, suffix)) = is_short.then(|| split(field)).flatten() else {
            self.non_numbers += 1;
            match &self.first_stray {
                None => self.first_stray = Some(Place { row, text: shortened(field) }),
                Some(first) => self.are_strays_alike &= first.text == field,
            }
            return None;
        };
        let (notations, signs) = Notations::of(digits);
        self.notations = self.notations.and(notations);
        self.count += 1;
        if self.count == 1 {
            self.suffix = suffix.into();
        } else if *self.suffix != *suffix {
            self.are_alike = false;
            self.other.get_or_insert_with(place);
        }
        let factor = factor(field, digits, suffix);
        self.factors += u64::from(factor.is_some());
        self.has_currency |= signs.currency;
        self.are_amounts |=
            factor.is_some() && (suffix != "B" || signs.currency || digits.contains(['.', ',']));
        self.are_sure |= digits.len() + 1 < field.len();
        self.first.get_or_insert_with(place);
        Some((digits, factor.unwrap_or(1.0)))
    }

    /// The notations that fit the digits of all of them.
    pub(super) fn notations(&self) -> Notations {
        self.notations
    }

    /// The tail of the numbers in a column of this many fields, `bare` of which are numbers without
    /// one.
    pub(super) fn of_all(&self, present: u64, bare: u64) -> Suffix {
        // Temperatures in kelvin.
        let is_kelvin = self.are_alike && bare == 0 && *self.suffix == *"K" && !self.has_currency;
        let are_factors = !is_kelvin && (self.are_amounts || 2 * self.count > present);
        if self.count > 0 && self.factors == self.count && self.count + bare == present && are_factors {
            Suffix::Factors
        } else if self.count > 0 && self.are_alike && self.count == present {
            Suffix::Unit(self.suffix.clone())
        } else {
            Suffix::None
        }
    }

    /// Why there is no tail, if most of the fields are numbers.
    pub(super) fn odd(&self, present: u64, bare: u64) -> Option<Odd<'_>> {
        let are_most = self.count >= 3 && 2 * self.non_numbers <= self.count + bare;
        let is_none = self.of_all(present, bare) == Suffix::None;
        let first = self.first.as_ref().filter(|_| are_most && is_none)?;
        let are_units = self.factors < self.count;
        if are_units && !self.are_sure {
            return None;
        }
        Some(match (&self.other, &self.first_stray) {
            (Some(other), _) if are_units => Odd::Suffixes(first, other),
            (_, _) if bare > 0 && are_units => Odd::Bare(first),
            (_, Some(stray)) => Odd::Stray(first, stray, self.are_strays_alike),
            (_, None) => return None,
        })
    }
}

impl Suffix {
    /// The digits of a field and their factor; `None` if another unit follows them.
    pub(super) fn strip<'a>(&self, field: &'a str) -> Option<(&'a str, f64)> {
        match self {
            Suffix::None => Some((field, 1.0)),
            Suffix::Factors => Some(match split(field) {
                Some((digits, suffix)) => (digits, factor(field, digits, suffix)?),
                None => (field, 1.0),
            }),
            Suffix::Unit(unit) => {
                split(field).filter(|(_, suffix)| *suffix == &**unit).map(|(digits, _)| (digits, 1.0))
            }
        }
    }
}

/// A number without its tail.
pub(super) fn digits(field: &str) -> &str {
    split(field).map_or(field, |(digits, _)| digits)
}

/// A number and its tail, if that can be a unit.
fn split(field: &str) -> Option<(&str, &str)> {
    /// Longer tails are words.
    const LETTERS: usize = 12;
    let field = field.trim();
    let is_own = |letter: char| letter.is_alphabetic() || "°'\"′″‰".contains(letter);
    let (digits, suffix) = field.split_at(field.find(is_own)?);
    let digits = digits.trim_end();
    if digits.is_empty() {
        return None;
    }
    let mut before = None;
    let is_valid = suffix.chars().all(|letter| {
        // A power of a unit: m2.
        let is_power = matches!(letter, '2' | '3') && before.is_some_and(char::is_alphabetic);
        before = Some(letter);
        is_own(letter) || is_power || "/·*^²³-.".contains(letter)
    });
    let is_ordinal = matches!(suffix, "st" | "nd" | "rd" | "th");
    // Codes have leading zeros, or a sign before the letters: 007B, 12-B.
    let bare = digits.trim_start_matches(['-', '−', '+']).as_bytes();
    let is_code = bare.first() == Some(&b'0') && bare.get(1).is_some_and(u8::is_ascii_digit);
    let ends_well = bare.last().is_some_and(|last| last.is_ascii_digit() || matches!(last, b'.' | b')'));
    let is_number = || !is_code && !is_ordinal && ends_well && !Notations::of(digits).0.is_empty();
    (is_valid && suffix.chars().count() <= LETTERS && is_number()).then_some((digits, suffix))
}

/// The factor of a letter for thousands, millions or billions directly after the digits of a
/// number.
fn factor(field: &str, digits: &str, suffix: &str) -> Option<f64> {
    if digits.len() + suffix.len() < field.trim().len() {
        return None;
    }
    match suffix {
        "k" | "K" => Some(1e3),
        "M" => Some(1e6),
        "B" | "bn" => Some(1e9),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_distinguished_from_what_follows_them() {
        let check =
            |field: &str, expected: Option<(&str, &str)>| assert_eq!(split(field), expected, "{field}");
        check("5.0 mg", Some(("5.0", "mg")));
        check("-3°C", Some(("-3", "°C")));
        check("1,5 m/s2", Some(("1,5", "m/s2")));
        check("109k", Some(("109", "k")));
        check("$1.2M", Some(("$1.2", "M")));
        check("5'", Some(("5", "'")));
        for field in [
            "5",
            "",
            "mg",
            "mg 5",
            "5'2\"",
            "12 Main St",
            "5a7",
            "1/4",
            "n.d.",
            "2024-01-31",
            "0x10",
            "007B",
            "12-B",
        ] {
            check(field, None);
        }
    }

    #[test]
    fn all_fields_have_the_same_unit_or_a_reason_is_given() {
        let suffixes = |fields: &[&str]| {
            let (mut suffixes, mut bare) = (Suffixes::default(), 0);
            for (row, field) in (1..).zip(fields) {
                if Notations::of(field).0.is_empty() {
                    suffixes.add(row, field, true);
                } else {
                    bare += 1;
                }
            }
            let present = fields.len() as u64;
            let odd = suffixes.odd(present, bare).map(|odd| match odd {
                Odd::Suffixes(_, other) => (other.row, "another"),
                Odd::Bare(first) => (first.row, "none"),
                Odd::Stray(_, stray, are_alike) => (stray.row, if are_alike { "a word" } else { "words" }),
            });
            (suffixes.of_all(present, bare), odd)
        };
        let unit = |unit: &str| Suffix::Unit(unit.into());
        assert_eq!(suffixes(&["5 mg", "7.5mg"]), (unit("mg"), None));
        assert_eq!(suffixes(&["109k", "1.2M", "950"]), (Suffix::Factors, None));
        assert_eq!(suffixes(&["5 mg", "7 mg", "2 g"]), (Suffix::None, Some((3, "another"))));
        assert_eq!(suffixes(&["7", "5 mg", "7 mg", "2 mg"]), (Suffix::None, Some((2, "none"))));
        assert_eq!(suffixes(&["5 mg", "7 mg", "n.d.", "2 mg"]), (Suffix::None, Some((3, "a word"))));
        assert_eq!(suffixes(&["5k", "7k", "2M", "few", "1M", "none"]), (Suffix::None, Some((4, "words"))));
        // Letters after a space, and kelvins, are units; a single B may be part of a code.
        assert_eq!(suffixes(&["300 K", "77 K"]), (unit("K"), None));
        assert_eq!(suffixes(&["300K", "77K"]), (unit("K"), None));
        assert_eq!(suffixes(&["0.5 M", "2 M"]), (unit("M"), None));
        assert_eq!(suffixes(&["300 K", "77"]), (Suffix::None, None));
        assert_eq!(suffixes(&["5k", "7k"]), (Suffix::Factors, None));
        assert_eq!(suffixes(&["101", "102", "103B", "104"]), (Suffix::None, None));
        assert_eq!(suffixes(&["101", "102", "1.5B", "104"]), (Suffix::Factors, None));
        assert_eq!(suffixes(&["101", "$2B", "7", "104"]), (Suffix::Factors, None));
        assert_eq!(suffixes(&["101", "2B", "7M", "4", "5"]), (Suffix::Factors, None));
        // House numbers are not measurements.
        assert_eq!(suffixes(&["12a", "14b", "3c", "4"]), (Suffix::None, None));
        let strip = |suffix: Suffix, field: &str| {
            suffix.strip(field).map(|(digits, factor)| (digits.to_owned(), factor))
        };
        assert_eq!(strip(Suffix::Factors, "1.2M"), Some(("1.2".to_owned(), 1e6)));
        assert_eq!(strip(Suffix::Factors, "950"), Some(("950".to_owned(), 1.0)));
        assert_eq!(strip(unit("mg"), "5 g"), None);
    }
}
