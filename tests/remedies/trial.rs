//! Training runs of a design before and after each remedy of a finding.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use hourglass::check::{Plan, plan};
use hourglass::dataset::random::{Purpose, Stream};
use hourglass::dataset::{Dataset, Progress, load};
use hourglass::engine::Network;
use hourglass::project::Project;
use hourglass::run::{Advice, Diagnosis, Fault, LayerHealth, Run, RunEvent, RunId, Status, facts};
use hourglass::session::{Checkpoints, Driver, Interval, Intervals, Observer, baseline};

/// A design that shows a finding.
pub struct Case {
    /// Its description, for the page.
    pub name: &'static str,
    /// The finding.
    pub fault: Fault,
    /// The metric that the finding is about.
    pub figure: Figure,
    /// The design.
    pub design: fn() -> Project,
}

/// A metric of a trained run; lower is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Squared error on the validation split with the kept weights, as a fraction of the data's
    /// variance.
    Error,
    /// Fraction of dead units in the worst layer.
    Dead,
    /// Fraction of saturated activations in the worst layer.
    Saturated,
    /// Nats missing from the code, out of eight.
    LackingNats,
    /// Fraction of units without information.
    Inactive,
    /// Unreached fraction of the codebook's maximum perplexity.
    UnusedCodebook,
    /// Mean distance of the units' largest shares from 1.
    Undecided,
    /// Number of units that selected the same feature as another.
    Repeated,
    /// Fraction of the edges that is lost.
    LostEdges,
    /// Error of reconstructions of noisy samples against the clean ones, relative to that of the
    /// noisy samples: about 1 if the network copies its input.
    KeptNoise,
}

impl Figure {
    /// Its name in the page.
    pub fn name(self) -> &'static str {
        match self {
            Figure::Error => "error / variance",
            Figure::Dead => "dead units",
            Figure::Saturated => "saturated",
            Figure::LackingNats => "8 − KL, nats",
            Figure::Inactive => "inactive units",
            Figure::UnusedCodebook => "1 − perplexity / entries",
            Figure::Undecided => "1 − largest share",
            Figure::Repeated => "repeated features",
            Figure::LostEdges => "edges lost",
            Figure::KeptNoise => "noise kept",
        }
    }
}

/// A training run and its findings.
pub struct Trial {
    /// The trained run.
    pub run: Run,
    data: Arc<Dataset>,
    plan: Plan,
    /// Variance of the validation split per feature.
    variance: f64,
}

/// The effect of a remedy.
pub struct Outcome {
    /// Its button.
    pub remedy: String,
    /// The metric it is judged by.
    pub of: Figure,
    /// The metric before and after.
    pub figure: [f64; 2],
    /// The error before and after, as a fraction of the variance.
    pub error: [f64; 2],
    /// The weight of the finding before, and after if it is still present.
    pub weight: [f64; 2],
    /// The other findings afterwards, or the problems of the design.
    pub after: String,
}

/// Maximum ratio of the metric after to before a remedy if the finding remains.
const WEAKER: f64 = 0.9;
/// Maximum ratio of the metric after to before a remedy.
const BETTER: f64 = 0.98;
/// Maximum growth of the error if the remedy is judged by another metric.
const ERROR_GROWS: f64 = 1.05;

/// Standard deviation of the noise of [`Figure::KeptNoise`], in units of the scaled data.
const NOISE: f32 = 0.3;

/// Scaled rows of the validation split.
fn gathered(data: &Dataset) -> Vec<f32> {
    let rows = &data.split.validation;
    let mut values = vec![0.0; rows.len() * data.shape.features()];
    data.gather(rows, &mut values);
    values
}

/// Mean variance of the features.
fn variance(values: &[f32], features: usize) -> f64 {
    let mean = |column: usize, power: i32| {
        let own = values.iter().skip(column).step_by(features);
        let count = own.clone().count() as f64;
        own.map(|value| f64::from(*value).powi(power)).sum::<f64>() / count
    };
    let of = |column: usize| mean(column, 2) - mean(column, 1).powi(2);
    (0..features).map(of).sum::<f64>() / features as f64
}

struct Nobody;

