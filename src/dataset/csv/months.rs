//! Names of months in other languages than English.

/// The names and their usual short forms in French, German, Spanish, Italian, Portuguese and Dutch,
/// in lower case and without a point. English ones that another of these languages has are here,
/// too.
const NAMES: [(&str, &str); 12] = [
    ("Jan", "janvier janv jan januar jänner jän jänn enero ene gennaio gen janeiro januari"),
    ("Feb", "février fevrier févr fevr fév februar feb feber febrero febbraio fevereiro fev februari"),
    ("Mar", "mars mar märz maerz mär mrz marzo março marco maart mrt"),
    ("Apr", "avril avr april apr abril abr aprile"),
    ("May", "mai may mayo maggio mag maio mei"),
    ("Jun", "juin juni jun junio giugno giu junho"),
    ("Jul", "juillet juil juli jul julio luglio lug julho"),
    ("Aug", "août aout aoû aou august aug agosto ago augustus"),
    ("Sep", "septembre sept september sep septiembre set settembre setembro setiembre"),
    ("Oct", "octobre oct oktober okt octubre ottobre ott outubro out"),
    ("Nov", "novembre nov november noviembre novembro"),
    ("Dec", "décembre déc decembre dec dezember dez diciembre dic dicembre dezembro december"),
];

/// A date that begins with a day and a month by name, with the English short form of the month and
/// without points and prepositions: `12 janv. 2024`, `12. März 2024` and `12 de enero de 2024` as
/// `12 Jan 2024`; `None` for anything else.
pub(super) fn in_english(field: &str) -> Option<String> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (day, rest) = field.split_at(digits(field));
    // 1er janvier, 1º de enero, 12. März
    let rest = ["er", "º", "°", "."].into_iter().find_map(|end| rest.strip_prefix(end)).unwrap_or(rest);
    let mark = if rest.starts_with('-') { '-' } else { ' ' };
    let rest = without_preposition(rest);
    let (name, rest) = rest.split_at(rest.find(|letter: char| !letter.is_alphabetic())?);
    let rest = without_preposition(rest.strip_prefix('.').unwrap_or(rest));
    let (year, rest) = rest.split_at(digits(rest));
    let has_digits = matches!(day.len(), 1 | 2) && matches!(year.len(), 2 | 4);
    if !has_digits || name.is_empty() {
        return None;
    }
    let lower = name.to_lowercase();
    let (month, _) = NAMES.iter().find(|(_, names)| names.split(' ').any(|other| other == lower))?;
    Some(format!("{day}{mark}{month}{mark}{year}{rest}"))
}

/// A month or quarter without a day: the place of its form in [`super::date::MONTHS_ALONE`], the
/// year (also of two digits: `Mar-24`), and the month or the first of the quarter. `None` for
/// anything else.
pub(super) fn year_month(field: &str) -> Option<(usize, i16, i8)> {
    // Nearly all fields end here.
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some((name, year)) = field.rsplit_once('-')
        && year.len() == 2
        && is_digits(year)
        && name.starts_with(char::is_alphabetic)
    {
        return Some((3, year.parse().ok()?, month_called(name)?));
    }
    let has_year = |text: Option<&str>| text.is_some_and(is_digits);
    if !has_year(field.get(..4)) && !has_year(field.len().checked_sub(4).and_then(|at| field.get(at..))) {
        return None;
    }
    let is_mark = |letter: char| matches!(letter, '-' | '/' | ' ' | '\u{a0}');
    let year = |text: &str| (text.len() == 4 && is_digits(text)).then(|| text.parse().ok())?;
    let quarter = |text: &str| match text.as_bytes() {
        [b'Q' | b'q', digit @ b'1'..=b'4'] => Some(3 * (digit - b'1') as i8 + 1),
        _ => None,
    };
    if let Some((first, rest)) = field.split_at_checked(4)
        && let Some(year) = year(first)
    {
        let bare = rest.strip_prefix(is_mark).unwrap_or(rest);
        if let Some(month) = quarter(bare) {
            return Some((4, year, month));
        }
        let form = match rest.as_bytes() {
            [b'-', ..] => 0,
            [b'/', ..] => 1,
            [b'0'..=b'9', b'0'..=b'9'] => 5,
            _ => return None,
        };
        // 2024-3 and 2024-03, but not 2024-003.
        let month = matches!(bare.len(), 1 | 2) && is_digits(bare);
        let month: i8 = month.then(|| bare.parse().ok())??;
        return (1..=12).contains(&month).then_some((form, year, month));
    }
    let (first, mark) = field.split_at_checked(field.len().checked_sub(4)?)?;
    let (year, before) = (year(mark)?, first.trim_end_matches(is_mark));
    if before.len() == first.len() {
        return None;
    }
    if let Some(month) = quarter(before) {
        return Some((4, year, month));
    }
    if is_digits(before) && before.len() <= 2 && first.ends_with('/') {
        let month: i8 = before.parse().ok()?;
        return (1..=12).contains(&month).then_some((2, year, month));
    }
    if !before.starts_with(char::is_alphabetic) {
        return None;
    }
    Some((3, year, month_called(before)?))
}

