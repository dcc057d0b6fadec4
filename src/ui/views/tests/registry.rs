//! The views in the registry.

use super::*;
use crate::ui::state::State;
use crate::ui::theme;
use crate::ui::views::registry;

#[test]
fn every_view_of_the_registry_is_drawn() {
    for theme in [Theme::Dark, Theme::Light] {
        for at in 0..registry::all().len() {
            let mut view = registry::all().swap_remove(at);
            let name = view.entry().title;
            let mut state = State::default();
            let builder = Harness::builder().with_size(SIZES[0]).with_theme(theme);
            let mut harness = builder
                .with_context_setup(theme::install)
                .build_ui(|ui| assert!(!view.show(ui, &mut state), "{name} is not dragged"));
            harness.run_steps(3);
            let found = texts(&harness.output().shapes);
            assert!(found.iter().any(|text| text.contains(name)), "{name} says {found:?}");
        }
    }
}

#[test]
fn every_icon_is_in_the_fonts() {
    let ctx = egui::Context::default();
    theme::install(&ctx);
    let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
        for entry in registry::ENTRIES.iter() {
            let font = theme::bold(12.5);
            assert!(ui.fonts_mut(|fonts| fonts.has_glyphs(&font, entry.icon)), "{}", entry.title);
        }
    });
    output.textures_delta.clear();
}
