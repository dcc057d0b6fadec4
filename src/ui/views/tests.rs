//! Every view with every kind of data, in both themes: drawing, content and requests.

mod data;
mod figures;
mod headers;
mod health;
mod latent;
mod odd;
mod plots;
mod reconstructions;
mod registry;
mod runs;

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{Modifiers, Pos2, Theme, Ui, Vec2, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::data_preview::{DataInput, DataOutput, DataPreviewView, DataState, data_preview_ui};
use super::health::{HealthInput, HealthView, health_ui};
use super::latent::{LatentInput, LatentView, OtherCodes, latent_ui};
use super::loss::{LossInput, LossView, loss_ui};
use super::reconstructions::{ReconstructionsInput, ReconstructionsView, reconstructions_ui};
use super::replay::{ReplayInput, ReplayView, replay_ui};
use super::runs::{RunsInput, RunsView, runs_ui};
use crate::dataset::{DataError, Dataset};
use crate::project::{Corruption, Data};
use crate::run::{Run, RunId, Status};
use crate::session::Located;
use crate::ui::painted::{check_placed, check_visible, largest_mesh, names, texts};
use crate::ui::plots::{color, palette};
use crate::ui::state::{
    MissingData, PlacedCodes, RunAction, RunsTable, Scored, Seek, Selection, SelectionMode, SetChoice, Sets,
};
use crate::ui::views::samples;

/// All views with their content, one at a time.
struct Scene {
    runs: Vec<Run>,
    selected: Option<usize>,
    data: Option<Dataset>,
    design: Data,
    missing: MissingData<'static>,
    epoch: Option<u32>,
    principal: Option<Vec<[f32; 2]>>,
    has_no_principal: bool,
    selection: Selection,
    others: BTreeMap<String, Arc<Dataset>>,
    located: Located,
    choices: Vec<SetChoice>,
    set: Option<PlacedCodes>,
    coming: Option<(usize, usize)>,
    failure: Option<&'static str>,
    scored: Scored,
    views: Memories,
    last: Outputs,
}

#[derive(Default)]
struct Memories {
    loss: LossView,
    latent: LatentView,
    reconstructions: ReconstructionsView,
    replay: ReplayView,
    data: DataPreviewView,
    health: HealthView,
    runs: RunsView,
    table: RunsTable,
}

#[derive(Default)]
struct Outputs {
    seek: Option<Seek>,
    action: Option<RunAction>,
    principal: bool,
    estimate: Option<usize>,
    load: bool,
    select: Option<(u64, Vec<u32>, SelectionMode)>,
    data: DataOutput,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Loss,
    Latent,
    Reconstructions,
    Replay,
    Data,
    Health,
    Runs,
}

const PARTS: [Part; 7] =
    [Part::Loss, Part::Latent, Part::Reconstructions, Part::Replay, Part::Data, Part::Health, Part::Runs];

impl Scene {
    fn new(runs: Vec<Run>, data: Option<Dataset>) -> Scene {
        let selected = runs.len().checked_sub(1);
        Scene {
            runs,
            selected,
            data,
            design: Data::default(),
            missing: MissingData::NotLoaded,
            epoch: None,
            principal: None,
            has_no_principal: false,
            selection: Selection::default(),
            others: BTreeMap::new(),
            located: Located::default(),
            choices: Vec::new(),
            set: None,
            coming: None,
            failure: None,
            scored: Scored::default(),
            views: Memories::default(),
            last: Outputs::default(),
        }
    }

    /// A run on this data with this many epochs, of which the given ones were kept.
    fn trained(epochs: u32, data: Dataset, code_units: usize, corrupted: bool) -> Scene {
        let mut run = samples::run(3, epochs);
        let kept: Vec<u32> = (0..=epochs).step_by(5).collect();
        samples::keep(&mut run, &data, &kept, code_units, corrupted);
        run.health = Some(Arc::new(samples::health(data.shape, 20)));
        run.checkpoint = Some(Arc::new(samples::checkpoint(data.shape, 70)));
        Scene::new(vec![samples::run(1, 100), samples::run(2, 100), run], Some(data))
    }

    fn digits() -> Scene {
        Scene::trained(70, samples::pictures(1797, [8, 8, 1], 10), 2, false)
    }

    fn ui(&mut self, ui: &mut Ui, view: Part) {
        let rect = ui.max_rect();
        ui.painter().rect_filled(rect, 0.0, color(palette(ui).panel));
        let run = self.selected.and_then(|index| self.runs.get(index));
        let all: Vec<&Run> = self.runs.iter().collect();
        let (data, epoch) = (self.data.as_ref(), self.epoch);
        match view {
            Part::Loss => {
                let input = LossInput { run, compared: &all, epoch };
                self.last.seek = loss_ui(ui, &input, &mut self.views.loss).seek.or(self.last.seek);
            }
            Part::Latent => {
                let (principal, selection) = (self.principal.as_deref(), &self.selection);
                let (others, located) = (self.others.iter(), &self.located);
                let others: Vec<_> = others.map(|(name, data)| OtherCodes { name, data, located }).collect();
                let input = LatentInput {
                    run,
                    data,
                    epoch,
                    principal,
                    has_no_principal: self.has_no_principal,
                    selection,
                    choices: &self.choices,
                    set: self.set.as_ref(),
                    coming: self.coming,
                    failure: self.failure,
                    others: &others,
                };
                let output = latent_ui(ui, &input, &mut self.views.latent);
                self.last.principal = output.principal.is_some();
                let own = |(rows, mode)| (run.map_or(0, |run| run.fingerprint), rows, mode);
                self.last.select = output.select.map(own).or(output.select_other).or(self.last.select.take());
            }
            Part::Reconstructions => {
                let missing = self.missing;
                let sets = Sets { selection: &self.selection, named: &[], others: &self.others };
                let (resolved, scored) = (None, &self.scored);
                let input = ReconstructionsInput { run, data, missing, epoch, sets, resolved, scored };
                let output = reconstructions_ui(ui, &input, &mut self.views.reconstructions);
                self.last.load |= output.load;
                self.last.select = output.select.or(self.last.select.take());
            }
            Part::Replay => {
                let input = ReplayInput { run, epoch, outdated: None };
                self.last.seek = replay_ui(ui, &input, &mut self.views.replay).seek.or(self.last.seek);
            }
            Part::Data => {
                let state = data.map_or(DataState::None, DataState::Loaded);
                let (design, selection, others) = (&self.design, &self.selection, &self.others);
                let input = DataInput { state, design, selection, others };
                let output = data_preview_ui(ui, &input, &mut self.views.data);
                self.last.data.choose |= output.choose;
                self.last.data.choice = output.choice.or(self.last.data.choice.take());
                self.last.data.remove = output.remove.or(self.last.data.remove.take());
            }
            Part::Health => {
                let input = HealthInput { run, data, likelihood: None, is_ready: true, design: None };
                self.last.estimate =
                    health_ui(ui, &input, &mut self.views.health).estimate.or(self.last.estimate);
            }
            Part::Runs => {
                let compared: Vec<RunId> = all.iter().map(|run| run.id).collect();
                let selected = run.map(|run| run.id);
                let input = RunsInput { runs: &all, selected, compared: &compared, data };
                let Memories { table, runs, .. } = &mut self.views;
                self.last.action = runs_ui(ui, &input, table, runs).action.or(self.last.action);
            }
        }
    }
}

fn harness(scene: Scene, view: Part, size: Vec2, theme: Theme) -> Harness<'static, Scene> {
    Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .with_max_steps(60)
        .with_context_setup(crate::ui::theme::install)
        .build_ui_state(move |ui, scene: &mut Scene| scene.ui(ui, view), scene)
}

