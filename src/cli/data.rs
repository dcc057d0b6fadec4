use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use super::args::DataArguments;
use super::failure::Failure;
use super::progress::Bar;
use super::reading::Reading;
use super::write::{note, warn};
use crate::check::{DataFacts, Plan, Severity, plan, problems};
use crate::dataset::{self, DataError, Dataset, Doubt, Known, Progress, Scaler};
use crate::project::{
    Channels, Choice, Data, Mask, Place, Project, Rules, Shape, Source, visible, visible_list, visible_path,
};
use crate::run::{self, Run};

/// Default width and height of pictures in a folder.
const PICTURE_SIDE: usize = 32;
/// The owner of the data, for [`load`].
pub(super) const OF_DESIGN: &str = "the data of this design";
/// Number of problems listed if a design cannot be trained.
const LISTED: usize = 20;
/// Interval between progress updates of a load.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// How to give a command another path for the data of a design or run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DataPathHint {
    /// By `--data PATH`.
    Option,
    /// As a second word, `FILE DATA`.
    Argument,
}

impl DataPathHint {
    fn remedy(self) -> &'static str {
        match self {
            DataPathHint::Option => "give the new path with --data PATH",
            DataPathHint::Argument => {
                "give the new path after the project, as in hourglass evaluate FILE NEW_PATH"
            }
        }
    }

    fn name(self) -> &'static str {
        match self {
            DataPathHint::Option => "--data",
            DataPathHint::Argument => "the data",
        }
    }
}

/// Replaces the data of the design by those of the command line.
pub(super) fn replace(project: &mut Project, arguments: &DataArguments) -> Result<(), Failure> {
    if let Some(path) = &arguments.data {
        let found = source(path, &project.data, &arguments.reading)?;
        let before = std::mem::replace(&mut project.data.source, found);
        if let (Source::Csv { labels: before, .. }, Source::Csv { labels, .. }) =
            (&before, &project.data.source)
        {
            let gone: Vec<&String> = before.iter().filter(|label| !labels.contains(label)).collect();
            if !gone.is_empty() {
                note(format_args!(
                    "note: label columns of the design that the data do not have: {}",
                    visible_list(&gone)
                ));
            }
        }
        if !matches!(before, Source::Csv { .. }) {
            find_labels(project, arguments)?;
        }
    }
    arguments.reading.apply(&mut project.data)?;
    detect_labels(project, &arguments.reading)?;
    arguments.weights.apply(project);
    if let (Some(_), Source::Csv { labels, .. }) = (&arguments.data, &project.data.source)
        && !labels.is_empty()
    {
        let names = visible_list(labels);
        note(format_args!(
            "note: read as labels, not as features: {names} (--column NAME=feature makes one a feature)"
        ));
    }
    Ok(())
}

/// Detects the label columns of a new table again, with the layout from the command line.
fn find_labels(project: &mut Project, arguments: &DataArguments) -> Result<(), Failure> {
    let mut asked = project.data.clone();
    arguments.reading.apply(&mut asked)?;
    let found = dataset::labels_of(&asked)?;
    if let (Source::Csv { labels, .. }, Some(found)) = (&mut project.data.source, found) {
        *labels = found;
    }
    Ok(())
}

/// Makes columns without a chosen role labels, if the first rows of the table suggest it.
fn detect_labels(project: &mut Project, reading: &Reading) -> Result<(), Failure> {
    if project.data.rules == Rules::Version1 || !reading.detects_labels() {
        return Ok(());
    }
    let found = dataset::labels_of(&project.data)?;
    if let (Source::Csv { labels, reading: chosen, .. }, Some(found)) = (&mut project.data.source, found) {
        let is_chosen = |name: &String| chosen.columns.iter().any(|column| column.name == *name);
        let is_wanted = |name: &String| reading.detects(name) && !labels.contains(name) && !is_chosen(name);
        let found: Vec<String> = found.into_iter().filter(is_wanted).collect();
        labels.extend(found);
    }
    Ok(())
}

