//! The content of a column, determined from all of its fields.

mod dates;
mod figures;

use std::collections::HashSet;

use self::dates::Dates;
use self::figures::Figures;
use super::century::{FIRST_YEAR, is_date};
use super::codes::{Codes, unmarked};
use super::date::{DateFormat, DateFormats};
use super::dated::{Place, Unreadable};
use super::missing::{self, Gaps, UsualWords};
use super::months::month_and_number;
use super::number::{Notation, Signs};
use super::plain::{Plain, plain_number};
use super::suffixes::{Odd, Suffix};
use super::truth::{self, Truth};
use super::words::{Added, Words};
use crate::dataset::memory::{Budget, Shortage};
use crate::project::{DateOrder, Rules, TableReading, Take};

/// The content of a column.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    /// No values in any row.
    Nothing,
    /// Numbers.
    Numbers {
        /// Their notation.
        notation: Notation,
        /// Signs around some of them.
        signs: Signs,
    },
    /// True and false, as these two words.
    Truth {
        /// The word for 0, empty if rows without one are 0, and the word for 1.
        words: [String; 2],
    },
    /// Dates or times.
    Dates {
        /// Their format.
        format: DateFormat,
        /// Whether another order of day, month and year fits as well.
        is_doubtful: bool,
    },
    /// Words, or digits that are codes.
    Words,
}

/// The longest field that can be a number with signs, or a date.
const VALUE_BYTES: usize = 128;
/// Words of a column with more different fractions than this are not remembered, since it has no
/// categories.
const FRACTIONS: usize = 256;
/// Up to this many different codes may all be times of day, or months, by chance.
const CHANCE_TIMES: usize = 4;
/// Times of day span at least this many hours.
const HOURS: f64 = 4.0;
/// Spellings of one word, in upper or lower case.
const SPELLINGS: usize = 3;
/// Numbers with fewer different values are not measurements of which one could be far from all
/// others.
const VARIED: usize = 5;

/// The fields of a column, summarised to determine its content.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is found by itself")]
pub(super) struct Evidence {
    /// The row of the field being added, counted from 1 below the header.
    pub row: u64,
    /// Fields that are not missing.
    present: u64,
    gaps: Gaps,
    figures: Figures,
    dates: Dates,
    codes: Codes,
    /// Whether digits with leading zeros are numbers nevertheless.
    are_codes_numbers: bool,
    truth: Truth,
    /// Whether the current rules apply.
    is_current: bool,
    /// How often each word occurs; `None` once there are too many to remember.
    words: Option<Words>,
    /// Whether words are remembered even if they are many fractions.
    keeps_words: bool,
    /// Whether no field occurs twice, as far as words are remembered.
    are_different: bool,
}

impl Default for Evidence {
    fn default() -> Self {
        Evidence {
            row: 0,
            present: 0,
            gaps: Gaps::default(),
            figures: Figures::default(),
            dates: Dates::default(),
            codes: Codes::default(),
            are_codes_numbers: false,
            truth: Truth::default(),
            is_current: true,
            words: Some(Words::default()),
            keeps_words: false,
            are_different: true,
        }
    }
}

/// Empty evidence for these columns. Words are remembered if a column was chosen as words.
///
/// # Errors
/// [`Shortage`] if there are more columns than memory.
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

/// Marks new columns with names for dates. Version 1 has no such names.
pub(super) fn mark_date_names(columns: &mut [Evidence], names: &[String], rules: Rules) {
    for (column, name) in columns.iter_mut().zip(names) {
        column.dates.is_named = rules == Rules::Current && is_date(name);
    }
}

/// Gives each column the evidence of all of them, and the year in which their file was written.
///
/// - An order of day, month and year proven by some dates applies to all.
/// - If most columns are digits with leading zeros, the table writes numbers that way, as always in
///   the rules of version 1.
pub(super) fn combine(columns: &mut [Evidence], reading: &TableReading, rules: Rules, written: Option<u16>) {
    let is_current = rules == Rules::Current;
    let are_codes = |column: &Evidence| column.are_padded_codes() && !(is_current && column.are_times());
    let codes = columns.iter().filter(|column| are_codes(column)).count();
    let are_numbers = !is_current || (codes > 2 && 2 * codes > columns.len());
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
    for column in columns.iter_mut() {
        column.are_codes_numbers = are_numbers && are_codes(column);
        (column.dates.order, column.is_current) = (order, is_current);
        column.dates.written = written;
    }
}

