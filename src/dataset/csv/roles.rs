//! What becomes of each column of a table.

use std::collections::{HashMap, HashSet};

use super::date::DateFormat;
use super::evidence::{Content, Evidence};
use super::ids::is_id;
use super::layout::TableLayout;
use super::matching::Matched;
use super::number::Notation;
use super::remarks::Remarks;
use super::text::Text;
use super::words::{WORDS, Words};
use super::{Asked, doubts, listed, sniff};
use crate::dataset::error::column_place;
use crate::dataset::{Column, ColumnKind, DataError};
use crate::project::{Choice, DateUnit, Decimal, Delimiter, Rules, Take};

/// The most words that become features by themselves, one each.
const FEW_WORDS: usize = 64;

/// How the fields of a column are read.
#[derive(Clone, Debug)]
pub(super) enum Role {
    LeftOut,
    /// Numbers in this notation (plain ones without one) where all fields are numbers.
    Label(Option<Notation>),
    Numbers {
        notation: Notation,
        base: f64,
    },
    Truth {
        words: [String; 2],
    },
    Dates {
        /// How they are written.
        format: DateFormat,
        unit_secs: f64,
        base: f64,
    },
    /// The place of each word among the features.
    Categories {
        places: HashMap<String, usize>,
    },
}

/// What becomes of all columns.
pub(super) struct Roles {
    /// The role of each column.
    pub by_column: Vec<Role>,
    /// The first feature of each column that is some.
    pub places: Vec<usize>,
    /// The columns that are features, in their order.
    pub columns: Vec<Column>,
    pub features: usize,
    /// Whether the decimal mark is a comma.
    pub has_comma: bool,
    /// Whether the features are those of a trained run.
    pub are_known: bool,
}

impl Role {
    /// As a person would choose it.
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

    /// Whether that is what was chosen.
    fn is_as_chosen(&self, chosen: Take) -> bool {
        match chosen {
            Take::Feature => self.is_feature(),
            Take::Numbers | Take::Categories | Take::Dates | Take::Label | Take::LeftOut => {
                self.take() == chosen
            }
        }
    }
}

/// Whether the words of a column are few enough to become features.
pub(super) fn are_few(evidence: &Evidence) -> bool {
    evidence.distinct().is_some_and(|words| words <= FEW_WORDS && 2 * words as u64 <= evidence.present())
}

