//! Doubts about the columns of a table, with the choices that settle them.

use std::collections::HashSet;

use super::century::{self, FIRST_YEAR};
use super::date::DateFormat;
use super::dated::{Place, Unreadable};
use super::evidence::{Content, Evidence};
use super::ids::{is_surely_id, may_be_id};
use super::layout::TableLayout;
use super::matching::Matched;
use super::missing::{self, UsualWords};
use super::roles::Role;
use super::suffixes::Odd;
use super::{ReadOptions, label_names, listed, shortened};
use crate::dataset::{ColumnKind, Doubt};
use crate::project::{Choice, DateOrder, Rules, TableReading, Take};

/// Most columns with separate doubts.
const DOUBTED: usize = 5;
/// Rows in even steps that prove that a column only counts.
const COUNTED: u64 = 10;
/// Most numbers for missing values that are searched for in all columns.
const FILLERS: usize = 20;
/// Above this number of columns with leading zeros a note replaces the doubts: the table writes all
/// numbers like that.
pub(super) const PADDED: usize = 3;

/// All columns of a table and their roles.
pub(super) struct Columns<'a> {
    pub layout: &'a TableLayout,
    pub evidence: &'a [Evidence],
    pub roles: &'a [Role],
    pub options: &'a ReadOptions<'a>,
    /// Columns with choices made by the user.
    pub chosen: &'a HashSet<&'a String>,
}

