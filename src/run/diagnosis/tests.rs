//! Each finding, on handmade numbers: where it is found, and where it is not.

use std::sync::{Arc, OnceLock};

use super::*;
use crate::check::plan;
use crate::dataset::{Dataset, Progress, load};
use crate::project::{
    Activation, Bottleneck, Code, CodeForm, CodebookUpdate, Data, EarlyStopping, Initialisation, Layer, Loss,
    Optimizer, Penalty, Project, Recipe, Regularizer, Scaling, Site,
};
use crate::run::{
    CodebookHealth, EpochRecord, GradientHealth, Health, LayerHealth, Losses, OutputHealth, RunId,
    SelectorHealth, Status, Terms, facts,
};

/// A run of the edited default project that is done but has no records yet.
fn run(edit: impl FnOnce(&mut Project)) -> Run {
    static DIGITS: OnceLock<Dataset> = OnceLock::new();
    let data = DIGITS.get_or_init(|| load(&Data::default(), &Progress::default()).expect("embedded"));
    let mut design = Recipe::Undercomplete.project();
    edit(&mut design);
    let plan = plan(&design, &facts(data)).expect("valid");
    Run { status: Status::Done, ..Run::new(RunId(1), &plan, data) }
}

/// Adds epochs with training loss, validation loss and squared error, each a function of the epoch.
fn trained(mut run: Run, epochs: u32, loss: impl Fn(f64) -> (f64, f64, f64)) -> Run {
    let losses = |total| Losses::new(&Terms::default(), &[total]).expect("the total");
    run.epochs = epochs;
    run.history.add_epochs((1..=epochs).map(|epoch| {
        let (train, validation, mse) = loss(f64::from(epoch));
        EpochRecord {
            epoch,
            step: u64::from(epoch),
            train: losses(train),
            validation: Some(losses(validation)),
            mse,
            learning_rate: 2e-3,
            seconds: 0.0,
        }
    }));
    run
}

/// Losses without any fault.
fn healthy(epoch: f64) -> (f64, f64, f64) {
    let fallen = (-epoch / 8.0).exp();
    // Steps up and down, as from minibatches.
    let noise = if (epoch as u32).is_multiple_of(2) { 0.01 } else { -0.01 };
    (1.0 + 3.0 * fallen + noise, 1.2 + 3.0 * fallen + 2.0 * noise, 0.02 + 0.05 * fallen)
}

fn measured(mut run: Run, health: Health) -> Run {
    run.health = Some(Arc::new(Health { epoch: 100, samples: 180, ..health }));
    run
}

fn faults(run: &Run) -> Vec<Fault> {
    diagnoses(run).iter().map(|one| one.fault).collect()
}

fn advice(run: &Run) -> Vec<Advice> {
    diagnoses(run).into_iter().flat_map(|one| one.advice).collect()
}

#[track_caller]
fn check(run: &Run, expected: &[Fault]) {
    assert_eq!(faults(run), expected, "{:?}", diagnoses(run));
    for finding in diagnoses(run) {
        assert!(finding.weight > 0.0 && finding.weight <= 1.0, "{finding:?}");
        assert!(!finding.evidence.is_empty() && finding.measure().is_finite(), "{finding:?}");
        // Each fault has a phrase for its numbers.
        let listed: Vec<String> = finding.evidence.iter().map(Evidence::text).collect();
        assert_ne!(finding.evidence_text(), listed.join(", "));
        assert!(!finding.title().is_empty() && finding.line().contains(finding.fault.about()));
        for advice in &finding.advice {
            assert!(advice.change(&run.design).is_some(), "{advice:?} changes nothing");
        }
    }
}

#[test]
fn a_course_that_is_well_has_no_finding_and_neither_has_a_run_that_recorded_nothing() {
    check(&run(|_| {}), &[]);
    check(&trained(run(|_| {}), 100, healthy), &[]);
    check(&measured(trained(run(|_| {}), 100, healthy), Health::default()), &[]);
    check(&trained(run(|_| {}), 1, healthy), &[]);
}

