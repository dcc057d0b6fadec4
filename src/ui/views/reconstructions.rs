//! The probe set: originals, what the encoder saw of them, reconstructions, and where they differ.

use std::sync::Arc;

use egui::{
    Align2, FontId, Galley, Rect, RichText, Role, ScrollArea, Sense, Ui, Vec2, WidgetInfo, pos2, vec2,
};
use serde::{Deserialize, Serialize};

use super::parts::{
    chip_ui, empty_action_ui, empty_ui, epoch_ui, figure_ui, header_ui, is_tabbed, trailing_ui,
};
use super::sample::{RangeCache, Sampler, feature_name, kept_at, label_text, row_name};
use super::view::{Entry, View};
use crate::dataset::Dataset;
use crate::project::{Shown, format_number, visible};
use crate::run::{Kept, Run};
use crate::ui::keys::keys;
use crate::ui::plots::{Atlas, Profile, color, palette, profile_ui, stamp_of};
use crate::ui::state::{MissingData, State};

const NOTHING_YET: &str = "No reconstructions yet";
const NOTHING_YET_ADVICE: &str = "Train the network: samples and their reconstructions appear here.";

/// What the view shows.
#[derive(Clone, Copy)]
pub struct ReconstructionsInput<'a> {
    /// The selected run.
    pub run: Option<&'a Run>,
    /// Its data, if they are loaded.
    pub data: Option<&'a Dataset>,
    /// Why they are not, where they are not.
    pub missing: MissingData<'a>,
    /// Where the thread through time stands; `None` is live.
    pub epoch: Option<u32>,
}

/// What a person asked for.
#[derive(Debug, Default)]
pub struct ReconstructionsOutput {
    /// Load the data of the run.
    pub load: bool,
    /// The title is being dragged: move the view.
    pub drag: bool,
}

/// How the view stands.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ReconstructionsView {
    /// Samples with the largest error first, instead of the order of the probe set.
    pub worst_first: bool,
    #[serde(skip)]
    cache: Cache,
}

/// Textures and errors, built again only when another epoch is shown.
#[derive(Clone, Default)]
struct Cache {
    originals_stamp: u64,
    stamp: u64,
    range: RangeCache,
    /// In units of the data, row by row.
    originals: Vec<f32>,
    /// In scaled units, row by row.
    scaled: Vec<f32>,
    /// Ends of the scaled originals, with a margin.
    scaled_range: [f32; 2],
    /// Original, corrupted, reconstruction, error; one that is not there is empty.
    atlases: [Atlas; 4],
    /// Squared error per feature of each sample, in scaled units.
    errors: Vec<f32>,
}

const ROW_NAMES: [&str; 4] = ["original", "corrupted", "reconstruction", "error"];
const GAP: f32 = 5.0;

/// Shows the view in all the room there is.
pub fn reconstructions_ui(
    ui: &mut Ui,
    input: &ReconstructionsInput<'_>,
    view: &mut ReconstructionsView,
) -> ReconstructionsOutput {
    if input.run.is_none() && is_tabbed(ui) {
        // The tab says it all; an empty header would only take room.
        empty_ui(ui, NOTHING_YET, NOTHING_YET_ADVICE);
        return ReconstructionsOutput::default();
    }
    let (handle, ()) = header_ui(ui, ENTRY.title, |ui| controls_ui(ui, input, view));
    let mut output = ReconstructionsOutput { drag: handle.drag_started(), load: false };
    let Some(run) = input.run else {
        empty_ui(ui, NOTHING_YET, NOTHING_YET_ADVICE);
        return output;
    };
    let kept = kept_at(run, input.epoch).filter(|kept| !kept.reconstructions.is_empty());
    let Some(kept) = kept else {
        empty_ui(ui, NOTHING_YET, "The first ones appear with the first epoch.");
        return output;
    };
    let Some(data) = input.data.filter(|data| data.shape == run.shape && !data.is_empty()) else {
        output.load = missing_ui(ui, input.missing);
        return output;
    };
    view.cache.update(ui, run, data, kept);
    let mut order: Vec<usize> = (0..view.cache.errors.len()).collect();
    if view.worst_first {
        order.sort_by(|a, b| view.cache.errors[*b].total_cmp(&view.cache.errors[*a]));
    }
    let room = ui.available_rect_before_wrap();
    ui.painter().rect_filled(room, 0.0, color(palette(ui).plot));
    ScrollArea::vertical().id_salt("reconstructions").auto_shrink([false, false]).show(ui, |ui| {
        if data.shown().is_some() {
            pictures_ui(ui, room.size(), run, data, &view.cache, &order);
        } else {
            profiles_ui(ui, run, data, kept, &view.cache, &order);
        }
    });
    output
}

