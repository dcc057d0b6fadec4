//! The theme of the window: egui's style with the colours of [`Palette`], fonts and spacing.

use std::sync::Arc;

use egui::epaint::Shadow;
use egui::style::{HandleShape, ScrollStyle, Selection, WidgetVisuals, Widgets};
use egui::{
    Color32, Context, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Stroke, Style,
    TextStyle, Theme, Ui, Vec2, Visuals, vec2,
};

use super::plots::color;
use crate::figure::{Palette, REGULAR_FONT, SEMI_BOLD_FONT};

/// Corner radius of cards and buttons, in points.
pub const RADIUS: u8 = 7;

/// Installs fonts and both themes. The desktop's theme is used until the user chooses one.
pub fn install(ctx: &Context) {
    ctx.set_fonts(fonts());
    for theme in [Theme::Dark, Theme::Light] {
        ctx.set_style_of(theme, style(Palette::of(theme == Theme::Dark)));
    }
}

/// The colours of the theme of `ui`.
pub fn tokens(ui: &Ui) -> Tokens {
    Tokens::of(ui.visuals().dark_mode)
}

/// The palette as egui's colours.
#[derive(Clone, Copy, Debug)]
pub struct Tokens {
    /// Window background.
    pub window: Color32,
    /// Side panels.
    pub panel: Color32,
    /// Cards and fields.
    pub card: Color32,
    /// Highlighted elements.
    pub raised: Color32,
    /// Outlines.
    pub line: Color32,
    /// Plot background.
    pub plot: Color32,
    /// Primary text.
    pub text: Color32,
    /// Secondary text.
    pub dim: Color32,
    /// Decorative text.
    pub faint: Color32,
    /// Interactive elements.
    pub accent: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    /// The encoder.
    pub encoder: Color32,
    /// The code.
    pub code: Color32,
    /// The decoder.
    pub decoder: Color32,
    /// The replay position.
    pub highlight: Color32,
    /// Errors.
    pub bad: Color32,
}

impl Tokens {
    /// The tokens of a theme.
    pub fn of(dark: bool) -> Tokens {
        let palette = Palette::of(dark);
        Tokens {
            window: color(palette.window),
            panel: color(palette.panel),
            card: color(palette.card),
            raised: color(palette.raised),
            line: color(palette.line),
            plot: color(palette.plot),
            text: color(palette.text),
            dim: color(palette.dim),
            faint: color(palette.faint),
            accent: color(palette.accent),
            on_accent: color(palette.on_accent),
            encoder: color(palette.encoder),
            code: color(palette.code),
            decoder: color(palette.decoder),
            highlight: color(palette.highlight),
            bad: color(palette.bad),
        }
    }
}

/// The font of bold titles.
pub fn bold(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name("bold".into()))
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let files: [(&str, &'static [u8]); 2] = [("Inter", REGULAR_FONT), ("Inter SemiBold", SEMI_BOLD_FONT)];
    for (name, bytes) in files {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    // egui's own fonts are fallbacks after Inter, for icons and rare characters.
    let behind = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    let family = |first: &str| std::iter::once(first.to_owned()).chain(behind.clone()).collect::<Vec<_>>();
    fonts.families.insert(FontFamily::Proportional, family("Inter"));
    fonts.families.insert(FontFamily::Name("bold".into()), family("Inter SemiBold"));
    fonts
}

fn style(palette: &Palette) -> Style {
    let mut style = Style { visuals: visuals(palette), animation_time: 0.1, ..Style::default() };
    style.text_styles = [
        (TextStyle::Small, FontId::proportional(11.0)),
        (TextStyle::Body, FontId::proportional(13.0)),
        (TextStyle::Button, FontId::proportional(12.5)),
        (TextStyle::Heading, bold(12.5)),
        (TextStyle::Monospace, FontId::monospace(12.0)),
    ]
    .into();
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(8.0, 6.0);
    spacing.button_padding = vec2(10.0, 4.0);
    spacing.interact_size = vec2(28.0, 26.0);
    spacing.menu_margin = Margin::same(6);
    spacing.window_margin = Margin::same(16);
    spacing.slider_width = 110.0;
    spacing.slider_rail_height = 4.0;
    spacing.combo_height = 360.0;
    spacing.tooltip_width = 340.0;
    spacing.icon_width = 15.0;
    spacing.scroll = ScrollStyle { bar_width: 7.0, floating_allocated_width: 0.0, ..ScrollStyle::floating() };
    style.interaction.tooltip_delay = 0.35;
    style.interaction.selectable_labels = false;
    style
}

#[expect(clippy::disallowed_methods, reason = "a shadow is black in both palettes")]
fn visuals(palette: &Palette) -> Visuals {
    let dark = palette.is_dark();
    let tokens = Tokens::of(dark);
    let base = if dark { Visuals::dark() } else { Visuals::light() };
    let shadow = Shadow {
        offset: [0, 6],
        blur: 18,
        spread: 0,
        color: Color32::from_black_alpha(if dark { 110 } else { 40 }),
    };
    Visuals {
        weak_text_color: Some(tokens.dim),
        widgets: widgets(&tokens),
        selection: Selection {
            bg_fill: tokens.accent.gamma_multiply(if dark { 0.35 } else { 0.22 }),
            stroke: Stroke::new(1.0, if dark { tokens.text } else { tokens.accent }),
        },
        hyperlink_color: tokens.accent,
        faint_bg_color: tokens.raised,
        extreme_bg_color: tokens.card,
        text_edit_bg_color: Some(tokens.card),
        code_bg_color: tokens.raised,
        warn_fg_color: tokens.code,
        error_fg_color: tokens.bad,
        window_corner_radius: CornerRadius::same(10),
        window_shadow: shadow,
        window_fill: tokens.panel,
        window_stroke: Stroke::new(1.0, tokens.line),
        menu_corner_radius: CornerRadius::same(8),
        panel_fill: tokens.panel,
        popup_shadow: shadow,
        slider_trailing_fill: true,
        handle_shape: HandleShape::Circle,
        disabled_alpha: 0.45,
        ..base
    }
}

fn widgets(tokens: &Tokens) -> Widgets {
    let widget = |fill: Color32, outline: Color32, text: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, outline),
        corner_radius: CornerRadius::same(RADIUS),
        fg_stroke: Stroke::new(1.0, text),
        expansion: 0.0,
    };
    Widgets {
        noninteractive: widget(tokens.panel, tokens.line, tokens.text),
        inactive: widget(tokens.card, tokens.line, tokens.text),
        hovered: widget(tokens.raised, tokens.faint, tokens.text),
        active: widget(tokens.raised, tokens.accent, tokens.text),
        open: widget(tokens.raised, tokens.accent, tokens.text),
    }
}

/// Minimum width and height of clickable elements, in points.
pub const TARGET: Vec2 = vec2(24.0, 24.0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_tabular_in_both_weights() {
        let ctx = Context::default();
        install(&ctx);
        let mut widths = Vec::new();
        let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
            for font in [FontId::proportional(13.0), bold(13.0)] {
                let width = |digit: char| ui.fonts_mut(|fonts| fonts.glyph_width(&font, digit));
                widths.push(('0'..='9').map(width).collect::<Vec<f32>>());
            }
        });
        output.textures_delta.clear();
        for widths in widths {
            assert!(widths.iter().all(|width| *width == widths[0]), "{widths:?}");
        }
    }
}
