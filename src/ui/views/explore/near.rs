//! Samples near a pin: by their codes, by their values, and by the best linear code of the same
//! size.

use std::sync::Arc;

use egui::{RichText, Ui};

use super::context::{Actions, Context, bits, failure_ui, remark_ui};
use super::pictures::Pictures;
use crate::dataset::{LabelColumn, Subset};
use crate::engine::code_thresholds;
use crate::project::{Bottleneck, Threshold, format_count, format_number, visible};
use crate::session::{CodeDistance, Decoding, Found, JobKind, Measured, NearSample};
use crate::ui::plots::{color, palette, shortened};
use crate::ui::state::{Question, Set, ShownPin};
use crate::ui::views::parts::{chip_ui, named};
use crate::ui::views::sample::{Sampler, label_text, row_name};
use crate::ui::widgets::button::text_button_ui;

/// The state of the section.
#[derive(Clone, Default)]
pub struct Near {
    /// Whether codes other than bits are compared by their angle.
    by_angle: bool,
    /// By code, by values and by PCA.
    pictures: [Pictures; 3],
    /// The split with the row of the latest answer's pin, with the answer's stamp and the row.
    split: Option<((u64, u32), Option<Subset>)>,
}

/// Number of neighbours shown per distance.
const COUNT: usize = 8;
/// Width of a column and side of a picture, in points.
const COLUMN: f32 = 86.0;
const SIDE: f32 = 52.0;

/// Shows the section.
pub fn near_ui(ui: &mut Ui, context: &Context<'_>, near: &mut Near, actions: &mut Actions) {
    let Some(pin) = context.active() else {
        remark_ui(ui, "Pin a sample to see its nearest neighbours.");
        return;
    };
    let threshold = threshold(&context.trained.plan().design().code.kind);
    let title = format!("The nearest of {} to pin {}", candidates(context), pin.number);
    ui.add(egui::Label::new(RichText::new(title).size(11.5).color(color(palette(ui).text))).wrap());
    if threshold.is_some() {
        remark_ui(ui, "Codes are compared by Hamming distance, the number of bits that differ.");
    } else {
        ui.horizontal(|ui| {
            let choices = [
                (false, "L2", "Euclidean distance of the codes"),
                (true, "cosine", "Cosine distance of the codes"),
            ];
            for (by_angle, name, about) in choices {
                if chip_ui(ui, near.by_angle == by_angle, name).on_hover_text(about).clicked() {
                    near.by_angle = by_angle;
                }
            }
        });
    }
    let shown = context.shown;
    let own_row = pin.row_of(shown.data);
    let of = (shown.stamp, context.subject.codes_stamp, bits(&pin.code), own_row, near.by_angle);
    let stamp = context.stamp((of, "near"));
    if let (true, Some(values)) = (context.asks(Question::NearPin, stamp), values(context, pin)) {
        let sample = NearSample {
            own: Arc::clone(context.data),
            among: shown.coded(),
            code: pin.code.clone(),
            values,
            except: own_row,
            count: COUNT,
            distance: distance(context, threshold, near.by_angle),
        };
        actions.questions.push((Question::NearPin, stamp, JobKind::Near(Box::new(sample))));
    }
    failure_ui(ui, context, Question::NearPin);
    let Some((answered, found)) = context.explore.near_pin() else { return };
    // While weights change during training, the newest answer always lags slightly.
    let is_of_set = found.fingerprint == shown.data.fingerprint;
    if !is_of_set || answered != stamp && !context.is_live {
        return;
    }
    ui.add_space(4.0);
    let pca = format!("PCA, {}", context.kept.code_units);
    let columns = [("code", &found.code), ("values", &found.values), (pca.as_str(), &found.linear)];
    let sampler = Sampler::new(shown.data);
    for (pictures, (_, found)) in near.pictures.iter_mut().zip(&columns) {
        if !pictures.are_of(answered) {
            let rows: Vec<f32> = found.iter().flat_map(|near| sampler.scaled(near.row)).collect();
            pictures.fill(ui, context.data, answered, &rows);
        }
    }
    let class = shown.classes().and_then(|column| Some((column, class_of(column, pin)?)));
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        for (pictures, (name, found)) in near.pictures.iter().zip(columns) {
            ui.vertical(|ui| {
                ui.set_width(COLUMN);
                column_ui(ui, context, (name, found), pictures, class.as_ref());
            });
        }
    });
    let by = match threshold {
        Some(_) => "code by Hamming distance",
        None if near.by_angle => "code by cosine",
        None => "code",
    };
    // Neighbours from outdated weights must not be shown as current.
    let class = class.filter(|_| answered == stamp);
    let shares = class.as_ref().map(|(column, class)| {
        let shares = [(by, &found.code), ("values", &found.values), ("PCA", &found.linear)];
        let share = |(by, found): (&str, &Vec<Found>)| {
            let name = format!("precision@{} of a pin, {by}", found.len());
            Some((name, precision(found, column, class)?))
        };
        shares.into_iter().filter_map(share).collect::<Vec<_>>()
    });
    let (Some(row), Some(values)) = (pin.row_of(context.data), shares) else { return };
    let split = match near.split {
        Some((of, split)) if of == (answered, row) => split,
        _ => {
            let split = split_of(context, row);
            near.split = Some(((answered, row), split));
            split
        }
    };
    if let (Some(split), false, Some(checkpoint)) = (split, values.is_empty(), &context.run.checkpoint) {
        let about =
            "Keep this precision with the run; its details and the runs table show it. Can be undone.";
        if named(text_button_ui(ui, "Keep"), "Keep precision with the run").on_hover_text(about).clicked() {
            let (count, among) = (found.code.len(), candidates(context));
            let about = format!("{}, the {count} nearest among {among}", row_name(context.data, row));
            let measured = Measured { epoch: context.shown.epoch, ..Measured::of(checkpoint, 1) };
            actions.keep = Some(measured.neighbours(split, &about, values));
        }
    }
}

