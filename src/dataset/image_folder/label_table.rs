use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use ::csv::{ReaderBuilder, StringRecord};

use super::find::slashed;
use crate::dataset::memory::{self, Reservation};
use crate::dataset::{DataError, Progress, csv};
use crate::project::Rules;

/// The largest table of labels.
const MAX_BYTES: u64 = 1 << 30;
/// Memory per row besides its text: its fields, and its label under four names.
const ROW_BYTES: u64 = 800;
/// Number of rows that determine the column of picture names, and possible classes.
const SCANNED_ROWS: usize = 1000;
/// Most columns of numbers before those of classes.
const MOST_BEFORE: usize = 16;

/// Longest path that is also known by its ends, and most folders of it that count.
const MOST_BYTES: usize = 1024;
const MOST_FOLDERS: usize = 16;

/// A table with names of pictures in one column and their labels in others.
#[derive(Debug)]
pub(super) struct LabelTable<'a> {
    pub file_name: String,
    /// Whether pictures are named with their extensions, as files are, and not only by a word.
    pub names_files: bool,
    /// Whether Hourglass wrote it: the codes or the errors of these pictures, which are no labels.
    pub is_result: bool,
    /// The column of labels; several if each is a class (one-hot), which is its name.
    pub label_names: Vec<String>,
    /// Labels by the names in the table; `None` if two rows disagree.
    labels: HashMap<String, Option<String>>,
    /// Labels by the ends of these names, if they are paths from further above.
    by_end: HashMap<String, Option<String>>,
    /// Memory of all this.
    reservation: Reservation<'a>,
}

