use serde_json::{Map, Value, json};

use super::applied::Applied;
use super::args::Evaluate;
use super::failure::Failure;
use super::keep::keep;
use super::output::{Output, check_files, save_sheet};
use super::sets::{ALL, Part};
use super::signal::{self, Stage};
use super::write::{json, line, note, warn};
use crate::dataset::{Dataset, LabelColumn, Subset};
use crate::engine::{Evaluation, Likelihood};
use crate::project::{
    Loss, format_count, format_range, terminal_number, visible, visible_list, visible_path,
};
use crate::session::{Findings, Measured, Ranking, Scores, Sheet};

/// Most classes listed if one does not exist.
const LISTED: usize = 12;

/// `hourglass evaluate`
pub(super) fn evaluate(arguments: &Evaluate) -> Result<(), Failure> {
    let files = signal::files();
    let form = arguments.scores.as_deref().map(Output::of_scores).transpose()?;
    if let Some(path) = &arguments.scores {
        check_files(&files, &[path], arguments.force)?;
    }
    let applied = Applied::open_any_size(&arguments.trained, None, "evaluate")?;
    let part = part(&applied, arguments.set.as_deref())?;
    let (rows, subset) = (&part.rows, part.subset);
    let anomalies = Anomalies::of(&applied.data, rows, arguments)?;
    if arguments.keep && subset.is_none() {
        return Err(Failure::Usage(format!(
            "--keep: only results on a split of the training data can be stored with run {}; omit --keep",
            applied.run.id
        )));
    }
    if arguments.keep && !applied.has_data_of_training() {
        return Err(Failure::Problem(format!(
            "--keep: the rows that run {} was trained and evaluated on have changed; restore its data, or \
             omit --keep",
            applied.run.id
        )));
    }
    let mut network = applied.network(arguments.trained.threads)?;
    let result = network.evaluate(&applied.data, rows, None).map_err(|error| applied.failure(error))?;
    let likelihood = arguments.likelihood.map(|draws| {
        network.likelihood(&applied.data, rows, draws as usize).map_err(|error| applied.failure(error))
    });
    let likelihood = likelihood.transpose()?;
    let findings = subset.map(|subset| Findings::of(&mut network, &applied.data, subset, &|| true));
    let findings = findings.transpose().map_err(|error| applied.failure(error))?.unwrap_or_default();
    let chosen = network.chosen_features().map(|chosen| {
        chosen.iter().map(|feature| applied.data.feature_name(*feature as usize)).collect::<Vec<_>>()
    });
    let scores = (arguments.scores.is_some() || anomalies.is_some())
        .then(|| applied.scores(&mut network, rows, arguments.draws.draws))
        .transpose()?;
    let ranked = anomalies.zip(scores.as_ref()).map(|(anomalies, scores)| Ranked::of(anomalies, scores));
    if let Some(range) = applied.beyond_unit_range() {
        warn(format_args!(
            "{}: scaled like the training data, the values reach from {}, where cross-entropy is not defined; \
             check whether they use another scale",
            visible(&applied.data.name),
            format_range(range)
        ));
    }
    if let (Some(path), Some(form), Some(scores)) = (&arguments.scores, form, &scores) {
        signal::enter(Stage::Writing);
        let mut sheet = Sheet::of(&applied.data, applied.own, rows);
        sheet.scores(scores);
        save_sheet(&sheet, &files, path, form)?;
        note(format_args!("note: the scores per row: {}", visible_path(path)));
    }
    let measured = applied.run.checkpoint.as_ref().map(|checkpoint| Measured::of(checkpoint, rows.len()));
    let kept = measured.zip(subset.filter(|_| arguments.keep)).map(|(measured, subset)| {
        let of_named = ranked.as_ref().and_then(|ranked| {
            let Ranked { name, anomalous, samples, by_error, by_log_probability } = ranked;
            measured.ranking(subset, (name, *anomalous, *samples), (*by_error, *by_log_probability))
        });
        let mut kept = Vec::from_iter(of_named);
        kept.extend(measured.evaluation(subset, &result.losses, result.mse, &findings));
        kept.extend(likelihood.as_ref().map(|likelihood| measured.likelihood(subset, likelihood)));
        kept
    });
    let found = Found { applied: &applied, part: &part, result, likelihood, findings, chosen, ranked };
    if arguments.json {
        json(&found.json());
    } else {
        found.report();
    }
    match kept {
        Some(kept) => {
            signal::enter(Stage::Writing);
            keep(&arguments.trained.file, applied.run.id, kept)
        }
        None => Ok(()),
    }
}

