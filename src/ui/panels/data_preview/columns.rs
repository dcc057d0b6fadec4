//! The columns of a table: what each holds, and how it is taken, which a click changes.

use egui::{Align, ComboBox, Label, Layout, RichText, ScrollArea, TextEdit, Ui, vec2};
use egui_extras::{Column, TableBuilder};

use super::super::parts::{chip_ui, named};
use super::{DataPreviewView, Look, short};
use crate::dataset::{self, ColumnOverview};
use crate::project::{Choice, Data, Source, Take, format_count, visible};
use crate::ui::plots::{Bars, bars_ui, color, palette};

/// From so many columns on they are looked for by name.
const MANY_COLUMNS: usize = 20;
/// Height of a row, in points.
const ROW_PX: f32 = 26.0;

/// The columns whose names hold a text, found when the text or the data change.
#[derive(Clone, Default)]
pub(super) struct Found {
    of: Option<(u64, String)>,
    columns: Vec<usize>,
}

impl Found {
    /// Numbers of the columns whose names hold `text`, in upper or lower case.
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

/// A field for a part of a column's name, where there are many columns.
pub(super) fn find_ui(ui: &mut Ui, columns: usize, find: &mut String) {
    if columns > MANY_COLUMNS {
        let edit = TextEdit::singleline(find).hint_text("find a column").desired_width(110.0);
        named(ui.add(edit), "Find a column");
    } else {
        find.clear();
    }
}

/// The columns in the given height. Says how one is to be taken from now on.
pub(super) fn columns_ui(
    ui: &mut Ui,
    look: &Look<'_>,
    view: &mut DataPreviewView,
    height: f32,
) -> Option<Choice> {
    let (data, p) = (look.data, palette(ui));
    let shown =
        view.cache.found_columns.of(view.cache.rows_stamp, &view.find, data.overview.len(), |column| {
            data.overview[column].name.clone()
        });
    let mut chosen = None;
    ScrollArea::horizontal().id_salt("overview").auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let text = |width: f32| Column::initial(width).at_least(40.0).resizable(true).clip(true);
        TableBuilder::new(ui)
            .id_salt("overview rows")
            .striped(false)
            .vscroll(true)
            .auto_shrink([false, true])
            .max_scroll_height((height - 36.0).max(60.0))
            .cell_layout(Layout::left_to_right(Align::Center))
            .column(text(116.0))
            .column(Column::exact(272.0))
            .column(text(124.0))
            .column(text(172.0))
            .columns(Column::exact(56.0), 2)
            .column(Column::exact(84.0))
            .header(20.0, |mut header| {
                for (name, is_number) in [
                    ("column", false),
                    ("taken as", false),
                    ("holds", false),
                    ("range", false),
                    ("missing", true),
                    ("distinct", true),
                    ("values", false),
                ] {
                    header.col(|ui| cell_ui(ui, name, p.dim, is_number));
                }
            })
            .body(|body| {
                body.rows(ROW_PX, shown.len(), |mut line| {
                    let column = shown.get(line.index()).and_then(|column| data.overview.get(*column));
                    let Some(column) = column else { return };
                    line.col(|ui| cell_ui(ui, &visible(&column.name), p.text, false));
                    line.col(|ui| chosen = take_ui(ui, column, look.design).or(chosen.take()));
                    line.col(|ui| cell_ui(ui, &visible(&column.content), p.dim, false));
                    line.col(|ui| cell_ui(ui, &range_text(look, column), p.text, false));
                    let tint = if column.missing > 0 { p.code } else { p.dim };
                    line.col(|ui| cell_ui(ui, &format_count(column.missing), tint, true));
                    let distinct = column.distinct.map_or_else(|| "many".to_owned(), format_count);
                    line.col(|ui| cell_ui(ui, &distinct, p.dim, true));
                    line.col(|ui| histogram_ui(ui, column));
                });
            });
    });
    chosen
}

fn cell_ui(ui: &mut Ui, text: &str, tint: [u8; 3], is_number: bool) {
    let label = Label::new(RichText::new(text).size(11.5).color(color(tint))).truncate();
    if is_number {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.add(label));
    } else {
        ui.add(label);
    }
}

/// Smallest and largest value: dates where the column holds some.
fn range_text(look: &Look<'_>, column: &ColumnOverview) -> String {
    let Some((low, high)) = column.range else { return String::new() };
    let is_own = |own: &&dataset::Column| column.take == Take::Dates && own.name == column.name;
    let own = look.data.columns.iter().find(is_own);
    let text = |value: f64| {
        let date = own.and_then(|own| own.date(value));
        date.map_or_else(|| short(value), |date| visible(&date).into_owned())
    };
    format!("{} to {}", text(low), text(high))
}

/// How a column is taken: as a feature, a label, or not at all; and a feature of which kind.
fn take_ui(ui: &mut Ui, column: &ColumnOverview, design: &Data) -> Option<Choice> {
    let told = told(&design.source, &column.name);
    let is = told.unwrap_or(column.take);
    let name = visible(&column.name);
    let mut wish = None;
    ui.spacing_mut().item_spacing.x = 4.0;
    for (text, on, to) in [
        ("feature", !matches!(is, Take::Label | Take::LeftOut), Take::Feature),
        ("label", is == Take::Label, Take::Label),
        ("left out", is == Take::LeftOut, Take::LeftOut),
    ] {
        let chip = named(chip_ui(ui, on, text), format!("{name} as {text}"));
        if chip.clicked() && !on {
            wish = Some(Some(to));
        }
    }
    let text = |take: Option<Take>| take.map_or("as found", Take::name);
    let combo = ComboBox::from_id_salt(("take", &column.name)).width(86.0).selected_text(text(told));
    let shown = combo.show_ui(ui, |ui| {
        for to in std::iter::once(None).chain(Take::ALL.map(Some)) {
            if ui.selectable_label(told == to, text(to)).clicked() && told != to {
                wish = Some(to);
            }
        }
    });
    named(shown.response, format!("How {name} is taken"))
        .on_hover_text("As it was found in the file, or as you choose. Can be undone.");
    wish.map(|to| Choice::Column(column.name.clone(), to))
}

/// How the design takes a column, where it says so.
fn told(source: &Source, name: &str) -> Option<Take> {
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

/// How the values are spread: by equal parts of the range, or the most frequent words.
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
                let edge = |bar: usize| short(low + width * bar as f64);
                format!("{} to {}: {count} rows", edge(bar), edge(bar + 1))
            }
            None if bar == 0 => format!("the most frequent word: {count} rows"),
            None => format!("word {} by frequency: {count} rows", bar + 1),
        }
    };
    let name = format!("values of {}", visible(&column.name));
    let bars = Bars { values: &values, most: None, level: None, tint: &|_| tint, about: &about, name: &name };
    bars_ui(ui, vec2(78.0, 20.0), &bars);
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
}
