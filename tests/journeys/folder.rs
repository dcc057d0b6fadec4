//! A user's own pictures: typed, dropped, and deleted.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::Key;
use egui::accesskit::Role;
use hourglass::project::Source;
use hourglass::run::Status;

use crate::common::{CTRL, CTRL_ALT, CTRL_SHIFT, Home, NONE, Window};

/// Pictures of each kind in the folder.
const EACH: u32 = 12;

/// A folder for each of two kinds of pictures, and a file that only claims to be a picture.
fn pictures(folder: &Path) {
    for (kind, name) in ["bars", "checks"].into_iter().enumerate() {
        std::fs::create_dir_all(folder.join(name)).expect("a folder");
        for index in 0..EACH {
            let picture = image::GrayImage::from_fn(12, 12, |x, y| {
                let stripe = if kind == 0 { x + index } else { x / 3 + y / 3 + index };
                image::Luma([if stripe.is_multiple_of(2) { 20 } else { 180 + index as u8 }])
            });
            picture.save(folder.join(name).join(format!("{index:02}.png"))).expect("a picture");
        }
    }
    std::fs::write(folder.join("bars/broken.png"), b"no picture at all").expect("written");
}

fn folder_of(window: &Window) -> Option<&PathBuf> {
    match &window.project().data.source {
        Source::ImageFolder { path, .. } => Some(path),
        Source::Digits
        | Source::Synthetic(_)
        | Source::Idx { .. }
        | Source::Csv { .. }
        | Source::Npy { .. } => None,
    }
}

fn until_loaded(window: &mut Window, folder: &Path) {
    window.until("the pictures are loaded", |state| {
        state.data.progress.is_none()
            && state.data.of.as_ref().is_some_and(|of| of.source.path().map(PathBuf::as_path) == Some(folder))
    });
    window.run_until_idle();
}

#[test]
fn a_folder_is_typed_viewed_trained_on_and_reported_missing() {
    let home = Home::new();
    let folder = home.path("pictures");
    pictures(&folder);
    let mut window = home.window_of(1440.0, 1200.0);
    window.press("Input card");
    window.click(Role::RadioButton, "Image folder");
    assert!(window.says("no data yet"), "nothing of the digits is left");
    window.fill(Role::TextInput, "Folder", &folder.display().to_string());
    until_loaded(&mut window, &folder);
    window.click(Role::RadioButton, "CSV");
    assert!(window.says("There are no data yet"), "a folder is no table");
    window.click(Role::RadioButton, "Image folder");
    assert_eq!(folder_of(&window), Some(&folder), "the folder is remembered");
    window.number("Width", "12");
    window.number("Height", "12");
    window.until("they are loaded smaller", |state| {
        state.data.facts.is_some_and(|facts| facts.shape.features() == 144)
    });

    window.key(CTRL, Key::Num4);
    window.run_until_idle();
    assert!(window.shows("24"), "how many");
    assert!(window.shows("class bars: 12") && window.shows("class checks: 12"), "the classes");
    assert!(window.says("left out bars/broken.png"), "the broken picture is named");
    assert!(window.shows("bars/00.png"), "the pictures are named");

    window.number("Epochs", "30");
    window.key(NONE, Key::F5);
    window.until_status(&Status::Done);
    assert_eq!(window.run().history.epochs.len(), 30);
    assert_eq!(window.run().shape.features(), 144);

    std::fs::remove_dir_all(&folder).expect("removed");
    window.key(CTRL, Key::R);
    window.until("the folder is missed", |state| state.data.error.is_some());
    window.run_until_idle();
    assert!(window.says("does not exist; it may have been moved or renamed"));
    assert_eq!(window.count("Locate…"), 2, "in the inspector and in the view of the data");
    window.key(CTRL, Key::Num2);
    window.key(CTRL, Key::Num3);
    window.find(Role::Button, "Locate…");

    let moved = home.path("moved");
    window.fill(Role::TextInput, "Folder", &moved.display().to_string());
    window.until("the other folder is missed", |state| {
        state.data.error.as_ref().is_some_and(|error| error.to_string().contains("moved"))
            && state.data.progress.is_none()
    });
    window.run_until_idle();
    window.find(Role::Button, "Locate…");
    assert!(window.is_disabled("Train"), "there is nothing to train on");
    pictures(&moved);
    window.press("Reload");
    until_loaded(&mut window, &moved);
    assert!(!window.shows("Locate…"));
    assert!(!window.is_disabled("Train"));
}