/// The data of a run that is resumed, at the path from the command line; other choices are kept.
pub(super) fn relocated(run: &Run, arguments: &DataArguments) -> Result<Data, Failure> {
    let mut design = run.design.clone();
    if let Some(path) = &arguments.data {
        let path = given(path, DataPathHint::Option)?;
        design.data.source = source_like(&path, run, &arguments.reading)?;
        // It is the same table.
        if let (Source::Csv { reading, .. }, Source::Csv { reading: own, .. }) =
            (&mut design.data.source, &run.design.data.source)
        {
            reading.skip_rows.clone_from(&own.skip_rows);
        }
    }
    replace(&mut design, &DataArguments { data: None, ..arguments.clone() })?;
    Ok(design.data)
}

/// Loads the data of a design or a run, with a progress bar. Warnings of the loader go to stderr.
///
/// `whose` names their owner, for the error if they are missing.
pub(super) fn load(data: &Data, whose: &str, elsewhere: DataPathHint) -> Result<Dataset, Failure> {
    check_there(&data.source, whose, elsewhere)?;
    load_and_report(data)
}

/// Loads the data of a run that is resumed, like [`Run::load_own`].
pub(super) fn load_own(run: &Run, data: &Data) -> Result<Dataset, Failure> {
    check_there(&data.source, &data_of(run), DataPathHint::Option)?;
    let loaded = run.load_own(data, load_known)?;
    report(data, &loaded, &loaded.read_report.line);
    Ok(loaded)
}

/// Loads data, and reports how they were read.
fn load_and_report(data: &Data) -> Result<Dataset, Failure> {
    let loaded = load_known(data, None)?;
    report(data, &loaded, &loaded.read_report.line);
    Ok(loaded)
}

/// Ends the command if a source of the data is missing, with its path and the fix.
fn check_there(source: &Source, whose: &str, elsewhere: DataPathHint) -> Result<(), Failure> {
    let gone = |path: &&PathBuf| path.metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound);
    let Some(path) = source.paths().into_iter().find(gone) else { return Ok(()) };
    let folder = match path.parent() {
        Some(folder) if !folder.exists() => " and its folder does not exist either",
        Some(_) | None => "",
    };
    Err(Failure::Problem(format!(
        "{whose} were not found ({}): there is no {}{folder}. If they were moved or renamed, {}; otherwise \
         restore the file",
        source.name(),
        visible_path(path),
        elsewhere.remedy()
    )))
}

/// Loads data with a progress bar, without messages about them.
fn load_known(data: &Data, known: Option<Known<'_>>) -> Result<Dataset, Failure> {
    let progress = Progress::default();
    Ok(std::thread::scope(|scope| {
        let (sender, receiver) = channel();
        let progress = &progress;
        let work = move || {
            // The receiver waits as long as this thread runs.
            let _ = sender.send(dataset::load_known(data, known, progress));
        };
        let spawned = std::thread::Builder::new().name("loading".to_owned()).spawn_scoped(scope, work);
        spawned.map_err(|error| {
            DataError::Setting(format!(
                "no thread could be started for loading ({error}); close other programs"
            ))
        })?;
        let bar = Bar::new("loading", 0);
        let loaded = loop {
            match receiver.recv_timeout(POLL_INTERVAL) {
                Ok(loaded) => break loaded,
                Err(RecvTimeoutError::Timeout) => {
                    let (done, total) = progress.state();
                    bar.set(done, total.max(done));
                }
                // The loader panicked; the scope propagates that.
                Err(RecvTimeoutError::Disconnected) => break Err(DataError::Cancelled),
            }
        };
        bar.finish();
        loaded
    })?)
}

/// Reports how data were read: a summary line, then notes, then doubts.
fn report(data: &Data, loaded: &Dataset, line: &str) {
    note(line);
    if data.has_old_rules() {
        note(format_args!(
            "note: these data are read by the rules of version 1, as the design says; {} reads them by the \
             current rules, for new runs",
            Choice::Rules(Rules::Current).option()
        ));
    }
    for sentence in &loaded.read_report.notes {
        note(format_args!("note: {sentence}"));
    }
    loaded.doubts.iter().for_each(|doubt| warn_of(loaded, doubt));
    for warning in &loaded.warnings {
        warn(format_args!("{}: {warning}", visible(&loaded.name)));
    }
}