impl Observer for Nobody {
    fn observe(&mut self, _: &Run, _: RunEvent) {}
}

impl Trial {
    /// Trains a design to its end.
    ///
    /// # Errors
    /// The problems that prevent training; if training itself fails, the result is a failed run.
    pub fn new(design: &Project) -> Result<Trial, String> {
        let data = Arc::new(load(&design.data, &Progress::default()).map_err(|error| error.to_string())?);
        let plan = plan(design, &facts(&data)).map_err(|problems| format!("{problems:?}"))?;
        let seldom = Interval { every: Duration::from_hours(1), cost: 1 };
        let checkpoint = Checkpoints::Timed(seldom);
        let intervals = Intervals { report: Duration::ZERO, probe: seldom, health: None, checkpoint };
        let run = Run::new(RunId(1), &plan, &data);
        let mut driver =
            Driver::new(run, &plan, &data, 1, intervals, Nobody).map_err(|error| error.to_string())?;
        if let Ok(mse) = baseline(&data, plan.code_units()) {
            driver.set_baseline(mse);
        }
        driver.begin();
        let mut status = Status::Done;
        while !driver.trainer().is_done() {
            if let Err(error) = driver.step() {
                status = Status::Failed(error.to_string());
                break;
            }
        }
        driver.halt(status);
        let variance = variance(&gathered(&data), data.shape.features());
        Ok(Trial { run: driver.into_run(), data, plan, variance })
    }

    fn finding(&self, fault: Fault) -> Option<Diagnosis> {
        self.run.diagnoses().iter().find(|one| one.fault == fault).cloned()
    }

    fn error(&self) -> f64 {
        let records = &self.run.history.epochs;
        if matches!(self.run.status, Status::Failed(_)) {
            return f64::INFINITY;
        }
        let checkpoint = self.run.checkpoint.as_ref();
        let kept = checkpoint.and_then(|checkpoint| Some(checkpoint.best.as_ref()?.epoch));
        let record = records.iter().find(|record| Some(record.epoch) == kept).or(records.last());
        record.map_or(f64::INFINITY, |record| record.mse) / self.variance
    }

    fn figure(&self, figure: Figure) -> f64 {
        let Some(health) = self.run.health.as_deref() else { return f64::INFINITY };
        let layers = || health.layers.iter().chain(&health.decoder);
        let worst = |share: fn(&LayerHealth) -> f64| layers().map(share).fold(0.0, f64::max);
        match figure {
            Figure::Error => self.error(),
            Figure::Dead => worst(|layer| {
                let (dead, units) =
                    layer.channels.map_or((layer.dead, layer.units), |all| (layer.dead_channels, all));
                dead as f64 / units as f64
            }),
            Figure::Saturated => worst(|layer| layer.saturated.unwrap_or(0.0)),
            Figure::LackingNats => {
                let nats = health.divergence.as_ref().map_or(0.0, |nats| nats.iter().sum::<f32>());
                (8.0 - f64::from(nats)).max(0.0)
            }
            Figure::Inactive => {
                let units = health.divergence.as_ref().map_or(1, Vec::len);
                1.0 - health.active_units().unwrap_or(0) as f64 / units as f64
            }
            Figure::UnusedCodebook => health
                .codebook
                .as_ref()
                .map_or(f64::INFINITY, |codebook| 1.0 - codebook.perplexity() / codebook.shares.len() as f64),
            Figure::Undecided => {
                health.selector.as_ref().map_or(f64::INFINITY, |selector| 1.0 - selector.mean_max)
            }
            Figure::Repeated => health
                .selector
                .as_ref()
                .map_or(f64::INFINITY, |selector| (selector.chosen.len() - selector.unique()) as f64),
            Figure::LostEdges => 1.0 - health.output.and_then(|output| output.edges).unwrap_or(0.0).min(1.0),
            Figure::KeptNoise => self.kept_noise(),
        }
    }

