//! The header of the latent space: set, plane, tools and colours.

use egui::{ComboBox, RichText, Ui};

use super::{LatentInput, LatentView, Plane};
use crate::dataset::{Dataset, LabelColumn};
use crate::project::{Shape, visible};
use crate::run::Kept;
use crate::ui::plots::{Zoom, shortened};
use crate::ui::state::Set;
use crate::ui::views::channels::{code_shape, index_ui, units_ui};
use crate::ui::views::parts::{epoch_ui, named, note_ui};
use crate::ui::views::set_choice::{code_choice_ui, code_count_ui};
use crate::ui::widgets::header::{Row, Side};

pub(super) fn controls_ui(
    row: &mut Row<'_>,
    input: &LatentInput<'_>,
    kept: Option<&Kept>,
    view: &mut LatentView,
) {
    let Some(kept) = kept else { return };
    let units = kept.code_units;
    if units > 2 {
        let code = input.run.map_or(Shape::Vector(units), |run| code_shape(run, units));
        let is_picture = matches!(code, Shape::Image { .. });
        let planes = [Plane::Principal, Plane::Units, Plane::Channel, Plane::Position];
        let options = [
            ("PCA", "First two principal components of the codes"),
            ("units", "Two units of the code"),
            ("channel", "First two principal components of one channel of the codes"),
            ("position", "First two principal components of the channels at one position of the codes"),
        ];
        let options = &options[..if is_picture { 4 } else { 2 }];
        let now = if is_picture || view.plane == Plane::Units { view.plane } else { Plane::Principal };
        let shown = planes.iter().position(|plane| *plane == now);
        if let Some(chosen) = row.choice(Side::Left, "Plane", shown, options) {
            (view.plane, view.scatter.zoom) = (planes[chosen], Zoom::default());
        }
        if view.plane == Plane::Units {
            let mut shown = view.shown_units(units);
            if row.part(Side::Left, "shown units", |ui| units_ui(ui, code, &mut shown)) == Some(true) {
                view.units = shown;
                view.scatter.zoom.reset();
            }
        }
        let is_part = is_picture && matches!(view.plane, Plane::Channel | Plane::Position);
        if is_part && row.part(Side::Left, "shown part", |ui| part_ui(ui, code, view)) == Some(true) {
            view.scatter.zoom.reset();
        }
    }
    if view.scatter.zoom.limits.is_some()
        && row.chip(Side::Right, false, "Show all", "Show all points (double-click)")
    {
        view.scatter.zoom.reset();
    }
    view.tool.choice_ui(row);
    code_choice_ui(row, "Points shown", &mut view.set, input.choices);
    if input.set.is_none_or(|set| set.places.density.is_none()) {
        colour_ui(row, input.data, view);
    }
    epoch_ui(row, input.epoch.map(|epoch| input.set.map_or(epoch, |set| set.epoch)));
    if let Some(first) = view.other_sizes.first() {
        let more = if view.other_sizes.len() > 1 { ", …" } else { "" };
        let text = format!("{}{more}: another size", shortened(first, 18));
        let about = "Pictures that are not of the training size have codes of another size, which cannot be \
                     drawn here. Reconstructions shows them.";
        note_ui(row, Side::Right, "another size", &text, about);
    }
    let watched = (&Set::Watched, kept.codes.len() / units.max(1), kept.epoch);
    let shown = input.set.map_or(watched, |set| (&set.set, set.rows.len(), set.epoch));
    code_count_ui(row, &view.set, shown, input.coming);
    if units == 2 {
        let code = input.run.map_or(Shape::Vector(units), |run| code_shape(run, units));
        let axes = format!("{} × {}", code.unit_name(0), code.unit_name(1));
        note_ui(row, Side::Left, "axes", &axes, "");
    }
}

/// Selects the single channel or position to show; returns whether it changed.
fn part_ui(ui: &mut Ui, code: Shape, view: &mut LatentView) -> bool {
    let Shape::Image { height, width, channels } = code else { return false };
    let mut is_changed = false;
    if view.plane == Plane::Channel {
        is_changed |= index_ui(ui, "channel ", "channel shown", &mut view.channel, channels);
    }
    if view.plane == Plane::Position {
        let width = width.max(1);
        let [mut row, mut column] = [view.position / width, view.position % width];
        is_changed |= index_ui(ui, "row ", "row shown", &mut row, height);
        is_changed |= index_ui(ui, "column ", "column shown", &mut column, width);
        if is_changed {
            view.position = row * width + column;
        }
    }
    is_changed
}

/// Selects the labels used for the colours, if there is a choice.
fn colour_ui(row: &mut Row<'_>, data: Option<&Dataset>, view: &mut LatentView) {
    let columns: &[LabelColumn] = data.map_or(&[], |data| &data.labels);
    let shown = view.label_column(data).map(|column| column.name.as_str());
    if columns.is_empty() || (columns.len() == 1 && shown.is_some()) {
        return;
    }
    row.part(Side::Right, "colour by", |ui| {
        let text = RichText::new(shortened(shown.unwrap_or("none"), 14)).size(11.0);
        let combo = ComboBox::from_id_salt("colour by").selected_text(text).width(60.0);
        let response = combo.show_ui(ui, |ui| {
            if ui.selectable_label(shown.is_none(), "none").clicked() {
                (view.plain, view.pinned) = (true, None);
            }
            for column in columns {
                let chosen = shown == Some(column.name.as_str());
                if ui.selectable_label(chosen, visible(&column.name)).clicked() {
                    (view.label, view.plain, view.pinned) = (Some(column.name.clone()), false, None);
                }
            }
        });
        named(response.response, "label that colours the points");
    });
}
