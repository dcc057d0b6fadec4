//! The window driven as a person would, without a screen.

use egui::{Key, Modifiers, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::command::Command;
use super::{HourglassApp, Options};
use crate::check::Place;
use crate::project::{Decoder, Layer, Recipe};

mod shots;

fn window(width: f32, height: f32, theme: egui::Theme) -> Harness<'static, HourglassApp> {
    let dir = std::env::temp_dir().join("hourglass-no-such-folder");
    let options =
        Options { state_dir: Some(dir.clone()), config_dir: Some(dir), ..Options::default() };
    let mut harness = Harness::builder()
        .with_size(vec2(width, height))
        .with_theme(theme)
        .with_max_steps(12)
        .build_eframe(|cc| HourglassApp::new(cc, options));
    harness.run_ok();
    harness
}

fn small() -> Harness<'static, HourglassApp> {
    window(1024.0, 700.0, egui::Theme::Dark)
}
