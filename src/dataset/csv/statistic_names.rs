//! Names of rows that summarise others: sums, means and so on, in many languages.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::buffer::Buffer;

/// Number of fields at the beginning of a row that may contain its name.
const LEADING: usize = 3;
/// Longest name, in bytes.
const LONGEST: usize = 64;

/// Statistics of the rows above.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Sum,
    Mean,
    Deviation,
    Variance,
    /// The standard deviation divided by the mean, possibly in percent.
    Variation,
    /// The standard error of the mean.
    Error,
    Smallest,
    Largest,
    /// The largest minus the smallest.
    Range,
    Count,
    /// The value below which this percentage of values are: 50 for the median.
    Quantile(u8),
    /// A number that is not computed here.
    Other,
}

/// The words for each kind, in lower case and without punctuation.
const NAMES: [(Kind, &str); 20] = [
    (Kind::Sum, SUMS),
    (Kind::Mean, MEANS),
    (Kind::Deviation, DEVIATIONS),
    (Kind::Variance, "var, variance, varianz, varianza, variância, variancia"),
    (Kind::Variation, "cv, rsd, rel std dev, relative standard deviation, coefficient of variation, vk"),
    (Kind::Error, "se, sem, std error, std err, standard error, standard error of the mean"),
    (Kind::Smallest, MINIMA),
    (Kind::Largest, MAXIMA),
    (Kind::Range, "range, spannweite, étendue, амплитуда"),
    (Kind::Count, "n, count, anzahl, aantal, antal, liczba, количество"),
    (Kind::Quantile(1), "p1"),
    (Kind::Quantile(5), "p5, 5"),
    (Kind::Quantile(10), "p10, 10"),
    (Kind::Quantile(25), "q1, p25, 25"),
    (Kind::Quantile(50), MEDIANS),
    (Kind::Quantile(75), "q3, p75, 75"),
    (Kind::Quantile(90), "p90, 90"),
    (Kind::Quantile(95), "p95, 95"),
    (Kind::Quantile(99), "p99"),
    (Kind::Other, OTHERS),
];
const SUMS: &str = "total, totals, grand total, sub total, subtotal, subtotals, overall, sum, sums, all, summe, \
    summen, gesamt, insgesamt, gesamtsumme, zwischensumme, endsumme, gesamtergebnis, somme, \
    total général, total general, total geral, sous total, suma, suma total, soma, somma, \
    totale, totale complessivo, totales, totais, totaal, eindtotaal, som, summa, totalsumma, \
    totalt, i alt, yhteensä, razem, ogółem, łącznie, celkem, součet, spolu, összesen, összeg, \
    ukupno, skupaj, toplam, genel toplam, итого, всего, сумма, разом, всього, сума, общо, \
    σύνολο, المجموع, סה כ, jumlah, tổng, tổng cộng, 合计, 总计, 小计, 总和, 共计, 合計, 總計, 小計, 総計, 計, 합계, \
    총계, 소계";
const MEANS: &str = "mean, means, average, averages, avg, arithmetic mean, mittel, mittelwert, durchschnitt, mw, \
    moyenne, moy, media, média, promedio, gemiddelde, gemiddeld, medel, medelvärde, genomsnitt, \
    gennemsnit, gjennomsnitt, middelværdi, keskiarvo, średnia, srednia, průměr, priemer, átlag, \
    medie, prosjek, povprečje, ortalama, среднее, средняя, среднее значение, середнє, средно, \
    μέσος όρος, المتوسط, ממוצע, rata rata, trung bình, 平均, 平均值, 平均値, 均值, 평균";
const DEVIATIONS: &str = "std, stdev, stddev, std dev, st dev, stabw, stdabw, sd, s d, standard deviation, \
    standardabweichung, standardabw, std abw, écart type, ecart type, desv est, desviación \
    estándar, desviacion estandar, desv estándar, desviación típica, desvio padrão, desvio \
    padrao, desv pad, dev std, deviazione standard, standaardafwijking, standaarddeviatie, \
    standardavvikelse, standardafvigelse, standardavvik, keskihajonta, odchylenie standardowe, \
    odch std, směrodatná odchylka, szórás, standart sapma, std sapma, стандартное отклонение, ст \
    откл, ско, стандартне відхилення, 标准差, 標準偏差, 標準差, 표준편차";
const MINIMA: &str =
    "min, minimum, mínimo, minimo, minimi, minimalna, минимум, мин, 最小, 最小值, 最小値, 최소, 최솟값";
const MAXIMA: &str =
    "max, maximum, máximo, massimo, maksimi, maksimum, максимум, макс, 最大, 最大值, 最大値, 최대, 최댓값";
const MEDIANS: &str =
    "median, médiane, mediane, mediana, mediaan, mediaani, медиана, 中位数, 中央値, 중앙값, q2, p50, 50";
const OTHERS: &str = "mode, modus, geo mean, geometric mean, geomean, harmonic mean, skewness, kurtosis, iqr, quartile, \
    percentile, quantile, ci, 95 ci, ci 95, lod, loq, detection limit, limit of detection, limit of \
    quantification, p value, saldo, closing balance";

/// Names and codes that may mean other things: they count only next to another statistic, or with
/// matching numbers.
const AMBIGUOUS: &str = "n, sd, s d, se, cv, rsd, vk, var, min, max, media, count, all, mw, moy, som, mode, modus, \
    range, mittel, мин, макс, ско, medie, 计, 計, q1, q2, q3, p1, p5, p10, p25, p50, p75, p90, \
    p95, p99, ci, jumlah, soma";
/// Names of functions, which may be categories in a table of functions or pooling methods.
const FUNCTIONS: [&[u8]; 10] =
    [b"sum", b"mean", b"average", b"avg", b"median", b"min", b"max", b"std", b"count", b"var"];
