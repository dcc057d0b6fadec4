//! Labels of pictures: from their folders, their names, or a table.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::arrangement::{Arrangement, Meaning, folders, is_part};
use super::find::{slashed, tables_next_to};
use super::label_table::LabelTable;
use super::name_pattern::{NamePattern, guessed};
use super::read::Place;
use crate::dataset::interned::Interned;
use crate::dataset::{DataError, Doubt, LabelColumn, Progress};
use crate::project::{Choice, LabelFrom, Rules};

/// Most names listed if labels are missing.
const LISTED: usize = 3;
/// Most classes that are compared with each other.
const MOST_CLASSES: usize = 10_000;
/// Largest table that is examined without being requested.
const MOST_BYTES: u64 = 64 << 20;

/// The pictures to be labelled.
#[derive(Clone, Copy)]
pub(super) struct Labelled<'a> {
    pub folder: &'a Path,
    pub files: &'a [PathBuf],
    pub places: &'a [Place],
    pub arrangement: &'a Arrangement,
    /// Tables in the same folders.
    pub tables: &'a [PathBuf],
    pub rules: Rules,
}

/// Labels, and the remarks on them.
#[derive(Debug, Default)]
pub(super) struct Labels {
    pub columns: Vec<LabelColumn>,
    /// A short text for the summary line.
    pub understood: Option<String>,
    pub notes: Vec<String>,
    pub warnings: Vec<String>,
    pub doubts: Vec<Doubt>,
}

/// The requested labels.
///
/// # Errors
/// [`DataError::Setting`] for an invalid pattern or level; those of reading a table.
pub(super) fn labels(
    pictures: Labelled<'_>,
    from: &LabelFrom,
    progress: &Progress,
) -> Result<Labels, DataError> {
    let mut labels = Labels::default();
    let missing = match from {
        LabelFrom::Nothing => None,
        LabelFrom::Auto => {
            by_folders(pictures, &mut labels, progress)?;
            if labels.columns.is_empty() && pictures.rules == Rules::Current {
                offer(pictures, &mut labels, progress)?;
            }
            None
        }
        LabelFrom::Folder(depth) => {
            let Some(at) = depth.checked_sub(1) else {
                return Err(DataError::Setting(
                    "labels cannot come from folder 0; folders are counted from 1, starting with the chosen \
                     one"
                    .into(),
                ));
            };
            Some(pictures.column("folder", &mut labels, progress, |file| folders(file).into_iter().nth(at))?)
        }
        LabelFrom::Name(pattern) => {
            let pattern = NamePattern::new(pattern).map_err(DataError::Setting)?;
            let label = |file: &Path| pattern.label(&slashed(file)).map(str::to_owned);
            Some(pictures.column("label", &mut labels, progress, label)?)
        }
        LabelFrom::Table { path, file, label } => {
            let options = (pictures.files, pictures.rules);
            let table = LabelTable::read(path, file.as_deref(), label.as_deref(), options, progress)?;
            let (description, path) = (table.description(), path.clone());
            let name = match &table.label_names[..] {
                [name] => {
                    labels.notes.push(format!("labels are the {description} of {}", path.display()));
                    name.as_str()
                }
                classes => {
                    let (of, file) = (path.display().to_string(), file.clone());
                    let one = LabelFrom::Table { path, file, label: classes.first().cloned() };
                    labels.notes.push(format!(
                        "labels are the names of the columns that contain the 1, of the {description} of {of}; {} \
                         uses one of them",
                        Choice::Label(one).option()
                    ));
                    labels.understood = Some(format!("one-hot labels of {} columns", classes.len()));
                    "label"
                }
            };
            Some(pictures.column(name, &mut labels, progress, |file| table.label(file).map(str::to_owned))?)
        }
    };
    if let Some(Found { missing, examples, .. }) = missing.filter(|found| found.missing > 0) {
        let more = if missing > examples.len() { ", …" } else { "" };
        labels.warnings.push(format!(
            "{missing} of {} pictures have no label: {}{more}",
            pictures.places.len(),
            examples.join(", ")
        ));
    }
    Ok(labels)
}

fn by_folders(pictures: Labelled<'_>, labels: &mut Labels, progress: &Progress) -> Result<(), DataError> {
    let meaning = |file: &Path| match pictures.arrangement.meaning(file) {
        Meaning::Sample { class, category, .. } => (class, category),
        Meaning::Mask | Meaning::Outside => (None, None),
    };
    let is_old = pictures.rules == Rules::Version1;
    let files = pictures.files.len();
    // A single class is not a label, and neither is one per file.
    let is_label = |found: &Found| {
        is_old || ((found.classes > 1 || found.missing > 0) && (found.classes < files || files <= 2))
    };
    let found = pictures.column_if("folder", labels, progress, |file| meaning(file).0, is_label)?;
    if !is_old && is_label(&found) && !found.alike.is_empty() {
        let message = format!(
            "folders whose names differ only in case are separate classes ({}); rename them if they are one \
             class",
            found.alike.join(", ")
        );
        labels.doubts.push(Doubt { message, remedies: Vec::new() });
    }
    if found.classes > 0 && !is_label(&found) {
        match &found.first {
            Some(first) if found.classes == 1 => labels
                .notes
                .push(format!("all pictures are in folders named “{first}”, so folders are not labels")),
            _ => {
                // The folder that would be the class.
                let depth = pictures.files.iter().find_map(|file| {
                    let class = meaning(file).0?;
                    folders(file).iter().position(|folder| *folder == class).map(|at| at + 1)
                });
                let message = "each folder contains one picture, so folders are not labels".to_owned();
                match depth {
                    Some(depth) => labels
                        .doubts
                        .push(Doubt { message, remedies: vec![Choice::Label(LabelFrom::Folder(depth))] }),
                    None => labels.notes.push(message),
                }
            }
        }
    }
    if !is_old && pictures.arrangement.has_parts() {
        pictures.column("category", labels, progress, |file| meaning(file).1)?;
    }
    Ok(())
}

