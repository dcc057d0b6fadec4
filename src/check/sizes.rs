//! Sizes of buffers that the engine is free to choose: `check` estimates memory with them, the
//! engine allocates by them.

use super::Window;

/// Values per channel are repeated up to at least this length.
const LEAST_TILE: usize = 64;

/// Most shards of a convolution, each with its own scratch.
pub const CONVOLUTION_SHARDS: usize = 16;
/// Fewest shards of a long minibatch, for convolution weights of any size.
const FEWEST_CONVOLUTION_SHARDS: usize = 4;
/// Total values of all shards' weight gradients, unless there would be fewer than
/// [`FEWEST_CONVOLUTION_SHARDS`].
const WEIGHT_GRADIENTS: usize = 3 << 19;
/// Values of the patches in a thread's scratch, unless a single band needs more: 256 kB.
pub const PATCH_VALUES: usize = 1 << 16;

/// Columns per panel of a product, for convolutions without im2col.
pub const DIRECT_COLUMNS: usize = 16;
/// Values per cache line, reserved so that panels can begin at one.
pub const CACHE_LINE: usize = 16;
/// Scratch of a convolution without im2col, unless a single sample needs more.
const DIRECT_VALUES: usize = 1 << 16;
/// A large picture has few channels up to this number: its vectors would be mostly empty.
const FEW_CHANNELS: usize = 7;
/// Values of the patches computed at a time, unless a row needs more: they stay in the L1 cache.
const DIRECT_PATCHES: usize = 1 << 12;
/// Largest stride of a convolution without im2col.
const DIRECT_STRIDE: usize = 8;
/// Most scratch per sample of a convolution without im2col: 4 MB.
const DIRECT_MOST: usize = 1 << 20;

/// Planes of transformed blocks in Winograd's algorithm: 6 × 6.
pub const WINOGRAD_PLANES: usize = 36;
/// Fewest channels for Winograd's algorithm, on both sides: with fewer, the transforms take longer
/// than the products that they save.
const WINOGRAD_CHANNELS: usize = 32;
/// Most values of a transformed weight: 4 MB.
const WINOGRAD_WEIGHT: usize = 1 << 20;
/// Side of its blocks of outputs.
pub const WINOGRAD_BLOCK: usize = 4;
/// Values per place in the blocks that it transforms at a time, unless there are fewer than
/// [`WINOGRAD_FEWEST`]: the planes stay in the L2 cache.
const WINOGRAD_VALUES: usize = 1 << 11;
/// Fewest blocks transformed at a time.
const WINOGRAD_FEWEST: usize = 24;
/// Values between planes, so that equal places of planes do not share sets of a cache.
const WINOGRAD_GAP: usize = 48;

/// Places of a row of the small picture in a strip of a 3×3 convolution with stride 2.
pub const STRIP: usize = 4;
/// Places of a transformed strip.
pub const STRIP_PLACES: usize = 9;
/// Sums of products for a strip of the small picture.
pub const STRIP_SUMS: usize = 7;
/// Places of a transformed row of the kernel.
const STRIP_WEIGHTS: usize = 6;
/// Least product of the numbers of channels, divided by their sum: 16 for 32 and 32 channels, 21
/// for 32 and 64. Below it, the transforms take as long as the products that they save.
const STRIP_PRODUCTS: usize = 20;
/// Scratch of a convolution in strips, unless a single sample needs more: 768 kB, so that weights
/// are read for many places.
const STRIP_VALUES: usize = 3 << 16;

/// Values from one plane of the transformed weight to the next.
pub fn winograd_matrix(large: usize, small: usize) -> usize {
    large.saturating_mul(small).saturating_add(WINOGRAD_GAP)
}

/// Values from one plane of `blocks` blocks to the next.
pub fn winograd_plane(blocks: usize, channels: usize) -> usize {
    blocks.saturating_mul(channels).saturating_add(WINOGRAD_GAP)
}

