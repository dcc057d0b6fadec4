//! One function per reader of the program: it takes bytes and must return. Called by `fuzz/` and
//! `tests/mutations.rs`. The content is used as well: data are used to train for one step, runs are
//! evaluated and resumed.

#![allow(dead_code, unused_imports, reason = "each program uses its own part")]

mod base;
mod used;

use std::fs;
use std::path::Path;

use hourglass::check::problems;
use hourglass::dataset::{fixed_source, source_for};
use hourglass::io::{OpenedFile, Store, open_any};
use hourglass::project::{
    Alpha, ArrayReading, Axes, Channels, Data, LabelFrom, Pages, PictureReading, PixelRange, Project, Source,
};

pub use base::{bmp, idx_images, project_entries, unzipped, workspace_files, zipped};

/// A reader of untrusted bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reader {
    /// A text table, plain or gzipped, in any encoding.
    Csv,
    /// A spreadsheet: .xlsx, .xls, .ods.
    Sheet,
    /// An array.
    Npy,
    /// An archive of arrays.
    Npz,
    /// Images in MNIST's format, plain or gzipped.
    Idx,
    /// Labels in MNIST's format for the images in `base`.
    IdxLabels,
    /// Test images in MNIST's format, next to the images in `base`.
    IdxTest,
    /// A picture in a folder of pictures.
    Picture,
    /// A table of labels in a folder of pictures.
    LabelTable,
    /// `NAME.ron`.
    Design,
    /// `NAME.hourglass`.
    Project,
    /// One file within a valid project: the first byte selects it, the others are its content.
    ProjectEntry,
    /// The weights of a run within a valid project.
    Weights,
    /// One file of a valid workspace of the live store: the first byte selects it, the others are
    /// its content.
    StoreFile,
}

impl Reader {
    /// All of them.
    pub const ALL: [Reader; 14] = [
        Reader::Csv,
        Reader::Sheet,
        Reader::Npy,
        Reader::Npz,
        Reader::Idx,
        Reader::IdxLabels,
        Reader::IdxTest,
        Reader::Picture,
        Reader::LabelTable,
        Reader::Design,
        Reader::Project,
        Reader::ProjectEntry,
        Reader::Weights,
        Reader::StoreFile,
    ];

    /// Its name, used for its fuzz target and its files in `tests/hostile/` as well.
    pub fn name(self) -> &'static str {
        match self {
            Reader::Csv => "csv",
            Reader::Sheet => "sheet",
            Reader::Npy => "npy",
            Reader::Npz => "npz",
            Reader::Idx => "idx",
            Reader::IdxLabels => "idx_labels",
            Reader::IdxTest => "idx_test",
            Reader::Picture => "picture",
            Reader::LabelTable => "label_table",
            Reader::Design => "design",
            Reader::Project => "project",
            Reader::ProjectEntry => "project_entry",
            Reader::Weights => "weights",
            Reader::StoreFile => "store_file",
        }
    }

    /// Reads and uses the bytes. Returns whether everything in them could be used. Panics if the
    /// program does.
    pub fn read(self, bytes: &[u8]) -> bool {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        match self {
            Reader::Csv => read_data(root, "a.csv", bytes, |source| source),
            Reader::Sheet => read_data(root, "a.xlsx", bytes, |source| source),
            Reader::Npy => read_data(root, "a.npy", bytes, |source| source),
            Reader::Npz => {
                let plain = read_data(root, "a.npz", bytes, |source| source);
                plain & read_data(root, "a.npz", bytes, with_chosen)
            }
            Reader::Idx => {
                let end = if bytes.starts_with(b"\x1F\x8B") { ".gz" } else { "" };
                read_data(root, &format!("train-images-idx3-ubyte{end}"), bytes, |source| source)
            }
            Reader::IdxLabels => {
                fs::write(root.join("train-labels-idx1-ubyte"), bytes).expect("written");
                read_data(root, "train-images-idx3-ubyte", &base::idx_images(), |source| source)
            }
            Reader::IdxTest => {
                fs::write(root.join("t10k-images-idx3-ubyte"), bytes).expect("written");
                read_data(root, "train-images-idx3-ubyte", &base::idx_images(), |source| source)
            }
            Reader::Picture => {
                write_pictures(root);
                let name = format!("a/given.{}", picture_extension(bytes));
                fs::write(root.join(name), bytes).expect("written");
                let rows = [PictureReading::default(), rarely_chosen()]
                    .map(|reading| used::source(pictures(root, reading)).unwrap_or(0));
                // At least one from the file, and its first page only.
                rows[0] > 2 && rows[1] == 3
            }
            Reader::LabelTable => {
                write_pictures(root);
                let path = root.join("labels.csv");
                fs::write(&path, bytes).expect("written");
                let label = LabelFrom::Table { path, file: None, label: None };
                let asked = PictureReading { label, ..PictureReading::default() };
                let rows = [PictureReading::default(), asked]
                    .map(|reading| used::source(pictures(root, reading)).unwrap_or(0));
                rows == [2, 2]
            }
            Reader::Design => read_design(root, bytes),
            Reader::Project => read_project(root, bytes),
            Reader::ProjectEntry => {
                let Some((&entry, content)) = bytes.split_first() else { return false };
                let mut entries = base::project_entries().clone();
                let index = usize::from(entry) % entries.len();
                entries[index].1 = content.to_vec();
                read_project(root, &base::zipped(&entries))
            }
            Reader::Weights => {
                let mut entries = base::project_entries().clone();
                for (name, content) in &mut entries {
                    if name == "runs/1/weights.safetensors" {
                        *content = bytes.to_vec();
                    }
                }
                read_project(root, &base::zipped(&entries))
            }
            Reader::StoreFile => {
                let Some((&file, content)) = bytes.split_first() else { return false };
                let mut files = base::workspace_files().clone();
                let index = usize::from(file) % files.len();
                files[index].1 = content.to_vec();
                read_store(root, &files)
            }
        }
    }
}

