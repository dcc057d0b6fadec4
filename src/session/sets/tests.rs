use super::*;
use crate::check::plan;
use crate::dataset::{LabelColumn, Progress, Rows, load};
use crate::engine::Trainer;
use crate::project::{Corruption, Data, Project, Recipe, Shape, Source, Synthetic};
use crate::run::facts;
use crate::session::baseline;

/// A small network, trained for an epoch.
fn trial(corruption: Corruption) -> Trial {
    let source = Source::Synthetic(Synthetic::Blobs { count: 200, features: 6, clusters: 3, seed: 1 });
    let mut project = Project {
        data: Data { source, ..Data::default() },
        corruption,
        encoder: Vec::new(),
        ..Recipe::Undercomplete.project()
    };
    project.training.epochs = 1;
    let data = Arc::new(load(&project.data, &Progress::default()).expect("generated"));
    let plan = plan(&project, &facts(&data)).expect("valid");
    let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    while !trainer.is_done() {
        trainer.step().expect("valid");
    }
    let weights = Arc::clone(trainer.snapshot().inference_weights());
    let trained = Trained::new(Arc::new(plan), weights, None);
    let is_corrupted = corruption.corrupts();
    Trial { trained, data, is_corrupted, unranged: None }
}

/// The error of each row, computed from the pictures.
fn by_pictures(trial: &Trial, rows: &[u32]) -> Vec<f32> {
    let pictures = trial.pictures(&mut Ready::new(1), None, rows, &[]).expect("small");
    let clean = trial.clean(rows);
    let pairs = pictures.reconstructions.chunks_exact(6).zip(clean.chunks_exact(6));
    pairs.map(|(a, b)| squared_error(a, b)).collect()
}

#[test]
fn errors_match_the_pictures_for_clean_and_corrupted_input() {
    for corruption in [Corruption::None, Corruption::Gaussian { std: 0.3 }] {
        let trial = trial(corruption);
        let rows = [7, 3, 199];
        let errors = trial.errors(&mut Ready::new(1), &rows).expect("small");
        for (error, expected) in errors.iter().zip(by_pictures(&trial, &rows)) {
            assert!((error - expected).abs() < 1e-5 * expected.max(1.0), "{error} {expected}");
        }
        let again = trial.errors(&mut Ready::new(1), &[3]).expect("small");
        assert!((again[0] - errors[1]).abs() < 1e-6, "noise depends on the row alone");
        let clean = Trial { is_corrupted: false, ..trial.clone() };
        let unranged = Trial { unranged: Some(Arc::clone(&trial.data)), ..trial.clone() };
        assert_eq!(unranged.errors(&mut Ready::new(1), &rows), Ok(errors.clone()), "the range is looked up");
        let is_same = clean.errors(&mut Ready::new(1), &rows).expect("small") == errors;
        assert_eq!(is_same, !corruption.corrupts());
    }
}

#[test]
fn the_error_of_a_row_excludes_masked_values() {
    let mut data = load(&Data::default(), &Progress::default()).expect("embedded");
    let made: Vec<f32> = [0.0; 60].into_iter().chain([3.0; 4]).collect();
    let errors = |data: &Dataset| [0, 1].map(|row| row_error(data, row, &[1.0; 64], &made));
    let whole = (60.0 + 4.0 * 4.0) / 64.0;
    assert_eq!(errors(&data), [whole, whole]);
    // In the first row, only the last four features are present.
    (data.gaps.cells, data.gaps.filled) = (vec![(1 << 60) - 1], 60);
    assert_eq!(errors(&data), [whole, whole], "means that are no holes count");
    data.gaps.are_masked = true;
    assert_eq!(errors(&data), [4.0, whole]);
}

#[test]
fn the_linear_code_is_the_baseline() {
    let Trial { data, .. } = trial(Corruption::None);
    let linear = Linear::fit(&data, 2).expect("numbers");
    let mut values = vec![0.0; data.split.validation.len() * 6];
    data.gather(&data.split.validation, &mut values);
    let back = linear.reconstruct(&values);
    let mse = f64::from(squared_error(&values, &back));
    let expected = baseline(&data, 2).expect("numbers");
    assert!((mse - expected).abs() < 1e-5 * expected.max(1.0), "{mse} {expected}");
}

