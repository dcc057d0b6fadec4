//! The runs in a merged project file, and their numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::archive::Digest;
use super::merge::{Known, KnownRun, RunVersion};
use super::merge_note::MergeNote;
use super::project_file::OnDisk;
use crate::project::Project;
use crate::run::{Run, RunId};

/// How a save combines the runs in memory and on disk.
#[derive(Debug)]
pub(super) struct Merge {
    /// The number in the file for each run in memory; `None` for a run that is not written.
    pub(super) numbers: Vec<Option<RunId>>,
    /// Runs copied from the file on disk.
    pub(super) copied: Vec<RunId>,
    /// Whether the file on disk is a later state of the known one.
    pub(super) is_related: bool,
    notes: Vec<MergeNote>,
}

/// The result for a run in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MergeAction {
    /// It is written under this number, as nobody else has changed it.
    Own(RunId),
    /// It is written under its own number, or another if that is in use.
    New,
    /// The one on disk is a later state of it.
    Newer(RunId),
    /// It was removed on disk.
    Gone,
}

impl Merge {
    /// Compares the runs in memory with those known to have been in the file and those that are
    /// there now.
    pub(super) fn new(known: &Known, runs: &[&Run], disk: Option<&mut OnDisk>) -> Merge {
        let Some(disk) = disk else {
            let action = |run: &&Run| {
                known.runs.get(&run.id).map_or(MergeAction::New, |known| MergeAction::Own(known.number))
            };
            let actions: Vec<MergeAction> = runs.iter().map(action).collect();
            let (numbers, notes) = numbers(runs, &actions, BTreeSet::new());
            return Merge { numbers, copied: Vec::new(), is_related: false, notes };
        };
        let is_same = |known: &KnownRun| disk.runs.get(&known.number) == Some(&known.digest);
        let is_related =
            known.project.as_ref() == Some(&disk.project.to_ron()) || known.runs.values().any(is_same);
        let actions: Vec<MergeAction> = runs.iter().map(|run| action(known, run, is_related, disk)).collect();
        let (numbers, notes) = numbers(runs, &actions, disk.runs.keys().copied().collect());
        let mut merge = Merge { numbers, copied: Vec::new(), is_related, notes };
        merge.copy(known, runs, &actions, disk);
        merge
    }

    /// Chooses the runs to copy: all that are not written from memory and were not removed here.
    fn copy(&mut self, known: &Known, runs: &[&Run], actions: &[MergeAction], disk: &mut OnDisk) {
        let here: BTreeSet<RunId> = runs.iter().map(|run| run.id).collect();
        let written: BTreeSet<RunId> = self.numbers.iter().copied().flatten().collect();
        let newer = |action: &MergeAction| if let MergeAction::Newer(id) = action { Some(*id) } else { None };
        let newer: BTreeSet<RunId> = actions.iter().filter_map(newer).collect();
        let removed = known.runs.iter().filter(|(id, _)| !here.contains(id));
        let removed: BTreeMap<RunId, &KnownRun> = removed.map(|(_, known)| (known.number, known)).collect();
        let (mut kept, mut copied) = (Vec::new(), Vec::new());
        let all: Vec<(RunId, Digest)> = disk.runs.iter().map(|(id, digest)| (*id, *digest)).collect();
        for (id, digest) in all {
            if written.contains(&id) {
                continue;
            }
            if let Some(known) = removed.get(&id) {
                if known.digest == digest || is_rewritten(known, id, disk) {
                    continue;
                }
                self.notes.push(MergeNote::RemovedHere(id));
            } else if !newer.contains(&id) {
                kept.push(id);
            }
            copied.push(id);
        }
        self.copied = copied;
        if !kept.is_empty() {
            self.notes.push(MergeNote::Kept(kept));
        }
        for (run, action) in runs.iter().zip(actions) {
            match action {
                MergeAction::Newer(id) if disk.head(*id).is_ok_and(|newer| newer.seconds > run.seconds) => {
                    self.notes.push(MergeNote::Newer(*id));
                }
                MergeAction::Gone => self.notes.push(MergeNote::RemovedThere(run.id)),
                MergeAction::Own(_) | MergeAction::New | MergeAction::Newer(_) => {}
            }
        }
    }

