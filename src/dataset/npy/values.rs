use super::header::{Header, Kind};
use super::places::Places;
use crate::dataset::interned::Interned;
use crate::dataset::{DataError, Progress};

/// Values as they are kept: bytes, numbers, or texts (labels only).
#[derive(Debug)]
pub(super) enum Values {
    U8(Vec<u8>),
    F32(Vec<f32>),
    Text { texts: Interned, ids: Vec<u32> },
}

impl Values {
    /// Room for `count` values; where they do not come in the order they are kept in, there are zeros in their places.
    pub fn new(kind: Kind, count: usize, in_order: bool, progress: &Progress) -> Result<Values, DataError> {
        Ok(match kind {
            Kind::Bool | Kind::U8 => Values::U8(room(0, count, in_order, progress)?),
            Kind::Bytes | Kind::Unicode => {
                Values::Text { texts: Interned::default(), ids: room(0, count, true, progress)? }
            }
            Kind::I8
            | Kind::U16
            | Kind::I16
            | Kind::U32
            | Kind::I32
            | Kind::U64
            | Kind::I64
            | Kind::F16
            | Kind::F32
            | Kind::F64 => Values::F32(room(0.0, count, in_order, progress)?),
        })
    }

    /// Takes in values from the bytes of the file, a whole number of them.
    pub fn push(
        &mut self,
        header: &Header,
        bytes: &[u8],
        places: Option<&mut Places>,
        progress: &Progress,
    ) -> Result<(), DataError> {
        match self {
            Values::U8(values) if header.kind == Kind::Bool => {
                put(values, bytes.iter().map(|&byte| u8::from(byte != 0)), places);
            }
            Values::U8(values) => put(values, bytes.iter().copied(), places),
            Values::F32(values) => push_numbers(values, header, bytes, places),
            Values::Text { texts, ids } => {
                for item in bytes.chunks_exact(header.item) {
                    ids.push(texts.number(&text(header, item), progress)?);
                }
            }
        }
        Ok(())
    }
}

fn room<T: Clone>(zero: T, count: usize, in_order: bool, progress: &Progress) -> Result<Vec<T>, DataError> {
    if !in_order {
        return progress.filled(zero, count);
    }
    let mut values = Vec::new();
    progress.budget().reserve_exact(&mut values, count)?;
    Ok(values)
}

/// Adds values at the end, or puts each in its place.
fn put<T>(out: &mut Vec<T>, values: impl Iterator<Item = T>, places: Option<&mut Places>) {
    match places {
        None => out.extend(values),
        Some(places) => values.for_each(|value| out[places.next()] = value),
    }
}

fn push_numbers(out: &mut Vec<f32>, header: &Header, bytes: &[u8], places: Option<&mut Places>) {
    // One arm a type, each a loop over arrays of known length.
    macro_rules! numbers {
        ($type:ty, $to_f32:expr) => {{
            let items = bytes.as_chunks::<{ size_of::<$type>() }>().0;
            if header.big_endian {
                put(out, items.iter().map(|&item| $to_f32(<$type>::from_be_bytes(item))), places);
            } else {
                put(out, items.iter().map(|&item| $to_f32(<$type>::from_le_bytes(item))), places);
            }
        }};
    }
    match header.kind {
        Kind::I8 => numbers!(i8, |value: i8| value as f32),
        Kind::U16 => numbers!(u16, |value: u16| value as f32),
        Kind::I16 => numbers!(i16, |value: i16| value as f32),
        Kind::U32 => numbers!(u32, |value: u32| value as f32),
        Kind::I32 => numbers!(i32, |value: i32| value as f32),
        Kind::U64 => numbers!(u64, |value: u64| value as f32),
        Kind::I64 => numbers!(i64, |value: i64| value as f32),
        Kind::F16 => numbers!(u16, half),
        Kind::F32 => numbers!(f32, |value: f32| value),
        Kind::F64 => numbers!(f64, |value: f64| value as f32),
        Kind::Bool | Kind::U8 | Kind::Bytes | Kind::Unicode => {}
    }
}

/// A 16-bit float (IEEE 754 binary16) as 32-bit.
fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023));
    sign * match exponent {
        0 => fraction * 2_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction / 1024.0) * 2_f32.powi(exponent - 15),
    }
}

fn text(header: &Header, item: &[u8]) -> String {
    if header.kind == Kind::Bytes {
        return String::from_utf8_lossy(item).trim_end_matches('\0').to_string();
    }
    let characters = item.as_chunks::<4>().0.iter().map(|&bytes| {
        let code = if header.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
    });
    let text: String = characters.collect();
    text.trim_end_matches('\0').to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_floats_are_exact() {
        // numpy.float16(x).view('uint16') of each value.
        for (bits, value) in
            [(0x3C00, 1.0), (0xC000, -2.0), (0x3555, 0.333_251_95), (0x7BFF, 65504.0), (1, 5.960_464_5e-8)]
        {
            assert_eq!(half(bits), value);
        }
        assert!(half(0x7C00).is_infinite() && half(0x7E00).is_nan());
    }
}
