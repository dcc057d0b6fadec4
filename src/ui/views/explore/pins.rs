//! The current code, shown large, and the pinned codes.

use egui::{RichText, Ui, vec2};

use super::ExploreView;
use super::context::{Actions, Context, bits, failure_ui, remark_ui};
use super::pictures::tiles_ui;
use crate::project::{format_number, visible};
use crate::session::Decoding;
use crate::ui::plots::{color, palette, stamp_of};
use crate::ui::state::{Question, ShownPin};
use crate::ui::views::parts::{chip_ui, named};
use crate::ui::views::sample::{feature_name, label_text};

/// Maximum and minimum side of the large picture, and the side of a pin, in points.
const LARGE: f32 = 132.0;
const LEAST: f32 = 84.0;
const SMALL: f32 = 40.0;
/// Maximum number of values shown as text, of a code or of a sample that is not a picture.
const FEW: usize = 8;

/// The code that is decoded and shown large: under the pointer, else edited by sliders, else the
/// active pin, else the mean.
fn focus(context: &Context<'_>, view: &ExploreView) -> (Vec<f32>, String) {
    if let Some(code) = &view.place {
        return (code.clone(), "the place under the pointer".to_owned());
    }
    if let Some(code) = view.sliders.changed() {
        return (code.to_vec(), "the code of the sliders".to_owned());
    }
    match context.active() {
        Some(pin) => (pin.code.clone(), pin.title()),
        None => (context.subject.mean(), "the mean code".to_owned()),
    }
}

/// Shows the current code: its reconstruction, its values, and whether it is near any code.
pub fn focus_ui(ui: &mut Ui, context: &Context<'_>, view: &mut ExploreView, actions: &mut Actions) {
    let p = palette(ui);
    let (code, name) = focus(context, view);
    let is_pointer = view.place.is_some();
    context.decode(actions, Decoding::Pointer, bits(&code), || code.clone());
    if let Some((stamp, rows)) = context.explore.decoded(Decoding::Pointer) {
        view.pointer.fill(ui, context.data, stamp, rows);
    }
    failure_ui(ui, context, Question::Decode(Decoding::Pointer));
    // Keep the buttons below visible in a view of small height.
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
            actions.pins.push(context.code_pin(context.next_name(), code.clone()));
            view.place = None;
        }
        if is_pointer
            && chip_ui(ui, false, "Back to the pin").on_hover_text("Show the active pin again").clicked()
        {
            view.place = None;
        }
    });
    ui.label(RichText::new(name).size(12.0).color(color(p.text)));
    remark_ui(ui, &code_text(&code));
    let of = stamp_of((context.subject.codes_stamp, bits(&code)));
    if view.far.0 != of {
        view.far = (of, context.subject.is_far(&code));
    }
    if view.far.1 {
        let text = "Far from all training codes: the decoder was not trained here.";
        ui.add(egui::Label::new(RichText::new(text).size(11.0).color(color(p.bad))).wrap());
    }
}

/// Values of a sample that is not a picture, in its own units.
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

/// The first values of a code.
pub fn code_text(code: &[f32]) -> String {
    let shown: Vec<String> = code.iter().take(FEW).map(|value| format_number(f64::from(*value))).collect();
    let more = if code.len() > FEW { ", …" } else { "" };
    format!("({}{more})", shown.join(", "))
}

/// The labels of a pinned sample, one per line.
pub fn labels_of(pin: &ShownPin) -> Vec<String> {
    let Some(sample) = &pin.sample else { return Vec::new() };
    let text = |labels| label_text(labels, sample.row);
    sample.data.labels.iter().map(|labels| format!("{}: {}", visible(&labels.name), text(labels))).collect()
}

/// Requests and stores the reconstructions of all pins; the cards use them too.
fn decode_pins(ui: &mut Ui, context: &Context<'_>, view: &mut ExploreView, actions: &mut Actions) {
    let pins = context.decoded_pins();
    let of: Vec<Vec<u32>> = pins.iter().map(|pin| bits(&pin.code)).collect();
    context.decode(actions, Decoding::Pins, of, || pins.iter().flat_map(|pin| pin.code.clone()).collect());
    if let Some((stamp, rows)) = context.explore.decoded(Decoding::Pins) {
        view.pins.fill(ui, context.data, stamp, rows);
    }
    failure_ui(ui, context, Question::Decode(Decoding::Pins));
    failure_ui(ui, context, Question::Encode);
}

/// The pinned codes, shown small.
pub fn pins_ui(ui: &mut Ui, context: &Context<'_>, view: &mut ExploreView, actions: &mut Actions) {
    let pins = &context.explore.pins;
    if pins.is_empty() {
        remark_ui(ui, "Click a point to pin it; drag on the plane to decode any place.");
        return;
    }
    decode_pins(ui, context, view, actions);
    tiles_ui(ui, pins.len(), SMALL + 4.0, |ui, at| {
        let pin = &pins[at];
        let (is_active, name) = (context.explore.active == Some(pin.at), pin.title());
        if context.data.shown().is_some() && at < view.pins.len() {
            let response = view.pins.show(ui, context.data, at, SMALL, &name);
            if response.clicked() {
                actions.activate = Some(pin.at);
                view.place = None;
            }
            response.on_hover_ui(|ui| {
                let note = (!pin.note.is_empty()).then(|| visible(&pin.note).into_owned());
                for line in std::iter::once(name.clone()).chain(labels_of(pin)).chain(note) {
                    ui.label(line);
                }
            });
        }
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            let number = chip_ui(ui, is_active, &pin.number.to_string());
            if named(number, name.clone()).on_hover_text(name).clicked() {
                actions.activate = Some(pin.at);
                view.place = None;
            }
            let remove = chip_ui(ui, false, "×").on_hover_text("Remove this pin");
            if named(remove, format!("remove pin {}", pin.number)).clicked() {
                actions.unpin = Some(pin.at);
            }
        });
    });
}
