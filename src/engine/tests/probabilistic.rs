//! Likelihoods, bounds and description lengths of whole networks against closed forms.

use super::*;
use crate::analysis::pca::Pca;
use crate::dataset::{Progress, load};
use crate::project::{Data, Source, Synthetic};
use crate::run::Weights;

const FEATURES: usize = 10;
const UNITS: usize = 3;

/// Rows of a 10-dimensional normal distribution with three wide directions, all in the training
/// split.
fn wide_in_three(rows: usize) -> Arc<Dataset> {
    let stream = Stream::new(11, Purpose::Synthetic, 0, 0);
    let mut position = 0;
    let mut normal = || {
        position += 1;
        stream.normal(position)
    };
    let mixing: Vec<f32> = (0..FEATURES * UNITS).map(|_| 0.7 * normal()).collect();
    let values = (0..rows).flat_map(|_| {
        let hidden: [f32; UNITS] = std::array::from_fn(|_| normal());
        let row: [f32; FEATURES] = std::array::from_fn(|feature| {
            let mixed: f32 = (0..UNITS).map(|unit| mixing[feature * UNITS + unit] * hidden[unit]).sum();
            mixed + 0.5 + 0.4 * normal()
        });
        row
    });
    let values = values.collect();
    let split = SplitRows { train: (0..rows as u32).collect(), validation: vec![], test: vec![] };
    Arc::new(Dataset { rows: Rows::F32(values), split, ..(*toy_data(rows, FEATURES)).clone() })
}

/// A linear network with a learned variance.
fn linear(data: &Dataset, kind: Bottleneck, epochs: u32) -> Plan {
    toy_plan(data, |project| {
        project.encoder.clear();
        project.code = Code { kind, ..Code::plain(UNITS) };
        project.loss = Loss::Gaussian { variance: Variance::Learned };
        project.output.activation = Activation::Linear;
        project.training = Training {
            batch_size: 50,
            epochs,
            learning_rate: 1e-2,
            schedule: Schedule::Cosine { floor: 0.0 },
            ..Training::default()
        };
    })
}

/// The learned values of a linear variational autoencoder.
struct Linear {
    weights: Weights,
}

impl Linear {
    fn value(&self, name: &str, index: usize) -> f64 {
        f64::from(self.weights.0[name].values[index])
    }

    fn variance(&self) -> f64 {
        self.value("output.log_variance", 0).exp()
    }

    fn decoder(&self, feature: usize, unit: usize) -> f64 {
        self.value("output.weight", feature * UNITS + unit)
    }

    /// The evidence lower bound of one sample, with its expectation in closed form.
    fn bound(&self, x: &[f32]) -> f64 {
        let head = |output: usize| {
            let sum: f64 = (0..FEATURES)
                .map(|i| self.value("code.weight", output * FEATURES + i) * f64::from(x[i]))
                .sum();
            sum + self.value("code.bias", output)
        };
        let (mut squared, mut divergence) = (0.0, 0.0);
        for (feature, x) in x.iter().enumerate() {
            let mean: f64 = (0..UNITS).map(|unit| self.decoder(feature, unit) * head(unit)).sum();
            squared += (f64::from(*x) - mean - self.value("output.bias", feature)).powi(2);
        }
        for unit in 0..UNITS {
            let (mean, log_variance) = (head(unit), head(UNITS + unit));
            let length: f64 = (0..FEATURES).map(|feature| self.decoder(feature, unit).powi(2)).sum();
            squared += log_variance.exp() * length;
            divergence += 0.5 * (mean * mean + log_variance.exp() - 1.0 - log_variance);
        }
        let constant = 0.5 * FEATURES as f64 * (std::f64::consts::TAU * self.variance()).ln();
        -squared / (2.0 * self.variance()) - constant - divergence
    }

    /// `log N(x; b, W Wᵀ + σ² I)`, by Cholesky's decomposition.
    fn log_density(&self, x: &[f32]) -> f64 {
        let mut lower = [[0.0; FEATURES]; FEATURES];
        let (mut log_determinant, mut distance) = (0.0, 0.0);
        let mut solved = [0.0; FEATURES];
        for i in 0..FEATURES {
            for j in 0..=i {
                let product: f64 = (0..UNITS).map(|unit| self.decoder(i, unit) * self.decoder(j, unit)).sum();
                let covariance = product + if i == j { self.variance() } else { 0.0 };
                let rest = covariance - (0..j).map(|k| lower[i][k] * lower[j][k]).sum::<f64>();
                lower[i][j] = if i == j { rest.sqrt() } else { rest / lower[j][j] };
            }
            let known: f64 = (0..i).map(|k| lower[i][k] * solved[k]).sum();
            solved[i] = (f64::from(x[i]) - self.value("output.bias", i) - known) / lower[i][i];
            distance += solved[i] * solved[i];
            log_determinant += 2.0 * lower[i][i].ln();
        }
        -0.5 * (FEATURES as f64 * std::f64::consts::TAU.ln() + log_determinant + distance)
    }
}

