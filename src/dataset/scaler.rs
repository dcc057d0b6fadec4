/// What is done to a value when it is gathered: `(value − offset) · factor`, fitted on the training split.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaler {
    /// One offset for all features, or one a feature, or one a channel; always cycled over the features of a row.
    pub offsets: Vec<f32>,
    /// As many factors.
    pub factors: Vec<f32>,
}

impl Scaler {
    /// Leaves every value as it is.
    pub fn identity() -> Scaler {
        Scaler { offsets: vec![0.0], factors: vec![1.0] }
    }

    /// Scales one row of bytes.
    pub fn scale_u8(&self, row: &[u8], out: &mut [f32]) {
        self.scale(row.iter().map(|&value| f32::from(value)), out);
    }

    /// Scales one row of numbers.
    pub fn scale_f32(&self, row: &[f32], out: &mut [f32]) {
        self.scale(row.iter().copied(), out);
    }

    /// The value before scaling, of feature `feature`.
    pub fn unscale(&self, feature: usize, scaled: f32) -> f32 {
        let at = feature % self.offsets.len();
        scaled / self.factors[at] + self.offsets[at]
    }

    fn scale(&self, row: impl Iterator<Item = f32>, out: &mut [f32]) {
        if let ([offset], [factor]) = (&self.offsets[..], &self.factors[..]) {
            for (out, value) in out.iter_mut().zip(row) {
                *out = (value - offset) * factor;
            }
        } else {
            let pairs = self.offsets.iter().zip(&self.factors).cycle();
            for ((out, value), (offset, factor)) in out.iter_mut().zip(row).zip(pairs) {
                *out = (value - offset) * factor;
            }
        }
    }
}
