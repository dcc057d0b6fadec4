//! Commands by keys, menus and the palette.

use super::*;
use crate::ui::painted::check_placed;

#[test]
fn undo_reverts_every_edit_and_redo_repeats_it() {
    let mut window = Window::new();
    let edits = [
        Command::adding(&Layer::ALL[0]),
        Command::adding(&Layer::Dropout { rate: 0.5 }),
        Command::Duplicate,
        Command::MoveUp,
        Command::MoveDown,
        Command::ToggleTied,
        Command::ToggleMirror,
        Command::Remove,
        Command::Revert,
    ];
    for command in edits {
        window.state().run(command);
        window.harness.run_ok();
        let after = window.project().clone();
        window.key(Modifiers::COMMAND, Key::Z);
        assert_ne!(*window.project(), after, "{command:?} was not taken back");
        window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
        assert_eq!(*window.project(), after, "{command:?} was not done again");
    }
}

#[test]
fn the_window_can_be_drawn_after_every_command() {
    for command in Command::all().filter(|command| *command != Command::Quit) {
        let mut window = Window::new();
        window.state().run(command);
        for _ in 0..3 {
            window.harness.step();
        }
        check_placed(&window.harness.output().shapes);
        let has_menu = window.harness.query_all_by_label(Menu::View.name()).next().is_some();
        assert!(has_menu, "{command:?} leaves a window without its menu");
    }
}

#[test]
fn the_palette_finds_a_command_and_enter_runs_it() {
    let mut window = Window::new();
    window.key(Modifiers::COMMAND, Key::K);
    window.harness.get_by_label("Command to search for").type_text("add dro");
    window.harness.run_ok();
    window.key(Modifiers::NONE, Key::Enter);
    assert!(window.project().encoder.contains(&Layer::Dropout { rate: 0.1 }));
    assert!(window.state().view.palette.is_none());
}

#[test]
fn arrows_choose_in_the_palette_and_escape_closes_it() {
    let mut window = Window::new();
    window.key(Modifiers::COMMAND, Key::K);
    window.harness.get_by_label("Command to search for").type_text("theme");
    window.harness.run_ok();
    window.key(Modifiers::NONE, Key::ArrowDown);
    window.key(Modifiers::NONE, Key::Enter);
    assert_eq!(window.state().view.theme, egui::ThemePreference::Light);
    window.key(Modifiers::COMMAND, Key::K);
    window.key(Modifiers::NONE, Key::Escape);
    assert!(window.state().view.palette.is_none());
}

#[test]
fn every_menu_opens_and_lists_its_commands() {
    for menu in Menu::ALL {
        let mut window = Window::sized(1440.0, 1000.0, Theme::Light);
        window.click(menu.name());
        for command in menu.groups().flatten() {
            let on = command.is_on(window.state());
            let text = if on { format!("✓  {}", command.text()) } else { command.text().to_owned() };
            let found = window.harness.query_all_by_label_contains(&text).count();
            assert!(found > 0, "{text} is not in {}", menu.name());
            // The menu extends that far: it is as high as its commands if the window has space.
            let is_visible = window.harness.query_all_by_label_contains(&text).any(|item| {
                let layer = window.harness.ctx.layer_id_at(item.rect().center());
                layer.is_some_and(|layer| layer.order == egui::Order::Foreground)
            });
            assert!(is_visible, "{text} of {}", menu.name());
        }
    }
}

#[test]
fn every_menu_fits_below_its_name_in_the_smallest_window() {
    for menu in Menu::ALL {
        let mut window = Window::sized(900.0, 600.0, Theme::Dark);
        let below = window.harness.get_by_label(menu.name()).rect().bottom();
        window.click(menu.name());
        let item = |window: &Window, command: Command| {
            let found = window.harness.query_all_by_label_contains(command.text()).last();
            found.map(|item| item.rect()).expect("an item")
        };
        let commands: Vec<Command> = menu.groups().flatten().collect();
        let (first, last) = (item(&window, commands[0]), item(&window, commands[commands.len() - 1]));
        assert!(first.top() >= below && last.bottom() <= 600.0, "{}: {first} {last}", menu.name());
    }
}