const SIZES: [Vec2; 3] = [vec2(820.0, 340.0), vec2(360.0, 260.0), vec2(90.0, 60.0)];

/// Checks that every view draws this scene in both themes and in large, small and tiny panes, and
/// that it shows text if there is space.
#[track_caller]
fn check_all(scene: impl Fn() -> Scene) {
    for view in PARTS {
        for size in SIZES {
            for theme in [Theme::Dark, Theme::Light] {
                let mut harness = harness(scene(), view, size, theme);
                harness.run();
                harness.hover_at((0.5 * size).to_pos2());
                harness.run_steps(3);
                let shapes = &harness.output().shapes;
                check_placed(shapes);
                check_visible(&texts(shapes));
                check_visible(&names(&harness.root()));
                assert!(size != SIZES[0] || !texts(shapes).is_empty(), "{view:?} says nothing");
            }
        }
    }
}

#[test]
fn views_without_any_data() {
    check_all(|| Scene::new(Vec::new(), None));
}

#[test]
fn a_run_without_epochs() {
    check_all(|| Scene::new(vec![samples::run(1, 0)], None));
}

#[test]
fn one_epoch() {
    check_all(|| Scene::trained(1, samples::pictures(20, [8, 8, 1], 2), 2, false));
}

#[test]
fn pictures_of_every_kind() {
    check_all(|| Scene::trained(30, samples::pictures(40, [1, 1, 1], 3), 1, false));
    check_all(|| Scene::trained(30, samples::pictures(40, [12, 8, 3], 27), 5, true));
    check_all(|| Scene::trained(30, samples::pictures(12, [2, 90, 1], 1), 2, true));
}

