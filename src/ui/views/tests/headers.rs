//! Headers stay one row, at any width of the view and with any content.

use super::*;
use crate::ui::painted::placed_texts;
use crate::ui::widgets::header::ROW_PX;

/// Widths of a narrow view, half a window, and a wide view.
const WIDTHS: [f32; 3] = [380.0, 500.0, 900.0];
/// Views with a header of their own.
const VIEWS: [Part; 4] = [Part::Loss, Part::Latent, Part::Reconstructions, Part::Data];
/// Height of a header.
const HEADER_PX: f32 = ROW_PX + 12.0;

/// A run with many choices: many loss terms, a wide code, and a table with classes.
fn full() -> Scene {
    let mut scene = Scene::trained(30, samples::table(60, 5), 6, true);
    let run = scene.runs.last_mut().expect("a run");
    run.pca_mse = Some(0.25);
    scene.epoch = Some(10);
    scene.views.latent.plane = crate::ui::views::latent::Plane::Units;
    scene
}

#[test]
fn a_header_is_one_row_at_any_width() {
    for view in VIEWS {
        for width in WIDTHS {
            for scene in [Scene::digits(), full()] {
                let mut harness = harness(scene, view, vec2(width, 340.0), Theme::Dark);
                harness.run();
                let texts = placed_texts(&harness.output().shapes);
                let mut texts: Vec<_> =
                    texts.into_iter().filter(|(_, at)| at.top() < HEADER_PX - 4.0).collect();
                assert!(texts.len() > 1, "{view:?} at {width}: {texts:?}");
                texts.sort_by(|(_, a), (_, b)| a.left().total_cmp(&b.left()));
                assert!(
                    texts.iter().all(|(_, at)| at.bottom() <= HEADER_PX),
                    "{view:?} at {width}: {texts:?}"
                );
                let mut end = 0.0;
                for (text, at) in &texts {
                    assert!(
                        at.left() >= end && at.right() <= width,
                        "{view:?} at {width}, {text}: {texts:?}"
                    );
                    end = at.right();
                }
            }
        }
    }
}

#[test]
fn parts_that_do_not_fit_work_in_the_menu() {
    let mut harness = harness(full(), Part::Latent, vec2(360.0, 340.0), Theme::Dark);
    harness.run();
    assert!(harness.query_by_label("Box").is_none());
    harness.get_by_label("More of Latent space").click();
    harness.run();
    harness.get_by_label("Box").click();
    harness.run();
    assert_eq!(harness.state().views.latent.tool, crate::ui::views::latent::lasso::Tool::Box);
    assert!(harness.query_by_label("Box").is_some(), "it stays open for another choice");
    harness.get_by_label("More of Latent space").click();
    harness.run();
    assert!(harness.query_by_label("Box").is_none());
    harness.get_by_label("More of Latent space").click();
    for width in [1600.0, 360.0] {
        harness.run();
        assert!(harness.query_by_label("Box").is_some(), "in the menu, then in the row");
        harness.set_size(vec2(width, 340.0));
    }
    harness.run();
    assert!(harness.query_by_label("Box").is_none(), "the menu does not come back by itself");
}

#[test]
fn a_choice_without_space_for_chips_is_a_combo_box() {
    let narrow = |width: f32| {
        let mut harness = harness(full(), Part::Latent, vec2(width, 340.0), Theme::Dark);
        harness.run();
        harness
    };
    assert!(narrow(1600.0).query_by_label("Plane").is_none());
    let mut harness = narrow(380.0);
    harness.get_by_label("Plane").click();
    harness.run();
    harness.get_by_label("units").click();
    harness.run();
    assert!(harness.state().views.latent.plane == crate::ui::views::latent::Plane::Units);
    assert!(harness.query_by_label("Plane").is_some());
}

#[test]
fn several_loss_terms_are_chosen_at_once_and_nothing_moves() {
    let mut scene = Scene::digits();
    scene.runs.drain(..2);
    scene.selected = Some(0);
    let mut harness = harness(scene, Part::Loss, SIZES[0], Theme::Dark);
    harness.run();
    // Labels of the y axis take the space they need.
    let beside_labels = |harness: &Harness<'_, Scene>| {
        let plot = harness.get_by_label("loss over epochs").rect();
        (plot.y_range(), plot.right(), harness.get_by_label("Log").rect())
    };
    let before = beside_labels(&harness);
    harness.get_by_label("Terms").click();
    harness.run();
    let all = ["total", "reconstruction", "KL"].map(str::to_owned);
    // The last term cannot be removed.
    for (choice, expected) in [
        ("KL", &["total", "KL"][..]),
        ("reconstruction", &["total", "reconstruction", "KL"]),
        ("total", &["reconstruction", "KL"]),
        ("reconstruction", &["KL"]),
        ("KL", &["KL"]),
        ("total", &["total", "KL"]),
    ] {
        harness.get_by_label(choice).click();
        harness.run();
        assert_eq!(harness.state().views.loss.terms.of(&all), expected, "{choice}");
    }
    assert_eq!(beside_labels(&harness), before);
    harness.get_by_label("Terms").click();
    harness.get_by_label("Log").click();
    harness.run();
    assert!(!harness.state().views.loss.log);
    let texts = texts(&harness.output().shapes);
    for name in ["total, train", "total, validation", "KL, train", "KL, validation"] {
        assert!(texts.iter().any(|text| text == name), "{name} is not among {texts:?}");
    }
}
