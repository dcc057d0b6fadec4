//! Training runs killed at random moments by a signal that no program can catch: within a step, an
//! epoch, layer-wise pretraining, a restart or a save. The file opens and contains the last
//! checkpoint, and the resumed run ends bit for bit like an uninterrupted one.

mod program;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hourglass::check::plan;
use hourglass::dataset::{Progress, load};
use hourglass::io::Store;
use hourglass::project::Project;
use hourglass::run::{Run, RunEvent, RunId, Status, facts};
use hourglass::session::{Event, Request, Session, Start, TrainRequest};
use program::{Dice, assert_same, command, designs, left_over, ok, runs, surround, write_design};
use serde_json::Value;

/// Kills per design on the command line and in the live store: 20 in total, or 500.
const KILLS: (usize, usize) = if cfg!(feature = "long-tests") { (100, 50) } else { (4, 2) };
/// Environment variable with the folder of the trainer's workspaces.
const ROOT: &str = "HOURGLASS_TEST_ROOT";

/// Position of a run: steps of the whole run, then the layer being pretrained and its steps.
fn place(run: &Run) -> (u64, u32, u32, u32) {
    let checkpoint = run.checkpoint.as_ref().expect("a checkpoint");
    let layer = checkpoint.pretraining.as_ref().map(|state| &state.progress);
    let done = (u32::MAX, 0, 0);
    let (layer, epoch, step) = layer.map_or(done, |layer| (layer.layer, layer.epoch, layer.step_in_epoch));
    (checkpoint.progress.step, layer, epoch, step)
}

/// A line of stdout, and the time it arrived.
type Line = (Instant, String);

/// Kills a process after a delay. Returns its lines on stdout, and the time of the kill if it was
/// still running.
fn killed(mut child: Child, after: Duration) -> (Vec<Line>, Option<Instant>) {
    let stdout = child.stdout.take().expect("piped");
    let reader = std::thread::spawn(move || {
        let lines = BufReader::new(stdout).lines().map_while(Result::ok);
        lines.map(|line| (Instant::now(), line)).collect::<Vec<_>>()
    });
    std::thread::sleep(after);
    let was_alive = child.try_wait().expect("its status").is_none();
    // It may have ended in the meantime.
    let at = Instant::now();
    let _ = child.kill();
    let status = child.wait().expect("ended");
    assert!(status.success() || status.code().is_none(), "it ended by itself: {status}");
    (reader.join().expect("lines"), (was_alive && !status.success()).then_some(at))
}

/// The number of the last reported epoch of the whole network.
fn last_reported(lines: &[Line]) -> u64 {
    let epoch = |(_, line): &Line| {
        let value: Value = serde_json::from_str(line).ok()?;
        if value["layer"].is_null() { value["epoch"].as_u64() } else { None }
    };
    lines.iter().filter_map(epoch).max().unwrap_or(0)
}

/// The lines whose epochs must have been saved when the program was killed at this moment. These
/// are all lines unless the disk was slow: the program trains for as long as the last checkpoint
/// took, and the next checkpoint may take as long again.
fn to_be_saved(lines: &[Line], killed: Instant) -> &[Line] {
    let times = lines.iter().map(|line| line.0);
    let ends = times.clone().skip(1).chain([killed]);
    let longest = times.zip(ends).map(|(start, end)| end.saturating_duration_since(start)).max();
    let excused = longest.filter(|gap| *gap >= Duration::from_millis(400)).unwrap_or_default() * 2;
    let is_due = |line: &Line| excused.is_zero() || killed.saturating_duration_since(line.0) > excused;
    &lines[..lines.partition_point(is_due)]
}

/// Kills the training of one design on the command line this many times.
fn check_file(name: &str, design: &Project, kills: usize, dice: &mut Dice) {
    let whole = tempfile::tempdir().expect("a folder");
    write_design(whole.path(), name, design);
    let design_file = format!("{name}.ron");
    let start = ["train", &design_file, "-o", "a.hourglass", "--checkpoint-every", "1", "--json"];
    let resume = ["train", "a.hourglass", "--resume", "--checkpoint-every", "1", "--json"];
    let began = Instant::now();
    ok(whole.path(), &start);
    let length = began.elapsed();
    let undisturbed = runs(&whole.path().join("a.hourglass")).remove(0);
    assert_eq!(undisturbed.status, Status::Done);
    assert_eq!(undisturbed.restarts.is_empty(), name != "selector", "{:?}", undisturbed.restarts);

    let mut done = 0;
    while done < kills {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.hourglass");
        write_design(folder.path(), name, design);
        let mut stood = None;
        loop {
            let arguments = if file.exists() { &resume[..] } else { &start };
            if done == kills {
                ok(folder.path(), arguments);
                // It ran to its end, so it has removed the temporary files of killed processes.
                assert_eq!(left_over(folder.path()), Vec::<String>::new(), "{name}");
            } else {
                let mut command = command(folder.path(), arguments);
                let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("started");
                let (lines, was_killed) = killed(child, length.mul_f64(dice.next()));
                done += usize::from(was_killed.is_some());
                let reported = last_reported(to_be_saved(&lines, was_killed.unwrap_or_else(Instant::now)));
                if !file.exists() {
                    assert!(
                        reported < 2,
                        "{name}, kill {done}: {reported} epochs were trained and none was saved"
                    );
                    continue;
                }
                let run = runs(&file).remove(0);
                // The newest epoch is reported before it is saved.
                let saved = run.history.epochs.len() as u64;
                let lost = format!("{saved} epochs saved, {reported} trained");
                assert!(saved + 1 >= reported, "{name}, kill {done}: {lost}");
                assert!(Some(place(&run)) >= stood, "{name}, kill {done}: the file is older than before");
                stood = Some(place(&run));
            }
            let run = runs(&file).remove(0);
            if run.status == Status::Done {
                assert_same(&run, &undisturbed, &format!("{name} after {done} kills"));
                break;
            }
        }
    }
}

