//! Turning a network's cards into stages.

use super::cards::{Card, Cards};
use super::layers::{Part, family};
use super::stage::{Cost, Stage, StageKind};
use crate::project::{Activation, Decoder, Layer, Loss, Place, Project, Shape};

/// Stages from the input to the code, and from the code to the reconstruction.
pub(super) fn stages(project: &Project, cards: &Cards, input: Shape) -> (Vec<Stage>, Vec<Stage>) {
    let mut stages = Stages { shape: input, list: Vec::new(), crops: 0 };
    for card in cards.encoder.iter().chain([&cards.code]) {
        stages.push(card);
    }
    let code = cards.code.output.unwrap_or(Shape::Vector(project.code.units));
    if project.code.kind.is_gaussian() && matches!(code, Shape::Image { .. }) {
        stages.add_free(Place::Code, Shape::Vector(stages.shape.features()), StageKind::MomentsApart);
    }
    let encoder = std::mem::take(&mut stages.list);
    stages.shape = code;
    let is_mirrored = matches!(project.decoder, Decoder::Mirrored { .. });
    for card in &cards.decoder {
        stages.push(card);
        stages.crops += usize::from(is_mirrored && matches!(card.layer, Some(Layer::CropOrPad { .. })));
    }
    // Cross-entropy uses logits: its sigmoid is part of the loss.
    let is_logit = project.loss == Loss::BinaryCrossEntropy;
    let activation = if is_logit { Activation::Linear } else { project.output.activation };
    stages.finish(&cards.output, input, activation);
    (encoder, stages.list)
}

/// Turns cards into stages.
struct Stages {
    shape: Shape,
    list: Vec<Stage>,
    /// Number of layers so far in a mirrored decoder that only crop or pad. They depend on the size
    /// of the pictures, so names of arrays do not count them: weights fit pictures of any size.
    crops: usize,
}

impl Stages {
    fn push(&mut self, card: &Card) {
        if let Some(layer) = &card.layer {
            self.add_layer(card, layer);
        }
    }

    fn add_layer(&mut self, card: &Card, layer: &Layer) {
        // `check` reports a layer that cannot be applied before a plan is returned.
        let Ok(applied) = family(layer).apply(self.shape) else { return };
        let parts = family(layer).parts(self.shape);
        if !parts.is_empty() {
            self.add_parts(card, parts);
            return;
        }
        if applied.takes_rows {
            self.flatten(card.place);
        }
        match applied.kind {
            Some(kind) => {
                let tied_to = card.tied_to.map(stage_name);
                self.add(card.place, applied.output, kind, applied.cost, tied_to);
            }
            None => self.unflatten(card.place, applied.output),
        }
    }

    /// Adds a layer that consists of several computations.
    fn add_parts(&mut self, card: &Card, parts: Vec<Part>) {
        let (own, tied_to) = (self.name(card.place), card.tied_to.map(stage_name));
        for part in parts {
            let input = match part.skips {
                0 => self.shape,
                skips => self.list[self.list.len() - skips].input,
            };
            let tied_to = tied_to.as_ref().zip(part.undoes).map(|(name, part)| format!("{name}.{part}"));
            self.list.push(Stage {
                place: card.place,
                name: format!("{own}.{}", part.name),
                input,
                output: part.output,
                kind: part.kind,
                tied_to,
                skips: part.skips,
                cost: part.cost,
            });
            self.shape = part.output;
        }
    }

    /// Adds the output card: its own layer or activation, and the shape of the input.
    fn finish(&mut self, card: &Card, input: Shape, activation: Activation) {
        match &card.layer {
            Some(layer) => self.add_layer(card, &layer.clone().with_activation(activation)),
            None if activation != Activation::Linear => self.apply(activation),
            None => {}
        }
        match input {
            Shape::Vector(_) => self.flatten(Place::Output),
            Shape::Image { .. } if self.shape == input => {}
            // A picture of other sides is read in the input's order, as by a reshape.
            Shape::Image { .. } => {
                self.flatten(Place::Output);
                self.unflatten(Place::Output, input);
            }
        }
    }

    /// Applies the activation at the end: as part of the last layer with weights, if that has none.
    fn apply(&mut self, activation: Activation) {
        if let Some(
            StageKind::Dense { activation: own }
            | StageKind::Conv { activation: own, .. }
            | StageKind::ConvTranspose { activation: own, .. }
            | StageKind::Add { activation: own, .. },
        ) = self.list.last_mut().map(|stage| &mut stage.kind)
            && *own == Activation::Linear
        {
            *own = activation;
        } else {
            self.add_free(Place::Output, self.shape, StageKind::Activation(activation));
        }
    }

    /// Turns a picture into a row.
    fn flatten(&mut self, place: Place) {
        if let Shape::Image { height, width, channels } = self.shape {
            let row = Shape::Vector(self.shape.features());
            if channels > 1 && height.saturating_mul(width) > 1 {
                self.add_free(place, row, StageKind::ChannelsFirst);
            }
            self.shape = row;
        }
    }

    /// Turns a row into a picture.
    fn unflatten(&mut self, place: Place, picture: Shape) {
        if let (Shape::Vector(_), Shape::Image { height, width, channels }) = (self.shape, picture) {
            if channels > 1 && height.saturating_mul(width) > 1 {
                self.add_free(place, picture, StageKind::ChannelsLast);
            }
            self.shape = picture;
        }
    }

    /// Name of the arrays of a card.
    fn name(&self, place: Place) -> String {
        if let Place::Decoder(index) = place {
            return stage_name(Place::Decoder(index - self.crops));
        }
        stage_name(place)
    }

    fn add_free(&mut self, place: Place, output: Shape, kind: StageKind) {
        self.add(place, output, kind, Cost::default(), None);
    }

    fn add(&mut self, place: Place, output: Shape, kind: StageKind, cost: Cost, tied_to: Option<String>) {
        let name = self.name(place);
        self.list.push(Stage { place, name, input: self.shape, output, kind, tied_to, skips: 0, cost });
        self.shape = output;
    }
}

/// The prefix of the parameters' names in weight files.
fn stage_name(place: Place) -> String {
    match place {
        Place::Encoder(index) => format!("encoder.{index}"),
        Place::Decoder(index) => format!("decoder.{index}"),
        Place::Code => "code".to_owned(),
        Place::Output => "output".to_owned(),
        // These cards have no weights.
        Place::Data | Place::Corruption | Place::Training => "none".to_owned(),
    }
}
