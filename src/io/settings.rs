use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Durability, FileError, Files};

/// Most files listed in the menu.
const RECENT: usize = 12;

/// Settings that persist between sessions, independent of any project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Files opened or saved, newest first.
    pub recent: Vec<PathBuf>,
    /// Colours of the window.
    pub theme: ThemeChoice,
    /// Threads for training; all threads of the machine by default.
    pub threads: Option<usize>,
    /// Zoom factor of the window; 1 by default.
    pub zoom: Option<f32>,
    /// The layout of the views, in the window's format.
    pub layout: Option<String>,
    /// The last size of the window.
    pub window: Option<WindowSize>,
    /// Titles of commands run from the palette, newest first.
    pub commands: Vec<String>,
    /// The project file that was open.
    pub last: Option<PathBuf>,
    /// Whether the next start does not open it.
    pub starts_anew: bool,
}

/// Size of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WindowSize {
    /// Width when not maximised, in logical points.
    pub width: f32,
    /// Height when not maximised, in logical points.
    pub height: f32,
    /// Whether it is maximised.
    #[serde(default)]
    pub maximized: bool,
}

/// Colours of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ThemeChoice {
    /// The theme of the desktop.
    #[default]
    System,
    /// Light on dark.
    Dark,
    /// Dark on light.
    Light,
}

impl Settings {
    /// Path of the settings: in `HOURGLASS_CONFIG`, or the desktop's configuration folder.
    pub fn default_path() -> Option<PathBuf> {
        let dir = match std::env::var_os("HOURGLASS_CONFIG").filter(|dir| !dir.is_empty()) {
            Some(dir) => PathBuf::from(dir),
            None => directories::ProjectDirs::from("", "", "hourglass")?.config_dir().to_owned(),
        };
        Some(dir.join("settings.ron"))
    }

    /// Reads the settings. Missing or damaged settings are replaced by the defaults, so that the
    /// program always starts.
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

    /// Writes the settings; the folder is created if it is missing.
    ///
    /// # Errors
    /// [`FileError`]; the old settings are then unchanged.
    pub fn save(&self, files: &Files, path: &Path) -> Result<(), FileError> {
        let files = files.private();
        if let Some(folder) = path.parent() {
            files.create_dir(folder)?;
            // Earlier versions used the umask.
            if let Err(error) = files.make_private(folder, |name| path.file_name() == Some(name.as_ref())) {
                log::warn!("{error}");
            }
        }
        let pretty = ron::ser::PrettyConfig::new().struct_names(true);
        let mut text_only = self.clone();
        // A name that is not valid Unicode cannot be written; the rest must still be saved.
        text_only.recent.retain(|path| path.to_str().is_some());
        text_only.last.take_if(|path| path.to_str().is_none());
        let text = ron::ser::to_string_pretty(&text_only, pretty)
            .map_err(|error| FileError::content(path, "its content", error.to_string()))?;
        files.write_bytes(path, Durability::Synced, text.as_bytes())
    }
}

/// Adds a file at the top of the recent ones, as an absolute path.
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
    fn settings_are_restored_and_broken_ones_are_the_defaults() {
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
