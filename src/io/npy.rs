use std::io::{self, Write};

/// Header and preceding bytes fill whole blocks of this many bytes, so that the numbers are aligned
/// in a memory map.
const BLOCK_BYTES: usize = 64;

/// The values of an array, row by row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Numbers<'a> {
    /// Of 32 bits.
    F32(&'a [f32]),
    /// Of 64 bits.
    F64(&'a [f64]),
}

/// Writes an array in `NumPy`'s format, version 1.0, little-endian; `shape` begins with the number
/// of rows.
///
/// # Errors
/// Those of writing.
pub(super) fn write(out: &mut dyn Write, shape: &[usize], numbers: Numbers<'_>) -> io::Result<()> {
    match numbers {
        Numbers::F32(values) => {
            out.write_all(&header("<f4", shape))?;
            values.iter().try_for_each(|value| out.write_all(&value.to_le_bytes()))
        }
        Numbers::F64(values) => {
            out.write_all(&header("<f8", shape))?;
            values.iter().try_for_each(|value| out.write_all(&value.to_le_bytes()))
        }
    }
}

/// Magic number, version, length of the description, and the description: a Python dictionary,
/// padding and a line break.
fn header(numbers: &str, shape: &[usize]) -> Vec<u8> {
    const START: usize = 10;
    let lengths: Vec<String> = shape.iter().map(ToString::to_string).collect();
    let comma = if lengths.len() == 1 { "," } else { "" };
    let shape = lengths.join(", ");
    let dictionary = format!("{{'descr': '{numbers}', 'fortran_order': False, 'shape': ({shape}{comma}), }}");
    let whole = (START + dictionary.len() + 1).next_multiple_of(BLOCK_BYTES);
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    // A few numbers of at most 20 digits each: the length stays far below 65,535, the limit of
    // version 1.0.
    bytes.extend(((whole - START) as u16).to_le_bytes());
    bytes.extend(dictionary.bytes());
    bytes.resize(whole - 1, b' ');
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_fill_whole_blocks_and_say_what_follows() {
        let check = |shape: &[usize], expected: &str| {
            let bytes = header("<f4", shape);
            assert_eq!(bytes.len() % BLOCK_BYTES, 0, "{shape:?}");
            assert_eq!(bytes[..8], *b"\x93NUMPY\x01\x00");
            assert_eq!(usize::from(u16::from_le_bytes([bytes[8], bytes[9]])), bytes.len() - 10);
            let text = std::str::from_utf8(&bytes[10..]).expect("ASCII");
            let expected = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {expected}, }}");
            assert_eq!(text.trim_end(), expected);
            assert!(text.ends_with('\n'));
        };
        check(&[0, 1], "(0, 1)");
        check(&[5], "(5,)");
        check(&[1_000_000, 512], "(1000000, 512)");
        check(&[3, 28, 28, 3], "(3, 28, 28, 3)");
        let most = usize::MAX;
        check(&[most, most], &format!("({most}, {most})"));
    }

    #[test]
    fn numbers_follow_row_by_row() {
        let values = [1.0, -2.5, f32::NAN, 1e-30, 3.0, f32::INFINITY];
        let mut bytes = Vec::new();
        write(&mut bytes, &[3, 2], Numbers::F32(&values)).expect("a Vec takes everything");
        let numbers: Vec<u32> =
            bytes[128..].as_chunks().0.iter().map(|four| u32::from_le_bytes(*four)).collect();
        assert_eq!(numbers, values.map(f32::to_bits));

        let values = [1_700_000_000.25, -0.1];
        let mut bytes = Vec::new();
        write(&mut bytes, &[2], Numbers::F64(&values)).expect("a Vec takes everything");
        let numbers: Vec<f64> =
            bytes[128..].as_chunks().0.iter().map(|eight| f64::from_le_bytes(*eight)).collect();
        assert_eq!(numbers, values);
    }
}
