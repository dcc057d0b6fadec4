use std::path::{Path, PathBuf};

use super::failure::Failure;
use super::progress::Bar;
use super::write::{line, note, refuse_to_overwrite};
use crate::io::{Files, Pixels, TableForm, save_pictures};
use crate::project::visible_path;
use crate::session::Sheet;

/// The destination of results, from its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// An array of numbers, `.npy`.
    Array(PathBuf),
    /// A table, `.csv` or `.tsv`.
    Table(PathBuf, TableForm),
    /// A folder.
    Folder(PathBuf),
    /// A picture, `.png`.
    Picture(PathBuf),
    /// Weights, `.safetensors`.
    Weights(PathBuf),
    /// Standard output, `-`, as `.csv`.
    Stdout,
}

impl Output {
    /// The destination of codes: a file with a format by its extension, or one in a folder.
    ///
    /// # Errors
    /// [`Failure::Problem`] for any other name.
    pub(super) fn of_codes(path: &Path) -> Result<Output, Failure> {
        match Output::of(path) {
            Some(output @ (Output::Array(_) | Output::Table(..) | Output::Folder(_) | Output::Stdout)) => {
                Ok(output)
            }
            Some(Output::Picture(_) | Output::Weights(_)) | None => Err(unknown(
                path,
                "codes are written as .npy or .csv, or as .tsv for the Embedding Projector",
                "",
            )),
        }
    }

    /// The destination of reconstructions: a file with a format by its extension, or a folder,
    /// which has none.
    ///
    /// # Errors
    /// [`Failure::Problem`] for any other name.
    pub(super) fn of_reconstructions(path: &Path) -> Result<Output, Failure> {
        let forms = "reconstructions are written as .npy, .csv or .tsv, or into a folder";
        match Output::or_folder(path) {
            Some(output @ (Output::Array(_) | Output::Table(..) | Output::Folder(_) | Output::Stdout)) => {
                Ok(output)
            }
            Some(Output::Picture(_) | Output::Weights(_)) | None => {
                Err(unknown(path, forms, "; write / at the end of a folder's name"))
            }
        }
    }

    /// The destination of generated samples: as for reconstructions, or one picture of all of them.
    ///
    /// # Errors
    /// [`Failure::Problem`] for any other name.
    pub(super) fn of_samples(path: &Path) -> Result<Output, Failure> {
        let forms = "samples are written as .png, .npy, .csv or .tsv, or into a folder";
        match Output::or_folder(path) {
            Some(Output::Weights(_)) | None => Err(unknown(
                path,
                forms,
                "; write / at the end of a folder's \
                 name",
            )),
            Some(output) => Ok(output),
        }
    }

    /// The destination of a traversal.
    ///
    /// # Errors
    /// [`Failure::Problem`] for a name with another extension.
    pub(super) fn of_traversal(path: &Path) -> Result<Output, Failure> {
        match Output::of(path) {
            Some(output @ (Output::Array(_) | Output::Table(..) | Output::Picture(_) | Output::Stdout)) => {
                Ok(output)
            }
            Some(Output::Folder(_) | Output::Weights(_)) | None => {
                Err(unknown(path, "a traversal is written as .png, .npy, .csv or .tsv", ""))
            }
        }
    }

    /// A table, or standard output; `what` names the content.
    ///
    /// # Errors
    /// [`Failure::Problem`] for a name with another extension.
    pub(super) fn of_table(path: &Path, what: &str) -> Result<Output, Failure> {
        match Output::of(path) {
            Some(output @ (Output::Table(..) | Output::Stdout)) => Ok(output),
            Some(Output::Array(_) | Output::Folder(_) | Output::Picture(_) | Output::Weights(_)) | None => {
                Err(unknown(path, &format!("{what} are written as .csv or .tsv"), ""))
            }
        }
    }

    /// The destination of weights.
    ///
    /// # Errors
    /// [`Failure::Problem`] for a name with another extension.
    pub(super) fn of_weights(path: &Path) -> Result<PathBuf, Failure> {
        match Output::of(path) {
            Some(Output::Weights(file)) => Ok(file),
            Some(
                Output::Array(_)
                | Output::Table(..)
                | Output::Folder(_)
                | Output::Picture(_)
                | Output::Stdout,
            )
            | None => Err(unknown(path, "weights are written as .safetensors", "")),
        }
    }

    /// The format of a table of scores.
    ///
    /// # Errors
    /// [`Failure::Problem`] for a name with another extension.
    pub(super) fn of_scores(path: &Path) -> Result<TableForm, Failure> {
        match Output::of(path) {
            Some(Output::Table(_, form)) => Ok(form),
            Some(
                Output::Array(_)
                | Output::Folder(_)
                | Output::Picture(_)
                | Output::Weights(_)
                | Output::Stdout,
            )
            | None => Err(unknown(path, "scores are written as .csv or .tsv", "")),
        }
    }

