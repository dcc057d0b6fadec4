//! The open dialog, drawn over the window.

use std::mem::discriminant;
use std::path::PathBuf;

use egui::text::{CCursor, CCursorRange};
use egui::text_edit::TextEditState;
use egui::{DragValue, Grid, Id, Key, Modal, Order, Response, RichText, TextEdit, Ui, vec2};

use super::export::export_ui;
use super::figure::figure_ui;
use super::guide::guide_ui;
use super::new_project::{self, Start, new_project_ui};
use super::rate_search::rate_search_ui;
use super::shown_size::shown_size_ui;
use crate::io::Recovery;
use crate::project::{HoleShade, Schedule, Source, format_number, visible, visible_path};
use crate::run::Run;
use crate::ui::commands::{Command, Menu};
use crate::ui::state::{
    ALL_DATA, Browse, BrowseKind, Chooser, Dialog, Dropped, Effect, MaskField, PICTURES, PathDialog,
    PendingAction, Purpose, SaveKind, State, Target, cores,
};
use crate::ui::theme::{self, tokens};
use crate::ui::widgets::button::{primary_ui, secondary_ui};

/// Shows the open dialog, if any, and carries out the answer.
pub fn dialog_ui(ui: &mut Ui, state: &mut State) {
    let Some(mut dialog) = state.dialog.take() else { return };
    let mut answer = Answer::Open;
    let frame = egui::Frame::popup(ui.style()).corner_radius(12).inner_margin(20);
    // egui remembers the size of an area by its name, and a short dialog must not inherit the size
    // of a long one.
    let purpose = if let Dialog::Path(path) = &dialog { Some(discriminant(&path.purpose)) } else { None };
    let id = Id::unique("dialog").with((discriminant(&dialog), purpose));
    // Below menus and lists: a click brings the dialog to the front of its own order, and a list
    // that opens in the same frame must be above it.
    let area = Modal::default_area(id).order(Order::Middle);
    let modal = Modal::new(id).area(area).frame(frame).show(ui.ctx(), |ui| {
        ui.set_width(match dialog {
            Dialog::Guide | Dialog::Shortcuts => 560.0,
            Dialog::New => new_project::width(ui),
            Dialog::Path(_) | Dialog::Export(_) | Dialog::Recover(_) | Dialog::FindRate => 520.0,
            Dialog::Dropped(_) => 460.0,
            Dialog::Unsaved(_) | Dialog::TrainMore { .. } | Dialog::Threads { .. } | Dialog::About => 400.0,
        });
        ui.spacing_mut().item_spacing.y = 10.0;
        answer = match &mut dialog {
            Dialog::New => new_ui(ui),
            Dialog::Path(dialog) => path_ui(ui, state, dialog),
            Dialog::Dropped(dropped) => dropped_ui(ui, state, dropped),
            Dialog::Export(dialog) => export_ui(ui, state, dialog),
            Dialog::Unsaved(then) => unsaved_ui(ui, state, then),
            Dialog::TrainMore { epochs } => train_more_ui(ui, state, epochs),
            Dialog::Threads { all, count } => threads_ui(ui, all, count),
            Dialog::FindRate => rate_search_ui(ui, state),
            Dialog::Recover(found) => recover_ui(ui, found),
            Dialog::Guide => guide_ui(ui),
            Dialog::Shortcuts => shortcuts_ui(ui),
            Dialog::About => about_ui(ui),
        };
    });
    if matches!(answer, Answer::Open) && !modal.should_close() {
        // An effect in this frame may have opened another one.
        state.dialog.get_or_insert(dialog);
        return;
    }
    apply_answer(state, dialog, answer);
}

/// Carries out the answer. Closes the dialog unless it is put back.
fn apply_answer(state: &mut State, mut dialog: Dialog, answer: Answer) {
    if matches!(dialog, Dialog::FindRate) {
        state.end_rate_search();
    }
    match answer {
        Answer::Open | Answer::Close => {}
        Answer::New(Start::Recipe(recipe)) => state.proceed(PendingAction::Recipe(recipe)),
        Answer::New(Start::Own(own)) => state.start_on(own),
        Answer::Browse(browse) => {
            state.dialog = Some(dialog);
            state.effects.push(Effect::Browse(browse));
        }
        Answer::Dropped { show } => {
            if let Dialog::Dropped(Dropped { paths, source, run, size, .. }) = dialog {
                if show {
                    state.show_to(run, paths, None, size.size());
                } else {
                    state.use_first(&paths, source);
                }
            }
        }
        Answer::Unsaved { save } => {
            if let Dialog::Unsaved(then) = dialog {
                state.answer_unsaved(then, save);
            }
        }
        Answer::TrainMore(epochs) => {
            if let Some((id, done)) = state.shown().map(|run| (run.id, run.finished_epochs())) {
                state.resume_run(id, Some(done.saturating_add(epochs)));
            }
        }
        Answer::Threads(threads) => state.threads = threads,
        Answer::UseRate(rate) => state.use_rate(rate),
        Answer::Recover(recovery) => state.recover(recovery),
        Answer::Discard(recovery) => {
            if let Dialog::Recover(found) = &mut dialog {
                found.retain(|other| *other != recovery);
                if !found.is_empty() {
                    state.dialog = Some(dialog);
                }
            }
            state.effects.push(Effect::Discard(recovery));
        }
    }
}

