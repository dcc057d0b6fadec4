/// Length of the magic number, version and flags.
const START: usize = 8;

/// Most bytes of an unpacked block of an `OpenEXR` file: its decoder allocates memory for it,
/// however small the visible part of the picture is.
pub(super) fn block_bytes(bytes: &[u8]) -> u64 {
    let (mut width, mut height, mut lines, mut pixel) = (0_u64, 0_u64, 1_u64, 0_u64);
    let number = |value: &[u8], at: usize| {
        let four = value.get(4 * at..4 * at + 4).unwrap_or_default();
        four.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
    };
    // Differences of signed 32-bit numbers.
    let side =
        |value: &[u8], at: usize| (number(value, at + 2).wrapping_sub(number(value, at)) & 0xFFFF_FFFF) + 1;
    for (name, value) in attributes(bytes) {
        match name {
            b"dataWindow" => (width, height) = (width.max(side(value, 0)), height.max(side(value, 1))),
            // Compression methods with up to 16, 32 or 256 lines per block.
            b"compression" => {
                lines = lines.max(if value.first().is_some_and(|kind| *kind > 8) { 256 } else { 32 });
            }
            b"tiles" => lines = lines.max(number(value, 1)),
            // Each channel takes 18 bytes here, and 4 per pixel.
            b"channels" => pixel = pixel.max(4 * (value.len() as u64 / 18 + 1)),
            _ => {}
        }
    }
    width.saturating_mul(height.min(lines)).saturating_mul(pixel)
}

/// Names and values in the headers of a file.
fn attributes(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = bytes.get(START..).unwrap_or_default();
    std::iter::from_fn(move || {
        // An empty name ends a header, two of them end all headers.
        if let [0, after @ ..] = rest {
            rest = after;
        }
        let name = text(&mut rest).filter(|name| !name.is_empty())?;
        text(&mut rest)?;
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (value, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        rest = after;
        Some((name, value))
    })
}

/// Splits off a zero-terminated text.
fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = rest.iter().position(|byte| *byte == 0)?;
    let (text, after) = rest.split_at(end);
    *rest = &after[1..];
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_as_large_as_any_head_says() {
        let attribute = |name: &str, value: &[u8]| {
            [name.as_bytes(), b"\0kind\0", &(value.len() as u32).to_le_bytes(), value].concat()
        };
        let window = |corners: [i32; 4]| attribute("dataWindow", &corners.map(i32::to_le_bytes).concat());
        let channels = attribute("channels", &[1; 3 * 18 + 1]);
        let head = |corners: [i32; 4], kind: u8| {
            [channels.clone(), attribute("other", b"abc"), attribute("compression", &[kind]), window(corners)]
                .concat()
        };
        let tiles = attribute("tiles", &[64, 0, 0, 0, 100, 0, 0, 0, 0]);
        for (heads, expected) in [
            (Vec::new(), 0),
            (head([0, 0, 4, 3], 0), 5 * 4 * 16),
            (head([-2, -1, 7, 499], 3), 10 * 32 * 16),
            (head([0, 0, 9, 499], 9), 10 * 256 * 16),
            (head([0, 0, (1 << 28) - 1, 499], 3), (32 * 16) << 28),
            ([head([0, 0, 4, 3], 0), vec![0], head([0, 0, 9, 3], 0)].concat(), 10 * 4 * 16),
            ([head([0, 0, 9, 499], 0), tiles].concat(), 10 * 100 * 16),
        ] {
            let file = [b"\x76\x2f\x31\x01\x02\0\0\0", &heads[..], b"\0\0\0\0"].concat();
            assert_eq!(block_bytes(&file), expected, "{} bytes", heads.len());
        }
        assert_eq!(block_bytes(b"\x76\x2f"), 0);
    }
}
