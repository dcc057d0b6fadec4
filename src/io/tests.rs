//! Round trips, bad input and failed writes of the project file and the live store.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;

use super::files::fault::Fault;
use super::*;
use crate::check::PlannedArray;
use crate::project::{Activation, Code, Layer, Project, Recipe, Shape};
use crate::run::{
    Array, Best, Caption, Checkpoint, Edit, EpochRecord, GreedyRecord, GreedyState, History, Kept,
    KeptEpochs, LayerProgress, LossSums, Losses, Normaliser, Probe, Restart, Results, Run, RunId, Setting,
    Status, Terms, TrainerProgress, Weights,
};

mod damage;
mod failing_saves;
mod hostile;
mod kept_epochs;
mod merging;
mod recovery;
mod results;

const GREY: Shape = Shape::Image { height: 8, width: 8, channels: 1 };

/// The arrays that a run's design requires, filled with these bits repeatedly; with `prefixes`,
/// those of an optimizer's state for learned arrays.
fn arrays(of: &Run, prefixes: &[&str], bits: &[u32]) -> Weights {
    let planned = of.plan().expect("valid").arrays();
    let mut bits = bits.iter().chain([&0]).cycle().map(|bits| f32::from_bits(*bits));
    let named = prefixes.iter().flat_map(|prefix| planned.iter().map(move |array| (prefix, array)));
    let named = named.filter(|(prefix, array)| prefix.is_empty() || array.is_learned);
    let array = |(prefix, array): (&&str, &PlannedArray)| {
        let values = bits.by_ref().take(array.shape.iter().product()).collect();
        (format!("{prefix}{}", array.name), Array { shape: array.shape.clone(), values })
    };
    Weights(named.map(array).collect())
}

const MOMENTS: [&str; 2] = ["exp_avg.", "exp_avg_sq."];

fn special(seed: u32) -> [u32; 4] {
    [0x7FC0_0001, 0xFF80_0000, 0x8000_0000, 0x3F80_0000 + seed]
}

fn record(epoch: u32) -> EpochRecord {
    EpochRecord {
        epoch,
        step: u64::from(epoch) * 23,
        train: Losses::new(&Terms::default(), &[1.0 / f64::from(epoch)]).expect("the total"),
        validation: Losses::new(&Terms::default(), &[f64::INFINITY]),
        mse: 0.1 + f64::from(epoch),
        learning_rate: 1e-3,
        seconds: f64::from(epoch) / 3.0,
    }
}

fn checkpoint(epoch: u32) -> Checkpoint {
    checkpoint_of(&bare_run(1), epoch)
}

fn checkpoint_of(run: &Run, epoch: u32) -> Checkpoint {
    let weights = |seed| arrays(run, &[""], &special(seed));
    Checkpoint {
        progress: TrainerProgress {
            epoch,
            step_in_epoch: 3,
            step: 99,
            attempt: 0,
            learning_rate: 0.1,
            sums: LossSums {
                losses: Losses::new(&Terms::default(), &[1e300]).expect("the total"),
                squared_error: f64::INFINITY,
                samples: 77,
            },
            stale_epochs: 1,
            seconds: 0.1 + 0.2,
        },
        weights: Arc::new(weights(epoch)),
        moments: arrays(run, &MOMENTS, &special(100)),
        best: Some(Best { epoch: 1, loss: f64::INFINITY, weights: Arc::new(weights(200)) }),
        pretraining: Some(GreedyState {
            progress: LayerProgress { layer: 1, epoch: 2, step_in_epoch: 3, error_sum: 0.5, samples: 9 },
            arrays: weights(300),
        }),
    }
}

fn kept(epochs: u32) -> KeptEpochs {
    let mut all = KeptEpochs::new(Arc::new(Probe { picture_rows: vec![5, 6], code_rows: vec![1, 2, 3] }));
    let units = design().code.units;
    for epoch in 0..=epochs {
        all.push(Arc::new(Kept {
            epoch,
            code_units: units,
            codes: vec![epoch as f32; 3 * units],
            corrupted: vec![],
            reconstructions: vec![0.5; 2 * 64],
        }));
    }
    all
}

/// A small design, so that the files of its runs are small.
fn design() -> Project {
    let mut design = Recipe::Denoising.project();
    design.encoder = vec![Layer::Dense { units: 4, activation: Activation::Relu }];
    design.code = Code::plain(2);
    design
}

