//! Saves of a shared project file that fail, or that find another kind of file.

use super::merging::{Program, file, found, names};
use super::*;
use crate::project::Recipe;

#[test]
fn a_file_that_is_gone_or_cannot_be_read_keeps_no_save_from_happening() {
    let check = |damage: &dyn Fn(&Path), is_kept: bool| {
        let dir = dir();
        let path = file(dir.path());
        let mut ours = Program::open(&path);
        ours.train(1, 5);
        damage(&path);
        let damaged = fs::read(&path).ok();
        let told = ours.save();
        assert_eq!(found(&path), [(1, 5, 0), (4, 3, 0)]);
        let aside = dir.path().join("a-set-aside-1.hourglass");
        assert_eq!(told.len(), usize::from(is_kept), "{told:?}");
        assert!(!is_kept || told[0].contains("a-set-aside-1.hourglass"), "{told:?}");
        assert_eq!(fs::read(aside).ok(), damaged);
        assert_eq!(ours.save(), Vec::<String>::new());
    };
    check(&|path| fs::remove_file(path).expect("removed"), false);
    check(&|path| replace(path, "rubbish"), true);
    check(&|path| replace(path, ""), true);
    check(
        &|path| {
            let whole = fs::read(path).expect("there");
            replace(path, &whole[..whole.len() / 2]);
        },
        true,
    );
    let newer = |path: &Path| {
        let manifest = b"HourglassProject(version: 99, runs: [])".to_vec();
        rewrite(path, |name, bytes| Some(if name == "manifest.ron" { manifest.clone() } else { bytes }));
    };
    check(&newer, true);
}

/// The file is overwritten in place, as by `cp`.
#[cfg(unix)]
#[test]
fn weights_that_were_written_over_are_the_stores_or_are_reported_as_left_out() {
    for is_stored in [true, false] {
        let (dir, root) = (dir(), dir());
        let path = file(dir.path());
        let ours = Program::open(&path);
        let store = Store::create(root.path()).expect("created");
        ours.runs.iter().filter(|_| is_stored).for_each(|run| store.import_run(run).expect("stored"));
        fs::write(&path, "rubbish").expect("written");
        let told = ours.save().join("\n");
        for run in open_project(&path).expect("opens").runs {
            assert_eq!((run.kept.len(), run.kept.weights(3).is_some()), (4, is_stored));
            let note = format!("the weights of run {} after epoch 3 are not saved", run.id);
            assert_eq!(told.contains(&note), !is_stored, "{told}");
        }
        assert_eq!(ours.save(), Vec::<String>::new(), "told once");
    }
}

#[test]
fn a_run_that_cannot_be_copied_is_set_aside_with_its_file() {
    let dir = dir();
    let path = file(dir.path());
    let (mut one, two) = (Program::open(&path), Program::open(&path));
    one.add(5, 1);
    one.save();
    // The local header of one of its files, which the zip's directory points to.
    let mut bytes = fs::read(&path).expect("there");
    let name = b"runs/5/run.ron";
    let at = bytes.windows(name.len()).position(|window| window == name).expect("an entry") - 30;
    bytes[at] = b'?';
    fs::write(&path, &bytes).expect("written");
    let told = two.save();
    assert!(told.len() == 1 && told[0].contains("a-set-aside-1.hourglass"), "{told:?}");
    assert_eq!(fs::read(dir.path().join("a-set-aside-1.hourglass")).expect("kept"), bytes);
    assert_eq!(found(&path), [(1, 3, 0), (4, 3, 0)]);
}

#[test]
fn a_file_a_person_agreed_to_replace_is_not_set_aside() {
    let dir = dir();
    let path = dir.path().join("a.hourglass");
    fs::write(&path, "some text").expect("written");
    let ours = Program {
        path: path.clone(),
        base: MergeBase::replacing(&path),
        project: Project::default(),
        runs: vec![],
    };
    assert_eq!(ours.save(), Vec::<String>::new());
    assert_eq!(names(dir.path()), ["a.hourglass"]);
}

#[test]
fn a_folder_in_the_way_is_left_alone() {
    let dir = dir();
    let path = dir.path().join("a.hourglass");
    fs::create_dir(&path).expect("made");
    let error = MergeBase::default().save(&Files::default(), &path, &Project::default(), &[run(1)]);
    assert!(error.expect_err("a folder").to_string().contains("it is a folder"));
    assert_eq!(names(dir.path()), ["a.hourglass"]);
}

#[test]
fn a_disk_that_is_full_at_any_byte_leaves_the_file_as_it_was() {
    let dir = dir();
    let path = file(dir.path());
    let (mut one, mut two) = (Program::open(&path), Program::open(&path));
    one.add(5, 1);
    one.project = Recipe::Linear.project();
    one.save();
    two.add(5, 2);
    two.project = Recipe::Undercomplete.project();
    let old = fs::read(&path).expect("there");
    let files = Files::default();
    let mut after_bytes = 0;
    loop {
        files.inject(Some(Fault::DiskFull { after_bytes }));
        let saved = two.base.save(&files, &path, &two.project, &two.runs);
        if saved.is_ok() {
            break;
        }
        assert_eq!(fs::read(&path).expect("there"), old);
        assert_eq!(names(dir.path()), ["a.hourglass"]);
        after_bytes += 61;
    }
    assert!(after_bytes > old.len() as u64, "{after_bytes}");
    assert_eq!(found(&path), [(1, 3, 0), (4, 3, 0), (5, 1, 1), (6, 1, 2)]);
}

#[test]
fn other_failures_leave_the_file_as_it_was_too() {
    let dir = dir();
    let path = file(dir.path());
    let mut ours = Program::open(&path);
    ours.train(1, 5);
    let old = fs::read(&path).expect("there");
    let files = Files::default();
    for fault in [Fault::ReadOnly, Fault::Denied, Fault::NoRename, Fault::Crash] {
        files.inject(Some(fault));
        assert!(ours.base.save(&files, &path, &ours.project, &ours.runs).is_err(), "{fault:?}");
        assert_eq!(fs::read(&path).expect("there"), old);
    }
    assert_eq!(ours.save(), Vec::<String>::new());
    assert_eq!(found(&path), [(1, 5, 0), (4, 3, 0)]);
    assert_eq!(names(dir.path()), ["a.hourglass"], "the part of the crash too is gone");
}

#[test]
fn a_save_that_fails_leaves_nothing_it_had_set_aside() {
    let dir = dir();
    let path = file(dir.path());
    let (ours, mut theirs) = (Program::open(&path), Program::open(&path));
    let files = Files::default();
    let check = |expected: &[u8]| {
        files.inject(Some(Fault::NoRename));
        for _ in 0..2 {
            assert!(ours.base.save(&files, &path, &Recipe::Linear.project(), &ours.runs).is_err());
            assert_eq!(names(dir.path()), ["a.hourglass"]);
            assert_eq!(fs::read(&path).expect("there"), expected);
        }
        files.inject(None);
    };
    theirs.project = Recipe::Undercomplete.project();
    theirs.save();
    check(&fs::read(&path).expect("there"));
    fs::write(&path, "rubbish").expect("written");
    check(b"rubbish");
}

#[test]
fn a_rescued_project_is_new_private_and_whole() {
    let files = Files::default();
    let rescue = || rescue_project(&files, "a", &Project::default(), &[run(1)]).expect("saved");
    let (one, two) = (rescue(), rescue());
    assert_ne!(one, two);
    for path in [one, two] {
        assert_eq!(open_project(&path).expect("opens").runs.len(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        }
        fs::remove_file(path).expect("removed");
    }
}
