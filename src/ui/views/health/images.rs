//! Pictures in the view: features chosen by a selector, drawn over the mean picture, and
//! first-layer weights.

use std::sync::Arc;

use egui::{Rect, RichText, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use super::super::sample::picture;
use super::block_ui;
use crate::dataset::Dataset;
use crate::figure::{ColorBar, ColorMap, Drawing, Tile, TileLine, Tiles};
use crate::project::{Shape, Shown, format_number, visible_list};
use crate::run::{Array, Checkpoint, Health, Run, SelectorHealth};
use crate::ui::plots::{Atlas, DisplayRange, color, palette, pictured, stamp_of};

/// Maximum number of filters shown.
const FILTERS: usize = 64;
/// Maximum number of values of a filter shown as a row of colours.
const COLUMNS: usize = 512;

/// Textures, rebuilt only when their content changes.
#[derive(Clone, Default)]
pub struct Images {
    selection_stamp: u64,
    selection: Atlas,
    selection_shape: Option<(usize, usize)>,
    chosen: Tile,
    filters_stamp: u64,
    filters: Option<Filters>,
}

/// The first-layer weights as pictures.
#[derive(Clone, Default)]
struct Filters {
    atlas: Atlas,
    /// Width and height of one filter.
    size: (usize, usize),
    /// Total number of filters.
    units: usize,
    /// Largest weight magnitude, drawn in full colour.
    most: f32,
    /// The pictures, for saving.
    tiles: Vec<Tile>,
}

impl Images {
    /// Updates the textures.
    pub fn update(&mut self, ui: &Ui, run: &Run, health: &Health) {
        let of_run = (run.id, run.started_unix_secs, ui.visuals().dark_mode);
        let stamp = stamp_of((of_run, health.epoch, health.samples));
        if self.selection_stamp != stamp {
            self.selection_stamp = stamp;
            self.selection_shape = None;
            if let (Some(selector), Some(shown)) = (&health.selector, Shown::of(run.shape, &[])) {
                self.fill_selection(ui, selector, shown);
            }
        }
        let checkpoint = run.checkpoint.as_ref();
        let stamp = stamp_of((of_run, checkpoint.map_or(0, |checkpoint| Arc::as_ptr(checkpoint) as usize)));
        if self.filters_stamp != stamp {
            self.filters_stamp = stamp;
            let first = checkpoint.and_then(|checkpoint| first_layer(checkpoint));
            self.filters = first.and_then(|weights| {
                let atlas = self.filters.take().map(|filters| filters.atlas).unwrap_or_default();
                filters(ui, atlas, weights, run.shape)
            });
        }
    }

    fn fill_selection(&mut self, ui: &Ui, selector: &SelectorHealth, shown: Shown) {
        let Shown { height, width, channels, .. } = shown;
        let (low, high) =
            selector.mean.iter().fold((f32::MAX, f32::MIN), |(low, high), &v| (low.min(v), high.max(v)));
        let range = DisplayRange { low, high };
        let chosen = color(palette(ui).code);
        let pixel = |x: usize, y: usize| {
            let at = (y * width + x) * channels;
            // A damaged file may contain fewer numbers than the picture has pixels.
            let of_pixel = |values: &'_ [f32]| values.get(at..at + channels).unwrap_or_default().to_vec();
            let (mean, shares) = (of_pixel(&selector.mean), of_pixel(&selector.shares));
            let share = shares.iter().sum::<f32>().clamp(0.0, 1.0);
            // Dim the mean picture so that the chosen pixels stand out.
            range.pixel(&shown.pixel(&mean)).gamma_multiply(0.75).lerp_to_gamma(chosen, share)
        };
        let picture = picture([width, height], pixel);
        self.selection.fill(ui.ctx(), [width, height], 1, |_, x, y| color(picture.at(x, y)));
        self.chosen = Tile { caption: String::new(), picture, values: selector.shares.clone() };
        self.selection_shape = Some((width, height));
    }

    /// The pictures as figures, with their titles.
    pub fn figures(&self) -> Vec<(String, Drawing)> {
        let mut all = Vec::new();
        if self.selection_shape.is_some() {
            let tiles = vec![self.chosen.clone()];
            let tiles = Tiles {
                lines: vec![TileLine { name: String::new(), tiles }],
                side: 224.0,
                ..Tiles::default()
            };
            all.push(("Features that the selector chose".to_owned(), Drawing::Tiles(tiles)));
        }
        if let Some(Filters { tiles, most, size, .. }) = &self.filters {
            let line = |tiles: &[Tile]| TileLine { name: String::new(), tiles: tiles.to_vec() };
            let is_row = size.1 == 1;
            let most = f64::from(*most);
            let bar = ColorBar { label: "weight".to_owned(), range: [-most, most], map: ColorMap::Signed };
            let tiles = Tiles {
                lines: tiles.chunks(if is_row { 1 } else { 8 }).map(line).collect(),
                side: if is_row { 480.0 } else { 56.0 },
                gap: if is_row { 0.0 } else { 3.0 },
                bar: Some(bar),
                ..Tiles::default()
            };
            all.push(("First-layer weights".to_owned(), Drawing::Tiles(tiles)));
        }
        all
    }

    /// Shows the features chosen by a selector: pixels over the mean picture, or column names.
    pub fn selection_ui(&self, ui: &mut Ui, health: &Health, data: Option<&Dataset>) {
        let Some(selector) = &health.selector else { return };
        let about = "Chosen features over the mean of the samples: the stronger the colour, the more certain the choice.";
        block_ui(ui, "Features that the selector chose", about, |ui| match self.selection_shape {
            Some(size) => {
                let scale = (super::PLOT.x / size.0.max(1) as f32).min(160.0 / size.1.max(1) as f32);
                let size = vec2(size.0 as f32, size.1 as f32) * scale;
                let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
                self.selection.paint(ui.painter(), 0, rect);
                let text = format!("{} of {} pixels chosen", selector.unique(), selector.shares.len());
                pictured(response, &text);
            }
            None => columns_ui(ui, selector, data),
        });
    }

    /// Whether there are weights to show.
    pub fn has_filters(&self) -> bool {
        self.filters.is_some()
    }

    /// Shows the first-layer weights.
    pub fn filters_ui(&self, ui: &mut Ui) {
        let Some(Filters { atlas, size, units, most, .. }) = &self.filters else { return };
        let shown = atlas.len();
        let title = if shown < *units {
            format!("First-layer weights, {shown} of {units}")
        } else {
            "First-layer weights".to_owned()
        };
        let about = "Weights of each unit of the first layer: orange is positive, blue is negative.";
        // Rows of numbers are stacked into one matrix; pictures are side by side.
        let is_row = size.1 == 1;
        let side = if is_row {
            (super::PLOT.x, (120.0 / shown.max(1) as f32).clamp(2.0, 8.0))
        } else {
            let scale = (40.0 / size.0.max(size.1) as f32).max(1.0);
            (size.0 as f32 * scale, size.1 as f32 * scale)
        };
        let gap = if is_row { 0.0 } else { 3.0 };
        let available = ui.available_width().max(super::PLOT.x);
        let columns =
            if is_row { 1 } else { ((available + gap) / (side.0 + gap)).floor().clamp(1.0, 32.0) as usize };
        let rows = shown.div_ceil(columns);
        let whole =
            vec2(columns.min(shown) as f32 * (side.0 + gap) - gap, rows as f32 * (side.1 + gap) - gap);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 3.0;
            ui.label(RichText::new(title).size(11.5).color(color(palette(ui).text))).on_hover_text(about);
            let (rect, response) = ui.allocate_exact_size(whole.max(vec2(1.0, 1.0)), Sense::hover());
            for filter in 0..shown {
                let at = pos2(
                    rect.left() + (filter % columns) as f32 * (side.0 + gap),
                    rect.top() + (filter / columns) as f32 * (side.1 + gap),
                );
                let own = Rect::from_min_size(at, vec2(side.0, side.1));
                atlas.paint(ui.painter(), filter, own);
                if !is_row {
                    let line = Stroke::new(1.0, color(palette(ui).line));
                    ui.painter().rect_stroke(own, 0.0, line, StrokeKind::Outside);
                }
            }
            let text =
                format!("{shown} filters; the strongest colour is ±{}", format_number(f64::from(*most)));
            pictured(response, &text).on_hover_text(text);
        });
    }
}