#[test]
fn tables() {
    check_all(|| Scene::trained(30, samples::table(60, 5), 3, false));
    check_all(|| Scene::trained(30, samples::table(60, 300), 2, true));
}

/// Drags from one position to another, with one frame per step.
fn drag(harness: &mut Harness<'_, Scene>, from: Pos2, to: Pos2) {
    harness.drag_at(from);
    harness.step();
    harness.hover_at(to);
    harness.run_steps(2);
    harness.drop_at(to);
    harness.run_steps(2);
}

#[test]
fn the_marker_is_dragged_by_its_triangle_and_by_its_line() {
    let mut harness = harness(Scene::digits(), Part::Loss, SIZES[0], Theme::Dark);
    harness.run();
    let grip = harness.get_by_label("epoch marker").rect();
    let (above, foot) = (grip.center_top() + vec2(8.0, 4.0), grip.center() + vec2(2.0, 120.0));
    for from in [grip.center(), above, foot] {
        harness.state_mut().last.seek = None;
        harness.hover_at(from);
        harness.run_steps(2);
        let cursor = harness.output().platform_output.cursor_icon;
        assert_eq!(cursor, egui::CursorIcon::ResizeHorizontal, "{from}");
        drag(&mut harness, from, from - vec2(200.0, 0.0));
        let (seek, view) = (harness.state().last.seek, &harness.state().views.loss);
        assert!(matches!(seek, Some(Seek::Epoch(1..=60))), "{from}: {seek:?}");
        assert_eq!(view.zoom.limits, None, "{from}: no box is drawn");
    }
}

#[test]
fn the_marker_is_grabbed_in_a_slow_frame() {
    let mut harness = harness(Scene::digits(), Part::Loss, SIZES[0], Theme::Dark);
    harness.run();
    let from = harness.get_by_label("epoch marker").rect().center();
    let to = from + vec2(-200.0, 90.0);
    harness.hover_at(from);
    harness.run_steps(2);
    let press = egui::Event::PointerButton {
        pos: from,
        button: egui::PointerButton::Primary,
        pressed: true,
        modifiers: Modifiers::NONE,
    };
    harness.input_mut().events.extend([press, egui::Event::PointerMoved(to)]);
    harness.step();
    harness.hover_at(to + vec2(20.0, 30.0));
    harness.run_steps(2);
    let seek = harness.state().last.seek;
    assert!(matches!(seek, Some(Seek::Epoch(1..=60))), "{seek:?}");
    harness.drop_at(to);
    harness.run_steps(2);
    assert_eq!(harness.state().views.loss.zoom.limits, None);
}

#[test]
fn the_marker_is_moved_by_keys() {
    let mut harness = harness(Scene::digits(), Part::Loss, SIZES[0], Theme::Dark);
    harness.run();
    harness.get_by_label("epoch marker").focus();
    harness.run();
    harness.key_press(egui::Key::ArrowLeft);
    harness.run();
    assert_eq!(harness.state().last.seek, Some(Seek::Epoch(69)));
}