#[test]
fn overfitting_is_a_validation_loss_that_has_been_rising_while_training_learns() {
    let rises = |epoch: f64| {
        let (train, validation, mse) = healthy(epoch);
        (train - 0.002 * epoch, validation + 0.02 * (epoch - 40.0).max(0.0), mse)
    };
    let run_of =
        |edit: fn(&mut Project), loss: &dyn Fn(f64) -> (f64, f64, f64)| trained(run(edit), 100, loss);
    let over = run_of(|_| {}, &rises);
    check(&over, &[Fault::Overfitting]);
    assert_eq!(diagnoses(&over)[0].advice[0], Advice::EarlyStopping);
    // With early stopping, the best weights are kept.
    check(&run_of(|design| design.training.early_stopping = Some(EarlyStopping::default()), &rises), &[]);
    // Briefly, or within the noise, or after training has stopped learning.
    check(
        &run_of(|_| {}, &|epoch| (rises(epoch).0, healthy(epoch).1 + f64::from(u8::from(epoch > 97.0)), 0.1)),
        &[],
    );
    check(
        &run_of(|_| {}, &|epoch| {
            let (train, validation, mse) = healthy(epoch);
            (train, if (epoch as u32).is_multiple_of(2) { validation + 0.3 } else { validation - 0.3 }, mse)
        }),
        &[],
    );
}

#[test]
fn a_rate_is_too_high_where_the_first_steps_end_all_learning() {
    // All units may be off after the first epoch, and the loss constant.
    let stuck = |rate: f32, error: f64| {
        let design = run(|design| design.training.learning_rate = rate);
        Run { pca_mse: Some(0.05), ..trained(design, 30, |_| (9.0, 9.0, error)) }
    };
    check(&stuck(0.3, 0.16), &[Fault::HighRate]);
    assert_eq!(advice(&stuck(0.3, 0.16)), [Advice::LearningRate(0.002)]);
    // It may also have learned everything in the first epoch.
    check(&stuck(0.3, 0.05), &[]);
    check(&stuck(0.01, 0.16), &[Fault::WorseThanPca]);
}

#[test]
fn a_rate_is_too_high_where_the_training_loss_jumps_or_rises() {
    let jumps = |epoch: f64| {
        let (train, validation, mse) = healthy(epoch);
        (train + if (epoch as u32).is_multiple_of(3) { 0.8 } else { 0.0 }, validation, mse)
    };
    let high = trained(run(|_| {}), 60, jumps);
    check(&high, &[Fault::HighRate]);
    assert_eq!(diagnoses(&high)[0].advice[..2], [Advice::LearningRate(2e-4), Advice::LearningRate(6.7e-4)]);
    let rises = trained(run(|_| {}), 60, |epoch| {
        let (train, validation, mse) = healthy(epoch);
        (train + 0.05 * (epoch - 30.0).max(0.0), validation, mse)
    });
    check(&rises, &[Fault::HighRate]);
    // While the weight of the divergence grows, losses cannot be compared.
    let kind = Bottleneck::Variational { beta: 1.0, warmup_epochs: 40, free_nats: 0.0 };
    let rises_with_weight =
        trained(run(|design| design.code = Code { kind, ..Code::plain(2) }), 60, |epoch| {
            if epoch <= 40.0 { (1.0 + epoch, 1.0 + epoch, 0.05) } else { healthy(epoch) }
        });
    check(&rises_with_weight, &[]);
}

#[test]
fn a_run_that_diverged_says_so_first_and_alone() {
    let mut failed = trained(run(|_| {}), 20, |epoch| (epoch, epoch, epoch));
    failed.status = Status::Failed("the loss became NaN at step 3: the run has diverged".to_owned());
    check(&failed, &[Fault::Diverged]);
    failed.status = Status::Failed("the disk is full".to_owned());
    assert!(!faults(&failed).contains(&Fault::Diverged));
    let sgd = Optimizer::Sgd { momentum: 0.0, nesterov: false };
    let mut failed = run(|design| design.training.optimizer = sgd);
    failed.status = Status::Failed("the run has diverged".to_owned());
    check(&failed, &[Fault::Diverged]);
    assert_eq!(advice(&failed), [Advice::LearningRate(2e-4), Advice::ClipGradient(1.0), Advice::Adam(2e-3)]);
}

#[test]
fn an_error_that_still_falls_asks_for_more_epochs_once_the_run_is_done() {
    let falls = |epoch: f64| (10.0 - 0.1 * epoch, 10.0 - 0.1 * epoch, 0.1 - 0.001 * epoch);
    let mut done = trained(run(|_| {}), 60, falls);
    check(&done, &[Fault::StillFalling]);
    assert_eq!(advice(&done)[0], Advice::Epochs(120));
    done.status = Status::Training;
    check(&done, &[]);
    // Ended by early stopping, or by the user, not by the number of epochs.
    done.status = Status::Done;
    done.epochs = 100;
    check(&done, &[]);
}

