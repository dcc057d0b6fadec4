//! The `hourglass` program.

#![warn(clippy::disallowed_macros, clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::process::ExitCode;

use hourglass::cli::{self, Outcome};

fn main() -> ExitCode {
    match cli::run() {
        Outcome::Window(file) => window(file.as_deref()),
        Outcome::Exit(code) => code,
    }
}

#[cfg(feature = "gui")]
fn window(file: Option<&std::path::Path>) -> ExitCode {
    let file = file.map(std::path::Path::to_owned);
    let options = hourglass::ui::Options { file, ..hourglass::ui::Options::default() };
    cli::close(hourglass::ui::run(options))
}

#[cfg(not(feature = "gui"))]
fn window(_file: Option<&std::path::Path>) -> ExitCode {
    let message = "this build has no window; see 'hourglass --help' for what it can do without one";
    cli::close(Err(message.to_owned()))
}
