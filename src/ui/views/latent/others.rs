//! Codes of other data, drawn on top of those of the run, with one legend entry per set.

use egui::{Align2, FontId, Pos2, RichText, Role, Sense, Shape, Ui, WidgetInfo, pos2, vec2};

use super::super::parts::card_at_pointer;
use super::super::sample::{RangeCache, Sampler, label_text, row_name};
use crate::dataset::Dataset;
use crate::figure::Rgb;
use crate::project::{Shown, format_count, format_number, visible};
use crate::session::{CodePlane, Located};
use crate::ui::plots::{Atlas, Markers, ShownScatter, color, palette, shortened, stamp_of};
use crate::ui::state::{Selection, SelectionMode};

/// Other data and the codes of their first rows.
#[derive(Clone, Copy, Debug)]
pub struct OtherCodes<'a> {
    /// The name of the set.
    pub name: &'a str,
    /// The data.
    pub data: &'a Dataset,
    /// The codes.
    pub located: &'a Located,
}

/// The part of the codes that is drawn.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub plane: CodePlane,
    /// Values per code.
    pub code_units: usize,
}

/// The marker shape, a square, and half its side with and without its edge, in points.
const SHAPE: usize = 1;
const OUTER_PX: f32 = 6.0;
const INNER_PX: f32 = 4.0;
/// Maximum distance from the pointer to a hovered point.
const NEAR_PX: f32 = 9.0;
/// Longer side of the picture next to the pointer.
const SIDE_PX: f32 = 64.0;
/// Height of a legend entry.
const LINE_PX: f32 = 17.0;

/// The cached mesh of the markers, and the picture of the hovered sample.
#[derive(Clone, Default)]
pub(super) struct Others {
    markers: Markers,
    /// Stamp and picture.
    picture: (u64, Atlas),
    range: RangeCache,
}

/// The hovered point.
#[derive(Clone, Copy)]
struct Pointed<'a> {
    other: OtherCodes<'a>,
    row: u32,
}

