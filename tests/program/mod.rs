//! The program as a process, and the bit-for-bit comparison of interrupted runs with uninterrupted
//! ones.

#![allow(dead_code, reason = "each test program uses its own part")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use hourglass::io::{Files, open_project, save_design};
use hourglass::project::{
    Activation, Bottleneck, Code, Corruption, Data, Decoder, Greedy, Layer, Output as Last, Project, Recipe,
    Source, Strategy, Synthetic,
};
use hourglass::run::{Checkpoint, EpochRecord, GreedyRecord, Run};
use serde_json::Value;

/// The program with these arguments, started in a folder that also contains its state and settings.
pub fn command(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hourglass"));
    surround(command.args(arguments), dir);
    command
}

/// Makes a folder the environment of a command.
pub fn surround(command: &mut Command, dir: &Path) {
    command
        .current_dir(dir)
        .env("HOURGLASS_STATE", dir.join("state"))
        .env("HOURGLASS_CONFIG", dir.join("config"))
        .env_remove("RUST_LOG");
}

/// The output of a command.
pub struct Done {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Runs a command.
pub fn run(dir: &Path, arguments: &[&str]) -> Done {
    let output = command(dir, arguments).output().expect("started");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Done { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Runs a command that must succeed.
#[track_caller]
pub fn ok(dir: &Path, arguments: &[&str]) -> Done {
    let done = run(dir, arguments);
    assert_eq!(done.code, Some(0), "{arguments:?}\n{}{}", done.stdout, done.stderr);
    done
}

/// Runs a command that must fail with this code and write these words to stderr.
#[track_caller]
pub fn fails(dir: &Path, arguments: &[&str], code: i32, words: &str) {
    let done = run(dir, arguments);
    assert_eq!(done.code, Some(code), "{arguments:?}\n{}{}", done.stdout, done.stderr);
    assert!(done.stderr.contains(words), "{arguments:?}: {words:?} is not in\n{}", done.stderr);
}

/// The last line of results, as JSON.
#[track_caller]
pub fn last_json(stdout: &str) -> Value {
    serde_json::from_str(stdout.lines().last().expect("a line")).expect("JSON")
}

/// A small table with two clusters.
pub fn write_table(path: &Path, offset: f32) {
    let mut text = String::from("a,b,c,d,e\n");
    for row in 0..120 {
        let value = |column: usize| ((row * 7 + column * 13) % 29) as f32 / 29.0 + offset;
        let row: Vec<String> = (0..5).map(|column| value(column).to_string()).collect();
        text += &(row.join(",") + "\n");
    }
    fs::write(path, text).expect("written");
}

/// The runs of a project file that opens without a warning.
#[track_caller]
pub fn runs(path: &Path) -> Vec<Run> {
    let opened = open_project(path).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(opened.warnings, Vec::<String>::new());
    opened.runs
}

/// Everything in a run that must not depend on interruptions: weights, optimizer, best weights,
/// history, restarts. As text, which distinguishes NaN and −0, and without times.
pub fn outcome(run: &Run) -> String {
    let mut checkpoint: Checkpoint = run.checkpoint.as_deref().expect("a checkpoint").clone();
    checkpoint.progress.seconds = 0.0;
    let epochs = run.history.epochs.iter().map(|record| EpochRecord { seconds: 0.0, ..record.clone() });
    let layers = run.history.pretraining.iter().map(|record| GreedyRecord { seconds: 0.0, ..*record });
    let (epochs, layers): (Vec<_>, Vec<_>) = (epochs.collect(), layers.collect());
    format!("{:?} {epochs:?} {layers:?} {:?} {checkpoint:?}", run.status, run.restarts)
}

/// Asserts that two runs ended in the same state. The texts are too long to be shown.
#[track_caller]
pub fn assert_same(found: &Run, undisturbed: &Run, what: &str) {
    let (epochs, expected) = (found.history.epochs.len(), undisturbed.history.epochs.len());
    assert_eq!((&found.status, epochs), (&undisturbed.status, expected), "{what}");
    assert!(outcome(found) == outcome(undisturbed), "{what}: weights or history differ");
}

/// A dense network that removes noise.
pub fn denoising() -> Project {
    Project {
        corruption: Corruption::Gaussian { std: 0.3 },
        encoder: vec![Layer::Dense { units: 128, activation: Activation::Relu }],
        code: Code { activation: Activation::Relu, ..Code::plain(32) },
        ..Recipe::Undercomplete.project()
    }
}

/// Small and fast designs, one per training method.
pub fn designs() -> [(&'static str, Project); 4] {
    let dense = |units| Layer::Dense { units, activation: Activation::Sigmoid };
    let mut denoising = denoising();
    denoising.training.epochs = 40;

    // Saving takes about as long as the training in between.
    let mut wide = Recipe::Undercomplete.project();
    wide.encoder = vec![dense(1500)];
    wide.training.epochs = 10;

    let mut layers = Recipe::Machines.project();
    layers.encoder = vec![dense(48), dense(24)];
    layers.training.strategy = Strategy::LayerWise { by: Greedy::Machines, epochs: 12, beside_joint: false };
    layers.training.epochs = 12;

    let source =
        Source::Synthetic(Synthetic::Informative { count: 500, features: 12, informative: 3, seed: 1 });
    let mut selector = Project {
        data: Data { source, ..Data::default() },
        encoder: Vec::new(),
        code: Code {
            kind: Bottleneck::Concrete { start_temperature: 10.0, end_temperature: 5.0, tries: 3 },
            ..Code::plain(3)
        },
        decoder: Decoder::Free(vec![dense(8)]),
        output: Last { activation: Activation::Linear },
        ..Recipe::Concrete.project()
    };
    selector.training.epochs = 6;
    [("denoising", denoising), ("wide", wide), ("layers", layers), ("selector", selector)]
}

/// Writes a design to `NAME.ron` in a folder.
pub fn write_design(dir: &Path, name: &str, design: &Project) {
    save_design(&Files::default(), &dir.join(format!("{name}.ron")), design).expect("saved");
}

/// Files of a folder that are not the design, the project or the program's state.
pub fn left_over(dir: &Path) -> Vec<String> {
    let paths = fs::read_dir(dir).expect("a folder").flatten().map(|entry| entry.path());
    let is_own = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let kind = path.extension().is_some_and(|kind| kind == "ron" || kind == "hourglass");
        ["state", "config"].contains(&&*name) || (kind && !name.starts_with('.'))
    };
    paths.filter(|path| !is_own(path)).map(|path| path.display().to_string()).collect()
}

/// Random numbers with a printed seed: `HOURGLASS_SEED`, or the time.
pub struct Dice(u64);

impl Dice {
    pub fn new(what: &str) -> Dice {
        let given = std::env::var("HOURGLASS_SEED").ok().and_then(|seed| seed.parse().ok());
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
        let seed = given.unwrap_or_else(now);
        println!("{what}: HOURGLASS_SEED={seed}");
        Dice(seed)
    }

    /// The next number, in [0, 1): `SplitMix64`.
    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
