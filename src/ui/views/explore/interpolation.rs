//! Interpolation between two pins: a strip of pictures, and an animation.

use std::time::Duration;

use egui::{ComboBox, DragValue, RichText, Ui, vec2};

use super::context::{Actions, Context, bits, failure_ui, remark_ui};
use super::pictures::Pictures;
use crate::analysis::interpolation::Interpolation;
use crate::session::Decoding;
use crate::ui::plots::{color, palette};
use crate::ui::state::Question;
use crate::ui::views::parts::{chip_ui, named};

/// The state of the section.
#[derive(Clone)]
pub struct Interpolated {
    ends: [usize; 2],
    kind: Interpolation,
    steps: usize,
    /// Time of the last frame of the animation, in egui time (seconds).
    plays_since: Option<f64>,
    /// Number of steps played.
    played: f64,
    /// Steps per second.
    speed: f64,
    pictures: Pictures,
}

impl Default for Interpolated {
    fn default() -> Self {
        Interpolated {
            ends: [0, 1],
            kind: Interpolation::Linear,
            steps: 9,
            plays_since: None,
            played: 0.0,
            speed: 8.0,
            pictures: Pictures::default(),
        }
    }
}

/// Sides of the pictures in points.
const SMALL: f32 = 50.0;
const LARGE: f32 = 132.0;

impl Interpolated {
    /// The displayed scaled samples, row by row.
    pub fn pictures(&self) -> &[f32] {
        self.pictures.rows()
    }
}

/// Shows the section.
pub fn interpolation_ui(
    ui: &mut Ui,
    context: &Context<'_>,
    section: &mut Interpolated,
    actions: &mut Actions,
) {
    let p = palette(ui);
    let pins = &context.explore.pins;
    if pins.len() < 2 {
        section.pictures = Pictures::default();
        remark_ui(ui, "Pin two samples to interpolate between them.");
        return;
    }
    section.ends = section.ends.map(|end| end.min(pins.len() - 1));
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
        for (end, name) in section.ends.iter_mut().zip(["from pin", "to pin"]) {
            ui.label(RichText::new(name).size(11.0).color(color(p.dim)));
            let combo = ComboBox::from_id_salt(name).width(44.0).selected_text(pins[*end].number.to_string());
            let response = combo.show_ui(ui, |ui| {
                for (at, pin) in pins.iter().enumerate() {
                    if ui.selectable_label(*end == at, format!("{}: {}", pin.number, pin.name)).clicked() {
                        *end = at;
                    }
                }
            });
            named(response.response, name);
        }
    });
    ui.add_space(4.0);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
        let kinds = [
            (Interpolation::Linear, "linear", "Along the straight line between the codes"),
            (
                Interpolation::Spherical,
                "spherical",
                "Along a great circle: for codes with a normal prior and many units",
            ),
        ];
        for (kind, name, about) in kinds {
            if chip_ui(ui, section.kind == kind, name).on_hover_text(about).clicked() {
                section.kind = kind;
            }
        }
        let drag = DragValue::new(&mut section.steps).range(3..=40).speed(0.1).suffix(" steps");
        named(ui.add(drag), "steps of the interpolation");
        let plays = section.plays_since.is_some();
        if chip_ui(ui, plays, if plays { "Pause" } else { "Play" }).clicked() {
            section.plays_since = (!plays).then(|| ui.input(|input| input.time));
        }
        let speed = DragValue::new(&mut section.speed).range(1.0..=30.0).speed(0.1).suffix(" per second");
        named(ui.add(speed), "steps played per second");
    });
    ui.add_space(6.0);
    let [from, to] = section.ends.map(|end| &pins[end].code);
    let (steps, kind) = (section.steps.clamp(2, context.most_samples()), section.kind);
    let of = (bits(from), bits(to), steps, kind == Interpolation::Spherical);
    context.decode(actions, Decoding::Interpolation, of, || {
        (0..steps).flat_map(|step| kind.at(from, to, step as f32 / (steps - 1) as f32)).collect()
    });
    failure_ui(ui, context, Question::Decode(Decoding::Interpolation));
    if let Some((stamp, rows)) = context.explore.decoded(Decoding::Interpolation) {
        section.pictures.fill(ui, context.data, stamp, rows);
    }
    let count = section.pictures.len();
    if count < 2 {
        return;
    }
    if let Some(since) = section.plays_since {
        let now = ui.input(|input| input.time);
        section.played += (now - since).max(0.0) * section.speed;
        section.plays_since = Some(now);
        ui.ctx().request_repaint_after(Duration::from_secs_f64(1.0 / section.speed));
    }
    let played = there_and_back(section.played as usize, count);
    section.pictures.show(ui, context.data, played, LARGE, "the interpolation, played");
    remark_ui(ui, "Click a step to pin it.");
    ui.add_space(6.0);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
        for step in 0..count {
            let name = format!("step {} of {count}", step + 1);
            if section.pictures.show(ui, context.data, step, SMALL, &name).clicked() {
                let [from, to] = section.ends.map(|end| &pins[end]);
                let code = kind.at(&from.code, &to.code, step as f32 / (count - 1) as f32);
                let name = format!("{name}, {} to {}", from.name, to.name);
                actions.pins.push(context.code_pin(name, code));
            }
        }
    });
}

/// The picture to show when the steps are played forwards and backwards in a loop.
fn there_and_back(frame: usize, count: usize) -> usize {
    let turn = frame % (2 * (count - 1)).max(1);
    if turn < count { turn } else { 2 * (count - 1) - turn }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_played_forwards_and_backwards() {
        let played: Vec<usize> = (0..9).map(|frame| there_and_back(frame, 4)).collect();
        assert_eq!(played, [0, 1, 2, 3, 2, 1, 0, 1, 2]);
        assert_eq!([0, 1, 2].map(|frame| there_and_back(frame, 2)), [0, 1, 0]);
    }
}
