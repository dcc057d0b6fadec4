//! The window operated as a user would, without a screen.

use egui::{Key, Modifiers, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::commands::{Command, Menu};
use super::state::{BottomTab, DATA_VIEW, Dialog, PendingAction};
use super::{HourglassApp, Options};
use crate::project::{Activation, Decoder, Layer, Place, Project, Recipe, Source};
use crate::run::Status;

mod commands;
mod data;
mod documents;
mod events;
mod explore;
mod figures;
mod health;
mod latent;
mod network;
mod restarts;
mod runs;
#[cfg(feature = "long-tests")]
mod shots;
mod training;

/// A window with its own state and settings, which are deleted after the test.
struct Window {
    harness: Harness<'static, HourglassApp>,
    folder: tempfile::TempDir,
}

impl Window {
    fn new() -> Window {
        Window::sized(1024.0, 700.0, Theme::Dark)
    }

    fn sized(width: f32, height: f32, theme: Theme) -> Window {
        let folder = tempfile::tempdir().expect("a folder");
        let mut window = Window::open(folder, Some(1), vec2(width, height), theme);
        window.state().view.theme = theme.into();
        window.until("the digits are loaded", |state| state.data.dataset.is_some());
        window.harness.run_ok();
        window
    }

    /// A window with the settings and the work in progress of this folder.
    fn open(folder: tempfile::TempDir, threads: Option<usize>, size: egui::Vec2, theme: Theme) -> Window {
        let dir = Some(folder.path().to_owned());
        let options = Options { state_dir: dir.clone(), config_dir: dir, threads, file: None };
        let harness = Harness::builder()
            .with_size(size)
            .with_theme(theme)
            .with_max_steps(20)
            .build_eframe(|cc| HourglassApp::new(cc, options));
        Window { harness, folder }
    }

    /// Closes the window the way the desktop does.
    fn close(mut self) -> tempfile::TempDir {
        eframe::App::on_exit(self.harness.state_mut(), None);
        self.folder
    }

    /// The saved settings.
    fn settings(folder: &tempfile::TempDir) -> crate::io::Settings {
        crate::io::Settings::load(&folder.path().join("settings.ron"))
    }

    fn state(&mut self) -> &mut super::state::State {
        &mut self.harness.state_mut().state
    }

    fn project(&self) -> &Project {
        &self.harness.state().state.project
    }

    fn key(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.harness.run_ok();
    }

    fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.harness.run_ok();
    }

    /// Draws frames until a condition holds while the workers run.
    fn until(&mut self, what: &str, holds: impl Fn(&super::state::State) -> bool) {
        let start = std::time::Instant::now();
        while !holds(&self.harness.state().state) {
            assert!(start.elapsed().as_secs() < 60, "waited in vain until {what}");
            self.harness.step();
            std::thread::yield_now();
        }
    }
}

fn dense(units: usize) -> Layer {
    Layer::Dense { units, activation: Activation::Relu }
}
