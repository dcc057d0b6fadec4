//! Words for yes and no.

use super::words::Words;

/// Words for no and yes, in lower case.
const PAIRS: [[&str; 2]; 4] = [["false", "true"], ["no", "yes"], ["f", "t"], ["n", "y"]];
/// Words that mark a row in a column that is otherwise empty, in lower case.
const MARKS: [&str; 27] = [
    "x", "✓", "✔", "✗", "✘", "☑", "☒", "☓", "×", "√", "•", "●", "■", "*", "+", "1", "true", "yes", "y", "t",
    "ja", "oui", "si", "sí", "sim", "on", "checked",
];

/// The pairs of words that all fields of a column belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Truth(u8);

impl Default for Truth {
    fn default() -> Self {
        Truth((1 << PAIRS.len()) - 1)
    }
}

impl Truth {
    /// None: other fields.
    pub(super) const NONE: Truth = Truth(0);

    /// Adds a field.
    pub(super) fn add(&mut self, field: &str) {
        if self.0 != 0 {
            let belongs = |pair: &[&str; 2]| pair.iter().any(|word| word.eq_ignore_ascii_case(field));
            let bits = (0..).zip(PAIRS).filter(|(_, pair)| belongs(pair));
            self.0 &= bits.fold(0, |bits, (at, _)| bits | 1 << at);
        }
    }

    /// The word for no and the word for yes, each in its most frequent spelling; one that does not
    /// occur follows the other's case.
    pub(super) fn words(self, all: Option<&Words>) -> Option<[String; 2]> {
        let pair = PAIRS.get(self.0.trailing_zeros() as usize)?;
        let spelling = |word: &str| all.and_then(|all| all.most_of(word));
        let [no, yes] = pair.map(spelling);
        Some(match (no, yes) {
            (Some(no), Some(yes)) => [no, yes],
            (Some(no), None) => [no.clone(), cased_as(pair[1], &no)],
            (None, Some(yes)) => [cased_as(pair[0], &yes), yes],
            (None, None) => pair.map(str::to_owned),
        })
    }
}

/// Whether a word means yes.
pub(super) fn is_yes(word: &str) -> bool {
    let lower = word.to_lowercase();
    MARKS.contains(&lower.as_str())
}

/// A word in the case of another one.
fn cased_as(word: &str, other: &str) -> String {
    let is_capital = |letter: char| letter.is_ascii_uppercase();
    let mut letters = other.chars();
    match (letters.next().is_some_and(is_capital), letters.next().is_none_or(is_capital)) {
        (true, true) => word.to_ascii_uppercase(),
        (true, false) => word[..1].to_ascii_uppercase() + &word[1..],
        (false, _) => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::memory::Budget;

    #[test]
    fn words_for_yes_and_no_keep_their_capitals() {
        let check = |fields: &[&str], expected: Option<[&str; 2]>| {
            let (mut truth, mut words, budget) = (Truth::default(), Words::default(), Budget::of(1 << 20));
            for field in fields {
                truth.add(field);
                words.add(field, &budget);
            }
            let expected = expected.map(|words| words.map(str::to_owned));
            assert_eq!(truth.words(Some(&words)), expected, "{fields:?}");
        };
        check(&["TRUE", "FALSE"], Some(["FALSE", "TRUE"]));
        check(&["TRUE"], Some(["FALSE", "TRUE"]));
        check(&["No", "No"], Some(["No", "Yes"]));
        check(&["yes", "YES", "YES", "no"], Some(["no", "YES"]));
        check(&["N", "N"], Some(["N", "Y"]));
        check(&["true", "yes"], None);
        assert_eq!(Truth::default().words(None), Some(["false".to_owned(), "true".to_owned()]));
        assert!(["x", "X", "✓", "1", "Yes"].into_iter().all(is_yes) && !is_yes("0") && !is_yes("no"));
    }
}
