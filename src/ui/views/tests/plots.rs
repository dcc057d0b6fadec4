//! Gestures and keys of plots with axes.

use super::*;
use crate::ui::plots::Limits;

/// The latent space of a run, with the focus on its plot.
fn focused() -> Harness<'static, Scene> {
    let mut harness = harness(Scene::digits(), Part::Latent, SIZES[0], Theme::Dark);
    harness.run();
    harness.get_by_label("codes in the latent space").focus();
    harness.run();
    harness
}

fn limits(harness: &Harness<'_, Scene>) -> Option<Limits> {
    harness.state().views.latent.scatter.zoom.limits
}

fn widths(limits: Limits) -> [f64; 2] {
    [limits.x, limits.y].map(|[low, high]| high - low)
}

#[test]
fn keys_zoom_pan_and_show_everything() {
    let mut harness = focused();
    let mut press = |key| {
        harness.key_press(key);
        harness.run();
        limits(&harness)
    };
    let before = press(egui::Key::Plus).expect("zoomed");
    let near = |got: f64, expected: f64| (got - expected).abs() < 1e-4 * expected.abs().max(1.0);
    let check = |name: &str, got: Option<Limits>, zoom: f64, [right, up]: [f64; 2]| {
        let got = got.expect("zoomed");
        let ([width, height], [old_width, old_height]) = (widths(got), widths(before));
        assert!(near(width, old_width / zoom) && near(height, old_height / zoom), "{name}: {got:?}");
        let middle = |limits: Limits| [limits.x, limits.y].map(|[low, high]| 0.5 * (low + high));
        let ([x, y], [old_x, old_y]) = (middle(got), middle(before));
        assert!(near(x, old_x + right * old_width) && near(y, old_y + up * old_height), "{name}: {got:?}");
    };
    check("right", press(egui::Key::ArrowRight), 1.0, [0.1, 0.0]);
    check("up", press(egui::Key::ArrowUp), 1.0, [0.1, 0.1]);
    check("left", press(egui::Key::ArrowLeft), 1.0, [0.0, 0.1]);
    check("down", press(egui::Key::ArrowDown), 1.0, [0.0, 0.0]);
    check("plus", press(egui::Key::Plus), 1.25, [0.0, 0.0]);
    check("minus", press(egui::Key::Minus), 1.0, [0.0, 0.0]);
    assert_eq!(press(egui::Key::Num0), None);
}

#[test]
fn the_wheel_zooms_in_and_out_again() {
    let mut harness = focused();
    harness.hover_at(pos2(250.0, 150.0));
    harness.run();
    let mut wheel = |by: f32| {
        harness.event(egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: vec2(0.0, by),
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Unknown,
            modifiers: Modifiers::NONE,
        });
        harness.run();
        widths(limits(&harness).expect("zoomed"))[0]
    };
    let (near, far) = (wheel(100.0), wheel(-200.0));
    assert!(near < 0.8 * far, "{near} {far}");
}
