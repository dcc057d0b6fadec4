//! What is known of a command, and the menu it is in.

use egui::KeyboardShortcut;

use crate::ui::state::State;

/// A menu of the menu bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Menu {
    /// Files and the window.
    File,
    /// The document.
    Edit,
    /// Samples and cards.
    Select,
    /// What is visible.
    View,
    /// Training and data.
    Run,
    /// Explanations.
    Help,
}

impl Menu {
    /// All menus, from the left.
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

    /// A command in a group of this menu, which can always be given unless the record says otherwise.
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

/// All there is to know of a command.
pub(super) struct Record {
    pub menu: Menu,
    /// Lines part the groups of a menu.
    pub group: u8,
    pub title: &'static str,
    pub tooltip: &'static str,
    pub keys: &'static [KeyboardShortcut],
    /// Why it cannot be given just now.
    pub available: fn(&State) -> Result<(), String>,
    /// Whether it is a switch that is on.
    pub is_on: fn(&State) -> bool,
    /// Whether it trains, and so needs data.
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
