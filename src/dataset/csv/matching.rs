//! Matching the columns of another table with those of a trained run, by name.

use std::collections::{HashMap, HashSet};

use super::evidence::{Content, Evidence};
use super::layout::TableLayout;
use super::made_up::made_up_places;
use super::remarks::Remarks;
use super::text::Text;
use super::{ReadOptions, listed, shortened, units};
use crate::dataset::{Column, ColumnKind, DataError, Known, OtherColumn, Progress, memory};
use crate::project::{Choice, Header, Take};

/// The columns of a table that correspond to those of a run.
pub(super) struct Matched<'a> {
    known: &'a [Column],
    /// For each column of the table, the index of the run's column.
    by_column: Vec<Option<usize>>,
    /// All columns of the training data by name; for those that were not features, whether they
    /// were labels.
    names: HashMap<&'a str, Option<bool>>,
}

impl<'a> Matched<'a> {
    /// Finds the run's columns by name; by position if a table has no names, which are then set if
    /// the run knows all of them.
    ///
    /// # Errors
    /// [`DataError::Content`] with the names of columns that are missing.
    pub(super) fn find(
        text: &Text<'_>,
        layout: &mut TableLayout,
        evidence: &[Evidence],
        options: &ReadOptions<'_>,
        known: Known<'a>,
        remarks: &mut Remarks,
        progress: &Progress,
    ) -> Result<Matched<'a>, DataError> {
        let mut by_column = by_name(layout, known.columns);
        // Names generated from positions mean nothing in a table with another number of columns.
        let has_other_places = !layout.has_names()
            && layout.columns.len() != known.columns.len() + known.others.len()
            && made_up_places(known.columns, usize::MAX).is_some();
        if has_other_places || by_column.iter().flatten().count() < known.columns.len() {
            let warning;
            (by_column, warning) = match by_place(layout, evidence, options, known) {
                Some(Places::OfFeatures(places)) => {
                    let mut by_column = vec![None; layout.columns.len()];
                    places.into_iter().enumerate().for_each(|(at, column)| by_column[column] = Some(at));
                    let warning = if layout.has_names() {
                        "the run was trained on a table without a header: columns are matched by position"
                    } else {
                        "the table has no header: its columns are matched with those of the run by position"
                    };
                    (by_column, warning)
                }
                Some(Places::OfAll(names)) => {
                    progress.budget().take(names.iter().map(|name| memory::text_bytes(name.len())).sum())?;
                    layout.columns = names;
                    let warning = "the table has no header: all its columns, labels too, are matched with \
                         those of the training data by position";
                    (by_name(layout, known.columns), warning)
                }
                None => return Err(unmatched(text, layout, known.columns)),
            };
            remarks.warnings.push(warning.to_owned());
        }
        report_labels(layout, options, remarks);
        report_units(layout, evidence, known.columns, &by_column, remarks);
        let features = known.columns.iter().map(|column| (column.name.as_str(), None));
        let others = known.others.iter().map(|other| (other.name.as_str(), Some(other.is_label)));
        Ok(Matched { known: known.columns, by_column, names: features.chain(others).collect() })
    }

    /// Reports columns that the run does not know.
    pub(super) fn report_extra(
        &self,
        layout: &TableLayout,
        options: &ReadOptions<'_>,
        takes: &[Take],
        remarks: &mut Remarks,
    ) {
        let chosen: HashSet<&String> =
            options.labels.iter().chain(options.reading.columns.iter().map(|choice| &choice.name)).collect();
        for (take, what) in [
            (Take::LeftOut, "columns the run was not trained on are left out"),
            (Take::Label, "columns the run was not trained on are read as labels"),
        ] {
            let names: Vec<&String> = (0..layout.columns.len())
                .filter(|at| self.by_column[*at].is_none() && takes[*at] == take)
                .map(|at| &layout.columns[at])
                .filter(|name| !chosen.contains(name) && !self.knows(name))
                .collect();
            if !names.is_empty() {
                remarks.notes.push(format!("{what}: {}", listed(&names)));
            }
        }
    }

    /// The run's kind of a column of the table; `None` if the run does not know it.
    pub(super) fn feature(&self, at: usize) -> Option<&'a ColumnKind> {
        self.by_column[at].map(|known| &self.known[known].kind)
    }

    /// Whether a column was a label in the training data, or was skipped; `None` if it was neither.
    pub(super) fn was_label(&self, name: &str) -> Option<bool> {
        self.names.get(name).copied().flatten()
    }

    /// Whether the training data had a column with this name.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// The run's columns, and for each column of the table where its features begin.
    pub(super) fn places(&self) -> (Vec<Column>, Vec<usize>) {
        let mut starts = Vec::with_capacity(self.known.len());
        let mut place = 0;
        for column in self.known {
            starts.push(place);
            place += column.features();
        }
        let places = self.by_column.iter().map(|known| known.map_or(0, |known| starts[known])).collect();
        (self.known.to_vec(), places)
    }
}

