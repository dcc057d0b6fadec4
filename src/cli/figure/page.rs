//! Pages of pictures: samples with their reconstructions, and traversals of the code.

use std::sync::Arc;

use super::super::applied::Applied;
use super::super::args::{TrainedRun, Traverse};
use super::super::data::{self, Shown};
use super::super::failure::Failure;
use super::super::progress::Bar;
use super::super::sets::ALL;
use super::super::traverse::lines;
use super::super::write::note;
use super::{Arguments, Sorting, chosen, nothing, opened};
use crate::dataset::Dataset;
use crate::engine::Ready;
use crate::figure::Figure;
use crate::prepared::{
    Given, PageChoice, TRAVERSAL_STEPS, set_reconstructions, shown_channels, traversals, traversed,
    watched_reconstructions,
};
use crate::project::{Shape, visible};
use crate::run::Run;
use crate::session::{CodeSpread, LineWords, Linear, Order, SampleAnswer, SampleJob, part_rows};

/// The set of the samples watched by a run, and the number of samples shown of another set.
const WATCHED: &str = "watched";
const NUMBER: usize = 48;
/// The fix if there are too many lines.
const FEWER: &str = "use fewer with --units and --steps";

/// Samples with their reconstructions.
pub(super) fn of_reconstructions(arguments: &Arguments) -> Result<Figure, Failure> {
    let (asked, order) = (&arguments.trained, order(arguments.order.unwrap_or(Sorting::Data)));
    match arguments.set.as_deref() {
        Some(WATCHED) | None if asked.data.is_none() => of_watched(arguments, order),
        set => of_set(arguments, set.unwrap_or(ALL), order),
    }
}

fn order(sorting: Sorting) -> Order {
    match sorting {
        Sorting::Data => Order::Data,
        Sorting::Worst => Order::Worst,
        Sorting::Best => Order::Best,
        Sorting::Median => Order::Median,
        Sorting::Class => Order::Class,
    }
}

/// The reconstructions stored with the run; no network is needed.
fn of_watched(arguments: &Arguments, order: Order) -> Result<Figure, Failure> {
    if arguments.clean {
        let message =
            "--clean: the watched samples were saved as the network saw them; choose a set with --set";
        return Err(Failure::Usage(message.to_owned()));
    }
    let subject = opened(arguments)?;
    let has_pictures = |run: &Run| run.kept.newest().is_some_and(|kept| !kept.reconstructions.is_empty());
    let run = chosen(&subject, arguments, has_pictures)?;
    let data = own_data(run, &arguments.trained)?;
    if data.fingerprint != run.fingerprint {
        return Err(Failure::Problem(format!(
            "{}: the data run {} was trained on have changed, so its watched samples are unknown; choose others with --set",
            subject.name(),
            run.id
        )));
    }
    let linear = linear(arguments, run, &data)?;
    let most = arguments.number.map_or(usize::MAX, usize::from);
    let choice = PageChoice { order, most, has_code: !arguments.no_code };
    watched_reconstructions(run, &data, arguments.epoch, linear.as_ref(), &choice)
        .ok_or_else(|| nothing(&subject, run, "has no reconstructions yet; resume it"))
}

