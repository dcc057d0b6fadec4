//! The roles of columns: features, labels, or skipped.

use std::collections::{HashMap, HashSet};

use super::century::FIRST_YEAR;
use super::date::DateFormat;
use super::evidence::{Content, Evidence};
use super::ids::is_id;
use super::layout::TableLayout;
use super::matching::Matched;
use super::number::Notation;
use super::plain::plain_number;
use super::remarks::Remarks;
use super::suffixes::Suffix;
use super::text::Text;
use super::words::{WORDS, Words};
use super::{ReadOptions, decimal, doubts, label_names, listed, units};
use crate::dataset::error::column_place;
use crate::dataset::{Column, ColumnKind, DataError, foreign};
use crate::project::{Choice, DateUnit, Rules, TableReading, Take};

/// How the fields of a column are read.
#[derive(Clone, Debug)]
pub(super) enum Role {
    LeftOut,
    /// Numbers in this notation (plain ones without one) if all fields are numbers.
    Label(Option<Notation>),
    Numbers {
        notation: Notation,
        /// The text after each number.
        suffix: Suffix,
        base: f64,
    },
    Truth {
        words: [String; 2],
    },
    Dates {
        /// Their format.
        format: DateFormat,
        unit_secs: f64,
        base: f64,
        /// The first year of the century for two-digit years.
        first_year: u16,
    },
    /// The index of each word among the features.
    Categories {
        places: HashMap<String, usize>,
    },
}

/// The roles of all columns.
pub(super) struct Roles {
    /// The role of each column.
    pub by_column: Vec<Role>,
    /// The index of the first feature of each column of features.
    pub places: Vec<usize>,
    /// The columns that are features, in order.
    pub columns: Vec<Column>,
    pub features: usize,
    /// Whether the decimal mark of each column is a comma.
    pub commas: Vec<bool>,
    /// Whether the features are those of a trained run.
    pub are_known: bool,
}

impl Role {
    /// The corresponding choice.
    pub(super) fn take(&self) -> Take {
        match self {
            Role::LeftOut => Take::LeftOut,
            Role::Label(_) => Take::Label,
            Role::Numbers { .. } | Role::Truth { .. } => Take::Numbers,
            Role::Dates { .. } => Take::Dates,
            Role::Categories { .. } => Take::Categories,
        }
    }

    pub(super) fn is_feature(&self) -> bool {
        !matches!(self, Role::LeftOut | Role::Label(_))
    }

    /// Whether it agrees with a choice.
    fn is_as_chosen(&self, chosen: Take) -> bool {
        match chosen {
            Take::Feature => self.is_feature(),
            Take::Numbers | Take::Categories | Take::Dates | Take::Label | Take::LeftOut => {
                self.take() == chosen
            }
        }
    }
}

/// Decides on all columns: as chosen, as in a run, or as detected.
///
/// # Errors
/// [`DataError::Content`] for impossible choices, and if no feature is left.
pub(super) fn decide(
    text: &Text<'_>,
    layout: &TableLayout,
    evidence: &[Evidence],
    options: &ReadOptions<'_>,
    matched: Option<&Matched<'_>>,
    remarks: &mut Remarks,
) -> Result<Roles, DataError> {
    let chosen = Chosen::of(options);
    chosen.check(text, layout, matched, remarks)?;
    let numbers = chosen.numbers(layout, matched);
    let commas = decimal::marks(layout, evidence, options, matched, &numbers, remarks);
    let judge = RoleRules { text, layout, all: evidence, options, commas: &commas };
    let mut roles = Vec::with_capacity(layout.columns.len());
    for (at, (name, evidence)) in layout.columns.iter().zip(evidence).enumerate() {
        let take = chosen.take(name);
        roles.push(match (matched, take) {
            (Some(matched), take) => judge.of_run(at, take, evidence, matched, remarks),
            (None, Some(take)) => judge.chosen(at, take, evidence)?,
            (None, None) => judge.evident_role(at, evidence, remarks),
        });
    }
    if matched.is_none() && !roles.iter().any(Role::is_feature) {
        judge.find_features(&mut roles, evidence, &|name| chosen.take(name).is_some());
        if !roles.iter().any(Role::is_feature) {
            return Err(chosen.no_feature(text, layout));
        }
    }
    let (columns, places) = match matched {
        Some(matched) => matched.places(),
        None => in_order(layout, evidence, &roles),
    };
    match matched {
        None => remarks.features(layout, evidence, &roles, options),
        Some(matched) => remarks.known_features(layout, evidence, &roles, options, matched),
    }
    let features = columns.iter().map(Column::features).sum();
    Ok(Roles { by_column: roles, places, columns, features, commas, are_known: matched.is_some() })
}

