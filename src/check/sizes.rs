//! Sizes of buffers that the engine chooses freely: `check` counts memory with them and the engine
//! allocates by them.

/// Values per channel are repeated until there are at least so many.
const LEAST_TILE: usize = 64;

/// Most shards of a convolution, each with scratch of its own.
pub const CONVOLUTION_SHARDS: usize = 16;
/// Fewest shards that a long minibatch is cut into, however large the weight of a convolution.
const FEWEST_CONVOLUTION_SHARDS: usize = 4;
/// Values of all shards' weight gradients together, where [`FEWEST_CONVOLUTION_SHARDS`] allow it.
const WEIGHT_GRADIENTS: usize = 1 << 20;
/// Values of the patches in a thread's scratch, unless a single band takes more: 256 kB.
pub const PATCH_VALUES: usize = 1 << 16;

/// Most shards of a batch norm.
pub const NORM_SHARDS: usize = 64;

/// Samples whose Jacobians are measured at a time.
pub const JACOBIAN_ROWS: usize = 32;
/// Rows of a shard of the divergence from the prior.
pub const DIVERGENCE_ROWS: usize = 16;
/// Rows of a shard of the maximum mean discrepancy.
pub const DISCREPANCY_ROWS: usize = 16;
/// The most exponentials a selector keeps for the way back: 64 MiB.
pub const KEPT_CHOICES: usize = 1 << 24;
/// Most shards of a search in a codebook, each with scratch of its own.
pub const CODEBOOK_SHARDS: usize = 16;
/// Scores that a block of vectors has at a time, so that they stay in cache.
const BLOCK_SCORES: usize = 1 << 15;

/// Length of a tile, the smallest multiple of `channels` that is worth vectors.
pub fn tile_len(channels: usize) -> usize {
    channels.saturating_mul(LEAST_TILE.div_ceil(channels.max(1)))
}

/// Shards of a convolution with a weight of so many values.
pub fn convolution_shards(weight_len: usize) -> usize {
    (WEIGHT_GRADIENTS / weight_len.max(1)).clamp(FEWEST_CONVOLUTION_SHARDS, CONVOLUTION_SHARDS)
}

/// Values of a shard's patches, of which a row of the small picture takes `band`.
pub fn patch_values(band: usize) -> usize {
    PATCH_VALUES.max(band)
}

/// Rows of the small picture that a grouped convolution works on at a time, each pixel of which takes
/// so many values.
pub fn grouped_band(small: (usize, usize), pixel: usize) -> usize {
    (PATCH_VALUES / small.1.saturating_mul(pixel).max(1)).clamp(1, small.0.max(1))
}

/// Vectors of a block that a shard compares with a codebook of so many entries.
pub fn codebook_block(entries: usize) -> usize {
    (BLOCK_SCORES / entries.max(1)).clamp(8, 64)
}
