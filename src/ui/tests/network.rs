//! The hourglass, operated with mouse and keyboard.

use egui::accesskit::Role;

use super::*;

#[test]
fn cards_are_added_duplicated_moved_and_removed_by_keys() {
    let mut window = Window::new();
    window.click("Dense 128, encoder layer 1");
    assert_eq!(window.state().selected, Place::Encoder(0));
    window.key(Modifiers::COMMAND, Key::D);
    assert_eq!(window.project().encoder, [dense(128), dense(128), dense(64)]);
    assert_eq!(window.state().selected, Place::Encoder(1));
    window.key(Modifiers::ALT, Key::ArrowDown);
    assert_eq!(window.project().encoder, [dense(128), dense(64), dense(128)]);
    window.key(Modifiers::ALT, Key::ArrowUp);
    window.key(Modifiers::NONE, Key::Delete);
    assert_eq!(window.project().encoder, [dense(128), dense(64)]);
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::D);
    assert!(window.project().encoder.contains(&Layer::Dropout { rate: 0.1 }));
}

#[test]
fn arrow_keys_move_from_the_input_to_the_output() {
    let mut window = Window::new();
    window.click("Input card");
    let mut seen = vec![window.state().selected];
    for _ in 0..6 {
        window.key(Modifiers::NONE, Key::ArrowDown);
        seen.push(window.state().selected);
    }
    assert_eq!(seen, crate::ui::update::stack::places(window.project(), None));
    window.key(Modifiers::NONE, Key::ArrowUp);
    assert_eq!(window.state().selected, Place::Decoder(1));
}

#[test]
fn the_row_of_kinds_and_the_gaps_add_layers() {
    let mut window = Window::new();
    window.click("Code 2 card");
    window.click("Add dense layer");
    assert_eq!(window.project().encoder.len(), 3);
    window.click("Add a layer at position 1 of the encoder");
    window.click("Add Dropout");
    assert_eq!(window.project().encoder[0], Layer::Dropout { rate: 0.1 });
}

#[test]
fn a_card_is_dragged_into_another_gap() {
    let mut window = Window::sized(1440.0, 900.0, Theme::Dark);
    let from = window.harness.get_by_label("Dense 128, encoder layer 1").rect().center();
    let to = window.harness.get_by_label("Add a layer at position 3 of the encoder").rect().center();
    window.harness.hover_at(from);
    window.harness.run_ok();
    window.harness.drag_at(from);
    window.harness.run_ok();
    for step in 1..=4 {
        window.harness.hover_at(from + (to - from) * (step as f32 / 4.0));
        window.harness.run_ok();
    }
    window.harness.drop_at(to);
    window.harness.run_ok();
    assert_eq!(window.project().encoder, [dense(64), dense(128)]);
    assert_eq!(window.state().selected, Place::Encoder(1));
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.project().encoder, [dense(128), dense(64)]);
}

#[test]
fn a_mirrored_card_offers_to_free_the_decoder() {
    let mut window = Window::new();
    window.state().selected = Place::Decoder(0);
    window.harness.run_ok();
    assert!(Command::Remove.available(window.state()).is_err());
    window.click("Give it its own layers");
    assert_eq!(window.project().decoder, Decoder::Free(vec![dense(64), dense(128)]));
    assert_eq!(Command::Remove.available(window.state()), Ok(()));
    window.click("Mirrors the encoder");
    assert!(window.state().is_mirrored());
    window.click("Tie weights");
    assert_eq!(window.project().decoder, Decoder::Mirrored { tied: true });
}

#[test]
fn a_problem_is_fixed_by_its_button() {
    let mut window = Window::sized(1440.0, 900.0, Theme::Light);
    window.state().project.training.batch_size = 0;
    window.state().view.bottom = BottomTab::Problems;
    window.harness.run_ok();
    assert_eq!(window.harness.state().state.derived.errors(), 1);
    window.harness.get_all_by_label("Use a batch of 64").next().expect("a button").click();
    window.harness.run_ok();
    assert_eq!(window.project().training.batch_size, 64);
    assert_eq!(window.harness.state().state.derived.errors(), 0);
}

