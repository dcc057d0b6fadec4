//! The real program in a real window on a virtual screen, to cover what widget tests cannot.
//!
//! Needs `Xvfb`, `xdotool` and `ImageMagick`; `scripts/test.sh` installs them.

#![cfg(target_os = "linux")]

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use image::RgbImage;
use tempfile::TempDir;

/// Maximum number of checks while waiting, [`PAUSE`] apart: minutes on a busy machine.
const PATIENCE: usize = 6000;
const PAUSE: Duration = Duration::from_millis(20);
const SIZE: (u32, u32) = (1440, 900);
/// Position of a dialog.
const QUESTION: [u32; 4] = [540, 400, 360, 110];

/// A virtual screen.
struct Screen {
    server: Child,
    name: String,
}

impl Screen {
    fn start() -> Screen {
        let (width, height) = SIZE;
        let screen = format!("{width}x{height}x24");
        // Without -noreset, the server restarts whenever its last client disconnects, and rejects
        // clients that connect at that moment.
        let arguments = ["-displayfd", "1", "-screen", "0", &screen, "-nolisten", "tcp", "-noreset"];
        let mut server = Command::new("Xvfb");
        let server = server.args(arguments).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = server.spawn().unwrap_or_else(|error| missing("Xvfb", &error));
        let mut number = String::new();
        let said = server.stdout.take().expect("a pipe");
        BufReader::new(said).read_line(&mut number).expect("the number of the display");
        assert!(!number.trim().is_empty(), "Xvfb did not start");
        Screen { server, name: format!(":{}", number.trim()) }
    }