/// For each column of the table, the index of the run's column with the same name.
fn by_name(layout: &TableLayout, known: &[Column]) -> Vec<Option<usize>> {
    let places: HashMap<&str, usize> =
        (0..).zip(known).map(|(at, column)| (column.name.as_str(), at)).collect();
    let by_column: Vec<Option<usize>> =
        layout.columns.iter().map(|name| places.get(name.as_str()).copied()).collect();
    with_units(layout, known, by_column)
}

/// Adds the columns whose names differ only in that one includes its unit in brackets, if that is
/// the unit of the other: `Temp (°C)` and `Temp` with `°C` below it.
fn with_units(
    layout: &TableLayout,
    known: &[Column],
    mut by_column: Vec<Option<usize>>,
) -> Vec<Option<usize>> {
    fn key<'a>(name: &'a str, unit: Option<&'a str>) -> Option<(&'a str, &'a str)> {
        units::split(name).or_else(|| Some((name.trim(), unit?)))
    }
    if by_column.iter().flatten().count() == known.len() {
        return by_column;
    }
    let found: HashSet<usize> = by_column.iter().flatten().copied().collect();
    let mut places: HashMap<&str, Vec<(usize, &str)>> = HashMap::new();
    for (at, column) in known.iter().enumerate().filter(|(at, _)| !found.contains(at)) {
        if let Some((base, unit)) = key(&column.name, column.unit.as_deref()) {
            places.entry(base).or_default().push((at, unit));
        }
    }
    for (at, name) in layout.columns.iter().enumerate() {
        let own = || key(name, layout.units.get(at).map(String::as_str).filter(|unit| !unit.is_empty()));
        if by_column[at].is_none()
            && let Some((base, unit)) = own()
            && let Some([(place, wanted)]) = places.get(base).map(Vec::as_slice)
            && units::are_same(unit, wanted)
        {
            by_column[at] = Some(*place);
            places.remove(base);
        }
    }
    by_column
}

/// Warns about numbers with other units than in training, and reports which have none.
fn report_units(
    layout: &TableLayout,
    evidence: &[Evidence],
    known: &[Column],
    by_column: &[Option<usize>],
    remarks: &mut Remarks,
) {
    let mut unnamed = Vec::new();
    for (at, place) in by_column.iter().enumerate() {
        let Some(column) = place.and_then(|place| known.get(place)) else { continue };
        let Some(trained) = &column.unit else { continue };
        let (name, suffix) = (shortened(&column.name), evidence[at].suffix());
        match units::of_column(layout, at, &suffix) {
            Some(unit) if units::are_same(unit, trained) => {}
            Some(unit) => remarks.warnings.push(format!(
                "\"{name}\" was trained in {trained}, but this file has {unit}: convert its numbers to \
                 {trained}"
            )),
            None => unnamed.push(format!("{name} ({trained})")),
        }
    }
    if !unnamed.is_empty() {
        let message = "this file does not name the units of some trained columns, so the units of the \
             training data are assumed";
        remarks.notes.push(format!("{message}: {}", listed(&unnamed)));
    }
}

/// The positions of columns without the run's names.
enum Places {
    /// The position of each of the run's features.
    OfFeatures(Vec<usize>),
    /// The names of all columns.
    OfAll(Vec<String>),
}

/// The positions of the run's columns: in a table without a header, or for a run trained on one.
/// `None` if that would be a guess.
fn by_place(
    layout: &TableLayout,
    evidence: &[Evidence],
    options: &ReadOptions<'_>,
    known: Known<'_>,
) -> Option<Places> {
    let made_up = made_up_places(known.columns, usize::MAX).is_some();
    if layout.has_names() && !made_up {
        return None;
    }
    let labels: HashSet<&String> = options.labels.iter().collect();
    let count = layout.columns.len();
    let free: Vec<usize> = (0..count).filter(|at| !labels.contains(&layout.columns[*at])).collect();
    if free.len() == known.columns.len() {
        Some(Places::OfFeatures(free))
    } else if count == known.columns.len() {
        Some(Places::OfFeatures((0..count).collect()))
    } else if let Some(places) =
        made_up_places(known.columns, count).filter(|places| has_all(evidence, known, places))
    {
        Some(Places::OfFeatures(places))
    } else if !layout.has_names() {
        all_names(known, count).map(Places::OfAll)
    } else {
        None
    }
}