/// Names of the chosen columns of a table, without duplicates.
fn columns_ui(ui: &mut Ui, selector: &SelectorHealth, data: Option<&Dataset>) {
    let mut chosen = selector.chosen.clone();
    chosen.sort_unstable();
    chosen.dedup();
    let name = |feature: &u32| {
        let own = data.and_then(|data| data.feature_names.get(*feature as usize)).cloned();
        own.unwrap_or_else(|| format!("feature {}", feature + 1))
    };
    let names: Vec<String> = chosen.iter().map(name).collect();
    ui.label(RichText::new(visible_list(&names)).size(11.5).color(color(palette(ui).code)));
}

/// The weights of the first encoder layer that has any, otherwise those of the code layer.
fn first_layer(checkpoint: &Checkpoint) -> Option<&Array> {
    let weights = &checkpoint.inference_weights().0;
    let number = |name: &str| name.strip_prefix("encoder.")?.strip_suffix(".weight")?.parse::<usize>().ok();
    let of_encoder = weights.iter().filter(|(_, array)| array.shape.len() > 1);
    let of_encoder = of_encoder.filter_map(|(name, array)| Some((number(name)?, array)));
    of_encoder
        .min_by_key(|(number, _)| *number)
        .map(|(_, array)| array)
        .or_else(|| weights.get("code.weight"))
}

