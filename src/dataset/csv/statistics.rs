//! Rows that tell of the rows above them: their sum, mean, deviation, extremes or number.

use ::csv::ByteRecord;

use super::evidence::Content;
use super::number::Notation;
use super::plain::plain_number;
use crate::dataset::memory::{self, Held};
use crate::dataset::{DataError, Progress};

/// Fields of words at the beginning of a row that may say what it tells.
const LEADING: usize = 3;
/// The longest of them, in bytes.
const LONGEST: usize = 64;
/// Columns whose numbers are compared.
const MOST_COLUMNS: usize = 4096;

/// What a row tells of those above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Sum,
    Mean,
    Deviation,
    Smallest,
    Largest,
    Count,
    /// A number that is not computed here.
    Other,
}

/// Names and codes of other things: they count next to another statistic, or with the right numbers.
const AMBIGUOUS: [&str; 12] =
    ["n", "sd", "s d", "se", "cv", "var", "min", "max", "media", "count", "all", "mw"];
/// Ends of one word that says what was summed up: `Umsatztotal`.
const ENDS: [(&str, Kind); 3] = [("total", Kind::Sum), ("summe", Kind::Sum), ("saldo", Kind::Other)];

/// How a row is called after what it tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Called {
    pub kind: Kind,
    /// Whether it is called so alone (`Total`), not after what it sums up (`North total`).
    pub is_whole: bool,
    /// Whether it may be the name of something else.
    pub is_ambiguous: bool,
}

impl Called {
    /// Whether it is surely the name of a statistic.
    pub(super) fn is_sure(self) -> bool {
        self.is_whole && !self.is_ambiguous
    }

    /// Whether it may be one wherever it stands: short names count at the end of a table alone.
    pub(super) fn is_likely(self) -> bool {
        !self.is_whole || !self.is_ambiguous
    }
}

/// The statistic a row says it is, going by the words it begins with.
pub(super) fn called<'a>(row: impl IntoIterator<Item = &'a [u8]>) -> Option<Called> {
    named(row).map(|(_, called)| called)
}

/// The field that says so, too.
pub(super) fn named<'a>(row: impl IntoIterator<Item = &'a [u8]>) -> Option<(&'a [u8], Called)> {
    let filled = row.into_iter().map(<[u8]>::trim_ascii).filter(|field| !field.is_empty());
    let is_word = |field: &&[u8]| !field.iter().any(u8::is_ascii_digit) || begins_with_letter(field);
    filled.take_while(is_word).take(LEADING).find_map(|field| Some((field, name(field)?)))
}

fn begins_with_letter(field: &[u8]) -> bool {
    field.first().is_some_and(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii())
}

fn name(field: &[u8]) -> Option<Called> {
    let text = std::str::from_utf8(field).ok().filter(|text| text.len() <= LONGEST)?;
    let text = text.split(['(', '[', '±', '=']).next()?.to_lowercase();
    let words: Vec<&str> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let (first, last) = (*words.first()?, *words.last()?);
    let whole = words.join(" ");
    if let Some(kind) = kind_of(&whole) {
        let is_ambiguous = AMBIGUOUS.contains(&whole.as_str());
        return Some(Called { kind, is_whole: true, is_ambiguous });
    }
    let known = [last, first].into_iter().filter(|word| !AMBIGUOUS.contains(word));
    let kind = known.into_iter().find_map(kind_of).or_else(|| {
        let (_, kind) =
            ENDS.into_iter().find(|(end, _)| last.len() > end.len() + 1 && last.ends_with(end))?;
        Some(kind)
    })?;
    Some(Called { kind, is_whole: false, is_ambiguous: true })
}

