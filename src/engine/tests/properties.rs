//! Properties that hold for all settings: initial weights, weight decay, schedules, corruption,
//! optimizers, early stopping.

use proptest::prelude::*;

use super::*;
use crate::engine::initialisation::fill_uniform;
use crate::engine::kernels::noise::corrupt;
use crate::engine::kernels::update::{Stretch, Update};
use crate::engine::optimizer::Optimizer as Updates;
use crate::project::{Initialisation, Padding};

#[test]
fn initial_weights_are_distributed_as_pytorchs() {
    let moments = |values: &[f32], inputs: usize| {
        let bound = 1.0 / (inputs as f64).sqrt();
        let largest = values.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        // At most half a unit of rounding above the bound.
        assert!(f64::from(largest) <= bound * 1.000_001, "{largest} lies outside ±{bound}");
        let n = values.len() as f64;
        let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / n;
        let square = values.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>() / n;
        (mean / bound, square / (bound * bound), f64::from(largest) / bound)
    };
    for inputs in [1, 7, 784] {
        let mut values = vec![0.0; 100_000];
        fill_uniform(&mut values, inputs, Stream::new(3, Purpose::Initialisation, 5, 0));
        // torch.nn.Linear: U(−1/√inputs, 1/√inputs), variance 1 / (3 · inputs). Within five
        // standard errors each.
        let (mean, square, largest) = moments(&values, inputs);
        assert!(mean.abs() < 0.0092 && (square - 1.0 / 3.0).abs() < 0.0048, "{inputs}: {mean} {square}");
        assert!(largest > 0.999, "{inputs}: the bound is reached");
    }
    // Weights and biases of a network depend on the inputs of each layer, also of tied layers.
    let data = toy_data(8, 200);
    for tied in [false, true] {
        let plan = toy_plan(&data, |project| {
            project.encoder = vec![Layer::Dense { units: 100, activation: Activation::Relu }];
            project.code.units = 50;
            project.decoder = Decoder::Mirrored { tied };
        });
        let network = Network::new(&plan, 1).expect("small");
        let inputs = [200, 200, 100, 100, 50, 50, 100, 100];
        let inputs = if tied { vec![200, 200, 100, 100, 50, 100] } else { inputs.to_vec() };
        assert_eq!(network.parameters().len(), inputs.len());
        for (parameter, inputs) in network.parameters().iter().zip(inputs) {
            let (_, _, largest) = moments(parameter.node.borrow().values(), inputs);
            assert!(largest > 0.9, "{}: {largest} of its bound", parameter.name);
        }
    }
}

#[test]
fn weights_start_as_the_design_says() {
    let picture = Shape::Image { height: 8, width: 8, channels: 1 };
    let data = Dataset { shape: picture, ..(*toy_data(8, 64)).clone() };
    // Inputs and outputs of each weight; those of a transposed convolution are counted for the
    // convolution it transposes, as in torch.nn.init.
    let dense = [(256, 50), (50, 256)];
    let convolutions = [(9, 16 * 9), (9, 16 * 9)];
    for kind in Initialisation::ALL {
        let plan = toy_plan(&data, |project| {
            project.training.initialisation = kind;
            project.encoder = vec![Layer::Conv2d {
                channels: 16,
                kernel: 3,
                stride: 2,
                padding: Padding::Same,
                dilation: 1,
                groups: 1,
                activation: Activation::Relu,
            }];
            project.code.units = 50;
        });
        let weights = Network::new(&plan, 1).expect("small").weights();
        let [down, up] = convolutions;
        let [code, back] = dense;
        for (name, (inputs, outputs)) in
            [("encoder.0", down), ("code", code), ("decoder.0", back), ("output", up)]
        {
            let values = &weights.0[&format!("{name}.weight")].values;
            let bias = &weights.0[&format!("{name}.bias")].values;
            assert_eq!(bias.iter().any(|&value| value != 0.0), kind == Initialisation::PyTorch, "{name}");
            let variance = match kind {
                Initialisation::PyTorch => 1.0 / (3.0 * f64::from(inputs)),
                Initialisation::He => 2.0 / f64::from(inputs),
                Initialisation::Xavier => 2.0 / f64::from(inputs + outputs),
                // As many orthonormal vectors as the shorter side; kernels are rows of 9, one for
                // each of 16 channels.
                Initialisation::Orthogonal if name == "encoder.0" || name == "output" => 1.0 / 16.0,
                Initialisation::Orthogonal => 1.0 / 256.0,
                Initialisation::Zero => 0.0,
            };
            let square =
                values.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>() / values.len() as f64;
            // Four standard errors of a mean of squares: √(2/144) for normal kernels.
            let tolerance = if values.len() < 1000 { 0.47 } else { 0.05 };
            assert!(
                (square - variance).abs() <= tolerance * variance,
                "{kind:?} {name}: {square} {variance}"
            );
        }
    }
}

