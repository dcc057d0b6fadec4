//! Samples near to a pin: by their codes, and by their pictures.

use std::sync::Arc;

use egui::{RichText, Ui};

use super::pictures::{Pictures, width};
use super::{Asked, Context, bits, failure_ui, tiles_ui};
use crate::analysis::hamming::BinaryCodes;
use crate::analysis::neighbours::{Distance, Neighbour, nearest, nearest_codes, precision};
use crate::dataset::LabelColumn;
use crate::engine::code_thresholds;
use crate::project::{Bottleneck, Threshold, format_number};
use crate::session::{Decoding, JobKind, Lookup};
use crate::ui::plots::{color, palette, stamp_of};
use crate::ui::state::{Pin, Question};
use crate::ui::views::parts::chip_ui;
use crate::ui::views::sample::{Sampler, label_text, row_name, tells_groups};

/// The choices of the section.
#[derive(Clone, Default)]
pub struct Near {
    distance: Distance,
    /// Rows whose codes are nearest, with their distances, and what they follow from.
    found: (u64, Vec<(u32, f32)>),
    by_code: Pictures,
    by_picture: Pictures,
}

/// Neighbours that are shown.
const COUNT: usize = 8;
const SIDE: f32 = 58.0;

/// Shows the section.
pub fn near_ui(ui: &mut Ui, context: &Context<'_>, near: &mut Near, asked: &mut Asked) {
    let p = palette(ui);
    let Some((at, pin)) = context.active() else {
        let text = "Pin a sample to see what is near to it.";
        ui.add(egui::Label::new(RichText::new(text).size(11.0).color(color(p.dim))).wrap());
        return;
    };
    let kind = context.trained.plan().design().code.kind;
    let threshold = threshold(&kind);
    title_ui(ui, &format!("Watched samples whose codes are nearest to pin {}", at + 1));
    if threshold.is_some() {
        ui.label(RichText::new("by the bits that differ (Hamming)").size(11.0).color(color(p.dim)));
    } else {
        ui.horizontal(|ui| {
            let choices = [
                (Distance::Euclidean, "L2", "By the length of the difference"),
                (Distance::Cosine, "cosine", "By the angle between the codes"),
            ];
            for (distance, name, about) in choices {
                if chip_ui(ui, near.distance == distance, name).on_hover_text(about).clicked() {
                    near.distance = distance;
                }
            }
        });
    }
    let of = (context.subject.codes_stamp, bits(&pin.code), pin.row, near.distance == Distance::Cosine);
    let stamp = stamp_of(of);
    if near.found.0 != stamp {
        near.found = (stamp, nearest_rows(context, pin, threshold, near.distance));
    }
    neighbours_ui(ui, context, &mut near.by_code, &near.found.1, pin.row);

    ui.add_space(8.0);
    title_ui(ui, "Training samples whose values are nearest");
    let picture = match pin.row {
        Some(row) => Some(Sampler::new(context.data).scaled(row)),
        None => context.explore.decoded(Decoding::Pins).and_then(|(_, rows)| {
            let features = context.data.shape.features().max(1);
            rows.chunks_exact(features).nth(at).map(<[f32]>::to_vec)
        }),
    };
    let Some(picture) = picture else { return };
    let stamp = stamp_of((context.data.fingerprint, bits(&picture), pin.row));
    if context.asks(Question::NearPin, stamp) {
        let lookup = Lookup {
            data: Arc::clone(context.data),
            pictures: Arc::new(picture),
            count: COUNT,
            except: pin.row,
            is_of_draws: false,
        };
        asked.questions.push((Question::NearPin, stamp, JobKind::Lookup(lookup)));
    }
    failure_ui(ui, context, Question::NearPin);
    let Some((_, found)) = context.explore.found(Question::NearPin).filter(|(of, _)| *of == stamp) else {
        return;
    };
    let found: Vec<(u32, f32)> = found.iter().flatten().map(|near| (near.row, near.distance)).collect();
    neighbours_ui(ui, context, &mut near.by_picture, &found, pin.row);
}

