//! Pictures that are masks of others, by their names and folders: `x_mask.png` and `masks/x.png` of
//! `x.png`, `a/masks/1.png` of `a/images/x.png`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::arrangement::{Arrangement, Meaning, folders, is_mask, is_pictures};
use crate::dataset::{DataError, Progress, memory};

/// Words for masks, in names of folders and at either end of names of files.
const MASKS: [&str; 13] = [
    "mask",
    "masks",
    "segmentation",
    "segmentations",
    "seg",
    "gt",
    "groundtruth",
    "ground_truth",
    "ground-truth",
    "label",
    "labels",
    "annotation",
    "annotations",
];
/// Words for the pictures that masks belong to.
const PICTURES: [&str; 19] = [
    "image",
    "images",
    "img",
    "imgs",
    "picture",
    "pictures",
    "photo",
    "photos",
    "jpegimages",
    "original",
    "originals",
    "orig",
    "raw",
    "input",
    "inputs",
    "sat",
    "rgb",
    "scan",
    "scans",
];
/// Separators between the words of a name.
const SIGNS: [char; 4] = ['_', '-', ' ', '.'];
/// This many masks with their pictures are not a coincidence, for any number of other pictures.
const MANY: usize = 3;

/// The kind of a picture's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Picture,
    /// Like a mask.
    Mask,
}

/// Masks among the pictures of a folder, unless the arrangement of the folders already identifies
/// them.
#[derive(Debug, Default)]
pub(super) struct Masks {
    /// The kind of each picture's name; empty if none is the name of a mask.
    calls: Vec<Call>,
    /// Number of names of masks.
    count: usize,
    /// How many of these have their picture, and the index of the first.
    paired: usize,
    first: Option<usize>,
}

impl Masks {
    /// Finds pictures with the names of masks, and the pictures they are masks of.
    pub(super) fn find(
        files: &[PathBuf],
        arrangement: &Arrangement,
        progress: &Progress,
    ) -> Result<Masks, DataError> {
        let is_mask =
            |file: &Path| may_be_mask(file) && Name::of(file, arrangement.shared()).call == Call::Mask;
        let mut found = Masks::default();
        if !files.iter().any(|file| is_mask(file)) {
            return Ok(found);
        }
        progress.budget().reserve_exact(&mut found.calls, files.len())?;
        let mut reservation = progress.budget().charge_scoped(0)?;
        let mut pictures = HashSet::new();
        for file in files {
            progress.check()?;
            let name = Name::of(file, arrangement.shared());
            let is_sample = matches!(arrangement.meaning(file), Meaning::Sample { .. });
            // Pictures skipped by the arrangement are neither.
            found.calls.push(if is_sample { name.call } else { Call::Picture });
            if is_sample && name.call == Call::Picture {
                for key in name.keys {
                    reservation.take(memory::text_bytes(key.len()))?;
                    pictures.insert(key);
                }
            }
        }
        for (at, file) in files.iter().enumerate() {
            progress.check()?;
            if found.calls[at] == Call::Mask {
                found.count += 1;
                let keys = Name::of(file, arrangement.shared()).keys;
                if keys.iter().any(|key| pictures.contains(key)) {
                    found.paired += 1;
                    found.first = found.first.or(Some(at));
                }
            }
        }
        Ok(found)
    }

    /// Releases its memory.
    pub(super) fn release(self, progress: &Progress) {
        progress.budget().release(self.calls);
    }

    /// Whether the picture at this index has the name of a mask.
    pub(super) fn is_called_so(&self, at: usize) -> bool {
        self.calls.get(at) == Some(&Call::Mask)
    }

    /// Whether pictures with names of masks certainly are masks: almost each has its picture, and
    /// there are several, or few other pictures.
    pub(super) fn are_sure(&self) -> bool {
        let others = self.calls.len() - self.count;
        let are_paired = self.paired > 0 && self.paired * 10 >= self.count * 9;
        are_paired && (self.paired >= MANY || self.paired * 10 >= others)
    }

    /// Number of pictures with names of masks of existing pictures, and the index of the first.
    pub(super) fn paired(&self) -> Option<(usize, usize)> {
        self.first.map(|first| (self.paired, first))
    }
}

/// Whether a path may contain a word for masks: a quick test, because the paths of most pictures
/// contain none.
fn may_be_mask(file: &Path) -> bool {
    /// Each word contains one of these.
    const PARTS: [&[u8]; 6] = [b"mask", b"seg", b"gt", b"ground", b"label", b"annotation"];
    let letters = file.as_os_str().as_encoded_bytes();
    let begins =
        |rest: &[u8], part: &[u8]| rest.get(..part.len()).is_some_and(|rest| rest.eq_ignore_ascii_case(part));
    (0..letters.len()).any(|at| PARTS.iter().any(|part| begins(&letters[at..], part)))
}

/// Meaning of a picture's name and folders.
struct Name {
    call: Call,
    /// The part that a picture and its mask have in common.
    keys: Vec<String>,
}

