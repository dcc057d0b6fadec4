//! The century of two-digit years.

use std::time::SystemTime;

/// First year of the usual century: 1969 to 2068, as in POSIX.
pub(super) const FIRST_YEAR: u16 = 1969;
/// Years in which a file can have been written; other times count as unknown.
const WRITTEN: std::ops::RangeInclusive<u16> = 2000..=2500;
/// Words in the names of columns of births.
const BIRTHS: [&str; 9] = ["dob", "geb", "gebdat", "bday", "born", "né", "née", "nato", "nata"];
/// Parts of such words.
const PARTS_OF_BIRTHS: [&str; 9] =
    ["birth", "geburt", "geboren", "geboorte", "naissance", "nacimiento", "nascita", "nascimento", "födelse"];
/// Parts of the names of columns of dates.
const DATES: [&str; 5] = ["date", "datum", "fecha", "dato", "дата"];

/// The year for two digits in the 100 years from the first.
pub(super) fn year_since(short: i16, first_year: u16) -> Option<i16> {
    let first = i32::from(first_year);
    i16::try_from(first + (i32::from(short) - first).rem_euclid(100)).ok()
}

/// The year in which a file was written; `None` if its time cannot be right.
pub(super) fn written_in(time: SystemTime) -> Option<u16> {
    /// Seconds of a year of 365.2425 days.
    const YEAR_SECS: u64 = 31_556_952;
    let secs = time.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    u16::try_from(1970 + secs / YEAR_SECS).ok().filter(|year| WRITTEN.contains(year))
}

/// The two-digit years of a column, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ShortYears(u128);

impl ShortYears {
    /// Adds a year below 100.
    pub(super) fn add(&mut self, year: u8) {
        self.0 |= 1_u128.checked_shl(u32::from(year)).unwrap_or(0);
    }

    /// The first and the last of them in the 100 years from `first_year`.
    fn range(self, first_year: u16) -> Option<(u16, u16)> {
        let has = |year: &u16| self.0 >> (year % 100) & 1 == 1;
        let mut years = (first_year..first_year.saturating_add(100)).filter(has);
        let first = years.next()?;
        Some((first, years.next_back().unwrap_or(first)))
    }

    /// The last of them, if that is after the year in which the file was written.
    pub(super) fn future(self, first_year: u16, written: u16) -> Option<u16> {
        self.range(first_year).map(|(_, last)| last).filter(|last| *last > written)
    }

    /// The first of the 100 years they are in: the usual one, unless that would put births in the
    /// future. A column of births is recognised by its name, or if its years are closer together
    /// without that future.
    pub(super) fn first_year(self, name: &str, written: Option<u16>) -> u16 {
        let usual = FIRST_YEAR;
        let Some(written) = written.filter(|written| self.future(usual, *written).is_some()) else {
            return usual;
        };
        let past = before(written);
        let length = |first_year| self.range(first_year).map_or(0, |(first, last)| last - first);
        if is_birth(name) || length(past) < length(usual) { past } else { usual }
    }
}

/// The first of the 100 years that end with `written`.
pub(super) fn before(written: u16) -> u16 {
    written.saturating_sub(99)
}

/// Whether a column has a name for dates.
pub(super) fn is_date(name: &str) -> bool {
    let lower = name.to_lowercase();
    DATES.iter().any(|part| lower.contains(part)) || is_birth(name)
}

/// Whether a column has a name for births.
fn is_birth(name: &str) -> bool {
    let name = name.to_lowercase();
    let compact = name.replace('.', "");
    PARTS_OF_BIRTHS.iter().any(|part| name.contains(part))
        || compact.split(|letter: char| !letter.is_alphanumeric()).any(|word| BIRTHS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn births_are_in_the_past() {
        let check = |name: &str, years: &[u8], written: Option<u16>, first_year: u16, future: Option<u16>| {
            let mut all = ShortYears::default();
            years.iter().for_each(|year| all.add(*year));
            let found = all.first_year(name, written);
            let last = written.and_then(|written| all.future(found, written));
            assert_eq!((found, last), (first_year, future), "{name} {years:?} {written:?}");
        };
        check("birth_date", &[40, 55, 68], Some(2026), 1927, None);
        check("D.O.B.", &[40, 99, 3], Some(2026), 1927, None);
        check("Geburtsdatum", &[70, 99, 3], Some(2026), 1969, None);
        // 1945 to 2003 is shorter than 1971 to 2067.
        check("date", &[45, 52, 67, 71, 88, 95, 3], Some(2026), 1927, None);
        // 1995 to 2040 is shorter than 1930 to 2025.
        check("matures", &[95, 5, 15, 25, 30, 40], Some(2026), 1969, Some(2040));
        check("date", &[40, 55, 68], Some(2026), 1969, Some(2068));
        check("date", &[99, 3, 24], Some(2026), 1969, None);
        check("birth_date", &[40, 55, 68], None, 1969, None);
        check("birth_date", &[], Some(2026), 1969, None);
    }

    #[test]
    fn columns_are_called_after_dates() {
        for (name, expected) in
            [("Order Date", true), ("Kaufdatum", true), ("geb.", true), ("version", false), ("day", false)]
        {
            assert_eq!(is_date(name), expected, "{name}");
        }
    }

    #[test]
    fn files_are_written_in_sensible_years() {
        let at = |secs| written_in(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(secs));
        // 2024-01-31, and the epochs of some file systems.
        assert_eq!([1_706_659_200, 0, 315_532_800].map(at), [Some(2024), None, None]);
    }
}
