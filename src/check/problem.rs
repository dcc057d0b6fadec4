use std::fmt;

use crate::project::{Place, Project, visible};

/// An error, warning or remark about a project.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The card or form it belongs to.
    pub place: Place,
    /// Its severity.
    pub severity: Severity,
    /// The problem and why it matters, in a sentence.
    pub message: String,
    /// A change that fixes it, if there is an obvious one.
    pub fix: Option<Fix>,
}

/// The severity of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Training is refused.
    Error,
    /// Training works, but probably not as intended.
    Warning,
    /// Worth knowing.
    Info,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "note",
        })
    }
}

/// Most problems that get a fix.
const MOST_FIXES: usize = 100;

/// A change that fixes a problem.
#[derive(Clone, Debug, PartialEq)]
pub struct Fix {
    /// Text of the button.
    pub label: String,
    /// The project with the change made.
    pub project: Box<Project>,
}

impl Fix {
    /// The change `edit` makes to `project`.
    pub fn new(label: impl Into<String>, project: &Project, edit: impl FnOnce(&mut Project)) -> Fix {
        let mut project = Box::new(project.clone());
        edit(&mut project);
        Fix { label: visible(&label.into()).into_owned(), project }
    }
}

impl Problem {
    /// A problem that prevents training.
    pub fn error(place: Place, message: impl Into<String>) -> Problem {
        // The message may contain the name of a class or a column.
        let message = visible(&message.into()).into_owned();
        Problem { place, severity: Severity::Error, message, fix: None }
    }

    /// A problem that does not prevent training.
    pub fn warning(place: Place, message: impl Into<String>) -> Problem {
        Problem { severity: Severity::Warning, ..Problem::error(place, message) }
    }

    /// Not a problem, but worth knowing.
    pub fn info(place: Place, message: impl Into<String>) -> Problem {
        Problem { severity: Severity::Info, ..Problem::error(place, message) }
    }

    /// This problem with a fix, unless many were `found` before it: each fix is a whole project,
    /// and every one of many layers can have a problem.
    #[must_use]
    pub(super) fn with_early_fix(self, found: usize, fix: impl FnOnce() -> Fix) -> Problem {
        if found < MOST_FIXES { self.with_fix(fix()) } else { self }
    }

    /// Whether it prevents training.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// This problem with a way to fix it.
    #[must_use]
    pub fn with_fix(self, fix: Fix) -> Problem {
        Problem { fix: Some(fix), ..self }
    }
}
