//! Information about the hovered sample, shown next to the pointer.

use egui::{RichText, Ui, vec2};

use super::super::parts::card_at_pointer;
use super::super::sample::{RangeCache, Sampler, label_text, row_name};
use super::{LatentInput, LatentView};
use crate::dataset::{Dataset, LabelColumn};
use crate::project::{Shown, format_number, visible};
use crate::run::{Kept, Run};
use crate::ui::plots::{Atlas, color, palette, stamp_of};

/// Pictures of the hovered sample.
#[derive(Clone, Default)]
pub(super) struct Card {
    stamp: u64,
    atlas: Atlas,
    range: RangeCache,
}

/// The hovered sample.
pub(super) struct Sample<'a> {
    /// Its row in the run's data.
    pub row: u32,
    /// Its code.
    pub code: &'a [f32],
    /// The epoch of the weights that encoded it.
    pub epoch: u32,
}

/// Shows picture, reconstruction, name, labels and code of the sample next to the pointer.
pub(super) fn card_ui(
    ui: &Ui,
    input: &LatentInput<'_>,
    (run, kept): (&Run, &Kept),
    column: Option<&LabelColumn>,
    sample: &Sample<'_>,
    view: &mut LatentView,
) {
    let row = sample.row;
    let p = palette(ui);
    let (stamp, cache) = (view.cache.stamp, &mut view.card);
    card_at_pointer(ui, "sample", |ui| {
        ui.spacing_mut().item_spacing = vec2(8.0, 3.0);
        if let Some(data) = input.data {
            card_pictures_ui(ui, data, (run, kept), sample, stamp, cache);
            ui.label(RichText::new(row_name(data, row)).size(12.0).color(color(p.text)));
            for labels in &data.labels {
                let is_shown = Some(&labels.name) == column.map(|column| &column.name);
                let text = format!("{}: {}", visible(&labels.name), label_text(labels, row));
                let tint = if is_shown { p.text } else { p.dim };
                ui.label(RichText::new(text).size(11.0).color(color(tint)));
            }
        } else {
            ui.label(RichText::new(format!("row {row}")).size(12.0));
        }
        let code = sample.code;
        let shown: Vec<String> = code.iter().take(6).map(|v| format_number(f64::from(*v))).collect();
        let more = if code.len() > 6 { ", …" } else { "" };
        let text = format!("code ({}{more})", shown.join(", "));
        ui.label(RichText::new(text).size(11.0).color(color(p.dim)));
    });
}

fn card_pictures_ui(
    ui: &mut Ui,
    data: &Dataset,
    (run, kept): (&Run, &Kept),
    sample: &Sample<'_>,
    stamp: u64,
    card: &mut Card,
) {
    let Some(shown) = data.shown() else { return };
    let Shown { height, width, channels, .. } = shown;
    let sampler = Sampler::new(data);
    let row = sample.row;
    // Reconstructions exist only for watched samples, at the epoch at which they were kept.
    let watched = run.kept.probe.picture_rows.iter().position(|probe| *probe == row);
    let place = watched.filter(|_| sample.epoch == kept.epoch);
    let features = data.shape.features();
    let values = place.and_then(|place| kept.reconstructions.get(place * features..(place + 1) * features));
    let key = stamp_of((stamp, row));
    if card.stamp != key {
        let original = sampler.original(row);
        let reconstruction = values.map(|values| sampler.unscaled(values));
        let both: Vec<&[f32]> =
            [Some(&original[..]), reconstruction.as_deref()].into_iter().flatten().collect();
        let range = card.range.of(data);
        card.atlas.fill(ui.ctx(), [width, height], both.len(), |picture, x, y| {
            let start = (y * width + x) * channels;
            range.pixel(&shown.pixel(both[picture].get(start..start + channels).unwrap_or_default()))
        });
        card.stamp = key;
    }
    ui.horizontal(|ui| {
        for picture in 0..card.atlas.len() {
            let side = 64.0 / width.max(height) as f32;
            let size = vec2(width as f32 * side, height as f32 * side).max(vec2(4.0, 4.0));
            let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
            card.atlas.paint(ui.painter(), picture, rect);
        }
    });
}
