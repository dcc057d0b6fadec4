//! Measurements of a network's health, against closed forms and other numbers from the same
//! network.

use super::*;

use crate::run::Health;

/// A network of this kind after training, and its health on the validation rows.
fn trained(data: &Arc<Dataset>, edit: impl FnOnce(&mut Project)) -> (Trainer, Health) {
    let plan = toy_plan(data, edit);
    let mut trainer = Trainer::new(&plan, Arc::clone(data), 1).expect("small");
    while !trainer.is_done() {
        trainer.step().expect("valid");
    }
    let health = trainer.health().expect("small");
    (trainer, health)
}

/// The validation rows.
fn rows(data: &Dataset) -> Vec<f32> {
    let mut values = vec![0.0; data.split.validation.len() * data.shape.features()];
    data.gather(&data.split.validation, &mut values);
    values
}

#[test]
fn codes_that_are_pictures_have_a_mean_of_each_unit() {
    let data = super::layers::toy_pictures(40, 6, 8, 1);
    let (mut trainer, health) = trained(&data, |project| {
        project.encoder = vec![super::layers::conv(3, 3, 2, Activation::Tanh)];
        project.code = Code::channels(2);
        project.output.activation = Activation::Linear;
    });
    let codes = trainer.network().encode(&rows(&data));
    let means = health.means.expect("a picture");
    assert_eq!(means.len(), 24);
    for (unit, mean) in means.into_iter().enumerate() {
        let own: Vec<f64> = codes.iter().skip(unit).step_by(24).map(|value| f64::from(*value)).collect();
        let expected = own.iter().sum::<f64>() / own.len() as f64;
        assert!((f64::from(mean) - expected).abs() < 1e-5, "{unit}: {mean} is not {expected}");
    }
    assert_eq!(trained(&toy_data(100, 12), |project| project.code = Code::plain(2)).1.means, None);
}

#[test]
fn looking_at_its_health_changes_nothing_of_a_training() {
    let data = toy_data(100, 12);
    for kind in Bottleneck::ALL {
        let plan = toy_plan(&data, |project| {
            if let Bottleneck::Concrete { .. } = kind {
                project.encoder.clear();
            }
            let kind = match kind {
                Bottleneck::DescriptionLength { width, temperature, .. } => {
                    project.loss = Loss::Gaussian { variance: Variance::Fixed { std: 0.3 } };
                    Bottleneck::DescriptionLength { choices: 4, width, temperature }
                }
                Bottleneck::KSparse { .. } => Bottleneck::KSparse {
                    k: 3,
                    alpha: 1.0,
                    lowers: true,
                    within: crate::project::Competition::Code,
                },
                Bottleneck::Plain
                | Bottleneck::Variational { .. }
                | Bottleneck::ImportanceWeighted { .. }
                | Bottleneck::Wasserstein { .. }
                | Bottleneck::Concrete { .. }
                | Bottleneck::Hashing { .. }
                | Bottleneck::Quantised { .. } => kind,
            };
            project.code = Code { kind, ..Code::plain(8) };
        });
        let ends = [false, true].map(|measures| {
            let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
            let mut losses = Vec::new();
            while !trainer.is_done() && losses.len() < 25 {
                losses.push(trainer.step().expect("valid").loss.to_bits());
                if measures {
                    let health = trainer.health().expect("small");
                    assert_eq!(health.samples, 25);
                    assert!(
                        health
                            .layers
                            .iter()
                            .all(|layer| layer.histogram.iter().sum::<u64>() == 25 * layer.units as u64)
                    );
                }
            }
            (losses, trainer.network().weights())
        });
        assert!(ends[0] == ends[1], "{kind:?}");
    }
}

