//! The data view: the result of reading a file, and changes to how it is read.

use super::*;
use crate::dataset::{ColumnOverview, LabelColumn, Subset};
use crate::project::{Choice, Header, Rules, Source, Take};
use crate::ui::painted::cut_off;
use crate::ui::update::Remedy;

/// A table with every kind of column, showing its columns or its rows.
pub(super) fn mixed(columns: bool) -> Scene {
    let (data, design) = samples::mixed(60);
    let mut scene = Scene::trained(30, data, 2, false);
    scene.design = design;
    scene.views.data.columns = columns;
    scene
}

fn shown(scene: Scene, size: Vec2) -> Harness<'static, Scene> {
    let mut harness = harness(scene, Part::Data, size, Theme::Dark);
    harness.run();
    harness
}

#[track_caller]
fn check_says(harness: &Harness<'_, Scene>, said: &[&str]) {
    let texts = texts(&harness.output().shapes);
    for said in said {
        assert!(texts.iter().any(|text| text.contains(said)), "{said} is not among {texts:?}");
    }
}

#[test]
fn tables_of_every_kind_of_column() {
    check_all(|| mixed(false));
    check_all(|| mixed(true));
}

#[test]
fn the_reading_is_shown_with_doubts_and_their_fixes() {
    for size in [vec2(900.0, 420.0), vec2(430.0, 700.0)] {
        let mut harness = shown(mixed(false), size);
        check_says(
            &harness,
            &[
                "60 rows × 5 columns (id, height, smokes, born, city); labels: id; header: yes",
                "“born” holds dates",
                "the first row may be no header",
                "2 files were skipped",
            ],
        );
        for (remedy, expected) in [
            ("Header: no", Choice::Header(Header::No)),
            ("Column height: label", Choice::Column("height".to_owned(), Some(Take::Label))),
        ] {
            harness.get_by_label(remedy).click();
            harness.run();
            assert_eq!(harness.state_mut().last.data.choice.take(), Some(expected));
            harness.get_by_label(remedy).focus();
            harness.run();
            harness.key_press(egui::Key::Enter);
            harness.run();
            assert!(harness.state_mut().last.data.choice.take().is_some(), "{remedy} by keyboard");
        }
    }
}

#[test]
fn cells_are_shown_as_in_the_source() {
    let harness = shown(mixed(false), vec2(1100.0, 420.0));
    // The second row: its number in the source, its ID, and its values.
    check_says(&harness, &["11", "00001", "2.5", "yes", "2022-01-09", "Köln"]);
    assert_eq!(cut_off(&harness.output().shapes), Vec::<String>::new());
}

#[test]
fn samples_are_filtered_by_class_and_split() {
    let data = samples::pictures(1000, [8, 8, 1], 10);
    let mut harness = shown(Scene::new(Vec::new(), Some(data)), vec2(820.0, 340.0));
    let choose = |harness: &mut Harness<'_, Scene>, combo: &str, option: &str| {
        harness.get_by_label(combo).click();
        harness.run();
        harness.get_by_label(option).click();
        harness.run();
    };
    choose(&mut harness, "Split shown", "validation");
    check_says(&harness, &["100 of 1,000 samples"]);
    assert!(harness.query_by_label("row 801").is_some() && harness.query_by_label("row 1").is_none());
    choose(&mut harness, "Class shown", "3");
    let data = harness.state().data.as_ref().unwrap();
    let of_class = data.rows_of_class("3").unwrap();
    let expected = data.split.validation.iter().filter(|row| of_class.contains(row)).count();
    check_says(&harness, &[&format!("{expected} of 1,000 samples")]);
    assert_eq!(harness.state().views.data.filter.class, Some(3));
    choose(&mut harness, "Split shown", "all splits");
    check_says(&harness, &[&format!("{} of 1,000 samples", of_class_count(&harness))]);
    harness.state_mut().data.as_mut().unwrap().split.test.clear();
    harness.state_mut().views.data.filter.subset = Some(Subset::Test);
    harness.run();
    check_says(&harness, &["No samples of this class in this split."]);
}

fn of_class_count(harness: &Harness<'_, Scene>) -> usize {
    harness.state().data.as_ref().and_then(|data| data.rows_of_class("3")).map_or(0, |rows| rows.len())
}

