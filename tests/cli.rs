//! The command line as people and scripts use it: exit codes, results on stdout, files left behind.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use hourglass::dataset::{Progress, Rows, load};
use hourglass::io::{Files, open_project, save_design, save_project};
use hourglass::project::{Data, EarlyStopping, Recipe, Scaling, Shape, Source};
use hourglass::run::{KeptEpochs, Run, Status};
use serde_json::Value;

struct Done {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn command(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hourglass"));
    command
        .args(arguments)
        .current_dir(dir)
        .env("HOURGLASS_STATE", dir.join("state"))
        .env("HOURGLASS_CONFIG", dir.join("config"))
        .env_remove("RUST_LOG");
    command
}

fn run(dir: &Path, arguments: &[&str]) -> Done {
    let output = command(dir, arguments).output().expect("started");
    Done {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
    }
}

/// Runs a command that must succeed and gives its results.
#[track_caller]
fn ok(dir: &Path, arguments: &[&str]) -> String {
    let done = run(dir, arguments);
    assert_eq!(done.code, Some(0), "{arguments:?}\n{}{}", done.stdout, done.stderr);
    done.stdout
}

/// Runs a command that must fail with this code and say these words on stderr.
#[track_caller]
fn fails(dir: &Path, arguments: &[&str], code: i32, words: &str) {
    let done = run(dir, arguments);
    assert_eq!(done.code, Some(code), "{arguments:?}\n{}{}", done.stdout, done.stderr);
    assert!(done.stderr.contains(words), "{arguments:?}: {:?} is not in\n{}", words, done.stderr);
}

fn last_json(stdout: &str) -> Value {
    serde_json::from_str(stdout.lines().last().expect("a line")).expect("JSON")
}

fn dir() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn runs(dir: &Path, name: &str) -> Vec<Run> {
    open_project(&dir.join(name)).expect("opens").runs
}

/// An array as data, its values as they are.
fn rows_of(path: PathBuf) -> Data {
    Data {
        source: Source::Npy {
            path,
            array: None,
            labels: None,
            reading: hourglass::project::ArrayReading::default(),
        },
        ..Data::default()
    }
}

/// A small table with two clusters.
fn write_table(path: &Path, offset: f32) {
    let mut text = String::from("a,b,c,d,e\n");
    for row in 0..120 {
        let value = |column: usize| ((row * 7 + column * 13) % 29) as f32 / 29.0 + offset;
        let row: Vec<String> = (0..5).map(|column| value(column).to_string()).collect();
        text += &(row.join(",") + "\n");
    }
    fs::write(path, text).expect("written");
}

#[test]
fn help_teaches_and_wrong_use_is_code_2() {
    let dir = dir();
    let help = ok(dir.path(), &["--help"]);
    for word in ["Examples:", "recipe:undercomplete", "Exit codes", "bench"] {
        assert!(help.contains(word), "{word}");
    }
    for command in ["recipes", "new", "check", "train", "evaluate", "encode", "reconstruct", "bench"] {
        ok(dir.path(), &[command, "--help"]);
    }
    assert!(ok(dir.path(), &["--version"]).starts_with("hourglass "));
    fails(dir.path(), &["train"], 2, "Usage");
    fails(dir.path(), &["trian"], 2, "no command and no file trian");
    fails(dir.path(), &["missing.hourglass"], 1, "there is no file missing.hourglass");
    fails(dir.path(), &["train", "recipe:nonsense"], 2, "undercomplete");
    fails(dir.path(), &["train", "recipe:linear", "--size", "3by4"], 2, "64x48");
    fails(dir.path(), &["train", "recipe:linear", "--size", "8x8"], 2, "folders of pictures");
    fails(dir.path(), &["train", "undercomplete"], 1, "did you mean recipe:undercomplete");
    fails(dir.path(), &["train", "missing.hourglass"], 1, "missing.hourglass");
}

#[test]
fn every_recipe_is_listed_written_and_sound() {
    let dir = dir();
    let listed = ok(dir.path(), &["recipes"]);
    let (claims, lines): (Vec<&str>, Vec<&str>) = listed.lines().partition(|line| line.starts_with(' '));
    let names: Vec<&str> = lines.iter().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, Recipe::ALL.map(Recipe::name));
    assert!(claims.len() == names.len() && claims.iter().all(|claim| claim.contains("trained: ")));
    for name in names {
        let file = format!("{name}.ron");
        assert_eq!(ok(dir.path(), &["new", name, "-o", &file]).trim(), file);
        assert!(ok(dir.path(), &["check", &file]).contains("parameters"));
    }
    fails(dir.path(), &["new", "linear", "-o", "linear.ron"], 1, "--force");
    ok(dir.path(), &["new", "linear", "-o", "linear.ron", "--force"]);
    ok(dir.path(), &["new", "linear", "-o", "linear.hourglass"]);
    fails(dir.path(), &["new", "linear", "-o", "linear.txt"], 2, ".ron");
}

