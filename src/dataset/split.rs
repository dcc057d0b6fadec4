use serde::{Deserialize, Serialize};

use super::progress::CancelTimer;
use super::random::{Purpose, Stream};
use super::rows::Hash;
use super::sort::sorted;
use super::{DataError, Progress, memory};
use crate::project::Split;

/// One of the three parts of a data set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Subset {
    /// The samples that the network is trained on.
    Train,
    /// The samples that evaluate each epoch.
    #[default]
    Validation,
    /// The samples evaluated once, at the end.
    Test,
}

impl Subset {
    /// All parts.
    pub const ALL: [Subset; 3] = [Subset::Train, Subset::Validation, Subset::Test];

    /// The name on screen and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Subset::Train => "train",
            Subset::Validation => "validation",
            Subset::Test => "test",
        }
    }
}

/// Row numbers of each part, ascending; every row is in exactly one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SplitRows {
    /// The samples that the network is trained on.
    pub train: Vec<u32>,
    /// The samples that evaluate each epoch.
    pub validation: Vec<u32>,
    /// The samples evaluated once, at the end.
    pub test: Vec<u32>,
}

impl SplitRows {
    /// The rows of one part.
    pub fn rows(&self, subset: Subset) -> &[u32] {
        match subset {
            Subset::Train => &self.train,
            Subset::Validation => &self.validation,
            Subset::Test => &self.test,
        }
    }

    /// Releases its memory.
    pub(super) fn release(self, progress: &Progress) {
        [self.train, self.validation, self.test].into_iter().for_each(|rows| progress.budget().release(rows));
    }

    /// A 64-bit hash of the training and validation rows, equal on every machine: it distinguishes
    /// splits of one data set. Takes a pass over the row numbers.
    pub fn fingerprint(&self) -> u64 {
        let mut hash = Hash::default();
        for rows in [&self.train, &self.validation] {
            hash.words([rows.len() as u64, 0, 0, 0]);
            let (blocks, rest) = rows.as_chunks::<4>();
            blocks.iter().for_each(|block| hash.words(block.map(u64::from)));
            let mut last = [0; 4];
            last[..rest.len()].copy_from_slice(rest);
            hash.words(last.map(u64::from));
        }
        hash.finish()
    }
}

/// Rows at the end of a source that are its own parts: first validation, then test.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Own {
    pub validation: usize,
    pub test: usize,
}

/// Cost of one swap of a shuffle, for checks for cancellation: its memory accesses are far apart.
const SWAP_UNITS: usize = 16;

/// Draws validation and test rows; stratified if `classes` are given.
///
/// A source's own parts become the corresponding splits, and their fractions are not used; a
/// remaining fraction applies to the other rows. Rows of the class `held_out`, an index and the
/// classes of all rows, are also test rows, and the fractions apply to the others.
///
/// # Errors
/// [`DataError::Setting`] if the fractions are invalid or leave no training rows;
/// [`DataError::Memory`] or [`DataError::Cancelled`].
pub(super) fn draw(
    rows: usize,
    own: Own,
    classes: Option<&[u32]>,
    held_out: Option<(u32, &[u32])>,
    split: &Split,
    progress: &Progress,
) -> Result<SplitRows, DataError> {
    let test_fraction = if own.test > 0 { 0.0 } else { split.test };
    let validation_fraction = if own.validation > 0 { 0.0 } else { split.validation };
    check_pair(validation_fraction, test_fraction)?;
    let own_test = rows.saturating_sub(own.test);
    let drawn = own_test.saturating_sub(own.validation);
    let most_classes = classes.and_then(|classes| classes.iter().max()).map_or(1, |&last| last as usize + 1);
    // The rows in their groups, including unused capacity; and the counts per group.
    let budget = progress.budget();
    let _reservation = budget.charge_scoped(memory::bytes_of::<u32>(rows).saturating_mul(2))?;
    let _held_groups = budget.charge_scoped(memory::bytes_of::<Vec<u32>>(most_classes).saturating_mul(4))?;
    let mut groups = group(drawn, classes, most_classes, progress)?;
    let mut cancel_timer = CancelTimer::new(progress);
    if let Some((class, ids)) = held_out {
        for group in &mut groups {
            cancel_timer.tick(group.len())?;
            group.retain(|row| ids.get(*row as usize) != Some(&class));
        }
    }
    for (number, group) in groups.iter_mut().enumerate() {
        for (a, b) in Stream::new(split.seed, Purpose::Split, number as u64, 0).swaps(group.len()) {
            cancel_timer.tick(SWAP_UNITS)?;
            group.swap(a, b);
        }
    }

    let ties = Stream::new(split.seed, Purpose::Split, u64::MAX, 1);
    let mut free: Vec<usize> = groups.iter().map(Vec::len).collect();
    let validation = apportion(&groups, validation_fraction, &mut free, ties, progress)?;
    let test = apportion(&groups, test_fraction, &mut free, ties, progress)?;

    // The source's own rows and held-out rows are in no group.
    let mut parts = progress.filled(Subset::Test, rows)?;
    for ((group, validation), test) in groups.iter().zip(validation).zip(test) {
        for (at, &row) in group.iter().enumerate() {
            cancel_timer.tick(1)?;
            if at < validation {
                parts[row as usize] = Subset::Validation;
            } else if at >= validation + test {
                parts[row as usize] = Subset::Train;
            }
        }
    }
    parts[drawn..own_test].fill(Subset::Validation);
    let result = rows_of(&parts, progress)?;
    budget.release(parts);
    if result.train.is_empty() {
        return Err(DataError::Setting(format!(
            "of {drawn} samples, the validation fraction {validation_fraction} and the test fraction \
             {test_fraction} leave none for training; lower them or add data",
        )));
    }
    Ok(result)
}