pub(super) enum Answer {
    Open,
    Close,
    New(Start),
    Browse(Browse),
    Unsaved { save: bool },
    Dropped { show: bool },
    TrainMore(u32),
    UseRate(f32),
    Threads(Option<usize>),
    Recover(Recovery),
    Discard(Recovery),
}

pub(super) fn title_ui(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).font(theme::bold(15.0)));
}

fn new_ui(ui: &mut Ui) -> Answer {
    title_ui(ui, "New project");
    let mut answer = new_project_ui(ui).map_or(Answer::Open, Answer::New);
    buttons_ui(ui, |ui| {
        if secondary_ui(ui, "Cancel").clicked() {
            answer = Answer::Close;
        }
    });
    answer
}

/// Asks whether dropped files are shown to a trained run or become the design's data. The more
/// likely answer has the focus.
fn dropped_ui(ui: &mut Ui, state: &State, dropped: &mut Dropped) -> Answer {
    let Dropped { paths, run, is_alike, size, source } = dropped;
    let name = paths.first().map_or_else(String::new, |path| {
        visible(&path.file_name().unwrap_or(path.as_os_str()).to_string_lossy()).into_owned()
    });
    let title = match paths.len() {
        0 | 1 => format!("What is “{name}” for?"),
        several => format!("What are these {several} files for?"),
    };
    title_ui(ui, &title);
    let text = format!(
        "Run {run} can encode and reconstruct them; the design keeps its data. Or use them as the data of the design."
    );
    ui.add(egui::Label::new(RichText::new(text).color(tokens(ui).dim)).wrap());
    if let (Some(run), Source::ImageFolder { .. }) = (state.find_run(*run), &*source) {
        shown_size_ui(ui, run, size);
    }
    let mut answer = Answer::Open;
    let show = format!("Show to run {run}");
    let choices = [(show.as_str(), true), ("Use as data of the design", false)];
    buttons_ui(ui, |ui| {
        for (text, is_show) in choices {
            let button = if *is_alike == is_show { expected_ui(ui, text) } else { secondary_ui(ui, text) };
            if button.clicked() {
                answer = Answer::Dropped { show: is_show };
            }
        }
        if secondary_ui(ui, "Cancel").clicked() {
            answer = Answer::Close;
        }
    });
    answer
}

fn path_ui(ui: &mut Ui, state: &mut State, dialog: &mut PathDialog) -> Answer {
    let (title, verb) = match &dialog.purpose {
        Purpose::Show(run) => (format!("Show other data to run {run}"), "Show"),
        Purpose::Open => ("Open a project or a design".to_owned(), "Open"),
        Purpose::Save(kind, _) => {
            let (title, verb) = match kind {
                SaveKind::Project => ("Save the project", "Save"),
                SaveKind::Design => ("Save the design", "Save"),
                SaveKind::Table => ("Export the selection as a table", "Export"),
                SaveKind::Pictures => ("Export the selection as a folder of pictures", "Export"),
                SaveKind::Restored => ("Export reconstructions as a folder of pictures", "Export"),
                SaveKind::Figure(_) => ("Save a view", "Save"),
                // Another dialog asks for it.
                SaveKind::Results(_) => ("Export", "Export"),
            };
            (title.to_owned(), verb)
        }
    };
    title_ui(ui, &title);
    if state.damaged && matches!(dialog.purpose, Purpose::Save(SaveKind::Project, _)) {
        let text = format!(
            "Parts of {} could not be read and would be lost by saving over it. Save under another name.",
            state.title()
        );
        ui.label(RichText::new(text).color(tokens(ui).dim));
    }
    if matches!(dialog.purpose, Purpose::Save(SaveKind::Figure(_), _)) {
        let before = state.figures.chosen;
        figure_ui(ui, &mut state.figures, dialog);
        state.rename_figure(before, dialog);
    }
    let (mut answer, mut accept) = path_line_ui(ui, dialog);
    if let Purpose::Show(run) = dialog.purpose
        && state.find_run(run).is_some_and(Run::fills_holes)
    {
        mask_ui(ui, &mut dialog.mask, &mut answer);
    }
    if let Purpose::Show(run) = dialog.purpose
        && let Some(run) = state.find_run(run)
    {
        shown_size_ui(ui, run, &mut dialog.size);
    }
    problem_ui(ui, dialog, None);
    buttons_ui(ui, |ui| {
        let verb = if dialog.overwrite { "Replace" } else { verb };
        accept |= primary_ui(ui, verb, 84.0).clicked();
        if secondary_ui(ui, "Cancel").clicked() {
            answer = Answer::Close;
        }
    });
    if accept && matches!(answer, Answer::Open) {
        dialog.accept();
    }
    state.effects.extend(dialog.next_question().map(Effect::CheckPath));
    answer
}

