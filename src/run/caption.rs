use serde::{Deserialize, Serialize};

use super::Run;
use crate::check::code_shape;
use crate::project::{Shape, visible};

/// Name, note and visibility that a user gives a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Caption {
    /// Its name; empty if it has only its number.
    pub name: String,
    /// A note.
    pub note: String,
    /// Whether it is hidden from lists.
    pub is_hidden: bool,
}

impl Caption {
    /// Maximum length of a name in characters.
    pub const MOST_NAME_CHARS: usize = 80;
    /// Maximum length of a note in characters.
    pub const MOST_NOTE_CHARS: usize = 20_000;

    /// Checks a caption read from a file.
    ///
    /// # Errors
    /// A message naming the part that is too long.
    pub fn validate(&self) -> Result<(), String> {
        for (what, text, most) in
            [("name", &self.name, Self::MOST_NAME_CHARS), ("note", &self.note, Self::MOST_NOTE_CHARS)]
        {
            let count = text.chars().count();
            if count > most {
                return Err(format!("its {what} has {count} letters, more than {most}"));
            }
        }
        Ok(())
    }
}

impl Run {
    /// Shape of a code.
    pub fn code_shape(&self) -> Shape {
        code_shape(&self.design, self.shape)
    }

    /// Whether PCA with as many components as the code has units leaves an error. With as many as
    /// there are features it is exact, which is no reference for a network.
    pub fn has_baseline(&self) -> bool {
        self.code_units() < self.shape.features()
    }

    /// The error of PCA with the same code size, where that is a reference.
    pub fn baseline_mse(&self) -> Option<f64> {
        self.pca_mse.filter(|_| self.has_baseline())
    }

    /// Numbers per code.
    pub fn code_units(&self) -> usize {
        self.code_shape().features()
    }

    /// Its title in lists and legends: `run 2`, or `run 2 · wide` if it has a name.
    pub fn title(&self) -> String {
        if self.caption.name.is_empty() {
            format!("run {}", self.id)
        } else {
            format!("run {} · {}", self.id, visible(&self.caption.name))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captions_have_a_maximum_length() {
        let check = |name: usize, note: usize, is_valid: bool| {
            let caption = Caption { name: "ü".repeat(name), note: "ü".repeat(note), is_hidden: true };
            assert_eq!(caption.validate().is_ok(), is_valid, "{name} {note}");
        };
        check(80, 20_000, true);
        check(81, 0, false);
        check(0, 20_001, false);
    }
}
