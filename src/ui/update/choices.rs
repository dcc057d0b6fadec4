//! Choices that also set the options they need to train well. Each is one undo step; the caller
//! reports what else changed.

use crate::check::{
    DataFacts, Problem, Severity, choose_data, choose_kind, choose_loss, choose_penalty, problems,
};
use crate::project::{Bottleneck, Loss, Project, Regularizer, Site, Source, format_count};
use crate::ui::state::{State, is_same_kind};

impl State {
    /// The facts of the data of the document.
    fn own_facts(&self) -> Option<DataFacts> {
        self.data.facts_of(&self.project.data.source)
    }

    /// Selects a kind of code; if it was used before, its settings are restored.
    pub fn choose_kind(&mut self, kind: Bottleneck) {
        let data = self.own_facts();
        let has_same_data = self.previous_choices.has_same_data(&self.project, kind);
        let chosen = match self.previous_choices.back_to(&self.project, kind) {
            Some(back) if has_same_data && !has_errors(&back, data.as_ref()) => back,
            // What suited other data or other layers is chosen again, with the settings of the kind.
            Some(back) => choose_kind(&self.project, back.code.kind, data.as_ref()),
            None => choose_kind(&self.project, kind, data.as_ref()),
        };
        self.previous_choices.leave(&self.project, &chosen);
        if chosen.encoder != self.project.encoder || chosen.decoder != self.project.decoder {
            self.previous_choices.clear_layers();
        }
        self.edit(|project, _| *project = chosen);
    }

    /// Selects a loss.
    pub fn choose_loss(&mut self, loss: Loss) {
        let chosen = choose_loss(&self.project, loss, self.own_facts().as_ref());
        self.edit(|project, _| *project = chosen);
    }

    /// Adds a penalty.
    pub fn choose_penalty(&mut self, site: Site, penalty: Regularizer) {
        let chosen = choose_penalty(&self.project, site, penalty, self.own_facts().as_ref());
        self.edit(|project, _| *project = chosen);
    }

    /// Adapts default training settings and a too wide code to newly chosen data, and reports it.
    /// Part of the same undo step as the choice, unless something was edited since. Data of an
    /// opened document, or of one whose data have moved, do not count as newly chosen.
    pub(super) fn fit_training(&mut self, facts: &DataFacts) {
        let source = self.project.data.source.clone();
        // Other data were chosen in the meantime and are still loading.
        if self.data.requested.as_ref().is_none_or(|loaded| is_other(&loaded.source, &source)) {
            return;
        }
        let before = self.fitted.replace((source.clone(), facts.train_rows));
        let Some((_, rows)) = before.filter(|(before, _)| is_other(before, &source)) else { return };
        let chosen = choose_data(&self.project, Some(rows), facts);
        if chosen == self.project {
            return;
        }
        let (old, new) = (&self.project.training, &chosen.training);
        let mut messages = Vec::new();
        if old.batch_size != new.batch_size {
            messages.push(format!("batch size {} → {}", old.batch_size, new.batch_size));
        }
        if old.learning_rate != new.learning_rate {
            messages.push(format!("learning rate {} → {}", old.learning_rate, new.learning_rate));
        }
        if old.epochs != new.epochs {
            messages.push(format!("epochs {} → {}", old.epochs, new.epochs));
        }
        if old.starts_from_data != new.starts_from_data {
            messages.push("output bias starts at their mean".to_owned());
        }
        if old.schedule != new.schedule {
            messages.push(format!("schedule {}", new.schedule.name()));
        }
        if chosen.encoder != self.project.encoder {
            messages.push("layers ReLU → ELU".to_owned());
        }
        self.history.end_step(&self.project);
        let joins = self.history.before().is_some_and(|before| before.data.source != source);
        let mut text = Vec::new();
        if !messages.is_empty() {
            text.push(format!(
                "Training settings adapted to the {} training samples: {}.",
                format_count(facts.train_rows),
                messages.join(", ")
            ));
        }
        let (size, smaller) = (self.project.code.units, chosen.code.units);
        if size != smaller {
            let features = match facts.shape.features() {
                1 => "1 feature".to_owned(),
                count => format!("{} features", format_count(count)),
            };
            text.push(format!("Code size {size} → {smaller}, because the input has {features}."));
        }
        let undone = if joins { "this and the choice of data" } else { "this" };
        text.push(format!("Undo reverts {undone}."));
        // The current run uses other data.
        if let Some(settings) = &mut self.live_settings {
            *settings = (new.learning_rate, new.epochs);
        }
        self.project = chosen;
        if joins {
            self.history.join(&self.project);
        }
        self.notices.say(Severity::Info, text.join(" "));
    }

