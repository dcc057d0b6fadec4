//! Arrays as `safetensors`, bit for bit: NaN, infinities and −0 are preserved.

use std::borrow::Cow;
use std::collections::BTreeMap;

use safetensors::tensor::{Dtype, SafeTensors, TensorView, View, serialize};
use serde_json::{Value, json};

use crate::run::{Array, Kept, Weights};

/// Weights as a `safetensors` file.
pub(super) fn encode_weights(weights: &Weights) -> Result<Vec<u8>, String> {
    let views = weights.0.iter().map(|(name, array)| (name.as_str(), Floats::of(array)));
    serialize(views, None).map_err(|error| error.to_string())
}

/// Weights as a `safetensors` file with texts as metadata, as `safe_open(…).metadata()` returns
/// them in Python. Equal weights and texts give equal bytes.
pub(super) fn encode_described(
    weights: &Weights,
    texts: &BTreeMap<String, String>,
) -> Result<Vec<u8>, String> {
    const LENGTH: usize = 8;
    let bytes = encode_weights(weights)?;
    let (length, rest) = bytes.split_first_chunk::<LENGTH>().ok_or("it has no header")?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|error| error.to_string())?;
    let (header, values) = rest.split_at_checked(length).ok_or("its header has no end")?;
    // The crate takes texts as a hash map, whose order varies.
    let mut header: BTreeMap<String, Value> =
        serde_json::from_slice(header).map_err(|error| error.to_string())?;
    header.insert("__metadata__".to_owned(), json!(texts));
    let mut header = serde_json::to_vec(&header).map_err(|error| error.to_string())?;
    // Arrays begin at multiples of 64 bits.
    header.resize(header.len().next_multiple_of(LENGTH), b' ');
    Ok([&(header.len() as u64).to_le_bytes(), &header[..], values].concat())
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

/// A borrowed array of floats to be written.
pub(super) struct Floats<'a> {
    shape: Cow<'a, [usize]>,
    values: &'a [f32],
}

impl Floats<'_> {
    /// The floats of an array.
    pub(super) fn of(array: &Array) -> Floats<'_> {
        Floats { shape: Cow::Borrowed(&array.shape[..]), values: &array.values }
    }
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
    fn special_values_are_restored_bit_for_bit() {
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
    fn described_weights_are_read_with_their_texts() {
        let array =
            |shape: &[usize], values: &[f32]| Array { shape: shape.to_vec(), values: values.to_vec() };
        let weights = Weights(
            [("b".to_owned(), array(&[2], &[3.0, -4.0])), ("a".to_owned(), array(&[1, 3], &[0.5, 1.0, 2.0]))]
                .into(),
        );
        let texts =
            BTreeMap::from([("epoch".to_owned(), "7".to_owned()), ("ü".to_owned(), "\"\n".to_owned())]);
        let bytes = encode_described(&weights, &texts).expect("encodes");
        assert_eq!(decode_weights(&bytes).expect("decodes"), weights);
        let (length, metadata) = SafeTensors::read_metadata(&bytes).expect("a header");
        assert_eq!(length % 8, 0);
        let found = metadata.metadata().clone().expect("texts");
        assert_eq!(found.into_iter().collect::<BTreeMap<_, _>>(), texts);
        assert_eq!(encode_described(&weights, &texts), Ok(bytes));
    }

    #[test]
    fn a_shape_that_does_not_fit_its_values_is_refused() {
        let array = Array { shape: vec![3], values: vec![0.0; 2] };
        assert!(encode_weights(&Weights([("a".to_owned(), array)].into())).is_err());
    }
}
