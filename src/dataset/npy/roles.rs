use super::ReadOptions;
use super::archive::{Archive, Found};
use super::choice::{self, Entry, Kind};
use super::header::{Header, Kind as Type};
use super::layout::ArrayLayout;
use crate::dataset::{DataError, Doubt};
use crate::project::{Axes, Choice, Rules};

/// Most other arrays that are offered as fixes.
const OFFERED: usize = 4;
/// Most arrays that are listed.
const LISTED: usize = 6;

/// An array of rows and that of their labels, by index in the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Role {
    pub rows: usize,
    pub labels: Option<usize>,
}

/// The role of each array.
#[derive(Debug)]
pub(super) struct Roles {
    pub train: Role,
    pub validation: Option<Role>,
    pub test: Option<Role>,
    /// Reports that names did not help.
    pub doubt: Option<Doubt>,
}

impl Roles {
    /// The named arrays, and for the others those suggested by names and shapes. An empty name
    /// means none.
    pub fn find(archive: &Archive<'_>, options: ReadOptions<'_>) -> Result<Roles, DataError> {
        let ReadOptions { array, labels, reading, rules } = options;
        let named = [
            (array, "array"),
            (labels, "label-array"),
            (reading.validation.as_deref(), "validation-array"),
            (reading.validation_labels.as_deref(), "validation-label-array"),
            (reading.test.as_deref(), "test-array"),
            (reading.test_labels.as_deref(), "test-label-array"),
        ];
        let mut places = [None; 6];
        for ((name, option), place) in named.into_iter().zip(&mut places) {
            if let Some(name) = name.filter(|name| !name.is_empty()) {
                *place = Some(archive.place(name, option)?);
            }
        }
        let is_none = |name: Option<&str>| name == Some("");
        let [array, label_array, validation, validation_labels, test, test_labels] = places;
        if archive.is_plain() {
            let train = Role { rows: 0, labels: None };
            return Ok(Roles { train, validation: None, test: None, doubt: None });
        }
        if rules == Rules::Version1 {
            let first = array.or_else(|| (0..archive.arrays.len()).find(|at| Some(*at) != label_array));
            let can_be_read = |at: &usize| archive.arrays[*at].header.as_ref().is_ok_and(can_be_rows);
            if let Some(rows) = first.filter(|at| array.is_some() || can_be_read(at)) {
                let train = Role { rows, labels: label_array };
                return Ok(Roles { train, validation: None, test: None, doubt: None });
            }
        }

        let entries: Vec<Entry> = archive.arrays.iter().map(entry).collect();
        let chosen = choice::choose(&entries);
        let Some(rows) = array.or(chosen.train.map(|(rows, _)| rows)) else {
            let names: Vec<String> = archive.arrays.iter().take(LISTED).map(Found::description).collect();
            let there = if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
            let message = format!(
                "contains no array with rows{there}; choose another .npz file, or name the array with --array \
                 NAME"
            );
            return Err(DataError::file(archive.path, message));
        };
        let has_labels = !is_none(labels);
        let labels_of = |rows: usize, given: Option<usize>, is_none: bool| {
            given.or_else(|| choice::labels_for(&entries, rows).filter(|_| has_labels && !is_none))
        };
        let [own_validation, own_test] = if array.is_some() {
            choice::parts_for(&entries, rows)
        } else {
            [chosen.validation, chosen.test].map(|part| part.map(|(rows, _)| rows))
        };
        let part = |given: Option<usize>,
                    own: Option<usize>,
                    name: Option<&str>,
                    labels: Option<usize>,
                    no_labels| {
            let rows = given.or(own.filter(|_| !is_none(name)))?;
            Some(Role { rows, labels: labels_of(rows, labels, no_labels) })
        };
        let no_labels = |name: &Option<String>| is_none(name.as_deref());
        Ok(Roles {
            train: Role { rows, labels: labels_of(rows, label_array, false) },
            validation: part(
                validation,
                own_validation,
                reading.validation.as_deref(),
                validation_labels,
                no_labels(&reading.validation_labels),
            ),
            test: part(test, own_test, reading.test.as_deref(), test_labels, no_labels(&reading.test_labels)),
            doubt: (array.is_none() && chosen.is_guess).then(|| doubt(&entries, rows)).flatten(),
        })
    }

    /// All of them, those of the training rows first.
    pub fn all(&self) -> impl Iterator<Item = Role> {
        std::iter::once(self.train).chain(self.validation).chain(self.test)
    }

    /// The skipped arrays, for the end of the summary line, and a note for each array that cannot
    /// be read.
    pub fn left(&self, arrays: &[Found]) -> (Option<String>, Vec<String>) {
        let used: Vec<usize> = self.all().flat_map(|role| [Some(role.rows), role.labels]).flatten().collect();
        let left: Vec<&Found> =
            (0..arrays.len()).filter(|at| !used.contains(at)).map(|at| &arrays[at]).collect();
        let unread =
            left.iter().filter_map(|array| array.header.as_ref().err().map(|why| (&array.name, why)));
        let notes = unread.take(LISTED).map(|(name, why)| format!("array \"{name}\" was ignored: {why}"));
        let names: Vec<String> = left.iter().take(LISTED).map(|array| array.description()).collect();
        let more = left.len() - names.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        ((!names.is_empty()).then(|| format!("ignored: {}{more}", names.join(", "))), notes.collect())
    }
}

/// The facts that the choice by names and shapes needs.
pub(super) fn entry(found: &Found) -> Entry {
    let name = found.name.clone();
    match &found.header {
        Err(_) => Entry { name, shape: Vec::new(), kind: Kind::Other },
        Ok(header) => Entry { name, shape: header.shape.clone(), kind: kind(header.kind) },
    }
}

fn kind(kind: Type) -> Kind {
    match kind {
        Type::F16 | Type::F32 | Type::F64 => Kind::Float,
        Type::Bytes | Type::Unicode => Kind::Text,
        Type::Bool
        | Type::U8
        | Type::I8
        | Type::U16
        | Type::I16
        | Type::U32
        | Type::I32
        | Type::U64
        | Type::I64 => Kind::Whole,
    }
}

/// Whether the rules of version 1 could read it as rows.
fn can_be_rows(header: &Header) -> bool {
    !header.is_text()
        && header.shape.len() > 1
        && !header.shape.contains(&0)
        && ArrayLayout::of(&header.shape, Axes::Auto, Rules::Version1).is_ok()
}

/// Reports that only shapes decided, if there was a choice.
fn doubt(entries: &[Entry], rows: usize) -> Option<Doubt> {
    let others = (0..entries.len()).filter(|&at| at != rows && entries[at].can_be_rows());
    let remedies: Vec<Choice> =
        others.take(OFFERED).map(|at| Choice::Array(Some(entries[at].name.clone()))).collect();
    let message = format!(
        "the names of the arrays do not show which contains the rows; \"{}\" was used",
        entries[rows].name
    );
    (!remedies.is_empty()).then_some(Doubt { message, remedies })
}
