//! **The command line**: everything in the window that needs no screen.
//!
//! - `args` defines the commands, and each has a file (`design`: recipes, new, check). `reading`
//!   has an option for every choice of how data are read, `applied` is a trained network with its
//!   data, `sets` its sets of samples, `output` the format and destination of results.
//! - Results go to stdout and everything else to stderr, both through `write`. A `Stream` writes on
//!   its own thread, so that no run waits for a reader; failures to write to stdout are checked at
//!   the end.
//! - `signal` ends a command at once if nothing has to be saved, and lets a training end by itself.
//!   Signals that were ignored when the program started stay ignored.
//! - Exit codes: 0 for success, 1 for a problem or a failure, 2 for wrong usage, 130 after Ctrl-C.

mod applied;
mod args;
mod bench;
mod data;
mod design;
mod encode;
mod evaluate;
mod export;
mod failure;
mod figure;
mod find_rate;
mod keep;
mod neighbours;
mod output;
mod progress;
mod reading;
mod reconstruct;
mod sample;
mod saver;
mod sets;
mod signal;
mod stream;
mod subject;
mod train;
mod traverse;
#[expect(clippy::disallowed_methods, reason = "the one place that writes to streams")]
mod write;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Arguments, Task};
use failure::Failure;

use crate::project::visible_path;

/// The action after parsing the command line.
#[derive(Debug)]
pub enum Outcome {
    /// Opens the window on this file, or on the default project.
    Window(Option<PathBuf>),
    /// Ends: a command was run.
    Exit(ExitCode),
}

/// Parses the arguments and runs their command, if they have one.
pub fn run() -> Outcome {
    // Quiet unless RUST_LOG is set.
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("error"))
        .target(env_logger::Target::Pipe(Box::new(write::Diagnostics)))
        .init();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = match std::env::args_os().nth(1).map(PathBuf::from) {
                // The first word was meant as a command.
                Some(word) if error.use_stderr() && is_misspelt(&word) => {
                    return Outcome::Exit(end(Err(missing(&word))));
                }
                Some(_) | None => write::usage(&error),
            };
            return Outcome::Exit(ExitCode::from(code));
        }
    };
    let result = match (arguments.command, arguments.file) {
        (Some(command), _) => execute(command),
        (None, Some(file)) if !file.exists() => Err(missing(&file)),
        (None, file) => return Outcome::Window(file),
    };
    Outcome::Exit(end(result))
}

/// Ends the program after its window is closed, or if none can be opened; all output is written.
pub fn close(result: Result<(), String>) -> ExitCode {
    end(result.map_err(Failure::Problem))
}

fn end(result: Result<(), Failure>) -> ExitCode {
    ExitCode::from(write::finish(result.map_or_else(Failure::report, |()| 0)))
}

/// Whether a first word was probably meant as a command but is not one.
fn is_misspelt(word: &Path) -> bool {
    let name = word.to_string_lossy();
    let is_known = name == "help" || Arguments::command().find_subcommand(&*name).is_some();
    !is_known && !name.starts_with('-') && word.extension().is_none() && !word.exists()
}

/// The error for a missing file; a word without an extension was probably meant as a command.
fn missing(file: &Path) -> Failure {
    if file.extension().is_some() {
        return Failure::Problem(subject::missing(file));
    }
    let commands = Arguments::command();
    let names: Vec<&str> = commands.get_subcommands().map(clap::Command::get_name).collect();
    let word = file.to_string_lossy();
    let nearest = names.iter().map(|name| (edits(&word, name), name)).min();
    let meant = nearest.filter(|(edits, name)| 2 * edits <= name.len());
    let meant = meant.map_or_else(|| ".".to_owned(), |(_, name)| format!("; did you mean {name}?"));
    Failure::Usage(format!(
        "there is no command or file {}{meant} The commands are: {}",
        visible_path(file),
        names.join(", ")
    ))
}

/// Number of letters that must be changed, added or removed to turn one word into another
/// (Levenshtein, 1966).
fn edits(word: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (at, letter) in word.chars().enumerate() {
        let mut before = std::mem::replace(&mut row[0], at + 1);
        for (place, known) in other.chars().enumerate() {
            let changed = before + usize::from(letter != known);
            before = row[place + 1];
            row[place + 1] = changed.min(before + 1).min(row[place] + 1);
        }
    }
    row[other.chars().count()]
}

fn execute(task: Task) -> Result<(), Failure> {
    signal::install();
    match task {
        Task::Recipes => {
            design::recipes();
            Ok(())
        }
        Task::New(arguments) => design::new(&arguments),
        Task::Check(arguments) => design::check(&arguments),
        Task::Train(arguments) => train::train(&arguments),
        Task::FindRate(arguments) => find_rate::find_rate(&arguments),
        Task::Evaluate(arguments) => evaluate::evaluate(&arguments),
        Task::Encode(arguments) => encode::encode(&arguments),
        Task::Reconstruct(arguments) => reconstruct::reconstruct(&arguments),
        Task::Sample(arguments) => sample::sample(&arguments),
        Task::Traverse(arguments) => traverse::traverse(&arguments),
        Task::Neighbours(arguments) => neighbours::neighbours(&arguments),
        Task::Figure(arguments) => figure::figure(&arguments),
        Task::Export(arguments) => export::export(&arguments),
        Task::Bench(arguments) => bench::bench(&arguments),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of a command line in a document, without a comment or another program after it.
    fn words(line: &str) -> Vec<&str> {
        let command =
            ["  ", " #", " |", " &&"].iter().fold(line, |rest, end| rest.split(end).next().unwrap_or(rest));
        let parts = command.split('"').enumerate();
        parts
            .flat_map(|(at, part)| if at % 2 == 1 { vec![part] } else { part.split(' ').collect() })
            .filter(|word| !word.is_empty())
            .collect()
    }

    #[test]
    fn command_lines_in_the_help_are_understood() {
        let command = Arguments::command();
        let commands = std::iter::once(&command).chain(command.get_subcommands());
        let help: Vec<String> =
            commands.filter_map(|command| command.get_after_help()).map(ToString::to_string).collect();
        let help = help.join("\n");
        let indented = help.lines().filter_map(|line| line.strip_prefix("  ")).map(str::trim_start);
        let lines: Vec<&str> = indented.filter(|line| line.starts_with("hourglass ")).collect();
        assert!(lines.len() > 5, "{lines:?}");
        for line in lines {
            if let Err(error) = Arguments::try_parse_from(words(line)) {
                panic!("{line}: {error}");
            }
        }
    }

    #[test]
    fn a_word_that_is_no_command_is_answered_with_the_nearest() {
        let check = |word: &str, expected: &str| {
            let Failure::Usage(message) = missing(Path::new(word)) else { panic!("{word} is wrong use") };
            let start = format!(
                "there is no command or file {word}{expected} The commands are: recipes, new, check,"
            );
            assert!(message.starts_with(&start), "{message}");
        };
        check("chek", "; did you mean check?");
        check("trian", "; did you mean train?");
        check("recontruct", "; did you mean reconstruct?");
        check("Train", "; did you mean train?");
        check("photos", ".");
        assert!(matches!(missing(Path::new("gone.ron")), Failure::Problem(_)));
    }
}
