mod page;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::args::TrainedRun;
use super::data::{self, Shown};
use super::failure::Failure;
use super::output::check_files;
use super::reading::Reading;
use super::signal::{self, Stage};
use super::subject::Subject;
use super::write::{line, warn};
use crate::dataset::Dataset;
use crate::figure::{Figure, FigureError, Form, Style, encoded};
use crate::io::Durability;
use crate::prepared::{latent, loss};
use crate::project::{Shape, visible, visible_list, visible_path};
use crate::run::{Run, TOTAL};
use crate::session::CodePart;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hourglass figure vae.hourglass --view loss -o loss.svg
  hourglass figure vae.hourglass --view loss --term KL --compare 1,2 -o kl.png --scale 3
  hourglass figure vae.hourglass --view latent -o codes.png --theme dark
  hourglass figure vae.hourglass --view reconstructions -o watched.gif
  hourglass figure vae.hourglass --view reconstructions --set test --order worst --number 24 --pca -o worst.png
  hourglass figure vae.hourglass photos --view reconstructions -o photos.svg
  hourglass figure vae.hourglass --view traversals --sample 12 -o traversals.svg

The same curves, pictures, axes, colours and labels as in the window: PNG, SVG, or
the numbers as CSV. The codes of a network of two units and the samples that a run
watched, epoch by epoch, are a GIF.")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) trained: TrainedRun,
    /// The figure to draw
    #[arg(long, value_enum)]
    pub(super) view: View,
    /// The file to write: .png, .svg, .csv or .gif
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: PathBuf,
    /// Loss: other runs to draw for comparison
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    pub(super) compare: Vec<u32>,
    /// Loss: a term to draw; may be given several times [default: the total]
    #[arg(long, value_name = "NAME")]
    pub(super) term: Vec<String>,
    /// Loss: the factor of the exponential moving average, 0 to 0.99 [default: 0]
    #[arg(long, value_name = "FACTOR", value_parser = smoothing)]
    pub(super) smooth: Option<f64>,
    /// Loss: a linear axis, even if a logarithmic one is possible
    #[arg(long)]
    pub(super) linear: bool,
    /// Latent, watched reconstructions: the epoch [default: the newest]
    #[arg(long, value_name = "N")]
    pub(super) epoch: Option<u32>,
    /// Latent: the principal components of one channel of codes that are pictures, counted from 1
    #[arg(long, value_name = "N", value_parser = super::args::positive)]
    pub(super) channel: Option<usize>,
    /// Latent: the principal components of the channels at one position of codes that are pictures,
    /// counted from 1
    #[arg(long, value_name = "ROW,COLUMN", value_parser = super::args::place, conflicts_with = "channel")]
    pub(super) at: Option<[usize; 2]>,
    /// Reconstructions: train, validation, test, all, or a selection [default: the samples that the
    /// run watched; for other data, all]
    #[arg(long, value_name = "SET")]
    pub(super) set: Option<String>,
    /// Reconstructions: the maximum number of samples [default: all watched ones, 48 of a set]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=600))]
    pub(super) number: Option<u16>,
    /// Reconstructions: their order [default: data]
    #[arg(long, value_enum)]
    pub(super) order: Option<Sorting>,
    /// Reconstructions: add a line for PCA with as many components as the code has units
    #[arg(long)]
    pub(super) pca: bool,
    /// Reconstructions: omit the line with codes that are pictures
    #[arg(long)]
    pub(super) no_code: bool,
    /// Reconstructions of a set: do not corrupt the samples, even if the network was trained on
    /// corrupted ones
    #[arg(long)]
    pub(super) clean: bool,
    /// Traversals: the sample whose code is changed, by its row (counted from 1) or its name; mean
    /// is the mean of the training codes [default: mean]
    #[arg(long, value_name = "ROW")]
    pub(super) sample: Option<String>,
    /// Traversals: the units to change, counted from 1, in this order [default: those that vary
    /// most]
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = super::args::positive)]
    pub(super) units: Vec<usize>,
    /// Traversals: steps over the range [default: 7; for choices and entries, up to 14]
    #[arg(long, value_name = "N", value_parser = super::args::positive)]
    pub(super) steps: Option<usize>,
    /// The theme
    #[arg(long, value_enum, default_value = "light")]
    pub(super) theme: Theme,
    /// Pixels per point of a PNG or GIF, 1 to 4
    #[arg(long, value_name = "N", default_value = "2", value_parser = clap::value_parser!(u8).range(1..=4))]
    pub(super) scale: u8,
    /// Overwrite the file if it exists
    #[arg(long)]
    pub(super) force: bool,
}

