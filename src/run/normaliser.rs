use serde::{Deserialize, Serialize};

/// What was done to every value before the network saw it: `(value − offset) · factor`, as fitted on the training split.
///
/// Kept with the run, because without it trained weights mean nothing to new data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Normaliser {
    /// One offset for all features, or one a feature, or one a channel; cycled over the features of a row.
    pub offsets: Vec<f32>,
    /// As many factors, none of them zero.
    pub factors: Vec<f32>,
}