#[test]
fn the_jacobian_of_a_sigmoid_layer_is_the_closed_form() {
    let data = toy_data(100, 12);
    let (mut trainer, health) = trained(&data, |project| {
        project.encoder.clear();
        project.code = Code { activation: Activation::Sigmoid, ..Code::plain(4) };
    });
    let codes = trainer.network().encode(&rows(&data));
    let weights = &trainer.network().weights().0["code.weight"].values;
    // Σ_j [h_j (1 − h_j)]² Σ_i W_ji² (Rifai et al. 2011), averaged over the samples.
    let norms: Vec<f64> =
        weights.chunks_exact(12).map(|row| row.iter().map(|w| f64::from(*w).powi(2)).sum()).collect();
    let squares = codes.chunks_exact(4).map(|code| {
        code.iter()
            .zip(&norms)
            .map(|(h, norm)| (f64::from(*h) * (1.0 - f64::from(*h))).powi(2) * norm)
            .sum::<f64>()
    });
    let expected = (squares.sum::<f64>() / 25.0).sqrt();
    let found = health.jacobian.expect("it has a derivative");
    assert!((found - expected).abs() < 1e-5 * expected, "{found} {expected}");
    let mean = codes.iter().map(|h| f64::from(*h)).sum::<f64>() / codes.len() as f64;
    assert!((health.layers[0].mean - mean).abs() < 1e-6);
    assert_eq!((health.layers.len(), &health.layers[0].name[..]), (1, "code"));
}

#[test]
fn divergences_of_the_units_add_up_to_the_term_of_the_loss() {
    let data = toy_data(100, 12);
    for kind in [
        Bottleneck::Variational { beta: 1.0, warmup_epochs: 0, free_nats: 0.0 },
        Bottleneck::ImportanceWeighted { samples: 3 },
    ] {
        let (mut trainer, health) = trained(&data, |project| project.code = Code { kind, ..Code::plain(3) });
        let nats = health.divergence.clone().expect("a distribution");
        assert_eq!(nats.len(), 3);
        if let Bottleneck::Variational { .. } = kind {
            let term = trainer.evaluate(Subset::Validation).expect("small").losses.get("KL").expect("a term");
            assert!((f64::from(nats.iter().sum::<f32>()) - term).abs() < 1e-4 * term, "{nats:?} {term}");
        }
        assert!(health.jacobian.is_some() && health.active_units().is_some());
    }
}

#[test]
fn sparse_codes_show_how_many_units_are_active() {
    let data = toy_data(100, 12);
    let (_, health) = trained(&data, |project| {
        project.code = Code {
            kind: Bottleneck::KSparse {
                k: 3,
                alpha: 1.0,
                lowers: false,
                within: crate::project::Competition::Code,
            },
            ..Code::plain(9)
        };
    });
    let code = health.layers.last().expect("the code");
    assert_eq!((code.active_min, code.active_max, code.active_mean), (3, 3, 3.0));
    assert_eq!(health.layers[0].name, "layer 1");
    assert_eq!(health.layers[0].active_mean, 9.0, "a tanh layer always speaks");
}

#[test]
fn choices_are_counted() {
    let data = toy_data(100, 12);
    let (mut trainer, health) = trained(&data, |project| {
        project.encoder.clear();
        let kind = Bottleneck::Concrete { start_temperature: 10.0, end_temperature: 0.1, tries: 1 };
        project.code = Code { kind, ..Code::plain(3) };
    });
    let selector = health.selector.as_ref().expect("a selector");
    assert_eq!(Some(selector.chosen.clone()), trainer.network().chosen_features());
    assert!((selector.shares.iter().sum::<f32>() - 3.0).abs() < 1e-4);
    assert!((selector.temperature - 0.1).abs() < 1e-3 && health.jacobian.is_none());
    let mean = rows(&data).iter().step_by(12).sum::<f32>() / 25.0;
    assert!((selector.mean[0] - mean).abs() < 1e-5);

    let (mut trainer, health) = trained(&data, |project| {
        project.code = Code {
            kind: Bottleneck::ALL.into_iter().find(|kind| kind.name() == "quantised").expect("a kind"),
            ..Code::plain(8)
        };
    });
    let codebook = health.codebook.expect("a codebook");
    let codes = trainer.network().encode(&rows(&data));
    let entries = &trainer.network().weights().0["code.codebook"].values;
    let count = |entry: &[f32]| codes.chunks_exact(4).filter(|word| *word == entry).count();
    for (entry, share) in entries.chunks_exact(4).zip(&codebook.shares) {
        assert!((count(entry) as f32 / 50.0 - share).abs() < 1e-6);
    }
    assert!((codebook.shares.iter().sum::<f32>() - 1.0).abs() < 1e-5);
}