/// Says why there are no originals; returns whether they are to be loaded.
fn missing_ui(ui: &mut Ui, missing: MissingData<'_>) -> bool {
    let again = "Load them again";
    let failed = if let MissingData::Failed(error) = missing { error.to_string() } else { String::new() };
    let (what, advice, action) = match missing {
        MissingData::Loading => ("Data are being loaded", "Originals appear when they are there.", None),
        MissingData::Failed(_) => ("The data of this run could not be loaded", failed.as_str(), Some(again)),
        MissingData::NotLoaded => (
            "The data of this run are not loaded",
            "They are needed to show originals beside reconstructions.",
            Some(again),
        ),
        MissingData::Changed => (
            "The data have changed since this run",
            "What is at their place now is not what it was trained on.",
            Some(again),
        ),
        MissingData::Other => (
            "The design on screen uses other data than this run",
            "The run's own bring its originals back; this can be undone.",
            Some("Use the data of this run"),
        ),
    };
    empty_action_ui(ui, what, advice, action)
}

fn controls_ui(ui: &mut Ui, input: &ReconstructionsInput<'_>, view: &mut ReconstructionsView) {
    let Some(run) = input.run else { return };
    if chip_ui(ui, view.worst_first, "worst first").on_hover_text("Largest squared error first").clicked() {
        view.worst_first = !view.worst_first;
    }
    let epochs = &run.history.epochs;
    let record = match input.epoch {
        None => epochs.last(),
        Some(epoch) => {
            let after = epochs.partition_point(|record| record.epoch <= epoch);
            after.checked_sub(1).and_then(|last| epochs.get(last))
        }
    };
    trailing_ui(ui, "reconstructions", |ui| {
        epoch_ui(ui, input.epoch);
        if let Some(record) = record {
            let name = if record.validation.is_none() { "training MSE" } else { "validation MSE" };
            figure_ui(ui, name, &format_number(record.mse));
        }
        if let Some(pca) = run.pca_mse {
            ui.add_space(6.0);
            figure_ui(ui, &format!("PCA, code {}", run.design.code.units), &format_number(pca));
        }
    });
}

impl Cache {
    fn update(&mut self, ui: &Ui, run: &Run, data: &Dataset, kept: &Arc<Kept>) {
        let rows = &run.kept.probe.picture_rows;
        let features = data.shape.features().max(1);
        let originals_stamp = stamp_of((run.id, run.started_unix_secs, data.fingerprint, rows));
        let stamp = stamp_of((originals_stamp, kept.epoch, Arc::as_ptr(kept) as usize));
        let sampler = Sampler::new(data);
        if self.originals_stamp != originals_stamp {
            self.originals_stamp = originals_stamp;
            self.originals = rows.iter().flat_map(|row| sampler.original(*row)).collect();
            self.scaled = rows.iter().flat_map(|row| sampler.scaled(*row)).collect();
            self.scaled_range = ends(&self.scaled);
            self.fill(ui, data, 0, &self.originals.clone());
        }
        if self.stamp == stamp {
            return;
        }
        self.stamp = stamp;
        let count = rows.len().min(kept.reconstructions.len() / features);
        let pairs = kept.reconstructions.chunks_exact(features).zip(self.scaled.chunks_exact(features));
        self.errors = pairs
            .take(count)
            .map(|(a, b)| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>() / features as f32)
            .collect();
        if data.shown().is_none() {
            return;
        }
        let unscale = |values: &[f32]| -> Vec<f32> {
            values.chunks_exact(features).flat_map(|row| sampler.unscaled(row)).collect()
        };
        let corrupted = unscale(&kept.corrupted);
        self.fill(ui, data, 1, &corrupted);
        let reconstructions = unscale(&kept.reconstructions);
        self.fill(ui, data, 2, &reconstructions);
        self.fill_errors(ui, data, &reconstructions, count);
    }

