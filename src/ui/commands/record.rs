//! The record of a command, and its menu.

use egui::KeyboardShortcut;

use crate::ui::state::State;

/// A menu of the menu bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Menu {
    /// Files and the window.
    File,
    /// Edits of the document.
    Edit,
    /// Samples and cards.
    Select,
    /// Visibility of views and panels.
    View,
    /// Training and data.
    Run,
    /// Help and documentation.
    Help,
}

impl Menu {
    /// All menus, from left to right.
    pub const ALL: [Menu; 6] = [Menu::File, Menu::Edit, Menu::Select, Menu::View, Menu::Run, Menu::Help];

    /// Its name in the bar.
    pub fn name(self) -> &'static str {
        match self {
            Menu::File => "File",
            Menu::Edit => "Edit",
            Menu::Select => "Select",
            Menu::View => "View",
            Menu::Run => "Run",
            Menu::Help => "Help",
        }
    }

    /// A command in a group of this menu; always available unless the record says otherwise.
    pub(super) fn item(
        self,
        group: u8,
        title: &'static str,
        keys: &'static [KeyboardShortcut],
        effect: impl Fn(&mut State) + Send + Sync + 'static,
    ) -> Record {
        Record {
            menu: self,
            group,
            title,
            tooltip: "",
            keys,
            available: |_| Ok(()),
            is_on: |_| false,
            trains: false,
            effect: Box::new(effect),
        }
    }
}

/// The definition of a command.
pub(super) struct Record {
    pub menu: Menu,
    /// Groups of a menu are divided by separators.
    pub group: u8,
    pub title: &'static str,
    pub tooltip: &'static str,
    pub keys: &'static [KeyboardShortcut],
    /// Checks whether it is available; the error is the reason if not.
    pub available: fn(&State) -> Result<(), String>,
    /// Whether it is a toggle that is on.
    pub is_on: fn(&State) -> bool,
    /// Whether it trains and therefore needs data.
    pub trains: bool,
    pub effect: Box<dyn Fn(&mut State) + Send + Sync>,
}

impl Record {
    pub fn about(self, tooltip: &'static str) -> Record {
        Record { tooltip, ..self }
    }

    pub fn when(self, available: fn(&State) -> Result<(), String>) -> Record {
        Record { available, ..self }
    }

    pub fn on(self, is_on: fn(&State) -> bool) -> Record {
        Record { is_on, ..self }
    }

    pub fn trains(self) -> Record {
        Record { trains: true, ..self }
    }
}