impl Columns<'_> {
    /// All doubts: first those of the whole table, then those of the first few columns, and how
    /// many more there are.
    pub(super) fn doubts(&self) -> Vec<Doubt> {
        let [free, shared] = self.words_as_values();
        let [future, past] = [true, false].map(|is_usual| self.future(is_usual));
        let whole = [self.date_order(&|_| false), future, past, free, shared, self.sentinels()];
        let mut all: Vec<Doubt> = whole.into_iter().flatten().collect();
        let are_few = self.padded().len() <= PADDED;
        let mut single = (0..self.roles.len()).filter_map(|at| Some((at, self.single(at, are_few)?)));
        all.extend(single.by_ref().take(DOUBTED).map(|(_, doubt)| doubt));
        let more: Vec<&String> = single.map(|(at, _)| &self.layout.columns[at]).collect();
        if !more.is_empty() {
            let (s, are) = if more.len() == 1 { ("", "is") } else { ("s", "are") };
            let message = format!(
                "{} more column{s} {are} doubtful in these or similar ways: {}",
                more.len(),
                listed(&more)
            );
            all.push(Doubt { message, remedies: Vec::new() });
        }
        all
    }

    /// The names of columns of numbers with leading zeros.
    pub(super) fn padded(&self) -> Vec<&String> {
        let is_padded = |at: &usize| {
            matches!(self.roles[*at], Role::Numbers { .. }) && self.evidence[*at].first_padded().is_some()
        };
        let found = (0..self.roles.len()).filter(is_padded).map(|at| &self.layout.columns[at]);
        found.filter(|name| !self.chosen.contains(name)).collect()
    }

    /// Doubts about a table whose columns a trained run knows: dates in another format than in the
    /// run.
    pub(super) fn known_doubts(&self, matched: &Matched<'_>) -> Option<Doubt> {
        self.date_order(&|at| match matched.feature(at) {
            Some(ColumnKind::Dates { format, .. }) => {
                DateFormat::of_name(format).is_some_and(|known| self.evidence[at].fits(known))
            }
            Some(_) | None => true,
        })
    }

    /// Dates whose day, month and year are ambiguous, unless the order was chosen.
    fn date_order(&self, is_settled: &dyn Fn(usize) -> bool) -> Option<Doubt> {
        let doubtful = |at: &usize| match (&self.roles[*at], self.evidence[*at].judge(None)) {
            (Role::Dates { .. }, Content::Dates { is_doubtful, .. }) => is_doubtful && !is_settled(*at),
            (_, _) => false,
        };
        let all: Vec<usize> = (0..self.roles.len()).filter(doubtful).collect();
        let first = &self.evidence[*all.first()?];
        let taken = first.date_format()?.order()?;
        let others: Vec<DateOrder> =
            first.date_orders().into_iter().filter(|order| *order != taken).collect();
        let names: Vec<&String> = all.iter().map(|at| &self.layout.columns[*at]).collect();
        let fit: Vec<&str> = others.iter().map(|order| order.name()).collect();
        Some(Doubt {
            message: format!(
                "the dates of {} are read in the order {}, but day and month are ambiguous: {} fits too",
                listed(&names),
                taken.name(),
                fit.join(" or ")
            ),
            remedies: others.into_iter().map(Choice::DateOrder).collect(),
        })
    }

    /// Dates with two-digit years that are later than their file in the usual century: offers to
    /// read them as those, or as earlier ones. The time of the file alone never decides, as a copy
    /// may have another time.
    fn future(&self, is_usual: bool) -> Option<Doubt> {
        if self.options.reading.first_year.is_some() || self.options.rules != Rules::Current {
            return None;
        }
        let found = |at: usize| match &self.roles[at] {
            Role::Dates { format, first_year, .. } if (*first_year == FIRST_YEAR) == is_usual => {
                let (last, written) = self.evidence[at].future(*format)?;
                Some((at, *first_year, last, written))
            }
            Role::LeftOut
            | Role::Label(_)
            | Role::Numbers { .. }
            | Role::Truth { .. }
            | Role::Dates { .. }
            | Role::Categories { .. } => None,
        };
        let all: Vec<_> = (0..self.roles.len()).filter_map(found).collect();
        let &(_, first_year, _, written) = all.first()?;
        let last = all.iter().map(|(_, _, last, _)| *last).max()?;
        let names: Vec<&String> = all.iter().map(|(at, ..)| &self.layout.columns[*at]).collect();
        let taken = format!(
            "two-digit years in {} are read as {first_year} to {}",
            listed(&names),
            first_year.saturating_add(99)
        );
        let message = if is_usual {
            format!("{taken}: the last is {last}, but the file was written in {written}")
        } else {
            format!(
                "{taken}, because the file was written in {written}: from {FIRST_YEAR} on, the last would be \
                 {last}"
            )
        };
        let remedies = [century::before(written), FIRST_YEAR].map(|year| Choice::FirstYear(Some(year)));
        Some(Doubt { message, remedies: remedies.to_vec() })
    }

    /// Usual words for missing values that may be values among other words, such as NA for Namibia.
    /// First those that can be read as values, then those that also mean missing among numbers and
    /// dates, which then could no longer be read.
    fn words_as_values(&self) -> [Option<Doubt>; 2] {
        let seen = |is: &dyn Fn(&Role) -> bool| {
            let columns = self.evidence.iter().zip(self.roles).filter(|(_, role)| is(role));
            columns.fold(UsualWords::default(), |all, (evidence, _)| all.or(evidence.usual_words()))
        };
        let are_words = |role: &Role| matches!(role, Role::Categories { .. });
        let are_values =
            |role: &Role| matches!(role, Role::Numbers { .. } | Role::Truth { .. } | Role::Dates { .. });
        let (among_words, among_values) = (seen(&are_words), seen(&are_values));
        let named = |is: &dyn Fn(&Role) -> bool, words: UsualWords| {
            let has =
                |at: &usize| is(&self.roles[*at]) && !self.evidence[*at].usual_words().and(words).is_empty();
            let names = (0..self.roles.len()).filter(has).map(|at| &self.layout.columns[at]);
            listed(&names.collect::<Vec<_>>())
        };
        let shown = |words: UsualWords| words.names().collect::<Vec<_>>().join(", ");
        let may_be = among_words.that_may_be_values();
        let (free, shared) = (may_be.without(among_values), may_be.and(among_values));
        let free = (!free.is_empty()).then(|| Doubt {
            message: format!(
                "{} means missing in {}, but may be a value among the other words",
                shown(free),
                named(&are_words, free)
            ),
            remedies: vec![missing::without(self.options.reading, free, among_words.or(among_values))],
        });
        let shared = (!shared.is_empty()).then(|| Doubt {
            message: format!(
                "{} means missing in {}, but may be a value among the other words; it is missing in {} too, \
                 so replace it in one of them if it is a value",
                shown(shared),
                named(&are_words, shared),
                named(&are_values, shared)
            ),
            remedies: Vec::new(),
        });
        [free, shared]
    }

    /// Numbers and dates that mean missing. Words for missing values apply to all columns, so
    /// values of other columns are excluded.
    fn sentinels(&self) -> Option<Doubt> {
        // Dates have no notation.
        let values = || {
            (0..self.roles.len()).filter_map(|at| match &self.roles[at] {
                Role::Numbers { notation, .. } => Some((at, Some(*notation))),
                Role::Dates { .. } => Some((at, None)),
                Role::LeftOut | Role::Label(_) | Role::Truth { .. } | Role::Categories { .. } => None,
            })
        };
        let free = values().filter(|(at, _)| !self.chosen.contains(&self.layout.columns[*at]));
        let mut found: Vec<(usize, &str, u64)> = Vec::new();
        let mut what = [None, None];
        for (at, notation) in free {
            let (evidence, before) = (&self.evidence[at], found.len());
            match notation {
                Some(notation) => {
                    found.extend(evidence.sentinels(notation).map(|(word, times)| (at, word, times)));
                }
                None => found.extend(evidence.date_sentinels().map(|(word, times)| (at, word, times))),
            }
            if found.len() > before {
                let kind = usize::from(notation.is_none());
                what[kind] = Some(["numbers", "dates"][kind]);
            }
        }
        let shown_words = found.iter().take(DOUBTED).map(|(at, word, times)| {
            let s = if *times == 1 { "" } else { "s" };
            format!("\"{}\" ({word}, {times} time{s})", shortened(&self.layout.columns[*at]))
        });
        let mut shown_words: Vec<String> = shown_words.collect();
        if found.len() > shown_words.len() {
            shown_words.push("…".to_owned());
        }
        let pairs: HashSet<(usize, &str)> = found.iter().map(|(at, word, _)| (*at, *word)).collect();
        let is_value = |word: &str| {
            values().any(|(at, notation)| {
                let evidence = &self.evidence[at];
                let may_hold = match notation {
                    Some(notation) => evidence.may_hold(word, notation),
                    None => evidence.words().is_some_and(|words| words.has(word)),
                };
                !pairs.contains(&(at, word)) && may_hold
            })
        };
        let (mut words, mut others): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
        for (_, word, _) in &found {
            let is_known = words.contains(word) || others.contains(word);
            if !is_known && words.len() + others.len() < FILLERS {
                if is_value(word) { others.push(word) } else { words.push(word) }
            }
        }
        let more = if others.is_empty() {
            String::new()
        } else {
            format!("; {} may be a value in other columns: replace it in the file", others.join(", "))
        };
        let remedy = missing::with_more(self.options.reading, words.iter().copied());
        (!shown_words.is_empty()).then(|| Doubt {
            message: format!(
                "{} far from all others may mean missing: {}{more}",
                what.into_iter().flatten().collect::<Vec<_>>().join(" and "),
                shown_words.join(", ")
            ),
            remedies: remedy.filter(|_| !words.is_empty()).into_iter().collect(),
        })
    }

    /// The doubt about a column; about leading zeros only if few columns have them.
    fn single(&self, at: usize, are_few: bool) -> Option<Doubt> {
        let (name, evidence, role) = (&self.layout.columns[at], &self.evidence[at], &self.roles[at]);
        let shown = shortened(name);
        let column = |take| Choice::Column(name.clone(), Some(take));
        let doubt = |message: String, remedies: Vec<Choice>| Some(Doubt { message, remedies });
        if self.chosen.contains(name) {
            return None;
        }
        if matches!(role, Role::Numbers { .. } | Role::Categories { .. })
            && is_surely_id(self.layout, at, evidence)
        {
            let message = format!("\"{shown}\" numbers the rows or contains their ids, and is a feature");
            return doubt(message, vec![column(Take::Label), column(Take::LeftOut)]);
        }
        if matches!(role, Role::Numbers { .. } | Role::Label(_))
            && self.options.rules == Rules::Current
            && !is_surely_id(self.layout, at, evidence)
            && may_be_id(self.evidence, at)
        {
            let what = if role.is_feature() { "a feature" } else { "a label" };
            let message = format!(
                "\"{shown}\" contains large whole numbers that rarely repeat, like ids, and is {what}"
            );
            return doubt(message, [Take::Label, Take::Feature, Take::LeftOut].map(column).to_vec());
        }
        if matches!(role, Role::Numbers { .. } | Role::Categories { .. } | Role::Truth { .. })
            && self.options.rules == Rules::Current
            && label_names::is_label_name(name)
        {
            let message = format!("\"{shown}\" has the name of a label, and is a feature");
            return doubt(message, vec![column(Take::Label), column(Take::Feature)]);
        }
        if role.is_feature()
            && self.options.rules == Rules::Current
            && let Some(what) = label_names::may_be_classes(self.layout, self.evidence, at)
        {
            let message = format!("\"{shown}\" contains few {what}, which may be classes, and is a feature");
            return doubt(message, vec![column(Take::Label), column(Take::Feature)]);
        }
        if let Some(doubt) = self.constant(at).or_else(|| self.counted(at)) {
            return Some(doubt);
        }
        match role {
            Role::Dates { .. } => {
                let Place { row, text } = evidence.zones().1?;
                let message = format!(
                    "some times in \"{shown}\" have a time zone, others do not, as in row {row} ({}): these \
                     are read as UTC",
                    shortened(text)
                );
                doubt(message, vec![column(Take::Label), column(Take::LeftOut)])
            }
            Role::Numbers { .. } if evidence.are_percents_mixed() => {
                let message = format!(
                    "some numbers in \"{shown}\" have a percent sign, others do not: all are read as written, \
                     5% as 5"
                );
                doubt(message, vec![column(Take::LeftOut), column(Take::Label)])
            }
            Role::Numbers { .. } if let Some((one, other)) = evidence.currencies() => {
                let message = format!(
                    "the numbers in \"{shown}\" have several currencies, such as {one} and {other}: all are \
                     read as written"
                );
                doubt(message, vec![column(Take::LeftOut), column(Take::Label)])
            }
            Role::Numbers { .. } if evidence.are_powers() => {
                let message = format!(
                    "the numbers in \"{shown}\" are read as powers of ten, 1E5 as 100000, but may be codes"
                );
                let few = label_names::are_few(evidence).then(|| column(Take::Categories));
                doubt(message, few.into_iter().chain([column(Take::Label), column(Take::Numbers)]).collect())
            }
            Role::Numbers { .. } if let Some(first) = evidence.first_compact_date() => {
                let message =
                    format!("the numbers in \"{shown}\" are all dates, such as {first}, but read as numbers");
                doubt(message, vec![column(Take::Dates)])
            }
            Role::Numbers { .. } => {
                let first = evidence.first_padded().filter(|_| are_few)?;
                let message = format!(
                    "the numbers in \"{shown}\" are read without their leading zeros, such as {first}; codes \
                     should be read as words"
                );
                let few = label_names::are_few(evidence).then(|| column(Take::Categories));
                doubt(message, few.into_iter().chain([column(Take::Label)]).collect())
            }
            Role::Categories { .. } | Role::Label(_) if let Some(first) = evidence.first_month() => {
                // Jan-15 may also be a day.
                let days =
                    if evidence.month_and_number().is_some() { " (or days without a year)" } else { "" };
                let message = format!(
                    "the words in \"{shown}\" are all months or quarters{days}, such as {}, but read as words",
                    shortened(first)
                );
                doubt(message, vec![column(Take::Dates)])
            }
            Role::Categories { .. } | Role::Label(_) if let Some(first) = evidence.month_and_number() => {
                let message = format!(
                    "\"{shown}\" is read as words: {} may be a day or a year with its month; write dates as \
                     2015-01-31 or 2015-01",
                    shortened(&first)
                );
                doubt(message, Vec::new())
            }
            Role::Categories { .. } if let Some(word) = evidence.step_word() => {
                let message = format!(
                    "\"{shown}\" is read as words: most of its fields are numbers, but \"{}\" is not one",
                    shortened(&word)
                );
                let missing = missing::with_more(self.options.reading, std::iter::once(word.as_str()));
                doubt(message, std::iter::once(column(Take::Categories)).chain(missing).collect())
            }
            Role::Categories { .. } | Role::Label(_) => {
                let reading = self.options.reading;
                let (why, remedy) = damaged(evidence, reading).or_else(|| odd_suffixes(evidence, reading))?;
                doubt(format!("\"{shown}\" is read as words: {why}"), remedy.into_iter().collect())
            }
            Role::Truth { .. } | Role::LeftOut => None,
        }
    }
}

