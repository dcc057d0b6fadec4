use super::memory::Reservation;
use super::progress::CancelTimer;
use super::quantiles::{of_columns, quantile};
use super::raw::Raw;
use super::squeezed::{Ranges, outliers};
use super::{DataError, Gaps, Progress, Rows, Scaler, SplitRows, memory};
use crate::project::{Scaling, Shape};

/// Most columns without any value that are listed one by one.
const LISTED: usize = 20;

/// The scaler of a data set, fitted on its training rows.
///
/// To [0, 1]: values of a pixel type by its range, other pictures by their smallest and largest
/// value, tables by those of each column. Standardised: one mean and standard deviation per channel
/// or per column (population, divided by n). Robust: the median and the interquartile range, per
/// channel or per column (scikit-learn's `RobustScaler`); the standard deviation if the quartiles
/// are equal. Constant values keep their scale and are shifted to 0. Single values that compress
/// all others become a doubt of `raw`.
///
/// # Errors
/// [`DataError::Setting`] if values span more than an `f32` can hold.
pub(super) fn fit(
    raw: &mut Raw,
    split: &SplitRows,
    scaling: Scaling,
    progress: &Progress,
) -> Result<Scaler, DataError> {
    let picture = matches!(raw.shape, Shape::Image { .. });
    let by_channel = match raw.shape {
        Shape::Image { channels, .. } => channels,
        Shape::Vector(features) => features,
    };
    match (scaling, raw.type_max) {
        (Scaling::None, _) => Ok(Scaler::identity()),
        (Scaling::UnitRange, Some(max)) => Ok(Scaler::uniform(0.0, unit_factor(0.0, max))),
        (Scaling::UnitRange, None) if picture && raw.has_alpha && by_channel > 1 => {
            let (moments, _reservation) = moments(raw, &split.train, by_channel, progress)?;
            let colours = &moments[..by_channel - 1];
            let low = colours.iter().map(|m| m.min).fold(f32::INFINITY, f32::min);
            let high = colours.iter().map(|m| m.max).fold(f32::NEG_INFINITY, f32::max);
            let opaque = match raw.rows {
                Rows::U8(_) => 255.0,
                Rows::U16(_) => 65_535.0,
                Rows::F32(_) => moments[by_channel - 1].max.max(1.0),
            };
            let colour = (low, unit_factor(low, high));
            let alpha = (0.0, unit_factor(0.0, opaque));
            build(raw, colours.iter().map(|_| colour).chain([alpha]))
        }
        (Scaling::UnitRange, None) => {
            let period = if picture { 1 } else { raw.shape.features() };
            let (moments, _reservation) = moments(raw, &split.train, period, progress)?;
            let scaler = build(raw, moments.iter().map(|m| (m.min, unit_factor(m.min, m.max))))?;
            doubt_outliers(raw, split, &moments, scaling, progress)?;
            Ok(scaler)
        }
        (Scaling::Standardise, _) => {
            let (moments, _reservation) = moments(raw, &split.train, by_channel, progress)?;
            let deviations = moments.iter().map(|m| {
                // The mean of a constant column is off by rounding; its offset must be exact for it
                // to become 0.
                if m.min == m.max {
                    (m.min, 1.0)
                } else {
                    (m.mean as f32, usable((1.0 / m.deviation()) as f32))
                }
            });
            let scaler = build(raw, deviations)?;
            doubt_outliers(raw, split, &moments, scaling, progress)?;
            Ok(scaler)
        }
        (Scaling::Robust, _) => {
            let (moments, _reservation) = moments(raw, &split.train, by_channel, progress)?;
            let quartiles = of_columns(raw, &split.train, by_channel, usize::MAX, progress, |sorted| {
                [0.25, 0.5, 0.75].map(|part| quantile(sorted, part))
            })?;
            let pairs = moments.iter().zip(&quartiles).map(|(m, [low, median, high])| {
                let distance = if high > low { high - low } else { m.deviation() };
                if m.min == m.max { (m.min, 1.0) } else { (*median as f32, usable((1.0 / distance) as f32)) }
            });
            build(raw, pairs)
        }
    }
}

