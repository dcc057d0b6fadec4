//! One-click fixes of problems.

use std::borrow::Cow;

use crate::check::{Fix, Problem};
use crate::dataset::{DataError, Doubt};
use crate::project::{Choice, Place, visible};
use crate::ui::state::{NoData, PathField, State};

/// Tooltip of buttons that ask for the path of the data.
pub const LOCATE: &str = "Choose the file or folder the data are in.";
/// Tooltip of buttons that read the data again.
pub const RELOAD: &str = "Read the data again.";

/// A one-click fix of a problem.
#[derive(Clone, Debug, PartialEq)]
pub enum Remedy {
    /// Change the document.
    Change(Fix),
    /// Read the data differently.
    Choose(Choice),
    /// Choose the path of the data.
    Locate,
    /// Read the data again.
    Reload,
}

impl Remedy {
    /// The label of its button.
    pub fn label(&self) -> Cow<'_, str> {
        match self {
            Remedy::Change(fix) => (&fix.label).into(),
            Remedy::Choose(choice) => choice.name().into(),
            Remedy::Locate => "Locate…".into(),
            Remedy::Reload => "Reload".into(),
        }
    }

    /// Its description in one sentence.
    pub fn tooltip(&self) -> &'static str {
        match self {
            Remedy::Change(_) => "Fixes the problem; can be undone.",
            Remedy::Choose(_) => "Reads the data in this way; can be undone.",
            Remedy::Locate => LOCATE,
            Remedy::Reload => RELOAD,
        }
    }
}

impl State {
    /// The fixes of a problem, most likely first.
    pub fn remedies(&self, problem: &Problem) -> Vec<Remedy> {
        let mut remedies: Vec<Remedy> = problem.fix.clone().map(Remedy::Change).into_iter().collect();
        if let Some(missing) = self.derived.no_data()
            && self.derived.data_problem() == Some(problem)
        {
            remedies.extend(match missing {
                NoData::NoPath => vec![Remedy::Locate],
                NoData::Failed(DataError::File { .. }) => vec![Remedy::Locate, Remedy::Reload],
                NoData::Failed(DataError::Content { .. } | DataError::Word { .. }) => {
                    vec![Remedy::Reload, Remedy::Locate]
                }
                NoData::Failed(
                    DataError::Cancelled
                    | DataError::Memory { .. }
                    | DataError::HeldOut(_)
                    | DataError::Setting(_),
                ) => vec![Remedy::Reload],
            });
        }
        let is_same_message = |doubt: &&Doubt| visible(&doubt.message) == problem.message;
        if let Some(doubt) = self.derived.doubts().iter().find(is_same_message) {
            remedies.extend(doubt.remedies.iter().cloned().map(Remedy::Choose));
        }
        remedies
    }

    /// Fixes a problem.
    pub fn fix(&mut self, place: Place, remedy: &Remedy) {
        match remedy {
            Remedy::Change(fix) => self.apply_fix(place, &fix.project),
            Remedy::Choose(choice) => self.choose(choice.clone()),
            Remedy::Locate => self.locate_data(),
            Remedy::Reload => self.load(),
        }
        self.refresh(false);
    }

    /// Asks for the path of data that could not be loaded.
    pub fn locate_data(&mut self) {
        let missed = match self.derived.no_data() {
            Some(NoData::Failed(
                DataError::File { path, .. } | DataError::Content { path, .. } | DataError::Word { path, .. },
            )) => Some(path),
            Some(
                NoData::Failed(
                    DataError::Cancelled
                    | DataError::Memory { .. }
                    | DataError::HeldOut(_)
                    | DataError::Setting(_),
                )
                | NoData::NoPath,
            )
            | None => None,
        };
        let source = &self.project.data.source;
        let is_missed = |field: &PathField| missed.is_some() && field.get(source).as_ref() == missed;
        self.browse_source(PathField::ALL.into_iter().find(is_missed).unwrap_or(PathField::Main));
    }
}
