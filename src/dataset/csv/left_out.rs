//! Rows of a table that are skipped, as found by the first pass.

use std::collections::{HashMap, HashSet};

use ::csv::ByteRecord;

use super::statistics::{self, Called, Found, Kind, StatisticCheck};

/// A row with its number.
pub(super) type Numbered = (u64, ByteRecord);

/// Number of rows with the name of a function that make it a category.
const CATEGORY: usize = 3;

/// Counts of the first pass.
#[derive(Default)]
pub(super) struct Counts {
    /// Rows of data.
    pub rows: u64,
    pub skipped: usize,
    pub empty: usize,
    pub headers: usize,
    pub comments: usize,
    /// Rows with delimiters at their end that the header does not have.
    pub longer: usize,
}

/// Rows that sum up others, according to their names or numbers.
#[derive(Default)]
pub(super) struct Sums {
    /// Row numbers, in order, of those proven by their numbers; all rows with the same name must
    /// be.
    pub proven: Vec<u64>,
    /// Row numbers of those whose names may mean other things, and which agree in one column.
    pub near: Vec<u64>,
    /// Row numbers of those whose numbers contradict their names.
    pub refuted: Vec<u64>,
    /// The first row at the end without the name of a statistic that is proven by its numbers to be
    /// one: it and all rows below it are below the table.
    pub end: Option<u64>,
    /// Whether rows below that row may be data.
    pub is_end_doubtful: bool,
    /// Names of functions that are categories in the table, in lower case.
    pub categories: HashSet<Vec<u8>>,
    /// Names of statistics, other than sums, that rows within the table have, in lower case.
    pub within: HashSet<Vec<u8>>,
    /// Those among other rows, which are skipped.
    pub left_out: Vec<Numbered>,
    /// Row numbers of the statistics, other than sums, of each group of rows.
    pub of_groups: HashSet<u64>,
    /// Those that are not proven, but begin with a word where the column contains numbers.
    pub mismatches: Vec<Numbered>,
    /// Those among other rows that are read as data.
    pub doubtful: Vec<Numbered>,
    /// The last row, if only its numbers suggest that it sums up the others, possibly by chance.
    pub last: Option<ByteRecord>,
}

/// A row with the name of a statistic, and the check of its numbers.
pub(super) struct CheckedRow {
    pub number: u64,
    /// Its name, in lower case.
    pub name: Vec<u8>,
    pub called: Called,
    pub found: Found,
    /// Whether the name cannot be a category (`average`): it has the name of a group, is in a
    /// column of numbers, or has more digits than the rows above.
    is_unlike: bool,
}

impl CheckedRow {
    /// A row with the result of a `proof`. `is_mismatch`: its name is in a column of numbers.
    pub(super) fn of(
        (number, row): &Numbered,
        (name, called): (&[u8], Called),
        (proof, is_mismatch): (&StatisticCheck<'_>, bool),
    ) -> CheckedRow {
        let is_unlike = is_mismatch || !called.is_whole || proof.is_finer(row);
        let found = proof.judge(row, called.kind);
        CheckedRow { number: *number, name: name.to_ascii_lowercase(), called, found, is_unlike }
    }
}

impl Sums {
    /// Adds the checks of all rows with names of statistics: which are proven, and which look like
    /// sums without being proven. A name may also be a category (`average`), so all rows with the
    /// name have to agree.
    pub(super) fn add(&mut self, judged: &[CheckedRow]) -> HashSet<u64> {
        // A group of one row has a sum, too, if other groups have one.
        let is_sum = |row: &CheckedRow| row.called.kind == Kind::Sum;
        let have_sums = judged.iter().any(|row| is_sum(row) && row.found >= Found::Proven);
        let of_groups = of_groups(judged);
        let is_of_group = |row: &CheckedRow| of_groups.contains(&row.number);
        let is_proven = |row: &CheckedRow| {
            row.found >= Found::Proven
                || (have_sums && is_sum(row) && row.found == Found::Copy)
                || is_of_group(row)
        };
        let mut names: HashMap<&[u8], (usize, usize)> = HashMap::new();
        for row in judged {
            let (count, proven) = names.entry(&row.name).or_insert((0, 0));
            *count += 1;
            *proven += usize::from(is_proven(row));
        }
        let mut doubtful = HashSet::new();
        for row in judged {
            let (count, proven) = names.get(&row.name[..]).copied().unwrap_or_default();
            let are_proven = proven == count;
            // `sum` and `max` are categories if a table compares functions.
            let is_category = proven == 0 && count >= CATEGORY && statistics::is_function(&row.name);
            if is_category {
                self.within.insert(row.name.clone());
                self.categories.insert(row.name.clone());
            } else if row.called.is_sure() && (is_sum(row) || count == 1 || are_proven) {
                doubtful.insert(row.number);
            }
            if row.found == Found::Nothing {
                self.refuted.push(row.number);
            }
            let is_name = row.called.is_whole && row.called.is_ambiguous && !is_of_group(row);
            if is_of_group(row) {
                self.within.remove(&row.name);
            }
            if !are_proven || self.within.contains(&row.name) {
                continue;
            }
            if is_name && row.found < Found::InAll {
                self.near.push(row.number);
            } else {
                self.proven.push(row.number);
            }
        }
        self.of_groups = of_groups;
        doubtful
    }

    /// Whether rows within the table have the name of this one, which is not a sum.
    pub(super) fn is_within(&self, row: &ByteRecord) -> bool {
        statistics::named(row).is_some_and(|(name, _)| self.within.contains(&name.to_ascii_lowercase()))
    }

    /// Whether the numbers of a row contradict its name.
    pub(super) fn is_refuted(&self, number: u64) -> bool {
        self.refuted.binary_search(&number).is_ok()
    }

    /// Whether a row is proven by its numbers.
    pub(super) fn has(&self, number: u64) -> bool {
        self.proven.binary_search(&number).is_ok()
    }
}

/// The rows of statistics, other than sums, for each group of rows: two or more of a kind are
/// proven, and none is contradicted (except for groups of one row); and they cannot be categories,
/// or are of several kinds. Adjacent rows that are not computed belong to the groups, too.
fn of_groups(judged: &[CheckedRow]) -> HashSet<u64> {
    let mut kinds: HashMap<Kind, (usize, bool)> = HashMap::new();
    for row in judged {
        let (proven, are_others) = kinds.entry(row.called.kind).or_default();
        *proven += usize::from(row.found >= Found::Proven);
        *are_others |= row.found == Found::Nothing;
    }
    let is_one = |row: &&CheckedRow| {
        row.called.kind != Kind::Sum
            && kinds.get(&row.called.kind).is_some_and(|(proven, are_others)| *proven > 1 && !are_others)
    };
    let rows = || judged.iter().filter(is_one);
    let are_several =
        rows().any(|row| rows().next().is_some_and(|first| first.called.kind != row.called.kind));
    if !are_several && !rows().any(|row| row.is_unlike) {
        return HashSet::new();
    }
    let mut found: HashSet<u64> = rows().map(|row| row.number).collect();
    for row in judged.iter().chain(judged.iter().rev()) {
        let is_next = || found.contains(&(row.number - 1)) || found.contains(&(row.number + 1));
        if row.found == Found::Unknown && row.called.is_whole && is_next() {
            found.insert(row.number);
        }
    }
    found
}
