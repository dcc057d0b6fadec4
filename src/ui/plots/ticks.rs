//! Where an axis is marked, and with which numbers.

/// One mark on an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where, in units of the axis (its decimal logarithm on a logarithmic one).
    pub at: f64,
    /// What is written there.
    pub label: String,
}

/// Round numbers (1, 2 or 5 times a power of ten apart) inside `[low, high]`, at most `most` of
/// them.
pub fn linear_ticks([low, high]: [f64; 2], most: usize) -> Vec<Tick> {
    let span = high - low;
    if !span.is_finite() || span <= 0.0 || most == 0 {
        return Vec::new();
    }
    let least = span / most as f64;
    let power = 10_f64.powf(least.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|step| *step >= least * 0.999_999);
    let step = step.unwrap_or(10.0 * power);
    let decimals = (-(step.log10() + 1e-9).floor()).max(0.0) as usize;
    let first = (low / step - 1e-9).ceil();
    (0..=most)
        .map(|index| (first + index as f64) * step)
        .take_while(|at| *at <= high + step * 1e-9)
        .map(|at| Tick { at, label: tick_label(at, step, decimals) })
        .collect()
}

/// Marks of a logarithmic axis whose ends are the decimal logarithms `[low, high]`: powers of ten,
/// with 2 and 5 or all digits between them where there is room; evenly round numbers where the axis
/// spans too little for that.
pub fn log_ticks([low, high]: [f64; 2], most: usize) -> Vec<Tick> {
    let span = high - low;
    if !span.is_finite() || span <= 0.0 || most == 0 || low < -300.0 || high > 300.0 {
        return Vec::new();
    }
    let decades = low.floor() as i32..=high.ceil() as i32;
    for (place, digits) in DIGITS.iter().enumerate() {
        let ticks: Vec<f64> = decades
            .clone()
            .flat_map(|decade| digits.iter().map(move |d| f64::from(decade) + f64::from(*d).log10()))
            .filter(|at| (low..=high).contains(at))
            .collect();
        if place == 0 && ticks.len() < 4 {
            let inside = linear_ticks([10_f64.powf(low), 10_f64.powf(high)], most);
            let inside = inside.into_iter().filter(|tick| tick.at > 0.0);
            return inside.map(|tick| Tick { at: tick.at.log10(), ..tick }).collect();
        }
        if ticks.len() <= most {
            return ticks.into_iter().map(log_tick).collect();
        }
    }
    let every = (decades.clone().count()).div_ceil(most).max(1);
    decades.map(f64::from).step_by(every).filter(|at| (low..=high).contains(at)).map(log_tick).collect()
}

/// Digits that are marked within a decade, by how much room there is.
const DIGITS: [&[i32]; 3] = [&[1, 2, 3, 4, 5, 6, 7, 8, 9], &[1, 2, 5], &[1]];

fn log_tick(at: f64) -> Tick {
    let value = 10_f64.powf(at);
    let decimals = (-(at + 1e-9).floor()).max(0.0) as usize;
    Tick { at, label: tick_label(value, value, decimals) }
}

fn tick_label(at: f64, step: f64, decimals: usize) -> String {
    let at = if at.abs() < step * 1e-6 { 0.0 } else { at };
    let text = if at != 0.0 && !(1e-4..1e6).contains(&step.max(at.abs())) {
        format!("{at:.0e}")
    } else {
        format!("{at:.decimals$}")
    };
    text.replace('-', "−").replace("e−", "e-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn linear_ticks_are_round() {
        assert_eq!(labels(&linear_ticks([0.0, 100.0], 5)), ["0", "20", "40", "60", "80", "100"]);
        assert_eq!(labels(&linear_ticks([0.31, 0.58], 4)), ["0.4", "0.5"]);
        assert_eq!(labels(&linear_ticks([-1.2, 1.1], 5)), ["−1.0", "−0.5", "0.0", "0.5", "1.0"]);
        for hopeless in [[0.0, 0.0], [1.0, 0.0], [f64::NAN, 1.0], [0.0, f64::INFINITY]] {
            assert!(linear_ticks(hopeless, 5).is_empty());
        }
    }

    #[test]
    fn log_ticks_fit_their_span() {
        assert_eq!(labels(&log_ticks([-2.0, 1.0], 5)), ["0.01", "0.1", "1", "10"]);
        assert_eq!(labels(&log_ticks([0.0, 1.0], 4)), ["1", "2", "5", "10"]);
        assert_eq!(labels(&log_ticks([0.28_f64.log10(), 0.42_f64.log10()], 4)), ["0.30", "0.35", "0.40"]);
        assert!(log_ticks([-250.0, 250.0], 6).len() <= 6);
        assert!(log_ticks([f64::NAN, 1.0], 6).is_empty());
    }

    #[test]
    fn there_are_never_too_many_ticks() {
        for most in 1..12 {
            for span in [0.001, 0.37, 1.0, 7.3, 1e5] {
                assert!(linear_ticks([0.17, 0.17 + span], most).len() <= most + 1);
                assert!(log_ticks([-0.4, -0.4 + span.min(100.0)], most).len() <= most + 1);
            }
        }
    }
}