/// Warns about a doubt, with the options that would change the reading.
fn warn_of(loaded: &Dataset, doubt: &Doubt) {
    let options: Vec<String> = doubt.remedies.iter().map(Choice::option).collect();
    let remedy = if options.is_empty() { String::new() } else { format!(" ({})", options.join(" or ")) };
    warn(format_args!("{}: {}{}", visible(&loaded.name), visible(&doubt.message), visible(&remedy)));
}

/// The facts about data that [`crate::check`] needs.
pub(super) fn facts(data: &Dataset) -> DataFacts {
    run::facts(data)
}

/// Ends the command if a design cannot be trained on data; warnings go to stderr.
pub(super) fn prove(design: &Project, data: &Dataset) -> Result<Plan, Failure> {
    let facts = facts(data);
    let found = problems(design, Some(&facts));
    if let Some(problem) = run::weight_problem(design, data) {
        let text = format!("this design cannot be trained: {}: {}", problem.place, problem.message);
        return Err(Failure::Problem(format!("{text}\n--weight NAME=1 removes a weight")));
    }
    let warnings = || found.iter().filter(|problem| problem.severity == Severity::Warning);
    for problem in warnings().take(LISTED) {
        warn(format_args!("{}: {}", problem.place, problem.message));
    }
    if let Some(more) = warnings().count().checked_sub(LISTED).filter(|more| *more > 0) {
        warn(format_args!("{more} more warnings; hourglass check shows all of them"));
    }
    plan(design, &facts).map_err(|errors| {
        let listed = errors.iter().take(LISTED);
        let mut lines: Vec<String> =
            listed.map(|problem| format!("{}: {}", problem.place, problem.message)).collect();
        if let Some(more) = errors.len().checked_sub(LISTED).filter(|more| *more > 0) {
            lines.push(format!("{more} more"));
        }
        let hint = if errors.iter().any(|problem| problem.place == Place::Data) {
            ""
        } else {
            "\nhourglass check FILE shows all problems"
        };
        Failure::Problem(format!("this design cannot be trained: {}{hint}", lines.join("\n  and ")))
    })
}

/// The data for a trained network: those it was trained on, or others scaled and filled in the same
/// way.
#[derive(Debug)]
pub(super) struct Shown {
    /// The rows.
    pub(super) data: Dataset,
    /// Whether they are the run's own, with its split.
    pub(super) own: bool,
}

/// Loads the data at `path`, or the run's own data, read like those unless chosen otherwise; if
/// `own_size`, pictures in the size of their files.
pub(super) fn shown(
    run: &Run,
    path: Option<&Path>,
    mask: Option<&Mask>,
    reading: &Reading,
    own_size: bool,
) -> Result<Shown, Failure> {
    let chosen = &run.design.data;
    let mut source = if let Some(path) = path {
        let path = given(path, DataPathHint::Argument)?;
        source_like(&path, run, reading)?
    } else {
        check_there(&chosen.source, &data_of(run), DataPathHint::Argument)?;
        chosen.source.clone()
    };
    if own_size {
        resize_to_own(run, &mut source)?;
    }
    let mut asked = Data { source, ..chosen.clone() };
    reading.apply_to_trained(&mut asked)?;
    // The network expects inputs filled and scaled as for its training split, not as fitted to
    // these rows.
    let mut data = run.load_shown(&asked, path.is_some(), mask, &Progress::default(), load_known)?;
    let own = run.is_own(&data, path.is_some());
    // For other data, all rows are used.
    let line = if own { data.read_report.line.clone() } else { data.read_report.of_all_rows() };
    report(&asked, &data, &line);
    if data.shape != run.shape && run.plan_for(data.shape).is_none() {
        return Err(run.wrong_shape(&data).into());
    }
    let doubts = run.scale_shown(&asked, path.is_some(), &mut data, || scaler_of_training_data(run))?;
    doubts.iter().for_each(|doubt| warn_of(&data, doubt));
    Ok(Shown { data, own })
}

