//! Unsupported kinds of files: their names, and how to convert them.

use std::path::Path;

/// Number of first bytes that determine a kind.
pub(super) const HEAD: usize = 1024;

/// Describes an unsupported file by its first bytes or its extension, and gives the command that
/// converts it; `None` for all others.
pub(super) fn foreign(path: &Path, head: &[u8]) -> Option<String> {
    by_content(path, head).or_else(|| by_ending(path))
}

/// [`foreign`] from the beginning only.
pub(super) fn by_content(path: &Path, head: &[u8]) -> Option<String> {
    let at = |place: usize, magic: &[u8]| head.get(place..).is_some_and(|rest| rest.starts_with(magic));
    let starts = |magic: &[u8]| at(0, magic);
    // A table may have a column with that name.
    let is_binary =
        head.iter().any(|byte| *byte < 32 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0C | 0x1A));
    let is = |place: usize, magic: &[u8]| is_binary && at(place, magic);
    let kinds = [
        (
            starts(b"\x89HDF\r\n\x1a\n") || at(512, b"\x89HDF\r\n\x1a\n"),
            "an HDF5 file",
            "import h5py, numpy; numpy.savez('out.npz', **{k: v[:] for k, v in h5py.File('IN').items() if hasattr(v, 'shape')})",
        ),
        (
            is(0, b"PAR1"),
            "a Parquet file",
            "import pandas; pandas.read_parquet('IN').to_csv('out.csv', index=False)",
        ),
        (
            is(0, b"ARROW1") || is(0, b"FEA1"),
            "a Feather (Arrow) file",
            "import pandas; pandas.read_feather('IN').to_csv('out.csv', index=False)",
        ),
        (
            is(0, b"MATLAB 5.0"),
            "a MATLAB file",
            "import scipy.io, numpy; numpy.savez('out.npz', **{k: v for k, v in scipy.io.loadmat('IN').items() if k[0] != '_'})",
        ),
        (
            starts(b"SQLite format 3\0"),
            "an SQLite database",
            "import pandas, sqlite3; pandas.read_sql('SELECT * FROM TABLE', sqlite3.connect('IN')).to_csv('out.csv', index=False)",
        ),
        (
            matches!(head, [0x80, 2..=5, ..]),
            "a Python pickle",
            "import pickle, numpy; numpy.savez('out.npz', x=numpy.asarray(pickle.load(open('IN', 'rb'))))",
        ),
        (
            is(128, b"DICM"),
            "a DICOM picture",
            "import pydicom, imageio; imageio.imwrite('out.png', pydicom.dcmread('IN').pixel_array)",
        ),
        (
            at(344, b"n+1\0") || at(344, b"ni1\0"),
            "a NIfTI volume",
            "import nibabel, numpy; numpy.save('out.npy', numpy.moveaxis(nibabel.load('IN').get_fdata(), 2, 0))",
        ),
        (
            starts(b"SIMPLE  ="),
            "a FITS file",
            "import astropy.io.fits, numpy; numpy.save('out.npy', astropy.io.fits.getdata('IN'))",
        ),
        (is_arff(head), ARFF.0, ARFF.1),
    ];
    if let Some((_, what, code)) = kinds.into_iter().find(|(is_it, ..)| *is_it) {
        return Some(python(path, what, code));
    }
    let advice = |what: &str, advice: &str| Some(format!("is {what}, which is not supported; {advice}"));
    if starts(b"RDX2\n") || starts(b"RDX3\n") {
        return advice(
            "an R data file",
            "write it as a table in R: write.csv(DATA, 'out.csv', row.names = FALSE)",
        );
    }
    if is(257, b"ustar") {
        return advice("a tar archive", "unpack it (tar -xf) and choose what is in it");
    }
    let packers: [(&[u8], &str); 5] = [
        (b"7z\xBC\xAF\x27\x1C", "a 7z archive"),
        (b"Rar!\x1a\x07", "a RAR archive"),
        (b"BZh", "a bzip2 file"),
        (b"\xFD7zXZ\0", "an xz file"),
        (b"\x28\xB5\x2F\xFD", "a zstd file"),
    ];
    if let Some((_, what)) = packers.iter().find(|(magic, _)| is(0, magic)) {
        return advice(what, "unpack it and choose what is in it");
    }
    if starts(b"%PDF-") {
        return advice("a PDF document", "choose a table, an array or pictures");
    }
    let text = text_of(head);
    if text.starts_with("<!doctype html") || text.starts_with("<html") {
        return advice("a web page", "it was probably saved instead of the data: download the file itself");
    }
    if text.starts_with("<?xml") || text.starts_with("<svg") {
        return advice("an XML or SVG file", "choose a table, an array or pictures");
    }
    None
}

/// Weka files, and how to convert them: in Python their words are bytes.
const ARFF: (&str, &str) = (
    "an ARFF file",
    "import pandas, scipy.io.arff as a; d = pandas.DataFrame(a.loadarff('IN')[0]); d.apply(lambda c: c.str.decode('utf-8') if c.dtype == object else c).to_csv('out.csv', index=False)",
);

