//! Normalisation with a learned scale and shift.

use super::family::{AppliedLayer, Before, Family, MOST_SIDE, SettingProblem, Undone, refuse, size_problem};
use crate::check::route::{MapKind, MapSizes, StoredMap};
use crate::check::sizes;
use crate::check::stage::{Cost, StageKind};
use crate::project::{Activation, Layer, Norm, Shape};

/// A norm and the activation after it.
pub(super) struct Normalised {
    pub norm: Norm,
    pub activation: Activation,
}

impl Family for Normalised {
    fn setting_problem(&self) -> Option<SettingProblem> {
        let Norm::Group { groups } = self.norm else { return None };
        size_problem(("GroupNorm", "number of groups"), groups, MOST_SIDE, "Use 1 group", || {
            Norm::Group { groups: 1 }.layer(self.activation)
        })
    }

    fn apply(&self, input: Shape) -> Result<AppliedLayer, String> {
        refuse(self.setting_problem())?;
        let (norm, activation) = (self.norm, self.activation);
        let scales = match norm {
            Norm::Batch => input.channels(),
            Norm::Layer => input.features(),
            Norm::Group { groups } if input.channels().is_multiple_of(groups) => input.channels(),
            Norm::Group { groups } => {
                return Err(format!(
                    "GroupNorm: {} channels are not divisible into {groups} groups.",
                    input.channels()
                ));
            }
        };
        let cost = Cost { own: (scales as u64).saturating_mul(2), ..Cost::default() };
        Ok(AppliedLayer { cost, ..AppliedLayer::free(input, StageKind::Norm { norm, activation }) })
    }

    fn fitted(&self, input: Shape) -> Option<(String, Layer)> {
        let Norm::Group { groups } = self.norm else { return None };
        let most = groups.min(input.channels());
        let groups = (1..=most).rev().find(|groups| input.channels().is_multiple_of(*groups))?;
        let label = if groups == 1 { "Use 1 group".to_owned() } else { format!("Use {groups} groups") };
        Some((label, Norm::Group { groups }.layer(self.activation)))
    }

    fn undo(&self, before: Before) -> Undone {
        Undone::again(self.norm.layer(self.activation), before)
    }

    fn comparison(&self) -> Option<&'static str> {
        match self.norm {
            Norm::Batch => Some("Batch norm"),
            Norm::Layer | Norm::Group { .. } => None,
        }
    }
}

/// Memory for normalising `rows` samples besides parameters and output, in bytes.
pub(super) fn scratch_bytes(norm: Norm, input: Shape, rows: u64) -> u64 {
    match norm {
        // Two `f64` sums per channel and shard, four values per channel repeated over a tile,
        // statistics.
        Norm::Batch => {
            let channels = input.channels() as u64;
            let pixels = (input.features() as u64 / channels.max(1)).saturating_mul(rows);
            let tile = sizes::tile_len(input.channels()) as u64;
            let shards = (sizes::NORM_SHARDS as u64).min(pixels);
            tile.saturating_mul(16)
                .saturating_mul(shards.saturating_add(1))
                .saturating_add(channels.saturating_mul(8))
        }
        // Mean and deviation of every row.
        Norm::Layer => rows.saturating_mul(8),
        // Mean and deviation of every group, and for each channel of every row two `f64` sums and
        // four factors.
        Norm::Group { groups } => {
            let per_row = (groups as u64).saturating_mul(8);
            rows.saturating_mul(per_row.saturating_add((input.channels() as u64).saturating_mul(32)))
        }
    }
}

/// A norm of `width` values as a map; statistics of a minibatch count as constants.
pub(super) fn linear_map(norm: Norm, width: usize) -> StoredMap {
    match norm {
        // One factor for all samples, and `f64` sums.
        Norm::Batch => StoredMap::factor(width, 1, 3),
        Norm::Layer | Norm::Group { .. } => {
            let groups = if let Norm::Group { groups } = norm { groups as u64 } else { 1 };
            let multiply_adds = width.saturating_mul(3);
            let map = MapSizes { kind: MapKind::Other, inputs: width, outputs: width, multiply_adds };
            StoredMap { map, bytes: 0, bytes_per_row: groups.saturating_mul(8) }
        }
    }
}
