//! Missing values, which losses and errors leave out, and weights of features in the loss.

use super::*;
use crate::engine::Samples;
use crate::project::{Delimiter, FeatureWeight, Greedy, Header, Missing, Source, Strategy, TableReading};

/// Toy data with gaps, and one sample with missing values only.
fn with_gaps() -> Arc<Dataset> {
    let mut data = (*toy_data(64, 12)).clone();
    let is_gap = |at: usize| at.is_multiple_of(5) || at / 12 == 7;
    let word = |word: usize| (0..64).map(|bit| u64::from(is_gap(64 * word + bit)) << bit).sum::<u64>();
    let filled = (0..64 * 12).filter(|at| is_gap(*at)).count();
    data.gaps = Gaps { filled, cells: (0..12).map(word).collect(), are_masked: true, ..Gaps::default() };
    Arc::new(data)
}

fn masked_plan(data: &Dataset, loss: Loss) -> Plan {
    toy_plan(data, |project| {
        project.loss = loss;
        let (path, reading) = ("t.csv".into(), TableReading::default());
        let (header, delimiter) = (Header::default(), Delimiter::default());
        project.data.source =
            Source::Csv { path, header, delimiter, labels: vec![], missing: Missing::Masked, reading };
    })
}

/// Computed from reconstructions by the definition: sums over the values present, and means over
/// samples of their means.
#[test]
fn losses_and_errors_are_those_of_the_values_that_are_there() {
    let data = with_gaps();
    let rows: Vec<u32> = (0..64).collect();
    for loss in [Loss::SquaredError, Loss::AbsoluteError, Loss::Gaussian { variance: Variance::Learned }] {
        let mut network = Network::new(&masked_plan(&data, loss), 2).expect("small");
        let mut values = vec![0.0; 64 * 12];
        data.gather(&rows, &mut values);
        let reconstructions = network.reconstruct(&values);
        let evaluation = network.evaluate(&data, &rows, None).expect("small");
        let errors = network.errors(Samples::Rows(&data, &rows), &mut |_| true).expect("small");
        let (mut total, mut mse) = (0.0, 0.0);
        for (row, error) in errors.iter().enumerate() {
            let there = (12 * row..12 * (row + 1)).filter(|at| !data.gaps.is_filled(*at));
            let of_row: Vec<f64> = there.map(|at| f64::from(reconstructions[at] - values[at])).collect();
            total += of_row
                .iter()
                .map(|error| match loss {
                    Loss::AbsoluteError => error.abs(),
                    // A learned log σ² starts at 0.
                    Loss::Gaussian { .. } => error * error / 2.0 + std::f64::consts::TAU.ln() / 2.0,
                    Loss::SquaredError | Loss::BinaryCrossEntropy | Loss::Huber { .. } => error * error,
                })
                .sum::<f64>();
            let squares = of_row.iter().map(|error| error * error).sum::<f64>();
            let own = squares / of_row.len().max(1) as f64;
            assert!((error - own).abs() < 1e-6, "row {row}: {error} {own}");
            mse += own / 64.0;
        }
        let found = evaluation.losses.total();
        assert!((found - total / 64.0).abs() < 1e-5 * found.abs(), "{loss:?}: {found} {}", total / 64.0);
        assert!((evaluation.mse - mse).abs() < 1e-6, "{loss:?}: {} {mse}", evaluation.mse);
    }
}

/// The decoder's last bias is learned separately for each feature: if one is always missing,
/// nothing changes it.
#[test]
fn what_is_always_missing_has_no_gradient() {
    let mut data = (*toy_data(64, 12)).clone();
    let word = |word: usize| (0..64).map(|bit| u64::from((64 * word + bit) % 12 == 3) << bit).sum::<u64>();
    data.gaps = Gaps { filled: 64, cells: (0..12).map(word).collect(), are_masked: true, ..Gaps::default() };
    let data = Arc::new(data);
    let mut trainer =
        Trainer::new(&masked_plan(&data, Loss::SquaredError), Arc::clone(&data), 1).expect("small");
    let before = trainer.network().weights();
    for _ in 0..8 {
        trainer.step().expect("valid");
    }
    let after = trainer.network().weights();
    let moved = |feature: usize| {
        let [before, after] = [&before, &after].map(|weights| weights.0["output.bias"].values[feature]);
        before != after
    };
    assert!(!moved(3) && (0..12).filter(|feature| *feature != 3).all(moved));
}

#[test]
fn a_masked_run_goes_on_exactly_where_it_stopped() {
    let data = with_gaps();
    let plan = masked_plan(&data, Loss::Huber { delta: 0.2 });
    let whole = losses(&plan, &data, 1);
    let mut first = Trainer::new(&plan, Arc::clone(&data), 2).expect("small");
    let mut records = Vec::new();
    for _ in 0..4 {
        records.extend(first.step().expect("valid").epoch);
    }
    let mut second = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    second.restore(&first.snapshot(), first.epochs()).expect("the same network");
    while !second.is_done() {
        records.extend(second.step().expect("valid").epoch);
    }
    assert_eq!(without_time(records), whole);
}

fn weight(name: &str, weight: f32) -> FeatureWeight {
    FeatureWeight { name: name.to_owned(), weight }
}

