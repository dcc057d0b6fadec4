//! Curves over epochs: solid or dashed, and faint for compared runs, with values under the pointer
//! and a draggable marker at the replay position.

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

/// One curve, in ascending order of x.
#[derive(Clone, Copy, Debug)]
pub struct Curve<'a> {
    /// Its name in the legend.
    pub name: &'a str,
    /// Its colour.
    pub color: Rgb,
    /// Drawn thin and pale, for comparison.
    pub faint: bool,
    /// Drawn dashed.
    pub dashed: bool,
    /// The raw values over epochs, shown in the legend.
    pub raw: &'a Line,
    /// The values as drawn; equal to `raw` without smoothing.
    pub shown: &'a Line,
}

/// An event at an epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// Its time in epochs.
    pub epoch: f64,
    /// Its description.
    pub text: String,
}

/// Everything the plot shows.
#[derive(Clone, Copy, Debug)]
pub struct LossPlot<'a> {
    /// The curves, most important first; faint ones are drawn below the others.
    pub curves: &'a [Curve<'a>],
    /// Changes whenever a value of a curve does.
    pub stamp: u64,
    /// Logarithmic y axis.
    pub log: bool,
    /// Minimum of the last epoch on the x axis.
    pub last_epoch: f64,
    /// The epoch of the marker, the replay position.
    pub marker: Option<f64>,
    /// Events during the run.
    pub notes: &'a [Note],
    /// Number of features a value is summed over, to show it per feature too.
    pub features: Option<usize>,
}

/// User actions on the plot.
#[derive(Debug)]
pub struct LossPlotResponse {
    /// The epoch the marker was moved to.
    pub seek: Option<f64>,
    /// Whether there are values that a logarithmic axis cannot show.
    pub hidden: bool,
    /// The limits of both axes.
    pub limits: Limits,
}

/// Cached results, valid while nothing changes.
#[derive(Clone, Debug, Default)]
pub struct LossPlotCache {
    auto: Option<((u64, bool, usize), Limits, bool)>,
    strokes: Strokes,
    /// Whether the current drag belongs to the marker although egui assigned it to the plot.
    grabbed: bool,
}

/// Shows the plot in the available space.
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
        // The library's ruler would be at the pointer, not at the epoch whose values are shown.
        let x = shown.position_from_point_x(epoch);
        painter.vline(x, rect.y_range(), Stroke::new(1.0, color(p.faint)));
    }
    let epoch_shown = epoch.or(plot.marker);
    paint_values(&painter, shown, plot, epoch_shown);
    paint_readout(ui, rect, plot, epoch_shown, epoch.is_some());
    if response.has_focus() {
        ui.painter().rect_stroke(rect, 2.0, Stroke::new(1.0, color(p.accent)), StrokeKind::Outside);
    }
    zoom.keep(ui, &chart, if *grabbed { Drag::Other } else { Drag::Box });
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "loss over epochs"));
    chart.response.on_hover_cursor(CursorIcon::Crosshair);
    LossPlotResponse { seek, hidden, limits }
}

/// Limits around everything, and whether a logarithmic axis hides values.
fn automatic_limits(plot: &LossPlot<'_>, cache: &mut LossPlotCache) -> (Limits, bool) {
    let key = (plot.stamp, plot.log, plot.curves.len());
    let last = plot.last_epoch.max(1.0);
    let (around, hidden) = match cache.auto {
        Some((known, limits, hidden)) if known == key => (limits, hidden),
        _ => {
            let shown = plot.curves.iter().map(|curve| curve.shown);
            // The last epoch may change while the curves stay the same.
            let (limits, hidden) = Limits::of_curves(shown, plot.log, 1.0);
            cache.auto = Some((key, limits, hidden));
            (limits, hidden)
        }
    };
    (Limits { x: [0.0, around.x[1].max(last)], y: around.y }, hidden)
}
