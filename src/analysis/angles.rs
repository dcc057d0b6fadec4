//! Angles between subspaces, to check whether a linear autoencoder found the subspace of PCA.

use faer::Mat;

/// The largest principal angle between two subspaces of `features` dimensions, in radians from 0 to
/// π/2.
///
/// `a` and `b` contain spanning vectors one after another; they need not be orthonormal. Subspaces
/// of different dimension are at π/2, because one contains a direction that the other lacks. Sine
/// and cosine are both computed, so that small angles are as exact as large ones (Björck & Golub
/// 1973).
///
/// `None` if a slice is not a whole number of vectors, is not finite, or spans nothing.
pub fn largest_principal_angle(a: &[f32], b: &[f32], features: usize) -> Option<f64> {
    let (a, b) = (basis(a, features)?, basis(b, features)?);
    if a.ncols() != b.ncols() {
        return Some(std::f64::consts::FRAC_PI_2);
    }
    let overlap = a.transpose() * &b;
    let beside = &b - &a * &overlap;
    let cosine = overlap.singular_values().ok()?.last().copied()?;
    let sine = beside.singular_values().ok()?.first().copied()?;
    Some(sine.atan2(cosine))
}

/// Orthonormal columns with the span of the vectors.
fn basis(vectors: &[f32], features: usize) -> Option<Mat<f64>> {
    let count = vectors.len().checked_div(features)?;
    if count == 0 || count * features != vectors.len() || vectors.iter().any(|v| !v.is_finite()) {
        return None;
    }
    let columns = Mat::from_fn(features, count, |row, column| f64::from(vectors[column * features + row]));
    let svd = columns.thin_svd().ok()?;
    let singular: Vec<f64> = svd.S().column_vector().iter().copied().collect();
    // A singular value below the rounding error of single precision has no direction.
    let smallest = singular.first()? * features.max(count) as f64 * f64::from(f32::EPSILON);
    let rank = singular.iter().filter(|&&value| value > smallest).count();
    (rank > 0).then(|| svd.U().subcols(0, rank).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_are_those_of_geometry() {
        let check = |a: &[f32], b: &[f32], features, degrees: Option<f64>| {
            let forth = largest_principal_angle(a, b, features).map(f64::to_degrees);
            let back = largest_principal_angle(b, a, features).map(f64::to_degrees);
            match (forth, back, degrees) {
                (Some(forth), Some(back), Some(degrees)) => {
                    assert!(
                        (forth - degrees).abs() < 1e-4 && (back - degrees).abs() < 1e-4,
                        "{forth} {back}"
                    );
                }
                (forth, back, degrees) => assert_eq!((forth, back), (degrees, degrees)),
            }
        };
        check(&[1.0, 0.0], &[-3.0, 0.0], 2, Some(0.0));
        check(&[1.0, 0.0], &[0.0, 1.0], 2, Some(90.0));
        check(&[2.0, 0.0], &[1.0, 1.0], 2, Some(45.0));
        check(&[1.0, 0.0, 0.0], &[1.0, 1e-6, 0.0], 3, Some(1e-6_f64.to_degrees()));
        // Two planes that share an axis, 30 degrees apart.
        let tilted = [1.0, 1.0, 0.0, 0.0, 3.0_f32.sqrt() / 2.0, 0.5];
        check(
            &[1.0, 0.0, 0.0, 5.0, 1.0, 0.0],
            &[1.0, 0.0, 0.0, tilted[3], tilted[4], tilted[5]],
            3,
            Some(30.0),
        );
        // Other vectors that span the same plane, one of them given twice.
        check(&[1.0, 0.0, 0.0, 0.0, 1.0, 0.0], &[1.0, 1.0, 0.0, 1.0, -2.0, 0.0, 1.0, 1.0, 0.0], 3, Some(0.0));
        // A line and a plane; a plane that collapsed to a line.
        check(&[1.0, 0.0, 0.0], &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0], 3, Some(90.0));
        check(&[1.0, 0.0, 0.0, 0.0, 1.0, 0.0], &[1.0, 0.0, 0.0, 2.0, 0.0, 0.0], 3, Some(90.0));
        check(&[1.0, 0.0], &[0.0, 0.0], 2, None);
        check(&[1.0, f32::NAN], &[0.0, 1.0], 2, None);
        check(&[1.0, 0.0, 1.0], &[0.0, 1.0], 2, None);
        check(&[], &[1.0], 0, None);
    }
}
