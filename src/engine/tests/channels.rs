//! Codes that are channels of a picture: gradients of whole networks, competition, and a code that
//! shows its layout.

use super::layers::{conv, toy_pictures};
use super::*;
use crate::project::{
    CodeForm, CodebookUpdate, Competition, Estimator, Penalty, Regularizer, Site, Threshold, Variance,
};

/// Two channels at each of 3×4 positions, for pictures of 6×8 pixels.
fn channels(project: &mut Project, kind: Bottleneck) {
    project.encoder = vec![conv(3, 3, 2, Activation::Tanh)];
    project.code = Code { kind, ..Code::channels(2) };
    project.output.activation = Activation::Linear;
}

#[test]
fn every_kind_that_has_channels_has_the_gradient_of_its_network() {
    let data = toy_pictures(40, 6, 8, 1);
    let kinds = [
        Bottleneck::Plain,
        Bottleneck::Variational { beta: 0.7, warmup_epochs: 4, free_nats: 0.0 },
        Bottleneck::ImportanceWeighted { samples: 3 },
        Bottleneck::Wasserstein { weight: 3.0 },
        Bottleneck::Hashing { std: 0.8, threshold: Threshold::Half },
    ];
    for kind in kinds {
        check_gradients_on(&data, kind.name(), 3.0, |project| channels(project, kind));
    }
    check_gradients_on(&data, "description length", 3.0, |project| {
        channels(project, Bottleneck::DescriptionLength { choices: 2, width: 0.1, temperature: 0.7 });
        project.loss = Loss::Gaussian { variance: Variance::Fixed { std: 0.5 } };
    });
    // Without a projection, and with weights tied between encoder and decoder.
    check_gradients_on(&data, "as many channels, tied", 3.0, |project| {
        channels(project, Bottleneck::Plain);
        project.code.units = 3;
        project.decoder = Decoder::Mirrored { tied: true };
    });
    for kind in [kinds[0], kinds[1]] {
        check_gradients_on(&data, "contractive", 3.0, |project| {
            channels(project, kind);
            let penalty = Penalty::Contractive { estimator: Estimator::Exact };
            project.regularizers = vec![Regularizer { on: Site::Code, penalty, weight: 0.1 }];
        });
    }
}

#[test]
fn a_code_of_channels_is_the_picture_before_it_with_other_channels() {
    let data = toy_pictures(40, 6, 8, 1);
    let plan = toy_plan(&data, |project| channels(project, Bottleneck::Plain));
    assert_eq!(plan.code_shape(), Shape::Image { height: 3, width: 4, channels: 2 });
    assert_eq!(
        (plan.code_units(), plan.encoder().last().map(crate::check::Stage::parameters)),
        (24, Some(3 * 2 + 2))
    );
    // A code of three channels is the encoder's output itself.
    let plan = toy_plan(&data, |project| {
        channels(project, Bottleneck::Plain);
        project.code.units = 3;
    });
    let mut network = Network::new(&plan, 1).expect("small");
    assert_eq!((plan.encoder().len(), plan.decoder().len()), (1, 1));
    let rows: Vec<f32> = (0..96).map(|at| (at as f32 * 0.37).sin()).collect();
    let codes = network.encode(&rows);
    assert_eq!(codes.len(), 2 * 36);
    assert_eq!(network.decode(&codes), network.reconstruct(&rows));
}

