//! The Health view, and the curves of single layers.

use super::*;

#[test]
fn the_health_of_a_run_is_shown_in_words_and_numbers() {
    for (data, has_pictures) in [(samples::pictures(40, [8, 8, 1], 3), true), (samples::table(60, 5), false)]
    {
        let mut harness =
            harness(Scene::trained(10, data, 2, false), Part::Health, vec2(900.0, 900.0), Theme::Light);
        harness.run();
        for label in [
            "active units: 18 of 20",
            "temperature: 0.2500",
            "mean certainty: 93.00 %",
            "different features: 5 of 20",
            "description length: 749.8 bits",
            "dead entries: 3",
            "dead units: 20 of 40",
            "Jacobian norm: 1.250",
            "KL of 20 units, 18 active",
            "use of 20 entries, 3 never chosen",
            "balance of 20 bits",
            "code 8.5, error 70.2, constant 671.0 bits",
        ] {
            if label.starts_with("different") && has_pictures {
                harness.get_by_label("different features: 10 of 20");
                continue;
            }
            harness.get_by_label(label);
        }
        harness.get_by_label_contains("filters; the strongest colour is ±0.");
        harness.get_by_label("Dead units in layer 1");
        harness.get_by_label("20 of 20 units are dead (100.0 %)");
        harness.get_by_label("Use LeakyReLU instead of ReLU");
        if has_pictures {
            harness.get_by_label("10 of 64 pixels chosen");
        }
        // A hovered bar has a tooltip.
        let bars = harness.get_by_label("KL of 20 units, 18 active").rect();
        harness.hover_at(bars.right_bottom() - vec2(3.0, 3.0));
        harness.run_steps(10);
        harness.get_by_label_contains("unit 20: 0.1520 nats");
    }
}

#[test]
fn the_errors_of_single_layers_have_curves_of_their_own() {
    use crate::run::GreedyRecord;
    let mut scene = Scene::digits();
    let run = scene.runs.last_mut().unwrap();
    let record = |(layer, epoch): (u32, u32)| GreedyRecord {
        layer,
        epoch,
        error: 0.1 / f64::from(layer * epoch),
        seconds: 0.1,
    };
    run.history.pretraining =
        (1..=3).flat_map(|layer| (1..=8).map(move |epoch| (layer, epoch))).map(record).collect();
    let mut harness = harness(scene, Part::Loss, SIZES[0], Theme::Dark);
    harness.run();
    harness.get_by_label("Terms").click();
    harness.run();
    for (choice, is_of_layers) in [("layers", true), ("total", false)] {
        harness.get_by_label(choice).click();
        harness.run();
        assert_eq!(harness.state().views.loss.layers, is_of_layers, "{choice}");
    }
    // The curves are shown immediately if there is nothing else.
    harness.state_mut().runs.last_mut().unwrap().history.epochs.truncate(0);
    harness.run();
    assert!(harness.query_by_label_contains("No epoch finished yet").is_none());
}
