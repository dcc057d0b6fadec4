//! Features as text for users: with the names and units of the source.

use jiff::{SignedDuration, Timestamp, fmt::strtime};

use super::duration::Duration;
use super::{Column, ColumnKind, Dataset};
use crate::project::{DateUnit, Shape};

impl Dataset {
    /// The name of a feature: a column's name, or a pixel's row and column (and channel), counted
    /// from 1.
    pub fn feature_name(&self, feature: usize) -> String {
        match (self.feature_names.get(feature), self.shape) {
            (Some(name), _) => name.clone(),
            (None, Shape::Image { width, channels: 1, .. }) => {
                format!("pixel ({}, {})", feature / width + 1, feature % width + 1)
            }
            (None, Shape::Image { width, channels, .. }) => {
                let (pixel, channel) = (feature / channels, feature % channels);
                format!("pixel ({}, {}, {})", pixel / width + 1, pixel % width + 1, channel + 1)
            }
            (None, Shape::Vector(_)) => format!("feature {}", feature + 1),
        }
    }

    /// A row's own name, or its number in the source, counted from 1.
    pub fn row_name(&self, row: u32) -> String {
        let number = || {
            let of_source = self.source_rows.get(row as usize).map(|number| u64::from(*number));
            format!("row {}", of_source.unwrap_or(u64::from(row) + 1))
        };
        let own = self.row_names.get(row as usize).filter(|name| !name.is_empty());
        own.cloned().unwrap_or_else(number)
    }

    /// Names of the columns that [`Dataset::written`] writes, with the units of their numbers.
    pub fn written_names(&self) -> Vec<String> {
        match self.table() {
            Some(columns) => columns.iter().map(Column::name_with_unit).collect(),
            None => (0..self.shape.features()).map(|feature| self.feature_name(feature)).collect(),
        }
    }

    /// Appends a row of scaled features as in the source, including words and dates of a table.
    pub fn written(&self, scaled: &[f32], fields: &mut Vec<String>) {
        let value = |(feature, scaled): (usize, &f32)| self.scaler.unscale(feature, *scaled);
        let values: Vec<f32> = scaled.iter().enumerate().map(value).collect();
        let Some(columns) = self.table() else {
            // The shortest text that is parsed to the same number.
            return fields.extend(values.iter().map(ToString::to_string));
        };
        let mut rest = &values[..];
        for column in columns {
            let (own, others) = rest.split_at(column.features().min(rest.len()));
            fields.push(column.written(own));
            rest = others;
        }
    }

    /// A feature of a row as in the source, including words and dates of a table; empty for a word
    /// that is not a feature and for missing values.
    pub fn source_text(&self, row: usize, feature: usize) -> String {
        let start = row * self.shape.features();
        if self.gaps.is_filled(start + feature) {
            return String::new();
        }
        let value = |feature: usize| self.rows.value(start + feature);
        let mut first = 0;
        for column in self.table().unwrap_or_default() {
            let own = first..first + column.features();
            first = own.end;
            if own.contains(&feature) {
                let values: Vec<f32> = own.map(value).collect();
                return match &column.kind {
                    ColumnKind::Categories { .. } if values.iter().all(|value| *value <= 0.0) => {
                        String::new()
                    }
                    ColumnKind::Categories { .. }
                    | ColumnKind::Numbers { .. }
                    | ColumnKind::CommaNumbers { .. }
                    | ColumnKind::Truth { .. }
                    | ColumnKind::Dates { .. } => column.written(&values),
                };
            }
        }
        value(feature).to_string()
    }

    /// The numbers subtracted from each feature; `None` if all are zero, so that 32 bits can
    /// represent the numbers of the source.
    pub fn bases(&self) -> Option<Vec<f64>> {
        let bases = self.columns.iter().flat_map(|column| vec![column.base(); column.features()]);
        self.columns.iter().any(|column| column.base() != 0.0).then(|| bases.collect())
    }

