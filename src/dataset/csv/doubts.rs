//! What is doubtful about the columns of a table, with what to choose instead.

use std::collections::HashSet;

use super::date::DateFormat;
use super::dated::{Place, Spoilt};
use super::evidence::{Content, Evidence};
use super::ids::is_id;
use super::layout::TableLayout;
use super::matching::Matched;
use super::missing::{self, UsualWords};
use super::roles::{self, Role};
use super::{Asked, label_names, listed, shortened};
use crate::dataset::{ColumnKind, Doubt};
use crate::project::{Choice, DateOrder, Rules, TableReading, Take};

/// Columns that are doubted one by one.
const DOUBTED: usize = 5;
/// More columns of numbers with leading zeros are told in a note: that is how the table writes
/// numbers.
pub(super) const PADDED: usize = 3;

/// All columns of a table and what became of them.
pub(super) struct Columns<'a> {
    pub layout: &'a TableLayout,
    pub evidence: &'a [Evidence],
    pub roles: &'a [Role],
    pub asked: &'a Asked<'a>,
    /// Columns that a person decided about.
    pub chosen: &'a HashSet<&'a String>,
}

impl Columns<'_> {
    /// All doubts: first those of the whole table, then those of the first few columns, and how many more there are.
    pub(super) fn doubts(&self) -> Vec<Doubt> {
        let [free, shared] = self.words_as_values();
        let whole = [self.date_order(&|_| false), free, shared, self.sentinels()];
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

    /// The names of columns of numbers that begin with zeros.
    pub(super) fn padded(&self) -> Vec<&String> {
        let is_padded = |at: &usize| {
            matches!(self.roles[*at], Role::Numbers { .. }) && self.evidence[*at].first_padded().is_some()
        };
        let found = (0..self.roles.len()).filter(is_padded).map(|at| &self.layout.columns[at]);
        found.filter(|name| !self.chosen.contains(name)).collect()
    }

    /// Doubts about a table whose columns a trained run knows: dates that are not written as it
    /// knows them.
    pub(super) fn known_doubts(&self, matched: &Matched<'_>) -> Option<Doubt> {
        self.date_order(&|at| match matched.feature(at) {
            Some(ColumnKind::Dates { format, .. }) => {
                DateFormat::of_name(format).is_some_and(|known| self.evidence[at].fits(known))
            }
            Some(_) | None => true,
        })
    }

    /// Dates whose day, month and year can be told apart in several ways, but for those that are
    /// settled.
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
                "the dates of {} are read in the order {}, but day and month can be either: {} fits as well",
                listed(&names),
                taken.name(),
                fit.join(" or ")
            ),
            remedies: others.into_iter().map(Choice::DateOrder).collect(),
        })
    }

    /// Usual words for missing values that may be values among other words: NA for Namibia. First those that can be taken as
    /// values, then those that are missing among numbers and dates, too, which could no longer be read.
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
                "{} counts as missing in {}, but may be a value among the other words",
                shown(free),
                named(&are_words, free)
            ),
            remedies: vec![missing::without(self.asked.reading, free, among_words.or(among_values))],
        });
        let shared = (!shared.is_empty()).then(|| Doubt {
            message: format!(
                "{} counts as missing in {}, but may be a value among the other words; it is missing in {}, too, so replace \
                 it in one of them where it is a value",
                shown(shared),
                named(&are_words, shared),
                named(&are_values, shared)
            ),
            remedies: Vec::new(),
        });
        [free, shared]
    }

    /// Numbers that stand for missing values.
    fn sentinels(&self) -> Option<Doubt> {
        let (mut told, mut words): (Vec<String>, Vec<&str>) = (Vec::new(), Vec::new());
        for at in 0..self.roles.len() {
            let name = &self.layout.columns[at];
            if !matches!(self.roles[at], Role::Numbers { .. }) || self.chosen.contains(name) {
                continue;
            }
            for (word, times) in self.evidence[at].sentinels() {
                if told.len() < DOUBTED {
                    told.push(format!("\"{}\" ({word}, {times} times)", shortened(name)));
                } else if told.len() == DOUBTED {
                    told.push("…".to_owned());
                }
                if !words.contains(&word) {
                    words.push(word);
                }
            }
        }
        let remedies = missing::with_more(self.asked.reading, words.iter().copied());
        (!told.is_empty()).then(|| Doubt {
            message: format!(
                "numbers that repeat far from all others may stand for missing values: {}",
                told.join(", ")
            ),
            remedies: remedies.into_iter().collect(),
        })
    }

    /// The doubt about a column; about leading zeros where there are few columns of them.
    fn single(&self, at: usize, are_few: bool) -> Option<Doubt> {
        let (name, evidence, role) = (&self.layout.columns[at], &self.evidence[at], &self.roles[at]);
        let shown = shortened(name);
        let column = |take| Choice::Column(name.clone(), Some(take));
        let doubt = |message: String, remedies: Vec<Choice>| Some(Doubt { message, remedies });
        if self.chosen.contains(name) {
            return None;
        }
        if matches!(role, Role::Numbers { .. } | Role::Categories { .. }) && is_id(self.layout, at, evidence)
        {
            let message = format!("\"{shown}\" counts the rows or holds their ids, and is a feature");
            return doubt(message, vec![column(Take::Label), column(Take::LeftOut)]);
        }
        if matches!(role, Role::Numbers { .. } | Role::Categories { .. } | Role::Truth { .. })
            && self.asked.rules == Rules::Current
            && label_names::is_label_name(name)
        {
            let message = format!("\"{shown}\" is called as labels are, and is a feature");
            return doubt(message, vec![column(Take::Label), column(Take::Feature)]);
        }
        match role {
            Role::Dates { .. } => {
                let Place { row, text } = evidence.zones().1?;
                let message = format!(
                    "some times of \"{shown}\" have a zone, others none, as in row {row} ({}): these are taken for UTC",
                    shortened(text)
                );
                doubt(message, vec![column(Take::Label), column(Take::LeftOut)])
            }
            Role::Numbers { .. } if evidence.are_percents_mixed() => {
                let message = format!(
                    "some numbers of \"{shown}\" have a percent sign, others none: all are read as they stand, 5% as 5"
                );
                doubt(message, vec![column(Take::LeftOut), column(Take::Label)])
            }
            Role::Numbers { .. } if let Some((one, other)) = evidence.currencies() => {
                let message = format!(
                    "the numbers of \"{shown}\" are of several currencies, as {one} and {other}: all are read as they stand"
                );
                doubt(message, vec![column(Take::LeftOut), column(Take::Label)])
            }
            Role::Numbers { .. } if evidence.are_compact_dates() => {
                let (first, _) = evidence.range(super::number::Notation::Point);
                let message =
                    format!("the numbers of \"{shown}\" are all dates, as {first}, but taken as numbers");
                doubt(message, vec![column(Take::Dates)])
            }
            Role::Numbers { .. } => {
                let first = evidence.first_padded().filter(|_| are_few)?;
                let message = format!(
                    "the numbers of \"{shown}\" are read without their leading zeros, as {first}: codes are words"
                );
                let few = roles::are_few(evidence).then(|| column(Take::Categories));
                doubt(message, few.into_iter().chain([column(Take::Label)]).collect())
            }
            Role::Categories { .. } | Role::Label(_) => {
                let (why, remedy) = spoilt(evidence, self.asked.reading)?;
                doubt(format!("\"{shown}\" is taken as words: {why}"), remedy.into_iter().collect())
            }
            Role::Truth { .. } | Role::LeftOut => None,
        }
    }
}