#[test]
fn an_error_above_pca_matters_where_nothing_else_is_requested() {
    let of = |edit: fn(&mut Project), pca: f64| {
        let mut run = trained(run(edit), 60, healthy);
        run.pca_mse = Some(pca);
        run
    };
    check(&of(|_| {}, 0.015), &[Fault::WorseThanPca]);
    check(&of(|_| {}, 0.03), &[]);
    check(&of(|design| design.corruption = crate::project::Corruption::Gaussian { std: 0.3 }, 0.015), &[]);
    let penalty = |design: &mut Project| {
        design.regularizers = vec![Regularizer { on: Site::Code, penalty: Penalty::L2, weight: 1.0 }];
    };
    check(&of(penalty, 0.015), &[]);
    let variational = |design: &mut Project| {
        let kind = Bottleneck::Variational { beta: 1.0, warmup_epochs: 0, free_nats: 0.0 };
        design.code = Code { kind, ..Code::plain(2) };
    };
    assert!(matches!(advice(&of(variational, 0.015))[0], Advice::Likelihood(Loss::Gaussian { .. })));
}

#[test]
fn a_posterior_collapses_as_a_whole_or_unit_by_unit() {
    let of = |beta: f32, nats: &[f32]| {
        let units = nats.len();
        let design = run(|design| {
            let kind = Bottleneck::Variational { beta, warmup_epochs: 10, free_nats: 0.0 };
            design.code = Code { kind, ..Code::plain(units) };
        });
        measured(
            trained(design, 100, healthy),
            Health { divergence: Some(nats.to_vec()), ..Health::default() },
        )
    };
    check(&of(1.0, &[0.0, 0.009]), &[Fault::Collapse]);
    check(&of(1.0, &[1.0, 0.0, 0.0]), &[Fault::InactiveUnits]);
    check(&of(1.0, &[1.0, 0.5, 0.0]), &[]);
    let has_beta = |run: &Run| advice(run).iter().any(|one| matches!(one, Advice::Beta(_)));
    assert!(has_beta(&of(1.0, &[0.0, 0.0])));
    // A penalty with weight 0 cannot be lowered.
    assert!(!has_beta(&of(0.0, &[0.0, 0.0])));
    // With squared error, units become inactive again after a warm-up.
    let warms = |run: &Run| advice(run).iter().any(|one| matches!(one, Advice::WarmUp(_)));
    let collapsed = of(0.5, &[0.0, 0.0]);
    assert!(!warms(&collapsed));
    let mut likely = collapsed;
    likely.design.loss = Loss::BinaryCrossEntropy;
    assert!(warms(&likely));
    let mut early = of(1.0, &[0.0, 0.0]);
    early.health = early.health.map(|health| Arc::new(Health { epoch: 9, ..(*health).clone() }));
    check(&early, &[]);
}

#[test]
fn channels_of_a_code_count_over_all_their_positions() {
    let conv = Layer::Conv2d {
        channels: 4,
        kernel: 3,
        stride: 4,
        padding: crate::project::Padding::Same,
        dilation: 1,
        groups: 1,
        activation: Activation::Relu,
    };
    let design = run(|design| {
        design.encoder = vec![conv];
        let kind = Bottleneck::Variational { beta: 1.0, warmup_epochs: 0, free_nats: 0.0 };
        design.code = Code { kind, ..Code::channels(2) };
    });
    let of = |nats: [f32; 8]| {
        let health = Health { divergence: Some(nats.to_vec()), ..Health::default() };
        measured(trained(design.clone(), 100, healthy), health)
    };
    // Two channels at four positions, 0.005 nats at each of the first channel's: 0.02 in all.
    check(&of([0.005, 0.3, 0.005, 0.0, 0.005, 0.0, 0.005, 0.0]), &[]);
    check(&of([0.002; 8]), &[Fault::Collapse]);
}

