//! Fully connected layers.

use super::family::{AppliedLayer, Before, Family, SettingProblem, Undone};
use super::reshape;
use crate::check::route::{MapKind, MapSizes, StoredMap};
use crate::check::stage::{Cost, StageKind};
use crate::project::{Activation, Layer, Shape};

/// Most units per layer.
const MOST_UNITS: usize = 1 << 20;

/// [`Layer::Dense`]
pub(in crate::check) struct Dense {
    pub units: usize,
    pub activation: Activation,
}

impl Family for Dense {
    fn setting_problem(&self) -> Option<SettingProblem> {
        let fixed = Layer::Dense { units: 64, activation: self.activation };
        units_problem("A layer", self.units).map(|message| SettingProblem {
            message,
            label: "Use 64 units",
            fixed,
        })
    }

    fn apply(&self, input: Shape) -> Result<AppliedLayer, String> {
        let (features, units) = (input.features() as u64, self.units as u64);
        let weights = features.saturating_mul(units);
        Ok(AppliedLayer {
            output: Shape::Vector(self.units),
            kind: Some(StageKind::Dense { activation: self.activation }),
            takes_rows: true,
            cost: Cost { weights, own: units, macs: weights },
        })
    }

    fn fixed_output(&self) -> Option<Shape> {
        (self.units > 0).then_some(Shape::Vector(self.units))
    }

    fn undo(&self, before: Before) -> Undone {
        let units = before.input.map_or(0, Shape::features);
        let mut layers =
            vec![(Layer::Dense { units, activation: before.activation() }, before.input.is_some())];
        if let Some(picture @ Shape::Image { .. }) = before.input {
            layers.push((reshape::into_shape(picture), true));
        }
        Undone { layers }
    }

    fn has_weights(&self) -> bool {
        true
    }

    fn can_be_pretrained(&self) -> bool {
        true
    }
}

/// Why a number of units is impossible, in a sentence; `what` names the layer or code.
pub(in crate::check) fn units_problem(what: &str, units: usize) -> Option<String> {
    if units == 0 {
        Some(format!("{what} has 0 units: it needs at least 1."))
    } else if units > MOST_UNITS {
        Some(format!("{units} units are more than the {MOST_UNITS} a layer may have."))
    } else {
        None
    }
}

/// The weights of a dense stage as a map.
pub(super) fn linear_map(inputs: usize, outputs: usize, is_tied: bool) -> StoredMap {
    let kind = MapKind::Weights { has_rows: !is_tied };
    let map = MapSizes { kind, inputs, outputs, multiply_adds: inputs.saturating_mul(outputs) };
    StoredMap { map, bytes: 0, bytes_per_row: 0 }
}
