//! Data that are selected, missing, invalid, or loading.

use std::path::PathBuf;

use egui::accesskit::Role;
use egui_kittest::kittest::NodeT;

use super::*;
use crate::dataset::Doubt;
use crate::project::{
    ArrayReading, Channels, Choice, Data, Delimiter, Header, Missing, Rules, TableReading, Take,
};
use crate::ui::files::FileEvent;
use crate::ui::state::{Browse, BrowseKind, Effect, PathField, Sources, Target};
use crate::ui::update::Remedy;

impl Window {
    /// Sets a source and waits until loading it has failed.
    fn fail(&mut self, source: Source) {
        self.state().project.data.source = source;
        self.state().selected = Place::Data;
        self.until("it failed", |state| state.data.error.is_some());
        self.harness.run_ok();
    }

    /// The fixes for missing data.
    fn remedies(&mut self) -> Vec<String> {
        let state = self.state();
        let problem = state.derived.data_problem().expect("a problem").clone();
        state.remedies(&problem).iter().map(|remedy| remedy.label().into_owned()).collect()
    }
}

fn npy(path: &str) -> Source {
    Source::Npy { path: path.into(), array: None, labels: None, reading: ArrayReading::default() }
}

#[test]
fn missing_data_are_a_problem_of_the_input_with_fixes() {
    let mut window = Window::new();
    window.fail(npy("/no/such/rows.npy"));
    assert_eq!(window.remedies(), ["Locate…", "Reload"]);
    window.state().run(Command::LocateData);
    let browses =
        |effect: &Effect| matches!(effect, Effect::Browse(browse) if browse.near.ends_with("rows.npy"));
    assert!(window.state().effects.drain(..).any(|effect| browses(&effect)));
    let derived = &window.state().derived;
    assert_eq!((derived.errors(), derived.problems[0].place), (1, Place::Data));
    assert!(derived.problems[0].message.contains("/no/such/rows.npy: does not exist"));
    assert!(window.harness.query_by_label_contains("Problems of input: ").is_some(), "the card has a sign");
    assert!(window.harness.query_by_label("Problems 1").is_some());
    let reason = Command::TrainOrPause.available(window.state()).expect_err("no data");
    assert!(reason.starts_with("Input: ") && reason.contains("/no/such/rows.npy"), "{reason}");
    window.key(Modifiers::NONE, Key::F5);
    assert_eq!(window.state().view.bottom, BottomTab::Problems);
    assert!(window.state().notices.toasts.iter().any(|toast| toast.text.contains("Input: ")));
}

#[test]
fn a_file_of_another_kind_is_recognised() {
    let mut window = Window::sized(1440.0, 900.0, Theme::Dark);
    let path = window.folder.path().join("table.csv");
    std::fs::write(&path, "x,y,colour\n".to_owned() + &"1,2,7\n3,4,8\n".repeat(20) + "5,6,red\n")
        .expect("written");
    window.fail(npy(path.to_str().expect("text")));
    assert_eq!(window.remedies(), ["Load as CSV", "Reload", "Locate…"]);
    window.click("Load as CSV");
    // One word among the numbers of a column.
    let is_table = |state: &crate::ui::state::State| matches!(state.project.data.source, Source::Csv { .. });
    window.until("it failed", |state| {
        is_table(state) && state.data.error.is_some() && state.data.fixed_source.is_some()
    });
    window.harness.run_ok();
    assert_eq!(window.remedies(), ["Use “colour” as a label", "Reload", "Locate…"]);
    window.click("Use “colour” as a label");
    window.until("it is loaded", |state| state.data.ready(&state.project.data).is_some());
    assert_eq!(window.state().derived.errors(), 0);
    // With the training settings that suit them.
    window.key(Modifiers::COMMAND, Key::Z);
    window.until("it failed again", |state| state.data.error.is_some());
}

