use super::fit::unit_factor;
use super::settled::{white_of, white_ratio};
use super::{Depth, Rows};

/// The affine map applied to gathered values: `(value − offset) · factor`, fitted on the training
/// split.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaler {
    /// One offset for all features, one per feature, or one per channel; always cycled over the
    /// features of a row.
    pub offsets: Vec<f32>,
    /// As many factors, none of them zero.
    pub factors: Vec<f32>,
}

impl Scaler {
    /// Leaves all values unchanged.
    pub fn identity() -> Scaler {
        Scaler::uniform(0.0, 1.0)
    }

    /// One offset and factor for every feature.
    pub fn uniform(offset: f32, factor: f32) -> Scaler {
        Scaler { offsets: vec![offset], factors: vec![factor] }
    }

    /// This scaler, fitted on pixels of depth `fitted`, adapted to other pictures: black and white
    /// are the same in 8 bits, in 16 bits, and in floats from 0 to 1. `whites` are the values of
    /// white, of the fitted and of the other pictures, if they are not the largest of their types.
    /// If the depth is unknown, only a scaler that maps the range of bytes to [0, 1] reveals it;
    /// any other is unchanged.
    #[must_use]
    pub fn for_pictures(self, fitted: Option<Depth>, whites: [Option<u16>; 2], rows: &Rows) -> Scaler {
        let of_type = |most: f32| Scaler::uniform(0.0, unit_factor(0.0, most));
        let Some(fitted) = fitted.or_else(|| (self == of_type(255.0)).then_some(Depth::Byte)) else {
            return self;
        };
        let (before, now) = (white_of(fitted, whites[0]), white_of(Depth::of(rows), whites[1]));
        if before == now || white_ratio(fitted, whites, rows).is_none() {
            return self;
        }
        if self == of_type(before) {
            return of_type(now);
        }
        let factor = |factor: f32| (factor * (before / now)).clamp(-f32::MAX, f32::MAX);
        Scaler {
            offsets: self.offsets.into_iter().map(|offset| offset * (now / before)).collect(),
            factors: self.factors.into_iter().map(factor).collect(),
        }
    }

    /// Scales one row of bytes into `out`, of the same length.
    pub fn scale_u8(&self, row: &[u8], out: &mut [f32]) {
        self.scale(row, out, |&value| f32::from(value));
    }

    /// Scales one row of words into `out`, of the same length.
    pub fn scale_u16(&self, row: &[u16], out: &mut [f32]) {
        self.scale(row, out, |&value| f32::from(value));
    }

    /// Scales one row of floats into `out`, of the same length.
    pub fn scale_f32(&self, row: &[f32], out: &mut [f32]) {
        self.scale(row, out, |&value| value);
    }

    /// The unscaled value of a feature.
    pub fn unscale(&self, feature: usize, scaled: f32) -> f32 {
        let at = feature % self.offsets.len();
        scaled / self.factors[at] + self.offsets[at]
    }

    // Runs in the training loop: every branch iterates over plain slices, so that it vectorises.
    #[inline]
    fn scale<T>(&self, row: &[T], out: &mut [f32], number: impl Fn(&T) -> f32) {
        if let ([offset], [factor]) = (&self.offsets[..], &self.factors[..]) {
            for (out, value) in out.iter_mut().zip(row) {
                *out = (number(value) - offset) * factor;
            }
        } else if let (&[r, g, b], &[fr, fg, fb]) = (&self.offsets[..], &self.factors[..]) {
            // Colour pictures: a fixed pixel length avoids inner loops.
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
    fn pictures_of_any_depth_are_seen_as_those_of_training_were() {
        let check_white = |scaler: Scaler, fitted, whites, rows: Rows, expected: [f32; 2]| {
            let (scaler, mut out) = (scaler.for_pictures(fitted, whites, &rows), [0.0; 2]);
            match &rows {
                Rows::U8(row) => scaler.scale_u8(row, &mut out),
                Rows::U16(row) => scaler.scale_u16(row, &mut out),
                Rows::F32(row) => scaler.scale_f32(row, &mut out),
            }
            assert!(
                out.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5),
                "{fitted:?} {rows:?}: {out:?}"
            );
        };
        let check = |scaler, fitted, rows, expected| check_white(scaler, fitted, [None; 2], rows, expected);
        let ten_bits = || Scaler::uniform(0.0, unit_factor(0.0, 1023.0));
        for (white, rows) in [
            (Some(1023), Rows::U16(vec![0, 1023])),
            (None, Rows::U16(vec![0, 65_535])),
            (None, Rows::U8(vec![0, 255])),
            (Some(100), Rows::U8(vec![0, 100])),
        ] {
            check_white(ten_bits(), Some(Depth::Word), [Some(1023), white], rows, [0.0, 1.0]);
        }
        let bytes = || Scaler::uniform(0.0, unit_factor(0.0, 255.0));
        let words = || Rows::U16(vec![257, 65_535]);
        check(bytes(), Some(Depth::Byte), words(), [1.0 / 255.0, 1.0]);
        check(bytes(), None, words(), [1.0 / 255.0, 1.0]);
        check(bytes(), Some(Depth::Byte), Rows::F32(vec![0.0, 1.0]), [0.0, 1.0]);
        check(bytes(), Some(Depth::Byte), Rows::F32(vec![51.0, 255.0]), [0.2, 1.0]);
        // Fitted on 16-bit values from 2570 to 28270.
        let own = || Scaler::uniform(2570.0, 1.0 / 25_700.0);
        check(own(), Some(Depth::Word), Rows::U8(vec![10, 110]), [0.0, 1.0]);
        check(own(), Some(Depth::Word), Rows::U16(vec![2570, 28_270]), [0.0, 1.0]);
        check(own(), None, Rows::U16(vec![2570, 28_270]), [0.0, 1.0]);
        check(Scaler::uniform(0.2, 2.0), Some(Depth::Float), Rows::U8(vec![51, 255]), [0.0, 1.6]);
        check(Scaler::uniform(0.2, 2.0), Some(Depth::Float), Rows::U16(vec![13_107, 65_535]), [0.0, 1.6]);
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