/// The rows of each part, ascending.
fn rows_of(parts: &[Subset], progress: &Progress) -> Result<SplitRows, DataError> {
    let mut cancel_timer = CancelTimer::new(progress);
    let mut counts = [0_usize; 3];
    for &part in parts {
        cancel_timer.tick(1)?;
        counts[part as usize] += 1;
    }
    let mut result = SplitRows::default();
    progress.budget().reserve_exact(&mut result.train, counts[Subset::Train as usize])?;
    progress.budget().reserve_exact(&mut result.validation, counts[Subset::Validation as usize])?;
    progress.budget().reserve_exact(&mut result.test, counts[Subset::Test as usize])?;
    for (row, part) in (0..parts.len() as u32).zip(parts) {
        cancel_timer.tick(1)?;
        match part {
            Subset::Train => result.train.push(row),
            Subset::Validation => result.validation.push(row),
            Subset::Test => result.test.push(row),
        }
    }
    Ok(result)
}

/// Checks that each fraction is valid, before it is known whether the source has its own test rows.
pub(super) fn check_fractions(split: &Split) -> Result<(), DataError> {
    check_pair(split.validation, 0.0)?;
    check_pair(0.0, split.test)
}

fn check_pair(validation: f32, test: f32) -> Result<(), DataError> {
    for (name, fraction) in [("validation", validation), ("test", test)] {
        if !(0.0..1.0).contains(&fraction) {
            return Err(DataError::Setting(format!(
                "the {name} fraction is {fraction}; choose a number from 0 to below 1"
            )));
        }
    }
    if validation + test >= 1.0 {
        return Err(DataError::Setting(format!(
            "the validation fraction {validation} and the test fraction {test} add up to 1 or more; lower \
             them so that samples are left for training"
        )));
    }
    Ok(())
}

/// The rows of each class, ascending; all in one group if there are no classes.
fn group(
    rows: usize,
    classes: Option<&[u32]>,
    count: usize,
    progress: &Progress,
) -> Result<Vec<Vec<u32>>, DataError> {
    let mut cancel_timer = CancelTimer::new(progress);
    let mut groups = vec![Vec::new(); count];
    let mut classes = classes.unwrap_or_default().iter();
    for row in 0..rows as u32 {
        cancel_timer.tick(1)?;
        let class = classes.next().copied().unwrap_or(0);
        groups[class as usize].push(row);
    }
    Ok(groups)
}

