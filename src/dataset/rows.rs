use super::progress::CancelTimer;
use super::{Column, DataError, Progress};
use crate::project::Shape;

/// Values in their source type: pixels take one byte each.
#[derive(Clone, Debug, PartialEq)]
pub enum Rows {
    /// Pixels.
    U8(Vec<u8>),
    /// Pixels with more than 8 bits.
    U16(Vec<u16>),
    /// Everything else.
    F32(Vec<f32>),
}

impl Rows {
    /// Number of values, over all rows.
    pub fn len(&self) -> usize {
        match self {
            Rows::U8(values) => values.len(),
            Rows::U16(values) => values.len(),
            Rows::F32(values) => values.len(),
        }
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One value, unscaled.
    pub fn value(&self, index: usize) -> f32 {
        match self {
            Rows::U8(values) => f32::from(values[index]),
            Rows::U16(values) => f32::from(values[index]),
            Rows::F32(values) => values[index],
        }
    }

    /// The values displayed as black and as white: the whole range of a byte, but up to the largest
    /// value for pictures with fewer shades (masks, the digits with 17); for other numbers [0, 1]
    /// if all are in it, else their own range.
    pub fn shades(&self) -> (f32, f32) {
        // A few million values are enough, and take a few milliseconds.
        let stride = (self.len() / 4_000_000).max(1);
        match self {
            Rows::U8(values) => match values.iter().step_by(stride).max() {
                Some(high @ 1..64) => (0.0, f32::from(*high)),
                Some(_) | None => (0.0, 255.0),
            },
            Rows::U16(values) => {
                let shades = values.iter().step_by(stride).copied();
                let (low, high) = shades.fold((u16::MAX, 0), |(low, high), v| (low.min(v), high.max(v)));
                if low < high { (f32::from(low), f32::from(high)) } else { (0.0, 65_535.0) }
            }
            Rows::F32(values) => {
                let finite = values.iter().step_by(stride).copied().filter(|value| value.is_finite());
                let around = |(low, high): (f32, f32), v: f32| (low.min(v), high.max(v));
                let (low, high) = finite.fold((f32::INFINITY, f32::NEG_INFINITY), around);
                let is_unit = low >= 0.0 && high <= 1.0 && high > 0.25;
                if is_unit || low >= high { (0.0, 1.0) } else { (low, high) }
            }
        }
    }
}

/// A 64-bit hash of the shape of a row and of all bytes, equal on every machine.
///
/// Four lanes of multiply and rotate over 8-byte words, similar to xxHash: fast, but not
/// cryptographic.
///
/// The numbers subtracted from columns are included if they are not zero.
///
/// # Errors
/// [`DataError::Cancelled`].
pub(super) fn fingerprint(
    shape: Shape,
    rows: &Rows,
    columns: &[Column],
    progress: &Progress,
) -> Result<u64, DataError> {
    let (mut hash, mut cancel_timer) = (Hash::default(), CancelTimer::new(progress));
    let (kind, shape) = match shape {
        Shape::Vector(features) => (1, [features, 0, 0]),
        Shape::Image { height, width, channels } => (2, [height, width, channels]),
    };
    hash.words([kind, shape[0] as u64, shape[1] as u64, shape[2] as u64]);
    match rows {
        Rows::U8(values) => {
            hash.words([8, values.len() as u64, 0, 0]);
            let (blocks, rest) = values.as_chunks::<32>();
            for blocks in blocks.chunks(BLOCKS) {
                cancel_timer.tick(BLOCKS)?;
                blocks.iter().for_each(|block| hash.bytes(block));
            }
            let mut last = [0; 32];
            last[..rest.len()].copy_from_slice(rest);
            hash.bytes(&last);
        }
        Rows::U16(values) => {
            hash.words([16, values.len() as u64, 0, 0]);
            let word = |four: &[u16]| four.iter().rev().fold(0, |word, value| word << 16 | u64::from(*value));
            let mut block = |b: &[u16; 16]| {
                hash.words([word(&b[..4]), word(&b[4..8]), word(&b[8..12]), word(&b[12..])]);
            };
            let (blocks, rest) = values.as_chunks::<16>();
            for blocks in blocks.chunks(BLOCKS) {
                cancel_timer.tick(BLOCKS)?;
                blocks.iter().for_each(&mut block);
            }
            let mut last = [0; 16];
            last[..rest.len()].copy_from_slice(rest);
            block(&last);
        }
        Rows::F32(values) => {
            hash.words([32, values.len() as u64, 0, 0]);
            let pair = |low: f32, high: f32| u64::from(low.to_bits()) | (u64::from(high.to_bits()) << 32);
            let mut block = |b: &[f32; 8]| {
                hash.words([pair(b[0], b[1]), pair(b[2], b[3]), pair(b[4], b[5]), pair(b[6], b[7])]);
            };
            let (blocks, rest) = values.as_chunks::<8>();
            for blocks in blocks.chunks(BLOCKS) {
                cancel_timer.tick(BLOCKS)?;
                blocks.iter().for_each(&mut block);
            }
            let mut last = [0.0; 8];
            last[..rest.len()].copy_from_slice(rest);
            block(&last);
        }
    }
    for (at, column) in (0..).zip(columns).filter(|(_, column)| column.base() != 0.0) {
        hash.words([64, at, column.base().to_bits(), 0]);
    }
    Ok(hash.finish())
}

/// Blocks hashed between two checks for cancellation.
const BLOCKS: usize = 1 << 12;

/// The state of the hash.
#[derive(Default)]
pub(super) struct Hash([u64; 4]);

impl Hash {
    pub(super) fn words(&mut self, words: [u64; 4]) {
        for (lane, word) in self.0.iter_mut().zip(words) {
            *lane = lane
                .wrapping_add(word.wrapping_mul(0xC2B2_AE3D_27D4_EB4F))
                .rotate_left(31)
                .wrapping_mul(0x9E37_79B1_85EB_CA87);
        }
    }

