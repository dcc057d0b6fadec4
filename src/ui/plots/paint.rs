//! Conversion of palette colours for egui, and accessible descriptions of pictures.

use egui::{Color32, Painter, Rect, Response, Role, Ui, WidgetInfo};

use crate::figure::{Palette, Rgb};

/// The palette of the theme of `ui`.
pub fn palette(ui: &Ui) -> &'static Palette {
    Palette::of(ui.visuals().dark_mode)
}

/// Adds an accessible description to a picture.
pub fn pictured(response: Response, text: &str) -> Response {
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, text));
    response
}

/// A painter clipped to the plot.
pub(super) fn inside(ui: &Ui, rect: Rect) -> Painter {
    ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()))
}

/// Converts a colour of the palette to egui's type.
#[expect(clippy::disallowed_methods, reason = "the one place where a colour of the palette becomes egui's")]
pub const fn color([r, g, b]: Rgb) -> Color32 {
    Color32::from_rgb(r, g, b)
}
