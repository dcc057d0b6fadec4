//! The latent space: zoom, and selection of points.

use super::*;
use crate::analysis::density::Density;
use crate::session::{CodePlane, Places};
use crate::ui::state::{PlacedCodes, Set};

#[test]
fn the_latent_zoom_ends_with_its_run() {
    let mut harness = harness(Scene::digits(), Part::Latent, SIZES[0], Theme::Dark);
    harness.run();
    drag(&mut harness, pos2(200.0, 120.0), pos2(260.0, 180.0));
    assert!(harness.state().views.latent.scatter.zoom.limits.is_some());
    harness.state_mut().runs[2].started_unix_secs += 1;
    harness.run();
    assert_eq!(harness.state().views.latent.scatter.zoom.limits, None);
}

#[test]
fn points_are_selected_by_a_box_and_by_a_lasso() {
    for tool in ["Box", "Lasso"] {
        let mut harness = harness(Scene::digits(), Part::Latent, SIZES[0], Theme::Dark);
        harness.run();
        harness.get_by_label(tool).click();
        harness.run();
        let all = harness.get_by_label("codes in the latent space").rect().shrink(2.0);
        harness.drag_at(all.left_top());
        harness.step();
        for corner in [all.left_bottom(), all.right_bottom(), all.right_top()] {
            harness.hover_at(corner);
            harness.run_steps(2);
        }
        let end = if tool == "Box" { all.right_bottom() } else { all.right_top() };
        harness.hover_at(end);
        harness.run_steps(2);
        harness.drop_at(end);
        harness.step();
        let (_, rows, mode) = harness.state().last.select.clone().expect("a selection");
        assert!(rows.len() > 900 && mode == SelectionMode::Replace, "{tool}: {} of 1797", rows.len());
        assert_eq!(harness.state().views.latent.scatter.zoom.limits, None, "{tool}: nothing moves");
    }
}

#[test]
fn points_of_other_data_are_drawn_above_those_of_the_run() {
    // Enough points to cover every position of the plot.
    let grid: Vec<f32> =
        (0..1600).flat_map(|at| [at % 40, at / 40].map(|step| 0.25 * step as f32 - 5.0)).collect();
    let photos = Dataset { fingerprint: 50, ..samples::pictures(1600, [8, 8, 1], 10) };
    let mut scene = Scene::digits();
    scene.located = Located { codes: grid, plane: Vec::new() };
    scene.others.insert("photos".to_owned(), Arc::new(photos));
    let mut harness = harness(scene, Part::Latent, SIZES[0], Theme::Dark);
    harness.run();
    assert!(harness.query_by_label_contains("photos (1,600)").is_some(), "a line of the legend");
    harness.get_by_label("codes in the latent space").click();
    harness.run();
    assert!(harness.query_by_label("of photos").is_some(), "what is known of the one under the pointer");
    let (fingerprint, rows, mode) = harness.state().last.select.clone().expect("a selection");
    assert_eq!((fingerprint, rows.len(), mode), (50, 1, SelectionMode::Replace));
}

/// The digits from row 197 as a set, on a grid of 64 × 25 points.
fn scene_of_set(is_dense: bool) -> Scene {
    let mut scene = Scene::digits();
    let points: Vec<[f32; 2]> = (0..1600).map(|at| [at % 64, at / 64].map(|step| step as f32)).collect();
    let density = is_dense.then(|| Density::new(points.iter().copied(), [8, 8]));
    let watched = scene.runs[2].kept.newest().expect("codes").clone();
    scene.set = Some(PlacedCodes {
        set: Set::All,
        of: 1,
        epoch: 70,
        rows: (197..1797).collect(),
        codes: Arc::new(points.as_flattened().to_vec()),
        watched,
        plane: CodePlane::Units([0, 1]),
        places: Places { points, density },
    });
    scene
}

#[test]
fn a_sample_of_a_set_is_hovered_and_clicked() {
    let mut harness = harness(scene_of_set(false), Part::Latent, SIZES[0], Theme::Dark);
    harness.run();
    harness.get_by_label("codes in the latent space").click();
    harness.run();
    assert!(harness.query_by_label_contains("code (").is_some(), "what is known of it");
    let (_, rows, mode) = harness.state().last.select.clone().expect("a selection");
    // The middle row of the grid: points 12 · 64 to 12 · 64 + 63.
    assert!(rows.len() == 1 && (965..=1028).contains(&rows[0]) && mode == SelectionMode::Replace, "{rows:?}");
}

#[test]
fn samples_of_a_set_are_selected_by_a_box_as_points_and_as_density() {
    for is_dense in [false, true] {
        let mut harness = harness(scene_of_set(is_dense), Part::Latent, SIZES[0], Theme::Dark);
        harness.run();
        harness.get_by_label("codes in the latent space").click();
        harness.run();
        assert_eq!(harness.state().last.select.is_none(), is_dense, "no point of a density is pointed at");
        harness.get_by_label("Box").click();
        harness.run();
        let all = harness.get_by_label("codes in the latent space").rect().shrink(2.0);
        drag(&mut harness, all.left_top(), all.right_bottom());
        let (_, rows, _) = harness.state().last.select.clone().expect("a selection");
        assert!(rows.len() > 1500 && rows.iter().all(|row| *row >= 197), "{} of 1600", rows.len());
    }
}

#[test]
fn a_set_that_cannot_be_encoded_shows_the_reason() {
    let mut scene = Scene::digits();
    scene.failure = Some("no memory");
    let mut harness = harness(scene, Part::Latent, SIZES[0], Theme::Dark);
    harness.run();
    assert!(harness.query_by_label("no memory").is_some());
}
