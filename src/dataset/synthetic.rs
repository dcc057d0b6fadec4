//! Generated data with known structure.

mod shapes;
mod splines;

use super::progress::CancelTimer;
use super::random::{Purpose, Stream};
use super::raw::Raw;
use super::{DataError, LabelColumn, Progress, Rows, memory};
use crate::project::{Shape, Synthetic};

/// The fix if the samples do not fit into memory.
pub(super) const REMEDY: &str = "choose fewer or smaller samples";

/// Generates a data set; every row depends only on the seed and its number.
pub(super) fn load(kind: Synthetic, progress: &Progress) -> Result<Raw, DataError> {
    let (count, features) = size(kind);
    if count == 0 {
        return Err(DataError::Setting(format!(
            "{} with 0 rows cannot be generated; choose at least 1",
            kind.name()
        )));
    }
    memory::check_count(count, features, REMEDY)
        .map_err(|message| DataError::Setting(format!("{}: {message}", kind.name())))?;
    progress.restart(count as u64);
    let mut raw = match kind {
        Synthetic::Shapes { count, size, seed } => shapes::load(count, size, seed, progress)?,
        Synthetic::Splines { count, seed } => splines::load(count, seed, progress)?,
        Synthetic::SwissRoll { count, noise, seed } => swiss_roll(count, noise, seed, progress)?,
        Synthetic::Blobs { count, features, clusters, seed } => {
            blobs(count, features, clusters, seed, progress)?
        }
        Synthetic::Informative { count, features, informative, seed } => {
            informative_table(count, features, informative, seed, progress)?
        }
    };
    raw.name = kind.name().into();
    Ok(raw)
}

/// Rows and features.
fn size(kind: Synthetic) -> (usize, usize) {
    match kind {
        Synthetic::Shapes { count, size, .. } => (count, size.saturating_mul(size)),
        Synthetic::Splines { count, .. } => (count, splines::HEIGHT * splines::WIDTH),
        Synthetic::SwissRoll { count, .. } => (count, 3),
        Synthetic::Blobs { count, features, .. } | Synthetic::Informative { count, features, .. } => {
            (count, features)
        }
    }
}

/// Random numbers of one row.
fn row_stream(seed: u64, row: usize) -> Stream {
    Stream::new(seed, Purpose::Synthetic, row as u64, 0)
}

/// Random numbers that all rows share, separate from those of rows.
fn shared_stream(seed: u64) -> Stream {
    Stream::new(seed, Purpose::Synthetic, 0, 1)
}

/// An empty list with capacity for `count` items.
fn with_capacity<T>(count: usize, progress: &Progress) -> Result<Vec<T>, DataError> {
    let mut items = Vec::new();
    progress.budget().reserve_exact(&mut items, count)?;
    Ok(items)
}

/// Charges memory for names of `count` features or classes.
fn take_names(count: usize, progress: &Progress) -> Result<(), DataError> {
    Ok(progress.budget().take(memory::text_bytes(24).saturating_mul(count as u64))?)
}

/// Calls `row` for each row number, which generates this many features, and checks for
/// cancellation.
fn each_row(
    count: usize,
    features: usize,
    progress: &Progress,
    mut row: impl FnMut(usize),
) -> Result<(), DataError> {
    let mut cancel_timer = CancelTimer::new(progress);
    progress.check()?;
    for number in 0..count {
        // Each value takes several functions of a few dozen operations.
        cancel_timer.tick(features.saturating_mul(16))?;
        if number % 256 == 0 {
            progress.advance((count - number).min(256) as u64);
        }
        row(number);
    }
    Ok(())
}

/// t uniform in [1.5π, 4.5π], height uniform in [0, 21]: (t cos t, height, t sin t) plus normal
/// noise, as scikit-learn's `make_swiss_roll`. The label is t.
fn swiss_roll(count: usize, noise: f32, seed: u64, progress: &Progress) -> Result<Raw, DataError> {
    if !noise.is_finite() || noise < 0.0 {
        return Err(DataError::Setting(format!(
            "noise of {noise} is not possible; choose a standard deviation of 0 or more"
        )));
    }
    let (mut values, mut positions) = (with_capacity(count * 3, progress)?, with_capacity(count, progress)?);
    each_row(count, 3, progress, |row| {
        let stream = row_stream(seed, row);
        let t = 1.5 * std::f32::consts::PI * (1.0 + 2.0 * stream.uniform(0));
        let point = [t * t.cos(), 21.0 * stream.uniform(1), t * t.sin()];
        values.extend(point.iter().zip(2..).map(|(value, at)| value + noise * stream.normal(at)));
        positions.push(t);
    })?;
    let mut raw = Raw::new("", Shape::Vector(3), Rows::F32(values));
    raw.labels = vec![LabelColumn::numbers("position", positions)];
    raw.feature_names = ["x", "y", "z"].map(String::from).to_vec();
    Ok(raw)
}

