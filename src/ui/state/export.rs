//! The dialog for exporting parts of a run.

use std::path::{Path, PathBuf};

use super::path_dialog::{PathDialog, Purpose};
use super::save::SaveKind;
use super::sets::Set;
use crate::io::TableForm;
use crate::session::ResultsForm;

/// The content to export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExportWhat {
    /// The codes of samples.
    #[default]
    Codes,
    /// The reconstructions of samples.
    Reconstructions,
    /// The scores of samples.
    Scores,
    /// Unchanged samples with labels and errors.
    Samples,
    /// The weights of the network.
    Weights,
}

impl ExportWhat {
    /// All kinds of content, in display order.
    pub const ALL: [ExportWhat; 5] = [
        ExportWhat::Codes,
        ExportWhat::Reconstructions,
        ExportWhat::Scores,
        ExportWhat::Samples,
        ExportWhat::Weights,
    ];

    /// Its name on screen.
    pub fn name(self) -> &'static str {
        match self {
            ExportWhat::Codes => "codes",
            ExportWhat::Reconstructions => "reconstructions",
            ExportWhat::Scores => "scores",
            ExportWhat::Samples => "samples",
            ExportWhat::Weights => "weights",
        }
    }

    /// A description of the file in one sentence.
    pub fn about(self) -> &'static str {
        match self {
            ExportWhat::Codes => "The code of each sample, with its labels.",
            ExportWhat::Reconstructions => "The reconstruction of each sample, in the units of the data.",
            ExportWhat::Scores => {
                "The squared error of each sample, and its log probability where there is one."
            }
            ExportWhat::Samples => "The selected samples with splits, labels and known errors.",
            ExportWhat::Weights => "All arrays of the network, for PyTorch and other programs.",
        }
    }

    /// Its possible file formats, the most common first.
    pub fn forms(self) -> &'static [ExportForm] {
        match self {
            ExportWhat::Codes | ExportWhat::Reconstructions | ExportWhat::Scores => {
                &[ExportForm::Csv, ExportForm::Tsv, ExportForm::Npy]
            }
            ExportWhat::Samples => &[ExportForm::Csv, ExportForm::Tsv],
            ExportWhat::Weights => &[ExportForm::Safetensors],
        }
    }

    /// Whether it requires a set of samples.
    pub fn is_of_set(self) -> bool {
        self != ExportWhat::Weights
    }
}

/// The format of an exported file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportForm {
    /// A comma-separated table.
    Csv,
    /// A tab-separated table.
    Tsv,
    /// An array.
    Npy,
    /// Named arrays.
    Safetensors,
}

impl ExportForm {
    /// The extension of its files.
    pub fn extension(self) -> &'static str {
        match self {
            ExportForm::Csv => "csv",
            ExportForm::Tsv => "tsv",
            ExportForm::Npy => "npy",
            ExportForm::Safetensors => "safetensors",
        }
    }

    /// Its name on screen.
    pub fn name(self) -> &'static str {
        match self {
            ExportForm::Csv => "CSV",
            ExportForm::Tsv => "TSV",
            ExportForm::Npy => "NPY",
            ExportForm::Safetensors => "safetensors",
        }
    }

    /// The format for results of samples; `None` if this is another format.
    pub fn of_results(self) -> Option<ResultsForm> {
        match self {
            ExportForm::Csv => Some(ResultsForm::Table(TableForm::Csv)),
            ExportForm::Tsv => Some(ResultsForm::Table(TableForm::Tsv)),
            ExportForm::Npy => Some(ResultsForm::Array),
            ExportForm::Safetensors => None,
        }
    }
}

/// The content and destination of an export.
#[derive(Clone, Debug)]
pub struct ExportDialog {
    /// The content.
    pub what: ExportWhat,
    /// The samples.
    pub set: Set,
    /// The file format.
    pub form: ExportForm,
    /// The destination.
    pub path: PathDialog,
    /// The last suggested path. It follows the other choices until the user edits it.
    suggested: String,
}

impl ExportDialog {
    /// Creates a dialog with these choices and the default format. `place` is the folder and the
    /// beginning of the file name.
    pub fn new(what: ExportWhat, set: Set, place: &Path) -> ExportDialog {
        let form = what.forms().first().copied().unwrap_or(ExportForm::Csv);
        let suggested = suggestion(place, what, form);
        let path = PathDialog::new(Purpose::Save(SaveKind::Results(form), None), suggested.clone());
        ExportDialog { what, set, form, path, suggested }
    }

    /// Updates format and path for the content.
    pub fn follow(&mut self, place: &Path) {
        if !self.what.forms().contains(&self.form) {
            self.form = self.what.forms().first().copied().unwrap_or(ExportForm::Csv);
        }
        let suggested = suggestion(place, self.what, self.form);
        if suggested == self.suggested {
            return;
        }
        let text = if self.path.text == self.suggested {
            suggested.clone()
        } else {
            with_form(&self.path.text, self.form)
        };
        self.path = PathDialog::new(Purpose::Save(SaveKind::Results(self.form), None), text);
        self.suggested = suggested;
    }
}

/// For example `digits-codes.csv` for `digits` and codes.
fn suggestion(place: &Path, what: ExportWhat, form: ExportForm) -> String {
    format!("{}-{}.{}", place.display(), what.name(), form.extension())
}

/// Replaces the extension of another format with that of this one.
fn with_form(text: &str, form: ExportForm) -> String {
    let forms = [ExportForm::Csv, ExportForm::Tsv, ExportForm::Npy, ExportForm::Safetensors];
    let path = PathBuf::from(text);
    let is_of_form =
        path.extension().is_some_and(|ending| forms.iter().any(|form| ending == form.extension()));
    if is_of_form { path.with_extension(form.extension()).display().to_string() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_follows_the_choices_until_it_is_edited() {
        let place = Path::new("runs").join("digits");
        let at = |name: &str| Path::new("runs").join(name).display().to_string();
        let mut dialog = ExportDialog::new(ExportWhat::Codes, Set::Test, &place);
        assert_eq!(dialog.path.text, at("digits-codes.csv"));
        dialog.form = ExportForm::Npy;
        dialog.follow(&place);
        assert_eq!(dialog.path.text, at("digits-codes.npy"));
        dialog.what = ExportWhat::Weights;
        dialog.follow(&place);
        assert_eq!(
            (dialog.form, &dialog.path.text),
            (ExportForm::Safetensors, &at("digits-weights.safetensors"))
        );
        dialog.path.text = at("mine.v2.safetensors");
        dialog.what = ExportWhat::Scores;
        dialog.follow(&place);
        assert_eq!((dialog.form, &dialog.path.text), (ExportForm::Csv, &at("mine.v2.csv")));
        dialog.path.text = at("mine");
        dialog.form = ExportForm::Tsv;
        dialog.follow(&place);
        assert_eq!(dialog.path.text, at("mine"), "its ending is added when it is written");
        assert!(matches!(dialog.path.purpose, Purpose::Save(SaveKind::Results(ExportForm::Tsv), None)));
    }
}
