//! A picture code in every view: its channels in Health and Reconstructions, two of its numbers in
//! Latent space, one position in Explore.

use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};
use hourglass::project::{Activation, Bottleneck, Code, Layer, Padding, Project, Shape};
use hourglass::run::Status;
use hourglass::session::Decoding;

use crate::common::{CTRL, Home, NONE, Window};

/// Pictures of 8×8 pixels → 4×4 positions of 8, then of 16 channels → a code of 4 channels.
fn design() -> Project {
    let conv = |channels: usize, stride: usize| Layer::Conv2d {
        channels,
        kernel: 3,
        stride,
        padding: Padding::Same,
        dilation: 1,
        groups: 1,
        activation: Activation::Relu,
    };
    let kind = Bottleneck::Variational { beta: 1.0, warmup_epochs: 0, free_nats: 0.0 };
    let mut project = Project {
        encoder: vec![conv(8, 2), conv(16, 1)],
        code: Code { kind, ..Code::channels(4) },
        ..Project::default()
    };
    project.training.epochs = 2;
    project
}

/// The number of values of the newest answer.
fn decoded(window: &Window, purpose: Decoding) -> usize {
    window.state().explore.decoded(purpose).map_or(0, |(_, rows)| rows.len())
}

fn choose(window: &mut Window, chip: &str, list: &str) {
    if window.count(chip) == 1 {
        window.press(chip);
    } else {
        window.choose(list, chip);
    }
}

#[test]
fn picture_codes_are_shown_by_channel_and_position() {
    let home = Home::new();
    let file = home.path("channels.ron");
    std::fs::write(&file, design().to_ron()).expect("written");
    home.show_one_view();
    let mut window = home.window_of(1900.0, 1400.0);
    window.key(CTRL, Key::O);
    window.type_path(&file);
    window.until("the design is open", |state| state.project.code == design().code);
    window.key(NONE, Key::F5);
    window.until_status(&Status::Done);
    assert_eq!(window.run().code_shape(), Shape::Image { height: 4, width: 4, channels: 4 });

    window.key(CTRL, Key::Num8);
    assert!(window.shows("mean of 4 channels") && window.shows("KL, nats of 4 channels"));
    assert!(!window.says("KL of 64 units"));

    window.key(CTRL, Key::Num3);
    assert_eq!(window.count("Code"), 1, "the codes can be left out");
    window.press("Code");
    window.press("Code");

    window.key(CTRL, Key::Num2);
    choose(&mut window, "units", "Plane");
    window.number("channel along x", "3");
    window.number("row along x", "2");
    window.number("column along y", "4");
    // No row after the last.
    window.number("row along y", "9");
    let value =
        |window: &Window, name: &str| window.find(Role::SpinButton, name).accesskit_node().numeric_value();
    assert_eq!([value(&window, "row along x"), value(&window, "row along y")], [Some(2.0), Some(4.0)]);

    window.key(CTRL, Key::Num9);
    window.press("Sliders");
    window.number("channel of the code", "2");
    window.number("row of the code", "2");
    window.number("column of the code", "4");
    let sliders = |window: &Window, at: &str| {
        let name = format!(" at {at}, value");
        window.harness.query_all_by_label_contains(&name).count()
    };
    assert_eq!(sliders(&window, "row 2, column 4"), 4);
    window.number("channel 3 at row 2, column 4, value", "1.5");
    assert!(window.says("the code of the sliders"));
    let channel = window.find(Role::Image, "channel 2 of the code").rect();
    let third = channel.min + 0.6 * channel.size();
    window.harness.hover_at(third);
    window.button(third, true);
    window.button(third, false);
    window.run_until_idle();
    assert_eq!(["row 2, column 4", "row 3, column 3"].map(|at| sliders(&window, at)), [0, 4]);

    window.press("Traversals");
    window.until("the channels there are traversed", |state| {
        state.explore.decoded(Decoding::Traversals).is_some_and(|(_, rows)| rows.len() == 4 * 7 * 64)
    });
    window.run_until_idle();
    window.press("strongest");
    window.until("units of all positions are", |state| {
        state.explore.decoded(Decoding::Traversals).is_some_and(|(_, rows)| rows.len() > 4 * 7 * 64)
    });
    assert_eq!(decoded(&window, Decoding::Traversals), 48 * 7 * 64);
}
