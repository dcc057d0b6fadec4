//! The effect of each unit: the current code, with one unit at a time at both ends of its range.

use std::collections::BTreeMap;

use egui::{ComboBox, Ui};

use super::context::{Actions, Context, bits, failure_ui, remark_ui, short, unit_name};
use super::pictures::ErrorMaps;
use super::traversals::changes;
use crate::project::{Bottleneck, format_number};
use crate::session::Decoding;
use crate::ui::plots::{shortened, stamp_of};
use crate::ui::state::Question;
use crate::ui::views::parts::named;
use crate::ui::views::sample::feature_name;

/// Maximum number of units examined.
const MOST_UNITS: usize = 64;
/// Number of features listed, for samples that are not pictures.
const FEW: usize = 6;
const SIDE: f32 = 132.0;

/// The known effects of the units.
#[derive(Clone, Default)]
pub struct Effects {
    /// The stamp of the newest request, and its units.
    asked: (u64, Vec<usize>),
    /// The stamp of the displayed effects.
    stamp: u64,
    /// The index of each unit in the answer, and whether it has an effect.
    found: BTreeMap<usize, (usize, bool)>,
    /// The unit shown in detail.
    unit: Option<usize>,
    map: ErrorMaps,
}

impl Effects {
    /// Requests unknown effects and stores answers. Does nothing while weights change during
    /// training, because many codes would have to be decoded constantly.
    pub fn follow(&mut self, context: &Context<'_>, actions: &mut Actions) {
        if context.is_live {
            (self.found, self.stamp) = (BTreeMap::new(), 0);
            return;
        }
        let base = context.base();
        let most = MOST_UNITS.min(context.most_samples() / 2);
        let units: Vec<usize> = context.order.iter().copied().take(most).collect();
        let of = (context.subject.codes_stamp, bits(&base), &units, "effects");
        let codes = || units.iter().flat_map(|unit| both_ends(context, &base, *unit)).flatten().collect();
        if let Some(stamp) = context.decode(actions, Decoding::Effects, of, codes) {
            self.asked = (stamp, units);
        }
        let Some((stamp, rows)) = context.explore.decoded(Decoding::Effects) else { return };
        if stamp != self.asked.0 || stamp == self.stamp {
            return;
        }
        self.stamp = stamp;
        let features = context.data.shape.features().max(1);
        let finite = rows.iter().copied().filter(|value| value.is_finite());
        let ends = finite.fold([0.0_f32, 1.0], |[low, high], value| [low.min(value), high.max(value)]);
        let pairs = rows.chunks_exact(2 * features);
        let changes = pairs.map(|pair| changes(pair.chunks_exact(features), ends));
        self.found = self.asked.1.iter().copied().zip(changes.enumerate()).collect();
    }

    /// Whether a unit is known to have no effect.
    pub fn is_without(&self, unit: usize) -> bool {
        self.found.get(&unit).is_some_and(|(_, changes)| !changes)
    }
}

/// The code with a unit at the lower and the upper end of its range.
fn both_ends(context: &Context<'_>, base: &[f32], unit: usize) -> [Vec<f32>; 2] {
    let range = if let Bottleneck::Hashing { .. } = context.trained.plan().design().code.kind {
        [0.0, 1.0]
    } else {
        context.subject.spreads.get(unit).map_or([0.0; 2], |spread| spread.range)
    };
    range.map(|end| {
        let mut code = base.to_vec();
        code.iter_mut().skip(unit).take(1).for_each(|value| *value = end);
        code
    })
}

/// Shows the effect of one unit; for a selector, of the feature it has chosen.
pub fn effects_ui(ui: &mut Ui, context: &Context<'_>, effects: &mut Effects) {
    failure_ui(ui, context, Question::Decode(Decoding::Effects));
    if context.is_live {
        remark_ui(ui, "The effect of each unit is shown once the run pauses or ends.");
    }
    let without: Vec<usize> =
        context.order.iter().copied().filter(|unit| effects.is_without(*unit)).collect();
    if !without.is_empty() {
        let name = |unit: &usize| short(context, &unit_name(context, *unit)).to_owned();
        let names: Vec<String> = without.iter().take(FEW).map(name).collect();
        let more = without.len() - names.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        remark_ui(ui, &format!("No effect: {}{more}.", names.join(", ")));
    }
    let known = |unit: &usize| effects.found.contains_key(unit);
    let first = context.order.iter().copied().find(known);
    let Some(mut unit) = effects.unit.filter(|unit| known(unit)).or(first) else { return };
    ui.horizontal(|ui| {
        ui.label("What depends on");
        let name = |unit: usize| shortened(short(context, &unit_name(context, unit)), 18);
        let combo = ComboBox::from_id_salt("depends on").selected_text(name(unit)).width(90.0);
        let response = combo.show_ui(ui, |ui| {
            for other in context.order.iter().copied().filter(known) {
                if ui.selectable_label(other == unit, name(other)).clicked() {
                    unit = other;
                    effects.unit = Some(other);
                }
            }
        });
        named(response.response, "unit whose effect is shown");
    });
    let features = context.data.shape.features().max(1);
    let (Some((at, changes)), Some((stamp, rows))) =
        (effects.found.get(&unit).copied(), context.explore.decoded(Decoding::Effects))
    else {
        return;
    };
    let ends: Vec<&[f32]> = rows.chunks_exact(features).skip(2 * at).take(2).collect();
    let (true, [low, high]) = (stamp == effects.stamp, &ends[..]) else { return };
    if !changes {
        remark_ui(ui, "Nothing: no value changes over its range.");
        return;
    }
    remark_ui(ui, "Change of each value from the lower to the upper end of its range:");
    if let Some(shown) = context.data.shown() {
        effects.map.fill(ui, context.data, stamp_of((stamp, unit)), [low, high]);
        effects.map.show(ui, shown, 0, SIDE, &format!("what depends on {}", unit_name(context, unit)));
        return;
    }
    for feature in most_moved(low, high).into_iter().take(FEW) {
        let own =
            |values: &[f32]| format_number(f64::from(context.data.scaler.unscale(feature, values[feature])));
        let text = format!("{}: {} to {}", feature_name(context.data, feature), own(low), own(high));
        remark_ui(ui, &text);
    }
}

/// Features whose values differ, largest difference first.
fn most_moved(low: &[f32], high: &[f32]) -> Vec<usize> {
    let far = |feature: &usize| (low[*feature] - high[*feature]).abs();
    let mut moved: Vec<usize> = (0..low.len().min(high.len())).filter(|at| far(at) > 0.0).collect();
    moved.sort_by(|a, b| far(b).total_cmp(&far(a)));
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_listed_by_decreasing_change() {
        assert_eq!(most_moved(&[0.0, 1.0, 5.0, 2.0], &[0.5, 1.0, 3.0, 2.25]), [2, 0, 3]);
        assert_eq!(most_moved(&[f32::NAN, 1.0], &[0.0, 1.0]), [0; 0], "what is no number moves nowhere");
    }
}
