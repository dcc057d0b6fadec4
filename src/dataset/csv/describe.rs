//! Messages about the columns of a table and how it was read.

use std::collections::{BTreeMap, HashSet};

use super::century::FIRST_YEAR;
use super::doubts::{Columns, PADDED};
use super::encoding::Guess;
use super::evidence::{Content, Evidence};
use super::ids::is_id;
use super::layout::TableLayout;
use super::matching::Matched;
use super::missing;
use super::number::Notation;
use super::remarks::Remarks;
use super::roles::{self, Role, Roles};
use super::suffixes::Suffix;
use super::text::Text;
use super::{ReadOptions, listed};
use crate::dataset::Column;
use crate::project::{Choice, Delimiter, Rules, Take, visible};

/// Most columns named in the summary line.
const NAMED: usize = 8;

impl Remarks {
    /// Reports how the columns were read.
    pub(super) fn features(
        &mut self,
        layout: &TableLayout,
        evidence: &[Evidence],
        roles: &[Role],
        options: &ReadOptions<'_>,
    ) {
        let columns = || layout.columns.iter().zip(evidence.iter().zip(roles));
        let named = |wanted: &dyn Fn(&Evidence, &Role) -> bool| -> Vec<&String> {
            let chosen = columns().filter(|(_, (evidence, role))| wanted(evidence, role));
            chosen.map(|(name, _)| name).collect()
        };
        let mut note = |names: &[&String], what: &str| {
            if !names.is_empty() {
                self.notes.push(format!("{}: {what}", listed(names)));
            }
        };
        let signs = |evidence: &Evidence, role: &Role| match (role, evidence.judge(None)) {
            (Role::Numbers { .. }, Content::Numbers { signs, .. }) => signs,
            _ => super::number::Signs::default(),
        };
        note(
            &named(&|evidence, role| signs(evidence, role).percent),
            "the numbers before the percent signs (12% is 12)",
        );
        note(
            &named(&|evidence, role| signs(evidence, role).currency),
            "numbers without their currency signs",
        );
        note(
            &named(&|evidence, role| signs(evidence, role).parentheses),
            "numbers in parentheses are negative, (5) is -5",
        );
        note(
            &named(&|evidence, role| signs(evidence, role).minus_after),
            "numbers with a trailing minus are negative, 5- is -5",
        );
        for (notation, example) in GROUPED {
            let is = |_: &Evidence, role: &Role| matches!(role, Role::Numbers { notation: own, .. } if *own == notation);
            note(&named(&is), &format!("numbers with digit grouping ({example})"));
        }
        for (name, (evidence, role)) in columns().filter(|(_, (_, role))| role.is_feature()).take(1000) {
            match role {
                Role::Truth { words: [no, yes] } if no.is_empty() => {
                    note(&[name], &format!("{yes} is 1, an empty field is 0"));
                }
                Role::Truth { words: [no, yes] } => note(&[name], &format!("{no} is 0, {yes} is 1")),
                Role::Dates { format, unit_secs, .. } if format.is_duration() => {
                    let unit = roles::unit_of(*unit_secs).name();
                    note(&[name], &format!("durations ({}) as {unit}", format.name()));
                }
                Role::Dates { format, unit_secs, first_year, .. } => {
                    let unit = roles::unit_of(*unit_secs).name();
                    let since = if format.has_date() { "1970" } else { "midnight" };
                    let zones = if evidence.zones().0 {
                        "; times with a time zone are converted to UTC, and results are in UTC"
                    } else {
                        ""
                    };
                    let years = match first_year {
                        _ if !format.has_short_year() || *first_year == FIRST_YEAR => String::new(),
                        first => format!("; two-digit years are {first} to {}", first.saturating_add(99)),
                    };
                    let format = format.name();
                    note(&[name], &format!("dates ({format}) as {unit} since {since}{zones}{years}"));
                }
                Role::Categories { places } => {
                    let count = places.len();
                    let features = if count == 1 {
                        "1 word is a feature"
                    } else {
                        "words are features, 1 where a row has the word, else 0"
                    };
                    let count = if count == 1 { String::new() } else { format!("{count} ") };
                    note(&[name], &format!("{count}{features}"));
                }
                Role::Numbers { .. } | Role::LeftOut | Role::Label(_) => {}
            }
        }
        let ids: Vec<&String> = (0..roles.len())
            .filter(|at| matches!(roles[*at], Role::Label(_)) && is_id(layout, evidence, *at))
            .map(|at| &layout.columns[at])
            .collect();
        if let Some(first) = ids.first() {
            let option = Choice::Column((*first).clone(), Some(Take::Feature)).option();
            let what = "numbers the rows or contains their ids: a label, not a feature";
            note(&ids, &format!("{what} ({option} makes it a feature)"));
        }
        let choices = options.reading.columns.iter().map(|choice| &choice.name);
        let chosen: HashSet<&String> = options.labels.iter().chain(choices).collect();
        let is_word = |role: &Role| matches!(role, Role::Categories { .. } | Role::Label(_));
        let codes = columns().filter(|(_, (evidence, role))| evidence.are_codes() && is_word(role));
        let codes: Vec<&String> = codes.map(|(name, _)| name).filter(|name| !chosen.contains(name)).collect();
        if let Some(first) = codes.first() {
            let option = Choice::Column((*first).clone(), Some(Take::Numbers)).option();
            note(
                &codes,
                &format!(
                    "digits with leading zeros, or marked as text, are read as words ({option} reads \
                     numbers)"
                ),
            );
        }
        // Other labels may be those found in the first rows.
        let labels = options.labels.iter().filter(|_| options.reading.only_labels);
        let by_person = labels.chain(options.reading.columns.iter().map(|choice| &choice.name)).collect();
        let table = Columns { layout, evidence, roles, options, chosen: &by_person };
        let padded = table.padded();
        if padded.len() > PADDED {
            let option = Choice::Column(padded[0].clone(), Some(Take::Label)).option();
            note(&padded, &format!("numbers without their leading zeros ({option} keeps them in a label)"));
        }
        self.suffixes(layout, roles);
        self.unused_words(evidence, options);
        self.many_words(layout, evidence, roles, &chosen);
        self.precision(layout, evidence, roles, options.rules);
        self.doubts.extend(table.doubts());
    }

