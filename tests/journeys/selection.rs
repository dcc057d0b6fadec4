//! Samples are selected by class, exported, and restored under their name.

use egui::Key;
use egui::accesskit::Role;
use hourglass::run::Status;

use crate::common::{CTRL, CTRL_ALT, CTRL_SHIFT, Home, NONE, Window};

/// The number of digits, and the number of threes among them.
const ALL: usize = 1797;
const THREES: usize = 183;

fn selected(window: &Window) -> usize {
    window.state().selected().len()
}

#[test]
fn a_class_is_selected_inverted_exported_named_and_restored() {
    let home = Home::new();
    let (file, table) = (home.path("mine.hourglass"), home.path("others.csv"));
    let mut window = home.window_of(1440.0, 1000.0);
    window.key(CTRL_ALT, Key::S);
    window.run_until_idle();
    assert!(window.says("No sample is selected"));
    window.click(Role::ComboBox, "Class to select");
    window.press("3");
    window.press("Select matching samples");
    assert_eq!(selected(&window), THREES);
    window.key(CTRL_SHIFT, Key::I);
    assert_eq!(selected(&window), ALL - THREES);
    assert!(window.says("1,614 of 1,797 selected"));

    window.key(CTRL_ALT, Key::E);
    window.type_path(&table);
    window.until("it is written", |_| table.exists());
    let written = std::fs::read_to_string(&table).expect("a table");
    assert_eq!(written.lines().count(), ALL - THREES + 1, "a header, and a line for each");
    assert!(written.starts_with("row,split,label\n1,"), "{}", &written[..40]);
    assert_eq!(window.state().file, None, "an export is no document");

    window.key(CTRL_ALT, Key::K);
    window.run_until_idle();
    window.fill(Role::TextInput, "Name of selection 1", "others");
    assert_eq!(window.project().selections[0].name, "others");
    window.key(CTRL_SHIFT, Key::S);
    window.type_path(&file);
    window.until("it is saved", |state| state.file.is_some());
    drop(window);

    let other = Home::new();
    let mut window = other.window_of(1440.0, 1000.0);
    window.key(CTRL, Key::O);
    window.type_path(&file);
    window.until("it is open", |state| state.file.is_some() && state.data.dataset.is_some());
    window.key(CTRL_ALT, Key::Num9);
    window.run_until_idle();
    assert_eq!(selected(&window), 0);
    window.press("Select others");
    assert_eq!(selected(&window), ALL - THREES);
    assert!(!window.state().is_modified());
}

#[test]
fn results_of_a_run_are_exported() {
    let home = Home::new();
    let (scores, weights) = (home.path("scores.csv"), home.path("w.safetensors"));
    let mut window = home.window_of(1440.0, 1000.0);
    window.number("Epochs", "1");
    window.key(NONE, Key::F5);
    window.until_status(&Status::Done);
    window.key(CTRL_SHIFT, Key::X);
    window.run_until_idle();
    window.click(Role::RadioButton, "scores");
    window.choose("Samples to export", "test (180)");
    window.type_path(&scores);
    window.until("it is written", |state| scores.exists() && state.busy.is_none());
    let written = std::fs::read_to_string(&scores).expect("a table");
    assert_eq!(written.lines().next(), Some("row,split,label,error"));
    assert_eq!(written.lines().count(), 181, "a header, and a line for each");
    assert!(written.lines().skip(1).all(|line| line.split(',').nth(1) == Some("test")));
    window.run_until_idle();
    window.key(CTRL_SHIFT, Key::X);
    window.run_until_idle();
    window.click(Role::RadioButton, "weights");
    window.type_path(&weights);
    window.until("it is written", |state| weights.exists() && state.busy.is_none());
    let bytes = std::fs::read(&weights).expect("weights");
    let tensors = safetensors::SafeTensors::deserialize(&bytes).expect("readable");
    let arrays = window.run().checkpoint.as_ref().expect("weights").inference_weights();
    assert_eq!(tensors.len(), arrays.0.len());
}

#[test]
fn samples_of_any_set_are_scored_sorted_and_clicked() {
    let home = Home::new();
    let mut window = home.window_of(1440.0, 1000.0);
    window.number("Epochs", "1");
    window.key(NONE, Key::F5);
    window.until_status(&Status::Done);
    window.press("PCA");
    window.until("PCA has rebuilt the watched samples", |state| state.scored.values.is_some());
    window.choose("Samples shown", "validation (180)");
    window.choose("Order of samples", "worst first");
    window.until("they are sorted", |state| state.scored.ordered.is_some());
    window.until("those in sight are there, by PCA too", |state| {
        state.scored.pictures.as_ref().is_some_and(|pictured| {
            let made = &pictured.pictures;
            !made.linear.is_empty() && made.linear.len() == made.reconstructions.len()
        })
    });
    window.run_until_idle();
    let state = window.state();
    let rows = state.scored.ordered.as_ref().expect("an order").rows.clone();
    let errors = state.known_errors(window.run()).expect("errors");
    let sorted: Vec<f32> = rows.iter().filter_map(|row| errors.of(*row)).collect();
    assert_eq!(sorted.len(), 180);
    assert!(sorted.is_sorted_by(|a, b| a >= b), "{sorted:?}");
    let mean = sorted.iter().map(|error| f64::from(*error)).sum::<f64>() / 180.0;
    let mse = window.run().history.epochs.last().expect("an epoch").mse;
    assert!((mean - mse).abs() < 1e-5 * mse.max(1.0), "{mean} {mse}");

    let name = format!("row {}", rows[0] + 1);
    window.click(Role::Image, &name);
    assert_eq!(window.state().selected(), [rows[0]]);
    window.key(CTRL, Key::A);
    assert_eq!(selected(&window), ALL);
    window.key(CTRL_SHIFT, Key::A);
    assert_eq!(selected(&window), 0);
}