#[test]
fn strongest_channels_or_positions_are_kept() {
    let data = toy_pictures(40, 6, 8, 1);
    let rows: Vec<f32> = (0..48).map(|at| (at as f32 * 0.37).sin()).collect();
    let encode = |kind: Bottleneck| {
        let plan = toy_plan(&data, |project| {
            channels(project, kind);
            project.code.units = 3;
        });
        Network::new(&plan, 1).expect("small").encode(&rows)
    };
    let all = encode(Bottleneck::Plain);
    for (within, k) in [
        (Competition::Code, 5),
        (Competition::Position, 1),
        (Competition::Channel, 1),
        (Competition::Channel, 4),
    ] {
        let kept = encode(Bottleneck::KSparse { k, alpha: 1.0, lowers: false, within });
        let group = |at: usize| match within {
            Competition::Code => 0,
            Competition::Position => at / 3,
            Competition::Channel => at % 3,
        };
        for at in 0..36 {
            let above = (0..36).filter(|other| group(*other) == group(at) && all[*other] > all[at]).count();
            let expected = if above < k { all[at] } else { 0.0 };
            assert_eq!(kept[at], expected, "{within:?} {k}: {at}");
        }
        // The kept code is already valid for its kind.
        let plan = toy_plan(&data, |project| {
            channels(project, Bottleneck::KSparse { k, alpha: 1.0, lowers: false, within });
            project.code.units = 3;
        });
        let (network, mut again) = (Network::new(&plan, 1).expect("small"), kept.clone());
        network.project_codes(&mut again);
        assert_eq!(again, kept, "{within:?} {k}");
        let mut full = all.clone();
        network.project_codes(&mut full);
        assert_eq!(full, kept, "{within:?} {k}");
    }
}

#[test]
fn moments_of_channels_are_those_of_the_convolution() {
    let data = toy_pictures(40, 6, 8, 1);
    let plan = toy_plan(&data, |project| {
        channels(project, Bottleneck::Variational { beta: 1.0, warmup_epochs: 0, free_nats: 0.0 });
    });
    let mut network = Network::new(&plan, 1).expect("small");
    // The convolution outputs means of 1 and 2, and log variances of 0 and ln 4, everywhere.
    for parameter in network.parameters() {
        let mut node = parameter.node.borrow_mut();
        match parameter.name.as_str() {
            "code.weight" => node.values_mut().fill(0.0),
            "code.bias" => node.values_mut().copy_from_slice(&[1.0, 2.0, 0.0, 4.0_f32.ln()]),
            _ => {}
        }
    }
    let codes = network.codes(&[0.5; 48]);
    assert_eq!(codes.values, [1.0, 2.0].repeat(12));
    for pair in codes.variances.chunks_exact(2) {
        assert!((pair[0] - 1.0).abs() < 1e-6 && (pair[1] - 4.0).abs() < 1e-5, "{pair:?}");
    }
}

#[test]
fn a_codebook_has_one_vector_at_each_position() {
    let data = toy_pictures(40, 6, 8, 1);
    let update = CodebookUpdate::MovingAverage;
    let plan = toy_plan(&data, |project| {
        channels(project, Bottleneck::Quantised { entries: 8, dimension: 2, commitment: 0.25, update });
    });
    let mut network = Network::new(&plan, 1).expect("small");
    assert_eq!(network.codes(&[0.5; 96]).entries.len(), 2 * 12);
}

#[test]
fn channels_after_a_row_are_refused_with_a_remedy_and_so_is_a_selector() {
    let data = toy_pictures(40, 6, 8, 1);
    let problems = |edit: &dyn Fn(&mut Project)| {
        let mut project = Recipe::Undercomplete.project();
        edit(&mut project);
        let found = crate::check::problems(&project, Some(&facts(&data)));
        let errors = found.into_iter().filter(crate::check::Problem::is_error);
        let told = errors.map(|problem| (problem.message, problem.fix));
        told.collect::<Vec<_>>()
    };
    let found = problems(&|project| {
        project.encoder = vec![Layer::Dense { units: 5, activation: Activation::Tanh }];
        project.code = Code::channels(2);
    });
    let [(message, Some(fix))] = &found[..] else { panic!("{found:?}") };
    assert!(message.contains("ends in a row of 5"), "{message}");
    assert_eq!((fix.label.as_str(), fix.project.code.form), ("Use units", CodeForm::Units));
    let found = problems(&|project| {
        project.encoder.clear();
        let kind = Bottleneck::Concrete { start_temperature: 1.0, end_temperature: 0.1, tries: 1 };
        project.code = Code { kind, ..Code::channels(2) };
    });
    assert!(found.iter().any(|(message, _)| message.contains("use units")), "{found:?}");
    // Another form of the code would not give it a size.
    let found = problems(&|project| channels(project, Bottleneck::Plain));
    assert!(found.is_empty(), "{found:?}");
    let found = problems(&|project| {
        channels(project, Bottleneck::Plain);
        project.code.units = 0;
    });
    let labels = found.iter().filter_map(|(_, fix)| Some(fix.as_ref()?.label.as_str()));
    assert_eq!(labels.collect::<Vec<_>>(), ["Use a code of 2"]);
}