#[test]
fn a_folder_is_dropped_on_the_window() {
    let home = Home::new();
    let folder = home.path("pictures");
    pictures(&folder);
    let mut window = home.window_of(1440.0, 1200.0);
    let held = egui::HoveredFile { path: Some(folder.clone()), ..egui::HoveredFile::default() };
    window.harness.input_mut().hovered_files.push(held);
    window.run_until_idle();
    window.harness.input_mut().hovered_files.clear();
    window.harness.input_mut().dropped_files.push(Arc::new(Dropped(folder.clone())));
    window.run_until_idle();
    window.until("it is looked at", |state| matches!(state.project.data.source, Source::ImageFolder { .. }));
    assert_eq!(folder_of(&window), Some(&folder));
    until_loaded(&mut window, &folder);
    assert!(window.shows("class bars: 12"), "the data are brought to the front");
    assert!(window.says("left out bars/broken.png"));
    // With the training settings that suit them.
    window.key(CTRL, Key::Z);
    assert_eq!(folder_of(&window), None, "a drop can be undone");
    window.until("the digits are back", |state| {
        state.data.dataset.as_ref().is_some_and(|data| data.len() == 1797)
    });
}

/// Drops paths on the window, all at once.
fn drop_on(window: &mut Window, paths: &[PathBuf]) {
    for path in paths {
        window.harness.input_mut().dropped_files.push(Arc::new(Dropped(path.clone())));
    }
    window.run_until_idle();
    window.until("they are looked at", |state| state.dialog.is_some());
    window.run_until_idle();
}

#[test]
fn a_folder_is_shown_to_a_trained_run_and_the_design_keeps_its_data() {
    let home = Home::new();
    let folder = home.path("photos");
    pictures(&folder);
    let mut window = home.window();
    window.number("Epochs", "2");
    window.key(NONE, Key::F5);
    window.until_status(&Status::Done);

    drop_on(&mut window, std::slice::from_ref(&folder));
    window.find(Role::Button, "Use as data of the design");
    // The most likely option has the focus.
    window.key(NONE, Key::Enter);
    window.until("they are shown", |state| state.others.contains_key("photos"));
    assert_eq!(folder_of(&window), None, "the design has its digits");
    window.until("they are reconstructed", |state| state.scored.pictures.is_some());
    window.run_until_idle();
    assert!(window.shows("bars/00.png"), "the pictures are named");
    let log = &window.state().notices.log;
    assert!(log.iter().any(|line| line.text.contains("bars/broken.png")), "one is damaged");
    window.until("they are scored", |state| state.scored.mean.is_some());
    window.until("they are located", |state| state.scored.located.contains_key("photos"));
    window.run_until_idle();
    assert!(window.says("photos (24)"), "the legend of the latent space has them");

    window.key(CTRL, Key::Num4);
    window.choose("Data shown", "photos");
    assert!(window.shows("class bars: 12"), "the view of the data has them");
    window.key(CTRL_ALT, Key::Num9);
    window.choose("Select from", "photos (24)");
    window.key(CTRL, Key::A);
    window.until("they are compared", |state| {
        state.scored.compared.as_ref().is_some_and(|compared| compared.found.is_with_training)
    });
    window.run_until_idle();
    assert!(window.says("24 selected, compared with") && window.says("training samples"));
    let restored = home.path("restored");
    window.key(CTRL_ALT, Key::Y);
    window.type_path(&restored);
    window.until("reconstructions are written", |_| {
        std::fs::read_dir(&restored).is_ok_and(|files| files.count() == 24)
    });

    let two = [folder.join("checks/03.png"), folder.join("bars/07.png")];
    drop_on(&mut window, &two);
    window.press("Show to run 1");
    window.until("both are one set", |state| {
        state.others.get("03.png and 1 more").is_some_and(|data| data.len() == 2)
    });
    window.until("they are drawn", |state| {
        state.scored.pictures.as_ref().is_some_and(|pictured| pictured.pictures.rows.len() == 2)
    });
    window.run_until_idle();
    assert!(window.shows("03.png") && window.shows("07.png"));
    window.press("Remove 03.png and 1 more");
    assert_eq!(window.state().others.len(), 1);
    assert_eq!(window.project().others.len(), 1, "its place is kept in the project");

    drop_on(&mut window, &[folder.join("bars/broken.png")]);
    window.press("Cancel");
    assert_eq!(window.state().others.len(), 1);

    let file = home.path("shown.hourglass");
    window.key(CTRL_SHIFT, Key::S);
    window.type_path(&file);
    window.until("it is saved", |state| state.file.is_some());
    drop(window);
    let other = Home::new();
    let mut window = other.window();
    window.key(CTRL, Key::O);
    window.type_path(&file);
    window.until("it is open", |state| state.runs.len() == 1);
    window.run_until_idle();
    assert!(window.state().others.is_empty(), "nothing is loaded unasked");
    window.press("Load them");
    window.until("they are shown again", |state| {
        state.others.get("photos").is_some_and(|data| data.len() == 24)
    });
}

/// A path dropped on the window.
#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("only its path is wanted".to_owned())
    }
}
