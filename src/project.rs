//! **The document** that users edit and save.
//!
//! Plain data only: every type is `Clone`, `PartialEq` and serde-serialisable. A [`Project`] may be
//! incomplete or invalid; [`crate::check`] lists its problems and turns a valid one into a plan for
//! the engine.
//!
//! - Kinds are closed enums with an `ALL` that tests iterate over. Matches on them are exhaustive,
//!   so the compiler lists what a new kind needs.
//! - `design_file` is the text form. Unknown fields are errors with line and column; relative data
//!   paths start at the folder of the file.
//! - [`Recipe`] lists the ready-made projects: `recipe::designs` builds them, `recipe::claim` has
//!   the measurable claim of each.
//! - Besides the design, a document keeps named selections and label columns made from them
//!   ([`NamedSelection`]), pins ([`Pin`]: samples by data fingerprint and row, codes by their run),
//!   and the locations of other data ([`OtherData`], with a [`Mask`] of holes). `attachments`
//!   merges two copies item by item.
//! - [`learning_rate()`] is a pure function of the schedule, which the inspector also draws.
//! - [`visible()`] escapes control characters and bidirectional marks in names from outside;
//!   `number` formats numbers with digits, separators and units.

mod attachments;
mod bottleneck;
mod corruption;
mod design_file;
mod feature_weight;
mod initialisation;
mod layer;
mod loss;
mod mask;
mod number;
mod other_data;
mod pin;
mod place;
mod recipe;
mod regularizer;
mod schedule;
mod selection;
mod shape;
mod source;
mod training;
mod visible;
mod wording;

pub use bottleneck::{Bottleneck, Code, CodeForm, CodebookUpdate, Competition, Threshold};
pub use corruption::Corruption;
pub use design_file::{DesignError, FORMAT_VERSION};
pub use feature_weight::FeatureWeight;
pub use initialisation::Initialisation;
pub use layer::{Activation, BlockForm, BlockNorm, Decoder, Layer, Norm, Output, Padding};
pub use loss::{Loss, Variance};
pub use mask::{HoleShade, Mask};
pub use number::{
    format_bytes, format_count, format_number, format_percent, format_range, format_secs, format_value,
    short_count, short_number, terminal_number,
};
pub use other_data::{OtherData, ShownSize};
pub use pin::{Pin, Pinned};
pub use place::Place;
pub use recipe::{Bound, Claim, Figure, Recipe};
pub use regularizer::{Distance, Estimator, Over, Penalty, Regularizer, Site};
pub use schedule::learning_rate;
pub use selection::{IndexSet, NamedSelection, OwnLabel};
pub use shape::{Shape, Shown};
pub use source::{
    Alpha, ArrayReading, Axes, Binarise, Channels, Choice, ColumnChoice, Comments, Data, DateOrder, DateUnit,
    Decimal, Delimiter, Fit, Header, IdxReading, LabelFrom, Masks, Missing, Pages, Parts, PictureReading,
    PixelRange, RowSet, Rules, Scaling, Source, Split, Synthetic, TableReading, Take, join_words, quoted,
    split_words,
};
pub use training::{EarlyStopping, Greedy, Optimizer, Schedule, Strategy, Training};
pub use visible::{is_hidden, visible, visible_lines, visible_list, visible_path};
pub use wording::capital;

use serde::{Deserialize, Serialize};

/// One autoencoder with everything needed to train it: data, network, loss and training settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Project {
    /// Version of the text form; see [`FORMAT_VERSION`].
    pub format_version: u32,
    /// Its name, which is the window's title until it is saved under a file name.
    pub name: String,
    /// Data source, scaling and split.
    pub data: Data,
    /// Corruption of the encoder's input in training; the loss compares with the clean input.
    pub corruption: Corruption,
    /// Layers from the input towards the code.
    pub encoder: Vec<Layer>,
    /// The code between encoder and decoder.
    pub code: Code,
    /// Terms added to the loss.
    pub regularizers: Vec<Regularizer>,
    /// Layers from the code towards the output.
    pub decoder: Decoder,
    /// The last card, which restores the shape of the input.
    pub output: Output,
    /// How reconstructions are compared with inputs.
    pub loss: Loss,
    /// Weights of columns or channels in the loss that differ from 1.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub feature_weights: Vec<FeatureWeight>,
    /// Optimizer, schedule, batch size, epochs, seed.
    pub training: Training,
    /// Named selections of rows. They do not affect training, and runs do not have them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub selections: Vec<NamedSelection>,
    /// Other data for trained networks. They do not affect training, and runs do not have them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherData>,
    /// Codes kept for viewing. Runs do not have them either.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<Pin>,
}

impl Project {
    /// The design in the current version: one of version 1 gets the rules its data were read by.
    /// Pins with codes that cannot be decoded are removed.
    #[must_use]
    pub fn migrated(mut self) -> Project {
        if self.format_version < 2 && self.data.source.path().is_some() {
            self.data.rules = Rules::Version1;
        }
        self.pins.retain(Pin::is_valid);
        self.format_version = FORMAT_VERSION;
        self
    }