#[test]
fn a_slow_disk_affects_only_the_last_epochs() {
    let start = Instant::now();
    let at = |millis: u64| start + Duration::from_millis(millis);
    let check = |times: &[u64], killed: u64, expected: usize| {
        let lines: Vec<Line> = times.iter().map(|time| (at(*time), String::new())).collect();
        assert_eq!(to_be_saved(&lines, at(killed)).len(), expected, "{times:?}, {killed}");
    };
    check(&[], 100, 0);
    check(&[0, 100, 200], 300, 3);
    check(&[0, 500, 600, 1000, 1400], 1500, 1);
    check(&[0, 100, 200], 700, 0);
    check(&[0, 100, 200, 300, 800, 900], 1400, 4);
}

#[test]
fn killed_trainings_end_like_uninterrupted_ones() {
    let mut dice = Dice::new("kills of a training");
    for (name, design) in designs() {
        check_file(name, &design, KILLS.0, &mut dice);
    }
}

/// Workspaces that contain a design.
fn workspaces(root: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.join("project.ron").exists()).collect()
}

/// The run in the only workspace below a root; `None` before there is one.
fn stored(root: &Path) -> Option<Run> {
    let workspaces = workspaces(root);
    assert!(workspaces.len() <= 1, "{workspaces:?}");
    let store = Store::open(workspaces.first()?).expect("nobody works in it");
    let opened = store.load().expect("readable");
    assert_eq!(opened.warnings, Vec::<String>::new());
    opened.runs.into_iter().next()
}

/// Not a test but the program that is killed: the session of a window, which trains into a live
/// store.
#[test]
#[ignore = "started by another test"]
fn a_session_trains_into_its_live_store() {
    let root = PathBuf::from(std::env::var_os(ROOT).expect("started by another test"));
    let design = Project::from_ron(&fs::read_to_string(root.join("design")).expect("a design"));
    let design = design.expect("a design");
    let data = Arc::new(load(&design.data, &Progress::default()).expect("at hand"));
    let plan = plan(&design, &facts(&data)).expect("valid");
    let run = stored(&root).unwrap_or_else(|| Run::new(RunId(1), &plan, &data));
    let store = match workspaces(&root).first() {
        Some(path) => Store::open(path).expect("nobody works in it"),
        None => Store::create(&root).expect("made"),
    };
    store.save_design(&design, None).expect("stored");
    let mut session = Session::start(|| {});
    let start = Start::EpochOnce;
    let request = TrainRequest { run, epochs: None, plan, data, threads: 1, start, store: Some(store) };
    session.send(Request::Train(Box::new(request)));
    while let Some(event) = session.wait() {
        match event {
            Event::Run(run, RunEvent::Status(Status::Paused)) => {
                session.send(Request::Go(run, Start::EpochOnce));
            }
            Event::Run(_, RunEvent::Status(Status::Done)) => return,
            Event::Run(_, RunEvent::Status(Status::Failed(message))) | Event::StoreFailed(message) => {
                panic!("{message}")
            }
            Event::Run(..)
            | Event::Loading { .. }
            | Event::Loaded { .. }
            | Event::LoadFailed { .. }
            | Event::Weights { .. }
            | Event::Showing { .. }
            | Event::Shown { .. }
            | Event::NotShown { .. }
            | Event::RateTried(..)
            | Event::Computed(..) => {}
        }
    }
}

fn trainer(root: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["a_session_trains_into_its_live_store", "--exact", "--ignored"]);
    surround(command.env(ROOT, root), root);
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("started")
}

fn new_root(design: &Project) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a folder");
    fs::write(root.path().join("design"), design.to_ron()).expect("written");
    root
}

/// Kills a session that trains one design this many times.
fn check_store(name: &str, design: &Project, kills: usize, dice: &mut Dice) {
    let whole = new_root(design);
    let began = Instant::now();
    assert!(trainer(whole.path()).wait().expect("ended").success(), "{name}");
    let length = began.elapsed();
    let undisturbed = stored(whole.path()).expect("a run");
    assert_eq!(undisturbed.status, Status::Done);

    let mut done = 0;
    while done < kills {
        let root = new_root(design);
        let mut stood = None;
        loop {
            if done == kills {
                assert!(trainer(root.path()).wait().expect("ended").success(), "{name}");
            } else {
                let (_, was_killed) = killed(trainer(root.path()), length.mul_f64(dice.next()));
                done += usize::from(was_killed.is_some());
            }
            let Some(run) = stored(root.path()).filter(|run| run.checkpoint.is_some()) else { continue };
            assert!(Some(place(&run)) >= stood, "{name}, kill {done}: the store is older than before");
            stood = Some(place(&run));
            if run.status == Status::Done {
                assert_same(&run, &undisturbed, &format!("{name} after {done} kills"));
                break;
            }
        }
    }
}

#[test]
fn killed_windows_lose_nothing_from_their_live_store() {
    let mut dice = Dice::new("kills of a session");
    for (name, design) in designs().into_iter().filter(|(name, _)| ["denoising", "layers"].contains(name)) {
        check_store(name, &design, KILLS.1, &mut dice);
    }
}
