use std::collections::HashSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::{DataError, csv, foreign, idx, image_folder, npy, open_file};
use crate::project::{
    ArrayReading, Channels, Data, Delimiter, Fit, Header, Missing, PictureReading, Rules, Shape, Source,
    TableReading,
};

const ACCEPTED: &str = "supported are an image folder or a picture, a folder or file in MNIST's format (IDX, \
     also gzipped), tables (.csv, .tsv, .txt, .data, also gzipped; .xlsx, .xls, .ods) and NPY, NPZ (.npy, \
     .npz)";
/// Extensions of tables.
const TABLES: [&str; 10] = ["csv", "tsv", "txt", "data", "tab", "dat", "xlsx", "xlsm", "xls", "ods"];
/// First bytes of zips, including empty ones.
const ZIPS: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];
/// First bytes of spreadsheets of older versions of Excel.
const OLD_SPREADSHEET: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
const GZIP: &[u8] = b"\x1F\x8B";
/// Most entries of a zip that are examined.
const ZIP_ENTRIES: usize = 1000;

/// The source for a chosen or dropped file or folder; pictures will be resized to `width`×`height`
/// pixels.
///
/// A folder that contains MNIST under its usual names, or folders below that do, becomes IDX with
/// all its files, any other an image folder. The first bytes of a file determine its kind; its name
/// decides only if they do not. A picture is an image folder of one picture; a table starts with
/// the layout of its first rows.
///
/// # Errors
/// If it is missing or of an unsupported kind: the supported kinds, or how to convert it.
pub fn source_for(path: &Path, width: usize, height: usize, channels: Channels) -> Result<Source, DataError> {
    let mut source = unread_source(path, width, height, channels)?;
    lay_out(&mut source)?;
    Ok(source)
}

/// [`source_for`] without examining the rows of a table.
///
/// # Errors
/// As [`source_for`].
pub fn unread_source(
    path: &Path,
    width: usize,
    height: usize,
    channels: Channels,
) -> Result<Source, DataError> {
    let metadata = std::fs::metadata(path).map_err(|error| DataError::io(path, &error))?;
    let pictures = || Source::ImageFolder {
        path: path.to_path_buf(),
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
        let images = idx::images_below(path);
        return match &images[..] {
            [] => Ok(pictures()),
            [one] => Ok(idx::related_files(one)),
            several => {
                let names: Vec<String> =
                    several.iter().take(8).map(|path| path.display().to_string()).collect();
                Err(DataError::file(
                    path,
                    format!(
                        "contains several data sets in the format of MNIST; choose one of {}",
                        names.join(", ")
                    ),
                ))
            }
        };
    }
    match content(path)? {
        Content::Arrays => Ok(arrays(path)),
        Content::Idx => Ok(idx::related_files(path)),
        Content::Picture => Ok(pictures()),
        Content::Table => Ok(table(path)),
        Content::Unread(message) => Err(DataError::file(path, message)),
    }
}

/// The content of a file.
#[derive(Debug)]
enum Content {
    Arrays,
    Idx,
    Picture,
    Table,
    /// An unsupported file: why, and the fix.
    Unread(String),
}

/// Determines the content of a file by its first bytes, or by its extension if they are ambiguous.
fn content(path: &Path) -> Result<Content, DataError> {
    let (mut file, _) = open_file::open_file(path, "a data file")?;
    let mut head = Vec::new();
    let read = file.by_ref().take(foreign::HEAD as u64).read_to_end(&mut head);
    read.map_err(|error| DataError::io(path, &error))?;
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let extension = extension.as_deref().unwrap_or_default();
    let is_text = is_text(&head);
    if head.starts_with(b"\x93NUMPY") {
        return Ok(Content::Arrays);
    }
    if ZIPS.iter().any(|magic| head.starts_with(magic)) {
        return Ok(zip_content(path, file, extension));
    }
    if head.starts_with(OLD_SPREADSHEET) {
        return Ok(Content::Table);
    }
    if let Some(message) = foreign::foreign(path, &head) {
        return Ok(Content::Unread(message));
    }
    if idx::is_idx(path) {
        return Ok(Content::Idx);
    }
    if head.starts_with(GZIP) {
        return Ok(packed_content(path, file));
    }
    // Some kinds of pictures begin like words, so a table's extension decides if everything is
    // text.
    let is_table = TABLES.contains(&extension);
    if !(is_text && (is_table || head.is_empty())) && image::guess_format(&head).is_ok() {
        return Ok(Content::Picture);
    }
    Ok(match extension {
        "npy" | "npz" => Content::Arrays,
        _ if is_table => Content::Table,
        _ if image_folder::is_picture(path) => Content::Picture,
        _ if is_text && !head.is_empty() && csv::is_table(path) => Content::Table,
        _ => Content::Unread(format!("is of an unsupported kind; {ACCEPTED}")),
    })
}

