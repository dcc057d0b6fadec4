//! Samples, order and noise of a training.

use std::collections::BTreeMap;

use super::*;

/// Ten samples whose features are all the sample's number, so that the encoder's input identifies
/// the sample.
fn numbered() -> Arc<Dataset> {
    let rows = Rows::F32((0..30_u8).map(|index| f32::from(index / 3)).collect());
    let split = SplitRows { train: (0..10).collect(), ..SplitRows::default() };
    Arc::new(Dataset { rows, split, ..(*toy_data(10, 3)).clone() })
}

fn trainer(data: &Arc<Dataset>, batch_size: usize) -> Trainer {
    let plan = toy_plan(data, |project| {
        project.code.units = 2;
        project.output.activation = Activation::Linear;
        project.corruption = Corruption::Gaussian { std: 0.01 };
        project.training = Training { batch_size, epochs: 3, ..Training::default() };
    });
    Trainer::new(&plan, Arc::clone(data), 1).expect("small")
}

/// The encoder's inputs in one epoch: sample and noisy values, in training order.
fn epoch(trainer: &mut Trainer) -> Vec<(u32, Vec<f32>)> {
    let mut seen = Vec::new();
    loop {
        let report = trainer.step().expect("valid");
        let input = trainer.network().last_input(report.samples);
        seen.extend(input.chunks_exact(3).map(|row| (row[0].round() as u32, row.to_vec())));
        if report.epoch.is_some() {
            return seen;
        }
    }
}

#[test]
fn noise_is_fresh_each_epoch_and_the_same_whatever_the_minibatches() {
    let data = numbered();
    let epochs_of = |batch_size| {
        let mut trainer = trainer(&data, batch_size);
        [(); 3].map(|()| BTreeMap::from_iter(epoch(&mut trainer)))
    };
    let reference = epochs_of(4);
    for batch_size in [1, 3, 10, 64] {
        assert_eq!(epochs_of(batch_size), reference, "minibatches of {batch_size}");
    }
    let mut noises = Vec::new();
    for seen in &reference {
        assert!(seen.keys().copied().eq(0..10), "every sample once per epoch: {seen:?}");
        for (row, values) in seen {
            let noise: Vec<f32> = values.iter().map(|value| value - *row as f32).collect();
            assert!(noise.iter().all(|noise| *noise != 0.0 && noise.abs() < 0.1), "{noise:?}");
            // Rounding relative to the value leaves three digits: enough to distinguish any two.
            noises.push(noise.iter().map(|noise| (noise * 1e5).round() as i32).collect::<Vec<_>>());
        }
    }
    let all = noises.len();
    noises.sort_unstable();
    noises.dedup();
    assert_eq!((all, noises.len()), (30, 30), "no two presentations of any samples share their noise");
}

#[test]
fn the_order_of_the_samples_changes_each_epoch() {
    let data = numbered();
    let mut trainer = trainer(&data, 4);
    let orders: Vec<Vec<u32>> =
        (0..3).map(|_| epoch(&mut trainer).into_iter().map(|(row, _)| row).collect()).collect();
    let ascending: Vec<u32> = (0..10).collect();
    for (index, order) in orders.iter().enumerate() {
        assert_ne!(*order, ascending);
        assert!(orders[..index].iter().all(|other| other != order), "{orders:?}");
    }
}

#[test]
fn the_last_partial_minibatch_is_used() {
    let data = numbered();
    let mut trainer = trainer(&data, 4);
    assert_eq!(trainer.steps_per_epoch(), 3);
    let reports = [(); 3].map(|()| {
        let report = trainer.step().expect("valid");
        (report, trainer.snapshot().weights)
    });
    assert_eq!(reports.each_ref().map(|(report, _)| report.samples), [4, 4, 2]);
    // Had the last two samples been dropped, the weights would have stayed as the second step left
    // them.
    assert_ne!(reports[1].1, reports[2].1);
    // The epoch's loss is the mean over samples, not over minibatches.
    let sum: f64 = reports.iter().map(|(report, _)| report.loss * report.samples as f64).sum();
    let record = reports[2].0.epoch.as_ref().expect("the epoch is over");
    assert!((record.train.total() - sum / 10.0).abs() < 1e-9 * sum, "{record:?}, not {}", sum / 10.0);
}

#[test]
fn the_test_split_is_never_read() {
    let clean = toy_data(100, 12);
    let split =
        SplitRows { train: (0..60).collect(), validation: (60..80).collect(), test: (80..100).collect() };
    let with_test_rows = |value: Option<f32>| {
        let Rows::F32(mut values) = clean.rows.clone() else { panic!("not numbers") };
        if let Some(value) = value {
            values[80 * 12..].fill(value);
        }
        let rows = Rows::F32(values);
        Arc::new(Dataset { rows, split: split.clone(), ..(*clean).clone() })
    };
    let train = |data: &Arc<Dataset>| {
        let plan = toy_plan(data, |project| {
            // This corruption uses the largest value of the data.
            project.corruption = Corruption::SaltAndPepper { probability: 0.2 };
            project.training.early_stopping = Some(EarlyStopping { patience: 3, min_delta: 0.0 });
        });
        let mut trainer = Trainer::new(&plan, Arc::clone(data), 1).expect("small");
        let mut records = Vec::new();
        while !trainer.is_done() {
            records.extend(trainer.step().expect("valid").epoch);
        }
        let probe = choose_probe(data, 3, 1);
        let seen = trainer.run_probe(&probe);
        (facts(data).value_range, without_time(records), trainer.snapshot().weights, probe, seen)
    };
    let reference = train(&with_test_rows(None));
    assert!(reference.2.is_finite() && reference.1.iter().all(|record| record.mse.is_finite()));
    // NaN would spread to everything that reads it; a large number would change everything fitted
    // to it.
    for poison in [f32::NAN, 1e6] {
        let poisoned = train(&with_test_rows(Some(poison)));
        assert_eq!(format!("{poisoned:?}"), format!("{reference:?}"), "{poison}");
    }
}

#[test]
fn any_network_can_be_shown_noise_and_is_compared_with_the_clean_samples() {
    let data = toy_data(40, 12);
    let rows: Vec<u32> = (0..40).collect();
    let noise = |std| Noise {
        corruption: Corruption::Gaussian { std },
        shape: data.shape,
        range: (0.0, 1.0),
        seed: 1,
        purpose: Purpose::Corruption,
        epoch: 0,
    };
    for corruption in [Corruption::None, Corruption::Masking { probability: 0.1 }] {
        let plan = toy_plan(&data, |project| project.corruption = corruption);
        let mut network = Network::new(&plan, 1).expect("small");
        let clean = network.evaluate(&data, &rows, None).expect("small");
        // A noise level of 0 is no noise.
        assert_eq!(network.evaluate(&data, &rows, Some(noise(0.0))).expect("small"), clean);
        let noisy = network.evaluate(&data, &rows, Some(noise(0.5))).expect("small");
        assert_ne!(noisy, clean);
        // By hand: corrupted input, clean target.
        network.gather(&data, &rows, Some(noise(0.5)));
        let input = network.last_input(40);
        let mut target = vec![0.0; 480];
        data.gather(&rows, &mut target);
        let output = network.reconstruct(&input);
        let mse = output.iter().zip(&target).map(|(y, x)| f64::from(y - x).powi(2)).sum::<f64>() / 480.0;
        assert!((noisy.mse - mse).abs() < 1e-6 * mse, "{corruption:?}: {noisy:?}, not {mse}");
        // And clean results are unchanged afterwards.
        assert_eq!(network.evaluate(&data, &rows, None).expect("small"), clean);
    }
}
