//! Arguments of the commands that use the latent space, and of `export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::TrainedRun;
use super::values::{place, positive, range, temperature};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hourglass sample vae.hourglass -o samples.png --count 100
  hourglass sample vae.hourglass -o samples.png --nearest    each above its nearest training sample
  hourglass sample machine.hourglass -o new.csv --from mixture --codes

A .png is one picture of all samples, a folder gets a PNG file of each, or
samples.csv for data of other kinds. A .npy is an array of the shape of the data, a
.csv or .tsv a table. Values are in the units of the source; words and dates of a
table are written as such. The same seed gives the same samples.")]
pub(in crate::cli) struct Sample {
    #[command(flatten)]
    pub(in crate::cli) trained: TrainedRun,
    /// The folder to write to (created if missing), or the file: .png, .npy, .csv or .tsv; - prints
    /// a .csv
    #[arg(short, long, value_name = "FOLDER|FILE")]
    pub(in crate::cli) output: PathBuf,
    /// Number of samples
    #[arg(long, value_name = "N", default_value = "64", value_parser = positive)]
    pub(in crate::cli) count: usize,
    /// Distribution that codes are drawn from [default: prior; if the kind of code has none,
    /// gaussian]
    #[arg(long, value_name = "DISTRIBUTION")]
    pub(in crate::cli) from: Option<SampledFrom>,
    /// Number of normal distributions in the mixture
    #[arg(long, value_name = "N", default_value = "5", value_parser = positive)]
    pub(in crate::cli) components: usize,
    /// Factor of the distance from the mean: 1 samples the distribution as it is, 0 gives the mean
    /// [default: 1]
    #[arg(long, value_name = "T", value_parser = temperature, allow_hyphen_values = true)]
    pub(in crate::cli) temperature: Option<f32>,
    /// Seed of the draws: the same seed gives the same samples
    #[arg(long, value_name = "S", default_value = "1")]
    pub(in crate::cli) seed: u64,
    /// Also write the nearest training sample of each, and their distance (scaled): as columns, for
    /// a .npy in NAME-rows.csv, for pictures in a folder in samples.csv; a .png shows it below each
    /// sample
    #[arg(long)]
    pub(in crate::cli) nearest: bool,
    /// Also write the codes, in the same places
    #[arg(long)]
    pub(in crate::cli) codes: bool,
    /// Overwrite the file if it exists; write into the folder even if it is not empty
    #[arg(long)]
    pub(in crate::cli) force: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum SampledFrom {
    /// The prior that training pulls codes towards
    Prior,
    /// A normal distribution with full covariance, fitted to the codes of the training data
    Gaussian,
    /// Several normal distributions, fitted to the codes of the training data
    Mixture,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hourglass traverse vae.hourglass -o traversal.png
  hourglass traverse vae.hourglass -o traversal.png --sample 12 --units 1,4 --steps 11
  hourglass traverse vae.hourglass -o plane.npy --components 2 --span -3,3
  hourglass traverse machine.hourglass -o - --units 1

A .png is one picture with a line for each unit, the one with the largest variance
first; a .npy is an array of lines × steps × the shape of the data, a .csv or
.tsv has a row for each step. For description lengths, lines are quantisers and
steps their choices; for quantised codes, lines are vectors and steps the entries
of the codebook, most used first.")]
pub(in crate::cli) struct Traverse {
    #[command(flatten)]
    pub(in crate::cli) trained: TrainedRun,
    /// The file to write: .png, .npy, .csv or .tsv; - prints a .csv
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) output: PathBuf,
    /// The sample whose code is changed, by its row (counted from 1) or its name; mean is the mean
    /// of the training codes
    #[arg(long, value_name = "ROW", default_value = "mean")]
    pub(in crate::cli) sample: String,
    /// The units to change, counted from 1, in this order [default: all; for codes that are
    /// pictures, the 24 that vary most]
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = positive, conflicts_with = "components")]
    pub(in crate::cli) units: Vec<usize>,
    /// Change the channels at this position of codes that are pictures, counted from 1
    #[arg(long, value_name = "ROW,COLUMN", value_parser = place, conflicts_with_all = ["units", "components"])]
    pub(in crate::cli) at: Option<[usize; 2]>,
    /// Change the first N principal components of the training codes instead of units
    #[arg(long, value_name = "N", value_parser = positive)]
    pub(in crate::cli) components: Option<usize>,
    /// Steps over the range [default: 7; for choices and entries, all]
    #[arg(long, value_name = "N", value_parser = positive)]
    pub(in crate::cli) steps: Option<usize>,
    /// The range to step over, as LOW,HIGH in units of the code [default: that of the training
    /// codes]
    #[arg(long, value_name = "LOW,HIGH", value_parser = range, allow_hyphen_values = true)]
    pub(in crate::cli) span: Option<[f32; 2]>,
    /// Overwrite the file if it exists
    #[arg(long)]
    pub(in crate::cli) force: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hourglass neighbours faces.hourglass --sample 12 --sample 40 -o near.csv
  hourglass neighbours faces.hourglass --sample 12 --by pixels --set all -o -
  hourglass neighbours digits.hourglass --of test --precision --k 10 --keep

