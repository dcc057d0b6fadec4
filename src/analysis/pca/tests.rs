use std::io::Read;

use super::*;
use crate::analysis::angles::largest_principal_angle;

fn close(found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
    }
}

/// The bundled digits, scaled to [0, 1].
fn digits() -> Vec<f32> {
    let packed = include_bytes!("../../../assets/digits.csv.gz");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
    let row = |line: &str| -> Vec<f32> {
        line.split(',').take(64).map(|x| x.parse::<f32>().unwrap() / 16.0).collect()
    };
    text.lines().skip(1).flat_map(row).collect()
}

fn fits(rows: &[f32], features: usize, k: usize) -> [Pca; 2] {
    let fit = Fit::new(rows, features, k).unwrap();
    [fit.exact().unwrap(), fit.randomised().unwrap()]
}

#[test]
fn closed_forms() {
    // On a line along (3, 4)/5 through (1, 1), at −5, 0 and 5: variance 25.
    for pca in fits(&[-2.0, -3.0, 1.0, 1.0, 4.0, 5.0], 2, 2) {
        close(&pca.mean, &[1.0, 1.0], 1e-6);
        close(&pca.components[..2], &[0.6, 0.8], 1e-6);
        close(&pca.variances, &[25.0, 0.0], 1e-4);
        close(&pca.ratios, &[1.0, 0.0], 1e-6);
        close(&pca.project(&[4.0, 5.0])[..1], &[5.0], 1e-5);
        assert!(pca.mse(&[-2.0, -3.0, 1.0, 1.0]) < 1e-10);
    }
    // Along the axes with deviations 3, 2 and 1, uncorrelated.
    let rows = [3.0, 0.0, 0.0, -3.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, -2.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, -1.0];
    for pca in fits(&rows, 3, 2) {
        close(&pca.components, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0], 1e-5);
        close(&pca.variances, &[18.0 / 5.0, 8.0 / 5.0], 1e-5);
        close(&pca.ratios, &[18.0 / 28.0, 8.0 / 28.0], 1e-6);
        // Only the last axis is lost: 2·1² over 18 values.
        assert!((pca.mse(&rows) - 2.0 / 18.0).abs() < 1e-6);
        close(&pca.reconstruct(&[1.0, 2.0]), &[1.0, 2.0, 0.0], 1e-5);
    }
}

#[test]
fn equals_scikit_learn_on_the_digits() {
    // sklearn 1.9: p = PCA(4, svd_solver="full").fit(load_digits().data / 16); components_[:,
    // 18:24], signs turned so that the largest entry is positive; p.transform(x)[0]; ((x -
    // p.inverse_transform(p.transform(x))) ** 2).mean().
    let rows = digits();
    for (pca, tolerance) in fits(&rows, 64, 4).iter().zip([1e-5, 1e-3]) {
        close(&pca.variances, &[0.699_245_8, 0.639_522_4, 0.553_861_1, 0.394_923_3], tolerance);
        close(&pca.ratios, &[0.148_905_9, 0.136_187_7, 0.117_945_9, 0.084_099_8], tolerance);
        let first = [0.083_395, 0.215_915, -0.172_127, -0.163_712, 0.028_644, 0.004_233];
        close(&pca.components[18..24], &first, 10.0 * tolerance);
        let fourth = [-0.219_812, 0.275_644, 0.278_364, 0.057_354, -0.022_479, 0.001_508];
        close(&pca.components[3 * 64 + 18..3 * 64 + 24], &fourth, 10.0 * tolerance);
        close(&pca.project(&rows[..64]), &[-0.078_717, -1.329_68, 0.591_441, -0.813_387], 10.0 * tolerance);
        assert!((pca.mse(&rows) - 0.037_609_322).abs() < f64::from(tolerance) / 10.0, "{}", pca.mse(&rows));
    }
}

#[test]
fn random_projection_finds_the_subspace_of_wide_data() {
    // 60 rows of 2,500 features from 5 latent directions of decreasing strength, and a little
    // noise.
    let (n, d, k) = (60, 2500, 5);
    let mut state = 9;
    let mut noise = |scale: f32| (0..24).map(|_| sign(&mut state)).sum::<f32>() / 24_f32.sqrt() * scale;
    let directions: Vec<f32> = (0..k * d).map(|_| noise(1.0)).collect();
    let mut rows = Vec::new();
    for _ in 0..n {
        let strengths: Vec<f32> = (0..k).map(|at| noise(1.0) * (-(at as f32)).exp2()).collect();
        rows.extend((0..d).map(|feature| {
            let signal: f32 = (0..k).map(|at| strengths[at] * directions[at * d + feature]).sum();
            signal + noise(0.001)
        }));
    }
    let pca = Pca::fit(&rows, d, k).unwrap();
    assert_eq!(pca, Fit::new(&rows, d, k).unwrap().randomised().unwrap());
    let angle = largest_principal_angle(&pca.components, &directions, d).unwrap();
    assert!(angle.to_degrees() < 0.2, "{}", angle.to_degrees());
    assert!((pca.ratios.iter().sum::<f32>() - 1.0).abs() < 1e-4);
    assert!(pca.mse(&rows) < 1.5e-6, "{}", pca.mse(&rows));
}

#[test]
fn degenerate_data_cause_no_error() {
    let check = |rows: &[f32], features, k, found: Result<usize, PcaError>| {
        let result = Pca::fit(rows, features, k);
        assert_eq!(result.as_ref().map(Pca::k).map_err(|error| *error), found);
        if let Ok(pca) = result {
            let values = [&pca.mean, &pca.components, &pca.variances, &pca.ratios];
            assert!(values.iter().all(|values| values.iter().all(|value| value.is_finite())));
            assert_eq!(pca.reconstruct(&pca.project(rows)).len(), if k == 0 { 0 } else { rows.len() });
            assert!(pca.mse(rows).is_finite());
        }
    };
    check(&[1.0, 2.0], 2, 1, Ok(1));
    check(&[1.0, 2.0, 3.0, 4.0], 2, 9, Ok(2));
    check(&[5.0; 12], 3, 2, Ok(2));
    check(&[1.0, 2.0, 3.0, 4.0], 2, 0, Ok(0));
    check(&vec![2.0; 3 * 2100], 2100, 2, Ok(2));
    check(&[], 2, 1, Err(PcaError::NotRows));
    check(&[1.0], 0, 1, Err(PcaError::NotRows));
    check(&[1.0, 2.0, 3.0], 2, 1, Err(PcaError::NotRows));
    check(&[1.0, f32::NAN], 1, 1, Err(PcaError::NotFinite));
    check(&[3e38, -3e38], 1, 1, Err(PcaError::NotFinite));
}
