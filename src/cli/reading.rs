use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::failure::Failure;
use crate::dataset::related_files;
use crate::project::{
    Alpha, Axes, Binarise, Channels, Choice, Comments, Data, DateOrder, DateUnit, Decimal, Delimiter, Fit,
    Header, LabelFrom, Masks, Missing, Pages, Parts, PixelRange, RowSet, Rules, Scaling, Source,
    TableReading, Take, split_words, visible,
};

/// Heading of the options of this file in the help.
pub(super) const HEADING: &str = "How the data are read";
/// Value of an option that requests detection.
const DETECT: &str = "detect";
/// Kinds of data with choices of arrays.
const ARRAYS: &str = "arrays (.npy, .npz)";
/// Arrays, and files of MNIST's format.
const ARRAYS_AND_IDX: &str = "arrays (.npy, .npz) and IDX files";
/// Largest width and height of pictures.
const MOST_PIXELS: usize = 4096;
/// Roles of a column.
const TAKES: [(&str, Option<Take>); 7] = [
    (DETECT, None),
    ("feature", Some(Take::Feature)),
    ("label", Some(Take::Label)),
    ("left-out", Some(Take::LeftOut)),
    ("numbers", Some(Take::Numbers)),
    ("categories", Some(Take::Categories)),
    ("dates", Some(Take::Dates)),
];