impl Name {
    /// For a picture whose first `shared` folders are common to all.
    fn of(file: &Path, shared: usize) -> Name {
        let mut call = Call::Picture;
        let mut common = String::new();
        let folders = folders(file);
        for folder in folders.iter().skip(shared) {
            let (rest, is_mask) = without_words(&folder.to_ascii_lowercase());
            if is_mask {
                call = Call::Mask;
            }
            if !rest.is_empty() {
                common.push_str(&rest);
                common.push('/');
            }
        }
        let stem =
            file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().to_ascii_lowercase());
        let bare = match without_end(&stem, &MASKS) {
            Some(bare) => {
                call = Call::Mask;
                Some(bare)
            }
            None => without_end(&stem, &PICTURES),
        };
        // A separate folder for one or more pictures, next to one with its masks of any name.
        let is_own = folders.last().is_some_and(|folder| is_pictures(folder) || is_mask(folder));
        let own = (is_own && !common.is_empty()).then_some("");
        let keys = bare.into_iter().chain(own).chain([&stem[..]]);
        let keys = keys.map(|stem| format!("{common}{stem}")).collect();
        Name { call, keys }
    }
}

/// The name of a folder without words for masks and pictures, and whether any of them was for
/// masks.
fn without_words(name: &str) -> (String, bool) {
    let name = name.replace("ground_truth", "gt").replace("ground-truth", "gt").replace("ground truth", "gt");
    let (mut rest, mut is_mask) = (String::new(), false);
    for word in name.split(SIGNS).filter(|word| !word.is_empty()) {
        if MASKS.contains(&word) {
            is_mask = true;
        } else if !PICTURES.contains(&word) {
            rest.push_str(word);
            rest.push(' ');
        }
    }
    (rest.trim_end().to_owned(), is_mask)
}

/// The rest of a name that ends or begins with one of the words, possibly followed by a number;
/// `None` if it does not.
fn without_end<'a>(stem: &'a str, words: &[&str]) -> Option<&'a str> {
    let unnumbered = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    let unnumbered = if unnumbered.len() < stem.len() { unnumbered.strip_suffix(SIGNS) } else { None };
    let ends = |stem: &'a str| {
        words
            .iter()
            .find_map(|word| stem.strip_suffix(word)?.strip_suffix(SIGNS))
            .filter(|rest| !rest.is_empty())
    };
    let begins = || words.iter().find_map(|word| stem.strip_prefix(word)?.strip_prefix(SIGNS));
    ends(stem).or_else(|| unnumbered.and_then(ends)).or_else(begins).filter(|rest| !rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Rules;

    #[test]
    fn every_word_for_masks_passes_the_quick_check() {
        assert!(MASKS.iter().all(|word| may_be_mask(Path::new(&format!("a/X_{}.png", word.to_uppercase())))));
        assert!(!may_be_mask(Path::new("images/cat_1.png")));
    }

    #[test]
    fn masks_are_known_by_names_and_folders() {
        let check = |files: &[&str], masks: usize, paired: usize, are_sure: bool| {
            let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
            let arrangement = Arrangement::of(files.iter().map(PathBuf::as_path), false, Rules::Current);
            let found = Masks::find(&files, &arrangement, &Progress::default()).unwrap();
            let called = (0..files.len()).filter(|at| found.is_called_so(*at)).count();
            let found = (called, found.paired().map_or(0, |(count, _)| count), found.are_sure());
            assert_eq!(found, (masks, paired, are_sure), "{files:?}");
        };
        check(&["a/1.png", "a/1_mask.tif", "a/2_mask.png", "1.png"], 2, 1, false);
        for (picture, mask) in [
            ("x.png", "x_mask.png"),
            ("x.jpg", "x_seg.png"),
            ("x.png", "x_GT.png"),
            ("x.png", "x-label.png"),
            ("x.png", "x_ground_truth.png"),
            ("x.png", "mask_x.png"),
            ("b/benign (1).png", "b/benign (1)_mask_1.png"),
            ("104_sat.jpg", "104_mask.png"),
            ("x.png", "masks/x.png"),
            ("x.png", "masks/x_mask.png"),
            ("cat/x.png", "cat/masks/x.png"),
            ("images/x.png", "annotations/x_seg.png"),
            ("train/x.jpg", "train_masks/x_mask.gif"),
            ("train_images/x.jpg", "train-masks/x.png"),
            ("input/x.png", "ground truth/x.png"),
        ] {
            // With the third picture, the folders do not identify the masks.
            check(&[picture, mask, "other.png"], 1, 1, true);
        }
        // A few among many are doubtful.
        let mut many: Vec<String> = (0..40).map(|at| format!("{at}.png")).collect();
        many.push("7_mask.png".to_owned());
        check(&many.iter().map(String::as_str).collect::<Vec<_>>(), 1, 1, false);
        // Classes of people with and without masks; only masks; and names that only look like
        // masks.
        check(&["with_mask/1.png", "without_mask/1.png"], 2, 0, false);
        check(&["mask/1.png", "face/1.png"], 1, 0, false);
        // A folder for each picture and its masks; classes of that name.
        check(&["a/images/x.png", "a/masks/1.png", "a/masks/2.png", "b/images/y.png"], 2, 2, true);
        check(&["a/images/x.png", "b/masks/1.png", "b/masks/2.png"], 2, 0, false);
        check(&["mask/1.png", "image/2.png", "face/3.png"], 1, 0, false);
        check(&["1_mask.png", "2_mask.png"], 2, 0, false);
        check(&["masked.png", "mask.png", "seg1.png", "a_1.png"], 0, 0, false);
        // The arrangement of folders identifies these.
        check(&["images/x.png", "masks/x.png"], 0, 0, false);
    }
}