/// The user's choices for columns.
struct Chosen<'a> {
    options: &'a ReadOptions<'a>,
    labels: HashSet<&'a String>,
    takes: HashMap<&'a String, Take>,
}

impl<'a> Chosen<'a> {
    fn of(options: &'a ReadOptions<'a>) -> Chosen<'a> {
        let takes = options.reading.columns.iter().map(|choice| (&choice.name, choice.take));
        Chosen { options, labels: options.labels.iter().collect(), takes: takes.collect() }
    }

    /// The choice for a column. The list of labels takes precedence, except over skipped columns.
    fn take(&self, name: &String) -> Option<Take> {
        match self.takes.get(name) {
            Some(Take::LeftOut) => Some(Take::LeftOut),
            _ if self.labels.contains(name) => Some(Take::Label),
            take => take.copied(),
        }
    }

    /// Refuses labels that do not exist, and reports other unused choices.
    fn check(
        &self,
        text: &Text<'_>,
        layout: &TableLayout,
        matched: Option<&Matched<'_>>,
        remarks: &mut Remarks,
    ) -> Result<(), DataError> {
        let years = TableReading::FIRST_YEARS;
        if let Some(year) = self.options.reading.first_year.filter(|year| !years.contains(year)) {
            let (first, last) = years.into_inner();
            let message =
                format!("the first year for two-digit years is {year}; choose one from {first} to {last}");
            return Err(DataError::Setting(message));
        }
        let there: HashSet<&String> = layout.columns.iter().collect();
        if matched.is_none()
            && let Some(unknown) = self.options.labels.iter().find(|label| !there.contains(label))
        {
            let names = listed(&layout.columns);
            let message = format!("there is no label column \"{unknown}\"; the columns are {names}");
            return Err(DataError::content(text.path, "header", message));
        }
        let is_there =
            |name: &String| there.contains(name) || matched.is_some_and(|matched| matched.knows(name));
        let chosen = self.options.reading.columns.iter().map(|choice| &choice.name);
        let gone: Vec<&String> = chosen.filter(|name| !is_there(name)).collect();
        if !gone.is_empty() {
            let message = "choices for columns that do not exist are ignored";
            remarks.notes.push(format!("{message}: {}", listed(&gone)));
        }
        Ok(())
    }

    /// The columns that may be numbers.
    fn numbers(&self, layout: &TableLayout, matched: Option<&Matched<'_>>) -> Vec<usize> {
        let is_number = |at: &usize| match matched {
            Some(matched) => matches!(
                matched.feature(*at),
                Some(ColumnKind::Numbers { .. } | ColumnKind::CommaNumbers { .. })
            ),
            None => matches!(self.take(&layout.columns[*at]), None | Some(Take::Feature | Take::Numbers)),
        };
        (0..layout.columns.len()).filter(is_number).collect()
    }

    /// The error for a table without features.
    fn no_feature(&self, text: &Text<'_>, layout: &TableLayout) -> DataError {
        let message = match layout.columns.iter().find(|name| self.take(name).is_none()) {
            None => "every column is a label; leave at least one as a feature".to_owned(),
            Some(name) => {
                let option = Choice::Column(name.clone(), Some(Take::Categories)).option();
                let other = match text.sheet() {
                    None if layout.columns.len() == 1 && name.trim().contains("  ") => {
                        let command = foreign::fixed_widths(text.path, name.contains(char::is_alphabetic));
                        format!(
                            "if columns have fixed positions and some fields are empty, convert the table \
                             ({command}); otherwise choose another delimiter, or "
                        )
                    }
                    None => "choose another delimiter, or ".to_owned(),
                    Some(sheet) => sheet.other().map_or_else(String::new, |other| {
                        format!("choose another sheet ({}), or ", other.option())
                    }),
                };
                format!("no column contains numbers; {other}read words as categories ({option})")
            }
        };
        DataError::content(text.path, "header", message)
    }
}

/// The message about a choice that a trained run does not follow.
fn not_as_chosen(name: &str, role: &Role, is_known: bool) -> String {
    let what = if is_known { "is read as in the training of the run" } else { "is not a feature of the run" };
    let (name, take) = (super::shortened(name), role.take().name());
    format!("\"{name}\" {what} ({take}): the choice made for it is ignored")
}

