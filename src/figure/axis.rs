use super::ticks::{Tick, linear_ticks, log_ticks, ticks_across, whole};

/// One axis of a plot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// The quantity, with its unit.
    pub label: String,
    /// Its ends, as decimal logarithms if it is logarithmic.
    pub range: [f64; 2],
    /// Whether it is logarithmic.
    pub is_log: bool,
    /// Whether only whole numbers have ticks.
    pub is_whole: bool,
    /// Names at 0, 1, 2 … instead of numbers.
    pub names: Vec<String>,
}

impl Axis {
    /// A linear axis.
    pub fn new(label: impl Into<String>, range: [f64; 2]) -> Axis {
        Axis { label: label.into(), range, ..Axis::default() }
    }

    /// The ends, or [0, 1] if they are not a valid range.
    pub(super) fn ends(&self) -> [f64; 2] {
        let [low, high] = self.range;
        let is_valid = low.is_finite() && high.is_finite() && high > low && (high - low).is_finite();
        if is_valid { self.range } else { [0.0, 1.0] }
    }

    /// A value in units of the axis; NaN if a logarithmic axis cannot represent it.
    pub fn place(&self, value: f64) -> f64 {
        match self.is_log {
            true if value > 0.0 => value.log10(),
            true => f64::NAN,
            false => value,
        }
    }

    /// Its ticks for a height of this many points.
    pub(super) fn up(&self, height: f32) -> Vec<Tick> {
        if !self.names.is_empty() {
            let every = self.names.len().div_ceil((height / 15.0).max(1.0) as usize).max(1);
            let ticks = self.names.iter().enumerate().step_by(every);
            let ticks = ticks.map(|(at, name)| Tick { at: at as f64, label: name.clone() });
            let [low, high] = self.ends();
            return ticks.filter(|tick| (low..=high).contains(&tick.at)).collect();
        }
        let room = (height / 34.0).max(0.0) as usize;
        if self.is_log { log_ticks(self.ends(), room) } else { linear_ticks(self.ends(), room) }
    }

    /// Its ticks for a width of this many points; labels extend at most `beyond` its end.
    pub(super) fn across(&self, width: f32, beyond: f32, text_width: impl Fn(&Tick) -> f32) -> Vec<Tick> {
        if !self.names.is_empty() {
            // Names are at the positions of their items.
            return Vec::new();
        }
        let mut ticks = ticks_across(self.ends(), width, beyond, text_width);
        if self.is_whole {
            whole(&mut ticks);
        }
        ticks
    }
}
