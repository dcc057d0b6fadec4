use serde::{Deserialize, Serialize};

use super::{Depth, Rows};
use crate::project::Alpha;

/// Decisions about the pictures of a folder that are based on all of them, where nothing was
/// chosen.
///
/// Kept with a run, so that later pictures are read like those it was trained on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settled {
    /// The background of transparent parts, black or white. `None` if it was chosen, or nothing was
    /// transparent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ground: Option<Alpha>,
    /// The values below and above which pixels were clipped. `None` if none were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<[f32; 2]>,
    /// The value of white. `None` if it is the largest of the pixel type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub white: Option<u16>,
}

impl Settled {
    /// Whether nothing was decided.
    pub fn is_empty(&self) -> bool {
        *self == Settled::default()
    }

    /// The background, if it is one that is chosen automatically.
    pub(super) fn ground(&self) -> Option<Alpha> {
        self.ground.filter(|ground| matches!(ground, Alpha::Black | Alpha::White))
    }

    /// The limits of values of `depth` converted to other pictures, whose white is `white` if it is
    /// not the largest of their type.
    pub(super) fn limits_of(
        &self,
        depth: Option<Depth>,
        white: Option<u16>,
        rows: &Rows,
    ) -> Option<[f32; 2]> {
        let is_valid = |[low, high]: &[f32; 2]| low.is_finite() && high.is_finite() && low <= high;
        let ratio = depth.and_then(|depth| white_ratio(depth, [self.white, white], rows)).unwrap_or(1.0);
        self.limits.filter(is_valid).map(|limits| limits.map(|limit| limit * ratio))
    }
}

/// Ratio of the white of `rows` to that of pixels of depth `fitted`; both whites are given if they
/// are not the largest values of their types. `None` if unknown: floats beyond 0 to 1 have another
/// white.
pub(super) fn white_ratio(fitted: Depth, [before, now]: [Option<u16>; 2], rows: &Rows) -> Option<f32> {
    let has_white = match rows {
        Rows::U8(_) | Rows::U16(_) => true,
        Rows::F32(values) => fitted == Depth::Float || values.iter().all(|value| (0.0..=1.0).contains(value)),
    };
    has_white.then(|| white_of(Depth::of(rows), now) / white_of(fitted, before))
}

/// The value of white: as given, or the largest of the type.
pub(super) fn white_of(depth: Depth, known: Option<u16>) -> f32 {
    match (known, depth) {
        (Some(known @ 1..), Depth::Byte | Depth::Word) => f32::from(known),
        (_, Depth::Byte) => 255.0,
        (_, Depth::Word) => 65_535.0,
        (_, Depth::Float) => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_those_of_the_same_brightness() {
        let check = |limits, white, rows: Rows, own_white, expected| {
            let settled = Settled { limits: Some(limits), white, ground: None };
            assert_eq!(settled.limits_of(Some(Depth::Word), own_white, &rows), expected, "{rows:?}");
        };
        let (bytes, words) = (|| Rows::U8(vec![1]), || Rows::U16(vec![1]));
        check([10.0, 20.0], None, words(), None, Some([10.0, 20.0]));
        check([257.0, 514.0], None, bytes(), None, Some([1.0, 2.0]));
        check([100.0, 200.0], Some(1000), words(), Some(1000), Some([100.0, 200.0]));
        check([100.0, 200.0], Some(1000), words(), Some(500), Some([50.0, 100.0]));
        check([100.0, 500.0], Some(1000), Rows::F32(vec![0.5]), None, Some([0.1, 0.5]));
        check([100.0, 500.0], Some(1000), Rows::F32(vec![7.0]), None, Some([100.0, 500.0]));
        check([f32::NAN, 500.0], None, words(), None, None);
        check([9.0, 3.0], None, words(), None, None);
        let odd = Settled { ground: Some(Alpha::Keep), ..Settled::default() };
        assert_eq!((odd.ground(), odd.is_empty()), (None, false));
    }
}
