use super::palette::{Palette, Rgb};

/// The role of a mark, which determines its colour in either theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// The subject of the figure.
    Accent,
    /// The encoder.
    Encoder,
    /// The code.
    Code,
    /// The decoder.
    Decoder,
    /// Context around the subject.
    Faint,
    /// Separators.
    Line,
    /// A class, counted from 0.
    Class(usize),
    /// A run, by its number counted from 1.
    Run(u32),
}

impl Ink {
    /// Its colour in a theme.
    pub fn of(self, palette: &Palette) -> Rgb {
        match self {
            Ink::Accent => palette.accent,
            Ink::Encoder => palette.encoder,
            Ink::Code => palette.code,
            Ink::Decoder => palette.decoder,
            Ink::Faint => palette.faint,
            Ink::Line => palette.line,
            Ink::Class(class) => palette.class(class),
            Ink::Run(number) => palette.run(number),
        }
    }
}
