//! Times as text, in local time.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A time, given in seconds since 1970: `2026-11-29 11:38`. Times outside the calendar are `–`.
pub fn format_date(unix_secs: u64) -> String {
    date_in(unix_secs, &TimeZone::system())
}

/// The time of day: `11:38:05`.
pub fn format_time(unix_secs: u64) -> String {
    time_in(unix_secs, &TimeZone::system())
}

fn date_in(unix_secs: u64, zone: &TimeZone) -> String {
    moment(unix_secs, zone).map_or_else(missing, |at| at.strftime("%Y-%m-%d %H:%M").to_string())
}

fn time_in(unix_secs: u64, zone: &TimeZone) -> String {
    moment(unix_secs, zone).map_or_else(missing, |at| at.strftime("%H:%M:%S").to_string())
}

fn moment(unix_secs: u64, zone: &TimeZone) -> Option<DateTime> {
    let moment = i64::try_from(unix_secs).ok().and_then(|secs| Timestamp::from_second(secs).ok());
    moment.map(|moment| zone.to_datetime(moment))
}

fn missing() -> String {
    "–".to_owned()
}

#[cfg(test)]
mod tests {
    use jiff::tz::offset;

    use super::*;

    #[test]
    fn dates_are_formatted_in_local_time() {
        let (utc, east) = (TimeZone::UTC, TimeZone::fixed(offset(2)));
        for (secs, zone, date, time) in [
            (0, &utc, "1970-01-01 00:00", "00:00:00"),
            (1_700_000_000, &utc, "2023-11-14 22:13", "22:13:20"),
            (1_700_000_000, &east, "2023-11-15 00:13", "00:13:20"),
            (u64::MAX, &utc, "–", "–"),
        ] {
            assert_eq!((date_in(secs, zone), time_in(secs, zone)), (date.to_owned(), time.to_owned()));
        }
    }
}