fn doubt_outliers(
    raw: &mut Raw,
    split: &SplitRows,
    moments: &[Moments],
    scaling: Scaling,
    progress: &Progress,
) -> Result<(), DataError> {
    let mut ends = Vec::new();
    progress.budget().reserve_exact(&mut ends, moments.len())?;
    ends.extend(moments.iter().map(|column| (column.min, column.max)));
    let doubt = outliers(raw, split, Ranges { ends: &ends, scaling }, progress)?;
    progress.budget().release(ends);
    raw.doubts.extend(doubt);
    Ok(())
}

/// Replaces missing values by the mean of their column over the training rows, or over all rows if
/// it has no values there; by `known`, if that has a number for each column.
///
/// # Errors
/// [`DataError::Cancelled`] or [`DataError::Memory`].
pub(super) fn fill_gaps(
    raw: &mut Raw,
    split: &SplitRows,
    known: Option<&[f32]>,
    progress: &Progress,
) -> Result<Gaps, DataError> {
    let features = raw.shape.features();
    if !(raw.is_table || raw.has_gaps) || features == 0 {
        let (cells, filled) = std::mem::take(&mut raw.filled);
        return Ok(Gaps { filled, cells, ..Gaps::default() });
    }
    let known = known.filter(|means| means.len() == features);
    let means = match known {
        Some(means) => means.to_vec(),
        None => column_means(raw, split, progress)?,
    };
    let noun = noun(raw.shape);
    let whose =
        if known.is_some() { format!("{noun}'s mean in the training data") } else { format!("{noun} mean") };
    let (filled, cells) = if raw.has_gaps { fill(raw, &means, &whose, progress)? } else { (0, Vec::new()) };
    Ok(Gaps { means, filled, cells, are_masked: false })
}

/// The word for a feature.
fn noun(shape: Shape) -> &'static str {
    match shape {
        Shape::Vector(_) => "column",
        Shape::Image { .. } => "pixel",
    }
}

/// The means over the training rows; a column without any value there has its mean over all rows,
/// or 0.
fn column_means(raw: &mut Raw, split: &SplitRows, progress: &Progress) -> Result<Vec<f32>, DataError> {
    let features = raw.shape.features();
    let (trained, _held_trained) = moments(raw, &split.train, features, progress)?;
    if trained.iter().all(|column| column.count > 0.0) {
        return Ok(trained.iter().map(|column| column.mean as f32).collect());
    }
    let count = raw.rows.len() / features;
    let _held_rows = progress.budget().charge_scoped(memory::bytes_of::<u32>(count))?;
    let all: Vec<u32> = (0..count as u32).collect();
    let (overall, _held_overall) = moments(raw, &all, features, progress)?;
    let empty = || overall.iter().enumerate().filter(|(_, column)| column.count == 0.0);
    if matches!(raw.shape, Shape::Image { .. }) {
        let count = empty().count();
        raw.warnings.push(format!("{count} values of a picture are missing in every one and were set to 0"));
        let pairs = trained.iter().zip(&overall);
        return Ok(pairs.map(|(own, all)| if own.count > 0.0 { own } else { all }.mean as f32).collect());
    }
    for (at, _) in empty().take(LISTED) {
        let name = raw.feature_names.get(at).map_or("", String::as_str);
        raw.warnings.push(format!(
            "column \"{name}\" has no value in any row and was set to 0; remove it from the file"
        ));
    }
    if let Some(more) = empty().count().checked_sub(LISTED).filter(|more| *more > 0) {
        raw.warnings.push(format!("{more} more columns have no value in any row and were set to 0"));
    }
    let pairs = trained.iter().zip(&overall);
    Ok(pairs.map(|(trained, all)| if trained.count > 0.0 { trained } else { all }.mean as f32).collect())
}

