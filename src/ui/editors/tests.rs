use egui::accesskit::Role;
use egui::{Theme, Ui, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};

use super::{code, corruption, layer, output, regularizer, source, training};
use crate::project::{
    Activation, ArrayReading, Bottleneck, Code, ColumnChoice, Comments, Corruption, Data, FeatureWeight,
    LabelFrom, Layer, Loss, Optimizer, Output, Pages, Regularizer, Rules, Schedule, Shape, Site, Source,
    Synthetic, TableReading, Take, Training,
};
use crate::ui::painted::{check_placed, texts};
use crate::ui::state::{PathField, Sources};

/// Draws a form in both themes and checks that it has text and fits into its panel. The harness
/// fails on a missing glyph and on an input without a name.
#[track_caller]
fn check(mut form: impl FnMut(&mut Ui)) {
    for theme in [Theme::Dark, Theme::Light] {
        let mut harness = Harness::builder()
            .with_size(vec2(290.0, 700.0))
            .with_theme(theme)
            .with_context_setup(crate::ui::theme::install)
            .build_ui(|ui| form(ui));
        harness.run();
        harness.run();
        let shapes = &harness.output().shapes;
        check_placed(shapes);
        assert!(!texts(shapes).is_empty(), "nothing is written");
        let is_input =
            |node: &egui_kittest::Node<'_>| egui::accessibility::is_input(node.accesskit_node().role());
        for node in harness.root().children_recursive().filter(is_input) {
            assert!(node.rect().right() <= 290.5, "{:?} is cut off", node.accesskit_node().label());
        }
    }
}

#[test]
fn every_layer_activation_and_code_has_a_form() {
    for mut kind in Layer::ALL {
        check(|ui| layer::layer_ui(ui, &mut kind));
    }
    for activation in Activation::ALL {
        check(|ui| layer::layer_ui(ui, &mut Layer::Dense { units: 3, activation }));
        check(|ui| {
            code::code_ui(
                ui,
                &mut Code { activation, ..Code::plain(3) },
                true,
                Some((64, Shape::Vector(8))),
                false,
            );
        });
        check(|ui| output::output_ui(ui, &mut Output { activation }, false));
    }
}

#[test]
fn every_kind_of_code_and_regularizer_has_a_form() {
    let picture = Shape::Image { height: 2, width: 2, channels: 8 };
    for kind in Bottleneck::ALL {
        check(|ui| {
            code::code_ui(
                ui,
                &mut Code { kind, ..Code::plain(8) },
                true,
                Some((64, Shape::Vector(8))),
                false,
            );
        });
        check(|ui| {
            code::code_ui(ui, &mut Code { kind, ..Code::channels(8) }, true, Some((64, picture)), true);
        });
    }
    for mut regularizer in Regularizer::ALL {
        check(|ui| regularizer::regularizer_ui(ui, &mut regularizer));
        check(|ui| {
            regularizer::regularizers_ui(ui, &mut vec![regularizer], Site::Code);
        });
    }
}

#[test]
fn every_loss_and_corruption_has_a_form() {
    for mut loss in Loss::ALL {
        check(|ui| {
            output::loss_ui(ui, &mut loss, Some(false));
        });
    }
    for mut kind in Corruption::ALL {
        check(|ui| corruption::corruption_ui(ui, &mut kind));
    }
}

#[test]
fn every_optimizer_and_schedule_has_a_form() {
    for mut optimizer in Optimizer::ALL {
        check(|ui| training::optimizer_ui(ui, &mut optimizer));
        for schedule in Schedule::ALL {
            let mut settings = Training { optimizer, schedule, ..Training::default() };
            check(|ui| training::training_ui(ui, &mut settings));
        }
    }
}