/// The features in column order, and where each column's features begin.
fn in_order(layout: &TableLayout, evidence: &[Evidence], roles: &[Role]) -> (Vec<Column>, Vec<usize>) {
    let (mut columns, mut places, mut place) = (Vec::new(), Vec::with_capacity(roles.len()), 0);
    for (at, (name, (evidence, role))) in (0..).zip(layout.columns.iter().zip(evidence.iter().zip(roles))) {
        places.push(place);
        let kind = match role {
            Role::LeftOut | Role::Label(_) => continue,
            Role::Numbers { notation, base, .. } if notation.has_comma() => {
                ColumnKind::CommaNumbers { base: *base }
            }
            Role::Numbers { base, .. } => ColumnKind::Numbers { base: *base },
            Role::Truth { words } => ColumnKind::Truth { words: words.clone() },
            Role::Dates { format, unit_secs, base, first_year } => {
                let first_year = (*first_year != FIRST_YEAR).then_some(*first_year);
                let format = if evidence.zones().0 { format.utc_name() } else { format.name().to_owned() };
                ColumnKind::Dates { format, unit: unit_of(*unit_secs), base: *base, first_year }
            }
            Role::Categories { places } => {
                let mut words: Vec<String> = places.keys().cloned().collect();
                words.sort_unstable();
                ColumnKind::Categories { words }
            }
        };
        let unit = match role {
            Role::Numbers { suffix, .. } => units::of_column(layout, at, suffix).map(str::to_owned),
            Role::LeftOut
            | Role::Label(_)
            | Role::Truth { .. }
            | Role::Dates { .. }
            | Role::Categories { .. } => None,
        };
        let column = Column { name: name.clone(), kind, unit };
        place += column.features();
        columns.push(column);
    }
    (columns, places)
}

/// Decides on single columns.
struct RoleRules<'a> {
    text: &'a Text<'a>,
    layout: &'a TableLayout,
    all: &'a [Evidence],
    options: &'a ReadOptions<'a>,
    /// Whether the decimal mark of each column is a comma.
    commas: &'a [bool],
}

