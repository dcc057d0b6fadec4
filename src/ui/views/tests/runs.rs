//! The table of runs and the page of a run.

use super::*;
use crate::dataset::Subset;
use crate::run::{Caption, Finding, FindingKind, RunEvent};
use crate::ui::state::{RunColumn, RunPage};

/// The run numbers in the table, from top to bottom.
fn rows(harness: &Harness<'_, Scene>) -> Vec<u32> {
    let mut rows: Vec<(f32, u32)> = (1..=3)
        .filter_map(|id| Some((harness.query_by_label(&format!("compare run {id}"))?.rect().top(), id)))
        .collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    rows.into_iter().map(|(_, id)| id).collect()
}

fn click(harness: &mut Harness<'_, Scene>, label: &str) {
    harness.get_by_label(label).click();
    harness.run();
}

#[test]
fn the_table_is_sorted_by_any_column_and_runs_without_a_value_come_last() {
    let mut scene = Scene::digits();
    for (run, auc) in [(0, 0.5), (2, 0.25)] {
        let values = vec![("ROC AUC".to_owned(), auc)];
        let (kind, split, about) = (FindingKind::Anomalies, Subset::Test, String::new());
        let finding = Finding { kind, split, epoch: 1, step: 1, unix_secs: 0, samples: 9, about, values };
        scene.runs[run].apply(&RunEvent::Found(Box::new(finding)));
    }
    scene.views.table.columns =
        Some(vec![RunColumn::Found(FindingKind::Anomalies, Subset::Test, "ROC AUC".to_owned())]);
    let mut harness = harness(scene, Part::Runs, SIZES[0], Theme::Dark);
    harness.run();
    assert_eq!(rows(&harness), [3, 2, 1], "the newest comes first");
    click(&mut harness, "sort by test ROC AUC");
    assert_eq!(rows(&harness), [3, 1, 2]);
    click(&mut harness, "sort by test ROC AUC, sorted from the smallest");
    assert_eq!(rows(&harness), [1, 3, 2]);
    // With the keyboard.
    harness.get_by_label("sort by run").focus();
    harness.run();
    harness.key_press(egui::Key::Enter);
    harness.run();
    assert_eq!(rows(&harness), [1, 2, 3]);
}

#[test]
fn texts_of_the_header_are_on_one_line() {
    let mut harness = harness(Scene::digits(), Part::Runs, SIZES[0], Theme::Dark);
    harness.run();
    let names = [
        "sort by run, sorted from the largest",
        "columns",
        "sort by what differs from the run before",
        "sort by epoch",
        "compare",
    ];
    let heights = names.map(|name| harness.get_by_label(name).rect().center().y);
    assert!(heights.iter().all(|height| (height - heights[0]).abs() < 0.6), "{heights:?}");
}

#[test]
fn hidden_runs_are_not_listed_until_requested() {
    let mut scene = Scene::digits();
    scene.runs[1].caption = Caption { is_hidden: true, ..Caption::default() };
    let mut harness = harness(scene, Part::Runs, SIZES[0], Theme::Dark);
    harness.run();
    assert_eq!(rows(&harness), [3, 1]);
    click(&mut harness, "1 hidden");
    assert_eq!(rows(&harness), [3, 2, 1]);
    click(&mut harness, "actions of run 2");
    click(&mut harness, "Show again");
    assert_eq!(harness.state().last.action, Some(RunAction::Hide(RunId(2), false)));
}

#[test]
fn columns_are_chosen() {
    let mut harness = harness(Scene::digits(), Part::Runs, SIZES[0], Theme::Dark);
    harness.run();
    assert!(harness.query_by_label("sort by parameters").is_none());
    click(&mut harness, "columns");
    click(&mut harness, "parameters");
    let columns = harness.state().views.table.columns.clone().expect("chosen");
    assert_eq!(columns.last(), Some(&RunColumn::Parameters));
    assert!(harness.query_by_label("sort by parameters").is_some());
    click(&mut harness, "As many as fit");
    assert_eq!(harness.state().views.table.columns, None);
}

#[test]
fn the_page_of_a_run_renders_in_every_size() {
    check_all(|| {
        let mut scene = Scene::digits();
        scene.runs[2].caption.note = "two\nlines".to_owned();
        scene.views.table.page = Some(RunPage { run: RunId(3), focus: None });
        scene
    });
    let mut scene = Scene::digits();
    scene.views.table.page = Some(RunPage { run: RunId(1), focus: None });
    let mut harness = harness(scene, Part::Runs, SIZES[0], Theme::Dark);
    harness.run();
    click(&mut harness, "Evaluate");
    click(&mut harness, "On the train split");
    assert_eq!(harness.state().last.action, Some(RunAction::Evaluate(RunId(1), Subset::Train)));
    click(&mut harness, "All runs");
    assert_eq!(rows(&harness), [3, 2, 1]);
}
