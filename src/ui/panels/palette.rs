//! The command palette: finds any command by a few letters of its name.

use egui::{
    Align2, Area, Button, Frame, Id, Key, Modifiers, Order, RichText, ScrollArea, TextEdit, Ui, vec2,
};

use crate::ui::commands::Command;
use crate::ui::state::State;
use crate::ui::theme::tokens;
use crate::ui::widgets::hint::side_tooltip;

/// Shows the palette while it is open. Enter runs the chosen command, Escape closes.
pub fn palette_ui(ui: &mut Ui, state: &mut State) {
    let Some(mut palette) = state.view.palette.take() else { return };
    let mut given = None;
    let (up, down, enter, escape) = ui.input_mut(|input| {
        let mut key = |key| input.consume_key(Modifiers::NONE, key);
        (key(Key::ArrowUp), key(Key::ArrowDown), key(Key::Enter), key(Key::Escape))
    });
    let area =
        Area::new(Id::unique("palette")).order(Order::Foreground).anchor(Align2::CENTER_TOP, vec2(0.0, 70.0));
    let response = area.show(ui.ctx(), |ui| {
        Frame::popup(ui.style()).inner_margin(10).show(ui, |ui| {
            ui.set_width(460.0);
            let edit = TextEdit::singleline(&mut palette.text)
                .hint_text("Type a few letters of a command")
                .desired_width(f32::INFINITY)
                .min_size(vec2(0.0, 30.0))
                .align(egui::Align2::LEFT_CENTER);
            let edit = ui.add(edit).accessible_name("Command to search for");
            edit.request_focus();
            if edit.changed() {
                palette.chosen = 0;
            }
            let found = search(&palette.text, state);
            let last = found.len().saturating_sub(1);
            palette.chosen = match (up, down) {
                (true, _) => palette.chosen.saturating_sub(1),
                (_, true) => palette.chosen + 1,
                (false, false) => palette.chosen,
            }
            .min(last);
            ui.add_space(4.0);
            if found.is_empty() {
                ui.label(RichText::new("No command of that name.").color(tokens(ui).dim));
            }
            ScrollArea::vertical().max_height(360.0).min_scrolled_height(360.0).show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 1.0;
                for (line, command) in found.iter().enumerate() {
                    let chosen = line == palette.chosen;
                    if line_ui(ui, *command, chosen, state, chosen && (up || down)) || (enter && chosen) {
                        given = Some(*command);
                    }
                }
            });
        });
    });
    let outside = ui.input(|input| {
        input.pointer.any_pressed()
            && input.pointer.interact_pos().is_some_and(|at| !response.response.rect.contains(at))
    });
    match given {
        Some(command) => {
            state.view.remember_command(command.text());
            state.run(command);
        }
        None if escape || outside => {}
        None => state.view.palette = Some(palette),
    }
}

fn line_ui(ui: &mut Ui, command: Command, chosen: bool, state: &State, scroll: bool) -> bool {
    let available = command.available(state);
    let keys = command.shortcuts().first().map(|keys| ui.ctx().format_shortcut(keys)).unwrap_or_default();
    let tokens = tokens(ui);
    let text = RichText::new(command.text()).color(if available.is_ok() { tokens.text } else { tokens.dim });
    let fill = if chosen { ui.visuals().selection.bg_fill } else { egui::Color32::TRANSPARENT };
    let button = Button::new(text)
        .right_text(RichText::new(keys).size(11.0).color(tokens.dim))
        .fill(fill)
        .stroke(egui::Stroke::NONE)
        .min_size(vec2(ui.available_width(), 26.0));
    let about = available.err().unwrap_or_else(|| command.tooltip().to_owned());
    let response = side_tooltip(ui.add(button), &about, "");
    if scroll {
        response.scroll_to_me(None);
    }
    response.clicked()
}

/// Commands that match the text, best first; available ones before unavailable ones. If the text is
/// empty, the most recently used come first.
pub fn search(text: &str, state: &State) -> Vec<Command> {
    let recent = if text.trim().is_empty() { &state.view.recent_commands[..] } else { &[] };
    let age = |command: Command| recent.iter().position(|name| name == command.text());
    let mut found: Vec<(bool, i32, usize, Command)> = Command::all()
        .enumerate()
        .filter(|(_, command)| *command != Command::CommandPalette)
        .filter_map(|(place, command)| {
            let score = score(text, command.text())?;
            Some((command.available(state).is_err(), -score, place, command))
        })
        .collect();
    found.sort_by_key(|(gone, score, place, command)| {
        (*gone, age(*command).unwrap_or(usize::MAX), *score, *place)
    });
    found.into_iter().map(|(.., command)| command).collect()
}

/// Scores how well typed letters match a name. All letters must occur in order; starts of words and
/// adjacent letters score higher.
fn score(typed: &str, name: &str) -> Option<i32> {
    let name: Vec<char> = name.to_lowercase().chars().collect();
    let (mut at, mut score, mut last) = (0, 0, None);
    for letter in typed.to_lowercase().chars().filter(|letter| !letter.is_whitespace()) {
        let is_start = |index: usize| index == 0 || !name[index - 1].is_alphanumeric();
        let rest = || (at..name.len()).filter(|index| name[*index] == letter);
        let next = rest().find(|index| last == index.checked_sub(1) || is_start(*index)).or(rest().next())?;
        score += 1
            + if is_start(next) { 4 } else { 0 }
            + if last.is_some() && last == next.checked_sub(1) { 3 } else { 0 };
        (at, last) = (next + 1, Some(next));
    }
    Some(score * 10 - i32::try_from(name.len() / 4).unwrap_or(i32::MAX / 2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Layer;

    #[test]
    fn letters_in_order_find_a_command() {
        let state = State::default();
        let first = |text: &str| search(text, &state).first().copied();
        assert_eq!(first("dark"), Some(Command::ThemeDark));
        assert_eq!(first("add de"), Some(Command::adding(&Layer::ALL[0])));
        assert_eq!(first("reslay"), Some(Command::ResetLayout));
        assert_eq!(first("zzzz"), None);
        assert_eq!(search("", &state).len(), Command::all().count() - 1);
    }

    #[test]
    fn recent_commands_come_first_for_an_empty_search() {
        let mut state = State::default();
        for command in [Command::ThemeDark, Command::ResetLayout, Command::ThemeDark] {
            state.view.remember_command(command.text());
        }
        assert_eq!(search(" ", &state)[..2], [Command::ThemeDark, Command::ResetLayout]);
        assert_eq!(search("reslay", &state)[0], Command::ResetLayout);
        state.view.reset();
        assert_eq!(search("", &state)[0], Command::ThemeDark, "they are no part of the layout");
    }
}
