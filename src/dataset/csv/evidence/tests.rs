use super::super::words::WORDS;
use super::*;

fn evidence(fields: &[&str]) -> Evidence {
    let mut evidence = Evidence::default();
    let budget = Budget::of(1 << 20);
    for field in fields {
        evidence.add(field, &TableReading::default(), &budget);
    }
    combine(std::slice::from_mut(&mut evidence), &TableReading::default(), Rules::Current, None);
    evidence
}

#[test]
fn columns_are_checked_by_all_their_fields() {
    let check = |fields: &[&str], has_comma: Option<bool>, expected: &str| {
        let name = match evidence(fields).judge(has_comma) {
            Content::Nothing => "nothing".to_owned(),
            Content::Numbers { notation, .. } => format!("{notation:?}"),
            Content::Truth { words: [_, yes] } => yes,
            Content::Dates { format, is_doubtful } => format!("{} {is_doubtful}", format.name()),
            Content::Words => "words".to_owned(),
        };
        assert_eq!(name, expected, "{fields:?}");
    };
    check(&["1", "2.5", "NULL"], None, "Point");
    check(&["", "-", "?"], None, "nothing");
    check(&["1,5", "2"], None, "Comma");
    check(&["1,5", "2"], Some(false), "Comma");
    check(&["1,234", "5,678"], Some(false), "PointGroupedByComma");
    check(&["1,234", "5,678"], Some(true), "Comma");
    check(&["1,234,567", "5,678"], None, "PointGroupedByComma");
    check(&["0.31", "1e3", "7"], Some(true), "Point");
    check(&["True", "False", "true"], None, "True");
    check(&["x", "", "X"], None, "X");
    check(&["x", "y", ""], None, "words");
    check(&["5 mg", "7 mg"], None, "Point");
    check(&["5,5 mg", "7 mg"], None, "Comma");
    check(&["5 mg", "7 g"], None, "words");
    check(&["5 mg", "7 mg", "7"], None, "words");
    check(&["5.0-", "7"], None, "Point");
    check(&["$5-", "7"], None, "Point");
    check(&["1", "1-", "2", "2-"], None, "words");
    check(&["101", "102", "103B", "104"], None, "Point");
    check(&["1B", "2B", "3C", "4K"], None, "words");
    check(&["62:15", "10:20"], None, "[m]:ss false");
    check(&["0930", "1015", "1200", "1645", "2359"], None, "%H%M false");
    check(&["0930", "1015"], None, "words");
    check(&["0001", "0012", "0031", "0044", "0058"], None, "words");
    check(&["0101", "0212", "0303", "0421", "0512"], None, "words");
    check(&["01000", "69003", "2A004"], None, "words");
    check(&["yes", "no"], None, "yes");
    check(&["2024-01-31", "2024-02-01"], None, "%Y-%m-%d false");
    check(&["1/2/2024", "3/4/2024"], None, "%d/%m/%Y true");
    check(&["red", "blue", "1"], None, "words");
    check(&["1", "2", "3", "1O"], None, "Point");
    check(&["12 %", "5%"], None, "Point");
    // Most of the fields show the notation of the numbers.
    for first in ["1.5", "0,5"] {
        check(&[first, "0,5", "1,5", "2,5", "1.5", "3,5"], Some(false), "Comma");
        check(&[first, "0.5", "1.5", "2.5", "1,5", "3.5"], Some(true), "Point");
        assert_eq!(evidence(&[first, "0,5", "1,5", "2,5", "3,5"]).proves_comma(), Some(true));
    }
    check(&["1", "=\"5\"", "3"], None, "Point");
    check(&["1'234,50", "12"], None, "CommaGroupedByApostrophe");
    check(&["00501", "94110"], None, "words");
    check(&["=\"5\"", "=\"7\""], None, "words");
    check(&["07", "12"], None, "Point");
    check(&["20240331", "20240401"], None, "Point");
    check(&["2024-01-31", "soon"], None, "words");
    check(&["2019", "2024-01-31", "2024-02-01"], None, "words");
    check(&["31/12/99", "01/02/00"], None, "%d/%m/%y false");
    assert!(evidence(&["1,234", "5,678"]).is_ambiguous());
    assert!(!evidence(&["1,234", "5,6"]).is_ambiguous());
}