/// Buffer sizes of a convolution without im2col, in values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectSizes {
    /// Sides of a large picture, including zeros around it.
    pub large: (usize, usize),
    /// Sides of a small picture, including zeros around it.
    pub small: (usize, usize),
    /// Rows and columns of zeros before a small picture.
    pub zeros: usize,
    /// If the large picture has few channels: rows of the small picture whose patches are computed
    /// at a time, and values from one to the next; `None` if pixels are computed phase by phase.
    pub patches: Option<(usize, usize)>,
    /// If Winograd's algorithm is used: blocks transformed at a time.
    pub winograd: Option<usize>,
    /// Whether products with the weight are computed in strips of rows.
    pub in_strips: bool,
    /// Scratch per thread.
    pub scratch: usize,
    /// Samples that share the scratch.
    pub pictures: usize,
    /// The packed weight.
    pub panels: usize,
    /// Values of one patch's row in the gradient of the weight.
    pub columns: usize,
    /// The gradient of the weight, per shard.
    pub sums: usize,
    /// Places with stored offsets.
    pub places: usize,
}

impl DirectSizes {
    /// The sizes for pictures with these channels; `None` if im2col is used instead, because the
    /// pictures or the stride are too large, or the pictures are empty (memory is estimated even
    /// for a network that is refused).
    pub fn of(window: Window, large: usize, small: usize) -> Option<DirectSizes> {
        let Window { kernel, stride, before, .. } = window;
        let sides =
            [window.large.0, window.large.1, window.small.0, window.small.1, before.0, before.1, kernel];
        let is_empty = window.large.0 == 0 || window.large.1 == 0 || large == 0 || small == 0;
        if is_empty || stride > DIRECT_STRIDE || sides.iter().any(|side| *side > DIRECT_MOST) {
            return None;
        }
        let product = |factors: &[usize]| factors.iter().try_fold(1_usize, |all, one| all.checked_mul(*one));
        let large_side = |large: usize, small: usize, before: usize| {
            let side = (small - 1) * stride + kernel;
            // Without zeros around it, rows of the picture itself are read.
            if before == 0 { side.max(large) } else { side }
        };
        let taps = product(&[kernel, kernel])?;
        let padded = product(&[taps, large])?.checked_next_multiple_of(DIRECT_COLUMNS)?;
        let band = (DIRECT_PATCHES / product(&[window.small.1, padded])?.max(1)).clamp(1, window.small.0);
        let patches = (large <= FEW_CHANNELS).then_some((band, padded));
        let in_patches =
            patches.map_or(Some(0), |(band, padded)| product(&[band, window.small.1, padded]))?;
        // Most rows of the small picture whose windows cover one row of the large picture.
        let zeros = if patches.is_some() { 0 } else { kernel.div_ceil(stride) - 1 };
        let small_side = |large: usize, small: usize, before: usize| {
            if patches.is_some() { small } else { zeros + small.max((large - 1 + before) / stride + 1) }
        };
        let sides = |side: &dyn Fn(usize, usize, usize) -> usize| {
            (side(window.large.0, window.small.0, before.0), side(window.large.1, window.small.1, before.1))
        };
        let (large_sides, small_sides) = (sides(&large_side), sides(&small_side));
        let columns = small.checked_next_multiple_of(DIRECT_COLUMNS)?;
        if let Some(sizes) = DirectSizes::winograd(window, large, small) {
            return Some(sizes);
        }
        if let Some(sizes) = DirectSizes::strips(window, large_sides, large, small) {
            return Some(sizes);
        }
        let sample = product(&[large_sides.0, large_sides.1, large])?
            .checked_add(product(&[small_sides.0, small_sides.1, small])?)?
            .checked_add(product(&[window.small.0, window.small.1, columns])?)?
            .checked_add(in_patches)?;
        if sample > DIRECT_MOST || product(&[window.large.0, window.large.1, large])? > DIRECT_MOST {
            return None;
        }
        let down = product(&[taps, large, small.checked_next_multiple_of(DIRECT_COLUMNS)?])?;
        let up = match patches {
            Some((_, padded)) => product(&[padded, small])?,
            None => product(&[taps, small, large.checked_next_multiple_of(DIRECT_COLUMNS)?])?,
        };
        Some(DirectSizes {
            large: large_sides,
            small: small_sides,
            zeros,
            patches,
            winograd: None,
            in_strips: false,
            scratch: sample.max(DIRECT_VALUES) + CACHE_LINE,
            pictures: (DIRECT_VALUES / sample).max(1),
            panels: down.max(up) + CACHE_LINE,
            columns,
            sums: product(&[taps, large, columns])?,
            places: window.small.0 * window.small.1
                + stride * stride * window.large.0.div_ceil(stride) * window.large.1.div_ceil(stride)
                + taps * large,
        })
    }

