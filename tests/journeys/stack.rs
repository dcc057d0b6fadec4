//! A network built by hand, and undone.

use egui::Key;
use egui::accesskit::Role;
use hourglass::project::{Activation, Code, Decoder, Layer, Place, Project};
use hourglass::ui::commands::Command;

use crate::common::{ALT, CTRL, CTRL_SHIFT, Home, NONE, Window, dense};

/// The network after every edit.
struct Album(Vec<Project>);

impl Album {
    /// Adds the current network, which must differ from the previous one.
    #[track_caller]
    fn keep(&mut self, window: &Window) {
        assert_ne!(self.0.last(), Some(window.project()), "nothing was changed");
        self.0.push(window.project().clone());
    }
}

#[test]
fn a_stack_is_built_by_hand_undone_to_the_start_and_redone_to_the_end() {
    let home = Home::new();
    let mut window = home.window_of(1440.0, 1400.0);
    let mut album = Album(vec![window.project().clone()]);
    let relu = |units| dense(units, Activation::Relu);

    window.select("Dense 64, encoder layer 2", Place::Encoder(1));
    window.press("Add dense layer");
    album.keep(&window);
    assert_eq!(window.state().selected, Place::Encoder(2));
    window.number("Units", "32");
    album.keep(&window);
    window.choose("Activation", "tanh");
    album.keep(&window);
    window.key(CTRL_SHIFT, Key::D);
    album.keep(&window);
    let dropout = Layer::Dropout { rate: 0.1 };
    let narrow = dense(32, Activation::Tanh);
    assert_eq!(window.project().encoder, [relu(128), relu(64), narrow.clone(), dropout.clone()]);

    window.select("Dense 128, encoder layer 1", Place::Encoder(0));
    window.key(CTRL, Key::D);
    album.keep(&window);
    window.key(ALT, Key::ArrowDown);
    album.keep(&window);
    assert_eq!(window.state().selected, Place::Encoder(2), "the selection goes with the card");
    window.select("Dropout, encoder layer 5", Place::Encoder(4));
    for _ in 0..2 {
        window.key(ALT, Key::ArrowUp);
        album.keep(&window);
    }
    window.key(NONE, Key::ArrowDown);
    window.key(NONE, Key::Delete);
    album.keep(&window);
    assert_eq!(window.project().encoder, [relu(128), relu(64), dropout, narrow]);

    window.press("Code 2 card");
    window.number("Units", "6");
    album.keep(&window);
    window.click(Role::Switch, "Mirrors the encoder");
    album.keep(&window);
    window.press("Dense 128, decoder layer 4");
    window.number("Units", "96");
    album.keep(&window);
    window.press("Add a layer at position 1 of the decoder");
    window.press("Add Dropout");
    album.keep(&window);
    window.key(CTRL, Key::M);
    album.keep(&window);
    window.click(Role::Switch, "Tie weights");
    album.keep(&window);

    let expected = Project {
        encoder: vec![relu(128), relu(64), Layer::Dropout { rate: 0.1 }, dense(32, Activation::Tanh)],
        code: Code { units: 6, ..album.0[0].code.clone() },
        decoder: Decoder::Mirrored { tied: true },
        ..album.0[0].clone()
    };
    assert_eq!(*window.project(), expected);

    for (step, before) in album.0.iter().enumerate().rev().skip(1) {
        window.key(CTRL, Key::Z);
        assert_eq!(window.project(), before, "undo to step {step}");
    }
    assert!(Command::Undo.available(window.state()).is_err(), "the start is the start");
    assert!(!window.state().is_modified());
    for (step, after) in album.0.iter().enumerate().skip(1) {
        window.key(CTRL_SHIFT, Key::Z);
        assert_eq!(window.project(), after, "redo to step {step}");
    }
    assert!(Command::Redo.available(window.state()).is_err());
    assert_eq!(*window.project(), expected);
}
