use std::process::exit;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use super::write;

/// How long files that are being written may take to be done with.
const LAST_WRITES: Duration = Duration::from_millis(600);

static ASKED: AtomicBool = AtomicBool::new(false);
static STAGE: Mutex<Stage> = Mutex::new(Stage::Free);

/// What a signal would interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing that is kept: the program ends at once.
    Free,
    /// Files that were asked for: one that is nearly written is finished first. None is ever seen in part.
    Writing,
    /// A run: it ends after its step, by itself, and is saved.
    Training,
}

/// From now on Ctrl-C, and a polite request to terminate or that the terminal has closed, do what the stage asks for; a
/// second one ends the program at once.
pub(super) fn install() {
    if let Err(error) = ctrlc::set_handler(asked) {
        log::warn!("Ctrl-C will end the program at once: {error}");
    }
}

/// Begins another stage of the work.
pub(super) fn enter(stage: Stage) {
    // Waits for ever where the program is about to end.
    *STAGE.lock().unwrap_or_else(PoisonError::into_inner) = stage;
}

/// Whether a signal came.
pub(super) fn asked_to_stop() -> bool {
    ASKED.load(Ordering::Relaxed)
}

fn asked() {
    if ASKED.swap(true, Ordering::Relaxed) {
        exit(130);
    }
    let stage = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
    match *stage {
        Stage::Free => {}
        Stage::Writing => sleep(LAST_WRITES),
        Stage::Training => {
            drop(stage);
            return write::note("\nending after this step and saving; once more to end at once");
        }
    }
    write::leave_bar();
    // The stage stays locked: nothing is begun any more that would have to be saved.
    exit(i32::from(write::finish(130)));
}