/// Fills missing values with `means` and returns how many there were, and where: one bit per value.
fn fill(
    raw: &mut Raw,
    means: &[f32],
    whose: &str,
    progress: &Progress,
) -> Result<(usize, Vec<u64>), DataError> {
    let Rows::F32(values) = &mut raw.rows else {
        return Ok((0, Vec::new()));
    };
    let mut cells = progress.budget().filled(0_u64, values.len().div_ceil(64))?;
    let mut cancel_timer = CancelTimer::new(progress);
    // A column of words is missing as a whole, so its first feature is enough.
    let mut is_first = vec![raw.columns.is_empty(); means.len()];
    let mut place = 0;
    for column in &raw.columns {
        if let Some(first) = is_first.get_mut(place) {
            *first = true;
        }
        place += column.features();
    }
    let (mut filled, mut columns) = (0_usize, vec![false; means.len()]);
    for (at, row) in values.chunks_exact_mut(means.len()).enumerate() {
        cancel_timer.tick(row.len())?;
        let cells = &mut cells;
        for (column, (value, mean)) in row.iter_mut().zip(means).enumerate() {
            if value.is_nan() {
                *value = *mean;
                let cell = at * means.len() + column;
                cells[cell / 64] |= 1 << (cell % 64);
                if is_first[column] {
                    columns[column] = true;
                    filled += 1;
                }
            }
        }
    }
    let columns = columns.iter().filter(|&&column| column).count();
    if filled > 0 {
        let place = match raw.shape {
            Shape::Vector(_) => format!(" in {columns} column{}", if columns == 1 { "" } else { "s" }),
            Shape::Image { .. } => String::new(),
        };
        raw.warnings.push(format!(
            "{filled} missing value{}{place} {} filled with the {whose}",
            if filled == 1 { "" } else { "s" },
            if filled == 1 { "was" } else { "were" },
        ));
    }
    Ok((filled, cells))
}

/// Statistics of one feature or channel over rows, without missing values (Welford 1962).
#[derive(Clone, Copy)]
struct Moments {
    count: f64,
    mean: f64,
    /// Sum of squared deviations from the mean.
    squares: f64,
    min: f32,
    max: f32,
}

impl Moments {
    const NONE: Moments =
        Moments { count: 0.0, mean: 0.0, squares: 0.0, min: f32::INFINITY, max: f32::NEG_INFINITY };

    /// The population standard deviation.
    fn deviation(&self) -> f64 {
        (self.squares / self.count).sqrt()
    }

    fn add(&mut self, value: f32) {
        if value.is_nan() {
            return;
        }
        self.count += 1.0;
        let apart = f64::from(value) - self.mean;
        self.mean += apart / self.count;
        self.squares += apart * (f64::from(value) - self.mean);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// From the counts of all bytes: exact, and a hundred times faster than value by value.
    fn of_bytes(counts: &[u64; 256]) -> Moments {
        let mut all = Moments::NONE;
        let present = || (0..=255_u8).zip(counts).filter(|&(_, &count)| count > 0);
        all.count = counts.iter().sum::<u64>() as f64;
        let sum: f64 = present().map(|(value, &count)| f64::from(value) * count as f64).sum();
        all.mean = sum / all.count;
        for (value, &count) in present() {
            all.squares += (f64::from(value) - all.mean).powi(2) * count as f64;
            all.min = all.min.min(f32::from(value));
            all.max = all.max.max(f32::from(value));
        }
        all
    }
}

/// One entry for each position of a row modulo `period`, over `rows`, and the memory charged for a
/// long list.
fn moments<'a>(
    raw: &Raw,
    rows: &[u32],
    period: usize,
    progress: &'a Progress,
) -> Result<(Vec<Moments>, Reservation<'a>), DataError> {
    let features = raw.shape.features();
    let range = |row: u32| row as usize * features..(row as usize + 1) * features;
    match &raw.rows {
        Rows::U8(values) if period <= 16 => {
            let (mut counts, mut cancel_timer) = (vec![[0_u64; 256]; period], CancelTimer::new(progress));
            for &row in rows {
                cancel_timer.tick(features)?;
                for pixel in values[range(row)].chunks_exact(period) {
                    for (counts, &value) in counts.iter_mut().zip(pixel) {
                        counts[value as usize] += 1;
                    }
                }
            }
            Ok((counts.iter().map(Moments::of_bytes).collect(), progress.budget().charge_scoped(0)?))
        }
        Rows::U8(values) => {
            let row = |row| values[range(row)].iter().map(|&value| f32::from(value));
            one_by_one(period, rows, row, progress)
        }
        Rows::U16(values) => {
            let row = |row| values[range(row)].iter().map(|&value| f32::from(value));
            one_by_one(period, rows, row, progress)
        }
        Rows::F32(values) => one_by_one(period, rows, |row| values[range(row)].iter().copied(), progress),
    }
}

