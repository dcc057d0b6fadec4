//! **Plots of plain slices**: curves, a scatter of tens of thousands of points, bars, pictures.
//! They use egui, numbers and colours, and do not depend on runs or data sets.
//!
//! The point cloud and the loss plot use `egui_plot`, which maps values to the screen, draws axes
//! and grid, pans by dragging, and zooms by pinching and by dragging an axis. Implemented here:
//!
//! - bars, histograms and profiles, of which one view shows about a dozen: as `egui_plot` plots
//!   they cost 1.4 to 1.7 times as much per frame (`cargo bench --bench plots`);
//! - curves, because a line of the library bridges gaps (NaN) and measures dashes along a jagged
//!   line, so that they merge;
//! - zooming and panning by the wheel without a modifier, the middle button and keys: the library
//!   pans with the wheel and with one button;
//! - the zoom box: the library's starts where a drag is detected rather than where it began,
//!   remains when the pointer is released outside, and takes drags that belong to the marker;
//! - the chosen limits, which are saved in the settings and reset when a run ends, and limits that
//!   follow the data smoothly: the library's jump, and change every epoch;
//! - the legend of classes, because the library's only works with the mouse, shows a disc for every
//!   shape of marker, and cannot scroll;
//! - the readout of an epoch: training and validation of a run share a colour, and the library's
//!   legend has neither dashes nor values; its labels are plain text under the pointer;
//! - the point under the pointer: the library would search a copy of all points, including those of
//!   a faded class.

mod bars;
mod chart;
mod density;
mod legend;
mod limits;
mod loss_plot;
mod markers;
mod paint;
mod picture;
mod profile;
mod scatter;
mod zoom;

pub use crate::figure::{Line, PointColors, class_marker};
pub use bars::{Bars, bars_ui, histogram_ui};
pub use legend::{class_legend_ui, class_legend_width, color_bar_ui};
pub use limits::Limits;
pub use loss_plot::{Curve, LossPlot, LossPlotCache, LossPlotResponse, Note, loss_plot_ui};
pub use markers::{Markers, legend_marker};
pub use paint::{color, palette, pictured};
pub use picture::{Atlas, DisplayRange};
pub use profile::{Profile, profile_ui};
pub use scatter::{Scatter, ScatterView, ShownScatter, scatter_ui};
pub(crate) use scatter::{shortened, stamp_of};
pub use zoom::{Drag, Zoom};