    /// The sizes for a convolution in strips, where it applies and pays; `framed` are the sides of
    /// a large picture with zeros around it.
    fn strips(window: Window, framed: (usize, usize), large: usize, small: usize) -> Option<DirectSizes> {
        let Window { kernel, stride, before, .. } = window;
        let ((rows, columns), (small_rows, small_columns)) = (window.large, window.small);
        let fits = (kernel, stride) == (3, 2)
            && before.0 < 2
            && before.1 < 2
            && rows <= 2 * small_rows
            && columns == 2 * small_columns
            && small_columns.is_multiple_of(STRIP);
        let is_wide = large.saturating_mul(small)
            >= large.saturating_add(small).saturating_mul(STRIP_PRODUCTS)
            && large.is_multiple_of(DIRECT_COLUMNS)
            && small.is_multiple_of(DIRECT_COLUMNS);
        let weight = (kernel * STRIP_WEIGHTS).checked_mul(large)?.checked_mul(small)?;
        if !fits || !is_wide || weight > WINOGRAD_WEIGHT {
            return None;
        }
        let across = small_columns / STRIP;
        let line = |rows: usize, places: usize, channels: usize| {
            rows.checked_mul(across)?.checked_mul(places)?.checked_mul(channels)
        };
        let down = line(2 * small_rows + 1, STRIP_PLACES, large)?
            .checked_add(line(small_rows, STRIP_SUMS, small)?)?;
        let up = line(small_rows + 2, STRIP_PLACES, small)?.checked_add(line(rows, STRIP_PLACES, large)?)?;
        // The gradient of the weight reads pictures in frames, and pixels in panels.
        let frame = framed.0.checked_mul(framed.1)?.checked_mul(large)?;
        let pixels = small_rows.checked_mul(small_columns)?.checked_mul(small)?;
        let sample = frame.checked_add(pixels.max(down.max(up)))?;
        if sample > DIRECT_MOST {
            return None;
        }
        Some(DirectSizes {
            large: framed,
            small: window.small,
            zeros: 0,
            patches: None,
            winograd: None,
            in_strips: true,
            scratch: sample.max(STRIP_VALUES) + CACHE_LINE,
            pictures: (STRIP_VALUES / sample).max(1),
            panels: weight + CACHE_LINE,
            columns: small,
            sums: kernel * kernel * large * small,
            // A place takes as much as two values; the last are for a pixel outside the picture.
            places: (small_rows + rows) * across * (1 + STRIP)
                + kernel * kernel * large
                + large.max(small).div_ceil(2),
        })
    }