/// Sources in which every rarely changed setting is set, so that the form shows all of them.
fn chosen_sources() -> Vec<Source> {
    let text = |text: &str| Some(text.to_owned());
    let mut sources = Vec::new();
    for kind in Sources::default().0 {
        match kind {
            Source::Csv { path, header, delimiter, missing, .. } => {
                let reading = TableReading {
                    encoding: text("koi8-r"),
                    comments: Comments::From('~'),
                    sheet: text("Sheet 2"),
                    skip_lines: Some(3),
                    skip_footer: Some(1),
                    skip_rows: "7,12-14".parse().ok(),
                    missing_words: vec!["-999".to_owned(), "none at all".to_owned()],
                    columns: vec![ColumnChoice { name: "city".to_owned(), take: Take::Categories }; 20],
                    ..TableReading::default()
                };
                let labels = vec!["id".to_owned()];
                sources.push(Source::Csv { path, header, delimiter, labels, missing, reading });
            }
            Source::Npy { path, .. } => {
                let reading = ArrayReading {
                    validation: text("x_val"),
                    validation_labels: text("y_val"),
                    test: text("x_test"),
                    test_labels: text("y_test"),
                    shown_channels: vec![4, 2, 1],
                    ..ArrayReading::default()
                };
                let (array, labels) = (text("x_train"), text("y_train"));
                sources.push(Source::Npy { path, array, labels, reading });
            }
            Source::ImageFolder { .. } => sources.extend(LabelFrom::all().map(|label| {
                let mut kind = kind.clone();
                if let Source::ImageFolder { reading, .. } = &mut kind {
                    (reading.label, reading.pages) = (label, Pages::First);
                }
                kind
            })),
            Source::Digits | Source::Synthetic(_) | Source::Idx { .. } => sources.push(kind),
        }
    }
    sources
}

#[test]
fn every_setting_of_the_reading_has_the_name_of_its_option() {
    let mut found = Vec::new();
    for mut kind in chosen_sources() {
        check(|ui| {
            source::source_ui(ui, &mut kind, &Sources::default());
        });
        let mut harness = Harness::builder()
            .with_size(vec2(290.0, 900.0))
            .with_context_setup(crate::ui::theme::install)
            .build_ui(|ui| {
                source::source_ui(ui, &mut kind, &Sources::default());
            });
        harness.run();
        harness.run();
        let cut = crate::ui::painted::cut_off(&harness.output().shapes);
        assert_eq!(cut, Vec::<String>::new(), "names that are cut off");
        found.extend(texts(&harness.output().shapes));
    }
    for name in [
        "Header",
        "Delimiter",
        "Decimal",
        "Encoding",
        "Comments",
        "Sheet",
        "Skip lines",
        "Skip footer",
        "Skip rows",
        "Missing",
        "Missing words",
        "Dates",
        "Date order",
        "First year",
        "Label columns",
        "Array",
        "Label array",
        "Val. array",
        "Val. labels",
        "Test array",
        "Test labels",
        "Axes",
        "Shown channels",
        "Parts",
        "Width",
        "Height",
        "Channels",
        "Fit",
        "Transparency",
        "Range",
        "Pages",
        "Masks",
        "Label from",
        "Depth",
        "Pattern",
        "Label table",
        "File column",
        "Label column",
    ] {
        assert!(found.iter().any(|text| text == name), "{name} is not among {found:?}");
    }
}

#[test]
fn channels_are_typed_without_losing_the_comma() {
    let mut kind = Sources::default().0[5].clone();
    if let Source::Npy { reading, .. } = &mut kind {
        reading.shown_channels = vec![1];
    }
    let mut harness = Harness::builder()
        .with_size(vec2(290.0, 700.0))
        .with_context_setup(crate::ui::theme::install)
        .build_ui_state(
            |ui, kind| {
                source::source_ui(ui, kind, &Sources::default());
            },
            kind,
        );
    harness.run();
    let field = |harness: &Harness<'_, Source>| {
        harness.get_by_role_and_label(Role::TextInput, "Shown channels").value().unwrap_or_default()
    };
    harness.get_by_role_and_label(Role::TextInput, "Shown channels").focus();
    harness.run();
    harness.key_press(egui::Key::End);
    harness.run();
    for (typed, shown) in [(",", "1,"), ("x", "1,x"), ("3", "1,x3")] {
        harness.event(egui::Event::Text(typed.to_owned()));
        harness.run();
        assert_eq!(field(&harness), shown);
    }
    let channels = |harness: &Harness<'_, Source>| {
        let Source::Npy { reading, .. } = harness.state() else { panic!("no arrays") };
        reading.shown_channels.clone()
    };
    assert_eq!(channels(&harness), [1], "no list of channels");
    for _ in 0..2 {
        harness.key_press(egui::Key::Backspace);
        harness.run();
    }
    harness.event(egui::Event::Text("4, 2".to_owned()));
    harness.run();
    assert_eq!(channels(&harness), [1, 4, 2]);
    harness.key_press(egui::Key::Enter);
    harness.run();
    assert_eq!(field(&harness), "1, 4, 2");
}