/// Sets the size that pictures are resized to, to that of their files.
fn resize_to_own(run: &Run, source: &mut Source) -> Result<(), Failure> {
    if let Some(why) = run.one_size_only() {
        return Err(Failure::Problem(format!(
            "--own-size: run {} only takes samples of {}: {why}",
            run.id, run.shape
        )));
    }
    let size = dataset::own_size(std::slice::from_ref(source), &Progress::default())?;
    if let (Source::ImageFolder { width, height, .. }, Some(size)) = (source, size) {
        (*width, *height) = size;
    }
    Ok(())
}

/// The owner of the data, for [`load`].
pub(super) fn data_of(run: &Run) -> String {
    format!("the data run {} was trained on", run.id)
}

/// The scaling of a run that was saved before scalings were stored: fitted again.
fn scaler_of_training_data(run: &Run) -> Result<Scaler, Failure> {
    let source = &run.design.data.source;
    let loaded = match source.paths().into_iter().find(|path| !path.exists()) {
        Some(path) => Err(Failure::Problem(format!("there is no {}; restore it", visible_path(path)))),
        None => load_and_report(&run.design.data),
    };
    match loaded {
        Ok(data) => Ok(data.scaler),
        Err(Failure::Problem(message)) => Err(run.unknown_scaling(&message).into()),
        Err(other @ (Failure::Usage(_) | Failure::Interrupted)) => Err(other),
    }
}

/// Number of threads: as requested, or all of the machine.
pub(super) fn threads(wanted: Option<usize>) -> usize {
    wanted.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
}

/// A source for a path; pictures get the size of the design, if it has one. A table is read to
/// detect its layout.
fn source(path: &Path, data: &Data, options: &Reading) -> Result<Source, Failure> {
    let design = &data.source;
    let (width, height, channels) = match design {
        Source::ImageFolder { width, height, channels, .. } => (*width, *height, *channels),
        Source::Digits
        | Source::Synthetic(_)
        | Source::Idx { .. }
        | Source::Csv { .. }
        | Source::Npy { .. } => (PICTURE_SIDE, PICTURE_SIDE, Channels::Grey),
    };
    let path = given(path, DataPathHint::Option)?;
    let mut source = dataset::unread_source(&path, width, height, channels)?;
    match (&mut source, design) {
        (
            Source::ImageFolder { fit, reading, .. },
            Source::ImageFolder { fit: chosen, reading: known, .. },
        ) => {
            *fit = *chosen;
            reading.clone_from(known);
        }
        (Source::Idx { reading, .. }, Source::Idx { reading: known, .. }) => reading.clone_from(known),
        // Its arrays, if they also exist; the shape applies to pictures only.
        (Source::Npy { .. }, Source::Npy { .. }) => {
            source = dataset::source_like(&path, design, Shape::Vector(1))?;
        }
        (Source::Csv { .. }, Source::Csv { labels: known, .. }) => {
            let mut asked = data.clone();
            options.apply(&mut asked)?;
            if let Source::Csv { labels, .. } = &mut asked.source {
                labels.clone_from(known);
            }
            source = dataset::table_like(&path, &asked.source, asked.rules)?;
        }
        (Source::Csv { .. }, _) => source = laid_out(source, data, options)?,
        _ => {}
    }
    Ok(source)
}

/// Completes a new table from its first rows, read as on the command line; returns other data
/// unchanged.
fn laid_out(source: Source, data: &Data, options: &Reading) -> Result<Source, Failure> {
    if !matches!(source, Source::Csv { .. }) {
        return Ok(source);
    }
    let mut asked = Data { source, ..data.clone() };
    options.apply(&mut asked)?;
    dataset::lay_out(&mut asked.source)?;
    Ok(asked.source)
}

/// A source for other data of a trained run.
fn source_like(path: &Path, run: &Run, options: &Reading) -> Result<Source, Failure> {
    let data = &run.design.data;
    let source = dataset::source_like(path, &data.source, run.shape)?;
    if matches!(data.source, Source::Csv { .. }) {
        return Ok(source);
    }
    laid_out(source, data, options)
}

/// The absolute form of a path from the command line, if something exists there.
fn given(path: &Path, elsewhere: DataPathHint) -> Result<PathBuf, Failure> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if path.exists() {
        return Ok(path);
    }
    let message = format!("{}: there is no {}; check the path", elsewhere.name(), visible_path(&path));
    Err(Failure::Problem(message))
}