#[test]
fn dead_units_name_the_penalty_on_their_layer_only_where_there_is_one() {
    let layer =
        |name: &str, dead| LayerHealth { name: name.to_owned(), units: 8, dead, ..LayerHealth::default() };
    let of = |on: Option<Site>, layers: Vec<LayerHealth>| {
        let design = run(|design| {
            design.regularizers =
                on.into_iter().map(|on| Regularizer { on, penalty: Penalty::L1, weight: 0.5 }).collect();
        });
        measured(trained(design, 100, healthy), Health { layers, ..Health::default() })
    };
    let dead = || vec![layer("layer 1", 3), layer("layer 2", 6), layer("code", 0)];
    check(&of(None, vec![layer("layer 1", 4), layer("code", 0)]), &[]);
    let none = of(None, dead());
    check(&none, &[Fault::DeadUnits]);
    assert_eq!(diagnoses(&none)[0].title(), "Dead units in layer 2");
    let is_penalty = |one: &Advice| matches!(one, Advice::Penalty { .. });
    assert!(!advice(&none).iter().any(is_penalty), "there is none");
    assert!(!advice(&of(Some(Site::Code), dead())).iter().any(is_penalty), "it is on another layer");
    let lower = Advice::Penalty { at: 0, name: "L1", weight: 0.05 };
    assert_eq!(advice(&of(Some(Site::Encoder(1)), dead()))[0], lower);
    // Channels of a picture count as a whole: units at an empty edge do not.
    let channels = LayerHealth { channels: Some(2), dead_channels: 0, ..layer("layer 1", 7) };
    check(&of(None, vec![channels.clone()]), &[]);
    check(&of(None, vec![LayerHealth { dead_channels: 2, ..channels }]), &[Fault::DeadUnits]);
}

#[test]
fn dead_units_have_the_remedy_of_their_cause() {
    let of = |edit: fn(&mut Project), name: &str, dead| {
        let layer = LayerHealth { name: name.to_owned(), units: 100, dead, ..LayerHealth::default() };
        measured(trained(run(edit), 100, healthy), Health { layers: vec![layer], ..Health::default() })
    };
    let he = Advice::Initialisation(Initialisation::He);
    let leaky = Advice::Activation { from: Activation::Relu, to: Activation::LeakyRelu };
    // Layers of healthy networks have that many; in a code each unit counts.
    check(&of(|_| {}, "layer 1", 60), &[]);
    check(&of(|_| {}, "code", 60), &[Fault::DeadUnits]);
    assert_eq!(advice(&of(|_| {}, "layer 1", 70)), [leaky]);
    let deep = |design: &mut Project| {
        let dense = Layer::Dense { units: 16, activation: Activation::Relu };
        design.encoder = vec![dense; 3];
    };
    assert_eq!(advice(&of(deep, "layer 3", 70)), [he]);
    // Killed rather than dead from the start, but the network learns.
    let fast: fn(&mut Project) = |design| design.training.learning_rate = 0.01;
    assert_eq!(advice(&of(fast, "layer 1", 70)), [leaky]);
    // At such a rate another activation does not help.
    let far: fn(&mut Project) = |design| design.training.learning_rate = 0.1;
    assert_eq!(advice(&of(far, "layer 1", 70)), [Advice::LearningRate(0.002)]);
    let mut stuck = run(fast);
    stuck = trained(stuck, 100, |epoch| (healthy(epoch).0, healthy(epoch).1, 0.07));
    let layer = LayerHealth { name: "layer 1".to_owned(), units: 10, dead: 10, ..LayerHealth::default() };
    let stuck = measured(stuck, Health { layers: vec![layer.clone()], ..Health::default() });
    assert_eq!(advice(&stuck), [Advice::LearningRate(0.001), leaky]);
    let zero: fn(&mut Project) = |design| design.training.initialisation = Initialisation::Zero;
    assert_eq!(advice(&of(zero, "layer 1", 100)), [Advice::Initialisation(Initialisation::PyTorch)]);
    let k_sparse: fn(&mut Project) = |design| {
        design.code = Recipe::KSparse.project().code;
        if let Bottleneck::KSparse { lowers, .. } = &mut design.code.kind {
            *lowers = false;
        }
    };
    assert_eq!(advice(&of(k_sparse, "code", 70)), [Advice::LoweredK]);
    // A sigmoid that outputs 0 is saturated.
    let flat = LayerHealth { saturated: Some(0.5), ..layer };
    let flat = Health { layers: vec![flat], ..Health::default() };
    check(&measured(trained(run(|_| {}), 100, healthy), flat), &[]);
}

