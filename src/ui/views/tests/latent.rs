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
