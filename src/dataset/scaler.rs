use super::Rows;
use super::fit::unit_factor;

/// What is done to a value when it is gathered: `(value − offset) · factor`, fitted on the training split.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaler {
    /// One offset for all features, or one a feature, or one a channel; always cycled over the features of a row.
    pub offsets: Vec<f32>,
    /// As many factors, none of them zero.
    pub factors: Vec<f32>,
}

impl Scaler {
    /// Leaves every value as it is.
    pub fn identity() -> Scaler {
        Scaler::uniform(0.0, 1.0)
    }

    /// The same offset and factor for every feature.
    pub fn uniform(offset: f32, factor: f32) -> Scaler {
        Scaler { offsets: vec![offset], factors: vec![factor] }
    }

    /// This scaler for other rows than it was fitted on: one that brings the range of bytes to [0, 1] brings that of 16 bits
    /// there where they are pixels of 16 bits. Any other stays.
    #[must_use]
    pub fn for_rows(self, rows: &Rows) -> Scaler {
        let of_type = |most: f32| Scaler::uniform(0.0, unit_factor(0.0, most));
        match rows {
            Rows::U16(_) if self == of_type(255.0) => of_type(65_535.0),
            Rows::U8(_) | Rows::U16(_) | Rows::F32(_) => self,
        }
    }

    /// Scales one row of bytes into `out`, which is as long.
    pub fn scale_u8(&self, row: &[u8], out: &mut [f32]) {
        self.scale(row, out, |&value| f32::from(value));
    }

    /// Scales one row of words into `out`, which is as long.
    pub fn scale_u16(&self, row: &[u16], out: &mut [f32]) {
        self.scale(row, out, |&value| f32::from(value));
    }

    /// Scales one row of numbers into `out`, which is as long.
    pub fn scale_f32(&self, row: &[f32], out: &mut [f32]) {
        self.scale(row, out, |&value| value);
    }

    /// The value before scaling, of feature `feature`.
    pub fn unscale(&self, feature: usize, scaled: f32) -> f32 {
        let at = feature % self.offsets.len();
        scaled / self.factors[at] + self.offsets[at]
    }

    // Runs in the training loop: every branch walks plain slices, so that it becomes vector instructions.
    #[inline]
    fn scale<T>(&self, row: &[T], out: &mut [f32], number: impl Fn(&T) -> f32) {
        if let ([offset], [factor]) = (&self.offsets[..], &self.factors[..]) {
            for (out, value) in out.iter_mut().zip(row) {
                *out = (number(value) - offset) * factor;
            }
        } else if let (&[r, g, b], &[fr, fg, fb]) = (&self.offsets[..], &self.factors[..]) {
            // Colour pictures: a pixel of known length keeps the loop free of inner loops.
            for (out, value) in out.as_chunks_mut::<3>().0.iter_mut().zip(row.as_chunks::<3>().0) {
                out[0] = (number(&value[0]) - r) * fr;
                out[1] = (number(&value[1]) - g) * fg;
                out[2] = (number(&value[2]) - b) * fb;
            }
        } else {
            let period = self.offsets.len().max(1);
            for (out, row) in out.chunks_mut(period).zip(row.chunks(period)) {
                let pairs = self.offsets.iter().zip(&self.factors);
                for ((out, value), (offset, factor)) in out.iter_mut().zip(row).zip(pairs) {
                    *out = (number(value) - offset) * factor;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_of_16_bits_are_seen_as_those_of_8_were() {
        let bytes = Scaler::uniform(0.0, unit_factor(0.0, 255.0));
        let words = Rows::U16(vec![257]);
        let mut out = [[0.0; 2]; 2];
        bytes.scale_u8(&[1, 255], &mut out[0]);
        bytes.clone().for_rows(&words).scale_u16(&[257, 65_535], &mut out[1]);
        assert!(out[0].iter().zip(out[1]).all(|(a, b)| (a - b).abs() < 1e-6), "{out:?}");
        assert_eq!(bytes.clone().for_rows(&Rows::U8(vec![1])), bytes);
        let own = Scaler::uniform(3.0, 0.5);
        assert_eq!(own.clone().for_rows(&words), own);
    }

    #[test]
    fn scales_by_one_pair_by_channel_and_by_feature() {
        let row = [1_u8, 2, 3, 4, 5, 6];
        let check = |offsets: &[f32], expected: [f32; 6]| {
            let scaler = Scaler { offsets: offsets.to_vec(), factors: vec![0.5; offsets.len()] };
            let mut out = [0.0; 6];
            scaler.scale_u8(&row, &mut out);
            assert_eq!(out, expected);
            let numbers = row.map(f32::from);
            scaler.scale_f32(&numbers, &mut out);
            assert_eq!(out, expected);
            for (feature, value) in numbers.into_iter().enumerate() {
                assert_eq!(scaler.unscale(feature, out[feature]), value);
            }
        };
        check(&[1.0], [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]);
        check(&[0.0, 1.0], [0.5, 0.5, 1.5, 1.5, 2.5, 2.5]);
        check(&[0.0, 1.0, 2.0], [0.5, 0.5, 0.5, 2.0, 2.0, 2.0]);
        check(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [0.0; 6]);
    }
}