#[test]
fn nothing_is_lost_without_asking() {
    let mut window = Window::new();
    window.key(Modifiers::COMMAND, Key::E);
    let edited = window.project().clone();
    window.key(Modifiers::COMMAND, Key::N);
    assert!(matches!(window.state().dialog, Some(Dialog::Unsaved(PendingAction::New))));
    window.click("Cancel");
    assert_eq!(*window.project(), edited);
    window.key(Modifiers::COMMAND, Key::N);
    window.click("Don't save");
    window.click("Start linear");
    assert_eq!(*window.project(), Recipe::Linear.project());
    assert!(!window.state().is_modified());
}

#[test]
fn a_saved_project_can_be_opened_again() {
    let mut window = Window::new();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.hourglass");
    window.state().project.code.units = 5;
    window.key(Modifiers::COMMAND, Key::S);
    assert!(matches!(window.state().dialog, Some(Dialog::Path(_))));
    window.state().accept_path(path.clone());
    window.until("it is saved", |state| state.file.is_some());
    assert!(!window.state().is_modified());
    window.state().ask(PendingAction::Recipe(Recipe::Linear));
    assert_eq!(window.project().code.units, 4);
    window.state().ask(PendingAction::OpenPath(path.clone()));
    window.until("it is open", |state| state.project.code.units == 5);
    assert_eq!(window.state().recent, [path]);
}

#[test]
fn a_file_is_not_replaced_without_asking_if_the_extension_was_omitted() {
    let mut window = Window::new();
    let path = window.folder.path().join("mine.hourglass");
    std::fs::write(&path, "precious").expect("written");
    window.state().project.code.units = 5;
    window.key(Modifiers::COMMAND, Key::S);
    let Some(Dialog::Path(dialog)) = &mut window.state().dialog else { panic!("no question") };
    dialog.text = path.with_extension("").display().to_string();
    window.harness.run_ok();
    window.key(Modifiers::NONE, Key::Enter);
    window.until(
        "it is asked",
        |state| matches!(&state.dialog, Some(Dialog::Path(dialog)) if dialog.overwrite),
    );
    window.harness.run_ok();
    assert!(window.harness.query_by_label_contains("Replace it?").is_some());
    assert_eq!(std::fs::read_to_string(&path).expect("there"), "precious");
    window.click("Replace");
    window.until("it is saved", |state| state.file.as_ref() == Some(&path));
}

#[test]
fn an_unwritable_path_is_reported_and_the_work_is_kept() {
    let mut window = Window::new();
    window.state().project.code.units = 5;
    window.key(Modifiers::COMMAND, Key::S);
    window.state().accept_path("/no/such/folder/a.hourglass".into());
    window.until("it failed", |state| !state.notices.toasts.is_empty());
    assert!(window.state().notices.toasts[0].text.contains("/no/such/folder"));
    assert!(window.state().is_modified());
}

#[test]
fn dropped_files_are_recognised() {
    use crate::ui::files::{DropKind, drop_kind};
    let folder = tempfile::tempdir().expect("a folder");
    let data = |kind: DropKind| match kind {
        DropKind::Data(source) => source,
        DropKind::Project | DropKind::Unknown(_) => panic!("no data: {kind:?}"),
    };
    let kind = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        drop_kind(&path)
    };
    assert_eq!(kind("a.hourglass", b""), DropKind::Project);
    assert_eq!(kind("a.ron", b""), DropKind::Project);
    let Source::Csv { labels, .. } = data(kind("a.tsv", b"x\tclass\n1\tred\n2\tblue\n")) else {
        panic!("not a table")
    };
    assert_eq!(labels, ["class"]);
    assert!(matches!(data(kind("a.npz", b"")), Source::Npy { .. }));
    // Labels next to the images are found.
    kind("train-labels-idx1-ubyte", &[0, 0, 8, 1, 0, 0, 0, 0]);
    let images = [0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2];
    let Source::Idx { labels, .. } = data(kind("train-images-idx3-ubyte", &images)) else {
        panic!("not IDX")
    };
    assert_eq!(labels, Some(folder.path().join("train-labels-idx1-ubyte")));
    let pictures = tempfile::tempdir().expect("a folder");
    assert!(matches!(data(drop_kind(pictures.path())), Source::ImageFolder { .. }));
    assert!(matches!(kind("a.doc", b"text"), DropKind::Unknown(_)));
}

