use std::path::Path;

use super::Figure;
use super::palette::Palette;
use super::raster::{gif, pixels, png};
use super::svg::svg;
use super::table::csv;

/// The file format of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Pixels.
    Png,
    /// Shapes and text.
    Svg,
    /// Its numbers as a table.
    Csv,
    /// An animation.
    Gif,
}

/// The appearance of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    /// Whether to use the dark theme.
    pub is_dark: bool,
    /// Pixels per point, for formats with pixels.
    pub scale: f32,
}

/// Why a figure cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FigureError {
    /// It has too many pixels.
    #[error("the picture would be {0} × {1} pixels: choose a smaller scale, or save it as .svg")]
    TooLarge(usize, usize),
    /// It has no animation.
    #[error("this figure is not animated: save it as .png, .svg or .csv")]
    Still,
    /// It was cancelled.
    #[error("it was cancelled")]
    Cancelled,
    /// It cannot be drawn.
    #[error("the figure cannot be drawn: {0}")]
    Svg(String),
    /// It cannot be encoded.
    #[error("the picture cannot be encoded: {0}")]
    Encoder(String),
}

impl Form {
    /// All of them.
    pub const ALL: [Form; 4] = [Form::Png, Form::Svg, Form::Csv, Form::Gif];

    /// The extension of its files.
    pub fn ending(self) -> &'static str {
        match self {
            Form::Png => "png",
            Form::Svg => "svg",
            Form::Csv => "csv",
            Form::Gif => "gif",
        }
    }

    /// The form for the extension of a path.
    pub fn of(path: &Path) -> Option<Form> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        Form::ALL.into_iter().find(|form| form.ending() == ending)
    }

    /// Checks that a figure can be written in this form.
    ///
    /// # Errors
    /// [`FigureError::Still`] if it has no animation for an animated form.
    pub fn check(self, figure: &Figure) -> Result<(), FigureError> {
        match self {
            Form::Gif if figure.animation.is_none() => Err(FigureError::Still),
            Form::Png | Form::Svg | Form::Csv | Form::Gif => Ok(()),
        }
    }
}

/// A figure as a file.
///
/// # Errors
/// [`FigureError`] if it has too many pixels, or no animation for an animated form.
pub fn encoded(figure: &Figure, form: Form, style: Style) -> Result<Vec<u8>, FigureError> {
    encoded_while(figure, form, style, |_, _| true)
}

/// [`encoded`]; before each picture `should_continue` gets the number of drawn pictures and of all,
/// and returns whether to continue.
///
/// # Errors
/// Also [`FigureError::Cancelled`].
pub fn encoded_while(
    figure: &Figure,
    form: Form,
    style: Style,
    should_continue: impl Fn(usize, usize) -> bool,
) -> Result<Vec<u8>, FigureError> {
    let check = |done, all| if should_continue(done, all) { Ok(()) } else { Err(FigureError::Cancelled) };
    let palette = Palette::of(style.is_dark);
    let drawn = |figure: &Figure| svg(figure, palette, figure.size());
    match form {
        Form::Svg => Ok(drawn(figure).into_bytes()),
        Form::Png => {
            check(0, 1)?;
            png(&drawn(figure), style.scale)
        }
        Form::Csv => csv(figure),
        Form::Gif => {
            let animation = figure.animation.as_ref().ok_or(FigureError::Still)?;
            let frames = animation.frames();
            if frames.is_empty() {
                return Err(FigureError::Still);
            }
            let picture = |(at, frame): (usize, &Figure)| {
                check(at, frames.len())?;
                pixels(&drawn(frame), style.scale)
            };
            gif(frames.iter().enumerate().map(picture), animation.secs)
        }
    }
}
