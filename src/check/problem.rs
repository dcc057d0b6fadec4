use std::fmt;

use crate::project::{Place, Project, visible};

/// Something wrong or remarkable about a project.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The card or form it belongs to.
    pub place: Place,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong and why it matters, in a sentence.
    pub message: String,
    /// A change that fixes it, where there is an obvious one.
    pub fix: Option<Fix>,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Training is refused.
    Error,
    /// Training works but probably not as meant.
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

/// A change that fixes a problem.
#[derive(Clone, Debug, PartialEq)]
pub struct Fix {
    /// What the button says.
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
    /// A problem that refuses training.
    pub fn error(place: Place, message: impl Into<String>) -> Problem {
        // It may name a class or a column.
        let message = visible(&message.into()).into_owned();
        Problem { place, severity: Severity::Error, message, fix: None }
    }

    /// A problem that does not.
    pub fn warning(place: Place, message: impl Into<String>) -> Problem {
        Problem { severity: Severity::Warning, ..Problem::error(place, message) }
    }

    /// Not a problem, but worth knowing.
    pub fn info(place: Place, message: impl Into<String>) -> Problem {
        Problem { severity: Severity::Info, ..Problem::error(place, message) }
    }

    /// Whether training is refused.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// This problem with a way to fix it.
    #[must_use]
    pub fn with_fix(self, fix: Fix) -> Problem {
        Problem { fix: Some(fix), ..self }
    }
}