/// The content of a zip: arrays, or a spreadsheet.
fn zip_content(path: &Path, file: File, extension: &str) -> Content {
    if extension == "npz" {
        return Content::Arrays;
    }
    // A directory that is too large to examine, or damaged, is reported by the reader of the
    // extension.
    let names = npy::zip_names(file, ZIP_ENTRIES).unwrap_or_default();
    let has = |what: &str| names.iter().any(|name| name.ends_with(what));
    if names.iter().any(|name| name.starts_with("xl/")) || has("content.xml") || TABLES.contains(&extension) {
        return Content::Table;
    }
    if has(".npy") {
        return Content::Arrays;
    }
    let message = foreign::foreign(path, b"");
    Content::Unread(message.unwrap_or_else(|| {
        let pictures = names.iter().filter(|name| image_folder::is_picture(Path::new(name))).count();
        let what = if pictures > 0 { " of pictures" } else { "" };
        format!("is a zip{what}; unpack it and choose the folder or the file in it")
    }))
}

/// The content of a gzip file: a table, or a file to unpack first.
fn packed_content(path: &Path, mut file: File) -> Content {
    let mut head = Vec::new();
    let is_rewound = file.seek(SeekFrom::Start(0)).is_ok();
    // The readable beginning is enough; the reader of the table finds any damage.
    let unpacked =
        MultiGzDecoder::new(file.take(MOST_PACKED)).take(foreign::HEAD as u64).read_to_end(&mut head);
    let inner = path.with_extension("");
    if let Some(message) = foreign::foreign(&inner, &head) {
        return Content::Unread(format!("is packed with gzip; unpack it: inside, it {message}"));
    }
    let is_other = head.starts_with(b"\x93NUMPY") || ZIPS.iter().any(|magic| head.starts_with(magic));
    if is_rewound && (is_text(&head) || unpacked.is_err()) && !is_other {
        return Content::Table;
    }
    Content::Unread(
        "is packed with gzip, but is neither a table nor IDX; unpack it (gunzip) and choose the file".into(),
    )
}

/// Most bytes of a packed file that are unpacked to determine its content.
const MOST_PACKED: u64 = 1 << 20;

/// Whether bytes look like text in any encoding: UTF-16 by its mark or its zeros, else without
/// control characters.
fn is_text(head: &[u8]) -> bool {
    let zeros = |start: usize| head.iter().skip(start).step_by(2).filter(|byte| **byte == 0).count();
    let half = head.len() / 2;
    let is_wide = head.starts_with(b"\xFF\xFE")
        || head.starts_with(b"\xFE\xFF")
        || half > 0
            && (zeros(0) * 10 > half * 9 && zeros(1) == 0 || zeros(1) * 10 > half * 9 && zeros(0) == 0);
    let is_control = |byte: &u8| *byte < 32 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0C | 0x1A);
    is_wide || !head.iter().any(is_control)
}

fn arrays(path: &Path) -> Source {
    let reading = ArrayReading::default();
    Source::Npy { path: path.to_path_buf(), array: None, labels: None, reading }
}

fn table(path: &Path) -> Source {
    Source::Csv {
        path: path.to_path_buf(),
        // A chosen value would no longer be doubted.
        header: Header::Auto,
        delimiter: Delimiter::Auto,
        labels: Vec::new(),
        missing: Missing::default(),
        reading: TableReading::default(),
    }
}

