//! The views in the centre, in tiles that can be dragged and resized.

use egui::{Color32, Id, Stroke, Style, Ui, Visuals, WidgetText};
use egui_tiles::{Behavior, Container, Linear, LinearDir, SimplificationOptions, TabState, Tile, TileId, Tiles, Tree, UiResponse};

use crate::ui::state::State;
use crate::ui::theme::{Tokens, tokens};

/// A view of the centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    /// The loss curves.
    Loss,
    /// The scatter of the codes.
    Latent,
    /// Inputs and reconstructions.
    Reconstructions,
    /// Samples of the data set.
    Data,
}

impl Pane {
    /// All views.
    pub const ALL: [Pane; 4] = [Pane::Loss, Pane::Latent, Pane::Reconstructions, Pane::Data];

    /// The title of its tab.
    pub fn title(self) -> &'static str {
        match self {
            Pane::Loss => "Loss",
            Pane::Latent => "Latent space",
            Pane::Reconstructions => "Reconstructions",
            Pane::Data => "Data",
        }
    }
}

/// The arrangement of the views and what each remembers.
pub struct Views {
    tree: Tree<Pane>,
}

impl Default for Views {
    fn default() -> Self {
        Views { tree: first_arrangement() }
    }
}

/// Loss beside the latent space, reconstructions below, the data as a tab behind them.
fn first_arrangement() -> Tree<Pane> {
    let mut tiles = Tiles::default();
    let [loss, latent, reconstructions, data] = Pane::ALL.map(|pane| tiles.insert_pane(pane));
    let loss = tiles.insert_tab_tile(vec![loss]);
    let latent = tiles.insert_tab_tile(vec![latent]);
    let below = tiles.insert_tab_tile(vec![reconstructions, data]);
    let above = tiles.insert_horizontal_tile(vec![loss, latent]);
    let mut root = Linear::new(LinearDir::Vertical, vec![above, below]);
    root.shares.set_share(above, 1.15);
    root.shares.set_share(below, 1.0);
    let root = tiles.insert_container(Container::Linear(root));
    Tree::new(Id::unique("views"), root, tiles)
}

/// Shows the views.
pub fn views_ui(ui: &mut Ui, views: &mut Views, state: &mut State) {
    if std::mem::take(&mut state.view.reset_layout) {
        views.tree = first_arrangement();
    }
    if let Some(wanted) = state.view.show.take() {
        views.tree.make_active(|_, tile| matches!(tile, Tile::Pane(pane) if *pane == wanted));
    }
    let mut panes = Panes { state, tokens: tokens(ui) };
    views.tree.ui(&mut panes, ui);
}

struct Panes<'a> {
    state: &'a mut State,
    tokens: Tokens,
}

impl Panes<'_> {
    fn content_ui(&mut self, ui: &mut Ui, pane: Pane) {
        let text = match pane {
            Pane::Loss => "Train (F5) and the loss is drawn here, epoch by epoch.",
            Pane::Latent => "Train (F5) and every sample shows here, at the place its code puts it.",
            Pane::Reconstructions => "Train (F5) and inputs stand here beside what the network makes of them.",
            Pane::Data => "Samples of the data set are shown here once it is loaded.",
        };
        let _ = &self.state;
        super::notes::empty_ui(ui, text);
    }
}

impl Behavior<Pane> for Panes<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, _tile_id: TileId, pane: &mut Pane) -> UiResponse {
        let frame = egui::Frame::new().fill(self.tokens.plot).inner_margin(egui::Margin::same(8));
        frame.show(ui, |ui| {
            ui.set_min_size(ui.available_size());
            self.content_ui(ui, *pane);
        });
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, pane: &Pane) -> WidgetText {
        pane.title().into()
    }

    fn simplification_options(&self) -> SimplificationOptions {
        SimplificationOptions { all_panes_must_have_tabs: true, ..SimplificationOptions::default() }
    }

    fn tab_bar_height(&self, _style: &Style) -> f32 {
        30.0
    }

    fn tab_title_spacing(&self, _visuals: &Visuals) -> f32 {
        12.0
    }

    fn min_size(&self) -> f32 {
        120.0
    }

    fn tab_bar_color(&self, _visuals: &Visuals) -> Color32 {
        self.tokens.panel
    }

    fn tab_bg_color(&self, _visuals: &Visuals, _tiles: &Tiles<Pane>, _tile_id: TileId, _state: &TabState) -> Color32 {
        self.tokens.panel
    }

    fn tab_outline_stroke(&self, _: &Visuals, _: &Tiles<Pane>, _: TileId, _: &TabState) -> Stroke {
        Stroke::NONE
    }

    fn tab_text_color(&self, _: &Visuals, _: &Tiles<Pane>, _: TileId, state: &TabState) -> Color32 {
        if state.active { self.tokens.text } else { self.tokens.dim }
    }

    fn tab_bar_hline_stroke(&self, _visuals: &Visuals) -> Stroke {
        Stroke::new(1.0, self.tokens.line)
    }

    fn resize_stroke(&self, _style: &Style, state: egui_tiles::ResizeState) -> Stroke {
        match state {
            egui_tiles::ResizeState::Idle => Stroke::new(1.0, self.tokens.line),
            egui_tiles::ResizeState::Hovering | egui_tiles::ResizeState::Dragging => {
                Stroke::new(2.0, self.tokens.accent)
            }
        }
    }
}

