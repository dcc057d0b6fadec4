use super::axis::Axis;
use super::canvas::{Align, Canvas, Frame, Pen, Type, fitted};
use super::chart::Chart;
use super::ink::Ink;

/// Bars of numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bars {
    /// The meaning of a bar: `unit`, `entry`, `value`.
    pub bar: String,
    /// The quantity shown by its height, with the unit.
    pub measure: String,
    /// The height of each bar.
    pub values: Vec<f32>,
    /// The colour of each bar; the last applies to all further bars.
    pub inks: Vec<Ink>,
    /// Names of the bars instead of their numbers counted from 1.
    pub names: Vec<String>,
    /// The first and the last edge of a histogram, whose bars divide the range between them
    /// equally.
    pub edges: Option<[f32; 2]>,
    /// The value at the top of the plot; the largest value by default.
    pub most: Option<f32>,
    /// A level to mark.
    pub level: Option<f32>,
}

/// Most bars with names.
const MOST_NAMES: usize = 24;

impl Bars {
    /// A histogram of counts in bins of equal width from −`reach` to `reach`, without the empty
    /// bins at both ends.
    pub fn histogram(bar: impl Into<String>, counts: &[u64], reach: f32) -> Bars {
        let first = counts.iter().position(|count| *count > 0).unwrap_or(0);
        let end = counts.iter().rposition(|count| *count > 0).map_or(counts.len(), |last| last + 1);
        let width = 2.0 * reach / counts.len().max(1) as f32;
        let edge = |bin: usize| -reach + width * bin as f32;
        Bars {
            bar: bar.into(),
            measure: "count".to_owned(),
            values: counts.get(first..end).unwrap_or_default().iter().map(|count| *count as f32).collect(),
            inks: vec![Ink::Encoder],
            edges: Some([edge(first), edge(end)]),
            ..Bars::default()
        }
    }

    /// The colour of a bar.
    pub fn ink(&self, bar: usize) -> Ink {
        self.inks.get(bar).or(self.inks.last()).copied().unwrap_or(Ink::Accent)
    }

    /// The value at the top of the plot.
    pub fn highest(&self) -> f32 {
        let finite = self.values.iter().copied().filter(|value| value.is_finite());
        self.most.unwrap_or_else(|| finite.fold(0.0, f32::max)).max(f32::MIN_POSITIVE)
    }

    /// Both ends of a bar on the horizontal axis.
    pub fn ends(&self, bar: usize) -> [f64; 2] {
        let count = self.values.len().max(1) as f64;
        match self.edges {
            Some([low, high]) => {
                let (low, width) = (f64::from(low), f64::from(high) - f64::from(low));
                [low + width * bar as f64 / count, low + width * (bar + 1) as f64 / count]
            }
            None => [bar as f64 + 0.5, bar as f64 + 1.5],
        }
    }

    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, frame: Frame) {
        let count = self.values.len();
        let range = [self.ends(0)[0], self.ends(count.saturating_sub(1))[1]];
        let x = Axis {
            is_whole: self.edges.is_none(),
            names: self.names.clone(),
            ..Axis::new(&*self.bar, range)
        };
        let y = Axis::new(&*self.measure, [0.0, f64::from(self.highest()) * 1.04]);
        let Some(chart) = Chart::draw(canvas, frame, &x, &y) else { return };
        let palette = canvas.palette;
        let base = chart.frame.bottom();
        for (bar, value) in self.values.iter().enumerate().filter(|(_, value)| **value > 0.0) {
            let [from, to] = self.ends(bar).map(|end| chart.at([end, 0.0])[0]);
            let gap = if to - from > 4.0 { 1.0 } else { 0.0 };
            // A bar above zero is always visible.
            let [_, top] = chart.at([0.0, f64::from(value.min(self.highest()))]);
            let height = (base - top).max(1.0);
            let own = Frame::new(from, base - height, (to - from - gap).max(0.5), height);
            canvas.rect(own, self.ink(bar).of(palette));
            if let Some(name) = self.names.get(bar).filter(|_| count <= MOST_NAMES) {
                let set = Type::new(11.0, palette.text).aligned(Align::Middle);
                let at = [0.5 * (from + to), base - height - 8.0];
                canvas.text(at, &fitted(name, 11.0, to - from), set);
            }
        }
        if let Some(level) = self.level.filter(|level| *level <= self.highest()) {
            let [_, at] = chart.at([0.0, f64::from(level)]);
            canvas.line([chart.frame.left, at], [chart.frame.right(), at], Pen::new(palette.faint, 1.0));
        }
        canvas.line([chart.frame.left, base], [chart.frame.right(), base], Pen::new(palette.line, 1.0));
    }
}
