//! Whether the first row of a table contains the names of its columns.

use std::collections::HashSet;

use super::missing;

/// Classification of a table's first row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Whether it contains names.
    pub has_header: bool,
    /// Why that is doubtful, if it is; for a warning.
    pub doubt: Option<&'static str>,
}

/// Kind of a field, as far as it distinguishes a header from data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Field<'a> {
    /// Empty, or a word for a missing value.
    Missing,
    /// A number.
    Value(f64),
    /// A date, in seconds.
    Date(f64),
    /// Anything else.
    Word(&'a str),
}

/// Classifies the first row by the rows below it.
///
/// - For a header: a word above values; a word that does not occur in a column of few words, or
///   that is a usual name of columns; a date above numbers; numbers that step evenly, rise or fall
///   (years, wavelengths, 0 1 2 3) if rows below do not; different whole numbers above fractions.
/// - Against it: a word that occurs below; a value above words.
pub(super) fn judge(first: &[Field<'_>], below: &[Vec<Field<'_>>]) -> Verdict {
    let sure = |has_header| Verdict { has_header, doubt: None };
    if below.is_empty() {
        // A single row is data if it contains any value.
        return sure(first.iter().all(|field| field.value().is_none()));
    }
    let mut votes = Votes::default();
    for (at, field) in first.iter().enumerate() {
        votes.count(*field, &below.iter().filter_map(|row| row.get(at)).copied().collect::<Vec<_>>());
    }
    let names = votes.names + votes.usual + votes.rare;
    let doubt = Some("some of its fields look like names, others like data");
    if names > 0 && votes.data > 0 {
        // A column may have the name of one of its words (`yes`).
        let is_sure = votes.names > 0 && names >= 3 * votes.data;
        return Verdict { has_header: names > votes.data, doubt: doubt.filter(|_| !is_sure) };
    }
    if votes.data > 0 {
        return sure(false);
    }
    if votes.names > 0 || names > 0 && votes.fitting == 0 {
        return sure(true);
    }
    let by_numbers = by_numbers(first, below);
    if names > 0 {
        // A rare category may occur in the first row only.
        return match by_numbers.filter(|verdict| verdict.has_header) {
            Some(_) if votes.usual > 0 => sure(true),
            Some(verdict) => verdict,
            None => Verdict { has_header: votes.usual > 0 || votes.rare > votes.fitting, doubt },
        };
    }
    if let Some(verdict) = by_numbers {
        return verdict;
    }
    match first.first() {
        _ if first.iter().all(|field| matches!(field, Field::Word(_))) => {
            Verdict { has_header: true, doubt: Some("every column contains words") }
        }
        Some(Field::Missing)
            if below.iter().all(|row| !matches!(row.first(), None | Some(Field::Missing))) =>
        {
            Verdict { has_header: false, doubt: Some("only its first field is empty, as above row numbers") }
        }
        Some(_) | None => sure(false),
    }
}

/// Classifies a first row by its numbers only.
fn by_numbers(first: &[Field<'_>], below: &[Vec<Field<'_>>]) -> Option<Verdict> {
    let steps_below = below.iter().filter(|row| even_step(row).is_some()).count();
    if let Some(count) = even_step(first).filter(|_| 10 * steps_below <= below.len()) {
        let doubt = (count < 4 || below.len() < 4).then_some("it contains a few evenly spaced numbers");
        return Some(Verdict { has_header: true, doubt });
    }
    in_order(first, below).or_else(|| {
        let doubt = Some("it contains whole numbers above fractions");
        are_whole_above_fractions(first, below).then_some(Verdict { has_header: true, doubt })
    })
}

/// Fields of the first row that look like a name, and those that look like data.
#[derive(Default)]
struct Votes {
    /// Words above values, dates above numbers.
    names: usize,
    /// Usual names of columns of words.
    usual: usize,
    /// Words that do not occur in a column of few words: names, or rare categories.
    rare: usize,
    data: usize,
    /// Numbers that could belong to their column.
    fitting: usize,
}

