//! The columns of a table: their content and their use, which can be changed by a click.

use egui::{ComboBox, RichText, TextEdit, Ui, vec2};

use super::super::parts::{chip_ui, named};
use super::grid::{BAR_PX, Grid, text_ui};
use super::{DataPreviewView, LoadedData};
use crate::dataset::{self, ColumnOverview};
use crate::project::{Choice, Data, Source, Take, format_count, format_value, visible};
use crate::ui::plots::{Bars, bars_ui, color, palette};
use crate::ui::widgets::header::{Row, Side};

/// Minimum number of columns for the search field.
const MANY_COLUMNS: usize = 20;
/// Height of a row, in points.
const ROW_PX: f32 = 24.0;

/// The columns whose names contain a text, updated when the text or the data change.
#[derive(Clone, Default)]
pub(super) struct Found {
    of: Option<(u64, String)>,
    columns: Vec<usize>,
}

impl Found {
    /// Indices of the columns whose names contain `text`, ignoring case.
    pub fn of(&mut self, stamp: u64, text: &str, count: usize, name: impl Fn(usize) -> String) -> &[usize] {
        let is_known = matches!(&self.of, Some((of, known)) if *of == stamp && known == text);
        if !is_known {
            let wanted = text.trim().to_lowercase();
            let holds = |column: &usize| wanted.is_empty() || name(*column).to_lowercase().contains(&wanted);
            self.columns = (0..count).filter(holds).collect();
            self.of = Some((stamp, text.to_owned()));
        }
        &self.columns
    }
}

/// A search field for column names, if there are many columns.
pub(super) fn find_ui(row: &mut Row<'_>, columns: usize, find: &mut String) {
    if columns > MANY_COLUMNS {
        row.part(Side::Left, "find", |ui| {
            let edit = TextEdit::singleline(find).hint_text("find a column").desired_width(110.0);
            named(ui.add(edit), "Find a column");
        });
    } else {
        find.clear();
    }
}

/// The table of columns, with the given height. Returns a change to the use of a column.
pub(super) fn columns_ui(
    ui: &mut Ui,
    loaded: &LoadedData<'_>,
    view: &mut DataPreviewView,
    height: f32,
) -> Option<Choice> {
    let (data, p) = (loaded.data, palette(ui));
    let shown =
        view.cache.found_columns.of(view.cache.rows_stamp, &view.find, data.overview.len(), |column| {
            data.overview[column].name.clone()
        });
    let widths = Part::widths(ui.available_width() - BAR_PX);
    let grid = Grid { name: "overview", widths: &widths, rows: shown.len(), row_px: ROW_PX, offset: None };
    let mut chosen = None;
    grid.ui(ui, height, |ui, place| {
        let Some(part) = Part::ALL.get(place.column) else { return };
        let tinted = |text: &str, tint: [u8; 3]| RichText::new(text).color(color(tint));
        let Some(row) = place.row else {
            text_ui(ui, tinted(part.name(), p.dim), part.is_number());
            return;
        };
        let Some(column) = shown.get(row).and_then(|column| data.overview.get(*column)) else { return };
        let (text, tint) = match part {
            Part::Name => (visible(&column.name).into_owned(), p.text),
            Part::Take => {
                chosen = take_ui(ui, column, loaded.design).or(chosen.take());
                return;
            }
            Part::Content => (visible(&column.content).into_owned(), p.dim),
            Part::Range => (range_text(loaded, column), p.text),
            Part::Missing if column.missing > 0 => (format_count(column.missing), p.code),
            Part::Missing => (format_count(column.missing), p.dim),
            Part::Distinct => (column.distinct.map_or_else(|| "many".to_owned(), format_count), p.dim),
            Part::Values => {
                histogram_ui(ui, column);
                return;
            }
        };
        text_ui(ui, tinted(&text, tint), part.is_number());
    });
    chosen
}

/// The columns of the table of columns.
#[derive(Clone, Copy)]
enum Part {
    Name,
    Take,
    Content,
    Range,
    Missing,
    Distinct,
    Values,
}

impl Part {
    const ALL: [Part; 7] =
        [Part::Name, Part::Take, Part::Content, Part::Range, Part::Missing, Part::Distinct, Part::Values];

    fn name(self) -> &'static str {
        match self {
            Part::Name => "column",
            Part::Take => "used as",
            Part::Content => "contains",
            Part::Range => "range",
            Part::Missing => "missing",
            Part::Distinct => "distinct",
            Part::Values => "values",
        }
    }

    fn is_number(self) -> bool {
        matches!(self, Part::Missing | Part::Distinct)
    }

    /// Minimum and full width, in points.
    fn width_px(self) -> [f32; 2] {
        match self {
            Part::Name => [84.0, 116.0],
            Part::Take => [258.0; 2],
            Part::Content => [76.0, 130.0],
            Part::Range => [84.0, 178.0],
            Part::Missing | Part::Distinct => [60.0; 2],
            Part::Values => [72.0; 2],
        }
    }

    /// The widths of all columns for this total width. If it is too small, texts are cut off before
    /// any column is hidden; excess width goes to the names.
    fn widths(room: f32) -> [f32; 7] {
        let sums = [0, 1].map(|end| Part::ALL.iter().map(|part| part.width_px()[end]).sum::<f32>());
        let share = ((room - sums[0]) / (sums[1] - sums[0])).clamp(0.0, 1.0);
        let mut widths = Part::ALL.map(|part| {
            let [least, full] = part.width_px();
            least + share * (full - least)
        });
        widths[0] += (room - sums[1]).clamp(0.0, 120.0);
        widths
    }
}

