//! What the fields of a column are, judged by all of them.

use std::collections::HashMap;

use super::date::{DateFormat, DateFormats};
use super::number::{Notation, Notations, Signs};
use crate::dataset::memory::{self, Budget};

/// What a column holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    /// Nothing in any row.
    Nothing,
    /// Numbers.
    Numbers {
        /// How they are written.
        notation: Notation,
        /// Signs around some of them.
        signs: Signs,
    },
    /// True and false, as these two words.
    Truth {
        /// The word for 0 and the word for 1.
        words: [&'static str; 2],
    },
    /// Dates or times.
    Dates {
        /// How they are written.
        format: DateFormat,
        /// Whether another way of writing fits as well: day and month can be either.
        is_doubtful: bool,
    },
    /// Words.
    Words,
}

/// Words for true and false, in lower case.
const TRUTH: [[&str; 2]; 4] = [["false", "true"], ["no", "yes"], ["f", "t"], ["n", "y"]];
/// Words that mean a value is missing, whatever a person adds to them.
const MISSING: [&str; 16] = [
    "na", "n/a", "#n/a", "nan", "nat", "<na>", "null", "none", "-", "?", "#div/0!", "#value!", "#ref!",
    "#name?", "#num!", "#null!",
];
/// How many different words of a column are remembered.
pub(super) const WORDS: usize = 4096;
/// The longest field that can be a number with signs, or a date.
const VALUE_BYTES: usize = 128;

/// Whether a field means that a value is missing.
pub(super) fn is_missing(field: &str, more: &[String]) -> bool {
    let field = field.trim();
    field.is_empty()
        || field.len() <= 7 && MISSING.iter().any(|word| word.eq_ignore_ascii_case(field))
        || more.iter().any(|word| word == field)
}

/// The fields of a column, as far as they tell what it holds.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is found by itself")]
pub(super) struct Evidence {
    /// Fields that are not missing.
    present: u64,
    missing: u64,
    notations: Notations,
    signs: Signs,
    dates: DateFormats,
    /// The first date.
    first_date: Option<String>,
    /// Pairs of [`TRUTH`] that all fields belong to.
    truth: u8,
    /// Fields that are a number in some notation.
    numbers: u64,
    /// The notations of all fields that are a number in one.
    number_notations: Notations,
    /// Smallest and largest number, with decimal points and with decimal commas.
    ranges: [(f64, f64); 2],
    /// How often each word was seen; `None` once there are more than are remembered.
    words: Option<HashMap<String, u64>>,
    /// Memory the words are charged with.
    words_bytes: u64,
    /// Whether no field was there twice, as far as words are remembered.
    are_different: bool,
    /// Whether all numbers are whole.
    are_whole: bool,
    /// Whether each field is a whole number one above the last.
    counts_up: bool,
    /// Whether each number is larger than the last.
    rises: bool,
    last: Option<f64>,
}

impl Default for Evidence {
    fn default() -> Self {
        let nothing = (f64::INFINITY, f64::NEG_INFINITY);
        Evidence {
            present: 0,
            missing: 0,
            notations: Notations::ALL,
            signs: Signs::default(),
            dates: DateFormats::ALL,
            first_date: None,
            truth: (1 << TRUTH.len()) - 1,
            numbers: 0,
            number_notations: Notations::ALL,
            ranges: [nothing; 2],
            words: Some(HashMap::new()),
            words_bytes: 0,
            are_different: true,
            are_whole: true,
            counts_up: true,
            rises: true,
            last: None,
        }
    }
}

impl Evidence {
    /// Adds a field. Words are forgotten where there is no memory to remember them.
    pub(super) fn add(&mut self, field: &str, missing_words: &[String], budget: &Budget) {
        let field = field.trim();
        if missing_words.is_empty()
            && let Some(value) = plain_number(field)
        {
            self.add_plain(field, value);
        } else if is_missing(field, missing_words) {
            self.missing += 1;
            return;
        } else {
            self.add_other(field);
        }
        self.present += 1;
        self.remember(field, budget);
    }

    fn add_plain(&mut self, field: &str, value: f64) {
        (self.truth, self.dates) = (0, DateFormats::NONE);
        if self.number_notations.best(Some(true)).is_some() {
            self.add_number(field, Notations::of(field));
            return;
        }
        // Once decimal commas are ruled out, a plain number tells nothing more.
        self.numbers += 1;
        self.add_value(value);
    }

    fn add_other(&mut self, field: &str) {
        if self.truth != 0 {
            let belongs = |pair: &[&str; 2]| pair.iter().any(|word| word.eq_ignore_ascii_case(field));
            let bits = (0..).zip(TRUTH).filter(|(_, pair)| belongs(pair));
            self.truth &= bits.fold(0, |bits, (at, _)| bits | 1 << at);
        }
        if !self.dates.is_empty() {
            self.dates =
                if field.len() <= VALUE_BYTES { self.dates.that_read(field) } else { DateFormats::NONE };
            if !self.dates.is_empty() {
                self.first_date.get_or_insert_with(|| field.to_owned());
            }
        }
        let found = if field.len() <= VALUE_BYTES {
            Notations::of(field)
        } else {
            (Notations::NONE, Signs::default())
        };
        self.add_number(field, found);
    }

