//! Samples that are rows of numbers, shown as two lines over the features or as numbers.

use egui::{Align2, FontId, Rect, RichText, ScrollArea, Sense, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};

use super::super::sample::{feature_name, row_name};
use super::listing::{Drawn, Seen};
use crate::prepared::Given;
use crate::project::format_number;
use crate::ui::plots::{Profile, color, palette, profile_ui, shortened};

/// Height of a profile with its caption, and of the legend above all profiles.
const PROFILE_PX: f32 = 74.0;
const CAPTION_PX: f32 = 22.0;
const LEGEND_PX: f32 = 24.0;
/// Height of a row of numbers, and widths of a column and of the names.
const LINE_PX: f32 = 16.0;
const COLUMN_PX: f32 = 78.0;
const NAME_PX: f32 = 150.0;

/// Shows each sample as lines.
pub(super) fn profiles_ui(ui: &mut Ui, drawn: &Drawn<'_>) -> Seen {
    let width = ui.available_width() - 24.0;
    let columns = ((width + 8.0) / 250.0).floor().max(1.0);
    let size = vec2(((width + 8.0) / columns - 8.0).max(60.0), PROFILE_PX);
    let (columns, count, each) = (columns as usize, drawn.listing.len(), PROFILE_PX + CAPTION_PX);
    legend_ui(ui, drawn.page.made.given);
    let mut seen = Seen::default();
    let area = ScrollArea::vertical().id_salt("reconstructions").auto_shrink([false, false]);
    area.show_viewport(ui, |ui, viewport| {
        let lines = count.div_ceil(columns);
        ui.set_height(lines as f32 * each + 6.0);
        let origin = ui.max_rect().min;
        let first = (viewport.top() / each).max(0.0) as usize;
        let last = ((viewport.bottom() / each).max(0.0) as usize + 1).min(lines);
        seen.places = first.min(last) * columns..(last * columns).min(count);
        let rows = drawn.listing.part(seen.places.clone());
        for (place, row) in seen.places.clone().zip(rows) {
            let (line, column) = (place / columns, place % columns);
            let corner = origin + vec2(12.0 + column as f32 * (size.x + 8.0), line as f32 * each);
            if profile_of_ui(ui, drawn, row, Rect::from_min_size(corner, size)) {
                seen.clicked = Some(place);
            }
        }
    });
    seen
}

/// Shows one sample as lines; returns whether it was clicked.
fn profile_of_ui(ui: &mut Ui, drawn: &Drawn<'_>, row: u32, rect: Rect) -> bool {
    let (p, data, page) = (palette(ui), drawn.data, drawn.page);
    let name = row_name(data, row);
    let whole = Rect::from_min_max(rect.min, pos2(rect.right(), rect.bottom() + CAPTION_PX - 4.0));
    let click = ui.interact(whole, ui.scope_id().with(("sample", row)), Sense::click());
    let is_selected = drawn.name(ui, &click, row);
    let place = page.place(row);
    let part = |values| place.map_or(&[][..], |place| page.made.part(values, place));
    let (original, reconstruction) = (part(&page.made.originals), part(&page.made.reconstructions));
    let [given, ..] = page.made.given.names();
    let about = format!("{given} and reconstruction of {name}");
    let profile = Profile {
        name: &about,
        original,
        corrupted: part(&page.made.corrupted),
        reconstruction,
        range: page.made.range,
    };
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(rect).id_salt(("profile", row)));
    let (response, feature) = profile_ui(&mut child, &profile, rect.size());
    let error = place.and_then(|place| page.made.errors.get(place));
    let error = error.map_or_else(String::new, |error| format!(" · {}", format_number(f64::from(*error))));
    let caption = shortened(&format!("{name}{error}"), (rect.width() / 6.0) as usize);
    let at = pos2(rect.left(), rect.bottom() + 2.0);
    ui.painter().text(at, Align2::LEFT_TOP, caption, FontId::proportional(10.0), color(p.dim));
    if is_selected {
        mark_ui(ui, whole);
    }
    if let Some(feature) = feature {
        let own = |values: &[f32]| {
            let value = values.get(feature).map(|value| data.unscale(feature, *value));
            value.map_or_else(String::new, format_number)
        };
        response.on_hover_text_at_pointer(format!(
            "{}\n{given} {}\nreconstruction {}",
            feature_name(data, feature),
            own(original),
            own(reconstruction),
        ));
    }
    click.clicked()
}

/// Marks a selected sample.
fn mark_ui(ui: &Ui, rect: Rect) {
    let stroke = Stroke::new(2.0, color(palette(ui).accent));
    ui.painter().rect_stroke(rect.expand(2.0), 4.0, stroke, StrokeKind::Inside);
}