impl<'a> LabelTable<'a> {
    /// Reads a table; unless chosen, the column of file names is detected from its values, and the
    /// labels are in the first other column, or by the current rules in columns of which each row
    /// marks exactly one.
    ///
    /// # Errors
    /// [`DataError`] if it cannot be read or has no such columns.
    pub(super) fn read(
        path: &Path,
        file: Option<&str>,
        label: Option<&str>,
        (pictures, rules): (&[PathBuf], Rules),
        progress: &'a Progress,
    ) -> Result<LabelTable<'a>, DataError> {
        let known = pictures.iter().map(|picture| 2 * (picture.as_os_str().len() as u64 + 64));
        let mut reservation = progress.budget().charge_scoped(known.sum())?;
        let mut length = 0;
        // The text, its rows, and the labels under four names each.
        let charge = |more: u64| {
            length += more;
            if length > MAX_BYTES {
                return Err(DataError::file(
                    path,
                    "is too large for a table of labels; choose a smaller one",
                ));
            }
            Ok(reservation.take(16 * more)?)
        };
        let bytes = csv::letters(path, charge, progress)?;
        let lines = bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count();
        reservation.take((lines as u64).saturating_mul(ROW_BYTES))?;
        let text = String::from_utf8_lossy(&bytes);
        let mut rows = rows(text.trim_start_matches('\u{feff}'), path, rules, progress)?;
        let known: HashSet<String> = pictures.iter().flat_map(|picture| names(&slashed(picture))).collect();
        let is_known = |field: &str| names(&path_of(field)).iter().any(|name| known.contains(name));
        if rules == Rules::Current {
            name_first_column(&mut rows, &is_known);
        }
        let Some(first) = rows.first() else {
            return Err(DataError::file(path, "is empty; choose a table of file names and labels"));
        };
        let at = |name: &str| first.iter().position(|field| field.trim() == name);
        let missing = |name: &str| {
            let fields: Vec<&str> = first.iter().collect();
            DataError::content(
                path,
                "line 1",
                format!("there is no column \"{name}\"; choose one of {}", csv::listed(&fields)),
            )
        };
        let named = |name: &str| at(name).or_else(|| numbered(name)).ok_or_else(|| missing(name));
        let known_in = |column: usize| {
            rows.iter().take(SCANNED_ROWS).filter(|row| row.get(column).is_some_and(is_known)).count()
        };
        let best = || {
            let mut best = (0, None);
            for column in 0..first.len() {
                progress.check()?;
                let known = known_in(column);
                if known > best.0 {
                    best = (known, Some(column));
                }
            }
            Ok::<_, DataError>(best.1)
        };
        let file_at = match file.map(named).transpose()? {
            Some(column) => column,
            None => best()?.ok_or_else(|| {
                let message = "contains none of the pictures' names; choose a table with a column of their \
                     file names";
                DataError::file(path, message)
            })?,
        };
        let has_header = !first.get(file_at).is_some_and(is_known);
        let is_index =
            |column: usize| has_header && first.get(column).is_some_and(|name| name.trim().is_empty());
        let labelled = &rows[usize::from(has_header)..];
        let others = (0..first.len()).filter(|column| *column != file_at && !is_index(*column));
        let label_at = match label {
            Some(name) => vec![named(name)?],
            None if rules == Rules::Current && has_header => {
                label_columns(labelled, first, &others.collect::<Vec<_>>(), progress)?
            }
            None => others.take(1).collect(),
        };
        if label_at.is_empty() {
            return Err(DataError::file(path, "has no column besides the file names; choose another"));
        }
        let name = |column: usize| match first.get(column).map(str::trim).filter(|_| has_header) {
            Some(name) if !name.is_empty() => name.to_owned(),
            Some(_) | None => format!("column {}", column + 1),
        };
        let mut table = LabelTable {
            file_name: name(file_at),
            names_files: labelled
                .first()
                .and_then(|row| row.get(file_at))
                .is_some_and(|field| Path::new(field.trim()).extension().is_some()),
            is_result: has_header && is_result(first, file_at),
            label_names: label_at.iter().map(|column| name(*column)).collect(),
            labels: HashMap::new(),
            by_end: HashMap::new(),
            reservation,
        };
        for row in labelled {
            progress.check()?;
            let label = if let [column] = label_at[..] {
                row.get(column)
            } else {
                let is_marked = |column: &&usize| row.get(**column).and_then(mark) == Some(true);
                let label = label_at.iter().find(is_marked).and_then(|column| first.get(*column));
                // The name of a class is not part of its rows, and is stored under four names.
                table.reservation.take(4 * memory::text_bytes(label.map_or(0, str::len)))?;
                label.map(str::trim)
            };
            if let (Some(file), Some(label)) = (row.get(file_at), label) {
                table.add(&path_of(file), label)?;
            }
        }
        Ok(table)
    }

    /// The role of each column, as text that follows *the*.
    pub(super) fn description(&self) -> String {
        /// Most columns that are named.
        const NAMED: usize = 8;
        let quoted = |name: &String| format!("“{}”", csv::shortened(name));
        let names: Vec<String> = self.label_names.iter().take(NAMED).map(quoted).collect();
        let what = if names.len() > 1 { "one-hot columns" } else { "column" };
        let more = if self.label_names.len() > NAMED { ", …" } else { "" };
        let file = quoted(&self.file_name);
        format!("{what} {}{more}; pictures are matched by the column {file}", names.join(", "))
    }

    fn add(&mut self, path: &str, label: &str) -> Result<(), DataError> {
        let label = Some(label.to_owned()).filter(|label| !label.trim().is_empty());
        let put = |labels: &mut HashMap<String, Option<String>>, name: &str| {
            let known = labels.entry(name.to_owned()).or_insert_with(|| label.clone());
            if *known != label {
                *known = None;
            }
        };
        // All ends of a long path would need quadratic memory.
        let folders = path.matches('/').count();
        let left_out = if path.len() > MOST_BYTES { folders } else { folders.saturating_sub(MOST_FOLDERS) };
        // The path itself, and its last ends.
        let kept = |at: usize| at == 0 || at > left_out;
        for (at, end) in ends(path).enumerate().filter(|(at, _)| kept(*at)) {
            if at > 1 {
                let label = label.as_ref().map_or(0, String::len);
                self.reservation.take(2 * (memory::text_bytes(end.len()) + memory::text_bytes(label)))?;
            }
            let labels = if at == 0 { &mut self.labels } else { &mut self.by_end };
            put(labels, end);
            if stem(end) != end {
                put(labels, stem(end));
            }
        }
        Ok(())
    }

    /// The label of a picture: the table may have less of its path, more of it, or no extension.
    pub(super) fn label(&self, picture: &Path) -> Option<&str> {
        let path = slashed(picture);
        let with_and_without = |name: &'_ str| [name.to_owned(), stem(name).to_owned()];
        let known = ends(&path).flat_map(with_and_without).find_map(|name| self.labels.get(&name));
        let known = known.or_else(|| with_and_without(&path).iter().find_map(|name| self.by_end.get(name)));
        known.and_then(Option::as_deref)
    }
}

