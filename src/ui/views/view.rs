//! The interface of the views in the central area.

use egui::{KeyboardShortcut, Ui};

use crate::figure::Figure;
use crate::ui::state::{ExportWhat, Set, State};

/// A view in the central area: its state, and how it is drawn.
pub(super) trait View {
    /// Its names, icon and keys.
    fn entry(&self) -> &'static Entry;

    /// Whether it shows a warning. If another tab is in front, the view's tab is coloured.
    fn warns(&self, _state: &State) -> bool {
        false
    }

    /// Shows the view and carries out its requests. Returns whether its title is being dragged.
    fn show(&mut self, ui: &mut Ui, state: &mut State) -> bool;

    /// The export offered in its menu: content and samples.
    fn export(&self) -> Option<(ExportWhat, Set)> {
        None
    }

    /// Its content as last shown, as figures to save or copy.
    fn figures(&self, state: &State) -> Vec<Figure>;
}

/// The names of a view, and the command that brings it to the front.
#[derive(Debug)]
pub struct Entry {
    /// Its name in the saved layout: one word of letters, which must not change.
    pub name: &'static str,
    /// The title of its tab.
    pub title: &'static str,
    /// An icon before the title of its tab.
    pub icon: &'static str,
    /// The command that brings it to the front.
    pub command: &'static str,
    /// The description of the command in one sentence.
    pub tooltip: &'static str,
    /// Its keys.
    pub keys: &'static [KeyboardShortcut],
}

impl Entry {
    /// Its icon and title as displayed.
    pub fn tab(&self) -> String {
        format!("{}  {}", self.icon, self.title)
    }
}