#[test]
fn keys_scroll_while_the_pointer_is_over_the_view() {
    let mut harness = shown(Scene::digits(), SIZES[0]);
    let press = |harness: &mut Harness<'_, Scene>, key| {
        harness.key_press(key);
        harness.run();
        [1, 1797].map(|row| harness.query_by_label(&format!("row {row}")).is_some())
    };
    assert_eq!(press(&mut harness, egui::Key::End), [true, false], "the pointer is elsewhere");
    harness.hover_at(pos2(400.0, 200.0));
    harness.run();
    for (key, expected) in [
        (egui::Key::PageDown, [false, false]),
        (egui::Key::PageUp, [true, false]),
        (egui::Key::End, [false, true]),
        (egui::Key::PageDown, [false, true]),
        (egui::Key::PageUp, [false, false]),
        (egui::Key::Home, [true, false]),
    ] {
        assert_eq!(press(&mut harness, key), expected, "{key:?}");
    }
    harness.remove_cursor();
    harness.get_by_label("row 1").focus();
    harness.run();
    assert_eq!(press(&mut harness, egui::Key::End), [false, true], "a sample has the keyboard");
    assert_eq!(press(&mut harness, egui::Key::Home), [true, false], "the list has it");
}

#[test]
fn a_row_is_gone_to_by_its_number() {
    let (mut tall, mut wide) = (mixed(false), mixed(false));
    (tall.data, wide.data) = (Some(samples::mixed(400).0), Some(samples::pictures(4000, [8, 8, 1], 10)));
    for (scene, number, names) in
        [(tall, "3,001", ["select row 3001", "select row 1"]), (wide, "3001", ["row 3001", "row 1"])]
    {
        let mut harness = shown(scene, vec2(900.0, 420.0));
        harness.get_by_label("Go to row").focus();
        harness.run();
        harness.event(egui::Event::Text(number.to_owned()));
        harness.run();
        harness.key_press(egui::Key::Enter);
        harness.run();
        let seen = names.map(|name| harness.query_by_label(name).is_some());
        assert_eq!(seen, [true, false], "{number}");
    }
}

#[test]
fn the_sample_at_the_top_stays_in_another_layout() {
    let data = samples::pictures(4000, [8, 8, 1], 10);
    let (labels, size) = (data.labels.clone(), vec2(900.0, 420.0));
    let (labels, mut harness) = (&labels[..], shown(Scene::new(Vec::new(), Some(data)), size));
    let rows = |harness: &mut Harness<'_, Scene>| -> Vec<u32> {
        harness.run();
        let is_seen = |row: &u32| harness.query_by_label(&format!("row {row}")).is_some();
        (1..=4000).filter(is_seen).collect()
    };
    let laid_out = |harness: &mut Harness<'_, Scene>, size, labels: &[LabelColumn], subset| {
        harness.set_size(size);
        let scene = harness.state_mut();
        scene.data.as_mut().unwrap().labels = labels.to_vec();
        scene.views.data.filter.subset = subset;
        rows(harness)
    };
    harness.hover_at(pos2(600.0, 250.0));
    harness.run();
    // At the end of the list, and two pages above it.
    for (keys, is_end) in [(&[egui::Key::End][..], true), (&[egui::Key::PageUp; 2], false)] {
        for key in keys {
            harness.key_press(*key);
            harness.run();
        }
        let before = rows(&mut harness);
        assert_eq!(before.last() == Some(&4000), is_end, "{before:?}");
        for (size, labels) in [
            (vec2(430.0, 420.0), labels),
            (vec2(700.0, 420.0), labels),
            (vec2(1300.0, 420.0), labels),
            (size, &[][..]),
            (vec2(900.0, 700.0), labels),
        ] {
            let first = laid_out(&mut harness, size, labels, None)[0];
            // The widest list has 17 samples per row. At the end, an earlier one may come first.
            assert!(first <= before[0] && (is_end || before[0] < first + 17), "{first}: {before:?}");
            assert!(first > 3800, "{first}");
        }
        assert_eq!(laid_out(&mut harness, size, labels, Some(Subset::Train))[0], 1);
        assert_eq!(laid_out(&mut harness, size, labels, None), before);
    }
}

#[test]
fn a_million_rows_are_few_shapes() {
    let count = |rows: usize| {
        let mut data = samples::table(rows, 2);
        data.labels.clear();
        let mut harness = shown(Scene::new(Vec::new(), Some(data)), vec2(900.0, 420.0));
        harness.hover_at(pos2(600.0, 250.0));
        harness.run();
        harness.key_press(egui::Key::End);
        harness.run();
        let last = format!("select row {rows}");
        assert!(harness.query_by_label(&last).is_some(), "{last}");
        harness.output().shapes.len()
    };
    let (few, many) = (count(1000), count(1_000_000));
    assert!(many <= few + 8, "{many} shapes for a million, {few} for a thousand");
}

