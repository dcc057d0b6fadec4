//! Names of months in other languages than English.

/// The names and their usual abbreviations in French, German, Spanish, Italian, Portuguese and
/// Dutch, in lower case and without a point, including English ones that also exist in these
/// languages.
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

/// Converts a date that begins with a day and a month's name to the English abbreviation of the
/// month, without points and prepositions: `12 janv. 2024`, `12. März 2024` and
/// `12 de enero de 2024` as `12 Jan 2024`; `None` for anything else.
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

/// A month or quarter without a day: the index of its form in [`super::date::MONTHS_ALONE`], the
/// year (also in two digits: `Mar-24`), and the month or the first of the quarter. `None` for
/// anything else.
pub(super) fn year_month(field: &str) -> Option<(usize, i16, i8)> {
    // Almost all fields end here.
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some((name, year)) = field.rsplit_once(['-', '\'', '’'])
        && year.len() == 2
        && is_digits(year)
        && name.starts_with(char::is_alphabetic)
    {
        return Some((3, year.parse().ok()?, month_called(name.trim_end())?));
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
        if bare.len() < rest.len() && bare.starts_with(char::is_alphabetic) {
            // 2024-Mar, but 2024-M03
            return match bare.strip_prefix(['M', 'm']).filter(|month| is_digits(month)) {
                Some(month) => Some((0, year, month_numbered(month)?)),
                None => Some((3, year, month_called(bare)?)),
            };
        }
        if let Some(month) = rest.strip_prefix(['M', 'm']) {
            return Some((0, year, month_numbered(month)?));
        }
        let form = match rest.as_bytes() {
            [b'-', ..] => 0,
            [b'/', ..] => 1,
            [b'0'..=b'9', b'0'..=b'9'] => 5,
            _ => return None,
        };
        return Some((form, year, month_numbered(bare)?));
    }
    let (first, mark) = field.split_at_checked(field.len().checked_sub(4)?)?;
    let (year, before) = (year(mark)?, first.trim_end_matches(is_mark));
    if before.len() == first.len() {
        return None;
    }
    if let Some(month) = quarter(before) {
        return Some((4, year, month));
    }
    if is_digits(before) && first.ends_with('/') {
        return Some((2, year, month_numbered(before)?));
    }
    if !before.starts_with(char::is_alphabetic) {
        return None;
    }
    Some((3, year, month_called(before)?))
}

/// A month and a year separated by a point, which may also be a number: `03.2024`.
pub(super) fn pointed_month(field: &str) -> Option<(i16, i8)> {
    let (month, year) = field.split_once('.')?;
    let are_digits = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    Some((are_digits.then(|| year.parse().ok())??, month_numbered(month)?))
}

/// The month of a field that contains a month's name with a number of one or two digits, a day or a
/// year: `15-Jan`, `Jan 5`.
pub(super) fn month_and_number(field: &str) -> Option<i8> {
    let (first, last) = field.split_once(['-', ' ', '/', '\u{a0}'])?;
    let last = last.trim_start();
    let month = |number: &str, name: &str| {
        let number = number.strip_suffix('.').unwrap_or(number);
        let is_short = matches!(number.len(), 1 | 2) && number.bytes().all(|byte| byte.is_ascii_digit());
        is_short.then(|| month_called(name))?
    };
    month(first, last).or_else(|| month(last, first))
}

/// A date in Chinese, Japanese or Korean in digits only: `2020年1月2日 10時30分` as `2020-1-2 10:30`,
/// `2020년 3월` as `2020-3`, `2020年第1季度` as `2020Q1`; `None` for anything else.
pub(super) fn in_digits(field: &str) -> Option<String> {
    let number = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (year, rest) = field.split_at_checked(4)?;
    // Almost all fields end here.
    let rest = rest.trim_start().strip_prefix(['年', '년']).filter(|_| number(year) == 4)?.trim_start();
    let rest = rest.strip_prefix('第').unwrap_or(rest);
    let (month, rest) = rest.split_at(number(rest));
    let rest = rest.trim_start();
    if ["季度", "四半期", "분기"].contains(&rest) {
        return Some(format!("{year}Q{month}"));
    }
    let rest = rest.strip_prefix(['月', '월'])?.trim_start();
    if rest.is_empty() {
        return Some(format!("{year}-{month}"));
    }
    let (day, rest) = rest.split_at(number(rest));
    let rest: String = rest.trim_start().strip_prefix(['日', '일'])?.split_whitespace().collect();
    let time = rest.replace(['時', '时', '시', '点', '分', '분'], ":");
    let time = time.trim_end_matches([':', '秒', '초']);
    Some(format!("{year}-{month}-{day} {time}").trim_end().to_owned())
}

/// The month from a number of one or two digits.
fn month_numbered(digits: &str) -> Option<i8> {
    // 2024-3 and 2024-03, but not 2024-003.
    let are_digits = matches!(digits.len(), 1 | 2) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let month = are_digits.then(|| digits.parse().ok())??;
    (1..=12).contains(&month).then_some(month)
}

/// The month from a name in any of the languages, counted from 1.
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

/// The text after the separator between day, month and year.
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
        check("Jan'15", Some((3, 15, 1)));
        check("Jan ’15", Some((3, 15, 1)));
        check("2015-Jan", Some((3, 2015, 1)));
        check("2015 mars", Some((3, 2015, 3)));
        check("2015/Sept.", Some((3, 2015, 9)));
        check("2015M01", Some((0, 2015, 1)));
        check("2015-M12", Some((0, 2015, 12)));
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
            "2024M13",
            "2024 Boeing",
            "2024-M",
            "Jan'1",
            "é024",
        ] {
            check(field, None);
        }
        let fields = ["03.2024", "12.1999", "13.2024", "3.2024", "03.20245", "03-2024", "é3.2024", "03.2a24"];
        let months = fields.map(|field| pointed_month(field).is_some());
        assert_eq!(months, [true, true, false, true, false, false, false, false]);
        for (field, expected) in [
            ("15-Jan", Some(1)),
            ("Jan 5", Some(1)),
            ("1. März", Some(3)),
            ("5/dic", Some(12)),
            ("Jan-2015", None),
            ("15-Jam", None),
            ("Jan", None),
            ("15-", None),
            ("", None),
        ] {
            assert_eq!(month_and_number(field), expected, "{field}");
        }
        for (field, expected) in [
            ("2020年1月2日", Some("2020-1-2")),
            ("2020年10月12日 10:30", Some("2020-10-12 10:30")),
            ("2020年1月2日10時30分05秒", Some("2020-1-2 10:30:05")),
            ("2020년 1월 2일 9시 05분", Some("2020-1-2 9:05")),
            ("2020 年 1 月", Some("2020-1")),
            ("2020년 3월", Some("2020-3")),
            ("2020年第1季度", Some("2020Q1")),
            ("2020年2月x", None),
            ("20年1月2日", None),
            ("令和2年1月2日", None),
            ("2020-01-02", None),
            ("2020年", None),
            ("年年年年年", None),
            ("", None),
        ] {
            assert_eq!(in_digits(field).as_deref(), expected, "{field}");
        }
        for (_, names) in NAMES {
            for name in names.split(' ') {
                assert!(in_english(&format!("5 {name} 2024")).is_some(), "{name}");
            }
        }
    }
}
