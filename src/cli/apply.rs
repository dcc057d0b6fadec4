use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::args::{Encode, Evaluate, Reconstruct, SplitName, Trained};
use super::data::{self, Shown};
use super::failure::Failure;
use super::progress::Bar;
use super::signal::{self, Stage};
use super::subject::Subject;
use super::write::{json, line, note, number, refuse_to_mix, refuse_to_overwrite, warn};
use crate::check::{DataFacts, Plan, plan};
use crate::dataset::{Dataset, Subset};
use crate::engine::{EngineError, Network};
use crate::io::{CodesForm, Files, save_codes, save_pictures};
use crate::project::{Loss, visible, visible_list, visible_path};
use crate::run::{Checkpoint, Run, facts};
use crate::session::Findings;

/// How far beyond [0, 1] values may lie that were rounded.
const UNIT_TOLERANCE: f32 = 1e-3;
/// Rows that go through the network at once.
const CHUNK: usize = 512;
/// The longest name a written picture keeps of its original's path, in bytes; systems allow 255 with number and ending.
const NAME_BYTES: usize = 150;

/// `hourglass evaluate`
pub(super) fn evaluate(arguments: &Evaluate) -> Result<(), Failure> {
    let applied = Applied::open(&arguments.trained)?;
    let (name, rows) = applied.part(arguments)?;
    let mut network = applied.network(arguments.trained.threads)?;
    let result = network.evaluate(&applied.data, &rows, None).map_err(|error| applied.failure(error))?;
    let likelihood = arguments.likelihood.map(|draws| {
        network.likelihood(&applied.data, &rows, draws as usize).map_err(|error| applied.failure(error))
    });
    let likelihood = likelihood.transpose()?;
    let subset = Subset::ALL.into_iter().find(|subset| subset.name() == name).unwrap_or(Subset::Test);
    let findings =
        if applied.own { Findings::of(&mut network, &applied.data, subset) } else { Findings::default() };
    let chosen = network.chosen_features().map(|chosen| feature_names(&applied.data, &chosen));
    if let Some((low, high)) = applied.beyond_unit_range() {
        warn(format_args!(
            "{}: scaled as the training data were, these reach from {low:.3} to {high:.3}, where cross-entropy is none: are they on \
             another scale?",
            visible(&applied.data.name)
        ));
    }
    if arguments.json {
        let terms = result.losses.iter();
        let losses: Map<String, Value> = terms.map(|(term, loss)| (term.to_owned(), json!(loss))).collect();
        json(&json!({
            "run": applied.run.id,
            "split": name,
            "samples": result.samples,
            "losses": losses,
            "mse": result.mse,
            "auc": findings.anomalies.as_ref().map(|anomalies| anomalies.auc),
            "average_precision": findings.anomalies.as_ref().map(|anomalies| anomalies.average_precision),
            "chosen": chosen,
            "refit_mse": findings.refit,
            "psnr": findings.restoration.map(|restoration| restoration.psnr.1),
            "ssim": findings.restoration.and_then(|restoration| Some(restoration.ssim?.1)),
            "precision_at_10": findings.precision,
            "nll": likelihood.map(|likelihood| likelihood.nll),
            "nll_standard_error": likelihood.map(|likelihood| likelihood.standard_error),
        }));
        return Ok(());
    }
    line(format!("run {}, split {name}, {} samples", applied.run.id, result.samples));
    for (term, loss) in result.losses.iter() {
        line(format!("{term}: {}", number(loss)));
    }
    if let Some(likelihood) = likelihood {
        let (nll, error) = (number(likelihood.nll), number(likelihood.standard_error));
        line(format!("negative log-likelihood: {nll} ± {error} nats ({} codes a sample)", likelihood.draws));
    }
    if applied.run.design.loss == Loss::BinaryCrossEntropy && !applied.data.is_binary() {
        note(
            "note: the data are grey, so their cross-entropy is no likelihood; compare it with runs on the same data only",
        );
    }
    if let Some(chosen) = &chosen {
        line(format!("chosen features: {}", visible_list(chosen)));
    }
    for sentence in findings.sentences(number) {
        line(sentence);
    }
    line(format!("squared error per feature: {}", number(result.mse)));
    Ok(())
}

/// `hourglass encode`
pub(super) fn encode(arguments: &Encode) -> Result<(), Failure> {
    // Whatever is wrong with the place is said before the work.
    CodesForm::of(&arguments.output)?;
    refuse_to_overwrite(&arguments.output, arguments.force)?;
    let files = Files::default();
    files.check_writable(&arguments.output)?;
    let applied = Applied::open(&arguments.trained)?;
    let codes = applied.all_rows("encoding", arguments.trained.threads, Network::encode)?;
    let units: Vec<String> = (1..=applied.plan.code_units()).map(|unit| format!("code {unit}")).collect();
    signal::enter(Stage::Writing);
    save_codes(&files, &arguments.output, &units, &codes, &text_columns(&applied.data))?;
    line(visible_path(&arguments.output));
    Ok(())
}

