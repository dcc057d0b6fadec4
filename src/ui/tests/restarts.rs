//! State kept between sessions.

use egui::accesskit::Role;

use super::*;
use crate::io::{MergeBase, Opened, OpenedFile};
use crate::ui::files::FileEvent;
use crate::ui::state::{Effect, State, cores};

fn open(folder: tempfile::TempDir) -> Window {
    let mut window = Window::open(folder, None, vec2(1024.0, 700.0), Theme::Dark);
    window.harness.step();
    window
}

fn fresh() -> Window {
    open(tempfile::tempdir().expect("a folder"))
}

#[test]
fn all_cores_are_used_until_a_number_of_threads_is_saved() {
    let mut window = fresh();
    assert_eq!((window.state().threads, window.state().threads()), (None, cores()));
    window.state().run(Command::Threads);
    window.harness.run_ok();
    window.click(&format!("All cores ({})", cores()));
    if let Some(Dialog::Threads { all, count }) = &mut window.state().dialog {
        assert!(!*all);
        *count = 1;
    }
    window.click("Apply");
    assert_eq!((window.state().threads, window.state().threads()), (Some(1), 1));
    let mut window = open(window.close());
    assert_eq!(window.state().threads, Some(1));
}

#[test]
fn threads_given_at_start_are_not_saved() {
    let mut window = Window::new();
    assert_eq!(window.state().threads(), 1);
    window.state().view.theme = egui::ThemePreference::Light;
    window.harness.run_ok();
    let folder = window.close();
    assert_eq!(Window::settings(&folder).threads, None);
    assert_eq!(Window::settings(&folder).theme, crate::io::ThemeChoice::Light);
}

#[test]
fn the_layout_is_restored_and_can_be_reset() {
    let mut window = fresh();
    window.state().run(Command::ToggleInspector);
    window.state().view.show = Some(DATA_VIEW);
    window.harness.run_ok();
    let folder = window.close();
    let layout = Window::settings(&folder).layout.expect("a layout");
    assert!(layout.contains("active:3"), "{layout}");

    let mut window = open(folder);
    assert!(!window.state().view.inspector && window.state().view.network);
    window.harness.run_ok();
    let folder = window.close();
    assert_eq!(Window::settings(&folder).layout, Some(layout));

    let mut window = open(folder);
    window.state().run(Command::ResetLayout);
    window.harness.run_ok();
    assert!(window.state().view.inspector);
    assert_eq!(Window::settings(&window.close()).layout, None);
}

/// Height of the bottom panel: from its edge to the bottom of the window.
fn bottom_height(window: &Window) -> f32 {
    let runs = window.harness.get_by_role_and_label(Role::Tab, "Runs").rect();
    700.0 - runs.top()
}

/// Drags the edge between two panels; egui also accepts drags a few points away from it.
fn drag_edge(window: &mut Window, from: egui::Pos2, to: egui::Pos2) {
    window.harness.hover_at(from);
    window.harness.run_ok();
    window.harness.drag_at(from);
    window.harness.run_ok();
    window.harness.hover_at(to);
    window.harness.run_ok();
    window.harness.drop_at(to);
    window.harness.run_ok();
    window.harness.remove_cursor();
    window.harness.run_ok();
}

#[test]
fn panels_keep_their_size_for_any_content_and_after_a_restart() {
    let mut window = fresh();
    window.harness.run_ok();
    let first = bottom_height(&window);
    let runs = (1..=40).map(|id| crate::ui::views::samples::run(id, 100));
    window.state().runs.extend(runs);
    window.harness.run_ok();
    assert_eq!(bottom_height(&window), first, "a long table scrolls");

    let edge = window.harness.get_by_role_and_label(Role::Tab, "Runs").rect().top() - 5.0;
    drag_edge(&mut window, egui::pos2(500.0, edge), egui::pos2(500.0, edge - 70.0));
    let given = bottom_height(&window);
    assert!((given - first - 70.0).abs() < 6.0, "{first} {given}");
    window.state().runs.truncate(2);
    window.harness.run_ok();
    assert_eq!(bottom_height(&window), given, "a short table leaves room");
    drag_edge(&mut window, egui::pos2(275.0, 300.0), egui::pos2(338.0, 300.0));
    let sizes = window.state().view.sizes;
    assert!(sizes.network.is_some_and(|width| (width - 338.0).abs() < 3.0), "{sizes:?}");
    assert_eq!(sizes.inspector, None);

    let mut window = open(window.close());
    window.harness.run_ok();
    assert_eq!(bottom_height(&window), given);
    assert_eq!(window.state().view.sizes, sizes);
    window.state().run(Command::ResetLayout);
    window.harness.run_ok();
    assert_eq!(bottom_height(&window), first);
    assert_eq!(Window::settings(&window.close()).layout, None);
}

#[test]
fn a_click_does_not_resize_a_panel() {
    let mut window = fresh();
    window.harness.run_ok();
    let first = bottom_height(&window);
    // In a taller window, the default height would be larger, but the panel keeps its own.
    window.harness.set_size(vec2(1024.0, 1000.0));
    window.harness.run_ok();
    assert_eq!(bottom_height(&window) + 300.0, first);
    let middle = egui::pos2(500.0, 300.0);
    drag_edge(&mut window, middle, middle + vec2(9.0, 9.0));
    assert_eq!(window.state().view.sizes, crate::ui::state::PanelSizes::default());
}

