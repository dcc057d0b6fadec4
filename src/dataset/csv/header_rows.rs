//! Headers of several rows: names below names, units, the name of an index.

use std::collections::HashSet;

use super::first_row::{fields, sample_rows};
use super::header::{are_further_names, are_units};
use super::lines::NAMES_COPIES;
use super::names::column_names;
use super::plain::plain_number;
use super::{ReadOptions, listed};
use crate::dataset::memory::{self, Budget, Shortage};
use crate::project::{Choice, Header};

/// Most rows of names below the first.
const MOST: usize = 3;
/// Most characters of the names with groups added.
const MOST_LETTERS: usize = 1 << 20;
/// Joined names that are shown.
const SHOWN: usize = 8;
/// Memory for one part of a column's name while parts are joined.
const PART_BYTES: u64 = 200;

/// Content below the first row of a header.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Below {
    /// Rows of names or units.
    names: usize,
    /// Whether the row below them names only the index.
    has_index: bool,
}

impl Below {
    /// Classifies the first of these rows, below a row that would be the header.
    pub(super) fn find(first: &[String], rows: &[Vec<String>], options: &ReadOptions<'_>) -> Below {
        if options.header == Header::OneRow {
            return Below::default();
        }
        let are_names = |count: &usize| {
            let Some((heads, below)) = rows.split_at_checked(*count) else { return false };
            // Almost all tables end here.
            if heads.iter().flatten().any(|field| plain_number(field.trim()).is_some()) {
                return false;
            }
            let below = sample_rows(first, below, options);
            heads.iter().all(|row| {
                let row = fields(row, options);
                are_units(&row, &below) || are_further_names(&row, &below)
            })
        };
        let names = (1..=MOST).rev().find(are_names).unwrap_or(0);
        let has_index = names > 0
            && rows
                .get(names..)
                .and_then(<[_]>::split_first)
                .is_some_and(|(row, below)| is_index(row, below));
        Below { names, has_index }
    }

    /// Whether one of them names the index.
    pub(super) fn has_index(&self) -> bool {
        self.has_index
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.names + usize::from(self.has_index)
    }

    /// Names the columns by the first row and these: joined if the first row does not distinguish
    /// the columns, unless columns are requested by the names of the first row. Memory for longer
    /// names is charged for this many copies.
    ///
    /// # Errors
    /// [`Shortage`] if there is not enough memory.
    pub(super) fn name(
        &self,
        names: &mut [String],
        below: &[Vec<String>],
        wanted: &HashSet<&str>,
        budget: &Budget,
        notes: &mut Vec<String>,
    ) -> Result<u64, Shortage> {
        let (further, rest) = below.split_at(self.names.min(below.len()));
        let reservation = budget.charge_scoped(PART_BYTES * (further.len() * names.len()) as u64)?;
        let mut charged = 0;
        let mut is_joined = false;
        if let Some(parts) = joined(names, further) {
            let bytes = |parts: &Vec<&str>| memory::text_bytes(parts.iter().map(|part| part.len() + 1).sum());
            charged = parts.iter().map(bytes).fold(0, u64::saturating_add);
            budget.take(charged.saturating_mul(NAMES_COPIES))?;
            let all: Vec<String> = parts.into_iter().map(|parts| parts.join(" ")).collect();
            let there: HashSet<String> = column_names(&all).into_iter().collect();
            is_joined = keeps(names, &there, wanted);
            if is_joined {
                let shown: Vec<&String> = all.iter().filter(|name| !name.is_empty()).take(SHOWN).collect();
                notes.push(format!(
                    "the names in the first {} rows are joined: {}",
                    self.names + 1,
                    listed(&shown)
                ));
                names.clone_from_slice(&all);
            }
        }
        if !is_joined {
            for row in further {
                let what = "the row below the header contains units or further names and is skipped";
                let option = Choice::Header(Header::OneRow).option();
                notes.push(format!("{what}: {} ({option} reads it as data)", listed(&texts(row))));
            }
        }
        drop(reservation);
        if let Some(row) = rest.first().filter(|_| self.has_index) {
            let nameless = names.iter_mut().zip(row).filter(|(name, _)| name.trim().is_empty());
            nameless.for_each(|(name, index)| index.trim().clone_into(name));
            notes.push(format!(
                "the row below the names contains the name of the index: {}",
                listed(&texts(row))
            ));
        }
        Ok(charged)
    }
}

/// Whether a row of names distinguishes the columns only together with the group names in the row
/// above it, the first of these rows. Requested columns keep their names.
pub(super) fn are_groups(rows: &[Vec<String>], options: &ReadOptions<'_>, wanted: &HashSet<&str>) -> bool {
    let [groups, names, ..] = rows else { return false };
    let mut seen = HashSet::new();
    let are_different = names.iter().map(|name| name.trim()).all(|name| name.is_empty() || seen.insert(name));
    if are_different || Below::find(groups, &rows[1..], options).names == 0 {
        return false;
    }
    joined(groups, &rows[1..2]).is_some_and(|parts| {
        // Longer names are created once their memory is charged.
        if parts.iter().flatten().map(|part| part.len()).sum::<usize>() > MOST_LETTERS {
            return false;
        }
        let all: Vec<String> = parts.into_iter().map(|parts| parts.join(" ")).collect();
        keeps(names, &column_names(&all).into_iter().collect(), wanted)
    })
}

/// Whether every column requested by one of these names keeps it then.
fn keeps(names: &[String], there: &HashSet<String>, wanted: &HashSet<&str>) -> bool {
    wanted.is_empty()
        || !column_names(names).iter().any(|name| wanted.contains(name.as_str()) && !there.contains(name))
}