/// Whether a table has the columns of results (`session::Sheet`): the name of each picture, and the
/// split it is in, or numbers of its code.
fn is_result(header: &StringRecord, file_at: usize) -> bool {
    const FIRST: [&str; 6] = ["code 1", "mean 1", "variance 1", "entry 1", "choice 1", "bit 1"];
    let fields: Vec<&str> = header.iter().map(str::trim).collect();
    let is_named = file_at == 0 && (fields[0] == "name" || fields[0].starts_with("name ("));
    is_named && (fields.get(1) == Some(&"split") || fields.iter().any(|field| FIRST.contains(field)))
}

/// The columns of labels: classes of which each row marks exactly one, after at most a few columns
/// of other numbers, else the first column.
fn label_columns(
    rows: &[StringRecord],
    header: &StringRecord,
    columns: &[usize],
    progress: &Progress,
) -> Result<Vec<usize>, DataError> {
    let few = &rows[..rows.len().min(SCANNED_ROWS)];
    for (start, column) in columns.iter().enumerate().take(MOST_BEFORE + 1) {
        // After another column, two could be anything: yes and no, left and right.
        let least = if start == 0 { 2 } else { 3 };
        let mut found = &columns[start..];
        // All rows confirm the first ones.
        for rows in [few, rows] {
            found = &found[..one_hot(rows, found, progress)?];
        }
        if found.len() >= least {
            return Ok(found.to_vec());
        }
        let is_number = |row: &StringRecord| {
            let field = row.get(*column).unwrap_or_default().trim();
            field.is_empty() || field.parse::<f64>().is_ok()
        };
        if header.get(*column).is_some_and(csv::is_label_name) || !few.iter().all(is_number) {
            break;
        }
    }
    Ok(columns.iter().take(1).copied().collect())
}

/// Number of leading columns that are classes of which each row that is not empty marks exactly
/// one; 1 if these are fewer than two.
fn one_hot(rows: &[StringRecord], columns: &[usize], progress: &Progress) -> Result<usize, DataError> {
    // Whether each row has a mark so far; `None` if it is empty.
    let _reservation = progress.budget().charge_scoped(memory::bytes_of::<Option<bool>>(rows.len()))?;
    let (mut marks, mut classes) = (vec![None; rows.len()], 1);
    for (count, column) in (1..).zip(columns) {
        for (row, marked) in rows.iter().zip(&mut marks) {
            progress.check()?;
            let field = row.get(*column).unwrap_or_default();
            match mark(field) {
                Some(true) if *marked != Some(true) => *marked = Some(true),
                Some(false) => *marked = marked.or(Some(false)),
                None if field.trim().is_empty() => {}
                Some(true) | None => return Ok(classes),
            }
        }
        if count > 1 && marks.contains(&Some(true)) && !marks.contains(&Some(false)) {
            classes = count;
        }
    }
    Ok(classes)
}

/// Whether a field marks the class of its column; `None` if it is neither 0 nor 1.
fn mark(field: &str) -> Option<bool> {
    let field = field.trim();
    let is = |word: &str, number: f64| field.eq_ignore_ascii_case(word) || field.parse() == Ok(number);
    let is_marked = is("true", 1.0);
    (is_marked || is("false", 0.0)).then_some(is_marked)
}

