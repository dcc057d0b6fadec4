//! A view and its saved figure show the same numbers.

use egui::epaint::ColorMode;

use super::super::view::View;
use super::*;
use crate::figure::{Drawing, Figure, Ink, Palette, Scatter};
use crate::prepared::{self, Given, PageChoice};
use crate::project::{Code, Layer};
use crate::run::{Health, TOTAL};
use crate::session::{Order, Pictures};
use crate::ui::painted::paths;
use crate::ui::state::State;

/// A state with the runs of a scene, and its data if loaded.
fn state(scene: Scene) -> State {
    let Scene { mut runs, data, .. } = scene;
    let mut state = State::default();
    if let Some(data) = data {
        runs.iter_mut().for_each(|run| run.fingerprint = data.fingerprint);
        state.data.dataset = Some(Arc::new(data));
    }
    state.runs = runs;
    state
}

/// Shows the default view; returns it with its figures.
fn shown<V: View + Default + 'static>(state: State) -> (Harness<'static, (V, State)>, Vec<Figure>) {
    shown_as(V::default(), state)
}

/// Shows a given view; returns it with its figures.
fn shown_as<V: View + 'static>(view: V, state: State) -> (Harness<'static, (V, State)>, Vec<Figure>) {
    let mut harness = Harness::builder()
        .with_size(vec2(820.0, 340.0))
        .with_theme(Theme::Dark)
        .with_max_steps(60)
        .with_context_setup(crate::ui::theme::install)
        .build_ui_state(
            |ui, (view, state): &mut (V, State)| {
                view.show(ui, state);
            },
            (view, state),
        );
    harness.run();
    let (view, state) = harness.state();
    let figures = view.figures(state);
    (harness, figures)
}

/// Checks that positions are an affine function of the values on an axis.
#[track_caller]
fn check_affine(places: &[f32], values: &[f64]) {
    assert_eq!(places.len(), values.len());
    let place_of = |value: f64| {
        let index = values.iter().position(|own| *own == value).expect("one of them");
        f64::from(places[index])
    };
    let [low, high] =
        values.iter().fold([f64::MAX, f64::MIN], |[low, high], value| [low.min(*value), high.max(*value)]);
    let step = (place_of(high) - place_of(low)) / (high - low);
    for (place, value) in places.iter().zip(values) {
        let expected = place_of(low) + step * (value - low);
        assert!((f64::from(*place) - expected).abs() < 0.1, "{place} is not {expected}");
    }
}

#[test]
fn the_saved_loss_has_the_curves_and_the_axes_that_are_drawn() {
    let (harness, figures) = shown::<LossView>(state(Scene::trained(40, samples::table(60, 2), 2, false)));
    let Some(Drawing::Lines(lines)) = figures.first().map(|figure| &figure.drawing) else {
        panic!("{figures:?}")
    };
    let names: Vec<&str> = lines.series.iter().map(|series| series.name.as_str()).collect();
    assert_eq!((names, figures[0].title.as_str()), (vec!["train", "validation"], "Loss of run 3"));
    assert_eq!(lines.series.iter().map(|series| series.is_dashed).collect::<Vec<_>>(), [false, true]);
    let train = &lines.series[0];
    assert_eq!((train.ink, train.points.len(), train.smooth.len()), (Ink::Run(3), 40, 0));
    // The solid curve is a single path.
    let drawn = paths(&harness.output().shapes);
    let (path, stroke) = drawn.iter().find(|(path, _)| path.len() == 40).expect("the curve");
    assert_eq!(stroke, &ColorMode::Solid(color(train.ink.of(&Palette::DARK))));
    let x: Vec<f64> = train.points.iter().map(|point| point[0]).collect();
    let y: Vec<f64> = train.points.iter().map(|point| lines.y.place(point[1])).collect();
    check_affine(&path.iter().map(|at| at.x).collect::<Vec<_>>(), &x);
    check_affine(&path.iter().map(|at| at.y).collect::<Vec<_>>(), &y);
    // The axis extends to all 100 epochs, with margins above and below all values.
    assert_eq!((lines.x.range, lines.y.is_log), ([0.0, 100.0], true));
    let all = lines.series.iter().flat_map(|series| &series.points).map(|point| point[1].log10());
    let [low, high] = all.fold([f64::MAX, f64::MIN], |[low, high], y| [low.min(y), high.max(y)]);
    let margin = 0.06 * (high - low);
    let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
    assert!(near(lines.y.range[0], low - margin) && near(lines.y.range[1], high + margin), "{:?}", lines.y);
}

