//! The values of the curves at an epoch: dots on the curves, names and values.

use std::sync::Arc;

use egui::{Align2, FontId, Galley, Painter, Rect, Response, Shape, Stroke, StrokeKind, Ui, pos2, vec2};
use egui_plot::PlotTransform;

use super::{LossPlot, scaled};
use crate::figure::Rgb;
use crate::project::format_number;
use crate::ui::plots::chart::places;
use crate::ui::plots::paint::{color, inside, palette};

/// The epoch under the pointer, if it is in the plot.
pub(super) fn hovered_epoch(plot: &LossPlot<'_>, shown: &PlotTransform, response: &Response) -> Option<f64> {
    let at = response.hover_pos().filter(|at| shown.frame().contains(*at))?;
    let last = plot.curves.iter().filter_map(|curve| curve.raw.last()).map(|point| point[0]);
    let first = plot.curves.iter().filter_map(|curve| curve.raw.first()).map(|point| point[0]);
    let (first, last) = (first.fold(f64::INFINITY, f64::min), last.fold(f64::NEG_INFINITY, f64::max));
    (first <= last).then(|| shown.value_from_position(at).x.round().clamp(first, last))
}

/// Draws dots on the curves at the epoch of the readout.
pub(super) fn paint_values(
    painter: &Painter,
    shown: &PlotTransform,
    plot: &LossPlot<'_>,
    epoch: Option<f64>,
) {
    let Some(epoch) = epoch else { return };
    let at = places(shown);
    for curve in plot.curves.iter().filter(|curve| !curve.faint) {
        let Some(value) = curve.shown.at(epoch) else { continue };
        let y = scaled(value, plot.log);
        if y.is_finite() {
            painter.circle_filled(at([epoch, y]), 3.5, color(curve.color));
        }
    }
}

/// Draws names and values in a box at the upper right; under the pointer, values per feature are
/// added. The library's legend has neither values nor dashes.
pub(super) fn paint_readout(ui: &Ui, rect: Rect, plot: &LossPlot<'_>, epoch: Option<f64>, detailed: bool) {
    let p = palette(ui);
    let painter = inside(ui, rect);
    let font = FontId::proportional(11.5);
    let text = |text: String, tint: Rgb| painter.layout_no_wrap(text, font.clone(), color(tint));
    let per_feature = plot.features.filter(|features| detailed && *features > 1);
    let (line, all) = (17.0, plot.curves.len());
    let most = ((rect.height() * 0.6 - 10.0) / line) as usize;
    let listed = listed_curves(all, most.saturating_sub(usize::from(detailed)));
    let curves = &plot.curves[..listed];
    let more = (listed < all).then(|| text(format!("and {} more", all - listed), p.dim));
    let rows: Vec<[Arc<Galley>; 3]> = (curves.iter())
        .map(|curve| {
            let last = || curve.raw.last().map(|point| point[1]);
            let value = epoch.map_or_else(last, |epoch| curve.raw.at(epoch));
            let each = value.zip(per_feature).map(|(value, features)| value / features as f64);
            [
                text(curve.name.to_owned(), p.dim),
                text(value.map_or_else(|| "–".to_owned(), format_number), p.text),
                text(each.map(format_number).unwrap_or_default(), p.dim),
            ]
        })
        .collect();
    let head = [
        epoch.filter(|_| detailed).map(|epoch| text(format!("epoch {epoch}"), p.text)),
        per_feature.map(|_| text("per feature".to_owned(), p.dim)),
    ];
    let widest = |column: usize| rows.iter().map(|row| row[column].size().x).fold(0.0, f32::max);
    let last = widest(2).max(head[1].as_ref().map_or(0.0, |galley| galley.size().x));
    let columns = [34.0 + widest(0), widest(1) + 14.0, if last > 0.0 { last + 12.0 } else { 0.0 }];
    let lines = rows.len() + usize::from(detailed) + usize::from(more.is_some());
    let size = vec2(columns.iter().sum::<f32>() + 16.0, line * lines as f32 + 10.0);
    if rows.is_empty() || size.x > rect.width() * 0.9 {
        return;
    }
    let area = Rect::from_min_size(pos2(rect.right() - size.x - 4.0, rect.top() + 4.0), size);
    let stroke = Stroke::new(1.0, color(p.line));
    painter.rect(area, 6.0, color(p.card).gamma_multiply(0.92), stroke, StrokeKind::Inside);
    let mut y = area.top() + 5.0 + line / 2.0;
    let put = |galley: &Arc<Galley>, x: f32, y: f32, align: Align2| {
        let at = align.anchor_size(pos2(x, y), galley.size()).min;
        painter.galley(at, galley.clone(), color(p.text));
    };
    let right = area.left() + 8.0 + columns[0] + columns[1];
    if detailed {
        if let Some(head) = &head[0] {
            put(head, area.left() + 8.0, y, Align2::LEFT_CENTER);
        }
        if let Some(head) = &head[1] {
            put(head, area.right() - 8.0, y, Align2::RIGHT_CENTER);
        }
        y += line;
    }
    for (curve, row) in curves.iter().zip(&rows) {
        let sample = [pos2(area.left() + 8.0, y), pos2(area.left() + 28.0, y)];
        let tint = color(curve.color).gamma_multiply(if curve.faint { 0.6 } else { 1.0 });
        if curve.dashed {
            painter.extend(Shape::dashed_line(&sample, Stroke::new(1.8, tint), 4.0, 3.0));
        } else {
            painter.line_segment(sample, Stroke::new(1.8, tint));
        }
        put(&row[0], area.left() + 36.0, y, Align2::LEFT_CENTER);
        put(&row[1], right, y, Align2::RIGHT_CENTER);
        put(&row[2], area.right() - 8.0, y, Align2::RIGHT_CENTER);
        y += line;
    }
    if let Some(more) = &more {
        put(more, area.left() + 36.0, y, Align2::LEFT_CENTER);
    }
}

/// The number of curves named if there is space for this many lines. If not all fit, the last line
/// shows the number of the others.
fn listed_curves(all: usize, lines: usize) -> usize {
    if all <= lines { all } else { lines.saturating_sub(1) }
}

#[cfg(test)]
mod tests {
    use super::listed_curves;

    #[test]
    fn every_curve_is_named_or_counted() {
        for (all, lines, listed) in [(6, 6, 6), (6, 9, 6), (6, 5, 4), (6, 1, 0), (6, 0, 0), (0, 0, 0)] {
            assert_eq!(listed_curves(all, lines), listed, "{all} in {lines}");
        }
    }
}