/// Shows what is wrong with a path, or another problem; a hint before anything is typed.
pub(super) fn problem_ui(ui: &mut Ui, dialog: &PathDialog, other: Option<&str>) {
    let tint = if other.is_none() && dialog.is_empty() { tokens(ui).dim } else { tokens(ui).bad };
    let text = other.or_else(|| dialog.problem()).unwrap_or_default();
    ui.label(RichText::new(text).size(11.5).color(tint));
}

/// The path field with the button that opens the desktop's file dialog. Also returns whether Enter
/// was pressed in the field; elsewhere, Enter belongs to the focused widget.
pub(super) fn path_line_ui(ui: &mut Ui, dialog: &mut PathDialog) -> (Answer, bool) {
    let (mut answer, mut is_entered) = (Answer::Open, false);
    let is_shown = matches!(dialog.purpose, Purpose::Show(_));
    let kind = match dialog.purpose {
        Purpose::Show(_) => ALL_DATA,
        Purpose::Open => BrowseKind::File("Hourglass", &["hourglass", "ron"]),
        Purpose::Save(kind, _) => BrowseKind::Save(kind),
    };
    ui.horizontal(|ui| {
        let edit = TextEdit::singleline(&mut dialog.text)
            .hint_text(if is_shown { "Path of a file or a folder" } else { "Path of the file" })
            .desired_width(ui.available_width() - if is_shown { 182.0 } else { 96.0 })
            .min_size(vec2(0.0, 28.0));
        let edit = ui.add(edit).accessible_name("Path");
        if edit.changed() {
            dialog.edited();
        }
        is_entered = edit.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        if ui.memory(|memory| memory.focused().is_none()) {
            edit.request_focus();
            if let Some(selection) = dialog.selection.take() {
                let [start, end] = [selection.start, selection.end].map(CCursor::new);
                let mut edited = TextEditState::load(ui.ctx(), edit.id).unwrap_or_default();
                edited.cursor.set_char_range(Some(CCursorRange::two(start, end)));
                edited.store(ui.ctx(), edit.id);
            }
        }
        if ui.add_sized(vec2(78.0, 28.0), egui::Button::new("Browse…")).clicked() {
            let near = PathBuf::from(dialog.text.trim());
            answer = Answer::Browse(Browse { target: Target::Dialog, kind, near });
        }
        if is_shown && ui.add_sized(vec2(78.0, 28.0), egui::Button::new("Folder…")).clicked() {
            let near = PathBuf::from(dialog.text.trim());
            let kind = BrowseKind::Folder;
            answer = Answer::Browse(Browse { target: Target::Dialog, kind, near });
        }
    });
    if dialog.chooser == Chooser::Typing {
        let text = "This desktop has no file dialog to show: type or paste the path.";
        ui.label(RichText::new(text).size(11.5).color(tokens(ui).code));
    }
    (answer, is_entered)
}

/// The fields of a mask, which marks the holes in damaged pictures.
fn mask_ui(ui: &mut Ui, mask: &mut MaskField, answer: &mut Answer) {
    let about = "This network fills holes in pictures: transparent parts, or what a mask marks. Choose one \
                 mask for all pictures, or a folder with a mask of the same name for each.";
    ui.add(egui::Label::new(RichText::new(about).size(11.5).color(tokens(ui).dim)).wrap());
    ui.horizontal(|ui| {
        let edit = TextEdit::singleline(&mut mask.text)
            .hint_text("Path of a mask (optional)")
            .desired_width(ui.available_width() - 182.0)
            .min_size(vec2(0.0, 28.0));
        ui.add(edit).accessible_name("Mask");
        for (text, name, kind) in
            [("Browse…", "Browse for the mask", PICTURES), ("Folder…", "Folder of masks", BrowseKind::Folder)]
        {
            let button = ui.add_sized(vec2(78.0, 28.0), egui::Button::new(text));
            if button.accessible_name(name).clicked() {
                let near = PathBuf::from(mask.text.trim());
                *answer = Answer::Browse(Browse { target: Target::Mask, kind, near });
            }
        }
    });
    ui.horizontal(|ui| {
        ui.label("Holes are");
        for shade in HoleShade::ALL {
            ui.radio_value(&mut mask.holes, shade, shade.name());
        }
    });
}