#[test]
fn a_description_length_is_reported_in_bits() {
    let data = toy_data(100, 12);
    for layers in [vec![], vec![Layer::Dense { units: 6, activation: Activation::Tanh }]] {
        let (mut trainer, health) = trained(&data, |project| {
            let kind = Bottleneck::DescriptionLength { choices: 4, width: 0.01, temperature: 0.5 };
            project.code = Code { kind, ..Code::plain(8) };
            project.loss = Loss::Gaussian { variance: Variance::Fixed { std: 0.2 } };
            project.output.activation = Activation::Linear;
            project.decoder = Decoder::Free(layers.clone());
        });
        let bits = health.bits.expect("bits");
        let losses = trainer.evaluate(Subset::Validation).expect("small").losses;
        // The total loss in nats, less 12 log t for describing values to within t.
        let total = (losses.total() - 12.0 * 0.01_f64.ln()) / std::f64::consts::LN_2;
        assert!((bits.total() - total).abs() < 1e-3 * total, "{bits:?} {total}");
        assert!(bits.code > 0.0 && bits.code <= 4.0 + 1e-6 && bits.error > 0.0);
    }
}

#[test]
fn hashing_codes_show_the_balance_of_their_bits() {
    let data = toy_data(100, 12);
    for threshold in crate::project::Threshold::ALL {
        let (mut trainer, health) = trained(&data, |project| {
            project.code = Code { kind: Bottleneck::Hashing { std: 2.0, threshold }, ..Code::plain(4) };
        });
        let hash = health.hash.expect("bits");
        assert_eq!(hash.balance.len(), 4);
        let codes = trainer.network().encode(&rows(&data));
        let at = match threshold {
            crate::project::Threshold::Half => 0.5,
            crate::project::Threshold::Tenth => 0.1,
            crate::project::Threshold::Median => {
                assert!(hash.balance.iter().all(|share| (share - 0.52).abs() < 1e-6), "{hash:?}");
                continue;
            }
        };
        let ones = codes.iter().step_by(4).filter(|code| **code > at).count() as f32 / 25.0;
        assert!((hash.balance[0] - ones).abs() < 1e-6);
    }
}

fn root_mean_square(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0_f64), |(sum, count), value| (sum + value * value, count + 1.0));
    (sum / count).sqrt()
}

#[test]
fn gradients_are_those_of_the_last_step_of_an_epoch() {
    let (data, rate) = (toy_data(100, 12), 0.05);
    let plan = toy_plan(&data, |project| {
        project.training.optimizer = Optimizer::Sgd { momentum: 0.0, nesterov: false };
        project.training.learning_rate = rate;
    });
    let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    for _ in 1..trainer.steps_per_epoch() {
        trainer.step().expect("valid");
    }
    assert_eq!(trainer.health().expect("small").gradients, []);
    let before = trainer.network().weights();
    trainer.step().expect("valid");
    let after = trainer.network().weights();
    let gradients = trainer.health().expect("small").gradients;
    let arrays = ["encoder.0.weight", "code.weight", "decoder.0.weight", "output.weight"];
    let names = ["encoder layer 1", "code", "decoder layer 1", "output"];
    assert_eq!(gradients.iter().map(|layer| &*layer.name).collect::<Vec<_>>(), names);
    for (layer, array) in gradients.iter().zip(arrays) {
        let (old, new) = (&before.0[array].values, &after.0[array].values);
        // A step of plain descent is the gradient times the rate.
        let steps = old.iter().zip(new).map(|(old, new)| f64::from(old - new) / f64::from(rate));
        let expected = root_mean_square(steps);
        assert!((layer.gradient - expected).abs() < 1e-3 * expected, "{array}: {layer:?} {expected}");
        let size = root_mean_square(old.iter().map(|value| f64::from(*value)));
        assert!((layer.weight - size).abs() < 1e-6 * size, "{array}: {layer:?} {size}");
    }
}

