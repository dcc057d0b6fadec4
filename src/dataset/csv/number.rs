//! Numbers as written in tables: decimal points or commas, grouped digits, percent and currency
//! signs, accountants' parentheses.

use super::buffer::Buffer;

/// The notation of a column's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notation {
    /// `1234.5`
    Point,
    /// `1234,5`
    Comma,
    /// `1,234.5`
    PointGroupedByComma,
    /// `1.234,5`
    CommaGroupedByPoint,
    /// `1 234.5`
    PointGroupedBySpace,
    /// `1 234,5`
    CommaGroupedBySpace,
    /// `1'234.5`
    PointGroupedByApostrophe,
    /// `1'234,5`
    CommaGroupedByApostrophe,
}

/// Notations that fit everything seen so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Notations(u16);

/// Signs around the digits of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each may be present")]
pub(super) struct Signs {
    /// `%` after it.
    pub percent: bool,
    /// A currency's sign or code before or after it.
    pub currency: bool,
    /// Parentheses around a negative one.
    pub parentheses: bool,
    /// A minus after it.
    pub minus_after: bool,
}

impl Signs {
    /// The union of both.
    #[must_use]
    pub(super) fn or(self, other: Signs) -> Signs {
        Signs {
            percent: self.percent || other.percent,
            currency: self.currency || other.currency,
            parentheses: self.parentheses || other.parentheses,
            minus_after: self.minus_after || other.minus_after,
        }
    }
}

impl Notation {
    /// All, the most likely first.
    pub(super) const ALL: [Notation; 8] = [
        Notation::Point,
        Notation::Comma,
        Notation::PointGroupedByComma,
        Notation::CommaGroupedByPoint,
        Notation::PointGroupedBySpace,
        Notation::CommaGroupedBySpace,
        Notation::PointGroupedByApostrophe,
        Notation::CommaGroupedByApostrophe,
    ];

    /// Whether the decimal mark is a comma.
    pub(super) fn has_comma(self) -> bool {
        self.marks().0 == ','
    }

    /// Decimal mark and thousands separator.
    fn marks(self) -> (char, Option<Group>) {
        match self {
            Notation::Point => ('.', None),
            Notation::Comma => (',', None),
            Notation::PointGroupedByComma => ('.', Some(Group::Comma)),
            Notation::CommaGroupedByPoint => (',', Some(Group::Point)),
            Notation::PointGroupedBySpace => ('.', Some(Group::Space)),
            Notation::CommaGroupedBySpace => (',', Some(Group::Space)),
            Notation::PointGroupedByApostrophe => ('.', Some(Group::Apostrophe)),
            Notation::CommaGroupedByApostrophe => (',', Some(Group::Apostrophe)),
        }
    }

    /// The number in a field without percent and currency signs; `None` if it is not a number in
    /// this notation.
    pub(super) fn parse(self, field: &str) -> Option<f64> {
        let field = field.trim();
        if self == Notation::Point
            && let Ok(value) = field.parse()
        {
            return Some(value);
        }
        let (bare, _) = Bare::of(field);
        let value = self.parse_digits(bare.digits)?;
        Some(if bare.is_negative { -value } else { value })
    }

    /// A number without signs.
    fn parse_digits(self, digits: &str) -> Option<f64> {
        let (decimal, group) = self.marks();
        let (mantissa, exponent) = match digits.find(['e', 'E', 'd', 'D']) {
            Some(at) => (&digits[..at], Some(&digits[at + 1..])),
            None => (digits, None),
        };
        let (whole, fraction) = mantissa.split_once(decimal).unwrap_or((mantissa, ""));
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() && fraction.is_empty() || !are_digits(fraction) {
            return None;
        }
        let mut plain = Buffer::new();
        match group {
            _ if are_digits(whole) => plain.push_str(whole)?,
            Some(group) => group.join(whole, &mut plain)?,
            None => return None,
        }
        plain.push('.')?;
        plain.push_str(fraction)?;
        if let Some(exponent) = exponent {
            let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if unsigned.is_empty() || !are_digits(unsigned) {
                return None;
            }
            plain.push('e')?;
            plain.push_str(exponent)?;
        }
        plain.as_str().parse().ok()
    }
}