#[test]
fn settings_of_pages_still_open() {
    let view: DataPreviewView = ron::from_str("(page:3,columns:true)").unwrap();
    assert!(view.columns);
    assert!(!ron::to_string(&view).unwrap().contains("page"));
}

#[test]
fn a_click_changes_the_use_of_a_column() {
    let mut harness = shown(mixed(true), vec2(1100.0, 420.0));
    check_says(&harness, &["dates, 2022-01-08", "0 to 60", "2022-01-08 to 2022-03-09", "many", "2 words"]);
    assert_eq!(cut_off(&harness.output().shapes), Vec::<String>::new());
    let named = |name: &str, take| Some(Choice::Column(name.to_owned(), take));
    for (button, expected) in [
        ("height as label", named("height", Some(Take::Label))),
        ("city as left out", named("city", Some(Take::LeftOut))),
        ("id as feature", named("id", Some(Take::Feature))),
        ("id as label", None),
    ] {
        harness.get_by_label(button).click();
        harness.run();
        assert_eq!(harness.state_mut().last.data.choice.take(), expected, "{button}");
    }
    harness.get_by_label("Role of height").click();
    harness.run();
    harness.get_by_label("categories").click();
    harness.run();
    let chosen = harness.state_mut().last.data.choice.take();
    assert_eq!(chosen, named("height", Some(Take::Categories)));
    assert!(chosen.unwrap().apply(&mut harness.state_mut().design));
    harness.run();
    let Source::Csv { reading, .. } = &harness.state().design.source else { panic!("no table") };
    assert_eq!(reading.columns[0].take, Take::Categories);
}

#[test]
fn ten_thousand_columns_are_few_shapes_and_are_found_by_name() {
    let (mut data, design) = samples::mixed(60);
    let more = |number: usize| ColumnOverview { name: format!("gene {number}"), ..data.overview[1].clone() };
    let more: Vec<ColumnOverview> = (0..10_000).map(more).collect();
    let few = shown(mixed(true), vec2(820.0, 420.0)).output().shapes.len();
    data.overview.extend(more);
    let mut scene = Scene::new(Vec::new(), Some(data));
    (scene.design, scene.views.data.columns) = (design, true);
    let mut harness = shown(scene, vec2(820.0, 420.0));
    let many = harness.output().shapes.len();
    assert!(many < 4 * few, "{many} shapes for many, {few} for five");
    harness.get_by_label("Find a column").focus();
    harness.run();
    harness.event(egui::Event::Text("GENE 9999".to_owned()));
    harness.run();
    assert!(harness.query_by_label("gene 9999 as label").is_some());
    assert!(harness.query_by_label("gene 1 as label").is_none());
}

#[test]
fn data_stay_visible_while_they_are_read_again() {
    let (data, design) = samples::mixed(60);
    let mut view = DataPreviewView::default();
    let builder = Harness::builder().with_size(vec2(900.0, 420.0));
    let builder = builder.with_context_setup(crate::ui::theme::install);
    let mut harness = builder.build_ui_state(
        move |ui, cancelled: &mut bool| {
            let (state, selection) = (DataState::Reloading(&data, 3, 10), Selection::default());
            let input = DataInput { state, design: &design, selection: &selection, others: &BTreeMap::new() };
            *cancelled |= data_preview_ui(ui, &input, &mut view).cancel;
        },
        false,
    );
    harness.run();
    let texts = texts(&harness.output().shapes);
    for said in ["Loading … 3 of 10", "00001"] {
        assert!(texts.iter().any(|text| text == said), "{said} is not among {texts:?}");
    }
    harness.get_by_label("Cancel").click();
    harness.run();
    assert!(*harness.state());
}

#[test]
fn pictures_of_any_number_of_channels_are_pictures() {
    for channels in [1, 2, 4, 7] {
        let data = samples::pictures(40, [12, 8, channels], 3);
        let harness = shown(Scene::new(Vec::new(), Some(data)), SIZES[0]);
        assert!(harness.query_by_label("row 1").is_some(), "{channels} channels");
    }
}

#[test]
fn newer_rules_are_offered() {
    let mut scene = mixed(false);
    scene.design.rules = Rules::Version1;
    let mut harness = shown(scene, vec2(900.0, 420.0));
    harness.get_by_label("Read by the current rules").click();
    harness.run();
    let choice = harness.state_mut().last.data.choice.take();
    assert_eq!(choice, Some(Choice::Rules(Rules::Current)));
}