/// How data are read, if not as in the design or by default: an option for every [`Choice`].
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Reading {
    /// Table: whether the first row contains names
    #[arg(long, help_heading = HEADING, value_name = "WHEN", value_parser = named(Header::ALL, Header::name, Choice::Header))]
    header: Option<Choice>,
    /// Table: the character between two fields
    #[arg(long, help_heading = HEADING, value_name = "SIGN", value_parser = named(Delimiter::ALL, Delimiter::name, Choice::Delimiter))]
    delimiter: Option<Choice>,
    /// Table: the decimal mark of its numbers
    #[arg(long, help_heading = HEADING, value_name = "MARK", value_parser = named(Decimal::ALL, Decimal::name, Choice::Decimal))]
    decimal: Option<Choice>,
    /// Table: the encoding of its text, as in utf-8, utf-16le or windows-1252, or detect
    #[arg(long, help_heading = HEADING, value_name = "NAME", value_parser = encoding)]
    encoding: Option<Choice>,
    /// Table: the character that begins a comment line, as in '#'; off for none, or detect
    #[arg(long, help_heading = HEADING, value_name = "SIGN", value_parser = comments, allow_hyphen_values = true)]
    comments: Option<Choice>,
    /// Table: the name of the sheet of a spreadsheet, or detect
    #[arg(long, help_heading = HEADING, value_name = "NAME", value_parser = sheet, allow_hyphen_values = true)]
    sheet: Option<Choice>,
    /// Table: how many lines to skip at the beginning, or detect
    #[arg(long, help_heading = HEADING, value_name = "COUNT", value_parser = |text: &str| count(text, Choice::SkipLines))]
    skip_lines: Option<Choice>,
    /// Table: how many rows to skip at the end, such as sums, or detect
    #[arg(long, help_heading = HEADING, value_name = "COUNT", value_parser = |text: &str| count(text, Choice::SkipFooter))]
    skip_footer: Option<Choice>,
    /// Table: rows to skip, as in 7,12-14, counted from 1 below the header and its units, as in
    /// results (empty lines do not count, skipped rows do), in addition to sums among the rows;
    /// only:7,12-14 for these alone; none; or detect for sums
    #[arg(long, help_heading = HEADING, value_name = "ROWS", value_parser = skip_rows)]
    skip_rows: Option<Choice>,
    /// Table: how to treat missing values; arrays: how to treat NaN (column-mean or mask; refused
    /// if not given)
    #[arg(long, help_heading = HEADING, value_name = "HOW", value_parser = named(Missing::ALL, missing, Choice::Missing))]
    missing: Option<Choice>,
    /// Table: words that mean a missing value in addition to the usual ones, as in -99,unknown;
    /// only:-99,unknown instead of them; '' for none; detect for the usual ones
    #[arg(long, help_heading = HEADING, value_name = "WORDS", value_parser = missing_words, allow_hyphen_values = true)]
    missing_words: Option<Choice>,
    /// Table: the unit in which dates and times become numbers
    #[arg(long, help_heading = HEADING, value_name = "UNIT", value_parser = named(DateUnit::ALL, DateUnit::name, Choice::Dates))]
    dates: Option<Choice>,
    /// Table: the order of day, month and year in dates, if several fit
    #[arg(long, help_heading = HEADING, value_name = "ORDER", value_parser = named(DateOrder::ALL, DateOrder::name, Choice::DateOrder))]
    date_order: Option<Choice>,
    /// Table: the first of the hundred years that two-digit years stand for, as in 1930 (30 to 99
    /// are 1930 to 1999, 00 to 29 are 2000 to 2029), or detect
    #[arg(long, help_heading = HEADING, value_name = "YEAR", value_parser = first_year)]
    first_year: Option<Choice>,
    /// Table: the columns that are labels, and no others, as in 'id,"size, mm"'; '' for none, or
    /// detect. Without a header, columns are named 'column 1' …
    #[arg(long, help_heading = HEADING, value_name = "NAMES", value_parser = labels, allow_hyphen_values = true)]
    labels: Option<Choice>,
    /// Table: how one column is used: feature, label, left-out, numbers, categories, dates or
    /// detect; may be given several times
    #[arg(long, help_heading = HEADING, value_name = "NAME=HOW", value_parser = column, allow_hyphen_values = true)]
    column: Vec<Choice>,
    /// Arrays (.npz): the array of the rows, or detect
    #[arg(long, help_heading = HEADING, value_name = "NAME", value_parser = |text: &str| array(text, Choice::Array), allow_hyphen_values = true)]
    array: Option<Choice>,
    /// Arrays: the array of the labels, or detect; for IDX, the file
    #[arg(long, help_heading = HEADING, value_name = "NAME", value_parser = |text: &str| array(text, Choice::LabelArray), allow_hyphen_values = true)]
    label_array: Option<Choice>,
    /// Arrays: the array of the validation rows, or detect
    #[arg(long, help_heading = HEADING, value_name = "NAME", value_parser = |text: &str| array(text, Choice::ValidationArray), allow_hyphen_values = true)]
    validation_array: Option<Choice>,
    /// Arrays: the array of the labels of the validation rows, or detect
    #[arg(long, help_heading = HEADING, value_name = "NAME", value_parser = |text: &str| array(text, Choice::ValidationLabelArray), allow_hyphen_values = true)]
    validation_label_array: Option<Choice>,
    /// Arrays: the array of the test rows, or detect; for IDX, the file
    #[arg(long, help_heading = HEADING, value_name = "NAME", value_parser = |text: &str| array(text, Choice::TestArray), allow_hyphen_values = true)]
    test_array: Option<Choice>,
    /// Arrays: the array of the labels of the test rows, or detect; for IDX, the file
    #[arg(long, help_heading = HEADING, value_name = "NAME", value_parser = |text: &str| array(text, Choice::TestLabelArray), allow_hyphen_values = true)]
    test_label_array: Option<Choice>,
    /// Arrays: the meaning of their axes
    #[arg(long, help_heading = HEADING, value_name = "MEANING", value_parser = named(Axes::ALL, Axes::name, Choice::Axes))]
    axes: Option<Choice>,
    /// Arrays: the channels shown as red, green and blue, or the one shown as grey, counted from 1,
    /// as in 4,3,2; or detect
    #[arg(long, help_heading = HEADING, value_name = "CHANNELS", value_parser = shown_channels)]
    shown_channels: Option<Choice>,
    /// Arrays and pictures: whether existing training, validation and test parts are kept, or mixed
    /// and split again
    #[arg(long, help_heading = HEADING, value_name = "HOW", value_parser = named(Parts::ALL, Parts::name, Choice::Parts))]
    parts: Option<Choice>,
    /// Pictures: the size to resize them to, as in 64x48
    #[arg(long, help_heading = HEADING, value_name = "WxH", value_parser = size)]
    size: Option<Choice>,
    /// Pictures: convert them to grey, or to red, green and blue
    #[arg(long, help_heading = HEADING, value_name = "CHANNELS", value_parser = named(Channels::ALL, Channels::name, Choice::Channels))]
    channels: Option<Choice>,
    /// Pictures: how to fit another aspect ratio
    #[arg(long, help_heading = HEADING, value_name = "HOW", value_parser = named(Fit::ALL, Fit::name, Choice::Fit))]
    fit: Option<Choice>,
    /// Pictures: the background of transparent pixels; keep makes transparency another channel, and
    /// with mask losses and errors ignore transparent pixels
    #[arg(long, help_heading = HEADING, value_name = "GROUND", value_parser = named(Alpha::ALL, Alpha::name, Choice::Alpha))]
    alpha: Option<Choice>,
    /// Pictures: which values become black and white
    #[arg(long, help_heading = HEADING, value_name = "OF", value_parser = named(PixelRange::ALL, PixelRange::name, Choice::Range))]
    range: Option<Choice>,
    /// Pictures: which pages of a file are samples
    #[arg(long, help_heading = HEADING, value_name = "WHICH", value_parser = named(Pages::ALL, Pages::name, Choice::Pages))]
    pages: Option<Choice>,
    /// Pictures: whether masks of others (such as masks/x.png of x.png) are samples
    #[arg(long, help_heading = HEADING, value_name = "HOW", value_parser = named(Masks::ALL, Masks::name, Choice::Masks))]
    masks: Option<Choice>,
    /// Pictures: where labels come from: folder:2 (the folder on the second level),
    /// 'name:{label}_*' (a part of the file name), table:FILE (of file names and labels; also
    /// table:FILE,file=COLUMN,label=COLUMN), nothing or detect
    #[arg(long, help_heading = HEADING, value_name = "FROM", value_parser = label_from)]
    label_from: Option<Choice>,
    /// How values are scaled, fitted on the training split
    #[arg(long, help_heading = HEADING, value_name = "HOW", value_parser = named(Scaling::ALL, scaling, Choice::Scaling))]
    scaling: Option<Choice>,
    /// Whether values in [0, 1] become 0 or 1
    #[arg(long, help_heading = HEADING, value_name = "HOW", value_parser = named(Binarise::ALL, binarise, Choice::Binarise))]
    binarise: Option<Choice>,
    /// The rules by which the rest is detected: those of this version, or those of designs of
    /// version 1
    #[arg(long, help_heading = HEADING, value_name = "VERSION", value_parser = named(Rules::ALL, Rules::name, Choice::Rules))]
    rules: Option<Choice>,
}

