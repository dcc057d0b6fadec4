//! Edits of the document, each of them one undo step, and the selection of cards.

use super::stack;
use crate::check::Severity;
use crate::project::{Choice, Data, Decoder, Layer, OwnLabel, Place, Project};
use crate::run::Advice;
use crate::ui::state::{BottomTab, Seek, State};

impl State {
    /// Changes the document. The callback also receives the saved document.
    pub fn edit(&mut self, edit: impl FnOnce(&mut Project, &Project)) {
        self.history.end_step(&self.project);
        edit(&mut self.project, &self.saved);
    }

    /// Changes the network at the selected card and selects the result.
    pub fn change(&mut self, change: impl FnOnce(&mut Project, Place) -> Option<Place>) {
        self.history.end_step(&self.project);
        self.previous_choices.clear_layers();
        if let Some(place) = change(&mut self.project, self.selected) {
            self.select(place);
        }
    }

    /// Adds a layer after the selected card and selects it.
    pub fn add(&mut self, layer: Layer) {
        let gap = stack::gap_after(&self.project, self.selected);
        self.insert(gap, layer);
    }

    /// Inserts a layer into a gap and selects it.
    pub fn insert(&mut self, gap: stack::Gap, layer: Layer) {
        let input = self.current_shape();
        self.change(|project, _| stack::insert(project, input, gap, layer));
        self.refresh(false);
    }

    /// Moves a card into a gap and selects it there.
    pub fn move_card(&mut self, place: Place, gap: stack::Gap) {
        self.selected = place;
        let input = self.current_shape();
        self.change(|project, place| stack::move_into(project, input, place, gap));
        self.refresh(false);
    }

    /// Duplicates the selected layer.
    pub fn duplicate_selected(&mut self) {
        let input = self.current_shape();
        self.change(|project, place| stack::duplicate(project, input, place));
    }

    /// Moves the selected layer one place towards the input or the output.
    pub fn move_selected(&mut self, up: bool) {
        let input = self.current_shape();
        self.change(|project, place| {
            let gap = stack::gap_beyond(project, place, up)?;
            stack::move_into(project, input, place, gap)
        });
    }

    /// Removes the selected layer.
    pub fn remove_selected(&mut self) {
        let input = self.input_shape();
        let places = stack::places(&self.project, input);
        let at = places.iter().position(|place| *place == self.selected).unwrap_or(0);
        self.change(|project, place| {
            project.remove_layer(place)?;
            // The layer after it moves up; at the end of a stack, the card before it is nearer.
            let after = stack::places(project, input);
            let same = after.get(at).copied().filter(|place| project.layer(*place).is_some());
            same.or(after.get(at.saturating_sub(1)).copied())
        });
    }

    /// Selects the nearest card if the selected one is gone.
    pub(super) fn keep_selection(&mut self) {
        if !stack::places(&self.project, self.input_shape()).contains(&self.selected) {
            self.selected = match self.selected {
                Place::Encoder(_) if !self.project.encoder.is_empty() => {
                    Place::Encoder(self.project.encoder.len() - 1)
                }
                Place::Data
                | Place::Corruption
                | Place::Encoder(_)
                | Place::Code
                | Place::Decoder(_)
                | Place::Output
                | Place::Training => Place::Code,
            };
        }
    }

    /// Selects a card and gives it the focus.
    pub fn select(&mut self, place: Place) {
        match place {
            // The corruption belongs to the input card.
            Place::Corruption => self.select(Place::Data),
            Place::Training => {}
            Place::Data | Place::Encoder(_) | Place::Code | Place::Decoder(_) | Place::Output => {
                self.selected = place;
                self.focus = Some(place);
            }
        }
    }

    /// Moves the selection by this many cards.
    pub fn select_by(&mut self, by: isize) {
        let places = stack::places(&self.project, self.input_shape());
        let at = places.iter().position(|place| *place == self.selected).unwrap_or(0);
        if let Some(place) = at.checked_add_signed(by).and_then(|at| places.get(at)) {
            self.select(*place);
        }
    }

    /// Toggles between a decoder with its own layers and one that mirrors the encoder.
    pub fn toggle_mirror(&mut self) {
        let decoder = if self.is_mirrored() {
            stack::decoder_layers(&self.project, self.current_shape()).map(Decoder::Free)
        } else {
            Some(Decoder::Mirrored { tied: false })
        };
        if let Some(decoder) = decoder {
            self.previous_choices.clear_layers();
            self.edit(|project, _| project.decoder = decoder);
        }
    }

    /// Ties the weights of a mirrored decoder to the encoder's, or unties them.
    pub fn toggle_tied(&mut self) {
        self.edit(|project, _| {
            if let Decoder::Mirrored { tied } = &mut project.decoder {
                *tied = !*tied;
            }
        });
    }

    /// Restores the design of the shown run.
    pub fn restore_design(&mut self) {
        if let Some(design) = self.shown().map(|run| run.design.clone()) {
            self.previous_choices.clear_layers();
            self.edit(|project, _| {
                let selections = std::mem::take(&mut project.selections);
                let pins = std::mem::take(&mut project.pins);
                let others = std::mem::take(&mut project.others);
                let own_labels = std::mem::take(&mut project.data.own_labels);
                *project = Project { selections, others, pins, ..design };
                keep_labels(&mut project.data, own_labels);
            });
            self.keep_fitted();
        }
    }

    /// Applies the change that fixes a problem.
    pub fn apply_fix(&mut self, place: Place, project: &Project) {
        self.previous_choices.clear_layers();
        self.edit(|own, _| own.clone_from(project));
        self.select(place);
        self.refresh(false);
    }

    /// Applies a recommended change as one undo step and reports its effect.
    pub fn follow(&mut self, advice: Advice) {
        let Some(changed) = advice.change(&self.project) else { return };
        self.apply_fix(advice.place(), &changed);
        let label = advice.label();
        self.notices
            .say(Severity::Info, format!("Design changed: “{label}”. Train a new run to see the effect."));
    }

    /// Changes how the data are read, as one undo step.
    pub fn choose(&mut self, choice: Choice) {
        self.edit(|project, _| {
            choice.apply(&mut project.data);
        });
        self.refresh(false);
    }

    /// Shows another epoch in the views.
    pub fn seek(&mut self, seek: Seek) {
        self.epoch = match seek {
            Seek::Live => None,
            Seek::Epoch(epoch) => Some(epoch),
        };
    }

    /// Shows the card or form of a place in the document.
    pub fn go_to(&mut self, place: Place) {
        self.view.inspector = true;
        self.reveal = Some(place);
        self.select(place);
    }

    /// Opens a tab of the bottom panel.
    pub fn show_bottom(&mut self, tab: BottomTab) {
        self.view.bottom = tab;
        self.view.bottom_open = true;
    }
}

/// Keeps the user's label columns when data are restored together with those of a run.
pub(super) fn keep_labels(data: &mut Data, own_labels: Vec<OwnLabel>) {
    let gone: Vec<OwnLabel> = own_labels.into_iter().filter(|own| !data.own_labels.contains(own)).collect();
    data.own_labels.extend(gone);
}
