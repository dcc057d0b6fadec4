//! Arrays as `safetensors`, bit for bit: NaN, infinities and −0 come back as they were.

use std::borrow::Cow;
use std::collections::HashMap;

use safetensors::tensor::{Dtype, SafeTensors, TensorView, View, serialize};
use serde::{Deserialize, Serialize};

use crate::project::Shape;
use crate::run::{Array, Best, Checkpoint, GreedyState, Kept, Losses, Weights};

/// The numbers of a [`Checkpoint`] that are no arrays; the text of `checkpoint.ron`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Scalars {
    /// The version of what the arrays mean; files from before it was stored have none.
    #[serde(default = "first_version")]
    version: u32,
    epoch: u32,
    step_in_epoch: u32,
    step: u64,
    #[serde(default)]
    attempt: u32,
    learning_rate: f32,
    epoch_sums: Losses,
    epoch_samples: u64,
    stale_epochs: u32,
    best: Option<BestScalars>,
    seconds: f64,
    #[serde(default)]
    pretraining: Option<GreedyScalars>,
}

/// The numbers of a [`GreedyState`] that are no arrays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct GreedyScalars {
    layer: u32,
    epoch: u32,
    step_in_epoch: u32,
    error_sum: f64,
    samples: u64,
}

/// The version of checkpoints this program writes, here because the live store has no manifest. Since 2 a row made of a
/// picture goes channel by channel; before, pixel by pixel.
const CHECKPOINT_VERSION: u32 = 2;

fn first_version() -> u32 {
    1
}

/// The numbers of a [`Best`] that are no arrays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct BestScalars {
    epoch: u32,
    loss: f64,
}

impl Scalars {
    /// Takes them out of a checkpoint.
    pub(super) fn of(checkpoint: &Checkpoint) -> Scalars {
        // Named one by one: a new field must be stored, and the compiler says so here.
        let Checkpoint {
            epoch,
            step_in_epoch,
            step,
            attempt,
            learning_rate,
            weights: _,
            moments: _,
            epoch_sums,
            epoch_samples,
            stale_epochs,
            best,
            seconds,
            pretraining,
        } = checkpoint;
        Scalars {
            version: CHECKPOINT_VERSION,
            epoch: *epoch,
            step_in_epoch: *step_in_epoch,
            step: *step,
            attempt: *attempt,
            learning_rate: *learning_rate,
            epoch_sums: epoch_sums.clone(),
            epoch_samples: *epoch_samples,
            stale_epochs: *stale_epochs,
            best: best.as_ref().map(|best| BestScalars { epoch: best.epoch, loss: best.loss }),
            seconds: *seconds,
            pretraining: pretraining.as_ref().map(|state| GreedyScalars {
                layer: state.layer,
                epoch: state.epoch,
                step_in_epoch: state.step_in_epoch,
                error_sum: state.error_sum,
                samples: state.samples,
            }),
        }
    }

    /// Says why the arrays cannot be used for samples of `shape`, where they cannot.
    ///
    /// # Errors
    /// Where they were written in another order, or by a newer program.
    pub(super) fn check(&self, shape: Shape) -> Result<(), String> {
        let has_order = matches!(shape, Shape::Image { channels, .. } if channels > 1);
        match self.version {
            CHECKPOINT_VERSION => Ok(()),
            0 | 1 if has_order => {
                Err("its weights were written in another order of pixels; train it again".to_owned())
            }
            0 | 1 => Ok(()),
            found => Err(format!(
                "version {found} of a checkpoint, this program reads up to {CHECKPOINT_VERSION}: update Hourglass"
            )),
        }
    }

    /// Whether [`Scalars::join`] wants best weights.
    pub(super) fn has_best(&self) -> bool {
        self.best.is_some()
    }

    /// Whether [`Scalars::join`] wants what a single layer has learned.
    pub(super) fn has_layer(&self) -> bool {
        self.pretraining.is_some()
    }

