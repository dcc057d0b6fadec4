//! **The command line**: everything the window does that needs no screen. Progress goes to stderr, results to stdout.
//!
//! Exit codes: 0 when all went well, 1 for a problem or a failure, 2 for a wrong use, 130 after Ctrl-C.

mod applied;
mod args;
mod bench;
mod data;
mod design;
mod encode;
mod evaluate;
mod failure;
mod output;
mod progress;
mod reading;
mod reconstruct;
mod saver;
mod sheet;
mod signal;
mod stream;
mod subject;
mod train;
#[expect(clippy::disallowed_methods, reason = "the one place that writes to streams")]
mod write;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Task};
use failure::Failure;

use crate::project::visible_path;

/// What the program does after the command line was looked at.
#[derive(Debug)]
pub enum Outcome {
    /// Opens the window on this file, or on the default project.
    Window(Option<PathBuf>),
    /// Ends: a command was run.
    Exit(ExitCode),
}

/// Reads the arguments and runs the command they name, if they name one.
pub fn run() -> Outcome {
    // Quiet unless RUST_LOG asks.
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("error"))
        .target(env_logger::Target::Pipe(Box::new(write::Diagnostics)))
        .init();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return Outcome::Exit(ExitCode::from(write::usage(&error))),
    };
    let result = match (arguments.command, arguments.file) {
        (Some(command), _) => execute(command),
        (None, Some(file)) if !file.exists() => Err(missing(&file)),
        (None, file) => return Outcome::Window(file),
    };
    Outcome::Exit(end(result))
}

/// Ends the program once its window is closed, or where none can be opened; all that was said is written.
pub fn close(result: Result<(), String>) -> ExitCode {
    end(result.map_err(Failure::Problem))
}

fn end(result: Result<(), Failure>) -> ExitCode {
    ExitCode::from(write::finish(result.map_or_else(Failure::report, |()| 0)))
}

/// A word without an ending was rather meant as a command.
fn missing(file: &Path) -> Failure {
    if file.extension().is_none() {
        Failure::Usage(format!("there is no command and no file {}", visible_path(file)))
    } else {
        Failure::Problem(subject::missing(file))
    }
}

fn execute(command: Task) -> Result<(), Failure> {
    signal::install();
    match command {
        Task::Recipes => {
            design::recipes();
            Ok(())
        }
        Task::New(arguments) => design::new(&arguments),
        Task::Check(arguments) => design::check(&arguments),
        Task::Train(arguments) => train::train(&arguments),
        Task::Evaluate(arguments) => evaluate::evaluate(&arguments),
        Task::Encode(arguments) => encode::encode(&arguments),
        Task::Reconstruct(arguments) => reconstruct::reconstruct(&arguments),
        Task::Bench(arguments) => bench::bench(&arguments),
    }
}