#[test]
fn notifications_are_above_the_bottom_panel_fade_and_can_be_closed() {
    let mut window = fresh();
    let say = |window: &mut Window, text: &str| {
        window.state().notices.say(crate::check::Severity::Info, text);
        window.harness.run_steps(2);
    };
    for text in ["saved", "run 1 is done", "run 1 is done"] {
        say(&mut window, text);
    }
    let edge = 700.0 - bottom_height(&window);
    let note = window.harness.get_by_label("run 1 is done (2 times)").rect();
    assert!(note.bottom() < edge && note.left() > 600.0, "{note} {edge}");
    window.harness.get_all_by_role_and_label(Role::Button, "Dismiss").last().expect("a button").click();
    window.harness.run_steps(2);
    assert!(window.harness.query_by_label_contains("run 1 is done").is_none());
    assert!(window.harness.query_by_label("saved").is_some());
    window.harness.remove_cursor();
    // A frame is a quarter of a second.
    window.harness.run_steps(40);
    assert!(window.harness.query_by_label("saved").is_none());
}

#[test]
fn the_size_of_the_window_is_saved_when_stable_and_at_the_end() {
    let mut window = fresh();
    let size = |folder: &tempfile::TempDir| {
        Window::settings(folder).window.map(|window| (window.width, window.height, window.maximized))
    };
    window.harness.set_size(vec2(1100.0, 720.0));
    window.harness.step();
    // It waits for seconds; a frame takes a quarter of a second.
    window.harness.run_steps(8);
    let found = (0..1000).find(|_| {
        std::thread::yield_now();
        window.harness.step();
        size(&window.folder) == Some((1100.0, 720.0, false))
    });
    assert!(found.is_some(), "{:?}", size(&window.folder));
    window.state().run(Command::ZoomIn);
    window.harness.run_steps(3);
    window.harness.set_size(vec2(950.0, 640.0));
    window.harness.run_steps(3);
    assert_eq!(size(&window.close()), Some((1045.0, 704.0, false)), "in points of the desktop");
}

#[test]
fn an_invalid_layout_is_replaced_by_the_default() {
    let folder = tempfile::tempdir().expect("a folder");
    let broken = r#"Settings(layout: Some("(views:Tabs(active:7,children:[View(Loss)]),network:false)"))"#;
    std::fs::write(folder.path().join("settings.ron"), broken).expect("written");
    let mut window = open(folder);
    assert!(window.state().view.network);
}

#[test]
fn a_clean_exit_during_a_run_leaves_no_workspace() {
    let mut window = Window::new();
    window.state().project.training.epochs = 100_000;
    window.harness.run_ok();
    window.harness.key_press(Key::F5);
    window.until("it trains", |state| state.runs.first().is_some_and(|run| run.history.epochs.len() > 2));
    window.state().proceed(PendingAction::Quit);
    window.harness.step();
    let folder = window.close();
    let names = std::fs::read_dir(folder.path()).expect("readable").flatten().map(|entry| entry.file_name());
    let left: Vec<_> = names.filter(|name| name.to_string_lossy().starts_with("workspace-")).collect();
    assert!(left.is_empty(), "{left:?}");
}

fn open_damaged(state: &mut State, path: &std::path::Path) {
    let warnings = vec!["run 2 is left out".to_owned()];
    let base = MergeBase::default();
    let opened = Opened { project: Recipe::Linear.project(), runs: Vec::new(), warnings, base };
    state.handle_file_event(FileEvent::Opened(path.to_owned(), Ok(OpenedFile::Project(opened))));
}

#[test]
fn a_damaged_project_is_not_overwritten_without_a_warning() {
    let mut window = Window::new();
    let path = window.folder.path().join("mine.hourglass");
    open_damaged(window.state(), &path);
    window.state().project.code.units = 5;
    window.state().run(Command::Save);
    assert!(!window.state().effects.iter().any(|effect| matches!(effect, Effect::Save(_))));
    window.harness.run_ok();
    assert!(window.harness.query_by_label_contains("could not be read").is_some());
    let Some(Dialog::Path(dialog)) = &window.state().dialog else { panic!("no question") };
    let copy = std::path::PathBuf::from(&dialog.text);
    assert!(copy.ends_with("mine-copy.hourglass"), "{}", copy.display());
    window.state().accept_path(copy.clone());
    window.until("it is saved", |state| state.busy.is_none() && state.file.as_ref() == Some(&copy));
    assert!(!window.state().damaged && !path.exists());
    assert_eq!(window.state().own_file(), Some(copy));
}

#[test]
fn closing_a_damaged_project_asks_for_another_name_too() {
    let mut state = State::default();
    open_damaged(&mut state, std::path::Path::new("/a/mine.hourglass"));
    state.answer_unsaved(PendingAction::Quit, true);
    assert!(matches!(state.dialog, Some(Dialog::Path(_))));
    assert!(!state.effects.iter().any(|effect| matches!(effect, Effect::Save(_))));
}

#[test]
fn the_last_project_is_opened_at_start_unless_disabled() {
    let mut window = Window::new();
    let file = window.folder.path().join("mine.hourglass");
    window.state().project.code.units = 7;
    window.state().run(Command::SaveAs);
    window.state().accept_path(file.clone());
    window.until("it is saved", |state| state.file.is_some() && state.busy.is_none());
    window.harness.run_ok();
    let mut window = open(window.close());
    window.until("it is open again", |state| state.file.is_some());
    assert_eq!((window.state().file.clone(), window.project().code.units), (Some(file), 7));
    assert!(!window.state().is_modified());
    window.state().run(Command::ReopenLast);
    window.harness.run_ok();
    let mut window = open(window.close());
    window.until("work can be kept", |state| state.store.is_some());
    assert_eq!((window.state().file.clone(), window.state().busy.clone()), (None, None));
}
