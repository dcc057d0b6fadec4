//! The page of a run: its name, note and all other information.

use egui::{Align, Label, Layout, RichText, ScrollArea, TextEdit, Ui};

use super::menu::{evaluate_ui, menu_ui};
use super::record::{Part, record, text};
use crate::dataset::Dataset;
use crate::run::{Caption, Run, RunId};
use crate::ui::plots::{color, palette, shortened};
use crate::ui::state::{RunAction, RunField};
use crate::ui::theme;
use crate::ui::widgets::button::secondary_ui;
use crate::ui::widgets::header::{Side, one_row_ui};

/// Maximum length of a run title that is shown in full.
const MOST_TITLE_CHARS: usize = 40;
/// Minimum width of a column: a low panel shows more in several columns.
const COLUMN_PX: f32 = 440.0;
/// Maximum number of columns.
const MOST_COLUMNS: usize = 3;
/// Width of the labels, in points.
const NAMES_PX: f32 = 210.0;

/// Requests by the user.
#[derive(Clone, Debug, Default)]
pub struct PageOutput {
    /// Return to the table.
    pub close: bool,
    /// An action on the run.
    pub action: Option<RunAction>,
    /// A new name or note.
    pub caption: Option<Caption>,
}

/// The text being edited.
#[derive(Clone, Debug, Default)]
pub struct PageView {
    draft: Option<Draft>,
}

/// A caption being edited.
#[derive(Clone, Debug)]
struct Draft {
    run: RunId,
    /// The caption before editing.
    from: Caption,
    caption: Caption,
}

impl PageView {
    /// The draft of a run's caption. It is reset if the caption was changed elsewhere.
    fn draft(&mut self, run: &Run) -> &mut Draft {
        let fresh = || Draft { run: run.id, from: run.caption.clone(), caption: run.caption.clone() };
        let draft = self.draft.get_or_insert_with(fresh);
        if draft.run != run.id || draft.from != run.caption {
            *draft = fresh();
        }
        draft
    }
}

/// Shows the page in the available space; `focus` is the field to focus.
pub fn page_ui(
    ui: &mut Ui,
    run: &Run,
    data: Option<&Dataset>,
    focus: Option<RunField>,
    view: &mut PageView,
) -> PageOutput {
    let mut output = PageOutput::default();
    let parts = record(run, data);
    one_row_ui(ui, "the run", |row| {
        output.close |=
            row.part(Side::Left, "back", |ui| secondary_ui(ui, "All runs").clicked()) == Some(true);
        let menu = row.part(Side::Right, "actions", |ui| {
            let menu = ui.menu_button("…", |ui| menu_ui(ui, run));
            menu.response.accessible_name("actions of the run");
            menu.inner.flatten()
        });
        let evaluate = row.part(Side::Right, "evaluate", |ui| {
            ui.menu_button("Evaluate", |ui| evaluate_ui(ui, run)).inner.flatten()
        });
        output.action = menu.flatten().or(evaluate.flatten()).or(output.action);
        row.part(Side::Left, "title", |ui| {
            let title = RichText::new(shortened(&run.title(), MOST_TITLE_CHARS));
            ui.add(Label::new(title.font(theme::bold(13.0)))).on_hover_text(run.title());
        });
        row.part(Side::Right, "copy", |ui| {
            if ui.button("Copy text").clicked() {
                ui.copy_text(text(run, &parts));
            }
        });
    });
    ScrollArea::vertical().id_salt("run page").auto_shrink([false, false]).show(ui, |ui| {
        let (is_done, draft) = (output.close, view.draft(run));
        let columns = ((ui.available_width() / COLUMN_PX) as usize).clamp(1, MOST_COLUMNS);
        ui.columns(columns, |columns| {
            let (first, others) = columns.split_at_mut(1);
            for ui in first.iter_mut() {
                output.caption = caption_ui(ui, run, focus, draft, is_done);
            }
            // With several columns, the first contains only name and note.
            let rooms = if others.is_empty() { first } else { others };
            let count = rooms.len().max(1);
            for (at, part) in parts.iter().enumerate() {
                rooms.get_mut(at % count).into_iter().for_each(|ui| part_ui(ui, part));
            }
        });
    });
    output
}

/// Name and note; returns the new caption when the fields lose focus or the page is closed.
fn caption_ui(
    ui: &mut Ui,
    run: &Run,
    focus: Option<RunField>,
    draft: &mut Draft,
    is_done: bool,
) -> Option<Caption> {
    let fields = [
        (RunField::Name, "name", "Name of the run", Caption::MOST_NAME_CHARS),
        (RunField::Note, "note", "Note on the run", Caption::MOST_NOTE_CHARS),
    ];
    let mut is_writing = false;
    for (field, name, row_name, most) in fields {
        row_ui(ui, name, |ui| {
            let edit = match field {
                RunField::Name => TextEdit::singleline(&mut draft.caption.name),
                RunField::Note => TextEdit::multiline(&mut draft.caption.note).desired_rows(2),
            };
            let edit = edit.char_limit(most).desired_width(ui.available_width().min(420.0));
            let response = ui.add(edit).accessible_name(row_name);
            if focus == Some(field) {
                response.request_focus();
            }
            is_writing |= response.has_focus();
        });
    }
    ((is_done || !is_writing) && draft.caption != run.caption).then(|| draft.caption.clone())
}

fn part_ui(ui: &mut Ui, part: &Part) {
    let p = palette(ui);
    ui.add_space(8.0);
    ui.label(RichText::new(part.title).font(theme::bold(12.0)).color(color(p.text)));
    for (name, value) in &part.rows {
        row_ui(ui, name, |ui| {
            ui.add(Label::new(RichText::new(value).size(12.0).color(color(p.text))).wrap().selectable(true));
        });
    }
}

/// A label with its content to the right.
fn row_ui(ui: &mut Ui, name: &str, add: impl FnOnce(&mut Ui)) {
    let tint = color(palette(ui).dim);
    ui.horizontal_top(|ui| {
        let width = NAMES_PX.min(0.4 * ui.available_width());
        ui.allocate_ui_with_layout(egui::vec2(width, 18.0), Layout::left_to_right(Align::Min), |ui| {
            ui.set_min_width(width);
            ui.add(Label::new(RichText::new(name).size(12.0).color(tint)).truncate());
        });
        ui.vertical(add);
    });
}