    /// Fills one row of pictures with values in units of the data.
    fn fill(&mut self, ui: &Ui, data: &Dataset, row: usize, values: &[f32]) {
        let Some(shown) = data.shown() else { return };
        let Shown { height, width, channels, .. } = shown;
        let range = self.range.of(data);
        let features = data.shape.features();
        let count = values.len() / features.max(1);
        if features == 0 {
            return;
        }
        self.atlases[row].fill(ui.ctx(), [width, height], count, |picture, x, y| {
            let start = picture * features + (y * width + x) * channels;
            range.pixel(&shown.pixel(&values[start..start + channels]))
        });
    }

    fn fill_errors(&mut self, ui: &Ui, data: &Dataset, reconstructions: &[f32], count: usize) {
        let Some(Shown { height, width, channels, .. }) = data.shown() else { return };
        let range = self.range.of(data);
        let (features, originals) = (data.shape.features(), &self.originals);
        if features == 0 {
            return;
        }
        self.atlases[3].fill(ui.ctx(), [width, height], count, |picture, x, y| {
            let start = picture * features + (y * width + x) * channels;
            range.error(&originals[start..start + channels], &reconstructions[start..start + channels])
        });
    }
}

fn ends(values: &[f32]) -> [f32; 2] {
    let finite = values.iter().copied().filter(|value| value.is_finite());
    let [low, high] = finite.fold([f32::INFINITY, f32::NEG_INFINITY], |[l, h], v| [l.min(v), h.max(v)]);
    if low > high {
        return [0.0, 1.0];
    }
    let margin = 0.08 * (high - low).max(1e-6);
    [low - margin, high + margin]
}

/// How pictures are laid out: blocks of rows (original to error), as many columns as fit.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Grid {
    cell: Vec2,
    columns: usize,
    label: f32,
}

/// The largest cells with which all samples fit into the room; where none do, the smallest sensible ones, and it scrolls.
fn grid(room: Vec2, samples: usize, rows: usize, [width, height]: [usize; 2]) -> Grid {
    let label = if room.x >= 420.0 { 92.0 } else { 0.0 };
    let aspect = (width as f32 / height.max(1) as f32).clamp(0.125, 8.0);
    let at = |side: f32| {
        let cell = if aspect >= 1.0 {
            vec2(side, (side / aspect).max(6.0))
        } else {
            vec2((side * aspect).max(6.0), side)
        };
        let columns = (((room.x - label - 24.0 + GAP) / (cell.x + GAP)) as usize).clamp(1, samples.max(1));
        Grid { cell, columns, label }
    };
    let (mut side, least) = (112.0_f32, 36.0);
    while side > least {
        let grid = at(side);
        let blocks = samples.div_ceil(grid.columns) as f32;
        if blocks * block_height(grid, rows) + 12.0 <= room.y {
            return grid;
        }
        side -= 2.0;
    }
    at(least + 8.0)
}

fn block_height(grid: Grid, rows: usize) -> f32 {
    rows as f32 * (grid.cell.y + GAP) + 22.0
}