    /// [`Output::of`]; a name without an extension is a folder.
    fn or_folder(path: &Path) -> Option<Output> {
        let folder = || path.extension().is_none().then(|| Output::Folder(path.to_owned()));
        Output::of(path).or_else(folder)
    }

    /// `None` if neither the extension nor an existing folder determines the format.
    fn of(path: &Path) -> Option<Output> {
        if path.as_os_str() == "-" {
            return Some(Output::Stdout);
        }
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
            "png" => Some(Output::Picture(file)),
            "safetensors" => Some(Output::Weights(file)),
            _ => None,
        }
    }
}

/// Writes a table; reports fields that had to be changed.
pub(super) fn save_sheet(
    sheet: &Sheet<'_>,
    files: &Files,
    path: &Path,
    form: TableForm,
) -> Result<(), Failure> {
    report_replaced(path, sheet.save(files, path, form)?);
    Ok(())
}

/// Reports how many fields of a `.tsv` had to be changed.
pub(super) fn report_replaced(path: &Path, replaced: usize) {
    if replaced > 0 {
        note(format_args!(
            "note: {}: {replaced} fields contained tabs or line breaks, which were replaced with spaces",
            visible_path(path)
        ));
    }
}

/// Writes pictures and tables into a folder, with a progress bar. The folder is visible only when
/// complete. Returns the number of pictures.
pub(super) fn save_folder(
    files: &Files,
    folder: &Path,
    shape: (usize, usize, usize),
    pictures: impl ExactSizeIterator<Item = (String, Pixels)>,
    tables: &[(&str, Sheet<'_>)],
) -> Result<usize, Failure> {
    let bar = Bar::new("writing", pictures.len() as u64);
    let count = files.fill_folder(folder, |staging| {
        let counted = (0..).zip(pictures).map(|(done, picture)| {
            bar.set(done, bar.total());
            picture
        });
        let count = save_pictures(files, staging, shape, counted)?;
        for (name, sheet) in tables {
            sheet.save(files, &staging.join(name), TableForm::Csv)?;
        }
        Ok(count)
    });
    bar.finish();
    Ok(count?)
}

/// Writes a single table into a folder, like [`save_folder`].
pub(super) fn save_in_folder(
    files: &Files,
    folder: &Path,
    name: &str,
    sheet: &Sheet<'_>,
) -> Result<(), Failure> {
    let save = |staging: &Path| sheet.save(files, &staging.join(name), TableForm::Csv);
    files.fill_folder(folder, save)?;
    Ok(())
}

/// Prints a table as a `.csv`.
pub(super) fn print_sheet(sheet: &Sheet<'_>) {
    line(sheet.text().trim_end_matches('\n'));
}

fn unknown(path: &Path, forms: &str, more: &str) -> Failure {
    Failure::Problem(format!("{}: {forms}; use one of these extensions{more}", visible_path(path)))
}

/// `codes.tsv` and `-metadata.tsv`: `codes-metadata.tsv`.
pub(super) fn sibling_path(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

/// Ends a command before its work if one of its files cannot be written, or would overwrite
/// another.
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
        check("-", Some(Output::Stdout));
        check("", None);
        check("a.v2/", Some(Output::Folder("a.v2/".into())));
        check(there.to_str().expect("text"), Some(Output::Folder(there.clone())));
        assert_eq!(Output::of_scores(Path::new("a.csv")).ok(), Some(TableForm::Csv));
        for name in ["a.npy", "a.png", "-", "a"] {
            assert!(Output::of_scores(Path::new(name)).is_err(), "{name}");
        }
        for (name, is_sample, is_traversal) in [
            ("a.PNG", true, true),
            ("a.npy", true, true),
            ("-", true, true),
            ("a/", true, false),
            ("a", true, false),
            ("a.jpg", false, false),
            ("a.safetensors", false, false),
        ] {
            assert_eq!(Output::of_samples(Path::new(name)).is_ok(), is_sample, "{name}");
            assert_eq!(Output::of_traversal(Path::new(name)).is_ok(), is_traversal, "{name}");
        }
        let weights = |name: &str| Output::of_weights(Path::new(name)).ok();
        assert_eq!((weights("w.safetensors"), weights("w.npy")), (Some("w.safetensors".into()), None));
        assert_eq!(
            sibling_path(Path::new("x/codes.v2.tsv"), "-metadata.tsv"),
            Path::new("x/codes.v2-metadata.tsv")
        );
    }
}
