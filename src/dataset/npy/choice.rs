//! Which arrays of an `.npz` contain the rows and the labels.

/// An array of an archive, from its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its name, without `.npy`.
    pub name: String,
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// The type of its elements.
    pub kind: Kind,
}

impl Entry {
    /// Whether it may contain rows: numbers with at least two dimensions, none of length 0.
    pub(super) fn can_be_rows(&self) -> bool {
        let are_numbers = matches!(self.kind, Kind::Float | Kind::Whole);
        are_numbers && self.shape.len() >= 2 && self.shape.iter().all(|&length| length > 0)
    }
}

/// The type of an array's elements, as far as it affects the role of the array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Floating-point numbers.
    Float,
    /// Whole numbers, true or false.
    Whole,
    /// Text.
    Text,
    /// Pickled objects, records and everything else that is not a number.
    Other,
}

/// Arrays by role, by index in the archive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Choice {
    /// Training rows, with their labels.
    pub train: Option<(usize, Option<usize>)>,
    /// The archive's own validation rows.
    pub validation: Option<(usize, Option<usize>)>,
    /// The archive's own test rows.
    pub test: Option<(usize, Option<usize>)>,
    /// Whether names did not help, so that shapes decided.
    pub is_guess: bool,
}

/// Words for arrays of rows, the most specific first.
const ROWS: [&str; 11] =
    ["x", "images", "imgs", "data", "image", "img", "features", "inputs", "samples", "pixels", "faces"];
/// Words for arrays of labels.
const LABELS: [&str; 8] = ["y", "labels", "label", "targets", "target", "classes", "class", "species"];

/// Most columns of an array of labels.
pub(super) const MOST_LABEL_COLUMNS: usize = 4096;

/// A part of the data, as indicated by a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Train,
    Validation,
    Test,
}

/// The role that the name of an array suggests.
struct NameHint {
    part: Option<Part>,
    /// Rank among [`ROWS`].
    rows: Option<usize>,
    is_label: bool,
    /// Whether it indicates nothing else, except a part.
    is_label_alone: bool,
    /// Whether it indicates only a part: `train`.
    is_part_alone: bool,
}

/// Chooses by the conventional names (`x_train`, `X`, `images`, `y_test`, …); without such names,
/// the array with the most rows, of these the one with the most values, and as its labels an array
/// with one whole number or text per row.
pub(super) fn choose(entries: &[Entry]) -> Choice {
    let hints = hints_of(entries);
    let can_be_rows = |at: &usize| entries[*at].can_be_rows();
    let named = |part: Option<Part>| {
        let of_part = (0..entries.len()).filter(can_be_rows).filter(|&at| {
            hints[at].part == part
                && !hints[at].is_label
                && (hints[at].rows.is_some() || hints[at].is_part_alone)
        });
        of_part.min_by_key(|&at| hints[at].rows.unwrap_or(ROWS.len()))
    };
    let mut choice = Choice::default();
    let train = named(Some(Part::Train)).or_else(|| named(None)).or_else(|| {
        choice.is_guess = true;
        let of_no_part = (0..entries.len())
            .filter(can_be_rows)
            .filter(|&at| hints[at].part.is_none() && !hints[at].is_label);
        let by_size = |&at: &usize| {
            let shape = &entries[at].shape;
            (shape[0], shape.iter().fold(1_usize, |product, &length| product.saturating_mul(length)))
        };
        // The first of equals.
        of_no_part
            .rev()
            .max_by_key(by_size)
            .or_else(|| (0..entries.len()).filter(can_be_rows).rev().max_by_key(by_size))
    });
    let same_rows = |at: &usize| {
        train.is_some_and(|train| entries[train].shape[1..] == entries[*at].shape[1..] && train != *at)
    };
    choice.train = train.map(|rows| (rows, labels_of(entries, &hints, rows)));
    let part =
        |part| named(Some(part)).filter(same_rows).map(|rows| (rows, labels_of(entries, &hints, rows)));
    (choice.validation, choice.test) = (part(Part::Validation), part(Part::Test));
    choice
}

/// The labels for a chosen array of rows.
pub(super) fn labels_for(entries: &[Entry], rows: usize) -> Option<usize> {
    let hints: Vec<NameHint> = hints_of(entries);
    labels_of(entries, &hints, rows)
}