    fn add_number(&mut self, field: &str, (notations, signs): (Notations, Signs)) {
        self.notations = self.notations.and(notations);
        if notations.is_empty() {
            self.counts_up = false;
            return;
        }
        self.numbers += 1;
        self.number_notations = self.number_notations.and(notations);
        self.signs.percent |= signs.percent;
        self.signs.currency |= signs.currency;
        let value = |comma: bool| notations.best(Some(comma)).and_then(|notation| notation.parse(field));
        if let Some(value) = value(true) {
            self.ranges[1] = (self.ranges[1].0.min(value), self.ranges[1].1.max(value));
        }
        if let Some(value) = value(false) {
            self.add_value(value);
        } else {
            (self.are_whole, self.counts_up) = (false, false);
        }
    }

    /// Adds a number with a decimal point.
    fn add_value(&mut self, value: f64) {
        self.ranges[0] = (self.ranges[0].0.min(value), self.ranges[0].1.max(value));
        self.are_whole &= value.fract() == 0.0;
        self.counts_up &= self.are_whole && self.last.is_none_or(|last| value == last + 1.0);
        self.rises &= self.last.is_none_or(|last| value > last);
        self.last = Some(value);
    }

    fn remember(&mut self, field: &str, budget: &Budget) {
        let Some(words) = &mut self.words else { return };
        if let Some(count) = words.get_mut(field) {
            *count += 1;
            self.are_different = false;
            return;
        }
        // A place in the list, at most twice for one that is free.
        let bytes = memory::text_bytes(field.len()) + 48;
        if words.len() < WORDS && budget.free() / 8 > bytes && budget.take(bytes).is_ok() {
            self.words_bytes += bytes;
            words.insert(field.to_owned(), 1);
        } else {
            self.words = None;
            budget.give_back(std::mem::take(&mut self.words_bytes));
        }
    }

    /// Forgets its words, and gives back what they took.
    pub(super) fn release(&mut self, budget: &Budget) {
        self.words = None;
        budget.give_back(std::mem::take(&mut self.words_bytes));
    }

    /// What the column holds, where a decimal comma is told, proven by other columns or likely.
    ///
    /// A column is one of numbers where at least half of its fields are: the others are errors to be named.
    pub(super) fn judge(&self, has_comma: Option<bool>) -> Content {
        if self.present == 0 {
            return Content::Nothing;
        }
        let best = |notations: Notations| notations.best(has_comma).or_else(|| notations.best(None));
        if let Some(notation) = best(self.notations) {
            return Content::Numbers { notation, signs: self.signs };
        }
        if self.truth != 0 {
            return Content::Truth { words: TRUTH[self.truth.trailing_zeros() as usize] };
        }
        if let Some((format, is_doubtful)) = self.dates.best() {
            return Content::Dates { format, is_doubtful };
        }
        if 2 * self.numbers >= self.present
            && let Some(notation) = best(self.number_notations)
        {
            return Content::Numbers { notation, signs: self.signs };
        }
        Content::Words
    }

    /// The notation in which most of its numbers are written.
    pub(super) fn notation(&self, has_comma: Option<bool>) -> Notation {
        let notations = self.number_notations;
        notations.best(has_comma).or_else(|| notations.best(None)).unwrap_or(Notation::Point)
    }

    /// Whether the column proves what its decimal mark is: a comma or not.
    pub(super) fn proves_comma(&self) -> Option<bool> {
        let notations = self.notations;
        let (comma, point) = (notations.best(Some(true)), notations.best(Some(false)));
        match (comma, point) {
            (Some(_), None) => Some(true),
            (None, Some(_)) => Some(false),
            (Some(_), Some(_)) | (None, None) => None,
        }
    }

    /// Whether the same fields are other numbers with another decimal mark.
    pub(super) fn is_ambiguous(&self) -> bool {
        self.notations.is_ambiguous() && self.ranges[0] != self.ranges[1]
    }

    /// Smallest and largest number in a notation; the first is larger where there is none.
    pub(super) fn range(&self, notation: Notation) -> (f64, f64) {
        self.ranges[usize::from(notation.has_comma())]
    }

    /// Whether the fields are the numbers of the rows, from 0 or 1 on, as pandas writes them.
    pub(super) fn are_row_numbers(&self) -> bool {
        let (first, _) = self.ranges[0];
        self.present >= 3 && self.missing == 0 && self.counts_up && (first == 0.0 || first == 1.0)
    }

    /// Whether all fields are there, and no two are equal as far as they are remembered.
    pub(super) fn are_different(&self) -> bool {
        self.present >= 3 && self.missing == 0 && self.are_different
    }

