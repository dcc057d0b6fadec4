//! The menus and which commands are in them.

use super::command::Command;

/// A menu of the menu bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

    /// Its commands in order; `None` is a line between two groups.
    pub fn items(self) -> &'static [Option<Command>] {
        use Command as C;
        match self {
            Menu::File => &[
                Some(C::New),
                Some(C::Open),
                None,
                Some(C::Save),
                Some(C::SaveAs),
                Some(C::SaveDesign),
                Some(C::Revert),
                None,
                Some(C::Quit),
            ],
            Menu::Edit => &[
                Some(C::Undo),
                Some(C::Redo),
                None,
                Some(C::AddDense),
                Some(C::AddConv2d),
                Some(C::AddConvTranspose2d),
                Some(C::AddMaxPool2d),
                Some(C::AddAvgPool2d),
                Some(C::AddUpsample),
                Some(C::AddBatchNorm),
                Some(C::AddLayerNorm),
                Some(C::AddGroupNorm),
                Some(C::AddFlatten),
                Some(C::AddReshape),
                Some(C::AddDropout),
                None,
                Some(C::Duplicate),
                Some(C::Remove),
                Some(C::MoveUp),
                Some(C::MoveDown),
                None,
                Some(C::ToggleMirror),
                Some(C::ToggleTied),
            ],
            Menu::View => &[
                Some(C::CommandPalette),
                None,
                Some(C::ShowLoss),
                Some(C::ShowLatent),
                Some(C::ShowReconstructions),
                Some(C::ShowData),
                Some(C::ShowHealth),
                None,
                Some(C::ShowRuns),
                Some(C::ShowProblems),
                Some(C::ShowLog),
                None,
                Some(C::SelectPrevious),
                Some(C::SelectNext),
                None,
                Some(C::ToggleNetwork),
                Some(C::ToggleInspector),
                Some(C::ToggleBottom),
                Some(C::ResetLayout),
                None,
                Some(C::ThemeSystem),
                Some(C::ThemeDark),
                Some(C::ThemeLight),
                None,
                Some(C::ZoomIn),
                Some(C::ZoomOut),
                Some(C::ZoomReset),
            ],
            Menu::Run => &[
                Some(C::TrainOrPause),
                Some(C::StepOnce),
                Some(C::EpochOnce),
                Some(C::Stop),
                None,
                Some(C::TrainNew),
                Some(C::Continue),
                Some(C::TrainMore),
                Some(C::RestoreDesign),
                Some(C::EvaluateTest),
                None,
                Some(C::LocateData),
                Some(C::ReloadData),
                Some(C::CancelLoad),
                None,
                Some(C::Threads),
            ],
            Menu::Help => &[Some(C::Shortcuts), Some(C::About)],
        }
    }
}