impl Reading {
    /// Applies the choices to the document.
    ///
    /// # Errors
    /// [`Failure::Usage`] for a choice that this kind of data does not have.
    pub(super) fn apply(&self, data: &mut Data) -> Result<(), Failure> {
        for choice in self.choices() {
            let (option, whose) = (choice.option(), whose(&choice));
            if !choice.apply(data) {
                return Err(unused_option(&option, whose, &data.source));
            }
        }
        self.find_files(&mut data.source);
        if let Source::Idx { labels, test_images, test_labels, .. } = &mut data.source {
            for file in [labels, test_images, test_labels].into_iter().flatten() {
                *file = std::path::absolute(&*file).unwrap_or_else(|_| file.clone());
            }
        }
        Ok(())
    }

    /// Finds IDX files by the names of the files they belong to.
    fn find_files(&self, source: &mut Source) {
        let Source::Idx { images, labels, test_images, test_labels, .. } = source else { return };
        let beside = |images: &Path| {
            let Source::Idx { labels, test_images, .. } = related_files(images) else { return (None, None) };
            (labels, test_images)
        };
        let (own_labels, own_test_images) = beside(images);
        if self.label_array == Some(Choice::LabelArray(None)) {
            *labels = own_labels;
        }
        if self.test_array == Some(Choice::TestArray(None)) {
            *test_images = own_test_images;
        }
        if self.test_label_array == Some(Choice::TestLabelArray(None)) {
            *test_labels = test_images.as_deref().and_then(|images| beside(images).0);
        }
    }