#[test]
fn a_number_is_typed_into_a_form() {
    let mut window = Window::new();
    window.click("Code 2 card");
    let unit = window.harness.get_all_by_label("Units").last().expect("a field");
    unit.click();
    window.harness.run_ok();
    window.key(Modifiers::COMMAND, Key::A);
    window.harness.event(egui::Event::Text("7".to_owned()));
    window.harness.run_ok();
    window.key(Modifiers::NONE, Key::Enter);
    assert_eq!(window.project().code.units, 7);
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.project().code.units, 2);
}

#[test]
fn a_decoder_of_pictures_can_be_freed_once_their_size_is_known() {
    let mut window = Window::new();
    window.state().project.encoder = vec![Layer::ALL[1].clone(), dense(8)];
    window.state().selected = Place::Decoder(0);
    window.harness.run_ok();
    assert_eq!(Command::ToggleMirror.available(window.state()), Ok(()));
    // The loaded data are not those of the design.
    let path = std::path::PathBuf::new();
    let (channels, fit) = Default::default();
    let other = Source::ImageFolder {
        path,
        width: 16,
        height: 12,
        channels,
        fit,
        reading: crate::project::PictureReading::default(),
    };
    let state = window.state();
    state.project.data.source = other;
    let before = state.project.clone();
    let reason = "Load the data first: they determine the sizes.";
    assert_eq!(Command::ToggleMirror.available(state), Err(reason.to_owned()));
    state.run(Command::ToggleMirror);
    assert_eq!(state.project, before);
    // They are not used to fix problems either.
    state.project.encoder[0] = Layer::MaxPool2d { size: 3 };
    state.refresh(false);
    assert!(state.derived.problems.iter().all(|problem| problem.place != Place::Encoder(0)));
    state.project.encoder.remove(0);
    assert_eq!(Command::ToggleMirror.available(state), Ok(()));
}

#[test]
fn loss_and_corruption_are_on_their_cards_and_linked_from_training() {
    let mut window = Window::sized(1440.0, 1800.0, Theme::Dark);
    let (loss, corruption) = (window.project().loss.name(), window.project().corruption.name());
    for (link, option, place) in [
        (format!("Loss: {loss}"), "squared error", Place::Output),
        (format!("Corruption: {corruption}"), "Salt and pepper", Place::Data),
    ] {
        assert!(window.harness.query_by_role_and_label(Role::RadioButton, option).is_none(), "{option}");
        window.click(&link);
        assert_eq!(window.state().selected, place);
        assert!(window.harness.query_by_role_and_label(Role::RadioButton, option).is_some(), "{option}");
    }
}

#[test]
fn a_dragged_card_follows_the_pointer() {
    let mut window = Window::new();
    let titles = |window: &Window| {
        let texts = crate::ui::painted::texts(&window.harness.output().shapes);
        texts.iter().filter(|text| *text == "Dense 128").count()
    };
    let before = titles(&window);
    let card = window.harness.get_by_label("Dense 128, encoder layer 1").rect().center();
    window.harness.drag_at(card);
    window.harness.step();
    window.harness.hover_at(card + vec2(0.0, 60.0));
    window.harness.run_steps(2);
    assert_eq!(titles(&window), before + 1);
    window.harness.drop_at(card);
    window.harness.run_steps(2);
    assert_eq!(titles(&window), before);
}

#[test]
fn titles_of_cards_are_not_cut_off() {
    let mut window = Window::new();
    window.state().project = Recipe::Convolutional.project();
    window.state().selected = Place::Output;
    window.harness.run_ok();
    let shapes = &window.harness.output().shapes;
    let is_layer = |text: &String| text.starts_with("Conv");
    assert!(crate::ui::painted::texts(shapes).iter().any(is_layer));
    let cut: Vec<_> = crate::ui::painted::cut_off(shapes).into_iter().filter(is_layer).collect();
    assert!(cut.is_empty(), "{cut:?}");
}