impl Votes {
    /// Compares a field with those below it.
    fn count(&mut self, field: Field<'_>, below: &[Field<'_>]) {
        let present: Vec<_> = below.iter().filter(|field| **field != Field::Missing).collect();
        let dates = present.iter().filter(|field| matches!(field, Field::Date(_))).count();
        let values = present.iter().filter(|field| field.value().is_some()).count();
        match field {
            Field::Word(_) if present.is_empty() => {}
            // A few words among values are typos or words for missing values.
            Field::Word(_) if 10 * values >= 9 * present.len() => self.names += 1,
            Field::Word(name) => {
                let words = present
                    .iter()
                    .filter_map(|field| if let Field::Word(word) = field { Some(*word) } else { None });
                let distinct: HashSet<&str> = words.collect();
                if distinct.contains(name) {
                    self.data += 1;
                } else if is_usual(name) {
                    self.usual += 1;
                } else if present.len() >= 4 && 2 * distinct.len() <= present.len() {
                    self.rare += 1;
                }
            }
            Field::Date(_) if !present.is_empty() && 10 * (values - dates) >= 9 * present.len() => {
                self.names += 1;
            }
            Field::Value(_) | Field::Date(_) if !present.is_empty() && values == 0 => self.data += 1,
            Field::Value(value) | Field::Date(value) => {
                let column = present.iter().filter_map(|field| field.value());
                self.fitting += usize::from(!present.is_empty() && !is_far(value, column));
            }
            Field::Missing => {}
        }
    }
}

/// Whether a number is further from a column than its values are from each other.
fn is_far(value: f64, column: impl Iterator<Item = f64>) -> bool {
    let (low, high) = ends(column);
    (low - value).max(value - high) > high - low
}

fn ends(column: impl Iterator<Item = f64>) -> (f64, f64) {
    column.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
}

/// Whether a column rises or falls from its first number on, as sums and times do.
fn has_trend(first: f64, column: &[f64]) -> bool {
    let (low, high) = ends(column.iter().copied());
    if high <= low || (low..=high).contains(&first) {
        return false;
    }
    let is_step = |pair: &[f64]| if first < low { pair[0] <= pair[1] } else { pair[0] >= pair[1] };
    if column.windows(2).all(is_step) {
        return true;
    }
    // Correlation of the values with their row numbers.
    let count = column.len() as f64;
    let (mean, middle) = (column.iter().sum::<f64>() / count, (count - 1.0) / 2.0);
    let sum = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
        (0..).zip(column).map(|(at, value)| of(f64::from(at) - middle, value - mean)).sum()
    };
    let both = sum(&|place, value| place * value);
    let alone = (sum(&|place, _| place * place) * sum(&|_, value| value * value)).sqrt();
    let continues = if first < low { both } else { -both };
    continues >= 0.7 * alone && !is_far(first, column.iter().copied())
}

/// Names that columns of words often have.
const USUAL: &str = "address author brand category city class code color colour comment company country county customer \
                     date day description email gender gene group id item key label location model month name patient \
                     product region sample sex site species state station status subject text time title type";

fn is_usual(name: &str) -> bool {
    let name = name.trim().to_lowercase();
    let last = name.rsplit([' ', '_', '-', '.', '/']).next().unwrap_or_default();
    USUAL.split(' ').any(|usual| usual == name) || matches!(last, "id" | "name")
}

/// Whether the numbers of the first row equal those of the first column, as in a distance matrix.
fn is_mirrored(first: &[Field<'_>], below: &[Vec<Field<'_>>]) -> bool {
    let value = |row: Option<&Vec<Field<'_>>>| row.and_then(|row| row.first()?.value());
    first.len() > 2
        && first[0].value().is_some()
        && first
            .iter()
            .skip(1)
            .zip(0..)
            .all(|(field, at)| field.value().is_some_and(|number| value(below.get(at)) == Some(number)))
}

