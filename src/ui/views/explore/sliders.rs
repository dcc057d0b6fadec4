//! Editing single units of a code: sliders, or controls for codes of bits or choices.

use egui::{Button, ComboBox, DragValue, Rect, RichText, Slider, SliderClamping, Ui, pos2, vec2};

use super::ExploreView;
use super::context::{Actions, Context, bits, name_width, short, unit_name};
use super::effects::{Effects, effects_ui};
use super::positions::positions_ui;
use crate::analysis::spread::Spread;
use crate::engine::code_thresholds;
use crate::project::{Bottleneck, format_count, format_number};
use crate::ui::plots::{color, palette};
use crate::ui::views::parts::{chip_ui, named};

/// Width of the value next to a slider, in points.
const VALUE: f32 = 70.0;
/// The tooltip of a unit without effect.
const NO_EFFECT: &str = "No effect: the reconstruction stays the same over its range";
/// Number of units shown by default.
const FEW: usize = 32;

/// The edited code.
#[derive(Clone, Default)]
pub struct Sliders {
    /// The pin whose code is edited; `None` for the mean.
    pin: Option<usize>,
    /// The initial and the current code.
    code: Option<(Vec<f32>, Vec<f32>)>,
    /// The threshold of each bit, and the stamp of its codes.
    thresholds: (u64, Vec<f32>),
    shows_all: bool,
}

impl Sliders {
    /// The code, if it was edited.
    pub fn changed(&self) -> Option<&[f32]> {
        self.code.as_ref().filter(|(from, now)| bits(from) != bits(now)).map(|(_, now)| &now[..])
    }

    /// Starts from the code of another pin. Edits are kept if only the mean changed with the epoch.
    pub fn follow(&mut self, base: Vec<f32>, pin: Option<usize>) {
        let is_other = self.code.as_ref().is_none_or(|(from, _)| bits(from) != bits(&base));
        let keeps = self.pin == pin && pin.is_none() && self.changed().is_some();
        if is_other && !keeps || self.pin != pin {
            (self.pin, self.code) = (pin, Some((base.clone(), base)));
        }
    }
}

/// Shows the section.
pub fn sliders_ui(ui: &mut Ui, context: &Context<'_>, view: &mut ExploreView, actions: &mut Actions) {
    let (sliders, effects) = (&mut view.sliders, &mut view.effects);
    let is_changed = sliders.changed().is_some();
    let shows_all = sliders.shows_all;
    let Some((from, code)) = &mut sliders.code else { return };
    ui.horizontal(|ui| {
        let reset = ui.add_enabled_ui(is_changed, |ui| chip_ui(ui, false, "Reset")).inner;
        if reset.on_hover_text("Undo all changes to this code").clicked() {
            code.clone_from(from);
        }
        let keep = ui.add_enabled_ui(is_changed, |ui| chip_ui(ui, false, "Keep as pin")).inner;
        if keep.on_hover_text("Keep the changed code").clicked() {
            let name = format!("{} (sliders)", context.next_name());
            actions.pins.push(context.code_pin(name, code.clone()));
        }
    });
    ui.add_space(4.0);
    positions_ui(ui, context, code, &mut view.positions, false);
    match &context.trained.plan().design().code.kind {
        Bottleneck::Hashing { threshold, .. } => {
            let codes = context.subject.codes_stamp;
            if sliders.thresholds.0 != codes {
                let training = &context.subject.training;
                let thresholds = code_thresholds(&training.codes, training.code_units, *threshold);
                sliders.thresholds = (codes, thresholds);
            }
            effects.follow(context, actions);
            bits_ui(ui, context, (code, &sliders.thresholds.1), effects);
            effects_ui(ui, context, effects);
        }
        Bottleneck::DescriptionLength { choices, .. } => choices_ui(ui, context, code, *choices),
        Bottleneck::Quantised { dimension, .. } => entries_ui(ui, context, code, *dimension),
        Bottleneck::Plain
        | Bottleneck::KSparse { .. }
        | Bottleneck::Variational { .. }
        | Bottleneck::ImportanceWeighted { .. }
        | Bottleneck::Wasserstein { .. }
        | Bottleneck::Concrete { .. } => {
            effects.follow(context, actions);
            let count = if shows_all { usize::MAX } else { FEW };
            for unit in context.order.iter().take(count) {
                unit_ui(ui, context, *unit, (code, effects.is_without(*unit)));
            }
            let hidden = context.order.len().saturating_sub(count);
            if hidden > 0 && chip_ui(ui, false, &format!("Show {} more", format_count(hidden))).clicked() {
                sliders.shows_all = true;
            }
            ui.add_space(6.0);
            effects_ui(ui, context, effects);
        }
    }
}

