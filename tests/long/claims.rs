//! The metrics by which recipes are judged.

use hourglass::analysis::angles::largest_principal_angle;
use hourglass::analysis::pca::Pca;
use hourglass::project::Figure;
use hourglass::run::{Health, Losses, Run};
use hourglass::session::{anomalies, refit};

use super::Trained;

/// A metric of a trained recipe; NaN if it does not apply.
pub fn measure(trained: &Trained, figure: Figure) -> f64 {
    let run = trained.run();
    let health = run.health.as_deref();
    let code = health.and_then(|health| health.layers.last());
    let pca = run.pca_mse.unwrap_or(f64::NAN);
    let of = |figure: fn(&Health) -> Option<f64>| health.and_then(figure).unwrap_or(f64::NAN);
    match figure {
        Figure::ErrorOverPca => best(run) / pca,
        Figure::ErrorOverFirst => best(run) / run.history.epochs.first().map_or(f64::NAN, |first| first.mse),
        Figure::AngleToPca => angle(trained),
        Figure::RestoredOverCorrupted => restored(trained),
        Figure::MeanActivation => code.map_or(f64::NAN, |code| code.mean),
        Figure::MostActive => code.map_or(f64::NAN, |code| code.active_max as f64),
        Figure::Jacobian => of(|health| health.jacobian),
        Figure::ActiveUnits => of(|health| Some(health.active_units()? as f64)),
        Figure::MeanMax => of(|health| Some(health.selector.as_ref()?.mean_max)),
        Figure::Unique => of(|health| {
            let selector = health.selector.as_ref()?;
            Some(selector.unique() as f64 / selector.chosen.len() as f64)
        }),
        Figure::RefitOverPca => {
            refit(&trained.network(), &trained.data).map_or(f64::NAN, |error| error / pca)
        }
        Figure::CodeBits => of(|health| Some(health.bits?.code)),
        Figure::ErrorBits => of(|health| Some(health.bits?.error)),
        Figure::Decided => of(|health| Some(f64::from(health.hash.as_ref()?.decided))),
        Figure::Perplexity => of(|health| Some(health.codebook.as_ref()?.perplexity())),
        Figure::Auc => {
            anomalies(&mut trained.network(), &trained.data).map_or(f64::NAN, |anomalies| anomalies.auc)
        }
        Figure::FirstOverSecond => match &trained.runs[..] {
            [first, second] => last_loss(first) / last_loss(second),
            _ => f64::NAN,
        },
    }
}

/// Squared error per feature after the best epoch.
fn best(run: &Run) -> f64 {
    run.history.epochs.iter().map(|record| record.mse).fold(f64::NAN, f64::min)
}

fn last_loss(run: &Run) -> f64 {
    let last = run.history.epochs.last().and_then(|record| record.validation.as_ref());
    last.map_or(f64::NAN, Losses::total)
}

/// Angle between the columns of the decoder and the same number of principal components of the
/// training rows, in degrees.
fn angle(trained: &Trained) -> f64 {
    let (features, units) = (trained.data.shape.features(), trained.run().design.code.units);
    let train = trained.rows(&trained.data.split.train);
    let pca = Pca::fit(&train, features, units).expect("finite rows");
    let checkpoint = trained.run().checkpoint.as_ref().expect("it was saved");
    let weights = &checkpoint.inference_weights().0["output.weight"].values;
    let decoder: Vec<f32> =
        (0..units).flat_map(|unit| weights.iter().skip(unit).step_by(units).copied()).collect();
    largest_principal_angle(&decoder, &pca.components, features).map_or(f64::NAN, f64::to_degrees)
}

/// Error of the restored watched samples relative to that of the corrupted ones.
fn restored(trained: &Trained) -> f64 {
    let kept = &trained.run().kept;
    let newest = kept.newest().expect("kept epochs");
    let clean = trained.rows(&kept.probe.picture_rows);
    let error =
        |rows: &[f32]| -> f64 { rows.iter().zip(&clean).map(|(a, b)| f64::from(a - b).powi(2)).sum() };
    error(&newest.reconstructions) / error(&newest.corrupted)
}
