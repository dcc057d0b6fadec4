//! Dates and times as written in tables.

use std::sync::LazyLock;

use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::strtime::BrokenDownTime;

use super::buffer::Buffer;
use super::century::FIRST_YEAR;
use super::months::{in_digits, in_english, pointed_month, year_month};
use crate::dataset::duration::Duration;
use crate::project::DateOrder;

/// How the dates of a column are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DateFormat(usize);

/// Formats that fit everything seen so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DateFormats(u128);

/// The forms of a date, in the notation of `strftime`. If day and month are ambiguous, the day
/// comes first; if the year is as well, the year does, as in ISO 8601.
const DATES: [&str; 23] = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%b %d, %Y",
    "%b %d %Y",
    "%d %B %Y",
    "%B %d, %Y",
    "%y-%m-%d",
    "%d.%m.%y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d-%m-%y",
    "%m-%d-%y",
    "%d-%b-%y",
    "%y/%m/%d",
    "%Y%m%d",
];
/// Times that may follow a date, or, except for the first, occur alone.
const TIMES: [&str; 5] = ["", "%H:%M", "%H:%M:%S%.f", "%I:%M %p", "%I:%M:%S %p"];
/// Marks of a time in UTC.
const UTC: [&str; 2] = ["Z", " UTC"];
/// Four digits: `0930`.
const CLOCK: &str = "%H%M";
/// Months and quarters without a day, which are dates only if that is chosen: `2010-11` may be a
/// season. Each has several spellings.
pub(super) const MONTHS_ALONE: [&str; 6] = ["%Y-%m", "%Y/%m", "%m/%Y", "%b %Y", "%YQ%q", "%Y%m"];

/// All formats: every date with every time, then the times alone, then durations (clocks beyond a
/// day or an hour), then months alone.
static FORMATS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let dated = DATES.iter().flat_map(|date| TIMES.iter().map(move |time| format!("{date} {time}")));
    dated
        .map(|format| format.trim().to_owned())
        .chain(TIMES[1..].iter().chain([&CLOCK]).map(|&time| time.to_owned()))
        .chain(Duration::ALL.map(|duration| duration.name().to_owned()))
        .chain(MONTHS_ALONE.map(str::to_owned))
        .collect()
});
/// Number of formats.
const COUNT: usize = FIRST_MONTH + MONTHS_ALONE.len();
const FIRST_DURATION: usize = DATES.len() * TIMES.len() + TIMES.len();
const FIRST_MONTH: usize = FIRST_DURATION + Duration::ALL.len();

const SECONDS_PER_DAY: f64 = 86_400.0;
/// Names of time zones with one meaning, in hours ahead of UTC.
const ZONES: [(&str, f64); 16] = [
    ("UTC", 0.0),
    ("GMT", 0.0),
    ("WET", 0.0),
    ("WEST", 1.0),
    ("CET", 1.0),
    ("CEST", 2.0),
    ("EET", 2.0),
    ("EEST", 3.0),
    ("EST", -5.0),
    ("EDT", -4.0),
    ("MST", -7.0),
    ("MDT", -6.0),
    ("PST", -8.0),
    ("PDT", -7.0),
    ("JST", 9.0),
    ("NZST", 12.0),
];
/// Beginnings of the names of months, in lower case.
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

impl DateFormat {
    /// Eight digits: `20240131`.
    pub(super) const COMPACT: DateFormat = DateFormat((DATES.len() - 1) * TIMES.len());
    /// Six digits: `202401`.
    pub(super) const MONTH: DateFormat = DateFormat(COUNT - 1);
    /// A month and a year separated by a point: `01.2024`.
    pub(super) const MONTH_FIRST: DateFormat = DateFormat(FIRST_MONTH + 2);
    /// Four digits for hours and minutes: `0930`.
    pub(super) const CLOCK: DateFormat = DateFormat(DATES.len() * TIMES.len() + TIMES.len() - 1);

