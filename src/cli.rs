//! **The command line**: everything the window does that needs no screen. Progress goes to stderr, results to stdout.
//!
//! Exit codes: 0 when all went well, 1 for a problem or a failure, 2 for a wrong use, 130 after Ctrl-C.

mod apply;
mod args;
mod bench;
mod data;
mod design;
mod failure;
mod progress;
mod signal;
mod subject;
mod train;
mod write;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use args::{Arguments, Command};
use failure::Failure;

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
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("error")).init();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            // A closed pipe is no reason to complain.
            let _ = error.print();
            return Outcome::Exit(ExitCode::from(if asked { 0 } else { 2 }));
        }
    };
    let Some(command) = arguments.command else {
        return match arguments.file {
            Some(file) if !file.exists() => Outcome::Exit(missing(&file).report()),
            file => Outcome::Window(file),
        };
    };
    Outcome::Exit(match execute(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    })
}

/// A word without an ending was rather meant as a command.
fn missing(file: &Path) -> Failure {
    if file.extension().is_none() {
        Failure::Usage(format!("there is no command and no file {}", file.display()))
    } else {
        Failure::Problem(subject::missing(file))
    }
}

fn execute(command: Command) -> Result<(), Failure> {
    match command {
        Command::Recipes => design::recipes(),
        Command::New(arguments) => design::new(&arguments),
        Command::Check(arguments) => design::check(&arguments),
        Command::Train(arguments) => train::train(&arguments),
        Command::Evaluate(arguments) => apply::evaluate(&arguments),
        Command::Encode(arguments) => apply::encode(&arguments),
        Command::Reconstruct(arguments) => apply::reconstruct(&arguments),
        Command::Bench(arguments) => bench::bench(&arguments),
    }
}