impl Notations {
    /// Every notation: before any field.
    pub(super) const ALL: Notations = Notations((1 << Notation::ALL.len()) - 1);
    /// None: it is not a number.
    pub(super) const NONE: Notations = Notations(0);

    /// The notations that fit a field, and the signs around its digits.
    pub(super) fn of(field: &str) -> (Notations, Signs) {
        let field = field.trim();
        let only_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if only_digits(field.strip_prefix('-').unwrap_or(field)) {
            return (Notations::ALL, Signs::default());
        }
        let (bare, signs) = Bare::of(field);
        let may_be = bare.may_be_number();
        let can_be = |notation: &Notation| {
            // Words such as "inf" are numbers only in the plain notation.
            let plain = *notation == Notation::Point && field.parse::<f64>().is_ok();
            plain || may_be && notation.parse_digits(bare.digits).is_some()
        };
        let bits = (0..).zip(Notation::ALL).filter(|(_, notation)| can_be(notation));
        let set = Notations(bits.fold(0, |bits, (at, _)| bits | 1 << at));
        (set, if set == Notations::NONE { Signs::default() } else { signs })
    }

    /// The intersection of both.
    #[must_use]
    pub(super) fn and(self, other: Notations) -> Notations {
        Notations(self.0 & other.0)
    }

    /// Whether it contains a notation with a decimal comma, or point.
    pub(super) fn have(self, comma: bool) -> bool {
        self.best(Some(comma)).is_some()
    }

    /// Whether it contains a notation.
    pub(super) fn has(self, notation: Notation) -> bool {
        self.0 >> notation as usize & 1 == 1
    }

    /// Whether it is empty.
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its notations, the most likely first.
    pub(super) fn iter(self) -> impl Iterator<Item = Notation> {
        (0..).zip(Notation::ALL).filter(move |(at, _)| self.0 >> at & 1 == 1).map(|(_, notation)| notation)
    }

    /// The most likely one, with a decimal comma or point if given.
    pub(super) fn best(self, has_comma: Option<bool>) -> Option<Notation> {
        self.iter().find(|notation| has_comma.is_none_or(|comma| notation.has_comma() == comma))
    }

    /// Whether the digits would be different numbers in two of them: `1,234`.
    pub(super) fn is_ambiguous(self) -> bool {
        self.iter().any(Notation::has_comma) && self.iter().any(|notation| !notation.has_comma())
    }
}

/// The separator between groups of digits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Comma,
    Point,
    Space,
    Apostrophe,
}

impl Group {
    fn is(self, mark: char) -> bool {
        match self {
            Group::Comma => mark == ',',
            Group::Point => mark == '.',
            // Between digits: space, no-break space, thin space, narrow no-break space.
            Group::Space => matches!(mark, ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}'),
            Group::Apostrophe => matches!(mark, '\'' | '’'),
        }
    }

    /// The digits of all groups, if these can be groups of a number: the first of one to three
    /// digits, the last of three, the others of three or, as in India, two.
    fn join(self, whole: &str, plain: &mut Buffer) -> Option<()> {
        let mut marks = whole.chars().filter(|mark| !mark.is_ascii_digit());
        let first = marks.next()?;
        if !self.is(first) || marks.any(|mark| mark != first) {
            return None;
        }
        let last = whole.matches(first).count();
        for (at, digits) in whole.split(first).enumerate() {
            let fits = match at {
                // 0,123 has no thousands.
                0 => (1..=3).contains(&digits.len()) && !digits.starts_with('0'),
                at if at == last => digits.len() == 3,
                _ => (2..=3).contains(&digits.len()),
            };
            if !fits {
                return None;
            }
            plain.push_str(digits)?;
        }
        Some(())
    }
}

/// A field without the signs around its digits.
struct Bare<'a> {
    digits: &'a str,
    is_negative: bool,
}

