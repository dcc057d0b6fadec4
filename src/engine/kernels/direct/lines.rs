//! Linear maps along lines of places, each with a value per channel, as Winograd's algorithms need
//! them.

#![allow(
    clippy::needless_range_loop,
    reason = "loops over arrays in registers are unrolled whole, which iterators are not always"
)]

use std::marker::PhantomData;

use pulp::{Arch, Simd, WithSimd};

/// Lines are multiples of this: of the lanes of every vector.
pub(super) const LINE: usize = 16;

/// A linear map from a line of `FROM` vectors to one of `TO`.
pub(super) trait Map<const FROM: usize, const TO: usize> {
    fn map<S: Simd>(simd: S, from: [S::f32s; FROM]) -> [S::f32s; TO];
}

/// `factor · a`
#[inline(always)]
pub(super) fn times<S: Simd>(simd: S, factor: f32, a: S::f32s) -> S::f32s {
    simd.mul_f32s(simd.splat_f32s(factor), a)
}

/// `factor · a + b`
#[inline(always)]
pub(super) fn plus<S: Simd>(simd: S, factor: f32, a: S::f32s, b: S::f32s) -> S::f32s {
    let factor = simd.splat_f32s(factor);
    if S::IS_SCALAR { simd.add_f32s(simd.mul_f32s(factor, a), b) } else { simd.mul_add_f32s(factor, a, b) }
}

/// Reads a line of values (one for each channel) at each of `FROM` places, maps them, and writes
/// the results to `to`, or adds them, each `step` values after the one before.
///
/// # Panics
/// If lines differ in length, if their length is not a multiple of [`LINE`], or if `to` is too
/// short.
pub(super) fn along<M, const FROM: usize, const TO: usize>(
    from: &[&[f32]; FROM],
    to: &mut [f32],
    step: usize,
    adds: bool,
) where
    M: Map<FROM, TO>,
{
    let len = from[0].len();
    assert!(from.iter().all(|line| line.len() == len) && len.is_multiple_of(LINE), "unequal lines");
    assert!((TO - 1) * step + len <= to.len(), "the result does not fit");
    Arch::new().dispatch(Along { from, to, step, len, adds, map: PhantomData::<M> });
}

struct Along<'a, M, const FROM: usize, const TO: usize> {
    from: &'a [&'a [f32]; FROM],
    to: &'a mut [f32],
    step: usize,
    len: usize,
    adds: bool,
    map: PhantomData<M>,
}

impl<M: Map<FROM, TO>, const FROM: usize, const TO: usize> WithSimd for Along<'_, M, FROM, TO> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (zero, to) = (simd.splat_f32s(0.0), self.to.as_mut_ptr());
        for first in (0..self.len).step_by(S::F32_LANES) {
            let mut line = [zero; FROM];
            for i in 0..FROM {
                let read = self.from[i].as_ptr().wrapping_add(first);
                // SAFETY: all lines are `len` long, a multiple of [`LINE`] and so of the lanes:
                // `along` has checked it.
                line[i] = unsafe { read.cast::<S::f32s>().read_unaligned() };
            }
            let line = M::map(simd, line);
            for i in 0..TO {
                let write = to.wrapping_add(i * self.step + first).cast::<S::f32s>();
                // SAFETY: `along` has checked that the last line ends inside `to`, which is
                // borrowed here; lines are as long as above.
                unsafe {
                    let value =
                        if self.adds { simd.add_f32s(write.read_unaligned(), line[i]) } else { line[i] };
                    write.write_unaligned(value);
                }
            }
        }
    }
}

/// Reads a line of values (one for each channel) at each of `FROM × FROM` places, maps the rows of
/// places and then the columns, and writes the results to `to`, or adds them: the line of place
/// (i, j) from `offset + i · steps.0 + j · steps.1` on.
///
/// # Panics
/// If lines differ in length, if their length is not a multiple of [`LINE`], or if `to` is too
/// short.
pub(super) fn along_both<M, const FROM: usize, const TO: usize>(
    from: &[[&[f32]; FROM]; FROM],
    to: &mut [f32],
    (offset, steps): (usize, (usize, usize)),
    adds: bool,
) where
    M: Map<FROM, TO>,
{
    let len = from[0][0].len();
    assert!(from.iter().flatten().all(|line| line.len() == len) && len.is_multiple_of(LINE), "unequal lines");
    let end = offset + (TO - 1) * (steps.0 + steps.1) + len;
    assert!(end <= to.len(), "the result does not fit");
    let map = PhantomData::<M>;
    Arch::new().dispatch(AlongBoth { from, to: &mut to[offset..], steps, len, adds, map });
}

/// Vectors that no cache line cuts in two.
#[repr(align(64))]
struct Aligned<T>(T);

struct AlongBoth<'a, M, const FROM: usize, const TO: usize> {
    from: &'a [[&'a [f32]; FROM]; FROM],
    to: &'a mut [f32],
    steps: (usize, usize),
    len: usize,
    adds: bool,
    map: PhantomData<M>,
}

