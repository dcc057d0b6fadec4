//! Evidence that the fields of a column are numbers.

use super::super::ends::Ends;
use super::super::mismatches::Mismatches;
use super::super::number::{self, Notation, Notations, Signs};
use super::super::plain::Plain;
use super::super::suffixes::{Odd, Suffix, Suffixes};
use super::VALUE_BYTES;
use crate::dataset::memory::{self, Budget};

/// The numbers of a column.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is found by itself")]
pub(super) struct Figures {
    /// The notations that fit all fields.
    notations: Notations,
    /// Fields that are numbers in some notation, and the notations of all of them.
    count: u64,
    of_numbers: Notations,
    may_have_comma: bool,
    may_have_point: bool,
    mismatches: Mismatches,
    signs: Signs,
    /// Number of fields with a percent sign.
    percents: u64,
    /// Whether a number followed by a minus is certain: it has a fraction, grouped digits or a
    /// currency.
    has_sure_minus: bool,
    /// The first currency, and another one.
    currencies: [Option<Box<str>>; 2],
    /// Smallest and largest number, with decimal points and with decimal commas.
    points: Ends,
    commas: Ends,
    /// Numbers followed by something; `None` before the first field that is not a number, and if
    /// there is no memory for it.
    suffixes: Option<Box<Suffixes>>,
    charged: u64,
    /// Number of fields that are digits, an `E` and digits, as codes may be.
    powers: u64,
    /// Whether all numbers are whole.
    are_whole: bool,
    /// Whether the numbers are in equal steps so far, and the step.
    is_even: bool,
    step: Option<f64>,
    /// Whether each number is larger than the previous one.
    rises: bool,
    last: Option<f64>,
}

impl Default for Figures {
    fn default() -> Self {
        Figures {
            notations: Notations::ALL,
            count: 0,
            of_numbers: Notations::ALL,
            may_have_comma: true,
            may_have_point: true,
            mismatches: Mismatches::default(),
            signs: Signs::default(),
            percents: 0,
            has_sure_minus: false,
            currencies: [None, None],
            points: Ends::default(),
            commas: Ends::default(),
            suffixes: None,
            charged: 0,
            powers: 0,
            are_whole: true,
            is_even: true,
            step: None,
            rises: true,
            last: None,
        }
    }
}

impl Figures {
    /// Adds a plain number. Digits, points and signs are text, which is parsed again only if it may
    /// matter.
    pub(super) fn add_plain(&mut self, plain: Plain, field: &[u8]) {
        if plain.has_point && self.is_mark_open() {
            let text = std::str::from_utf8(field).unwrap_or_default();
            return self.add_number(text, Notations::of(text));
        }
        // It is the same number in every remaining notation.
        self.count += 1;
        self.mismatches.points += u64::from(plain.has_point);
        if self.may_have_comma {
            self.commas.add(plain.value, field);
        }
        self.add_value(plain.value, field, !plain.has_point || plain.value.fract() == 0.0);
    }

    /// Adds a plain number with a decimal comma.
    pub(super) fn add_comma(&mut self, plain: Plain, field: &[u8]) {
        self.count += 1;
        self.mismatches.commas += 1;
        self.commas.add(plain.value, field);
        (self.are_whole, self.is_even) = (false, false);
    }

    /// Adds a number with an exponent, or with more digits than a plain one.
    pub(super) fn add_exponent(&mut self, value: f64, field: &str) {
        let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let parts = field.split_once(['E', 'e']);
        self.powers +=
            u64::from(parts.is_some_and(|(digits, power)| are_digits(digits) && are_digits(power)));
        if self.is_mark_open() {
            return self.add_number(field, Notations::of(field));
        }
        self.count += 1;
        self.mismatches.points += u64::from(field.contains('.'));
        self.add_value(value, field.as_bytes(), value.fract() == 0.0);
    }

    /// Adds any other field; too long ones count as words.
    pub(super) fn add(&mut self, row: u64, field: &str, is_short: bool, budget: &Budget) {
        let (notations, signs) =
            if is_short { Notations::of(field) } else { (Notations::NONE, Signs::default()) };
        if !notations.is_empty() {
            return self.add_number(field, (notations, signs));
        }
        (self.notations, self.is_even) = (Notations::NONE, false);
        if self.suffixes.is_none() && self.charged == 0 {
            let bytes = Suffixes::TEXTS * memory::text_bytes(VALUE_BYTES) + memory::bytes_of::<Suffixes>(1);
            if budget.take(bytes).is_err() {
                return;
            }
            (self.suffixes, self.charged) = (Some(Box::default()), bytes);
        }
        if let Some(suffixes) = &mut self.suffixes
            && let Some((digits, factor)) = suffixes.add(row, field, is_short)
        {
            let (notations, _) = Notations::of(digits);
            self.add_values(digits, notations, factor, field);
        }
    }

    /// Whether numbers with a point have to be examined: unless all so far have decimal points.
    fn is_mark_open(&self) -> bool {
        self.may_have_comma || !self.may_have_point
    }

    /// Whether commas are decimal marks and points are not.
    pub(super) fn have_only_commas(&self) -> bool {
        !self.may_have_point && self.may_have_comma
    }

