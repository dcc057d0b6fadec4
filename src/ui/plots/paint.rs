//! Colours of the palette in egui's terms, and pictures for those who cannot see them.

use egui::{Color32, Painter, Rect, Response, Role, Ui, WidgetInfo};

use crate::figure::{Palette, Rgb};

/// The palette of the theme that `ui` is painted in.
pub fn palette(ui: &Ui) -> &'static Palette {
    Palette::of(ui.visuals().dark_mode)
}

/// Tells those who cannot see it what a picture shows.
pub fn pictured(response: Response, text: &str) -> Response {
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, text));
    response
}

/// A painter that stays inside the plot.
pub(super) fn inside(ui: &Ui, rect: Rect) -> Painter {
    ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()))
}

/// A colour of the palette as egui wants it.
#[expect(clippy::disallowed_methods, reason = "the one place where a colour of the palette becomes egui's")]
pub const fn color([r, g, b]: Rgb) -> Color32 {
    Color32::from_rgb(r, g, b)
}
