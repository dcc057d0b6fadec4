//! All views of the centre.

use std::sync::LazyLock;

use super::data_preview::DataPreviewView;
use super::explore::ExploreView;
use super::health::HealthView;
use super::latent::LatentView;
use super::loss::LossView;
use super::reconstructions::ReconstructionsView;
use super::view::{Entry, View};

/// A new one of every view. A view is added by its line here.
pub(super) fn all() -> Vec<Box<dyn View>> {
    vec![
        Box::<LossView>::default(),
        Box::<LatentView>::default(),
        Box::<ExploreView>::default(),
        Box::<ReconstructionsView>::default(),
        Box::<DataPreviewView>::default(),
        Box::<HealthView>::default(),
    ]
}

/// Every view's entry, in the order of the menu.
pub static ENTRIES: LazyLock<Vec<&'static Entry>> =
    LazyLock::new(|| all().iter().map(|view| view.entry()).collect());