#[test]
fn row_numbers_are_reported() {
    let check = |fields: &[&str], expected: bool| {
        assert_eq!(evidence(fields).are_row_numbers(), expected, "{fields:?}");
    };
    check(&["0", "1", "2", "3"], true);
    check(&["1", "2", "3"], true);
    check(&["1", "3", "4"], false);
    check(&["5", "6", "7"], false);
    check(&["0", "1", ""], false);
    check(&["0", "1", "2", "2"], false);
    check(&["0,5", "1,5", "2,5"], false);
    assert!(!evidence(&["0,5", "1,5", "2,5"]).are_different_whole());
}

#[test]
fn what_is_forgotten_is_not_known_to_be_different() {
    let check = |number: fn(usize) -> usize, expected: bool| {
        let fields: Vec<String> = (0..2 * WORDS).map(|at| number(at).to_string()).collect();
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        assert_eq!(evidence(&fields).are_proven_different_whole(), expected);
    };
    check(|at| 10_000_000 + at, true);
    check(|at| 10_000_000 + at % (WORDS + 1), false);
}

#[test]
fn large_offsets_are_known_exactly() {
    let evidence = evidence(&["9007199254740991", "9007199254740001"]);
    assert_eq!(evidence.range(Notation::Point), (9_007_199_254_740_001.0, 9_007_199_254_740_991.0));
}

#[test]
fn fractions_are_forgotten_but_where_they_are_chosen() {
    let check = |take: Take, number: fn(usize) -> String, expected: Option<usize>| {
        let budget = Budget::of(1 << 24);
        let mut evidence = Evidence { keeps_words: take == Take::Categories, ..Evidence::default() };
        for at in 0..1000 {
            evidence.add(&number(at), &TableReading::default(), &budget);
        }
        assert_eq!(evidence.distinct(), expected);
        evidence.release(&budget);
        assert_eq!(budget.free(), 1 << 24);
    };
    check(Take::Numbers, |at| format!("{}.25", at % 10), Some(10));
    check(Take::Numbers, |at| format!("{at}.25"), None);
    check(Take::Categories, |at| format!("{at}.25"), Some(1000));
    check(Take::Numbers, |at| at.to_string(), Some(1000));
}

#[test]
fn columns_settle_what_one_leaves_open() {
    let settled = |columns: &[&[&str]], rules: Rules| {
        let mut all: Vec<Evidence> = columns.iter().map(|fields| evidence(fields)).collect();
        combine(&mut all, &TableReading::default(), rules, None);
        all
    };
    let dates = settled(&[&["03/04/2024"], &["12/31/2024"]], Rules::Current);
    assert_eq!(dates[0].date_format().map(DateFormat::name), Some("%m/%d/%Y"));
    assert!(matches!(dates[0].judge(None), Content::Dates { is_doubtful: false, .. }));
    let both = settled(&[&["03/04/2024"], &["12/31/2024"], &["31/12/2024"]], Rules::Current);
    assert!(matches!(both[0].judge(None), Content::Dates { is_doubtful: true, .. }));
    let code: &[&str] = &["000", "127"];
    assert!(settled(&[code, &["1.5"]], Rules::Current)[0].are_codes());
    assert!(!settled(&[code; 3], Rules::Current)[0].are_codes());
    assert!(!settled(&[code], Rules::Version1)[0].are_codes());
}

#[test]
fn dates_of_eight_digits_are_numbers_that_can_be_dates() {
    let dates = evidence(&["20240331", "20240229"]);
    let format = dates.date_format().expect("dates");
    assert!(format == DateFormat::COMPACT && dates.fits(format) && dates.are_whole());
    // date -u -d 2024-02-29 +%s
    assert_eq!(dates.first_date(format, FIRST_YEAR), Some(1_709_164_800.0));
    assert_eq!(evidence(&["20240331", "20240230"]).date_format(), None);
}
