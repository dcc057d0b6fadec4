//! The bar at the top: menus, the project's name, training and its progress.

use egui::{Align, Button, Layout, MenuBar, RichText, Sense, Stroke, Ui, pos2, vec2};

use crate::check::Severity;
use crate::project::{format_count, format_percent, format_secs, short_count, visible, visible_path};
use crate::run::{GreedyProgress, Run, RunProgress, Status};
use crate::ui::commands::{Command, Menu};
use crate::ui::state::{PendingAction, State};
use crate::ui::theme::{self, tokens};
use crate::ui::widgets::hint::side_tooltip;
use crate::ui::widgets::scroll::menu_entries_ui;

/// Height of the bar, in points.
pub const HEIGHT: f32 = 46.0;

/// Shows the bar.
pub fn toolbar_ui(ui: &mut Ui, state: &mut State) {
    let width = ui.available_width();
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        icon_ui(ui);
        ui.scope(|ui| {
            // A menu bar takes the whole available width.
            ui.set_max_width(250.0);
            MenuBar::new().ui(ui, |ui| {
                ui.spacing_mut().item_spacing.x = if width > 1100.0 { 10.0 } else { 5.0 };
                for menu in Menu::ALL {
                    ui.menu_button(RichText::new(menu.name()).size(13.0), |ui| menu_ui(ui, menu, state));
                }
            });
        });
        name_ui(ui, state, if width > 1250.0 { 220.0 } else { 120.0 });
        run_buttons_ui(ui, state);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            search_ui(ui, state, width);
            progress_ui(ui, state);
        });
    });
}

fn icon_ui(ui: &mut Ui) {
    let (rect, _) = ui.allocate_exact_size(vec2(26.0, 28.0), Sense::hover());
    let (tokens, painter) = (tokens(ui), ui.painter());
    let (c, w, h) = (rect.center(), 7.0, 9.0);
    let stroke = Stroke::new(1.8, tokens.highlight);
    for y in [-h, h] {
        painter.line_segment([pos2(c.x - w - 1.0, c.y + y), pos2(c.x + w + 1.0, c.y + y)], stroke);
        painter.line_segment([pos2(c.x - w, c.y + y), c], stroke);
        painter.line_segment([pos2(c.x + w, c.y + y), c], stroke);
    }
    let sand = vec![pos2(c.x - 4.0, c.y + h - 1.0), pos2(c.x + 4.0, c.y + h - 1.0), pos2(c.x, c.y + 4.0)];
    painter.add(egui::Shape::convex_polygon(sand, tokens.highlight, Stroke::NONE));
}

fn menu_ui(ui: &mut Ui, menu: Menu, state: &mut State) {
    ui.set_min_width(230.0);
    // The longest menu has to fit into the smallest window.
    ui.spacing_mut().button_padding = vec2(8.0, 2.0);
    ui.spacing_mut().interact_size.y = 22.0;
    ui.spacing_mut().item_spacing.y = 2.0;
    menu_entries_ui(ui, HEIGHT, |ui| items_ui(ui, menu, state));
}

fn items_ui(ui: &mut Ui, menu: Menu, state: &mut State) {
    for (number, group) in menu.groups().enumerate() {
        if number > 0 {
            ui.separator();
        }
        for command in group {
            item_ui(ui, command, state);
            if command == Command::Open {
                recent_ui(ui, state);
            }
        }
    }
}

/// A menu item: text, keys, and the reason if it is not available.
pub fn item_ui(ui: &mut Ui, command: Command, state: &mut State) {
    let available = command.available(state);
    let on = command.is_on(state);
    let keys = command.shortcuts().first().map(|keys| ui.ctx().format_shortcut(keys)).unwrap_or_default();
    let text = if on { format!("✓  {}", command.text()) } else { command.text().to_owned() };
    let keys = RichText::new(keys).size(11.0).color(tokens(ui).dim);
    let button = Button::new(text).right_text(keys).wrap_mode(egui::TextWrapMode::Extend);
    let response = ui.add_enabled(available.is_ok(), button);
    let response = side_tooltip(response, command.tooltip(), &available.err().unwrap_or_default());
    if response.clicked() {
        state.run(command);
        ui.close();
    }
}

