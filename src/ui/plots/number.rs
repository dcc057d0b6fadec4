//! Numbers as text: sensible digits, and where an axis is marked.

/// One mark on an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where, in units of the axis (its decimal logarithm on a logarithmic one).
    pub at: f64,
    /// What is written there.
    pub label: String,
}

/// A number with three or four significant digits, plain between 0.001 and a million, else with a power of ten (`2.50e-4`).
/// Trailing zeros stay, so that digits of a changing number sit still; what is no number is `–`, an infinity `∞`.
pub fn format_number(value: f64) -> String {
    if value.is_nan() {
        return "–".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞" } else { "−∞" }.to_owned();
    }
    let size = value.abs();
    let text = if size == 0.0 {
        "0".to_owned()
    } else if !(0.000_999_95..999_999.5).contains(&size) {
        format!("{size:.2e}")
    } else {
        // Most losses lie between 0.01 and 1: there the point does not move.
        let decimals = match size {
            s if s < 0.009_995 => 5,
            s if s < 0.999_95 => 4,
            s if s < 9.999_5 => 3,
            s if s < 99.995 => 2,
            s if s < 999.95 => 1,
            _ => 0,
        };
        format!("{size:.decimals$}")
    };
    if value < 0.0 { format!("−{text}") } else { text }
}

/// A length of time: `0.4 s`, `12 s`, `3:05 min`, `2:10 h`.
pub fn format_secs(secs: f64) -> String {
    if !secs.is_finite() || secs < 0.0 {
        return "–".to_owned();
    }
    let whole = secs.round() as u64;
    match whole {
        _ if secs < 9.95 => format!("{secs:.1} s"),
        0..60 => format!("{whole} s"),
        60..3600 => format!("{}:{:02} min", whole / 60, whole % 60),
        _ => format!("{}:{:02} h", whole / 3600, whole % 3600 / 60),
    }
}

/// Round numbers (1, 2 or 5 times a power of ten apart) inside `[low, high]`, at most `most` of them.
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

/// Marks of a logarithmic axis whose ends are the decimal logarithms `[low, high]`: powers of ten, with 2 and 5 or all
/// digits between them where there is room; evenly round numbers where the axis spans too little for that.
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

    #[test]
    fn numbers_have_sensible_digits() {
        for (value, expected) in [
            (0.0, "0"),
            (0.3, "0.3000"),
            (0.041_23, "0.0412"),
            (0.004_123, "0.00412"),
            (1.0, "1.000"),
            (12.345_6, "12.35"),
            (123.456, "123.5"),
            (1234.56, "1235"),
            (98_765.4, "98765"),
            (0.000_25, "2.50e-4"),
            (2.5e9, "2.50e9"),
            (-0.5, "−0.5000"),
            (f64::NAN, "–"),
            (f64::INFINITY, "∞"),
            (f64::NEG_INFINITY, "−∞"),
        ] {
            assert_eq!(format_number(value), expected, "{value}");
        }
    }

    #[test]
    fn times_read_well() {
        for (secs, expected) in
            [(0.42, "0.4 s"), (12.3, "12 s"), (185.0, "3:05 min"), (7800.0, "2:10 h"), (f64::NAN, "–")]
        {
            assert_eq!(format_secs(secs), expected);
        }
    }

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
