//! The dialog for a file to open or to save to. Paths are checked on a thread of the
//! [`FileThreads`](crate::ui::files::FileThreads), because a network folder may respond slowly.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::pending_action::PendingAction;
use super::save::SaveKind;
use crate::figure::Form;
use crate::project::{HoleShade, Mask, ShownSize};
use crate::run::RunId;

/// A path to open or to save to.
#[derive(Clone, Debug)]
pub struct PathDialog {
    /// Its purpose.
    pub purpose: Purpose,
    /// The text typed so far.
    pub text: String,
    /// The available ways to choose it.
    pub chooser: Chooser,
    /// Whether the user was warned that the file exists.
    pub overwrite: bool,
    /// The mask of damaged pictures, if these are to be shown.
    pub mask: MaskField,
    /// The size of pictures to be shown.
    pub size: SizeField,
    /// The part of the suggestion to select, in characters; `None` once it is selected.
    pub selection: Option<Range<usize>>,
    /// The path displayed by `text`, unless it was typed: text cannot represent every path.
    pub(in crate::ui) exact: Option<PathBuf>,
    /// Whether the path was accepted. It is used after the check has finished.
    pub(in crate::ui) is_accepted: bool,
    /// Whether a check is in progress.
    is_asked: bool,
    found: Option<PathFound>,
}

/// The available ways to choose a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Chooser {
    /// The desktop's dialog, or typing.
    #[default]
    Desktop,
    /// Typing only: the desktop has no dialog.
    Typing,
}

/// The mask of damaged pictures, as entered so far.
#[derive(Clone, Debug, Default)]
pub struct MaskField {
    /// Its path; empty if there is no mask.
    pub text: String,
    /// The shade that marks holes.
    pub holes: HoleShade,
}

impl MaskField {
    /// The mask; `None` if no path was typed.
    pub fn mask(&self) -> Option<Mask> {
        let path = self.text.trim();
        (!path.is_empty()).then(|| Mask { path: PathBuf::from(path), holes: self.holes })
    }
}

/// The current choice of the size of pictures shown to a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SizeField {
    /// The choice.
    pub by: SizeBy,
    /// Typed width and height; 0 until first displayed.
    pub sides: [usize; 2],
}

/// Properties that determine the size of pictures shown to a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SizeBy {
    /// The training data.
    #[default]
    Training,
    /// The files.
    Files,
    /// The user.
    Hand,
}

impl SizeField {
    /// The size; `None` is that of the training data.
    pub fn size(&self) -> Option<ShownSize> {
        match self.by {
            SizeBy::Training => None,
            SizeBy::Files => Some(ShownSize::Own),
            SizeBy::Hand => Some(ShownSize::Of(self.sides[0].max(1), self.sides[1].max(1))),
        }
    }
}

/// The purpose of a path.
#[derive(Clone, Debug)]
pub enum Purpose {
    /// Open a project or a design.
    Open,
    /// Save, and then optionally do something else.
    Save(SaveKind, Option<PendingAction>),
    /// Show the file to the network of a run.
    Show(RunId),
}

/// A request to check a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathQuestion {
    path: PathBuf,
    /// The kind of file to save; `None` if a file is opened.
    kind: Option<SaveKind>,
}

/// The answer to a [`PathQuestion`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathFound {
    question: PathQuestion,
    /// The path with the extension used for saving.
    path: PathBuf,
    kind: PathKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PathKind {
    File,
    Folder,
    /// Nothing exists there, but its folder does.
    Nothing,
    NoFolder,
}

impl PathQuestion {
    /// Checks the path; may block for a long time.
    pub fn answer(self) -> PathFound {
        let mut path = self.path.clone();
        if let Some(kind) = self.kind
            && path.file_name().is_some()
            && !path.is_dir()
        {
            path = with_ending(path, kind);
        }
        let is_there = |folder: &Path| folder.as_os_str().is_empty() || folder.is_dir();
        let kind = if path.is_dir() {
            PathKind::Folder
        } else if path.exists() {
            PathKind::File
        } else if path.parent().is_none_or(is_there) {
            PathKind::Nothing
        } else {
            PathKind::NoFolder
        };
        PathFound { question: self, path, kind }
    }
}

impl PathDialog {
    /// Creates a dialog with a suggested path.
    pub fn new(purpose: Purpose, text: String) -> PathDialog {
        PathDialog {
            selection: Some(suggested(&purpose, &text)),
            purpose,
            text,
            mask: MaskField::default(),
            size: SizeField::default(),
            chooser: Chooser::default(),
            overwrite: false,
            exact: None,
            is_accepted: false,
            is_asked: false,
            found: None,
        }
    }

    /// Sets a path that may have no text representation, and accepts it after a check.
    pub(in crate::ui) fn suggest(&mut self, path: PathBuf) {
        *self = PathDialog::new(self.purpose.clone(), path.display().to_string());
        (self.exact, self.is_accepted) = (Some(path), true);
    }

