//! The time to check a design is linear in its size; quadratic loops over layers took minutes at
//! these sizes.

use super::*;
use crate::project::{Strategy, Training};

const MANY: usize = 30_000;

fn wide(encoder: Vec<Layer>) -> Project {
    Project { encoder, ..Project::default() }
}

#[test]
fn many_layers_are_checked_however_they_are_wrong() {
    let pool = Layer::MaxPool2d { size: 2 };
    let rows = DataFacts { shape: Shape::Vector(64), ..facts() };
    let layer_wise = Training {
        strategy: Strategy::LayerWise {
            by: Greedy::Autoencoders { masking: 0.25 },
            epochs: 1,
            beside_joint: false,
        },
        ..Training::default()
    };
    let free = Decoder::Free(vec![pool.clone(); MANY]);
    let designs = [
        wide(vec![dense(8); MANY]),
        wide(vec![dense(0); MANY]),
        wide(vec![pool.clone(); MANY]),
        wide(vec![Layer::Flatten; MANY]),
        wide(vec![Layer::Reshape { height: 8, width: 8, channels: 1 }; MANY]),
        wide(vec![Layer::Dropout { rate: 2.0 }; MANY]),
        Project { decoder: free, ..Project::default() },
        // Each layer has its own plan, which is checked by all rules.
        Project { training: layer_wise.clone(), ..wide(vec![dense(8); MANY / 10]) },
        Project { training: layer_wise, ..wide(vec![pool; MANY]) },
    ];
    for design in designs {
        for data in [None, Some(&facts()), Some(&rows)] {
            let found = problems(&design, data);
            let fixes = found.iter().filter(|problem| problem.fix.is_some()).count();
            assert!(fixes <= 300, "{fixes} copies of the whole design");
        }
        let _ = plan(&design, &rows).map(|plan| (plan.parameters(), plan.training_bytes()));
        let _ = freed(&design, Some(rows.shape));
    }
}

#[test]
fn many_penalties_are_checked() {
    let sparsity = Penalty::Sparsity { target: 0.05, distance: Distance::Kl, over: Over::Samples };
    let on = |site: fn(usize) -> Site| -> Vec<Regularizer> {
        (0..MANY).map(|at| Regularizer { on: site(at), penalty: sparsity, weight: 0.1 }).collect()
    };
    for regularizers in [on(|_| Site::Code), on(Site::Encoder)] {
        let design = Project { regularizers, ..wide(vec![dense(8); MANY]) };
        let found = problems(&design, Some(&facts()));
        assert!(found.len() >= MANY);
        assert!(found.iter().filter(|problem| problem.fix.is_some()).count() <= 300);
    }
}

#[test]
fn a_selector_is_freed_of_many_layers_at_once() {
    let mut design = wide(vec![dense(8); MANY]);
    design.code.kind = Bottleneck::Concrete { start_temperature: 10.0, end_temperature: 0.1, tries: 1 };
    let found = problems(&design, Some(&facts()));
    let fix =
        found.iter().find_map(|problem| problem.fix.as_ref().filter(|fix| fix.label.contains("layers")));
    assert!(fix.is_some_and(|fix| fix.project.encoder.is_empty()));
}
