use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use super::args::Train;
use super::data::{self, Elsewhere};
use super::failure::Failure;
use super::progress::{Bar, duration};
use super::signal;
use super::subject::{Origin, Subject};
use super::write::{line, number, refuse_to_overwrite};
use crate::dataset::Dataset;
use crate::engine::{Trainer, check_same_data, choose_probe, normaliser};
use crate::io::{Files, save_project};
use crate::project::{Project, Strategy};
use crate::run::{EpochRecord, GreedyRecord, History, KeptEpochs, Run, RunId, Setting, Status};
use crate::session::{baseline, baseline_macs};

/// Between two saves where the person does not say.
const SAVE_EVERY: Duration = Duration::from_mins(1);

/// Most time spent looking at the watched samples, as a part of the training.
const LOOKING: f64 = 0.1;

/// The baseline is left out where it would keep a person waiting: this takes a second or two.
const BASELINE_MACS: f64 = 5e10;

/// `hourglass train`
pub(super) fn train(arguments: &Train) -> Result<(), Failure> {
    let mut subject = Subject::open(&arguments.subject)?;
    let output = output(&subject, arguments)?;
    let files = Files::default();
    files.check_writable(&output)?;
    signal::install();
    let (runs, data) =
        if arguments.resume { resumed(&subject, arguments)? } else { fresh(&mut subject, arguments)? };
    let data = Arc::new(data);
    let mut saver = Saver { files, output, subject };
    for run in runs {
        let mut training = Training::new(arguments, run, Arc::clone(&data))?;
        let ended = training.go(arguments, &saver);
        saver.save_at_last(&training.run)?;
        training.conclude(arguments, &saver.output, ended)?;
        saver.subject.runs.retain(|other| other.id != training.run.id);
        saver.subject.runs.push(training.run);
    }
    Ok(())
}

/// Where the run is saved. Nothing is overwritten by default but the project the run belongs to.
fn output(subject: &Subject, arguments: &Train) -> Result<PathBuf, Failure> {
    let output = arguments.output.clone().unwrap_or_else(|| subject.default_output());
    let same = |own: &PathBuf| {
        own == &output || own.canonicalize().is_ok_and(|own| output.canonicalize().is_ok_and(|it| it == own))
    };
    let own = matches!(&subject.origin, Origin::Project(path) if same(path));
    if own && subject.is_damaged && !arguments.force {
        return Err(Failure::Problem(format!(
            "{}: saving would lose for good what could not be read; give another name with -o, or --force",
            output.display()
        )));
    }
    if !own {
        refuse_to_overwrite(&output, arguments.force)?;
    }
    Ok(output)
}

/// New runs of the design, with what the command line changes: one, or two where layer-wise and joint training are compared.
fn fresh(subject: &mut Subject, arguments: &Train) -> Result<(Vec<Run>, Dataset), Failure> {
    let mut design = subject.project.clone();
    data::replace(&mut design, &arguments.data)?;
    if let Some(epochs) = arguments.epochs {
        design.training.epochs = epochs;
    }
    if let Some(seed) = arguments.seed {
        design.training.seed = seed;
    }
    // In a project of its own the document is what was trained; a project that exists keeps its document.
    if !matches!(subject.origin, Origin::Project(_)) {
        subject.project = design.clone();
    }
    let data = data::load(&design.data, data::OF_DESIGN, Elsewhere::Option)?;
    let newest = subject.runs.iter().map(|run| run.id.0).max().unwrap_or(0);
    let run = |(design, number): (Project, u32)| Run {
        id: RunId(newest.saturating_add(number)),
        shape: data.shape,
        fingerprint: data.fingerprint,
        split: Some(data.split.fingerprint()),
        normaliser: Some(normaliser(&data)),
        status: Status::Queued,
        epochs: design.training.epochs,
        edits: Vec::new(),
        restarts: Vec::new(),
        parameters: 0,
        seconds: 0.0,
        started_unix_secs: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
        history: History::default(),
        health: None,
        pca_mse: None,
        kept: KeptEpochs::default(),
        checkpoint: None,
        design,
    };
    let runs = design.trained_designs().into_iter().zip(1..).map(run).collect();
    Ok((runs, data))
}

