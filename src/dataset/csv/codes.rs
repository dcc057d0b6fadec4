//! Digits that are codes: postal codes, part numbers and ids, whose leading zeros are significant.

use super::plain::Plain;

/// If codes have different lengths, at least one in this many fields has leading zeros.
const PART: u64 = 20;

/// Evidence that the fields of a column are codes.
#[derive(Clone, Debug, Default)]
pub(super) struct Codes {
    /// Fields that consist of digits, and those of them with a leading zero that a number would not
    /// have.
    bare: u64,
    padded: u64,
    first_padded: Option<Box<str>>,
    /// The shortest and the longest of the former.
    lengths: Option<(u8, u8)>,
    /// Fields marked as text for a spreadsheet: `="00501"`.
    texts: u64,
}

impl Codes {
    /// Adds a plain number.
    pub(super) fn add(&mut self, plain: Plain, field: &[u8]) {
        if !plain.is_bare() {
            return;
        }
        self.bare += 1;
        let (short, long) = self.lengths.unwrap_or((plain.length, plain.length));
        self.lengths = Some((short.min(plain.length), long.max(plain.length)));
        if plain.is_padded() {
            self.padded += 1;
            self.first_padded.get_or_insert_with(|| String::from_utf8_lossy(field).into());
        }
    }

    /// Adds a field marked as text.
    pub(super) fn add_text(&mut self) {
        self.texts += 1;
    }

    /// Whether this many fields are codes: most are marked as text, or all are digits and some have
    /// leading zeros.
    pub(super) fn are_all(&self, present: u64) -> bool {
        2 * self.texts > present || self.bare == present && self.are_padded()
    }

    /// Whether the fields that consist of digits are codes, because some have leading zeros.
    pub(super) fn are_padded(&self) -> bool {
        let is_fixed = |(short, long): (u8, u8)| short == long || self.padded * PART >= self.bare;
        // Two digits may be months or hours.
        self.padded > 0 && self.lengths.is_some_and(|lengths| is_fixed(lengths) && lengths.1 > 2)
    }

    /// The first field with leading zeros.
    pub(super) fn first_padded(&self) -> Option<&str> {
        self.first_padded.as_deref()
    }

    /// Whether there are fields marked as text.
    pub(super) fn have_texts(&self) -> bool {
        self.texts > 0
    }
}

/// A trimmed field without a spreadsheet's mark for text (`="00501"`), and whether it had one.
pub(super) fn unmarked(field: &str) -> (&str, bool) {
    let field = field.trim();
    match field.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')) {
        Some(text) if !text.contains('"') => (text.trim(), true),
        Some(_) | None => (field, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_zeros_make_codes() {
        let check = |fields: &[&str], expected: bool| {
            let mut codes = Codes::default();
            for field in fields {
                if let Some(plain) = Plain::of(field.as_bytes()) {
                    codes.add(plain, field.as_bytes());
                }
            }
            assert_eq!(codes.are_all(fields.len() as u64), expected, "{fields:?}");
        };
        check(&["00501", "94110", "02139"], true);
        check(&["007", "012", "1000"], true);
        check(&["501", "94110"], false);
        check(&["07", "12"], false);
        check(&["0.5", "00501"], false);
        check(&["-5", "007"], false);
        check(&["0", "1"], false);
        let many: Vec<String> = (0..100).map(|at| format!("{}", 5 * at)).chain(["007".to_owned()]).collect();
        check(&many.iter().map(String::as_str).collect::<Vec<_>>(), false);
    }

    #[test]
    fn the_mark_of_a_spreadsheet_is_no_part_of_the_text() {
        assert_eq!(unmarked(" =\"00501\" "), ("00501", true));
        assert_eq!(unmarked("=\"\""), ("", true));
        for field in ["00501", "=A1", "=\"", "=\"a\"&\"b\""] {
            assert_eq!(unmarked(field), (field, false));
        }
    }
}
