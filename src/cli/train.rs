use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::args::Train;
use super::data::{self, DataPathHint};
use super::failure::Failure;
use super::progress::Bar;
use super::saver::Saver;
use super::signal::{self, Stage};
use super::subject::{Origin, Subject};
use super::write::{json, line};
use crate::dataset::Dataset;
use crate::project::{
    Project, Strategy, format_percent, format_secs, terminal_number, visible, visible_path,
};
use crate::run::{
    Diagnosis, EpochRecord, GreedyRecord, Losses, Normaliser, Run, RunEvent, RunId, Setting, Status,
    diagnoses,
};
use crate::session::{Checkpoints, Driver, Interval, Intervals, Observer, baseline, baseline_macs};

/// Time between two saves, besides those the user asks for.
const SAVE_EVERY: Duration = Duration::from_mins(1);

/// Cost above which the baseline is omitted, because it would delay the result: one or two seconds.
const BASELINE_MACS: f64 = 5e10;

/// A shorter time is shown as 0.0 s, and tells no speed.
const LEAST_TIMED_SECS: f64 = 0.05;

/// `hourglass train`
pub(super) fn train(arguments: &Train) -> Result<(), Failure> {
    let mut saver =
        Saver::new(Subject::open(&arguments.subject, "hourglass train DESIGN --data")?, arguments)?;
    let subject = &mut saver.subject;
    let (works, data) =
        if arguments.resume { resumed(subject, arguments)? } else { fresh(subject, arguments)? };
    let data = Arc::new(data);
    for work in works {
        if signal::asked_to_stop() {
            return Err(Failure::Interrupted);
        }
        signal::enter(Stage::Free);
        let mut training = Training::new(arguments, work, &data, &saver)?;
        signal::enter(Stage::Training);
        let ended = training.go();
        for note in saver.save_at_last(training.run())? {
            training.driver.observer().bar.print(&note);
        }
        training.conclude(arguments, &saver, ended)?;
        let run = training.driver.into_run();
        saver.subject.runs.retain(|other| other.id != run.id);
        saver.subject.runs.push(run);
    }
    Ok(())
}

/// A run to train.
enum Work {
    /// A new run of a design.
    New(RunId, Box<Project>),
    /// A run that is resumed from its checkpoint.
    Resume(Box<Run>),
}

/// New runs of the design, with the changes from the command line: one, or two if layer-wise and
/// joint training are compared.
fn fresh(subject: &mut Subject, arguments: &Train) -> Result<(Vec<Work>, Dataset), Failure> {
    let mut design = subject.project.clone();
    data::replace(&mut design, &arguments.data)?;
    if let Some(epochs) = arguments.epochs {
        design.training.epochs = epochs;
    }
    if let Some(seed) = arguments.seed {
        design.training.seed = seed;
    }
    // In a new project the document is the trained design; an existing project keeps its document.
    if !matches!(subject.origin, Origin::Project(_)) {
        subject.project = design.clone();
    }
    let data = data::load(&design.data, data::OF_DESIGN, DataPathHint::Option)?;
    let mut taken: BTreeSet<RunId> = subject.runs.iter().map(|run| run.id).collect();
    let work = |design| {
        let id = RunId::next(&taken);
        taken.insert(id);
        Work::New(id, Box::new(design))
    };
    Ok((design.trained_designs().into_iter().map(work).collect(), data))
}

