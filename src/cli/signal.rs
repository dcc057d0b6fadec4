use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);
static INSTALLED: OnceLock<()> = OnceLock::new();

/// From now on Ctrl-C (and a polite request to terminate) only sets a flag; a second one ends the program at once.
pub(super) fn install() {
    INSTALLED.get_or_init(|| {
        let handler = || {
            if ASKED.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
            eprintln!("\nending after this step and saving; once more to end at once");
        };
        if let Err(error) = ctrlc::set_handler(handler) {
            log::warn!("Ctrl-C will end the program at once: {error}");
        }
    });
}

/// Whether it came.
pub(super) fn asked_to_stop() -> bool {
    ASKED.load(Ordering::Relaxed)
}
