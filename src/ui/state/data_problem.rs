//! Missing data as a problem of the input.

use std::collections::HashSet;

use super::data::NoData;
use crate::check::{Fix, Problem};
use crate::dataset::DataError;
use crate::project::{Place, Project, Source};

/// Missing data as a problem of the input. `fixed_source`: another source that would probably load.
pub(super) fn data_problem(project: &Project, missing: &NoData, fixed_source: Option<&Source>) -> Problem {
    let problem = Problem::error(Place::Data, message(missing));
    if let NoData::Failed(DataError::HeldOut(_)) = missing {
        return problem
            .with_fix(Fix::new("Hold out no class", project, |project| project.data.held_out = None));
    }
    match fixed_source {
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

/// The label of a fix: the difference between two sources.
fn fix_label(old: &Source, new: &Source) -> String {
    if old.name() != new.name() {
        return format!("Load as {}", new.name());
    }
    match (old, new) {
        (Source::Csv { labels: old, .. }, Source::Csv { labels: new, .. }) if old != new => {
            let old: HashSet<&String> = old.iter().collect();
            let added: Vec<&String> = new.iter().filter(|label| !old.contains(label)).collect();
            match (added.as_slice(), new.is_empty()) {
                ([label], _) => format!("Use “{label}” as a label"),
                ([_, _, ..], _) => format!("Use {} columns as labels", added.len()),
                ([], true) => "Use no label column".to_owned(),
                ([], false) => "Use only labels that exist".to_owned(),
            }
        }
        (Source::Csv { .. }, _) => "Detect header and delimiter".to_owned(),
        _ => "Use the folder it is in".to_owned(),
    }
}
