//! Which files are pictures, and fixes for others.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::project::Rules;

/// Extensions of picture files, in lower case; their content is determined by their first bytes.
const ENDINGS: [&str; 29] = [
    "png", "jpg", "jpeg", "jpe", "bmp", "gif", "webp", "tif", "tiff", // as by the rules of version 1
    "jfif", "pjpeg", "pjp", "jif", "apng", "dib", "pgm", "ppm", "pbm", "pnm", "pam", "qoi", "tga", "ico",
    "hdr", "exr", "ff", "dds", "btf", "stk",
];
/// Number of these known to the rules of version 1.
const OLD_ENDINGS: usize = 9;
/// Extensions of tables of text.
const TABLES: [&str; 3] = ["csv", "tsv", "txt"];
/// First bytes of formats that are recognised without an extension.
const STARTS: [&[u8]; 11] = [
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF87a",
    b"GIF89a",
    b"II*\0",
    b"MM\0*",
    b"II+\0",
    b"MM\0+",
    b"qoif",
    b"#?RADIANCE",
    b"farbfeld",
];

/// Kind of a file in a folder of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Picture,
    Table,
    Other,
}

/// Determines the kind of a file by its extension, or without one by its first bytes. `is_file` is
/// called only if necessary, because that may access the disk.
pub(super) fn kind_of(path: &Path, is_file: impl Fn() -> bool, rules: Rules) -> Kind {
    let ending = ending(path);
    let known = match rules {
        Rules::Current => &ENDINGS[..],
        Rules::Version1 => &ENDINGS[..OLD_ENDINGS],
    };
    if known.contains(&ending.as_str()) {
        Kind::Picture
    } else if TABLES.contains(&ending.as_str()) && is_file() {
        Kind::Table
    } else if ending.is_empty() && rules == Rules::Current && is_file() && starts_as_picture(path) {
        Kind::Picture
    } else {
        Kind::Other
    }
}

/// Whether a file given by name is read as a picture.
pub(in crate::dataset) fn is_picture(path: &Path) -> bool {
    kind_of(path, || path.is_file(), Rules::Current) == Kind::Picture
}

fn starts_as_picture(path: &Path) -> bool {
    let mut start = [0; 12];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    let is_webp = start.starts_with(b"RIFF") && start.ends_with(b"WEBP");
    read.is_ok() && (is_webp || STARTS.iter().any(|known| start.starts_with(known)))
}

/// The extension of a file's name in lower case, without its dot; `nii.gz` counts as one.
pub(super) fn ending(path: &Path) -> String {
    let lower = |part: &std::ffi::OsStr| part.to_string_lossy().to_lowercase();
    let last = path.extension().map(lower).unwrap_or_default();
    let before = path.file_stem().map(Path::new).and_then(Path::extension).map(lower);
    match before.as_deref() {
        Some(before @ ("nii" | "tar" | "mha")) if last == "gz" => format!("{before}.{last}"),
        Some(_) | None => last,
    }
}

/// Skipped files: `3 other files skipped (2 .heic, 1 .txt)`; the most frequent extensions first.
pub(super) fn passed_over(others: &BTreeMap<String, usize>) -> Option<String> {
    const LISTED: usize = 6;
    let all: usize = others.values().sum();
    let mut endings: Vec<(&String, usize)> = others.iter().map(|(ending, count)| (ending, *count)).collect();
    endings.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let text = |(ending, count): &(&String, usize)| match ending.as_str() {
        "" => format!("{count} without extension"),
        ending => format!("{count} .{ending}"),
    };
    let mut texts: Vec<String> = endings.iter().take(LISTED).map(text).collect();
    if endings.len() > LISTED {
        texts.push("…".to_owned());
    }
    let s = if all == 1 { "" } else { "s" };
    (all > 0).then(|| format!("{all} other file{s} skipped ({})", texts.join(", ")))
}

