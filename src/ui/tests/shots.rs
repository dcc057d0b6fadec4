//! Every view, form and kind is drawn in both themes and at several sizes. The harness fails on a
//! missing glyph and on an input without a name. `HOURGLASS_SHOTS=FOLDER cargo test --features
//! long-tests --lib ui::tests::shots` saves the pictures for inspection.

use egui::accesskit::Role;

use super::*;
use crate::project::Bottleneck;

impl Window {
    fn shot(&mut self, name: &str) {
        self.harness.run_ok();
        let image = self.harness.render().expect("a picture");
        if let Some(folder) = std::env::var_os("HOURGLASS_SHOTS") {
            image.save(std::path::Path::new(&folder).join(format!("{name}.png"))).expect("saved");
        }
    }
}

#[test]
fn the_window_in_both_themes_and_sizes() {
    for (theme, name, size) in [
        (Theme::Dark, "dark", (1440.0, 900.0)),
        (Theme::Light, "light", (1440.0, 900.0)),
        (Theme::Dark, "small", (1000.0, 640.0)),
        (Theme::Light, "small-light", (1000.0, 640.0)),
        (Theme::Light, "large", (1920.0, 1080.0)),
    ] {
        let mut window = Window::sized(size.0, size.1, theme);
        window.shot(&format!("start-{name}"));
        window.key(Modifiers::NONE, Key::F5);
        window.until("twenty epochs", |state| state.runs[0].history.epochs.len() >= 20);
        window.key(Modifiers::NONE, Key::F5);
        window.until("a pause", |state| state.runs[0].status == Status::Paused);
        window.state().selected = Place::Encoder(1);
        window.shot(&format!("paused-{name}"));
        window.state().selected = Place::Data;
        window.state().project.encoder[0] = dense(0);
        window.state().project.training.batch_size = 0;
        window.state().view.bottom = BottomTab::Problems;
        window.shot(&format!("problems-{name}"));
        window.key(Modifiers::COMMAND, Key::K);
        window.shot(&format!("palette-{name}"));
        window.key(Modifiers::NONE, Key::Escape);
        window.key(Modifiers::COMMAND, Key::N);
        window.shot(&format!("unsaved-{name}"));
        window.click("Don't save");
        window.shot(&format!("new-{name}"));
        window.click("Cancel");
        window.click("View");
        window.shot(&format!("menu-{name}"));
        window.key(Modifiers::NONE, Key::Escape);
        window.key(Modifiers::NONE, Key::F1);
        window.shot(&format!("keys-{name}"));
        window.click("Close");
        let many = (2..=9).map(|id| {
            let mut run = crate::ui::views::samples::run(id, 100);
            run.design.training.learning_rate = 0.001 * id as f32;
            run.design.encoder[1] = dense(16 * id as usize);
            run
        });
        window.state().runs.extend(many);
        window.state().shown_run = Some(crate::run::RunId(5));
        window.state().view.bottom = BottomTab::Runs;
        window.state().notices.say(crate::check::Severity::Info, "Run 5 is done.");
        window.state().notices.say(crate::check::Severity::Info, "Run 5 is done.");
        let long =
            "Could not save: the disk is full. The file that was there is intact; save to another place.";
        window.state().notices.say(crate::check::Severity::Error, long);
        window.shot(&format!("runs-{name}"));
        window.state().notices.toasts.clear();
        window.key(Modifiers::COMMAND, Key::Num4);
        window.state().selected = Place::Decoder(0);
        window.shot(&format!("data-{name}"));
    }
}

