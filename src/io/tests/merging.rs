//! Two programs that save the same project file: both sets of changes are in it afterwards.

use super::*;
use crate::project::{IndexSet, NamedSelection, Pin, Recipe, Source};

/// A program that has the file open.
pub(super) struct Program {
    pub(super) path: PathBuf,
    pub(super) base: MergeBase,
    pub(super) project: Project,
    pub(super) runs: Vec<Run>,
}

impl Program {
    pub(super) fn open(path: &Path) -> Program {
        let Opened { project, runs, warnings, base } = open_project(path).expect("opens");
        assert_eq!(warnings, Vec::<String>::new());
        Program { path: path.to_owned(), base, project, runs }
    }

    /// Saves and returns the notes.
    pub(super) fn save(&self) -> Vec<String> {
        let notes = self.base.save(&Files::default(), &self.path, &self.project, &self.runs);
        notes.expect("saved").iter().map(ToString::to_string).collect()
    }

    /// Trains a run up to this epoch.
    pub(super) fn train(&mut self, id: u32, epochs: u32) {
        let run = self.runs.iter_mut().find(|run| run.id == RunId(id)).expect("there");
        *run = trained(run, epochs);
    }

    pub(super) fn add(&mut self, id: u32, seed: u64) {
        self.runs.push(Run { fingerprint: seed, ..trained(&run(id), 1) });
    }

    fn remove(&mut self, id: u32) {
        self.runs.retain(|run| run.id != RunId(id));
    }
}

pub(super) fn trained(run: &Run, epochs: u32) -> Run {
    let mut checkpoint = checkpoint(epochs);
    checkpoint.progress.step_in_epoch = 0;
    checkpoint.progress.step = u64::from(epochs) * 23;
    checkpoint.progress.seconds = f64::from(epochs);
    let mut run = run.clone();
    run.history.epochs = (1..=epochs).map(record).collect();
    run.kept = kept(epochs);
    run.kept.push_weights(epochs, Arc::new(arrays(&run, &[""], &special(epochs))));
    run.seconds = checkpoint.progress.seconds;
    run.checkpoint = Some(Arc::new(checkpoint));
    run
}

/// A file with runs 1 and 4, with three epochs each.
pub(super) fn file(dir: &Path) -> PathBuf {
    let path = dir.join("a.hourglass");
    let runs = [trained(&run(1), 3), trained(&run(4), 3)];
    save_project(&Files::default(), &path, &Recipe::Denoising.project(), &runs).expect("saved");
    path
}

/// Numbers, epochs and fingerprints of the runs in a file (fingerprints are those of the test's own
/// runs; 0 for those of the file).
pub(super) fn found(path: &Path) -> Vec<(u32, usize, u64)> {
    let opened = open_project(path).expect("opens");
    assert_eq!(opened.warnings, Vec::<String>::new());
    // All are `trained`: merged, copied and renumbered runs keep the weights of their last epoch.
    for run in &opened.runs {
        let epochs = run.history.epochs.len() as u32;
        assert_eq!(run.kept.nearest_weights(0).map(|(epoch, _)| epoch), Some(epochs), "run {}", run.id);
    }
    let seed = |run: &Run| if run.fingerprint == u64::MAX { 0 } else { run.fingerprint };
    opened.runs.iter().map(|run| (run.id.0, run.history.epochs.len(), seed(run))).collect()
}

pub(super) fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("there").flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().into_string().expect("text")).collect();
    names.sort();
    names
}

/// Saves one file from two programs that both have it open, twice; checks its content after each
/// save.
#[track_caller]
fn check(
    first: impl FnOnce(&mut Program),
    second: impl FnOnce(&mut Program),
    runs: &[(u32, usize, u64)],
    told: &[&str],
) {
    let dir = dir();
    let path = file(dir.path());
    let (mut one, mut two) = (Program::open(&path), Program::open(&path));
    first(&mut one);
    second(&mut two);
    assert_eq!(one.save(), Vec::<String>::new());
    assert_eq!(two.save(), told);
    assert_eq!(found(&path), runs);
    // Repeated saves: nothing is duplicated, and nothing is reported twice.
    for _ in 0..2 {
        one.save();
        assert_eq!(two.save(), Vec::<String>::new());
        assert_eq!(found(&path), runs);
    }
    assert_eq!(names(dir.path()), ["a.hourglass"]);
}