/// The run to go on with, on the data it was trained on.
fn resumed(subject: &Subject, arguments: &Train) -> Result<(Vec<Run>, Dataset), Failure> {
    if !matches!(subject.origin, Origin::Project(_)) {
        let message = "only a project file holds runs to resume; leave --resume out to start one";
        return Err(Failure::Problem(message.to_owned()));
    }
    let mut run = subject.run(arguments.run, |_| true)?.clone();
    let id = run.id;
    if let Status::Failed(message) = &run.status {
        return Err(Failure::Problem(format!("run {id} failed and cannot go on: {message}")));
    }
    let Some(checkpoint) = &run.checkpoint else {
        return Err(Failure::Problem(format!("run {id} has no checkpoint to go on from; train a new one")));
    };
    let wanted = arguments.epochs.unwrap_or(run.epochs);
    if checkpoint.epoch >= wanted {
        return Err(already_done(&run));
    }
    data::relocate(&mut run, &arguments.data)?;
    let data = data::load(&run.design.data, &data::data_of(&run), Elsewhere::Option)?;
    check_same_data(&run, &data).map_err(|error| {
        Failure::Problem(format!(
            "{}: {error}. Give the run's own with --data, or leave --resume out to train a new run",
            data.name
        ))
    })?;
    // A run that was saved before all of it was stored has it from now on.
    run.normaliser = Some(normaliser(&data));
    Ok((vec![run], data))
}

fn already_done(run: &Run) -> Failure {
    let epochs = run.history.epochs.len();
    let has_trained = if run.status == Status::Done { "is done after" } else { "has trained for" };
    Failure::Problem(format!(
        "run {} {has_trained} {epochs} epochs; give a larger number with --epochs to train it further",
        run.id
    ))
}

/// How a training ended.
enum Ended {
    Done,
    Interrupted,
    ClosedPipe,
    Failed(String),
}

/// A run on its way.
struct Training {
    trainer: Trainer,
    run: Run,
    data: Arc<Dataset>,
    /// Training time and finished epochs when this process took over.
    before: (f64, usize),
    /// Time spent looking at the watched samples.
    looking: Duration,
}

impl Training {
    fn new(arguments: &Train, mut run: Run, data: Arc<Dataset>) -> Result<Training, Failure> {
        let plan = data::prove(&run.design, &data)?;
        run.parameters = plan.parameters();
        let threads = data::threads(arguments.threads);
        let mut trainer = Trainer::new(&plan, data.clone(), threads).map_err(Failure::problem)?;
        if let Some(checkpoint) = &run.checkpoint {
            trainer.restore(checkpoint, run.epochs).map_err(Failure::problem)?;
            run.history.forget_pretraining_after(checkpoint.pretraining.as_ref());
            // The number it has already asks for nothing new, but where early stopping ended the run before.
            if let Some(epochs) = arguments.epochs.filter(|&n| n != run.epochs || trainer.is_done()) {
                run.edits.push(trainer.apply(Setting::Epochs(epochs)));
                run.epochs = epochs;
            }
            if trainer.is_done() {
                return Err(already_done(&run));
            }
        }
        run.history.terms = trainer.terms();
        let before = (run.seconds, run.history.epochs.len());
        if run.kept.probe.code_rows.is_empty() {
            let probe = choose_probe(&data, plan.code_units(), run.design.training.seed);
            run.kept = KeptEpochs::new(Arc::new(probe));
        }
        if run.pca_mse.is_none() && baseline_macs(&data, plan.code_units()) <= BASELINE_MACS {
            run.pca_mse = baseline(&data, plan.code_units())
                .inspect_err(|error| log::warn!("no baseline: {error}"))
                .ok();
        }
        let mut training = Training { trainer, run, data, before, looking: Duration::ZERO };
        if training.run.kept.is_empty() {
            training.look();
        }
        Ok(training)
    }

