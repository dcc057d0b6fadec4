//! Dates as text.

use jiff::Timestamp;
use jiff::tz::Offset;

/// A moment, given in seconds since 1970: `2026-11-29 11:38 UTC`. What no calendar has is `–`.
pub fn format_date(unix_secs: u64) -> String {
    let moment = i64::try_from(unix_secs).ok().and_then(|secs| Timestamp::from_second(secs).ok());
    let Some(moment) = moment else { return "–".to_owned() };
    let date = Offset::UTC.to_datetime(moment);
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02} UTC",
        date.year(),
        date.month(),
        date.day(),
        date.hour(),
        date.minute()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_from_the_year_to_the_minute() {
        for (secs, expected) in
            [(0, "1970-01-01 00:00 UTC"), (1_700_000_000, "2023-11-14 22:13 UTC"), (u64::MAX, "–")]
        {
            assert_eq!(format_date(secs), expected);
        }
    }
}