    /// The checkpoint again.
    pub(super) fn join(self, arrays: Arrays) -> Checkpoint {
        let Arrays { weights, moments, best, layer } = arrays;
        Checkpoint {
            epoch: self.epoch,
            step_in_epoch: self.step_in_epoch,
            step: self.step,
            attempt: self.attempt,
            learning_rate: self.learning_rate,
            weights,
            moments,
            epoch_sums: self.epoch_sums,
            epoch_samples: self.epoch_samples,
            stale_epochs: self.stale_epochs,
            best: self.best.map(|scalars| Best { epoch: scalars.epoch, loss: scalars.loss, weights: best }),
            seconds: self.seconds,
            pretraining: self.pretraining.map(|scalars| GreedyState {
                layer: scalars.layer,
                epoch: scalars.epoch,
                step_in_epoch: scalars.step_in_epoch,
                error_sum: scalars.error_sum,
                samples: scalars.samples,
                arrays: layer,
            }),
        }
    }
}

/// The arrays of a [`Checkpoint`].
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Arrays {
    /// The network's parameters.
    pub(super) weights: Weights,
    /// The optimizer's state.
    pub(super) moments: Weights,
    /// The parameters of the best epoch.
    pub(super) best: Weights,
    /// What a single layer has learned, while these are trained one by one.
    pub(super) layer: Weights,
}

/// Weights as a `safetensors` file.
pub(super) fn encode_weights(weights: &Weights) -> Result<Vec<u8>, String> {
    let views = weights.0.iter().map(|(name, array)| {
        let view = Floats { shape: Cow::Borrowed(&array.shape[..]), values: &array.values };
        (name.as_str(), view)
    });
    serialize(views, None).map_err(|error| error.to_string())
}

/// Weights from a `safetensors` file of 32-bit floats.
pub(super) fn decode_weights(bytes: &[u8]) -> Result<Weights, String> {
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    let arrays = tensors.iter().map(|(name, view)| {
        let array = Array { shape: view.shape().to_vec(), values: floats(name, &view)? };
        Ok((name.to_owned(), array))
    });
    Ok(Weights(arrays.collect::<Result<_, String>>()?))
}

/// Metadata key of the scalars in a checkpoint that is one file.
const SCALARS: &str = "checkpoint";
/// What the names of a one-file checkpoint begin with, part by part.
const PARTS: [&str; 4] = ["weights/", "optimizer/", "best/", "layer/"];

/// A whole checkpoint as one `safetensors` file, so that one rename replaces all of it.
pub(super) fn encode_checkpoint(checkpoint: &Checkpoint) -> Result<Vec<u8>, String> {
    let scalars = ron::to_string(&Scalars::of(checkpoint)).map_err(|error| error.to_string())?;
    let none = Weights::default();
    let best = checkpoint.best.as_ref().map_or(&none, |best| &best.weights);
    let layer = checkpoint.pretraining.as_ref().map_or(&none, |state| &state.arrays);
    let parts = PARTS.iter().zip([&checkpoint.weights, &checkpoint.moments, best, layer]);
    let views = parts.flat_map(|(part, weights)| {
        weights.0.iter().map(move |(name, array)| {
            let view = Floats { shape: Cow::Borrowed(&array.shape[..]), values: &array.values };
            (format!("{part}{name}"), view)
        })
    });
    let metadata = HashMap::from([(SCALARS.to_owned(), scalars)]);
    serialize(views, Some(metadata)).map_err(|error| error.to_string())
}

/// The checkpoint in one `safetensors` file, of a run whose samples have `shape`.
pub(super) fn decode_checkpoint(bytes: &[u8], shape: Shape) -> Result<Checkpoint, String> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| error.to_string())?;
    let text = metadata
        .metadata()
        .as_ref()
        .and_then(|metadata| metadata.get(SCALARS))
        .ok_or("its numbers are missing")?;
    let scalars: Scalars = ron::from_str(text).map_err(|error| error.to_string())?;
    scalars.check(shape)?;
    let mut parts: [Weights; PARTS.len()] = Default::default();
    for (full_name, array) in decode_weights(bytes)?.0 {
        let place = PARTS
            .iter()
            .position(|part| full_name.starts_with(part))
            .ok_or_else(|| format!("the array {full_name} belongs to no part"))?;
        let name = full_name[PARTS[place].len()..].to_owned();
        parts[place].0.insert(name, array);
    }
    let [weights, moments, best, layer] = parts;
    Ok(scalars.join(Arrays { weights, moments, best, layer }))
}