impl RoleRules<'_> {
    fn notation(&self, at: usize, evidence: &Evidence) -> Notation {
        evidence.notation(Some(self.commas[at]))
    }

    fn label(&self, at: usize, evidence: &Evidence) -> Role {
        Role::Label((self.options.rules == Rules::Current).then(|| self.notation(at, evidence)))
    }

    /// A column that is not a feature of the run: a label if it was one in the training data, or
    /// looks like one.
    fn extra(&self, at: usize, evidence: &Evidence, was_label: Option<bool>) -> Role {
        let is_class = match evidence.judge(Some(self.commas[at])) {
            Content::Words | Content::Truth { .. } => true,
            Content::Numbers { .. } => evidence.are_whole() && label_names::has_classes(evidence),
            Content::Nothing | Content::Dates { .. } => false,
        };
        let is_named = label_names::is_label_name(&self.layout.columns[at]);
        let is_label = was_label.unwrap_or_else(|| is_class || is_named || is_id(self.layout, self.all, at));
        if is_label && !self.options.reading.only_labels { self.label(at, evidence) } else { Role::LeftOut }
    }

    /// A column of a table for a trained run: choices apply only to columns the run does not know.
    fn of_run(
        &self,
        at: usize,
        chosen: Option<Take>,
        evidence: &Evidence,
        matched: &Matched<'_>,
        remarks: &mut Remarks,
    ) -> Role {
        let name = &self.layout.columns[at];
        let role = match (matched.feature(at), chosen) {
            (Some(kind), _) => self.as_known(at, kind, evidence),
            (None, Some(Take::LeftOut)) => Role::LeftOut,
            (None, Some(Take::Label)) => self.label(at, evidence),
            (None, Some(Take::Feature | Take::Numbers | Take::Categories | Take::Dates) | None) => {
                self.extra(at, evidence, matched.was_label(name))
            }
        };
        if chosen.is_some_and(|chosen| !role.is_as_chosen(chosen)) {
            remarks.warnings.push(not_as_chosen(name, &role, matched.feature(at).is_some()));
        }
        role
    }

    fn as_known(&self, at: usize, kind: &ColumnKind, evidence: &Evidence) -> Role {
        match kind {
            ColumnKind::Numbers { base } | ColumnKind::CommaNumbers { base } => Role::Numbers {
                notation: self.notation(at, evidence),
                suffix: evidence.suffix(),
                base: *base,
            },
            ColumnKind::Truth { words } => Role::Truth { words: words.clone() },
            ColumnKind::Dates { format, unit, base, first_year } => {
                let known = DateFormat::of_name(format);
                // Times of day are not durations, though some digits fit both.
                let is_alike =
                    |found: &DateFormat| known.is_none_or(|known| known.is_duration() == found.is_duration());
                let found = evidence.date_format().filter(is_alike);
                let given = found.filter(|found| found.order() == Some(self.options.reading.date_order));
                // One format for all rows: day and month must not be swapped between rows.
                match given.or(known.filter(|known| evidence.fits(*known))).or(found).or(known) {
                    Some(format) => Role::Dates {
                        format,
                        unit_secs: unit.secs(),
                        base: *base,
                        first_year: self.options.reading.first_year.or(*first_year).unwrap_or(FIRST_YEAR),
                    },
                    // A format from another version, whose dates may have become numbers.
                    None => Role::Numbers {
                        notation: self.notation(at, evidence),
                        suffix: evidence.suffix(),
                        base: *base,
                    },
                }
            }
            ColumnKind::Categories { words } => {
                let places = (0..).zip(words).map(|(place, word)| (word.clone(), place));
                Role::Categories { places: places.collect() }
            }
        }
    }

    fn chosen(&self, at: usize, take: Take, evidence: &Evidence) -> Result<Role, DataError> {
        let refused = |message: String| {
            let place = column_place(&super::shortened(&self.layout.columns[at]));
            Err(DataError::content(self.text.path, place, message))
        };
        match take {
            Take::LeftOut => Ok(Role::LeftOut),
            Take::Label => Ok(self.label(at, evidence)),
            Take::Feature => match self.as_values(at, evidence) {
                Some(role) => Ok(role),
                None => self.chosen(at, Take::Categories, evidence),
            },
            Take::Numbers => match evidence.judge(Some(self.commas[at])) {
                // A number that marks rows is a number.
                Content::Truth { words } if plain_number(&words[1]).is_none() => Ok(Role::Truth { words }),
                Content::Words if let Some(word) = evidence.only_word() => {
                    Ok(Role::Truth { words: [String::new(), word] })
                }
                Content::Numbers { .. }
                | Content::Truth { .. }
                | Content::Nothing
                | Content::Dates { .. }
                | Content::Words => Ok(self.numbers(self.notation(at, evidence), evidence)),
            },
            Take::Categories => match evidence.distinct() {
                Some(0) => refused("contains no words; leave it out, or read it as numbers".to_owned()),
                Some(_) => Ok(categories(evidence)),
                None => refused(format!(
                    "has more than {WORDS} different words, too many for categories; read it as a label, or \
                     leave it out"
                )),
            },
            Take::Dates => match evidence.date_format() {
                Some(format) => Ok(self.dates(at, format, evidence)),
                None => refused(doubts::no_dates(evidence, self.options.reading)),
            },
        }
    }

    /// A column without a choice: ids, and words that are too many for features, are labels.
    fn evident_role(&self, at: usize, evidence: &Evidence, remarks: &mut Remarks) -> Role {
        let (is_current, only_labels) =
            (self.options.rules == Rules::Current, self.options.reading.only_labels);
        // Lines that begin or end with delimiters.
        let is_nameless =
            self.layout.columns.len() > 1 && self.layout.columns[at] == format!("column {}", at + 1);
        if is_nameless && is_current && evidence.judge(Some(self.commas[at])) == Content::Nothing {
            let note = "empty columns without a name are left out";
            if !remarks.notes.iter().any(|known| known == note) {
                remarks.notes.push(note.to_owned());
            }
            return Role::LeftOut;
        }
        if is_current && !only_labels && is_id(self.layout, self.all, at) {
            return self.label(at, evidence);
        }
        match self.as_values(at, evidence) {
            Some(role) => role,
            None if label_names::are_few(evidence) => categories(evidence),
            None if only_labels => Role::LeftOut,
            None => self.label(at, evidence),
        }
    }

    /// The single feature of a column, by its content; `None` for words.
    fn as_values(&self, at: usize, evidence: &Evidence) -> Option<Role> {
        Some(match evidence.judge(Some(self.commas[at])) {
            Content::Nothing => Role::Numbers { notation: Notation::Point, suffix: Suffix::None, base: 0.0 },
            Content::Numbers { notation, .. } => self.numbers(notation, evidence),
            Content::Truth { words } => Role::Truth { words },
            Content::Dates { format, .. } => self.dates(at, format, evidence),
            Content::Words => return None,
        })
    }

    /// At least one feature is needed: if all columns would be labels, numbers that look like ids
    /// become features, and if there are none, words of few kinds, with those that look like ids
    /// last.
    fn find_features(&self, roles: &mut [Role], evidence: &[Evidence], is_chosen: &dyn Fn(&String) -> bool) {
        let columns = &self.layout.columns;
        let free: Vec<usize> = (0..roles.len()).filter(|at| !is_chosen(&columns[*at])).collect();
        for &at in &free {
            if let (Role::Label(_), Some(role)) = (&roles[at], self.as_values(at, &evidence[at])) {
                roles[at] = role;
            }
        }
        for wants_ids in [false, true] {
            if roles.iter().any(Role::is_feature) {
                return;
            }
            for &at in free.iter().filter(|_| columns.len() > 1) {
                let is_few = evidence[at]
                    .distinct()
                    .is_some_and(|words| (1..=label_names::FEW_WORDS).contains(&words));
                if is_few && is_id(self.layout, evidence, at) == wants_ids {
                    roles[at] = categories(&evidence[at]);
                }
            }
        }
        if roles.iter().any(Role::is_feature) {
            return;
        }
        // Digits with leading zeros are numbers after all.
        for &at in free.iter().filter(|at| evidence[**at].are_padded_codes()) {
            roles[at] = self.numbers(self.notation(at, &evidence[at]), &evidence[at]);
        }
    }

    fn numbers(&self, notation: Notation, evidence: &Evidence) -> Role {
        let base = match self.options.rules {
            Rules::Current => base(evidence, notation),
            Rules::Version1 => 0.0,
        };
        Role::Numbers { notation, suffix: evidence.suffix(), base }
    }

    fn dates(&self, at: usize, format: DateFormat, evidence: &Evidence) -> Role {
        let unit = match self.options.reading.dates {
            DateUnit::Auto if format.has_time() => DateUnit::Seconds,
            DateUnit::Auto => DateUnit::Days,
            given @ (DateUnit::Seconds | DateUnit::Hours | DateUnit::Days | DateUnit::Years) => given,
        };
        let unit_secs = unit.secs();
        let found = || evidence.first_year(format, &self.layout.columns[at]);
        let first_year = self.options.reading.first_year.unwrap_or_else(found);
        let first = evidence.first_date(format, first_year).unwrap_or_default();
        Role::Dates { format, unit_secs, base: (first / unit_secs).floor(), first_year }
    }
}

