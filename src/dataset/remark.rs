use crate::project::Choice;

/// How the data were read, for a person to check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// One line: the number of rows and their kind, labels, splits, and how the source was read.
    pub line: String,
    /// The part of it that says how the rows are split.
    pub split: String,
    /// How single parts were read, one sentence each.
    pub notes: Vec<String>,
}

impl Said {
    /// The line where all rows are taken, however they would be split.
    pub fn of_all_rows(&self) -> String {
        let part = format!("; {}", self.split);
        match self.line.rsplit_once(&part) {
            Some((before, after)) if !self.split.is_empty() => format!("{before}{after}"),
            Some(_) | None => self.line.clone(),
        }
    }
}

/// Something that was guessed and may be wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Doubt {
    /// The guess, and why it is doubtful.
    pub message: String,
    /// Alternatives, the likeliest first.
    pub remedies: Vec<Choice>,
}
