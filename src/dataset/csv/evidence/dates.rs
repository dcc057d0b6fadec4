//! Evidence that the fields of a column are dates or times.

use super::super::century::{FIRST_YEAR, ShortYears};
use super::super::date::{DateFormat, DateFormats};
use super::super::dated::{Dated, Place, Unreadable};
use super::super::plain::Plain;
use super::VALUE_BYTES;
use crate::dataset::memory::{self, Budget};
use crate::project::DateOrder;

/// The dates of a column.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is found by itself")]
pub(super) struct Dates {
    /// The fields that are not plain numbers; `None` before the first of them, and once there are
    /// too many.
    dated: Option<Box<Dated>>,
    may_be: bool,
    /// Whether all fields are dates in eight digits, which are numbers as well.
    are_compact: bool,
    /// Whether all fields are months in six digits, which are numbers as well.
    are_months: bool,
    /// Whether all fields are months and years separated by a point, which are numbers as well.
    are_pointed: bool,
    /// Whether all fields are hours and minutes in four digits, with some in the second half of an
    /// hour.
    are_clock: bool,
    have_halves: bool,
    /// Whether the column has a name for dates.
    pub is_named: bool,
    /// The order of day, month and year if several fit.
    pub order: DateOrder,
    /// The year in which the file was written, if known.
    pub written: Option<u16>,
    /// Memory charged for the dates.
    charged: u64,
}

impl Default for Dates {
    fn default() -> Self {
        Dates {
            dated: None,
            may_be: true,
            are_compact: true,
            are_months: true,
            are_pointed: true,
            are_clock: true,
            have_halves: false,
            is_named: false,
            order: DateOrder::Auto,
            written: None,
            charged: 0,
        }
    }
}

impl Dates {
    /// Adds a plain number.
    pub(super) fn add_plain(&mut self, row: u64, plain: Plain, field: &[u8]) {
        self.are_compact = self.are_compact && plain.is_compact_date();
        self.are_months = self.are_months && plain.is_compact_month();
        self.are_pointed = self.are_pointed && plain.is_pointed_month();
        self.are_clock = self.are_clock && plain.is_time();
        self.have_halves |= self.are_clock && plain.digits % 100 >= 30;
        self.add_no_date(row, field);
    }

    /// Adds a number that is not a plain one.
    pub(super) fn add_other(&mut self, row: u64, field: &[u8]) {
        self.are_no_digits();
        self.add_no_date(row, field);
    }

    fn are_no_digits(&mut self) {
        (self.are_compact, self.are_months) = (false, false);
        (self.are_pointed, self.are_clock) = (false, false);
    }

    fn add_no_date(&mut self, row: u64, field: &[u8]) {
        match &mut self.dated {
            Some(dated) => dated.add_other(row, std::str::from_utf8(field).unwrap_or_default()),
            None => self.may_be = false,
        }
    }

    /// Adds any other field; too long ones count as words.
    pub(super) fn add(&mut self, row: u64, field: &str, is_short: bool, budget: &Budget) {
        self.are_no_digits();
        if !self.may_be {
            return;
        }
        if self.dated.is_none() {
            // Including the few fields that it remembers.
            let bytes = memory::bytes_of::<Dated>(1) + 8 * memory::text_bytes(VALUE_BYTES);
            if budget.take(bytes).is_err() {
                self.may_be = false;
                return;
            }
            self.charged += bytes;
        }
        let is_named = self.is_named;
        let dated = self.dated.get_or_insert_with(|| Box::new(Dated::named(is_named)));
        if is_short {
            dated.add(row, field);
        } else {
            dated.add_other(row, &super::super::shortened(field));
        }
        if dated.is_over() {
            (self.dated, self.may_be) = (None, false);
            budget.give_back(std::mem::take(&mut self.charged));
        }
    }

    /// Drops them, and releases their memory.
    pub(super) fn release(&mut self, budget: &Budget) {
        self.dated = None;
        budget.give_back(std::mem::take(&mut self.charged));
    }

    /// Whether all fields are digits in a format, which are numbers as well.
    pub(super) fn are_digits_of(&self, format: DateFormat) -> bool {
        format == DateFormat::COMPACT && self.are_compact
            || format == DateFormat::MONTH && self.are_months
            || format == DateFormat::MONTH_FIRST && self.are_pointed
            || format == DateFormat::CLOCK && self.are_clock
    }

    /// Whether all fields are hours and minutes in four digits, also judged by the minutes: codes
    /// often end in small numbers.
    pub(super) fn are_clock_times(&self) -> bool {
        self.are_clock && self.have_halves
    }

    /// The formats of a column of this many fields, all of which are dates.
    pub(super) fn formats(&self, present: u64) -> DateFormats {
        self.dated.as_ref().map_or(DateFormats::NONE, |dated| dated.formats(present))
    }

    /// The first date in seconds; `None` for digits.
    pub(super) fn first(&self, format: DateFormat, first_year: u16) -> Option<f64> {
        self.dated.as_ref().and_then(|dated| dated.first(format, first_year))
    }

    /// The first year of the century for two-digit years, in a column with this name.
    pub(super) fn first_year(&self, format: DateFormat, name: &str) -> u16 {
        self.short_years(format).map_or(FIRST_YEAR, |years| years.first_year(name, self.written))
    }

    /// The last year in the usual century, if that is after the year in which the file was written,
    /// and the latter.
    pub(super) fn future(&self, format: DateFormat) -> Option<(u16, u16)> {
        let (years, written) = (self.short_years(format)?, self.written?);
        Some((years.future(FIRST_YEAR, written)?, written))
    }

    /// The first date as written.
    pub(super) fn first_text(&self) -> Option<&str> {
        self.dated.as_ref().and_then(|dated| dated.first_text())
    }

    fn short_years(&self, format: DateFormat) -> Option<ShortYears> {
        self.dated.as_ref().map(|dated| dated.short_years(format))
    }

    /// Dates that mean missing, and how often each occurs, in a column with this many different
    /// values.
    pub(super) fn sentinels(&self, different: Option<usize>) -> impl Iterator<Item = (&str, u64)> {
        self.dated.iter().flat_map(move |dated| dated.sentinels(different))
    }

    /// Whether times have a zone, and the first without one.
    pub(super) fn zones(&self) -> (bool, Option<&Place>) {
        self.dated.as_ref().map_or((false, None), |dated| (dated.has_zones(), dated.naive()))
    }

    /// Why a column in which most of this many fields are dates is not a column of dates, and their
    /// format.
    pub(super) fn unreadable(&self, present: u64) -> Option<(DateFormat, Unreadable<'_>)> {
        let dated = self.dated.as_ref()?;
        let (format, unreadable) = (dated.format(self.order)?, dated.unreadable(present)?);
        // Months are words, with or without others among them.
        let are_months = format.is_month() && matches!(unreadable, Unreadable::Strays(..));
        (!are_months).then_some((format, unreadable))
    }
}