    /// Whether the role of any column is to be detected.
    pub(super) fn detects_labels(&self) -> bool {
        let is_found = |choice: &Choice| matches!(choice, Choice::Column(_, None) | Choice::Labels(None));
        self.labels.iter().chain(&self.column).any(is_found)
    }

    /// Whether the role of this column is to be detected.
    pub(super) fn detects(&self, name: &str) -> bool {
        let is_it = |choice: &Choice| matches!(choice, Choice::Column(own, None) if own == name);
        self.labels == Some(Choice::Labels(None)) || self.column.iter().any(is_it)
    }

    /// Applies the options to data for a trained network, which are scaled as in its training.
    ///
    /// # Errors
    /// [`Failure::Usage`], also for another scaling.
    pub(super) fn apply_to_trained(&self, data: &mut Data) -> Result<(), Failure> {
        let before = data.scaling;
        self.apply(data)?;
        if data.scaling == before {
            return Ok(());
        }
        Err(Failure::Usage(
            "--scaling is part of the trained network: data are scaled as in its training; train a new run to \
             change it"
                .to_owned(),
        ))
    }

    /// Whether there are any.
    pub(super) fn any(&self) -> bool {
        !self.choices().is_empty()
    }

    fn choices(&self) -> Vec<Choice> {
        let own = [
            &self.header,
            &self.delimiter,
            &self.decimal,
            &self.encoding,
            &self.comments,
            &self.sheet,
            &self.skip_lines,
            &self.skip_footer,
            &self.skip_rows,
            &self.missing,
            &self.missing_words,
            &self.dates,
            &self.date_order,
            &self.first_year,
            &self.labels,
            &self.array,
            &self.label_array,
            &self.validation_array,
            &self.validation_label_array,
            &self.test_array,
            &self.test_label_array,
            &self.axes,
            &self.shown_channels,
            &self.parts,
            &self.size,
            &self.channels,
            &self.fit,
            &self.alpha,
            &self.range,
            &self.pages,
            &self.masks,
            &self.label_from,
            &self.scaling,
            &self.binarise,
            &self.rules,
        ];
        own.into_iter().flatten().chain(&self.column).cloned().collect()
    }
}

fn unused_option(option: &str, whose: &str, source: &Source) -> Failure {
    Failure::Usage(format!(
        "{} is for {whose}; these data are of another kind ({})",
        visible(option),
        source.name()
    ))
}

/// The kind of data that has a choice.
fn whose(choice: &Choice) -> &'static str {
    match choice {
        Choice::Header(_)
        | Choice::Delimiter(_)
        | Choice::Decimal(_)
        | Choice::Encoding(_)
        | Choice::Comments(_)
        | Choice::Sheet(_)
        | Choice::SkipLines(_)
        | Choice::SkipFooter(_)
        | Choice::SkipRows(_)
        | Choice::Missing(Missing::DropRow)
        | Choice::MissingWords(_)
        | Choice::OnlyMissingWords(_)
        | Choice::Dates(_)
        | Choice::DateOrder(_)
        | Choice::FirstYear(_)
        | Choice::Labels(_)
        | Choice::Column(..) => "tables",
        Choice::Missing(Missing::ColumnMean | Missing::Masked) => "tables and arrays (.npy, .npz)",
        Choice::Array(_) | Choice::ValidationArray(_) | Choice::ValidationLabelArray(_) => ARRAYS,
        Choice::LabelArray(_)
        | Choice::TestArray(_)
        | Choice::TestLabelArray(_)
        | Choice::Axes(_)
        | Choice::ShownChannels(_) => ARRAYS_AND_IDX,
        Choice::Parts(_) => "arrays (.npy, .npz), IDX files and image folders",
        Choice::Size(..)
        | Choice::Channels(_)
        | Choice::Fit(_)
        | Choice::Alpha(_)
        | Choice::Range(_)
        | Choice::Pages(_)
        | Choice::Masks(_)
        | Choice::Label(_) => "image folders",
        Choice::Scaling(_) | Choice::Binarise(_) | Choice::Rules(_) => "all data",
    }
}