/// The arrays of validation and test rows for a chosen array of training rows: those of the other
/// parts with the same word.
pub(super) fn parts_for(entries: &[Entry], rows: usize) -> [Option<usize>; 2] {
    let hints = hints_of(entries);
    if matches!(hints[rows].part, Some(Part::Validation | Part::Test)) {
        return [None, None];
    }
    [Part::Validation, Part::Test].map(|part| {
        (0..entries.len()).find(|&at| {
            let is_alike =
                entries[at].can_be_rows() && entries[at].shape.get(1..) == entries[rows].shape.get(1..);
            at != rows
                && is_alike
                && hints[at].part == Some(part)
                && !hints[at].is_label
                && (hints[at].rows.is_some() || hints[at].is_part_alone)
                && (hints[at].rows == hints[rows].rows || hints[rows].part == Some(Part::Train))
        })
    })
}

/// The labels for an array of rows: by name, else an array with one whole number or text per row.
fn labels_of(entries: &[Entry], hints: &[NameHint], rows: usize) -> Option<usize> {
    let labels = (0..entries.len()).filter(|&at| {
        let entry = &entries[at];
        let is_column = match entry.shape[..] {
            [_] | [_, 1] => true,
            // One column per class.
            [_, columns] => {
                hints[at].is_label_alone && columns <= MOST_LABEL_COLUMNS && entry.kind != Kind::Text
            }
            _ => false,
        };
        at != rows
            && is_column
            && entries[rows].shape.first() == entry.shape.first()
            && matches!(entry.kind, Kind::Whole | Kind::Text | Kind::Float)
            && (hints[at].part == hints[rows].part || hints[at].part.is_none())
            && (hints[at].is_label || entry.kind != Kind::Float)
    });
    labels.min_by_key(|&at| (!hints[at].is_label, hints[at].part != hints[rows].part))
}

/// Whether the name of each array is one for labels.
pub(super) fn are_called_labels(entries: &[Entry]) -> Vec<bool> {
    hints_of(entries).iter().map(|hints| hints.is_label).collect()
}

/// The indications of all names, without the folder that contains them all.
fn hints_of(entries: &[Entry]) -> Vec<NameHint> {
    let folder = |name: &str| name.rsplit_once('/').map_or(0, |(folder, _)| folder.len() + 1);
    let mut common = entries.first().map_or("", |entry| &entry.name[..folder(&entry.name)]);
    while !entries.iter().all(|entry| entry.name.starts_with(common)) {
        common = &common[..folder(common.trim_end_matches('/'))];
    }
    entries.iter().map(|entry| hint(&entry.name[common.len()..])).collect()
}

fn hint(name: &str) -> NameHint {
    let mut hint =
        NameHint { part: None, rows: None, is_label: false, is_label_alone: false, is_part_alone: false };
    let mut others = 0;
    for word in words(name) {
        match word.as_str() {
            "train" | "training" | "tr" => hint.part = Some(Part::Train),
            "val" | "valid" | "validation" | "dev" => hint.part = Some(Part::Validation),
            "test" | "testing" | "te" => hint.part = Some(Part::Test),
            word if LABELS.contains(&word) => hint.is_label = true,
            // Words about how labels are encoded.
            "onehot" | "one" | "hot" | "categorical" => {}
            word => match ROWS.iter().position(|rows| *rows == word) {
                Some(rank) => hint.rows = Some(rank),
                None => others += 1,
            },
        }
    }
    hint.is_part_alone = hint.part.is_some() && others == 0 && hint.rows.is_none() && !hint.is_label;
    hint.is_label_alone = hint.is_label && others == 0;
    if others > 0 && hint.part.is_none() {
        // In a longer name ("image_ids", "class_weights") a single word says nothing.
        hint.rows = None;
    }
    hint
}

