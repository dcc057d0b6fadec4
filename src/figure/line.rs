/// Number of points of the shortest stretch whose extremes are stored.
const STRETCH: usize = 16;

/// A curve, ascending in x, that is appended to. It stores the lowest and the highest point of
/// stretches of 16, 32, 64 … points, so that a million points are drawn as fast as a thousand.
#[derive(Clone, Debug, Default)]
pub struct Line {
    points: Vec<[f64; 2]>,
    /// For each length of stretches, indices of the lowest and the highest point of every complete
    /// stretch.
    levels: Vec<Vec<Ends>>,
    /// Lowest and highest finite value.
    range: Option<[f64; 2]>,
    /// Lowest value above 0.
    lowest_positive: Option<f64>,
}

/// Positions of the lowest and the highest number; `None` for a stretch without numbers.
type Ends = Option<[u32; 2]>;

impl Line {
    /// Its points.
    pub fn points(&self) -> &[[f64; 2]] {
        &self.points
    }

    /// Whether it has no points.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The first point.
    pub fn first(&self) -> Option<&[f64; 2]> {
        self.points.first()
    }

    /// The last point.
    pub fn last(&self) -> Option<&[f64; 2]> {
        self.points.last()
    }

    /// The lowest and the highest finite value; only of those above 0 for a logarithmic axis.
    pub fn range(&self, log: bool) -> Option<[f64; 2]> {
        let [low, high] = self.range?;
        if log { self.lowest_positive.map(|low| [low, high]) } else { Some([low, high]) }
    }

    /// The value at x, if there is one.
    pub fn at(&self, x: f64) -> Option<f64> {
        let index = self.points.partition_point(|point| point[0] < x);
        self.points.get(index).filter(|point| point[0] == x).map(|point| point[1])
    }

    /// Adds a point at its end.
    pub fn push(&mut self, point: [f64; 2]) {
        self.points.push(point);
        let y = point[1];
        if y.is_finite() {
            let [low, high] = self.range.unwrap_or([y, y]);
            self.range = Some([low.min(y), high.max(y)]);
            if y > 0.0 {
                self.lowest_positive = Some(self.lowest_positive.map_or(y, |low| low.min(y)));
            }
        }
        let (mut level, mut length) = (0, STRETCH);
        while self.points.len().is_multiple_of(length) {
            let ends = if level == 0 {
                ends(&self.points, self.points.len() - length..self.points.len())
            } else {
                let halves = self.levels.get(level - 1).and_then(|below| below.last_chunk::<2>());
                halves.and_then(|&[first, second]| self.joined(first, second))
            };
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            if let Some(stretches) = self.levels.get_mut(level) {
                stretches.push(ends);
            }
            (level, length) = (level + 1, 2 * length);
        }
    }

    /// The part in a range, thinned out as by [`decimate`].
    pub fn decimated(&self, range: [f64; 2], buckets: usize) -> Vec<[f64; 2]> {
        thinned(&self.points, &self.levels, range, buckets)
    }

    /// The extremes of two stretches together.
    fn joined(&self, first: Ends, second: Ends) -> Ends {
        let (Some(first), Some(second)) = (first, second) else { return first.or(second) };
        let y = |at: u32| self.points.get(at as usize).map_or(f64::NAN, |point| point[1]);
        let low = if y(second[0]) < y(first[0]) { second[0] } else { first[0] };
        let high = if y(second[1]) > y(first[1]) { second[1] } else { first[1] };
        Some([low, high])
    }
}

/// The part of a curve, ascending in x, that is in `[from, to]`, with one point beyond either end.
/// If it has more than two points per bucket, it is divided into one to two stretches per bucket,
/// and only the lowest and the highest point of each are kept, so that no spike is lost. A stretch
/// without numbers remains a gap.
pub fn decimate(points: &[[f64; 2]], range: [f64; 2], buckets: usize) -> Vec<[f64; 2]> {
    thinned(points, &[], range, buckets)
}

/// Thins out a curve with the known levels.
fn thinned(points: &[[f64; 2]], levels: &[Vec<Ends>], [from, to]: [f64; 2], buckets: usize) -> Vec<[f64; 2]> {
    let first = points.partition_point(|point| point[0] < from).saturating_sub(1);
    let last = (points.partition_point(|point| point[0] <= to) + 1).min(points.len());
    let seen = first.min(last)..last;
    let buckets = buckets.max(1);
    if seen.len() <= 2 * buckets {
        return points.get(seen).unwrap_or_default().to_vec();
    }
    let length = seen.len().div_ceil(2 * buckets).next_power_of_two();
    let mut kept = Vec::with_capacity(4 * buckets + 4);
    let mut start = seen.start;
    while start < seen.end {
        let end = ((start / length + 1) * length).min(seen.end);
        let full = (length >= STRETCH && end - start == length)
            .then(|| levels.get((length / STRETCH).ilog2() as usize)?.get(start / length))
            .flatten();
        match full.copied().unwrap_or_else(|| ends(points, start..end)) {
            Some([low, high]) => {
                let places = [low.min(high), low.max(high)];
                let count = if low == high { 1 } else { 2 };
                kept.extend(places.iter().take(count).filter_map(|at| points.get(*at as usize)));
            }
            None => kept.extend(points.get(start)),
        }
        start = end;
    }
    kept
}

