mod latent;
mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(super) use self::latent::{By, Export, Neighbours, Sample, SampledFrom, Traverse};
pub(super) use self::values::{Weights, place, positive};
use self::values::{hole_shade, threads};
use super::reading::{self, Reading};
use crate::project::{HoleShade, Recipe};

const EXAMPLES: &str = "\
Examples:
  hourglass                                     opens the window, with a project ready to train
  hourglass digits.hourglass                    opens a project in the window
  hourglass recipes                             lists the recipes
  hourglass train recipe:undercomplete          trains on the built-in digits
  hourglass train recipe:denoising --data photos --size 64x64 --channels rgb
  hourglass evaluate undercomplete.hourglass    losses on the test split
  hourglass encode undercomplete.hourglass -o codes.csv
  hourglass sample vae.hourglass -o samples.png

Progress goes to stderr, results to stdout. RUST_LOG=debug prints more.
HOURGLASS_MAX_FILES=N is the maximum number of files and folders in a folder of pictures
[default: 4000000].
Exit codes: 0 done, 1 a problem or a failure, 2 wrong usage, 130 ended by Ctrl-C (the run is saved).";

/// A workbench for autoencoders: build, train, watch and explore them.
///
/// Without a command, the window opens, with FILE if one is given. The commands do the same work
/// without a screen, on the same files.
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
    /// Lists the recipes (ready-made projects), one per line: its name, and what it shows
    #[command(
        after_help = "Example:\n  hourglass recipes | grep sparse\n\n`hourglass new NAME -o FILE` writes one to a file."
    )]
    Recipes,
    /// Writes a recipe to a file, to edit by hand or in the window
    New(New),
    /// Checks a design: prints what is wrong, and where; exits with 1 if it cannot be trained
    Check(Check),
    /// Trains a design and saves the run in a project file
    Train(Train),
    /// Suggests a learning rate for a design, after training briefly with a growing rate
    FindRate(FindRate),
    /// Evaluates a trained network on data, as a whole and row by row
    Evaluate(Evaluate),
    /// Writes the codes of data to a file
    Encode(Encode),
    /// Writes the reconstructions of data to a file, or pictures into a folder
    Reconstruct(Reconstruct),
    /// Generates samples: draws codes and decodes them
    Sample(Sample),
    /// Changes each unit of a code over its range, with the others fixed, and decodes the codes
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
  hourglass check mine.ron --data new.csv       also prints how the table is read
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

Ctrl-C ends the run after its step and saves it; --resume continues it exactly.")]
pub(super) struct Train {
    /// A project (a new run is added to it), a design, or recipe:NAME
    #[arg(value_name = "FILE|recipe:NAME")]
    pub(super) subject: PathBuf,
    #[command(flatten)]
    pub(super) data: DataArguments,
    /// Passes over the training split, with --resume in total [default: the design's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) epochs: Option<u32>,
    /// Seed of everything random [default: the design's]
    #[arg(long, value_name = "N", conflicts_with = "resume")]
    pub(super) seed: Option<u64>,
    /// Threads to train with [default: all cores]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(super) threads: Option<usize>,
    /// Resume the newest run of the project exactly where it stopped
    #[arg(long)]
    pub(super) resume: bool,
    /// The run to resume [default: the newest]
    #[arg(long, value_name = "ID", requires = "resume")]
    pub(super) run: Option<u32>,
    /// Also save every N epochs, including those of single layers; otherwise the run is saved after
    /// a few seconds, then every minute, and at the end
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) checkpoint_every: Option<u32>,
    /// Where to save the run [default: FILE.hourglass itself; for a design NAME.hourglass next to
    /// it, for a recipe in the current folder]
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
    /// Seed of everything random [default: the design's]
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
    /// Threads to train with [default: all cores]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(super) threads: Option<usize>,
    /// Print one JSON object, with the loss at each rate
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
    /// selection kept in the project [default: test; if there is none, validation; for other data,
    /// all]
    #[arg(long, value_name = "SET", visible_alias = "split")]
    pub(super) set: Option<String>,
    /// Also estimate the negative log-likelihood of a variational network from K codes per sample
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(super) likelihood: Option<u32>,
    /// Also write the scores of each row to a file, .csv or .tsv
    #[arg(long, value_name = "FILE")]
    pub(super) scores: Option<PathBuf>,
    /// Also print how well the scores separate samples of this class from all others: ROC AUC and
    /// average precision; may be given several times
    #[arg(long, value_name = "CLASS", allow_hyphen_values = true)]
    pub(super) anomaly: Vec<String>,
    /// Like --anomaly, but all samples except those of this class are anomalous; may be given
    /// several times
    #[arg(long, value_name = "CLASS", allow_hyphen_values = true, conflicts_with = "anomaly")]
    pub(super) normal: Vec<String>,
    #[command(flatten)]
    pub(super) draws: Draws,
    /// Also keep the results with the run in the project file, where the window shows them; only
    /// for a split of its own data
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
  mean 1 …, variance 1 …   instead, for variational networks
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
    /// The file to write: .csv, .tsv or .npy; or a folder, in which codes.csv is written (a new
    /// folder needs a / at the end); - prints a .csv
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: PathBuf,
    #[command(flatten)]
    pub(super) extra: ExtraOutputs,
    /// Overwrite the file if it exists
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hourglass reconstruct faces.hourglass photos -o rebuilt        PNG files in a folder
  hourglass reconstruct faces.hourglass photos -o rebuilt.npy
  hourglass reconstruct machine.hourglass new.csv -o rebuilt.csv
  hourglass reconstruct faces.hourglass torn --mask torn-masks -o whole