impl Evidence {
    /// Adds a field if it is a plain number. `false` if it is not and has to be examined further.
    pub(super) fn add_plain(&mut self, field: &[u8], reading: &TableReading, budget: &Budget) -> bool {
        let Some(plain) = Plain::of(field) else { return self.add_comma(field, reading, budget) };
        if missing::is_chosen(field, reading) {
            return false;
        }
        self.truth = Truth::NONE;
        self.dates.add_plain(self.row, plain, field);
        self.codes.add(plain, field);
        self.figures.add_plain(plain, field);
        self.present += 1;
        self.remember(field, plain.byte(), budget);
        true
    }

    /// Adds a field if it is a plain number with a decimal comma, and no points are decimal marks.
    fn add_comma(&mut self, field: &[u8], reading: &TableReading, budget: &Budget) -> bool {
        if !self.figures.have_only_commas() || missing::is_chosen(field, reading) {
            return false;
        }
        let Some(plain) = Plain::with_mark(field, b',') else { return false };
        self.truth = Truth::NONE;
        self.dates.add_other(self.row, field);
        self.figures.add_comma(plain, field);
        self.present += 1;
        self.remember(field, None, budget);
        true
    }

    /// Adds a field. Words are dropped if there is no memory for them.
    pub(super) fn add(&mut self, field: &str, reading: &TableReading, budget: &Budget) {
        let (field, is_text) = unmarked(field);
        if is_text && !field.is_empty() {
            self.codes.add_text();
        }
        if self.add_plain(field.as_bytes(), reading, budget) {
            return;
        }
        if let Some(value) = plain_number(field).filter(|_| !missing::is_chosen(field.as_bytes(), reading)) {
            self.truth = Truth::NONE;
            self.dates.add_other(self.row, field.as_bytes());
            self.figures.add_exponent(value, field);
        } else if let Some(gap) = missing::gap(field, reading) {
            self.gaps.add(gap);
            return;
        } else {
            self.truth.add(field);
            let is_short = field.len() <= VALUE_BYTES;
            self.dates.add(self.row, field, is_short, budget);
            self.figures.add(self.row, field, is_short, budget);
        }
        self.present += 1;
        self.remember(field.as_bytes(), None, budget);
    }

    fn remember(&mut self, field: &[u8], byte: Option<u8>, budget: &Budget) {
        let Some(words) = &mut self.words else { return };
        let are_fractions =
            !self.figures.are_whole() && self.figures.count() == self.present && !self.keeps_words;
        let added = match byte.and_then(|byte| words.add_byte(byte)) {
            Some(added) => added,
            None if are_fractions && words.len() >= FRACTIONS => Added::Full,
            None => words.add(std::str::from_utf8(field).unwrap_or_default(), budget),
        };
        match added {
            Added::New => {}
            Added::Again => self.are_different = false,
            Added::Full => self.discard_details(budget),
        }
    }

    fn discard_details(&mut self, budget: &Budget) {
        if let Some(words) = self.words.take() {
            words.release(budget);
        }
    }

    /// Drops its words, and releases their memory.
    pub(super) fn release(&mut self, budget: &Budget) {
        self.discard_details(budget);
        self.dates.release(budget);
        self.figures.release(budget);
    }