impl<M: Map<FROM, TO>, const FROM: usize, const TO: usize> WithSimd for AlongBoth<'_, M, FROM, TO> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (zero, to) = (simd.splat_f32s(0.0), self.to.as_mut_ptr());
        // Filled once: clearing it for each vector would cost as much as the map.
        let Aligned(rows) = &mut Aligned([[zero; TO]; FROM]);
        for first in (0..self.len).step_by(S::F32_LANES) {
            for i in 0..FROM {
                let mut row = [zero; FROM];
                for j in 0..FROM {
                    let read = self.from[i][j].as_ptr().wrapping_add(first);
                    // SAFETY: all lines are `len` long, a multiple of [`LINE`] and so of the lanes:
                    // `along_both` has checked it.
                    row[j] = unsafe { read.cast::<S::f32s>().read_unaligned() };
                }
                rows[i] = M::map(simd, row);
            }
            for j in 0..TO {
                let mut column = [zero; FROM];
                for i in 0..FROM {
                    column[i] = rows[i][j];
                }
                let column = M::map(simd, column);
                for i in 0..TO {
                    let write =
                        to.wrapping_add(i * self.steps.0 + j * self.steps.1 + first).cast::<S::f32s>();
                    // SAFETY: `along_both` has checked that the last line ends inside `to`, which
                    // is borrowed here; lines are as long as above.
                    unsafe {
                        let value = column[i];
                        let value =
                            if self.adds { simd.add_f32s(write.read_unaligned(), value) } else { value };
                        write.write_unaligned(value);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use pulp::Scalar;

    use super::*;

    /// A map as a matrix: its results for the unit vectors, one column each.
    pub fn matrix<M: Map<FROM, TO>, const FROM: usize, const TO: usize>() -> [[f64; FROM]; TO] {
        let mut matrix = [[0.0; FROM]; TO];
        for column in 0..FROM {
            let mut unit = [0.0; FROM];
            unit[column] = 1.0;
            for (row, value) in M::map(Scalar::new(), unit).into_iter().enumerate() {
                matrix[row][column] = f64::from(value);
            }
        }
        matrix
    }

    /// Differences of neighbours, and their sum.
    struct Differences;

    impl Map<3, 4> for Differences {
        #[inline(always)]
        fn map<S: Simd>(simd: S, x: [S::f32s; 3]) -> [S::f32s; 4] {
            let (first, second) = (simd.sub_f32s(x[1], x[0]), simd.sub_f32s(x[2], x[1]));
            [first, second, times(simd, 2.0, x[0]), plus(simd, -3.0, x[1], x[2])]
        }
    }

    /// The value of a lane at a place.
    fn value(place: usize, lane: usize) -> f32 {
        (place * 3 + lane * 7 % 5) as f32 - 9.0
    }

    #[test]
    fn lines_are_mapped_lane_by_lane() {
        let m = matrix::<Differences, 3, 4>();
        let lines: [[f32; 2 * LINE]; 3] =
            std::array::from_fn(|place| std::array::from_fn(|lane| value(place, lane)));
        for adds in [false, true] {
            let mut to = vec![1.0; 3 * 40 + 2 * LINE];
            along::<Differences, 3, 4>(&lines.each_ref().map(|line| &line[..]), &mut to, 40, adds);
            for (i, row) in m.iter().enumerate() {
                for lane in 0..2 * LINE {
                    let sum: f64 = (0..3).map(|place| row[place] * f64::from(value(place, lane))).sum();
                    let found = f64::from(to[i * 40 + lane]);
                    assert!((found - sum - f64::from(u8::from(adds))).abs() < 1e-4, "{i} {lane}: {found}");
                }
            }
            assert_eq!(to[2 * LINE], 1.0, "values between lines are left alone");
        }
    }

    #[test]
    fn rows_and_columns_are_mapped_alike() {
        // M X Mᵀ with the matrix M of `Differences`, for two channels' worth of lanes.
        let m = matrix::<Differences, 3, 4>();
        let lines: Vec<[f32; LINE]> =
            (0..9).map(|place| std::array::from_fn(|lane| value(place, lane))).collect();
        let from: [[&[f32]; 3]; 3] = std::array::from_fn(|i| std::array::from_fn(|j| &lines[i * 3 + j][..]));
        let mut to = vec![1.0; 3 + 4 * 130];
        along_both::<Differences, 3, 4>(&from, &mut to, (3, (130, 20)), true);
        for i in 0..4 {
            for j in 0..4 {
                for lane in 0..LINE {
                    let sum: f64 = (0..9)
                        .map(|place| {
                            let (k, l) = (place / 3, place % 3);
                            m[i][k] * f64::from(lines[place][lane]) * m[j][l]
                        })
                        .sum();
                    let found = f64::from(to[3 + i * 130 + j * 20 + lane]);
                    assert!((found - sum - 1.0).abs() < 1e-3, "{i} {j} {lane}: {found} {sum}");
                }
            }
        }
    }
}
