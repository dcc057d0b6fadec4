//! The live loss of the selected run and of the runs compared with it.

mod figure;
mod layers;
mod terms;

use serde::{Deserialize, Serialize};

use egui::{RichText, Slider, Ui};

use self::layers::{LayersPlot, layers_ui};
use self::terms::ChosenTerms;
use super::parts::{empty_ui, header_ui};
use super::view::{Entry, View};
use crate::figure::{Figure, Palette};
use crate::prepared::{LossSeries, loss_marks, loss_series};
use crate::project::visible_lines;
use crate::run::{Run, RunId, Status, TOTAL};
use crate::ui::keys::keys;
use crate::ui::plots::{
    Curve, Limits, LossPlot, LossPlotCache, Note, Zoom, color, loss_plot_ui, palette, stamp_of,
};
use crate::ui::state::{Seek, State};
use crate::ui::widgets::header::{Row, Side};

/// The input of the view.
#[derive(Clone, Copy)]
pub struct LossInput<'a> {
    /// The selected run.
    pub run: Option<&'a Run>,
    /// Runs selected for comparison, which may include the selected one.
    pub compared: &'a [&'a Run],
    /// The epoch shown; `None` means live.
    pub epoch: Option<u32>,
}

/// Requests from the user.
#[derive(Debug, Default)]
pub struct LossOutput {
    /// Show another epoch.
    pub seek: Option<Seek>,
    /// Move the view: its title is being dragged.
    pub drag: bool,
}

/// State of the view.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct LossView {
    /// The displayed loss terms.
    #[serde(alias = "term")]
    pub terms: ChosenTerms,
    /// Logarithmic y axis.
    pub log: bool,
    /// Factor of the exponential moving average, 0 to 0.99.
    pub smoothing: f64,
    /// Whether to show the errors of single layers instead of the network's loss, if layers were
    /// trained one by one.
    pub layers: bool,
    /// The part chosen by the user.
    pub zoom: Zoom,
    #[serde(skip)]
    layers_plot: LayersPlot,
    /// Number and start time of the run that was zoomed into.
    #[serde(skip)]
    of: Option<(RunId, u64)>,
    #[serde(skip)]
    series: Vec<LossSeries>,
    #[serde(skip)]
    cache: LossPlotCache,
    /// The limits of both axes, as last shown.
    #[serde(skip)]
    limits: Option<Limits>,
    /// Whether a logarithmic axis cannot show some of the curves.
    #[serde(skip)]
    reaches_zero: bool,
}

impl Default for LossView {
    fn default() -> Self {
        LossView {
            terms: ChosenTerms::default(),
            log: true,
            smoothing: 0.0,
            layers: false,
            limits: None,
            reaches_zero: false,
            layers_plot: LayersPlot::default(),
            zoom: Zoom::default(),
            of: None,
            series: Vec::new(),
            cache: LossPlotCache::default(),
        }
    }
}

/// Shows the view in the available space.
pub fn loss_ui(ui: &mut Ui, input: &LossInput<'_>, view: &mut LossView) -> LossOutput {
    let handle = header_ui(ui, ENTRY.title, |row| controls_ui(row, input, view));
    let mut output = LossOutput { drag: handle.drag_started(), seek: None };
    let Some(run) = input.run else {
        empty_ui(ui, "No run yet", "Train the network: its loss is drawn here, epoch by epoch.");
        return output;
    };
    view.update(input);
    if view.shows_layers(run) {
        layers_ui(ui, run, view.log, &mut view.layers_plot);
        return output;
    }
    if view.series.iter().all(|series| series.raw().is_empty()) {
        let (what, advice) = match &run.status {
            Status::Queued => ("Waiting", "The run starts when the one before it has ended."),
            Status::Training | Status::Paused => {
                ("No epoch finished yet", "The first value appears after the first epoch.")
            }
            Status::Stopped => ("Stopped during the first epoch", "Resume the run to see its loss."),
            Status::Done => ("Nothing recorded", "This run has no epochs."),
            Status::Failed(reason) => {
                ("The run failed before its first epoch ended", &*visible_lines(reason))
            }
        };
        empty_ui(ui, what, advice);
        return output;
    }
    let terms = view.terms.of(run.history.terms.names());
    let name = |series: &LossSeries| series.name(run, input.compared, terms.len() == 1);
    let names: Vec<String> = view.series.iter().map(name).collect();
    let curves: Vec<Curve<'_>> = view
        .series
        .iter()
        .zip(&names)
        .filter(|(series, _)| !series.raw().is_empty())
        .map(|(series, name)| curve(series, name, run.id, palette(ui)))
        .collect();
    let newest = run.history.epochs.last().map_or(0, |record| record.epoch);
    let notes: Vec<Note> =
        loss_marks(run).into_iter().map(|mark| Note { epoch: mark.at, text: mark.text }).collect();
    let longest = input.compared.iter().map(|run| run.history.epochs.len() as u32).max().unwrap_or(0);
    let plot = LossPlot {
        curves: &curves,
        stamp: stamp_of(view.series.iter().map(LossSeries::key).collect::<Vec<_>>()),
        log: view.log && !view.reaches_zero,
        last_epoch: f64::from(run.epochs.max(longest)),
        marker: Some(f64::from(input.epoch.unwrap_or(newest))),
        notes: &notes,
        features: terms.iter().all(|term| is_per_feature(term)).then(|| run.shape.features()),
    };
    let shown = loss_plot_ui(ui, &plot, &mut view.zoom, &mut view.cache);
    view.limits = Some(shown.limits);
    if shown.hidden != view.reaches_zero {
        view.reaches_zero = shown.hidden;
        view.zoom.reset();
        ui.ctx().request_repaint();
    }
    output.seek = shown.seek.map(|epoch| match epoch as u32 {
        epoch if epoch >= newest => Seek::Live,
        epoch => Seek::Epoch(epoch),
    });
    output
}

