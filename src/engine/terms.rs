//! The regularizers of a design, each a term of the loss.

use std::rc::Rc;

use super::EngineError;
use super::kernels::contractive::Contractive;
use super::kernels::jacobian::Chain;
use super::kernels::operation::LossTerm;
use super::kernels::pass::Pass;
use super::kernels::sparsity::{Sparsity, Term};
use super::kernels::tape::Recorder;
use super::kernels::variable::Node;
use crate::project::{Penalty, Project, Regularizer, Site};

/// One regularizer of a network.
pub(super) struct Penalised {
    name: String,
    weight: f32,
    term: Rc<dyn LossTerm>,
}

impl Penalised {
    /// All regularizers of a design; `node` gives the activations of a site, `encoder` the Jacobian
    /// of the code.
    pub fn all(
        design: &Project,
        node: impl Fn(Site) -> Node,
        encoder: impl Fn() -> Result<Chain, EngineError>,
        capacity: usize,
    ) -> Result<Vec<Penalised>, EngineError> {
        let build = |(index, regularizer): (usize, &Regularizer)| {
            let term: Rc<dyn LossTerm> = match regularizer.penalty {
                Penalty::Contractive { estimator } => Contractive::new(encoder()?, estimator, capacity)?,
                penalty @ (Penalty::L1 | Penalty::L2 | Penalty::Sparsity { .. }) => {
                    // All other penalties are on activations.
                    let term = Term::of(penalty).unwrap_or(Term::L1);
                    Sparsity::new(node(regularizer.on), term)?
                }
            };
            let name = unique_name(&design.regularizers, index);
            Ok(Penalised { name, weight: regularizer.weight, term })
        };
        design.regularizers.iter().enumerate().map(build).collect()
    }

    /// Name of its curve.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The weighted term of the latest forward pass, summed over its rows.
    pub fn value(&self, pass: &Pass, recorder: &mut Recorder) -> f64 {
        f64::from(self.weight) * recorder.add(&self.term, pass, self.weight)
    }
}

/// Name of a penalty's curve; a second one of the same kind at the same place gets a number.
fn unique_name(regularizers: &[Regularizer], index: usize) -> String {
    let own = name(&regularizers[index]);
    match regularizers[..index].iter().filter(|other| name(other) == own).count() {
        0 => own,
        earlier => format!("{own} ({})", earlier + 1),
    }
}

fn name(regularizer: &Regularizer) -> String {
    let name = regularizer.penalty.name();
    match regularizer.on {
        Site::Code => format!("{name} of the code"),
        Site::Encoder(index) => format!("{name} of layer {}", index + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_penalty_has_a_curve_of_its_own() {
        let [l1, l2, ..] = Regularizer::ALL;
        let names =
            |all: &[Regularizer]| (0..all.len()).map(|index| unique_name(all, index)).collect::<Vec<_>>();
        assert_eq!(
            names(&[l1, l2, l1, l1]),
            ["L1 of the code", "L2 of the code", "L1 of the code (2)", "L1 of the code (3)"]
        );
    }
}
