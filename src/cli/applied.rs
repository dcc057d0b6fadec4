use std::sync::Arc;

use super::args::TrainedRun;
use super::data::{self, Shown};
use super::failure::Failure;
use super::progress::Bar;
use super::reading::Reading;
use super::subject::Subject;
use super::write::{note, warn};
use crate::dataset::{Dataset, SplitRows};
use crate::engine::{Codes, EngineError, Network, Samples, Trained, code_thresholds};
use crate::project::{Bottleneck, Loss, Mask, NamedSelection, Shape, Threshold, visible};
use crate::run::{Run, facts};
use crate::session::{Encoded, Scores, Trial, memory_shortage};

/// How far rounded values may be outside [0, 1].
const UNIT_TOLERANCE: f32 = 1e-3;
/// Rows per pass through the network.
const CHUNK: usize = 512;

/// A trained network and the rows of its data.
pub(super) struct Applied {
    /// The name of the project in messages.
    pub(super) name: String,
    pub(super) run: Run,
    trained: Trained,
    /// Selections stored in the project, for any data.
    pub(super) selections: Vec<NamedSelection>,
    pub(super) data: Arc<Dataset>,
    /// Whether the data are those of the run, with its split.
    pub(super) own: bool,
    /// Smallest and largest value of the scaled rows.
    range: (f32, f32),
}

impl Applied {
    /// Opens the network and its data, which must have the size of those of the training: they are
    /// compared with each other. `command` is the name of the command.
    pub(super) fn open(asked: &TrainedRun, command: &str) -> Result<Applied, Failure> {
        let applied = Applied::open_any_size(asked, None, command)?;
        if applied.data.shape != applied.run.shape {
            let Applied { name, run, data, .. } = &applied;
            return Err(Failure::Problem(format!(
                "{name}: {command} needs samples of the size of the training, {}, but {} has {}; resize them, or \
                 omit --size and --own-size",
                run.shape, data.name, data.shape
            )));
        }
        Ok(applied)
    }

    /// [`Applied::open`] for pictures of any size that the network accepts, with the holes of a mask
    /// if given.
    pub(super) fn open_any_size(
        asked: &TrainedRun,
        mask: Option<&Mask>,
        command: &str,
    ) -> Result<Applied, Failure> {
        let subject = Subject::open(&asked.file, &format!("hourglass {command} PROJECT.hourglass"))?;
        let name = subject.name();
        let run = subject.run(asked.run, |run| run.checkpoint.is_some())?.clone();
        let no_weights = || {
            Failure::Problem(format!(
                "{name}: run {} has no weights yet; resume it or choose another",
                run.id
            ))
        };
        let Shown { mut data, own } =
            data::shown(&run, asked.data.as_deref(), mask, &asked.reading, asked.own_size)?;
        run.check_memory(&data)?;
        if !own {
            // None of them was used for training or validation.
            data.split = SplitRows { train: (0..data.len() as u32).collect(), ..SplitRows::default() };
        }
        let range = facts(&data).value_range;
        let weights = run.checkpoint.as_ref().map(|checkpoint| checkpoint.inference_weights());
        let weights = weights.cloned().ok_or_else(no_weights)?;
        // A network is built only as large as the existing weights: a design may state any size.
        let trained = Trained::again(&run, weights, data.shape, if own { range } else { (0.0, 1.0) })
            .map_err(|errors| {
                let messages: Vec<&str> = errors.iter().map(|problem| problem.message.as_str()).collect();
                Failure::Problem(format!(
                    "{name}: the design of run {} is damaged: {}",
                    run.id,
                    visible(&messages.join("; "))
                ))
            })?;
        if (trained.weights().count() as u64) < trained.plan().parameters() {
            return Err(Failure::Problem(format!(
                "{name}: run {} contains fewer weights than its design has parameters; the file is damaged: \
                 open a backup, or choose another run with --run",
                run.id
            )));
        }
        let selections = subject.project.selections;
        Ok(Applied { name, run, trained, selections, data: Arc::new(data), own, range })
    }

    /// Whether the rows and their split are those the run was trained on: its file may have changed
    /// since.
    pub(super) fn has_data_of_training(&self) -> bool {
        let is_split_alike = self.run.split.is_none_or(|split| split == self.data.split.fingerprint());
        self.own && self.data.fingerprint == self.run.fingerprint && is_split_alike
    }

    /// Converts an error of the network.
    pub(super) fn failure(&self, error: EngineError) -> Failure {
        Failure::Problem(format!("{}: run {}: {error}", self.name, self.run.id))
    }

    /// The range of the scaled rows, if it exceeds the [0, 1] of the loss.
    pub(super) fn beyond_unit_range(&self) -> Option<(f32, f32)> {
        let (low, high) = self.range;
        let is_beyond = low < -UNIT_TOLERANCE || high > 1.0 + UNIT_TOLERANCE;
        (self.run.design.loss == Loss::BinaryCrossEntropy && is_beyond).then_some((low, high))
    }

    /// The network with the weights to use: the best ones if early stopping kept some.
    pub(super) fn network(&self, threads: Option<usize>) -> Result<Network, Failure> {
        self.trained.network(data::threads(threads)).map_err(|error| self.failure(error))
    }

    /// The network and the data for jobs shared with the window; `is_corrupted`: samples are
    /// corrupted as in training.
    pub(super) fn trial(&self, is_corrupted: bool) -> Trial {
        let (trained, data) = (self.trained.clone(), Arc::clone(&self.data));
        Trial { trained, data, is_corrupted, unranged: None }
    }

