//! Curves over epochs: solid and dashed, faint where they only stand for comparison; values under the pointer, a marker
//! that can be dragged through time.

use std::sync::Arc;

use egui::{
    Align2, CursorIcon, EventFilter, FontId, Galley, Key, Painter, PointerButton, Pos2, Rect, Response, Role,
    Sense, Shape, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::axes::inside;
use super::axes::{Drag, Frame, Limits, Ticks, Zoom};
use super::line::Line;
use super::number::log_ticks;
use super::number::{format_number, linear_ticks};
use super::paint::{color, palette};
use crate::figure::Rgb;

/// One curve, ascending in x.
#[derive(Clone, Copy, Debug)]
pub struct Curve<'a> {
    /// As in the legend.
    pub name: &'a str,
    /// Its colour.
    pub color: Rgb,
    /// Drawn thin and pale: it stands for comparison.
    pub faint: bool,
    /// Drawn dashed.
    pub dashed: bool,
    /// The values as they are, over epochs; what the legend tells.
    pub raw: &'a Line,
    /// The values as they are drawn; the same line as `raw` where nothing is smoothed.
    pub shown: &'a Line,
}

/// Something that happened at an epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// When, in epochs.
    pub epoch: f64,
    /// What.
    pub text: String,
}

/// Everything the plot shows.
#[derive(Clone, Copy, Debug)]
pub struct LossPlot<'a> {
    /// The curves; the first ones are looked at, faint ones lie behind.
    pub curves: &'a [Curve<'a>],
    /// Changes whenever a value of a curve does.
    pub stamp: u64,
    /// Logarithmic y axis.
    pub log: bool,
    /// The last epoch the x axis has room for, at least.
    pub last_epoch: f64,
    /// The epoch of the thread through time.
    pub marker: Option<f64>,
    /// What happened along the way.
    pub notes: &'a [Note],
    /// Features a value is summed over, to tell it per feature too.
    pub features: Option<usize>,
}

/// What a person did to the plot.
#[derive(Debug)]
pub struct LossPlotResponse {
    /// The epoch the marker was moved to.
    pub seek: Option<f64>,
    /// Whether there are values that a logarithmic axis has no place for.
    pub hidden: bool,
}

/// What need not be computed again while nothing changes.
#[derive(Clone, Debug, Default)]
pub struct LossPlotCache {
    auto: Option<((u64, bool, usize), Limits, bool)>,
    lines: Option<(LinesKey, Vec<Lines>)>,
    /// Whether the drag under way is the marker's though egui gave it to the plot.
    grabbed: bool,
}

/// Stamp, scale, limits, width in pixels.
type LinesKey = (u64, bool, Limits, u32);
/// A curve as it is drawn: raw and shown.
type Lines = [Vec<[f64; 2]>; 2];

const MARGIN_BOTTOM: f32 = 22.0;
/// Where the marker's triangle can be grabbed: more than is painted of it, as a triangle is hard to hit.
const GRIP: Vec2 = vec2(26.0, 24.0);

