//! Which values of pixels become black and white, and doubts about them.

use super::tally::Tally;
use crate::dataset::picture::{DecodeOptions, Depth, Sample};
use crate::dataset::progress::CancelTimer;
use crate::dataset::settled::white_of;
use crate::dataset::{DataError, Doubt, Known, Progress, Rows, memory};
use crate::project::{Choice, PixelRange, Rules, format_value};

/// Number of values that determine the percentiles.
const SAMPLES: usize = 1 << 22;
/// The range of the type is doubtful if the values use less than this part of it.
const LEAST_SHARE: f32 = 0.25;
/// The data's range is doubtful if all but 2 in 1000 values use less than this part of it.
const OUTLYING: f32 = 0.1;

/// The range, and messages about it.
pub(super) struct Range {
    /// The largest value of the type, if the type's range is used.
    pub type_max: Option<f32>,
    /// The values below and above which pixels were clipped.
    pub limits: Option<[f32; 2]>,
    /// A short text for the statement, if there is something to say.
    pub understood: Option<String>,
    pub doubts: Vec<Doubt>,
}

/// Determines the range. If chosen, scales each picture to its own range, or clips to percentiles:
/// those of the training data if `known`, else of the rows in `train` if given, else of all.
pub(super) fn determine(
    rows: &mut Rows,
    wanted: PixelRange,
    options: DecodeOptions,
    (tally, train): (&Tally, Option<&[u32]>),
    known: Option<Known<'_>>,
    progress: &Progress,
) -> Result<Range, DataError> {
    let depth = Depth::of(rows);
    let is_deep = depth != Depth::Byte && options.rules == Rules::Current;
    let wanted = match wanted {
        PixelRange::Auto if is_deep => PixelRange::Data,
        PixelRange::Auto => PixelRange::Type,
        chosen
        @ (PixelRange::Type | PixelRange::Data | PixelRange::EachPicture | PixelRange::Percentiles) => chosen,
    };
    let white = tally.white();
    let bits = match (depth, white) {
        (Depth::Byte, None) => "8 bits".to_owned(),
        (Depth::Byte, Some(white)) => bits_of(white, 8),
        (Depth::Word, None) => "16 bits".to_owned(),
        (Depth::Word, Some(white)) => bits_of(white, 16),
        (Depth::Float, _) if tally.depths[Depth::Float as usize] > 0 => "32-bit numbers".to_owned(),
        (Depth::Float, _) => "numbers".to_owned(),
    };
    let mut range = Range { type_max: None, limits: None, understood: None, doubts: Vec::new() };
    // Alpha is not a colour, and has the range of its type.
    let seen = if options.reads_alpha() && options.rules == Rules::Current {
        Seen { channels: options.channels(), colours: options.wanted.channels.count() }
    } else {
        Seen { channels: 1, colours: 1 }
    };
    let (low, high) = least_and_most(rows, seen, progress)?;
    let values = format!("{bits} (values {} to {})", short(low), short(high));
    let type_max = match depth {
        Depth::Byte | Depth::Word => Some(white_of(depth, white)),
        // Floats have no range of their own except the usual one.
        Depth::Float => (low >= 0.0 && high <= 1.0).then_some(1.0),
    };
    match wanted {
        PixelRange::Auto | PixelRange::Type => {
            range.type_max = type_max;
            range.understood = match (depth, type_max) {
                (Depth::Byte, _) if white.is_none() => None,
                (Depth::Byte | Depth::Word | Depth::Float, Some(_)) => Some(format!("{values}; range: type")),
                (Depth::Byte | Depth::Word | Depth::Float, None) => {
                    Some(format!("{values}; range: data, the only choice for such numbers"))
                }
            };
            if let Some(most) = type_max.filter(|most| high < LEAST_SHARE * most && low < high) {
                range.doubts.push(Doubt {
                    message: format!(
                        "the pixel values range from {low} to {high}, a small part of the range 0 to {most} \
                         of their type: the pictures are dark"
                    ),
                    remedies: vec![Choice::Range(PixelRange::Data)],
                });
            }
        }
        PixelRange::Data => {
            let whose = if known.is_some() { "training data" } else { "data" };
            range.understood = Some(format!("{values}; range: {whose}"));
            if depth != Depth::Byte {
                let (few, most) = percentiles(rows, None, options.features(), seen, progress)?;
                if most - few < OUTLYING * (high - low) && few < most {
                    range.doubts.push(Doubt {
                        message: format!(
                            "the pixel values range from {} to {}, but almost all lie from {} to {}: a few \
                             stretch the range",
                            short(low),
                            short(high),
                            short(few),
                            short(most)
                        ),
                        remedies: vec![Choice::Range(PixelRange::Percentiles)],
                    });
                }
            }
        }
        PixelRange::Percentiles => {
            let of_training = known.and_then(|known| known.settled.limits_of(known.depth, white, rows));
            let (few, most) = match of_training {
                Some([few, most]) => (few, most),
                None => percentiles(rows, train, options.features(), seen, progress)?,
            };
            range.limits = Some([few, most]);
            match rows {
                Rows::U8(rows) => cut(rows, few as u8, most as u8, seen, progress)?,
                Rows::U16(rows) => cut(rows, few as u16, most as u16, seen, progress)?,
                Rows::F32(rows) => cut(rows, few, most, seen, progress)?,
            }
            let whose = match (of_training, train) {
                (Some(_), _) => " of the training data",
                (None, Some(_)) => " of the training split",
                (None, None) => "",
            };
            let limits = format!("{} to {}", short(few), short(most));
            range.understood = Some(format!("{values}; range: percentiles{whose} ({limits})"));
        }
        PixelRange::EachPicture => {
            match rows {
                Rows::U8(rows) => spread(rows, options, progress)?,
                Rows::U16(rows) => spread(rows, options, progress)?,
                Rows::F32(rows) => spread(rows, options, progress)?,
            }
            range.type_max = Some(white_of(depth, None));
            range.understood = Some(format!("{values}; range: each picture's own"));
        }
    }
    if known.is_some() {
        // A trained network has its own range.
        range.doubts.clear();
    }
    Ok(range)
}

