//! The code of a trained network is explored, and pins are restored.
//!
//! - Points, decoding by dragging on each kind of plane, mosaic, traversals, sliders with their
//!   reset, any set: `points_are_hovered_positions_decoded_and_any_set_is_shown`.
//! - Several pins with notes, interpolation and its animation, a slider whose code is kept, undo,
//!   pins in the project file: `samples_are_pinned_interpolated_edited_and_restored`.
//! - Neighbours with precision, generated samples with their nearest training samples, arithmetic:
//!   `samples_are_generated_neighbours_found_and_arithmetic_applied`.
//!
//! Bits, choices, entries and selectors are covered by `every_kind_of_code_can_be_explored` in the
//! tests of the window, other data by `other_data_are_pinned_and_explored` there.

use std::collections::BTreeSet;

use egui::accesskit::Role;
use egui::{Key, Pos2, vec2};
use hourglass::analysis::pca::Pca;
use hourglass::analysis::plane::Plane;
use hourglass::project::Pinned;
use hourglass::run::Status;
use hourglass::session::Decoding;
use hourglass::ui::state::{Set, State};

use crate::common::{CTRL, CTRL_SHIFT, Home, NONE, Window};

/// Reconstructions of the newest answer.
fn decoded(window: &Window, purpose: Decoding) -> Vec<f32> {
    window.state().explore.decoded(purpose).map(|(_, rows)| rows.to_vec()).unwrap_or_default()
}

/// The number of samples averaged for the means of both groups.
fn mean_counts(state: &State) -> Option<[usize; 2]> {
    let means = state.explore.means()?.1;
    Some(means.each_ref().map(|mean| mean.as_ref().map_or(0, |mean| mean.count)))
}

fn pins(window: &Window) -> usize {
    window.state().explore.pins.len()
}

#[test]
fn samples_are_pinned_interpolated_edited_and_restored() {
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
    // Rows of the test split are not watched, so they are encoded first.
    window.until("twelve samples are pinned", |state| state.explore.pins.len() == 12);
    window.until("all are decoded", |state| {
        state.explore.decoded(Decoding::Pins).is_some_and(|(_, rows)| rows.len() == 12 * 64)
    });
    window.run_until_idle();
    window.fill(Role::TextInput, "note of pin 1", "a thin zero");
    assert_eq!(window.project().pins[0].note, "a thin zero");

    window.press("Interpolation");
    window.until("steps are decoded", |state| {
        state.explore.decoded(Decoding::Interpolation).is_some_and(|(_, rows)| rows.len() == 9 * 64)
    });
    window.run_until_idle();
    window.press("Play");
    window.harness.step();
    window.press("Pause");
    window.click(Role::Image, "step 5 of 9");
    window.until("a step is pinned", |state| state.explore.pins.len() == 13);

    window.press("Sliders");
    window.until("the pin is shown", |state| state.explore.active().is_some_and(|pin| pin.number == 13));
    window.run_until_idle();
    let before = decoded(&window, Decoding::Pointer);
    window.find(Role::Slider, "unit 1").focus();
    window.run_until_idle();
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
    window.run_until_idle();
    assert_eq!(pins(&window), 13);
}

#[test]
fn samples_are_generated_neighbours_found_and_arithmetic_applied() {
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
    window.run_until_idle();
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
    let counts = {
        let watched = &window.run().kept.probe.code_rows;
        let digits = window.state().data.dataset.as_ref().expect("digits");
        let ids = digits.labels[0].class_ids().expect("classes");
        [3, 1].map(|class| watched.iter().filter(|row| ids[**row as usize] == class).count())
    };
    window.until("both means are known", |state| mean_counts(state) == Some(counts));
    window.run_until_idle();
    let before = pins(&window);
    window.press("Keep as pin");
    window.until("it is pinned", |state| state.explore.pins.len() == before + 1);
    let pinned = window.state().explore.pins.last().expect("a pin").clone();
    assert!(pinned.name.ends_with("(label 3 − label 1)"), "{}", pinned.name);
    // Computed from the samples that the run watches.
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

/// Moves the pointer around the middle of the plane until it is over a point.
fn over_a_point(window: &mut Window) -> Pos2 {
    let middle = window.find(Role::Image, "codes to explore").rect().center();
    let places = (0..625).map(|at| middle + 10.0 * vec2((at % 25) as f32 - 12.0, (at / 25) as f32 - 12.0));
    let mut found = None;
    for at in places {
        window.harness.hover_at(at);
        window.harness.run_steps(2);
        if window.says("click to pin") {
            found = Some(at);
            break;
        }
    }
    found.expect("the middle has points")
}

/// Clicks a point. Returns the row that this pins.
fn pin_a_point(window: &mut Window) -> u32 {
    let (at, before) = (over_a_point(window), window.project().pins.len());
    window.button(at, true);
    window.button(at, false);
    window.until("the sample is pinned", |state| state.explore.pins.len() == before + 1);
    window.harness.remove_cursor();
    window.run_until_idle();
    let Pinned::Row { row, .. } = window.project().pins[before].of else { panic!("no sample") };
    row
}

/// Options are side by side if there is space.
fn choose_plane(window: &mut Window, kind: &str) {
    if window.count(kind) == 1 {
        window.press(kind);
    } else {
        window.choose("Plane", kind);
    }
}

/// Drags to the upper right of the plane of a kind, pins the position, and returns its code.
fn pin_a_place(window: &mut Window, kind: &str) -> Vec<f32> {
    choose_plane(window, kind);
    let plane = window.find(Role::Image, "codes to explore").rect();
    let (from, to) = (plane.center(), plane.right_top() + vec2(-6.0, 6.0));
    let before = pins(window);
    window.harness.hover_at(from);
    window.harness.step();
    window.button(from, true);
    window.harness.hover_at(to);
    window.harness.run_steps(2);
    window.harness.drop_at(to);
    window.run_until_idle();
    assert!(window.says("the place under the pointer"));
    window.press("Pin");
    window.until("the place is pinned", |state| state.explore.pins.len() == before + 1);
    window.run_until_idle();
    window.state().explore.pins[before].code.clone()
}

fn is_near(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-3 * b.abs().max(1.0))
}

