//! Kinds of code and regularizers within a whole network: gradients, also of combinations, the sum
//! of the terms, the form of codes, exact resume.

use super::layers::toy_pictures;
use super::*;
use crate::project::{
    CodebookUpdate, Distance, Estimator, Over, Padding, Penalty, Regularizer, Site, Threshold, Variance,
};

fn dense(units: usize, activation: Activation) -> Layer {
    Layer::Dense { units, activation }
}

fn on(on: Site, penalty: Penalty, weight: f32) -> Regularizer {
    Regularizer { on, penalty, weight }
}

fn sparsity(distance: Distance, over: Over) -> Penalty {
    Penalty::Sparsity { target: 0.2, distance, over }
}

/// Kinds of code with exact gradients; a quantised code uses the straight-through gradient.
fn smooth_kinds() -> [Bottleneck; 5] {
    [
        Bottleneck::Variational { beta: 0.7, warmup_epochs: 4, free_nats: 0.0 },
        Bottleneck::ImportanceWeighted { samples: 3 },
        Bottleneck::Wasserstein { weight: 3.0 },
        Bottleneck::Hashing { std: 0.8, threshold: Threshold::Half },
        Bottleneck::Plain,
    ]
}

#[test]
fn every_kind_of_code_has_the_gradient_of_its_network() {
    for kind in smooth_kinds() {
        check_gradients(kind.name(), |project| project.code = Code { kind, ..Code::plain(4) });
    }
    check_gradients("selector", |project| {
        project.encoder.clear();
        project.code.kind = Bottleneck::Concrete { start_temperature: 2.0, end_temperature: 0.5, tries: 1 };
        project.decoder = Decoder::Free(vec![dense(6, Activation::Tanh)]);
    });
}

/// A description length under a Gaussian of deviation 0.5.
fn described(project: &mut Project, choices: usize) {
    let kind = Bottleneck::DescriptionLength { choices, width: 0.1, temperature: 0.7 };
    project.code = Code { kind, ..Code::plain(6) };
    project.loss = Loss::Gaussian { variance: Variance::Fixed { std: 0.5 } };
    project.output.activation = Activation::Linear;
}

#[test]
fn description_lengths_have_the_gradient_of_their_network() {
    // The decoder is linear, so the expected error is exact; with one more layer, its choices are
    // relaxed.
    for layers in [vec![], vec![dense(5, Activation::Tanh)]] {
        check_gradients(&format!("description length, {} layers", layers.len()), |project| {
            described(project, 3);
            project.decoder = Decoder::Free(layers.clone());
        });
    }
}

#[test]
fn likelihoods_have_the_gradient_of_their_network() {
    for variance in [Variance::Fixed { std: 0.4 }, Variance::Learned] {
        for kind in [kind("variational"), kind("importance-weighted"), Bottleneck::Plain] {
            check_gradients(&format!("{variance:?}, {}", kind.name()), |project| {
                project.code = Code { kind, ..Code::plain(3) };
                project.loss = Loss::Gaussian { variance };
            });
        }
    }
}

#[test]
fn every_regularizer_has_the_gradient_of_its_network() {
    let penalties = [
        (Penalty::L2, Activation::Tanh),
        (sparsity(Distance::Kl, Over::Samples), Activation::Sigmoid),
        (sparsity(Distance::Kl, Over::Units), Activation::Sigmoid),
        (sparsity(Distance::L2, Over::Samples), Activation::Softplus),
        (Penalty::Contractive { estimator: Estimator::Exact }, Activation::Sigmoid),
        (Penalty::Contractive { estimator: Estimator::Probes(2) }, Activation::Tanh),
    ];
    for (penalty, activation) in penalties {
        let sites: &[Site] = match penalty {
            Penalty::Contractive { .. } => &[Site::Code],
            Penalty::L1 | Penalty::L2 | Penalty::Sparsity { .. } => &[Site::Code, Site::Encoder(0)],
        };
        for site in sites {
            check_gradients(&format!("{penalty:?} {site:?}"), |project| {
                project.encoder = vec![dense(7, activation)];
                project.code = Code { activation, ..Code::plain(4) };
                project.regularizers = vec![on(*site, penalty, 0.5)];
            });
        }
    }
}

