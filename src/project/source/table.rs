use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::RowSet;

/// How a table of text is read, beyond its layout. Other properties are detected in the file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TableReading {
    /// The decimal mark of its numbers.
    #[serde(skip_serializing_if = "super::is_default")]
    pub decimal: Decimal,
    /// The encoding of its text by its web name (`utf-8`, `utf-16le`, `windows-1252`); by default
    /// detected.
    #[serde(skip_serializing_if = "super::is_default")]
    pub encoding: Option<String>,
    /// Lines that are not rows.
    #[serde(skip_serializing_if = "super::is_default")]
    pub comments: Comments,
    /// The sheet of a spreadsheet by its name; by default the first one that is not empty.
    #[serde(skip_serializing_if = "super::is_default")]
    pub sheet: Option<String>,
    /// Lines skipped at the beginning; detected by default.
    #[serde(skip_serializing_if = "super::is_default")]
    pub skip_lines: Option<usize>,
    /// Rows skipped at the end; detected by default.
    #[serde(skip_serializing_if = "super::is_default")]
    pub skip_footer: Option<usize>,
    /// Single rows to skip, counted from 1 after the header and its units, in addition to detected
    /// rows of sums, unless the set is exclusive.
    #[serde(skip_serializing_if = "super::is_default")]
    pub skip_rows: Option<RowSet>,
    /// Words that mean a missing value, in addition to the usual ones.
    #[serde(skip_serializing_if = "super::is_default")]
    pub missing_words: Vec<String>,
    /// Whether only empty fields and [`Self::missing_words`] are missing, so that the usual words
    /// (`NA`, `None`, `-`, …) are values.
    #[serde(skip_serializing_if = "super::is_default")]
    pub only_missing_words: bool,
    /// The order of day, month and year in dates that can be read in several ways.
    #[serde(skip_serializing_if = "super::is_default")]
    pub date_order: DateOrder,
    /// The first year of the century for two-digit years; by default 1969, or 99 years before the
    /// file was written for columns of births.
    #[serde(skip_serializing_if = "super::is_default")]
    pub first_year: Option<u16>,
    /// The unit in which dates and times become numbers.
    #[serde(skip_serializing_if = "super::is_default")]
    pub dates: DateUnit,
    /// Whether only the named columns are labels, so that not even columns of ids are detected as
    /// labels.
    #[serde(skip_serializing_if = "super::is_default")]
    pub only_labels: bool,
    /// Roles of single columns that differ from the detected ones. Labels have their own list.
    #[serde(skip_serializing_if = "super::is_default")]
    pub columns: Vec<ColumnChoice>,
}

impl TableReading {
    /// The allowed values of [`Self::first_year`].
    pub const FIRST_YEARS: RangeInclusive<u16> = 1000..=9900;

    /// Whether rows that sum others are skipped: not if the given rows are exclusive.
    pub fn finds_sums(&self) -> bool {
        self.skip_rows.as_ref().is_none_or(|rows| !rows.are_all())
    }
}

/// The role of one column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnChoice {
    /// The column's name (`column 3` without a header, counted from 1).
    pub name: String,
    /// Its role.
    pub take: Take,
}

/// The role of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Take {
    /// A feature of the detected kind, whatever its name.
    Feature,
    /// One feature: its numbers.
    Numbers,
    /// One feature per word: 1 if the row has this word, else 0.
    Categories,
    /// One feature: the time since the beginning of 1970.
    Dates,
    /// A label, not a feature.
    Label,
    /// Skipped.
    LeftOut,
}

impl Take {
    /// All, in the order of menus.
    pub const ALL: [Take; 6] =
        [Take::Feature, Take::Numbers, Take::Categories, Take::Dates, Take::Label, Take::LeftOut];

    /// Its name on screen and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Take::Feature => "feature",
            Take::Numbers => "numbers",
            Take::Categories => "categories",
            Take::Dates => "dates",
            Take::Label => "label",
            Take::LeftOut => "left out",
        }
    }
}

/// The decimal mark of a table's numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decimal {
    /// The mark that fits all numbers of the table; if both do, the one that goes with the
    /// delimiter.
    #[default]
    Auto,
    /// `1234.5`; a comma groups thousands.
    Point,
    /// `1234,5`; a point groups thousands.
    Comma,
}

impl Decimal {
    /// All, in the order of menus.
    pub const ALL: [Decimal; 3] = [Decimal::Auto, Decimal::Point, Decimal::Comma];

    /// Its name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Decimal::Auto => "detect",
            Decimal::Point => "point",
            Decimal::Comma => "comma",
        }
    }
}

