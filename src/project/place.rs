use std::fmt;

/// A card or form of the document: the subject of a problem, or the selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// Data source, scaling and split.
    Data,
    /// The corruption of the input.
    Corruption,
    /// A layer of the encoder, counted from 0.
    Encoder(usize),
    /// The bottleneck.
    Code,
    /// A layer of the decoder, counted from 0.
    Decoder(usize),
    /// The last card, with the loss.
    Output,
    /// Optimizer and schedule.
    Training,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Data => f.write_str("input"),
            Place::Corruption => f.write_str("corruption"),
            Place::Encoder(index) => write!(f, "encoder layer {}", index + 1),
            Place::Code => f.write_str("code"),
            Place::Decoder(index) => write!(f, "decoder layer {}", index + 1),
            Place::Output => f.write_str("output"),
            Place::Training => f.write_str("training"),
        }
    }
}
