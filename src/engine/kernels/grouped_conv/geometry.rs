//! The products of one sample's pictures with the weight of a grouped convolution.

use std::ops::Range;

use crate::check::Window;
use crate::check::sizes::grouped_band;
use crate::engine::kernels::columns::Direction;
use crate::engine::kernels::math::vectorised;
use crate::engine::kernels::matmul::{Matrix, multiply_here};

/// Sizes of a grouped convolution, which maps the large picture to the small one.
#[derive(Clone, Copy, Debug)]
pub struct Geometry {
    /// Positions of the kernel on the picture.
    pub window: Window,
    /// Groups of channels; a divisor of the channels of both pictures.
    pub groups: usize,
    /// Channels of the large picture.
    pub large: usize,
    /// Channels of the small picture.
    pub small: usize,
}

impl Geometry {
    /// Values per sample that a map in `direction` reads and writes.
    pub fn sizes(&self, direction: Direction) -> (usize, usize) {
        let pixels = |(height, width): (usize, usize)| height * width;
        direction.arrange(pixels(self.window.large) * self.large, pixels(self.window.small) * self.small)
    }

    /// Multiply-adds of one sample's product with the weight.
    pub fn multiply_adds(&self) -> usize {
        self.window.small.0 * self.window.small.1 * self.small * self.patch()
    }

    /// Length of a shard's scratch: patches of a group in a band of rows, and its pixels there.
    pub fn scratch_len(&self) -> usize {
        if self.is_depthwise() {
            0
        } else {
            self.band() * self.window.small.1 * (self.patch() + self.outer())
        }
    }

    /// Copies the weight in the layout of the products below: channels last if depthwise, otherwise
    /// unchanged.
    pub fn lay_out(&self, weight: &[f32], to: &mut [f32]) {
        if self.is_depthwise() {
            let taps = self.patch();
            for (channel, kernel) in weight.chunks_exact(taps.max(1)).enumerate() {
                for (tap, value) in kernel.iter().enumerate() {
                    to[tap * self.small + channel] = *value;
                }
            }
        } else {
            to.copy_from_slice(weight);
        }
    }

    /// Adds a gradient of the weight in the layout of [`lay_out`](Geometry::lay_out).
    pub fn add_laid_out(&self, sums: &[f32], dw: &mut [f32]) {
        if self.is_depthwise() {
            let taps = self.patch();
            for (channel, kernel) in dw.chunks_exact_mut(taps.max(1)).enumerate() {
                for (tap, value) in kernel.iter_mut().enumerate() {
                    *value += sums[tap * self.small + channel];
                }
            }
        } else {
            dw.iter_mut().zip(sums).for_each(|(dw, sum)| *dw += sum);
        }
    }

    /// Adds the convolution of a large picture to a small one.
    pub fn shrink(&self, weights: &[f32], large: &[f32], small: &mut [f32], scratch: &mut [f32]) {
        if self.is_depthwise() {
            self.for_each_overlap(
                #[inline(always)]
                |small_at, at, large_at| {
                    self.add_products(&mut small[small_at..], &weights[at..], &large[large_at..]);
                },
            );
            return;
        }
        self.for_each_band(scratch, |group, rows, patches, pixels| {
            self.gather(group, rows.clone(), large, patches);
            let patches = Matrix::new(patches, self.pixels(&rows), self.patch());
            multiply_here(pixels, false, patches, self.of_group(weights, group).transposed());
            self.for_each_pixel(group, &rows, |index, at| {
                let own = &pixels[index * self.outer()..][..self.outer()];
                small[at..at + own.len()].iter_mut().zip(own).for_each(|(small, own)| *small += own);
            });
        });
    }

    /// Adds the transposed convolution of a small picture to a large one.
    pub fn enlarge(&self, weights: &[f32], small: &[f32], large: &mut [f32], scratch: &mut [f32]) {
        if self.is_depthwise() {
            self.for_each_overlap(
                #[inline(always)]
                |small_at, at, large_at| {
                    self.add_products(&mut large[large_at..], &weights[at..], &small[small_at..]);
                },
            );
            return;
        }
        self.for_each_band(scratch, |group, rows, patches, pixels| {
            self.pick(group, &rows, small, pixels);
            let pixels = Matrix::new(pixels, self.pixels(&rows), self.outer());
            multiply_here(patches, false, pixels, self.of_group(weights, group));
            let inner = self.inner();
            self.for_each_tap(rows, |pixel, tap, to| {
                let Some(to) = to else { return };
                let own = &patches[pixel * self.patch() + tap * inner..][..inner];
                let large = &mut large[to * self.large + group * inner..][..inner];
                large.iter_mut().zip(own).for_each(|(large, own)| *large += own);
            });
        });
    }

    /// Adds the gradient of the weight, in the layout of [`lay_out`](Geometry::lay_out).
    pub fn add_to_weight(&self, large: &[f32], small: &[f32], dw: &mut [f32], scratch: &mut [f32]) {
        if self.is_depthwise() {
            self.for_each_overlap(
                #[inline(always)]
                |small_at, at, large_at| {
                    self.add_products(&mut dw[at..], &large[large_at..], &small[small_at..]);
                },
            );
            return;
        }
        self.for_each_band(scratch, |group, rows, patches, pixels| {
            self.gather(group, rows.clone(), large, patches);
            self.pick(group, &rows, small, pixels);
            let count = self.pixels(&rows);
            let pixels = Matrix::new(pixels, count, self.outer()).transposed();
            let len = self.outer() * self.patch();
            let dw = &mut dw[group * len..][..len];
            multiply_here(dw, true, pixels, Matrix::new(patches, count, self.patch()));
        });
    }

