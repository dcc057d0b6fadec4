//! The cost of a frame of the window while a run trains: each view alone in the centre, between the
//! panels that are always visible. The latent space shows all samples.
//!
//! `cargo bench --bench ui [SAMPLES …] [VIEW …]`, for example
//! `cargo bench --bench ui 10000 Explore Latent`. Frames are drawn at 60 Hz, as on a screen, so
//! that results of the threads arrive at a realistic rate. Logic handles events, layout runs every
//! widget, tessellation turns the painted shapes into triangles. On Linux the last two columns are
//! the time in a frame that its thread was ready but waited for a core, and the frame time without
//! that; on other systems the wait is 0. The last line of each size is the training speed
//! meanwhile.
//!
//! Measured on two cores of a Xeon with AVX-512, release build: logic and layout of the whole
//! window under full training take 2.2 ms at the 99th percentile (`RUST_LOG=frame=debug`; the limit
//! is 8 ms). With tessellation, buffers and drawing in software, a frame takes 7.0 ms at the median
//! and 11.6 ms at the 99th percentile.

use std::error::Error;
use std::time::{Duration, Instant};

use eframe::{App, CreationContext, Frame};
use egui::{Context, RawInput, Rect, pos2, vec2};
use hourglass::io::{Files, Settings};
use hourglass::project::{Source, Synthetic};
use hourglass::ui::commands::Command;
use hourglass::ui::state::Set;
use hourglass::ui::views::ENTRIES;
use hourglass::ui::{HourglassApp, Options};

/// Measured frames, and warm-up frames before them that fill caches and let answers arrive.
const FRAMES: usize = 240;
const WARM_UP: usize = 120;
const FRAME: Duration = Duration::from_millis(16);
/// Training must not end during the measurement.
const EPOCHS: u32 = 100_000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|text| !text.starts_with('-')).collect();
    let mut sizes: Vec<usize> = arguments.iter().filter_map(|text| text.parse().ok()).collect();
    let names: Vec<&String> = arguments.iter().filter(|text| text.parse::<usize>().is_err()).collect();
    let is_wanted = |name: &str| names.is_empty() || names.iter().any(|text| text.eq_ignore_ascii_case(name));
    if sizes.is_empty() {
        sizes = vec![10_000, 100_000];
    }
    let columns = ["logic", "layout", "tessellation", "frame", "waiting", "own work"];
    print!("{:<28}", "ms, median / 95 %");
    println!("{}", columns.map(|column| format!("{column:>17}")).concat());
    for samples in sizes {
        let mut window = Window::training(samples)?;
        window.show_all();
        let (steps, started) = (window.steps(), Instant::now());
        for entry in ENTRIES.iter().filter(|entry| is_wanted(entry.name)) {
            let costs = window.costs(entry.name);
            let text = costs.map(|(median, high)| format!("{:>17}", format!("{median:.2} / {high:.2}")));
            println!("{:<28}{}", format!("{samples} samples, {}", entry.title), text.concat());
        }
        let rate = (window.steps() - steps) as f64 / started.elapsed().as_secs_f64();
        println!("{samples} samples, {rate:.0} training steps per second");
    }
    Ok(())
}

/// The program without a screen.
struct Window {
    ctx: Context,
    app: HourglassApp,
    frame: Frame,
    frames: u32,
    /// Ends with it.
    _home: tempfile::TempDir,
}

