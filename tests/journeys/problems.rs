//! A design that cannot be trained, and its fix.

use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use hourglass::project::Place;

use crate::common::{CTRL, Home, NONE};

#[test]
fn an_empty_code_is_reported_at_its_card_fixed_and_restored_by_undo() {
    let home = Home::new();
    let mut window = home.window();
    window.press("Code 2 card");
    window.number("Units", "0");
    assert!(window.says("Problems of code: "), "the card carries a sign");
    assert!(window.says("1 problem to fix"), "the toolbar says it");
    assert!(window.says("Problems 1"), "the tab counts it");

    window.key(NONE, Key::F5);
    assert!(window.state().runs.is_empty(), "nothing is trained");
    assert!(window.says("Not yet trainable: "));
    let row = window.find(Role::Link, "code");
    row.click();
    window.run_until_idle();
    assert_eq!(window.state().selected, Place::Code);

    let remedy = "Use a code of 2";
    window.harness.get_all_by_role_and_label(Role::Button, remedy).next().expect("a remedy").click();
    window.run_until_idle();
    assert_eq!(window.project().code.units, 2);
    assert!(!window.says("Problems of code: ") && !window.shows(remedy));
    window.key(CTRL, Key::Z);
    assert_eq!(window.project().code.units, 0);
    assert!(window.says("Problems of code: ") && window.shows(remedy));
    window.key(CTRL, Key::Z);
    assert_eq!(window.project().code.units, 2);
    assert!(!window.state().is_modified());
}