/// Shows the plot in all the room there is.
pub fn loss_plot_ui(
    ui: &mut Ui,
    plot: &LossPlot<'_>,
    zoom: &mut Zoom,
    cache: &mut LossPlotCache,
) -> LossPlotResponse {
    let (outer, response) = ui.allocate_exact_size(ui.available_size(), Sense::click_and_drag());
    let p = palette(ui);
    ui.painter().rect_filled(outer, 0.0, color(p.plot));
    let (auto, hidden) = automatic_limits(plot, cache);
    let limits = zoom.limits.unwrap_or(auto);

    let y_room = ((outer.height() - 30.0) / 34.0).max(0.0) as usize;
    let mut ticks = Ticks {
        x: Vec::new(),
        y: if plot.log { log_ticks(limits.y, y_room) } else { linear_ticks(limits.y, y_room) },
    };
    let rect = Rect::from_min_max(
        pos2(outer.left() + ticks.y_width(ui) + 8.0, outer.top() + 10.0),
        pos2(outer.right() - 12.0, outer.bottom() - MARGIN_BOTTOM),
    );
    if rect.width() < 24.0 || rect.height() < 24.0 {
        return LossPlotResponse { seek: None, hidden };
    }
    let frame = Frame { rect, limits };
    ticks.x = frame.x_ticks().into_iter().filter(|tick| tick.at.fract() == 0.0).collect();
    ticks.paint(ui, &frame);

    let painter = inside(ui, rect.expand(1.5));
    for (curve, [raw, shown]) in plot.curves.iter().zip(lines(plot, &frame, cache)).rev() {
        paint_curve(&painter, &frame, curve, raw, shown);
    }
    let mut seek = None;
    paint_notes(ui, &frame, plot.notes);
    let epoch = hovered_epoch(plot, &frame, &response);
    if let Some(marker) = plot.marker {
        seek = marker_ui(ui, &frame, plot, marker, &response, &mut cache.grabbed);
        if response.has_focus() {
            seek = seek.or_else(|| marker_keys(ui, marker));
        }
    }
    if let Some(epoch) = epoch {
        let x = frame.at([epoch, limits.y[0]]).x;
        painter.vline(x, rect.y_range(), Stroke::new(1.0, color(p.faint)));
    }
    let told = epoch.or(plot.marker);
    paint_values(&painter, &frame, plot, told);
    legend(ui, &frame, plot, told, epoch.is_some());
    if response.has_focus() {
        ui.painter().rect_stroke(rect, 2.0, Stroke::new(1.0, color(p.accent)), StrokeKind::Outside);
    }
    if !cache.grabbed {
        zoom.interact(ui, &response, &frame, Drag::Box, false);
    }
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "loss over epochs"));
    response.on_hover_cursor(CursorIcon::Crosshair);
    LossPlotResponse { seek, hidden }
}

/// Limits around everything, and whether a logarithmic axis hides something.
fn automatic_limits(plot: &LossPlot<'_>, cache: &mut LossPlotCache) -> (Limits, bool) {
    let key = (plot.stamp, plot.log, plot.curves.len());
    let last = plot.last_epoch.max(1.0);
    let (around, hidden) = match cache.auto {
        Some((known, limits, hidden)) if known == key => (limits, hidden),
        _ => {
            let shown = || plot.curves.iter().map(|curve| curve.shown);
            let hidden = shown().any(|line| line.range(false).is_some_and(|[low, _]| low <= 0.0));
            let corners = shown().filter_map(|line| {
                let ([low, high], first, last) = (line.range(plot.log)?, line.first()?, line.last()?);
                Some([[first[0], scaled(low, plot.log)], [last[0], scaled(high, plot.log)]])
            });
            let around = Limits::around(corners.flatten());
            let limits = around.unwrap_or(Limits { x: [0.0, last], y: [0.0, 1.0] });
            let y = limits.with_margin(0.06).y;
            cache.auto = Some((key, Limits { y, ..limits }, hidden));
            (Limits { y, ..limits }, hidden)
        }
    };
    (Limits { x: [0.0, around.x[1].max(last)], y: around.y }, hidden)
}

fn scaled(y: f64, log: bool) -> f64 {
    match log {
        true if y > 0.0 => y.log10(),
        true => f64::NAN,
        false => y,
    }
}

/// The curves as they are drawn: raw and shown, decimated, in units of the axes.
fn lines<'c>(plot: &LossPlot<'_>, frame: &Frame, cache: &'c mut LossPlotCache) -> &'c [Lines] {
    let buckets = frame.rect.width().max(1.0) as u32;
    let key = (plot.stamp, plot.log, frame.limits, buckets);
    if !matches!(&cache.lines, Some((known, lines)) if *known == key && lines.len() == plot.curves.len()) {
        let draw = |line: &Line| -> Vec<[f64; 2]> {
            let mut line = line.decimated(frame.limits.x, buckets as usize);
            for point in &mut line {
                point[1] = scaled(point[1], plot.log);
            }
            line
        };
        let lines = plot.curves.iter().map(|curve| {
            let raw = if std::ptr::eq(curve.raw, curve.shown) { Vec::new() } else { draw(curve.raw) };
            [raw, draw(curve.shown)]
        });
        cache.lines = Some((key, lines.collect()));
    }
    cache.lines.as_ref().map_or(&[], |(_, lines)| lines)
}

