//! The innermost loops of every product: a block of the result in registers.

#![allow(
    clippy::needless_range_loop,
    reason = "loops over arrays in registers are unrolled whole, which iterators are not always"
)]

use pulp::Simd;

/// Offsets read from one place: `runs` runs of `len` values `step` apart, `run_stride` from run to
/// run, repeated `outers` times, `outer_stride` apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    pub(super) outers: usize,
    pub(super) outer_stride: usize,
    pub(super) runs: usize,
    pub(super) run_stride: usize,
    pub(super) len: usize,
    pub(super) step: usize,
}

impl Walk {
    /// Number of values read.
    pub(super) fn steps(self) -> usize {
        self.outers * self.runs * self.len
    }

    /// One more than the offset of the last value.
    pub(super) fn reach(self) -> usize {
        if self.steps() == 0 {
            return 0;
        }
        (self.outers - 1) * self.outer_stride
            + (self.runs - 1) * self.run_stride
            + (self.len - 1) * self.step
            + 1
    }
}

/// The sums over a walk: `ROWS` places by `VECTORS` vectors of columns.
///
/// # Safety
/// All values that the walk reads from each of `reads` must exist, and for each of its steps
/// `VECTORS` vectors at `right`: `vector_step` apart within a step, `right_step` apart from step to
/// step.
#[inline(always)]
pub(super) unsafe fn block<S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    reads: [*const f32; ROWS],
    walk: Walk,
    right: *const f32,
    (right_step, vector_step): (usize, usize),
) -> [[S::f32s; VECTORS]; ROWS] {
    let zero = simd.splat_f32s(0.0);
    let mut sums = [[zero; VECTORS]; ROWS];
    let mut right = right;
    for outer in 0..walk.outers {
        for run in 0..walk.runs {
            let mut at = outer * walk.outer_stride + run * walk.run_stride;
            for _ in 0..walk.len {
                let mut vectors = [zero; VECTORS];
                for vector in 0..VECTORS {
                    // SAFETY: the caller promises that these values exist.
                    vectors[vector] =
                        unsafe { right.add(vector * vector_step).cast::<S::f32s>().read_unaligned() };
                }
                for row in 0..ROWS {
                    // SAFETY: as above.
                    let value = simd.splat_f32s(unsafe { *reads[row].add(at) });
                    for vector in 0..VECTORS {
                        sums[row][vector] = if S::IS_SCALAR {
                            simd.add_f32s(simd.mul_f32s(value, vectors[vector]), sums[row][vector])
                        } else {
                            simd.mul_add_f32s(value, vectors[vector], sums[row][vector])
                        };
                    }
                }
                right = right.wrapping_add(right_step);
                at += walk.step;
            }
        }
    }
    sums
}

/// Writes or adds the first `width` values of some vectors.
///
/// # Safety
/// `width` values, at most as many as the vectors hold, must exist at `to` and be used by nobody
/// else.
#[inline(always)]
pub(super) unsafe fn store<S: Simd, const VECTORS: usize>(
    simd: S,
    sums: [S::f32s; VECTORS],
    to: *mut f32,
    width: usize,
    adds: bool,
) {
    let lanes = S::F32_LANES;
    for vector in 0..VECTORS {
        let left = width.saturating_sub(vector * lanes);
        let to = to.wrapping_add(vector * lanes);
        if left >= lanes {
            let to = to.cast::<S::f32s>();
            // SAFETY: the caller promises that a whole vector exists.
            unsafe {
                let sum = sums[vector];
                to.write_unaligned(if adds { simd.add_f32s(to.read_unaligned(), sum) } else { sum });
            }
        } else if left > 0 {
            // SAFETY: as above, for the remaining values.
            let to = unsafe { std::slice::from_raw_parts_mut(to, left) };
            let sum =
                if adds { simd.add_f32s(simd.partial_load_f32s(to), sums[vector]) } else { sums[vector] };
            simd.partial_store_f32s(to, sum);
        }
    }
}
