//! The content of the columns of the table of runs.

use super::super::dates::format_date;
use super::super::parts::PCA_IS_EXACT;
use super::order::Key;
use crate::dataset::Subset;
use crate::project::{format_count, format_number, format_secs, visible};
use crate::run::{Finding, FindingKind, Losses, Run, Status, TOTAL};
use crate::ui::state::RunColumn;

/// Placeholder for a missing value.
const NONE: &str = "–";
/// Minimum width left for the changes column when measured values get columns automatically.
const CHANGES_PX: f32 = 240.0;

/// The content of a table cell.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The text.
    pub text: String,
    /// The sort key.
    pub key: Key,
    /// Details for a tooltip.
    pub hint: Option<String>,
    /// Whether it was measured with weights other than the run's current weights.
    pub is_old: bool,
}

impl Cell {
    fn new(text: String, key: Key) -> Cell {
        Cell { text, key, hint: None, is_old: false }
    }

    fn number(value: Option<f64>) -> Cell {
        match value {
            Some(value) => Cell::new(format_number(value), Key::number(value)),
            None => Cell::new(NONE.to_owned(), Key::Missing),
        }
    }
}

/// The header of a column.
pub fn name(column: &RunColumn) -> String {
    match column {
        RunColumn::Run => "run".to_owned(),
        RunColumn::Changes => "what differs from the run before".to_owned(),
        RunColumn::Epoch => "epoch".to_owned(),
        RunColumn::Train => "train".to_owned(),
        RunColumn::Validation => "validation".to_owned(),
        RunColumn::Mse => "MSE".to_owned(),
        RunColumn::Pca => "PCA MSE".to_owned(),
        RunColumn::Time => "time".to_owned(),
        RunColumn::Started => "started".to_owned(),
        RunColumn::Parameters => "parameters".to_owned(),
        RunColumn::Note => "note".to_owned(),
        RunColumn::Findings => "findings".to_owned(),
        RunColumn::Found(kind, split, name) => {
            let split = split.name();
            match (kind, name.as_str()) {
                (FindingKind::Losses, TOTAL) => format!("{split} loss"),
                (FindingKind::Losses, "squared error per feature") => format!("{split} MSE"),
                (FindingKind::Refit, _) => format!("{split} regression MSE"),
                (FindingKind::Selection, name) => visible(name).into_owned(),
                (_, name) => format!("{split} {}", visible(name)),
            }
        }
    }
}

/// The explanation of a column.
pub fn about(column: &RunColumn) -> String {
    match column {
        RunColumn::Run => "Number, name and status",
        RunColumn::Changes => "What differs from the run before",
        RunColumn::Epoch => "Finished and planned epochs",
        RunColumn::Train => "Loss on the training split, summed over features",
        RunColumn::Validation => "Loss on the validation split, summed over features",
        RunColumn::Mse => "Squared error per feature on the validation split; green where it beats PCA",
        RunColumn::Pca => "Squared error per feature of PCA with the same code size",
        RunColumn::Time => "Time spent training",
        RunColumn::Started => "When it was started",
        RunColumn::Parameters => "Trainable parameters",
        RunColumn::Note => "The first line of its note",
        RunColumn::Findings => "Number of findings in the Health view",
        RunColumn::Found(kind, split, name) => {
            let (is_of_split, kind, split) = (kind.is_of_split(), kind.name(), split.name());
            if !is_of_split {
                let name = visible(name);
                return format!("{name}: {kind}, latest kept result; dimmed if the run has trained since");
            }
            return format!(
                "{}: {kind}, latest result on the {split} split; dimmed if the run has trained since",
                visible(name)
            );
        }
    }
    .to_owned()
}

