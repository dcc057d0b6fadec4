//! Edits of the network as plain functions on the document, independent of the window and the
//! history.

use crate::check::{freed, mirror};
use crate::project::{Decoder, Layer, Place, Project, Shape};

/// A position between two cards where a layer can be inserted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// Before the encoder layer with this index, or after the last.
    Encoder(usize),
    /// In a free decoder, before the layer with this index, or after the last.
    Decoder(usize),
}

impl Gap {
    fn place(self) -> Place {
        match self {
            Gap::Encoder(index) => Place::Encoder(index),
            Gap::Decoder(index) => Place::Decoder(index),
        }
    }
}

/// All cards from the input to the output. The input card represents the data, whose samples have
/// the shape `input`.
pub fn places(project: &Project, input: Option<Shape>) -> Vec<Place> {
    let decoder = match &project.decoder {
        Decoder::Free(layers) => layers.len(),
        Decoder::Mirrored { .. } => mirror(project, input).layers.len(),
    };
    std::iter::once(Place::Data)
        .chain((0..project.encoder.len()).map(Place::Encoder))
        .chain([Place::Code])
        .chain((0..decoder).map(Place::Decoder))
        .chain([Place::Output])
        .collect()
}

/// All gaps for a layer, in order of computation.
pub fn gaps(project: &Project) -> Vec<Gap> {
    let encoder = (0..=project.encoder.len()).map(Gap::Encoder);
    let decoder = match &project.decoder {
        Decoder::Free(layers) => layers.len() + 1,
        Decoder::Mirrored { .. } => 0,
    };
    encoder.chain((0..decoder).map(Gap::Decoder)).collect()
}

/// The gap for a layer added while `selected` is selected: right after it, or else the nearest.
pub fn gap_after(project: &Project, selected: Place) -> Gap {
    let code = Gap::Encoder(project.encoder.len());
    match (&project.decoder, selected) {
        (_, Place::Encoder(index)) => Gap::Encoder((index + 1).min(project.encoder.len())),
        (_, Place::Data | Place::Corruption) => Gap::Encoder(0),
        (Decoder::Free(_), Place::Code) => Gap::Decoder(0),
        (Decoder::Free(layers), Place::Decoder(index)) => Gap::Decoder((index + 1).min(layers.len())),
        (Decoder::Free(layers), Place::Output) => Gap::Decoder(layers.len()),
        (_, Place::Code | Place::Decoder(_) | Place::Output | Place::Training) => code,
    }
}

/// Inserts a layer into a gap and returns its place. For a gap in a mirrored decoder, the decoder
/// is freed first; if this is not possible yet, nothing changes.
pub fn insert(project: &mut Project, input: Option<Shape>, gap: Gap, layer: Layer) -> Option<Place> {
    if let (Gap::Decoder(_), Decoder::Mirrored { .. }) = (gap, &project.decoder) {
        project.decoder = Decoder::Free(freed(project, input)?);
    }
    project.insert_layer(gap.place(), layer)
}

/// Inserts a copy of a card right after it and returns the copy's place.
pub fn duplicate(project: &mut Project, input: Option<Shape>, place: Place) -> Option<Place> {
    let copy = project.layer(place)?.clone();
    let gap = gap_after(project, place);
    insert(project, input, gap, copy)
}

/// Moves a card into a gap and returns its new place; if it cannot be moved there, nothing changes.
pub fn move_into(project: &mut Project, input: Option<Shape>, place: Place, gap: Gap) -> Option<Place> {
    let mut moved = project.clone();
    let layer = moved.remove_layer(place)?;
    // Removing the card has shifted the gaps after it by one.
    let gap = match (place, gap) {
        (Place::Encoder(from), Gap::Encoder(to)) if to > from => Gap::Encoder(to - 1),
        (Place::Decoder(from), Gap::Decoder(to)) if to > from => Gap::Decoder(to - 1),
        _ => gap,
    };
    let place = insert(&mut moved, input, gap, layer)?;
    *project = moved;
    Some(place)
}

/// The gap one card up (towards the input) or down from a card. The move can cross the code if the
/// decoder is free.
pub fn gap_beyond(project: &Project, place: Place, up: bool) -> Option<Gap> {
    project.layer(place)?;
    let gaps = gaps(project);
    let own = gaps.iter().position(|gap| gap.place() == place)?;
    // Moving a card to the gap directly above or below has no effect.
    if up { own.checked_sub(1).map(|at| gaps[at]) } else { gaps.get(own + 2).copied() }
}