fn recent_ui(ui: &mut Ui, state: &mut State) {
    let recent = state.recent.clone();
    ui.add_enabled_ui(!recent.is_empty(), |ui| {
        ui.menu_button("Open recent", |ui| {
            menu_entries_ui(ui, 0.0, |ui| {
                for path in recent {
                    let name = path.file_name().unwrap_or_default().to_string_lossy();
                    if side_tooltip(ui.button(visible(&name)), &visible_path(&path), "").clicked() {
                        state.ask(PendingAction::OpenPath(path));
                        ui.close();
                    }
                }
            });
        });
    })
    .response
    .on_disabled_hover_text("No file has been opened or saved yet.");
}

fn name_ui(ui: &mut Ui, state: &State, most: f32) {
    let tokens = tokens(ui);
    ui.scope(|ui| {
        ui.set_max_width(most);
        let modified = state.is_modified();
        let name = RichText::new(state.title()).font(theme::bold(13.0)).color(tokens.text);
        let hover = match (&state.file, modified) {
            (Some(file), true) => format!("{}\nChanged since it was saved.", visible_path(file)),
            (Some(file), false) => visible_path(file),
            (None, true) => "Not saved yet.".to_owned(),
            (None, false) => "A new project.".to_owned(),
        };
        ui.add(egui::Label::new(name).truncate()).on_hover_text(hover);
        let (rect, _) = ui.allocate_exact_size(vec2(9.0, 9.0), Sense::hover());
        if modified {
            ui.painter().circle_filled(rect.center(), 4.0, tokens.highlight);
        }
    });
}

fn run_buttons_ui(ui: &mut Ui, state: &mut State) {
    let status = state.active_run().map(|run| run.status.clone());
    let (pauses, name) = match status {
        Some(Status::Training) => (true, "Pause"),
        Some(Status::Queued) => (true, "Queued"),
        Some(Status::Paused) => (false, "Resume"),
        Some(Status::Stopped | Status::Done | Status::Failed(_)) | None => match state.resumes() {
            Some(_) => (false, "Resume"),
            None => (false, "Train"),
        },
    };
    let about = match (&status, state.resumes()) {
        (None, Some(run)) => format!(
            "Resume run {} where it was stopped. For another run of this design: {}.",
            run.id,
            Command::TrainNew.text()
        ),
        _ => Command::TrainOrPause.tooltip().to_owned(),
    };
    let tokens = tokens(ui);
    let text = RichText::new(name).font(theme::bold(12.5)).color(tokens.on_accent);
    let train =
        Button::new((sign_atom(pauses, tokens.on_accent), text)).fill(tokens.accent).stroke(Stroke::NONE);
    let size = vec2(92.0, 28.0);
    command_button_ui(ui, state, Command::TrainOrPause, train, (name, &about), size);
    let about = Command::StepOnce.tooltip();
    command_button_ui(ui, state, Command::StepOnce, Button::new("Step"), ("Step", about), vec2(50.0, 28.0));
    let about = Command::EpochOnce.tooltip();
    command_button_ui(
        ui,
        state,
        Command::EpochOnce,
        Button::new("Epoch"),
        ("Epoch", about),
        vec2(56.0, 28.0),
    );
    let about = Command::Stop.tooltip();
    command_button_ui(ui, state, Command::Stop, Button::new("Stop"), ("Stop", about), vec2(50.0, 28.0));
}

/// A pause or play icon, painted so that no font needs to contain it.
fn sign_atom(pauses: bool, color: egui::Color32) -> egui::Atom<'static> {
    let size = vec2(10.0, 12.0);
    egui::AtomKind::closure(move |_, _| egui::IntoSizedResult {
        intrinsic_size: size,
        sized: egui::SizedAtomKind::Paint {
            paint: std::sync::Arc::new(move |ui: &Ui, args: egui::AtomPaintArgs| {
                let (rect, painter) = (args.rect, ui.painter());
                if pauses {
                    for x in [rect.left(), rect.right() - 3.5] {
                        let bar = egui::Rect::from_min_size(pos2(x, rect.top()), vec2(3.5, rect.height()));
                        painter.rect_filled(bar, 1.0, color);
                    }
                } else {
                    let corners = vec![rect.left_top(), rect.right_center(), rect.left_bottom()];
                    painter.add(egui::Shape::convex_polygon(corners, color, Stroke::NONE));
                }
            }),
            size,
        },
    })
    .into()
}