/// Centres uniform in [−10, 10] in every feature, points normal around them with standard deviation
/// 1; row r belongs to cluster r modulo their number.
fn blobs(
    count: usize,
    features: usize,
    clusters: usize,
    seed: u64,
    progress: &Progress,
) -> Result<Raw, DataError> {
    for (name, value) in [("features", features), ("clusters", clusters)] {
        if value == 0 {
            return Err(DataError::Setting(format!(
                "blobs with 0 {name} cannot be generated; choose at least 1"
            )));
        }
    }
    if clusters > count {
        return Err(DataError::Setting(format!(
            "{count} rows cannot fill {clusters} clusters; choose at most {count}"
        )));
    }
    let shared = shared_stream(seed);
    let (mut values, mut ids) = (with_capacity(count * features, progress)?, with_capacity(count, progress)?);
    each_row(count, features, progress, |row| {
        let stream = row_stream(seed, row);
        let cluster = row % clusters;
        for feature in 0..features {
            let centre = 20.0 * shared.uniform((cluster * features + feature) as u64) - 10.0;
            values.push(centre + stream.normal(feature as u64));
        }
        ids.push(cluster as u32);
    })?;
    let mut raw = Raw::new("", Shape::Vector(features), Rows::F32(values));
    take_names(clusters.saturating_add(features), progress)?;
    let names = (1..=clusters).map(|cluster| format!("cluster {cluster}")).collect();
    raw.labels = vec![LabelColumn::classes("cluster", names, ids)];
    raw.feature_names = (1..=features).map(|at| format!("x{at}")).collect();
    Ok(raw)
}

/// The kind of a column of the informative table.
enum Column {
    /// Standard normal.
    Informative(usize),
    /// tanh(a·u + b·v) + 0.05·noise of two informative columns u and v: it depends on both.
    Dependent { of: [usize; 2], weights: [f32; 2] },
    /// 0.3·normal, independent of all others.
    Noise,
}

/// `informative` standard normal columns; one in five (rounded down) of the others is noise, and
/// the rest depend on pairs of informative ones. Columns are in random order; their names give
/// their kind.
fn informative_table(
    count: usize,
    features: usize,
    informative: usize,
    seed: u64,
    progress: &Progress,
) -> Result<Raw, DataError> {
    if informative == 0 || informative > features {
        return Err(DataError::Setting(format!(
            "{informative} informative of {features} columns are not possible; choose from 1 to {features}"
        )));
    }
    let shared = shared_stream(seed);
    let dependent = features - informative - (features - informative) / 5;
    take_names(features, progress)?;
    let _reservation = progress.budget().charge_scoped(memory::bytes_of::<(Column, String)>(features))?;
    let mut columns: Vec<(Column, String)> =
        (0..features).map(|at| column(at, informative, dependent, shared)).collect();
    Stream::new(seed, Purpose::Synthetic, 0, 2).shuffle(&mut columns);

    let mut values = with_capacity(count * features, progress)?;
    each_row(count, features, progress, |row| {
        let stream = row_stream(seed, row);
        let source = |at: usize| stream.normal((features + at) as u64);
        values.extend(columns.iter().zip(0..).map(|((column, _), at)| match column {
            Column::Informative(number) => source(*number),
            Column::Dependent { of: [u, v], weights } => {
                (weights[0] * source(*u) + weights[1] * source(*v)).tanh() + 0.05 * stream.normal(at)
            }
            Column::Noise => 0.3 * stream.normal(at),
        }));
    })?;
    let mut raw = Raw::new("", Shape::Vector(features), Rows::F32(values));
    raw.feature_names = columns.into_iter().map(|(_, name)| name).collect();
    Ok(raw)
}