fn unsaved_ui(ui: &mut Ui, state: &State, then: &PendingAction) -> Answer {
    let before = match then {
        PendingAction::Quit => "closing",
        PendingAction::New | PendingAction::Recipe(_) => "starting a new project",
        PendingAction::Open | PendingAction::OpenPath(_) => "opening another",
    };
    title_ui(ui, &format!("Save “{}” before {before}?", state.title()));
    let tokens = tokens(ui);
    let lost = match (state.project != state.saved, state.runs_unsaved) {
        (true, true) => "Changes to the design and to runs are not saved yet.",
        (true, false) => "Changes to the design are not saved yet.",
        (false, _) => "Runs are not saved yet.",
    };
    ui.label(RichText::new(lost).color(tokens.dim));
    if state.active_run().is_some() {
        ui.label(
            RichText::new("The run will be stopped. If you save, it can be resumed later.").color(tokens.dim),
        );
    }
    let mut answer = Answer::Open;
    buttons_ui(ui, |ui| {
        if expected_ui(ui, "Save").clicked() {
            answer = Answer::Unsaved { save: true };
        }
        if secondary_ui(ui, "Don't save").clicked() {
            answer = Answer::Unsaved { save: false };
        }
        if secondary_ui(ui, "Cancel").clicked() {
            answer = Answer::Close;
        }
    });
    answer
}

fn train_more_ui(ui: &mut Ui, state: &State, epochs: &mut u32) -> Answer {
    let name = state.shown().map_or_else(String::new, |run| format!("run {}", run.id));
    title_ui(ui, &format!("Train {name} further"));
    ui.horizontal(|ui| {
        ui.label("More epochs");
        ui.add_sized(vec2(110.0, 26.0), DragValue::new(epochs).range(1..=1_000_000))
            .accessible_name("More epochs");
    });
    if let Some(text) = state.shown().and_then(|run| idle_epochs(run, *epochs)) {
        ui.label(RichText::new(text).color(tokens(ui).code));
    }
    let mut answer = Answer::Open;
    buttons_ui(ui, |ui| {
        if expected_ui(ui, "Train").clicked() {
            answer = Answer::TrainMore(*epochs);
        }
        if secondary_ui(ui, "Cancel").clicked() {
            answer = Answer::Close;
        }
    });
    answer
}

/// A warning if some of the additional epochs would have no effect: a cosine schedule that has
/// reached 0 stays there, and the one-cycle schedule stays at its final value, far below its
/// maximum.
fn idle_epochs(run: &Run, more: u32) -> Option<String> {
    let training = &run.design.training;
    let (done, last) = (run.finished_epochs(), training.epochs);
    let (schedule, floor, higher) = match training.schedule {
        Schedule::Cosine { floor } if floor == 0.0 => ("cosine", floor, "a floor above 0"),
        Schedule::OneCycle { floor, .. } if floor < 1e-3 => ("cycle", floor, "a cycle that ends higher"),
        Schedule::Constant | Schedule::Step { .. } | Schedule::Cosine { .. } | Schedule::OneCycle { .. } => {
            return None;
        }
    };
    if done.saturating_add(more) <= last {
        return None;
    }
    let (how_much, rate) = if floor == 0.0 {
        ("nothing", "0".to_owned())
    } else {
        ("almost nothing", format_number(f64::from(floor * training.learning_rate)))
    };
    let which = if done < last { format!("Epochs after {last}") } else { "These epochs".to_owned() };
    Some(format!(
        "{which} learn {how_much}: the {schedule} of this run ends at epoch {last} with a learning rate of {rate}. For more, train a \
         new run with more epochs, or with {higher}."
    ))
}

