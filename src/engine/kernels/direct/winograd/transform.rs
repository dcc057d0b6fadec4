//! The transforms of F(4×4, 3×3): linear maps along a line of values, applied to rows and then to
//! columns.
//!
//! Four outputs of a filter with three taps are a polynomial product, found from its values at the
//! points 0, 1, −1, 2, −2 and ∞: six multiplications instead of twelve. In the notation of Lavin &
//! Gray (2016, "Fast algorithms for convolutional neural networks", §4.3),
//! `y = Aᵀ [(G w) ⊙ (Bᵀ x)]`.

#![allow(
    clippy::needless_range_loop,
    reason = "loops over arrays in registers are unrolled whole, which iterators are not always"
)]

use pulp::{Arch, Simd, WithSimd};

use crate::check::sizes::WINOGRAD_BLOCK;

/// Lines are multiples of this: of the lanes of every vector.
pub(super) const LINE: usize = 16;
/// Side of a block of outputs.
pub(super) const BLOCK: usize = WINOGRAD_BLOCK;
/// Side of the kernel.
pub(super) const TAPS: usize = 3;
/// Side of the inputs of a block, and of the transformed block.
pub(super) const SIDE: usize = BLOCK + TAPS - 1;

/// A linear map from a line of `FROM` vectors to one of `TO`.
pub(super) trait Map<const FROM: usize, const TO: usize> {
    fn map<S: Simd>(simd: S, from: [S::f32s; FROM]) -> [S::f32s; TO];
}

/// `Bᵀ x`: the inputs of a block.
pub(super) struct Input;
/// `G w`: the kernel.
pub(super) struct Kernel;
/// `Aᵀ m`: the outputs of a block from its products.
pub(super) struct Output;
/// `A dy`, the transpose of [`Output`]: the gradient of the products.
pub(super) struct OutputGradient;
/// `Gᵀ g`, the transpose of [`Kernel`]: the gradient of the kernel.
pub(super) struct KernelGradient;

impl Map<SIDE, SIDE> for Input {
    #[inline(always)]
    fn map<S: Simd>(simd: S, x: [S::f32s; SIDE]) -> [S::f32s; SIDE] {
        let even = plus(simd, -4.0, x[2], x[4]);
        let odd = plus(simd, -4.0, x[1], x[3]);
        let wide = simd.sub_f32s(x[4], x[2]);
        let twice = times(simd, 2.0, simd.sub_f32s(x[3], x[1]));
        [
            plus(simd, 4.0, x[0], plus(simd, -5.0, x[2], x[4])),
            simd.add_f32s(even, odd),
            simd.sub_f32s(even, odd),
            simd.add_f32s(wide, twice),
            simd.sub_f32s(wide, twice),
            plus(simd, 4.0, x[1], plus(simd, -5.0, x[3], x[5])),
        ]
    }
}

impl Map<TAPS, SIDE> for Kernel {
    #[inline(always)]
    fn map<S: Simd>(simd: S, w: [S::f32s; TAPS]) -> [S::f32s; SIDE] {
        let near = simd.add_f32s(w[0], w[2]);
        let far = plus(simd, 1.0 / 24.0, w[0], times(simd, 1.0 / 6.0, w[2]));
        let middle = times(simd, 1.0 / 12.0, w[1]);
        [
            times(simd, 0.25, w[0]),
            times(simd, -1.0 / 6.0, simd.add_f32s(near, w[1])),
            times(simd, -1.0 / 6.0, simd.sub_f32s(near, w[1])),
            simd.add_f32s(far, middle),
            simd.sub_f32s(far, middle),
            w[2],
        ]
    }
}

impl Map<SIDE, BLOCK> for Output {
    #[inline(always)]
    fn map<S: Simd>(simd: S, m: [S::f32s; SIDE]) -> [S::f32s; BLOCK] {
        let (near, far) = (simd.add_f32s(m[1], m[2]), simd.add_f32s(m[3], m[4]));
        let (near_odd, far_odd) = (simd.sub_f32s(m[1], m[2]), simd.sub_f32s(m[3], m[4]));
        [
            simd.add_f32s(m[0], simd.add_f32s(near, far)),
            plus(simd, 2.0, far_odd, near_odd),
            plus(simd, 4.0, far, near),
            simd.add_f32s(plus(simd, 8.0, far_odd, near_odd), m[5]),
        ]
    }
}

impl Map<BLOCK, SIDE> for OutputGradient {
    #[inline(always)]
    fn map<S: Simd>(simd: S, dy: [S::f32s; BLOCK]) -> [S::f32s; SIDE] {
        let (even, odd) = (simd.add_f32s(dy[0], dy[2]), simd.add_f32s(dy[1], dy[3]));
        let even_far = plus(simd, 4.0, dy[2], dy[0]);
        let odd_far = plus(simd, 8.0, dy[3], times(simd, 2.0, dy[1]));
        [
            dy[0],
            simd.add_f32s(even, odd),
            simd.sub_f32s(even, odd),
            simd.add_f32s(even_far, odd_far),
            simd.sub_f32s(even_far, odd_far),
            dy[3],
        ]
    }
}