#[test]
fn a_code_of_another_form_keeps_what_has_a_meaning_in_it() {
    let mut code = Code { kind: Bottleneck::ALL[8], ..Code::plain(12) };
    let dimension = |code: &Code| {
        let Bottleneck::Quantised { dimension, .. } = code.kind else { panic!("{:?}", code.kind) };
        dimension
    };
    code.set_units(16);
    assert_eq!(dimension(&code), 4, "several vectors in a row of units");
    code.set_form(CodeForm::Channels);
    assert_eq!(dimension(&code), 16, "one at each position");
    code.set_units(6);
    assert_eq!((dimension(&code), code.units), (6, 6));
    if let Bottleneck::Quantised { dimension, .. } = &mut code.kind {
        *dimension = 3;
    }
    code.set_units(12);
    assert_eq!(dimension(&code), 3, "several on request");

    let mut code = Code { kind: Bottleneck::ALL[1], ..Code::plain(12) };
    let within = |code: &Code| {
        let Bottleneck::KSparse { within, .. } = code.kind else { panic!("{:?}", code.kind) };
        within
    };
    code.set_form(CodeForm::Channels);
    assert_eq!(within(&code), Competition::Position);
    code.set_form(CodeForm::Units);
    assert_eq!(within(&code), Competition::Code);
}

#[test]
fn a_network_without_dense_layers_takes_pictures_of_another_size() {
    let data = toy_pictures(40, 6, 8, 1);
    let run = |edit: &dyn Fn(&mut Project)| {
        let plan = toy_plan(&data, |project| {
            channels(project, Bottleneck::Plain);
            edit(project);
        });
        let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
        (trainer.network().weights(), crate::run::Run::new(crate::run::RunId(1), &plan, &data))
    };
    let (weights, convolutional) = run(&|_| {});
    let larger = Shape::Image { height: 10, width: 12, channels: 1 };
    let weights = Arc::new(weights);
    let encode = |shape: Shape, picture: &[f32]| {
        let trained = Trained::again(&convolutional, Arc::clone(&weights), shape, (0.0, 1.0));
        let mut network = trained.expect("valid").network(1).expect("small");
        assert_eq!(network.reconstruct(picture).len(), shape.features());
        (network.plan().code_shape(), network.encode(picture))
    };
    // The upper left corner of the larger picture is the smaller one.
    let value = |row: usize, column: usize| ((row * 31 + column * 17) as f32 * 0.37).sin();
    let picture = |height: usize, width: usize| -> Vec<f32> {
        (0..height * width).map(|at| value(at / width, at % width)).collect()
    };
    let (small_shape, small) = encode(data.shape, &picture(6, 8));
    let (large_shape, large) = encode(larger, &picture(10, 12));
    assert_eq!(small_shape, Shape::Image { height: 3, width: 4, channels: 2 });
    assert_eq!(large_shape, Shape::Image { height: 5, width: 6, channels: 2 });
    // Codes whose receptive fields do not reach the border of the smaller picture are equal.
    for (row, column) in [(0, 0), (0, 2), (1, 1), (1, 2)] {
        let of = |codes: &[f32], width: usize| codes[2 * (row * width + column)..][..2].to_vec();
        assert_eq!(of(&small, 4), of(&large, 6), "{row} {column}");
    }
    assert!(convolutional.plan_for(larger).is_some());
    assert!(convolutional.plan_for(Shape::Image { height: 10, width: 12, channels: 3 }).is_none());
    let (_, dense) = run(&|project| project.code = Code::plain(2));
    assert!(dense.plan_for(larger).is_none() && dense.plan_for(data.shape).is_some());
}
