//! Saves that coincide with other programs, killed programs and deleted folders.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use hourglass::io::open_project;
use hourglass::run::{Run, Status};

fn start(dir: &Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_hourglass"))
        .args(arguments)
        .current_dir(dir)
        .env("HOURGLASS_STATE", dir.join("state"))
        .env("HOURGLASS_CONFIG", dir.join("config"))
        .env("TMPDIR", dir.join("temporary"))
        .env_remove("RUST_LOG")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started")
}

fn end(child: Child) -> (Output, String) {
    let output = child.wait_with_output().expect("ended");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    (output, told)
}

#[track_caller]
fn ok(dir: &Path, arguments: &[&str]) {
    let (output, told) = end(start(dir, arguments));
    assert!(output.status.success(), "{arguments:?}\n{told}");
}

fn dir() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn runs(path: &Path) -> Vec<Run> {
    let opened = open_project(path).expect("opens");
    assert_eq!(opened.warnings, Vec::<String>::new());
    opened.runs
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("a folder").flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Starts all of them at once; each must report the correct number of its run in the file.
#[track_caller]
fn check_at_once(dir: &Path, file: &str, commands: &[Vec<&str>]) {
    let children: Vec<Child> = commands.iter().map(|arguments| start(dir, arguments)).collect();
    let ends: Vec<_> = children.into_iter().map(end).collect();
    let all = runs(&dir.join(file));
    for ((output, told), arguments) in ends.iter().zip(commands) {
        assert!(output.status.success(), "{arguments:?}\n{told}");
        let last: serde_json::Value =
            serde_json::from_slice(output.stdout.split(|byte| *byte == b'\n').rev().nth(1).expect("a line"))
                .expect("JSON");
        let run = all.iter().find(|run| u64::from(run.id.0) == last["run"]).expect("the run it names");
        let seed = arguments.iter().skip_while(|word| **word != "--seed").nth(1).expect("a seed");
        assert_eq!(run.design.training.seed.to_string(), *seed, "{told}");
        assert_eq!(Some(run.history.epochs.len() as u64), last["epochs"].as_u64());
        assert_eq!(run.status, Status::Done);
    }
}

#[test]
fn simultaneous_trainings_into_one_file_are_all_saved() {
    let dir = dir();
    ok(dir.path(), &["train", "recipe:undercomplete", "--epochs", "1", "-o", "a.hourglass"]);
    let train = |seed| {
        vec!["train", "a.hourglass", "--epochs", "4", "--checkpoint-every", "1", "--json", "--seed", seed]
    };
    check_at_once(dir.path(), "a.hourglass", &["11", "12", "13", "14"].map(train));
    assert_eq!(runs(&dir.path().join("a.hourglass")).len(), 5);

    // A file that is new to both.
    let train = |seed| {
        let subject = ["train", "recipe:undercomplete", "-o", "b.hourglass", "--json"];
        [&subject[..], &["--epochs", "40", "--seed", seed]].concat()
    };
    let first = start(dir.path(), &train("21"));
    let second = start(dir.path(), &train("22"));
    let (ends, file) = ([end(first), end(second)], dir.path().join("b.hourglass"));
    // If one checks for the file after the other has saved it, it reports that the file exists.
    let done = ends.iter().filter(|(output, _)| output.status.success()).count();
    assert_eq!(runs(&file).len(), done);
    assert_eq!(names(dir.path()), ["a.hourglass", "b.hourglass"]);
}

#[test]
fn both_results_of_a_run_resumed_twice_are_kept() {
    let dir = dir();
    let file = dir.path().join("a.hourglass");
    ok(dir.path(), &["train", "recipe:undercomplete", "--epochs", "2", "-o", "a.hourglass"]);
    let resume = |epochs| {
        let arguments = ["train", "a.hourglass", "--resume", "--epochs", epochs];
        start(dir.path(), &[&arguments[..], &["--checkpoint-every", "1"]].concat())
    };
    let (one, two) = (resume("30"), resume("40"));
    let (one, two) = (end(one).1, end(two).1);
    let mut epochs: Vec<_> = runs(&file).iter().map(|run| run.history.epochs.len()).collect();
    epochs.sort_unstable();
    // One that began after the other had ended has resumed its result.
    assert!(epochs == [30, 40] || epochs == [40], "{epochs:?}\n{one}\n{two}");
}

#[test]
fn files_left_by_killed_saves_are_removed_at_the_next_start() {
    let dir = dir();
    ok(dir.path(), &["train", "recipe:undercomplete", "--epochs", "1", "-o", "a.hourglass"]);
    let arguments = ["train", "a.hourglass", "--epochs", "100000", "--checkpoint-every", "1", "--json"];
    for _ in 0..3 {
        let mut child = start(dir.path(), &arguments);
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        lines.next().expect("a line").expect("text");
        child.kill().expect("killed");
        child.wait().expect("ended");
    }
    fs::write(dir.path().join(".a.hourglass-abc123.hourglass.part"), "left").expect("written");
    ok(dir.path(), &["evaluate", "a.hourglass"]);
    assert_eq!(names(dir.path()), ["a.hourglass"]);
}

/// The folder is deleted while the run trains: nothing that already exists in the folder for
/// temporary files is written to.
#[cfg(unix)]
#[test]
fn a_run_that_cannot_be_saved_is_rescued_to_a_new_folder() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let dir = dir();
    let (folder, temporary) = (dir.path().join("folder"), dir.path().join("temporary"));
    fs::create_dir(&folder).expect("made");
    fs::create_dir(&temporary).expect("made");
    let victim = dir.path().join("victim");
    fs::write(&victim, "precious").expect("written");
    let arguments =
        ["train", "recipe:undercomplete", "-o", "folder/a.hourglass", "--epochs", "200", "--json"];
    let mut child = start(dir.path(), &arguments);
    symlink(&victim, temporary.join(format!("a-{}.hourglass", child.id()))).expect("linked");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    lines.next().expect("a line").expect("text");
    fs::remove_dir_all(&folder).expect("removed");
    for line in lines {
        line.expect("text");
    }
    let (output, told) = end(child);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert_eq!(fs::read_to_string(&victim).expect("there"), "precious");
    let rescued: Vec<_> = names(&temporary).into_iter().filter(|name| told.contains(name.as_str())).collect();
    assert_eq!(rescued.len(), 1, "{told}");
    let path = temporary.join(&rescued[0]);
    assert_eq!(fs::symlink_metadata(&path).expect("there").permissions().mode() & 0o7777, 0o600);
    assert_eq!(runs(&path)[0].history.epochs.len(), 200);
}
