//! The maps of minimal filtering with three taps and stride 2.
//!
//! The outer taps of the kernel meet every second place of the large line, the middle tap the
//! places between. Four places of the small line are a product of polynomials from the outer taps,
//! found from its values at the points 0, 1, −1, 2 and ∞, plus four products with the middle tap:
//! nine multiplications instead of twelve. From the small line to the large one it is the same with
//! the taps in reverse order. The transformed line has the five points first, then the four places
//! of the middle tap.

use pulp::Simd;

use crate::check::sizes::{STRIP, STRIP_PLACES, STRIP_SUMS};
use crate::engine::kernels::direct::lines::{Map, plus, times};

/// Taps of the kernel.
pub(super) const TAPS: usize = 3;
/// Points at which products of polynomials are computed.
pub(super) const POINTS: usize = BLOCK + 1;
/// Places of the transformed kernel: the points, and the middle tap.
pub(super) const WEIGHTS: usize = POINTS + 1;
/// Places of the small line in a strip.
pub(super) const BLOCK: usize = STRIP;
/// Places of the large line in a strip.
pub(super) const WIDE: usize = 2 * BLOCK;
/// Places of the large line that a strip of the small one reads.
pub(super) const READ: usize = WIDE + 1;
/// Places of the small line that a strip of the large one reads.
pub(super) const FEW: usize = BLOCK + 1;
/// Places of a transformed strip.
pub(super) const SIDE: usize = STRIP_PLACES;
/// Sums of products for the small line: those of the points, and two of the middle tap.
pub(super) const SUMS: usize = STRIP_SUMS;
/// To which sum for the small line the products with the middle tap are added.
pub(super) const MIDDLE_SUMS: [usize; BLOCK] = [0, POINTS, POINTS + 1, POINTS - 1];

/// The kernel.
pub(super) struct Kernel;
/// From the large line.
pub(super) struct Down;
/// To the small line, from sums of products.
pub(super) struct Small;
/// From the small line, if the kernel starts `BEFORE` places before the large one.
pub(super) struct Up<const BEFORE: usize>;
/// To the large line, from products.
pub(super) struct Large<const BEFORE: usize>;

impl Map<TAPS, WEIGHTS> for Kernel {
    #[inline(always)]
    fn map<S: Simd>(simd: S, w: [S::f32s; TAPS]) -> [S::f32s; WEIGHTS] {
        [
            times(simd, 0.5, w[0]),
            times(simd, -0.5, simd.add_f32s(w[0], w[2])),
            times(simd, 1.0 / 6.0, simd.sub_f32s(w[2], w[0])),
            plus(simd, 1.0 / 6.0, w[0], times(simd, 1.0 / 3.0, w[2])),
            w[2],
            w[1],
        ]
    }
}

/// The transformed line from what the outer taps and the middle one meet.
#[inline(always)]
fn read<S: Simd>(simd: S, outer: [S::f32s; FEW], middle: [S::f32s; BLOCK]) -> [S::f32s; SIDE] {
    let [a, b, c, d, e] = outer;
    let apart = simd.sub_f32s(d, b);
    [
        plus(simd, 2.0, simd.sub_f32s(a, c), apart),
        simd.sub_f32s(apart, simd.add_f32s(b, c)),
        plus(simd, 2.0, b, plus(simd, -3.0, c, d)),
        apart,
        plus(simd, -2.0, apart, simd.sub_f32s(e, c)),
        middle[0],
        middle[1],
        middle[2],
        middle[3],
    ]
}

/// Four outputs of the outer taps from the values at the points.
#[inline(always)]
fn outer<S: Simd>(simd: S, [zero, one, minus, two, infinity]: [S::f32s; POINTS]) -> [S::f32s; BLOCK] {
    let (even, odd) = (simd.add_f32s(one, minus), simd.sub_f32s(one, minus));
    [
        simd.add_f32s(simd.add_f32s(zero, even), two),
        plus(simd, 2.0, two, odd),
        plus(simd, 4.0, two, even),
        simd.add_f32s(plus(simd, 8.0, two, odd), infinity),
    ]
}

