//! Every command of the window: its text, what it does, its keys, and why it cannot be given just now.

use egui::{Key, KeyboardShortcut, Modifiers};

pub use super::menu::Menu;
use super::state::State;
use crate::project::{Decoder, Layer};

/// Something a person can ask for by menu, keys or the command palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "`text` and `tooltip` say what each one does")]
pub enum Command {
    New,
    Open,
    Save,
    SaveAs,
    SaveDesign,
    Revert,
    Quit,
    Undo,
    Redo,
    AddDense,
    AddConv2d,
    AddConvTranspose2d,
    AddMaxPool2d,
    AddAvgPool2d,
    AddUpsample,
    AddBatchNorm,
    AddLayerNorm,
    AddGroupNorm,
    AddFlatten,
    AddReshape,
    AddDropout,
    Duplicate,
    Remove,
    MoveUp,
    MoveDown,
    SelectPrevious,
    SelectNext,
    ToggleMirror,
    ToggleTied,
    TrainOrPause,
    StepOnce,
    EpochOnce,
    Stop,
    TrainNew,
    Continue,
    TrainMore,
    RestoreDesign,
    EvaluateTest,
    LocateData,
    ReloadData,
    CancelLoad,
    Threads,
    CommandPalette,
    ShowLoss,
    ShowLatent,
    ShowReconstructions,
    ShowData,
    ShowHealth,
    ShowRuns,
    ShowProblems,
    ShowLog,
    ToggleNetwork,
    ToggleInspector,
    ToggleBottom,
    ResetLayout,
    ThemeSystem,
    ThemeDark,
    ThemeLight,
    ZoomIn,
    ZoomOut,
    ZoomReset,
    Shortcuts,
    About,
}

impl Command {
    /// Every command, menu by menu.
    pub fn all() -> impl Iterator<Item = Command> {
        Menu::ALL.into_iter().flat_map(|menu| menu.items().iter().copied().flatten())
    }