    /// Reports doubts about columns that a run knows.
    pub(super) fn known_features(
        &mut self,
        layout: &TableLayout,
        evidence: &[Evidence],
        roles: &[Role],
        options: &ReadOptions<'_>,
        matched: &Matched<'_>,
    ) {
        let table = Columns { layout, evidence, roles, options, chosen: &HashSet::new() };
        self.doubts.extend(table.known_doubts(matched));
        self.suffixes(layout, roles);
    }

    /// Reports words for missing values that do not occur in the table.
    fn unused_words(&mut self, evidence: &[Evidence], options: &ReadOptions<'_>) {
        let chosen = &options.reading.missing_words;
        let is_there = |place: usize| evidence.iter().any(|column| column.has_chosen(place));
        // A number may be written in several notations; the first of these is found.
        let is_used = |place: usize| {
            let is_same =
                |(_, other): &(usize, &String)| missing::is_same_number(other, chosen[place].as_bytes());
            is_there(place) || chosen.iter().enumerate().filter(is_same).any(|(other, _)| is_there(other))
        };
        let words = options.reading.missing_words.iter().enumerate();
        let unused = words.filter(|(place, word)| !missing::is_usual(word) && !is_used(*place));
        let unused: Vec<&String> = unused.map(|(_, word)| word).collect();
        if !unused.is_empty() {
            let message = "words for missing values that do not occur in the table";
            self.notes.push(format!("{message}: {}", listed(&unused)));
        }
    }

