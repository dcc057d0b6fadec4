use std::io::{BufReader, Chain, Cursor, Read, Result as IoResult};
use std::path::Path;

use encoding_rs::{Encoding, UTF_8};
use encoding_rs_io::DecodeReaderBytesBuilder;
use flate2::read::MultiGzDecoder;

use super::encoding::{self, Guess, is_utf16};
use super::fixed::Placed;
use super::form::{Form, byte_of, leave_out};
use super::mixed::Mixed;
use super::spaces::{Collapsed, Quotes, Unspaced};
use super::{REMEDY, century, sheet};
use crate::dataset::open_file::{CancellableReader, open_file};
use crate::dataset::{DataError, Progress, foreign};
use crate::project::{Delimiter, TableReading};

/// Number of bytes of a file that determine its layout.
pub(super) const HEAD_BYTES: usize = 256 * 1024;

/// The text of a table, packed in any way.
pub(super) struct Text<'a> {
    pub path: &'a Path,
    content: Content,
    pub encoding: &'static Encoding,
    /// How the encoding was found.
    pub guess: Guess,
    /// Length of the input, for the progress.
    pub bytes: u64,
}

/// Packing of a table's text.
enum Content {
    Plain,
    Gzip,
    /// A sheet, written out with commas.
    Sheet(sheet::Sheet),
}