#[test]
fn every_form_in_both_themes_and_at_both_ends_of_sizes() {
    let path = "/data/of/somebody/a/rather/long/way/to/the/data/of/the/third/experiment";
    for (theme, name, size) in
        [(Theme::Dark, "wide-dark", (1920.0, 1080.0)), (Theme::Light, "narrow-light", (1000.0, 640.0))]
    {
        let mut window = Window::sized(size.0, size.1, theme);
        window.state().view.bottom = BottomTab::Problems;
        window.state().project.training.gradient_clip = Some(1.0);
        window.state().project.training.early_stopping = Some(crate::project::EarlyStopping::default());
        window.state().project.corruption = crate::project::Corruption::Gaussian { std: 0.2 };
        for (place, form) in [
            (Place::Encoder(0), "encoder"),
            (Place::Code, "code"),
            (Place::Decoder(0), "decoder"),
            (Place::Output, "output"),
            (Place::Data, "digits"),
        ] {
            window.state().selected = place;
            window.shot(&format!("form-{form}-{name}"));
        }
        window
            .harness
            .hover_at(window.harness.get_by_role_and_label(Role::ComboBox, "Scaling").rect().center());
        window.harness.run_steps(8);
        window.shot(&format!("form-tooltip-{name}"));
        for (at, mut source) in crate::ui::state::Sources::default().0.into_iter().enumerate().skip(1) {
            crate::ui::state::PathField::Main.set(&mut source, path.into());
            window.state().project.data.source = source;
            window.until("it is loaded or not", |state| {
                state.data.is_of(&state.project.data) && state.data.progress.is_none()
            });
            window.state().notices.toasts.clear();
            window.shot(&format!("form-source-{at}-{name}"));
        }
        window.key(Modifiers::COMMAND, Key::Num4);
        window.shot(&format!("form-failed-view-{name}"));
    }
}

#[test]
fn the_health_of_every_kind() {
    for (number, recipe) in crate::project::Recipe::ALL.into_iter().enumerate() {
        let theme = if number % 2 == 0 { Theme::Dark } else { Theme::Light };
        let mut window = Window::sized(1440.0, 900.0, theme);
        window.state().project = recipe.project();
        window.state().project.training.epochs = 6;
        if let Bottleneck::Concrete { tries, .. } = &mut window.state().project.code.kind {
            *tries = 1;
        }
        window.state().select(Place::Code);
        window.until("its data", |state| state.data.ready(&state.project.data).is_some());
        window.key(Modifiers::NONE, Key::F5);
        let is_done = |run: &crate::run::Run| run.status == Status::Done;
        window.until("its end", |state| !state.runs.is_empty() && state.runs.iter().all(is_done));
        window.state().run(Command::Show("Health"));
        window.shot(&format!("health-{}", recipe.name()));
        if recipe == crate::project::Recipe::Machines {
            for label in ["Terms", "layers", "Terms"] {
                window.click(label);
            }
            window.shot("layers");
        }
    }
}

#[test]
fn the_forms_of_every_kind() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut window = Window::sized(1440.0, 1100.0, theme);
        window.key(Modifiers::COMMAND, Key::N);
        window.shot(&format!("new-{theme:?}"));
        window.click("Cancel");
        for kind in Bottleneck::ALL {
            window.state().select(Place::Code);
            window.state().project.code.kind = kind;
            window.shot(&format!("form-{}-{theme:?}", kind.name()));
        }
        for strategy in crate::project::Strategy::ALL {
            window.state().project.training.strategy = strategy;
            window.state().project.loss = crate::project::Loss::ALL[4];
            window.state().project.corruption = crate::project::Corruption::ALL[1];
            window.state().select(Place::Data);
            window.shot(&format!("form-{}-{theme:?}", strategy.name()));
        }
    }
}

#[test]
fn exploring_in_both_themes_and_sizes() {
    for (theme, name, size) in [
        (Theme::Dark, "dark", (1440.0, 900.0)),
        (Theme::Light, "small-light", (1024.0, 700.0)),
        (Theme::Light, "large", (1920.0, 1080.0)),
    ] {
        let mut window = Window::sized(size.0, size.1, theme);
        window.state().project.training.epochs = 30;
        window.key(Modifiers::NONE, Key::F5);
        window
            .until("it is trained", |state| state.runs.first().is_some_and(|run| run.status == Status::Done));
        window.state().run(Command::Show("Explore"));
        window.harness.run_ok();
        window.shot(&format!("explore-{name}"));
        super::explore::pin(&mut window, &[0, 3, 9, 14]);
        for section in ["Pins", "Sliders", "Interpolation", "Arithmetic", "Traversals", "Sample", "Nearest"] {
            window.click(section);
            for _ in 0..30 {
                window.harness.step();
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            window.shot(&format!("explore-{}-{name}", section.to_lowercase()));
        }
        window.click("Mosaic");
        window.until("the plane is decoded", |state| {
            state.explore.decoded(crate::session::Decoding::Mosaic).is_some()
        });
        window.shot(&format!("explore-mosaic-{name}"));
    }
}
