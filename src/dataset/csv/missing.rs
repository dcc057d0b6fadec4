//! Words that mean a missing value.

use super::plain::{Plain, plain_number};
use crate::project::{Choice, TableReading};

/// The usual words, in any case, and the error values of spreadsheets.
const USUAL: [&str; 16] = [
    "NA", "N/A", "#N/A", "NaN", "NaT", "<NA>", "null", "None", "-", "?", "#DIV/0!", "#VALUE!", "#REF!",
    "#NAME?", "#NUM!", "#NULL!",
];
/// The length of the longest of them.
const USUAL_BYTES: usize = 7;
/// Those that may be values: a country, "no garage", a strand of DNA.
const MAY_BE_VALUES: [&str; 4] = ["NA", "null", "None", "-"];

/// Usual words for missing values in the fields of a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct UsualWords(u16);

/// Why a value is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// The field is empty.
    Empty,
    /// The chosen word with this index.
    Chosen(usize),
    /// A usual word, by its index in [`USUAL`].
    Usual(usize),
}

/// The missing fields of a column.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gaps {
    count: u64,
    empty: u64,
    usual: UsualWords,
    /// The first chosen words, one bit each: whether it occurs.
    chosen: u64,
}

impl Gaps {
    /// Adds a missing field.
    pub(super) fn add(&mut self, gap: Gap) {
        self.count += 1;
        match gap {
            Gap::Empty => self.empty += 1,
            Gap::Chosen(place) => {
                self.chosen |= u32::try_from(place).ok().and_then(|at| 1_u64.checked_shl(at)).unwrap_or(0);
            }
            Gap::Usual(word) => self.usual.add(word),
        }
    }

    /// Number of missing fields.
    pub(super) fn count(self) -> u64 {
        self.count
    }

    /// Number of empty fields.
    pub(super) fn empty(self) -> u64 {
        self.empty
    }

    /// The usual words among them.
    pub(super) fn usual_words(self) -> UsualWords {
        self.usual
    }

    /// Whether the chosen word with this index is among them. Only the first words are counted.
    pub(super) fn has_chosen(self, place: usize) -> bool {
        u32::try_from(place).ok().and_then(|at| self.chosen.checked_shr(at)).is_none_or(|bits| bits & 1 == 1)
    }
}

/// Whether a word means a missing value by itself.
pub(super) fn is_usual(word: &str) -> bool {
    USUAL.iter().any(|usual| usual.eq_ignore_ascii_case(word))
}

/// Whether a word usually means that there is no value, though it is not read as missing by
/// default.
pub(super) fn means_missing(word: &str) -> bool {
    const WORDS: [&str; 36] = [
        "nd",
        "n.d.",
        "n.d",
        "n/d",
        "na.",
        "n.a.",
        "n.a",
        "bdl",
        "bld",
        "lod",
        "<lod",
        "< lod",
        "loq",
        "<loq",
        "< loq",
        "bql",
        "blq",
        "blank",
        "empty",
        "missing",
        "unknown",
        "unk",
        "nil",
        "none",
        "void",
        "nodata",
        "no data",
        "not detected",
        "not determined",
        "not available",
        "not measured",
        "not applicable",
        "k.a.",
        "k. a.",
        "*",
        "--",
    ];
    let is_marks =
        !word.is_empty() && word.bytes().all(|byte| matches!(byte, b'.' | b'-' | b'*' | b'?' | b'#'));
    is_marks || WORDS.iter().any(|other| other.eq_ignore_ascii_case(word))
}

/// Why a trimmed field counts as missing; `None` if it is a value.
pub(super) fn gap(field: &str, reading: &TableReading) -> Option<Gap> {
    if field.is_empty() {
        return Some(Gap::Empty);
    }
    if let Some(place) = chosen(field.as_bytes(), reading) {
        return Some(Gap::Chosen(place));
    }
    if field.len() > USUAL_BYTES {
        return None;
    }
    // Usual words are recognised in any case.
    let is_meant = |field: &str| {
        !reading.only_missing_words
            || reading.missing_words.iter().any(|word| word.eq_ignore_ascii_case(field))
    };
    let usual = USUAL.iter().position(|word| word.eq_ignore_ascii_case(field));
    usual.filter(|_| is_meant(field)).map(Gap::Usual)
}

/// Whether a field counts as missing.
pub(super) fn is_missing(field: &str, reading: &TableReading) -> bool {
    gap(field.trim(), reading).is_some()
}

/// Whether a field is one of the chosen words, or an equal number: `-999.0` for `-999`.
pub(super) fn is_chosen(field: &[u8], reading: &TableReading) -> bool {
    chosen(field, reading).is_some()
}

fn chosen(field: &[u8], reading: &TableReading) -> Option<usize> {
    reading.missing_words.iter().position(|word| word.as_bytes() == field || is_same_number(word, field))
}

/// Whether a field is exactly one of the chosen words.
pub(super) fn is_chosen_exactly(field: &[u8], reading: &TableReading) -> bool {
    reading.missing_words.iter().any(|word| word.as_bytes() == field)
}

/// Whether two texts are the same number, with a decimal point or comma. Digits with leading zeros
/// are codes: `07` is not `7`.
pub(super) fn is_same_number(word: &str, field: &[u8]) -> bool {
    let Ok(field) = std::str::from_utf8(field) else { return false };
    number(word).is_some_and(|value| number(field) == Some(value))
}

