use super::raw::Raw;
use super::{
    Binariser, Column, DataError, Dataset, Depth, LabelColumn, LabelValues, OtherColumn, Progress,
    ReadReport, Settled, SplitRows, Subset, class_of, csv, digits, fit, idx, image_folder, npy, own_labels,
    picture, rows, split, squeezed, synthetic,
};
use crate::project::{Data, Source, visible, visible_list};

/// Loads, splits and scales the data a project asks for.
///
/// The scaler and the values that fill missing ones are fitted on the training split only.
/// `progress` reports the load and can cancel it.
///
/// # Errors
/// Missing, damaged or unexpected files, invalid settings, data that do not fit into memory, and
/// [`DataError::Cancelled`].
pub fn load(data: &Data, progress: &Progress) -> Result<Dataset, DataError> {
    load_known(data, None, progress)
}

/// Facts about a network's training data.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// The mean of each feature over the training rows, unscaled, which fills missing values;
    /// ignored for another number of features.
    pub means: &'a [f32],
    /// The columns, in the order of its features; empty if unknown.
    pub columns: &'a [Column],
    /// Decisions based on all pictures together; the default if unknown.
    pub settled: Settled,
    /// The bit depth of its pixels, if known.
    pub depth: Option<Depth>,
    /// The other columns of that table; empty if unknown.
    pub others: &'a [OtherColumn],
}

/// [`load`] for a network trained on other data: the columns of a table are matched by name and
/// become features like those in training, and missing values are filled with the training means,
/// because they must not depend on which rows are loaded. Pictures are read as in training, unless
/// chosen otherwise.
///
/// # Errors
/// As [`load`]; [`DataError::Content`] if columns are missing, with their names, or if a table
/// without a header has another number of columns.
pub fn load_known(data: &Data, known: Option<Known<'_>>, progress: &Progress) -> Result<Dataset, DataError> {
    let loaded = load_whole(data, known, progress);
    let (name, remedy) = match &data.source {
        Source::Digits => ("the digits".to_owned(), "close other programs"),
        Source::Synthetic(kind) => (kind.name().to_owned(), synthetic::REMEDY),
        Source::ImageFolder { path, .. } => (path.display().to_string(), image_folder::REMEDY),
        Source::Idx { images, .. } => (images.display().to_string(), idx::REMEDY),
        Source::Csv { path, .. } => (path.display().to_string(), csv::REMEDY),
        Source::Npy { path, .. } => (path.display().to_string(), npy::REMEDY),
    };
    // A cancelled reader fails with any error.
    loaded.map_err(|error| match progress.check() {
        Ok(()) => error.about(&name, remedy).of(&data.source),
        Err(cancelled) => cancelled,
    })
}

fn load_whole(data: &Data, known: Option<Known<'_>>, progress: &Progress) -> Result<Dataset, DataError> {
    progress.check()?;
    // Known before anything is read, so it should not take a long load to find out.
    split::check_fractions(&data.split)?;
    let mut raw = match &data.source {
        Source::Digits => digits::load()?,
        Source::Synthetic(kind) => synthetic::load(*kind, progress)?,
        Source::ImageFolder { path, width, height, channels, fit, reading } => {
            let wanted =
                picture::TargetFormat { width: *width, height: *height, channels: *channels, fit: *fit };
            image_folder::load(path, wanted, reading, data, known, progress)?
        }
        Source::Idx { images, labels, test_images, test_labels, reading } => {
            let files = idx::Files {
                images,
                labels: labels.as_deref(),
                test_images: test_images.as_deref(),
                test_labels: test_labels.as_deref(),
            };
            idx::load(files, reading, known.map(|known| known.columns), progress)?
        }
        Source::Csv { path, header, delimiter, labels, missing, reading } => {
            let options = csv::ReadOptions {
                header: *header,
                delimiter: *delimiter,
                labels,
                missing: *missing,
                reading,
                rules: data.rules,
            };
            csv::load_known(path, options, known.unwrap_or_default(), progress)?
        }
        Source::Npy { path, array, labels, reading } => {
            let options = npy::ReadOptions {
                array: array.as_deref(),
                labels: labels.as_deref(),
                reading,
                rules: data.rules,
            };
            npy::load(path, options, known.map(|known| known.columns), progress)?
        }
    };
    progress.check()?;

    let features = raw.shape.features();
    let count = raw.rows.len().checked_div(features).unwrap_or(0);
    if count == 0 {
        return Err(DataError::Setting(format!("{} has no rows; choose data with at least one", raw.name)));
    }
    let split = split_rows(&raw, data, progress)?;
    own_labels::add(&mut raw, data, progress)?;
    let mut gaps = fit::fill_gaps(&mut raw, &split, known.map(|known| known.means), progress)?;
    gaps.are_masked = data.masks_missing();
    // The newest warning has their number.
    if let Some(last) = raw.warnings.last_mut().filter(|_| gaps.masks_any() && raw.has_gaps) {
        last.push_str("; losses and errors ignore them");
    }
    let scaler = fit::fit(&mut raw, &split, data.scaling, progress)?;
    // A trained network has its own scaling.
    if matches!(data.source, Source::Npy { .. } | Source::Idx { .. }) && known.is_none() {
        raw.doubts.extend(squeezed::dark(&raw, data.scaling, progress)?);
    }
    // The reader of pictures compares their names.
    if !matches!(data.source, Source::ImageFolder { .. }) {
        raw.warnings.extend(squeezed::uniform(&raw, progress)?);
    }
    Ok(Dataset {
        read_report: read_report(&raw, &split),
        fingerprint: rows::fingerprint(raw.shape, &raw.rows, &raw.columns, progress)?,
        name: raw.name,
        shape: raw.shape,
        rows: raw.rows,
        labels: raw.labels,
        row_names: raw.row_names,
        source_rows: raw.source_rows,
        feature_names: raw.feature_names,
        shown_channels: raw.shown_channels,
        columns: raw.columns,
        overview: raw.overview,
        split,
        scaler,
        binariser: Binariser::of(data),
        gaps,
        settled: raw.settled,
        source_sizes: raw.source_sizes,
        warnings: raw.warnings.iter().map(|warning| visible(warning).into_owned()).collect(),
        doubts: raw.doubts,
    })
}

