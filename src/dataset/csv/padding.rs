//! Numbers that a spreadsheet displays with leading zeros: 501 as `00501`, 12345678 as
//! `012-34-5678`.

use calamine::Style;

use super::remarks::Remarks;
use super::shortened;
use crate::dataset::memory::Reservation;
use crate::dataset::{DataError, Progress};

/// Longest format that is examined: Excel allows 255 characters, codes need few.
const LONGEST: usize = 64;
/// Larger numbers are not exact in a spreadsheet.
const LARGEST: f64 = 1e15;

/// For each style, how its numbers are displayed, if that is with leading zeros.
pub(super) struct Paddings<'a> {
    by_style: Vec<Option<Padding>>,
    /// Their memory.
    _reservation: Reservation<'a>,
}

impl<'a> Paddings<'a> {
    /// The paddings of all styles of a spreadsheet.
    ///
    /// # Errors
    /// [`DataError`] if memory is short or loading was cancelled.
    pub(super) fn of(styles: &[Style], progress: &'a Progress) -> Result<Paddings<'a>, DataError> {
        let bytes = styles.len() * (size_of::<Option<Padding>>() + 2 * LONGEST);
        let reservation = progress.budget().charge_scoped(bytes as u64)?;
        let mut by_style = Vec::with_capacity(styles.len());
        for style in styles {
            progress.check()?;
            let format = style.number_format.as_ref().map(|format| format.format_code.as_str());
            by_style.push(format.and_then(Padding::of));
        }
        Ok(Paddings { by_style, _reservation: reservation })
    }

    /// A number as displayed in a style; `None` if that has no leading zeros.
    pub(super) fn shown(&self, style: usize, value: f64) -> Option<String> {
        self.by_style.get(style)?.as_ref()?.shown(value)
    }
}

/// The cells of a sheet that were read as displayed.
#[derive(Clone, Debug, Default)]
pub(super) struct Padded {
    count: usize,
    first: Option<String>,
}

impl Padded {
    /// Adds a cell.
    pub(super) fn add(&mut self, shown: &str) {
        self.count += 1;
        self.first.get_or_insert_with(|| shown.to_owned());
    }

    /// Reports them.
    pub(super) fn report(&self, remarks: &mut Remarks) {
        let Some(first) = &self.first else { return };
        let s = if self.count == 1 { "" } else { "s" };
        remarks.notes.push(format!(
            "numbers that the sheet shows with leading zeros are read as shown ({} cell{s}; the first is {})",
            self.count,
            shortened(first)
        ));
    }
}

/// A number format that fills whole numbers with zeros.
#[derive(Clone, Debug, PartialEq)]
struct Padding {
    /// A `0` for each digit, and the characters between them, none of which is a digit.
    mask: String,
    /// The largest number for this mask, and the mask for those above it.
    larger: Option<(f64, String)>,
}

impl Padding {
    /// The padding of `00000`, `000\-00\-0000`, `"ID "000` or `[<=99999]00000;00000\-0000`; `None`
    /// for any other format.
    fn of(format: &str) -> Option<Padding> {
        if format.len() > LONGEST {
            return None;
        }
        let (mask, limit, rest) = section(format)?;
        let larger = match limit {
            Some(limit) => {
                let (mask, None, _) = section(rest)? else { return None };
                Some((limit, mask))
            }
            None => None,
        };
        Some(Padding { mask, larger })
    }