fn number(text: &str) -> Option<f64> {
    let digits = text.trim_start_matches(['-', '+']).as_bytes();
    let is_padded = digits.first() == Some(&b'0') && digits.get(1).is_some_and(u8::is_ascii_digit);
    if is_padded {
        return None;
    }
    // A comma before three digits may group thousands.
    let is_decimal = || text.rsplit_once(',').is_some_and(|(_, fraction)| fraction.len() != 3);
    let with_comma = || Plain::with_mark(text.as_bytes(), b',').filter(|_| is_decimal());
    plain_number(text).or_else(|| with_comma().map(|plain| plain.value))
}

/// The choice of more words for missing values, added to those chosen before. `None` if one cannot
/// be expressed literally.
pub(super) fn with_more<'a>(reading: &TableReading, words: impl Iterator<Item = &'a str>) -> Option<Choice> {
    let mut all = reading.missing_words.clone();
    for word in words {
        let is_short = super::shortened(word) == word;
        if !is_short || word == "detect" || word.starts_with("only:") {
            return None;
        }
        all.push(word.to_owned());
    }
    Some(if reading.only_missing_words { Choice::OnlyMissingWords(all) } else { Choice::MissingWords(all) })
}

/// The choice of the usual words without some of them, as far as the others occur in the table.
pub(super) fn without(reading: &TableReading, values: UsualWords, seen: UsualWords) -> Choice {
    let chosen = reading
        .missing_words
        .iter()
        .filter(|word| !values.names().any(|value| word.eq_ignore_ascii_case(value)));
    let mut words: Vec<String> = chosen.cloned().collect();
    words.extend(
        seen.without(values).names().map(str::to_owned).filter(|word| !reading.missing_words.contains(word)),
    );
    Choice::OnlyMissingWords(words)
}

impl UsualWords {
    /// Adds the word with this index in [`USUAL`].
    pub(super) fn add(&mut self, number: usize) {
        self.0 |= 1 << number;
    }

    /// The union of both.
    #[must_use]
    pub(super) fn or(self, other: UsualWords) -> UsualWords {
        UsualWords(self.0 | other.0)
    }

    /// The intersection of both.
    #[must_use]
    pub(super) fn and(self, other: UsualWords) -> UsualWords {
        UsualWords(self.0 & other.0)
    }

    /// Those that are not in the other.
    #[must_use]
    pub(super) fn without(self, other: UsualWords) -> UsualWords {
        UsualWords(self.0 & !other.0)
    }

    /// Those that may be values.
    #[must_use]
    pub(super) fn that_may_be_values(self) -> UsualWords {
        let may_be = |at: &usize| MAY_BE_VALUES.contains(&USUAL[*at]);
        self.and(UsualWords((0..USUAL.len()).filter(may_be).fold(0, |bits, at| bits | 1 << at)))
    }

    /// Whether it is empty.
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The words.
    pub(super) fn names(self) -> impl Iterator<Item = &'static str> {
        (0..).zip(USUAL).filter(move |(at, _)| self.0 >> at & 1 == 1).map(|(_, word)| word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_added_to_the_usual_ones_or_replace_them() {
        let reading = |words: &[&str], only_missing_words: bool| TableReading {
            missing_words: words.iter().map(ToString::to_string).collect(),
            only_missing_words,
            ..TableReading::default()
        };
        let check = |field: &str, reading: &TableReading, expected: Option<Gap>| {
            assert_eq!(gap(field, reading), expected, "{field:?} {reading:?}");
        };
        check("", &reading(&[], true), Some(Gap::Empty));
        check("NA", &reading(&[], false), Some(Gap::Usual(0)));
        check("NA", &reading(&[], true), None);
        check("-9", &reading(&["-9"], false), Some(Gap::Chosen(0)));
        check("-", &reading(&["-9"], false), Some(Gap::Usual(8)));
        check("-", &reading(&["-9"], true), None);
        check("-9.0", &reading(&["-9"], false), Some(Gap::Chosen(0)));
        check("-9", &reading(&["x", "-9.00"], false), Some(Gap::Chosen(1)));
        // Decimal commas belong to other tables; those before three digits may group.
        check("-999,9", &reading(&["-999.9"], false), Some(Gap::Chosen(0)));
        check("-999,90", &reading(&["-999.9"], false), Some(Gap::Chosen(0)));
        check("-999.9", &reading(&["-999,90"], false), Some(Gap::Chosen(0)));
        check("9,999", &reading(&["9.999"], false), None);
        check("9,999", &reading(&["9,999"], false), Some(Gap::Chosen(0)));
        check("-09", &reading(&["-9"], false), None);
        check("-8", &reading(&["-9"], false), None);
        check("nan", &reading(&["NaN"], true), Some(Gap::Usual(3)));
        check("unknown", &reading(&[], false), None);
        check("#DIV/0!", &reading(&[], false), Some(Gap::Usual(10)));
        assert_eq!(USUAL.iter().map(|word| word.len()).max(), Some(USUAL_BYTES));
        let more = |reading: &TableReading, word: &str| with_more(reading, [word].into_iter());
        let words = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(more(&reading(&["a"], false), "b"), Some(Choice::MissingWords(words(&["a", "b"]))));
        assert_eq!(more(&reading(&["a"], true), "b"), Some(Choice::OnlyMissingWords(words(&["a", "b"]))));
        assert_eq!(more(&reading(&[], false), "-9,9"), Some(Choice::MissingWords(words(&["-9,9"]))));
        let mut seen = UsualWords::default();
        [0, 8, 9].into_iter().for_each(|at| seen.add(at));
        let values = seen.that_may_be_values();
        assert_eq!(values.names().collect::<Vec<_>>(), ["NA", "-"]);
        assert_eq!(
            without(&reading(&["x"], false), values, seen),
            Choice::OnlyMissingWords(words(&["x", "?"]))
        );
    }
}
