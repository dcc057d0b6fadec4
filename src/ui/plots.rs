//! **Plots of plain slices**: curves, a scatter of tens of thousands of points, bars, pictures.
//! They know egui, numbers and colours; what a run or a data set is they do not know.
//!
//! The point cloud and the loss plot stand in a plot of `egui_plot`, which places values on the
//! screen and draws axes and grid. Ours are:
//!
//! - bars, histograms and profiles, which are a dozen small plots in one view: as plots of the
//!   library they cost 1.3 times as much per frame (`cargo bench --bench plots`);
//! - curves, as a line of the library draws a straight line over a gap (NaN) and counts dashes along
//!   a jagged line, so that they merge;
//! - gestures: the wheel zooms without a key held, and what is shown glides after the data;
//! - legends, which isolate a class or show values at the pointer, and the readout of an epoch.

mod bars;
mod chart;
mod legend;
mod limits;
mod line;
mod loss_plot;
mod markers;
mod paint;
mod picture;
mod profile;
mod scatter;
mod zoom;

use crate::figure::ticks as number;

pub use crate::figure::{Marker, PointColors, Smoother, class_marker, decimate};
pub use crate::project::{format_number, format_secs};
pub use bars::{Bars, bars_ui, histogram_ui};
pub use legend::{class_legend_ui, class_legend_width, color_bar_ui};
pub use limits::Limits;
pub use line::Line;
pub use loss_plot::{Curve, LossPlot, LossPlotCache, LossPlotResponse, Note, loss_plot_ui};
pub use markers::{Markers, legend_marker};
pub use paint::{color, palette, pictured};
pub use picture::{Atlas, DisplayRange};
pub use profile::{Profile, profile_ui};
pub use scatter::{Scatter, ScatterView, ShownScatter, scatter_ui};
pub(crate) use scatter::{shortened, stamp_of};
pub use zoom::{Drag, Zoom};