/// A run that stopped after three epochs.
fn run(id: u32) -> Run {
    let bare = bare_run(id);
    Run { checkpoint: Some(Arc::new(checkpoint_of(&bare, 3))), ..bare }
}

fn bare_run(id: u32) -> Run {
    Run {
        id: RunId(id),
        design: design(),
        shape: GREY,
        fingerprint: u64::MAX,
        split: Some(u64::MAX - 1),
        // A third has no short decimal form; the smallest subnormal is lost if text is written
        // carelessly.
        normaliser: Some(Normaliser {
            offsets: vec![1.0 / 3.0, -0.0],
            factors: vec![f32::from_bits(1), 3e38],
            means: vec![2.0 / 3.0],
            columns: vec!["a".to_owned(), "b".to_owned()],
            table: vec![
                crate::dataset::Column::numbers("a"),
                crate::dataset::Column {
                    name: "b".to_owned(),
                    kind: crate::dataset::ColumnKind::Numbers { base: 1e15 },
                    unit: Some("°C".to_owned()),
                },
            ],
            others: vec![crate::dataset::OtherColumn { name: "id".to_owned(), place: 0, is_label: true }],
            depth: Some(crate::dataset::Depth::Word),
            settled: crate::dataset::Settled {
                ground: Some(crate::project::Alpha::White),
                limits: Some([3.0, 0.1]),
                white: Some(1023),
            },
        }),
        status: Status::Stopped,
        epochs: 10,
        edits: vec![Edit { step: 7, setting: Setting::LearningRate(0.3) }],
        restarts: vec![Restart { step: 9, epoch: 1, attempt: 2, mean_max: 0.5, epochs: 30 }],
        parameters: 4,
        seconds: 0.1 + 0.2,
        started_unix_secs: 1_700_000_000,
        history: History {
            terms: Terms::default(),
            epochs: (1..=3).map(record).collect(),
            pretraining: vec![GreedyRecord { layer: 1, epoch: 1, error: 0.25, seconds: 0.5 }].into(),
        },
        health: None,
        pca_mse: Some(0.1),
        caption: Caption::default(),
        results: Results::default(),
        kept: kept(3),
        checkpoint: None,
        diagnosed: crate::run::Diagnosed::default(),
    }
}

/// Equality by bits, so that NaN equals itself.
fn same(a: &Run, b: &Run) -> bool {
    format!("{a:?}") == format!("{b:?}") && weight_bits(a) == weight_bits(b)
}

fn weight_bits(run: &Run) -> Vec<u32> {
    let checkpoint = run.checkpoint.as_ref();
    let arrays = checkpoint.iter().flat_map(|checkpoint| {
        let best = checkpoint.best.as_ref().map(|best| &*best.weights);
        [&*checkpoint.weights, &checkpoint.moments].into_iter().chain(best)
    });
    arrays
        .flat_map(|weights| weights.0.values())
        .flat_map(|array| array.values.iter().map(|value| value.to_bits()))
        .collect()
}

fn dir() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn saved(dir: &Path) -> PathBuf {
    let path = dir.join("a.hourglass");
    save_project(&Files::default(), &path, &Project::default(), &[run(1), run(4)]).expect("saved");
    path
}

/// Replaces a file with another, as programs do; open handles keep the old content.
fn replace(path: &Path, bytes: impl AsRef<[u8]>) {
    let beside = path.with_extension("new");
    fs::write(&beside, bytes).expect("written");
    fs::rename(beside, path).expect("renamed");
}

/// Changes the file as another zip program would.
fn rewrite(path: &Path, mut change: impl FnMut(&str, Vec<u8>) -> Option<Vec<u8>>) {
    let bytes = fs::read(path).expect("there");
    let mut old = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("a zip");
    let mut new = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for index in 0..old.len() {
        let mut entry = old.by_index(index).expect("an entry");
        let name = entry.name().expect("a name").into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("whole");
        if let Some(bytes) = change(&name, bytes) {
            let options = zip::write::SimpleFileOptions::default();
            new.start_file(&name, options).expect("started");
            new.write_all(&bytes).expect("written");
        }
    }
    replace(path, new.finish().expect("finished").into_inner());
}