#[test]
fn old_rules_are_shown_only_where_they_matter_and_can_be_changed() {
    for (kind, is_told) in Sources::default().0.into_iter().zip([false, false, true, false, true, true]) {
        let data = Data { source: kind, rules: Rules::Version1, ..Data::default() };
        let mut harness = Harness::builder()
            .with_size(vec2(290.0, 400.0))
            .with_context_setup(crate::ui::theme::install)
            .build_ui_state(source::rules_ui, data);
        harness.run();
        let button = harness.query_by_label("Read by the current rules");
        assert_eq!(button.is_some(), is_told);
        if let Some(button) = button {
            button.click();
            harness.run();
            assert_eq!(harness.state().rules, Rules::Current);
            assert!(harness.query_by_label("Read by the current rules").is_none());
        }
    }
}

#[test]
fn every_source_has_a_form() {
    for mut kind in Sources::default().0 {
        check(|ui| {
            source::source_ui(ui, &mut kind, &Sources::default());
        });
    }
    for synthetic in Synthetic::ALL {
        check(|ui| {
            source::source_ui(ui, &mut Source::Synthetic(synthetic), &Sources::default());
        });
    }
    check(|ui| source::scaling_split_ui(ui, &mut Data::default(), &["cat".to_owned(), "dog".to_owned()]));
}

#[test]
fn a_form_alone_changes_nothing() {
    for kind in Sources::default().0.into_iter().chain(chosen_sources()) {
        let mut shown = kind.clone();
        check(|ui| {
            source::source_ui(ui, &mut shown, &Sources::default());
        });
        assert_eq!(shown, kind);
    }
    let mut settings = Training::default();
    check(|ui| training::training_ui(ui, &mut settings));
    assert_eq!(settings, Training::default());
    // This also holds for an external design that exceeds the limits of the fields.
    let beyond = |data: &mut Data| {
        data.source =
            Source::Synthetic(Synthetic::Blobs { count: 5, features: 20_000, clusters: 6, seed: 1 });
        data.split.validation = 0.95;
    };
    let (mut data, mut expected) = (Data::default(), Data::default());
    beyond(&mut data);
    beyond(&mut expected);
    check(|ui| {
        source::source_ui(ui, &mut data.source, &Sources::default());
        source::scaling_split_ui(ui, &mut data, &[]);
    });
    assert_eq!(data, expected);
}

#[test]
fn every_kind_of_source_remembers_its_own() {
    let mut sources = Sources::default();
    let table = |path: &str| {
        let mut kinds = Sources::default().0;
        PathField::Main.set(&mut kinds[4], path.into());
        kinds[4].clone()
    };
    sources.remember(&table("a.csv"));
    sources.remember(&table("b.csv"));
    let mut expected = Sources::default().0;
    expected[4] = table("b.csv");
    assert_eq!(sources.0, expected);
}

#[test]
fn sources_are_called_what_the_page_on_data_calls_them() {
    let page = include_str!("../../../docs/data.md");
    for source in Sources::default().0 {
        assert!(page.contains(&format!("\n| {} | ", source.name())), "{}", source.name());
    }
}

#[test]
fn a_path_has_the_whole_width() {
    let mut source = Sources::default().0[2].clone();
    PathField::Main.set(&mut source, "/a/long/way/from/here/to/a/folder/of/pictures".into());
    let mut harness = Harness::builder()
        .with_size(vec2(290.0, 700.0))
        .with_context_setup(crate::ui::theme::install)
        .build_ui(move |ui| {
            source::source_ui(ui, &mut source, &Sources::default());
        });
    harness.run();
    let field = harness.get_by_role_and_label(Role::TextInput, "Folder");
    assert!(field.rect().width() > 260.0, "{}", field.rect());
    assert_eq!(field.value().as_deref(), Some("/a/long/way/from/here/to/a/folder/of/pictures"));
    let painted: Vec<String> = texts(&harness.output().shapes);
    let shown = painted.iter().find(|text| text.starts_with("/a/")).expect("a path");
    assert!(shown.contains('…') && shown.ends_with("/folder/of/pictures"), "{shown}");
}