A folder gets a PNG file of each picture (16 bits if the data have 16 bits), or
reconstructions.csv for data of other kinds. A .npy is an array of the shape of
the data, a .csv or .tsv a table with name or row number and labels. Values are
in the units of the source; words and dates of a table are written as such.")]
pub(super) struct Reconstruct {
    #[command(flatten)]
    pub(super) trained: TrainedRun,
    /// Which samples: train, validation or test of the run's own data; all; or the name of a
    /// selection kept in the project [default: all]
    #[arg(long, value_name = "SET")]
    pub(super) set: Option<String>,
    /// A mask of the holes that the network fills in damaged pictures: one picture for all of them,
    /// or a folder with a mask of the same name for each
    #[arg(long, value_name = "PATH", requires = "data")]
    pub(super) mask: Option<PathBuf>,
    /// The shade that marks holes in a mask, white or black
    #[arg(long, value_name = "SHADE", default_value = "white", value_parser = hole_shade, requires = "mask")]
    pub(super) holes: HoleShade,
    /// The folder to write to (created if missing), or the file: .npy, .csv or .tsv; - prints a
    /// .csv
    #[arg(short, long, value_name = "FOLDER|FILE")]
    pub(super) output: PathBuf,
    #[command(flatten)]
    pub(super) extra: ExtraOutputs,
    /// Overwrite the file if it exists; write into the folder even if it is not empty
    #[arg(long)]
    pub(super) force: bool,
}

/// Additional results besides codes or reconstructions.
#[derive(Debug, Args)]
pub(super) struct ExtraOutputs {
    /// Also write the scores of each row: its squared error, and for variational networks the
    /// reconstruction probability; as columns, or if there is no table, in a separate one
    /// (NAME-rows.csv, or scores.csv in a folder)
    #[arg(long)]
    pub(super) scores: bool,
    /// Also write the row, the split and the labels of each result: for a .npy in NAME-rows.csv,
    /// for pictures in a folder in rows.csv, in reconstructions.csv always as columns (otherwise
    /// only if not all rows are written)
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
  hourglass bench
  hourglass bench recipe:vae --steps 500 --threads 1
  hourglass bench mine.ron --json
  hourglass bench --machine")]
pub(super) struct Bench {
    /// A project, a design, or recipe:NAME [default: the network 784-256-64-256-784 on generated
    /// 28x28 pictures, batch 128, Adam]
    #[arg(value_name = "FILE|recipe:NAME")]
    pub(super) subject: Option<PathBuf>,
    #[command(flatten)]
    pub(super) data: DataArguments,
    /// Batch size [default: the design's]
    #[arg(long, value_name = "N", value_parser = positive)]
    pub(super) batch: Option<usize>,
    /// Steps to measure
    #[arg(long, value_name = "N", default_value = "200", value_parser = positive)]
    pub(super) steps: usize,
    /// Threads to train with [default: all cores]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(super) threads: Option<usize>,
    /// Measure encoding all samples instead of training
    #[arg(long)]
    pub(super) encode: bool,
    /// Measure the machine instead of a network: matrix products, and copying memory
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
    /// A folder of pictures or one picture, a table, an IDX, NPY or NPZ file; also the new path of
    /// data that were moved [default: the data the run was trained on]
    pub(super) data: Option<PathBuf>,
    #[command(flatten)]
    pub(super) reading: Reading,
    /// Pictures: their own size instead of that of the training, for networks that accept any size
    #[arg(long, help_heading = reading::HEADING, conflicts_with = "size")]
    pub(super) own_size: bool,
    /// The run to use [default: the newest trained one]
    #[arg(long, value_name = "ID")]
    pub(super) run: Option<u32>,
    /// Threads to compute with [default: all cores]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(super) threads: Option<usize>,
}

/// Data instead of the design's.
#[derive(Clone, Debug, Args)]
pub(super) struct DataArguments {
    /// Data instead of the design's: a folder of pictures or one picture, a table, an IDX, NPY or
    /// NPZ file
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
    fn the_definition_is_valid() {
        Arguments::command().debug_assert();
    }
}
