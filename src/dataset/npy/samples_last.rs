//! Arrays whose samples are along their last axis, as in MATLAB: height × width × channels ×
//! samples.

use super::archive::Archive;
use super::choice::{Entry, Kind, are_called_labels};
use super::{ReadOptions, roles};
use crate::dataset::Doubt;
use crate::project::{Axes, Choice, Rules};

/// Fewer samples prove nothing: they may be channels.
const FEWEST: usize = 5;

/// The remark about such arrays.
#[derive(Debug, Default)]
pub(super) struct SamplesLast {
    pub note: Option<String>,
    pub doubt: Option<Doubt>,
}

/// How certain it is that the samples are last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    First,
    /// Because there are as many labels.
    Last,
    /// Because the other axes are those of a picture.
    Guessed,
    /// They are read along the first axis, but may be along the last.
    Open,
}

/// Finds such arrays, or treats all as such if requested, and turns their headers to have the
/// samples first.
pub(super) fn find_samples_last(archive: &mut Archive<'_>, options: ReadOptions<'_>) -> SamplesLast {
    let entries: Vec<Entry> = archive.arrays.iter().map(roles::entry).collect();
    let are_labels = are_called_labels(&entries);
    let verdicts: Vec<Verdict> = match (options.reading.axes, options.rules) {
        (Axes::SamplesLast, _) => {
            let verdict = |(entry, is_label): (&Entry, &bool)| {
                if entry.can_be_rows() && !is_label { Verdict::Last } else { Verdict::First }
            };
            entries.iter().zip(&are_labels).map(verdict).collect()
        }
        (Axes::Auto, Rules::Current) => judge_all(&entries, &are_labels),
        (Axes::Auto, Rules::Version1)
        | (Axes::Rows | Axes::Grey | Axes::ChannelsLast | Axes::ChannelsFirst, _) => {
            return SamplesLast::default();
        }
    };
    let mut said = SamplesLast::default();
    for (at, verdict) in verdicts.iter().enumerate() {
        let Some(found) = archive.arrays.get_mut(at) else { continue };
        let description = if found.name.is_empty() { "the array".to_owned() } else { found.description() };
        let Ok(header) = &mut found.header else { continue };
        let (shape, others) = (header.shape_text(), [Axes::ChannelsLast, Axes::ChannelsFirst, Axes::Rows]);
        match verdict {
            Verdict::First => continue,
            Verdict::Open => {
                let first = header.shape.first().copied().unwrap_or_default();
                let message = format!(
                    "in {shape}, the first axis is read as the samples, so there are {first}: they may be \
                     along the last"
                );
                let remedies = vec![Choice::Axes(Axes::SamplesLast)];
                said.doubt.get_or_insert(Doubt { message, remedies });
                continue;
            }
            Verdict::Guessed => {
                let message = format!(
                    "in {shape}, the last axis is read as the samples: the others look like a picture"
                );
                said.doubt.get_or_insert(Doubt { message, remedies: others.map(Choice::Axes).to_vec() });
            }
            Verdict::Last if options.reading.axes == Axes::Auto => {
                said.note.get_or_insert(format!(
                    "the samples of {description} are along its last axis, because there are as many labels; {} or \
                     {} uses the first",
                    Choice::Axes(if header.shape.len() == 3 { Axes::Grey } else { Axes::ChannelsLast })
                        .option(),
                    Axes::Rows.name()
                ));
            }
            Verdict::Last => {}
        }
        header.put_samples_last();
    }
    // Labels along a row become a column.
    if verdicts.iter().any(|verdict| matches!(verdict, Verdict::Last | Verdict::Guessed)) {
        for (found, _) in archive.arrays.iter_mut().zip(are_labels).filter(|(_, is_label)| *is_label) {
            if let Ok(header) = &mut found.header
                && matches!(header.shape[..], [1, count] if count > 1)
            {
                header.put_samples_last();
            }
        }
    }
    said
}

