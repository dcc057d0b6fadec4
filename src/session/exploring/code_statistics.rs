//! Summary statistics of the codes of an epoch.

use crate::analysis::neighbours::{Distance, nearest};
use crate::analysis::pca::Pca;
use crate::run::Kept;

/// Maximum number of principal components offered as axes.
pub const MOST_AXES: usize = 16;
/// Number of codes used to measure the usual distance to the nearest code.
const SAMPLED: usize = 200;

/// Properties of codes that take longer than a frame to compute.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeStatistics {
    /// Their first principal components, at most [`MOST_AXES`]; `None` if there are none.
    pub pca: Option<Pca>,
    /// The 95th percentile of the distance to the nearest other code; infinite if there are too few
    /// codes.
    pub usual: f32,
}

impl CodeStatistics {
    /// Computes the survey for the codes of an epoch.
    pub fn of(kept: &Kept) -> CodeStatistics {
        let units = kept.code_units;
        let pca = Pca::fit(&kept.codes, units, units.min(MOST_AXES)).ok();
        CodeStatistics { pca: pca.filter(|pca| pca.k() > 0), usual: usual_distance(&kept.codes, units) }
    }
}

fn usual_distance(codes: &[f32], units: usize) -> f32 {
    let count = codes.len() / units.max(1);
    let step = count.div_ceil(SAMPLED).max(1);
    let mut distances: Vec<f32> = codes
        .chunks_exact(units.max(1))
        .step_by(step)
        .filter_map(|code| nearest(code, codes, 2, Distance::Euclidean).get(1).map(|near| near.distance))
        .collect();
    distances.sort_by(f32::total_cmp);
    distances.get(distances.len() * 95 / 100).copied().unwrap_or(f32::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_survey_of_codes_on_a_line_has_one_component_and_their_spacing() {
        // Steps of (1, ½): √1.25 = 1.118 apart.
        let codes = (0..100).flat_map(|at| [at as f32, 0.5 * at as f32, 7.0]).collect();
        let code_statistics = CodeStatistics::of(&Kept { code_units: 3, codes, ..Kept::default() });
        assert!((code_statistics.usual - 1.25_f32.sqrt()).abs() < 1e-5, "{code_statistics:?}");
        let pca = code_statistics.pca.expect("components");
        assert!((pca.components[0].abs() - 0.894_427).abs() < 1e-4, "{:?}", pca.components);
        let one = CodeStatistics::of(&Kept { code_units: 2, codes: vec![1.0, 2.0], ..Kept::default() });
        assert_eq!(one.usual, f32::INFINITY);
    }
}
