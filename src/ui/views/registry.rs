//! All views in the central area.

use std::sync::LazyLock;

use super::data_preview::DataPreviewView;
use super::explore::ExploreView;
use super::health::HealthView;
use super::latent::LatentView;
use super::loss::LossView;
use super::reconstructions::ReconstructionsView;
use super::selection::SelectionView;
use super::view::{Entry, View};

/// Creates one of each view. Add new views here.
pub(super) fn all() -> Vec<Box<dyn View>> {
    vec![
        Box::<LossView>::default(),
        Box::<LatentView>::default(),
        Box::<ExploreView>::default(),
        Box::<ReconstructionsView>::default(),
        Box::<DataPreviewView>::default(),
        Box::<SelectionView>::default(),
        Box::<HealthView>::default(),
    ]
}

/// Every view's entry, in menu order.
pub static ENTRIES: LazyLock<Vec<&'static Entry>> =
    LazyLock::new(|| all().iter().map(|view| view.entry()).collect());