/// What a row tells that is called so, in lower case and without signs.
fn kind_of(name: &str) -> Option<Kind> {
    Some(match name {
        "total" | "totals" | "grand total" | "sub total" | "subtotal" | "subtotals" | "overall" | "sum"
        | "sums" | "summe" | "summen" | "gesamt" | "insgesamt" | "gesamtsumme" | "zwischensumme"
        | "endsumme" | "gesamtergebnis" | "somme" | "suma" | "summa" | "totale" | "totaal" | "totales"
        | "total général" | "total general" | "total geral" | "totale complessivo" | "eindtotaal"
        | "totalsumma" | "all" => Kind::Sum,
        "mean" | "means" | "average" | "averages" | "avg" | "arithmetic mean" | "mittel" | "mittelwert"
        | "durchschnitt" | "mw" | "moyenne" | "media" | "promedio" | "gemiddelde" => Kind::Mean,
        "std" | "stdev" | "stddev" | "std dev" | "stabw" | "stdabw" | "sd" | "s d" | "standard deviation"
        | "standardabweichung" | "écart type" | "ecart type" => Kind::Deviation,
        "min" | "minimum" => Kind::Smallest,
        "max" | "maximum" => Kind::Largest,
        "n" | "count" | "anzahl" => Kind::Count,
        "median"
        | "médiane"
        | "mediana"
        | "rsd"
        | "cv"
        | "coefficient of variation"
        | "se"
        | "sem"
        | "std error"
        | "standard error"
        | "var"
        | "variance"
        | "varianz"
        | "saldo"
        | "closing balance" => Kind::Other,
        _ => return None,
    })
}

/// Tells whether the numbers of rows are the sums, means and so on of the rows above them.
pub(super) struct Proof<'a> {
    columns: Vec<Column>,
    /// Whether the next row begins a group.
    is_after: bool,
    _held: Held<'a>,
}

/// What was found of such a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Found {
    /// Its numbers tell nothing of the rows above.
    Nothing,
    /// It repeats the one row of its group.
    Copy,
    /// Its numbers are those of the rows above.
    Proven,
    /// So are all of them, in two columns or more.
    InAll,
}

struct Column {
    at: usize,
    notation: Notation,
    /// Digits after the decimal mark, at most.
    digits: i32,
    all: Summary,
    group: Summary,
}

/// What is known of some numbers.
#[derive(Clone, Copy)]
struct Summary {
    count: f64,
    sum: f64,
    mean: f64,
    /// The sum of the squared distances from the mean.
    squares: f64,
    low: f64,
    high: f64,
}

impl Summary {
    const EMPTY: Summary = Summary {
        count: 0.0,
        sum: 0.0,
        mean: 0.0,
        squares: 0.0,
        low: f64::INFINITY,
        high: f64::NEG_INFINITY,
    };

    fn add(&mut self, value: f64) {
        self.count += 1.0;
        self.sum += value;
        let distance = value - self.mean;
        self.mean += distance / self.count;
        self.squares += distance * (value - self.mean);
        (self.low, self.high) = (self.low.min(value), self.high.max(value));
    }

    /// Whether a number is this of them, up to rounding to so many digits; theirs may be rounded, too.
    fn is(&self, kind: Kind, told: Told, digits: i32) -> bool {
        let half = |digits: i32| 0.5 * 10_f64.powi(-digits);
        let theirs = if digits > 0 { half(digits) } else { 0.0 };
        let is_near = |value: f64, slack: f64| {
            (told.value - value).abs() <= 1.001 * half(told.digits) + slack + 1e-9 * value.abs()
        };
        match kind {
            Kind::Sum => is_near(self.sum, theirs * self.count.sqrt()),
            Kind::Mean => is_near(self.mean, theirs),
            Kind::Deviation => [self.count, self.count - 1.0]
                .into_iter()
                .any(|count| count > 0.0 && is_near((self.squares / count).sqrt(), 2.0 * theirs)),
            Kind::Smallest => is_near(self.low, theirs),
            Kind::Largest => is_near(self.high, theirs),
            Kind::Count => told.value == self.count,
            Kind::Other => false,
        }
    }
}

/// A number and how many digits are written after its decimal mark.
#[derive(Clone, Copy)]
struct Told {
    value: f64,
    digits: i32,
}

