//! How much memory there is, and refusing what would not fit.

use super::DataError;

/// What is assumed where the system does not say how much memory is free.
const ASSUMED_BYTES: u64 = 8 << 30;

/// Refuses a load whose rows would not fit into memory, before anything is allocated.
///
/// # Errors
/// [`DataError::Setting`] with the numbers and `remedy`.
pub(super) fn check_fits(
    count: usize,
    features: usize,
    bytes_per_value: usize,
    remedy: &str,
) -> Result<(), DataError> {
    check_against(available_bytes(), count, features, bytes_per_value, remedy)
}

fn check_against(
    available: u64,
    count: usize,
    features: usize,
    bytes_per_value: usize,
    remedy: &str,
) -> Result<(), DataError> {
    let needed = (count as u64).saturating_mul(features as u64).saturating_mul(bytes_per_value as u64);
    if needed > available {
        return Err(DataError::Setting(format!(
            "{count} samples of {features} values need {}, but only {} of memory are free: {remedy}",
            size(needed),
            size(available),
        )));
    }
    if u32::try_from(count).is_err() {
        return Err(DataError::Setting(format!(
            "{count} samples are more than the limit of {}: {remedy}",
            u32::MAX
        )));
    }
    Ok(())
}

/// Memory that is free now, in bytes: what the system says, or a modest guess where it says nothing.
pub fn available_bytes() -> u64 {
    std::fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| parse_meminfo(&text))
        .unwrap_or(ASSUMED_BYTES)
}

fn parse_meminfo(text: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with("MemAvailable:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// Bytes as a person reads them.
pub(super) fn size(bytes: u64) -> String {
    if bytes >= 1_000_000_000 {
        format!("{:.1} GB", bytes as f64 / 1e9)
    } else {
        format!("{:.1} MB", bytes as f64 / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_system_says() {
        let text = "MemTotal: 9 kB\nMemAvailable:   2048 kB\n";
        assert_eq!(parse_meminfo(text), Some(2048 * 1024));
        assert_eq!(parse_meminfo("MemTotal: 9 kB"), None);
    }

    #[test]
    fn too_much_is_refused_with_numbers_and_remedy() {
        let check = |count, features, expected: Option<&str>| {
            let result = check_against(1_000_000_000, count, features, 1, "choose a smaller size");
            match (result, expected) {
                (Ok(()), None) => {}
                (Err(error), Some(text)) => assert_eq!(error.to_string(), text),
                (result, _) => panic!("{result:?}"),
            }
        };
        check(1000, 784, None);
        check(
            2_000_000,
            1000,
            Some(
                "2000000 samples of 1000 values need 2.0 GB, but only 1.0 GB of memory are free: choose a smaller size",
            ),
        );
        assert!(check_against(u64::MAX, usize::MAX, usize::MAX, 4, "").is_err());
    }
}