/// The width of a column, in points.
pub fn width(column: &RunColumn, runs: &[&Run]) -> f32 {
    match column {
        RunColumn::Run if runs.iter().any(|run| !run.caption.name.is_empty()) => 190.0,
        RunColumn::Run => 132.0,
        RunColumn::Changes => 80.0,
        RunColumn::Epoch if runs.iter().any(|run| !run.restarts.is_empty()) => 132.0,
        RunColumn::Epoch
        | RunColumn::Train
        | RunColumn::Validation
        | RunColumn::Mse
        | RunColumn::Pca
        | RunColumn::Time
        | RunColumn::Parameters => 82.0,
        RunColumn::Started => 134.0,
        RunColumn::Note => 160.0,
        RunColumn::Findings => 70.0,
        RunColumn::Found(..) => 110.0,
    }
}

/// The value of a run in a column, except for the changes from the previous run.
pub fn cell(column: &RunColumn, run: &Run) -> Cell {
    let last = run.history.epochs.last();
    match column {
        RunColumn::Run | RunColumn::Changes => {
            Cell::new(run.id.to_string(), Key::number(f64::from(run.id.0)))
        }
        RunColumn::Epoch => epoch(run),
        RunColumn::Train => Cell::number(last.map(|record| record.train.total())),
        RunColumn::Validation => {
            Cell::number(last.and_then(|record| record.validation.as_ref()).map(Losses::total))
        }
        RunColumn::Mse => Cell::number(last.map(|record| record.mse)),
        RunColumn::Pca if !run.has_baseline() => {
            Cell { hint: Some(PCA_IS_EXACT.to_owned()), ..Cell::number(None) }
        }
        RunColumn::Pca => Cell::number(run.pca_mse),
        RunColumn::Time => Cell::new(format_secs(run.seconds), Key::number(run.seconds)),
        RunColumn::Started => {
            let started = run.started_unix_secs;
            Cell::new(format_date(started), Key::number(started as f64))
        }
        RunColumn::Parameters => Cell::new(format_count(run.parameters), Key::number(run.parameters as f64)),
        RunColumn::Note => {
            let note = &run.caption.note;
            let line = note.lines().next().unwrap_or_default();
            let hint = (!note.is_empty()).then(|| note.clone());
            Cell { hint, ..Cell::new(visible(line).into_owned(), Key::text(note)) }
        }
        RunColumn::Findings => findings(run),
        RunColumn::Found(kind, split, name) => {
            let finding = run.results.newest_with(*kind, *split, name);
            let value = finding.and_then(|finding| finding.value(name));
            let is_old = finding.is_some_and(|finding| is_old(run, finding));
            Cell { hint: finding.map(measurement_text), is_old, ..Cell::number(value) }
        }
    }
}

/// The number of findings, with a list of them; missing for a run without epochs.
fn findings(run: &Run) -> Cell {
    let findings = run.diagnoses();
    if findings.is_empty() && run.history.epochs.is_empty() {
        return Cell::number(None);
    }
    let lines: Vec<String> =
        findings.iter().map(|finding| format!("{}: {}", finding.title(), finding.evidence_text())).collect();
    let hint = if lines.is_empty() { "No findings".to_owned() } else { lines.join("\n") };
    let count = findings.len();
    Cell { hint: Some(hint), ..Cell::new(count.to_string(), Key::number(count as f64)) }
}

/// Finished epochs, and the attempt number if a selector was restarted.
fn epoch(run: &Run) -> Cell {
    let done = run.history.epochs.last().map_or(0, |record| record.epoch);
    let (all, key) = (run.epochs, Key::number(f64::from(done)));
    let Some(last) = run.restarts.last() else { return Cell::new(format!("{done}/{all}"), key) };
    let starts = run.restarts.iter().map(|restart| restart.epoch.to_string());
    let starts = starts.collect::<Vec<_>>().join(", ");
    let hint = format!("Restarted after epoch {starts}: the selector had not chosen.");
    Cell { hint: Some(hint), ..Cell::new(format!("{done}/{all}, attempt {}", last.attempt), key) }
}

