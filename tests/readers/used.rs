//! Uses data, designs and runs the way the window and the command line do, if that is fast.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use hourglass::check::{cards, plan, problems};
use hourglass::dataset::{DataError, Dataset, Progress, Subset, load};
use hourglass::engine::{Network, Trainer};
use hourglass::io::{Files, Opened, open_project, save_project};
use hourglass::project::{Activation, Code, Data, Decoder, Output, Project, Source, Synthetic};
use hourglass::run::{Run, RunEvent, Status, facts};
use hourglass::session::{Checkpoints, Driver, Interval, Intervals, Observer};

/// Loads that take longer are cancelled, as a user would.
const PATIENCE: Duration = Duration::from_secs(10);
/// Networks and generated data above this size are skipped: they are valid but slow.
const LARGE: u64 = 2_000_000;

struct Nobody;

impl Observer for Nobody {
    fn observe(&mut self, _: &Run, _: RunEvent) {}
}

/// Loads data, or cancels after some time.
pub fn load_soon(data: &Data) -> Result<Dataset, DataError> {
    if !is_small(&data.source) {
        return Err(DataError::Cancelled);
    }
    let progress = Arc::new(Progress::default());
    let (done, waiting) = channel::<()>();
    let observed = Arc::clone(&progress);
    let watcher = std::thread::spawn(move || {
        if waiting.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            observed.cancel();
        }
    });
    let loaded = load(data, &progress);
    drop(done);
    watcher.join().expect("it only waits");
    loaded
}

fn is_small(source: &Source) -> bool {
    let values = match source {
        Source::Synthetic(kind) => match *kind {
            Synthetic::Shapes { count, size, .. } => count.saturating_mul(size).saturating_mul(size),
            Synthetic::Splines { count, .. } => count.saturating_mul(96),
            Synthetic::SwissRoll { count, .. } => count.saturating_mul(3),
            Synthetic::Blobs { count, features, clusters, .. } => {
                count.saturating_add(clusters).saturating_mul(features)
            }
            Synthetic::Informative { count, features, informative, .. } => {
                count.saturating_add(informative).saturating_mul(features)
            }
        },
        Source::ImageFolder { width, height, .. } => width.saturating_mul(*height),
        Source::Digits | Source::Idx { .. } | Source::Csv { .. } | Source::Npy { .. } => 0,
    };
    values as u64 <= LARGE
}

/// Loads a source and trains a small network on it for one step. Returns the number of rows if all
/// of this succeeds.
pub fn source(source: Source) -> Option<usize> {
    let dataset = Arc::new(super::load_or_fix(&Data { source, ..Data::default() })?);
    let design = Project {
        encoder: Vec::new(),
        code: Code::plain(1),
        decoder: Decoder::Mirrored { tied: false },
        output: Output { activation: Activation::Linear },
        ..Project::default()
    };
    train(&design, &dataset).then(|| dataset.len())
}

/// Checks a design, and trains it for one step if its data are available.
pub fn design(project: &Project) -> bool {
    let _ = cards(project, None);
    let Ok(dataset) = load_soon(&project.data) else { return false };
    let known = facts(&dataset);
    let _ = (cards(project, Some(known.shape)), problems(project, Some(&known)));
    let dataset = Arc::new(dataset);
    project.trained_designs().iter().all(|design| train(design, &dataset))
}

/// Returns whether a step was taken.
fn train(design: &Project, dataset: &Arc<Dataset>) -> bool {
    let Ok(plan) = plan(design, &facts(dataset)) else { return false };
    if is_large(&plan) {
        return false;
    }
    let Ok(mut trainer) = Trainer::new(&plan, Arc::clone(dataset), 1) else { return false };
    trainer.step().is_ok() && trainer.evaluate(Subset::Train).is_ok()
}

fn is_large(plan: &hourglass::check::Plan) -> bool {
    let layers = plan.pretraining().iter().filter_map(|layer| layer.autoencoder.as_ref());
    let rows = |plan: &hourglass::check::Plan| (plan.batch_rows() * plan.samples()) as u64;
    layers.chain([plan]).any(|plan| {
        let work = plan.macs().saturating_mul(rows(plan)) / 100;
        plan.parameters() > LARGE || work > LARGE || plan.stages().count() > 100
    })
}

/// Saves, evaluates and resumes every run. Returns whether all of this succeeded for all runs.
pub fn opened(opened: &Opened, path: &Path) -> bool {
    let runs: Vec<&Run> = opened.runs.iter().collect();
    let kept = runs.iter().flat_map(|run| run.kept.iter().filter_map(|kept| run.kept.weights(kept.epoch)));
    kept.for_each(|weights| drop(weights.read()));
    if save_project(&Files::default(), path, &opened.project, &runs).is_ok() {
        let again = open_project(path).expect("what was saved opens");
        assert_eq!(again.runs.len(), opened.runs.len(), "no run is lost by saving");
    }
    let are_used = runs.iter().filter(|run| self::run(run)).count();
    opened.warnings.is_empty() && are_used == runs.len() && runs.len() == super::base::RUNS
}

fn run(run: &Run) -> bool {
    let _ = run.history.best(run.design.code.kind.settles_after());
    let Ok(dataset) = load_soon(&run.design.data) else { return false };
    if run.check_same_rows(&dataset).is_err() {
        return false;
    }
    let Ok(plan) = plan(&run.design, &facts(&dataset)) else { return false };
    let Some(checkpoint) = &run.checkpoint else { return false };
    if is_large(&plan) {
        return false;
    }
    let Ok(mut network) = Network::trained(&plan, checkpoint.inference_weights(), 1) else { return false };
    if network.evaluate(&dataset, dataset.split.rows(Subset::Test), None).is_err() {
        return false;
    }
    let seldom = Interval { every: Duration::from_hours(1), cost: 1 };
    let checkpoints = Checkpoints::Timed(seldom);
    let intervals =
        Intervals { report: Duration::ZERO, probe: seldom, health: None, checkpoint: checkpoints };
    let dataset = Arc::new(dataset);
    let Ok(mut driver) = Driver::new(run.clone(), &plan, &dataset, 1, intervals, Nobody) else {
        return false;
    };
    driver.begin();
    let continues = driver.trainer().is_done() || driver.step().is_ok();
    driver.halt(Status::Stopped);
    continues
}
