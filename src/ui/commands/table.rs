//! The table of all commands.

use std::mem::Discriminant;
use std::sync::LazyLock;

use egui::ThemePreference;

use super::record::{Menu, Record};
use super::{conditions, layers};
use crate::dataset::Subset;
use crate::figure::Form;
use crate::project::Layer;
use crate::session::{Request, Start};
use crate::ui::keys::keys;
use crate::ui::state::{
    BottomTab, Dialog, Effect, FigureAction, Palette, PendingAction, RunAction, SELECTION_VIEW, SaveKind,
    State,
};
use crate::ui::update::{LOCATE, RELOAD};
use crate::ui::views;

/// Declares the commands, each with one complete record.
macro_rules! commands {
    ($($id:ident => $record:expr;)*) => {
        /// A command of the menus, keys and command palette.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the records say what each one does")]
        pub enum Command {
            $($id,)*
            /// Adds a layer of this kind.
            Add(Discriminant<Layer>),
            /// Brings the view with this name to the front.
            Show(&'static str),
        }

        /// Every command with its record, menu by menu.
        pub(super) static TABLE: LazyLock<Vec<(Command, Record)>> = LazyLock::new(|| {
            let mut table = vec![$((Command::$id, $record)),*];
            table.extend(layers::records().map(|(layer, record)| (Command::adding(&layer), record)));
            table.extend(shows());
            // The sort is stable: within a group, commands keep the order of the table.
            table.sort_by_key(|(_, record)| (record.menu, record.group));
            table
        });
    };
}

commands! {
    New => Menu::File
        .item(1, "New…", keys![CTRL, N], |state| state.ask(PendingAction::New))
        .about("Start a new project from your own data or a recipe.");
    Open => Menu::File
        .item(1, "Open…", keys![CTRL, O], |state| state.ask(PendingAction::Open))
        .about("Open a project (.hourglass) or a design (.ron).");
    ShowOther => Menu::File
        .item(1, "Show other data…", keys![CTRL_SHIFT, O], State::ask_other)
        .about("Encode and reconstruct other files with the shown run; the design keeps its data.")
        .when(conditions::has_weights);
    ReloadOther => Menu::File
        .item(1, "Reload other data", keys![CTRL_ALT, J], State::reload_others)
        .about("Load the other data of the project again, for the shown run.")
        .when(conditions::has_others);
    Save => Menu::File
        .item(2, "Save", keys![CTRL, S], State::save)
        .about("Save the project with its runs.")
        .when(conditions::not_writing);
    SaveAs => Menu::File
        .item(2, "Save as…", keys![CTRL_SHIFT, S], |state| state.ask_where(SaveKind::Project))
        .about("Save the project with its runs under another name.")
        .when(conditions::not_writing);
    SaveDesign => Menu::File
        .item(2, "Save design as .ron…", keys![CTRL_SHIFT, E], |state| state.ask_where(SaveKind::Design))
        .about("Save the design alone as readable text.")
        .when(conditions::not_writing);
    Export => Menu::File
        .item(2, "Export…", keys![CTRL_SHIFT, X], State::ask_what_to_export)
        .about("Write codes, reconstructions, scores, samples or weights to a file.")
        .when(conditions::exportable_at_all);
    CancelExport => Menu::File
        .item(2, "Cancel export", keys![CTRL_ALT, Z], |state| state.effects.push(Effect::CancelExport))
        .about("Cancel the current export; no file is left.")
        .when(conditions::exporting);
    SaveFigure => Menu::File
        .item(2, "Save picture of the view…", keys![CTRL_SHIFT, G], |state| {
            state.view.figures = Some(FigureAction::Save(Form::Png));
        })
        .about("Save a view as PNG or SVG, its numbers as CSV, or its animation as GIF.")
        .when(conditions::not_writing);
    Revert => Menu::File
        .item(2, "Revert to saved", keys![CTRL_SHIFT, R], |state| state.edit(Clone::clone_from))
        .about("Revert every change to the design since it was saved; can be undone.")
        .when(conditions::changed);
    ReopenLast => Menu::File
        .item(3, "Reopen project at start", keys![CTRL_ALT, O], |state| {
            state.view.starts_anew = !state.view.starts_anew;
        })
        .about("Open the project that was open last when the program starts.")
        .on(|state| !state.view.starts_anew);
    Quit => Menu::File
        .item(3, "Quit", keys![CTRL, Q], |state| state.ask(PendingAction::Quit))
        .about("Close the window; asks about unsaved changes.");
    Undo => Menu::Edit
        .item(1, "Undo", keys![CTRL, Z], State::undo)
        .about("Undo the last change to the design or the list of runs.")
        .when(conditions::undoable);
    Redo => Menu::Edit
        .item(1, "Redo", keys![CTRL_SHIFT, Z; CTRL, Y], State::redo)
        .about("Redo the last undone change.")
        .when(conditions::redoable);
    CopyPicture => Menu::Edit
        .item(2, "Copy picture of the view", keys![CTRL_SHIFT, Y], |state| {
            state.view.figures = Some(FigureAction::CopyPicture);
        })
        .about("Copy the view that was clicked last as a picture.");
    CopyNumbers => Menu::Edit
        .item(2, "Copy numbers of the view", keys![CTRL_SHIFT, U], |state| {
            state.view.figures = Some(FigureAction::CopyNumbers);
        })
        .about("Copy the numbers of the view that was clicked last as CSV.");
    Duplicate => Menu::Edit
        .item(3, "Duplicate layer", keys![CTRL, D], State::duplicate_selected)
        .about("Put a copy of the selected layer right after it.")
        .when(conditions::own_layer);
    Remove => Menu::Edit
        .item(3, "Remove layer", keys![NONE, Delete], State::remove_selected)
        .about("Remove the selected layer from the network.")
        .when(conditions::own_layer);
    MoveUp => Menu::Edit
        .item(3, "Move layer up", keys![ALT, ArrowUp], |state| state.move_selected(true))
        .about("Move the selected layer towards the input.")
        .when(conditions::movable_up);
    MoveDown => Menu::Edit
        .item(3, "Move layer down", keys![ALT, ArrowDown], |state| state.move_selected(false))
        .about("Move the selected layer towards the output.")
        .when(conditions::movable_down);
    ToggleMirror => Menu::Edit
        .item(4, "Decoder mirrors the encoder", keys![CTRL, M], State::toggle_mirror)
        .about("Mirror the encoder in the decoder, or give the decoder its own layers.")
        .when(conditions::freeable)
        .on(State::is_mirrored);
    ToggleTied => Menu::Edit
        .item(4, "Tie weights", keys![CTRL, T], State::toggle_tied)
        .about("Use the transposed weights of the encoder in the mirrored decoder.")
        .when(conditions::mirrored)
        .on(State::is_tied);
    SelectAll => Menu::Select
        .item(1, "Select all samples", keys![CTRL, A], State::select_all)
        .about("Select every sample of the data.")
        .when(conditions::selectable);
    InvertSelection => Menu::Select
        .item(1, "Invert selection", keys![CTRL_SHIFT, I], State::invert_selection)
        .about("Select the samples that are not selected.")
        .when(conditions::selectable);
    ClearSelection => Menu::Select
        .item(1, "Clear selection", keys![CTRL_SHIFT, A], |state| state.selection.clear())
        .about("Deselect all samples.")
        .when(conditions::selected);
    SelectClass => Menu::Select
        .item(2, "Select class…", keys![CTRL_ALT, S], |state| state.view.show = Some(SELECTION_VIEW))
        .about("Select samples by their class, or by a range of a column or of the error.")
        .when(conditions::selectable);
    NameSelection => Menu::Select
        .item(2, "Save selection", keys![CTRL_ALT, K], State::name_selection)
        .about("Keep the selection in the project under a name; can be undone.")
        .when(conditions::selected);
    KeepComparison => Menu::Select
        .item(2, "Keep comparison with the run", keys![CTRL_ALT, D], State::keep_comparison)
        .about("Keep the comparison of the selection with other samples in the shown run; can be undone.")
        .when(conditions::compared);
    PinSelected => Menu::Select
        .item(2, "Pin selected samples", keys![CTRL_ALT, Q], State::pin_selected)
        .about("Pin the selected samples in Explore; can be undone.")
        .when(conditions::selected);
    ExportTable => Menu::Select
        .item(3, "Export selection as CSV…", keys![CTRL_ALT, E], |state| state.ask_where(SaveKind::Table))
        .about("Write the selected samples as a table with their labels, splits and errors.")
        .when(conditions::exportable);
    ExportPictures => Menu::Select
        .item(3, "Export selection as pictures…", keys![CTRL_ALT, P], |state| state.ask_where(SaveKind::Pictures))
        .about("Write the selected samples as PNG files into a new folder.")
        .when(conditions::exportable_pictures);
    ExportRestored => Menu::Select
        .item(3, "Export reconstructions as pictures…", keys![CTRL_ALT, Y], |state| {
            state.ask_where(SaveKind::Restored);
        })
        .about("Write the shown run's reconstructions of the selected samples as PNG files into a new folder.")
        .when(conditions::exportable_restored);
    SelectPrevious => Menu::Select
        .item(4, "Select previous card", keys![NONE, ArrowUp], |state| state.select_by(-1))
        .about("Select the card above.")
        .when(conditions::not_first);
    SelectNext => Menu::Select
        .item(4, "Select next card", keys![NONE, ArrowDown], |state| state.select_by(1))
        .about("Select the card below.")
        .when(conditions::not_last);
    CommandPalette => Menu::View
        .item(1, "Search commands…", keys![CTRL, K; CTRL_SHIFT, P], |state| state.view.palette = Some(Palette::default()))
        .about("Find a command by a few letters of its name.");
    ShowRuns => Menu::View
        .item(3, "Show runs", keys![CTRL, Num5], |state| state.show_bottom(BottomTab::Runs))
        .about("Show the table of runs.");
    ShowProblems => Menu::View
        .item(3, "Show problems", keys![CTRL, Num6], |state| state.show_bottom(BottomTab::Problems))
        .about("Show problems that block training.");
    ShowLog => Menu::View
        .item(3, "Show log", keys![CTRL, Num7], |state| state.show_bottom(BottomTab::Log))
        .about("Show the log.");
    ToggleNetwork => Menu::View
        .item(5, "Network panel", keys![CTRL, B], |state| state.view.network = !state.view.network)
        .about("Show or hide the network on the left.")
        .on(|state| state.view.network);
    ToggleInspector => Menu::View
        .item(5, "Inspector panel", keys![CTRL, I], |state| state.view.inspector = !state.view.inspector)
        .about("Show or hide the inspector on the right.")
        .on(|state| state.view.inspector);
    ToggleBottom => Menu::View
        .item(5, "Bottom panel", keys![CTRL, J], |state| state.view.bottom_open = !state.view.bottom_open)
        .about("Show or hide runs, problems and log.")
        .on(|state| state.view.bottom_open);
    ResetLayout => Menu::View
        .item(5, "Reset layout", keys![CTRL_ALT, L], |state| state.view.reset())
        .about("Restore the default layout of panels and views.");
    ThemeSystem => Menu::View
        .item(6, "Theme: follow the system", keys![CTRL_ALT, Num0], |state| state.view.theme = ThemePreference::System)
        .about("Use the light or dark theme of the desktop.")
        .on(|state| state.view.theme == ThemePreference::System);
    ThemeDark => Menu::View
        .item(6, "Theme: dark", keys![CTRL_ALT, Num1], |state| state.view.theme = ThemePreference::Dark)
        .about("Use the dark theme.")
        .on(|state| state.view.theme == ThemePreference::Dark);
    ThemeLight => Menu::View
        .item(6, "Theme: light", keys![CTRL_ALT, Num2], |state| state.view.theme = ThemePreference::Light)
        .about("Use the light theme.")
        .on(|state| state.view.theme == ThemePreference::Light);
    ZoomIn => Menu::View
        .item(7, "Zoom in", keys![CTRL, Plus; CTRL, Equals], |state| state.effects.push(Effect::Zoom(0.1)))
        .about("Make everything larger.");
    ZoomOut => Menu::View
        .item(7, "Zoom out", keys![CTRL, Minus], |state| state.effects.push(Effect::Zoom(-0.1)))
        .about("Make everything smaller.");
    ZoomReset => Menu::View
        .item(7, "Reset zoom", keys![CTRL, Num0], |state| state.effects.push(Effect::Zoom(0.0)))
        .about("Show everything in its normal size.");
    TrainOrPause => Menu::Run
        .item(1, "Train / pause", keys![NONE, F5; CTRL, Enter; NONE, Space], State::train_or_pause)
        .about("Train the design on screen; pause it, and resume the run that was paused or stopped.")
        .when(conditions::startable)
        .trains();
    StepOnce => Menu::Run
        .item(1, "Train one step", keys![NONE, F10], |state| state.start(Start::StepOnce))
        .about("Train one minibatch, then pause.")
        .when(conditions::steppable)
        .trains();
    EpochOnce => Menu::Run
        .item(1, "Train one epoch", keys![NONE, F11], |state| state.start(Start::EpochOnce))
        .about("Train to the end of the epoch, then pause.")
        .when(conditions::steppable)
        .trains();
    Stop => Menu::Run
        .item(1, "Stop", keys![SHIFT, F5], State::stop_all)
        .about("Stop the run after its current step; it can be resumed exactly.")
        .when(conditions::under_way);
    TrainNew => Menu::Run
        .item(2, "Train a new run", keys![CTRL_SHIFT, F5], |state| state.start_new(Start::Train))
        .about("Train the design on screen from the start, as a new run.")
        .when(conditions::trainable_as_new)
        .trains();
    Resume => Menu::Run
        .item(2, "Resume stopped run", keys![CTRL, F5], State::resume_shown)
        .about("Resume the shown run exactly where it was stopped.")
        .when(conditions::resumable)
        .trains();
    TrainMore => Menu::Run
        .item(2, "Train more epochs…", keys![CTRL_SHIFT, Enter], State::ask_epochs)
        .about("Train the shown run for more epochs.")
        .when(conditions::extendable)
        .trains();
    FindRate => Menu::Run
        .item(2, "Find learning rate…", keys![CTRL_SHIFT, M], State::find_rate)
        .about("Train briefly with a growing learning rate, and suggest a rate for the design.")
        .when(conditions::searchable)
        .trains();
    RestoreDesign => Menu::Run
        .item(2, "Restore the run's design", keys![CTRL_ALT, R], State::restore_design)
        .about("Restore the design that the shown run trained; can be undone.")
        .when(conditions::restorable);
    EvaluateTest => Menu::Run
        .item(2, "Evaluate on the test split", keys![CTRL_SHIFT, T], |state| state.evaluate(Subset::Test))
        .about("Evaluate the shown run on samples it was not trained on.")
        .when(conditions::evaluable);
    RunPage => Menu::Run
        .item(5, "Show run details", keys![CTRL_ALT, I], |state| state.on_shown(RunAction::Page))
        .about("Open the page of the shown run: its design, changes during training, results and note.")
        .when(conditions::has_run);
    RenameRun => Menu::Run
        .item(5, "Rename run…", keys![NONE, F2], |state| state.on_shown(RunAction::Rename))
        .about("Give the shown run a name.")
        .when(conditions::has_run);
    NoteRun => Menu::Run
        .item(5, "Edit run note…", keys![SHIFT, F2], |state| state.on_shown(RunAction::Note))
        .about("Write or change the note on the shown run.")
        .when(conditions::has_run);
    HideRun => Menu::Run
        .item(5, "Hide run", keys![CTRL_ALT, W], State::toggle_hidden)
        .about("Hide the shown run in the table and in comparisons, or show it again; can be undone.")
        .when(conditions::has_run)
        .on(|state| state.shown().is_some_and(|run| run.caption.is_hidden));
    ShowHiddenRuns => Menu::Run
        .item(5, "Show hidden runs", keys![CTRL_SHIFT, H], |state| {
            let table = &mut state.view.runs_table;
            table.shows_hidden = !table.shows_hidden;
        })
        .about("List hidden runs in the table too.")
        .on(|state| state.view.runs_table.shows_hidden);
    DeleteRun => Menu::Run
        .item(5, "Delete run", keys![CTRL_ALT, X], |state| state.on_shown(RunAction::Delete))
        .about("Delete the shown run; can be undone until the project is closed.")
        .when(conditions::deletable);
    LocateData => Menu::Run
        .item(3, "Locate data…", keys![CTRL, L], State::locate_data)
        .about(LOCATE)
        .when(conditions::locatable);
    ReloadData => Menu::Run
        .item(3, "Reload data", keys![CTRL, R], State::load)
        .about(RELOAD)
        .when(conditions::reloadable);
    CancelLoad => Menu::Run
        .item(3, "Cancel loading", keys![CTRL_ALT, C], |state| {
            state.send(Request::CancelLoad);
            state.send(Request::CancelShow);
        })
        .about("Cancel loading the data, and other data.")
        .when(conditions::loading);
    Threads => Menu::Run
        .item(4, "Set threads…", keys![CTRL_ALT, T], State::ask_threads)
        .about("Choose the number of training threads.");
    Guide => Menu::Help
        .item(1, "Five-minute tour", keys![CTRL, F1], |state| state.dialog = Some(Dialog::Guide))
        .about("Show the first steps, from training to export.");
    Shortcuts => Menu::Help
        .item(1, "Keyboard shortcuts", keys![NONE, F1], |state| state.dialog = Some(Dialog::Shortcuts))
        .about("List every shortcut.");
    About => Menu::Help
        .item(1, "About Hourglass", keys![SHIFT, F1], |state| state.dialog = Some(Dialog::About))
        .about("Show version and licences.");
}

impl Command {
    /// The command that adds a layer of the same kind as this one.
    pub fn adding(layer: &Layer) -> Command {
        Command::Add(std::mem::discriminant(layer))
    }
}

/// A command for each view that brings it to the front.
fn shows() -> impl Iterator<Item = (Command, Record)> {
    views::ENTRIES.iter().map(|entry| {
        let name = entry.name;
        let effect = move |state: &mut State| state.view.show = Some(name);
        (Command::Show(name), Menu::View.item(2, entry.command, entry.keys, effect).about(entry.tooltip))
    })
}
