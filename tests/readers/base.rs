//! Valid files used as input for damage: a project with two runs, its form as a workspace, and
//! small data.

use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hourglass::check::plan;
use hourglass::dataset::{Progress, load};
use hourglass::io::{Files, Store, save_project};
use hourglass::project::{
    Activation, Code, Data, EarlyStopping, Greedy, Layer, Padding, Project, Source, Strategy, Synthetic,
};
use hourglass::run::{Run, RunEvent, RunId, Status, facts};
use hourglass::session::{Checkpoints, Driver, Interval, Intervals, Observer};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Runs of the project.
pub const RUNS: usize = 2;

/// Names and contents.
pub type Entries = Vec<(String, Vec<u8>)>;

struct Nobody;

impl Observer for Nobody {
    fn observe(&mut self, _: &Run, _: RunEvent) {}
}

/// A run on pictures with a best epoch, and one stopped during pretraining of its second layer.
fn runs() -> (Project, [Run; RUNS]) {
    let dense = |units| Layer::Dense { units, activation: Activation::Sigmoid };
    let conv = Layer::Conv2d {
        channels: 2,
        kernel: 3,
        stride: 2,
        padding: Padding::Same,
        dilation: 1,
        groups: 1,
        activation: Activation::Relu,
    };
    let of = |kind| Data { source: Source::Synthetic(kind), ..Data::default() };
    let mut pictures = Project {
        data: of(Synthetic::Shapes { count: 40, size: 8, seed: 1 }),
        encoder: vec![conv],
        code: Code::plain(2),
        ..Project::default()
    };
    pictures.training.early_stopping = Some(EarlyStopping { patience: 50, min_delta: 0.0 });
    pictures.training.epochs = 5;
    let mut layers = Project {
        data: of(Synthetic::SwissRoll { count: 40, noise: 0.1, seed: 1 }),
        encoder: vec![dense(3), dense(3)],
        code: Code::plain(1),
        ..Project::default()
    };
    let by = Greedy::Autoencoders { masking: 0.25 };
    layers.training.strategy = Strategy::LayerWise { by, epochs: 3, beside_joint: false };
    layers.training.batch_size = 8;
    let runs = [trained(1, &pictures, 3), trained(2, &layers, 17)];
    (pictures, runs)
}

/// A run stopped after this many steps.
fn trained(id: u32, design: &Project, steps: usize) -> Run {
    let data = Arc::new(load(&design.data, &Progress::default()).expect("generated"));
    let plan = plan(design, &facts(&data)).expect("valid");
    let always = Interval { every: Duration::ZERO, cost: 0 };
    let seldom = Interval { every: Duration::from_hours(1), cost: 1 };
    let checkpoint = Checkpoints::Timed(seldom);
    let intervals = Intervals { report: Duration::ZERO, probe: always, health: Some(always), checkpoint };
    let run = Run::new(RunId(id), &plan, &data);
    let mut driver = Driver::new(run, &plan, &data, 1, intervals, Nobody).expect("small");
    driver.begin();
    for _ in 0..steps {
        driver.step().expect("valid");
    }
    driver.halt(Status::Stopped);
    driver.into_run()
}

/// The entries of the project file.
pub fn project_entries() -> &'static Entries {
    static ENTRIES: OnceLock<Entries> = OnceLock::new();
    ENTRIES.get_or_init(|| {
        let (project, runs) = runs();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.hourglass");
        save_project(&Files::default(), &path, &project, &runs).expect("saved");
        unzipped(&fs::read(path).expect("saved")).expect("a zip")
    })
}

/// The files of the workspace, relative to its folder.
pub fn workspace_files() -> &'static Entries {
    static FILES: OnceLock<Entries> = OnceLock::new();
    FILES.get_or_init(|| {
        let (project, runs) = runs();
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::create(folder.path()).expect("made");
        store.save_design(&project, None).expect("stored");
        for run in &runs {
            store.import_run(run).expect("stored");
        }
        let mut files = Entries::new();
        collect(store.path(), "", &mut files);
        files.sort();
        files
    })
}

fn collect(folder: &Path, below: &str, files: &mut Entries) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), files);
        } else {
            files.push((name, fs::read(entry.path()).expect("readable")));
        }
    }
}

/// A zip of these entries with correct checksums.
pub fn zipped(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        // A duplicate name is refused; the earlier entry stays.
        if zip.start_file(name.as_str(), SimpleFileOptions::default()).is_ok() {
            zip.write_all(content).expect("in memory");
        }
    }
    zip.finish().expect("in memory").into_inner()
}

/// The entries of a zip, if it is one.
pub fn unzipped(bytes: &[u8]) -> Option<Entries> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut entries = Entries::new();
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).ok()?;
        let mut content = Vec::new();
        let name = entry.name().ok()?.to_string();
        entry.read_to_end(&mut content).ok()?;
        entries.push((name, content));
    }
    Some(entries)
}

/// Twelve images of 3×2 pixels in MNIST's format.
pub fn idx_images() -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, 3];
    for side in [12_u32, 3, 2] {
        bytes.extend(side.to_be_bytes());
    }
    bytes.extend((0..72_u8).map(|value| value.wrapping_mul(37)));
    bytes
}

/// An uncompressed picture of 2×2 pixels of about this colour.
pub fn bmp([red, green, blue]: [u8; 3]) -> Vec<u8> {
    let mut bytes = b"BM".to_vec();
    for value in [70_u32, 0, 54, 40, 2, 2] {
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([1, 0, 24, 0]);
    for value in [0_u32, 16, 2835, 2835, 0, 0] {
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([blue, green, red, 9, 8, 7, 0, 0, 1, 2, 3, blue, green, red, 0, 0]);
    bytes
}
