//! The command line in a difficult environment: streams that are full, closed or never read,
//! signals, names with terminal control characters, and unusable inputs. On Unix only, because the
//! environment is created with its tools.
#![cfg(unix)]

use std::fs;
use std::io::{Write, pipe};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use hourglass::io::{Files, open_project, save_design};
use hourglass::project::{
    Activation, Delimiter, Header, Layer, Missing, Project, Recipe, Source, Split, Synthetic, is_hidden,
};
use hourglass::run::Status;
use serde_json::Value;

/// Time limit for a program that must end: protects against hanging.
const PATIENCE: Duration = Duration::from_mins(2);
/// A table with a gap, which causes a warning on stderr.
const TABLE: &str = "a,b,c\n1,2,3\n4,,6\n7,8,9\n1,5,3\n2,2,8\n3,1,4\n1,2,2\n4,4,6\n7,8,1\n1,0,3\n";

fn command(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hourglass"));
    prepare(&mut command, dir).args(arguments);
    command
}

/// The program with redirections made by a shell.
fn redirected(dir: &Path, redirection: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    let script = format!("exec \"$@\" {redirection}");
    prepare(&mut command, dir).args(["-c", &script, "sh", env!("CARGO_BIN_EXE_hourglass")]).args(arguments);
    command
}

fn prepare<'a>(command: &'a mut Command, dir: &Path) -> &'a mut Command {
    command.current_dir(dir).env("HOURGLASS_STATE", dir.join("state")).env_remove("RUST_LOG")
}

#[track_caller]
fn ok(dir: &Path, arguments: &[&str]) -> String {
    let output = command(dir, arguments).output().expect("started");
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn dir() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn write_design(path: &Path, edit: impl FnOnce(&mut Project)) {
    let mut project = Recipe::Undercomplete.project();
    project.encoder.clear();
    project.code.units = 2;
    edit(&mut project);
    save_design(&Files::default(), path, &project).expect("saved");
}

/// A folder with a table, a design for tables and a project trained on them.
fn trained() -> tempfile::TempDir {
    let dir = dir();
    fs::write(dir.path().join("t.csv"), TABLE).expect("written");
    write_design(&dir.path().join("d.ron"), |_| {});
    ok(dir.path(), &["train", "d.ron", "--data", "t.csv", "--epochs", "2", "-o", "p.hourglass"]);
    dir
}

#[track_caller]
fn check_done(path: &Path, epochs: usize) {
    let run = open_project(path).expect("opens").runs.remove(0);
    assert_eq!((run.status, run.history.epochs.len()), (Status::Done, epochs));
}

const TRAIN: [&str; 9] =
    ["train", "d.ron", "--data", "t.csv", "--epochs", "30", "-o", "a.hourglass", "--json"];

#[test]
fn failures_of_stderr_are_ignored() {
    let dir = trained();
    let check = |mut command: Command| {
        let output = command.stdout(Stdio::piped()).output().expect("started");
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(text(&output.stdout).lines().count(), 31);
        let path = dir.path().join("a.hourglass");
        check_done(&path, 30);
        fs::remove_file(path).expect("there");
    };
    check(redirected(dir.path(), "2>/dev/full", &TRAIN));
    check(redirected(dir.path(), "2>&-", &TRAIN));
    let (reader, writer) = pipe().expect("a pipe");
    drop(reader);
    let mut broken = command(dir.path(), &TRAIN);
    broken.env("RUST_LOG", "trace").stderr(writer);
    check(broken);
}

/// Commands that print results, and the file each writes.
const COMMANDS: [(&[&str], Option<&str>); 11] = [
    (&TRAIN, Some("a.hourglass")),
    (&["train", "p.hourglass", "--resume", "--epochs", "5"], Some("p.hourglass")),
    (&["new", "linear", "-o", "new.ron"], Some("new.ron")),
    (&["encode", "p.hourglass", "-o", "codes.csv"], Some("codes.csv")),
    (&["reconstruct", "p.hourglass", "-o", "made"], Some("made/reconstructions.csv")),
    (&["evaluate", "p.hourglass"], None),
    (&["evaluate", "p.hourglass", "--json"], None),
    (&["check", "d.ron", "--data", "t.csv"], None),
    (&["bench", "--steps", "2", "--batch", "8"], None),
    (&["recipes"], None),
    (&["--help"], None),
];

#[test]
fn a_full_disk_on_stdout_is_an_error_once_the_work_is_done() {
    let dir = trained();
    for (arguments, file) in COMMANDS {
        let output = redirected(dir.path(), ">/dev/full", arguments).output().expect("started");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains("stdout could not be written"), "{arguments:?}: {said}");
        assert!(file.is_none_or(|file| dir.path().join(file).exists()), "{arguments:?}");
    }
    check_done(&dir.path().join("a.hourglass"), 30);
    check_done(&dir.path().join("p.hourglass"), 5);
}

