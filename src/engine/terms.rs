//! The regularizers of a design, each a term of the loss.

use std::rc::Rc;

use super::EngineError;
use super::kernels::contractive::{Contractive, Step};
use super::kernels::sparsity::{Sparsity, Term};
use super::kernels::tape::Recorder;
use super::kernels::threads::Threads;
use super::kernels::variable::Node;
use super::layers::Mode;
use crate::project::{Penalty, Project, Regularizer, Site};

/// One regularizer of a network.
pub(super) struct Penalised {
    name: String,
    weight: f32,
    operation: Operation,
}

enum Operation {
    Sparsity(Rc<Sparsity>),
    Contractive(Rc<Contractive>),
}

impl Penalised {
    /// All of a design; `node` gives the activations of a site, `steps` the way from the input to the code.
    pub fn all(
        design: &Project,
        node: impl Fn(Site) -> Node,
        steps: &[Step],
        capacity: usize,
    ) -> Result<Vec<Penalised>, EngineError> {
        let build = |regularizer: &Regularizer| {
            let operation = match regularizer.penalty {
                Penalty::Contractive { estimator } => {
                    Operation::Contractive(Contractive::new(steps, estimator, capacity)?)
                }
                penalty @ (Penalty::L1 | Penalty::L2 | Penalty::Sparsity { .. }) => {
                    // Every other penalty looks at activations.
                    let term = Term::of(penalty).unwrap_or(Term::L1);
                    Operation::Sparsity(Sparsity::new(node(regularizer.on), term)?)
                }
            };
            Ok(Penalised { name: name(regularizer), weight: regularizer.weight, operation })
        };
        design.regularizers.iter().map(build).collect()
    }

    /// What its curve is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The weighted term of the latest forward pass, summed over its rows.
    pub fn term(&self, rows: usize, mode: Mode, threads: &Rc<Threads>, recorder: &mut Recorder) -> f64 {
        f64::from(self.weight)
            * match &self.operation {
                Operation::Sparsity(sparsity) => sparsity.forward(rows, self.weight, threads, recorder),
                Operation::Contractive(contractive) => {
                    let draw = if let Mode::Train(moment) = mode { Some(moment.draw) } else { None };
                    contractive.forward(rows, self.weight, draw, threads, recorder)
                }
            }
    }
}

fn name(regularizer: &Regularizer) -> String {
    let name = regularizer.penalty.name();
    match regularizer.on {
        Site::Code => format!("{name} of the code"),
        Site::Encoder(index) => format!("{name} of layer {}", index + 1),
    }
}