#[test]
fn the_data_view_offers_fixes_too() {
    let mut window = Window::new();
    let path = window.folder.path().join("late.csv");
    window.fail(npy(path.to_str().expect("text")));
    window.state().selected = Place::Code;
    window.state().view.show = Some(DATA_VIEW);
    window.harness.run_ok();
    std::fs::write(&path, "x,y\n1,2\n3,4\n5,6\n").expect("written");
    window.click("Reload");
    window.until("it failed for its kind", |state| state.data.fixed_source.is_some());
    window.harness.run_ok();
    window.click("Load as CSV");
    window.until("it is loaded", |state| state.data.ready(&state.project.data).is_some());
}

#[test]
fn a_source_without_a_path_says_what_to_do() {
    let mut window = Window::new();
    window.state().project.data.source = npy("");
    window.state().selected = Place::Data;
    window.harness.run_ok();
    assert_eq!(window.remedies(), [Remedy::Locate.label()]);
    assert!(window.harness.query_all_by_label_contains("There are no data yet").count() > 1);
    assert!(Command::TrainNew.available(window.state()).is_err());
}

#[test]
fn nothing_trains_while_data_are_loading() {
    let mut window = Window::new();
    window.state().data.progress = Some((1, 10));
    window.harness.run_ok();
    assert!(window.harness.get_by_label("Train").accesskit_node().is_disabled());
    for (modifiers, key) in
        [(Modifiers::NONE, Key::F5), (Modifiers::NONE, Key::F10), (Modifiers::NONE, Key::F11)]
    {
        window.state().notices.toasts.clear();
        window.key(modifiers, key);
        assert!(window.state().runs.is_empty());
        let toasts = &window.state().notices.toasts;
        assert!(toasts.iter().any(|toast| toast.text.contains("Input: the data are still being loaded")));
    }
    window.state().data.progress = None;
    window.harness.run_ok();
    assert_eq!(Command::TrainOrPause.available(window.state()), Ok(()));
}

#[test]
fn cancelling_a_reload_keeps_the_loaded_data() {
    let mut window = Window::new();
    window.state().load();
    let request = window.state().data.request;
    window.state().effects.clear();
    let error = crate::dataset::DataError::Cancelled;
    window.state().handle_event(crate::session::Event::LoadFailed { request, error, fixed_source: None });
    assert_eq!(Command::TrainOrPause.available(window.state()), Ok(()));
}

#[test]
fn every_kind_of_source_keeps_its_own_path() {
    let mut window = Window::sized(1440.0, 900.0, Theme::Dark);
    window.click("Input card");
    let path = |window: &Window| {
        let field = window.harness.get_by_role_and_label(Role::TextInput, "File");
        field.value().unwrap_or_default()
    };
    window.click("CSV");
    assert_eq!(path(&window), "");
    window.harness.get_by_role_and_label(Role::TextInput, "File").click();
    window.harness.run_ok();
    window.harness.event(egui::Event::Text("/no/table.csv".to_owned()));
    window.harness.run_ok();
    window.key(Modifiers::NONE, Key::Enter);
    window.click("NPY, NPZ");
    assert_eq!(path(&window), "", "the path of a table is none of an array");
    window.click("CSV");
    assert_eq!(path(&window), "/no/table.csv");

    window.state().ask(PendingAction::Recipe(Recipe::Linear));
    window.state().proceed(PendingAction::Recipe(Recipe::Linear));
    window.harness.run_ok();
    window.click("Input card");
    window.click("CSV");
    assert_eq!(path(&window), "", "another project begins without one");
}

