use std::sync::Arc;

use serde_json::json;

use super::args::FindRate;
use super::data::{self, Elsewhere};
use super::failure::Failure;
use super::progress::Bar;
use super::subject::Subject;
use super::write::{json, line, note};
use crate::engine::RateCurve;
use crate::project::{terminal_number, visible};

/// `hourglass find-rate`
pub(super) fn find_rate(arguments: &FindRate) -> Result<(), Failure> {
    let mut project = Subject::open(&arguments.subject, "hourglass find-rate DESIGN --data")?.project;
    data::replace(&mut project, &arguments.data)?;
    if let Some(seed) = arguments.seed {
        project.training.seed = seed;
    }
    let data = data::load(&project.data, data::OF_DESIGN, Elsewhere::Option)?;
    let plan = data::prove(&project.for_rate_search(), &data)?;
    let threads = data::threads(arguments.threads);
    let bar = Bar::new("searching", RateCurve::STEPS as u64);
    let mut watch = |done: usize| {
        bar.set(done as u64, RateCurve::STEPS as u64);
        true
    };
    let curve = RateCurve::find(&plan, Arc::new(data), threads, &mut watch);
    bar.finish();
    let curve = curve.map_err(|error| Failure::Problem(format!("{}: {error}", visible(&project.name))))?;
    let (lowest, suggested) = (curve.lowest(), curve.suggested());
    if arguments.json {
        let pairs = curve.points.iter().map(|point| json!({ "rate": point.rate, "loss": point.loss }));
        json(&json!({
            "learning_rate": suggested,
            "lowest": lowest.map(|point| json!({ "rate": point.rate, "loss": point.loss })),
            "designed": project.training.learning_rate,
            "curve": pairs.collect::<Vec<_>>(),
        }));
        return Ok(());
    }
    match (suggested, lowest) {
        (Some(rate), Some(lowest)) => line(format!(
            "learning rate {}: a tenth of {}, where the loss is lowest; the design uses {}",
            terminal_number(f64::from(rate)),
            terminal_number(f64::from(lowest.rate)),
            terminal_number(f64::from(project.training.learning_rate))
        )),
        _ => note(
            "note: the loss did not decrease at any rate, so there is no suggestion; check the network and \
             the scaling of the data",
        ),
    }
    Ok(())
}
