//! **The views** of the centre, one file each. A view is given plain references to what it shows and its own small state;
//! it returns what a person asked for and changes nothing else. What connects it with the [`State`] is its [`View`].

mod arrangement;
mod data_preview;
mod differences;
mod health;
mod latent;
mod layout;
mod loss;
mod parts;
mod reconstructions;
mod replay;
mod runs;
mod sample;
mod tiles;

use std::sync::{Arc, LazyLock};

use egui::{KeyboardShortcut, Ui};

use self::data_preview::DataPreviewView;
use self::health::HealthView;
use self::latent::LatentView;
use self::loss::LossView;
use self::reconstructions::ReconstructionsView;
use super::state::State;
use crate::run::{Kept, Run};

pub use self::layout::WindowLayout;
pub use self::tiles::{Views, table_ui, views_ui};

/// A new one of every view. A view is added by its line here.
fn all() -> Vec<Box<dyn View>> {
    vec![
        Box::<LossView>::default(),
        Box::<LatentView>::default(),
        Box::<ReconstructionsView>::default(),
        Box::<DataPreviewView>::default(),
        Box::<HealthView>::default(),
    ]
}

/// Every view's entry, in the order of the menu.
pub static ENTRIES: LazyLock<Vec<&'static Entry>> =
    LazyLock::new(|| all().iter().map(|view| view.entry()).collect());

/// A view of the centre: what it remembers between two frames, and how it is drawn.
trait View {
    /// Its names, its icon and its keys.
    fn entry(&self) -> &'static Entry;

    /// Shows the view and does what is asked for in it. Says whether it is being dragged by its title.
    fn show(&mut self, ui: &mut Ui, state: &mut State) -> bool;
}

/// What a view is called, and how it is brought to the front.
#[derive(Debug)]
pub struct Entry {
    /// Its name in the remembered layout, which must not change.
    pub name: &'static str,
    /// The title of its tab.
    pub title: &'static str,
    /// A sign before the title of its tab.
    pub icon: &'static str,
    /// The command that brings it to the front.
    pub command: &'static str,
    /// What the command does, in a sentence.
    pub tooltip: &'static str,
    /// Its keys.
    pub keys: &'static [KeyboardShortcut],
}

/// What a run kept of the epoch the thread stands at; `None` is the newest.
fn kept_at(run: &Run, epoch: Option<u32>) -> Option<&Arc<Kept>> {
    match epoch {
        None => run.kept.newest(),
        Some(epoch) => run.kept.at(epoch).or_else(|| run.kept.iter().next()),
    }
}

#[cfg(test)]
pub(super) mod samples;
#[cfg(test)]
mod tests;
