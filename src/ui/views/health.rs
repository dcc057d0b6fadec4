//! The health of a run's network: figures, bars, histograms, the features chosen by a selector, and
//! first-layer weights.

mod figures;
mod findings;
mod images;
mod maps;
mod plots;

use egui::{Align, Layout, RichText, ScrollArea, Ui, Vec2, vec2};

use self::figures::figures;
use self::findings::findings_ui;
use self::images::Images;
use self::maps::ChannelMaps;
use self::plots::{bits_plot, layer_title, units_plots};
use super::parts::{empty_ui, header_ui, is_tabbed};
use super::view::{Entry, View};
use crate::dataset::{Dataset, Subset};
use crate::engine::Likelihood;
use crate::figure::{self, Drawing, Figure, Panels};
use crate::project::{Project, Shape, format_number};
use crate::run::{Advice, Bits, Diagnosis, Finding, FindingKind, Health, Run};
use crate::session::likelihood_of;
use crate::ui::keys::keys;
use crate::ui::plots::{Bars, bars_ui, color, histogram_ui, palette, pictured};
use crate::ui::state::State;

const NOTHING_YET: &str = "Nothing measured yet";
const NOTHING_YET_ADVICE: &str =
    "Train the network: its units are measured every second, and whenever the run pauses or ends.";
/// Minimum width to show the weights of the first layer next to the plots, in points: each half
/// then fits two plots side by side.
const WIDE_PX: f32 = 960.0;
/// Size of a plot in the view.
const PLOT: Vec2 = vec2(220.0, 84.0);

/// The input of the view.
#[derive(Clone, Copy)]
pub struct HealthInput<'a> {
    /// The selected run.
    pub run: Option<&'a Run>,
    /// Its data, if loaded, for column names.
    pub data: Option<&'a Dataset>,
    /// The likelihood of a split under its network, if it was estimated.
    pub likelihood: Option<(Subset, Likelihood)>,
    /// Whether the weights and data to estimate it are available.
    pub is_ready: bool,
    /// The document that advice can change.
    pub design: Option<&'a Project>,
}

/// Requests from the user.
#[derive(Debug, Default)]
pub struct HealthOutput {
    /// Move the view: its title is being dragged.
    pub drag: bool,
    /// Estimate the likelihood from this many codes per sample.
    pub estimate: Option<usize>,
    /// Change the design.
    pub advice: Option<Advice>,
}

/// State of the view.
#[derive(Clone)]
pub struct HealthView {
    /// Number of codes per sample for the estimate of the likelihood.
    draws: usize,
    images: Images,
    maps: ChannelMaps,
}

impl Default for HealthView {
    fn default() -> Self {
        HealthView { draws: 200, images: Images::default(), maps: ChannelMaps::default() }
    }
}

/// Shows the view in the available space.
pub fn health_ui(ui: &mut Ui, input: &HealthInput<'_>, view: &mut HealthView) -> HealthOutput {
    let mut output = HealthOutput::default();
    if !is_tabbed(ui) {
        // The tab already shows the title, so an empty header would waste space.
        output.drag = header_ui(ui, ENTRY.title, |_| ()).drag_started();
    }
    let findings = input.run.map(Run::diagnoses).unwrap_or_default();
    let shown = input.run.and_then(|run| Some((run, run.health.as_ref()?)));
    let Some((run, health)) = shown else {
        if findings.is_empty() {
            empty_ui(ui, NOTHING_YET, NOTHING_YET_ADVICE);
        } else {
            // A run that failed immediately has no measurement.
            output.advice = advice_ui(ui, input, &findings);
        }
        return output;
    };
    let room = ui.available_rect_before_wrap();
    ui.painter().rect_filled(room, 0.0, color(palette(ui).panel));
    view.images.update(ui, run, health);
    view.maps.update(ui, run, health);
    ScrollArea::vertical().id_salt("health").auto_shrink([false, false]).show(ui, |ui| {
        let frame = egui::Frame::new().inner_margin(egui::Margin::symmetric(12, 8));
        frame.show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            output.advice = advice_ui(ui, input, &findings);
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing = vec2(22.0, 8.0);
                figures(run, health).iter().for_each(|figure| figure_ui(ui, figure));
            });
            if has_likelihood(run) {
                output.estimate = likelihood_ui(ui, input, &mut view.draws);
            }
            ui.add_space(10.0);
            if ui.available_width() >= WIDE_PX && view.images.has_filters() {
                ui.columns(2, |columns| {
                    plots_ui(&mut columns[0], (run, health), input.data, view);
                    view.images.filters_ui(&mut columns[1]);
                });
            } else {
                plots_ui(ui, (run, health), input.data, view);
                ui.add_space(12.0);
                view.images.filters_ui(ui);
            }
        });
    });
    output
}

