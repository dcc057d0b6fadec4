//! **Data of a run's plots, computed without a screen**: series, ranges, colours and labels, and
//! [`Figure`](crate::figure::Figure)s of them. The window draws these numbers, and
//! `hourglass figure` writes these figures.
//!
//! `loss` and `latent` prepare the plots of those names, `sample_page` and `reconstructions`
//! prepare samples with their reconstructions, `pages` decoded samples and traversals, `codes` and
//! `channels` picture codes.

mod channels;
mod codes;
mod latent;
mod loss;
mod pages;
mod reconstructions;
mod sample;
mod sample_page;
mod shades;
mod smoother;

pub use channels::{ChannelPage, largest, strongest_channels};
pub use codes::{CodePictures, MOST_CHANNELS};
pub use latent::{
    CodePoints, PlacedRows, class_rows, code_replay, grouping, has_groups, latent, latent_figure,
};
pub use loss::{LossAxes, LossSeries, loss, loss_figure, loss_marks, loss_series};
pub use pages::{MOST_TRAVERSED, TRAVERSAL_STEPS, page_drawing, sample_lines, traversals, traversed};
pub use reconstructions::{
    PageChoice, reconstruction_replay, reconstructions_figure, set_reconstructions, watched_reconstructions,
};
pub use sample::{Sampler, picture_of, row_name, value_names};
pub use sample_page::{Given, SamplePage, shown_channels};
pub use shades::DisplayRange;
pub use smoother::Smoother;