#[test]
fn convolution_sparsity_contraction_and_a_variational_code_compose() {
    check_gradients_on(&toy_pictures(40, 6, 8, 2), "composed", 1.0, |project| {
        project.encoder = vec![
            Layer::Conv2d {
                channels: 3,
                kernel: 3,
                stride: 2,
                padding: Padding::Same,
                dilation: 1,
                groups: 1,
                activation: Activation::Sigmoid,
            },
            dense(6, Activation::Tanh),
        ];
        project.code = Code {
            kind: Bottleneck::Variational { beta: 1.0, warmup_epochs: 0, free_nats: 0.01 },
            ..Code::plain(3)
        };
        project.regularizers = vec![
            on(Site::Encoder(0), sparsity(Distance::Kl, Over::Samples), 0.3),
            on(Site::Code, Penalty::Contractive { estimator: Estimator::Exact }, 0.2),
            on(Site::Encoder(1), Penalty::L2, 0.1),
        ];
        project.corruption = Corruption::Blur { std: 0.8 };
    });
}

#[test]
fn a_tied_sparse_hashing_code_has_its_gradient() {
    check_gradients("tied hashing", |project| {
        project.code =
            Code { kind: Bottleneck::Hashing { std: 0.5, threshold: Threshold::Half }, ..Code::plain(4) };
        project.decoder = Decoder::Mirrored { tied: true };
        project.loss = Loss::BinaryCrossEntropy;
    });
}

/// Every kind of code, with settings that suit a code of 8 units of the toy rows.
pub(super) fn all_kinds() -> Vec<Bottleneck> {
    Bottleneck::ALL
        .into_iter()
        .map(|kind| {
            if let Bottleneck::KSparse { .. } = kind {
                Bottleneck::KSparse {
                    k: 3,
                    alpha: 1.0,
                    lowers: true,
                    within: crate::project::Competition::Code,
                }
            } else if let Bottleneck::DescriptionLength { .. } = kind {
                Bottleneck::DescriptionLength { choices: 4, width: 0.1, temperature: 0.5 }
            } else {
                kind
            }
        })
        .chain([Bottleneck::Quantised {
            entries: 16,
            dimension: 2,
            commitment: 0.25,
            update: CodebookUpdate::Gradient,
        }])
        .collect()
}

pub(super) fn of_kind(data: &Dataset, kind: Bottleneck) -> Plan {
    toy_plan(data, |project| {
        if matches!(kind, Bottleneck::Concrete { .. }) {
            project.encoder.clear();
        }
        project.code = Code { kind, ..Code::plain(8) };
        // With several samples per row there are no activations to penalise.
        let site =
            if matches!(kind, Bottleneck::ImportanceWeighted { .. }) { Site::Encoder(0) } else { Site::Code };
        project.regularizers = vec![on(site, Penalty::L1, 0.01)];
        if let Bottleneck::DescriptionLength { .. } = kind {
            project.loss = Loss::Gaussian { variance: Variance::Fixed { std: 0.3 } };
        }
        project.training.learning_rate = 3e-3;
    })
}

#[test]
fn terms_add_up_and_every_kind_resumes_exactly_on_any_number_of_threads() {
    let data = toy_data(100, 12);
    for kind in all_kinds() {
        let plan = of_kind(&data, kind);
        let whole = losses(&plan, &data, 1);
        for record in &whole {
            for losses in [&record.train, record.validation.as_ref().expect("a split")] {
                let sum: f64 = losses.iter().skip(1).map(|(_, term)| term).sum();
                let difference = (losses.total() - sum).abs();
                assert!(difference < 1e-9 * sum.abs().max(1.0), "{kind:?}: {losses:?}");
            }
        }
        assert_eq!(losses(&plan, &data, 3), whole, "{kind:?}: threads");
        let mut first = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
        assert_eq!(first.terms(), whole[0].train.terms(), "{kind:?}");
        let mut records = Vec::new();
        for _ in 0..8 {
            records.extend(first.step().expect("valid").epoch);
        }
        let mut second = Trainer::new(&plan, Arc::clone(&data), 2).expect("small");
        second.restore(&first.snapshot(), 4).expect("the same network");
        while !second.is_done() {
            records.extend(second.step().expect("valid").epoch);
        }
        assert_eq!(without_time(records), whole, "{kind:?}: resumed");
    }
}

