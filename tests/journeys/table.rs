//! A table: how it is read is chosen in the form and in the Data view, and undone.

use egui::Key;
use egui::accesskit::Role;
use hourglass::project::{Decimal, Rules, Scaling, Source, Take};

use crate::common::{CTRL, Home, Window};

/// Settings of the table in the document.
fn decimal_and_columns(window: &Window) -> (Decimal, Vec<(String, Take)>) {
    let Source::Csv { reading, .. } = &window.project().data.source else { panic!("no table") };
    let columns = reading.columns.iter().map(|column| (column.name.clone(), column.take));
    (reading.decimal, columns.collect())
}

fn until_loaded(window: &mut Window) {
    window.until("the table is loaded", |state| state.data.ready(&state.project.data).is_some());
    window.run_until_idle();
}

#[test]
fn the_reading_of_a_table_is_changed_and_undone() {
    let home = Home::new();
    let path = home.path("people.csv");
    let rows = (0..40).map(|row| format!("{}.5,{},{}", row, row % 7, row % 3));
    let lines: Vec<String> = std::iter::once("height,visits,group".to_owned()).chain(rows).collect();
    std::fs::write(&path, lines.join("\n")).expect("written");
    let mut window = home.window_of(1440.0, 1400.0);
    window.press("Input card");
    window.click(Role::RadioButton, "CSV");
    window.fill(Role::TextInput, "File", &path.display().to_string());
    until_loaded(&mut window);
    window.key(CTRL, Key::Num4);
    window.run_until_idle();
    assert!(window.says("40"), "the line that says what was read");

    window.click(Role::DisclosureTriangle, "More");
    window.choose("Decimal", "point");
    assert_eq!(decimal_and_columns(&window).0, Decimal::Point);
    until_loaded(&mut window);
    window.key(CTRL, Key::Z);
    assert_eq!(decimal_and_columns(&window).0, Decimal::Auto);
    window.choose("Scaling", "robust");
    assert_eq!(window.project().data.scaling, Scaling::Robust);
    window.key(CTRL, Key::Z);
    until_loaded(&mut window);

    window.fill(Role::TextInput, "Label columns", "group");
    until_loaded(&mut window);
    window.choose("Split shown", "test");
    assert!(window.says("4 of 40 samples"), "a tenth of the rows");
    assert_eq!(window.project().data.rules, Rules::Current);
    assert!(!window.shows("Read by the current rules"));
}