#[test]
fn the_saved_scatter_has_the_points_and_colours_that_are_drawn() {
    let mut state = state(Scene::trained(10, samples::pictures(200, [8, 8, 1], 10), 2, false));
    let fingerprint = state.runs.last().expect("a run").fingerprint;
    state.selection.apply(fingerprint, vec![3, 5], SelectionMode::Replace);
    let (harness, figures) = shown::<LatentView>(state);
    let Some(Drawing::Scatter(scatter)) = figures.first().map(|figure| &figure.drawing) else {
        panic!("{figures:?}")
    };
    let Scatter { x, y, points, coloring, selected, .. } = scatter;
    assert_eq!((x.label.as_str(), y.label.as_str(), &selected[..]), ("unit 1", "unit 2", &[3, 5][..]));
    let mesh = largest_mesh(&harness.output().shapes).expect("points");
    let markers: Vec<_> = mesh.vertices.chunks_exact(3).collect();
    assert_eq!((points.len(), markers.len()), (200, 200));
    // The first corner belongs to the marker alone; on each axis, the middle is a quarter of a leg
    // away from it.
    let middle = |axis: fn(Pos2) -> f32, leg: usize| -> Vec<f32> {
        markers.iter().map(|corners| 0.75 * axis(corners[0].pos) + 0.25 * axis(corners[leg].pos)).collect()
    };
    check_affine(&middle(|at| at.x, 1), &points.iter().map(|point| f64::from(point[0])).collect::<Vec<_>>());
    check_affine(&middle(|at| at.y, 2), &points.iter().map(|point| f64::from(point[1])).collect::<Vec<_>>());
    for (index, corners) in markers.iter().enumerate() {
        let (tint, _) = coloring.colors().mark(&Palette::DARK, index);
        assert_eq!(corners[0].color, color(tint).gamma_multiply(0.9), "point {index}");
    }
    for (axis, at) in [(x, 0), (y, 1)] {
        let [low, high] = points
            .iter()
            .map(|point| f64::from(point[at]))
            .fold([f64::MAX, f64::MIN], |[low, high], value| [low.min(value), high.max(value)]);
        let margin = 0.06 * (high - low);
        let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
        assert!(near(axis.range[0], low - margin) && near(axis.range[1], high + margin), "{axis:?}");
    }
    // Epochs 0, 5 and 10 were kept; the axes are fixed.
    let frames = figures[0].animation.as_ref().expect("a replay").frames();
    let ranges: Vec<_> = frames
        .iter()
        .map(|frame| match &frame.drawing {
            Drawing::Scatter(scatter) => (scatter.points.len(), scatter.x.range, scatter.y.range),
            Drawing::Lines(_) | Drawing::Bars(_) | Drawing::Tiles(_) | Drawing::Panels(_) => {
                panic!("no scatter")
            }
        })
        .collect();
    assert_eq!((ranges.len(), ranges[0].0), (3, 200));
    assert!(ranges.iter().all(|range| *range == ranges[0]), "{ranges:?}");
    assert!(ranges[0].1[1] >= x.range[1], "there is room for every epoch");
}

