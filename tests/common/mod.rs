//! The window for tests: the real one with its real threads, with its own folders, driven
//! through what a user sees.

#![allow(dead_code, reason = "each test program uses its own part")]

use std::path::PathBuf;
use std::time::Duration;

use egui::accesskit::Role;
use egui::{Key, Modifiers, Pos2, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use egui_kittest::{Harness, Node};
use hourglass::io::{Files, Settings};
use hourglass::project::{Activation, Layer, Place, Project};
use hourglass::run::{Run, Status};
use hourglass::ui::state::State;
use hourglass::ui::views::ENTRIES;
use hourglass::ui::{HourglassApp, Options};
use tempfile::TempDir;

pub const CTRL: Modifiers = Modifiers::COMMAND;
pub const NONE: Modifiers = Modifiers::NONE;
pub const ALT: Modifiers = Modifiers::ALT;
pub const CTRL_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);
pub const CTRL_ALT: Modifiers = Modifiers::COMMAND.plus(Modifiers::ALT);

/// Maximum number of frames drawn while waiting: minutes on a slow machine.
const PATIENCE: usize = 30_000;

/// Folders for the state and settings of one program; deleted at the end of the test.
pub struct Home {
    dir: TempDir,
}

impl Home {
    pub fn new() -> Home {
        Home { dir: tempfile::tempdir().expect("a folder") }
    }

    /// A path for a file or folder of this test.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The folder of the live store.
    pub fn state_dir(&self) -> PathBuf {
        self.path("state")
    }

    /// From the next start, only one view is shown at a time, so that names are unique and the view
    /// has the whole area.
    pub fn show_one_view(&self) {
        let views: Vec<String> = ENTRIES.iter().map(|entry| format!("View({})", entry.name)).collect();
        let layout = format!("(views:Tabs(active:0,children:[{}]))", views.join(","));
        let settings = Settings { layout: Some(layout), ..Settings::default() };
        settings.save(&Files::default(), &self.path("config").join("settings.ron")).expect("written");
    }

    /// Starts the program in a window of the default size and waits for its data.
    pub fn window(&self) -> Window {
        self.window_of(1440.0, 900.0)
    }

    /// Starts the program in a window of this size and waits for its data.
    pub fn window_of(&self, width: f32, height: f32) -> Window {
        let mut window = self.start(width, height);
        window.until("the digits are loaded", |state| state.data.dataset.is_some());
        window.run_until_idle();
        window
    }

    /// Starts the program without waiting.
    pub fn start(&self, width: f32, height: f32) -> Window {
        let options = Options {
            file: None,
            state_dir: Some(self.state_dir()),
            config_dir: Some(self.path("config")),
            threads: Some(1),
        };
        let harness = Harness::builder()
            .with_size(vec2(width, height))
            .with_max_steps(30)
            .build_eframe(|cc| HourglassApp::new(cc, options));
        Window { harness }
    }
}

/// The program in its window.
pub struct Window {
    pub harness: Harness<'static, HourglassApp>,
}

impl Window {
    pub fn state(&self) -> &State {
        &self.harness.state().state
    }

    pub fn project(&self) -> &Project {
        &self.state().project
    }

    /// The newest run.
    pub fn run(&self) -> &Run {
        self.state().runs.last().expect("a run")
    }

    /// Draws until the window is idle, or until only a training run keeps it changing. Checks names
    /// and glyphs.
    pub fn run_until_idle(&mut self) {
        self.harness.run_ok();
    }

    /// Presses keys.
    pub fn key(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.run_until_idle();
    }

    /// The only widget with this role and name.
    #[track_caller]
    pub fn find<'a>(&'a self, role: Role, label: &'a str) -> Node<'a> {
        self.harness.get_by_role_and_label(role, label)
    }

    /// Whether anything on screen has this name.
    pub fn shows(&self, label: &str) -> bool {
        self.harness.query_all_by_label(label).next().is_some()
    }

    /// The number of buttons with this name.
    pub fn count(&self, label: &str) -> usize {
        self.harness.query_all_by_role_and_label(Role::Button, label).count()
    }

