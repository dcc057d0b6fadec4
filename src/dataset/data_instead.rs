use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;

use super::{open_file, source_for};
use crate::project::{Channels, Source};

/// Data that were named where a project or a design was wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct DataInstead {
    /// The source for them.
    pub source: Source,
    /// What they are: `a table`.
    pub what: &'static str,
}

/// Data at a path that could not be opened as a project or a design; pictures would be brought to `side`×`side` pixels. None
/// where a file is named as projects and designs are, or begins as a design does: what is wrong with it is another thing.
pub fn data_instead(path: &Path, side: usize) -> Option<DataInstead> {
    if path.is_file() && is_meant_as_design(path) {
        return None;
    }
    let source = source_for(path, side, side, Channels::Grey).ok()?;
    let what = match &source {
        _ if path.is_dir() => "a folder",
        Source::Csv { .. } => "a table",
        Source::Npy { .. } => "an array of data",
        Source::ImageFolder { .. } => "a picture",
        Source::Idx { .. } | Source::Digits | Source::Synthetic(_) => "a data file",
    };
    Some(DataInstead { source, what })
}

fn is_meant_as_design(path: &Path) -> bool {
    if matches!(path.extension().and_then(OsStr::to_str), Some("ron" | "hourglass")) {
        return true;
    }
    let mut head = Vec::new();
    let Ok((file, _)) = open_file::open_file(path, "a design") else { return false };
    if file.take(256).read_to_end(&mut head).is_err() {
        return false;
    }
    let text = String::from_utf8_lossy(&head);
    ["(", "Project", "//", "/*", "#!["].iter().any(|start| text.trim_start().starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_are_told_from_designs_with_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let table = "a,b\n1,2\n3,4\n5,6\n";
        for (name, content, expected) in [
            ("t.csv", table, true),
            ("t.data", table, true),
            ("table", table, true),
            ("t.ron", table, false),
            ("t.hourglass", table, false),
            ("design.txt", "Project(nmae: 3)", false),
            ("design.csv", "\n // mine, and another\n(name: 3,\n", false),
            ("letter.doc", "Dear all", false),
            ("empty", "", false),
        ] {
            let path = dir.path().join(name);
            std::fs::write(&path, content).unwrap();
            assert_eq!(data_instead(&path, 32).is_some(), expected, "{name}");
        }
        let folder = data_instead(dir.path(), 32).unwrap();
        assert!(matches!(folder.source, Source::ImageFolder { width: 32, .. }));
        assert_eq!(folder.what, "a folder");
        assert_eq!(data_instead(&dir.path().join("missing.csv"), 32), None);
    }
}