fn kind(name: &str) -> Bottleneck {
    Bottleneck::ALL.into_iter().find(|kind| kind.name() == name).expect("a kind")
}

#[test]
fn codes_are_what_their_kind_promises() {
    let data = toy_data(100, 12);
    let codes = |kind: Bottleneck| {
        let plan = of_kind(&data, kind);
        let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
        while !trainer.is_done() {
            trainer.step().expect("valid");
        }
        let mut rows = vec![0.0; 20 * 12];
        data.gather(&(0..20).collect::<Vec<u32>>(), &mut rows);
        let codes = trainer.network().encode(&rows);
        // Encoding followed by decoding equals reconstructing.
        assert_eq!(trainer.network().decode(&codes), trainer.network().reconstruct(&rows), "{kind:?}");
        let known = trainer.network().codes(&rows);
        assert_eq!(known.values, codes, "{kind:?}");
        assert_eq!(known.variances.len(), if kind.is_gaussian() { codes.len() } else { 0 });
        (rows, known, trainer.network().weights())
    };
    for variational in [kind("variational"), kind("importance-weighted")] {
        let (_, known, _) = codes(variational);
        assert!(known.variances.iter().all(|variance| *variance > 0.0 && variance.is_finite()));
    }
    let (_, sparse, _) = codes(Bottleneck::KSparse {
        k: 3,
        alpha: 1.0,
        lowers: false,
        within: crate::project::Competition::Code,
    });
    for code in sparse.values.chunks_exact(8) {
        assert_eq!(code.iter().filter(|unit| **unit != 0.0).count(), 3, "{code:?}");
    }
    let (_, hashed, _) = codes(Bottleneck::Hashing { std: 4.0, threshold: Threshold::Half });
    assert!(hashed.values.iter().all(|unit| (0.0..=1.0).contains(unit)));
    let (rows, picked, _) = codes(kind("concrete selector"));
    for (row, code) in rows.chunks_exact(12).zip(picked.values.chunks_exact(8)) {
        assert!(code.iter().all(|unit| row.contains(unit)), "a selector hands on features as they are");
    }
    let quantised = Bottleneck::Quantised {
        entries: 16,
        dimension: 2,
        commitment: 0.25,
        update: CodebookUpdate::MovingAverage,
    };
    let (_, words, weights) = codes(quantised);
    let entries = &weights.0["code.codebook"].values;
    assert_eq!(words.entries.len(), words.values.len() / 2);
    for (word, entry) in words.values.chunks_exact(2).zip(&words.entries) {
        assert_eq!(word, &entries[2 * *entry as usize..][..2], "entry {entry}");
    }
}

/// A selector with too little time to converge.
fn too_short(data: &Dataset, tries: u32) -> Plan {
    toy_plan(data, |project| {
        project.encoder.clear();
        let kind = Bottleneck::Concrete { start_temperature: 10.0, end_temperature: 1.0, tries };
        project.code = Code { kind, ..Code::plain(3) };
        project.training.epochs = 2;
        project.training.schedule = Schedule::Cosine { floor: 0.0 };
    })
}

