//! Exports of a run: the dialog, and the requests to write files.

use std::path::PathBuf;
use std::sync::Arc;

use crate::check::Severity;
use crate::dataset::Dataset;
use crate::project::is_hidden;
use crate::run::{LazyWeights, Run};
use crate::session::{ResultsExport, SampleResults};
use crate::ui::state::{
    Dialog, ExportDialog, ExportForm, ExportRequest, ExportWhat, ResultsRequest, SaveKind, SaveRequest, Set,
    SetChoice, SetRows, State, with_ending,
};

impl State {
    /// Opens the export dialog with these choices.
    pub fn ask_export(&mut self, what: ExportWhat, set: Set) {
        // A view may remember sets that no longer exist, such as removed data.
        let is_there = self.export_sets().iter().any(|choice| choice.set == set);
        let set = if is_there { set } else { Set::All };
        self.dialog = Some(Dialog::Export(Box::new(ExportDialog::new(what, set, &self.export_place()))));
    }

    /// Opens the export dialog, with the selection if there is one.
    pub fn ask_what_to_export(&mut self) {
        let selected = self.rows_of(&Set::Selection).filter(|(_, rows)| !rows.is_empty());
        let set = if selected.is_some() { Set::Selection } else { Set::All };
        let has_weights = self.weights_shown().is_some();
        self.ask_export(if has_weights { ExportWhat::Codes } else { ExportWhat::Samples }, set);
    }

    /// The suggested folder of an export, and the beginning of the file name.
    pub fn export_place(&self) -> PathBuf {
        self.save_folder().join(self.project.name.replace(|c| matches!(c, '/' | '\\') || is_hidden(c), "-"))
    }

    /// The shown run with the weights displayed in the views, and their epoch.
    pub fn weights_shown(&self) -> Option<(&Run, u32, LazyWeights)> {
        let run = self.shown()?;
        let kept = self.epoch.and_then(|epoch| run.kept.nearest_weights(epoch));
        let last = || {
            let checkpoint = run.checkpoint.as_ref()?;
            Some((checkpoint.inference_epoch(), Arc::clone(checkpoint.inference_weights()).into()))
        };
        let kept = kept.map(|(epoch, weights)| (epoch, weights.clone()));
        let (epoch, weights) = kept.or_else(last)?;
        Some((run, epoch, weights))
    }

    /// The sets that can be exported.
    pub fn export_sets(&self) -> Vec<SetChoice> {
        let sets = self.sets();
        match self.exported_data() {
            Some(data) => sets.choices(self.shown(), data),
            None => sets.other_choices().collect(),
        }
    }

    /// The data of the shown run, or those of the design if it has none.
    fn exported_data(&self) -> Option<&Arc<Dataset>> {
        self.shown().and_then(|run| self.data_of(run)).or(self.data.dataset.as_ref())
    }