/// Fills in the delimiter and the labels from the first rows of a table, read as the source says;
/// its reader decides whether the first row contains names. Other data are unchanged.
///
/// # Errors
/// [`DataError`] for a table that cannot be read.
pub fn lay_out(source: &mut Source) -> Result<(), DataError> {
    if let Source::Csv { path, header, delimiter, labels, reading, .. } = source {
        let preview = csv::sniff_as(path, *header, *delimiter, reading, Rules::Current)?;
        (*delimiter, *labels) = (preview.delimiter, preview.labels);
    }
    Ok(())
}

/// The source for other data, for a network trained on rows of `shape` from `known`.
///
/// All choices for `known` apply: size and fit of pictures, the layout of a table, its label
/// columns, the handling of missing values, the arrays of an archive. Only existing arrays are
/// named. If `known` is not a table, the rows of a table still have to be examined ([`lay_out`]).
///
/// # Errors
/// As [`source_for`]; [`DataError`] for an archive that cannot be read.
pub fn source_like(path: &Path, known: &Source, shape: Shape) -> Result<Source, DataError> {
    let (height, width, channels) = shape.picture().unwrap_or((1, 1, 1));
    // With alpha they are 2 and 4.
    let channels = if channels <= 2 { Channels::Grey } else { Channels::Rgb };
    let mut source = unread_source(path, width, height, channels)?;
    match (&mut source, known) {
        (
            Source::ImageFolder { fit, reading, .. },
            Source::ImageFolder { fit: known_fit, reading: known_reading, .. },
        ) => {
            *fit = *known_fit;
            reading.clone_from(known_reading);
        }
        (Source::Idx { reading, .. }, Source::Idx { reading: known_reading, .. }) => {
            reading.clone_from(known_reading);
        }
        (
            Source::Csv { path, header, delimiter, labels, missing, reading },
            Source::Csv {
                path: known_path,
                header: known_header,
                delimiter: known_delimiter,
                labels: known,
                missing: known_missing,
                reading: known_reading,
            },
        ) => {
            // Loading shows which of the labels exist.
            reading.clone_from(known_reading);
            forget_rows(reading, (path, known_path));
            labels.clone_from(known);
            (*header, *delimiter, *missing) = (*known_header, *known_delimiter, *known_missing);
        }
        (
            Source::Npy { path, array, labels, reading },
            Source::Npy { array: known_array, labels: known_labels, reading: known_reading, path: _ },
        ) => {
            reading.clone_from(known_reading);
            let names = npy::array_names(path)?;
            // An empty name means none.
            let there =
                |name: &Option<String>| name.clone().filter(|name| name.is_empty() || names.contains(name));
            (*array, *labels) = (there(known_array), there(known_labels));
            for name in [
                &mut reading.validation,
                &mut reading.validation_labels,
                &mut reading.test,
                &mut reading.test_labels,
            ] {
                *name = there(name);
            }
        }
        _ => {}
    }
    Ok(source)
}

/// The columns of a table that are probably labels, with the layout of the data; `None` for other
/// data.
///
/// # Errors
/// As [`source_for`] of a table.
pub fn labels_of(data: &Data) -> Result<Option<Vec<String>>, DataError> {
    let Source::Csv { path, header, delimiter, reading, .. } = &data.source else { return Ok(None) };
    let preview = csv::sniff_as(path, *header, *delimiter, reading, data.rules)?;
    Ok(Some(preview.labels))
}