    /// Treats the current source as not newly chosen.
    pub(super) fn keep_fitted(&mut self) {
        if let Some((source, _)) = &mut self.fitted {
            source.clone_from(&self.project.data.source);
        }
    }
}

/// Whether a project cannot be trained.
fn has_errors(project: &Project, data: Option<&DataFacts>) -> bool {
    problems(project, data).iter().any(Problem::is_error)
}

/// Whether these are other data, not the same data read differently.
fn is_other(before: &Source, now: &Source) -> bool {
    !is_same_kind(before, now) || before.path() != now.path()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::*;
    use crate::check::training_for;
    use crate::project::Training;
    use crate::run::facts;
    use crate::ui::state::{PathField, Sources};
    use crate::ui::views::samples;

    /// A folder of pictures at a path.
    fn folder(path: &str) -> Source {
        let mut source = Sources::default().0.into_iter().find(|source| source.name() == "Image folder");
        let source = source.as_mut().expect("a folder");
        PathField::Main.set(source, PathBuf::from(path));
        source.clone()
    }

    /// Loads this many pictures as the data of the document.
    fn load(state: &mut State, count: usize) {
        state.refresh(false);
        let data = samples::pictures(count, [8, 8, 1], 3);
        let of = facts(&data);
        state.handle_data(Arc::new(data), of);
    }

    fn settings(state: &State) -> (usize, f32, u32) {
        let Training { batch_size, learning_rate, epochs, .. } = state.project.training;
        (batch_size, learning_rate, epochs)
    }

    fn fitting(state: &State) -> (usize, f32, u32) {
        training_for(state.data.facts.expect("loaded").train_rows)
    }

    #[test]
    fn a_kind_is_restored_only_as_far_as_it_still_works() {
        let mut state = State::default();
        load(&mut state, 30);
        let kind = |name: &str| Bottleneck::ALL.into_iter().find(|kind| kind.name() == name).expect("one");
        state.choose_kind(kind("concrete selector"));
        state.choose_kind(Bottleneck::Plain);
        state.edit(|project, _| {
            project.encoder.pop();
        });
        state.choose_kind(kind("concrete selector"));
        assert!(state.project.encoder.is_empty(), "a selector reads the input itself");
        assert!(!has_errors(&state.project, state.own_facts().as_ref()));

        let mut state = State::default();
        load(&mut state, 30);
        state.choose_kind(kind("variational"));
        let Bottleneck::Variational { beta, .. } = &mut state.project.code.kind else { panic!("chosen") };
        *beta = 0.5;
        assert!(matches!(state.project.loss, Loss::Gaussian { .. }));
        state.choose_kind(Bottleneck::Plain);
        state.edit(|project, _| project.data.binarise = crate::project::Binarise::Threshold);
        state.data.facts = state.data.facts.map(|facts| DataFacts { is_binary: true, ..facts });
        state.choose_kind(kind("variational"));
        assert_eq!(state.project.loss, Loss::BinaryCrossEntropy, "the data are 0 and 1 now");
        let Bottleneck::Variational { beta, .. } = state.project.code.kind else { panic!("chosen") };
        assert!((beta - 0.5).abs() < 1e-6, "its settings are kept");
    }

    #[test]
    fn training_settings_adapt_to_newly_chosen_data() {
        let mut state = State::default();
        let default = settings(&state);
        load(&mut state, 30);
        assert_eq!(settings(&state), default, "nobody chose the digits");
        state.use_data(folder("/a"));
        load(&mut state, 200);
        assert_ne!(settings(&state), default);
        assert_eq!(settings(&state), fitting(&state));
        let of_a = settings(&state);
        let said = state.notices.log.last().expect("a line").text.clone();
        let undo = "Undo reverts this and the choice of data.";
        assert!(said.starts_with("Training settings ") && said.ends_with(undo), "{said}");
        state.use_data(folder("/b"));
        load(&mut state, 4000);
        assert_eq!(settings(&state), fitting(&state), "they were never changed by hand");
        let chosen = state.project.clone();
        state.undo();
        assert_eq!((&state.project.data.source, settings(&state)), (&folder("/a"), of_a));
        state.redo();
        assert_eq!(state.project, chosen);
        state.undo();
        load(&mut state, 4000);
        assert_ne!(settings(&state), fitting(&state), "undoing is no choice");
        state.edit(|project, _| project.training.epochs = 7);
        state.use_data(folder("/c"));
        load(&mut state, 90);
        assert_eq!(state.project.training.epochs, 7, "a person's own");
    }

    #[test]
    fn a_code_as_wide_as_new_data_becomes_smaller_and_this_is_said() {
        let mut state = State::default();
        load(&mut state, 30);
        state.use_data(folder("/a"));
        state.project.code.units = 64;
        load(&mut state, 200);
        assert_eq!(state.project.code.units, 32);
        let said = state.notices.log.last().expect("a line").text.clone();
        assert!(said.contains(" Code size 64 → 32, because the input has 64 features. "), "{said}");
    }

    #[test]
    fn what_is_edited_while_data_are_loaded_stays_and_is_a_step_of_its_own() {
        let chosen = |edit: fn(&mut Project)| {
            let mut state = State::default();
            load(&mut state, 30);
            state.use_data(folder("/a"));
            state.edit(|project, _| edit(project));
            let before = state.project.clone();
            load(&mut state, 200);
            (state, before)
        };
        // Settings edited by the user are kept.
        let (mut state, before) = chosen(|project| project.training.epochs = 7);
        assert_eq!(state.project, before);
        state.undo();
        assert_eq!((state.project.training.epochs, &state.project.data.source), (100, &folder("/a")));
        // Other edits are not undone with the settings.
        let (mut state, before) = chosen(|project| project.code.units = 5);
        assert_eq!((state.project.code.units, settings(&state)), (5, fitting(&state)));
        let said = state.notices.log.last().expect("a line").text.clone();
        assert!(said.ends_with("Undo reverts this."), "{said}");
        state.undo();
        assert_eq!(state.project, before);
        state.undo();
        assert_eq!((state.project.code.units, &state.project.data.source), (2, &folder("/a")));
        // How the new data are read is part of the choice.
        let (mut state, _) = chosen(|project| {
            if let Source::ImageFolder { width, .. } = &mut project.data.source {
                *width = 9;
            }
        });
        assert_eq!(settings(&state), fitting(&state));
        state.undo();
        assert_eq!(state.project, Project { data: before.data, ..Project::default() });
    }

    #[test]
    fn data_that_were_left_before_they_came_fit_nothing() {
        let mut state = State::default();
        load(&mut state, 30);
        let default = settings(&state);
        state.use_data(folder("/a"));
        state.project.data.source = folder("/b");
        let data = samples::pictures(200, [8, 8, 1], 3);
        let of = facts(&data);
        state.fit_training(&of);
        assert_eq!(settings(&state), default, "of the others");
        load(&mut state, 4000);
        assert_eq!(settings(&state), fitting(&state));
    }

    #[test]
    fn a_document_that_is_opened_keeps_its_settings_wherever_its_data_are() {
        let mut state = State::default();
        load(&mut state, 30);
        let mut project = Project::default();
        project.data.source = folder("/written");
        state.replace(project, Vec::new(), None);
        let default = settings(&state);
        // The data are missing, and found at another path.
        state.use_data(folder("/moved"));
        load(&mut state, 200);
        assert_eq!(settings(&state), default);
        state.use_data(folder("/others"));
        load(&mut state, 300);
        assert_eq!(settings(&state), fitting(&state), "now they are chosen");
    }
}
