/// A duration, written like a clock that continues beyond a day or an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Duration {
    /// Hours, minutes and seconds: `27:19:44`.
    Hours,
    /// Minutes and seconds: `62:15`.
    Minutes,
}

impl Duration {
    pub(super) const ALL: [Duration; 2] = [Duration::Hours, Duration::Minutes];

    /// In the notation of spreadsheets.
    pub(super) fn name(self) -> &'static str {
        match self {
            Duration::Hours => "[h]:mm:ss",
            Duration::Minutes => "[m]:ss",
        }
    }

    /// The format with this name.
    pub(super) fn of_name(name: &str) -> Option<Duration> {
        Duration::ALL.into_iter().find(|duration| duration.name() == name)
    }

    /// Seconds; `None` if the text is not such a duration.
    pub(super) fn parse(self, text: &str) -> Option<f64> {
        let (first, rest) = text.split_once(':')?;
        let (minutes, secs) = match self {
            Duration::Hours => rest.split_once(':')?,
            Duration::Minutes => ("00", rest),
        };
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let (whole, fraction) = secs.split_once('.').unwrap_or((secs, ""));
        let is_valid = matches!(first.len(), 1..=6) && are_digits(first) && are_digits(fraction);
        // Two digits below 60.
        let is_part = |part: &str| part.len() == 2 && are_digits(part) && part < "60";
        if !(is_valid && is_part(minutes) && is_part(whole)) {
            return None;
        }
        let [first, minutes, secs] = [first, minutes, secs].map(|part| part.parse::<f64>().ok());
        let first_secs = match self {
            Duration::Hours => 3600.0,
            Duration::Minutes => 60.0,
        };
        Some(first_secs * first? + 60.0 * minutes? + secs?)
    }

    /// The text of a duration in seconds, with up to three decimals if it is not whole. `None` if
    /// negative.
    pub(super) fn written(self, secs: f64) -> String {
        let thousandths = (1000.0 * secs).round().max(0.0) as u64;
        let (secs, fraction) = (thousandths / 1000, thousandths % 1000);
        let fraction = if fraction == 0 {
            String::new()
        } else {
            format!(".{fraction:03}").trim_end_matches('0').to_owned()
        };
        let (minutes, secs) = (secs / 60, secs % 60);
        match self {
            Duration::Hours => format!("{}:{:02}:{secs:02}{fraction}", minutes / 60, minutes % 60),
            Duration::Minutes => format!("{minutes}:{secs:02}{fraction}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_go_on_beyond_a_day_or_an_hour() {
        let check = |duration: Duration, text: &str, secs: f64| {
            assert_eq!(duration.parse(text), Some(secs), "{text}");
            assert_eq!(duration.written(secs), text);
        };
        check(Duration::Hours, "27:19:44", 98_384.0);
        check(Duration::Hours, "8:00:05.25", 28_805.25);
        check(Duration::Minutes, "62:15", 3735.0);
        check(Duration::Minutes, "0:07", 7.0);
        for text in ["", ":", "5:60", "5:7", "5:007", "a:10", "1:02:03", "-5:10"] {
            assert_eq!(Duration::Minutes.parse(text), None, "{text}");
        }
        assert_eq!(
            (Duration::Hours.parse("62:15"), Duration::Minutes.written(-3.0).as_str()),
            (None, "0:00")
        );
    }
}
