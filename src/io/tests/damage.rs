//! Everything that refers to something else is checked when it is read, and an error only affects
//! its own part.

use std::fs;

use super::*;
use crate::run::{Health, LayerHealth, SelectorHealth};

/// Opens a project with a modified run, from a file and from the live store; returns the runs and
/// the warnings of both.
pub(super) fn reopened(change: impl FnOnce(&mut Run)) -> [(Vec<Run>, String); 2] {
    let dir = dir();
    let mut run = run(1);
    change(&mut run);
    let path = dir.path().join("a.hourglass");
    save_project(&Files::default(), &path, &Project::default(), &[&run]).expect("saved");
    let store = Store::create(dir.path()).expect("created");
    store.save_design(&Project::default(), None).expect("stored");
    store.import_run(&run).expect("stored");
    [open_project(&path), store.load()].map(|opened| {
        let opened = opened.expect("opens");
        (opened.runs, opened.warnings.join("\n"))
    })
}

/// The remaining part of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    Nothing,
    NoCurves,
    NoCheckpoint,
    NoReplay,
    All,
}

fn check(what: &str, expected: Left, change: impl Fn(&mut Run)) {
    for (runs, warnings) in reopened(&change) {
        let left = match runs.first() {
            None => Left::Nothing,
            Some(run) if run.history.epochs.is_empty() => Left::NoCurves,
            Some(run) if run.checkpoint.is_none() => Left::NoCheckpoint,
            Some(run) if run.kept.is_empty() => Left::NoReplay,
            Some(_) => Left::All,
        };
        assert_eq!(left, expected, "{what}: {warnings}");
        assert_eq!(warnings.is_empty(), expected == Left::All, "{what}: {warnings}");
        assert!(
            warnings.is_empty() || warnings.contains("run 1") && warnings.contains("runs/1/"),
            "{warnings}"
        );
    }
}

fn of_checkpoint(run: &mut Run, change: impl FnOnce(&mut Checkpoint)) {
    change(Arc::make_mut(run.checkpoint.as_mut().expect("a checkpoint")));
}

fn of_epochs(run: &mut Run, change: impl FnOnce(&mut Vec<EpochRecord>)) {
    let mut epochs = Vec::from(run.history.epochs.clone());
    change(&mut epochs);
    run.history.epochs = epochs.into();
}

fn of_kept(run: &mut Run, change: impl FnOnce(&mut Kept)) {
    let mut kept = Kept::clone(run.kept.newest().expect("kept epochs"));
    change(&mut kept);
    run.kept.push(Arc::new(kept));
}

#[test]
fn a_run_is_checked_before_anybody_relies_on_it() {
    check("sound", Left::All, |_| {});
    check("no features", Left::Nothing, |run| run.shape = Shape::Vector(0));
    let huge = Shape::Image { height: usize::MAX, width: 3, channels: usize::MAX };
    check("a sample without end", Left::Nothing, |run| run.shape = huge);
    check("time", Left::Nothing, |run| run.seconds = f64::NAN);
    check("time before it began", Left::Nothing, |run| run.seconds = -1.0);
    check("a rate", Left::Nothing, |run| {
        run.edits = vec![Edit { step: u64::MAX, setting: Setting::LearningRate(f32::NAN) }];
    });
    check("a message without end", Left::Nothing, |run| run.status = Status::Failed("x".repeat(200_000)));
    let edit = Edit { step: 1, setting: Setting::Epochs(3) };
    check("edits without end", Left::Nothing, |run| run.edits = vec![edit.clone(); 10_001]);
    check("equal terms", Left::Nothing, |run| run.history.terms = vec!["a".to_owned(); 2].into());
    check("terms without end", Left::Nothing, |run| {
        run.history.terms = (0..300).map(|term| term.to_string()).collect::<Vec<_>>().into();
    });
    check("scaling", Left::Nothing, |run| {
        run.normaliser = Some(Normaliser {
            offsets: vec![0.0; 65],
            factors: vec![1.0],
            means: vec![],
            columns: vec![],
            table: vec![],
            others: vec![],
            depth: None,
            settled: crate::dataset::Settled::default(),
        });
    });
    let health = |health: Health| move |run: &mut Run| run.health = Some(Arc::new(health.clone()));
    let layer = LayerHealth { units: 3, dead: 4, ..LayerHealth::default() };
    check("units", Left::Nothing, health(Health { layers: vec![layer], ..Health::default() }));
    let layers = vec![LayerHealth::default(); 99];
    check("layers", Left::Nothing, health(Health { layers, ..Health::default() }));
    check("means", Left::Nothing, health(Health { means: Some(vec![0.0]), ..Health::default() }));
    check("nats", Left::Nothing, health(Health { divergence: Some(vec![0.0]), ..Health::default() }));
    let units = run(1).design.code.units;
    let selector = SelectorHealth { chosen: vec![64; units], ..SelectorHealth::default() };
    check("a feature", Left::Nothing, health(Health { selector: Some(selector), ..Health::default() }));
}

#[test]
fn a_history_follows_one_epoch_with_the_next() {
    check("epoch 0", Left::NoCurves, |run| of_epochs(run, |epochs| epochs[0].epoch = 0));
    check("steps", Left::NoCurves, |run| of_epochs(run, |epochs| epochs[2].step = 3));
    check("time", Left::NoCurves, |run| of_epochs(run, |epochs| epochs[0].seconds = f64::INFINITY));
    let layer = |layer, epoch| GreedyRecord { layer, epoch, error: 0.0, seconds: 0.0 };
    check("a layer", Left::NoCurves, |run| run.history.pretraining = vec![layer(u32::MAX, 1)].into());
    check("layer 0", Left::NoCurves, |run| run.history.pretraining = vec![layer(0, 1)].into());
    check("an epoch of a layer", Left::NoCurves, |run| run.history.pretraining = vec![layer(1, 0)].into());
}