fn paint_curve(painter: &Painter, frame: &Frame, curve: &Curve<'_>, raw: &[[f64; 2]], shown: &[[f64; 2]]) {
    let full = color(curve.color);
    let (width, tint) = if curve.faint { (1.2, full.gamma_multiply(0.5)) } else { (1.8, full) };
    stroke_line(painter, frame, raw, Stroke::new(1.0, tint.gamma_multiply(0.28)), false);
    stroke_line(painter, frame, shown, Stroke::new(width, tint), curve.dashed);
}

/// Draws every stretch of numbers as a line of its own; a single number between gaps becomes a dot.
fn stroke_line(painter: &Painter, frame: &Frame, points: &[[f64; 2]], stroke: Stroke, dashed: bool) {
    for stretch in points.split(|point| !point[1].is_finite()) {
        let path: Vec<Pos2> = clipped(stretch, frame.limits.x).map(|point| frame.at(point)).collect();
        match &path[..] {
            [] => {}
            [alone] => {
                painter.circle_filled(*alone, stroke.width * 1.3, stroke.color);
            }
            _ if dashed => {
                for dash in dashes(&path, 5.0, 3.5) {
                    painter.line(dash, stroke);
                }
            }
            _ => {
                painter.line(path, stroke);
            }
        }
    }
}

/// A line that ascends in x, cut off a little beyond both limits: deep in a zoom its points lie further away than pixels can be
/// counted.
fn clipped(line: &[[f64; 2]], [left, right]: [f64; 2]) -> impl Iterator<Item = [f64; 2]> {
    let margin = 0.02 * (right - left);
    let (left, right) = (left - margin, right + margin);
    let between = |a: [f64; 2], b: [f64; 2], x: f64| [x, a[1] + (x - a[0]) / (b[0] - a[0]) * (b[1] - a[1])];
    line.iter().enumerate().filter_map(move |(index, &point)| {
        if point[0] < left {
            line.get(index + 1).filter(|next| next[0] > left).map(|next| between(point, *next, left))
        } else if point[0] > right {
            let before = index.checked_sub(1).and_then(|before| line.get(before));
            before.filter(|before| before[0] < right).map(|before| between(*before, point, right))
        } else {
            Some(point)
        }
    })
}

/// Cuts an ascending path into dashes of `on` points across with gaps of `off`. Counted across and not along the line, so that a
/// jagged one keeps its gaps.
fn dashes(path: &[Pos2], on: f32, off: f32) -> Vec<Vec<Pos2>> {
    let Some(first) = path.first() else { return Vec::new() };
    let (mut lines, mut line) = (Vec::new(), vec![*first]);
    // Where the dash or gap under way ends.
    let (mut is_dash, mut end) = (true, first.x + on);
    for pair in path.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        while to.x > end {
            let t = (end - from.x) / (to.x - from.x);
            let cut = pos2(end, from.y + t * (to.y - from.y));
            if is_dash {
                line.push(cut);
                lines.push(std::mem::take(&mut line));
            } else {
                line.push(cut);
            }
            is_dash = !is_dash;
            end += if is_dash { on } else { off };
        }
        if is_dash {
            line.push(to);
        }
    }
    if line.len() > 1 {
        lines.push(line);
    }
    lines
}

/// The epoch under the pointer, if it is in the plot.
fn hovered_epoch(plot: &LossPlot<'_>, frame: &Frame, response: &Response) -> Option<f64> {
    let at = response.hover_pos().filter(|at| frame.rect.contains(*at))?;
    let last = plot.curves.iter().filter_map(|curve| curve.raw.last()).map(|point| point[0]);
    let first = plot.curves.iter().filter_map(|curve| curve.raw.first()).map(|point| point[0]);
    let (first, last) = (first.fold(f64::INFINITY, f64::min), last.fold(f64::NEG_INFINITY, f64::max));
    (first <= last).then(|| frame.value(at)[0].round().clamp(first, last))
}

/// Dots on the curves at the epoch that is told.
fn paint_values(painter: &Painter, frame: &Frame, plot: &LossPlot<'_>, epoch: Option<f64>) {
    let Some(epoch) = epoch else { return };
    for curve in plot.curves.iter().filter(|curve| !curve.faint) {
        let Some(value) = curve.shown.at(epoch) else { continue };
        let y = scaled(value, plot.log);
        if y.is_finite() {
            painter.circle_filled(frame.at([epoch, y]), 3.5, color(curve.color));
        }
    }
}