    /// Sets a path that may have no text representation, as if it had been typed.
    pub(in crate::ui) fn take(&mut self, path: PathBuf) {
        self.retype(path.display().to_string());
        self.exact = Some(path);
    }

    /// Handles an edit of the text: earlier confirmations no longer apply.
    pub fn edited(&mut self) {
        (self.overwrite, self.is_accepted) = (false, false);
    }

    /// Changes the extension of the path.
    pub fn set_ending(&mut self, ending: &str) {
        let path = Path::new(self.text.trim()).with_extension(ending);
        self.retype(path.display().to_string());
    }

    /// Sets another path, as if it had been typed.
    pub fn retype(&mut self, text: String) {
        self.text = text;
        self.edited();
    }

    /// Accepts the path; it is used after a check.
    pub fn accept(&mut self) {
        self.is_accepted = !self.text.trim().is_empty();
    }

    /// The next check to request, if any. Only one runs at a time. It is repeated when the path is
    /// accepted, because the result may have changed.
    pub fn next_question(&mut self) -> Option<PathQuestion> {
        let question = self.question()?;
        let is_known = self.found.as_ref().is_some_and(|found| found.question == question);
        if self.is_asked || (is_known && !self.is_accepted) {
            return None;
        }
        self.is_asked = true;
        Some(question)
    }

    /// Whether nothing has been typed or chosen.
    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Why the path cannot be used; empty if it is only incomplete.
    pub fn problem(&self) -> Option<&'static str> {
        let Some(question) = self.question() else { return Some("Type a path, or browse for one.") };
        let found = self.found.as_ref().filter(|found| found.question == question)?;
        match (&self.purpose, found.kind) {
            // A folder that will contain the file: not an error yet.
            (Purpose::Open, PathKind::Folder) => Some(""),
            (Purpose::Open, PathKind::Nothing | PathKind::NoFolder) => Some("There is no such file."),
            (Purpose::Show(_), PathKind::Nothing | PathKind::NoFolder) => {
                Some("There is no such file or folder.")
            }
            (Purpose::Save(SaveKind::Pictures | SaveKind::Restored, _), PathKind::Folder) => {
                Some("This folder exists: add the name of a new one.")
            }
            (Purpose::Save(..), PathKind::Folder) => Some("This is a folder: add the name of the file."),
            (Purpose::Save(SaveKind::Figure(_), _), PathKind::File | PathKind::Nothing)
                if Form::of(&found.path).is_none() =>
            {
                Some("End the name with .png, .svg, .csv or .gif.")
            }
            (Purpose::Save(..), PathKind::NoFolder) => Some("The folder does not exist."),
            (Purpose::Save(..), PathKind::File) if self.overwrite => Some("This file exists. Replace it?"),
            (Purpose::Open | Purpose::Save(..) | Purpose::Show(_), PathKind::File)
            | (Purpose::Save(..), PathKind::Nothing)
            | (Purpose::Show(_), PathKind::Folder) => None,
        }
    }

    /// Handles the result of a check. Returns the path if it was accepted and can be used.
    pub(in crate::ui) fn handle_found(&mut self, found: PathFound) -> Option<PathBuf> {
        self.is_asked = false;
        let is_current = self.question().as_ref() == Some(&found.question);
        let (path, kind) = (found.path.clone(), found.kind);
        self.found = Some(found);
        if !is_current || !std::mem::take(&mut self.is_accepted) {
            return None;
        }
        if matches!(self.purpose, Purpose::Save(..)) && kind == PathKind::File {
            // Only after asking the user.
            return std::mem::replace(&mut self.overwrite, true).then_some(path);
        }
        self.problem().is_none().then_some(path)
    }

    fn question(&self) -> Option<PathQuestion> {
        if self.text.trim().is_empty() {
            return None;
        }
        let exact = self.exact.clone().filter(|exact| exact.display().to_string() == self.text);
        let path = exact.unwrap_or_else(|| PathBuf::from(self.text.trim()));
        let kind = match self.purpose {
            Purpose::Open | Purpose::Show(_) => None,
            Purpose::Save(kind, _) => Some(kind),
        };
        Some(PathQuestion { path, kind })
    }
}

/// The part of a suggested path to select so that typing replaces it, in characters: all of it when
/// opening, the name without the extension when saving.
fn suggested(purpose: &Purpose, text: &str) -> Range<usize> {
    let end = text.chars().count();
    match purpose {
        Purpose::Open | Purpose::Show(_) => 0..end,
        Purpose::Save(..) => {
            let name = text.rsplit(std::path::is_separator).next().unwrap_or_default();
            let start = end - name.chars().count();
            let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
            start..start + stem.chars().count()
        }
    }
}

