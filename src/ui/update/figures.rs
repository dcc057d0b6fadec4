//! Saving and copying figures of the views.

use std::path::PathBuf;
use std::sync::Arc;

use crate::check::Severity;
use crate::figure::{Figure, Form, Style};
use crate::project::{is_hidden, visible};
use crate::ui::state::{Clip, Effect, FigureAction, FigureRequest, Figures, PathDialog, SaveKind, State};

/// Maximum number of characters of a title used in a file name.
const MOST_LETTERS: usize = 60;

impl State {
    /// Performs the requested action on the first of these figures; the save dialog can choose
    /// another one.
    pub fn use_figures(&mut self, all: Vec<Arc<Figure>>, action: FigureAction, is_dark: bool) {
        let style = Style { is_dark, scale: self.figures.style.scale };
        let Some(figure) = all.first().cloned() else {
            let text = "No visible view has anything to save: train a network, or show another view.";
            self.notices.say(Severity::Info, text.to_owned());
            return;
        };
        match action {
            FigureAction::Save(form) => {
                self.figures = Figures { all, chosen: 0, style };
                self.ask_where(SaveKind::Figure(form));
            }
            FigureAction::CopyPicture | FigureAction::CopyNumbers => {
                let is_picture = action == FigureAction::CopyPicture;
                self.effects.push(Effect::CopyFigure(FigureRequest { figure, style }, is_picture));
            }
        }
    }

    /// The suggested file name for the chosen figure.
    pub fn figure_name(&self, form: Form) -> PathBuf {
        self.name_of_figure(self.figures.chosen, form)
    }

    /// Handles a change of the chosen figure from `before`: updates a suggested name, and replaces
    /// an unsupported format with a picture format.
    pub fn rename_figure(&self, before: usize, dialog: &mut PathDialog) {
        let Some(request) = self.figures.request().filter(|_| before != self.figures.chosen) else { return };
        let path = PathBuf::from(dialog.text.trim());
        let Some(form) = Form::of(&path) else { return };
        let new = if form.check(&request.figure).is_ok() { form } else { Form::Png };
        if path.file_name() == Some(self.name_of_figure(before, form).as_os_str()) {
            dialog.retype(path.with_file_name(self.figure_name(new)).display().to_string());
        } else if new != form {
            dialog.set_ending(new.ending());
        }
    }

    fn name_of_figure(&self, at: usize, form: Form) -> PathBuf {
        let title = self.figures.all.get(at).map_or_else(String::new, |figure| figure.title.clone());
        let letter = |c: char| if c.is_alphanumeric() { c } else { '-' };
        let project = self.project.name.replace(|c| matches!(c, '/' | '\\') || is_hidden(c), "-");
        let words: String = title.to_lowercase().chars().take(MOST_LETTERS).map(letter).collect();
        let words: Vec<&str> = words.split('-').filter(|word| !word.is_empty()).collect();
        PathBuf::from(format!("{project}-{}.{}", words.join("-"), form.ending()))
    }

    /// Handles content to be copied.
    pub(super) fn copied(&mut self, title: &str, result: Result<Clip, String>) {
        match result {
            Ok(clip) => {
                let what = match &clip {
                    Clip::Picture(_) => "picture",
                    Clip::Text(_) => "numbers",
                };
                let text = format!("Copied the {what} of “{}”.", visible(title));
                self.notices.say(Severity::Info, text);
                self.effects.push(Effect::Copy(clip));
            }
            Err(message) => self.notices.say(Severity::Error, format!("Could not copy: {message}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{Bars, Drawing};
    use crate::ui::state::Dialog;

    fn figure(title: &str) -> Arc<Figure> {
        Arc::new(Figure::new(title, Drawing::Bars(Bars { values: vec![1.0], ..Bars::default() })))
    }

    #[test]
    fn figures_are_requested_saved_and_copied() {
        let mut state = State::default();
        state.use_figures(Vec::new(), FigureAction::CopyPicture, true);
        assert!(state.effects.is_empty() && state.dialog.is_none(), "there is nothing");
        let all = || vec![figure("KL per unit, nats"), figure("Loss")];
        state.use_figures(all(), FigureAction::CopyNumbers, false);
        let copies =
            |effect: &Effect| matches!(effect, Effect::CopyFigure(request, false) if !request.style.is_dark);
        assert!(state.effects.iter().any(copies));
        state.project.name = "a/b".to_owned();
        state.use_figures(all(), FigureAction::Save(Form::Svg), true);
        let Some(Dialog::Path(dialog)) = &state.dialog else { panic!("it asks where") };
        assert!(dialog.text.ends_with("a-b-kl-per-unit-nats.svg"), "{}", dialog.text);
        let mut dialog = dialog.clone();
        for (before, chosen, text, expected) in [
            (0, 1, "/x/a-b-kl-per-unit-nats.svg", "/x/a-b-loss.svg"),
            (1, 0, "/x/mine.png", "/x/mine.png"),
            // None of the figures is animated.
            (0, 1, "/x/a-b-kl-per-unit-nats.gif", "/x/a-b-loss.png"),
            (1, 0, "/x/mine.gif", "/x/mine.png"),
            (1, 1, "/x/mine.gif", "/x/mine.gif"),
        ] {
            state.figures.chosen = chosen;
            dialog.retype(text.to_owned());
            state.rename_figure(before, &mut dialog);
            assert_eq!(std::path::Path::new(&dialog.text), std::path::Path::new(expected), "{text}");
        }
        assert_eq!(
            state.figures.request().map(|request| request.figure.title.clone()),
            Some("Loss".to_owned())
        );
        state.copied("Loss", Err("too large".to_owned()));
        assert!(!state.effects.iter().any(|effect| matches!(effect, Effect::Copy(_))));
        state.copied("Loss", Ok(Clip::Text("a,b".to_owned())));
        assert!(state.effects.iter().any(|effect| matches!(effect, Effect::Copy(_))));
    }
}
