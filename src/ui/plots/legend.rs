//! Legends for colours: a list of classes, or a bar for numbers.

use egui::{
    Align2, FontId, Mesh, Rect, Role, ScrollArea, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, pos2,
    vec2,
};

use super::markers::legend_marker;
use super::paint::{color, palette};
use super::scatter::shortened;
use crate::figure::class_marker;
use crate::project::{format_number, visible};

/// Height of a line and its minimum, in points.
const LINE: f32 = 17.0;
const LEAST_LINE: f32 = 12.0;
/// Width of a scroll bar that is always visible.
const BAR_PX: f32 = 10.0;

/// Height of a line if this many classes share a height; the minimum if they scroll.
fn line_px(height: f32, classes: usize) -> f32 {
    (height / classes.max(1) as f32).clamp(LEAST_LINE, LINE)
}

/// Whether the classes do not fit even with lines of minimum height.
fn scrolls(height: f32, classes: usize) -> bool {
    line_px(height, classes) * classes as f32 > height
}

/// Width that a list of these classes needs at the height of `ui`, at most `most`.
pub fn class_legend_width(ui: &Ui, names: &[String], most: f32) -> f32 {
    let widths = names.iter().take(200).map(|name| {
        let text = shortened(name, 16);
        ui.painter().layout_no_wrap(text, FontId::proportional(11.5), egui::Color32::WHITE).size().x
    });
    let bar = if scrolls(ui.available_height(), names.len()) { BAR_PX } else { 0.0 };
    (widths.fold(8.0, f32::max) + 34.0 + bar).min(most)
}

/// A list of classes with their markers. Hovering or focusing a class isolates it; this class is
/// returned. Clicking pins it, clicking again unpins it.
pub fn class_legend_ui(ui: &mut Ui, names: &[String], pinned: &mut Option<u32>) -> Option<u32> {
    let p = palette(ui);
    let mut pointed = None;
    let height = ui.available_height();
    let line = line_px(height, names.len());
    if scrolls(height, names.len()) {
        let scroll = &mut ui.spacing_mut().scroll;
        (scroll.floating_width, scroll.floating_allocated_width) = (scroll.bar_width, BAR_PX);
        (scroll.dormant_handle_opacity, scroll.active_handle_opacity) = (0.35, 0.5);
    }
    let font = FontId::proportional(if line < 14.0 { 10.0 } else { 11.5 });
    let area = ScrollArea::vertical().id_salt("class legend").auto_shrink([false, true]);
    area.min_scrolled_height(LINE).show_rows(ui, line, names.len(), |ui, rows| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for class in rows {
            let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), line), Sense::click());
            let is_pinned = *pinned == Some(class as u32);
            response.widget_info(|| {
                WidgetInfo::selected(
                    Role::CheckBox,
                    true,
                    is_pinned,
                    format!("class {}", visible(&names[class])),
                )
            });
            if response.clicked() {
                *pinned = if is_pinned { None } else { Some(class as u32) };
            }
            let strong = response.hovered() || response.has_focus() || is_pinned;
            if strong {
                pointed = Some(class as u32).filter(|_| !is_pinned).or(pointed);
                ui.painter().rect_filled(rect.expand2(vec2(2.0, 0.0)), 4.0, color(p.raised));
            }
            let marker = class_marker(class);
            let at = pos2(rect.left() + 8.0, rect.center().y);
            legend_marker(ui.painter(), at, 4.0, color(p.classes[marker.color]), marker.shape);
            let tint = color(if strong { p.text } else { p.dim });
            let name = shortened(&names[class], 16);
            let at = pos2(rect.left() + 18.0, rect.center().y);
            ui.painter().text(at, Align2::LEFT_CENTER, &name, font.clone(), tint);
            if name != names[class] {
                response.on_hover_text(visible(&names[class]));
            }
        }
    });
    pointed.or(*pinned)
}

/// A bar of the sequential colour map with its two ends.
pub fn color_bar_ui(ui: &mut Ui, name: &str, [low, high]: [f32; 2]) {
    let p = palette(ui);
    let (outer, response) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
    response.widget_info(|| {
        let ends = (format_number(f64::from(low)), format_number(f64::from(high)));
        WidgetInfo::labeled(Role::Image, true, format!("{} from {} to {}", visible(name), ends.0, ends.1))
    });
    let bar = Rect::from_min_max(
        pos2(outer.left() + 4.0, outer.top() + 22.0),
        pos2(outer.left() + 14.0, (outer.bottom() - 26.0).min(outer.top() + 220.0)),
    );
    if !bar.is_positive() {
        return;
    }
    let steps = 32_u32;
    let mut mesh = Mesh::default();
    for step in 0..=steps {
        let t = step as f32 / steps as f32;
        let y = bar.bottom() - t * bar.height();
        let tint = color(p.number(t));
        mesh.colored_vertex(pos2(bar.left(), y), tint);
        mesh.colored_vertex(pos2(bar.right(), y), tint);
        if step > 0 {
            let last = 2 * step;
            mesh.add_triangle(last - 2, last - 1, last);
            mesh.add_triangle(last - 1, last, last + 1);
        }
    }
    let painter = ui.painter();
    painter.add(Shape::mesh(mesh));
    painter.rect_stroke(bar, 0.0, Stroke::new(1.0, color(p.line)), StrokeKind::Outside);
    let font = FontId::proportional(11.0);
    let label = |at, align, text: String| {
        painter.text(at, align, text, font.clone(), color(p.dim));
    };
    label(pos2(outer.left() + 4.0, outer.top() + 4.0), Align2::LEFT_TOP, shortened(name, 12));
    label(bar.right_top() + vec2(5.0, 0.0), Align2::LEFT_TOP, format_number(f64::from(high)));
    label(bar.right_bottom() + vec2(5.0, 0.0), Align2::LEFT_BOTTOM, format_number(f64::from(low)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_lower_before_they_scroll() {
        for (height, classes, expected) in [
            (400.0, 10, (LINE, false)),
            (150.0, 10, (15.0, false)),
            (120.0, 10, (LEAST_LINE, false)),
            (90.0, 10, (LEAST_LINE, true)),
            (90.0, 0, (LINE, false)),
        ] {
            assert_eq!(
                (line_px(height, classes), scrolls(height, classes)),
                expected,
                "{classes} in {height}"
            );
        }
    }
}