fn categories(evidence: &Evidence) -> Role {
    let mut words: Vec<String> =
        evidence.words().into_iter().flat_map(Words::iter).map(|(word, _)| word).collect();
    words.sort_unstable();
    Role::Categories { places: (0..).zip(words).map(|(place, word)| (word, place)).collect() }
}

/// The base subtracted from the numbers of a column, so that 32 bits can distinguish them: 0 if it
/// is not needed.
pub(super) fn base(evidence: &Evidence, notation: Notation) -> f64 {
    /// Up to this number, all whole numbers are exact in 32 bits.
    const EXACT: f64 = (1 << 24) as f64;
    /// Largest multiple of its range that a number may have for 16 bits to remain, as for arrays.
    const LARGE: f64 = 256.0;
    let (low, high) = evidence.range(notation);
    let (size, range) = (low.abs().max(high.abs()), high - low);
    // Numbers beyond the range of 32 bits are refused where they occur.
    if low > high || size > f64::from(f32::MAX) {
        return 0.0;
    }
    let is_whole = evidence.are_whole();
    let is_exact = is_whole && size <= EXACT;
    // With a base, all whole numbers in such a range are exact.
    let is_lost = if range == 0.0 {
        // There is nothing to distinguish, but a large number should be written back exactly.
        size > EXACT
    } else {
        size > LARGE * range || is_whole && size > EXACT && range <= EXACT
    };
    if is_exact || !is_lost {
        0.0
    } else if range >= 2.0 {
        (low + range / 2.0).floor()
    } else {
        low
    }
}

/// The unit with this many seconds.
pub(super) fn unit_of(secs: f64) -> DateUnit {
    let units = [DateUnit::Seconds, DateUnit::Hours, DateUnit::Days, DateUnit::Years];
    units.into_iter().find(|unit| unit.secs() == secs).unwrap_or(DateUnit::Seconds)
}