/// The rows to evaluate: by default the test split of the run's own data, or validation if there is
/// none; all rows of other data.
fn part(applied: &Applied, set: Option<&str>) -> Result<Part, Failure> {
    let usual = match applied.data.split.test[..] {
        _ if !applied.own => ALL,
        [] => Subset::Validation.name(),
        _ => Subset::Test.name(),
    };
    applied.part(set.unwrap_or(usual))
}

/// Rows given as anomalous.
struct Anomalies {
    /// The names of the anomalous classes.
    name: String,
    /// For each row; `None` for a row without a label.
    is_anomalous: Vec<Option<bool>>,
}

impl Anomalies {
    /// `None` if none are requested.
    fn of(data: &Dataset, rows: &[u32], arguments: &Evaluate) -> Result<Option<Anomalies>, Failure> {
        let (classes, are_anomalous) = match (&arguments.anomaly[..], &arguments.normal[..]) {
            ([], []) => return Ok(None),
            ([], normal) => (normal, false),
            (anomaly, _) => (anomaly, true),
        };
        let name = visible(&data.name);
        let has = |label: &LabelColumn, class: &String| (0..data.len()).any(|row| label.is_of(row, class));
        // All of them are searched in the column that has the first.
        let label = data.labels.iter().find(|label| classes.first().is_some_and(|class| has(label, class)));
        let Some(known) = known_classes(data) else {
            let remedy = if data.overview.is_empty() {
                "choose where they are with an option under “How the data are read” (--help)"
            } else {
                "name their column with --column NAME=label (it cannot be a column that the run was trained \
                 on)"
            };
            return Err(Failure::Problem(format!(
                "{name}: these data have no labels, so classes cannot be compared; {remedy}"
            )));
        };
        let missing = classes.iter().find(|class| label.is_none_or(|label| !has(label, class)));
        let (Some(label), None) = (label, missing) else {
            let class = missing.map_or("", String::as_str);
            let message = format!("{name}: there is no class “{}”; the classes are: {known}", visible(class));
            return Err(Failure::Problem(message));
        };
        let is_anomalous = |row: &u32| {
            let is_named = classes.iter().any(|class| label.is_of(*row as usize, class));
            // Rows without a label can also be selected by the placeholder for it.
            (is_named || label.is_known(*row as usize)).then_some(is_named == are_anomalous)
        };
        let is_anomalous: Vec<Option<bool>> = rows.iter().map(is_anomalous).collect();
        let listed = visible_list(classes);
        let called = if are_anomalous { listed } else { format!("all except {listed}") };
        let unlabelled = is_anomalous.iter().filter(|is| is.is_none()).count();
        if !is_anomalous.contains(&Some(true)) || !is_anomalous.contains(&Some(false)) {
            let those = if is_anomalous.contains(&Some(true)) { "only" } else { "no" };
            return Err(Failure::Problem(format!(
                "{name}: of the {} labelled samples, {those} are anomalous ({called}), so there is nothing to \
                 separate; choose another class, or another set with --set",
                rows.len() - unlabelled
            )));
        }
        if unlabelled > 0 {
            note(format_args!("note: {unlabelled} of {} samples have no label and are excluded", rows.len()));
        }
        Ok(Some(Anomalies { name: called, is_anomalous }))
    }
}

/// The first classes of the first column of labels; `None` without labels.
fn known_classes(data: &Dataset) -> Option<String> {
    let label = data.labels.first()?;
    let mut known: Vec<String> = match data.class_names() {
        Some(names) => names.iter().take(LISTED + 1).cloned().collect(),
        None => Vec::new(),
    };
    let mut row = 0;
    while known.len() <= LISTED && data.class_names().is_none() && row < data.len() {
        let text = label.text(row).into_owned();
        if !known.contains(&text) {
            known.push(text);
        }
        row += 1;
    }
    let more = if known.len() > LISTED { ", …" } else { "" };
    known.truncate(LISTED);
    Some(format!("{}{more}", visible_list(&known)))
}

/// How well the scores separate anomalies.
struct Ranked {
    name: String,
    anomalous: usize,
    samples: usize,
    by_error: Option<Ranking>,
    by_log_probability: Option<Ranking>,
}