#[test]
fn a_project_is_restored_completely() {
    let dir = dir();
    let path = saved(dir.path());
    let opened = open_project(&path).expect("opens");
    assert_eq!(opened.project, Project::default());
    assert_eq!(opened.warnings, Vec::<String>::new());
    assert_eq!(opened.runs.len(), 2);
    for (back, id) in opened.runs.iter().zip([1, 4]) {
        assert!(same(back, &run(id)), "{back:#?}");
    }
    // Repacked by another program, with everything deflated, it still opens.
    rewrite(&path, |_, bytes| Some(bytes));
    let again = open_project(&path).expect("opens");
    assert!(same(&again.runs[1], &run(4)));
    // Saving twice gives identical bytes.
    let other = dir.path().join("b.hourglass");
    let runs: Vec<Arc<Run>> = again.runs.into_iter().map(Arc::new).collect();
    save_project(&Files::default(), &other, &again.project, &runs).expect("saved");
    assert_eq!(fs::read(&other).expect("there"), fs::read(saved(dir.path())).expect("there"));
}

/// The numbers of a checkpoint as written by a version; the first had no version field.
fn numbers_of_version(version: u32) -> String {
    let version_line = if version == 1 { String::new() } else { format!("version: {version},") };
    if version > 2 {
        let text = ron::to_string(&checkpoint(3)).expect("encodes");
        return format!("({version_line} checkpoint: {text})");
    }
    format!(
        "({version_line} epoch: 3, step_in_epoch: 3, step: 99, attempt: 0, learning_rate: 0.1, epoch_sums: [1e300, inf], \
         epoch_samples: 77, stale_epochs: 1, best: Some((epoch: 1, loss: inf)), seconds: 0.30000000000000004, \
         pretraining: Some((layer: 1, epoch: 2, step_in_epoch: 3, error_sum: 0.5, samples: 9)))"
    )
}

/// Replaces the numbers of a checkpoint in the live store.
fn replace_numbers(path: &Path, numbers: &str) {
    let bytes = fs::read(path).expect("there");
    let (length, rest) = bytes.split_at(8);
    let length = u64::from_le_bytes(length.try_into().expect("eight bytes")) as usize;
    let (header, arrays) = rest.split_at(length);
    let mut header: serde_json::Value = serde_json::from_slice(header).expect("a header");
    header["__metadata__"]["checkpoint"] = numbers.into();
    let header = header.to_string().into_bytes();
    let length = (header.len() as u64).to_le_bytes();
    fs::write(path, [&length[..], &header, arrays].concat()).expect("written");
}

#[test]
fn weights_for_another_order_of_pixels_are_left_out() {
    let dir = dir();
    let path = dir.path().join("a.hourglass");
    let check = |shape: Shape, version: u32, is_used: bool| {
        let bare = Run { shape, kept: KeptEpochs::default(), ..bare_run(1) };
        let project = Run { checkpoint: Some(Arc::new(checkpoint_of(&bare, 3))), ..bare };
        save_project(&Files::default(), &path, &Project::default(), &[&project]).expect("saved");
        let numbers = numbers_of_version(version);
        rewrite(&path, |name, bytes| match name {
            "manifest.ron" => {
                Some(format!("HourglassProject(version: {}, runs: [(1)])", version.min(4)).into())
            }
            "runs/1/checkpoint.ron" => Some(numbers.clone().into_bytes()),
            _ => Some(bytes),
        });
        let stored = Store::create(dir.path()).expect("created");
        stored.save_design(&Project::default(), None).expect("stored");
        stored.import_run(&project).expect("stored");
        replace_numbers(&stored.path().join("runs/1/checkpoint.safetensors"), &numbers);
        let opened = [open_project(&path), stored.load()];
        for opened in opened.map(|opened| opened.expect("opens")) {
            let back = &opened.runs[0];
            assert_eq!(back.history.epochs.len(), 3, "{shape} {version}");
            assert_eq!(back.checkpoint.is_some(), is_used, "{shape} {version}: {:?}", opened.warnings);
            let progress = back.checkpoint.as_ref().map(|checkpoint| &checkpoint.progress);
            assert!(progress.is_none_or(|progress| *progress == checkpoint(3).progress), "{progress:?}");
            let warnings = opened.warnings.join("\n");
            assert_eq!(warnings.is_empty(), is_used, "{warnings}");
            assert!(is_used || warnings.starts_with("run 1: "), "{warnings}");
            let is_told = warnings.contains("another pixel order; train it again");
            assert_eq!(is_told, !is_used && version == 1, "{warnings}");
        }
    };
    let picture = |channels| Shape::Image { height: 8, width: 8, channels };
    check(picture(3), 1, false);
    check(picture(3), 2, true);
    check(picture(3), 3, true);
    check(picture(3), 4, false);
    check(picture(1), 1, true);
    check(Shape::Vector(64), 1, true);
}

