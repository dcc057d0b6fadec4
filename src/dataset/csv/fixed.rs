//! Tables whose columns have fixed positions, so that fields may be empty.

use std::io::{BufRead, Error as IoError, ErrorKind, Read, Result as IoResult};

use super::number::Notations;

/// Characters of the longest line.
const LONGEST: usize = 512;
/// Bytes of the longest line.
const LINE_BYTES: u64 = 1 << 16;
/// Lines needed to determine the positions, and lines examined.
const LEAST: usize = 10;
const MOST: usize = 1000;
/// Bytes written per block.
const BLOCK: usize = 1 << 15;

/// Where the columns of a table begin, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Places([u64; LONGEST / 64]);

impl Places {
    /// The positions of a table's columns from its first characters, if all lines agree: the same
    /// characters are blank between columns in each of them, the first line has a field in every
    /// column, at least half of the columns contain numbers, and no field seems to be two.
    pub(super) fn find(head: &[u8], cut: bool) -> Option<Places> {
        let end = if cut { head.iter().rposition(|byte| *byte == b'\n')? } else { head.len() };
        let text = std::str::from_utf8(&head[..end]).ok()?;
        let lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
        let lines: Vec<&str> = lines.take(MOST).collect();
        let (mut used, mut places) = ([false; LONGEST], Places([0; LONGEST / 64]));
        for line in &lines {
            for (at, letter) in line.chars().enumerate() {
                // Quotes and tabs have other rules.
                if letter == '"' || letter.is_control() || at >= LONGEST {
                    return None;
                }
                used[at] |= letter != ' ';
            }
        }
        for at in 0..LONGEST {
            if used[at] && (at == 0 || !used[at - 1]) {
                places.0[at / 64] |= 1 << (at % 64);
            }
        }
        (lines.len() >= LEAST && places.divide(&lines)).then_some(places)
    }

    fn has(self, at: usize) -> bool {
        self.0.get(at / 64).is_some_and(|bits| bits >> (at % 64) & 1 == 1)
    }

    fn count(self) -> usize {
        self.0.iter().map(|bits| bits.count_ones() as usize).sum()
    }

    /// Whether the fields of these lines make sense.
    fn divide(self, lines: &[&str]) -> bool {
        let Some(rows) = lines.iter().map(|line| self.fields(line)).collect::<Option<Vec<_>>>() else {
            return false;
        };
        let Some((first, rows)) = rows.split_first() else { return false };
        let is_number = |field: &str| !Notations::of(field).0.is_empty();
        let is_double =
            |field: &&str| field.contains("  ") || field.contains(' ') && field.split(' ').all(is_number);
        let column = |at: usize| rows.iter().map(move |row| row[at]).filter(|field| !field.is_empty());
        let numbers = (0..self.count()).filter(|at| column(*at).all(is_number)).count();
        self.count() > 1
            && first.iter().all(|field| !field.is_empty())
            && (0..self.count()).all(|at| 4 * column(at).count() >= rows.len())
            && 2 * numbers >= self.count()
            && !rows.iter().chain([first]).flatten().any(is_double)
    }

    /// The fields of a line, one per column; `None` if a word crosses two columns.
    fn fields(self, line: &str) -> Option<Vec<&str>> {
        let (mut starts, mut previous) = (Vec::new(), ' ');
        for (at, (offset, letter)) in line.char_indices().enumerate() {
            if self.has(at) {
                if previous != ' ' {
                    return None;
                }
                starts.push(offset);
            } else if starts.is_empty() && letter != ' ' {
                return None;
            }
            previous = letter;
        }
        let ends = starts.iter().skip(1).copied().chain([line.len()]);
        let mut fields: Vec<&str> =
            starts.iter().zip(ends).map(|(start, end)| line[*start..end].trim()).collect();
        fields.resize(self.count(), "");
        Some(fields)
    }
}

/// Text whose columns have fixed positions, with each field in quotes and a space between them. A
/// line with a word across two columns is one field.
pub(super) struct Placed<R> {
    inner: R,
    places: Places,
    block: Vec<u8>,
    at: usize,
    line: Vec<u8>,
}

impl<R: BufRead> Placed<R> {
    pub(super) fn new(inner: R, places: Places) -> Placed<R> {
        Placed { inner, places, block: Vec::new(), at: 0, line: Vec::new() }
    }

