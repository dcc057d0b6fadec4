//! Known properties of the models, on the embedded digits: a linear autoencoder finds the subspace
//! of PCA, a deep one has a lower error, and one trained on noise removes it.

use std::sync::Arc;

use hourglass::analysis::angles::largest_principal_angle;
use hourglass::analysis::pca::Pca;
use hourglass::check::plan;
use hourglass::dataset::random::Purpose;
use hourglass::dataset::{Dataset, Progress, Subset, load};
use hourglass::engine::{Network, Noise, Trainer};
use hourglass::project::{
    Activation, Code, Corruption, Data, Layer, Optimizer, Output, Project, Recipe, Schedule, Training,
};
use hourglass::run::facts;

fn digits() -> Arc<Dataset> {
    Arc::new(load(&Data::default(), &Progress::default()).expect("embedded"))
}

fn rows(data: &Dataset, subset: Subset) -> Vec<f32> {
    let rows = data.split.rows(subset);
    let mut values = vec![0.0; rows.len() * data.shape.features()];
    data.gather(rows, &mut values);
    values
}

/// Trains to the end and returns the network.
fn trained(data: &Arc<Dataset>, project: &Project) -> Network {
    let plan = plan(project, &facts(data)).expect("valid");
    let mut trainer = Trainer::new(&plan, Arc::clone(data), 1).expect("small");
    while !trainer.is_done() {
        trainer.step().expect("finite");
    }
    Network::trained(&plan, trainer.snapshot().inference_weights(), 1).expect("its own weights")
}

/// Baldi & Hornik 1989: the only minima of a linear autoencoder's squared error span the first
/// principal components.
#[test]
fn a_linear_autoencoder_spans_the_principal_subspace() {
    let data = digits();
    let mut project = Recipe::Linear.project();
    project.training = Training {
        optimizer: Optimizer::default(),
        learning_rate: 1e-2,
        schedule: Schedule::Cosine { floor: 0.0 },
        epochs: 150,
        ..project.training
    };
    let mut network = trained(&data, &project);
    let train = rows(&data, Subset::Train);
    let pca = Pca::fit(&train, 64, 4).expect("digits vary");
    // This does not hold for the encoder: the weights of constant pixels keep their initial values.
    let angle = |network: &Network| {
        let output = &network.weights().0["output.weight"];
        assert_eq!(output.shape, [64, 4]);
        // Its four columns, one after another.
        let columns: Vec<f32> = (0..256).map(|at| output.values[at % 64 * 4 + at / 64]).collect();
        largest_principal_angle(&columns, &pca.components, 64).expect("finite").to_degrees()
    };
    let (ours, fresh) = (angle(&network), angle(&Network::new(network.plan(), 1).expect("small")));
    println!("{ours:.3} degrees; at the start {fresh:.1}");
    assert!(ours < 5.0, "{ours} degrees");
    // Four random directions out of 64 are far away.
    assert!(fresh > 60.0, "{fresh} degrees");
    let mse = network.evaluate(&data, data.split.rows(Subset::Train), None).expect("small").mse;
    assert!(mse < 1.01 * pca.mse(&train), "{mse}, PCA {}", pca.mse(&train));
}

#[test]
fn a_deep_autoencoder_beats_pca_on_held_out_digits() {
    let data = digits();
    let project = Project {
        encoder: vec![Layer::Dense { units: 32, activation: Activation::Relu }],
        code: Code::plain(8),
        output: Output { activation: Activation::Sigmoid },
        training: Training {
            learning_rate: 5e-3,
            schedule: Schedule::Cosine { floor: 0.0 },
            epochs: 150,
            ..Training::default()
        },
        ..Recipe::Undercomplete.project()
    };
    let mut network = trained(&data, &project);
    let ours = network.evaluate(&data, data.split.rows(Subset::Test), None).expect("small").mse;
    let pca = Pca::fit(&rows(&data, Subset::Train), 64, 8).expect("digits vary");
    let theirs = pca.mse(&rows(&data, Subset::Test));
    println!("autoencoder {ours:.5}, PCA {theirs:.5}");
    assert!(ours < 0.95 * theirs, "autoencoder {ours}, PCA {theirs}");
}

#[test]
fn training_on_noise_learns_denoising() {
    let data = digits();
    let corruption = Corruption::Gaussian { std: 0.3 };
    let project = |corruption| {
        // Dense layers: convolutions are slow without optimisation.
        let base = Recipe::Undercomplete.project();
        let encoder = vec![Layer::Dense { units: 128, activation: Activation::Relu }];
        let code = Code { activation: Activation::Relu, ..Code::plain(32) };
        Project {
            corruption,
            encoder,
            code,
            training: Training { epochs: 40, ..base.training.clone() },
            ..base
        }
    };
    let range = facts(&data).value_range;
    let shape = data.shape;
    let noise = Noise { corruption, shape, range, seed: 99, purpose: Purpose::Corruption, epoch: 0 };
    let repaired = |trained_on| {
        let mut network = trained(&data, &project(trained_on));
        network.evaluate(&data, data.split.rows(Subset::Test), Some(noise)).expect("small").mse
    };
    let (with, without) = (repaired(corruption), repaired(Corruption::None));
    println!("trained on noise {with:.5}, on clean digits {without:.5}, noise itself {:.5}", 0.3 * 0.3);
    assert!(with < 0.9 * without, "trained on noise {with}, on clean digits {without}");
    // Better than returning the input, whose error is the variance of the noise.
    assert!(with < 0.5 * 0.3 * 0.3, "{with}");
}