#[test]
fn a_new_project_is_chosen_by_keys() {
    let mut window = Window::new();
    window.key(Modifiers::COMMAND, Key::N);
    for name in ["Your own pictures…", "Your own table…", "Start undercomplete", "Start linear"] {
        assert!(window.harness.get_by_label(name).is_focused(), "{name}");
        window.key(Modifiers::NONE, Key::ArrowRight);
    }
    // Six tiles are side by side.
    for (key, name) in [
        (Key::ArrowDown, "Start beta-vae"),
        (Key::ArrowUp, "Start denoising"),
        (Key::ArrowUp, "Start denoising"),
        (Key::ArrowLeft, "Start linear"),
    ] {
        window.key(Modifiers::NONE, key);
        let is_there = window.harness.get_by_label_contains(name).is_focused();
        assert!(is_there, "{name}");
    }
    window.key(Modifiers::NONE, Key::Enter);
    assert_eq!(*window.project(), Recipe::Linear.project());
}

#[test]
fn a_project_on_own_data_asks_for_their_path() {
    use crate::ui::files::FileEvent;
    use crate::ui::state::{
        Browse, BrowseKind, Chooser, Dialog, Effect, OwnData, PathField, SaveKind, State, Target,
    };

    for (own, is_own) in [
        (OwnData::Pictures, (|source| matches!(source, Source::ImageFolder { .. })) as fn(&Source) -> bool),
        (OwnData::Table, |source| matches!(source, Source::Csv { .. })),
    ] {
        let mut state = State::default();
        state.start_on(own);
        assert!(is_own(&state.project.data.source), "{own:?}");
        assert_eq!((state.selected, state.view.inspector, state.is_modified()), (Place::Data, true, false));
        let asked = std::mem::take(&mut state.effects).into_iter().find_map(|effect| {
            let Effect::Browse(browse) = effect else { return None };
            Some(browse)
        });
        let asked: Browse = asked.expect("a question");
        assert_eq!(asked.target, Target::Source(PathField::Main));
        // Without a desktop dialog, the path field is used.
        state.handle_file_event(FileEvent::NoDialog(asked));
        assert!(
            state.notices.toasts[0].text.contains("type or paste the path"),
            "{:?}",
            state.notices.toasts
        );
    }
    // In a dialog that asks for a path, the message is shown there.
    let mut state = State::default();
    state.ask_where(SaveKind::Design);
    let browse = Browse { target: Target::Dialog, kind: BrowseKind::Folder, near: "/".into() };
    state.handle_file_event(FileEvent::NoDialog(browse));
    assert!(matches!(&state.dialog, Some(Dialog::Path(dialog)) if dialog.chooser == Chooser::Typing));
    assert!(state.notices.toasts.is_empty());
}

#[test]
fn the_tab_of_a_shown_view_is_visible() {
    let mut window = Window::sized(900.0, 600.0, Theme::Dark);
    let is_there = |window: &Window| {
        let texts = crate::ui::painted::texts(&window.harness.output().shapes);
        texts.iter().any(|text| text == "◆  Selection")
    };
    assert!(!is_there(&window), "there is no room for all tabs");
    window.state().run(Command::Show(crate::ui::state::SELECTION_VIEW));
    window.harness.run_ok();
    assert!(is_there(&window));
}