    /// The columns of a table that its features come from.
    fn table(&self) -> Option<&[Column]> {
        let features: usize = self.columns.iter().map(Column::features).sum();
        (!self.columns.is_empty() && features == self.shape.features()).then_some(&self.columns[..])
    }
}

impl Column {
    /// A number of a column of dates, plus its base, as written in the source; `None` for other
    /// columns, and for a number that is not a date.
    pub fn date(&self, value: f64) -> Option<String> {
        match &self.kind {
            ColumnKind::Dates { format, unit, .. } => moment(format, *unit, value),
            ColumnKind::Numbers { .. }
            | ColumnKind::CommaNumbers { .. }
            | ColumnKind::Truth { .. }
            | ColumnKind::Categories { .. } => None,
        }
    }

    /// Its features, unscaled and without its base, as the field they represent; the nearer one
    /// between two words or times.
    fn written(&self, values: &[f32]) -> String {
        let value = values.first().copied().unwrap_or(f32::NAN);
        let whole = f64::from(value) + self.base();
        match &self.kind {
            ColumnKind::Numbers { base } | ColumnKind::CommaNumbers { base } if *base == 0.0 => {
                value.to_string()
            }
            ColumnKind::Numbers { .. } | ColumnKind::CommaNumbers { .. } => whole.to_string(),
            ColumnKind::Truth { words } => words[usize::from(value >= 0.5)].clone(),
            ColumnKind::Dates { format, unit, .. } => {
                moment(format, *unit, whole).unwrap_or_else(|| whole.to_string())
            }
            ColumnKind::Categories { words } => {
                let likeliest = values.iter().zip(words).max_by(|(a, _), (b, _)| a.total_cmp(b));
                likeliest.map(|(_, word)| word.clone()).unwrap_or_default()
            }
        }
    }
}

