//! The code of a trained network, explored interactively.

use std::sync::Arc;

use egui::accesskit::Role;

use super::*;
use crate::figure::Drawing;
use crate::prepared;
use crate::project::{Bottleneck, OtherData, Pin};
use crate::session::Decoding;
use crate::ui::state::{Set, ShownPin, State};

/// A window after a short training run, with the Explore view in front.
pub(super) fn explored(project: impl FnOnce(&mut Project)) -> Window {
    let mut window = Window::sized(1400.0, 1200.0, Theme::Dark);
    window.state().project.training.epochs = 6;
    project(&mut window.state().project);
    window.key(Modifiers::NONE, Key::F5);
    window.until("it is trained", |state| state.runs.first().is_some_and(|run| run.status == Status::Done));
    window.state().run(Command::Show("Explore"));
    window.until("a code is decoded", |state| state.explore.decoded(Decoding::Pointer).is_some());
    window.harness.run_ok();
    window
}

/// Pins watched samples, counted from 0.
pub(super) fn pin(window: &mut Window, points: &[usize]) {
    for point in points {
        let run = &window.state().runs[0];
        let (fingerprint, row) = (run.fingerprint, run.kept.probe.code_rows[*point]);
        window.state().pin(vec![Pin::of_row(format!("row {row}"), fingerprint, row)]);
    }
    window.harness.run_ok();
}

fn decoded(state: &State, purpose: Decoding) -> Vec<f32> {
    state.explore.decoded(purpose).map(|(_, rows)| rows.to_vec()).unwrap_or_default()
}

#[test]
fn a_position_is_decoded_pinned_and_edited_by_sliders() {
    let mut window = explored(|_| {});
    let plane = window.harness.get_by_label("codes to explore").rect();
    // Not on a point, which would be pinned: the margin at a corner has none.
    let at = plane.right_top() + vec2(-6.0, 6.0);
    window.harness.drag_at(at);
    window.harness.step();
    window.until("the place is decoded", |state| state.explore.decoded(Decoding::Pointer).is_some());
    window.harness.drop_at(at);
    window.harness.run_ok();
    assert_eq!(decoded(window.state(), Decoding::Pointer).len(), 64);
    window.click("Pin");
    assert_eq!((window.state().explore.pins.len(), window.state().explore.active), (1, Some(0)));

    let code = window.state().explore.pins[0].code.clone();
    let network = window.state().explore.asked.clone().expect("a network");
    let expected = network.trained.network(1).expect("small").decode(&code);
    let is_there = |state: &State| decoded(state, Decoding::Pins) == expected;
    window.until("the pin is decoded", is_there);

    let slider = window.harness.get_by_role_and_label(Role::Slider, "unit 1");
    slider.focus();
    window.harness.run_ok();
    window.key(Modifiers::NONE, Key::ArrowRight);
    window.click("Keep as pin");
    let pins = window.state().explore.pins.clone();
    assert_eq!((pins.len(), &pins[0].code), (2, &code));
    let changed: Vec<usize> = (0..code.len()).filter(|unit| pins[1].code[*unit] != code[*unit]).collect();
    assert_eq!(changed, [0], "one unit was changed");
    window.click("remove pin 1");
    let codes = |pins: &[ShownPin]| pins.iter().map(|pin| pin.code.clone()).collect::<Vec<_>>();
    assert_eq!(codes(&window.state().explore.pins), codes(&pins[1..]));
    assert_eq!(window.state().explore.active, Some(0));
    window.state().undo();
    window.harness.run_ok();
    assert_eq!(codes(&window.state().explore.pins), codes(&pins), "removing a pin is undone");
}

#[test]
fn interpolation_begins_and_ends_at_its_pins() {
    let mut window = explored(|_| {});
    pin(&mut window, &[0, 1]);
    window.click("Interpolation");
    window.until("the way is decoded", |state| !decoded(state, Decoding::Interpolation).is_empty());
    window.until("both pins are decoded", |state| decoded(state, Decoding::Pins).len() == 2 * 64);
    let (way, pins) =
        (decoded(window.state(), Decoding::Interpolation), decoded(window.state(), Decoding::Pins));
    assert_eq!(way.len(), 9 * 64);
    let is_close = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5);
    assert!(is_close(&way[..64], &pins[..64]) && is_close(&way[8 * 64..], &pins[64..128]));
    window.click("Play");
    window.harness.step();
    window.click("Pause");
}

