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

/// What follows the mark between day, month and year.
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
        for (_, names) in NAMES {
            for name in names.split(' ') {
                assert!(in_english(&format!("5 {name} 2024")).is_some(), "{name}");
            }
        }
    }
}
