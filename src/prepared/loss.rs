//! The loss of runs over their epochs: curves, axes and events.

use std::borrow::Cow;

use super::Smoother;
use crate::figure::{Axis, Drawing, Figure, Ink, Limits, Line, Lines, Mark, Series};
use crate::project::{capital, format_number, visible};
use crate::run::{History, Run, RunId, Setting, TOTAL};

/// One curve of one run. It grows with the run's history and is not rebuilt.
#[derive(Clone)]
pub struct LossSeries {
    run: RunId,
    started: u64,
    is_validation: bool,
    /// Name of the term, and the smoothing factor.
    of: (String, f64),
    ink: Ink,
    seen: usize,
    last_step: u64,
    smoother: Smoother,
    raw: Line,
    /// Empty without smoothing.
    smooth: Line,
}

/// The axes of a loss plot.
#[derive(Clone, Copy, Debug)]
pub struct LossAxes<'a> {
    /// The terms of the loss.
    pub terms: &'a [String],
    /// Whether the vertical axis is logarithmic.
    pub is_log: bool,
    /// The limits of both axes.
    pub limits: Limits,
}

/// Updates the curves of some terms of a run and of the runs it is compared with, for training and
/// validation: existing ones are extended with new epochs, and those no longer requested are
/// removed. `smoothing` is the factor of the moving average, 0 to 0.99.
pub fn loss_series(
    mut old: Vec<LossSeries>,
    run: &Run,
    compared: &[&Run],
    terms: &[String],
    smoothing: f64,
) -> Vec<LossSeries> {
    let mut all = Vec::new();
    let others = compared.iter().copied().filter(|other| other.id != run.id);
    let names = run.history.terms.names();
    for run in std::iter::once(run).chain(others) {
        for term in terms {
            // With several terms, the colour depends on the term and the name on the run.
            let place = names.iter().position(|name| name == term).filter(|_| terms.len() > 1);
            let ink = place.map_or(Ink::Run(run.id.0), Ink::Class);
            for is_validation in [false, true] {
                let of = (term.clone(), smoothing);
                let same = |series: &LossSeries| {
                    (series.run, series.started, series.is_validation)
                        == (run.id, run.started_unix_secs, is_validation)
                        && series.of == of
                };
                let mut series = match old.iter().position(same) {
                    Some(index) => old.swap_remove(index),
                    None => LossSeries::new(run, is_validation, of, ink),
                };
                series.ink = ink;
                series.extend(run);
                all.push(series);
            }
        }
    }
    all
}

/// Terms of the loss of a run and of other runs; `None` if it has no epoch yet. `is_log` requests a
/// logarithmic axis, which is used if all values are positive.
pub fn loss(run: &Run, compared: &[&Run], terms: &[String], smoothing: f64, is_log: bool) -> Option<Figure> {
    let series = loss_series(Vec::new(), run, compared, terms, smoothing);
    let longest = compared.iter().map(|run| run.history.epochs.len() as u32).max().unwrap_or(0);
    let last = f64::from(run.epochs.max(longest)).max(1.0);
    let shown = series.iter().filter(|series| !series.raw.is_empty()).map(LossSeries::shown);
    let (limits, reaches_zero) = Limits::of_curves(shown.clone(), is_log, last);
    let is_log = is_log && !reaches_zero;
    let limits = if reaches_zero { Limits::of_curves(shown, false, last).0 } else { limits };
    loss_figure(run, compared, &series, LossAxes { terms, is_log, limits }, None)
}

/// Curves of a run and of the runs it is compared with, as a figure; `None` if there are none.
/// `epoch_marker` is the epoch shown.
pub fn loss_figure(
    run: &Run,
    compared: &[&Run],
    series: &[LossSeries],
    axes: LossAxes<'_>,
    epoch_marker: Option<u32>,
) -> Option<Figure> {
    let LossAxes { terms, is_log, limits } = axes;
    let drawn = series.iter().filter(|series| !series.raw.is_empty());
    let term = match terms {
        [term] if term != TOTAL => visible(term).into_owned(),
        _ => "loss".to_owned(),
    };
    let lines = Lines {
        x: Axis { is_whole: true, ..Axis::new("epoch", limits.x) },
        y: Axis { is_log, ..Axis::new(&*term, limits.y) },
        series: drawn.map(|series| series.figure(run, compared, terms.len() == 1)).collect(),
        marks: loss_marks(run),
        epoch_marker: epoch_marker.map(f64::from),
    };
    let title = format!("{} of {}", capital(&term), run.title());
    (!lines.series.is_empty()).then(|| Figure::new(title, Drawing::Lines(lines)))
}

/// Edits during a run, and restarts, with their epochs.
pub fn loss_marks(run: &Run) -> Vec<Mark> {
    let restarts = run.restarts.iter().map(|restart| Mark {
        at: f64::from(restart.epoch),
        text: format!(
            "attempt {} starts: the choice was {:.1} % certain",
            restart.attempt,
            100.0 * restart.mean_max
        ),
    });
    run.edits
        .iter()
        .map(|edit| {
            let at = epoch_of(&run.history, edit.step);
            let text = match edit.setting {
                Setting::LearningRate(rate) => {
                    format!("learning rate {} from step {}", format_number(f64::from(rate)), edit.step)
                }
                Setting::Epochs(epochs) => format!("{epochs} epochs in total, set at step {}", edit.step),
            };
            Mark { at, text }
        })
        .chain(restarts)
        .collect()
}

