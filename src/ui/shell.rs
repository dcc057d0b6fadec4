//! The panels around the views: their layout and sizes.

use egui::{Frame, Margin, Panel, Rangef, Rect, Ui, UiBuilder};

use super::commands::Command;
use super::panels::{inspector, log, network, problems, toolbar};
use super::state::{BottomTab, PanelSizes, State};
use super::theme::{self, tokens};
use super::thumbnail::Thumbnails;
use super::views::{Design, Views, table_ui, views_ui};
use super::widgets::scroll::BAR_PX;

/// A panel whose edge can be dragged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Network,
    Inspector,
    Bottom,
}

impl Side {
    fn range(self) -> Rangef {
        match self {
            Side::Network => Rangef::new(220.0, 480.0),
            Side::Inspector => Rangef::new(250.0, 520.0),
            Side::Bottom => Rangef::new(80.0, 500.0),
        }
    }

    fn given(self, sizes: &mut PanelSizes) -> &mut Option<f32> {
        match self {
            Side::Network => &mut sizes.network,
            Side::Inspector => &mut sizes.inspector,
            Side::Bottom => &mut sizes.bottom,
        }
    }
}

/// The panels of the window.
#[derive(Clone, Debug, Default)]
pub struct Shell {
    /// egui stores the size of a panel by its name: a new name resets it to its initial size.
    generation: u32,
}

impl Shell {
    /// Shows the panels and the views between them. Returns the area above the bottom panel.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        state: &mut State,
        views: &mut Views,
        thumbnails: &mut Thumbnails,
    ) -> Rect {
        if std::mem::take(&mut state.view.reset_layout) {
            views.reset_arrangement();
            self.generation += 1;
        }
        let bar = Panel::top("toolbar").exact_size(toolbar::HEIGHT).resizable(false);
        bar.frame(frame(ui, Margin::symmetric(12, 0))).show(ui, |ui| toolbar::toolbar_ui(ui, state));
        if state.view.bottom_open {
            let first = (ui.available_height() * 0.17).clamp(124.0, 160.0);
            self.panel(ui, state, Side::Bottom, first, |ui, state| bottom_ui(ui, state, views));
        }
        let room = ui.available_rect_before_wrap();
        if state.view.network {
            self.panel(ui, state, Side::Network, 278.0, |ui, state| {
                network::network_ui(ui, state, thumbnails);
            });
        }
        if state.view.inspector {
            self.panel(ui, state, Side::Inspector, 290.0, inspector::inspector_ui);
        }
        let centre = Frame::new().fill(tokens(ui).plot);
        let shown = egui::CentralPanel::default().frame(centre).show(ui, |ui| views_ui(ui, views, state));
        match shown.inner {
            Some(Design::OfViews) => state.run(Command::RestoreDesign),
            Some(Design::OnScreen) => state.run(Command::TrainNew),
            None => {}
        }
        room
    }

    /// Shows a panel with its saved size, and saves the size if the user changes it.
    fn panel(
        &self,
        ui: &mut Ui,
        state: &mut State,
        side: Side,
        first: f32,
        add: impl FnOnce(&mut Ui, &mut State),
    ) {
        let name = |name: &'static str| (name, self.generation);
        let (panel, salt, axis, margin) = match side {
            Side::Network => (Panel::left(name("network")), "network", 0, side_margin()),
            Side::Inspector => (Panel::right(name("inspector")), "inspector", 0, side_margin()),
            Side::Bottom => (Panel::bottom(name("bottom")), "bottom", 1, Margin::symmetric(12, 4)),
        };
        let given = *side.given(&mut state.view.sizes);
        let panel = panel
            .resizable(true)
            .default_size(given.unwrap_or(first))
            .size_range(side.range())
            .frame(frame(ui, margin));
        let shown = panel.show(ui, |ui| held_ui(ui, |ui| add(ui, state)));
        let size = shown.response.rect.size()[axis];
        // egui's name for the edge of a panel. Only a drag of this edge sets the size: a window
        // that is too small for the panel changes the size too.
        let edge = ui.scope_id().with(name(salt)).with("__resize");
        let is_dragged = ui.read_response(edge).is_some_and(|edge| edge.dragged() || edge.drag_stopped());
        if is_dragged && (size - given.unwrap_or(first)).abs() > 0.5 {
            *side.given(&mut state.view.sizes) = Some(size);
        }
    }
}

fn frame(ui: &Ui, margin: Margin) -> Frame {
    Frame::new().fill(tokens(ui).panel).inner_margin(margin)
}

/// The other part of the right margin is used by scroll bars.
fn side_margin() -> Margin {
    Margin { right: 14 - BAR_PX, ..Margin::symmetric(14, 10) }
}

/// Shows content in exactly the available space. Otherwise a panel resizes with its content, so a
/// long table would take height from the views.
fn held_ui(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    let rect = ui.available_rect_before_wrap();
    let mut inner = ui.new_child(UiBuilder::new().max_rect(rect));
    add(&mut inner);
    ui.advance_cursor_after_rect(rect);
}

fn bottom_ui(ui: &mut Ui, state: &mut State, views: &mut Views) {
    let problems = state.derived.problems.len();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let tabs = [
            (BottomTab::Runs, "Runs".to_owned()),
            (BottomTab::Problems, format!("Problems {problems}")),
            (BottomTab::Log, "Log".to_owned()),
        ];
        for (tab, name) in tabs {
            let chosen = state.view.bottom == tab;
            let tokens = tokens(ui);
            let bad = tab == BottomTab::Problems && state.derived.errors() > 0;
            let color = if bad {
                tokens.bad
            } else if chosen {
                tokens.text
            } else {
                tokens.dim
            };
            let font = if chosen { theme::bold(12.5) } else { egui::FontId::proportional(12.5) };
            let text = egui::RichText::new(&name).font(font).color(color);
            let response = ui.add(egui::Button::new(text).frame_when_inactive(false));
            response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Tab, true, chosen, &name));
            if response.clicked() {
                state.view.bottom = tab;
            }
        }
    });
    match state.view.bottom {
        BottomTab::Runs => {
            if let Some(action) = table_ui(ui, views, state) {
                state.act_on_run(action);
            }
        }
        BottomTab::Problems => problems::problems_ui(ui, state),
        BottomTab::Log => log::log_ui(ui, state),
    }
}