fn column(at: usize, informative: usize, dependent: usize, shared: Stream) -> (Column, String) {
    if at < informative {
        return (Column::Informative(at), format!("informative {}", at + 1));
    }
    let number = at - informative;
    if number >= dependent {
        return (Column::Noise, format!("noise {}", number - dependent + 1));
    }
    let draw = 4 * number as u64;
    let first = number % informative;
    let second = (first + 1 + shared.below(draw, informative.max(2) - 1)) % informative;
    let weight = |position| {
        let sign = if shared.bits(position) & 1 == 0 { 1.0 } else { -1.0 };
        sign * (0.5 + shared.uniform(position))
    };
    let column = Column::Dependent { of: [first, second], weights: [weight(draw + 1), weight(draw + 2)] };
    (column, format!("dependent {}", number + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::LabelValues;

    fn numbers(raw: &Raw, column: usize) -> &[f32] {
        let LabelValues::Numbers(values) = &raw.labels[column].values else {
            panic!("{:?}", raw.labels[column])
        };
        values
    }

    fn read(kind: Synthetic) -> Raw {
        load(kind, &Progress::default()).unwrap()
    }

    #[test]
    fn every_kind_is_of_its_size_the_same_each_time_and_cancellable() {
        for kind in Synthetic::ALL {
            let raw = read(kind);
            let (count, features) = size(kind);
            assert_eq!(raw.shape.features(), features);
            assert_eq!(raw.rows.len(), count * features);
            assert_eq!(raw.rows, read(kind).rows);
            assert_eq!(raw.name, kind.name());
            for label in &raw.labels {
                let labels = match &label.values {
                    LabelValues::Classes { ids, .. } => ids.len(),
                    LabelValues::Numbers(values) => values.len(),
                };
                assert_eq!(labels, count);
            }
            let progress = Progress::default();
            progress.cancel();
            assert_eq!(load(kind, &progress).err(), Some(DataError::Cancelled));
        }
    }

    #[test]
    fn lists_that_are_no_longer_needed_are_released() {
        const LIMIT: u64 = 10_000_000;
        let check = |kind, held: u64| {
            let progress = Progress::with_budget(LIMIT);
            load(kind, &progress).unwrap();
            assert_eq!(LIMIT - progress.budget().free(), held, "{kind:?}");
        };
        // One byte per pixel and five labels per picture.
        check(Synthetic::Shapes { count: 10, size: 8, seed: 1 }, 10 * 64 + 10 * 5 * 4);
        let table = Synthetic::Informative { count: 5, features: 4, informative: 2, seed: 1 };
        check(table, 5 * 4 * 4 + 4 * memory::text_bytes(24));
    }

    #[test]
    fn the_roll_is_a_roll() {
        let raw = read(Synthetic::SwissRoll { count: 500, noise: 0.0, seed: 4 });
        for (row, &t) in numbers(&raw, 0).iter().enumerate() {
            let [x, y, z] = [0, 1, 2].map(|at| raw.rows.value(row * 3 + at));
            assert!((x.hypot(z) - t).abs() < 1e-4 && (0.0..=21.0).contains(&y));
        }
    }

    #[test]
    fn blobs_are_around_their_centres() {
        let raw = read(Synthetic::Blobs { count: 3000, features: 2, clusters: 3, seed: 1 });
        for cluster in 0..3 {
            let values: Vec<f32> = (cluster..3000).step_by(3).map(|row| raw.rows.value(row * 2)).collect();
            let mean = values.iter().sum::<f32>() / 1000.0;
            let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / 1000.0;
            // Within five standard errors.
            assert!(mean.abs() < 10.2 && (variance - 1.0).abs() < 0.23, "{mean} {variance}");
        }
    }

    #[test]
    fn informative_columns_are_named_and_the_others_depend_on_them() {
        let raw = read(Synthetic::ALL[4]);
        let count = |kind: &str| raw.feature_names.iter().filter(|name| name.starts_with(kind)).count();
        assert_eq!(["informative", "dependent", "noise"].map(count), [5, 20, 5]);
        assert_ne!(
            raw.feature_names[..5],
            ["informative 1", "informative 2", "informative 3", "informative 4", "informative 5"]
        );
    }

    #[test]
    fn nonsense_is_refused_with_a_remedy() {
        let check = |kind, expected: &str| {
            let error = load(kind, &Progress::default()).unwrap_err();
            assert!(matches!(error, DataError::Setting(_)));
            assert!(error.to_string().contains(expected), "{error}");
        };
        check(Synthetic::Splines { count: 0, seed: 1 }, "choose at least 1");
        let shapes = |size| Synthetic::Shapes { count: 10, size, seed: 1 };
        check(shapes(3), "choose from 8 to");
        check(shapes(usize::MAX), "choose fewer or smaller");
        for noise in [f32::NAN, -1.0, f32::INFINITY] {
            check(Synthetic::SwissRoll { count: 2, noise, seed: 1 }, "choose a standard deviation");
        }
        let blobs = |features, clusters| Synthetic::Blobs { count: 5, features, clusters, seed: 1 };
        check(blobs(0, 1), "0 features");
        check(blobs(1, 0), "0 clusters");
        check(blobs(1, 6), "choose at most 5");
        let informative =
            |informative| Synthetic::Informative { count: 5, features: 4, informative, seed: 1 };
        check(informative(0), "choose from 1 to 4");
        check(informative(5), "choose from 1 to 4");
        for informative in 1..=4 {
            read(Synthetic::Informative { count: 5, features: 4, informative, seed: 1 });
        }
    }
}