    /// In the notation of `strftime`: `%Y-%m-%d %H:%M`.
    pub(super) fn name(self) -> &'static str {
        &FORMATS[self.0]
    }

    /// Its name if times have a zone: results are in UTC, which the name says.
    pub(super) fn utc_name(self) -> String {
        let zone = if self.name().ends_with("%p") { UTC[1] } else { UTC[0] };
        format!("{}{zone}", self.name())
    }

    /// The format with this name.
    pub(super) fn of_name(name: &str) -> Option<DateFormat> {
        let name = UTC.iter().find_map(|zone| name.strip_suffix(zone)).unwrap_or(name);
        FORMATS.iter().position(|format| format == name).map(DateFormat)
    }

    /// Whether it has a time of day.
    pub(super) fn has_time(self) -> bool {
        !self.is_month() && (!self.0.is_multiple_of(TIMES.len()) || !self.has_date())
    }

    /// Whether it is a month or quarter without a day.
    pub(super) fn is_month(self) -> bool {
        self.0 >= FIRST_MONTH
    }

    /// Whether its years have two digits.
    pub(super) fn has_short_year(self) -> bool {
        self.name().contains("%y")
    }

    /// The year of a field, if it has two digits.
    pub(super) fn short_year(self, field: &str) -> Option<u8> {
        let (before, _) = self.name().split_once("%y")?;
        let numbers = before.matches("%d").count() + before.matches("%m").count();
        let mut runs = field.split(|letter: char| !letter.is_ascii_digit()).filter(|run| !run.is_empty());
        runs.nth(numbers)?.parse().ok().filter(|year| *year < 100)
    }

    /// Whether it is a duration.
    pub(super) fn is_duration(self) -> bool {
        self.duration().is_some()
    }

    /// Whether it is more than a time of day.
    pub(super) fn has_date(self) -> bool {
        self.0 < DATES.len() * TIMES.len() || self.is_month()
    }

    /// Which of day, month and year comes first; `None` for a time of day.
    pub(super) fn order(self) -> Option<DateOrder> {
        let date = DATES.get(self.0 / TIMES.len())?;
        let place = |letters: &[&str]| letters.iter().find_map(|letter| date.find(letter));
        let (day, month, year) = (place(&["%d"]), place(&["%m", "%b", "%B"]), place(&["%Y", "%y"]));
        Some(if year < day.min(month) {
            DateOrder::YearFirst
        } else if day < month {
            DateOrder::DayFirst
        } else {
            DateOrder::MonthFirst
        })
    }

    /// [`DateFormat::parse_since`] with the usual first year.
    pub(super) fn parse(self, field: &str) -> Option<f64> {
        self.parse_since(field, FIRST_YEAR)
    }

    /// Seconds since the beginning of 1970, or since midnight for a time without a date, with the
    /// time zone applied. Two-digit years are in the 100 years from `first_year`. `None` if the
    /// field is not such a date.
    pub(super) fn parse_since(self, field: &str, first_year: u16) -> Option<f64> {
        let in_digits = in_digits(field.trim());
        let field = in_digits.as_deref().unwrap_or(field);
        if let Some(duration) = self.duration() {
            return duration.parse(field.trim());
        }
        if self.is_month() {
            let pointed = || pointed_month(field.trim()).map(|(year, month)| (2, year, month));
            let (form, year, month) = year_month(field.trim()).or_else(pointed)?;
            let year = if year < 100 { super::century::year_since(year, first_year)? } else { year };
            let day = (FIRST_MONTH + form == self.0).then(|| Date::new(year, month, 1).ok())??;
            return Some(secs_of(day));
        }
        let english = if self.name().contains("%b") { in_english(field.trim()) } else { None };
        let (text, zone_secs) = without_zone(english.as_deref().unwrap_or(field.trim()));
        let mut spaced;
        // The date and time of ISO 8601.
        let is_mark = |at: &usize| {
            matches!(text.as_bytes().get(at - 1..at + 2), Some([b'0'..=b'9', b'T' | b't', b'0'..=b'9']))
        };
        let mark = [10, 8].into_iter().find(is_mark);
        let text = match mark {
            Some(at) => {
                spaced = Buffer::new();
                spaced.push_str(&text[..at]).and_then(|()| spaced.push(' '))?;
                spaced.push_str(&text[at + 1..])?;
                spaced.as_str()
            }
            None => text,
        };
        if !self.has_its_digits(text) {
            return None;
        }
        let parsed = BrokenDownTime::parse(self.name(), text).ok()?;
        let date = if self.has_date() { parsed.to_date().ok()? } else { Date::constant(1970, 1, 1) };
        let date = if self.has_short_year() { in_century(date, first_year)? } else { date };
        let time = if self.has_time() { parsed.to_time().ok()? } else { Time::midnight() };
        let moment = DateTime::from_parts(date, time);
        let since = moment.duration_since(DateTime::from_parts(date, Time::midnight()));
        Some(secs_of(date) + since.as_secs_f64() - zone_secs.unwrap_or_default())
    }

    /// Its kind of duration.
    fn duration(self) -> Option<Duration> {
        Duration::ALL.get(self.0.checked_sub(FIRST_DURATION)?).copied()
    }

    /// Whether a field has a time if this format has one, and the same first separator. Trying a
    /// format takes far longer.
    fn has_shape_of(self, field: &str) -> bool {
        if self.duration().is_some() {
            return field.contains(':');
        }
        if self.name().contains("%b") && in_english(field).is_some() {
            return self.has_time() == field.contains(':');
        }
        let sign = field.bytes().find(|byte| !byte.is_ascii_alphanumeric());
        let own = self.name().as_bytes().get(2).copied();
        self.has_time() == field.contains(':') && (own == Some(b'%') || own == sign)
    }

    /// Whether the year of a field has the right number of digits: 31/12/99 is not in the year 99.
    fn has_its_digits(self, text: &str) -> bool {
        let Some((before, _)) = self.name().split_once("%Y").or_else(|| self.name().split_once("%y")) else {
            return true;
        };
        let numbers = before.matches("%d").count() + before.matches("%m").count();
        let mut runs =
            text.split(|letter: char| !letter.is_ascii_digit()).filter(|run| !run.is_empty()).map(str::len);
        if self.name().contains("%Y%m") {
            return runs.next() == Some(8);
        }
        runs.nth(numbers) == Some(if self.name().contains("%Y") { 4 } else { 2 })
    }

    /// Whether a field is not a version number with points (3.9.10, 3.10.12), for two-digit years.
    /// Single digits are usual with slashes (a spreadsheet writes 1/31/99), and unambiguous with
    /// the name of a month.
    fn is_sure_of(self, field: &str) -> bool {
        let Some((before, _)) = self.name().split_once("%y") else { return true };
        let runs = field.split(|letter: char| !letter.is_ascii_digit()).filter(|run| !run.is_empty());
        before.contains('/') || before.contains("%b") || runs.take(3).all(|run| run.len() == 2)
    }
}

