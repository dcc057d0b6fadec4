//! The curves of the view as a figure: the same as are drawn in the window.

use super::{LossView, Series, notes};
use crate::figure::{self, Axis, Drawing, Figure, Lines, Mark};
use crate::project::{capital, visible};
use crate::run::{Run, TOTAL};

impl LossView {
    /// What the view shows of a run beside those it is compared with, as it was last shown.
    pub(super) fn figure(&self, run: &Run, compared: &[&Run], epoch: Option<u32>) -> Option<Figure> {
        if self.shows_layers(run) {
            return self.layers_plot.figure(run, self.log);
        }
        let limits = self.limits?;
        let terms = self.terms.of(run.history.terms.names());
        let is_one_term = terms.len() == 1;
        let series: Vec<figure::Series> = self
            .series
            .iter()
            .filter(|series| !series.raw.is_empty())
            .map(|series| series.figure(run, compared, is_one_term))
            .collect();
        let term = match &terms[..] {
            [term] if term != TOTAL => visible(term).into_owned(),
            _ => "loss".to_owned(),
        };
        let is_log = self.log && !self.reaches_zero;
        let lines = Lines {
            x: Axis { is_whole: true, ..Axis::new("epoch", limits.x) },
            y: Axis { is_log, ..Axis::new(&*term, limits.y) },
            series,
            marks: notes(run).into_iter().map(|note| Mark { at: note.epoch, text: note.text }).collect(),
            thread: epoch.map(f64::from),
        };
        let title = format!("{} of {}", capital(&term), run.title());
        (!lines.series.is_empty()).then(|| Figure::new(title, Drawing::Lines(lines)))
    }
}

impl Series {
    /// The curve with its name, its colour and its points.
    fn figure(&self, selected: &Run, compared: &[&Run], is_one_term: bool) -> figure::Series {
        let curve = self.curve("", selected.id, [0; 3]);
        let is_smooth = !std::ptr::eq(curve.raw, curve.shown);
        figure::Series {
            is_faint: curve.faint,
            is_dashed: curve.dashed,
            smooth: if is_smooth { curve.shown.points().to_vec() } else { Vec::new() },
            ..figure::Series::new(
                self.name(selected, compared, is_one_term),
                self.ink,
                curve.raw.points().to_vec(),
            )
        }
    }
}