#[test]
fn every_field_of_a_form_has_a_tooltip() {
    for mut kind in Layer::ALL {
        check_tooltips(|ui| layer::layer_ui(ui, &mut kind));
    }
    for mut kind in Corruption::ALL {
        check_tooltips(|ui| corruption::corruption_ui(ui, &mut kind));
    }
    let mut code = Code::plain(3);
    check_tooltips(|ui| {
        code::code_ui(ui, &mut code, true, None, true);
    });
    for schedule in Schedule::ALL {
        let early_stopping = Some(crate::project::EarlyStopping::default());
        let mut settings = Training { schedule, early_stopping, ..Training::default() };
        check_tooltips(|ui| training::training_ui(ui, &mut settings));
    }
    for mut optimizer in Optimizer::ALL {
        check_tooltips(|ui| training::optimizer_ui(ui, &mut optimizer));
    }
    let synthetic = Synthetic::ALL.map(Source::Synthetic);
    for mut kind in chosen_sources().into_iter().chain(synthetic) {
        PathField::Main.set(&mut kind, "a/path".into());
        check_tooltips(|ui| {
            source::source_ui(ui, &mut kind, &Sources::default());
        });
    }
    check_tooltips(|ui| {
        source::scaling_split_ui(ui, &mut Data::default(), &["cat".to_owned(), "dog".to_owned()]);
    });
}

/// Hovers every input of a form and checks that a tooltip appears.
fn check_tooltips(mut form: impl FnMut(&mut Ui)) {
    let mut harness = Harness::builder()
        .with_size(vec2(290.0, 900.0))
        .with_context_setup(crate::ui::theme::install)
        .build_ui(|ui| form(ui));
    harness.run();
    let inputs = [Role::SpinButton, Role::Slider, Role::ComboBox, Role::CheckBox, Role::TextInput];
    let is_input = |node: &egui_kittest::Node<'_>| {
        let node = node.accesskit_node();
        // An empty field has its hint.
        inputs.contains(&node.role()) && node.value().is_none_or(|value| !value.is_empty())
    };
    let found: Vec<(String, egui::Rect)> = harness
        .root()
        .children_recursive()
        .filter(is_input)
        .map(|node| (node.accesskit_node().label().unwrap_or_default(), node.rect()))
        .collect();
    let resting = harness.root().children_recursive().count();
    for (name, rect) in found {
        harness.remove_cursor();
        harness.run_steps(4);
        harness.hover_at(rect.center());
        harness.run_steps(8);
        let pointed_at = harness.root().children_recursive().count();
        assert!(pointed_at > resting, "{name} says nothing");
    }
}

/// Adds a weight, changes it and removes it.
#[test]
fn features_are_given_weights_in_the_loss() {
    let names = || (1..=40).map(|at| format!("feature {at}")).collect::<Vec<_>>();
    let weight = |name: &str, weight| FeatureWeight { name: name.to_owned(), weight };
    check(|ui| {
        let mut weights =
            vec![weight("feature 2", 0.5), weight("a name that is far too long for the form", 3.0)];
        output::weights_ui(ui, &mut weights, Some(("feature", 40, &names)));
    });
    check(|ui| output::weights_ui(ui, &mut vec![weight("gone", 0.5)], None));
    let mut harness = Harness::builder()
        .with_size(vec2(290.0, 700.0))
        .with_context_setup(crate::ui::theme::install)
        .build_ui_state(
            |ui, weights| output::weights_ui(ui, weights, Some(("feature", 40, &names))),
            Vec::<FeatureWeight>::new(),
        );
    harness.run();
    harness.get_by_label("Weight a feature").click();
    harness.run();
    harness.get_by_label("Part of the name").click();
    harness.run();
    harness.get_by_label("Part of the name").type_text("e 17");
    harness.run();
    assert!(harness.query_by_label("feature 3").is_none());
    harness.get_by_label("feature 17").click();
    harness.run();
    assert_eq!(*harness.state(), [weight("feature 17", 0.0)]);
    harness.get_by_label("Reset the weight of feature 17").click();
    harness.run();
    assert!(harness.state().is_empty());
}
