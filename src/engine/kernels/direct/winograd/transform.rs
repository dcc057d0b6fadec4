//! The transforms of F(4×4, 3×3): linear maps along a line of values, applied to rows and then to
//! columns.
//!
//! Four outputs of a filter with three taps are a polynomial product, found from its values at the
//! points 0, 1, −1, 2, −2 and ∞: six multiplications instead of twelve. In the notation of Lavin &
//! Gray (2016, "Fast algorithms for convolutional neural networks", §4.3),
//! `y = Aᵀ [(G w) ⊙ (Bᵀ x)]`.

use pulp::Simd;

use crate::check::sizes::WINOGRAD_BLOCK;
use crate::engine::kernels::direct::lines::{Map, plus, times};

/// Side of a block of outputs.
pub(super) const BLOCK: usize = WINOGRAD_BLOCK;
/// Side of the kernel.
pub(super) const TAPS: usize = 3;
/// Side of the inputs of a block, and of the transformed block.
pub(super) const SIDE: usize = BLOCK + TAPS - 1;

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

#[cfg(test)]
mod tests {
    #![allow(clippy::needless_range_loop, reason = "indices are those of the formulas")]

    use super::*;
    use crate::engine::kernels::direct::lines::tests::matrix;

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
}
