//! Non-finite numbers, and very many points.

use super::*;
use crate::dataset::LabelValues;
use crate::run::{EpochRecord, Kept, Losses};

#[test]
fn non_finite_numbers() {
    check_all(|| {
        let mut scene = Scene::trained(10, samples::pictures(20, [8, 8, 1], 2), 2, false);
        let run = scene.runs.last_mut().unwrap();
        let mut records: Vec<EpochRecord> = run.history.epochs.clone().into();
        for (index, record) in records.iter_mut().enumerate() {
            let bad = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -1.0][index % 5];
            let losses = Losses::new(record.train.terms(), &[bad; 3]).unwrap();
            (record.train, record.validation) = (losses.clone(), (index % 2 == 0).then_some(losses));
            record.mse = bad;
        }
        run.history.epochs = records.into();
        let newest = run.kept.newest().unwrap().as_ref().clone();
        let bad = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e38];
        let spoil = |values: &[f32]| -> Vec<f32> {
            values
                .iter()
                .enumerate()
                .map(|(index, value)| if index % 3 == 0 { bad[index / 3 % 4] } else { *value })
                .collect()
        };
        let (codes, reconstructions) = (spoil(&newest.codes), spoil(&newest.reconstructions));
        run.kept.push(Arc::new(Kept { epoch: 11, codes, reconstructions, ..newest }));
        run.status = Status::Failed("the loss is no longer a number".to_owned());
        scene
    });
}

#[test]
fn twenty_thousand_points() {
    check_all(|| Scene::trained(5, samples::pictures(20_000, [4, 4, 1], 10), 2, false));
}

/// A name with terminal control sequences, a line break and a change of text direction.
fn hostile(number: usize) -> String {
    format!("\u{1b}[2J{number}\n\u{202e}\u{9b}\u{2067}")
}

#[test]
fn names_with_control_characters() {
    check_all(|| {
        let mut data = samples::table(60, 5);
        data.name = hostile(0);
        data.row_names = (0..60).map(hostile).collect();
        data.feature_names = (0..5).map(hostile).collect();
        for (number, column) in data.labels.iter_mut().enumerate() {
            column.name = hostile(number);
            if let LabelValues::Classes { names, .. } = &mut column.values {
                *names = (0..names.len()).map(hostile).collect();
            }
        }
        let mut scene = Scene::trained(30, data, 2, false);
        let run = scene.runs.last_mut().unwrap();
        run.design.name = hostile(1);
        run.design.data.held_out = Some(hostile(2));
        let mut health = run.health.as_deref().cloned().unwrap();
        for layer in &mut health.layers {
            layer.name = hostile(3);
        }
        run.health = Some(Arc::new(health));
        run.status = Status::Failed(hostile(4));
        scene
    });
}