impl DateFormats {
    /// None: it is not a date.
    pub(super) const NONE: DateFormats = DateFormats(0);
    /// Every format: before any field.
    pub(super) const ALL: DateFormats = DateFormats(u128::MAX >> (128 - COUNT));

    /// Those that fit a field.
    #[must_use]
    pub(super) fn that_read(self, field: &str) -> DateFormats {
        self.read(field, false).0
    }

    /// Those that fit a field, and the date in the likeliest of these. In a column that `is_named`
    /// after dates, 3.9.86 is a date, too.
    pub(super) fn read(self, field: &str, is_named: bool) -> (DateFormats, Option<f64>) {
        let in_digits = in_digits(field.trim());
        let field = in_digits.as_deref().unwrap_or(field.trim());
        if let Some((form, ..)) = year_month(field) {
            let format = DateFormat(FIRST_MONTH + form);
            let formats = if self.has(format) { DateFormats(1 << format.0) } else { DateFormats::NONE };
            return (formats, format.parse(field));
        }
        if !may_be_date(field) {
            return (DateFormats::NONE, None);
        }
        let may_be = |format: &DateFormat| {
            !format.is_month() && format.has_shape_of(field) && (is_named || format.is_sure_of(field))
        };
        let shaped = self.iter().filter(may_be);
        let fits = shaped.filter_map(|format| Some((format, format.parse(field)?)));
        fits.fold((DateFormats::NONE, None), |(formats, first), (format, value)| {
            (DateFormats(formats.0 | 1 << format.0), first.or(Some(value)))
        })
    }

    /// Without months and quarters.
    #[must_use]
    pub(super) fn with_days(self) -> DateFormats {
        DateFormats(self.0 & ((1 << FIRST_MONTH) - 1))
    }

    fn iter(self) -> impl Iterator<Item = DateFormat> {
        let mut bits = self.0;
        std::iter::from_fn(move || {
            let first = (bits != 0).then(|| bits.trailing_zeros() as usize)?;
            bits &= bits - 1;
            Some(DateFormat(first))
        })
    }

    /// The likeliest of them with two-digit years that come first, or that do not.
    pub(super) fn with_short_years(self, is_first: bool) -> Option<DateFormat> {
        let is_so = |format: &DateFormat| (format.order() == Some(DateOrder::YearFirst)) == is_first;
        self.iter().find(|format| format.has_short_year() && is_so(format))
    }

    /// Whether it contains a format.
    pub(super) fn has(self, format: DateFormat) -> bool {
        self.0 >> format.0 & 1 == 1
    }