#[test]
fn an_unfinished_run_is_stopped_at_its_checkpoint() {
    let dir = dir();
    let path = dir.path().join("a.hourglass");
    let check = |status: Status, epochs: usize, expected: Status| {
        let mut run = run(1);
        run.status = status;
        run.checkpoint = Some(Arc::new(checkpoint(2)));
        save_project(&Files::default(), &path, &run.design, &[&run]).expect("saved");
        let back = open_project(&path).expect("opens").runs.remove(0);
        assert_eq!(back.status, expected);
        assert_eq!(back.history.epochs.len(), epochs);
        assert_eq!(back.kept.newest().map(|kept| kept.epoch), Some(epochs as u32));
    };
    check(Status::Training, 2, Status::Stopped);
    check(Status::Queued, 2, Status::Stopped);
    check(Status::Paused, 2, Status::Stopped);
    check(Status::Failed("NaN".to_owned()), 3, Status::Failed("NaN".to_owned()));
}

#[test]
fn a_file_cut_short_anywhere_is_an_error_or_a_warning() {
    let dir = dir();
    let path = saved(dir.path());
    let whole = fs::read(&path).expect("there");
    for length in (0..whole.len()).step_by(331) {
        fs::write(&path, &whole[..length]).expect("written");
        let message = open_any(&path).expect_err("truncated").to_string();
        assert!(message.contains("a.hourglass"), "{message}");
    }
}

#[test]
fn a_flipped_byte_anywhere_never_panics_nor_goes_unnoticed_in_weights() {
    let dir = dir();
    let path = saved(dir.path());
    let whole = fs::read(&path).expect("there");
    for at in (0..whole.len()).step_by(97) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        fs::write(&path, bytes).expect("written");
        if let Ok(opened) = open_project(&path)
            && opened.warnings.is_empty()
        {
            let bits: Vec<_> = opened.runs.iter().map(weight_bits).collect();
            assert_eq!(bits, [weight_bits(&run(1)), weight_bits(&run(4))], "byte {at}");
        }
    }
}

#[test]
fn foreign_files_are_called_by_their_name() {
    let dir = dir();
    let path = dir.path().join("a.hourglass");
    let check = |bytes: &[u8], expected: &str| {
        fs::write(&path, bytes).expect("written");
        for error in [open_project(&path).err(), open_any(&path).err()] {
            let message = error.map(|error| error.to_string()).unwrap_or_default();
            assert!(message.contains(expected) && message.contains("a.hourglass"), "{message}");
        }
    };
    check(b"", "an empty file");
    check(b"\x89PNG\r\n\x1a\n....", "a PNG picture");
    check(b"\x93NUMPY\x01\x00", "a NumPy array");
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("hello.txt", zip::write::SimpleFileOptions::default()).expect("started");
    check(&zip.finish().expect("finished").into_inner(), "another kind of zip");
    fs::remove_file(&path).expect("removed");
    let message = open_any(&path).expect_err("missing").to_string();
    assert!(message.contains("no such file"), "{message}");
    assert!(open_any(dir.path()).is_err());
}