/// The position of a step in epochs, as a fraction.
fn epoch_of(history: &History, step: u64) -> f64 {
    let after = history.epochs.partition_point(|record| record.step < step);
    let before = after.checked_sub(1).and_then(|before| history.epochs.get(before));
    let (start, number) = before.map_or((0, 0), |record| (record.step, record.epoch));
    match history.epochs.get(after) {
        Some(record) if record.step > start => {
            f64::from(number) + (step - start) as f64 / (record.step - start) as f64
        }
        _ => f64::from(number),
    }
}

impl LossSeries {
    fn new(run: &Run, is_validation: bool, of: (String, f64), ink: Ink) -> LossSeries {
        let smoother = Smoother::new(of.1);
        LossSeries {
            run: run.id,
            started: run.started_unix_secs,
            is_validation,
            of,
            ink,
            seen: 0,
            last_step: 0,
            smoother,
            raw: Line::default(),
            smooth: Line::default(),
        }
    }

    fn extend(&mut self, run: &Run) {
        let epochs = &run.history.epochs;
        let should_continue =
            self.seen == 0 || epochs.get(self.seen - 1).is_some_and(|record| record.step == self.last_step);
        if !should_continue {
            *self = LossSeries::new(run, self.is_validation, self.of.clone(), self.ink);
        }
        for record in epochs.after(self.seen) {
            let losses = if self.is_validation { record.validation.as_ref() } else { Some(&record.train) };
            if let Some(value) = losses.and_then(|losses| losses.get(&self.of.0)) {
                let epoch = f64::from(record.epoch);
                self.raw.push([epoch, value]);
                if self.of.1 > 0.0 {
                    self.smooth.push([epoch, self.smoother.next(value)]);
                }
            }
        }
        self.seen = epochs.len();
        self.last_step = epochs.last().map_or(0, |record| record.step);
    }

    /// The run.
    pub fn run(&self) -> RunId {
        self.run
    }

    /// Its colour.
    pub fn ink(&self) -> Ink {
        self.ink
    }

    /// Whether it belongs to the validation split, and is therefore dashed.
    pub fn is_validation(&self) -> bool {
        self.is_validation
    }

    /// The unsmoothed values.
    pub fn raw(&self) -> &Line {
        &self.raw
    }

    /// The values as drawn: equal to the raw ones without smoothing.
    pub fn shown(&self) -> &Line {
        if self.of.1 > 0.0 { &self.smooth } else { &self.raw }
    }

    /// A key that changes whenever a value does.
    pub fn key(&self) -> impl std::hash::Hash + use<'_> {
        let (term, smoothing) = (self.of.0.as_str(), self.of.1.to_bits());
        let of = (self.run.0, self.started, self.is_validation, term, smoothing);
        (of, self.raw.points().len(), self.last_step)
    }

    /// Its split, preceded by the term if there are several terms, and by the run if there are
    /// several runs.
    pub fn name(&self, selected: &Run, compared: &[&Run], is_one_term: bool) -> String {
        let part = if self.is_validation { "validation" } else { "train" };
        let own = compared.iter().find(|run| run.id == self.run).map_or(selected, |run| *run);
        let is_one_run = compared.iter().all(|run| run.id == selected.id);
        let run = (!is_one_run).then(|| Cow::Owned(own.title()));
        let term = (!is_one_term).then(|| visible(&self.of.0));
        let parts: Vec<Cow<'_, str>> = run.into_iter().chain(term).chain([Cow::Borrowed(part)]).collect();
        parts.join(", ")
    }

    /// The curve with its name, colour and points.
    fn figure(&self, selected: &Run, compared: &[&Run], is_one_term: bool) -> Series {
        let is_smooth = !std::ptr::eq(&raw const self.raw, self.shown());
        Series {
            is_faint: self.run != selected.id,
            is_dashed: self.is_validation,
            smooth: if is_smooth { self.smooth.points().to_vec() } else { Vec::new() },
            ..Series::new(self.name(selected, compared, is_one_term), self.ink, self.raw.points().to_vec())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{EpochRecord, Losses, Terms};

    /// Epochs of 23 steps with these training losses.
    fn history(losses: &[f64]) -> History {
        let record = |(epoch, loss): (u32, &f64)| EpochRecord {
            epoch,
            step: 23 * u64::from(epoch),
            train: Losses::new(&Terms::default(), &[*loss]).expect("the total"),
            validation: None,
            mse: 0.0,
            learning_rate: 0.1,
            seconds: 1.0,
        };
        History { epochs: (1..).zip(losses).map(record).collect::<Vec<_>>().into(), ..History::default() }
    }

    #[test]
    fn a_step_lies_between_epochs() {
        let history = history(&[4.0, 3.0, 2.0, 1.0]);
        for (step, expected) in [(0, 0.0), (23, 1.0), (34, 1.0 + 11.0 / 23.0), (92, 4.0), (500, 4.0)] {
            assert!((epoch_of(&history, step) - expected).abs() < 1e-9, "step {step}");
        }
    }
}