/// The rows for training, validation and test.
pub(super) fn split_rows(raw: &Raw, data: &Data, progress: &Progress) -> Result<SplitRows, DataError> {
    let count = raw.rows.len().checked_div(raw.shape.features()).unwrap_or(0);
    let classes = raw.labels.iter().find_map(LabelColumn::class_ids);
    let own = split::Own { validation: raw.own_validation, test: raw.own_test };
    let draw = |held_out| split::draw(count, own, classes, held_out, &data.split, progress);
    let Some(name) = &data.held_out else { return draw(None) };
    if let Some(found) = class_of(&raw.labels, name) {
        return draw(Some(found));
    }
    let Some((class, ids)) = own_labels::class_of(&data.own_labels, name, count, progress)? else {
        return Err(unknown_class(raw, name));
    };
    let split = draw(Some((class, &ids)));
    progress.budget().release(ids);
    split
}

/// Describes the data: their size, labels, splits, and how the source was read.
fn read_report(raw: &Raw, split: &SplitRows) -> ReadReport {
    let count = raw.rows.len() / raw.shape.features().max(1);
    let mut parts =
        vec![if raw.what.is_empty() { format!("{count} × {}", raw.shape) } else { raw.what.clone() }];
    match &raw.labels[..] {
        [] => parts.push("no labels".to_owned()),
        labels => {
            let names: Vec<&str> = labels.iter().map(|label| label.name.as_str()).collect();
            parts.push(format!("labels: {}", visible_list(&names)));
        }
    }
    let [train, validation, test] = Subset::ALL.map(|subset| split.rows(subset).len());
    let split = format!("{train}/{validation}/{test} train/validation/test");
    parts.push(split.clone());
    parts.extend(raw.understood.iter().cloned());
    ReadReport {
        line: visible(&parts.join("; ")).into_owned(),
        split,
        notes: raw.notes.iter().map(|note| visible(note).into_owned()).collect(),
    }
}

