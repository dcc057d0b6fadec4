//! Rectifiers with learned slopes.

use super::family::{AppliedLayer, Before, Family, Undone};
use crate::check::route::StoredMap;
use crate::check::sizes;
use crate::check::stage::{Cost, StageKind};
use crate::project::{Layer, Shape};

/// [`Layer::Prelu`]
pub(super) struct Prelu {
    pub shared: bool,
}

impl Family for Prelu {
    fn apply(&self, input: Shape) -> Result<AppliedLayer, String> {
        let slopes = if self.shared { 1 } else { input.channels() };
        let cost = Cost { own: slopes as u64, ..Cost::default() };
        Ok(AppliedLayer { cost, ..AppliedLayer::free(input, StageKind::Prelu { slopes }) })
    }

    fn undo(&self, before: Before) -> Undone {
        Undone::again(Layer::Prelu { shared: self.shared }, before)
    }

    /// Slopes may become negative or large.
    fn widens(&self) -> Option<&'static str> {
        Some("PReLU")
    }
}

/// Memory of the layer on `rows` samples besides parameters and output, in bytes: the slopes
/// repeated over a tile, and a tile of `f64` sums per shard.
pub(super) fn scratch_bytes(slopes: usize, input: Shape, rows: u64) -> u64 {
    let tile = sizes::tile_len(slopes) as u64;
    let pixels = (input.features() as u64).saturating_mul(rows) / (slopes as u64).max(1);
    let shards = (sizes::NORM_SHARDS as u64).min(pixels);
    tile.saturating_mul(shards.saturating_mul(8).saturating_add(4))
}

/// A factor for each of `width` values of `rows` samples, and `f64` sums.
pub(super) fn linear_map(width: usize, rows: u64) -> StoredMap {
    let map = StoredMap::factor(width, rows, 1);
    StoredMap { bytes: map.bytes.saturating_add((width as u64).saturating_mul(8)), ..map }
}