#[test]
fn samples_are_generated_from_a_seed_with_nearest_training_samples() {
    let mut window = explored(|project| {
        project.code.kind = Bottleneck::Variational { beta: 1.0, warmup_epochs: 0, free_nats: 0.0 };
    });
    window.click("Sample");
    let drawn = |state: &State| state.explore.drawn().map(|(_, codes, rows)| (codes.to_vec(), rows.to_vec()));
    window.until("samples are drawn", |state| drawn(state).is_some());
    let first = drawn(window.state()).expect("drawn");
    assert_eq!(first.1.len(), 12 * 64);
    window.until("their neighbours are found", |state| state.explore.near_draws().is_some());
    let found = window.state().explore.near_draws().expect("found").1.to_vec();
    let train = window.state().data.dataset.as_ref().expect("data").split.train.clone();
    assert!(found.len() == 12 && found.iter().flatten().all(|near| train.contains(&near.row)));
    window.click("Draw again");
    let first_codes = first.0;
    window.until("others are drawn", |state| drawn(state).is_some_and(|(codes, _)| codes != first_codes));
}

#[test]
fn units_are_traversed_and_neighbours_are_found() {
    let mut window = explored(|_| {});
    pin(&mut window, &[5]);
    window.click("Traversals");
    window.until("units are traversed", |state| !decoded(state, Decoding::Traversals).is_empty());
    let units = window.state().runs[0].design.code.units;
    assert_eq!(decoded(window.state(), Decoding::Traversals).len(), 7 * units * 64);
    // The saved figure equals one drawn without a screen from the same codes.
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::G);
    let state = window.state();
    let (run, rows) = (&state.runs[0], decoded(state, Decoding::Traversals));
    let found = state.figures.all.iter().find(|figure| figure.title.starts_with("Traversals"));
    let figure = found.expect("the page of the section");
    let Drawing::Tiles(tiles) = &figure.drawing else { panic!("{figure:?}") };
    let number = |name: &str| name.strip_prefix("unit ").and_then(|number| number.parse::<usize>().ok());
    let lines: Vec<(usize, usize)> =
        tiles.lines.iter().map(|line| (number(&line.name).expect("a unit") - 1, line.tiles.len())).collect();
    let epoch = run.kept.newest().expect("kept").epoch;
    let data = state.data_of(run).expect("data");
    let drawn = prepared::traversals(run, epoch, data, &lines, &rows).expect("a page");
    assert_eq!((lines.len(), lines[0].1), (units, prepared::TRAVERSAL_STEPS.values));
    assert_eq!((&drawn.title, &drawn.drawing), (&figure.title, &figure.drawing));
    window.key(Modifiers::NONE, Key::Escape);
    window.click("Nearest");
    window.until("neighbours are found", |state| state.explore.near_pin().is_some());
    let own = window.state().runs[0].kept.probe.code_rows[5];
    let found = window.state().explore.near_pin().expect("found").1.clone();
    for found in [&found.code, &found.values, &found.linear] {
        assert_eq!(found.len(), 8);
        assert!(found.iter().all(|near| near.row != own), "a sample is no neighbour of itself");
        assert!(found.is_sorted_by(|a, b| a.distance <= b.distance));
    }
    window.click("Mosaic");
    window.until("the plane is decoded", |state| !decoded(state, Decoding::Mosaic).is_empty());
}