    /// Whether the name of anything on screen contains these words.
    pub fn says(&self, words: &str) -> bool {
        self.harness.query_all_by_label_contains(words).next().is_some()
    }

    /// Whether the only button with this name is disabled.
    #[track_caller]
    pub fn is_disabled(&self, label: &str) -> bool {
        self.find(Role::Button, label).accesskit_node().is_disabled()
    }

    /// Clicks the only button with this name.
    #[track_caller]
    pub fn press(&mut self, label: &str) {
        self.click(Role::Button, label);
    }

    /// Clicks the only widget with this role and name.
    #[track_caller]
    pub fn click(&mut self, role: Role, label: &str) {
        let node = self.find(role, label);
        assert!(!node.accesskit_node().is_disabled(), "{label} is greyed out");
        node.click();
        self.run_until_idle();
    }

    /// Presses or releases the mouse button at the current position of the pointer.
    pub fn button(&mut self, pos: Pos2, pressed: bool) {
        let (button, modifiers) = (egui::PointerButton::Primary, NONE);
        self.harness.event(egui::Event::PointerButton { pos, button, pressed, modifiers });
        self.harness.run_steps(2);
    }

    /// Types into the only field with this role and name, replacing its content, and presses Enter.
    #[track_caller]
    pub fn fill(&mut self, role: Role, label: &str, text: &str) {
        self.find(role, label).click();
        self.run_until_idle();
        self.key(CTRL, Key::A);
        self.harness.event(egui::Event::Text(text.to_owned()));
        self.run_until_idle();
        self.key(NONE, Key::Enter);
    }

    /// Types a number into the field with this name.
    #[track_caller]
    pub fn number(&mut self, label: &str, text: &str) {
        self.fill(Role::SpinButton, label, text);
    }

    /// Selects an option from the list with this name.
    #[track_caller]
    pub fn choose(&mut self, label: &str, option: &str) {
        self.click(Role::ComboBox, label);
        self.press(option);
    }

    /// Enters a path in the file dialog.
    #[track_caller]
    pub fn type_path(&mut self, path: &std::path::Path) {
        self.fill(Role::TextInput, "Path", &path.display().to_string());
    }

    /// Draws frames until a condition holds while the threads work.
    #[track_caller]
    pub fn until(&mut self, what: &str, holds: impl Fn(&State) -> bool) {
        for _ in 0..PATIENCE {
            if holds(self.state()) {
                return;
            }
            self.harness.step();
            // The trainer needs a core too.
            std::thread::sleep(Duration::from_millis(1));
        }
        let state = self.state();
        let runs: Vec<_> = state.runs.iter().map(|run| (&run.status, run.history.epochs.len())).collect();
        panic!("waited in vain until {what}; runs {runs:?}, {:?}, {:?}", state.dialog, state.notices.log);
    }

    /// Waits until the newest run has this status.
    #[track_caller]
    pub fn until_status(&mut self, status: &Status) {
        self.until(&format!("the run is {}", status.word()), |state| {
            state.runs.last().is_some_and(|run| run.status == *status)
        });
        self.run_until_idle();
    }

    /// Waits until the newest run has finished this many epochs.
    #[track_caller]
    pub fn until_epochs(&mut self, count: usize) {
        self.until(&format!("{count} epochs are trained"), |state| {
            state.runs.last().is_some_and(|run| run.history.epochs.len() >= count)
        });
    }

    /// Trains this many single epochs, pausing after each.
    pub fn train_epochs(&mut self, count: usize) {
        let done = self.state().runs.last().map_or(0, |run| run.history.epochs.len());
        for epoch in done + 1..=done + count {
            self.harness.key_press(Key::F11);
            self.until_epochs(epoch);
            self.until_status(&Status::Paused);
        }
    }

    /// Selects a card with the keyboard.
    #[track_caller]
    pub fn select(&mut self, label: &str, place: Place) {
        self.press(label);
        assert_eq!(self.state().selected, place, "{label}");
    }
}

pub fn dense(units: usize, activation: Activation) -> Layer {
    Layer::Dense { units, activation }
}
