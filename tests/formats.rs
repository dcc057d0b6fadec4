//! Files of earlier versions open, resume at the same point, and end as they would have in the
//! version that wrote them.
//!
//! `tests/formats/` contains, by the version in their names, projects and live stores of runs that
//! were interrupted within an epoch or during layer-wise pretraining. Those of version 2 were
//! written by that version; those of version 1 were made by hand according to its sources, from a
//! run of a later version. `tests/formats/designs/` contains the first example of a design in the
//! README, and every recipe as text.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use hourglass::check::plan;
use hourglass::dataset::{Dataset, Progress, Subset, load};
use hourglass::engine::Network;
use hourglass::io::{Opened, Store, open_project};
use hourglass::project::{Data, Rules, Source};
use hourglass::run::{Run, RunEvent, Status, facts};
use hourglass::session::{Checkpoints, Driver, Interval, Intervals, Observer};

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats").join(name)
}

/// The only run of a file, which must open without a warning.
fn only_run(opened: Opened) -> Run {
    assert_eq!(opened.warnings, Vec::<String>::new());
    assert!(opened.project.pins.is_empty(), "there were none then");
    let [run] = <[Run; 1]>::try_from(opened.runs).expect("one run");
    assert_eq!(run.status, Status::Stopped);
    run
}

/// A live store, copied into a folder where it can be locked and written.
fn workspace(name: &str, folder: &Path) -> Store {
    let workspace = folder.join("workspace");
    for part in ["runs/1/kept", "runs/1", ""] {
        fs::create_dir_all(workspace.join(part)).expect("made");
        for entry in fs::read_dir(sample(name).join(part)).expect("a sample") {
            let path = entry.expect("readable").path();
            if path.is_file() {
                fs::copy(&path, workspace.join(part).join(path.file_name().expect("a name")))
                    .expect("copied");
            }
        }
    }
    File::create(workspace.join("lock")).expect("made");
    Store::open(&workspace).expect("nobody works in it")
}

struct Nobody;

impl Observer for Nobody {
    fn observe(&mut self, _: &Run, _: RunEvent) {}
}

/// Trains a run to its end.
fn resumed(run: Run) -> (Run, Arc<Dataset>) {
    let data = Arc::new(load(&run.design.data, &Progress::default()).expect("generated"));
    run.check_same_data(&data).expect("its own");
    let plan = plan(&run.design, &facts(&data)).expect("it was trained");
    let seldom = Interval { every: Duration::from_hours(1), cost: 1 };
    let checkpoint = Checkpoints::Timed(seldom);
    let intervals = Intervals { report: Duration::ZERO, probe: seldom, health: None, checkpoint };
    let mut driver = Driver::new(run, &plan, &data, 2, intervals, Nobody).expect("its own checkpoint");
    driver.begin();
    while !driver.trainer().is_done() {
        driver.step().expect("valid");
    }
    driver.halt(Status::Done);
    (driver.into_run(), data)
}

/// Squared error per feature on the test split.
fn test_error(run: &Run, data: &Dataset) -> f64 {
    let plan = plan(&run.design, &facts(data)).expect("it was trained");
    let checkpoint = run.checkpoint.as_ref().expect("weights");
    let mut network = Network::trained(&plan, checkpoint.inference_weights(), 1).expect("its own weights");
    network.evaluate(data, data.split.rows(Subset::Test), None).expect("small").mse
}

/// Numbers recorded on another processor differ in their last bits, and the difference grows.
fn check(what: &str, found: f64, recorded: f64) {
    assert!((found - recorded).abs() <= 1e-3 * recorded, "{what}: {found}, not {recorded}");
}