/// Where 0 ends and 1 begins, of codes that are bits.
fn threshold(kind: &Bottleneck) -> Option<Threshold> {
    if let Bottleneck::Hashing { threshold, .. } = kind { Some(*threshold) } else { None }
}

/// The watched rows whose codes are nearest to a pin, with their distances; not its own.
fn nearest_rows(
    context: &Context<'_>,
    pin: &Pin,
    threshold: Option<Threshold>,
    distance: Distance,
) -> Vec<(u32, f32)> {
    let (kept, rows) = (context.kept, &context.run.kept.probe.code_rows);
    let found = match threshold {
        Some(threshold) => {
            let thresholds = code_thresholds(&kept.codes, kept.code_units, threshold);
            let of = |codes: &[f32]| BinaryCodes::new(codes, kept.code_units, |unit| thresholds[unit]);
            nearest_codes(&of(&pin.code), 0, &of(&kept.codes), COUNT + 1)
        }
        None => nearest(&pin.code, &kept.codes, COUNT + 1, distance),
    };
    let found = found.iter().filter_map(|near| Some((*rows.get(near.row)?, near.distance)));
    found.filter(|(row, _)| Some(*row) != pin.row).take(COUNT).collect()
}

fn title_ui(ui: &mut Ui, text: &str) {
    ui.add(egui::Label::new(RichText::new(text).size(11.5).color(color(palette(ui).text))).wrap());
}

/// The column that tells classes, if there is one.
fn classes<'a>(context: &Context<'a>) -> Option<&'a LabelColumn> {
    context.data.labels.iter().find(|column| column.class_ids().is_some() && tells_groups(column))
}

/// Neighbours with their labels, and how many are of the class of the pin.
fn neighbours_ui(
    ui: &mut Ui,
    context: &Context<'_>,
    pictures: &mut Pictures,
    found: &[(u32, f32)],
    pin: Option<u32>,
) {
    let p = palette(ui);
    let column = classes(context);
    let class = |row: u32| column.and_then(|column| column.class_ids()?.get(row as usize).copied());
    if let Some(own) = pin.and_then(class) {
        let neighbours: Vec<Neighbour> =
            (0..found.len()).map(|row| Neighbour { row, distance: 0.0 }).collect();
        let of: Vec<u32> = found.iter().map(|(row, _)| class(*row).unwrap_or(u32::MAX)).collect();
        if let Some(share) = precision(own, &neighbours, &of) {
            let text = format!("precision@{}: {}", found.len(), format_number(share));
            ui.label(RichText::new(text).size(11.0).color(color(p.dim)))
                .on_hover_text("Share of these that are of the class of the pin");
        }
    }
    let sampler = Sampler::new(context.data);
    let stamp = stamp_of((context.data.fingerprint, found.iter().map(|(row, _)| *row).collect::<Vec<u32>>()));
    if !pictures.are_of(stamp) {
        let rows: Vec<f32> = found.iter().flat_map(|(row, _)| sampler.scaled(*row)).collect();
        pictures.fill(ui, context.data, stamp, &rows);
    }
    tiles_ui(ui, found.len(), width(context.data, SIDE), |ui, at| {
        let (row, distance) = &found[at];
        ui.spacing_mut().item_spacing.y = 2.0;
        let name = row_name(context.data, *row);
        let response = pictures.show(ui, context.data, at, SIDE, &name);
        let label = column.map(|column| label_text(column, *row));
        let distance = format_number(f64::from(*distance));
        let text = label.as_ref().map_or_else(|| distance.clone(), |label| format!("{label} · {distance}"));
        let caption = RichText::new(text).size(10.0).color(color(p.dim));
        ui.add(egui::Label::new(caption).truncate().selectable(false));
        response.on_hover_text(format!("{name}, at distance {distance}"));
    });
}