#[test]
fn what_another_finding_explains_is_left_out() {
    let layer = LayerHealth { name: "layer 1".to_owned(), units: 8, dead: 8, ..LayerHealth::default() };
    let gradients = vec![
        GradientHealth { name: "encoder layer 1".to_owned(), gradient: 0.0, weight: 0.1 },
        GradientHealth { name: "output".to_owned(), gradient: 0.5, weight: 0.1 },
    ];
    let of = |layers: Vec<LayerHealth>| {
        let stuck = trained(run(|_| {}), 60, |epoch| (healthy(epoch).0, healthy(epoch).1, 0.07));
        let run = Run { pca_mse: Some(0.02), ..stuck };
        measured(run, Health { layers, gradients: gradients.clone(), ..Health::default() })
    };
    check(&of(vec![]), &[Fault::VanishingGradients]);
    check(&of(vec![layer]), &[Fault::DeadUnits]);
}

#[test]
fn saturation_is_a_fault_where_no_penalty_asks_for_it() {
    let of = |on: Option<Site>, share| {
        let design = run(|design| {
            design.code.activation = Activation::Sigmoid;
            design.regularizers =
                on.into_iter().map(|on| Regularizer { on, penalty: Penalty::L2, weight: 0.5 }).collect();
        });
        let layer =
            LayerHealth { name: "code".to_owned(), units: 8, saturated: share, ..LayerHealth::default() };
        measured(trained(design, 100, healthy), Health { layers: vec![layer], ..Health::default() })
    };
    check(&of(None, Some(0.9)), &[Fault::SaturatedUnits]);
    check(&of(None, Some(0.4)), &[]);
    check(&of(None, None), &[]);
    check(&of(Some(Site::Code), Some(0.9)), &[]);
}

#[test]
fn gradients_vanish_where_little_is_learned_and_explode_where_steps_follow_them() {
    let layer = |name: &str, gradient: f64| GradientHealth { name: name.to_owned(), gradient, weight: 0.1 };
    let gradients = |first: f64| vec![layer("encoder layer 1", first), layer("output", 0.5)];
    let of = |optimizer: Optimizer, first: f64, learns: bool| {
        let design = run(|design| {
            design.training.optimizer = optimizer;
            design.encoder.iter_mut().for_each(|own| *own = own.clone().with_activation(Activation::Sigmoid));
        });
        let course = move |epoch: f64| {
            let (train, validation, mse) = healthy(epoch);
            (train, validation, if learns { mse } else { 0.07 })
        };
        measured(trained(design, 100, course), Health { gradients: gradients(first), ..Health::default() })
    };
    let (adam, sgd) = (Optimizer::default(), Optimizer::Sgd { momentum: 0.5, nesterov: false });
    let gone = of(adam, 1e-6, false);
    check(&gone, &[Fault::VanishingGradients]);
    assert_eq!(diagnoses(&gone)[0].title(), "Vanishing gradients in encoder layer 1");
    check(&of(adam, 1e-6, true), &[]);
    check(&of(adam, 0.1, false), &[]);
    // 0.002 / (1 − 0.5) × 50 / 0.1 is twice the magnitude of the weights.
    check(&of(sgd, 50.0, true), &[Fault::ExplodingGradients]);
    check(&of(sgd, 1.0, true), &[]);
    check(&of(adam, 50.0, true), &[]);
}

#[test]
fn a_codebook_collapses_and_a_selector_has_to_choose() {
    let of = |update, shares: Vec<f32>| {
        let design = run(|design| {
            let kind = Bottleneck::Quantised { entries: 64, dimension: 4, commitment: 0.25, update };
            design.code = Code { kind, ..Code::plain(16) };
        });
        let health = Health { codebook: Some(CodebookHealth { shares }), ..Health::default() };
        measured(trained(design, 100, healthy), health)
    };
    let one: Vec<f32> = (0..64).map(|entry| f32::from(u8::from(entry == 0))).collect();
    check(&of(CodebookUpdate::Gradient, one.clone()), &[Fault::CodebookCollapse]);
    assert_eq!(advice(&of(CodebookUpdate::Gradient, one.clone()))[0], Advice::MovingAverage);
    assert!(!advice(&of(CodebookUpdate::MovingAverage, one)).contains(&Advice::MovingAverage));
    check(&of(CodebookUpdate::Gradient, vec![1.0 / 64.0; 64]), &[]);

    let selector = |status, mean_max, chosen: &[u32]| {
        let health = SelectorHealth { mean_max, chosen: chosen.to_vec(), ..SelectorHealth::default() };
        let mut run = trained(
            run(|design| {
                *design = Recipe::Concrete.project();
                design.code.units = 2;
            }),
            100,
            healthy,
        );
        run.status = status;
        measured(run, Health { selector: Some(health), ..Health::default() })
    };
    check(&selector(Status::Done, 0.9, &[1, 2]), &[Fault::UndecidedSelector]);
    check(&selector(Status::Done, 0.999, &[1, 1]), &[Fault::RepeatedFeatures]);
    check(&selector(Status::Done, 0.999, &[1, 2]), &[]);
    // The temperature is still falling.
    check(&selector(Status::Training, 0.5, &[1, 1]), &[]);
}