    /// Writes the next line; returns whether there was one.
    fn add_line(&mut self) -> IoResult<bool> {
        self.line.clear();
        let read = self.inner.by_ref().take(LINE_BYTES).read_until(b'\n', &mut self.line)? as u64;
        let bare = self.line.strip_suffix(b"\n");
        if bare.is_none() && read == LINE_BYTES {
            let message = "a line is too long for columns at fixed positions";
            return Err(IoError::new(ErrorKind::InvalidData, message));
        }
        let line = bare.unwrap_or(&self.line).trim_ascii_end();
        if !line.is_empty() {
            let text = std::str::from_utf8(line).ok();
            match text.and_then(|text| self.places.fields(text)) {
                Some(fields) => {
                    for (at, field) in fields.into_iter().enumerate() {
                        if at > 0 {
                            self.block.push(b' ');
                        }
                        quote(field.as_bytes(), &mut self.block);
                    }
                }
                None => quote(line, &mut self.block),
            }
        }
        if bare.is_some() {
            self.block.push(b'\n');
        }
        Ok(read > 0)
    }
}

fn quote(field: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in field {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

impl<R: BufRead> Read for Placed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        if self.at == self.block.len() {
            self.at = 0;
            self.block.clear();
            while self.block.len() < BLOCK && self.add_line()? {}
        }
        let read = buffer.len().min(self.block.len() - self.at);
        buffer[..read].copy_from_slice(&self.block[self.at..self.at + read]);
        self.at += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table with a header and these rows.
    fn table(header: &str, rows: &[&str]) -> String {
        let rows = rows.iter().copied().cycle().take(12);
        std::iter::once(header).chain(rows).collect::<Vec<_>>().join("\n") + "\n"
    }

    #[test]
    fn fields_are_detected_by_their_places() {
        let check = |text: &str, second: Option<&[&str]>| {
            let places = Places::find(text.as_bytes(), false);
            let line = text.lines().nth(2).unwrap();
            assert_eq!(places.and_then(|places| places.fields(line)).as_deref(), second, "{text}");
        };
        let right =
            table("depth  temp   n", &["  2.5   7.1  13", "  3.5         4", " 12.5   8.1", "  1.5  10.1"]);
        check(&right, Some(&["3.5", "", "4"]));
        let left = table("place     temp  n", &["Oslo      7.1   13", "New York        4", "São Paulo 8.1"]);
        check(&left, Some(&["New York", "", "4"]));
        // Two columns that touch; a title above; no field in the first line; only words.
        check(&table("depth  temp   n", &["  2.5   7.1  13", "  3.5100.25  4", "  1.5 20.1"]), None);
        check(&table("a b  n", &["1 50 2", "10 5 3"]), None);
        check(&format!("A table of depths\n{right}"), None);
        check(&table("depth  temp", &["  2.5   7.1  13", "  3.5         4"]), None);
        check(&table("kind   name", &["  red    dog", "       cat"]), None);
        check("a  b\n1  2\n3\n", None);
        check(&table("a\tb", &["1\t2", "3"]), None);
        check(&table("a  b", &["1  \"", "3"]), None);
        check(&table(&"a".repeat(600), &["1  2", "3"]), None);
        // A row that the end of the head cuts off is ignored.
        let places = Places::find(right.as_bytes(), false);
        assert_eq!(Places::find(format!("{right}99999999999").as_bytes(), true), places);
        assert!(Places::find(b"\xff", false).or(Places::find(b"", true)).is_none());
    }

    #[test]
    fn lines_are_written_with_their_fields_in_quotes() {
        let right = table("depth  temp   n", &["  2.5   7.1  13", "  3.5         4"]);
        let places = Places::find(right.as_bytes(), false).unwrap();
        let written = |text: &[u8]| {
            let mut out = Vec::new();
            Placed::new(text, places)
                .read_to_end(&mut out)
                .map(|_| String::from_utf8_lossy(&out).into_owned())
        };
        for (text, expected) in [
            (&b"  3.5         4\r\n\n  1.5   2.5   6"[..], "\"3.5\" \"\" \"4\"\n\n\"1.5\" \"2.5\" \"6\""),
            (b"  3.5", "\"3.5\" \"\" \"\""),
            (b"      across\n  1.5", "\"      across\"\n\"1.5\" \"\" \"\""),
            (b"  \"x\"\n", "\"\"\"x\"\"\" \"\" \"\"\n"),
            (b"", ""),
        ] {
            assert_eq!(written(text).unwrap(), expected);
        }
        assert!(written(&vec![b'1'; 1 << 17]).is_err());
    }
}