/// Minimum and maximum, as dates if the column contains dates.
fn range_text(loaded: &LoadedData<'_>, column: &ColumnOverview) -> String {
    let Some((low, high)) = column.range else { return String::new() };
    let is_own = |own: &&dataset::Column| column.take == Take::Dates && own.name == column.name;
    let own = loaded.data.columns.iter().find(is_own);
    let text = |value: f64| {
        let date = own.and_then(|own| own.date(value));
        date.map_or_else(|| format_value(value), |date| visible(&date).into_owned())
    };
    between(text(low), &text(high))
}

/// The two ends of a range; only one if they are equal.
fn between(low: String, high: &str) -> String {
    if low == high { low } else { format!("{low} to {high}") }
}

/// The use of a column: as a feature (and of which kind), as a label, or unused.
fn take_ui(ui: &mut Ui, column: &ColumnOverview, design: &Data) -> Option<Choice> {
    let chosen_take = chosen_take(&design.source, &column.name);
    let is = chosen_take.unwrap_or(column.take);
    let name = visible(&column.name);
    let mut choice = None;
    let spacing = ui.spacing_mut();
    (spacing.item_spacing.x, spacing.interact_size.y, spacing.button_padding) = (3.0, 20.0, vec2(6.0, 2.0));
    for (text, on, to) in [
        ("feature", !matches!(is, Take::Label | Take::LeftOut), Take::Feature),
        ("label", is == Take::Label, Take::Label),
        ("left out", is == Take::LeftOut, Take::LeftOut),
    ] {
        let chip = named(chip_ui(ui, on, text), format!("{name} as {text}"));
        if chip.clicked() && !on {
            choice = Some(Some(to));
        }
    }
    let text = |take: Option<Take>| take.map_or("as detected", Take::name);
    let combo = ComboBox::from_id_salt(("take", &column.name)).width(92.0);
    let combo = combo.selected_text(RichText::new(text(chosen_take)).size(11.0));
    let shown = combo.show_ui(ui, |ui| {
        for to in std::iter::once(None).chain(Take::ALL.map(Some)) {
            if ui.selectable_label(chosen_take == to, text(to)).clicked() && chosen_take != to {
                choice = Some(to);
            }
        }
    });
    named(shown.response, format!("Role of {name}"))
        .on_hover_text("As detected in the file, or as you choose. Can be undone.");
    choice.map(|to| Choice::Column(column.name.clone(), to))
}

/// The use of a column set in the design, if any.
fn chosen_take(source: &Source, name: &str) -> Option<Take> {
    match source {
        Source::Csv { labels, reading, .. } => {
            let is_label = labels.iter().any(|label| label == name);
            let chosen = reading.columns.iter().find(|column| column.name == name);
            is_label.then_some(Take::Label).or(chosen.map(|column| column.take))
        }
        Source::Digits
        | Source::Synthetic(_)
        | Source::ImageFolder { .. }
        | Source::Idx { .. }
        | Source::Npy { .. } => None,
    }
}

/// The distribution of the values: over equal parts of the range, or over the most frequent words.
fn histogram_ui(ui: &mut Ui, column: &ColumnOverview) {
    if column.histogram.is_empty() {
        return;
    }
    let values: Vec<f32> = column.histogram.iter().map(|count| *count as f32).collect();
    let tint = color(palette(ui).encoder);
    let about = |bar: usize| {
        let count = format_count(column.histogram.get(bar).map_or(0, |count| *count as usize));
        match column.range {
            Some((low, high)) => {
                let width = (high - low) / values.len() as f64;
                let edge = |bar: usize| format_value(low + width * bar as f64);
                format!("{}: {count} rows", between(edge(bar), &edge(bar + 1)))
            }
            None if bar == 0 => format!("the most frequent word: {count} rows"),
            None => format!("word {} by frequency: {count} rows", bar + 1),
        }
    };
    let name = format!("values of {}", visible(&column.name));
    let bars = Bars { values: &values, most: None, level: None, tint: &|_| tint, about: &about, name: &name };
    bars_ui(ui, vec2(ui.available_width().max(8.0), 18.0), &bars);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_a_part_of_their_name() {
        let names = ["Height", "width", "weight", "id"];
        let mut found = Found::default();
        let mut of = |stamp, text: &str| found.of(stamp, text, 4, |at| names[at].to_owned()).to_vec();
        assert_eq!(of(1, ""), [0, 1, 2, 3]);
        assert_eq!(of(1, " EIGHT"), [0, 2]);
        assert!(of(1, "no").is_empty());
        assert_eq!(of(2, "id"), [1, 3]);
    }

    #[test]
    fn a_range_with_a_single_value_shows_that_value() {
        for (low, high, expected) in [("66700", "66700", "66700"), ("1", "2", "1 to 2")] {
            assert_eq!(between(low.to_owned(), high), expected);
        }
    }

    #[test]
    fn all_columns_are_visible_where_there_is_space() {
        for (room, expected) in
            [(694.0, 694.0), (760.0, 760.0), (874.0, 874.0), (950.0, 950.0), (300.0, 694.0)]
        {
            let sum: f32 = Part::widths(room).iter().sum();
            assert!((sum - expected).abs() < 0.1, "{room}: {sum}");
        }
    }
}
