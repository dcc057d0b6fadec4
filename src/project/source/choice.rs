use std::path::PathBuf;

use super::{
    Alpha, Axes, Binarise, Channels, ColumnChoice, Comments, Data, DateOrder, DateUnit, Decimal, Delimiter,
    Fit, Header, LabelFrom, Masks, Missing, Pages, Parts, PixelRange, RowSet, Rules, Scaling, Source, Take,
    join_words,
};
use crate::project::{visible, visible_list, visible_path};

/// A setting for reading data, in place of the detected one: the fix of a warning, a field of the
/// window, an option of the command line.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    /// Of a table: whether its first row contains names.
    Header(Header),
    /// Of a table: the delimiter between two fields.
    Delimiter(Delimiter),
    /// Of a table: the decimal mark.
    Decimal(Decimal),
    /// Of a table: the encoding.
    Encoding(Option<String>),
    /// Of a table: lines that are not rows.
    Comments(Comments),
    /// Of a table: the sheet of a spreadsheet.
    Sheet(Option<String>),
    /// Of a table: lines skipped at the beginning.
    SkipLines(Option<usize>),
    /// Of a table: rows skipped at the end.
    SkipFooter(Option<usize>),
    /// Of a table: single rows to skip.
    SkipRows(Option<RowSet>),
    /// Of a table: how missing values are handled; of arrays: how NaN is.
    Missing(Missing),
    /// Of a table: words for a missing value, in addition to the usual ones.
    MissingWords(Vec<String>),
    /// Of a table: words for a missing value, instead of the usual ones.
    OnlyMissingWords(Vec<String>),
    /// Of a table: the order of day, month and year if several are possible.
    DateOrder(DateOrder),
    /// Of a table: the first year of the century for two-digit years; `None` to detect it.
    FirstYear(Option<u16>),
    /// Of a table: the unit of dates.
    Dates(DateUnit),
    /// Of a table: the columns that are labels, and no others; `None` to detect them.
    Labels(Option<Vec<String>>),
    /// Of a table: the role of one column; `None` to detect it.
    Column(String, Option<Take>),
    /// Of an `.npz`: the array of the rows.
    Array(Option<String>),
    /// Of an `.npz`: the array of the labels; of IDX: their file.
    LabelArray(Option<String>),
    /// Of an `.npz`: the array of the validation rows.
    ValidationArray(Option<String>),
    /// Of an `.npz`: the array of their labels.
    ValidationLabelArray(Option<String>),
    /// Of an `.npz`: the array of the test rows; of IDX: their file.
    TestArray(Option<String>),
    /// Of an `.npz`: the array of their labels; of IDX: their file.
    TestLabelArray(Option<String>),
    /// Of arrays: the meaning of their axes.
    Axes(Axes),
    /// Of arrays: the displayed channels.
    ShownChannels(Vec<usize>),
    /// Of arrays and pictures: whether training, validation and test are kept apart.
    Parts(Parts),
    /// Of pictures: width and height in pixels.
    Size(usize, usize),
    /// Of pictures: grey or colour.
    Channels(Channels),
    /// Of pictures: how another aspect ratio is handled.
    Fit(Fit),
    /// Of pictures: how transparency is handled.
    Alpha(Alpha),
    /// Of pictures: which values become black and white.
    Range(PixelRange),
    /// Of pictures: which pages of a file are samples.
    Pages(Pages),
    /// Of pictures: whether masks of others are samples.
    Masks(Masks),
    /// Of pictures: the source of labels.
    Label(LabelFrom),
    /// How every value is scaled.
    Scaling(Scaling),
    /// How values become 0 or 1.
    Binarise(Binarise),
    /// The rules for everything else.
    Rules(Rules),
}