/// Parses one of several words.
fn named<T: Copy + Send + Sync + 'static, const N: usize>(
    all: [T; N],
    name: fn(T) -> &'static str,
    choice: fn(T) -> Choice,
) -> impl TypedValueParser<Value = Choice> {
    PossibleValuesParser::new(all.map(name)).try_map(move |text| {
        let chosen = all.into_iter().find(|kind| name(*kind) == text);
        chosen.map(choice).ok_or("it is not one of these")
    })
}

fn missing(missing: Missing) -> &'static str {
    match missing {
        Missing::ColumnMean => "column-mean",
        Missing::Masked => "mask",
        Missing::DropRow => "drop-row",
    }
}

fn scaling(scaling: Scaling) -> &'static str {
    match scaling {
        Scaling::UnitRange => "unit-range",
        Scaling::Standardise | Scaling::Robust | Scaling::None => scaling.name(),
    }
}

fn binarise(binarise: Binarise) -> &'static str {
    match binarise {
        Binarise::Off => "off",
        Binarise::Threshold => "threshold",
        Binarise::Sampled => "sampled",
    }
}

/// `None` for detection.
fn unless_auto(text: &str) -> Option<String> {
    (text != DETECT).then(|| text.to_owned())
}

/// An empty name means no such array; the array of rows is required.
fn array(text: &str, choice: fn(Option<String>) -> Choice) -> Result<Choice, String> {
    if text.is_empty() && matches!(choice(None), Choice::Array(_)) {
        return Err("write the name of an array, or detect".to_owned());
    }
    Ok(choice(unless_auto(text)))
}

fn encoding(text: &str) -> Result<Choice, String> {
    if text != DETECT && encoding_rs::Encoding::for_label(text.as_bytes()).is_none() {
        return Err(
            "unknown encoding; write its web name, such as utf-8, utf-16le, iso-8859-1, windows-1252 \
             or shift_jis, or detect"
                .to_owned(),
        );
    }
    Ok(Choice::Encoding(unless_auto(text)))
}

fn comments(text: &str) -> Result<Choice, String> {
    let mut signs = text.chars();
    Ok(Choice::Comments(match (text, signs.next(), signs.next()) {
        (DETECT, ..) => Comments::Auto,
        ("off", ..) => Comments::Off,
        (_, Some(sign), None) => Comments::From(sign),
        _ => return Err("write one character, as in '#', or off, or detect".to_owned()),
    }))
}

#[expect(clippy::unnecessary_wraps, reason = "as clap wants it")]
fn sheet(text: &str) -> Result<Choice, String> {
    Ok(Choice::Sheet(unless_auto(text)))
}

fn count(text: &str, choice: fn(Option<usize>) -> Choice) -> Result<Choice, String> {
    let count = unless_auto(text).map(|text| text.parse()).transpose();
    count.map(choice).map_err(|_| "write a number, as in 3, or detect".to_owned())
}

fn first_year(text: &str) -> Result<Choice, String> {
    let year = unless_auto(text)
        .map(|text| text.parse().ok().filter(|year| TableReading::FIRST_YEARS.contains(year)).ok_or(()))
        .transpose();
    let (first, last) = TableReading::FIRST_YEARS.into_inner();
    year.map(Choice::FirstYear)
        .map_err(|()| format!("write a year from {first} to {last}, as in 1930, or detect"))
}

