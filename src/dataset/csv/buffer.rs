//! Short texts on the stack, used for every field.

/// The longest text, in bytes.
const CAPACITY: usize = 192;

/// A short text that is built up.
pub(super) struct Buffer {
    bytes: [u8; CAPACITY],
    length: usize,
}

impl Buffer {
    pub(super) fn new() -> Buffer {
        Buffer { bytes: [0; CAPACITY], length: 0 }
    }

    /// Adds a text; `None` if it does not fit.
    pub(super) fn push_str(&mut self, text: &str) -> Option<()> {
        let end = self.length + text.len();
        self.bytes.get_mut(self.length..end)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Some(())
    }

    /// Adds a character; `None` if it does not fit.
    pub(super) fn push(&mut self, letter: char) -> Option<()> {
        self.push_str(letter.encode_utf8(&mut [0; 4]))
    }

    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_put_together_as_long_as_they_fit() {
        let mut buffer = Buffer::new();
        assert!(buffer.push('ä').and_then(|()| buffer.push_str("bc")).is_some());
        assert_eq!(buffer.as_str(), "äbc");
        assert!(buffer.push_str(&"x".repeat(CAPACITY)).is_none());
        assert_eq!(buffer.as_str(), "äbc");
    }
}
