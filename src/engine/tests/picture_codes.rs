//! Codes that are pictures against `PyTorch` and against finite differences: losses, codes and
//! every gradient of whole networks, and the contractive penalty on codes whose channels or
//! positions compete.

use super::layers::{conv, toy_pictures};
use super::*;
use crate::engine::kernels::reference::{File, assert_close};
use crate::project::{
    CodebookUpdate, Competition, Distance, Estimator, Over, Padding, Penalty, Regularizer, Site,
};

const KEPT: [(Competition, usize); 5] = [
    (Competition::Code, 9),
    (Competition::Position, 1),
    (Competition::Position, 2),
    (Competition::Channel, 1),
    (Competition::Channel, 4),
];

fn k_sparse((within, k): (Competition, usize)) -> Bottleneck {
    Bottleneck::KSparse { k, alpha: 1.0, lowers: false, within }
}

fn contraction(weight: f32) -> Regularizer {
    Regularizer { on: Site::Code, penalty: Penalty::Contractive { estimator: Estimator::Exact }, weight }
}

/// Loss terms, codes, reconstructions and gradients of one case of
/// `tests/reference/code_channels.py`.
fn check_case(file: &File, case: &str, kind: Bottleneck) {
    let x = file.tensor(case, "x");
    let [rows, channels, height, width] = x.shape[..] else { panic!("{:?}", x.shape) };
    let pictures = x.channels_last();
    let toy = toy_pictures(rows, height, width, channels);
    let numbers: Vec<u32> = (0..rows as u32).collect();
    let split = SplitRows { train: numbers.clone(), ..SplitRows::default() };
    let data = Arc::new(Dataset { rows: Rows::F32(pictures.clone()), split, ..(*toy).clone() });
    let plan = toy_plan(&data, |project| {
        project.encoder = vec![Layer::Conv2d {
            channels: 4,
            kernel: 3,
            stride: 2,
            padding: Padding::Pixels(1),
            dilation: 1,
            groups: 1,
            activation: Activation::Tanh,
        }];
        project.code = Code { kind, ..Code::channels(3) };
        project.output.activation = Activation::Linear;
        if case.ends_with("contractive") {
            project.regularizers = vec![contraction(0.5)];
        }
    });
    let mut network = Network::new(&plan, 2).expect("small");
    for parameter in network.parameters().iter().filter(|parameter| parameter.is_learned()) {
        let stored = file.tensor(case, &parameter.name);
        assert_eq!(stored.shape, parameter.shape, "{case}: {}", parameter.name);
        parameter.import(&stored.values, parameter.node.borrow_mut().values_mut());
    }
    assert_close(&network.encode(&pictures), &file.tensor(case, "code").channels_last(), 1e-5, case);
    if !kind.is_gaussian() {
        assert_close(&network.reconstruct(&pictures), &file.tensor(case, "y").channels_last(), 1e-5, case);
    }
    let (_, slopes) = loss_and_gradients(&mut network, &data, &numbers);
    let terms: Vec<f32> = network.losses().over(rows as f64).values().map(|term| term as f32).collect();
    assert_close(&terms, &file.tensor(case, "terms").values, 1e-5, &format!("{case}: terms"));
    for (parameter, slope) in network.parameters().iter().zip(&slopes) {
        if parameter.is_learned() {
            let mut ours = vec![0.0; slope.len()];
            parameter.export(slope, &mut ours);
            let what = format!("{case}: {}", parameter.name);
            assert_close(&ours, &file.tensor(case, &format!("d.{}", parameter.name)).values, 3e-5, &what);
        }
    }
}

#[test]
fn losses_codes_and_gradients_of_picture_codes_equal_those_of_pytorch() {
    let file = File::open("code_channels");
    let update = CodebookUpdate::Gradient;
    let mut kinds = vec![
        ("variational".to_owned(), Bottleneck::Variational { beta: 0.7, warmup_epochs: 0, free_nats: 0.0 }),
        (
            "quantised".to_owned(),
            Bottleneck::Quantised { entries: 7, dimension: 3, commitment: 0.25, update },
        ),
    ];
    for end in ["", "-contractive"] {
        kinds.push((format!("plain{end}"), Bottleneck::Plain));
        for (within, k) in KEPT {
            let name = match within {
                Competition::Code => "code",
                Competition::Position => "position",
                Competition::Channel => "channel",
            };
            kinds.push((format!("{name}-{k}{end}"), k_sparse((within, k))));
        }
    }
    let mut names: Vec<&str> = kinds.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, file.cases());
    for (case, kind) in &kinds {
        check_case(&file, case, *kind);
    }
}

#[test]
fn penalties_on_channels_have_the_gradient_of_their_network() {
    let sparsity = |distance, over| Penalty::Sparsity { target: 0.2, distance, over };
    for (penalty, activation) in [
        (Penalty::L1, Activation::Sigmoid),
        (Penalty::L2, Activation::Tanh),
        (sparsity(Distance::Kl, Over::Samples), Activation::Sigmoid),
        (sparsity(Distance::Kl, Over::Units), Activation::Sigmoid),
        (Penalty::Contractive { estimator: Estimator::Probes(2) }, Activation::Tanh),
    ] {
        check_gradients_on(&toy_pictures(40, 6, 8, 1), &format!("{penalty:?}"), 3.0, |project| {
            project.encoder = vec![conv(3, 3, 2, Activation::Tanh)];
            project.code = Code { activation, ..Code::channels(2) };
            project.output.activation = Activation::Linear;
            project.regularizers = vec![Regularizer { on: Site::Code, penalty, weight: 0.5 }];
        });
    }
}