    fn bytes(&mut self, block: &[u8; 32]) {
        let words = block.as_chunks::<8>().0;
        self.words(std::array::from_fn(|at| u64::from_le_bytes(words[at])));
    }

    pub(super) fn finish(self) -> u64 {
        let mut hash = 0x27D4_EB2F_1656_67C5_u64;
        for lane in self.0 {
            hash = (hash ^ lane).rotate_left(27).wrapping_mul(0x9E37_79B1_85EB_CA87);
            hash ^= hash >> 29;
        }
        hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shades_follow_the_values() {
        for (values, expected) in [
            (vec![0.0, 0.4, 1.0], (0.0, 1.0)),
            (vec![-2.0, f32::NAN, 3.0], (-2.0, 3.0)),
            (vec![], (0.0, 1.0)),
            (vec![7.0, 7.0], (0.0, 1.0)),
            (vec![0.0, 200.0], (0.0, 200.0)),
        ] {
            assert_eq!(Rows::F32(values).shades(), expected);
        }
        for (bytes, expected) in
            [(vec![0, 1, 1], 1.0), (vec![0, 16], 16.0), (vec![3, 200], 255.0), (vec![], 255.0)]
        {
            assert_eq!(Rows::U8(bytes).shades(), (0.0, expected));
        }
    }

    #[test]
    fn fingerprints_depend_on_shape_type_order_and_every_byte() {
        let base: Vec<u8> = (0..99).collect();
        let mut prints = Vec::new();
        let mut add = |shape, rows: &Rows| {
            let print = |rows: &Rows| fingerprint(shape, rows, &[], &Progress::default()).unwrap();
            assert_eq!(print(rows), print(&rows.clone()));
            let print = print(rows);
            assert!(!prints.contains(&print), "{shape:?} {rows:?}");
            prints.push(print);
        };
        add(Shape::Vector(9), &Rows::U8(base.clone()));
        add(Shape::Vector(11), &Rows::U8(base.clone()));
        add(Shape::Image { height: 3, width: 3, channels: 1 }, &Rows::U8(base.clone()));
        add(Shape::Vector(9), &Rows::U8(base[..90].to_vec()));
        for at in 0..base.len() {
            let mut changed = base.clone();
            changed[at] ^= 1;
            add(Shape::Vector(9), &Rows::U8(changed));
        }
        let numbers: Vec<f32> = base.iter().map(|&value| f32::from(value)).collect();
        add(Shape::Vector(9), &Rows::F32(numbers.clone()));
        let reversed = numbers.into_iter().rev().collect();
        add(Shape::Vector(9), &Rows::F32(reversed));
    }
}
