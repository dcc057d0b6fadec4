//! Dates among the fields of a column, and the other fields.

use super::century::ShortYears;
use super::date::{self, DateFormat, DateFormats};
use super::ends::Ends;
use crate::project::DateOrder;

/// Number of different fields that are remembered because they are not dates.
const MOST_OTHER: usize = 4;
/// Number of other fields that are tolerated, plus one per this many dates.
const TOLERATED: u64 = 8;

/// A field of a column, with the number of its row, counted from 1 below the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub row: u64,
    pub text: String,
}

/// The dates of a column, as long as it may be a column of dates.
#[derive(Clone, Debug)]
pub(super) struct Dated {
    /// Formats that fit all dates, except those in the other formats.
    formats: DateFormats,
    count: u64,
    first: Option<Place>,
    /// Formats that fit all others.
    other_formats: DateFormats,
    others: u64,
    first_other: Option<Place>,
    /// Fields that are not dates: their number, the first few different ones, and the number of
    /// others.
    stray_count: u64,
    other_fields: Vec<Place>,
    other_strays: u64,
    /// Times with a zone, and the first without one.
    zoned: u64,
    first_naive: Option<Place>,
    /// The earliest and the latest date, in seconds.
    ends: Ends,
    /// Two-digit years, in formats where they come first and where they come last.
    short_years: [ShortYears; 2],
    /// Whether the column has a name for dates.
    is_named: bool,
    /// Whether there are too many other fields for a column of dates.
    is_over: bool,
}

/// Why a column that contains dates is not a column of dates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Unreadable<'a> {
    /// These fields are not dates; the flag says whether these are all such fields.
    Strays(&'a [Place], bool),
    /// They have two formats, as in these fields.
    Mixed(&'a Place, &'a Place),
}

impl Default for Dated {
    fn default() -> Self {
        Dated {
            formats: DateFormats::ALL,
            count: 0,
            first: None,
            other_formats: DateFormats::ALL,
            others: 0,
            first_other: None,
            stray_count: 0,
            other_fields: Vec::new(),
            other_strays: 0,
            zoned: 0,
            first_naive: None,
            ends: Ends::default(),
            short_years: [ShortYears::default(); 2],
            is_named: false,
            is_over: false,
        }
    }
}

impl Dated {
    /// Without fields yet, for a column with or without a name for dates.
    pub(super) fn named(is_named: bool) -> Dated {
        Dated { is_named, ..Dated::default() }
    }

    /// Adds a field that is neither missing nor a plain number.
    pub(super) fn add(&mut self, row: u64, field: &str) {
        if self.is_over {
            return;
        }
        let place = || Place { row, text: field.to_owned() };
        if self.other_fields.iter().any(|stray| stray.text == field) {
            self.stray_count += 1;
            return;
        }
        let (formats, date) = self.formats.read(field, self.is_named);
        if let Some(date) = date {
            self.ends.add(date, field.as_bytes());
            self.add_short_year(formats, field);
            self.formats = formats;
            self.count += 1;
            self.first.get_or_insert_with(place);
            if date::has_zone(field) {
                self.zoned += 1;
            } else if self.first_naive.is_none() {
                self.first_naive = Some(place());
            }
            return;
        }
        let is_tried = self.other_formats == self.formats;
        let others = if is_tried { formats } else { self.other_formats.read(field, self.is_named).0 };
        if others.is_empty() {
            self.add_other(row, field);
        } else {
            self.other_formats = others;
            self.others += 1;
            self.first_other.get_or_insert_with(place);
        }
    }

    /// Adds the year of a date if it has two digits.
    fn add_short_year(&mut self, formats: DateFormats, field: &str) {
        for (years, is_first) in self.short_years.iter_mut().zip([true, false]) {
            let format = formats.with_short_years(is_first);
            if let Some(year) = format.and_then(|format| format.short_year(field)) {
                years.add(year);
            }
        }
    }

    /// The two-digit years in a format.
    pub(super) fn short_years(&self, format: DateFormat) -> ShortYears {
        let [first, last] = self.short_years;
        match format.order() {
            _ if !format.has_short_year() => ShortYears::default(),
            Some(DateOrder::YearFirst) => first,
            Some(DateOrder::Auto | DateOrder::DayFirst | DateOrder::MonthFirst) | None => last,
        }
    }

    /// Dates that mean missing, and how often each occurs, in a column with this many different
    /// values.
    pub(super) fn sentinels(&self, different: Option<usize>) -> impl Iterator<Item = (&str, u64)> {
        self.ends.date_sentinels(different)
    }

