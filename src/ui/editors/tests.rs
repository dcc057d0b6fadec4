use egui::accesskit::Role;
use egui::{Theme, Ui, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};

use super::{code, corruption, layer, output, regularizer, source, training};
use crate::project::{
    Activation, Bottleneck, Code, Corruption, Data, Layer, Loss, Optimizer, Output, Regularizer, Schedule,
    Site, Source, Synthetic, Training,
};
use crate::ui::painted::{check_placed, texts};

/// Draws a form in both themes and checks that it has text and fits into its panel; the harness fails
/// on a missing glyph and on an input without a name.
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
        check(|ui| code::code_ui(ui, &mut Code { activation, ..Code::plain(3) }, true, Some(64)));
        check(|ui| output::output_ui(ui, &mut Output { activation }, false));
    }
}

#[test]
fn every_kind_of_code_and_regularizer_has_a_form() {
    for kind in Bottleneck::ALL {
        check(|ui| code::code_ui(ui, &mut Code { kind, ..Code::plain(8) }, true, Some(64)));
    }
    for mut regularizer in Regularizer::ALL {
        check(|ui| regularizer::regularizer_ui(ui, &mut regularizer));
        check(|ui| regularizer::regularizers_ui(ui, &mut vec![regularizer], Site::Code));
    }
}

#[test]
fn every_loss_and_corruption_has_a_form() {
    for mut loss in Loss::ALL {
        check(|ui| output::loss_ui(ui, &mut loss, Some(false)));
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

#[test]
fn every_source_has_a_form() {
    for mut kind in source::Sources::default().0 {
        check(|ui| {
            source::source_ui(ui, &mut kind, &source::Sources::default());
        });
    }
    for synthetic in Synthetic::ALL {
        check(|ui| {
            source::source_ui(ui, &mut Source::Synthetic(synthetic), &source::Sources::default());
        });
    }
    check(|ui| source::scaling_split_ui(ui, &mut Data::default(), &["cat".to_owned(), "dog".to_owned()]));
}

#[test]
fn a_form_alone_changes_nothing() {
    for kind in source::Sources::default().0 {
        let mut shown = kind.clone();
        check(|ui| {
            source::source_ui(ui, &mut shown, &source::Sources::default());
        });
        assert_eq!(shown, kind);
    }
    let mut settings = Training::default();
    check(|ui| training::training_ui(ui, &mut settings));
    assert_eq!(settings, Training::default());
    // Nor does it where a design from elsewhere goes beyond what the fields offer.
    let beyond = |data: &mut Data| {
        data.source =
            Source::Synthetic(Synthetic::Blobs { count: 5, features: 20_000, clusters: 6, seed: 1 });
        data.split.validation = 0.95;
    };
    let (mut data, mut expected) = (Data::default(), Data::default());
    beyond(&mut data);
    beyond(&mut expected);
    check(|ui| {
        source::source_ui(ui, &mut data.source, &source::Sources::default());
        source::scaling_split_ui(ui, &mut data, &[]);
    });
    assert_eq!(data, expected);
}

#[test]
fn every_kind_of_source_remembers_its_own() {
    let mut sources = source::Sources::default();
    let table = |path: &str| {
        let mut kinds = source::Sources::default().0;
        source::PathField::Main.set(&mut kinds[4], path.into());
        kinds[4].clone()
    };
    sources.remember(&table("a.csv"));
    sources.remember(&table("b.csv"));
    let mut expected = source::Sources::default().0;
    expected[4] = table("b.csv");
    assert_eq!(sources.0, expected);
}

#[test]
fn sources_are_called_what_the_readme_calls_them() {
    let readme = include_str!("../../../README.md");
    for source in source::Sources::default().0 {
        assert!(readme.contains(&format!("\n| {} | ", source.name())), "{}", source.name());
    }
}

#[test]
fn a_path_has_the_whole_width() {
    let mut source = source::Sources::default().0[2].clone();
    source::PathField::Main.set(&mut source, "/a/long/way/from/here/to/a/folder/of/pictures".into());
    let mut harness = Harness::builder()
        .with_size(vec2(290.0, 700.0))
        .with_context_setup(crate::ui::theme::install)
        .build_ui(move |ui| {
            source::source_ui(ui, &mut source, &source::Sources::default());
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
fn every_field_of_a_form_says_what_it_does() {
    for mut kind in Layer::ALL {
        check_tooltips(|ui| layer::layer_ui(ui, &mut kind));
    }
    for mut kind in Corruption::ALL {
        check_tooltips(|ui| corruption::corruption_ui(ui, &mut kind));
    }
    let mut code = Code::plain(3);
    check_tooltips(|ui| code::code_ui(ui, &mut code, true, None));
    for schedule in Schedule::ALL {
        let early_stopping = Some(crate::project::EarlyStopping::default());
        let mut settings = Training { schedule, early_stopping, ..Training::default() };
        check_tooltips(|ui| training::training_ui(ui, &mut settings));
    }
    for mut optimizer in Optimizer::ALL {
        check_tooltips(|ui| training::optimizer_ui(ui, &mut optimizer));
    }
    let synthetic = Synthetic::ALL.map(Source::Synthetic);
    for mut kind in source::Sources::default().0.into_iter().chain(synthetic) {
        source::PathField::Main.set(&mut kind, "a/path".into());
        check_tooltips(|ui| {
            source::source_ui(ui, &mut kind, &source::Sources::default());
        });
    }
    check_tooltips(|ui| {
        source::scaling_split_ui(ui, &mut Data::default(), &["cat".to_owned(), "dog".to_owned()]);
    });
}

/// Points at every input of a form and looks whether a tooltip comes.
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