impl Columns<'_> {
    /// A feature of whole numbers in even steps, which contains only the row number.
    fn counted(&self, at: usize) -> Option<Doubt> {
        let (name, evidence, role) = (&self.layout.columns[at], &self.evidence[at], &self.roles[at]);
        let is_number = matches!(role, Role::Numbers { .. }) && self.options.rules == Rules::Current;
        let step = evidence.even_step().filter(|_| is_number && evidence.present() >= COUNTED)?;
        let direction = if step > 0.0 { "up" } else { "down" };
        let message = format!(
            "\"{}\" counts {direction} by {} from row to row, and is a feature",
            shortened(name),
            step.abs()
        );
        let remedies = [Take::Label, Take::LeftOut, Take::Feature];
        let remedies = remedies.map(|take| Choice::Column(name.clone(), Some(take)));
        Some(Doubt { message, remedies: remedies.to_vec() })
    }

    /// A feature with a single value: once filled, it has no information. A word can mark the rows
    /// that have it.
    fn constant(&self, at: usize) -> Option<Doubt> {
        let (name, evidence, role) = (&self.layout.columns[at], &self.evidence[at], &self.roles[at]);
        let column = |take| Choice::Column(name.clone(), Some(take));
        let is_constant = role.is_feature() && evidence.missing() > 0 && evidence.distinct() == Some(1);
        let word = evidence.words().filter(|_| is_constant)?.most()?;
        let rows = |count: u64| format!("{count} row{}", if count == 1 { "" } else { "s" });
        let message = format!(
            "\"{}\" is \"{}\" in {} and missing in {}: once filled, it is constant",
            shortened(name),
            shortened(&word),
            rows(evidence.present()),
            rows(evidence.missing())
        );
        // As 1 and 0.
        let mark = (evidence.judge(None) == Content::Words && evidence.only_word().is_some())
            .then(|| column(Take::Numbers));
        let remedies = mark.into_iter().chain([column(Take::LeftOut), column(Take::Label)]);
        Some(Doubt { message, remedies: remedies.collect() })
    }
}