    /// The epoch of the weights.
    pub(super) fn epoch(&self) -> u32 {
        self.run.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.inference_epoch())
    }

    /// Shape of a code.
    pub(super) fn code(&self) -> Shape {
        self.trained.plan().code_shape()
    }

    /// Numbers per code.
    pub(super) fn code_units(&self) -> usize {
        self.code().features()
    }

    /// The number of every row.
    pub(super) fn all_rows(&self) -> Vec<u32> {
        (0..self.data.len() as u32).collect()
    }

    /// Gathers rows in blocks, with a progress bar labelled `what`, and passes them to `work`.
    pub(super) fn each_chunk(&self, what: &str, rows: &[u32], work: impl FnMut(&[f32])) {
        each_chunk_of(&self.data, what, rows, work);
    }

    /// The codes of rows.
    pub(super) fn codes(&self, network: &mut Network, rows: &[u32]) -> Codes {
        let mut codes = Codes::default();
        self.each_chunk("encoding", rows, |scaled| codes.extend(network.codes(scaled)));
        codes
    }

    /// The codes of rows with everything their kind adds.
    pub(super) fn encoded(&self, network: &mut Network, rows: &[u32]) -> Result<Encoded, Failure> {
        let codes = self.codes(network, rows);
        let thresholds = self.thresholds(network, &codes.values)?.unwrap_or_default();
        Ok(Encoded::new(network, codes, &thresholds))
    }

    /// Threshold between 0 and 1 for each unit of hashing codes; `None` for other kinds. They must
    /// not depend on the rows; `codes` replace those of the training data if these are not
    /// available.
    pub(super) fn thresholds(
        &self,
        network: &mut Network,
        codes: &[f32],
    ) -> Result<Option<Vec<f32>>, Failure> {
        let Bottleneck::Hashing { threshold, .. } = self.run.design.code.kind else { return Ok(None) };
        let of_training = |data: &Dataset, network: &mut Network| {
            let mut values = Vec::new();
            each_chunk_of(data, "computing thresholds", &data.split.train, |scaled| {
                values.extend(network.encode(scaled));
            });
            values
        };
        let known = match (threshold, self.own) {
            (Threshold::Half | Threshold::Tenth, _) => Vec::new(),
            (Threshold::Median, true) => of_training(&self.data, network),
            (Threshold::Median, false) => {
                match data::shown(&self.run, None, None, &Reading::default(), false) {
                    Ok(Shown { data, .. }) => of_training(&data, network),
                    Err(Failure::Interrupted) => return Err(Failure::Interrupted),
                    Err(Failure::Problem(message) | Failure::Usage(message)) => {
                        warn(format_args!(
                            "the bits are thresholded at the medians of these rows, because the medians of the \
                         training data could not be computed: {message}"
                        ));
                        codes.to_vec()
                    }
                }
            }
        };
        Ok(Some(code_thresholds(&known, self.code_units(), threshold)))
    }

    /// How often each entry of the codebook was chosen in the run's last measurement; empty for
    /// other kinds of code.
    pub(super) fn shares(&self) -> &[f32] {
        let codebook = self.run.health.as_ref().and_then(|health| health.codebook.as_ref());
        codebook.map_or(&[], |codebook| &codebook.shares)
    }

    /// An array of the weights in use.
    pub(super) fn array(&self, name: &str) -> Vec<f32> {
        let weights = self.trained.weights().read().ok();
        weights.and_then(|weights| Some(weights.0.get(name)?.values.clone())).unwrap_or_default()
    }

    /// Decodes codes, with a progress bar; they are first converted to valid codes of the decoder.
    pub(super) fn decoded(&self, network: &mut Network, codes: &mut [f32]) -> Vec<f32> {
        network.project_codes(codes);
        let units = self.code_units().max(1);
        let bar = Bar::new("decoding", (codes.len() / units) as u64);
        let mut values = Vec::with_capacity(codes.len() / units * self.data.shape.features());
        for codes in codes.chunks(CHUNK * units) {
            values.extend(network.decode(codes));
            let done = values.len() / self.data.shape.features().max(1);
            bar.set(done as u64, bar.total());
        }
        bar.finish();
        values
    }

    /// Ends a command if there is not enough memory for its samples; `remedy` says how to request
    /// fewer.
    pub(super) fn check_memory(&self, samples: usize, remedy: &str) -> Result<(), Failure> {
        match memory_shortage(&self.data, self.code_units(), samples) {
            Some(lack) => Err(Failure::Problem(format!("{lack}; {remedy}"))),
            None => Ok(()),
        }
    }

    /// Scores of rows, with a progress bar. Reports if there is no reconstruction probability where
    /// one is expected, or if it is not meaningful.
    pub(super) fn scores(&self, network: &mut Network, rows: &[u32], draws: u32) -> Result<Scores, Failure> {
        let bar = Bar::new("scoring", 0);
        let on_progress = |done: usize, all: usize| {
            bar.set(done as u64, all as u64);
            true
        };
        let scores = Scores::of(network, Samples::Rows(&self.data, rows), draws as usize, on_progress);
        bar.finish();
        let scores = scores.map_err(|error| self.failure(error))?;
        let design = &self.run.design;
        if scores.log_probabilities.is_none() && design.code.kind.is_gaussian() {
            note(format_args!(
                "note: {} is not a likelihood, so there is no reconstruction probability; to get one, train \
                 with the Gaussian loss, or with cross-entropy on binary data",
                design.loss.name()
            ));
        } else if scores.log_probabilities.is_some()
            && design.loss == Loss::BinaryCrossEntropy
            && !self.data.is_binary()
        {
            note(
                "note: the data are not binary, so the log probability under cross-entropy is not a \
                 likelihood; it still ranks the rows",
            );
        }
        Ok(scores)
    }
}

/// [`Applied::each_chunk`] for other data.
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
