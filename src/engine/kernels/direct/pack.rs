//! The weights of a convolution in the order of a product, panel by panel.

use std::ops::Deref;
use std::sync::MutexGuard;

use super::block::PANEL;
use super::{Direct, Phase};
use crate::check::sizes::CACHE_LINE;
use crate::engine::kernels::columns::Direction;
use crate::engine::kernels::threads::Threads;
use crate::engine::kernels::workspace::lock;

/// Rows of panels packed at a time.
const PACKED_ROWS: usize = 64;

/// Weights in the order of a product.
pub(in crate::engine::kernels) struct Panels<'a> {
    values: MutexGuard<'a, Vec<f32>>,
    /// Where they begin: at a cache line, so that no vector crosses one.
    start: usize,
}

impl Deref for Panels<'_> {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.values[self.start..]
    }
}

impl Direct {
    /// Packs the weight, channels of the small picture × patch, for a product in `direction`.
    pub(in crate::engine::kernels) fn pack(
        &self,
        direction: Direction,
        weight: &[f32],
        threads: &Threads,
    ) -> Panels<'_> {
        let mut values = lock(&self.panels);
        let start = values.as_ptr().align_offset(4 * CACHE_LINE).min(CACHE_LINE);
        let panels = &mut values[start..];
        if let Some(winograd) = &self.winograd {
            winograd.pack(direction, weight, panels, threads);
            return Panels { values, start };
        }
        if let Some(strips) = &self.strips {
            strips.pack(direction, weight, panels, threads);
            return Panels { values, start };
        }
        let (patch, (inner, outer)) = (self.patch_len(), self.channels);
        match direction {
            Direction::Down => {
                let len = outer.next_multiple_of(PANEL) * patch;
                threads.for_each_piece(&mut panels[..len], PACKED_ROWS * PANEL, 8 * len, |start, rows| {
                    for (row, to) in (start / PANEL..).zip(rows.chunks_exact_mut(PANEL)) {
                        let (first, at) = (row / patch * PANEL, row % patch);
                        let width = PANEL.min(outer - first);
                        for (channel, to) in to[..width].iter_mut().enumerate() {
                            *to = weight[(first + channel) * patch + at];
                        }
                        to[width..].fill(0.0);
                    }
                });
            }
            Direction::Up if self.sizes.patches.is_some() => {
                // The rows of the weight are patches already.
                for (panel, to) in
                    panels.chunks_exact_mut(PANEL * outer).take(patch.div_ceil(PANEL)).enumerate()
                {
                    let (first, width) = (panel * PANEL, PANEL.min(patch - panel * PANEL));
                    for (to, from) in to.chunks_exact_mut(PANEL).zip(weight.chunks_exact(patch)) {
                        to[..width].copy_from_slice(&from[first..first + width]);
                        to[width..].fill(0.0);
                    }
                }
            }
            Direction::Up => {
                for phase in &self.up {
                    let steps = phase.walk.steps();
                    let len = inner.next_multiple_of(PANEL) * steps;
                    let panels = &mut panels[phase.start..][..len];
                    threads.for_each_piece(panels, PACKED_ROWS * PANEL, 8 * len, |start, rows| {
                        for (row, to) in (start / PANEL..).zip(rows.chunks_exact_mut(PANEL)) {
                            let (first, at) = (row / steps * PANEL, row % steps);
                            let width = PANEL.min(inner - first);
                            let from = self.weight_at(phase, at) + first;
                            to[..width].copy_from_slice(&weight[from..from + width]);
                            to[width..].fill(0.0);
                        }
                    });
                }
            }
        }
        Panels { values, start }
    }

    /// Where the weights of a step of a phase begin, for all channels of the large picture.
    fn weight_at(&self, phase: &Phase, step: usize) -> usize {
        let (kernel, stride) = (self.window.kernel, self.window.stride);
        let (channel, tap) = (step % self.channels.1, step / self.channels.1);
        let (u, v) = (tap / phase.taps.1, tap % phase.taps.1);
        // Rows and columns of the small picture ascend, so those of the kernel descend.
        let i = phase.first.0 + stride * (phase.taps.0 - 1 - u);
        let j = phase.first.1 + stride * (phase.taps.1 - 1 - v);
        channel * self.patch_len() + (i * kernel + j) * self.channels.0
    }
}
