//! All information about a run, as text.

use super::super::dates::format_date;
use super::super::differences::in_words;
use super::columns::measurement_text;
use crate::dataset::{Dataset, Subset};
use crate::project::{
    capital, format_count, format_number, format_percent, format_secs, visible, visible_lines,
};
use crate::run::{Diagnosis, Edit, Finding, Restart, Run, Setting, Status};

/// A section: a title, and labels with their contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The title.
    pub title: &'static str,
    /// The rows.
    pub rows: Vec<(String, String)>,
}

/// All non-empty sections; `data` is the training data of the run, if loaded.
pub fn record(run: &Run, data: Option<&Dataset>) -> Vec<Part> {
    let parts = [
        Part { title: "Training", rows: training(run) },
        Part { title: "Findings", rows: findings(run) },
        Part { title: "Results", rows: results(run) },
        Part { title: "Changes during training", rows: changes(run) },
        Part { title: "Data", rows: data_rows(run, data) },
        Part { title: "Design", rows: in_words(&run.design) },
    ];
    parts.into_iter().filter(|part| !part.rows.is_empty()).collect()
}

/// The sections as plain text for copying, with the note of the run.
pub fn text(run: &Run, parts: &[Part]) -> String {
    let mut text = format!("{}\n", capital(&run.title()));
    if !run.caption.note.is_empty() {
        text.extend(["\n", &visible_lines(&run.caption.note), "\n"]);
    }
    for part in parts {
        text.extend(["\n", part.title, "\n"]);
        for (name, value) in &part.rows {
            text.extend(["  ", name, ": ", value, "\n"]);
        }
    }
    text
}

fn row(name: impl Into<String>, value: impl Into<String>) -> (String, String) {
    (name.into(), value.into())
}

fn training(run: &Run) -> Vec<(String, String)> {
    let done = run.history.epochs.last().map_or(0, |record| record.epoch);
    let mut rows = vec![
        row("status", run.status.word()),
        row("started", format_date(run.started_unix_secs)),
        row("epochs", format!("{} of {}", format_count(done), format_count(run.epochs))),
        row("time", format_secs(run.seconds)),
        row("parameters", format_count(run.parameters)),
    ];
    if let Status::Failed(reason) = &run.status {
        rows.push(row("reason", visible_lines(reason)));
    }
    if let Some(last) = run.history.epochs.last() {
        rows.push(row("training loss", format_number(last.train.total())));
        let validation = last.validation.as_ref();
        rows.extend(validation.map(|losses| row("validation loss", format_number(losses.total()))));
        rows.push(row("squared error per feature", format_number(last.mse)));
    }
    rows.extend(run.baseline_mse().map(|mse| row("squared error of PCA per feature", format_number(mse))));
    rows
}

/// Findings of the run, most serious first.
fn findings(run: &Run) -> Vec<(String, String)> {
    let finding_text = |finding: &Diagnosis| {
        let advice: Vec<String> = finding.advice.iter().map(|advice| advice.label()).collect();
        let advice = if advice.is_empty() { String::new() } else { format!("; try: {}", advice.join("; ")) };
        row(visible(&finding.title()), format!("{}{advice}", finding.evidence_text()))
    };
    run.diagnoses().iter().map(finding_text).collect()
}

/// The measurements in reverse order: the newest of each kind and split comes first.
fn results(run: &Run) -> Vec<(String, String)> {
    let finding_text = |finding: &Finding| {
        let values = finding.values.iter();
        let values = values.map(|(name, value)| format!("{} {}", visible(name), format_number(*value)));
        let mut text = values.collect::<Vec<_>>().join("; ");
        if !finding.about.is_empty() {
            text.extend(["; ", &visible(&finding.about)]);
        }
        text.extend([" (", &measurement_text(finding), ")"]);
        let (kind, split) = (finding.kind.name(), finding.split.name());
        let of_split = if finding.kind.is_of_split() { format!(", {split} split") } else { String::new() };
        row(format!("{kind}{of_split}"), text)
    };
    run.results.iter().rev().map(finding_text).collect()
}