    /// Adds a field that is not a date.
    pub(super) fn add_other(&mut self, row: u64, field: &str) {
        if self.is_over {
            return;
        }
        self.stray_count += 1;
        if self.other_fields.iter().any(|stray| stray.text == field) {
            return;
        }
        if self.other_fields.len() < MOST_OTHER {
            self.other_fields.push(Place { row, text: field.to_owned() });
            return;
        }
        self.other_strays += 1;
        if self.other_strays > TOLERATED + self.count / TOLERATED {
            (self.is_over, self.other_fields) = (true, Vec::new());
        }
    }

    /// Whether it cannot become a column of dates, whatever follows.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// The formats of a column of this many fields, all of which are dates.
    pub(super) fn formats(&self, present: u64) -> DateFormats {
        if self.count == present && !self.is_over { self.formats } else { DateFormats::NONE }
    }

    /// The first date as written.
    pub(super) fn first_text(&self) -> Option<&str> {
        self.first.as_ref().map(|first| first.text.as_str())
    }

    /// The first date in seconds.
    pub(super) fn first(&self, format: DateFormat, first_year: u16) -> Option<f64> {
        self.first.as_ref().and_then(|first| format.parse_since(&first.text, first_year))
    }

    /// The first time without a zone, if others have one.
    pub(super) fn naive(&self) -> Option<&Place> {
        self.first_naive.as_ref().filter(|_| self.zoned > 0)
    }

    /// Whether times have a zone, all or some.
    pub(super) fn has_zones(&self) -> bool {
        self.zoned > 0
    }

    /// Why it is not a column of dates, if most of its fields are dates.
    pub(super) fn unreadable(&self, present: u64) -> Option<Unreadable<'_>> {
        // A few words such as "5-7" or "May 1" are dates by chance.
        let dates = self.count + self.others;
        let are_most = dates >= 3 && dates >= self.stray_count && dates + self.stray_count == present;
        if self.is_over || !are_most {
            return None;
        }
        match (&self.first, &self.first_other) {
            (Some(first), Some(other)) => Some(Unreadable::Mixed(first, other)),
            (Some(_), None) if self.stray_count > 0 => {
                Some(Unreadable::Strays(&self.other_fields, self.other_strays == 0))
            }
            (_, _) => None,
        }
    }

    /// The likeliest format in an order, of all dates except those in the other formats.
    pub(super) fn format(&self, order: DateOrder) -> Option<DateFormat> {
        self.formats.best_in(order).filter(|_| self.count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_one_of_dates_where_all_fields_are_some() {
        let dated = |fields: &[&str]| {
            let mut dated = Dated::default();
            (1..).zip(fields).for_each(|(row, field)| dated.add(row, field));
            (dated.unreadable(fields.len() as u64).is_some(), !dated.formats(fields.len() as u64).is_empty())
        };
        assert_eq!(dated(&["2024-01-31", "2024-02-01"]), (false, true));
        assert_eq!(dated(&["2024-01-31", "2024-02-01", "soon", "2024-02-03", "2024-02-04"]), (true, false));
        assert_eq!(dated(&["soon", "2024-02-01", "2024-02-03", "2024-02-04"]), (true, false));
        assert_eq!(dated(&["2024-01-31", "31.01.2024", "2024-02-01", "01.02.2024"]), (true, false));
        assert_eq!(dated(&["13/01/2024", "01/13/2024", "14/01/2024"]), (true, false));
        assert_eq!(dated(&["red", "2024-02-01", "blue"]), (false, false));
        assert_eq!(dated(&["red", "blue", "green"]), (false, false));
    }

    #[test]
    fn other_fields_and_zones_are_reported_with_their_rows() {
        let mut dated = Dated::default();
        let fields = [
            "2024-01-31 10:00Z",
            "late",
            "2024-01-31 11:00",
            "late",
            "2024-01-31 12:00",
            "2024-01-31 13:00",
            "2024-01-31 14:00",
            "2024-01-31 15:00",
        ];
        (1..).zip(fields).for_each(|(row, field)| dated.add(row, field));
        let stray = Place { row: 2, text: "late".to_owned() };
        assert_eq!(dated.unreadable(8), Some(Unreadable::Strays(&[stray], true)));
        assert_eq!(dated.naive().map(|place| place.row), Some(3));
        let mut words = Dated::default();
        (1..100).for_each(|row| words.add(row, &format!("word {row}")));
        assert!(words.is_over() && words.unreadable(99).is_none());
        // One word for missing dates may occur any number of times.
        let mut gaps = Dated::default();
        (1..100).for_each(|row| gaps.add(row, if row % 3 == 0 { "0000-00-00" } else { "2024-01-31" }));
        let stray = Place { row: 3, text: "0000-00-00".to_owned() };
        assert_eq!(gaps.unreadable(99), Some(Unreadable::Strays(&[stray], true)));
    }
}