#[test]
fn activations_on_a_flat_end_and_layers_of_the_decoder_are_counted() {
    let data = toy_data(100, 12);
    let plan = toy_plan(&data, |project| {
        project.encoder = vec![Layer::Dense { units: 9, activation: Activation::Sigmoid }];
        project.code.activation = Activation::Tanh;
    });
    let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    for parameter in trainer.network().parameters() {
        parameter.node.borrow_mut().values_mut().iter_mut().for_each(|value| *value *= 12.0);
    }
    let health = trainer.health().expect("small");
    let codes = trainer.network().encode(&rows(&data));
    let flat = codes.iter().filter(|code| code.abs() > 0.99).count() as f64 / codes.len() as f64;
    assert!(flat > 0.0 && flat < 1.0, "{flat}");
    let code = health.layers.last().expect("the code");
    assert!((code.saturated.expect("a tanh") - flat).abs() < 1e-9, "{flat}");
    assert!(health.layers[0].saturated.is_some_and(|share| share > 0.0 && share < 1.0));
    let decoder: Vec<_> = health.decoder.iter().map(|layer| (&*layer.name, layer.units)).collect();
    assert_eq!(decoder, [("decoder layer 1", 9)]);
}

#[test]
fn outputs_are_compared_with_the_range_and_the_edges_of_the_samples() {
    let data = super::layers::toy_pictures(40, 6, 8, 2);
    let (mut trainer, health) = trained(&data, |project| project.code = Code::plain(4));
    let samples = rows(&data);
    let outputs = trainer.network().reconstruct(&samples);
    let energy = |values: &[f32]| {
        let at = |picture: usize, y: usize, x: usize, channel: usize| {
            f64::from(values[((picture * 6 + y) * 8 + x) * 2 + channel])
        };
        let mut sum = 0.0;
        for picture in 0..values.len() / 96 {
            for (y, x) in (0..6).flat_map(|y| (0..8).map(move |x| (y, x))) {
                for channel in 0..2 {
                    let own = at(picture, y, x, channel);
                    sum += if y < 5 { (at(picture, y + 1, x, channel) - own).powi(2) } else { 0.0 };
                    sum += if x < 7 { (at(picture, y, x + 1, channel) - own).powi(2) } else { 0.0 };
                }
            }
        }
        sum
    };
    let found = health.output.and_then(|output| output.edges).expect("pictures have edges");
    let expected = energy(&outputs) / energy(&samples);
    assert!((found - expected).abs() < 1e-4 * expected, "{found} {expected}");

    let mut below = Arc::into_inner(toy_data(100, 12)).expect("its own");
    if let Rows::F32(values) = &mut below.rows {
        values.iter_mut().for_each(|value| *value -= 0.5);
    }
    let below = Arc::new(below);
    let output = trained(&below, |_| {}).1.output.expect("measured");
    let samples = rows(&below);
    let beyond = samples.iter().filter(|value| **value < -1e-3).count() as f64 / samples.len() as f64;
    assert!(beyond > 0.0 && (output.beyond - beyond).abs() < 1e-9, "{output:?} {beyond}");
    let least = samples.iter().copied().fold(f32::INFINITY, f32::min);
    assert_eq!((output.least, output.edges, output.is_binary), (least, None, false));
}