/// The figure to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum View {
    /// The loss over the epochs
    Loss,
    /// The codes of the samples that the run watched
    Latent,
    /// Samples, their reconstructions, and where they differ
    Reconstructions,
    /// All units of the code over their range, as one picture
    Traversals,
}

impl View {
    /// Its name on the command line.
    fn name(self) -> &'static str {
        match self {
            View::Loss => "loss",
            View::Latent => "latent",
            View::Reconstructions => "reconstructions",
            View::Traversals => "traversals",
        }
    }
}

/// The order of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Sorting {
    /// As in the data
    Data,
    /// Largest error first
    Worst,
    /// Smallest error first
    Best,
    /// The error nearest to the median first
    Median,
    /// Class by class, in each the largest error first
    Class,
}

/// Colours of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Theme {
    /// On white
    Light,
    /// On black
    Dark,
}

/// `hourglass figure`
pub(super) fn figure(arguments: &Arguments) -> Result<(), Failure> {
    check_options(arguments)?;
    // Checks the destination before the work.
    let (files, path) = (signal::files(), &arguments.output);
    let form = Form::of(path).ok_or_else(|| {
        let path = visible_path(path);
        Failure::Problem(format!(
            "{path}: figures are written as .png, .svg, .csv or .gif; use one of these extensions"
        ))
    })?;
    check_files(&files, &[path], arguments.force)?;
    let drawn = match arguments.view {
        View::Loss => of_loss(&opened(arguments)?, arguments)?,
        View::Latent => of_latent(&opened(arguments)?, arguments)?,
        View::Reconstructions => page::of_reconstructions(arguments)?,
        View::Traversals => page::of_traversals(arguments)?,
    };
    let style = Style { is_dark: arguments.theme == Theme::Dark, scale: f32::from(arguments.scale) };
    let bytes = encoded(&drawn, form, style).map_err(|error| figure_failure(&error, path))?;
    signal::enter(Stage::Writing);
    files.write_bytes(path, Durability::Synced, &bytes)?;
    line(visible_path(path));
    Ok(())
}

/// Refuses options that the view does not have.
fn check_options(arguments: &Arguments) -> Result<(), Failure> {
    use View::{Latent, Loss, Reconstructions, Traversals};
    let options: [(&str, bool, &[View]); 17] = [
        ("--compare", !arguments.compare.is_empty(), &[Loss]),
        ("--term", !arguments.term.is_empty(), &[Loss]),
        ("--smooth", arguments.smooth.is_some(), &[Loss]),
        ("--linear", arguments.linear, &[Loss]),
        ("--epoch", arguments.epoch.is_some(), &[Latent, Reconstructions]),
        ("--channel", arguments.channel.is_some(), &[Latent]),
        ("--at", arguments.at.is_some(), &[Latent]),
        ("--set", arguments.set.is_some(), &[Reconstructions]),
        ("--number", arguments.number.is_some(), &[Reconstructions]),
        ("--order", arguments.order.is_some(), &[Reconstructions]),
        ("--pca", arguments.pca, &[Reconstructions]),
        ("--no-code", arguments.no_code, &[Reconstructions]),
        ("--clean", arguments.clean, &[Reconstructions]),
        ("--sample", arguments.sample.is_some(), &[Traversals]),
        ("--units", !arguments.units.is_empty(), &[Traversals]),
        ("--steps", arguments.steps.is_some(), &[Traversals]),
        // The losses are stored with the run: no data are read.
        (
            "options of how data are read",
            arguments.trained.reading.any(),
            &[Latent, Reconstructions, Traversals],
        ),
    ];
    let view = arguments.view;
    let Some((option, _, views)) = options.iter().find(|(_, is_given, of)| *is_given && !of.contains(&view))
    else {
        return Ok(());
    };
    let views: Vec<&str> = views.iter().map(|view| view.name()).collect();
    Err(Failure::Usage(format!(
        "{option}: the view {} does not have this; omit it, or choose --view {}",
        view.name(),
        views.join(" or ")
    )))
}

/// The project, for views that do not show other data.
fn opened(arguments: &Arguments) -> Result<Subject, Failure> {
    if let Some(data) = &arguments.trained.data {
        return Err(Failure::Usage(format!(
            "{}: the loss and the latent space of a run show the samples that it was trained on; omit the \
             data, or choose --view reconstructions",
            visible_path(data)
        )));
    }
    Subject::open(&arguments.trained.file, "hourglass train DESIGN --data")
}

