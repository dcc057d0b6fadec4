//! The runs in a merged project file, and their numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::archive::Digest;
use super::merge::{Known, KnownRun, RunStand};
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
enum Fate {
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
            let fate =
                |run: &&Run| known.runs.get(&run.id).map_or(Fate::New, |known| Fate::Own(known.number));
            let fates: Vec<Fate> = runs.iter().map(fate).collect();
            let (numbers, notes) = numbers(runs, &fates, BTreeSet::new());
            return Merge { numbers, copied: Vec::new(), is_related: false, notes };
        };
        let is_same = |known: &KnownRun| disk.runs.get(&known.number) == Some(&known.digest);
        let is_related =
            known.project.as_ref() == Some(&disk.project.to_ron()) || known.runs.values().any(is_same);
        let fates: Vec<Fate> = runs.iter().map(|run| fate(known, run, is_related, disk)).collect();
        let (numbers, notes) = numbers(runs, &fates, disk.runs.keys().copied().collect());
        let mut merge = Merge { numbers, copied: Vec::new(), is_related, notes };
        merge.copy(known, runs, &fates, disk);
        merge
    }

    /// Chooses the runs to copy: all that are not written from memory and were not removed here.
    fn copy(&mut self, known: &Known, runs: &[&Run], fates: &[Fate], disk: &mut OnDisk) {
        let here: BTreeSet<RunId> = runs.iter().map(|run| run.id).collect();
        let written: BTreeSet<RunId> = self.numbers.iter().copied().flatten().collect();
        let newer = |fate: &Fate| if let Fate::Newer(id) = fate { Some(*id) } else { None };
        let newer: BTreeSet<RunId> = fates.iter().filter_map(newer).collect();
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
        for (run, fate) in runs.iter().zip(fates) {
            match fate {
                Fate::Newer(id) if disk.head(*id).is_ok_and(|newer| newer.seconds > run.seconds) => {
                    self.notes.push(MergeNote::Newer(*id));
                }
                Fate::Gone => self.notes.push(MergeNote::RemovedThere(run.id)),
                Fate::Own(_) | Fate::New | Fate::Newer(_) => {}
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
                    stand: Some(RunStand::of(run)),
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
        && later.results.hold(&earlier.results)
}

fn fate(known: &Known, run: &Run, is_related: bool, disk: &mut OnDisk) -> Fate {
    let Some(known) = known.runs.get(&run.id) else { return Fate::New };
    let number = known.number;
    let is_unchanged = known.stand.as_ref() == Some(&RunStand::of(run));
    match disk.runs.get(&number).copied() {
        Some(digest) if digest == known.digest => Fate::Own(number),
        Some(_) if is_unchanged && disk.head(number).is_ok_and(|head| continues(&head, run)) => {
            Fate::Newer(number)
        }
        Some(_) if is_rewritten(known, number, disk) => Fate::Own(number),
        Some(_) => Fate::New,
        None if is_unchanged && is_related => Fate::Gone,
        None => Fate::Own(number),
    }
}

/// Whether another program has only written a run again, possibly in another format: its state is
/// unchanged.
fn is_rewritten(known: &KnownRun, number: RunId, disk: &mut OnDisk) -> bool {
    let Some(stand) = &known.stand else { return false };
    disk.head(number).is_ok_and(|head| stand.is_of_head(&head))
}

/// Assigns numbers to all runs that are written; those in `taken` are not available.
fn numbers(
    runs: &[&Run],
    fates: &[Fate],
    mut taken: BTreeSet<RunId>,
) -> (Vec<Option<RunId>>, Vec<MergeNote>) {
    taken.extend(fates.iter().filter_map(|fate| match fate {
        Fate::Own(number) => Some(*number),
        Fate::New | Fate::Newer(_) | Fate::Gone => None,
    }));
    let (mut notes, mut owned) = (Vec::new(), BTreeSet::new());
    let number = |(run, fate): (&&Run, &Fate)| match fate {
        Fate::Own(number) if owned.insert(*number) => Some(*number),
        Fate::Newer(_) | Fate::Gone => None,
        // A number belongs to one run: a second run with the same number gets another.
        Fate::Own(_) | Fate::New => {
            let is_free = run.id <= RunId::LAST && !taken.contains(&run.id);
            let number = if is_free { run.id } else { RunId::next(&taken) };
            taken.insert(number);
            if number != run.id {
                notes.push(MergeNote::Renumbered { run: run.id, number });
            }
            Some(number)
        }
    };
    let numbers = runs.iter().zip(fates).map(number).collect();
    (numbers, notes)
}