fn pictures_ui(ui: &mut Ui, room: Vec2, run: &Run, data: &Dataset, cache: &Cache, order: &[usize]) {
    let Some(Shown { height, width, .. }) = data.shown() else { return };
    let p = palette(ui);
    let shown: Vec<usize> = (0..4).filter(|row| !cache.atlases[*row].is_empty()).collect();
    let grid = grid(room, order.len(), shown.len(), [width, height]);
    let font = FontId::proportional(11.0);
    ui.add_space(8.0);
    for block in order.chunks(grid.columns) {
        let (rect, _) = ui
            .allocate_exact_size(vec2(ui.available_width(), block_height(grid, shown.len())), Sense::hover());
        if !ui.is_rect_visible(rect) {
            continue;
        }
        let left = rect.left() + 12.0 + grid.label;
        for (line, row) in shown.iter().enumerate() {
            let top = rect.top() + line as f32 * (grid.cell.y + GAP);
            if grid.label > 0.0 {
                let at = pos2(rect.left() + 12.0, top + grid.cell.y / 2.0);
                ui.painter().text(at, Align2::LEFT_CENTER, ROW_NAMES[*row], font.clone(), color(p.dim));
            }
            for (column, sample) in block.iter().enumerate() {
                let at = pos2(left + column as f32 * (grid.cell.x + GAP), top);
                cache.atlases[*row].paint(ui.painter(), *sample, Rect::from_min_size(at, grid.cell));
            }
        }
        let foot = rect.top() + shown.len() as f32 * (grid.cell.y + GAP);
        let captions = captions(ui, block, cache, grid);
        for (column, sample) in block.iter().enumerate() {
            let x = left + column as f32 * (grid.cell.x + GAP);
            if let Some(caption) = captions.get(column) {
                let at = pos2(x + (grid.cell.x - caption.size().x) / 2.0, foot - 1.0);
                ui.painter().galley(at, caption.clone(), color(p.dim));
            }
            let area = Rect::from_min_max(pos2(x, rect.top()), pos2(x + grid.cell.x, foot + 12.0));
            let response = ui.interact(area, ui.scope_id().with(("sample", *sample)), Sense::hover());
            let row = run.kept.probe.picture_rows[*sample];
            response.widget_info(|| WidgetInfo::labeled(Role::Image, true, row_name(data, row)));
            response.on_hover_ui(|ui| hover_ui(ui, data, cache, &shown, *sample, row, [width, height]));
        }
    }
}

/// The error below each picture of a block; none where one of them would run into the next.
fn captions(ui: &Ui, block: &[usize], cache: &Cache, grid: Grid) -> Vec<Arc<Galley>> {
    let tint = color(palette(ui).dim);
    let caption = |sample: &usize| {
        let text = format_number(f64::from(cache.errors[*sample]));
        ui.painter().layout_no_wrap(text, FontId::proportional(10.0), tint)
    };
    let captions: Vec<_> = block.iter().map(caption).collect();
    let fits = captions.iter().all(|caption| caption.size().x <= grid.cell.x + GAP - 3.0);
    if fits { captions } else { Vec::new() }
}

/// One sample, large, with all that is known of it.
fn hover_ui(
    ui: &mut Ui,
    data: &Dataset,
    cache: &Cache,
    shown: &[usize],
    sample: usize,
    row: u32,
    [width, height]: [usize; 2],
) {
    let p = palette(ui);
    ui.label(RichText::new(row_name(data, row)).size(12.0).color(color(p.text)));
    for labels in &data.labels {
        let text = format!("{}: {}", visible(&labels.name), label_text(labels, row));
        ui.label(RichText::new(text).size(11.0).color(color(p.dim)));
    }
    ui.horizontal(|ui| {
        let scale = 96.0 / width.max(height) as f32;
        let size = vec2(width as f32 * scale, height as f32 * scale).max(vec2(6.0, 6.0));
        for atlas in shown {
            ui.vertical(|ui| {
                let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
                cache.atlases[*atlas].paint(ui.painter(), sample, rect);
                ui.label(RichText::new(ROW_NAMES[*atlas]).size(10.0).color(color(p.dim)));
            });
        }
    });
    let error = format_number(f64::from(cache.errors[sample]));
    ui.label(RichText::new(format!("squared error per feature {error}")).size(11.0).color(color(p.dim)));
}