/// The split of the run's data that has a row. Searches all splits, so it is called once per
/// answer.
fn split_of(context: &Context<'_>, row: u32) -> Option<Subset> {
    Subset::ALL.into_iter().find(|split| context.data.split.rows(*split).contains(&row))
}

/// The samples searched for neighbours: those of the plane.
fn candidates(context: &Context<'_>) -> String {
    let (set, count) = (context.shown.set, format_count(context.shown.rows.len()));
    if *set == Set::Watched {
        format!("{count} watched samples")
    } else {
        format!("{count} samples ({})", shortened(&visible(set.name()), 24))
    }
}

/// The distance between codes. If the threshold of bits is the median, it is that of the training
/// codes.
fn distance(context: &Context<'_>, threshold: Option<Threshold>, by_angle: bool) -> CodeDistance {
    let training = &context.subject.training;
    match threshold {
        Some(threshold) => {
            CodeDistance::Bits(code_thresholds(&training.codes, training.code_units, threshold))
        }
        None if by_angle => CodeDistance::Cosine,
        None => CodeDistance::Euclidean,
    }
}

/// The threshold between 0 and 1, for codes of bits.
fn threshold(kind: &Bottleneck) -> Option<Threshold> {
    if let Bottleneck::Hashing { threshold, .. } = kind { Some(*threshold) } else { None }
}

/// The scaled values of the sample of a pin; for a code made by hand, its reconstruction once
/// available.
fn values(context: &Context<'_>, pin: &ShownPin) -> Option<Vec<f32>> {
    if let Some(sample) = &pin.sample {
        return Some(Sampler::new(&sample.data).scaled(sample.row));
    }
    let pins = context.decoded_pins();
    let (_, rows) = context.explore.decoded(Decoding::Pins)?;
    let features = context.data.shape.features().max(1);
    let at = pins.iter().position(|other| other.at == pin.at)?;
    // If the sizes differ, the pins have changed and the new answer is pending.
    (rows.len() == pins.len() * features).then(|| rows.chunks_exact(features).nth(at).map(<[f32]>::to_vec))?
}

/// The class of a pin as text, according to a column of the candidates' data; for other data, the
/// column with the same name there.
fn class_of(column: &LabelColumn, pin: &ShownPin) -> Option<String> {
    let sample = pin.sample.as_ref()?;
    let own = sample.data.labels.iter().find(|own| own.name == column.name)?;
    Some(own.text(sample.row as usize).into()).filter(|text: &String| !text.is_empty())
}

/// The fraction of neighbours with a class, according to the column of classes.
fn precision(found: &[Found], column: &LabelColumn, class: &str) -> Option<f64> {
    let same = found.iter().filter(|near| column.text(near.row as usize) == *class).count();
    (!found.is_empty()).then(|| same as f64 / found.len() as f64)
}

/// Neighbours by one distance, nearest first.
fn column_ui(
    ui: &mut Ui,
    context: &Context<'_>,
    (title, found): (&str, &[Found]),
    pictures: &Pictures,
    class: Option<&(&LabelColumn, String)>,
) {
    let p = palette(ui);
    ui.spacing_mut().item_spacing.y = 2.0;
    ui.label(RichText::new(title).size(11.5).color(color(p.text)));
    if let Some(share) = class.and_then(|(column, class)| precision(found, column, class)) {
        let text = format!("precision@{}: {}", found.len(), format_number(share));
        let text = RichText::new(text).size(10.0).color(color(p.dim));
        ui.add(egui::Label::new(text).wrap())
            .on_hover_text("Fraction of these samples that are in the class of the pin");
    }
    if found.is_empty() {
        remark_ui(ui, "none");
    }
    for (at, near) in found.iter().enumerate() {
        let name = row_name(context.shown.data, near.row);
        let distance = format_number(f64::from(near.distance));
        let about = format!("{name}, at distance {distance}");
        if context.data.shown().is_some() {
            let label = format!("nearest by {title}, {}: {name}", at + 1);
            pictures.show(ui, context.data, at, SIDE, &label).on_hover_text(&about);
        } else {
            let text = RichText::new(&name).size(11.0).color(color(p.text));
            ui.add(egui::Label::new(text).truncate()).on_hover_text(&about);
        }
        let label = context.shown.classes().map(|column| label_text(column, near.row));
        let text = label.map_or_else(|| distance.clone(), |label| format!("{label} · {distance}"));
        let caption = RichText::new(text).size(10.0).color(color(p.dim));
        ui.add(egui::Label::new(caption).truncate().selectable(false));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precision_is_the_share_of_the_same_class() {
        let column = LabelColumn::classes("kind", vec!["cat".into(), "dog".into()], vec![0, 1, 0, 0]);
        let found = |rows: &[u32]| -> Vec<Found> {
            rows.iter().map(|row| Found { row: *row, distance: 1.0 }).collect()
        };
        for (rows, class, expected) in [
            (&[0, 1, 2, 3][..], "cat", Some(0.75)),
            (&[1, 3], "dog", Some(0.5)),
            (&[0], "cow", Some(0.0)),
            (&[], "cat", None),
        ] {
            assert_eq!(precision(&found(rows), &column, class), expected, "{rows:?} {class}");
        }
    }
}
