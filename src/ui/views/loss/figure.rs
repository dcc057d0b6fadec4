//! The curves of the view as a figure, identical to those displayed.

use super::LossView;
use crate::figure::Figure;
use crate::prepared::{LossAxes, loss_figure};
use crate::run::Run;

impl LossView {
    /// The view as last displayed, for a run and the runs it is compared with.
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
