//! What the fields of a column are, judged by all of them.

use std::collections::HashSet;

use super::codes::{Codes, unmarked};
use super::date::{DateFormat, DateFormats};
use super::dated::{Dated, Place, Spoilt};
use super::ends::Ends;
use super::misfits::Misfits;
use super::missing::{self, Gap, UsualWords};
use super::number::{self, Notation, Notations, Signs};
use super::plain::{Plain, plain_number};
use super::words::{Added, Words};
use crate::dataset::memory::{self, Budget, Shortage};
use crate::project::{DateOrder, Rules, TableReading, Take};

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
        /// Whether another order of day, month and year fits as well.
        is_doubtful: bool,
    },
    /// Words, or digits that are codes.
    Words,
}

/// Words for true and false, in lower case.
const TRUTH: [[&str; 2]; 4] = [["false", "true"], ["no", "yes"], ["f", "t"], ["n", "y"]];
/// The longest field that can be a number with signs, or a date.
const VALUE_BYTES: usize = 128;
/// A column of fractions of which more are different has no categories, so that its words are not
/// remembered.
const FRACTIONS: usize = 256;

/// The fields of a column, as far as they tell what it holds.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is found by itself")]
pub(super) struct Evidence {
    /// The number of the row whose field is added, counted from 1 below the header.
    pub row: u64,
    /// Fields that are not missing.
    present: u64,
    missing: u64,
    /// Usual words among the missing ones.
    usual_words: UsualWords,
    notations: Notations,
    signs: Signs,
    /// How many numbers have a percent sign.
    percents: u64,
    /// The first currency, and another one.
    currencies: [Option<Box<str>>; 2],
    /// What the fields that are no plain numbers tell about dates; `None` before the first of them,
    /// and where it is over.
    dated: Option<Box<Dated>>,
    may_be_dated: bool,
    /// Whether all fields are dates of eight digits, though numbers as well.
    are_compact_dates: bool,
    order: DateOrder,
    codes: Codes,
    /// Whether digits with leading zeros are numbers nevertheless.
    are_codes_numbers: bool,
    /// Pairs of [`TRUTH`] that all fields belong to.
    truth: u8,
    /// Fields that are a number in some notation.
    numbers: u64,
    /// The notations of all fields that are a number in one.
    number_notations: Notations,
    may_have_comma: bool,
    may_have_point: bool,
    misfits: Misfits,
    /// Smallest and largest number, with decimal points and with decimal commas.
    ends: Ends,
    comma_range: (f64, f64),
    /// How often each word was seen; `None` once there are more than are remembered.
    words: Option<Words>,
    /// Whether words are remembered although they are many fractions.
    keeps_words: bool,
    /// Memory for what is known of dates.
    charged: u64,
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
        Evidence {
            row: 0,
            present: 0,
            missing: 0,
            usual_words: UsualWords::default(),
            notations: Notations::ALL,
            signs: Signs::default(),
            percents: 0,
            currencies: [None, None],
            dated: None,
            may_be_dated: true,
            are_compact_dates: true,
            order: DateOrder::Auto,
            codes: Codes::default(),
            are_codes_numbers: false,
            truth: (1 << TRUTH.len()) - 1,
            numbers: 0,
            number_notations: Notations::ALL,
            may_have_comma: true,
            may_have_point: true,
            misfits: Misfits::default(),
            ends: Ends::default(),
            comma_range: (f64::INFINITY, f64::NEG_INFINITY),
            words: Some(Words::default()),
            keeps_words: false,
            charged: 0,
            are_different: true,
            are_whole: true,
            counts_up: true,
            rises: true,
            last: None,
        }
    }
}

/// Nothing yet for each of these columns. Words are remembered where a column was chosen to be one
/// of them.
///
/// # Errors
/// [`Shortage`] for more columns than there is memory.
pub(super) fn of_columns(
    names: &[String],
    reading: &TableReading,
    budget: &Budget,
) -> Result<Vec<Evidence>, Shortage> {
    let mut columns = budget.filled(Evidence::default(), names.len())?;
    let chosen = reading.columns.iter().filter(|choice| choice.take == Take::Categories);
    let chosen: HashSet<&String> = chosen.map(|choice| &choice.name).collect();
    for (column, name) in columns.iter_mut().zip(names) {
        column.keeps_words = chosen.contains(name);
    }
    Ok(columns)
}

