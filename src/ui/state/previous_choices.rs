//! Earlier settings, restored when the user goes back to a kind.

use std::collections::HashMap;

use crate::project::{Bottleneck, Layer, Place, Project};

/// Layers and codes before another kind was chosen. They belong to the session, not to the
/// document.
#[derive(Clone, Debug, Default)]
pub struct PreviousChoices {
    layers: HashMap<Place, Vec<Layer>>,
    /// The project when each kind of code was replaced.
    codes: Vec<Project>,
    /// The project after the last choice of a kind.
    last: Option<Project>,
    /// Parts that the user changed between two choices; they are kept.
    changed: Vec<Part>,
}

/// A part of a project that may change with the kind of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Units,
    Form,
    Activation,
    Encoder,
    Decoder,
    Regularizers,
    Output,
    Loss,
    Training,
    Scaling,
}

impl Part {
    const ALL: [Part; 10] = [
        Part::Units,
        Part::Form,
        Part::Activation,
        Part::Encoder,
        Part::Decoder,
        Part::Regularizers,
        Part::Output,
        Part::Loss,
        Part::Training,
        Part::Scaling,
    ];

    /// Copies the part from one project to another.
    fn copy(self, from: &Project, to: &mut Project) {
        match self {
            Part::Units => to.code.units = from.code.units,
            Part::Form => to.code.form = from.code.form,
            Part::Activation => to.code.activation = from.code.activation,
            Part::Encoder => to.encoder.clone_from(&from.encoder),
            Part::Decoder => to.decoder.clone_from(&from.decoder),
            Part::Regularizers => to.regularizers.clone_from(&from.regularizers),
            Part::Output => to.output.clone_from(&from.output),
            Part::Loss => to.loss = from.loss,
            Part::Training => to.training.clone_from(&from.training),
            Part::Scaling => to.data.scaling = from.data.scaling,
        }
    }

    /// Whether both projects have the same part.
    fn is_same(self, a: &Project, b: &Project) -> bool {
        let mut copy = a.clone();
        self.copy(b, &mut copy);
        copy == *a
    }
}

impl PreviousChoices {
    /// Records that the kind of a layer was changed, and restores the earlier layer of the new kind
    /// if there is one.
    pub fn switch_layer(&mut self, place: Place, before: Layer, now: &mut Layer) {
        let known = self.layers.entry(place).or_default();
        known.retain(|layer| layer.name() != before.name());
        known.push(before);
        if let Some(at) = known.iter().position(|layer| layer.name() == now.name()) {
            *now = known.swap_remove(at);
        }
    }

    /// Drops all layers, because places now refer to other layers.
    pub fn clear_layers(&mut self) {
        self.layers.clear();
    }

    /// The project with an earlier kind of code and its settings; later changes by the user are
    /// kept. `None` if the kind was not used before.
    pub fn back_to(&mut self, project: &Project, kind: Bottleneck) -> Option<Project> {
        if let Some(last) = &self.last {
            let changed = Part::ALL.into_iter().filter(|part| !part.is_same(last, project));
            self.changed.extend(changed);
        }
        let known = self.codes.iter().find(|known| known.code.kind.name() == kind.name())?;
        let mut back = project.clone();
        back.code.kind = known.code.kind;
        for part in Part::ALL {
            if !self.changed.contains(&part) {
                part.copy(known, &mut back);
            }
        }
        Some(back)
    }

    /// Whether the data, except for their scaling, are those of when a kind was replaced.
    pub fn has_same_data(&self, project: &Project, kind: Bottleneck) -> bool {
        let known = self.codes.iter().find(|known| known.code.kind.name() == kind.name());
        known.is_some_and(|known| {
            let (before, now) = (&known.data, &project.data);
            before.source == now.source && before.binarise == now.binarise
        })
    }

    /// Records that one kind of code was replaced by another.
    pub fn leave(&mut self, before: &Project, now: &Project) {
        self.codes.retain(|known| known.code.kind.name() != before.code.kind.name());
        self.codes.push(before.clone());
        self.last = Some(now.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::choose_kind;
    use crate::project::{Activation, Loss};

    fn choose(previous_choices: &mut PreviousChoices, project: &Project, kind: usize) -> Project {
        let kind = Bottleneck::ALL[kind];
        let chosen =
            previous_choices.back_to(project, kind).unwrap_or_else(|| choose_kind(project, kind, None));
        previous_choices.leave(project, &chosen);
        chosen
    }

    #[test]
    fn a_code_is_restored_after_trying_other_kinds() {
        let start = Project::default();
        let mut previous_choices = PreviousChoices::default();
        let mut project = start.clone();
        for kind in (1..Bottleneck::ALL.len()).rev() {
            project = choose(&mut previous_choices, &project, kind);
            assert_ne!(project, start);
        }
        assert_eq!(choose(&mut previous_choices, &project, 0), start);
    }

    #[test]
    fn settings_of_a_kind_are_restored_and_later_changes_kept() {
        let mut previous_choices = PreviousChoices::default();
        let mut project = choose(&mut previous_choices, &Project::default(), 2);
        let Bottleneck::Variational { beta, .. } = &mut project.code.kind else { panic!("variational") };
        *beta = 4.0;
        let variational = project.clone();
        let mut plain = choose(&mut previous_choices, &project, 0);
        assert_eq!(plain.loss, Loss::SquaredError, "it is as it was before");
        plain.code.units = 7;
        plain.training.epochs = 9;
        let back = choose(&mut previous_choices, &plain, 2);
        assert_eq!((back.code.kind, back.loss), (variational.code.kind, variational.loss));
        assert_eq!((back.code.units, back.training.epochs), (7, 9));
        let last = choose(&mut previous_choices, &back, 0);
        assert_eq!((last.code.units, last.training.epochs, last.loss), (7, 9, Loss::SquaredError));
    }

    #[test]
    fn a_layer_is_restored_at_its_place() {
        let own = Layer::Dense { units: 77, activation: Activation::Tanh };
        let mut previous_choices = PreviousChoices::default();
        for kind in Layer::ALL.iter().filter(|kind| kind.name() != own.name()) {
            let mut layer = kind.clone();
            previous_choices.switch_layer(Place::Encoder(1), own.clone(), &mut layer);
            assert_eq!(layer, *kind);
            let mut dense = Layer::ALL.iter().find(|kind| kind.name() == own.name()).expect("dense").clone();
            previous_choices.switch_layer(Place::Encoder(1), layer, &mut dense);
            assert_eq!(dense, own);
        }
        let mut other = Layer::Dense { units: 1, activation: Activation::Relu };
        previous_choices.switch_layer(Place::Encoder(0), Layer::Flatten, &mut other);
        assert_eq!(other, Layer::Dense { units: 1, activation: Activation::Relu }, "of another place");
    }
}