/// Whether a text begins with `@relation`, possibly after comments.
fn is_arff(head: &[u8]) -> bool {
    let head = head.strip_prefix("\u{feff}".as_bytes()).unwrap_or(head);
    let mut lines = head.split(|byte| matches!(byte, b'\n' | b'\r')).map(<[u8]>::trim_ascii_start);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with(b"%"));
    first.and_then(|line| line.get(..9)).is_some_and(|word| word.eq_ignore_ascii_case(b"@relation"))
}

/// The first characters of a text file, in lower case.
fn text_of(head: &[u8]) -> String {
    let text = String::from_utf8_lossy(&head[..head.len().min(64)]).to_lowercase();
    text.trim_start_matches('\u{feff}').trim_start().to_owned()
}

fn by_ending(path: &Path) -> Option<String> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let python = |what: &str, code: &str| Some(python(path, what, code));
    match extension.as_deref() {
        Some("json" | "jsonl" | "ndjson") => {
            let lines = if extension.as_deref() == Some("json") { "" } else { ", lines=True" };
            let code = format!("import pandas; pandas.read_json('IN'{lines}).to_csv('out.csv', index=False)");
            python("a JSON file", &code)
        }
        // Comments may be longer than the bytes that determine the kind.
        Some("arff") => python(ARFF.0, ARFF.1),
        Some("pt" | "pth") => python(
            "a PyTorch file",
            "import torch, numpy; numpy.save('out.npy', torch.load('IN', map_location='cpu').numpy())",
        ),
        Some(_) | None => None,
    }
}

/// The command that converts a table with columns at fixed positions, so that fields may be empty.
pub(super) fn fixed_widths(path: &Path, has_header: bool) -> String {
    let (header, names) = if has_header { ("", "") } else { (", header=None", ", header=False") };
    let code = format!("import pandas; pandas.read_fwf('IN'{header}).to_csv('out.csv', index=False{names})");
    command(path, &code)
}

/// The message for a file that one line of Python converts.
fn python(path: &Path, what: &str, code: &str) -> String {
    format!("is {what}, which is not supported; convert it: {}", command(path, code))
}

/// A command with one line of Python, in which `IN` is a file.
fn command(path: &Path, code: &str) -> String {
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    // Three levels of quotes: the shell's, Python's, and those within a name.
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ');
    let name = if name.chars().all(is_plain) { name.as_str() } else { "FILE" };
    format!("python -c \"{}\"", code.replace("IN", name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_other_kinds_say_how_to_convert_them() {
        let check = |name: &str, place: usize, magic: &[u8], expected: &[&str]| {
            let mut head = vec![0; place];
            head.extend(magic);
            head.extend([0; 16]);
            let message = foreign(Path::new(name), &head).unwrap_or_default();
            for part in expected {
                assert!(message.contains(part), "{name}: {message:?} lacks {part}");
            }
        };
        let hdf = b"\x89HDF\r\n\x1a\n";
        check("in.h5", 0, hdf, &["HDF5", "h5py.File('in.h5')", "numpy.savez('out.npz'"]);
        check("new.mat", 512, hdf, &["HDF5", "h5py.File('new.mat')"]);
        check("o'd \"d.h5", 0, hdf, &["h5py.File('FILE')"]);
        check("a.parquet", 0, b"PAR1", &["pandas.read_parquet('a.parquet')", "to_csv"]);
        check("a.feather", 0, b"ARROW1", &["pandas.read_feather"]);
        check("a.feather", 0, b"FEA1", &["pandas.read_feather"]);
        check("a.mat", 0, b"MATLAB 5.0 MAT-file", &["scipy.io.loadmat('a.mat')"]);
        check("a.db", 0, b"SQLite format 3\0", &["sqlite3.connect('a.db')"]);
        check("a.pkl", 0, b"\x80\x04\x95", &["pickle.load(open('a.pkl', 'rb'))"]);
        check("a.dcm", 128, b"DICM", &["pydicom"]);
        check("a.nii", 344, b"n+1\0", &["nibabel"]);
        check("a.tar", 257, b"ustar", &["a tar archive", "unpack it"]);
        check("a.7z", 0, b"7z\xBC\xAF\x27\x1C", &["a 7z archive", "unpack it"]);
        check("a.pdf", 0, b"%PDF-1.7", &["a PDF document"]);
        check("a.csv", 0, b"\n <!DOCTYPE html><html>", &["a web page", "download the file itself"]);
        check("a.txt", 0, b"% By me\n%\n\n@RELATION iris\n", &["an ARFF file", "c.str.decode('utf-8')"]);
        check("a.arff", 0, &[b'%'; HEAD], &["a.loadarff('a.arff')"]);
        check("a.json", 0, b"[{\"a\": 1}]", &["pandas.read_json('a.json').to_csv"]);
        check("a.jsonl", 0, b"{\"a\": 1}", &["lines=True"]);
        for (name, head) in [
            ("a.csv", &b"a,b\n1,2"[..]),
            ("a.csv", b"PAR1,PAR2\n1,2\n"),
            ("a.csv", b"FEA1\tBZh\n"),
            ("a.csv", b"% relation\n1,2\n"),
            ("empty", b""),
            ("a.npy", b"\x93NUMPY"),
            ("a.gz", b"\x1f\x8b"),
        ] {
            assert_eq!(foreign(Path::new(name), head), None, "{name}");
        }
    }
}