/// The layers of the decoder: its own, or those it would have if freed; `None` if their sizes are
/// unknown.
pub fn decoder_layers(project: &Project, input: Option<Shape>) -> Option<Vec<Layer>> {
    match &project.decoder {
        Decoder::Free(layers) => Some(layers.clone()),
        Decoder::Mirrored { .. } => freed(project, input),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::cards;
    use crate::project::{Activation, Recipe};

    fn dense(units: usize) -> Layer {
        Layer::Dense { units, activation: Activation::Relu }
    }

    fn free() -> Project {
        let mut project = Recipe::Undercomplete.project();
        project.decoder = Decoder::Free(decoder_layers(&project, None).expect("dense layers"));
        project
    }

    #[test]
    fn a_freed_decoder_computes_the_same() {
        for recipe in Recipe::ALL {
            let mut mirrored = recipe.project();
            if let Decoder::Mirrored { tied } = &mut mirrored.decoder {
                // A free decoder has its own weights.
                *tied = false;
            }
            let shape = Some(Shape::Image { height: 8, width: 8, channels: 1 });
            let layers = decoder_layers(&mirrored, shape).expect("known sizes");
            let freed = Project { decoder: Decoder::Free(layers), ..mirrored.clone() };
            let (freed_cards, mirrored_cards) = (cards(&freed, shape), cards(&mirrored, shape));
            assert_eq!(freed_cards.parameters(), mirrored_cards.parameters(), "{}", recipe.name());
            assert_eq!(freed_cards.macs(), mirrored_cards.macs(), "{}", recipe.name());
        }
    }

    #[test]
    fn a_decoder_of_unknown_sizes_stays_mirrored() {
        let mut project = Recipe::Undercomplete.project();
        project.encoder = vec![Layer::ALL[1].clone(), dense(8)];
        let before = project.clone();
        assert_eq!(decoder_layers(&project, None), None);
        assert_eq!(insert(&mut project, None, Gap::Decoder(0), dense(3)), None);
        assert_eq!(move_into(&mut project, None, Place::Encoder(1), Gap::Decoder(0)), None);
        assert_eq!(project, before);
        let shape = Some(Shape::Image { height: 8, width: 8, channels: 1 });
        assert_eq!(insert(&mut project, shape, Gap::Decoder(0), dense(3)), Some(Place::Decoder(0)));
    }

    #[test]
    fn cards_move_past_each_other_and_across_the_code() {
        let mut project = free();
        project.encoder = vec![dense(1), dense(2)];
        project.decoder = Decoder::Free(vec![dense(3)]);
        let gap = gap_beyond(&project, Place::Encoder(0), false).expect("a gap below");
        assert_eq!(move_into(&mut project, None, Place::Encoder(0), gap), Some(Place::Encoder(1)));
        assert_eq!(project.encoder, [dense(2), dense(1)]);
        let gap = gap_beyond(&project, Place::Encoder(1), false).expect("a gap below the code");
        assert_eq!(move_into(&mut project, None, Place::Encoder(1), gap), Some(Place::Decoder(0)));
        assert_eq!(project.decoder, Decoder::Free(vec![dense(1), dense(3)]));
        let gap = gap_beyond(&project, Place::Decoder(0), true).expect("a gap above the code");
        assert_eq!(move_into(&mut project, None, Place::Decoder(0), gap), Some(Place::Encoder(1)));
        assert_eq!(gap_beyond(&project, Place::Encoder(0), true), None);
        assert_eq!(gap_beyond(&project, Place::Code, true), None);
    }

    #[test]
    fn a_new_layer_is_added_after_the_selection() {
        let mirrored = Recipe::Undercomplete.project();
        let code = Gap::Encoder(2);
        for (place, gap) in [
            (Place::Data, Gap::Encoder(0)),
            (Place::Encoder(0), Gap::Encoder(1)),
            (Place::Code, code),
            (Place::Decoder(0), code),
            (Place::Output, code),
        ] {
            assert_eq!(gap_after(&mirrored, place), gap);
        }
        assert_eq!(gap_after(&free(), Place::Code), Gap::Decoder(0));
        assert_eq!(gap_after(&free(), Place::Output), Gap::Decoder(2));
    }
}