/// The mean log-likelihood of probabilistic PCA at its optimum (Tipping & Bishop 1999):
/// `−½ (d log 2π + Σ_{j≤q} log λ_j + (d − q) log σ² + d)`, λ the eigenvalues of the covariance, σ²
/// the mean of the rest.
fn best_of_ppca(rows: &[f32]) -> f64 {
    let pca = Pca::fit(rows, FEATURES, FEATURES).expect("ten directions");
    let d = FEATURES as f64;
    let n = (rows.len() / FEATURES) as f64;
    // Variances over the rows themselves, as in the likelihood.
    let codes = pca.project(rows);
    let eigenvalue = |unit: usize| {
        codes.iter().skip(unit).step_by(FEATURES).map(|z| f64::from(*z).powi(2)).sum::<f64>() / n
    };
    let kept: f64 = (0..UNITS).map(|unit| eigenvalue(unit).ln()).sum();
    let rest: f64 = (UNITS..FEATURES).map(eigenvalue).sum::<f64>() / (d - UNITS as f64);
    -0.5 * (d * std::f64::consts::TAU.ln() + kept + (d - UNITS as f64) * rest.ln() + d)
}

#[test]
fn a_linear_variational_autoencoder_becomes_probabilistic_pca() {
    let data = wide_in_three(1000);
    let kind = Bottleneck::Variational { beta: 1.0, warmup_epochs: 0, free_nats: 0.0 };
    let plan = linear(&data, kind, 150);
    let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    let mut last = None;
    while !trainer.is_done() {
        last = trainer.step().expect("valid").epoch.or(last);
    }
    let learned = Linear { weights: trainer.network().weights() };
    let Rows::F32(values) = &data.rows else { panic!("numbers") };
    let (mut bound, mut density) = (0.0, 0.0);
    for x in values.chunks_exact(FEATURES) {
        let (own, most) = (learned.bound(x), learned.log_density(x));
        assert!(own <= most + 1e-3, "a bound of {own} above {most}");
        bound += own / 1000.0;
        density += most / 1000.0;
    }
    let optimum = best_of_ppca(values);
    assert!(density <= optimum + 1e-3, "{density} is above the optimum {optimum}");
    assert!(optimum - bound < 0.1, "bound {bound}, density {density}, optimum {optimum}");
    // The value reported in training: the same bound from one draw per sample.
    let reported = -last.expect("an epoch").train.total();
    assert!((reported - bound).abs() < 0.2, "{reported} {bound}");
}

#[test]
fn importance_samples_estimate_the_likelihood() {
    let data = wide_in_three(300);
    let rows: Vec<u32> = (0..300).collect();
    for kind in [
        Bottleneck::Variational { beta: 1.0, warmup_epochs: 0, free_nats: 0.0 },
        Bottleneck::ImportanceWeighted { samples: 4 },
    ] {
        // Stopped early, so that the bound is loose.
        let plan = linear(&data, kind, 12);
        let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
        while !trainer.is_done() {
            trainer.step().expect("valid");
        }
        let learned = Linear { weights: trainer.network().weights() };
        let Rows::F32(values) = &data.rows else { panic!("numbers") };
        let mean = |of: &dyn Fn(&[f32]) -> f64| values.chunks_exact(FEATURES).map(of).sum::<f64>() / 300.0;
        let (bound, exact) = (mean(&|x| learned.bound(x)), mean(&|x| learned.log_density(x)));
        let network = trainer.network();
        let mut estimate = |draws| network.likelihood(&data, &rows, draws).expect("a likelihood").nll;
        let (one, ten, many) = (estimate(1), estimate(10), estimate(600));
        // One draw estimates the bound itself, many draws the likelihood; numbers in between give
        // values in between.
        let slack = 0.15;
        assert!((one + bound).abs() < slack, "{kind:?}: one draw {one}, bound {bound}");
        assert!(ten < one + 0.02 && many < ten + 0.02, "{kind:?}: {one} {ten} {many}");
        assert!((many + exact).abs() < 0.05, "{kind:?}: {many} draws, exact {}", -exact);
        assert!(many <= -bound + 0.05, "{kind:?}: {many} is above the bound {}", -bound);
    }
}