impl Choice {
    /// Applies the choice to the document. `false` if this kind of data has no such setting.
    pub fn apply(self, data: &mut Data) -> bool {
        match (self, &mut data.source) {
            (Choice::Header(to), Source::Csv { header, .. }) => *header = to,
            (Choice::Delimiter(to), Source::Csv { delimiter, .. }) => *delimiter = to,
            (Choice::Decimal(to), Source::Csv { reading, .. }) => reading.decimal = to,
            (Choice::Encoding(to), Source::Csv { reading, .. }) => reading.encoding = to,
            (Choice::Comments(to), Source::Csv { reading, .. }) => reading.comments = to,
            (Choice::Sheet(to), Source::Csv { reading, .. }) => reading.sheet = to,
            (Choice::SkipLines(to), Source::Csv { reading, .. }) => reading.skip_lines = to,
            (Choice::SkipFooter(to), Source::Csv { reading, .. }) => reading.skip_footer = to,
            (Choice::SkipRows(to), Source::Csv { reading, .. }) => reading.skip_rows = to,
            (Choice::Missing(to), Source::Csv { missing, .. }) => *missing = to,
            (Choice::Missing(to @ (Missing::ColumnMean | Missing::Masked)), Source::Npy { reading, .. }) => {
                reading.missing = Some(to);
            }
            (Choice::MissingWords(to), Source::Csv { reading, .. }) => {
                (reading.missing_words, reading.only_missing_words) = (to, false);
            }
            (Choice::OnlyMissingWords(to), Source::Csv { reading, .. }) => {
                (reading.missing_words, reading.only_missing_words) = (to, true);
            }
            (Choice::DateOrder(to), Source::Csv { reading, .. }) => reading.date_order = to,
            (Choice::FirstYear(to), Source::Csv { reading, .. }) => reading.first_year = to,
            (Choice::Dates(to), Source::Csv { reading, .. }) => reading.dates = to,
            (Choice::Labels(to), Source::Csv { labels, reading, .. }) => {
                reading.only_labels = to.is_some();
                *labels = to.unwrap_or_default();
                reading.columns.retain(|column| !labels.contains(&column.name));
            }
            (Choice::Column(name, take), Source::Csv { labels, reading, .. }) => {
                labels.retain(|label| *label != name);
                reading.columns.retain(|column| column.name != name);
                match take {
                    Some(Take::Label) => labels.push(name),
                    Some(take) => reading.columns.push(ColumnChoice { name, take }),
                    None => {}
                }
            }
            (Choice::Array(to), Source::Npy { array, .. }) => *array = to,
            (Choice::LabelArray(to), Source::Npy { labels, .. }) => *labels = to,
            (Choice::ValidationArray(to), Source::Npy { reading, .. }) => reading.validation = to,
            (Choice::ValidationLabelArray(to), Source::Npy { reading, .. }) => reading.validation_labels = to,
            (Choice::TestArray(to), Source::Npy { reading, .. }) => reading.test = to,
            (Choice::TestLabelArray(to), Source::Npy { reading, .. }) => reading.test_labels = to,
            (Choice::LabelArray(to), Source::Idx { labels, .. }) => put_file(labels, to),
            (Choice::TestArray(to), Source::Idx { test_images, .. }) => put_file(test_images, to),
            (Choice::TestLabelArray(to), Source::Idx { test_labels, .. }) => put_file(test_labels, to),
            (Choice::Axes(to), Source::Npy { reading, .. }) => reading.axes = to,
            (Choice::Axes(to), Source::Idx { reading, .. }) => reading.axes = to,
            (Choice::ShownChannels(to), Source::Idx { reading, .. }) => reading.shown_channels = to,
            (Choice::Parts(to), Source::Idx { reading, .. }) => reading.parts = to,
            (Choice::ShownChannels(to), Source::Npy { reading, .. }) => reading.shown_channels = to,
            (Choice::Parts(to), Source::Npy { reading, .. }) => reading.parts = to,
            (Choice::Parts(to), Source::ImageFolder { reading, .. }) => reading.parts = to,
            (Choice::Size(to_width, to_height), Source::ImageFolder { width, height, .. }) => {
                (*width, *height) = (to_width, to_height);
            }
            (Choice::Channels(to), Source::ImageFolder { channels, .. }) => *channels = to,
            (Choice::Fit(to), Source::ImageFolder { fit, .. }) => *fit = to,
            (Choice::Alpha(to), Source::ImageFolder { reading, .. }) => reading.alpha = to,
            (Choice::Range(to), Source::ImageFolder { reading, .. }) => reading.range = to,
            (Choice::Pages(to), Source::ImageFolder { reading, .. }) => reading.pages = to,
            (Choice::Masks(to), Source::ImageFolder { reading, .. }) => reading.masks = to,
            (Choice::Label(to), Source::ImageFolder { reading, .. }) => reading.label = to,
            (Choice::Scaling(to), _) => data.scaling = to,
            (Choice::Binarise(to), _) => data.binarise = to,
            (Choice::Rules(to), _) => data.rules = to,
            _ => return false,
        }
        true
    }