#[test]
fn figures_without_a_screen_match_the_initial_views() {
    let data = samples::pictures(200, [8, 8, 1], 10);
    let state = || state(Scene::trained(40, data.clone(), 2, false));
    let (harness, figures) = shown::<LossView>(state());
    let run = harness.state().1.shown().expect("a run");
    let loss = prepared::loss(run, &[], &[TOTAL.to_owned()], 0.0, true).expect("curves");
    assert_eq!((&loss.title, &loss.drawing), (&figures[0].title, &figures[0].drawing));
    let (harness, figures) = shown::<LatentView>(state());
    let state = &harness.state().1;
    let run = state.shown().expect("a run");
    let latent = prepared::latent(run, state.data_of(run).map(|data| &**data), None, None);
    let latent = latent.expect("a plane").expect("codes");
    assert_eq!(latent.title, figures[0].title);
    let (Drawing::Scatter(without), Drawing::Scatter(with)) = (&latent.drawing, &figures[0].drawing) else {
        panic!("{latent:?}")
    };
    for (one, other) in [(&without.x, &with.x), (&without.y, &with.y)] {
        let near = |end: usize| (one.range[end] - other.range[end]).abs() < 1e-6;
        assert!(near(0) && near(1), "{one:?} {other:?}");
    }
    let (x, y) = (with.x.clone(), with.y.clone());
    assert_eq!(&Scatter { x, y, ..without.clone() }, with);
    assert_eq!((&without.x.label, &without.y.label), (&with.x.label, &with.y.label));
    assert_eq!(latent.animation.is_some(), figures[0].animation.is_some());
}

#[test]
fn pages_without_a_screen_match_those_of_the_window() {
    let check = |data: Dataset, corrupted: bool, order: Order| {
        let state = state(Scene::trained(10, data, 2, corrupted));
        let mut view = ReconstructionsView::default();
        view.order = order;
        let (harness, figures) = shown_as(view, state);
        let state = &harness.state().1;
        let run = state.shown().expect("a run");
        let data = state.data_of(run).expect("data");
        let choice = PageChoice { order, most: usize::MAX, has_code: true };
        let page = prepared::watched_reconstructions(run, data, None, None, &choice).expect("a page");
        assert_eq!((&page.title, &page.drawing), (&figures[0].title, &figures[0].drawing), "{order:?}");
        let frames = |figure: &Figure| {
            let frames = figure.animation.as_ref().expect("a replay").frames();
            frames.into_iter().map(|frame| (frame.title, frame.drawing)).collect::<Vec<_>>()
        };
        assert_eq!(frames(&page), frames(&figures[0]));
        let few = PageChoice { most: 4, ..choice };
        let few = prepared::watched_reconstructions(run, data, Some(5), None, &few).expect("a page");
        let count = match &few.drawing {
            Drawing::Tiles(tiles) => tiles.lines[0].tiles.len(),
            Drawing::Panels(panels) => panels.panels.len(),
            Drawing::Lines(_) | Drawing::Scatter(_) | Drawing::Bars(_) => panic!("no page"),
        };
        assert_eq!((count, &*few.title), (4, "Reconstructions of run 3, epoch 5"));
    };
    check(samples::pictures(40, [8, 8, 1], 3), false, Order::Data);
    check(samples::pictures(40, [8, 8, 3], 3), true, Order::Worst);
    check(samples::table(60, 5), true, Order::Best);
}

