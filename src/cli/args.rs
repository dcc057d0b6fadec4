use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::project::{Channels, Recipe};

const EXAMPLES: &str = "\
Examples:
  hourglass                                     the window, on a project that trains at once
  hourglass digits.hourglass                    the window, on a project file
  hourglass recipes                             what there is to start from
  hourglass train recipe:undercomplete          trains on the built-in digits
  hourglass train recipe:denoising --data photos --size 64x64 --channels rgb
  hourglass evaluate undercomplete.hourglass    losses on the test split
  hourglass encode undercomplete.hourglass -o codes.csv

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
    pub(super) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Lists the ready-made projects, one a line, name first
    Recipes,
    /// Writes a ready-made project to a file, to be changed by hand or in the window
    New(New),
    /// Says what is wrong with a design, and where; exits with 1 if it cannot be trained
    Check(Check),
    /// Trains a design and saves the run into a project file
    Train(Train),
    /// Measures a trained network on data
    Evaluate(Evaluate),
    /// Writes the codes of data to a file
    Encode(Encode),
    /// Writes what a trained network makes of data: pictures into a folder, tables as reconstructions.csv in it
    Reconstruct(Reconstruct),
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
}

#[derive(Debug, Args)]
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

Ctrl-C ends the run after its step and saves it; --resume goes on as if nothing had happened.")]
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
    /// Go on with the newest run of the project exactly where it stopped
    #[arg(long)]
    pub(super) resume: bool,
    /// The run to resume, instead of the newest
    #[arg(long, value_name = "ID", requires = "resume")]
    pub(super) run: Option<u32>,
    /// Save every N epochs as well, those of single layers included; without it the first save comes after seconds,
    /// the next every minute, the last at the end
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) checkpoint_every: Option<u32>,
    /// Where the run is saved [default: into FILE.hourglass itself; NAME.hourglass beside a design or here]
    #[arg(short, long, value_name = "OUT.hourglass")]
    pub(super) output: Option<PathBuf>,
    /// Overwrite the output if it exists
    #[arg(long)]
    pub(super) force: bool,
    /// Print one JSON object an epoch and one at the end
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Evaluate {
    #[command(flatten)]
    pub(super) trained: Trained,
    /// Which part of the run's own data [default: test; where there is none, validation; of other data, all rows]
    #[arg(long, value_name = "SPLIT")]
    pub(super) split: Option<SplitName>,
    /// Also estimate the negative log-likelihood from so many codes a sample, where the network is a variational one
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(super) likelihood: Option<u32>,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  hourglass encode mnist.hourglass t10k-images-idx3-ubyte.gz -o codes.npy")]
pub(super) struct Encode {
    #[command(flatten)]
    pub(super) trained: Trained,
    /// The file to write: .npy, or .csv with names and labels
    #[arg(short, long, value_name = "codes.npy|codes.csv")]
    pub(super) output: PathBuf,
    /// Overwrite the file if it exists
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  hourglass reconstruct faces.hourglass photos -o rebuilt")]
pub(super) struct Reconstruct {
    #[command(flatten)]
    pub(super) trained: Trained,
    /// The folder to write to; it is made
    #[arg(short, long, value_name = "FOLDER")]
    pub(super) output: PathBuf,
    /// Write into the folder even if something is in it; files of the same names are overwritten
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, Args)]
pub(super) struct Bench {
    /// A project, a design, or recipe:NAME [default: the network 784-256-64-256-784 on generated 28x28 pictures, batch 128, Adam]
    #[arg(value_name = "FILE|recipe:NAME")]
    pub(super) subject: Option<PathBuf>,
    #[command(flatten)]
    pub(super) data: DataArguments,
    /// Samples a step, instead of the design's
    #[arg(long, value_name = "N", value_parser = positive)]
    pub(super) batch: Option<usize>,
    /// Steps to measure
    #[arg(long, value_name = "N", default_value = "200", value_parser = positive)]
    pub(super) steps: usize,
    /// Threads to train with [default: all there are]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(super) threads: Option<usize>,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// A trained network and the data it is shown.
#[derive(Debug, Args)]
pub(super) struct Trained {
    /// A project with a trained run
    pub(super) file: PathBuf,
    /// A folder of pictures, an IDX, NPY or CSV file; also the new place of data that were moved [default: the data the run was
    /// trained on]
    pub(super) data: Option<PathBuf>,
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
    /// Data instead of the design's: a folder of pictures, an IDX, NPY or CSV file
    #[arg(long, value_name = "PATH")]
    pub(super) data: Option<PathBuf>,
    /// Bring pictures of a folder to this size
    #[arg(long, value_name = "WxH", value_parser = size)]
    pub(super) size: Option<(usize, usize)>,
    /// Bring pictures of a folder to these channels
    #[arg(long, value_name = "CHANNELS")]
    pub(super) channels: Option<ChannelsName>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ChannelsName {
    /// One channel of luminance
    Grey,
    /// Red, green, blue
    Rgb,
}

impl From<ChannelsName> for Channels {
    fn from(name: ChannelsName) -> Channels {
        match name {
            ChannelsName::Grey => Channels::Grey,
            ChannelsName::Rgb => Channels::Rgb,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SplitName {
    /// What the network learnt from
    Train,
    /// What each epoch was judged by
    Validation,
    /// What was kept for the end
    Test,
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

fn size(text: &str) -> Result<(usize, usize), String> {
    let parse = |side: &str| side.trim().parse::<usize>().ok().filter(|side| (1..=4096).contains(side));
    let (width, height) = text.split_once(['x', 'X', '×']).unwrap_or((text, text));
    parse(width)
        .zip(parse(height))
        .ok_or_else(|| "write width x height in pixels, from 1 to 4096, as in 64x48".to_owned())
}

fn positive(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|&n| n > 0).ok_or_else(|| "write a number from 1 on".to_owned())
}

fn threads(text: &str) -> Result<usize, String> {
    positive(text).and_then(|n| if n <= 1024 { Ok(n) } else { Err("1024 threads are enough".to_owned()) })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn sizes_are_read() {
        assert_eq!(size("64x48"), Ok((64, 48)));
        assert_eq!(size("32"), Ok((32, 32)));
        for wrong in ["", "x", "0x3", "5x", "99999x1", "-1x1"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