/// Classifies a first row whose numbers rise or fall from column to column, as years, wavelengths
/// and doses do.
fn in_order(first: &[Field<'_>], below: &[Vec<Field<'_>>]) -> Option<Verdict> {
    let is_year = |value: f64| value.fract() == 0.0 && (1500.0..=2200.0).contains(&value);
    let numbers: Vec<(usize, f64)> =
        first.iter().enumerate().filter_map(|(at, field)| Some((at, field.value()?))).collect();
    let are_in_order = |row: &[Field<'_>], is_before: fn(&f64, &f64) -> bool| {
        let values: Vec<f64> = numbers.iter().filter_map(|(at, _)| row.get(*at)?.value()).collect();
        values.len() == numbers.len() && values.windows(2).all(|pair| is_before(&pair[0], &pair[1]))
    };
    if numbers.len() < 2 {
        return None;
    }
    let orders: [fn(&f64, &f64) -> bool; 2] = [f64::lt, f64::gt];
    let order = orders.into_iter().find(|order| are_in_order(first, *order))?;
    if is_mirrored(first, below) {
        return Some(Verdict { has_header: false, doubt: None });
    }
    let column = |at: usize| below.iter().filter_map(move |row| row.get(at)?.value());
    let header = |doubt| Some(Verdict { has_header: true, doubt });
    let cells = || numbers.iter().flat_map(|(at, _)| column(*at));
    let (count, years) = (cells().count(), cells().filter(|value| is_year(*value)).count());
    let trends = numbers.iter().filter(|(at, value)| has_trend(*value, &column(*at).collect::<Vec<_>>()));
    let have_trends = 2 * trends.count() >= numbers.len();
    if numbers.iter().all(|(_, value)| is_year(*value)) && count > 0 && 2 * years <= count {
        let is_doubtful = numbers.len() < 3 || below.len() < 2 || have_trends;
        return header(is_doubtful.then_some("it contains a few numbers that could be years"));
    }
    let ordered_below = below.iter().filter(|row| are_in_order(row, order)).count();
    let is_outside = |&&(at, value): &&(usize, f64)| {
        column(at).all(|other| value < other) || column(at).all(|other| value > other)
    };
    let outside = numbers.iter().filter(is_outside).count();
    let are_all_outside = outside == numbers.len();
    let most = if are_all_outside { below.len() / 2 } else { below.len() / 10 };
    if below.len() < 4 || ordered_below > most {
        return None;
    }
    let far = numbers.iter().filter(|(at, value)| is_far(*value, column(*at))).count();
    let doubt = Some("its numbers rise or fall from column to column");
    match numbers.len() {
        0..=2 => None,
        4.. if have_trends => Some(Verdict { has_header: far == numbers.len(), doubt }),
        4.. if are_all_outside => header(None),
        6.. if 2 * outside >= numbers.len() => header(None),
        3 if 2 * far > numbers.len() => {
            header(Some("it contains three numbers in order that are unlike those below"))
        }
        3 if !are_all_outside => None,
        3.. => Some(Verdict { has_header: false, doubt }),
    }
}

/// Whether the row below the header contains the units of the columns: words above numbers, in
/// every column that has numbers.
pub(super) fn are_units(row: &[Field<'_>], below: &[Vec<Field<'_>>]) -> bool {
    let (mut units, mut is_bracketed) = (0, false);
    for (at, field) in row.iter().enumerate() {
        let present: Vec<&Field<'_>> =
            below.iter().filter_map(|row| row.get(at)).filter(|field| **field != Field::Missing).collect();
        let values = present.iter().filter(|field| field.value().is_some()).count();
        match field {
            Field::Value(_) | Field::Date(_) => return false,
            // A row without results.
            Field::Word(word) if missing::means_missing(word) => {}
            Field::Word(word) if present.contains(&&Field::Word(word)) => return false,
            Field::Word(word) if !present.is_empty() && 10 * values >= 9 * present.len() => {
                units += 1;
                is_bracketed |= word.starts_with(['[', '(']) && word.ends_with([']', ')']);
            }
            Field::Word(_) | Field::Missing => {}
        }
    }
    below.len() > 1 && (units > 1 || units == 1 && is_bracketed)
}

/// Whether the row below the header contains further names: no number and no word of the rows
/// below, but words above numbers or above columns of few words, and nothing in the first column,
/// which has a field in almost all rows below.
pub(super) fn are_further_names(row: &[Field<'_>], below: &[Vec<Field<'_>>]) -> bool {
    let mut names = 0;
    for (at, field) in row.iter().enumerate() {
        let present: Vec<&Field<'_>> =
            below.iter().filter_map(|row| row.get(at)).filter(|field| **field != Field::Missing).collect();
        let values = present.iter().filter(|field| field.value().is_some()).count();
        let words: HashSet<&str> = present
            .iter()
            .filter_map(|field| if let Field::Word(word) = field { Some(*word) } else { None })
            .collect();
        let is_above_values = !present.is_empty() && 10 * values >= 9 * present.len();
        match field {
            Field::Missing if at == 0 && 10 * present.len() < 9 * below.len() => return false,
            Field::Missing => {}
            Field::Value(_) => return false,
            Field::Word(_) | Field::Date(_) if at == 0 => return false,
            Field::Word(word) if missing::means_missing(word) => {}
            Field::Word(word) if words.contains(word) => return false,
            Field::Word(_) | Field::Date(_) => {
                let are_few = present.len() >= 4 && 2 * words.len() <= present.len();
                names += usize::from(is_above_values || (are_few && matches!(field, Field::Word(_))));
            }
        }
    }
    below.len() >= 4 && names > 1
}