#[test]
fn damage_inside_is_named_with_its_place_and_costs_as_little_as_possible() {
    let dir = dir();
    let check = |entry: &str, bytes: Option<&[u8]>, expected: Result<(usize, &str), &str>| {
        let path = saved(dir.path());
        rewrite(&path, |name, old| if name == entry { bytes.map(<[u8]>::to_vec) } else { Some(old) });
        match (open_project(&path), expected) {
            (Ok(opened), Ok((runs, warning))) => {
                assert_eq!(opened.runs.len(), runs, "{entry}");
                let text = opened.warnings.join("\n");
                assert!(text.contains(warning) && text.contains(entry), "{text}");
            }
            (Err(error), Err(expected)) => {
                assert!(error.to_string().contains(expected), "{error}");
            }
            (opened, _) => panic!("{entry}: {opened:?}"),
        }
    };
    check("project.ron", None, Err("project.ron: it is missing"));
    check("project.ron", Some(b"Project(\nnmae: 3)"), Err("project.ron, line 2"));
    check("project.ron", Some(b"Project(format_version: 9)"), Err("newer Hourglass"));
    check("manifest.ron", None, Err("another kind of zip"));
    check(
        "manifest.ron",
        Some(b"HourglassProject(version: 7, runs: [], more: 1)"),
        Err("newer Hourglass (format 7"),
    );
    check("runs/4/run.ron", Some(b"Run("), Ok((1, "run 4 is not loaded")));
    check("runs/4/run.ron", None, Ok((1, "it is missing")));
    check("runs/1/weights.safetensors", Some(b"rubbish"), Ok((2, "not used or resumed")));
    check("runs/1/checkpoint.ron", None, Ok((2, "it is missing")));
    check("runs/1/best.safetensors", None, Ok((2, "it is missing")));
    check("runs/1/kept/000002.safetensors", Some(b""), Ok((2, "its replay is not loaded")));
}

#[test]
fn after_a_failed_save_the_old_project_opens() {
    let dir = dir();
    let path = saved(dir.path());
    let files = Files::default();
    let faults = [
        Fault::DiskFull { after_bytes: 0 },
        Fault::DiskFull { after_bytes: 2000 },
        Fault::ReadOnly,
        Fault::Denied,
        Fault::Crash,
    ];
    for fault in faults {
        files.inject(Some(fault));
        let error =
            save_project(&files, &path, &Project::default(), &[run(9)]).expect_err("must fail").to_string();
        if matches!(fault, Fault::DiskFull { .. }) {
            assert!(error.contains("the disk is full. Free some space"), "{error}");
        }
        let opened = open_project(&path).expect("opens");
        assert_eq!(opened.runs.len(), 2, "{fault:?}");
    }
}

#[test]
fn designs_open_by_content() {
    let dir = dir();
    let path = dir.path().join("b.ron");
    let project = Recipe::Linear.project();
    save_design(&Files::default(), &path, &project).expect("saved");
    let opened = open_any(&path).expect("opens");
    assert!(matches!(opened, OpenedFile::Design(design) if design == project));
    fs::write(&path, "Project(\n  nmae: 3)").expect("written");
    let message = open_any(&path).expect_err("misspelt").to_string();
    assert!(message.contains("b.ron, line 2, column"), "{message}");
    fs::write(&path, b"Project(\xFF").expect("written");
    assert!(open_any(&path).is_err());
}

#[test]
fn relative_paths_of_data_start_at_the_file() {
    let dir = dir();
    let path = dir.path().join("b.ron");
    fs::write(&path, "Project(data: (source: Csv(path: \"tables/a.csv\")))").expect("written");
    let project = open_design(&path).expect("opens");
    assert_eq!(project.data.source.path(), Some(&dir.path().join("tables/a.csv")));
}

#[test]
fn the_store_returns_what_was_written() {
    let root = dir();
    let store = Store::create(root.path()).expect("created");
    let origin = root.path().join("a.hourglass");
    store.save_design(&Project::default(), Some(&origin)).expect("stored");
    store.import_run(&run(2)).expect("stored");
    // Another run, step by step, as the worker trains it.
    let mut live = run(3);
    live.status = Status::Training;
    store.save_run(&live).expect("stored");
    let mut seen = KeptEpochs::new(live.kept.probe.clone());
    for kept in live.kept.iter() {
        seen.push(kept.clone());
        store.save_kept(live.id, &seen).expect("stored");
    }
    for epoch in 1..=5 {
        store.append_epochs(live.id, &[record(epoch)]).expect("stored");
    }
    store.append_greedy(live.id, live.history.pretraining.iter()).expect("stored");
    store.save_checkpoint(live.id, &checkpoint(2)).expect("stored");
    store.save_checkpoint(live.id, &checkpoint(3)).expect("stored");

    // In use by this process, so nobody else may take it.
    assert_eq!(Store::recoverable(root.path()), vec![]);
    assert!(matches!(Store::open(store.path()), Err(FileError::InUse { .. })));
    drop(store);

    let found = Store::recoverable(root.path()).remove(0);
    assert_eq!((found.runs, found.origin), (2, Some(origin)));
    let store = Store::open(&found.path).expect("free");
    let opened = store.load().expect("loads");
    assert_eq!(opened.warnings, Vec::<String>::new());
    assert!(same(&opened.runs[0], &run(2)));
    assert!(same(&opened.runs[1], &run(3)), "{:#?}", opened.runs[1]);
    store.remove_run(RunId(2)).expect("removed");
    assert_eq!(store.load().expect("loads").runs.len(), 1);
    store.discard().expect("removed");
    assert!(!found.path.exists());
}

