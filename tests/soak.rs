//! A session of 50,000 epochs in the window, with every view updated and drawn: memory is constant
//! apart from the history, the size of the file is proportional to the number of epochs, and the
//! window is idle after training. It has its own process, whose memory and processor time are
//! measured; run by `scripts/test.sh --long`.

#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use egui::Key;
use hourglass::io::{Files, open_project, save_design, save_project};
use hourglass::project::{Code, Data, Project, Source, Synthetic};
use hourglass::run::{EpochRecord, Run, Status};

use common::{CTRL, CTRL_SHIFT, Home, NONE, Window};

const EPOCHS: usize = 50_000;
/// Number of epochs after which memory is constant.
const WARM: usize = 10_000;
/// Duration of a frame.
const FRAME: Duration = Duration::from_millis(33);
/// Duration of the idle phase at the end.
const IDLE: Duration = Duration::from_secs(5);
/// Number of frames that each view is shown.
const FRAMES_A_VIEW: usize = 30;
/// Memory per epoch of the history, with its losses on the heap; three copies.
const BYTES_AN_EPOCH: usize = 3 * (size_of::<EpochRecord>() + 64);
/// Memory that the allocator may retain.
const SLACK_BYTES: usize = 24 << 20;

/// A number from a system file about this process.
fn status(name: &str) -> usize {
    let text = fs::read_to_string("/proc/self/status").expect("the system's file");
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("its line");
    line.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
}

fn resident_bytes() -> usize {
    status("VmRSS:") << 10
}

/// Processor time of all threads so far, in ticks of 10 ms.
fn ticks() -> u64 {
    let text = fs::read_to_string("/proc/self/stat").expect("the system's file");
    let after_name = text.rsplit(')').next().expect("fields");
    after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
}

/// Time until the window requests its next frame.
fn repaint_delay(window: &Window) -> Duration {
    let output = window.harness.output();
    let views = output.viewport_output.values();
    views.map(|view| view.repaint_delay).min().unwrap_or(Duration::MAX)
}

/// Draws at the frame rate of a window, showing each view in turn, until a condition holds.
fn draw_until(window: &mut Window, holds: impl Fn(&Window) -> bool) {
    let views = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num8];
    let mut frame = 0;
    while !holds(window) {
        let start = Instant::now();
        if frame % FRAMES_A_VIEW == 0 {
            let view = views[frame / FRAMES_A_VIEW % views.len()];
            window.harness.key_press_modifiers(CTRL, view);
        }
        frame += 1;
        window.harness.step();
        std::thread::sleep(FRAME.saturating_sub(start.elapsed()));
    }
}

/// Size of a project file of this run with this many epochs of its history.
fn file_bytes(folder: &Path, project: &Project, run: &Run, epochs: usize) -> f64 {
    let mut run = run.clone();
    run.history.epochs.truncate(epochs);
    let path = folder.join("part.hourglass");
    save_project(&Files::default(), &path, project, &[&run]).expect("saved");
    fs::metadata(path).expect("saved").len() as f64
}

#[test]
fn fifty_thousand_epochs_use_memory_only_for_their_history() {
    let home = Home::new();
    let mut design = Project {
        data: Data {
            source: Source::Synthetic(Synthetic::Shapes { count: 100, size: 8, seed: 1 }),
            ..Data::default()
        },
        encoder: Vec::new(),
        code: Code::plain(2),
        ..Project::default()
    };
    (design.training.epochs, design.training.batch_size) = (EPOCHS as u32, 100);
    let path = home.path("soak.ron");
    save_design(&Files::default(), &path, &design).expect("saved");
    let mut window = home.window();
    window.key(CTRL, Key::O);
    window.type_path(&path);
    window.until("it is open", |state| {
        state.project.training.epochs == EPOCHS as u32 && state.data.dataset.is_some()
    });
    window.run_until_idle();

    window.key(NONE, Key::F5);
    let epochs = |window: &Window| window.state().runs.last().map_or(0, |run| run.history.epochs.len());
    draw_until(&mut window, |window| epochs(window) >= WARM);
    let (warm, warm_epochs) = (resident_bytes(), epochs(&window));
    draw_until(&mut window, |window| window.run().status == Status::Done);
    window.run_until_idle();
    let grown = resident_bytes().saturating_sub(warm);
    let history = (EPOCHS - warm_epochs) * BYTES_AN_EPOCH;
    println!("memory: {} MiB after {warm_epochs} epochs, {} MiB more at the end", warm >> 20, grown >> 20);
    assert!(grown <= history + SLACK_BYTES, "{grown} bytes more, {history} of them history");

    // Notifications stay for a while.
    draw_until(&mut window, |window| repaint_delay(window) > IDLE);
    let before = ticks();
    std::thread::sleep(IDLE);
    let used = ticks() - before;
    println!("idle: {used} ticks in {IDLE:?}");
    assert!(!window.harness.ctx.has_requested_repaint(), "nothing wakes the window");
    assert!(used <= 1, "{used} ticks of processor time while nothing is to be done");

    let file = home.path("soak.hourglass");
    window.key(CTRL_SHIFT, Key::S);
    window.type_path(&file);
    window.until("it is saved", |state| state.file.is_some());
    let run = window.run().clone();
    let part = |epochs| file_bytes(&home.path("."), &design, &run, epochs);
    let (none, some) = (part(0), part(WARM));
    let computed = none + (some - none) * EPOCHS as f64 / WARM as f64;
    let found = fs::metadata(&file).expect("saved").len() as f64;
    println!(
        "file: {found} bytes, {computed:.0} computed: {none} and {:.1} an epoch",
        (some - none) / WARM as f64
    );
    assert!((found - computed).abs() <= 0.1 * computed, "{found} bytes, {computed} computed");
    let opened = open_project(&file).expect("opens").runs.remove(0);
    assert!(opened.history == run.history, "all of the history is read again");
}