#[test]
fn data_shown_to_a_restoring_network_are_labelled_as_input() {
    let data = samples::pictures(40, [8, 8, 1], 3);
    let pictures = |corrupted: Vec<f32>| Pictures {
        rows: vec![4, 7],
        corrupted,
        reconstructions: vec![0.25; 128],
        ..Pictures::default()
    };
    let check = |corrupts: bool, is_other: bool, corrupted: Vec<f32>, expected: &[&str]| {
        let mut run = Scene::trained(10, data.clone(), 2, false).runs.pop().expect("a run");
        run.design.corruption = if corrupts { Corruption::Pixelate { size: 2 } } else { Corruption::None };
        let given = Given::of(&run, is_other);
        let code = run.code_shape();
        let of = (&run, 10, code);
        let figure = prepared::set_reconstructions(of, &data, given, &pictures(corrupted)).expect("a page");
        let Drawing::Tiles(tiles) = &figure.drawing else { panic!("{figure:?}") };
        let names: Vec<&str> = tiles.lines.iter().map(|line| &*line.name).collect();
        let bar = tiles.bar.as_ref().map(|bar| &*bar.label);
        assert_eq!(
            (&names[..], bar),
            (expected, expected.last().map(|last| format!("{last} (scaled)")).as_deref())
        );
    };
    let seen = || vec![0.5; 128];
    check(false, false, Vec::new(), &["original", "reconstruction", "error"]);
    check(false, true, Vec::new(), &["original", "reconstruction", "error"]);
    check(true, false, seen(), &["original", "corrupted", "reconstruction", "error"]);
    check(true, false, Vec::new(), &["original", "reconstruction", "error"]);
    check(true, true, Vec::new(), &["input", "reconstruction", "difference"]);
}

#[test]
fn the_displayed_page_is_saved_also_for_other_data() {
    let mut state = state(Scene::new(Vec::new(), Some(samples::pictures(12, [8, 8, 1], 3))));
    state.others.insert("photos".to_owned(), Arc::new(samples::pictures(2, [8, 8, 1], 2)));
    let (mut harness, figures) = shown::<DataPreviewView>(state);
    let titles =
        |figures: Vec<Figure>| figures.into_iter().map(|figure| figure.title).collect::<Vec<String>>();
    assert_eq!(titles(figures), ["Data: 12 samples"]);
    let mut check = |other: Option<&str>, class, expected: &[&str]| {
        let view = &mut harness.state_mut().0;
        (view.other, view.filter.class) = (other.map(str::to_owned), class);
        harness.run();
        let (view, state) = harness.state();
        assert_eq!(titles(view.figures(state)), expected, "{other:?} {class:?}");
    };
    check(Some("photos"), None, &["photos: 2 samples"]);
    check(None, None, &["Data: 12 samples"]);
    check(None, Some(7), &[]);
}

#[test]
fn the_plots_of_health_are_saved_together_and_individually() {
    let (_, figures) =
        shown::<HealthView>(state(Scene::trained(10, samples::pictures(40, [8, 8, 1], 3), 2, false)));
    let titles: Vec<&str> =
        figures.iter().map(|figure| figure.title.split(", run").next().unwrap_or_default()).collect();
    assert_eq!(
        titles,
        [
            "Health",
            "Description length, bits per sample",
            "KL per unit, nats",
            "Use of the codebook",
            "Balance of the bits",
            "Activations of layer 1",
            "Activations of the code",
            "Features that the selector chose",
            "First-layer weights",
        ]
    );
    // The figure with all plots comes first.
    let Drawing::Bars(bars) = &figures[2].drawing else { panic!("{:?}", figures[2]) };
    assert_eq!((bars.values.len(), bars.values[19]), (20, 0.008 * 19.0));
    // The values are 0, 0.008, 0.016 …; the first two are not above 0.01 nats.
    assert_eq!([1, 2].map(|bar| bars.ink(bar)), [Ink::Faint, Ink::Code]);
}