/// Plots of units and layers.
fn plots_ui(ui: &mut Ui, (run, health): (&Run, &Health), data: Option<&Dataset>, view: &HealthView) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(16.0, 12.0);
        bits_ui(ui, health);
        units_ui(ui, health, run.code_shape());
        view.maps.ui(ui);
        view.images.selection_ui(ui, health, data);
        layers_ui(ui, health);
    });
}

impl HealthView {
    /// All plots of the view, in groups and individually.
    fn plots(&self, run: &Run, health: &Health) -> Vec<Figure> {
        let mut bars: Vec<(String, figure::Bars)> = Vec::new();
        bars.extend(
            health.bits.map(|bits| ("Description length, bits per sample".to_owned(), bits_plot(bits))),
        );
        let plots = units_plots(health, run.code_shape());
        bars.extend(plots.into_iter().map(|plot| (plot.title.to_owned(), plot.bars)));
        bars.extend(health.layers.iter().map(|layer| {
            let bars = figure::Bars::histogram("activation", &layer.histogram, layer.reach);
            (layer_title(&layer.name), bars)
        }));
        let panels: Vec<(String, Drawing)> =
            bars.into_iter().map(|(title, bars)| (title, Drawing::Bars(bars))).collect();
        let name = |title: &str| format!("{title}, {}, epoch {}", run.title(), health.epoch);
        let mut all = Vec::new();
        if panels.len() > 1 {
            let panels = Panels { columns: 3, size: [300.0, 180.0], panels: panels.clone() };
            all.push(Figure::new(name("Health"), Drawing::Panels(panels)));
        }
        let singles = panels.into_iter().chain(self.maps.figures()).chain(self.images.figures());
        all.extend(singles.map(|(title, drawing)| Figure::new(name(&title), drawing)));
        all
    }
}

/// Whether a run's network assigns a likelihood to data.
fn has_likelihood(run: &Run) -> bool {
    run.design.code.kind.is_gaussian() && run.design.loss.is_likelihood()
}

/// The newest estimate for the run's current weights.
fn likelihood(run: &Run) -> Option<(Subset, Likelihood)> {
    let step = run.checkpoint.as_ref()?.progress.step;
    let of_these = |finding: &&Finding| finding.kind == FindingKind::Likelihood && finding.step == step;
    let finding = run.results.iter().rev().find(of_these)?;
    Some((finding.split, likelihood_of(finding)?))
}

/// The negative log-likelihood by importance sampling, with the button that estimates it; returns
/// the requested number of codes.
fn likelihood_ui(ui: &mut Ui, input: &HealthInput<'_>, draws: &mut usize) -> Option<usize> {
    let mut asked = None;
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        let p = palette(ui);
        let about = "−log 1/K Σ p(x|z) p(z) / q(z|x) with K codes z from q(z|x): more codes give a tighter bound (Burda et al. 2016)";
        ui.label(RichText::new("Negative log-likelihood").size(11.5).color(color(p.text))).on_hover_text(about);
        let field = egui::DragValue::new(draws).range(1..=100_000).suffix(" codes");
        ui.add(field).accessible_name("Codes per sample");
        let button = ui.add_enabled(input.is_ready, egui::Button::new("Estimate"));
        let button = button.accessible_name("Estimate the likelihood");
        if button.on_disabled_hover_text("It needs the run's data and weights: pause or stop it first.").clicked() {
            asked = Some(*draws);
        }
        if let Some((subset, likelihood)) = input.likelihood {
            let text = format!(
                "{} ± {} nats on {} {} samples, {} codes each",
                format_number(likelihood.nll),
                format_number(likelihood.standard_error),
                likelihood.samples,
                subset.name(),
                likelihood.draws
            );
            let grey = input.run.is_some_and(figures::is_of_grey);
            let text = if grey { format!("{text}; compare it with runs on these grey data only") } else { text };
            ui.label(RichText::new(text).size(12.0).color(color(p.text)));
        }
    });
    asked
}

/// The findings, followed by spacing.
fn advice_ui(ui: &mut Ui, input: &HealthInput<'_>, findings: &[Diagnosis]) -> Option<Advice> {
    let design = input.design.or(input.run.map(|run| &run.design))?;
    let asked = findings_ui(ui, findings, design);
    if !findings.is_empty() {
        ui.add_space(6.0);
    }
    asked
}

/// A number with its name above.
fn figure_ui(ui: &mut Ui, figure: &figures::Figure) {
    let p = palette(ui);
    let wide = |text: &str, size: f32| {
        let font = egui::FontId::proportional(size);
        ui.painter().layout_no_wrap(text.to_owned(), font, color(p.text)).rect.width()
    };
    // Computed in advance, so that an item that does not fit wraps to a new line.
    let width = wide(figure.name, 11.0).max(wide(&figure.value, 15.0)).ceil() + 2.0;
    let shown = ui.allocate_ui_with_layout(vec2(width, 34.0), Layout::top_down(Align::LEFT), |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        ui.set_min_width(width);
        ui.add(egui::Label::new(RichText::new(figure.name).size(11.0).color(color(p.dim))).selectable(false));
        ui.label(RichText::new(&figure.value).size(15.0).strong().color(color(p.text)));
    });
    let response = ui.interact(shown.response.rect, ui.scope_id().with(figure.name), egui::Sense::hover());
    pictured(response, &format!("{}: {}", figure.name, figure.value)).on_hover_text(figure.about);
}

