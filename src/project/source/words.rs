/// Joins words with `mark` between them; in quotes, as in CSV, if they would be split.
pub fn join_words(words: &[String], mark: &str) -> String {
    let is_plain =
        |word: &str| !word.contains(',') && !word.starts_with('"') && word.trim() == word && word != "detect";
    let words = words
        .iter()
        .map(|word| if is_plain(word) { word.clone() } else { format!("\"{}\"", word.replace('"', "\"\"")) });
    words.collect::<Vec<_>>().join(mark)
}

/// Splits words at commas; words with a comma are in quotes, as in CSV.
pub fn split_words(text: &str) -> Vec<String> {
    let (mut words, mut rest) = (Vec::new(), text.trim_start());
    while !rest.is_empty() {
        let (word, after) = in_quotes(rest).unwrap_or_else(|| {
            let (word, after) = rest.split_once(',').unwrap_or((rest, ""));
            (word.trim().to_owned(), after)
        });
        words.push(word);
        rest = after.trim_start();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The quoted word at the beginning of a list, and the text after its comma.
fn in_quotes(text: &str) -> Option<(String, &str)> {
    let (mut word, mut rest) = (String::new(), text.strip_prefix('"')?);
    loop {
        let (before, after) = rest.split_once('"')?;
        word.push_str(before);
        match after.strip_prefix('"') {
            // Two quotes stand for one in the word.
            Some(after) => {
                word.push('"');
                rest = after;
            }
            None if after.trim_start().is_empty() => return Some((word, "")),
            None => return Some((word, after.trim_start().strip_prefix(',')?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_with_commas_are_quoted() {
        let check = |words: &[&str], text: &str| {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            assert_eq!(join_words(&words, ", "), text);
            assert_eq!(split_words(text), words);
        };
        check(&[], "");
        check(&["-9", "not known"], "-9, not known");
        check(&["-999,9", "x"], "\"-999,9\", x");
        check(&["a \"b\"", "\"c"], "a \"b\", \"\"\"c\"");
        assert_eq!(split_words("a, ,b,"), ["a", "b"]);
    }
}
