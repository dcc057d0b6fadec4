//! Data that are not there as a problem of the input, and what mends a problem with one click.

use std::borrow::Cow;
use std::collections::HashSet;

use super::command::Command;
use super::data_state::NoData;
use super::editors::source::PathField;
use super::state::State;
use crate::check::{Fix, Problem};
use crate::dataset::{DataError, Doubt};
use crate::project::{Choice, Place, Project, Source, visible};

/// What mends a problem with one click.
#[derive(Clone, Debug, PartialEq)]
pub enum Remedy {
    /// A change of the document.
    Change(Fix),
    /// Having the data read otherwise.
    Choose(Choice),
    /// Choosing where the data are.
    Locate,
    /// Reading the data again.
    Reload,
}

impl Remedy {
    /// What its button says.
    pub fn label(&self) -> Cow<'_, str> {
        match self {
            Remedy::Change(fix) => (&fix.label).into(),
            Remedy::Choose(choice) => choice.name().into(),
            Remedy::Locate => "Locate…".into(),
            Remedy::Reload => "Reload".into(),
        }
    }

    /// What it does, in a sentence.
    pub fn tooltip(&self) -> &'static str {
        match self {
            Remedy::Change(_) => "Fixes the problem; can be undone.",
            Remedy::Choose(_) => "Reads the data in this way; can be undone.",
            Remedy::Locate => Command::LocateData.tooltip(),
            Remedy::Reload => Command::ReloadData.tooltip(),
        }
    }
}

impl State {
    /// What mends a problem, the likeliest first.
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
        let is_told = |doubt: &&Doubt| visible(&doubt.message) == problem.message;
        if let Some(doubt) = self.derived.doubts().iter().find(is_told) {
            remedies.extend(doubt.remedies.iter().cloned().map(Remedy::Choose));
        }
        remedies
    }

    /// Fixes a problem.
    pub fn mend(&mut self, place: Place, remedy: &Remedy) {
        match remedy {
            Remedy::Change(fix) => self.apply_fix(place, &fix.project),
            Remedy::Choose(choice) => self.choose(choice.clone()),
            Remedy::Locate => self.run(Command::LocateData),
            Remedy::Reload => self.run(Command::ReloadData),
        }
    }

    /// Asks where the data are that could not be loaded.
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

/// Data that are not there, as a problem of the input. `mended`: a source that would probably load instead.
pub(super) fn data_problem(project: &Project, missing: &NoData, mended: Option<&Source>) -> Problem {
    let problem = Problem::error(Place::Data, message(missing));
    if let NoData::Failed(DataError::HeldOut(_)) = missing {
        return problem
            .with_fix(Fix::new("Hold nothing out", project, |project| project.data.held_out = None));
    }
    match mended {
        None => problem,
        Some(source) => {
            let label = fix_label(&project.data.source, source);
            problem.with_fix(Fix::new(label, project, |project| project.data.source.clone_from(source)))
        }
    }
}

fn message(missing: &NoData) -> String {
    match missing {
        NoData::NoPath => {
            "There are no data yet: choose a file or folder, or drop one on the window.".to_owned()
        }
        NoData::Failed(DataError::Cancelled) => {
            "Loading was cancelled, so there are no data to train on.".to_owned()
        }
        NoData::Failed(error) => format!("The data could not be loaded. {error}"),
    }
}

/// What changes from one source to another.
fn fix_label(old: &Source, new: &Source) -> String {
    if old.name() != new.name() {
        return format!("Load as {}", new.name());
    }
    match (old, new) {
        (Source::Csv { labels: old, .. }, Source::Csv { labels: new, .. }) if old != new => {
            let old: HashSet<&String> = old.iter().collect();
            let added: Vec<&String> = new.iter().filter(|label| !old.contains(label)).collect();
            match (added.as_slice(), new.is_empty()) {
                ([label], _) => format!("“{label}” is a label"),
                ([_, _, ..], _) => format!("{} columns are labels", added.len()),
                ([], true) => "No label column".to_owned(),
                ([], false) => "Only labels that are there".to_owned(),
            }
        }
        (Source::Csv { .. }, _) => "Detect header and delimiter".to_owned(),
        _ => "Use the folder it is in".to_owned(),
    }
}
