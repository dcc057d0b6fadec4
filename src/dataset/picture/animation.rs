/// Whether a file contains several frames: GIF, WebP or PNG. Reads the headers of its parts, not
/// the pictures in them.
pub(super) fn is_animated(bytes: &[u8]) -> bool {
    match bytes {
        [b'G', b'I', b'F', ..] => gif_frames(bytes).is_some_and(|frames| frames > 1),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', b'V', b'P', b'8', b'X', ..] => {
            bytes.get(20).is_some_and(|flags| flags & 2 != 0)
        }
        [0x89, b'P', b'N', b'G', ..] => png_frames(bytes).is_some_and(|frames| frames > 1),
        _ => false,
    }
}

/// Number of frames in a GIF file, at most 2.
fn gif_frames(bytes: &[u8]) -> Option<usize> {
    let palette = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    let mut at = 13 + palette(*bytes.get(10)?);
    let mut frames = 0;
    while frames < 2 {
        match bytes.get(at)? {
            0x21 => at += 2,
            0x2C => {
                frames += 1;
                at += 11 + palette(*bytes.get(at + 9)?);
            }
            _ => return Some(frames),
        }
        // Blocks, each preceded by its length; a block of length 0 is the last.
        loop {
            let length = usize::from(*bytes.get(at)?);
            at += 1 + length;
            if length == 0 {
                break;
            }
        }
    }
    Some(frames)
}

/// Number of frames stated in the header of an animated PNG file.
fn png_frames(bytes: &[u8]) -> Option<u32> {
    let mut at = 8;
    loop {
        let word = |at: usize| bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
        match bytes.get(at + 4..at + 8)? {
            b"acTL" => return word(at + 8),
            b"IDAT" | b"IEND" => return None,
            _ => at += 12 + word(at)? as usize,
        }
    }
}
