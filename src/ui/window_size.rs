//! The size of the window, saved between sessions.

use egui::{Context, Vec2, ViewportBuilder, vec2};

use crate::io::WindowSize;

const FIRST: Vec2 = vec2(1440.0, 900.0);
const LEAST: Vec2 = vec2(900.0, 600.0);
/// Larger than any screen: settings may contain anything.
const MOST: Vec2 = vec2(16_384.0, 16_384.0);

/// The window with its saved size; the default size if no valid size is saved.
pub fn first(left: Option<WindowSize>) -> ViewportBuilder {
    let left = left.filter(|left| left.width.is_finite() && left.height.is_finite());
    let size = left.map_or(FIRST, |left| vec2(left.width, left.height).clamp(LEAST, MOST));
    ViewportBuilder::default()
        .with_min_inner_size(LEAST)
        .with_inner_size(size)
        .with_maximized(left.is_some_and(|left| left.maximized))
}

/// The current window size; while maximised, the size before.
pub fn now(ctx: &Context, before: Option<WindowSize>) -> Option<WindowSize> {
    let (maximized, minimized) = ctx.input(|input| {
        let viewport = input.viewport();
        (viewport.maximized.unwrap_or(false), viewport.minimized.unwrap_or(false))
    });
    // Points of the desktop are larger than those of a window that is zoomed out.
    let size = ctx.content_rect().size() * ctx.zoom_factor();
    if minimized || size.min_elem() < 1.0 {
        return before;
    }
    let size = match before {
        Some(before) if maximized => vec2(before.width, before.height),
        None if maximized => FIRST,
        Some(_) | None => size.round(),
    };
    Some(WindowSize { width: size.x, height: size.y, maximized })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_opens_with_its_saved_size_within_limits() {
        let left = |width, height, maximized| Some(WindowSize { width, height, maximized });
        for (left, size, maximized) in [
            (None, FIRST, false),
            (left(1000.0, 640.0, false), vec2(1000.0, 640.0), false),
            (left(1920.0, 1080.0, true), vec2(1920.0, 1080.0), true),
            (left(3.0, -8.0, false), LEAST, false),
            (left(f32::NAN, 700.0, true), FIRST, false),
            (left(1e30, 700.0, false), vec2(16_384.0, 700.0), false),
        ] {
            let builder = first(left);
            assert_eq!((builder.inner_size, builder.maximized), (Some(size), Some(maximized)));
        }
    }
}