fn filters(ui: &Ui, mut atlas: Atlas, weights: &Array, shape: Shape) -> Option<Filters> {
    let (units, size, channels) = match (&weights.shape[..], shape) {
        (&[units, channels, height, width], _) => (units, (width, height), channels),
        (&[units, inputs], Shape::Image { height, width, channels })
            if inputs == height * width * channels =>
        {
            (units, (width, height), channels)
        }
        (&[units, inputs], _) => (units, (inputs, 1), 1),
        _ => return None,
    };
    let pixels = size.0 * size.1;
    if units == 0
        || pixels == 0
        || weights.values.len() != units * pixels * channels
        || (size.1 == 1 && size.0 > COLUMNS)
    {
        return None;
    }
    let shown = units.min(FILTERS);
    let most = weights.values.iter().map(|w| w.abs()).filter(|w| w.is_finite()).fold(0.0, f32::max);
    let p = palette(ui);
    // In files, values are ordered by channel, then by pixel.
    let weight = |unit: usize, channel: usize, pixel: usize| {
        weights.values[(unit * channels + channel) * pixels + pixel] / most.max(f32::MIN_POSITIVE)
    };
    let shade = |unit: usize, x: usize, y: usize| {
        let pixel = y * size.0 + x;
        if channels == 3 {
            let byte = |channel| (127.5 * (1.0 + weight(unit, channel, pixel)).clamp(0.0, 2.0)).round() as u8;
            return color([byte(0), byte(1), byte(2)]);
        }
        let mean = (0..channels).map(|channel| weight(unit, channel, pixel)).sum::<f32>() / channels as f32;
        color(p.signed(mean))
    };
    let tile = |unit: usize| {
        let values = weights.values.chunks_exact(pixels * channels).nth(unit).unwrap_or_default();
        let picture = picture([size.0, size.1], |x, y| shade(unit, x, y));
        Tile { caption: String::new(), picture, values: values.to_vec() }
    };
    let tiles: Vec<Tile> = (0..shown).map(tile).collect();
    atlas.fill(ui.ctx(), [size.0, size.1], shown, |unit, x, y| color(tiles[unit].picture.at(x, y)));
    Some(Filters { atlas, size, units, most, tiles })
}
