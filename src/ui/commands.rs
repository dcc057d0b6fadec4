//! **The commands**: everything available by menu, keys or the command palette. Each is one record
//! in the table in `table.rs`: its title, a one-sentence description, its keys, its menu, when it
//! is available, and its effect.

mod conditions;
mod layers;
mod record;
mod table;

use std::sync::LazyLock;

use egui::KeyboardShortcut;

pub use self::record::Menu;
use self::record::Record;
pub use self::table::Command;
use self::table::TABLE;
use super::state::{BottomTab, ExportWhat, RunAction, RunField, Set, State};
use crate::check::Severity;
use crate::run::RunId;

/// Placeholder for a view that does not exist; never available.
static UNKNOWN: LazyLock<Record> = LazyLock::new(|| {
    let record = Menu::View.item(0, "Unknown command", &[], |_| {});
    record.when(|_| Err("There is no such view.".to_owned()))
});

impl Command {
    /// Iterates over all commands, menu by menu.
    pub fn all() -> impl Iterator<Item = Command> {
        TABLE.iter().map(|(command, _)| *command)
    }

    fn record(self) -> &'static Record {
        let known = TABLE.iter().find(|(command, _)| *command == self);
        known.map_or(&*UNKNOWN, |(_, record)| record)
    }

    /// Its name in menus and the palette.
    pub fn text(self) -> &'static str {
        self.record().title
    }

    /// Its description in one sentence.
    pub fn tooltip(self) -> &'static str {
        self.record().tooltip
    }

    /// Its keys; the first is shown in menus.
    pub fn shortcuts(self) -> &'static [KeyboardShortcut] {
        self.record().keys
    }

    /// Returns whether it is available.
    ///
    /// # Errors
    /// The reason why it is unavailable, as a sentence for the user.
    pub fn available(self, state: &State) -> Result<(), String> {
        (self.record().available)(state)
    }

    /// Whether it is a toggle that is on.
    pub fn is_on(self, state: &State) -> bool {
        (self.record().is_on)(state)
    }
}

impl Menu {
    /// Its commands in order, in groups divided by separators.
    pub fn groups(self) -> impl Iterator<Item = Vec<Command>> {
        let groups = TABLE.chunk_by(|(_, a), (_, b)| (a.menu, a.group) == (b.menu, b.group));
        let own = groups.filter(move |group| group[0].1.menu == self);
        own.map(|group| group.iter().map(|(command, _)| *command).collect())
    }
}

impl State {
    /// Runs a command; reports the reason if it is not available.
    pub fn run(&mut self, command: Command) {
        let record = command.record();
        if let Err(reason) = (record.available)(self) {
            self.notices.say(Severity::Info, format!("{}: {reason}", record.title));
            if record.trains && self.derived.no_data().is_some() {
                self.show_bottom(BottomTab::Problems);
            }
            return;
        }
        (record.effect)(self);
        self.refresh(false);
    }

    /// Performs an action from the table of runs.
    pub fn act_on_run(&mut self, action: RunAction) {
        match action {
            RunAction::Select(id) => self.select_run(id),
            RunAction::Compare(id, on) => self.compare(id, on),
            RunAction::RestoreDesign(id) => self.with_run(id, Command::RestoreDesign),
            RunAction::Resume(id) => self.with_run(id, Command::Resume),
            RunAction::TrainMore(id) => self.with_run(id, Command::TrainMore),
            RunAction::Page(id) => self.open_page(id, None),
            RunAction::Rename(id) => self.open_page(id, Some(RunField::Name)),
            RunAction::Note(id) => self.open_page(id, Some(RunField::Note)),
            RunAction::Hide(id, is_hidden) => self.hide_run(id, is_hidden),
            RunAction::Evaluate(id, subset) => {
                self.select_run(id);
                match conditions::evaluable_on(self, subset) {
                    Ok(()) => self.evaluate(subset),
                    Err(reason) => self.notices.say(Severity::Info, reason),
                }
            }
            RunAction::Export(id) => {
                self.select_run(id);
                self.ask_export(ExportWhat::Weights, Set::All);
            }
            RunAction::Delete(id) => self.delete_run(id),
        }
    }

    /// Performs an action on the shown run.
    fn on_shown(&mut self, action: fn(RunId) -> RunAction) {
        if let Some(id) = self.shown().map(|run| run.id) {
            self.act_on_run(action(id));
        }
    }

    /// Hides the shown run, or shows it again.
    fn toggle_hidden(&mut self) {
        if let Some((id, is_hidden)) = self.shown().map(|run| (run.id, run.caption.is_hidden)) {
            self.hide_run(id, !is_hidden);
        }
    }