/// What all columns together tell about each.
///
/// - An order of day, month and year that some dates prove is that of all.
/// - Where most columns are digits with leading zeros, that is how the table writes numbers. So it
///   is by the rules of version 1.
pub(super) fn settle(columns: &mut [Evidence], reading: &TableReading, rules: Rules) {
    let codes = columns.iter().filter(|column| column.are_padded_codes()).count();
    let are_numbers = rules == Rules::Version1 || (codes > 2 && 2 * codes > columns.len());
    let mut order = reading.date_order;
    if order == DateOrder::Auto {
        let proven = columns.iter().filter_map(|column| match column.date_orders()[..] {
            [order @ (DateOrder::DayFirst | DateOrder::MonthFirst)] => Some(order),
            _ => None,
        });
        let mut proven: Vec<DateOrder> = proven.collect();
        proven.dedup();
        if let [one] = proven[..] {
            order = one;
        }
    }
    for column in columns {
        (column.are_codes_numbers, column.order) = (are_numbers && column.are_padded_codes(), order);
    }
}

impl Evidence {
    /// Adds a field where it is a plain number. `false` where it is not, and has to be looked at
    /// more closely.
    pub(super) fn add_plain(&mut self, field: &[u8], reading: &TableReading, budget: &Budget) -> bool {
        let Some(plain) = Plain::of(field) else { return self.add_comma(field, reading, budget) };
        if missing::is_told(field, reading) {
            return false;
        }
        // Digits, points and signs are text. It is looked at once more only where something new is
        // to be learnt.
        let text = || std::str::from_utf8(field).unwrap_or_default();
        self.truth = 0;
        self.are_compact_dates = self.are_compact_dates && plain.is_compact_date();
        self.add_no_date(text);
        self.codes.add(plain, field);
        if plain.has_point && self.is_mark_open() {
            self.add_number(text(), Notations::of(text()));
        } else {
            // In every notation that is left it is the same number.
            self.numbers += 1;
            self.misfits.points += u64::from(plain.has_point);
            if self.may_have_comma {
                self.add_with_comma(plain.value);
            }
            self.add_value(plain.value, field, !plain.has_point || plain.value.fract() == 0.0);
        }
        self.present += 1;
        self.remember(field, plain.byte(), budget);
        true
    }

    /// Whether numbers with a point have to be looked at: unless all so far are written with decimal points.
    fn is_mark_open(&self) -> bool {
        self.may_have_comma || !self.may_have_point
    }

    /// Adds a field where it is a plain number with a decimal comma, and no points are decimal
    /// marks.
    fn add_comma(&mut self, field: &[u8], reading: &TableReading, budget: &Budget) -> bool {
        if self.may_have_point || !self.may_have_comma || missing::is_told(field, reading) {
            return false;
        }
        let Some(plain) = Plain::with_mark(field, b',') else { return false };
        self.add_no_date(|| std::str::from_utf8(field).unwrap_or_default());
        self.numbers += 1;
        self.misfits.commas += 1;
        self.add_with_comma(plain.value);
        (self.truth, self.are_compact_dates) = (0, false);
        (self.are_whole, self.counts_up) = (false, false);
        self.present += 1;
        self.remember(field, None, budget);
        true
    }

    /// Adds a field. Words are forgotten where there is no memory to remember them.
    pub(super) fn add(&mut self, field: &str, reading: &TableReading, budget: &Budget) {
        let (field, is_text) = unmarked(field);
        if is_text && !field.is_empty() {
            self.codes.add_text();
        }
        if self.add_plain(field.as_bytes(), reading, budget) {
            return;
        }
        if let Some(value) = plain_number(field).filter(|_| !missing::is_told(field.as_bytes(), reading)) {
            self.truth = 0;
            self.add_no_date(|| field);
            if self.is_mark_open() {
                self.add_number(field, Notations::of(field));
            } else {
                self.numbers += 1;
                self.misfits.points += u64::from(field.contains('.'));
                self.add_value(value, field.as_bytes(), value.fract() == 0.0);
            }
        } else if let Some(gap) = missing::gap(field, reading) {
            self.missing += 1;
            if let Gap::Usual(word) = gap {
                self.usual_words.add(word);
            }
            return;
        } else {
            self.add_other(field, budget);
        }
        self.are_compact_dates = false;
        self.present += 1;
        self.remember(field.as_bytes(), None, budget);
    }

    fn add_other(&mut self, field: &str, budget: &Budget) {
        if self.truth != 0 {
            let belongs = |pair: &[&str; 2]| pair.iter().any(|word| word.eq_ignore_ascii_case(field));
            let bits = (0..).zip(TRUTH).filter(|(_, pair)| belongs(pair));
            self.truth &= bits.fold(0, |bits, (at, _)| bits | 1 << at);
        }
        let is_short = field.len() <= VALUE_BYTES;
        self.add_date(field, budget);
        self.add_number(
            field,
            if is_short { Notations::of(field) } else { (Notations::NONE, Signs::default()) },
        );
    }