/// The index of a column named `column 3`, in a table without a header.
fn numbered(name: &str) -> Option<usize> {
    name.strip_prefix("column ")?.parse::<usize>().ok()?.checked_sub(1)
}

/// A path as a table may contain it, with slashes and from any folder.
fn path_of(field: &str) -> String {
    let path = field.trim().replace('\\', "/");
    path.trim_start_matches("./").trim_start_matches('/').to_owned()
}

/// A path, then without its first folder, its first two, …
fn ends(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| path.split_once('/').map(|(_, end)| end))
}

/// The name of a file with and without its extension.
fn names(path: &str) -> [String; 2] {
    let name = path.rsplit('/').next().unwrap_or(path);
    [name, stem(name)].map(str::to_owned)
}

/// Without the extension, which has a letter and at most five characters, so that the 5 of `1.5` is
/// not one.
fn stem(path: &str) -> &str {
    match path.rsplit_once('.') {
        Some((stem, ending))
            if !stem.is_empty()
                && ending.len() <= 5
                && ending.chars().all(|c| c.is_ascii_alphanumeric())
                && ending.chars().any(|c| c.is_ascii_alphabetic()) =>
        {
            stem
        }
        Some(_) | None => path,
    }
}

/// The rows of a table. By the current rules a first line with only the number of the rows below is
/// skipped, and runs of spaces separate fields like a single one.
fn rows(text: &str, path: &Path, rules: Rules, progress: &Progress) -> Result<Vec<StringRecord>, DataError> {
    let is_current = rules == Rules::Current;
    let is_count = |line: &str| {
        let line = line.trim();
        !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit())
    };
    let text = match text.split_once('\n') {
        Some((first, rest)) if is_current && is_count(first) => rest,
        Some(_) | None => text,
    };
    let signs = [b',', b';', b'\t', b'|', b' '];
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    // The header of two columns may have only the name of the last one.
    let has_sign = first.trim().bytes().any(|byte| signs.contains(&byte));
    let first = if is_current && !has_sign { lines.next().unwrap_or(first) } else { first };
    let count = |sign: &u8| first.bytes().filter(|byte| byte == sign).count();
    let delimiter = signs.into_iter().max_by_key(|sign| (count(sign), *sign == b','));
    let letters: Box<dyn Read + '_> = if is_current && delimiter == Some(b' ') {
        Box::new(csv::collapsed(text.as_bytes()))
    } else {
        Box::new(text.as_bytes())
    };
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter.unwrap_or(b','))
        .from_reader(letters);
    let mut rows = Vec::new();
    for row in reader.records() {
        progress.check()?;
        rows.push(
            row.map_err(|error| DataError::file(path, format!("is not a table ({error}); save it as CSV")))?,
        );
    }
    Ok(rows)
}

