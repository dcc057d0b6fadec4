//! Training in a failing environment: closed, full and broken streams, a full disk, a second
//! writer. Every run is saved and is bit-for-bit equal to an undisturbed one.

#![cfg(target_os = "linux")]

mod program;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use hourglass::run::{Run, Status};
use program::{assert_same, command, ok, runs, surround};

const TRAIN: [&str; 7] = ["train", "recipe:undercomplete", "--epochs", "60", "--json", "-o", "a.hourglass"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    Stdout,
    Stderr,
    Both,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// Closed from the start.
    Closed,
    /// Every write fails with “no space left”.
    Full,
    /// The reader of the pipe is gone.
    Broken,
}

/// Trains with failing streams.
fn train(dir: &Path, stream: Stream, trouble: Trouble) -> Output {
    let mut command = command(dir, &TRAIN);
    if trouble == Trouble::Closed {
        let closing = match stream {
            Stream::Stdout => ">&-",
            Stream::Stderr => "2>&-",
            Stream::Both => ">&- 2>&-",
        };
        let program = command.get_program().to_owned();
        command = Command::new("sh");
        command.args(["-c", &format!("exec \"$0\" \"$@\" {closing}")]).arg(program).args(TRAIN);
        surround(&mut command, dir);
    }
    let troubled = || match trouble {
        Trouble::Closed | Trouble::Broken => Stdio::piped(),
        Trouble::Full => Stdio::from(File::options().write(true).open("/dev/full").expect("a device")),
    };
    let (out, err) = (stream != Stream::Stderr, stream != Stream::Stdout);
    command.stdout(if out { troubled() } else { Stdio::piped() });
    command.stderr(if err { troubled() } else { Stdio::piped() });
    let mut child = command.spawn().expect("started");
    if trouble == Trouble::Broken {
        drop(child.stdout.take_if(|_| out));
        drop(child.stderr.take_if(|_| err));
    }
    child.wait_with_output().expect("ended")
}

/// The run of the file, trained to its end if the failure ended it early.
fn finished(dir: &Path) -> Run {
    let file = dir.join("a.hourglass");
    let run = runs(&file).remove(0);
    if run.status == Status::Done {
        return run;
    }
    assert_eq!(run.status, Status::Stopped);
    ok(dir, &["train", "a.hourglass", "--resume"]);
    runs(&file).remove(0)
}

#[test]
fn failing_streams_do_not_affect_a_run() {
    let whole = tempfile::tempdir().expect("a folder");
    ok(whole.path(), &TRAIN);
    let undisturbed = finished(whole.path());
    for stream in [Stream::Stdout, Stream::Stderr, Stream::Both] {
        for trouble in [Trouble::Closed, Trouble::Full, Trouble::Broken] {
            let dir = tempfile::tempdir().expect("a folder");
            let output = train(dir.path(), stream, trouble);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            // Results that could not be written are an error; a closed pipe is not.
            let results_are_lost = trouble == Trouble::Full && stream != Stream::Stderr;
            let code = i32::from(results_are_lost);
            assert_eq!(output.status.code(), Some(code), "{stream:?} {trouble:?}: {said}");
            assert!(!said.contains("panicked"), "{stream:?} {trouble:?}: {said}");
            assert_same(&finished(dir.path()), &undisturbed, &format!("{stream:?} {trouble:?}"));
        }
    }
}

/// A small disk in memory, unmounted when dropped.
struct Disk(PathBuf);

impl Disk {
    /// `None` if this user may not mount a disk.
    fn mount(at: PathBuf, size: &str) -> Option<Disk> {
        fs::create_dir(&at).expect("made");
        let size = format!("size={size}");
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&at).output();
        done.is_ok_and(|done| done.status.success()).then_some(Disk(at))
    }

    /// Writes a file until only about this many bytes are free.
    fn fill(&self, name: &str, free: usize) {
        let path = self.0.join(name);
        let mut file = File::create(&path).expect("made");
        while file.write_all(&[1; 4096]).is_ok() {}
        let length = file.metadata().expect("its length").len();
        file.set_len(length.saturating_sub(free as u64)).expect("shortened");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_keeps_the_old_file_and_saves_the_run_elsewhere() {
    let home = tempfile::tempdir().expect("a folder");
    let Some(disk) = Disk::mount(home.path().join("disk"), "48m") else {
        // Bypasses the output capture of the test harness, because a skipped test must be visible.
        let text = "SKIPPED: no full disk was tried, mounting one needs root. Injected errors are: io::tests";
        writeln!(std::io::stderr(), "{text}").expect("stderr");
        return;
    };
    let whole = tempfile::tempdir().expect("a folder");
    ok(whole.path(), &TRAIN);
    let undisturbed = finished(whole.path());

    let rescue = home.path().join("rescue");
    fs::create_dir(&rescue).expect("made");
    ok(&disk.0, &["train", "recipe:undercomplete", "--epochs", "2", "-o", "a.hourglass"]);
    let file = disk.0.join("a.hourglass");
    let before = fs::read(&file).expect("saved");
    disk.fill("filler", 64 << 10);
    let resume = ["train", "a.hourglass", "--resume", "--epochs", "60"];
    let mut command = command(&disk.0, &resume);
    let output = command.env("TMPDIR", &rescue).output().expect("started");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(fs::read(&file).expect("still there") == before, "the old file is as it was");
    let rescued = rescued(&rescue);
    assert!(said.contains(&rescued.display().to_string()), "{} is not in: {said}", rescued.display());
    let run = runs(&rescued).remove(0);
    assert_same(&run, &undisturbed, "the rescued run");

    fs::remove_file(disk.0.join("filler")).expect("removed");
    ok(&disk.0, &resume);
    assert_same(&runs(&file).remove(0), &undisturbed, "with room again");
}

/// The only project file in a folder or its subfolders.
fn rescued(folder: &Path) -> PathBuf {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "hourglass") {
                found.push(path);
            }
        }
    }
    let [one] = <[PathBuf; 1]>::try_from(found).expect("one file");
    one
}

#[test]
fn two_writers_of_one_file_keep_both_runs() {
    let dir = tempfile::tempdir().expect("a folder");
    ok(dir.path(), &["train", "recipe:undercomplete", "--epochs", "1", "-o", "a.hourglass"]);
    let alone = tempfile::tempdir().expect("a folder");
    let trainings = [("2", "150"), ("3", "100")];
    let mut children = Vec::new();
    for (seed, epochs) in trainings {
        let arguments = ["train", "a.hourglass", "--seed", seed, "--epochs", epochs];
        let mut command = command(dir.path(), &arguments);
        children.push(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started"));
    }
    for mut child in children {
        assert!(child.wait().expect("ended").success());
    }
    let found = runs(&dir.path().join("a.hourglass"));
    assert_eq!(found.len(), 3, "{:?}", found.iter().map(|run| run.id).collect::<Vec<_>>());
    for (seed, epochs) in trainings {
        let output = format!("{seed}.hourglass");
        let arguments = ["train", "recipe:undercomplete", "--seed", seed, "--epochs", epochs, "-o", &output];
        ok(alone.path(), &arguments);
        let undisturbed = runs(&alone.path().join(output)).remove(0);
        let of_seed = |run: &&Run| run.design.training.seed == undisturbed.design.training.seed;
        assert_same(found.iter().find(of_seed).expect("its run"), &undisturbed, &format!("seed {seed}"));
    }
}
