//! The latent space: zoom, and points that are selected.

use super::*;

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
    for tool in ["box", "lasso"] {
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
        let end = if tool == "box" { all.right_bottom() } else { all.right_top() };
        harness.hover_at(end);
        harness.run_steps(2);
        harness.drop_at(end);
        harness.step();
        let (_, rows, how) = harness.state().last.select.clone().expect("a selection");
        assert!(rows.len() > 900 && how == How::Replace, "{tool}: {} of 1797", rows.len());
        assert_eq!(harness.state().views.latent.scatter.zoom.limits, None, "{tool}: nothing moves");
    }
}

#[test]
fn points_of_other_data_lie_above_those_of_the_run() {
    // So many that one of them is under any place of the plot.
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
    let (fingerprint, rows, how) = harness.state().last.select.clone().expect("a selection");
    assert_eq!((fingerprint, rows.len(), how), (50, 1, How::Replace));
}
