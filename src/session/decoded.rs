//! Output of a network, in units of the scaled data, prepared for files: as columns of a table, as
//! an array, or as pictures.

use std::path::Path;

use super::{Pixel, Sheet, written_channels};
use crate::dataset::Dataset;
use crate::dataset::memory::available_bytes;
use crate::io::{FileError, Files, Numbers, Pixels, save_array};
use crate::project::{Shape, Source, format_bytes};

/// Rows produced by a network.
#[derive(Clone, Copy, Debug)]
pub struct Decoded<'a> {
    /// Data with the same features, which provide their names and scaling.
    pub data: &'a Dataset,
    /// The rows, scaled.
    pub values: &'a [f32],
}

impl<'a> Decoded<'a> {
    /// Adds their columns as they would appear in the source: in its units, with words and dates.
    pub fn add_columns(self, sheet: &mut Sheet<'a>) {
        let features = self.data.shape.features().max(1);
        sheet.source(self.data.written_names(), move |at, fields| {
            self.data.written(&self.values[at * features..(at + 1) * features], fields);
        });
    }

    /// Writes them as an array in the units of the source. `rows` are the leading axes, which count
    /// the rows; the shape of a row follows. The array has 64 bits if 32 could not represent the
    /// numbers of the source.
    ///
    /// # Errors
    /// [`FileError`] if the file cannot be written.
    pub fn save_array(self, files: &Files, path: &Path, rows: &[usize]) -> Result<(), FileError> {
        let (data, features) = (self.data, self.data.shape.features().max(1));
        let mut shape = rows.to_vec();
        match data.shape {
            Shape::Vector(features) => shape.push(features),
            Shape::Image { height, width, channels: 1 } => shape.extend([height, width]),
            Shape::Image { height, width, channels } => shape.extend([height, width, channels]),
        }
        let unscaled = |(at, value): (usize, &f32)| data.scaler.unscale(at % features, *value);
        let values = self.values.iter().enumerate().map(unscaled);
        match data.bases() {
            Some(bases) => {
                let values = values.zip(bases.iter().cycle()).map(|(value, base)| f64::from(value) + base);
                save_array(files, path, &shape, Numbers::F64(&values.collect::<Vec<f64>>()))
            }
            None => save_array(files, path, &shape, Numbers::F32(&values.collect::<Vec<f32>>())),
        }
    }
}

/// Explains why this many samples of some data, with codes of `units` units, cannot be generated:
/// they need more memory than is free. `None` if they fit.
pub fn memory_shortage(data: &Dataset, units: usize, samples: usize) -> Option<String> {
    lack_of(data.shape.features(), units, samples, available_bytes())
}

fn lack_of(features: usize, units: usize, samples: usize, free: u64) -> Option<String> {
    // A code, the scaled values, the values in units of the data, and their written form.
    let values = (4 * features as u64).saturating_add(units as u64);
    let needed = (samples as u64).saturating_mul(values).saturating_mul(size_of::<f32>() as u64);
    (needed > free).then(|| {
        format!(
            "{samples} samples take about {}, but only {} is free",
            format_bytes(needed),
            format_bytes(free)
        )
    })
}

/// Converts scaled samples to the pixels of a file.
#[derive(Clone, Debug)]
pub struct Painter<'a> {
    data: &'a Dataset,
    height: usize,
    width: usize,
    channels: usize,
    /// Written channels, counted from 0.
    pub shown: Vec<usize>,
    pixel: Pixel,
}

/// Pixels between the pictures of a page.
const GAP: usize = 2;

