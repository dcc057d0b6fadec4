use std::sync::Arc;

use serde_json::json;

use super::args::FindRate;
use super::data::{self, DataPathHint};
use super::failure::Failure;
use super::progress::Bar;
use super::subject::Subject;
use super::write::{json, line};
use crate::engine::{RateCurve, RatePoint};
use crate::project::{terminal_number, visible};

/// `hourglass find-rate`
pub(super) fn find_rate(arguments: &FindRate) -> Result<(), Failure> {
    let mut project = Subject::open(&arguments.subject, "hourglass find-rate DESIGN --data")?.project;
    data::replace(&mut project, &arguments.data)?;
    if let Some(seed) = arguments.seed {
        project.training.seed = seed;
    }
    let data = data::load(&project.data, data::OF_DESIGN, DataPathHint::Option)?;
    let plan = data::prove(&project.for_rate_search(), &data)?;
    let threads = data::threads(arguments.threads);
    let bar = Bar::new("searching", RateCurve::STEPS as u64);
    let mut on_progress = |points: &[RatePoint]| {
        bar.set(points.len() as u64, RateCurve::STEPS as u64);
        true
    };
    let curve = RateCurve::find(&plan, Arc::new(data), threads, &mut on_progress);
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
    }
    let (Some(rate), Some(lowest)) = (suggested, lowest) else {
        return Err(Failure::Problem(format!(
            "{}: the loss did not fall at any rate, so there is no suggestion; check the network and the scaling of the data",
            visible(&project.name)
        )));
    };
    if !arguments.json {
        line(format!(
            "learning rate {}: there the loss falls fast; it is lowest at {}; the design uses {}",
            terminal_number(f64::from(rate)),
            terminal_number(f64::from(lowest.rate)),
            terminal_number(f64::from(project.training.learning_rate))
        ));
    }
    Ok(())
}
