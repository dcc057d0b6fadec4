//! The views, in tiles that can be dragged and resized.

use std::sync::Arc;

use egui::{
    Color32, Frame, Panel, Response, RichText, Stroke, Style, Ui, UiBuilder, UiStackInfo, Visuals, WidgetText,
};
use egui_tiles::{
    Behavior, Container, SimplificationOptions, TabState, Tabs, Tile, TileId, Tiles, Tree, UiResponse,
};

use super::arrangement::{Arrangement, Pane, enlarge_explore};
use super::figure_menu::{FigureMenu, export_entry_ui, figure_menu_ui};
use super::parts::TABBED;
use super::registry::all;
use super::replay::{Design, ReplayInput, ReplayView, replay_ui};
use super::runs::{RunsInput, RunsView, runs_ui};
use super::view::View;
use crate::run::Run;
use crate::ui::state::{EXPLORE_VIEW, RunAction, State};
use crate::ui::theme::{self, Tokens, tokens};

/// The arrangement of the views and their states.
pub struct Views {
    tree: Tree<Pane>,
    all: Vec<Box<dyn View>>,
    replay: ReplayView,
    runs: RunsView,
    menu: FigureMenu,
}

impl Default for Views {
    fn default() -> Self {
        Views::arranged(&Arrangement::default())
    }
}

impl Views {
    /// Creates views with this arrangement.
    pub fn arranged(arrangement: &Arrangement) -> Views {
        Views {
            tree: arrangement.tree(),
            all: all(),
            replay: ReplayView::default(),
            runs: RunsView::default(),
            menu: FigureMenu::default(),
        }
    }

    /// Resets the arrangement.
    pub fn reset_arrangement(&mut self) {
        self.tree = Arrangement::default().tree();
    }

    /// The current arrangement.
    pub fn arrangement(&self) -> Arrangement {
        Arrangement::of(&self.tree)
    }
}

/// Shows the views; returns the design to be used by views and cards.
pub fn views_ui(ui: &mut Ui, views: &mut Views, state: &mut State) -> Option<Design> {
    let mut design = None;
    let brought = state.view.show.take();
    if let Some(wanted) = brought {
        views.tree.make_active(|_, tile| matches!(tile, Tile::Pane(pane) if pane.entry().name == wanted));
    }
    let Views { tree, all, replay, menu, .. } = views;
    let bar = Panel::bottom("replay").exact_size(38.0).resizable(false);
    bar.frame(Frame::new().fill(tokens(ui).panel)).show(ui, |ui| {
        let outdated = state.outdated_views();
        let input = ReplayInput { run: state.shown(), epoch: state.epoch, outdated };
        let output = replay_ui(ui, &input, replay);
        if let Some(seek) = output.seek {
            state.seek(seek);
        }
        design = output.design;
    });
    let tabbed = tree.tiles.tiles().filter_map(|tile| match tile {
        Tile::Container(Container::Tabs(tabs)) if tabs.children.len() > 1 => Some(tabs.children.clone()),
        Tile::Container(_) | Tile::Pane(_) => None,
    });
    let tabbed = tabbed.flatten().collect();
    let mut panes = Panes { state, tokens: tokens(ui), views: all, tabbed, menu, brought, seen: Vec::new() };
    egui::CentralPanel::no_frame().show(ui, |ui| tree.ui(&mut panes, ui));
    let explores = panes.seen.contains(&EXPLORE_VIEW);
    panes.run_figure_action(ui.visuals().dark_mode);
    if explores && enlarge_explore(tree) {
        ui.ctx().request_repaint();
    }
    design
}

/// Shows the table of runs, or the page of one; returns the requested action.
pub fn table_ui(ui: &mut Ui, views: &mut Views, state: &mut State) -> Option<RunAction> {
    let mut table = std::mem::take(&mut state.view.runs_table);
    let runs: Vec<&Run> = state.runs.iter().collect();
    let paged = table.page.and_then(|page| state.runs.iter().find(|run| run.id == page.run));
    let data = paged.and_then(|run| state.data_of(run)).map(|data| &**data);
    let selected = state.shown().map(|run| run.id);
    let input = RunsInput { runs: &runs, selected, compared: &state.compared, data };
    let output = runs_ui(ui, &input, &mut table, &mut views.runs);
    state.view.runs_table = table;
    if let Some((run, caption)) = output.caption {
        state.caption_run(run, caption);
    }
    output.action
}