#[test]
fn a_closed_pipe_ends_a_command_quietly_once_the_work_is_done() {
    let dir = trained();
    for (arguments, file) in COMMANDS {
        let (reader, writer) = pipe().expect("a pipe");
        drop(reader);
        let output = command(dir.path(), arguments).stdout(writer).output().expect("started");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}");
        assert!(!said.contains("error") && !said.contains("panic"), "{arguments:?}: {said}");
        assert!(file.is_none_or(|file| dir.path().join(file).exists()), "{arguments:?}");
    }
    check_done(&dir.path().join("a.hourglass"), 30);
    check_done(&dir.path().join("p.hourglass"), 5);
}

/// Sends a signal.
fn send(child: &Child, signal: &str) {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

/// Waits for an expected event.
#[track_caller]
fn wait_for<T>(mut found: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "it has not happened");
        std::thread::yield_now();
    }
}

#[track_caller]
fn exit_code(child: &mut Child) -> Option<i32> {
    wait_for(|| child.try_wait().expect("waits")).code()
}

#[test]
fn a_blocked_pipe_does_not_block_a_training() {
    let dir = trained();
    let arguments =
        ["train", "d.ron", "--data", "t.csv", "--epochs", "4000000", "--checkpoint-every", "1000", "--json"];
    let (reader, writer) = pipe().expect("a pipe");
    let mut child =
        command(dir.path(), &arguments).stdout(writer).stderr(Stdio::null()).spawn().expect("started");
    // A thousand lines are more than a pipe can buffer.
    let saved = dir.path().join("d.hourglass");
    wait_for(|| saved.exists().then_some(()));
    send(&child, "-TERM");
    assert_eq!(exit_code(&mut child), Some(130));
    let run = open_project(&saved).expect("opens").runs.remove(0);
    assert_eq!(run.status, Status::Stopped);
    drop(reader);
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_ends_every_command() {
    let dir = trained();
    // Loading takes seconds, everything else hours.
    write_design(&dir.path().join("large.ron"), |project| {
        let blobs = Synthetic::Blobs { count: 20_000_000, features: 1, clusters: 2, seed: 1 };
        project.data.source = Source::Synthetic(blobs);
    });
    ok(dir.path(), &["train", "recipe:vae", "--epochs", "1", "-o", "v.hourglass"]);
    let check = |arguments: &[&str], signal: &str| {
        let mut child = command(dir.path(), arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        wait_for(|| catches_signals(&child).then_some(()));
        // Signals that these tests were started to ignore are ignored by the program too.
        send(&child, if is_ignored(signal) { "-TERM" } else { signal });
        assert_eq!(exit_code(&mut child), Some(130), "{arguments:?} {signal}");
    };
    check(&["check", "large.ron"], "-TERM");
    check(&["train", "large.ron", "-o", "l.hourglass"], "-INT");
    check(&["bench", "--steps", "100000000"], "-HUP");
    check(&["evaluate", "v.hourglass", "--likelihood", "1000000"], "-TERM");
    check(&["train", "p.hourglass", "--epochs", "4000000"], "-HUP");
    assert!(!dir.path().join("l.hourglass").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn an_ignored_signal_ends_nothing() {
    const LONG: [&str; 8] = ["train", "d.ron", "--data", "t.csv", "--epochs", "3000", "-o", "a.hourglass"];
    let dir = trained();
    let mut child = Command::new("sh");
    prepare(&mut child, dir.path()).args(["-c", "trap '' HUP; exec \"$@\"", "sh"]);
    child.arg(env!("CARGO_BIN_EXE_hourglass")).args(LONG);
    let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
    wait_for(|| catches_signals(&child).then_some(()));
    send(&child, "-HUP");
    assert_eq!(exit_code(&mut child), Some(0));
    check_done(&dir.path().join("a.hourglass"), 3000);
}

#[cfg(target_os = "linux")]
#[test]
fn a_command_ends_after_writing_even_if_its_output_is_not_read() {
    let dir = trained();
    let (reader, writer) = pipe().expect("a pipe");
    let mut full = writer.try_clone().expect("a pipe");
    // Ends once the reader is gone.
    std::thread::spawn(move || while full.write_all(&[b'\n'; 4096]).is_ok() {});
    let arguments = ["encode", "p.hourglass", "-o", "codes.csv"];
    let mut child =
        command(dir.path(), &arguments).stdout(writer).stderr(Stdio::null()).spawn().expect("started");
    let codes = dir.path().join("codes.csv");
    wait_for(|| codes.exists().then_some(()));
    send(&child, "-TERM");
    // The single line may have fitted before the pipe was full.
    assert!(matches!(exit_code(&mut child), Some(0 | 130)));
    drop(reader);
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_of_pictures_is_written_completely_or_not_at_all() {
    let dir = trained();
    ok(dir.path(), &["train", "recipe:undercomplete", "--epochs", "1", "-o", "digits.hourglass"]);
    let names = || -> Vec<String> {
        let entries = std::fs::read_dir(dir.path()).expect("a folder").flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    };
    let arguments = ["reconstruct", "digits.hourglass", "-o", "made"];
    let mut child =
        command(dir.path(), &arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
    // As soon as it writes, unless it is finished before the check.
    wait_for(|| names().iter().any(|name| name == "made" || name.starts_with(".made-")).then_some(()));
    send(&child, "-TERM");
    let code = exit_code(&mut child);
    assert!(matches!(code, Some(0 | 130)), "{code:?}");
    let names = names();
    assert!(names.iter().all(|name| !name.contains(".part")), "{names:?}");
    let made = std::fs::read_dir(dir.path().join("made"));
    assert!(made.is_err() || made.is_ok_and(|made| made.count() == 1797));
}

/// Whether a program has installed its handlers for termination, checked by the last of the three.
#[cfg(target_os = "linux")]
fn catches_signals(child: &Child) -> bool {
    has_signal(&child.id().to_string(), "SigCgt:", 15)
}

#[cfg(target_os = "linux")]
fn is_ignored(signal: &str) -> bool {
    let number = ["-HUP", "-INT"].iter().position(|known| signal == *known);
    number.is_some_and(|number| has_signal("self", "SigIgn:", number + 1))
}

/// Whether a signal is in a mask of a process.
#[cfg(target_os = "linux")]
fn has_signal(process: &str, mask: &str, signal: usize) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix(mask));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 != 0)
}

#[track_caller]
fn check_clean(output: &Output) -> String {
    let all = text(&output.stdout) + &text(&output.stderr);
    assert!(!all.contains(|c| c != '\n' && is_hidden(c)), "{all:?}");
    all
}

#[test]
fn names_are_shown_with_their_control_characters_escaped() {
    let dir = dir();
    let red = "\u{1b}[31mred\u{202e}\u{9b}";
    write_design(&dir.path().join(format!("{red}.ron")), |project| project.name = red.to_owned());
    write_design(&dir.path().join("d.ron"), |_| {});
    let check = |arguments: &[&str], expected: &str| {
        let output = command(dir.path(), arguments).output().expect("started");
        let all = check_clean(&output);
        assert!(all.contains(expected), "{arguments:?}: {expected:?} is not in {all}");
    };
    let table = |name: &str, rows: &str| {
        fs::write(dir.path().join(name), format!("a,{red}b,\"{red}\nc\"\n{rows}")).expect("written");
    };
    table("gap.csv", &"1,2,3\n4,5,\n".repeat(20));
    table("word.csv", "1,2,3\n4,\u{1b}[2Jx,3\n4,5,6\n");
    table("labels.csv", &format!("1,2,{red}\n3,4,{red}{red}\n").repeat(20));
    table(&format!("{red}.csv"), &"1,2,3\n4,5,\n".repeat(20));
    let escaped = "\\u{1b}[31mred\\u{202e}\\u{9b}";
    check(&["train", "d.ron", "--data", "word.csv", "-o", "w.hourglass"], escaped);
    // A line break within a name becomes a space.
    let name = format!("{escaped} c");
    check(&["train", "d.ron", "--data", "labels.csv", "--epochs", "1", "-o", "l.hourglass"], &name);
    check(
        &["train", "d.ron", "--data", &format!("{red}.csv"), "--epochs", "1", "-o", "a.hourglass"],
        escaped,
    );
    check(&["encode", "a.hourglass", "-o", &format!("{red}codes.csv")], &format!("{escaped}codes.csv"));
    check(&["train", &format!("{red}.ron"), "--epochs", "1"], &format!("{escaped}.hourglass"));
    check(&["evaluate", &format!("{red}.hourglass"), &format!("{red}.csv")], escaped);
    check(&["check", &format!("{red}gone.ron")], &format!("{escaped}gone.ron"));
    check(&[&format!("{red}.hourglas")], escaped);
    // Whole escape sequences are removed from messages about arguments.
    check(&[&format!("--{red}")], "--red\\u{202e}\\u{9b}");
    check(&["new", red, "-o", "x.ron"], escaped);
    fs::write(dir.path().join("damaged.ron"), format!("(name: 1{red})")).expect("written");
    check(&["check", "damaged.ron"], "damaged.ron");

    // Programs receive the name unchanged.
    ok(dir.path(), &["new", "concrete", "-o", "c.ron"]);
    let columns: Vec<String> = (0..40).map(|column| format!("{red}{column}")).collect();
    let row =
        |row: usize| (0..40).map(|c| ((row * 7 + c * 3) % 11).to_string()).collect::<Vec<_>>().join(",");
    let rows: Vec<String> = (0..60).map(row).collect();
    fs::write(dir.path().join("wide.csv"), format!("{}\n{}\n", columns.join(","), rows.join("\n")))
        .expect("written");
    let output = command(dir.path(), &["train", "c.ron", "--data", "wide.csv", "--epochs", "1"]).output();
    check_clean(&output.expect("started"));
    let output = command(dir.path(), &["evaluate", "c.hourglass", "--json"]).output().expect("started");
    check_clean(&output);
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let chosen = found["chosen"][0].as_str().expect("a name");
    assert!(columns.iter().any(|column| column == chosen), "{chosen:?}");
}

#[test]
fn every_message_names_its_file_or_card() {
    let dir = trained();
    let path = dir.path();
    let write = |name: &str, bytes: &[u8]| fs::write(path.join(name), bytes).expect("written");
    for (name, bytes) in [
        ("empty.csv", &b""[..]),
        ("header.csv", b"a,b\n"),
        ("word.csv", b"a,b\n1,2\n1,x\n"),
        ("ragged.csv", b"a,b\n1,2\n1\n"),
        ("latin.csv", b"a,b\n1,2\n1,\xe9\n"),
        ("huge.csv", b"a,b\n1,2\n1,1e99\n"),
        ("magic.npy", b"\x93NUMPX"),
        ("cut.npy", b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', "),
        ("damaged.npz", b"PK\x03\x04nothing"),
        ("a.idx", b"\x00\x00\x08\x03\x00\x00\x00\x05\x00\x00"),
        ("text.doc", b"words"),
        ("syntax.ron", b"(name: "),
        ("field.ron", b"(nam: \"a\")"),
        ("newer.ron", b"(format_version: 99)"),
        ("picture.hourglass", b"\x89PNG\r\n\x1a\n"),
        ("cut.hourglass", b"PK\x03\x04nothing"),
    ] {
        write(name, bytes);
    }
    fs::create_dir_all(path.join("folder")).expect("made");
    fs::create_dir_all(path.join("bad")).expect("made");
    write("bad/one.png", b"no picture");
    let table = || Source::Csv {
        path: "t.csv".into(),
        header: Header::Auto,
        delimiter: Delimiter::Auto,
        labels: Vec::new(),
        missing: Missing::ColumnMean,
        reading: hourglass::project::TableReading::default(),
    };
    write_design(&path.join("fraction.ron"), |project| {
        project.data.source = table();
        project.data.split = Split { validation: 2.0, ..Split::default() };
    });
    write_design(&path.join("class.ron"), |project| {
        (project.data.source, project.data.held_out) = (table(), Some("x".to_owned()));
    });
    write_design(&path.join("blobs.ron"), |project| {
        project.data.source =
            Source::Synthetic(Synthetic::Blobs { count: 0, features: 1, clusters: 2, seed: 1 });
    });
    write_design(&path.join("code.ron"), |project| project.code.units = 0);
    write_design(&path.join("layer.ron"), |project| {
        project.encoder = vec![Layer::Dense { units: 0, activation: Activation::Relu }];
    });

    // The arguments, and the name that the message must contain.
    let mut failed: Vec<String> = Vec::new();
    let mut check = |arguments: &[&str], name: &str| {
        let output = command(path, arguments).output().expect("started");
        let said = text(&output.stderr) + &text(&output.stdout);
        if output.status.success() || !said.contains(name) {
            failed.push(format!("{arguments:?}: {name:?} is not in: {said}"));
        }
    };
    for name in [
        "empty.csv",
        "header.csv",
        "word.csv",
        "ragged.csv",
        "latin.csv",
        "huge.csv",
        "magic.npy",
        "cut.npy",
        "damaged.npz",
        "a.idx",
        "text.doc",
        "folder",
        "bad",
        "gone.csv",
    ] {
        check(&["train", "d.ron", "--data", name], name);
        check(&["evaluate", "p.hourglass", name], name);
    }
    for name in
        ["syntax.ron", "field.ron", "newer.ron", "picture.hourglass", "cut.hourglass", "gone.ron", "t.csv"]
    {
        check(&["train", name, "-o", "x.hourglass"], name);
        check(&["check", name], name);
    }
    for (name, said) in [
        ("fraction.ron", "t.csv"),
        ("class.ron", "t.csv"),
        ("blobs.ron", "Gaussian blobs"),
        ("code.ron", "code"),
        ("layer.ron", "encoder layer 1"),
    ] {
        check(&["train", name, "-o", "x.hourglass"], said);
        check(&["check", name], said);
    }
    check(&["train", "d.ron", "--resume"], "d.ron");
    check(&["train", "p.hourglass", "--resume"], "p.hourglass");
    check(&["train", "p.hourglass", "--resume", "--run", "7"], "p.hourglass");
    check(&["evaluate", "p.hourglass", "--run", "7"], "p.hourglass");
    check(&["evaluate", "p.hourglass", "--likelihood", "3"], "p.hourglass");
    ok(path, &["new", "linear", "-o", "untrained.hourglass"]);
    check(&["evaluate", "untrained.hourglass"], "untrained.hourglass");
    check(&["encode", "p.hourglass", "-o", "codes.txt"], "codes.txt");
    check(&["encode", "p.hourglass", "-o", "gone/codes.csv"], "codes.csv");
    check(&["reconstruct", "p.hourglass", "-o", "t.csv"], "t.csv");
    check(&["new", "linear", "-o", "t.csv", "--force"], "t.csv");
    check(&["train", "d.ron", "-o", "p.hourglass"], "p.hourglass");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_is_sent_over_a_network() {
    let dir = trained();
    let can_trace = traced(dir.path(), "true", &[]).is_some();
    if !can_trace {
        println!("strace cannot be used: only sockets that stay open for a while would be found");
    }
    for arguments in [&TRAIN[..], &["--help"], &["recipes"], &["encode", "p.hourglass", "-o", "codes.csv"]] {
        if can_trace {
            let trace = traced(dir.path(), env!("CARGO_BIN_EXE_hourglass"), arguments).expect("it succeeds");
            assert!(!trace.contains("AF_INET"), "{arguments:?}: {trace}");
            continue;
        }
        let mut child = command(dir.path(), arguments).stdout(Stdio::null()).spawn().expect("started");
        while child.try_wait().expect("waits").is_none() {
            assert_eq!(sockets(child.id()), Vec::<String>::new(), "{arguments:?}");
        }
    }
}

/// The network system calls of a program, if tracing is possible and the program succeeds.
#[cfg(target_os = "linux")]
fn traced(dir: &Path, program: &str, arguments: &[&str]) -> Option<String> {
    let log = dir.join("trace");
    let mut command = Command::new("strace");
    prepare(&mut command, dir);
    command.args(["-f", "-e", "trace=network", "-o"]).arg(&log).arg(program).args(arguments);
    let output = command.output().ok()?;
    output.status.success().then(|| fs::read_to_string(&log).expect("a trace"))
}

/// The sockets a process holds.
#[cfg(target_os = "linux")]
fn sockets(process: u32) -> Vec<String> {
    let Ok(open) = fs::read_dir(format!("/proc/{process}/fd")) else { return Vec::new() };
    let links = open.flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
    let names = links.map(|link| text(link.as_os_str().as_bytes()));
    names.filter(|name| name.starts_with("socket:")).collect()
}
