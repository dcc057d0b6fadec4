//! Positions and labels of ticks.

/// Smallest distance between two ticks of a horizontal axis, in points.
const STEP_ACROSS: f32 = 50.0;
/// Smallest distance between two of its labels.
const GAP: f32 = 4.0;

/// One tick on an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Position in units of the axis (the decimal logarithm on a logarithmic axis).
    pub at: f64,
    /// The text.
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

/// Keeps only ticks at whole numbers, without decimals.
pub fn whole(ticks: &mut Vec<Tick>) {
    ticks.retain(|tick| tick.at.fract() == 0.0);
    for tick in ticks {
        if let Some((digits, "0" | "00" | "000")) = tick.label.split_once('.') {
            tick.label = digits.to_owned();
        }
    }
}

/// Round numbers, as many as fit into `width` with their labels. The last label is dropped if it
/// would extend further than `beyond` to the right of the axis.
pub fn ticks_across(
    limits: [f64; 2],
    width: f32,
    beyond: f32,
    text_width: impl Fn(&Tick) -> f32,
) -> Vec<Tick> {
    let every = |step: f32| linear_ticks(limits, (width / step) as usize);
    let widest = every(STEP_ACROSS).iter().map(&text_width).fold(0.0, f32::max);
    let mut ticks = every(STEP_ACROSS.max(widest + GAP));
    if let Some(last) = ticks.last_mut() {
        let at = width * ((last.at - limits[0]) / (limits[1] - limits[0])) as f32;
        if at + 0.5 * text_width(last) > width + beyond {
            last.label.clear();
        }
    }
    ticks
}

/// Marks of a logarithmic axis whose ends are the decimal logarithms `[low, high]`: powers of ten,
/// with 2 and 5 or all digits between them if there is space; evenly spaced round numbers if the
/// axis spans too little for that.
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

/// Digits with ticks within a decade, by available space.
const DIGITS: [&[i32]; 3] = [&[1, 2, 3, 4, 5, 6, 7, 8, 9], &[1, 2, 5], &[1]];

fn log_tick(at: f64) -> Tick {
    let value = 10_f64.powf(at);
    let decimals = (-(at + 1e-9).floor()).max(0.0) as usize;
    Tick { at, label: tick_label(value, value, decimals) }
}

fn tick_label(at: f64, step: f64, decimals: usize) -> String {
    let at = if at.abs() < step * 1e-6 { 0.0 } else { at };
    let text = if at != 0.0 && !(1e-4..1e6).contains(&step.max(at.abs())) {
        // As many digits as distinguish it from the next mark.
        let digits = (at.abs().log10().floor() - (step.log10() + 1e-9).floor()).clamp(0.0, 15.0) as usize;
        format!("{at:.digits$e}")
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
        let large = labels(&linear_ticks([8e6, 1.2e7], 3)).join(" ");
        assert_eq!(large, "8e6 1.0e7 1.2e7");
        assert_eq!(labels(&linear_ticks([0.0, 1.6e-5], 4)), ["0.000000", "5e-6", "1.0e-5", "1.5e-5"]);
        for hopeless in [[0.0, 0.0], [1.0, 0.0], [f64::NAN, 1.0], [0.0, f64::INFINITY]] {
            assert!(linear_ticks(hopeless, 5).is_empty());
        }
    }

    #[test]
    fn counts_are_marked_at_whole_numbers() {
        let mut ticks = linear_ticks([0.0, 2.0], 5);
        assert_eq!(labels(&ticks), ["0.0", "0.5", "1.0", "1.5", "2.0"]);
        whole(&mut ticks);
        assert_eq!(labels(&ticks), ["0", "1", "2"]);
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

    #[test]
    fn labels_below_an_axis_never_touch_and_are_never_cut_off() {
        let letters = |width: f32| move |tick: &Tick| width * tick.label.len() as f32;
        let check = |width: f32, letter: f32, expected: &[&str]| {
            let ticks = ticks_across([0.0, 600_000.0], width, 12.0, letters(letter));
            let labels: Vec<&str> = ticks.iter().map(|tick| tick.label.as_str()).collect();
            assert_eq!(labels, expected, "{width} {letter}");
        };
        check(330.0, 4.0, &["0", "100000", "200000", "300000", "400000", "500000", "600000"]);
        // Half of 42 points is more than the 12 to the right of the axis.
        check(330.0, 7.0, &["0", "100000", "200000", "300000", "400000", "500000", ""]);
        check(330.0, 10.0, &["0", "200000", "400000", ""]);
        check(30.0, 7.0, &[]);
        for width in 24..900 {
            let width = width as f32;
            let ticks = ticks_across([0.0, 600_000.0], width, 12.0, letters(7.0));
            let ends = |tick: &Tick| {
                let (at, half) = (tick.at as f32 / 600_000.0 * width, 3.5 * tick.label.len() as f32);
                [at - half, at + half]
            };
            let shown: Vec<[f32; 2]> = ticks.iter().filter(|tick| !tick.label.is_empty()).map(ends).collect();
            assert!(shown.windows(2).all(|pair| pair[0][1] <= pair[1][0]), "{width}: {ticks:?}");
            assert!(shown.iter().all(|[_, end]| *end <= width + 12.0), "{width}: {ticks:?}");
        }
    }
}
