//! The selection: selection tools, names, its samples, and their differences from the rest.

mod compared;
mod gallery;
mod tools;

use std::sync::Arc;

use egui::{ComboBox, ScrollArea, Ui, UiBuilder};

use self::compared::compared_ui;
use self::gallery::Gallery;
use self::tools::{Tools, ToolsOutput};
use super::page_figure::page_figure;
use super::parts::{self, empty_ui, header_ui, named};
use super::view::{Entry, View};
use crate::dataset::Dataset;
use crate::figure::Figure;
use crate::project::{NamedSelection, format_count};
use crate::ui::keys::keys;
use crate::ui::plots::{color, palette, shortened};
use crate::ui::state::{SELECTION_VIEW, SaveKind, State};
use crate::ui::update::Origin;
use crate::ui::widgets::button::text_button_ui;
use crate::ui::widgets::header::{Row, Side};

/// Minimum and maximum width of the part next to the gallery, and the spacing between them.
const SIDE_PX: [f32; 2] = [262.0, 420.0];
const BETWEEN_PX: f32 = 12.0;

/// State of the view.
#[derive(Clone, Default)]
pub struct SelectionView {
    tools: Tools,
    gallery: Gallery,
}

/// The registry entry of the view.
static ENTRY: Entry = Entry {
    name: SELECTION_VIEW,
    title: "Selection",
    icon: "◆",
    command: "Show selection",
    tooltip: "Show the selected samples.",
    keys: keys![CTRL_ALT, Num9],
};

impl View for SelectionView {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn show(&mut self, ui: &mut Ui, state: &mut State) -> bool {
        let mut asked = None;
        let handle = header_ui(ui, ENTRY.title, |row| asked = actions_ui(row, state).or(asked));
        if let Some(action) = asked {
            action(state);
        }
        if state.selectable().is_none() {
            empty_ui(ui, "No data are loaded", "Choose data on the card Input to select samples.");
            return handle.drag_started();
        }
        let room = ui.available_rect_before_wrap();
        ui.painter().rect_filled(room, 0.0, color(palette(ui).plot));
        let side = (0.6 * room.width()).clamp(SIDE_PX[0], SIDE_PX[1]).min(0.8 * room.width());
        let (mut left, right) = room.shrink(8.0).split_left_right_at_x(room.left() + side);
        left.max.x -= BETWEEN_PX;
        let output = ui.scope_builder(UiBuilder::new().max_rect(left).id_salt("side"), |ui| {
            let area = ScrollArea::vertical().id_salt("side").auto_shrink([false, false]);
            area.show(ui, |ui| self.side_ui(ui, state)).inner
        });
        apply(output.inner, state);
        ui.scope_builder(UiBuilder::new().max_rect(right).id_salt("gallery"), |ui| {
            if let Some(data) = state.selectable() {
                self.gallery.ui(ui, data, state.selection.rows(data.fingerprint), state.selection.changes());
            }
        });
        state.follow_comparison();
        handle.drag_started()
    }

    fn figures(&self, state: &State) -> Vec<Figure> {
        let of = |data: &Arc<Dataset>| page_figure("Selection", data, state.selection.rows(data.fingerprint));
        state.selectable().and_then(of).into_iter().collect()
    }
}

impl SelectionView {
    /// Tools, named selections and the comparison.
    fn side_ui(&mut self, ui: &mut Ui, state: &State) -> ToolsOutput {
        let Some(data) = state.selectable() else { return ToolsOutput::default() };
        let errors = state.shown().and_then(|run| state.known_errors(run));
        let errors = errors.map_or(&[][..], |errors| &errors.values);
        let from = from_ui(ui, state);
        let mut output = self.tools.ui(
            ui,
            data,
            (&state.project.selections, |named: &NamedSelection| state.is_label(named)),
            errors,
        );
        output.from = from;
        ui.add_space(8.0);
        let like = state.comparison_stamps().map(|stamps| stamps.1);
        let compared = state.scored.compared.as_ref().filter(|compared| Some(compared.like) == like);
        if let (Some(compared), false) = (compared, state.selected().is_empty()) {
            compared_ui(ui, &compared.found);
        }
        output
    }
}

