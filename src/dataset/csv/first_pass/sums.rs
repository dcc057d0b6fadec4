//! Rows that summarise others, as named and proven by their numbers, or by their numbers only.

use ::csv::ByteRecord;

use super::super::body::{Body, Rows};
use super::super::evidence::{Content, Evidence};
use super::super::footer;
use super::super::left_out::{CheckedRow, Numbered, Sums};
use super::super::pairs;
use super::super::statistics::{self, Found, Kind, StatisticCheck};
use super::{FirstPass, MOST_AMONG};
use crate::dataset::DataError;
use crate::dataset::progress::CancelTimer;
use crate::project::Rules;

/// Fewest rows above a last one that sums them up without a name.
const SUMMED_UP: u64 = 5;
/// Tables of up to this many bytes are read again to check whether the last rows sum the others;
/// larger ones only if the numbers of the last row are the largest, or its name is exceptional.
const SMALL: u64 = 1 << 20;
/// Rows at the end whose numbers are compared with those above even without the name of a
/// statistic.
const LAST: u64 = 6;
/// Probability of a coincidence below which numbers are sums or means, not values.
const CHANCE: f64 = 1e-3;

impl FirstPass<'_> {
    /// Finds the rows that sum up others by their names and numbers, and the last rows if only
    /// their numbers do.
    pub(super) fn sums(&self, body: &Body) -> Result<Sums, DataError> {
        self.sums_and(body, true)
    }

    fn sums_and(&self, body: &Body, finds_end: bool) -> Result<Sums, DataError> {
        let mut sums = Sums { within: self.within.clone(), ..Sums::default() };
        let contents = self.contents();
        let candidates = || self.among.iter().chain(&self.tail.rows);
        let may_end = self.may_sum_up(&contents);
        if !may_end && !candidates().any(|(_, row)| statistics::called(row).is_some()) {
            return Ok(sums);
        }
        let is_quantile = |(_, row): &Numbered| {
            statistics::called(row).is_some_and(|called| matches!(called.kind, Kind::Quantile(_)))
        };
        let keeps_values = candidates().any(is_quantile);
        let (mut proof, mut judged) =
            (StatisticCheck::of(&contents, keeps_values, self.progress)?, Vec::new());
        // The last rows, from the first that is proven, and their kinds.
        let mut end: Vec<(u64, Option<Kind>)> = Vec::new();
        let (mut first_row, mut has_rows) = (None, false);
        let mut first: Option<Numbered> = None;
        let tail = self.tail.rows.first().map_or(u64::MAX, |(number, _)| *number);
        let mut candidates = candidates().peekable();
        let mut rows = Rows::open(self.text, self.layout, self.progress)?;
        let (mut record, mut cancel_timer) = (ByteRecord::new(), CancelTimer::new(self.progress));
        while body.reaches(rows.number + 1) && rows.next(&mut record)? {
            cancel_timer.tick(record.len())?;
            let number = rows.number;
            let is_last = may_end && number + LAST > self.previous.0;
            let statistic =
                || if is_last && finds_end { proof.find_statistic(&record, CHANCE) } else { None };
            if let Some(candidate) = candidates.next_if(|(at, _)| *at == number) {
                let row = &candidate.1;
                let Some((name, called)) = statistics::named(row) else {
                    if pairs::is_one(row) {
                        proof.add(row);
                    }
                    continue;
                };
                let statistic = if number < tail { statistic() } else { None };
                if statistic.is_some() || !end.is_empty() {
                    first_row.get_or_insert_with(|| (number, record.clone()));
                    end.push((number, statistic.or(Some(called.kind))));
                    continue;
                }
                let is_mismatch = self.is_mismatch(row, &contents);
                let found = CheckedRow::of(candidate, (name, called), (&proof, is_mismatch));
                let is_within = number < tail && called.kind != Kind::Sum;
                let is_data = match found.found {
                    Found::Copy => called.is_ambiguous && called.kind != Kind::Sum,
                    Found::Nothing | Found::Unknown => (called.is_ambiguous || is_within) && !is_mismatch,
                    Found::Proven | Found::InAll => false,
                };
                if is_within && found.found == Found::Unknown && called.is_whole {
                    // `Mode` between `Mean` and `SD` proves nothing.
                } else if is_data {
                    proof.add(row);
                } else {
                    proof.end_group();
                }
                judged.push(found);
            } else if body.left_out(self.layout, number, &record).is_none() {
                let statistic = statistic().filter(|_| self.has_new_name(&record, &contents, 1));
                if statistic.is_some() || !end.is_empty() {
                    has_rows |= !self.has_new_name(&record, &contents, 1);
                    first_row.get_or_insert_with(|| (number, record.clone()));
                    end.push((number, statistic));
                    continue;
                }
                if is_last && number == self.previous.0 && self.tail.rows.is_empty() {
                    let is_reported = |kind: &Kind| proof.judge(&record, *kind) == Found::InAll;
                    sums.last = self.kinds_of_last().iter().any(is_reported).then(|| record.clone());
                }
                if may_end && self.text.bytes <= SMALL && first.is_none() {
                    first = Some((number, record.clone()));
                }
                proof.add(&record);
            }
        }
        if let Some((first, kind)) = end.first() {
            let proven = end.iter().take_while(|(_, kind)| kind.is_some()).count();
            // The sum of a group may be followed by another group.
            let most = if *kind == Some(Kind::Sum) { 0 } else { proven };
            if has_rows || end.len() - proven > most || end[proven..].iter().any(|(_, kind)| kind.is_some()) {
                let mut sums = self.sums_and(body, false)?;
                let is_reported = |number: u64| {
                    sums.left_out.iter().chain(&sums.doubtful).any(|(statistic, _)| *statistic == number)
                };
                let unreported = first_row.filter(|(number, _)| !is_reported(*number));
                sums.doubtful.extend(unreported);
                return Ok(sums);
            }
            (sums.end, sums.is_end_doubtful) = (Some(*first), end.len() > proven);
        }
        let doubtful = sums.add(&judged);
        // If there are more, they are data, and not all of them are known.
        let are_known = self.among.len() < MOST_AMONG;
        for (number, row) in &self.among {
            // `SD` below a doubtful `Mean`.
            let is_below = || {
                let is_whole = statistics::called(row).is_some_and(|called| called.is_whole);
                is_whole && sums.doubtful.last().is_some_and(|(above, _)| above + 1 == *number)
            };
            let is_mismatch = self.is_mismatch(row, &contents);
            if are_known && (sums.has(*number) || is_mismatch) {
                if !sums.has(*number) {
                    sums.mismatches.push((*number, row.clone()));
                }
                sums.left_out.push((*number, row.clone()));
            } else if doubtful.contains(number) || is_below() {
                sums.doubtful.push((*number, row.clone()));
            }
        }
        // `World` above all countries.
        sums.doubtful.extend(first.filter(|(_, row)| proof.sums_up_others(row, CHANCE)));
        Ok(sums)
    }

    /// Whether a row begins with a word in a column of other content whose role was not chosen.
    fn is_mismatch(&self, row: &ByteRecord, contents: &[Content]) -> bool {
        let mut fields = row.iter().zip(contents.iter().zip(&self.layout.columns));
        let first = fields.find(|(field, _)| !field.trim_ascii().is_empty());
        first.is_some_and(|(field, (content, name))| {
            !footer::fits(field, content, self.options.reading)
                && !self.options.labels.contains(name)
                && self.options.reading.columns.iter().all(|choice| choice.name != *name)
        })
    }

    /// Kinds of statistics that the last row may contain without a name: sums, or any kind if only
    /// its first field is empty.
    fn kinds_of_last(&self) -> &'static [Kind] {
        let has_no_name = self.previous.1.get(0).is_some_and(|field| field.trim_ascii().is_empty());
        let is_alone = self.evidence.first().is_some_and(|first| first.missing() == 1);
        if has_no_name && is_alone {
            &[Kind::Sum, Kind::Mean, Kind::Deviation, Kind::Smallest, Kind::Largest]
        } else {
            &[Kind::Sum]
        }
    }

    /// Whether the numbers of the last row may be the sums of the others, or another statistic.
    fn may_sum_up(&self, contents: &[Content]) -> bool {
        let are_numbers = |content: &&Content| matches!(content, Content::Numbers { .. });
        let is_largest = |(field, (content, evidence)): (&[u8], (&Content, &Evidence))| {
            let Content::Numbers { notation, .. } = content else { return true };
            let (low, high) = evidence.range(*notation);
            let value = std::str::from_utf8(field).ok().and_then(|text| notation.parse(text.trim()));
            value.is_none_or(|value| value.abs() >= low.abs().max(high.abs()))
        };
        let previous = &self.previous.1;
        self.options.rules == Rules::Current
            && self.counts.rows > SUMMED_UP
            && self.options.reading.skip_footer.is_none()
            && self.options.reading.finds_sums()
            && contents.iter().filter(are_numbers).count() > 1
            && (self.text.bytes <= SMALL
                || self.has_new_name(previous, contents, 1)
                || previous.iter().zip(contents.iter().zip(&self.evidence)).all(is_largest))
    }

    /// Whether the first field of a row is empty as in hardly any other row, or a unique word.
    /// `own` rows are included in the total.
    pub(super) fn has_new_name(&self, row: &ByteRecord, contents: &[Content], own: u64) -> bool {
        let (Some(field), Some(evidence)) = (row.get(0), self.evidence.first()) else { return false };
        let Ok(text) = std::str::from_utf8(field.trim_ascii()) else { return false };
        if text.is_empty() {
            return evidence.missing() <= LAST && evidence.present() > LAST;
        }
        match contents.first() {
            Some(Content::Numbers { notation, .. }) => notation.parse(text).is_none(),
            Some(Content::Words) => {
                let is_again = |(word, count): (String, u64)| word == text && count > own;
                match evidence.words() {
                    Some(words) => !words.iter().any(is_again),
                    None => self.text.bytes <= SMALL,
                }
            }
            Some(Content::Truth { words }) => words.iter().all(|word| word != text),
            Some(Content::Dates { format, .. }) => format.parse(text).is_none(),
            Some(Content::Nothing) | None => false,
        }
    }
}