#[test]
fn a_table_is_read_alike_however_it_is_chosen() {
    let mut window = Window::sized(1440.0, 900.0, Theme::Dark);
    let path = window.folder.path().join("flowers.csv");
    let text = "width,length,species\n".to_owned() + &"1.5,3,a\n2.5,4,b\n".repeat(20);
    std::fs::write(&path, text).expect("written");
    let expected = crate::dataset::source_for(&path, 32, 32, Channels::Grey).expect("a table");
    assert!(matches!(&expected, Source::Csv { labels, .. } if labels == &["species"]));
    let is_loaded = |state: &crate::ui::state::State| state.data.ready(&state.project.data).is_some();
    let empty = Sources::default().0[4].clone();
    let fresh = |window: &mut Window| {
        window.state().edit(|project, _| project.data.source = Source::Digits);
        window.until("the digits are loaded", is_loaded);
        window.state().edit(|project, _| project.data.source = empty.clone());
        window.state().selected = Place::Data;
        window.harness.run_ok();
    };
    // Typed.
    fresh(&mut window);
    window.harness.get_by_role_and_label(Role::TextInput, "File").click();
    window.harness.run_ok();
    window.harness.event(egui::Event::Text(path.display().to_string()));
    window.harness.run_ok();
    window.key(Modifiers::NONE, Key::Enter);
    window.until("it is loaded", is_loaded);
    assert_eq!(window.project().data.source, expected);
    // It is one undo step with the choice of the path.
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.project().data.source, empty);
    // Chosen in the desktop's dialog.
    fresh(&mut window);
    let target = Target::Source(PathField::Main);
    let browse = Browse { kind: BrowseKind::of(PathField::Main, &empty), target, near: PathBuf::new() };
    window.state().handle_file_event(FileEvent::Browsed(browse, Some(path)));
    window.until("it is loaded", is_loaded);
    assert_eq!(window.project().data.source, expected);
    // A label that was removed does not come back.
    window.state().edit(|project, _| {
        if let Source::Csv { labels, .. } = &mut project.data.source {
            labels.clear();
        }
    });
    window.until("it is loaded", is_loaded);
    assert!(matches!(&window.project().data.source, Source::Csv { labels, .. } if labels.is_empty()));
}

#[test]
fn typing_continues_at_the_end_of_a_long_path() {
    let mut window = Window::sized(1440.0, 900.0, Theme::Dark);
    let long = "/a/long/way/from/here/through/many/folders/to/rows";
    window.fail(npy(long));
    window.harness.get_by_role_and_label(Role::TextInput, "File").click();
    window.harness.run_ok();
    window.harness.event(egui::Event::Text(".npy".to_owned()));
    window.harness.run_ok();
    window.key(Modifiers::NONE, Key::Enter);
    assert_eq!(window.project().data.source, npy(&format!("{long}.npy")));
}

#[test]
fn the_inspector_has_the_same_width_for_every_card() {
    let mut window = Window::sized(1000.0, 640.0, Theme::Light);
    window.harness.run_ok();
    let left =
        |window: &Window| window.harness.get_by_role_and_label(Role::ComboBox, "Optimizer").rect().left();
    let first = left(&window);
    for place in crate::ui::update::stack::places(&window.project().clone(), None) {
        window.state().selected = place;
        window.harness.run_ok();
        assert_eq!(left(&window), first, "{place}");
    }
}

/// A table of three columns of numbers.
fn table(window: &Window) -> Source {
    let path = window.folder.path().join("people.csv");
    std::fs::write(&path, "id,height,weight\n".to_owned() + &"7,1.5,3\n8,2.5,4\n".repeat(20))
        .expect("written");
    Source::Csv {
        path,
        header: Header::default(),
        delimiter: Delimiter::default(),
        labels: vec![],
        missing: Missing::default(),
        reading: TableReading::default(),
    }
}

#[test]
fn a_choice_about_the_data_is_one_undo_step() {
    let mut window = Window::sized(1440.0, 900.0, Theme::Dark);
    window.state().project.data.source = table(&window);
    window.until("it is loaded", |state| state.data.ready(&state.project.data).is_some());
    window.harness.run_ok();
    let label = Choice::Column("id".to_owned(), Some(Take::Label));
    window.state().choose(label);
    window.harness.run_ok();
    let labels = |window: &Window| {
        let Source::Csv { labels, .. } = &window.project().data.source else { panic!("no table") };
        labels.clone()
    };
    assert_eq!(labels(&window), ["id"]);
    window.until("it is read otherwise", |state| {
        state.data.ready(&state.project.data).is_some_and(|(data, _)| data.labels.len() == 1)
    });
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(labels(&window), Vec::<String>::new());
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(labels(&window), ["id"]);
}