fn one_by_one<'a, I: ExactSizeIterator<Item = f32>>(
    period: usize,
    rows: &[u32],
    row: impl Fn(u32) -> I,
    progress: &'a Progress,
) -> Result<(Vec<Moments>, Reservation<'a>), DataError> {
    let (mut all, mut cancel_timer) = (progress.filled(Moments::NONE, period)?, CancelTimer::new(progress));
    for &number in rows {
        let mut values = row(number);
        // Each value takes several divisions.
        cancel_timer.tick(values.len().saturating_mul(8))?;
        // Whole periods: a row is a whole number of pixels, or of features.
        while let Some(first) = values.next() {
            all[0].add(first);
            for (moments, value) in all[1..].iter_mut().zip(&mut values) {
                moments.add(value);
            }
        }
    }
    let mut reservation = progress.budget().charge_scoped(0)?;
    reservation.take_over(&all);
    Ok((all, reservation))
}

fn build(raw: &Raw, pairs: impl Iterator<Item = (f32, f32)>) -> Result<Scaler, DataError> {
    let (offsets, factors): (Vec<f32>, Vec<f32>) = pairs.unzip();
    if let Some(at) = offsets.iter().zip(&factors).position(|(o, f)| !o.is_finite() || *f == 0.0) {
        let (name, otherwise) = match raw.feature_names.get(at) {
            Some(name) => (name.as_str(), "remove the column"),
            None => ("the pictures", "choose their range by percentiles (--range percentiles)"),
        };
        return Err(DataError::Setting(format!(
            "the values of {name} span more than a 32-bit number can hold; divide them by a constant, or {otherwise}"
        )));
    }
    Ok(Scaler { offsets, factors })
}

/// The factor that scales `min..=max` to at most 1. Rounding must not lift the largest value above
/// 1: cross-entropy is not defined there.
pub(super) fn unit_factor(min: f32, max: f32) -> f32 {
    let mut factor = usable(1.0 / (max - min));
    while max > min && factor < f32::MAX && factor != 1.0 && (max - min) * factor > 1.0 {
        factor = factor.next_down();
    }
    factor
}