    fn add_number(&mut self, field: &str, (notations, signs): (Notations, Signs)) {
        self.notations = self.notations.and(notations);
        self.count += 1;
        self.of_numbers = self.of_numbers.and(notations);
        self.mismatches.add(notations);
        (self.may_have_comma, self.may_have_point) =
            (self.of_numbers.have(true), self.of_numbers.have(false));
        self.percents += u64::from(signs.percent);
        if signs.minus_after {
            let digits = field.trim().trim_end_matches(['-', '−', ' ']);
            self.has_sure_minus |= !digits.bytes().all(|byte| byte.is_ascii_digit());
        }
        if signs.currency {
            self.add_currency(field);
        }
        self.signs = self.signs.or(signs);
        self.add_values(field, notations, 1.0, field);
    }

    /// Adds the numbers of digits with a decimal comma and with a point.
    fn add_values(&mut self, digits: &str, notations: Notations, factor: f64, field: &str) {
        let value = |comma: bool| {
            notations
                .best(Some(comma))
                .and_then(|notation| notation.parse(digits))
                .map(|value| value * factor)
        };
        if let Some(value) = value(true) {
            self.commas.add(value, field.as_bytes());
        }
        if let Some(value) = value(false) {
            self.add_value(value, field.as_bytes(), value.fract() == 0.0);
        } else {
            (self.are_whole, self.is_even) = (false, false);
        }
    }

    fn add_currency(&mut self, field: &str) {
        let [first, other] = &mut self.currencies;
        let Some(own) = number::currency(field).filter(|_| other.is_none()) else { return };
        match first {
            None => *first = Some(own.into()),
            Some(first) if **first != *own => *other = Some(own.into()),
            Some(_) => {}
        }
    }

    /// Adds a number with a decimal point.
    fn add_value(&mut self, value: f64, field: &[u8], is_whole: bool) {
        self.points.add(value, field);
        self.are_whole &= is_whole;
        if let Some(last) = self.last {
            let step = value - last;
            self.is_even &= self.are_whole && *self.step.get_or_insert(step) == step;
            self.rises &= step > 0.0;
        }
        self.last = Some(value);
    }

    /// Drops the fields it keeps, and releases their memory.
    pub(super) fn release(&mut self, budget: &Budget) {
        self.suffixes = None;
        budget.give_back(std::mem::take(&mut self.charged));
    }

    /// The notation in which all of this many fields are numbers; if comma and point both fit, by
    /// the given decimal mark.
    pub(super) fn notation_of_all(&self, present: u64, has_comma: Option<bool>) -> Option<Notation> {
        let notations = match (&self.suffixes, self.suffix(present)) {
            (Some(suffixes), Suffix::Factors | Suffix::Unit(_)) => self.of_numbers.and(suffixes.notations()),
            (_, _) => self.notations,
        };
        notations.best(has_comma).or_else(|| notations.best(None))
    }

    /// The notation in which most numbers are written, and how many are.
    pub(super) fn most(&self, has_comma: Option<bool>) -> (Notation, u64) {
        self.mismatches.most(self.count, has_comma)
    }

    /// The tail of the numbers of this many fields.
    pub(super) fn suffix(&self, present: u64) -> Suffix {
        self.suffixes.as_ref().map_or(Suffix::None, |suffixes| suffixes.of_all(present, self.count))
    }

    /// Why this many fields are not numbers with a unit, if most are.
    pub(super) fn odd_suffixes(&self, present: u64) -> Option<Odd<'_>> {
        self.suffixes.as_ref()?.odd(present, self.count)
    }

    /// Whether digits followed by a minus are not negative numbers, but grades on a scale: `2-` is
    /// below `2`.
    pub(super) fn are_grades(&self) -> bool {
        self.signs.minus_after && !self.has_sure_minus
    }

    pub(super) fn signs(&self) -> Signs {
        self.signs
    }

    /// Whether its fields would be other numbers with another decimal mark.
    pub(super) fn is_ambiguous(&self) -> bool {
        self.notations.is_ambiguous() && self.points.range() != self.commas.range()
    }

    /// The smallest and the largest number in a notation.
    pub(super) fn ends(&self, notation: Notation) -> &Ends {
        if notation.has_comma() { &self.commas } else { &self.points }
    }

    /// Whether some have a percent sign, and others none.
    pub(super) fn are_percents_mixed(&self) -> bool {
        self.percents > 0 && self.percents < self.count
    }

    /// Two currencies, if there are several.
    pub(super) fn currencies(&self) -> Option<(&str, &str)> {
        let [first, other] = &self.currencies;
        Some((first.as_deref()?, other.as_deref()?))
    }

    /// Number of numbers that are digits, an `E` and digits: `1E5`.
    pub(super) fn powers(&self) -> u64 {
        self.powers
    }

    /// Number of fields that are numbers followed by nothing.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Whether all are whole.
    pub(super) fn are_whole(&self) -> bool {
        self.are_whole
    }

    /// Whether the numbers are whole and count up by 1.
    pub(super) fn counts_up(&self) -> bool {
        self.is_even && self.are_whole && self.step.is_none_or(|step| step == 1.0)
    }

    /// The step from each to the next, if all are whole numbers in equal steps other than zero.
    pub(super) fn even_step(&self) -> Option<f64> {
        self.step.filter(|step| self.is_even && self.are_whole && *step != 0.0)
    }

    /// Whether each is larger than the previous one.
    pub(super) fn rise(&self) -> bool {
        self.rises
    }
}
