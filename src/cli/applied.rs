use super::args::TrainedRun;
use super::data::{self, Shown};
use super::failure::Failure;
use super::progress::Bar;
use super::subject::Subject;
use super::write::note;
use crate::dataset::Dataset;
use crate::engine::{EngineError, Network, Samples, Trained};
use crate::project::{Loss, visible};
use crate::run::{Run, facts};
use crate::session::Scores;

/// How far beyond [0, 1] values may lie that were rounded.
const UNIT_TOLERANCE: f32 = 1e-3;
/// Rows that go through the network at once.
const CHUNK: usize = 512;

/// A trained network and the rows it is shown.
pub(super) struct Applied {
    /// What messages call the project.
    pub(super) name: String,
    pub(super) run: Run,
    trained: Trained,
    pub(super) data: Dataset,
    /// Whether the data are those of the run, with its split.
    pub(super) own: bool,
    /// Lowest and highest of the scaled rows.
    range: (f32, f32),
}

impl Applied {
    /// `command` is its name.
    pub(super) fn open(asked: &TrainedRun, command: &str) -> Result<Applied, Failure> {
        let subject = Subject::open(&asked.file, &format!("hourglass {command} PROJECT.hourglass"))?;
        let name = subject.name();
        let run = subject.run(asked.run, |run| run.checkpoint.is_some())?.clone();
        let no_weights = || {
            Failure::Problem(format!(
                "{name}: run {} has no weights yet; resume it or choose another",
                run.id
            ))
        };
        let Shown { data, own } = data::shown(&run, asked.data.as_deref(), &asked.reading)?;
        let range = facts(&data).value_range;
        let weights = run.checkpoint.as_ref().map(|checkpoint| checkpoint.inference_weights());
        let weights = weights.cloned().ok_or_else(no_weights)?;
        // A network is built only as large as the weights that are there: a design may claim anything.
        let trained =
            Trained::again(&run, weights, if own { range } else { (0.0, 1.0) }).map_err(|errors| {
                let messages: Vec<&str> = errors.iter().map(|problem| problem.message.as_str()).collect();
                Failure::Problem(format!(
                    "{name}: the design of run {} is damaged: {}",
                    run.id,
                    visible(&messages.join("; "))
                ))
            })?;
        if (trained.weights().len() as u64) < trained.plan().parameters() {
            return Err(Failure::Problem(format!(
                "{name}: run {} holds fewer weights than its design has parameters; the file is damaged: open a backup, or choose another \
                 run with --run",
                run.id
            )));
        }
        Ok(Applied { name, run, trained, data, own, range })
    }

    /// What the network refused.
    pub(super) fn failure(&self, error: EngineError) -> Failure {
        Failure::Problem(format!("{}: run {}: {error}", self.name, self.run.id))
    }

    /// The range of the scaled rows, where it goes beyond [0, 1] and the loss does not.
    pub(super) fn beyond_unit_range(&self) -> Option<(f32, f32)> {
        let (low, high) = self.range;
        let is_beyond = low < -UNIT_TOLERANCE || high > 1.0 + UNIT_TOLERANCE;
        (self.run.design.loss == Loss::BinaryCrossEntropy && is_beyond).then_some((low, high))
    }

    /// The network with the weights to use: the best ones where early stopping kept some.
    pub(super) fn network(&self, threads: Option<usize>) -> Result<Network, Failure> {
        self.trained.network(data::threads(threads)).map_err(|error| self.failure(error))
    }

    /// Numbers per code.
    pub(super) fn code_units(&self) -> usize {
        self.trained.plan().code_units()
    }

    /// The number of every row.
    pub(super) fn all_rows(&self) -> Vec<u32> {
        (0..self.data.len() as u32).collect()
    }

    /// Gathers rows some at a time, with a bar called `what`, and hands them to `work`.
    pub(super) fn each_chunk(&self, what: &str, rows: &[u32], work: impl FnMut(&[f32])) {
        each_chunk_of(&self.data, what, rows, work);
    }

    /// Scores of rows, with a bar. Says why there is no reconstruction probability where one would expect it, or none worth the
    /// name.
    pub(super) fn scores(&self, network: &mut Network, rows: &[u32], draws: u32) -> Result<Scores, Failure> {
        let bar = Bar::new("scoring", 0);
        let watch = |done: usize, all: usize| {
            bar.set(done as u64, all as u64);
            true
        };
        let scores = Scores::of(network, Samples::Rows(&self.data, rows), draws as usize, watch);
        bar.finish();
        let scores = scores.map_err(|error| self.failure(error))?;
        let design = &self.run.design;
        if scores.log_probabilities.is_none() && design.code.kind.is_gaussian() {
            note(
                "note: squared error is no likelihood, so there is no reconstruction probability; train with the loss Gaussian, or with \
                 cross-entropy on data of 0 and 1, to have one",
            );
        } else if scores.log_probabilities.is_some()
            && design.loss == Loss::BinaryCrossEntropy
            && !self.data.is_binary()
        {
            note(
                "note: the data are grey, so the log probability under cross-entropy is no likelihood; it still ranks the rows",
            );
        }
        Ok(scores)
    }
}

/// [`Applied::each_chunk`] of other data.
pub(super) fn each_chunk_of(data: &Dataset, what: &str, rows: &[u32], mut work: impl FnMut(&[f32])) {
    let bar = Bar::new(what, rows.len() as u64);
    let mut scaled = Vec::new();
    for (number, chunk) in rows.chunks(CHUNK).enumerate() {
        scaled.resize(chunk.len() * data.shape.features(), 0.0);
        data.gather(chunk, &mut scaled);
        work(&scaled);
        bar.set((number * CHUNK + chunk.len()) as u64, rows.len() as u64);
    }
    bar.finish();
}
