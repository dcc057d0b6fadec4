use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use super::args::DataArguments;
use super::failure::Failure;
use super::progress::Bar;
use super::signal;
use crate::check::{DataFacts, Place, Plan, Severity, plan, problems};
use crate::dataset::{self, DataError, Dataset, Progress, Scaler, SplitRows};
use crate::engine;
use crate::project::{Channels, Data, Project, Source};
use crate::run::Run;

/// Width and height pictures of a folder are brought to unless something else is said.
const PICTURE_SIDE: usize = 32;
/// How often a load is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Puts the data of the command line in the place of the design's.
pub(super) fn replace(project: &mut Project, arguments: &DataArguments) -> Result<(), Failure> {
    if let Some(path) = &arguments.data {
        project.data.source = source(path, &project.data.source)?;
        if let Source::Csv { labels, .. } = &project.data.source
            && !labels.is_empty()
        {
            eprintln!("note: taken as labels, not as features: {}", labels.join(", "));
        }
    }
    if arguments.size.is_none() && arguments.channels.is_none() {
        return Ok(());
    }
    let Source::ImageFolder { width, height, channels, .. } = &mut project.data.source else {
        let message =
            "--size and --channels are for folders of pictures; these data have a size of their own";
        return Err(Failure::Usage(message.to_owned()));
    };
    if let Some(size) = arguments.size {
        (*width, *height) = size;
    }
    if let Some(name) = arguments.channels {
        *channels = name.into();
    }
    Ok(())
}

/// Loads data, with a bar; Ctrl-C gives up. Warnings of the loader go to stderr.
pub(super) fn load(data: &Data) -> Result<Dataset, Failure> {
    signal::install();
    let progress = Progress::default();
    let loaded = std::thread::scope(|scope| {
        let (sender, receiver) = channel();
        let progress = &progress;
        scope.spawn(move || {
            // The receiver waits for as long as this thread lives.
            let _ = sender.send(dataset::load(data, progress));
        });
        let bar = Bar::new("loading", 0);
        let loaded = loop {
            match receiver.recv_timeout(LOOK_EVERY) {
                Ok(loaded) => break loaded,
                Err(RecvTimeoutError::Timeout) => {
                    let (done, total) = progress.state();
                    bar.set(done, total.max(done));
                    if signal::asked_to_stop() {
                        progress.cancel();
                    }
                }
                // The loader panicked; the scope passes that on.
                Err(RecvTimeoutError::Disconnected) => break Err(DataError::Cancelled),
            }
        };
        bar.finish();
        loaded
    })?;
    for warning in &loaded.warnings {
        eprintln!("warning: {}: {warning}", loaded.name);
    }
    Ok(loaded)
}

/// What [`crate::check`] needs to know of data.
pub(super) fn facts(data: &Dataset) -> DataFacts {
    engine::facts(data)
}

/// Proves a design trainable on data; what is only remarkable goes to stderr.
pub(super) fn prove(design: &Project, data: &Dataset) -> Result<Plan, Failure> {
    let facts = facts(data);
    for problem in problems(design, Some(&facts)) {
        if problem.severity == Severity::Warning {
            eprintln!("warning: {}: {}", problem.place, problem.message);
        }
    }
    plan(design, &facts).map_err(|errors| {
        let lines: Vec<String> =
            errors.iter().map(|problem| format!("{}: {}", problem.place, problem.message)).collect();
        let hint = if errors.iter().any(|problem| problem.place == Place::Data) {
            ""
        } else {
            "\nhourglass check FILE shows everything that is wrong"
        };
        Failure::Problem(format!("this design cannot be trained: {}{hint}", lines.join("\n  and ")))
    })
}

/// The data a trained network is shown: those it was trained on, or others scaled in the same way.
#[derive(Debug)]
pub(super) struct Shown {
    /// The rows.
    pub(super) data: Dataset,
    /// Whether they are the run's own, with its split.
    pub(super) own: bool,
}

/// Loads what `path` names, or the run's own data.
pub(super) fn shown(run: &Run, path: Option<&Path>) -> Result<Shown, Failure> {
    // The network knows its inputs as they were scaled for its training split, not as these rows alone would be.
    let stored = engine::stored_scaler(run);
    let Some(path) = path else {
        let mut data = load(&run.design.data)?;
        if data.shape != run.shape {
            return Err(wrong_shape(&data, run));
        }
        if data.fingerprint != run.fingerprint {
            eprintln!("warning: {}: these are no longer the data run {} was trained on", data.name, run.id);
        } else if run.split.is_some_and(|split| split != data.split.fingerprint()) {
            eprintln!(
                "warning: {}: these are split otherwise than when run {} was trained: some of the samples it is judged by it has learnt",
                data.name, run.id
            );
        }
        if let Some(scaler) = stored {
            data.scaler = scaler;
        }
        return Ok(Shown { data, own: true });
    };
    let source = source(path, &run.design.data.source)?;
    let mut data = load(&Data { source, ..run.design.data.clone() })?;
    if data.shape != run.shape {
        return Err(wrong_shape(&data, run));
    }
    data.scaler = stored.map_or_else(|| scaler_of_training_data(run), Ok)?;
    let all: Vec<u32> = (0..data.len() as u32).collect();
    data.split = SplitRows { train: all.clone(), validation: all.clone(), test: all };
    Ok(Shown { data, own: false })
}

/// The scaling of a run that was saved before it was stored: fitted once more.
fn scaler_of_training_data(run: &Run) -> Result<Scaler, Failure> {
    match load(&run.design.data) {
        Ok(data) => Ok(data.scaler),
        Err(Failure::Problem(message)) => Err(Failure::Problem(format!(
            "the data run {} was trained on are needed for their scaling: {message}",
            run.id
        ))),
        Err(other @ (Failure::Usage(_) | Failure::Interrupted | Failure::ClosedPipe)) => Err(other),
    }
}

/// Threads to work with: as said, or all there are.
pub(super) fn threads(wanted: Option<usize>) -> usize {
    wanted.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
}

/// A source for a path; pictures are brought to the size the design has, where it has one.
fn source(path: &Path, design: &Source) -> Result<Source, Failure> {
    let (width, height, channels) = match design {
        Source::ImageFolder { width, height, channels, .. } => (*width, *height, *channels),
        Source::Digits
        | Source::Synthetic(_)
        | Source::Idx { .. }
        | Source::Csv { .. }
        | Source::Npy { .. } => (PICTURE_SIDE, PICTURE_SIDE, Channels::Grey),
    };
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    Ok(dataset::source_for(&path, width, height, channels)?)
}

fn wrong_shape(data: &Dataset, run: &Run) -> Failure {
    Failure::Problem(format!(
        "{}: its samples are {}, run {} was trained on {}; give data of that shape",
        data.name, data.shape, run.id, run.shape
    ))
}
