use std::collections::{BTreeMap, BTreeSet};

/// Longest pattern; file names are at most a quarter of it.
const MOST_LETTERS: usize = 1000;

/// A pattern of file names with a label in it.
#[derive(Debug)]
pub(super) struct NamePattern {
    parts: Vec<Piece>,
    /// Whether it applies to whole paths, not only to names.
    has_folders: bool,
}

#[derive(Debug, PartialEq)]
enum Piece {
    /// These characters.
    Letters(String),
    /// `*`: any characters, as many as possible.
    Any,
    /// `{label}`: one or more characters, as few as possible.
    Label,
    /// `{word}`: a label of letters only, as many as possible.
    Word,
}

impl NamePattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// The problem with the pattern.
    pub(super) fn new(pattern: &str) -> Result<NamePattern, String> {
        if pattern.len() > MOST_LETTERS {
            return Err(format!("the pattern of names has more than {MOST_LETTERS} letters; shorten it"));
        }
        let halves = |label: &str| match pattern.split(label).collect::<Vec<_>>()[..] {
            [before, after] => Some((before, after)),
            _ => None,
        };
        let (before, label, after) = match (halves("{label}"), halves("{word}")) {
            (Some((before, after)), None) => (before, Piece::Label, after),
            (None, Some((before, after))) => (before, Piece::Word, after),
            (Some(_), Some(_)) | (None, None) => {
                return Err(format!(
                    "the pattern “{pattern}” of names must contain {{label}} or {{word}} once, as in \
                     {{label}}_*.png"
                ));
            }
        };
        let mut parts = NamePattern::pieces(before);
        parts.push(label);
        parts.extend(NamePattern::pieces(after));
        Ok(NamePattern { parts, has_folders: pattern.contains('/') })
    }

    fn pieces(text: &str) -> Vec<Piece> {
        let mut parts = Vec::new();
        for (at, letters) in text.split('*').enumerate() {
            if at > 0 && parts.last() != Some(&Piece::Any) {
                parts.push(Piece::Any);
            }
            if !letters.is_empty() {
                parts.push(Piece::Letters(letters.to_owned()));
            }
        }
        parts
    }

    /// The label of a file from its path with slashes; a pattern without folders applies to its
    /// name.
    pub(super) fn label<'a>(&self, path: &'a str) -> Option<&'a str> {
        let name = if self.has_folders { path } else { path.rsplit('/').next().unwrap_or(path) };
        let mut failed = BTreeSet::new();
        let (start, end) = self.find(name, 0, 0, &mut failed)??;
        name.get(start..end)
    }

    /// Position of the label, if the parts from `part` on match all of `name` from `at` on;
    /// remembers failures, so that no pattern takes long.
    #[allow(clippy::option_option, reason = "whether it fits, and where the label is if it is still to come")]
    fn find(
        &self,
        name: &str,
        part: usize,
        at: usize,
        failed: &mut BTreeSet<(usize, usize)>,
    ) -> Option<Option<(usize, usize)>> {
        if failed.contains(&(part, at)) {
            return None;
        }
        let rest = name.get(at..)?;
        let ends = || rest.char_indices().map(|(end, letter)| at + end + letter.len_utf8());
        let found = match self.parts.get(part) {
            None => rest.is_empty().then_some(None),
            Some(Piece::Letters(letters)) if rest.starts_with(letters.as_str()) => {
                self.find(name, part + 1, at + letters.len(), failed)
            }
            Some(Piece::Letters(_)) => None,
            Some(Piece::Any) => {
                let mut ends: Vec<usize> = std::iter::once(at).chain(ends()).collect();
                ends.reverse();
                ends.into_iter().find_map(|end| self.find(name, part + 1, end, failed))
            }
            Some(Piece::Label) => ends().find_map(|end| {
                let after = self.find(name, part + 1, end, failed)?;
                Some(after.or(Some((at, end))))
            }),
            Some(Piece::Word) => {
                let end = at + letters(rest);
                let after = if end > at { self.find(name, part + 1, end, failed) } else { None };
                after.map(|after| after.or(Some((at, end))))
            }
        };
        if found.is_none() {
            failed.insert((part, at));
        }
        found
    }
}

/// Number of bytes of the letters that a text begins with.
fn letters(text: &str) -> usize {
    text.find(|letter: char| !letter.is_alphabetic()).unwrap_or(text.len())
}