/// The amber marker: a triangle to be dragged, on a dotted line that can be dragged as well.
fn marker_ui(
    ui: &Ui,
    frame: &Frame,
    plot: &LossPlot<'_>,
    epoch: f64,
    whole: &Response,
    grabbed: &mut bool,
) -> Option<f64> {
    let Limits { x: [left, right], y: [bottom, _] } = frame.limits;
    *grabbed &= whole.dragged();
    let (x, rect) = (frame.at([epoch, bottom]).x, frame.rect);
    if !(left..=right).contains(&epoch) {
        return None;
    }
    let line_rect = Rect::from_x_y_ranges(x - 4.5..=x + 4.5, rect.y_range());
    let grip_rect = Rect::from_center_size(pos2(x, rect.top()), GRIP);
    if whole.drag_started_by(PointerButton::Primary) {
        // In a slow frame the pointer has left the marker before egui looks what lies under it.
        let from = ui.input(|input| input.pointer.press_origin());
        *grabbed = from.is_some_and(|from| grip_rect.contains(from) || line_rect.contains(from));
    }
    let id = whole.id.with("marker");
    // Without the focus: the keyboard meets the marker once.
    let line = ui.interact(line_rect, id.with("line"), Sense::DRAG);
    line.widget_info(|| WidgetInfo::labeled(Role::Image, true, "epoch line"));
    let grip = ui.interact(grip_rect, id, Sense::drag());
    grip.widget_info(|| WidgetInfo::slider(true, epoch, "epoch marker"));
    let [line, grip] = [line, grip].map(|part| part.on_hover_and_drag_cursor(CursorIcon::ResizeHorizontal));
    let strong = [&line, &grip].iter().any(|part| part.hovered() || part.dragged()) || grip.has_focus();
    paint_marker(ui, x, rect, strong, grip.has_focus());

    let known = plot.curves.iter().filter(|curve| !curve.faint).filter_map(|curve| curve.raw.last());
    let newest = known.map(|point| point[0]).fold(0.0, f64::max);
    let parts = [&line, &grip].into_iter().chain(grabbed.then_some(whole));
    let dragged = parts.into_iter().find(|part| part.dragged());
    let to = dragged.and_then(Response::interact_pointer_pos);
    let to = to.map(|to| frame.value(to)[0].round());
    if grip.has_focus() {
        let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(grip.id, filter));
        return to.or_else(|| marker_keys(ui, epoch)).map(|to| to.clamp(0.0, newest));
    }
    to.map(|to| to.clamp(0.0, newest))
}

fn paint_marker(ui: &Ui, x: f32, rect: Rect, strong: bool, focused: bool) {
    let p = palette(ui);
    let ends = [pos2(x, rect.top()), pos2(x, rect.bottom())];
    let stroke = Stroke::new(if strong { 2.0 } else { 1.2 }, color(p.thread));
    ui.painter().extend(Shape::dashed_line(&ends, stroke, 2.0, 3.0));
    let (half, tip) = if strong { (7.0, 6.0) } else { (6.0, 5.0) };
    let top = rect.top() - 6.0;
    let corners = vec![pos2(x - half, top), pos2(x + half, top), pos2(x, rect.top() + tip)];
    let outline = if focused { Stroke::new(1.0, color(p.accent)) } else { Stroke::NONE };
    ui.painter().add(Shape::convex_polygon(corners, color(p.thread), outline));
}

/// The epoch the arrow keys ask for.
fn marker_keys(ui: &Ui, epoch: f64) -> Option<f64> {
    let pressed = |key| ui.input(|input| input.key_pressed(key));
    match (pressed(Key::ArrowLeft), pressed(Key::ArrowRight)) {
        (true, _) => Some((epoch - 1.0).max(0.0)),
        (_, true) => Some(epoch + 1.0),
        _ => None,
    }
}

