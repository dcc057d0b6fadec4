//! **What plots of a run show, prepared without a screen**: series, ranges, colours and labels, and
//! [`Figure`](crate::figure::Figure)s of them. The window draws the same numbers, and the command
//! line writes the same figures.

mod latent;
mod loss;
mod smoother;

pub use latent::{CodePoints, PlacedRows, code_replay, grouping, lanes, latent, latent_figure, tells_groups};
pub use loss::{LossAxes, LossSeries, loss, loss_figure, loss_marks, loss_series};
pub use smoother::Smoother;
