//! The curves of the view: one for each run, term and split.

use std::borrow::Cow;

use crate::figure::{Ink, Rgb};
use crate::project::visible;
use crate::run::{Run, RunId};
use crate::ui::plots::{Curve, Line, Smoother};

/// One curve of one run; grows with the run's history instead of being built again.
#[derive(Clone)]
pub(super) struct Series {
    run: RunId,
    started: u64,
    validation: bool,
    /// Name of the term, and the smoothing factor.
    of: (String, f64),
    /// What it is drawn in.
    pub ink: Ink,
    seen: usize,
    last_step: u64,
    smoother: Smoother,
    /// The values as they are.
    pub raw: Line,
    /// Empty where nothing is smoothed.
    pub smooth: Line,
}

impl Series {
    pub fn new(run: &Run, validation: bool, of: (String, f64), ink: Ink) -> Series {
        let smoother = Smoother::new(of.1);
        Series {
            run: run.id,
            started: run.started_unix_secs,
            validation,
            of,
            ink,
            seen: 0,
            last_step: 0,
            smoother,
            raw: Line::default(),
            smooth: Line::default(),
        }
    }

    /// Whether it is this one of a run.
    pub fn is_it(&self, run: &Run, validation: bool, of: (&str, f64)) -> bool {
        (self.run, self.started, self.validation) == (run.id, run.started_unix_secs, validation)
            && (self.of.0.as_str(), self.of.1) == of
    }

    /// Takes in the epochs that are new.
    pub fn extend(&mut self, run: &Run) {
        let epochs = &run.history.epochs;
        let goes_on =
            self.seen == 0 || epochs.get(self.seen - 1).is_some_and(|record| record.step == self.last_step);
        if !goes_on {
            *self = Series::new(run, self.validation, self.of.clone(), self.ink);
        }
        for record in epochs.after(self.seen) {
            let losses = if self.validation { record.validation.as_ref() } else { Some(&record.train) };
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

    /// Stands for its values.
    pub fn key(&self) -> (u32, u64, bool, &str, u64, usize, u64) {
        let (term, smoothing) = (self.of.0.as_str(), self.of.1.to_bits());
        (self.run.0, self.started, self.validation, term, smoothing, self.raw.points().len(), self.last_step)
    }

    /// Its split, before that among several terms the term, and among several runs the run.
    pub fn name(&self, selected: &Run, compared: &[&Run], is_one_term: bool) -> String {
        let part = if self.validation { "validation" } else { "train" };
        let own = compared.iter().find(|run| run.id == self.run).map_or(selected, |run| *run);
        let is_one_run = compared.iter().all(|run| run.id == selected.id);
        let run = (!is_one_run).then(|| Cow::Owned(own.title()));
        let term = (!is_one_term).then(|| visible(&self.of.0));
        let parts: Vec<Cow<'_, str>> = run.into_iter().chain(term).chain([Cow::Borrowed(part)]).collect();
        parts.join(", ")
    }

    /// The curve under a name; pale where it stands for comparison with the selected run.
    pub fn curve<'a>(&'a self, name: &'a str, selected: RunId, color: Rgb) -> Curve<'a> {
        let shown = if self.of.1 > 0.0 { &self.smooth } else { &self.raw };
        let faint = self.run != selected;
        Curve { name, color, faint, dashed: self.validation, raw: &self.raw, shown }
    }
}
