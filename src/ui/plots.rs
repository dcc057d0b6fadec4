//! **Plots of plain slices**: curves, a scatter of tens of thousands of points, bars, pictures.
//! They know egui, numbers and colours; what a run or a data set is they do not know.
//!
//! The point cloud and the loss plot stand in a plot of `egui_plot`, which places values on the
//! screen, draws axes and grid, pans by dragging and zooms by pinching and by dragging an axis.
//! Ours are:
//!
//! - bars, histograms and profiles, which are a dozen small plots in one view: as plots of the
//!   library they cost 1.4 to 1.7 times as much per frame (`cargo bench --bench plots`);
//! - curves, as a line of the library draws a straight line over a gap (NaN) and counts dashes along
//!   a jagged line, so that they merge;
//! - the wheel alone, the middle button and keys, which ask the library to zoom and pan: it knows
//!   the wheel as panning, and one button;
//! - the box that is zoomed into: the library's begins where a drag is noticed and not where it
//!   began, lingers where the pointer is released outside, and takes drags that are the marker's;
//! - what was chosen, as settings keep it from start to start and a run ends it, and limits that
//!   glide after the data: the library's jump, and follow every epoch;
//! - the legend of classes, as the library's is worked by the mouse alone, has a disc for every
//!   shape of marker, and cannot scroll;
//! - the readout of an epoch: training and validation of a run have one colour, and the library's
//!   legend has neither dashes nor values; its labels are plain text under the pointer;
//! - the point under the pointer: the library would search a copy of all points, and find those of a
//!   faded class too.

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