/// Decides about all columns: as chosen, as a run knows them, or as they look.
///
/// # Errors
/// [`DataError::Content`] for choices that cannot be, and where no feature is left.
pub(super) fn decide(
    text: &Text<'_>,
    layout: &TableLayout,
    evidence: &[Evidence],
    asked: &Asked<'_>,
    matched: Option<&Matched<'_>>,
    remarks: &mut Remarks,
) -> Result<Roles, DataError> {
    let labels: HashSet<&String> = asked.labels.iter().collect();
    let takes: HashMap<&String, Take> =
        asked.reading.columns.iter().map(|choice| (&choice.name, choice.take)).collect();
    let is_label = |name: &String| labels.contains(name);
    let is_chosen = |name: &String| takes.contains_key(name) || is_label(name);
    let there: HashSet<&String> = layout.columns.iter().collect();
    if matched.is_none()
        && let Some(unknown) = asked.labels.iter().find(|label| !there.contains(label))
    {
        let names = listed(&layout.columns);
        let message = format!("there is no label column \"{unknown}\"; the columns are {names}");
        return Err(DataError::content(text.path, "header", message));
    }
    let is_there = |name: &String| there.contains(name) || matched.is_some_and(|matched| matched.knows(name));
    let chosen = asked.reading.columns.iter().map(|choice| &choice.name);
    let gone: Vec<&String> = chosen.filter(|name| !is_there(name)).collect();
    if !gone.is_empty() {
        let message = "what was chosen for columns that are not there is not used";
        remarks.notes.push(format!("{message}: {}", listed(&gone)));
    }
    let has_comma = decimal_mark(layout, evidence, asked, matched, &is_label, remarks);
    let judge = Judge { text, layout, asked, has_comma };

    let mut roles = Vec::with_capacity(layout.columns.len());
    for (at, (name, evidence)) in layout.columns.iter().zip(evidence).enumerate() {
        let chosen = match takes.get(name) {
            Some(Take::LeftOut) => Some(Take::LeftOut),
            _ if is_label(name) => Some(Take::Label),
            take => take.copied(),
        };
        roles.push(match (matched, chosen) {
            (Some(matched), chosen) => {
                let role = match (matched.feature(at), chosen) {
                    (Some(kind), _) => judge.as_known(kind, evidence),
                    (None, Some(Take::LeftOut)) => Role::LeftOut,
                    (None, Some(Take::Label)) => judge.label(evidence),
                    (None, Some(Take::Feature | Take::Numbers | Take::Categories | Take::Dates) | None) => {
                        judge.extra(at, evidence, matched.was_label(name))
                    }
                };
                if chosen.is_some_and(|chosen| !role.is_as_chosen(chosen)) {
                    remarks.warnings.push(not_as_chosen(name, &role, matched.feature(at).is_some()));
                }
                role
            }
            (None, Some(take)) => judge.chosen(name, take, evidence)?,
            (None, None) => judge.as_it_looks(at, evidence, remarks),
        });
    }
    if matched.is_none() && !roles.iter().any(Role::is_feature) {
        judge.find_features(&mut roles, evidence, &is_chosen);
        if !roles.iter().any(Role::is_feature) {
            let message = match layout.columns.iter().find(|name| !is_chosen(name)) {
                None => "every column is a label; leave at least one as a feature".to_owned(),
                Some(name) => {
                    let option = Choice::Column(name.clone(), Some(Take::Categories)).option();
                    format!(
                        "no column holds numbers; choose another delimiter, or take words as categories ({option})"
                    )
                }
            };
            return Err(DataError::content(text.path, "header", message));
        }
    }
    let (columns, places) = match matched {
        Some(matched) => matched.places(),
        None => in_order(layout, &roles),
    };
    match matched {
        None => remarks.features(layout, evidence, &roles, asked),
        Some(matched) => remarks.known_features(layout, evidence, &roles, asked, matched),
    }
    let features = columns.iter().map(Column::features).sum();
    let are_known = matched.is_some();
    Ok(Roles { by_column: roles, places, columns, features, has_comma, are_known })
}

/// A choice that a trained run does not follow.
fn not_as_chosen(name: &str, role: &Role, is_known: bool) -> String {
    let what = if is_known { "is read as the run was trained on it" } else { "is no feature of the run" };
    let (name, take) = (super::shortened(name), role.take().name());
    format!("\"{name}\" {what} ({take}): what was chosen for it is not used")
}

/// The features in the order of their columns, and where each column begins.
fn in_order(layout: &TableLayout, roles: &[Role]) -> (Vec<Column>, Vec<usize>) {
    let (mut columns, mut places, mut place) = (Vec::new(), Vec::with_capacity(roles.len()), 0);
    for (name, role) in layout.columns.iter().zip(roles) {
        places.push(place);
        let kind = match role {
            Role::LeftOut | Role::Label(_) => continue,
            Role::Numbers { notation, base } if notation.has_comma() => {
                ColumnKind::CommaNumbers { base: *base }
            }
            Role::Numbers { base, .. } => ColumnKind::Numbers { base: *base },
            Role::Truth { words } => ColumnKind::Truth { words: words.clone() },
            Role::Dates { format, unit_secs, base } => {
                ColumnKind::Dates { format: format.name().to_owned(), unit: unit_of(*unit_secs), base: *base }
            }
            Role::Categories { places } => {
                let mut words: Vec<String> = places.keys().cloned().collect();
                words.sort_unstable();
                ColumnKind::Categories { words }
            }
        };
        let column = Column { name: name.clone(), kind };
        place += column.features();
        columns.push(column);
    }
    (columns, places)
}

