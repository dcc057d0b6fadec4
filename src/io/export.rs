use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use csv::{QuoteStyle, WriterBuilder};
use image::{ExtendedColorType, ImageEncoder};

use super::npy::{self, Numbers};
use super::{Durability, FileError, Files, tensors};
use crate::run::{Run, Weights};

/// The format of a table of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableForm {
    /// `.csv`: with commas, and quotes where they are needed.
    Csv,
    /// `.tsv`: with tabs and without quotes, so that no field can contain a tab or a line break.
    Tsv,
}

/// Pixels of a picture, rows first, channels last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pixels {
    /// Of 8 bits.
    U8(Vec<u8>),
    /// Of 16 bits.
    U16(Vec<u16>),
}

/// Writes a table of this many rows, below its header if it has one; `fields` fills in those of one
/// row. Returns the number of fields in which a tab or line break was replaced by a space, because
/// the format cannot contain them.
///
/// # Errors
/// [`FileError`] if the file cannot be written.
pub fn save_table(
    files: &Files,
    path: &Path,
    form: TableForm,
    header: Option<&[String]>,
    rows: usize,
    mut fields: impl FnMut(usize, &mut Vec<String>),
) -> Result<usize, FileError> {
    let mut replaced = 0;
    let mut checked_row = |row: usize, record: &mut Vec<String>| {
        fields(row, record);
        files.advance(1);
    };
    files.write(path, Durability::Synced, |sink| {
        replaced = write_table(sink, form, header, rows, &mut checked_row)?;
        Ok(())
    })?;
    Ok(replaced)
}

