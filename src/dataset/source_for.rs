use std::path::Path;

use super::{DataError, csv, idx, image_folder};
use crate::project::{Channels, Fit, Missing, Source};

const ACCEPTED: &str = "accepted are an image folder, a folder or file of MNIST's format (IDX, also gzipped), CSV (.csv, .tsv, \
                        .txt) and NPY, NPZ (.npy, .npz)";

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
    };
    if metadata.is_dir() {
        return Ok(match idx::images_in(path) {
            Some(images) => idx::companions(&images),
            None => pictures(path),
        });
    }
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        Some("npy" | "npz") => Ok(Source::Npy { path: path.to_path_buf(), array: None, labels: None }),
        Some("csv" | "tsv" | "txt") => {
            let preview = csv::sniff(path)?;
            Ok(Source::Csv {
                path: path.to_path_buf(),
                header: preview.header,
                delimiter: preview.delimiter,
                labels: preview.labels,
                missing: Missing::default(),
            })
        }
        _ if idx::is_images(path) => Ok(idx::companions(path)),
        _ => match path.parent().filter(|_| image_folder::is_picture(path)) {
            Some(folder) => Ok(pictures(folder)),
            None => Err(DataError::file(path, format!("is of a kind that is not read; {ACCEPTED}"))),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

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
}