/// Why a column of dates is none, and the choice that makes it one, where there is one.
fn spoilt(evidence: &Evidence, reading: &TableReading) -> Option<(String, Option<Choice>)> {
    let shown = |place: &Place| format!("row {} (\"{}\")", place.row, shortened(&place.text));
    Some(match evidence.spoilt_dates()? {
        (format, Spoilt::Strays(places, are_all)) => {
            let first = places.first()?;
            let why = format!(
                "its dates are written as {}, but not all of its fields, as in {}",
                format.name(),
                shown(first)
            );
            let words = places.iter().map(|place| place.text.as_str());
            (why, missing::with_more(reading, words).filter(|_| are_all))
        }
        (_, Spoilt::Mixed(one, other)) => {
            let why = format!(
                "its dates are written in two ways, as in {} and {}; write all in one",
                shown(one),
                shown(other)
            );
            (why, None)
        }
    })
}

/// Why a column that was chosen to be one of dates cannot be one.
pub(super) fn no_dates(evidence: &Evidence, reading: &TableReading) -> String {
    match spoilt(evidence, reading) {
        Some((why, Some(words))) => {
            format!("{why}; correct them, or name them as words for missing values ({})", words.option())
        }
        Some((why, None)) => format!("{why}; correct them, or take the column as a label"),
        None => {
            "holds no dates that are read; write them as 2024-01-31 13:00:00, or take the column as a label"
                .to_owned()
        }
    }
}