/// The reconstructions by the network in its current state.
fn of_set(arguments: &Arguments, set: &str, order: Order) -> Result<Figure, Failure> {
    if arguments.epoch.is_some() {
        let message = "--epoch: only the watched samples were saved per epoch; omit --epoch, or omit --set \
             and the data";
        return Err(Failure::Usage(message.to_owned()));
    }
    let asked = &arguments.trained;
    let applied = Applied::open_any_size(asked, None, "figure")?;
    if arguments.pca && applied.data.shape != applied.run.shape {
        let message = "--pca: PCA needs samples of the size of the training; omit it, or give them that size";
        return Err(Failure::Usage(message.to_owned()));
    }
    let mut rows = applied.part(set)?.rows;
    let (run, data) = (&applied.run, &applied.data);
    // Other data are used unchanged.
    let trial = applied.trial(applied.own && !arguments.clean);
    let mut ready = Ready::new(data::threads(asked.threads));
    let problem = |message: String| Failure::Problem(format!("{}: run {}: {message}", applied.name, run.id));
    if order != Order::Data {
        let mut errors = vec![f32::NAN; data.len()];
        let bar = Bar::new("scoring", rows.len() as u64);
        for (at, part) in rows.chunks(part_rows(data)).enumerate() {
            let answer =
                SampleJob::Errors(trial.clone(), part.to_vec()).answer(&mut ready).map_err(problem)?;
            if let SampleAnswer::Errors(own) = answer {
                part.iter().zip(own).for_each(|(row, error)| errors[*row as usize] = error);
            }
            bar.set((at * part_rows(data) + part.len()) as u64, rows.len() as u64);
        }
        bar.finish();
        rows = order.of(data, rows, &errors);
    }
    rows.truncate(arguments.number.map_or(NUMBER, usize::from));
    let linear = if applied.own || !arguments.pca {
        linear(arguments, run, data)?
    } else {
        let own = own_data(run, &TrainedRun { data: None, ..asked.clone() })?;
        linear(arguments, run, &own)?
    };
    let channels = if arguments.no_code { Vec::new() } else { shown_channels(run) };
    let job = SampleJob::Pictures(trial, linear, rows, channels);
    let SampleAnswer::Pictures(pictures) = job.answer(&mut ready).map_err(problem)? else {
        return Err(problem("it cannot reconstruct these samples".to_owned()));
    };
    let given = Given::of(run, !applied.own);
    set_reconstructions((run, applied.epoch(), applied.code()), data, given, &pictures)
        .ok_or_else(|| problem(format!("the set {} has no samples", visible(set))))
}

/// PCA with as many components as the code has units, if requested.
fn linear(arguments: &Arguments, run: &Run, data: &Dataset) -> Result<Option<Linear>, Failure> {
    if !arguments.pca {
        return Ok(None);
    }
    let fitted = Linear::fit(data, run.code_shape().features());
    fitted.map(Some).map_err(|message| Failure::Problem(format!("--pca: {message}; omit it")))
}

/// The data of the run.
fn own_data(run: &Run, asked: &TrainedRun) -> Result<Arc<Dataset>, Failure> {
    let Shown { data, .. } = data::shown(run, None, None, &asked.reading, false)?;
    Ok(Arc::new(data))
}

/// All parts of the code over their ranges.
pub(super) fn of_traversals(arguments: &Arguments) -> Result<Figure, Failure> {
    let applied = Applied::open(&arguments.trained, "figure")?;
    let (run, units) = (&applied.run, applied.code_units());
    let kind = &run.design.code.kind;
    let mut network = applied.network(arguments.trained.threads)?;
    let codes = applied.codes(&mut network, &applied.fitted_rows()).values;
    let spread = CodeSpread::of(&codes, units);
    let sample = arguments.sample.as_deref().unwrap_or("mean");
    let base = match sample {
        "mean" => spread.mean(),
        text => applied.codes(&mut network, &[applied.row(text)?]).values,
    };
    let words = LineWords::of(kind);
    let mut asked = Traverse {
        trained: arguments.trained.clone(),
        output: arguments.output.clone(),
        sample: sample.to_owned(),
        units: arguments.units.clone(),
        at: None,
        components: None,
        steps: arguments.steps.or((!words.is_range).then_some(TRAVERSAL_STEPS.choices)),
        span: None,
        force: arguments.force,
    };
    if let (true, Shape::Vector(_)) = (asked.units.is_empty(), applied.code()) {
        let shown = traversed(kind, spread.parts().0, 0..units);
        let all = units / words.units.max(1);
        if shown.len() < all {
            let shown = shown.len();
            note(format_args!(
                "note: showing {shown} of {all} lines, those that vary most; --units chooses \
                 others"
            ));
        }
        asked.units = shown.into_iter().map(|part| part + 1).collect();
    }
    let (_, lines) = lines(&applied, &codes, &base, &asked)?;
    applied.check_memory(lines.iter().map(|line| line.values.len()).sum(), FEWER)?;
    let mut stepped: Vec<f32> = lines.iter().flat_map(|line| line.codes(&base)).collect();
    let values = applied.decoded(&mut network, &mut stepped);
    let shown: Vec<(usize, usize)> = lines.iter().map(|line| (line.number, line.values.len())).collect();
    traversals(run, applied.epoch(), &applied.data, &shown, &values)
        .ok_or_else(|| Failure::Problem(format!("{}: run {} has no code to traverse", applied.name, run.id)))
}