impl<'a> Text<'a> {
    /// Determines the kind of the file from its first bytes, and its encoding: from all of it, or
    /// only from its beginning.
    ///
    /// # Errors
    /// [`DataError`] for a file that is not a table, with its kind and a fix.
    pub(super) fn find(
        path: &'a Path,
        reading: &TableReading,
        whole: bool,
        progress: &Progress,
    ) -> Result<Text<'a>, DataError> {
        let (mut file, bytes) = open_file(path, "a table")?;
        let mut start = Vec::new();
        (&mut file)
            .take(foreign::HEAD as u64)
            .read_to_end(&mut start)
            .map_err(|error| DataError::io(path, &error))?;
        let content = match &start[..] {
            [0x1f, 0x8b, ..] => Content::Gzip,
            [b'P', b'K', 3, 4, ..] | [0xd0, 0xcf, 0x11, 0xe0, ..] => {
                Content::Sheet(sheet::read(path, reading.sheet.as_deref(), progress)?)
            }
            [0x89, b'P', b'N', b'G', ..] | [0xff, 0xd8, 0xff, ..] => {
                let message = "is a picture, not a table; give it another extension, such as .png or .jpg";
                return Err(DataError::file(path, message));
            }
            [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => {
                let message = "is a NumPy array, not a table; give it the extension .npy";
                return Err(DataError::file(path, message));
            }
            other => match foreign::by_content(path, other) {
                Some(message) => return Err(DataError::file(path, message)),
                None => Content::Plain,
            },
        };
        let mut text = Text { path, content, encoding: UTF_8, guess: Guess::Sure, bytes };
        if let Content::Sheet(sheet) = &text.content {
            text.bytes = sheet.text.len() as u64;
            return Ok(text);
        }
        let mut head = Vec::new();
        let mut stream = text.raw(false, progress)?;
        stream.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head).map_err(|error| text.io(&error))?;
        drop(stream);
        if let Some(name) = &reading.encoding {
            text.encoding = Encoding::for_label(name.as_bytes()).ok_or_else(|| {
                let name = name.escape_debug();
                DataError::Setting(format!(
                    "there is no encoding \"{name}\"; choose one such as utf-8 or windows-1252"
                ))
            })?;
        } else {
            let cut = head.len() == HEAD_BYTES;
            let rest = || if whole && cut { text.raw(false, progress).map(Some) } else { Ok(None) };
            (text.encoding, text.guess) = encoding::of(&head, cut, rest, |error| text.io(&error))?;
        }
        // Only UTF-16 has zero bytes in text.
        if !is_utf16(text.encoding) && head.iter().take(4096).any(|byte| *byte == 0) {
            let message = "is not text, because it contains zero bytes; choose a text table or a spreadsheet";
            return Err(DataError::file(path, message));
        }
        Ok(text)
    }

    /// The year in which the file was written, if known.
    pub(super) fn written_in(&self) -> Option<u16> {
        std::fs::metadata(self.path).and_then(|file| file.modified()).ok().and_then(century::written_in)
    }

    /// The sheet, if it is a spreadsheet.
    pub(super) fn sheet(&self) -> Option<&sheet::Sheet> {
        match &self.content {
            Content::Sheet(sheet) => Some(sheet),
            Content::Plain | Content::Gzip => None,
        }
    }

    /// Releases its memory.
    pub(super) fn release(self, progress: &Progress) {
        if let Content::Sheet(sheet) = self.content {
            progress.budget().release(sheet.text);
        }
    }

    /// Its text in UTF-8, without skipped lines, and with runs of spaces as one space if they
    /// separate columns.
    pub(super) fn open<'b>(
        &'b self,
        form: Form,
        counts: bool,
        progress: &'b Progress,
    ) -> Result<Box<dyn Read + 'b>, DataError> {
        let raw = self.raw(counts, progress)?;
        let mut letters: Box<dyn Read + 'b> = if self.encoding == UTF_8 {
            let bare = without_mark(raw).map_err(|error| self.io(&error))?;
            if matches!(self.guess, Guess::Mixed(_)) { Box::new(Mixed::new(bare)) } else { Box::new(bare) }
        } else {
            Box::new(DecodeReaderBytesBuilder::new().encoding(Some(self.encoding)).build(raw))
        };
        if form.skip > 0 {
            let mut lines = BufReader::with_capacity(1 << 16, letters);
            leave_out(&mut lines, form.skip).map_err(|error| self.io(&error))?;
            letters = Box::new(lines);
        }
        if let Some(places) = form.places {
            return Ok(Box::new(Placed::new(BufReader::with_capacity(1 << 16, letters), places)));
        }
        Ok(match form.delimiter {
            Delimiter::Spaces => Box::new(Collapsed::new(letters, form.quotes)),
            other if form.quotes == Quotes::AfterSpaces => Box::new(Unspaced::new(letters, byte_of(other))),
            Delimiter::Auto | Delimiter::Comma | Delimiter::Semicolon | Delimiter::Tab | Delimiter::Pipe => {
                letters
            }
        })
    }

    /// Its first characters after this many lines, and whether there are more.
    pub(super) fn head(&self, skip: usize, progress: &Progress) -> Result<(Vec<u8>, bool), DataError> {
        let mut head = Vec::new();
        let stream = self.open(Form { skip, ..Form::default() }, false, progress)?;
        stream.take(HEAD_BYTES as u64).read_to_end(&mut head).map_err(|error| self.io(&error))?;
        let cut = head.len() == HEAD_BYTES;
        Ok((head, cut))
    }

    /// Its bytes, unpacked.
    fn raw<'b>(&'b self, counts: bool, progress: &'b Progress) -> Result<Box<dyn Read + 'b>, DataError> {
        let file = || {
            let (file, bytes) = open_file(self.path, "a table")?;
            Ok::<_, DataError>(Counted {
                inner: CancellableReader::new(file, bytes, progress),
                counts,
                progress,
            })
        };
        Ok(match &self.content {
            Content::Plain => Box::new(file()?),
            Content::Gzip => Box::new(MultiGzDecoder::new(BufReader::with_capacity(1 << 16, file()?))),
            Content::Sheet(sheet) => {
                let text =
                    CancellableReader::new(Cursor::new(&sheet.text[..]), sheet.text.len() as u64, progress);
                Box::new(Counted { inner: text, counts, progress })
            }
        })
    }

    /// The error for a failure to read it.
    pub(super) fn io(&self, error: &std::io::Error) -> DataError {
        match (&self.content, error.kind()) {
            (Content::Gzip, std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData) => {
                DataError::file(self.path, format!("is damaged gzip ({error}); download it again"))
            }
            (Content::Plain | Content::Gzip | Content::Sheet(_), _) => DataError::io(self.path, error),
        }
    }

    /// The unit of positions in it.
    pub(super) fn unit(&self) -> &'static str {
        match self.content {
            Content::Plain | Content::Gzip => "line",
            Content::Sheet(_) => "row",
        }
    }

    /// The memory error for it.
    pub(super) fn short_of(&self, bytes: u64, progress: &Progress) -> DataError {
        let shortage = progress.budget().short_of(bytes);
        DataError::from(shortage).about(&self.path.display().to_string(), REMEDY)
    }
}

/// A reader without the byte order mark that some programs put before UTF-8.
fn without_mark<R: Read>(mut reader: R) -> IoResult<Chain<Cursor<Vec<u8>>, R>> {
    let mut first = Vec::new();
    reader.by_ref().take(3).read_to_end(&mut first)?;
    if first == b"\xEF\xBB\xBF" {
        first.clear();
    }
    Ok(Cursor::new(first).chain(reader))
}

/// A file whose bytes are counted by a [`Progress`].
struct Counted<'a, R> {
    inner: R,
    counts: bool,
    progress: &'a Progress,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        let read = self.inner.read(buffer)?;
        if self.counts {
            self.progress.advance(read as u64);
        }
        Ok(read)
    }
}