/// A table that was just entered in place of `before`, with the layout and the labels that
/// [`source_for`] detects in it; other choices are kept. `None` for other data, and for data that
/// are read by older rules.
///
/// # Errors
/// As [`source_for`] of a table.
pub fn entered_table(data: &Data, before: &Source) -> Result<Option<Source>, DataError> {
    let mut source = data.source.clone();
    let Source::Csv { path, header, delimiter, labels, reading, .. } = &mut source else { return Ok(None) };
    if data.rules == Rules::Version1 {
        return Ok(None);
    }
    let mut known = Vec::new();
    if let Source::Csv { path: known_path, delimiter: known_delimiter, labels, .. } = before
        && !known_path.as_os_str().is_empty()
    {
        forget_rows(reading, (path, known_path));
        if delimiter == known_delimiter {
            *delimiter = Delimiter::Auto;
        }
        known.clone_from(labels);
    }
    let preview = csv::sniff_as(path, *header, *delimiter, reading, data.rules)?;
    if *delimiter == Delimiter::Auto {
        *delimiter = preview.delimiter;
    }
    // Labels of the table before are gone with it; others were typed for this one.
    labels.retain(|label| preview.columns.contains(label) || !known.contains(label));
    if !reading.only_labels {
        let is_chosen = |name: &String| reading.columns.iter().any(|column| column.name == *name);
        let found = preview.labels.into_iter().filter(|name| !labels.contains(name) && !is_chosen(name));
        let found: Vec<String> = found.collect();
        labels.extend(found);
    }
    Ok(Some(source))
}

