//! The sample under the pointer: its identity, its reconstruction, and the error.

use egui::{RichText, Ui};

use super::context::{Actions, Context, bits};
use super::pictures::{ErrorMaps, Pictures};
use crate::project::{format_number, visible};
use crate::session::{Decoding, row_error};
use crate::ui::plots::{color, palette, stamp_of};
use crate::ui::views::parts::card_at_pointer;
use crate::ui::views::sample::{Sampler, label_text, row_name};

/// Pictures of the sample.
#[derive(Clone, Default)]
pub struct Hover {
    original: Pictures,
    made: Pictures,
    map: ErrorMaps,
    /// The stamp of the newest request, and its data and row.
    asked: (u64, (u64, u32)),
}

/// Side of a picture in points.
const SIDE: f32 = 64.0;

/// Shows the sample of a point next to the pointer.
pub fn hover_ui(ui: &Ui, context: &Context<'_>, hover: &mut Hover, point: usize, actions: &mut Actions) {
    let (data, Some((row, code))) = (context.shown.data, context.shown.sample(point)) else { return };
    let sample = (data.fingerprint, row);
    if let Some(stamp) = context.decode(actions, Decoding::Hover, (sample, bits(code)), || code.to_vec()) {
        hover.asked = (stamp, sample);
    }
    let of = stamp_of(sample);
    if !hover.original.are_of(of) {
        hover.original.fill(ui, data, of, &Sampler::new(data).scaled(row));
    }
    let answer = context.explore.decoded(Decoding::Hover);
    // Do not show the reconstruction of another sample as its own.
    let made =
        answer.filter(|(stamp, rows)| (*stamp, sample) == hover.asked && rows.len() == data.shape.features());
    if let Some((stamp, rows)) = made {
        hover.made.fill(ui, data, stamp, rows);
        hover.map.fill(ui, data, stamp_of((of, stamp)), [hover.original.rows(), rows]);
    }
    let [given, .., difference] = context.given(data.fingerprint).names();
    card_at_pointer(ui, "explored sample", |ui| {
        let p = palette(ui);
        ui.label(RichText::new(row_name(data, row)).size(12.0).color(color(p.text)));
        for labels in &data.labels {
            let text = format!("{}: {}", visible(&labels.name), label_text(labels, row));
            ui.label(RichText::new(text).size(11.0).color(color(p.dim)));
        }
        if let Some(shown) = data.shown() {
            ui.horizontal(|ui| {
                hover.original.show(ui, data, 0, SIDE, given);
                if made.is_some() {
                    hover.made.show(ui, data, 0, SIDE, "reconstruction");
                    hover.map.show(ui, shown, 0, SIDE, difference);
                }
            });
        }
        if let Some((_, rows)) = made {
            let error = format_number(f64::from(row_error(data, row, hover.original.rows(), rows)));
            let text = format!("squared {difference} per feature {error}");
            ui.label(RichText::new(text).size(11.0).color(color(p.dim)));
        }
        ui.label(RichText::new("click to pin").size(10.0).color(color(p.faint)));
    });
}
