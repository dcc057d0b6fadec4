//! Meaning of the folders pictures are in: parts of the data, classes, masks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

use crate::project::Rules;

/// A part of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// For training.
    Train,
    /// For validation after each epoch.
    Validation,
    /// For the test at the end.
    Test,
}

impl Part {
    /// The part that a folder's name means, and the other words of the name: `training_set` is
    /// `Train` and `set`. Numbers are ignored.
    fn of_name(name: &str) -> Option<(Part, String)> {
        let lower = name.to_lowercase();
        let words = lower.split(|c: char| !c.is_alphanumeric());
        let words = words.map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()));
        let (mut part, mut rest) = (None, String::new());
        for word in words.filter(|word| !word.is_empty()) {
            let meant = match word {
                "train" | "training" | "trn" => Part::Train,
                "val" | "valid" | "validation" | "dev" | "eval" => Part::Validation,
                "test" | "testing" | "tst" => Part::Test,
                other => {
                    rest.push_str(other);
                    rest.push(' ');
                    continue;
                }
            };
            if part.replace(meant).is_some() {
                return None;
            }
        }
        part.map(|part| (part, rest))
    }
}

/// Whether a name means a part of the data.
pub(super) fn is_part(name: &str) -> bool {
    Part::of_name(name).is_some()
}

/// Folders of masks, within parts and next to folders of pictures.
const MASKS: [&str; 14] = [
    "ground_truth",
    "groundtruth",
    "ground-truth",
    "ground truth",
    "gt",
    "mask",
    "masks",
    "annotation",
    "annotations",
    "label",
    "labels",
    "segmentation",
    "segmentations",
    "seg",
];
/// Folders of the pictures that masks belong to.
const PICTURES: [&str; 7] = ["image", "images", "img", "imgs", "picture", "pictures", "jpegimages"];

/// Whether a folder has the name of a folder of masks.
pub(super) fn is_mask(name: &str) -> bool {
    MASKS.contains(&name.to_lowercase().as_str())
}

/// Whether a folder has the name of the pictures that masks belong to.
pub(super) fn is_pictures(name: &str) -> bool {
    PICTURES.contains(&name.to_lowercase().as_str())
}

/// The arrangement of a tree of pictures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Arrangement {
    /// Number of folders that all pictures share.
    shared: usize,
    /// Number of folders above those that are parts of the data; `None` if there are no parts.
    level: Option<usize>,
    /// The words that the parts' names share.
    rest: String,
    /// Whether folders of pictures are next to folders of their masks.
    has_masks: bool,
    /// Folders of parts in which all pictures are in one folder with the name of a folder of
    /// pictures, which is not a class.
    wrapped: BTreeSet<Vec<String>>,
    /// Whether masks are samples like all other pictures.
    takes_masks: bool,
    /// Whether there are folders of validation and test pictures, but none for training.
    pub lacks_train: bool,
}

/// Meaning of the folders of one picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It is a sample.
    Sample {
        /// The part of the data it belongs to, if a folder says so.
        part: Option<Part>,
        /// The first folder that is not a part.
        class: Option<String>,
        /// The folder above the parts, if there are several with the same parts.
        category: Option<String>,
    },
    /// It marks regions in another picture, and is never used for training.
    Mask,
    /// It is outside the parts of the data.
    Outside,
}

/// Names of the folders of a file, from the top.
pub(super) fn folders(file: &Path) -> Vec<String> {
    let parts = file.parent().into_iter().flat_map(Path::components);
    let names = parts.filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => None,
    });
    names.collect()
}