impl<'a> Painter<'a> {
    /// The painter for data from this source; `None` if they are not pictures.
    pub fn of(source: &Source, data: &'a Dataset) -> Option<Painter<'a>> {
        let Shape::Image { height, width, channels } = data.shape else { return None };
        let shown = written_channels(source, data.shape);
        Some(Painter { data, height, width, channels, shown, pixel: Pixel::of(data) })
    }

    /// Height, width and channels of a written picture.
    pub fn shape(&self) -> (usize, usize, usize) {
        (self.height, self.width, self.shown.len())
    }

    /// The number of channels of the data, if some of them are not written.
    pub fn left_out(&self) -> Option<usize> {
        (self.shown.len() < self.channels).then_some(self.channels)
    }

    /// A single picture.
    pub fn pixels(&self, scaled: &[f32]) -> Pixels {
        let place = |pixel: usize| self.shown.iter().map(move |channel| pixel * self.channels + channel);
        let places = (0..self.height * self.width).flat_map(place);
        self.pixel.all(places.map(|at| self.data.scaler.unscale(at, scaled[at])))
    }

    /// Height, width and channels of a page with this many lines and columns of pictures.
    pub fn page_shape(&self, lines: usize, columns: usize) -> (usize, usize, usize) {
        let length = |count: usize, side: usize| {
            count.saturating_mul(side).saturating_add(GAP * count.saturating_sub(1))
        };
        (length(lines, self.height), length(columns, self.width), self.shown.len())
    }

    /// All pictures on one page, line by line, with white between them and in place of missing
    /// ones.
    pub fn page(&self, columns: usize, pictures: &[Option<&[f32]>]) -> Pixels {
        let (height, width, channels) = self.page_shape(pictures.len().div_ceil(columns.max(1)), columns);
        let places = (0..).zip(pictures).filter_map(|(at, picture)| Some((at, self.pixels((*picture)?))));
        // Pixels have the depth of the pictures, even if there are no pictures.
        match self.pixel {
            Pixel::Shades(..) => {
                let mut page = vec![u8::MAX; height * width * channels];
                for (at, pixels) in places {
                    if let Pixels::U8(pixels) = pixels {
                        self.paste(&mut page, width, (at / columns, at % columns), &pixels);
                    }
                }
                Pixels::U8(page)
            }
            Pixel::Deep => {
                let mut page = vec![u16::MAX; height * width * channels];
                for (at, pixels) in places {
                    if let Pixels::U16(pixels) = pixels {
                        self.paste(&mut page, width, (at / columns, at % columns), &pixels);
                    }
                }
                Pixels::U16(page)
            }
        }
    }

    fn paste<T: Copy>(&self, page: &mut [T], width: usize, (line, column): (usize, usize), pixels: &[T]) {
        let channels = self.shown.len();
        let (top, left) = (line * (self.height + GAP), column * (self.width + GAP));
        for (row, pixels) in pixels.chunks_exact((self.width * channels).max(1)).enumerate() {
            let start = ((top + row) * width + left) * channels;
            page[start..start + pixels.len()].copy_from_slice(pixels);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Progress, load};
    use crate::project::Data;

    #[test]
    fn samples_that_do_not_fit_into_memory_are_refused() {
        // 10 · (4 · 3 + 2) values of 4 bytes.
        assert_eq!(lack_of(3, 2, 10, 560), None);
        assert!(lack_of(3, 2, 10, 559).is_some_and(|text| text.starts_with("10 samples take about ")));
        assert!(lack_of(usize::MAX / 8, 2, usize::MAX, u64::MAX - 1).is_some());
    }

    #[test]
    fn a_page_shows_its_pictures_line_by_line() {
        let data = load(&Data::default(), &Progress::default()).expect("embedded");
        let painter = Painter::of(&Source::Digits, &data).expect("pictures");
        let (black, middle) = (vec![0.0; 64], vec![0.5; 64]);
        let page = painter.page(2, &[Some(&black), Some(&middle), Some(&middle)]);
        assert_eq!(painter.page_shape(2, 2), (18, 18, 1));
        let Pixels::U8(page) = page else { panic!("bytes") };
        assert_eq!(page.len(), 18 * 18);
        // Rows and columns 8 and 9 are between the pictures; there is no fourth.
        let pixel = |row: usize, column: usize| page[row * 18 + column];
        for (row, column, expected) in
            [(0, 0, 0), (7, 7, 0), (7, 8, 255), (0, 9, 255), (0, 10, 128), (7, 17, 128), (8, 0, 255)]
        {
            assert_eq!(pixel(row, column), expected, "{row} {column}");
        }
        assert_eq!([pixel(10, 0), pixel(17, 7), pixel(10, 10), pixel(17, 17)], [128, 128, 255, 255]);
    }
}