/// Shows each sample as two rows of numbers; reconstructions are coloured by error.
pub(super) fn numbers_ui(ui: &mut Ui, drawn: &Drawn<'_>) -> Seen {
    let (features, count) = (drawn.data.shape.features(), drawn.listing.len());
    let each = 2.0 * LINE_PX + 6.0;
    let whole = vec2(NAME_PX + features as f32 * COLUMN_PX, LINE_PX + 4.0 + count as f32 * each);
    let mut seen = Seen::default();
    let area = ScrollArea::both().id_salt("numbers").auto_shrink([false, false]);
    area.show_viewport(ui, |ui, viewport| {
        ui.set_min_size(whole);
        let origin = ui.max_rect().min + vec2(12.0, LINE_PX + 4.0);
        let first = (viewport.top() / each).max(0.0) as usize;
        let last = ((viewport.bottom() / each).max(0.0) as usize + 1).min(count);
        let from = ((viewport.left() - NAME_PX) / COLUMN_PX).max(0.0) as usize;
        let to = (((viewport.right() - NAME_PX) / COLUMN_PX).max(0.0) as usize + 1).min(features);
        seen.places = first.min(last)..last;
        let rows = drawn.listing.part(seen.places.clone());
        for (place, row) in seen.places.clone().zip(rows) {
            let corner = origin + vec2(0.0, place as f32 * each);
            if numbers_of_ui(ui, drawn, row, corner, from..to) {
                seen.clicked = Some(place);
            }
        }
        header_ui(ui, drawn, origin.x, from..to);
    });
    seen
}

/// Shows the column names, which do not scroll.
fn header_ui(ui: &Ui, drawn: &Drawn<'_>, left: f32, features: std::ops::Range<usize>) {
    let p = palette(ui);
    let clip = ui.clip_rect();
    let band = Rect::from_min_size(clip.min, vec2(clip.width(), LINE_PX + 2.0));
    ui.painter().rect_filled(band, 0.0, color(p.plot));
    for feature in features {
        let name = shortened(&feature_name(drawn.data, feature), 12);
        let right = left + NAME_PX + (feature + 1) as f32 * COLUMN_PX - 8.0;
        let at = pos2(right, band.center().y);
        ui.painter().text(at, Align2::RIGHT_CENTER, name, FontId::proportional(11.0), color(p.dim));
    }
}

/// Shows one sample as numbers; returns whether it was clicked.
fn numbers_of_ui(
    ui: &mut Ui,
    drawn: &Drawn<'_>,
    row: u32,
    corner: egui::Pos2,
    features: std::ops::Range<usize>,
) -> bool {
    let (p, data, page) = (palette(ui), drawn.data, drawn.page);
    let width = NAME_PX + features.end as f32 * COLUMN_PX;
    let whole = Rect::from_min_size(corner, vec2(width, 2.0 * LINE_PX));
    let click = ui.interact(whole, ui.scope_id().with(("sample", row)), Sense::click());
    let is_selected = drawn.name(ui, &click, row);
    let font = FontId::proportional(11.0);
    let text = |at, align, text: String, tint| ui.painter().text(at, align, text, font.clone(), color(tint));
    let place = page.place(row);
    let name = shortened(&row_name(data, row), 20);
    text(corner + vec2(0.0, LINE_PX / 2.0), Align2::LEFT_CENTER, name, p.text);
    let error = place.and_then(|place| page.made.errors.get(place));
    let [.., what] = page.made.given.names();
    let error =
        error.map_or_else(String::new, |error| format!("{what} {}", format_number(f64::from(*error))));
    text(corner + vec2(0.0, 1.5 * LINE_PX), Align2::LEFT_CENTER, error, p.dim);
    let Some(place) = place else { return click.clicked() };
    let (originals, made) =
        (page.made.part(&page.made.originals, place), page.made.part(&page.made.reconstructions, place));
    let far = (page.made.range[1] - page.made.range[0]).max(f32::MIN_POSITIVE) / 2.0;
    for feature in features {
        let (Some(original), Some(made)) = (originals.get(feature), made.get(feature)) else { continue };
        let right = corner.x + NAME_PX + (feature + 1) as f32 * COLUMN_PX - 8.0;
        let below = pos2(right, corner.y + 1.5 * LINE_PX);
        let deviation = ((made - original) / far).clamp(-1.0, 1.0);
        let cell = Rect::from_min_max(
            pos2(right - COLUMN_PX + 12.0, corner.y + LINE_PX),
            pos2(right + 3.0, corner.y + 2.0 * LINE_PX),
        );
        ui.painter().rect_filled(cell, 2.0, color(p.signed(0.7 * deviation)));
        let number = |value: f32| format_number(data.unscale(feature, value));
        text(pos2(right, corner.y + LINE_PX / 2.0), Align2::RIGHT_CENTER, number(*original), p.dim);
        text(below, Align2::RIGHT_CENTER, number(*made), p.text);
    }
    if is_selected || click.has_focus() {
        mark_ui(ui, whole);
    }
    click.clicked()
}

/// The legend of the profiles.
fn legend_ui(ui: &mut Ui, given: Given) {
    let (p, names) = (palette(ui), given.names());
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    ui.allocate_ui_with_layout(Vec2::new(ui.available_width(), LEGEND_PX), layout, |ui| {
        ui.add_space(12.0);
        let entries = [
            (names[0], p.faint, true),
            (names[1], p.code, given == Given::Corrupted),
            ("reconstruction", p.accent, true),
        ];
        for (name, tint, _) in entries.into_iter().filter(|(_, _, there)| *there) {
            let (rect, _) = ui.allocate_exact_size(vec2(16.0, 14.0), Sense::hover());
            ui.painter().hline(rect.x_range(), rect.center().y, Stroke::new(2.0, color(tint)));
            ui.label(RichText::new(name).size(11.0).color(color(p.dim)));
            ui.add_space(6.0);
        }
        ui.label(RichText::new("in scaled units, over the features").size(11.0).color(color(p.dim)));
    });
}
