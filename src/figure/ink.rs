use super::palette::{Palette, Rgb};

/// What a mark stands for: its colour in either theme follows from that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// What is looked at.
    Accent,
    /// The encoder.
    Encoder,
    /// The code.
    Code,
    /// The decoder.
    Decoder,
    /// What is there beside it.
    Faint,
    /// What separates.
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
