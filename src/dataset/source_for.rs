use std::collections::HashSet;
use std::path::Path;

use super::{DataError, csv, idx, image_folder, npy, open_file};
use crate::project::{
    ArrayReading, Channels, Fit, Missing, PictureReading, Rules, Shape, Source, TableReading,
};

const ACCEPTED: &str = "accepted are an image folder, a folder or file of MNIST's format (IDX, also gzipped), tables (.csv, .tsv, \
                        .txt, .data, also gzipped; .xlsx, .xls, .ods) and NPY, NPZ (.npy, .npz)";

/// The source for a file or folder someone chose or dropped; pictures will be brought to `width`×`height` pixels.
///
/// A folder that holds MNIST under its usual names becomes IDX with all its files, any other an image folder; a picture
/// stands for the folder it is in; a table starts with what [`csv::sniff`] makes of it.
///
/// # Errors
/// Where it is missing or of a kind that is not read: what is accepted.
pub fn source_for(path: &Path, width: usize, height: usize, channels: Channels) -> Result<Source, DataError> {
    let metadata = std::fs::metadata(path).map_err(|error| DataError::io(path, &error))?;
    let pictures = |folder: &Path| Source::ImageFolder {
        path: folder.to_path_buf(),
        width,
        height,
        channels,
        fit: Fit::default(),
        reading: PictureReading::default(),
    };
    if let Some(what) = open_file::special(path, &metadata) {
        return Err(DataError::file(path, format!("is {what}; {ACCEPTED}")));
    }
    if metadata.is_dir() {
        return Ok(match idx::images_in(path) {
            Some(images) => idx::companions(&images),
            None => pictures(path),
        });
    }
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        Some("npy" | "npz") => Ok(Source::Npy {
            path: path.to_path_buf(),
            array: None,
            labels: None,
            reading: ArrayReading::default(),
        }),
        Some(extension) if csv::EXTENSIONS.contains(&extension) => table(path),
        _ if idx::is_images(path) => Ok(idx::companions(path)),
        _ if csv::is_table(path) => table(path),
        _ => match path.parent().filter(|_| image_folder::is_picture(path)) {
            Some(folder) => Ok(pictures(folder)),
            None => Err(DataError::file(path, format!("is of a kind that is not read; {ACCEPTED}"))),
        },
    }
}

/// A table, as its first rows are laid out.
fn table(path: &Path) -> Result<Source, DataError> {
    let preview = csv::sniff(path)?;
    Ok(Source::Csv {
        path: path.to_path_buf(),
        header: preview.header,
        delimiter: preview.delimiter,
        labels: preview.labels,
        missing: Missing::default(),
        reading: TableReading::default(),
    })
}

/// The source for other data, to be shown to a network that was trained on rows of `shape` from `known`.
///
/// Whatever was chosen for those holds for these: size and fit of pictures, how a table is laid out, which of its columns
/// are labels, what happens to gaps, which arrays of an archive are read. Only arrays that are there are named.
///
/// # Errors
/// As [`source_for`]; [`DataError`] for an archive that cannot be read.
pub fn source_like(path: &Path, known: &Source, shape: Shape) -> Result<Source, DataError> {
    let (height, width, channels) = shape.picture().unwrap_or((1, 1, 1));
    let channels = if channels == 1 { Channels::Grey } else { Channels::Rgb };
    let mut source = source_for(path, width, height, channels)?;
    match (&mut source, known) {
        (
            Source::ImageFolder { fit, reading, .. },
            Source::ImageFolder { fit: known_fit, reading: known_reading, .. },
        ) => {
            *fit = *known_fit;
            reading.clone_from(known_reading);
        }
        (
            Source::Csv { path: _, header, delimiter, labels, missing, reading },
            Source::Csv {
                path: _,
                header: known_header,
                delimiter: known_delimiter,
                labels: known,
                missing: known_missing,
                reading: known_reading,
            },
        ) => {
            // Which of the labels are there is seen when it is loaded.
            reading.clone_from(known_reading);
            labels.clone_from(known);
            (*header, *delimiter, *missing) = (*known_header, *known_delimiter, *known_missing);
        }
        (
            Source::Npy { path, array, labels, reading },
            Source::Npy { array: known_array, labels: known_labels, reading: known_reading, path: _ },
        ) => {
            reading.clone_from(known_reading);
            let names = npy::array_names(path)?;
            let there = |name: &Option<String>| name.clone().filter(|name| names.contains(name));
            (*array, *labels) = (there(known_array), there(known_labels));
        }
        _ => {}
    }
    Ok(source)
}