#[test]
fn the_design_of_the_readme_is_sound() {
    let dir = dir();
    let readme = include_str!("../README.md");
    let example = readme.split("```ron\n").nth(1).and_then(|rest| rest.split("```").next());
    fs::write(dir.path().join("example.ron"), example.expect("an example")).expect("written");
    let said = ok(dir.path(), &["check", "example.ron"]);
    assert!(said.starts_with("ok: 8×8 grey through 8 numbers"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn check_names_places() {
    let dir = dir();
    let file = dir.path().join("a.ron");
    fs::write(&file, "Project(\n  encodr: [],\n)").expect("written");
    fails(dir.path(), &["check", "a.ron"], 1, "line 2");
    fs::write(&file, "Project(encoder: [Dense(units: 0)])").expect("written");
    let done = run(dir.path(), &["check", "a.ron"]);
    assert_eq!(done.code, Some(1), "{}", done.stderr);
    assert!(done.stdout.contains("error: encoder layer 1"), "{}", done.stdout);
    fails(dir.path(), &["train", "a.ron"], 1, "encoder layer 1");
    fs::write(&file, "Project(data: (source: Csv(path: \"nowhere.csv\")))").expect("written");
    let done = run(dir.path(), &["check", "a.ron"]);
    assert_eq!(done.code, Some(1));
    assert!(done.stdout.contains("nowhere.csv"), "{}", done.stdout);
}

#[test]
fn what_is_missing_is_named_with_its_place_and_the_way_to_point_at_it() {
    let dir = dir();
    let path = dir.path();
    let here = path.canonicalize().expect("there");
    let check = |arguments: &[&str], words: &[&str]| {
        let done = run(path, arguments);
        assert_eq!(done.code, Some(1), "{arguments:?} {}", done.stderr);
        for word in words {
            assert!((done.stdout.clone() + &done.stderr).contains(word), "{word}: {}", done.stderr);
        }
    };
    fs::write(path.join("a.ron"), "Project(data: (source: Csv(path: \"data/t.csv\")))").expect("written");
    let whole = here.join("data").join("t.csv");
    let words =
        ["the data of this design are not there", "data/t.csv, nor is there the folder", "--data PATH"];
    for command in ["check", "train", "bench"] {
        check(&[command, "a.ron"], &words);
        check(&[command, "a.ron"], &[&whole.to_string_lossy()]);
    }
    let table = path.join("t.csv");
    write_table(&table, 0.0);
    let given = here.join("no.csv");
    check(&["train", "a.ron", "--data", "no.csv"], &["--data: there is no", &given.to_string_lossy()]);
    ok(path, &["train", "a.ron", "--data", "t.csv", "--epochs", "2", "-o", "t.hourglass"]);
    let whole = last_json(&ok(path, &["evaluate", "t.hourglass", "--json"]));

    fs::rename(&table, path.join("moved.csv")).expect("moved");
    let words =
        ["the data run 1 was trained on are not there", "t.csv. Where it was moved", "FILE NEW_PLACE"];
    check(&["evaluate", "t.hourglass"], &words);
    check(&["encode", "t.hourglass", "-o", "a.csv"], &words);
    check(&["reconstruct", "t.hourglass", "-o", "a"], &words);
    check(&["encode", "t.hourglass", "no.csv", "-o", "a.csv"], &["the data: there is no", "no.csv; check"]);
    check(&["train", "t.hourglass", "--resume", "--epochs", "3"], &[words[0], "--data PATH"]);
    check(&["evaluate", "gone.hourglass"], &["no file gone.hourglass in", &here.to_string_lossy()]);

    // The new place is enough: it is the same data, with the same split.
    let moved = ["evaluate", "t.hourglass", "moved.csv", "--split", "test", "--json"];
    assert_eq!(last_json(&ok(path, &moved)), whole);
    assert_eq!(last_json(&ok(path, &["evaluate", "t.hourglass", "moved.csv", "--json"])), whole);
    ok(path, &["train", "t.hourglass", "--resume", "--epochs", "3", "--data", "moved.csv"]);
    ok(path, &["evaluate", "t.hourglass"]);
    write_table(&table, 0.5);
    check(&["evaluate", "t.hourglass", "t.csv", "--split", "test"], &["no split; leave --split out"]);
}

#[test]
fn a_training_leaves_a_project_that_every_command_reads() {
    let dir = dir();
    let path = dir.path();
    let out = ok(path, &["train", "recipe:undercomplete", "--epochs", "2", "--seed", "5", "--json"]);
    assert_eq!(out.lines().count(), 3);
    let last = last_json(&out);
    for key in [
        "epochs",
        "train_loss",
        "val_loss",
        "val_mse",
        "pca_mse",
        "params",
        "steps",
        "seconds",
        "samples_per_sec",
    ] {
        assert!(last[key].is_number(), "{key}: {last}");
    }
    assert_eq!((&last["epochs"], &last["file"]), (&2.into(), &"undercomplete.hourglass".into()));
    let file = "undercomplete.hourglass";
    let run_1 = &runs(path, file)[0];
    assert_eq!((&run_1.status, run_1.design.training.seed), (&Status::Done, 5));
    assert_eq!(run_1.kept.newest().map(|kept| kept.epoch), Some(2));

    let result = last_json(&ok(path, &["evaluate", file, "--split", "validation", "--json"]));
    let difference = result["mse"].as_f64().expect("a number") - last["val_mse"].as_f64().expect("a number");
    assert!(difference.abs() < 1e-6, "{result} {last}");
    assert!(ok(path, &["evaluate", file]).contains("split test, 180 samples"));

    ok(path, &["encode", file, "-o", "codes.npy"]);
    ok(path, &["encode", file, "-o", "codes.csv"]);
    let codes = load(&rows_of(path.join("codes.npy")), &Progress::default()).expect("an array");
    assert_eq!((codes.len(), codes.shape), (1797, Shape::Vector(2)));
    let table = fs::read_to_string(path.join("codes.csv")).expect("written");
    assert_eq!(table.lines().count(), 1798);
    let Rows::F32(values) = &codes.rows else { panic!("not floats") };
    let last_code: Vec<String> = values[values.len() - 2..].iter().map(ToString::to_string).collect();
    assert!(table.trim_end().ends_with(&format!(",{}", last_code.join(","))), "{last_code:?}");
    assert!(table.lines().next().expect("a header").ends_with("code 1,code 2"), "{table:.80}");
    assert!(ok(path, &["reconstruct", file, "-o", "rebuilt"]).starts_with("1797 pictures"));
    assert_eq!(fs::read_dir(path.join("rebuilt")).expect("made").count(), 1797);

    // The recipe again would overwrite it; the project itself gets a second run.
    fails(path, &["train", "recipe:undercomplete", "--epochs", "1"], 1, "--force");
    let second = ok(path, &["train", file, "--epochs", "1"]);
    let baseline = run_1.pca_mse.expect("a baseline");
    assert_eq!(last["pca_mse"].as_f64(), Some(baseline));
    assert!(second.contains(" per feature (PCA 0.0"), "{second}");
    assert_eq!(runs(path, file).iter().map(|run| run.id.0).collect::<Vec<_>>(), [1, 2]);
    ok(path, &["evaluate", file, "--run", "1"]);
    fails(path, &["evaluate", file, "--run", "9"], 1, "there are: 1 (done), 2 (done)");
    fails(path, &["train", file, "--resume"], 1, "--epochs");
}

#[test]
fn a_resumed_training_ends_as_one_that_never_stopped() {
    let dir = dir();
    let train = |arguments: &[&str]| last_json(&ok(dir.path(), arguments));
    let whole = train(&["train", "recipe:denoising", "--epochs", "4", "-o", "whole.hourglass", "--json"]);
    train(&["train", "recipe:denoising", "--epochs", "2", "-o", "halves.hourglass", "--json"]);
    let halves = train(&["train", "halves.hourglass", "--resume", "--epochs", "4", "--json"]);
    for key in ["train_loss", "val_loss", "val_mse", "steps"] {
        assert_eq!(whole[key], halves[key], "{key}");
    }
    let (whole, halves) = (runs(dir.path(), "whole.hourglass"), runs(dir.path(), "halves.hourglass"));
    let weights = |runs: &[Run]| runs[0].checkpoint.as_ref().map(|checkpoint| checkpoint.weights.clone());
    assert!(weights(&whole).is_some() && weights(&whole) == weights(&halves));
    assert_eq!((halves.len(), halves[0].history.epochs.len(), halves[0].edits.len()), (1, 4, 1));
}

#[test]
fn a_training_killed_while_patience_runs_out_ends_in_the_same_state() {
    let dir = dir();
    let path = dir.path();
    // Nothing is ever an improvement, so that patience runs out for sure: after 31 epochs.
    let mut design = Recipe::Denoising.project();
    design.training.early_stopping = Some(EarlyStopping { patience: 30, min_delta: 1e6 });
    save_design(&Files::default(), &path.join("a.ron"), &design).expect("saved");
    let state = |name: &str| {
        let run = runs(path, name).remove(0);
        let mut checkpoint = run.checkpoint.as_deref().expect("a checkpoint").clone();
        checkpoint.progress.seconds = 0.0;
        checkpoint
    };
    ok(path, &["train", "a.ron", "--epochs", "100", "-o", "whole.hourglass"]);
    let whole = state("whole.hourglass");
    assert_eq!((whole.progress.epoch, whole.progress.stale_epochs), (31, 30));

    let start = ["train", "a.ron", "--epochs", "100", "-o", "killed.hourglass"];
    let resume = ["train", "killed.hourglass", "--resume"];
    for arguments in [&start[..], &resume] {
        let arguments = [arguments, &["--checkpoint-every", "1", "--json"]].concat();
        let mut child =
            command(path, &arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
        // The second epoch is on disk before the third is said.
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        assert_eq!(lines.take(3).count(), 3);
        child.kill().expect("killed");
        child.wait().expect("ended");
        assert!(state("killed.hourglass").progress.stale_epochs > 0);
    }
    ok(path, &resume);
    assert_eq!(state("killed.hourglass"), whole);
    fails(path, &resume, 1, "run 1 is done after 31 epochs");
    ok(path, &["train", "killed.hourglass", "--resume", "--epochs", "33"]);
    let run = &runs(path, "killed.hourglass")[0];
    assert_eq!((run.history.epochs.len(), run.edits.len(), run.epochs), (33, 1, 33));
}

#[test]
fn tables_are_trained_on_and_a_changed_one_is_not_resumed() {
    let dir = dir();
    let path = dir.path();
    let table = path.join("table.csv");
    write_table(&table, 0.0);
    ok(path, &["train", "recipe:undercomplete", "--data", "table.csv", "--epochs", "2", "-o", "t.hourglass"]);
    assert_eq!(runs(path, "t.hourglass")[0].shape.features(), 5);
    ok(path, &["encode", "t.hourglass", "table.csv", "-o", "codes.csv"]);
    ok(path, &["reconstruct", "t.hourglass", "-o", "rebuilt"]);
    let rebuilt = fs::read_to_string(path.join("rebuilt/reconstructions.csv")).expect("written");
    assert_eq!(rebuilt.lines().count(), 121);
    // The columns are the table's own: these are features, not codes.
    assert!(rebuilt.starts_with("a,b,c,d,e\n"), "{rebuilt:.80}");

    write_table(&table, 0.5);
    fails(
        path,
        &["train", "t.hourglass", "--resume", "--epochs", "9"],
        1,
        "not the data run 1 was trained on",
    );
    fs::write(&table, "a,b\n1,2\n3,4\n5,6\n").expect("written");
    fails(
        path,
        &["encode", "t.hourglass", "table.csv", "-o", "two.csv"],
        1,
        "are missing: \"c\", \"d\", \"e\"",
    );
    fs::remove_file(&table).expect("removed");
    fails(path, &["train", "t.hourglass", "--resume", "--epochs", "9"], 1, "table.csv");
}

/// Changes the first run of a project file in the way `edit` says.
fn edit_run(dir: &Path, name: &str, edit: impl FnOnce(&mut Run)) {
    let mut opened = open_project(&dir.join(name)).expect("opens");
    edit(&mut opened.runs[0]);
    let runs: Vec<&Run> = opened.runs.iter().collect();
    save_project(&Files::default(), &dir.join(name), &opened.project, &runs).expect("saved");
}

#[test]
fn a_run_watched_by_a_row_beyond_its_data_is_used_but_not_resumed() {
    let dir = dir();
    ok(dir.path(), &["train", "recipe:linear", "--epochs", "1"]);
    edit_run(dir.path(), "linear.hourglass", |run| {
        let mut probe = (*run.kept.probe).clone();
        probe.code_rows[0] = 100_000_000;
        let mut kept = KeptEpochs::new(Arc::new(probe));
        run.kept.iter().for_each(|one| kept.push(Arc::clone(one)));
        run.kept = kept;
    });
    let resume = ["train", "linear.hourglass", "--resume", "--epochs", "2"];
    fails(dir.path(), &resume, 1, "run 1 is watched by row 100000000, but its data have 1797 rows");
    ok(dir.path(), &["evaluate", "linear.hourglass"]);
    ok(dir.path(), &["encode", "linear.hourglass", "-o", "codes.csv"]);
}

#[test]
fn new_rows_are_scaled_as_the_training_rows_were_though_those_are_gone() {
    let dir = dir();
    let path = dir.path();
    let table = path.join("table.csv");
    write_table(&table, 0.0);
    let text = fs::read_to_string(&table).expect("written");
    // By themselves these rows would be scaled in another way: they do not span the columns.
    let few: Vec<&str> = text.lines().take(13).collect();
    fs::write(path.join("few.csv"), few.join("\n")).expect("written");
    ok(path, &["train", "recipe:undercomplete", "--data", "table.csv", "--epochs", "2", "-o", "t.hourglass"]);
    fs::copy(path.join("t.hourglass"), path.join("old.hourglass")).expect("copied");
    edit_run(path, "old.hourglass", |run| run.normaliser = None);
    ok(path, &["encode", "t.hourglass", "-o", "all-codes.csv"]);
    ok(path, &["encode", "old.hourglass", "few.csv", "-o", "old-codes.csv"]);
    fs::remove_file(&table).expect("removed");
    ok(path, &["encode", "t.hourglass", "few.csv", "-o", "few-codes.csv"]);
    let codes = |name: &str| -> Vec<f64> {
        let text = fs::read_to_string(path.join(name)).expect("written");
        let rows = text.lines().skip(1).take(12);
        let first = text.lines().next().expect("a header").split(',').position(|name| name == "code 1");
        let codes = |row: &str| -> Vec<f64> {
            let codes = row.split(',').skip(first.expect("codes"));
            codes.map(|code| code.parse().expect("a number")).collect()
        };
        rows.flat_map(codes).collect()
    };
    let all = codes("all-codes.csv");
    assert_eq!(all.len(), 24);
    for name in ["few-codes.csv", "old-codes.csv"] {
        for (few, all) in codes(name).iter().zip(&all) {
            assert!((few - all).abs() < 1e-5, "{name}: {few}, not {all}");
        }
    }
    assert!(ok(path, &["evaluate", "t.hourglass", "few.csv"]).contains("12 samples"));
    ok(path, &["reconstruct", "t.hourglass", "few.csv", "-o", "rebuilt"]);
    // A file from before the scaling was stored needs the data it was fitted on.
    fails(path, &["encode", "old.hourglass", "few.csv", "-o", "no.csv"], 1, "needed for their scaling");
}

#[test]
fn gaps_in_new_rows_get_the_means_of_the_training_rows() {
    let dir = dir();
    let path = dir.path();
    write_table(&path.join("table.csv"), 0.0);
    ok(path, &["train", "recipe:undercomplete", "--data", "table.csv", "--epochs", "2", "-o", "t.hourglass"]);
    fs::copy(path.join("t.hourglass"), path.join("old.hourglass")).expect("copied");
    edit_run(path, "old.hourglass", |run| {
        run.normaliser.as_mut().expect("stored").means.clear();
    });
    let means = runs(path, "t.hourglass")[0].normaliser.clone().expect("stored").means;
    assert_eq!(means.len(), 5);
    // One row twice: with a gap, and with the mean of the training rows in it. Alone it has no mean of its own but 0.9.
    let gap = "a,b,c,d,e\n0.1,,0.3,0.4,0.5\n0.1,0.9,0.3,0.4,0.5\n";
    fs::write(path.join("gap.csv"), gap).expect("written");
    fs::write(path.join("full.csv"), gap.replace(",,", &format!(",{},", means[1]))).expect("written");
    let codes = |project: &str, table: &str| {
        let done = run(path, &["encode", project, table, "-o", "codes.csv", "--force"]);
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        (fs::read_to_string(path.join("codes.csv")).expect("written"), done.stderr)
    };
    let (with_gap, said) = codes("t.hourglass", "gap.csv");
    assert!(
        said.contains("1 missing value in 1 column was filled with the column's mean in the training data")
    );
    assert_eq!(with_gap, codes("t.hourglass", "full.csv").0);
    // A file from before they were stored opens; what is done instead is said.
    let (old, said) = codes("old.hourglass", "gap.csv");
    assert!(said.contains("filled with the means of the rows given"), "{said}");
    assert_ne!(old, with_gap);
    // Resuming it stores them.
    ok(path, &["train", "old.hourglass", "--resume", "--epochs", "3"]);
    assert_eq!(runs(path, "old.hourglass")[0].normaliser.clone().expect("stored").means, means);
}

#[test]
fn data_scaled_otherwise_are_not_resumed() {
    let dir = dir();
    ok(dir.path(), &["train", "recipe:linear", "--epochs", "1"]);
    edit_run(dir.path(), "linear.hourglass", |run| run.design.data.scaling = Scaling::Standardise);
    let resume = ["train", "linear.hourglass", "--resume", "--epochs", "2"];
    fails(dir.path(), &resume, 1, "scaled otherwise than when run 1 was trained");
    edit_run(dir.path(), "linear.hourglass", |run| run.design.data.scaling = Scaling::UnitRange);
    ok(dir.path(), &resume);
}

#[test]
fn data_split_otherwise_are_not_resumed() {
    let dir = dir();
    ok(dir.path(), &["train", "recipe:linear", "--epochs", "1"]);
    edit_run(dir.path(), "linear.hourglass", |run| run.design.data.split.seed += 1);
    let resume = ["train", "linear.hourglass", "--resume", "--epochs", "2"];
    fails(dir.path(), &resume, 1, "split otherwise than when run 1 was trained");
    let judged = run(dir.path(), &["evaluate", "linear.hourglass"]);
    assert!(judged.code == Some(0) && judged.stderr.contains("split otherwise"), "{}", judged.stderr);
    // A file from before the split was stored says nothing about it.
    edit_run(dir.path(), "linear.hourglass", |run| run.split = None);
    ok(dir.path(), &resume);
}

#[test]
fn a_damaged_project_is_not_overwritten_by_what_is_left_of_it() {
    let dir = dir();
    ok(dir.path(), &["train", "recipe:linear", "--epochs", "1"]);
    let path = dir.path().join("linear.hourglass");
    let mut bytes = fs::read(&path).expect("there");
    let name = b"weights.safetensors";
    let at = bytes.windows(name.len()).position(|window| window == name).expect("weights");
    // Past the header of the array's file, in its numbers.
    bytes[at + 1000] ^= 0xFF;
    fs::write(&path, &bytes).expect("written");
    fails(dir.path(), &["train", "linear.hourglass", "--epochs", "1"], 1, "-o");
    assert_eq!(fs::read(&path).expect("there"), bytes);
    ok(dir.path(), &["train", "linear.hourglass", "--epochs", "1", "-o", "other.hourglass"]);
}

#[test]
fn a_design_that_claims_more_than_its_weights_is_refused() {
    let dir = dir();
    ok(dir.path(), &["train", "recipe:linear", "--epochs", "1"]);
    edit_run(dir.path(), "linear.hourglass", |run| run.design.code.units = 1 << 40);
    fails(dir.path(), &["encode", "linear.hourglass", "-o", "a.npy"], 1, "run 1");
    edit_run(dir.path(), "linear.hourglass", |run| run.design.code.units = 1 << 14);
    fails(
        dir.path(),
        &["encode", "linear.hourglass", "-o", "a.npy"],
        1,
        "has the shape [4, 64], not [16384, 64]",
    );
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_text_are_names_too() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let dir = dir();
    let name = OsStr::from_bytes(b"a\xFF.hourglass");
    let run = |arguments: &[&OsStr]| {
        let output = command(dir.path(), &[]).args(arguments).output().expect("started");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let words = |text: &'static str| text.split(' ').map(OsStr::new);
    let train: Vec<&OsStr> = words("train recipe:linear --epochs 1 --json -o").chain([name]).collect();
    assert_eq!(last_json(&run(&train))["file"], "a\u{FFFD}.hourglass");
    let evaluated = run(&[OsStr::new("evaluate"), name]);
    assert!(evaluated.contains("180 samples"), "{evaluated}");
    run(&[OsStr::new("train"), name, OsStr::new("--epochs"), OsStr::new("1")]);
    // Data of such a name train and are saved; the name comes back as far as it is text.
    write_table(&dir.path().join(OsStr::from_bytes(b"t\xFF.csv")), 0.0);
    let data = OsStr::from_bytes(b"t\xFF.csv");
    let train: Vec<&OsStr> =
        words("train recipe:undercomplete --epochs 1 -o t.hourglass --data").chain([data]).collect();
    run(&train);
    let saved = runs(dir.path(), "t.hourglass").remove(0);
    assert!(saved.design.data.source.path().expect("a path").ends_with("t\u{FFFD}.csv"));
    run(&[OsStr::new("evaluate"), OsStr::new("t.hourglass"), data]);
}

#[test]
fn an_output_that_cannot_be_written_is_said_before_training() {
    let dir = dir();
    let arguments = ["train", "recipe:linear", "--epochs", "100000", "-o", "no/where.hourglass"];
    fails(dir.path(), &arguments, 1, "Make the folder first");
}

#[test]
fn nothing_that_exists_is_overwritten_without_force() {
    let dir = dir();
    let path = dir.path();
    ok(path, &["train", "recipe:linear", "--epochs", "1"]);
    fs::create_dir(path.join("full")).expect("made");
    let check = |arguments: &[&str], written: &str| {
        let file = path.join(written);
        fs::write(&file, "mine").expect("written");
        fails(path, arguments, 1, "--force");
        assert_eq!(fs::read(&file).expect("there"), b"mine", "{arguments:?}");
        ok(path, &[arguments, &["--force"]].concat());
        assert_ne!(fs::read(&file).expect("there"), b"mine", "{arguments:?}");
    };
    check(&["new", "linear", "-o", "a.ron"], "a.ron");
    check(&["train", "recipe:linear", "--epochs", "1", "-o", "a.hourglass"], "a.hourglass");
    check(&["train", "linear.hourglass", "--epochs", "1", "-o", "b.hourglass"], "b.hourglass");
    check(&["encode", "linear.hourglass", "-o", "a.npy"], "a.npy");
    check(&["encode", "linear.hourglass", "-o", "a.csv"], "a.csv");
    check(&["reconstruct", "linear.hourglass", "-o", "full"], "full/000001.png");
    fails(path, &["reconstruct", "linear.hourglass", "-o", "a.csv"], 1, "is a file");
    // A wrong ending is said before any work, and costs no file.
    fails(path, &["encode", "linear.hourglass", "-o", "codes.txt"], 1, ".npy or .csv");
    // Under whatever name, a project may be saved into itself.
    ok(path, &["train", "linear.hourglass", "--epochs", "1", "-o", "./linear.hourglass"]);
    assert_eq!(runs(path, "linear.hourglass").len(), 2);
    fs::create_dir(path.join("empty")).expect("made");
    ok(path, &["reconstruct", "linear.hourglass", "-o", "empty"]);
}

#[test]
fn a_bench_ends_with_its_numbers() {
    let dir = dir();
    let out = ok(dir.path(), &["bench", "--steps", "5", "--batch", "32", "--json"]);
    for key in ["ms_per_step", "samples_per_sec", "gflops"] {
        assert!(last_json(&out)[key].as_f64().is_some_and(|value| value > 0.0), "{key}: {out}");
    }
}

#[test]
fn a_reader_that_leaves_does_not_end_the_training() {
    let dir = dir();
    let arguments = ["train", "recipe:linear", "--epochs", "30", "--json"];
    let mut child = command(dir.path(), &arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let mut first = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut first).expect("a line");
    let output = child.wait_with_output().expect("ended");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let run = &runs(dir.path(), "linear.hourglass")[0];
    assert_eq!((&run.status, run.history.epochs.len()), (&Status::Done, 30));
}

#[cfg(unix)]
#[test]
fn a_training_that_is_asked_to_end_saves_the_run_and_resumes_from_there() {
    let dir = dir();
    let arguments = ["train", "recipe:linear", "--epochs", "1000000", "--json"];
    let mut child = command(dir.path(), &arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    lines.next().expect("an epoch").expect("a line");
    // Ctrl-C does so too, unless these tests were started to ignore it.
    let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(asked.expect("kill runs").success());
    let last = lines.map_while(Result::ok).last().expect("a last line");
    assert_eq!(child.wait().expect("ended").code(), Some(130));
    assert_eq!(last_json(&last)["status"], "stopped");

    let run = runs(dir.path(), "linear.hourglass").remove(0);
    assert_eq!(run.status, Status::Stopped);
    let epochs = run.history.epochs.len() as u64 + 1;
    let out =
        ok(dir.path(), &["train", "linear.hourglass", "--resume", "--epochs", &epochs.to_string(), "--json"]);
    assert_eq!(last_json(&out)["epochs"], epochs);
}

#[test]
fn a_training_killed_again_and_again_ends_as_one_that_never_was() {
    let dir = dir();
    let whole = last_json(&ok(
        dir.path(),
        &["train", "recipe:denoising", "--epochs", "12", "-o", "whole.hourglass", "--json"],
    ));
    let train = |arguments: &[&str]| {
        let common = ["train", "--epochs", "12", "--checkpoint-every", "1", "--json"];
        let mut command = command(dir.path(), &[&common[..], arguments].concat());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started")
    };
    let mut arguments = &["recipe:denoising", "-o", "killed.hourglass"][..];
    for _ in 0..4 {
        let mut child = train(arguments);
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        // The first epoch is on disk before the second is said.
        for _ in 0..2 {
            lines.next().expect("an epoch").expect("a line");
        }
        child.kill().expect("killed");
        child.wait().expect("ended");
        arguments = &["killed.hourglass", "--resume"];
    }
    let output = train(arguments).wait_with_output().expect("ended");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let killed = last_json(&String::from_utf8(output.stdout).expect("text"));
    assert_eq!((&whole["val_loss"], &whole["steps"]), (&killed["val_loss"], &killed["steps"]));
    assert_eq!(runs(dir.path(), "killed.hourglass")[0].history.epochs.len(), 12);
}

#[test]
fn an_evaluation_names_what_was_chosen_and_doubts_data_on_another_scale() {
    let dir = dir();
    let path = dir.path();
    ok(path, &["train", "recipe:concrete", "--epochs", "1", "-o", "c.hourglass"]);
    assert!(ok(path, &["evaluate", "c.hourglass"]).contains("chosen features: pixel ("));
    let result = last_json(&ok(path, &["evaluate", "c.hourglass", "--json"]));
    assert_eq!(result["chosen"].as_array().map(Vec::len), Some(16));

    ok(path, &["train", "recipe:vae", "--epochs", "1", "-o", "v.hourglass"]);
    ok(path, &["reconstruct", "v.hourglass", "-o", "rebuilt"]);
    // The digits reach to 16, their pictures to 255.
    let done = run(path, &["evaluate", "v.hourglass", "rebuilt"]);
    assert!(done.code == Some(0) && done.stderr.contains("on another scale?"), "{}", done.stderr);
    assert!(!run(path, &["evaluate", "v.hourglass"]).stderr.contains("on another scale?"));
}

#[test]
fn columns_of_other_tables_are_found_by_name() {
    let dir = dir();
    let path = dir.path();
    let table = |name: &str, header: &str, row: fn(usize) -> [usize; 2]| {
        let row = |n: usize| format!("{},{}\n", row(n)[0], row(n)[1]);
        fs::write(path.join(name), format!("{header}\n") + &(0..40).map(row).collect::<String>())
            .expect("written");
    };
    table("t.csv", "x,y", |n| [n % 7, n % 3]);
    table("swapped.csv", "y,x", |n| [n % 3, n % 7]);
    table("renamed.csv", "x,other", |n| [n % 7, n % 3]);
    ok(path, &["train", "recipe:linear", "--data", "t.csv", "--epochs", "1", "-o", "t.hourglass"]);
    let own = ok(path, &["evaluate", "t.hourglass", "t.csv", "--json"]);
    assert_eq!(ok(path, &["evaluate", "t.hourglass", "swapped.csv", "--json"]), own);
    fails(path, &["encode", "t.hourglass", "renamed.csv", "-o", "codes.csv"], 1, "missing: \"y\"");
}
