//! The context menu of a view: saves, copies or exports its content.

use std::sync::Arc;

use egui::{Align, Id, Layout, Popup, PopupAnchor, PopupKind, SetOpenCommand, Ui};

use super::view::View;
use crate::figure::{Figure, Form};
use crate::ui::state::{FigureAction, State};

/// The figures of the open menu, and the view clicked last.
#[derive(Default)]
pub(super) struct FigureMenu {
    figures: Vec<Arc<Figure>>,
    /// The name of the view that was clicked last.
    pub last: Option<&'static str>,
}

/// Opens and shows the menu of a view that fills `ui`.
pub(super) fn figure_menu_ui(ui: &Ui, menu: &mut FigureMenu, view: &dyn View, state: &mut State) {
    let name = view.entry().name;
    let (pressed, clicked) =
        ui.input(|input| (input.pointer.any_pressed(), input.pointer.secondary_clicked()));
    let is_here = ui.rect_contains_pointer(ui.max_rect());
    if pressed && is_here {
        menu.last = Some(name);
    }
    let id = Id::unique("figures").with(name);
    // Dragging with this button pans the plot, so it is not a click.
    let opens = clicked && is_here && !Popup::is_any_open(ui.ctx());
    if opens {
        menu.figures = view.figures(state).into_iter().map(Arc::new).collect();
    }
    let export = view.export();
    if opens && menu.figures.is_empty() && export.is_none() {
        return;
    }
    let popup = Popup::new(id, ui.ctx().clone(), PopupAnchor::PointerFixed, ui.layer_id())
        .kind(PopupKind::Menu)
        .layout(Layout::top_down_justified(Align::Min))
        .style(egui::containers::menu::menu_style)
        .accessible_name("Figures of the view")
        .open_memory(opens.then_some(SetOpenCommand::Bool(true)));
    let mut exports = false;
    let chosen = popup.show(|ui| {
        // Draw all entries, even after one is chosen.
        let is_alone = menu.figures.len() == 1;
        let chosen: Vec<_> =
            menu.figures.iter().filter_map(|figure| figure_ui(ui, figure, is_alone)).collect();
        if export.is_some() {
            exports = export_entry_ui(ui);
        }
        chosen.into_iter().next()
    });
    if let Some((what, set)) = export.filter(|_| exports) {
        state.ask_export(what, set);
    }
    if let Some((figure, action)) = chosen.and_then(|shown| shown.inner) {
        let is_dark = ui.visuals().dark_mode;
        // The others are available in the dialog.
        let others = menu.figures.iter().filter(|other| !Arc::ptr_eq(other, &figure)).cloned();
        let all = std::iter::once(Arc::clone(&figure)).chain(others).collect();
        state.use_figures(all, action, is_dark);
    }
}

/// The entry that opens the export dialog; returns whether it was chosen.
pub(super) fn export_entry_ui(ui: &mut Ui) -> bool {
    let is_chosen = ui.button("Export…").clicked();
    if is_chosen {
        ui.close();
    }
    is_chosen
}

/// The actions on a figure, in a submenu if there are several figures.
fn figure_ui(ui: &mut Ui, figure: &Arc<Figure>, is_alone: bool) -> Option<(Arc<Figure>, FigureAction)> {
    let action = if is_alone {
        entries_ui(ui, figure)
    } else {
        ui.menu_button(&figure.title, |ui| entries_ui(ui, figure)).inner.flatten()
    };
    action.map(|action| (Arc::clone(figure), action))
}

fn entries_ui(ui: &mut Ui, figure: &Figure) -> Option<FigureAction> {
    let entries = [
        ("Save picture…", FigureAction::Save(Form::Png)),
        ("Copy picture", FigureAction::CopyPicture),
        ("Save numbers…", FigureAction::Save(Form::Csv)),
        ("Copy numbers", FigureAction::CopyNumbers),
        ("Save animation…", FigureAction::Save(Form::Gif)),
    ];
    let mut chosen = None;
    for (name, action) in entries {
        let is_possible = match action {
            FigureAction::Save(form) => form.check(figure).is_ok(),
            FigureAction::CopyPicture | FigureAction::CopyNumbers => true,
        };
        if is_possible && ui.button(name).clicked() {
            chosen = Some(action);
            ui.close();
        }
    }
    chosen
}
