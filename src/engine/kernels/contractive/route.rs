//! The maps of an encoder as `check` sees them when it chooses a route, and the blocks of that
//! route.

use crate::check::{MapKind, MapSizes, Route};
use crate::engine::kernels::jacobian::{Block, Link, Weights};

/// Sizes of maps.
pub fn map_sizes(links: &[Link]) -> Vec<MapSizes> {
    let sizes = |link: &Link| {
        let (map, weights) = (link.map(), link.weights());
        let kind = match weights {
            Some(weights) => MapKind::Weights { has_rows: weights.has_rows() },
            None if map.is_diagonal() => MapKind::Factor,
            None => MapKind::Other,
        };
        let (inputs, outputs, multiply_adds) = (map.inputs(), map.outputs(), map.multiply_adds());
        MapSizes { kind, inputs, outputs, multiply_adds }
    };
    links.iter().map(sizes).collect()
}

/// The dense weight right before the diagonal, if its rows can be read directly.
pub(super) fn rows_of(links: &[Link], diagonal: usize) -> Option<&Weights> {
    links.get(diagonal.checked_sub(1)?)?.weights().filter(|weights| weights.has_rows())
}

/// Block `index` of a pass over `rows` samples.
pub(super) fn block(route: &Route, rows: usize, index: usize) -> Block {
    let parts = route.probes.div_ceil(route.block.1);
    let (first, probe) = (index / parts * route.block.0, index % parts * route.block.1);
    let samples = route.block.0.min(rows - first);
    Block { first, samples, probe, probes: route.block.1.min(route.probes - probe) }
}