/// Why numbers followed by something are words, and the choice that makes them numbers, if there is
/// one.
fn odd_suffixes(evidence: &Evidence, reading: &TableReading) -> Option<(String, Option<Choice>)> {
    let named = |place: &Place| format!("row {} (\"{}\")", place.row, shortened(&place.text));
    Some(match evidence.odd_suffixes()? {
        Odd::Suffixes(one, other) => {
            let (one, other) = (named(one), named(other));
            (format!("its numbers have different units, as in {one} and {other}; convert all to one"), None)
        }
        Odd::Bare(one) => (
            format!(
                "some of its numbers have a unit, as in {}, others do not; write all the same way",
                named(one)
            ),
            None,
        ),
        Odd::Stray(one, stray, are_alike) => {
            let why = format!(
                "its numbers have a unit, as in {}, but {} is not a number",
                named(one),
                named(stray)
            );
            let word = std::iter::once(stray.text.as_str());
            (why, missing::with_more(reading, word).filter(|_| are_alike))
        }
    })
}

/// Why a column of dates is not read as dates, and the choice that changes it, if there is one.
fn damaged(evidence: &Evidence, reading: &TableReading) -> Option<(String, Option<Choice>)> {
    let shown = |place: &Place| format!("row {} (\"{}\")", place.row, shortened(&place.text));
    Some(match evidence.unreadable_dates()? {
        (format, Unreadable::Strays(places, are_all)) => {
            let first = places.first()?;
            let why = format!(
                "its dates are written as {}, but not all of its fields, as in {}",
                format.name(),
                shown(first)
            );
            let words = places.iter().map(|place| place.text.as_str());
            (why, missing::with_more(reading, words).filter(|_| are_all))
        }
        (_, Unreadable::Mixed(one, other)) => {
            let why = format!(
                "its dates are written in two ways, as in {} and {}; write all the same way",
                shown(one),
                shown(other)
            );
            (why, None)
        }
    })
}

/// Why a column that was chosen as dates cannot be read as such.
pub(super) fn no_dates(evidence: &Evidence, reading: &TableReading) -> String {
    match damaged(evidence, reading) {
        Some((why, Some(words))) => {
            format!("{why}; correct them, or add them to the words for missing values ({})", words.option())
        }
        Some((why, None)) => format!("{why}; correct them, or read the column as a label"),
        None => {
            "contains no readable dates; write them as 2024-01-31 13:00:00, or read the column as a label"
                .to_owned()
        }
    }
}
