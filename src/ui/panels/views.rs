//! The views in the centre, in tiles that can be dragged and resized.

use egui::{Color32, Frame, Panel, RichText, Stroke, Style, Ui, UiBuilder, UiStackInfo, Visuals, WidgetText};
use egui_tiles::{
    Behavior, Container, SimplificationOptions, TabState, Tabs, Tile, TileId, Tiles, Tree, UiResponse,
};
use serde::{Deserialize, Serialize};

use super::arrangement::Arrangement;
use super::{
    DataInput, DataPreviewView, DataState, HealthInput, HealthView, LatentInput, LatentView, LossInput,
    LossView, ReconstructionsInput, ReconstructionsView, ReplayInput, ReplayView, RunsInput, RunsView,
    TABBED, data_preview_ui, health_ui, kept_at, latent_ui, loss_ui, reconstructions_ui, replay_ui, runs_ui,
};
use crate::project::Place;
use crate::run::Run;
use crate::ui::command::Command;
use crate::ui::state::{MissingData, State};
use crate::ui::theme::{self, Tokens, tokens};

/// A view of the centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pane {
    /// The loss curves.
    Loss,
    /// The scatter of the codes.
    Latent,
    /// Inputs and reconstructions.
    Reconstructions,
    /// Samples of the data set.
    Data,
    /// What tells whether the network is well.
    Health,
}

impl Pane {
    /// All views.
    pub const ALL: [Pane; 5] = [Pane::Loss, Pane::Latent, Pane::Reconstructions, Pane::Data, Pane::Health];

    /// The title of its tab.
    pub fn title(self) -> &'static str {
        match self {
            Pane::Loss => "Loss",
            Pane::Latent => "Latent space",
            Pane::Reconstructions => "Reconstructions",
            Pane::Data => "Data",
            Pane::Health => "Health",
        }
    }
}

/// The arrangement of the views and what each remembers.
pub struct Views {
    tree: Tree<Pane>,
    loss: LossView,
    latent: LatentView,
    reconstructions: ReconstructionsView,
    data: DataPreviewView,
    health: HealthView,
    replay: ReplayView,
    runs: RunsView,
}

impl Default for Views {
    fn default() -> Self {
        Views {
            tree: Arrangement::default().tree(),
            loss: LossView::default(),
            latent: LatentView::default(),
            reconstructions: ReconstructionsView::default(),
            data: DataPreviewView::default(),
            health: HealthView::default(),
            replay: ReplayView::default(),
            runs: RunsView::default(),
        }
    }
}

impl Views {
    /// Views arranged like this.
    pub fn arranged(arrangement: &Arrangement) -> Views {
        Views { tree: arrangement.tree(), ..Views::default() }
    }

    /// Brings the views back to where they were first.
    pub fn reset_arrangement(&mut self) {
        self.tree = Arrangement::default().tree();
    }

    /// Where the views are.
    pub fn arrangement(&self) -> Arrangement {
        Arrangement::of(&self.tree)
    }
}

/// Shows the views.
pub fn views_ui(ui: &mut Ui, views: &mut Views, state: &mut State) {
    if let Some(wanted) = state.view.show.take() {
        views.tree.make_active(|_, tile| matches!(tile, Tile::Pane(pane) if *pane == wanted));
    }
    let Views { tree, loss, latent, reconstructions, data, health, replay, .. } = views;
    let bar = Panel::bottom("replay").exact_size(38.0).resizable(false);
    bar.frame(Frame::new().fill(tokens(ui).panel)).show(ui, |ui| {
        let input = ReplayInput { run: state.shown(), epoch: state.epoch };
        if let Some(seek) = replay_ui(ui, &input, replay).seek {
            state.seek(seek);
        }
    });
    let tabbed = tree.tiles.tiles().filter_map(|tile| match tile {
        Tile::Container(Container::Tabs(tabs)) if tabs.children.len() > 1 => Some(tabs.children.clone()),
        Tile::Container(_) | Tile::Pane(_) => None,
    });
    let tabbed = tabbed.flatten().collect();
    let mut panes = Panes { state, tokens: tokens(ui), loss, latent, reconstructions, data, health, tabbed };
    egui::CentralPanel::no_frame().show(ui, |ui| tree.ui(&mut panes, ui));
}

/// Shows the table of runs and does what is asked for in it.
pub fn table_ui(ui: &mut Ui, views: &mut Views, state: &mut State) {
    let runs: Vec<&Run> = state.runs.iter().collect();
    let input =
        RunsInput { runs: &runs, selected: state.shown().map(|run| run.id), compared: &state.compared };
    if let Some(action) = runs_ui(ui, &input, &mut views.runs).action {
        state.act_on_run(action);
    }
}