/// Endings of a word that names a sum: `Umsatztotal`.
const ENDS: [(&str, Kind); 3] = [("total", Kind::Sum), ("summe", Kind::Sum), ("saldo", Kind::Other)];

/// The statistic named by a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Called {
    pub kind: Kind,
    /// Whether that is its whole name (`Total`), without a group (`North total`).
    pub is_whole: bool,
    /// Whether the name may mean something else.
    pub is_ambiguous: bool,
}

impl Called {
    /// Whether it certainly names a statistic.
    pub(super) fn is_sure(self) -> bool {
        self.is_whole && !self.is_ambiguous
    }

    /// Whether it may name one anywhere: short names count only at the end of a table.
    pub(super) fn is_likely(self) -> bool {
        !self.is_whole || !self.is_ambiguous
    }
}

/// The statistic named by the first words of a row.
pub(super) fn called<'a>(row: impl IntoIterator<Item = &'a [u8]>) -> Option<Called> {
    named(row).map(|(_, called)| called)
}

/// [`called`] with the field that names it.
pub(super) fn named<'a>(row: impl IntoIterator<Item = &'a [u8]>) -> Option<(&'a [u8], Called)> {
    let filled = row.into_iter().map(<[u8]>::trim_ascii).filter(|field| !field.is_empty());
    filled.take_while(|field| is_word(field)).take(LEADING).find_map(|field| Some((field, name(field)?)))
}

/// Whether a name in lower case is that of a function.
pub(super) fn is_function(name: &[u8]) -> bool {
    FUNCTIONS.contains(&name)
}

/// Words contain no digits, or begin with a letter; digits with a percent sign name a quantile
/// (`25%`, `95% CI`).
fn is_word(field: &[u8]) -> bool {
    let begins_with_letter = field.first().is_some_and(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
    let after = field.trim_ascii_start();
    let is_quantile = field.len() <= LONGEST && {
        let rest = &after[after.iter().take_while(|byte| byte.is_ascii_digit()).count()..];
        rest.len() < after.len() && rest.trim_ascii_start().starts_with(b"%")
    };
    begins_with_letter || is_quantile || !field.iter().any(u8::is_ascii_digit)
}

fn name(field: &[u8]) -> Option<Called> {
    let text = std::str::from_utf8(field).ok().filter(|text| text.len() <= LONGEST)?;
    let words = words_of(text.split(['(', '[', '±', '=']).next()?)?;
    let whole = words.as_str();
    let (first, last) = (whole.split(' ').next()?, whole.rsplit(' ').next()?);
    if let Some(kind) = kind_of(whole) {
        return Some(Called { kind, is_whole: true, is_ambiguous: is_ambiguous(whole) });
    }
    let known = |word: &str| kind_of(word).filter(|_| !is_ambiguous(word));
    let kind = known(last).or_else(|| known(first)).or_else(|| {
        let (_, kind) =
            ENDS.into_iter().find(|(end, _)| last.len() > end.len() + 1 && last.ends_with(end))?;
        Some(kind)
    })?;
    Some(Called { kind, is_whole: false, is_ambiguous: true })
}

/// The words of a text in lower case, separated by single spaces; `None` if they do not fit. Called
/// for each row of a table that begins with a word.
fn words_of(text: &str) -> Option<Buffer> {
    let mut words = Buffer::new();
    let mut is_next = false;
    for letter in text.chars().flat_map(char::to_lowercase) {
        if !letter.is_alphanumeric() {
            is_next = !words.as_str().is_empty();
            continue;
        }
        if std::mem::take(&mut is_next) {
            words.push(' ')?;
        }
        // Greek has a separate letter at the end of a word.
        words.push(if letter == 'ς' { 'σ' } else { letter })?;
    }
    Some(words)
}

/// The kind of a name in lower case and without punctuation.
fn kind_of(name: &str) -> Option<Kind> {
    // Every row of a table that begins with words is looked up.
    static KINDS: LazyLock<HashMap<String, Kind>> = LazyLock::new(|| {
        let of_kind = |(kind, names): &'static (Kind, &str)| {
            names.split(", ").map(|name| (name.replace('ς', "σ"), *kind))
        };
        NAMES.iter().flat_map(of_kind).collect()
    });
    KINDS.get(name).copied()
}

fn is_ambiguous(name: &str) -> bool {
    AMBIGUOUS.split(", ").any(|other| other == name) || is_number(name)
}

fn is_number(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_sum_up_others_are_detected_by_their_names() {
        use Kind::{Count, Deviation, Largest, Mean, Other, Quantile, Smallest, Sum, Variation};
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
            ("p-value,1", Other),
            ("95% CI,1", Other),
            ("Średnia,1", Mean),
            ("Desv. est.,1", Deviation),
            ("Итого,1", Sum),
            ("平均,1", Mean),
            ("ΜΈΣΟΣ ΌΡΟΣ,1", Mean),
            ("Μέσος όρος,1", Mean),
            ("LOQ,1", Other),
            (",,Summe,1", Sum),
            ("North,Total,1", Sum),
            ("Minimum,1", Smallest),
        ] {
            check(row, whole(kind));
        }
        for (row, kind) in [
            ("N,1", Count),
            ("Min,1", Smallest),
            ("max:,1", Largest),
            ("SD,1", Deviation),
            ("% RSD,1", Variation),
            ("CV%,1", Variation),
            ("Q1,1", Quantile(25)),
            ("P95,1", Quantile(95)),
            ("25%,1", Quantile(25)),
        ] {
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
            "50,1",
            "12%,1",
            "Q4,1",
            "Boston Q1,1",
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
}