impl Told {
    fn of(field: &[u8], notation: Notation) -> Option<Told> {
        let text = std::str::from_utf8(field).ok()?.trim();
        let plain = if notation.has_comma() { None } else { plain_number(text) };
        let value = plain.or_else(|| notation.parse(text)).filter(|value| value.is_finite())?;
        let mark = if notation.has_comma() { ',' } else { '.' };
        let after = text.rsplit_once(mark).map_or("", |(_, after)| after);
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        Some(Told { value, digits: digits.min(18) as i32 })
    }
}

impl<'a> Proof<'a> {
    /// For the columns of numbers.
    ///
    /// # Errors
    /// [`DataError`] for more of them than there is memory.
    pub(super) fn of(contents: &[Content], progress: &'a Progress) -> Result<Proof<'a>, DataError> {
        let held = progress.budget().hold(memory::bytes_of::<Column>(contents.len().min(MOST_COLUMNS)))?;
        let columns = contents.iter().enumerate().filter_map(|(at, content)| match content {
            Content::Numbers { notation, .. } => Some(Column {
                at,
                notation: *notation,
                digits: 0,
                all: Summary::EMPTY,
                group: Summary::EMPTY,
            }),
            Content::Nothing | Content::Truth { .. } | Content::Dates { .. } | Content::Words => None,
        });
        Ok(Proof { columns: columns.take(MOST_COLUMNS).collect(), is_after: false, _held: held })
    }

    /// Adds a row of data.
    pub(super) fn add(&mut self, row: &ByteRecord) {
        let begins_group = std::mem::take(&mut self.is_after);
        for column in &mut self.columns {
            if begins_group {
                column.group = Summary::EMPTY;
            }
            if let Some(told) = row.get(column.at).and_then(|field| Told::of(field, column.notation)) {
                column.digits = column.digits.max(told.digits);
                column.all.add(told.value);
                column.group.add(told.value);
            }
        }
    }

    /// Whether a row tells this of the rows so far, of all or of those since the last such row.
    pub(super) fn judge(&self, row: &ByteRecord, kind: Kind) -> Found {
        self.judge_as(row, kind, |column| column.all).max(self.judge_as(row, kind, |column| column.group))
    }

    /// The next row is the first of another group.
    pub(super) fn end_group(&mut self) {
        self.is_after = true;
    }

    fn judge_as(&self, row: &ByteRecord, kind: Kind, of: fn(&Column) -> Summary) -> Found {
        let (mut told, mut met, mut rows) = (0, 0, 0.0_f64);
        for column in &self.columns {
            let summary = of(column);
            let Some(number) = row.get(column.at).and_then(|field| Told::of(field, column.notation)) else {
                continue;
            };
            // Nothing but zeros tells nothing.
            if summary.count > 0.0 && (number.value != 0.0 || summary.low != 0.0 || summary.high != 0.0) {
                told += 1;
                met += usize::from(summary.is(kind, number, column.digits));
                rows = rows.max(summary.count);
            }
        }
        match (told, met) {
            _ if 2 * met <= told => Found::Nothing,
            _ if rows < 2.0 => Found::Copy,
            (2.., _) if met == told => Found::InAll,
            (_, _) => Found::Proven,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::csv::number::Signs;

    #[test]
    fn rows_that_sum_up_others_are_told_by_their_names() {
        use Kind::{Count, Deviation, Largest, Mean, Other, Smallest, Sum};
        let check = |row: &str, expected: Option<(Kind, bool, bool)>| {
            let found = called(row.split(',').map(str::as_bytes));
            let found = found.map(|called| (called.kind, called.is_whole, called.is_ambiguous));
            assert_eq!(found, expected, "{row:?}");
        };
        let whole = |kind| Some((kind, true, false));
        for (row, kind) in [
            ("Total,5", Sum),
            (" total: ,5", Sum),
            ("GRAND TOTAL", Sum),
            ("Zwischensumme;", Sum),
            ("Mittelwert,1", Mean),
            ("Mean (n=40),1", Mean),
            ("Mean ± SD,1", Mean),
            ("Std. Dev.,1", Deviation),
            ("Stabw,3", Deviation),
            ("Écart-type,3", Deviation),
            ("RSD%,1", Other),
            ("RSD %,1", Other),
            ("% RSD,1", Other),
            (",,Summe,1", Sum),
            ("North,Total,1", Sum),
            ("Minimum,1", Smallest),
        ] {
            check(row, whole(kind));
        }
        for (row, kind) in [("N,1", Count), ("Min,1", Smallest), ("max:,1", Largest), ("SD,1", Deviation)] {
            check(row, Some((kind, true, true)));
        }
        for (row, kind) in [
            ("North Total,1", Sum),
            ("Total 2024,1", Sum),
            ("Umsatztotal,1", Sum),
            ("Schlusssaldo,1", Other),
            ("mean_radius,1", Mean),
        ] {
            check(row, Some((kind, false, true)));
        }
        for row in [
            "1,Total",
            "2024-01-31,Total",
            "North,5,Total",
            "Peru,1",
            "Maxine,1",
            "Maximilian SD,1",
            ",,",
            "",
        ] {
            check(row, None);
        }
    }

    #[test]
    fn numbers_are_proven_by_the_rows_above() {
        let numbers = |notation| Content::Numbers { notation, signs: Signs::default() };
        let contents = [Content::Words, numbers(Notation::Point), numbers(Notation::Comma)];
        let rows = [["a", "1", "4,5"], ["b", "2", "5"], ["c", "3", "6"]];
        let check = |row: [&str; 3], kind: Kind, expected: Found| {
            let progress = Progress::default();
            let mut proof = Proof::of(&contents, &progress).unwrap();
            for row in rows {
                proof.add(&ByteRecord::from(row.to_vec()));
            }
            let row = ByteRecord::from(row.to_vec());
            let found = proof.judge(&row, kind);
            assert_eq!(found, expected, "{row:?}");
        };
        check(["Total", "6", "15,5"], Kind::Sum, Found::InAll);
        check(["Mean:", "2", "5,167"], Kind::Mean, Found::InAll);
        check(["Total", "2", "5,167"], Kind::Sum, Found::Nothing);
        check(["Mean", "6", "15,5"], Kind::Mean, Found::Nothing);
        // One digit of the rows is rounded: 5.1667 is between 5.11 and 5.21.
        check(["Mean", "2", "5,21"], Kind::Mean, Found::InAll);
        check(["Mean", "2.1", "5,25"], Kind::Mean, Found::Nothing);
        // Of 1, 2, 3 the deviation is 1, or 0.816 of all three; of 4.5, 5, 6 it is 0.764.
        check(["SD", "1.00", "0,76"], Kind::Deviation, Found::InAll);
        check(["SD", "0.816", "1,2"], Kind::Deviation, Found::Nothing);
        check(["SD", "0.816", ""], Kind::Deviation, Found::Proven);
        check(["Min", "1", "4,5"], Kind::Smallest, Found::InAll);
        check(["Max", "3", "6,04"], Kind::Largest, Found::InAll);
        check(["N", "3", "3"], Kind::Count, Found::InAll);
        check(["Total", "7", "9"], Kind::Sum, Found::Nothing);
        check(["Total", "", ""], Kind::Sum, Found::Nothing);
    }

    #[test]
    fn groups_are_summed_up_by_themselves() {
        let contents =
            [Content::Words, Content::Numbers { notation: Notation::Point, signs: Signs::default() }];
        let progress = Progress::default();
        let mut proof = Proof::of(&contents, &progress).unwrap();
        let mut found = Vec::new();
        for row in ["a,1", "a,2", "Total a,3", "b,4", "Total b,4", "c,0", "Total,7", "Total,8"] {
            let row = ByteRecord::from(row.split(',').collect::<Vec<_>>());
            if row[0].starts_with(b"Total") {
                found.push(proof.judge(&row, Kind::Sum));
                proof.end_group();
            } else {
                proof.add(&row);
            }
        }
        assert_eq!(found, [Found::Proven, Found::Copy, Found::Proven, Found::Nothing]);
    }
}
