//! Reconstructions: order, values, and selection by clicking.

use egui::accesskit::Role;

use super::*;
use crate::session::Order;

#[test]
fn a_click_selects_a_sample() {
    let mut harness = harness(Scene::digits(), Part::Reconstructions, SIZES[0], Theme::Dark);
    harness.run();
    harness.get_by_role_and_label(Role::Image, "row 3").click();
    harness.run();
    let fingerprint = harness.state().data.as_ref().map_or(0, |data| data.fingerprint);
    assert_eq!(harness.state().last.select, Some((fingerprint, vec![2], SelectionMode::Replace)));
}

#[test]
fn samples_are_shown_in_any_order() {
    let mut harness = harness(Scene::digits(), Part::Reconstructions, SIZES[0], Theme::Dark);
    let mut first = |order| {
        harness.state_mut().views.reconstructions.order = order;
        harness.run();
        let x =
            |row: u32| harness.get_by_role_and_label(Role::Image, &format!("row {}", row + 1)).rect().left();
        (0..10).min_by(|a, b| x(*a).total_cmp(&x(*b)))
    };
    assert_eq!(first(Order::Data), Some(0));
    let (worst, best) = (first(Order::Worst), first(Order::Best));
    assert!(worst.is_some() && worst != best, "{worst:?} {best:?}");
}

#[test]
fn tables_are_shown_as_numbers() {
    let scene = Scene::trained(30, samples::table(60, 5), 3, true);
    let mut harness = harness(scene, Part::Reconstructions, SIZES[0], Theme::Dark);
    harness.run();
    harness.get_by_label("Numbers").click();
    harness.run();
    let found = texts(&harness.output().shapes);
    for expected in ["row 1", "column 0", "column 4"] {
        assert!(found.iter().any(|text| text == expected), "{expected} is not among {found:?}");
    }
    assert!(found.iter().any(|text| text.starts_with("error ")), "{found:?}");
}
