//! Dates and times as people write them in tables.

use std::sync::LazyLock;

use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::strtime::BrokenDownTime;

/// How the dates of a column are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DateFormat(usize);

/// Formats in which everything seen so far is a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DateFormats(u64);

/// The forms of a date, in the terms of `strftime`. Where day and month can be either, the day comes
/// first.
const DATES: [&str; 11] = [
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
];
/// What may follow a date, and what may stand alone but for the first.
const TIMES: [&str; 5] = ["", "%H:%M", "%H:%M:%S%.f", "%I:%M %p", "%I:%M:%S %p"];

/// All formats: every date with every time, then the times alone.
static FORMATS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let dated = DATES.iter().flat_map(|date| TIMES.iter().map(move |time| format!("{date} {time}")));
    dated
        .map(|format| format.trim().to_owned())
        .chain(TIMES[1..].iter().map(|&time| time.to_owned()))
        .collect()
});

const SECONDS_PER_DAY: f64 = 86_400.0;

impl DateFormat {
    /// As `strftime` has it: `%Y-%m-%d %H:%M`.
    pub(super) fn name(self) -> &'static str {
        &FORMATS[self.0]
    }

    /// The format of a name.
    pub(super) fn of_name(name: &str) -> Option<DateFormat> {
        FORMATS.iter().position(|format| format == name).map(DateFormat)
    }

    /// Whether it has a time of day.
    pub(super) fn has_time(self) -> bool {
        !self.0.is_multiple_of(TIMES.len()) || self.0 >= DATES.len() * TIMES.len()
    }

    /// Seconds since the beginning of 1970, or since midnight for a time alone; a zone that is told is
    /// counted in. `None` where the field is no such date.
    pub(super) fn parse(self, field: &str) -> Option<f64> {
        let (text, zone_secs) = without_zone(field.trim());
        let mut spaced;
        let text = match text.as_bytes().get(10) {
            // The date and time of ISO 8601.
            Some(b'T' | b't') => {
                spaced = text.to_owned();
                spaced.replace_range(10..11, " ");
                spaced.as_str()
            }
            _ => text,
        };
        if !self.has_whole_year(text) {
            return None;
        }
        let parsed = BrokenDownTime::parse(self.name(), text).ok()?;
        let has_date = self.0 < DATES.len() * TIMES.len();
        let date = if has_date { parsed.to_date().ok()? } else { Date::constant(1970, 1, 1) };
        let time = if self.has_time() { parsed.to_time().ok()? } else { Time::midnight() };
        let moment = DateTime::from_parts(date, time);
        let days = f64::from(date.duration_since(Date::constant(1970, 1, 1)).as_hours() as i32) / 24.0;
        let since = moment.duration_since(DateTime::from_parts(date, Time::midnight()));
        Some(days * SECONDS_PER_DAY + since.as_secs_f64() - zone_secs)
    }

    /// Whether the year of a field, if it has one, is written with four digits: 31/12/99 is not in the year 99, and 3.9.1 no
    /// date.
    fn has_whole_year(self, text: &str) -> bool {
        let Some((before, _)) = self.name().split_once("%Y") else { return true };
        let numbers = before.matches("%d").count() + before.matches("%m").count();
        let mut runs = text.split(|letter: char| !letter.is_ascii_digit()).filter(|run| !run.is_empty());
        runs.nth(numbers).is_some_and(|year| year.len() == 4)
    }
}

impl DateFormats {
    /// None: it is no date.
    pub(super) const NONE: DateFormats = DateFormats(0);
    /// Every format: nothing was seen yet.
    pub(super) const ALL: DateFormats = DateFormats((1 << (DATES.len() * TIMES.len() + TIMES.len() - 1)) - 1);

    /// Those of them in which a field is a date.
    #[must_use]
    pub(super) fn that_read(self, field: &str) -> DateFormats {
        let field = field.trim();
        // Far the most fields of tables are no dates.
        let may_be = field.len() >= 4
            && field.starts_with(|first: char| first.is_ascii_alphanumeric())
            && field.bytes().any(|byte| byte.is_ascii_digit())
            && field.contains(['-', '/', '.', ':', ' ']);
        if !may_be {
            return DateFormats(0);
        }
        let fits = |at: &usize| self.0 >> at & 1 == 1 && DateFormat(*at).parse(field).is_some();
        DateFormats((0..FORMATS.len()).filter(fits).fold(0, |bits, at| bits | 1 << at))
    }

    /// Whether one is among them.
    pub(super) fn has(self, format: DateFormat) -> bool {
        self.0 >> format.0 & 1 == 1
    }

    /// Whether there is none.
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The first of them, and whether another reads other dates: day and month can be either.
    pub(super) fn best(self) -> Option<(DateFormat, bool)> {
        let first = (self.0 != 0).then(|| self.0.trailing_zeros() as usize)?;
        let rest = self.0 & !(1 << first);
        Some((DateFormat(first), rest != 0))
    }
}

/// A moment without its zone, and the seconds it is ahead of UTC.
fn without_zone(text: &str) -> (&str, f64) {
    // A zone follows a time of day alone.
    if !text.contains(':') {
        return (text, 0.0);
    }
    if let Some(rest) = text.strip_suffix(['Z', 'z']).or_else(|| text.strip_suffix(" UTC")) {
        return (rest.trim_end(), 0.0);
    }
    let Some(at) = text.rfind(['+', '-']).filter(|&at| at > text.find(':').unwrap_or(0)) else {
        return (text, 0.0);
    };
    let (rest, zone) = text.split_at(at);
    let digits: String = zone[1..].chars().filter(|mark| *mark != ':').collect();
    let number = |range: std::ops::Range<usize>| digits.get(range).and_then(|text| text.parse::<u8>().ok());
    let minutes = match digits.len() {
        2 => Some(0),
        4 => number(2..4),
        _ => None,
    };
    match (number(0..2), minutes) {
        (Some(hours), Some(minutes)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            let secs = f64::from(hours) * 3600.0 + f64::from(minutes) * 60.0;
            (rest.trim_end(), if zone.starts_with('-') { -secs } else { secs })
        }
        _ => (text, 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_told_by_all_fields_together() {
        let check = |fields: &[&str], expected: Option<(&str, bool)>, first: Option<f64>| {
            let all = fields.iter().fold(DateFormats::ALL, |formats, field| formats.that_read(field));
            let best = all.best();
            assert_eq!(best.map(|(format, doubtful)| (format.name(), doubtful)), expected, "{fields:?}");
            assert_eq!(best.and_then(|(format, _)| format.parse(fields[0])), first, "{fields:?}");
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
        for word in [
            "2024",
            "1.5",
            "12.30",
            "2024-13-01",
            "31.02.2024",
            "abc-def",
            "1-2",
            "ID 5",
            "25:00",
            "31/12/99",
            "3.9.1",
            "24-01-31",
            "",
        ] {
            check(&[word], None, None);
        }
    }

    #[test]
    fn names_lead_back() {
        for at in 0..FORMATS.len() {
            assert_eq!(DateFormat::of_name(DateFormat(at).name()), Some(DateFormat(at)));
        }
    }
}