/// The run to resume, on the data it was trained on.
fn resumed(subject: &Subject, arguments: &Train) -> Result<(Vec<Work>, Dataset), Failure> {
    if arguments.data.weights.any() {
        let message =
            "a run that is resumed keeps its loss: omit --weight, or omit --resume to train a new run";
        return Err(Failure::Usage(message.to_owned()));
    }
    if !matches!(subject.origin, Origin::Project(_)) {
        return Err(Failure::Problem(format!(
            "{}: only a project file contains runs to resume; omit --resume to start a new run",
            subject.name()
        )));
    }
    let mut run = subject.run(arguments.run, |_| true)?.clone();
    let (id, name) = (run.id, subject.name());
    if let Status::Failed(message) = &run.status {
        return Err(Failure::Problem(format!(
            "{name}: run {id} failed and cannot be resumed: {}",
            visible(message)
        )));
    }
    let Some(checkpoint) = &run.checkpoint else {
        return Err(Failure::Problem(format!(
            "{name}: run {id} has no checkpoint to resume from; train a new one"
        )));
    };
    let wanted = arguments.epochs.unwrap_or(run.epochs);
    if checkpoint.progress.epoch >= wanted {
        return Err(already_done(subject, &run));
    }
    let known = data::relocated(&run, &arguments.data)?;
    let data = data::load_own(&run, &known)?;
    run.check_same_data(&data).map_err(|error| {
        Failure::Problem(format!(
            "{}: {error}. Give the run's own data with --data, or omit --resume to train a new run",
            visible(&data.name)
        ))
    })?;
    // A run saved before everything was stored has it from now on.
    run.apply(&RunEvent::Located(Box::new(known), Normaliser::of(&data)));
    Ok((vec![Work::Resume(Box::new(run))], data))
}

fn already_done(subject: &Subject, run: &Run) -> Failure {
    let epochs = run.history.epochs.len();
    let has_trained = if run.status == Status::Done { "is finished after" } else { "has trained for" };
    Failure::Problem(format!(
        "{}: run {} {has_trained} {epochs} epochs; give a larger number with --epochs to train it further",
        subject.name(),
        run.id
    ))
}

/// How a training ended.
enum Ended {
    Done,
    Interrupted,
    Failed(String),
}

/// A run in training.
struct Training<'a> {
    driver: Driver<Terminal<'a>>,
    /// Samples per epoch.
    samples: usize,
    /// Training time and finished epochs when this process took over.
    before: (f64, usize),
}

