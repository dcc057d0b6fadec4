//! The cost per frame of each plot, layout and tessellation, and for some of them the cost as
//! `egui_plot` items.
//!
//! `cargo bench --bench plots`. A plot uses the library if that costs at most a tenth more. Compare
//! two versions with an allocator that keeps the memory of a frame for the next one, as a window's
//! does, instead of returning it and requesting it again: with glibc
//! `GLIBC_TUNABLES=glibc.malloc.trim_threshold=2000000000:glibc.malloc.mmap_threshold=1000000000`.
//!
//! Measured on two cores of a Xeon with AVX-512, release build, medians, in ms per frame:
//!
//! | plot | as it is | the alternative |
//! |---|---|---|
//! | 20,000 points, at rest, panned | 0.71, 1.71 | painted without `egui_plot`: 0.66, 1.79 |
//! | losses of 3,000 epochs, four curves, at rest, panned | 1.75, 1.91 | painted without it: 1.85, 1.83 |
//! | 12 small plots of bars, of profiles | 0.35, 0.67 | as plots of `egui_plot`: 0.45, 0.90 |

use std::hint::black_box;
use std::time::Instant;

use egui::{Context, RawInput, Rect, Sense, Ui, Vec2, pos2, vec2};
use egui_plot::{Bar, BarChart, GridInput, GridMark, Line as PlotLine, Plot, PlotBounds, VLine};
use hourglass::figure::Palette;
use hourglass::ui::plots::{
    Bars, Curve, Drag, Limits, Line, LossPlot, LossPlotCache, PointColors, Profile, Scatter, ScatterView,
    Zoom, bars_ui, color, histogram_ui, loss_plot_ui, palette, profile_ui, scatter_ui,
};
use hourglass::ui::theme;

/// Measured frames of each variant, and warm-up frames before them that fill caches.
const FRAMES: usize = 400;
const WARM_UP: usize = 20;

fn main() {
    println!("{:<44}{:>10}{:>10}{:>8}", "milliseconds per frame, median", "ours", "library", "ratio");
    for moving in [false, true] {
        cloud(moving);
        loss(moving);
    }
    bars();
    histograms();
    profiles();
}

/// Prints the cost of frames drawn by `draw`.
fn report(name: &str, draw: impl FnMut(&mut Ui, usize)) {
    let (cost, _) = costs(draw, |_, _| {});
    println!("{name:<44}{cost:>10.3}");
}

/// Prints the cost of two variants, and that of the second relative to the first.
fn compare(name: &str, ours: impl FnMut(&mut Ui, usize), library: impl FnMut(&mut Ui, usize)) {
    let (ours, library) = costs(ours, library);
    println!("{name:<44}{ours:>10.3}{library:>10.3}{:>8.2}", library / ours);
}

/// Medians of both, measured in alternating frames, so that other programs disturb both equally.
fn costs(mut one: impl FnMut(&mut Ui, usize), mut other: impl FnMut(&mut Ui, usize)) -> (f64, f64) {
    let [first, second] = [(); 2].map(|()| {
        let ctx = Context::default();
        theme::install(&ctx);
        ctx
    });
    let (mut costs, mut other_costs) = (Vec::new(), Vec::new());
    for frame in 0..WARM_UP + FRAMES {
        let pair = [millis(&first, frame, &mut one), millis(&second, frame, &mut other)];
        if frame >= WARM_UP {
            costs.push(pair[0]);
            other_costs.push(pair[1]);
        }
    }
    (median(costs), median(other_costs))
}

fn millis(ctx: &Context, frame: usize, draw: &mut impl FnMut(&mut Ui, usize)) -> f64 {
    let screen_rect = Some(Rect::from_min_size(pos2(0.0, 0.0), vec2(820.0, 560.0)));
    let input = RawInput { screen_rect, time: Some(frame as f64 / 60.0), ..RawInput::default() };
    let started = Instant::now();
    let mut output = ctx.run_ui(input, |ui| draw(ui, frame));
    output.textures_delta.clear();
    black_box(ctx.tessellate(output.shapes, output.pixels_per_point));
    1e3 * started.elapsed().as_secs_f64()
}