/// The decimal mark: told, proven by a column, that of a run, or the one that goes with the
/// delimiter.
fn decimal_mark(
    layout: &TableLayout,
    evidence: &[Evidence],
    asked: &Asked<'_>,
    matched: Option<&Matched<'_>>,
    is_label: &dyn Fn(&String) -> bool,
    remarks: &mut Remarks,
) -> bool {
    match asked.reading.decimal {
        Decimal::Point => return false,
        Decimal::Comma => return true,
        Decimal::Auto => {}
    }
    let features = || layout.columns.iter().zip(evidence).filter(|(name, _)| !is_label(name));
    // As before this was asked: plain numbers are what they are.
    let are_plain = features().all(|(_, evidence)| evidence.notation(Some(false)) == Notation::Point);
    if asked.rules == Rules::Version1 && are_plain {
        return false;
    }
    let (mut commas, mut points) = (false, false);
    for (_, evidence) in features() {
        match evidence.proves_comma() {
            Some(true) => commas = true,
            Some(false) => points = true,
            None => {}
        }
    }
    if commas != points {
        return commas;
    }
    let goes_with = match layout.form.delimiter {
        Delimiter::Semicolon => Some(true),
        Delimiter::Comma => Some(false),
        Delimiter::Auto | Delimiter::Tab | Delimiter::Pipe | Delimiter::Spaces => None,
    };
    let ambiguous: Vec<&String> =
        features().filter(|(_, evidence)| evidence.is_ambiguous()).map(|(name, _)| name).collect();
    let is_comma = |kind: &ColumnKind| matches!(kind, ColumnKind::CommaNumbers { .. });
    let known =
        |matched: &Matched<'_>| (0..layout.columns.len()).any(|at| matched.feature(at).is_some_and(is_comma));
    if matched.is_some_and(known) {
        if !ambiguous.is_empty() {
            remarks.notes.push(format!(
                "the numbers of {} fit decimal commas and points: they are read with commas, as those the run was trained on",
                listed(&ambiguous)
            ));
        }
        return true;
    }
    let comma = goes_with.unwrap_or(false);
    if !ambiguous.is_empty() && layout.form.delimiter != Delimiter::Comma {
        let (taken, other) =
            if comma { ("decimal commas", Decimal::Point) } else { ("decimal points", Decimal::Comma) };
        let message = format!("the numbers of {} are read with {taken}, but fit both", listed(&ambiguous));
        remarks.doubt(message, vec![Choice::Decimal(other)]);
    }
    comma
}

/// Decides about single columns.
struct Judge<'a> {
    text: &'a Text<'a>,
    layout: &'a TableLayout,
    asked: &'a Asked<'a>,
    has_comma: bool,
}