    /// The part of it that affects training: everything except selections, pins, other data, and
    /// label columns without a held-out class.
    #[must_use]
    pub fn design(&self) -> Project {
        Project {
            selections: Vec::new(),
            pins: Vec::new(),
            others: Vec::new(),
            data: self.data.trained(),
            ..self.clone()
        }
    }

    /// Whether features have different weights in the loss.
    pub fn weighs_features(&self) -> bool {
        self.feature_weights.iter().any(|own| own.weight != 1.0)
    }

    /// The design for a learning rate search: all layers jointly, from random weights.
    #[must_use]
    pub fn for_rate_search(&self) -> Project {
        let mut design = self.design();
        (design.training.strategy, design.training.early_stopping) = (Strategy::Joint, None);
        design
    }

    /// The designs that *Train* trains: this one, or two if layer-wise and joint training are to be
    /// compared.
    pub fn trained_designs(&self) -> Vec<Project> {
        match self.training.strategy {
            Strategy::LayerWise { by, epochs, beside_joint: true } => {
                let alone = Strategy::LayerWise { by, epochs, beside_joint: false };
                let with = |strategy| {
                    let mut design = self.design();
                    design.training.strategy = strategy;
                    design
                };
                vec![with(alone), with(Strategy::Joint)]
            }
            Strategy::LayerWise { beside_joint: false, .. } | Strategy::Joint => vec![self.design()],
        }
    }

    /// The layer of a card that has its own; `None` for the input, the code, the output and
    /// mirrored layers.
    pub fn layer(&self, place: Place) -> Option<&Layer> {
        match (place, &self.decoder) {
            (Place::Encoder(index), _) => self.encoder.get(index),
            (Place::Decoder(index), Decoder::Free(layers)) => layers.get(index),
            (Place::Decoder(_), Decoder::Mirrored { .. })
            | (Place::Data | Place::Corruption | Place::Code | Place::Output | Place::Training, _) => None,
        }
    }

    /// [`Project::layer`], mutable.
    pub fn layer_mut(&mut self, place: Place) -> Option<&mut Layer> {
        match (place, &mut self.decoder) {
            (Place::Encoder(index), _) => self.encoder.get_mut(index),
            (Place::Decoder(index), Decoder::Free(layers)) => layers.get_mut(index),
            (Place::Decoder(_), Decoder::Mirrored { .. })
            | (Place::Data | Place::Corruption | Place::Code | Place::Output | Place::Training, _) => None,
        }
    }

    /// Inserts a layer before a card, or after the last one of its stack; returns the new card.
    /// `None` if that stack has no layers of its own.
    pub fn insert_layer(&mut self, place: Place, layer: Layer) -> Option<Place> {
        match (place, &mut self.decoder) {
            (Place::Encoder(index), _) => {
                let index = index.min(self.encoder.len());
                self.insert_encoder_layer(index, layer);
                Some(Place::Encoder(index))
            }
            (Place::Decoder(index), Decoder::Free(layers)) => {
                let index = index.min(layers.len());
                layers.insert(index, layer);
                Some(Place::Decoder(index))
            }
            (Place::Decoder(_), Decoder::Mirrored { .. })
            | (Place::Data | Place::Corruption | Place::Code | Place::Output | Place::Training, _) => None,
        }
    }

    /// Removes the layer of a card, if it has its own.
    pub fn remove_layer(&mut self, place: Place) -> Option<Layer> {
        match (place, &mut self.decoder) {
            (Place::Encoder(index), _) => self.remove_encoder_layer(index),
            (Place::Decoder(index), Decoder::Free(layers)) => {
                (index < layers.len()).then(|| layers.remove(index))
            }
            (Place::Decoder(_), Decoder::Mirrored { .. })
            | (Place::Data | Place::Corruption | Place::Code | Place::Output | Place::Training, _) => None,
        }
    }

    /// Inserts a layer into the encoder; regularizers stay with their layers.
    fn insert_encoder_layer(&mut self, index: usize, layer: Layer) {
        self.encoder.insert(index.min(self.encoder.len()), layer);
        for regularizer in &mut self.regularizers {
            match &mut regularizer.on {
                Site::Encoder(at) if *at >= index => *at += 1,
                Site::Encoder(_) | Site::Code => {}
            }
        }
    }

    /// Removes a layer from the encoder with its regularizers; the others stay with their layers.
    fn remove_encoder_layer(&mut self, index: usize) -> Option<Layer> {
        if index >= self.encoder.len() {
            return None;
        }
        self.regularizers.retain(|regularizer| regularizer.on != Site::Encoder(index));
        for regularizer in &mut self.regularizers {
            match &mut regularizer.on {
                Site::Encoder(at) if *at > index => *at -= 1,
                Site::Encoder(_) | Site::Code => {}
            }
        }
        Some(self.encoder.remove(index))
    }
}

impl Default for Project {
    fn default() -> Self {
        Recipe::Undercomplete.project()
    }
}