fn command_button_ui(
    ui: &mut Ui,
    state: &mut State,
    command: Command,
    button: Button<'_>,
    (name, about): (&str, &str),
    size: egui::Vec2,
) {
    let available = command.available(state);
    let response = ui.add_enabled_ui(available.is_ok(), |ui| ui.add_sized(size, button)).inner;
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, available.is_ok(), name));
    let keys = super::dialog::keys(ui.ctx(), command);
    let response = response.on_hover_text(format!("{about} ({keys})"));
    let response = match &available {
        Ok(()) => response,
        Err(reason) => response.on_disabled_hover_text(reason),
    };
    if response.clicked() {
        state.run(command);
    }
}

fn search_ui(ui: &mut Ui, state: &mut State, width: f32) {
    let tokens = tokens(ui);
    let keys = Command::CommandPalette.shortcuts().first();
    let keys = keys.map(|keys| ui.ctx().format_shortcut(keys)).unwrap_or_default();
    let keys = RichText::new(keys).size(11.0).color(tokens.dim);
    let (text, size) = match width {
        1180.0.. => ("Search commands", 176.0),
        960.0.. => ("Search", 104.0),
        _ => ("", 60.0),
    };
    let text = RichText::new(text).color(tokens.dim);
    let response = ui.add_sized(vec2(size, 28.0), Button::new(text).right_text(keys));
    let response =
        response.accessible_name("Search commands").on_hover_text(Command::CommandPalette.tooltip());
    if response.clicked() {
        state.run(Command::CommandPalette);
    }
}

/// Width of the progress text of a run with a hundred thousand epochs.
const PLACE_PX: f32 = 140.0;
/// Its font size.
const PLACE_SIZE: f32 = 12.0;

/// Epoch, progress bar, remaining time and speed, each with a fixed width so that nothing moves
/// while numbers change.
fn progress_ui(ui: &mut Ui, state: &State) {
    let tokens = tokens(ui);
    let Some(run) = state.active_run().or_else(|| state.shown()) else {
        idle_ui(ui, state);
        return;
    };
    let progress = state.progress.get(&run.id).copied().unwrap_or_default();
    let done = progress.epoch.max(run.history.epochs.last().map_or(0, |record| record.epoch));
    let fraction = if progress.steps_per_epoch > 0 {
        progress.fraction() as f32
    } else {
        done as f32 / run.epochs.max(1) as f32
    };
    let is_training = run.status == Status::Training;
    speed_ui(ui, state, run, &progress, fraction);
    // In the smallest window, the numbers get all the space.
    let bar = (ui.available_width() - PLACE_PX - 16.0).min(230.0);
    if bar >= 24.0 {
        bar_ui(ui, run, fraction, bar, if is_training { tokens.accent } else { tokens.faint });
    }
    let room = ui.available_width().min(PLACE_PX);
    let place = place_text(&run.status, &progress, [done, run.epochs], |text| {
        let font = egui::FontId::proportional(PLACE_SIZE);
        ui.painter().layout_no_wrap(text.to_owned(), font, tokens.dim).size().x < room
    });
    text_ui(ui, &place, tokens.dim, room, Align::RIGHT)
        .on_hover_text(place_sentence(&progress, [done, run.epochs]));
}

/// Remaining time and speed while a run trains, otherwise its status and time; hidden in the
/// smallest window.
fn speed_ui(ui: &mut Ui, state: &State, run: &Run, progress: &RunProgress, fraction: f32) {
    let (wide, small) = (ui.available_width() > 470.0, ui.available_width() < 250.0);
    if small {
        return;
    }
    let width = if wide { 190.0 } else { 92.0 };
    if let Some(run) = state.older_design() {
        let text = format!("run {run} trains an older design");
        text_ui(ui, &text, tokens(ui).code, width, Align::LEFT)
            .on_hover_text("The design was changed after the run started; the next run will train it.");
        return;
    }
    let is_training = run.status == Status::Training;
    let speed = if is_training && progress.samples_per_sec > 0.0 {
        format!("{} samples/s", short_count(progress.samples_per_sec as u64))
    } else {
        String::new()
    };
    let time = if is_training {
        let left = left(fraction, progress.seconds);
        left.map_or_else(|| "…".to_owned(), |secs| format!("{} left", format_secs(secs)))
    } else {
        format!("{}, {}", run.status.word(), format_secs(run.seconds))
    };
    let about = if wide && !speed.is_empty() { format!("{time} · {speed}") } else { time };
    text_ui(ui, &about, tokens(ui).dim, width, Align::LEFT).on_hover_text(speed);
}

