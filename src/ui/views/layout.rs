//! The saved layout of the window: open panels and views.

use serde::{Deserialize, Serialize};

use super::arrangement::Arrangement;
use crate::ui::state::{BottomTab, PanelSizes, RunsTable, ViewSettings};

/// The saved layout: the arrangement of the views, the visible panels and their sizes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WindowLayout {
    /// The views.
    pub views: Arrangement,
    bottom: BottomTab,
    network: bool,
    inspector: bool,
    bottom_open: bool,
    sizes: PanelSizes,
    runs_table: RunsTable,
}

impl Default for WindowLayout {
    fn default() -> Self {
        WindowLayout::new(&ViewSettings::default(), Arrangement::default())
    }
}

impl WindowLayout {
    /// The current layout.
    pub fn new(view: &ViewSettings, views: Arrangement) -> WindowLayout {
        let ViewSettings { bottom, network, inspector, bottom_open, sizes, .. } = *view;
        let runs_table = RunsTable { page: None, ..view.runs_table.clone() };
        WindowLayout { views, bottom, network, inspector, bottom_open, sizes, runs_table }
    }

    /// Reads the output of [`WindowLayout::text`]. Invalid text gives the default layout, so that
    /// the window always opens.
    pub fn read(text: Option<&str>) -> WindowLayout {
        let layout = text.and_then(|text| ron::from_str::<WindowLayout>(text).ok());
        let layout = layout.map(|layout| WindowLayout { views: layout.views.completed(), ..layout });
        layout.filter(|layout| layout.views.is_whole()).unwrap_or_default()
    }

    /// The layout as text; `None` for the default layout.
    pub fn text(&self) -> Option<String> {
        if *self == WindowLayout::default() { None } else { ron::to_string(self).ok() }
    }

    /// Shows, hides and sizes the panels.
    pub fn apply(&self, view: &mut ViewSettings) {
        (view.bottom, view.sizes) = (self.bottom, self.sizes);
        view.runs_table.clone_from(&self.runs_table);
        (view.network, view.inspector, view.bottom_open) = (self.network, self.inspector, self.bottom_open);
    }
}

/// A layout with its text. The text is needed in every frame, so it is only rewritten after
/// changes.
#[derive(Clone, Debug, Default)]
pub struct WrittenLayout(Option<(WindowLayout, Option<String>)>);

impl WrittenLayout {
    /// The text of this layout, as [`WindowLayout::text`].
    pub fn text_of(&mut self, layout: WindowLayout) -> Option<String> {
        let known = self.0.take().filter(|(known, _)| *known == layout);
        let written = known.unwrap_or_else(|| {
            let text = layout.text();
            (layout, text)
        });
        self.0.insert(written).1.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layout_is_restored_and_an_invalid_one_gives_the_default() {
        let sizes = PanelSizes { bottom: Some(212.0), ..PanelSizes::default() };
        let runs_table = RunsTable { shows_hidden: true, ..RunsTable::default() };
        let view = ViewSettings {
            bottom: BottomTab::Log,
            inspector: false,
            sizes,
            runs_table: runs_table.clone(),
            ..ViewSettings::default()
        };
        let layout = WindowLayout::new(&view, Arrangement::default());
        let text = layout.text();
        assert!(text.is_some());
        assert_eq!(WindowLayout::read(text.as_deref()), layout);
        assert_eq!(WindowLayout::default().text(), None);
        let mut again = ViewSettings::default();
        layout.apply(&mut again);
        assert_eq!((again.bottom, again.inspector, again.network), (BottomTab::Log, false, true));
        assert_eq!((again.sizes, again.runs_table), (sizes, runs_table));
        let deep = format!("(views:{}", "Tabs(active:0,children:[".repeat(5000));
        for broken in ["", "(", "\0", "3", "(views:View(Loss))", "(views:Tabs(active:9,children:[]))", &deep]
        {
            assert_eq!(WindowLayout::read(Some(broken)), WindowLayout::default(), "{broken:.40}");
        }
        assert_eq!(WindowLayout::read(None), WindowLayout::default());
        // As written by an earlier version.
        let old = "(views:Column([(1.0,View(Latent)),(2.0,Tabs(active:1,children:[View(Loss),View(Health),\
                   View(Reconstructions),View(Data)]))]),bottom:Log,network:true,inspector:true,bottom_open:true,\
                   sizes:(network:None,inspector:None,bottom:None))";
        let read = WindowLayout::read(Some(old));
        assert_eq!((read.bottom, read.views == Arrangement::default()), (BottomTab::Log, false));
        assert_eq!(WindowLayout::read(read.text().as_deref()), read, "{:?}", read.text());
        assert!(!WindowLayout::read(Some("(network:false,unheard_of:1)")).network);
    }

    #[test]
    fn the_text_belongs_to_the_newest_layout() {
        let of = |bottom| {
            WindowLayout::new(&ViewSettings { bottom, ..ViewSettings::default() }, Arrangement::default())
        };
        let mut written = WrittenLayout::default();
        for bottom in [BottomTab::Log, BottomTab::Log, BottomTab::default(), BottomTab::Problems] {
            assert_eq!(written.text_of(of(bottom)), of(bottom).text(), "{bottom:?}");
        }
    }
}