The table has a row for each neighbour: the sample, the rank, the neighbour's name
or row, its split and labels, and the distance. The sample itself is left out.
Precision is the share of neighbours in the sample's own class.")]
pub(in crate::cli) struct Neighbours {
    #[command(flatten)]
    pub(in crate::cli) trained: TrainedRun,
    /// A sample, by its row (counted from 1) or its name; may be given several times
    #[arg(long, value_name = "ROW", required_unless_present = "of")]
    pub(in crate::cli) sample: Vec<String>,
    /// All samples of a set, instead of --sample
    #[arg(long, value_name = "SET", conflicts_with = "sample")]
    pub(in crate::cli) of: Option<String>,
    /// Where to look for neighbours: train, validation or test of the run's own data; all; or the
    /// name of a selection kept in the project [default: train; for other data, all]
    #[arg(long, value_name = "SET")]
    pub(in crate::cli) set: Option<String>,
    /// Number of neighbours
    #[arg(long, value_name = "K", default_value = "10", value_parser = positive)]
    pub(in crate::cli) k: usize,
    /// Distance between samples [default: l2; for hashing codes, hamming]
    #[arg(long, value_name = "DISTANCE")]
    pub(in crate::cli) by: Option<By>,
    /// The table to write: .csv or .tsv; - prints a .csv
    #[arg(short, long, value_name = "FILE", required_unless_present = "precision")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Also print precision@k, the mean over the samples that have a class
    #[arg(long)]
    pub(in crate::cli) precision: bool,
    /// Also keep the precision with the run in the project file, where the window shows it; only
    /// for a split of its own data
    #[arg(long, requires = "precision")]
    pub(in crate::cli) keep: bool,
    /// Overwrite the file if it exists
    #[arg(long)]
    pub(in crate::cli) force: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum By {
    /// Euclidean distance of the codes
    L2,
    /// One minus the cosine of the angle between the codes
    Cosine,
    /// Number of bits in which hashing codes differ
    Hamming,
    /// Euclidean distance of the scaled values
    #[value(alias = "values")]
    Pixels,
    /// Euclidean distance of as many principal components as the code has units
    Pca,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hourglass export faces.hourglass -o weights.safetensors
  hourglass export faces.hourglass -o early.safetensors --run 2 --epoch 5

Arrays have PyTorch's names, shapes and order (docs/results.md). The metadata are
run, epoch, design (as a .ron) and normaliser (JSON). In Python:

  from safetensors import safe_open
  with safe_open(\"weights.safetensors\", \"numpy\") as file:
      print(file.metadata()[\"epoch\"], {name: file.get_tensor(name).shape for name in file.keys()})")]
pub(in crate::cli) struct Export {
    /// A project with a trained run
    pub(in crate::cli) file: PathBuf,
    /// The file to write: .safetensors
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) output: PathBuf,
    /// The run to use [default: the newest trained one]
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) run: Option<u32>,
    /// The weights after this epoch, if they were kept [default: the weights that other commands
    /// use]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) epoch: Option<u32>,
    /// Overwrite the file if it exists
    #[arg(long)]
    pub(in crate::cli) force: bool,
}
