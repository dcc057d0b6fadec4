//! Safe display of names: a file, a column or a class can have any name, and some characters would
//! control a terminal, reorder the text around them, or be invisible.

use std::borrow::Cow;
use std::path::Path;

/// A name with every hidden character escaped as in Rust: `\n`, `\u{1b}`, `\u{202e}`. Everything
/// else is unchanged, so a name without hidden characters is borrowed, and escaping twice changes
/// nothing.
pub fn visible(name: &str) -> Cow<'_, str> {
    escaped(name, is_hidden)
}

/// [`visible`] for a path.
pub fn visible_path(path: &Path) -> String {
    visible(&path.to_string_lossy()).into_owned()
}

/// [`visible`] for names, separated by commas.
pub fn visible_list<T: AsRef<str>>(names: &[T]) -> String {
    let names: Vec<Cow<'_, str>> = names.iter().map(|name| visible(name.as_ref())).collect();
    names.join(", ")
}

/// A message of one or several lines, escaped in case it contains a name that was not.
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c != '\n' && is_hidden(c))
}

/// Whether a character must not be displayed literally: control characters, and characters that
/// invisibly reorder or break lines.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
        )
}

fn escaped(text: &str, escapes: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&escapes) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if escapes(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_written_out() {
        let check = |name: &str, expected: &str| {
            let once = visible(name);
            assert_eq!(once, expected);
            assert_eq!(visible(&once), expected, "shown twice");
        };
        check("naïve 模型 é 👩‍🔬.csv", "naïve 模型 é 👩‍🔬.csv");
        check("\u{1b}[31mred\u{1b}[0m", "\\u{1b}[31mred\\u{1b}[0m");
        check("a\nb\tc\r\u{7f}\0", "a\\nb\\tc\\r\\u{7f}\\u{0}");
        check("photo\u{202e}gpj.exe", "photo\\u{202e}gpj.exe");
        check("\u{9b}31m", "\\u{9b}31m");
        for c in "\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{2066}\u{2069}".chars() {
            assert!(visible(&c.to_string()).starts_with("\\u{"), "{c:?}");
        }
    }

    #[test]
    fn messages_keep_their_lines() {
        assert_eq!(visible_lines("one\n  and \u{1b}[2Jtwo"), "one\n  and \\u{1b}[2Jtwo");
        assert_eq!(visible_list(&["a", "b\n"]), "a, b\\n");
        assert_eq!(visible_path(Path::new("x\u{85}.ron")), "x\\u{85}.ron");
    }
}