#[test]
fn cells_that_were_filled_are_marked() {
    let mut scene = mixed(false);
    // The height in the second row.
    scene.data.as_mut().unwrap().gaps.cells = vec![1 << 5];
    let mut harness = shown(scene, vec2(1100.0, 420.0));
    let at = |harness: &Harness<'_, Scene>, text: &str| harness.get_by_label(text).rect().center();
    for (cell, said) in [("2.5", true), ("3.5", false)] {
        let at = at(&harness, cell);
        harness.hover_at(at);
        harness.run_steps(12);
        let texts = texts(&harness.output().shapes);
        assert_eq!(texts.iter().any(|text| text.contains("filled with the mean")), said, "{cell}");
    }
}

#[test]
fn names_and_header_do_not_scroll_with_columns() {
    let mut harness = shown(mixed(true), vec2(430.0, 700.0));
    let at = |harness: &Harness<'_, Scene>, text: &str| harness.get_by_label(text).rect().center();
    let (name, chip) = (at(&harness, "born"), at(&harness, "born as label"));
    let header = at(&harness, "used as");
    harness.hover_at(chip);
    harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: vec2(-60.0, 0.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: Modifiers::NONE,
    });
    harness.run();
    assert_eq!(at(&harness, "born"), name);
    let moved = at(&harness, "born as label").x - chip.x;
    assert!(moved < -30.0, "{moved}");
    assert!((at(&harness, "used as").x - header.x - moved).abs() < 1.0, "the header goes with its column");
}

#[test]
fn rows_of_a_table_are_selected_as_in_any_list() {
    let (data, design) = (samples::table(20, 2), Data::default());
    let (mut view, fingerprint) = (DataPreviewView::default(), data.fingerprint);
    let builder = Harness::builder().with_size(vec2(900.0, 500.0));
    let builder = builder.with_context_setup(crate::ui::theme::install);
    let mut harness = builder.build_ui_state(
        move |ui, selection: &mut Selection| {
            let before = selection.clone();
            let (state, others) = (DataState::Loaded(&data), BTreeMap::new());
            let input = DataInput { state, design: &design, selection: &before, others: &others };
            if let Some((rows, mode)) = data_preview_ui(ui, &input, &mut view).select {
                selection.apply(data.fingerprint, rows, mode);
            }
        },
        Selection::default(),
    );
    harness.run();
    for (name, modifiers, expected) in [
        ("select row 2", Modifiers::NONE, &[1][..]),
        ("select row 4", Modifiers::COMMAND, &[1, 3]),
        ("select row 6", Modifiers::SHIFT, &[3, 4, 5]),
        ("select row 5", Modifiers::COMMAND, &[3, 5]),
    ] {
        harness.get_by_label(name).click_modifiers(modifiers);
        harness.run();
        assert_eq!(harness.state().rows(fingerprint), expected, "{name}");
    }
}

#[test]
fn other_data_are_chosen_and_removed_in_the_header() {
    let mut harness = shown(mixed(false), vec2(900.0, 420.0));
    let place = harness.get_by_label("Go to row").rect();
    harness.state_mut().others.insert("photos".to_owned(), Arc::new(samples::table(4, 2)));
    harness.run();
    for (option, expected) in [("photos", Some("photos")), ("the design", None), ("photos", Some("photos"))] {
        harness.get_by_label("Data shown").click();
        harness.run();
        harness.get_by_label(option).click();
        harness.run();
        assert_eq!(harness.state().views.data.other.as_deref(), expected);
        assert_eq!(harness.get_by_label("Go to row").rect(), place);
    }
    harness.get_by_label("Remove photos").click();
    harness.run();
    assert_eq!(harness.state().last.data.remove.as_deref(), Some("photos"));
}

#[test]
fn loading_and_failed_data_are_reported() {
    const REMEDIES: [Remedy; 2] = [Remedy::Locate, Remedy::Reload];
    for (state, said) in [
        (DataState::Loading(3, 10), &["Loading … 3 of 10", "Cancel"][..]),
        (DataState::Loading(3, 0), &["Loading … 3", "Cancel"]),
        (DataState::Missing("it is gone", &REMEDIES), &["it is gone", "Locate…", "Reload"]),
    ] {
        let (mut view, design) = (DataPreviewView::default(), Data::default());
        let builder = Harness::builder().with_size(SIZES[1]).with_context_setup(crate::ui::theme::install);
        let mut harness = builder.build_ui(move |ui| {
            let (selection, others) = (Selection::default(), BTreeMap::new());
            let input = DataInput { state, design: &design, selection: &selection, others: &others };
            data_preview_ui(ui, &input, &mut view);
        });
        harness.run_steps(3);
        let texts = texts(&harness.output().shapes);
        for said in said {
            assert!(texts.iter().any(|text| text == said), "{said} is not among {texts:?}");
        }
    }
}