/// Number of rows taken from each group, so that the sum is the rounded fraction of all (largest
/// remainders first, ties in random order). Subtracts them from `free`.
fn apportion(
    groups: &[Vec<u32>],
    fraction: f32,
    free: &mut [usize],
    ties: Stream,
    progress: &Progress,
) -> Result<Vec<usize>, DataError> {
    let mut cancel_timer = CancelTimer::new(progress);
    let quota = |group: &Vec<u32>| group.len() as f64 * f64::from(fraction);
    let all: usize = groups.iter().map(Vec::len).sum();
    let mut left = (all as f64 * f64::from(fraction)).round() as usize;
    let mut taken = vec![0; groups.len()];
    for (group, (taken, free)) in groups.iter().zip(taken.iter_mut().zip(free.iter_mut())) {
        cancel_timer.tick(1)?;
        *taken = (quota(group) as usize).min(*free).min(left);
        *free -= *taken;
        left -= *taken;
    }
    let mut order = sorted((0..groups.len()).collect(), progress, |&a, &b| {
        let (remainder_a, remainder_b) = (quota(&groups[a]).fract(), quota(&groups[b]).fract());
        let tie = || ties.bits(a as u64).cmp(&ties.bits(b as u64));
        remainder_b.total_cmp(&remainder_a).then_with(tie)
    })?;
    // Groups without remaining rows are skipped from now on.
    order.retain(|&group| free[group] > 0);
    while left > 0 && !order.is_empty() {
        for &group in order.iter().take(left) {
            cancel_timer.tick(1)?;
            taken[group] += 1;
            free[group] -= 1;
        }
        left = left.saturating_sub(order.len());
        order.retain(|&group| free[group] > 0);
    }
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn draw(
        rows: usize,
        own_test: usize,
        classes: Option<&[u32]>,
        held_out: Option<u32>,
        split: &Split,
    ) -> Result<SplitRows, DataError> {
        let own = Own { validation: 0, test: own_test };
        super::draw(rows, own, classes, held_out.zip(classes), split, &Progress::default())
    }

    #[test]
    fn rows_are_drawn_as_in_every_version() {
        // Projects contain the seed, not the rows. Expected values from a second implementation of
        // the first version, in Python.
        type Rows<'a> = [&'a [u32]; 3];
        let check = |rows, own_test, classes: Option<u32>, held_out, wanted: Split, expected: Rows<'_>| {
            let classes: Option<Vec<u32>> = classes.map(|count| (0..18).map(|row| row % count).collect());
            let drawn = draw(rows, own_test, classes.as_deref(), held_out, &wanted).unwrap();
            assert_eq!(Subset::ALL.map(|subset| drawn.rows(subset)), expected);
        };
        check(
            16,
            0,
            None,
            None,
            split(0.25, 0.25),
            [&[0, 3, 4, 5, 8, 9, 11, 12], &[2, 7, 13, 15], &[1, 6, 10, 14]],
        );
        check(
            20,
            2,
            Some(3),
            Some(1),
            split(0.25, 0.25),
            [&[0, 2, 6, 8, 9, 11, 12, 14, 15], &[3, 5, 17], &[1, 4, 7, 10, 13, 16, 18, 19]],
        );
        check(
            18,
            0,
            Some(4),
            None,
            split(0.25, 0.125),
            [&[1, 2, 3, 6, 7, 8, 10, 12, 13, 15, 16], &[4, 9, 11, 14, 17], &[0, 5]],
        );
    }

    #[test]
    fn the_cancel_switch_is_checked_while_rows_are_drawn_and_only_they_stay_charged() {
        const LIMIT: u64 = 1 << 30;
        let progress = Progress::with_budget(LIMIT);
        let drawn = super::draw(1 << 22, Own::default(), None, None, &split(0.1, 0.1), &progress).unwrap();
        // The shuffle alone checks once per 65537 rows.
        assert!(progress.checks() >= 60, "{}", progress.checks());
        let room = [&drawn.train, &drawn.validation, &drawn.test].map(Vec::capacity);
        assert_eq!((room.iter().sum(), progress.budget().free()), (1 << 22, LIMIT - (4 << 22)));
    }

    #[test]
    fn many_classes_of_one_row_are_shared_out_in_one_pass() {
        // All rows with unique classes are for validation; with a loop over all classes for each
        // row of the last one this would take minutes.
        let classes: Vec<u32> = (0..1_000_000).map(|row| row.min(700_000)).collect();
        let drawn = draw(classes.len(), 0, Some(&classes), None, &split(0.9, 0.05)).unwrap();
        assert_eq!(Subset::ALL.map(|subset| drawn.rows(subset).len()), [50_000, 900_000, 50_000]);
    }

    fn split(validation: f32, test: f32) -> Split {
        Split { validation, test, seed: 7 }
    }

    #[test]
    fn every_row_is_in_exactly_one_part_and_parts_have_their_size() {
        let check = |rows: usize, own_test, classes: Option<&[u32]>, wanted: Split, sizes: [usize; 3]| {
            let drawn = draw(rows, own_test, classes, None, &wanted).unwrap();
            assert_eq!(Subset::ALL.map(|subset| drawn.rows(subset).len()), sizes);
            let mut all: Vec<u32> = Subset::ALL.iter().flat_map(|&s| drawn.rows(s).to_vec()).collect();
            all.sort_unstable();
            assert_eq!(all, (0..rows as u32).collect::<Vec<_>>());
            assert_eq!(drawn, draw(rows, own_test, classes, None, &wanted).unwrap());
        };
        check(100, 0, None, split(0.1, 0.2), [70, 10, 20]);
        check(1, 0, None, split(0.1, 0.1), [1, 0, 0]);
        check(110, 10, None, split(0.1, 0.5), [90, 10, 10]);
        let singletons: Vec<u32> = (0..50).collect();
        check(50, 0, Some(&singletons), split(0.1, 0.1), [40, 5, 5]);
        check(50, 0, Some(&singletons), split(0.5, 0.48), [1, 25, 24]);
    }

    #[test]
    fn classes_keep_their_share_in_every_part() {
        let classes: Vec<u32> = (0..1000).map(|row| u32::from(row % 10 == 0)).collect();
        let drawn = draw(1000, 0, Some(&classes), None, &split(0.1, 0.2)).unwrap();
        for (subset, expected) in Subset::ALL.into_iter().zip([70, 10, 20]) {
            let rows = drawn.rows(subset).iter();
            let rare = rows.filter(|&&row| classes[row as usize] == 1).count();
            assert_eq!(rare, expected);
        }
    }

    #[test]
    fn nonsense_is_refused_with_a_remedy() {
        let check = |rows, validation, test, expected: &str| {
            let error = draw(rows, 0, None, None, &split(validation, test)).unwrap_err();
            assert!(matches!(error, DataError::Setting(_)));
            assert!(error.to_string().contains(expected), "{error}");
        };
        check(10, f32::NAN, 0.1, "validation fraction is NaN; choose");
        check(10, 0.1, -0.1, "test fraction is -0.1; choose");
        check(10, 0.5, 0.5, "add up to 1 or more; lower them");
        check(2, 0.5, 0.45, "leave none for training; lower them");
    }

    #[test]
    fn fingerprints_distinguish_divisions() {
        let split = |train: &[u32], validation: &[u32]| SplitRows {
            train: train.to_vec(),
            validation: validation.to_vec(),
            test: vec![],
        };
        let all: Vec<u32> = (0..9).collect();
        let mut prints = vec![split(&[], &[]).fingerprint(), split(&[0], &[]).fingerprint()];
        for at in 0..=9 {
            let (left, right) = all.split_at(at);
            prints.extend([split(left, right), split(right, left)].map(|split| split.fingerprint()));
        }
        let all = prints.len();
        assert_eq!(prints[2], split(&[], &[0, 1, 2, 3, 4, 5, 6, 7, 8]).fingerprint());
        prints.sort_unstable();
        prints.dedup();
        // Nothing on the left and nothing on the right occur twice, once in each order.
        assert_eq!(prints.len(), all - 2);
    }

    #[test]
    fn another_seed_is_another_split() {
        let first = draw(100, 0, None, None, &split(0.1, 0.1)).unwrap();
        let second = Split { seed: 8, ..split(0.1, 0.1) };
        assert_ne!(first, draw(100, 0, None, None, &second).unwrap());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn any_split_is_a_partition_with_the_fractions_requested(
            classes in proptest::collection::vec(0_u32..5, 1..200),
            is_stratified in any::<bool>(),
            own_test in 0_usize..20,
            validation in 0.0_f32..0.6,
            test in 0.0_f32..0.4,
            seed in any::<u64>(),
        ) {
            let rows = classes.len() + own_test;
            let wanted = Split { validation, test, seed };
            let drawn = draw(rows, own_test, is_stratified.then_some(&classes[..]), None, &wanted);
            let n = classes.len() as f64;
            let size = |fraction: f32| (n * f64::from(fraction)).round() as usize;
            let test = if own_test > 0 { 0.0 } else { test };
            let Ok(drawn) = drawn else {
                prop_assert!(size(validation) + size(test) >= classes.len(), "there was a row to train on");
                return Ok(());
            };
            let mut all: Vec<u32> = Subset::ALL.iter().flat_map(|&subset| drawn.rows(subset).to_vec()).collect();
            all.sort_unstable();
            prop_assert!(all.iter().copied().eq(0..rows as u32), "every row once: {drawn:?}");
            for subset in Subset::ALL {
                prop_assert!(drawn.rows(subset).is_sorted());
            }
            prop_assert!(drawn.test.ends_with(&(classes.len() as u32..rows as u32).collect::<Vec<_>>()));
            prop_assert_eq!(drawn.validation.len(), size(validation));
            prop_assert_eq!(drawn.test.len() - own_test, size(test).min(classes.len() - size(validation)));
            if is_stratified {
                for class in 0..5 {
                    let of_class = |rows: &[u32]| {
                        let of = |row: &&u32| classes.get(**row as usize) == Some(&class);
                        rows.iter().filter(of).count() as f64
                    };
                    let all = classes.iter().filter(|other| **other == class).count() as f64;
                    let share = of_class(&drawn.validation) - all * f64::from(validation);
                    prop_assert!(share.abs() < 1.0 + 1e-6, "class {class} has {share} too many");
                }
            }
        }
    }
}