/// `10 bits (0 to 1023) in 16`: the number of bits used by values up to `white`, and that of their
/// type.
fn bits_of(white: u16, all: u32) -> String {
    let bits = u16::BITS - white.leading_zeros();
    format!("{bits} bit{} (0 to {white}) in {all}", if bits == 1 { "" } else { "s" })
}

/// A number with a readable number of digits.
pub(super) fn short(value: f32) -> String {
    format_value(f64::from(value))
}

/// The values of each pixel that are examined.
#[derive(Clone, Copy)]
struct Seen {
    channels: usize,
    colours: usize,
}

impl Seen {
    fn of<T: Copy>(self, values: &[T]) -> impl Iterator<Item = T> {
        values.chunks_exact(self.channels).flat_map(move |pixel| &pixel[..self.colours]).copied()
    }
}

/// The smallest and the largest value.
fn least_and_most(rows: &Rows, seen: Seen, progress: &Progress) -> Result<(f32, f32), DataError> {
    fn of<T: Sample>(values: &[T], seen: Seen, progress: &Progress) -> Result<(f32, f32), DataError> {
        let Some(&first) = values.first() else { return Ok((0.0, 0.0)) };
        let (mut low, mut high, mut cancel_timer) = (first, first, CancelTimer::new(progress));
        // Whole pixels, with 1 to 4 channels.
        for values in values.chunks(seen.channels << 12) {
            cancel_timer.tick(values.len())?;
            let mut around = |value: T| {
                low = if value < low { value } else { low };
                high = if value > high { value } else { high };
            };
            // Consecutive values are compared many at a time.
            if seen.colours == seen.channels {
                values.iter().copied().for_each(&mut around);
            } else {
                seen.of(values).for_each(&mut around);
            }
        }
        Ok((low.number() as f32, high.number() as f32))
    }
    match rows {
        Rows::U8(values) => of(values, seen, progress),
        Rows::U16(values) => of(values, seen, progress),
        Rows::F32(values) => of(values, seen, progress),
    }
}