    /// The sizes for Winograd's algorithm, where it applies and pays.
    fn winograd(window: Window, large: usize, small: usize) -> Option<DirectSizes> {
        let ((rows, columns), channels) = (window.large, large.saturating_add(small));
        let (down, across) = (rows.div_ceil(WINOGRAD_BLOCK), columns.div_ceil(WINOGRAD_BLOCK));
        let fits = window.kernel == 3 && window.stride == 1 && window.small == window.large;
        let is_wide = large.min(small) >= WINOGRAD_CHANNELS
            && large.is_multiple_of(DIRECT_COLUMNS)
            && small.is_multiple_of(DIRECT_COLUMNS);
        let weight = WINOGRAD_PLANES.checked_mul(winograd_matrix(large, small))?;
        let picture = rows.checked_mul(columns)?.checked_mul(large.max(small))?;
        if !fits || !is_wide || weight > WINOGRAD_WEIGHT || picture > DIRECT_MOST {
            return None;
        }
        // Blocks at the edges that are mostly outside the picture would cost more than is saved.
        let grid = down * across;
        if 2 * grid * WINOGRAD_BLOCK * WINOGRAD_BLOCK > 3 * rows * columns {
            return None;
        }
        let most = (WINOGRAD_VALUES / channels).max(WINOGRAD_FEWEST);
        // Runs of blocks are about equally long.
        let pictures = (most / grid).max(1);
        let blocks = (pictures * grid).div_ceil((pictures * grid).div_ceil(most));
        let planes = winograd_plane(blocks, large) + winograd_plane(blocks, small);
        Some(DirectSizes {
            large: window.large,
            small: window.small,
            zeros: 0,
            patches: None,
            winograd: Some(blocks),
            in_strips: false,
            // Planes, and the gradient of the transformed weight.
            scratch: WINOGRAD_PLANES * planes + weight + CACHE_LINE,
            pictures,
            panels: weight + CACHE_LINE,
            columns: small,
            sums: 9 * large * small,
            // A place takes as much as two values; the last are for a pixel outside the picture.
            places: 1 + large + large.max(small).div_ceil(2),
        })
    }
}

/// Most shards of a batch norm.
pub const NORM_SHARDS: usize = 64;

/// Samples whose Jacobians are measured at a time.
pub const JACOBIAN_ROWS: usize = 32;
/// Rows of a shard of the divergence from the prior.
pub const DIVERGENCE_ROWS: usize = 16;
/// Rows of a shard of the maximum mean discrepancy.
pub const DISCREPANCY_ROWS: usize = 16;
/// Most exponentials that a selector keeps for the backward pass: 64 MiB.
pub const KEPT_CHOICES: usize = 1 << 24;
/// Most shards of a search in a codebook, each with its own scratch.
pub const CODEBOOK_SHARDS: usize = 16;
/// Scores of a block of vectors at a time, so that they stay in the cache.
const BLOCK_SCORES: usize = 1 << 15;

/// Length of a tile: the smallest multiple of `channels` that is long enough for vectors.
pub fn tile_len(channels: usize) -> usize {
    channels.saturating_mul(LEAST_TILE.div_ceil(channels.max(1)))
}

/// Shards of a convolution with a weight of `weight_len` values.
pub fn convolution_shards(weight_len: usize) -> usize {
    let most = (WEIGHT_GRADIENTS / weight_len.max(1)).clamp(FEWEST_CONVOLUTION_SHARDS, CONVOLUTION_SHARDS);
    // Minibatches and threads are mostly powers of 2: then all threads get the same work.
    1 << most.ilog2()
}

/// Values of a shard's patches, if a row of the small picture has `band`.
pub fn patch_values(band: usize) -> usize {
    PATCH_VALUES.max(band)
}

/// Rows of the small picture that a grouped convolution processes at a time, with `pixel` values
/// per pixel.
pub fn grouped_band(small: (usize, usize), pixel: usize) -> usize {
    (PATCH_VALUES / small.1.saturating_mul(pixel).max(1)).clamp(1, small.0.max(1))
}

/// Vectors per block that a shard compares with a codebook of `entries` entries.
pub fn codebook_block(entries: usize) -> usize {
    (BLOCK_SCORES / entries.max(1)).clamp(8, 64)
}