/// One unit: its name, its slider over the histogram of the codes, and its value.
fn unit_ui(ui: &mut Ui, context: &Context<'_>, unit: usize, (code, is_without): (&mut [f32], bool)) {
    let (Some(spread), Some(value)) = (context.subject.spreads.get(unit), code.get_mut(unit)) else { return };
    let p = palette(ui);
    let name = unit_name(context, unit);
    let [low, high] = spread.range;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let tint = color(if is_without { p.faint } else { p.dim });
        let label = egui::Label::new(RichText::new(short(context, &name)).size(11.0).color(tint)).truncate();
        let label = ui.add_sized(vec2(name_width(context, 56.0), 20.0), label);
        if is_without {
            label.on_hover_text(NO_EFFECT);
        }
        if low == high {
            let text = format!("always {}", format_number(f64::from(low)));
            ui.label(RichText::new(text).size(11.0).color(color(p.faint)));
            return;
        }
        let width = (ui.available_width() - VALUE - 8.0).max(60.0);
        let at = Rect::from_min_size(ui.cursor().min, vec2(width, 20.0));
        histogram(ui, spread, at);
        ui.spacing_mut().slider_width = width;
        ui.spacing_mut().interact_size.y = 16.0;
        let slider = Slider::new(value, low..=high).clamping(SliderClamping::Never).show_value(false);
        let about = format!(
            "Range of the training codes: {} to {}",
            format_number(f64::from(low)),
            format_number(f64::from(high))
        );
        let about = if is_without { format!("{about}. {NO_EFFECT}") } else { about };
        named(ui.add(slider), name.clone()).on_hover_text(about);
        let speed = f64::from(high - low) / 300.0;
        let drag = DragValue::new(value).speed(speed).custom_formatter(|value, _| format_number(value));
        named(ui.add_sized(vec2(VALUE, 20.0), drag), format!("{name}, value"));
    });
}

/// The histogram of a unit as the background of its slider.
fn histogram(ui: &Ui, spread: &Spread, rect: Rect) {
    let most = spread.histogram.iter().copied().max().unwrap_or(0).max(1) as f32;
    let width = rect.width() / spread.histogram.len().max(1) as f32;
    let tint = color(palette(ui).code).gamma_multiply(0.35);
    for (bin, count) in spread.histogram.iter().enumerate() {
        let left = rect.left() + bin as f32 * width;
        let top = rect.bottom() - rect.height() * *count as f32 / most;
        let bar = Rect::from_min_max(pos2(left, top), pos2(left + width - 0.5, rect.bottom()));
        ui.painter().rect_filled(bar, 0.0, tint);
    }
}

/// Toggles for bits.
fn bits_ui(ui: &mut Ui, context: &Context<'_>, (code, thresholds): (&mut [f32], &[f32]), effects: &Effects) {
    let at = context.code.units_at(context.position);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(3.0, 3.0);
        for (unit, (value, threshold)) in
            code.iter_mut().zip(thresholds).enumerate().skip(at.start).take(at.len())
        {
            let is_set = *value > *threshold;
            let text = RichText::new(if is_set { "1" } else { "0" }).size(11.0).monospace();
            let button = ui.add(Button::selectable(is_set, text).min_size(vec2(18.0, 20.0)));
            let about = if effects.is_without(unit) { NO_EFFECT } else { "Flip this bit" };
            if named(button, context.code.part_name("bit", 1, unit)).on_hover_text(about).clicked() {
                *value = f32::from(!is_set);
            }
        }
    });
}

