//! What becomes of each column of a table.

use std::collections::{HashMap, HashSet};

use super::date::DateFormat;
use super::evidence::{Content, Evidence};
use super::layout::Layout;
use super::matching::Matched;
use super::number::Notation;
use super::remarks::Remarks;
use super::text::Text;
use super::words::{WORDS, Words};
use super::{Asked, doubts, listed};
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
    layout: &Layout,
    evidence: &[Evidence],
    asked: &Asked<'_>,
    matched: Option<&Matched<'_>>,
    remarks: &mut Remarks,
) -> Result<Roles, DataError> {
    let labels: HashSet<&String> = asked.labels.iter().collect();
    let takes: HashMap<&String, Take> =
        asked.reading.columns.iter().map(|choice| (&choice.name, choice.take)).collect();
    if matched.is_none() {
        let there: HashSet<&String> = layout.columns.iter().collect();
        if let Some(unknown) = asked.labels.iter().find(|label| !there.contains(label)) {
            let names = listed(&layout.columns);
            let message = format!("there is no label column \"{unknown}\"; the columns are {names}");
            return Err(DataError::content(text.path, "header", message));
        }
        let gone: Vec<&String> = takes.keys().filter(|name| !there.contains(*name)).copied().collect();
        if !gone.is_empty() {
            remarks.notes.push(format!(
                "what was chosen for columns that are not there is not used: {}",
                listed(&gone)
            ));
        }
    }
    let is_label = |name: &String| labels.contains(name);
    let has_comma = decimal_mark(layout, evidence, asked, matched, &is_label, remarks);
    let judge = Judge { text, layout, asked, has_comma };

    let mut roles = Vec::with_capacity(layout.columns.len());
    for (at, (name, evidence)) in layout.columns.iter().zip(evidence).enumerate() {
        let known = matched.and_then(|matched| matched.feature(at));
        roles.push(match (known, takes.get(name)) {
            (Some(kind), chosen) => {
                let role = judge.as_known(kind, evidence);
                if chosen.is_some_and(|chosen| *chosen != role.take()) {
                    remarks.warnings.push(format!(
                        "\"{}\" is read as the run was trained on it ({}): what was chosen for it is not used",
                        super::shortened(name),
                        role.take().name()
                    ));
                }
                role
            }
            (None, Some(Take::LeftOut)) => Role::LeftOut,
            (None, Some(Take::Label)) => judge.label(evidence),
            (None, _) if is_label(name) => judge.label(evidence),
            (None, _) if matched.is_some() => judge.extra(at, evidence),
            (None, Some(take @ (Take::Numbers | Take::Categories | Take::Dates))) => {
                judge.chosen(name, *take, evidence)?
            }
            (None, None) => judge.as_it_looks(at, evidence, remarks),
        });
    }
    if matched.is_none() && !roles.iter().any(Role::is_feature) {
        // A table of words alone: those of few are features after all.
        let is_chosen = |name: &String| takes.contains_key(name) || is_label(name);
        for (role, (name, evidence)) in roles.iter_mut().zip(layout.columns.iter().zip(evidence)) {
            let is_few = evidence.distinct().is_some_and(|words| words <= FEW_WORDS);
            if !is_chosen(name) && is_few && layout.columns.len() > 1 {
                *role = categories(evidence);
            }
        }
        judge.find_numbers(&mut roles, evidence, &is_chosen);
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
    Ok(Roles { by_column: roles, places, columns, features, has_comma })
}

/// The features in the order of their columns, and where each column begins.
fn in_order(layout: &Layout, roles: &[Role]) -> (Vec<Column>, Vec<usize>) {
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
    layout: &Layout,
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
    layout: &'a Layout,
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

    /// A column the run does not know: a label where it looks like one.
    fn extra(&self, at: usize, evidence: &Evidence) -> Role {
        let is_words = evidence.judge(Some(self.has_comma)) == Content::Words;
        let name = self.layout.columns[at].trim();
        let is_named = super::sniff::LABEL_NAMES.iter().any(|label| name.eq_ignore_ascii_case(label));
        if is_words || is_named || is_id(self.layout, at, evidence) {
            self.label(evidence)
        } else {
            Role::LeftOut
        }
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
                    Some(format) => Role::Dates { format, unit_secs: unit_secs(*unit), base: *base },
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
            Err(DataError::content(self.text.path, format!("column \"{}\"", super::shortened(name)), message))
        };
        match take {
            Take::LeftOut => Ok(Role::LeftOut),
            Take::Label => Ok(self.label(evidence)),
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

    fn as_it_looks(&self, at: usize, evidence: &Evidence, remarks: &mut Remarks) -> Role {
        match evidence.judge(Some(self.has_comma)) {
            Content::Nothing => {
                let is_last = at + 1 == self.layout.columns.len() && self.layout.is_last_nameless && at > 0;
                if is_last && self.asked.rules == Rules::Current {
                    remarks.notes.push(
                        "every line ends with a delimiter: the empty column after the last is left out"
                            .to_owned(),
                    );
                    Role::LeftOut
                } else {
                    Role::Numbers { notation: Notation::Point, base: 0.0 }
                }
            }
            Content::Numbers { notation, .. } => self.numbers(notation, evidence),
            Content::Truth { words } => Role::Truth { words: words.map(str::to_owned) },
            Content::Dates { format, .. } => self.dates(format, evidence),
            Content::Words if are_few(evidence) => categories(evidence),
            Content::Words => self.label(evidence),
        }
    }

    /// Where there is nothing else to learn from, digits with leading zeros are numbers after all.
    fn find_numbers(&self, roles: &mut [Role], evidence: &[Evidence], is_chosen: &dyn Fn(&String) -> bool) {
        if roles.iter().any(Role::is_feature) {
            return;
        }
        for (role, (name, evidence)) in roles.iter_mut().zip(self.layout.columns.iter().zip(evidence)) {
            if !is_chosen(name) && evidence.are_padded_codes() {
                *role = self.numbers(self.notation(evidence), evidence);
            }
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
        let unit_secs = unit_secs(unit);
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

/// Whether a column counts the rows or holds their ids.
pub(super) fn is_id(layout: &Layout, at: usize, evidence: &Evidence) -> bool {
    /// Rows that prove it where the name does not tell.
    const ROWS: u64 = 10;
    let name = layout.columns[at].trim();
    let lower = name.to_lowercase();
    let is_called_so = (at == 0 && layout.is_first_nameless)
        || ID_NAMES.contains(&lower.as_str())
        || ["_id", " id", "-id", ".id"].iter().any(|end| lower.ends_with(end))
        || (name.ends_with("Id") || name.ends_with("ID")) && name.len() > 2;
    if is_called_so {
        return evidence.are_row_numbers()
            || evidence.are_different_whole()
            || (evidence.are_different() && evidence.judge(None) == Content::Words);
    }
    if evidence.present() < ROWS {
        return false;
    }
    if evidence.are_row_numbers() {
        return true;
    }
    let (low, high) = evidence.range(Notation::Point);
    // Seconds, milliseconds or nanoseconds since 1970, and dates as 20240131.
    let times = [1e9..2.2e9, 1e12..2.2e12, 1e18..2.2e18, 19e6..21.1e6];
    let is_time = times.iter().any(|range| range.contains(&low) && range.contains(&high));
    evidence.are_proven_different_whole() && low >= 1e7 && high < 10.0 * low && !is_time
}

const ID_NAMES: [&str; 14] =
    ["id", "ids", "index", "idx", "row", "rows", "nr", "no", "no.", "#", "uid", "uuid", "guid", "unnamed: 0"];

fn unit_secs(unit: DateUnit) -> f64 {
    unit.secs()
}

/// The unit of so many seconds.
pub(super) fn unit_of(secs: f64) -> DateUnit {
    let units = [DateUnit::Seconds, DateUnit::Hours, DateUnit::Days, DateUnit::Years];
    units.into_iter().find(|unit| unit_secs(*unit) == secs).unwrap_or(DateUnit::Seconds)
}
