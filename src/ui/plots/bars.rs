//! Bar charts and histograms.

use egui::{Color32, Rect, Response, Sense, Stroke, Ui, Vec2, pos2, vec2};

use super::paint::{color, palette, pictured};
use crate::figure;
use crate::project::short_number;

/// A row of bars.
pub struct Bars<'a> {
    /// Height of each bar.
    pub values: &'a [f32],
    /// The value at full height; if `None`, the maximum of the values.
    pub most: Option<f32>,
    /// A level to mark.
    pub level: Option<f32>,
    /// Colour of each bar.
    pub tint: &'a dyn Fn(usize) -> Color32,
    /// Tooltip of each bar.
    pub about: &'a dyn Fn(usize) -> String,
    /// Accessible name of the plot.
    pub name: &'a str,
}

/// Shows bars in a plot of this size. If there are more bars than points across, neighbours are
/// merged and show their maximum.
pub fn bars_ui(ui: &mut Ui, size: Vec2, bars: &Bars<'_>) -> Response {
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let p = palette(ui);
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 3.0, color(p.plot));
    let count = bars.values.len();
    let largest = bars.values.iter().copied().filter(|value| value.is_finite()).fold(0.0_f32, f32::max);
    let most = bars.most.unwrap_or(largest).max(f32::MIN_POSITIVE);
    let height = |value: f32| (rect.height() - 4.0) * (value / most).clamp(0.0, 1.0);
    if count > 0 {
        let width = rect.width() / count as f32;
        let gap = if width > 4.0 { 1.0 } else { 0.0 };
        let together = (1.0 / width).ceil().max(1.0) as usize;
        for first in (0..count).step_by(together) {
            let group = first..(first + together).min(count);
            let value = bars.values[group.clone()].iter().copied().fold(0.0, f32::max);
            if value > 0.0 {
                // Even tiny non-zero bars stay visible.
                let top = rect.bottom() - height(value).max(1.0);
                let left = rect.left() + first as f32 * width;
                let right = rect.left() + group.end as f32 * width - gap;
                let bar = Rect::from_min_max(pos2(left, top), pos2(right.max(left + 0.5), rect.bottom()));
                painter.rect_filled(bar, 0.0, (bars.tint)(first));
            }
        }
    }
    if let Some(level) = bars.level.filter(|level| *level <= most) {
        let y = rect.bottom() - height(level);
        painter.hline(rect.x_range(), y, Stroke::new(1.0, color(p.faint)));
    }
    painter.hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, color(p.line)));
    let response = pictured(response, bars.name);
    match response.hover_pos().filter(|_| count > 0) {
        Some(at) => {
            let bar = ((at.x - rect.left()) / rect.width() * count as f32).clamp(0.0, count as f32 - 1.0);
            response.on_hover_text_at_pointer((bars.about)(bar as usize))
        }
        None => response,
    }
}

/// Shows counts of values in bins of equal width from −`reach` to `reach`, without the empty ones
/// at both ends; marks 0.
pub fn histogram_ui(ui: &mut Ui, size: Vec2, counts: &[u64], reach: f32, name: &str) {
    let own = figure::Bars::histogram("", counts, reach);
    let (values, [low, high]) = (&own.values, own.edges.unwrap_or_default());
    let number = |value: f32| short_number(f64::from(value));
    let all = counts.iter().sum::<u64>().max(1) as f64;
    let p = palette(ui);
    let tint = |_| color(p.encoder);
    let about = |bar: usize| {
        let share = 100.0 * f64::from(values[bar]) / all;
        let [low, high] = own.ends(bar).map(short_number);
        format!("{low} to {high}: {share:.1} %")
    };
    let bars = Bars { values, most: None, level: None, tint: &tint, about: &about, name };
    let response = bars_ui(ui, size - vec2(0.0, 12.0), &bars);
    let rect = response.rect;
    let at = |value: f32| rect.left() + rect.width() * (value - low) / (high - low).max(f32::MIN_POSITIVE);
    if low < 0.0 && high > 0.0 {
        ui.painter().vline(at(0.0), rect.y_range(), Stroke::new(1.0, color(p.dim)));
    }
    let (labels, _) = ui.allocate_exact_size(vec2(size.x, 12.0), Sense::hover());
    let font = egui::FontId::proportional(9.5);
    for (align, x, value) in
        [(egui::Align2::LEFT_TOP, rect.left(), low), (egui::Align2::RIGHT_TOP, rect.right(), high)]
    {
        ui.painter().text(pos2(x, labels.top() + 1.0), align, number(value), font.clone(), color(p.dim));
    }
}