#[test]
fn runs_of_both_are_kept_and_numbers_that_collide_are_reported() {
    check(|_| {}, |two| two.add(5, 2), &[(1, 3, 0), (4, 3, 0), (5, 1, 2)], &[]);
    check(
        |one| one.add(5, 1),
        |_| {},
        &[(1, 3, 0), (4, 3, 0), (5, 1, 1)],
        &["another program saved run 5: kept"],
    );
    check(
        |one| one.add(5, 1),
        |two| two.add(5, 2),
        &[(1, 3, 0), (4, 3, 0), (5, 1, 1), (6, 1, 2)],
        &[
            "run 5 is saved as run 6, because another program saved a run with the same number",
            "another program saved run 5: kept",
        ],
    );
}

#[test]
fn both_ends_of_a_run_that_both_trained_further_are_kept() {
    check(
        |one| one.train(1, 5),
        |two| two.train(1, 7),
        &[(1, 5, 0), (4, 3, 0), (5, 7, 0)],
        &[
            "run 1 is saved as run 5, because another program saved a run with the same number",
            "another program saved run 1: kept",
        ],
    );
}

#[test]
fn a_run_only_they_trained_further_is_theirs_and_one_only_we_did_is_ours() {
    check(
        |one| one.train(1, 5),
        |two| two.train(4, 9),
        &[(1, 5, 0), (4, 9, 0)],
        &["another program trained run 1 further: its version is kept"],
    );
}

#[test]
fn a_run_removed_on_purpose_does_not_come_back() {
    check(
        |one| one.add(5, 1),
        |two| two.remove(1),
        &[(4, 3, 0), (5, 1, 1)],
        &["another program saved run 5: kept"],
    );
    check(
        |one| one.remove(1),
        |two| two.add(5, 2),
        &[(4, 3, 0), (5, 1, 2)],
        &["another program removed run 1: it is not saved again"],
    );
    // Unless it has been trained since.
    check(|one| one.remove(1), |two| two.train(1, 5), &[(1, 5, 0), (4, 3, 0)], &[]);
    check(
        |one| one.train(1, 5),
        |two| two.remove(1),
        &[(1, 5, 0), (4, 3, 0)],
        &["run 1 was removed here, but another program trained it further: it is kept"],
    );
}

#[test]
fn a_run_that_was_only_written_again_is_the_same_run() {
    let dir = dir();
    let path = file(dir.path());
    let mut two = Program::open(&path);
    // As written by a program with another file format.
    rewrite(&path, |name, mut bytes| {
        bytes.extend(if name.ends_with("run.ron") { "\n" } else { "" }.bytes());
        Some(bytes)
    });
    two.train(1, 5);
    assert_eq!(two.save(), Vec::<String>::new());
    assert_eq!(found(&path), [(1, 5, 0), (4, 3, 0)]);
}

#[test]
fn what_is_found_where_nothing_was_known_of_is_kept() {
    let dir = dir();
    let path = file(dir.path());
    let mut new = Program { base: MergeBase::default(), runs: vec![], ..Program::open(&path) };
    new.add(1, 2);
    new.save();
    assert_eq!(found(&path), [(1, 3, 0), (4, 3, 0), (5, 1, 2)]);
    assert_eq!(new.base.number_of(RunId(1)), RunId(5));
    new.train(1, 6);
    new.save();
    assert_eq!(found(&path), [(1, 3, 0), (4, 3, 0), (5, 6, 2)]);
    // But not if the user agreed to replace it.
    let sure = Program { base: MergeBase::replacing(&path), ..new };
    assert_eq!(sure.save(), Vec::<String>::new());
    assert_eq!(found(&path), [(1, 6, 2)]);
}

#[test]
fn another_project_in_the_place_of_the_file_takes_no_run_away() {
    let dir = dir();
    let path = file(dir.path());
    let mut ours = Program::open(&path);
    ours.project.pins = vec![Pin::of_row("row 1".to_owned(), 7, 1)];
    ours.save();
    let other = Run { started_unix_secs: 5, fingerprint: 9, ..trained(&run(1), 8) };
    save_project(&Files::default(), &path, &Recipe::Linear.project(), &[other]).expect("saved");
    let told = ours.save();
    assert!(told[0].starts_with("run 1 is saved as run 5") && told.len() == 3, "{told:?}");
    assert_eq!(found(&path), [(1, 8, 9), (4, 3, 0), (5, 3, 0)]);
    assert_eq!(open_design(&dir.path().join("a-design-1.ron")).expect("opens"), Recipe::Linear.project());
    ours.save();
    assert_eq!(found(&path), [(1, 8, 9), (4, 3, 0), (5, 3, 0)]);
    assert_eq!(open_project(&path).expect("opens").project.pins, ours.project.pins);
    assert_eq!(names(dir.path()), ["a-design-1.ron", "a.hourglass"]);
}