    /// Records the current content of the file, if it was written with these digests; returns the
    /// notes to report.
    pub(super) fn learn(
        self,
        known: &mut Known,
        runs: &[&Run],
        digests: &BTreeMap<RunId, Digest>,
    ) -> Vec<MergeNote> {
        let mut old = std::mem::take(&mut known.runs);
        for (run, number) in runs.iter().zip(self.numbers) {
            let now = match number {
                // A run that was not written keeps its known state, so that the next save decides
                // the same.
                None => old.remove(&run.id),
                Some(number) => digests.get(&number).map(|digest| KnownRun {
                    number,
                    digest: *digest,
                    version: Some(RunVersion::of(run)),
                }),
            };
            known.runs.extend(now.map(|now| (run.id, now)));
        }
        self.notes
    }
}

/// Whether one state of a run is a later state of the other: the same training with the same
/// changes, and more. Training is deterministic, so the common part is identical, and no result is
/// lost.
pub(super) fn continues(later: &Run, earlier: &Run) -> bool {
    // Data may have been moved; the fingerprint identifies them.
    let design = Project { data: earlier.design.data.clone(), ..later.design.clone() };
    design == earlier.design
        && later.started_unix_secs == earlier.started_unix_secs
        && (later.fingerprint, later.split) == (earlier.fingerprint, earlier.split)
        && later.edits.starts_with(&earlier.edits)
        && later.restarts.starts_with(&earlier.restarts)
        && later.seconds >= earlier.seconds
        && later.results.includes(&earlier.results)
}

fn action(known: &Known, run: &Run, is_related: bool, disk: &mut OnDisk) -> MergeAction {
    let Some(known) = known.runs.get(&run.id) else { return MergeAction::New };
    let number = known.number;
    let is_unchanged = known.version.as_ref() == Some(&RunVersion::of(run));
    match disk.runs.get(&number).copied() {
        Some(digest) if digest == known.digest => MergeAction::Own(number),
        Some(_) if is_unchanged && disk.head(number).is_ok_and(|head| continues(&head, run)) => {
            MergeAction::Newer(number)
        }
        Some(_) if is_rewritten(known, number, disk) => MergeAction::Own(number),
        Some(_) => MergeAction::New,
        None if is_unchanged && is_related => MergeAction::Gone,
        None => MergeAction::Own(number),
    }
}

/// Whether another program has only written a run again, possibly in another format: its state is
/// unchanged.
fn is_rewritten(known: &KnownRun, number: RunId, disk: &mut OnDisk) -> bool {
    let Some(version) = &known.version else { return false };
    disk.head(number).is_ok_and(|head| version.is_of_head(&head))
}

/// Assigns numbers to all runs that are written; those in `taken` are not available.
fn numbers(
    runs: &[&Run],
    actions: &[MergeAction],
    mut taken: BTreeSet<RunId>,
) -> (Vec<Option<RunId>>, Vec<MergeNote>) {
    taken.extend(actions.iter().filter_map(|action| match action {
        MergeAction::Own(number) => Some(*number),
        MergeAction::New | MergeAction::Newer(_) | MergeAction::Gone => None,
    }));
    let (mut notes, mut owned) = (Vec::new(), BTreeSet::new());
    let number = |(run, action): (&&Run, &MergeAction)| match action {
        MergeAction::Own(number) if owned.insert(*number) => Some(*number),
        MergeAction::Newer(_) | MergeAction::Gone => None,
        // A number belongs to one run: a second run with the same number gets another.
        MergeAction::Own(_) | MergeAction::New => {
            let is_free = run.id <= RunId::LAST && !taken.contains(&run.id);
            let number = if is_free { run.id } else { RunId::next(&taken) };
            taken.insert(number);
            if number != run.id {
                notes.push(MergeNote::Renumbered { run: run.id, number });
            }
            Some(number)
        }
    };
    let numbers = runs.iter().zip(actions).map(number).collect();
    (numbers, notes)
}