impl Ranked {
    fn of(anomalies: Anomalies, scores: &Scores) -> Ranked {
        let is_anomalous = &anomalies.is_anomalous;
        Ranked {
            anomalous: is_anomalous.iter().filter(|is| **is == Some(true)).count(),
            samples: is_anomalous.iter().flatten().count(),
            by_error: scores.by_error(is_anomalous),
            by_log_probability: scores.by_log_probability(is_anomalous),
            name: anomalies.name,
        }
    }
}

/// All measurements.
struct Found<'a> {
    applied: &'a Applied,
    part: &'a Part,
    result: Evaluation,
    likelihood: Option<Likelihood>,
    findings: Findings,
    chosen: Option<Vec<String>>,
    ranked: Option<Ranked>,
}

impl Found<'_> {
    fn json(&self) -> Value {
        let Found { applied, part, result, likelihood, findings, chosen, ranked } = self;
        let terms = result.losses.iter();
        let losses: Map<String, Value> = terms.map(|(term, loss)| (term.to_owned(), json!(loss))).collect();
        let held_out = findings.anomalies.as_ref();
        let by_error = ranked.as_ref().map(|ranked| ranked.by_error);
        let by_log_probability = ranked.as_ref().and_then(|ranked| ranked.by_log_probability);
        let auc = held_out.map(|anomalies| anomalies.auc);
        let average_precision = held_out.map(|anomalies| anomalies.average_precision);
        json!({
            "run": applied.run.id,
            "split": part.name,
            "samples": result.samples,
            "losses": losses,
            "mse": result.mse,
            "auc": by_error.map_or(auc, |ranking| ranking.map(|ranking| ranking.auc)),
            "average_precision":
                by_error.map_or(average_precision, |ranking| ranking.map(|ranking| ranking.average_precision)),
            "auc_log_probability": by_log_probability.map(|ranking| ranking.auc),
            "average_precision_log_probability": by_log_probability.map(|ranking| ranking.average_precision),
            "anomalous": ranked.as_ref().map(|ranked| &ranked.name)
                .or(held_out.map(|anomalies| &anomalies.class)),
            "anomalous_samples": ranked.as_ref().map(|ranked| ranked.anomalous)
                .or(held_out.map(|anomalies| anomalies.held_out)),
            "chosen": chosen,
            "refit_mse": findings.refit,
            "psnr": findings.restoration.map(|restoration| restoration.psnr.1),
            "ssim": findings.restoration.and_then(|restoration| Some(restoration.ssim?.1)),
            "precision_at_10": findings.precision,
            "nll": likelihood.map(|likelihood| likelihood.nll),
            "nll_standard_error": likelihood.map(|likelihood| likelihood.standard_error),
        })
    }

    fn report(&self) {
        let Found { applied, part, result, likelihood, findings, chosen, ranked } = self;
        line(format!("run {}, {}, {} samples", applied.run.id, part.description(), result.samples));
        for (term, loss) in result.losses.iter() {
            line(format!("{term}: {}", terminal_number(loss)));
        }
        if let Some(likelihood) = likelihood {
            let (nll, error) = (terminal_number(likelihood.nll), terminal_number(likelihood.standard_error));
            line(format!(
                "negative log-likelihood: {nll} ± {error} nats ({} codes per sample)",
                likelihood.draws
            ));
        }
        if applied.run.design.loss == Loss::BinaryCrossEntropy && !applied.data.is_binary() {
            note(
                "note: the data are not binary, so their cross-entropy is not a likelihood; compare it only \
                 with runs on the same data",
            );
        }
        if applied.data.gaps.filled > 0 && applied.run.design.data.masks_missing() {
            note(format_args!(
                "note: {} missing values are masked: losses and errors ignore them",
                format_count(applied.data.gaps.filled)
            ));
        }
        if applied.run.design.weighs_features() {
            note(
                "note: features have weights in the loss, as the design says; the squared error per feature is without them",
            );
        }
        if let Some(chosen) = chosen {
            line(format!("chosen features: {}", visible_list(chosen)));
        }
        for sentence in findings.sentences(terminal_number) {
            line(sentence);
        }
        if let Some(Ranked { name, anomalous, samples, by_error, by_log_probability }) = ranked {
            for (score, ranking) in [("error", by_error), ("log probability", by_log_probability)] {
                let Some(Ranking { auc, average_precision }) = ranking else { continue };
                line(format!(
                    "anomalous {name}, {anomalous} of {samples} samples: ROC AUC {}, average precision {} by {score}",
                    terminal_number(*auc),
                    terminal_number(*average_precision)
                ));
            }
        }
        line(format!("squared error per feature: {}", terminal_number(result.mse)));
    }
}
