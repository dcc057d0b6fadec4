use crate::project::Choice;

/// What was read, for a person to check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// One line: how many rows of what, labels, splits, and how the source was understood.
    pub line: String,
    /// What was understood of single parts, a sentence each.
    pub notes: Vec<String>,
}

/// Something that was guessed and may be wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Doubt {
    /// What was guessed, and why that is doubtful.
    pub message: String,
    /// What may be chosen instead, the likeliest first.
    pub remedies: Vec<Choice>,
}