fn read_data(root: &Path, name: &str, bytes: &[u8], change: impl Fn(Source) -> Source) -> bool {
    let path = root.join(name);
    fs::write(&path, bytes).expect("written");
    let source = source_for(&path, 4, 4, Channels::Grey).unwrap_or(Source::Npy {
        path,
        array: None,
        labels: None,
        reading: ArrayReading::default(),
    });
    used::source(change(source)).is_some()
}

/// Selects every array by name, as a user would.
fn with_chosen(source: Source) -> Source {
    let Source::Npy { path, .. } = source else { return source };
    let name = |name: &str| Some(name.to_owned());
    let reading = ArrayReading {
        validation: name(""),
        test: name("x_test"),
        test_labels: name("y_test"),
        axes: Axes::Rows,
        ..ArrayReading::default()
    };
    Source::Npy { path, array: name("x"), labels: name("y"), reading }
}

/// Two pictures in nested folders.
fn write_pictures(root: &Path) {
    fs::create_dir(root.join("a")).expect("made");
    for name in ["good", "also"] {
        fs::write(root.join(format!("a/{name}.bmp")), base::bmp([9, 200, 30])).expect("written");
    }
}

fn pictures(folder: &Path, chosen: PictureReading) -> Source {
    let mut source = source_for(folder, 4, 3, Channels::Rgb).expect("a folder");
    if let Source::ImageFolder { reading, .. } = &mut source {
        *reading = chosen;
    }
    source
}

/// Settings that are never chosen automatically.
fn rarely_chosen() -> PictureReading {
    PictureReading {
        alpha: Alpha::Keep,
        range: PixelRange::Percentiles,
        pages: Pages::First,
        ..PictureReading::default()
    }
}

fn picture_extension(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, b'P', ..] => "png",
        [0xFF, 0xD8, ..] => "jpg",
        [b'G', b'I', ..] => "gif",
        [b'R', b'I', ..] => "webp",
        [b'I', b'I', ..] | [b'M', b'M', ..] => "tif",
        [0, 0, 1, 0, ..] => "ico",
        // This format has no signature: only the length of a text, whether there is a palette, and
        // the kind.
        [_, 0 | 1, 1..=3 | 9..=11, ..] => "tga",
        _ => "bmp",
    }
}

fn read_design(root: &Path, bytes: &[u8]) -> bool {
    let path = root.join("a.ron");
    fs::write(&path, bytes).expect("written");
    let Ok(opened) = open_any(&path) else { return false };
    let OpenedFile::Design(project) = opened else { return false };
    let again = Project::from_ron(&project.to_ron()).expect("what was read can be written and read");
    // NaN is not equal to itself.
    assert_eq!(format!("{again:?}"), format!("{project:?}"));
    let is_valid = !problems(&project, None).iter().any(hourglass::check::Problem::is_error);
    is_valid & used::design(&project)
}

fn read_project(root: &Path, bytes: &[u8]) -> bool {
    let path = root.join("a.hourglass");
    fs::write(&path, bytes).expect("written");
    let Ok(OpenedFile::Project(opened)) = open_any(&path) else { return false };
    used::opened(&opened, &root.join("again.hourglass"))
}

fn read_store(root: &Path, files: &[(String, Vec<u8>)]) -> bool {
    let workspace = root.join("workspace-1");
    for (name, content) in files {
        let path = workspace.join(name);
        fs::create_dir_all(path.parent().expect("below the workspace")).expect("made");
        fs::write(path, content).expect("written");
    }
    let _ = Store::recoverable(root);
    let Ok(store) = Store::open(&workspace) else { return false };
    let Ok(opened) = store.load() else { return false };
    used::opened(&opened, &root.join("again.hourglass"))
}

/// Loads data; if that fails, loads the proposed source instead.
fn load_or_fix(data: &Data) -> Option<hourglass::dataset::Dataset> {
    match used::load_soon(data) {
        Ok(dataset) => Some(dataset),
        Err(error) => {
            let source = fixed_source(&data.source, &error)?;
            used::load_soon(&Data { source, ..data.clone() }).ok()
        }
    }
}
