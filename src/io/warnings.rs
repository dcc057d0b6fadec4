use crate::project::format_count;

/// Most warnings of one reading that are listed one by one.
const MOST: usize = 20;

/// Warnings of one reading: the first in full, the rest as a number.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    texts: Vec<String>,
    more: usize,
}

impl Warnings {
    /// Adds a warning; `text` is called only if it is listed.
    pub(super) fn push(&mut self, text: impl FnOnce() -> String) {
        if self.texts.len() < MOST {
            self.texts.push(text());
        } else {
            self.more += 1;
        }
    }

    /// Number of warnings.
    pub(super) fn len(&self) -> usize {
        self.texts.len() + self.more
    }

    /// The texts to show.
    pub(super) fn into_texts(self) -> Vec<String> {
        let mut texts = self.texts;
        if self.more > 0 {
            texts.push(format!("and {} more like it", format_count(self.more)));
        }
        texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_twenty_are_counted() {
        let told = |count: usize| {
            let mut warnings = Warnings::default();
            (0..count).for_each(|number| warnings.push(|| format!("{number}")));
            warnings.into_texts()
        };
        assert_eq!(told(0), Vec::<String>::new());
        assert_eq!(told(20).len(), 20);
        for (count, last) in [
            (21, "and 1 more like it"),
            (9_999, "and 9,979 more like it"),
            (1_000_020, "and 1,000,000 more like it"),
        ] {
            let told = told(count);
            assert_eq!((told.len(), told[20].as_str()), (21, last));
        }
    }
}
