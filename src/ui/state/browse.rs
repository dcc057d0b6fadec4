//! Requests for the desktop's file dialogs.

use std::path::PathBuf;

use super::save::SaveKind;
use super::sources::PathField;
use crate::project::Source;

/// A request for the desktop's file dialog.
#[derive(Clone, Debug)]
pub struct Browse {
    /// Purpose of the path.
    pub target: Target,
    /// The kind of path to choose.
    pub kind: BrowseKind,
    /// The initial folder.
    pub near: PathBuf,
}

/// The destination of a chosen path.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// The open path dialog.
    Dialog,
    /// The mask in the open path dialog.
    Mask,
    /// A path of the data source.
    Source(PathField),
}

/// The kind of path to choose.
#[derive(Clone, Debug, PartialEq)]
pub enum BrowseKind {
    /// A file with one of these extensions.
    File(&'static str, &'static [&'static str]),
    /// A folder.
    Folder,
    /// A file that may not exist yet.
    Save(SaveKind),
}

impl BrowseKind {
    /// The kind of path for a source.
    pub fn of(field: PathField, source: &Source) -> BrowseKind {
        match source {
            Source::ImageFolder { .. } if field == PathField::LabelTable => TABLES,
            Source::ImageFolder { .. } => BrowseKind::Folder,
            Source::Csv { .. } => TABLES,
            Source::Npy { .. } => BrowseKind::File("NPY, NPZ", &["npy", "npz"]),
            Source::Idx { .. } | Source::Digits | Source::Synthetic(_) => {
                BrowseKind::File("IDX", &["gz", "ubyte", "idx", "idx1", "idx3"])
            }
        }
    }
}

/// File extensions of all kinds of data, for the desktop's dialog.
pub const ALL_DATA: BrowseKind = BrowseKind::File(
    "Data",
    &[
        "png", "jpg", "jpeg", "bmp", "gif", "webp", "tif", "tiff", "csv", "tsv", "txt", "data", "tab", "dat",
        "gz", "xlsx", "xls", "ods", "npy", "npz", "ubyte", "idx",
    ],
);
/// File extensions of pictures, for the desktop's dialog.
pub const PICTURES: BrowseKind =
    BrowseKind::File("Pictures", &["png", "jpg", "jpeg", "bmp", "gif", "webp", "tif", "tiff"]);
/// File extensions of tables, for the desktop's dialog.
const TABLES: BrowseKind =
    BrowseKind::File("Tables", &["csv", "tsv", "txt", "data", "tab", "dat", "gz", "xlsx", "xls", "ods"]);