#[test]
fn points_are_hovered_positions_decoded_and_any_set_is_shown() {
    let home = Home::new();
    home.show_one_view();
    let mut window = home.window_of(1800.0, 1400.0);
    window.number("Epochs", "1");
    window.press("Code 2 card");
    window.number("Units", "4");
    window.key(NONE, Key::F5);
    window.until_status(&Status::Done);
    window.key(CTRL, Key::Num9);
    window.until("the components are known", |state| state.explore.code_statistics().is_some());
    window.run_until_idle();

    // Hover.
    over_a_point(&mut window);
    window.until("the sample is decoded", |state| state.explore.decoded(Decoding::Hover).is_some());
    window.harness.run_steps(2);
    assert!(window.says("squared error per feature") && window.says("label: "));
    let row = pin_a_point(&mut window);
    assert!(window.run().kept.probe.code_rows.contains(&row));

    // Decode: on the plane of two components, all others are 0.
    let of_components = pin_a_place(&mut window, "PCA");
    let train: BTreeSet<u32> =
        window.state().data.dataset.as_ref().expect("digits").split.train.iter().copied().collect();
    let (run, kept) = (window.run(), window.run().kept.newest().expect("codes").clone());
    let watched = run.kept.probe.code_rows.iter().zip(kept.codes.chunks_exact(4));
    let training: Vec<f32> =
        watched.filter(|(row, _)| train.contains(row)).flat_map(|(_, code)| code.to_vec()).collect();
    let pca = Pca::fit(&training, 4, 4).expect("components");
    assert!(is_near(&pca.project(&of_components)[2..], &[0.0, 0.0]), "{of_components:?}");
    // On the plane of two units, the others are as in the active pin.
    let of_units = pin_a_place(&mut window, "units");
    assert!(of_units[2..] == of_components[2..] && of_units[..2] != of_components[..2], "{of_units:?}");
    let through = [0, 1, 2].map(|pin| window.state().explore.pins[pin].code.clone());
    let of_pins = pin_a_place(&mut window, "three pins");
    let plane = Plane::through(through.each_ref().map(|code| &code[..])).expect("a plane");
    assert!(is_near(&plane.code(plane.place(&of_pins)), &of_pins), "{of_pins:?}");
    window.press("Mosaic");
    window.until("the plane is decoded", |state| state.explore.decoded(Decoding::Mosaic).is_some());
    window.press("Traversals");
    window.until("units are traversed", |state| {
        state.explore.decoded(Decoding::Traversals).is_some_and(|(_, rows)| rows.len() == 4 * 7 * 64)
    });

    // Sliders.
    window.press("Sliders");
    window.number("unit 1, value", "1000");
    assert!(window.says("Far from all training codes"));
    window.press("Reset");
    assert!(!window.says("the code of the sliders"));

    // Any set.
    window.choose("Codes shown", "test (180)");
    window.until("the test split is encoded", |state| {
        state.explored_codes.shown().is_some_and(|shown| shown.set == Set::Test)
    });
    window.run_until_idle();
    let test = window.state().data.dataset.as_ref().expect("digits").split.test.clone();
    let shown = window.state().explored_codes.shown().expect("codes");
    assert_eq!((&shown.rows[..], shown.places.points.len()), (&test[..], 180));
    choose_plane(&mut window, "PCA");
    window.until("it is put on the other plane", |state| {
        state.explored_codes.shown().is_some_and(|shown| shown.plane.names[0] == "principal component 1")
    });
    assert!(test.contains(&pin_a_point(&mut window)));
    window.press("Nearest");
    window.until("neighbours are found", |state| state.explore.near_pin().is_some());
    window.run_until_idle();
    assert!(window.says("180 samples (test)") && window.says("precision@8"));
    let found = &window.state().explore.near_pin().expect("neighbours").1;
    assert!(
        [&found.code, &found.values, &found.linear]
            .into_iter()
            .flatten()
            .all(|near| test.contains(&near.row))
    );
    // Means include all rows of both groups: for a selection, all that is selected; for a class,
    // all of it in the set shown.
    window.key(CTRL, Key::A);
    window.press("Arithmetic");
    window.choose("minus mean of", "label 0");
    let zeros = {
        let data = window.state().data.dataset.as_ref().expect("digits");
        let ids = data.labels[0].class_ids().expect("classes");
        test.iter().filter(|row| ids[**row as usize] == 0).count()
    };
    window.until("both means are known", |state| mean_counts(state) == Some([1797, zeros]));
}