/// Whether a table has all columns of the training data, including those at `places`. Older runs do
/// not store their other columns; gaps between the features and words reveal these.
fn has_all(evidence: &[Evidence], known: Known<'_>, places: &[usize]) -> bool {
    let has_words = |evidence: &Evidence| evidence.judge(None) == Content::Words;
    let has_gap = places.iter().max().is_some_and(|last| *last >= places.len());
    evidence.len() == known.columns.len() + known.others.len()
        || (known.others.is_empty() && (has_gap || evidence.iter().skip(places.len()).all(has_words)))
}

/// The names of all columns of the training data in order, if there were `count` of them.
fn all_names(known: Known<'_>, count: usize) -> Option<Vec<String>> {
    if known.columns.len() + known.others.len() != count {
        return None;
    }
    let mut names: Vec<Option<&String>> = vec![None; count];
    for OtherColumn { name, place, .. } in known.others {
        *names.get_mut(*place)? = Some(name);
    }
    let mut features = known.columns.iter().map(|column| &column.name);
    names.into_iter().map(|name| name.or_else(|| features.next()).cloned()).collect()
}

/// The error for a table in which not all columns of a run are found.
fn unmatched(text: &Text<'_>, layout: &TableLayout, known: &[Column]) -> DataError {
    let names: Vec<&String> = known.iter().map(|column| &column.name).collect();
    let (count, is_made_up) = (layout.columns.len(), made_up_places(known, usize::MAX).is_some());
    let message = if is_made_up {
        format!(
            "the table has {count} columns, but the run was trained on {}; use a table with the same columns",
            listed(&names)
        )
    } else if layout.has_names() {
        let by_column = by_name(layout, known);
        let there: HashSet<usize> = by_column.iter().flatten().copied().collect();
        let missing = (0..).zip(names).filter(|(at, _)| !there.contains(at));
        let missing: Vec<&String> = missing.map(|(_, name)| name).collect();
        let extra = layout.columns.iter().zip(&by_column).filter(|(_, place)| place.is_none());
        let extra: Vec<&String> = extra.map(|(name, _)| name).collect();
        let more = match &extra[..] {
            [] => String::new(),
            extra => format!(" (unknown columns: {})", listed(extra)),
        };
        let unit = missing.iter().find_map(|name| {
            let column = known.iter().find(|column| column.name == **name)?;
            let base =
                |name: &'_ str| units::split(name).map_or(name.to_owned(), |(base, _)| base.to_owned());
            let other = extra.iter().find(|other| base(other) == base(name))?;
            let (trained, unit) = (column.unit.as_ref()?, units::split(other)?.1);
            Some(format!("; \"{}\" was trained in {trained}, but this file has {unit}", shortened(name)))
        });
        let unit = unit.unwrap_or_default();
        let has_none = missing.len() == known.len() && layout.has_header;
        let header = if has_none { first_row_is(Header::No) } else { String::new() };
        format!(
            "columns the run was trained on are missing: {}{more}; add them, or give them the names of the training \
             data{unit}{header}",
            listed(&missing)
        )
    } else {
        // Which of them would be features cannot be guessed: each would become another column.
        format!(
            "the table has no column names that the run knows, and {count} columns where it was trained on \
             {}: {}; add a header with the names of its columns{}",
            known.len(),
            listed(&names),
            first_row_is(Header::Yes)
        )
    };
    DataError::content(text.path, "header", message)
}

/// The fix if the first row was misread as a header or as data.
pub(super) fn first_row_is(header: Header) -> String {
    let what = if header == Header::No { "a row of data" } else { "the names of the columns" };
    format!("; if the first row is {what}, choose that ({})", Choice::Header(header).option())
}

fn report_labels(layout: &TableLayout, options: &ReadOptions<'_>, remarks: &mut Remarks) {
    let there: HashSet<&String> = layout.columns.iter().collect();
    let gone: Vec<&String> = options.labels.iter().filter(|label| !there.contains(label)).collect();
    if !gone.is_empty() {
        remarks.notes.push(format!("label columns that this table does not have: {}", listed(&gone)));
    }
}
