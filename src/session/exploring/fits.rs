//! A cache of distributions and PCA fitted to codes or rows, kept until another one is requested.

use std::sync::{Arc, Weak};

use crate::analysis::gaussian::{FitError, Gaussian};
use crate::analysis::mixture::Mixture;
use crate::dataset::Dataset;
use crate::dataset::random::{Purpose, Stream};
use crate::run::Kept;
use crate::session::Linear;

/// Seed and random stream that initialise a mixture: equal codes give an equal mixture, whatever is
/// drawn from it.
const START: (u64, u64) = (0, 2);

/// The most recently fitted distributions and PCA. Holds neither codes nor rows.
#[derive(Default)]
pub(in crate::session) struct Fits {
    codes: Weak<Kept>,
    gaussian: Option<Gaussian>,
    mixture: Option<(usize, Mixture)>,
    linear: Option<(Weak<Dataset>, usize, Linear)>,
}

impl Fits {
    /// The normal distribution fitted to codes.
    pub fn gaussian(&mut self, codes: &Arc<Kept>) -> Result<&Gaussian, FitError> {
        self.switch_to(codes);
        let fitted = match self.gaussian.take() {
            Some(known) => known,
            None => Gaussian::fit(&codes.codes, codes.code_units)?,
        };
        Ok(self.gaussian.insert(fitted))
    }

    /// A mixture of this many normal distributions. A cancelled fit is not kept.
    pub fn mixture(
        &mut self,
        codes: &Arc<Kept>,
        components: usize,
        should_continue: &dyn Fn() -> bool,
    ) -> Result<Mixture, FitError> {
        self.switch_to(codes);
        if let Some((_, known)) = self.mixture.as_ref().filter(|(known, _)| *known == components) {
            return Ok(known.clone());
        }
        let start = Stream::new(START.0, Purpose::Prior, START.1, 0);
        let mut position = 0;
        let uniform = || {
            position += 1;
            start.uniform(position)
        };
        let fitted = Mixture::fit(&codes.codes, codes.code_units, components, uniform, should_continue)?;
        if should_continue() {
            self.mixture = Some((components, fitted.clone()));
        }
        Ok(fitted)
    }

    /// PCA of the training split with this many components.
    pub fn linear(&mut self, data: &Arc<Dataset>, components: usize) -> Result<Linear, String> {
        let is_of = |of: &Weak<Dataset>| Weak::ptr_eq(of, &Arc::downgrade(data));
        if let Some((.., known)) =
            self.linear.as_ref().filter(|(of, known, _)| is_of(of) && *known == components)
        {
            return Ok(known.clone());
        }
        let fitted = Linear::fit(data, components)?;
        self.linear = Some((Arc::downgrade(data), components, fitted.clone()));
        Ok(fitted)
    }

    fn switch_to(&mut self, codes: &Arc<Kept>) {
        // While a weak pointer is held, its address is not reused.
        if !Weak::ptr_eq(&self.codes, &Arc::downgrade(codes)) {
            (self.codes, self.gaussian, self.mixture) = (Arc::downgrade(codes), None, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(values: &[f32]) -> Arc<Kept> {
        Arc::new(Kept { code_units: 1, codes: values.to_vec(), ..Kept::default() })
    }

    #[test]
    fn a_fit_is_cached_until_the_codes_change() {
        let mut fits = Fits::default();
        let (one, other) = (codes(&[0.0, 2.0, 10.0, 12.0]), codes(&[5.0, 9.0]));
        let mean = |fits: &mut Fits, codes| fits.gaussian(codes).expect("fitted").mean[0];
        assert_eq!((mean(&mut fits, &one), mean(&mut fits, &other)), (6.0, 7.0));
        let mixture = fits.mixture(&one, 2, &|| true).expect("fitted");
        assert_eq!(fits.mixture.as_ref().map(|(components, _)| *components), Some(2));
        assert_eq!(fits.mixture(&one, 2, &|| false).expect("known"), mixture);
        fits.mixture(&one, 1, &|| false).expect("given up");
        assert_eq!(fits.mixture.as_ref().map(|(components, _)| *components), Some(2));
        assert_eq!(mean(&mut fits, &other), 7.0);
        assert!(fits.mixture.is_none(), "of other codes");
    }
}
