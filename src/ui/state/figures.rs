//! Figures of the views to be saved or copied.

use std::path::Path;
use std::sync::Arc;

use crate::figure::{Figure, FigureError, Form, Palette, Pixels, Style, csv, encoded_while, pixels, svg};
use crate::io::{Durability, FileError, Files};

/// An action on a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigureAction {
    /// Save it in this format.
    Save(Form),
    /// Copy its picture to the clipboard.
    CopyPicture,
    /// Copy its numbers to the clipboard.
    CopyNumbers,
}

/// Figures that can be saved, and the settings for saving.
#[derive(Clone, Debug)]
pub struct Figures {
    /// The figures of the views.
    pub all: Vec<Arc<Figure>>,
    /// The figure to save, counted from 0.
    pub chosen: usize,
    /// The style.
    pub style: Style,
}

impl Default for Figures {
    fn default() -> Self {
        Figures { all: Vec::new(), chosen: 0, style: Style { is_dark: true, scale: 2.0 } }
    }
}

/// A figure at the time of the request.
#[derive(Clone, Debug)]
pub struct FigureRequest {
    /// The figure.
    pub figure: Arc<Figure>,
    /// The style.
    pub style: Style,
}

/// Content for the clipboard.
#[derive(Clone, Debug)]
pub enum Clip {
    /// A picture.
    Picture(Pixels),
    /// A text.
    Text(String),
}

impl Figures {
    /// The figure to save.
    pub fn request(&self) -> Option<FigureRequest> {
        let figure = Arc::clone(self.all.get(self.chosen)?);
        Some(FigureRequest { figure, style: self.style })
    }
}

impl FigureRequest {
    /// Writes the figure in the format given by the extension of the path.
    ///
    /// # Errors
    /// Returns the file that cannot be written, and the cause.
    pub fn save(&self, files: &Files, path: &Path) -> Result<(), FileError> {
        let failed = |message: String| FileError::Content {
            path: path.to_owned(),
            place: "the figure".to_owned(),
            message,
        };
        let form = Form::of(path).ok_or_else(|| failed(format!("end its name with {}", endings())))?;
        let should_continue = |done: usize, all: usize| {
            if done == 0 {
                files.expect(all);
            } else {
                files.advance(1);
            }
            files.is_wanted()
        };
        let bytes = encoded_while(&self.figure, form, self.style, should_continue);
        files.check(path)?;
        let bytes = bytes.map_err(|error| failed(error.to_string()))?;
        files.write_bytes(path, Durability::Synced, &bytes)
    }

    /// The picture or the numbers for the clipboard.
    ///
    /// # Errors
    /// Returns why nothing can be copied.
    pub fn clip(&self, is_picture: bool) -> Result<Clip, FigureError> {
        if is_picture {
            let svg = svg(&self.figure, Palette::of(self.style.is_dark), self.figure.size());
            pixels(&svg, self.style.scale).map(Clip::Picture)
        } else {
            csv(&self.figure).map(|bytes| Clip::Text(String::from_utf8_lossy(&bytes).into_owned()))
        }
    }
}

/// The extensions of all formats, as text.
fn endings() -> String {
    let [first @ .., last] = Form::ALL.map(|form| format!(".{}", form.ending()));
    format!("{} or {last}", first.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{Bars, Drawing};

    fn request() -> FigureRequest {
        let bars = Bars { values: vec![1.0, 0.25], ..Bars::default() };
        let figure = Arc::new(Figure::new("bars", Drawing::Bars(bars)));
        FigureRequest { figure, style: Style { is_dark: false, scale: 1.0 } }
    }

    #[test]
    fn the_extension_determines_the_format_of_a_figure() {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, start) in
            [("a.svg", &b"<svg"[..]), ("a.PNG", b"\x89PNG"), ("a.csv", b"bar,value\n1,1\n2,0.25\n")]
        {
            let path = folder.path().join(name);
            request().save(&Files::default(), &path).expect("written");
            assert!(std::fs::read(&path).expect("there").starts_with(start), "{name}");
        }
        for (name, expected) in
            [("a.gif", "this figure is not animated"), ("a.jpg", ".png, .svg, .csv or .gif")]
        {
            let path = folder.path().join(name);
            let error = request().save(&Files::default(), &path).expect_err("refused").to_string();
            assert!(error.contains(expected) && !path.exists(), "{error}");
        }
    }

    #[test]
    fn a_copied_picture_has_the_size_of_the_saved_one() {
        let [width, height] = request().figure.size().map(|side| side as usize);
        match request().clip(true) {
            Ok(Clip::Picture(pixels)) => assert_eq!((pixels.width, pixels.height), (width, height)),
            other => panic!("{other:?}"),
        }
        assert!(matches!(request().clip(false), Ok(Clip::Text(text)) if text == "bar,value\n1,1\n2,0.25\n"));
    }
}