/// Checks the run of version 1 from either kind of file.
fn check_version_1(run: Run) {
    let progress = &run.checkpoint.as_ref().expect("a checkpoint").progress;
    assert_eq!((progress.epoch, progress.step_in_epoch, progress.step), (2, 168, 1606));
    // Its replay had no weights.
    let kept: Vec<u32> = run.kept.iter().map(|kept| kept.epoch).collect();
    assert!(!kept.is_empty() && kept.iter().all(|epoch| run.kept.weights(*epoch).is_none()));
    assert!(run.kept.nearest_weights(2).is_none());
    let (run, data) = resumed(run);
    let weights =
        run.kept.nearest_weights(0).map(|(epoch, weights)| (epoch, weights.read().expect("in memory")));
    let checkpoint = run.checkpoint.as_ref().expect("a checkpoint");
    assert!(weights == Some((4, Arc::clone(&checkpoint.weights))), "the last epoch has some");
    let epochs: Vec<_> = run.history.epochs.iter().collect();
    assert_eq!(epochs.iter().map(|record| record.epoch).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(epochs[0].judged().total(), 4.052_369_327_677_621);
    check("third epoch", epochs[2].train.total(), 3.465_662_224_266_208_7);
    check("fourth epoch", epochs[3].judged().total(), 2.662_071_470_750_703);
    check("test split", test_error(&run, &data), 0.043_362_770_995_332_13);
}

#[test]
fn a_project_of_version_1_resumes_within_its_epoch() {
    check_version_1(only_run(open_project(&sample("version-1.hourglass")).expect("opens")));
}

#[test]
fn a_live_store_of_version_1_resumes_within_its_epoch() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = workspace("version-1-store", folder.path());
    check_version_1(only_run(store.load().expect("readable")));
}

#[test]
fn projects_of_earlier_versions_resume_within_their_epoch() {
    for name in ["version-2.hourglass", "version-3.hourglass"] {
        check_project(name);
    }
}

fn check_project(name: &str) {
    let run = only_run(open_project(&sample(name)).expect("opens"));
    let checkpoint = run.checkpoint.as_ref().expect("a checkpoint");
    let progress = &checkpoint.progress;
    assert_eq!((progress.epoch, progress.step_in_epoch, progress.step), (2, 194, 2594));
    let sums: Vec<(&str, f64)> = progress.sums.losses.iter().collect();
    let recorded = [
        ("total", 585.804_162_326_388),
        ("reconstruction", 577.207_834_780_216_2),
        ("L1 of the code", 8.596_327_546_171_967),
    ];
    assert_eq!(sums, recorded);
    assert_eq!((progress.sums.squared_error, progress.sums.samples), (577.207_834_780_216_2, 388));
    assert_eq!(
        checkpoint.best.as_ref().map(|best| (best.epoch, best.loss)),
        Some((2, 1.491_975_265_293_577_6))
    );
    assert_eq!(run.history.epochs.last().map(|record| record.train.total()), Some(1.698_100_273_448_607));

    let (run, data) = resumed(run);
    let epochs: Vec<_> = run.history.epochs.iter().collect();
    assert_eq!(epochs.iter().map(|record| record.epoch).collect::<Vec<_>>(), [1, 2, 3, 4]);
    check("third epoch", epochs[2].train.total(), 1.400_968_124_776_553_3);
    check("its penalty", epochs[2].train.get("L1 of the code").expect("a term"), 0.018_592_907_448_085_203);
    check("fourth epoch", epochs[3].judged().total(), 0.843_286_723_189_113_1);
    check("test split", test_error(&run, &data), 0.012_427_928_247_489_036);
}

#[test]
fn live_stores_of_earlier_versions_resume_within_a_layer() {
    check_store("version-2-store", 896);
    check_store("version-3-store", 496);
}

/// Checks a store whose second layer has taken this many steps of its second epoch.
fn check_store(name: &str, steps: u32) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = workspace(name, folder.path());
    let run = only_run(store.load().expect("readable"));
    let layer = &run.checkpoint.as_ref().and_then(|checkpoint| checkpoint.pretraining.as_ref());
    let layer = &layer.expect("a layer").progress;
    assert_eq!(
        (layer.layer, layer.epoch, layer.step_in_epoch, layer.samples),
        (1, 1, steps, 2 * u64::from(steps))
    );

    let (run, data) = resumed(run);
    let layers: Vec<_> = run.history.pretraining.iter().collect();
    let recorded = [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2)];
    assert_eq!(layers.iter().map(|record| (record.layer, record.epoch)).collect::<Vec<_>>(), recorded);
    check("second layer", layers[3].error, 0.025_079_834_810_522_797);
    check("third layer", layers[5].error, 0.052_720_038_828_034_985);
    let last = run.history.epochs.last().expect("epochs");
    check("last epoch", last.judged().total(), 0.737_843_203_991_651_5);
    check("test split", test_error(&run, &data), 0.011_134_838_204_598_055);
}

