//! **Total functions of a project** and facts about its data ([`DataFacts`], absent until loaded).
//! Nothing here panics, even for incomplete projects.
//!
//! - [`cards()`] gives the shape, parameters and multiply-adds of every card.
//! - [`problems()`] gives every [`Problem`] with its place in the document and, if there is one, a
//!   [`Fix`]. The rules are in `network_rules`, `code_rules`, `regularizer_rules`, `strategy_rules`
//!   and `training_rules`.
//! - [`plan()`] gives the [`Plan`]: a trainable project, as a list of [`Stage`]s with all shapes
//!   known, and the plans for layer-wise training (`pretraining`).
//! - `layers` has one file per family of layers: output shape, parameters, mirrored layer, limits
//!   of settings, memory, linear maps. A layer may be several stages: a residual block is its
//!   convolutions and norms, a shortcut that starts from the input of its first stage
//!   (`Stage::skips`), and a stage that adds both.
//! - `stages` turns cards into stages; [`mirror()`] builds the decoder that mirrors an encoder,
//!   [`freed()`] the equivalent free decoder with its own layers; [`Window`] is the geometry of a
//!   kernel over a picture.
//! - `code` has the layers, parameters and memory of a kind of code, `arrays` names and shapes of
//!   all arrays (files are checked against them), `memory` the memory of training, with [`sizes`]
//!   and the [`Route`] to a Jacobian, which the engine uses as well.
//! - [`choose_kind`], [`choose_loss`], [`choose_penalty`] and [`choose_data`] set the options that
//!   a choice needs (`docs/first-choices.md`).

mod arrays;
mod cards;
mod choices;
mod code;
mod code_rules;
mod facts;
mod freed;
mod layers;
mod memory;
mod mirror;
mod network_rules;
mod plan;
mod pretraining;
mod problem;
mod regularizer_rules;
mod route;
pub mod sizes;
mod stage;
mod stages;
mod strategy_rules;
mod training_rules;
mod weight_rules;
mod window;

pub use arrays::PlannedArray;
pub use cards::{Card, Cards, cards};
pub use choices::{choose_data, choose_kind, choose_loss, choose_penalty, training_for};
pub use code::code_shape;
pub use facts::DataFacts;
pub use freed::freed;
pub use mirror::{Mirror, Mirrored, mirror};
pub use plan::{LayerTraining, Plan};
pub use pretraining::Pair;
pub use problem::{Fix, Problem, Severity};
pub use route::{JacobianMethod, MapKind, MapSizes, Route, RouteSizes};
pub use stage::{Stage, StageKind};
pub use window::Window;

use crate::project::Project;

/// All errors, warnings and remarks, errors first; data unknown until loaded.
pub fn problems(project: &Project, data: Option<&DataFacts>) -> Vec<Problem> {
    let mut problems = Vec::new();
    network_rules::check(project, data, &mut problems);
    code_rules::check(project, data, &mut problems);
    regularizer_rules::check(project, data, &mut problems);
    training_rules::check(project, data, &mut problems);
    strategy_rules::check(project, data, &mut problems);
    weight_rules::check(project, &mut problems);
    if let Some(facts) = data
        && !problems.iter().any(Problem::is_error)
    {
        let plan = Plan::unchecked(project, facts);
        memory::check(&plan, &mut problems);
        check_pretraining(&plan, &mut problems);
    }
    problems.sort_by_key(|problem| problem.severity);
    problems
}

/// Proves a project trainable on data with these facts.
///
/// # Errors
/// The problems of the project; at least one of them is an error.
pub fn plan(project: &Project, facts: &DataFacts) -> Result<Plan, Vec<Problem>> {
    let mut errors = problems(project, Some(facts));
    errors.retain(Problem::is_error);
    if errors.is_empty() { Ok(Plan::unchecked(project, facts)) } else { Err(errors) }
}

/// Plans of layer-wise training, which must be valid like that of the whole network.
fn check_pretraining(plan: &Plan, problems: &mut Vec<Problem>) {
    for (number, training) in plan.pretraining().iter().enumerate() {
        let Some(own) = &training.autoencoder else { continue };
        for problem in self::problems(own.design(), Some(own.facts())).iter().filter(|own| own.is_error()) {
            let message = format!("Layer {} cannot be trained by itself: {}", number + 1, problem.message);
            problems.push(Problem::error(training.pair.place, message));
        }
    }
}

#[cfg(test)]
mod tests;