/// Constant values have no scale: they are not scaled.
fn usable(factor: f32) -> f32 {
    if factor.is_finite() { factor } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(features: usize, values: &[f32]) -> Raw {
        let mut raw = Raw::new("t", Shape::Vector(features), Rows::F32(values.to_vec()));
        raw.feature_names = (0..features).map(|at| format!("f{at}")).collect();
        raw
    }

    fn fit(raw: &mut Raw, split: &SplitRows, scaling: Scaling) -> Result<Scaler, DataError> {
        super::fit(raw, split, scaling, &Progress::default())
    }

    fn fill_gaps(raw: &mut Raw, split: &SplitRows, known: Option<&[f32]>) -> Gaps {
        super::fill_gaps(raw, split, known, &Progress::default()).unwrap()
    }

    fn split(train: &[u32]) -> SplitRows {
        SplitRows { train: train.to_vec(), ..SplitRows::default() }
    }

    #[test]
    fn is_fitted_on_training_rows_alone_and_survives_constant_columns() {
        let mut raw = table(3, &[1.0, 7.0, 0.1, 3.0, 7.0, 0.1, 99.0, 8.0, 0.1]);
        let mut check = |scaling, offsets: [f32; 3], factors: [f32; 3]| {
            let scaler = fit(&mut raw, &split(&[0, 1]), scaling).unwrap();
            assert_eq!((&scaler.offsets[..], &scaler.factors[..]), (&offsets[..], &factors[..]));
        };
        check(Scaling::UnitRange, [1.0, 7.0, 0.1], [0.5, 1.0, 1.0]);
        check(Scaling::Standardise, [2.0, 7.0, 0.1], [1.0, 1.0, 1.0]);
        assert_eq!(fit(&mut raw, &split(&[0, 1]), Scaling::None).unwrap(), Scaler::identity());
    }

    #[test]
    fn pictures_are_scaled_by_type_or_as_a_whole() {
        let shape = Shape::Image { height: 1, width: 2, channels: 3 };
        let mut raw = Raw::new("p", shape, Rows::U8(vec![0, 10, 7, 2, 30, 7]));
        raw.type_max = Some(255.0);
        let scaler = fit(&mut raw, &split(&[0]), Scaling::UnitRange).unwrap();
        assert_eq!(scaler, Scaler::uniform(0.0, 1.0 / 255.0));
        let scaler = fit(&mut raw, &split(&[0]), Scaling::Standardise).unwrap();
        assert_eq!(scaler.offsets, [1.0, 20.0, 7.0]);
        assert_eq!(scaler.factors, [1.0, 0.1, 1.0]);
        raw.rows = Rows::F32(vec![-1.0, 0.0, 1.0, 3.0, 0.0, 0.0]);
        raw.type_max = None;
        let scaler = fit(&mut raw, &split(&[0]), Scaling::UnitRange).unwrap();
        assert_eq!(scaler, Scaler::uniform(-1.0, 0.25));
    }

    #[test]
    fn robust_scaling_is_that_of_scikit_learn() {
        // sklearn.preprocessing.RobustScaler().fit(x): center_ and scale_ of the first two columns;
        // those for a constant column and one with equal quartiles are our own.
        let mut raw = table(
            4,
            &[
                1.0, 10.0, 7.0, 0.0, 2.0, 20.0, 7.0, 0.0, 3.0, 40.0, 7.0, 0.0, 4.0, 80.0, 7.0, 0.0, 1000.0,
                160.0, 7.0, 0.0, 6.0, 320.0, 7.0, 6.0,
            ],
        );
        let scaler = fit(&mut raw, &split(&[0, 1, 2, 3, 4, 5]), Scaling::Robust).unwrap();
        assert_eq!(scaler.offsets, [3.5, 60.0, 7.0, 0.0]);
        // 1 / 3.25, 1 / 115, 1, 1 / sqrt(5).
        assert_eq!(scaler.factors, [1.0 / 3.25, 0.008_695_652, 1.0, 0.447_213_6]);
        let shape = Shape::Image { height: 1, width: 2, channels: 2 };
        let mut raw = Raw::new("p", shape, Rows::U16(vec![0, 100, 2, 100, 4, 300, 60_000, 500]));
        let scaler = fit(&mut raw, &split(&[0, 1]), Scaling::Robust).unwrap();
        // numpy.quantile([0, 2, 4, 60000], [.25, .5, .75]) is 1.5, 3, 15003; of [100, 100, 300,
        // 500] 100, 200, 350.
        assert_eq!((scaler.offsets, scaler.factors), (vec![3.0, 200.0], vec![1.0 / 15_001.5, 0.004]));
    }

    #[test]
    fn alpha_has_the_range_of_its_type() {
        let shape = Shape::Image { height: 1, width: 2, channels: 2 };
        let mut raw = Raw::new("p", shape, Rows::U16(vec![100, 65_535, 356, 0]));
        raw.has_alpha = true;
        let scaler = fit(&mut raw, &split(&[0]), Scaling::UnitRange).unwrap();
        assert_eq!(scaler.offsets, [100.0, 0.0]);
        assert_eq!(scaler.factors, [1.0 / 256.0, unit_factor(0.0, 65_535.0)]);
    }

    #[test]
    fn no_rounding_lifts_the_largest_value_above_one() {
        for at in 1..100_000 {
            let (min, max) = (0.1 * at as f32, 0.1 * at as f32 + 1e-3 * (at % 977 + 1) as f32);
            let scaled = (max - min) * unit_factor(min, max);
            assert!(scaled <= 1.0 && scaled > 0.999_99, "{min} {max} {scaled}");
        }
    }

    #[test]
    fn a_range_beyond_f32_is_refused_by_name() {
        let mut raw = table(1, &[-3e38, 3e38]);
        for (scaling, refused) in [(Scaling::UnitRange, true), (Scaling::None, false)] {
            let result = fit(&mut raw, &split(&[0, 1]), scaling);
            assert_eq!(result.is_err(), refused);
            if let Err(error) = result {
                assert!(error.to_string().contains("values of f0 span"), "{error}");
            }
        }
    }

    #[test]
    fn gaps_are_filled_with_the_training_mean_or_with_known_ones() {
        let gap = f32::NAN;
        let check = |known: Option<&[f32]>, means: [f32; 3], rows: [f32; 9], warnings: &[&str]| {
            let mut raw = table(3, &[1.0, gap, gap, 3.0, gap, gap, gap, 5.0, gap]);
            (raw.has_gaps, raw.is_table) = (true, true);
            let gaps = fill_gaps(&mut raw, &split(&[0, 1]), known);
            assert_eq!((&gaps.means[..], gaps.filled), (&means[..], 6));
            let filled: Vec<usize> = (0..200).filter(|at| gaps.is_filled(*at)).collect();
            assert_eq!(filled, [1, 2, 4, 5, 6, 8]);
            assert_eq!(raw.rows, Rows::F32(rows.to_vec()));
            assert_eq!(raw.warnings.len(), warnings.len(), "{:?}", raw.warnings);
            for (warning, part) in raw.warnings.iter().zip(warnings) {
                assert!(warning.contains(part), "{warning}");
            }
        };
        let own = ["\"f2\" has no value", "6 missing values in 3 columns were filled with the column mean"];
        check(None, [2.0, 5.0, 0.0], [1.0, 5.0, 0.0, 3.0, 5.0, 0.0, 2.0, 5.0, 0.0], &own);
        check(Some(&[9.0]), [2.0, 5.0, 0.0], [1.0, 5.0, 0.0, 3.0, 5.0, 0.0, 2.0, 5.0, 0.0], &own);
        let known = [7.0, 8.0, 9.0];
        let rows = [1.0, 8.0, 9.0, 3.0, 8.0, 9.0, 7.0, 5.0, 9.0];
        check(Some(&known), known, rows, &["the column's mean in the training data"]);
    }

    #[test]
    fn what_is_counted_for_each_column_is_released() {
        let progress = Progress::with_budget(10_000);
        let mut raw = table(3, &[1.0, f32::NAN, f32::NAN, 3.0, f32::NAN, 5.0]);
        (raw.has_gaps, raw.is_table) = (true, true);
        let gaps = super::fill_gaps(&mut raw, &split(&[0]), None, &progress).unwrap();
        for scaling in [Scaling::UnitRange, Scaling::Standardise, Scaling::Robust] {
            super::fit(&mut raw, &split(&[0]), scaling, &progress).unwrap();
        }
        assert_eq!((gaps.filled, progress.budget().free()), (3, 10_000 - 8), "the bits of the gaps stay");
        let scarce = super::fit(&mut raw, &split(&[0]), Scaling::UnitRange, &Progress::with_budget(50));
        assert!(matches!(scarce, Err(DataError::Memory { .. })), "{scarce:?}");
    }

    #[test]
    fn a_whole_table_has_means_for_others() {
        let mut raw = table(2, &[1.0, 2.0, 3.0, 4.0, 100.0, 100.0]);
        raw.is_table = true;
        let gaps = fill_gaps(&mut raw, &split(&[0, 1]), None);
        assert_eq!(gaps, Gaps { means: vec![2.0, 3.0], ..Gaps::default() });
        raw.is_table = false;
        assert_eq!(fill_gaps(&mut raw, &split(&[0, 1]), None), Gaps::default());
    }
}
