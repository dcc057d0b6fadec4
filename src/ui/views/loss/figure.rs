//! The curves of the view as a figure, equal to those in the window.

use super::LossView;
use crate::figure::Figure;
use crate::prepared::{LossAxes, loss_figure};
use crate::run::Run;

impl LossView {
    /// The content of the view for a run and those it is compared with, as last shown.
    pub(super) fn figure(&self, run: &Run, compared: &[&Run], epoch: Option<u32>) -> Option<Figure> {
        if self.shows_layers(run) {
            return self.layers_plot.figure(run, self.log);
        }
        let terms = self.terms.of(run.history.terms.names());
        let is_log = self.log && !self.reaches_zero;
        let axes = LossAxes { terms: &terms, is_log, limits: self.limits? };
        loss_figure(run, compared, &self.series, axes, epoch)
    }
}