    /// Reports units and factors after numbers.
    fn suffixes(&mut self, layout: &TableLayout, roles: &[Role]) {
        let (mut factors, mut units) = (Vec::new(), BTreeMap::<&str, Vec<&String>>::new());
        for (name, role) in layout.columns.iter().zip(roles) {
            match role {
                Role::Numbers { suffix: Suffix::Factors, .. } => factors.push(name),
                Role::Numbers { suffix: Suffix::Unit(unit), .. } => units.entry(unit).or_default().push(name),
                Role::Numbers { suffix: Suffix::None, .. }
                | Role::LeftOut
                | Role::Label(_)
                | Role::Truth { .. }
                | Role::Dates { .. }
                | Role::Categories { .. } => {}
            }
        }
        if !factors.is_empty() {
            let message = "k, M and B after numbers mean thousands, millions and billions";
            self.notes.push(format!("{}: {message}", listed(&factors)));
        }
        for (unit, names) in units {
            self.notes.push(format!("{}: numbers in {unit}, read without the unit", listed(&names)));
        }
    }

    /// Reports words that are not features because they are too many: labels, or skipped if there
    /// should be no other labels.
    fn many_words(
        &mut self,
        layout: &TableLayout,
        evidence: &[Evidence],
        roles: &[Role],
        chosen: &HashSet<&String>,
    ) {
        for (take, what) in [(Take::Label, "read as labels"), (Take::LeftOut, "left out")] {
            let is_so = |at: &usize| {
                // Codes are reported separately.
                let is_words = evidence[*at].judge(None) == Content::Words && !evidence[*at].are_codes();
                let is_free = is_words && roles[*at].take() == take && !chosen.contains(&layout.columns[*at]);
                is_free && (take == Take::LeftOut || !is_id(layout, evidence, *at))
            };
            let names: Vec<&String> = (0..roles.len()).filter(is_so).map(|at| &layout.columns[at]).collect();
            if let Some(first) = names.first() {
                let option = Choice::Column((*first).clone(), Some(Take::Categories)).option();
                self.notes.push(format!(
                    "{}: too many different words for features, {what} ({option} makes them features)",
                    listed(&names)
                ));
            }
        }
    }

    /// Reports numbers that 32 bits cannot distinguish, if nothing is subtracted from them.
    fn precision(&mut self, layout: &TableLayout, evidence: &[Evidence], roles: &[Role], rules: Rules) {
        if rules == Rules::Current {
            return self.rounding(layout, evidence, roles);
        }
        let columns = layout.columns.iter().zip(evidence.iter().zip(roles));
        let lost = columns.filter(|(_, (evidence, role))| match role {
            Role::Numbers { notation, .. } => roles::base(evidence, *notation) != 0.0,
            Role::LeftOut
            | Role::Label(_)
            | Role::Truth { .. }
            | Role::Dates { .. }
            | Role::Categories { .. } => false,
        });
        let names: Vec<&String> = lost.map(|(name, _)| name).collect();
        if !names.is_empty() {
            let message = format!(
                "32-bit numbers cannot distinguish the values of {}; by the current rules they are read \
                 exactly",
                listed(&names)
            );
            self.doubt(message, vec![Choice::Rules(Rules::Current)]);
        }
    }
}

impl Remarks {
    /// Reports whole numbers that have a base but are too far apart for 32 bits.
    fn rounding(&mut self, layout: &TableLayout, evidence: &[Evidence], roles: &[Role]) {
        /// Up to this number, all whole numbers are exact in 32 bits.
        const EXACT: f64 = (1 << 24) as f64;
        for (name, (evidence, role)) in layout.columns.iter().zip(evidence.iter().zip(roles)) {
            let Role::Numbers { notation, base, .. } = role else { continue };
            let (low, high) = evidence.range(*notation);
            let largest = (low - base).abs().max((high - base).abs());
            if *base != 0.0 && evidence.are_whole() && largest > EXACT {
                // Half the distance of two numbers with 24 bits.
                let within = (largest / EXACT).log2().floor().exp2();
                self.notes.push(format!(
                    "{}: 32-bit precision keeps its numbers to within {within}; as a label they keep all \
                     digits ({})",
                    listed(&[name]),
                    Choice::Column(name.clone(), Some(Take::Label)).option()
                ));
            }
        }
    }
}

const GROUPED: [(Notation, &str); 6] = [
    (Notation::PointGroupedByComma, "1,234.5"),
    (Notation::CommaGroupedByPoint, "1.234,5"),
    (Notation::PointGroupedBySpace, "1 234.5"),
    (Notation::CommaGroupedBySpace, "1 234,5"),
    (Notation::PointGroupedByApostrophe, "1'234.5"),
    (Notation::CommaGroupedByApostrophe, "1'234,5"),
];

