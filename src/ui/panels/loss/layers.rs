//! The errors of single layers while each is trained by itself, one curve a layer.

use egui::Ui;

use crate::project::Strategy;
use crate::run::Run;
use crate::ui::plots::{Curve, LossPlot, LossPlotCache, Zoom, loss_plot_ui, palette, stamp_of};

/// How the plot stands.
#[derive(Clone, Default)]
pub struct LayersPlot {
    zoom: Zoom,
    cache: LossPlotCache,
}

/// Shows the curves in all the room there is.
pub fn layers_ui(ui: &mut Ui, run: &Run, log: bool, plot: &mut LayersPlot) {
    let records = &run.history.pretraining;
    let layers = records.iter().map(|record| record.layer).max().unwrap_or(0);
    let values: Vec<Vec<[f64; 2]>> = (1..=layers)
        .map(|layer| {
            let own = records.iter().filter(|record| record.layer == layer);
            own.map(|record| [f64::from(record.epoch), record.error]).collect()
        })
        .collect();
    let names: Vec<String> = (1..=layers).map(|layer| format!("layer {layer}")).collect();
    let p = palette(ui);
    let curves = names.iter().zip(&values).enumerate().map(|(layer, (name, values))| Curve {
        name,
        color: p.class(layer),
        faint: false,
        dashed: false,
        raw: values,
        shown: values,
    });
    let curves: Vec<Curve<'_>> = curves.collect();
    let epochs = match run.design.training.strategy {
        Strategy::LayerWise { epochs, .. } => epochs,
        Strategy::Joint => 1,
    };
    let last = records.last().map_or(0, |record| record.error.to_bits());
    let shown = LossPlot {
        curves: &curves,
        stamp: stamp_of((run.id, run.started_unix_secs, records.len(), last)),
        log,
        last_epoch: f64::from(epochs),
        marker: None,
        notes: &[],
        features: None,
    };
    loss_plot_ui(ui, &shown, &mut plot.zoom, &mut plot.cache);
}