    fn kept_noise(&self) -> f64 {
        let Some(checkpoint) = &self.run.checkpoint else { return f64::INFINITY };
        let Ok(mut network) = Network::trained(&self.plan, checkpoint.inference_weights(), 1) else {
            return f64::INFINITY;
        };
        let clean = gathered(&self.data);
        let stream = Stream::new(7, Purpose::Synthetic, 0, 0);
        let noisy = |(at, value): (usize, &f32)| value + NOISE * stream.normal(at as u64);
        let noisy: Vec<f32> = clean.iter().enumerate().map(noisy).collect();
        let error = |values: &[f32]| -> f64 {
            values.iter().zip(&clean).map(|(a, b)| f64::from(a - b).powi(2)).sum()
        };
        let codes = network.encode(&noisy);
        error(&network.decode(&codes)) / error(&noisy)
    }

    /// All findings as text.
    fn findings(&self) -> String {
        let all = self.run.diagnoses();
        all.iter()
            .map(|one| format!("{} ({})", one.title(), one.evidence_text()))
            .collect::<Vec<_>>()
            .join("; ")
    }
}

impl Case {
    /// Trains the design, then again with each remedy of its finding.
    ///
    /// # Errors
    /// The other findings, if the design does not show this one.
    pub fn try_all(&self) -> Result<Vec<Outcome>, String> {
        let design = (self.design)();
        let before = Trial::new(&design)?;
        let Some(finding) = before.finding(self.fault) else {
            return Err(format!("is not found, but: {}", before.findings()));
        };
        eprintln!("{}: {}", self.name, before.findings());
        let outcome = |advice: &Advice| {
            let changed = advice.change(&design).expect("it changes the design");
            let of = self.figure_of(advice);
            let (mut figure, mut error) = ([before.figure(of); 2], [before.error(); 2]);
            let mut weight = [finding.weight; 2];
            let after = match Trial::new(&changed) {
                Ok(after) => {
                    (figure[1], error[1]) = (after.figure(of), after.error());
                    weight[1] = after.finding(self.fault).map_or(0.0, |finding| finding.weight);
                    after.findings()
                }
                Err(problem) => problem,
            };
            Outcome { remedy: advice.label(), of, figure, error, weight, after }
        };
        Ok(finding.advice.iter().map(outcome).collect())
    }

    /// The metric a remedy is judged by: a smaller code cannot hold more information, but wastes
    /// fewer units.
    fn figure_of(&self, advice: &Advice) -> Figure {
        let is_size = matches!(advice, Advice::CodeSize { .. });
        if is_size && self.fault == Fault::InactiveUnits { Figure::Inactive } else { self.figure }
    }

    /// Trains all of them and reports the remedies that did not help.
    pub fn check(&self) -> (Vec<Outcome>, Vec<String>) {
        let outcomes = match self.try_all() {
            Ok(outcomes) => outcomes,
            Err(other) => return (Vec::new(), vec![format!("{}: {:?} {other}", self.name, self.fault)]),
        };
        let mut broken = Vec::new();
        if outcomes.is_empty() {
            broken.push(format!("{}: no remedy", self.name));
        }
        for outcome in &outcomes {
            let text = format!("{}: {}", self.name, outcome.text());
            eprintln!("  {} {}", if self.helps(outcome) { "helps" } else { "FAILS" }, outcome.text());
            if !self.helps(outcome) {
                broken.push(text);
            }
        }
        (outcomes, broken)
    }

    fn helps(&self, outcome: &Outcome) -> bool {
        let [before, after] = outcome.figure;
        let is_better = after.is_finite() && after < BETTER * before;
        // Weights grow with the metric of the finding, except for some that are constant.
        let is_weaker = outcome.weight[1] < outcome.weight[0] || after < WEAKER * before;
        // A copy is the best reconstruction, and a smaller code keeps less.
        let costs = self.figure != Figure::KeptNoise && outcome.error[1] > ERROR_GROWS * outcome.error[0];
        is_better && is_weaker && !costs
    }
}

impl Outcome {
    fn text(&self) -> String {
        let ([a, b], [c, d]) = (self.figure, self.error);
        let of = self.of.name();
        let mut text = format!("{}: {of} {a:.4} → {b:.4}, error {c:.3} → {d:.3}", self.remedy);
        if self.weight[1] > 0.0 {
            let _ = write!(text, ", remains: {:.3} → {:.3}", self.weight[0], self.weight[1]);
        }
        let _ = write!(text, " [{}]", self.after);
        text
    }
}