/// `hourglass reconstruct`
pub(super) fn reconstruct(arguments: &Reconstruct) -> Result<(), Failure> {
    refuse_to_mix(&arguments.output, arguments.force)?;
    let files = Files::default();
    let applied = Applied::open(&arguments.trained)?;
    let rows = applied.all_rows("reconstructing", arguments.trained.threads, Network::reconstruct)?;
    signal::enter(Stage::Writing);
    let (data, folder) = (&applied.data, &arguments.output);
    let features = data.shape.features().max(1);
    if let Some(shape) = data.shape.picture() {
        let range = data.rows.shades();
        let pictures = rows.chunks_exact(features).enumerate().map(|(row, values)| {
            let pixel = |(feature, value): (usize, &f32)| {
                let raw = data.scaler.unscale(feature, *value);
                ((raw - range.0) / (range.1 - range.0) * 255.0).round().clamp(0.0, 255.0) as u8
            };
            (picture_name(data, row), values.iter().enumerate().map(pixel).collect())
        });
        let count = save_pictures(&files, folder, shape, pictures)?;
        line(format!("{count} pictures: {}", visible_path(folder)));
        return Ok(());
    }
    let unscaled: Vec<f32> =
        rows.iter().enumerate().map(|(at, value)| data.scaler.unscale(at % features, *value)).collect();
    files.create_dir(folder)?;
    let path = folder.join("reconstructions.csv");
    let names: Vec<String> = if data.feature_names.len() == features {
        data.feature_names.clone()
    } else {
        (1..=features).map(|feature| format!("feature {feature}")).collect()
    };
    save_codes(&files, &path, &names, &unscaled, &text_columns(data))?;
    line(visible_path(&path));
    Ok(())
}

/// A trained network and the rows it is shown.
struct Applied {
    /// What messages call the project.
    name: String,
    run: Run,
    checkpoint: Arc<Checkpoint>,
    plan: Plan,
    data: Dataset,
    own: bool,
    /// Lowest and highest of the scaled rows.
    range: (f32, f32),
}

impl Applied {
    fn open(trained: &Trained) -> Result<Applied, Failure> {
        let subject = Subject::open(&trained.file)?;
        let name = subject.name();
        let run = subject.run(trained.run, |run| run.checkpoint.is_some())?.clone();
        let checkpoint = run.checkpoint.clone().ok_or_else(|| {
            Failure::Problem(format!(
                "{name}: run {} has no weights yet; resume it or choose another",
                run.id
            ))
        })?;
        let Shown { data, own } = data::shown(&run, trained.data.as_deref())?;
        let range = facts(&data).value_range;
        // Proven on the run's own data when it was trained; how many rows there are now does not matter.
        let facts = DataFacts {
            shape: run.shape,
            train_rows: run.design.training.batch_size.max(1),
            validation_rows: 1,
            value_range: if own { range } else { (0.0, 1.0) },
            is_binary: false,
            available_bytes: u64::MAX,
        };
        let plan = plan(&run.design, &facts).map_err(|errors| {
            let messages: Vec<&str> = errors.iter().map(|problem| problem.message.as_str()).collect();
            Failure::Problem(format!(
                "{name}: the design of run {} is damaged: {}",
                run.id,
                visible(&messages.join("; "))
            ))
        })?;
        // A network is built only as large as the weights that are there: a design may claim anything.
        if (checkpoint.inference_weights().len() as u64) < plan.parameters() {
            return Err(Failure::Problem(format!(
                "{name}: run {} holds fewer weights than its design has parameters; the file is damaged: open a backup, or choose another \
                 run with --run",
                run.id
            )));
        }
        Ok(Applied { name, run, checkpoint, plan, data, own, range })
    }

    /// What the network refused.
    fn failure(&self, error: EngineError) -> Failure {
        Failure::Problem(format!("{}: run {}: {error}", self.name, self.run.id))
    }

    /// The range of the scaled rows, where it goes beyond [0, 1] and the loss does not.
    fn beyond_unit_range(&self) -> Option<(f32, f32)> {
        let (low, high) = self.range;
        let is_beyond = low < -UNIT_TOLERANCE || high > 1.0 + UNIT_TOLERANCE;
        (self.run.design.loss == Loss::BinaryCrossEntropy && is_beyond).then_some((low, high))
    }