#[test]
fn a_design_of_an_earlier_version_offers_the_new_reading() {
    let mut window = Window::sized(1440.0, 900.0, Theme::Dark);
    let mut old = Project::default();
    (old.data.source, old.data.rules) = (table(&window), Rules::Version1);
    window.state().replace(old, Vec::new(), None);
    window.harness.run_ok();
    assert_eq!(window.state().notices.toasts.len(), 1);
    window.until("it stays", |state| state.data.ready(&state.project.data).is_some());
    window.harness.query_all_by_label("Read by the current rules").next().expect("an offer").click();
    window.harness.run_ok();
    assert_eq!(window.project().data.rules, Rules::Current);
    assert!(window.state().notices.toasts.is_empty());
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.project().data.rules, Rules::Version1, "it can be undone");

    let digits = Project { data: Data { rules: Rules::Version1, ..Data::default() }, ..Project::default() };
    window.state().replace(digits, Vec::new(), None);
    assert!(window.state().notices.toasts.is_empty(), "digits are read the same way");
}

#[test]
fn a_doubt_about_the_data_is_a_problem_with_all_its_fixes() {
    let mut window = Window::sized(1440.0, 900.0, Theme::Dark);
    window.state().project.data.source = table(&window);
    window.until("it is loaded", |state| state.data.ready(&state.project.data).is_some());
    let remedies = vec![Choice::Header(Header::No), Choice::Column("id".to_owned(), Some(Take::Label))];
    let doubt = Doubt { message: "the first row may be no header".to_owned(), remedies };
    let state = window.state();
    let data = state.data.dataset.as_mut().map(std::sync::Arc::make_mut).expect("data");
    data.doubts = vec![doubt];
    window.state().selected = Place::Data;
    window.harness.run_ok();
    assert_eq!(window.state().derived.errors(), 0, "it does not refuse training");
    window.state().view.bottom = BottomTab::Problems;
    window.harness.run_ok();
    assert!(
        window.harness.query_all_by_label("Column id: label").count() > 1,
        "in the list and the inspector"
    );
    let is_same_message =
        |problem: &&crate::check::Problem| problem.message == "the first row may be no header";
    let problem = window.state().derived.problems.iter().find(is_same_message).cloned().expect("a problem");
    let remedies = window.state().remedies(&problem);
    assert_eq!(remedies.len(), 2);
    window.state().fix(Place::Data, &remedies[1]);
    let Source::Csv { labels, .. } = &window.project().data.source else { panic!("no table") };
    assert_eq!(labels, &["id"]);
    window.until("it is read otherwise", |state| state.data.ready(&state.project.data).is_some());
    assert!(!window.state().derived.problems.iter().any(|problem| is_same_message(&problem)));
}

#[test]
fn a_run_keeps_the_labels_it_was_trained_with() {
    let mut window = Window::new();
    window.state().project.data.source = table(&window);
    window.state().choose(Choice::Column("id".to_owned(), Some(Take::Label)));
    window.until("it is loaded", |state| state.data.ready(&state.project.data).is_some());
    let state = window.state();
    let (data, facts) = state.data.ready(&state.project.data).expect("loaded");
    let plan = crate::check::plan(&state.project, &facts).expect("valid");
    let run = crate::run::Run::new(crate::run::RunId(1), &plan, data);
    state.runs = vec![crate::run::Run { status: crate::run::Status::Done, ..run }];
    let labels = |window: &mut Window| {
        let state = window.state();
        let data = state.shown().and_then(|run| state.data_of(run)).expect("its data");
        (data.len(), data.labels.iter().map(|label| label.name.clone()).collect::<Vec<_>>())
    };
    let own = (40, vec!["id".to_owned()]);
    assert_eq!(labels(&mut window), own);
    // One feature fewer, which changes the rows; then one label fewer, which does not.
    for column in ["weight", "id"] {
        window.state().choose(Choice::Column(column.to_owned(), Some(Take::LeftOut)));
        window.until("it is read otherwise", |state| state.data.ready(&state.project.data).is_some());
        assert_eq!(labels(&mut window), own, "without {column}");
        window.state().run(Command::Undo);
        window.until("it is read again", |state| state.data.ready(&state.project.data).is_some());
    }
}
