//! Open and visible views and panels.

use serde::{Deserialize, Serialize};

use super::figures::FigureAction;
use super::runs_table::RunsTable;
use super::sets::Set;

/// A tab of the bottom panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum BottomTab {
    /// The runs.
    #[default]
    Runs,
    /// Problems that block training.
    Problems,
    /// The log of events.
    Log,
}

/// Panel sizes set by the user, in points; `None` is the default size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PanelSizes {
    /// Width of the network.
    pub network: Option<f32>,
    /// Width of the inspector.
    pub inspector: Option<f32>,
    /// Height of the bottom panel.
    pub bottom: Option<f32>,
}

/// Open and visible views and panels.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a panel of its own that is there or not")]
pub struct ViewSettings {
    /// The tab of the bottom panel.
    pub bottom: BottomTab,
    /// Whether the network is shown.
    pub network: bool,
    /// Whether the inspector is shown.
    pub inspector: bool,
    /// Whether the bottom panel is shown.
    pub bottom_open: bool,
    /// Sizes of the panels.
    pub sizes: PanelSizes,
    /// The table of runs.
    pub runs_table: RunsTable,
    /// The colours.
    pub theme: egui::ThemePreference,
    /// The command palette, if open.
    pub palette: Option<Palette>,
    /// Whether the next start skips opening the current project file.
    pub starts_anew: bool,
    /// Titles of recently used commands of the palette, newest first.
    pub recent_commands: Vec<String>,
    /// The name of a view to show in the next frame.
    pub show: Option<&'static str>,
    /// The set to show in the view of reconstructions, starting with the next frame.
    pub set: Option<Set>,
    /// The set to show in the latent space, starting with the next frame.
    pub latent_set: Option<Set>,
    /// An action on the figures of the views in the next frame.
    pub figures: Option<FigureAction>,
    /// Whether to reset the layout of the views in the next frame.
    pub reset_layout: bool,
}

impl Default for ViewSettings {
    fn default() -> Self {
        ViewSettings {
            bottom: BottomTab::default(),
            network: true,
            inspector: true,
            bottom_open: true,
            sizes: PanelSizes::default(),
            runs_table: RunsTable::default(),
            theme: egui::ThemePreference::System,
            palette: None,
            starts_anew: false,
            recent_commands: Vec::new(),
            show: None,
            set: None,
            latent_set: None,
            figures: None,
            reset_layout: false,
        }
    }
}

impl ViewSettings {
    /// Resets everything but the theme.
    pub fn reset(&mut self) {
        *self = ViewSettings {
            theme: self.theme,
            starts_anew: self.starts_anew,
            recent_commands: std::mem::take(&mut self.recent_commands),
            reset_layout: true,
            ..ViewSettings::default()
        };
    }

    /// Adds a command to the top of the recent ones.
    pub fn remember_command(&mut self, title: &str) {
        self.recent_commands.retain(|known| known != title);
        self.recent_commands.insert(0, title.to_owned());
        self.recent_commands.truncate(RECENT_COMMANDS);
    }
}

/// Number of recent commands kept by the palette.
const RECENT_COMMANDS: usize = 8;

/// Name of the view of the selection.
pub const SELECTION_VIEW: &str = "Selection";
/// Name of the Explore view.
pub const EXPLORE_VIEW: &str = "Explore";

/// Name of the data view, shown when data are chosen.
pub const DATA_VIEW: &str = "Data";

/// Name of the view of reconstructions, shown when other data are shown to a network.
pub const RECONSTRUCTIONS_VIEW: &str = "Reconstructions";

/// The command palette: the text and the selected line.
#[derive(Clone, Debug, Default)]
pub struct Palette {
    /// The text typed so far.
    pub text: String,
    /// The selected line, counted from 0.
    pub chosen: usize,
}