fn figure_failure(error: &FigureError, path: &Path) -> Failure {
    Failure::Problem(format!("{}: {error}", visible_path(path)))
}

/// The requested run, or the newest with something to show, or the newest.
fn chosen<'a>(
    subject: &'a Subject,
    arguments: &Arguments,
    shows: impl Fn(&Run) -> bool,
) -> Result<&'a Run, Failure> {
    let newest = subject.runs.iter().rev().find(|run| shows(run)).map(|run| run.id.0);
    subject.run(arguments.trained.run.or(newest), |_| true)
}

fn of_loss(subject: &Subject, arguments: &Arguments) -> Result<Figure, Failure> {
    let run = chosen(subject, arguments, |run| !run.history.epochs.is_empty())?;
    let compared = arguments.compare.iter().map(|id| subject.run(Some(*id), |_| true));
    let compared = compared.collect::<Result<Vec<&Run>, Failure>>()?;
    let total = [TOTAL.to_owned()];
    let asked = if arguments.term.is_empty() { &total[..] } else { &arguments.term };
    let terms = run.history.terms.names();
    if let Some(term) = asked.iter().find(|term| !terms.is_empty() && !terms.contains(term)) {
        return Err(Failure::Usage(format!(
            "--term: the loss of run {} has no term {}; its terms are: {}",
            run.id,
            visible(term),
            visible_list(terms)
        )));
    }
    loss(run, &compared, asked, arguments.smooth.unwrap_or(0.0), !arguments.linear)
        .ok_or_else(|| nothing(subject, run, "has no epoch yet; resume it"))
}

fn of_latent(subject: &Subject, arguments: &Arguments) -> Result<Figure, Failure> {
    let has_codes = |run: &Run| run.kept.newest().is_some_and(|kept| kept.code_units > 0);
    let run = chosen(subject, arguments, has_codes)?;
    let data = labels(run, &arguments.trained.reading)?;
    let drawn = latent(run, data.as_ref(), arguments.epoch, part(run.code_shape(), arguments)?);
    drawn
        .map_err(|message| nothing(subject, run, &format!("has no latent plane to show: {message}")))?
        .ok_or_else(|| nothing(subject, run, "has no codes yet; resume it"))
}

/// The requested part of codes of this shape.
fn part(code: Shape, arguments: &Arguments) -> Result<Option<CodePart>, Failure> {
    let (name, asked) = match (arguments.channel, arguments.at) {
        (None, None) => return Ok(None),
        (Some(_), _) => ("--channel", "channels"),
        (None, Some(_)) => ("--at", "positions"),
    };
    let Shape::Image { height, width, channels } = code else {
        let message = format!("{name}: the code is a row of units, which has no {asked}; omit it");
        return Err(Failure::Usage(message));
    };
    let part = match (arguments.channel, arguments.at) {
        (Some(channel), _) => (channel <= channels).then(|| CodePart::Channel(channel - 1)),
        (None, at) => at.and_then(|[row, column]| {
            let is_there = row <= height && column <= width;
            is_there.then(|| CodePart::Position((row - 1) * width + column - 1))
        }),
    };
    part.map(Some).ok_or_else(|| {
        let size = format!("{height} rows, {width} columns and {channels} channels, counted from 1");
        Failure::Usage(format!("{name}: out of range; a code has {size}"))
    })
}

/// The data of the run, whose labels colour its codes; without them the codes have a single colour.
fn labels(run: &Run, reading: &Reading) -> Result<Option<Dataset>, Failure> {
    let why = match data::shown(run, None, None, reading, false) {
        Ok(Shown { data, .. }) if data.fingerprint == run.fingerprint => return Ok(Some(data)),
        Ok(_) => format!("the data run {} was trained on have changed", run.id),
        Err(Failure::Problem(message) | Failure::Usage(message)) => message,
        Err(Failure::Interrupted) => return Err(Failure::Interrupted),
    };
    warn(format_args!("the codes are not coloured by label: {why}"));
    Ok(None)
}

fn nothing(subject: &Subject, run: &Run, why: &str) -> Failure {
    Failure::Problem(format!("{}: run {} {why}", subject.name(), run.id))
}

fn smoothing(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (0.0..=0.99).contains(number));
    number.ok_or_else(|| "write a number from 0 to 0.99".to_owned())
}
