//! What is open and visible, and how it is remembered between two starts.

use serde::{Deserialize, Serialize};

use super::panels::arrangement::Arrangement;

/// A tab of the bottom panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum BottomTab {
    /// The runs.
    #[default]
    Runs,
    /// What stands against training.
    Problems,
    /// What happened.
    Log,
}

/// Heights and widths a person gave the panels, in points; `None` is the first size.
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

/// What is open and visible.
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
    /// How large the panels are.
    pub sizes: PanelSizes,
    /// The colours.
    pub theme: egui::ThemePreference,
    /// The command palette, while it is open.
    pub palette: Option<super::panels::palette::Palette>,
    /// A view to bring to the front at the next frame.
    pub show: Option<super::panels::views::Pane>,
    /// Whether the views go back to their first arrangement at the next frame.
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
            theme: egui::ThemePreference::System,
            palette: None,
            show: None,
            reset_layout: false,
        }
    }
}

/// What is remembered of it: where the views are, which panels are there and how large.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Layout {
    /// The views.
    pub views: Arrangement,
    bottom: BottomTab,
    network: bool,
    inspector: bool,
    bottom_open: bool,
    sizes: PanelSizes,
}

impl Default for Layout {
    fn default() -> Self {
        Layout::new(&ViewSettings::default(), Arrangement::default())
    }
}

impl Layout {
    /// The layout as it is on screen.
    pub fn new(view: &ViewSettings, views: Arrangement) -> Layout {
        let ViewSettings { bottom, network, inspector, bottom_open, sizes, .. } = *view;
        Layout { views, bottom, network, inspector, bottom_open, sizes }
    }

    /// Reads what [`Layout::text`] wrote. Whatever else it is, it is the first layout: none keeps the window from opening.
    pub fn read(text: Option<&str>) -> Layout {
        let layout = text.and_then(|text| ron::from_str::<Layout>(text).ok());
        let layout = layout.map(|layout| Layout { views: layout.views.completed(), ..layout });
        layout.filter(|layout| layout.views.is_whole()).unwrap_or_default()
    }

    /// As text; `None` is the first layout.
    pub fn text(&self) -> Option<String> {
        if *self == Layout::default() { None } else { ron::to_string(self).ok() }
    }

    /// Shows, hides and sizes the panels.
    pub fn apply(&self, view: &mut ViewSettings) {
        (view.bottom, view.sizes) = (self.bottom, self.sizes);
        (view.network, view.inspector, view.bottom_open) = (self.network, self.inspector, self.bottom_open);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layout_comes_back_and_a_broken_one_is_the_first() {
        let sizes = PanelSizes { bottom: Some(212.0), ..PanelSizes::default() };
        let view =
            ViewSettings { bottom: BottomTab::Log, inspector: false, sizes, ..ViewSettings::default() };
        let layout = Layout::new(&view, Arrangement::default());
        let text = layout.text();
        assert!(text.is_some());
        assert_eq!(Layout::read(text.as_deref()), layout);
        assert_eq!(Layout::default().text(), None);
        let mut again = ViewSettings::default();
        layout.apply(&mut again);
        assert_eq!((again.bottom, again.inspector, again.network), (BottomTab::Log, false, true));
        assert_eq!(again.sizes, sizes);
        let deep = format!("(views:{}", "Tabs(active:0,children:[".repeat(5000));
        for broken in ["", "(", "\0", "3", "(views:View(Loss))", "(views:Tabs(active:9,children:[]))", &deep]
        {
            assert_eq!(Layout::read(Some(broken)), Layout::default(), "{broken:.40}");
        }
        assert_eq!(Layout::read(None), Layout::default());
        assert!(!Layout::read(Some("(network:false,unheard_of:1)")).network);
    }
}