/// A table as the text of a `.csv`.
pub fn table_text(header: &[String], rows: usize, mut fields: impl FnMut(usize, &mut Vec<String>)) -> String {
    let mut bytes = Vec::new();
    // Writing to memory cannot fail.
    let _ = write_table(&mut bytes, TableForm::Csv, Some(header), rows, &mut fields);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn write_table(
    out: impl Write,
    form: TableForm,
    header: Option<&[String]>,
    rows: usize,
    fields: &mut dyn FnMut(usize, &mut Vec<String>),
) -> io::Result<usize> {
    let mut replaced = 0;
    let mut fitted = |record: &mut Vec<String>| {
        if form == TableForm::Tsv {
            for field in record.iter_mut().filter(|field| field.contains(['\t', '\n', '\r'])) {
                *field = field.replace(['\t', '\n', '\r'], " ");
                replaced += 1;
            }
        }
    };
    let mut builder = WriterBuilder::new();
    if form == TableForm::Tsv {
        builder.delimiter(b'\t').quote_style(QuoteStyle::Never);
    }
    let mut table = builder.from_writer(out);
    let mut record = header.unwrap_or_default().to_vec();
    if header.is_some() {
        fitted(&mut record);
        table.write_record(&record)?;
    }
    for row in 0..rows {
        record.clear();
        fields(row, &mut record);
        fitted(&mut record);
        table.write_record(&record)?;
    }
    table.flush()?;
    Ok(replaced)
}

/// Writes an array as `.npy`; `shape` begins with the number of rows.
///
/// # Errors
/// [`FileError`] if the file cannot be written.
pub fn save_array(
    files: &Files,
    path: &Path,
    shape: &[usize],
    numbers: Numbers<'_>,
) -> Result<(), FileError> {
    files.write(path, Durability::Synced, |sink| npy::write(sink, shape, numbers))?;
    files.advance(shape.first().copied().unwrap_or(0));
    Ok(())
}

/// Writes pictures as PNG files into an existing folder. Each has a name, without extension, and
/// pixels of shape `(height, width, channels)`: 1 channel for grey, 3 for colour, one more with
/// transparency. Returns the number written.
///
/// # Errors
/// [`FileError`] if a picture cannot be written.
pub fn save_pictures(
    files: &Files,
    folder: &Path,
    shape: (usize, usize, usize),
    pictures: impl IntoIterator<Item = (String, Pixels)>,
) -> Result<usize, FileError> {
    let mut count = 0;
    for (name, pixels) in pictures {
        save_picture(files, &folder.join(format!("{name}.png")), shape, pixels, Durability::Fast)?;
        files.advance(1);
        count += 1;
    }
    Ok(count)
}

/// Writes a picture as a PNG file, as [`save_pictures`] does.
///
/// # Errors
/// [`FileError`] if it cannot be written.
pub fn save_picture(
    files: &Files,
    path: &Path,
    (height, width, channels): (usize, usize, usize),
    pixels: Pixels,
    durability: Durability,
) -> Result<(), FileError> {
    let colour = match (&pixels, channels) {
        (Pixels::U8(_), 2) => ExtendedColorType::La8,
        (Pixels::U8(_), 3) => ExtendedColorType::Rgb8,
        (Pixels::U8(_), 4) => ExtendedColorType::Rgba8,
        (Pixels::U8(_), _) => ExtendedColorType::L8,
        (Pixels::U16(_), 2) => ExtendedColorType::La16,
        (Pixels::U16(_), 3) => ExtendedColorType::Rgb16,
        (Pixels::U16(_), 4) => ExtendedColorType::Rgba16,
        (Pixels::U16(_), _) => ExtendedColorType::L16,
    };
    let bytes = match pixels {
        Pixels::U8(bytes) => bytes,
        // The encoder takes native byte order.
        Pixels::U16(words) => words.iter().flat_map(|word| word.to_ne_bytes()).collect(),
    };
    let mut png = Vec::new();
    image::codecs::png::PngEncoder::new(&mut png)
        .write_image(&bytes, width as u32, height as u32, colour)
        .map_err(|error| FileError::content(path, "its pixels", error.to_string()))?;
    files.write_bytes(path, durability, &png)
}

/// Writes weights of a run as `.safetensors`, named and shaped as in its project file, with texts
/// as metadata: `run` and `epoch`; `design`, as a bare design; and `normaliser`, the scaling of
/// values before the network, as JSON.
///
/// # Errors
/// [`FileError`] if the file cannot be written.
pub fn save_weights(
    files: &Files,
    path: &Path,
    run: &Run,
    (epoch, weights): (u32, &Weights),
) -> Result<(), FileError> {
    let content = |error: String| FileError::content(path, "the weights", error);
    let mut texts = BTreeMap::from([
        ("run", run.id.to_string()),
        ("epoch", epoch.to_string()),
        ("design", run.design.to_ron()),
    ]);
    if let Some(normaliser) = &run.normaliser {
        let text = serde_json::to_string(normaliser).map_err(|error| content(error.to_string()))?;
        texts.insert("normaliser", text);
    }
    let texts = texts.into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
    let bytes = tensors::encode_described(weights, &texts).map_err(content)?;
    files.write_bytes(path, Durability::Synced, &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_quoted_or_without_tabs() {
        let dir = tempfile::tempdir().expect("a folder");
        let rows = [["a,b\t\"c\"", "00007"], ["d\ne", "0.1"]];
        let header = ["name".to_owned(), "the\tcode".to_owned()];
        let check = |form, header: Option<&[String]>, expected: &str, replaced: usize| {
            let path = dir.path().join("table");
            let row = |row: usize, fields: &mut Vec<String>| fields.extend(rows[row].map(str::to_owned));
            let count = save_table(&Files::default(), &path, form, header, 2, row);
            assert_eq!(count, Ok(replaced));
            assert_eq!(std::fs::read_to_string(&path).expect("there"), expected);
        };
        let csv = "name,the\tcode\n\"a,b\t\"\"c\"\"\",00007\n\"d\ne\",0.1\n";
        check(TableForm::Csv, Some(&header), csv, 0);
        check(TableForm::Tsv, Some(&header), "name\tthe code\na,b \"c\"\t00007\nd e\t0.1\n", 3);
        check(TableForm::Tsv, None, "a,b \"c\"\t00007\nd e\t0.1\n", 2);
    }

    #[test]
    fn pictures_read_back() {
        let dir = tempfile::tempdir().expect("a folder");
        let check = |name: &str, shape, pixels: Pixels| {
            let folder = dir.path().join(name);
            std::fs::create_dir(&folder).expect("made");
            let count =
                save_pictures(&Files::default(), &folder, shape, [("one".to_owned(), pixels.clone())]);
            assert_eq!(count, Ok(1));
            let picture = image::open(folder.join("one.png")).expect("a picture");
            assert_eq!(usize::from(picture.color().channel_count()), shape.2, "{name}");
            let back = match pixels {
                Pixels::U8(_) => Pixels::U8(picture.into_bytes()),
                Pixels::U16(_) => {
                    let bytes = picture.into_bytes();
                    Pixels::U16(bytes.as_chunks().0.iter().map(|two| u16::from_ne_bytes(*two)).collect())
                }
            };
            assert_eq!(back, pixels, "{name}");
        };
        check("colour", (1, 2, 3), Pixels::U8(vec![0, 50, 100, 150, 200, 250]));
        check("grey", (2, 1, 1), Pixels::U16(vec![1, 65_535]));
        check("deep", (1, 1, 3), Pixels::U16(vec![4095, 256, 255]));
        check("clear", (1, 1, 4), Pixels::U8(vec![1, 2, 3, 4]));
        check("veiled", (1, 2, 2), Pixels::U16(vec![1, 2, 3, 400]));
    }
}