/// The extremes of a stretch, from all its points.
fn ends(points: &[[f64; 2]], stretch: std::ops::Range<usize>) -> Ends {
    let y = |at: &u32| points.get(*at as usize).map_or(f64::NAN, |point| point[1]);
    let finite = || (stretch.start as u32..stretch.end as u32).filter(|at| y(at).is_finite());
    let low = finite().min_by(|a, b| y(a).total_cmp(&y(b)))?;
    let high = finite().max_by(|a, b| y(a).total_cmp(&y(b)))?;
    Some([low, high])
}

impl FromIterator<[f64; 2]> for Line {
    fn from_iter<I: IntoIterator<Item = [f64; 2]>>(points: I) -> Line {
        let mut line = Line::default();
        points.into_iter().for_each(|point| line.push(point));
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(values: impl IntoIterator<Item = f64>) -> Line {
        values.into_iter().enumerate().map(|(x, y)| [x as f64, y]).collect()
    }

    #[test]
    fn a_long_line_keeps_every_spike_at_any_zoom() {
        let len = 100_000;
        let mut values: Vec<f64> = (0..len).map(|x| 1.0 + f64::from(x as u32 % 7)).collect();
        (values[7_777], values[99_999], values[50_000]) = (99.0, -99.0, f64::NAN);
        let line = line(values);
        for (from, to, buckets) in
            [(0.0, 1e5, 300), (7_000.0, 9e4, 100), (7_700.0, 7_800.0, 10), (-5.0, 1e9, 1)]
        {
            let kept = line.decimated([from, to], buckets);
            assert!(kept.len() <= 4 * buckets + 8, "{} of {buckets}", kept.len());
            assert!(kept.windows(2).all(|pair| pair[0][0] < pair[1][0]));
            assert!(kept.contains(&[7_777.0, 99.0]), "{from} {to}");
            assert_eq!(kept.contains(&[99_999.0, -99.0]), to > 99_998.0, "{from} {to}");
            // The cache changes the time, not the result.
            assert_eq!(decimate(line.points(), [from, to], buckets).len(), kept.len());
        }
        assert_eq!(line.range(false), Some([-99.0, 99.0]));
        assert_eq!(line.range(true), Some([1.0, 99.0]));
    }

    #[test]
    fn what_is_remembered_is_what_every_point_says() {
        let values =
            (0..5_000_u32).map(|x| if x % 1500 < 40 { f64::NAN } else { f64::from(x * 7919 % 1009) });
        let line = line(values);
        for (level, stretches) in line.levels.iter().enumerate() {
            let length = STRETCH << level;
            assert_eq!(stretches.len(), 5_000 / length);
            for (index, ends) in stretches.iter().enumerate() {
                let y = |ends: Ends| ends.map(|ends| ends.map(|at| line.points[at as usize][1]));
                let stretch = index * length..(index + 1) * length;
                assert_eq!(y(*ends), y(super::ends(&line.points, stretch)));
            }
        }
    }

    #[test]
    fn short_lines_stay_and_gaps_stay_gaps() {
        let short = line([1.0, 2.0, 3.0]);
        assert_eq!(short.decimated([0.0, 2.0], 100), short.points());
        assert!(decimate(&[], [0.0, 1.0], 10).is_empty());
        assert!(decimate(short.points(), [5.0, 4.0], 10).len() <= 3);
        assert_eq!((short.at(1.0), short.at(1.5), Line::default().at(0.0)), (Some(2.0), None, None));
        let gap = line([f64::NAN; 1000]).decimated([0.0, 1000.0], 10);
        assert!(!gap.is_empty() && gap.iter().all(|point| point[1].is_nan()));
        assert_eq!(line([f64::NAN, -1.0]).range(true), None);
    }

    #[test]
    fn only_the_visible_part_is_kept() {
        let kept = line((0..1000).map(f64::from)).decimated([100.0, 110.0], 100);
        assert_eq!((kept[0][0], kept[kept.len() - 1][0]), (99.0, 111.0));
    }
}
