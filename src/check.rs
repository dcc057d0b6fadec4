//! **Total functions over a project** and what is known of its data: shapes and parameter counts layer by layer, problems
//! with a place and a fix, and the [`Plan`]: a project proven trainable. Nothing here fails or panics, whatever
//! half-built thing it is given.

mod code_rules;
mod flow;
mod memory;
mod mirror;
mod network_rules;
mod plan;
mod problem;
mod regularizer_rules;
mod settings;
mod shapes;
mod strategy_rules;
mod training_rules;
mod window;

pub use mirror::{Mirror, Mirrored, freed, mirror};
pub use plan::{Plan, Stage, StageKind, WeightSource, plan};
pub use problem::{Fix, Place, Problem, Severity};
pub use shapes::{Card, Cards, cards};
pub use window::Window;

use crate::project::{Project, Shape};

/// What must be known of the data to judge a project.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DataFacts {
    /// Shape of one row.
    pub shape: Shape,
    /// Rows of the training split.
    pub train_rows: usize,
    /// Rows of the validation split.
    pub validation_rows: usize,
    /// Smallest and largest scaled value, before anything is made 0 or 1.
    pub value_range: (f32, f32),
    /// Whether every value the network sees is exactly 0 or 1.
    pub is_binary: bool,
    /// Memory the engine may plan with, in bytes.
    pub available_bytes: u64,
}

/// Everything wrong or remarkable, errors first; data unknown until loaded.
pub fn problems(project: &Project, data: Option<&DataFacts>) -> Vec<Problem> {
    let mut problems = Vec::new();
    network_rules::check(project, data, &mut problems);
    code_rules::check(project, data, &mut problems);
    regularizer_rules::check(project, data, &mut problems);
    training_rules::check(project, data, &mut problems);
    strategy_rules::check(project, data, &mut problems);
    problems.sort_by_key(|problem| problem.severity);
    problems
}

#[cfg(test)]
mod tests;