/// Whether a run's weights have changed since a finding was measured.
pub fn is_old(run: &Run, finding: &Finding) -> bool {
    run.checkpoint.as_ref().is_some_and(|checkpoint| checkpoint.progress.step != finding.step)
}

/// Weights, number of samples and time of a measurement.
pub fn measurement_text(finding: &Finding) -> String {
    let Finding { epoch, samples, unix_secs, .. } = *finding;
    let samples = if samples == 0 { String::new() } else { format!(", {} samples", format_count(samples)) };
    format!("weights of epoch {epoch}{samples}, {}", format_date(unix_secs))
}

/// One column per measured value of the runs, by kind and split.
pub fn measured(runs: &[&Run]) -> Vec<RunColumn> {
    let mut columns = Vec::new();
    for kind in FindingKind::ALL {
        for split in [Subset::Test, Subset::Validation, Subset::Train] {
            let findings = runs.iter().flat_map(|run| run.results.iter().rev());
            let findings = findings.filter(|finding| (finding.kind, finding.split) == (kind, split));
            for (name, _) in findings.flat_map(|finding| &finding.values) {
                let column = RunColumn::Found(kind, split, name.clone());
                if !columns.contains(&column) {
                    columns.push(column);
                }
            }
        }
    }
    columns
}

/// As many columns as fit: those that every run has, then the most important value of each
/// measurement.
pub fn automatic(width_px: f32, runs: &[&Run]) -> Vec<RunColumn> {
    use RunColumn::{Epoch, Findings, Mse, Pca, Time, Train, Validation};
    let mut columns = match width_px {
        w if w >= 990.0 => vec![Epoch, Train, Validation, Mse, Pca, Time, Findings],
        w if w >= 890.0 => vec![Epoch, Train, Validation, Mse, Findings],
        w if w >= 660.0 => vec![Epoch, Train, Validation, Mse],
        w if w >= 480.0 => vec![Epoch, Validation],
        _ => vec![Validation],
    };
    let of = |column: &RunColumn| width(column, runs);
    let taken: f32 = columns.iter().map(of).sum::<f32>() + of(&RunColumn::Run) + CHANGES_PX;
    let mut left = width_px - taken;
    let mut seen = Vec::new();
    for column in measured(runs) {
        let RunColumn::Found(kind, split, _) = &column else { continue };
        if left < of(&column) {
            break;
        }
        if !seen.contains(&(*kind, *split)) {
            seen.push((*kind, *split));
            left -= of(&column);
            columns.push(column);
        }
    }
    columns
}

/// Whether a run's network has a lower error than PCA.
pub fn beats_pca(run: &Run) -> bool {
    let mse = run.history.epochs.last().map(|record| record.mse);
    mse.zip(run.baseline_mse()).is_some_and(|(mse, pca)| mse < pca)
}

/// The accessible name of a row: `run 2 done`, `run 2 · wide done`.
pub fn row_name(run: &Run) -> String {
    format!("{} {}", run.title(), run.status.word())
}