fn texts(row: &[String]) -> Vec<&str> {
    row.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect()
}

/// Whether a row names only the index of the columns, at its beginning.
fn is_index(row: &[String], below: &[Vec<String>]) -> bool {
    let is_empty = |field: &String| field.trim().is_empty();
    let named = row.iter().take_while(|field| !is_empty(field)).count();
    let has_digit = |row: &[String]| {
        row.first().is_some_and(|field| field.contains(|letter: char| letter.is_ascii_digit()))
    };
    let is_filled = |other: &&Vec<String>| other.iter().skip(named).any(|field| !is_empty(field));
    named > 0
        && named < row.len()
        && row[named..].iter().all(is_empty)
        && row[..named].iter().all(|field| field.trim().starts_with(char::is_alphabetic))
        && !below.is_empty()
        && 10 * below.iter().filter(is_filled).count() >= 9 * below.len()
        && !below.iter().any(|other| other.first() == row.first())
        // Perhaps one of the labels, of a row without values.
        && !(has_digit(row) && below.iter().all(|row| has_digit(row)))
}

/// The parts of the names of all columns, if the rows below are needed to distinguish them, and do.
/// A name also applies to the columns to its right that have no name, except in the last row.
fn joined<'a>(first: &'a [String], further: &'a [Vec<String>]) -> Option<Vec<Vec<&'a str>>> {
    if further.is_empty() || further.iter().any(|row| row.len() != first.len()) {
        return None;
    }
    let level = |level: usize, at: usize| {
        if level == 0 { first[at].trim() } else { further[level - 1][at].trim() }
    };
    let deepest = further.len();
    let mut seen = HashSet::new();
    let mut is_needed = false;
    for at in 0..first.len() {
        let is_alone = !level(0, at).is_empty() && seen.insert(level(0, at));
        is_needed |= !is_alone && (1..=deepest).any(|row| !level(row, at).is_empty());
    }
    if !is_needed {
        return None;
    }
    // The last name of each row.
    let mut last = vec![""; deepest + 1];
    let mut all = Vec::with_capacity(first.len());
    for at in 0..first.len() {
        let mut parts: Vec<&str> = Vec::new();
        let mut is_same_group = true;
        for row in 0..=deepest {
            let own = level(row, at);
            let has_more = (row + 1..=deepest).any(|deeper| !level(deeper, at).is_empty());
            let part = if own.is_empty() && is_same_group && has_more { last[row] } else { own };
            is_same_group &= own.is_empty();
            if !own.is_empty() {
                last[row] = own;
                last[row + 1..].fill("");
            }
            if !part.is_empty() && parts.last() != Some(&part) {
                parts.push(part);
            }
        }
        all.push(parts);
    }
    let mut seen = HashSet::new();
    all.iter().filter(|parts| !parts.is_empty()).all(|parts| seen.insert(parts)).then_some(())?;
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::TableReading;

    fn rows(lines: &[&str]) -> Vec<Vec<String>> {
        lines.iter().map(|line| line.split(',').map(str::to_owned).collect()).collect()
    }

    #[test]
    fn rows_below_the_first_belong_to_the_header() {
        let check = |lines: &[&str], names: usize, has_index: bool, expected: &[&str]| {
            let rows = rows(lines);
            let below = Below::find(&rows[0], &rows[1..], &ReadOptions::of(&TableReading::default()));
            assert_eq!(below, Below { names, has_index }, "{lines:?}");
            let mut found = rows[0].clone();
            below
                .name(&mut found, &rows[1..], &HashSet::new(), &Budget::of(1 << 20), &mut Vec::new())
                .unwrap();
            assert_eq!(found, expected, "{lines:?}");
        };
        let data = ["r,1,2,3,4", "s,5,6,7,8", "t,9,1,2,3", "u,4,5,6,7"];
        let with = |heads: &[&'static str]| [heads, &data[..]].concat();
        check(&with(&[",a,b,c,d"]), 0, false, &["", "a", "b", "c", "d"]);
        check(&with(&["k,a,b,c,d", ",mm,kg,s,K"]), 1, false, &["k", "a", "b", "c", "d"]);
        check(
            &with(&[",a,a,b,b", ",mean,std,mean,std"]),
            1,
            false,
            &["", "a mean", "a std", "b mean", "b std"],
        );
        check(
            &with(&[",a,a,b,b", ",mean,std,mean,std", "name,,,,"]),
            1,
            true,
            &["name", "a mean", "a std", "b mean", "b std"],
        );
        check(&with(&["k,a,,b,", ",x,y,x,y"]), 1, false, &["k", "a x", "a y", "b x", "b y"]);
        check(&with(&["k,a,,b,", "k,x,y,x,y"]), 1, false, &["k", "a x", "a y", "b x", "b y"]);
        check(
            &with(&[",a,a,a,a", ",x,x,y,y", ",mean,std,mean,std", "name,,,,"]),
            2,
            true,
            &["name", "a x mean", "a x std", "a y mean", "a y std"],
        );
        check(
            &with(&["k,a,a,b,b", ",mean,std,mean,std", "name,,,,"]),
            1,
            true,
            &["k", "a mean", "a std", "b mean", "b std"],
        );
        // Names that no row distinguishes, and rows of data.
        check(&with(&["k,a,a,b,b", ",x,x,y,y"]), 1, false, &["k", "a", "a", "b", "b"]);
        check(&with(&["k,a,b,c,d", "name,,,,"]), 0, false, &["k", "a", "b", "c", "d"]);
        check(&with(&["k,a,b,c,d", "p,1,2,x,4"]), 0, false, &["k", "a", "b", "c", "d"]);
    }
}
