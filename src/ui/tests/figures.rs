//! The content of a view is saved and copied.

use super::*;
use crate::ui::state::State;

/// A window with the Data view in front.
fn with_data() -> Window {
    let mut window = Window::new();
    window.state().run(Command::Show(DATA_VIEW));
    window.harness.run_ok();
    window
}

fn said(state: &State, text: &str) -> bool {
    state.notices.log.iter().any(|entry| entry.text.contains(text))
}

#[test]
fn a_view_is_saved_in_the_chosen_format() {
    let mut window = with_data();
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::G);
    let path = window.folder.path().join("page.png");
    let Some(Dialog::Path(dialog)) = &mut window.state().dialog else { panic!("it asks where") };
    assert_eq!(std::path::Path::new(&dialog.text).extension(), Some("png".as_ref()));
    dialog.text = path.display().to_string();
    window.click("SVG");
    window.click("Light");
    window.click("Save");
    let path = path.with_extension("svg");
    let there = path.clone();
    window.until("it is written", move |_| there.exists());
    let svg = std::fs::read_to_string(path).expect("readable");
    assert!(svg.starts_with("<svg") && svg.contains("Data: ") && svg.contains("#ffffff"), "{svg:.300}");
}

#[test]
fn enter_presses_the_focused_widget_and_saves_from_the_path_field() {
    let mut window = with_data();
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::G);
    window.harness.get_by_label("SVG").focus();
    window.harness.run_ok();
    window.key(Modifiers::NONE, Key::Enter);
    let path = window.folder.path().join("page.svg");
    let Some(Dialog::Path(dialog)) = &mut window.state().dialog else { panic!("it is not saved yet") };
    let ending = std::path::Path::new(&dialog.text).extension();
    assert_eq!((ending, dialog.is_accepted), (Some("svg".as_ref()), false));
    dialog.text = path.display().to_string();
    window.harness.get_by_label("Path").focus();
    window.harness.run_ok();
    window.key(Modifiers::NONE, Key::Enter);
    window.until("it is written", move |_| path.exists());
}

#[test]
fn the_menu_of_a_view_copies_its_numbers() {
    let mut window = with_data();
    window.harness.get_by_label("row 1").click_secondary();
    window.harness.run_ok();
    window.click("Copy numbers");
    window.until("they are copied", |state| said(state, "Copied the numbers of “Data"));
}

#[test]
fn a_list_always_opens_above_its_dialog() {
    let mut window = with_data();
    for _ in 0..2 {
        window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::X);
        let pos = window.harness.get_by_label("Samples to export").rect().center();
        // A tap: the dialog is brought to the front in the frame in which the list opens.
        let press = |pressed| egui::Event::PointerButton {
            pos,
            button: egui::PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        };
        let tap = [egui::Event::PointerMoved(pos), press(true), press(false)];
        window.harness.input_mut().events.extend(tap);
        window.harness.run_ok();
        let layer_of = |window: &Window, label: &str| {
            let at = window.harness.get_by_label(label).rect().center();
            window.harness.ctx.layer_id_at(at)
        };
        let (line, path) = (layer_of(&window, "training (1,437)"), layer_of(&window, "Browse…"));
        assert!(line.is_some() && line != path, "{line:?} {path:?}");
        window.key(Modifiers::NONE, Key::Escape);
        window.key(Modifiers::NONE, Key::Escape);
        assert!(window.state().dialog.is_none());
    }
}

#[test]
fn the_size_in_pixels_is_shown_only_for_pictures() {
    let mut window = with_data();
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::G);
    for (form, is_told, has_theme) in [("PNG", true, true), ("SVG", false, true), ("CSV", false, false)] {
        window.click(form);
        assert_eq!(window.harness.query_by_label_contains("pixels").is_some(), is_told, "{form}");
        assert_eq!(window.harness.query_by_label("Dark").is_some(), has_theme, "{form}");
    }
}