struct Panes<'a> {
    state: &'a mut State,
    tokens: Tokens,
    views: &'a mut [Box<dyn View>],
    /// Views whose title is shown by a tab.
    tabbed: Vec<TileId>,
    menu: &'a mut FigureMenu,
    /// Name of the view just brought to the front.
    brought: Option<&'static str>,
    /// Names of the visible views.
    seen: Vec<&'static str>,
}

impl Panes<'_> {
    /// Shows a view; returns whether it is being dragged by its title.
    fn content_ui(&mut self, ui: &mut Ui, pane: Pane) -> bool {
        let name = pane.entry().name;
        self.seen.push(name);
        let Some(view) = self.views.iter_mut().find(|view| view.entry().name == name) else { return false };
        let is_dragged = view.show(ui, self.state);
        figure_menu_ui(ui, self.menu, &**view, self.state);
        is_dragged
    }

    /// Performs the requested action on the figures of the visible views, starting with the view
    /// clicked last.
    fn run_figure_action(&mut self, is_dark: bool) {
        let Some(action) = self.state.view.figures.take() else { return };
        self.seen.sort_by_key(|name| Some(*name) != self.menu.last);
        let views =
            self.seen.iter().filter_map(|name| self.views.iter().find(|view| view.entry().name == *name));
        let all = views.flat_map(|view| view.figures(self.state)).map(Arc::new).collect();
        self.state.use_figures(all, action, is_dark);
    }

    /// The context menu of a view's tab, if it has one.
    fn menu_ui(&mut self, response: &Response, pane: Pane) {
        let view = self.views.iter().find(|view| view.entry().name == pane.entry().name);
        let Some((what, set)) = view.and_then(|view| view.export()) else { return };
        response.context_menu(|ui| {
            if export_entry_ui(ui) {
                self.state.ask_export(what, set);
            }
        });
    }
}

impl Behavior<Pane> for Panes<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, tile_id: TileId, pane: &mut Pane) -> UiResponse {
        ui.painter().rect_filled(ui.max_rect(), 0.0, self.tokens.plot);
        let mut info = UiStackInfo::default();
        if self.tabbed.contains(&tile_id) {
            info = info.with_tag(TABBED);
        }
        let shown = ui.scope_builder(UiBuilder::new().ui_stack_info(info), |ui| self.content_ui(ui, *pane));
        if shown.inner { UiResponse::DragStarted } else { UiResponse::None }
    }

    /// A single view shows its title in its own header.
    fn is_tab_bar_visible(&self, _tile_id: TileId, tabs: &Tabs) -> bool {
        tabs.children.len() > 1
    }

    fn tab_title_for_pane(&mut self, pane: &Pane) -> WidgetText {
        let title = RichText::new(pane.entry().tab()).font(theme::bold(12.5));
        let view = self.views.iter().find(|view| view.entry().name == pane.entry().name);
        let warns = view.is_some_and(|view| view.warns(self.state));
        if warns { title.color(self.tokens.code) } else { title }.into()
    }

    fn on_tab_button(&mut self, tiles: &mut Tiles<Pane>, tile_id: TileId, button: Response) -> Response {
        if let Some(Tile::Pane(pane)) = tiles.get(tile_id) {
            self.menu_ui(&button, *pane);
            if self.brought == Some(pane.entry().name) {
                // If not all tabs fit, this one may be hidden.
                button.scroll_to_me_animation(None, egui::style::ScrollAnimation::none());
                button.ctx.request_repaint();
            }
        }
        button
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

    fn tab_bg_color(
        &self,
        _visuals: &Visuals,
        _tiles: &Tiles<Pane>,
        _tile_id: TileId,
        _state: &TabState,
    ) -> Color32 {
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
