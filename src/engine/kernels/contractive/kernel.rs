//! The kernel of a convolution, or of a transposed one, as a linear map.

use dfdx::tensor::CpuError;

use super::stage::Block;
use crate::engine::EngineError;
use crate::engine::kernels::columns::Columns;
use crate::engine::kernels::matmul::Matrix;
use crate::engine::kernels::threads::{Parts, Threads, shard_range};
use crate::engine::kernels::variable::{Grads, Node, gradients};
use crate::engine::kernels::workspace::{Workspace, product};

/// A kernel between large and small pictures, the same for all samples.
pub(super) struct Kernel {
    weight: Node,
    space: Workspace,
    /// Channels of the small picture.
    channels: usize,
    /// From the small picture to the large one.
    is_transposed: bool,
}

impl Kernel {
    /// The kernel `weight`, small channels × patch, over `columns`.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn new(weight: Node, columns: Columns, is_transposed: bool) -> Result<Kernel, EngineError> {
        let len = weight.borrow().values().len();
        let channels = len / columns.patch().max(1);
        Ok(Kernel { weight, space: Workspace::new(columns, len, 0)?, channels, is_transposed })
    }

    pub fn inputs(&self) -> usize {
        if self.is_transposed { self.small() } else { self.space.columns.picture() }
    }

    pub fn outputs(&self) -> usize {
        if self.is_transposed { self.space.columns.picture() } else { self.small() }
    }

    pub fn multiply_adds(&self) -> usize {
        self.space.columns.positions() * self.space.columns.patch() * self.channels
    }

    pub fn weight(&self) -> Node {
        Node::clone(&self.weight)
    }

    /// Values of a small picture.
    fn small(&self) -> usize {
        self.space.columns.positions() * self.channels
    }

    pub fn push(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads) {
        if self.is_transposed {
            self.up(block, from, to, threads);
        } else {
            self.down(block, from, to, threads);
        }
    }

    pub fn pull(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads) {
        if self.is_transposed {
            self.down(block, from, to, threads);
        } else {
            self.up(block, from, to, threads);
        }
    }

    /// From large pictures to small ones.
    fn down(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads) {
        let (weight, space, channels) = (self.weight.borrow(), &self.space, self.channels);
        let w = Matrix::new(weight.values(), channels, space.columns.patch()).transposed();
        let to = Parts::new(to);
        let (size, shards) = space.plan(block.rows());
        threads.run(shards, 2 * block.rows() * self.multiply_adds(), &|shard| {
            space.with_scratch(|scratch| {
                for tile in space.tiles(shard_range(shard, size, block.rows())) {
                    let pixels = space.small_pixels(&tile);
                    // SAFETY: each shard runs once and touches its own rows only.
                    let to = unsafe { to.part(pixels.start * channels..pixels.end * channels) };
                    let patches = space.gather(from, 0, &tile, scratch);
                    product(to, false, patches, w, channels);
                }
            });
        });
    }

    /// From small pictures to large ones.
    fn up(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads) {
        let (weight, space, channels) = (self.weight.borrow(), &self.space, self.channels);
        let (patch, picture) = (space.columns.patch(), space.columns.picture());
        let w = Matrix::new(weight.values(), channels, patch);
        let to = Parts::new(to);
        let (size, shards) = space.plan(block.rows());
        threads.run(shards, 2 * block.rows() * self.multiply_adds(), &|shard| {
            let rows = shard_range(shard, size, block.rows());
            // SAFETY: each shard runs once and touches its own rows only.
            let to = unsafe { to.part(rows.start * picture..rows.end * picture) };
            to.fill(0.0);
            let first = rows.start;
            space.with_scratch(|scratch| {
                for tile in space.tiles(rows) {
                    let pixels = space.small_pixels(&tile);
                    let small = Matrix::new(&from[pixels.start * channels..], pixels.len(), channels);
                    product(scratch, false, small, w, patch);
                    space.scatter(scratch, first, &tile, to);
                }
            });
        });
    }

    pub fn accumulate(
        &self,
        block: Block,
        s: &[f32],
        t: &[f32],
        threads: &Threads,
        grads: &mut Grads,
    ) -> Result<(), CpuError> {
        let [dw] = gradients(grads, [&self.weight.borrow()])?;
        let (small, large) = if self.is_transposed { (t, s) } else { (s, t) };
        let (space, channels, patch) = (&self.space, self.channels, self.space.columns.patch());
        let (size, shards) = space.plan(block.rows());
        let flops = 2 * block.rows() * self.multiply_adds();
        space.with_sums(threads, shards, (dw, &mut []), (true, true), |partial| {
            threads.run(shards, flops, &|shard| {
                // SAFETY: each shard runs once and touches its own sums only.
                let (dw, _) = unsafe { partial.shard(shard) };
                space.with_scratch(|scratch| {
                    let tiles = space.tiles(shard_range(shard, size, block.rows()));
                    for (index, tile) in tiles.enumerate() {
                        let pixels = space.small_pixels(&tile);
                        let small = Matrix::new(&small[pixels.start * channels..], pixels.len(), channels);
                        let patches = space.gather(large, 0, &tile, scratch);
                        product(dw, index > 0, small.transposed(), patches, patch);
                    }
                });
            });
        })
    }
}