fn judge_all(entries: &[Entry], are_labels: &[bool]) -> Vec<Verdict> {
    // Number of labels, and whether a name says that they are labels.
    let labels: Vec<(usize, bool)> = entries
        .iter()
        .zip(are_labels)
        .filter(|(entry, is_called)| **is_called || matches!(entry.kind, Kind::Whole | Kind::Text))
        .filter_map(|(entry, is_called)| match entry.shape[..] {
            [count] | [count, 1] => Some((count, *is_called)),
            [1, count] if *is_called => Some((count, true)),
            _ => None,
        })
        .collect();
    let judged = |(entry, is_label): (&Entry, &bool)| {
        if entry.can_be_rows() && !is_label { judge(&entry.shape, &labels) } else { Verdict::First }
    };
    let verdicts: Vec<Verdict> = entries.iter().zip(are_labels).map(judged).collect();
    // Arrays of the same pictures are stored alike, with or without labels.
    let turned: Vec<&[usize]> = (entries.iter().zip(&verdicts))
        .filter(|(_, verdict)| **verdict == Verdict::Last)
        .filter_map(|(entry, _)| entry.shape.split_last().map(|(_, picture)| picture))
        .collect();
    let is_alike = |entry: &Entry| {
        entry.can_be_rows() && entry.shape.split_last().is_some_and(|(_, picture)| turned.contains(&picture))
    };
    let of_all = entries.iter().zip(&verdicts);
    of_all.map(|(entry, verdict)| if is_alike(entry) { Verdict::Last } else { *verdict }).collect()
}

/// Classifies an array by its lengths and those of the labels.
fn judge(shape: &[usize], labels: &[(usize, bool)]) -> Verdict {
    let fits = |length: usize, only_called: bool| {
        labels.iter().any(|(count, is_called)| *count == length && (*is_called || !only_called))
    };
    let (Some(&first), Some(&last)) = (shape.first(), shape.last()) else { return Verdict::First };
    if first == last || last < FEWEST || fits(first, false) {
        return Verdict::First;
    }
    match *shape {
        [height, width, 1 | 3 | 4, _] if height >= FEWEST && width >= FEWEST => {
            // Whole numbers with another name may be anything along that axis: times, wavelengths.
            if fits(last, true) {
                Verdict::Last
            } else if height == width {
                Verdict::Guessed
            } else if last > height.max(width) || fits(last, false) {
                Verdict::Open
            } else {
                Verdict::First
            }
        }
        [_, _, _] | [_, _, _, _] if fits(last, true) => Verdict::Last,
        [height, width, _] if height == width && last > 2 * height => Verdict::Open,
        _ => Verdict::First,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_last_where_the_labels_or_the_other_axes_say_so() {
        let check = |arrays: &[(&str, &[usize], Kind)], expected: &[Verdict]| {
            let entries: Vec<Entry> = arrays
                .iter()
                .map(|(name, shape, kind)| Entry { name: (*name).into(), shape: shape.to_vec(), kind: *kind })
                .collect();
            assert_eq!(judge_all(&entries, &are_called_labels(&entries)), expected, "{arrays:?}");
        };
        let (whole, float) = (Kind::Whole, Kind::Float);
        // Street View House Numbers.
        check(&[("X", &[32, 32, 3, 40], whole), ("y", &[40, 1], whole)], &[Verdict::Last, Verdict::First]);
        check(&[("X", &[32, 32, 3, 40], whole), ("y", &[32], whole)], &[Verdict::First; 2]);
        check(&[("X", &[32, 32, 3, 40], whole)], &[Verdict::Guessed]);
        check(&[("X", &[32, 24, 3, 40], whole)], &[Verdict::Open]);
        check(&[("X", &[500, 16, 4, 8], float)], &[Verdict::First]);
        // Epochs of an electroencephalogram with their times, and labels with another name.
        let times: (&str, &[usize], Kind) = ("times", &[1000], whole);
        check(&[("X", &[288, 22, 1, 1000], float), times], &[Verdict::Open, Verdict::First]);
        check(&[("a", &[32, 24, 3, 20], whole), ("b", &[20], whole)], &[Verdict::Open, Verdict::First]);
        check(&[("a", &[32, 32, 3, 40], whole), ("b", &[40], whole)], &[Verdict::Guessed, Verdict::First]);
        check(
            &[
                ("x_train", &[28, 28, 90], whole),
                ("y_train", &[1, 90], whole),
                ("x_test", &[28, 28, 7], whole),
            ],
            &[Verdict::Last, Verdict::First, Verdict::Last],
        );
        // A hyperspectral cube with its wavelengths, and its classes.
        check(
            &[("cube", &[145, 145, 200], whole), ("bands", &[200], whole), ("gt", &[145, 145], whole)],
            &[Verdict::First, Verdict::First, Verdict::First],
        );
        check(&[("x", &[60, 28, 28], whole), ("y", &[60], whole)], &[Verdict::First; 2]);
        check(&[("x", &[60, 28, 28, 3], float)], &[Verdict::First]);
        check(&[("x", &[60, 4], float), ("class", &[4], Kind::Text)], &[Verdict::First; 2]);
        check(&[("x", &[60, 5, 4, 4], float)], &[Verdict::First]);
    }
}