fn skip_rows(text: &str) -> Result<Choice, String> {
    let rows = unless_auto(text).map(|text| text.parse::<RowSet>()).transpose();
    rows.map(Choice::SkipRows).map_err(|message| format!("{message}, or detect"))
}

#[expect(clippy::unnecessary_wraps, reason = "as clap wants it")]
fn missing_words(text: &str) -> Result<Choice, String> {
    if text == DETECT {
        return Ok(Choice::MissingWords(Vec::new()));
    }
    let (is_only, words) = match text.strip_prefix("only:") {
        Some(words) => (true, words),
        None => (text.is_empty(), text),
    };
    let words = split_words(words);
    Ok(if is_only { Choice::OnlyMissingWords(words) } else { Choice::MissingWords(words) })
}

#[expect(clippy::unnecessary_wraps, reason = "as clap wants it")]
fn labels(text: &str) -> Result<Choice, String> {
    Ok(Choice::Labels((text != DETECT).then(|| split_words(text))))
}

fn column(text: &str) -> Result<Choice, String> {
    // A name may contain the sign too.
    let found = text.rsplit_once('=').filter(|(name, _)| !name.is_empty()).and_then(|(name, how)| {
        let (_, take) = TAKES.into_iter().find(|(word, _)| *word == how)?;
        Some(Choice::Column(name.to_owned(), take))
    });
    found.ok_or_else(|| {
        let words = TAKES.map(|(word, _)| word);
        format!("write NAME=HOW, as in id=label; HOW is one of {}", words.join(", "))
    })
}

fn shown_channels(text: &str) -> Result<Choice, String> {
    if text == DETECT {
        return Ok(Choice::ShownChannels(Vec::new()));
    }
    let channels: Option<Vec<usize>> = text.split(',').map(|channel| channel.trim().parse().ok()).collect();
    channels
        .filter(|channels| matches!(channels.len(), 1 | 3) && !channels.contains(&0))
        .map(Choice::ShownChannels)
        .ok_or_else(|| "write one or three channels, counted from 1, as in 4,3,2, or detect".to_owned())
}

fn size(text: &str) -> Result<Choice, String> {
    let parse =
        |side: &str| side.trim().parse::<usize>().ok().filter(|side| (1..=MOST_PIXELS).contains(side));
    let (width, height) = text.split_once(['x', 'X', '×']).unwrap_or((text, text));
    let sides = parse(width).zip(parse(height));
    sides
        .map(|(width, height)| Choice::Size(width, height))
        .ok_or_else(|| format!("write width x height in pixels, from 1 to {MOST_PIXELS}, as in 64x48"))
}

fn label_from(text: &str) -> Result<Choice, String> {
    let from = match text.split_once(':') {
        None if text == DETECT => Some(LabelFrom::Auto),
        None if text == "nothing" => Some(LabelFrom::Nothing),
        Some(("folder", level)) => level.parse().ok().filter(|level| *level > 0).map(LabelFrom::Folder),
        Some(("name", pattern)) if ["{label}", "{word}"].iter().any(|label| pattern.contains(label)) => {
            Some(LabelFrom::Name(pattern.to_owned()))
        }
        Some(("table", rest)) if !rest.is_empty() => Some(label_table(rest)),
        Some(_) | None => None,
    };
    from.map(Choice::Label).ok_or_else(|| {
        "write folder:N with a level from 1, name:PATTERN with {label} or {word} in it, table:FILE, nothing \
         or detect"
            .to_owned()
    })
}

/// Parses `FILE,file=COLUMN,label=COLUMN`; the columns are optional.
fn label_table(text: &str) -> LabelFrom {
    let take = |text: &mut &str, part: &str| {
        let (before, column) = text.rsplit_once(part)?;
        *text = before;
        Some(column.to_owned())
    };
    let mut rest = text;
    let label = take(&mut rest, ",label=");
    let file = take(&mut rest, ",file=");
    let path = PathBuf::from(rest);
    LabelFrom::Table { path: std::path::absolute(&path).unwrap_or(path), file, label }
}

#[cfg(test)]
mod tests;
