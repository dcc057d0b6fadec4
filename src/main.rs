//! The `hourglass` program.

use std::process::ExitCode;

use hourglass::cli::{self, Outcome};

fn main() -> ExitCode {
    match cli::run() {
        Outcome::Window(file) => window(file.as_deref()),
        Outcome::Exit(code) => code,
    }
}

fn window(_file: Option<&std::path::Path>) -> ExitCode {
    eprintln!("error: this build has no window; see 'hourglass --help' for what it can do without one");
    ExitCode::from(1)
}
