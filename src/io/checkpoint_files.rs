//! A [`Checkpoint`] in files: its numbers as text, its arrays as `safetensors`; in the live store
//! both in one file.

use std::collections::HashMap;
use std::sync::Arc;

use ron::error::SpannedError;
use safetensors::tensor::{SafeTensors, serialize};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::old_checkpoint::OldNumbers;
use super::tensors::{Floats, decode_weights};
use crate::project::Shape;
use crate::run::{Checkpoint, Terms, Weights};

/// The version of checkpoints this program writes; it is stored here because the live store has no
/// manifest. Since 2, a row made from a picture is ordered channel by channel; before, pixel by
/// pixel. Since 3, loss terms have names.
const CHECKPOINT_VERSION: u32 = 3;
/// The last version whose numbers are [`OldNumbers`].
const LAST_OLD: u32 = 2;
/// Metadata key of the numbers in a checkpoint that is one file.
const NUMBERS: &str = "checkpoint";

/// The arrays of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The network's parameters.
    Weights,
    /// The optimizer's state.
    Optimizer,
    /// The parameters of the best epoch.
    Best,
    /// The layer being pretrained.
    Layer,
}

/// The stored numbers of a checkpoint, without its arrays.
#[derive(Serialize, Deserialize)]
pub(super) struct Numbers<C = Checkpoint> {
    version: u32,
    /// The checkpoint; reading fills in its arrays.
    pub(super) checkpoint: C,
}

/// Why the numbers of a checkpoint cannot be used.
#[derive(Debug, Error)]
pub(super) enum NumbersError {
    /// The text is damaged.
    #[error("{0}")]
    Text(#[from] SpannedError),
    /// The arrays have another meaning in this program.
    #[error("{0}")]
    Version(String),
}

impl Part {
    /// All of them, in the order of files.
    pub(super) const ALL: [Part; 4] = [Part::Weights, Part::Optimizer, Part::Best, Part::Layer];

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Part::Weights => "weights",
            Part::Optimizer => "optimizer",
            Part::Best => "best",
            Part::Layer => "layer",
        }
    }

    /// Its arrays, if the checkpoint has them.
    pub(super) fn of(self, checkpoint: &Checkpoint) -> Option<&Weights> {
        match self {
            Part::Weights => Some(&checkpoint.weights),
            Part::Optimizer => Some(&checkpoint.moments),
            Part::Best => checkpoint.best.as_ref().map(|best| &*best.weights),
            Part::Layer => checkpoint.pretraining.as_ref().map(|state| &state.arrays),
        }
    }

    /// Its arrays, mutable.
    pub(super) fn of_mut(self, checkpoint: &mut Checkpoint) -> Option<&mut Weights> {
        match self {
            Part::Weights => Some(Arc::make_mut(&mut checkpoint.weights)),
            Part::Optimizer => Some(&mut checkpoint.moments),
            Part::Best => checkpoint.best.as_mut().map(|best| Arc::make_mut(&mut best.weights)),
            Part::Layer => checkpoint.pretraining.as_mut().map(|state| &mut state.arrays),
        }
    }
}

impl Numbers<&Checkpoint> {
    /// The numbers of a checkpoint, to be written.
    pub(super) fn of(checkpoint: &Checkpoint) -> Numbers<&Checkpoint> {
        Numbers { version: CHECKPOINT_VERSION, checkpoint }
    }
}

impl Numbers {
    /// Reads the numbers of any version, for a run with samples of this shape and these loss terms.
    ///
    /// # Errors
    /// If the text is damaged, or the arrays were written in another order or by a newer program.
    pub(super) fn parse(text: &str, shape: Shape, terms: &Terms) -> Result<Numbers, NumbersError> {
        let Version { version } = ron::from_str(text)?;
        let has_order = matches!(shape, Shape::Image { channels, .. } if channels > 1);
        if version > CHECKPOINT_VERSION {
            return Err(NumbersError::Version(format!(
                "checkpoint version {version}, but this program reads up to {CHECKPOINT_VERSION}: update \
                 Hourglass"
            )));
        }
        if version < 2 && has_order {
            let message = "its weights were written with another pixel order; train it again";
            return Err(NumbersError::Version(message.to_owned()));
        }
        if version <= LAST_OLD {
            let old: OldNumbers = ron::from_str(text)?;
            return Ok(Numbers { version, checkpoint: old.checkpoint(terms) });
        }
        Ok(ron::from_str(text)?)
    }

    /// The checkpoint, after its arrays are filled in.
    pub(super) fn finish(self) -> Checkpoint {
        let mut checkpoint = self.checkpoint;
        if self.version <= LAST_OLD {
            OldNumbers::migrate_arrays(&mut checkpoint);
        }
        checkpoint
    }
}

/// Only the version; files from before it was stored have none.
#[derive(Deserialize)]
struct Version {
    #[serde(default = "first_version")]
    version: u32,
}

fn first_version() -> u32 {
    1
}

/// A whole checkpoint as one `safetensors` file, so that one rename replaces all of it.
pub(super) fn encode_checkpoint(checkpoint: &Checkpoint) -> Result<Vec<u8>, String> {
    let numbers = ron::to_string(&Numbers::of(checkpoint)).map_err(|error| error.to_string())?;
    let parts = Part::ALL.into_iter().filter_map(|part| Some((part, part.of(checkpoint)?)));
    let views = parts.flat_map(|(part, weights)| {
        let named = move |name| format!("{}/{name}", part.name());
        weights.0.iter().map(move |(name, array)| (named(name), Floats::of(array)))
    });
    let metadata = HashMap::from([(NUMBERS.to_owned(), numbers)]);
    serialize(views, Some(metadata)).map_err(|error| error.to_string())
}

/// The checkpoint in one `safetensors` file, for a run with samples of this shape and these loss
/// terms.
pub(super) fn decode_checkpoint(bytes: &[u8], shape: Shape, terms: &Terms) -> Result<Checkpoint, String> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| error.to_string())?;
    let text = metadata
        .metadata()
        .as_ref()
        .and_then(|metadata| metadata.get(NUMBERS))
        .ok_or("its numbers are missing")?;
    let mut numbers = Numbers::parse(text, shape, terms).map_err(|error| error.to_string())?;
    for (full_name, array) in decode_weights(bytes)?.0 {
        let (part, name) = full_name.split_once('/').unwrap_or_default();
        let part = Part::ALL.into_iter().find(|known| known.name() == part);
        let part = part.ok_or_else(|| format!("the array {full_name} belongs to no known part"))?;
        // Arrays of a part that the numbers do not mention are skipped.
        if let Some(weights) = part.of_mut(&mut numbers.checkpoint) {
            weights.0.insert(name.to_owned(), array);
        }
    }
    Ok(numbers.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::tensors::decode_kept;

    #[test]
    fn damaged_bytes_are_errors_not_panics() {
        let bytes = encode_checkpoint(&Checkpoint::default()).expect("encodes");
        let decode = |bytes| decode_checkpoint(bytes, Shape::Vector(1), &Terms::default());
        assert_eq!(decode(&bytes), Ok(Checkpoint::default()));
        for length in 0..bytes.len() {
            assert!(decode(&bytes[..length]).is_err());
            assert!(decode_kept(1, &bytes[..length]).is_err());
        }
    }
}
