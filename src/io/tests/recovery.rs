//! Workspaces left by a crash that cannot be read in full: nothing in them is removed.

use std::fs;
use std::path::{Path, PathBuf};

use super::merging::trained;
use super::*;

/// An unused workspace below `root`, with a run if `with_run`, after `damage` was applied to its
/// folder.
fn left_behind(root: &Path, with_run: bool, damage: impl FnOnce(&Path)) {
    let store = Store::create(root).expect("created");
    store.save_design(&Recipe::Linear.project(), None).expect("stored");
    if with_run {
        store.import_run(&run(3)).expect("stored");
    }
    let folder = store.path().to_owned();
    drop(store);
    damage(&folder);
}

/// All files below a folder with this name.
fn found(folder: &Path, name: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("there").flatten().map(|entry| entry.path());
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = entries.partition(|path| path.is_dir());
    let own = files.into_iter().filter(|path| path.file_name().is_some_and(|own| own == name));
    own.chain(folders.iter().flat_map(|folder| found(folder, name))).collect()
}

/// A kind of damage, with its name.
type Damage = (&'static str, fn(&Path));

/// Ways to damage the document.
fn damages() -> [Damage; 6] {
    [
        ("missing", |folder| fs::remove_file(folder.join("project.ron")).expect("removed")),
        ("empty", |folder| fs::write(folder.join("project.ron"), "").expect("written")),
        ("truncated", |folder| {
            fs::write(folder.join("project.ron"), "Project(\n  name: \"x").expect("written");
        }),
        ("no text", |folder| fs::write(folder.join("project.ron"), [0xFF; 99]).expect("written")),
        ("zeros", |folder| fs::write(folder.join("project.ron"), [0; 99]).expect("written")),
        ("a folder", |folder| {
            fs::remove_file(folder.join("project.ron")).expect("removed");
            fs::create_dir(folder.join("project.ron")).expect("made");
        }),
    ]
}

#[test]
fn a_run_is_recovered_though_the_document_cannot_be_read() {
    for (what, damage) in damages() {
        let root = dir();
        left_behind(root.path(), true, damage);
        let [recovery] = <[Recovery; 1]>::try_from(Store::recoverable(root.path())).expect(what);
        assert_eq!((recovery.runs, recovery.name), (1, format!("{} (damaged)", design().name)), "{what}");
        let store = Store::open(&recovery.path).expect("free");
        let opened = store.load().expect(what);
        assert_eq!(opened.project, run(3).design, "{what}");
        assert!(same(&opened.runs[0], &run(3)), "{what}");
        let warnings = opened.warnings.join("\n");
        assert!(warnings.contains("replaced by the design of run 3"), "{warnings}");
        // The copy remains, though the window no longer needs it.
        store.discard().expect("removed");
        let kept = found(root.path(), "checkpoint.safetensors");
        assert_eq!(kept.len(), 1, "{what}");
        assert!(
            warnings.contains("damaged-") && kept[0].to_string_lossy().contains("damaged-"),
            "{warnings}"
        );
        assert_eq!(Store::find_leftovers(root.path()), Leftovers::default(), "said once");
    }
}

#[test]
fn what_nobody_can_read_is_set_aside_and_said_once() {
    for (what, damage) in damages() {
        let root = dir();
        left_behind(root.path(), false, damage);
        let Leftovers { work, set_aside } = Store::find_leftovers(root.path());
        assert_eq!(work, [], "{what}");
        if what == "missing" {
            assert_eq!((set_aside, workspaces(root.path())), (vec![], 0), "it held nothing");
            continue;
        }
        let [aside] = <[SetAside; 1]>::try_from(set_aside).expect(what);
        assert!(aside.path.join("workspace/project.ron").exists(), "{what}");
        assert!(aside.error.to_string().contains("project.ron"), "{}", aside.error);
        assert_eq!(Store::find_leftovers(root.path()), Leftovers::default(), "{what}");
        assert!(aside.path.exists());
    }
    // Weights of a run that itself cannot be read.
    let root = dir();
    left_behind(root.path(), true, |folder| {
        fs::write(folder.join("project.ron"), [0xFF]).expect("written");
        fs::write(folder.join("runs/3/run.ron"), [0xFF]).expect("written");
    });
    assert_eq!(Store::find_leftovers(root.path()).set_aside.len(), 1);
    assert_eq!(found(root.path(), "checkpoint.safetensors").len(), 1);
}

#[test]
fn a_byte_that_is_no_text_costs_a_letter() {
    let root = dir();
    left_behind(root.path(), true, |folder| {
        let path = folder.join("project.ron");
        let mut bytes = fs::read(&path).expect("there");
        let name = Recipe::Linear.project().name;
        let at = bytes.windows(name.len()).position(|part| part == name.as_bytes()).expect("its name");
        bytes[at] = 0xFF;
        fs::write(&path, bytes).expect("written");
    });
    let recovery = Store::recoverable(root.path()).remove(0);
    let opened = Store::open(&recovery.path).and_then(|store| store.load()).expect("loads");
    assert_eq!(opened.project.encoder, Recipe::Linear.project().encoder);
    assert!(opened.project.name.starts_with('\u{FFFD}'), "{}", opened.project.name);
    assert!(opened.warnings[0].contains("a part of it is not text"), "{:?}", opened.warnings);
}

#[test]
fn a_run_that_is_left_out_is_kept_and_frees_its_number() {
    let root = dir();
    left_behind(root.path(), true, |folder| {
        fs::write(folder.join("runs/3/run.ron"), "Run(").expect("written");
    });
    let recovery = Store::recoverable(root.path()).remove(0);
    let store = Store::open(&recovery.path).expect("free");
    let opened = store.load().expect("loads");
    assert_eq!((opened.project, opened.runs.len()), (Recipe::Linear.project(), 0));
    assert!(!store.path().join("runs/3").exists());
    let kept = found(root.path(), "history.bin");
    assert!(kept.len() == 1 && kept[0].to_string_lossy().contains("damaged-"), "{kept:?}");
    // If no copy can be made, nothing is removed.
    left_behind(root.path(), true, |folder| {
        fs::write(folder.join("runs/3/run.ron"), "Run(").expect("written");
    });
    let recovery = Store::recoverable(root.path()).remove(0);
    let store = Store::open(&recovery.path).expect("free");
    store.inject(Some(Fault::ReadOnly));
    assert!(store.load().is_err());
    assert!(store.path().join("runs/3/checkpoint.safetensors").exists());
}

#[test]
fn a_run_with_a_damaged_part_is_rewritten_and_grows_again() {
    let root = dir();
    left_behind(root.path(), true, |folder| {
        fs::write(folder.join("runs/3/history.bin"), "rubbish").expect("written");
        fs::write(folder.join("runs/3/kept/000002.safetensors"), "rubbish").expect("written");
    });
    let recovery = Store::recoverable(root.path()).remove(0);
    let store = Store::open(&recovery.path).expect("free");
    let opened = store.load().expect("loads");
    assert_eq!(opened.warnings.len(), 3, "{:?}", opened.warnings);
    store.append_epochs(RunId(3), &[record(1)]).expect("stored");
    let again = store.load().expect("loads");
    assert_eq!((again.warnings, again.runs[0].history.epochs.len()), (vec![], 1));
}

#[test]
fn a_run_begun_after_a_save_is_not_lost_before_the_document_is_stored() {
    let root = dir();
    let store = Store::create(root.path()).expect("created");
    store.save_design(&Project::default(), None).expect("stored");
    store.mark_saved().expect("settled");
    store.import_run(&run(1)).expect("stored");
    drop(store);
    assert_eq!(Store::recoverable(root.path()).len(), 1);
}

#[test]
fn epochs_of_layers_move_out_of_the_run() {
    let root = dir();
    let store = Store::create(root.path()).expect("created");
    store.save_design(&Project::default(), None).expect("stored");
    let run = run(1);
    store.import_run(&run).expect("stored");
    // As left by an earlier version.
    fs::remove_file(store.path().join("runs/1/layers.bin")).expect("removed");
    let text = super::super::run_files::run_text(&run).expect("encodes");
    let old =
        text.replace("pretraining: []", "pretraining: [(layer: 1, epoch: 1, error: 0.25, seconds: 0.5)]");
    assert_ne!(text, old);
    fs::write(store.path().join("runs/1/run.ron"), old).expect("written");
    assert!(same(&store.load().expect("loads").runs[0], &run));
    store.save_run(&run).expect("stored");
    assert!(same(&store.load().expect("loads").runs[0], &run));
}

#[test]
fn an_empty_workspace_is_nothing_to_recover() {
    let root = dir();
    drop(Store::create(root.path()).expect("created"));
    assert_eq!(Store::recoverable(root.path()), vec![]);
    assert_eq!(workspaces(root.path()), 0);
    let nowhere = root.path().join("nowhere");
    assert_eq!(Store::recoverable(&nowhere), vec![]);
    assert!(!nowhere.exists());
}

#[test]
fn a_run_killed_before_its_first_file_was_written_leaves_nothing() {
    for has_document in [false, true] {
        let root = dir();
        let store = Store::create(root.path()).expect("created");
        if has_document {
            store.save_design(&Project::default(), None).expect("stored");
        }
        let folder = store.path().join("runs/1");
        fs::create_dir_all(&folder).expect("made");
        fs::write(folder.join(".run.ron-abc123.hourglass.part"), "(").expect("written");
        drop(store);
        let found = Store::find_leftovers(root.path());
        assert_eq!((found.work.len(), found.set_aside.len()), (usize::from(has_document), 0));
        for recovery in found.work {
            let opened = Store::open(&recovery.path).expect("nobody works in it").load().expect("readable");
            assert_eq!((opened.runs.len(), opened.warnings), (0, vec![]));
        }
    }
}

fn workspaces(root: &Path) -> usize {
    fs::read_dir(root).expect("there").flatten().filter(|entry| entry.path().is_dir()).count()
}

#[test]
fn what_was_saved_elsewhere_is_not_offered_until_it_changes() {
    let root = dir();
    let store = Store::create(root.path()).expect("created");
    store.save_design(&Project::default(), None).expect("stored");
    store.import_run(&run(1)).expect("stored");
    store.mark_saved().expect("settled");
    store.mark_saved().expect("settled twice");
    // A change after the save: everything is stored again, including the runs.
    store.save_design(&Recipe::Linear.project(), None).expect("stored");
    let opened = store.load().expect("loads");
    assert_eq!((opened.project, opened.runs.len()), (Recipe::Linear.project(), 1));
    store.mark_saved().expect("settled");
    drop(store);
    assert_eq!(Store::recoverable(root.path()), vec![]);
    assert_eq!(workspaces(root.path()), 0);
}

#[test]
fn a_run_written_after_the_mark_is_offered_in_spite_of_it() {
    for (later_secs, expected) in [(0, 0), (60, 1)] {
        let root = dir();
        let store = Store::create(root.path()).expect("created");
        store.import_run(&run(1)).expect("stored");
        store.mark_saved().expect("settled");
        let time = |name: &str| fs::metadata(store.path().join(name)).and_then(|found| found.modified());
        let later = time("workspace.ron").expect("a time") + std::time::Duration::from_secs(later_secs);
        let history = fs::File::options().write(true).open(store.path().join("runs/1/history.bin"));
        history.and_then(|file| file.set_modified(later)).expect("set");
        drop(store);
        assert_eq!(Store::recoverable(root.path()).len(), expected, "{later_secs} s later");
    }
}

#[test]
fn kept_epochs_written_after_a_save_take_back_its_mark() {
    let root = dir();
    let store = Store::create(root.path()).expect("created");
    store.import_run(&run(1)).expect("stored");
    store.mark_saved().expect("settled");
    store.save_kept(RunId(1), &run(1).kept).expect("stored");
    let text = fs::read_to_string(store.path().join("workspace.ron")).expect("there");
    assert!(text.contains("is_settled:false"), "{text}");
}

#[test]
fn which_document_was_seen_belongs_to_its_file() {
    let root = dir();
    let store = Store::create(root.path()).expect("created");
    let noted = || fs::read_to_string(store.path().join("workspace.ron")).expect("there").contains("a text");
    store.save_seen(Path::new("/a.hourglass"), "a text".to_owned()).expect("noted");
    store.mark_saved().expect("settled");
    store.save_design(&Project::default(), Some(Path::new("/a.hourglass"))).expect("stored");
    assert!(noted());
    store.save_design(&Project::default(), Some(Path::new("/b.hourglass"))).expect("stored");
    assert!(!noted(), "another file");
}

#[test]
fn work_that_another_window_took_is_said_to_be_gone() {
    let root = dir();
    let store = Store::create(root.path()).expect("created");
    store.save_design(&Project::default(), None).expect("stored");
    drop(store);
    let found = Store::recoverable(root.path()).remove(0);
    Store::open(&found.path).expect("free").discard().expect("removed");
    let message = Store::open(&found.path).expect_err("gone").to_string();
    assert!(message.contains("no longer exists. Another window has"), "{message}");
    assert_eq!(workspaces(root.path()), 0, "asking does not make it");
}

#[test]
fn programs_that_start_and_end_at_once_do_not_take_each_others_work() {
    let root = dir();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..40 {
                    let others = Store::recoverable(root.path());
                    assert_eq!(others, vec![], "nothing was left behind");
                    let store = Store::create(root.path()).expect("a workspace of its own");
                    store.save_design(&Project::default(), None).expect("stored");
                    store.load().expect("still there");
                    store.discard().expect("removed");
                }
            });
        }
    });
    assert_eq!(workspaces(root.path()), 0);
}

#[test]
fn no_checkpoint_refers_to_epochs_that_a_power_failure_may_take() {
    let root = dir();
    let files = Files::default();
    let store = Store::create_with(files.clone(), root.path()).expect("created");
    store.save_design(&Project::default(), None).expect("stored");
    store.import_run(&trained(&run(1), 3)).expect("stored");
    store.append_epochs(RunId(1), &[record(4)]).expect("stored");
    files.inject(Some(Fault::NoSync));
    let error = store.save_checkpoint(RunId(1), &checkpoint(4)).expect_err("a history that may be lost");
    assert!(error.to_string().contains("a bad disk"), "{error}");
    files.inject(None);
    assert_eq!(store.load().expect("loads").runs[0].history.epochs.len(), 3);
    store.save_checkpoint(RunId(1), &checkpoint(4)).expect("stored");
    assert_eq!(store.load().expect("loads").runs[0].history.epochs.len(), 4);
}