    /// A whole number as displayed, if it has leading zeros or characters between its digits.
    /// Fractions, which would be rounded, and negative numbers are left unchanged.
    fn shown(&self, value: f64) -> Option<String> {
        if !(0.0..LARGEST).contains(&value) || value.fract() != 0.0 {
            return None;
        }
        let mask = match &self.larger {
            Some((limit, mask)) if value > *limit => mask,
            Some(_) | None => &self.mask,
        };
        let bare = format!("{value:.0}");
        let places = mask.matches('0').count();
        let filled = format!("{bare:0>places$}");
        // Digits beyond the mask come before the first.
        let (more, digits) = filled.split_at(filled.len() - places);
        let (mut digits, mut more) = (digits.chars(), Some(more));
        let mut shown = String::new();
        for letter in mask.chars() {
            if letter == '0' {
                shown.push_str(more.take().unwrap_or_default());
                shown.extend(digits.next());
            } else {
                shown.push(letter);
            }
        }
        (shown != bare).then_some(shown)
    }
}

/// The mask of the first section of a format, the largest number it applies to if given, and the
/// sections after it. `None` for fewer than two zeros, or with anything but zeros and fixed
/// characters.
fn section(format: &str) -> Option<(String, Option<f64>, &str)> {
    let (mut mask, mut limit, mut zeros) = (String::new(), None, 0);
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '0' => {
                zeros += 1;
                mask.push('0');
            }
            ';' => break,
            '-' | ' ' | '(' | ')' => mask.push(letter),
            '\\' => mask.push(letters.next()?),
            // The width of a character, and a character that fills the cell.
            '_' | '*' => {
                letters.next()?;
            }
            '"' => {
                let (text, rest) = letters.as_str().split_once('"')?;
                mask.push_str(text);
                letters = rest.chars();
            }
            '[' => {
                let (prefix, rest) = letters.as_str().split_once(']')?;
                if let Some(number) = prefix.strip_prefix("<=") {
                    limit = Some(number.trim().parse().ok()?);
                } else if !prefix.starts_with("$-") {
                    // Neither a limit nor a language.
                    return None;
                }
                letters = rest.chars();
            }
            _ => return None,
        }
    }
    let mask = mask.trim().to_owned();
    // Digits and line breaks in the mask would be read as part of the number.
    let is_clear = mask.matches(|letter: char| letter.is_numeric() || letter.is_control()).count() == zeros;
    (zeros >= 2 && is_clear).then_some((mask, limit, letters.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_with_the_zeros_of_their_format() {
        let check = |format: &str, value: f64, expected: Option<&str>| {
            let shown = Padding::of(format).and_then(|padding| padding.shown(value));
            assert_eq!(shown.as_deref(), expected, "{value} as {format}");
        };
        check("00000", 501.0, Some("00501"));
        check("00000", 0.0, Some("00000"));
        check("00", 7.0, Some("07"));
        check("00000", 94_110.0, None);
        check("00000", 123_456.0, None);
        check("00000;-00000;;@", 501.0, Some("00501"));
        check("[$-409]00000", 501.0, Some("00501"));
        check("_-00000_-", 501.0, Some("00501"));
        check("000-00-0000", 12_345_678.0, Some("012-34-5678"));
        check("000\\-00\\-0000", 12_345_678.0, Some("012-34-5678"));
        check("000\\-00\\-0000", 9_012_345_678.0, Some("9012-34-5678"));
        check("000\\.00\\.000\\.000", 75_612_345_678.0, Some("756.12.345.678"));
        check("\"ID \"0000", 42.0, Some("ID 0042"));
        check("\\D\\-00000", 1067.0, Some("D-01067"));
        check("[<=99999]00000;00000\\-0000", 501.0, Some("00501"));
        check("[<=99999]00000;00000\\-0000", 5_010_001.0, Some("00501-0001"));
        // Formats that are not codes, or that would lose digits.
        for (format, value) in [
            ("00000", 3.5),
            ("00000", -7.0),
            ("00000", 1e15),
            ("00000", f64::NAN),
            ("0", 5.0),
            ("00.00", 5.0),
            ("00%", 5.0),
            ("#,##0", 5.0),
            ("0000E+00", 5.0),
            ("General", 5.0),
            ("@", 5.0),
            ("[Red]00000", 501.0),
            ("[$€-407]00000", 501.0),
            ("[<=x]00000;0000", 501.0),
            ("[<=99999]00000", 501_000.0),
            ("\"0\"000", 7.0),
            ("000\"", 7.0),
            ("000\\", 7.0),
            ("[000", 7.0),
            ("", 7.0),
        ] {
            check(format, value, None);
        }
        assert_eq!(Padding::of(&"0".repeat(65)), None);
    }
}