    /// Whether it is empty.
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The likeliest of them.
    pub(super) fn best(self) -> Option<DateFormat> {
        self.iter().next()
    }

    /// The likeliest of them in the chosen order, if one fits; otherwise the likeliest.
    pub(super) fn best_in(self, order: DateOrder) -> Option<DateFormat> {
        self.iter().find(|format| format.order() == Some(order)).or_else(|| self.best())
    }

    /// The orders that fit: with several, the same digits give different dates.
    pub(super) fn orders(self) -> Vec<DateOrder> {
        let has = |order: &DateOrder| self.iter().any(|format| format.order() == Some(*order));
        DateOrder::ALL.into_iter().filter(has).collect()
    }
}

/// Seconds from the beginning of 1970 to the beginning of a day.
fn secs_of(day: Date) -> f64 {
    let hours = day.duration_since(Date::constant(1970, 1, 1)).as_hours() as i32;
    f64::from(hours) / 24.0 * SECONDS_PER_DAY
}

/// A date with a two-digit year, in the 100 years from `first_year`. `None` for a leap day that
/// does not exist there.
fn in_century(date: Date, first_year: u16) -> Option<Date> {
    if first_year == FIRST_YEAR {
        return Some(date);
    }
    let year = super::century::year_since(date.year().rem_euclid(100), first_year)?;
    Date::new(year, date.month(), date.day()).ok()
}

/// Whether a field begins like a date or time. Most fields of tables do not, and trying all formats
/// takes time.
fn may_be_date(field: &str) -> bool {
    let end = field.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(field.len());
    let (first, rest) = field.split_at(end);
    let is_number = first.bytes().all(|byte| byte.is_ascii_digit());
    let is_month =
        || first.get(..3).is_some_and(|start| MONTHS.contains(&start.to_ascii_lowercase().as_str()));
    // Minutes may be more than 99.
    let is_duration = || first.len() == 3 && rest.starts_with(':');
    let begins = if is_number {
        matches!(first.len(), 1 | 2 | 4 | 8) || is_duration()
    } else {
        first == "1er" || is_month()
    };
    // 20240131T10:00 is one word up to the colon.
    let is_compact = first.len() > 8 && first.as_bytes()[..8].iter().all(u8::is_ascii_digit);
    let is_alone = is_number && first.len() == 8 && rest.is_empty();
    // A day and a year, or an hour and a minute.
    let least = if field.contains(':') { 2 } else { 3 };
    (begins || is_compact)
        && field.len() >= 4
        && (rest.starts_with(['-', '/', '.', ':', ' ', '\u{a0}', '\u{202f}', 'º', '°']) || is_alone)
        && field.bytes().filter(u8::is_ascii_digit).count() >= least
}

/// Whether a date and time has a time zone.
pub(super) fn has_zone(field: &str) -> bool {
    without_zone(field.trim()).1.is_some()
}