/// One kept epoch as a `safetensors` file; its number is in the file's name.
pub(super) fn encode_kept(kept: &Kept) -> Result<Vec<u8>, String> {
    let rows = kept.codes.len() / kept.code_units.max(1);
    let view = |shape, values| Floats { shape: Cow::Owned(shape), values };
    let views = [
        ("codes", view(vec![rows, kept.code_units], &kept.codes)),
        ("corrupted", view(vec![kept.corrupted.len()], &kept.corrupted)),
        ("reconstructions", view(vec![kept.reconstructions.len()], &kept.reconstructions)),
    ];
    serialize(views, None).map_err(|error| error.to_string())
}

/// One kept epoch.
pub(super) fn decode_kept(epoch: u32, bytes: &[u8]) -> Result<Kept, String> {
    let mut arrays = decode_weights(bytes)?.0;
    let mut take = |name: &str| arrays.remove(name).ok_or(format!("{name} is missing"));
    let codes = take("codes")?;
    let &[_, code_units] = &codes.shape[..] else {
        return Err("codes are not a matrix".to_owned());
    };
    Ok(Kept {
        epoch,
        code_units,
        codes: codes.values,
        corrupted: take("corrupted")?.values,
        reconstructions: take("reconstructions")?.values,
    })
}

/// A borrowed array of floats on its way into a file.
struct Floats<'a> {
    shape: Cow<'a, [usize]>,
    values: &'a [f32],
}

impl View for Floats<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let mut bytes = vec![0; self.data_len()];
        for (bytes, value) in bytes.chunks_exact_mut(4).zip(self.values) {
            bytes.copy_from_slice(&value.to_le_bytes());
        }
        Cow::Owned(bytes)
    }

    fn data_len(&self) -> usize {
        4 * self.values.len()
    }
}

fn floats(name: &str, view: &TensorView<'_>) -> Result<Vec<f32>, String> {
    if view.dtype() != Dtype::F32 {
        return Err(format!("the array {name} is {:?}, not F32", view.dtype()));
    }
    let value = |bytes: &[u8]| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    Ok(view.data().chunks_exact(4).map(value).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_values_come_back_bit_for_bit() {
        let bits = [0x7FC0_1234, 0xFFC0_0000, 0x7F80_0000, 0x8000_0000, 1];
        let values: Vec<f32> = bits.iter().map(|&bits| f32::from_bits(bits)).collect();
        let array = Array { shape: vec![5, 1], values };
        let weights = Weights([("encoder.0.weight".to_owned(), array)].into());
        let bytes = encode_weights(&weights).expect("encodes");
        let back = decode_weights(&bytes).expect("decodes");
        let array = &back.0["encoder.0.weight"];
        let back: Vec<u32> = array.values.iter().map(|value| value.to_bits()).collect();
        assert_eq!((back, &array.shape), (bits.to_vec(), &vec![5, 1]));
    }

    #[test]
    fn a_shape_that_does_not_fit_its_values_is_refused() {
        let array = Array { shape: vec![3], values: vec![0.0; 2] };
        assert!(encode_weights(&Weights([("a".to_owned(), array)].into())).is_err());
    }

    #[test]
    fn damaged_bytes_are_errors_not_panics() {
        let bytes = encode_checkpoint(&Checkpoint::default()).expect("encodes");
        assert_eq!(decode_checkpoint(&bytes, Shape::Vector(1)), Ok(Checkpoint::default()));
        for length in 0..bytes.len() {
            assert!(decode_checkpoint(&bytes[..length], Shape::Vector(1)).is_err());
            assert!(decode_kept(1, &bytes[..length]).is_err());
        }
    }
}