/// Lines of a table that are not rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comments {
    /// Those that begin with `#`, `%` or `!`, if the file begins with one.
    #[default]
    Auto,
    /// None: every line is a row.
    Off,
    /// Those that begin with this character.
    From(char),
}

impl Comments {
    /// Its name on screen and on the command line.
    pub fn name(self) -> String {
        match self {
            Comments::Auto => "detect".to_owned(),
            Comments::Off => "off".to_owned(),
            Comments::From(sign) => sign.to_string(),
        }
    }
}

/// The unit in which dates and times become numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DateUnit {
    /// Days where no date has a time of day, else seconds.
    #[default]
    Auto,
    /// Seconds.
    Seconds,
    /// Hours.
    Hours,
    /// Days.
    Days,
    /// Years of 365.2425 days.
    Years,
}

impl DateUnit {
    /// All, in the order of menus.
    pub const ALL: [DateUnit; 5] =
        [DateUnit::Auto, DateUnit::Seconds, DateUnit::Hours, DateUnit::Days, DateUnit::Years];

    /// Its name on screen.
    pub fn name(self) -> &'static str {
        match self {
            DateUnit::Auto => "detect",
            DateUnit::Seconds => "seconds",
            DateUnit::Hours => "hours",
            DateUnit::Days => "days",
            DateUnit::Years => "years",
        }
    }

    /// Its length in seconds; for automatic detection, one second.
    pub fn secs(self) -> f64 {
        const DAY: f64 = 86_400.0;
        match self {
            DateUnit::Auto | DateUnit::Seconds => 1.0,
            DateUnit::Hours => 3600.0,
            DateUnit::Days => DAY,
            DateUnit::Years => 365.2425 * DAY,
        }
    }
}

/// The order of day, month and year in dates of numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DateOrder {
    /// The order that all dates of the table allow; if several do, the day before the month.
    #[default]
    Auto,
    /// `31/12/2024`
    DayFirst,
    /// `12/31/2024`
    MonthFirst,
    /// `24-12-31`
    YearFirst,
}

impl DateOrder {
    /// All, in the order of menus.
    pub const ALL: [DateOrder; 4] =
        [DateOrder::Auto, DateOrder::DayFirst, DateOrder::MonthFirst, DateOrder::YearFirst];

    /// Its name on screen.
    pub fn name(self) -> &'static str {
        match self {
            DateOrder::Auto => "detect",
            DateOrder::DayFirst => "dmy",
            DateOrder::MonthFirst => "mdy",
            DateOrder::YearFirst => "ymd",
        }
    }
}

/// Whether a table's first row contains names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Header {
    /// It does if it differs from the rows below in the way names do.
    #[default]
    Auto,
    /// It does.
    Yes,
    /// It does, and the row below it is data, even if it looks like units or further names.
    OneRow,
    /// It does not.
    No,
}

impl Header {
    /// All, in the order of menus.
    pub const ALL: [Header; 4] = [Header::Auto, Header::Yes, Header::OneRow, Header::No];

    /// Its name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Header::Auto => "detect",
            Header::Yes => "yes",
            Header::OneRow => "one-row",
            Header::No => "no",
        }
    }
}

/// The delimiter between two fields of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delimiter {
    /// The one among comma, semicolon, tab, pipe and runs of spaces that splits the first rows most
    /// evenly.
    #[default]
    Auto,
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// A tab.
    Tab,
    /// `|`
    Pipe,
    /// One space or several.
    Spaces,
}

impl Delimiter {
    /// All, in the order of menus.
    pub const ALL: [Delimiter; 6] = [
        Delimiter::Auto,
        Delimiter::Comma,
        Delimiter::Semicolon,
        Delimiter::Tab,
        Delimiter::Pipe,
        Delimiter::Spaces,
    ];

    /// Its name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Delimiter::Auto => "detect",
            Delimiter::Comma => "comma",
            Delimiter::Semicolon => "semicolon",
            Delimiter::Tab => "tab",
            Delimiter::Pipe => "pipe",
            Delimiter::Spaces => "spaces",
        }
    }
}

/// How missing values (empty, `NA`, `?`, `NaN`) of a table are handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Missing {
    /// They become the column's mean over the training split.
    #[default]
    ColumnMean,
    /// The network gets the column's mean, and losses and errors leave these values out, so that
    /// they need not be reconstructed.
    Masked,
    /// Their row is skipped.
    DropRow,
}

impl Missing {
    /// All, in the order of menus.
    pub const ALL: [Missing; 3] = [Missing::ColumnMean, Missing::Masked, Missing::DropRow];

    /// Its name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Missing::ColumnMean => "column mean",
            Missing::Masked => "mask (not in the loss)",
            Missing::DropRow => "drop the row",
        }
    }
}