/// Runs of designs of version 1 on data that later rules read differently: a table whose first row
/// may be a header of numbers, with times that 32 bits cannot distinguish; pictures with 16 bits,
/// with transparency, with two pages, and in folders for the splits; an archive whose first array
/// is the test set. Each was saved after epoch 2; its training and validation losses of epoch 4 and
/// its error on the test split were recorded with the last program that had the rules of version 1.
const RULES: [(&str, f64, f64, f64); 3] = [
    ("table", 4.285_154_171_288_013_5, 0.309_025_709_827_740_97, 0.077_521_298_080_682_75),
    ("pictures", 7.803_646_859_000_711, 10.672_547_817_230_225, 0.238_288_591_305_414_83),
    ("arrays", 6.369_155_486_424_764, 5.596_033_573_150_635, 0.471_926_828_225_453_7),
];

#[test]
fn runs_of_version_1_find_the_rows_they_were_trained_on() {
    for (name, train, validation, test) in RULES {
        let opened = open_project(&sample(&format!("rules/{name}.hourglass"))).expect("opens");
        let [mut run] = <[Run; 1]>::try_from(opened.runs).expect("one run");
        assert_eq!((opened.project.data.rules, run.design.data.rules), (Rules::Version1, Rules::Version1));
        let source = &mut run.design.data.source;
        let (Source::Csv { path, .. } | Source::ImageFolder { path, .. } | Source::Npy { path, .. }) = source
        else {
            panic!("{name}: no file")
        };
        *path = sample("rules").join(path.file_name().expect("a name"));
        let current = Data { rules: Rules::Current, ..run.design.data.clone() };
        let current = load(&current, &Progress::default()).expect("readable");
        assert!(run.check_same_data(&current).is_err(), "{name}: the rules make no difference");
        run.epochs = 4;
        let (run, data) = resumed(run);
        let last = run.history.epochs.last().expect("epochs");
        assert_eq!(last.epoch, 4);
        check(name, last.train.total(), train);
        check(name, last.judged().total(), validation);
        check(name, test_error(&run, &data), test);
    }
}

/// Designs with results recorded on the machine that wrote them: parameters, training loss and
/// validation error per feature after one epoch.
const DESIGNS: [(&str, u64, f64, f64); 20] = [
    ("anomaly", 33_990, 7.793_459, 0.079_583),
    ("beta-vae", 199_948, 66.547_595, 0.044_848),
    ("concrete", 3_032, 3.986_623, 0.047_172),
    ("contractive", 4_224, 37.931_204, 0.084_902),
    ("convolutional", 11_753, 10.527_298, 0.128_689),
    ("denoising", 24_928, 7.699_561, 0.077_487),
    ("first-example", 34_248, 10.970_296, 0.147_628),
    ("hashing", 20_816, 36.892_872, 0.079_320),
    ("inpainting", 57_968, 6.845_002, 0.076_153),
    ("joint-vs-layerwise", 37_896, 33.006_065, 0.074_851),
    ("k-sparse", 8_384, 4.429_386, 0.059_131),
    ("linear", 580, 14.719_644, 0.155_506),
    ("mdl", 4_752, 140.155_074, 0.113_374),
    ("rbm", 37_896, 20.792_604, 0.031_677),
    ("sparse", 16_576, 10.162_120, 0.083_529),
    ("super-resolution", 164_672, 21.707_963, 0.043_805),
    ("tabular", 4_643, 26.231_787, 0.651_381),
    ("undercomplete", 33_474, 7.317_883, 0.077_136),
    ("vae", 17_476, 34.850_594, 0.075_296),
    ("vq-vae", 20_816, 8.350_759, 0.077_613),
];

#[test]
fn designs_of_earlier_versions_train_as_they_did() {
    let files = fs::read_dir(sample("designs")).expect("samples").count();
    assert_eq!(files, DESIGNS.len(), "each is recorded");
    let folder = tempfile::tempdir().expect("a folder");
    for (name, parameters, loss, error) in DESIGNS {
        let design = sample("designs").join(format!("{name}.ron"));
        let output = Command::new(env!("CARGO_BIN_EXE_hourglass"))
            .arg("train")
            .arg(design)
            .args(["--epochs", "1", "--json", "-o", "a.hourglass", "--force"])
            .current_dir(folder.path())
            .env("HOURGLASS_STATE", folder.path())
            .output()
            .expect("started");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let last = output.stdout.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().expect("a line");
        let last: serde_json::Value = serde_json::from_slice(last).expect("JSON");
        assert_eq!(last["params"], parameters, "{name}");
        // A selector that has not converged has been trained five times by now, so differences
        // between processors grow.
        for (key, recorded) in [("train_loss", loss), ("val_mse", error)] {
            let found = last[key].as_f64().expect("a number");
            assert!((found - recorded).abs() <= 0.02 * recorded, "{name}: {key} {found}, not {recorded}");
        }
    }
}