fn profiles_ui(ui: &mut Ui, run: &Run, data: &Dataset, kept: &Kept, cache: &Cache, order: &[usize]) {
    let p = palette(ui);
    let features = data.shape.features().max(1);
    let width = ui.available_width() - 24.0;
    let columns = ((width + 8.0) / 250.0).floor().max(1.0);
    let size = vec2(((width + 8.0) / columns - 8.0).max(60.0), 74.0);
    ui.add_space(6.0);
    legend_ui(ui, !kept.corrupted.is_empty());
    for line in order.chunks(columns as usize) {
        ui.horizontal(|ui| {
            ui.add_space(12.0);
            ui.spacing_mut().item_spacing = vec2(8.0, 2.0);
            for sample in line {
                let part = |values: &'_ [f32]| -> Vec<f32> {
                    values.get(sample * features..(sample + 1) * features).unwrap_or_default().to_vec()
                };
                let (original, corrupted) = (part(&cache.scaled), part(&kept.corrupted));
                let reconstruction = part(&kept.reconstructions);
                let row = run.kept.probe.picture_rows[*sample];
                let name = row_name(data, row);
                let profile = Profile {
                    name: &name,
                    original: &original,
                    corrupted: &corrupted,
                    reconstruction: &reconstruction,
                    range: cache.scaled_range,
                };
                ui.vertical(|ui| {
                    let (response, feature) = profile_ui(ui, &profile, size);
                    let error = format_number(f64::from(cache.errors[*sample]));
                    let caption = RichText::new(format!("{name} · {error}")).size(10.0).color(color(p.dim));
                    ui.add(egui::Label::new(caption).truncate().selectable(false));
                    if let Some(feature) = feature {
                        let own = |value: f32| format_number(f64::from(data.scaler.unscale(feature, value)));
                        let text = format!(
                            "{}\noriginal {}\nreconstruction {}",
                            feature_name(data, feature),
                            own(original[feature]),
                            reconstruction.get(feature).map_or_else(String::new, |value| own(*value)),
                        );
                        response.on_hover_text_at_pointer(text);
                    }
                });
            }
        });
        ui.add_space(6.0);
    }
}

/// What the lines of the profiles mean.
fn legend_ui(ui: &mut Ui, corrupted: bool) {
    let p = palette(ui);
    ui.horizontal(|ui| {
        ui.add_space(12.0);
        let entries = [
            ("original", p.faint, true),
            ("corrupted", p.code, corrupted),
            ("reconstruction", p.accent, true),
        ];
        for (name, tint, _) in entries.into_iter().filter(|(_, _, there)| *there) {
            let (rect, _) = ui.allocate_exact_size(vec2(16.0, 14.0), Sense::hover());
            ui.painter().hline(rect.x_range(), rect.center().y, egui::Stroke::new(2.0, color(tint)));
            ui.label(RichText::new(name).size(11.0).color(color(p.dim)));
            ui.add_space(6.0);
        }
        ui.label(RichText::new("in scaled units, over the features").size(11.0).color(color(p.dim)));
    });
    ui.add_space(4.0);
}

/// How the view is called.
static ENTRY: Entry = Entry {
    name: "Reconstructions",
    title: "Reconstructions",
    icon: "↔",
    command: "Show reconstructions",
    tooltip: "Bring inputs and reconstructions to the front.",
    keys: keys![CTRL, Num3],
};

impl View for ReconstructionsView {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn show(&mut self, ui: &mut Ui, state: &mut State) -> bool {
        let now = &*state;
        let (run, epoch) = (now.shown(), now.epoch);
        let data = run.and_then(|run| now.data_of(run)).map(|data| &**data);
        let missing = run.map_or(MissingData::NotLoaded, |run| now.missing_data(run));
        let input = ReconstructionsInput { run, data, missing, epoch };
        let output = reconstructions_ui(ui, &input, self);
        if let (true, Some(run)) = (output.load, run.map(|run| run.id)) {
            state.load_data_of(run);
        }
        output.drag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_as_large_as_fits() {
        let wide = grid(vec2(820.0, 260.0), 9, 3, [8, 8]);
        assert!(wide.columns == 9 && wide.cell.x >= 60.0, "{wide:?}");
        let small = grid(vec2(360.0, 220.0), 32, 3, [8, 8]);
        assert!(small.label == 0.0 && small.cell.x >= 36.0, "{small:?}");
        for (size, samples) in [([1, 1], 1), ([1, 784], 10), ([784, 1], 10), ([64, 64], 0)] {
            let grid = grid(vec2(200.0, 100.0), samples, 4, size);
            assert!(grid.columns >= 1 && grid.cell.x > 0.0 && grid.cell.y > 0.0);
        }
    }
}