    /// Whether they are different whole numbers.
    pub(super) fn are_different_whole(&self) -> bool {
        self.are_different() && self.numbers == self.present && self.are_whole
    }

    /// Whether that is proven of all fields: they are remembered, or rise.
    pub(super) fn are_proven_different_whole(&self) -> bool {
        self.are_different_whole() && (self.words.is_some() || self.rises)
    }

    /// Whether all numbers are whole, read with decimal points.
    pub(super) fn are_whole(&self) -> bool {
        self.are_whole
    }

    /// Whether all fields are dates of a format.
    pub(super) fn fits(&self, format: DateFormat) -> bool {
        self.dates.has(format)
    }

    /// The first date.
    pub(super) fn first_date(&self) -> Option<&str> {
        self.first_date.as_deref()
    }

    /// The words and how often each is there; `None` for too many to count.
    pub(super) fn words(&self) -> Option<&HashMap<String, u64>> {
        self.words.as_ref()
    }

    /// How many different fields there are; `None` for too many to count.
    pub(super) fn distinct(&self) -> Option<usize> {
        self.words.as_ref().map(HashMap::len)
    }

    /// How many fields are missing.
    pub(super) fn missing(&self) -> u64 {
        self.missing
    }

    /// How many are not.
    pub(super) fn present(&self) -> u64 {
        self.present
    }
}

/// A number that is written in no more than digits, a point and signs.
pub(super) fn plain_number(field: &str) -> Option<f64> {
    let first = *field.as_bytes().first()?;
    let may_be = first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.');
    field.parse().ok().filter(|value: &f64| may_be && value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(fields: &[&str]) -> Evidence {
        let mut evidence = Evidence::default();
        let budget = Budget::of(1 << 20);
        for field in fields {
            evidence.add(field, &[], &budget);
        }
        evidence
    }

    #[test]
    fn columns_are_judged_by_all_their_fields() {
        let check = |fields: &[&str], has_comma: Option<bool>, expected: &str| {
            let name = match evidence(fields).judge(has_comma) {
                Content::Nothing => "nothing".to_owned(),
                Content::Numbers { notation, .. } => format!("{notation:?}"),
                Content::Truth { words } => words[1].to_owned(),
                Content::Dates { format, is_doubtful } => format!("{} {is_doubtful}", format.name()),
                Content::Words => "words".to_owned(),
            };
            assert_eq!(name, expected, "{fields:?}");
        };
        check(&["1", "2.5", "NULL"], None, "Point");
        check(&["", "-", "?"], None, "nothing");
        check(&["1,5", "2"], None, "Comma");
        check(&["1,5", "2"], Some(false), "Comma");
        check(&["1,234", "5,678"], Some(false), "PointGroupedByComma");
        check(&["1,234", "5,678"], Some(true), "Comma");
        check(&["1,234,567", "5,678"], None, "PointGroupedByComma");
        check(&["0.31", "1e3", "7"], Some(true), "Point");
        check(&["True", "False", "true"], None, "true");
        check(&["yes", "no"], None, "yes");
        check(&["2024-01-31", "2024-02-01"], None, "%Y-%m-%d false");
        check(&["1/2/2024", "3/4/2024"], None, "%d/%m/%Y true");
        check(&["red", "blue", "1"], None, "words");
        check(&["1", "2", "3", "1O"], None, "Point");
        check(&["12 %", "5%"], None, "Point");
        assert!(evidence(&["1,234", "5,678"]).is_ambiguous());
        assert!(!evidence(&["1,234", "5,6"]).is_ambiguous());
    }

    #[test]
    fn row_numbers_are_told() {
        let check = |fields: &[&str], expected: bool| {
            assert_eq!(evidence(fields).are_row_numbers(), expected, "{fields:?}");
        };
        check(&["0", "1", "2", "3"], true);
        check(&["1", "2", "3"], true);
        check(&["1", "3", "4"], false);
        check(&["5", "6", "7"], false);
        check(&["0", "1", ""], false);
        check(&["0", "1", "2", "2"], false);
        check(&["0,5", "1,5", "2,5"], false);
        assert!(!evidence(&["0,5", "1,5", "2,5"]).are_different_whole());
    }

    #[test]
    fn what_is_forgotten_is_not_known_to_be_different() {
        let check = |number: fn(usize) -> usize, expected: bool| {
            let fields: Vec<String> = (0..2 * WORDS).map(|at| number(at).to_string()).collect();
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            assert_eq!(evidence(&fields).are_proven_different_whole(), expected);
        };
        check(|at| 10_000_000 + at, true);
        check(|at| 10_000_000 + at % (WORDS + 1), false);
    }

    #[test]
    fn large_offsets_are_known_exactly() {
        let evidence = evidence(&["9007199254740991", "9007199254740001"]);
        assert_eq!(evidence.range(Notation::Point), (9_007_199_254_740_001.0, 9_007_199_254_740_991.0));
    }
}