/// The progress of a run as a sentence.
fn place_sentence(progress: &RunProgress, [done, epochs]: [u32; 2]) -> String {
    match progress.greedy {
        Some(greedy) => format!(
            "Pretraining layer {} of {}: epoch {} of {}.",
            greedy.layer,
            greedy.layers,
            format_count(greedy.epoch),
            format_count(greedy.epochs)
        ),
        None => format!(
            "{} of {} epochs, step {} of the next.",
            format_count(done),
            format_count(epochs),
            format_count(progress.step_in_epoch)
        ),
    }
}

/// The progress of a run in the longest form that fits. The form is chosen by its final length, so
/// that it does not change during the run.
fn place_text(
    status: &Status,
    progress: &RunProgress,
    [done, epochs]: [u32; 2],
    fits: impl Fn(&str) -> bool,
) -> String {
    let end = RunProgress {
        greedy: progress.greedy.map(|greedy| GreedyProgress { epoch: greedy.epochs, ..greedy }),
        step_in_epoch: if progress.step_in_epoch > 0 { progress.steps_per_epoch } else { 0 },
        ..*progress
    };
    let longest = place_forms(status, &end, [done.max(epochs), epochs]);
    let mut forms = place_forms(status, progress, [done, epochs]);
    let form = longest.iter().position(|text| fits(text)).unwrap_or(forms.len() - 1);
    forms.swap_remove(form)
}

/// The progress of a run, from the longest form to the shortest.
fn place_forms(status: &Status, progress: &RunProgress, [done, epochs]: [u32; 2]) -> Vec<String> {
    match progress.greedy.filter(|_| status.is_under_way()) {
        Some(greedy) => {
            let of = parts(greedy.epoch, greedy.epochs);
            of.map(|part| format!("layer {}/{} · {part}", greedy.layer, greedy.layers)).to_vec()
        }
        // Single steps are visible too.
        None if *status == Status::Paused && progress.step_in_epoch > 0 => {
            let (step, steps) = (progress.step_in_epoch, progress.steps_per_epoch);
            parts(done, epochs).map(|part| format!("{part} · step {step}/{steps}")).to_vec()
        }
        None => {
            let [long, short, share] = parts(done, epochs);
            // Long runs need the space for their numbers.
            let full = if epochs >= 1000 { format!("{long} epochs") } else { format!("epoch {long}") };
            vec![full, long, short, share]
        }
    }
}

/// A count and its total, from the longest form to the shortest. Unfinished counts are not rounded
/// up.
fn parts(done: u32, all: u32) -> [String; 3] {
    let long = |count: u32| format_count(count);
    let short = |count: u32| {
        if all < 10_000 || count < 1000 { long(count) } else { format!("{}k", long(count / 1000)) }
    };
    let percent = u64::from(done) * 100 / u64::from(all.max(1));
    [
        format!("{} / {}", long(done), long(all)),
        format!("{} / {}", short(done), short(all)),
        format!("{percent} %"),
    ]
}

fn idle_ui(ui: &mut Ui, state: &State) {
    let tokens = tokens(ui);
    let errors = state.derived.errors();
    let text = if let Some(busy) = &state.busy {
        busy.clone()
    } else if state.data.progress.is_some() {
        "loading data…".to_owned()
    } else if errors > 0 {
        format!("{errors} {} to fix", if errors == 1 { "problem" } else { "problems" })
    } else if state.data.dataset.is_some() {
        "ready: press F5 to train".to_owned()
    } else {
        "no data yet".to_owned()
    };
    let worst = state.derived.problems.first().map(|problem| problem.severity);
    let color = if errors > 0 && worst == Some(Severity::Error) { tokens.bad } else { tokens.dim };
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        ui.add_space(8.0);
        ui.add(egui::Label::new(RichText::new(text).size(12.0).color(color)).truncate());
    });
}

