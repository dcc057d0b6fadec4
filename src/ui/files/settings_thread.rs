//! The thread that writes the settings. Only one does, so an older write never replaces a newer one.

use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use super::{FileEvent, FileThreads};
use crate::io::{Files, Settings};

/// The running thread, and the sender of settings to write.
#[derive(Debug)]
pub(super) struct SettingsThread {
    sender: Sender<(Settings, PathBuf)>,
    handle: JoinHandle<()>,
}

impl FileThreads {
    /// Writes the settings after those of earlier calls; skips settings that are already outdated.
    pub fn save_settings(&mut self, settings: Settings, path: PathBuf) {
        if self.settings_thread.is_none() {
            self.settings_thread = self.start_settings_thread();
        }
        if let Some(thread) = &self.settings_thread {
            // The receiver lives as long as its thread.
            let _ = thread.sender.send((settings, path));
        }
    }

    /// Waits until the settings are written.
    pub fn end_saving_settings(&mut self) {
        if let Some(SettingsThread { sender, handle }) = self.settings_thread.take() {
            drop(sender);
            // The settings are written once more at the end, whatever happened to this thread.
            let _ = handle.join();
        }
    }

    fn start_settings_thread(&self) -> Option<SettingsThread> {
        let (sender, receiver) = channel::<(Settings, PathBuf)>();
        let (events, wake) = (self.sender.clone(), self.wake.clone());
        let write = move || {
            while let Ok(next) = receiver.recv() {
                let (settings, path) = receiver.try_iter().last().unwrap_or(next);
                if let Err(error) = settings.save(&Files::default(), &path) {
                    // There is no receiver once the window is closed.
                    let _ = events.send(FileEvent::Quiet(error.to_string()));
                    wake.request_repaint();
                }
            }
        };
        match std::thread::Builder::new().name("settings".to_owned()).spawn(write) {
            Ok(handle) => Some(SettingsThread { sender, handle }),
            Err(error) => {
                let _ = self.sender.send(FileEvent::Quiet(error.to_string()));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_saved_last_are_the_ones_on_disk() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("settings.ron");
        let settings = |zoom| Settings { zoom: Some(zoom), ..Settings::default() };
        for round in 0..10 {
            let mut files = FileThreads::new(egui::Context::default());
            (0..20).for_each(|step| files.save_settings(settings(step as f32), path.clone()));
            files.end_saving_settings();
            assert_eq!(Settings::load(&path), settings(19.0), "round {round}");
            assert!(files.poll().is_empty());
        }
        let mut files = FileThreads::new(egui::Context::default());
        files.save_settings(Settings::default(), path.join("below a file"));
        files.end_saving_settings();
        assert!(matches!(&files.poll()[..], [FileEvent::Quiet(_)]));
    }
}