#[test]
fn units_that_start_alike_stay_alike() {
    let data = toy_data(64, 12);
    let plan = toy_plan(&data, |project| {
        project.training.initialisation = Initialisation::Zero;
        // With all activations 0, no weight would ever change.
        project.encoder = vec![Layer::Dense { units: 9, activation: Activation::Sigmoid }];
        project.code.activation = Activation::Sigmoid;
    });
    let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    for _ in 0..12 {
        trainer.step().expect("valid");
    }
    let weights = trainer.network().weights();
    let rows: Vec<&[f32]> = weights.0["encoder.0.weight"].values.chunks(12).collect();
    let moved = rows[0].iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    let alike = |row: &&[f32]| row.iter().zip(rows[0]).all(|(a, b)| (a - b).abs() <= 1e-3 * moved);
    assert!(moved > 0.0 && rows.iter().all(alike), "{rows:?}");
}

#[test]
fn weights_decay_and_biases_do_not() {
    let data = toy_data(8, 12);
    let plan = toy_plan(&data, |_| {});
    for optimizer in Optimizer::ALL {
        let training = Training { optimizer, weight_decay: 0.1, ..Training::default() };
        let network = Network::new(&plan, 1).expect("small");
        let before = network.weights();
        let mut updates = Updates::new(&training, network.parameters());
        // No step has written a gradient: all are 0, and only weight decay acts.
        let mut grads = Grads::leaky();
        for step in 1..=3 {
            let parameters = network.parameters();
            updates.update(parameters, &mut grads, 1e-3, step, network.threads()).expect("small");
        }
        for (name, after) in &network.weights().0 {
            let before = &before.0[name].values;
            let norm = |values: &[f32]| values.iter().map(|value| value * value).sum::<f32>();
            if name.ends_with("bias") {
                assert_eq!(&after.values, before, "{optimizer:?}: {name}");
            } else {
                assert!(norm(&after.values) < norm(before), "{optimizer:?}: {name} did not decay");
            }
        }
    }
}

fn any_schedule() -> impl Strategy<Value = Schedule> {
    prop_oneof![
        Just(Schedule::Constant),
        (1_u32..100, 1e-3_f32..=1.0).prop_map(|(epochs, factor)| Schedule::Step { epochs, factor }),
        (0.0_f32..=1.0).prop_map(|floor| Schedule::Cosine { floor }),
        (0.0_f32..=1.0, 0.0_f32..=1.0, 0.0_f32..=1.0).prop_map(|(rise, start, floor)| Schedule::OneCycle {
            rise,
            start,
            floor
        }),
    ]
}

fn any_corruption() -> impl Strategy<Value = Corruption> {
    prop_oneof![
        Just(Corruption::None),
        (0.0_f32..10.0).prop_map(|std| Corruption::Gaussian { std }),
        (0.0_f32..=1.0).prop_map(|probability| Corruption::Masking { probability }),
        (0.0_f32..=1.0).prop_map(|probability| Corruption::SaltAndPepper { probability }),
        (0_usize..9).prop_map(|size| Corruption::Pixelate { size }),
        (0.0_f32..10.0).prop_map(|std| Corruption::Blur { std }),
        (0.0_f32..=1.0).prop_map(|side| Corruption::MissingRectangle { side }),
    ]
}