struct Panes<'a> {
    state: &'a mut State,
    tokens: Tokens,
    loss: &'a mut LossView,
    latent: &'a mut LatentView,
    reconstructions: &'a mut ReconstructionsView,
    data: &'a mut DataPreviewView,
    health: &'a mut HealthView,
    /// Views whose title a tab shows.
    tabbed: Vec<TileId>,
}

impl Panes<'_> {
    /// Shows a view; says whether it is being dragged by its title.
    fn content_ui(&mut self, ui: &mut Ui, pane: Pane) -> bool {
        match pane {
            Pane::Loss => self.loss_ui(ui),
            Pane::Latent => self.latent_ui(ui),
            Pane::Reconstructions => self.reconstructions_ui(ui),
            Pane::Data => self.data_ui(ui),
            Pane::Health => self.health_ui(ui),
        }
    }

    fn loss_ui(&mut self, ui: &mut Ui) -> bool {
        let state = &*self.state;
        let shown = state.shown().map(|run| run.id);
        let is_compared = |run: &&Run| state.compared.contains(&run.id) && Some(run.id) != shown;
        let compared: Vec<&Run> = state.runs.iter().filter(is_compared).collect();
        let input = LossInput { run: state.shown(), compared: &compared, epoch: state.epoch };
        let output = loss_ui(ui, &input, self.loss);
        if let Some(seek) = output.seek {
            self.state.seek(seek);
        }
        output.drag
    }

    fn latent_ui(&mut self, ui: &mut Ui) -> bool {
        let state = &*self.state;
        let (run, epoch) = (state.shown(), state.epoch);
        let data = run.and_then(|run| state.data_of(run));
        let kept = run.and_then(|run| kept_at(run, epoch)).map(|kept| kept.epoch);
        let principal = run.and_then(|run| state.principal.points(run.id));
        let input = LatentInput { run, data, epoch, principal };
        let output = latent_ui(ui, &input, self.latent);
        let run = run.map(|run| run.id);
        // Points of an older epoch have been shown once; now those of this one are wanted.
        self.state.principal.keep_only(kept);
        if let (Some(codes), Some(run)) = (output.principal, run) {
            self.state.want_principal(run, codes);
        }
        output.drag
    }

    fn reconstructions_ui(&mut self, ui: &mut Ui) -> bool {
        let state = &*self.state;
        let (run, epoch) = (state.shown(), state.epoch);
        let data = run.and_then(|run| state.data_of(run));
        let missing = run.map_or(MissingData::NotLoaded, |run| state.missing_data(run));
        let input = ReconstructionsInput { run, data, missing, epoch };
        let output = reconstructions_ui(ui, &input, self.reconstructions);
        if let (true, Some(run)) = (output.load, run.map(|run| run.id)) {
            self.state.load_data_of(run);
        }
        output.drag
    }

    fn health_ui(&mut self, ui: &mut Ui) -> bool {
        let state = &*self.state;
        let run = state.shown();
        let data = run.and_then(|run| state.data_of(run));
        let likelihood = run.and_then(|run| state.likelihoods.get(&run.id));
        let is_ready =
            run.is_some_and(|run| run.checkpoint.is_some() && state.data_as_trained(run).is_some());
        let output = health_ui(ui, &HealthInput { run, data, likelihood, is_ready }, self.health);
        if let Some(draws) = output.estimate {
            self.state.estimate_likelihood(draws);
        }
        output.drag
    }

    fn data_ui(&mut self, ui: &mut Ui) -> bool {
        let (data, design) = (&self.state.data, &self.state.project.data);
        let problem = self.state.derived.data_problem().cloned();
        let remedies = problem.as_ref().map_or_else(Vec::new, |problem| self.state.remedies(problem));
        let state = match (data.progress, &problem, &data.dataset) {
            // Data of another source are gone already.
            (Some((done, total)), _, Some(dataset)) => DataState::Reloading(dataset, done, total),
            (Some((done, total)), _, None) => DataState::Loading(done, total),
            (None, Some(problem), _) => DataState::Missing(&problem.message, &remedies),
            (None, None, Some(dataset)) => DataState::Loaded(dataset),
            (None, None, None) => DataState::None,
        };
        let output = data_preview_ui(ui, &DataInput { state, design }, self.data);
        if output.cancel {
            self.state.run(Command::CancelLoad);
        }
        if output.choose {
            super::problems::go_to(self.state, Place::Data);
        }
        if let Some(remedy) = output.remedy.and_then(|at| remedies.get(at)) {
            self.state.mend(Place::Data, remedy);
        }
        if let Some(choice) = output.choice {
            self.state.choose(choice);
        }
        output.drag
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

    /// A view that stands alone has its title in its own header.
    fn is_tab_bar_visible(&self, _tile_id: TileId, tabs: &Tabs) -> bool {
        tabs.children.len() > 1
    }

    fn tab_title_for_pane(&mut self, pane: &Pane) -> WidgetText {
        RichText::new(pane.title()).font(theme::bold(12.5)).into()
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