/// The text of the first column: `2 done`, `2 wide · done`.
pub fn short(run: &Run) -> String {
    let (id, word) = (run.id, run.status.word());
    match run.caption.name.as_str() {
        "" => format!("{id} {word}"),
        name if run.status == Status::Done => format!("{id} {}", visible(name)),
        name => format!("{id} {} · {word}", visible(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{Caption, Restart, RunEvent};
    use crate::ui::views::samples;

    fn found(run: &mut Run, kind: FindingKind, split: Subset, values: &[(&str, f64)]) {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        let (about, samples) = (String::new(), 180);
        let finding = Finding { kind, split, epoch: 4, step: 92, unix_secs: 0, samples, about, values };
        run.apply(&RunEvent::Found(Box::new(finding)));
    }

    #[test]
    fn pca_is_no_reference_for_a_code_as_wide_as_the_input() {
        let mut run = samples::run(1, 100);
        let known = cell(&RunColumn::Pca, &run);
        assert!(known.key != Key::Missing && known.hint.is_none());
        run.design.code.units = run.shape.features();
        run.pca_mse = Some(1e-15);
        let cell = cell(&RunColumn::Pca, &run);
        assert_eq!((&*cell.text, cell.hint.as_deref()), (NONE, Some(PCA_IS_EXACT)));
        assert_eq!((run.baseline_mse(), beats_pca(&run)), (None, false));
    }

    #[test]
    fn every_number_that_was_measured_can_be_a_column() {
        let (mut one, mut two) = (samples::run(1, 100), samples::run(2, 100));
        found(
            &mut one,
            FindingKind::Losses,
            Subset::Train,
            &[("squared error per feature", 0.25), (TOTAL, 3.0)],
        );
        found(&mut two, FindingKind::Anomalies, Subset::Test, &[("ROC AUC", 0.875)]);
        found(&mut two, FindingKind::Losses, Subset::Test, &[("squared error per feature", 0.5)]);
        let runs = [&one, &two];
        let columns = measured(&runs);
        let names: Vec<String> = columns.iter().map(name).collect();
        assert_eq!(names, ["test MSE", "train MSE", "train loss", "test ROC AUC"]);
        let texts = |run: &Run| columns.iter().map(|column| cell(column, run).text).collect::<Vec<_>>();
        assert_eq!(texts(&one), ["–", "0.2500", "3.000", "–"]);
        assert_eq!(texts(&two), ["0.5000", "–", "–", "0.8750"]);
        assert_eq!(cell(&columns[0], &one).key, Key::Missing);
        let hint = cell(&columns[0], &two).hint;
        assert_eq!(hint.as_deref(), Some(&*format!("weights of epoch 4, 180 samples, {}", format_date(0))));
        // One value per measurement is shown if there is space.
        let shown = |width_px: f32| automatic(width_px, &runs).iter().skip(7).map(name).collect::<Vec<_>>();
        assert_eq!(shown(920.0), Vec::<String>::new());
        assert_eq!(shown(132.0 + 240.0 + 6.0 * 82.0 + 70.0 + 2.0 * 110.0), ["test MSE", "train MSE"]);
        assert_eq!(shown(2000.0), ["test MSE", "train MSE", "test ROC AUC"]);
    }

    #[test]
    fn values_of_other_weights_are_marked() {
        let mut run = samples::run(1, 100);
        found(&mut run, FindingKind::Likelihood, Subset::Test, &[("NLL, nats", 90.0)]);
        let column = RunColumn::Found(FindingKind::Likelihood, Subset::Test, "NLL, nats".to_owned());
        let mut is_old = |step: u64| {
            let mut checkpoint = samples::checkpoint(run.shape, 4);
            checkpoint.progress.step = step;
            run.checkpoint = Some(std::sync::Arc::new(checkpoint));
            cell(&column, &run).is_old
        };
        assert_eq!((is_old(92), is_old(93)), (false, true));
    }

    #[test]
    fn attempts_and_names_are_shown() {
        let mut run = samples::run(3, 100);
        assert_eq!((short(&run), row_name(&run)), ("3 done".to_owned(), "run 3 done".to_owned()));
        assert_eq!(cell(&RunColumn::Epoch, &run).text, "100/100");
        run.restarts = vec![Restart { step: 9, epoch: 30, attempt: 2, mean_max: 0.5, epochs: 100 }];
        assert_eq!(cell(&RunColumn::Epoch, &run).text, "100/100, attempt 2");
        run.caption = Caption { name: "wide".to_owned(), note: "One.\nTwo.".to_owned(), is_hidden: false };
        assert_eq!((short(&run), row_name(&run)), ("3 wide".to_owned(), "run 3 · wide done".to_owned()));
        assert_eq!(cell(&RunColumn::Note, &run).text, "One.");
        run.status = Status::Stopped;
        assert_eq!(short(&run), "3 wide · stopped");
    }
}