    /// Takes steps until the end, Ctrl-C, or something that cannot be mended.
    fn go(&mut self, arguments: &Train, saver: &Saver) -> Ended {
        let mut bar = Bar::new("training", self.steps_in_all());
        self.run.status = Status::Training;
        let mut last_save = Instant::now();
        let ended = loop {
            if self.trainer.is_done() {
                break Ended::Done;
            }
            if signal::asked_to_stop() {
                break Ended::Interrupted;
            }
            let report = match self.trainer.step() {
                Ok(report) => report,
                Err(error) => break Ended::Failed(error.to_string()),
            };
            if let Some(record) = report.greedy {
                bar.say(|| self.greedy_summary(&record));
                let said = if arguments.json { line(json!(record)) } else { Ok(()) };
                self.run.history.pretraining.push(record);
                if said.is_err() {
                    break Ended::ClosedPipe;
                }
            }
            let record = report.epoch;
            if let Some(restart) = report.restart {
                self.run.epochs = restart.epochs;
                self.run.restarts.push(restart);
                bar.print(&format!(
                    "the selector has not made its choice ({:.1} % sure): attempt {} begins, with {} epochs in all",
                    100.0 * restart.mean_max, restart.attempt, restart.epochs
                ));
            }
            bar.set(self.steps_done(), self.steps_in_all());
            let Some(record) = record else { continue };
            bar.say(|| self.summary(&record));
            let said = if arguments.json { line(self.epoch_json(&record)) } else { Ok(()) };
            let epoch = record.epoch;
            self.run.history.epochs.push(record);
            if said.is_err() {
                break Ended::ClosedPipe;
            }
            if self.looking.as_secs_f64() <= LOOKING * (self.trainer.seconds() - self.before.0) {
                self.look();
            }
            let due = match arguments.checkpoint_every {
                Some(every) => epoch.is_multiple_of(every),
                None => last_save.elapsed() >= SAVE_EVERY,
            };
            if due && !self.trainer.is_done() {
                self.checkpoint();
                if let Err(error) = saver.save(&self.run) {
                    bar.print(&format!("warning: {error}"));
                }
                last_save = Instant::now();
            }
        };
        bar.finish();
        let seen = self.run.kept.newest().map(|kept| kept.epoch);
        if self.trainer.is_done() && seen != Some(self.trainer.epoch()) {
            self.look();
        }
        self.checkpoint();
        self.run.health = self.trainer.health().ok().map(Arc::new);
        if let (Ended::Done, Some(health)) = (&ended, &self.run.health) {
            health.warnings().iter().for_each(|warning| bar.print(&format!("warning: {warning}")));
        }
        self.run.status = match &ended {
            Ended::Done => Status::Done,
            Ended::Interrupted | Ended::ClosedPipe => Status::Stopped,
            Ended::Failed(message) => Status::Failed(message.clone()),
        };
        ended
    }

    /// Keeps what the network makes of the watched samples now, for the replay in the window.
    fn look(&mut self) {
        let start = Instant::now();
        let kept = self.trainer.look(&self.run.kept.probe);
        self.run.kept.push(Arc::new(kept));
        self.looking += start.elapsed();
    }

    fn checkpoint(&mut self) {
        let checkpoint = self.trainer.snapshot();
        self.run.seconds = checkpoint.seconds;
        self.run.checkpoint = Some(Arc::new(checkpoint));
    }

    /// Says what came of it.
    fn conclude(&self, arguments: &Train, output: &Path, ended: Ended) -> Result<(), Failure> {
        if let Ended::ClosedPipe = ended {
            return Err(Failure::ClosedPipe);
        }
        if arguments.json {
            line(self.final_json(output))?;
        } else {
            line(self.final_text(output))?;
        }
        match ended {
            Ended::Done | Ended::ClosedPipe => Ok(()),
            Ended::Interrupted => Err(Failure::Interrupted),
            Ended::Failed(message) => Err(Failure::Problem(message)),
        }
    }

    fn steps_in_all(&self) -> u64 {
        let epochs = u64::from(self.run.epochs) + u64::from(self.trainer.greedy_epochs());
        u64::from(self.trainer.steps_per_epoch()) * epochs
    }

    /// Steps taken, those of single layers included.
    fn steps_done(&self) -> u64 {
        let per_epoch = u64::from(self.trainer.steps_per_epoch());
        match self.trainer.greedy() {
            Some(greedy) => u64::from(greedy.in_all().0) * per_epoch + u64::from(greedy.step_in_epoch),
            None => u64::from(self.trainer.greedy_epochs()) * per_epoch + self.trainer.steps(),
        }
    }

    fn greedy_summary(&self, record: &GreedyRecord) -> String {
        let Strategy::LayerWise { epochs, .. } = self.run.design.training.strategy else {
            return String::new();
        };
        format!(
            "layer {}, epoch {}/{epochs}: error {} per feature",
            record.layer,
            record.epoch,
            number(record.error)
        )
    }

    /// Samples trained a second since this process took over.
    fn samples_per_sec(&self) -> Option<f64> {
        let (seconds, epochs) = self.before;
        let last = self.run.history.epochs.last()?;
        let trained = (self.run.history.epochs.len() - epochs) * self.data.split.train.len();
        (trained > 0 && last.seconds > seconds).then(|| trained as f64 / (last.seconds - seconds))
    }