#[test]
fn errors_of_pca_use_the_input_of_the_network() {
    for corruption in [Corruption::None, Corruption::Gaussian { std: 0.3 }] {
        let trial = trial(corruption);
        let linear = Linear::fit(&trial.data, 2).expect("numbers");
        let rows = [7, 3, 199];
        let sum = trial.linear_error(&mut Ready::new(1), &linear, &rows).expect("small");
        let made = trial.pictures(&mut Ready::new(1), Some(&linear), &rows, &[]).expect("small").linear;
        assert_eq!(made.len(), 3 * 6);
        let clean = trial.clean(&rows);
        let pairs = made.chunks_exact(6).zip(clean.chunks_exact(6));
        let expected: f64 = pairs.map(|(made, clean)| f64::from(squared_error(made, clean))).sum();
        assert!((sum - expected).abs() < 1e-6 * expected.max(1.0), "{sum} {expected}");
    }
}

#[test]
fn rows_are_sorted() {
    let mut data = crate::dataset::load(&Data::default(), &Progress::default()).expect("embedded");
    data.labels =
        vec![LabelColumn::classes("label", vec!["a".to_owned(), "b".to_owned()], vec![1, 0, 1, 0, 1])];
    let errors = [0.5, f32::NAN, 0.1, 0.9, 0.5];
    for (order, expected) in [
        (Order::Data, [4, 3, 2, 1, 0]),
        (Order::Worst, [3, 4, 0, 2, 1]),
        (Order::Best, [2, 4, 0, 3, 1]),
        (Order::Class, [3, 1, 4, 0, 2]),
    ] {
        assert_eq!(order.of(&data, vec![4, 3, 2, 1, 0], &errors), expected, "{order:?}");
    }
    let median = Order::Median.of(&data, vec![3, 0, 2], &[0.5, 0.0, 0.25, 2.0]);
    assert_eq!(median, [0, 2, 3]);
}

#[test]
fn a_selection_is_compared_with_the_rest() {
    let source = Source::Synthetic(Synthetic::Blobs { count: 6, features: 2, clusters: 1, seed: 1 });
    let mut data = load(&Data { source, ..Data::default() }, &Progress::default()).expect("generated");
    // Selected: rows 0 and 1.
    data.rows = Rows::F32(vec![1.0, 5.0, 3.0, 5.0, 10.0, 5.0, 12.0, 5.0, 14.0, 5.0, 16.0, 5.0]);
    let names = vec!["a".to_owned(), "b".to_owned()];
    data.labels = vec![
        LabelColumn::classes("kind", names, vec![0, 1, 1, 1, 1, 0]),
        LabelColumn::numbers("age", vec![2.0, 4.0, f32::NAN, 3.0, 3.0, 3.0]),
    ];
    let errors = [0.5, f32::NAN, 0.1, 0.3, f32::NAN, f32::NAN];
    let found = Comparison::of(&data, &[0, 1, 99], &errors);
    assert_eq!((found.selected, found.others), (2, 4));
    let first = &found.columns[0];
    assert_eq!(first.name, "x1");
    assert_eq!((first.selected.mean, first.others.mean), (2.0, 13.0));
    // Variances 2 and 20/3: (2 - 13) / sqrt((2 + 20/3) / 2).
    assert!((first.selected.std - 2.0_f64.sqrt()).abs() < 1e-12);
    assert!((first.standardised() + 11.0 / (13.0_f64 / 3.0).sqrt()).abs() < 1e-9, "{first:?}");
    let rest: Vec<_> =
        found.columns[1..].iter().map(|column| (column.name.as_str(), column.standardised())).collect();
    assert_eq!(rest, [("x2", 0.0), ("age", 0.0)]);
    assert_eq!(found.columns[2].others.count, 3, "a missing number is none");
    let errors = found.errors.expect("some are known");
    assert!((errors.selected.mean - 0.5).abs() < 1e-7 && (errors.others.mean - 0.2).abs() < 1e-7);
    assert_eq!((errors.selected.count, errors.others.count), (1, 2));
    assert_eq!(found.classes[0].classes, [("a".to_owned(), [1, 1]), ("b".to_owned(), [1, 3])]);
    let ids = LabelColumn::classes("id", (0..6).map(|id| id.to_string()).collect(), (0..6).collect());
    let ids = Comparison::of(&Dataset { labels: vec![ids], ..data.clone() }, &[5], &[]);
    assert_eq!((ids.classes[0].count, &ids.classes[0].classes[0]), (6, &("5".to_owned(), [1, 0])));
    assert_eq!(Comparison::of(&data, &[], &[]).columns, []);
}

