use crate::check::{Fix, Problem};
use crate::dataset::Dataset;
use crate::project::{Place, Project};

/// Problems of a design's weights of features on its data. [`crate::check`] cannot find them, as it
/// does not know the names of features.
pub fn weight_problem(design: &Project, data: &Dataset) -> Option<Problem> {
    let fault = data.weight_fault(&design.feature_weights)?;
    let unknown = data.unknown_weight(&design.feature_weights).map(|own| own.name.clone());
    let label = if unknown.is_some() { "Remove the weight" } else { "Remove the weights" };
    let fix = Fix::new(label, design, |design| match unknown {
        Some(name) => design.feature_weights.retain(|own| own.name != name),
        None => design.feature_weights.clear(),
    });
    Some(Problem::error(Place::Output, fault).with_fix(fix))
}
