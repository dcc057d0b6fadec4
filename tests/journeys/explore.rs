//! The code of a trained network is explored, and the pins are found again.

use egui::Key;
use egui::accesskit::Role;
use hourglass::run::Status;
use hourglass::session::Decoding;

use crate::common::{CTRL, CTRL_SHIFT, Home, NONE, Window};

/// Reconstructions of the newest answer.
fn decoded(window: &Window, purpose: Decoding) -> Vec<f32> {
    window.state().explore.decoded(purpose).map(|(_, rows)| rows.to_vec()).unwrap_or_default()
}

fn pins(window: &Window) -> usize {
    window.state().explore.pins.len()
}

#[test]
fn samples_are_pinned_interpolated_changed_and_found_again() {
    let home = Home::new();
    let file = home.path("mine.hourglass");
    let mut window = home.window_of(1440.0, 1400.0);
    window.number("Epochs", "1");
    window.key(NONE, Key::F5);
    window.until_status(&Status::Done);
    window.key(CTRL, Key::A);
    window.key(CTRL, Key::Num9);
    window.press("Pins");
    window.press("Pin selection");
    // Rows of the test split are not watched: they are encoded first.
    window.until("twelve samples are pinned", |state| state.explore.pins.len() == 12);
    window.until("all are decoded", |state| {
        state.explore.decoded(Decoding::Pins).is_some_and(|(_, rows)| rows.len() == 12 * 64)
    });
    window.settle();
    window.fill(Role::TextInput, "note of pin 1", "a thin zero");
    assert_eq!(window.project().pins[0].note, "a thin zero");

    window.press("Interpolation");
    window.until("steps are decoded", |state| {
        state.explore.decoded(Decoding::Interpolation).is_some_and(|(_, rows)| rows.len() == 9 * 64)
    });
    window.settle();
    window.press("Play");
    window.harness.step();
    window.press("Pause");
    window.click(Role::Image, "step 5 of 9");
    window.until("a step is pinned", |state| state.explore.pins.len() == 13);

    window.press("Sliders");
    window.until("the pin is shown", |state| state.explore.active().is_some_and(|pin| pin.number == 13));
    window.settle();
    let before = decoded(&window, Decoding::Pointer);
    window.find(Role::Slider, "unit 1").focus();
    window.settle();
    window.key(NONE, Key::ArrowRight);
    window.until("the picture has changed", |state| {
        state.explore.decoded(Decoding::Pointer).is_some_and(|(_, rows)| rows != before)
    });
    window.press("Keep as pin");
    window.until("the changed code is pinned", |state| state.explore.pins.len() == 14);
    window.key(CTRL, Key::Z);
    window.until("that is undone", |state| state.explore.pins.len() == 13);

    window.key(CTRL_SHIFT, Key::S);
    window.type_path(&file);
    window.until("it is saved", |state| state.file.is_some());
    let saved = window.project().pins.clone();
    drop(window);

    let other = Home::new();
    let mut window = other.window_of(1440.0, 1400.0);
    window.key(CTRL, Key::O);
    window.type_path(&file);
    window.until("it is open", |state| state.file.is_some() && state.data.dataset.is_some());
    window.key(CTRL, Key::Num9);
    window.until("all pins are there", |state| state.explore.pins.len() == 13);
    assert_eq!(window.project().pins, saved);
    assert!(!window.state().is_modified());
    window.settle();
    assert_eq!(pins(&window), 13);
}

#[test]
fn samples_are_generated_neighbours_found_and_differences_added() {
    let home = Home::new();
    let mut window = home.window_of(1440.0, 1400.0);
    window.number("Epochs", "1");
    window.key(NONE, Key::F5);
    window.until_status(&Status::Done);
    window.key(CTRL, Key::A);
    window.key(CTRL, Key::Num9);
    window.press("Pins");
    window.press("Pin selection");
    window.until("twelve samples are pinned", |state| state.explore.pins.len() == 12);
    window.press("Nearest");
    window.until("neighbours are found", |state| state.explore.near_pin().is_some());
    window.settle();
    let found = window.state().explore.near_pin().expect("neighbours").1.clone();
    assert_eq!([&found.code, &found.values, &found.linear].map(Vec::len), [8; 3]);
    assert!(window.says("precision@8"), "digits have classes");

    window.press("Sample");
    window.until("each sample has its neighbour", |state| {
        state.explore.near_draws().is_some_and(|(_, found)| found.len() == 12)
    });

    window.press("Arithmetic");
    window.until("the sum is decoded", |state| state.explore.decoded(Decoding::Arithmetic).is_some());
    window.choose("mean of", "label 3");
    window.choose("minus mean of", "label 1");
    window.settle();
    let before = pins(&window);
    window.press("Keep as pin");
    window.until("it is pinned", |state| state.explore.pins.len() == before + 1);
    let pinned = window.state().explore.pins.last().expect("a pin").clone();
    assert!(pinned.name.ends_with("(label 3 − label 1)"), "{}", pinned.name);
    // By hand, of the samples that the run watches.
    let run = window.run();
    let kept = run.kept.newest().expect("codes");
    let digits = window.state().data.dataset.as_ref().expect("digits");
    let ids = digits.labels[0].class_ids().expect("classes");
    let mean = |class: u32, unit: usize| {
        let rows = run.kept.probe.code_rows.iter().zip(kept.codes.chunks_exact(kept.code_units));
        let of_class: Vec<f64> = rows
            .filter(|(row, _)| ids[**row as usize] == class)
            .map(|(_, code)| f64::from(code[unit]))
            .collect();
        of_class.iter().sum::<f64>() / of_class.len() as f64
    };
    let base = &window.state().explore.pins[before - 1].code;
    for (unit, (base, sum)) in base.iter().zip(&pinned.code).enumerate() {
        let expected = f64::from(*base) + mean(3, unit) - mean(1, unit);
        assert!((f64::from(*sum) - expected).abs() < 1e-4, "unit {unit}");
    }
}
