//! Files and folders dropped on the window.

use std::path::PathBuf;

use super::dialogs::Then;
use super::state::State;
use crate::check::Severity;
use crate::project::Source;

impl State {
    /// Takes a file or folder dropped on the window.
    pub fn take_dropped(&mut self, path: PathBuf) {
        match drop_kind(&path) {
            DropKind::Project => self.ask(Then::OpenPath(path)),
            DropKind::Data(source) => {
                self.history.settle(&self.project);
                self.project.data.source = source;
                self.select(crate::check::Place::Data);
                self.view.show = Some(super::panels::views::Pane::Data);
                self.refresh(false);
            }
            DropKind::Unknown => self.notices.say(
                Severity::Warning,
                format!(
                    "{} is neither a project nor data: drop a .hourglass or .ron file, a folder of pictures, IDX, CSV or NPY.",
                    path.display()
                ),
            ),
        }
    }
}

/// What a file or folder from the desktop is taken for.
#[derive(Clone, Debug, PartialEq)]
pub enum DropKind {
    /// A project or a design, to be opened.
    Project,
    /// Data for the project on screen.
    Data(Source),
    /// Neither.
    Unknown,
}

impl DropKind {
    /// What will happen when it is let go.
    pub fn promise(&self) -> String {
        match self {
            DropKind::Project => "Open this project".to_owned(),
            DropKind::Data(source) => format!("Use as data: {}", source.name()),
            DropKind::Unknown => "Neither a project nor data".to_owned(),
        }
    }
}

/// What a path is taken for, by its ending.
pub fn drop_kind(path: &std::path::Path) -> DropKind {
    use crate::project::{Channels, Delimiter, Fit, Header, Missing};
    let path = path.to_owned();
    if path.is_dir() {
        let (width, height) = (32, 32);
        return DropKind::Data(Source::ImageFolder {
            path,
            width,
            height,
            channels: Channels::Grey,
            fit: Fit::Crop,
        });
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    match plain.rsplit('.').next().unwrap_or_default() {
        "hourglass" | "ron" => DropKind::Project,
        "csv" | "tsv" | "txt" => DropKind::Data(Source::Csv {
            path,
            header: Header::Auto,
            delimiter: Delimiter::Auto,
            labels: Vec::new(),
            missing: Missing::ColumnMean,
        }),
        "npy" | "npz" => DropKind::Data(Source::Npy { path, array: None, labels: None }),
        ending if ending.starts_with("idx") || plain.contains("ubyte") => {
            DropKind::Data(Source::Idx { images: path, labels: None, test_images: None, test_labels: None })
        }
        _ => DropKind::Unknown,
    }
}
