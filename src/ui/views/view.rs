//! What every view of the centre is.

use egui::{KeyboardShortcut, Ui};

use crate::figure::Figure;
use crate::ui::state::{ExportWhat, Set, State};

/// A view of the centre: what it remembers between two frames, and how it is drawn.
pub(super) trait View {
    /// Its names, its icon and its keys.
    fn entry(&self) -> &'static Entry;

    /// Whether it has a warning to show: its tab is coloured, as another one may be in front.
    fn warns(&self, _state: &State) -> bool {
        false
    }

    /// Shows the view and does what is asked for in it. Says whether it is being dragged by its
    /// title.
    fn show(&mut self, ui: &mut Ui, state: &mut State) -> bool;

    /// What its menu offers to export, of which samples.
    fn export(&self) -> Option<(ExportWhat, Set)> {
        None
    }

    /// What it shows, as it was last shown, to be saved or copied.
    fn figures(&self, state: &State) -> Vec<Figure>;
}

/// What a view is called, and how it is brought to the front.
#[derive(Debug)]
pub struct Entry {
    /// Its name in the remembered layout: one word of letters, which must not change.
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

impl Entry {
    /// Its icon and its title, as they are shown.
    pub fn tab(&self) -> String {
        format!("{}  {}", self.icon, self.title)
    }
}
