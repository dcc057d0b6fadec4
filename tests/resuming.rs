//! Runs that were stopped, killed, edited or moved end like uninterrupted ones, or are not resumed.

mod program;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use hourglass::io::{Files, open_project, save_design, save_project};
use hourglass::project::{EarlyStopping, Scaling};
use hourglass::run::{KeptEpochs, Run, Status};
use program::{command, denoising, fails, last_json, run, write_table};

/// Stdout of a command that must succeed.
#[track_caller]
fn ok(dir: &Path, arguments: &[&str]) -> String {
    program::ok(dir, arguments).stdout
}

fn dir() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn runs(dir: &Path, name: &str) -> Vec<Run> {
    open_project(&dir.join(name)).expect("opens").runs
}

/// Writes a design that draws random numbers in every step, and whose rate does not depend on the
/// number of epochs.
fn write_noise(dir: &Path) {
    save_design(&Files::default(), &dir.join("noise.ron"), &denoising()).expect("saved");
}

#[test]
fn a_resumed_training_ends_like_an_uninterrupted_one() {
    let dir = dir();
    write_noise(dir.path());
    let train = |arguments: &[&str]| last_json(&ok(dir.path(), arguments));
    let whole = train(&["train", "noise.ron", "--epochs", "4", "-o", "whole.hourglass", "--json"]);
    train(&["train", "noise.ron", "--epochs", "2", "-o", "halves.hourglass", "--json"]);
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
fn a_training_killed_during_patience_ends_in_the_same_state() {
    let dir = dir();
    let path = dir.path();
    // Nothing ever counts as an improvement, so patience always runs out: after 31 epochs.
    let mut design = denoising();
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
        // The second epoch is on disk before the third is reported.
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        assert_eq!(lines.take(3).count(), 3);
        child.kill().expect("killed");
        child.wait().expect("ended");
        assert!(state("killed.hourglass").progress.stale_epochs > 0);
    }
    ok(path, &resume);
    assert_eq!(state("killed.hourglass"), whole);
    fails(path, &resume, 1, "run 1 is finished after 31 epochs");
    ok(path, &["train", "killed.hourglass", "--resume", "--epochs", "33"]);
    let run = &runs(path, "killed.hourglass")[0];
    assert_eq!((run.history.epochs.len(), run.edits.len(), run.epochs), (33, 1, 33));
}

#[test]
fn a_run_on_a_changed_table_is_not_resumed() {
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
    // The columns have the table's names: these are features, not codes.
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

/// Modifies the first run of a project file with `edit`.
fn edit_run(dir: &Path, name: &str, edit: impl FnOnce(&mut Run)) {
    let mut opened = open_project(&dir.join(name)).expect("opens");
    edit(&mut opened.runs[0]);
    let runs: Vec<&Run> = opened.runs.iter().collect();
    save_project(&Files::default(), &dir.join(name), &opened.project, &runs).expect("saved");
}

#[test]
fn a_run_with_a_probe_row_outside_its_data_is_used_but_not_resumed() {
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
    fails(dir.path(), &resume, 1, "run 1 watches row 100000000, but its data have 1797 rows");
    ok(dir.path(), &["evaluate", "linear.hourglass"]);
    ok(dir.path(), &["encode", "linear.hourglass", "-o", "codes.csv"]);
}

#[test]
fn new_rows_are_scaled_as_in_training_without_the_training_data() {
    let dir = dir();
    let path = dir.path();
    let table = path.join("table.csv");
    write_table(&table, 0.0);
    let text = fs::read_to_string(&table).expect("written");
    // On their own, these rows would be scaled differently, because they do not span the columns.
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
    // A file written before the scaling was stored needs the data it was fitted on.
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
    // One row twice: with a gap, and with the mean of the training rows in its place. On its own,
    // its only mean would be 0.9.
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
    // A file written before they were stored opens and reports the fallback.
    let (old, said) = codes("old.hourglass", "gap.csv");
    assert!(said.contains("filled with the means of the given rows"), "{said}");
    assert_ne!(old, with_gap);
    // Resuming it stores them.
    ok(path, &["train", "old.hourglass", "--resume", "--epochs", "3"]);
    assert_eq!(runs(path, "old.hourglass")[0].normaliser.clone().expect("stored").means, means);
}

#[test]
fn a_run_is_not_resumed_on_data_with_another_scaling() {
    let dir = dir();
    ok(dir.path(), &["train", "recipe:linear", "--epochs", "1"]);
    edit_run(dir.path(), "linear.hourglass", |run| run.design.data.scaling = Scaling::Standardise);
    let resume = ["train", "linear.hourglass", "--resume", "--epochs", "2"];
    fails(dir.path(), &resume, 1, "scaled differently than in the training of run 1");
    edit_run(dir.path(), "linear.hourglass", |run| run.design.data.scaling = Scaling::UnitRange);
    ok(dir.path(), &resume);
}

#[test]
fn a_run_is_not_resumed_on_data_with_another_split() {
    let dir = dir();
    ok(dir.path(), &["train", "recipe:linear", "--epochs", "1"]);
    edit_run(dir.path(), "linear.hourglass", |run| run.design.data.split.seed += 1);
    let resume = ["train", "linear.hourglass", "--resume", "--epochs", "2"];
    fails(dir.path(), &resume, 1, "split differently than in the training of run 1");
    let judged = run(dir.path(), &["evaluate", "linear.hourglass"]);
    assert!(judged.code == Some(0) && judged.stderr.contains("split differently"), "{}", judged.stderr);
    // A file written before the split was stored does not contain it.
    edit_run(dir.path(), "linear.hourglass", |run| run.split = None);
    ok(dir.path(), &resume);
}

#[test]
fn a_damaged_project_is_not_overwritten_by_its_readable_part() {
    let dir = dir();
    ok(dir.path(), &["train", "recipe:linear", "--epochs", "1"]);
    let path = dir.path().join("linear.hourglass");
    let mut bytes = fs::read(&path).expect("there");
    let name = b"weights.safetensors";
    let at = bytes.windows(name.len()).position(|window| window == name).expect("weights");
    // After the header of the array's file, within its numbers.
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

#[test]
fn a_closed_pipe_does_not_end_the_training() {
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
fn a_terminated_training_saves_the_run_and_resumes() {
    let dir = dir();
    let arguments = ["train", "recipe:linear", "--epochs", "1000000", "--json"];
    let mut child = command(dir.path(), &arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    lines.next().expect("an epoch").expect("a line");
    // Ctrl-C does the same, unless these tests were started with it ignored.
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
fn a_repeatedly_killed_training_ends_like_an_uninterrupted_one() {
    let dir = dir();
    write_noise(dir.path());
    let whole = last_json(&ok(
        dir.path(),
        &["train", "noise.ron", "--epochs", "12", "-o", "whole.hourglass", "--json"],
    ));
    let train = |arguments: &[&str]| {
        let common = ["train", "--epochs", "12", "--checkpoint-every", "1", "--json"];
        let mut command = command(dir.path(), &[&common[..], arguments].concat());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started")
    };
    let mut arguments = &["noise.ron", "-o", "killed.hourglass"][..];
    for _ in 0..4 {
        let mut child = train(arguments);
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        // The first epoch is on disk before the second is reported.
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
