//! Reconstructions drawn as pictures, or as profiles over the features if samples are not pictures.

use egui::{Rect, Sense, StrokeKind, Ui, Vec2, vec2};

use crate::dataset::Dataset;
use crate::project::Shown;
use crate::ui::plots::{Atlas, Profile, color, palette, profile_ui};
use crate::ui::views::sample::{RangeCache, Sampler};

/// Some samples, only updated when they change.
#[derive(Clone, Default)]
pub struct Pictures {
    stamp: Option<u64>,
    atlas: Atlas,
    range: RangeCache,
    /// Scaled, row by row.
    rows: Vec<f32>,
    features: usize,
    /// Limits of all profiles.
    ends: [f32; 2],
}

impl Pictures {
    /// Stores scaled samples, row by row, unless the stamp is unchanged.
    pub fn fill(&mut self, ui: &Ui, data: &Dataset, stamp: u64, rows: &[f32]) {
        if self.are_of(stamp) {
            return;
        }
        self.stamp = Some(stamp);
        self.features = data.shape.features().max(1);
        self.rows = rows.to_vec();
        let finite = rows.iter().copied().filter(|value| value.is_finite());
        self.ends = finite.fold([0.0, 1.0], |[low, high], value| [low.min(value), high.max(value)]);
        let Some(shown) = data.shown() else { return };
        let Shown { height, width, channels, .. } = shown;
        let (range, sampler) = (self.range.of(data), Sampler::new(data));
        let pixels: Vec<f32> =
            rows.chunks_exact(self.features).flat_map(|row| sampler.unscaled(row)).collect();
        let features = self.features;
        self.atlas.fill(ui.ctx(), [width, height], pixels.len() / features, |picture, x, y| {
            let start = picture * features + (y * width + x) * channels;
            range.pixel(&shown.pixel(&pixels[start..start + channels]))
        });
    }

    /// Whether they have this stamp.
    pub fn are_of(&self, stamp: u64) -> bool {
        self.stamp == Some(stamp)
    }

    /// Whether they have the same stamp as others.
    pub fn is_like(&self, other: &Pictures) -> bool {
        self.stamp == other.stamp
    }

    /// The range of their finite values, including at least 0 and 1.
    pub fn ends(&self) -> [f32; 2] {
        // No samples have been stored yet.
        if self.stamp.is_none() { [0.0, 1.0] } else { self.ends }
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.rows.len().checked_div(self.features).unwrap_or(0)
    }

    /// Scaled values of all of them.
    pub fn rows(&self) -> &[f32] {
        &self.rows
    }

    /// Scaled values of one sample.
    pub fn row(&self, at: usize) -> &[f32] {
        self.rows.get(at * self.features..(at + 1) * self.features).unwrap_or_default()
    }

    /// Paints one sample into a rectangle.
    pub fn paint(&self, ui: &Ui, at: usize, rect: Rect) {
        self.atlas.paint(ui.painter(), at, rect);
    }

    /// Shows one sample, `side` points along its longer side; returns its response.
    pub fn show(&self, ui: &mut Ui, data: &Dataset, at: usize, side: f32, name: &str) -> egui::Response {
        let Some(shown) = data.shown() else {
            let row = self.row(at);
            let profile =
                Profile { name, original: row, corrupted: &[], reconstruction: row, range: self.ends };
            return profile_ui(ui, &profile, vec2(width(data, side), 0.6 * side.max(90.0))).0;
        };
        let (rect, response) = ui.allocate_exact_size(size(shown, side), Sense::click());
        self.paint(ui, at, rect);
        let p = palette(ui);
        let edge = if response.hovered() || response.has_focus() { p.accent } else { p.line };
        ui.painter().rect_stroke(rect, 1.0, egui::Stroke::new(1.0, color(edge)), StrokeKind::Outside);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, name));
        response
    }
}

/// Error maps of pairs of samples, all on one scale.
#[derive(Clone, Default)]
pub struct ErrorMaps {
    stamp: Option<u64>,
    atlas: Atlas,
    range: RangeCache,
}

impl ErrorMaps {
    /// Stores pairs of scaled samples, row by row, unless the stamp is unchanged. Samples that are
    /// not pictures have no maps.
    pub fn fill(&mut self, ui: &Ui, data: &Dataset, stamp: u64, [a, b]: [&[f32]; 2]) {
        if self.stamp == Some(stamp) {
            return;
        }
        self.stamp = Some(stamp);
        let Some(Shown { height, width, channels, .. }) = data.shown() else { return };
        let (features, range, sampler) =
            (data.shape.features().max(1), self.range.of(data), Sampler::new(data));
        let unscaled = |rows: &[f32]| -> Vec<f32> {
            rows.chunks_exact(features).flat_map(|row| sampler.unscaled(row)).collect()
        };
        let (a, b) = (unscaled(a), unscaled(b));
        self.atlas.fill(ui.ctx(), [width, height], a.len().min(b.len()) / features, |picture, x, y| {
            let start = picture * features + (y * width + x) * channels;
            range.error(&a[start..start + channels], &b[start..start + channels])
        });
    }

    /// The scaled difference that is drawn brightest.
    pub fn brightest(&mut self, data: &Dataset) -> f32 {
        self.range.of(data).brightest(data)
    }

    /// Shows one map; returns its response.
    pub fn show(&self, ui: &mut Ui, shown: Shown, at: usize, side: f32, name: &str) -> egui::Response {
        let (rect, response) = ui.allocate_exact_size(size(shown, side), Sense::hover());
        self.atlas.paint(ui.painter(), at, rect);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, name));
        response
    }
}

/// Shows items of equal width side by side, in as many rows as they need.
pub fn tiles_ui(ui: &mut Ui, count: usize, width: f32, mut add: impl FnMut(&mut Ui, usize)) {
    const GAP: f32 = 6.0;
    let columns = (((ui.available_width() + GAP) / (width + GAP)) as usize).max(1);
    for first in (0..count).step_by(columns) {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = GAP;
            for at in first..(first + columns).min(count) {
                ui.vertical(|ui| {
                    ui.set_width(width);
                    add(ui, at);
                });
            }
        });
        ui.add_space(GAP);
    }
}

/// Width on screen of a sample with this many points along its longer side.
pub fn width(data: &Dataset, side: f32) -> f32 {
    if data.shown().is_some() { side } else { side.max(120.0) }
}

/// Size on screen of a picture with this many points along its longer side.
pub fn size(shown: Shown, side: f32) -> Vec2 {
    fitting([shown.width, shown.height], side)
}

/// Size on screen of a pixel size scaled to this many points along its longer side.
pub fn fitting([width, height]: [usize; 2], side: f32) -> Vec2 {
    let scale = side / width.max(height).max(1) as f32;
    vec2(width as f32 * scale, height as f32 * scale).max(Vec2::splat(4.0))
}