impl Judge<'_> {
    fn notation(&self, evidence: &Evidence) -> Notation {
        evidence.notation(Some(self.has_comma))
    }

    fn label(&self, evidence: &Evidence) -> Role {
        Role::Label((self.asked.rules == Rules::Current).then(|| self.notation(evidence)))
    }

    /// A column that is no feature of the run: a label where it was one in the training data, or looks like one.
    fn extra(&self, at: usize, evidence: &Evidence, was_label: Option<bool>) -> Role {
        let is_class = match evidence.judge(Some(self.has_comma)) {
            Content::Words | Content::Truth { .. } => true,
            Content::Numbers { .. } => evidence.are_whole() && sniff::has_classes(evidence),
            Content::Nothing | Content::Dates { .. } => false,
        };
        let is_named = sniff::is_label_name(&self.layout.columns[at]);
        let is_label = was_label.unwrap_or_else(|| is_class || is_named || is_id(self.layout, at, evidence));
        if is_label && !self.asked.reading.only_labels { self.label(evidence) } else { Role::LeftOut }
    }

    fn as_known(&self, kind: &ColumnKind, evidence: &Evidence) -> Role {
        match kind {
            ColumnKind::Numbers { base } | ColumnKind::CommaNumbers { base } => {
                Role::Numbers { notation: self.notation(evidence), base: *base }
            }
            ColumnKind::Truth { words } => Role::Truth { words: words.clone() },
            ColumnKind::Dates { format, unit, base } => {
                let known = DateFormat::of_name(format);
                let found = evidence.date_format();
                let told = found.filter(|found| found.order() == Some(self.asked.reading.date_order));
                // One for all rows: day and month must not change places from one to the next.
                match told.or(known.filter(|known| evidence.fits(*known))).or(found).or(known) {
                    Some(format) => Role::Dates { format, unit_secs: unit.secs(), base: *base },
                    // A format of another program: its dates may be numbers by now.
                    None => Role::Numbers { notation: self.notation(evidence), base: *base },
                }
            }
            ColumnKind::Categories { words } => {
                let places = (0..).zip(words).map(|(place, word)| (word.clone(), place));
                Role::Categories { places: places.collect() }
            }
        }
    }

    fn chosen(&self, name: &str, take: Take, evidence: &Evidence) -> Result<Role, DataError> {
        let refused = |message: String| {
            Err(DataError::content(self.text.path, column_place(&super::shortened(name)), message))
        };
        match take {
            Take::LeftOut => Ok(Role::LeftOut),
            Take::Label => Ok(self.label(evidence)),
            Take::Feature => match self.as_values(evidence) {
                Some(role) => Ok(role),
                None => self.chosen(name, Take::Categories, evidence),
            },
            Take::Numbers => match evidence.judge(Some(self.has_comma)) {
                Content::Truth { words } => Ok(Role::Truth { words: words.map(str::to_owned) }),
                Content::Numbers { .. } | Content::Nothing | Content::Dates { .. } | Content::Words => {
                    Ok(self.numbers(self.notation(evidence), evidence))
                }
            },
            Take::Categories => match evidence.distinct() {
                Some(0) => refused("has no word; leave it out, or take it as numbers".to_owned()),
                Some(_) => Ok(categories(evidence)),
                None => refused(format!(
                    "has more than {WORDS} different words, too many for categories; take it as a label, or leave it out"
                )),
            },
            Take::Dates => match evidence.date_format() {
                Some(format) => Ok(self.dates(format, evidence)),
                None => refused(doubts::no_dates(evidence, self.asked.reading)),
            },
        }
    }

    /// A column of which nothing was said: ids, and words that are too many for features, are labels.
    fn as_it_looks(&self, at: usize, evidence: &Evidence, remarks: &mut Remarks) -> Role {
        let (is_current, only_labels) = (self.asked.rules == Rules::Current, self.asked.reading.only_labels);
        // Lines that begin or end with delimiters.
        let is_nameless =
            self.layout.columns.len() > 1 && self.layout.columns[at] == format!("column {}", at + 1);
        if is_nameless && is_current && evidence.judge(Some(self.has_comma)) == Content::Nothing {
            let note = "columns without a name that hold nothing are left out";
            if !remarks.notes.iter().any(|known| known == note) {
                remarks.notes.push(note.to_owned());
            }
            return Role::LeftOut;
        }
        if is_current && !only_labels && is_id(self.layout, at, evidence) {
            return self.label(evidence);
        }
        match self.as_values(evidence) {
            Some(role) => role,
            None if are_few(evidence) => categories(evidence),
            None if only_labels => Role::LeftOut,
            None => self.label(evidence),
        }
    }

    /// The single feature that a column is by what it holds; `None` for words.
    fn as_values(&self, evidence: &Evidence) -> Option<Role> {
        Some(match evidence.judge(Some(self.has_comma)) {
            Content::Nothing => Role::Numbers { notation: Notation::Point, base: 0.0 },
            Content::Numbers { notation, .. } => self.numbers(notation, evidence),
            Content::Truth { words } => Role::Truth { words: words.map(str::to_owned) },
            Content::Dates { format, .. } => self.dates(format, evidence),
            Content::Words => return None,
        })
    }

    /// Something must be left to learn from: where all columns would be labels, numbers that look like ids are features after
    /// all, and where there are none, words of few, those that look like ids last.
    fn find_features(&self, roles: &mut [Role], evidence: &[Evidence], is_chosen: &dyn Fn(&String) -> bool) {
        let columns = &self.layout.columns;
        let free: Vec<usize> = (0..roles.len()).filter(|at| !is_chosen(&columns[*at])).collect();
        for &at in &free {
            if let (Role::Label(_), Some(role)) = (&roles[at], self.as_values(&evidence[at])) {
                roles[at] = role;
            }
        }
        for wants_ids in [false, true] {
            if roles.iter().any(Role::is_feature) {
                return;
            }
            for &at in free.iter().filter(|_| columns.len() > 1) {
                let is_few = evidence[at].distinct().is_some_and(|words| (1..=FEW_WORDS).contains(&words));
                if is_few && is_id(self.layout, at, &evidence[at]) == wants_ids {
                    roles[at] = categories(&evidence[at]);
                }
            }
        }
        if roles.iter().any(Role::is_feature) {
            return;
        }
        // Digits with leading zeros are numbers after all.
        for &at in free.iter().filter(|at| evidence[**at].are_padded_codes()) {
            roles[at] = self.numbers(self.notation(&evidence[at]), &evidence[at]);
        }
    }

    fn numbers(&self, notation: Notation, evidence: &Evidence) -> Role {
        let base = match self.asked.rules {
            Rules::Current => base(evidence, notation),
            Rules::Version1 => 0.0,
        };
        Role::Numbers { notation, base }
    }

    fn dates(&self, format: DateFormat, evidence: &Evidence) -> Role {
        let unit = match self.asked.reading.dates {
            DateUnit::Auto if format.has_time() => DateUnit::Seconds,
            DateUnit::Auto => DateUnit::Days,
            told @ (DateUnit::Seconds | DateUnit::Hours | DateUnit::Days | DateUnit::Years) => told,
        };
        let unit_secs = unit.secs();
        let first = evidence.first_date(format).unwrap_or_default();
        Role::Dates { format, unit_secs, base: (first / unit_secs).floor() }
    }
}