/// The values that 1 in 1000 are below and above, for all rows or for some; for very many values,
/// estimated from a sample.
fn percentiles(
    rows: &Rows,
    some: Option<&[u32]>,
    features: usize,
    seen: Seen,
    progress: &Progress,
) -> Result<(f32, f32), DataError> {
    fn count<T: Copy + Into<usize>>(
        values: &[T],
        starts: impl Iterator<Item = usize>,
        (features, seen): (usize, Seen),
        counts: &mut [u64],
        progress: &Progress,
    ) -> Result<(), DataError> {
        let mut cancel_timer = CancelTimer::new(progress);
        for start in starts {
            cancel_timer.tick(features)?;
            seen.of(&values[start..start + features]).for_each(|value| counts[value.into()] += 1);
        }
        Ok(())
    }
    let by_count = |counts: &[u64]| {
        let share = counts.iter().sum::<u64>() / 1000;
        let at = |mut values: Box<dyn Iterator<Item = usize> + '_>| {
            let mut before = 0;
            let is_reached = |&value: &usize| {
                before += counts[value];
                before > share
            };
            values.find(is_reached).unwrap_or(0) as f32
        };
        (at(Box::new(0..counts.len())), at(Box::new((0..counts.len()).rev())))
    };
    let rows_seen = some.map_or(rows.len() / features, <[u32]>::len);
    let start = |at: usize| features * some.map_or(at, |some| some[at] as usize);
    let starts = (0..rows_seen).map(start);
    match rows {
        Rows::U8(values) => {
            let mut counts = vec![0; 1 << 8];
            count(values, starts, (features, seen), &mut counts, progress)?;
            Ok(by_count(&counts))
        }
        Rows::U16(values) => {
            let mut counts = vec![0; 1 << 16];
            count(values, starts, (features, seen), &mut counts, progress)?;
            Ok(by_count(&counts))
        }
        Rows::F32(values) => {
            let all = rows_seen * features;
            // An odd stride, so that it does not hit the same columns of every picture.
            let stride = all.div_ceil(SAMPLES).max(1) | 1;
            let _reservation = progress.budget().charge_scoped(memory::bytes_of::<f32>(all / stride + 1))?;
            let mut some: Vec<f32> = (0..all)
                .step_by(stride)
                .filter(|at| at % seen.channels < seen.colours)
                .map(|at| values[start(at / features) + at % features])
                .collect();
            progress.check()?;
            let (share, last) = (some.len() / 1000, some.len().saturating_sub(1));
            if some.is_empty() {
                return Ok((0.0, 0.0));
            }
            let few = *some.select_nth_unstable_by(share, f32::total_cmp).1;
            let most = *some.select_nth_unstable_by(last - share, f32::total_cmp).1;
            Ok((few, most))
        }
    }
}

/// Clips values beyond the limits.
fn cut<T: Sample>(
    values: &mut [T],
    low: T,
    high: T,
    seen: Seen,
    progress: &Progress,
) -> Result<(), DataError> {
    let mut cancel_timer = CancelTimer::new(progress);
    for value in values.chunks_exact_mut(seen.channels).flat_map(|pixel| &mut pixel[..seen.colours]) {
        cancel_timer.tick(1)?;
        if *value < low {
            *value = low;
        } else if *value > high {
            *value = high;
        }
    }
    Ok(())
}

/// Scales each picture from its own range to that of the type; alpha is unchanged.
fn spread<T: Sample>(values: &mut [T], options: DecodeOptions, progress: &Progress) -> Result<(), DataError> {
    let mut cancel_timer = CancelTimer::new(progress);
    let (channels, colours) = (options.channels(), options.wanted.channels.count());
    let skip = usize::from(options.reads_alpha());
    for row in values.chunks_exact_mut(options.features()) {
        cancel_timer.tick(row.len())?;
        let seen = || row.chunks_exact(channels).flat_map(|pixel| &pixel[..channels - skip]).copied();
        let low = seen().map(T::number).fold(f64::INFINITY, f64::min);
        let high = seen().map(T::number).fold(f64::NEG_INFINITY, f64::max);
        for value in row.chunks_exact_mut(channels).flat_map(|pixel| &mut pixel[..colours]) {
            let fraction = if low < high { (value.number() - low) / (high - low) } else { 0.0 };
            *value = T::of_fraction(fraction);
        }
    }
    Ok(())
}