fn median(mut costs: Vec<f64>) -> f64 {
    costs.sort_by(f64::total_cmp);
    costs[costs.len() / 2]
}

/// A pseudo-random number between −1 and 1.
fn noise(index: usize) -> f32 {
    ((index as f64 * 12.9898).sin() * 43_758.545_3).fract() as f32
}

/// Position of a panning user at a frame, as a fraction of the whole.
fn shift(frame: usize) -> f64 {
    0.002 * (frame % 50) as f64
}

fn manner(moving: bool) -> &'static str {
    if moving { "panned" } else { "at rest" }
}

fn cloud(moving: bool) {
    let classes: Vec<u32> = (0..20_000).map(|index| index % 10).collect();
    let points: Vec<[f32; 2]> = (0..20_000)
        .map(|index| {
            let angle = (index % 10) as f32;
            [3.0 * angle.sin() + noise(2 * index), 3.0 * angle.cos() + noise(2 * index + 1)]
        })
        .collect();
    let scatter = Scatter {
        name: "points",
        points: &points,
        colors: PointColors::Classes(&classes),
        stamp: 1,
        series: 1,
        isolated: None,
        class_rows: None,
        drag: Drag::Pan,
        density: None,
    };
    let mut view = ScatterView::default();
    report(&format!("20,000 points, {}", manner(moving)), |ui, frame| {
        let x = [shift(frame) - 4.0, shift(frame) + 4.0];
        view.zoom.limits = moving.then_some(Limits { x, y: [-4.0, 4.0] });
        scatter_ui(ui, &scatter, &mut view, |_, _, _| ());
    });
}

/// Losses of two runs, with training and validation each.
fn losses() -> Vec<Line> {
    let line = |series: usize| -> Line {
        let value = |epoch: usize| 2.0 / (1.0 + 0.02 * epoch as f64) + 0.1 + 0.02 * series as f64;
        let jitter = |epoch: usize| 1.0 + 0.1 * f64::from(noise(3_000 * series + epoch));
        (1..=3_000).map(|epoch| [epoch as f64, value(epoch) * jitter(epoch)]).collect()
    };
    (0..4).map(line).collect()
}

fn with_names(lines: &[Line]) -> Vec<Curve<'_>> {
    let curve = |(series, line)| Curve {
        name: ["train", "validation", "run 2, train", "run 2, validation"][series],
        color: Palette::DARK.run(series as u32 / 2 + 1),
        faint: series > 1,
        dashed: series % 2 == 1,
        raw: line,
        shown: line,
    };
    lines.iter().enumerate().map(curve).collect()
}

fn loss_plot<'a>(curves: &'a [Curve<'a>]) -> LossPlot<'a> {
    LossPlot {
        curves,
        stamp: 1,
        log: true,
        last_epoch: 3_000.0,
        marker: Some(3_000.0),
        notes: &[],
        features: Some(784),
    }
}

fn loss(moving: bool) {
    let lines = losses();
    let curves = with_names(&lines);
    let plot = loss_plot(&curves);
    let (mut zoom, mut cache) = (Zoom::default(), LossPlotCache::default());
    report(&format!("loss of 3,000 epochs, 4 curves, {}", manner(moving)), |ui, frame| {
        let x = [1_000.0 * shift(frame), 1_000.0 * shift(frame) + 2_500.0];
        zoom.limits = moving.then_some(Limits { x, y: [-1.0, 0.4] });
        loss_plot_ui(ui, &plot, &mut zoom, &mut cache);
    });
}

/// Small plots as in one view, and their size.
const PLOTS: usize = 12;
const SMALL: Vec2 = vec2(300.0, 40.0);

/// A plot of the library with these limits and no decoration.
fn bare(index: usize, size: Vec2) -> Plot<'static> {
    Plot::new(index)
        .width(size.x)
        .height(size.y)
        .show_axes(false)
        .show_grid(false)
        .show_background(false)
        .show_x(false)
        .show_y(false)
        .sense(Sense::hover())
}