#[test]
fn the_importance_weighted_bound_tightens_with_its_samples() {
    let data = wide_in_three(200);
    let rows: Vec<u32> = (0..200).collect();
    let loss = |samples: usize| {
        let plan = linear(&data, Bottleneck::ImportanceWeighted { samples }, 1);
        let mut network = Network::new(&plan, 1).expect("small");
        network.evaluate(&data, &rows, None).expect("small").losses.total()
    };
    let (one, five, fifty) = (loss(1), loss(5), loss(50));
    assert!(fifty < five && five < one, "{one} {five} {fifty}");
}

#[test]
fn a_network_without_a_distribution_has_no_likelihood() {
    let data = wide_in_three(60);
    let ask = |kind, loss| {
        let plan = toy_plan(&data, |project| {
            project.code = Code { kind, ..Code::plain(2) };
            project.loss = loss;
            project.output.activation = Activation::Linear;
        });
        let mut network = Network::new(&plan, 1).expect("small");
        network.likelihood(&data, &[0, 1], 3).map(|likelihood| likelihood.nll.is_finite())
    };
    let gaussian = Loss::Gaussian { variance: Variance::Fixed { std: 0.3 } };
    let variational = Bottleneck::Variational { beta: 1.0, warmup_epochs: 0, free_nats: 0.0 };
    assert_eq!(ask(variational, gaussian), Ok(true));
    for none in Loss::ALL.into_iter().filter(|loss| !loss.is_likelihood()) {
        assert!(matches!(ask(variational, none), Err(EngineError::NoLikelihood(_))), "{none:?}");
    }
    assert!(matches!(ask(Bottleneck::Plain, gaussian), Err(EngineError::NoLikelihood(_))));
}

/// Standard deviation of the error for spline pictures, and the width they are quantised to.
const SIGMA: f32 = 0.2;
const WIDTH: f32 = 1.0 / 255.0;

/// Bits of code and error after training `units` in groups of `choices` on all rows of the data.
fn bits(data: &Arc<Dataset>, units: usize, choices: usize) -> (f64, f64) {
    let plan = toy_plan(data, |project| {
        let kind = Bottleneck::DescriptionLength { choices, width: WIDTH, temperature: 0.5 };
        project.encoder.clear();
        project.code = Code { kind, ..Code::plain(units) };
        project.loss = Loss::Gaussian { variance: Variance::Fixed { std: SIGMA } };
        project.output.activation = Activation::Linear;
        project.training =
            Training { batch_size: 40, epochs: 300, learning_rate: 3e-3, ..Training::default() };
    });
    let mut trainer = Trainer::new(&plan, Arc::clone(data), 1).expect("small");
    while !trainer.is_done() {
        trainer.step().expect("valid");
    }
    assert_eq!(trainer.terms().names(), ["total", "reconstruction", "code", "variance"]);
    let rows = data.split.train.clone();
    let losses = trainer.network().evaluate(data, &rows, None).expect("small").losses;
    let d = data.shape.features() as f64;
    let constant = 0.5 * d * (std::f64::consts::TAU * f64::from(SIGMA).powi(2)).ln();
    let ln_2 = std::f64::consts::LN_2;
    let term = |name| losses.get(name).expect("a term");
    (term("code") / ln_2, (term("reconstruction") - constant + term("variance")) / ln_2)
}

/// A quarter of every picture: three of its twelve rows of pixels.
fn quarter(data: &Dataset, number: usize) -> Arc<Dataset> {
    let Rows::U8(values) = &data.rows else { panic!("bytes") };
    let values = values.chunks_exact(96).flat_map(|row| row[24 * number..24 * (number + 1)].to_vec());
    let shape = Shape::Image { height: 3, width: 8, channels: 1 };
    Arc::new(Dataset { rows: Rows::U8(values.collect()), shape, ..data.clone() })
}

#[test]
fn a_factorial_code_describes_splines_in_fewer_bits_than_one_or_separate_ones() {
    let source = Source::Synthetic(Synthetic::Splines { count: 200, seed: 1 });
    let mut data = load(&Data { source, ..Data::default() }, &Progress::default()).expect("generated");
    data.split = SplitRows { train: (0..200).collect(), validation: vec![], test: vec![] };
    let data = Arc::new(data);
    let factorial = bits(&data, 24, 6);
    let single = bits(&data, 24, 24);
    let separate: Vec<(f64, f64)> = (0..4).map(|number| bits(&quarter(&data, number), 6, 6)).collect();
    let separate = separate.iter().fold((0.0, 0.0), |sum, bits| (sum.0 + bits.0, sum.1 + bits.1));
    let total = |bits: (f64, f64)| bits.0 + bits.1;
    // The constant is equal for all three and left out.
    assert!(total(factorial) < total(single), "factorial {factorial:?}, single {single:?}");
    assert!(total(factorial) < total(separate), "factorial {factorial:?}, separate {separate:?}");
    assert!(factorial.0 <= 4.0 * 6.0_f64.log2(), "{factorial:?}");
}