    /// Why something cannot be exported; `None` if it can.
    pub fn export_problem(&self, what: ExportWhat, set: &Set) -> Option<&'static str> {
        if what == ExportWhat::Samples {
            return self
                .rows_of(set)
                .is_none_or(|(_, rows)| rows.is_empty())
                .then_some("There are no such samples.");
        }
        if self.weights_shown().is_none() {
            return Some("The run has no weights yet: train it first.");
        }
        if what == ExportWhat::Weights {
            return None;
        }
        match self.resolve(set, false) {
            None => Some("The data of the run are not loaded, or are of another shape."),
            Some(resolved) => resolved.rows.is_empty().then_some("There are no such samples."),
        }
    }

    /// Writes the chosen content to a confirmed path.
    pub(super) fn accept_export(&mut self, mut dialog: Box<ExportDialog>, path: PathBuf) {
        let full = with_ending(path.clone(), SaveKind::Results(dialog.form));
        if full != path {
            // Any confirmation to replace a file was for the name without the extension.
            dialog.path.suggest(full);
            self.dialog = Some(Dialog::Export(dialog));
            return;
        }
        let Some(results) = self.results_request(&dialog) else {
            let why = self.export_problem(dialog.what, &dialog.set);
            let why = why.unwrap_or("The design of the run is damaged.");
            self.notices.say(Severity::Error, format!("Nothing was exported. {why}"));
            return;
        };
        self.remember_folder(&full);
        let request = self.save_request(full, SaveKind::Results(dialog.form), None);
        self.write(SaveRequest { results: Some(results), ..request });
    }

    /// Everything needed to write the chosen content.
    fn results_request(&self, dialog: &ExportDialog) -> Option<ResultsRequest> {
        let what = match dialog.what {
            ExportWhat::Codes => SampleResults::Codes,
            ExportWhat::Reconstructions => SampleResults::Reconstructions,
            ExportWhat::Scores => SampleResults::Scores,
            ExportWhat::Samples => {
                let (request, form) = self.samples_request(dialog)?;
                return Some(ResultsRequest::Samples(Box::new(request), form));
            }
            ExportWhat::Weights => {
                let (run, epoch, weights) = self.weights_shown()?;
                return Some(ResultsRequest::Weights(Box::new(run.clone()), epoch, weights));
            }
        };
        let resolved = self.resolve(&dialog.set, false).filter(|resolved| !resolved.rows.is_empty())?;
        let export = ResultsExport {
            what,
            trained: resolved.trial(self, &resolved.weights)?.trained,
            data: Arc::clone(resolved.data),
            own: resolved.own.cloned(),
            rows: resolved.rows.all(),
        };
        Some(ResultsRequest::Results(export, dialog.form.of_results()?))
    }

    fn samples_request(&self, dialog: &ExportDialog) -> Option<(ExportRequest, ExportForm)> {
        let (data, rows) = self.rows_of(&dialog.set).filter(|(_, rows)| !rows.is_empty())?;
        let errors = self.shown().and_then(|run| self.known_errors(run));
        let errors = errors.filter(|_| self.selectable().is_some_and(|own| Arc::ptr_eq(own, data)));
        let run = self.shown().filter(|run| self.data_of(run).is_some());
        let request = ExportRequest {
            data: Arc::clone(data),
            source: run.map_or(&self.project, |run| &run.design).data.source.clone(),
            rows: rows.all(),
            errors: errors.map(|errors| errors.values.clone()).unwrap_or_default(),
            trial: None,
        };
        Some((request, dialog.form))
    }

    /// The rows of a set and their data, whether or not a run was trained on them.
    fn rows_of<'a>(&'a self, set: &Set) -> Option<(&'a Arc<Dataset>, SetRows<'a>)> {
        let sets = self.sets();
        let data = sets.data(set, self.exported_data())?;
        Some((data, sets.rows(set, self.shown(), data)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::Files;
    use crate::ui::state::Effect;
    use crate::ui::views::samples;

    #[test]
    fn without_a_run_only_samples_can_be_exported() {
        let mut state = State::default();
        state.data.dataset = Some(Arc::new(samples::table(9, 2)));
        assert_eq!(state.export_problem(ExportWhat::Samples, &Set::All), None);
        assert!(state.export_problem(ExportWhat::Samples, &Set::Selection).is_some());
        for what in [ExportWhat::Codes, ExportWhat::Weights] {
            let why = state.export_problem(what, &Set::All);
            assert!(why.is_some_and(|why| why.contains("no weights")), "{why:?}");
        }
        state.ask_export(ExportWhat::Samples, Set::Other("removed".to_owned()));
        assert!(matches!(&state.dialog, Some(Dialog::Export(dialog)) if dialog.set == Set::All));
        let folder = tempfile::tempdir().expect("a folder");
        state.ask_what_to_export();
        let Some(Dialog::Export(dialog)) = &mut state.dialog else { panic!("no question") };
        assert_eq!((dialog.what, dialog.form), (ExportWhat::Samples, ExportForm::Csv));
        dialog.form = ExportForm::Tsv;
        dialog.follow(folder.path());
        // Without an extension, the dialog asks again, because the full name may exist.
        state.accept_path(folder.path().join("rows"));
        let Some(Dialog::Export(dialog)) = &state.dialog else { panic!("no question") };
        assert_eq!(dialog.path.text, folder.path().join("rows.tsv").display().to_string());
        state.accept_path(folder.path().join("rows.tsv"));
        let request = state.effects.drain(..).find_map(|effect| {
            let Effect::Save(request) = effect else { return None };
            Some(request)
        });
        request.expect("it is written").save(&Files::default()).expect("written");
        let written = std::fs::read_to_string(folder.path().join("rows.tsv")).expect("there");
        assert_eq!((written.lines().count(), written.starts_with("row\tsplit\t")), (10, true), "{written}");
    }
}
