//! Data sources kept by the window: one of each kind, and their paths.

use std::path::PathBuf;

use crate::project::{
    ArrayReading, Channels, Delimiter, Fit, Header, IdxReading, LabelFrom, Missing, PictureReading, Source,
    Synthetic, TableReading,
};

/// One of the paths of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathField {
    /// The folder of pictures, the table or array file, or the images of IDX.
    Main,
    /// The labels of IDX.
    Labels,
    /// The test images of IDX.
    TestImages,
    /// Their labels.
    TestLabels,
    /// The table with labels of pictures.
    LabelTable,
}

impl PathField {
    /// All paths.
    pub const ALL: [PathField; 5] = [
        PathField::Main,
        PathField::Labels,
        PathField::TestImages,
        PathField::TestLabels,
        PathField::LabelTable,
    ];

    /// The current path.
    pub fn get(self, source: &Source) -> Option<PathBuf> {
        match (self, source) {
            (PathField::Main, source) => source.path().cloned(),
            (PathField::Labels, Source::Idx { labels, .. }) => labels.clone(),
            (PathField::TestImages, Source::Idx { test_images, .. }) => test_images.clone(),
            (PathField::TestLabels, Source::Idx { test_labels, .. }) => test_labels.clone(),
            (PathField::LabelTable, Source::ImageFolder { reading, .. }) => match &reading.label {
                LabelFrom::Table { path, .. } => Some(path.clone()),
                LabelFrom::Auto | LabelFrom::Folder(_) | LabelFrom::Name(_) | LabelFrom::Nothing => None,
            },
            (
                PathField::Labels | PathField::TestImages | PathField::TestLabels | PathField::LabelTable,
                _,
            ) => None,
        }
    }

    /// Sets another path, if the source has such a field.
    pub fn set(self, source: &mut Source, to: PathBuf) {
        match (self, source) {
            (
                PathField::Main,
                Source::ImageFolder { path, .. }
                | Source::Csv { path, .. }
                | Source::Npy { path, .. }
                | Source::Idx { images: path, .. },
            ) => *path = to,
            (PathField::Labels, Source::Idx { labels, .. }) => *labels = Some(to),
            (PathField::TestImages, Source::Idx { test_images, .. }) => *test_images = Some(to),
            (PathField::TestLabels, Source::Idx { test_labels, .. }) => *test_labels = Some(to),
            (PathField::LabelTable, Source::ImageFolder { reading, .. }) => {
                if let LabelFrom::Table { path, .. } = &mut reading.label {
                    *path = to;
                }
            }
            (
                PathField::Main
                | PathField::Labels
                | PathField::TestImages
                | PathField::TestLabels
                | PathField::LabelTable,
                _,
            ) => {}
        }
    }
}

/// The last chosen source of each kind. Choosing a kind again restores its path and settings. Not
/// part of the document.
#[derive(Clone, Debug, PartialEq)]
pub struct Sources(pub [Source; 6]);

impl Default for Sources {
    fn default() -> Self {
        let path = PathBuf::new;
        Sources([
            Source::Digits,
            Source::Synthetic(Synthetic::ALL[0]),
            Source::ImageFolder {
                path: path(),
                width: 32,
                height: 32,
                channels: Channels::default(),
                fit: Fit::default(),
                reading: PictureReading::default(),
            },
            Source::Idx {
                images: path(),
                labels: None,
                test_images: None,
                test_labels: None,
                reading: IdxReading::default(),
            },
            Source::Csv {
                path: path(),
                header: Header::default(),
                delimiter: Delimiter::default(),
                labels: Vec::new(),
                missing: Missing::default(),
                reading: TableReading::default(),
            },
            Source::Npy { path: path(), array: None, labels: None, reading: ArrayReading::default() },
        ])
    }
}

impl Sources {
    /// Stores a source, replacing the one of its kind.
    pub fn remember(&mut self, source: &Source) {
        if let Some(own) = self.0.iter_mut().find(|own| is_same_kind(own, source)) {
            own.clone_from(source);
        }
    }
}

/// Whether two sources are of the same kind.
pub fn is_same_kind(a: &Source, b: &Source) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}
