//! Everything derived from the document and its data: shapes, costs and problems.

use super::data::{DataState, NoData};
use super::data_problem::data_problem;
use crate::check::{Cards, DataFacts, Problem, Severity, cards, problems};
use crate::dataset::{DataError, Doubt};
use crate::project::{Place, Project};
use crate::run::weight_problem;

/// Shapes, costs and problems of the current document.
#[derive(Clone, Debug)]
pub struct Derived {
    of: Origin,
    /// The cards.
    pub cards: Cards,
    /// The problems, errors first.
    pub problems: Vec<Problem>,
    /// Whether the first problem is that there are no data.
    tells_of_data: bool,
    /// The problems before the current edit, during one.
    before: Option<Vec<Problem>>,
}

/// The inputs it is derived from.
#[derive(Clone, Debug, PartialEq)]
struct Origin {
    project: Project,
    /// The facts of the loaded data, even if the document now uses other data: sizes are drawn with
    /// them until the new data are loaded.
    drawn: Option<DataFacts>,
    /// The facts of the loaded data if the document uses them. Only these are used for checks and
    /// fixes.
    judged: Option<DataFacts>,
    missing: Option<NoData>,
    /// Fingerprint of the document's data, once they are loaded.
    fingerprint: Option<u64>,
    /// Uncertain guesses about the document's data.
    doubts: Vec<Doubt>,
}

impl Derived {
    /// Derives everything from a document and its data.
    pub fn new(project: &Project, data: &DataState) -> Derived {
        let (missing, judged) = (data.missing(&project.data), data.facts_of(&project.data.source));
        let mut problems = problems(project, judged.as_ref());
        let own = data.ready(&project.data);
        problems.splice(0..0, own.and_then(|(data, _)| weight_problem(project, data)));
        let unreported = missing.as_ref().filter(|missing| !is_reported(missing, &problems));
        let data_problem =
            unreported.map(|missing| data_problem(project, missing, data.fixed_source.as_deref()));
        let tells_of_data = data_problem.is_some();
        problems.splice(0..0, data_problem);
        let doubts = doubts_of(project, data).to_vec();
        problems.extend(doubts.iter().map(|doubt| Problem::warning(Place::Data, &doubt.message)));
        Derived {
            cards: cards(project, data.facts.map(|facts| facts.shape)),
            problems,
            tells_of_data,
            before: None,
            of: Origin {
                project: project.clone(),
                drawn: data.facts,
                judged,
                missing,
                fingerprint: fingerprint_of(project, data),
                doubts,
            },
        }
    }

    /// Derives everything again if the document or the facts of the data have changed.
    /// `is_editing`: an edit is in progress.
    pub fn follow(&mut self, project: &Project, data: &DataState, is_editing: bool) {
        if !is_editing {
            self.before = None;
        }
        let Origin { project: own, drawn, judged, missing, fingerprint, doubts } = &self.of;
        if own != project
            || *drawn != data.facts
            || *judged != data.facts_of(&project.data.source)
            || *missing != data.missing(&project.data)
            || *fingerprint != fingerprint_of(project, data)
            || doubts != doubts_of(project, data)
        {
            let before =
                is_editing.then(|| self.before.take().unwrap_or_else(|| std::mem::take(&mut self.problems)));
            *self = Derived { before, ..Derived::new(project, data) };
        }
    }

    /// Problems of one card or form as they were before the current edit. Forms show these, so that
    /// nothing moves during typing.
    pub fn settled_at(&self, place: Place) -> impl Iterator<Item = &Problem> {
        let problems = self.before.as_ref().unwrap_or(&self.problems);
        problems.iter().filter(move |problem| problem.place == place)
    }

    /// Why there are no training data.
    pub fn no_data(&self) -> Option<&NoData> {
        self.of.missing.as_ref()
    }

    /// Doubts about the data; each is also a problem.
    pub fn doubts(&self) -> &[Doubt] {
        &self.of.doubts
    }

    /// Missing data as a problem.
    pub fn data_problem(&self) -> Option<&Problem> {
        // Always the first problem.
        self.problems.first().filter(|_| self.tells_of_data)
    }

    /// Number of problems that block training.
    pub fn errors(&self) -> usize {
        self.problems.iter().filter(|problem| problem.severity == Severity::Error).count()
    }
}

/// Doubts about the loaded data if the document uses them.
fn doubts_of<'a>(project: &Project, data: &'a DataState) -> &'a [Doubt] {
    data.ready(&project.data).map_or(&[], |(data, _)| &data.doubts)
}

fn fingerprint_of(project: &Project, data: &DataState) -> Option<u64> {
    data.ready(&project.data).map(|(data, _)| data.fingerprint)
}

/// Whether the problems already include the invalid setting that prevented loading.
fn is_reported(missing: &NoData, problems: &[Problem]) -> bool {
    matches!(missing, NoData::Failed(DataError::Setting(_)))
        && problems.iter().any(|problem| problem.place == Place::Data && problem.severity == Severity::Error)
}
