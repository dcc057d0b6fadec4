//! The form of a table.

use std::str::FromStr;

use egui::{RichText, Ui};

use super::list_ui;
use crate::project::{
    ColumnChoice, Comments, DateOrder, DateUnit, Decimal, Delimiter, Header, Missing, RowSet, Source,
    TableReading, visible,
};
use crate::ui::state::PathField;
use crate::ui::theme::tokens;
use crate::ui::widgets::button::secondary_ui;
use crate::ui::widgets::form::{combo_ui, draft_ui, more_ui, path_row_ui, suggested_text_ui, switch_ui};

/// Common encodings of tables.
const ENCODINGS: [&str; 10] = [
    "utf-8",
    "utf-16le",
    "utf-16be",
    "windows-1252",
    "windows-1250",
    "windows-1251",
    "iso-8859-15",
    "shift_jis",
    "gb18030",
    "euc-kr",
];

/// Characters that begin a comment.
const COMMENTS: [char; 7] = ['#', '%', ';', '!', '*', '/', '\''];

/// Maximum number of column choices listed.
const MOST_CHOICES: usize = 12;

/// The form of a table; nothing for other sources. Returns the path to choose in the desktop's
/// dialog, if requested.
pub(super) fn table_ui(ui: &mut Ui, source: &mut Source) -> Option<PathField> {
    let Source::Csv { path, header, delimiter, labels, missing, reading } = source else { return None };
    let browse = path_row_ui(ui, "File", path, PathField::Main, "table.csv");
    combo_ui(
        ui,
        ("Header", "Whether the first row contains the names of the columns."),
        header,
        &Header::ALL,
        |header| header.name().to_owned(),
    );
    combo_ui(
        ui,
        ("Delimiter", "The character between two fields of a row."),
        delimiter,
        &Delimiter::ALL,
        |delimiter| delimiter.name().to_owned(),
    );
    list_ui(
        ui,
        ("Label columns", "Columns that are labels, not features; they colour the latent space."),
        labels,
    );
    combo_ui(
        ui,
        (
            "Missing",
            "How to treat fields that are empty, NA, ? or NaN. With a mask, the network sees the column's mean, and losses and errors ignore the value.",
        ),
        missing,
        &Missing::ALL,
        |missing| missing.name().to_owned(),
    );
    let is_default = *reading == TableReading::default();
    more_ui(ui, "table", is_default, |ui| reading_ui(ui, reading));
    browse
}

/// Rarely changed settings. New settings for reading tables get their field here.
fn reading_ui(ui: &mut Ui, reading: &mut TableReading) {
    combo_ui(
        ui,
        ("Decimal", "The decimal mark of the numbers: 1234.5 or 1234,5. The other one groups thousands."),
        &mut reading.decimal,
        &Decimal::ALL,
        |decimal| decimal.name().to_owned(),
    );
    let mut encoding = reading.encoding.clone().unwrap_or_default();
    let about = "Text encoding of the file, by any name used on the web; if empty, detected.";
    if suggested_text_ui(ui, ("Encoding", about), &mut encoding, "detect", &ENCODINGS) {
        reading.encoding = (!encoding.is_empty()).then_some(encoding);
    }
    let mut options = vec![Comments::Auto, Comments::Off];
    options.extend(COMMENTS.map(Comments::From));
    if !options.contains(&reading.comments) {
        options.push(reading.comments);
    }
    combo_ui(
        ui,
        ("Comments", "Lines that begin with this character are skipped."),
        &mut reading.comments,
        &options,
        |comments| visible(&comments.name()).into_owned(),
    );
    let mut sheet = reading.sheet.clone().unwrap_or_default();
    let about = "Name of the sheet of a spreadsheet; if empty, the first sheet with a cell.";
    if suggested_text_ui(ui, ("Sheet", about), &mut sheet, "detect", &[]) {
        reading.sheet = (!sheet.is_empty()).then_some(sheet);
    }
    let about = "Lines to skip at the beginning, such as titles; if empty, detected.";
    count_ui(ui, ("Skip lines", about), &mut reading.skip_lines);
    let about = "Rows to skip at the end, such as sums; if empty, detected.";
    count_ui(ui, ("Skip footer", about), &mut reading.skip_footer);
    let about = "Rows to skip, as in 7,12-14, or none; counted from 1 below the header, as in results. Rows of sums are skipped too, except with only:7,12-14 and none.";
    draft_or_found_ui(ui, ("Skip rows", about), &mut reading.skip_rows, RowSet::to_string);
    list_ui(
        ui,
        (
            "Missing words",
            "Words that mean a missing value, in addition to NA, N/A, NaN, null, None, - and ?. Quote a word \
             with a comma: \"-999,9\".",
        ),
        &mut reading.missing_words,
    );
    let about = "Treats NA, None, - and the other usual words as values: only empty fields and the words above are missing.";
    switch_ui(ui, ("Usual words", about), &mut reading.only_missing_words, "are values");
    combo_ui(
        ui,
        ("Dates", "The unit in which dates and times become numbers."),
        &mut reading.dates,
        &DateUnit::ALL,
        |unit| unit.name().to_owned(),
    );
    combo_ui(
        ui,
        (
            "Date order",
            "The order of day, month and year, where the dates of a column can be read in several ways.",
        ),
        &mut reading.date_order,
        &DateOrder::ALL,
        |order| order.name().to_owned(),
    );
    let about = "The first of the hundred years that two-digit years stand for: with 1930, 30 is 1930 and 29 is 2029.";
    draft_or_found_ui(ui, ("First year", about), &mut reading.first_year, u16::to_string);
    let about = "Without this, columns that look like ids or hold too many words are labels as well.";
    switch_ui(ui, ("Labels", about), &mut reading.only_labels, "only those named");
    columns_ui(ui, &mut reading.columns);
}

/// A number that is detected automatically if the field is empty.
fn count_ui(ui: &mut Ui, field: (&str, &str), count: &mut Option<usize>) {
    draft_or_found_ui(ui, field, count, usize::to_string);
}

/// A value that is detected automatically if the field is empty.
fn draft_or_found_ui<T: PartialEq + FromStr>(
    ui: &mut Ui,
    field: (&str, &str),
    value: &mut Option<T>,
    shown: fn(&T) -> String,
) {
    let text_of = |value: &Option<T>| value.as_ref().map_or_else(String::new, shown);
    let read = |text: &str| {
        let text = text.trim();
        if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) }
    };
    draft_ui(ui, field, value, "detect", text_of, read);
}

/// The columns that are not used as detected. They are chosen in the Data view.
fn columns_ui(ui: &mut Ui, columns: &mut Vec<ColumnChoice>) {
    if columns.is_empty() {
        return;
    }
    let line = |column: &ColumnChoice| format!("{}: {}", visible(&column.name), column.take.name());
    let mut lines: Vec<String> = columns.iter().take(MOST_CHOICES).map(line).collect();
    if columns.len() > MOST_CHOICES {
        lines.push(format!("and {} more", columns.len() - MOST_CHOICES));
    }
    let text = RichText::new(format!("Chosen columns\n{}", lines.join("\n")));
    ui.add(egui::Label::new(text.size(11.0).color(tokens(ui).dim)).wrap());
    let about = "Reset the roles of all columns. Label columns stay.";
    if secondary_ui(ui, "Reset roles").on_hover_text(about).clicked() {
        columns.clear();
    }
}
