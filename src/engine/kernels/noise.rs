//! Corruption of inputs, a pure function of (seed, epoch, sample, feature).

use std::cell::RefCell;

use super::math::{cos_2pi, ln, vectorised};
use crate::dataset::random::Stream;
use crate::project::{Corruption, Shape};

mod picture;

use picture::Picture;

thread_local! {
    /// Memory for a blur's passes, reused by each thread.
    static SCRATCH: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Corrupts one sample of `shape`. `range` holds the smallest and largest value of the scaled data.
/// Corruptions of pixels and their neighbours leave samples that are not pictures unchanged
/// (`check` refuses them).
pub fn corrupt(
    corruption: Corruption,
    shape: Shape,
    range: (f32, f32),
    stream: Stream,
    clean: &[f32],
    out: &mut [f32],
) {
    match corruption {
        Corruption::None => out.copy_from_slice(clean),
        Corruption::Gaussian { std } => each(
            clean,
            out,
            #[inline(always)]
            |feature, x| x + std * normal(stream, feature),
        ),
        Corruption::Masking { probability } => {
            each(
                clean,
                out,
                #[inline(always)]
                |feature, x| if stream.uniform(feature) < probability { 0.0 } else { x },
            );
        }
        Corruption::SaltAndPepper { probability } => each(
            clean,
            out,
            #[inline(always)]
            |feature, x| {
                // One number decides both: whether the feature is hit, and to which extreme it is
                // set.
                let u = stream.uniform(feature);
                let hit = if u < 0.5 * probability { range.0 } else { range.1 };
                if u < probability { hit } else { x }
            },
        ),
        Corruption::Pixelate { .. } | Corruption::Blur { .. } | Corruption::MissingRectangle { .. } => {
            out.copy_from_slice(clean);
            if let (true, Some(picture)) = (corruption.corrupts(), Picture::new(shape, clean)) {
                corrupt_picture(corruption, picture, range.0, stream, out);
            }
        }
    }
}

/// Corruptions of pixels and their neighbours; `out` holds the clean sample.
fn corrupt_picture(
    corruption: Corruption,
    picture: Picture<'_>,
    least: f32,
    stream: Stream,
    out: &mut [f32],
) {
    match corruption {
        Corruption::Pixelate { size } => picture.pixelate(size, out),
        Corruption::Blur { std } => SCRATCH.with_borrow_mut(|scratch| picture.blur(std, scratch, out)),
        Corruption::MissingRectangle { side } => picture.cut(side, least, stream, out),
        Corruption::None
        | Corruption::Gaussian { .. }
        | Corruption::Masking { .. }
        | Corruption::SaltAndPepper { .. } => {}
    }
}

/// [`Stream::normal`] with functions that vectorise.
#[inline(always)]
pub(super) fn normal(stream: Stream, position: u64) -> f32 {
    let bits = stream.bits(position);
    let scale = 1.0 / (1 << 24) as f32;
    let radius = ((bits >> 40) + 1) as u32 as f32 * scale;
    let angle = (bits & 0xFF_FFFF) as u32 as f32 * scale;
    (-2.0 * ln(radius)).max(0.0).sqrt() * cos_2pi(angle)
}

fn each(clean: &[f32], out: &mut [f32], value: impl Fn(u64, f32) -> f32) {
    vectorised(
        #[inline(always)]
        || {
            for (feature, (out, &x)) in out.iter_mut().zip(clean).enumerate() {
                *out = value(feature as u64, x);
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::random::Purpose;

    #[test]
    fn normals_equal_the_slow_ones() {
        let stream = Stream::new(1, Purpose::Corruption, 2, 3);
        for position in 0..20_000 {
            let (fast, slow) = (normal(stream, position), stream.normal(position));
            assert!((fast - slow).abs() < 1e-4, "{position}: {fast} {slow}");
        }
    }

    #[test]
    fn corruptions_have_their_rates() {
        let n = 100_000;
        let clean = vec![0.5; n];
        let mut out = vec![0.0; n];
        let stream = Stream::new(1, Purpose::Corruption, 1, 1);
        let mut run = |corruption| {
            corrupt(corruption, Shape::Vector(n), (0.0, 1.0), stream, &clean, &mut out);
            let share = |wanted: f32| out.iter().filter(|&&x| x == wanted).count() as f64 / n as f64;
            let deviation = (out.iter().map(|x| f64::from(x - 0.5).powi(2)).sum::<f64>() / n as f64).sqrt();
            (share(0.0), share(1.0), share(0.5), deviation)
        };
        // Five standard errors of a proportion near 0.3 are 0.0073.
        let (zero, _, same, _) = run(Corruption::Masking { probability: 0.3 });
        assert!((zero - 0.3).abs() < 0.0073 && (same - 0.7).abs() < 0.0073);
        let (zero, one, same, _) = run(Corruption::SaltAndPepper { probability: 0.2 });
        assert!((zero - 0.1).abs() < 0.005 && (one - 0.1).abs() < 0.005 && (same - 0.8).abs() < 0.0064);
        let (.., deviation) = run(Corruption::Gaussian { std: 0.3 });
        assert!((deviation - 0.3).abs() < 0.0034, "{deviation}");
        assert_eq!(run(Corruption::None).2, 1.0);
    }
}
