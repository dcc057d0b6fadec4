//! The code looked at, large, and the codes that are kept.

use egui::{RichText, Ui, vec2};

use super::{Asked, Context, ExploreView, bits, failure_ui, tiles_ui};
use crate::project::{format_number, visible};
use crate::session::Decoding;
use crate::ui::plots::{color, palette, stamp_of};
use crate::ui::state::{Pin, Question};
use crate::ui::views::parts::{chip_ui, named};
use crate::ui::views::sample::{feature_name, label_text};

/// Sides of the large picture, at most and at least, and of a pin, in points.
const LARGE: f32 = 132.0;
const LEAST: f32 = 84.0;
const SMALL: f32 = 40.0;
/// Values of a code that are written out, and features of a sample that is no picture.
const FEW: usize = 8;

/// The code that is decoded and shown large: under the pointer, else changed by sliders, else the active pin, else the mean.
fn focus(context: &Context<'_>, view: &ExploreView) -> (Vec<f32>, String) {
    if let Some(code) = &view.place {
        return (code.clone(), "the place under the pointer".to_owned());
    }
    if let Some(code) = view.sliders.changed() {
        return (code.to_vec(), "the code of the sliders".to_owned());
    }
    match context.active() {
        Some((at, pin)) => (pin.code.clone(), format!("pin {}: {}", at + 1, pin.name)),
        None => (context.subject.mean(), "the mean code".to_owned()),
    }
}

/// Shows the code looked at: what it decodes to, its values, and whether any code is near it.
pub fn focus_ui(ui: &mut Ui, context: &Context<'_>, view: &mut ExploreView, asked: &mut Asked) {
    let p = palette(ui);
    let (code, name) = focus(context, view);
    let is_pointer = view.place.is_some();
    context.decode(asked, Decoding::Pointer, bits(&code), || code.clone());
    if let Some((stamp, rows)) = context.explore.decoded(Decoding::Pointer) {
        view.pointer.fill(ui, context.data, stamp, rows);
    }
    failure_ui(ui, context, Question::Decode(Decoding::Pointer));
    // In a low view what can be done with the code is seen, too.
    let side = (0.5 * ui.clip_rect().height()).clamp(LEAST, LARGE);
    ui.horizontal_top(|ui| {
        if view.pointer.len() == 0 {
            return;
        }
        view.pointer.show(ui, context.data, 0, side, &format!("reconstruction of {name}"));
        if context.data.shown().is_none() {
            values_ui(ui, context, view.pointer.row(0));
        }
    });
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        if chip_ui(ui, false, "Pin").on_hover_text("Keep this code").clicked() {
            let number = context.explore.pins.len() + 1;
            asked.pin = Some(Pin { name: format!("code {number}"), code: code.clone(), row: None });
            view.place = None;
        }
        if is_pointer
            && chip_ui(ui, false, "Back to the pin").on_hover_text("Look at the active pin again").clicked()
        {
            view.place = None;
        }
    });
    ui.label(RichText::new(name).size(12.0).color(color(p.text)));
    let shown: Vec<String> = code.iter().take(FEW).map(|value| format_number(f64::from(*value))).collect();
    let more = if code.len() > FEW { ", …" } else { "" };
    let text = format!("({}{more})", shown.join(", "));
    ui.add(egui::Label::new(RichText::new(text).size(11.0).color(color(p.dim))).wrap());
    let of = stamp_of((context.subject.codes_stamp, bits(&code)));
    if view.far.0 != of {
        view.far = (of, context.subject.is_far(context.kept, &code));
    }
    if view.far.1 {
        let text = "Far from the codes of all watched samples: the decoder has learned nothing here.";
        ui.add(egui::Label::new(RichText::new(text).size(11.0).color(color(p.bad))).wrap());
    }
}

/// Values of a sample that is no picture, in its own units.
fn values_ui(ui: &mut Ui, context: &Context<'_>, row: &[f32]) {
    let p = palette(ui);
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 1.0);
        for (feature, value) in row.iter().enumerate().take(FEW) {
            let own = format_number(f64::from(context.data.scaler.unscale(feature, *value)));
            let text = format!("{}  {own}", feature_name(context.data, feature));
            ui.add(egui::Label::new(RichText::new(text).size(11.0).color(color(p.dim))).truncate());
        }
        if row.len() > FEW {
            let text = format!("and {} more", row.len() - FEW);
            ui.label(RichText::new(text).size(10.0).color(color(p.faint)));
        }
    });
}

/// The codes that are kept, small.
pub fn pins_ui(ui: &mut Ui, context: &Context<'_>, view: &mut ExploreView, asked: &mut Asked) {
    let p = palette(ui);
    if context.explore.pins.is_empty() {
        let text = "Click a point to pin it; drag on the plane to decode any place.";
        ui.add(egui::Label::new(RichText::new(text).size(11.0).color(color(p.dim))).wrap());
        return;
    }
    let pins = &context.explore.pins;
    let of: Vec<Vec<u32>> = pins.iter().map(|pin| bits(&pin.code)).collect();
    context.decode(asked, Decoding::Pins, of, || pins.iter().flat_map(|pin| pin.code.clone()).collect());
    if let Some((stamp, rows)) = context.explore.decoded(Decoding::Pins) {
        view.pins.fill(ui, context.data, stamp, rows);
    }
    failure_ui(ui, context, Question::Decode(Decoding::Pins));
    tiles_ui(ui, pins.len(), SMALL + 4.0, |ui, at| {
        let (pin, is_active) = (&pins[at], context.explore.active == Some(at));
        let name = format!("pin {}: {}", at + 1, pin.name);
        if context.data.shown().is_some() && at < view.pins.len() {
            let response = view.pins.show(ui, context.data, at, SMALL, &name);
            let labels = context.data.labels.iter().zip(std::iter::repeat(pin.row));
            let labels: Vec<String> = labels
                .filter_map(|(labels, row)| {
                    Some(format!("{}: {}", visible(&labels.name), label_text(labels, row?)))
                })
                .collect();
            if response.on_hover_text([vec![name.clone()], labels].concat().join("\n")).clicked() {
                asked.activate = Some(at);
                view.place = None;
            }
        }
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            let number = chip_ui(ui, is_active, &(at + 1).to_string());
            if named(number, name.clone()).on_hover_text(name).clicked() {
                asked.activate = Some(at);
                view.place = None;
            }
            let remove = chip_ui(ui, false, "×").on_hover_text("Remove this pin");
            if named(remove, format!("remove pin {}", at + 1)).clicked() {
                asked.unpin = Some(at);
            }
        });
    });
}
