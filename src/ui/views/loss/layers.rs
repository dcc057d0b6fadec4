//! Errors of single layers during layer-wise pretraining, one curve per layer.

use egui::Ui;

use crate::figure::{Axis, Drawing, Figure, Ink, Lines, Series};
use crate::project::Strategy;
use crate::run::{Run, RunId};
use crate::ui::plots::{Curve, Limits, Line, LossPlot, LossPlotCache, Zoom, loss_plot_ui, palette, stamp_of};

/// State of the plot.
#[derive(Clone, Default)]
pub struct LayersPlot {
    zoom: Zoom,
    cache: LossPlotCache,
    limits: Option<Limits>,
    /// One curve per layer, extended as the history of the run grows.
    lines: Vec<Line>,
    /// ID and start time of that run.
    of: Option<(RunId, u64)>,
    /// Number of records in the curves, and layer and epoch of the last one.
    seen: (usize, (u32, u32)),
}

impl LayersPlot {
    /// Updates the curves.
    fn update(&mut self, run: &Run) {
        let (records, of) = (&run.history.pretraining, Some((run.id, run.started_unix_secs)));
        let (count, last) = self.seen;
        let is_known =
            count > 0 && records.get(count - 1).is_some_and(|record| (record.layer, record.epoch) == last);
        if self.of != of || !is_known {
            (self.lines, self.of, self.seen) = (Vec::new(), of, (0, (0, 0)));
        }
        for record in records.after(self.seen.0) {
            let layer = (record.layer as usize).saturating_sub(1);
            if self.lines.len() <= layer {
                self.lines.resize_with(layer + 1, Line::default);
            }
            if let Some(line) = self.lines.get_mut(layer) {
                line.push([f64::from(record.epoch), record.error]);
            }
            self.seen = (self.seen.0 + 1, (record.layer, record.epoch));
        }
    }

    /// The curves as a figure, as last displayed.
    pub(super) fn figure(&self, run: &Run, is_log: bool) -> Option<Figure> {
        let limits = self.limits?;
        let series = self.lines.iter().enumerate().map(|(layer, line)| {
            Series::new(format!("layer {}", layer + 1), Ink::Class(layer), line.points().to_vec())
        });
        let lines = Lines {
            x: Axis { is_whole: true, ..Axis::new("epoch", limits.x) },
            y: Axis { is_log, ..Axis::new("error per feature", limits.y) },
            series: series.collect(),
            ..Lines::default()
        };
        let title = format!("Errors of the layers of {}", run.title());
        (!lines.series.is_empty()).then(|| Figure::new(title, Drawing::Lines(lines)))
    }
}

/// Shows the curves in the available space.
pub fn layers_ui(ui: &mut Ui, run: &Run, log: bool, plot: &mut LayersPlot) {
    plot.update(run);
    let names: Vec<String> = (1..=plot.lines.len()).map(|layer| format!("layer {layer}")).collect();
    let p = palette(ui);
    let curves = names.iter().zip(&plot.lines).enumerate().map(|(layer, (name, line))| Curve {
        name,
        color: p.class(layer),
        faint: false,
        dashed: false,
        raw: line,
        shown: line,
    });
    let curves: Vec<Curve<'_>> = curves.collect();
    let epochs = match run.design.training.strategy {
        Strategy::LayerWise { epochs, .. } => epochs,
        Strategy::Joint => 1,
    };
    let last = run.history.pretraining.last().map_or(0, |record| record.error.to_bits());
    let shown = LossPlot {
        curves: &curves,
        stamp: stamp_of((run.id, run.started_unix_secs, plot.seen.0, last)),
        log,
        last_epoch: f64::from(epochs),
        marker: None,
        notes: &[],
        features: None,
    };
    plot.limits = Some(loss_plot_ui(ui, &shown, &mut plot.zoom, &mut plot.cache).limits);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::GreedyRecord;
    use crate::ui::views::samples;

    #[test]
    fn layer_curves_grow_with_the_history_and_restart_for_another_run() {
        let records = |layers: u32, epochs: u32| {
            let place = move |layer| (1..=epochs).map(move |epoch| (layer, epoch));
            let record = |(layer, epoch)| GreedyRecord { layer, epoch, error: 0.5, seconds: 0.0 };
            (1..=layers).flat_map(place).map(record).collect::<Vec<_>>()
        };
        let mut plot = LayersPlot::default();
        let mut run = samples::run(1, 4);
        for (layers, epochs) in [(1, 3), (2, 3), (2, 1)] {
            run.history.pretraining = records(layers, epochs).into();
            plot.update(&run);
            let lengths: Vec<usize> = plot.lines.iter().map(|line| line.points().len()).collect();
            assert_eq!(lengths, vec![epochs as usize; layers as usize]);
        }
    }
}