impl Arrangement {
    /// Determines the arrangement from the paths of all pictures.
    ///
    /// Folders are parts of the data if there is one for training and one for validation or test,
    /// and most pictures are in them. By the rules of version 1 every first folder is a class.
    /// `takes_masks`: masks are samples.
    pub(super) fn of<'a>(
        files: impl Iterator<Item = &'a Path> + Clone,
        takes_masks: bool,
        rules: Rules,
    ) -> Arrangement {
        if rules == Rules::Version1 {
            return Arrangement::default();
        }
        let shared = shared(files.clone());
        let mut arrangement = Arrangement { shared, takes_masks, ..Arrangement::default() };
        for level in [arrangement.shared, arrangement.shared + 1] {
            let names = counted(files.clone(), level);
            if let Some(rest) = parts(&names, level > arrangement.shared) {
                arrangement.level = Some(level);
                arrangement.rest = rest;
                break;
            }
            let parts: Vec<_> = names.keys().map(|name| name.as_deref().and_then(Part::of_name)).collect();
            if level == arrangement.shared && parts.len() > 1 && parts.iter().all(Option::is_some) {
                arrangement.lacks_train = parts.iter().flatten().all(|(part, _)| *part != Part::Train);
            }
        }
        let mut kinds: [bool; 3] = [false; 3];
        let mut wrapped = BTreeMap::new();
        for file in files {
            let mut folders = folders(file);
            let at = arrangement.below(&folders);
            match folders.get(at).map(String::as_str) {
                _ if arrangement.is_in_no_part(&folders) => {}
                Some(name) if is_pictures(name) => kinds[0] = true,
                Some(name) if is_mask(name) => kinds[1] = true,
                Some(_) | None => kinds[2] = true,
            }
            if arrangement.has_parts() && !arrangement.is_in_no_part(&folders) {
                let is_wrapped = folders.get(at).is_some_and(|name| is_pictures(name));
                folders.truncate(at);
                *wrapped.entry(folders).or_insert(true) &= is_wrapped;
            }
        }
        arrangement.has_masks = kinds == [true, true, false] && !takes_masks;
        if !arrangement.has_masks && !takes_masks {
            let found = wrapped.into_iter().filter(|(_, is_wrapped)| *is_wrapped);
            arrangement.wrapped = found.map(|(folders, _)| folders).collect();
        }
        arrangement
    }

    /// Whether folders are parts of the data.
    pub(super) fn has_parts(&self) -> bool {
        self.level.is_some()
    }

    /// Number of folders that all pictures share.
    pub(super) fn shared(&self) -> usize {
        self.shared
    }

    /// The meaning of a picture's folders.
    pub(super) fn meaning(&self, file: &Path) -> Meaning {
        let folders = folders(file);
        let mut part = None;
        if let Some(level) = self.level {
            let Some(name) = folders.get(level) else { return Meaning::Outside };
            part = self.part(name);
            if part.is_none() {
                return match (is_mask(name), self.takes_masks) {
                    (true, false) => Meaning::Mask,
                    // They are used for training.
                    (true, true) => Meaning::Sample { part, class: Some(name.clone()), category: None },
                    (false, _) => Meaning::Outside,
                };
            }
        }
        let mut at = self.below(&folders);
        if self.has_masks {
            if folders.get(at).is_some_and(|name| is_mask(name)) {
                return Meaning::Mask;
            }
            at += 1;
        } else if folders.get(..at).is_some_and(|above| self.wrapped.contains(above)) {
            at += 1;
        }
        let is_deeper = self.level.is_some_and(|level| level > self.shared);
        let category = folders.get(self.shared).filter(|_| is_deeper).cloned();
        let class = folders.get(at).cloned();
        match (class, category) {
            // The only folder that distinguishes pictures.
            (None, category @ Some(_)) => Meaning::Sample { part, class: category, category: None },
            (class, category) => Meaning::Sample { part, class, category },
        }
    }

    fn part(&self, name: &str) -> Option<Part> {
        Part::of_name(name).filter(|(_, rest)| *rest == self.rest).map(|(part, _)| part)
    }

    /// Whether a picture is in none of the parts.
    fn is_in_no_part(&self, folders: &[String]) -> bool {
        self.level.is_some_and(|level| folders.get(level).is_none_or(|name| self.part(name).is_none()))
    }

    /// Index of the first folder that is neither shared nor a part. A folder inside one with the
    /// same name is the same.
    fn below(&self, folders: &[String]) -> usize {
        let Some(level) = self.level else { return self.shared };
        let mut at = level + 1;
        while at < folders.len() && folders[at] == folders[level] {
            at += 1;
        }
        at
    }
}

/// Number of top folders that all files share.
fn shared<'a>(mut files: impl Iterator<Item = &'a Path>) -> usize {
    let Some(first) = files.next() else { return 0 };
    let first = first.parent().unwrap_or(Path::new(""));
    files.fold(first.components().count(), |shared, file| {
        let parent = file.parent().unwrap_or(Path::new(""));
        let same = first.components().zip(parent.components()).take_while(|(a, b)| a == b).count();
        shared.min(same)
    })
}

/// The names at one level with the number of files below each; `None` counts files above that
/// level.
fn counted<'a>(files: impl Iterator<Item = &'a Path>, level: usize) -> BTreeMap<Option<String>, usize> {
    let mut names = BTreeMap::new();
    for file in files {
        *names.entry(folders(file).into_iter().nth(level)).or_insert(0) += 1;
    }
    names
}