#[test]
fn a_selector_that_has_not_chosen_restarts_with_twice_the_epochs() {
    let data = toy_data(100, 12);
    let plan = too_short(&data, 3);
    let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    let (mut records, mut restarts, mut middle) = (Vec::new(), Vec::new(), None);
    while !trainer.is_done() {
        let first_rate = trainer.learning_rate();
        let report = trainer.step().expect("valid");
        records.extend(report.epoch);
        if let Some(restart) = report.restart {
            assert!(restart.mean_max < 0.998);
            let fresh = Network::fresh_weights(&plan, restart.attempt - 1).expect("small");
            assert!(
                trainer.network().weights() == fresh
                    && fresh != Network::fresh_weights(&plan, 0).expect("small")
            );
            assert_eq!(*trainer.snapshot().weights, fresh, "a crash now would resume the new attempt");
            assert!(first_rate < 0.01 * trainer.learning_rate(), "the schedule begins again");
            restarts.push((restart.epoch, restart.epochs));
        } else if trainer.steps() == 20 {
            middle = Some((trainer.snapshot(), records.len(), trainer.epochs()));
        }
    }
    // Two epochs, four, eight; no fourth try.
    assert_eq!(restarts, [(2, 6), (6, 14)]);
    assert_eq!(records.len(), 14);
    assert_eq!(trainer.snapshot().progress.attempt, 2);

    let (checkpoint, before, epochs) = middle.expect("step 20");
    assert_eq!((checkpoint.progress.attempt, epochs), (1, 6));
    let mut resumed = Trainer::new(&plan, Arc::clone(&data), 2).expect("small");
    resumed.restore(&checkpoint, epochs).expect("the same network");
    let mut again = records[..before].to_vec();
    while !resumed.is_done() {
        again.extend(resumed.step().expect("valid").epoch);
    }
    assert_eq!(without_time(again), without_time(records));

    let only = too_short(&data, 1);
    let mut trainer = Trainer::new(&only, data, 1).expect("small");
    while !trainer.is_done() {
        assert_eq!(trainer.step().expect("valid").restart, None);
    }
    assert_eq!(trainer.epoch(), 2);
}

#[test]
fn the_divergence_rises_with_its_warm_up() {
    let data = toy_data(100, 12);
    let plan = toy_plan(&data, |project| {
        let kind = Bottleneck::Variational { beta: 1.0, warmup_epochs: 2, free_nats: 0.0 };
        project.code = Code { kind, ..Code::plain(3) };
        project.training.learning_rate = 1e-12;
    });
    let records = losses(&plan, &data, 1);
    let kl = |epoch: usize| records[epoch].judged().get("KL").expect("a divergence");
    // Almost nothing is learned, so only the weight changes: half of it after the first of two
    // epochs, then all.
    assert!((kl(0) / kl(2) - 0.5).abs() < 1e-3, "{} {}", kl(0), kl(2));
    assert!((kl(1) / kl(2) - 1.0).abs() < 1e-3, "{} {}", kl(1), kl(2));
    assert!((kl(3) / kl(2) - 1.0).abs() < 1e-6);
}

#[test]
fn a_selector_finds_the_columns_that_determine_the_others() {
    // Four columns of uniform numbers, each with two copies at slightly less than full weight, then
    // small noise.
    let stream = Stream::new(3, Purpose::Synthetic, 0, 0);
    let rows: Vec<f32> = (0..600_u64)
        .flat_map(|row| {
            let base: [f32; 4] = std::array::from_fn(|i| stream.uniform(row * 16 + i as u64));
            std::array::from_fn::<f32, 16, _>(|j| match j {
                0..4 => base[j],
                4..12 => 0.5 * base[j % 4] + 0.5 * base[(j + 1) % 4],
                _ => 0.5 + 0.02 * stream.uniform(row * 16 + j as u64),
            })
        })
        .collect();
    let toy = toy_data(600, 16);
    let data = Arc::new(Dataset { rows: Rows::F32(rows), ..(*toy).clone() });
    let plan = toy_plan(&data, |project| {
        project.encoder.clear();
        let kind = Bottleneck::Concrete { start_temperature: 10.0, end_temperature: 0.01, tries: 1 };
        project.code = Code { kind, ..Code::plain(4) };
        project.decoder = Decoder::Free(vec![dense(24, Activation::LeakyRelu)]);
        project.output.activation = Activation::Linear;
        project.training =
            Training { batch_size: 32, epochs: 120, learning_rate: 1e-2, ..Training::default() };
    });
    let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    while !trainer.is_done() {
        trainer.step().expect("valid");
    }
    let logits = &trainer.network().weights().0["code.logits"].values;
    let chosen = crate::engine::kernels::selector::chosen(logits, 16);
    let different: std::collections::HashSet<u32> = chosen.iter().copied().collect();
    assert_eq!(different.len(), 4, "{chosen:?}");
    assert!(chosen.iter().all(|feature| *feature < 12), "{chosen:?}: noise was picked");
    assert!(crate::engine::kernels::selector::mean_max(logits, 16) > 0.99);
}
