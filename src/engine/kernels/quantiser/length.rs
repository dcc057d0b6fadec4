use std::f64::consts::{LN_2, PI};

/// The description length of one sample, in bits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DescriptionLength {
    /// For the code, that is the units drawn.
    pub code: f64,
    /// For the error: `E‖x − x'‖²/(2σ²)`.
    pub error: f64,
    /// For a perfect fit, equal for every sample: `(d/2) log 2πσ² − d log t`.
    pub constant: f64,
}

/// The description length of a sample of `features` values (d) that are sent to within `width` (t)
/// under a normal distribution with standard deviation `sigma` (σ) around the reconstruction:
/// `[E‖x − x'‖²/(2σ²) + (d/2) ln 2πσ² − d ln t + Σ_v KL(q_v‖π_v)] / ln 2` (Hinton & Zemel 1993).
///
/// `expected_error` is `E‖x − x'‖²` over the draws of the code (for a linear decoder the squared
/// error plus [`VarianceTerm`](super::VarianceTerm), otherwise that of hard draws; relaxed draws do
/// not give a bound), `code_nats` the [`CodeCost`](super::CodeCost). Both σ and t are in the units
/// of the data, and t is at most σ√(2π), so that the constant is not negative. A value's
/// probability is taken as density times width, which is accurate where t is small compared with σ.
pub fn description_length(
    features: usize,
    expected_error: f64,
    code_nats: f64,
    sigma: f64,
    width: f64,
) -> DescriptionLength {
    let variance = sigma * sigma;
    let constant = features as f64 * (0.5 * (2.0 * PI * variance).ln() - width.ln());
    DescriptionLength {
        code: code_nats / LN_2,
        error: expected_error / (2.0 * variance) / LN_2,
        constant: constant / LN_2,
    }
}
