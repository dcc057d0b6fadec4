//! Trained networks of every kind of code: codes and their decodings, errors of single samples,
//! draws from the prior, and cached networks.

use super::kinds::{all_kinds, of_kind};
use super::*;
use crate::run::Weights;

const UNITS: usize = 8;
const FEATURES: usize = 12;

/// A network of this kind after a few epochs.
fn trained(data: &Arc<Dataset>, kind: Bottleneck) -> (Trainer, Trained) {
    let plan = of_kind(data, kind);
    let mut trainer = Trainer::new(&plan, Arc::clone(data), 1).expect("small");
    while !trainer.is_done() {
        trainer.step().expect("valid");
    }
    let weights = Arc::clone(trainer.snapshot().inference_weights());
    (trainer, Trained::new(Arc::new(plan), weights, Some(data.scaler.clone())))
}

#[test]
fn codes_of_every_kind_decode_to_the_reconstruction_and_measure_as_in_training() {
    let data = toy_data(400, FEATURES);
    let rows = data.split.rows(Subset::Train);
    let mut values = vec![0.0; rows.len() * FEATURES];
    data.gather(rows, &mut values);
    for kind in all_kinds() {
        let (mut trainer, trained) = trained(&data, kind);
        let mut ready = Ready::new(1);
        let network = ready.network(&trained).expect("small");
        let codes = network.codes(&values);
        assert_eq!(codes.values.len(), rows.len() * UNITS, "{kind:?}");
        assert!(codes.values == network.encode(&values), "{kind:?}");
        let variances = if kind.is_gaussian() { codes.values.len() } else { 0 };
        let entries = if let Bottleneck::Quantised { dimension, .. } = kind {
            codes.values.len() / dimension
        } else {
            0
        };
        assert_eq!((codes.variances.len(), codes.entries.len()), (variances, entries), "{kind:?}");
        let reconstructions = network.reconstruct(&values);
        assert!(network.decode(&codes.values) == reconstructions, "{kind:?}");
        // A single code, as selected in the window.
        let one = network.decode(&codes.values[UNITS..2 * UNITS]);
        let near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-5;
        assert!(one.iter().zip(&reconstructions[FEATURES..]).all(near) && one.len() == FEATURES, "{kind:?}");

        let evaluation = network.evaluate(&data, rows, None).expect("small");
        assert!(evaluation == trainer.evaluate(Subset::Train).expect("small"), "{kind:?}");
        let errors = network.errors(Samples::Rows(&data, rows), &mut |_| true).expect("small");
        let again = network.errors(Samples::Scaled(&values), &mut |_| true).expect("small");
        assert!(errors == again && errors.len() == rows.len(), "{kind:?}");
        let mean = errors.iter().sum::<f64>() / rows.len() as f64;
        // The error of a description length comes from one draw of its choices.
        let is_drawn = matches!(kind, Bottleneck::DescriptionLength { .. });
        assert!(is_drawn || (mean - evaluation.mse).abs() < 1e-6, "{kind:?}: {mean} {}", evaluation.mse);
        for (error, map) in errors.iter().zip(network.error_maps(&values).chunks_exact(FEATURES)) {
            let of_map = map.iter().map(|square| f64::from(*square)).sum::<f64>() / FEATURES as f64;
            assert!((error - of_map).abs() < 1e-5, "{kind:?}: {error} {of_map}");
        }
        // More rows than one block.
        let (many, mut seen) = (values.repeat(5), Vec::new());
        let stopped = network.errors(Samples::Scaled(&many), &mut |done| {
            seen.push(done);
            false
        });
        assert_eq!((stopped, &seen[..]), (Err(EngineError::Cancelled), &[1024][..]), "{kind:?}");
    }
}