/// A time without its zone, and the zone's seconds ahead of UTC, if it has one.
fn without_zone(text: &str) -> (&str, Option<f64>) {
    // A zone can only follow a time of day.
    let Some(colon) = text.find(':') else { return (text, None) };
    if let Some(rest) = text.strip_suffix(['Z', 'z']) {
        return (rest.trim_end(), Some(0.0));
    }
    if let Some((rest, name)) = text.rsplit_once(' ')
        && let Some((_, hours)) = ZONES.iter().find(|(zone, _)| *zone == name)
    {
        return (rest.trim_end(), Some(3600.0 * hours));
    }
    let Some(at) = text.rfind(['+', '-']).filter(|&at| at > colon) else { return (text, None) };
    let (rest, zone) = text.split_at(at);
    let digits = match zone.as_bytes() {
        [_, a, b] => [*a, *b, b'0', b'0'],
        [_, a, b, c, d] | [_, a, b, b':', c, d] => [*a, *b, *c, *d],
        _ => return (text, None),
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return (text, None);
    }
    let [tens_of_hours, hours, tens, minutes] = digits.map(|digit| f64::from(digit - b'0'));
    let secs = 3600.0 * (10.0 * tens_of_hours + hours) + 60.0 * (10.0 * tens + minutes);
    (rest.trim_end(), Some(if zone.starts_with('-') { -secs } else { secs }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_detected_by_all_fields_together() {
        let check = |fields: &[&str], expected: Option<(&str, bool)>, first: Option<f64>| {
            let all = fields.iter().fold(DateFormats::ALL, |formats, field| formats.that_read(field));
            let best = all.best();
            let rendered = best.map(|format| (format.name(), all.orders().len() > 1));
            assert_eq!(rendered, expected, "{fields:?}");
            assert_eq!(best.and_then(|format| format.parse(fields[0])), first, "{fields:?}");
        };
        // date -u -d 2024-01-31 +%s
        check(&["2024-01-31", "2023-12-01"], Some(("%Y-%m-%d", false)), Some(1_706_659_200.0));
        check(&["31.01.2024"], Some(("%d.%m.%Y", false)), Some(1_706_659_200.0));
        check(&["01/31/2024", "02/01/2024"], Some(("%m/%d/%Y", false)), Some(1_706_659_200.0));
        check(&["1/2/2024", "3/4/2024"], Some(("%d/%m/%Y", true)), Some(1_706_745_600.0));
        check(&["31-Jan-2024"], Some(("%d-%b-%Y", false)), Some(1_706_659_200.0));
        check(&["Jan 31, 2024"], Some(("%b %d, %Y", false)), Some(1_706_659_200.0));
        check(&["2024-01-31T00:00:01.5Z"], Some(("%Y-%m-%d %H:%M:%S%.f", false)), Some(1_706_659_201.5));
        check(&["2024-01-31 02:00:00+02:00"], Some(("%Y-%m-%d %H:%M:%S%.f", false)), Some(1_706_659_200.0));
        check(&["2024-01-31 01:00 PM"], Some(("%Y-%m-%d %I:%M %p", false)), Some(1_706_706_000.0));
        check(&["12:30"], Some(("%H:%M", false)), Some(45_000.0));
        check(&["1969-12-31"], Some(("%Y-%m-%d", false)), Some(-86_400.0));
        check(&["Jan 31 2024"], Some(("%b %d %Y", false)), Some(1_706_659_200.0));
        check(&["31 January 2024"], Some(("%d %B %Y", false)), Some(1_706_659_200.0));
        check(&["5 May 2024"], Some(("%d %b %Y", false)), Some(1_714_867_200.0));
        check(&["31/12/99", "1/2/00"], Some(("%d/%m/%y", false)), Some(946_598_400.0));
        check(&["12/31/99"], Some(("%m/%d/%y", false)), Some(946_598_400.0));
        check(&["31.12.99 10:00"], Some(("%d.%m.%y %H:%M", false)), Some(946_634_400.0));
        check(&["31-DEC-99"], Some(("%d-%b-%y", false)), Some(946_598_400.0));
        check(&["03/04/05"], Some(("%d/%m/%y", true)), Some(1_112_486_400.0));
        check(&["24-01-31"], Some(("%y-%m-%d", true)), Some(1_706_659_200.0));
        check(&["20240131"], Some(("%Y%m%d", false)), Some(1_706_659_200.0));
        check(&["31 janv. 2024", "5 mai 2024"], Some(("%d %b %Y", false)), Some(1_706_659_200.0));
        check(&["31. Januar 2024", "3. April 2024"], Some(("%d %b %Y", false)), Some(1_706_659_200.0));
        check(&["31-ENE-24", "1-DIC-24"], Some(("%d-%b-%y", false)), Some(1_706_659_200.0));
        check(&["31 January 2024", "3 April 2024"], Some(("%d %B %Y", false)), Some(1_706_659_200.0));
        check(&["31 de enero de 2024 01:00"], Some(("%d %b %Y %H:%M", false)), Some(1_706_662_800.0));
        check(&["31/01/2024 02:00 CEST"], Some(("%d/%m/%Y %H:%M", false)), Some(1_706_659_200.0));
        // More than a day or an hour.
        check(&["27:19:44", "8:17:45"], Some(("[h]:mm:ss", false)), Some(98_384.0));
        check(&["62:15", "49:54"], Some(("[m]:ss", false)), Some(3735.0));
        check(&["125:30.5"], Some(("[m]:ss", false)), Some(7530.5));
        // Months are dates only by choice.
        check(&["2024-03", "2023-12"], Some(("%Y-%m", false)), Some(1_709_251_200.0));
        check(&["3/2024"], Some(("%m/%Y", false)), Some(1_709_251_200.0));
        check(&["Mar 2024", "March-2024", "mars 2024"], Some(("%b %Y", false)), Some(1_709_251_200.0));
        check(&["2024Q1", "2024-Q2", "Q3 2024"], Some(("%YQ%q", false)), Some(1_704_067_200.0));
        assert!(DateFormats::ALL.that_read("2024-03").with_days().is_empty());
        check(&["202403", "202312"], Some(("%Y%m", false)), Some(1_709_251_200.0));
        check(&["Jan 2024", "2023-Dec"], Some(("%b %Y", false)), Some(1_704_067_200.0));
        check(&["2024年3月", "2023M12"], Some(("%Y-%m", false)), Some(1_709_251_200.0));
        check(&["2024年1月31日", "2023年12月1日"], Some(("%Y-%m-%d", false)), Some(1_706_659_200.0));
        check(&["2024년 1월 31일 1:00"], Some(("%Y-%m-%d %H:%M", false)), Some(1_706_662_800.0));
        check(&["20240131T01:00:00Z"], Some(("%Y%m%d %H:%M:%S%.f", false)), Some(1_706_662_800.0));
        for word in [
            "2024",
            "1.5",
            "12.30",
            "2024-13-01",
            "31.02.2024",
            "abc-def",
            "1-2",
            "ID 5",
            "25:60",
            "25:0",
            "3.9.1",
            "3.10.12",
            "1-2-99",
            "99-31-12",
            "20241301",
            "03.2024",
            "2024年13月1日",
            "ID-01-02",
            "market 5",
            "May 1",
            "",
        ] {
            check(&[word], None, None);
        }
    }

    #[test]
    fn names_of_columns_distinguish_dates_from_versions() {
        let all = DateFormats::ALL;
        let named = |field: &str| all.read(field, true).0.best().map(DateFormat::name);
        for (field, expected) in
            [("1.5.86", Some("%d.%m.%y")), ("13-5-86", Some("%d-%m-%y")), ("3.9.1", None), ("1.13.86", None)]
        {
            assert_eq!((named(field), all.that_read(field)), (expected, DateFormats::NONE), "{field}");
        }
        // date -u -d 1986-05-01 +%s; date -u -d 2024-03-01 +%s
        for (field, name, secs) in
            [("1.5.86", "%d.%m.%y", 515_289_600.0), ("Mar-24", "%b %Y", 1_709_251_200.0)]
        {
            assert_eq!(DateFormat::of_name(name).and_then(|format| format.parse(field)), Some(secs));
        }
    }

    #[test]
    fn a_chosen_order_counts_where_it_fits() {
        let check = |field: &str, order: DateOrder, expected: &str| {
            let format = DateFormats::ALL.that_read(field).best_in(order);
            assert_eq!(format.map(DateFormat::name), Some(expected), "{field} {order:?}");
        };
        check("03/04/2024", DateOrder::Auto, "%d/%m/%Y");
        check("03/04/2024", DateOrder::MonthFirst, "%m/%d/%Y");
        check("31/03/2024", DateOrder::MonthFirst, "%d/%m/%Y");
        check("24-01-31", DateOrder::DayFirst, "%d-%m-%y");
        check("2024-01-31", DateOrder::DayFirst, "%Y-%m-%d");
    }

    #[test]
    fn years_of_two_digits_are_in_the_chosen_century() {
        let check = |field: &str, first_year: u16, expected: &str| {
            let format = DateFormats::ALL.that_read(field).best().unwrap();
            let day = DateFormat::of_name("%Y-%m-%d").and_then(|format| format.parse(expected));
            assert_eq!(format.parse_since(field, first_year), day, "{field} {first_year}");
        };
        check("31.12.68", 1969, "2068-12-31");
        check("31.12.69", 1969, "1969-12-31");
        check("31.12.68", 1927, "1968-12-31");
        check("31-DEC-26", 1927, "2026-12-31");
        check("27-12-31", 1927, "1927-12-31");
        check("29.02.00", 1927, "2000-02-29");
        // That day did not exist.
        check("29.02.00", 1850, "none");
        check("31.12.1968", 1850, "1968-12-31");
        let dmy = DateFormat::of_name("%d/%m/%y").unwrap();
        assert_eq!(["3/4/05", "31/12/68", "x"].map(|field| dmy.short_year(field)), [Some(5), Some(68), None]);
        let ymd = DateFormat::of_name("%y-%m-%d").unwrap();
        assert_eq!(ymd.short_year("68-12-31"), Some(68));
    }

    #[test]
    fn names_are_parsed_again() {
        for at in 0..FORMATS.len() {
            let format = DateFormat(at);
            for name in [format.name(), &format.utc_name()] {
                assert_eq!(DateFormat::of_name(name), Some(format), "{name}");
            }
        }
    }
}