impl Bare<'_> {
    /// Whether it begins like a number, with signs only before an exponent. Words and dates do not,
    /// and trying all notations takes time.
    fn may_be_number(&self) -> bool {
        let bytes = self.digits.as_bytes();
        let is_sign_inside =
            |pair: &[u8]| matches!(pair[1], b'-' | b'+') && !matches!(pair[0], b'e' | b'E' | b'd' | b'D');
        bytes.first().is_some_and(|first| first.is_ascii_digit() || matches!(first, b'.' | b','))
            && !bytes.windows(2).any(is_sign_inside)
    }

    fn of(field: &str) -> (Bare<'_>, Signs) {
        let (mut digits, mut signs) = (field, Signs::default());
        let (mut is_negative, mut has_sign) = (false, false);
        // Accountants write negative numbers in parentheses.
        if let Some(inner) = digits.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            (digits, is_negative, has_sign) = (inner.trim(), true, true);
            signs.parentheses = true;
        }
        loop {
            let before = digits;
            if !has_sign && let Some(rest) = digits.strip_prefix(['-', '−', '+']) {
                is_negative = !digits.starts_with('+');
                (digits, has_sign) = (rest.trim_start(), true);
            }
            // No cents: 25.- and 25,—
            if let Some(rest) = digits.strip_suffix(['-', '−', '–', '—'])
                && let Some(whole) = rest.strip_suffix('-').unwrap_or(rest).strip_suffix(['.', ','])
                && whole.ends_with(|letter: char| letter.is_ascii_digit())
            {
                digits = whole;
            }
            // Accounting programs also write it after the number.
            if !has_sign && let Some(rest) = digits.strip_suffix(['-', '−']) {
                (digits, is_negative, has_sign) = (rest.trim_end(), true, true);
                signs.minus_after = true;
            }
            if !signs.currency
                && let Some(rest) = without_currency(digits)
            {
                (digits, signs.currency) = (rest, true);
            }
            if !signs.percent
                && let Some(rest) = digits.strip_suffix('%')
            {
                (digits, signs.percent) = (rest.trim_end(), true);
            }
            if digits.len() == before.len() {
                return (Bare { digits, is_negative }, signs);
            }
        }
    }
}

/// The currency's sign or code of a number, if it has one.
pub(super) fn currency(field: &str) -> Option<&str> {
    let is_own =
        |letter: char| !(letter.is_ascii_digit() || ".,-+−–—()%'’ \u{a0}\u{2009}\u{202f}".contains(letter));
    let (start, rest) = (field.find(is_own)?, field.trim_end_matches(|letter| !is_own(letter)));
    rest.get(start..)
}

