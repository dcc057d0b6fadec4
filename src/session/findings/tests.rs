use std::sync::Arc;

use super::*;
use crate::check::plan;
use crate::dataset::{LabelValues, Progress, load};
use crate::engine::Trainer;
use crate::project::{Code, Corruption, Data, Loss, Project, Recipe, Threshold};
use crate::run::facts;

/// A recipe on digits, modified and trained for some epochs.
fn trained(recipe: Recipe, epochs: u32, edit: impl FnOnce(&mut Project)) -> (Trainer, Arc<Dataset>) {
    let mut project = recipe.project();
    project.training.epochs = epochs;
    edit(&mut project);
    let mut data = load(&project.data, &Progress::default()).expect("embedded");
    data.split.train.truncate(500);
    let data = Arc::new(data);
    let plan = plan(&project, &facts(&data)).expect("valid");
    let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    while !trainer.is_done() {
        trainer.step().expect("valid");
    }
    (trainer, data)
}

fn found(network: &mut Network, data: &Dataset, subset: Subset) -> Findings {
    Findings::of(network, data, subset, &|| true).expect("small")
}

#[test]
fn cancelled_findings_stop_early() {
    let (mut trainer, data) = trained(Recipe::Undercomplete, 1, |_| ());
    let (rows, asked) = (data.split.train.repeat(3), std::cell::Cell::new(0));
    // 1,500 rows are two blocks.
    let evaluation = trainer.network().evaluate_while(&data, &rows, None, &mut |done| {
        asked.set(done);
        false
    });
    assert_eq!((evaluation, asked.get()), (Err(EngineError::Cancelled), 1024));
    let findings = Findings::of(trainer.network(), &data, Subset::Test, &|| false);
    assert_eq!(findings, Err(EngineError::Cancelled));
}

#[test]
fn findings_that_do_not_apply_are_none() {
    let (mut trainer, data) = trained(Recipe::Undercomplete, 1, |_| ());
    assert_eq!(found(trainer.network(), &data, Subset::Test), Findings::default());
}

#[test]
fn restored_samples_are_closer_to_the_clean_ones() {
    let (mut trainer, data) = trained(Recipe::Denoising, 15, |_| ());
    let findings = found(trainer.network(), &data, Subset::Validation);
    let restoration = findings.restoration.expect("a corruption");
    assert_eq!(restoration.samples, 180);
    // Noise with standard deviation 0.3 on values of range 1: 10 log₁₀ 1/0.09 = 10.46 decibels.
    assert!((restoration.psnr.0 - 10.46).abs() < 0.2, "{restoration:?}");
    assert!(restoration.psnr.1 > restoration.psnr.0 + 2.0, "{restoration:?}");
    let (from, to) = restoration.ssim.expect("pictures");
    assert!(to > from && to < 1.0, "{restoration:?}");
    assert!(findings.sentences(|n| format!("{n:.2}"))[0].starts_with("restoration of 180 samples: PSNR 10."));
}

#[test]
fn a_held_out_class_is_detected_by_error_and_by_reconstruction_probability() {
    let hold =
        |project: &mut Project| project.data = Data { held_out: Some("0".to_owned()), ..Data::default() };
    let (mut plain, data) = trained(Recipe::Anomaly, 25, hold);
    let found = anomalies(plain.network(), &data).expect("a class was held out");
    assert_eq!((found.held_out, &found.class[..]), (178, "0"));
    assert!(found.auc > 0.8 && found.average_precision > 0.8, "{found:?}");

    assert_eq!((found.others, found.unlabelled), (data.split.test.len() - 178, 0));

    // Rows without a label are excluded.
    let mut some = Dataset::clone(&data);
    let rows = data.split.test.iter().copied().filter(|row| data.labels[0].text(*row as usize) == "1");
    let rows: Vec<u32> = rows.collect();
    let LabelValues::Classes { names, ids } = &mut some.labels[0].values else { panic!("no classes") };
    names.push("(none)".to_owned());
    let none = names.len() as u32 - 1;
    rows.iter().for_each(|row| ids[*row as usize] = none);
    let fewer = anomalies(plain.network(), &some).expect("a class was held out");
    assert!(!rows.is_empty());
    assert_eq!((fewer.others, fewer.unlabelled), (found.others - rows.len(), rows.len()));
    let said = Findings { anomalies: Some(fewer), ..Findings::default() }.sentences(|n| format!("{n:.2}"));
    assert!(said[0].contains(&format!("({} have none and are left out)", rows.len())), "{said:?}");

    let (mut variational, data) = trained(Recipe::Variational, 25, |project| {
        hold(project);
        project.code.units = 6;
    });
    let found = anomalies(variational.network(), &data).expect("a class was held out");
    assert!(found.auc > 0.6, "{found:?}");
    // The score is the mean of −log p(x|z) over draws. With one draw, it is the reconstruction
    // term, averaged over samples.
    let rows = data.split.test.clone();
    let samples = Samples::Rows(&data, &rows);
    let scores = variational.network().anomaly_score(samples, 200, &mut |_| true).expect("a likelihood");
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    let term =
        variational.evaluate(Subset::Test).expect("small").losses.get("reconstruction").expect("a term");
    assert!((mean - term).abs() < 0.02 * term, "{mean} {term}");
}

#[test]
fn binary_codes_retrieve_their_own_class() {
    for threshold in Threshold::ALL {
        let (mut trainer, data) = trained(Recipe::Hashing, 25, |project| {
            let kind = Bottleneck::Hashing { std: 4.0, threshold };
            project.code = Code { kind, ..Code::plain(16) };
        });
        let findings = found(trainer.network(), &data, Subset::Validation);
        let precision = findings.precision.expect("classes");
        // Chance is one in ten.
        assert!(precision > 0.3 && precision <= 1.0, "{threshold:?}: {precision}");
    }
}

#[test]
fn a_selection_is_evaluated_by_a_linear_regression() {
    let (trainer, data) = {
        let (mut trainer, data) = trained(Recipe::Concrete, 2, |project| {
            project.corruption = Corruption::None;
            project.loss = Loss::SquaredError;
            if let Bottleneck::Concrete { tries, .. } = &mut project.code.kind {
                *tries = 1;
            }
        });
        let error = refit(trainer.network(), &data).expect("a selector");
        (error, data)
    };
    // Between the error of the training mean, which needs no feature, and zero.
    let rows = gathered(&data, &data.split.validation);
    let train = gathered(&data, &data.split.train);
    let constant = Regression::fit(&vec![0.0; train.len() / 64], 1, &train, 64).expect("rows");
    let most = constant.mse(&vec![0.0; rows.len() / 64], &rows);
    assert!(trainer > 0.0 && trainer < most, "{trainer} {most}");
}
