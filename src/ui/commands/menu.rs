//! The menus. Which commands are in them is said by the records of the commands.

use egui::KeyboardShortcut;

use super::Record;
use super::table::{Command, TABLE};
use crate::ui::state::State;

/// A menu of the menu bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Menu {
    /// Files and the window.
    File,
    /// The document.
    Edit,
    /// What is visible.
    View,
    /// Training and data.
    Run,
    /// Explanations.
    Help,
}

impl Menu {
    /// All menus, from the left.
    pub const ALL: [Menu; 5] = [Menu::File, Menu::Edit, Menu::View, Menu::Run, Menu::Help];

    /// Its name in the bar.
    pub fn name(self) -> &'static str {
        match self {
            Menu::File => "File",
            Menu::Edit => "Edit",
            Menu::View => "View",
            Menu::Run => "Run",
            Menu::Help => "Help",
        }
    }

    /// Its commands in order, in groups that lines part.
    pub fn groups(self) -> impl Iterator<Item = Vec<Command>> {
        let groups = TABLE.chunk_by(|(_, a), (_, b)| (a.menu, a.group) == (b.menu, b.group));
        let own = groups.filter(move |group| group[0].1.menu == self);
        own.map(|group| group.iter().map(|(command, _)| *command).collect())
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
