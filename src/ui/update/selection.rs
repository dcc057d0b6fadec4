//! Changing, naming and restoring the selection.

use std::sync::Arc;

use crate::dataset::Dataset;
use crate::project::{NamedSelection, OwnLabel};
use crate::session::Trial;
use crate::ui::state::{Criterion, ExportRequest, SelectionMode, Set, State};

/// Where the data of the selection come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin<'a> {
    /// The training data of the shown run.
    Run,
    /// The data of the current design; the shown run, if any, was trained on other rows.
    Design,
    /// Other data shown to the shown run's network, under this name.
    Other(&'a str),
}

impl State {
    /// All data in which rows can be selected, without duplicates: those of the shown run, those of
    /// the design, and other data.
    pub fn sources(&self) -> Vec<(Origin<'_>, &Arc<Dataset>)> {
        let run = self.shown().and_then(|run| self.data_of(run)).map(|data| (Origin::Run, data));
        let design = self.data.dataset.as_ref().map(|data| (Origin::Design, data));
        let others = self.others.iter().map(|(name, data)| (Origin::Other(name), data));
        let mut sources: Vec<(Origin<'_>, &Arc<Dataset>)> = Vec::new();
        for (origin, data) in run.into_iter().chain(design).chain(others) {
            if !data.is_empty() && sources.iter().all(|(_, known)| known.fingerprint != data.fingerprint) {
                sources.push((origin, data));
            }
        }
        sources
    }

    /// The data of the selection and their origin: those with selected rows, else the first
    /// available ones.
    fn source(&self) -> Option<(Origin<'_>, &Arc<Dataset>)> {
        let sources = self.sources();
        let is_selected =
            |source: &&(Origin<'_>, &Arc<Dataset>)| self.selection.of() == Some(source.1.fingerprint);
        sources.iter().find(is_selected).or(sources.first()).copied()
    }

    /// The data of the selection.
    pub fn selectable(&self) -> Option<&Arc<Dataset>> {
        self.source().map(|(_, data)| data)
    }

    /// Whether the data of the selection can be shown to the network of the shown run.
    pub fn is_selection_of_run(&self) -> bool {
        self.source().is_some_and(|(origin, _)| origin != Origin::Design)
    }

    /// Switches the selection to the data with this fingerprint, with no rows selected.
    pub fn select_from(&mut self, fingerprint: u64) {
        self.selection.apply(fingerprint, Vec::new(), SelectionMode::Replace);
    }

    /// The selected rows in ascending order.
    pub fn selected(&self) -> &[u32] {
        self.selectable().map_or(&[], |data| self.selection.rows(data.fingerprint))
    }

    /// Selects all rows.
    pub fn select_all(&mut self) {
        if let Some((fingerprint, count)) = self.selectable().map(|data| (data.fingerprint, data.len())) {
            self.selection.apply(fingerprint, Vec::new(), SelectionMode::Replace);
            self.selection.invert(fingerprint, count);
        }
    }

    /// Inverts the selection.
    pub fn invert_selection(&mut self) {
        if let Some((fingerprint, count)) = self.selectable().map(|data| (data.fingerprint, data.len())) {
            self.selection.invert(fingerprint, count);
        }
    }

    /// Changes the selection with the rows that match a criterion.
    pub fn select_where(&mut self, criterion: &Criterion, mode: SelectionMode) {
        let Some(data) = self.selectable() else { return };
        let errors = self.shown().and_then(|run| self.known_errors(run));
        let rows = criterion.rows(data, errors.map_or(&[], |errors| &errors.values));
        let fingerprint = data.fingerprint;
        self.selection.apply(fingerprint, rows, mode);
    }

    /// Saves the selection under a name; this can be undone.
    pub fn name_selection(&mut self) {
        let Some(fingerprint) = self.selectable().map(|data| data.fingerprint) else { return };
        let name = self.free_name(fingerprint, "selection");
        let rows = self.selection.row_set(fingerprint);
        self.edit(|project, _| project.selections.push(NamedSelection { name, fingerprint, rows }));
    }

    /// Changes the selection with a named one, given by index.
    pub fn apply_named(&mut self, index: usize, mode: SelectionMode) {
        let Some((named, data)) = self.project.selections.get(index).zip(self.selectable()) else { return };
        if named.fingerprint == data.fingerprint {
            let rows = named.rows.below(data.len()).collect();
            self.selection.apply(named.fingerprint, rows, mode);
        }
    }

    /// Renames a named selection, adding a number if the name is taken.
    pub fn rename_selection(&mut self, index: usize, name: &str) {
        let name = name.trim();
        let Some(named) = self.project.selections.get(index).filter(|named| named.name != name) else {
            return;
        };
        if name.is_empty() {
            return;
        }
        let taken = |other: &str| self.is_taken(named.fingerprint, other);
        let name = if taken(name) { self.free_name(named.fingerprint, name) } else { name.to_owned() };
        self.edit(|project, _| {
            if let Some(named) = project.selections.get_mut(index) {
                named.name = name;
            }
        });
    }

    /// Removes a named selection; the current selection does not change.
    pub fn remove_named(&mut self, index: usize) {
        self.edit(|project, _| {
            if index < project.selections.len() {
                project.selections.remove(index);
            }
        });
    }

    /// Whether a named selection is a label column of the design.
    pub fn is_label(&self, named: &NamedSelection) -> bool {
        self.project.data.own_labels.iter().any(|own| is_of(own, named))
    }

    /// Adds a named selection to the design as a label column, or removes the column. A class held
    /// out by the column is then no longer held out.
    pub fn toggle_label(&mut self, index: usize) {
        let Some(named) = self.project.selections.get(index).cloned() else { return };
        let own = self.data.dataset.as_ref().filter(|data| data.fingerprint == named.fingerprint);
        let label = own.filter(|_| !self.is_label(&named)).map(|data| {
            // A held-out class is identified by its name, so no other column may have a class of
            // that name.
            let is_taken = data.labels.iter().any(|column| column.has_class(&named.name));
            OwnLabel {
                name: if is_taken { format!("{} (own)", named.name) } else { named.name.clone() },
                fingerprint: named.fingerprint,
                count: data.len(),
                rows: named.rows.clone(),
            }
        });
        self.edit(|project, _| {
            let data = &mut project.data;
            let (gone, stays): (Vec<OwnLabel>, _) =
                std::mem::take(&mut data.own_labels).into_iter().partition(|own| is_of(own, &named));
            data.own_labels = stays;
            if let Some(label) = label {
                data.own_labels.push(label);
            } else {
                let is_gone = |held: &mut String| gone.iter().any(|own| own.classes().contains(held));
                data.held_out.take_if(is_gone);
            }
        });
    }

    /// The content of an export of the selection; `None` if nothing is selected.
    pub fn export_request(&self) -> Option<ExportRequest> {
        let (origin, data) = self.source()?;
        let errors = self.shown().and_then(|run| self.known_errors(run));
        let rows = self.selection.rows(data.fingerprint);
        // Other data are read like the run's own.
        let of_run = self.shown().filter(|_| origin != Origin::Design);
        (!rows.is_empty()).then(|| ExportRequest {
            data: Arc::clone(data),
            source: of_run.map_or(&self.project, |run| &run.design).data.source.clone(),
            rows: rows.to_vec(),
            errors: errors.map(|errors| errors.values.clone()).unwrap_or_default(),
            trial: self.trial(origin),
        })
    }

    /// The shown run's network and uncorrupted data; `None` if the data cannot be shown to it.
    fn trial(&self, origin: Origin<'_>) -> Option<Trial> {
        let set = match origin {
            Origin::Run => Set::All,
            Origin::Design => return None,
            Origin::Other(name) => Set::Other(name.to_owned()),
        };
        let resolved = self.resolve(&set, false)?;
        resolved.trial(self, &resolved.weights)
    }

    fn is_taken(&self, fingerprint: u64, name: &str) -> bool {
        self.project.selections.iter().any(|named| named.fingerprint == fingerprint && named.name == name)
    }

    fn free_name(&self, fingerprint: u64, name: &str) -> String {
        let mut number = 1_usize;
        loop {
            let name = format!("{name} {number}");
            if !self.is_taken(fingerprint, &name) {
                return name;
            }
            number += 1;
        }
    }
}

/// Whether a label column was made from a selection.
fn is_of(own: &OwnLabel, named: &NamedSelection) -> bool {
    (own.fingerprint, &own.rows) == (named.fingerprint, &named.rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::views::samples;

    fn state() -> State {
        let mut state = State::default();
        state.data.dataset = Some(Arc::new(samples::table(9, 2)));
        state
    }

    #[test]
    fn a_selection_is_named_renamed_restored_and_undone() {
        let mut state = state();
        state.select_where(&Criterion::Class(0, 1), SelectionMode::Replace);
        assert_eq!(state.selected(), [1, 4, 7]);
        state.name_selection();
        state.invert_selection();
        assert_eq!(state.selected(), [0, 2, 3, 5, 6, 8]);
        state.name_selection();
        let names = |state: &State| -> Vec<String> {
            state.project.selections.iter().map(|named| named.name.clone()).collect()
        };
        assert_eq!(names(&state), ["selection 1", "selection 2"]);
        state.rename_selection(1, " odd ones ");
        state.rename_selection(0, "odd ones");
        state.rename_selection(0, "  ");
        assert_eq!(names(&state), ["odd ones 1", "odd ones"]);
        state.apply_named(0, SelectionMode::Add);
        assert_eq!(state.selected().len(), 9);
        state.apply_named(1, SelectionMode::Subtract);
        assert_eq!(state.selected(), [1, 4, 7]);
        assert!(state.is_modified());
        state.remove_named(0);
        assert_eq!(names(&state), ["odd ones"]);
        state.undo();
        assert_eq!(names(&state), ["odd ones 1", "odd ones"]);
        state.select_all();
        assert_eq!(state.selected().len(), 9);
        assert_eq!(state.export_request().map(|request| request.rows.len()), Some(9));
    }

    #[test]
    fn a_named_selection_becomes_a_label_column_and_back() {
        let mut state = state();
        state.select_where(&Criterion::Class(0, 1), SelectionMode::Replace);
        state.name_selection();
        state.toggle_label(0);
        let own = &state.project.data.own_labels[0];
        assert_eq!(
            (own.name.as_str(), own.count, own.rows.to_string()),
            ("selection 1", 9, "1,4,7".to_owned())
        );
        assert_eq!(state.project.design().data.own_labels, [], "it holds nothing out");
        state.project.data.held_out = Some("not selection 1".to_owned());
        assert_eq!(state.project.design().data.own_labels.len(), 1);
        state.toggle_label(0);
        assert_eq!((state.project.data.own_labels.len(), &state.project.data.held_out), (0, &None));
        state.rename_selection(0, "setosa");
        state.toggle_label(0);
        assert_eq!(state.project.data.own_labels[0].name, "setosa (own)", "there is such a class");
    }

    #[test]
    fn rows_of_other_data_are_selected_and_exported() {
        let mut state = state();
        state
            .others
            .insert("photos".to_owned(), Arc::new(Dataset { fingerprint: 8, ..samples::table(4, 2) }));
        let count = |state: &State| state.selectable().map(|data| data.len());
        assert_eq!(count(&state), Some(9));
        state.select_from(8);
        assert_eq!((count(&state), state.selected().len()), (Some(4), 0));
        state.select_all();
        assert_eq!(state.export_request().map(|request| request.data.len()), Some(4));
        state.select_from(samples::table(9, 2).fingerprint);
        assert_eq!((count(&state), state.selected().len()), (Some(9), 0));
        state.selection.apply(8, vec![2], SelectionMode::Replace);
        assert_eq!((count(&state), state.selected()), (Some(4), &[2][..]), "clicked in a view");
        state.others.clear();
        assert_eq!((count(&state), state.selected().len()), (Some(9), 0), "they were removed");
    }

    #[test]
    fn rows_of_the_design_are_selected_next_to_those_of_a_run_with_other_data() {
        let (mut state, mut run) = (state(), samples::run(1, 3));
        let own = Arc::new(Dataset { fingerprint: 8, ..samples::table(4, 2) });
        (run.fingerprint, run.shape) = (8, own.shape);
        state.past_data.add(run.design.data.clone(), own, None);
        state.runs = vec![run];
        let origins: Vec<_> =
            state.sources().into_iter().map(|(origin, data)| (origin, data.len())).collect();
        assert_eq!(origins, [(Origin::Run, 4), (Origin::Design, 9)]);
        let design = state.data.dataset.as_ref().map_or(0, |data| data.fingerprint);
        state.selection.apply(design, vec![2, 7], SelectionMode::Replace);
        assert_eq!((state.selectable().map(|data| data.len()), state.selected()), (Some(9), &[2, 7][..]));
        let request = state.export_request().expect("rows are selected");
        assert_eq!((request.data.len(), request.source), (9, state.project.data.source.clone()));
        assert!(!state.is_selection_of_run() && request.trial.is_none());
        state.select_from(8);
        assert_eq!((state.selectable().map(|data| data.len()), state.selected().len()), (Some(4), 0));
        assert!(state.is_selection_of_run());
    }

    #[test]
    fn naming_a_selection_does_not_change_the_design() {
        let mut state = state();
        state.select_all();
        state.name_selection();
        assert!(state.project.design() != state.project);
        assert_eq!(state.project.trained_designs(), [state.project.design()]);
        let text = state.project.to_ron();
        assert!(text.contains("rows: \"0-8\""), "{text}");
        assert_eq!(crate::project::Project::from_ron(&text).expect("readable"), state.project);
        assert!(!state.project.design().to_ron().contains("selections"));
    }
}