#[test]
fn no_version_of_the_design_is_lost() {
    let (old, new, other) =
        (Recipe::Denoising.project(), Recipe::Linear.project(), Recipe::Undercomplete.project());
    let check = |theirs: &Project, ours: &Project, saved: &Project, told: usize, aside: Option<&Project>| {
        let dir = dir();
        let path = file(dir.path());
        let (mut one, mut two) = (Program::open(&path), Program::open(&path));
        one.project = theirs.clone();
        two.project = ours.clone();
        one.save();
        assert_eq!(two.save().len(), told);
        two.save();
        assert_eq!(open_project(&path).expect("opens").project, *saved);
        let design = open_design(&dir.path().join("a-design-1.ron")).ok();
        assert_eq!(design.as_ref(), aside);
        assert!(!dir.path().join("a-design-2.ron").exists());
    };
    check(&old, &new, &new, 0, None);
    check(&new, &old, &new, 1, None);
    check(&new, &new, &new, 0, None);
    check(&new, &other, &other, 1, Some(&new));
    let with = |named: &[(&str, &[u32])]| {
        let named = named.iter().map(|(name, rows)| NamedSelection {
            name: (*name).to_owned(),
            fingerprint: 7,
            rows: IndexSet::of(rows),
        });
        Project { selections: named.collect(), ..old.clone() }
    };
    let (one, two): (&[u32], &[u32]) = (&[1], &[2, 3]);
    check(&with(&[("odd", one)]), &with(&[("odd", two)]), &with(&[("odd", two), ("odd 2", one)]), 1, None);
    check(&with(&[("a", one)]), &with(&[("b", two)]), &with(&[("b", two), ("a", one)]), 1, None);
    let pinned = |rows: &[u32]| {
        let pins = rows.iter().map(|row| Pin::of_row(format!("row {row}"), 7, *row)).collect();
        Project { pins, ..old.clone() }
    };
    check(&pinned(&[1]), &pinned(&[2]), &pinned(&[2, 1]), 1, None);
    check(&pinned(&[1]), &old, &pinned(&[1]), 1, None);
    check(&old, &pinned(&[1]), &pinned(&[1]), 0, None);
    // Pins are merged in any case.
    let both = |rows: &[u32], project: &Project| Project { pins: pinned(rows).pins, ..project.clone() };
    check(&new, &pinned(&[1]), &both(&[1], &new), 1, None);
    check(&pinned(&[1]), &new, &both(&[1], &new), 1, None);
    check(&both(&[1], &new), &pinned(&[2]), &both(&[1, 2], &new), 1, None);
    let theirs = both(&[1], &new);
    check(&theirs, &both(&[2], &other), &both(&[2, 1], &other), 2, Some(&theirs));
}

#[test]
fn a_design_that_is_in_another_programs_run_needs_no_file_of_its_own() {
    let dir = dir();
    let path = dir.path().join("a.hourglass");
    let program = |project: Project| {
        let runs = vec![Run { design: project.clone(), ..trained(&run(1), 1) }];
        Program { path: path.clone(), base: MergeBase::default(), project, runs }
    };
    let named = |name: &str| Project { name: name.to_owned(), ..design() };
    let (one, two) = (program(named("one")), program(named("two")));
    one.save();
    let told = two.save();
    assert!(told.iter().any(|note| note.ends_with("is the design of its run")), "{told:?}");
    one.save();
    assert_eq!(found(&path).len(), 2);
    assert_eq!(names(dir.path()), ["a.hourglass"]);
}

#[test]
fn a_design_that_text_cannot_hold_is_not_taken_for_another_programs() {
    let check = |edit: &dyn Fn(&mut Project)| {
        let dir = dir();
        let path = file(dir.path());
        let mut ours = Program::open(&path);
        edit(&mut ours.project);
        for epochs in 4..7 {
            ours.train(1, epochs);
            assert_eq!(ours.save(), Vec::<String>::new());
            ours.project.name.push('!');
        }
        assert_eq!(names(dir.path()), ["a.hourglass"]);
    };
    let table = |path: PathBuf| Source::Npy {
        path,
        array: None,
        labels: None,
        reading: crate::project::ArrayReading::default(),
    };
    check(&|project| project.training.learning_rate = f32::NAN);
    check(&|project| project.data.source = table("relative.npy".into()));
    #[cfg(unix)]
    check(&|project| {
        use std::os::unix::ffi::OsStrExt;
        project.data.source = table(std::ffi::OsStr::from_bytes(b"/data/\xFF.npy").into());
    });
}