/// Whether a term is summed over the features of a sample.
fn is_per_feature(term: &str) -> bool {
    term == TOTAL || term == "reconstruction"
}

fn controls_ui(row: &mut Row<'_>, input: &LossInput<'_>, view: &mut LossView) {
    if let Some(run) = input.run {
        let (terms, has_layers) = (run.history.terms.names(), !run.history.pretraining.is_empty());
        let LossView { terms: chosen, layers, .. } = view;
        let add = |ui: &mut Ui| chosen.ui(ui, terms, has_layers.then_some(layers));
        if row.part(Side::Left, "Terms", add).unwrap_or_default() {
            view.zoom.reset();
        }
    }
    if view.zoom.limits.is_some()
        && row.chip(Side::Right, false, "Show all", "Show the whole run (double-click)")
    {
        view.zoom.reset();
    }
    let about = "Logarithmic axis, if all values are above 0";
    if row.chip(Side::Right, view.log && !view.reaches_zero, "Log", about) {
        view.log = !view.log;
        view.zoom.reset();
    }
    row.part(Side::Right, "smooth", |ui| smoothing_ui(ui, &mut view.smoothing));
}

/// The factor of the moving average.
fn smoothing_ui(ui: &mut Ui, smoothing: &mut f64) {
    ui.horizontal(|ui| {
        ui.spacing_mut().slider_width = 64.0;
        // The size of a slider's handle follows the height of a row.
        ui.spacing_mut().interact_size.y = 16.0;
        ui.visuals_mut().selection.bg_fill = color(palette(ui).accent);
        ui.visuals_mut().widgets.inactive.bg_fill = color(palette(ui).line);
        ui.style_mut().override_font_id = Some(egui::FontId::proportional(11.0));
        let label = ui.label(RichText::new("Smoothing").color(color(palette(ui).dim)));
        ui.label_inputs_by(label.id, |ui| {
            ui.add(Slider::new(smoothing, 0.0..=0.99).fixed_decimals(2))
                .on_hover_text("Exponential moving average; the raw curve stays faintly visible");
        });
    });
}

impl LossView {
    /// Whether the errors of single layers are shown. Nothing else exists before the first epoch
    /// of the whole network.
    fn shows_layers(&self, run: &Run) -> bool {
        !run.history.pretraining.is_empty() && (self.layers || run.history.epochs.is_empty())
    }

    /// Updates the curves: adds new epochs and removes curves that are no longer shown.
    fn update(&mut self, input: &LossInput<'_>) {
        let of = input.run.map(|run| (run.id, run.started_unix_secs));
        if self.of.is_some() && self.of != of {
            // The zoom belonged to another run.
            self.zoom.reset();
        }
        self.of = of;
        let old = std::mem::take(&mut self.series);
        let of_run = |run: &Run| {
            let terms = self.terms.of(run.history.terms.names());
            loss_series(old, run, input.compared, &terms, self.smoothing)
        };
        self.series = input.run.map(of_run).unwrap_or_default();
    }
}

/// Converts a curve for the plot: pale for runs compared with the selected one.
fn curve<'a>(series: &'a LossSeries, name: &'a str, selected: RunId, palette: &Palette) -> Curve<'a> {
    let (faint, dashed) = (series.run() != selected, series.is_validation());
    let color = series.ink().of(palette);
    Curve { name, color, faint, dashed, raw: series.raw(), shown: series.shown() }
}

/// The registry entry of the view.
static ENTRY: Entry = Entry {
    name: "Loss",
    title: "Loss",
    icon: "↘",
    command: "Show loss",
    tooltip: "Show the loss curves.",
    keys: keys![CTRL, Num1],
};

impl View for LossView {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn show(&mut self, ui: &mut Ui, state: &mut State) -> bool {
        let now = &*state;
        let compared = compared(now);
        let input = LossInput { run: now.shown(), compared: &compared, epoch: now.epoch };
        let output = loss_ui(ui, &input, self);
        if let Some(seek) = output.seek {
            state.seek(seek);
        }
        output.drag
    }

    fn figures(&self, state: &State) -> Vec<Figure> {
        let of = |run| self.figure(run, &compared(state), state.epoch);
        state.shown().and_then(of).into_iter().collect()
    }
}

/// The runs compared with the shown one.
fn compared(state: &State) -> Vec<&Run> {
    let shown = state.shown().map(|run| run.id);
    let is_compared = |run: &&Run| state.compared.contains(&run.id) && Some(run.id) != shown;
    state.runs.iter().filter(is_compared).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepared::Smoother;
    use crate::ui::views::samples;

    #[test]
    fn curves_grow_with_the_history_and_restart_for_another_run() {
        let long = samples::run(1, 30);
        let mut short = long.clone();
        short.history.epochs.truncate(10);
        let mut view = LossView { smoothing: 0.6, ..LossView::default() };
        for (run, expected) in [(&short, 10), (&long, 30), (&short, 10)] {
            view.update(&LossInput { run: Some(run), compared: &[], epoch: None });
            assert_eq!(view.series.len(), 2);
            let series = &view.series[0];
            let (raw, smooth) = (series.raw().points(), series.shown().points());
            assert_eq!((raw.len(), smooth.len()), (expected, expected));
            let mut smoother = Smoother::new(0.6);
            let expected = raw.iter().map(|[x, y]| [*x, smoother.next(*y)]).collect::<Vec<_>>();
            assert_eq!(smooth, expected);
        }
    }
}