/// The source for another table in the place of a design's: what was chosen for that holds for this one. Labels that are not
/// there are left aside; where none of them is, those of the new table are found.
///
/// # Errors
/// As [`source_for`] of a table.
pub fn table_like(path: &Path, design: &Source, rules: Rules) -> Result<Source, DataError> {
    let mut source = table(path)?;
    if let (
        Source::Csv { header, delimiter, labels, missing, reading, .. },
        Source::Csv {
            path: _,
            header: known_header,
            delimiter: known_delimiter,
            labels: known_labels,
            missing: known_missing,
            reading: known_reading,
        },
    ) = (&mut source, design)
    {
        (*header, *delimiter, *missing) = (*known_header, *known_delimiter, *known_missing);
        reading.clone_from(known_reading);
        let preview = csv::sniff_as(path, *header, *delimiter, reading, rules)?;
        let there: HashSet<&String> = preview.columns.iter().collect();
        let mut kept = known_labels.clone();
        kept.retain(|label| there.contains(label));
        *labels = if kept.is_empty() && !known_labels.is_empty() { preview.labels } else { kept };
    }
    Ok(source)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::project::{Delimiter, Header};

    fn gzipped(bytes: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut gzip, bytes).unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn every_accepted_thing_finds_its_source() {
        let dir = tempfile::tempdir().unwrap();
        let check = |name: &str, bytes: &[u8], expected: Result<&str, &str>| {
            let path = dir.path().join(name);
            fs::write(&path, bytes).unwrap();
            match (source_for(&path, 8, 8, Channels::Grey), expected) {
                (Ok(source), Ok(kind)) => assert_eq!(source.name(), kind),
                (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
                (result, _) => panic!("{name}: {result:?}"),
            }
        };
        check("a.npy", b"", Ok("NPY, NPZ"));
        check("a.NPZ", b"", Ok("NPY, NPZ"));
        check("a.csv", b"a,species\n1,b\n", Ok("CSV"));
        check("a.tsv", b"a\tb\n1\t2\n", Ok("CSV"));
        check("iris.data", b"5.1,3.5,setosa\n4.9,3.0,setosa\n", Ok("CSV"));
        check("a.dat", b"1.5 2.5\n3.5 4.5\n", Ok("CSV"));
        check("table", b"1.5\t2.5\n3.5\t4.5\n", Ok("CSV"));
        check("a.csv.gz", &gzipped(b"a,b\n1,2\n"), Ok("CSV"));
        check("prose.md", b"Some words, and more.\nNo table at all.\n", Err("accepted are"));
        check("b.csv", b"PAR1 and more", Err("pandas.read_parquet"));
        check("empty.txt", b"", Err("choose a table"));
        check("any.bin", b"\0\0\x08\x03\0\0\0\0", Ok("IDX"));
        check("photo.JPG", b"", Ok("Image folder"));
        check("report.pdf", b"%PDF", Err("accepted are an image folder"));
        let folder = |path: &Path| source_for(path, 8, 8, Channels::Rgb).unwrap();
        assert_eq!(folder(dir.path()).name(), "Image folder");
        fs::write(dir.path().join("train-images.idx3-ubyte.gz"), b"").unwrap();
        assert_eq!(folder(dir.path()).name(), "IDX");
        let error = source_for(Path::new("/nowhere"), 8, 8, Channels::Grey).unwrap_err();
        assert!(error.to_string().contains("/nowhere: does not exist"), "{error}");
        let source = source_for(&dir.path().join("a.csv"), 8, 8, Channels::Grey).unwrap();
        assert!(matches!(source, Source::Csv { labels, .. } if labels == ["species"]));
    }

    #[test]
    fn what_was_chosen_for_the_training_data_holds_for_others() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            fs::write(&path, bytes).unwrap();
            path
        };
        let rows = Shape::Vector(2);
        // Which labels are there is seen when it is loaded.
        let table = file("new.csv", b"a,class,note,y\n1,2,red,3\n4,5,blue,6\n");
        let known = Source::Csv {
            path: "old.csv".into(),
            header: Header::Auto,
            delimiter: Delimiter::Auto,
            labels: vec!["y".into(), "gone".into()],
            missing: Missing::DropRow,
            reading: Default::default(),
        };
        let Ok(Source::Csv { labels, missing, .. }) = source_like(&table, &known, rows) else {
            panic!("no table")
        };
        assert_eq!((labels, missing), (vec!["y".to_owned(), "gone".to_owned()], Missing::DropRow));

        // What would be taken for a header is the first row, and what looks like the delimiter is in the words.
        let table = file("odd.csv", b"one,1,x;two,2,y\n3,4,5;6,7,8\n");
        let known = Source::Csv {
            path: "old.csv".into(),
            header: Header::No,
            delimiter: Delimiter::Semicolon,
            labels: Vec::new(),
            missing: Missing::default(),
            reading: Default::default(),
        };
        let Ok(Source::Csv { header, delimiter, labels, .. }) = source_like(&table, &known, rows) else {
            panic!("no table")
        };
        assert_eq!((header, delimiter, labels.len()), (Header::No, Delimiter::Semicolon, 0));

        let mut zip = zip::ZipWriter::new(fs::File::create(dir.path().join("new.npz")).unwrap());
        for name in ["a.npy", "x.npy"] {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        }
        zip.finish().unwrap();
        let known = Source::Npy {
            path: "old.npz".into(),
            array: Some("x".into()),
            labels: Some("y".into()),
            reading: Default::default(),
        };
        let Ok(Source::Npy { array, labels, .. }) = source_like(&dir.path().join("new.npz"), &known, rows)
        else {
            panic!("no array")
        };
        assert_eq!((array.as_deref(), labels), (Some("x"), None));

        let known = Source::ImageFolder {
            path: "old".into(),
            width: 9,
            height: 7,
            channels: Channels::Rgb,
            fit: Fit::Stretch,
            reading: Default::default(),
        };
        let shape = Shape::Image { height: 7, width: 9, channels: 3 };
        let Ok(Source::ImageFolder { width, height, channels, fit, .. }) =
            source_like(dir.path(), &known, shape)
        else {
            panic!("no folder")
        };
        assert_eq!((width, height, channels, fit), (9, 7, Channels::Rgb, Fit::Stretch));
    }
}