/// Groups of this many units of a code, numbered from 0; for a picture code, at the selected
/// position.
fn parts<'a>(
    context: &Context<'_>,
    code: &'a mut [f32],
    size: usize,
) -> impl Iterator<Item = (usize, &'a mut [f32])> {
    let (at, size) = (context.code.units_at(context.position), size.max(1));
    code.chunks_exact_mut(size).enumerate().skip(at.start / size).take(at.len() / size)
}

/// The choice made by each quantiser.
fn choices_ui(ui: &mut Ui, context: &Context<'_>, code: &mut [f32], choices: usize) {
    for (number, group) in parts(context, code, choices) {
        let strongest = (0..group.len()).max_by(|a, b| group[*a].total_cmp(&group[*b])).unwrap_or(0);
        ui.horizontal(|ui| {
            let name = context.code.part_name("quantiser", choices, number);
            ui.label(RichText::new(&name).size(11.0).color(color(palette(ui).dim)));
            let combo = ComboBox::from_id_salt(&name).selected_text((strongest + 1).to_string());
            let response = combo.show_ui(ui, |ui| {
                for choice in 0..choices {
                    if ui.selectable_label(choice == strongest, (choice + 1).to_string()).clicked() {
                        group.fill(0.0);
                        group[choice] = 1.0;
                    }
                }
            });
            named(response.response, name);
        });
    }
}

/// The codebook entry of each vector.
fn entries_ui(ui: &mut Ui, context: &Context<'_>, code: &mut [f32], dimension: usize) {
    // Weights still in a file will be read shortly, to decode the code.
    let weights = context.trained.weights().in_memory();
    let codebook = weights.as_ref().and_then(|weights| weights.0.get("code.codebook"));
    let Some(codebook) = codebook else { return };
    let entries: Vec<&[f32]> = codebook.values.chunks_exact(dimension.max(1)).collect();
    for (number, vector) in parts(context, code, dimension) {
        let distance = |entry: &usize| -> f32 {
            entries[*entry].iter().zip(&*vector).map(|(a, b)| (a - b) * (a - b)).sum()
        };
        let Some(nearest) = (0..entries.len()).min_by(|a, b| distance(a).total_cmp(&distance(b))) else {
            return;
        };
        let mut chosen = nearest + 1;
        ui.horizontal(|ui| {
            let name = context.code.part_name("vector", dimension, number);
            ui.label(RichText::new(&name).size(11.0).color(color(palette(ui).dim)));
            let drag = DragValue::new(&mut chosen).range(1..=entries.len()).speed(0.2).prefix("entry ");
            if named(ui.add(drag), name).changed() {
                vector.copy_from_slice(entries[chosen - 1]);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_changed_once_it_differs_from_the_one_it_began_with() {
        let mut sliders = Sliders::default();
        assert_eq!(sliders.changed(), None);
        let change = |sliders: &mut Sliders| sliders.code.as_mut().expect("a code").1[1] = 3.0;
        sliders.follow(vec![1.0, 2.0], None);
        assert_eq!(sliders.changed(), None);
        change(&mut sliders);
        assert_eq!(sliders.changed(), Some(&[1.0, 3.0][..]));
        sliders.follow(vec![1.5, 2.0], None);
        assert_eq!(sliders.changed(), Some(&[1.0, 3.0][..]), "the mean of another epoch");
        sliders.follow(vec![1.0, 2.0], Some(0));
        assert_eq!(sliders.changed(), None, "another pin is looked at, of the same code");
        change(&mut sliders);
        sliders.follow(vec![0.0, 2.0], Some(0));
        assert_eq!(sliders.changed(), None, "the pin has another code");
    }
}
