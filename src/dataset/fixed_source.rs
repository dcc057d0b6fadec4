use std::collections::HashSet;

use super::{DataError, csv, npy, source_for};
use crate::project::{ArrayReading, Channels, Delimiter, Header, Source};

/// Guesses the intended source after loading failed: another kind of data, other label columns,
/// another delimiter, or an archive without the names of missing arrays. Reads only a few bytes of
/// the file and the headers of arrays.
pub fn fixed_source(source: &Source, error: &DataError) -> Option<Source> {
    let path = source.path()?;
    if let Source::Csv { .. } = source
        && let Some(table) = fixed_table(source, error)
    {
        return Some(table);
    }
    if let Some(arrays) = fixed_arrays(source) {
        return Some(arrays);
    }
    let (width, height, channels) = match source {
        Source::ImageFolder { width, height, channels, .. } => (*width, *height, *channels),
        Source::Digits
        | Source::Synthetic(_)
        | Source::Idx { .. }
        | Source::Csv { .. }
        | Source::Npy { .. } => (32, 32, Channels::default()),
    };
    let found = source_for(path, width, height, channels).ok()?;
    (found.name() != source.name() || found.path() != source.path()).then_some(found)
}

/// Detects the arrays again that do not exist in the archive under the chosen names.
fn fixed_arrays(source: &Source) -> Option<Source> {
    let mut fixed_source = source.clone();
    let Source::Npy { path, array, labels, reading } = &mut fixed_source else { return None };
    let there = npy::array_names(path).ok()?;
    let ArrayReading { validation, validation_labels, test, test_labels, .. } = reading;
    for name in [array, labels, validation, validation_labels, test, test_labels] {
        name.take_if(|name| !name.is_empty() && !there.contains(name));
    }
    (fixed_source != *source).then_some(fixed_source)
}

/// Makes the column of the failing word a label; detects the layout of the first rows; or drops
/// labels that are missing or leave no features.
fn fixed_table(source: &Source, error: &DataError) -> Option<Source> {
    let mut fixed_source = source.clone();
    let Source::Csv { path, labels, header, delimiter, .. } = &mut fixed_source else { return None };
    let preview = csv::sniff(path).ok()?;
    let is_laid_out_otherwise = (matches!(*header, Header::Yes | Header::No) && *header != preview.header)
        || (*delimiter != Delimiter::Auto
            && preview.delimiter != Delimiter::Auto
            && *delimiter != preview.delimiter);
    match error {
        DataError::Word { .. } | DataError::Content { .. } if is_laid_out_otherwise => {
            (*header, *delimiter) = (Header::Auto, Delimiter::Auto);
        }
        DataError::Word { column, .. } => {
            labels.push(column.clone());
            // A single click for all columns of words.
            let known: HashSet<String> = labels.iter().cloned().collect();
            labels.extend(preview.labels.iter().filter(|name| !known.contains(*name)).cloned());
        }
        DataError::Content { .. } => {
            let columns: HashSet<&String> = preview.columns.iter().collect();
            labels.retain(|label| columns.contains(label));
            if labels.len() == preview.columns.len() {
                labels.clear();
            }
        }
        DataError::Cancelled
        | DataError::File { .. }
        | DataError::Memory { .. }
        | DataError::HeldOut(_)
        | DataError::Setting(_) => return None,
    }
    if labels.len() >= preview.columns.len() {
        return None;
    }
    (fixed_source != *source).then_some(fixed_source)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::dataset::{Progress, load};
    use crate::project::{Data, Missing};

    fn csv(path: std::path::PathBuf, header: Header, delimiter: Delimiter, labels: &[&str]) -> Source {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        Source::Csv {
            path,
            header,
            delimiter,
            labels,
            missing: Missing::default(),
            reading: crate::project::TableReading::default(),
        }
    }

    #[test]
    fn fixed_sources_can_be_loaded() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let rows = "1,2,red,a\n3,4,blue,b\n5,6,red,b\n7,8,blue,a\n";
        let words = file("words.csv", &format!("x,y,colour,letter\n{rows}"));
        let semicolons = file("semicolons.csv", "x;y\n1;2\n3;4\n5;6\n7;8\n");
        let (auto, any) = (Header::Auto, Delimiter::Auto);
        let check = |source: Source, expected: Source| {
            let failed = |source: &Source| {
                load(&Data { source: source.clone(), ..Data::default() }, &Progress::default()).err()
            };
            let error = failed(&source).expect("it cannot be loaded");
            assert_eq!(fixed_source(&source, &error).as_ref(), Some(&expected), "{error}");
            assert_eq!(failed(&expected), None);
        };
        let stray = file("stray.csv", "x,y\n1,2\n3,oops\n5,6\n");
        check(csv(stray.clone(), auto, any, &[]), csv(stray, auto, any, &["y"]));
        check(
            csv(words.clone(), auto, any, &["colour", "letter", "size"]),
            csv(words.clone(), auto, any, &["colour", "letter"]),
        );
        check(csv(semicolons.clone(), auto, Delimiter::Comma, &[]), csv(semicolons.clone(), auto, any, &[]));
        check(csv(semicolons.clone(), auto, any, &["x", "y"]), csv(semicolons.clone(), auto, any, &[]));
        check(
            Source::Npy {
                path: semicolons.clone(),
                array: None,
                labels: None,
                reading: ArrayReading::default(),
            },
            csv(semicolons.clone(), auto, Delimiter::Semicolon, &[]),
        );
    }

    #[test]
    fn what_is_missing_or_damaged_is_not_guessed_at() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        let error = DataError::content(&path, "line 2", "…");
        assert_eq!(fixed_source(&csv(path.clone(), Header::Auto, Delimiter::Auto, &[]), &error), None);
        fs::write(&path, "x,y\n1,\"2,5\"\n").unwrap();
        assert_eq!(fixed_source(&csv(path, Header::Auto, Delimiter::Auto, &[]), &error), None);
        assert_eq!(fixed_source(&Source::Digits, &error), None);
    }
}
