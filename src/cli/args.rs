mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(super) use self::values::{Weights, place, positive};
use self::values::{hole_shade, range, temperature, threads};
use super::reading::Reading;
use crate::project::{HoleShade, Recipe};

const EXAMPLES: &str = "\
Examples:
  hourglass                                     the window, on a project that trains at once
  hourglass digits.hourglass                    the window, on a project file
  hourglass recipes                             what there is to start from
  hourglass train recipe:undercomplete          trains on the built-in digits
  hourglass train recipe:denoising --data photos --size 64x64 --channels rgb
  hourglass evaluate undercomplete.hourglass    losses on the test split
  hourglass encode undercomplete.hourglass -o codes.csv
  hourglass sample vae.hourglass -o samples.png

Progress goes to stderr, results to stdout. RUST_LOG=debug says more.
HOURGLASS_MAX_FILES=N lets a folder of pictures hold N files and folders [default: 4000000].
Exit codes: 0 done, 1 a problem or a failure, 2 wrong use, 130 ended by Ctrl-C (the run is saved).";

/// A workbench for autoencoders: assemble, train, watch, explore.
///
/// Without a command the window opens, on FILE if one is given. The commands do the same work without a screen, on the
/// same files.
#[derive(Debug, Parser)]
#[command(name = "hourglass", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    /// A project (NAME.hourglass) or a design (NAME.ron) to open in the window
    pub(super) file: Option<PathBuf>,
    #[command(subcommand)]
    pub(super) command: Option<Task>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Task {
    /// Lists the ready-made projects, one per line: its name, and what it shows
    #[command(
        after_help = "Example:\n  hourglass recipes | grep sparse\n\n`hourglass new NAME -o FILE` writes one to a file."
    )]
    Recipes,
    /// Writes a ready-made project to a file, to be changed by hand or in the window
    New(New),
    /// Says what is wrong with a design, and where; exits with 1 if it cannot be trained
    Check(Check),
    /// Trains a design and saves the run into a project file
    Train(Train),
    /// Suggests a learning rate for a design, after a short training with a growing rate
    FindRate(FindRate),
    /// Measures a trained network on data, as a whole and each row
    Evaluate(Evaluate),
    /// Writes the codes of data to a file
    Encode(Encode),
    /// Writes the reconstructions of data to a file, or pictures into a folder
    Reconstruct(Reconstruct),
    /// Generates samples: draws codes and decodes them
    Sample(Sample),
    /// Decodes each unit of a code over its range, the others fixed
    Traverse(Traverse),
    /// Lists the nearest neighbours of samples, by their codes or by their values
    Neighbours(Neighbours),
    /// Draws the loss, the codes, reconstructions or traversals of a run, as the window does,
    /// without a screen
    Figure(super::figure::Arguments),
    /// Writes the weights of a run for other programs
    Export(Export),
    /// Measures the speed of training
    Bench(Bench),
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  hourglass new denoising -o mine.ron && hourglass train mine.ron")]
pub(super) struct New {
    /// Name of the recipe; `hourglass recipes` lists them
    pub(super) recipe: RecipeName,
    /// The file to write: .ron (the design alone, readable text) or .hourglass
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: PathBuf,
    /// Overwrite the file if it exists
    #[arg(long)]
    pub(super) force: bool,
    #[command(flatten)]
    pub(super) weights: Weights,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hourglass check mine.ron
  hourglass check mine.ron --data new.csv       also says how the table is read
  hourglass check recipe:linear --data photos --size 64x64")]
pub(super) struct Check {
    /// A project, a design, or recipe:NAME
    #[arg(value_name = "FILE|recipe:NAME")]
    pub(super) subject: PathBuf,
    #[command(flatten)]
    pub(super) data: DataArguments,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hourglass train recipe:undercomplete --epochs 20
  hourglass train mine.ron --data train-images-idx3-ubyte.gz -o mnist.hourglass
  hourglass train mnist.hourglass --resume
  hourglass train recipe:linear --json | tail -1

Ctrl-C ends the run after its step and saves it; --resume continues as if nothing had happened.")]
pub(super) struct Train {
    /// A project (a new run is added to it), a design, or recipe:NAME
    #[arg(value_name = "FILE|recipe:NAME")]
    pub(super) subject: PathBuf,
    #[command(flatten)]
    pub(super) data: DataArguments,
    /// Passes over the training split, instead of the design's; with --resume the number in all
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) epochs: Option<u32>,
    /// Seed of everything random, instead of the design's
    #[arg(long, value_name = "N", conflicts_with = "resume")]
    pub(super) seed: Option<u64>,
    /// Threads to train with [default: all there are]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(super) threads: Option<usize>,
    /// Resume the newest run of the project exactly where it stopped
    #[arg(long)]
    pub(super) resume: bool,
    /// The run to resume, instead of the newest
    #[arg(long, value_name = "ID", requires = "resume")]
    pub(super) run: Option<u32>,
    /// Save every N epochs as well, those of single layers included; without it the first save
    /// comes after seconds, the next every minute, the last at the end
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) checkpoint_every: Option<u32>,
    /// Where the run is saved [default: into FILE.hourglass itself; NAME.hourglass next to a
    /// design, or here]
    #[arg(short, long, value_name = "OUT.hourglass")]
    pub(super) output: Option<PathBuf>,
    /// Overwrite the output if it exists
    #[arg(long)]
    pub(super) force: bool,
    /// Print one JSON object per epoch and one at the end
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hourglass find-rate mine.ron
  hourglass find-rate recipe:vae --data photos --size 64x64 --json

This trains a fresh network on up to 141 minibatches, with a learning rate that
grows from 1e-6 to 10. Runs are unchanged. The suggestion is a tenth of the rate at
which the running mean of the losses is lowest (Smith 2017).")]
pub(super) struct FindRate {
    /// A project, a design, or recipe:NAME
    #[arg(value_name = "FILE|recipe:NAME")]
    pub(super) subject: PathBuf,
    #[command(flatten)]
    pub(super) data: DataArguments,
    /// Seed of everything random, instead of the design's
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
    /// Threads to train with [default: all there are]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(super) threads: Option<usize>,
    /// Print one JSON object, with the loss of each rate
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hourglass evaluate faces.hourglass --set validation
  hourglass evaluate faces.hourglass --keep        for the window's table of runs
  hourglass evaluate machine.hourglass new.csv --scores scores.csv
  hourglass evaluate machine.hourglass new.csv --anomaly broken

A file of scores has these columns:
  name or row       the row counted from 1
  split             of the run's own data
  labels            as they are in the source
  error             squared error per feature of the scaled data
  log probability   of variational networks with a likelihood: the mean of
                    log p(x|z) over the codes drawn, in nats (the
                    reconstruction probability of An & Cho 2015)")]
pub(super) struct Evaluate {
    #[command(flatten)]
    pub(super) trained: TrainedRun,
    /// Which samples: train, validation or test of the run's own data; all; or the name of a
    /// selection kept in the project [default: test; where there is none, validation; of other
    /// data, all]
    #[arg(long, value_name = "SET", visible_alias = "split")]
    pub(super) set: Option<String>,
    /// Also estimate the negative log-likelihood of a variational network from K codes per sample
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(super) likelihood: Option<u32>,
    /// Also write the scores of each row to a file, .csv or .tsv
    #[arg(long, value_name = "FILE")]
    pub(super) scores: Option<PathBuf>,
    /// Also say how well the scores tell samples of this class from all others: ROC AUC and average
    /// precision; may be given several times
    #[arg(long, value_name = "CLASS", allow_hyphen_values = true)]
    pub(super) anomaly: Vec<String>,
    /// Like --anomaly, for all samples except those of this class; may be given several times
    #[arg(long, value_name = "CLASS", allow_hyphen_values = true, conflicts_with = "anomaly")]
    pub(super) normal: Vec<String>,
    #[command(flatten)]
    pub(super) draws: Draws,
    /// Also keep the results with the run in the project file, where the window shows them; only of
    /// a split of its own data
    #[arg(long)]
    pub(super) keep: bool,
    /// Overwrite the file of scores if it exists
    #[arg(long)]
    pub(super) force: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hourglass encode mnist.hourglass t10k-images-idx3-ubyte.gz -o codes.npy
  hourglass encode mine.hourglass photos -o codes.csv --scores
  hourglass encode mine.hourglass -o codes.tsv     for projector.tensorflow.org

A .csv has a row for each sample: its name or row number (counted from 1), its
split, its labels as they are in the source, scores if asked for, and the code:
  code 1 …                 the numbers the decoder is given
  mean 1 …, variance 1 …   in their place, for variational networks
  entry 1 …                for quantised codes: the index of the codebook entry
                           of each vector, counted from 0
  choice 1 …               for description lengths: the index of the likeliest
                           unit of each quantiser, counted from 0
  hash, bit 1 …            for hashing: all bits as hexadecimal digits, bit 1
                           first, and each of them as 0 or 1
  chosen features          for selectors: by name, with their source values
A .tsv has the codes alone, without a header; NAME-metadata.tsv has the rest. A
.npy is a float32 array, samples × units, in the order of the rows.")]
pub(super) struct Encode {
    #[command(flatten)]
    pub(super) trained: TrainedRun,
    /// Which samples: train, validation or test of the run's own data; all; or the name of a
    /// selection kept in the project [default: all]
    #[arg(long, value_name = "SET")]
    pub(super) set: Option<String>,
    /// The file to write, by its ending .csv, .tsv or .npy; in a folder that exists, or whose name
    /// ends with /, codes.csv; - prints a .csv
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: PathBuf,
    #[command(flatten)]
    pub(super) beside: Beside,
    /// Overwrite the file if it exists
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hourglass reconstruct faces.hourglass photos -o rebuilt        PNG files in it
  hourglass reconstruct faces.hourglass photos -o rebuilt.npy
  hourglass reconstruct machine.hourglass new.csv -o rebuilt.csv
  hourglass reconstruct faces.hourglass torn --mask torn-masks -o whole

A folder gets PNG files of pictures (of 16 bits where the data are), and
reconstructions.csv of all else. A .npy is an array of the shape of the data, a
.csv or .tsv a table with name or row number and labels. Values are in the units
of the source; words and dates of a table are written as such.")]
pub(super) struct Reconstruct {
    #[command(flatten)]
    pub(super) trained: TrainedRun,
    /// Which samples: train, validation or test of the run's own data; all; or the name of a
    /// selection kept in the project [default: all]
    #[arg(long, value_name = "SET")]
    pub(super) set: Option<String>,
    /// Which parts of damaged pictures are holes that the network fills: a picture of their size
    /// for all of them, or a folder with one of the same name for each
    #[arg(long, value_name = "PATH", requires = "data")]
    pub(super) mask: Option<PathBuf>,
    /// The shade of a mask that marks holes, white or black
    #[arg(long, value_name = "SHADE", default_value = "white", value_parser = hole_shade, requires = "mask")]
    pub(super) holes: HoleShade,
    /// The folder to write to, which is made, or a file by its ending .npy, .csv or .tsv; - prints
    /// a .csv
    #[arg(short, long, value_name = "FOLDER|FILE")]
    pub(super) output: PathBuf,
    #[command(flatten)]
    pub(super) beside: Beside,
    /// Overwrite the file if it exists; write into the folder even if something is in it
    #[arg(long)]
    pub(super) force: bool,
}

/// Additional results besides codes or reconstructions.
#[derive(Debug, Args)]
pub(super) struct Beside {
    /// Also write the scores of each row: its squared error, and for variational networks the
    /// reconstruction probability; as columns, or where there is no table into one of their own
    /// (NAME-rows.csv, scores.csv in a folder)
    #[arg(long)]
    pub(super) scores: bool,
    /// Also write which row of the data each result is, its split and its labels: of a .npy to NAME-rows.csv, of pictures in a
    /// folder to rows.csv; as columns of reconstructions.csv, where it has else what its order does not tell
    #[arg(long)]
    pub(super) rows: bool,
    #[command(flatten)]
    pub(super) draws: Draws,
}

/// How precise the reconstruction probability is.
#[derive(Debug, Args)]
pub(super) struct Draws {
    /// Codes drawn for the reconstruction probability of each row
    #[arg(long, value_name = "L", default_value = "32", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(super) draws: u32,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hourglass sample vae.hourglass -o samples.png --count 100
  hourglass sample vae.hourglass -o samples.png --nearest    above the training sample nearest to each
  hourglass sample machine.hourglass -o new.csv --from mixture --codes

A .png is one picture of all samples, a folder gets a PNG file of each, or
samples.csv of what is no picture. A .npy is an array of the shape of the data, a
.csv or .tsv a table. Values are in the units of the source; words and dates of a
table are written as such. The same seed gives the same samples.")]
pub(super) struct Sample {
    #[command(flatten)]
    pub(super) trained: TrainedRun,
    /// The folder to write to, which is made, or a file by its ending .png, .npy, .csv or .tsv; - prints a .csv
    #[arg(short, long, value_name = "FOLDER|FILE")]
    pub(super) output: PathBuf,
    /// Number of samples
    #[arg(long, value_name = "N", default_value = "64", value_parser = positive)]
    pub(super) count: usize,
    /// Distribution that codes are drawn from [default: prior; where the kind of code has none, gaussian]
    #[arg(long, value_name = "DISTRIBUTION")]
    pub(super) from: Option<SampledFrom>,
    /// Number of normal distributions in the mixture
    #[arg(long, value_name = "N", default_value = "5", value_parser = positive)]
    pub(super) components: usize,
    /// Scales the distance from the mean: 1 samples the distribution as it is, 0 gives the mean
    /// [default: 1]
    #[arg(long, value_name = "T", value_parser = temperature, allow_hyphen_values = true)]
    pub(super) temperature: Option<f32>,
    /// Seed of the draws: the same seed gives the same samples
    #[arg(long, value_name = "S", default_value = "1")]
    pub(super) seed: u64,
    /// Also tell the training sample that each is nearest to, and their distance (scaled): as columns, or where there is no
    /// table in NAME-rows.csv, of pictures in a folder in samples.csv; on a .png it stands below each
    #[arg(long)]
    pub(super) nearest: bool,
    /// Also write the codes, in the same places
    #[arg(long)]
    pub(super) codes: bool,
    /// Overwrite the file if it exists; write into the folder even if something is in it
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SampledFrom {
    /// The prior that training draws codes towards
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

A .png is one picture with a line for each unit, the one of largest variance
first; a .npy is an array of lines × steps × the shape of the data, a .csv or
.tsv has a row for each step. Units of description lengths are quantisers and
their choices, of quantised codes vectors and the entries of the codebook, the
most used first.")]
pub(super) struct Traverse {
    #[command(flatten)]
    pub(super) trained: TrainedRun,
    /// The file to write, by its ending .png, .npy, .csv or .tsv; - prints a .csv
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: PathBuf,
    /// The sample whose code is changed, by its row (counted from 1) or its name; mean is the mean of the training codes
    #[arg(long, value_name = "ROW", default_value = "mean")]
    pub(super) sample: String,
    /// The units to change, counted from 1, in this order [default: all; of codes that are pictures the 24 that vary most]
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = positive, conflicts_with = "components")]
    pub(super) units: Vec<usize>,
    /// Change the channels at this position of codes that are pictures, counted from 1
    #[arg(long, value_name = "ROW,COLUMN", value_parser = place, conflicts_with_all = ["units", "components"])]
    pub(super) at: Option<[usize; 2]>,
    /// Change the first so many principal components of the training codes instead of units
    #[arg(long, value_name = "N", value_parser = positive)]
    pub(super) components: Option<usize>,
    /// Steps over the range [default: 7; all choices and entries]
    #[arg(long, value_name = "N", value_parser = positive)]
    pub(super) steps: Option<usize>,
    /// The range to step over, as LOW,HIGH in units of the code [default: that of the training codes]
    #[arg(long, value_name = "LOW,HIGH", value_parser = range, allow_hyphen_values = true)]
    pub(super) span: Option<[f32; 2]>,
    /// Overwrite the file if it exists
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hourglass neighbours faces.hourglass --sample 12 --sample 40 -o near.csv
  hourglass neighbours faces.hourglass --sample 12 --by pixels --set all -o -
  hourglass neighbours digits.hourglass --of test --precision --k 10 --keep

The table has a row for each neighbour: the sample, the rank, the neighbour's name
or row, its split and labels, and the distance. The sample itself is left out.
Precision is the share of neighbours that are of the sample's own class.")]
pub(super) struct Neighbours {
    #[command(flatten)]
    pub(super) trained: TrainedRun,
    /// A sample, by its row (counted from 1) or its name; may be given several times
    #[arg(long, value_name = "ROW", required_unless_present = "of")]
    pub(super) sample: Vec<String>,
    /// All samples of a set, instead of --sample
    #[arg(long, value_name = "SET", conflicts_with = "sample")]
    pub(super) of: Option<String>,
    /// Where to look for neighbours: train, validation or test of the run's own data; all; or the
    /// name of a selection kept in the project [default: train; of other data, all]
    #[arg(long, value_name = "SET")]
    pub(super) set: Option<String>,
    /// Number of neighbours
    #[arg(long, value_name = "K", default_value = "10", value_parser = positive)]
    pub(super) k: usize,
    /// Distance to compare samples by [default: l2; for hashing codes hamming]
    #[arg(long, value_name = "DISTANCE")]
    pub(super) by: Option<By>,
    /// The table to write, .csv or .tsv; - prints a .csv
    #[arg(short, long, value_name = "FILE", required_unless_present = "precision")]
    pub(super) output: Option<PathBuf>,
    /// Also print precision@k, the mean over the samples that have a class
    #[arg(long)]
    pub(super) precision: bool,
    /// Also keep the precision with the run in the project file, where the window shows it; only of a split of its own data
    #[arg(long, requires = "precision")]
    pub(super) keep: bool,
    /// Overwrite the file if it exists
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum By {
    /// The distance of the codes
    L2,
    /// One minus the cosine of the angle between the codes
    Cosine,
    /// Bits in which hashing codes differ
    Hamming,
    /// The distance of the scaled values
    #[value(alias = "values")]
    Pixels,
    /// The distance of as many principal components as the code has units
    Pca,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hourglass export faces.hourglass -o weights.safetensors
  hourglass export faces.hourglass -o early.safetensors --run 2 --epoch 5

Arrays have PyTorch's names, shapes and order (docs/results.md). Texts beside them:
run, epoch, design (as a .ron) and normaliser (JSON). In Python:

  from safetensors import safe_open
  with safe_open(\"weights.safetensors\", \"numpy\") as file:
      print(file.metadata()[\"epoch\"], {name: file.get_tensor(name).shape for name in file.keys()})")]
pub(super) struct Export {
    /// A project with a trained run
    pub(super) file: PathBuf,
    /// The file to write, .safetensors
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: PathBuf,
    /// The run to use, instead of the newest trained one
    #[arg(long, value_name = "ID")]
    pub(super) run: Option<u32>,
    /// The weights after this epoch, where they were kept [default: those the trained network is used with]
    #[arg(long, value_name = "N")]
    pub(super) epoch: Option<u32>,
    /// Overwrite the file if it exists
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hourglass bench
  hourglass bench recipe:vae --steps 500 --threads 1
  hourglass bench mine.ron --json
  hourglass bench --machine")]
pub(super) struct Bench {
    /// A project, a design, or recipe:NAME [default: the network 784-256-64-256-784 on generated 28x28 pictures, batch 128, Adam]
    #[arg(value_name = "FILE|recipe:NAME")]
    pub(super) subject: Option<PathBuf>,
    #[command(flatten)]
    pub(super) data: DataArguments,
    /// Batch size, instead of the design's
    #[arg(long, value_name = "N", value_parser = positive)]
    pub(super) batch: Option<usize>,
    /// Steps to measure
    #[arg(long, value_name = "N", default_value = "200", value_parser = positive)]
    pub(super) steps: usize,
    /// Threads to train with [default: all there are]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(super) threads: Option<usize>,
    /// Measure encoding all samples instead of training
    #[arg(long)]
    pub(super) encode: bool,
    /// Measure the machine instead of a network: the best matrix product, and copying memory
    #[arg(long, conflicts_with_all = ["subject", "data", "batch", "encode"])]
    pub(super) machine: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// A trained network and the data it is shown.
#[derive(Clone, Debug, Args)]
pub(super) struct TrainedRun {
    /// A project with a trained run
    pub(super) file: PathBuf,
    /// A folder of pictures or one picture, a table, an IDX, NPY or NPZ file; also the new place of
    /// data that were moved [default: the data the run was trained on]
    pub(super) data: Option<PathBuf>,
    #[command(flatten)]
    pub(super) reading: Reading,
    /// The run to use, instead of the newest trained one
    #[arg(long, value_name = "ID")]
    pub(super) run: Option<u32>,
    /// Threads to compute with [default: all there are]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(super) threads: Option<usize>,
}

/// Data instead of the design's.
#[derive(Clone, Debug, Args)]
pub(super) struct DataArguments {
    /// Data instead of the design's: a folder of pictures or one picture, a table, an IDX, NPY or NPZ file
    #[arg(long, value_name = "PATH")]
    pub(super) data: Option<PathBuf>,
    #[command(flatten)]
    pub(super) reading: Reading,
    #[command(flatten)]
    pub(super) weights: Weights,
}

/// A recipe, by its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecipeName(pub(super) Recipe);

impl std::str::FromStr for RecipeName {
    type Err = String;

    fn from_str(name: &str) -> Result<RecipeName, String> {
        let name = name.strip_prefix("recipe:").unwrap_or(name);
        Recipe::from_name(name).map(RecipeName).ok_or_else(|| {
            let known: Vec<&str> = Recipe::ALL.iter().map(|recipe| recipe.name()).collect();
            format!("there is no recipe {name:?}; choose one of: {}", known.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }
}