/// A plot with its title above.
fn block_ui(ui: &mut Ui, title: &str, about: &str, add: impl FnOnce(&mut Ui)) {
    let p = palette(ui);
    ui.allocate_ui_with_layout(vec2(PLOT.x, PLOT.y + 34.0), Layout::top_down(Align::LEFT), |ui| {
        ui.spacing_mut().item_spacing.y = 3.0;
        ui.set_width(PLOT.x);
        let text = RichText::new(title).size(11.5).color(color(p.text));
        ui.add(egui::Label::new(text).truncate()).on_hover_text(about);
        add(ui);
    });
}

/// The parts of a description length, side by side in one bar.
fn bits_ui(ui: &mut Ui, health: &Health) {
    let Some(Bits { code, error, constant }) = health.bits else { return };
    let about =
        "Bits per sample for its choices, for the error, and for writing values to the chosen precision.";
    block_ui(ui, "Description length, bits per sample", about, |ui| {
        let p = palette(ui);
        let (rect, response) = ui.allocate_exact_size(vec2(PLOT.x, 22.0), egui::Sense::hover());
        let total = (code + error + constant).max(f64::MIN_POSITIVE);
        let mut left = rect.left();
        for (bits, tint) in [(code, p.code), (error, p.decoder), (constant, p.line)] {
            let width = rect.width() * (bits / total).max(0.0) as f32;
            let part = egui::Rect::from_min_size(egui::pos2(left, rect.top()), vec2(width, rect.height()));
            ui.painter().rect_filled(part, 0.0, color(tint));
            left += width;
        }
        pictured(response, &format!("code {code:.1}, error {error:.1}, constant {constant:.1} bits"));
        for (name, bits, tint) in
            [("code", code, p.code), ("error", error, p.decoder), ("constant", constant, p.dim)]
        {
            ui.label(RichText::new(format!("{name} {bits:.1}")).size(11.5).color(color(tint)));
        }
    });
}

/// Statistics of each unit, entry or bit.
fn units_ui(ui: &mut Ui, health: &Health, code: Shape) {
    let p = palette(ui);
    for plot in units_plots(health, code) {
        let own = &plot.bars;
        let tint = |bar: usize| color(own.ink(bar).of(p));
        let about = |bar: usize| plot.bar_tooltip(bar);
        block_ui(ui, plot.title, plot.about, |ui| {
            let (most, level, name) = (own.most, own.level, &*plot.name);
            bars_ui(ui, PLOT, &Bars { values: &own.values, most, level, tint: &tint, about: &about, name });
        });
    }
}

/// Distribution of activations, layer by layer.
fn layers_ui(ui: &mut Ui, health: &Health) {
    for layer in &health.layers {
        let title = layer_title(&layer.name);
        let about = format!(
            "{} units; {} to {} of them active for a sample, {} never; mean {}",
            layer.units,
            layer.active_min,
            layer.active_max,
            layer.dead,
            format_number(layer.mean)
        );
        block_ui(ui, &title, &about, |ui| {
            histogram_ui(ui, PLOT, &layer.histogram, layer.reach, &format!("{title}: {about}"));
        });
    }
}

/// The registry entry of the view.
static ENTRY: Entry = Entry {
    name: "Health",
    title: "Health",
    icon: "≈",
    command: "Show health",
    tooltip: "Show the Health view.",
    keys: keys![CTRL, Num8],
};

impl View for HealthView {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn warns(&self, state: &State) -> bool {
        state.shown().is_some_and(|run| !run.diagnoses().is_empty())
    }

    fn show(&mut self, ui: &mut Ui, state: &mut State) -> bool {
        let now = &*state;
        let run = now.shown();
        let data = run.and_then(|run| now.data_of(run)).map(|data| &**data);
        let likelihood = run.and_then(likelihood);
        let is_ready = run.is_some_and(|run| run.checkpoint.is_some() && now.data_as_trained(run).is_some());
        let output =
            health_ui(ui, &HealthInput { run, data, likelihood, is_ready, design: Some(&now.project) }, self);
        if let Some(draws) = output.estimate {
            state.estimate_likelihood(draws);
        }
        if let Some(advice) = output.advice {
            state.follow(advice);
        }
        output.drag
    }

    fn figures(&self, state: &State) -> Vec<Figure> {
        let shown = state.shown().and_then(|run| Some((run, run.health.as_deref()?)));
        shown.map_or_else(Vec::new, |(run, health)| self.plots(run, health))
    }
}
