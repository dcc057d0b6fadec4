use std::path::{Path, PathBuf};

use super::failure::Failure;
use super::write::refuse_to_overwrite;
use crate::io::{Files, TableForm};
use crate::project::visible_path;

/// Where results go, as its name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// An array of numbers, `.npy`.
    Array(PathBuf),
    /// A table, `.csv` or `.tsv`.
    Table(PathBuf, TableForm),
    /// A folder.
    Folder(PathBuf),
}

impl Output {
    /// What codes are written to: a file by its ending, or one in a folder.
    ///
    /// # Errors
    /// [`Failure::Problem`] for any other name.
    pub(super) fn of_codes(path: &Path) -> Result<Output, Failure> {
        Output::of(path).ok_or_else(|| {
            unknown(path, "codes are written as .npy or .csv, or as .tsv for the Embedding Projector", "")
        })
    }

    /// What reconstructions are written to: a file by its ending, or a folder, which has none.
    ///
    /// # Errors
    /// [`Failure::Problem`] for any other name.
    pub(super) fn of_reconstructions(path: &Path) -> Result<Output, Failure> {
        match Output::of(path) {
            Some(output) => Ok(output),
            None if path.extension().is_none() => Ok(Output::Folder(path.to_owned())),
            None => Err(unknown(
                path,
                "reconstructions are written as .npy, .csv or .tsv, or into a folder",
                "; end the name of a folder with /",
            )),
        }
    }

    /// A table of scores.
    ///
    /// # Errors
    /// [`Failure::Problem`] for a name without its ending.
    pub(super) fn of_scores(path: &Path) -> Result<TableForm, Failure> {
        match Output::of(path) {
            Some(Output::Table(_, form)) => Ok(form),
            Some(Output::Array(_) | Output::Folder(_)) | None => {
                Err(unknown(path, "scores are written as .csv or .tsv", ""))
            }
        }
    }

    /// `None` where neither the ending nor the place tells.
    fn of(path: &Path) -> Option<Output> {
        let is_folder =
            path.as_os_str().to_string_lossy().ends_with(std::path::is_separator) || path.is_dir();
        if is_folder {
            return Some(Output::Folder(path.to_owned()));
        }
        let file = path.to_owned();
        match path.extension()?.to_ascii_lowercase().to_str()? {
            "npy" => Some(Output::Array(file)),
            "csv" => Some(Output::Table(file, TableForm::Csv)),
            "tsv" => Some(Output::Table(file, TableForm::Tsv)),
            _ => None,
        }
    }
}

fn unknown(path: &Path, forms: &str, more: &str) -> Failure {
    Failure::Problem(format!("{}: {forms}; end the name in one of these{more}", visible_path(path)))
}

/// `codes.tsv` and `-metadata.tsv`: `codes-metadata.tsv`.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

/// Ends a command before its work where one of the files it will write cannot be written, or would overwrite another.
pub(super) fn check_files(files: &Files, paths: &[&Path], force: bool) -> Result<(), Failure> {
    for path in paths {
        refuse_to_overwrite(path, force)?;
        files.check_writable(path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_is_written() {
        let dir = tempfile::tempdir().expect("a folder");
        let there = dir.path().join("there.npy");
        std::fs::create_dir(&there).expect("made");
        let check = |name: &str, expected: Option<Output>| {
            assert_eq!(Output::of_codes(Path::new(name)).ok(), expected, "{name}");
            let others = Output::of_reconstructions(Path::new(name)).ok();
            let is_folder = expected.is_none() && Path::new(name).extension().is_none();
            assert_eq!(
                others,
                if is_folder { Some(Output::Folder(name.into())) } else { expected },
                "{name}"
            );
        };
        check("a.npy", Some(Output::Array("a.npy".into())));
        check("x/a.CSV", Some(Output::Table("x/a.CSV".into(), TableForm::Csv)));
        check("a.tsv", Some(Output::Table("a.tsv".into(), TableForm::Tsv)));
        check("a", None);
        check("a.txt", None);
        check("", None);
        check("a.v2/", Some(Output::Folder("a.v2/".into())));
        check(there.to_str().expect("text"), Some(Output::Folder(there.clone())));
        assert_eq!(Output::of_scores(Path::new("a.csv")).ok(), Some(TableForm::Csv));
        assert!(Output::of_scores(Path::new("a.npy")).is_err());
        assert_eq!(
            beside(Path::new("x/codes.v2.tsv"), "-metadata.tsv"),
            Path::new("x/codes.v2-metadata.tsv")
        );
    }
}