fn categories(evidence: &Evidence) -> Role {
    let mut words: Vec<String> =
        evidence.words().into_iter().flat_map(Words::iter).map(|(word, _)| word).collect();
    words.sort_unstable();
    Role::Categories { places: (0..).zip(words).map(|(place, word)| (word, place)).collect() }
}

/// What is taken off the numbers of a column, so that 32 bits can tell them apart: 0 where they can anyway.
pub(super) fn base(evidence: &Evidence, notation: Notation) -> f64 {
    /// Up to here all whole numbers are exact in 32 bits.
    const EXACT: f64 = (1 << 24) as f64;
    /// So many times its range may the largest number be for 16 bits to be left, as with arrays.
    const LARGE: f64 = 256.0;
    let (low, high) = evidence.range(notation);
    let (size, range) = (low.abs().max(high.abs()), high - low);
    // Numbers beyond those of 32 bits are refused where they stand.
    if low > high || size > f64::from(f32::MAX) {
        return 0.0;
    }
    let is_whole = evidence.are_whole();
    let is_exact = is_whole && size <= EXACT;
    // With a base, whole numbers of such a range are all exact.
    let is_lost = if range == 0.0 {
        // There is nothing to tell apart, but a large number should come out as it is.
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

/// The unit of so many seconds.
pub(super) fn unit_of(secs: f64) -> DateUnit {
    let units = [DateUnit::Seconds, DateUnit::Hours, DateUnit::Days, DateUnit::Years];
    units.into_iter().find(|unit| unit.secs() == secs).unwrap_or(DateUnit::Seconds)
}
