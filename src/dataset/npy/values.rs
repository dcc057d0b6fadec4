use super::header::{Header, Kind};

/// Values as they are kept: bytes, numbers, or texts (labels only).
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Values {
    U8(Vec<u8>),
    F32(Vec<f32>),
    Text(Vec<String>),
}

impl Values {
    /// Room for `count` values; the caller has checked that they fit.
    pub fn new(kind: Kind, count: usize) -> Values {
        match kind {
            Kind::Bool | Kind::U8 => Values::U8(Vec::with_capacity(count)),
            Kind::Bytes | Kind::Unicode => Values::Text(Vec::new()),
            Kind::I8
            | Kind::U16
            | Kind::I16
            | Kind::U32
            | Kind::I32
            | Kind::U64
            | Kind::I64
            | Kind::F16
            | Kind::F32
            | Kind::F64 => Values::F32(Vec::with_capacity(count)),
        }
    }

    /// Adds values from the bytes of the file, a whole number of them.
    pub fn push(&mut self, header: &Header, bytes: &[u8]) {
        match self {
            Values::U8(values) if header.kind == Kind::Bool => {
                values.extend(bytes.iter().map(|&byte| u8::from(byte != 0)));
            }
            Values::U8(values) => values.extend_from_slice(bytes),
            Values::F32(values) => push_numbers(values, header, bytes),
            Values::Text(values) => {
                values.extend(bytes.chunks_exact(header.item).map(|item| text(header, item)));
            }
        }
    }

    /// From columns first (`Fortran`) to rows first (`C`).
    pub fn to_c_order(&self, shape: &[usize]) -> Values {
        match self {
            Values::U8(values) => Values::U8(reorder(values, shape)),
            Values::F32(values) => Values::F32(reorder(values, shape)),
            Values::Text(values) => Values::Text(reorder(values, shape)),
        }
    }
}

fn push_numbers(out: &mut Vec<f32>, header: &Header, bytes: &[u8]) {
    // One arm a type, each a loop over arrays of known length.
    macro_rules! numbers {
        ($type:ty, $to_f32:expr) => {{
            let items = bytes.as_chunks::<{ size_of::<$type>() }>().0;
            if header.big_endian {
                out.extend(items.iter().map(|&item| $to_f32(<$type>::from_be_bytes(item))));
            } else {
                out.extend(items.iter().map(|&item| $to_f32(<$type>::from_le_bytes(item))));
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

fn reorder<T: Clone>(values: &[T], shape: &[usize]) -> Vec<T> {
    let mut strides = Vec::with_capacity(shape.len());
    let mut stride = 1;
    for &size in shape {
        strides.push(stride);
        stride *= size;
    }
    let mut index = vec![0; shape.len()];
    let mut at = 0;
    let mut out = Vec::with_capacity(values.len());
    for _ in 0..values.len() {
        out.push(values[at].clone());
        // Counts up like an odometer, the last dimension fastest.
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            at += strides[axis];
            if index[axis] < shape[axis] {
                break;
            }
            at -= strides[axis] * shape[axis];
            index[axis] = 0;
        }
    }
    out
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

    #[test]
    fn columns_first_becomes_rows_first() {
        // numpy.arange(24).reshape(2, 3, 4) written in Fortran order.
        let c: Vec<u8> = (0..24).collect();
        let fortran: Vec<u8> = (0..24).map(|at| (at % 2) * 12 + at / 2 % 3 * 4 + at / 6).collect();
        assert_eq!(reorder(&fortran, &[2, 3, 4]), c);
    }
}
