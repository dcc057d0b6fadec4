use std::path::Path;

use crate::dataset::{Column, Dataset, Rows};
use crate::io::{FileError, Files, Pixels, TableForm, save_pictures};
use crate::project::{Shape, Shown, Source};
use crate::session::Sheet;

/// Maximum length in bytes of the original path kept in the name of a written picture. File systems
/// allow 255 including number and extension.
const NAME_BYTES: usize = 150;

/// Rows of a data set to be written to files.
#[derive(Clone, Copy, Debug)]
pub struct Exported<'a> {
    /// The data.
    pub data: &'a Dataset,
    /// The rows.
    pub rows: &'a [u32],
    /// Errors by row of the data, NaN if unknown; empty if none are known.
    pub errors: &'a [f32],
}

/// Writes rows as a table: name, or number in the source counted from 1; split; labels; the columns
/// of a table as in the source; and the errors, if some are known.
///
/// # Errors
/// [`FileError`] if the file cannot be written.
pub fn export_table(
    files: &Files,
    path: &Path,
    form: TableForm,
    exported: Exported<'_>,
) -> Result<(), FileError> {
    let Exported { data, rows, errors } = exported;
    files.expect(rows.len());
    let mut sheet = Sheet::of(data, true, rows);
    let starts = column_starts(data);
    if !starts.is_empty() {
        sheet.source(data.written_names(), move |at, fields| {
            let index = rows[at] as usize;
            fields.extend(starts.iter().map(|start| {
                let is_filled = data.gaps.is_filled(index * data.shape.features() + start);
                if is_filled { String::new() } else { data.source_text(index, *start) }
            }));
        });
    }
    let error = |row: u32| errors.get(row as usize).copied().filter(|error| !error.is_nan());
    if rows.iter().any(|row| error(*row).is_some()) {
        sheet.push("error", move |at| error(rows[at]).map_or_else(String::new, |error| error.to_string()));
    }
    sheet.save(files, path, form).map(drop)
}

/// The first feature of each column listed by [`Dataset::written_names`]; empty for pictures.
fn column_starts(data: &Dataset) -> Vec<usize> {
    let Shape::Vector(features) = data.shape else { return Vec::new() };
    if data.written_names().len() == features {
        return (0..features).collect();
    }
    let mut next = 0;
    let start = |column: &Column| {
        let start = next;
        next += column.features();
        start
    };
    data.columns.iter().map(start).collect()
}

/// Writes rows as PNG files into a folder, creating it. Returns the number of files written, which
/// is 0 if the rows are not pictures.
///
/// # Errors
/// [`FileError`] if a picture cannot be written.
pub fn export_pictures(
    files: &Files,
    folder: &Path,
    source: &Source,
    exported: Exported<'_>,
) -> Result<usize, FileError> {
    let Exported { data, rows, .. } = exported;
    let Shape::Image { height, width, channels } = data.shape else { return Ok(0) };
    let (shown, pixels) = (written_channels(source, data.shape), Pixel::of(data));
    let pictures = rows.iter().filter(|row| (**row as usize) < data.len()).map(|row| {
        let start = *row as usize * data.shape.features();
        let place = |pixel: usize| shown.iter().map(move |channel| start + pixel * channels + channel);
        let values = (0..height * width).flat_map(place).map(|at| data.rows.value(at));
        (picture_name(data, *row), pixels.all(values))
    });
    files.expect(rows.len());
    files.fill_folder(folder, |staging| save_pictures(files, staging, (height, width, shown.len()), pictures))
}

/// The number of a row in its source, counted from 1.
pub fn number_of(data: &Dataset, row: u32) -> u64 {
    data.source_rows.get(row as usize).map_or(u64::from(row) + 1, |number| u64::from(*number))
}

/// The conversion of a value to a pixel of a file.
#[derive(Clone, Copy, Debug)]
pub enum Pixel {
    /// 8 bits, from black to white.
    Shades(f32, f32),
    /// 16 bits, the value itself.
    Deep,
}

impl Pixel {
    /// The conversion for the data's pictures.
    pub fn of(data: &Dataset) -> Pixel {
        match data.rows {
            Rows::U16(_) => Pixel::Deep,
            Rows::U8(_) | Rows::F32(_) => {
                let (low, high) = data.shades();
                Pixel::Shades(low, high)
            }
        }
    }

    /// The pixels of values in units of the data.
    pub fn all(&self, values: impl Iterator<Item = f32>) -> Pixels {
        match *self {
            Pixel::Deep => {
                Pixels::U16(values.map(|value| value.round().clamp(0.0, 65_535.0) as u16).collect())
            }
            Pixel::Shades(low, high) => Pixels::U8(
                values
                    .map(|value| ((value - low) / (high - low) * 255.0).round().clamp(0.0, 255.0) as u8)
                    .collect(),
            ),
        }
    }
}

/// The channels of a written picture, counted from 0: all channels of a picture with transparency,
/// otherwise those that are shown.
pub fn written_channels(source: &Source, shape: Shape) -> Vec<usize> {
    match (source, shape) {
        (Source::ImageFolder { .. }, Shape::Image { channels: channels @ 0..=4, .. }) => {
            (0..channels).collect()
        }
        _ => {
            Shown::of(shape, source.shown_channels()).map_or(vec![], |shown| shown.shown_channels().to_vec())
        }
    }
}