/// Settings edited during training, and restarts, in chronological order.
fn changes(run: &Run) -> Vec<(String, String)> {
    let edit = |edit: &Edit| {
        let value = match edit.setting {
            Setting::LearningRate(rate) => format!("learning rate {}", format_number(f64::from(rate))),
            Setting::Epochs(epochs) => format!("{} epochs in total", format_count(epochs)),
        };
        let after = run.history.epochs.partition_point(|record| record.step <= edit.step);
        (edit.step, (format!("step {}, after epoch {after}", format_count(edit.step)), value))
    };
    let restart = |restart: &Restart| {
        let Restart { step, epoch, attempt, mean_max, epochs } = *restart;
        let sure = format_percent(mean_max, 1);
        let value = format!(
            "attempt {attempt} starts: the selector had not chosen (mean certainty {sure}); {} epochs in total",
            format_count(epochs)
        );
        (step, (format!("step {}, after epoch {epoch}", format_count(step)), value))
    };
    let mut changes: Vec<_> = run.edits.iter().map(edit).chain(run.restarts.iter().map(restart)).collect();
    changes.sort_by_key(|(step, _)| *step);
    changes.into_iter().map(|(_, row)| row).collect()
}

fn data_rows(run: &Run, data: Option<&Dataset>) -> Vec<(String, String)> {
    let Some(data) = data else {
        return vec![row("samples", "The data are not loaded; restore the design of the run to see them.")];
    };
    let counts = Subset::ALL.map(|subset| {
        let count = data.split.rows(subset).len();
        format!("{} {}", subset.name(), format_count(count))
    });
    let mut rows = vec![row("name", visible(&data.name)), row("as read", data.read_report.line.clone())];
    // If the split has changed since, these counts are not those of the run.
    if run.split.is_none_or(|split| split == data.split.fingerprint()) {
        rows.push(row("samples", counts.join(", ")));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{FindingKind, RunEvent};
    use crate::ui::views::samples;

    #[test]
    fn a_record_lists_changes_in_order_and_the_newest_results_first() {
        let mut run = samples::run(3, 100);
        let step = run.history.epochs.get(1).map_or(0, |record| record.step);
        run.edits = vec![Edit { step, setting: Setting::Epochs(1200) }];
        run.restarts = vec![Restart { step: 0, epoch: 0, attempt: 2, mean_max: 0.5, epochs: 90 }];
        for (epoch, auc) in [(4, 0.5), (9, 0.875)] {
            let finding = Finding {
                kind: FindingKind::Anomalies,
                split: Subset::Test,
                epoch,
                step: 9,
                unix_secs: 1_700_000_000,
                samples: 1000,
                about: "class 3, 9 of 1000 samples".to_owned(),
                values: vec![("ROC AUC".to_owned(), auc)],
            };
            run.apply(&RunEvent::Found(Box::new(finding)));
        }
        let parts = record(&run, None);
        let rows = |title: &str| {
            let part = parts.iter().find(|part| part.title == title).expect("there");
            part.rows.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>()
        };
        let when = format!("1,000 samples, {}", format_date(1_700_000_000));
        assert_eq!(
            rows("Results"),
            [
                format!(
                    "anomalies, test split: ROC AUC 0.8750; class 3, 9 of 1000 samples (weights of epoch 9, {when})"
                ),
                format!(
                    "anomalies, test split: ROC AUC 0.5000; class 3, 9 of 1000 samples (weights of epoch 4, {when})"
                ),
            ]
        );
        assert_eq!(
            rows("Changes during training"),
            [
                "step 0, after epoch 0: attempt 2 starts: the selector had not chosen (mean certainty 50.0 %); 90 epochs in total".to_owned(),
                format!("step {}, after epoch 2: 1,200 epochs in total", format_count(step)),
            ]
        );
        assert!(rows("Design").iter().any(|row| row.starts_with("encoder: ")), "{:?}", rows("Design"));
        run.caption.note = "Too wide.".to_owned();
        let text = text(&run, &parts);
        assert!(text.starts_with("Run 3\n\nToo wide.\n\nTraining\n  status: done\n"), "{text}");
    }
}