/// Adds an empty name at the beginning of a header without a name for the first column: each row
/// has one field more, and not only because it ends in a delimiter.
fn name_first_column(rows: &mut [StringRecord], is_known: &dyn Fn(&str) -> bool) {
    let Some((header, rows)) = rows.split_first_mut() else { return };
    let few = &rows[..rows.len().min(SCANNED_ROWS)];
    let last = |row: &StringRecord| row.get(header.len()).is_some_and(|field| !field.trim().is_empty());
    if few.iter().all(|row| row.len() == header.len() + 1)
        && few.iter().any(last)
        && !header.iter().any(is_known)
    {
        *header = std::iter::once("").chain(header.iter()).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_that_hourglass_writes_are_results() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("codes.csv");
        for (header, expected) in [
            ("name,split,species,code 1,code 2", true),
            ("name,split,species,error", true),
            ("name,species,mean 1,mean 2,variance 1", true),
            ("name,entry 1", true),
            ("name,species", false),
            ("name,code", false),
            ("file,code 1", false),
        ] {
            let rest = ",1".repeat(header.matches(',').count());
            std::fs::write(&path, format!("{header}\na.png{rest}\nb.png{rest}\n")).unwrap();
            let (pictures, progress) = (["a.png", "b.png"].map(PathBuf::from), Progress::default());
            let table = LabelTable::read(&path, None, None, (&pictures, Rules::Current), &progress).unwrap();
            assert_eq!(table.is_result, expected, "{header}");
        }
    }

    #[test]
    fn tables_are_joined_by_name_with_or_without_folder_and_ending() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("labels.csv");
        let check = |text: &str, names: [&str; 2], labels: [Option<&str>; 3]| {
            std::fs::write(&path, text).unwrap();
            let pictures = ["x/a.png", "x/b.png", "y/b.jpg"].map(PathBuf::from);
            let progress = Progress::default();
            let table = LabelTable::read(&path, None, None, (&pictures, Rules::Current), &progress).unwrap();
            assert_eq!([&table.file_name, &table.label_names.join("+")], names, "{text}");
            assert_eq!(pictures.each_ref().map(|picture| table.label(picture)), labels, "{text}");
        };
        check("id,label\na,cat\nb,007\n", ["id", "label"], [Some("cat"), Some("007"), Some("007")]);
        check(
            "\u{feff}kind;file\ncat;x/a.png\n\"dog;big\";y\\b.jpg\n",
            ["file", "kind"],
            [Some("cat"), None, Some("dog;big")],
        );
        // Paths from further above.
        check(
            "p,l\ndata/x/a.png,1\ndata/x/b.png,2\ndata/y/b.jpg,3\n",
            ["p", "l"],
            [Some("1"), Some("2"), Some("3")],
        );
        check(",name,v\n0,a.png,1\n1,b.png,2\n", ["name", "v"], [Some("1"), Some("2"), Some("2")]);
        check("a.png\tu\nx/b.png\tv\n", ["column 1", "column 2"], [Some("u"), Some("v"), None]);
        // A number of rows above a header without a name for the first column.
        let (none, marks) = (["column 1", "Male"], [Some("-1"), Some("1"), Some("1")]);
        check("2\nMale Young \na.png -1  1\nb.png  1 -1\n", none, marks);
        check("2\r\nMale,Young\r\na.png,-1,1\r\nb.png,1,-1\r\n", none, marks);
        check("2\nMale\na.png -1\nb.png  1\n", none, marks);
        check("a.png 2880\nb.png   17\n", ["column 1", "column 2"], [Some("2880"), Some("17"), Some("17")]);
        check("f,l\na,1,\nb,2,\n", ["f", "l"], [Some("1"), Some("2"), Some("2")]);
        check("a.png,u\nx/b.png,v,w\n", ["column 1", "column 2"], [Some("u"), Some("v"), None]);
        // One column per class, and other columns.
        check(
            "image,MEL,NV,age\na,1.0,0.0,1\nb,0.0,1.0,0\n",
            ["image", "MEL+NV"],
            [Some("MEL"), Some("NV"), Some("NV")],
        );
        check(
            "cat,dog,f\nTrue,False,a\nFalse,True,b\n",
            ["f", "cat+dog"],
            [Some("cat"), Some("dog"), Some("dog")],
        );
        check("f,x,y\nx/a,1,0\nx/b,,\ny/b,0,1\n", ["f", "x+y"], [Some("x"), None, Some("y")]);
        check("f,x,y\na,1,0\nb,0,0\n", ["f", "x"], [Some("1"), Some("0"), Some("0")]);
        check("f,x,y\na,1,1\nb,1,0\n", ["f", "x"], [Some("1"), Some("1"), Some("1")]);
        check("f,grade,x,y\na,3,1,0\nb,2,0,1\n", ["f", "grade"], [Some("3"), Some("2"), Some("2")]);
        check("f,age,x,y,z\na,30,1,0,0\nb,4,0,1,0\n", ["f", "x+y+z"], [Some("x"), Some("y"), Some("y")]);
        // A column of classes before others that contain the split, in words or as numbers.
        check(
            "image,kind,is_train,is_val,is_test\na,cat,1,0,0\nb,dog,0,1,0\n",
            ["image", "kind"],
            [Some("cat"), Some("dog"), Some("dog")],
        );
        check(
            "image,class,is_train,is_val,is_test\na,3,1,0,0\nb,5,0,1,0\n",
            ["image", "class"],
            [Some("3"), Some("5"), Some("5")],
        );
        // The first rows do not show the kind of a later one.
        let mut long = "f,x,y,z\na,0,1,0\n".to_owned();
        long.extend((0..1000).map(|at| format!("o{at},1,0,0\n")));
        check(&format!("{long}b,0,0,1\n"), ["f", "x+y+z"], [Some("y"), Some("z"), Some("z")]);
        check(&format!("{long}b,0,1,1\n"), ["f", "x+y"], [Some("y"); 3]);
        // Two rows that disagree, and a missing label.
        check("f,l\nb,1\nb,2\na,\n", ["f", "l"], [None, None, None]);
    }

    #[test]
    fn one_of_several_classes_can_be_chosen_and_older_rules_know_no_others() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("labels.csv");
        std::fs::write(&path, "image,MEL,NV\na,1.0,0.0\nb,0.0,1.0\n").unwrap();
        let (pictures, progress) = (["a.png", "b.png"].map(PathBuf::from), Progress::default());
        for (label, rules, expected) in
            [(Some("NV"), Rules::Current, ["0.0", "1.0"]), (None, Rules::Version1, ["1.0", "0.0"])]
        {
            let table = LabelTable::read(&path, None, label, (&pictures, rules), &progress).unwrap();
            assert_eq!(pictures.each_ref().map(|picture| table.label(picture)), expected.map(Some));
        }
    }

    #[test]
    fn tables_of_any_encoding_and_packed_ones_are_read() {
        use std::io::Write;
        let dir = tempfile::tempdir().unwrap();
        let text = "file,label\na.png,café\nb.png,naïve\n";
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        let utf16 = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let latin = text.chars().map(|letter| letter as u8).collect();
        for bytes in [text.as_bytes().to_vec(), gzip.finish().unwrap(), utf16, latin] {
            let path = dir.path().join("labels.csv");
            std::fs::write(&path, bytes).unwrap();
            let pictures = ["a.png".into(), "b.png".into()];
            let progress = Progress::default();
            let table = LabelTable::read(&path, None, None, (&pictures, Rules::Current), &progress).unwrap();
            assert_eq!(table.label(Path::new("a.png")), Some("café"));
        }
    }

    #[test]
    fn long_paths_are_known_by_few_ends() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("labels.csv");
        let (deep, long) = ("d/".repeat(100), "e/".repeat(600));
        std::fs::write(&path, format!("file,label\na.png,1\n{deep}x/b.png,2\n{long}c.png,3\n")).unwrap();
        let progress = Progress::default();
        let table =
            LabelTable::read(&path, None, None, (&["a.png".into()], Rules::Current), &progress).unwrap();
        assert_eq!(table.label(Path::new("x/b.png")), Some("2"));
        assert_eq!(table.label(Path::new("c.png")), None);
        assert_eq!(table.label(&Path::new(&long).join("c.png")), Some("3"));
        // 16 ends with and without extension; `a.png` has none.
        assert_eq!(table.by_end.len(), 32);
    }

    #[test]
    fn other_tables_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.csv");
        let check = |text: &[u8], file: Option<&str>, label: Option<&str>, expected: &str| {
            std::fs::write(&path, text).unwrap();
            let progress = Progress::default();
            let pictures = (&["a.png".into()][..], Rules::Current);
            let error = LabelTable::read(&path, file, label, pictures, &progress).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        };
        check(b"", None, None, "is empty");
        check(b"x,y\n1,2\n", None, None, "contains none of the pictures' names");
        check(b"file\na.png\n", None, None, "no column besides");
        check(b"file,l\na.png,1\n", Some("name"), None, "no column \"name\"; choose one of \"file\", \"l\"");
        check(b"file,l\na.png,1\n", None, Some("kind"), "no column \"kind\"");
        check(b"\xff\xfe\0", None, None, "none of the pictures' names");
    }
}
