use std::io::{self, Write};

/// The header and what stands before it fill whole blocks of so many bytes, so that the numbers are aligned when mapped.
const BLOCK_BYTES: usize = 64;

/// Writes a matrix as `NumPy`'s array format, version 1.0: little-endian `f32`, row by row.
///
/// # Errors
/// What writing fails with.
pub(super) fn write(out: &mut dyn Write, columns: usize, values: &[f32]) -> io::Result<()> {
    let rows = values.len() / columns.max(1);
    out.write_all(&header(rows, columns))?;
    for value in &values[..rows * columns] {
        out.write_all(&value.to_le_bytes())?;
    }
    Ok(())
}

/// Magic number, version, length of the description, and the description: a Python dictionary, spaces and a line break.
fn header(rows: usize, columns: usize) -> Vec<u8> {
    const START: usize = 10;
    let dictionary = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    let whole = (START + dictionary.len() + 1).next_multiple_of(BLOCK_BYTES);
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    // Two numbers of at most 20 digits each: the length never comes near the 65,535 that version 1.0 can tell.
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
        for (rows, columns) in [(0, 1), (1, 1), (3, 2), (1_000_000, 512), (usize::MAX, usize::MAX)] {
            let bytes = header(rows, columns);
            assert_eq!(bytes.len() % BLOCK_BYTES, 0, "{rows} {columns}");
            assert_eq!(bytes[..8], *b"\x93NUMPY\x01\x00");
            assert_eq!(usize::from(u16::from_le_bytes([bytes[8], bytes[9]])), bytes.len() - 10);
            let text = std::str::from_utf8(&bytes[10..]).expect("ASCII");
            let expected =
                format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
            assert_eq!(text.trim_end(), expected);
            assert!(text.ends_with('\n'));
        }
    }

    #[test]
    fn numbers_follow_row_by_row() {
        let values = [1.0, -2.5, f32::NAN, 1e-30, 3.0, f32::INFINITY];
        let mut bytes = Vec::new();
        write(&mut bytes, 2, &values).expect("a Vec takes everything");
        let numbers: Vec<u32> =
            bytes[128..].as_chunks().0.iter().map(|four| u32::from_le_bytes(*four)).collect();
        assert_eq!(numbers, values.map(f32::to_bits));
    }
}