#[test]
fn other_data_are_pinned_and_explored() {
    let mut window = explored(|_| {});
    let mut other = (**window.state().data.dataset.as_ref().expect("digits")).clone();
    other.fingerprint ^= 1;
    let (fingerprint, mut values) = (other.fingerprint, vec![0.0; 64]);
    other.gather(&[5], &mut values);
    let run = window.state().runs[0].clone();
    let photos = OtherData { name: "photos".to_owned(), ..OtherData::default() };
    window.state().project.others.push(photos);
    window.state().showing.keep("photos", &run, Arc::new(other));
    window.state().pin(vec![Pin::of_row("mine".to_owned(), fingerprint, 5)]);
    window.until("it is encoded", |state| !state.explore.pins.is_empty());
    let network = window.state().explore.asked.clone().expect("a network");
    let expected = network.trained.network(1).expect("small").encode(&values);
    assert_eq!(window.state().explore.pins[0].code, expected);
    window.click("Nearest");
    window.until("neighbours are found", |state| state.explore.near_pin().is_some());
    let found = window.state().explore.near_pin().expect("found").1.clone();
    assert_eq!((found.fingerprint, found.values.len()), (run.fingerprint, 8));

    window.click("Codes shown");
    window.harness.get_by_role_and_label(Role::Button, "photos (1,797)").click();
    window.harness.run_ok();
    let photos = Set::Other("photos".to_owned());
    window.until("they are encoded", |state| {
        state.explored_codes.shown().is_some_and(|shown| shown.set == photos)
    });
    let shown = window.state().explored_codes.shown().expect("codes");
    let units = shown.watched.code_units;
    let is_near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-4 * b.abs().max(1.0);
    assert_eq!((shown.rows.len(), shown.places.points.len()), (1797, 1797));
    assert!(shown.codes[5 * units..6 * units].iter().zip(&expected).all(is_near));
    window.until("neighbours are found among them", |state| {
        state.explore.near_pin().is_some_and(|(_, found)| found.fingerprint == fingerprint)
    });
    let found = window.state().explore.near_pin().expect("found").1.clone();
    assert!([&found.code, &found.values, &found.linear].iter().all(|found| found.len() == 8));
    assert!(found.code.iter().all(|near| near.row != 5), "a sample is no neighbour of itself");
    window.state().remove_other("photos");
    window.until("it is shown no more", |state| state.explore.pins.is_empty());
    assert_eq!(window.project().pins.len(), 1, "its data may come back");
}

/// Opens every section of the view.
fn show_all_explore(window: &mut Window) {
    for section in ["Pins", "Sliders", "Interpolation", "Arithmetic", "Traversals", "Sample", "Nearest"] {
        window.click(section);
        window.harness.run_ok();
    }
}

#[test]
fn a_table_can_be_explored() {
    let mut window = Window::sized(1400.0, 1200.0, Theme::Dark);
    window.state().project = Recipe::Tabular.project();
    window.state().project.training.epochs = 1;
    window.until("its data", |state| state.data.ready(&state.project.data).is_some());
    window.key(Modifiers::NONE, Key::F5);
    window.until("it is trained", |state| state.runs.first().is_some_and(|run| run.status == Status::Done));
    window.state().run(Command::Show("Explore"));
    window.harness.run_ok();
    pin(&mut window, &[0, 1, 2]);
    show_all_explore(&mut window);
    window.until("units are looked at", |state| state.explore.decoded(Decoding::Effects).is_some());
    window.until("neighbours are found", |state| state.explore.near_pin().is_some());
    window.click("Sliders");
    window.harness.run_ok();
}

#[test]
fn every_kind_of_code_can_be_explored() {
    let of_recipes = Recipe::ALL.into_iter().map(Recipe::project);
    let without = [Bottleneck::ALL[3], Bottleneck::ALL[4]].map(|kind| {
        let mut project = Recipe::Variational.project();
        project.code.kind = kind;
        project
    });
    let mut seen = Vec::new();
    for project in of_recipes.chain(without) {
        let kind = std::mem::discriminant(&project.code.kind);
        if seen.contains(&kind) {
            continue;
        }
        seen.push(kind);
        let mut window = Window::sized(1400.0, 1200.0, Theme::Dark);
        window.state().project = project;
        window.state().project.training.epochs = 1;
        if let Bottleneck::Concrete { tries, .. } = &mut window.state().project.code.kind {
            *tries = 1;
        }
        window.until("its data", |state| state.data.ready(&state.project.data).is_some());
        window.key(Modifiers::NONE, Key::F5);
        window
            .until("it is trained", |state| state.runs.first().is_some_and(|run| run.status == Status::Done));
        window.state().run(Command::Show("Explore"));
        window.harness.run_ok();
        pin(&mut window, &[0, 1, 2]);
        show_all_explore(&mut window);
    }
    assert_eq!(seen.len(), Bottleneck::ALL.len(), "a recipe for every kind");
}
