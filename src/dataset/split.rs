/// One of the three parts of a data set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Subset {
    /// What the network learns from.
    Train,
    /// What each epoch is judged by.
    #[default]
    Validation,
    /// What is looked at once, at the end.
    Test,
}

impl Subset {
    /// All three.
    pub const ALL: [Subset; 3] = [Subset::Train, Subset::Validation, Subset::Test];

    /// The name on screen and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Subset::Train => "train",
            Subset::Validation => "validation",
            Subset::Test => "test",
        }
    }
}

/// Row numbers of each part, ascending; every row is in exactly one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SplitRows {
    /// What the network learns from.
    pub train: Vec<u32>,
    /// What each epoch is judged by.
    pub validation: Vec<u32>,
    /// What is looked at once, at the end.
    pub test: Vec<u32>,
}

impl SplitRows {
    /// The rows of one part.
    pub fn rows(&self, subset: Subset) -> &[u32] {
        match subset {
            Subset::Train => &self.train,
            Subset::Validation => &self.validation,
            Subset::Test => &self.test,
        }
    }
}
