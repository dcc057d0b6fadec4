//! **Plots of plain slices**: axes, curves, a scatter of tens of thousands of points, pictures. They know egui, numbers
//! and colours; what a run or a data set is they do not know.

mod axes;
mod bars;
mod curve;
mod legend;
mod line;
mod loss_plot;
mod markers;
mod number;
mod paint;
mod picture;
mod profile;
mod scatter;

pub use axes::{Drag, Frame, Limits, Ticks, Zoom, follow};
pub use bars::{Bars, bars_ui, histogram_ui};
pub use curve::{Smoother, decimate};
pub use legend::{class_legend_ui, class_legend_width, color_bar_ui};
pub use line::Line;
pub use loss_plot::{Curve, LossPlot, LossPlotCache, LossPlotResponse, Note, loss_plot_ui};
pub use markers::{Marker, Markers, class_marker, legend_marker};
pub use number::{Tick, format_number, format_secs, linear_ticks};
pub use paint::{color, palette, pictured};
pub use picture::{Atlas, DisplayRange};
pub use profile::{Profile, profile_ui};
pub use scatter::{PointColors, Scatter, ScatterView, scatter_ui};
pub(crate) use scatter::{shortened, stamp_of};
