//! Pictures of the window, for a person to look at: `HOURGLASS_SHOTS=FOLDER cargo test --lib ui::tests::shots`.

use super::*;
use crate::run::*;
use std::sync::Arc;

fn shot(harness: &mut Harness<'static, HourglassApp>, name: &str) {
    let Some(folder) = std::env::var_os("HOURGLASS_SHOTS") else { return };
    harness.run_ok();
    let image = harness.render().expect("a picture");
    let path = std::path::Path::new(&folder).join(format!("{name}.png"));
    image.save(path).expect("saved");
}

#[test]
fn the_window_in_both_themes_and_sizes() {
    if std::env::var_os("HOURGLASS_SHOTS").is_none() {
        return;
    }
    for (theme, name) in [(egui::Theme::Dark, "dark"), (egui::Theme::Light, "light")] {
        let mut harness = window(1440.0, 900.0, theme);
        harness.state_mut().state.view.theme = theme.into();
        shot(&mut harness, &format!("start-{name}"));
        harness.state_mut().state.selected = Place::Encoder(1);
        harness.state_mut().state.project.encoder[0] = Layer::Dense { units: 0, activation: Default::default() };
        shot(&mut harness, &format!("layer-{name}"));
    }
}