#[test]
fn recovered_work_replaces_what_it_grew_from() {
    let check = |saved: u32, recovered: u32, expected: &[(u32, usize, u64)]| {
        let dir = dir();
        let path = file(dir.path());
        let mut one = Program::open(&path);
        one.train(1, saved);
        one.add(5, 1);
        one.save();
        let runs = vec![trained(&run(1), recovered), trained(&run(4), 3)];
        let base = MergeBase::recovered(&path, &runs, Some(Recipe::Denoising.project().to_ron()));
        Program { base, runs, ..one }.save();
        assert_eq!(found(&path), expected);
    };
    check(5, 5, &[(1, 5, 0), (4, 3, 0), (5, 1, 1)]);
    check(5, 8, &[(1, 8, 0), (4, 3, 0), (5, 1, 1)]);
    check(5, 4, &[(1, 5, 0), (4, 3, 0), (5, 1, 1), (6, 4, 0)]);
    // Two runs that both continue the saved one: the one with its number replaces it, in either
    // order.
    let dir = dir();
    let path = file(dir.path());
    let runs = vec![Run { id: RunId(7), ..trained(&run(1), 5) }, trained(&run(1), 6), trained(&run(4), 3)];
    let base = MergeBase::recovered(&path, &runs, Some(Recipe::Denoising.project().to_ron()));
    let two = Program { path: path.clone(), base, project: Recipe::Denoising.project(), runs };
    two.save();
    assert_eq!(two.save(), Vec::<String>::new());
    assert_eq!(found(&path), [(1, 6, 0), (4, 3, 0), (7, 5, 0)]);
    let nowhere = MergeBase::recovered(Path::new("nowhere"), &[run(1)], None);
    assert_eq!(nowhere.number_of(RunId(1)), RunId(1));
}

#[test]
fn a_design_that_another_program_changed_before_a_crash_is_not_overwritten() {
    let check = |is_noted: bool, theirs: &Project, told: usize| {
        let (folder, root) = (dir(), dir());
        let path = file(folder.path());
        let (ours, mut other) = (Program::open(&path), Program::open(&path));
        let store = Store::create(root.path()).expect("created");
        store.save_seen(&path, ours.base.document().expect("it was opened")).expect("noted");
        store.save_design(&Recipe::Linear.project(), Some(&path)).expect("stored");
        ours.runs.iter().for_each(|run| store.import_run(run).expect("stored"));
        if !is_noted {
            // As written by an earlier version.
            let text = format!("(origin:Some({:?}),is_settled:false)", path.to_str().expect("text"));
            fs::write(store.path().join("workspace.ron"), text).expect("written");
        }
        drop(store);
        other.project = theirs.clone();
        other.save();
        let recovery = Store::recoverable(root.path()).remove(0);
        let store = Store::open(&recovery.path).expect("nobody works in it");
        let Opened { project, runs, warnings, base } = store.load().expect("loads");
        assert_eq!(warnings, Vec::<String>::new());
        let recovered = Program { path: path.clone(), base, project, runs };
        assert_eq!(recovered.save().len(), told);
        assert_eq!(recovered.save(), Vec::<String>::new());
        assert_eq!(open_project(&path).expect("opens").project, Recipe::Linear.project());
        assert_eq!(found(&path), [(1, 3, 0), (4, 3, 0)]);
        let aside = open_design(&folder.path().join("a-design-1.ron")).ok();
        assert_eq!(aside.as_ref(), (told > 0).then_some(theirs));
    };
    let (old, new) = (Recipe::Denoising.project(), Recipe::Undercomplete.project());
    check(true, &old, 0);
    check(true, &new, 1);
    // Without this record its owner is unknown, so it is kept.
    check(false, &old, 1);
    check(false, &new, 1);
}

#[test]
fn whatever_is_learned_of_a_run_later_makes_it_another() {
    let known = RunVersion::of(&run(1));
    assert_eq!(known, RunVersion::of(&run(1)));
    let learned = [
        Run { normaliser: None, ..run(1) },
        Run { pca_mse: Some(0.2), ..run(1) },
        Run { health: Some(Arc::default()), ..run(1) },
        Run { split: None, ..run(1) },
    ];
    assert!(learned.iter().all(|run| RunVersion::of(run) != known));
}

#[test]
fn many_programs_that_save_at_once_lose_nothing() {
    let dir = dir();
    let path = file(dir.path());
    std::thread::scope(|scope| {
        for seed in 1..=4 {
            let path = &path;
            scope.spawn(move || {
                let mut program = Program::open(path);
                program.add(5, seed);
                for epochs in 2..=12 {
                    program.save();
                    program.train(5, epochs);
                }
                program.save();
            });
        }
    });
    let mut left = found(&path);
    left.sort_by_key(|run| run.2);
    let of: Vec<(usize, u64)> = left.iter().map(|(_, epochs, seed)| (*epochs, *seed)).collect();
    assert_eq!(of, [(3, 0), (3, 0), (12, 1), (12, 2), (12, 3), (12, 4)]);
    assert_eq!(names(dir.path()), ["a.hourglass"]);
}