impl Window {
    /// Starts a run that trains on this many pictures, and waits for the end of its first epoch.
    fn training(samples: usize) -> Result<Window, Box<dyn Error>> {
        let home = tempfile::tempdir()?;
        let views: Vec<String> = ENTRIES.iter().map(|entry| format!("View({})", entry.name)).collect();
        let layout = format!("(views:Tabs(active:0,children:[{}]))", views.join(","));
        let settings = Settings { layout: Some(layout), ..Settings::default() };
        let config = home.path().join("config");
        settings.save(&Files::default(), &config.join("settings.ron"))?;
        let options = Options {
            state_dir: Some(home.path().join("state")),
            config_dir: Some(config),
            ..Options::default()
        };
        let ctx = Context::default();
        let app = HourglassApp::new(&CreationContext::_new_kittest(ctx.clone()), options);
        let mut window = Window { ctx, app, frame: Frame::_new_kittest(), frames: 0, _home: home };
        let state = &mut window.app.state;
        state.use_data(Source::Synthetic(Synthetic::Shapes { count: samples, size: 16, seed: 1 }));
        state.edit(|project, _| project.training.epochs = EPOCHS);
        window.until(|app| app.state.data.dataset.as_ref().is_some_and(|data| data.len() == samples));
        window.app.state.run(Command::TrainOrPause);
        window.until(|app| app.state.shown().is_some_and(|run| !run.history.epochs.is_empty()));
        Ok(window)
    }

    /// Shows all samples in the latent space, and waits for their codes.
    fn show_all(&mut self) {
        let view = &mut self.app.state.view;
        (view.show, view.latent_set) = (Some("Latent"), Some(Set::All));
        self.until(|app| app.state.set_codes.shown().is_some());
    }

    /// Steps that the run has completed.
    fn steps(&self) -> u64 {
        self.app.state.progress.values().map(|progress| progress.step).max().unwrap_or(0)
    }

    /// Median and 95th percentile of logic, layout, tessellation, their sum, the part of it spent
    /// waiting for a core, and the rest, in milliseconds.
    fn costs(&mut self, view: &'static str) -> [(f64, f64); 6] {
        self.app.state.view.show = Some(view);
        let mut costs: [Vec<f64>; 6] = Default::default();
        for number in 0..WARM_UP + FRAMES {
            let (started, waited) = (Instant::now(), waited_ms());
            let parts = self.frame();
            if number >= WARM_UP {
                let (whole, waited) = (parts.iter().sum::<f64>(), waited_ms() - waited);
                let all = parts.into_iter().chain([whole, waited, (whole - waited).max(0.0)]);
                for (costs, cost) in costs.iter_mut().zip(all) {
                    costs.push(cost);
                }
            }
            std::thread::sleep(FRAME.saturating_sub(started.elapsed()));
        }
        costs.map(|mut costs| {
            costs.sort_by(f64::total_cmp);
            (costs[costs.len() / 2], costs[costs.len() * 95 / 100])
        })
    }

    fn until(&mut self, holds: impl Fn(&HourglassApp) -> bool) {
        while !holds(&self.app) {
            self.frame();
            std::thread::sleep(FRAME);
        }
    }

    /// Draws one frame; returns the cost of its parts, in milliseconds.
    fn frame(&mut self) -> [f64; 3] {
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(pos2(0.0, 0.0), vec2(1440.0, 900.0))),
            time: Some(f64::from(self.frames) / 60.0),
            ..RawInput::default()
        };
        self.frames += 1;
        let (app, frame) = (&mut self.app, &mut self.frame);
        let mut parts = [0.0; 3];
        let mut output = self.ctx.run_ui(input, |ui| {
            let started = Instant::now();
            app.logic(ui.ctx(), frame);
            parts[0] += millis(started);
            let started = Instant::now();
            app.ui(ui, frame);
            parts[1] += millis(started);
        });
        output.textures_delta.clear();
        let started = Instant::now();
        std::hint::black_box(self.ctx.tessellate(output.shapes, output.pixels_per_point));
        parts[2] = millis(started);
        parts
    }
}

fn millis(started: Instant) -> f64 {
    1e3 * started.elapsed().as_secs_f64()
}

/// Total time that this thread has been ready but waiting for a core, in milliseconds: the second
/// number of `schedstat`, which is in nanoseconds.
fn waited_ms() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split_whitespace().nth(1).and_then(|number| number.parse::<f64>().ok());
    nanos.unwrap_or(0.0) / 1e6
}