#[test]
fn rows_are_encoded_and_reconstructed_uncorrupted() {
    let trial = trial(Corruption::Gaussian { std: 0.3 });
    let (mut ready, rows, all) = (Ready::new(1), [5, 0], (0..200).collect::<Vec<u32>>());
    let clean = trial.clean(&rows);
    let network = ready.network(&trial.trained).expect("small");
    let (codes, reconstructed) = (network.encode(&clean), network.reconstruct(&clean));
    let is_near = |a: &[f32], b: &[f32]| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4 * b.abs().max(1.0))
    };
    let located = trial.located(&mut ready, &rows, None).expect("small");
    assert!(is_near(&located.codes, &codes) && located.plane.is_empty());
    let whole = trial.located(&mut ready, &all, None).expect("small");
    let code_units = trial.trained.plan().code_units();
    let kept = (Arc::new(Kept { code_units, codes: whole.codes, ..Kept::default() }), CodePlane::Principal);
    let all = trial.located(&mut ready, &all, Some(&kept)).expect("small").plane;
    let some = trial.located(&mut ready, &rows, Some(&kept)).expect("small").plane;
    assert!(is_near(some.as_flattened(), [all[5], all[0]].as_flattened()), "{some:?}");
    let restored = trial.reconstructed(&rows, |_| true).expect("small");
    let mut scaled = vec![0.0; restored.rows.len()];
    restored.gather(&[0, 1], &mut scaled);
    assert!(is_near(&scaled, &reconstructed), "no corruption is added");
    assert_eq!(restored.source_rows, [6, 1]);
}

#[test]
fn other_data_are_compared_with_the_training_split() {
    let column = |name: &str, names: &[&str], ids: &[u32]| {
        LabelColumn::classes(name, names.iter().map(|name| (*name).to_owned()).collect(), ids.to_vec())
    };
    let table = |values: Vec<f32>, labels, train| {
        let whole = load(&Data::default(), &Progress::default()).expect("embedded");
        let split = crate::dataset::SplitRows { train, ..Default::default() };
        Dataset { shape: Shape::Vector(1), rows: Rows::F32(values), labels, split, ..whole }
    };
    let own =
        table(vec![1.0, 3.0, 100.0, 5.0], vec![column("kind", &["a", "b"], &[0, 1, 1, 0])], vec![0, 1, 3]);
    let other = table(vec![7.0, 50.0, 9.0], vec![column("kind", &["b", "c"], &[1, 1, 0])], Vec::new());
    let rated = |data: Dataset, errors: &[f32]| Rated { data: Arc::new(data), errors: errors.to_vec() };
    let job = SampleJob::CompareTraining(
        rated(other, &[0.5, 9.0, 0.7]),
        rated(own, &[0.1, 0.2, 8.0, 0.3]),
        vec![0, 2],
    );
    let Ok(SampleAnswer::Compared(found)) = job.answer(&mut Ready::new(1)) else { panic!("no comparison") };
    assert_eq!((found.selected, found.others, found.is_with_training), (2, 3, true));
    let means = |difference: &Difference| (difference.selected.mean, difference.others.mean);
    assert_eq!(means(&found.columns[0]), (8.0, 3.0));
    let (selected, others) = found.errors.as_ref().map(means).expect("known");
    assert!((selected - 0.6).abs() < 1e-6 && (others - 0.2).abs() < 1e-6);
    // Of the selected rows one is c and one b; of the training rows two are a and one is b.
    let mut classes = found.classes[0].classes.clone();
    classes.sort();
    assert_eq!(classes, [("a".to_owned(), [0, 2]), ("b".to_owned(), [1, 1]), ("c".to_owned(), [1, 0])]);
}

#[test]
fn single_channels_of_codes_are_extracted_by_position() {
    let code = Shape::Image { height: 1, width: 2, channels: 3 };
    let codes: Vec<f32> = (0..12).map(|at| at as f32).collect();
    assert_eq!(channels_of(&codes, code, &[0, 2]), [0.0, 2.0, 3.0, 5.0, 6.0, 8.0, 9.0, 11.0]);
    assert_eq!(channels_of(&codes, code, &[]), [0.0; 0]);
}
