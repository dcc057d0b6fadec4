//! Pictures with names of altered copies of others, which a random split would spread over its
//! parts.

use std::path::{Path, PathBuf};

use crate::dataset::{DataError, Progress};

/// Words before or after a name which show that the picture is a copy of another one.
const MARKS: [&str; 14] = [
    "flip",
    "flipped",
    "hflip",
    "vflip",
    "mirror",
    "mirrored",
    "rot",
    "rotated",
    "aug",
    "augmented",
    "copy",
    "noise",
    "blur",
    "blurred",
];
/// Fewer copies are not reported.
const FEWEST: usize = 3;

/// Number of pictures with the names of copies of others in one folder, and the first of them.
/// `files` are sorted.
pub(super) fn find(files: &[PathBuf], progress: &Progress) -> Result<Option<(usize, PathBuf)>, DataError> {
    let (mut count, mut first) = (0, None);
    for file in files {
        progress.check()?;
        if original(file).is_some_and(|original| files.binary_search(&original).is_ok()) {
            count += 1;
            first.get_or_insert(file);
        }
    }
    Ok(first.filter(|_| count >= FEWEST).map(|first| (count, first.clone())))
}

/// The original of a picture, by its name: `x.png` for `x_rot90.png`, `aug_x.png`, `x (1).png`.
fn original(file: &Path) -> Option<PathBuf> {
    let (stem, ending) = (file.file_stem()?.to_str()?, file.extension()?.to_str()?);
    let name = numbered(stem).or_else(|| marked(stem))?;
    Some(file.with_file_name(format!("{name}.{ending}")))
}

/// A name without the number that systems add to copies: `x (1)`.
fn numbered(stem: &str) -> Option<&str> {
    let (name, number) = stem.strip_suffix(')')?.rsplit_once(" (")?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| name.strip_suffix(" - Copy").unwrap_or(name))
}

/// A name without the word for the alteration.
fn marked(stem: &str) -> Option<&str> {
    let is_sign = |letter: char| matches!(letter, '_' | '-' | ' ' | '.');
    let after = stem.rsplit_once(is_sign).filter(|(_, mark)| is_mark(mark)).map(|(name, _)| name);
    let name =
        after.or_else(|| stem.split_once(is_sign).filter(|(mark, _)| is_mark(mark)).map(|(_, name)| name))?;
    Some(name.trim_end_matches(is_sign))
}

fn is_mark(word: &str) -> bool {
    let word = word.trim_end_matches(|letter: char| letter.is_ascii_digit());
    MARKS.iter().any(|mark| word.eq_ignore_ascii_case(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_detected_by_the_names_of_others() {
        let check = |names: &[&str], expected: Option<(usize, &str)>| {
            let mut files: Vec<PathBuf> = names.iter().map(PathBuf::from).collect();
            files.sort();
            let expected = expected.map(|(count, first)| (count, PathBuf::from(first)));
            assert_eq!(find(&files, &Progress::default()).unwrap(), expected, "{names:?}");
        };
        let flipped = ["a/1.png", "a/1_flip.png", "a/1_rot90.png", "a/aug_1.png", "a/2.png"];
        check(&flipped, Some((3, "a/1_flip.png")));
        check(&["1.png", "1 (1).png", "1 - Copy.png", "1 - Copy (2).png"], Some((3, "1 (1).png")));
        // Others in other folders, or none.
        check(&["a/1.png", "b/1_flip.png", "b/2_flip.png", "b/3_flip.png"], None);
        check(&["x (1).png", "x (2).png", "x (3).png"], None);
        check(&["1.png", "1_a.png", "1_b.png", "1_c.png"], None);
        check(&["1.png", "1_flip.png"], None);
    }
}