/// Draws a box in the loss view.
fn zoom_in(harness: &mut Harness<'_, Scene>) {
    drag(harness, pos2(200.0, 120.0), pos2(300.0, 220.0));
    let limits = harness.state().views.loss.zoom.limits.expect("zoomed");
    assert!(limits.x[0] > 5.0 && limits.x[1] < 70.0, "{limits:?}");
}

#[test]
fn a_box_zooms_until_reset_or_another_run_is_shown() {
    let mut harness = harness(Scene::digits(), Part::Loss, SIZES[0], Theme::Dark);
    harness.run();
    zoom_in(&mut harness);
    harness.get_by_label("Show all").click();
    harness.run();
    assert_eq!(harness.state().views.loss.zoom.limits, None);

    zoom_in(&mut harness);
    let press = |pressed| egui::Event::PointerButton {
        pos: pos2(250.0, 150.0),
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    // All in one frame: test frames can be too slow for a double click.
    harness.input_mut().events.extend([true, false, true, false].map(press));
    harness.run_steps(2);
    assert_eq!(harness.state().views.loss.zoom.limits, None, "a double click");

    zoom_in(&mut harness);
    harness.state_mut().selected = Some(0);
    harness.run();
    assert_eq!(harness.state().views.loss.zoom.limits, None, "another run");

    zoom_in(&mut harness);
    harness.state_mut().runs[0].started_unix_secs += 1;
    harness.run();
    assert_eq!(harness.state().views.loss.zoom.limits, None, "a new run");
}

#[test]
fn a_class_in_the_legend_is_pinned() {
    let mut harness = harness(Scene::digits(), Part::Latent, SIZES[0], Theme::Dark);
    harness.run();
    harness.get_by_label("class 4").click();
    harness.run();
    assert_eq!(harness.state().views.latent.pinned, Some(4));
    harness.get_by_label("class 4").click();
    harness.run();
    assert_eq!(harness.state().views.latent.pinned, None);
}

#[test]
fn wide_codes_request_their_principal_components() {
    let data = samples::pictures(50, [8, 8, 1], 5);
    let mut harness = harness(Scene::trained(20, data, 6, false), Part::Latent, SIZES[0], Theme::Dark);
    let mut asks = |change: fn(&mut Scene)| {
        change(harness.state_mut());
        harness.run();
        harness.state().last.principal
    };
    assert!(asks(|_| ()), "they are shown at first");
    assert!(!asks(|scene| scene.principal = Some(vec![[0.5, 1.0]; 50])));
    assert!(
        !asks(|scene| (scene.principal, scene.has_no_principal) = (None, true)),
        "units are shown instead"
    );
    assert!(asks(|scene| scene.has_no_principal = false));
    assert!(!asks(|scene| scene.views.latent.plane = crate::ui::views::latent::Plane::Units));
}

#[test]
fn the_replay_bar_steps_plays_and_goes_live() {
    let mut harness = harness(Scene::digits(), Part::Replay, vec2(820.0, 40.0), Theme::Dark);
    harness.run();
    for (button, expected) in [
        ("previous kept epoch", Seek::Epoch(65)),
        ("next kept epoch", Seek::Live),
        ("Live", Seek::Live),
        ("play replay", Seek::Epoch(0)),
    ] {
        harness.state_mut().last.seek = None;
        harness.get_by_label(button).click();
        harness.run_steps(2);
        assert_eq!(harness.state().last.seek, Some(expected), "{button}");
    }
    harness.state_mut().views.replay.playing = false;
    harness.state_mut().last.seek = None;
    harness.get_by_label("replay epoch").focus();
    harness.run_steps(2);
    harness.key_press_modifiers(Modifiers::NONE, egui::Key::ArrowLeft);
    harness.run_steps(2);
    assert_eq!(harness.state().last.seek, Some(Seek::Epoch(65)));
}

#[test]
fn runs_are_selected_compared_and_restored() {
    let mut harness = harness(Scene::digits(), Part::Runs, SIZES[0], Theme::Dark);
    harness.run();
    harness.get_by_label("run 1 done").click();
    harness.run();
    assert_eq!(harness.state().last.action, Some(RunAction::Select(RunId(1))));
    harness.state_mut().last.action = None;
    harness.get_by_label("compare run 2").click();
    harness.run();
    assert_eq!(harness.state().last.action, Some(RunAction::Compare(RunId(2), false)));
    harness.state_mut().last.action = None;
    harness.get_by_label("actions of run 2").click();
    harness.run();
    harness.get_by_label("Restore design").click();
    harness.run();
    assert_eq!(harness.state().last.action, Some(RunAction::RestoreDesign(RunId(2))));
}

#[test]
fn data_that_are_missing_have_a_button() {
    for (missing, button) in [
        (MissingData::NotLoaded, Some("Load them again")),
        (MissingData::Failed(&DataError::Cancelled), Some("Load them again")),
        (MissingData::Changed, Some("Load them again")),
        (MissingData::Other, Some("Use the data of this run")),
        (MissingData::Loading, None),
    ] {
        let scene = Scene { data: None, missing, ..Scene::digits() };
        let mut harness = harness(scene, Part::Reconstructions, SIZES[1], Theme::Dark);
        harness.run();
        if let Some(button) = button {
            harness.get_by_label(button).click();
            harness.run();
        } else {
            assert!(harness.query_by_label("Load them again").is_none());
        }
        assert_eq!(harness.state().last.load, button.is_some(), "{missing:?}");
    }
}

#[test]
fn the_source_of_data_is_one_click_away() {
    let mut harness = harness(Scene::digits(), Part::Data, SIZES[0], Theme::Dark);
    harness.run();
    harness.get_by_label("Data source…").click();
    harness.run();
    assert!(harness.state().last.data.choose);
}

#[test]
fn view_state_survives_a_round_trip() {
    let mut view = LossView::default();
    (view.smoothing, view.log) = (0.6, false);
    let text = ron::to_string(&view).unwrap();
    let back: LossView = ron::from_str(&text).unwrap();
    assert_eq!((back.smoothing, back.log, back.terms), (0.6, false, view.terms));
    // Earlier versions stored a single term.
    let old: LossView = ron::from_str("(term:\"KL\",log:false,smoothing:0.5)").unwrap();
    let all = ["total", "KL"].map(str::to_owned);
    assert_eq!((old.smoothing, old.log, old.terms.of(&all)), (0.5, false, vec!["KL".to_owned()]));
    let _: LatentView = ron::from_str("()").unwrap();
    let _: ReconstructionsView = ron::from_str("()").unwrap();
}

#[test]
fn many_points_are_few_shapes_and_built_once() {
    let shown = |scene: Scene, view: Part| {
        let mut harness = harness(scene, view, vec2(820.0, 560.0), Theme::Dark);
        harness.run();
        harness
    };
    let points = |count| Scene::trained(20, samples::pictures(count, [4, 4, 1], 10), 2, false);
    let epochs = |count| Scene::trained(count, samples::pictures(20, [4, 4, 1], 2), 2, false);
    let check = |view: Part, few: Scene, many: Scene| {
        let count = |scene: Scene| shown(scene, view).output().shapes.len();
        let (few, many) = (count(few), count(many));
        assert!(many < few + 50, "{view:?} draws {few} shapes for a hundred, {many} for many");
    };
    check(Part::Latent, points(100), points(20_000));
    check(Part::Loss, epochs(100), epochs(20_000));

    let mut harness = shown(points(20_000), Part::Latent);
    let mesh = |harness: &Harness<'_, Scene>| largest_mesh(&harness.output().shapes).expect("a cloud");
    let before = mesh(&harness);
    assert_eq!(before.vertices.len(), 3 * 20_000);
    harness.hover_at(pos2(300.0, 250.0));
    harness.step();
    assert!(Arc::ptr_eq(&before, &mesh(&harness)), "a cloud at rest is made again");
    harness.state_mut().epoch = Some(5);
    harness.run();
    assert!(!Arc::ptr_eq(&before, &mesh(&harness)), "another epoch is not shown");
}

/// Lays out every view; `VIEW_SHOTS=FOLDER cargo test --lib every_view` saves pictures.
#[test]
fn every_view_lays_out_in_every_state() {
    let folder = std::env::var_os("VIEW_SHOTS").map(std::path::PathBuf::from);
    if let Some(folder) = &folder {
        std::fs::create_dir_all(folder).unwrap();
    }
    let shoot =
        |name: &str, scene: Scene, view: Part, size: Vec2, theme: Theme, pointer: Option<[f32; 2]>| {
            let mut harness = harness(scene, view, size, theme);
            harness.run();
            if let Some([x, y]) = pointer {
                harness.hover_at(pos2(x, y));
                harness.run_steps(12);
            }
            let theme = if theme == Theme::Dark { "dark" } else { "light" };
            assert!(!harness.output().shapes.is_empty(), "{name}");
            if let Some(folder) = &folder {
                harness.render().unwrap().save(folder.join(format!("{name}-{theme}.png"))).unwrap();
            }
        };
    let noisy = || Scene::trained(70, samples::pictures(400, [24, 16, 3], 27), 6, true);
    let table = |units| Scene::trained(70, samples::table(300, 12), units, false);
    let differing = || {
        let mut scene = Scene::digits();
        scene.runs[0].design.corruption = Corruption::Gaussian { std: 0.3 };
        scene.runs[1].design.training.learning_rate = 5e-4;
        scene.runs[1].design.code.units = 8;
        scene
    };
    for theme in [Theme::Dark, Theme::Light] {
        let (pane, small) = (vec2(430.0, 340.0), vec2(360.0, 260.0));
        let mut smooth = Scene::digits();
        smooth.views.loss.smoothing = 0.8;
        shoot("loss", Scene::digits(), Part::Loss, pane, theme, None);
        shoot("loss-hover", smooth, Part::Loss, vec2(820.0, 340.0), theme, Some([300.0, 200.0]));
        shoot("loss-small", Scene::digits(), Part::Loss, small, theme, None);
        shoot("loss-empty", Scene::new(Vec::new(), None), Part::Loss, pane, theme, None);
        shoot("latent", Scene::digits(), Part::Latent, pane, theme, None);
        shoot("latent-hover", Scene::digits(), Part::Latent, vec2(600.0, 420.0), theme, Some([173.0, 156.0]));
        shoot("latent-class", Scene::digits(), Part::Latent, pane, theme, Some([402.0, 120.0]));
        shoot("latent-small", noisy(), Part::Latent, small, theme, None);
        let mut numbers = table(1);
        numbers.views.latent.label = Some("height".to_owned());
        shoot("latent-numbers", numbers, Part::Latent, pane, theme, None);
        shoot("latent-strip", table(1), Part::Latent, pane, theme, None);
        let many = Scene::trained(5, samples::pictures(20_000, [4, 4, 1], 10), 2, false);
        shoot("latent-many", many, Part::Latent, pane, theme, None);
        shoot("reconstructions", Scene::digits(), Part::Reconstructions, vec2(820.0, 280.0), theme, None);
        shoot(
            "reconstructions-hover",
            Scene::digits(),
            Part::Reconstructions,
            vec2(820.0, 380.0),
            theme,
            Some([250.0, 120.0]),
        );
        shoot("reconstructions-rgb", noisy(), Part::Reconstructions, vec2(820.0, 340.0), theme, None);
        shoot("reconstructions-small", Scene::digits(), Part::Reconstructions, small, theme, None);
        shoot(
            "reconstructions-table",
            table(2),
            Part::Reconstructions,
            vec2(820.0, 300.0),
            theme,
            Some([150.0, 100.0]),
        );
        let mut replay = Scene::digits();
        replay.epoch = Some(45);
        shoot("replay", replay, Part::Replay, vec2(820.0, 40.0), theme, None);
        shoot("data", Scene::digits(), Part::Data, vec2(820.0, 340.0), theme, None);
        shoot("data-small", Scene::digits(), Part::Data, small, theme, None);
        shoot("data-table", table(2), Part::Data, vec2(820.0, 420.0), theme, None);
        shoot("data-mixed", data::mixed(false), Part::Data, vec2(820.0, 420.0), theme, None);
        shoot("data-columns", data::mixed(true), Part::Data, vec2(1100.0, 420.0), theme, None);
        shoot("data-columns-small", data::mixed(true), Part::Data, vec2(430.0, 340.0), theme, None);
        shoot("runs", differing(), Part::Runs, vec2(1440.0, 150.0), theme, None);
        shoot("runs-small", differing(), Part::Runs, vec2(500.0, 150.0), theme, None);
    }
}