#[test]
fn outputs_have_to_reach_the_data_and_keep_their_edges() {
    let of = |edit: fn(&mut Project), output: OutputHealth| {
        measured(trained(run(edit), 100, healthy), Health { output: Some(output), ..Health::default() })
    };
    let well = OutputHealth { least: 0.0, most: 1.0, edges: Some(0.6), ..OutputHealth::default() };
    check(&of(|_| {}, well), &[]);
    let blurred = of(|_| {}, OutputHealth { edges: Some(0.1), ..well });
    check(&blurred, &[Fault::Blurred]);
    assert_eq!(advice(&blurred), [Advice::CodeSize { units: 4, form: CodeForm::Units }]);
    let standardise: fn(&mut Project) = |design| design.data.scaling = Scaling::Standardise;
    let beyond = OutputHealth { least: -2.0, most: 3.0, beyond: 0.4, ..well };
    check(&of(standardise, beyond), &[Fault::OutputReach]);
    assert_eq!(advice(&of(standardise, beyond)), [Advice::LinearOutput, Advice::UnitRange]);
    // Losses beyond the range reduce the edges too.
    check(&of(standardise, OutputHealth { edges: Some(0.1), ..beyond }), &[Fault::OutputReach]);
}

#[test]
fn a_wide_code_is_free_where_nothing_holds_it() {
    let of = |edit: fn(&mut Project)| trained(run(edit), 100, healthy);
    let size = |units| Advice::CodeSize { units, form: CodeForm::Units };
    check(&of(|design| design.code.units = 64), &[Fault::WideCode]);
    assert_eq!(advice(&of(|design| design.code.units = 64))[0], size(16));
    check(&of(|design| design.code.units = 63), &[]);
    let sparse: fn(&mut Project) = |design| *design = Recipe::Sparse.project();
    check(&of(sparse), &[]);
}

#[test]
fn findings_come_in_order_of_weight_and_are_written_for_scripts() {
    let mut design = run(|design| design.code.units = 64);
    design.pca_mse = Some(0.0);
    let layer = LayerHealth { name: "layer 1".to_owned(), units: 8, dead: 8, ..LayerHealth::default() };
    let falls = |epoch: f64| (10.0 - 0.1 * epoch, 10.0 - 0.1 * epoch, 0.1 - 0.001 * epoch);
    let run = measured(trained(design, 60, falls), Health { layers: vec![layer], ..Health::default() });
    let findings = diagnoses(&run);
    check(&run, &[Fault::DeadUnits, Fault::WideCode, Fault::StillFalling]);
    assert!(findings.windows(2).all(|two| two[0].weight >= two[1].weight));
    let json = findings[0].json();
    assert_eq!(json["kind"], "dead-units");
    assert_eq!(json["place"], "layer 1");
    assert_eq!(json["evidence"]["dead"], 1.0);
    assert!(json["remedies"].as_array().is_some_and(|all| !all.is_empty()));
    let mut words: Vec<&str> = Fault::ALL.iter().map(|fault| fault.word()).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), Fault::ALL.len());
}

#[test]
fn a_measurement_of_an_earlier_version_opens_and_says_nothing_of_what_it_lacks() {
    let old = "(epoch: 9, samples: 3, layers: [(name: \"code\", units: 2, active_mean: 2.0, active_min: 2, \
               active_max: 2, dead: 0, mean: 0.5, histogram: [], reach: 1.0)], jacobian: None, divergence: None, \
               selector: None, bits: None, codebook: None, hash: None)";
    let health: Health = ron::from_str(old).expect("opens");
    assert_eq!((health.output, health.gradients.len(), health.layers[0].saturated), (None, 0, None));
    check(&measured(trained(run(|_| {}), 100, healthy), health), &[]);
}