/// Suggests names and tables that look like labels.
fn offer(pictures: Labelled<'_>, labels: &mut Labels, progress: &Progress) -> Result<(), DataError> {
    let own = pictures.tables.iter().map(|table| (pictures.folder.join(table), slashed(table), false));
    let beside = tables_next_to(pictures.folder, pictures.rules).into_iter().filter_map(|path| {
        let shown = format!("../{}", path.file_name()?.to_string_lossy());
        Some((path, shown, true))
    });
    for (path, shown, is_beside) in own.chain(beside) {
        progress.check()?;
        if path.metadata().is_ok_and(|metadata| metadata.len() > MOST_BYTES) {
            continue;
        }
        // A file that is not such a table, or cannot be read, is ignored here.
        let Ok(found) = LabelTable::read(&path, None, None, (pictures.files, pictures.rules), progress)
        else {
            progress.check()?;
            continue;
        };
        if found.is_result {
            continue;
        }
        // Folders next to pictures often contain unrelated files.
        if is_beside && !found.names_files {
            continue;
        }
        let known = pictures.files.iter().filter(|file| found.label(file).is_some()).count();
        // Test pictures are often in no table.
        if known > 1 && 10 * known >= pictures.files.len() {
            let message = format!(
                "{} names {known} of {} pictures and may contain their labels ({})",
                shown,
                pictures.files.len(),
                found.description()
            );
            // Of several classes, only the first one would be the label if it were named.
            let label = match &found.label_names[..] {
                [name] => Some(name.clone()),
                _ => None,
            };
            let from = LabelFrom::Table { path, file: Some(found.file_name), label };
            labels.doubts.push(Doubt { message, remedies: vec![Choice::Label(from)] });
        }
    }
    let names = pictures.files.iter().filter_map(|file| file.file_name()).map(|name| name.to_string_lossy());
    // Names that repeat the part of a picture add nothing.
    let are_parts =
        |words: &[String]| pictures.arrangement.has_parts() && words.iter().all(|word| is_part(word));
    if let Some((pattern, words)) = guessed(names).filter(|(_, words)| !are_parts(words)) {
        let some: Vec<&str> = words.iter().take(5).map(String::as_str).collect();
        let more = if words.len() > some.len() { ", …" } else { "" };
        labels.doubts.push(Doubt {
            message: format!(
                "the names of the pictures begin with {} words ({}{more}), which may be labels",
                words.len(),
                some.join(", ")
            ),
            remedies: vec![Choice::Label(LabelFrom::Name(pattern))],
        });
    }
    Ok(())
}

/// Results for a column of labels.
#[derive(Debug, Default)]
struct Found {
    classes: usize,
    /// The first class found.
    first: Option<String>,
    /// Some of the classes that differ only by case.
    alike: Vec<String>,
    /// Number of pictures without a label, and some of these.
    missing: usize,
    examples: Vec<String>,
}

/// Some of the classes that differ only by case, each after the one it resembles.
fn alike(texts: &Interned) -> Vec<String> {
    let (mut seen, mut alike) = (HashMap::new(), Vec::new());
    for at in 0..texts.len().min(MOST_CLASSES) {
        let text = texts.text(at as u32);
        let first = *seen.entry(text.to_lowercase()).or_insert(text);
        if first != text && alike.len() < LISTED {
            alike.push(format!("\"{first}\" and \"{text}\""));
        }
    }
    alike
}

impl Labelled<'_> {
    /// Adds a column, if any picture has a label.
    fn column(
        &self,
        name: &str,
        labels: &mut Labels,
        progress: &Progress,
        label: impl Fn(&Path) -> Option<String>,
    ) -> Result<Found, DataError> {
        self.column_if(name, labels, progress, label, |_| true)
    }

    /// Adds a column, if any picture has a label and the column is one.
    fn column_if(
        &self,
        name: &str,
        labels: &mut Labels,
        progress: &Progress,
        label: impl Fn(&Path) -> Option<String>,
        is_label: impl Fn(&Found) -> bool,
    ) -> Result<Found, DataError> {
        let (mut texts, mut ids, mut found) = (Interned::default(), Vec::new(), Found::default());
        progress.budget().reserve_exact(&mut ids, self.places.len())?;
        let mut last = None;
        for place in self.places {
            progress.check()?;
            let id = match last {
                // Another page of the same file.
                Some((file, id)) if file == place.file => id,
                _ => {
                    let file = &self.files[place.file as usize];
                    if let Some(label) = label(file) {
                        texts.number(&label, progress)?
                    } else {
                        if found.examples.len() < LISTED {
                            found.examples.push(slashed(file));
                        }
                        u32::MAX
                    }
                }
            };
            found.missing += usize::from(id == u32::MAX);
            last = Some((place.file, id));
            ids.push(id);
        }
        found.classes = texts.len();
        if texts.len() > 0 {
            found.first = Some(texts.text(0).to_owned());
        }
        found.alike = alike(&texts);
        if texts.len() > 0 && is_label(&found) {
            let order = texts.all_in_order(progress)?;
            labels.columns.push(texts.classes(name, ids, order, progress)?);
        } else {
            progress.budget().release(ids);
            texts.release(progress.budget());
        }
        Ok(found)
    }
}