/// The weighted loss, computed from reconstructions by its definition, in training and in
/// evaluation; the squared error is without weights.
#[test]
fn weights_of_features_act_on_the_loss_alone() {
    let data = toy_data(64, 12);
    let rows: Vec<u32> = (0..64).collect();
    let design = |weights: Vec<FeatureWeight>| {
        toy_plan(&data, |project| {
            project.training.batch_size = 64;
            project.feature_weights = weights;
        })
    };
    let weights = vec![weight("feature 1", 3.0), weight("feature 5", 0.0)];
    let expected = data.feature_weights(&weights);
    let mut network = Network::new(&design(weights.clone()), 2).expect("small");
    let mut values = vec![0.0; 64 * 12];
    data.gather(&rows, &mut values);
    let reconstructions = network.reconstruct(&values);
    let squares: Vec<f64> =
        reconstructions.iter().zip(&values).map(|(y, x)| f64::from(y - x).powi(2)).collect();
    let plain = squares.iter().sum::<f64>() / squares.len() as f64;
    let weighted =
        squares.iter().enumerate().map(|(at, square)| square * f64::from(expected[at % 12])).sum::<f64>()
            / 64.0;
    let evaluation = network.evaluate(&data, &rows, None).expect("small");
    assert!((evaluation.mse - plain).abs() < 1e-6, "{} {plain}", evaluation.mse);
    let found = evaluation.losses.total();
    assert!(
        (found - weighted).abs() < 1e-5 * weighted && (found - 12.0 * plain).abs() > 1e-3,
        "{found} {weighted}"
    );
    let mut trainer = Trainer::new(&design(weights), Arc::clone(&data), 1).expect("small");
    // All training rows are one minibatch.
    let own: f64 = data
        .split
        .train
        .iter()
        .map(|&row| {
            let range = row as usize * 12..(row as usize + 1) * 12;
            squares[range]
                .iter()
                .zip(&expected)
                .map(|(square, weight)| square * f64::from(*weight))
                .sum::<f64>()
        })
        .sum::<f64>()
        / data.split.train.len() as f64;
    let step = trainer.step().expect("valid");
    assert!((step.loss - own).abs() < 1e-5 * own, "{} {own}", step.loss);
    // A weight of 1 equals no weight, bit for bit.
    let plans = [design(vec![weight("feature 2", 1.0)]), design(Vec::new())];
    let [of_ones, of_none] = plans.map(|plan| losses(&plan, &data, 1));
    assert_eq!(of_ones, of_none);
}

#[test]
fn what_has_weight_0_has_no_gradient_and_unknown_weights_are_refused() {
    let data = toy_data(64, 12);
    let plan = |name: &str| toy_plan(&data, |project| project.feature_weights = vec![weight(name, 0.0)]);
    let mut trainer = Trainer::new(&plan("feature 4"), Arc::clone(&data), 1).expect("small");
    let before = trainer.network().weights();
    for _ in 0..8 {
        trainer.step().expect("valid");
    }
    let after = trainer.network().weights();
    let moved = |feature: usize| {
        let [before, after] = [&before, &after].map(|weights| weights.0["output.bias"].values[feature]);
        before != after
    };
    assert!(!moved(3) && (0..12).filter(|feature| *feature != 3).all(moved));
    let refused = Trainer::new(&plan("colour"), Arc::clone(&data), 1).map(|_| ());
    assert!(matches!(refused, Err(EngineError::FeatureWeights(_))), "{refused:?}");
}

/// The first layer's own training leaves out missing values and features with weight 0; the
/// decoder's last bias is learned separately for each feature.
#[test]
fn pretraining_respects_masks_and_weights() {
    let mut data = (*toy_data(64, 12)).clone();
    let word = |word: usize| (0..64).map(|bit| u64::from((64 * word + bit) % 12 == 3) << bit).sum::<u64>();
    data.gaps = Gaps { filled: 64, cells: (0..12).map(word).collect(), are_masked: true, ..Gaps::default() };
    let data = Arc::new(data);
    for (by, masks, weights, still) in [
        (Greedy::Autoencoders { masking: 0.0 }, true, vec![], vec![3]),
        (Greedy::Autoencoders { masking: 0.2 }, false, vec![weight("feature 8", 0.0)], vec![7]),
        (Greedy::Autoencoders { masking: 0.2 }, true, vec![weight("feature 8", 0.0)], vec![3, 7]),
        (Greedy::Machines, true, vec![], vec![3]),
        (Greedy::Machines, false, vec![], vec![]),
    ] {
        let base = masked_plan(&data, Loss::SquaredError);
        let plan = toy_plan(&data, |project| {
            let dense = |units| Layer::Dense { units, activation: Activation::Sigmoid };
            project.encoder = vec![dense(9)];
            project.code.activation = Activation::Linear;
            project.output.activation = Activation::Sigmoid;
            if masks {
                project.data.source = base.design().data.source.clone();
            }
            project.feature_weights = weights;
            project.training.strategy = Strategy::LayerWise { by, epochs: 2, beside_joint: false };
        });
        let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
        let mut steps = 0;
        let of_first = |trainer: &Trainer| {
            let state = trainer.snapshot().pretraining.expect("a layer is learning");
            let name = if by == Greedy::Machines { "visible_bias" } else { "weights.output.bias" };
            (state.progress.layer, state.arrays.0[name].values.clone())
        };
        let (_, before) = of_first(&trainer);
        let mut after = before.clone();
        while trainer.greedy().is_some_and(|greedy| greedy.layer == 1) && steps < 100 {
            trainer.step().expect("valid");
            steps += 1;
            if trainer.greedy().is_some_and(|greedy| greedy.layer == 1) {
                after = of_first(&trainer).1;
            }
        }
        let unmoved: Vec<usize> = (0..12).filter(|at| before[*at] == after[*at]).collect();
        assert_eq!(unmoved, still, "{by:?}");
    }
}
