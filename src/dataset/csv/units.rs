//! Units of columns: in a row below the header, in brackets after a name, or after the numbers.

use super::layout::TableLayout;
use super::missing;
use super::suffixes::Suffix;

/// Longest unit, in bytes: longer texts are descriptions.
const LONGEST: usize = 24;

/// Units that may have prefixes.
const WITH_PREFIX: &str = "\
    m g s A K mol cd Hz N Pa J W V F Ω ohm S T H C L l b B bar eV u Da M rad sr lm lx Bq Gy Sv kat cal t \
    Ohm Wh Osm U IU";
/// Prefixes of units.
const PREFIXES: [&str; 20] =
    ["y", "z", "a", "f", "p", "n", "µ", "μ", "u", "m", "c", "d", "da", "h", "k", "K", "M", "G", "T", "P"];
/// Other units, and words for them, in lower case.
const WHOLE: &str = "\
    °c °f °k degc degf deg degrees celsius fahrenheit kelvin ° % ‰ percent pct ppm ppb ppt min h hr hrs \
    d yr yrs year years day days hour hours sec secs second seconds minute minutes week weeks month \
    months ha ac ft in inch inches yd mi mile miles mph kph kmh kn kt knots lb lbs oz gal pt psi atm \
    mmhg inhg torr kcal btu hp rpm bpm db dbm px pixel pixels meter meters metre metres km/h gram grams \
    kilogram kg litre litres liter liters volt volts watt watts amp amps hertz usd eur gbp chf jpy cny \
    inr $ € £ ¥ ct cent cents au a.u. count counts number unit units cells copies ratio # °n °e °w °s \
    stück stk jahre tage stunden minuten sekunden monate ans jours heures mois años días horas meses";

/// Whether a text is a common unit, in brackets or not: `mm`, `[kg/m³]`, `°C`.
pub(super) fn is_usual(text: &str) -> bool {
    let text = bare(text);
    let is_part = |part: &str| {
        let is_power = |letter: char| letter.is_numeric() || matches!(letter, '^' | '-' | '⁻' | '+');
        let part = part.trim_end_matches(is_power);
        let lower = part.to_lowercase();
        let has = |list: &str, word: &str| list.split(' ').any(|own| own == word);
        let is_whole = has(WHOLE, &lower) || has(WITH_PREFIX, part);
        part.is_empty()
            || is_whole
            || PREFIXES
                .iter()
                .any(|prefix| part.strip_prefix(prefix).is_some_and(|rest| has(WITH_PREFIX, rest)))
    };
    !text.is_empty()
        && text.len() <= LONGEST
        && text.contains(|letter: char| !letter.is_numeric() && !matches!(letter, '^' | '-' | '+'))
        && text.split(['/', '·', '*', ' ', '⋅']).all(is_part)
}

/// A text without the brackets around it.
fn bare(text: &str) -> &str {
    let text = text.trim();
    let pairs = [('(', ')'), ('[', ']'), ('{', '}')];
    let inner = pairs
        .iter()
        .find_map(|(open, close)| text.strip_prefix(*open).and_then(|rest| rest.strip_suffix(*close)));
    inner.map_or(text, str::trim)
}

/// The units in a row below the header, empty for a column without one; no entries if nothing in
/// the row looks like a unit.
pub(super) fn of_row(row: &[String]) -> Vec<String> {
    let is_unit = |field: &String| is_usual(field) || bare(field) != field.trim();
    if !row.iter().any(is_unit) {
        return Vec::new();
    }
    let is_none =
        |unit: &str| unit.len() > LONGEST || missing::is_usual(unit) || missing::means_missing(unit);
    let unit =
        |field: &String| Some(bare(field)).filter(|unit| !is_none(unit)).unwrap_or_default().to_owned();
    row.iter().map(unit).collect()
}

/// Whether a row that was read as units may be data: single words, none of which is a common unit.
pub(super) fn are_doubtful(row: &[String]) -> bool {
    let mut filled = row.iter().map(|field| field.trim()).filter(|field| !field.is_empty()).peekable();
    filled.peek().is_some()
        && filled.all(|field| !field.contains(' ') && bare(field) == field && !is_usual(field))
}

/// A name without the unit in brackets at its end, and the unit: `Temp (°C)`, `length [mm]`.
pub(super) fn split(name: &str) -> Option<(&str, &str)> {
    let name = name.trim();
    let open = match name.chars().last()? {
        ')' => '(',
        ']' => '[',
        _ => return None,
    };
    let (base, unit) = name.split_at(name.rfind(open)?);
    let base = base.trim_end();
    (!base.is_empty() && is_usual(unit)).then(|| (base, bare(unit)))
}

/// The unit of a column of numbers, if given after the numbers, below the header or in the name.
pub(super) fn of_column<'a>(layout: &'a TableLayout, at: usize, suffix: &'a Suffix) -> Option<&'a str> {
    let after = match suffix {
        Suffix::Unit(unit) => Some(&**unit),
        Suffix::None | Suffix::Factors => None,
    };
    let below = || layout.units.get(at).map(String::as_str).filter(|unit| !unit.is_empty());
    after.or_else(below).or_else(|| Some(split(layout.columns.get(at)?)?.1))
}

/// Whether two texts mean the same unit.
pub(super) fn are_same(one: &str, other: &str) -> bool {
    let letters = |text: &str| {
        let text = text.replace("degrees", "°").replace("deg", "°").replace('μ', "µ");
        text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>()
    };
    letters(one) == letters(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_distinguished_from_other_words() {
        for unit in [
            "mm",
            "kg",
            "°C",
            "[kg/m³]",
            "(m s^-1)",
            "µg/L",
            "mg·dL⁻¹",
            "%",
            "mmHg",
            "kWh",
            "Years",
            "km/h",
            "1/s",
            "g",
        ] {
            assert!(is_usual(unit), "{unit}");
        }
        for word in
            ["", "ND", "blank", "red", "foo", "log", "2", "pre", "a description of a column", "predicted"]
        {
            assert!(!is_usual(word), "{word}");
        }
        let doubtful = |row: &[&str]| are_doubtful(&row.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert!(doubtful(&["foo", "", "qux"]));
        assert!(!doubtful(&["mm", "foo"]) && !doubtful(&["[foo]", "x"]) && !doubtful(&["", ""]));
        assert!(!doubtful(&["how tall it is", "name"]));
        let units = |row: &[&str]| of_row(&row.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(units(&["[mm]", "", "-", "Stck"]), ["mm", "", "", "Stck"]);
        assert!(units(&["Answer", "Free"]).is_empty());
    }

    #[test]
    fn units_in_brackets_are_no_part_of_a_name() {
        let check = |name: &str, expected: Option<(&str, &str)>| assert_eq!(split(name), expected, "{name}");
        check("Temp (°C)", Some(("Temp", "°C")));
        check("wind speed [m/s]", Some(("wind speed", "m/s")));
        check("a (2)", None);
        check("income (log)", None);
        check("(mm)", None);
        check("length", None);
        assert!(
            are_same("°C", "deg C") && are_same("µg", "μg") && !are_same("mg", "g") && !are_same("mW", "MW")
        );
    }
}