/// The error for a held-out class that does not exist.
fn unknown_class(raw: &Raw, name: &str) -> DataError {
    let classes = raw.labels.iter().find_map(|column| match &column.values {
        LabelValues::Classes { names, .. } => Some(names),
        LabelValues::Numbers(_) => None,
    });
    DataError::HeldOut(match classes {
        Some(names) => {
            let some: Vec<&str> = names.iter().take(12).map(String::as_str).collect();
            let more = if names.len() > some.len() { ", …" } else { "" };
            format!(
                "there is no class “{name}” to hold out: choose one of {}{more}, or none",
                some.join(", ")
            )
        }
        None => format!("these data have no classes, so “{name}” cannot be held out: choose none"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::{IndexSet, OwnLabel, Scaling, Split};

    #[test]
    fn cancelled_before_it_began() {
        let progress = Progress::default();
        progress.cancel();
        assert_eq!(load(&Data::default(), &progress), Err(DataError::Cancelled));
    }

    #[test]
    fn the_default_data_are_ready_to_train_on() {
        let data = load(&Data::default(), &Progress::default()).unwrap();
        assert_eq!(data.len(), 1797);
        assert_eq!(Subset::ALL.map(|s| data.split.rows(s).len()), [1437, 180, 180]);
        for subset in Subset::ALL {
            assert_eq!(data.value_range(subset), Some((0.0, 1.0)));
        }
    }

    #[test]
    fn a_class_that_is_held_out_is_kept_for_the_end() {
        let held = |name: &str| {
            let data = Data { held_out: Some(name.to_owned()), ..Data::default() };
            load(&data, &Progress::default())
        };
        let data = held("3").unwrap();
        let of_class = data.rows_of_class("3").unwrap();
        assert_eq!(of_class.len(), 183);
        for (subset, expected) in [(Subset::Train, 0), (Subset::Validation, 0), (Subset::Test, 183)] {
            let rows = data.split.rows(subset);
            assert_eq!(rows.iter().filter(|row| of_class.contains(row)).count(), expected, "{subset:?}");
        }
        // The fractions apply to the other 1614 rows.
        assert_eq!(Subset::ALL.map(|s| data.split.rows(s).len()), [1292, 161, 161 + 183]);
        let unknown = held("13").unwrap_err().to_string();
        assert!(unknown.contains("“13”") && unknown.contains("0, 1, 2"), "{unknown}");
        let source = Source::Synthetic(crate::project::Synthetic::Splines { count: 20, seed: 1 });
        let data = Data { source, held_out: Some("3".to_owned()), ..Data::default() };
        assert!(matches!(load(&data, &Progress::default()), Err(DataError::HeldOut(_))));
    }

    #[test]
    fn a_user_label_column_is_held_out_or_trained_on_alone() {
        let whole = load(&Data::default(), &Progress::default()).unwrap();
        let rows: Vec<u32> = (0..1797).step_by(3).collect();
        let label = |fingerprint, count| OwnLabel {
            name: "odd".to_owned(),
            fingerprint,
            count,
            rows: IndexSet::of(&rows),
        };
        let with = |label: OwnLabel, held_out: Option<&str>| {
            let held_out = held_out.map(str::to_owned);
            load(&Data { own_labels: vec![label], held_out, ..Data::default() }, &Progress::default())
        };
        let own = || label(whole.fingerprint, 1797);
        let data = with(own(), None).unwrap();
        assert_eq!((&data.split, data.fingerprint), (&whole.split, whole.fingerprint));
        let names = data.labels.iter().map(|column| column.name.as_str());
        assert_eq!(names.collect::<Vec<_>>(), ["label", "odd"]);
        assert_eq!(data.rows_of_class("odd").as_deref(), Some(&rows[..]));
        for (held_out, trained) in [("odd", false), ("not odd", true)] {
            let data = with(own(), Some(held_out)).unwrap();
            for subset in [Subset::Train, Subset::Validation] {
                let split = data.split.rows(subset);
                assert!(!split.is_empty() && split.iter().all(|row| (row % 3 == 0) == trained), "{held_out}");
            }
        }
        for other in [label(1, 1797), label(whole.fingerprint, 1796)] {
            let data = with(other.clone(), None).unwrap();
            assert_eq!(data.labels.len(), 1);
            assert!(data.warnings.iter().any(|warning| warning.contains("“odd” was made for other data")));
            assert!(matches!(with(other, Some("odd")), Err(DataError::HeldOut(_))));
        }
    }

    #[test]
    fn binarised_data_are_0_or_1_wherever_they_are_gathered() {
        for how in crate::project::Binarise::ALL {
            let data = load(&Data { binarise: how, ..Data::default() }, &Progress::default()).unwrap();
            assert_eq!(data.is_binary(), how != crate::project::Binarise::Off, "{how:?}");
        }
    }

    #[test]
    fn nonsense_fractions_are_found_before_the_files_are_read() {
        let data = Data {
            source: Source::Csv {
                path: "missing.csv".into(),
                header: crate::project::Header::Auto,
                delimiter: crate::project::Delimiter::Auto,
                labels: Vec::new(),
                missing: crate::project::Missing::ColumnMean,
                reading: crate::project::TableReading::default(),
            },
            scaling: Scaling::None,
            split: Split { validation: f32::NAN, ..Split::default() },
            ..Data::default()
        };
        let error = load(&data, &Progress::default()).unwrap_err();
        assert!(matches!(error, DataError::Setting(_)), "{error}");
    }
}