/// The nearest time that the format can express; `None` for a number that is not a time.
fn moment(format: &str, unit: DateUnit, value: f64) -> Option<String> {
    let secs = value * unit.secs();
    if let Some(duration) = Duration::of_name(format) {
        return secs.is_finite().then(|| duration.written(secs));
    }
    let day = DateUnit::Days.secs();
    let has = |parts: &[&str]| parts.iter().any(|part| format.contains(part));
    // The format truncates, so adding half a unit rounds to the nearest.
    let half = if has(&["%f", "%.f"]) {
        0.0005
    } else if has(&["%S", "%T"]) {
        0.5
    } else if has(&["%M", "%R"]) {
        30.0
    } else if has(&["%H", "%I"]) {
        1800.0
    } else if has(&["%d", "%e", "%F", "%j"]) {
        0.5 * day
    } else if has(&["%m", "%b", "%B"]) {
        15.0 * day
    } else if has(&["%q"]) {
        45.0 * day
    } else {
        182.0 * day
    };
    // A time of day must not move to another day.
    let has_date = has(&["%d", "%e", "%F", "%j", "%m", "%b", "%B", "%Y", "%y", "%D"]);
    let secs = if has_date { secs } else { secs.clamp(0.0, day - 2.0 * half) };
    let duration = SignedDuration::try_from_secs_f64(secs + half).ok()?;
    let whole = if half < 0.5 {
        SignedDuration::from_millis(i64::try_from(duration.as_millis()).ok()?)
    } else {
        SignedDuration::from_secs(duration.as_secs())
    };
    let time = Timestamp::UNIX_EPOCH.checked_add(whole).ok()?;
    strtime::format(format, time).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Progress, Rows, load};
    use crate::project::Data;

    #[test]
    fn columns_are_written_as_they_were_read() {
        let column = |kind| Column { name: "c".to_owned(), kind, unit: None };
        let check = |kind: ColumnKind, values: &[f32], expected: &str| {
            assert_eq!(column(kind).written(values), expected);
        };
        let dates = |format: &str, unit, base: f64| ColumnKind::Dates {
            format: format.to_owned(),
            unit,
            base,
            first_year: None,
        };
        check(ColumnKind::Numbers { base: 0.0 }, &[0.1], "0.1");
        check(ColumnKind::Numbers { base: 1.7e9 }, &[123.25], "1700000123.25");
        let words = ["no".to_owned(), "yes".to_owned()];
        check(ColumnKind::Truth { words: words.clone() }, &[0.49], "no");
        check(ColumnKind::Truth { words: words.clone() }, &[1.2], "yes");
        check(ColumnKind::Categories { words: words.to_vec() }, &[-0.1, 0.3], "yes");
        check(ColumnKind::Categories { words: words.to_vec() }, &[0.4, 0.3], "no");
        check(ColumnKind::Categories { words: vec![] }, &[], "");
        // date -u -d 2024-01-31 +%s is 1706659200, 19753 days.
        for near in [3.0, 2.6, 3.4] {
            check(dates("%d.%m.%Y", DateUnit::Days, 19_750.0), &[near], "31.01.2024");
        }
        let at = 1_706_659_200.0;
        check(dates("%Y-%m-%d %H:%M", DateUnit::Seconds, at), &[3_629.0], "2024-01-31 01:00");
        check(dates("%Y-%m-%d %H:%M:%S%.f", DateUnit::Seconds, at), &[1.4999], "2024-01-31 00:00:01.5");
        check(dates("%Y-%m-%d %H:%MZ", DateUnit::Seconds, at), &[3_629.0], "2024-01-31 01:00Z");
        check(dates("[h]:mm:ss", DateUnit::Seconds, 98_000.0), &[384.0], "27:19:44");
        check(dates("%H%M", DateUnit::Seconds, 0.0), &[34_200.0], "0930");
        check(dates("%H:%M", DateUnit::Hours, 0.0), &[12.5], "12:30");
        check(dates("%H:%M:%S", DateUnit::Seconds, 0.0), &[-816.0], "00:00:00");
        check(dates("%H:%M", DateUnit::Hours, 0.0), &[25.0], "23:59");
        check(dates("%Y-%m-%d", DateUnit::Years, 0.0), &[-0.001], "1970-01-01");
        check(dates("%Y-%m-%d", DateUnit::Days, 1e300), &[1.0], &1e300.to_string());
        check(dates("%Y-%m-%d", DateUnit::Days, 0.0), &[f32::NAN], "NaN");
    }

    #[test]
    fn rows_are_written_by_columns() {
        let mut data = load(&Data::default(), &Progress::default()).expect("embedded");
        assert_eq!(data.written_names()[..2], ["pixel (1, 1)", "pixel (1, 2)"]);
        data.shape = Shape::Vector(3);
        data.rows = Rows::F32(vec![0.0; 3]);
        data.columns = vec![
            Column { name: "t".to_owned(), kind: ColumnKind::Numbers { base: 1e9 }, unit: None },
            Column {
                name: "city".to_owned(),
                kind: ColumnKind::Categories { words: vec!["Bonn".to_owned(), "Köln".to_owned()] },
                unit: None,
            },
        ];
        data.scaler = crate::dataset::Scaler::uniform(1.0, 0.5);
        let mut fields = Vec::new();
        data.written(&[0.5, 0.1, 0.2], &mut fields);
        assert_eq!(
            (data.written_names(), fields),
            (vec!["t".to_owned(), "city".to_owned()], vec!["1000000002".to_owned(), "Köln".to_owned()])
        );
        data.rows = Rows::F32(vec![2.0, 0.0, 1.0, 3.0, 0.0, 0.0]);
        let texts =
            [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)].map(|(row, feature)| data.source_text(row, feature));
        assert_eq!(texts, ["1000000002", "Köln", "Köln", "1000000003", ""]);
        // Filled values are ignored: the number of the first row, the word of the second.
        data.gaps.cells = vec![0b11_0001];
        let texts = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(row, feature)| data.source_text(row, feature));
        assert_eq!(texts, ["", "Köln", "1000000003", ""]);
        assert_eq!(data.bases(), Some(vec![1e9, 0.0, 0.0]));
        data.columns.clear();
        assert_eq!((data.written_names()[2].as_str(), data.bases()), ("feature 3", None));
    }
}