fn text_ui(ui: &mut Ui, text: &str, color: egui::Color32, width: f32, align: Align) -> egui::Response {
    let layout = if align == Align::LEFT {
        Layout::left_to_right(Align::Center)
    } else {
        Layout::right_to_left(Align::Center)
    };
    ui.allocate_ui_with_layout(vec2(width, 28.0), layout, |ui| {
        ui.set_min_width(width);
        ui.add(egui::Label::new(RichText::new(text).size(PLACE_SIZE).color(color)).truncate())
    })
    .response
}

/// The progress bar of a run, with marks at the restarts of a selector.
fn bar_ui(ui: &mut Ui, run: &Run, fraction: f32, width: f32, color: egui::Color32) {
    let (rect, response) = ui.allocate_exact_size(vec2(width, 6.0), Sense::hover());
    let tokens = tokens(ui);
    ui.painter().rect_filled(rect, 3.0, tokens.raised);
    let mut done = rect;
    done.set_width(rect.width() * fraction.clamp(0.0, 1.0));
    ui.painter().rect_filled(done, 3.0, color);
    for restart in &run.restarts {
        let at = restart.epoch as f32 / run.epochs.max(1) as f32;
        let x = egui::lerp(rect.x_range(), at.clamp(0.0, 1.0));
        ui.painter().vline(x, rect.y_range().expand(3.0), Stroke::new(2.0, tokens.code));
    }
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, "Progress of the run");
        info.value = Some(f64::from(fraction));
        info
    });
    let mut about = format_percent(f64::from(fraction), 0);
    if let Some(last) = run.restarts.last() {
        let starts = run.restarts.iter().map(|restart| format_count(restart.epoch));
        let starts = starts.collect::<Vec<_>>().join(", ");
        let attempt = last.attempt.to_string();
        about.extend([", attempt ", &attempt, ": the selector was restarted after epoch ", &starts]);
    }
    response.on_hover_text(about);
}

fn left(fraction: f32, seconds: f64) -> Option<f64> {
    (fraction > 0.001).then(|| seconds * f64::from((1.0 - fraction) / fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the progress text of a run with these finished and total epochs; it must fit into
    /// `room` characters.
    #[track_caller]
    fn check(status: Status, progress: RunProgress, epochs: [u32; 2], room: usize, expected: &str) {
        let text = place_text(&status, &progress, epochs, |text| text.chars().count() <= room);
        assert_eq!(text, expected, "{room} characters");
    }

    #[test]
    fn the_progress_text_of_a_run_fits() {
        let none = RunProgress::default();
        for (done, epochs, room, expected) in [
            (5, 100, 99, "epoch 5 / 100"),
            (5, 1000, 99, "5 / 1,000 epochs"),
            (600_000, 600_000, 99, "600,000 / 600,000 epochs"),
            (600_000, 600_000, 17, "600,000 / 600,000"),
            (599_999, 600_000, 16, "599k / 600k"),
            (9_999, 600_000, 11, "9k / 600k"),
            (599_999, 600_000, 5, "99 %"),
            // Its form does not change during the run.
            (1, 600_000, 16, "1 / 600k"),
        ] {
            check(Status::Training, none, [done, epochs], room, expected);
        }
        let greedy =
            GreedyProgress { layer: 1, layers: 3, epoch: 5, epochs: 20_000, ..GreedyProgress::default() };
        let layer = RunProgress { greedy: Some(greedy), ..none };
        check(Status::Training, layer, [0, 9], 99, "layer 1/3 · 5 / 20,000");
        check(Status::Training, layer, [0, 9], 22, "layer 1/3 · 5 / 20k");
        let step = RunProgress { step_in_epoch: 3, steps_per_epoch: 23, ..none };
        check(Status::Paused, step, [600_000, 700_000], 99, "600,000 / 700,000 · step 3/23");
        check(Status::Paused, step, [600_000, 700_000], 20, "85 % · step 3/23");
    }
}