/// Number of numbers in a row, if there are at least three in equal steps.
fn even_step(row: &[Field<'_>]) -> Option<usize> {
    let numbers: Vec<f64> = row.iter().filter_map(Field::value).collect();
    let [a, b, _, ..] = numbers[..] else { return None };
    let step = b - a;
    let is_even = |pair: &[f64]| (pair[1] - pair[0] - step).abs() <= 1e-6 * step.abs();
    (step != 0.0 && numbers.windows(2).all(is_even)).then_some(numbers.len())
}

/// Whether a row contains different whole numbers, all above columns of fractions.
fn are_whole_above_fractions(first: &[Field<'_>], below: &[Vec<Field<'_>>]) -> bool {
    let is_whole = |field: &Field<'_>| field.value().is_some_and(|value| value.fract() == 0.0);
    let numbers: Vec<(usize, f64)> =
        first.iter().enumerate().filter_map(|(at, field)| Some((at, field.value()?))).collect();
    let bits: HashSet<u64> = numbers.iter().map(|(_, value)| value.to_bits()).collect();
    let above_fractions = |&(at, _): &(usize, f64)| {
        let whole = below.iter().filter_map(|row| row.get(at)).filter(|field| is_whole(field)).count();
        10 * whole <= below.len()
    };
    below.len() >= 4
        && numbers.len() >= 2
        && bits.len() == numbers.len()
        && numbers.iter().all(|(_, value)| value.fract() == 0.0)
        && numbers.iter().all(above_fractions)
}

impl Field<'_> {
    fn value(&self) -> Option<f64> {
        match self {
            Field::Value(value) | Field::Date(value) => Some(*value),
            Field::Missing | Field::Word(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(line: &str) -> Vec<Field<'_>> {
        let field = |text| match (text, str::parse::<f64>(text)) {
            ("", _) => Field::Missing,
            (_, Ok(value)) => Field::Value(value),
            (word, Err(_)) => Field::Word(word),
        };
        line.split(',').map(field).collect()
    }

    #[test]
    fn the_first_row_is_identified_by_the_rows_below() {
        let check = |table: &[&str], has_header: bool, is_doubtful: bool| {
            let rows: Vec<_> = table.iter().map(|line| fields(line)).collect();
            let verdict = judge(&rows[0], &rows[1..]);
            assert_eq!(
                (verdict.has_header, verdict.doubt.is_some()),
                (has_header, is_doubtful),
                "{table:?}: {verdict:?}"
            );
        };
        let numbers = ["0.31,-1.2,5.1,0.8", "1.7,2.25,-0.4,3.1", "0.2,0.9,1.1,-2.3", "4.4,-3.7,0.1,1.9"];
        let under = |first: &'static str| [&[first], &numbers[..]].concat();
        check(&under("a,b,c,d"), true, false);
        check(&under("400.5,401.0,401.5,402.0"), true, false);
        check(&under("1990,1991,1992,1993"), true, false);
        check(&under("0,1,2,3"), true, false);
        check(&under("7,3,12,5"), true, true);
        check(&under("0.5,2.5,1.5,7.25"), false, false);
        check(&under("1.5,,0.25,3.5"), false, false);
        check(&under(",0.5,1.25,3.5"), false, true);
        check(&[",0,1,2", "0,0.5,1.25,3.5", "1,0.75,2.5,4.5", "2,0.25,1.5,2.5", "3,0.5,1.5,8.5"], true, true);
        check(&["a,,c,d", "1,2,3,4", "2,3,4,5"], true, false);
        check(
            &[
                "country,1990,1991,1992",
                "France,5.5,6.1,7",
                "Chad,1.5,2.5,3.1",
                "Peru,3.1,4.5,1.2",
                "Mali,5,1.1,9",
            ],
            true,
            false,
        );
        check(&["colour,size", "red,big", "blue,small", "red,small", "blue,big"], true, false);
        check(&["red,big", "blue,small", "red,small", "blue,big", "red,big"], false, false);
        check(&["Ann,Smith", "Bob,Jones", "Cy,Young", "Di,Webb"], true, true);
        check(&["5.1,3.5,setosa", "4.9,3.0,setosa", "6.2,3.4,virginica", "5.9,3.0,virginica"], false, false);
        check(
            &["length,width,species", "4.9,3.0,setosa", "6.2,3.4,virginica", "5.9,3.0,virginica"],
            true,
            false,
        );
        check(&["1,2,3", "2,3,4", "3,4,5", "4,5,6"], false, false);
        check(&["1,2,3", "1,9,4", "3,2,5", "9,5,6"], true, true);
        let uneven = ["France,5500,6100,7000", "Chad,1500,2500,310", "Peru,3100,4500,1200", "Mali,5,1900,9"];
        let above = |first: &'static str| [&[first], &uneven[..]].concat();
        check(&above("Country,2000,2005,2011"), true, false);
        check(&above("land,2000,2005,2011"), true, false);
        check(&above(",2000,2005,2011"), true, false);
        check(&above("dose,1,10,50000"), false, true);
        check(&above("dose,-9000,10000,50000"), true, true);
        check(&above("Togo,1600,2400,3000"), false, false);
        check(&["2000,2005", "1.5,3.25", "0.5,9.5"], true, true);
        // A category that occurs only in the first row.
        check(
            &["0.5,1.5,male", "0,0,female", "0.4,0.9,female", "0.7,1.8,female", "1.1,2.7,female"],
            false,
            true,
        );
        check(&["0.5,1.5,sex", "0,0,f", "0.4,0.9,f", "0.7,1.8,m", "1.1,2.7,m"], true, true);
        check(&["400,700,male", "0,0,f", "0.4,0.9,f", "0.7,1.8,m", "1.1,2.7,m"], true, false);
        // Growing sums.
        check(
            &["3,7,20,21", "40,30,55,50", "60,44,80,70", "75,60,99,90", "90,80,120,100", "99,91,150,120"],
            false,
            true,
        );
        // Years as data.
        check(&["1990,1996,2000", "1991,1994,2003", "1980,1997,2001"], false, false);
        check(&under("400,401.37,402.74,404.12"), true, false);
        check(&under("4000,3996.143,3992.286,3988.429"), true, false);
        check(&under("0.1,0.7,1.5,3.5"), false, true);
        // Distances of places along a line: the first row equals the first column.
        check(&["0,1,5,6,9", "1,0,4,5,8", "5,4,0,1,4", "6,5,1,0,3", "9,8,4,3,0"], false, false);
        // Rows that rise like the first.
        check(&["1,5,20,90", "2,6,21,80", "3,4,25,99", "1,9,30,70", "2,3,50,60"], false, false);
        check(&["Name,City", "Ann,Bonn", "Bob,Ulm", "Cy,Rome", "Di,Paris"], true, false);
        check(&["sample_id,x1", "a,b", "c,d"], true, false);
        check(&["x", "1", "2"], true, false);
        // A column named like one of its words.
        check(&["ans,flag,ja,v", "no,y,ja,1", "yes,n,nein,2", "no,y,ja,3", "yes,n,nein,4"], true, false);
        check(&["5", "1", "2"], false, false);
        check(&["a,b"], true, false);
        check(&["1,2"], false, false);
    }

    #[test]
    fn dates_above_numbers_are_names() {
        let first = [Field::Word("place"), Field::Date(1e9), Field::Date(1.1e9)];
        let below = ["a,1,2", "b,3,9", "c,5,1"].map(fields);
        assert_eq!(judge(&first, &below), Verdict { has_header: true, doubt: None });
    }

    #[test]
    fn units_are_above_numbers() {
        let check = |table: &[&str], expected: bool| {
            let rows: Vec<_> = table.iter().map(|line| fields(line)).collect();
            assert_eq!(are_units(&rows[0], &rows[1..]), expected, "{table:?}");
        };
        check(&["mm,kg,s", "1,2,3", "4,5,6"], true);
        check(&["mm,kg,", "1,2,x", "4,5,y"], true);
        check(&[",[mm]", "x,2", "y,5"], true);
        check(&["x,mm", "x,2", "y,5"], false);
        check(&["red,oops", "blue,2", "green,5"], false);
        check(&["mm,3", "1,2", "4,5"], false);
        check(&["1,2", "1,2", "4,5"], false);
        check(&["mm,kg", "1,2"], false);
    }

    #[test]
    fn further_names_are_below_names_alone() {
        let check = |first: &str, expected: bool| {
            let below = ["7,x,1,", "8,y,2,long", "9,x,3,", "5,y,4,text"].map(fields);
            assert_eq!(are_further_names(&fields(first), &below), expected, "{first:?}");
        };
        check(",Answer,Answer,Free", true);
        check(",x,Answer,Free", false);
        check("6,Answer,Answer,Free", false);
        check(",Answer,5,Free", false);
        check(",,Answer,Free", false);
    }
}