/// The source for another table that replaces a design's, with the same choices. Missing labels are
/// ignored; if all are missing, those of the new table are detected.
///
/// # Errors
/// As [`source_for`] of a table.
pub fn table_like(path: &Path, design: &Source, rules: Rules) -> Result<Source, DataError> {
    let mut source = table(path);
    if let (
        Source::Csv { header, delimiter, labels, missing, reading, .. },
        Source::Csv {
            path: known_path,
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
        forget_rows(reading, (path, known_path));
        let preview = csv::sniff_as(path, *header, *delimiter, reading, rules)?;
        let there: HashSet<&String> = preview.columns.iter().collect();
        let mut kept = known_labels.clone();
        kept.retain(|label| there.contains(label));
        let are_all_gone = kept.is_empty() && !known_labels.is_empty() && !reading.only_labels;
        *labels = if are_all_gone { preview.labels } else { kept };
    }
    Ok(source)
}

/// Numbers of single rows apply only to one file, which may have been moved.
fn forget_rows(reading: &mut TableReading, (path, known): (&Path, &Path)) {
    if path.file_name() != known.file_name() {
        reading.skip_rows = None;
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::project::Comments;

    fn gzipped(bytes: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut gzip, bytes).unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn rows_are_skipped_in_the_file_they_were_chosen_for() {
        for (path, is_kept) in [("moved/table.csv", true), ("here/other.csv", false)] {
            let mut reading = TableReading { skip_rows: "2,5".parse().ok(), ..TableReading::default() };
            forget_rows(&mut reading, (Path::new(path), Path::new("here/table.csv")));
            assert_eq!(reading.skip_rows.is_some(), is_kept, "{path}");
        }
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
        check("prose.md", b"Some words, and more.\nNo table at all.\n", Err("supported are"));
        check("b.csv", b"PAR1\x15\x00\x15\x10", Err("pandas.read_parquet"));
        check("empty.txt", b"", Err("choose a table"));
        check("any.bin", b"\0\0\x08\x03\0\0\0\0", Ok("IDX"));
        check("photo.JPG", b"", Ok("Image folder"));
        check("report.pdf", b"%PDF-1.7", Err("a PDF document"));
        check("any", b"\x01\x02\x03", Err("supported are an image folder"));
        check("a.h5", b"\x89HDF\r\n\x1a\n", Err("python -c \"import h5py"));
        check("wrong.csv", b"\x93NUMPY", Ok("NPY, NPZ"));
        check("wrong.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Ok("Image folder"));
        check("nameless", b"a b\n1 2\n", Ok("CSV"));
        check("P2.csv", b"P1,P2\n1,2\n", Ok("CSV"));
        check("P2", b"P2\n1 1\n255\n7\n", Ok("Image folder"));
        check("empty.zip", b"PK\x05\x06", Err("is a zip; unpack it"));
        let pack = |names: &[&str]| {
            let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
            for name in names {
                zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            }
            zip.finish().unwrap().into_inner()
        };
        check("a.zip", &pack(&["x.npy", "y.npy"]), Ok("NPY, NPZ"));
        check("b.zip", &pack(&["a/1.png", "a/2.png"]), Err("is a zip of pictures; unpack it"));
        let gzip = |bytes: &[u8]| {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::Write::write_all(&mut packer, bytes).unwrap();
            packer.finish().unwrap()
        };
        check("images", &gzip(b"\0\0\x08\x03\0\0\0\0"), Ok("IDX"));
        check("a.npy.gz", &gzip(b"\x93NUMPY"), Err("gunzip"));
        check("a.h5.gz", &gzip(b"\x89HDF\r\n\x1a\n"), Err("h5py.File('a.h5')"));
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
    fn an_entered_table_is_laid_out_like_a_dropped_one() {
        let dir = tempfile::tempdir().unwrap();
        let source = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::write(&path, text).unwrap();
            (table(&path), source_for(&path, 8, 8, Channels::Grey).unwrap())
        };
        let entered = |source: &Source, before: &Source| {
            let data = Data { source: source.clone(), ..Data::default() };
            entered_table(&data, before).unwrap().unwrap()
        };
        let (first, dropped) = source("a.csv", "x;y;size;species\n1;2;3;a\n3;4;5;b\n");
        assert_eq!(entered(&first, &Source::Digits), dropped);
        assert_eq!(entered(&first, &table(Path::new(""))), dropped);
        // The layout of the one before is not kept; labels that both have are.
        let (second, dropped) = source("b.csv", "x,y,size,class\n1,2,3,a\n3,4,5,b\n");
        let over = |labels: &[&str]| {
            let (mut before, mut now) = (first.clone(), second.clone());
            for source in [&mut before, &mut now] {
                let Source::Csv { delimiter, labels: own, .. } = source else { panic!("no table") };
                *delimiter = Delimiter::Semicolon;
                own.extend(labels.iter().map(|label| (*label).to_owned()));
            }
            entered(&now, &before)
        };
        assert_eq!(over(&["species"]), dropped);
        let kept = over(&["size"]);
        assert!(matches!(&kept, Source::Csv { labels, .. } if labels == &["size", "class"]), "{kept:?}");
        let old = Data { source: second, rules: Rules::Version1, ..Data::default() };
        assert_eq!(entered_table(&old, &Source::Digits), Ok(None));
    }

    #[test]
    fn a_table_is_previewed_as_it_is_to_be_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("colours.csv");
        // More than the examined beginning of a table, all of it like comments.
        fs::write(&path, "#00ff00;1\n".repeat(40_000)).unwrap();
        let error = source_for(&path, 8, 8, Channels::Grey).unwrap_err().to_string();
        assert!(error.contains("--comments off"), "{error}");
        let mut source = unread_source(&path, 8, 8, Channels::Grey).unwrap();
        if let Source::Csv { reading, .. } = &mut source {
            reading.comments = Comments::Off;
        }
        lay_out(&mut source).unwrap();
        assert!(matches!(source, Source::Csv { delimiter: Delimiter::Semicolon, .. }), "{source:?}");
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
        // Loading shows which of the labels exist.
        let table = file("new.csv", b"a,class,note,y\n1,2,red,3\n4,5,blue,6\n");
        let known = Source::Csv {
            path: "old.csv".into(),
            header: Header::Auto,
            delimiter: Delimiter::Auto,
            labels: vec!["y".into(), "gone".into()],
            missing: Missing::DropRow,
            reading: TableReading::default(),
        };
        let Ok(Source::Csv { labels, missing, .. }) = source_like(&table, &known, rows) else {
            panic!("no table")
        };
        assert_eq!((labels, missing), (vec!["y".to_owned(), "gone".to_owned()], Missing::DropRow));

        // The first row looks like a header, and the words contain another possible delimiter.
        let table = file("odd.csv", b"one,1,x;two,2,y\n3,4,5;6,7,8\n");
        let known = Source::Csv {
            path: "old.csv".into(),
            header: Header::No,
            delimiter: Delimiter::Semicolon,
            labels: Vec::new(),
            missing: Missing::default(),
            reading: TableReading::default(),
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
            reading: ArrayReading::default(),
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
            reading: PictureReading::default(),
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