impl<'a> Training<'a> {
    fn new(
        arguments: &Train,
        work: Work,
        data: &Arc<Dataset>,
        saver: &'a Saver,
    ) -> Result<Training<'a>, Failure> {
        let (plan, run) = match work {
            Work::New(id, design) => {
                let plan = data::prove(&design, data)?;
                let run = Run::new(id, &plan, data);
                (plan, run)
            }
            Work::Resume(run) => (data::prove(&run.design, data)?, *run),
        };
        let by_time = Interval { every: SAVE_EVERY, cost: 10 };
        let checkpoint = match arguments.checkpoint_every {
            Some(epochs) => Checkpoints::Epochs(epochs, by_time),
            None => Checkpoints::Timed(by_time),
        };
        let probe = Interval { every: Duration::ZERO, cost: 10 };
        let intervals = Intervals { report: Duration::ZERO, probe, health: None, checkpoint };
        let (is_resumed, epochs) = (run.checkpoint.is_some(), run.epochs);
        let threads = data::threads(arguments.threads);
        let terminal = Terminal::new(arguments.json, saver);
        let mut driver = Driver::new(run, &plan, data, threads, intervals, terminal)
            .map_err(|error| Failure::Problem(format!("{}: {error}", saver.subject.name())))?;
        if is_resumed {
            let is_done = driver.trainer().is_done();
            // The run's own number of epochs requests nothing new, unless early stopping had ended
            // the run.
            if let Some(wanted) = arguments.epochs.filter(|&wanted| wanted != epochs || is_done) {
                driver.set(Setting::Epochs(wanted));
            }
            if driver.trainer().is_done() {
                return Err(already_done(&saver.subject, driver.run()));
            }
        }
        let before = (driver.run().seconds, driver.run().history.epochs.len());
        // PCA is a good baseline only for equally weighted features.
        let has_baseline = driver.run().pca_mse.is_none() && !driver.run().design.weighs_features();
        if has_baseline && baseline_macs(data, plan.code_units()) <= BASELINE_MACS {
            match baseline(data, plan.code_units()) {
                Ok(mse) => driver.set_baseline(mse),
                Err(error) => log::warn!("baseline not available: {error}"),
            }
        }
        Ok(Training { driver, samples: data.split.train.len(), before })
    }

    /// Takes steps until the end, Ctrl-C, or an error.
    fn go(&mut self) -> Ended {
        let driver = &mut self.driver;
        driver.observer().is_going = true;
        driver.begin();
        let ended = loop {
            if driver.trainer().is_done() {
                break Ended::Done;
            }
            if signal::asked_to_stop() {
                break Ended::Interrupted;
            }
            if let Err(error) = driver.step_while(&|| !signal::asked_to_stop()) {
                break Ended::Failed(error.to_string());
            }
        };
        let terminal = driver.observer();
        terminal.bar.finish();
        // The caller saves the last state, because it knows the file.
        terminal.is_going = false;
        driver.halt(match &ended {
            Ended::Done => Status::Done,
            Ended::Interrupted => Status::Stopped,
            Ended::Failed(message) => Status::Failed(message.clone()),
        });
        ended
    }

    /// Reports the result.
    fn conclude(&self, arguments: &Train, saver: &Saver, ended: Ended) -> Result<(), Failure> {
        if arguments.json {
            json(&self.final_json(saver));
        } else {
            line(self.final_text(saver));
        }
        match ended {
            Ended::Done => Ok(()),
            Ended::Interrupted => Err(Failure::Interrupted),
            Ended::Failed(message) => Err(Failure::Problem(format!("run {}: {message}", self.run().id))),
        }
    }

    /// Samples trained per second since this process took over.
    fn samples_per_sec(&self) -> Option<f64> {
        let (seconds, epochs) = self.before;
        let history = &self.run().history;
        let last = history.epochs.last()?;
        let trained = (history.epochs.len() - epochs) * self.samples;
        (trained > 0 && last.seconds > seconds).then(|| trained as f64 / (last.seconds - seconds))
    }

    fn final_json(&self, saver: &Saver) -> Value {
        let run = self.run();
        let last = run.history.epochs.last();
        let checkpoint = run.checkpoint.as_ref();
        let kept = checkpoint.and_then(|checkpoint| Some(checkpoint.best.as_ref()?.epoch));
        let settled = run.design.code.kind.settles_after();
        json!({
            "done": run.status == Status::Done,
            "status": run.status.word(),
            "epochs": last.map_or(0, |record| record.epoch),
            "train_loss": last.map(|record| record.train.total()),
            "val_loss": last.and_then(|record| record.validation.as_ref()).map(Losses::total),
            "val_mse": last.map(|record| record.mse),
            "pca_mse": run.pca_mse,
            "best_epoch": kept.or_else(|| Some(run.history.best(settled)?.epoch)),
            "params": run.parameters,
            "steps": checkpoint.map_or(0, |checkpoint| checkpoint.progress.step),
            "seconds": run.seconds,
            "samples_per_sec": self.samples_per_sec(),
            "findings": diagnoses(run).iter().map(Diagnosis::json).collect::<Vec<_>>(),
            "run": saver.number_of(run.id),
            "file": saver.output.to_string_lossy(),
        })
    }

    fn final_text(&self, saver: &Saver) -> String {
        let run = self.run();
        let result = match run.history.epochs.last() {
            Some(record) => {
                let baseline = run
                    .baseline_mse()
                    .map(|mse| format!(" (PCA {})", terminal_number(mse)))
                    .unwrap_or_default();
                format!("{}, {} per feature{baseline}", summary(run, record), terminal_number(record.mse))
            }
            None => "no epoch was completed".to_owned(),
        };
        let timed = self.samples_per_sec().filter(|_| run.seconds - self.before.0 >= LEAST_TIMED_SECS);
        let speed = timed.map(|speed| format!(", {speed:.0} samples/s")).unwrap_or_default();
        let state = if run.status == Status::Stopped { ", stopped; --resume continues it" } else { "" };
        let finding_line = |finding: &Diagnosis| format!("\nfinding: {}", visible(&finding.line()));
        let findings = diagnoses(run).iter().map(finding_line).collect::<Vec<_>>().concat();
        format!(
            "{result}{findings}\n{} parameters, {}{speed}\nsaved as run {}{state}: {}",
            run.parameters,
            format_secs(run.seconds),
            saver.number_of(run.id),
            visible_path(&saver.output)
        )
    }
    fn run(&self) -> &Run {
        self.driver.run()
    }
}