impl Map<READ, SIDE> for Down {
    #[inline(always)]
    fn map<S: Simd>(simd: S, x: [S::f32s; READ]) -> [S::f32s; SIDE] {
        read(simd, [x[0], x[2], x[4], x[6], x[8]], [x[1], x[3], x[5], x[7]])
    }
}

impl Map<SUMS, BLOCK> for Small {
    #[inline(always)]
    fn map<S: Simd>(simd: S, m: [S::f32s; SUMS]) -> [S::f32s; BLOCK] {
        let [first, second, third, last] = outer(simd, [m[0], m[1], m[2], m[3], m[4]]);
        [first, simd.add_f32s(second, m[5]), simd.add_f32s(third, m[6]), last]
    }
}

impl<const BEFORE: usize> Map<FEW, SIDE> for Up<BEFORE> {
    #[inline(always)]
    fn map<S: Simd>(simd: S, x: [S::f32s; FEW]) -> [S::f32s; SIDE] {
        let at = 1 - BEFORE;
        read(simd, x, [x[at], x[at + 1], x[at + 2], x[at + 3]])
    }
}

impl<const BEFORE: usize> Map<SIDE, WIDE> for Large<BEFORE> {
    #[inline(always)]
    fn map<S: Simd>(simd: S, m: [S::f32s; SIDE]) -> [S::f32s; WIDE] {
        let outer = outer(simd, [m[0], m[1], m[2], m[3], m[4]]);
        let mut to = [m[0]; WIDE];
        for i in 0..BLOCK {
            to[2 * i + BEFORE] = outer[i];
            to[2 * i + 1 - BEFORE] = m[POINTS + i];
        }
        to
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::needless_range_loop, reason = "indices are those of the formulas")]

    use super::*;
    use crate::engine::kernels::direct::lines::tests::matrix;

    /// The weight that a place of the transformed line is multiplied by.
    fn weight(place: usize) -> usize {
        place.min(POINTS)
    }

    /// The sum for the small line that its product is added to.
    fn sum(place: usize) -> usize {
        if place < POINTS { place } else { MIDDLE_SUMS[place - POINTS] }
    }

    #[test]
    fn the_maps_compute_a_convolution_with_stride_2() {
        // y[o] = Σ w[t] x[2o + t]: the coefficient of w[t] x[i] is 1 at i = 2o + t.
        let kernel = matrix::<Kernel, TAPS, WEIGHTS>();
        let (read, write) = (matrix::<Down, READ, SIDE>(), matrix::<Small, SUMS, BLOCK>());
        for o in 0..BLOCK {
            for t in 0..TAPS {
                for i in 0..READ {
                    let found: f64 =
                        (0..SIDE).map(|p| write[o][sum(p)] * kernel[weight(p)][t] * read[p][i]).sum();
                    let expected = f64::from(u8::from(i == 2 * o + t));
                    assert!((found - expected).abs() < 1e-6, "{o} {t} {i}: {found}");
                }
            }
        }
    }

    /// Checks the transposed convolution with a kernel that starts `BEFORE` places before the line.
    fn check_transposed<const BEFORE: usize>() {
        // y[o] = Σ w[t] x[i] over all i, t with 2i + t = o + BEFORE. The kernel is transformed from
        // its end, and the places read begin one earlier where it starts at the line.
        let kernel = matrix::<Kernel, TAPS, WEIGHTS>();
        let (read, write) = (matrix::<Up<BEFORE>, FEW, SIDE>(), matrix::<Large<BEFORE>, SIDE, WIDE>());
        for o in 0..WIDE {
            for t in 0..TAPS {
                for i in 0..FEW {
                    let found: f64 =
                        (0..SIDE).map(|p| write[o][p] * kernel[weight(p)][TAPS - 1 - t] * read[p][i]).sum();
                    let is_met = 2 * i + t == o + BEFORE + 2 * (1 - BEFORE);
                    assert!((found - f64::from(u8::from(is_met))).abs() < 1e-6, "{o} {t} {i}: {found}");
                }
            }
        }
    }

    #[test]
    fn the_maps_compute_a_transposed_convolution_with_stride_2() {
        check_transposed::<0>();
        check_transposed::<1>();
    }
}
