use crate::project::Choice;

/// How the data were read, for the user to check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadReport {
    /// One line: the number of rows and their kind, labels, splits, and how the source was read.
    pub line: String,
    /// The part of it about the split.
    pub split: String,
    /// How particular parts were read, one sentence each.
    pub notes: Vec<String>,
}

impl ReadReport {
    /// The line without the split, if all rows are used.
    pub fn of_all_rows(&self) -> String {
        let part = format!("; {}", self.split);
        match self.line.rsplit_once(&part) {
            Some((before, after)) if !self.split.is_empty() => format!("{before}{after}"),
            Some(_) | None => self.line.clone(),
        }
    }
}

/// A guess that may be wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Doubt {
    /// The guess, and why it is doubtful.
    pub message: String,
    /// Alternatives, the likeliest first.
    pub remedies: Vec<Choice>,
}