/// The month of a name in any of the languages, from 1.
fn month_called(name: &str) -> Option<i8> {
    let name = name.strip_suffix('.').unwrap_or(name).to_lowercase();
    let is_named = |(english, names): &(&str, &str)| {
        let is_english = ENGLISH.contains(&name.as_str()) && name.starts_with(&english.to_lowercase());
        is_english || names.split(' ').any(|other| other == name)
    };
    (1..).zip(&NAMES).find(|(_, month)| is_named(month)).map(|(number, _)| number)
}

/// English names of months that are not in [`NAMES`].
const ENGLISH: [&str; 6] = ["january", "february", "march", "june", "july", "october"];

/// The text after the mark between day, month and year.
fn without_preposition(text: &str) -> &str {
    let text = text.trim_start_matches([' ', '-', '\u{a0}', '\u{202f}']);
    ["de ", "del ", "di "].into_iter().find_map(|word| text.strip_prefix(word)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_known_in_other_languages() {
        let check = |field: &str, expected: Option<&str>| {
            assert_eq!(in_english(field).as_deref(), expected, "{field}");
        };
        check("12 janv. 2024", Some("12 Jan 2024"));
        check("1er août 2024", Some("1 Aug 2024"));
        check("22 déc. 2020", Some("22 Dec 2020"));
        check("3. März 2024", Some("3 Mar 2024"));
        check("12-DEZ-24", Some("12-Dec-24"));
        check("12 de enero de 2024", Some("12 Jan 2024"));
        check("12 ottobre 2024", Some("12 Oct 2024"));
        check("5 fev. 2024", Some("5 Feb 2024"));
        check("5 mei 2024 10:30", Some("5 May 2024 10:30"));
        check("30 April 2024", Some("30 Apr 2024"));
        for field in ["12 January 2024", "12 soon 2024", "janv. 2024", "12 mars", "", "12", "12 janv. 20244"]
        {
            check(field, None);
        }
        let check = |field: &str, expected: Option<(usize, i16, i8)>| {
            assert_eq!(year_month(field), expected, "{field}");
        };
        check("2024-03", Some((0, 2024, 3)));
        check("2024/3", Some((1, 2024, 3)));
        check("03/2024", Some((2, 2024, 3)));
        check("March 2024", Some((3, 2024, 3)));
        check("sept.-2024", Some((3, 2024, 9)));
        check("2024 Q4", Some((4, 2024, 10)));
        check("q1/2024", Some((4, 2024, 1)));
        check("202403", Some((5, 2024, 3)));
        check("Mar-24", Some((3, 24, 3)));
        check("Okt.-09", Some((3, 9, 10)));
        for field in [
            "2024",
            "2024-13",
            "2024-003",
            "03.2024",
            "03-2024",
            "2024-03-01",
            "Toyota 2024",
            "Boeing-74",
            "24-Mar",
            "Mar 24",
            "2024Q5",
            "é024",
        ] {
            check(field, None);
        }
        for (_, names) in NAMES {
            for name in names.split(' ') {
                assert!(in_english(&format!("5 {name} 2024")).is_some(), "{name}");
            }
        }
    }
}
