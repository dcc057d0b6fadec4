//! Pictures of the window, compared with those in `tests/snapshots`; `UPDATE_SNAPSHOTS=1` updates
//! them.
//!
//! Drawn by Mesa's software Vulkan, so that they are the same on every machine; `scripts/test.sh`
//! installs it.

#[path = "common/mod.rs"]
mod common;

use std::sync::Arc;

use egui::Key;
use egui_kittest::SnapshotOptions;
use hourglass::dataset::{Dataset, LabelValues};
use hourglass::run::{
    Caption, EpochRecord, History, Kept, KeptEpochs, Losses, Probe, Records, Results, Run, RunId, Status,
    Terms, choose_probe,
};

use common::{CTRL, CTRL_ALT, Home, NONE, Window};

/// Maximum number of different pixels: edges of letters differ between versions of the rasteriser.
const FEW: usize = 400;
/// Positions of the codes of the ten digits.
const CENTRES: [(f32, f32); 10] = [
    (-0.5, 1.5),
    (5.5, -3.5),
    (6.0, -0.5),
    (3.0, 0.5),
    (-2.5, -1.0),
    (1.5, 0.0),
    (2.5, 4.5),
    (2.0, -4.5),
    (4.0, -1.5),
    (1.0, -1.5),
];

/// Compares the current window with the picture of that name.
#[track_caller]
fn check(window: &mut Window, name: &str) {
    window.run_until_idle();
    window.harness.remove_cursor();
    window.run_until_idle();
    window.harness.snapshot_options(name, &SnapshotOptions::new().max_failed_pixels(FEW));
}

fn dark(window: &mut Window) {
    window.key(CTRL_ALT, Key::Num1);
}

fn light(window: &mut Window) {
    window.key(CTRL_ALT, Key::Num2);
}

/// A run paused after this many epochs, made by formulas instead of training: trained values differ
/// in their last bits between processors, and the differences grow.
fn stands_still(window: &mut Window, epochs: u32) {
    let state = &mut window.harness.state_mut().state;
    let data = Arc::clone(state.data.dataset.as_ref().expect("the digits"));
    let design = state.project.clone();
    let probe = choose_probe(&data, design.code.units, design.training.seed);
    let mut kept = KeptEpochs::new(Arc::new(probe));
    for epoch in 0..=epochs {
        kept.push(Arc::new(kept_outputs(&data, &kept.probe, epoch)));
    }
    state.runs.push(Run {
        id: RunId(1),
        shape: data.shape,
        fingerprint: data.fingerprint,
        split: Some(data.split.fingerprint()),
        normaliser: None,
        status: Status::Paused,
        epochs: design.training.epochs,
        edits: Vec::new(),
        restarts: Vec::new(),
        parameters: 33_474,
        seconds: 0.2,
        started_unix_secs: 1_700_000_000,
        history: History {
            terms: terms(),
            epochs: (1..=epochs).map(record).collect(),
            pretraining: Records::default(),
        },
        health: None,
        pca_mse: Some(0.0521),
        caption: Caption::default(),
        results: Results::default(),
        kept,
        checkpoint: None,
        diagnosed: hourglass::run::Diagnosed::default(),
        design,
    });
    (state.shown_run, state.runs_unsaved) = (Some(RunId(1)), true);
}

fn terms() -> Terms {
    Terms::new(["reconstruction".to_owned()])
}

/// Decreasing losses.
fn record(epoch: u32) -> EpochRecord {
    let e = f64::from(epoch);
    let (train, validation) = (2.2 + 5.0 / e, 2.3 + 4.0 / (e + 0.5));
    EpochRecord {
        epoch,
        step: u64::from(epoch) * 23,
        train: Losses::new(&terms(), &[train; 2]).expect("two terms"),
        validation: Losses::new(&terms(), &[validation; 2]),
        mse: validation / 64.0,
        learning_rate: 2e-3,
        seconds: 0.02 * e,
    }
}

/// Codes that move from the middle to the centres of their classes, and pictures that get less
/// blurred every epoch.
fn kept_outputs(data: &Dataset, probe: &Probe, epoch: u32) -> Kept {
    let LabelValues::Classes { ids, .. } = &data.labels[0].values else { panic!("digits have classes") };
    let progress = 1.0 - 1.0 / (epoch as f32 + 1.0);
    let codes = probe.code_rows.iter().flat_map(|&row| {
        let (x, y) = CENTRES[ids[row as usize] as usize];
        [x * progress + scatter(2 * row), y * progress + scatter(2 * row + 1)]
    });
    let mut pictures = vec![0.0; probe.picture_rows.len() * 64];
    data.gather(&probe.picture_rows, &mut pictures);
    let reconstructions = pictures.chunks_exact(64).flat_map(|picture| {
        (0..64_usize).map(|at| {
            let (row, column) = (at / 8, at % 8);
            let near = [
                row.saturating_sub(1) * 8 + column,
                (row + 1).min(7) * 8 + column,
                row * 8 + column.saturating_sub(1),
                row * 8 + (column + 1).min(7),
            ];
            let blurred = near.into_iter().map(|at| picture[at]).sum::<f32>() / 4.0;
            picture[at] * progress * 0.6 + blurred * (1.0 - progress * 0.6)
        })
    });
    Kept {
        epoch,
        code_units: 2,
        codes: codes.collect(),
        corrupted: Vec::new(),
        reconstructions: reconstructions.collect(),
    }
}

/// A pseudo-random number in (−1.5, 1.5), mostly small.
fn scatter(index: u32) -> f32 {
    let hash = index.wrapping_mul(2_654_435_761).rotate_left(15).wrapping_mul(2_246_822_519);
    let part = |bits: u32| (bits & 0x3FF) as f32 / 1024.0 - 0.5;
    part(hash) + part(hash >> 10) + part(hash >> 20)
}

#[test]
fn the_start() {
    let home = Home::new();
    let mut window = home.window();
    dark(&mut window);
    check(&mut window, "start-dark");
    light(&mut window);
    check(&mut window, "start-light");
}

#[test]
fn a_paused_run() {
    let home = Home::new();
    let mut window = home.window();
    dark(&mut window);
    stands_still(&mut window, 12);
    check(&mut window, "paused-dark");
}

#[test]
fn a_paused_run_in_a_small_window() {
    let home = Home::new();
    let mut window = home.window_of(1024.0, 700.0);
    light(&mut window);
    stands_still(&mut window, 3);
    check(&mut window, "paused-small-light");
}

#[test]
fn problems_to_fix() {
    let home = Home::new();
    let mut window = home.window();
    dark(&mut window);
    window.press("Code 2 card");
    window.number("Units", "0");
    window.number("Batch", "0");
    window.key(CTRL, Key::Num6);
    check(&mut window, "problems-dark");
}

#[test]
fn the_data() {
    let home = Home::new();
    let mut window = home.window();
    light(&mut window);
    window.key(CTRL, Key::Num4);
    window.press("Input card");
    window.key(NONE, Key::Escape);
    check(&mut window, "data-light");
}
