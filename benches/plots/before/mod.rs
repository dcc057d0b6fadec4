//! Point cloud and loss plot as they were drawn before `egui_plot`, to be measured beside it.
#![allow(dead_code, reason = "a copy is kept whole")]

mod axes;
mod loss_plot;
mod number;
mod scatter;

pub use axes::{Limits, Zoom};
pub use loss_plot::{LossPlotCache, loss_plot_ui};
pub use scatter::{ScatterView, scatter_ui};