/// Codes drawn from the prior of a network of this kind, and its arrays after a change.
fn drawn(
    kind: Bottleneck,
    count: usize,
    shares: &[f32],
    change: impl Fn(&mut Weights),
) -> (Vec<f32>, Weights) {
    let data = toy_data(40, FEATURES);
    let plan = of_kind(&data, kind);
    let mut weights = Network::new(&plan, 1).expect("small").weights();
    change(&mut weights);
    let trained = Trained::new(Arc::new(plan), Arc::new(weights.clone()), None);
    let mut network = trained.network(1).expect("its own weights");
    let codes = network.sample(count, 5, shares).expect("a prior");
    assert_eq!(codes.len(), count * UNITS);
    assert!(network.sample(3, 5, shares).expect("a prior") == codes[..3 * UNITS], "each is itself");
    assert!(network.sample(count, 6, shares).expect("a prior") != codes, "another seed");
    let decoded = network.decode(&codes);
    assert!(decoded.len() == count * FEATURES && decoded.iter().all(|value| value.is_finite()));
    (codes, weights)
}

/// Five standard errors of the mean of `count` numbers with this variance.
fn tolerance(variance: f64, count: usize) -> f64 {
    5.0 * (variance / count as f64).sqrt()
}

#[test]
fn codes_are_drawn_from_the_prior_of_their_kind() {
    const COUNT: usize = 2000;
    let numbers = COUNT * UNITS;
    for kind in all_kinds() {
        let mean_of = |codes: &[f32], of: &dyn Fn(f64) -> f64| {
            codes.iter().map(|value| of(f64::from(*value))).sum::<f64>() / codes.len() as f64
        };
        match kind {
            Bottleneck::Variational { .. }
            | Bottleneck::ImportanceWeighted { .. }
            | Bottleneck::Wasserstein { .. } => {
                let (codes, _) = drawn(kind, COUNT, &[], |_| ());
                let (mean, square) = (mean_of(&codes, &|z| z), mean_of(&codes, &|z| z * z));
                assert!(mean.abs() < tolerance(1.0, numbers), "{kind:?}: {mean}");
                assert!((square - 1.0).abs() < tolerance(2.0, numbers), "{kind:?}: {square}");
            }
            Bottleneck::Hashing { .. } => {
                let (codes, _) = drawn(kind, COUNT, &[], |_| ());
                assert!(codes.iter().all(|bit| *bit == 0.0 || *bit == 1.0));
                let mean = mean_of(&codes, &|bit| bit);
                assert!((mean - 0.5).abs() < tolerance(0.25, numbers), "{mean}");
            }
            Bottleneck::DescriptionLength { choices, .. } => {
                assert_eq!(choices, 4);
                // The first quantiser chooses its second unit three times as often as its first,
                // and no other.
                let prior = [0.0, 3_f32.ln(), -90.0, -90.0];
                let (codes, _) = drawn(kind, COUNT, &[], |weights| {
                    weights.0.get_mut("code.prior").expect("learned").values[..4].copy_from_slice(&prior);
                });
                for quantiser in codes.chunks_exact(choices) {
                    assert!(quantiser.iter().filter(|share| **share == 1.0).count() == 1);
                    assert!(quantiser.iter().sum::<f32>() == 1.0);
                }
                let shares: Vec<f64> = (0..UNITS).map(|unit| mean_of_unit(&codes, unit)).collect();
                for (unit, share) in [0.25, 0.75, 0.0, 0.0, 0.25, 0.25, 0.25, 0.25].into_iter().enumerate() {
                    let tolerance = tolerance(share * (1.0 - share), COUNT);
                    assert!((shares[unit] - share).abs() <= tolerance, "unit {unit}: {shares:?}");
                }
            }
            Bottleneck::Quantised { entries, dimension, .. } => {
                let (codes, weights) = drawn(kind, COUNT, &[], |_| ());
                let counts = chosen(&codes, &weights, dimension);
                assert_eq!(counts.len(), entries);
                let vectors = numbers / dimension;
                let share = 1.0 / entries as f64;
                let tolerance_of = |share: f64| tolerance(share * (1.0 - share), vectors);
                for count in counts {
                    assert!((count as f64 / vectors as f64 - share).abs() < tolerance_of(share), "{count}");
                }
                let mut shares = vec![0.0; entries];
                (shares[3], shares[5]) = (0.9, 0.1);
                let (codes, weights) = drawn(kind, COUNT, &shares, |_| ());
                let counts = chosen(&codes, &weights, dimension);
                assert_eq!(counts[3] + counts[5], vectors);
                assert!((counts[5] as f64 / vectors as f64 - 0.1).abs() < tolerance_of(0.1), "{counts:?}");
            }
            Bottleneck::Plain | Bottleneck::KSparse { .. } | Bottleneck::Concrete { .. } => {
                let data = toy_data(40, FEATURES);
                let network = Network::new(&of_kind(&data, kind), 1).expect("small");
                assert!(matches!(network.sample(3, 5, &[]), Err(EngineError::NoPrior(_))), "{kind:?}");
            }
        }
    }
}