#[test]
fn reconstructions_are_saved_as_pictures_as_profiles_and_as_a_replay() {
    let kept = |data| shown::<ReconstructionsView>(state(Scene::trained(10, data, 2, true))).1;
    let pictures = kept(samples::pictures(40, [8, 8, 1], 3));
    let Some(Drawing::Tiles(tiles)) = pictures.first().map(|figure| &figure.drawing) else {
        panic!("{pictures:?}")
    };
    let lines: Vec<(&str, usize)> =
        tiles.lines.iter().map(|line| (line.name.as_str(), line.tiles.len())).collect();
    assert_eq!(lines, [("original", 10), ("corrupted", 10), ("reconstruction", 10), ("error", 10)]);
    for place in 0..10 {
        let of = |line: usize| &tiles.lines[line].tiles[place];
        let pixel = of(0).values[9] - of(2).values[9];
        assert!((of(3).values[9] - pixel.abs()).abs() < 1e-6, "the error is that of the two above it");
        assert_eq!(of(0).picture.pixels.len(), 64);
    }
    // Epochs 0, 5 and 10 were kept.
    let frames = pictures[0].animation.as_ref().expect("a replay").frames();
    let titles: Vec<&str> = frames.iter().map(|frame| frame.title.as_str()).collect();
    let title = |epoch: u32| format!("Reconstructions of run 3, epoch {epoch}");
    assert_eq!(titles, [0, 5, 10].map(title));
    assert_eq!(frames[2].drawing, pictures[0].drawing, "the last one is what is shown");
    let profiles = kept(samples::table(60, 5));
    let Some(Drawing::Panels(panels)) = profiles.first().map(|figure| &figure.drawing) else {
        panic!("{profiles:?}")
    };
    let Some((_, Drawing::Lines(first))) = panels.panels.first() else { panic!("{panels:?}") };
    let names: Vec<&str> = first.series.iter().map(|series| series.name.as_str()).collect();
    assert_eq!((panels.panels.len(), names), (10, vec!["reconstruction", "original", "corrupted"]));
    assert_eq!(first.series[0].points.len(), 5);
}

#[test]
fn codes_that_are_pictures_are_saved_as_pictures_of_their_channels() {
    // 2×2 positions with 3 channels.
    let scene = || {
        let mut scene = Scene::trained(10, samples::pictures(40, [8, 8, 1], 3), 12, false);
        let run = scene.runs.last_mut().expect("a run");
        run.design.encoder = vec![Layer::MaxPool2d { size: 4 }];
        run.design.code = Code::channels(3);
        let numbers = |from: u8| Some((0..12).map(|unit| f32::from(from + unit)).collect());
        let health = Health { means: numbers(0), divergence: numbers(20), ..Health::default() };
        run.health = Some(Arc::new(health));
        scene
    };
    let kept = state(scene());
    let newest = kept.runs.last().and_then(|run| run.kept.newest()).expect("codes").codes.clone();
    let figures = shown::<ReconstructionsView>(kept).1;
    let Some(Drawing::Tiles(tiles)) = figures.first().map(|figure| &figure.drawing) else {
        panic!("{figures:?}")
    };
    let lines: Vec<(&str, usize)> = tiles
        .lines
        .iter()
        .map(|line| (line.name.split(',').next().unwrap_or(""), line.tiles.len()))
        .collect();
    assert_eq!(lines, [("original", 10), ("code", 10), ("reconstruction", 10), ("error", 10)]);
    // Channel by channel, for the third sample.
    let code = &newest[24..36];
    let expected: Vec<f32> = [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11].map(|unit| code[unit]).to_vec();
    assert_eq!(tiles.lines[1].tiles[2].values, expected);
    let frames = figures[0].animation.as_ref().expect("a replay").frames();
    assert_eq!(frames[2].drawing, figures[0].drawing, "the last one is what is shown");

    let figures = shown::<HealthView>(state(scene())).1;
    let named = |title: &str| {
        let of = figures.iter().find(|figure| figure.title.starts_with(title));
        let Some(Drawing::Tiles(tiles)) = of.map(|figure| &figure.drawing) else { panic!("{title}") };
        let tiles = &tiles.lines[0].tiles;
        (tiles.len(), tiles[1].caption.clone(), tiles[1].values.clone())
    };
    let second = |from: f32| (3, "channel 2".to_owned(), [1.0, 4.0, 7.0, 10.0].map(|at| from + at).to_vec());
    assert_eq!(named("Mean of the code"), second(0.0));
    assert_eq!(named("KL per unit, nats"), second(20.0));
}