/// The row's number in the source, so that files sort in row order, and its name if it has one,
/// with the page for files with several pages (`scan.tif#2`). For data made of several arrays
/// (`x_test[2]`), the name is the array and the index, as in tables.
pub fn picture_name(data: &Dataset, row: u32) -> String {
    let name = data.row_names.get(row as usize).map_or("", String::as_str);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|letter| letter.is_ascii_digit());
    let in_array = name.strip_suffix(']').and_then(|name| name.rsplit_once('['));
    if let Some((array, index)) = in_array.filter(|(_, index)| is_number(index)) {
        return format!("{}_{index:0>6}", safe_name(array));
    }
    let (file, page) = match name.rsplit_once('#') {
        Some((file, page)) if is_number(page) => (file, format!("_{page}")),
        Some(_) | None => (name, String::new()),
    };
    let name = safe_name(&(Path::new(file).with_extension("").to_string_lossy().into_owned() + &page));
    let number = number_of(data, row);
    if name.is_empty() { format!("{number:06}") } else { format!("{number:06}-{name}") }
}

/// A file name that is valid on any system. The end of a long path is kept, because it is the part
/// that differs.
fn safe_name(name: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || c == '-' { c } else { '_' };
    let name: String = name.chars().map(safe).collect();
    let start = name.len().saturating_sub(NAME_BYTES);
    let start = (start..=name.len()).find(|&at| name.is_char_boundary(at)).unwrap_or_default();
    name[start..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Progress, Subset, load};
    use crate::project::{ArrayReading, Data};

    #[test]
    fn rows_are_written_with_their_labels_and_errors() {
        let mut data = load(&Data::default(), &Progress::default()).expect("embedded");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rows.csv");
        let (rows, mut errors) = ([0, 2], vec![f32::NAN; 3]);
        errors[2] = 0.5;
        let split = |row: u32| {
            let is_in = |subset: &&Subset| data.split.rows(**subset).contains(&row);
            Subset::ALL.iter().find(is_in).map_or("", |subset| subset.name())
        };
        let splits = [split(0), split(2)];
        let written = |data: &Dataset, errors: &[f32]| {
            let exported = Exported { data, rows: &rows, errors };
            export_table(&Files::default(), &path, TableForm::Csv, exported).expect("written");
            std::fs::read_to_string(&path).expect("there")
        };
        // The digits begin with 0, 1, 2.
        let [first, third] = splits;
        let label = data.labels[0].name.clone();
        assert_eq!(written(&data, &[]), format!("row,split,{label}\n1,{first},0\n3,{third},2\n"));
        assert_eq!(
            written(&data, &errors),
            format!("row,split,{label},error\n1,{first},0,\n3,{third},2,0.5\n")
        );
        data.labels[0].name = "error".to_owned();
        assert!(written(&data, &errors).starts_with("row,split,error,error (2)\n"));
        let pictures = folder.path().join("pictures");
        let exported = Exported { data: &data, rows: &rows, errors: &[] };
        let count = export_pictures(&Files::default(), &pictures, &Source::Digits, exported);
        assert_eq!(count, Ok(2));
        let picture = image::open(pictures.join("000003.png")).expect("a picture").into_luma8();
        let pixel = |at: usize| (data.rows.value(2 * 64 + at) / 16.0 * 255.0).round() as u8;
        assert_eq!(picture.into_raw(), (0..64).map(pixel).collect::<Vec<_>>());
    }

    #[test]
    fn names_of_pictures_are_valid_and_not_too_long() {
        let mut data = load(&Data::default(), &Progress::default()).expect("embedded");
        assert_eq!(picture_name(&data, 6), "000007");
        data.row_names =
            ["cats/my cat.v2.png", "scan.tif#1", "scan.tif#12", "no #1.png", "no #x", "x.test[12]"]
                .map(str::to_owned)
                .into_iter()
                .chain(["/ü".repeat(400) + "/last.png"])
                .collect();
        for (row, expected) in [
            (0, "000001-cats_my_cat_v2"),
            (1, "000002-scan_1"),
            (2, "000003-scan_12"),
            (3, "000004-no__1"),
            (4, "000005-no__x"),
            (5, "x_test_000012"),
        ] {
            assert_eq!(picture_name(&data, row), expected);
        }
        let long = picture_name(&data, 6);
        assert!(long.len() <= 160 && long.ends_with("_ü_last"), "{long}");
        // Excluded rows leave gaps in the numbering.
        data.source_rows = vec![3];
        assert_eq!(picture_name(&data, 0), "000003-cats_my_cat_v2");
    }

    #[test]
    fn transparency_and_shown_channels_are_written() {
        let image = |channels| Shape::Image { height: 1, width: 1, channels };
        let array = |shown: &[usize]| {
            let reading = ArrayReading { shown_channels: shown.to_vec(), ..ArrayReading::default() };
            Source::Npy { path: "a.npy".into(), array: None, labels: None, reading }
        };
        assert_eq!(written_channels(&array(&[]), image(5)), [0, 1, 2]);
        assert_eq!(written_channels(&array(&[5, 3, 1]), image(5)), [4, 2, 0]);
        assert_eq!(written_channels(&array(&[]), image(2)), [0]);
        let pictures = Source::ImageFolder {
            path: "a".into(),
            width: 1,
            height: 1,
            channels: crate::project::Channels::default(),
            fit: crate::project::Fit::default(),
            reading: crate::project::PictureReading::default(),
        };
        assert_eq!(written_channels(&pictures, image(4)), [0, 1, 2, 3]);
    }

    #[test]
    fn deep_pixels_are_the_values_themselves() {
        let values = [-3.0, 0.4, 255.6, 4095.0, 70_000.0];
        assert_eq!(Pixel::Deep.all(values.into_iter()), Pixels::U16(vec![0, 0, 256, 4095, 65_535]));
        assert_eq!(Pixel::Shades(0.0, 16.0).all([8.0, 20.0].into_iter()), Pixels::U8(vec![128, 255]));
    }
}
