use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Durability, FileError, Files};

/// How many files the menu remembers.
const RECENT: usize = 12;

/// Settings that persist between two starts, independent of any project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Files opened or saved, newest first.
    pub recent: Vec<PathBuf>,
    /// Colours of the window.
    pub theme: ThemeChoice,
    /// Threads to train with; all the machine has where it is not said.
    pub threads: Option<usize>,
    /// Size of everything in the window; 1 where it is not said.
    pub zoom: Option<f32>,
    /// The arrangement of the views, in the window's own words.
    pub layout: Option<String>,
    /// The window as it was left.
    pub window: Option<WindowSize>,
    /// Titles of the commands that were given in the palette, newest first.
    pub commands: Vec<String>,
    /// The project file that was open.
    pub last: Option<PathBuf>,
    /// Whether the next start leaves it closed.
    pub starts_anew: bool,
}

/// How large the window is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WindowSize {
    /// Width while it is not maximised, in points of the desktop.
    pub width: f32,
    /// Height while it is not maximised, in points of the desktop.
    pub height: f32,
    /// Whether it fills the screen.
    #[serde(default)]
    pub maximized: bool,
}

/// Colours of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ThemeChoice {
    /// As the desktop has it.
    #[default]
    System,
    /// Light on dark.
    Dark,
    /// Dark on light.
    Light,
}

impl Settings {
    /// Where settings live: in `HOURGLASS_CONFIG`, or the desktop's folder for settings.
    pub fn default_path() -> Option<PathBuf> {
        let dir = match std::env::var_os("HOURGLASS_CONFIG").filter(|dir| !dir.is_empty()) {
            Some(dir) => PathBuf::from(dir),
            None => directories::ProjectDirs::from("", "", "hourglass")?.config_dir().to_owned(),
        };
        Some(dir.join("settings.ron"))
    }

    /// Reads the settings. Missing or broken ones are the defaults: they never keep the program
    /// from starting.
    pub fn load(path: &Path) -> Settings {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                log::info!("settings cannot be saved: {}: {error}", path.display());
                return Settings::default();
            }
        };
        ron::from_str(&text).unwrap_or_else(|error| {
            log::warn!("settings are ignored: {}: {error}", path.display());
            Settings::default()
        })
    }

    /// Writes the settings; the folder is made where it is missing.
    ///
    /// # Errors
    /// [`FileError`]; the old settings are then as they were.
    pub fn save(&self, files: &Files, path: &Path) -> Result<(), FileError> {
        let files = files.private();
        if let Some(folder) = path.parent() {
            files.create_dir(folder)?;
            // Earlier versions left it to the user's mask.
            if let Err(error) = files.make_private(folder, |name| path.file_name() == Some(name.as_ref())) {
                log::warn!("{error}");
            }
        }
        let pretty = ron::ser::PrettyConfig::new().struct_names(true);
        let mut text_only = self.clone();
        // A name that is no text cannot be written; it must not keep all else from being
        // remembered.
        text_only.recent.retain(|path| path.to_str().is_some());
        text_only.last.take_if(|path| path.to_str().is_none());
        let text = ron::ser::to_string_pretty(&text_only, pretty)
            .map_err(|error| FileError::content(path, "its content", error.to_string()))?;
        files.write_bytes(path, Durability::Synced, text.as_bytes())
    }
}

/// Puts a file at the top of the recent ones, by a path that holds wherever the program is started
/// next.
pub fn remember(recent: &mut Vec<PathBuf>, file: &Path) {
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    recent.retain(|known| *known != file);
    recent.insert(0, file);
    recent.truncate(RECENT);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_back_and_broken_ones_are_the_defaults() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("made/settings.ron");
        let mut settings =
            Settings { theme: ThemeChoice::Dark, threads: Some(3), zoom: Some(1.25), ..Settings::default() };
        settings.window = Some(WindowSize { width: 1000.0, height: 640.5, maximized: true });
        for n in 0..20 {
            remember(&mut settings.recent, &dir.path().join(format!("{}.hourglass", n % 15)));
        }
        assert_eq!(settings.recent.len(), RECENT);
        assert!(settings.recent[0].ends_with("4.hourglass"));
        settings.save(&Files::default(), &path).expect("saved");
        assert_eq!(Settings::load(&path), settings);

        for broken in ["", "Settings(theme: Pink)", "\0\0", "Settings(recent: 3)"] {
            std::fs::write(&path, broken).expect("written");
            assert_eq!(Settings::load(&path), Settings::default(), "{broken}");
        }
        std::fs::write(&path, "Settings(theme: Light, unheard_of: 3)").expect("written");
        assert_eq!(Settings::load(&path).theme, ThemeChoice::Light);
    }
}