    /// The content of the column; `has_comma` if a decimal comma is chosen, proven by other columns
    /// or likely.
    ///
    /// A column contains numbers if at least half of its fields do, in one notation: the others are
    /// errors to report.
    pub(super) fn judge(&self, has_comma: Option<bool>) -> Content {
        if self.present == 0 {
            return Content::Nothing;
        }
        if let Some(mark) = self.mark() {
            return Content::Truth { words: [String::new(), mark] };
        }
        if self.is_current && self.are_times() {
            return Content::Dates { format: DateFormat::CLOCK, is_doubtful: false };
        }
        if self.are_codes() || (self.is_current && self.figures.are_grades()) {
            return Content::Words;
        }
        let signs = self.figures.signs();
        if let Some(notation) = self.figures.notation_of_all(self.present, has_comma) {
            return Content::Numbers { notation, signs };
        }
        if let Some(words) = self.truth.words(self.words.as_ref()) {
            return Content::Truth { words };
        }
        if let Some(format) = self.date_formats().with_days().best_in(self.dates.order) {
            let is_chosen = format.order() == Some(self.dates.order);
            return Content::Dates { format, is_doubtful: !is_chosen && self.date_orders().len() > 1 };
        }
        let (notation, count) = self.figures.most(has_comma);
        // Digits with leading zeros among words are words, too: 01000 and 2A004.
        let are_words = self.is_current && !self.are_codes_numbers && self.codes.are_padded();
        if 2 * count >= self.present && !are_words && !(self.is_current && self.are_steps(count)) {
            return Content::Numbers { notation, signs };
        }
        Content::Words
    }

    /// Whether a column of this many numbers has few steps, with words among them: 2, 3, 4 and
    /// `5more`.
    fn are_steps(&self, numbers: u64) -> bool {
        /// The most different steps, how often each occurs on average, and how many of the fields
        /// are not numbers.
        const STEPS: usize = 10;
        const TIMES: u64 = 5;
        const SHARE: u64 = 10;
        let few = self.distinct().filter(|steps| *steps <= STEPS);
        few.is_some_and(|steps| self.present >= TIMES * steps as u64)
            && SHARE * (self.present - numbers) >= self.present
    }

    /// The most frequent word in a column that otherwise consists of steps.
    pub(super) fn step_word(&self) -> Option<String> {
        let (notation, numbers) = self.figures.most(None);
        let is_so =
            2 * numbers >= self.present && self.judge(None) == Content::Words && self.are_steps(numbers);
        self.words.as_ref().filter(|_| is_so)?.most_where(|word| notation.parse(word).is_none())
    }

    /// The word that marks some of the rows, if the others are empty and the word means yes.
    fn mark(&self) -> Option<String> {
        self.only_word().filter(|word| self.is_current && truth::is_yes(word))
    }

    /// The only word of a column whose other fields are empty, in any case.
    pub(super) fn only_word(&self) -> Option<String> {
        let words = self.words.as_ref().filter(|words| self.gaps.empty() > 0 && words.len() <= SPELLINGS)?;
        let word = words.most()?;
        let lower = word.to_lowercase();
        words.iter().all(|(other, _)| other.to_lowercase() == lower).then_some(word)
    }

    /// Whether the fields are four digits for hours and minutes, too many for chance: `0930`.
    fn are_times(&self) -> bool {
        let (first, last) = self.range(Notation::Point);
        self.dates.are_clock_times()
            && self.are_padded_codes()
            && (last / 100.0).floor() - (first / 100.0).floor() >= HOURS
            && self.distinct().is_none_or(|different| different > CHANCE_TIMES)
    }

    /// The notation of most of its numbers.
    pub(super) fn notation(&self, has_comma: Option<bool>) -> Notation {
        match self.suffix() {
            Suffix::None => self.figures.most(has_comma).0,
            // All of them agree.
            Suffix::Factors | Suffix::Unit(_) => {
                self.figures.notation_of_all(self.present, has_comma).unwrap_or(Notation::Point)
            }
        }
    }

    /// Whether the column proves its decimal mark: a comma or not.
    pub(super) fn proves_comma(&self) -> Option<bool> {
        if !matches!(self.judge(None), Content::Numbers { .. }) {
            return None;
        }
        let [comma, point] = [true, false].map(|comma| self.notation(Some(comma)).has_comma());
        (comma == point).then_some(comma)
    }

    /// Whether its fields would be other numbers with another decimal mark.
    pub(super) fn is_ambiguous(&self) -> bool {
        self.figures.is_ambiguous()
    }

    /// Smallest and largest number in a notation; without numbers, the first is larger.
    pub(super) fn range(&self, notation: Notation) -> (f64, f64) {
        self.figures.ends(notation).range()
    }

    /// The tail of its numbers, if it is the same for all.
    pub(super) fn suffix(&self) -> Suffix {
        self.figures.suffix(self.present)
    }