/// Mean of one unit of the codes.
fn mean_of_unit(codes: &[f32], unit: usize) -> f64 {
    let values = codes.iter().skip(unit).step_by(UNITS).map(|value| f64::from(*value));
    values.sum::<f64>() / (codes.len() / UNITS) as f64
}

/// How often each entry of the codebook was chosen; every vector is an entry.
fn chosen(codes: &[f32], weights: &Weights, dimension: usize) -> Vec<usize> {
    let codebook = &weights.0["code.codebook"].values;
    let mut counts = vec![0; codebook.len() / dimension];
    for vector in codes.chunks_exact(dimension) {
        let entry = codebook.chunks_exact(dimension).position(|entry| entry == vector);
        counts[entry.expect("an entry of the codebook")] += 1;
    }
    counts
}

#[test]
fn a_network_is_kept_until_its_plan_changes_and_follows_its_weights() {
    fn is_shared<T: Send + Sync + Clone>() {}
    is_shared::<Trained>();
    let data = toy_data(60, FEATURES);
    let plan = |units: usize, seed: u64| {
        Arc::new(toy_plan(&data, |project| {
            project.code = Code::plain(units);
            project.training.seed = seed;
        }))
    };
    let fresh = |plan: &Arc<Plan>| Arc::new(Network::new(plan, 1).expect("small").weights());
    let small = Trained::new(plan(3, 1), fresh(&plan(3, 1)), None);
    // Other facts that concern training only do not change the network.
    let facts = crate::check::DataFacts { available_bytes: 1 << 40, ..facts(&data) };
    let alike = Arc::new(crate::check::plan(small.plan().design(), &facts).expect("valid"));
    let later = Trained::new(alike, fresh(&plan(3, 2)), None);
    let wide = Trained::new(plan(5, 1), fresh(&plan(5, 1)), None);
    let rows = vec![0.3; 7 * FEATURES];
    let mut ready = Ready::new(1);
    for trained in [&small, &small, &later, &wide, &small, &small.with_weights(later.weights().clone())] {
        let found = ready.network(trained).expect("small").encode(&rows);
        assert!(found == trained.network(1).expect("small").encode(&rows));
        assert_eq!(found.len(), 7 * trained.plan().code_units());
    }
    // Weights of another plan are refused, and the next request succeeds.
    let foreign = small.with_weights(wide.weights().clone());
    assert!(matches!(ready.network(&foreign), Err(EngineError::Weights(_))));
    assert!(ready.network(&small).is_ok());
}

#[test]
fn a_checkpoint_keeps_its_weights_while_training_goes_on() {
    let data = toy_data(64, FEATURES);
    let plan = toy_plan(&data, |project| {
        project.training.early_stopping = Some(EarlyStopping { patience: 4, min_delta: 0.0 });
    });
    let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    while trainer.epoch() < 1 {
        trainer.step().expect("valid");
    }
    let first = trainer.snapshot();
    let best = |checkpoint: &Checkpoint| checkpoint.best.clone().expect("an epoch is over");
    let (weights, best_weights) = ((*first.weights).clone(), (*best(&first).weights).clone());
    while !trainer.is_done() {
        trainer.step().expect("valid");
    }
    let last = trainer.snapshot();
    assert!(best(&last).epoch > 1 && *best(&last).weights != best_weights, "it has improved");
    assert!(*first.weights == weights && *best(&first).weights == best_weights);
}