    /// As on a button: `Header: no`, `Column id: label`.
    pub fn name(&self) -> String {
        let named = |name: &str, value: &Option<String>| {
            format!("{name}: {}", value.as_deref().map_or("detect".into(), visible))
        };
        match self {
            Choice::Header(to) => format!("Header: {}", to.name()),
            Choice::Delimiter(to) => format!("Delimiter: {}", to.name()),
            Choice::Decimal(to) => format!("Decimal: {}", to.name()),
            Choice::Encoding(to) => named("Encoding", to),
            Choice::Comments(to) => format!("Comments: {}", to.name()),
            Choice::Sheet(to) => named("Sheet", to),
            Choice::SkipLines(to) => format!("Skip lines: {}", count(*to)),
            Choice::SkipFooter(to) => format!("Skip footer: {}", count(*to)),
            Choice::SkipRows(to) => format!("Skip rows: {}", rows(to.as_ref())),
            Choice::Missing(to) => format!("Missing: {}", to.name()),
            Choice::MissingWords(words) if words.is_empty() => "Missing words: the usual ones".to_owned(),
            Choice::MissingWords(words) => format!("Missing words: {}", visible_list(words)),
            Choice::OnlyMissingWords(words) if words.is_empty() => "Missing words: none".to_owned(),
            Choice::OnlyMissingWords(words) => format!("Missing words: only {}", visible_list(words)),
            Choice::DateOrder(to) => format!("Date order: {}", to.name()),
            Choice::FirstYear(to) => format!("First year: {}", count(to.map(usize::from))),
            Choice::Dates(to) => format!("Dates: {}", to.name()),
            Choice::Labels(None) => "Labels: detect".to_owned(),
            Choice::Labels(Some(names)) if names.is_empty() => "Labels: none".to_owned(),
            Choice::Labels(Some(names)) => format!("Labels: {}", visible_list(names)),
            Choice::Column(name, take) => {
                format!("Column {}: {}", visible(name), take.map_or("as detected", Take::name))
            }
            Choice::Array(to) => named("Array", to),
            Choice::LabelArray(to) => named("Label array", to),
            Choice::ValidationArray(to) => named("Validation array", to),
            Choice::ValidationLabelArray(to) => named("Validation label array", to),
            Choice::TestArray(to) => named("Test array", to),
            Choice::TestLabelArray(to) => named("Test label array", to),
            Choice::Axes(to) => format!("Axes: {}", to.name()),
            Choice::ShownChannels(to) if to.is_empty() => "Shown channels: detect".to_owned(),
            Choice::ShownChannels(to) => {
                let channels: Vec<String> = to.iter().map(ToString::to_string).collect();
                format!("Shown channels: {}", channels.join(", "))
            }
            Choice::Parts(to) => format!("Parts: {}", to.name()),
            Choice::Size(width, height) => format!("Size: {width}×{height}"),
            Choice::Channels(to) => format!("Channels: {}", to.name()),
            Choice::Fit(to) => format!("Fit: {}", to.name()),
            Choice::Alpha(to) => format!("Transparency: {}", to.name()),
            Choice::Range(to) => format!("Range: {}", to.name()),
            Choice::Pages(to) => format!("Pages: {}", to.name()),
            Choice::Masks(to) => format!("Masks: {}", to.name()),
            Choice::Label(to) => match to {
                LabelFrom::Auto | LabelFrom::Nothing => format!("Label from: {}", to.name()),
                LabelFrom::Folder(depth) => format!("Label from: folder {depth}"),
                LabelFrom::Name(pattern) => format!("Label from: {}", visible(pattern)),
                LabelFrom::Table { path, .. } => format!("Label from: {}", visible_path(path)),
            },
            Choice::Scaling(to) => format!("Scaling: {}", to.name()),
            Choice::Binarise(to) => format!("Binarise: {}", to.name()),
            Choice::Rules(Rules::Current) => "Read by the current rules".to_owned(),
            Choice::Rules(to @ Rules::Version1) => format!("Rules: {}", to.name()),
        }
    }