impl Others {
    /// Paints the points and shows information about the hovered one. Returns whether a point is
    /// hovered and, after a click, the fingerprint of its data and the selected rows.
    pub fn ui(
        &mut self,
        ui: &Ui,
        others: &[OtherCodes<'_>],
        part: Part,
        shown: &ShownScatter,
        selection: &Selection,
    ) -> (bool, Option<(u64, Vec<u32>, SelectionMode)>) {
        let p = palette(ui);
        let pointer = shown.response.hover_pos();
        let (mut nearest, mut edges, mut fills): (Option<(f32, Pointed<'_>)>, _, _) = (None, vec![], vec![]);
        let frame = shown.rect().expand(OUTER_PX);
        let mut outside = vec![0_usize; others.len()];
        for ((number, other), outside) in others.iter().enumerate().zip(&mut outside) {
            let tint = color(p.other(number));
            for (row, point) in (0..).zip(part.points(other.located)) {
                let at = shown.at(point);
                if !at.is_finite() || !frame.contains(at) {
                    *outside += 1;
                    continue;
                }
                let is_selected = selection.contains(other.data.fingerprint, row);
                edges.push((at, color(if is_selected { p.accent } else { p.text }), SHAPE));
                fills.push((at, tint, SHAPE));
                let far = pointer.map_or(f32::INFINITY, |pointer| pointer.distance(at));
                if far <= NEAR_PX && nearest.is_none_or(|(known, _)| far < known) {
                    nearest = Some((far, Pointed { other: *other, row }));
                }
            }
        }
        let painter = shown.painter(ui);
        for (marks, radius) in [(edges, OUTER_PX), (fills, INNER_PX)] {
            if !marks.is_empty() {
                let mesh = self.markers.mesh(ui.ctx(), radius, marks.into_iter(), None);
                painter.add(Shape::Mesh(mesh));
            }
        }
        self.legend(ui, others, &outside, shown);
        let Some((_, pointed)) = nearest else { return (false, None) };
        self.card_ui(ui, pointed, part);
        let mode = SelectionMode::of(ui.input(|input| input.modifiers));
        let clicked = shown.response.clicked();
        (true, clicked.then(|| (pointed.other.data.fingerprint, vec![pointed.row], mode)))
    }

    /// Draws one line per set at the lower left of the plot; `outside` is the number of points of
    /// each set outside the axes.
    fn legend(&mut self, ui: &Ui, others: &[OtherCodes<'_>], outside: &[usize], shown: &ShownScatter) {
        let (p, painter) = (palette(ui), shown.painter(ui));
        let from = shown.rect().left_bottom() + vec2(12.0, -10.0);
        let places: Vec<Pos2> = (0..others.len())
            .map(|line| pos2(from.x, from.y - LINE_PX * (others.len() - 1 - line) as f32))
            .collect();
        for ((at, other), outside) in places.iter().zip(others).zip(outside) {
            let mut text = format!("{} ({})", shortened(other.name, 24), format_count(other.data.len()));
            if *outside > 0 {
                text.extend([", ", &format_count(*outside), " outside the axes"]);
            }
            let at = *at + vec2(10.0, 0.0);
            let galley = painter.layout_no_wrap(text.clone(), FontId::proportional(11.5), color(p.text));
            let place = Align2::LEFT_CENTER.anchor_size(at, galley.size());
            // Dim points underneath: they could look like the marker or make the text hard to read.
            let ground = place.with_min_x(place.left() - 10.0 - OUTER_PX).expand(3.0);
            painter.rect_filled(ground, 3.0, color(p.plot).gamma_multiply(0.85));
            painter.galley(place.min, galley, color(p.text));
            let response = ui.interact(place, ui.scope_id().with(("other data", other.name)), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &text));
        }
        for (radius, is_edge) in [(OUTER_PX, true), (INNER_PX, false)] {
            let marks = places
                .iter()
                .enumerate()
                .map(|(number, at)| (*at, color(if is_edge { p.text } else { p.other(number) }), SHAPE));
            if !places.is_empty() {
                painter.add(Shape::Mesh(self.markers.mesh(ui.ctx(), radius, marks, None)));
            }
        }
    }
}

impl Part {
    /// Positions of codes.
    fn points(self, located: &Located) -> Vec<[f32; 2]> {
        let [x, y] = match self.plane {
            CodePlane::Principal | CodePlane::Part(..) => return located.plane.clone(),
            CodePlane::Units(units) => units,
        };
        let codes = located.codes.chunks_exact(self.code_units.max(1));
        codes
            .map(|code| {
                let at = |unit: usize| code.get(unit).copied().unwrap_or(0.0);
                // A one-unit code is drawn as a strip.
                if self.code_units == 1 { [at(0), 0.0] } else { [at(x), at(y)] }
            })
            .collect()
    }
}

impl Others {
    /// Shows picture, name, set, labels and code next to the pointer.
    fn card_ui(&mut self, ui: &Ui, Pointed { other, row }: Pointed<'_>, part: Part) {
        let p = palette(ui);
        let OtherCodes { name, data, located } = other;
        card_at_pointer(ui, "other sample", |ui| {
            ui.spacing_mut().item_spacing = vec2(8.0, 3.0);
            let line = |text: String, size: f32, tint: Rgb| RichText::new(text).size(size).color(color(tint));
            self.picture_ui(ui, data, row);
            ui.label(line(row_name(data, row), 12.0, p.text));
            ui.label(line(format!("of {}", visible(name)), 11.0, p.dim));
            for labels in &data.labels {
                let text = format!("{}: {}", visible(&labels.name), label_text(labels, row));
                ui.label(line(text, 11.0, p.dim));
            }
            let code = located.codes.chunks_exact(part.code_units.max(1)).nth(row as usize);
            let shown = code.unwrap_or_default().iter().take(6);
            let shown: Vec<String> = shown.map(|value| format_number(f64::from(*value))).collect();
            let more = if part.code_units > 6 { ", …" } else { "" };
            ui.label(line(format!("code ({}{more})", shown.join(", ")), 11.0, p.dim));
        });
    }

    fn picture_ui(&mut self, ui: &mut Ui, data: &Dataset, row: u32) {
        let Some(shown) = data.shown() else { return };
        let Shown { height, width, channels, .. } = shown;
        let stamp = stamp_of((data.fingerprint, row));
        if self.picture.0 != stamp {
            let (original, range) = (Sampler::new(data).original(row), self.range.of(data));
            self.picture.1.fill(ui.ctx(), [width, height], 1, |_, x, y| {
                let start = (y * width + x) * channels;
                range.pixel(&shown.pixel(original.get(start..start + channels).unwrap_or_default()))
            });
            self.picture.0 = stamp;
        }
        let side = SIDE_PX / width.max(height).max(1) as f32;
        let size = vec2(width as f32 * side, height as f32 * side).max(vec2(4.0, 4.0));
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        self.picture.1.paint(ui.painter(), 0, rect);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_data_use_the_plane_of_the_run() {
        let located =
            Located { codes: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], plane: vec![[9.0, 8.0], [7.0, 6.0]] };
        let check = |plane, code_units, expected: &[[f32; 2]]| {
            assert_eq!(Part { plane, code_units }.points(&located), expected);
        };
        check(CodePlane::Units([2, 0]), 3, &[[3.0, 1.0], [6.0, 4.0]]);
        check(CodePlane::Principal, 3, &[[9.0, 8.0], [7.0, 6.0]]);
        check(CodePlane::Units([0, 1]), 2, &[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
        check(
            CodePlane::Units([0, 0]),
            1,
            &[[1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [4.0, 0.0], [5.0, 0.0], [6.0, 0.0]],
        );
    }
}