/// Number of pictures with a single colour, and the first of them; and whether all pictures are
/// equal.
pub(super) fn sameness(
    rows: &Rows,
    options: DecodeOptions,
    progress: &Progress,
) -> Result<(usize, Option<usize>, bool), DataError> {
    fn of<T: Sample>(
        values: &[T],
        options: DecodeOptions,
        progress: &Progress,
    ) -> Result<(usize, Option<usize>, bool), DataError> {
        let (features, channels) = (options.features(), options.channels());
        let (mut plain, mut first, mut cancel_timer) = (0, None, CancelTimer::new(progress));
        let mut are_same = values.len() > features;
        for (at, row) in values.chunks_exact(features).enumerate() {
            // For most rows, the first pixels are enough.
            cancel_timer.tick(channels)?;
            if row[channels..].iter().zip(row).all(|(value, before)| value == before) {
                plain += 1;
                first = first.or(Some(at));
            }
            are_same = are_same && *row == values[..features];
        }
        Ok((plain, first, are_same))
    }
    match rows {
        Rows::U8(values) => of(values, options, progress),
        Rows::U16(values) => of(values, options, progress),
        Rows::F32(values) => of(values, options, progress),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::picture::TargetFormat;
    use crate::project::{Alpha, Channels, Fit};

    fn options(alpha: Alpha) -> DecodeOptions {
        let wanted = TargetFormat { width: 2, height: 1, channels: Channels::Grey, fit: Fit::Crop };
        DecodeOptions { wanted, alpha, rules: Rules::Current }
    }

    #[test]
    fn ranges_are_those_that_are_chosen() {
        let words = || Rows::U16(vec![10, 110, 0, 200]);
        let check = |wanted, rows: Rows, expected: Rows, type_max: Option<f32>, doubts: usize| {
            let mut rows = rows;
            let tally = Tally::default();
            let range = determine(
                &mut rows,
                wanted,
                options(Alpha::Black),
                (&tally, None),
                None,
                &Progress::default(),
            )
            .unwrap();
            assert_eq!(
                (rows, range.type_max, range.doubts.len()),
                (expected, type_max, doubts),
                "{wanted:?}"
            );
        };
        check(PixelRange::Auto, words(), words(), None, 0);
        check(PixelRange::Type, words(), words(), Some(65_535.0), 1);
        check(PixelRange::EachPicture, words(), Rows::U16(vec![0, 65_535, 0, 65_535]), Some(65_535.0), 0);
        let bytes = |high| Rows::U8(vec![0, 7, 3, high]);
        check(PixelRange::Auto, bytes(200), bytes(200), Some(255.0), 0);
        check(PixelRange::Auto, bytes(20), bytes(20), Some(255.0), 1);
        check(PixelRange::Data, bytes(20), bytes(20), None, 0);
        let numbers = Rows::F32(vec![-1.0, 3.0, 5.0, 5.0]);
        check(PixelRange::EachPicture, numbers, Rows::F32(vec![0.0, 1.0, 0.0, 0.0]), Some(1.0), 0);
        // 2 of 4000 values are outliers.
        let mut values: Vec<u16> = (0..4000).map(|at| 1000 + at % 100).collect();
        (values[5], values[6]) = (0, 60_000);
        let mut kept = values.clone();
        (kept[5], kept[6]) = (1000, 1099);
        check(PixelRange::Data, Rows::U16(values.clone()), Rows::U16(values.clone()), None, 1);
        check(PixelRange::Percentiles, Rows::U16(values), Rows::U16(kept), None, 0);
    }

    #[test]
    fn percentiles_are_those_of_the_rows_to_train_on() {
        // Pictures of 2 pixels, the second of which is not for training.
        let of = |train: Option<&[u32]>, rows: Rows| {
            percentiles(&rows, train, 2, Seen { channels: 1, colours: 1 }, &Progress::default()).unwrap()
        };
        for (train, expected) in [(None, (3.0, 90.0)), (Some(&[0, 2][..]), (3.0, 40.0))] {
            assert_eq!(of(train, Rows::U8(vec![3, 20, 50, 90, 40, 8])), expected);
            assert_eq!(of(train, Rows::U16(vec![3, 20, 50, 90, 40, 8])), expected);
            assert_eq!(of(train, Rows::F32(vec![3.0, 20.0, 50.0, 90.0, 40.0, 8.0])), expected);
        }
    }

    #[test]
    fn alpha_is_not_spread() {
        let mut rows = Rows::U8(vec![10, 255, 20, 100]);
        let options = options(Alpha::Keep);
        determine(
            &mut rows,
            PixelRange::EachPicture,
            options,
            (&Tally::default(), None),
            None,
            &Progress::default(),
        )
        .unwrap();
        assert_eq!(rows, Rows::U8(vec![0, 255, 255, 100]));
    }

    #[test]
    fn alpha_is_no_part_of_the_range() {
        let mut rows = Rows::U16(vec![100, 65_535, 300, 0]);
        let options = options(Alpha::Keep);
        let range = determine(
            &mut rows,
            PixelRange::Data,
            options,
            (&Tally::default(), None),
            None,
            &Progress::default(),
        )
        .unwrap();
        assert_eq!(range.understood.as_deref(), Some("16 bits (values 100 to 300); range: data"));
    }

    #[test]
    fn plain_and_equal_pictures_are_found() {
        let check = |values: &[u8], expected| {
            let rows = Rows::U8(values.to_vec());
            assert_eq!(sameness(&rows, options(Alpha::Black), &Progress::default()).unwrap(), expected);
        };
        check(&[1, 2, 3, 3], (1, Some(1), false));
        check(&[1, 2, 1, 2], (0, None, true));
        check(&[1, 2], (0, None, false));
    }
}
