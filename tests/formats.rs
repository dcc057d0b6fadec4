//! Files that earlier versions wrote open, resume where they were, and end as they would have with the version that
//! wrote them.
//!
//! In `tests/formats/`, written by the version their names say: a project whose run was interrupted within its third
//! epoch, and the live store of a run whose second layer was being trained by itself.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hourglass::check::plan;
use hourglass::dataset::{Dataset, Progress, Subset, load};
use hourglass::engine::Network;
use hourglass::io::{Opened, Store, open_project};
use hourglass::run::{Run, RunEvent, Status, facts};
use hourglass::session::{Cadence, Checkpoints, Driver, Observer, Pace};

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats").join(name)
}

/// The only run of what was opened without a warning.
fn only_run(opened: Opened) -> Run {
    assert_eq!(opened.warnings, Vec::<String>::new());
    let [run] = <[Run; 1]>::try_from(opened.runs).expect("one run");
    assert_eq!(run.status, Status::Stopped);
    run
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
    let seldom = Cadence { every: Duration::from_hours(1), cost: 1 };
    let checkpoint = Checkpoints::Timed(seldom);
    let pace = Pace { report: Duration::ZERO, look: seldom, health: None, checkpoint };
    let mut driver = Driver::new(run, &plan, &data, 2, pace, Nobody).expect("its own checkpoint");
    driver.begin();
    while !driver.trainer().is_done() {
        driver.step().expect("sound");
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

#[test]
fn a_project_of_version_2_resumes_within_its_epoch() {
    let run = only_run(open_project(&sample("version-2.hourglass")).expect("opens"));
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
fn a_live_store_of_version_2_resumes_within_a_layer() {
    let folder = tempfile::tempdir().expect("a folder");
    let workspace = folder.path().join("workspace");
    for name in ["runs/1/kept", "runs/1", ""] {
        fs::create_dir_all(workspace.join(name)).expect("made");
        for entry in fs::read_dir(sample("version-2-store").join(name)).expect("a sample") {
            let path = entry.expect("readable").path();
            if path.is_file() {
                fs::copy(&path, workspace.join(name).join(path.file_name().expect("a name")))
                    .expect("copied");
            }
        }
    }
    File::create(workspace.join("lock")).expect("made");
    let store = Store::open(&workspace).expect("nobody works in it");
    let run = only_run(store.load().expect("readable"));
    let layer = &run.checkpoint.as_ref().and_then(|checkpoint| checkpoint.pretraining.as_ref());
    let layer = &layer.expect("a layer").progress;
    assert_eq!((layer.layer, layer.epoch, layer.step_in_epoch, layer.samples), (1, 1, 896, 1792));

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