    /// Adds a number, which is no date.
    fn add_no_date<'a>(&mut self, text: impl FnOnce() -> &'a str) {
        match &mut self.dated {
            Some(dated) => dated.add_stray(self.row, text()),
            None => self.may_be_dated = false,
        }
    }

    fn add_date(&mut self, field: &str, budget: &Budget) {
        if !self.may_be_dated {
            return;
        }
        if self.dated.is_none() {
            // With the few fields that it remembers.
            let bytes = memory::bytes_of::<Dated>(1) + 8 * memory::text_bytes(VALUE_BYTES);
            if budget.take(bytes).is_err() {
                self.may_be_dated = false;
                return;
            }
            self.charged += bytes;
        }
        let dated = self.dated.get_or_insert_default();
        let row = self.row;
        if field.len() <= VALUE_BYTES {
            dated.add(row, field);
        } else {
            dated.add_stray(row, &super::shortened(field));
        }
        if dated.is_over() {
            (self.dated, self.may_be_dated) = (None, false);
            budget.give_back(std::mem::take(&mut self.charged));
        }
    }

    fn add_number(&mut self, field: &str, (notations, signs): (Notations, Signs)) {
        self.notations = self.notations.and(notations);
        if notations.is_empty() {
            self.counts_up = false;
            return;
        }
        self.numbers += 1;
        self.number_notations = self.number_notations.and(notations);
        self.misfits.add(notations);
        (self.may_have_comma, self.may_have_point) =
            (self.number_notations.have(true), self.number_notations.have(false));
        self.signs.percent |= signs.percent;
        self.percents += u64::from(signs.percent);
        if signs.currency {
            self.add_currency(field);
        }
        self.signs.currency |= signs.currency;
        self.signs.parentheses |= signs.parentheses;
        let value = |comma: bool| notations.best(Some(comma)).and_then(|notation| notation.parse(field));
        if let Some(value) = value(true) {
            self.add_with_comma(value);
        }
        if let Some(value) = value(false) {
            self.add_value(value, field.as_bytes(), value.fract() == 0.0);
        } else {
            (self.are_whole, self.counts_up) = (false, false);
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

    /// Adds a number with a decimal comma.
    fn add_with_comma(&mut self, value: f64) {
        self.comma_range = (self.comma_range.0.min(value), self.comma_range.1.max(value));
    }

    /// Adds a number with a decimal point.
    fn add_value(&mut self, value: f64, field: &[u8], is_whole: bool) {
        self.ends.add(value, field);
        self.are_whole &= is_whole;
        self.counts_up &= self.are_whole && self.last.is_none_or(|last| value == last + 1.0);
        self.rises &= self.last.is_none_or(|last| value > last);
        self.last = Some(value);
    }

    fn remember(&mut self, field: &[u8], byte: Option<u8>, budget: &Budget) {
        let Some(words) = &mut self.words else { return };
        let are_fractions = !self.are_whole && self.numbers == self.present && !self.keeps_words;
        let added = match byte.and_then(|byte| words.add_byte(byte)) {
            Some(added) => added,
            None if are_fractions && words.len() >= FRACTIONS => Added::Full,
            None => words.add(std::str::from_utf8(field).unwrap_or_default(), budget),
        };
        match added {
            Added::New => {}
            Added::Again => self.are_different = false,
            Added::Full => self.forget(budget),
        }
    }

    fn forget(&mut self, budget: &Budget) {
        if let Some(words) = self.words.take() {
            words.release(budget);
        }
    }

    /// Forgets its words, and gives back what they took.
    pub(super) fn release(&mut self, budget: &Budget) {
        self.forget(budget);
        self.dated = None;
        budget.give_back(std::mem::take(&mut self.charged));
    }

    /// What the column holds, where a decimal comma is told, proven by other columns or likely.
    ///
    /// A column is one of numbers where at least half of its fields are, in one notation: the others are errors to be named.
    pub(super) fn judge(&self, has_comma: Option<bool>) -> Content {
        if self.present == 0 {
            return Content::Nothing;
        }
        if self.are_codes() {
            return Content::Words;
        }
        let best = |notations: Notations| notations.best(has_comma).or_else(|| notations.best(None));
        if let Some(notation) = best(self.notations) {
            return Content::Numbers { notation, signs: self.signs };
        }
        if self.truth != 0 {
            return Content::Truth { words: TRUTH[self.truth.trailing_zeros() as usize] };
        }
        if let Some(format) = self.date_formats().best_in(self.order) {
            let is_told = format.order() == Some(self.order);
            return Content::Dates { format, is_doubtful: !is_told && self.date_orders().len() > 1 };
        }
        let (notation, count) = self.misfits.most(self.numbers, has_comma);
        if 2 * count >= self.present {
            return Content::Numbers { notation, signs: self.signs };
        }
        Content::Words
    }

    /// The notation in which most of its numbers are written.
    pub(super) fn notation(&self, has_comma: Option<bool>) -> Notation {
        self.misfits.most(self.numbers, has_comma).0
    }

    /// Whether the column proves what its decimal mark is: a comma or not.
    pub(super) fn proves_comma(&self) -> Option<bool> {
        if !matches!(self.judge(None), Content::Numbers { .. }) {
            return None;
        }
        let [comma, point] = [true, false].map(|comma| self.notation(Some(comma)).has_comma());
        (comma == point).then_some(comma)
    }

    /// Whether the same fields are other numbers with another decimal mark.
    pub(super) fn is_ambiguous(&self) -> bool {
        self.notations.is_ambiguous() && self.ends.range() != self.comma_range
    }

    /// Smallest and largest number in a notation; the first is larger where there is none.
    pub(super) fn range(&self, notation: Notation) -> (f64, f64) {
        if notation.has_comma() { self.comma_range } else { self.ends.range() }
    }

    /// Whether some of its numbers have a percent sign, and others none.
    pub(super) fn are_percents_mixed(&self) -> bool {
        self.percents > 0 && self.percents < self.numbers
    }

    /// Two currencies of its numbers, where there are several.
    pub(super) fn currencies(&self) -> Option<(&str, &str)> {
        let [first, other] = &self.currencies;
        Some((first.as_deref()?, other.as_deref()?))
    }

    /// Numbers that look like words for missing values, and how often each is there.
    pub(super) fn sentinels(&self) -> impl Iterator<Item = (&str, u64)> {
        self.ends.sentinels()
    }

    /// Whether the fields are the numbers of the rows, from 0 or 1 on, as pandas writes them.
    pub(super) fn are_row_numbers(&self) -> bool {
        let (first, _) = self.ends.range();
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

    /// Whether they are digits whose leading zeros are a part of them, or marked as text.
    pub(super) fn are_codes(&self) -> bool {
        !self.are_codes_numbers && self.present > 0 && self.codes.are_all(self.present)
    }

    /// Whether they are codes by their leading zeros alone.
    pub(super) fn are_padded_codes(&self) -> bool {
        !self.codes.have_texts() && self.present > 0 && self.codes.are_all(self.present)
    }

    /// The first field of digits with leading zeros.
    pub(super) fn first_padded(&self) -> Option<&str> {
        self.codes.first_padded()
    }

    /// Whether all fields are dates of a format.
    pub(super) fn fits(&self, format: DateFormat) -> bool {
        self.date_formats().has(format) || format == DateFormat::COMPACT && self.are_compact_dates()
    }

    /// Whether all fields are dates of eight digits.
    pub(super) fn are_compact_dates(&self) -> bool {
        self.are_compact_dates && self.present > 0
    }

    /// The format of a column of dates, also where it looks like one of numbers.
    pub(super) fn date_format(&self) -> Option<DateFormat> {
        let compact = || self.are_compact_dates().then_some(DateFormat::COMPACT);
        self.date_formats().best_in(self.order).or_else(compact)
    }

    /// The orders of day, month and year in which all fields are dates.
    pub(super) fn date_orders(&self) -> Vec<DateOrder> {
        self.date_formats().orders()
    }

    fn date_formats(&self) -> DateFormats {
        self.dated.as_ref().map_or(DateFormats::NONE, |dated| dated.formats(self.present))
    }

    /// The first date, or the earliest of eight digits, in seconds.
    pub(super) fn first_date(&self, format: DateFormat) -> Option<f64> {
        match &self.dated {
            Some(dated) => dated.first(format),
            None => format.parse(&self.ends.range().0.to_string()),
        }
    }

    /// Whether times have a zone, and the first without one.
    pub(super) fn zones(&self) -> (bool, Option<&Place>) {
        self.dated.as_ref().map_or((false, None), |dated| (dated.has_zones(), dated.naive()))
    }

    /// Why it is no column of dates, where most of its fields are some, and how these are written.
    pub(super) fn spoilt_dates(&self) -> Option<(DateFormat, Spoilt<'_>)> {
        let dated = self.dated.as_ref()?;
        Some((dated.format(self.order)?, dated.spoilt(self.present)?))
    }

    /// The words and how often each is there, in no order; none where they are too many to
    /// remember.
    pub(super) fn words(&self) -> Option<&Words> {
        self.words.as_ref()
    }

    /// How many different fields there are; `None` for too many to count.
    pub(super) fn distinct(&self) -> Option<usize> {
        self.words.as_ref().map(Words::len)
    }

    /// How many fields are missing.
    pub(super) fn missing(&self) -> u64 {
        self.missing
    }

    /// The usual words among the missing fields.
    pub(super) fn usual_words(&self) -> UsualWords {
        self.usual_words
    }

    /// How many are not.
    pub(super) fn present(&self) -> u64 {
        self.present
    }
}

#[cfg(test)]
mod tests;