/// A number without the currency's sign or code before or after it, if it has one.
fn without_currency(text: &str) -> Option<&str> {
    const SIGNS: [char; 22] = [
        '$', '€', '£', '¥', '₹', '₽', '₩', '₪', '₫', '₺', '₴', '₱', '฿', '₦', '₸', '₾', '₼', '₡', '₲', '＄',
        '￡', '￥',
    ];
    const CODES: [&str; 14] =
        ["USD", "EUR", "GBP", "JPY", "CHF", "CNY", "INR", "CAD", "AUD", "SEK", "NOK", "DKK", "PLN", "BRL"];
    /// Only before a number: after it they are units like any other.
    const BEFORE: [&str; 12] = ["R$", "US$", "A$", "C$", "NZ$", "HK$", "S$", "kr", "zł", "Fr.", "Rs.", "Rs"];
    let other = BEFORE.iter().find_map(|code| text.strip_prefix(code));
    let before = other
        .or_else(|| text.strip_prefix(SIGNS))
        .or_else(|| CODES.iter().find_map(|code| text.strip_prefix(code)));
    if let Some(rest) = before {
        return Some(rest.trim_start());
    }
    let after = text.strip_suffix(SIGNS).or_else(|| CODES.iter().find_map(|code| text.strip_suffix(code)));
    after.map(str::trim_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_written() {
        let check = |field: &str, notation: Notation, expected: Option<f64>| {
            assert_eq!(notation.parse(field), expected, "{field:?} in {notation:?}");
            let (set, _) = Notations::of(field);
            assert_eq!(
                set.iter().any(|own| own == notation),
                expected.is_some(),
                "{field:?} in {notation:?}"
            );
        };
        check("1234.5", Notation::Point, Some(1234.5));
        check(" -1e-5 ", Notation::Point, Some(-1e-5));
        check("1.5D+03", Notation::Point, Some(1500.0));
        check(".5", Notation::Point, Some(0.5));
        check("5.", Notation::Point, Some(5.0));
        check("−2,5", Notation::Comma, Some(-2.5));
        check("1,234.5", Notation::PointGroupedByComma, Some(1234.5));
        check("12,34,567.5", Notation::PointGroupedByComma, Some(1_234_567.5));
        check("1.234.567,8", Notation::CommaGroupedByPoint, Some(1_234_567.8));
        check("1\u{202f}234,5", Notation::CommaGroupedBySpace, Some(1234.5));
        check("1 234 567", Notation::PointGroupedBySpace, Some(1_234_567.0));
        check("1'234.50", Notation::PointGroupedByApostrophe, Some(1234.5));
        check("1’234’567,50", Notation::CommaGroupedByApostrophe, Some(1_234_567.5));
        check("1'234,50", Notation::PointGroupedByApostrophe, None);
        check("12.5 %", Notation::Point, Some(12.5));
        check("$1,234.50", Notation::PointGroupedByComma, Some(1234.5));
        check("-$5", Notation::Point, Some(-5.0));
        check("$-5", Notation::Point, Some(-5.0));
        check("1.234,50 €", Notation::CommaGroupedByPoint, Some(1234.5));
        check("EUR 7", Notation::Point, Some(7.0));
        check("￥12,345", Notation::PointGroupedByComma, Some(12_345.0));
        check("R$ 1.234,50", Notation::CommaGroupedByPoint, Some(1234.5));
        check("25.-", Notation::Point, Some(25.0));
        check("-1'250.--", Notation::PointGroupedByApostrophe, Some(-1250.0));
        check("Fr. 25,—", Notation::Comma, Some(25.0));
        check("(1,234)", Notation::PointGroupedByComma, Some(-1234.0));
        check("1854.44-", Notation::Point, Some(-1854.44));
        check("1.854,44- €", Notation::CommaGroupedByPoint, Some(-1854.44));
        check("1,23", Notation::PointGroupedByComma, None);
        check("0,123", Notation::PointGroupedByComma, None);
        check("0,123", Notation::Comma, Some(0.123));
        check("1234,567.0", Notation::PointGroupedByComma, None);
        check("1,234 567", Notation::PointGroupedByComma, None);
        check("1.5", Notation::CommaGroupedByPoint, None);
        for word in [
            "", "-", "--", "-5-", "1-2-", "%", "$", "()", "e5", "1e", "1e+", "abc", "1.2.3", "--5", "5%%",
            "1 2", "0x10", ",", ".",
        ] {
            for notation in Notation::ALL {
                assert_eq!(notation.parse(word), None, "{word:?} in {notation:?}");
            }
            assert_eq!(Notations::of(word).0, Notations::NONE, "{word:?}");
        }
    }

    #[test]
    fn what_a_mark_means_is_determined_by_all_fields_together() {
        let all = |fields: &[&str]| {
            fields.iter().fold(Notations::ALL, |sum, field| sum.and(Notations::of(field).0))
        };
        assert_eq!(all(&["1", "2"]).best(None), Some(Notation::Point));
        assert_eq!(all(&["1,5", "2"]).best(None), Some(Notation::Comma));
        assert_eq!(all(&["1,234", "1,234,567"]).best(None), Some(Notation::PointGroupedByComma));
        assert_eq!(all(&["1.234,5", "7"]).best(None), Some(Notation::CommaGroupedByPoint));
        let doubtful = all(&["1,234", "5,678"]);
        assert!(doubtful.is_ambiguous());
        assert_eq!(doubtful.best(Some(true)), Some(Notation::Comma));
        assert_eq!(doubtful.best(Some(false)), Some(Notation::PointGroupedByComma));
        assert!(all(&["1,5", "1.5"]).is_empty());
    }

    #[test]
    fn signs_are_detected() {
        let signs = |field| Notations::of(field).1;
        assert_eq!(signs("5 %"), Signs { percent: true, ..Signs::default() });
        assert_eq!(signs("5 €"), Signs { currency: true, ..Signs::default() });
        assert_eq!(signs("(5)"), Signs { parentheses: true, ..Signs::default() });
        assert_eq!(signs("5-"), Signs { minus_after: true, ..Signs::default() });
        assert_eq!(signs("(word)"), Signs::default());
        assert_eq!(signs("5"), Signs::default());
        assert_eq!(signs("word %"), Signs::default());
        for (field, sign) in
            [("-$1,234.50", Some("$")), ("5 €", Some("€")), ("EUR 1 000", Some("EUR")), ("5", None)]
        {
            assert_eq!(currency(field), sign, "{field}");
        }
    }
}