    /// The rows to evaluate on, and what they are called: a split of the run's own data, or all of others.
    fn part(&self, arguments: &Evaluate) -> Result<(&'static str, Vec<u32>), Failure> {
        let data = &self.data;
        let subset = match arguments.split {
            Some(_) if !self.own => {
                return Err(Failure::Problem(format!(
                    "{}: these are not the data run {} was trained on, so they have no split; leave --split out to take all rows",
                    visible(&data.name),
                    self.run.id
                )));
            }
            None if !self.own => return Ok(("all", (0..data.len() as u32).collect())),
            Some(SplitName::Train) => Subset::Train,
            Some(SplitName::Validation) => Subset::Validation,
            None if data.split.test.is_empty() => Subset::Validation,
            Some(SplitName::Test) | None => Subset::Test,
        };
        let rows = data.split.rows(subset);
        if rows.is_empty() {
            let message = format!(
                "{}: the {} split of run {} is empty; choose another with --split",
                self.name,
                subset.name(),
                self.run.id
            );
            return Err(Failure::Problem(message));
        }
        Ok((subset.name(), rows.to_vec()))
    }

    /// The network with the weights to use: the best ones where early stopping kept some.
    fn network(&self, threads: Option<usize>) -> Result<Network, Failure> {
        let weights = self.checkpoint.inference_weights();
        Network::trained(&self.plan, weights, data::threads(threads)).map_err(|error| self.failure(error))
    }

    /// Sends every row through the network, in order.
    fn all_rows(
        &self,
        what: &str,
        threads: Option<usize>,
        way: impl Fn(&mut Network, &[f32]) -> Vec<f32>,
    ) -> Result<Vec<f32>, Failure> {
        let mut network = self.network(threads)?;
        let count = self.data.len();
        let bar = Bar::new(what, count as u64);
        let mut out = Vec::new();
        let mut scaled = Vec::new();
        for start in (0..count).step_by(CHUNK) {
            let rows: Vec<u32> = (start as u32..count.min(start + CHUNK) as u32).collect();
            scaled.resize(rows.len() * self.data.shape.features(), 0.0);
            self.data.gather(&rows, &mut scaled);
            out.extend(way(&mut network, &scaled));
            bar.set(start as u64, count as u64);
        }
        bar.finish();
        Ok(out)
    }
}

/// What features are called: columns by their names, pixels by row and column, all counted from 1.
fn feature_names(data: &Dataset, features: &[u32]) -> Vec<String> {
    let name = |feature: &u32| {
        let at = *feature as usize;
        match (data.feature_names.get(at), data.shape.picture()) {
            (Some(name), _) => name.clone(),
            (None, Some((_, width, 1))) => format!("pixel ({}, {})", at / width + 1, at % width + 1),
            (None, Some((_, width, channels))) => {
                let (pixel, channel) = (at / channels, at % channels);
                format!("pixel ({}, {}, {})", pixel / width + 1, pixel % width + 1, channel + 1)
            }
            (None, None) => format!("feature {}", at + 1),
        }
    };
    features.iter().map(name).collect()
}

/// Names and labels of all rows, as columns of text.
fn text_columns(data: &Dataset) -> Vec<(String, Vec<String>)> {
    let mut columns = Vec::new();
    if !data.row_names.is_empty() {
        columns.push(("name".to_owned(), data.row_names.clone()));
    }
    for label in &data.labels {
        let values = (0..data.len()).map(|row| label.text(row).into_owned()).collect();
        columns.push((label.name.clone(), values));
    }
    columns
}

/// The row's number, so that files sort as rows do, and its name where it has one.
fn picture_name(data: &Dataset, row: usize) -> String {
    let name = data.row_names.get(row).map(|name| Path::new(name).with_extension(""));
    let safe = |c: char| if c.is_alphanumeric() || c == '-' { c } else { '_' };
    let name: String =
        name.iter().flat_map(|name| name.to_string_lossy().chars().collect::<Vec<_>>()).map(safe).collect();
    // A path of many folders may be longer than the name of a file; its end tells pictures apart.
    let start = name.len().saturating_sub(NAME_BYTES);
    let start = (start..=name.len()).find(|&at| name.is_char_boundary(at)).unwrap_or_default();
    if name.is_empty() { format!("{row:06}") } else { format!("{row:06}-{}", &name[start..]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Progress, load};
    use crate::project::Data;

    #[test]
    fn names_of_pictures_are_safe_and_never_too_long() {
        let mut data = load(&Data::default(), &Progress::default()).expect("embedded");
        assert_eq!(picture_name(&data, 7), "000007");
        data.row_names = vec!["cats/my cat.v2.png".to_owned(), "/ü".repeat(400) + "/last.png"];
        assert_eq!(picture_name(&data, 0), "000000-cats_my_cat_v2");
        let long = picture_name(&data, 1);
        assert!(long.len() <= 160 && long.ends_with("_ü_last"), "{long}");
    }
}