/// The derivative of a kept value is that of the value before selection, and that of the others 0:
/// `‖J‖²` by differences of the codes after selection, and its gradients by differences of the
/// network's own value.
#[test]
fn contraction_of_channels_and_positions_that_compete_equals_finite_differences() {
    let data = toy_pictures(40, 6, 8, 1);
    let rows: Vec<u32> = (0..4).collect();
    let mut pictures = vec![0.0; rows.len() * 48];
    data.gather(&rows, &mut pictures);
    for kept in KEPT {
        let what = format!("{kept:?}");
        let plan = toy_plan(&data, |project| {
            project.encoder = vec![conv(3, 3, 2, Activation::Tanh)];
            // With saturation, the penalty depends on the weights before it.
            project.code = Code { activation: Activation::Tanh, kind: k_sparse(kept), ..Code::channels(4) };
            project.regularizers = vec![contraction(1.0)];
        });
        let mut network = Network::new(&plan, 1).expect("small");
        let names: Vec<String> =
            network.parameters().iter().map(|parameter| parameter.name.clone()).collect();
        for parameter in network.parameters() {
            parameter.node.borrow_mut().values_mut().iter_mut().for_each(|value| *value *= 2.0);
        }
        let term = network.terms().names()[2].clone();
        let penalty = |network: &mut Network| {
            loss_and_gradients(network, &data, &rows);
            network.losses().get(&term).expect("the penalty's term") / rows.len() as f64
        };
        let value = penalty(&mut network);
        let pattern = |codes: &[f32]| codes.iter().map(|code| *code == 0.0).collect::<Vec<bool>>();
        let chosen = pattern(&network.encode(&pictures));
        let mut expected = 0.0;
        // Step small enough that choices rarely change within it.
        let step = 2e-4_f32;
        for pixel in 0..48 {
            let mut at = |by: f32| {
                let mut moved = pictures.clone();
                moved.iter_mut().skip(pixel).step_by(48).for_each(|value| *value += by);
                network.encode(&moved)
            };
            for ((a, b), is_zero) in at(step).iter().zip(at(-step)).zip(&chosen) {
                if !is_zero && *a != 0.0 && b != 0.0 {
                    expected += (f64::from(a - b) / f64::from(2.0 * step)).powi(2) / rows.len() as f64;
                }
            }
        }
        assert!(
            (value - expected).abs() < 1e-2 * expected && expected > 0.1,
            "{what}: {value}, not {expected}"
        );

        let h = 2e-3_f32;
        // The gradient of the penalty: with it, less without it.
        let without = toy_plan(&data, |project| {
            *project = plan.design().clone();
            project.regularizers.clear();
        });
        let mut plain = Network::new(&without, 1).expect("small");
        plain.load(&network.weights()).expect("the same arrays");
        let (_, total) = loss_and_gradients(&mut network, &data, &rows);
        let (_, rest) = loss_and_gradients(&mut plain, &data, &rows);
        let (mut compared, mut moved) = (0, 0);
        for (index, name) in names.iter().enumerate().filter(|(_, name)| !name.contains("bias")) {
            let encodes = name.starts_with("encoder") || name.starts_with("code");
            let slopes: Vec<f64> =
                total[index].iter().zip(&rest[index]).map(|(a, b)| f64::from(a - b)).collect();
            let scale = slopes.iter().fold(0.02 * value, |most, slope| most.max(slope.abs()));
            if !encodes {
                assert!(slopes.iter().all(|slope| *slope == 0.0), "{what}: {name} is behind the code");
                continue;
            }
            for (position, slope) in slopes.iter().enumerate() {
                let mut at = |step: f32| {
                    let node = std::rc::Rc::clone(&network.parameters()[index].node);
                    let old = node.borrow().values()[position];
                    node.borrow_mut().values_mut()[position] = old + step;
                    let found = (penalty(&mut network), pattern(&network.encode(&pictures)) == chosen);
                    node.borrow_mut().values_mut()[position] = old;
                    found
                };
                let sides = [2.0 * h, h, -h, -2.0 * h].map(&mut at);
                // Where the choice changes there is a jump and no derivative.
                if sides.iter().all(|(_, is_same)| *is_same) {
                    let [a, b, c, d] = sides.map(|(penalty, _)| penalty);
                    let numeric = (8.0 * (b - c) - (a - d)) / f64::from(12.0 * h);
                    let error = (slope - numeric).abs();
                    assert!(
                        error < 5e-3 * scale,
                        "{what}: {name}[{position}] {slope}, not {numeric} ({scale})"
                    );
                    compared += 1;
                    moved += usize::from(slope.abs() > 0.1 * scale);
                }
            }
        }
        assert!(compared >= 10 && moved >= 5, "{what}: {compared} compared, {moved} with influence");
    }
}
