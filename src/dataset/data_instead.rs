use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;

use super::{DataError, foreign, open_file, source_for};
use crate::project::{Channels, Source};

/// Data that were given instead of a project or a design.
#[derive(Clone, Debug, PartialEq)]
pub struct DataInstead {
    /// The source for them.
    pub source: Source,
    /// Its description: `a table`.
    pub what: &'static str,
}

/// Data at a path that could not be opened as a project or a design, or how to convert them if they
/// are unsupported; pictures would get `side`×`side` pixels. `None` if the file has the name of a
/// project or a design, or begins like a design: then the problem is another one.
pub fn data_instead(path: &Path, side: usize) -> Option<Result<DataInstead, DataError>> {
    let head = head(path).unwrap_or_default();
    if path.is_file() && is_meant_as_design(path, &head) {
        return None;
    }
    let source = match source_for(path, side, side, Channels::Grey) {
        Ok(source) => source,
        // A zip may be a damaged project.
        Err(error) if !head.starts_with(b"PK") && foreign::foreign(path, &head).is_some() => {
            return Some(Err(error));
        }
        Err(_) => return None,
    };
    let what = match &source {
        _ if path.is_dir() => "a folder",
        Source::Csv { .. } => "a table",
        Source::Npy { .. } => "an array of data",
        Source::ImageFolder { .. } => "a picture",
        Source::Idx { .. } | Source::Digits | Source::Synthetic(_) => "a data file",
    };
    Some(Ok(DataInstead { source, what }))
}

/// The first bytes of a file; `None` for a path that is not a readable file.
fn head(path: &Path) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    let (file, _) = open_file::open_file(path, "a design").ok()?;
    file.take(foreign::HEAD as u64).read_to_end(&mut head).ok()?;
    Some(head)
}

fn is_meant_as_design(path: &Path, head: &[u8]) -> bool {
    if matches!(path.extension().and_then(OsStr::to_str), Some("ron" | "hourglass")) {
        return true;
    }
    let text = String::from_utf8_lossy(head);
    ["(", "Project", "//", "/*", "#!["].iter().any(|start| text.trim_start().starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_are_distinguished_from_designs_with_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let table = "a,b\n1,2\n3,4\n5,6\n";
        let told = |path: &Path| match data_instead(path, 32) {
            Some(Ok(data)) => data.what.to_owned(),
            Some(Err(error)) => error.to_string(),
            None => String::new(),
        };
        for (name, content, expected) in [
            ("t.csv", table, "a table"),
            ("t.data", table, "a table"),
            ("table", table, "a table"),
            ("t.parquet", "PAR1\0\u{1}", "to_csv"),
            ("t.ron", table, ""),
            ("t.hourglass", table, ""),
            ("design.txt", "Project(nmae: 3)", ""),
            ("design.csv", "\n // mine, and another\n(name: 3,\n", ""),
            ("letter.doc", "Dear all", ""),
            ("empty", "", ""),
        ] {
            let path = dir.path().join(name);
            std::fs::write(&path, content).unwrap();
            let told = told(&path);
            assert!(told.contains(expected) && told.is_empty() == expected.is_empty(), "{name}: {told}");
        }
        assert_eq!(told(dir.path()), "a folder");
        assert_eq!(data_instead(&dir.path().join("missing.csv"), 32), None);
    }
}
