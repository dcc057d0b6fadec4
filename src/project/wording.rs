//! Numbers and sentences for people.

use std::fmt::Display;

/// A whole number of any type, not below 0, with its thousands set apart: `1,797`.
pub fn format_count(count: impl Display) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The text with a capital at the start.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (count, expected) in [(0_u64, "0"), (999, "999"), (1797, "1,797"), (1_234_567, "1,234,567")] {
            assert_eq!(format_count(count), expected);
        }
    }
}
