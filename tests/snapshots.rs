//! Pictures of the window, compared with those in `tests/snapshots`; `UPDATE_SNAPSHOTS=1` renews them.
//!
//! Drawn by Mesa's software Vulkan, so that they are the same on every machine; `scripts/test.sh` installs it.

#[path = "common/mod.rs"]
mod common;

use egui::Key;
use egui_kittest::SnapshotOptions;

use common::{CTRL, CTRL_ALT, Home, NONE, Window};

/// Pixels that may be another: edges of letters, as other versions of the rasteriser draw them.
const FEW: usize = 400;
/// The same where trained curves and points are seen, which other processors round otherwise.
const SOME: usize = 4000;

/// Compares the window as it stands with the picture of that name.
#[track_caller]
fn check(window: &mut Window, name: &str, most: usize) {
    window.settle();
    window.harness.remove_cursor();
    window.settle();
    window.harness.snapshot_options(name, &SnapshotOptions::new().max_failed_pixels(most));
}

fn dark(window: &mut Window) {
    window.key(CTRL_ALT, Key::Num1);
}

fn light(window: &mut Window) {
    window.key(CTRL_ALT, Key::Num2);
}

/// Trains so many epochs and makes the time it took the same everywhere.
fn train(window: &mut Window, epochs: usize) {
    window.train_epochs(epochs);
    window.until("the baseline is there", |state| state.runs[0].pca_mse.is_some());
    let state = &mut window.harness.state_mut().state;
    state.runs[0].seconds = 0.2;
}

#[test]
fn the_start() {
    let home = Home::new();
    let mut window = home.window();
    dark(&mut window);
    check(&mut window, "start-dark", FEW);
    light(&mut window);
    check(&mut window, "start-light", FEW);
}

#[test]
fn a_run_that_stands_still() {
    let home = Home::new();
    let mut window = home.window();
    dark(&mut window);
    train(&mut window, 12);
    check(&mut window, "paused-dark", SOME);
}

#[test]
fn a_run_that_stands_still_in_a_small_window() {
    let home = Home::new();
    let mut window = home.window_of(1024.0, 700.0);
    light(&mut window);
    train(&mut window, 3);
    check(&mut window, "paused-small-light", SOME);
}

#[test]
fn problems_to_mend() {
    let home = Home::new();
    let mut window = home.window();
    dark(&mut window);
    window.press("Code 2 card");
    window.number("Units", "0");
    window.number("Batch", "0");
    window.key(CTRL, Key::Num6);
    check(&mut window, "problems-dark", FEW);
}

#[test]
fn the_data() {
    let home = Home::new();
    let mut window = home.window();
    light(&mut window);
    window.key(CTRL, Key::Num4);
    window.press("Input card");
    window.key(NONE, Key::Escape);
    check(&mut window, "data-light", FEW);
}