/// The number of rows and their kind: `60 rows × 4 columns (a, b, c, d)`.
pub(super) fn what(rows: usize, columns: &[Column]) -> String {
    let features: usize = columns.iter().map(Column::features).sum();
    let named: Vec<String> = columns
        .iter()
        .take(NAMED)
        .map(|column| visible(&super::shortened(&column.name)).into_owned())
        .collect();
    let more = if columns.len() > NAMED { ", …" } else { "" };
    let count = columns.len();
    let s = |count: usize| if count == 1 { "" } else { "s" };
    let as_features =
        if features == count { String::new() } else { format!(" as {features} feature{}", s(features)) };
    format!("{rows} row{} × {count} column{}{as_features} ({}{more})", s(rows), s(count), named.join(", "))
}

/// How the table was read, as short texts.
pub(super) fn understood(text: &Text<'_>, layout: &TableLayout, roles: &Roles) -> Vec<String> {
    let header = match (layout.has_header, layout.has_commented_header) {
        (true, _) => "yes",
        (false, true) => "in a comment",
        (false, false) => "no",
    };
    let mut parts = vec![format!("header: {header}")];
    if let Some(sheet) = text.sheet() {
        parts.push(sheet.statement());
    }
    if roles.commas.contains(&true) {
        parts.push("decimal: comma".to_owned());
    }
    if text.encoding != encoding_rs::UTF_8 {
        let guess = if text.guess == Guess::Sure { "" } else { " (a guess)" };
        parts.push(format!("encoding: {}{guess}", text.encoding.name().to_lowercase()));
    }
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    if layout.comments > 0 {
        parts.push(counted(layout.comments, "comment line"));
    }
    let left_out = roles.by_column.iter().filter(|role| matches!(role, Role::LeftOut)).count();
    if left_out > 0 {
        parts.push(format!("{} left out", counted(left_out, "column")));
    }
    // Last, as it may be the separator of these texts.
    if text.sheet().is_none() && layout.columns.len() > 1 {
        parts.push(match layout.form.places {
            Some(_) => "columns at fixed positions".to_owned(),
            None => format!("delimiter: {}", delimiter(layout.form.delimiter)),
        });
    }
    parts
}

fn delimiter(delimiter: Delimiter) -> &'static str {
    match delimiter {
        // Followed by other parts; the sign itself would look as if something were missing.
        Delimiter::Comma | Delimiter::Auto => "comma",
        Delimiter::Semicolon => ";",
        Delimiter::Tab => "tab",
        Delimiter::Pipe => "|",
        Delimiter::Spaces => "spaces",
    }
}

/// Content of a column as a short text.
pub(super) fn content(evidence: &Evidence, has_comma: bool) -> String {
    match evidence.judge(Some(has_comma)) {
        Content::Nothing => "nothing".to_owned(),
        Content::Numbers { notation, signs } => {
            let mut text = "numbers".to_owned();
            for (is, what) in [
                (notation.has_comma() && has_comma, ", decimal comma"),
                (GROUPED.iter().any(|(grouped, _)| *grouped == notation), ", digit grouping"),
                (signs.percent, ", percent"),
                (signs.currency, ", currency"),
                (signs.parentheses, ", parentheses"),
                (signs.minus_after, ", trailing minus"),
            ] {
                text.push_str(if is { what } else { "" });
            }
            match evidence.suffix() {
                Suffix::None => text,
                Suffix::Factors => text + ", k, M or B after",
                Suffix::Unit(unit) => format!("{text}, {unit}"),
            }
        }
        Content::Truth { words: [no, yes] } if no.is_empty() => format!("{yes} or empty"),
        Content::Truth { words: [no, yes] } => format!("{no} or {yes}"),
        Content::Dates { format, .. } => format!("dates, {}", format.name()),
        Content::Words if evidence.are_codes() => "codes".to_owned(),
        Content::Words => match evidence.distinct() {
            Some(1) => "1 word".to_owned(),
            Some(count) => format!("{count} words"),
            None => "many words".to_owned(),
        },
    }
}