/// The choice of the data to select from, if there are several; returns the fingerprint of the
/// chosen data.
fn from_ui(ui: &mut Ui, state: &State) -> Option<u64> {
    let all = state.sources();
    if all.len() < 2 {
        return None;
    }
    let now = state.selectable()?;
    let text = |origin: Origin<'_>, data: &Dataset| {
        let name = match origin {
            Origin::Run => "the run's own".to_owned(),
            Origin::Design => "the design's".to_owned(),
            Origin::Other(name) => shortened(name, 24),
        };
        format!("{name} ({})", format_count(data.len()))
    };
    let shown = all.iter().find(|(_, data)| data.fingerprint == now.fingerprint);
    let selected = shown.map_or_else(String::new, |(origin, data)| text(*origin, data));
    let mut chosen = None;
    ui.horizontal(|ui| {
        ui.label("Select from");
        let combo = ComboBox::from_id_salt("select from").selected_text(selected).width(150.0);
        let combo = combo.show_ui(ui, |ui| {
            for (origin, data) in &all {
                let is_shown = data.fingerprint == now.fingerprint;
                if ui.selectable_label(is_shown, text(*origin, data)).clicked() && !is_shown {
                    chosen = Some(data.fingerprint);
                }
            }
        });
        named(combo.response, "Select from");
    });
    chosen
}

/// Carries out the requests of the tools.
fn apply(output: ToolsOutput, state: &mut State) {
    let ToolsOutput { from, select, take, rename, remove, label } = output;
    if let Some(from) = from {
        state.select_from(from);
    }
    if let Some((criterion, mode)) = select {
        state.select_where(&criterion, mode);
    }
    if let Some((index, mode)) = take {
        state.apply_named(index, mode);
    }
    if let Some((index, name)) = rename {
        state.rename_selection(index, &name);
    }
    if let Some(index) = label {
        state.toggle_label(index);
    }
    if let Some(index) = remove {
        state.remove_named(index);
    }
}

/// Text, name, whether it is available, and effect.
type Action = (&'static str, &'static str, bool, fn(&mut State));

/// Actions on the whole selection; returns the requested one.
fn actions_ui(row: &mut Row<'_>, state: &State) -> Option<fn(&mut State)> {
    let (has_data, is_empty) = (state.selectable().is_some(), state.selected().is_empty());
    let are_pictures = state.selectable().is_some_and(|data| data.shown().is_some());
    let is_compared = state.is_compared();
    let actions: [Action; 7] = [
        ("All", "Select all samples", has_data, State::select_all),
        ("Invert", "Invert selection", has_data, State::invert_selection),
        ("Clear", "Clear selection", !is_empty, |state| state.selection.clear()),
        ("Save", "Save selection", !is_empty, State::name_selection),
        ("Keep", "Keep comparison with the run", is_compared, State::keep_comparison),
        ("CSV…", "Export selection as CSV…", !is_empty, |state| state.ask_where(SaveKind::Table)),
        ("Pictures…", "Export selection as pictures…", !is_empty && are_pictures, |state| {
            state.ask_where(SaveKind::Pictures);
        }),
    ];
    if let Some(data) = state.selectable() {
        let (selected, all) = (state.selected().len(), data.len());
        let text = format!("{} of {} selected", format_count(selected), format_count(all));
        parts::note_ui(row, Side::Right, "count", &text, "");
    }
    let mut asked = None;
    for (text, name, is_possible, action) in actions {
        let is_asked = row.part(Side::Left, text, |ui| {
            let button = ui.add_enabled_ui(is_possible, |ui| text_button_ui(ui, text)).inner;
            named(button, name).on_hover_text(name).clicked()
        });
        if is_asked == Some(true) {
            asked = Some(action);
        }
    }
    asked
}