    /// Why numbers followed by something are words: the first of them, and a field that is written
    /// differently.
    pub(super) fn odd_suffixes(&self) -> Option<Odd<'_>> {
        self.figures.odd_suffixes(self.present)
    }

    /// Whether all of its numbers are digits, an `E` and digits, as codes may be: `1E5`.
    pub(super) fn are_powers(&self) -> bool {
        self.present > 0 && self.figures.powers() == self.present
    }

    /// Whether some of its numbers have a percent sign, and others none.
    pub(super) fn are_percents_mixed(&self) -> bool {
        self.figures.are_percents_mixed()
    }

    /// Two currencies of its numbers, if there are several.
    pub(super) fn currencies(&self) -> Option<(&str, &str)> {
        self.figures.currencies()
    }

    /// Numbers that look like words for missing values in a notation, and how often each occurs.
    pub(super) fn sentinels(&self, notation: Notation) -> impl Iterator<Item = (&str, u64)> {
        let is_varied = self.distinct().is_none_or(|different| different >= VARIED);
        // A number in most fields is a value.
        self.figures.ends(notation).sentinels(if is_varied { self.present / 2 } else { 0 })
    }

    /// Whether a number is among the fields, as far as they are remembered; else whether it is in
    /// their range.
    pub(super) fn may_hold(&self, number: &str, notation: Notation) -> bool {
        let (low, high) = self.range(notation);
        let is_in_range = || notation.parse(number).is_some_and(|value| (low..=high).contains(&value));
        self.words.as_ref().map_or_else(is_in_range, |words| words.has(number))
    }

    /// Whether the fields are row numbers, from 0 or 1, as written by pandas.
    pub(super) fn are_row_numbers(&self) -> bool {
        let (first, _) = self.range(Notation::Point);
        let counts = self.figures.counts_up() && (first == 0.0 || first == 1.0);
        self.present >= 3 && self.gaps.count() == 0 && counts
    }

    /// Whether no field is missing, and no two are equal as far as they are remembered.
    pub(super) fn are_different(&self) -> bool {
        self.present >= 3 && self.gaps.count() == 0 && self.are_different
    }

    /// The step between neighbours, if all fields are whole numbers in equal steps.
    pub(super) fn even_step(&self) -> Option<f64> {
        let is_whole = self.present >= 3 && self.gaps.count() == 0 && self.figures.count() == self.present;
        self.figures.even_step().filter(|_| is_whole)
    }

    /// Whether its fields are different whole numbers.
    pub(super) fn are_different_whole(&self) -> bool {
        self.are_different() && self.figures.count() == self.present && self.are_whole()
    }

    /// Whether that is proven for all fields, because they are remembered or increasing.
    pub(super) fn are_proven_different_whole(&self) -> bool {
        self.are_different_whole() && (self.words.is_some() || self.figures.rise())
    }

    /// Whether all numbers are whole, read with decimal points.
    pub(super) fn are_whole(&self) -> bool {
        self.figures.are_whole()
    }

    /// Whether its fields are digits with significant leading zeros, or marked as text.
    pub(super) fn are_codes(&self) -> bool {
        !self.are_codes_numbers && self.present > 0 && self.codes.are_all(self.present)
    }

    /// Whether its fields are codes only because of their leading zeros.
    pub(super) fn are_padded_codes(&self) -> bool {
        !self.codes.have_texts() && self.present > 0 && self.codes.are_all(self.present)
    }

    /// The first field of digits with leading zeros.
    pub(super) fn first_padded(&self) -> Option<&str> {
        self.codes.first_padded()
    }

    /// Whether all fields are dates in a format.
    pub(super) fn fits(&self, format: DateFormat) -> bool {
        self.date_formats().has(format) || self.dates.are_digits_of(format) && self.present > 0
    }

    /// The first of numbers that are all dates in eight digits, or several months: `202403`,
    /// `03.2024`.
    pub(super) fn first_compact_date(&self) -> Option<String> {
        let are = |format: DateFormat| {
            let is_month = format != DateFormat::COMPACT;
            let are_several = || self.distinct().is_none_or(|different| different > CHANCE_TIMES);
            self.dates.are_digits_of(format) && (!is_month || are_several())
        };
        let formats = [DateFormat::COMPACT, DateFormat::MONTH, DateFormat::MONTH_FIRST];
        let format = formats.into_iter().find(|format| self.present > 0 && are(*format))?;
        Some(self.first_digits(format))
    }

    /// The smallest of numbers that are dates in a format, as written.
    fn first_digits(&self, format: DateFormat) -> String {
        let (first, _) = self.range(Notation::Point);
        if format == DateFormat::MONTH_FIRST { format!("{first:07.4}") } else { format!("{first:04}") }
    }

    /// The format of a column of dates, even if it looks like numbers.
    pub(super) fn date_format(&self) -> Option<DateFormat> {
        let digits = [DateFormat::COMPACT, DateFormat::MONTH, DateFormat::MONTH_FIRST, DateFormat::CLOCK]
            .into_iter()
            .find(|format| self.fits(*format));
        self.date_formats().best_in(self.dates.order).or(digits)
    }

    /// The orders of day, month and year in which all fields are dates.
    pub(super) fn date_orders(&self) -> Vec<DateOrder> {
        self.date_formats().orders()
    }

    fn date_formats(&self) -> DateFormats {
        self.dates.formats(self.present)
    }

    /// The first date, or the earliest of eight digits, in seconds.
    pub(super) fn first_date(&self, format: DateFormat, first_year: u16) -> Option<f64> {
        let of_digits = || format.parse(&self.first_digits(format));
        self.dates.first(format, first_year).or_else(of_digits)
    }

    /// The first year of the century for two-digit years, in a column with this name.
    pub(super) fn first_year(&self, format: DateFormat, name: &str) -> u16 {
        if self.is_current { self.dates.first_year(format, name) } else { FIRST_YEAR }
    }

    /// The last year in the usual century, if that is after the year in which the file was written,
    /// and the latter.
    pub(super) fn future(&self, format: DateFormat) -> Option<(u16, u16)> {
        self.dates.future(format)
    }

    /// The first of months or quarters without days, if all fields are such.
    pub(super) fn first_month(&self) -> Option<&str> {
        let is_month = self.date_formats().best().is_some_and(DateFormat::is_month);
        self.dates.first_text().filter(|_| is_month)
    }

    /// A month with a number that is a day or a two-digit year, if all words are such, with several
    /// months: `15-Jan`.
    pub(super) fn month_and_number(&self) -> Option<String> {
        let words = self.words.as_ref()?;
        let months = words.iter().map(|(word, _)| month_and_number(word.trim()));
        let months = months.collect::<Option<HashSet<i8>>>()?;
        words.most().filter(|_| months.len() > 1)
    }

    /// Dates that mean missing, and how often each occurs.
    pub(super) fn date_sentinels(&self) -> impl Iterator<Item = (&str, u64)> {
        self.dates.sentinels(self.distinct())
    }

    /// Whether times have a zone, and the first without one.
    pub(super) fn zones(&self) -> (bool, Option<&Place>) {
        self.dates.zones()
    }

    /// Why it is not a column of dates, if most of its fields are dates, and their format.
    pub(super) fn unreadable_dates(&self) -> Option<(DateFormat, Unreadable<'_>)> {
        self.dates.unreadable(self.present)
    }

    /// The words and how often each occurs, unordered; `None` if they are too many to remember.
    pub(super) fn words(&self) -> Option<&Words> {
        self.words.as_ref()
    }

    /// Number of different fields; `None` for too many to count.
    pub(super) fn distinct(&self) -> Option<usize> {
        self.words.as_ref().map(Words::len)
    }

    /// Number of missing fields, without those that a mark leaves empty.
    pub(super) fn missing(&self) -> u64 {
        let are_values = self.present > 0 && self.mark().is_some();
        self.gaps.count() - if are_values { self.gaps.empty() } else { 0 }
    }

    /// The usual words among the missing fields.
    pub(super) fn usual_words(&self) -> UsualWords {
        self.gaps.usual_words()
    }

    /// Whether the chosen word number `place` is among the missing fields.
    pub(super) fn has_chosen(&self, place: usize) -> bool {
        self.gaps.has_chosen(place)
    }

    /// Number of fields that are not missing.
    pub(super) fn present(&self) -> u64 {
        self.present
    }
}

#[cfg(test)]
mod tests;