fn threads_ui(ui: &mut Ui, all: &mut bool, count: &mut usize) -> Answer {
    title_ui(ui, "Training threads");
    let cores = cores();
    ui.checkbox(all, format!("All cores ({cores})"));
    ui.horizontal(|ui| {
        ui.label("Threads");
        let field = DragValue::new(count).range(1..=cores).speed(0.1);
        ui.add_enabled_ui(!*all, |ui| ui.add_sized(vec2(110.0, 26.0), field).accessible_name("Threads"));
    });
    let text = "Results do not depend on the number. A run that is training keeps its number until it is stopped and resumed.";
    ui.label(RichText::new(text).size(11.5).color(tokens(ui).dim));
    let mut answer = Answer::Open;
    buttons_ui(ui, |ui| {
        if expected_ui(ui, "Apply").clicked() {
            answer = Answer::Threads((!*all).then_some(*count));
        }
        if secondary_ui(ui, "Cancel").clicked() {
            answer = Answer::Close;
        }
    });
    answer
}

fn recover_ui(ui: &mut Ui, found: &[Recovery]) -> Answer {
    title_ui(ui, "Recover unsaved work");
    let tokens = tokens(ui);
    ui.label(RichText::new("The program ended before this work was saved.").color(tokens.dim));
    let mut answer = Answer::Open;
    for recovery in found {
        ui.horizontal(|ui| {
            let origin = recovery.origin.as_ref().map(|path| visible_path(path));
            let runs =
                if recovery.runs == 1 { "1 run".to_owned() } else { format!("{} runs", recovery.runs) };
            let about = origin.map_or_else(|| runs.clone(), |origin| format!("{runs} · {origin}"));
            ui.vertical(|ui| {
                ui.set_width(ui.available_width() - 168.0);
                ui.spacing_mut().item_spacing.y = 2.0;
                ui.label(RichText::new(visible(&recovery.name)).font(theme::bold(12.5)));
                ui.add(egui::Label::new(RichText::new(about).size(11.0).color(tokens.dim)).truncate());
            });
            if expected_ui(ui, "Recover").clicked() {
                answer = Answer::Recover(recovery.clone());
            }
            if secondary_ui(ui, "Discard").clicked() {
                answer = Answer::Discard(recovery.clone());
            }
        });
    }
    buttons_ui(ui, |ui| {
        if secondary_ui(ui, "Later").clicked() {
            answer = Answer::Close;
        }
    });
    answer
}

fn shortcuts_ui(ui: &mut Ui) -> Answer {
    title_ui(ui, "Keyboard shortcuts");
    let height = ui.ctx().content_rect().height() * 0.7;
    egui::ScrollArea::vertical().max_height(height).min_scrolled_height(height).show(ui, |ui| {
        for menu in Menu::ALL {
            let tokens = tokens(ui);
            ui.label(RichText::new(menu.name()).font(theme::bold(12.0)).color(tokens.dim));
            Grid::new(menu.name()).num_columns(2).striped(true).min_col_width(250.0).show(ui, |ui| {
                for command in menu.groups().flatten() {
                    ui.label(command.text());
                    ui.label(RichText::new(keys(ui.ctx(), command)).color(tokens.dim));
                    ui.end_row();
                }
            });
        }
    });
    close_ui(ui)
}

/// All keys of a command, in this system's notation.
pub fn keys(ctx: &egui::Context, command: Command) -> String {
    let keys: Vec<String> =
        command.shortcuts().iter().map(|shortcut| ctx.format_shortcut(shortcut)).collect();
    keys.join(" or ")
}

fn about_ui(ui: &mut Ui) -> Answer {
    title_ui(ui, "Hourglass");
    ui.label(format!("Version {}", env!("CARGO_PKG_VERSION")));
    ui.label("A workbench for autoencoders: build, train, watch and explore them.");
    let tokens = tokens(ui);
    let licences = "MIT or Apache-2.0, at your choice. Typeface: Inter, SIL Open Font License 1.1.";
    ui.label(RichText::new(licences).size(11.5).color(tokens.dim));
    close_ui(ui)
}

pub(super) fn close_ui(ui: &mut Ui) -> Answer {
    let mut answer = Answer::Open;
    buttons_ui(ui, |ui| {
        if expected_ui(ui, "Close").clicked() {
            answer = Answer::Close;
        }
    });
    answer
}

/// The default button: it is initially focused, so that Enter presses it.
fn expected_ui(ui: &mut Ui, text: &str) -> Response {
    let button = primary_ui(ui, text, 84.0);
    if ui.memory(|memory| memory.focused().is_none()) {
        button.request_focus();
    }
    button
}

pub(super) fn buttons_ui(ui: &mut Ui, buttons: impl FnOnce(&mut Ui)) {
    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
        ui.set_min_height(30.0);
        buttons(ui);
    });
}