/// The path, with the extension of its kind if it has none.
pub fn with_ending(path: PathBuf, kind: SaveKind) -> PathBuf {
    let is_whole = path.extension().is_some() || kind.extension().is_empty();
    if is_whole { path } else { path.with_extension(kind.extension()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::state::{Dialog, Effect, State};

    /// Checks the result of accepting a path this many times.
    #[track_caller]
    fn check(purpose: Purpose, text: &Path, times: usize, problem: Option<&str>, accepted: Option<&Path>) {
        let mut dialog = PathDialog::new(purpose, text.display().to_string());
        let mut path = None;
        for _ in 0..times {
            dialog.accept();
            assert_eq!(path, None, "it was asked for before");
            let question = dialog.next_question().expect("a question");
            assert_eq!(dialog.next_question(), None, "one at a time");
            path = dialog.handle_found(question.answer());
        }
        assert_eq!((dialog.problem(), path.as_deref()), (problem, accepted));
        assert!(dialog.next_question().is_none(), "it is known");
    }

    #[test]
    fn a_hint_becomes_a_problem_once_something_is_typed() {
        let mut dialog = PathDialog::new(Purpose::Show(RunId(1)), " ".to_owned());
        assert!(dialog.is_empty() && dialog.problem().is_some());
        dialog.retype("/nowhere".to_owned());
        assert!(!dialog.is_empty());
    }

    #[test]
    fn a_path_is_used_once_it_was_checked() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("a.hourglass"), "mine").expect("written");
        let save = || Purpose::Save(SaveKind::Project, None);
        let (there, new) = (at("a.hourglass"), at("b.hourglass"));
        check(Purpose::Open, &there, 1, None, Some(&there));
        check(Purpose::Open, folder.path(), 1, Some(""), None);
        check(Purpose::Open, &new, 1, Some("There is no such file."), None);
        let show = || Purpose::Show(RunId(2));
        check(show(), &there, 1, None, Some(&there));
        check(show(), folder.path(), 1, None, Some(folder.path()));
        check(show(), &new, 1, Some("There is no such file or folder."), None);
        check(save(), &at("b"), 1, None, Some(&new));
        check(save(), &new, 1, None, Some(&new));
        check(save(), folder.path(), 1, Some("This is a folder: add the name of the file."), None);
        check(save(), &at("no/b"), 1, Some("The folder does not exist."), None);
        let figure = || Purpose::Save(SaveKind::Figure(Form::Svg), None);
        check(figure(), &at("loss"), 1, None, Some(&at("loss.svg")));
        check(figure(), &at("loss.CSV"), 1, None, Some(&at("loss.CSV")));
        check(figure(), &at("loss.jpg"), 1, Some("End the name with .png, .svg, .csv or .gif."), None);
        let asks = Some("This file exists. Replace it?");
        for text in [at("a"), there.clone()] {
            check(save(), &text, 1, asks, None);
            check(save(), &text, 2, asks, Some(&there));
        }
    }

    #[test]
    fn typing_replaces_the_suggestion() {
        for (purpose, text, expected) in [
            (Purpose::Open, "/data/jürgen/", 0..13),
            (Purpose::Save(SaveKind::Project, None), "/data/jürgen/größe.1.hourglass", 13..20),
            (Purpose::Save(SaveKind::Design, None), "mine", 0..4),
        ] {
            assert_eq!(suggested(&purpose, text), expected, "{text}");
        }
    }

    #[test]
    fn a_check_of_another_path_accepts_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = |name: &str| folder.path().join(name).display().to_string();
        let mut dialog = PathDialog::new(Purpose::Save(SaveKind::Project, None), text("a"));
        dialog.accept();
        let question = dialog.next_question().expect("a question");
        dialog.text = text("b");
        dialog.edited();
        dialog.accept();
        assert_eq!(dialog.handle_found(question.answer()), None);
        let question = dialog.next_question().expect("about the new path");
        assert_eq!(dialog.handle_found(question.answer()), Some(folder.path().join("b.hourglass")));
        dialog.text.clear();
        dialog.accept();
        assert_eq!(dialog.next_question(), None);
        assert_eq!(dialog.problem(), Some("Type a path, or browse for one."));
    }

    #[test]
    fn a_file_is_not_overwritten_without_asking() {
        let folder = tempfile::tempdir().expect("a folder");
        let there = folder.path().join("digits.hourglass");
        std::fs::write(&there, "mine").expect("written");
        let mut state = State::default();
        // Chosen in the desktop's dialog, which confirms only that exact name.
        let mut saves = |path: &Path| {
            let dialog = PathDialog::new(Purpose::Save(SaveKind::Project, None), String::new());
            state.dialog = Some(Dialog::Path(dialog));
            state.effects.clear();
            state.accept_path(path.to_owned());
            if let Some(Dialog::Path(dialog)) = &mut state.dialog {
                let question = dialog.next_question().expect("a question");
                state.path_found(question.answer());
            }
            let asks = matches!(&state.dialog, Some(Dialog::Path(dialog)) if dialog.overwrite);
            (state.effects.iter().any(|effect| matches!(effect, Effect::Save(_))), asks)
        };
        assert_eq!(saves(&folder.path().join("digits")), (false, true));
        assert_eq!(saves(&there), (true, false), "the desktop has asked about this one");
        assert_eq!(saves(&folder.path().join("other")), (true, false));
    }
}