/// The words of a name in lower case: `X_train`, `trainImages` and `train-images` have two.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let is = |at: Option<usize>, what: fn(char) -> bool| {
        at.and_then(|at| letters.get(at)).is_some_and(|&c| what(c))
    };
    let mut words = vec![String::new()];
    for (at, &letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1);
        // Between "x" and "T" of xTrain, and between "X" and "T" of XTrain.
        let begins = letter.is_uppercase()
            && (is(before, char::is_lowercase)
                || is(before, char::is_uppercase) && is(Some(at + 1), char::is_lowercase));
        if !letter.is_alphanumeric() || begins {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_detected_by_name_then_by_shape() {
        use Kind::{Float, Other, Text, Whole};
        type Named<'a> = Option<(&'a str, Option<&'a str>)>;
        let check = |arrays: &[(&str, &[usize], Kind)],
                     train: Named<'_>,
                     validation: Named<'_>,
                     test: Named<'_>| {
            let entries: Vec<Entry> = arrays
                .iter()
                .map(|(name, shape, kind)| Entry { name: (*name).into(), shape: shape.to_vec(), kind: *kind })
                .collect();
            let choice = choose(&entries);
            let name = |at: usize| entries[at].name.as_str();
            let named = |pair: Option<(usize, Option<usize>)>| {
                pair.map(|(rows, labels)| (name(rows), labels.map(name)))
            };
            assert_eq!(
                (named(choice.train), named(choice.validation), named(choice.test)),
                (train, validation, test),
                "{arrays:?}"
            );
        };
        // Keras's mnist.npz.
        check(
            &[
                ("x_test", &[10, 28, 28], Whole),
                ("x_train", &[60, 28, 28], Whole),
                ("y_train", &[60], Whole),
                ("y_test", &[10], Whole),
            ],
            Some(("x_train", Some("y_train"))),
            None,
            Some(("x_test", Some("y_test"))),
        );
        // dSprites.
        check(
            &[
                ("metadata", &[], Other),
                ("imgs", &[90, 64, 64], Whole),
                ("latents_classes", &[90, 6], Whole),
                ("latents_values", &[90, 6], Float),
            ],
            Some(("imgs", None)),
            None,
            None,
        );
        // MedMNIST.
        check(
            &[
                ("train_images", &[60, 28, 28], Whole),
                ("val_images", &[10, 28, 28], Whole),
                ("test_images", &[20, 28, 28], Whole),
                ("train_labels", &[60, 1], Whole),
                ("val_labels", &[10, 1], Whole),
                ("test_labels", &[20, 1], Whole),
            ],
            Some(("train_images", Some("train_labels"))),
            Some(("val_images", Some("val_labels"))),
            Some(("test_images", Some("test_labels"))),
        );
        check(
            &[("meta", &[60, 3], Float), ("x", &[60, 8], Float), ("y", &[60], Whole)],
            Some(("x", Some("y"))),
            None,
            None,
        );
        check(
            &[("arr_0", &[60], Whole), ("arr_1", &[60, 8], Float)],
            Some(("arr_1", Some("arr_0"))),
            None,
            None,
        );
        check(
            &[("a", &[5, 2], Float), ("b", &[60, 8], Float), ("c", &[60, 9], Float)],
            Some(("c", None)),
            None,
            None,
        );
        check(
            &[("XTrain", &[6, 2], Float), ("yTrain", &[6], Text), ("XTest", &[3, 2], Float)],
            Some(("XTrain", Some("yTrain"))),
            None,
            Some(("XTest", None)),
        );
        check(
            &[("train", &[6, 2], Float), ("test", &[3, 2], Float)],
            Some(("train", None)),
            None,
            Some(("test", None)),
        );
        check(
            &[("x_train", &[6, 2], Float), ("x_test", &[3, 5], Float)],
            Some(("x_train", None)),
            None,
            None,
        );
        check(&[("y", &[6], Whole), ("weights", &[6], Float)], None, None, None);
        // One-hot labels, and names in a folder.
        check(
            &[("x_train", &[6, 2], Float), ("y_train_onehot", &[6, 3], Float)],
            Some(("x_train", Some("y_train_onehot"))),
            None,
            None,
        );
        check(&[("x", &[6, 2], Float), ("y", &[6, 3], Float)], Some(("x", Some("y"))), None, None);
        check(&[("set/extra", &[9, 9], Float), ("set/x", &[6, 2], Float)], Some(("set/x", None)), None, None);
        check(&[("x_test", &[3, 5], Float)], Some(("x_test", None)), None, None);
    }
}
