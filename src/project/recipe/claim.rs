use super::Recipe;
use crate::project::format_percent;

/// A number measured on a recipe's trained run, with the bound that shows its point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Claim {
    /// The number.
    pub figure: Figure,
    /// Its bound.
    pub bound: Bound,
}

/// A number measured on a trained run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Validation error per feature, relative to that of PCA with as many components as the code
    /// has units.
    ErrorOverPca,
    /// The error relative to that after the first epoch.
    ErrorOverFirst,
    /// Largest principal angle between the decoder and the principal components, in degrees.
    AngleToPca,
    /// Error of the restored part relative to that of the corrupted one, on the watched samples.
    RestoredOverCorrupted,
    /// Mean activation of the code.
    MeanActivation,
    /// Most active units of the code for one sample.
    MostActive,
    /// Root mean square of the norm of the code's derivative.
    Jacobian,
    /// Units of a variational code above 0.01 nats.
    ActiveUnits,
    /// Mean over units of their largest share, for a selector.
    MeanMax,
    /// Number of different features a selector has chosen, as a share of its units.
    Unique,
    /// Error of a linear regression from a selector's features, relative to that of PCA with as
    /// many components.
    RefitOverPca,
    /// Bits per sample that encode the choices.
    CodeBits,
    /// Bits per sample that correct the reconstruction.
    ErrorBits,
    /// Share of a hashing code's values within 0.1 of 0 or 1.
    Decided,
    /// `exp H` of the use of a codebook's entries.
    Perplexity,
    /// Area under the ROC curve of the error as a detector of a held-out class.
    Auc,
    /// Validation loss of the first run relative to that of the second.
    FirstOverSecond,
}

/// A bound on a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// At most this.
    AtMost(f64),
    /// At least this.
    AtLeast(f64),
}

impl Bound {
    /// Whether a number is within the bound; NaN is not.
    pub fn is_met_by(self, value: f64) -> bool {
        match self {
            Bound::AtMost(most) => value <= most,
            Bound::AtLeast(least) => value >= least,
        }
    }
}

impl Claim {
    /// As a short text: `error ≤ 0.9 × PCA's`.
    pub fn text(self) -> String {
        let (sign, bound) = match self.bound {
            Bound::AtMost(most) => ("≤", most),
            Bound::AtLeast(least) => ("≥", least),
        };
        match self.figure {
            Figure::ErrorOverPca => format!("error {sign} {bound} × PCA's"),
            Figure::ErrorOverFirst => format!("error {sign} {bound} × that of the first epoch"),
            Figure::AngleToPca => format!("angle to the principal components {sign} {bound}°"),
            Figure::RestoredOverCorrupted => {
                format!("error of restored samples {sign} {bound} × that of corrupted ones")
            }
            Figure::MeanActivation => format!("mean activation {sign} {bound}"),
            Figure::MostActive => format!("active units of any sample {sign} {bound}"),
            Figure::Jacobian => format!("norm of the Jacobian {sign} {bound}"),
            Figure::ActiveUnits => format!("active units {sign} {bound}"),
            Figure::MeanMax => format!("mean certainty {sign} {bound}"),
            Figure::Unique => format!("different features {sign} {}", format_percent(bound, 0)),
            Figure::RefitOverPca => {
                format!("linear regression on the chosen features {sign} {bound} × PCA's error")
            }
            Figure::CodeBits => format!("code {sign} {bound} bits"),
            Figure::ErrorBits => format!("error {sign} {bound} bits"),
            Figure::Decided => format!("values near 0 or 1 {sign} {}", format_percent(bound, 0)),
            Figure::Perplexity => format!("perplexity {sign} {bound}"),
            Figure::Auc => format!("area under the curve {sign} {bound}"),
            Figure::FirstOverSecond => format!("loss of the first run {sign} {bound} × that of the second"),
        }
    }
}

impl Recipe {
    /// Numbers that its trained run reaches, with their bounds; `scripts/test.sh --long` trains
    /// every recipe and checks them.
    pub fn claims(self) -> &'static [Claim] {
        const fn at_most(figure: Figure, bound: f64) -> Claim {
            Claim { figure, bound: Bound::AtMost(bound) }
        }
        const fn at_least(figure: Figure, bound: f64) -> Claim {
            Claim { figure, bound: Bound::AtLeast(bound) }
        }
        match self {
            Recipe::Undercomplete => const { &[at_most(Figure::ErrorOverPca, 0.75)] },
            Recipe::Linear => const { &[at_most(Figure::AngleToPca, 5.0)] },
            Recipe::Denoising => const { &[at_most(Figure::RestoredOverCorrupted, 0.25)] },
            Recipe::Sparse => {
                const { &[at_most(Figure::MeanActivation, 0.13), at_most(Figure::ErrorOverFirst, 0.3)] }
            }
            Recipe::KSparse => {
                const { &[at_most(Figure::MostActive, 10.0), at_most(Figure::ErrorOverFirst, 0.5)] }
            }
            Recipe::Contractive => {
                const { &[at_most(Figure::Jacobian, 3.0), at_most(Figure::ErrorOverFirst, 0.6)] }
            }
            Recipe::Variational => {
                const { &[at_least(Figure::ActiveUnits, 2.0), at_most(Figure::ErrorOverPca, 1.0)] }
            }
            Recipe::BetaVariational => {
                const { &[at_least(Figure::ActiveUnits, 2.0), at_most(Figure::ErrorOverFirst, 0.6)] }
            }
            Recipe::Concrete => {
                const {
                    &[
                        at_least(Figure::MeanMax, 0.998),
                        at_least(Figure::Unique, 1.0),
                        at_most(Figure::RefitOverPca, 2.5),
                    ]
                }
            }
            Recipe::DescriptionLength => {
                const { &[at_most(Figure::CodeBits, 10.4), at_most(Figure::ErrorBits, 110.0)] }
            }
            Recipe::Convolutional => const { &[at_most(Figure::ErrorOverPca, 0.62)] },
            Recipe::Machines => const { &[at_most(Figure::ErrorOverPca, 0.9)] },
            Recipe::JointVsLayerWise => const { &[at_most(Figure::FirstOverSecond, 0.97)] },
            Recipe::Hashing => const { &[at_least(Figure::Decided, 0.9)] },
            Recipe::Quantised => {
                const { &[at_least(Figure::Perplexity, 40.0), at_most(Figure::ErrorOverFirst, 0.15)] }
            }
            Recipe::SuperResolution | Recipe::Inpainting => {
                const { &[at_most(Figure::RestoredOverCorrupted, 0.3)] }
            }
            Recipe::Anomaly => const { &[at_least(Figure::Auc, 0.9)] },
            Recipe::Tabular => const { &[at_most(Figure::ErrorOverPca, 0.95)] },
        }
    }
}
