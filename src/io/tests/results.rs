//! The caption and results of a run are stored in every file, by any program that saves it.

use std::fs;

use super::merging::{Program, file, found};
use super::*;
use crate::dataset::Subset;
use crate::run::{Finding, FindingKind, RunEvent};

fn measure(run: &mut Run, unix_secs: u64) {
    let values = vec![("ROC AUC".to_owned(), f64::NAN), ("average precision".to_owned(), 0.1 + 0.2)];
    let (kind, split, about) = (FindingKind::Anomalies, Subset::Test, "class “3”".to_owned());
    let finding = Finding { kind, split, epoch: 3, step: 9, unix_secs, samples: 4, about, values };
    run.apply(&RunEvent::Found(Box::new(finding)));
}

fn captioned(run: &mut Run) {
    let caption = Caption { name: "wide".to_owned(), note: "two\nlines".to_owned(), is_hidden: true };
    run.apply(&RunEvent::Captioned(Box::new(caption)));
}

#[test]
fn captions_and_results_are_restored_from_every_file() {
    let dir = dir();
    let mut run = run(1);
    measure(&mut run, 5);
    captioned(&mut run);
    let path = dir.path().join("a.hourglass");
    save_project(&Files::default(), &path, &Project::default(), &[&run]).expect("saved");
    let store = Store::create(dir.path()).expect("created");
    store.save_design(&Project::default(), None).expect("stored");
    store.import_run(&run).expect("stored");
    for opened in [open_project(&path), store.load()] {
        let opened = opened.expect("opens");
        assert_eq!(opened.warnings, Vec::<String>::new());
        assert!(same(&opened.runs[0], &run), "{:#?}", opened.runs[0]);
    }
    // A run that is not stored has no results there, and one without results has no file.
    store.save_results(RunId(9), &run.caption, &run.results).expect("nothing to do");
    store.save_results(RunId(1), &Caption::default(), &Results::default()).expect("stored");
    assert!(!store.path().join("runs/1/results.ron").exists());
    let runs = store.load().expect("loads").runs;
    assert_eq!(
        (runs.len(), &runs[0].caption, &runs[0].results),
        (1, &Caption::default(), &Results::default())
    );
}

#[test]
fn damaged_results_cost_nothing_else() {
    let long = format!("RunResults(caption: (name: \"{}\"))", "a".repeat(81));
    for damaged in ["", "RunResults(caption: 3)", "RunResults(results: [3])", &long] {
        let dir = dir();
        let store = Store::create(dir.path()).expect("created");
        store.save_design(&Project::default(), None).expect("stored");
        let mut run = run(1);
        captioned(&mut run);
        store.import_run(&run).expect("stored");
        fs::write(store.path().join("runs/1/results.ron"), damaged).expect("written");
        let opened = store.load().expect("loads");
        let told = opened.warnings.join("\n");
        assert!(told.contains("run 1") && told.contains("its results are not loaded"), "{told}");
        assert!(opened.runs[0].checkpoint.is_some() && !opened.runs[0].history.epochs.is_empty());
        assert_eq!(opened.runs[0].caption, Caption::default());
    }
}

#[test]
fn results_of_another_program_are_kept() {
    let dir = dir();
    let path = file(dir.path());
    let (mut one, mut two) = (Program::open(&path), Program::open(&path));
    measure(&mut one.runs[0], 5);
    assert_eq!(one.save(), Vec::<String>::new());
    for _ in 0..2 {
        assert_eq!(two.save(), Vec::<String>::new(), "it has done nothing to the run");
        assert!(!open_project(&path).expect("opens").runs[0].results.is_empty());
    }
    // A run trained further meanwhile lacks them: both are kept.
    two.train(1, 6);
    let told = two.save();
    assert!(told[0].starts_with("run 1 is saved as run 5"), "{told:?}");
    assert_eq!(found(&path), [(1, 3, 0), (4, 3, 0), (5, 6, 0)]);
    let results = open_project(&path).expect("opens").runs;
    assert_eq!(results.iter().map(|run| run.results.is_empty()).collect::<Vec<_>>(), [false, true, true]);
}

#[test]
fn a_name_alone_is_a_change_that_is_saved() {
    let dir = dir();
    let path = file(dir.path());
    let mut one = Program::open(&path);
    let before = RunVersion::of(&one.runs[0]);
    captioned(&mut one.runs[0]);
    assert_ne!(RunVersion::of(&one.runs[0]), before);
    let named = RunVersion::of(&one.runs[0]);
    measure(&mut one.runs[0], 5);
    assert_ne!(RunVersion::of(&one.runs[0]), named);
    assert_eq!(one.save(), Vec::<String>::new());
    assert_eq!(open_project(&path).expect("opens").runs[0].caption.name, "wide");
}