#[test]
fn a_store_that_cannot_be_written_keeps_what_it_has() {
    let root = dir();
    let files = Files::default();
    let store = Store::create_with(files.clone(), root.path()).expect("created");
    store.save_design(&Project::default(), None).expect("stored");
    store.import_run(&run(1)).expect("stored");
    for fault in [Fault::DiskFull { after_bytes: 40 }, Fault::ReadOnly, Fault::Crash] {
        files.inject(Some(fault));
        let failed = [
            store.save_design(&Recipe::Linear.project(), None),
            store.save_run(&run(1)),
            store.save_checkpoint(RunId(1), &checkpoint(9)),
            store.save_kept(RunId(1), &kept(4)),
        ];
        assert!(failed.iter().all(Result::is_err), "{failed:?}");
        files.inject(None);
        let opened = store.load().expect("loads");
        assert_eq!(opened.project, Project::default());
        assert!(same(&opened.runs[0], &run(1)));
    }
    // A record truncated by a full disk, then a complete one.
    files.inject(Some(Fault::DiskFull { after_bytes: 30 }));
    assert!(store.append_epochs(RunId(1), &[record(3)]).is_err());
    files.inject(None);
    store.append_epochs(RunId(1), &[record(3)]).expect("stored");
    assert!(same(&store.load().expect("loads").runs[0], &run(1)));
}

#[test]
fn a_run_written_before_its_scaling_and_its_split_were_stored_is_read() {
    let run = Run { normaliser: None, split: None, ..run(1) };
    let text = super::run_files::run_text(&run).expect("encodes");
    let old = text.replace("normaliser: None,", "").replace("split: None,", "");
    assert_eq!(old.len() + "normaliser: None,split: None,".len(), text.len());
    let read: Run = ron::from_str(&old).expect("reads");
    assert_eq!((read.normaliser, read.split, read.fingerprint), (None, None, run.fingerprint));
    // Means were added later.
    let read: Normaliser = ron::from_str("(offsets: [1.0], factors: [2.0])").expect("reads");
    assert_eq!(
        read,
        Normaliser {
            offsets: vec![1.0],
            factors: vec![2.0],
            means: vec![],
            columns: vec![],
            table: vec![],
            others: vec![],
            depth: None,
            settled: crate::dataset::Settled::default()
        }
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_numbers_are_restored_bit_for_bit(
        bits in proptest::collection::vec(any::<u32>(), 0..40),
        moments in proptest::collection::vec(any::<u32>(), 0..40),
        numbers in proptest::collection::vec(any::<u64>(), 3),
        special in 0usize..4,
    ) {
        let number = |at: usize| f64::from_bits(numbers[at]);
        let mut run = bare_run(1);
        run.status = Status::Done;
        let (weights, moments) = (Arc::new(arrays(&run, &[""], &bits)), arrays(&run, &MOMENTS, &moments));
        let mut checkpoint = Checkpoint { weights, moments, ..checkpoint_of(&run, 3) };
        let special = [f64::INFINITY, f64::NEG_INFINITY, -0.0, f64::MIN_POSITIVE][special];
        let losses = Losses::new(&Terms::default(), &[number(0)]).expect("the total");
        checkpoint.progress.sums = LossSums { losses, squared_error: special, samples: 1 };
        run.checkpoint = Some(Arc::new(checkpoint));
        let records = (1..=3).map(|epoch| EpochRecord { mse: number(1), ..record(epoch) });
        run.history.epochs = records.collect();
        run.pca_mse = Some(number(2));
        let dir = dir();
        let path = dir.path().join("a.hourglass");
        save_project(&Files::default(), &path, &run.design, &[&run]).expect("saved");
        let opened = open_project(&path).expect("opens");
        prop_assert!(opened.warnings.is_empty(), "{:?}", opened.warnings);
        run.seconds = opened.runs[0].seconds;
        prop_assert!(same(&opened.runs[0], &run), "{:?}", opened.runs[0]);
    }
}