/// Shows a training on a terminal or to a script, and saves its checkpoints.
struct Terminal<'a> {
    bar: Bar,
    json: bool,
    saver: &'a Saver,
    /// Whether it is between the first step and the last.
    is_going: bool,
}

impl<'a> Terminal<'a> {
    fn new(json: bool, saver: &'a Saver) -> Terminal<'a> {
        let bar = Bar::new("training", 0);
        Terminal { bar, json, saver, is_going: false }
    }

    fn line(&self, value: impl FnOnce() -> Value) {
        if self.json {
            json(&value());
        }
    }
}

impl Observer for Terminal<'_> {
    fn observe(&mut self, run: &Run, event: RunEvent) {
        match event {
            RunEvent::Greedy(records) => {
                for record in records {
                    self.bar.say(|| greedy_summary(run, &record));
                    self.line(|| json!(record));
                }
            }
            RunEvent::Epochs(records) => {
                for record in records {
                    self.bar.say(|| summary(run, &record));
                    self.line(|| epoch_json(&record));
                }
            }
            RunEvent::Restarted(restart) => self.bar.print(&format!(
                "the selector has not chosen yet (mean certainty {}): attempt {} starts, with {} epochs in total",
                format_percent(restart.mean_max, 1),
                restart.attempt,
                restart.epochs
            )),
            RunEvent::Progress(progress) if self.is_going => {
                let (done, all) = progress.steps();
                self.bar.set(done, all);
            }
            RunEvent::Checkpoint(_) if self.is_going => match self.saver.save(run) {
                Ok(notes) => notes.iter().for_each(|note| self.bar.print(note)),
                Err(error) => self.bar.print(&format!("warning: {error}")),
            },
            RunEvent::Status(_)
            | RunEvent::Terms(_)
            | RunEvent::Probe(_)
            | RunEvent::Progress(_)
            | RunEvent::Kept(..)
            | RunEvent::Health(_)
            | RunEvent::Edited(_)
            | RunEvent::Checkpoint(_)
            | RunEvent::Baseline(_)
            | RunEvent::Located(..)
            | RunEvent::Found(_)
            | RunEvent::Dropped(_)
            | RunEvent::Captioned(_) => {}
        }
    }
}

fn greedy_summary(run: &Run, record: &GreedyRecord) -> String {
    let Strategy::LayerWise { epochs, .. } = run.design.training.strategy else { return String::new() };
    let (layer, epoch, error) = (record.layer, record.epoch, terminal_number(record.error));
    format!("layer {layer}, epoch {epoch}/{epochs}: error {error} per feature")
}

fn summary(run: &Run, record: &EpochRecord) -> String {
    let train = terminal_number(record.train.total());
    let validation = record.validation.as_ref().map(|losses| terminal_number(losses.total()));
    let validation = validation.map(|loss| format!(", validation {loss}")).unwrap_or_default();
    format!("epoch {}/{}: loss {train}{validation}", record.epoch, run.epochs)
}

fn epoch_json(record: &EpochRecord) -> Value {
    let terms = |losses: Option<&Losses>| {
        let pairs = losses.iter().flat_map(|losses| losses.iter());
        Value::Object(pairs.map(|(term, loss)| (term.to_owned(), json!(loss))).collect())
    };
    let validation = record.validation.as_ref();
    json!({
        "epoch": record.epoch,
        "step": record.step,
        "train_loss": record.train.total(),
        "val_loss": validation.map(Losses::total),
        "val_mse": record.mse,
        "train": terms(Some(&record.train)),
        "validation": terms(validation),
        "learning_rate": shortest(record.learning_rate),
        "seconds": record.seconds,
    })
}

/// The number as it was typed, not its nearest double.
fn shortest(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}
