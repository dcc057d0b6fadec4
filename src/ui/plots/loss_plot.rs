//! Curves over epochs: solid and dashed, faint where they only stand for comparison; values under
//! the pointer, a marker that can be dragged through time.

mod marker;
mod readout;
mod strokes;

use egui::{CursorIcon, Role, Stroke, StrokeKind, Ui, WidgetInfo};

use self::marker::{marker_keys, marker_ui, notes_ui};
use self::readout::{hovered_epoch, paint_readout, paint_values};
use self::strokes::Strokes;
use super::chart::Chart;
use super::limits::Limits;
use super::paint::{color, inside, palette};
use super::zoom::{Drag, Zoom};
use crate::figure::ticks::{linear_ticks, log_ticks, whole};
use crate::figure::{Line, Rgb, scaled};

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
    /// The ends of both axes.
    pub limits: Limits,
}

/// What need not be computed again while nothing changes.
#[derive(Clone, Debug, Default)]
pub struct LossPlotCache {
    auto: Option<((u64, bool, usize), Limits, bool)>,
    strokes: Strokes,
    /// Whether the drag under way is the marker's though egui gave it to the plot.
    grabbed: bool,
}

/// Shows the plot in all the room there is.
pub fn loss_plot_ui(
    ui: &mut Ui,
    plot: &LossPlot<'_>,
    zoom: &mut Zoom,
    cache: &mut LossPlotCache,
) -> LossPlotResponse {
    let (id, outer) = ui.allocate_space(ui.available_size());
    let p = palette(ui);
    ui.painter().rect_filled(outer, 0.0, color(p.plot));
    let (auto, hidden) = automatic_limits(plot, cache);
    let limits = zoom.chosen().unwrap_or(auto);

    let y_room = ((outer.height() - 30.0) / 34.0).max(0.0) as usize;
    let y = if plot.log { log_ticks(limits.y, y_room) } else { linear_ticks(limits.y, y_room) };
    let Some(mut chart) = Chart::new(ui, outer, [10.0, 12.0], limits, y) else {
        return LossPlotResponse { seek: None, hidden, limits };
    };
    whole(&mut chart.x);
    let LossPlotCache { strokes, grabbed, .. } = cache;
    let chart = chart.show(ui, id, Drag::Box, false, |ui, shown, shapes| {
        shapes.extend_from_slice(strokes.shapes(plot, ui.visuals().dark_mode, shown));
    });

    let (response, shown) = (&chart.response, &chart.transform);
    let rect = *shown.frame();
    let painter = inside(ui, rect.expand(1.5));
    let mut seek = None;
    notes_ui(ui, shown, plot.notes);
    let epoch = hovered_epoch(plot, shown, response);
    if let Some(marker) = plot.marker {
        seek = marker_ui(ui, shown, plot, marker, response, grabbed);
        if response.has_focus() {
            seek = seek.or_else(|| marker_keys(ui, marker));
        }
    }
    if let Some(epoch) = epoch {
        // The library's ruler would stand under the pointer, beside the epoch that is told.
        let x = shown.position_from_point_x(epoch);
        painter.vline(x, rect.y_range(), Stroke::new(1.0, color(p.faint)));
    }
    let told = epoch.or(plot.marker);
    paint_values(&painter, shown, plot, told);
    paint_readout(ui, rect, plot, told, epoch.is_some());
    if response.has_focus() {
        ui.painter().rect_stroke(rect, 2.0, Stroke::new(1.0, color(p.accent)), StrokeKind::Outside);
    }
    zoom.keep(ui, &chart, if *grabbed { Drag::Other } else { Drag::Box });
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "loss over epochs"));
    chart.response.on_hover_cursor(CursorIcon::Crosshair);
    LossPlotResponse { seek, hidden, limits }
}

/// Limits around everything, and whether a logarithmic axis hides something.
fn automatic_limits(plot: &LossPlot<'_>, cache: &mut LossPlotCache) -> (Limits, bool) {
    let key = (plot.stamp, plot.log, plot.curves.len());
    let last = plot.last_epoch.max(1.0);
    let (around, hidden) = match cache.auto {
        Some((known, limits, hidden)) if known == key => (limits, hidden),
        _ => {
            let shown = plot.curves.iter().map(|curve| curve.shown);
            // The last epoch may become another one while the curves stay.
            let (limits, hidden) = Limits::of_curves(shown, plot.log, 1.0);
            cache.auto = Some((key, limits, hidden));
            (limits, hidden)
        }
    };
    (Limits { x: [0.0, around.x[1].max(last)], y: around.y }, hidden)
}