/// A pattern whose labels come before a number in all names (`cat.0.jpg`, `dog_17.png`,
/// `cat017.png`) except those that are only a number, and these labels: at least two, each of
/// several names.
pub(super) fn guessed<T: AsRef<str>>(names: impl Iterator<Item = T>) -> Option<(String, Vec<String>)> {
    let mut words: BTreeMap<String, usize> = BTreeMap::new();
    let (mut marks, mut count) = (BTreeSet::new(), 0);
    for name in names {
        let name = name.as_ref();
        let (word, rest) = name.split_at(letters(name));
        let mark = rest.chars().next().filter(|mark| ['.', '_', '-', ' '].contains(mark));
        let number = rest[mark.map_or(0, char::len_utf8)..].split('.').next().unwrap_or_default();
        if number.is_empty() || !number.chars().all(|letter| letter.is_ascii_digit()) {
            return None;
        }
        // Only a number.
        if word.is_empty() && mark.is_none() {
            continue;
        }
        if word.is_empty() {
            return None;
        }
        marks.insert(mark);
        count += 1;
        *words.entry(word.to_owned()).or_insert(0) += 1;
        if words.len() > 1000 {
            return None;
        }
    }
    let is_told = words.len() > 1 && 2 * words.len() <= count;
    let pattern = match marks.into_iter().collect::<Vec<_>>()[..] {
        [Some(mark)] => format!("{{label}}{mark}*"),
        _ => "{word}*".to_owned(),
    };
    is_told.then(|| (pattern, words.into_keys().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_where_the_pattern_says() {
        let check = |pattern: &str, path: &str, expected: Option<&str>| {
            assert_eq!(NamePattern::new(pattern).unwrap().label(path), expected, "{pattern} {path}");
        };
        check("{label}.*", "cat.0.jpg", Some("cat"));
        check("{label}_*.png", "deep/dog_17_x.png", Some("dog"));
        check("*_{label}.png", "img_001_dog.png", Some("dog"));
        check("img*_{label}_*", "img_1_red_7.jpg", Some("red"));
        check("{label}.jpg", ".jpg", None);
        check("{label}_*.png", "dog.png", None);
        check("{label}/*/*.png", "a/b/c.png", Some("a"));
        check("*{label}*", "ä", Some("ä"));
        check("漢{label}.*", "漢字.png", Some("字"));
        check("{word}*", "cat_001.png", Some("cat"));
        check("{word}*", "Dog17.jpg", Some("Dog"));
        check("{word}*", "17.jpg", None);
        check("img_{word}_*", "img_red_7.jpg", Some("red"));
        check("{word}.*", "cat7.png", None);
        let (many, name) = ("*a".repeat(60) + "{label}b", "a".repeat(250));
        check(&many, &name, None);
        for bad in ["*.png", "", "{label}{label}", "{word}{label}", &"*a".repeat(600)] {
            assert!(NamePattern::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn words_before_numbers_are_guessed() {
        let check = |names: &[&str], expected: Option<(&str, &[&str])>| {
            let expected = expected.map(|(pattern, words)| {
                (pattern.to_owned(), words.iter().map(ToString::to_string).collect())
            });
            assert_eq!(guessed(names.iter()), expected, "{names:?}");
        };
        let pets = Some(("{label}.*", &["cat", "dog"][..]));
        check(&["cat.0.jpg", "cat.1.jpg", "dog.0.jpg", "dog.12.jpg"], pets);
        check(&["a_1.png", "a_2.png", "b_1.png", "b_2.png"], Some(("{label}_*", &["a", "b"])));
        check(&["img_1.png", "img_2.png"], None);
        let words = Some(("{word}*", &["cat", "dog"][..]));
        check(&["cat_001.jpg", "dog.17.jpg", "cat_002.jpg", "dog.18.jpg"], words);
        check(&["cat001.jpg", "dog1.jpg", "cat002.jpg", "dog12.jpg"], words);
        check(&["cat_a.jpg", "dog_b.jpg", "cat_c.jpg", "dog_d.jpg"], None);
        check(&["a.png", "b.png"], None);
        check(&["cat.0.jpg", "1.jpg", "cat.1.jpg", "dog.0.jpg", "dog.12.jpg", "22.jpg"], pets);
        check(&[], None);
    }
}