fn bars() {
    let values: Vec<f32> = (0..60).map(|bar| 1.0 + noise(bar)).collect();
    compare(
        "12 plots of 60 bars",
        |ui, _| {
            let tint = color(palette(ui).encoder);
            for _ in 0..PLOTS {
                let (tint, about) = (&|_| tint, &|bar: usize| bar.to_string());
                let bars = Bars { values: &values, most: None, level: None, tint, about, name: "bars" };
                bars_ui(ui, SMALL, &bars);
            }
        },
        |ui, _| {
            let tint = color(palette(ui).encoder);
            for index in 0..PLOTS {
                let bars = values.iter().enumerate();
                let bars = bars.map(|(bar, value)| Bar::new(bar as f64, f64::from(*value)).width(0.8));
                let chart = BarChart::new("bars", bars.collect()).color(tint).allow_hover(false);
                bare(index, SMALL).show(ui, |plot| {
                    plot.set_plot_bounds(PlotBounds::from_min_max([-0.5, 0.0], [59.5, 2.0]));
                    plot.bar_chart(chart);
                });
            }
        },
    );
}

/// Counts in bins of equal width from −1 to 1, with the zero marked and both ends labelled.
fn histograms() {
    let counts: Vec<u64> = (0..60).map(|bin: u64| 30 - bin.abs_diff(30) + 1).collect();
    compare(
        "12 histograms of 60 bins",
        |ui, _| {
            for _ in 0..PLOTS {
                histogram_ui(ui, SMALL, &counts, 1.0, "histogram");
            }
        },
        |ui, _| {
            let p = palette(ui);
            for index in 0..PLOTS {
                let bars = counts.iter().enumerate().map(|(bin, count)| {
                    let width = 2.0 / counts.len() as f64;
                    Bar::new(width * (bin as f64 + 0.5) - 1.0, *count as f64).width(0.8 * width)
                });
                let chart = BarChart::new("bins", bars.collect()).color(color(p.encoder)).allow_hover(false);
                let ends =
                    |_: GridInput| [-1.0, 1.0].map(|value| GridMark { value, step_size: 2.0 }).to_vec();
                let plot = bare(index, SMALL).show_axes([true, false]).x_grid_spacer(ends);
                plot.show(ui, |plot| {
                    plot.set_plot_bounds(PlotBounds::from_min_max([-1.0, 0.0], [1.0, 31.0]));
                    plot.bar_chart(chart);
                    plot.vline(VLine::new("zero", 0.0).color(color(p.dim)).width(1.0).allow_hover(false));
                });
            }
        },
    );
}

fn profiles() {
    let original: Vec<f32> = (0..200).map(noise).collect();
    let reconstruction: Vec<f32> = original.iter().map(|value| 0.9 * value).collect();
    compare(
        "12 profiles of 200 features",
        |ui, _| {
            for _ in 0..PLOTS {
                let profile = Profile {
                    name: "sample",
                    original: &original,
                    corrupted: &[],
                    reconstruction: &reconstruction,
                    range: [-1.0, 1.0],
                };
                profile_ui(ui, &profile, SMALL);
            }
        },
        |ui, _| {
            let p = palette(ui);
            for index in 0..PLOTS {
                let line = |values: &[f32], tint, width: f32| {
                    let points = values.iter().enumerate().map(|(x, y)| [x as f64, f64::from(*y)]);
                    PlotLine::new("", points.collect::<Vec<_>>())
                        .color(color(tint))
                        .width(width)
                        .allow_hover(false)
                };
                let lines = [line(&original, p.faint, 3.0), line(&reconstruction, p.accent, 1.4)];
                bare(index, SMALL).show(ui, |plot| {
                    plot.set_plot_bounds(PlotBounds::from_min_max([-0.5, -1.0], [199.5, 1.0]));
                    lines.into_iter().for_each(|line| plot.line(line));
                });
            }
        },
    );
}