impl Map<SIDE, TAPS> for KernelGradient {
    #[inline(always)]
    fn map<S: Simd>(simd: S, g: [S::f32s; SIDE]) -> [S::f32s; TAPS] {
        let (near, far) = (simd.add_f32s(g[1], g[2]), simd.add_f32s(g[3], g[4]));
        let first = plus(simd, -1.0 / 6.0, near, times(simd, 1.0 / 24.0, far));
        let middle = times(simd, 1.0 / 12.0, simd.sub_f32s(g[3], g[4]));
        [
            plus(simd, 0.25, g[0], first),
            plus(simd, 1.0 / 6.0, simd.sub_f32s(g[2], g[1]), middle),
            plus(simd, 1.0 / 6.0, simd.sub_f32s(far, near), g[5]),
        ]
    }
}

/// `factor · a`
#[inline(always)]
fn times<S: Simd>(simd: S, factor: f32, a: S::f32s) -> S::f32s {
    simd.mul_f32s(simd.splat_f32s(factor), a)
}

/// `factor · a + b`
#[inline(always)]
fn plus<S: Simd>(simd: S, factor: f32, a: S::f32s, b: S::f32s) -> S::f32s {
    let factor = simd.splat_f32s(factor);
    if S::IS_SCALAR { simd.add_f32s(simd.mul_f32s(factor, a), b) } else { simd.mul_add_f32s(factor, a, b) }
}

/// Reads a line of values (one for each channel) at each of `FROM × FROM` places, maps the rows of
/// places and then the columns, and writes the results to `to`, or adds them: the line of place
/// (i, j) from `offset + i · steps.0 + j · steps.1` on.
///
/// # Panics
/// If lines differ in length, if their length is not a multiple of [`LINE`], or if `to` is too short.
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
    let map = std::marker::PhantomData::<M>;
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
    map: std::marker::PhantomData<M>,
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
mod tests {
    use pulp::Scalar;

    use super::*;

    /// A map as a matrix: its results for the unit vectors, one column each.
    fn matrix<M: Map<FROM, TO>, const FROM: usize, const TO: usize>() -> [[f64; FROM]; TO] {
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

    #[test]
    fn the_maps_compute_a_convolution() {
        // Each output y[o] must be Σ w[t] x[o + t]: the coefficient of w[t] x[i] is 1 at i = o + t.
        let input = matrix::<Input, SIDE, SIDE>();
        let (kernel, output) = (matrix::<Kernel, TAPS, SIDE>(), matrix::<Output, SIDE, BLOCK>());
        for o in 0..BLOCK {
            for t in 0..TAPS {
                for i in 0..SIDE {
                    let found: f64 = (0..SIDE).map(|p| output[o][p] * kernel[p][t] * input[p][i]).sum();
                    let expected = f64::from(u8::from(i == o + t));
                    assert!((found - expected).abs() < 1e-6, "{o} {t} {i}: {found}");
                }
            }
        }
    }

    #[test]
    fn gradients_are_transposes() {
        let (output, back) = (matrix::<Output, SIDE, BLOCK>(), matrix::<OutputGradient, BLOCK, SIDE>());
        for o in 0..BLOCK {
            for p in 0..SIDE {
                assert!((output[o][p] - back[p][o]).abs() < 1e-7);
            }
        }
        let (kernel, back) = (matrix::<Kernel, TAPS, SIDE>(), matrix::<KernelGradient, SIDE, TAPS>());
        for p in 0..SIDE {
            for t in 0..TAPS {
                assert!((kernel[p][t] - back[t][p]).abs() < 1e-7);
            }
        }
    }

    #[test]
    fn rows_and_columns_are_mapped_alike() {
        // M X Mᵀ with the matrix M of `OutputGradient`, for two channels' worth of lanes.
        let m = matrix::<OutputGradient, BLOCK, SIDE>();
        let lines: Vec<[f32; LINE]> = (0..16)
            .map(|place| std::array::from_fn(|lane| (place * 3 + lane * 7 % 5) as f32 - 9.0))
            .collect();
        let from: [[&[f32]; BLOCK]; BLOCK] =
            std::array::from_fn(|i| std::array::from_fn(|j| &lines[i * BLOCK + j][..]));
        let mut to = vec![1.0; 3 + SIDE * 130];
        along_both::<OutputGradient, BLOCK, SIDE>(&from, &mut to, (3, (130, 20)), true);
        for i in 0..SIDE {
            for j in 0..SIDE {
                for lane in 0..LINE {
                    let sum: f64 = (0..16)
                        .map(|place| {
                            let (k, l) = (place / BLOCK, place % BLOCK);
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