fn any_optimizer() -> impl Strategy<Value = Optimizer> {
    let decay = || prop_oneof![Just(0.0_f32), 0.0_f32..1.0, Just(0.999_999_9_f32)];
    let eps = || prop_oneof![Just(1e-12_f32), 1e-8_f32..1.0];
    prop_oneof![
        (decay(), any::<bool>()).prop_map(|(momentum, nesterov)| Optimizer::Sgd {
            momentum,
            nesterov: nesterov && momentum > 0.0
        }),
        (decay(), eps()).prop_map(|(alpha, eps)| Optimizer::RmsProp { alpha, eps }),
        (decay(), decay(), eps()).prop_map(|(beta1, beta2, eps)| Optimizer::Adam { beta1, beta2, eps }),
        (decay(), decay(), eps()).prop_map(|(beta1, beta2, eps)| Optimizer::AdamW { beta1, beta2, eps }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn learning_rates_are_finite_at_every_step(
        schedule in any_schedule(),
        warmup_epochs in 0_u32..20,
        epochs in 1_u32..1000,
        base in 1e-8_f32..10.0,
        per_epoch in 0_u64..5000,
        step in 0_u64..10_000_000,
    ) {
        let training = Training { schedule, warmup_epochs, epochs, ..Training::default() };
        let rate = |step| learning_rate(&training, base, step, per_epoch);
        let now = rate(step);
        prop_assert!(now.is_finite() && (0.0..=base).contains(&now), "{now}");
        let warmup = u64::from(warmup_epochs) * per_epoch.max(1);
        let top = match schedule {
            Schedule::OneCycle { rise, .. } => {
                let steps = (u64::from(epochs) * per_epoch.max(1)).saturating_sub(warmup).max(2);
                warmup as f64 + f64::from(rise) * steps as f64 - 1.0
            }
            Schedule::Constant | Schedule::Step { .. } | Schedule::Cosine { .. } => warmup as f64,
        };
        if step >= warmup && (step as f64) < top {
            prop_assert!(rate(step + 1) >= now * (1.0 - 1e-6) || (step + 1) as f64 > top, "it rises to its top");
        } else if step >= warmup {
            prop_assert!(rate(step + 1) <= now * (1.0 + 1e-6), "it only falls after the warm-up");
        } else {
            prop_assert!(rate(step + 1) >= now, "it only rises before");
        }
        if let Schedule::Cosine { floor } | Schedule::OneCycle { floor, rise: 0.0..0.99, .. } = schedule {
            prop_assert!(step < warmup || (step as f64) < top || now >= base * floor * 0.999_999, "{now} is below the floor");
            let over = rate(warmup.max(u64::from(epochs) * per_epoch.max(1)) + 1 + step);
            prop_assert!((over - base * floor).abs() <= 1e-6 * base, "{over}");
        }
    }

    #[test]
    fn corruption_is_fixed_for_a_sample_and_leaves_the_rest_clean(
        corruption in any_corruption(),
        clean in proptest::collection::vec(-5.0_f32..5.0, 0..70),
        is_picture in any::<bool>(),
        seed in any::<u64>(),
        epoch in any::<u64>(),
        row in any::<u64>(),
    ) {
        let range = (-6.0, 7.0);
        // A picture with at least two rows, if there are enough values.
        let shape = match clean.len() {
            len if is_picture && len > 1 && len % 2 == 0 => Shape::Image { height: 2, width: len / 2, channels: 1 },
            len => Shape::Vector(len),
        };
        let noisy = |seed, row| {
            let mut out = vec![f32::NAN; clean.len()];
            let stream = Stream::new(seed, Purpose::Corruption, epoch, row);
            corrupt(corruption, shape, range, stream, &clean, &mut out);
            out
        };
        let once = noisy(seed, row);
        prop_assert_eq!(&once, &noisy(seed, row));
        prop_assert!(once.iter().all(|value| value.is_finite()));
        let is_clean = |allowed: &[f32]| {
            once.iter().zip(&clean).all(|(noisy, clean)| noisy == clean || allowed.contains(noisy))
        };
        match corruption {
            Corruption::None => prop_assert!(is_clean(&[])),
            Corruption::Masking { .. } => prop_assert!(is_clean(&[0.0])),
            Corruption::SaltAndPepper { .. } => prop_assert!(is_clean(&[range.0, range.1])),
            Corruption::Gaussian { std } => {
                // No 24-bit uniform number gives a normal number beyond 5.8.
                let near = |(noisy, clean): (&f32, &f32)| (noisy - clean).abs() <= 5.8 * std + 1e-4;
                prop_assert!(once.iter().zip(&clean).all(near));
                if std > 0.01 && clean.len() > 8 {
                    prop_assert!(noisy(seed, row.wrapping_add(1)) != once, "two samples share their noise");
                    prop_assert!(noisy(seed.wrapping_add(1), row) != once, "two seeds share their noise");
                }
            }
            Corruption::MissingRectangle { .. } => prop_assert!(is_clean(&[range.0])),
            Corruption::Pixelate { .. } | Corruption::Blur { .. } => {
                // Means are within the range of their values.
                let (least, most) = clean.iter().fold((0.0_f32, 0.0_f32), |ends, x| (ends.0.min(*x), ends.1.max(*x)));
                prop_assert!(once.iter().all(|x| (least - 1e-4..=most + 1e-4).contains(x)));
            }
        }
    }

    #[test]
    fn updates_stay_finite_and_the_first_goes_downhill(
        optimizer in any_optimizer(),
        exponents in proptest::collection::vec(-30_i32..17, 1..40),
        learning_rate in 1e-8_f32..1.0,
        weight_decay in 0.0_f32..1.0,
        steps in 1_u64..12,
    ) {
        let len = exponents.len();
        let sign = |at: usize| if at.is_multiple_of(2) { 1.0 } else { -1.0 };
        let gradient: Vec<f32> =
            exponents.iter().enumerate().map(|(at, &power)| sign(at) * 10_f32.powi(power)).collect();
        let run = |weight_decay: f32, steps: u64| {
            let (mut weight, mut first, mut second) = (vec![0.5_f32; len], vec![0.0; len], vec![0.0; len]);
            for step in 1..=steps {
                let update = Update { optimizer, learning_rate, step, gradient_scale: 1.0 };
                let (weight, first, second) = (&mut weight[..], &mut first[..], &mut second[..]);
                update.apply(Stretch { weight, gradient: &gradient, first, second, weight_decay });
            }
            (weight, first, second)
        };
        let (weight, first, second) = run(weight_decay, steps);
        for values in [&weight, &first, &second] {
            prop_assert!(values.iter().all(|value| value.is_finite()), "{values:?}");
        }
        let (weight, ..) = run(0.0, 1);
        for (at, weight) in weight.iter().enumerate() {
            prop_assert!(sign(at) * (weight - 0.5) <= 0.0, "uphill at {at}: {weight}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn early_stopping_is_the_state_machine_it_says_it_is(
        patience in 1_u32..5,
        min_delta in prop_oneof![Just(0.0_f32), 1e-4_f32..0.05],
        rate in 1e-3_f32..0.5,
        epochs in 1_u32..16,
        more in 0_u32..6,
    ) {
        let data = toy_data(48, 6);
        let plan = toy_plan(&data, |project| {
            project.encoder = vec![];
            project.code.units = 2;
            project.training.early_stopping = Some(EarlyStopping { patience, min_delta });
            (project.training.learning_rate, project.training.epochs) = (rate, epochs);
        });
        let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
        let (mut best, mut stale, mut done) = (None::<(u32, f64)>, 0, 0);
        for epochs in [epochs, epochs + more] {
            // Patience starts again if more epochs are requested; the best epoch is remembered.
            if epochs > trainer.epochs() {
                trainer.apply(Setting::Epochs(epochs));
                stale = 0;
            }
            while !trainer.is_done() {
                let Some(record) = trainer.step().expect("valid").epoch else { continue };
                done += 1;
                prop_assert!(record.epoch == done && done <= epochs);
                let loss = record.judged().total();
                if best.is_none_or(|(_, best)| loss < best - f64::from(min_delta)) {
                    (best, stale) = (Some((done, loss)), 0);
                } else {
                    stale += 1;
                }
                prop_assert_eq!(trainer.is_done(), stale >= patience || done == epochs);
                let checkpoint = trainer.snapshot();
                let kept = checkpoint.best.as_ref().map(|best| (best.epoch, best.loss));
                prop_assert_eq!((kept, checkpoint.progress.stale_epochs), (best, stale));
                if stale == 0 {
                    prop_assert_eq!(checkpoint.inference_weights(), &checkpoint.weights);
                }
            }
        }
    }
}