    /// Its name in menus and the palette.
    pub fn text(self) -> &'static str {
        match self {
            Command::New => "New…",
            Command::Open => "Open…",
            Command::Save => "Save",
            Command::SaveAs => "Save as…",
            Command::SaveDesign => "Save design as .ron…",
            Command::Revert => "Revert to saved",
            Command::Quit => "Quit",
            Command::Undo => "Undo",
            Command::Redo => "Redo",
            Command::AddDense => "Add dense layer",
            Command::AddConv2d => "Add convolution",
            Command::AddConvTranspose2d => "Add transposed convolution",
            Command::AddMaxPool2d => "Add max pooling",
            Command::AddAvgPool2d => "Add average pooling",
            Command::AddUpsample => "Add upsampling",
            Command::AddBatchNorm => "Add batch norm",
            Command::AddLayerNorm => "Add layer norm",
            Command::AddGroupNorm => "Add group norm",
            Command::AddFlatten => "Add flatten",
            Command::AddReshape => "Add reshape",
            Command::AddDropout => "Add dropout",
            Command::Duplicate => "Duplicate layer",
            Command::Remove => "Remove layer",
            Command::MoveUp => "Move layer up",
            Command::MoveDown => "Move layer down",
            Command::SelectPrevious => "Select previous card",
            Command::SelectNext => "Select next card",
            Command::ToggleMirror => "Decoder mirrors the encoder",
            Command::ToggleTied => "Tie weights",
            Command::TrainOrPause => "Train / pause",
            Command::StepOnce => "Single step",
            Command::EpochOnce => "Single epoch",
            Command::Stop => "Stop",
            Command::TrainNew => "Train a new run",
            Command::Continue => "Resume stopped run",
            Command::TrainMore => "Train more epochs…",
            Command::RestoreDesign => "Restore the run's design",
            Command::EvaluateTest => "Evaluate on the test split",
            Command::LocateData => "Locate data…",
            Command::ReloadData => "Reload data",
            Command::CancelLoad => "Cancel loading",
            Command::Threads => "Threads…",
            Command::CommandPalette => "Search commands…",
            Command::ShowLoss => "Show loss",
            Command::ShowLatent => "Show latent space",
            Command::ShowReconstructions => "Show reconstructions",
            Command::ShowData => "Show data",
            Command::ShowHealth => "Show health",
            Command::ShowRuns => "Show runs",
            Command::ShowProblems => "Show problems",
            Command::ShowLog => "Show log",
            Command::ToggleNetwork => "Network panel",
            Command::ToggleInspector => "Inspector panel",
            Command::ToggleBottom => "Bottom panel",
            Command::ResetLayout => "Reset layout",
            Command::ThemeSystem => "Theme: follow the system",
            Command::ThemeDark => "Theme: dark",
            Command::ThemeLight => "Theme: light",
            Command::ZoomIn => "Zoom in",
            Command::ZoomOut => "Zoom out",
            Command::ZoomReset => "Normal size",
            Command::Shortcuts => "Keyboard shortcuts",
            Command::About => "About Hourglass",
        }
    }

    /// What it does, in a sentence.
    pub fn tooltip(self) -> &'static str {
        match self {
            Command::New => "Start a new project from a recipe.",
            Command::Open => "Open a project (.hourglass) or a design (.ron).",
            Command::Save => "Save the project with its runs.",
            Command::SaveAs => "Save the project with its runs under another name.",
            Command::SaveDesign => "Save the design alone as readable text.",
            Command::Revert => "Take back every change to the design since it was saved; can be undone.",
            Command::Quit => "Close the window; asks before anything is lost.",
            Command::Undo => "Take back the last change to the design.",
            Command::Redo => "Do the last undone change again.",
            Command::AddDense => "Add a fully connected layer behind the selected card.",
            Command::AddConv2d => "Add a convolution of pictures behind the selected card.",
            Command::AddConvTranspose2d => "Add a convolution that enlarges behind the selected card.",
            Command::AddMaxPool2d => {
                "Add a layer that keeps the largest of each block of pixels behind the selected card."
            }
            Command::AddAvgPool2d => "Add a layer that averages blocks of pixels behind the selected card.",
            Command::AddUpsample => "Add a layer that repeats pixels behind the selected card.",
            Command::AddBatchNorm => {
                "Add a layer that brings features to one scale over the minibatch behind the selected card."
            }
            Command::AddLayerNorm => {
                "Add a layer that brings each sample to one scale behind the selected card."
            }
            Command::AddGroupNorm => {
                "Add a layer that brings groups of channels of each sample to one scale after the selected card."
            }
            Command::AddFlatten => "Add a layer that makes a row of a picture behind the selected card.",
            Command::AddReshape => "Add a layer that makes a picture of a row behind the selected card.",
            Command::AddDropout => "Add a dropout layer behind the selected card.",
            Command::Duplicate => "Put a copy of the selected layer right behind it.",
            Command::Remove => "Take the selected layer out of the network.",
            Command::MoveUp => "Move the selected layer towards the input.",
            Command::MoveDown => "Move the selected layer towards the output.",
            Command::SelectPrevious => "Select the card above.",
            Command::SelectNext => "Select the card below.",
            Command::ToggleMirror => {
                "Let the decoder follow the encoder in reverse, or give it layers of its own."
            }
            Command::ToggleTied => "Use the transposed weights of the encoder in the mirrored decoder.",
            Command::TrainOrPause => {
                "Train the design on screen; pause it, and resume the run that was paused or stopped."
            }
            Command::StepOnce => "Train on one minibatch and stand still.",
            Command::EpochOnce => "Train to the end of the epoch and stand still.",
            Command::Stop => "End the run after its step, keeping everything to resume it exactly.",
            Command::TrainNew => "Train the design on screen from the start, as a run of its own.",
            Command::Continue => "Resume the shown run exactly where it was stopped.",
            Command::TrainMore => "Train the shown run for some epochs more.",
            Command::RestoreDesign => "Bring the design the shown run trained back on screen; can be undone.",
            Command::EvaluateTest => "Judge the shown run by the samples it never saw.",
            Command::LocateData => "Choose the file or folder the data are in.",
            Command::ReloadData => "Read the data again.",
            Command::CancelLoad => "Give up loading the data.",
            Command::Threads => "Choose how many threads train.",
            Command::CommandPalette => "Find any command by a few letters of its name.",
            Command::ShowLoss => "Bring the loss curves to the front.",
            Command::ShowLatent => "Bring the scatter of the codes to the front.",
            Command::ShowReconstructions => "Bring inputs and reconstructions to the front.",
            Command::ShowData => "Bring the samples of the data set to the front.",
            Command::ShowHealth => "Bring to the front what tells whether the network is well.",
            Command::ShowRuns => "Show the table of runs.",
            Command::ShowProblems => "Show what stands against training.",
            Command::ShowLog => "Show what happened so far.",
            Command::ToggleNetwork => "Show or hide the network on the left.",
            Command::ToggleInspector => "Show or hide the inspector on the right.",
            Command::ToggleBottom => "Show or hide runs, problems and log.",
            Command::ResetLayout => "Bring every panel and view back to its first place.",
            Command::ThemeSystem => "Use the desktop's choice of light or dark.",
            Command::ThemeDark => "Light on dark.",
            Command::ThemeLight => "Dark on light.",
            Command::ZoomIn => "Make everything larger.",
            Command::ZoomOut => "Make everything smaller.",
            Command::ZoomReset => "Make everything its normal size.",
            Command::Shortcuts => "List every shortcut.",
            Command::About => "Version and licences.",
        }
    }

    /// Its keys; the first is shown in menus.
    pub fn shortcuts(self) -> &'static [KeyboardShortcut] {
        const CTRL: Modifiers = Modifiers::COMMAND;
        const ALT: Modifiers = Modifiers::ALT;
        const NONE: Modifiers = Modifiers::NONE;
        const CTRL_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);
        const CTRL_ALT: Modifiers = Modifiers::COMMAND.plus(Modifiers::ALT);
        macro_rules! keys {
            ($($modifiers:expr, $key:ident);*) => {{
                const KEYS: &[KeyboardShortcut] = &[$(KeyboardShortcut::new($modifiers, Key::$key)),*];
                KEYS
            }};
        }
        match self {
            Command::New => keys![CTRL, N],
            Command::Open => keys![CTRL, O],
            Command::Save => keys![CTRL, S],
            Command::SaveAs => keys![CTRL_SHIFT, S],
            Command::SaveDesign => keys![CTRL_SHIFT, E],
            Command::Revert => keys![CTRL_SHIFT, R],
            Command::Quit => keys![CTRL, Q],
            Command::Undo => keys![CTRL, Z],
            Command::Redo => keys![CTRL_SHIFT, Z; CTRL, Y],
            Command::AddDense => keys![CTRL, E],
            Command::AddConv2d => keys![CTRL_SHIFT, C],
            Command::AddConvTranspose2d => keys![CTRL_ALT, V],
            Command::AddMaxPool2d => keys![CTRL_ALT, M],
            Command::AddAvgPool2d => keys![CTRL_ALT, A],
            Command::AddUpsample => keys![CTRL_ALT, U],
            Command::AddBatchNorm => keys![CTRL_ALT, B],
            Command::AddLayerNorm => keys![CTRL_ALT, N],
            Command::AddGroupNorm => keys![CTRL_ALT, G],
            Command::AddFlatten => keys![CTRL_ALT, F],
            Command::AddReshape => keys![CTRL_ALT, H],
            Command::AddDropout => keys![CTRL_SHIFT, D],
            Command::Duplicate => keys![CTRL, D],
            Command::Remove => keys![NONE, Delete],
            Command::MoveUp => keys![ALT, ArrowUp],
            Command::MoveDown => keys![ALT, ArrowDown],
            Command::SelectPrevious => keys![NONE, ArrowUp],
            Command::SelectNext => keys![NONE, ArrowDown],
            Command::ToggleMirror => keys![CTRL, M],
            Command::ToggleTied => keys![CTRL, T],
            Command::TrainOrPause => keys![NONE, F5; CTRL, Enter; NONE, Space],
            Command::StepOnce => keys![NONE, F10],
            Command::EpochOnce => keys![NONE, F11],
            Command::Stop => keys![Modifiers::SHIFT, F5],
            Command::TrainNew => keys![CTRL_SHIFT, F5],
            Command::Continue => keys![CTRL, F5],
            Command::TrainMore => keys![CTRL_SHIFT, Enter],
            Command::RestoreDesign => keys![CTRL_ALT, R],
            Command::EvaluateTest => keys![CTRL_SHIFT, T],
            Command::LocateData => keys![CTRL, L],
            Command::ReloadData => keys![CTRL, R],
            Command::CancelLoad => keys![CTRL_ALT, C],
            Command::Threads => keys![CTRL_ALT, T],
            Command::CommandPalette => keys![CTRL, K; CTRL_SHIFT, P],
            Command::ShowLoss => keys![CTRL, Num1],
            Command::ShowLatent => keys![CTRL, Num2],
            Command::ShowReconstructions => keys![CTRL, Num3],
            Command::ShowData => keys![CTRL, Num4],
            Command::ShowHealth => keys![CTRL, Num8],
            Command::ShowRuns => keys![CTRL, Num5],
            Command::ShowProblems => keys![CTRL, Num6],
            Command::ShowLog => keys![CTRL, Num7],
            Command::ToggleNetwork => keys![CTRL, B],
            Command::ToggleInspector => keys![CTRL, I],
            Command::ToggleBottom => keys![CTRL, J],
            Command::ResetLayout => keys![CTRL_ALT, L],
            Command::ThemeSystem => keys![CTRL_ALT, Num0],
            Command::ThemeDark => keys![CTRL_ALT, Num1],
            Command::ThemeLight => keys![CTRL_ALT, Num2],
            Command::ZoomIn => keys![CTRL, Plus; CTRL, Equals],
            Command::ZoomOut => keys![CTRL, Minus],
            Command::ZoomReset => keys![CTRL, Num0],
            Command::Shortcuts => keys![NONE, F1],
            Command::About => keys![Modifiers::SHIFT, F1],
        }
    }

    /// The command that adds a layer of this one's kind.
    pub fn adding(layer: &Layer) -> Command {
        match layer {
            Layer::Dense { .. } => Command::AddDense,
            Layer::Conv2d { .. } => Command::AddConv2d,
            Layer::ConvTranspose2d { .. } => Command::AddConvTranspose2d,
            Layer::MaxPool2d { .. } => Command::AddMaxPool2d,
            Layer::AvgPool2d { .. } => Command::AddAvgPool2d,
            Layer::Upsample { .. } => Command::AddUpsample,
            Layer::BatchNorm { .. } => Command::AddBatchNorm,
            Layer::LayerNorm { .. } => Command::AddLayerNorm,
            Layer::GroupNorm { .. } => Command::AddGroupNorm,
            Layer::Flatten => Command::AddFlatten,
            Layer::Reshape { .. } => Command::AddReshape,
            Layer::Dropout { .. } => Command::AddDropout,
        }
    }

    /// The layer it adds, with its default settings.
    pub fn added(self) -> Option<Layer> {
        Layer::ALL.into_iter().find(|layer| Command::adding(layer) == self)
    }

    /// Whether it trains, and so needs data.
    pub fn trains(self) -> bool {
        use Command::{Continue, EpochOnce, StepOnce, TrainMore, TrainNew, TrainOrPause};
        [TrainOrPause, StepOnce, EpochOnce, TrainNew, Continue, TrainMore].contains(&self)
    }

    /// Whether it is a switch that is on.
    #[expect(clippy::wildcard_enum_match_arm, reason = "most commands are no switch")]
    pub fn is_on(self, state: &State) -> bool {
        match self {
            Command::ToggleMirror => state.is_mirrored(),
            Command::ToggleTied => matches!(state.project.decoder, Decoder::Mirrored { tied: true }),
            Command::ToggleNetwork => state.view.network,
            Command::ToggleInspector => state.view.inspector,
            Command::ToggleBottom => state.view.bottom_open,
            Command::ThemeSystem => state.view.theme == egui::ThemePreference::System,
            Command::ThemeDark => state.view.theme == egui::ThemePreference::Dark,
            Command::ThemeLight => state.view.theme == egui::ThemePreference::Light,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

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
    fn every_command_is_in_exactly_one_menu() {
        // The match in `text` is exhaustive, so a command that no menu lists is caught by counting.
        let listed: Vec<Command> = Command::all().collect();
        let unique: HashSet<Command> = listed.iter().copied().collect();
        assert_eq!(listed.len(), unique.len());
        assert_eq!(listed.len(), Command::About as usize + 1);
    }

    #[test]
    fn a_fresh_window_says_why_not() {
        let state = State::default();
        let reason = |command: Command| command.available(&state).err().unwrap_or_default();
        assert!(reason(Command::Undo).contains("changed"));
        assert!(reason(Command::Remove).contains("always there"));
        assert!(reason(Command::TrainMore).contains("no run"));
        assert!(reason(Command::TrainOrPause).contains("not loaded yet"));
        assert!(reason(Command::TrainNew).contains("not loaded yet"));
        assert!(reason(Command::EvaluateTest).contains("no run"));
        assert_eq!(Command::New.available(&state), Ok(()));
    }
}