    /// As on the command line: `--header no`.
    pub fn option(&self) -> String {
        let array = |name: &str, value: &Option<String>| match value {
            Some(value) => format!("--{name} {}", quoted(value)),
            None => format!("--{name} detect"),
        };
        match self {
            Choice::Header(to) => format!("--header {}", to.name()),
            Choice::Delimiter(to) => format!("--delimiter {}", to.name()),
            Choice::Decimal(to) => format!("--decimal {}", to.name()),
            Choice::Encoding(to) => array("encoding", to),
            Choice::Comments(Comments::Auto) => "--comments detect".to_owned(),
            Choice::Comments(Comments::Off) => "--comments off".to_owned(),
            Choice::Comments(Comments::From(sign)) => format!("--comments {}", quoted(&sign.to_string())),
            Choice::Sheet(to) => array("sheet", to),
            Choice::SkipLines(to) => format!("--skip-lines {}", count(*to)),
            Choice::SkipFooter(to) => format!("--skip-footer {}", count(*to)),
            Choice::SkipRows(to) => format!("--skip-rows {}", rows(to.as_ref())),
            Choice::Missing(Missing::ColumnMean) => "--missing column-mean".to_owned(),
            Choice::Missing(Missing::Masked) => "--missing mask".to_owned(),
            Choice::Missing(Missing::DropRow) => "--missing drop-row".to_owned(),
            Choice::MissingWords(words) if words.is_empty() => "--missing-words detect".to_owned(),
            Choice::MissingWords(words) => format!("--missing-words {}", quoted(&join_words(words, ","))),
            Choice::OnlyMissingWords(words) if words.is_empty() => "--missing-words ''".to_owned(),
            Choice::OnlyMissingWords(words) => {
                format!("--missing-words {}", quoted(&format!("only:{}", join_words(words, ","))))
            }
            Choice::DateOrder(to) => format!("--date-order {}", to.name()),
            Choice::FirstYear(to) => format!("--first-year {}", count(to.map(usize::from))),
            Choice::Dates(to) => format!("--dates {}", to.name()),
            Choice::Labels(None) => "--labels detect".to_owned(),
            Choice::Labels(Some(names)) => format!("--labels {}", quoted(&join_words(names, ","))),
            Choice::Column(name, take) => {
                let take = take.map_or("detect", |take| match take {
                    Take::LeftOut => "left-out",
                    Take::Feature | Take::Numbers | Take::Categories | Take::Dates | Take::Label => {
                        take.name()
                    }
                });
                format!("--column {}", quoted(&format!("{name}={take}")))
            }
            Choice::Array(to) => array("array", to),
            Choice::LabelArray(to) => array("label-array", to),
            Choice::ValidationArray(to) => array("validation-array", to),
            Choice::ValidationLabelArray(to) => array("validation-label-array", to),
            Choice::TestArray(to) => array("test-array", to),
            Choice::TestLabelArray(to) => array("test-label-array", to),
            Choice::Axes(to) => format!("--axes {}", to.name()),
            Choice::ShownChannels(to) if to.is_empty() => "--shown-channels detect".to_owned(),
            Choice::ShownChannels(to) => {
                let channels: Vec<String> = to.iter().map(ToString::to_string).collect();
                format!("--shown-channels {}", channels.join(","))
            }
            Choice::Parts(to) => format!("--parts {}", to.name()),
            Choice::Size(width, height) => format!("--size {width}x{height}"),
            Choice::Channels(to) => format!("--channels {}", to.name()),
            Choice::Fit(to) => format!("--fit {}", to.name()),
            Choice::Alpha(to) => format!("--alpha {}", to.name()),
            Choice::Range(to) => format!("--range {}", to.name()),
            Choice::Pages(to) => format!("--pages {}", to.name()),
            Choice::Masks(to) => format!("--masks {}", to.name()),
            Choice::Label(LabelFrom::Auto) => "--label-from detect".to_owned(),
            Choice::Label(LabelFrom::Nothing) => "--label-from nothing".to_owned(),
            Choice::Label(LabelFrom::Folder(depth)) => format!("--label-from folder:{depth}"),
            Choice::Label(LabelFrom::Name(pattern)) => {
                format!("--label-from {}", quoted(&format!("name:{pattern}")))
            }
            Choice::Label(LabelFrom::Table { path, file, label }) => {
                let column = |part: &str, name: &Option<String>| {
                    name.as_ref().map(|name| format!(",{part}={name}")).unwrap_or_default()
                };
                let (file, label) = (column("file", file), column("label", label));
                format!("--label-from {}", quoted(&format!("table:{}{file}{label}", path.display())))
            }
            Choice::Scaling(Scaling::UnitRange) => "--scaling unit-range".to_owned(),
            Choice::Scaling(to @ (Scaling::Standardise | Scaling::Robust | Scaling::None)) => {
                format!("--scaling {}", to.name())
            }
            Choice::Binarise(Binarise::Off) => "--binarise off".to_owned(),
            Choice::Binarise(Binarise::Threshold) => "--binarise threshold".to_owned(),
            Choice::Binarise(Binarise::Sampled) => "--binarise sampled".to_owned(),
            Choice::Rules(to) => format!("--rules {}", to.name()),
        }
    }
}

/// A number, or that it is detected.
fn count(count: Option<usize>) -> String {
    count.map_or("detect".to_owned(), |count| count.to_string())
}

/// Rows, or that they are detected.
fn rows(rows: Option<&RowSet>) -> String {
    rows.map_or("detect".to_owned(), RowSet::to_string)
}

/// Sets a named file; an empty name means none. Without a name the current one is kept, which the
/// folder reader detects again.
fn put_file(file: &mut Option<PathBuf>, to: Option<String>) {
    if let Some(name) = to {
        *file = (!name.is_empty()).then(|| PathBuf::from(name));
    }
}

/// A word for the command line, in quotes if a shell would split it.
pub fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ',' | '=' | '/' | ':');
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}