/// Small ticks at the foot of the plot, told when pointed at.
fn paint_notes(ui: &Ui, frame: &Frame, notes: &[Note]) {
    let tint = color(palette(ui).dim);
    for (index, note) in notes.iter().enumerate() {
        let foot = frame.at([note.epoch, frame.limits.y[0]]);
        if !frame.rect.x_range().contains(foot.x) {
            continue;
        }
        let shape = vec![foot + vec2(-4.0, 0.0), foot + vec2(0.0, -8.0), foot + vec2(4.0, 0.0)];
        ui.painter().add(Shape::convex_polygon(shape, tint, Stroke::NONE));
        let area = Rect::from_center_size(foot - vec2(0.0, 4.0), vec2(14.0, 14.0));
        ui.interact(area, ui.scope_id().with(("note", index)), Sense::hover()).on_hover_text(&note.text);
    }
}

/// Names and values in a box at the upper right; values per feature are added under the pointer.
fn legend(ui: &Ui, frame: &Frame, plot: &LossPlot<'_>, epoch: Option<f64>, detailed: bool) {
    let p = palette(ui);
    let painter = inside(ui, frame.rect);
    let font = FontId::proportional(11.5);
    let text = |text: String, tint: Rgb| painter.layout_no_wrap(text, font.clone(), color(tint));
    let per_feature = plot.features.filter(|features| detailed && *features > 1);
    // What only stands for comparison is listed by its validation, if it has one, until it is pointed at.
    let is_told_by = |curve: &Curve<'_>, other: &Curve<'_>| other.dashed && other.color == curve.color;
    let brief = |curve: &&Curve<'_>| {
        detailed || !curve.faint || curve.dashed || !plot.curves.iter().any(|other| is_told_by(curve, other))
    };
    let curves: Vec<&Curve<'_>> = plot.curves.iter().filter(brief).collect();
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
    let (line, lines) = (17.0, rows.len() + usize::from(detailed));
    let size = vec2(columns.iter().sum::<f32>() + 16.0, line * lines as f32 + 10.0);
    if rows.is_empty() || size.x > frame.rect.width() * 0.9 || size.y > frame.rect.height() * 0.6 {
        return;
    }
    let area = Rect::from_min_size(pos2(frame.rect.right() - size.x - 4.0, frame.rect.top() + 4.0), size);
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
    for (curve, row) in curves.into_iter().zip(&rows) {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_off_where_nobody_sees_it() {
        let line = [[0.0, 0.0], [1.0, 1.0], [2.0, 4.0], [3.0, 0.0]];
        let cut = |x: [f64; 2]| clipped(&line, x).collect::<Vec<_>>();
        assert_eq!(cut([0.0, 3.0]), line);
        let deep = cut([1.25, 1.25 + 1e-9]);
        assert_eq!(deep.len(), 2);
        assert!(deep.iter().all(|[x, y]| (x - 1.25).abs() < 2e-9 && (y - 1.75).abs() < 1e-8), "{deep:?}");
        assert_eq!(cut([1.0, 2.0]).len(), 4, "{:?}", cut([1.0, 2.0]));
        assert_eq!(cut([5.0, 6.0]), [] as [[f64; 2]; 0]);
    }

    #[test]
    fn dashes_are_counted_across_however_jagged_the_line() {
        let straight = [pos2(0.0, 7.0), pos2(20.0, 7.0)];
        let jagged: Vec<Pos2> = (0..=200).map(|i| pos2(i as f32 * 0.1, (i % 2) as f32 * 50.0)).collect();
        for path in [&straight[..], &jagged] {
            let ends: Vec<(f32, f32)> = dashes(path, 5.0, 3.0)
                .iter()
                .map(|dash| (dash[0].x, dash.last().map_or(f32::NAN, |last| last.x)))
                .collect();
            for (end, expected) in ends.iter().zip([(0.0, 5.0), (8.0, 13.0), (16.0, 20.0)]) {
                assert!((end.0 - expected.0).abs() < 1e-4 && (end.1 - expected.1).abs() < 1e-4, "{ends:?}");
            }
            assert_eq!(ends.len(), 3);
        }
        assert!(dashes(&[], 5.0, 3.0).is_empty());
    }

    #[test]
    fn a_logarithmic_axis_has_no_place_for_zero() {
        assert_eq!(scaled(100.0, true), 2.0);
        assert!(scaled(0.0, true).is_nan() && scaled(-1.0, true).is_nan());
        assert_eq!(scaled(-1.0, false), -1.0);
    }
}