/// The words that the names of parts share, if these are parts. With `all`, no other names are
/// allowed.
fn parts(names: &BTreeMap<Option<String>, usize>, all: bool) -> Option<String> {
    let named = || names.iter().filter_map(|(name, count)| name.as_deref().map(|name| (name, *count)));
    let rest = named().filter_map(|(name, _)| Part::of_name(name));
    let (_, rest) = rest.into_iter().find(|(part, _)| *part == Part::Train)?;
    let (mut is_judged, mut has_masks, mut within, mut outside) = (false, false, 0, 0);
    for (name, count) in names {
        let part = name.as_deref().and_then(Part::of_name).filter(|(_, words)| *words == rest);
        match (part, name) {
            (Some((part, _)), _) => {
                is_judged |= part != Part::Train;
                within += count;
            }
            (None, Some(name)) if is_mask(name) => has_masks = true,
            (None, _) => outside += count,
        }
    }
    let is_whole = outside == 0 && (is_judged || has_masks);
    let is_mostly = !all && is_judged && outside <= within;
    (is_whole || is_mostly).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meanings(files: &[&str]) -> Vec<String> {
        let paths = || files.iter().map(Path::new);
        let arrangement = Arrangement::of(paths(), false, Rules::Current);
        let text = |file: &Path| match arrangement.meaning(file) {
            Meaning::Sample { part, class, category } => {
                let part = match part {
                    None => "-",
                    Some(Part::Train) => "train",
                    Some(Part::Validation) => "val",
                    Some(Part::Test) => "test",
                };
                let class = class.unwrap_or("-".into());
                category.map_or(format!("{part} {class}"), |category| format!("{part} {class} {category}"))
            }
            Meaning::Mask => "mask".into(),
            Meaning::Outside => "outside".into(),
        };
        paths().map(text).collect()
    }

    #[test]
    fn folders_are_parts_classes_masks_or_wrappers() {
        let check = |cases: &[(&str, &str)]| {
            let (files, expected): (Vec<&str>, Vec<&str>) = cases.iter().copied().unzip();
            assert_eq!(meanings(&files), expected, "{files:?}");
        };
        check(&[("cat/a", "- cat"), ("dog/x/b", "- dog"), ("c", "- -")]);
        // MVTec AD, one and several of its categories.
        check(&[
            ("train/good/1", "train good"),
            ("test/good/1", "test good"),
            ("test/crack/1", "test crack"),
            ("ground_truth/crack/1_mask", "mask"),
        ]);
        check(&[
            ("nut/train/good/1", "train good nut"),
            ("nut/test/bad/1", "test bad nut"),
            ("nut/ground_truth/bad/1", "mask"),
            ("pill/train/good/1", "train good pill"),
        ]);
        check(&[("cat/train/1", "train cat"), ("cat/test/1", "test cat"), ("dog/train/1", "train dog")]);
        for (train, validation, test) in [
            ("train", "val", "test"),
            ("Training", "valid", "testing"),
            ("training_set", "dev_set", "test_set"),
            ("train2017", "eval2017", "test2017"),
            ("x/y/train", "x/y/validation", "x/y/test1"),
        ] {
            check(&[
                (&format!("{train}/cat/1"), "train cat"),
                (&format!("{validation}/dog/1"), "val dog"),
                (&format!("{test}/1"), "test -"),
            ]);
        }
        check(&[
            ("seg_train/seg_train/sea/1", "train sea"),
            ("seg_test/seg_test/sea/1", "test sea"),
            ("seg_pred/1", "outside"),
        ]);
        // A class of that name; a single part; none for training.
        check(&[("train/1", "- train"), ("plane/1", "- plane")]);
        check(&[("train/cat/1", "- cat"), ("train/dog/1", "- dog")]);
        check(&[("test/1", "- test"), ("val/1", "- val")]);
        // Pictures and their masks.
        check(&[("images/1", "- -"), ("masks/1", "mask")]);
        check(&[("train/images/1", "train -"), ("train/masks/1", "mask"), ("test/images/1", "test -")]);
        check(&[("images/cat/1", "- cat"), ("images/dog/1", "- dog")]);
        // A folder for the pictures of a part is not a class, unless it is one among others.
        check(&[
            ("train/n01/images/1", "train n01"),
            ("train/n02/images/1", "train n02"),
            ("val/images/1", "val -"),
            ("test/images/n01/1", "test n01"),
        ]);
        check(&[("train/images/cat/1", "train cat"), ("test/images/dog/1", "test dog")]);
        check(&[
            ("train/images/1", "train images"),
            ("train/text/1", "train text"),
            ("test/text/1", "test text"),
        ]);
    }

    #[test]
    fn old_rules_take_the_first_folder() {
        let files = ["train/cat/1", "test/cat/1"].map(Path::new);
        let arrangement = Arrangement::of(files.into_iter(), false, Rules::Version1);
        let class = |file| match arrangement.meaning(file) {
            Meaning::Sample { class, .. } => class,
            Meaning::Mask | Meaning::Outside => None,
        };
        assert_eq!(files.map(class), [Some("train".to_owned()), Some("test".to_owned())]);
    }
}
