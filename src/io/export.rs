use std::io::{self, Write};
use std::path::Path;

use image::{ExtendedColorType, ImageEncoder};

use super::{Durability, FileError, Files, npy};

/// How codes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodesForm {
    /// `NumPy`'s array, `.npy`.
    Npy,
    /// A table, `.csv`.
    Csv,
}

impl CodesForm {
    /// The form that a path's ending asks for.
    ///
    /// # Errors
    /// [`FileError`] for another ending.
    pub fn of(path: &Path) -> Result<CodesForm, FileError> {
        match path.extension().unwrap_or_default().to_ascii_lowercase().to_str() {
            Some("npy") => Ok(CodesForm::Npy),
            Some("csv") => Ok(CodesForm::Csv),
            _ => Err(FileError::content(
                path,
                "its ending",
                "codes are written as .npy or .csv; end the name in one of the two",
            )),
        }
    }
}

/// Writes rows of numbers, one a name, as `.npy` or `.csv`, whichever the path ends in. A table begins with the given
/// columns of text, each a name and a value for every row; an array has no place for names.
///
/// # Errors
/// [`FileError`] for another ending, and where the file cannot be written.
pub fn save_codes(
    files: &Files,
    path: &Path,
    names: &[String],
    codes: &[f32],
    columns: &[(String, Vec<String>)],
) -> Result<(), FileError> {
    match CodesForm::of(path)? {
        CodesForm::Npy => files.write(path, Durability::Synced, |sink| npy::write(sink, names.len(), codes)),
        CodesForm::Csv => {
            files.write(path, Durability::Synced, |sink| write_table(sink, names, codes, columns))
        }
    }
}

/// Writes pictures as PNG files into a folder, which is made. Each comes with its name, without ending, and its pixels,
/// rows first, channels last, of `(height, width, channels)`. Returns how many were written.
///
/// # Errors
/// [`FileError`] where a picture cannot be written.
pub fn save_pictures(
    files: &Files,
    folder: &Path,
    shape: (usize, usize, usize),
    pictures: impl IntoIterator<Item = (String, Vec<u8>)>,
) -> Result<usize, FileError> {
    files.create_dir(folder)?;
    let (height, width, channels) = shape;
    let colour = if channels == 3 { ExtendedColorType::Rgb8 } else { ExtendedColorType::L8 };
    let mut count = 0;
    for (name, pixels) in pictures {
        let path = folder.join(format!("{name}.png"));
        let mut bytes = Vec::new();
        image::codecs::png::PngEncoder::new(&mut bytes)
            .write_image(&pixels, width as u32, height as u32, colour)
            .map_err(|error| FileError::content(&path, "its pixels", error.to_string()))?;
        files.write_bytes(&path, Durability::Fast, &bytes)?;
        count += 1;
    }
    Ok(count)
}

fn write_table(
    out: &mut dyn Write,
    names: &[String],
    codes: &[f32],
    columns: &[(String, Vec<String>)],
) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(columns.iter().map(|(name, _)| name).chain(names))?;
    for (row, code) in codes.chunks_exact(names.len().max(1)).enumerate() {
        let texts = columns.iter().map(|(_, values)| values.get(row).cloned().unwrap_or_default());
        // The shortest text that reads back to the same number.
        table.write_record(texts.chain(code.iter().map(ToString::to_string)))?;
    }
    table.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_back_from_both_forms() {
        let dir = tempfile::tempdir().expect("a folder");
        let codes = [0.1, -2.5, f32::NAN, 1e-30, 3.0, f32::INFINITY];
        let (npy, csv) = (dir.path().join("a.npy"), dir.path().join("a.csv"));
        let files = Files::default();
        let units = ["code 1", "code 2"].map(str::to_owned);
        save_codes(&files, &npy, &units, &codes, &[]).expect("saved");
        let bytes = std::fs::read(&npy).expect("there");
        assert!(String::from_utf8_lossy(&bytes[..128]).contains("'shape': (3, 2)"));
        let back: Vec<u32> =
            bytes[128..].as_chunks().0.iter().map(|four| u32::from_le_bytes(*four)).collect();
        assert_eq!(back, codes.map(f32::to_bits));

        let names = ["a,b", "c", "d"].map(str::to_owned).to_vec();
        save_codes(&files, &csv, &units, &codes, &[("name".to_owned(), names)]).expect("saved");
        let text = std::fs::read_to_string(&csv).expect("there");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..2], ["name,code 1,code 2", "\"a,b\",0.1,-2.5"]);
        assert_eq!(lines.len(), 4);

        let error = save_codes(&files, &dir.path().join("a.txt"), &units, &codes, &[]);
        assert!(error.is_err_and(|error| error.to_string().contains(".csv")));
    }

    #[test]
    fn pictures_read_back() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path().join("made");
        let pictures = [("one".to_owned(), vec![0, 50, 100, 150, 200, 250])];
        let count = save_pictures(&Files::default(), &folder, (1, 2, 3), pictures);
        assert_eq!(count, Ok(1));
        let picture = image::open(folder.join("one.png")).expect("a picture");
        assert_eq!(picture.to_rgb8().into_raw(), [0, 50, 100, 150, 200, 250]);
    }
}