    /// Channels per group of the large picture.
    fn inner(&self) -> usize {
        self.large / self.groups.max(1)
    }

    /// Channels per group of the small picture.
    fn outer(&self) -> usize {
        self.small / self.groups.max(1)
    }

    /// Values of a group's patch.
    fn patch(&self) -> usize {
        self.window.kernel * self.window.kernel * self.inner()
    }

    /// Whether each channel has its own kernel.
    fn is_depthwise(&self) -> bool {
        self.inner() == 1 && self.outer() == 1
    }

    /// For depthwise convolutions: calls `work` for each pixel of the small picture and each place
    /// of the kernel inside the large picture, with where the channels of the small pixel, the
    /// kernel place and the large pixel begin.
    fn for_each_overlap(&self, mut work: impl FnMut(usize, usize, usize)) {
        let channels = self.small;
        vectorised(
            #[inline(always)]
            || {
                self.for_each_tap(
                    0..self.window.small.0,
                    #[inline(always)]
                    |pixel, tap, at| {
                        if let Some(at) = at {
                            work(pixel * channels, tap * channels, at * channels);
                        }
                    },
                );
            },
        );
    }

    /// Adds `a · b` to `to`, channel by channel.
    #[inline(always)]
    fn add_products(&self, to: &mut [f32], a: &[f32], b: &[f32]) {
        let channels = self.small;
        for ((to, a), b) in to[..channels].iter_mut().zip(&a[..channels]).zip(&b[..channels]) {
            *to += a * b;
        }
    }

    /// Rows of the small picture processed at a time.
    fn band(&self) -> usize {
        grouped_band(self.window.small, self.patch() + self.outer())
    }

    /// Pixels of some rows of the small picture.
    fn pixels(&self, rows: &Range<usize>) -> usize {
        rows.len() * self.window.small.1
    }

    /// A group's rows of the weight.
    fn of_group<'w>(&self, weights: &'w [f32], group: usize) -> Matrix<'w> {
        let len = self.outer() * self.patch();
        Matrix::new(&weights[group * len..(group + 1) * len], self.outer(), self.patch())
    }

    /// Calls `work` for each group and each band of rows, with memory for patches and for pixels.
    fn for_each_band(
        &self,
        scratch: &mut [f32],
        mut work: impl FnMut(usize, Range<usize>, &mut [f32], &mut [f32]),
    ) {
        let (height, band) = (self.window.small.0, self.band());
        let (patches, pixels) = scratch.split_at_mut(band * self.window.small.1 * self.patch());
        for group in 0..self.groups {
            for first in (0..height).step_by(band) {
                work(group, first..(first + band).min(height), patches, pixels);
            }
        }
    }

    /// Gathers the patches of a group at some rows of the small picture, one per row, with 0
    /// outside the picture.
    fn gather(&self, group: usize, rows: Range<usize>, large: &[f32], patches: &mut [f32]) {
        let inner = self.inner();
        self.for_each_tap(rows, |pixel, tap, from| {
            let to = &mut patches[pixel * self.patch() + tap * inner..][..inner];
            match from {
                Some(from) => to.copy_from_slice(&large[from * self.large + group * inner..][..inner]),
                None => to.fill(0.0),
            }
        });
    }

    /// Gathers a group's channels of some rows of the small picture, pixel by pixel.
    fn pick(&self, group: usize, rows: &Range<usize>, small: &[f32], pixels: &mut [f32]) {
        let outer = self.outer();
        self.for_each_pixel(group, rows, |index, at| {
            pixels[index * outer..(index + 1) * outer].copy_from_slice(&small[at..at + outer]);
        });
    }

    /// Calls `work` with each pixel of some rows of the small picture, and where the group's values
    /// of that pixel begin.
    fn for_each_pixel(&self, group: usize, rows: &Range<usize>, mut work: impl FnMut(usize, usize)) {
        let first = rows.start * self.window.small.1;
        for index in 0..self.pixels(rows) {
            work(index, (first + index) * self.small + group * self.outer());
        }
    }

    /// Calls `work` with each pixel of some rows of the small picture (counted from the first of
    /// these rows), each place of the kernel, and the pixel of the large picture there, or `None`
    /// outside it.
    #[inline(always)]
    fn for_each_tap(&self, rows: Range<usize>, mut work: impl FnMut(usize, usize, Option<usize>)) {
        let Window { large, small, kernel, stride, before, dilation } = self.window;
        let inside = |at: usize, before: usize, side: usize| at.checked_sub(before).filter(|at| *at < side);
        for (band_row, row) in rows.enumerate() {
            for column in 0..small.1 {
                for i in 0..kernel {
                    let y = inside(row * stride + i * dilation, before.0, large.0);
                    for j in 0..kernel {
                        let x = inside(column * stride + j * dilation, before.1, large.1);
                        let at = y.zip(x).map(|(y, x)| y * large.1 + x);
                        work(band_row * small.1 + column, i * kernel + j, at);
                    }
                }
            }
        }
    }
}