    fn with_run(&mut self, id: RunId, command: Command) {
        self.select_run(id);
        self.run(command);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::project::Layer;
    use crate::ui::views::ENTRIES;

    #[test]
    fn every_command_has_text_a_sentence_and_keys_of_its_own() {
        let mut texts = HashSet::new();
        let mut keys = HashSet::new();
        for command in Command::all() {
            assert!(texts.insert(command.text()), "{command:?}: text used twice");
            assert!(command.tooltip().ends_with('.'), "{command:?}: {}", command.tooltip());
            assert!(!command.shortcuts().is_empty(), "{command:?} has no shortcut");
            for shortcut in command.shortcuts() {
                assert!(keys.insert(*shortcut), "{command:?}: {shortcut:?} used twice");
            }
        }
    }

    #[test]
    fn every_command_is_in_one_menu_and_every_layer_and_view_has_one() {
        let listed: Vec<Command> = Menu::ALL.into_iter().flat_map(Menu::groups).flatten().collect();
        let unique: HashSet<Command> = listed.iter().copied().collect();
        assert_eq!(listed.len(), unique.len());
        let layers = Layer::ALL.iter().map(Command::adding);
        let views = ENTRIES.iter().map(|entry| Command::Show(entry.name));
        for command in layers.chain(views) {
            assert!(unique.contains(&command), "{command:?}");
        }
        assert!(Command::Show("Nowhere").available(&State::default()).is_err());
    }

    #[test]
    fn unavailable_commands_are_refused_in_a_new_window() {
        use Command::*;
        let state = State::default();
        let refused: HashSet<Command> =
            Command::all().filter(|command| command.available(&state).is_err()).collect();
        let expected = [
            ShowOther,
            ReloadOther,
            Revert,
            Undo,
            Redo,
            Duplicate,
            Remove,
            MoveUp,
            MoveDown,
            SelectAll,
            InvertSelection,
            ClearSelection,
            SelectClass,
            NameSelection,
            KeepComparison,
            PinSelected,
            Export,
            CancelExport,
            ExportTable,
            ExportPictures,
            ExportRestored,
            TrainOrPause,
            StepOnce,
            EpochOnce,
            Stop,
            TrainNew,
            Resume,
            TrainMore,
            FindRate,
            RestoreDesign,
            EvaluateTest,
            RunPage,
            RenameRun,
            NoteRun,
            HideRun,
            DeleteRun,
            LocateData,
            CancelLoad,
        ];
        assert_eq!(refused, HashSet::from(expected));
        let trains: HashSet<Command> = Command::all().filter(|command| command.record().trains).collect();
        let expected = [TrainOrPause, StepOnce, EpochOnce, TrainNew, Resume, TrainMore, FindRate];
        assert_eq!(trains, HashSet::from(expected));
    }

    #[test]
    fn unavailable_commands_give_a_reason_in_a_new_window() {
        let state = State::default();
        let reason = |command: Command| command.available(&state).err().unwrap_or_default();
        assert!(reason(Command::Undo).contains("undo"));
        assert!(reason(Command::Remove).contains("cannot be changed"));
        assert!(reason(Command::TrainMore).contains("no run"));
        assert!(reason(Command::TrainOrPause).contains("not loaded yet"));
        assert!(reason(Command::TrainNew).contains("not loaded yet"));
        assert!(reason(Command::EvaluateTest).contains("no run"));
        assert_eq!(Command::New.available(&state), Ok(()));
    }

    /// The page of the documentation that lists all shortcuts.
    fn page() -> String {
        let row = |command: Command| {
            let keys = command.shortcuts().iter();
            let keys: Vec<String> =
                keys.map(|keys| keys.format(&egui::ModifierNames::NAMES, false)).collect();
            format!("| {} | {} | {} |\n", command.text(), keys.join(", "), command.tooltip())
        };
        let section = |menu: Menu| {
            let rows: String = menu.groups().flatten().map(row).collect();
            format!("\n## {}\n\n| command | keys | what it does |\n|---|---|---|\n{rows}", menu.name())
        };
        let sections: String = Menu::ALL.into_iter().map(section).collect();
        let keys = "Ctrl is Cmd on a Mac, and Alt is Option.";
        let tasks = [
            ("find a command by a few letters of its name", "Ctrl+K in the window"),
            ("see this list in the window", "F1"),
            ("open, save and export", "[File](#file)"),
            ("change the network, undo", "[Edit](#edit)"),
            ("select samples", "[Select](#select)"),
            ("show a view or a panel, zoom", "[View](#view)"),
            ("train, stop, evaluate, load data", "[Run](#run)"),
        ];
        let tasks = tasks.map(|(to, place)| format!("| {to} | {place} |\n")).concat();
        format!("# Keyboard shortcuts\n\n{keys}\n\n| to … | go to |\n|---|---|\n{tasks}{sections}")
    }

    #[test]
    fn the_page_of_shortcuts_matches_the_table_of_commands() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/shortcuts.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, page()).expect("written");
        }
        let written = std::fs::read_to_string(path).expect("docs/shortcuts.md");
        assert!(
            written == page(),
            "docs/shortcuts.md is out of date: UPDATE_DOCS=1 cargo test --lib page_of_shortcuts writes it"
        );
    }
}