/// The error for a folder without pictures, with a fix for the most frequent kind of its files.
pub(super) fn advice(others: &BTreeMap<String, usize>) -> String {
    let remedy = |ending: &str| {
        Some(match ending {
            "heic" | "heif" | "hif" => {
                "save them as JPEG or PNG, for example with heif-convert or ImageMagick (`magick mogrify -format png *.heic`)"
            }
            "avif" | "jxl" | "jp2" | "j2k" | "jpx" | "psd" | "xcf" => {
                "save them as PNG, for example with ImageMagick (`magick mogrify -format png`)"
            }
            "svg" | "svgz" | "eps" | "pdf" | "ai" => {
                "render them as PNG, for example with Inkscape (`inkscape --export-type=png`)"
            }
            "dcm" | "dicom" | "ima" => {
                "save them as 16-bit PNG or TIFF, or their arrays as .npy (Python: pydicom's `dcmread(file).pixel_array`)"
            }
            "nii" | "nii.gz" | "nrrd" | "mha" | "mhd" | "mgz" => {
                "save the slices of the volumes as an array (Python: `numpy.save(\"slices.npy\", nibabel.load(file).get_fdata())`)"
            }
            "cr2" | "cr3" | "nef" | "arw" | "dng" | "orf" | "rw2" | "raf" | "raw" => {
                "develop them into 16-bit TIFF, for example with dcraw (`dcraw -T -6`) or darktable"
            }
            "mp4" | "avi" | "mov" | "mkv" | "webm" => {
                "save the frames as PNG, for example with ffmpeg (`ffmpeg -i film.mp4 %06d.png`)"
            }
            "npy" | "npz" | "csv" | "tsv" => "choose the file itself instead of its folder",
            "zip" | "tar" | "gz" | "tar.gz" | "tgz" | "7z" | "rar" => "unpack them first",
            "h5" | "hdf5" | "mat" | "tfrecord" | "parquet" | "pkl" => {
                "save the pictures as an array (.npy) or as PNG files"
            }
            _ => return None,
        })
    };
    let known = others.iter().filter(|(_, count)| **count > 0);
    let known = known.filter_map(|(ending, count)| remedy(ending).map(|remedy| (count, ending, remedy)));
    match known.max_by_key(|(count, ..)| **count) {
        Some((count, ending, remedy)) => {
            format!("contains no picture of a supported format, but {count} .{ending}; {remedy}")
        }
        None => "contains no picture; choose a folder with PNG, JPEG, TIFF, BMP, GIF, WebP or PGM files, or \
             with subfolders of them"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_identify_pictures_and_first_bytes_those_without() {
        let dir = tempfile::tempdir().unwrap();
        let check = |name: &str, bytes: &[u8], expected: Kind| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(kind_of(&path, || true, Rules::Current), expected, "{name}");
        };
        for name in ["a.PNG", "a.jfif", "a.pjpeg", "a.b.pgm", "a.exr"] {
            check(name, b"", Kind::Picture);
        }
        check("labels.CSV", b"", Kind::Table);
        for name in ["a.heic", "a.nii.gz", "a.md"] {
            check(name, b"", Kind::Other);
        }
        check("bare", b"\x89PNG\r\n\x1a\n....", Kind::Picture);
        check("README", b"BMP files are not here", Kind::Other);
        assert_eq!(kind_of(Path::new("a.pgm"), || true, Rules::Version1), Kind::Other);
        assert_eq!(kind_of(Path::new("a.tiff"), || true, Rules::Version1), Kind::Picture);
    }

    #[test]
    fn other_files_are_counted_by_ending() {
        let others = |list: &[(&str, usize)]| list.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
        let check = |list: &[(&str, usize)], text: Option<&str>, part: &str| {
            let others: BTreeMap<String, usize> = others(list);
            assert_eq!(passed_over(&others).as_deref(), text);
            let advice = advice(&others);
            assert!(advice.contains(part), "{advice}");
        };
        check(&[], None, "contains no picture; choose a folder with PNG, JPEG");
        check(
            &[("txt", 1), ("heic", 2)],
            Some("3 other files skipped (2 .heic, 1 .txt)"),
            "but 2 .heic; save them as JPEG or PNG",
        );
        check(&[("", 1)], Some("1 other file skipped (1 without extension)"), "contains no picture; choose");
        check(&[("nii.gz", 3)], Some("3 other files skipped (3 .nii.gz)"), "numpy.save");
        check(&[("dcm", 3)], Some("3 other files skipped (3 .dcm)"), "pydicom");
    }
}