    fn summary(&self, record: &EpochRecord) -> String {
        let total = |losses: &[f64]| losses.first().map(|loss| number(*loss));
        let train = total(&record.train).unwrap_or_default();
        let validation =
            total(&record.validation).map(|loss| format!(", validation {loss}")).unwrap_or_default();
        format!("epoch {}/{}: loss {train}{validation}", record.epoch, self.run.epochs)
    }

    fn epoch_json(&self, record: &EpochRecord) -> Value {
        let terms = |losses: &[f64]| {
            let pairs = self.run.history.terms.iter().cloned().zip(losses.iter().map(|&loss| json!(loss)));
            Value::Object(pairs.collect::<Map<_, _>>())
        };
        json!({
            "epoch": record.epoch,
            "step": record.step,
            "train_loss": record.train.first(),
            "val_loss": record.validation.first(),
            "val_mse": record.mse,
            "train": terms(&record.train),
            "validation": terms(&record.validation),
            "learning_rate": shortest(record.learning_rate),
            "seconds": record.seconds,
        })
    }

    fn final_json(&self, output: &Path) -> Value {
        let last = self.run.history.epochs.last();
        let checkpoint = self.run.checkpoint.as_ref();
        let kept = checkpoint.and_then(|checkpoint| Some(checkpoint.best.as_ref()?.epoch));
        let settled = self.run.design.code.kind.settles_after();
        json!({
            "done": self.run.status == Status::Done,
            "status": self.run.status.word(),
            "epochs": last.map_or(0, |record| record.epoch),
            "train_loss": last.and_then(|record| record.train.first()),
            "val_loss": last.and_then(|record| record.validation.first()),
            "val_mse": last.map(|record| record.mse),
            "pca_mse": self.run.pca_mse,
            "best_epoch": kept.or_else(|| Some(self.run.history.best(settled)?.epoch)),
            "params": self.run.parameters,
            "steps": checkpoint.map_or(0, |checkpoint| checkpoint.step),
            "seconds": self.run.seconds,
            "samples_per_sec": self.samples_per_sec(),
            "run": self.run.id,
            "file": output.to_string_lossy(),
        })
    }

    fn final_text(&self, output: &Path) -> String {
        let result = match self.run.history.epochs.last() {
            Some(record) => {
                let baseline =
                    self.run.pca_mse.map(|mse| format!(" (PCA {})", number(mse))).unwrap_or_default();
                format!("{}, {} per feature{baseline}", self.summary(record), number(record.mse))
            }
            None => "no epoch was finished".to_owned(),
        };
        let speed = self.samples_per_sec().map(|speed| format!(", {speed:.0} samples/s")).unwrap_or_default();
        let state = if self.run.status == Status::Stopped { ", stopped; --resume goes on" } else { "" };
        format!(
            "{result}\n{} parameters, {}{speed}\nsaved as run {}{state}: {}",
            self.run.parameters,
            duration(self.run.seconds),
            self.run.id,
            output.display()
        )
    }
}

/// The number as it was typed, not as its neighbour in double precision.
fn shortest(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

/// Writes the run into its project.
struct Saver {
    files: Files,
    output: PathBuf,
    subject: Subject,
}

impl Saver {
    fn save(&self, run: &Run) -> Result<(), crate::io::FileError> {
        self.save_to(&self.output, run)
    }

    /// The end of the work: where the disk will not take it, another place is tried before it is given up.
    fn save_at_last(&self, run: &Run) -> Result<(), Failure> {
        let Err(error) = self.save(run) else { return Ok(()) };
        let name = self.output.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let rescue = std::env::temp_dir().join(format!("{name}-{}.hourglass", std::process::id()));
        Err(Failure::Problem(match self.save_to(&rescue, run) {
            Ok(()) => format!("{error}\nthe run was saved here instead: {}", rescue.display()),
            Err(_) => error.to_string(),
        }))
    }

    fn save_to(&self, path: &Path, run: &Run) -> Result<(), crate::io::FileError> {
        let project: &Project = &self.subject.project;
        let others = self.subject.runs.iter().filter(|other| other.id != run.id);
        let mut runs: Vec<&Run> = others.chain([run]).collect();
        runs.sort_by_key(|run| run.id);
        save_project(&self.files, path, project, &runs)
    }
}