    /// Runs a helper program on the screen. Returns its output; `None` if it fails.
    fn ask(&self, program: &str, arguments: &[&str]) -> Option<String> {
        let output = Command::new(program).args(arguments).env("DISPLAY", &self.name).output();
        let output = output.unwrap_or_else(|error| missing(program, &error));
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn keys(&self, keys: &[&str]) {
        let mut arguments = vec!["key", "--clearmodifiers"];
        arguments.extend(keys);
        self.ask("xdotool", &arguments).expect("keys are pressed");
    }

    /// The current content of the screen.
    fn picture(&self, path: &Path) -> RgbImage {
        self.ask("import", &["-window", "root", &path.display().to_string()]).expect("a picture is taken");
        image::open(path).expect("a picture").to_rgb8()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn missing(program: &str, error: &std::io::Error) -> ! {
    panic!("{program} cannot be run ({error}): scripts/test.sh installs what this test needs")
}

/// The program, with its own folders.
struct Program {
    process: Child,
    window: String,
    home: TempDir,
}

impl Program {
    /// Starts it and waits until its window is open and has the keyboard focus.
    fn start(screen: &Screen) -> Program {
        let home = tempfile::tempdir().expect("a folder");
        let process = Command::new(env!("CARGO_BIN_EXE_hourglass"))
            .env("DISPLAY", &screen.name)
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("HOURGLASS_STATE", home.path().join("state"))
            .env("HOURGLASS_CONFIG", home.path().join("config"))
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("WAYLAND_SOCKET")
            .spawn()
            .expect("the program is started");
        let mut program = Program { process, window: String::new(), home };
        program.window = program.until("its window is there", || {
            let found = screen.ask("xdotool", &["search", "--onlyvisible", "--name", "Hourglass"])?;
            found.lines().next().map(str::to_owned)
        });
        let window = program.window.clone();
        // There is no window manager to assign the focus.
        program.until("it has the keyboard", || {
            screen.ask("xdotool", &["windowfocus", &window])?;
            screen.ask("xdotool", &["getwindowfocus"]).filter(|focused| *focused == window)
        });
        program
    }

    /// Checks repeatedly until there is a result, as long as the program runs.
    fn until<T>(&mut self, what: &str, mut find: impl FnMut() -> Option<T>) -> T {
        for _ in 0..PATIENCE {
            if let Some(seen) = find() {
                return seen;
            }
            if let Some(status) = self.process.try_wait().expect("its status") {
                panic!("the program ended ({status}) before {what}");
            }
            std::thread::sleep(PAUSE);
        }
        panic!("waited in vain until {what}");
    }

    fn until_it_ends(&mut self) -> ExitStatus {
        for _ in 0..PATIENCE {
            if let Some(status) = self.process.try_wait().expect("its status") {
                return status;
            }
            std::thread::sleep(PAUSE);
        }
        panic!("the program does not end");
    }

    /// The folder of the live store.
    fn state(&self) -> PathBuf {
        self.home.path().join("state")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Folders of work in progress.
fn workspaces(state: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(state).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

/// Saved epochs of the first run.
fn epochs_kept(state: &Path) -> usize {
    let histories = workspaces(state).into_iter().map(|folder| folder.join("runs/1/history.bin"));
    // A header of 16 bytes, with the width of a record and the length of the text after it; each
    // record has a checksum.
    let records = |bytes: Vec<u8>| {
        let number = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?) as usize);
        Some(bytes.len().checked_sub(16 + number(12)?)? / (number(8)? + 4))
    };
    histories.filter_map(|path| records(std::fs::read(path).ok()?)).sum()
}

/// A part of a picture: left, top, width, height.
fn part(picture: &RgbImage, [left, top, width, height]: [u32; 4]) -> RgbImage {
    image::imageops::crop_imm(picture, left, top, width, height).to_image()
}

/// The number of colours in a part of a picture.
fn colours(picture: &RgbImage, of: [u32; 4]) -> usize {
    part(picture, of).pixels().collect::<HashSet<_>>().len()
}

/// Checks that every part of the window has content.
fn assert_drawn(picture: &RgbImage) {
    let (width, height) = SIZE;
    assert_eq!(picture.dimensions(), SIZE);
    let parts = [
        ("window", [0, 0, width, height], 500),
        ("toolbar", [0, 0, width, 46], 50),
        ("network", [0, 50, 270, 600], 50),
        ("views", [290, 60, 840, 600], 200),
        ("inspector", [1160, 50, 270, 600], 50),
        ("runs", [0, 760, width, 130], 30),
    ];
    for (name, of, least) in parts {
        let found = colours(picture, of);
        assert!(found >= least, "the {name} has only {found} colours");
    }
}

#[test]
fn a_key_trains_and_closing_asks_to_save() {
    let screen = Screen::start();
    let mut program = Program::start(&screen);
    let home = program.home.path().to_owned();
    let first = home.join("first.png");
    program.until("something is drawn", || {
        (colours(&screen.picture(&first), [0, 0, SIZE.0, SIZE.1]) > 200).then_some(())
    });
    // The key does nothing before the data are loaded, and pauses what it has started, so it is
    // pressed until a run begins.
    let state = program.state();
    let begun = || workspaces(&state).iter().any(|folder| folder.join("runs/1/run.ron").exists());
    let mut tries = 0;
    program.until("a run begins", || {
        if tries % 250 == 0 {
            screen.keys(&["F5"]);
        }
        tries += 1;
        begun().then_some(())
    });
    program.until("twenty epochs are written down", || (epochs_kept(&state) >= 20).then_some(()));
    // Such a short run may be finished before it is checked: the picture shows it either way.
    assert_drawn(&screen.picture(&home.join("trained.png")));
    // The dialog has one line fewer once the run is finished.
    let done = |folder: &PathBuf| {
        std::fs::read_to_string(folder.join("runs/1/run.ron")).is_ok_and(|run| run.contains("status: Done"))
    };
    program.until("the run is over", || workspaces(&state).iter().any(done).then_some(()));

    // A dialog darkens everything below it.
    let question = home.join("question.png");
    let corner = |picture: &RgbImage| *picture.get_pixel(4, SIZE.1 - 4);
    let bright = corner(&screen.picture(&question));
    screen.keys(&["ctrl+q"]);
    program.until("it asks whether to save", || (corner(&screen.picture(&question)) != bright).then_some(()));
    // “Save” is focused; “Don't save” comes next. Keys in a single frame would all go to the first.
    let mut asked = RgbImage::default();
    program.until("the question stands still", || {
        let before = std::mem::replace(&mut asked, part(&screen.picture(&question), QUESTION));
        (asked == before).then_some(())
    });
    screen.keys(&["Tab"]);
    program.until("the other answer is chosen", || {
        (part(&screen.picture(&question), QUESTION) != asked).then_some(())
    });
    screen.keys(&["Return"]);
    let status = program.until_it_ends();
    assert!(status.success(), "{status}");
    assert_eq!(workspaces(&state), Vec::<PathBuf>::new(), "nothing is left to recover");
}

#[test]
fn closing_with_nothing_unsaved_asks_nothing_and_leaves_nothing() {
    let screen = Screen::start();
    let mut program = Program::start(&screen);
    let state = program.state();
    program.until("work can be kept", || workspaces(&state).first().map(|_| ()));
    screen.keys(&["ctrl+q"]);
    let status = program.until_it_ends();
    assert!(status.success(), "{status}");
    assert_eq!(workspaces(&state), Vec::<PathBuf>::new(), "nothing is left to recover");
}