#[test]
fn a_checkpoint_fits_its_design() {
    let check = |what: &str, change: fn(&mut Checkpoint)| {
        check(what, Left::NoCheckpoint, |run| of_checkpoint(run, change));
    };
    check("steps", |checkpoint| checkpoint.progress.step = 100);
    check("steps of the epoch", |checkpoint| checkpoint.progress.step_in_epoch = 50);
    check("an epoch", |checkpoint| checkpoint.progress.epoch = u32::MAX);
    check("an attempt", |checkpoint| checkpoint.progress.attempt = 31);
    check("an attempt not reached", |checkpoint| checkpoint.progress.attempt = 1);
    check("epochs without a gain", |checkpoint| checkpoint.progress.stale_epochs = u32::MAX);
    check("a rate", |checkpoint| checkpoint.progress.learning_rate = f32::INFINITY);
    check("time", |checkpoint| checkpoint.progress.seconds = f64::INFINITY);
    check("samples", |checkpoint| checkpoint.progress.sums.samples = u64::MAX);
    check("the best epoch", |checkpoint| checkpoint.best.as_mut().expect("one").epoch = 4);
    check("best epoch 0", |checkpoint| checkpoint.best.as_mut().expect("one").epoch = 0);
    check("a layer", |checkpoint| checkpoint.pretraining.as_mut().expect("one").progress.layer = u32::MAX);
    check("a name", |checkpoint| drop(Arc::make_mut(&mut checkpoint.weights).0.pop_first()));
    check("one array more", |checkpoint| {
        Arc::make_mut(&mut checkpoint.weights)
            .0
            .insert("encoder.9.weight".to_owned(), Array { shape: vec![1], values: vec![0.0] });
    });
    check("a shape", |checkpoint| {
        let array = Arc::make_mut(&mut checkpoint.weights).0.values_mut().next().expect("arrays");
        *array = Array { shape: vec![1], values: vec![0.0] };
    });
    check("the best weights", |checkpoint| {
        Arc::make_mut(&mut checkpoint.best.as_mut().expect("one").weights).0.clear();
    });
    check("the optimizer", |checkpoint| drop(checkpoint.moments.0.pop_last()));
}

#[test]
fn kept_epochs_fit_the_samples_and_the_code() {
    check("codes", Left::NoReplay, |run| of_kept(run, |kept| kept.codes.truncate(2)));
    check("pictures", Left::NoReplay, |run| of_kept(run, |kept| kept.reconstructions.push(0.0)));
    check("corrupted", Left::NoReplay, |run| of_kept(run, |kept| kept.corrupted = vec![0.0]));
    check("numbers per code", Left::NoReplay, |run| {
        of_kept(run, |kept| (kept.code_units, kept.codes) = (1, vec![0.0; 3]));
    });
    check("samples without end", Left::NoReplay, |run| {
        let probe = Probe { picture_rows: vec![], code_rows: vec![0; 20_000] };
        run.kept = KeptEpochs::new(Arc::new(probe));
        let units = run.design.code.units;
        let codes = vec![0.0; 20_000 * units];
        run.kept.push(Arc::new(Kept { code_units: units, codes, ..Kept::default() }));
    });
}

#[test]
fn numbers_of_runs_leave_space_for_others() {
    for id in [RunId(0), RunId(u32::MAX)] {
        let [project, store] = reopened(|run| run.id = id);
        for (runs, warnings) in [project, store] {
            assert_eq!(runs, [], "{id}");
            assert!(warnings.contains(&format!("run {id} is not loaded")), "{warnings}");
        }
    }
}

#[test]
fn a_run_is_read_once_and_many_missing_ones_are_counted() {
    let dir = dir();
    let path = saved(dir.path());
    let with = |ids: String| {
        let manifest = format!("HourglassProject(version: 4, runs: [{ids}])");
        rewrite(&path, |name, bytes| {
            Some(if name == "manifest.ron" { manifest.clone().into() } else { bytes })
        });
        open_project(&path).expect("opens")
    };
    let opened = with("(1),(4),(4),(0),(4294967295)".to_owned());
    assert_eq!((opened.runs.len(), opened.warnings.len()), (2, 2), "{:?}", opened.warnings);
    let ids: Vec<String> = (1..10_000).map(|id| format!("({id})")).collect();
    let opened = with(ids.join(","));
    assert_eq!((opened.runs.len(), opened.warnings.len()), (2, 21));
    assert_eq!(opened.warnings[20], "and 9,977 more like it");
    let bytes: usize = opened.warnings.iter().map(String::len).sum();
    assert!(bytes < 8_000, "{bytes}");
}

#[test]
fn a_million_epochs_are_read_back() {
    let dir = dir();
    let path = dir.path().join("a.hourglass");
    let mut run = run(1);
    run.checkpoint = None;
    run.history.epochs = (1..=1_000_000).map(record).collect();
    save_project(&Files::default(), &path, &Project::default(), &[&run]).expect("saved");
    let size = fs::metadata(&path).expect("there").len();
    assert!(size < 60 << 20, "{size} bytes");
    let opened = open_project(&path).expect("opens");
    assert_eq!(opened.warnings, Vec::<String>::new());
    assert_eq!(opened.runs[0].history.epochs.len(), 1_000_000);
    assert_eq!(opened.runs[0].history.epochs.last(), Some(&record(1_000_000)));
}
