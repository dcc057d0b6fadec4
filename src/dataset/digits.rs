use std::io::Read;

use flate2::read::GzDecoder;

use super::raw::Raw;
use super::{DataError, LabelColumn, Rows};
use crate::project::Shape;

/// See `assets/digits-NOTICE.md`.
const DIGITS: &[u8] = include_bytes!("../../assets/digits.csv.gz");
const PIXELS: usize = 64;
/// The value of white.
pub const DIGITS_WHITE: u16 = 16;

/// The embedded digits: 1,797 pictures of 8×8 pixels with values 0 to 16 and classes 0 to 9.
pub(super) fn load() -> Result<Raw, DataError> {
    let mut text = String::new();
    GzDecoder::new(DIGITS).read_to_string(&mut text).map_err(|error| damaged(&error.to_string()))?;
    let (mut pixels, mut ids) = (Vec::new(), Vec::new());
    for line in text.lines().skip(1) {
        let before = pixels.len();
        for field in line.split(',') {
            let value: u8 = field.parse().map_err(|_| damaged("a field is not a number"))?;
            pixels.push(value);
        }
        ids.extend(pixels.pop().map(u32::from));
        if pixels.len() - before != PIXELS {
            return Err(damaged("a row does not have 64 pixels"));
        }
    }
    let shape = Shape::Image { height: 8, width: 8, channels: 1 };
    let mut raw = Raw::new("digits", shape, Rows::U8(pixels));
    let names = (0..10).map(|digit| digit.to_string()).collect();
    raw.labels = vec![LabelColumn::classes("label", names, ids)];
    raw.type_max = Some(f32::from(DIGITS_WHITE));
    Ok(raw)
}

/// Cannot happen in a tested build, but must not panic either.
fn damaged(detail: &str) -> DataError {
    DataError::Setting(format!("the embedded digits are damaged ({detail}); reinstall the program"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_the_published_ones() {
        let raw = load().unwrap();
        let Rows::U8(pixels) = &raw.rows else { panic!("not bytes") };
        assert_eq!(pixels.len(), 1797 * PIXELS);
        assert_eq!(pixels.iter().max(), Some(&16));
        // sklearn.datasets.load_digits().data.sum() and numpy.bincount of its target.
        let sum: u64 = pixels.iter().map(|&pixel| u64::from(pixel)).sum();
        assert_eq!(sum, 561_718);
        let ids = raw.labels[0].class_ids().unwrap();
        let counts: Vec<usize> = (0..10).map(|digit| ids.iter().filter(|&&id| id == digit).count()).collect();
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    }
}
