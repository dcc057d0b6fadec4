//! The window of the tests: the real one with its real threads, in folders of its own, driven by what a person sees.

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

/// Most frames that are drawn while waiting: minutes on a slow machine.
const PATIENCE: usize = 30_000;

/// Where one person's program keeps state and settings; everything in it ends with the test.
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

    /// From the next start on one view is in sight at a time, so that names are unique and it has
    /// all the room.
    pub fn show_one_view(&self) {
        let views: Vec<String> = ENTRIES.iter().map(|entry| format!("View({})", entry.name)).collect();
        let layout = format!("(views:Tabs(active:0,children:[{}]))", views.join(","));
        let settings = Settings { layout: Some(layout), ..Settings::default() };
        settings.save(&Files::default(), &self.path("config").join("settings.ron")).expect("written");
    }

    /// Starts the program in a window of the usual size, and waits for its data.
    pub fn window(&self) -> Window {
        self.window_of(1440.0, 900.0)
    }

    /// The same in a window of that size.
    pub fn window_of(&self, width: f32, height: f32) -> Window {
        let mut window = self.start(width, height);
        window.until("the digits are loaded", |state| state.data.dataset.is_some());
        window.settle();
        window
    }

    /// Starts the program and waits for nothing.
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

    /// Draws until nothing moves, or a training keeps everything moving; looks at names and glyphs.
    pub fn settle(&mut self) {
        self.harness.run_ok();
    }

    /// Presses keys.
    pub fn key(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.settle();
    }

    /// The one widget of that kind and name.
    #[track_caller]
    pub fn find<'a>(&'a self, role: Role, label: &'a str) -> Node<'a> {
        self.harness.get_by_role_and_label(role, label)
    }

    /// Whether anything on screen is called that.
    pub fn shows(&self, label: &str) -> bool {
        self.harness.query_all_by_label(label).next().is_some()
    }

    /// How many buttons are called that.
    pub fn count(&self, label: &str) -> usize {
        self.harness.query_all_by_role_and_label(Role::Button, label).count()
    }

    /// Whether the name of anything on screen has these words in it.
    pub fn says(&self, words: &str) -> bool {
        self.harness.query_all_by_label_contains(words).next().is_some()
    }

    /// Whether the one button of that name is greyed out.
    #[track_caller]
    pub fn is_disabled(&self, label: &str) -> bool {
        self.find(Role::Button, label).accesskit_node().is_disabled()
    }

    /// Clicks the one button of that name.
    #[track_caller]
    pub fn press(&mut self, label: &str) {
        self.click(Role::Button, label);
    }

    /// Clicks the one widget of that kind and name.
    #[track_caller]
    pub fn click(&mut self, role: Role, label: &str) {
        let node = self.find(role, label);
        assert!(!node.accesskit_node().is_disabled(), "{label} is greyed out");
        node.click();
        self.settle();
    }

    /// Presses the button of the pointer, which has to be somewhere already, or lets go of it.
    pub fn button(&mut self, pos: Pos2, pressed: bool) {
        let (button, modifiers) = (egui::PointerButton::Primary, NONE);
        self.harness.event(egui::Event::PointerButton { pos, button, pressed, modifiers });
        self.harness.run_steps(2);
    }

    /// Types into the one field of that kind and name, in place of what is there, and ends with Enter.
    #[track_caller]
    pub fn fill(&mut self, role: Role, label: &str, text: &str) {
        self.find(role, label).click();
        self.settle();
        self.key(CTRL, Key::A);
        self.harness.event(egui::Event::Text(text.to_owned()));
        self.settle();
        self.key(NONE, Key::Enter);
    }

    /// Types a number into the field of that name.
    #[track_caller]
    pub fn number(&mut self, label: &str, text: &str) {
        self.fill(Role::SpinButton, label, text);
    }

    /// Chooses from the list of that name.
    #[track_caller]
    pub fn choose(&mut self, label: &str, option: &str) {
        self.click(Role::ComboBox, label);
        self.press(option);
    }

    /// Answers the dialog for a path.
    #[track_caller]
    pub fn type_path(&mut self, path: &std::path::Path) {
        self.fill(Role::TextInput, "Path", &path.display().to_string());
    }

    /// Frame after frame until something holds; the threads work meanwhile.
    #[track_caller]
    pub fn until(&mut self, what: &str, holds: impl Fn(&State) -> bool) {
        for _ in 0..PATIENCE {
            if holds(self.state()) {
                return;
            }
            self.harness.step();
            // The trainer wants a core too.
            std::thread::sleep(Duration::from_millis(1));
        }
        let state = self.state();
        let runs: Vec<_> = state.runs.iter().map(|run| (&run.status, run.history.epochs.len())).collect();
        panic!("waited in vain until {what}; runs {runs:?}, {:?}, {:?}", state.dialog, state.notices.log);
    }

    /// Waits until the newest run stands there.
    #[track_caller]
    pub fn until_status(&mut self, status: &Status) {
        self.until(&format!("the run is {}", status.word()), |state| {
            state.runs.last().is_some_and(|run| run.status == *status)
        });
        self.settle();
    }

    /// Waits until the newest run has finished so many epochs.
    #[track_caller]
    pub fn until_epochs(&mut self, count: usize) {
        self.until(&format!("{count} epochs are trained"), |state| {
            state.runs.last().is_some_and(|run| run.history.epochs.len() >= count)
        });
    }

    /// Trains so many single epochs and stands still.
    pub fn train_epochs(&mut self, count: usize) {
        let done = self.state().runs.last().map_or(0, |run| run.history.epochs.len());
        for epoch in done + 1..=done + count {
            self.harness.key_press(Key::F11);
            self.until_epochs(epoch);
            self.until_status(&Status::Paused);
        }
    }

    /// Selects a card by the keyboard.
    #[track_caller]
    pub fn select(&mut self, label: &str, place: Place) {
        self.press(label);
        assert_eq!(self.state().selected, place, "{label}");
    }
}

pub fn dense(units: usize, activation: Activation) -> Layer {
    Layer::Dense { units, activation }
}
