//! One function for each reader of the program: it takes bytes and must return. `fuzz/` and
//! `tests/mutations.rs` call it. The content is used as well: data are trained on for a step, runs
//! are evaluated and resumed.

#![allow(dead_code, unused_imports, reason = "each program uses its own part")]

mod base;
mod used;

use std::fs;
use std::path::Path;

use hourglass::check::problems;
use hourglass::dataset::{mended, source_for};
use hourglass::io::{OpenedFile, Store, open_any};
use hourglass::project::{Channels, Data, Project, Source};

pub use base::{bmp, idx_images, project_entries, unzipped, workspace_files, zipped};

/// Something that reads bytes nobody vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reader {
    /// A table.
    Csv,
    /// An array.
    Npy,
    /// An archive of arrays.
    Npz,
    /// Images of MNIST's format, plain or gzipped.
    Idx,
    /// Labels of MNIST's format, of the images in `base`.
    IdxLabels,
    /// A picture in a folder of pictures.
    Picture,
    /// `NAME.ron`.
    Design,
    /// `NAME.hourglass`.
    Project,
    /// One file within a valid project: the first byte says which, the others are its content.
    ProjectEntry,
    /// The weights of a run within a valid project.
    Weights,
    /// One file of a valid workspace of the live store: the first byte says which, the others are
    /// its content.
    StoreFile,
}

impl Reader {
    /// All of them.
    pub const ALL: [Reader; 11] = [
        Reader::Csv,
        Reader::Npy,
        Reader::Npz,
        Reader::Idx,
        Reader::IdxLabels,
        Reader::Picture,
        Reader::Design,
        Reader::Project,
        Reader::ProjectEntry,
        Reader::Weights,
        Reader::StoreFile,
    ];

    /// Its name, also of its fuzz target and of its files in `tests/hostile/`.
    pub fn name(self) -> &'static str {
        match self {
            Reader::Csv => "csv",
            Reader::Npy => "npy",
            Reader::Npz => "npz",
            Reader::Idx => "idx",
            Reader::IdxLabels => "idx_labels",
            Reader::Picture => "picture",
            Reader::Design => "design",
            Reader::Project => "project",
            Reader::ProjectEntry => "project_entry",
            Reader::Weights => "weights",
            Reader::StoreFile => "store_file",
        }
    }

    /// Reads and uses the bytes; says whether everything in them could be used. Panics where the
    /// program does.
    pub fn read(self, bytes: &[u8]) -> bool {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        match self {
            Reader::Csv => read_data(root, "a.csv", bytes, |source| source),
            Reader::Npy => read_data(root, "a.npy", bytes, |source| source),
            Reader::Npz => {
                let plain = read_data(root, "a.npz", bytes, |source| source);
                plain & read_data(root, "a.npz", bytes, with_labels)
            }
            Reader::Idx => {
                let end = if bytes.starts_with(b"\x1F\x8B") { ".gz" } else { "" };
                read_data(root, &format!("train-images-idx3-ubyte{end}"), bytes, |source| source)
            }
            Reader::IdxLabels => {
                fs::write(root.join("train-labels-idx1-ubyte"), bytes).expect("written");
                read_data(root, "train-images-idx3-ubyte", &base::idx_images(), |source| source)
            }
            Reader::Picture => {
                fs::create_dir(root.join("a")).expect("made");
                let bmp = base::bmp([9, 200, 30]);
                fs::write(root.join("a/good.bmp"), &bmp).expect("written");
                fs::write(root.join("a/also.bmp"), bmp).expect("written");
                let name = format!("a/given.{}", picture_extension(bytes));
                fs::write(root.join(name), bytes).expect("written");
                used::source(pictures(root)).is_some_and(|rows| rows == 3)
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
        reading: hourglass::project::ArrayReading::default(),
    });
    used::source(change(source)).is_some()
}

fn with_labels(source: Source) -> Source {
    if let Source::Npy { path, .. } = source {
        return Source::Npy {
            path,
            array: Some("x".to_owned()),
            labels: Some("y".to_owned()),
            reading: hourglass::project::ArrayReading::default(),
        };
    }
    source
}

fn pictures(folder: &Path) -> Source {
    source_for(folder, 4, 3, Channels::Rgb).expect("a folder")
}

fn picture_extension(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, b'P', ..] => "png",
        [0xFF, 0xD8, ..] => "jpg",
        [b'G', b'I', ..] => "gif",
        [b'R', b'I', ..] => "webp",
        [b'I', b'I', ..] | [b'M', b'M', ..] => "tif",
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
    let is_sound = !problems(&project, None).iter().any(hourglass::check::Problem::is_error);
    is_sound & used::design(&project)
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

/// Loads data; where that fails, from the source that is proposed instead.
fn load_or_fix(data: &Data) -> Option<hourglass::dataset::Dataset> {
    match used::load_soon(data) {
        Ok(dataset) => Some(dataset),
        Err(error) => {
            let source = mended(&data.source, &error)?;
            used::load_soon(&Data { source, ..data.clone() }).ok()
        }
    }
}
