//! The window operated with the keyboard only.

use std::collections::BTreeSet;

use egui::accesskit::Role;
use egui::{Key, Rect, pos2};
use egui_kittest::Node;
use egui_kittest::kittest::NodeT;
use hourglass::project::Place;

use crate::common::{CTRL, Home, NONE, Window};

/// Roles of widgets that a user presses, types into or moves.
const CONTROLS: [Role; 11] = [
    Role::Button,
    Role::CheckBox,
    Role::ComboBox,
    Role::Link,
    Role::RadioButton,
    Role::Slider,
    Role::SpinButton,
    Role::Switch,
    Role::Tab,
    Role::TextInput,
    Role::MultilineTextInput,
];

fn is_control(node: &Node<'_>) -> bool {
    CONTROLS.contains(&node.accesskit_node().role()) && !node.accesskit_node().is_disabled()
}

fn name(node: &Node<'_>) -> String {
    let node = node.accesskit_node();
    format!("{:?} {}", node.role(), node.label().unwrap_or_default())
}

/// Names of the controls in a part of the window.
fn controls(window: &Window, part: Rect) -> BTreeSet<String> {
    let nodes = window.harness.root().children_recursive().filter(is_control);
    nodes.filter(|node| part.contains(node.rect().center())).map(|node| name(&node)).collect()
}

/// Names of the controls that Tab reaches, until it returns to the first.
fn tab_order(window: &mut Window) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut since_new = 0;
    while since_new < 40 {
        window.key(NONE, Key::Tab);
        let nodes: Vec<Node<'_>> = window.harness.root().children_recursive().collect();
        let focused = nodes.iter().find(|node| node.is_focused() && is_control(node));
        since_new = if focused.is_some_and(|node| seen.insert(name(node))) { 0 } else { since_new + 1 };
    }
    seen
}

#[test]
fn tab_reaches_every_control_of_toolbar_inspector_and_network() {
    let home = Home::new();
    let mut window = home.window();
    for card in ["Input card", "Dense 64, encoder layer 2", "Code 2 card", "Output card"] {
        window.press(card);
        let toolbar = controls(&window, Rect::from_min_max(pos2(0.0, 0.0), pos2(1440.0, 46.0)));
        let inspector = controls(&window, Rect::from_min_max(pos2(1150.0, 46.0), pos2(1440.0, 740.0)));
        let mut network = controls(&window, Rect::from_min_max(pos2(0.0, 46.0), pos2(278.0, 740.0)));
        // One tab stop for all cards: the arrow keys move between them.
        network.retain(|name| !is_card(name) || name.ends_with(card));
        assert!(
            toolbar.len() >= 8 && inspector.len() >= 8 && network.len() >= 8,
            "{toolbar:?} {inspector:?}"
        );
        let reached = tab_order(&mut window);
        for part in [toolbar, inspector, network] {
            let missed: Vec<&String> = part.difference(&reached).collect();
            assert!(missed.is_empty(), "with {card}, Tab never comes by {missed:?}");
        }
    }
}

#[test]
fn arrow_keys_move_over_the_cards_and_tab_reaches_the_form_of_the_selected_one() {
    let home = Home::new();
    let mut window = home.window();
    window.press("Code 2 card");
    for _ in 0..2 {
        window.key(NONE, Key::ArrowUp);
    }
    assert_eq!(window.state().selected, Place::Encoder(0));
    let reached = tab_order(&mut window);
    assert_eq!(window.state().selected, Place::Encoder(0), "Tab selects nothing");
    assert!(reached.contains("SpinButton Units") && reached.contains("RadioButton Dropout"), "{reached:?}");
}

fn is_card(name: &str) -> bool {
    name.ends_with(" card") || name.contains(", encoder layer ") || name.contains(", decoder layer ")
}

#[test]
fn every_control_of_every_state_has_a_name() {
    let home = Home::new();
    let mut window = home.window();
    window.train_epochs(2);
    for (modifiers, key) in [
        (NONE, Key::F1),
        (CTRL, Key::K),
        (CTRL, Key::N),
        (CTRL, Key::Num4),
        (CTRL, Key::Num6),
        (CTRL, Key::Num7),
    ] {
        window.key(modifiers, key);
        let nodes = window.harness.root().children_recursive().filter(is_control);
        let nameless: Vec<Rect> = nodes
            .filter(|node| node.accesskit_node().label().is_none_or(|label| label.trim().is_empty()))
            .map(|node| node.rect())
            .collect();
        assert!(nameless.is_empty(), "after {key:?}, nameless at {nameless:?}");
        window.key(NONE, Key::Escape);
    }
}

#[test]
fn the_save_dialog_is_answered_by_keys() {
    let home = Home::new();
    let mut window = home.window();
    window.train_epochs(1);
    window.key(CTRL, Key::N);
    assert!(window.find(Role::Button, "Save").is_focused(), "Enter would save");
    window.key(NONE, Key::Tab);
    assert!(window.find(Role::Button, "Don't save").is_focused());
    window.key(NONE, Key::Enter);
    assert!(window.shows("New project"));
}

#[test]
fn space_trains_after_a_number_was_typed() {
    for (field, text) in [("Epochs", "7"), ("Learning rate, value", "0.001")] {
        let home = Home::new();
        let mut window = home.window();
        window.number(field, text);
        window.harness.key_press(Key::Space);
        window.until("a run", |state| !state.runs.is_empty());
    }
}
