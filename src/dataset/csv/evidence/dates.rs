//! What the fields of a column tell about dates and times.

use super::super::date::{DateFormat, DateFormats};
use super::super::dated::{Dated, Place, Spoilt};
use super::super::plain::Plain;
use super::VALUE_BYTES;
use crate::dataset::memory::{self, Budget};
use crate::project::DateOrder;

/// The dates of a column.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is found by itself")]
pub(super) struct Dates {
    /// What the fields that are no plain numbers tell; `None` before the first of them, and where it
    /// is over.
    dated: Option<Box<Dated>>,
    may_be: bool,
    /// Whether all fields are dates of eight digits, though numbers as well.
    are_compact: bool,
    /// Whether all fields are hours and minutes in four digits, and some are in the second half of
    /// an hour.
    are_clock: bool,
    have_halves: bool,
    /// The order of day, month and year where several fit.
    pub order: DateOrder,
    /// Memory for what is known of dates.
    charged: u64,
}

impl Default for Dates {
    fn default() -> Self {
        Dates {
            dated: None,
            may_be: true,
            are_compact: true,
            are_clock: true,
            have_halves: false,
            order: DateOrder::Auto,
            charged: 0,
        }
    }
}

impl Dates {
    /// Adds a plain number.
    pub(super) fn add_plain(&mut self, row: u64, plain: Plain, field: &[u8]) {
        self.are_compact = self.are_compact && plain.is_compact_date();
        self.are_clock = self.are_clock && plain.is_time();
        self.have_halves |= self.are_clock && plain.digits % 100 >= 30;
        self.add_no_date(row, field);
    }

    /// Adds a number that is no plain one.
    pub(super) fn add_stray(&mut self, row: u64, field: &[u8]) {
        (self.are_compact, self.are_clock) = (false, false);
        self.add_no_date(row, field);
    }

    fn add_no_date(&mut self, row: u64, field: &[u8]) {
        match &mut self.dated {
            Some(dated) => dated.add_stray(row, std::str::from_utf8(field).unwrap_or_default()),
            None => self.may_be = false,
        }
    }

    /// Adds any other field, too long ones as words.
    pub(super) fn add(&mut self, row: u64, field: &str, is_short: bool, budget: &Budget) {
        (self.are_compact, self.are_clock) = (false, false);
        if !self.may_be {
            return;
        }
        if self.dated.is_none() {
            // With the few fields that it remembers.
            let bytes = memory::bytes_of::<Dated>(1) + 8 * memory::text_bytes(VALUE_BYTES);
            if budget.take(bytes).is_err() {
                self.may_be = false;
                return;
            }
            self.charged += bytes;
        }
        let dated = self.dated.get_or_insert_default();
        if is_short {
            dated.add(row, field);
        } else {
            dated.add_stray(row, &super::super::shortened(field));
        }
        if dated.is_over() {
            (self.dated, self.may_be) = (None, false);
            budget.give_back(std::mem::take(&mut self.charged));
        }
    }

    /// Forgets them, and gives back what they took.
    pub(super) fn release(&mut self, budget: &Budget) {
        self.dated = None;
        budget.give_back(std::mem::take(&mut self.charged));
    }

    /// Whether all fields are digits of a format, though numbers as well.
    pub(super) fn are_digits_of(&self, format: DateFormat) -> bool {
        format == DateFormat::COMPACT && self.are_compact || format == DateFormat::CLOCK && self.are_clock
    }

    /// Whether all fields are hours and minutes in four digits, also by the minutes: codes often end
    /// in small numbers.
    pub(super) fn are_clock_times(&self) -> bool {
        self.are_clock && self.have_halves
    }

    /// The formats of a column of so many fields, all of which are dates.
    pub(super) fn formats(&self, present: u64) -> DateFormats {
        self.dated.as_ref().map_or(DateFormats::NONE, |dated| dated.formats(present))
    }

    /// The first date in seconds; `None` for digits.
    pub(super) fn first(&self, format: DateFormat) -> Option<f64> {
        self.dated.as_ref().and_then(|dated| dated.first(format))
    }

    /// Whether times have a zone, and the first without one.
    pub(super) fn zones(&self) -> (bool, Option<&Place>) {
        self.dated.as_ref().map_or((false, None), |dated| (dated.has_zones(), dated.naive()))
    }

    /// Why it is no column of dates, where most of so many fields are some, and how these are
    /// written.
    pub(super) fn spoilt(&self, present: u64) -> Option<(DateFormat, Spoilt<'_>)> {
        let dated = self.dated.as_ref()?;
        Some((dated.format(self.order)?, dated.spoilt(present)?))
    }
}
